//! The rows of the map.

use std::sync::atomic::Ordering::Relaxed;

use zeroipc::{Array, Map, Memory};

use super::{Case, completed, dies};
use crate::SOON;
use crate::names::path_of;
use crate::sys::Scribble;
use crate::types::Item;

/// The words in front of the buckets, and of a bucket of one line.
const HEADER: usize = 72;
const BUCKET: usize = 64;

fn open(memory: &Memory) -> Map<u64, u64> {
    Map::open(memory, "m").unwrap()
}

fn open_large(memory: &Memory) -> Map<u64, Item> {
    Map::open(memory, "m").unwrap()
}

/// So many that a few keys find their homes with room, whatever the map's seed.
const ROOMY: u64 = 1000;

/// A map that holds 1 to 5, each with ten times its number.
fn with(memory: &Memory) -> Map<u64, u64> {
    let map = Map::create(memory, "m", ROOMY).unwrap();
    for key in 1..=5 {
        assert!(map.insert(key, 10 * key).unwrap());
    }
    map
}

/// The same with large values.
fn with_large(memory: &Memory) -> Map<u64, Item> {
    let map = Map::create(memory, "m", ROOMY).unwrap();
    for key in 1..=5 {
        assert!(map.insert(key, Item::new(key, 0)).unwrap());
    }
    map
}

/// A map, and a key that will lie behind its home, which is full; the key is also in the array `key`.
fn with_full_home(memory: &Memory) -> (Map<u64, u64>, u64) {
    // 32 buckets: it cannot be that all of them are full before one runs over.
    let map = Map::<u64, u64>::create(memory, "m", 64).unwrap();
    let offset = memory.structures().unwrap()[0].offset() as usize;
    let words = Scribble::map(&path_of(memory.name())).unwrap();
    let bounds = || (0..32).any(|bucket| words.word(offset + HEADER + BUCKET * bucket).load(Relaxed) != 0);
    let key = (1..).find(|key| map.insert(*key, 10 * key).unwrap() && bounds()).unwrap();
    map.remove(&key).unwrap();
    assert!(!bounds(), "a bound is lowered when the last key behind a home goes");
    Array::<u64>::create(memory, "key", 1).unwrap().set(0, key);
    (map, key)
}

fn key(memory: &Memory) -> u64 {
    Array::<u64>::open(memory, "key").unwrap().get(0).unwrap()
}

/// The keys below `upto` are there with ten times their number, and `extra`; then the map works as ever, to its last slot.
#[track_caller]
fn holds(map: &Map<u64, u64>, upto: u64, extra: &[(u64, u64)]) {
    let mut expected: Vec<(u64, u64)> = (1..upto).map(|key| (key, 10 * key)).chain(extra.iter().copied()).collect();
    expected.sort_unstable();
    let mut found: Vec<(u64, u64)> = map.iter().map(|entry| entry.unwrap()).collect();
    found.sort_unstable();
    assert_eq!(found, expected);
    for (key, value) in &expected {
        assert_eq!(map.get(key).unwrap(), Some(*value));
        assert_eq!(map.remove_timeout(key, SOON).unwrap(), Some(*value));
    }
    assert!(map.is_empty());
    for lap in 0..3 {
        for key in 0..map.capacity() {
            assert!(map.insert_timeout(key + 10_000 * lap, lap, SOON).unwrap());
        }
        assert_eq!(map.insert_timeout(77_777, 0, SOON).unwrap_err().kind(), zeroipc::ErrorKind::Full);
        for key in 0..map.capacity() {
            assert_eq!(map.remove_timeout(&(key + 10_000 * lap), SOON).unwrap(), Some(lap));
        }
    }
    assert!(map.is_empty());
}

const THERE: &str = "the key is there";
const NOT_THERE: &str = "the insertion never happened";
const OLD: &str = "the old value is there";
const NEW: &str = "the new value is there";
const GONE: &str = "the key is gone";
const STILL_THERE: &str = "the key is still there";
const EACH: &str = "each key is there or gone";

pub(super) fn cases() -> Vec<Case> {
    let mut all = insertions();
    all.extend(updates());
    all.extend(removals());
    all.extend(takeovers());
    all
}

fn insertions() -> Vec<Case> {
    let simple = |operation: &str, insert: fn(&Map<u64, u64>)| {
        Case::new("map", operation)
            .prepare(with)
            .victim(move |memory| insert(&open(memory)))
            .survivor(|_, map, _| {
                let found = map.get(&100).unwrap();
                let inserted = map.insert_timeout(100, 7, SOON).unwrap();
                assert_eq!(found, if inserted { None } else { Some(1) });
                holds(&map, 6, &[(100, if inserted { 7 } else { 1 })]);
                completed(if inserted { NOT_THERE } else { THERE })
            })
            .promise(|death| {
                let there = death.at("published") || death.at("released");
                completed(if there { THERE } else { NOT_THERE })
            })
    };
    let behind = Case::new("map", "insert, behind a full home")
        .prepare(with_full_home)
        .victim(|memory| assert!(open(memory).insert(key(memory), 1).unwrap()))
        .survivor(|_, (map, key), _| {
            let found = map.get(&key).unwrap();
            let inserted = map.insert_timeout(key, 7, SOON).unwrap();
            assert_eq!(found, if inserted { None } else { Some(1) });
            holds(&map, key, &[(key, if inserted { 7 } else { 1 })]);
            completed(if inserted { NOT_THERE } else { THERE })
        })
        .promise(|death| {
            let there = death.at("published") || death.at("released");
            completed(if there { THERE } else { NOT_THERE })
        });
    vec![
        simple("insert", |map| assert!(map.insert(100, 1).unwrap())),
        simple("upsert, a new key", |map| assert_eq!(map.upsert(100, 1).unwrap(), None)),
        simple("get_or_insert_with", |map| assert_eq!(map.get_or_insert_with(100, || 1).unwrap(), 1)),
        behind,
    ]
}

fn updates() -> Vec<Case> {
    let small = |operation: &str, update: fn(&Map<u64, u64>)| {
        Case::new("map", operation)
            .prepare(with)
            .victim(move |memory| update(&open(memory)))
            .survivor(|_, map, _| {
                let found = map.get(&5).unwrap();
                assert_eq!(map.upsert_timeout(5, 3, SOON).unwrap(), found);
                holds(&map, 5, &[(5, 3)]);
                completed(if found == Some(50) { OLD } else { NEW })
            })
            .promise(|death| completed(if death.at("stored") || death.at("released") { NEW } else { OLD }))
    };
    let large = Case::new("map", "upsert, a value above 8 bytes")
        .prepare(with_large)
        .victim(|memory| assert_eq!(open_large(memory).upsert(5, Item::new(5, 1)).unwrap(), Some(Item::new(5, 0))))
        .survivor(|_, map, _| {
            let found = map.get(&5).unwrap().unwrap();
            assert!(found.is_whole() && found.producer == 5);
            assert_eq!(map.upsert_timeout(5, Item::new(5, 2), SOON).unwrap(), Some(found));
            let all = map.iter().map(|entry| entry.unwrap());
            assert_eq!(all.filter(|(key, item)| item.is_whole() && item.producer == *key).count(), 5);
            completed(if found.sequence == 0 { OLD } else { NEW })
        })
        .promise(|death| {
            let new = death.at("update.published") || death.at("released");
            completed(if new { NEW } else { OLD })
        });
    vec![
        small("upsert", |map| assert_eq!(map.upsert(5, 51).unwrap(), Some(50))),
        small("compare_and_swap", |map| assert!(map.compare_and_swap(&5, &50, 51).unwrap())),
        small("update", |map| assert_eq!(map.update(&5, |value| Some(value + 1)).unwrap(), Some(51))),
        large,
    ]
}

fn removals() -> Vec<Case> {
    let remove = Case::new("map", "remove")
        .prepare(with)
        .victim(|memory| assert_eq!(open(memory).remove(&5).unwrap(), Some(50)))
        .survivor(|_, map, _| {
            let found = map.get(&5).unwrap();
            assert_eq!(map.remove_timeout(&5, SOON).unwrap(), found);
            holds(&map, 5, &[]);
            completed(if found.is_some() { STILL_THERE } else { GONE })
        })
        .promise(|death| completed(if death.at("taken") { STILL_THERE } else { GONE }));
    let behind = Case::new("map", "remove, behind a full home")
        .prepare(|memory| {
            let (map, key) = with_full_home(memory);
            assert!(map.insert(key, 1).unwrap());
            (map, key)
        })
        .victim(|memory| assert_eq!(open(memory).remove(&key(memory)).unwrap(), Some(1)))
        .survivor(|_, (map, key), _| {
            let found = map.get(&key).unwrap();
            assert_eq!(map.remove_timeout(&key, SOON).unwrap(), found);
            holds(&map, key, &[]);
            completed(if found.is_some() { STILL_THERE } else { GONE })
        })
        .promise(|death| completed(if death.at("taken") { STILL_THERE } else { GONE }));
    let clear = Case::new("map", "clear")
        .prepare(with)
        .victim(|memory| open(memory).clear().unwrap())
        .survivor(|_, map, _| {
            for entry in &map {
                let (key, value) = entry.unwrap();
                assert!((1..=5).contains(&key) && value == 10 * key);
            }
            map.clear().unwrap();
            holds(&map, 1, &[]);
            completed(EACH)
        })
        .promise(|_| completed(EACH));
    vec![remove, behind, clear]
}

/// A process dies that takes over what another dead one has left; the next one does it.
fn takeovers() -> Vec<Case> {
    let insert = Case::new("map", "insert, at a dead insertion")
        .prepare(|memory| {
            let map = with(memory);
            dies(memory, "map: insert", "map.insert.key");
            map
        })
        .victim(|memory| assert!(open(memory).insert(100, 1).unwrap()))
        .survivor(|_, map, _| {
            let found = map.get(&100).unwrap();
            let inserted = map.insert_timeout(100, 7, SOON).unwrap();
            assert_eq!(found, if inserted { None } else { Some(1) });
            holds(&map, 6, &[(100, if inserted { 7 } else { 1 })]);
            completed(if inserted { NOT_THERE } else { THERE })
        })
        .promise(|death| {
            let there = death.at("published") || death.at("released");
            completed(if there { THERE } else { NOT_THERE })
        });
    let behind = Case::new("map", "insert, where another died behind a full home")
        .prepare(|memory| {
            let with = with_full_home(memory);
            dies(memory, "map: insert, behind a full home", "map.insert.raised");
            with
        })
        .victim(|memory| assert!(open(memory).insert(key(memory), 1).unwrap()))
        .survivor(|_, (map, key), _| {
            let inserted = map.insert_timeout(key, 7, SOON).unwrap();
            holds(&map, key, &[(key, if inserted { 7 } else { 1 })]);
            completed(if inserted { NOT_THERE } else { THERE })
        })
        .promise(|death| {
            let there = death.at("published") || death.at("released");
            completed(if there { THERE } else { NOT_THERE })
        });
    vec![insert, behind]
}
