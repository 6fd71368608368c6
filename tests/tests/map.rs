//! The map in one process and in several, full, damaged, read-only, and as others left it.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use zeroipc::{Array, Bool8, Complex, ErrorKind, F16, FixedStr, Map, Memory, Set, ShmLayout};
use zeroipc_tests::names::{Name, path_of};
use zeroipc_tests::rng::Rng;
use zeroipc_tests::scale::count;
use zeroipc_tests::sys::{self, Change, Scribble};
use zeroipc_tests::types::{Big, Event, Item, Mode, Odd};
use zeroipc_tests::{DEADLINE, SOON};

const BRIEF: Duration = Duration::from_millis(3);
/// What lies before the buckets, and a bucket of one line.
const HEADER: usize = 72;
const BUCKET: usize = 64;

fn with<K: ShmLayout, V: ShmLayout>(entries: u64) -> (Name, Memory, Map<K, V>) {
    let name = Name::new();
    let memory = Memory::create(&name, (1 << 17) + 400 * entries).unwrap();
    let map = Map::create(&memory, "m", entries).unwrap();
    (name, memory, map)
}

/// The words of a segment's first structure.
fn words(memory: &Memory) -> (Scribble, usize, usize) {
    let structures = memory.structures().unwrap();
    let words = Scribble::map(&path_of(memory.name())).unwrap();
    (words, structures[0].offset() as usize, structures[0].size() as usize)
}

#[test]
fn smoke() {
    let (_name, memory, map) = with::<u64, u64>(100);
    assert_eq!((map.name(), map.len(), map.is_empty()), ("m", 0, true));
    assert!(map.insert(1, 10).unwrap());
    assert!(!map.insert(1, 11).unwrap());
    assert_eq!(map.get(&1).unwrap(), Some(10));
    assert_eq!(map.upsert(1, 12).unwrap(), Some(10));
    assert_eq!(map.upsert(2, 20).unwrap(), None);
    assert_eq!(map.get_or_insert(2, 99).unwrap(), 20);
    assert_eq!(map.get_or_insert(3, 30).unwrap(), 30);
    assert_eq!(map.get_or_insert_with(4, || 40).unwrap(), 40);
    assert_eq!(map.get_or_insert_with(4, || panic!("it is there")).unwrap(), 40);
    assert!(!map.compare_and_swap(&4, &41, 42).unwrap());
    assert!(map.compare_and_swap(&4, &40, 42).unwrap());
    assert!(!map.compare_and_swap(&5, &0, 42).unwrap());
    assert!(!map.compare_and_remove(&4, &40).unwrap());
    assert!(map.compare_and_remove(&4, &42).unwrap());
    assert_eq!(map.update(&3, |value| Some(value + 1)).unwrap(), Some(31));
    assert_eq!(map.update(&3, |_| None).unwrap(), None);
    assert_eq!(map.update(&9, Some).unwrap(), None);
    assert_eq!((map.len(), map.contains(&3).unwrap(), map.contains(&9).unwrap()), (3, true, false));
    assert_eq!(map.remove(&3).unwrap(), Some(31));
    assert_eq!(map.remove(&3).unwrap(), None);
    let other = Map::<u64, u64>::open(&memory, "m").unwrap();
    let mut all: Vec<(u64, u64)> = other.iter().map(|entry| entry.unwrap()).collect();
    all.sort_unstable();
    assert_eq!(all, [(1, 12), (2, 20)]);
    map.clone().clear().unwrap();
    assert!(other.is_empty() && format!("{other:?}").contains("map"));
}

/// What a map does with random operations is what the library's does.
#[test]
fn it_does_what_a_map_does() {
    let mut rng = Rng::new(Rng::seed());
    for entries in [1, 2, 5, 40] {
        let (_name, _memory, map) = with::<u32, Item>(entries);
        let mut model: HashMap<u32, Item> = HashMap::new();
        for step in 0..count(20_000, 500_000) {
            let key = rng.below(2 * map.capacity()) as u32;
            let item = Item::new(u64::from(key), step);
            match rng.below(6) {
                0 | 1 => match map.insert(key, item) {
                    Ok(inserted) => {
                        assert_eq!(inserted, !model.contains_key(&key));
                        model.entry(key).or_insert(item);
                    }
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Full);
                        assert!(model.len() as u64 == map.capacity() && !model.contains_key(&key));
                    }
                },
                2 if model.contains_key(&key) => assert_eq!(map.upsert(key, item).unwrap(), model.insert(key, item)),
                3 | 4 => assert_eq!(map.remove(&key).unwrap(), model.remove(&key)),
                _ => assert_eq!(map.get(&key).unwrap(), model.get(&key).copied()),
            }
        }
        assert_eq!(map.len(), model.len() as u64);
        assert_eq!(map.iter().collect::<zeroipc::Result<HashMap<u32, Item>>>().unwrap(), model);
    }
}

/// Each of these is a key of its own, and each of the twins is the same key as one of them.
#[track_caller]
fn keys<K: ShmLayout>(different: &[K], twins: &[(K, usize)]) {
    let (_name, memory, map) = with::<K, u64>(different.len() as u64);
    for (number, key) in different.iter().enumerate() {
        assert!(map.insert(*key, number as u64).unwrap());
    }
    assert_eq!(map.len(), different.len() as u64);
    for (twin, number) in twins {
        assert_eq!(map.get(twin).unwrap(), Some(*number as u64));
        assert!(!map.insert(*twin, 99).unwrap());
        assert_eq!(map.remove(twin).unwrap(), Some(*number as u64));
        assert!(map.insert(*twin, *number as u64).unwrap());
    }
    let set = Set::<K>::create(&memory, "s", different.len() as u64).unwrap();
    different.iter().for_each(|key| assert!(set.insert(*key).unwrap()));
    twins.iter().for_each(|(twin, _)| assert!(set.contains(twin).unwrap() && !set.insert(*twin).unwrap()));
    assert_eq!(set.iter().count(), different.len());
    for (number, key) in different.iter().enumerate() {
        assert_eq!(map.remove(key).unwrap(), Some(number as u64));
        assert!(set.remove(key).unwrap());
    }
    assert!(map.is_empty() && set.is_empty());
}

#[derive(Clone, Copy, Debug, ShmLayout)]
#[repr(C)]
struct Padded {
    small: u8,
    _pad_1: [u8; 3],
    ratio: f32,
    name: FixedStr<6>,
    _pad_14: [u8; 2],
}

fn padded(pad: u8, ratio: f32, name: [u8; 6]) -> Padded {
    Padded { small: 1, _pad_1: [pad; 3], ratio, name: text_of(name), _pad_14: [pad; 2] }
}

/// A text with any bytes, as another process may have written it.
fn text_of<const N: usize>(bytes: [u8; N]) -> FixedStr<N> {
    // SAFETY: a `FixedStr` of `N` bytes is `Pod`, so each of them may be anything.
    unsafe { std::mem::transmute_copy(&bytes) }
}

#[test]
fn keys_of_all_kinds() {
    keys::<u8>(&(0..=255).collect::<Vec<u8>>(), &[]);
    keys::<i8>(&[-1, 0, 1, i8::MIN, i8::MAX], &[]);
    keys::<u16>(&[0, 1, 255, 256, u16::MAX], &[]);
    keys::<i32>(&[-1, 0, 1, i32::MIN, i32::MAX], &[]);
    keys::<u64>(&(0..64).map(|bit| 1 << bit).collect::<Vec<u64>>(), &[]);
    keys::<i64>(&[-1, 0, 1, i64::MIN, i64::MAX], &[]);
    let nan = f64::from_bits(0xfff8_0000_0000_0007);
    keys::<f64>(&[0.0, 1.0, f64::NAN, f64::INFINITY, -f64::INFINITY, 5e-324], &[(-0.0, 0), (nan, 2)]);
    keys::<f32>(&[0.0, 1.0, f32::NAN], &[(-0.0, 0), (-f32::NAN, 2)]);
    keys::<F16>(&[F16::from_bits(0), F16::from_bits(0x3c00)], &[(F16::from_bits(0x8000), 0)]);
    keys::<Complex<f32>>(&[Complex { re: 0.0, im: 1.0 }], &[(Complex { re: -0.0, im: 1.0 }, 0)]);
    keys::<Bool8>(&[Bool8::from(false), Bool8::from(true)], &[]);
    keys::<Mode>(&[Mode::IDLE, Mode::RUN], &[]);
    keys::<[u8; 3]>(&[[1, 2, 3], [3, 2, 1]], &[]);
    keys::<[u16; 5]>(&[[1, 2, 3, 4, 5], [1, 2, 3, 4, 6]], &[]);
    keys::<Odd>(&[Odd { bytes: [0; 13] }, Odd { bytes: [1; 13] }], &[]);
    keys::<Big>(&[Big::new(1), Big::new(2)], &[]);
    keys::<Event>(&[Event::none(), Event::wave(Complex { re: 1.0, im: 2.0 })], &[]);
    let text = |text: &str| FixedStr::<20>::new(text).unwrap();
    keys(&[text(""), text("a"), text("left wheel"), text("left wheel 2"), text("12345678901234567890")], &[]);
    keys(
        &[text_of(*b"ab\0\0"), text_of(*b"abc\0"), text_of(*b"abcd")],
        &[(text_of(*b"ab\0x"), 0), (text_of(*b"ab\0\xff"), 0)],
    );
    keys(
        &[padded(0, 0.0, *b"ab\0\0\0\0"), padded(0, 1.0, *b"ab\0\0\0\0"), padded(0, 0.0, *b"abc\0\0\0")],
        &[(padded(7, -0.0, *b"ab\0z\0z"), 0), (padded(9, 1.0, *b"ab\0\0\0\0"), 1)],
    );
}

#[test]
fn values_of_all_kinds() {
    fn values<V: ShmLayout + PartialEq + std::fmt::Debug>(first: V, second: V) {
        let (_name, _memory, map) = with::<u16, V>(10);
        assert!(map.insert(1, first).unwrap() && map.insert(2, second).unwrap());
        assert_eq!(map.upsert(1, second).unwrap(), Some(first));
        assert_eq!(map.get(&1).unwrap(), Some(second));
        assert!(map.compare_and_swap(&1, &second, first).unwrap());
        assert!(!map.compare_and_swap(&1, &second, first).unwrap());
        assert_eq!(map.remove(&1).unwrap(), Some(first));
        assert_eq!(map.get(&2).unwrap(), Some(second));
    }
    values(1_u8, 2);
    values(1.5_f32, -2.5);
    values([1_u8; 7], [2; 7]);
    values(1_u64, u64::MAX);
    values([1_u8; 9], [2; 9]);
    values(Item::new(1, 2), Item::new(3, 4));
    values(Big::new(1), Big::new(2));
    // A value is compared as a key is.
    let (_name, _memory, map) = with::<u16, f64>(10);
    map.insert(1, f64::NAN).unwrap();
    assert!(map.compare_and_swap(&1, &-f64::NAN, 0.0).unwrap());
    assert!(map.compare_and_swap(&1, &-0.0, 1.0).unwrap());
}

#[test]
fn capacity() {
    for (entries, slots) in [(1, 3), (2, 3), (3, 6), (9, 12), (10, 24), (1000, 1536)] {
        let (_name, _memory, map) = with::<u64, u64>(entries);
        assert_eq!(map.capacity(), slots, "{entries}");
        (0..slots).for_each(|key| assert!(map.insert(key, key).unwrap(), "there is room for {key}"));
        let error = map.insert(slots, 0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Full);
        assert!(error.to_string().contains(&format!("each of its {slots} slots holds a key")), "{error}");
        assert_eq!(map.upsert(0, 7).unwrap(), Some(0), "what is there can be changed");
        (0..slots).for_each(|key| assert!(map.contains(&key).unwrap()));
        assert!(!map.contains(&slots).unwrap());
        assert_eq!(map.remove(&1).unwrap(), Some(1));
        assert!(map.insert(slots, 0).unwrap(), "a removed key's slot is free at once");
    }
}

#[test]
fn wrong_numbers_and_types_are_refused() {
    let (_name, memory, map) = with::<u64, u64>(100);
    for entries in [0, u64::MAX, 1 << 40] {
        assert_eq!(Map::<u64, u64>::create(&memory, "x", entries).unwrap_err().kind(), ErrorKind::BadArgument);
    }
    let error = Map::<u64, u64>::open_or_create(&memory, "m", 1000).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadArgument, "{error}");
    assert!(error.to_string().contains("of 192, and 1536 were asked for"), "{error}");
    assert_eq!(Map::<u64, u64>::open_or_create(&memory, "m", 110).unwrap().capacity(), map.capacity());
    assert_eq!(Map::<u64, u64>::create(&memory, "m", 100).unwrap_err().kind(), ErrorKind::Exists);
    let error = Map::<u64, f64>::open(&memory, "m").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TypeMismatch);
    assert!(error.to_string().starts_with("the values of map `m`"), "{error}");
    let error = Map::<i64, u64>::open(&memory, "m").unwrap_err();
    assert!(error.to_string().starts_with("the keys of map `m`"), "{error}");
    assert_eq!(Set::<u64>::open(&memory, "m").unwrap_err().kind(), ErrorKind::KindMismatch);
    assert_eq!(Map::<u64, u64>::open(&memory, "x").unwrap_err().kind(), ErrorKind::NotFound);
}

/// Keys that come and go leave nothing behind: every bound is what it was, and every slot can be used.
#[test]
fn churn_leaves_nothing_behind() {
    let (_name, memory, map) = with::<u64, u64>(30);
    let (words, first, size) = words(&memory);
    let homes = || (first + HEADER..first + size).step_by(BUCKET).map(|at| words.word(at).load(Ordering::Relaxed));
    let mut rng = Rng::new(Rng::seed());
    let mut there = Vec::new();
    for step in 0..count(200_000, 1_000_000) {
        // Up to the last slot.
        if there.len() as u64 == map.capacity() || !there.is_empty() && rng.below(2) == 0 {
            let key = there.swap_remove(rng.below(there.len() as u64) as usize);
            assert_eq!(map.remove(&key).unwrap(), Some(!key));
        } else {
            assert!(map.insert(step, !step).unwrap());
            there.push(step);
        }
    }
    assert_eq!(map.len(), there.len() as u64);
    there.iter().for_each(|key| assert_eq!(map.remove(key).unwrap(), Some(!key)));
    assert!(homes().all(|home| home == 0), "a bound or a lock is left: {:x?}", homes().collect::<Vec<_>>());
    (0..map.capacity()).for_each(|key| assert!(map.insert(key, 0).unwrap()));
    map.clear().unwrap();
    assert!(homes().all(|home| home == 0) && map.is_empty());
}

/// Of several that insert the same key one does, and nothing is lost or there twice. The processes are forked, and use what
/// they have inherited.
#[test]
fn processes_count_exactly() {
    let (_name, memory, map) = with::<u64, u64>(40);
    let done = Array::<u64>::create(&memory, "done", 3).unwrap();
    map.insert(1000, 0).unwrap();
    let rounds = count(10_000, 300_000);
    let children: Vec<u32> = (0..4_u64)
        .map(|me| {
            if let Some(child) = sys::fork().unwrap() {
                return child;
            }
            sys::alarm(200);
            let all_good = catch_unwind(AssertUnwindSafe(|| {
                let mut rng = Rng::new(me);
                for _ in 0..rounds {
                    let key = rng.below(60);
                    match rng.below(3) {
                        // More than fit.
                        0 => match map.insert(key, key) {
                            Ok(true) => drop(done.fetch_add(0, 1)),
                            Ok(false) => {}
                            Err(error) => assert_eq!(error.kind(), ErrorKind::Full),
                        },
                        1 => {
                            if let Some(value) = map.remove(&key).unwrap() {
                                assert_eq!(value, key);
                                done.fetch_add(1, 1);
                            }
                        }
                        _ => assert!(map.get(&key).unwrap().is_none_or(|value| value == key)),
                    }
                    assert!(map.update(&1000, |count| Some(count + 1)).unwrap().is_some());
                }
            }));
            sys::exit_now(i32::from(all_good.is_err()));
        })
        .collect();
    children.into_iter().for_each(|child| assert_eq!(sys::wait(child).unwrap(), Change::Exited(0)));
    assert_eq!(map.remove(&1000).unwrap(), Some(4 * rounds));
    let all: Vec<u64> = map.iter().map(|entry| entry.unwrap().0).collect();
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "a key is there twice");
    assert_eq!(done.load(0) - done.load(1), all.len() as u64);
    assert!(all.iter().all(|key| map.contains(key).unwrap()));
}

/// One thread changes what lies around; keys and values that readers see are whole, and what stays is always there.
#[test]
fn readers_see_whole_values_and_all_that_stays() {
    let (_name, _memory, map) = with::<u64, Big>(24);
    (0..8).for_each(|key| assert!(map.insert(key, Big::new(key)).unwrap()));
    let stop = AtomicBool::new(false);
    let end = Instant::now() + Duration::from_millis(count(400, 10_000));
    std::thread::scope(|scope| {
        for writer in 0..2_u64 {
            let (map, stop) = (&map, &stop);
            scope.spawn(move || {
                let mut rng = Rng::new(writer);
                while !stop.load(Ordering::Relaxed) {
                    let key = 100 + rng.below(16);
                    match rng.below(3) {
                        0 => drop(map.insert(key, Big::new(key)).unwrap()),
                        1 => drop(map.remove(&key).unwrap()),
                        _ => drop(map.upsert(rng.below(4), Big::new(rng.below(1000) << 8)).unwrap()),
                    }
                }
            });
        }
        let mut seen = 0_u64;
        while Instant::now() < end {
            for key in 0..8 {
                let value = map.get(&key).unwrap().expect("it stays").value().expect("it is whole");
                assert!(key < 4 || value == key);
            }
            let all: Vec<u64> = map
                .iter()
                .map(|entry| {
                    let (key, value) = entry.unwrap();
                    let value = value.value().expect("it is whole");
                    assert!(key < 4 || value == key, "{value} of {key}");
                    key
                })
                .collect();
            (0..8).for_each(|key| assert_eq!(all.iter().filter(|found| **found == key).count(), 1));
            seen += 1;
        }
        stop.store(true, Ordering::Relaxed);
        assert!(seen > 0);
    });
}

/// It may be the first structure of its segment, whose place is not chosen.
#[test]
fn a_map_without_a_record_opens_by_its_sizes_and_is_checked() {
    let name = Name::new();
    let memory = Memory::options().duck_typed(true).create(&name, 1 << 16).unwrap();
    let map = Map::<u64, u32>::create(&memory, "m", 10).unwrap();
    (0..20).for_each(|key| assert!(map.insert(key, 1).unwrap()));
    let again = Map::<u64, u32>::open(&memory, "m").unwrap();
    assert_eq!(again.len(), 20);
    for error in [
        Map::<u64, u64>::open(&memory, "m").unwrap_err(),
        Map::<u32, u32>::open(&memory, "m").unwrap_err(),
        Set::<u64>::open(&memory, "m").map(drop).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::TypeMismatch, "{error}");
    }
    let (words, first, _) = words(&memory);
    for (offset, value) in [
        // No such bits, a bound beyond the end, a slot that is not there, a copy of what has none, a key of another home.
        (HEADER, 1 << 24),
        (HEADER, 1 << 40),
        (HEADER + 8, 1 << 3),
        (HEADER + 8, 1 << 8),
        (0, 3),
        (0, 1 << 40),
        (0, 0),
        (8, 12345),
    ] {
        let word = words.word(first + offset);
        let good = word.swap(value, Ordering::Relaxed);
        let error = Map::<u64, u32>::open(&memory, "m").unwrap_err();
        let kinds = [ErrorKind::Corrupt, ErrorKind::TypeMismatch];
        assert!(kinds.contains(&error.kind()), "{value:#x} at {offset}: {error}");
        word.store(good, Ordering::Relaxed);
        Map::<u64, u32>::open(&memory, "m").unwrap();
    }
}

#[test]
fn read_only() {
    let (name, _memory, map) = with::<u64, Item>(10);
    (0..12).for_each(|key| assert!(map.insert(key, Item::new(key, 1)).unwrap()));
    let memory = Memory::open_read_only(&name).unwrap();
    let reader = Map::<u64, Item>::open(&memory, "m").unwrap();
    assert_eq!(reader.get(&3).unwrap(), Some(Item::new(3, 1)));
    assert_eq!(reader.get(&99).unwrap(), None);
    assert!(reader.contains(&11).unwrap());
    assert_eq!((reader.iter().count(), reader.len()), (12, 12));
    let read_only = |error: zeroipc::Error| assert_eq!(error.kind(), ErrorKind::ReadOnly);
    read_only(reader.insert(1, Item::new(1, 1)).unwrap_err());
    read_only(reader.upsert(1, Item::new(1, 1)).unwrap_err());
    read_only(reader.remove(&1).unwrap_err());
    read_only(reader.clear().unwrap_err());
    read_only(reader.update(&1, Some).unwrap_err());
    read_only(reader.get_or_insert(77, Item::new(1, 1)).unwrap_err());
    assert_eq!(reader.get_or_insert_with(1, || panic!("it is there")).unwrap(), Item::new(1, 1));
}

/// A writer that is stopped in the middle of a change holds up writers of its home, with a deadline, and nobody else.
#[test]
fn a_stopped_writer_holds_up_only_its_home() {
    let (_name, memory, map) = with::<u64, u64>(100);
    (0..50).for_each(|key| assert!(map.insert(key, key).unwrap()));
    let (words, first, size) = words(&memory);
    let homes: Vec<usize> = (first + HEADER..first + size).step_by(BUCKET).collect();
    let me = u64::from(memory.id().unwrap().unwrap());
    // All but one are held by somebody who is alive.
    homes[1..].iter().for_each(|at| {
        words.word(*at).fetch_or(me, Ordering::Relaxed);
    });
    let start = Instant::now();
    (0..50).for_each(|key| assert_eq!(map.get(&key).unwrap(), Some(key)));
    assert_eq!(map.iter().count(), 50);
    let mut held = 0;
    for key in 0..50 {
        match map.upsert_timeout(key, key + 1, Duration::ZERO) {
            Ok(old) => assert_eq!(old, Some(key)),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::TimedOut);
                held += 1;
            }
        }
    }
    assert!(held > 30, "{held}");
    for error in [
        map.insert_timeout(7, 7, BRIEF).err(),
        map.remove_timeout(&7, BRIEF).err(),
        map.compare_and_swap_timeout(&7, &0, 0, BRIEF).err(),
    ] {
        assert!(error.is_none_or(|error| error.kind() == ErrorKind::TimedOut));
    }
    assert!(start.elapsed() < DEADLINE);
    // The same with an id that nobody has: it is dead, and they are taken over.
    homes[1..].iter().for_each(|at| {
        let word = words.word(*at);
        word.store(word.load(Ordering::Relaxed) & !0xff_ffff | 0xab_cdef, Ordering::Relaxed);
    });
    (0..50).for_each(|key| assert!(map.remove_timeout(&key, SOON).unwrap().is_some()));
    assert!(map.is_empty());
}

#[test]
fn a_closure_that_panics_holds_nothing() {
    let (_name, _memory, map) = with::<u64, u64>(10);
    assert!(catch_unwind(AssertUnwindSafe(|| map.get_or_insert_with(1, || panic!("on purpose")))).is_err());
    assert_eq!(map.get(&1).unwrap(), None);
    map.insert(1, 1).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| map.update(&1, |_| panic!("on purpose")))).is_err());
    // A closure may use the map.
    assert_eq!(map.get_or_insert_with(2, || map.get(&1).unwrap().unwrap() + 1).unwrap(), 2);
    assert_eq!(map.upsert_timeout(1, 3, SOON).unwrap(), Some(1));
}

/// Whatever stands in a map's words, nothing panics or hangs.
#[test]
fn damaged_words_harm_nobody() {
    let mut rng = Rng::new(Rng::seed());
    let nasty = [0, 1, 7, 0xff, 0x0707, 1 << 16, 1 << 32, 3 << 32, 1 << 33, u64::MAX, u64::MAX << 32, u64::MAX << 16];
    for round in 0..count(60, 2000) {
        let (_name, memory, map) = with::<u64, Item>(8);
        (0..10).for_each(|key| assert!(map.insert(key, Item::new(key, 1)).unwrap()));
        let (words, first, size) = words(&memory);
        let start = Instant::now();
        for _ in 0..1 + rng.below(6) {
            // The first rounds take every word of the first bucket in turn.
            let at = if round < 24 { 8 * round } else { rng.below(size as u64 / 8 - 9) * 8 };
            let value = if rng.below(3) == 0 { rng.number() } else { *rng.pick(&nasty) };
            words.word(first + HEADER + at as usize % (size - HEADER)).store(value, Ordering::Relaxed);
            let key = rng.below(12);
            let _ = map.get(&key);
            let _ = map.contains(&99);
            let _ = map.insert_timeout(key, Item::new(key, 2), BRIEF);
            let _ = map.upsert_timeout(key + 20, Item::new(key, 2), BRIEF);
            let _ = map.remove_timeout(&key, BRIEF);
            let _ = map.iter().count();
            assert!(map.len() <= map.capacity());
            let _ = Map::<u64, Item>::open(&memory, "m");
        }
        // The id of a living process may stand there, for whom a writer without a deadline would wait.
        assert!(start.elapsed() < DEADLINE, "round {round}");
    }
}
