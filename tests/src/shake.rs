//! Threads that dawdle at points by chance, so that two cores see the interleavings of many; and a fuse, at whose end the
//! process dies.

use std::cell::Cell;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::rng::Rng;
use crate::sys;

/// How many points are left until this process dies; not above 0 when it does not.
static FUSE: AtomicI64 = AtomicI64::new(0);

thread_local! {
    /// This thread's dice; 0 when it does not dawdle.
    static DICE: Cell<u64> = const { Cell::new(0) };
}

/// This process dies at the n-th point that it comes to from now on; 0 is never.
pub fn fuse(points: u64) {
    FUSE.store(points.cast_signed(), Ordering::Relaxed);
    zeroipc::points::install(reached);
}

/// This thread yields and sleeps at points, now and then.
pub fn dawdle(seed: u64) {
    DICE.set(seed | 1);
    zeroipc::points::install(reached);
}

fn reached(_: &'static str) {
    if FUSE.load(Ordering::Relaxed) > 0 && FUSE.fetch_sub(1, Ordering::Relaxed) == 1 {
        sys::kill_self();
    }
    // A thread that ends has no such value any more.
    let _ = DICE.try_with(|dice| {
        if dice.get() == 0 {
            return;
        }
        let mut rng = Rng::new(dice.get());
        dice.set(rng.number() | 1);
        match rng.below(512) {
            0 => std::thread::sleep(Duration::from_micros(rng.below(100))),
            1..32 => std::thread::yield_now(),
            _ => {}
        }
    });
}
