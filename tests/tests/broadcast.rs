//! Broadcasts: every reader gets everything in order or is told, slow and dead readers, one producer after another.

use std::thread;
use std::time::{Duration, Instant};

use zeroipc::{Broadcast, ErrorKind, Memory, Policy, Received, ShmLayout};
use zeroipc_tests::actor::{Actor, Script};
use zeroipc_tests::names::Name;
use zeroipc_tests::rng::Rng;
use zeroipc_tests::scale::count;
use zeroipc_tests::types::{Big, Fix, Item, Odd};
use zeroipc_tests::{DEADLINE, SOON, sys};

/// Long enough for what cannot come.
const BRIEF: Duration = Duration::from_millis(20);

fn segment() -> (Name, Memory) {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 20).unwrap();
    (name, memory)
}

fn waiting(memory: &Memory, capacity: u64, readers: u64) -> Broadcast<u64> {
    Broadcast::create(memory, "b", capacity, readers).unwrap()
}

fn overwriting(memory: &Memory, capacity: u64) -> Broadcast<u64> {
    Broadcast::create_with_policy(memory, "b", capacity, 4, Policy::Overwrite).unwrap()
}

fn child(operation: &str, segment: &str, count: u64) -> Actor {
    let mut child = Script::new(env!("CARGO_BIN_EXE_broadcaster")).args([operation, segment]).arg(count).start();
    child.expect("ready");
    child
}

fn kind<T: std::fmt::Debug>(result: zeroipc::Result<T>) -> ErrorKind {
    result.unwrap_err().kind()
}

fn received(value: u64, lost: u64) -> Received<u64> {
    Received { value, position: value, lost }
}

#[test]
fn smoke() {
    let (name, memory) = segment();
    let broadcast = Broadcast::<u64>::create(&memory, "b", 5, 3).unwrap();
    assert_eq!((broadcast.capacity(), broadcast.max_readers(), broadcast.policy()), (8, 3, Policy::Wait));
    assert_eq!(broadcast.name(), "b");
    let mut first = broadcast.subscribe_from_now().unwrap();
    let other = Memory::open(&name).unwrap();
    let mut second = Broadcast::<u64>::open(&other, "b").unwrap().subscribe_from_now().unwrap();
    assert_eq!(broadcast.readers(), 2);
    let mut producer = broadcast.producer().unwrap();
    for lap in 0..5 {
        for value in 8 * lap..8 * lap + 8 {
            producer.try_publish(value).unwrap();
        }
        assert_eq!(kind(producer.try_publish(0)), ErrorKind::Full);
        for value in 8 * lap..8 * lap + 8 {
            assert_eq!(first.try_recv().unwrap(), Some(received(value, 0)));
            assert_eq!(second.recv().unwrap(), received(value, 0));
        }
        assert_eq!(first.try_recv().unwrap(), None);
        assert_eq!(kind(second.recv_timeout(Duration::ZERO)), ErrorKind::TimedOut);
    }
    assert_eq!((broadcast.position(), producer.position(), first.position()), (40, 40, 40));
}

#[test]
fn every_type_comes_out_as_it_went_in() {
    fn keeps<T: ShmLayout + PartialEq + std::fmt::Debug>(memory: &Memory, name: &str, values: &[T]) {
        for policy in [Policy::Wait, Policy::Overwrite] {
            let name = format!("{name}{policy:?}");
            let broadcast = Broadcast::create_with_policy(memory, &name, values.len() as u64, 1, policy).unwrap();
            let mut reader = broadcast.subscribe_from_now().unwrap();
            let mut producer = broadcast.producer().unwrap();
            for _ in 0..3 {
                producer.publish_many(values).unwrap();
                let out: Vec<T> = values.iter().map(|_| reader.recv().unwrap().value).collect();
                assert_eq!(out, values);
            }
        }
    }
    let (_name, memory) = segment();
    keeps(&memory, "bytes", &[1_u8, 2, 3]);
    keeps(&memory, "halves", &[1_u16, 2, 3]);
    keeps(&memory, "pairs", &[[1_u32, 2, 3], [4, 5, 6]]);
    keeps(&memory, "items", &[Item::new(1, 2), Item::new(3, 4)]);
    keeps(&memory, "large", &[[7_u64; 128], [9; 128]]);
    assert_eq!((size_of::<Odd>(), size_of::<Fix>() % 8), (13, 0));
    let odd = Broadcast::<Odd>::create(&memory, "odd", 2, 1).unwrap();
    let mut reader = odd.subscribe_from_now().unwrap();
    odd.producer().unwrap().publish(Odd { bytes: [3; 13] }).unwrap();
    assert_eq!(reader.recv().unwrap().value.bytes, [3; 13]);
    drop(Broadcast::<Big>::create(&memory, "big", 1, 1).unwrap());
}

#[test]
fn capacity_1() {
    let (_name, memory) = segment();
    let broadcast = waiting(&memory, 1, 2);
    let mut producer = broadcast.producer().unwrap();
    producer.publish(0).unwrap();
    producer.publish(1).unwrap();
    let mut reader = broadcast.subscribe_from_oldest().unwrap();
    assert_eq!(reader.try_recv().unwrap(), Some(received(1, 0)));
    for value in 2..50 {
        producer.publish(value).unwrap();
        assert_eq!(kind(producer.publish_timeout(0, Duration::ZERO)), ErrorKind::TimedOut);
        assert_eq!(reader.recv().unwrap(), received(value, 0));
    }
}

#[test]
fn numbers_outside_are_refused() {
    let (_name, memory) = segment();
    for (capacity, readers) in [(0, 1), ((1 << 31) + 1, 1), (1, 0), (1, 1001)] {
        assert_eq!(kind(Broadcast::<u64>::create(&memory, "b", capacity, readers)), ErrorKind::BadArgument);
    }
    waiting(&memory, 4, 1000);
    assert_eq!(kind(Broadcast::<u64>::create(&memory, "b", 4, 1000)), ErrorKind::Exists);
    Broadcast::<u64>::open_or_create(&memory, "b", 3, 1000).unwrap();
    assert_eq!(kind(Broadcast::<u64>::open_or_create(&memory, "b", 8, 1000)), ErrorKind::BadArgument);
    assert_eq!(kind(Broadcast::<u64>::open_or_create(&memory, "b", 4, 999)), ErrorKind::BadArgument);
    let other = Broadcast::<u64>::open_or_create_with_policy(&memory, "b", 4, 1000, Policy::Overwrite);
    assert_eq!(kind(other), ErrorKind::BadArgument);
    assert_eq!(kind(Broadcast::<i64>::open(&memory, "b")), ErrorKind::TypeMismatch);
    assert_eq!(kind(zeroipc::Stream::<u64>::open(&memory, "b")), ErrorKind::KindMismatch);
    assert_eq!(kind(Broadcast::<u64>::open(&memory, "nowhere")), ErrorKind::NotFound);
}

#[test]
fn there_is_one_producer_at_a_time() {
    let (name, memory) = segment();
    let broadcast = waiting(&memory, 4, 1);
    let mut producer = broadcast.producer().unwrap();
    producer.publish(0).unwrap();
    assert_eq!(kind(broadcast.producer()), ErrorKind::NoSlot);
    let other = Memory::open(&name).unwrap();
    let other = Broadcast::<u64>::open(&other, "b").unwrap();
    assert_eq!(kind(other.producer()), ErrorKind::NoSlot);
    drop(producer);
    let mut producer = other.producer().unwrap();
    assert_eq!(producer.position(), 1);
    producer.publish(1).unwrap();
    let mut reader = broadcast.subscribe_from_oldest().unwrap();
    assert_eq!(reader.recv().unwrap().value + reader.recv().unwrap().value, 1);
}

#[test]
fn readers_at_the_limit() {
    let (_name, memory) = segment();
    let broadcast = waiting(&memory, 4, 2);
    let first = broadcast.subscribe_from_now().unwrap();
    let second = broadcast.subscribe_from_now().unwrap();
    assert_eq!(kind(broadcast.subscribe_from_now()), ErrorKind::NoSlot);
    drop(first);
    let third = broadcast.subscribe_from_now().unwrap();
    assert_eq!(kind(broadcast.subscribe_from_oldest()), ErrorKind::NoSlot);
    drop((second, third));
    assert_eq!(broadcast.readers(), 0);
    let mut producer = broadcast.producer().unwrap();
    (0..100).for_each(|value| producer.try_publish(value).unwrap());
}

#[test]
fn late_readers_begin_where_they_say() {
    for policy in [Policy::Wait, Policy::Overwrite] {
        let (_name, memory) = segment();
        let broadcast = Broadcast::<u64>::create_with_policy(&memory, "b", 8, 8, policy).unwrap();
        let mut producer = broadcast.producer().unwrap();
        let mut early = broadcast.subscribe_from_oldest().unwrap();
        producer.publish(0).unwrap();
        assert_eq!(early.recv().unwrap(), received(0, 0));
        drop(early);
        (1..20).for_each(|value| producer.publish(value).unwrap());
        let mut oldest = broadcast.subscribe_from_oldest().unwrap();
        let mut now = broadcast.subscribe_from_now().unwrap();
        let mut here = broadcast.from_position(15).unwrap();
        let mut gone = broadcast.from_position(3).unwrap();
        assert_eq!(kind(broadcast.from_position(21)), ErrorKind::BadArgument);
        assert_eq!(oldest.recv().unwrap(), received(12, 0));
        drop(oldest);
        assert_eq!(now.try_recv().unwrap(), None);
        assert_eq!(here.recv().unwrap(), received(15, 0));
        assert_eq!(gone.recv().unwrap(), received(12, 9));
        assert_eq!(gone.recv().unwrap(), received(13, 0));
        producer.try_publish(20).unwrap();
        assert_eq!(now.recv().unwrap(), received(20, 0));
        let mut next = broadcast.from_position(21).unwrap();
        producer.try_publish(21).unwrap();
        assert_eq!(next.recv().unwrap(), received(21, 0));
    }
}

#[test]
fn what_is_lost_is_told_exactly() {
    let (_name, memory) = segment();
    let broadcast = overwriting(&memory, 8);
    let mut producer = broadcast.producer().unwrap();
    let mut reader = broadcast.subscribe_from_now().unwrap();
    let mut oldest = broadcast.subscribe_from_oldest().unwrap();
    let mut view = broadcast.view();
    (0..20).for_each(|value| producer.publish(value).unwrap());
    for reader in [&mut reader, &mut view] {
        assert_eq!(reader.recv().unwrap(), received(12, 12));
        assert_eq!(reader.recv().unwrap(), received(13, 0));
    }
    // There was nothing older when it joined.
    assert_eq!(oldest.recv().unwrap(), received(12, 12));
    // It wants the oldest that there is: of those that were there, none is a loss, and of those that come later each is.
    let mut late = [broadcast.subscribe_from_oldest().unwrap(), broadcast.view_from_oldest()];
    producer.publish_many(&(20..25).collect::<Vec<_>>()).unwrap();
    let mut out = [0; 32];
    let run = reader.try_recv_many(&mut out).unwrap();
    assert_eq!((run.count, run.position, run.lost), (8, 17, 3));
    assert_eq!(out[..8], [17, 18, 19, 20, 21, 22, 23, 24]);
    assert_eq!(oldest.recv().unwrap(), received(17, 4));
    late.iter_mut().for_each(|late| assert_eq!(late.recv().unwrap(), received(17, 0)));
    let mut later = broadcast.subscribe_from_oldest().unwrap();
    (25..37).for_each(|value| producer.publish(value).unwrap());
    assert_eq!(later.recv().unwrap(), received(29, 4));
    assert_eq!(reader.try_recv_many(&mut out).unwrap().lost, 4);
}

#[test]
fn batches_of_every_size() {
    let (_name, memory) = segment();
    let broadcast = Broadcast::<u64>::create(&memory, "b", 256, 2).unwrap();
    let mut producer = broadcast.producer().unwrap();
    let mut reader = broadcast.subscribe_from_now().unwrap();
    let mut next = 0;
    for size in [0, 1, 2, 63, 64, 65, 128, 200, 256] {
        let values: Vec<u64> = (next..next + size).collect();
        assert_eq!(producer.try_publish_many(&values).unwrap() as u64, size);
        let mut out = vec![0; 300];
        let run = reader.try_recv_many(&mut out).unwrap();
        assert_eq!(out[..run.count], values);
        next += size;
    }
    let many: Vec<u64> = (0..300).collect();
    assert_eq!(producer.try_publish_many(&many).unwrap(), 256);
    assert_eq!(producer.publish_many_timeout(&many, Duration::ZERO).unwrap(), 0);
    let mut out = vec![0; 300];
    assert_eq!(reader.recv_many(&mut out).unwrap().count, 256);
    assert_eq!(out[..256], many[..256]);
    assert_eq!(reader.recv_many_timeout(&mut out, Duration::ZERO).unwrap().count, 0);
}

#[test]
fn peeking_does_not_consume() {
    let (_name, memory) = segment();
    let broadcast = Broadcast::<Item>::create(&memory, "b", 2, 2).unwrap();
    let mut producer = broadcast.producer().unwrap();
    let mut reader = broadcast.subscribe_from_now().unwrap();
    assert!(reader.try_peek().unwrap().is_none());
    producer.publish(Item::new(3, 4)).unwrap();
    let peeked = reader.try_peek().unwrap().unwrap();
    assert_eq!((peeked.get(), peeked.position()), (Item::new(3, 4), 0));
    let mut part = [0; 8];
    peeked.read(8, &mut part).unwrap();
    assert_eq!(u64::from_le_bytes(part), 4);
    assert_eq!(kind(peeked.read(17, &mut part)), ErrorKind::OutOfBounds);
    assert_eq!(kind(peeked.read(usize::MAX, &mut part)), ErrorKind::OutOfBounds);
    assert!(peeked.as_ptr().is_aligned());
    reader.try_peek().unwrap().unwrap().consume();
    assert!(reader.try_recv().unwrap().is_none());
    assert_eq!(kind(broadcast.view_from_oldest().try_peek()), ErrorKind::BadArgument);
    let overwriting = Broadcast::<u64>::create_with_policy(&memory, "o", 2, 2, Policy::Overwrite).unwrap();
    assert_eq!(kind(overwriting.subscribe_from_now().unwrap().try_peek()), ErrorKind::BadArgument);
}

#[test]
fn a_reader_sleeps_until_something_is_published() {
    let (_name, memory) = segment();
    let broadcast = waiting(&memory, 4, 4);
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let mut reader = broadcast.subscribe_from_now().unwrap();
            thread::spawn(move || (0..100).map(|_| reader.recv_timeout(DEADLINE).unwrap().value).collect::<Vec<_>>())
        })
        .collect();
    let mut producer = broadcast.producer().unwrap();
    for value in 0..100 {
        producer.publish_timeout(value, DEADLINE).unwrap();
        if value % 10 == 0 {
            thread::yield_now();
        }
    }
    for reader in readers {
        assert_eq!(reader.join().unwrap(), (0..100).collect::<Vec<_>>());
    }
}

#[test]
fn a_reader_that_leaves_frees_the_producer() {
    let (_name, memory) = segment();
    let broadcast = waiting(&memory, 2, 2);
    let mut producer = broadcast.producer().unwrap();
    let reader = broadcast.subscribe_from_now().unwrap();
    producer.publish_many(&[1, 2]).unwrap();
    assert_eq!(kind(producer.publish_timeout(3, BRIEF)), ErrorKind::TimedOut);
    let leaving = thread::spawn(move || drop(reader));
    producer.publish_timeout(3, SOON).unwrap();
    leaving.join().unwrap();
}

#[test]
fn dead_readers_free_slots_and_the_producer() {
    let (name, memory) = segment();
    let broadcast = Broadcast::<Item>::create(&memory, "b", 4, 3).unwrap();
    let mut producer = broadcast.producer().unwrap();
    let mut children: Vec<Actor> = (0..3).map(|_| child("read", &name, 1000)).collect();
    assert_eq!(kind(broadcast.subscribe_from_now()), ErrorKind::NoSlot);
    for sequence in 0..4 {
        producer.try_publish(Item::new(1, sequence)).unwrap();
    }
    assert_eq!(kind(producer.try_publish(Item::new(1, 4))), ErrorKind::Full);
    children.iter_mut().for_each(Actor::kill);
    // Those who ask recover: the producer that they hold up, or who needs a slot.
    producer.publish_timeout(Item::new(1, 4), SOON).unwrap();
    let readers: Vec<_> = (0..3).map(|_| broadcast.subscribe_from_now().unwrap()).collect();
    assert_eq!(broadcast.readers(), 3);
    drop(readers);
}

#[test]
fn a_dead_readers_slot_is_taken_over() {
    let (name, memory) = segment();
    let broadcast = Broadcast::<Item>::create(&memory, "b", 4, 1).unwrap();
    let mut reader = child("read", &name, 1000);
    assert_eq!(kind(broadcast.subscribe_from_now()), ErrorKind::NoSlot);
    reader.kill();
    let mut reader = broadcast.subscribe_from_now().unwrap();
    broadcast.producer().unwrap().publish(Item::new(1, 0)).unwrap();
    assert_eq!(reader.recv().unwrap().value, Item::new(1, 0));
}

/// Who reads the items below `count`, in a process of its own.
fn readers(name: &str, count: u64, number: usize) -> Vec<Actor> {
    let mut readers: Vec<Actor> = (0..number).map(|_| child("read", name, count)).collect();
    readers.iter_mut().for_each(|reader| reader.send("go"));
    readers
}

#[test]
fn all_readers_see_everything_in_order() {
    for capacity in [1, 8, 1024] {
        let (name, memory) = segment();
        Broadcast::<Item>::create(&memory, "b", capacity, 3).unwrap();
        let items = count(3_000, 200_000);
        let mut readers = readers(&name, items, 3);
        let mut producer = child("publish", &name, items);
        producer.send("go");
        producer.expect(&format!("done {items}"));
        for reader in &mut readers {
            reader.expect(&format!("done {items} 0"));
        }
    }
}

#[test]
fn overwritten_readers_count_to_the_same() {
    let (name, memory) = segment();
    Broadcast::<Item>::create_with_policy(&memory, "b", 16, 3, Policy::Overwrite).unwrap();
    let items = count(30_000, 1_000_000);
    let mut readers = readers(&name, items, 3);
    let mut producer = child("publish", &name, items);
    producer.send("go");
    producer.expect(&format!("done {items}"));
    for reader in &mut readers {
        let counts: Vec<u64> = reader.answer("done").split(' ').map(|count| count.parse().unwrap()).collect();
        assert_eq!(counts.iter().sum::<u64>(), items);
    }
}

#[test]
fn readers_that_are_killed_hold_up_nobody() {
    let (name, memory) = segment();
    Broadcast::<Item>::create(&memory, "b", 8, 4).unwrap();
    let items = count(5_000, 100_000);
    let mut whole = readers(&name, items, 1);
    let mut producer = child("publish", &name, items);
    producer.send("go");
    for _ in 0..count(4, 30) {
        let mut doomed = child("read", &name, u64::MAX);
        doomed.send("go");
        doomed.kill();
    }
    producer.expect(&format!("done {items}"));
    whole[0].expect(&format!("done {items} 0"));
}

#[test]
fn producers_that_are_killed_are_succeeded() {
    let (name, memory) = segment();
    let broadcast = Broadcast::<Item>::create(&memory, "b", 8, 4).unwrap();
    let mut readers = readers(&name, 2_000, 2);
    for point in ["begun", "written", "committed", "announced"] {
        let script = Script::new(env!("CARGO_BIN_EXE_broadcaster")).args(["publish", &name]).arg(2_000);
        let mut producer = script.kill_at(&format!("broadcast.publish.{point}"), 50).start();
        producer.expect("ready");
        producer.send("go");
        producer.wait_killed();
    }
    let mut last = child("publish", &name, 2_000);
    last.send("go");
    last.expect("done 2000");
    readers.iter_mut().for_each(|reader| reader.expect("done 2000 0"));
    assert_eq!(broadcast.position(), 2_000);
}

#[test]
fn a_batch_of_more_than_the_capacity_goes_in_parts() {
    // Batches: 0; 1; 2; 3; 4; 5, 6, 7. It dies with 7, which is more than a lap behind the last move of the head.
    for (capacity, point) in [(1, "begun"), (1, "committed"), (2, "committed")] {
        let (name, memory) = segment();
        let broadcast = Broadcast::<Item>::create_with_policy(&memory, "b", capacity, 2, Policy::Overwrite).unwrap();
        let mut view = broadcast.view();
        let script = Script::new(env!("CARGO_BIN_EXE_broadcaster")).args(["publish", &name]).arg(100);
        let mut producer = script.kill_at(&format!("broadcast.publish.{point}"), 8).start();
        producer.expect("ready");
        producer.send("go");
        producer.wait_killed();
        let published = if point == "begun" { 7 } else { 8 };
        assert_eq!(broadcast.position(), published, "{capacity} {point}");
        // What the death left is lost, not damage.
        let received = view.try_recv().unwrap().map(|received| (received.position, received.lost));
        let expected = (point != "begun").then_some((8 - capacity, 8 - capacity));
        assert_eq!(received, expected, "{capacity} {point}");
        assert_eq!(broadcast.producer().unwrap().position(), published);
    }
}

#[test]
fn a_read_only_handle_can_look() {
    let (name, memory) = segment();
    let broadcast = waiting(&memory, 4, 2);
    let mut producer = broadcast.producer().unwrap();
    producer.publish_many(&[0, 1]).unwrap();
    let reading = Memory::open_read_only(&name).unwrap();
    let other = Broadcast::<u64>::open(&reading, "b").unwrap();
    assert_eq!(kind(other.subscribe_from_now()), ErrorKind::ReadOnly);
    assert_eq!(kind(other.producer()), ErrorKind::ReadOnly);
    let mut view = other.view_from_oldest();
    assert_eq!(view.recv().unwrap(), received(0, 0));
    assert_eq!(view.try_recv().unwrap(), Some(received(1, 0)));
    assert_eq!(kind(view.recv_timeout(BRIEF)), ErrorKind::TimedOut);
    // Nobody waits for it.
    let waiting = thread::spawn(move || (view.recv_timeout(DEADLINE).unwrap(), view));
    producer.try_publish(2).unwrap();
    let (got, mut view) = waiting.join().unwrap();
    assert_eq!(got, received(2, 0));
    (3..10).for_each(|value| producer.try_publish(value).unwrap());
    assert_eq!(view.recv().unwrap(), received(6, 3));
}

#[test]
fn a_duck_typed_segment_is_checked() {
    let name = Name::new();
    let memory = Memory::options().duck_typed(true).create(&name, 1 << 16).unwrap();
    let broadcast = waiting(&memory, 4, 2);
    broadcast.producer().unwrap().publish_many(&[5, 6, 7]).unwrap();
    let same = Broadcast::<u64>::open(&memory, "b").unwrap();
    assert_eq!(same.subscribe_from_oldest().unwrap().recv().unwrap().value, 5);
    assert_eq!(kind(Broadcast::<[u64; 2]>::open(&memory, "b")), ErrorKind::TypeMismatch);
    zeroipc::Array::<u64>::create(&memory, "a", 40).unwrap();
    assert!(Broadcast::<u64>::open(&memory, "a").is_err());
}

#[test]
fn a_forked_child_does_not_use_its_parents_handles() {
    let (name, memory) = segment();
    Broadcast::<Item>::create(&memory, "b", 4, 2).unwrap();
    let mut forking = child("fork", &name, 0);
    forking.send("go");
    forking.expect("done");
}

/// The bytes of the broadcast `b` of this segment, as offsets in the file.
fn place(name: &Name) -> std::ops::Range<usize> {
    let bytes = std::fs::read(name.path()).unwrap();
    let entry = bytes.windows(2).position(|window| window == b"b\0").unwrap();
    let field = |at| u32::from_le_bytes(bytes[entry + at..entry + at + 4].try_into().unwrap()) as usize;
    field(32)..field(32) + field(36)
}

/// Everything that can be done, whatever comes of it.
fn use_all(memory: &Memory) {
    let Ok(broadcast) = Broadcast::<u64>::open(memory, "b") else { return };
    let mut out = [0; 16];
    let _ = (broadcast.position(), broadcast.readers());
    if let Ok(mut producer) = broadcast.producer() {
        let _ = producer.try_publish(1);
        let _ = producer.try_publish_many(&[1, 2, 3]);
        let _ = producer.publish_timeout(1, Duration::from_millis(2));
    }
    for reader in [
        broadcast.subscribe_from_now(),
        broadcast.subscribe_from_oldest(),
        broadcast.from_position(2),
        Ok(broadcast.view()),
        Ok(broadcast.view_from_oldest()),
    ] {
        let Ok(mut reader) = reader else { continue };
        let _ = reader.try_recv();
        let _ = reader.try_recv_many(&mut out);
        let _ = reader.try_peek().map(|peeked| peeked.map(|peeked| peeked.get()));
        let _ = reader.recv_timeout(Duration::from_millis(1));
    }
}

#[test]
fn hostile_words_crash_and_hang_nobody() {
    let mut rng = Rng::new(Rng::seed());
    for policy in [Policy::Wait, Policy::Overwrite] {
        let (name, memory) = segment();
        let broadcast = Broadcast::<u64>::create_with_policy(&memory, "b", 4, 2, policy).unwrap();
        broadcast.producer().unwrap().publish_many(&[1, 2, 3, 4]).unwrap();
        drop(broadcast.subscribe_from_now().unwrap());
        let place = place(&name);
        let scribble = sys::Scribble::map(&name.path()).unwrap();
        let clean: Vec<u64> =
            place.clone().step_by(8).map(|at| scribble.word(at).load(std::sync::atomic::Ordering::Relaxed)).collect();
        let store = |at: usize, word| scribble.word(at).store(word, std::sync::atomic::Ordering::Relaxed);
        for at in place.clone().step_by(8) {
            let old = clean[(at - place.start) / 8];
            let near = [
                0,
                1,
                2,
                3,
                4,
                u64::MAX,
                1 << 63,
                old ^ 1,
                old ^ 2,
                old.wrapping_add(4),
                old.wrapping_sub(16),
                old.wrapping_add(16),
                old.wrapping_add(4000),
            ];
            for word in near.into_iter().chain([rng.number(), rng.number() >> 30]) {
                for (index, word) in clean.iter().enumerate() {
                    store(place.start + 8 * index, *word);
                }
                store(at, word);
                let start = Instant::now();
                use_all(&memory);
                assert!(start.elapsed() < DEADLINE, "{word:#x} at {}", at - place.start);
            }
        }
    }
}
