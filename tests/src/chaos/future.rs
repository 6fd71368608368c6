//! The rows of Future.

use zeroipc::{ErrorKind, Future, Memory};

use super::{Case, Death, Outcome, completed, dies, told};
use crate::SOON;

const SET: &str = "the value is there";
const FAILED: &str = "the error is told";
const BROKEN: &str = "the promise is broken; it is made anew";

fn open(memory: &Memory) -> Future<[u64; 3]> {
    Future::open(memory, "f").unwrap()
}

/// One who waits for the result.
fn get(future: &Future<[u64; 3]>) -> Outcome {
    match future.get_timeout(SOON) {
        Ok(value) => {
            assert_eq!(value, [7; 3]);
            completed(SET)
        }
        Err(error) if error.kind() == ErrorKind::Failed => {
            assert!(error.to_string().ends_with("it failed: no"), "{error}");
            told(ErrorKind::Failed, FAILED)
        }
        Err(error) => told(error.kind(), BROKEN),
    }
}

/// As [`get`], and what is broken can be made anew.
fn next(future: &Future<[u64; 3]>) -> Outcome {
    let outcome = get(future);
    let again = future.promise().and_then(|promise| promise.set_value([9; 3]));
    if outcome == told(ErrorKind::OwnerDied, BROKEN) {
        again.unwrap();
        assert_eq!(future.get_timeout(SOON).unwrap(), [9; 3]);
    } else {
        assert_eq!(again.unwrap_err().kind(), ErrorKind::Exists);
    }
    outcome
}

pub(super) fn cases() -> Vec<Case> {
    let fresh = |memory: &Memory| Future::<[u64; 3]>::create(memory, "f").unwrap();
    let set = |death: &Death| {
        if death.at("leave.left") { completed(SET) } else { told(ErrorKind::OwnerDied, BROKEN) }
    };
    let failed = |death: &Death| {
        if death.at("leave.left") { told(ErrorKind::Failed, FAILED) } else { told(ErrorKind::OwnerDied, BROKEN) }
    };
    let row = |operation: &str, victim: fn(&Memory)| {
        Case::new("future", operation)
            .points(&["once.", "outcome."])
            .prepare(fresh)
            .victim(victim)
            .survivor(|_, future, _| next(&future))
    };
    vec![
        row("set_value", |memory| open(memory).set_value([7; 3]).unwrap()).promise(set),
        row("set_error", |memory| open(memory).set_error("no").unwrap()).promise(failed),
        row("promise, kept", |memory| open(memory).promise().unwrap().set_value([7; 3]).unwrap()).promise(set),
        row("promise, dropped", |memory| drop(open(memory).promise().unwrap()))
            .promise(|_| told(ErrorKind::OwnerDied, BROKEN)),
        Case::new("future", "get_timeout, at a dead promise")
            .points(&["once."])
            .prepare(move |memory| {
                let future = fresh(memory);
                dies(memory, "future: promise, kept", "once.claim.claimed");
                future
            })
            .victim(|memory| assert_eq!(get(&open(memory)), told(ErrorKind::OwnerDied, BROKEN)))
            .survivor(|_, future, _| next(&future))
            .promise(|_| told(ErrorKind::OwnerDied, BROKEN)),
    ]
}
