//! The lock for many readers or one writer: what it promises to threads, processes, and those who come after the dead.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use zeroipc::{Array, Condvar, ErrorKind, Memory, Mutex, RwLock};
use zeroipc_tests::actor::{Actor, Script};
use zeroipc_tests::names::Name;
use zeroipc_tests::scale::count;
use zeroipc_tests::sys::Scribble;
use zeroipc_tests::{DEADLINE, SOON};

fn shop(name: &Name, readers: u64) -> (Memory, RwLock, Array<u64>) {
    let memory = Memory::create(name, 1 << 18).unwrap();
    let rwlock = RwLock::create(&memory, "rw", readers).unwrap();
    Mutex::create(&memory, "m").unwrap();
    Condvar::create(&memory, "c").unwrap();
    let cells = Array::create(&memory, "a", 16).unwrap();
    (memory, rwlock, cells)
}

fn actor(operation: &str, segment: &str, arguments: &[&str]) -> Actor {
    Script::new(env!("CARGO_BIN_EXE_actor")).arg(operation).arg(segment).args(arguments).start()
}

#[test]
fn smoke() {
    let name = Name::new();
    let (memory, rwlock, _) = shop(&name, 3);
    assert_eq!((rwlock.name(), RwLock::open(&memory, "rw").unwrap().readers()), ("rw", 3));
    assert_eq!(RwLock::open_or_create(&memory, "rw", 4).unwrap_err().kind(), ErrorKind::BadArgument);
    assert_eq!(RwLock::create(&memory, "none", 0).unwrap_err().kind(), ErrorKind::BadArgument);
    assert_eq!(RwLock::create(&memory, "many", 1001).unwrap_err().kind(), ErrorKind::BadArgument);
    assert_eq!(RwLock::create(&memory, "most", 1000).unwrap().readers(), 1000);
    assert_eq!(RwLock::open(&memory, "m").unwrap_err().kind(), ErrorKind::KindMismatch);
    let (first, second) = (rwlock.read().unwrap(), rwlock.try_read().unwrap().expect("readers share"));
    assert!(rwlock.try_write().unwrap().is_none());
    drop((first, second));
    let writing = rwlock.write().unwrap();
    assert!(rwlock.try_read().unwrap().is_none() && rwlock.try_write().unwrap().is_none());
    let reading = writing.downgrade();
    assert!(rwlock.try_read().unwrap().is_some() && rwlock.try_write().unwrap().is_none());
    drop(reading);
    assert!(rwlock.clone().try_write().unwrap().is_some());
    assert!(format!("{rwlock:?} {:?}", rwlock.read().unwrap()).contains("\"rw\""));
    assert!(format!("{:?}", rwlock.write().unwrap()).contains("\"rw\""));
}

#[test]
fn deadlines() {
    let name = Name::new();
    let (_memory, rwlock, _) = shop(&name, 1);
    let time = Duration::from_millis(10);
    let late = |result: zeroipc::Result<()>| assert_eq!(result.unwrap_err().kind(), ErrorKind::TimedOut);
    let writing = rwlock.write().unwrap();
    late(rwlock.read_timeout(time).map(drop));
    late(rwlock.write_timeout(time).map(drop));
    drop(writing);
    let reading = rwlock.read_timeout(Duration::ZERO).unwrap();
    late(rwlock.write_timeout(time).map(drop));
    // The only place is taken.
    late(rwlock.read_timeout(time).map(drop));
    assert!(rwlock.try_read().unwrap().is_none());
    drop(reading);
    drop(rwlock.write_timeout(Duration::ZERO).unwrap());
    assert!(rwlock.try_read().unwrap().is_some(), "who gave up has left nothing");
}

#[test]
fn a_writer_that_waits_keeps_new_readers_out_and_lets_them_in_when_it_gives_up() {
    let name = Name::new();
    let (_memory, rwlock, _) = shop(&name, 4);
    let reading = rwlock.read().unwrap();
    thread::scope(|scope| {
        let writer = scope.spawn(|| rwlock.write_timeout(Duration::from_millis(300)).map(drop));
        let deadline = Instant::now() + DEADLINE;
        while rwlock.try_read().unwrap().is_some() {
            assert!(Instant::now() < deadline);
            thread::yield_now();
        }
        drop(rwlock.read_timeout(DEADLINE).unwrap());
        assert_eq!(writer.join().unwrap().unwrap_err().kind(), ErrorKind::TimedOut);
    });
    drop(reading);
}

#[test]
fn a_panic_while_writing_marks_and_one_while_reading_does_not() {
    let name = Name::new();
    let (_memory, rwlock, _) = shop(&name, 2);
    let panics = |with: fn(&RwLock)| {
        thread::scope(|scope| assert!(scope.spawn(|| with(&rwlock)).join().is_err()));
    };
    panics(|rwlock| {
        let _guard = rwlock.read().unwrap();
        std::panic::resume_unwind(Box::new("reading"));
    });
    panics(|rwlock| {
        let _guard = rwlock.write().unwrap().downgrade();
        std::panic::resume_unwind(Box::new("reading after writing"));
    });
    assert!(!rwlock.read().unwrap().previous_writer_died());
    panics(|rwlock| {
        let _guard = rwlock.write().unwrap();
        std::panic::resume_unwind(Box::new("writing"));
    });
    assert!(rwlock.read().unwrap().previous_writer_died());
    assert!(rwlock.write().unwrap().downgrade().previous_writer_died());
    let mut writing = rwlock.try_write().unwrap().expect("it is free");
    assert!(writing.previous_writer_died(), "nobody has put things right");
    writing.mark_consistent();
    assert!(!writing.downgrade().previous_writer_died());
    assert!(!rwlock.read().unwrap().previous_writer_died());
}

#[test]
fn processes_exclude_each_other() {
    for readers in [1, 2, 8] {
        let name = Name::new();
        let (_memory, rwlock, cells) = shop(&name, readers);
        let rounds = count(6_000, 120_000);
        let mut actors: Vec<Actor> = (0..4).map(|_| actor("lock-rw-count", &name, &[&rounds.to_string()])).collect();
        for actor in &mut actors {
            assert_eq!(actor.try_line(Instant::now() + DEADLINE).as_deref(), Some("done"), "{readers} readers");
        }
        let writes = 4 * rounds.div_ceil(3);
        assert_eq!((cells.load(0), cells.load(1)), (writes, writes));
        assert!(rwlock.try_write().unwrap().is_some(), "nothing is left behind");
    }
}

/// Two who read and two who write, and none of them ever rests: each gets the lock many times.
#[test]
fn nobody_starves() {
    let name = Name::new();
    let (_memory, _rwlock, cells) = shop(&name, 4);
    let kinds = ["read", "read", "write", "write"];
    let mut actors: Vec<Actor> =
        (4..8).map(|cell: usize| actor("lock-rw-hammer", &name, &[&cell.to_string(), kinds[cell - 4]])).collect();
    let deadline = Instant::now() + DEADLINE;
    while (4..8).any(|cell| cells.load(cell) < 100) {
        assert!(Instant::now() < deadline, "{:?}", (4..8).map(|cell| cells.load(cell)).collect::<Vec<_>>());
        thread::yield_now();
    }
    cells.store(1, 1);
    actors.iter_mut().for_each(|actor| actor.expect("done"));
}

#[test]
fn a_dead_reader_is_cleared_away() {
    let name = Name::new();
    let (_memory, rwlock, _) = shop(&name, 1);
    for _ in 0..2 {
        let mut holder = actor("lock-hold-read", &name, &[]);
        holder.expect("held");
        assert!(rwlock.try_write().unwrap().is_none());
        thread::scope(|scope| {
            let reader = scope.spawn(|| rwlock.read_timeout(DEADLINE).map(|guard| guard.previous_writer_died()));
            let writer = scope.spawn(|| rwlock.write_timeout(DEADLINE).map(|guard| guard.previous_writer_died()));
            holder.kill();
            assert!(!reader.join().unwrap().unwrap() && !writer.join().unwrap().unwrap());
        });
    }
}

#[test]
fn all_are_told_of_a_dead_writer() {
    let name = Name::new();
    let (_memory, rwlock, _) = shop(&name, 2);
    let mut holder = actor("lock-hold-write", &name, &[]);
    holder.expect("held");
    thread::scope(|scope| {
        let reader = scope.spawn(|| rwlock.read_timeout(DEADLINE).map(|guard| guard.previous_writer_died()));
        let writer = scope.spawn(|| rwlock.write_timeout(DEADLINE).map(|guard| guard.previous_writer_died()));
        holder.kill();
        assert!(reader.join().unwrap().unwrap() && writer.join().unwrap().unwrap());
    });
    rwlock.write_timeout(SOON).unwrap().mark_consistent();
    assert!(!rwlock.read_timeout(SOON).unwrap().previous_writer_died());
}

#[test]
fn a_read_only_handle_locks_nothing() {
    let name = Name::new();
    let _shop = shop(&name, 1);
    let memory = Memory::open_read_only(&name).unwrap();
    let rwlock = RwLock::open(&memory, "rw").unwrap();
    assert_eq!(rwlock.read().unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(rwlock.try_read().unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(rwlock.write().unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(rwlock.try_write().unwrap_err().kind(), ErrorKind::ReadOnly);
}

#[test]
fn impossible_words_are_told() {
    let name = Name::new();
    let memory = Memory::options().duck_typed(true).create(&name, 1 << 16).unwrap();
    let rwlock = RwLock::create(&memory, "rw", 2).unwrap();
    let place = memory.structures().unwrap()[0].offset() as usize;
    let bytes = Scribble::map(&name.path()).unwrap();
    let (lock, slots) = (place + 8, [place + 72, place + 136]);
    bytes.word(lock).store(1 << 29, Ordering::Relaxed);
    assert_eq!(rwlock.read().unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(rwlock.try_read().unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(rwlock.write().unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(RwLock::open(&memory, "rw").unwrap_err().kind(), ErrorKind::Corrupt);
    bytes.word(lock).store(0, Ordering::Relaxed);
    assert!(slots.iter().all(|slot| bytes.word(*slot).load(Ordering::Relaxed) == 0), "nothing is left behind");
    for slot in slots {
        bytes.word(slot).store(1 << 40, Ordering::Relaxed);
    }
    assert_eq!(rwlock.read().unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(RwLock::open(&memory, "rw").unwrap_err().kind(), ErrorKind::Corrupt);
    for slot in slots {
        bytes.word(slot).store(0xfff_fff, Ordering::Relaxed);
    }
    // Slots of nobody.
    drop(rwlock.read_timeout(SOON).unwrap());
    drop(rwlock.write_timeout(SOON).unwrap());
    for readers in [0, 1, 3, 1001, u64::MAX] {
        bytes.word(place).store(readers, Ordering::Relaxed);
        assert!(RwLock::open(&memory, "rw").is_err(), "{readers} readers");
    }
}

#[test]
fn words_that_change_all_the_time_do_no_harm() {
    let name = Name::new();
    let (memory, rwlock, _) = shop(&name, 2);
    let place = memory.structures().unwrap()[0].offset() as usize;
    let bytes = Scribble::map(&name.path()).unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut word = 1_u64;
            while !stop.load(Ordering::Relaxed) {
                word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let offset = [8, 16, 24, 72, 136][(word >> 33) as usize % 5];
                bytes.word(place + offset).store(word >> 11 & (word >> 40), Ordering::Relaxed);
            }
        });
        let time = Duration::from_millis(1);
        for _ in 0..count(100, 10_000) {
            let _ = rwlock.try_read().map(drop);
            let _ = rwlock.read_timeout(time).map(drop);
            let _ = rwlock.try_write().map(drop);
            let _ = rwlock.write_timeout(time).map(|guard| guard.downgrade());
        }
        stop.store(true, Ordering::Relaxed);
    });
}
