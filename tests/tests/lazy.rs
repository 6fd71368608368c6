//! Lazy: computed once, kept, and taken over.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use zeroipc::{Array, ErrorKind, Lazy, Memory};
use zeroipc_tests::DEADLINE;
use zeroipc_tests::actor::{Actor, Script};
use zeroipc_tests::names::Name;
use zeroipc_tests::types::{Big, Odd};

fn lazy() -> (Name, Memory, Lazy<u64>) {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 16).unwrap();
    let lazy = Lazy::create(&memory, "l").unwrap();
    (name, memory, lazy)
}

#[test]
fn smoke() {
    let (_name, memory, lazy) = lazy();
    assert_eq!(lazy.get().unwrap(), None);
    assert!(!lazy.is_computed());
    assert_eq!(lazy.force(|| 7).unwrap(), 7);
    assert_eq!(lazy.force(|| unreachable!()).unwrap(), 7);
    assert_eq!(lazy.force_timeout(Duration::ZERO, || unreachable!()).unwrap(), 7);
    assert_eq!(lazy.wait().unwrap(), 7);
    let other = Lazy::<u64>::open(&memory, "l").unwrap();
    assert!(other.is_computed());
    assert_eq!(other.get().unwrap(), Some(7));
    assert!(!other.reset_error().unwrap());
    assert_eq!(other.get().unwrap(), Some(7));
    assert_eq!(Lazy::<f64>::open(&memory, "l").unwrap_err().kind(), ErrorKind::TypeMismatch);
    assert_eq!(Lazy::<u64>::open_or_create(&memory, "l").unwrap().name(), "l");
}

#[test]
fn values_of_every_size() {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 20).unwrap();
    assert_eq!(Lazy::create(&memory, "one").unwrap().force(|| 7_u8).unwrap(), 7);
    let odd = Odd { bytes: [3; 13] };
    assert_eq!(Lazy::create(&memory, "odd").unwrap().force(|| odd).unwrap(), odd);
    Lazy::<Big>::create(&memory, "big").unwrap().force(|| Big::new(9)).unwrap();
    assert_eq!(Lazy::<Big>::open(&memory, "big").unwrap().get().unwrap(), Some(Big::new(9)));
    assert_eq!(Lazy::<Odd>::open(&memory, "odd").unwrap().get().unwrap(), Some(odd));
}

#[test]
fn a_failure_is_kept_until_it_is_reset() {
    let (_name, memory, lazy) = lazy();
    let told = "lazy `l` in segment `";
    let error = lazy.try_force(|| Err("no such file".to_owned())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(
        error.to_string().starts_with(told) && error.to_string().ends_with("`: it failed: no such file"),
        "{error}"
    );
    let other = Lazy::<u64>::open(&memory, "l").unwrap();
    for again in [other.force(|| 1), other.get().map(Option::unwrap_or_default), other.wait()] {
        assert_eq!(again.unwrap_err().to_string(), error.to_string());
    }
    assert!(other.reset_error().unwrap());
    assert!(!other.reset_error().unwrap());
    assert_eq!(lazy.get().unwrap(), None);
    assert_eq!(lazy.force_with(|state| if state.is_repeated() { 0 } else { 5 }).unwrap(), 5);
}

/// 256 bytes are kept, and whole characters of them.
#[test]
fn a_long_text_is_cut_at_a_character() {
    for (text, kept) in [
        ("é".repeat(128), "é".repeat(128)),
        (format!("x{}", "é".repeat(128)), format!("x{}", "é".repeat(127))),
        (format!("{}€", "x".repeat(254)), "x".repeat(254)),
        (String::new(), String::new()),
    ] {
        let (_name, memory, lazy) = lazy();
        lazy.try_force(|| Err(text.clone())).unwrap_err();
        let error = Lazy::<u64>::open(&memory, "l").unwrap().get().unwrap_err().to_string();
        assert!(error.ends_with(&format!("it failed: {kept}")), "{error}");
    }
}

#[test]
fn a_panic_is_told_to_the_next() {
    let (_name, _memory, lazy) = lazy();
    catch_unwind(AssertUnwindSafe(|| lazy.force(|| panic!("as planned")))).unwrap_err();
    assert_eq!(lazy.get().unwrap(), None);
    let value = lazy.try_force_with(|state| if state.previous_panicked() { Ok(3) } else { Err("not told".into()) });
    assert_eq!(value.unwrap(), 3);
}

#[test]
fn of_many_processes_one_computes_and_all_have_its_value() {
    let (name, memory, lazy) = lazy();
    let runs = Array::<u64>::create(&memory, "runs", 1).unwrap();
    let script = || Script::new(env!("CARGO_BIN_EXE_codata")).arg("force").arg(&*name);
    let mut actors: Vec<Actor> = (0..8).map(|_| script().start()).collect();
    actors.iter_mut().for_each(|actor| actor.expect("ready"));
    actors.iter_mut().for_each(|actor| actor.send("go"));
    let values: Vec<String> = actors.iter_mut().map(|actor| actor.answer("value")).collect();
    assert_eq!(runs.load(0), 1);
    assert_eq!(values, vec![lazy.get().unwrap().unwrap().to_string(); 8]);
}

#[test]
fn a_read_only_handle_reads() {
    let (name, _memory, lazy) = lazy();
    let reader = Lazy::<u64>::open(&Memory::open_read_only(&name).unwrap(), "l").unwrap();
    assert_eq!(reader.get().unwrap(), None);
    assert_eq!(reader.force(|| unreachable!()).unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(reader.reset_error().unwrap_err().kind(), ErrorKind::ReadOnly);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| reader.wait_timeout(DEADLINE));
        lazy.force(|| 7).unwrap();
        assert_eq!(waiter.join().unwrap().unwrap(), 7);
    });
    assert_eq!(reader.force(|| unreachable!()).unwrap(), 7);
}

/// Whatever the header is, nothing hangs, panics, or reads beyond the text.
#[test]
fn any_header_is_survived() {
    use std::os::unix::fs::FileExt as _;
    let (name, memory, lazy) = lazy();
    let offset = memory.structures().unwrap()[0].offset();
    let file = std::fs::File::options().write(true).open(name.path()).unwrap();
    for low in 0..256_u64 {
        for (high, length) in [(0, 0), (0xab_cdef << 8, 300), (u64::MAX << 32, u64::MAX)] {
            file.write_at(&[(low | high).to_le_bytes(), length.to_le_bytes()].concat(), offset).unwrap();
            let _ = (lazy.is_computed(), lazy.get(), lazy.wait_timeout(Duration::ZERO));
            let _ = (lazy.force_timeout(Duration::ZERO, || 1), lazy.reset_error());
        }
    }
}
