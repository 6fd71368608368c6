//! The event: who waits when it is set goes on, one or all, and none is forgotten.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;

use crate::event_kernel::{Kernel, Waiting};
use crate::explore::explore;
use crate::points::dying_at;
use crate::sync::{AtomicU64, Relaxed};
use crate::village::Village;
use crate::waiting::block;

struct World {
    state: AtomicU64,
    auto: bool,
    /// What was done before the set: loom refuses accesses that are not ordered.
    done: UnsafeCell<u64>,
    /// Where whoever sets leaves word, and whoever resets looks.
    word: AtomicU64,
    village: Village,
}

impl World {
    fn new(auto: bool) -> Arc<World> {
        Arc::new(World {
            state: AtomicU64::new(0),
            auto,
            done: UnsafeCell::new(0),
            word: AtomicU64::new(0),
            village: Village::new(),
        })
    }

    fn kernel(&self) -> Kernel<'_, Village> {
        Kernel { state: &self.state, auto: self.auto, peers: &self.village }
    }

    fn wait(&self) {
        let mut waiting = Waiting::default();
        block(&self.village, None, |patience| Ok::<_, ()>(self.kernel().attempt(true, &mut waiting, patience)))
            .unwrap()
            .unwrap();
    }
}

fn waits(world: &Arc<World>) -> thread::JoinHandle<()> {
    let world = Arc::clone(world);
    thread::spawn(move || world.wait())
}

fn sees_what_was_done(auto: bool) {
    explore(if auto { "auto" } else { "manual" }, 3, move || {
        let world = World::new(auto);
        let setter = {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                // SAFETY: loom lends an exclusive pointer, and fails the model if another access is not ordered.
                world.done.with_mut(|done| unsafe { *done = 1 });
                world.kernel().set();
            })
        };
        world.wait();
        // SAFETY: loom lends a shared pointer, and fails the model if a write is not ordered before.
        world.done.with(|done| assert_eq!(unsafe { *done }, 1));
        setter.join().unwrap();
        assert_eq!(world.kernel().is_set(), !auto);
    });
}

#[test]
fn a_waiter_sees_what_was_done_before_a_manual_set() {
    sees_what_was_done(false);
}

#[test]
fn a_waiter_sees_what_was_done_before_an_automatic_set() {
    sees_what_was_done(true);
}

/// A set that is reset right behind releases who sleeps.
#[test]
fn a_pulse_releases_all_who_sleep() {
    explore("a_pulse_releases_all_who_sleep", 1, || {
        let world = World::new(false);
        let waiters = [waits(&world), waits(&world)];
        world.village.until_asleep(2);
        world.kernel().set();
        assert!(world.kernel().reset());
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
        assert!(!world.kernel().is_set());
    });
}

/// Each of two takes one set, and the second set comes when the first was taken.
#[test]
fn two_waiters_take_two_sets() {
    explore("two_waiters_take_two_sets", 1, || {
        let world = World::new(true);
        let waiters = [waits(&world), waits(&world)];
        world.kernel().set();
        // Sets do not accumulate: the second counts only when the first is taken.
        while world.kernel().is_set() {
            thread::yield_now();
        }
        world.kernel().set();
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
        assert!(!world.kernel().is_set());
    });
}

/// A newcomer takes the set that a sleeper was woken for, and the next one wakes it again.
#[test]
fn a_robbed_sleeper_is_woken_again() {
    explore("a_robbed_sleeper_is_woken_again", 1, || {
        let world = World::new(true);
        let sleepers = [waits(&world), waits(&world)];
        world.village.until_asleep(2);
        world.kernel().set();
        let mut left = if world.kernel().take(false) { 2 } else { 1 };
        while left > 0 {
            while world.kernel().is_set() {
                thread::yield_now();
            }
            world.kernel().set();
            left -= 1;
        }
        sleepers.into_iter().for_each(|sleeper| sleeper.join().unwrap());
        assert!(!world.kernel().is_set());
    });
}

/// Who resets, looks, and then waits does not miss what was said before a set that changed nothing.
#[test]
fn a_set_of_what_is_set_is_not_lost_to_a_reset() {
    explore("a_set_of_what_is_set_is_not_lost_to_a_reset", 3, || {
        let world = World::new(false);
        world.kernel().set();
        let setter = {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                world.word.store(1, Relaxed);
                world.kernel().set();
            })
        };
        world.kernel().reset();
        if world.word.load(Relaxed) == 0 {
            world.wait();
        }
        setter.join().unwrap();
        assert_eq!(world.word.load(Relaxed), 1);
    });
}

#[test]
fn who_sets_it_may_die_before_it_wakes() {
    for auto in [false, true] {
        explore("who_sets_it_may_die_before_it_wakes", 3, move || {
            let world = World::new(auto);
            let dying = {
                let world = Arc::clone(&world);
                thread::spawn(move || {
                    dying_at("event.set.set", || world.kernel().set());
                    world.village.time_passes();
                })
            };
            world.wait();
            dying.join().unwrap();
        });
    }
}
