//! The rows of the pool.

use zeroipc::{Array, ErrorKind, Memory, Pool, PoolHandle};

use super::{Case, Operation, completed, dies};
use crate::SOON;

/// A pool of so many objects, all free, and a place for a handle.
fn with(memory: &Memory, capacity: u64) -> Pool<u64> {
    Array::<u64>::create(memory, "handle", 1).unwrap();
    Pool::create(memory, "p", capacity).unwrap()
}

/// The same, with one object that was handed on.
fn with_loose(memory: &Memory, capacity: u64) -> Pool<u64> {
    let pool = with(memory, capacity);
    let handle = pool.acquire().unwrap().into_handle().unwrap();
    Array::<u64>::open(memory, "handle").unwrap().store(0, handle.to_bits());
    pool
}

fn open(memory: &Memory) -> Pool<u64> {
    Pool::open(memory, "p").unwrap()
}

fn handle(memory: &Memory) -> PoolHandle {
    PoolHandle::from_bits(Array::<u64>::open(memory, "handle").unwrap().load(0))
}

/// How many objects can be had at once.
#[track_caller]
fn usable(pool: &Pool<u64>) -> usize {
    let mut all = Vec::new();
    while let Some(object) = pool.try_acquire().unwrap() {
        object.write(&(all.len() as u64));
        all.push(object);
        assert!(all.len() as u64 <= pool.capacity());
    }
    assert!(all.iter().zip(0..).all(|(object, value)| object.read() == value), "an object has two owners");
    all.len()
}

const FREE: &str = "its object is free again";
const LOST: &str = "the object is in use for ever: its handle died";
const HANDED_ON: &str = "the handle is as good as ever";
const RELEASED: &str = "the object is free";
const UNHARMED: &str = "nothing is missing";

pub(super) fn cases() -> Vec<Case> {
    [owners(), handles(), recoveries(), waits()].into_iter().flatten().collect()
}

fn owners() -> Vec<Case> {
    let operations: [Operation<Pool<u64>>; 2] =
        [("acquire", |pool| drop(pool.acquire().unwrap())), ("try_acquire", |pool| drop(pool.try_acquire().unwrap()))];
    operations
        .into_iter()
        .map(|(operation, acquire)| {
            Case::new("pool", operation)
                .prepare(|memory| with(memory, 2))
                .victim(move |memory| acquire(&open(memory)))
                .survivor(|_, pool, _| {
                    assert_eq!(usable(&pool), 2);
                    completed(FREE)
                })
                .promise(|_| completed(FREE))
        })
        .collect()
}

fn handles() -> Vec<Case> {
    let hand_on = Case::new("pool", "into_handle")
        .prepare(|memory| with(memory, 2))
        .victim(|memory| assert!(open(memory).acquire().unwrap().into_handle().is_ok()))
        .survivor(|_, pool, _| completed(if usable(&pool) == 2 { FREE } else { LOST }))
        .promise(|death| completed(if death.at("loose") { LOST } else { FREE }));
    let adopt = Case::new("pool", "adopt")
        .prepare(|memory| with_loose(memory, 2))
        .victim(|memory| drop(open(memory).adopt(handle(memory)).unwrap()))
        .survivor(|memory, pool, _| {
            assert_eq!(pool.adopt(handle(memory)).unwrap_err().kind(), ErrorKind::NotOwner);
            assert_eq!(usable(&pool), 2);
            completed(FREE)
        })
        .promise(|_| completed(FREE));
    let release = Case::new("pool", "release")
        .prepare(|memory| with_loose(memory, 2))
        .victim(|memory| open(memory).release(handle(memory)).unwrap())
        .survivor(|memory, pool, _| {
            let released = pool.release(handle(memory)).is_err();
            assert_eq!(usable(&pool), 2);
            completed(if released { RELEASED } else { HANDED_ON })
        })
        .promise(|_| completed(RELEASED));
    vec![hand_on, adopt, release]
}

/// A process dies that takes over what another dead one owned; the next one does it.
fn recoveries() -> Vec<Case> {
    let operations: [Operation<Pool<u64>>; 2] = [
        ("acquire, from a dead owner", |pool| drop(pool.acquire().unwrap())),
        ("reclaim", |pool| assert_eq!(pool.reclaim().unwrap(), 1)),
    ];
    operations
        .into_iter()
        .map(|(operation, act)| {
            Case::new("pool", operation)
                .prepare(|memory| {
                    let pool = with(memory, 1);
                    dies(memory, "pool: acquire", "pool.acquire.owned");
                    pool
                })
                .victim(move |memory| act(&open(memory)))
                .survivor(|_, pool, _| {
                    assert_eq!(usable(&pool), 1);
                    completed(FREE)
                })
                .promise(|_| completed(FREE))
        })
        .collect()
}

fn waits() -> Vec<Case> {
    let sleeper = Case::new("pool", "acquire_timeout, empty")
        .prepare(|memory| with_loose(memory, 1))
        .victim(|memory| {
            assert_eq!(open(memory).acquire_timeout(SOON / 20).unwrap_err().kind(), ErrorKind::TimedOut);
        })
        .survivor(|memory, pool, _| {
            pool.release(handle(memory)).unwrap();
            assert_eq!(usable(&pool), 1);
            completed(UNHARMED)
        })
        .promise(|_| completed(UNHARMED));
    let waker = Case::new("pool", "release, with a sleeping acquire")
        .points(&["pool.release.", "pool.woken"])
        .prepare(|memory| with_loose(memory, 1))
        .parked("pool.wait.marked", |memory| {
            drop(open(memory).acquire_timeout(SOON).unwrap());
            completed(RELEASED)
        })
        .victim(|memory| open(memory).release(handle(memory)).unwrap())
        .survivor(|_, pool, death| {
            assert_eq!(usable(&pool), 1);
            death.partners[0].clone()
        })
        .promise(|_| completed(RELEASED));
    vec![sleeper, waker]
}
