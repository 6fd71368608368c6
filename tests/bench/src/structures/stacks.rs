//! The stack and the pool when nobody contends.

use std::hint::black_box;

use crossbeam_queue::ArrayQueue;
use zeroipc::{Pool, Result, ShmLayout, Stack};

use super::race::Race;
use crate::report::{Comparison, Report};
use crate::scenario::memory;

const CAPACITY: usize = 1024;

pub(super) fn add(report: &mut Report, repeat: usize, scale: u64) -> Result<()> {
    report.add(pair(7_u64, repeat, 2_000_000 / scale)?);
    report.add(pair([7_u64; 8], repeat, 1_000_000 / scale)?);
    report.add(pool(repeat, 1_000_000 / scale)?);
    Ok(())
}

fn pair<T: ShmLayout>(value: T, repeat: usize, operations: u64) -> Result<Comparison> {
    let memory = memory()?;
    let stack = Stack::<T>::create(&memory, "stack", CAPACITY as u64)?;
    let queue = ArrayQueue::<T>::new(CAPACITY);
    let race = Race::new(operations)
        .with("zeroipc stack", |_| {
            let _ = stack.try_push(black_box(value));
            black_box(stack.try_pop().ok());
        })
        .with("crossbeam ArrayQueue", |_| {
            let _ = queue.push(black_box(value));
            black_box(queue.pop());
        });
    Ok(race.nanoseconds(repeat, format!("stack, uncontended push and pop, {} bytes", size_of::<T>())))
}

fn pool(repeat: usize, operations: u64) -> Result<Comparison> {
    let memory = memory()?;
    let pool = Pool::<[u64; 16]>::create(&memory, "pool", CAPACITY as u64)?;
    let race = Race::new(operations)
        .with("zeroipc pool", |_| {
            black_box(&pool.acquire());
        })
        .with("the allocator's box", |_| {
            black_box(&Box::new([0_u64; 16]));
        });
    Ok(race.nanoseconds(repeat, "pool, acquire and return of 128 bytes"))
}
