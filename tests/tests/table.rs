//! Tables and `.schema` that run out of room, and what is in them.

use zeroipc::{Array, Error, ErrorKind, Memory, Queue, TableVersion};
use zeroipc_tests::names::Name;
use zeroipc_tests::types::{Aligned, Fix};

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind, said: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, said));
}

#[test]
fn table_is_full_when_its_entries_are_in_use() {
    for version in [TableVersion::V1, TableVersion::V2] {
        for (size, room) in [(1, 1), (4, 4), (8, 7), (16, 15), (64, 63), (256, 255)] {
            let name = Name::new();
            let memory = Memory::options().table_size(size).table_version(version).create(&name, 1 << 20).unwrap();
            for number in 0..room {
                Array::<u64>::create(&memory, &format!("a{number}"), 2).unwrap();
            }
            let free = memory.free().unwrap();
            let said = format!(
                "segment `{}`: all {size} entries of its table are in use; create it with a larger table",
                name.as_str()
            );
            refused(Array::<u64>::create(&memory, "more", 2), ErrorKind::TableFull, &said);
            refused(Queue::<u64>::create(&memory, "more", 2), ErrorKind::TableFull, &said);
            assert_eq!(memory.free().unwrap(), free);
            let other = Memory::open(&name).unwrap();
            assert_eq!(other.table_size(), size);
            for number in 0..room {
                Array::<u64>::open(&other, &format!("a{number}")).unwrap().set(1, number);
                assert_eq!(
                    Array::<u64>::open_or_create(&memory, &format!("a{number}"), 2).unwrap().get(1),
                    Some(number)
                );
            }
        }
    }
}

#[test]
fn space_is_full_when_it_is_used_up() {
    for version in [TableVersion::V1, TableVersion::V2] {
        let name = Name::new();
        let memory = Memory::options().table_version(version).duck_typed(true).create(&name, 1 << 14).unwrap();
        let free = memory.free().unwrap();
        // The first structure starts at the table's end itself, and may take all.
        refused(
            Array::<u8>::create(&memory, "a", free - 7),
            ErrorKind::OutOfSpace,
            &format!(
                "segment `{}`: {} bytes are needed and {free} are free of 16384; create it with a larger size",
                name.as_str(),
                free + 1
            ),
        );
        let array = Array::<u8>::create(&memory, "a", free - 8).unwrap();
        array.fill(1);
        assert_eq!(memory.free().unwrap(), 0);
        assert_eq!(Array::<u8>::create(&memory, "b", 1).unwrap_err().kind(), ErrorKind::OutOfSpace);
        assert_eq!(Memory::open(&name).unwrap().structures().unwrap().len(), 1);
    }
}

#[test]
fn over_aligned_array_cannot_be_the_first_without_records() {
    // The first structure starts at the table's end, so that readers find the table's size; wherever that is.
    for version in [TableVersion::V1, TableVersion::V2] {
        let name = Name::new();
        let memory = Memory::options().table_version(version).duck_typed(true).create(&name, 1 << 16).unwrap();
        let end = if version == TableVersion::V1 { 2576 } else { 3104 };
        let said = format!(
            "segment `{}`: its first structure starts behind the table, at {end}, which does not suit elements aligned \
             to 256; create another structure first",
            name.as_str()
        );
        refused(Array::<Aligned>::create(&memory, "a", 2), ErrorKind::BadArgument, &said);
        refused(Array::<Aligned>::open_or_create(&memory, "a", 2), ErrorKind::BadArgument, &said);
        assert!(memory.structures().unwrap().is_empty(), "nothing was created");
        Array::<u8>::create(&memory, "another", 1).unwrap();
        Array::<Aligned>::create(&memory, "a", 2).unwrap();
    }
}

#[test]
fn refused_creation_changes_nothing() {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 14).unwrap();
    Array::<u64>::create(&memory, "a", 2).unwrap();
    let before = std::fs::read(name.path()).unwrap();
    assert!(Array::<u8>::create(&memory, "b", 1 << 14).is_err());
    assert!(Queue::<u64>::create(&memory, "b", 1 << 20).is_err());
    assert!(Queue::<u64>::create(&memory, "a", 1).is_err());
    assert!(Array::<u8>::create(&memory, "", 1).is_err());
    assert!(Queue::<u64>::open_or_create(&memory, "a", 1).is_err());
    assert_eq!(std::fs::read(name.path()).unwrap(), before);
}

#[test]
fn schema_is_full_when_its_records_are() {
    let name = Name::new();
    // A sixteenth of the segment, 1,024 bytes: records of a number have 88, those of a fix some 200.
    let memory = Memory::create(&name, 1 << 14).unwrap();
    let mut created = 0;
    let error = loop {
        match Array::<Fix>::create(&memory, &format!("f{created}"), 1) {
            Ok(_) => created += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::SchemaFull, "{error}");
    assert!(created >= 3);
    let said = error.to_string();
    assert!(
        said.starts_with(&format!("segment `{}`: the record of `f{created}` needs ", name.as_str()))
            && said.ends_with(" left; create the segment with a larger size or table, or duck-typed"),
        "{said}"
    );
    assert_eq!(memory.structures().unwrap().len(), created);
    // A smaller record may still fit, and space that was touched in vain is used.
    Array::<u64>::create(&memory, "small", 1).unwrap();
    let other = Memory::open(&name).unwrap();
    for number in 0..created {
        Array::<Fix>::open(&other, &format!("f{number}")).unwrap();
    }
    Array::<u64>::open(&other, "small").unwrap();
}

#[test]
fn small_tables_have_no_records() {
    for size in [1, 4] {
        let name = Name::new();
        let memory = Memory::options().table_size(size).create(&name, 1 << 14).unwrap();
        Array::<u64>::create(&memory, "a", 1).unwrap();
        assert_eq!(memory.structures().unwrap()[0].element(), None);
        Array::<f64>::open(&Memory::open(&name).unwrap(), "a").unwrap();
    }
}

#[test]
fn records_describe_what_is_there() {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 16).unwrap();
    Array::<f32>::create(&memory, "temperature", 1000).unwrap();
    Queue::<Fix>::create(&memory, "fixes", 100).unwrap();
    let seen: Vec<String> =
        Memory::open_read_only(&name).unwrap().structures().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(seen, ["temperature: array<f32>[1000]", "fixes: queue<Fix>[128]"]);
}

#[test]
fn large_segments_reach_behind_4_gib() {
    let name = Name::new();
    let memory = Memory::create(&name, 6 << 30).unwrap();
    // Nothing is touched: `.schema` alone has some memory, and so will two structures far apart.
    let before = memory.free().unwrap();
    Array::<u8>::create(&memory, "near", 8).unwrap();
    // As a foreign creator would, the table is told that 5 GiB are in use.
    let scribble = zeroipc_tests::sys::Scribble::map(&name.path()).unwrap();
    scribble.word(24).store(5 << 30, std::sync::atomic::Ordering::Release);
    let far = Array::<u64>::create(&memory, "far", 1000).unwrap();
    far.fill(9);
    assert!(memory.free().unwrap() < before - (5 << 30));
    let other = Memory::open(&name).unwrap();
    let structures = other.structures().unwrap();
    assert!(structures[1].offset() >= 5 << 30);
    assert_eq!(Array::<u64>::open(&other, "far").unwrap().to_vec(), [9; 1000]);
    let queue = Queue::<u64>::create(&other, "farther", 16).unwrap();
    queue.push(3).unwrap();
    assert_eq!(Queue::<u64>::open(&memory, "farther").unwrap().pop().unwrap(), 3);
}
