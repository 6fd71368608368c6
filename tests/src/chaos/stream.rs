//! The rows of the stream: what the broadcast does not have, which is its end.

use zeroipc::{ErrorKind, Memory, Stream, StreamProducer};

use super::{Case, Outcome, told};
use crate::SOON;

/// All that a stream has for a subscriber that joined in time, and its end.
fn end(stream: &Stream<u64>, expected: &[u64]) -> ErrorKind {
    let mut subscription = stream.subscribe_from_oldest().unwrap();
    let mut found = Vec::new();
    let end = loop {
        match subscription.recv_timeout(SOON) {
            Ok(value) => found.push(value),
            Err(error) => break error.kind(),
        }
    };
    assert_eq!(found, expected);
    // The end is the end, for everybody.
    assert!(stream.is_over());
    assert_eq!(stream.producer().unwrap_err().kind(), end);
    assert_eq!(subscription.try_recv().unwrap_err().kind(), end);
    end
}

fn ended(kind: ErrorKind) -> Outcome {
    told(
        kind,
        match kind {
            ErrorKind::Closed => "subscribers got everything",
            ErrorKind::Failed => "subscribers got what was published; the producer has given up",
            ErrorKind::OwnerDied => "subscribers got what was published",
            other => panic!("{other:?} is no end"),
        },
    )
}

fn open(memory: &Memory) -> Stream<u64> {
    Stream::open(memory, "s").unwrap()
}

pub(super) fn cases() -> Vec<Case> {
    let publish = Case::new("stream", "publish")
        .points(&["broadcast.role.", "broadcast.grant.", "broadcast.publish."])
        .prepare(|memory| Stream::<u64>::create(memory, "s", 4, 2).unwrap())
        .victim(|memory| {
            let mut producer = open(memory).producer().unwrap();
            producer.publish(100).unwrap();
            producer.close();
        })
        .survivor(|_, stream, death| {
            let published = death.at("committed") || death.at("announced");
            ended(end(&stream, if published { &[100] } else { &[] }))
        })
        .promise(|_| ended(ErrorKind::OwnerDied));
    let ends = |operation: &str, end_it: fn(StreamProducer<u64>), kind: ErrorKind| {
        Case::new("stream", operation)
            .points(&["broadcast.close.", "broadcast.fail.", "broadcast.end."])
            .prepare(|memory| Stream::<u64>::create(memory, "s", 4, 2).unwrap())
            .parked("broadcast.read.marked", |memory| {
                let mut subscription = open(memory).subscribe_from_oldest().unwrap();
                ended(subscription.recv_timeout(SOON).unwrap_err().kind())
            })
            .victim(move |memory| end_it(open(memory).producer().unwrap()))
            .survivor(|_, stream, death| {
                let found = ended(end(&stream, &[]));
                assert_eq!(found, death.partners[0]);
                found
            })
            .promise(move |_| ended(kind))
    };
    let finish = Case::new("stream", "recv, at a dead producer")
        .points(&["broadcast.fail.", "broadcast.end."])
        .prepare(|memory| {
            let stream = Stream::<u64>::create(memory, "s", 4, 2).unwrap();
            super::dies(memory, "stream: publish", "broadcast.publish.committed");
            stream
        })
        .victim(|memory| {
            let mut subscription = open(memory).subscribe_from_oldest().unwrap();
            assert_eq!(subscription.recv().unwrap(), 100);
            assert_eq!(subscription.recv().unwrap_err().kind(), ErrorKind::OwnerDied);
        })
        .survivor(|_, stream, _| ended(end(&stream, &[100])))
        .promise(|_| ended(ErrorKind::OwnerDied));
    vec![
        publish,
        ends("close", StreamProducer::close, ErrorKind::Closed),
        ends("drop", drop, ErrorKind::Closed),
        ends("give_up", StreamProducer::give_up, ErrorKind::Failed),
        finish,
    ]
}
