//! Latches: what they do, and what they refuse.

use std::time::Duration;

use zeroipc::{Barrier, Error, ErrorKind, Latch, Memory};
use zeroipc_tests::actor::{Actor, Script};
use zeroipc_tests::hostile::scribble_over;
use zeroipc_tests::names::Name;
use zeroipc_tests::{DEADLINE, SOON, scale, sys};

const BRIEF: Duration = Duration::from_millis(5);
const MOST: u64 = 0x7fff_ffff;

fn segment() -> (Name, Memory) {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 18).unwrap();
    (name, memory)
}

fn actor(operation: &str, segment: &str, count: u64) -> Actor {
    Script::new(env!("CARGO_BIN_EXE_sync_actor")).arg(operation).arg(segment).arg(count).start()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind, said: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, said));
}

#[test]
fn smoke() {
    let (name, memory) = segment();
    let latch = Latch::create(&memory, "x", 3).unwrap();
    assert_eq!((latch.count().unwrap(), latch.initial_count(), latch.name()), (3, 3, "x"));
    assert_eq!(memory.structures().unwrap()[0].size(), 16);
    let other = Latch::open(&Memory::open(&name).unwrap(), "x").unwrap();
    other.count_down().unwrap();
    assert!(!latch.try_wait().unwrap());
    assert_eq!(latch.wait_timeout(BRIEF).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(latch.arrive_and_wait_timeout(BRIEF).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(other.count().unwrap(), 1);
    latch.count_down_by(0).unwrap();
    latch.arrive_and_wait().unwrap();
    latch.wait().unwrap();
    assert!(other.try_wait().unwrap());
    assert_eq!(latch.count().unwrap(), 0);
}

#[test]
fn nothing_passes_below_zero() {
    let (name, memory) = segment();
    let latch = Latch::create(&memory, "x", 2).unwrap();
    let n = name.as_str();
    let said = |n: &str, by: u64, left: u64| {
        format!("latch `x` in segment `{n}`: {by} cannot be taken off {left} that are left")
    };
    refused(latch.count_down_by(3), ErrorKind::BadArgument, &said(n, 3, 2));
    refused(latch.count_down_by(u64::MAX), ErrorKind::BadArgument, &said(n, u64::MAX, 2));
    latch.count_down_by(2).unwrap();
    refused(latch.count_down(), ErrorKind::BadArgument, &said(n, 1, 0));
    refused(latch.arrive_and_wait(), ErrorKind::BadArgument, &said(n, 1, 0));
    assert_eq!(latch.count().unwrap(), 0);
}

#[test]
fn numbers_that_are_refused() {
    let (_name, memory) = segment();
    for count in [0, MOST + 1, u64::MAX] {
        let said = format!("latch `x`: a count of {count} was asked for; 1 to {MOST} are possible");
        refused(Latch::create(&memory, "x", count), ErrorKind::BadArgument, &said);
        refused(Latch::open_or_create(&memory, "x", count), ErrorKind::BadArgument, &said);
    }
    let latch = Latch::open_or_create(&memory, "x", MOST).unwrap();
    latch.count_down_by(MOST - 1).unwrap();
    assert_eq!(Latch::open_or_create(&memory, "x", MOST).unwrap().count().unwrap(), 1);
    assert_eq!(Latch::open_or_create(&memory, "x", 1).unwrap_err().kind(), ErrorKind::BadArgument);
    assert_eq!(Barrier::open(&memory, "x").unwrap_err().kind(), ErrorKind::KindMismatch);
}

#[test]
fn read_only_waits_and_counts_nothing() {
    let (name, memory) = segment();
    let latch = Latch::create(&memory, "x", 1).unwrap();
    let reader = Memory::open_read_only(&name).unwrap();
    let other = Latch::open(&reader, "x").unwrap();
    assert_eq!(other.count_down().unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(other.wait_timeout(BRIEF).unwrap_err().kind(), ErrorKind::TimedOut);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| other.wait_timeout(DEADLINE));
        latch.count_down().unwrap();
        waiter.join().unwrap().unwrap();
    });
}

#[test]
fn without_records_what_cannot_be_is_refused() {
    let name = Name::new();
    let memory = Memory::options().duck_typed(true).create(&name, 1 << 16).unwrap();
    let latch = Latch::create(&memory, "x", 5).unwrap();
    assert_eq!(Latch::open(&memory, "x").unwrap().initial_count(), 5);
    let place = memory.structures().unwrap()[0].offset() as usize;
    let scribble = sys::Scribble::map(&name.path()).unwrap();
    for state in [12, 1, 1 << 32, u64::MAX] {
        scribble.word(place + 8).store(state, std::sync::atomic::Ordering::Relaxed);
        let error = Latch::open(&memory, "x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    }
    for error in [latch.count().map(drop), latch.count_down(), latch.wait()] {
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Corrupt);
    }
}

#[test]
fn many_processes() {
    let (name, memory) = segment();
    let each = scale::count(10_000, 500_000);
    let latch = Latch::create(&memory, "x", 3 * each).unwrap();
    let mut actors: Vec<Actor> = (0..3).map(|_| actor("count_down", &name, each)).collect();
    actors.iter_mut().for_each(|actor| {
        actor.expect("done");
        actor.wait_success();
    });
    assert!(latch.try_wait().unwrap());
}

#[test]
fn all_sleepers_wake() {
    let (name, memory) = segment();
    let latch = Latch::create(&memory, "x", 1).unwrap();
    let mut actors: Vec<Actor> = (0..3).map(|_| actor("wait_latch", &name, 0)).collect();
    actors.iter_mut().for_each(|actor| actor.expect("waits"));
    latch.count_down().unwrap();
    actors.iter_mut().for_each(|actor| actor.expect("done"));
    latch.wait_timeout(SOON).unwrap();
}

#[test]
fn hostile_words() {
    let (name, memory) = segment();
    Latch::create(&memory, "x", 1000).unwrap();
    scribble_over(&name.path(), &memory, "x", |rng| {
        let Ok(latch) = Latch::open(&memory, "x") else { return };
        match rng.below(4) {
            0 => drop(latch.count_down_by(rng.below(3))),
            1 => drop(latch.wait_timeout(Duration::from_micros(200))),
            2 => drop(latch.try_wait()),
            _ => drop(latch.count()),
        }
    });
}
