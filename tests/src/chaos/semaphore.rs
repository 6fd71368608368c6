//! The rows of the semaphore.

use zeroipc::{ErrorKind, Memory, Semaphore};

use super::{Case, completed, deadline, dies};
use crate::SOON;

const FREE: &str = "the permit is free again";
const GONE: &str = "a permit taken for nobody stays taken, until somebody gives it";
const NOT_TAKEN: &str = "no permit is missing";

fn open(memory: &Memory) -> Semaphore {
    Semaphore::open(memory, "s").unwrap()
}

/// Exactly so many permits can be taken, and given back.
#[track_caller]
fn has(semaphore: &Semaphore, permits: u64) {
    let all: Vec<_> = (0..permits).map(|_| semaphore.acquire_timeout(SOON).unwrap()).collect();
    assert!(semaphore.try_acquire().unwrap().is_none());
    drop(all);
    assert_eq!(semaphore.available().unwrap(), permits);
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for (operation, acquire) in [
        ("acquire, and dropping the guard", (|semaphore| drop(semaphore.acquire().unwrap())) as fn(&Semaphore)),
        ("try_acquire, and dropping the guard", |semaphore| drop(semaphore.try_acquire().unwrap().unwrap())),
    ] {
        let case = Case::new("semaphore", operation)
            .prepare(|memory| Semaphore::create(memory, "s", 2).unwrap())
            .victim(move |memory| acquire(&open(memory)))
            .survivor(|_, semaphore, _| {
                has(&semaphore, 2);
                completed(FREE)
            })
            .promise(|_| completed(FREE));
        all.push(case);
    }
    let for_nobody = Case::new("semaphore", "acquire_permit")
        .prepare(|memory| Semaphore::create(memory, "s", 1).unwrap())
        .victim(|memory| open(memory).acquire_permit().unwrap())
        .survivor(|_, semaphore, _| {
            assert_eq!(semaphore.acquire_timeout(SOON / 4).unwrap_err().kind(), ErrorKind::TimedOut);
            semaphore.release_permit().unwrap();
            has(&semaphore, 1);
            deadline(GONE)
        })
        .promise(|_| deadline(GONE));
    let waits = Case::new("semaphore", "acquire_timeout, none free")
        .prepare(|memory| Semaphore::create_with(memory, "s", 0, 1).unwrap())
        .victim(|memory| {
            assert_eq!(open(memory).acquire_timeout(SOON / 20).unwrap_err().kind(), ErrorKind::TimedOut);
        })
        .survivor(|_, semaphore, _| {
            semaphore.release_permit().unwrap();
            has(&semaphore, 1);
            completed(NOT_TAKEN)
        })
        .promise(|_| completed(NOT_TAKEN));
    let wakes = Case::new("semaphore", "release_permit, with a sleeper")
        .prepare(|memory| Semaphore::create_with(memory, "s", 0, 1).unwrap())
        .parked("semaphore.wait.marked", |memory| {
            drop(open(memory).acquire_timeout(SOON).unwrap());
            completed(FREE)
        })
        .victim(|memory| open(memory).release_permit().unwrap())
        .survivor(|_, semaphore, death| {
            has(&semaphore, 1);
            death.partners[0].clone()
        })
        .promise(|_| completed(FREE));
    let recovers = Case::new("semaphore", "acquire, of a dead holder's permit")
        .points(&["semaphore.recover."])
        .prepare(|memory| {
            let semaphore = Semaphore::create(memory, "s", 1).unwrap();
            dies(memory, "semaphore: acquire, and dropping the guard", "semaphore.acquire.taken");
            semaphore
        })
        .victim(|memory| drop(open(memory).acquire().unwrap()))
        .survivor(|_, semaphore, _| {
            has(&semaphore, 1);
            completed(FREE)
        })
        .promise(|_| completed(FREE));
    all.extend([for_nobody, waits, wakes, recovers]);
    all
}
