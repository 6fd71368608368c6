//! Segments whose bytes somebody has changed: an error or wrong data, never a crash, never without end.

use std::os::unix::fs::FileExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use zeroipc::{Array, Memory};

use crate::support::{Name, refused, sensors, shown, text, zeroipc};

const TABLE_END: usize = 16 + 64 * 40;
const RECORDS: usize = TABLE_END + 16;

/// Where the description of the first recorded type begins.
const DESCRIPTION: usize = RECORDS + 56 + 24;

fn write(name: &Name, at: usize, bytes: &[u8]) {
    let file = std::fs::OpenOptions::new().write(true).open(name.file()).expect("the segment's file");
    file.write_all_at(bytes, at as u64).expect("the bytes are written");
}

/// A segment with an array of one byte whose record is replaced by one with this element.
fn described_as(name: &Name, size: u32, description: &[u8]) {
    let memory = name.create();
    Array::<u8>::create(&memory, "a", u64::from(size.max(1))).expect("an array");
    let bytes = std::fs::read(name.file()).expect("the segment's bytes");
    let offset = u32::from_le_bytes(bytes[16 + 40 + 32..][..4].try_into().expect("4 bytes"));
    // One element of this size.
    write(name, offset as usize, &1_u64.to_le_bytes());
    let length = (56 + 24 + description.len()).next_multiple_of(8) as u32;
    write(name, RECORDS, &length.to_le_bytes());
    write(name, RECORDS + 56 + 16, &size.to_le_bytes());
    write(name, RECORDS + 56 + 20, &(description.len() as u32).to_le_bytes());
    write(name, DESCRIPTION, description);
    write(name, TABLE_END + 12, &length.to_le_bytes());
}

fn str_node(text: &str) -> Vec<u8> {
    [&[text.len() as u8], text.as_bytes()].concat()
}

/// Runs every command on a segment; none may be killed by a signal, panic, or take long.
fn survives(name: &Name, structure: &str, what: &str) {
    let path = name.path(structure);
    let runs: [&[&str]; 6] = [
        &["ls", name.as_str()],
        &["ls", &path],
        &["ls", "--json", &path],
        &["cat", &path],
        &["cat", "--all", &path],
        &["cat", "--json", "--type", "u8", &path],
    ];
    for args in runs {
        let mut child = Command::new(env!("CARGO_BIN_EXE_zeroipc"))
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the command runs");
        let deadline = Instant::now() + Duration::from_secs(60);
        let status = loop {
            match child.try_wait().expect("the child can be waited for") {
                Some(status) => break status,
                None if Instant::now() > deadline => {
                    child.kill().expect("the child can be killed");
                    panic!("{what}: {args:?} does not end");
                }
                None => std::thread::yield_now(),
            }
        };
        assert!(matches!(status.code(), Some(0..=2)), "{what}: {args:?} ended with {status}");
    }
}

#[test]
fn damaged_tables_are_refused_and_listed_as_damaged() {
    let name = Name::new("table");
    let memory = sensors(&name);
    write(&name, 8, &1000_u32.to_le_bytes());
    let segment = name.as_str();
    let (code, message) = refused(["ls", segment]);
    assert_eq!(code, 1);
    assert!(message.contains("`entry_count` is 1000 and its table has 64 entries"), "{message}");
    let listing = shown(["ls"]);
    let line = listing.lines().find(|line| line.starts_with(segment)).expect("a damaged segment is listed");
    assert!(line.contains("`entry_count` is 1000"), "{line}");
    drop(memory);
}

#[test]
fn names_cannot_steer_the_terminal() {
    let name = Name::new("steer");
    let memory = name.create_with(Memory::options().duck_typed(true));
    Array::<u8>::create(&memory, "abcdefgh", 1).expect("an array");
    write(&name, 16, b"\x1b]0;x\x07/");
    let listing = shown(["ls", name.as_str()]);
    assert!(listing.contains("\\u{1b}]0;x\\u{7}/h  unknown") && !listing.contains('\x1b'), "{listing}");
    let json = shown(["ls", "--json", name.as_str()]);
    assert!(json.contains("\"\\u001b]0;x\\u0007/h\""), "{json}");
    // A foreign name with a slash can be reached.
    assert_eq!(shown(["cat", "--type", "u8", &name.path("\x1b]0;x\x07/h")]), "0  0\n");
    // An entry outside the segment is told of by its name.
    write(&name, 16 + 36, &u32::MAX.to_le_bytes());
    let (code, message) = refused(["ls", name.as_str()]);
    assert!(code == 1 && message.contains("outside") && !message.contains('\x1b'), "{message}");
}

#[test]
fn fields_units_and_values_are_escaped() {
    let name = Name::new("escaped");
    // struct "T\n" { "f\x1b" in "u\x07": enum of u8 { 0 = "v\u{9b}" }, "" : opaque of 2 bytes }
    let mut description = vec![5];
    description.extend(str_node("T\n"));
    description.extend([4_u32.to_le_bytes(), 1_u32.to_le_bytes()].concat());
    description.extend(2_u16.to_le_bytes());
    description.extend([&0_u32.to_le_bytes()[..], &str_node("f\x1b"), &str_node("u\x07"), &[4, 1, 0]].concat());
    description
        .extend([&str_node("E\t")[..], &1_u16.to_le_bytes(), &0_i64.to_le_bytes(), &str_node("v\u{9b}")].concat());
    description.extend([&2_u32.to_le_bytes()[..], &str_node(""), &str_node(""), &[6], &2_u32.to_le_bytes()].concat());
    described_as(&name, 4, &description);
    assert_eq!(shown(["cat", &name.path("a")]), "0  { f\\u{1b}: v\\u{9b} u\\u{7}, @2: 0x0000 }\n");
    assert_eq!(shown(["cat", "--json", &name.path("a")]), "{\"f\\u001b\":\"v\\u009b\",\"@2\":\"0x0000\"}\n");
    let shown = shown(["ls", &name.path("a")]);
    let (_, fields) = shown.split_once("\n\n").expect("a table of the fields");
    assert_eq!(
        fields,
        "\
FIELD      OFFSET  SIZE  TYPE            UNIT
f\\u{1b}         0     1  E\\t: u8         u\\u{7}
(padding)       1     1
@2              2     2  2 opaque bytes

E\\t: u8 { v\\u{9b} = 0 }
"
    );
}

#[test]
fn elements_without_bytes_do_not_go_on_for_ever() {
    let name = Name::new("no_bytes");
    // struct of 1 byte { "x": an array of 2^32 − 1 arrays of as many elements of no bytes }
    let mut description = vec![5, 0];
    description.extend([1_u32.to_le_bytes(), 1_u32.to_le_bytes()].concat());
    description.extend([&1_u16.to_le_bytes()[..], &0_u32.to_le_bytes(), &str_node("x"), &str_node("")].concat());
    description.extend([&[2], &u32::MAX.to_le_bytes()[..], &[2], &u32::MAX.to_le_bytes(), &[6, 0, 0, 0, 0]].concat());
    described_as(&name, 1, &description);
    assert_eq!(shown(["cat", "--all", &name.path("a")]), "0  { x: [] }\n");
    survives(&name, "a", "nested elements of no bytes");

    let name = Name::new("no_element");
    described_as(&name, 0, &[6, 0, 0, 0, 0]);
    let (code, message) = refused(["cat", "--all", &name.path("a")]);
    assert_eq!(code, 1);
    assert!(message.contains("the record of `a` cannot be read; it is damaged"), "{message}");
}

#[test]
fn capacities_that_do_not_fit_are_refused() {
    let name = Name::new("capacity");
    let memory = sensors(&name);
    let structures = memory.structures().expect("the structures");
    for (structure, at) in [("temperature", 0), ("readings", 16)] {
        let info = structures.iter().find(|info| info.name() == structure).expect("it is there");
        for capacity in [0, 1, 7, 1 << 40, u64::MAX] {
            write(&name, info.offset() as usize + at, &capacity.to_le_bytes());
            let (code, message) = refused(["cat", &name.path(structure)]);
            assert_eq!(code, 1, "{structure} of {capacity}: {message}");
            survives(&name, structure, &format!("{structure} of {capacity}"));
        }
    }
}

#[test]
fn queues_with_impossible_words_are_refused_or_read_wrong() {
    let name = Name::new("words");
    let memory = sensors(&name);
    let structures = memory.structures().expect("the structures");
    let queue = structures.iter().find(|info| info.name() == "readings").expect("it is there").offset() as usize;
    let sound = std::fs::read(name.file()).expect("the segment's bytes");
    // head, tail, and the states of the first cells
    for at in [0, 8, 24, 24 + 48, 24 + 96] {
        for word in [0, 1, 2, 3, 7, 1 << 3 | 1, 1 << 63 | 3, u64::MAX, u64::MAX << 3 | 1] {
            write(&name, queue + at, &word.to_le_bytes());
            survives(&name, "readings", &format!("{word:#x} at {at}"));
        }
        write(&name, queue + at, &sound[queue + at..][..8]);
    }
    assert!(shown(["cat", &name.path("readings")]).starts_with("0  { id: 7,"));
}

#[test]
fn every_changed_byte_of_a_record_is_survived() {
    let name = Name::new("record");
    let memory = name.create();
    Array::<crate::support::Reading>::create(&memory, "a", 1).expect("an array");
    let sound = std::fs::read(name.file()).expect("the segment's bytes");
    // One byte in each 7, so that all kinds of fields are met and the test is short.
    for at in (TABLE_END..DESCRIPTION + 120).step_by(7) {
        write(&name, at, &[sound[at] ^ 0xff]);
        survives(&name, "a", &format!("byte {at}"));
        write(&name, at, &sound[at..=at]);
    }
}

#[test]
fn every_changed_byte_of_a_record_with_flags_and_a_variant_is_survived() {
    let name = Name::new("record_kinds");
    let memory = name.create();
    Array::<crate::kinds::Sample>::create(&memory, "a", 1).expect("an array");
    let sound = std::fs::read(name.file()).expect("the segment's bytes");
    let length = u32::from_le_bytes(sound[RECORDS..][..4].try_into().expect("4 bytes")) as usize;
    for at in (DESCRIPTION..RECORDS + length).step_by(13) {
        write(&name, at, &[sound[at] ^ 0x03]);
        survives(&name, "a", &format!("byte {at}"));
        write(&name, at, &sound[at..=at]);
    }
}

#[test]
fn a_variant_of_thousands_of_cases_is_shown_quickly() {
    let name = Name::new("cases");
    // A tag with 1,000 values, and as many cases at one offset, in the other order; then one that has no value.
    let values = 0..1000_i64;
    let mut description = [&[5][..], &str_node("V"), &8_u32.to_le_bytes(), &4_u32.to_le_bytes()].concat();
    description.extend(1002_u16.to_le_bytes());
    description.extend([&0_u32.to_le_bytes()[..], &str_node("tag"), &str_node(""), &[4, 3, 0], &str_node("")].concat());
    description.extend(1000_u16.to_le_bytes());
    values.clone().for_each(|n| description.extend([&n.to_le_bytes()[..], &str_node(&format!("C_{n}"))].concat()));
    let case = |name: &str| [&4_u32.to_le_bytes()[..], &str_node(name), &str_node(""), &[1, 1]].concat();
    values.rev().for_each(|n| description.extend(case(&format!("c{n}"))));
    let unmatched = [&description[..], &case("other")].concat();
    description[11..13].copy_from_slice(&1001_u16.to_le_bytes());
    let path = name.path("a");
    described_as(&name, 8, &description);
    assert_eq!(shown(["cat", &path]), "0  { tag: C_0, c0: 0 }\n");
    survives(&name, "a", "a variant of thousands of cases");
    let name = Name::new("cases_unmatched");
    described_as(&name, 8, &unmatched);
    assert!(shown(["cat", &name.path("a")]).ends_with("c1: 0, c0: 0, other: 0 }\n"));
}

#[test]
fn a_record_of_a_later_version_is_told() {
    let name = Name::new("later");
    let memory = name.create();
    Array::<u8>::create(&memory, "a", 1).expect("an array");
    write(&name, RECORDS + 6, &99_u16.to_le_bytes());
    assert!(shown(["ls", name.as_str()]).contains("a     unknown  u8              -"));
    let path = name.path("a");
    let expected = format!("zeroipc: `{path}` is of a kind that this release does not know; update ZeroIPC\n");
    assert_eq!(refused(["cat", &path]), (1, expected));
    write(&name, 4, &3_u32.to_le_bytes());
    let output = zeroipc(["ls", name.as_str()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(output.stderr).contains("its table has version 3 and this release reads 1 and 2; update ZeroIPC"));
}

#[test]
fn a_queue_made_for_long_walks_is_not_walked_for_long() {
    let name = Name::new("walks");
    let memory = Memory::create(name.as_str(), 4 << 20).expect("the segment is created");
    let (capacity, far) = (1 << 16, 1_u64 << 40);
    zeroipc::Queue::<u64>::create(&memory, "q", capacity).expect("a queue");
    let queue = memory.structures().expect("the structures")[0].offset() as usize;
    let set = |cell: u64, state: u64| write(&name, queue + 24 + 16 * cell as usize, &state.to_le_bytes());
    let (empty, full) = (|position: u64| position << 3 | 1, |position: u64| position << 3 | 3);
    // From every position but 0 a walk goes all around before it ends, and the tail claims to be far away.
    set(0, full(0));
    (1..capacity).for_each(|cell| set(cell, empty(cell + capacity)));
    set(5, empty(far + 5));
    write(&name, queue + 8, &(far + 5).to_le_bytes());
    survives(&name, "q", "a queue made for long walks");
}
