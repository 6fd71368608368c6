//! The rows of Once.

use zeroipc::{ErrorKind, Memory, Once};

use super::{Case, Outcome, completed, dies};
use crate::SOON;

const DONE: &str = "it is done";
const TAKEN_OVER: &str = "it is done again, by one who is told";

fn open(memory: &Memory) -> Once {
    Once::open(memory, "o").unwrap()
}

/// The next one that wants it done.
fn next(once: &Once) -> Outcome {
    let mut told = None;
    once.call_once_timeout(SOON, |state| told = Some(*state)).unwrap();
    assert!(once.is_completed());
    once.wait_timeout(SOON).unwrap();
    once.call_once(|| unreachable!("it is done")).unwrap();
    match told {
        None => completed(DONE),
        Some(state) => {
            assert!(state.previous_died() && state.is_repeated() && !state.previous_panicked());
            completed(TAKEN_OVER)
        }
    }
}

pub(super) fn cases() -> Vec<Case> {
    let fresh = |memory: &Memory| Once::create(memory, "o").unwrap();
    let abandoned = move |memory: &Memory| {
        let once = fresh(memory);
        dies(memory, "once: call_once", "once.claim.claimed");
        once
    };
    let promise = |death: &super::Death| completed(if death.at("leave.left") { DONE } else { TAKEN_OVER });
    let call = |memory: &Memory| open(memory).call_once(|| ()).unwrap();
    vec![
        Case::new("once", "call_once").prepare(fresh).victim(call).survivor(|_, once, _| next(&once)).promise(promise),
        Case::new("once", "call_once, at a dead one")
            .prepare(abandoned)
            .victim(call)
            .survivor(|_, once, _| next(&once))
            .promise(promise),
        Case::new("once", "call_once, with one that waits")
            .points(&["once.claim.", "once.leave."])
            .prepare(fresh)
            .parked("once.wait.marked", |memory| match open(memory).wait_timeout(SOON / 2) {
                Ok(()) => completed(DONE),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::TimedOut);
                    completed(TAKEN_OVER)
                }
            })
            .victim(call)
            .survivor(|_, once, death| {
                assert_eq!(next(&once), death.partners[0]);
                death.partners[0].clone()
            })
            .promise(promise),
        Case::new("once", "wait_timeout, at a dead one")
            .prepare(abandoned)
            .victim(|memory| assert_eq!(open(memory).wait_timeout(SOON / 20).unwrap_err().kind(), ErrorKind::TimedOut))
            .survivor(|_, once, _| next(&once))
            .promise(|_| completed(TAKEN_OVER)),
    ]
}
