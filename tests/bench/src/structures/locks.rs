//! Locks when nobody contends, beside those for threads; and a lazy value beside a load.

use std::hint::black_box;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Acquire;

use zeroipc::{Lazy, Mutex, Result, RwLock, Semaphore, Signal};

use super::race::Race;
use crate::report::Report;
use crate::scenario::memory;

pub(super) fn add(report: &mut Report, repeat: usize, scale: u64) -> Result<()> {
    let operations = 2_000_000 / scale;
    let memory = memory()?;
    let mutex = Mutex::create(&memory, "mutex")?;
    let semaphore = Semaphore::create(&memory, "semaphore", 1)?;
    let rwlock = RwLock::create(&memory, "rwlock", 16)?;
    let (parking, std_mutex) = (parking_lot::Mutex::new(()), std::sync::Mutex::new(()));
    let parking_rw = parking_lot::RwLock::new(());
    report.add(
        Race::new(operations)
            .with("zeroipc mutex", |_| {
                black_box(&mutex.lock());
            })
            .with("parking_lot mutex", |_| {
                black_box(&parking.lock());
            })
            .with("std mutex", |_| {
                black_box(&std_mutex.lock());
            })
            .nanoseconds(repeat, "mutex, uncontended lock and unlock"),
    );
    report.add(
        Race::new(operations)
            .with("zeroipc semaphore", |_| {
                black_box(&semaphore.acquire());
            })
            .with("parking_lot mutex", |_| {
                black_box(&parking.lock());
            })
            .nanoseconds(repeat, "semaphore of one permit, uncontended acquire and release"),
    );
    report.add(
        Race::new(operations)
            .with("zeroipc rwlock", |_| {
                black_box(&rwlock.read());
            })
            .with("parking_lot rwlock", |_| {
                black_box(&parking_rw.read());
            })
            .nanoseconds(repeat, "rwlock, uncontended read lock and unlock"),
    );
    report.add(
        Race::new(operations)
            .with("zeroipc rwlock", |_| {
                black_box(&rwlock.write());
            })
            .with("parking_lot rwlock", |_| {
                black_box(&parking_rw.write());
            })
            .nanoseconds(repeat, "rwlock, uncontended write lock and unlock"),
    );
    let lazy = Lazy::<u64>::create(&memory, "lazy")?;
    lazy.force(|| 7)?;
    let word = AtomicU64::new(7);
    report.add(
        Race::new(5 * operations)
            .with("zeroipc lazy, cached", |_| {
                black_box(black_box(&lazy).force(|| 8).ok());
            })
            .with("acquire load", |_| {
                black_box(black_box(&word).load(Acquire));
            })
            .nanoseconds(repeat, "lazy, cached force of 8 bytes"),
    );
    let signal = Signal::<[u64; 8]>::create(&memory, "signal")?;
    let locked = parking_lot::Mutex::new([0_u64; 8]);
    report.add(
        Race::new(operations)
            .with("zeroipc signal", |_| {
                black_box(signal.get().ok());
            })
            .with("value in a parking_lot mutex", |_| {
                black_box(*locked.lock());
            })
            .nanoseconds(repeat, "signal, get of 64 bytes"),
    );
    Ok(())
}
