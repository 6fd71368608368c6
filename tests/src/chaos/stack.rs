//! The rows of the stack.

use zeroipc::{ErrorKind, Memory, Stack};

use super::{Case, Outcome, completed, dies};
use crate::SOON;

/// A stack with this room that holds the numbers below `held`, and from which another was popped if `popped`.
fn with(memory: &Memory, capacity: u64, held: u64, popped: bool) -> Stack<u64> {
    let stack = Stack::create(memory, "s", capacity).unwrap();
    for value in 0..held {
        stack.push(value).unwrap();
    }
    if popped {
        stack.push(99).unwrap();
        stack.pop().unwrap();
    }
    stack
}

fn open(memory: &Memory) -> Stack<u64> {
    Stack::open(memory, "s").unwrap()
}

/// The stack holds exactly these, the topmost first, and then has room for as many as ever.
#[track_caller]
fn holds(stack: &Stack<u64>, expected: &[u64]) {
    for value in expected {
        assert_eq!(stack.pop_timeout(SOON).unwrap(), *value, "of {expected:?}");
    }
    assert_eq!(stack.try_pop().unwrap(), None, "behind {expected:?}");
    let capacity = stack.capacity();
    for round in 0..3 {
        for value in 0..capacity {
            assert_eq!(stack.len().unwrap(), value);
            stack.push_timeout(100 * round + value, SOON).unwrap();
        }
        assert_eq!(stack.try_push(0).unwrap_err().kind(), ErrorKind::Full);
        for value in (0..capacity).rev() {
            assert_eq!(stack.pop_timeout(SOON).unwrap(), 100 * round + value);
        }
        assert!(stack.is_empty().unwrap());
    }
}

const PUSHED: &str = "the element is there";
const NOT_PUSHED: &str = "the push never happened, and its room is free";
const TAKEN: &str = "the element is gone with the dead, and its room is free";
const NOT_TAKEN: &str = "the element is still there";
const UNHARMED: &str = "nothing is missing";

fn how_many(count: u64, did: &str) -> Outcome {
    completed(match count {
        0 => format!("none was {did}"),
        1 => format!("the first was {did}"),
        _ => format!("the first {count} were {did}"),
    })
}

pub(super) fn cases() -> Vec<Case> {
    [pushes(), pops(), waits(), recoveries(), wakers()].into_iter().flatten().collect()
}

/// What a push of 100 by the dead has left above these.
fn found(stack: &Stack<u64>, below: &[u64]) -> Outcome {
    if stack.peek().unwrap() == Some(100) {
        assert_eq!(stack.pop_timeout(SOON).unwrap(), 100);
        holds(stack, below);
        completed(PUSHED)
    } else {
        holds(stack, below);
        completed(NOT_PUSHED)
    }
}

fn pushes() -> Vec<Case> {
    let single = |operation: &str, popped: bool, push: fn(&Stack<u64>)| {
        Case::new("stack", operation)
            .prepare(move |memory| with(memory, 4, 2, popped))
            .victim(move |memory| push(&open(memory)))
            .survivor(|_, stack, _| found(&stack, &[1, 0]))
            .promise(|death| completed(if death.at("linked") { PUSHED } else { NOT_PUSHED }))
    };
    let bulk = |operation: &str, push: fn(&Stack<u64>)| {
        Case::new("stack", operation)
            .prepare(|memory| with(memory, 8, 1, false))
            .victim(move |memory| push(&open(memory)))
            .survivor(|_, stack, _| {
                let pushed = stack.len().unwrap() - 1;
                holds(&stack, &(100..100 + pushed).rev().chain([0]).collect::<Vec<_>>());
                how_many(pushed, "pushed")
            })
            .promise(|death| how_many(u64::from(death.nth) - u64::from(!death.at("linked")), "pushed"))
    };
    vec![
        single("push", false, |stack| stack.push(100).unwrap()),
        single("push, behind a pop", true, |stack| stack.push(100).unwrap()),
        single("try_push", false, |stack| stack.try_push(100).unwrap()),
        single("try_push, behind a pop", true, |stack| stack.try_push(100).unwrap()),
        bulk("push_many", |stack| stack.push_many(&[100, 101, 102]).unwrap()),
        bulk("try_push_many", |stack| assert_eq!(stack.try_push_many(&[100, 101, 102]).unwrap(), 3)),
    ]
}

fn pops() -> Vec<Case> {
    let single = |operation: &str, popped: bool, pop: fn(&Stack<u64>) -> u64| {
        Case::new("stack", operation)
            .prepare(move |memory| with(memory, 4, 3, popped))
            .victim(move |memory| assert_eq!(pop(&open(memory)), 2))
            .survivor(|_, stack, _| {
                let taken = stack.len().unwrap() == 2;
                holds(&stack, if taken { &[1, 0] } else { &[2, 1, 0] });
                completed(if taken { TAKEN } else { NOT_TAKEN })
            })
            .promise(|death| completed(if death.at("taken") { TAKEN } else { NOT_TAKEN }))
    };
    let bulk = |operation: &str, pop: fn(&Stack<u64>, &mut [u64]) -> usize| {
        Case::new("stack", operation)
            .prepare(|memory| with(memory, 8, 6, true))
            .victim(move |memory| assert_eq!(pop(&open(memory), &mut [0; 3]), 3))
            .survivor(|_, stack, _| {
                let left = stack.len().unwrap();
                holds(&stack, &(0..left).rev().collect::<Vec<_>>());
                how_many(6 - left, "taken")
            })
            .promise(|death| how_many(u64::from(death.nth) - u64::from(!death.at("taken")), "taken"))
    };
    vec![
        single("pop", false, |stack| stack.pop().unwrap()),
        single("pop, behind a pop", true, |stack| stack.pop().unwrap()),
        single("try_pop", false, |stack| stack.try_pop().unwrap().unwrap()),
        bulk("try_pop_many", |stack, out| stack.try_pop_many(out).unwrap()),
        bulk("pop_many_timeout", |stack, out| stack.pop_many_timeout(out, SOON).unwrap()),
    ]
}

/// A process dies that waits: it costs one wake too many.
fn waits() -> Vec<Case> {
    let brief = SOON / 20;
    let for_element = Case::new("stack", "pop_timeout, empty")
        .prepare(|memory| with(memory, 4, 0, true))
        .victim(move |memory| assert_eq!(open(memory).pop_timeout(brief).unwrap_err().kind(), ErrorKind::TimedOut))
        .survivor(|_, stack, _| {
            stack.push_timeout(5, SOON).unwrap();
            holds(&stack, &[5]);
            completed(UNHARMED)
        })
        .promise(|_| completed(UNHARMED));
    let for_room = Case::new("stack", "push_timeout, full")
        .prepare(|memory| with(memory, 3, 3, false))
        .victim(move |memory| assert_eq!(open(memory).push_timeout(9, brief).unwrap_err().kind(), ErrorKind::TimedOut))
        .survivor(|_, stack, _| {
            holds(&stack, &[2, 1, 0]);
            completed(UNHARMED)
        })
        .promise(|_| completed(UNHARMED));
    vec![for_element, for_room]
}

/// A process dies that takes over what another dead one had claimed; the next one does it.
fn recoveries() -> Vec<Case> {
    let mut all = Vec::new();
    for (operation, popped) in
        [("push, into the room of a dead push", false), ("push, in the place of a dead push", true)]
    {
        let case = Case::new("stack", operation)
            .prepare(move |memory| {
                let stack = with(memory, 3, 2, popped);
                dies(memory, if popped { "stack: push, behind a pop" } else { "stack: push" }, "stack.push.written");
                stack
            })
            .victim(|memory| open(memory).push(100).unwrap())
            .survivor(|_, stack, _| found(&stack, &[1, 0]))
            .promise(|death| completed(if death.at("linked") { PUSHED } else { NOT_PUSHED }));
        all.push(case);
    }
    all
}

/// A process dies that somebody sleeps on.
fn wakers() -> Vec<Case> {
    let push = Case::new("stack", "push, with a sleeping pop")
        .points(&["stack.push.", "stack.woken"])
        .prepare(|memory| with(memory, 4, 0, true))
        .parked("stack.wait.marked", |memory| {
            completed(match open(memory).pop_timeout(SOON / 2) {
                Ok(100) => PUSHED,
                Ok(other) => panic!("{other} was never pushed"),
                Err(error) if error.kind() == ErrorKind::TimedOut => NOT_PUSHED,
                Err(error) => panic!("{error}"),
            })
        })
        .victim(|memory| open(memory).push(100).unwrap())
        .survivor(|_, stack, death| {
            holds(&stack, &[]);
            death.partners[0].clone()
        })
        .promise(|death| completed(if death.at("linked") || death.at("woken") { PUSHED } else { NOT_PUSHED }));
    let pop = Case::new("stack", "pop, with a sleeping push")
        .points(&["stack.pop.", "stack.woken"])
        .prepare(|memory| with(memory, 2, 2, false))
        .parked("stack.wait.marked", |memory| {
            completed(match open(memory).push_timeout(100, SOON / 2) {
                Ok(()) => TAKEN,
                Err(error) if error.kind() == ErrorKind::TimedOut => NOT_TAKEN,
                Err(error) => panic!("{error}"),
            })
        })
        .victim(|memory| assert_eq!(open(memory).pop().unwrap(), 1))
        .survivor(|_, stack, death| {
            let taken = death.partners[0] == completed(TAKEN);
            holds(&stack, if taken { &[100, 0] } else { &[1, 0] });
            death.partners[0].clone()
        })
        .promise(|death| completed(if death.at("copied") { NOT_TAKEN } else { TAKEN }));
    vec![push, pop]
}
