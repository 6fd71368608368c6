//! The queue beside queues and channels between threads: a push and a pop when nobody contends.

use std::hint::black_box;

use crossbeam_queue::ArrayQueue;
use zeroipc::{Queue, Result, ShmLayout};

use super::race::Race;
use crate::report::{Comparison, Report};
use crate::scenario::memory;

const CAPACITY: usize = 1024;

pub(super) fn add(report: &mut Report, repeat: usize, scale: u64) -> Result<()> {
    report.add(pair(7_u64, repeat, 2_000_000 / scale)?);
    report.add(pair([7_u64; 8], repeat, 1_000_000 / scale)?);
    report.add(pair([7_u64; 128], repeat, 200_000 / scale)?);
    report.add(bulk(repeat, 100_000 / scale)?);
    Ok(())
}

fn pair<T: ShmLayout>(value: T, repeat: usize, operations: u64) -> Result<Comparison> {
    let memory = memory()?;
    let queue = Queue::<T>::create(&memory, "pair", CAPACITY as u64)?;
    let array_queue = ArrayQueue::<T>::new(CAPACITY);
    let race = Race::new(operations)
        .with("zeroipc queue", |_| {
            let _ = queue.try_push(black_box(value));
            black_box(queue.try_pop().ok());
        })
        .with("crossbeam ArrayQueue", |_| {
            let _ = array_queue.push(black_box(value));
            black_box(array_queue.pop());
        });
    let title = format!("queue, uncontended push and pop, {} bytes", size_of::<T>());
    Ok(race.nanoseconds(repeat, title))
}

fn bulk(repeat: usize, operations: u64) -> Result<Comparison> {
    let memory = memory()?;
    let queue = Queue::<u64>::create(&memory, "bulk", CAPACITY as u64)?;
    let (values, mut out) = ([7_u64; 32], [0_u64; 32]);
    let race = Race::new(operations)
        .with("zeroipc queue, in bulk", |_| {
            let _ = queue.try_push_many(black_box(&values));
            let _ = black_box(queue.try_pop_many(&mut out));
        })
        .with("zeroipc queue, one by one", |_| {
            for value in values {
                let _ = queue.try_push(black_box(value));
            }
            for _ in 0..values.len() {
                black_box(queue.try_pop().ok());
            }
        });
    Ok(race.nanoseconds(repeat, "queue, push and pop 32 elements of 8 bytes"))
}
