//! Meetings: a barrier whose members die and are succeeded, and waiters that are told by others to look again.

use std::time::Instant;

use zeroipc::{Array, Barrier, Condvar, ErrorKind, Mutex};

use crate::chaos::load::{Answer, BRIEF, Load};
use crate::containers::refused;
use crate::{SOON, shake};

const MEET: u8 = 1;
const GIVE: u8 = 2;
const TAKE: u8 = 3;

pub(super) fn barrier() -> Load {
    Load::new("barrier")
        .prepare(|memory, rng| drop(Barrier::create(memory, "b", 2 + rng.below(2)).unwrap()))
        .work(|worker| {
            let barrier = Barrier::open(worker.memory(), "b").unwrap();
            while worker.goes_on() {
                // There may be more workers than places, and dead members until somebody clears them away.
                let mut member = match barrier.join() {
                    Ok(member) => member,
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::NoSlot, "{error}");
                        barrier.reset().unwrap();
                        std::thread::yield_now();
                        continue;
                    }
                };
                for _ in 0..worker.rng.below(50) {
                    if !worker.goes_on() {
                        break;
                    }
                    let before = barrier.generation().unwrap();
                    let mut broken = false;
                    worker.does(MEET, 0, || match member.wait_timeout(BRIEF) {
                        Ok(leads) => {
                            assert!(barrier.generation().unwrap() > before, "it is still generation {before}");
                            Some(u64::from(leads))
                        }
                        Err(error) => {
                            broken = error.kind() == ErrorKind::Broken;
                            assert!(broken || error.kind() == ErrorKind::TimedOut, "{error}");
                            None
                        }
                    });
                    if broken {
                        break;
                    }
                }
            }
        })
        .check(|memory, journals| {
            let barrier = Barrier::open(memory, "b").unwrap();
            let count =
                |answer: Answer| journals.iter().flatten().filter(|entry| entry.answer == answer).count() as u64;
            let generations = barrier.generation().unwrap();
            assert!(count(Answer::Yes(1)) <= generations, "more leaders than generations");
            let met = count(Answer::Yes(0)) + count(Answer::Yes(1));
            assert!(met <= generations * barrier.parties(), "{met} met in {generations} generations");
            let start = Instant::now();
            // A dead member that has arrived counts, and keeps its place, until the others have met.
            while !all_meet(&barrier) {
                assert!(start.elapsed() < SOON, "the places of the dead are lost");
            }
        })
}

/// Lets all meet for whom there are places; whether that is everybody.
fn all_meet(barrier: &Barrier) -> bool {
    barrier.reset().unwrap();
    let members: Vec<_> = (0..barrier.parties()).map_while(|_| barrier.join().ok()).collect();
    let all = members.len() as u64 == barrier.parties();
    let leaders: usize = std::thread::scope(|scope| {
        let meet = |mut member: zeroipc::BarrierMember<'_>| usize::from(member.wait_timeout(SOON / 4).unwrap_or(false));
        let all: Vec<_> = members.into_iter().map(|member| scope.spawn(move || meet(member))).collect();
        all.into_iter().map(|one| one.join().expect("it meets the others")).sum()
    });
    assert!(leaders == 1 || !all, "all have met, and {leaders} have led");
    all
}

pub(super) fn condvar() -> Load {
    Load::new("condvar")
        .prepare(|memory, _| {
            drop(Mutex::create(memory, "m").unwrap());
            drop(Condvar::create(memory, "c").unwrap());
            drop(Array::<u64>::create(memory, "n", 1).unwrap());
        })
        .work(|worker| {
            let mutex = Mutex::open(worker.memory(), "m").unwrap();
            let condvar = Condvar::open(worker.memory(), "c").unwrap();
            let there = Array::<u64>::open(worker.memory(), "n").unwrap();
            while worker.goes_on() {
                let (gives, to_all) = (worker.rng.below(2) == 0, worker.rng.below(4) == 0);
                if gives {
                    worker.does(GIVE, 0, || {
                        let mut guard = refused(mutex.lock_timeout(BRIEF))?;
                        guard.mark_consistent();
                        let count = there.load(0);
                        shake::here();
                        there.store(0, count + 1);
                        drop(guard);
                        if to_all { condvar.notify_all() } else { condvar.notify_one() }.unwrap();
                        Some(0)
                    });
                } else {
                    worker.does(TAKE, 0, || {
                        let guard = refused(mutex.lock_timeout(BRIEF))?;
                        let waited = condvar.wait_timeout_while(guard, BRIEF, || there.load(0) == 0);
                        let (mut guard, late) = waited.unwrap();
                        guard.mark_consistent();
                        let count = there.load(0);
                        assert_eq!(late, count == 0, "{count} are there");
                        shake::here();
                        there.store(0, count.checked_sub(1)?);
                        Some(0)
                    });
                }
            }
        })
        .check(|memory, journals| {
            let count = |operation: u8, answer: Answer| {
                let entries = journals.iter().flatten();
                entries.filter(|entry| entry.operation == operation && entry.answer == answer).count() as i64
            };
            let done = |operation| count(operation, Answer::Yes(0));
            let expected = done(GIVE) - done(TAKE);
            let (more, less) = (count(GIVE, Answer::None), count(TAKE, Answer::None));
            let there = Array::<u64>::open(memory, "n").unwrap().load(0) as i64;
            let context = format!("{there} there, {expected} expected, {more} and {less} unknown");
            assert!((expected - less..=expected + more).contains(&there), "{context}");
            let mutex = Mutex::open(memory, "m").unwrap();
            drop(mutex.lock_timeout(SOON).unwrap());
        })
}
