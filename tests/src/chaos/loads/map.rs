//! A map whose few keys all change, and a set: every value that was put in is there once, or was replaced or removed once.

use std::collections::HashMap;

use zeroipc::{ErrorKind, Map, Set};

use crate::chaos::load::{Answer, Load, Order, Worker, additions, bag};
use crate::containers::{item, number};
use crate::types::Item;

const PUT: u8 = 1;
const TAKE: u8 = 2;
const ADD: u8 = 3;
const REMOVE: u8 = 4;
const COUNT: u8 = 5;
/// How many keys there are.
const KEYS: u64 = 24;
/// Where a value says what key it belongs to, between who made it and how many he had made.
const KEY_SHIFT: u32 = 20;

fn key_of(number: u64) -> u64 {
    (number & 0xffff_ffff) >> KEY_SHIFT
}

/// What came of a change that may find no room, or a writer in its way.
#[track_caller]
fn changed<T>(result: zeroipc::Result<T>) -> Option<T> {
    result.map_err(|error| assert!(matches!(error.kind(), ErrorKind::Full | ErrorKind::TimedOut), "{error}")).ok()
}

pub(super) fn map() -> Load {
    Load::new("map")
        .prepare(|memory, rng| {
            Map::<u64, u64>::create(memory, "counts", 1).unwrap().insert(0, 0).unwrap();
            // With and without room for all.
            drop(Map::<u64, Item>::create(memory, "m", 1 + rng.below(2 * KEYS)).unwrap());
        })
        .work(work_on_map)
        .check(|memory, journals| {
            let map = Map::<u64, Item>::open(memory, "m").unwrap();
            let left: HashMap<u64, u64> = map
                .iter()
                .map(|entry| {
                    let (key, value) = entry.unwrap();
                    assert_eq!(key_of(number(value)), key, "a value of another key");
                    (key, number(value))
                })
                .collect();
            assert_eq!(left.len() as u64, map.len(), "a key is there twice");
            for key in 0..KEYS {
                assert_eq!(map.get(&key).unwrap().map(number), left.get(&key).copied());
            }
            bag(journals, PUT, TAKE, &left.into_values().collect::<Vec<_>>(), Order::Any);
            let counts = Map::<u64, u64>::open(memory, "counts").unwrap();
            additions(journals, COUNT, 0, counts.get(&0).unwrap().unwrap());
            map.clear().unwrap();
            for key in 0..map.capacity() {
                assert!(map.insert(key, item(key)).unwrap(), "there is less room than there was");
            }
        })
}

fn work_on_map(worker: &mut Worker<'_>) {
    let map = Map::<u64, Item>::open(worker.memory(), "m").unwrap();
    let counts = Map::<u64, u64>::open(worker.memory(), "counts").unwrap();
    while worker.goes_on() {
        let key = worker.rng.below(KEYS);
        let value = worker.fresh() | key << KEY_SHIFT;
        let whole = |found: Item| {
            assert_eq!(key_of(number(found)), key, "a value of another key");
            number(found)
        };
        match worker.rng.below(7) {
            0 => drop(worker.does(PUT, value, || changed(map.insert(key, item(value)))?.then_some(value))),
            1 => worker
                .exchanges(PUT, value, TAKE, || changed(map.upsert(key, item(value))).map(|before| before.map(whole))),
            2 => drop(worker.does(TAKE, 0, || map.remove(&key).unwrap().map(whole))),
            3 => {
                let Some(before) = map.get(&key).unwrap() else { continue };
                worker.exchanges(PUT, value, TAKE, || {
                    let swapped = map.compare_and_swap(&key, &before, item(value)).unwrap();
                    swapped.then_some(Some(whole(before)))
                });
            }
            4 => {
                let Some(before) = map.get(&key).unwrap() else { continue };
                worker.does(TAKE, 0, || map.compare_and_remove(&key, &before).unwrap().then_some(whole(before)));
            }
            // A value of one word, which is changed where it is.
            5 => drop(
                worker.does(COUNT, 0, || counts.update(&0, |count| Some(count + 1)).unwrap().map(|count| count - 1)),
            ),
            _ => {
                let mut seen = 0_u64;
                for entry in map.iter() {
                    let (key, value) = entry.unwrap();
                    assert_eq!(key_of(number(value)), key, "a value of another key");
                    seen += 1;
                }
                assert!(seen <= 4 * KEYS);
            }
        }
    }
}

pub(super) fn set() -> Load {
    Load::new("set")
        .prepare(|memory, rng| drop(Set::<u64>::create(memory, "s", 1 + rng.below(2 * KEYS)).unwrap()))
        .work(|worker| {
            let set = Set::<u64>::open(worker.memory(), "s").unwrap();
            while worker.goes_on() {
                let key = worker.rng.below(KEYS);
                match worker.rng.below(3) {
                    0 => worker.does(ADD, key, || changed(set.insert(key))?.then_some(key)),
                    1 => worker.does(REMOVE, key, || set.remove(&key).unwrap().then_some(key)),
                    _ => set.contains(&key).unwrap().then_some(key),
                };
            }
        })
        .check(|memory, journals| {
            let set = Set::<u64>::open(memory, "s").unwrap();
            let mut left: Vec<u64> = set.iter().map(|key| key.unwrap()).collect();
            left.sort_unstable();
            assert!(left.windows(2).all(|two| two[0] < two[1]), "a key is there twice: {left:?}");
            for key in 0..KEYS {
                let count = |operation: u8, answer: Answer| {
                    let of = |entry: &&_| is(entry, operation, key, answer);
                    journals.iter().flatten().filter(of).count() as i64
                };
                let balance = count(ADD, Answer::Yes(key)) - count(REMOVE, Answer::Yes(key));
                let there = i64::from(set.contains(&key).unwrap());
                assert_eq!(there == 1, left.contains(&key));
                let (more, less) = (count(ADD, Answer::None), count(REMOVE, Answer::None));
                let context = format!("{key}: {balance} in, {more} and {less} unknown, {there} there");
                assert!((balance - less..=balance + more).contains(&there), "{context}");
            }
        })
}

fn is(entry: &crate::chaos::load::Entry, operation: u8, key: u64, answer: Answer) -> bool {
    entry.operation == operation && entry.value == key && entry.answer == answer
}
