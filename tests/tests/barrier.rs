//! Barriers: what they do, and what they refuse.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use zeroipc::{Array, Barrier, Error, ErrorKind, Memory, Semaphore};
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
    let barrier = Barrier::create(&memory, "x", 2).unwrap();
    assert_eq!((barrier.parties(), barrier.name()), (2, "x"));
    let other = Barrier::open(&Memory::open(&name).unwrap(), "x").unwrap();
    for round in 0..10 {
        assert_eq!(barrier.generation().unwrap(), round);
        std::thread::scope(|scope| {
            let theirs = scope.spawn(|| other.wait_timeout(DEADLINE).unwrap());
            let mine = barrier.wait_timeout(DEADLINE).unwrap();
            assert_ne!(mine, theirs.join().unwrap());
        });
    }
    assert_eq!((barrier.arrived().unwrap(), barrier.is_broken().unwrap()), (0, false));
    let alone = Barrier::create(&memory, "alone", 1).unwrap();
    assert!(alone.wait().unwrap() && alone.wait_timeout(BRIEF).unwrap());
    assert!(!alone.reset().unwrap());
}

#[test]
fn a_deadline_takes_the_arrival_back() {
    let (_name, memory) = segment();
    let barrier = Barrier::create(&memory, "x", 2).unwrap();
    for _ in 0..3 {
        assert_eq!(barrier.wait_timeout(BRIEF).unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!((barrier.arrived().unwrap(), barrier.generation().unwrap()), (0, 0));
    }
    let mut member = barrier.join().unwrap();
    assert_eq!(member.wait_timeout(BRIEF).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(barrier.arrived().unwrap(), 0);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| barrier.wait_timeout(DEADLINE).unwrap());
        let mine = member.wait_timeout(DEADLINE).unwrap();
        assert_ne!(mine, other.join().unwrap());
    });
}

/// Deadlines that pass all the time neither lose an arrival nor leave one behind.
#[test]
fn deadlines_race_with_arrivals() {
    let (_name, memory) = segment();
    let barrier = Barrier::create(&memory, "x", 2).unwrap();
    let rounds = scale::count(3_000, 100_000);
    let met = [0, 1].map(|_| std::sync::atomic::AtomicU64::new(0));
    std::thread::scope(|scope| {
        for mine in &met {
            let barrier = &barrier;
            scope.spawn(move || {
                for round in 0..rounds {
                    let timeout = Duration::from_micros(round % 30);
                    match barrier.wait_timeout(timeout) {
                        Ok(_) => drop(mine.fetch_add(1, std::sync::atomic::Ordering::Relaxed)),
                        Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut),
                    }
                }
            });
        }
    });
    let [one, two] = met.map(std::sync::atomic::AtomicU64::into_inner);
    assert_eq!((one, barrier.generation().unwrap(), barrier.arrived().unwrap()), (two, one, 0));
}

#[test]
fn numbers_that_are_refused() {
    let (name, memory) = segment();
    for parties in [0, 65536, u64::MAX] {
        let said = format!("barrier `x`: {parties} parties were asked for; 1 to 65535 are possible");
        refused(Barrier::create(&memory, "x", parties), ErrorKind::BadArgument, &said);
    }
    Barrier::create(&memory, "most", 65535).unwrap();
    Barrier::open_or_create(&memory, "x", 3).unwrap();
    let said = format!(
        "barrier `x` in segment `{}` exists with a number of parties of 3, and 4 were asked for; open it as it is",
        name.as_str()
    );
    refused(Barrier::open_or_create(&memory, "x", 4), ErrorKind::BadArgument, &said);
    assert_eq!(Semaphore::open(&memory, "x").unwrap_err().kind(), ErrorKind::KindMismatch);
}

#[test]
fn places_are_limited_and_come_back() {
    let (name, memory) = segment();
    let barrier = Barrier::create(&memory, "x", 2).unwrap();
    let one = barrier.join().unwrap();
    let _two = barrier.join().unwrap();
    let said = format!("barrier `x` in segment `{}`: all 2 places are taken by members that are alive", name.as_str());
    refused(barrier.join(), ErrorKind::NoSlot, &said);
    one.leave();
    let _three = barrier.join().unwrap();
}

#[test]
fn read_only_looks_and_does_not_arrive() {
    let (name, memory) = segment();
    Barrier::create(&memory, "x", 1).unwrap();
    let reader = Memory::open_read_only(&name).unwrap();
    let barrier = Barrier::open(&reader, "x").unwrap();
    assert_eq!((barrier.arrived().unwrap(), barrier.generation().unwrap()), (0, 0));
    for result in [barrier.wait().map(drop), barrier.join().map(drop), barrier.reset().map(drop)] {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::ReadOnly);
    }
}

#[test]
fn without_records_every_place_is_checked() {
    let name = Name::new();
    let memory = Memory::options().duck_typed(true).create(&name, 1 << 16).unwrap();
    let barrier = Barrier::create(&memory, "x", 2).unwrap();
    Barrier::open(&memory, "x").unwrap().join().unwrap().leave();
    let place = memory.structures().unwrap()[0].offset() as usize;
    let scribble = sys::Scribble::map(&name.path()).unwrap();
    let put = |at: usize, value: u64| scribble.word(place + at).store(value, std::sync::atomic::Ordering::Relaxed);
    put(32, 0);
    assert_eq!(Barrier::open(&memory, "x").unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(barrier.wait_timeout(BRIEF).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(barrier.arrived().unwrap(), 0, "an arrival that failed is withdrawn");
    put(32, 1);
    put(8, 2 << 48);
    assert_eq!(Barrier::open(&memory, "x").unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(barrier.wait().unwrap_err().kind(), ErrorKind::Corrupt);
}

fn processes_meet(operation: &str) {
    let (name, memory) = segment();
    let barrier = Barrier::create(&memory, "x", 3).unwrap();
    let numbers = Array::<u64>::create(&memory, "n", 1).unwrap();
    let rounds = scale::count(300, 20_000);
    let mut actors: Vec<Actor> = (0..3).map(|_| actor(operation, &name, rounds)).collect();
    let led: u64 = actors.iter_mut().map(|actor| actor.answer("led").parse::<u64>().unwrap()).sum();
    assert_eq!((led, barrier.generation().unwrap(), numbers.load(0)), (rounds, rounds, 3 * rounds));
}

#[test]
fn many_processes_meet() {
    processes_meet("meet");
}

#[test]
fn many_members_meet() {
    processes_meet("meet_as_member");
}

#[test]
fn a_dead_member_breaks_the_generation_for_all() {
    let (name, memory) = segment();
    let barrier = Barrier::create(&memory, "x", 3).unwrap();
    let [mut doomed, mut one, mut two] = [9, 9, 9].map(|count| actor("member", &name, count));
    for member in [&mut doomed, &mut one, &mut two] {
        member.expect("joined");
    }
    for member in [&mut one, &mut two] {
        member.send("");
        member.expect("arrives");
    }
    doomed.kill();
    let dead = Instant::now();
    for member in [&mut one, &mut two] {
        member.expect("Broken");
    }
    assert!(dead.elapsed() < SOON);
    assert!(barrier.is_broken().unwrap());
    // It stays broken until somebody resets it; and a place is free then.
    one.send("");
    one.expect("arrives");
    one.expect("Broken");
    let said = "all 3 places are taken, one of them by a process that has died; `reset` frees it";
    assert!(barrier.join().unwrap_err().to_string().ends_with(said));
    assert!(barrier.reset().unwrap() && !barrier.reset().unwrap());
    let mut third = actor("member", &name, 1);
    third.expect("joined");
    for member in [&mut one, &mut two, &mut third] {
        member.send("");
    }
    for member in [&mut one, &mut two, &mut third] {
        member.expect("arrives");
        member.expect("met");
    }
}

/// An arrival counts, also if its member dies behind it; the next generation lacks it.
#[test]
fn an_arrival_that_was_made_counts() {
    let (name, memory) = segment();
    let barrier = Barrier::create(&memory, "x", 2).unwrap();
    let mut doomed = actor("member", &name, 1);
    doomed.expect("joined");
    doomed.send("");
    doomed.expect("arrives");
    let deadline = Instant::now() + DEADLINE;
    while barrier.arrived().unwrap() == 0 {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
    // It says in its place that it has arrived right after it was counted, and then sleeps.
    let asleep = || std::fs::read_to_string(format!("/proc/{}/stat", doomed.pid())).unwrap().contains(" S ");
    while !asleep() {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
    let pid = doomed.pid();
    doomed.kill();
    assert!(barrier.wait_timeout(SOON).unwrap(), "{pid}");
    assert_eq!(barrier.wait_timeout(SOON).unwrap_err().kind(), ErrorKind::Broken);
}

/// A member that comes and goes while its thread unwinds from something else has not panicked.
#[test]
fn a_member_of_an_unwinding_thread_leaves_in_order() {
    struct Meets<'a>(&'a Barrier);
    impl Drop for Meets<'_> {
        fn drop(&mut self) {
            drop(self.0.join().unwrap());
        }
    }
    let (_name, memory) = segment();
    let barrier = Barrier::create(&memory, "x", 2).unwrap();
    catch_unwind(AssertUnwindSafe(|| {
        let _meets = Meets(&barrier);
        panic!("elsewhere");
    }))
    .unwrap_err();
    assert!(!barrier.is_broken().unwrap());
}

#[test]
fn a_panicking_member_breaks_the_generation() {
    let (_name, memory) = segment();
    let barrier = Barrier::create(&memory, "x", 2).unwrap();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| barrier.wait_timeout(DEADLINE));
        catch_unwind(AssertUnwindSafe(|| {
            let _member = barrier.join().unwrap();
            let deadline = Instant::now() + DEADLINE;
            while barrier.arrived().unwrap() == 0 && Instant::now() < deadline {
                std::thread::yield_now();
            }
            panic!("before it arrives");
        }))
        .unwrap_err();
        assert_eq!(waiter.join().unwrap().unwrap_err().kind(), ErrorKind::Broken);
    });
    assert!(barrier.reset().unwrap());
    let _places = [barrier.join().unwrap(), barrier.join().unwrap()];
}

#[test]
fn a_forked_child_is_no_member() {
    let (name, memory) = segment();
    Barrier::create(&memory, "x", 1).unwrap();
    let mut parent = actor("fork_with_place", &name, 0);
    parent.expect("done");
    parent.wait_success();
}

#[test]
fn hostile_words() {
    let (name, memory) = segment();
    Barrier::create(&memory, "x", 2).unwrap();
    scribble_over(&name.path(), &memory, "x", |rng| {
        let Ok(barrier) = Barrier::open(&memory, "x") else { return };
        match rng.below(5) {
            0 => drop(barrier.wait_timeout(Duration::from_micros(200))),
            1 => drop(barrier.join().and_then(|mut member| member.wait_timeout(Duration::from_micros(200)))),
            2 => drop(barrier.reset()),
            3 => drop((barrier.arrived(), barrier.generation(), barrier.is_broken())),
            _ => drop(barrier.join()),
        }
    });
}
