//! The ring beside rtrb: ours between two processes, that one between two threads, both pinned to the same cores; and bulk
//! operations beside single ones.

use std::hint::{black_box, spin_loop};
use std::time::{Duration, Instant};

use zeroipc::{Result, Ring, ShmLayout};

use super::race::Race;
use crate::process::{beside, pin};
use crate::report::{Comparison, Report};
use crate::scenario::{memory, until};

const CAPACITY: usize = 1024;
/// How many elements a batch has.
const BATCH: usize = 32;

pub(super) fn add(report: &mut Report, repeat: usize, scale: u64) -> Result<()> {
    report.add(singles(repeat, 2_000_000 / scale)?);
    report.add(bulk(repeat, 200_000 / scale)?);
    report.add(hand_over(7_u64, repeat, 8_000_000 / scale)?);
    report.add(hand_over([7_u64; 8], repeat, 4_000_000 / scale)?);
    report.add(hand_over([7_u64; 128], repeat, 500_000 / scale)?);
    Ok(())
}

fn singles(repeat: usize, operations: u64) -> Result<Comparison> {
    let memory = memory()?;
    let ring = Ring::<u64>::create(&memory, "singles", CAPACITY as u64)?;
    let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    let (mut peer_in, mut peer_out) = rtrb::RingBuffer::<u64>::new(CAPACITY);
    let race = Race::new(operations)
        .with("zeroipc ring", |round| {
            let _ = producer.try_push(black_box(round));
            black_box(consumer.try_pop().ok());
        })
        .with("rtrb", |round| {
            let _ = peer_in.push(black_box(round));
            black_box(peer_out.pop().ok());
        });
    Ok(race.nanoseconds(repeat, "ring, push and pop in turn, 8 bytes"))
}

fn bulk(repeat: usize, operations: u64) -> Result<Comparison> {
    let memory = memory()?;
    let ring = Ring::<u64>::create(&memory, "bulk", CAPACITY as u64)?;
    let sides = std::cell::RefCell::new((ring.producer()?, ring.consumer()?));
    let (values, mut out) = ([7_u64; BATCH], [0_u64; BATCH]);
    let race = Race::new(operations)
        .with("zeroipc ring, in bulk", |_| {
            let (producer, consumer) = &mut *sides.borrow_mut();
            let _ = producer.try_push_many(black_box(&values));
            let _ = black_box(consumer.try_pop_many(&mut out));
        })
        .with("zeroipc ring, one by one", |_| {
            let (producer, consumer) = &mut *sides.borrow_mut();
            for value in values {
                let _ = producer.try_push(black_box(value));
            }
            for _ in 0..values.len() {
                black_box(consumer.try_pop().ok());
            }
        });
    Ok(race.nanoseconds(repeat, "ring, push and pop 32 elements of 8 bytes"))
}

/// Runs two threads as [`beside`] runs two processes.
fn beside_thread(theirs: impl FnOnce() + Send, ours: impl FnOnce()) -> Duration {
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            pin(1);
            theirs();
        });
        pin(0);
        let start = Instant::now();
        ours();
        let took = start.elapsed();
        other.join().expect("the other thread does not fail");
        took
    })
}

fn hand_over<T: ShmLayout + Send>(value: T, repeat: usize, messages: u64) -> Result<Comparison> {
    let memory = memory()?;
    let ring = Ring::<T>::create(&memory, "hand over", CAPACITY as u64)?;
    let ours = |messages: u64| {
        beside(
            || {
                let mut producer = ring.producer().expect("the role is free");
                (0..messages).for_each(|_| until(|| producer.try_push(black_box(value)).ok()));
            },
            || {
                let mut consumer = ring.consumer().expect("the role is free");
                (0..messages).for_each(|_| {
                    black_box(until(|| consumer.try_pop().ok().flatten()));
                });
            },
        )
    };
    let batches = |messages: u64| {
        beside(
            || {
                let mut producer = ring.producer().expect("the role is free");
                let mut left = messages as usize;
                while left > 0 {
                    let Ok(mut room) = producer.try_reserve(left.min(BATCH)) else {
                        spin_loop();
                        continue;
                    };
                    let count = room.len();
                    (0..count).for_each(|index| room.set(index, black_box(value)));
                    room.commit(count);
                    left -= count;
                }
            },
            || {
                let mut consumer = ring.consumer().expect("the role is free");
                let mut left = messages as usize;
                while left > 0 {
                    let Some(found) = consumer.try_peek(BATCH).ok().flatten() else {
                        spin_loop();
                        continue;
                    };
                    let count = found.len();
                    found.iter().for_each(|value| {
                        black_box(value);
                    });
                    found.release(count);
                    left -= count;
                }
            },
        )
    };
    let peer = |messages: u64| {
        let (mut peer_in, mut peer_out) = rtrb::RingBuffer::<T>::new(CAPACITY);
        beside_thread(
            move || (0..messages).for_each(|_| until(|| peer_in.push(black_box(value)).ok())),
            move || {
                (0..messages).for_each(|_| {
                    black_box(until(|| peer_out.pop().ok()));
                });
            },
        )
    };
    let race = Race::new(messages)
        .with_run("zeroipc ring, one by one", ours)
        .with_run("rtrb between threads", peer)
        .with_run("zeroipc ring, reserve and commit", batches);
    Ok(race.rate(repeat, format!("ring, one producer, one consumer, {} bytes", size_of::<T>())))
}
