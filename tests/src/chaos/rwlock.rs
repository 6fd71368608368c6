//! The rows of the lock for many readers or one writer.

use std::thread;

use zeroipc::{Array, ErrorKind, Memory, RwLock};

use super::{Case, Death, Outcome, Scene, completed, dies, now};
use crate::SOON;

const TOLD: &str = "readers and writers are told";
const UNHARMED: &str = "nobody is told of anything";

fn with(memory: &Memory, readers: u64) -> RwLock {
    Array::<u64>::create(memory, "flag", 1).unwrap();
    RwLock::create(memory, "rw", readers).unwrap()
}

fn open(memory: &Memory) -> RwLock {
    RwLock::open(memory, "rw").unwrap()
}

fn flag(memory: &Memory) -> Array<u64> {
    Array::open(memory, "flag").unwrap()
}

/// A reader and a writer come, and say what they were told; then all is as ever.
#[track_caller]
fn next(rwlock: &RwLock) -> Outcome {
    let told = rwlock.read_timeout(SOON).unwrap().previous_writer_died();
    let mut writing = rwlock.write_timeout(SOON).unwrap();
    assert_eq!(writing.previous_writer_died(), told);
    writing.mark_consistent();
    drop(writing);
    let all: Vec<_> = (0..rwlock.readers()).map(|_| rwlock.read_timeout(SOON).unwrap()).collect();
    assert!(all.iter().all(|reading| !reading.previous_writer_died()));
    assert!(rwlock.try_write().unwrap().is_none());
    drop(all);
    assert!(rwlock.try_write().unwrap().is_some(), "nothing is left behind");
    completed(if told { TOLD } else { UNHARMED })
}

/// A case in which whoever comes next is told at these steps, and nowhere else.
fn ends(scene: Scene<RwLock>, told: impl Fn(&Death) -> bool + Send + Sync + 'static) -> Case {
    scene
        .survivor(|_, rwlock, _| next(&rwlock))
        .promise(move |death| completed(if told(death) { TOLD } else { UNHARMED }))
}

fn after_a_death(operation: &'static str, readers: u64, id: &'static str, point: &'static str) -> Scene<RwLock> {
    Case::new("rwlock", operation).prepare(move |memory| {
        let rwlock = with(memory, readers);
        dies(memory, id, point);
        rwlock
    })
}

/// The partner begins when the victim holds the lock, and the victim goes on when it has had time to fall asleep.
fn for_a_partner(operation: &'static str, readers: u64, partner: fn(&RwLock)) -> Scene<RwLock> {
    Case::new("rwlock", operation).prepare(move |memory| with(memory, readers)).partner(move |memory| {
        while flag(memory).load(0) == 0 {
            thread::yield_now();
        }
        partner(&open(memory));
        completed("it is let in")
    })
}

fn lets_it_fall_asleep(memory: &Memory) {
    flag(memory).store(0, 1);
    thread::sleep(SOON / 10);
    now();
}

pub(super) fn cases() -> Vec<Case> {
    let reads = |rwlock: &RwLock| drop(rwlock.read_timeout(2 * SOON).unwrap());
    let mut all = vec![
        ends(
            Case::new("rwlock", "read")
                .prepare(|memory| with(memory, 2))
                .victim(|memory| drop(open(memory).read().unwrap())),
            |_| false,
        ),
        ends(
            Case::new("rwlock", "write")
                .prepare(|memory| with(memory, 2))
                .victim(|memory| drop(open(memory).write().unwrap())),
            |death| death.at("begun"),
        ),
        ends(
            Case::new("rwlock", "downgrade")
                .points(&["rwlock.downgrade.", "rwlock.read.", "rwlock.unlock."])
                .prepare(|memory| with(memory, 2))
                .victim(|memory| {
                    let rwlock = open(memory);
                    let writing = rwlock.write().unwrap();
                    now();
                    drop(writing.downgrade());
                }),
            |_| false,
        ),
        ends(
            after_a_death("write, at a dead reader", 1, "rwlock: read", "rwlock.read.locked")
                .victim(|memory| drop(open(memory).write().unwrap())),
            |death| death.at("begun"),
        ),
        ends(
            after_a_death("try_write, at a dead reader", 1, "rwlock: read", "rwlock.read.locked")
                .victim(|memory| drop(open(memory).try_write().unwrap().expect("the reader is dead"))),
            |death| death.at("begun"),
        ),
        ends(
            after_a_death("read, at a dead writer", 2, "rwlock: write", "rwlock.write.begun")
                .victim(|memory| drop(open(memory).read().unwrap())),
            |_| true,
        ),
        ends(
            after_a_death("try_read, at a dead writer", 2, "rwlock: write", "rwlock.write.begun")
                .victim(|memory| drop(open(memory).try_read().unwrap().expect("the writer is dead"))),
            |_| true,
        ),
        ends(
            after_a_death("read, where the dead have all places", 1, "rwlock: read", "rwlock.read.locked")
                .victim(|memory| drop(open(memory).read().unwrap())),
            |_| false,
        ),
    ];
    all.push(ends(
        for_a_partner("a writer leaves, and a reader waits", 2, reads).victim(|memory| {
            let rwlock = open(memory);
            let writing = rwlock.write().unwrap();
            lets_it_fall_asleep(memory);
            drop(writing);
        }),
        |_| false,
    ));
    all.push(ends(
        for_a_partner("a reader leaves, and a writer waits", 2, |rwlock| {
            drop(rwlock.write_timeout(2 * SOON).unwrap());
        })
        .victim(|memory| {
            let rwlock = open(memory);
            let reading = rwlock.read().unwrap();
            lets_it_fall_asleep(memory);
            drop(reading);
        }),
        |_| false,
    ));
    all.push(ends(
        for_a_partner("a reader leaves, and another has no place", 1, reads).victim(|memory| {
            let rwlock = open(memory);
            let reading = rwlock.read().unwrap();
            lets_it_fall_asleep(memory);
            drop(reading);
        }),
        |_| false,
    ));
    all.extend(gives_up());
    all
}

fn gives_up() -> Vec<Case> {
    let late = |result: zeroipc::Result<()>| assert_eq!(result.unwrap_err().kind(), ErrorKind::TimedOut);
    vec![
        Case::new("rwlock", "read_timeout, held for writing")
            .prepare(|memory| {
                with(memory, 2);
                // A guard borrows from its lock.
                let rwlock: &'static RwLock = Box::leak(Box::new(open(memory)));
                rwlock.write().unwrap()
            })
            .victim(move |memory| late(open(memory).read_timeout(SOON / 20).map(drop)))
            .survivor(|memory, guard, _| {
                drop(guard);
                next(&open(memory))
            })
            .promise(|_| completed(UNHARMED)),
        Case::new("rwlock", "write_timeout, held for reading")
            .prepare(|memory| {
                with(memory, 2);
                let rwlock: &'static RwLock = Box::leak(Box::new(open(memory)));
                rwlock.read().unwrap()
            })
            .victim(move |memory| late(open(memory).write_timeout(SOON / 20).map(drop)))
            .survivor(|memory, guard, _| {
                drop(open(memory).read_timeout(SOON).unwrap());
                drop(guard);
                next(&open(memory))
            })
            .promise(|_| completed(UNHARMED)),
    ]
}
