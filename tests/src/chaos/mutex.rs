//! The rows of the mutex.

use std::thread;
use std::time::Duration;

use zeroipc::{Array, ErrorKind, Memory, Mutex};

use super::{Case, Outcome, completed, dies, now};
use crate::SOON;

const TOLD: &str = "the next owner is told";
const UNHARMED: &str = "the next owner is told of nothing";
/// Longer than four sleeps, after which a waiter reserves.
const LONG: Duration = Duration::from_millis(1100);

fn with(memory: &Memory) -> Mutex {
    Array::<u64>::create(memory, "flag", 1).unwrap();
    Mutex::create(memory, "m").unwrap()
}

fn open(memory: &Memory) -> Mutex {
    Mutex::open(memory, "m").unwrap()
}

fn flag(memory: &Memory) -> Array<u64> {
    Array::open(memory, "flag").unwrap()
}

/// Takes the lock, puts things right, and says what it was told; then all is as ever.
#[track_caller]
fn next_owner(mutex: &Mutex) -> Outcome {
    let mut guard = mutex.lock_timeout(SOON).unwrap();
    let told = guard.previous_owner_died();
    guard.mark_consistent();
    assert!(mutex.try_lock().unwrap().is_none());
    drop(guard);
    assert!(!mutex.try_lock().unwrap().expect("it is free").previous_owner_died());
    completed(if told { TOLD } else { UNHARMED })
}

fn after_a_death(operation: &'static str, victim: fn(&Mutex)) -> Case {
    Case::new("mutex", operation)
        .prepare(|memory| {
            let mutex = with(memory);
            dies(memory, "mutex: lock", "mutex.lock.locked");
            mutex
        })
        .victim(move |memory| victim(&open(memory)))
        .survivor(|_, mutex, _| next_owner(&mutex))
        .promise(|death| completed(if death.point.starts_with("mutex.unlock.") { UNHARMED } else { TOLD }))
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("mutex", "lock")
            .prepare(with)
            .victim(|memory| drop(open(memory).lock().unwrap()))
            .survivor(|_, mutex, _| next_owner(&mutex))
            .promise(|death| completed(if death.at("locked") { TOLD } else { UNHARMED })),
        after_a_death("lock, at a dead owner", |mutex| mutex.lock().unwrap().mark_consistent()),
        after_a_death("try_lock, at a dead owner", |mutex| {
            mutex.try_lock().unwrap().expect("the owner is dead").mark_consistent();
        }),
        Case::new("mutex", "lock_timeout, held")
            .prepare(|memory| {
                with(memory);
                // A guard borrows from its mutex.
                let mutex: &'static Mutex = Box::leak(Box::new(open(memory)));
                mutex.lock().unwrap()
            })
            .victim(|memory| {
                let late = open(memory).lock_timeout(LONG).map(drop);
                assert_eq!(late.unwrap_err().kind(), ErrorKind::TimedOut);
            })
            .survivor(|memory, guard, _| {
                drop(guard);
                next_owner(&open(memory))
            })
            .promise(|_| completed(UNHARMED)),
        Case::new("mutex", "unlock, for one who has reserved")
            .points(&["mutex.unlock."])
            .prepare(with)
            .partner(|memory| {
                while flag(memory).load(0) == 0 {
                    thread::yield_now();
                }
                let guard = open(memory).lock_timeout(3 * SOON).map(|guard| guard.previous_owner_died());
                assert!(!guard.unwrap());
                completed(UNHARMED)
            })
            .victim(|memory| {
                let guard_of = open(memory);
                let guard = guard_of.lock().unwrap();
                flag(memory).store(0, 1);
                // The partner sleeps several times meanwhile.
                thread::sleep(LONG);
                now();
                drop(guard);
            })
            .survivor(|_, mutex, _| next_owner(&mutex))
            .promise(|_| completed(UNHARMED)),
    ]
}
