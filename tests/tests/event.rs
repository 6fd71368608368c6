//! Events: what they do, and what they refuse.

use std::time::{Duration, Instant};

use zeroipc::{Array, Error, ErrorKind, Event, EventMode, Latch, Memory};
use zeroipc_tests::actor::{Actor, Script};
use zeroipc_tests::hostile::scribble_over;
use zeroipc_tests::names::Name;
use zeroipc_tests::{DEADLINE, scale, sys};

const BRIEF: Duration = Duration::from_millis(5);

fn segment() -> (Name, Memory) {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 18).unwrap();
    (name, memory)
}

fn actor(operation: &str, segment: &str) -> Actor {
    Script::new(env!("CARGO_BIN_EXE_sync_actor")).arg(operation).arg(segment).arg(0).start()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind, said: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, said));
}

#[test]
fn smoke_manual() {
    let (name, memory) = segment();
    let event = Event::create(&memory, "x").unwrap();
    let other = Event::open(&Memory::open(&name).unwrap(), "x").unwrap();
    assert_eq!((other.mode(), other.name()), (EventMode::Manual, "x"));
    assert!(!event.is_set() && !event.try_wait().unwrap() && !event.reset().unwrap());
    assert_eq!(event.wait_timeout(BRIEF).unwrap_err().kind(), ErrorKind::TimedOut);
    other.set().unwrap();
    other.set().unwrap();
    event.wait().unwrap();
    assert!(event.try_wait().unwrap() && event.is_set());
    assert!(event.reset().unwrap() && !event.reset().unwrap());
    assert!(!other.is_set());
}

#[test]
fn smoke_auto() {
    let (_name, memory) = segment();
    let event = Event::create_auto(&memory, "x").unwrap();
    assert_eq!(event.mode(), EventMode::Auto);
    // Sets do not accumulate.
    (0..3).for_each(|_| event.set().unwrap());
    event.wait().unwrap();
    assert!(!event.is_set());
    assert_eq!(event.wait_timeout(BRIEF).unwrap_err().kind(), ErrorKind::TimedOut);
    event.set().unwrap();
    assert!(event.is_set() && event.try_wait().unwrap() && !event.try_wait().unwrap());
    // A reset takes a set that nobody has taken.
    event.set().unwrap();
    assert!(event.reset().unwrap() && !event.try_wait().unwrap());
}

#[test]
fn the_mode_is_checked() {
    let (name, memory) = segment();
    Event::open_or_create(&memory, "x").unwrap();
    Event::open_or_create(&memory, "x").unwrap();
    let said = format!(
        "event `x` in segment `{}`: it is manual, and one that is automatic was asked for; open it as it is",
        name.as_str()
    );
    refused(Event::open_or_create_with(&memory, "x", EventMode::Auto), ErrorKind::BadArgument, &said);
    assert_eq!(Latch::open(&memory, "x").unwrap_err().kind(), ErrorKind::KindMismatch);
}

#[test]
fn read_only_waits_for_what_stays() {
    let (name, memory) = segment();
    let manual = Event::create(&memory, "x").unwrap();
    let auto = Event::create_auto(&memory, "auto").unwrap();
    auto.set().unwrap();
    let reader = Memory::open_read_only(&name).unwrap();
    let (other, taken) = (Event::open(&reader, "x").unwrap(), Event::open(&reader, "auto").unwrap());
    for result in [other.set(), other.reset().map(drop), taken.wait(), taken.try_wait().map(drop)] {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::ReadOnly);
    }
    assert!(taken.is_set());
    assert_eq!(other.wait_timeout(BRIEF).unwrap_err().kind(), ErrorKind::TimedOut);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| other.wait_timeout(DEADLINE));
        manual.set().unwrap();
        waiter.join().unwrap().unwrap();
    });
}

#[test]
fn without_records_the_mode_is_all_that_can_be_wrong() {
    let name = Name::new();
    let memory = Memory::options().duck_typed(true).create(&name, 1 << 16).unwrap();
    Event::create_auto(&memory, "x").unwrap();
    assert_eq!(Event::open(&memory, "x").unwrap().mode(), EventMode::Auto);
    let place = memory.structures().unwrap()[0].offset() as usize;
    sys::Scribble::map(&name.path()).unwrap().word(place).store(0, std::sync::atomic::Ordering::Relaxed);
    let said = format!(
        "event `x` in segment `{}`: its mode is 0, and there are 1 and 2; the segment is damaged, create it anew",
        name.as_str()
    );
    refused(Event::open(&memory, "x"), ErrorKind::Corrupt, &said);
}

/// Every set is taken by exactly one process, since the next one comes when it was taken.
#[test]
fn many_processes_take_each_set_once() {
    let (name, memory) = segment();
    let event = Event::create_auto(&memory, "x").unwrap();
    let over = Array::<u64>::create(&memory, "n", 1).unwrap();
    let mut actors: Vec<Actor> = (0..3).map(|_| actor("take_events", &name)).collect();
    let sets = scale::count(500, 20_000);
    let deadline = Instant::now() + 2 * DEADLINE;
    for _ in 0..sets {
        event.set().unwrap();
        while event.is_set() {
            assert!(Instant::now() < deadline, "nobody takes it");
            std::thread::yield_now();
        }
    }
    over.store(0, 1);
    let taken: u64 = actors.iter_mut().map(|actor| actor.answer("taken").parse::<u64>().unwrap()).sum();
    assert_eq!(taken, sets);
}

#[test]
fn a_set_that_is_reset_right_behind_releases_all_who_wait() {
    let (_name, memory) = segment();
    let event = Event::create(&memory, "x").unwrap();
    let waits = Latch::create(&memory, "waits", 3).unwrap();
    std::thread::scope(|scope| {
        let waiters: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    waits.count_down().unwrap();
                    event.wait_timeout(DEADLINE).unwrap();
                })
            })
            .collect();
        waits.wait_timeout(DEADLINE).unwrap();
        // Who has not begun to wait yet is released by a later one.
        while waiters.iter().any(|waiter| !waiter.is_finished()) {
            event.set().unwrap();
            event.reset().unwrap();
            std::thread::yield_now();
        }
    });
    assert!(!event.is_set());
}

#[test]
fn all_sleepers_of_a_manual_event_wake() {
    let (name, memory) = segment();
    let event = Event::create(&memory, "x").unwrap();
    let mut actors: Vec<Actor> = (0..3).map(|_| actor("wait_event", &name)).collect();
    actors.iter_mut().for_each(|actor| actor.expect("waits"));
    event.set().unwrap();
    actors.iter_mut().for_each(|actor| actor.expect("done"));
}

#[test]
fn hostile_words() {
    let (name, memory) = segment();
    Event::create_auto(&memory, "x").unwrap();
    scribble_over(&name.path(), &memory, "x", |rng| {
        let Ok(event) = Event::open(&memory, "x") else { return };
        match rng.below(5) {
            0 => drop(event.set()),
            1 => drop(event.reset()),
            2 => drop(event.try_wait()),
            3 => drop(event.wait_timeout(Duration::from_micros(200))),
            _ => drop(event.is_set()),
        }
    });
}
