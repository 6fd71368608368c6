//! The rows of the signal.

use zeroipc::{ErrorKind, Memory, Signal};

use super::{Case, Outcome, completed, dies};
use crate::SOON;

const WRITTEN: &str = "the value is there";
const NOT_WRITTEN: &str = "the value was never written";
const UNHARMED: &str = "nothing is missing";

type Value = [u64; 5];

fn open(memory: &Memory) -> Signal<Value> {
    Signal::open(memory, "s").unwrap()
}

/// Version 1 has this value.
const OLD: Value = [1; 5];
const NEW: Value = [2; 5];

fn create(memory: &Memory) -> Signal<Value> {
    Signal::create_with(memory, "s", OLD).unwrap()
}

/// What is there, and that it works as ever, also from a handle that only reads.
#[track_caller]
fn found(memory: &Memory, signal: &Signal<Value>) -> Outcome {
    let reader = Signal::<Value>::open(&Memory::open_read_only(memory.name()).unwrap(), "s").unwrap();
    let (value, version) = reader.get().unwrap();
    assert_eq!((value, version), if version == 1 { (OLD, 1) } else { (NEW, 2) });
    for next in version + 1..version + 9 {
        assert_eq!(signal.set_timeout([next; 5], SOON).unwrap(), next);
        assert_eq!(reader.get().unwrap(), ([next; 5], next));
        assert_eq!(signal.wait_for_change_timeout(next - 1, SOON).unwrap(), ([next; 5], next));
    }
    completed(if version == 1 { NOT_WRITTEN } else { WRITTEN })
}

fn written(death: &super::Death) -> Outcome {
    let before = death.at("claimed") || death.at("set.written");
    completed(if before { NOT_WRITTEN } else { WRITTEN })
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for (operation, set) in [
        ("set", (|signal| assert_ne!(signal.set(NEW).unwrap(), 0)) as fn(&Signal<Value>)),
        ("try_set", |signal| assert!(signal.try_set(NEW).unwrap().is_some())),
        ("update", |signal| assert_ne!(signal.update(|old| old.map(|number| number + 1)).unwrap().1, 0)),
    ] {
        let case = Case::new("signal", operation)
            .prepare(create)
            .victim(move |memory| set(&open(memory)))
            .survivor(|memory, signal, _| found(memory, &signal))
            .promise(written);
        all.push(case);
    }
    let overtaken = Case::new("signal", "update, overtaken")
        .points(&["signal.set.withdrawn"])
        .prepare(create)
        .victim(|memory| {
            let signal = open(memory);
            let mut first = true;
            let next = |_: &Value| {
                if std::mem::take(&mut first) {
                    signal.set(NEW).unwrap();
                }
                NEW
            };
            signal.update(next).unwrap();
        })
        .survivor(|memory, signal, _| found(memory, &signal))
        .promise(|_| completed(WRITTEN));
    let wakes = Case::new("signal", "set, with a sleeper")
        .points(&["signal.set."])
        .prepare(create)
        .parked("signal.wait.marked", |memory| {
            match open(memory).wait_for_change_timeout(1, SOON / 2).map_err(|error| error.kind()) {
                Ok(changed) => {
                    assert_eq!(changed, (NEW, 2));
                    completed(WRITTEN)
                }
                Err(kind) => {
                    assert_eq!(kind, ErrorKind::TimedOut);
                    completed(NOT_WRITTEN)
                }
            }
        })
        .victim(|memory| assert_ne!(open(memory).set(NEW).unwrap(), 0))
        .survivor(|memory, signal, death| {
            assert_eq!(found(memory, &signal), death.partners[0]);
            death.partners[0].clone()
        })
        .promise(written);
    let waits = Case::new("signal", "wait_for_change_timeout")
        .prepare(create)
        .victim(|memory| {
            let late = open(memory).wait_for_change_timeout(1, SOON / 20).unwrap_err();
            assert_eq!(late.kind(), ErrorKind::TimedOut);
        })
        .survivor(|memory, signal, _| {
            assert_eq!(found(memory, &signal), completed(NOT_WRITTEN));
            completed(UNHARMED)
        })
        .promise(|_| completed(UNHARMED));
    let recovers = Case::new("signal", "set, behind three dead ones")
        .prepare(|memory| {
            let signal = create(memory);
            for _ in 0..3 {
                dies(memory, "signal: set", "signal.set.written");
            }
            signal
        })
        .victim(|memory| assert_ne!(open(memory).set(NEW).unwrap(), 0))
        .survivor(|memory, signal, _| found(memory, &signal))
        .promise(|death| if death.at("recover.dead") { completed(NOT_WRITTEN) } else { written(death) });
    all.extend([overtaken, wakes, waits, recovers]);
    all
}
