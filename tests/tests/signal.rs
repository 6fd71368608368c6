//! Signals: what they do, and what they refuse.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use zeroipc::{Array, ErrorKind, Memory, Queue, ShmLayout, Signal};
use zeroipc_tests::actor::{Actor, Script};
use zeroipc_tests::hostile::scribble_over;
use zeroipc_tests::names::Name;
use zeroipc_tests::types::{Aligned, Big, Odd};
use zeroipc_tests::{DEADLINE, SOON, scale, sys};

const BRIEF: Duration = Duration::from_millis(5);

fn segment() -> (Name, Memory) {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 20).unwrap();
    (name, memory)
}

fn actor(operation: &str, segment: &str, count: u64) -> Actor {
    Script::new(env!("CARGO_BIN_EXE_sync_actor")).arg(operation).arg(segment).arg(count).start()
}

/// Values of every kind come back as they were set.
fn keeps<T: ShmLayout + PartialEq + std::fmt::Debug>(values: &[T]) {
    let (name, memory) = segment();
    let signal = Signal::<T>::create(&memory, "x").unwrap();
    let reader = Signal::<T>::open(&Memory::open_read_only(&name).unwrap(), "x").unwrap();
    let (_, version) = reader.get().unwrap();
    assert_eq!(version, 0);
    for round in 0..3 * values.len() {
        let value = values[round % values.len()];
        let version = signal.set(value).unwrap();
        assert_eq!((version, reader.version()), (1 + round as u64, version));
        assert_eq!(reader.get().unwrap(), (value, version));
        assert_eq!(signal.get().unwrap(), (value, version));
    }
}

#[test]
fn smoke() {
    let (_name, memory) = segment();
    let signal = Signal::<u64>::create(&memory, "x").unwrap();
    assert_eq!(signal.get().unwrap(), (0, 0));
    assert_eq!(signal.set(7).unwrap(), 1);
    assert_eq!(signal.try_set(8).unwrap(), Some(2));
    assert_eq!(signal.set_timeout(9, SOON).unwrap(), 3);
    assert_eq!(signal.update(|old| old + 1).unwrap(), (10, 4));
    assert_eq!(signal.update_timeout(|old| old + 1, SOON).unwrap(), (11, 5));
    assert_eq!(signal.wait_for_change(4).unwrap(), (11, 5));
    assert_eq!(signal.wait_for_change_timeout(5, BRIEF).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(signal.wait_for_change_timeout(6, SOON).unwrap(), (11, 5));
    assert_eq!((signal.version(), signal.name()), (5, "x"));
    assert_eq!(signal.clone().get().unwrap(), (11, 5));
}

#[test]
fn every_kind_of_value() {
    keeps(&[1_u8, 2, 255]);
    keeps(&[1.5_f32, -2.0]);
    keeps(&[[1_u64; 2], [2; 2]]);
    keeps(&[Odd { bytes: [1; 13] }, Odd { bytes: [2; 13] }]);
    keeps(&[Big::new(1), Big::new(2)]);
    keeps(&[Aligned { first: 1, rest: [2; 31] }, Aligned { first: 3, rest: [4; 31] }]);
}

#[test]
fn it_may_begin_with_a_value() {
    let (_name, memory) = segment();
    let signal = Signal::<[u32; 3]>::create_with(&memory, "x", [1, 2, 3]).unwrap();
    assert_eq!(signal.get().unwrap(), ([1, 2, 3], 1));
    let other = Signal::<[u32; 3]>::open_or_create_with(&memory, "x", [9; 3]).unwrap();
    assert_eq!(other.get().unwrap(), ([1, 2, 3], 1));
    assert_eq!(Signal::<u64>::open_or_create_with(&memory, "y", 5).unwrap().get().unwrap(), (5, 1));
    assert_eq!(Signal::<u64>::open_or_create(&memory, "z").unwrap().get().unwrap(), (0, 0));
}

#[test]
fn what_is_refused() {
    let (name, memory) = segment();
    Signal::<u64>::create(&memory, "x").unwrap();
    assert_eq!(Signal::<u64>::create(&memory, "x").unwrap_err().kind(), ErrorKind::Exists);
    assert_eq!(Signal::<f64>::open(&memory, "x").unwrap_err().kind(), ErrorKind::TypeMismatch);
    assert_eq!(Queue::<u64>::open(&memory, "x").unwrap_err().kind(), ErrorKind::KindMismatch);
    assert_eq!(Signal::<[u8; 1 << 19]>::create(&memory, "y").unwrap_err().kind(), ErrorKind::OutOfSpace);
    let signal = Signal::<u64>::open(&Memory::open_read_only(&name).unwrap(), "x").unwrap();
    assert_eq!(signal.set(1).unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(signal.try_set(1).unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(signal.update(|old| *old).unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(signal.get().unwrap(), (0, 0));
}

#[test]
fn without_records_sizes_and_states_are_checked() {
    let name = Name::new();
    let memory = Memory::options().duck_typed(true).create(&name, 1 << 16).unwrap();
    let signal = Signal::<u64>::create_with(&memory, "x", 3).unwrap();
    assert_eq!(Signal::<i64>::open(&memory, "x").unwrap().get().unwrap(), (3, 1));
    assert_eq!(Signal::<[u64; 2]>::open(&memory, "x").unwrap_err().kind(), ErrorKind::TypeMismatch);
    Array::<u64>::create(&memory, "array", 9).unwrap();
    assert_eq!(Signal::<u64>::open(&memory, "array").unwrap_err().kind(), ErrorKind::Corrupt);
    let place = memory.structures().unwrap()[0].offset() as usize;
    let scribble = sys::Scribble::map(&name.path()).unwrap();
    scribble.word(place + 24).store(0, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(Signal::<u64>::open(&memory, "x").unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(signal.set(4).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn an_update_that_panics_changes_nothing() {
    let (_name, memory) = segment();
    let signal = Signal::<u64>::create_with(&memory, "x", 3).unwrap();
    catch_unwind(AssertUnwindSafe(|| signal.update(|_| panic!("while nothing is claimed")))).unwrap_err();
    assert_eq!(signal.get().unwrap(), (3, 1));
    // It may use the signal itself; then it is called again with what it has set.
    let mut first = true;
    let updated = signal.update(|old| {
        if std::mem::take(&mut first) {
            signal.set(100).unwrap();
        }
        old + 1
    });
    assert_eq!(updated.unwrap(), (101, 3));
}

#[test]
fn many_processes_update_and_watch() {
    let (name, memory) = segment();
    let signal = Signal::<[u64; 9]>::create(&memory, "x").unwrap();
    let rounds = scale::count(3_000, 200_000);
    let watcher = actor("watch", &name, 3 * rounds);
    let updaters = (0..3).map(|_| actor("update", &name, rounds));
    for mut actor in updaters.chain([watcher]).collect::<Vec<_>>() {
        actor.expect("done");
        actor.wait_success();
    }
    assert_eq!(signal.get().unwrap(), ([3 * rounds; 9], 3 * rounds));
}

#[test]
fn sleepers_see_every_change_that_they_ask_for() {
    let (name, memory) = segment();
    let signal = Signal::<u64>::create(&memory, "x").unwrap();
    let reader = Signal::<u64>::open(&Memory::open_read_only(&name).unwrap(), "x").unwrap();
    let answers = Signal::<u64>::create(&memory, "answers").unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for version in 0..50 {
                assert_eq!(signal.wait_for_change_timeout(version, DEADLINE).unwrap(), (version + 100, version + 1));
                answers.set(version).unwrap();
            }
        });
        for version in 0..50 {
            signal.set(version + 100).unwrap();
            answers.wait_for_change_timeout(version, DEADLINE).unwrap();
        }
        // Where nothing can be written to, one looks by oneself.
        let waiter = scope.spawn(|| reader.wait_for_change_timeout(50, DEADLINE).unwrap());
        signal.set(7).unwrap();
        assert_eq!(waiter.join().unwrap(), (7, 51));
    });
}

#[test]
fn hostile_words() {
    let (name, memory) = segment();
    Signal::<[u64; 4]>::create(&memory, "x").unwrap();
    scribble_over(&name.path(), &memory, "x", |rng| {
        let Ok(signal) = Signal::<[u64; 4]>::open(&memory, "x") else { return };
        match rng.below(6) {
            0 => drop(signal.get()),
            1 => drop(signal.set_timeout([5; 4], Duration::from_micros(200))),
            2 => drop(signal.try_set([6; 4])),
            3 => drop(signal.update_timeout(|old| *old, Duration::from_micros(200))),
            4 => drop(signal.wait_for_change_timeout(signal.version(), Duration::from_micros(200))),
            _ => drop(signal.version()),
        }
    });
}
