//! Keys that come and go in a small map, and one that counts: for each key, insertions and removals that were done alternate,
//! so that there is at most one more of the first; an operation whose process died in it counts once or not at all.

use zeroipc::{ErrorKind, Map};

use crate::chaos::load::{Answer, BRIEF, Load};
use crate::types::Item;

const INSERT: u8 = 1;
const REMOVE: u8 = 2;
const COUNT: u8 = 3;
const LOOK: u8 = 4;
/// So many that the map is full now and then.
const KEYS: u64 = 14;

fn item(key: u64, number: u64) -> Item {
    Item::new(key, number)
}

pub(super) fn load() -> Load {
    Load::new("map")
        .prepare(|memory, _| {
            Map::<u64, Item>::create(memory, "m", 8).unwrap();
            let counts = Map::<u64, u64>::create(memory, "counts", 1).unwrap();
            counts.insert(0, 0).unwrap();
        })
        .work(|worker| {
            let map = Map::<u64, Item>::open(worker.memory(), "m").unwrap();
            let counts = Map::<u64, u64>::open(worker.memory(), "counts").unwrap();
            while worker.goes_on() {
                let key = worker.rng.below(KEYS);
                let number = worker.fresh();
                match worker.rng.below(4) {
                    0 => worker.does(INSERT, key, || match map.insert_timeout(key, item(key, number), BRIEF) {
                        Ok(inserted) => inserted.then_some(0),
                        Err(error) if [ErrorKind::Full, ErrorKind::TimedOut].contains(&error.kind()) => None,
                        Err(error) => panic!("{error}"),
                    }),
                    1 => worker.does(REMOVE, key, || match map.remove_timeout(&key, BRIEF) {
                        Ok(removed) => removed.map(|item| assert!(item.is_whole() && item.producer == key)).map(|()| 0),
                        Err(error) if error.kind() == ErrorKind::TimedOut => None,
                        Err(error) => panic!("{error}"),
                    }),
                    2 => worker.does(COUNT, 0, || counts.update(&0, |count| Some(count + 1)).unwrap()),
                    _ => worker.does(LOOK, key, || {
                        let item = map.get(&key).unwrap();
                        item.map(|item| assert!(item.is_whole() && item.producer == key)).map(|()| 0)
                    }),
                };
            }
        })
        .check(|memory, journals| {
            let map = Map::<u64, Item>::open(memory, "m").unwrap();
            let counts = Map::<u64, u64>::open(memory, "counts").unwrap();
            let of = |operation: u8, key: u64, answer: Answer| {
                let entries = journals.iter().flatten();
                let one = |entry: &&crate::chaos::load::Entry| {
                    entry.operation == operation && entry.value == key && entry.answer == answer
                };
                entries.filter(one).count() as i64
            };
            let all: Vec<u64> = map.iter().map(|entry| entry.unwrap().0).collect();
            for key in 0..KEYS {
                let there = all.iter().filter(|found| **found == key).count() as i64;
                assert!(there <= 1, "{key} is there {there} times");
                assert_eq!(map.contains(&key).unwrap(), there == 1, "{key} is there and not found");
                let sure = of(INSERT, key, Answer::Yes(0)) - of(REMOVE, key, Answer::Yes(0));
                let (more, less) = (of(INSERT, key, Answer::None), of(REMOVE, key, Answer::None));
                assert!((sure - less..=sure + more).contains(&there), "{key}: {there} and not {sure} -{less} +{more}");
            }
            let mut seen: Vec<u64> = Vec::new();
            let mut unknown = 0;
            for entry in journals.iter().flatten().filter(|entry| entry.operation == COUNT) {
                match entry.answer {
                    Answer::Yes(count) => seen.push(count),
                    _ => unknown += 1,
                }
            }
            let total = counts.get(&0).unwrap().unwrap();
            seen.sort_unstable();
            assert!(seen.windows(2).all(|two| two[0] < two[1]), "two counted to the same number");
            assert!((seen.len() as u64..=seen.len() as u64 + unknown).contains(&total), "{total}: {}", seen.len());
            // Whatever is left behind by the dead is in nobody's way: every slot can be filled.
            map.clear().unwrap();
            for key in 0..map.capacity() {
                assert!(map.insert_timeout(key, item(key, 0), BRIEF * 500).unwrap());
            }
        })
}
