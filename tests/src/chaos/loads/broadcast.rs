//! One producer, whom another process succeeds when it dies, and readers who come and go: each sees what was published while
//! it was there, all of it and in order.

use zeroipc::{Broadcast, ErrorKind};

use crate::chaos::load::{Answer, BRIEF, Journal, Load, Worker};
use crate::containers::{item, number, refused};
use crate::types::Item;

const PUBLISH: u8 = 1;
const JOIN: u8 = 2;
const RECEIVE: u8 = 3;

pub(super) fn load() -> Load {
    Load::new("broadcast")
        .prepare(|memory, rng| {
            // Those of the dead stay taken until somebody needs them.
            let (capacity, readers) = (1 << rng.below(6), 8 + rng.below(8));
            drop(Broadcast::<Item>::create(memory, "b", capacity, readers).unwrap());
        })
        .work(|worker| if worker.me == 0 { publish(worker) } else { receive(worker) })
        .check(|memory, journals| {
            let published: Vec<(u64, bool)> = journals[0]
                .iter()
                .filter(|entry| entry.operation == PUBLISH && entry.answer != Answer::No)
                .map(|entry| (entry.value, entry.answer != Answer::None))
                .collect();
            for journal in &journals[1..] {
                is_run(journal, &published);
            }
            let broadcast = Broadcast::<Item>::open(memory, "b").unwrap();
            let mut reader = broadcast.subscribe_from_now().unwrap();
            let mut producer = broadcast.producer().unwrap();
            for value in 0..3 * broadcast.capacity() {
                producer.publish_timeout(item(value), crate::SOON).unwrap();
                let received = reader.recv_timeout(crate::SOON).unwrap();
                assert_eq!((number(received.value), received.lost), (value, 0));
            }
        })
}

fn publish(worker: &mut Worker<'_>) {
    let broadcast = Broadcast::<Item>::open(worker.memory(), "b").unwrap();
    let mut producer = broadcast.producer().unwrap();
    while worker.goes_on() {
        if worker.rng.below(4) == 0 {
            let count = 1 + worker.rng.below(5);
            let values = worker.fresh_many(count);
            let items: Vec<Item> = values.iter().map(|value| item(*value)).collect();
            worker.does_many(PUBLISH, &values, || {
                let count = producer.publish_many_timeout(&items, BRIEF).unwrap();
                values[..count].to_vec()
            });
        } else {
            let value = worker.fresh();
            worker.does(PUBLISH, value, || refused(producer.publish_timeout(item(value), BRIEF)).map(|()| value));
        }
        if worker.rng.below(64) == 0 {
            // The role is given back, and taken again.
            drop(producer);
            producer = broadcast.producer().unwrap();
        }
    }
}

fn receive(worker: &mut Worker<'_>) {
    let broadcast = Broadcast::<Item>::open(worker.memory(), "b").unwrap();
    while worker.goes_on() {
        let joined = worker.does(JOIN, 0, || match broadcast.subscribe_from_now() {
            Ok(_) => Some(0),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::NoSlot, "{error}");
                None
            }
        });
        if joined.is_none() {
            continue;
        }
        let Ok(mut reader) = broadcast.subscribe_from_now() else { continue };
        for _ in 0..worker.rng.below(2000) {
            if !worker.goes_on() {
                break;
            }
            let waits = worker.rng.below(2) == 0;
            worker.does(RECEIVE, 0, || {
                let received = if waits { refused(reader.recv_timeout(BRIEF))? } else { reader.try_recv().unwrap()? };
                assert_eq!(received.lost, 0, "the producer waits");
                Some(number(received.value))
            });
        }
    }
}

/// Sees that a reader got what was published from its first element to its last, one behind the other.
#[track_caller]
fn is_run(journal: &Journal, published: &[(u64, bool)]) {
    let place = |value: u64| published.iter().position(|(other, _)| *other == value);
    let mut last: Option<usize> = None;
    for entry in journal {
        match (entry.operation, entry.answer) {
            (JOIN, _) => last = None,
            (RECEIVE, Answer::Yes(value)) => {
                let at = place(value).unwrap_or_else(|| panic!("{value:#x} came from nowhere"));
                if let Some(last) = last {
                    assert!(last < at, "{value:#x} came out of order");
                    // Only what died in the producer's hands may be missing.
                    let missed = published[last + 1..at].iter().filter(|(_, whole)| *whole).count();
                    assert_eq!(missed, 0, "{missed} are missing before {value:#x}");
                }
                last = Some(at);
            }
            _ => {}
        }
    }
}
