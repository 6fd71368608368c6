//! The latch: it opens once, at zero, for all who wait, and shows them what was done before.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;

use crate::explore::explore;
use crate::latch_kernel::{Kernel, Refused, left};
use crate::points::dying_at;
use crate::sync::AtomicU64;
use crate::village::Village;
use crate::waiting::block;

struct World {
    state: AtomicU64,
    /// What each of those who count down has done: loom refuses accesses that are not ordered.
    done: [UnsafeCell<u64>; 2],
    village: Village,
}

impl World {
    fn new(count: u64) -> Arc<World> {
        let done = [0, 0].map(UnsafeCell::new);
        Arc::new(World { state: AtomicU64::new(left(count)), done, village: Village::new() })
    }

    fn kernel(&self) -> Kernel<'_, Village> {
        Kernel { state: &self.state, peers: &self.village }
    }

    fn wait(&self) {
        block(&self.village, None, |patience| self.kernel().attempt(true, patience)).unwrap().unwrap();
    }

    fn does(&self, who: usize) {
        // SAFETY: loom lends an exclusive pointer, and fails the model if another access is not ordered.
        self.done[who].with_mut(|done| unsafe { *done = 1 });
    }

    fn all_done(&self) {
        for done in &self.done {
            // SAFETY: loom lends a shared pointer, and fails the model if a write is not ordered before.
            done.with(|done| assert_eq!(unsafe { *done }, 1));
        }
    }
}

fn counter(world: &Arc<World>, who: usize) -> thread::JoinHandle<()> {
    let world = Arc::clone(world);
    thread::spawn(move || {
        world.does(who);
        world.kernel().count_down_by(1).unwrap();
    })
}

#[test]
fn a_waiter_sees_what_all_have_done() {
    explore("a_waiter_sees_what_all_have_done", 2, || {
        let world = World::new(2);
        let others = [counter(&world, 0), counter(&world, 1)];
        world.wait();
        world.all_done();
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

#[test]
fn all_who_wait_go_on() {
    explore("all_who_wait_go_on", 2, || {
        let world = World::new(1);
        let waiter = {
            let world = Arc::clone(&world);
            thread::spawn(move || world.wait())
        };
        let other = {
            let world = Arc::clone(&world);
            thread::spawn(move || world.wait())
        };
        assert_eq!(world.kernel().count_down_by(1), Ok(0));
        waiter.join().unwrap();
        other.join().unwrap();
    });
}

#[test]
fn nothing_passes_below_zero() {
    explore("nothing_passes_below_zero", 3, || {
        let world = World::new(3);
        let other = {
            let world = Arc::clone(&world);
            thread::spawn(move || world.kernel().count_down_by(2))
        };
        let mine = world.kernel().count_down_by(2);
        let theirs = other.join().unwrap();
        assert!(matches!((mine, theirs), (Ok(1), Err(Refused::Left(1))) | (Err(Refused::Left(1)), Ok(1))));
    });
}

#[test]
fn who_opens_it_may_die_before_it_wakes() {
    explore("who_opens_it_may_die_before_it_wakes", 3, || {
        let world = World::new(1);
        let dying = {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                dying_at("latch.count_down.counted", || world.kernel().count_down_by(1));
                world.village.time_passes();
            })
        };
        world.wait();
        dying.join().unwrap();
    });
}
