//! Rings: what they do, what they refuse, and what two processes do with one.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use zeroipc::{ErrorKind, Memory, Queue, Ring, RingConsumer, RingProducer, ShmLayout};
use zeroipc_tests::actor::{self, Script};
use zeroipc_tests::names::Name;
use zeroipc_tests::scale::count;
use zeroipc_tests::types::{Aligned, Big, Item, Odd};
use zeroipc_tests::{DEADLINE, SOON, sys};

fn segment(size: u64) -> (Name, Memory) {
    let name = Name::new();
    let memory = Memory::create(&name, size).unwrap();
    (name, memory)
}

fn ring<T: ShmLayout>(memory: &Memory, capacity: u64) -> (Ring<T>, RingProducer<T>, RingConsumer<T>) {
    let ring = Ring::<T>::create(memory, "r", capacity).unwrap();
    let (producer, consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
    (ring, producer, consumer)
}

#[test]
fn smoke() {
    let (name, memory) = segment(1 << 16);
    let (ring, mut producer, consumer) = ring::<Item>(&memory, 8);
    drop(consumer);
    let mut other = Ring::<Item>::open(&Memory::open(&name).unwrap(), "r").unwrap().consumer().unwrap();
    assert_eq!((ring.name(), ring.capacity()), ("r", 8));
    assert_eq!(other.try_pop().unwrap(), None);
    producer.push(Item::new(1, 2)).unwrap();
    producer.try_push(Item::new(1, 3)).unwrap();
    assert_eq!(ring.clone().len().unwrap(), 2);
    assert_eq!(other.pop().unwrap(), Item::new(1, 2));
    assert_eq!(other.try_pop().unwrap(), Some(Item::new(1, 3)));
    assert!(ring.is_empty().unwrap());
}

#[test]
fn capacity() {
    let (_name, memory) = segment(1 << 20);
    for (asked, got) in [(1, 1), (2, 2), (3, 4), (1000, 1024)] {
        let name = format!("r{asked}");
        let ring = Ring::<u64>::create(&memory, &name, asked).unwrap();
        assert_eq!(ring.capacity(), got);
        assert_eq!(Ring::<u64>::open_or_create(&memory, &name, asked).unwrap().capacity(), got);
        let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
        for round in 0..3 {
            for value in 0..got {
                producer.try_push(10_000 * round + value).unwrap();
            }
            assert!(ring.is_full().unwrap());
            assert_eq!(producer.try_push(0).unwrap_err().kind(), ErrorKind::Full);
            assert_eq!(producer.try_reserve(1).unwrap_err().kind(), ErrorKind::Full);
            for value in 0..got {
                assert_eq!(consumer.try_pop().unwrap(), Some(10_000 * round + value));
            }
            assert_eq!(consumer.try_pop().unwrap(), None);
            assert!(consumer.try_peek(1).unwrap().is_none());
        }
    }
    for asked in [0, (1 << 31) + 1, u64::MAX] {
        assert_eq!(Ring::<u8>::create(&memory, "x", asked).unwrap_err().kind(), ErrorKind::BadArgument);
    }
    assert_eq!(Ring::<u64>::open_or_create(&memory, "r3", 9).unwrap_err().kind(), ErrorKind::BadArgument);
}

fn carries<T: ShmLayout + PartialEq + std::fmt::Debug>(values: &[T]) {
    let (_name, memory) = segment(1 << 20);
    let (_ring, mut producer, mut consumer) = ring::<T>(&memory, 4);
    for _ in 0..7 {
        for value in values {
            producer.push(*value).unwrap();
            assert_eq!(consumer.pop().unwrap(), *value);
        }
        assert_eq!(producer.try_push_many(values).unwrap(), values.len());
        let mut out = vec![T::zeroed(); values.len()];
        assert_eq!(consumer.pop_many(&mut out).unwrap(), values.len());
        assert_eq!(out, values);
        for value in values {
            let mut reservation = producer.reserve(1).unwrap();
            assert!(reservation.as_mut_ptr().is_aligned());
            // SAFETY: nobody else uses the ring.
            let room = unsafe { reservation.as_mut_slice() };
            room[0] = *value;
            reservation.commit(1);
            let peeked = consumer.peek(1).unwrap();
            // SAFETY: nobody else uses the ring.
            assert_eq!(unsafe { peeked.as_slice() }, [*value]);
            peeked.release(1);
        }
    }
}

#[test]
fn elements_of_every_size() {
    carries(&[1_u8, 255, 7]);
    carries(&[1_u16, 2, 3]);
    carries(&[-1_i32, 3]);
    carries(&[1.5_f64, -0.0]);
    carries(&[Odd { bytes: [9; 13] }, Odd { bytes: [1; 13] }, Odd { bytes: [2; 13] }]);
    carries(&[Item::new(1, 2)]);
    carries(&[Big::new(1), Big::new(2), Big::new(3)]);
    carries(&[Aligned { first: 1, rest: [2; 31] }]);
}

#[test]
fn reservations_end_where_the_memory_ends() {
    let (_name, memory) = segment(1 << 16);
    let (ring, mut producer, mut consumer) = ring::<u64>(&memory, 8);
    assert_eq!(producer.reserve(100).unwrap().len(), 8);
    assert_eq!(producer.reserve(0).unwrap().len(), 1);
    let mut reservation = producer.reserve(5).unwrap();
    reservation.write(0, &[1, 2, 3, 4, 5]);
    // The last two never happen.
    reservation.commit(3);
    assert_eq!(ring.len().unwrap(), 3);
    let peeked = consumer.peek(2).unwrap();
    assert_eq!((peeked.len(), peeked.get(0), peeked.get(1), peeked.get(2)), (2, Some(1), Some(2), None));
    drop(peeked);
    let peeked = consumer.peek(100).unwrap();
    assert_eq!(peeked.iter().collect::<Vec<_>>(), [1, 2, 3]);
    let mut out = [0; 2];
    assert_eq!((peeked.copy_to(&mut out), out), (2, [1, 2]));
    peeked.release(2);
    producer.push_many(&[6, 7, 8, 9]).unwrap();
    // The memory ends behind the eighth element.
    assert_eq!(producer.reserve(3).unwrap().len(), 1);
    producer.push_many(&[10, 11]).unwrap();
    let peeked = consumer.try_peek(100).unwrap().unwrap();
    assert_eq!(peeked.iter().collect::<Vec<_>>(), [3, 6, 7, 8, 9, 10]);
    peeked.release(6);
    assert_eq!(consumer.pop().unwrap(), 11);
    drop(producer.reserve(1).unwrap());
    assert!(ring.is_empty().unwrap());
}

#[test]
#[should_panic(expected = "3 elements reach beyond a reservation of 2")]
fn more_than_reserved() {
    let (_name, memory) = segment(1 << 16);
    let (_ring, mut producer, _consumer) = ring::<u64>(&memory, 8);
    producer.reserve(2).unwrap().write(1, &[1, 2]);
}

#[test]
fn roles_are_one_handles_at_a_time() {
    let (name, memory) = segment(1 << 16);
    let (ring, mut producer, consumer) = ring::<u64>(&memory, 2);
    let other = Ring::<u64>::open(&Memory::open(&name).unwrap(), "r").unwrap();
    for refused in [ring.producer().unwrap_err(), other.producer().unwrap_err(), other.consumer().unwrap_err()] {
        assert_eq!(refused.kind(), ErrorKind::NoSlot, "{refused}");
    }
    assert!(other.has_producer() && other.has_consumer());
    producer.push(1).unwrap();
    drop((producer, consumer));
    assert!(!other.has_producer() && !other.has_consumer());
    let mut producer = other.producer().unwrap();
    producer.push(2).unwrap();
    assert_eq!(producer.try_push(3).unwrap_err().kind(), ErrorKind::Full);
    let mut consumer = ring.consumer().unwrap();
    assert_eq!([consumer.pop().unwrap(), consumer.pop().unwrap()], [1, 2]);
}

#[test]
fn waits_end_by_a_peer_or_by_the_deadline() {
    let (_name, memory) = segment(1 << 16);
    let (_ring, mut producer, mut consumer) = ring::<u64>(&memory, 2);
    let brief = Duration::from_millis(5);
    assert_eq!(consumer.pop_timeout(brief).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(consumer.peek_timeout(1, brief).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(consumer.pop_many_timeout(&mut [0], brief).unwrap(), 0);
    assert_eq!(producer.push_many_timeout(&[1, 2, 3], brief).unwrap(), 2);
    assert_eq!(producer.push_timeout(3, brief).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(producer.reserve_timeout(1, brief).unwrap_err().kind(), ErrorKind::TimedOut);
    let start = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for value in 3..2_000 {
                producer.push(value).unwrap();
            }
        });
        for value in 1..2_000 {
            assert_eq!(consumer.pop().unwrap(), value);
        }
    });
    assert!(start.elapsed() < DEADLINE);
}

#[test]
fn read_only_handles_look() {
    let (name, memory) = segment(1 << 16);
    let (_ring, mut producer, _consumer) = ring::<u64>(&memory, 2);
    producer.push(1).unwrap();
    let reader = Ring::<u64>::open(&Memory::open_read_only(&name).unwrap(), "r").unwrap();
    assert_eq!(reader.len().unwrap(), 1);
    assert_eq!(reader.producer().unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(reader.consumer().unwrap_err().kind(), ErrorKind::ReadOnly);
}

#[test]
fn other_kinds_and_elements_are_refused() {
    let (_name, memory) = segment(1 << 16);
    Ring::<u64>::create(&memory, "r", 2).unwrap();
    Queue::<u64>::create(&memory, "q", 2).unwrap();
    assert_eq!(Ring::<u64>::open(&memory, "q").unwrap_err().kind(), ErrorKind::KindMismatch);
    assert_eq!(Ring::<f64>::open(&memory, "r").unwrap_err().kind(), ErrorKind::TypeMismatch);
    let name = Name::new();
    let memory = Memory::options().duck_typed(true).create(&name, 1 << 16).unwrap();
    let (_ring, mut producer, _) = ring::<u64>(&memory, 4);
    producer.push(5).unwrap();
    assert_eq!(Ring::<u64>::open(&memory, "r").unwrap().consumer().unwrap().pop().unwrap(), 5);
    assert_eq!(Ring::<u32>::open(&memory, "r").unwrap_err().kind(), ErrorKind::TypeMismatch);
}

/// Every word set to every hostile value: nothing panics, hangs or leaves the mapping.
#[test]
fn hostile_words() {
    let (name, memory) = segment(1 << 16);
    let at = {
        Ring::<u64>::create(&memory, "r", 4).unwrap();
        memory.structures().unwrap()[0].offset() as usize
    };
    let scribble = sys::Scribble::map(&name.path()).unwrap();
    let near = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    let values = near.into_iter().chain([u64::MAX, u64::MAX - 3, 1 << 32, 1 << 63, (1 << 24) - 1]);
    for (word, value) in (1..25).flat_map(|word| values.clone().map(move |value| (word, value))) {
        for early in [false, true] {
            (1..25).for_each(|word| scribble.word(at + 8 * word).store(0, Ordering::Relaxed));
            let ring = Ring::<u64>::open(&memory, "r").unwrap();
            let set = || scribble.word(at + 8 * word).store(value, Ordering::Relaxed);
            if early {
                set();
            }
            let (producer, consumer) = (ring.producer(), ring.consumer());
            let mut producer = producer.ok();
            let mut consumer = consumer.ok();
            if let Some(producer) = &mut producer {
                let _ = producer.try_push_many(&[1, 2]);
            }
            set();
            let brief = Duration::from_micros(50);
            let _ = ring.len();
            if let Some(producer) = &mut producer {
                let _ = (producer.try_push(1), producer.push_timeout(2, brief), producer.try_push_many(&[1; 9]));
                let _ = producer.try_reserve(3).map(|mut room| room.set(0, 1));
            }
            if let Some(consumer) = &mut consumer {
                let _ = (consumer.try_pop(), consumer.pop_timeout(brief), consumer.try_pop_many(&mut [0; 9]));
                let _ = consumer.try_peek(9).map(|peeked| peeked.map(|peeked| peeked.iter().sum::<u64>()));
            }
        }
    }
    for capacity in [0, 2, 3, 8, 1 << 32, u64::MAX] {
        scribble.word(at).store(capacity, Ordering::Relaxed);
        assert_eq!(Ring::<u64>::open(&memory, "r").unwrap_err().kind(), ErrorKind::Corrupt, "{capacity}");
    }
}

const CHILD: &str = "ZEROIPC_TEST_CHILD";

/// A process of its own that does what `task` says.
fn process(task: &str, segment: &str, number: u64) -> Script {
    let script = Script::new(std::env::current_exe().unwrap()).args(["--exact", "child", "--ignored", "--nocapture"]);
    script.env(CHILD, format!("{task} {segment} {number}")).quiet()
}

#[test]
#[ignore = "what the other tests run in processes of their own"]
fn child() {
    let Ok(task) = std::env::var(CHILD) else { return };
    actor::begin();
    let mut words = task.split(' ');
    let (task, segment, number) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    let number: u64 = number.parse().unwrap();
    let ring = Ring::<Item>::open(&Memory::open(segment).unwrap(), "r").unwrap();
    match task {
        "die" => {
            let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
            producer.push(Item::new(0, 0)).unwrap();
            let mut room = producer.reserve(1).unwrap();
            room.set(0, Item::new(9, 9));
            let _peeked = consumer.peek(1).unwrap();
            sys::kill_self();
        }
        _ => {
            let mut producer = ring.producer().unwrap();
            let mut next = 0;
            while next < number {
                let batch = (next % 7 + 1).min(number - next);
                if batch == 1 {
                    producer.push_timeout(Item::new(1, next), DEADLINE).unwrap();
                    next += 1;
                } else if batch % 2 == 0 {
                    let mut room = producer.reserve_timeout(batch as usize, DEADLINE).unwrap();
                    let len = room.len();
                    (0..len).for_each(|index| room.set(index, Item::new(1, next + index as u64)));
                    room.commit(len);
                    next += len as u64;
                } else {
                    let items: Vec<_> = (next..next + batch).map(|sequence| Item::new(1, sequence)).collect();
                    producer.push_many(&items).unwrap();
                    next += batch;
                }
            }
        }
    }
}

#[test]
fn two_processes() {
    for capacity in [1, 4, 128] {
        let (name, memory) = segment(1 << 20);
        let mut consumer = Ring::<Item>::create(&memory, "r", capacity).unwrap().consumer().unwrap();
        let total = count(5_000, 500_000);
        let mut producer = process("produce", &name, total).start();
        let mut next = 0;
        while next < total {
            if next % 3 == 0 {
                let peeked = consumer.peek_timeout(5, DEADLINE).unwrap();
                for item in peeked.iter() {
                    assert_eq!(item, Item::new(1, next));
                    next += 1;
                }
                let len = peeked.len();
                peeked.release(len);
            } else {
                assert_eq!(consumer.pop_timeout(DEADLINE).unwrap(), Item::new(1, next));
                next += 1;
            }
        }
        producer.wait_success();
    }
}

#[test]
fn a_dead_process_leaves_its_roles_and_no_half_elements() {
    let (name, memory) = segment(1 << 16);
    let ring = Ring::<Item>::create(&memory, "r", 4).unwrap();
    process("die", &name, 0).start().wait_killed();
    assert!(!ring.has_producer() && !ring.has_consumer());
    let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
    producer.push(Item::new(1, 1)).unwrap();
    assert_eq!(consumer.pop_timeout(SOON).unwrap(), Item::new(0, 0), "what was only peeked at is read again");
    assert_eq!(consumer.pop_timeout(SOON).unwrap(), Item::new(1, 1), "what was only reserved never happened");
    assert!(ring.is_empty().unwrap());
}

#[test]
fn what_a_forked_child_inherits_in_place_it_neither_publishes_nor_releases() {
    let (_name, memory) = segment(1 << 16);
    let (ring, mut producer, mut consumer) = ring::<u64>(&memory, 4);
    producer.push(7).unwrap();
    let peeked = consumer.peek(1).unwrap();
    let reservation = producer.reserve(1).unwrap();
    // SAFETY: the child only uses the ring and ends.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        reservation.commit(1);
        peeked.release(1);
        // SAFETY: ends the child without the test's own clean-up.
        unsafe { libc::_exit(0) };
    }
    let mut status = 0;
    // SAFETY: `pid` is the child, and `status` is writable.
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(status, 0);
    assert_eq!(ring.len().unwrap(), 1, "the child has moved its parent's positions");
    peeked.release(1);
    assert!(ring.is_empty().unwrap());
    drop(reservation);
    assert!(ring.is_empty().unwrap());
}

#[test]
fn a_forked_child_has_no_role() {
    let (_name, memory) = segment(1 << 16);
    let (ring, mut producer, mut consumer) = ring::<u64>(&memory, 4);
    producer.push(7).unwrap();
    // SAFETY: the child only uses the ring and ends.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let refused = |kind| kind == ErrorKind::NotOwner;
        let all = producer.try_push(1).is_err_and(|error| refused(error.kind()))
            && consumer.try_pop().is_err_and(|error| refused(error.kind()))
            && producer.try_reserve(1).is_err_and(|error| refused(error.kind()));
        drop((producer, consumer));
        // SAFETY: ends the child without the test's own clean-up.
        unsafe { libc::_exit(i32::from(!all)) };
    }
    let mut status = 0;
    // SAFETY: `pid` is the child, and `status` is writable.
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(status, 0);
    assert!(ring.has_producer() && ring.has_consumer(), "the child has given up its parent's roles");
    assert_eq!(consumer.pop().unwrap(), 7);
}
