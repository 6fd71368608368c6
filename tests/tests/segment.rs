//! Segments: creating, opening, removing them, and who is there.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use zeroipc::{Array, Error, ErrorKind, Memory, Queue, TableVersion};
use zeroipc_tests::actor::{Actor, Script};
use zeroipc_tests::names::Name;
use zeroipc_tests::scale::{self, count};
use zeroipc_tests::{DEADLINE, SOON, sys};

fn actor(operation: &str, segment: &str) -> Script {
    Script::new(env!("CARGO_BIN_EXE_actor")).arg(operation).arg(segment)
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind, said: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, said));
}

/// A child that is attached and has said its id.
fn holder(name: &str) -> (Actor, u32) {
    let mut child = actor("hold", name).start();
    let id = child.answer("id").parse().unwrap();
    (child, id)
}

#[test]
fn smoke() {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 16).unwrap();
    assert_eq!(memory.name(), name.as_str());
    assert_eq!(memory.size(), 1 << 16);
    assert_eq!(memory.table_size(), 64);
    assert_eq!(memory.table_version(), TableVersion::V1);
    assert_eq!(memory.free().unwrap(), (1 << 16) - 2576);
    assert!(memory.is_writable());
    assert!(memory.structures().unwrap().is_empty());
    assert_eq!(memory.attachments().unwrap(), 1);
    assert!(Memory::list().unwrap().contains(&name.to_string()));
    let other = Memory::open(&name).unwrap();
    assert_eq!(other.attachments().unwrap(), 2);
    let clone = other.clone();
    assert_eq!(clone.id().unwrap(), other.id().unwrap());
    drop((other, clone));
    assert_eq!(memory.attachments().unwrap(), 1);
    Memory::unlink(&name).unwrap();
    assert!(!name.exists());
    // What is attached stays.
    Array::<u8>::create(&memory, "a", 4).unwrap().set(0, 1);
    assert_eq!(memory.attachments().unwrap(), 1);
}

#[test]
fn sizes_are_rounded_up_to_pages() {
    for (asked, got) in [(2577, 4096), (4095, 4096), (4096, 4096), (4097, 8192), (1 << 20, 1 << 20)] {
        let name = Name::new();
        assert_eq!(Memory::create(&name, asked).unwrap().size(), got);
        assert_eq!(name.path().metadata().unwrap().len(), got);
    }
}

#[test]
fn size_without_room_is_refused() {
    let name = Name::new();
    let n = name.as_str();
    refused(
        Memory::create(&name, 0),
        ErrorKind::BadArgument,
        &format!(
            "segment `{n}`: 0 bytes have no room behind a table of 64 entries (2576); ask for more bytes or a smaller table"
        ),
    );
    let large = Memory::options().table_size(4096);
    assert_eq!(large.create(&name, 163_840).unwrap_err().kind(), ErrorKind::BadArgument);
    for size in [u64::MAX, u64::MAX - 4096, 1 << 47, i64::MAX as u64] {
        assert_eq!(Memory::create(&name, size).unwrap_err().kind(), ErrorKind::BadArgument, "{size}");
    }
    refused(
        Memory::create(&name, u64::MAX),
        ErrorKind::BadArgument,
        &format!("segment `{n}`: 18446744073709551615 bytes are more than a segment can have"),
    );
    assert!(!name.exists());
}

#[test]
fn every_table_size() {
    for (size, v1, v2) in [(1, 56, 80), (4, 176, 224), (8, 336, 416), (64, 2576, 3104), (4096, 163_856, 196_640)] {
        for (version, end) in [(TableVersion::V1, v1), (TableVersion::V2, v2)] {
            let name = Name::new();
            let memory = Memory::options().table_size(size).table_version(version).create(&name, 1 << 20).unwrap();
            assert_eq!(memory.free().unwrap(), (1 << 20) - end);
            for opened in [Memory::open(&name).unwrap(), Memory::open_read_only(&name).unwrap()] {
                assert_eq!((opened.table_size(), opened.table_version()), (size, version));
            }
        }
    }
    for size in [0, 2, 3, 63, 65, 8192, u32::MAX] {
        refused(
            Memory::options().table_size(size).create("/zeroipc_t_0_none", 1 << 20),
            ErrorKind::BadArgument,
            &format!("a table has 1, 4, 8, 16, … or 4096 entries and {size} were asked for; take the next larger"),
        );
    }
}

#[test]
fn version_2_from_4_gib_on() {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 32).unwrap();
    assert_eq!(memory.table_version(), TableVersion::V2);
    assert_eq!(memory.size(), 1 << 32);
    // What lies behind 4 GiB can be used: the first array takes the space before, without touching it.
    let name = Name::new();
    let memory = Memory::create(&name, 5 << 30).unwrap();
    assert_eq!(Memory::open(&name).unwrap().table_version(), TableVersion::V2);
    assert_eq!(memory.free().unwrap(), (5 << 30) - 3104);
    let below = Memory::create(&Name::new(), (1 << 32) - 4096).unwrap();
    assert_eq!(below.table_version(), TableVersion::V1);
    let options = Memory::options().table_version(TableVersion::V1);
    refused(
        options.create(&Name::new(), 1 << 32),
        ErrorKind::BadArgument,
        "a table of version 1 reaches 4 GiB and 4294967296 bytes were asked for; use version 2",
    );
}

#[test]
fn version_2_when_asked_for() {
    let name = Name::new();
    let memory = Memory::options().table_version(TableVersion::V2).create(&name, 1 << 16).unwrap();
    assert_eq!(memory.table_version(), TableVersion::V2);
    Array::<u32>::create(&memory, "a", 4).unwrap().set(3, 9);
    let other = Memory::open(&name).unwrap();
    assert_eq!(Array::<u32>::open(&other, "a").unwrap().to_vec(), [0, 0, 0, 9]);
}

#[test]
fn names_that_are_refused() {
    let long = format!("/{}", "x".repeat(255));
    for (name, why) in [
        ("", "it is empty; give it at least one character"),
        ("/", "it is empty; give it at least one character"),
        ("x", "a segment's name begins with `/`; put one in front"),
        ("/.", "`/.` and `/..` lead out of the directory of segments; choose another name"),
        ("/..", "`/.` and `/..` lead out of the directory of segments; choose another name"),
        ("/a/b", "it contains '/'; use letters, digits, `_`, `-` and `.`"),
        ("/../etc/passwd", "it contains '/'; use letters, digits, `_`, `-` and `.`"),
        ("/a\0b", "it contains '\\0'; use letters, digits, `_`, `-` and `.`"),
        ("/a\nb", "it contains '\\n'; use letters, digits, `_`, `-` and `.`"),
        (&long, "it has 255 bytes and 254 fit; shorten it"),
    ] {
        let said = format!("segment name `{name}`: {why}");
        refused(Memory::create(name, 1 << 16), ErrorKind::BadName, &said);
        refused(Memory::open(name), ErrorKind::BadName, &said);
        refused(Memory::open_read_only(name), ErrorKind::BadName, &said);
        refused(Memory::open_or_create(name, 1 << 16), ErrorKind::BadName, &said);
        refused(Memory::unlink(name), ErrorKind::BadName, &said);
    }
    // The longest name that fits, of characters of two bytes.
    let name = Name::new();
    let longest = format!("{}{}", name.as_str(), "é".repeat((255 - name.len()) / 2));
    drop(Memory::options().remove_on_last_detach(true).create(&longest, 1 << 16).unwrap());
}

#[test]
fn what_is_not_there_is_not_found() {
    let name = Name::new();
    let n = name.as_str();
    let said = format!("there is no segment `{n}`; create it first, or check the name with `zeroipc ls`");
    refused(Memory::open(&name), ErrorKind::NotFound, &said);
    refused(Memory::open_read_only(&name), ErrorKind::NotFound, &said);
    assert_eq!(Memory::unlink(&name).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn what_is_there_is_not_created() {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 16).unwrap();
    Array::<u8>::create(&memory, "a", 1).unwrap();
    let said = format!("segment `{}` exists; open it, or remove it first", name.as_str());
    refused(Memory::create(&name, 1 << 16), ErrorKind::Exists, &said);
    assert_eq!(memory.attachments().unwrap(), 1);
    assert_eq!(memory.structures().unwrap().len(), 1);
}

#[test]
fn open_or_create_wants_the_size() {
    let name = Name::new();
    drop(Memory::open_or_create(&name, 1 << 16).unwrap());
    assert_eq!(Memory::open_or_create(&name, 1 << 16).unwrap().size(), 1 << 16);
    assert_eq!(Memory::open_or_create(&name, 5).unwrap().size(), 1 << 16);
    let said = format!(
        "segment `{}` exists with 65536 bytes and 65537 were asked for; open it without a size or remove it first",
        name.as_str()
    );
    refused(Memory::open_or_create(&name, (1 << 16) + 1), ErrorKind::BadArgument, &said);
}

#[test]
fn read_only_changes_nothing() {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 16).unwrap();
    Array::<u64>::create(&memory, "a", 4).unwrap().set(1, 5);
    Queue::<u64>::create(&memory, "q", 4).unwrap().push(8).unwrap();
    let bytes = std::fs::read(name.path()).unwrap();
    let reader = Memory::open_read_only(&name).unwrap();
    assert!(!reader.is_writable());
    assert_eq!(reader.id().unwrap(), None);
    assert_eq!(memory.attachments().unwrap(), 2);
    assert_eq!(reader.attachments().unwrap(), 2);
    assert!(reader.is_alive(memory.id().unwrap().unwrap()));
    let array = Array::<u64>::open(&reader, "a").unwrap();
    assert_eq!(array.to_vec(), [0, 5, 0, 0]);
    assert!(!array.is_writable());
    let said = "the segment is open for reading only; open it with `Memory::open` to change it";
    refused(array.write(0, &[1]), ErrorKind::ReadOnly, said);
    let queue = Queue::<u64>::open(&reader, "q").unwrap();
    assert_eq!(queue.len().unwrap(), 1);
    refused(queue.try_push(1), ErrorKind::ReadOnly, said);
    refused(queue.push(1), ErrorKind::ReadOnly, said);
    refused(queue.push_timeout(1, SOON), ErrorKind::ReadOnly, said);
    refused(queue.try_pop(), ErrorKind::ReadOnly, said);
    refused(queue.pop(), ErrorKind::ReadOnly, said);
    refused(queue.pop_timeout(SOON), ErrorKind::ReadOnly, said);
    refused(queue.try_push_many(&[1]), ErrorKind::ReadOnly, said);
    refused(queue.push_many(&[1]), ErrorKind::ReadOnly, said);
    refused(queue.try_pop_many(&mut [0]), ErrorKind::ReadOnly, said);
    refused(queue.pop_many_timeout(&mut [0], SOON), ErrorKind::ReadOnly, said);
    refused(Array::<u64>::create(&reader, "b", 1), ErrorKind::ReadOnly, said);
    refused(Queue::<u64>::create(&reader, "b", 1), ErrorKind::ReadOnly, said);
    assert_eq!(Array::<u64>::open_or_create(&reader, "a", 4).unwrap().len(), 4);
    let waiting = reader.structures().unwrap()[1].read(&reader, 0, 9).unwrap();
    assert_eq!(waiting, [8_u64.to_le_bytes().to_vec()]);
    assert_eq!(std::fs::read(name.path()).unwrap(), bytes);
}

#[test]
fn read_only_panics_say_what_to_do() {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 16).unwrap();
    Array::<u64>::create(&memory, "a", 4).unwrap();
    let array = Array::<u64>::open(&Memory::open_read_only(&name).unwrap(), "a").unwrap();
    let changes: [(&str, &dyn Fn()); 8] = [
        ("set", &|| array.set(0, 1)),
        ("fill", &|| array.fill(1)),
        ("store", &|| array.store(0, 1)),
        ("swap", &|| _ = array.swap(0, 1)),
        ("fetch_add", &|| _ = array.fetch_add(0, 1)),
        ("fetch_max", &|| _ = array.fetch_max(0, 1)),
        ("fetch_and", &|| _ = array.fetch_and(0, 1)),
        ("compare_exchange", &|| _ = array.compare_exchange(0, 0, 1)),
    ];
    for (what, change) in changes {
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(change)).unwrap_err();
        let said = panic.downcast_ref::<String>().unwrap();
        assert_eq!(
            said,
            "array `a` belongs to a segment that is open for reading only; ask `is_writable` first, or open the \
             segment with `Memory::open`",
            "{what}"
        );
    }
}

#[test]
fn modes_are_exact_whatever_the_umask() {
    let mode_of = |name: &Name| name.path().metadata().unwrap().permissions().mode() & 0o7777;
    let name = Name::new();
    Memory::create(&name, 1 << 16).unwrap();
    assert_eq!(mode_of(&name), 0o600);
    for mode in [0o600, 0o660, 0o644, 0o666, 0o640] {
        for umask in [0o000, 0o022, 0o077, 0o777] {
            let name = Name::new();
            actor("create-with-mode", &name).args([mode, umask]).start().expect("done ()");
            assert_eq!(mode_of(&name), mode, "{mode:o} {umask:o}");
        }
    }
}

#[test]
fn strangers_are_told_that_they_may_not() {
    if std::fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own)).unwrap_or(1) != 0 {
        eprintln!("SKIPPED: only root can become somebody else");
        return;
    }
    for (mode, write, read) in [(0o600, false, false), (0o644, false, true), (0o666, true, true)] {
        let name = Name::new();
        Memory::options().mode(mode).create(&name, 1 << 16).unwrap();
        // Where that user may not run the program, there is nothing to be seen.
        let said = actor("open-as-nobody", &name).start().line();
        let denied = format!(
            "error PermissionDenied segment `{}`: this user may not open it; ask its creator for another mode",
            name.as_str()
        );
        let told = |may: bool| if may { "done 65536".to_owned() } else { denied.clone() };
        assert_eq!(said, format!("{} / {}", told(write), told(read)), "{mode:o}");
    }
}

#[test]
fn files_that_are_no_segments() {
    let name = Name::new();
    let n = name.as_str();
    let open_both = |kind: ErrorKind, said: &str| {
        let said = format!("segment `{n}`: {said}");
        refused(Memory::open(&name), kind, &said);
        refused(Memory::open_read_only(&name), kind, &said);
        assert_eq!(Memory::open_or_create(&name, 1 << 16).unwrap_err().kind(), kind);
    };
    std::fs::write(name.path(), []).unwrap();
    open_both(ErrorKind::NotASegment, "it has 0 bytes, which no table fits into; it is no ZeroIPC segment");
    std::fs::write(name.path(), [0; 55]).unwrap();
    open_both(ErrorKind::NotASegment, "it has 55 bytes, which no table fits into; it is no ZeroIPC segment");
    std::fs::write(name.path(), [0; 4096]).unwrap();
    open_both(ErrorKind::NotASegment, "it begins with 0x00000000 instead of 0x5a49504d; it is no ZeroIPC segment");
    std::fs::write(name.path(), b"#!/bin/sh\necho a file that somebody else has put there, as long as a table\n")
        .unwrap();
    open_both(ErrorKind::NotASegment, "it begins with 0x622f2123 instead of 0x5a49504d; it is no ZeroIPC segment");
}

#[test]
fn segments_that_were_cut() {
    let name = Name::new();
    Memory::create(&name, 1 << 16).unwrap();
    let whole = std::fs::read(name.path()).unwrap();
    let n = name.as_str();
    for (len, said) in [
        (56, "its table ends at 2576 and the file has 56 bytes"),
        (2575, "its table ends at 2576 and the file has 2575 bytes"),
    ] {
        std::fs::write(name.path(), &whole[..len]).unwrap();
        let said = format!("segment `{n}`: {said}; it is damaged, remove it and create it anew");
        refused(Memory::open(&name), ErrorKind::Corrupt, &said);
    }
    let mut newer = whole.clone();
    newer[4] = 3;
    std::fs::write(name.path(), &newer).unwrap();
    refused(
        Memory::open(&name),
        ErrorKind::UnsupportedVersion,
        &format!("segment `{n}`: its table has version 3 and this release reads 1 and 2; update ZeroIPC"),
    );
}

#[test]
fn what_is_not_a_file_is_refused() {
    let refuse = |name: &Name| {
        for result in [Memory::open(name), Memory::open_read_only(name), Memory::open_or_create(name, 1 << 16)] {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::System, "{error}");
            assert!(error.to_string().starts_with(&format!("open segment `{}`: ", name.as_str())), "{error}");
        }
        assert_eq!(Memory::create(name, 1 << 16).unwrap_err().kind(), ErrorKind::Exists);
    };
    let directory = Name::new();
    std::fs::create_dir(directory.path()).unwrap();
    refuse(&directory);
    let pipe = Name::new();
    sys::make_fifo(&pipe.path()).unwrap();
    refuse(&pipe);
    let target = Name::new();
    Memory::create(&target, 1 << 16).unwrap();
    let link = Name::new();
    std::os::unix::fs::symlink(target.path(), link.path()).unwrap();
    refuse(&link);
    // A link to nowhere is not followed by a creator either.
    let nowhere = Name::new();
    let link = Name::new();
    std::os::unix::fs::symlink(nowhere.path(), link.path()).unwrap();
    assert_eq!(Memory::create(&link, 1 << 16).unwrap_err().kind(), ErrorKind::Exists);
    assert!(!nowhere.exists());
}

#[test]
fn prefault_reserves_everything() {
    use std::os::unix::fs::MetadataExt as _;
    let blocks = |name: &Name| name.path().metadata().unwrap().blocks() * 512;
    let name = Name::new();
    Memory::options().prefault(true).create(&name, 1 << 22).unwrap();
    assert_eq!(blocks(&name), 1 << 22);
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 22).unwrap();
    assert!(blocks(&name) <= 8192);
    Array::<u8>::create(&memory, "a", 1 << 20).unwrap();
    assert!((1 << 20..1 << 21).contains(&blocks(&name)));
}

#[test]
fn full_shared_memory_is_told() {
    let total = sys::shared_memory_total();
    let too_much = (total + (1 << 30)).next_multiple_of(4096);
    let name = Name::new();
    let n = name.as_str();
    let error = Memory::options().prefault(true).create(&name, too_much).unwrap_err();
    let check = |error: &Error, needed: u64| {
        assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{error}");
        let said = error.to_string();
        let rest = said.strip_prefix(&format!("segment `{n}`: {needed} bytes of shared memory are needed and "));
        let free =
            rest.and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok()).unwrap_or_else(|| panic!("{said}"));
        assert!(free <= total);
        assert!(
            said.ends_with(
                " are free in /dev/shm; remove segments that nobody uses, or make it larger (`mount -o \
                 remount,size=…`, in a container `--shm-size`)"
            ),
            "{said}"
        );
    };
    check(&error, too_much);
    assert!(!name.exists());
    // Without prefault the segment is there, and the structure is refused; nothing has changed.
    let memory = Memory::create(&name, too_much).unwrap();
    let before = memory.free().unwrap();
    Array::<u64>::create(&memory, "small", 1).unwrap();
    let after = memory.free().unwrap();
    let error = Array::<u8>::create(&memory, "large", total + (1 << 20)).unwrap_err();
    check(&error, total + (1 << 20) + 8);
    assert_eq!(memory.free().unwrap(), after);
    assert!(after < before);
    assert_eq!(memory.structures().unwrap().len(), 1);
    Array::<u64>::create(&memory, "large", 1).unwrap();
}

#[test]
fn last_one_out_removes() {
    let name = Name::new();
    let options = Memory::options().remove_on_last_detach(true);
    let first = options.create(&name, 1 << 16).unwrap();
    let second = options.open(&name).unwrap();
    let reader = Memory::open_read_only(&name).unwrap();
    drop(first);
    assert!(name.exists());
    let array = Array::<u8>::create(&second, "a", 1).unwrap();
    drop(second);
    assert!(name.exists(), "a structure keeps the segment");
    drop(array);
    assert!(name.exists(), "a reader counts");
    drop(reader);
    // The last one did not ask for it.
    assert!(name.exists());
    drop(options.open(&name).unwrap());
    assert!(!name.exists());
}

#[test]
fn removal_spares_a_new_segment_of_the_same_name() {
    let name = Name::new();
    let old = Memory::options().remove_on_last_detach(true).create(&name, 1 << 16).unwrap();
    Memory::unlink(&name).unwrap();
    let new = Memory::create(&name, 1 << 16).unwrap();
    drop(old);
    assert!(name.exists());
    assert_eq!(new.attachments().unwrap(), 1);
}

#[test]
fn two_processes_that_leave_at_the_same_time_remove() {
    for _ in 0..count(15, 300) {
        let name = Name::new();
        drop(Memory::create(&name, 1 << 14).unwrap());
        let mut both = [0, 1].map(|_| actor("detach", &name).env("ZEROIPC_TEST_WAIT", 1).start());
        both.iter_mut().for_each(|one| one.expect("ready"));
        both.iter_mut().for_each(|one| one.send("go"));
        both.iter_mut().for_each(|one| one.expect("done"));
        assert!(!name.exists());
    }
}

#[test]
fn two_attachments_of_one_process() {
    let name = Name::new();
    let first = Memory::create(&name, 1 << 16).unwrap();
    let second = Memory::open(&name).unwrap();
    let (a, b) = (first.id().unwrap().unwrap(), second.id().unwrap().unwrap());
    assert_ne!(a, b);
    for memory in [&first, &second] {
        assert!(memory.is_alive(a) && memory.is_alive(b));
        assert_eq!(memory.attachments().unwrap(), 2);
    }
    drop(second);
    assert!(first.is_alive(a) && !first.is_alive(b));
    assert_eq!(first.attachments().unwrap(), 1);
}

#[test]
fn alive_is_who_is_there() {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 16).unwrap();
    Array::<u8>::create(&memory, "gives the segment a counter of ids"[..31].trim(), 1).unwrap();
    let reader = Memory::open_read_only(&name).unwrap();
    for id in [0, 1 << 24, u32::MAX] {
        assert!(!memory.is_alive(id) && !reader.is_alive(id), "nobody can have {id}");
    }
    let (mut child, id) = holder(&name);
    assert_ne!(Some(id), memory.id().unwrap());
    assert!(memory.is_alive(id) && reader.is_alive(id));
    assert_eq!(memory.attachments().unwrap(), 3);
    sys::signal(child.pid(), libc::SIGSTOP);
    assert!(memory.is_alive(id), "who is stopped is alive");
    child.kill();
    let start = Instant::now();
    assert!(!memory.is_alive(id) && !reader.is_alive(id));
    assert_eq!(memory.attachments().unwrap(), 2);
    assert!(start.elapsed() < SOON);
    let (mut child, other) = holder(&name);
    assert_ne!(other, id, "an id does not come again soon");
    child.send("go");
    child.expect("done");
    child.wait_success();
    assert!(!memory.is_alive(other));
}

#[test]
fn ids_count_up() {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 16).unwrap();
    Array::<u8>::create(&memory, "a", 1).unwrap();
    let ids: Vec<u32> = (0..20).map(|_| Memory::open(&name).unwrap().id().unwrap().unwrap()).collect();
    let mut distinct = ids.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 20, "{ids:?}");
    for pair in ids.windows(2) {
        let behind = pair[0] % ((1 << 24) - 1) + 1;
        assert!(pair[1] == behind || Some(behind) == memory.id().unwrap(), "{ids:?}");
    }
}

#[test]
fn many_attachments_are_counted_exactly() {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 16).unwrap();
    // Half of them with ids one after the other, half with ids by chance.
    let before: Vec<Memory> = (0..60).map(|_| Memory::open(&name).unwrap()).collect();
    Array::<u8>::create(&memory, "a", 1).unwrap();
    let mut writers = actor("hold", &name).arg(100).start();
    writers.answer("id");
    let mut readers = actor("hold-read-only", &name).arg(80).start();
    readers.expect("held");
    assert_eq!(memory.attachments().unwrap(), 1 + 60 + 100 + 80);
    assert_eq!(Memory::open_read_only(&name).unwrap().attachments().unwrap(), 242);
    drop(before);
    assert_eq!(memory.attachments().unwrap(), 181);
    writers.kill();
    assert_eq!(memory.attachments().unwrap(), 81);
    readers.send("go");
    readers.expect("done");
    readers.wait_success();
    assert_eq!(memory.attachments().unwrap(), 1);
}

#[test]
fn one_creates_of_many_that_race() {
    for _ in 0..count(8, 150) {
        let name = Name::new();
        let mut racers: Vec<Actor> =
            (0..6).map(|_| actor("create", &name).arg(1 << 16).env("ZEROIPC_TEST_WAIT", 1).start()).collect();
        racers.iter_mut().for_each(|one| one.expect("ready"));
        racers.iter_mut().for_each(|one| one.send("go"));
        let lines: Vec<String> = racers.iter_mut().map(Actor::line).collect();
        assert_eq!(lines.iter().filter(|line| *line == "done 65536").count(), 1, "{lines:?}");
        assert_eq!(lines.iter().filter(|line| line.starts_with("error Exists")).count(), 5, "{lines:?}");
    }
}

#[test]
fn all_get_in_of_many_that_open_or_create() {
    for _ in 0..count(8, 150) {
        let name = Name::new();
        let memory_of = |_| actor("open-or-create", &name).arg(1 << 16).env("ZEROIPC_TEST_WAIT", 1).start();
        let mut racers: Vec<Actor> = (0..6).map(memory_of).collect();
        racers.iter_mut().for_each(|one| one.expect("ready"));
        racers.iter_mut().for_each(|one| one.send("go"));
        for racer in &mut racers {
            let line = racer.line();
            assert!(line.starts_with("done ("), "{line}");
        }
    }
}

#[test]
fn coming_and_going_strands_nobody() {
    let name = Name::new();
    let rounds = count(150, 4000);
    let watchdog = Duration::from_secs(if scale::is_full() { 300 } else { 60 });
    let mut all: Vec<Actor> =
        (0..3).map(|_| actor("come-and-go", &name).arg(rounds).watchdog(watchdog).start()).collect();
    for one in &mut all {
        let line = one.try_line(Instant::now() + watchdog);
        assert_eq!(line.as_deref(), Some("done"), "{:?}", one.wait());
    }
    assert!(!name.exists());
}

fn with_queue() -> (Name, Memory, Queue<u64>) {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 20).unwrap();
    let queue = Queue::create(&memory, "q", 4).unwrap();
    (name, memory, queue)
}

#[test]
fn forked_child_is_an_attachment_of_its_own() {
    let (name, memory, queue) = with_queue();
    let mut child = actor("fork-child-anchors", &name).start();
    child.expect("done");
    child.wait_success();
    assert_eq!(memory.attachments().unwrap(), 1);
    assert!(queue.is_empty().unwrap());
}

#[test]
fn forked_child_does_not_keep_its_parent_alive() {
    let (name, memory, queue) = with_queue();
    let mut parent = actor("fork-child-survives", &name).start();
    let said = parent.answer("ids");
    let ids: Vec<u32> = said.split(' ').map(|id| id.parse().unwrap()).collect();
    assert!(memory.is_alive(ids[0]) && memory.is_alive(ids[1]));
    assert_eq!(memory.attachments().unwrap(), 3);
    sys::signal(parent.pid(), libc::SIGKILL);
    parent.wait_killed();
    let start = Instant::now();
    assert!(!memory.is_alive(ids[0]), "the child keeps its parent's anchor");
    assert!(memory.is_alive(ids[1]));
    assert_eq!(memory.attachments().unwrap(), 2);
    assert!(start.elapsed() < SOON);
    // The orphan goes on; it has the pipes that its parent had.
    parent.send("go");
    parent.expect("pushed");
    assert_eq!(queue.pop_timeout(SOON).unwrap(), u64::from(ids[1]));
    parent.send("go");
    parent.expect("done");
}

#[test]
fn closing_all_descriptors_kills_nobody() {
    let (name, memory, _queue) = with_queue();
    let mut child = actor("close-all", &name).start();
    let id: u32 = child.answer("id").parse().unwrap();
    assert!(memory.is_alive(id));
    assert_eq!(memory.attachments().unwrap(), 2);
    actor("push", &name).arg(100).kill_at("queue.push.claimed", 1).start().wait_killed();
    child.send(&memory.id().unwrap().unwrap().to_string());
    child.expect("done 4");
    assert!(memory.is_alive(id));
    assert_eq!(Array::<u64>::open(&memory, "late").unwrap().len(), 4);
    child.send("go");
    child.expect("done");
    child.wait_success();
    assert!(!memory.is_alive(id));
    assert_eq!(memory.attachments().unwrap(), 1);
}

/// A directory that goes away.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(what: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("zeroipc_t_{}_{what}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn descriptors_that_were_closed_are_not_taken_for_ours() {
    let (name, memory, _queue) = with_queue();
    let scratch = Scratch::new("files");
    let mut child = actor("close-all-then-create", &name).arg(scratch.0.display()).start();
    let id: u32 = child.answer("id").parse().unwrap();
    assert!(memory.is_alive(id));
    child.send(&memory.id().unwrap().unwrap().to_string());
    child.expect("done 300000");
    child.expect("count 2");
    assert!(Array::<u8>::open(&memory, "late").unwrap().iter().all(|byte| byte == 0));
}

#[test]
fn leaving_without_descriptors_removes_nothing_that_others_use() {
    let (name, memory, _queue) = with_queue();
    let scratch = Scratch::new("left");
    let mut child = actor("close-all-then-leave", &name).arg(scratch.0.display()).start();
    child.expect("done");
    assert!(name.exists(), "the name is gone and this process is attached");
    assert_eq!(memory.attachments().unwrap(), 1);
}

#[test]
fn stopped_holder_of_the_creation_lock_is_waited_for_and_told() {
    if !scale::is_full() {
        return;
    }
    let (name, memory, _queue) = with_queue();
    let mut holder = actor("create-array", &name).arg("a").arg(3).stop_at("create.locked", 1).start();
    holder.expect("reached");
    let start = Instant::now();
    let error = Array::<u8>::create(&memory, "b", 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(start.elapsed() >= Duration::from_secs(10) && start.elapsed() < DEADLINE);
    assert_eq!(
        error.to_string(),
        format!(
            "segment `{}`: the creation lock was held by another process for 10 seconds; it may be stopped or in a \
             debugger",
            name.as_str()
        )
    );
}
