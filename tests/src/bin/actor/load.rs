//! Operations that do many things, beside others that do them too.

use std::time::{Duration, Instant};

use zeroipc::{Array, ErrorKind, Memory, Queue};
use zeroipc_tests::types::Item;

use super::{Operation, check_item};

/// Opens or creates `count` structures in an order that differs by `shift`, and says how many it created.
pub(crate) fn create_many(memory: &Memory, me: u64, count: u64, shift: u64) -> String {
    let mut created = 0;
    for number in 0..count {
        let number = (number * 7 + shift) % count;
        let name = format!("s{number}");
        if number.is_multiple_of(2) {
            match Array::<u64>::create(memory, &name, 3 + number) {
                Ok(array) => {
                    assert!(array.iter().all(|value| value == 0), "new elements are zero");
                    array.store(0, 1000 * me + number);
                    created += 1;
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::Exists, "{error}"),
            }
        } else {
            match Queue::<u64>::create(memory, &name, 4) {
                Ok(queue) => {
                    queue.push(1000 * me + number).expect("there is room");
                    created += 1;
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::Exists, "{error}"),
            }
        }
        // Whoever created it, now it is there, with the right capacity.
        if number.is_multiple_of(2) {
            Array::<u64>::open_or_create(memory, &name, 3 + number).expect("it is there");
        } else {
            assert_eq!(Queue::<u64>::open(memory, &name).expect("it is there").capacity(), 4);
        }
    }
    format!("done {created}")
}

/// Opens the segment again and again; every time it must be whole or absent. Says how often it was there.
pub(crate) fn open_until(segment: &str, time: Duration) -> String {
    let end = Instant::now() + time;
    let mut opened = 0_u64;
    while Instant::now() < end {
        match Memory::open(segment) {
            Ok(memory) => {
                opened += 1;
                if let Ok(array) = Array::<u64>::open(&memory, "first") {
                    assert_eq!(array.len(), 5);
                }
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "{error}"),
        }
    }
    format!("done {opened}")
}

/// Attaches, creating if need be, and detaches, removing if it is the last, many times. Says how often it created.
pub(crate) fn come_and_go(segment: &str, rounds: u64) -> String {
    for _ in 0..rounds {
        let memory =
            Memory::options().remove_on_last_detach(true).open_or_create(segment, 65536).expect("opens or creates");
        let array = Array::<u64>::open_or_create(&memory, "visits", 1).expect("opens or creates");
        array.fetch_add(0, 1);
        assert!(memory.attachments().expect("counts") >= 1);
    }
    "done".into()
}

/// Pushes `count` items of producer `me`, singly and in bulk.
pub(crate) fn produce(segment: &str, me: u64, count: u64) -> Operation {
    let memory = Memory::open(segment).expect("the segment opens");
    let queue = Queue::<Item>::open(&memory, "items").expect("the queue opens");
    Box::new(move || {
        let mut sequence = 0;
        while sequence < count {
            if sequence % 5 == 0 {
                let many: Vec<Item> =
                    (sequence..count.min(sequence + 7)).map(|sequence| Item::new(me, sequence)).collect();
                queue.push_many(&many).expect("pushes");
                sequence += many.len() as u64;
            } else {
                queue.push(Item::new(me, sequence)).expect("pushes");
                sequence += 1;
            }
        }
        "done".into()
    })
}

/// Pops until an item of producer `u64::MAX` comes, and counts what it saw in the array `seen`, `stride` per producer.
pub(crate) fn consume(segment: &str, stride: u64) -> Operation {
    let memory = Memory::open(segment).expect("the segment opens");
    let queue = Queue::<Item>::open(&memory, "items").expect("the queue opens");
    let seen = Array::<u8>::open(&memory, "seen").expect("the array opens");
    Box::new(move || {
        let producers = seen.len() as u64 / stride;
        let mut next = vec![0; producers as usize];
        let mut count = 0;
        let mut many = vec![Item::new(0, 0); 5];
        loop {
            let taken = if count % 3 == 0 {
                many[0] = queue.pop().expect("pops");
                1
            } else {
                queue.pop_many_timeout(&mut many, Duration::from_secs(30)).expect("pops")
            };
            assert!(taken > 0, "nothing came for half a minute");
            for (index, item) in many[..taken].iter().enumerate() {
                if item.producer == u64::MAX {
                    // The others' marks, taken along, go back.
                    for other in &many[index + 1..taken] {
                        assert_eq!(other.producer, u64::MAX);
                        queue.push(*other).expect("pushes");
                    }
                    return format!("done {count}");
                }
                check_item(item);
                let expected: &mut u64 = &mut next[item.producer as usize];
                assert!(item.sequence >= *expected, "{item:?} came behind {expected}");
                *expected = item.sequence + 1;
                seen.fetch_add((item.producer * stride + item.sequence) as usize, 1);
                count += 1;
            }
        }
    })
}

/// Pushes items until it is killed or told to stop, and writes down after each push how many it has pushed.
///
/// The last of `done` is the limit, which the parent raises. `done[me]` holds the next sequence number; a successor leaves one out, since it cannot know whether that one was
/// pushed.
pub(crate) fn produce_for_ever(segment: &str, me: u64) -> Operation {
    let memory = Memory::open(segment).expect("the segment opens");
    let queue = Queue::<Item>::open(&memory, "items").expect("the queue opens");
    let done = Array::<u64>::open(&memory, "done").expect("the array opens");
    let stop = Array::<u64>::open(&memory, "stop").expect("the array opens");
    Box::new(move || {
        super::say("running");
        let mut sequence = done.load(me as usize);
        while stop.load(0) == 0 {
            if sequence >= done.load(done.len() - 1) {
                std::thread::yield_now();
                continue;
            }
            match queue.push_timeout(Item::new(me, sequence), Duration::from_secs(5)) {
                Ok(()) => {
                    sequence += 1;
                    done.store(me as usize, sequence);
                }
                Err(error) => {
                    assert!(error.kind() == ErrorKind::TimedOut && stop.load(0) != 0, "stuck: {error}");
                }
            }
        }
        "done".into()
    })
}

/// Pops items until it is killed or told to stop, and counts each in `seen`.
pub(crate) fn consume_for_ever(segment: &str, stride: u64) -> Operation {
    let memory = Memory::open(segment).expect("the segment opens");
    let queue = Queue::<Item>::open(&memory, "items").expect("the queue opens");
    let seen = Array::<u8>::open(&memory, "seen").expect("the array opens");
    let stop = Array::<u64>::open(&memory, "stop").expect("the array opens");
    Box::new(move || {
        super::say("running");
        let producers = seen.len() as u64 / stride;
        let mut next = vec![0; producers as usize];
        loop {
            match queue.pop_timeout(Duration::from_millis(100)) {
                Ok(item) => {
                    check_item(&item);
                    let expected: &mut u64 = &mut next[item.producer as usize];
                    assert!(item.sequence >= *expected, "{item:?} came behind {expected}");
                    *expected = item.sequence + 1;
                    seen.fetch_add((item.producer * stride + item.sequence) as usize, 1);
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
                    if stop.load(0) == 2 {
                        return "done".into();
                    }
                }
            }
        }
    })
}
