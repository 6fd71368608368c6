//! The condition variable: nobody sleeps through a notification.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use zeroipc::{Array, Condvar, ErrorKind, Memory, Mutex, RwLock};
use zeroipc_tests::actor::{Actor, Script};
use zeroipc_tests::names::Name;
use zeroipc_tests::scale::count;
use zeroipc_tests::sys::Scribble;
use zeroipc_tests::{DEADLINE, SOON};

struct Shop {
    memory: Memory,
    mutex: Mutex,
    changed: Condvar,
    cells: Array<u64>,
}

fn shop(name: &Name) -> Shop {
    let memory = Memory::create(name, 1 << 16).unwrap();
    let mutex = Mutex::create(&memory, "m").unwrap();
    let changed = Condvar::create(&memory, "c").unwrap();
    RwLock::create(&memory, "rw", 4).unwrap();
    let cells = Array::create(&memory, "a", 16).unwrap();
    Shop { memory, mutex, changed, cells }
}

fn actor(operation: &str, segment: &str, argument: u64) -> Actor {
    Script::new(env!("CARGO_BIN_EXE_actor")).arg(operation).arg(segment).arg(argument).start()
}

/// The words of the condition variable, which is the second structure.
fn place(memory: &Memory) -> usize {
    memory.structures().unwrap()[1].offset() as usize
}

#[test]
fn smoke() {
    let name = Name::new();
    let Shop { memory, mutex, changed, .. } = shop(&name);
    assert_eq!((changed.name(), Condvar::open_or_create(&memory, "c").unwrap().name()), ("c", "c"));
    assert_eq!(Condvar::open(&memory, "m").unwrap_err().kind(), ErrorKind::KindMismatch);
    changed.notify_one().unwrap();
    changed.notify_all().unwrap();
    // Nobody waited, so nothing is kept.
    let (guard, late) = changed.wait_timeout(mutex.lock().unwrap(), Duration::from_millis(5)).unwrap();
    assert!(late);
    let start = Instant::now();
    let (guard, late) = changed.wait_timeout_while(guard, Duration::from_millis(20), || true).unwrap();
    assert!(late && start.elapsed() >= Duration::from_millis(20));
    let (guard, late) = changed.wait_timeout_while(guard, Duration::ZERO, || false).unwrap();
    assert!(!late);
    assert!(mutex.try_lock().unwrap().is_none(), "the lock was taken again");
    drop(guard);
    assert!(format!("{changed:?}").contains("\"c\""));
}

#[test]
fn processes_miss_no_notification() {
    let name = Name::new();
    let shop = shop(&name);
    let rounds = count(3_000, 60_000);
    let mut actors: Vec<Actor> = (0..3).map(|_| actor("lock-take", &name, rounds)).collect();
    actors.extend((0..3).map(|_| actor("lock-give", &name, rounds)));
    for actor in &mut actors {
        assert_eq!(actor.try_line(Instant::now() + DEADLINE).as_deref(), Some("done"));
    }
    assert_eq!((shop.cells.load(0), shop.cells.load(1)), (0, 3 * rounds));
}

#[test]
fn a_waiter_that_dies_costs_only_system_calls() {
    let name = Name::new();
    let Shop { memory, mutex, changed, cells } = shop(&name);
    let mut dead = actor("lock-take", &name, 1);
    let bytes = Scribble::map(&name.path()).unwrap();
    let waiters = bytes.word(place(&memory) + 8);
    let deadline = Instant::now() + DEADLINE;
    while waiters.load(Ordering::Relaxed) == 0 {
        assert!(Instant::now() < deadline);
        thread::yield_now();
    }
    dead.kill();
    // Dead with the mutex or without.
    drop(mutex.lock_timeout(SOON).unwrap());
    changed.notify_one().unwrap();
    assert_eq!(waiters.load(Ordering::Relaxed), 1, "nobody knows that it is dead");
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let guard = mutex.lock().unwrap();
            let (guard, late) = changed.wait_timeout_while(guard, DEADLINE, || cells.load(0) == 0).unwrap();
            drop(guard);
            late
        });
        let guard = mutex.lock().unwrap();
        cells.store(0, 1);
        drop(guard);
        changed.notify_all().unwrap();
        assert!(!waiter.join().unwrap());
    });
    assert_eq!(waiters.load(Ordering::Relaxed) as u32, 0, "when all are notified, the dead are forgotten");
}

#[test]
fn a_waiter_is_told_of_an_owner_that_died_meanwhile() {
    let name = Name::new();
    let Shop { mutex, changed, .. } = shop(&name);
    let guard = mutex.lock().unwrap();
    let mut holder = actor("lock-hold", &name, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            holder.expect("held");
            holder.kill();
        });
        let deadline = Instant::now() + DEADLINE;
        // It gets the lock while we wait, or not yet.
        let mut guard = guard;
        while !guard.previous_owner_died() {
            assert!(Instant::now() < deadline, "nobody was told");
            (guard, _) = changed.wait_timeout(guard, SOON / 100).unwrap();
        }
    });
}

#[test]
fn a_read_only_handle_notifies_nobody() {
    let name = Name::new();
    let shop = shop(&name);
    let memory = Memory::open_read_only(&name).unwrap();
    let changed = Condvar::open(&memory, "c").unwrap();
    assert_eq!(changed.notify_one().unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(changed.notify_all().unwrap_err().kind(), ErrorKind::ReadOnly);
    let refused = changed.wait(shop.mutex.lock().unwrap());
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::ReadOnly);
    assert!(shop.mutex.try_lock().unwrap().is_some(), "after an error the lock is not held");
}

#[test]
fn any_words_will_do() {
    let name = Name::new();
    let Shop { memory, mutex, changed, .. } = shop(&name);
    let bytes = Scribble::map(&name.path()).unwrap();
    for word in [u64::MAX, u64::from(u32::MAX), 1 << 32, 1] {
        bytes.word(place(&memory)).store(word, Ordering::Relaxed);
        bytes.word(place(&memory) + 8).store(word, Ordering::Relaxed);
        changed.notify_one().unwrap();
        changed.notify_all().unwrap();
        bytes.word(place(&memory) + 8).store(word, Ordering::Relaxed);
        drop(changed.wait_timeout(mutex.lock().unwrap(), Duration::from_millis(2)).unwrap());
    }
}
