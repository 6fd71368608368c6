//! The rows of the queue.

use zeroipc::{ErrorKind, Memory, Queue};

use super::{Case, Outcome, completed, dies};
use crate::SOON;

/// A queue with this room that has been once around and holds the numbers below `held`.
fn with(memory: &Memory, capacity: u64, held: u64) -> Queue<u64> {
    let queue = Queue::create(memory, "q", capacity).unwrap();
    for value in 0..capacity + 1 {
        queue.push(value).unwrap();
        queue.pop().unwrap();
    }
    for value in 0..held {
        queue.push(value).unwrap();
    }
    queue
}

fn open(memory: &Memory) -> Queue<u64> {
    Queue::open(memory, "q").unwrap()
}

/// The queue holds exactly these, and then works as ever.
#[track_caller]
fn holds(queue: &Queue<u64>, expected: &[u64]) {
    for value in expected {
        assert_eq!(queue.pop_timeout(SOON).unwrap(), *value, "of {expected:?}");
    }
    assert_eq!(queue.try_pop().unwrap(), None, "behind {expected:?}");
    assert!(queue.is_empty().unwrap());
    let capacity = queue.capacity();
    for lap in 0..3 {
        for value in 0..capacity {
            assert_eq!(queue.len().unwrap(), value);
            queue.push_timeout(100 * lap + value, SOON).unwrap();
        }
        assert!(queue.is_full().unwrap());
        assert_eq!(queue.try_push(0).unwrap_err().kind(), ErrorKind::Full);
        for value in 0..capacity {
            assert_eq!(queue.pop_timeout(SOON).unwrap(), 100 * lap + value);
        }
        assert_eq!(queue.try_pop().unwrap(), None);
    }
}

const PUSHED: &str = "the element is there";
const NOT_PUSHED: &str = "the push never happened";
const TAKEN: &str = "the element is gone with the dead";
const NOT_TAKEN: &str = "the element is still there";
const UNHARMED: &str = "nothing is missing";

/// What is in a queue that held the numbers below `held` and `new` ones from 100 on.
fn with_new(held: u64, new: u64) -> Vec<u64> {
    (0..held).chain(100..100 + new).collect()
}

fn how_many(count: u64, did: &str) -> Outcome {
    completed(match count {
        0 => format!("none was {did}"),
        1 => format!("the first was {did}"),
        _ => format!("the first {count} were {did}"),
    })
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    all.extend(pushes());
    all.extend(pops());
    all.extend(waits());
    all.extend(recoveries());
    all.extend(wakers());
    all
}

fn pushes() -> Vec<Case> {
    let single = |operation: &str, push: fn(&Queue<u64>)| {
        Case::new("queue", operation)
            .prepare(|memory| with(memory, 4, 2))
            .victim(move |memory| push(&open(memory)))
            .survivor(|_, queue, _| {
                // Behind the dead one, and in its order.
                queue.push_timeout(7, SOON).unwrap();
                let found: Vec<u64> = (0..3).map(|_| queue.pop_timeout(SOON).unwrap()).collect();
                if found == [0, 1, 100] {
                    holds(&queue, &[7]);
                    completed(PUSHED)
                } else {
                    assert_eq!(found, [0, 1, 7]);
                    holds(&queue, &[]);
                    completed(NOT_PUSHED)
                }
            })
            .promise(|death| completed(if death.at("published") { PUSHED } else { NOT_PUSHED }))
    };
    let bulk = |operation: &str, push: fn(&Queue<u64>)| {
        Case::new("queue", operation)
            .prepare(|memory| with(memory, 8, 1))
            .victim(move |memory| push(&open(memory)))
            .survivor(|_, queue, _| {
                let held = queue.len().unwrap();
                let mut found = vec![0; 8];
                let count = queue.try_pop_many(&mut found).unwrap();
                let new = count as u64 - 1;
                assert_eq!(found[..count], with_new(1, new));
                assert!(held == count as u64 || held == count as u64 + 1, "one may be unfinished");
                holds(&queue, &[]);
                how_many(new, "pushed")
            })
            .promise(|death| {
                let nth = u64::from(death.nth);
                // All pushes of a call share one move of the hint, behind the last.
                how_many(
                    if death.at("hinted") {
                        4
                    } else if death.at("published") {
                        nth
                    } else {
                        nth - 1
                    },
                    "pushed",
                )
            })
    };
    vec![
        single("push", |queue| queue.push(100).unwrap()),
        single("try_push", |queue| queue.try_push(100).unwrap()),
        bulk("push_many", |queue| queue.push_many(&[100, 101, 102, 103]).unwrap()),
        bulk("try_push_many", |queue| assert_eq!(queue.try_push_many(&[100, 101, 102, 103]).unwrap(), 4)),
    ]
}

fn pops() -> Vec<Case> {
    let single = |operation: &str, pop: fn(&Queue<u64>) -> u64| {
        Case::new("queue", operation)
            .prepare(|memory| with(memory, 4, 4))
            .victim(move |memory| assert_eq!(pop(&open(memory)), 0))
            .survivor(|_, queue, _| {
                let taken = queue.pop_timeout(SOON).unwrap();
                holds(&queue, &(taken + 1..4).collect::<Vec<_>>());
                if taken == 0 { completed(NOT_TAKEN) } else { completed(TAKEN) }
            })
            .promise(|death| completed(if death.at("copied") { NOT_TAKEN } else { TAKEN }))
    };
    let bulk = |operation: &str, pop: fn(&Queue<u64>, &mut [u64]) -> usize| {
        Case::new("queue", operation)
            .prepare(|memory| with(memory, 8, 6))
            .victim(move |memory| assert_eq!(pop(&open(memory), &mut [0; 4]), 4))
            .survivor(|_, queue, _| {
                let taken = queue.pop_timeout(SOON).unwrap();
                holds(&queue, &(taken + 1..6).collect::<Vec<_>>());
                how_many(taken, "taken")
            })
    };
    let taken = |nth: u32, step: &str| match step {
        "copied" => u64::from(nth) - 1,
        "taken" => u64::from(nth),
        _ => 4,
    };
    vec![
        single("pop", |queue| queue.pop().unwrap()),
        single("try_pop", |queue| queue.try_pop().unwrap().unwrap()),
        bulk("try_pop_many", |queue, out| queue.try_pop_many(out).unwrap())
            .promise(move |death| how_many(taken(death.nth, death.step()), "taken")),
        // The first by itself, and so with a move of the hint of its own.
        bulk("pop_many_timeout", |queue, out| queue.pop_many_timeout(out, SOON).unwrap()).promise(move |death| {
            how_many(if death.at("hinted") && death.nth == 1 { 1 } else { taken(death.nth, death.step()) }, "taken")
        }),
    ]
}

/// A process dies that waits: it costs one wake too many.
fn waits() -> Vec<Case> {
    let brief = SOON / 20;
    let for_element = Case::new("queue", "pop_timeout, empty")
        .prepare(|memory| with(memory, 4, 0))
        .victim(move |memory| assert_eq!(open(memory).pop_timeout(brief).unwrap_err().kind(), ErrorKind::TimedOut))
        .survivor(|_, queue, _| {
            queue.push_timeout(5, SOON).unwrap();
            holds(&queue, &[5]);
            completed(UNHARMED)
        })
        .promise(|_| completed(UNHARMED));
    let for_room = Case::new("queue", "push_timeout, full")
        .prepare(|memory| with(memory, 4, 4))
        .victim(move |memory| assert_eq!(open(memory).push_timeout(9, brief).unwrap_err().kind(), ErrorKind::TimedOut))
        .survivor(|_, queue, _| {
            holds(&queue, &[0, 1, 2, 3]);
            completed(UNHARMED)
        })
        .promise(|_| completed(UNHARMED));
    vec![for_element, for_room]
}

/// A process dies that recovers what another dead one has left; the next one does it.
fn recoveries() -> Vec<Case> {
    let mut all = Vec::new();
    for (operation, pop) in [
        ("pop, at a dead push", (|queue| queue.pop().unwrap()) as fn(&Queue<u64>) -> u64),
        ("try_pop, at a dead push", |queue| queue.try_pop().unwrap().unwrap()),
    ] {
        let case = Case::new("queue", operation)
            .points(&["queue.recover."])
            .prepare(|memory| {
                let queue = with(memory, 4, 0);
                dies(memory, "queue: push", "queue.push.written");
                queue.push(7).unwrap();
                queue
            })
            .victim(move |memory| assert_eq!(pop(&open(memory)), 7))
            .survivor(|_, queue, _| {
                holds(&queue, &[7]);
                completed(NOT_TAKEN)
            })
            .promise(|_| completed(NOT_TAKEN));
        all.push(case);
    }
    for (operation, push) in [
        ("push, full on a dead push", (|queue| queue.push(101).unwrap()) as fn(&Queue<u64>)),
        ("try_push, full on a dead push", |queue| queue.try_push(101).unwrap()),
    ] {
        let case = Case::new("queue", operation)
            .prepare(|memory| {
                let queue = with(memory, 1, 0);
                dies(memory, "queue: push", "queue.push.claimed");
                queue
            })
            .victim(move |memory| push(&open(memory)))
            .survivor(|_, queue, _| {
                let found = queue.len().unwrap();
                let pushed = queue.try_pop().unwrap();
                assert!(found <= 1 && pushed.is_none_or(|value| value == 101));
                holds(&queue, &[]);
                completed(if pushed.is_some() { PUSHED } else { NOT_PUSHED })
            })
            // A push that found something in its way moves the hint last.
            .promise(|death| {
                let published = death.at("published") || death.at("hinted");
                completed(if published { PUSHED } else { NOT_PUSHED })
            });
        all.push(case);
    }
    all
}

/// A process dies that somebody sleeps on.
fn wakers() -> Vec<Case> {
    let mut all = Vec::new();
    for (operation, push) in [
        ("push, with a sleeping consumer", (|queue| queue.push(100).unwrap()) as fn(&Queue<u64>)),
        ("push_many, with a sleeping consumer", |queue| queue.push_many(&[100]).unwrap()),
    ] {
        let case = Case::new("queue", operation)
            .points(&["queue.push."])
            .prepare(|memory| with(memory, 4, 0))
            .parked("queue.wait.marked", |memory| {
                completed(match open(memory).pop_timeout(SOON / 2) {
                    Ok(100) => PUSHED,
                    Ok(other) => panic!("{other} was never pushed"),
                    Err(error) if error.kind() == ErrorKind::TimedOut => NOT_PUSHED,
                    Err(error) => panic!("{error}"),
                })
            })
            .victim(move |memory| push(&open(memory)))
            .survivor(|_, queue, death| {
                holds(&queue, &[]);
                death.partners[0].clone()
            })
            .promise(|death| {
                // Published, or the hint is moved by a batch, which is behind that.
                let published = death.at("published") || death.at("hinted");
                completed(if published { PUSHED } else { NOT_PUSHED })
            });
        all.push(case);
    }
    let case = Case::new("queue", "pop, with a sleeping producer")
        .points(&["queue.pop."])
        .prepare(|memory| with(memory, 2, 2))
        .parked("queue.wait.marked", |memory| {
            completed(match open(memory).push_timeout(100, SOON / 2) {
                Ok(()) => TAKEN,
                Err(error) if error.kind() == ErrorKind::TimedOut => NOT_TAKEN,
                Err(error) => panic!("{error}"),
            })
        })
        .victim(|memory| assert_eq!(open(memory).pop().unwrap(), 0))
        .survivor(|_, queue, death| {
            let taken = death.partners[0] == completed(TAKEN);
            holds(&queue, if taken { &[1, 100] } else { &[0, 1] });
            death.partners[0].clone()
        })
        .promise(|death| completed(if death.at("copied") { NOT_TAKEN } else { TAKEN }));
    all.push(case);
    all
}
