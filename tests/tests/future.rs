//! Future: set once, waited for by many, and a broken promise is told.

use std::time::{Duration, Instant};

use zeroipc::{Error, ErrorKind, Future, Memory};
use zeroipc_tests::actor::Script;
use zeroipc_tests::names::Name;
use zeroipc_tests::{DEADLINE, SOON};

const BRIEF: Duration = Duration::from_millis(20);

fn future() -> (Name, Memory, Future<u64>) {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 16).unwrap();
    let future = Future::create(&memory, "f").unwrap();
    (name, memory, future)
}

fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.unwrap_err().kind()
}

#[test]
fn smoke() {
    let (_name, memory, future) = future();
    assert_eq!((future.try_get().unwrap(), future.is_ready().unwrap()), (None, false));
    assert_eq!(kind(future.get_timeout(BRIEF)), ErrorKind::TimedOut);
    future.set_value(7).unwrap();
    assert!(future.is_ready().unwrap());
    let other = Future::<u64>::open(&memory, "f").unwrap();
    assert_eq!((other.get().unwrap(), other.try_get().unwrap()), (7, Some(7)));
    for second in [other.set_value(8), other.set_error("no"), other.promise().map(drop)] {
        assert_eq!(kind(second), ErrorKind::Exists);
    }
    assert_eq!(future.get_timeout(Duration::ZERO).unwrap(), 7);
}

#[test]
fn an_error_is_a_result() {
    let (_name, memory, future) = future();
    future.set_error("the disk is full").unwrap();
    assert!(future.is_ready().unwrap());
    let other = Future::<u64>::open_or_create(&memory, "f").unwrap();
    for error in [other.get().unwrap_err(), other.try_get().unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Failed);
        assert!(error.to_string().ends_with("it failed: the disk is full"), "{error}");
    }
    assert_eq!(kind(other.set_value(1)), ErrorKind::Exists);
}

#[test]
fn a_promise_keeps_others_out() {
    let (_name, memory, future) = future();
    let promise = future.promise().unwrap();
    let other = Future::<u64>::open(&memory, "f").unwrap();
    assert_eq!(kind(other.set_value(1)), ErrorKind::Exists);
    assert_eq!(kind(other.promise()), ErrorKind::Exists);
    assert_eq!(other.try_get().unwrap(), None);
    assert_eq!(kind(other.get_timeout(BRIEF)), ErrorKind::TimedOut);
    promise.set_value(7).unwrap();
    assert_eq!(other.get().unwrap(), 7);
}

#[test]
fn a_dropped_promise_is_told_and_made_anew() {
    let (_name, _memory, future) = future();
    std::thread::scope(|scope| {
        let promise = future.promise().unwrap();
        let waiters = [(); 3].map(|()| scope.spawn(|| future.get_timeout(DEADLINE)));
        drop(promise);
        for waiter in waiters {
            assert_eq!(kind(waiter.join().unwrap()), ErrorKind::OwnerDied);
        }
    });
    assert_eq!(kind(future.try_get()), ErrorKind::OwnerDied);
    let promise = future.promise().unwrap();
    assert_eq!(future.try_get().unwrap(), None);
    promise.set_error("no").unwrap();
    assert_eq!(kind(future.get()), ErrorKind::Failed);
}

#[test]
fn a_killed_promise_is_told_and_made_anew() {
    let (name, _memory, future) = future();
    let mut promising = Script::new(env!("CARGO_BIN_EXE_codata")).arg("promise").arg(&*name).start();
    promising.expect("ready");
    std::thread::scope(|scope| {
        let waiters = [(); 3].map(|()| scope.spawn(|| future.get_timeout(DEADLINE)));
        promising.kill();
        let start = Instant::now();
        for waiter in waiters {
            assert_eq!(kind(waiter.join().unwrap()), ErrorKind::OwnerDied);
        }
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    });
    assert_eq!(kind(future.try_get()), ErrorKind::OwnerDied);
    future.set_value(7).unwrap();
    assert_eq!(future.get().unwrap(), 7);
}

/// Who does not wait is told as soon as who waits.
/// A look that does not wait.
type Look = fn(&Future<u64>) -> Result<Option<u64>, Error>;

#[test]
fn one_look_tells_of_a_killed_promise() {
    let (name, _memory, future) = future();
    let looks: [Look; 2] = [Future::try_get, |future| future.get_timeout(Duration::ZERO).map(Some)];
    for look in looks {
        let mut promising = Script::new(env!("CARGO_BIN_EXE_codata")).arg("promise").arg(&*name).start();
        promising.expect("ready");
        promising.kill();
        assert_eq!(kind(look(&future)), ErrorKind::OwnerDied);
    }
}

/// The child has the guard of its parent's promise; it neither keeps nor breaks it.
#[test]
fn a_forked_child_leaves_its_parents_promise_alone() {
    let (name, _memory, future) = future();
    let mut promising = Script::new(env!("CARGO_BIN_EXE_codata")).arg("promise-and-fork").arg(&*name).start();
    promising.expect("Exited(0)");
    promising.expect("ready");
    assert_eq!(kind(future.get_timeout(BRIEF)), ErrorKind::TimedOut);
    promising.send("go");
    assert_eq!(future.get_timeout(DEADLINE).unwrap(), 7);
}

#[test]
fn a_read_only_handle_waits() {
    let (name, _memory, future) = future();
    let reader = Future::<u64>::open(&Memory::open_read_only(&name).unwrap(), "f").unwrap();
    assert_eq!(kind(reader.set_value(1)), ErrorKind::ReadOnly);
    assert_eq!(kind(reader.promise()), ErrorKind::ReadOnly);
    std::thread::scope(|scope| {
        let promise = future.promise().unwrap();
        let waiter = scope.spawn(|| reader.get_timeout(DEADLINE));
        promise.set_value(7).unwrap();
        assert_eq!(waiter.join().unwrap().unwrap(), 7);
    });
}

#[test]
fn a_read_only_handle_is_told_of_a_killed_promise() {
    let (name, _memory, _future) = future();
    let reader = Future::<u64>::open(&Memory::open_read_only(&name).unwrap(), "f").unwrap();
    let mut promising = Script::new(env!("CARGO_BIN_EXE_codata")).arg("promise").arg(&*name).start();
    promising.expect("ready");
    assert_eq!(reader.try_get().unwrap(), None);
    promising.kill();
    assert_eq!(kind(reader.get_timeout(SOON)), ErrorKind::OwnerDied);
    assert_eq!(kind(reader.try_get()), ErrorKind::OwnerDied);
}
