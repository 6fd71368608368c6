//! The map: a key is there once, a value is whole, what stays is found, and the dead are in nobody's way.

use std::sync::Arc;

use loom::thread;
use loom::thread::JoinHandle;

use crate::explore::explore;
use crate::map_kernel::{Buckets, Change, Copied, Kernel};
use crate::points::dying_at;
use crate::sync::{AtomicU64, Relaxed, Release};
use crate::village::Village;
use crate::waiting::block;

/// The ids of the models' processes.
const A: u32 = 1;
const B: u32 = 2;
const C: u32 = 3;

/// A key says which bucket is its home.
const fn key(home: u64, number: u64) -> u64 {
    home << 8 | number
}

/// A value says which key it is for, and is followed by its complement.
type Value = [u64; 2];

const fn value(key: u64, number: u64) -> Value {
    let value = key << 8 | number;
    [value, !value]
}

/// Checks that all of a value came from one write, for this key; its number.
#[track_caller]
fn whole(key: u64, value: Value) -> u64 {
    assert_eq!(value[0], !value[1], "a torn value");
    assert_eq!(value[0] >> 8, key, "a value of another key");
    value[0] & 0xff
}

struct Slot {
    key: AtomicU64,
    copies: [[AtomicU64; 2]; 2],
}

struct Bucket<const SLOTS: usize> {
    home: AtomicU64,
    state: AtomicU64,
    slots: [Slot; SLOTS],
}

/// A map on the heap, and those who use it. In place, a value is its first word.
struct World<const SLOTS: usize, const IN_PLACE: bool> {
    buckets: Vec<Bucket<SLOTS>>,
    village: Village,
}

impl<const SLOTS: usize, const IN_PLACE: bool> Buckets for World<SLOTS, IN_PLACE> {
    type Key = u64;
    type Value = Value;
    const SLOTS: u32 = SLOTS as u32;
    const IN_PLACE: bool = IN_PLACE;

    fn mask(&self) -> u64 {
        self.buckets.len() as u64 - 1
    }

    fn home(&self, bucket: u64) -> &AtomicU64 {
        &self.buckets[bucket as usize].home
    }

    fn state(&self, bucket: u64) -> &AtomicU64 {
        &self.buckets[bucket as usize].state
    }

    fn matches(&self, bucket: u64, key: &u64, taken: u64) -> u64 {
        let slots = self.buckets[bucket as usize].slots.iter().enumerate();
        let taken = slots.filter(|(slot, _)| taken >> slot & 1 != 0);
        taken.map(|(slot, found)| u64::from(found.key.load(Relaxed) == *key) << slot).sum()
    }

    fn hash_at(&self, bucket: u64, slot: u32) -> u64 {
        self.key_at(bucket, slot).load(Relaxed) >> 8
    }

    fn write_key(&self, bucket: u64, slot: u32, key: &u64) {
        self.key_at(bucket, slot).store(*key, Relaxed);
    }

    fn read_value(&self, at: Copied, value: &mut Value) {
        let [first, second] = self.copy(at);
        let first = first.load(Relaxed);
        *value = [first, if IN_PLACE { !first } else { second.load(Relaxed) }];
    }

    fn write_value(&self, at: Copied, value: &Value) {
        let [first, second] = self.copy(at);
        if IN_PLACE {
            first.store(value[0], Release);
        } else {
            first.store(value[0], Relaxed);
            second.store(value[1], Relaxed);
        }
    }
}

impl<const SLOTS: usize, const IN_PLACE: bool> World<SLOTS, IN_PLACE> {
    fn new(buckets: usize, entries: &[u64]) -> Arc<World<SLOTS, IN_PLACE>> {
        let word = || AtomicU64::new(0);
        let copies = || [[word(), word()], [word(), word()]];
        let slot = || Slot { key: word(), copies: copies() };
        let bucket = || Bucket { home: word(), state: word(), slots: std::array::from_fn(|_| slot()) };
        let world = World { buckets: (0..buckets).map(|_| bucket()).collect(), village: Village::new() };
        entries.iter().for_each(|key| assert!(world.insert(C, *key, 0)));
        Arc::new(world)
    }

    fn key_at(&self, bucket: u64, slot: u32) -> &AtomicU64 {
        &self.buckets[bucket as usize].slots[slot as usize].key
    }

    fn copy(&self, at: Copied) -> &[AtomicU64; 2] {
        &self.buckets[at.bucket as usize].slots[at.slot as usize].copies[at.copy as usize]
    }

    fn kernel(&self) -> Kernel<'_, Self, Village> {
        Kernel { buckets: self, peers: &self.village }
    }

    /// As `MappedBuckets::change`; the number of the value that was there.
    fn change(&self, me: u32, key: u64, number: u64, decide: impl Fn(Option<u64>) -> Change) -> Option<u64> {
        let mut found = [0; 2];
        let there = block(&self.village, None, |patience| {
            let decide = |there: Option<&Value>| decide(there.map(|value| whole(key, *value)));
            self.kernel().change(me, key >> 8, &key, &value(key, number), &mut found, decide, patience)
        });
        there.unwrap().unwrap().then(|| whole(key, found))
    }

    fn insert(&self, me: u32, key: u64, number: u64) -> bool {
        let insert = |there: Option<u64>| if there.is_none() { Change::Put } else { Change::Keep };
        self.change(me, key, number, insert).is_none()
    }

    fn upsert(&self, me: u32, key: u64, number: u64) -> Option<u64> {
        self.change(me, key, number, |_| Change::Put)
    }

    fn remove(&self, me: u32, key: u64) -> Option<u64> {
        self.change(me, key, 0, |_| Change::Remove)
    }

    /// Gives the key the next number; the one that it has then.
    fn count(&self, me: u32, key: u64) -> u64 {
        loop {
            let old = self.get(key).unwrap();
            let swap = |there: Option<u64>| if there == Some(old) { Change::Put } else { Change::Keep };
            if self.change(me, key, old + 1, swap) == Some(old) {
                return old + 1;
            }
        }
    }

    fn get(&self, key: u64) -> Option<u64> {
        let mut found = [0; 2];
        let there = self.kernel().get(key >> 8, &key, |at| self.read_value(at, &mut found)).unwrap();
        there.then(|| whole(key, found))
    }

    fn clear(&self, me: u32) {
        for bucket in 0..self.buckets.len() as u64 {
            for slot in 0..SLOTS as u32 {
                block(&self.village, None, |patience| self.kernel().clear_slot(me, bucket, slot, patience))
                    .unwrap()
                    .unwrap();
            }
        }
    }

    /// All entries as iteration finds them, whole.
    fn all(&self) -> Vec<(u64, u64)> {
        let mut all = Vec::new();
        for bucket in 0..self.buckets.len() as u64 {
            for slot in 0..SLOTS as u32 {
                let (mut key, mut found) = (0, [0; 2]);
                let copy = |at: Copied| {
                    key = self.key_at(at.bucket, at.slot).load(Relaxed);
                    self.read_value(at, &mut found);
                };
                if self.kernel().snapshot(bucket, slot, copy).unwrap() {
                    all.push((key, whole(key, found)));
                }
            }
        }
        all.sort_unstable();
        all
    }

    /// When everybody is done: the map holds these entries, each once and where it is found.
    #[track_caller]
    fn holds(&self, entries: &[(u64, u64)]) {
        let mut entries = entries.to_vec();
        entries.sort_unstable();
        assert_eq!(self.all(), entries);
        for (key, number) in entries {
            assert_eq!(self.get(key), Some(number));
        }
        for bucket in 0..self.buckets.len() as u64 {
            assert!(self.kernel().is_sound(bucket));
        }
    }
}

type Single = World<1, true>;
type Large = World<1, false>;

fn run<W: Send + Sync + 'static, R: 'static>(world: &Arc<W>, process: impl FnOnce(&W) -> R + 'static) -> JoinHandle<R> {
    let world = Arc::clone(world);
    thread::spawn(move || process(&world))
}

const X: u64 = key(0, 1);
const Y: u64 = key(0, 2);
const Z: u64 = key(1, 3);

#[test]
fn two_insert_the_same_key() {
    // The home is free; it is full; and it is full with the key's place far behind.
    for (buckets, there) in [(1, &[][..]), (2, &[X]), (4, &[X, Z])] {
        explore("two_insert_the_same_key", 2, move || {
            let world = Single::new(buckets, there);
            let other = run(&world, |world| world.insert(A, Y, 1));
            let mine = world.insert(B, Y, 2);
            assert!(mine != other.join().unwrap());
            let mut all: Vec<(u64, u64)> = there.iter().map(|key| (*key, 0)).collect();
            all.push((Y, if mine { 2 } else { 1 }));
            world.holds(&all);
        });
    }
}

#[test]
fn two_homes_want_the_same_slot() {
    explore("two_homes_want_the_same_slot", 2, || {
        let world = Single::new(4, &[X]);
        let other = run(&world, |world| world.insert(A, Y, 1));
        assert!(world.insert(B, Z, 2));
        assert!(other.join().unwrap());
        world.holds(&[(X, 0), (Y, 1), (Z, 2)]);
    });
}

/// Each holds its own home, which is full, and looks for room in the other's.
#[test]
fn two_full_homes_wait_for_none_in_a_circle() {
    explore("two_full_homes_wait_for_none_in_a_circle", 2, || {
        let world = World::<2, true>::new(2, &[key(0, 1), key(0, 2), key(1, 3)]);
        let other = run(&world, |world| world.insert(A, key(0, 4), 1));
        let mine = world.remove(B, key(1, 3)).is_some() && world.insert(B, key(1, 5), 2);
        assert!(mine && other.join().unwrap());
        world.holds(&[(key(0, 1), 0), (key(0, 2), 0), (key(0, 4), 1), (key(1, 5), 2)]);
    });
}

#[test]
fn one_inserts_what_the_other_removes() {
    explore("one_inserts_what_the_other_removes", 2, || {
        let world = Single::new(2, &[X, Y]);
        let other = run(&world, |world| world.remove(A, Y));
        let inserted = world.insert(B, Y, 1);
        assert!(other.join().unwrap().is_some());
        world.holds(if inserted { &[(X, 0), (Y, 1)] } else { &[(X, 0)] });
    });
}

/// The bound of the home is lowered and raised at the same time.
#[test]
fn a_bound_is_lowered_while_another_key_comes() {
    explore("a_bound_is_lowered_while_another_key_comes", 2, || {
        let world = Single::new(4, &[X, Y]);
        let other = run(&world, |world| world.remove(A, Y));
        assert!(world.insert(B, key(0, 7), 1));
        assert_eq!(other.join().unwrap(), Some(0));
        world.holds(&[(X, 0), (key(0, 7), 1)]);
    });
}

/// Two keys lie behind their home, and the farther one goes.
#[test]
fn a_bound_that_others_need_stays() {
    explore("a_bound_that_others_need_stays", 2, || {
        let world = Single::new(4, &[X, Y, key(0, 7)]);
        let other = run(&world, |world| world.remove(A, key(0, 7)));
        assert_eq!(world.get(Y), Some(0));
        assert_eq!(other.join().unwrap(), Some(0));
        world.holds(&[(X, 0), (Y, 0)]);
    });
}

/// A key behind its home is found whatever happens beside it.
#[test]
fn what_stays_is_always_found() {
    explore("what_stays_is_always_found", 2, || {
        let world = World::<2, true>::new(2, &[X, key(0, 7), Y, Z]);
        let other = run(&world, |world| {
            assert_eq!(world.remove(A, X), Some(0));
            assert_eq!(world.remove(A, Z), Some(0));
            assert!(world.insert(A, key(0, 9), 1));
        });
        assert_eq!(world.get(Y), Some(0));
        assert_eq!(world.get(key(0, 7)), Some(0));
        other.join().unwrap();
        world.holds(&[(Y, 0), (key(0, 7), 0), (key(0, 9), 1)]);
    });
}

#[test]
fn a_slot_that_is_used_again_is_not_mistaken() {
    explore("a_slot_that_is_used_again_is_not_mistaken", 2, || {
        let world = Large::new(1, &[X]);
        let other = run(&world, |world| {
            assert_eq!(world.remove(A, X), Some(0));
            assert!(world.insert(A, Y, 1));
        });
        // Whatever is found is whole, and belongs to the key.
        assert!(matches!(world.get(X), None | Some(0)));
        assert!(matches!(world.get(Y), None | Some(1)));
        other.join().unwrap();
        world.holds(&[(Y, 1)]);
    });
}

#[test]
fn a_slot_in_place_that_is_used_again_is_not_mistaken() {
    explore("a_slot_in_place_that_is_used_again_is_not_mistaken", 2, || {
        let world = Single::new(1, &[X]);
        let other = run(&world, |world| {
            assert_eq!(world.remove(A, X), Some(0));
            assert!(world.insert(A, Y, 1));
        });
        assert!(matches!(world.get(X), None | Some(0)));
        other.join().unwrap();
        world.holds(&[(Y, 1)]);
    });
}

#[test]
fn a_large_value_is_whole() {
    explore("a_large_value_is_whole", 2, || {
        let world = Large::new(1, &[X]);
        let other = run(&world, |world| {
            assert_eq!(world.upsert(A, X, 1), Some(0));
            assert_eq!(world.upsert(A, X, 2), Some(1));
        });
        let first = world.get(X).unwrap();
        let second = world.get(X).unwrap();
        assert!(first <= second);
        other.join().unwrap();
        world.holds(&[(X, 2)]);
    });
}

#[test]
fn iteration_sees_whole_entries() {
    explore("iteration_sees_whole_entries", 2, || {
        let world = World::<2, false>::new(1, &[X, Z]);
        let other = run(&world, |world| {
            world.upsert(A, X, 1);
            world.remove(A, Z);
            world.insert(A, Y, 2);
        });
        let all = world.all();
        assert_eq!(all.iter().filter(|(key, _)| *key == X).count(), 1, "{all:?}");
        other.join().unwrap();
        world.holds(&[(X, 1), (Y, 2)]);
    });
}

#[test]
fn two_writers_of_a_value_and_a_reader() {
    explore("two_writers_of_a_value_and_a_reader", 1, || {
        let world = Large::new(1, &[X]);
        let one = run(&world, |world| world.upsert(A, X, 1));
        let two = run(&world, |world| world.upsert(B, X, 2));
        world.get(X).unwrap();
        let (one, two) = (one.join().unwrap().unwrap(), two.join().unwrap().unwrap());
        assert!((one, two) == (0, 1) || (one, two) == (2, 0), "{one} {two}");
        world.holds(&[(X, if one == 0 { 2 } else { 1 })]);
    });
}

#[test]
fn two_count() {
    explore("two_count", 2, || {
        let world = Single::new(1, &[X]);
        let other = run(&world, |world| world.count(A, X));
        let mine = world.count(B, X);
        assert!(mine != other.join().unwrap());
        world.holds(&[(X, 2)]);
    });
}

#[test]
fn one_clears_while_another_inserts() {
    explore("one_clears_while_another_inserts", 2, || {
        let world = Single::new(2, &[X, Y]);
        let other = run(&world, |world| world.clear(A));
        let inserted = world.insert(B, X, 1);
        other.join().unwrap();
        let all = world.all();
        assert!(all.iter().all(|entry| *entry == (X, 1) && inserted), "{all:?}");
        world.holds(&all);
    });
}

/// Everywhere a writer can die.
const POINTS: [&str; 10] = [
    "map.lock.taken",
    "map.insert.found",
    "map.insert.key",
    "map.insert.value",
    "map.insert.raised",
    "map.insert.published",
    "map.update.written",
    "map.update.published",
    "map.remove.freed",
    "map.lock.released",
];

/// One dies inserting behind its home, and two others come: the one to its home, the other to the bucket behind.
#[test]
fn a_dead_insertion_is_in_nobodys_way() {
    for point in POINTS.iter().filter(|point| !point.contains("update") && !point.contains("remove")) {
        explore(&format!("a_dead_insertion_is_in_nobodys_way: {point}"), 2, || {
            let world = Large::new(4, &[X]);
            let dead = run(&world, |world| {
                let whole = dying_at(point, || world.insert(A, Y, 1)).is_some();
                world.village.die(A);
                whole
            });
            let mine = world.insert(B, Y, 2);
            assert!(world.insert(B, Z, 3));
            // It lives on if it finds that the other one was faster.
            let survived = dead.join().unwrap();
            assert!(!survived || mine);
            // The first of the two that is published counts.
            let published = ["map.insert.published", "map.lock.released"].contains(point);
            let number = world.get(Y).unwrap();
            assert!(if mine { number == 2 } else { number == 1 && published }, "{mine} {number}");
            world.holds(&[(X, 0), (Y, number), (Z, 3)]);
        });
    }
}

#[test]
fn two_take_over_from_a_dead_insertion() {
    for point in ["map.insert.key", "map.insert.raised", "map.insert.published"] {
        explore(&format!("two_take_over_from_a_dead_insertion: {point}"), 2, move || {
            let world = Single::new(4, &[X]);
            assert_eq!(dying_at(point, || world.insert(A, Y, 1)), None);
            world.village.die(A);
            let other = run(&world, |world| world.insert(C, Y, 2));
            let mine = world.insert(B, Y, 3);
            let other = other.join().unwrap();
            let published = point == "map.insert.published";
            assert_eq!(u32::from(mine) + u32::from(other), u32::from(!published));
            world.holds(&[
                (X, 0),
                (
                    Y,
                    if mine {
                        3
                    } else if other {
                        2
                    } else {
                        1
                    },
                ),
            ]);
        });
    }
}

#[test]
fn a_dead_update_leaves_the_old_value_or_the_new_one() {
    for point in ["map.lock.taken", "map.update.written", "map.update.published"] {
        explore(&format!("a_dead_update_leaves_the_old_value_or_the_new_one: {point}"), 2, move || {
            let world = Large::new(1, &[X]);
            let dead = run(&world, move |world| {
                assert_eq!(dying_at(point, || world.upsert(A, X, 1)), None);
                world.village.die(A);
            });
            let first = world.get(X).unwrap();
            assert!(first == 0 || first == 1 && point == "map.update.published");
            let before = world.upsert(B, X, 2).unwrap();
            dead.join().unwrap();
            if point != "map.update.published" {
                assert_eq!(before, 0);
            }
            let now = world.get(X).unwrap();
            assert!(now == 2 || now == 1 && before == 0 && point == "map.update.published");
            world.holds(&[(X, now)]);
        });
    }
}

#[test]
fn a_dead_removal_has_happened_or_not() {
    for point in ["map.lock.taken", "map.remove.freed"] {
        explore(&format!("a_dead_removal_has_happened_or_not: {point}"), 2, move || {
            let world = Single::new(2, &[X, Y]);
            let dead = run(&world, move |world| {
                assert_eq!(dying_at(point, || world.remove(A, Y)), None);
                world.village.die(A);
            });
            let mine = world.insert(B, Y, 1);
            assert_eq!(world.get(X), Some(0));
            dead.join().unwrap();
            match point {
                "map.lock.taken" => {
                    assert!(!mine);
                    world.holds(&[(X, 0), (Y, 0)]);
                }
                // The bound may have been left too high.
                _ => world.holds(if mine { &[(X, 0), (Y, 1)] } else { &[(X, 0)] }),
            }
        });
    }
}

/// Who takes over dies as well.
#[test]
fn the_heir_dies_too() {
    for point in ["map.lock.dead", "map.lock.taken", "map.insert.value"] {
        explore(&format!("the_heir_dies_too: {point}"), 2, move || {
            let world = Single::new(2, &[X]);
            assert_eq!(dying_at("map.insert.key", || world.insert(A, Y, 1)), None);
            world.village.die(A);
            let heir = run(&world, move |world| {
                let survived = dying_at(point, || world.insert(B, Y, 2)).is_some();
                world.village.die(B);
                survived
            });
            let mine = world.insert(C, Y, 3);
            let survived = heir.join().unwrap();
            assert!(mine || survived);
            let number = world.get(Y).unwrap();
            assert!(number == 3 && mine || number == 2 && !mine);
            world.holds(&[(X, 0), (Y, number)]);
        });
    }
}
