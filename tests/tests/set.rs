//! The set: what differs from the map, whose kernel it has.

use std::collections::HashSet;

use zeroipc::{ErrorKind, Map, Memory, Set};
use zeroipc_tests::names::Name;
use zeroipc_tests::rng::Rng;
use zeroipc_tests::scale::count;

#[test]
fn smoke() {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 17).unwrap();
    let set = Set::<u64>::create(&memory, "s", 100).unwrap();
    assert_eq!((set.name(), set.len(), set.is_empty()), ("s", 0, true));
    assert!(set.insert(1).unwrap() && !set.insert(1).unwrap());
    assert!(set.contains(&1).unwrap() && !set.contains(&2).unwrap());
    assert!(set.insert(2).unwrap());
    let again = Set::<u64>::open_or_create(&memory, "s", 100).unwrap();
    let mut all: Vec<u64> = (&again).into_iter().map(|key| key.unwrap()).collect();
    all.sort_unstable();
    assert_eq!(all, [1, 2]);
    assert!(again.remove(&1).unwrap() && !again.remove(&1).unwrap());
    set.clone().clear().unwrap();
    assert!(again.is_empty());
    assert_eq!(Map::<u64, u8>::open(&memory, "s").unwrap_err().kind(), ErrorKind::KindMismatch);
    assert_eq!(Set::<i64>::open(&memory, "s").unwrap_err().kind(), ErrorKind::TypeMismatch);
    assert_eq!(Set::<u64>::open_or_create(&memory, "s", 1000).unwrap_err().kind(), ErrorKind::BadArgument);
    assert_eq!(Set::<u64>::create(&memory, "x", 0).unwrap_err().kind(), ErrorKind::BadArgument);
}

#[test]
fn capacity() {
    // Small keys lie six to a line.
    for (entries, slots) in [(1, 6), (5, 12), (100, 192)] {
        let name = Name::new();
        let memory = Memory::create(&name, 1 << 17).unwrap();
        let set = Set::<u32>::create(&memory, "s", entries).unwrap();
        assert_eq!(set.capacity(), slots, "{entries}");
        (0..slots as u32).for_each(|key| assert!(set.insert(key).unwrap()));
        assert_eq!(set.insert(u32::MAX).unwrap_err().kind(), ErrorKind::Full);
        assert!(set.remove(&3).unwrap() && set.insert(u32::MAX).unwrap());
    }
}

#[test]
fn it_does_what_a_set_does() {
    let mut rng = Rng::new(Rng::seed());
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 17).unwrap();
    let set = Set::<[u8; 5]>::create(&memory, "s", 60).unwrap();
    let mut model: HashSet<[u8; 5]> = HashSet::new();
    for _ in 0..count(50_000, 500_000) {
        let number = rng.below(80) as u8;
        let key = [number, 1, 2, 3, number];
        match rng.below(3) {
            0 => assert_eq!(set.insert(key).unwrap(), model.insert(key)),
            1 => assert_eq!(set.remove(&key).unwrap(), model.remove(&key)),
            _ => assert_eq!(set.contains(&key).unwrap(), model.contains(&key)),
        }
    }
    assert_eq!(set.iter().collect::<zeroipc::Result<HashSet<_>>>().unwrap(), model);
}

#[test]
fn read_only() {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 17).unwrap();
    Set::<u64>::create(&memory, "s", 10).unwrap().insert(7).unwrap();
    let memory = Memory::open_read_only(&name).unwrap();
    let set = Set::<u64>::open(&memory, "s").unwrap();
    assert!(set.contains(&7).unwrap());
    assert_eq!((set.iter().count(), set.len()), (1, 1));
    assert_eq!(set.insert(8).unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(set.remove(&7).unwrap_err().kind(), ErrorKind::ReadOnly);
}
