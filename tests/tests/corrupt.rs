//! Damaged segments: an error or wrong data, never a crash, a panic, a hang, or an access outside.

use std::time::{Duration, Instant};

use zeroipc::{Array, ErrorKind, Memory, Queue, TableVersion};
use zeroipc_tests::actor::Script;
use zeroipc_tests::names::Name;
use zeroipc_tests::rng::Rng;
use zeroipc_tests::scale::count;
use zeroipc_tests::{DEADLINE, image, sys};

fn actor(operation: &str, segment: &str) -> Script {
    Script::new(env!("CARGO_BIN_EXE_actor")).arg(operation).arg(segment)
}

#[test]
fn damaged_segment_crashes_nobody() {
    let first = Rng::seed();
    let batch = 250;
    for round in 0..count(10, 120) {
        let name = Name::new();
        let from = first.wrapping_add(round * batch) >> 1;
        let mut child = actor("corrupt", &name).args([from, batch]).watchdog(Duration::from_secs(60)).start();
        let mut last = String::new();
        // A single seed takes milliseconds.
        while let Some(line) = child.try_line(Instant::now() + DEADLINE) {
            last = line;
        }
        if last != "done" {
            let seed = last.strip_prefix("seed ").and_then(|seed| seed.parse().ok()).unwrap_or(0);
            child.kill();
            panic!("{last}: {}; `actor corrupt NAME {seed} 1` shows it again", image::mutate(seed).1);
        }
        child.wait_success();
    }
}

#[test]
fn bytes_that_change_while_they_are_used_crash_nobody() {
    let name = Name::new();
    let seed = Rng::seed() >> 1;
    let millis = count(1500, 20_000);
    let mut child = actor("corrupt-while-used", &name)
        .args([seed, millis])
        .watchdog(Duration::from_millis(millis) + DEADLINE)
        .start();
    let line = child.try_line(Instant::now() + Duration::from_millis(millis) + DEADLINE);
    let status = child.wait_until(Instant::now() + DEADLINE);
    assert_eq!(line.as_deref(), Some("done"), "seed {seed}: {status}");
}

/// A segment with `words` stored over it, opened and used.
fn damaged(version: TableVersion, words: &[(u64, u64)]) -> (Name, Memory) {
    let name = Name::new();
    let options = Memory::options().table_version(version);
    let memory = options.create(&name, 1 << 16).unwrap();
    Array::<u64>::create(&memory, "numbers", 4).unwrap();
    let queue = Queue::<u64>::create(&memory, "q", 4).unwrap();
    queue.push(1).unwrap();
    let scribble = sys::Scribble::map(&name.path()).unwrap();
    for (at, value) in words {
        scribble.word(*at as usize).store(*value, std::sync::atomic::Ordering::Relaxed);
    }
    (name, memory)
}

/// Where the queue's header is.
fn queue_offset() -> u64 {
    let (_name, memory) = damaged(TableVersion::V1, &[]);
    memory.structures().unwrap()[1].offset()
}

#[test]
fn queue_with_positions_far_apart_is_read_in_time() {
    let q = queue_offset();
    // Cell 0 is FULL(0); cell 1 is EMPTY of a far lap, and the hint of the producers leads there.
    let far = (1_u64 << 60) + 1;
    let (_name, memory) = damaged(TableVersion::V1, &[(q + 8, far), (q + 24 + 16, 1 | far << 3)]);
    let structures = memory.structures().unwrap();
    let start = Instant::now();
    let read = structures[1].read(&memory, 0, u64::MAX);
    assert!(read.is_err() || read.unwrap().len() <= 4);
    assert!(start.elapsed() < DEADLINE);
    assert!(Queue::<u64>::open(&memory, "q").unwrap().len().unwrap() <= 4);
}

#[test]
fn queue_whose_cells_are_in_no_state_is_corrupt() {
    let q = queue_offset();
    for word in [0, 4, 1 | 1 << 3, 3 | 2 << 3, u64::MAX] {
        let (_name, memory) = damaged(TableVersion::V1, &[(q, 0), (q + 8, 0), (q + 24, word)]);
        let queue = Queue::<u64>::open(&memory, "q").unwrap();
        for error in [
            queue.try_pop().unwrap_err(),
            queue.pop().unwrap_err(),
            queue.try_push(1).unwrap_err(),
            queue.push(1).unwrap_err(),
            queue.len().unwrap_err(),
            queue.try_push_many(&[1]).unwrap_err(),
            queue.try_pop_many(&mut [0]).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{word:#x}");
            let name = memory.name();
            let said = format!(
                "queue `q` in segment `{name}`: a cell is in no state that a peer could have left; create the segment anew"
            );
            assert_eq!(error.to_string(), said);
        }
    }
}

#[test]
fn queue_whose_cells_lead_in_circles_is_corrupt() {
    let q = queue_offset();
    // Every cell says that its lap is far ahead, and none that it is anybody's turn.
    let words: Vec<(u64, u64)> = (0..4).map(|i| (q + 24 + 16 * i, 3 | (400 + 44 * i + i) << 3)).collect();
    let words: Vec<(u64, u64)> =
        words.into_iter().map(|(at, word)| (at, word & !(3 << 3) | ((at - q - 24) / 16) << 3)).collect();
    let (_name, memory) = damaged(TableVersion::V1, &words);
    let queue = Queue::<u64>::open(&memory, "q").unwrap();
    let start = Instant::now();
    let (push, pop) = (queue.push_timeout(1, Duration::from_millis(10)), queue.pop_timeout(Duration::from_millis(10)));
    assert!(start.elapsed() < DEADLINE);
    assert!(push.is_err() || pop.is_err() || queue.len().is_ok());
}

#[test]
fn queue_with_wrong_hints_works() {
    let q = queue_offset();
    // A hint too far within the lap, which no peer stores, hides what is before it; that is wrong data, and no more.
    for hints in [(0, 0), (0, 1 << 60), (1 << 60, 0), (1 << 60, 1 << 60), (u64::MAX, u64::MAX), (5, 5), (0, 6)] {
        let (_name, memory) = damaged(TableVersion::V1, &[(q, hints.0), (q + 8, hints.1)]);
        let queue = Queue::<u64>::open(&memory, "q").unwrap();
        assert_eq!(queue.pop_timeout(DEADLINE).unwrap(), 1, "{hints:?}");
        for value in 0..20 {
            queue.push_timeout(value, DEADLINE).unwrap();
            assert_eq!(queue.pop_timeout(DEADLINE).unwrap(), value, "{hints:?}");
        }
    }
}

#[test]
fn owner_that_nobody_can_be_is_dead() {
    let q = queue_offset();
    for owner in [0_u64, 1, (1 << 24) - 1] {
        // Position 1 in cell 1.
        let (_name, memory) = damaged(TableVersion::V1, &[(q + 24 + 16, 2 | owner << 3 | 1 << 27)]);
        let queue = Queue::<u64>::open(&memory, "q").unwrap();
        assert_eq!(queue.try_pop().unwrap(), Some(1));
        assert_eq!(queue.try_pop().unwrap(), None, "{owner}");
        queue.push_timeout(5, DEADLINE).unwrap();
        assert_eq!(queue.pop_timeout(DEADLINE).unwrap(), 5, "{owner}");
    }
}

#[test]
fn positions_wrap_in_37_bits() {
    let q = queue_offset();
    // The queue stands where the low bits of a position begin anew; one element is being written by a dead process.
    for at in [(1_u64 << 37) - 4, 1 << 37, (1 << 38) - 4, (1 << 60) - 4] {
        let cells = [3 | at << 3, 2 | 1 << 3 | (at + 1) << 27, 1 | (at + 2) << 3, 1 | (at + 3) << 3];
        let mut words: Vec<(u64, u64)> =
            cells.iter().enumerate().map(|(i, word)| (q + 24 + 16 * i as u64, *word)).collect();
        words.extend([(q, at), (q + 8, at + 2)]);
        let (_name, memory) = damaged(TableVersion::V1, &words);
        let queue = Queue::<u64>::open(&memory, "q").unwrap();
        assert_eq!(queue.len().unwrap(), 2);
        queue.push(2).unwrap();
        assert_eq!(queue.pop_timeout(DEADLINE).unwrap(), 1);
        assert_eq!(queue.pop_timeout(DEADLINE).unwrap(), 2, "{at:#x}");
        for value in 0..20 {
            queue.push_timeout(value, DEADLINE).unwrap();
            assert_eq!(queue.pop_timeout(DEADLINE).unwrap(), value);
        }
    }
}

#[test]
fn header_that_breaks_a_rule_is_told() {
    let cases: [(TableVersion, u64, u64, ErrorKind, &str); 8] = [
        (TableVersion::V1, 0, 0x1_0000_0000, ErrorKind::NotASegment, "it begins with 0x00000000 instead of 0x5a49504d"),
        (TableVersion::V1, 0, 0x3_5a49_504d, ErrorKind::UnsupportedVersion, "its table has version 3"),
        (TableVersion::V1, 8, 2624 << 32 | 65, ErrorKind::Corrupt, "`entry_count` is 65 and its table has 64 entries"),
        (
            TableVersion::V1,
            8,
            3 | 0x2_0000 << 32,
            ErrorKind::Corrupt,
            "`next_offset` is 131072 instead of 2576 to 65536",
        ),
        (TableVersion::V1, 8, 3 | 8 << 32, ErrorKind::Corrupt, "`next_offset` is 8 instead of 2576 to 65536"),
        (TableVersion::V2, 8, 3, ErrorKind::Corrupt, "`max_entries` is 0 instead of 1 to 4096"),
        (TableVersion::V2, 8, 3 | 4097 << 32, ErrorKind::Corrupt, "`max_entries` is 4097 instead of 1 to 4096"),
        (TableVersion::V2, 16, 1 << 20, ErrorKind::Corrupt, "`memory_size` is 1048576"),
    ];
    for (version, at, word, kind, said) in cases {
        let (name, _memory) = damaged(version, &[(at, word)]);
        for error in [Memory::open(&name).unwrap_err(), Memory::open_read_only(&name).unwrap_err()] {
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().starts_with(&format!("segment `{}`: {said}", name.as_str())), "{error}");
        }
    }
}

#[test]
fn entry_that_breaks_a_rule_is_told() {
    // Entry 1 is at 56; its name, offset and size at 56, 88 and 92.
    for (at, word) in [
        (56, 0),
        (56, 0xff),
        (88, 8),
        (88, 2577 | 40 << 32),
        (88, 0xffff_fff8 | 40 << 32),
        (88, 6720),
        (88, 6720 | 0xffff_ffff << 32),
    ] {
        let (name, memory) = damaged(TableVersion::V1, &[(at, word)]);
        let error = Memory::open(&name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(error.to_string().contains("entry 1 of its table"), "{error}");
        assert_eq!(memory.structures().unwrap_err().kind(), ErrorKind::Corrupt);
    }
}

#[test]
fn attachments_are_counted_whatever_else_is_locked() {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 16).unwrap();
    // A reader can lock what he likes; he cannot make us count bytes for ever.
    let file = std::fs::File::open(name.path()).unwrap();
    assert!(sys::lock_range(&file, 1 << 62, (1 << 62) - 1, false).unwrap());
    let mut child = actor("count", &name).watchdog(Duration::from_secs(5)).start();
    let line = child.try_line(Instant::now() + DEADLINE);
    assert_eq!(line.as_deref(), Some("done 3"), "{:?}", child.wait());
    assert_eq!(memory.attachments().unwrap(), 2);
}

#[test]
fn segment_of_an_odd_size_stays_usable() {
    // Foreign creators choose sizes as they like.
    let name = Name::new();
    drop(Memory::options().duck_typed(true).create(&name, 1 << 14).unwrap());
    let mut bytes = std::fs::read(name.path()).unwrap();
    bytes.truncate(10_003);
    std::fs::write(name.path(), &bytes).unwrap();
    let memory = Memory::options().duck_typed(true).open(&name).unwrap();
    let room = memory.free().unwrap() - 8;
    // As much as fits by the byte, and then less, until it does.
    let created = (0..8).find_map(|less| Array::<u8>::create(&memory, "all", room - less).ok()).expect("some fit");
    created.fill(1);
    let other = Memory::open(&name).expect("the segment still opens");
    assert_eq!(Array::<u8>::open(&other, "all").unwrap().len(), created.len());
}

#[test]
fn table_of_version_1_in_a_larger_file_places_nothing_behind_4_gib() {
    let name = Name::new();
    drop(Memory::options().duck_typed(true).create(&name, 1 << 14).unwrap());
    let file = std::fs::OpenOptions::new().write(true).open(name.path()).unwrap();
    file.set_len(5 << 30).unwrap();
    let memory = Memory::options().duck_typed(true).open(&name).unwrap();
    Array::<u8>::create(&memory, "first", 8).unwrap();
    // Just below the end of what 32 bits reach.
    let next = 0xffff_f000_u64;
    let scribble = sys::Scribble::map(&name.path()).unwrap();
    scribble.word(8).store(1 | next << 32, std::sync::atomic::Ordering::Relaxed);
    let error = Array::<u8>::create(&memory, "second", 8192).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfSpace, "{error}");
    Memory::open(&name).expect("the segment still opens");
}
