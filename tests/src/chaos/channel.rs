//! The rows of Channel.

use zeroipc::{Channel, ErrorKind, Memory};

use super::{Case, Outcome, completed, told};
use crate::SOON;

const SENT: &str = "the value is there";
const NOT_SENT: &str = "the send never happened";
const OFFERED: &str = "the offer stays, and is taken";
const TAKEN: &str = "the value is gone with the dead";
const NOT_TAKEN: &str = "the value is still there";
const ENDED: &str = "the channel is closed";

const ALL: &[&str] = &["channel.", "queue."];

fn open(memory: &Memory) -> Channel<u64> {
    Channel::open(memory, "c").unwrap()
}

fn with(capacity: u64, held: u64) -> impl Fn(&Memory) -> Channel<u64> + Send + Sync + 'static {
    move |memory| {
        let channel = Channel::create(memory, "c", capacity).unwrap();
        (0..held).for_each(|value| channel.send(value).unwrap());
        channel
    }
}

/// The channel holds exactly these, works as ever, and ends as ever.
#[track_caller]
fn holds(channel: &Channel<u64>, expected: &[u64]) {
    for value in expected {
        assert_eq!(channel.recv_timeout(SOON).unwrap(), *value, "of {expected:?}");
    }
    assert_eq!(channel.try_recv().unwrap(), None, "behind {expected:?}");
    for value in 0..3 * channel.capacity() {
        channel.send_timeout(value, SOON).unwrap();
        assert_eq!(channel.recv_timeout(SOON).unwrap(), value);
    }
    assert!(channel.close().unwrap());
    ends(channel);
}

/// The channel is closed, and nothing is left.
#[track_caller]
fn ends(channel: &Channel<u64>) {
    assert_eq!(channel.recv_timeout(SOON).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(channel.send_timeout(1, SOON).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(channel.try_recv().unwrap_err().kind(), ErrorKind::Closed);
}

/// What came of one who waits on the channel.
fn of(result: Result<u64, zeroipc::Error>, came: &'static str, nothing: &'static str) -> Outcome {
    match result {
        Ok(_) => completed(came),
        Err(error) if error.kind() == ErrorKind::TimedOut => completed(nothing),
        Err(error) => told(error.kind(), ENDED),
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = buffered();
    all.extend(rendezvous());
    all.extend(endings());
    all
}

fn buffered() -> Vec<Case> {
    let send = Case::new("channel", "send")
        .points(ALL)
        .prepare(with(4, 2))
        .victim(|memory| open(memory).send(100).unwrap())
        .survivor(|_, channel, _| {
            let sent = channel.len().unwrap() == 3 && {
                // The third may be unfinished.
                channel.send_timeout(7, SOON).unwrap();
                let found = [0; 3].map(|_: u64| channel.recv_timeout(SOON).unwrap());
                assert!(found == [0, 1, 100] || found == [0, 1, 7], "{found:?}");
                if found[2] == 100 {
                    assert_eq!(channel.recv_timeout(SOON).unwrap(), 7);
                }
                found[2] == 100
            };
            holds(&channel, &[]);
            completed(if sent { SENT } else { NOT_SENT })
        })
        .promise(|death| completed(if death.at("published") { SENT } else { NOT_SENT }));
    let recv = Case::new("channel", "recv")
        .points(ALL)
        .prepare(with(4, 3))
        .victim(|memory| assert_eq!(open(memory).recv().unwrap(), 0))
        .survivor(|_, channel, _| {
            let taken = channel.len().unwrap() == 2;
            holds(&channel, if taken { &[1, 2] } else { &[0, 1, 2] });
            completed(if taken { TAKEN } else { NOT_TAKEN })
        })
        .promise(|death| completed(if death.at("copied") { NOT_TAKEN } else { TAKEN }));
    vec![send, recv]
}

fn rendezvous() -> Vec<Case> {
    let send = Case::new("channel", "send, rendezvous, with a sleeping receiver")
        .points(&["queue.push."])
        .prepare(with(0, 0))
        .parked("queue.wait.marked", |memory| of(open(memory).recv_timeout(SOON / 2), OFFERED, NOT_SENT))
        .victim(|memory| drop(open(memory).send_timeout(100, SOON / 2)))
        .survivor(|_, channel, death| {
            holds(&channel, &[]);
            death.partners[0].clone()
        })
        .promise(|death| {
            let published = death.at("published") || death.at("hinted");
            completed(if published { OFFERED } else { NOT_SENT })
        });
    let withdraw = Case::new("channel", "send_timeout, rendezvous, withdrawn")
        .points(ALL)
        .prepare(with(0, 0))
        .victim(|memory| {
            let sent = open(memory).send_timeout(100, SOON / 20);
            assert_eq!(sent.unwrap_err().kind(), ErrorKind::TimedOut);
        })
        .survivor(|_, channel, _| {
            let outcome = of(channel.recv_timeout(SOON / 4), OFFERED, NOT_SENT);
            holds(&channel, &[]);
            outcome
        })
        .promise(|death| {
            let offered = death.at("published") || death.at("hinted") || death.at("marked");
            completed(if offered { OFFERED } else { NOT_SENT })
        });
    let recv = Case::new("channel", "recv, rendezvous, with a sleeping sender")
        .points(&["queue.pop."])
        .prepare(with(0, 0))
        .parked("queue.wait.marked", |memory| of(open(memory).send_timeout(7, SOON / 2).map(|()| 7), TAKEN, NOT_TAKEN))
        .victim(|memory| assert_eq!(open(memory).recv().unwrap(), 7))
        .survivor(|_, channel, death| {
            // What the sender was told it has not sent is not there.
            holds(&channel, &[]);
            death.partners[0].clone()
        })
        .promise(|death| completed(if death.at("copied") { NOT_TAKEN } else { TAKEN }));
    vec![send, withdraw, recv]
}

fn endings() -> Vec<Case> {
    let closes = |operation: &str, capacity: u64, wait: fn(&Channel<u64>) -> Result<u64, zeroipc::Error>| {
        Case::new("channel", operation)
            .points(&["channel.", "queue.rouse."])
            .prepare(with(capacity, capacity))
            .parked("queue.wait.marked", move |memory| of(wait(&open(memory)), SENT, NOT_SENT))
            .victim(|memory| assert!(open(memory).close().unwrap()))
            .survivor(|_, channel, death| {
                while channel.recv_timeout(SOON).is_ok() {}
                ends(&channel);
                death.partners[0].clone()
            })
            .promise(|_| told(ErrorKind::Closed, ENDED))
    };
    let seal = Case::new("channel", "recv, of a closed channel")
        .points(ALL)
        .prepare(|memory| {
            let channel = with(4, 1)(memory);
            channel.recv().unwrap();
            channel.close().unwrap();
            channel
        })
        .victim(|memory| assert_eq!(open(memory).try_recv().unwrap_err().kind(), ErrorKind::Closed))
        .survivor(|_, channel, _| {
            ends(&channel);
            told(ErrorKind::Closed, ENDED)
        })
        .promise(|_| told(ErrorKind::Closed, ENDED));
    let register = Case::new("channel", "register_sender, and leave")
        .points(&["channel."])
        .prepare(with(4, 1))
        .victim(|memory| drop(open(memory).register_sender().unwrap()))
        .survivor(|_, channel, _| {
            assert_eq!(channel.recv_timeout(SOON).unwrap(), 0);
            ends(&channel);
            told(ErrorKind::Closed, ENDED)
        })
        .promise(|_| told(ErrorKind::Closed, ENDED));
    vec![
        closes("close, with a sleeping sender", 2, |channel| channel.send_timeout(9, SOON).map(|()| 9)),
        closes("close, with a sleeping rendezvous", 0, |channel| channel.send_timeout(9, SOON).map(|()| 9)),
        seal,
        register,
    ]
}
