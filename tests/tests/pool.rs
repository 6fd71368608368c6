//! Pools: what they do, what they refuse, and what many processes do with one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use zeroipc::{Array, ErrorKind, Memory, Pool, PoolHandle, Queue, ShmLayout};
use zeroipc_tests::actor::{self, Script};
use zeroipc_tests::names::Name;
use zeroipc_tests::scale::count;
use zeroipc_tests::types::{Aligned, Big, Item, Odd};
use zeroipc_tests::{DEADLINE, SOON, sys};

fn segment(size: u64) -> (Name, Memory) {
    let name = Name::new();
    let memory = Memory::create(&name, size).unwrap();
    (name, memory)
}

#[test]
fn smoke() {
    let (name, memory) = segment(1 << 16);
    let pool = Pool::<Item>::create(&memory, "p", 2).unwrap();
    let other = Pool::<Item>::open(&Memory::open(&name).unwrap(), "p").unwrap();
    assert_eq!((pool.name(), pool.capacity(), pool.available().unwrap()), ("p", 2, 2));
    let first = pool.acquire().unwrap();
    first.write(&Item::new(1, 2));
    assert_eq!(first.update(|item| std::mem::replace(item, Item::new(3, 4))), Item::new(1, 2));
    assert_eq!(first.read(), Item::new(3, 4));
    let second = other.try_acquire().unwrap().unwrap();
    assert_ne!(first.handle(), second.handle());
    assert_eq!(pool.len().unwrap(), 2);
    assert!(pool.clone().try_acquire().unwrap().is_none());
    drop(first);
    assert_eq!(other.available().unwrap(), 1);
    drop(second);
    assert!(pool.is_empty().unwrap());
}

#[test]
fn capacity() {
    let (_name, memory) = segment(1 << 20);
    for capacity in [1, 2, 3, 9, 1000] {
        let name = format!("p{capacity}");
        let pool = Pool::<u64>::create(&memory, &name, capacity).unwrap();
        for _ in 0..3 {
            let all: Vec<_> = (0..capacity).map(|_| pool.acquire_timeout(SOON).unwrap()).collect();
            all.iter().zip(0..).for_each(|(object, value)| object.write(&value));
            assert!(pool.try_acquire().unwrap().is_none());
            assert!(all.iter().zip(0..).all(|(object, value)| object.read() == value));
        }
        assert_eq!(pool.available().unwrap(), capacity);
    }
    for asked in [0, (1 << 27) + 1, u64::MAX] {
        assert_eq!(Pool::<u8>::create(&memory, "x", asked).unwrap_err().kind(), ErrorKind::BadArgument);
    }
    assert_eq!(Pool::<u64>::open_or_create(&memory, "p3", 4).unwrap_err().kind(), ErrorKind::BadArgument);
    assert_eq!(Pool::<u64>::open_or_create(&memory, "p3", 3).unwrap().capacity(), 3);
}

fn carries<T: ShmLayout + PartialEq + std::fmt::Debug>(values: [T; 2]) {
    let (_name, memory) = segment(1 << 20);
    let pool = Pool::<T>::create(&memory, "p", 3).unwrap();
    let guards = values.map(|value| {
        let guard = pool.acquire().unwrap();
        assert!(guard.as_mut_ptr().is_aligned());
        guard.write(&value);
        guard
    });
    assert_eq!(guards.map(|guard| guard.read()), values);
}

#[test]
fn objects_of_every_size() {
    carries([1_u8, 255]);
    carries([-1_i32, 3]);
    carries([Odd { bytes: [9; 13] }, Odd { bytes: [1; 13] }]);
    carries([Item::new(1, 2), Item::new(3, 4)]);
    carries([Big::new(1), Big::new(2)]);
    carries([Aligned { first: 1, rest: [2; 31] }, Aligned { first: 2, rest: [3; 31] }]);
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: zeroipc::Result<T>) {
    assert_eq!(result.unwrap_err().kind(), ErrorKind::NotOwner);
}

#[test]
fn handles_stand_for_one_ownership() {
    let (_name, memory) = segment(1 << 16);
    let pool = Pool::<u64>::create(&memory, "p", 2).unwrap();
    let other = Pool::<u64>::create(&memory, "other", 2).unwrap();
    let guard = pool.acquire().unwrap();
    guard.write(&5);
    let owned = guard.handle();
    // It has an owner.
    refused(pool.release(owned));
    refused(pool.adopt(owned));
    let handle = guard.into_handle().unwrap();
    assert_eq!((handle, PoolHandle::from_bits(handle.to_bits())), (owned, handle));
    assert_eq!(pool.len().unwrap(), 1);
    // Another pool's, and one that there never was.
    refused(other.adopt(handle));
    refused(other.release(handle));
    refused(pool.adopt(PoolHandle::from_bits(u64::MAX)));
    refused(pool.adopt(PoolHandle::from_bits(0)));
    let guard = pool.adopt(handle).unwrap();
    assert_eq!(guard.read(), 5);
    refused(pool.adopt(handle));
    refused(pool.release(handle));
    let later = guard.into_handle().unwrap();
    // The object is on its way again, and the earlier handle is not the one.
    refused(pool.adopt(handle));
    pool.release(later).unwrap();
    refused(pool.release(later));
    refused(pool.adopt(later));
    assert!(pool.is_empty().unwrap());
    // Its next owner's handle is another one.
    let all = [pool.acquire().unwrap(), pool.acquire().unwrap()];
    assert!(all.iter().all(|guard| guard.handle() != later));
}

#[test]
fn waits_end_by_a_peer_or_by_the_deadline() {
    let (_name, memory) = segment(1 << 16);
    let pool = Pool::<u64>::create(&memory, "p", 1).unwrap();
    let guard = pool.acquire().unwrap();
    assert_eq!(pool.acquire_timeout(Duration::from_millis(5)).unwrap_err().kind(), ErrorKind::TimedOut);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| pool.acquire_timeout(DEADLINE).unwrap().handle());
        drop(guard);
        waiting.join().unwrap();
    });
    let handle = pool.acquire().unwrap().into_handle().unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| pool.acquire_timeout(DEADLINE).unwrap().handle());
        pool.release(handle).unwrap();
        waiting.join().unwrap();
    });
    assert!(pool.is_empty().unwrap());
}

#[test]
fn a_panic_gives_the_object_back() {
    let (_name, memory) = segment(1 << 16);
    let pool = Pool::<u64>::create(&memory, "p", 1).unwrap();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let guard = pool.acquire().unwrap();
        guard.write(&1);
        guard.update(|_| panic!("of the user"))
    }));
    assert!(panicked.is_err());
    assert_eq!(pool.acquire_timeout(SOON).unwrap().read(), 1);
}

#[test]
fn read_only_handles_look() {
    let (name, memory) = segment(1 << 16);
    let pool = Pool::<u64>::create(&memory, "p", 2).unwrap();
    let handle = pool.acquire().unwrap().into_handle().unwrap();
    let reader = Pool::<u64>::open(&Memory::open_read_only(&name).unwrap(), "p").unwrap();
    assert_eq!((reader.available().unwrap(), reader.len().unwrap()), (1, 1));
    let read_only = ErrorKind::ReadOnly;
    assert_eq!(reader.try_acquire().unwrap_err().kind(), read_only);
    assert_eq!(reader.acquire().unwrap_err().kind(), read_only);
    assert_eq!(reader.adopt(handle).unwrap_err().kind(), read_only);
    assert_eq!(reader.release(handle).unwrap_err().kind(), read_only);
    assert_eq!(reader.reclaim().unwrap_err().kind(), read_only);
}

#[test]
fn other_kinds_and_elements_are_refused() {
    let (_name, memory) = segment(1 << 16);
    Pool::<u64>::create(&memory, "p", 2).unwrap();
    Queue::<u64>::create(&memory, "q", 2).unwrap();
    assert_eq!(Pool::<u64>::open(&memory, "q").unwrap_err().kind(), ErrorKind::KindMismatch);
    assert_eq!(Pool::<f64>::open(&memory, "p").unwrap_err().kind(), ErrorKind::TypeMismatch);
    let name = Name::new();
    let memory = Memory::options().duck_typed(true).create(&name, 1 << 16).unwrap();
    let pool = Pool::<u64>::create(&memory, "p", 2).unwrap();
    let _guard = pool.acquire().unwrap();
    assert_eq!(Pool::<u64>::open(&memory, "p").unwrap().available().unwrap(), 1);
    assert_eq!(Pool::<[u64; 2]>::open(&memory, "p").unwrap_err().kind(), ErrorKind::TypeMismatch);
}

/// Every word set to every hostile value: nothing panics, hangs or leaves the mapping.
#[test]
fn hostile_words() {
    let (name, memory) = segment(1 << 16);
    let pool = Pool::<u64>::create(&memory, "p", 2).unwrap();
    let at = memory.structures().unwrap()[0].offset() as usize;
    let scribble = sys::Scribble::map(&name.path()).unwrap();
    let states = (0..8).flat_map(|low| [0, 1, (1 << 24) - 1].map(|owner| low | owner << 3));
    let values: Vec<u64> = states.chain([u64::MAX, 1 << 63, 1 << 27]).collect();
    for (word, value) in [1, 9, 10].iter().flat_map(|word| values.iter().map(move |value| (*word, *value))) {
        for other in [1, 3 | 1 << 27] {
            [9, 10].iter().for_each(|word| scribble.word(at + 8 * word).store(other, Ordering::Relaxed));
            scribble.word(at + 8 * word).store(value, Ordering::Relaxed);
            let start = Instant::now();
            let first = pool.try_acquire();
            let second = pool.acquire_timeout(Duration::from_micros(100));
            let third = pool.acquire_timeout(Duration::from_micros(100));
            let _ = (pool.available(), pool.reclaim(), pool.release(PoolHandle::from_bits(value)));
            let _ = pool.adopt(PoolHandle::from_bits(value));
            drop((first, second, third));
            assert!(start.elapsed() < DEADLINE);
        }
    }
    for capacity in [0, 1, 3, (1 << 27) + 1, u64::MAX] {
        scribble.word(at).store(capacity, Ordering::Relaxed);
        let error = Pool::<u64>::open(&memory, "p").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{capacity}");
    }
}

const CHILD: &str = "ZEROIPC_TEST_CHILD";

/// A process of its own that does what `task` says.
fn process(task: &str, segment: &str, number: u64) -> Script {
    let script = Script::new(std::env::current_exe().unwrap()).args(["--exact", "child", "--ignored", "--nocapture"]);
    script.env(CHILD, format!("{task} {segment} {number}")).quiet()
}

#[test]
#[ignore = "what the other tests run in processes of their own"]
fn child() {
    let Ok(task) = std::env::var(CHILD) else { return };
    actor::begin();
    let mut words = task.split(' ');
    let (task, segment, number) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    let number: u64 = number.parse().unwrap();
    let memory = Memory::open(segment).unwrap();
    let pool = Pool::<Item>::open(&memory, "p").unwrap();
    let ready = Queue::<PoolHandle>::open(&memory, "ready").unwrap();
    match task {
        "die" => {
            let held: Vec<_> = (0..number).map(|_| pool.acquire().unwrap()).collect();
            ready.push(pool.acquire().unwrap().into_handle().unwrap()).unwrap();
            assert_eq!(held.len() as u64, number);
            sys::kill_self();
        }
        "fill" => {
            let sums = Array::<u64>::open(&memory, "sums").unwrap();
            for sequence in 0..sums.load(0) {
                let object = pool.acquire_timeout(DEADLINE).unwrap();
                object.write(&Item::new(number, sequence));
                ready.push_timeout(object.into_handle().unwrap(), DEADLINE).unwrap();
            }
        }
        _ => {
            let sums = Array::<u64>::open(&memory, "sums").unwrap();
            while sums.load(1) < sums.load(2) {
                let Ok(handle) = ready.pop_timeout(Duration::from_millis(20)) else { continue };
                let object = pool.adopt(handle).unwrap();
                let item = object.read();
                assert!(item.is_whole());
                sums.fetch_add(3 + (item.producer * sums.load(0) + item.sequence) as usize, 1);
                sums.fetch_add(1, 1);
            }
        }
    }
}

/// Objects go through many hands, and each arrives once and whole.
#[test]
fn many_processes() {
    for capacity in [1, 4] {
        let (name, memory) = segment(1 << 22);
        let (fillers, each) = (2, count(2_000, 50_000));
        let pool = Pool::<Item>::create(&memory, "p", capacity).unwrap();
        Queue::<PoolHandle>::create(&memory, "ready", 4).unwrap();
        let sums = Array::<u64>::create(&memory, "sums", 3 + fillers * each).unwrap();
        sums.store(0, each);
        sums.store(2, fillers * each);
        let mut children: Vec<_> = (0..fillers).map(|number| process("fill", &name, number).start()).collect();
        children.extend((0..2).map(|number| process("empty", &name, number).start()));
        children.iter_mut().for_each(actor::Actor::wait_success);
        assert!((0..fillers * each).all(|index| sums.load(3 + index as usize) == 1));
        assert!(pool.is_empty().unwrap());
    }
}

#[test]
fn what_a_dead_process_owned_is_free() {
    for by_hand in [false, true] {
        let (name, memory) = segment(1 << 16);
        let pool = Pool::<Item>::create(&memory, "p", 3).unwrap();
        let ready = Queue::<PoolHandle>::create(&memory, "ready", 4).unwrap();
        process("die", &name, 2).start().wait_killed();
        assert_eq!(pool.available().unwrap(), 0);
        if by_hand {
            assert_eq!((pool.reclaim().unwrap(), pool.reclaim().unwrap()), (2, 0));
            assert_eq!(pool.available().unwrap(), 2);
        }
        let held = [pool.acquire_timeout(SOON).unwrap(), pool.acquire_timeout(SOON).unwrap()];
        // The third was handed on, and is whoever's who adopts it.
        assert!(pool.try_acquire().unwrap().is_none());
        drop(pool.adopt(ready.pop_timeout(SOON).unwrap()).unwrap());
        drop(held);
        assert!(pool.is_empty().unwrap());
    }
}

#[test]
fn a_forked_child_owns_nothing_of_its_parents() {
    let (_name, memory) = segment(1 << 16);
    let pool = Pool::<u64>::create(&memory, "p", 1).unwrap();
    let guard = pool.acquire().unwrap();
    // SAFETY: the child only uses the pool and ends.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let right = guard.into_handle().is_err_and(|error| error.kind() == ErrorKind::NotOwner)
            && pool.try_acquire().is_ok_and(|guard| guard.is_none());
        // SAFETY: ends the child without the test's own clean-up.
        unsafe { libc::_exit(i32::from(!right)) };
    }
    let mut status = 0;
    // SAFETY: `pid` is the child, and `status` is writable.
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(status, 0);
    assert_eq!(pool.available().unwrap(), 0);
    drop(guard);
    assert_eq!(pool.available().unwrap(), 1);
}
