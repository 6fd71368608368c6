//! The rows of the broadcast.

use zeroipc::{Broadcast, BroadcastReader, ErrorKind, Memory, Policy};

use super::{Case, Death, Outcome, completed, dies};
use crate::SOON;

const PUBLISHED: &str = "the element is there";
const NOT_PUBLISHED: &str = "the publication never happened";
const FREE: &str = "its slot is free, and the producer goes on";
const UNHARMED: &str = "nothing is missing";

fn open(memory: &Memory) -> Broadcast<u64> {
    Broadcast::open(memory, "b").unwrap()
}

/// A broadcast with this room and two slots through which `published` numbers, from 0 on, have gone.
fn with(memory: &Memory, capacity: u64, policy: Policy, published: u64) -> Broadcast<u64> {
    let broadcast = Broadcast::create_with_policy(memory, "b", capacity, 2, policy).unwrap();
    let mut producer = broadcast.producer().unwrap();
    (0..published).for_each(|value| producer.publish(value).unwrap());
    broadcast
}

/// Everything works: a producer, all slots, everything arrives, and nothing is left over.
#[track_caller]
fn works(broadcast: &Broadcast<u64>) {
    let mut producer = broadcast.producer().unwrap();
    let free = broadcast.max_readers() - broadcast.readers();
    let mut readers: Vec<_> = (0..free).map(|_| broadcast.subscribe_from_now().unwrap()).collect();
    for value in 0..3 * broadcast.capacity() {
        producer.publish_timeout(value, SOON).unwrap();
        for reader in &mut readers {
            let received = reader.recv_timeout(SOON).unwrap();
            assert_eq!((received.value, received.lost), (value, 0));
        }
    }
}

/// What the reader gets until `last`.
#[track_caller]
fn until(reader: &mut BroadcastReader<u64>, last: u64) -> Vec<u64> {
    let mut values = Vec::new();
    while values.last() != Some(&last) {
        let received = reader.recv_timeout(SOON).unwrap();
        assert_eq!(received.lost, 0);
        values.push(received.value);
    }
    values
}

/// Whether the element that a death has to do with was published by then.
fn is_committed(death: &Death) -> bool {
    ["publish.committed", "publish.announced", "role.yielded"].iter().any(|point| death.at(point))
}

fn published(yes: bool) -> Outcome {
    completed(if yes { PUBLISHED } else { NOT_PUBLISHED })
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    all.extend(publications());
    all.extend(readers());
    all.extend(waits());
    all.extend(recoveries());
    all
}

fn publications() -> Vec<Case> {
    let single = Case::new("broadcast", "publish")
        .prepare(|memory| {
            let broadcast = with(memory, 4, Policy::Wait, 5);
            let reader = broadcast.subscribe_from_now().unwrap();
            (broadcast, reader)
        })
        .victim(|memory| open(memory).producer().unwrap().publish(100).unwrap())
        .survivor(|_, (broadcast, mut reader), _| {
            broadcast.producer().unwrap().publish_timeout(7, SOON).unwrap();
            let found = until(&mut reader, 7);
            assert!(found == [100, 7] || found == [7]);
            drop(reader);
            works(&broadcast);
            published(found.len() == 2)
        })
        .promise(|death| published(is_committed(death)));
    let bulk = Case::new("broadcast", "publish_many")
        .prepare(|memory| {
            let broadcast = with(memory, 64, Policy::Wait, 3);
            let reader = broadcast.subscribe_from_now().unwrap();
            (broadcast, reader)
        })
        .victim(|memory| open(memory).producer().unwrap().publish_many(&[100, 101, 102, 103]).unwrap())
        .survivor(|_, (broadcast, mut reader), _| {
            broadcast.producer().unwrap().publish_timeout(7, SOON).unwrap();
            let found = until(&mut reader, 7);
            let new = found.len() as u64 - 1;
            assert_eq!(found[..found.len() - 1], (100..100 + new).collect::<Vec<_>>());
            drop(reader);
            works(&broadcast);
            how_many(new)
        })
        .promise(|death| {
            let nth = u64::from(death.nth);
            how_many(match death.step() {
                "begun" | "written" => nth - 1,
                "committed" => nth,
                "announced" | "yielded" => 4,
                _ => 0,
            })
        });
    let overwriting = Case::new("broadcast", "publish, overwriting")
        .prepare(|memory| {
            let broadcast = with(memory, 4, Policy::Overwrite, 4);
            let reader = broadcast.subscribe_from_oldest().unwrap();
            (broadcast, reader)
        })
        .victim(|memory| open(memory).producer().unwrap().publish(4).unwrap())
        .survivor(|_, (broadcast, mut reader), death| {
            let found: Vec<u64> =
                std::iter::from_fn(|| reader.try_recv().unwrap()).map(|received| received.value).collect();
            let committed = is_committed(death);
            let begun = committed || death.at("publish.begun") || death.at("publish.written");
            assert_eq!(found, (u64::from(begun)..4 + u64::from(committed)).collect::<Vec<_>>());
            drop(reader);
            works(&broadcast);
            completed(if committed {
                PUBLISHED
            } else if begun {
                "the publication never happened, and the oldest element is lost"
            } else {
                NOT_PUBLISHED
            })
        })
        .promise(|death| {
            completed(match death.step() {
                "begun" | "written" => "the publication never happened, and the oldest element is lost",
                _ if is_committed(death) => PUBLISHED,
                _ => NOT_PUBLISHED,
            })
        });
    vec![single, bulk, overwriting]
}

fn how_many(count: u64) -> Outcome {
    completed(match count {
        0 => "none was published".to_owned(),
        1 => "the first was published".to_owned(),
        _ => format!("the first {count} were published"),
    })
}

fn readers() -> Vec<Case> {
    // The last grant goes 7 further than what is published, so that the reader has to move up.
    let join = |operation: &str, join: fn(&Broadcast<u64>) -> BroadcastReader<u64>| {
        Case::new("broadcast", operation)
            .prepare(|memory| with(memory, 64, Policy::Wait, 65))
            .victim(move |memory| drop(join(&open(memory))))
            .survivor(|_, broadcast, _| {
                works(&broadcast);
                let all: Vec<_> = (0..2).map(|_| broadcast.subscribe_from_now().unwrap()).collect();
                assert_eq!(all.len() as u64, broadcast.readers());
                completed(FREE)
            })
            .promise(|_| completed(FREE))
    };
    let receive = |operation: &str, receive: fn(&mut BroadcastReader<u64>)| {
        Case::new("broadcast", operation)
            .points(&["broadcast.read.", "broadcast.leave."])
            .prepare(|memory| {
                let broadcast = with(memory, 4, Policy::Wait, 4);
                let other = broadcast.subscribe_from_oldest().unwrap();
                (broadcast, other)
            })
            .victim(move |memory| {
                let mut reader = open(memory).subscribe_from_oldest().unwrap();
                super::now();
                receive(&mut reader);
            })
            .survivor(|_, (broadcast, mut other), _| {
                // Each reader has its own: the dead one takes nothing away.
                assert_eq!(until(&mut other, 3), [0, 1, 2, 3]);
                drop(other);
                works(&broadcast);
                completed(FREE)
            })
            .promise(|_| completed(FREE))
    };
    vec![
        join("subscribe_from_now", |broadcast| broadcast.subscribe_from_now().unwrap()),
        join("subscribe_from_oldest", |broadcast| broadcast.subscribe_from_oldest().unwrap()),
        join("from_position", |broadcast| broadcast.from_position(1).unwrap()),
        receive("recv", |reader| assert_eq!(reader.recv().unwrap().value, 0)),
        receive("try_recv", |reader| assert_eq!(reader.try_recv().unwrap().unwrap().value, 0)),
        receive("recv_many", |reader| assert_eq!(reader.recv_many(&mut [0; 4]).unwrap().count, 4)),
    ]
}

/// A process dies that waits.
fn waits() -> Vec<Case> {
    let brief = SOON / 20;
    let for_element = Case::new("broadcast", "recv_timeout, nothing there")
        .points(&["broadcast.read."])
        .prepare(|memory| with(memory, 4, Policy::Wait, 0))
        .victim(move |memory| {
            let mut reader = open(memory).subscribe_from_now().unwrap();
            super::now();
            assert_eq!(reader.recv_timeout(brief).unwrap_err().kind(), ErrorKind::TimedOut);
        })
        .survivor(|_, broadcast, _| {
            works(&broadcast);
            completed(UNHARMED)
        })
        .promise(|_| completed(UNHARMED));
    let for_reader = Case::new("broadcast", "publish_timeout, a reader is slow")
        .prepare(|memory| {
            let broadcast = with(memory, 4, Policy::Wait, 4);
            let reader = broadcast.subscribe_from_oldest().unwrap();
            (broadcast, reader)
        })
        .victim(move |memory| {
            let mut producer = open(memory).producer().unwrap();
            assert_eq!(producer.publish_timeout(4, brief).unwrap_err().kind(), ErrorKind::TimedOut);
        })
        .survivor(|_, (broadcast, mut reader), _| {
            assert_eq!(until(&mut reader, 3), [0, 1, 2, 3]);
            drop(reader);
            works(&broadcast);
            completed(UNHARMED)
        })
        .promise(|_| completed(UNHARMED));
    let waker = Case::new("broadcast", "publish, with a sleeping reader")
        .points(&["broadcast.publish."])
        .prepare(|memory| with(memory, 4, Policy::Wait, 0))
        .parked("broadcast.read.marked", |memory| {
            let received = open(memory).subscribe_from_oldest().unwrap().recv_timeout(SOON / 2);
            match received {
                Ok(received) => published(received.value == 100),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::TimedOut);
                    published(false)
                }
            }
        })
        .victim(|memory| open(memory).producer().unwrap().publish(100).unwrap())
        .survivor(|_, broadcast, death| {
            works(&broadcast);
            death.partners[0].clone()
        })
        .promise(|death| published(is_committed(death)));
    vec![for_element, for_reader, waker]
}

/// A process dies that puts a dead reader aside; the next one does it.
fn recoveries() -> Vec<Case> {
    let evict = |operation: &str, publish: fn(&Broadcast<u64>)| {
        Case::new("broadcast", operation)
            .points(&["broadcast.evict.", "broadcast.leave."])
            .prepare(|memory| {
                let broadcast = with(memory, 4, Policy::Wait, 4);
                dies(memory, "broadcast: recv", "broadcast.read.copied");
                broadcast
            })
            .victim(move |memory| publish(&open(memory)))
            .survivor(|_, broadcast, _| {
                works(&broadcast);
                completed(FREE)
            })
            .promise(|_| completed(FREE))
    };
    let heir = Case::new("broadcast", "subscribe_from_now, all slots of the dead")
        .prepare(|memory| {
            let broadcast = with(memory, 4, Policy::Wait, 4);
            dies(memory, "broadcast: recv", "broadcast.read.copied");
            dies(memory, "broadcast: recv", "broadcast.read.copied");
            assert_eq!(broadcast.readers(), 2);
            broadcast
        })
        .victim(|memory| drop(open(memory).subscribe_from_now().unwrap()))
        .survivor(|_, broadcast, _| {
            let mut producer = broadcast.producer().unwrap();
            producer.publish_timeout(9, SOON).unwrap();
            let all: Vec<_> = (0..2).map(|_| broadcast.subscribe_from_now().unwrap()).collect();
            drop((all, producer));
            works(&broadcast);
            completed(FREE)
        })
        .promise(|_| completed(FREE));
    vec![
        evict("publish, full on a dead reader", |broadcast| broadcast.producer().unwrap().publish(4).unwrap()),
        evict("try_publish, full on a dead reader", |broadcast| broadcast.producer().unwrap().try_publish(4).unwrap()),
        heir,
    ]
}
