//! The rows of the barrier.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use zeroipc::{Barrier, ErrorKind, Memory};

use super::{Case, Outcome, completed, deadline, dies, told};
use crate::SOON;

const MET: &str = "the generation completes";
const BROKEN: &str = "the generation is broken for all who wait";
const LEFT: &str = "nobody is there to meet";
const WHOLE: &str = "after a reset it is as new";

fn open(memory: &Memory) -> Barrier {
    Barrier::open(memory, "b").unwrap()
}

/// Two parties.
fn create(memory: &Memory) -> Barrier {
    Barrier::create(memory, "b", 2).unwrap()
}

/// Meets whoever is there.
fn meet(barrier: &Barrier) -> Outcome {
    match barrier.wait_timeout(SOON).map_err(|error| error.kind()) {
        Ok(_) => completed(MET),
        Err(ErrorKind::TimedOut) => deadline(LEFT),
        Err(kind) => told(kind, BROKEN),
    }
}

/// Made whole if it has to be, two new members meet at it.
#[track_caller]
fn works(barrier: &Barrier) {
    barrier.reset().unwrap();
    assert_eq!((barrier.arrived().unwrap(), barrier.is_broken().unwrap()), (0, false));
    let mut members = [barrier.join().unwrap(), barrier.join().unwrap()];
    for _ in 0..3 {
        let led = std::thread::scope(|scope| {
            let meet = members.each_mut().map(|member| scope.spawn(|| member.wait_timeout(SOON).unwrap()));
            meet.map(|thread| thread.join().unwrap())
        });
        assert_ne!(led[0], led[1]);
    }
}

/// A sleeping partner; what it finds is the outcome.
fn with_sleeper(operation: &str, victim: fn(&Barrier), promise: fn(&super::Death) -> Outcome) -> Case {
    Case::new("barrier", operation)
        .prepare(create)
        .parked("barrier.wait.marked", |memory| meet(&open(memory)))
        .victim(move |memory| victim(&open(memory)))
        .survivor(|_, barrier, death| {
            works(&barrier);
            death.partners[0].clone()
        })
        .promise(promise)
}

pub(super) fn cases() -> Vec<Case> {
    let last = with_sleeper("wait, the last", |barrier| assert!(barrier.wait().unwrap()), |_| completed(MET));
    let last_member = with_sleeper(
        "join, and wait, the last",
        |barrier| assert!(barrier.join().unwrap().wait().unwrap()),
        |death| if death.at("taken") { told(ErrorKind::Broken, BROKEN) } else { completed(MET) },
    );
    let panics = with_sleeper(
        "join, and a panic",
        |barrier| {
            let caught = catch_unwind(AssertUnwindSafe(|| {
                let _member = barrier.join().unwrap();
                resume_unwind(Box::new(()));
            }));
            assert!(caught.is_err());
        },
        |_| told(ErrorKind::Broken, BROKEN),
    );
    let first = Case::new("barrier", "wait_timeout, the first")
        .prepare(create)
        .victim(|memory| assert_eq!(open(memory).wait_timeout(SOON / 20).unwrap_err().kind(), ErrorKind::TimedOut))
        .survivor(|_, barrier, _| {
            let met = meet(&barrier);
            works(&barrier);
            met
        })
        // An arrival counts until it is taken back.
        .promise(|death| if death.at("withdraw.counted") { deadline(LEFT) } else { completed(MET) });
    let first_member = Case::new("barrier", "join, and wait_timeout, the first")
        .prepare(create)
        .victim(|memory| {
            let barrier = open(memory);
            let mut member = barrier.join().unwrap();
            assert_eq!(member.wait_timeout(SOON / 20).unwrap_err().kind(), ErrorKind::TimedOut);
        })
        .survivor(|_, barrier, _| {
            let met = meet(&barrier);
            works(&barrier);
            met
        })
        .promise(|death| match death.step() {
            "taken" => told(ErrorKind::Broken, BROKEN),
            _ if death.at("withdraw.counted") => told(ErrorKind::Broken, BROKEN),
            "freed" => deadline(LEFT),
            _ => completed(MET),
        });
    let resets = Case::new("barrier", "reset, of a dead member")
        .prepare(|memory| {
            let barrier = create(memory);
            dies(memory, "barrier: join, and wait_timeout, the first", "barrier.join.taken");
            barrier
        })
        .victim(|memory| assert!(open(memory).reset().unwrap()))
        .survivor(|_, barrier, _| {
            works(&barrier);
            completed(WHOLE)
        })
        .promise(|_| completed(WHOLE));
    vec![last, last_member, panics, first, first_member, resets]
}
