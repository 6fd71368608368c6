//! Semaphores: what they do, and what they refuse.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use zeroipc::{Array, Error, ErrorKind, Latch, Memory, Semaphore};
use zeroipc_tests::actor::{Actor, Script};
use zeroipc_tests::hostile::scribble_over;
use zeroipc_tests::names::Name;
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

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind, said: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, said));
}

#[test]
fn smoke() {
    let (name, memory) = segment();
    let semaphore = Semaphore::create(&memory, "x", 2).unwrap();
    assert_eq!((semaphore.permits(), semaphore.name()), (2, "x"));
    let one = semaphore.acquire().unwrap();
    let other = Semaphore::open(&Memory::open(&name).unwrap(), "x").unwrap();
    let two = other.try_acquire().unwrap().unwrap();
    assert_eq!(semaphore.available().unwrap(), 0);
    assert!(semaphore.try_acquire().unwrap().is_none() && !semaphore.try_acquire_permit().unwrap());
    assert_eq!(semaphore.acquire_timeout(BRIEF).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(semaphore.acquire_permit_timeout(BRIEF).unwrap_err().kind(), ErrorKind::TimedOut);
    drop(one);
    assert_eq!(other.available().unwrap(), 1);
    let three = semaphore.acquire_timeout(SOON).unwrap();
    drop((two, three));
    assert_eq!(semaphore.available().unwrap(), 2);
}

#[test]
fn numbers_that_are_refused() {
    let (name, memory) = segment();
    let said = |initial: u64, max: u64| {
        format!(
            "semaphore `x`: {initial} of {max} permits were asked for; 1 to 65536 are possible, and no more can be free at \
             the start than there are"
        )
    };
    refused(Semaphore::create(&memory, "x", 0), ErrorKind::BadArgument, &said(0, 0));
    refused(Semaphore::create(&memory, "x", 65537), ErrorKind::BadArgument, &said(65537, 65537));
    refused(Semaphore::create_with(&memory, "x", 3, 2), ErrorKind::BadArgument, &said(3, 2));
    let most = Semaphore::create(&memory, "most", 65536).unwrap();
    assert_eq!(most.available().unwrap(), 65536);
    Semaphore::create_with(&memory, "x", 1, 2).unwrap();
    let n = name.as_str();
    refused(
        Semaphore::open_or_create_with(&memory, "x", 1, 3),
        ErrorKind::BadArgument,
        &format!(
            "semaphore `x` in segment `{n}` exists with a number of permits of 2, and 3 were asked for; open it as it is"
        ),
    );
    refused(
        Semaphore::open_or_create(&memory, "x", 2),
        ErrorKind::BadArgument,
        &format!(
            "semaphore `x` in segment `{n}` exists with an initial number of permits of 1, and 2 were asked for; open it as \
             it is"
        ),
    );
    assert_eq!(Semaphore::open_or_create_with(&memory, "x", 1, 2).unwrap().available().unwrap(), 1);
    assert_eq!(Latch::open(&memory, "x").unwrap_err().kind(), ErrorKind::KindMismatch);
}

#[test]
fn permits_for_nobody() {
    let (name, memory) = segment();
    let semaphore = Semaphore::create_with(&memory, "x", 1, 3).unwrap();
    semaphore.acquire_permit().unwrap();
    assert!(!semaphore.try_acquire_permit().unwrap());
    (0..3).for_each(|_| semaphore.release_permit().unwrap());
    let said = format!(
        "semaphore `x` in segment `{}`: all of its 3 permits are free or held by guards, so there is none to give back",
        name.as_str()
    );
    refused(semaphore.release_permit(), ErrorKind::NotOwner, &said);
    let _held = semaphore.acquire().unwrap();
    refused(semaphore.release_permit(), ErrorKind::NotOwner, &said);
    assert_eq!(semaphore.available().unwrap(), 2);
}

#[test]
fn read_only_changes_nothing() {
    let (name, memory) = segment();
    Semaphore::create(&memory, "x", 1).unwrap();
    let reader = Memory::open_read_only(&name).unwrap();
    let semaphore = Semaphore::open(&reader, "x").unwrap();
    assert_eq!(semaphore.available().unwrap(), 1);
    let said = "the segment is open for reading only; open it with `Memory::open` to change it";
    refused(semaphore.try_acquire(), ErrorKind::ReadOnly, said);
    refused(semaphore.acquire(), ErrorKind::ReadOnly, said);
    refused(semaphore.acquire_timeout(SOON), ErrorKind::ReadOnly, said);
    refused(semaphore.acquire_permit(), ErrorKind::ReadOnly, said);
    refused(semaphore.try_acquire_permit(), ErrorKind::ReadOnly, said);
    refused(semaphore.release_permit(), ErrorKind::ReadOnly, said);
    refused(Semaphore::create(&reader, "y", 1), ErrorKind::ReadOnly, said);
}

#[test]
fn without_records_every_permit_is_checked() {
    let name = Name::new();
    let memory = Memory::options().duck_typed(true).create(&name, 1 << 16).unwrap();
    Semaphore::create(&memory, "x", 5).unwrap();
    drop(Semaphore::open(&memory, "x").unwrap().acquire().unwrap());
    Array::<u64>::create(&memory, "short", 8).unwrap();
    assert_eq!(Semaphore::open(&memory, "short").unwrap_err().kind(), ErrorKind::TypeMismatch);
    let damaged = Semaphore::create(&memory, "damaged", 1).unwrap();
    let place = memory.structures().unwrap().into_iter().find(|structure| structure.name() == "damaged").unwrap();
    let scribble = sys::Scribble::map(&name.path()).unwrap();
    scribble.word((place.offset() + place.size()) as usize - 8).store(4, std::sync::atomic::Ordering::Relaxed);
    let said = format!(
        "semaphore `damaged` in segment `{}`: permit 0 is in no state that a peer could have left; the segment is damaged, \
         create it anew",
        name.as_str()
    );
    refused(Semaphore::open(&memory, "damaged"), ErrorKind::Corrupt, &said);
    refused(damaged.try_acquire(), ErrorKind::Corrupt, &said);
    refused(damaged.acquire(), ErrorKind::Corrupt, &said);
    refused(damaged.release_permit(), ErrorKind::Corrupt, &said);
    refused(damaged.available(), ErrorKind::Corrupt, &said);
}

#[test]
fn a_panic_gives_the_permit_back() {
    let (_name, memory) = segment();
    let semaphore = Semaphore::create(&memory, "x", 1).unwrap();
    catch_unwind(AssertUnwindSafe(|| {
        let _permit = semaphore.acquire().unwrap();
        panic!("while it is held");
    }))
    .unwrap_err();
    assert_eq!(semaphore.available().unwrap(), 1);
}

#[test]
fn many_processes_and_one_permit() {
    counts(1);
}

#[test]
fn many_processes_and_three_permits() {
    counts(3);
}

fn counts(permits: u64) {
    let (name, memory) = segment();
    let semaphore = Semaphore::create(&memory, "x", permits).unwrap();
    let numbers = Array::<u64>::create(&memory, "n", 2).unwrap();
    let rounds = scale::count(5_000, 200_000);
    let mut actors: Vec<Actor> = (0..4).map(|_| actor("use_permits", &name, rounds)).collect();
    actors.iter_mut().for_each(|actor| {
        actor.expect("done");
        actor.wait_success();
    });
    assert_eq!(numbers.to_vec(), [4 * rounds, 0]);
    assert_eq!(semaphore.available().unwrap(), permits);
}

#[test]
fn handed_over_between_processes() {
    let (name, memory) = segment();
    let semaphore = Semaphore::create_with(&memory, "x", 0, 3).unwrap();
    let rounds = scale::count(2_000, 100_000);
    let operations = ["take_permits", "give_permits", "take_permits", "give_permits"];
    let mut actors = operations.map(|operation| actor(operation, &name, rounds));
    actors.iter_mut().for_each(|actor| {
        actor.expect("done");
        actor.wait_success();
    });
    assert_eq!(semaphore.available().unwrap(), 0);
}

#[test]
fn a_dead_holders_permits_come_back() {
    let (name, memory) = segment();
    let semaphore = Semaphore::create(&memory, "x", 2).unwrap();
    let mut holders = [actor("hold_permit", &name, 0), actor("hold_permit", &name, 0)];
    holders.iter_mut().for_each(|holder| holder.expect("held"));
    assert!(semaphore.try_acquire().unwrap().is_none());
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let _permit = semaphore.acquire().unwrap();
            Instant::now()
        });
        holders[0].kill();
        let dead = Instant::now();
        assert!(waiter.join().unwrap().saturating_duration_since(dead) < SOON);
    });
    holders[1].kill();
    let _both = [semaphore.try_acquire().unwrap().unwrap(), semaphore.try_acquire().unwrap().unwrap()];
    assert!(semaphore.try_acquire().unwrap().is_none());
}

#[test]
fn a_permit_taken_for_nobody_outlives_its_taker() {
    let (name, memory) = segment();
    let semaphore = Semaphore::create(&memory, "x", 1).unwrap();
    actor("take_permits", &name, 1).wait_success();
    assert!(!semaphore.try_acquire_permit().unwrap());
    semaphore.release_permit().unwrap();
    assert_eq!(semaphore.available().unwrap(), 1);
}

/// A child has its parent's guard in its memory, and gives nothing back.
#[test]
fn a_forked_child_does_not_release_its_parents_permit() {
    let (name, memory) = segment();
    Semaphore::create(&memory, "x", 1).unwrap();
    let mut parent = actor("fork_with_guard", &name, 0);
    parent.expect("done");
    parent.wait_success();
}

#[test]
fn sleepers_are_all_served() {
    let (_name, memory) = segment();
    let semaphore = Semaphore::create(&memory, "x", 2).unwrap();
    let all: Vec<_> = (0..2).map(|_| semaphore.acquire().unwrap()).collect();
    std::thread::scope(|scope| {
        let sleepers: Vec<_> =
            (0..8).map(|_| scope.spawn(|| drop(semaphore.acquire_timeout(DEADLINE).unwrap()))).collect();
        drop(all);
        sleepers.into_iter().for_each(|sleeper| sleeper.join().unwrap());
    });
    assert_eq!(semaphore.available().unwrap(), 2);
}

#[test]
fn hostile_words() {
    let (name, memory) = segment();
    Semaphore::create_with(&memory, "x", 2, 4).unwrap();
    scribble_over(&name.path(), &memory, "x", |rng| {
        let Ok(semaphore) = Semaphore::open(&memory, "x") else { return };
        match rng.below(5) {
            0 => drop(semaphore.try_acquire()),
            1 => drop(semaphore.acquire_timeout(Duration::from_micros(200))),
            2 => drop(semaphore.try_acquire_permit()),
            3 => drop(semaphore.release_permit()),
            _ => drop(semaphore.available()),
        }
    });
}
