//! The signal: a value that is read is whole and the one that its version says, whoever writes or dies.

use std::collections::HashMap;
use std::sync::Arc;

use loom::thread;

use crate::explore::explore;
use crate::points::dying_at;
use crate::signal_kernel::{Buffers, Claim, Kernel, Stop, new_current, new_state};
use crate::sync::{AtomicU64, Relaxed};
use crate::village::Village;
use crate::waiting::block;

const A: u32 = 1;
const B: u32 = 2;
const C: u32 = 3;

struct World {
    current: AtomicU64,
    states: Vec<AtomicU64>,
    /// A value and its complement: a copy from two values is noticed.
    values: Vec<[AtomicU64; 2]>,
    village: Village,
}

impl Buffers for World {
    fn current(&self) -> &AtomicU64 {
        &self.current
    }

    fn state(&self, index: u64) -> &AtomicU64 {
        &self.states[index as usize]
    }
}

impl World {
    fn new() -> Arc<World> {
        Arc::new(World {
            current: AtomicU64::new(new_current(0)),
            states: (0..4).map(|index| AtomicU64::new(new_state(index, 0))).collect(),
            values: (0..4).map(|_| [AtomicU64::new(0), AtomicU64::new(!0)]).collect(),
            village: Village::new(),
        })
    }

    fn kernel(&self) -> Kernel<'_, World, Village> {
        Kernel { words: self, peers: &self.village }
    }

    /// One look at the value, as `Signal::get` makes them until one is whole.
    fn look(&self) -> Option<(u64, u64)> {
        let latest = self.kernel().latest();
        let [value, complement] = &self.values[latest.index as usize];
        let (value, complement) = (value.load(Relaxed), complement.load(Relaxed));
        self.kernel().is_whole(latest).then(|| {
            assert_eq!(value, !complement, "a torn value was read");
            (value, latest.version)
        })
    }

    fn get(&self) -> (u64, u64) {
        loop {
            if let Some(read) = self.look() {
                return read;
            }
            thread::yield_now();
        }
    }

    fn claim(&self, me: u32) -> Claim {
        block(&self.village, None, |patience| self.kernel().claim_attempt(me, patience)).unwrap().unwrap()
    }

    fn write(&self, claim: Claim, value: u64) {
        let words = &self.values[claim.index as usize];
        words[0].store(value, Relaxed);
        words[1].store(!value, Relaxed);
    }

    fn set(&self, me: u32, value: u64) -> u64 {
        let claim = self.claim(me);
        self.write(claim, value);
        self.kernel().publish(claim, None).unwrap()
    }

    fn add(&self, me: u32, number: u64) {
        loop {
            let (value, version) = self.get();
            let claim = self.claim(me);
            self.write(claim, value + number);
            if self.kernel().publish(claim, Some(version)).is_some() {
                return;
            }
            self.kernel().withdraw(claim);
        }
    }
}

/// One writes so often that the buffer which the reader copies comes round again.
#[test]
fn a_reader_beside_a_writer() {
    explore("a_reader_beside_a_writer", 2, || {
        let world = World::new();
        let writer = {
            let world = Arc::clone(&world);
            thread::spawn(move || (10..15).for_each(|value| assert_eq!(world.set(A, value), value - 9)))
        };
        for _ in 0..2 {
            if let Some((value, version)) = world.look() {
                assert_eq!(value, if version == 0 { 0 } else { 9 + version });
            }
        }
        writer.join().unwrap();
        assert_eq!(world.get(), (14, 5));
    });
}

#[test]
fn two_writers_and_a_reader() {
    explore("two_writers_and_a_reader", 1, || {
        let world = World::new();
        let other = {
            let world = Arc::clone(&world);
            thread::spawn(move || [10].map(|value| (world.set(A, value), value)))
        };
        let reader = {
            let world = Arc::clone(&world);
            thread::spawn(move || world.look())
        };
        let mine = [20, 21].map(|value| (world.set(B, value), value));
        let set: HashMap<u64, u64> = other.join().unwrap().into_iter().chain(mine).collect();
        assert_eq!(set.len(), 3, "a version was given twice");
        if let Some((value, version)) = reader.join().unwrap() {
            assert_eq!(value, set.get(&version).copied().unwrap_or(0));
        }
        let (value, version) = world.get();
        assert_eq!((version, value), (3, set[&3]));
    });
}

#[test]
fn no_update_is_lost() {
    explore("no_update_is_lost", 2, || {
        let world = World::new();
        let other = {
            let world = Arc::clone(&world);
            thread::spawn(move || world.add(A, 1))
        };
        world.add(B, 10);
        other.join().unwrap();
        assert_eq!(world.get(), (11, 2));
    });
}

fn a_writer_dies(point: &'static str, happened: bool) {
    explore(point, 2, move || {
        let world = World::new();
        // Two buffers are never free, so that the dead writer's is needed.
        let _busy = [world.claim(B), world.claim(B)];
        let dying = {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                dying_at(point, || world.set(A, 10));
                world.village.die(A);
            })
        };
        let early = world.get();
        dying.join().unwrap();
        assert!([(0, 0), (10, 1)].contains(&early));
        let before = u64::from(happened);
        assert_eq!(world.get(), (10 * before, before));
        for round in 1..4 {
            assert_eq!(world.set(C, 20 + round), before + round);
            assert_eq!(world.get(), (20 + round, before + round));
        }
    });
}

#[test]
fn a_writer_that_dies_before_it_publishes_has_not_written() {
    a_writer_dies("signal.set.claimed", false);
}

#[test]
fn a_writer_that_dies_behind_that_has_written() {
    a_writer_dies("signal.set.published", true);
    a_writer_dies("signal.set.settled", true);
}

/// A writer publishes and dies while another looks for a buffer: the one that became current is not taken.
#[test]
fn the_buffer_that_a_dead_writer_published_is_not_taken() {
    explore("the_buffer_that_a_dead_writer_published_is_not_taken", 3, || {
        let world = World::new();
        let _busy = [world.claim(B), world.claim(B)];
        let claim = world.claim(A);
        let dying = {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                world.write(claim, 10);
                dying_at("signal.set.published", || world.kernel().publish(claim, None));
                world.village.die(A);
            })
        };
        let claim = world.claim(C);
        dying.join().unwrap();
        assert_eq!(world.get(), (10, 1));
        assert_ne!(world.kernel().latest().index, claim.index);
        // Nothing is left but the current one, whose writer is dead, and what others write.
        assert!(matches!(world.kernel().claim(C), Err(Stop::Busy { .. })));
    });
}

/// Two want the buffer of a dead one, and a third waits for it to be given up.
#[test]
fn one_takes_the_buffer_of_a_dead_writer() {
    explore("one_takes_the_buffer_of_a_dead_writer", 2, || {
        let world = World::new();
        let _busy = world.claim(B);
        let dead = world.claim(A);
        world.village.die(A);
        let other = {
            let world = Arc::clone(&world);
            thread::spawn(move || world.set(C, 10))
        };
        let mine = world.set(C, 20);
        assert_eq!(mine + other.join().unwrap(), 3);
        assert!(dead.index < 4);
    });
}

#[test]
fn a_waiter_sees_the_next_version() {
    explore("a_waiter_sees_the_next_version", 3, || {
        let world = World::new();
        let writer = {
            let world = Arc::clone(&world);
            thread::spawn(move || world.set(A, 10))
        };
        block(&world.village, None, |patience| Ok::<_, ()>(world.kernel().attempt(0, true, patience)))
            .unwrap()
            .unwrap();
        assert_eq!(world.get(), (10, 1));
        writer.join().unwrap();
    });
}

#[test]
fn two_waiters_and_a_writer_that_dies_before_it_wakes() {
    explore("two_waiters_and_a_writer_that_dies_before_it_wakes", 2, || {
        let world = World::new();
        let waits = |world: Arc<World>| {
            thread::spawn(move || {
                block(&world.village, None, |patience| Ok::<_, ()>(world.kernel().attempt(0, true, patience)))
                    .unwrap()
                    .unwrap();
            })
        };
        let waiters = [waits(Arc::clone(&world)), waits(Arc::clone(&world))];
        dying_at("signal.set.settled", || world.set(A, 10));
        world.village.die(A);
        world.village.time_passes();
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    });
}
