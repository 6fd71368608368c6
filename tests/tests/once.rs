//! Once: what it does, and what it leaves when its runner ends in any way.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use zeroipc::{Array, ErrorKind, Memory, Once};
use zeroipc_tests::actor::{Actor, Script};
use zeroipc_tests::names::Name;
use zeroipc_tests::{DEADLINE, SOON};

const BRIEF: Duration = Duration::from_millis(20);

fn actor(operation: &str, segment: &str) -> Script {
    Script::new(env!("CARGO_BIN_EXE_codata")).arg(operation).arg(segment)
}

fn once() -> (Name, Memory, Once) {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 16).unwrap();
    let once = Once::create(&memory, "o").unwrap();
    (name, memory, once)
}

/// Puts a word into the cell.
fn forge(name: &Name, memory: &Memory, word: u64) {
    use std::os::unix::fs::FileExt as _;
    let offset = memory.structures().unwrap()[0].offset();
    std::fs::File::options().write(true).open(name.path()).unwrap().write_at(&word.to_le_bytes(), offset).unwrap();
}

#[test]
fn smoke() {
    let (_name, memory, once) = once();
    assert!(!once.is_completed());
    let mut runs = 0;
    once.call_once(|| runs += 1).unwrap();
    once.call_once(|| runs += 1).unwrap();
    once.call_once_timeout(Duration::ZERO, |_| runs += 1).unwrap();
    assert_eq!(runs, 1);
    let other = Once::open(&memory, "o").unwrap();
    assert!(other.is_completed());
    other.wait().unwrap();
    other.wait_timeout(Duration::ZERO).unwrap();
    assert_eq!((once.name(), format!("{:?}", once.clone()).is_empty()), ("o", false));
    assert_eq!(Once::create(&memory, "o").unwrap_err().kind(), ErrorKind::Exists);
    assert_eq!(Once::open(&memory, "x").unwrap_err().kind(), ErrorKind::NotFound);
    assert!(Once::open_or_create(&memory, "o").unwrap().is_completed());
    Array::<u64>::create(&memory, "a", 1).unwrap();
    assert_eq!(Once::open(&memory, "a").unwrap_err().kind(), ErrorKind::KindMismatch);
}

#[test]
fn the_first_is_told_that_nobody_was_before() {
    let (_name, _memory, once) = once();
    let mut told = None;
    once.call_once_with(|state| told = Some(*state)).unwrap();
    let told = told.unwrap();
    assert!(!told.is_repeated() && !told.previous_died() && !told.previous_panicked());
}

#[test]
fn an_error_leaves_it_undone() {
    let (_name, _memory, once) = once();
    let failed = once.try_call_once(|_| Err::<(), Box<dyn std::error::Error>>("no".into()));
    assert_eq!(failed.unwrap_err().to_string(), "no");
    assert!(!once.is_completed());
    once.call_once_with(|state| assert!(state.is_repeated() && !state.previous_died() && !state.previous_panicked()))
        .unwrap();
    assert!(once.is_completed());
}

#[test]
fn a_panic_is_told_to_the_next() {
    let (_name, _memory, once) = once();
    catch_unwind(AssertUnwindSafe(|| once.call_once(|| panic!("as planned")))).unwrap_err();
    assert!(!once.is_completed());
    once.call_once_with(|state| assert!(state.previous_panicked() && !state.previous_died())).unwrap();
}

/// One that waits for a runner that panics is woken, and runs it.
#[test]
fn a_panic_wakes_who_waits() {
    let (_name, _memory, once) = once();
    let started = Instant::now();
    std::thread::scope(|scope| {
        let (begun, running) = std::sync::mpsc::channel();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let first = &once;
        scope.spawn(move || {
            catch_unwind(AssertUnwindSafe(|| {
                first.call_once(|| {
                    begun.send(()).unwrap();
                    wait.recv().unwrap();
                    panic!("as planned");
                })
            }))
            .unwrap_err();
        });
        running.recv().unwrap();
        assert_eq!(once.call_once_timeout(BRIEF, |_| ()).unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(once.wait_timeout(BRIEF).unwrap_err().kind(), ErrorKind::TimedOut);
        go.send(()).unwrap();
        once.call_once_with(|state| assert!(state.previous_panicked())).unwrap();
    });
    assert!(started.elapsed() < DEADLINE);
}

#[test]
fn of_many_processes_one_runs_it() {
    let (name, memory, once) = once();
    let runs = Array::<u64>::create(&memory, "runs", 1).unwrap();
    let mut actors: Vec<Actor> = (0..8).map(|_| actor("call", &name).start()).collect();
    actors.iter_mut().for_each(|actor| actor.expect("ready"));
    actors.iter_mut().for_each(|actor| actor.send("go"));
    actors.iter_mut().for_each(|actor| actor.expect("done"));
    assert_eq!(runs.load(0), 1);
    assert!(once.is_completed());
}

#[test]
fn a_killed_runner_is_taken_over() {
    let (name, _memory, once) = once();
    let mut runner = actor("run", &name).start();
    runner.expect("ready");
    assert_eq!(once.call_once_timeout(BRIEF, |_| ()).unwrap_err().kind(), ErrorKind::TimedOut);
    runner.kill();
    let start = Instant::now();
    once.call_once_with(|state| assert!(state.previous_died() && state.is_repeated())).unwrap();
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert!(once.is_completed());
}

#[test]
fn who_only_waits_outlasts_a_killed_runner() {
    let (name, _memory, once) = once();
    let mut runner = actor("run", &name).start();
    runner.expect("ready");
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| once.wait_timeout(DEADLINE));
        runner.kill();
        once.call_once(|| ()).unwrap();
        waiter.join().unwrap().unwrap();
    });
}

#[test]
fn a_read_only_handle_looks_and_waits() {
    let (name, _memory, once) = once();
    let reader = Once::open(&Memory::open_read_only(&name).unwrap(), "o").unwrap();
    assert!(!reader.is_completed());
    assert_eq!(reader.wait_timeout(BRIEF).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(reader.call_once(|| unreachable!()).unwrap_err().kind(), ErrorKind::ReadOnly);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| reader.wait_timeout(DEADLINE));
        once.call_once(|| ()).unwrap();
        waiter.join().unwrap().unwrap();
    });
    reader.call_once(|| unreachable!()).unwrap();
}

#[test]
fn a_duck_typed_one_opens_by_its_size() {
    let name = Name::new();
    let memory = Memory::options().duck_typed(true).create(&name, 1 << 16).unwrap();
    Once::create(&memory, "o").unwrap().call_once(|| ()).unwrap();
    assert!(Once::open(&memory, "o").unwrap().is_completed());
    Array::<u64>::create(&memory, "a", 1).unwrap();
    assert_eq!(Once::open(&memory, "a").unwrap_err().kind(), ErrorKind::TypeMismatch);
    forge(&name, &memory, 1 << 7);
    assert_eq!(Once::open(&memory, "o").unwrap_err().kind(), ErrorKind::Corrupt);
}

/// Whatever the word is, nothing hangs or panics.
#[test]
fn any_word_is_survived() {
    let (name, memory, once) = once();
    for tag in 0..256 {
        for high in [0, 1 << 8, 0xab_cdef << 8, u64::MAX << 32] {
            forge(&name, &memory, tag | high);
            let _ = once.is_completed();
            for result in [once.wait_timeout(Duration::ZERO), once.call_once_timeout(Duration::ZERO, |_| ())] {
                if let Err(error) = result {
                    assert!(matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Corrupt), "{error}");
                }
            }
        }
    }
}
