//! Processes that do the same thing at the same time.

use std::time::{Duration, Instant};

use zeroipc::{Array, Memory, Queue};
use zeroipc_tests::actor::{Actor, Script};
use zeroipc_tests::names::Name;
use zeroipc_tests::scale::{self, count};
use zeroipc_tests::types::Item;

fn actor(operation: &str, segment: &str) -> Script {
    Script::new(env!("CARGO_BIN_EXE_actor")).arg(operation).arg(segment)
}

fn patience() -> Duration {
    Duration::from_secs(if scale::is_full() { 300 } else { 60 })
}

/// Starts all, and lets them go when all are ready.
fn all_at_once(scripts: impl Iterator<Item = Script>) -> Vec<Actor> {
    let mut all: Vec<Actor> =
        scripts.map(|script| script.env("ZEROIPC_TEST_WAIT", 1).watchdog(patience()).start()).collect();
    all.iter_mut().for_each(|one| one.expect("ready"));
    all.iter_mut().for_each(|one| one.send("go"));
    all
}

#[track_caller]
fn done(child: &mut Actor) -> u64 {
    let line = child.try_line(Instant::now() + patience()).expect("it does not hang");
    line.strip_prefix("done ").and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("{line}"))
}

#[test]
fn structures_are_created_once_each() {
    for round in 0..count(3, 40) {
        let (racers, names) = (4, 48);
        let name = Name::new();
        let memory = Memory::create(&name, 1 << 18).unwrap();
        let mut all =
            all_at_once((0..racers).map(|me| actor("create-many", &name).args([me + 1, names, me * round * 5])));
        let created: u64 = all.iter_mut().map(done).sum();
        assert_eq!(created, names);
        let structures = memory.structures().unwrap();
        assert_eq!(structures.len() as u64, names);
        let mut ends = Vec::new();
        for number in 0..names {
            let name = format!("s{number}");
            let same = structures.iter().filter(|structure| structure.name() == name).count();
            assert_eq!(same, 1, "{name}");
            let value = if number % 2 == 0 {
                Array::<u64>::open(&memory, &name).unwrap().get(0).unwrap()
            } else {
                let queue = Queue::<u64>::open(&memory, &name).unwrap();
                assert_eq!(queue.len().unwrap(), 1);
                queue.try_pop().unwrap().unwrap()
            };
            assert!(value % 1000 == number && (1..=racers).contains(&(value / 1000)), "{name}: {value}");
        }
        for structure in &structures {
            ends.push((structure.offset(), structure.offset() + structure.size()));
        }
        ends.sort_unstable();
        assert!(ends.windows(2).all(|pair| pair[0].1 <= pair[1].0), "structures overlap: {ends:?}");
    }
}

#[test]
fn opening_beside_creation_sees_whole_segments() {
    for _ in 0..count(1, 10) {
        let name = Name::new();
        let time = count(700, 4000);
        let mut openers: Vec<Actor> = (0..2).map(|_| actor("open-until", &name).arg(time).start()).collect();
        let end = Instant::now() + Duration::from_millis(time);
        let mut rounds = 0;
        while Instant::now() < end {
            let memory = Memory::options().remove_on_last_detach(true).create(&name, 1 << 16).unwrap();
            Array::<u64>::create(&memory, "first", 5).unwrap();
            Queue::<u64>::create(&memory, "second", 4).unwrap();
            drop(memory);
            // An opener may have kept it.
            name.remove();
            rounds += 1;
        }
        let seen: u64 = openers.iter_mut().map(done).sum();
        println!("{rounds} segments, opened {seen} times");
    }
}

/// What `producers` push arrives at `consumers`: all of it, once, and each producer's in order.
fn exchange(producers: u64, consumers: u64, each: u64, capacity: u64) {
    let name = Name::new();
    let memory = Memory::create(&name, (1 << 20) + producers * each + 64 * capacity).unwrap();
    let queue = Queue::<Item>::create(&memory, "items", capacity).unwrap();
    let seen = Array::<u8>::create(&memory, "seen", producers * each).unwrap();
    let start = Instant::now();
    let mut takers = all_at_once((0..consumers).map(|_| actor("consume", &name).arg(each)));
    let mut makers = all_at_once((0..producers).map(|me| actor("produce", &name).args([me, each])));
    for maker in &mut makers {
        let line = maker.try_line(Instant::now() + patience());
        assert_eq!(line.as_deref(), Some("done"));
    }
    for _ in 0..consumers {
        queue.push_timeout(Item::new(u64::MAX, 0), patience()).unwrap();
    }
    let taken: u64 = takers.iter_mut().map(done).sum();
    let (wrong, total) = (seen.iter().filter(|times| *times != 1).count(), producers * each);
    println!("{producers}:{consumers}, capacity {capacity}: {total} in {:?}", start.elapsed());
    assert_eq!((taken, wrong), (total, 0), "taken, and not seen once");
    assert!(queue.is_empty().unwrap());
}

#[test]
fn spsc_across_processes() {
    for capacity in [1, 2, 64, 1024] {
        let each = if capacity == 1 { count(3_000, 100_000) } else { count(50_000, 2_000_000) };
        exchange(1, 1, each, capacity);
    }
}

#[test]
fn mpmc_across_processes() {
    for (producers, consumers, capacity) in [(2, 2, 1), (3, 3, 4), (4, 2, 64), (2, 4, 1024)] {
        let each = if capacity == 1 { count(1_000, 50_000) } else { count(20_000, 1_000_000) };
        exchange(producers, consumers, each, capacity);
    }
}

#[test]
fn atomics_across_processes_lose_nothing() {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 16).unwrap();
    let visits = Array::<u64>::create(&memory, "visits", 1).unwrap();
    let rounds = count(100, 1000);
    let mut all = all_at_once((0..4).map(|_| actor("come-and-go", &name).arg(rounds)));
    for one in &mut all {
        assert_eq!(one.try_line(Instant::now() + patience()).as_deref(), Some("done"));
    }
    assert_eq!(visits.load(0), 4 * rounds);
}
