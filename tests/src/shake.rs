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
    /// This thread's dice, and how seldom it sleeps; 0 when it does not dawdle.
    static DICE: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// This process dies at the n-th point that it comes to from now on; 0 is never.
pub fn fuse(points: u64) {
    FUSE.store(points.cast_signed(), Ordering::Relaxed);
    zeroipc::points::install(reached);
}

/// This thread yields and sleeps at points, now and then; how often follows from the seed.
pub fn dawdle(seed: u64) {
    let mut rng = Rng::new(seed);
    DICE.set((rng.number(), *rng.pick(&[1024, 256, 64, 16])));
    zeroipc::points::install(reached);
}

/// A point of the test itself: between two steps that belong together.
pub fn here() {
    reached("here");
}

fn reached(_: &'static str) {
    if FUSE.load(Ordering::Relaxed) > 0 && FUSE.fetch_sub(1, Ordering::Relaxed) == 1 {
        sys::kill_self();
    }
    // A thread that ends has no such value any more.
    let _ = DICE.try_with(|dice| {
        let (state, seldom) = dice.get();
        if seldom == 0 {
            return;
        }
        let mut rng = Rng::new(state);
        dice.set((rng.number(), seldom));
        match rng.below(seldom) {
            0 => std::thread::sleep(Duration::from_micros(rng.below(200))),
            1..4 => std::thread::yield_now(),
            _ => {}
        }
    });
}
