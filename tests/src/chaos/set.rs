//! The rows of the set. Its kernel is the map's, and so are its points.

use zeroipc::{Memory, Set};

use super::{Case, completed};
use crate::SOON;

fn open(memory: &Memory) -> Set<u64> {
    Set::open(memory, "s").unwrap()
}

fn with(memory: &Memory) -> Set<u64> {
    // So many that a few keys find their homes with room, whatever the set's seed.
    let set = Set::create(memory, "s", 1000).unwrap();
    for key in 1..=5 {
        assert!(set.insert(key).unwrap());
    }
    set
}

/// The set holds exactly these keys.
#[track_caller]
fn holds(set: &Set<u64>, expected: &[u64]) {
    let mut found: Vec<u64> = set.iter().map(|key| key.unwrap()).collect();
    found.sort_unstable();
    assert_eq!(found, expected);
    for key in expected {
        assert!(set.remove_timeout(key, SOON).unwrap());
    }
    assert!(set.is_empty());
}

const THERE: &str = "the key is there";
const NOT_THERE: &str = "the insertion never happened";
const GONE: &str = "the key is gone";
const STILL_THERE: &str = "the key is still there";

pub(super) fn cases() -> Vec<Case> {
    let insert = Case::new("set", "insert")
        .points(&["map."])
        .prepare(with)
        .victim(|memory| assert!(open(memory).insert(100).unwrap()))
        .survivor(|_, set, _| {
            let found = set.contains(&100).unwrap();
            assert_eq!(set.insert_timeout(100, SOON).unwrap(), !found);
            holds(&set, &[1, 2, 3, 4, 5, 100]);
            completed(if found { THERE } else { NOT_THERE })
        })
        .promise(|death| {
            let there = death.at("published") || death.at("released");
            completed(if there { THERE } else { NOT_THERE })
        });
    let remove = Case::new("set", "remove")
        .points(&["map."])
        .prepare(with)
        .victim(|memory| assert!(open(memory).remove(&5).unwrap()))
        .survivor(|_, set, _| {
            let found = set.contains(&5).unwrap();
            assert_eq!(set.remove_timeout(&5, SOON).unwrap(), found);
            holds(&set, &[1, 2, 3, 4]);
            completed(if found { STILL_THERE } else { GONE })
        })
        .promise(|death| completed(if death.at("taken") { STILL_THERE } else { GONE }));
    vec![insert, remove]
}
