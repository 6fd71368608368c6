//! Locks that protect two numbers which belong together, and permits: nobody else is inside, deaths are told, and nothing is
//! held for ever.

use std::time::Instant;

use zeroipc::{Array, ErrorKind, Mutex, RwLock, Semaphore};

use crate::chaos::load::{Answer, BRIEF, Load, additions};
use crate::containers::refused;
use crate::{SOON, shake};

const ADD: u8 = 1;
const ACQUIRE: u8 = 2;
const RELEASE: u8 = 3;
const READ: u8 = 4;

/// Two numbers that are the same, unless their owner dies between two steps.
const FIRST: usize = 0;
const SECOND: usize = 1;
/// Who is inside, plus one; 0 is nobody.
const INSIDE: usize = 2;

pub(super) fn mutex() -> Load {
    Load::new("mutex")
        .prepare(|memory, _| {
            drop(Mutex::create(memory, "m").unwrap());
            drop(Array::<u64>::create(memory, "n", 3).unwrap());
        })
        .work(|worker| {
            let mutex = Mutex::open(worker.memory(), "m").unwrap();
            let numbers = Array::<u64>::open(worker.memory(), "n").unwrap();
            let me = worker.me + 1;
            while worker.goes_on() {
                let waits = worker.rng.below(3) > 0;
                worker.does(ADD, 0, || {
                    let mut guard =
                        if waits { refused(mutex.lock_timeout(BRIEF))? } else { mutex.try_lock().unwrap()? };
                    let (first, second, inside) = (numbers.load(FIRST), numbers.load(SECOND), numbers.load(INSIDE));
                    if guard.previous_owner_died() {
                        shake::here();
                        guard.mark_consistent();
                    } else {
                        assert_eq!((second, inside), (first, 0), "nobody said that an owner died");
                    }
                    numbers.store(INSIDE, me);
                    numbers.store(FIRST, first + 1);
                    shake::here();
                    numbers.store(SECOND, first + 1);
                    assert_eq!(numbers.load(INSIDE), me, "two are inside");
                    numbers.store(INSIDE, 0);
                    drop(guard);
                    Some(first)
                });
            }
        })
        .check(|memory, journals| {
            let mutex = Mutex::open(memory, "m").unwrap();
            let mut guard = mutex.lock_timeout(SOON).unwrap();
            guard.mark_consistent();
            drop(guard);
            assert!(!mutex.try_lock().unwrap().unwrap().previous_owner_died());
            let numbers = Array::<u64>::open(memory, "n").unwrap();
            additions(journals, ADD, 0, numbers.load(FIRST));
        })
}

pub(super) fn rwlock() -> Load {
    Load::new("rwlock")
        .prepare(|memory, rng| {
            // With and without a slot for every reader.
            drop(RwLock::create(memory, "l", 1 + rng.below(8)).unwrap());
            drop(Array::<u64>::create(memory, "n", 3).unwrap());
        })
        .work(|worker| {
            let lock = RwLock::open(worker.memory(), "l").unwrap();
            let numbers = Array::<u64>::open(worker.memory(), "n").unwrap();
            let all = || (numbers.load(FIRST), numbers.load(SECOND), numbers.load(INSIDE));
            let look = |died: bool| {
                let (first, second, inside) = all();
                shake::here();
                assert_eq!(all(), (first, second, inside), "a writer is inside");
                assert!(died || (second, inside) == (first, 0), "nobody said that a writer died");
            };
            while worker.goes_on() {
                let waits = worker.rng.below(3) > 0;
                let downgrades = worker.rng.below(4) == 0;
                if worker.rng.below(2) == 0 {
                    worker.does(READ, 0, || {
                        let guard =
                            if waits { refused(lock.read_timeout(BRIEF))? } else { lock.try_read().unwrap()? };
                        look(guard.previous_writer_died());
                        drop(guard);
                        Some(0)
                    });
                    continue;
                }
                worker.does(ADD, 0, || {
                    let mut guard =
                        if waits { refused(lock.write_timeout(BRIEF))? } else { lock.try_write().unwrap()? };
                    let (first, second, inside) = all();
                    if guard.previous_writer_died() {
                        shake::here();
                        guard.mark_consistent();
                    } else {
                        assert_eq!((second, inside), (first, 0), "nobody said that a writer died");
                    }
                    numbers.store(INSIDE, 1);
                    numbers.store(FIRST, first + 1);
                    shake::here();
                    numbers.store(SECOND, first + 1);
                    numbers.store(INSIDE, 0);
                    if downgrades {
                        let guard = guard.downgrade();
                        look(guard.previous_writer_died());
                    }
                    Some(first)
                });
            }
        })
        .check(|memory, journals| {
            let lock = RwLock::open(memory, "l").unwrap();
            let mut guard = lock.write_timeout(SOON).unwrap();
            guard.mark_consistent();
            drop(guard);
            let readers: Vec<_> = (0..lock.readers()).map(|_| lock.read_timeout(SOON).unwrap()).collect();
            assert!(lock.try_write().unwrap().is_none(), "a writer comes in beside readers");
            drop(readers);
            assert!(!lock.try_write().unwrap().unwrap().previous_writer_died());
            additions(journals, ADD, 0, Array::<u64>::open(memory, "n").unwrap().load(FIRST));
        })
}

pub(super) fn semaphore() -> Load {
    const MOST: u64 = 8;
    const AT_FIRST: u64 = 4;
    Load::new("semaphore")
        .prepare(|memory, rng| {
            drop(Semaphore::create(memory, "guarded", 1 + rng.below(3)).unwrap());
            drop(Semaphore::create_with(memory, "anonymous", AT_FIRST, MOST).unwrap());
            drop(Array::<u64>::create(memory, "n", 3).unwrap());
        })
        .work(|worker| {
            let guarded = Semaphore::open(worker.memory(), "guarded").unwrap();
            let anonymous = Semaphore::open(worker.memory(), "anonymous").unwrap();
            let numbers = Array::<u64>::open(worker.memory(), "n").unwrap();
            let alone = guarded.permits() == 1;
            let me = worker.me + 1;
            while worker.goes_on() {
                let waits = worker.rng.below(3) > 0;
                match worker.rng.below(4) {
                    0 => worker.does(ACQUIRE, 0, || refused(anonymous.acquire_permit_timeout(BRIEF)).map(|()| 0)),
                    1 => worker.does(RELEASE, 0, || anonymous.release_permit().ok().map(|()| 0)),
                    _ => worker.does(ADD, 0, || {
                        let guard = if waits {
                            refused(guarded.acquire_timeout(BRIEF))?
                        } else {
                            guarded.try_acquire().unwrap()?
                        };
                        numbers.store(INSIDE, me);
                        shake::here();
                        assert!(!alone || numbers.load(INSIDE) == me, "two are inside");
                        drop(guard);
                        Some(0)
                    }),
                };
            }
        })
        .check(|memory, journals| {
            let guarded = Semaphore::open(memory, "guarded").unwrap();
            let start = Instant::now();
            let all: Vec<_> = (0..guarded.permits()).map(|_| guarded.acquire_timeout(SOON).unwrap()).collect();
            assert!(start.elapsed() < SOON, "the dead hold their permits for long");
            assert!(guarded.try_acquire().unwrap().is_none(), "there are more permits than there were");
            drop(all);
            assert_eq!(guarded.available().unwrap(), guarded.permits());
            let anonymous = Semaphore::open(memory, "anonymous").unwrap();
            let count = |operation: u8, answer: Answer| {
                let entries = journals.iter().flatten();
                entries.filter(|entry| entry.operation == operation && entry.answer == answer).count() as i64
            };
            let done = |operation| count(operation, Answer::Yes(0));
            let expected = AT_FIRST as i64 + done(RELEASE) - done(ACQUIRE);
            let (more, less) = (count(RELEASE, Answer::None), count(ACQUIRE, Answer::None));
            let found = anonymous.available().unwrap() as i64;
            let context = format!("{found} permits, {expected} expected, {more} and {less} unknown");
            assert!((expected - less..=expected + more).contains(&found), "{context}");
            while anonymous.try_acquire_permit().unwrap() {}
            for _ in 0..MOST {
                anonymous.release_permit().unwrap();
            }
            assert_ne!(anonymous.release_permit().unwrap_err().kind(), ErrorKind::Corrupt);
        })
}
