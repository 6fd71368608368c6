//! The mutex: what it promises to threads, processes, and those who come after the dead.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use zeroipc::{Array, Condvar, ErrorKind, Memory, Mutex, RwLock};
use zeroipc_tests::actor::{Actor, Script};
use zeroipc_tests::names::Name;
use zeroipc_tests::scale::count;
use zeroipc_tests::sys::Scribble;
use zeroipc_tests::{DEADLINE, SOON};

fn shop(name: &Name) -> (Memory, Mutex, Array<u64>) {
    let memory = Memory::create(name, 1 << 16).unwrap();
    let mutex = Mutex::create(&memory, "m").unwrap();
    Condvar::create(&memory, "c").unwrap();
    RwLock::create(&memory, "rw", 4).unwrap();
    let cells = Array::create(&memory, "a", 16).unwrap();
    (memory, mutex, cells)
}

fn actor(operation: &str, segment: &str, argument: u64) -> Actor {
    Script::new(env!("CARGO_BIN_EXE_actor")).arg(operation).arg(segment).arg(argument).start()
}

#[test]
fn smoke() {
    let name = Name::new();
    let (memory, mutex, _) = shop(&name);
    assert_eq!((mutex.name(), Mutex::open(&memory, "m").unwrap().name()), ("m", "m"));
    assert_eq!(Mutex::create(&memory, "m").unwrap_err().kind(), ErrorKind::Exists);
    assert_eq!(Mutex::open(&memory, "rw").unwrap_err().kind(), ErrorKind::KindMismatch);
    assert_eq!(Mutex::open(&memory, "none").unwrap_err().kind(), ErrorKind::NotFound);
    let other = Mutex::open_or_create(&memory, "m").unwrap();
    let guard = mutex.lock().unwrap();
    assert!(!guard.previous_owner_died());
    assert!(other.try_lock().unwrap().is_none());
    drop(guard);
    assert!(other.try_lock().unwrap().is_some());
    assert!(mutex.clone().try_lock().unwrap().is_some());
    assert!(format!("{mutex:?} {:?}", mutex.lock().unwrap()).contains("\"m\""));
}

#[test]
fn a_thread_that_locks_again_meets_its_deadline() {
    let name = Name::new();
    let (_memory, mutex, _) = shop(&name);
    let guard = mutex.lock().unwrap();
    let start = Instant::now();
    let again = mutex.lock_timeout(Duration::from_millis(20));
    assert_eq!(again.unwrap_err().kind(), ErrorKind::TimedOut);
    assert!(start.elapsed() >= Duration::from_millis(20));
    drop(guard);
    assert!(mutex.lock_timeout(Duration::ZERO).is_ok(), "a free lock is taken when the time is over");
}

#[test]
fn a_panic_marks_until_all_is_well() {
    let name = Name::new();
    let (_memory, mutex, _) = shop(&name);
    let panicked = thread::scope(|scope| {
        let with_lock = scope.spawn(|| {
            let _guard = mutex.lock().unwrap();
            std::panic::resume_unwind(Box::new("in the middle"));
        });
        with_lock.join().is_err()
    });
    assert!(panicked);
    assert!(mutex.lock().unwrap().previous_owner_died());
    let mut guard = mutex.try_lock().unwrap().expect("it was let go");
    assert!(guard.previous_owner_died(), "nobody has put things right");
    guard.mark_consistent();
    drop(guard);
    assert!(!mutex.lock().unwrap().previous_owner_died());
}

#[test]
fn a_guard_of_one_who_was_panicking_already_marks_nothing() {
    struct Cleans<'a>(&'a Mutex);
    impl Drop for Cleans<'_> {
        fn drop(&mut self) {
            drop(self.0.lock().unwrap());
        }
    }
    let name = Name::new();
    let (_memory, mutex, _) = shop(&name);
    thread::scope(|scope| {
        let panics = scope.spawn(|| {
            let _cleans = Cleans(&mutex);
            std::panic::resume_unwind(Box::new("elsewhere"));
        });
        assert!(panics.join().is_err());
    });
    assert!(!mutex.lock().unwrap().previous_owner_died());
}

#[test]
fn processes_and_threads_lose_no_count() {
    let name = Name::new();
    let (_memory, mutex, cells) = shop(&name);
    let rounds = count(20_000, 400_000);
    let mut actors: Vec<Actor> = (0..3).map(|_| actor("lock-count", &name, rounds)).collect();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..rounds {
                    let guard = mutex.lock().unwrap();
                    cells.store(0, cells.load(0) + 1);
                    drop(guard);
                }
            });
        }
    });
    for actor in &mut actors {
        assert_eq!(actor.try_line(Instant::now() + DEADLINE).as_deref(), Some("done"));
    }
    assert_eq!(cells.load(0), 5 * rounds);
}

/// Four who never rest: each gets the lock many times, whoever holds it most.
#[test]
fn nobody_starves() {
    let name = Name::new();
    let (_memory, _mutex, cells) = shop(&name);
    let mut actors: Vec<Actor> = (4..8).map(|cell| actor("lock-hammer", &name, cell)).collect();
    let deadline = Instant::now() + DEADLINE;
    while (4..8).any(|cell| cells.load(cell) < 100) {
        assert!(Instant::now() < deadline, "{:?}", (4..8).map(|cell| cells.load(cell)).collect::<Vec<_>>());
        thread::yield_now();
    }
    cells.store(1, 1);
    actors.iter_mut().for_each(|actor| actor.expect("done"));
}

#[test]
fn the_next_owner_is_told_of_a_death() {
    let name = Name::new();
    let (_memory, mutex, _) = shop(&name);
    let mut holder = actor("lock-hold", &name, 0);
    holder.expect("held");
    assert!(mutex.try_lock().unwrap().is_none());
    thread::scope(|scope| {
        let waiters: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut guard = mutex.lock_timeout(DEADLINE).unwrap();
                    let told = guard.previous_owner_died();
                    guard.mark_consistent();
                    told
                })
            })
            .collect();
        holder.kill();
        let told = waiters.into_iter().map(|waiter| waiter.join().unwrap()).filter(|told| *told);
        assert_eq!(told.count(), 1, "one of the two is told, and puts things right");
    });
    assert!(!mutex.try_lock().unwrap().expect("it is free").previous_owner_died());
}

#[test]
fn a_forgotten_guard_is_recovered_when_its_process_detaches() {
    let name = Name::new();
    let (memory, mutex, _) = shop(&name);
    {
        let other = Memory::open(&name).unwrap();
        let other = Mutex::open(&other, "m").unwrap();
        std::mem::forget(other.lock().unwrap());
        assert!(mutex.try_lock().unwrap().is_none());
    }
    assert!(mutex.lock_timeout(SOON).unwrap().previous_owner_died());
    drop(memory);
}

#[test]
fn a_forked_child_has_no_guard() {
    let name = Name::new();
    let _shop = shop(&name);
    let mut forks = actor("lock-fork", &name, 0);
    forks.expect("done");
}

#[test]
fn a_read_only_handle_locks_nothing() {
    let name = Name::new();
    let _shop = shop(&name);
    let memory = Memory::open_read_only(&name).unwrap();
    let mutex = Mutex::open(&memory, "m").unwrap();
    assert_eq!(mutex.lock().unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(mutex.try_lock().unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(mutex.lock_timeout(Duration::ZERO).unwrap_err().kind(), ErrorKind::ReadOnly);
}

#[test]
fn impossible_words_are_told() {
    let name = Name::new();
    let memory = Memory::options().duck_typed(true).create(&name, 1 << 16).unwrap();
    let mutex = Mutex::create(&memory, "m").unwrap();
    let place = memory.structures().unwrap()[0].offset() as usize;
    let bytes = Scribble::map(&name.path()).unwrap();
    bytes.word(place).store(1 << 31, Ordering::Relaxed);
    assert_eq!(mutex.lock().unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(mutex.try_lock().unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(Mutex::open(&memory, "m").unwrap_err().kind(), ErrorKind::Corrupt);
    // An owner that nobody is, with everything else set that can be.
    bytes.word(place).store(!(7 << 29) & !0xf, Ordering::Relaxed);
    assert!(mutex.lock_timeout(SOON).unwrap().previous_owner_died());
    // Our own id, which we do not hold: as by another thread of ours.
    bytes.word(place).store(memory.id().unwrap().unwrap().into(), Ordering::Relaxed);
    let late = mutex.lock_timeout(Duration::from_millis(5)).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::TimedOut);
    // A reservation that nobody takes up.
    bytes.word(place).store(5 << 32, Ordering::Relaxed);
    drop(mutex.lock_timeout(SOON).unwrap());
    bytes.word(place).store(5 << 32, Ordering::Relaxed);
    drop(mutex.try_lock().unwrap().expect("it is free"));
    // A lock that is gone when it is let go.
    let guard = mutex.lock_timeout(SOON).unwrap();
    bytes.word(place).store(0xabc, Ordering::Relaxed);
    drop(guard);
    assert_eq!(bytes.word(place).load(Ordering::Relaxed), 0xabc, "what is not ours is left alone");
}

#[test]
fn words_that_change_all_the_time_do_no_harm() {
    let name = Name::new();
    let (memory, mutex, _) = shop(&name);
    let place = memory.structures().unwrap()[0].offset() as usize;
    let bytes = Scribble::map(&name.path()).unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut word = 1_u64;
            while !stop.load(Ordering::Relaxed) {
                word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                bytes.word(place).store(word >> 7, Ordering::Relaxed);
                bytes.word(place + 8).store(word, Ordering::Relaxed);
            }
        });
        for _ in 0..count(200, 20_000) {
            let _ = mutex.try_lock().map(drop);
            let _ = mutex.lock_timeout(Duration::from_millis(1)).map(drop);
        }
        stop.store(true, Ordering::Relaxed);
    });
}
