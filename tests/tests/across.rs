//! Every language with every other, on one live segment. `cargo xtask test` builds the peers and says where they are;
//! without them these tests say so and do nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use serde_json::Value;
use zeroipc::{Array, Memory, Queue};
use zeroipc_tests::names::Name;

#[path = "across/all_kinds.rs"]
mod all_kinds;
#[path = "across/kinds.rs"]
mod kinds;

/// A peer: its name and the command that starts it.
#[derive(Clone)]
struct Peer {
    name: &'static str,
    program: PathBuf,
    script: Option<PathBuf>,
}

/// The peers of all languages, if `cargo xtask test` has built them.
fn peers() -> Option<[Peer; 3]> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let found = (|| {
        Some([
            Peer { name: "rust", program: variable("ZEROIPC_RUST_PEER")?, script: None },
            Peer { name: "c", program: variable("ZEROIPC_C_PEER")?, script: None },
            Peer { name: "python", program: variable("ZEROIPC_PYTHON")?, script: variable("ZEROIPC_PYTHON_PEER") },
        ])
    })();
    if found.is_none() {
        eprintln!("skipped: the peers of C and Python are not built; run `cargo xtask test`");
    }
    found
}

impl Peer {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.script).args(args).env("ZEROIPC_TEST_WATCHDOG", "120");
        command
    }

    fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap_or_else(|error| panic!("{}: cannot start: {error}", self.name))
    }

    /// Runs a command that has to succeed, and returns its line of JSON.
    fn run(&self, args: &[&str]) -> Value {
        let output = self.output(args);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{} {args:?}: {}: {text}{told}", self.name, output.status);
        text.lines().last().map_or(Value::Null, |line| serde_json::from_str(line).unwrap_or(Value::Null))
    }

    /// Runs a command that has to fail, and returns its status and message.
    fn refused(&self, args: &[&str]) -> (String, String) {
        let output = self.output(args);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{} {args:?}: {text}", self.name);
        let line: Value = serde_json::from_str(text.lines().last().unwrap_or_default()).unwrap_or(Value::Null);
        let field = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        (field("status"), field("message"))
    }

    /// Runs a command that ends by SIGKILL at a test point.
    fn dies_at(&self, point: &str, args: &[&str]) {
        use std::os::unix::process::ExitStatusExt;
        let output = self.output(&[&["die-at", point], args].concat());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.signal(), Some(libc::SIGKILL), "{} at {point}: {}: {told}", self.name, output.status);
    }
}

fn pairs(peers: &[Peer; 3]) -> Vec<(Peer, Peer)> {
    peers.iter().flat_map(|a| peers.iter().map(|b| (a.clone(), b.clone()))).collect()
}

fn segment() -> Name {
    let name = Name::new();
    drop(Memory::create(&name, 8 << 20).unwrap());
    name
}

fn full() -> bool {
    std::env::var_os("ZEROIPC_TEST_FULL").is_some()
}

#[test]
fn array_writer_to_reader() {
    let Some(peers) = peers() else { return };
    let types: [(&str, &[&str]); 10] = [
        ("u8", &["0", "255"]),
        ("u16", &["0", "65535"]),
        ("u32", &["1", "4294967295"]),
        ("u64", &["1", "18446744073709551615"]),
        ("i8", &["-128", "127"]),
        ("i16", &["-32768", "32767"]),
        ("i32", &["-2147483648", "7"]),
        ("i64", &["-9223372036854775808", "9223372036854775807"]),
        ("f32", &["23.5", "-0.125"]),
        ("f64", &["0.1", "1e300"]),
    ];
    for (writer, reader) in pairs(&peers) {
        let name = segment();
        for (ty, values) in types {
            writer.run(&[&["array-write", &name, ty, ty], values].concat());
            let read = reader.run(&["array-read", &name, ty, ty]);
            let read = read["values"].as_array().unwrap_or_else(|| panic!("{}: {read}", reader.name)).clone();
            for (expected, found) in values.iter().zip(&read) {
                let same = match found {
                    Value::Number(number) if ty.starts_with('f') => number.as_f64() == expected.parse().ok(),
                    other => *other == serde_json::from_str::<Value>(expected).unwrap(),
                };
                assert!(same, "{ty}::{}_to_{}: {expected} became {found}", writer.name, reader.name);
            }
            assert_eq!(read.len(), values.len());
        }
    }
}

#[test]
fn queue_writer_to_reader() {
    let Some(peers) = peers() else { return };
    let count = if full() { "20000" } else { "2000" };
    for (creator, (writer, reader)) in peers.iter().cycle().zip(pairs(&peers)) {
        let name = segment();
        creator.run(&["create-queue", &name, "items", "64"]);
        let read = thread::scope(|scope| {
            let reading = scope.spawn(|| reader.run(&["queue-consume", &name, "items", count]));
            writer.run(&["queue-produce", &name, "items", "7", count]);
            reading.join().unwrap()
        });
        let n: f64 = count.parse().unwrap();
        assert_eq!(read["producers"]["7"]["count"].as_f64(), Some(n), "{}_to_{}", writer.name, reader.name);
        assert_eq!(read["producers"]["7"]["sum"].as_f64(), Some(n * (n - 1.0) / 2.0));
    }
}

#[test]
fn all_produce_and_all_consume() {
    let Some(peers) = peers() else { return };
    // What each language pushes, and what its consumer pops: the totals are equal.
    let counts: [u64; 3] = if full() { [1_500_000, 1_500_000, 150_000] } else { [60_000, 60_000, 15_000] };
    let name = segment();
    peers[0].run(&["create-queue", &name, "items", "1024"]);
    let consumed: Vec<Value> = thread::scope(|scope| {
        let name = &name;
        let consumers: Vec<_> = peers
            .iter()
            .zip(counts)
            .map(|(peer, count)| scope.spawn(move || peer.run(&["queue-consume", name, "items", &count.to_string()])))
            .collect();
        for (id, (peer, count)) in peers.iter().zip(counts).enumerate() {
            scope.spawn(move || {
                peer.run(&["queue-produce", name, "items", &id.to_string(), &count.to_string()]);
            });
        }
        consumers.into_iter().map(|consumer| consumer.join().unwrap()).collect()
    });
    let mut totals = BTreeMap::<String, (u64, f64)>::new();
    for line in &consumed {
        for (id, told) in line["producers"].as_object().unwrap() {
            let (count, sum) = totals.entry(id.clone()).or_default();
            *count += told["count"].as_u64().unwrap();
            *sum += told["sum"].as_f64().unwrap();
        }
    }
    for (id, count) in counts.into_iter().enumerate() {
        let sum = count as f64 * (count as f64 - 1.0) / 2.0;
        assert_eq!(totals[&id.to_string()], (count, sum), "producer {id}: {consumed:?}");
    }
}

#[test]
fn all_add_to_one_number() {
    let Some(peers) = peers() else { return };
    for (ty, step) in [("i32", "3"), ("u64", "5"), ("f64", "0.5"), ("f32", "1")] {
        let name = segment();
        peers[1].run(&["array-create", &name, "counter", ty, "1"]);
        thread::scope(|scope| {
            for peer in &peers {
                let name = &name;
                scope.spawn(move || peer.run(&["array-add", name, "counter", ty, "0", step, "5000"]));
            }
        });
        let read = peers[0].run(&["array-read", &name, "counter", ty]);
        let expected = 15_000.0 * step.parse::<f64>().unwrap();
        assert_eq!(read["values"][0].as_f64(), Some(expected), "{ty}");
    }
}

#[test]
fn all_create_the_same_structures() {
    let Some(peers) = peers() else { return };
    let name = segment();
    let rounds = if full() { 40 } else { 8 };
    thread::scope(|scope| {
        for peer in &peers {
            let name = &name;
            scope.spawn(move || {
                for round in 0..rounds {
                    peer.run(&["array-write", name, &format!("array {round}"), "u32", "1", "2", "3"]);
                }
            });
        }
    });
    for peer in &peers {
        let listed = peer.run(&["list", &name]);
        let mut names: Vec<&str> =
            listed["entries"].as_array().unwrap().iter().filter_map(|entry| entry["name"].as_str()).collect();
        names.retain(|name| !name.starts_with('.'));
        names.sort_unstable();
        let mut expected: Vec<String> = (0..rounds).map(|round| format!("array {round}")).collect();
        expected.sort_unstable();
        assert_eq!(names, expected, "{}", peer.name);
    }
}

#[test]
fn a_victim_in_one_language_blocks_no_survivor_in_another() {
    let Some(peers) = peers() else { return };
    let pushes =
        [("queue.push.claimed", 0), ("queue.push.hinted", 0), ("queue.push.written", 0), ("queue.push.published", 1)];
    for (number, (victim, survivor)) in pairs(&peers).into_iter().enumerate() {
        // Every pair meets a part of the points in the fast run, and every point is met by some pair.
        let chosen = |index: usize| full() || (index + number).is_multiple_of(3);
        for (index, (point, published)) in pushes.into_iter().enumerate() {
            if !chosen(index) {
                continue;
            }
            let name = segment();
            survivor.run(&["create-queue", &name, "items", "4"]);
            victim.dies_at(point, &["queue-produce", &name, "items", "1", "3"]);
            let told = format!("{} dies at {point}, {} goes on", victim.name, survivor.name);
            let left = survivor.run(&["queue-drain", &name, "items"]);
            assert_eq!(left["consumed"].as_u64(), Some(published), "{told}: {left}");
            // The whole capacity is there again: four pushes do not wait.
            survivor.run(&["queue-produce", &name, "items", "2", "4"]);
            let read = survivor.run(&["queue-consume", &name, "items", "4"]);
            assert_eq!(read["producers"]["2"]["count"].as_u64(), Some(4), "{told}");
        }
        for (index, (point, taken)) in [("queue.pop.copied", 0), ("queue.pop.taken", 1)].into_iter().enumerate() {
            if !chosen(index) {
                continue;
            }
            let name = segment();
            survivor.run(&["create-queue", &name, "items", "4"]);
            survivor.run(&["queue-produce", &name, "items", "1", "3"]);
            victim.dies_at(point, &["queue-consume", &name, "items", "3"]);
            let left = survivor.run(&["queue-drain", &name, "items"]);
            let told = format!("{} dies at {point}, {} goes on", victim.name, survivor.name);
            assert_eq!(left["consumed"].as_u64(), Some(3 - taken), "{told}");
        }
        let creations =
            ["create.locked", "create.initialised", "create.recorded", "create.entry", "create.next_offset"];
        for (index, point) in creations.into_iter().enumerate() {
            if !chosen(index) {
                continue;
            }
            let name = segment();
            victim.dies_at(point, &["array-write", &name, "first", "u64", "7", "8"]);
            let told = format!("{} dies at {point}, {} goes on", victim.name, survivor.name);
            let (status, _) = survivor.refused(&["array-read", &name, "first", "u64"]);
            assert_eq!(status, "NOT_FOUND", "{told}");
            survivor.run(&["array-create", &name, "second", "u32", "8"]);
            let read = survivor.run(&["array-read", &name, "second", "u32"]);
            assert_eq!(read["values"], serde_json::json!([0, 0, 0, 0, 0, 0, 0, 0]), "{told}");
            survivor.run(&["array-write", &name, "first", "u64", "7", "8"]);
            assert_eq!(victim.run(&["array-read", &name, "first", "u64"])["values"], serde_json::json!([7, 8]));
        }
    }
}

#[test]
fn a_reader_of_another_type_is_refused_in_every_language() {
    let Some(peers) = peers() else { return };
    for (writer, reader) in pairs(&peers) {
        let name = segment();
        writer.run(&["array-write", &name, "numbers", "f32", "1", "2"]);
        let (status, message) = reader.refused(&["array-read", &name, "numbers", "i32"]);
        let told = format!("{}_to_{}: {message}", writer.name, reader.name);
        assert_eq!(status, "TYPE_MISMATCH", "{told}");
        assert!(message.contains("is i32 here and f32 in the segment"), "{told}");
        let (status, message) = reader.refused(&["queue-open", &name, "numbers", "Item"]);
        assert_eq!(status, "KIND_MISMATCH", "{}_to_{}: {message}", writer.name, reader.name);
    }
}

#[test]
fn attachments_of_all_languages_are_counted() {
    let Some(peers) = peers() else { return };
    let name = segment();
    let memory = Memory::open(&name).unwrap();
    let held: Vec<_> = peers
        .iter()
        .map(|peer| {
            use std::io::{BufRead as _, BufReader};
            use std::process::Stdio;
            let mut child = peer
                .command(&["hold", &name])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap_or_else(|error| panic!("{}: {error}", peer.name));
            let mut line = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
            let told: Value = serde_json::from_str(&line).unwrap();
            let id = u32::try_from(told["id"].as_u64().unwrap()).unwrap();
            (child, id)
        })
        .collect();
    assert_eq!(memory.attachments().unwrap(), 4);
    for (mut child, id) in held {
        assert!(memory.is_alive(id));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!memory.is_alive(id));
    }
    assert_eq!(memory.attachments().unwrap(), 1);
}

/// The Python of the documents and the README, against a segment that Rust made. It names `/sensor_data`, so it runs only
/// where nobody has a segment of that name.
#[test]
fn the_first_example_works_as_it_is_written() {
    let Some([_, _, python]) = peers() else { return };
    let memory = match Memory::options().remove_on_last_detach(true).create("/sensor_data", 10 << 20) {
        Ok(memory) => memory,
        Err(error) => return eprintln!("skipped: {error}"),
    };
    let temperature = Array::<f32>::create(&memory, "temperature", 1000).unwrap();
    temperature.set(0, 23.5);
    temperature.set(1, 24.1);
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let snippet = readme.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let output = Command::new(&python.program).args(["-c", snippet]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "23.5\n24.1\n", "{output:?}");

    // Open or create, as the documents have it for an array.
    let data = match Array::<i32>::open(&memory, "data") {
        Ok(data) => data,
        Err(_) => Array::<i32>::create(&memory, "data", 100).unwrap(),
    };
    assert_eq!(data.len(), 100);
    let counter = Array::<i32>::create(&memory, "counter", 1).unwrap();
    assert_eq!(counter.fetch_add(0, 1), 0);
    assert_eq!(counter.load(0), 1);
    let queue = Queue::<i32>::create(&memory, "tasks", 100).unwrap();
    queue.push(1).unwrap();
    assert_eq!(queue.pop().unwrap(), 1);
}
