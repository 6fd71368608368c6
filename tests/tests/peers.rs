//! The conformance peer in Rust keeps to the commands that all languages' peers share.

use std::process::{Command, Output};
use std::time::Duration;

use serde_json::{Value, json};
use zeroipc_tests::actor::{Actor, Script};
use zeroipc_tests::names::Name;
use zeroipc_tests::scale::count;

const PEER: &str = env!("CARGO_BIN_EXE_peer");

fn run(args: &[&str]) -> Output {
    let mut command = Command::new(PEER);
    command.args(args).env(zeroipc_tests::actor::WATCHDOG, "60").output().unwrap()
}

#[track_caller]
fn well(args: &[&str]) -> String {
    let output = run(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn arrays_of_every_type() {
    let name = Name::new();
    well(&["create", &name, "65536"]);
    for (ty, values) in [
        ("u8", vec!["0", "255"]),
        ("u16", vec!["0", "65535"]),
        ("u32", vec!["0", "4294967295"]),
        ("u64", vec!["0", "18446744073709551615"]),
        ("i8", vec!["-128", "127"]),
        ("i16", vec!["-32768", "32767"]),
        ("i32", vec!["-2147483648", "2147483647"]),
        ("i64", vec!["-9223372036854775808", "9223372036854775807"]),
        ("f32", vec!["0.5", "-1.25"]),
        ("f64", vec!["0.5", "1e300"]),
    ] {
        let array = format!("of_{ty}");
        well(&[&["array-write", &name, &array, ty], values.as_slice()].concat());
        let read: Value = serde_json::from_str(&well(&["array-read", &name, &array, ty])).unwrap();
        let expected: Value = serde_json::from_str(&format!("[{}]", values.join(","))).unwrap();
        assert_eq!(read, expected, "{ty}");
    }
}

#[test]
fn errors_are_told_by_kind() {
    let name = Name::new();
    well(&["create", &name, "65536"]);
    well(&["array-write", &name, "a", "u32", "1"]);
    for (args, kind, code) in [
        (vec!["array-read", &name, "a", "f32"], "TypeMismatch", 1),
        (vec!["array-read", &name, "b", "f32"], "NotFound", 1),
        (vec!["queue-consume", &name, "a", "1"], "KindMismatch", 1),
        (vec!["create", &name, "65536"], "Exists", 1),
        (vec!["array-read", &name, "a", "f16"], "Usage", 2),
        (vec!["create", &name, "many"], "Usage", 2),
        (vec!["dance"], "Usage", 2),
    ] {
        let output = run(&args);
        assert_eq!(output.status.code(), Some(code), "{args:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with(&format!("error: {kind}: ")), "{args:?}: {said}");
    }
}

#[test]
fn queues_between_peers() {
    let name = Name::new();
    let each = count(20_000, 1_000_000);
    well(&["create", &name, "1048576"]);
    well(&["create-queue", &name, "q", "64"]);
    let time = Duration::from_secs(60 + each / 10_000);
    let peer = |args: &[&str]| -> Actor { Script::new(PEER).args(args).watchdog(time).start() };
    let (total, each_text) = ((3 * each).to_string(), each.to_string());
    let mut consumer = peer(&["queue-consume", &name, "q", &total]);
    let mut producers: Vec<Actor> =
        ["0", "1", "7"].iter().map(|me| peer(&["queue-produce", &name, "q", me, &each_text])).collect();
    let end = std::time::Instant::now() + time;
    let said: Value = serde_json::from_str(&consumer.try_line(end).expect("it ends")).unwrap();
    let sum = (each * (each - 1)) as f64 * 0.25;
    assert_eq!(
        said,
        json!({
            "counts": {"0": each, "1": each, "7": each},
            "sums": {"0": sum, "1": sum, "7": sum},
        })
    );
    producers.iter_mut().for_each(Actor::wait_success);
    consumer.wait_success();
}
