//! The rows of the ring.

use zeroipc::{ErrorKind, Memory, Ring};

use super::{Case, Death, Operation, completed, dies};
use crate::SOON;

/// A ring with this room that holds the numbers below `held`.
fn with(memory: &Memory, capacity: u64, held: u64) -> Ring<u64> {
    let ring = Ring::create(memory, "r", capacity).unwrap();
    let mut producer = ring.producer().unwrap();
    for value in 0..held {
        producer.push(value).unwrap();
    }
    ring
}

fn open(memory: &Memory) -> Ring<u64> {
    Ring::open(memory, "r").unwrap()
}

/// Both roles can be had, the ring holds exactly these, and then works as ever.
#[track_caller]
fn holds(ring: &Ring<u64>, expected: &[u64]) {
    let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
    assert_eq!(ring.len().unwrap(), expected.len() as u64);
    for value in expected {
        assert_eq!(consumer.pop_timeout(SOON).unwrap(), *value, "of {expected:?}");
    }
    for round in 0..3 {
        for value in 0..ring.capacity() {
            producer.push_timeout(100 * round + value, SOON).unwrap();
        }
        assert_eq!(producer.try_push(0).unwrap_err().kind(), ErrorKind::Full);
        for value in 0..ring.capacity() {
            assert_eq!(consumer.pop_timeout(SOON).unwrap(), 100 * round + value);
        }
        assert_eq!(consumer.try_pop().unwrap(), None);
    }
}

const PUSHED: &str = "the elements are there";
const NOT_PUSHED: &str = "the elements were never published";
const TAKEN: &str = "the elements are gone with the dead";
const NOT_TAKEN: &str = "the elements are read again";
const UNHARMED: &str = "nothing is missing, and the role is free";

/// Whether the dead had published, or released, when it died.
fn has_published(death: &Death) -> bool {
    ["published", "cleared", "woken", "left"].iter().any(|step| death.at(step))
}

pub(super) fn cases() -> Vec<Case> {
    [pushes(), pops(), waits(), wakers()].into_iter().flatten().collect()
}

fn pushes() -> Vec<Case> {
    let mut all = Vec::new();
    let operations: [Operation<Ring<u64>>; 3] = [
        ("push", |ring| ring.producer().unwrap().push(100).unwrap()),
        ("push_many", |ring| ring.producer().unwrap().push_many(&[100]).unwrap()),
        ("reserve and commit", |ring| {
            let mut producer = ring.producer().unwrap();
            let mut room = producer.reserve(1).unwrap();
            room.set(0, 100);
            room.commit(1);
        }),
    ];
    for (operation, push) in operations {
        for after_death in [false, true] {
            let name =
                if after_death { format!("{operation}, as a dead one's successor") } else { operation.to_owned() };
            let case = Case::new("ring", name)
                .prepare(move |memory| {
                    let ring = with(memory, 4, 2);
                    if after_death {
                        dies(memory, "ring: push", "ring.push.written");
                    }
                    ring
                })
                .victim(move |memory| push(&open(memory)))
                .survivor(|_, ring, _| {
                    let published = ring.len().unwrap() == 3;
                    holds(&ring, if published { &[0, 1, 100] } else { &[0, 1] });
                    completed(if published { PUSHED } else { NOT_PUSHED })
                })
                .promise(|death| completed(if has_published(death) { PUSHED } else { NOT_PUSHED }));
            all.push(case);
        }
    }
    all
}

fn pops() -> Vec<Case> {
    let operations: [Operation<Ring<u64>>; 3] = [
        ("pop", |ring| assert_eq!(ring.consumer().unwrap().pop().unwrap(), 0)),
        ("pop_many", |ring| assert_eq!(ring.consumer().unwrap().pop_many(&mut [9]).unwrap(), 1)),
        ("peek and release", |ring| {
            let mut consumer = ring.consumer().unwrap();
            let peeked = consumer.peek(2).unwrap();
            assert_eq!(peeked.iter().collect::<Vec<_>>(), [0, 1]);
            peeked.release(1);
        }),
    ];
    operations
        .into_iter()
        .map(|(operation, pop)| {
            Case::new("ring", operation)
                .prepare(|memory| with(memory, 4, 3))
                .victim(move |memory| pop(&open(memory)))
                .survivor(|_, ring, _| {
                    let taken = ring.len().unwrap() == 2;
                    holds(&ring, if taken { &[1, 2] } else { &[0, 1, 2] });
                    completed(if taken { TAKEN } else { NOT_TAKEN })
                })
                .promise(|death| completed(if has_published(death) { TAKEN } else { NOT_TAKEN }))
        })
        .collect()
}

/// A process dies that waits: it costs one wake too many.
fn waits() -> Vec<Case> {
    let brief = SOON / 20;
    let for_element = Case::new("ring", "pop_timeout, empty")
        .prepare(|memory| with(memory, 4, 0))
        .victim(move |memory| {
            let popped = open(memory).consumer().unwrap().pop_timeout(brief);
            assert_eq!(popped.unwrap_err().kind(), ErrorKind::TimedOut);
        })
        .survivor(|_, ring, _| {
            holds(&ring, &[]);
            completed(UNHARMED)
        })
        .promise(|_| completed(UNHARMED));
    let for_room = Case::new("ring", "push_timeout, full")
        .prepare(|memory| with(memory, 2, 2))
        .victim(move |memory| {
            let pushed = open(memory).producer().unwrap().push_timeout(9, brief);
            assert_eq!(pushed.unwrap_err().kind(), ErrorKind::TimedOut);
        })
        .survivor(|_, ring, _| {
            holds(&ring, &[0, 1]);
            completed(UNHARMED)
        })
        .promise(|_| completed(UNHARMED));
    vec![for_element, for_room]
}

/// A process dies that somebody sleeps on.
fn wakers() -> Vec<Case> {
    let push = Case::new("ring", "push, with a sleeping consumer")
        .prepare(|memory| with(memory, 4, 0))
        .parked("ring.wait.marked", |memory| {
            completed(match open(memory).consumer().unwrap().pop_timeout(SOON / 2) {
                Ok(100) => PUSHED,
                Ok(other) => panic!("{other} was never pushed"),
                Err(error) if error.kind() == ErrorKind::TimedOut => NOT_PUSHED,
                Err(error) => panic!("{error}"),
            })
        })
        .victim(|memory| open(memory).producer().unwrap().push(100).unwrap())
        .survivor(|_, ring, death| {
            holds(&ring, &[]);
            death.partners[0].clone()
        })
        .promise(|death| completed(if has_published(death) { PUSHED } else { NOT_PUSHED }));
    let pop = Case::new("ring", "pop, with a sleeping producer")
        .prepare(|memory| with(memory, 2, 2))
        .parked("ring.wait.marked", |memory| {
            completed(match open(memory).producer().unwrap().push_timeout(100, SOON / 2) {
                Ok(()) => TAKEN,
                Err(error) if error.kind() == ErrorKind::TimedOut => NOT_TAKEN,
                Err(error) => panic!("{error}"),
            })
        })
        .victim(|memory| assert_eq!(open(memory).consumer().unwrap().pop().unwrap(), 0))
        .survivor(|_, ring, death| {
            let taken = death.partners[0] == completed(TAKEN);
            holds(&ring, if taken { &[1, 100] } else { &[0, 1] });
            death.partners[0].clone()
        })
        .promise(|death| completed(if has_published(death) { TAKEN } else { NOT_TAKEN }));
    vec![push, pop]
}
