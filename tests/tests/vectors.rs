//! The bytes of segments, as `schemas/format/segments.json` and `docs/format.md` have them.

use serde_json::Value;
use zeroipc::{Array, Memory, Queue, ShmLayout, TableVersion};
use zeroipc_tests::names::Name;
use zeroipc_tests::types::{Aligned, Fix};

fn vectors() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/format/segments.json");
    let text = std::fs::read_to_string(path).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    all["segments"].as_array().unwrap().clone()
}

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
}

fn create(memory: &Memory, structure: &Value) {
    let (name, capacity) = (structure["name"].as_str().unwrap(), structure["capacity"].as_u64().unwrap());
    match (structure["kind"].as_str().unwrap(), structure["element"].as_str().unwrap()) {
        ("array", "f32") => drop(Array::<f32>::create(memory, name, capacity).unwrap()),
        ("array", "i32") => drop(Array::<i32>::create(memory, name, capacity).unwrap()),
        ("array", "u64") => drop(Array::<u64>::create(memory, name, capacity).unwrap()),
        ("queue", "u64") => drop(Queue::<u64>::create(memory, name, capacity).unwrap()),
        other => panic!("this test cannot create {other:?}"),
    }
}

#[test]
fn heads_are_written_as_the_vectors_say() {
    for vector in vectors() {
        let name = Name::new();
        let version = if vector["version"] == 1 { TableVersion::V1 } else { TableVersion::V2 };
        let memory = Memory::options()
            .table_version(version)
            .table_size(vector["table_size"].as_u64().unwrap() as u32)
            .duck_typed(vector["duck_typed"].as_bool().unwrap())
            .create(&name, vector["size"].as_u64().unwrap())
            .unwrap();
        for structure in vector["structures"].as_array().unwrap() {
            create(&memory, structure);
        }
        let bytes = std::fs::read(name.path()).unwrap();
        let mut expected = bytes_of(vector["head"].as_str().unwrap());
        let end = vector["table_end"].as_u64().unwrap() as usize;
        expected.resize(end, 0);
        assert_eq!(bytes[..end], expected, "{}", vector["name"]);
    }
}

#[test]
fn heads_are_read_as_the_vectors_say() {
    for vector in vectors() {
        let name = Name::new();
        let mut bytes = bytes_of(vector["head"].as_str().unwrap());
        bytes.resize(vector["size"].as_u64().unwrap() as usize, 0);
        std::fs::write(name.path(), &bytes).unwrap();
        let memory = Memory::open(&name).unwrap_or_else(|error| panic!("{}: {error}", vector["name"]));
        assert_eq!(u64::from(memory.table_size()), vector["table_size"]);
        let names: Vec<String> = memory.structures().unwrap().iter().map(|one| one.name().to_owned()).collect();
        let expected: Vec<&str> =
            vector["structures"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(names, expected);
        let _ = std::fs::remove_file(name.path());
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap())
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// A string of a description.
fn text(text: &str) -> Vec<u8> {
    [&[text.len() as u8], text.as_bytes()].concat()
}

/// What `docs/format.md` §3.1 gives for a [`Fix`].
fn description_of_fix() -> Vec<u8> {
    let mut bytes = vec![5];
    bytes.extend(text("Fix"));
    bytes.extend(32_u32.to_le_bytes());
    bytes.extend(8_u32.to_le_bytes());
    bytes.extend(4_u16.to_le_bytes());
    for (offset, name) in [(0_u32, "lat"), (8, "lon")] {
        bytes.extend(offset.to_le_bytes());
        bytes.extend(text(name));
        bytes.extend(text("deg"));
        bytes.extend([1, 10]);
    }
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(text("label"));
    bytes.extend(text(""));
    bytes.push(3);
    bytes.extend(12_u32.to_le_bytes());
    bytes.extend(28_u32.to_le_bytes());
    bytes.extend(text("mode"));
    bytes.extend(text(""));
    bytes.extend([4, 1, 0]);
    bytes.extend(text("Mode"));
    bytes.extend(2_u16.to_le_bytes());
    for (value, name) in [(0_i64, "IDLE"), (1, "RUN")] {
        bytes.extend(value.to_le_bytes());
        bytes.extend(text(name));
    }
    bytes
}

#[test]
fn schema_has_the_documented_bytes() {
    for (version, end) in [(TableVersion::V1, 2576), (TableVersion::V2, 3104)] {
        let name = Name::new();
        let memory = Memory::options().table_version(version).create(&name, 1 << 16).unwrap();
        let queue = Queue::<Fix>::create(&memory, "fixes", 3).unwrap();
        Array::<u64>::create(&memory, "numbers", 7).unwrap();
        drop(queue);
        let bytes = std::fs::read(name.path()).unwrap();
        let entry = if version == TableVersion::V1 { 16 } else { 32 };
        assert_eq!(bytes[entry..entry + 32], *b".schema\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        // A sixteenth of 64 KiB.
        let size = 4096;
        if version == TableVersion::V1 {
            assert_eq!((u32_at(&bytes, entry + 32), u32_at(&bytes, entry + 36)), (end as u32, size));
        } else {
            assert_eq!((u64_at(&bytes, entry + 32), u64_at(&bytes, entry + 40)), (end as u64, u64::from(size)));
        }
        let schema = &bytes[end..end + size as usize];
        assert_eq!(u32_at(schema, 0), 0x4d48_4353);
        assert_eq!(schema[..4], *b"SCHM");
        assert_eq!(u32_at(schema, 4), 1);
        let used = u32_at(schema, 12) as usize;

        let description = description_of_fix();
        let length = 56 + 24 + description.len().next_multiple_of(8);
        let record = &schema[16..16 + length];
        assert_eq!(u32_at(record, 0) as usize, length);
        assert_eq!((u16_at(record, 4), u16_at(record, 6)), (1, 2));
        let offset = u64_at(record, 8);
        assert_eq!(offset % 64, 56);
        assert!(offset as usize >= end + size as usize && (offset as usize) < end + size as usize + 64);
        assert_eq!(record[16..48], *b"fixes\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        assert_eq!((u32_at(record, 48), u32_at(record, 52)), (1, 0));
        assert_eq!(u64_at(record, 56), Fix::LAYOUT_FINGERPRINT);
        assert_eq!(u64_at(record, 64), Fix::SCHEMA_FINGERPRINT);
        assert_eq!((u32_at(record, 72), u32_at(record, 76) as usize), (32, description.len()));
        assert_eq!(record[80..80 + description.len()], description);
        assert!(record[80 + description.len()..].iter().all(|byte| *byte == 0));

        let second = &schema[16 + length..16 + used];
        assert_eq!(second.len(), 56 + 24 + 8);
        assert_eq!((u32_at(second, 0), u16_at(second, 4), u16_at(second, 6)), (88, 1, 1));
        assert_eq!(second[16..24], *b"numbers\0");
        assert_eq!((u32_at(second, 72), u32_at(second, 76)), (8, 2));
        assert_eq!(second[80..88], [1, 4, 0, 0, 0, 0, 0, 0]);
        assert!(schema[16 + used..].iter().all(|byte| *byte == 0));

        // The structures themselves: a fresh queue of 4 cells, and an array behind it.
        let queue = &bytes[offset as usize..];
        assert_eq!([u64_at(queue, 0), u64_at(queue, 8), u64_at(queue, 16)], [0, 0, 4]);
        for cell in 0..4_usize {
            let at = 24 + cell * 40;
            assert_eq!(u64_at(queue, at), 1 | (cell as u64) << 3);
            assert!(queue[at + 8..at + 40].iter().all(|byte| *byte == 0));
        }
        let array = &bytes[u64_at(second, 8) as usize..];
        assert_eq!(u64_at(array, 0), 7);
        assert_eq!(u64_at(second, 8), {
            let behind = offset + 24 + 4 * 40;
            behind + (56_u64.wrapping_sub(behind) & 63)
        });
    }
}

#[test]
fn cells_have_the_documented_states() {
    let name = Name::new();
    let memory = Memory::options().duck_typed(true).create(&name, 1 << 14).unwrap();
    let queue = Queue::<u32>::create(&memory, "q", 2).unwrap();
    for value in [0xaaaa_aaaa, 0xbbbb_bbbb, 0xcccc_cccc] {
        queue.push(value).unwrap();
        if value == 0xaaaa_aaaa {
            queue.pop().unwrap();
        }
    }
    let bytes = std::fs::read(name.path()).unwrap();
    let queue = &bytes[2576..];
    let words: Vec<u64> = (0..7).map(|word| u64_at(queue, 8 * word)).collect();
    // head, tail, capacity; FULL(2) with the third value in cell 0; FULL(1) with the second in cell 1.
    assert_eq!(words, [1, 3, 2, 3 | 2 << 3, 0xcccc_cccc, 3 | 1 << 3, 0xbbbb_bbbb]);
}

#[test]
fn claimed_cell_names_its_owner() {
    let name = Name::new();
    let memory = Memory::options().duck_typed(true).create(&name, 1 << 14).unwrap();
    Queue::<u64>::create(&memory, "q", 2).unwrap();
    let mut child = zeroipc_tests::actor::Script::new(env!("CARGO_BIN_EXE_actor"))
        .args(["push", &name, "5"])
        .stop_at("queue.push.claimed", 1)
        .start();
    child.expect("reached");
    let bytes = std::fs::read(name.path()).unwrap();
    let word = u64_at(&bytes, 2576 + 24);
    assert_eq!((word & 7, word >> 27), (2, 0));
    let owner = (word >> 3 & 0xff_ffff) as u32;
    assert!(memory.is_alive(owner) && Some(owner) != memory.id().unwrap());
    child.kill();
    assert!(!memory.is_alive(owner));
}

#[test]
fn over_aligned_arrays_are_placed_as_documented() {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 16).unwrap();
    for number in 0..3 {
        Array::<Aligned>::create(&memory, &format!("a{number}"), 1).unwrap();
        Array::<u8>::create(&memory, &format!("u{number}"), 3).unwrap();
    }
    let mut end = 2576 + 4096;
    for structure in memory.structures().unwrap() {
        let modulus = if structure.name().starts_with('a') { 256 } else { 64 };
        let expected = end + ((modulus - 8_u64).wrapping_sub(end) & (modulus - 1));
        assert_eq!(structure.offset(), expected, "{structure}");
        end = (structure.offset() + structure.size()).next_multiple_of(8);
    }
    assert_eq!(memory.free().unwrap(), (1 << 16) - end);
}
