//! The pool: an object has one owner at a time, what the dead owned is free again, and whoever sleeps is woken.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;
use loom::thread::JoinHandle;

use crate::explore::explore;
use crate::points::dying_at;
use crate::pool_kernel::{Claim, Kernel, Objects, Stop, free};
use crate::sync::AtomicU64;
use crate::village::Village;
use crate::waiting::block;

const A: u32 = 1;
const B: u32 = 2;
const C: u32 = 3;
const D: u32 = 4;

/// A pool of `u64`. Loom refuses two accesses to an object that are not ordered.
struct World {
    released: AtomicU64,
    states: Vec<AtomicU64>,
    objects: Vec<UnsafeCell<u64>>,
    village: Village,
}

impl World {
    fn new(capacity: usize) -> World {
        World {
            released: AtomicU64::new(0),
            states: (0..capacity).map(|_| AtomicU64::new(free(7))).collect(),
            objects: (0..capacity).map(|_| UnsafeCell::new(0)).collect(),
            village: Village::new(),
        }
    }

    fn kernel(&self) -> Kernel<'_, World, Village> {
        Kernel { objects: self, peers: &self.village }
    }

    /// Writes an object, as only its owner may.
    fn write(&self, claim: Claim) {
        // SAFETY: loom lends an exclusive pointer, and fails the model if another access is not ordered before.
        self.objects[claim.index as usize].with_mut(|object| unsafe { *object += 1 });
    }

    fn try_acquire(&self, me: u32) -> Option<Claim> {
        let kernel = self.kernel();
        let claim = kernel.acquire_at_cursor(me).map_or_else(|| kernel.acquire(me), Ok);
        assert_ne!(claim, Err(Stop::Corrupt));
        let claim = claim.ok()?;
        self.write(claim);
        Some(claim)
    }

    fn acquire(&self, me: u32) -> Claim {
        let claim = block(&self.village, None, |patience| self.kernel().attempt(me, patience)).unwrap().unwrap();
        self.write(claim);
        claim
    }

    fn release(&self, me: u32, claim: Claim) {
        self.write(claim);
        assert!(self.kernel().release(me, claim));
    }

    /// When everybody is done: all objects can be had, once.
    fn check(&self) {
        let all: Vec<Claim> = self.states.iter().map(|_| self.try_acquire(C).expect("an object was lost")).collect();
        assert!(self.try_acquire(C).is_none());
        all.into_iter().for_each(|claim| self.release(C, claim));
        assert_eq!(self.kernel().available(), Ok(self.states.len() as u32));
    }
}

impl Objects for World {
    fn capacity(&self) -> u32 {
        self.states.len() as u32
    }

    fn released(&self) -> &AtomicU64 {
        &self.released
    }

    fn state(&self, index: u32) -> &AtomicU64 {
        &self.states[index as usize]
    }

    fn cursor(&self) -> u32 {
        0
    }

    fn set_cursor(&self, _: u32) {}
}

fn spawn<R: 'static>(world: &Arc<World>, act: impl FnOnce(&World) -> R + 'static) -> JoinHandle<R> {
    let world = Arc::clone(world);
    thread::spawn(move || act(&world))
}

#[test]
fn an_object_has_one_owner() {
    explore("pool: an_object_has_one_owner", 3, || {
        let world = Arc::new(World::new(2));
        let act = |world: &World, me| {
            for _ in 0..2 {
                if let Some(claim) = world.try_acquire(me) {
                    world.release(me, claim);
                }
            }
        };
        let other = spawn(&world, move |world| act(world, A));
        act(&world, B);
        other.join().unwrap();
        world.check();
    });
}

#[test]
fn of_two_who_adopt_one_gets_it() {
    explore("pool: of_two_who_adopt_one_gets_it", 3, || {
        let world = Arc::new(World::new(1));
        let claim = world.try_acquire(A).unwrap();
        assert!(world.kernel().pass(A, claim));
        let adopt = move |world: &World, me| {
            let adopted = world.kernel().adopt(me, claim);
            if let Some(adopted) = adopted {
                world.write(adopted);
                world.release(me, adopted);
            }
            adopted.is_some()
        };
        let other = spawn(&world, move |world| adopt(world, A));
        let released = spawn(&world, move |world| world.kernel().release_loose(claim));
        let mine = adopt(&world, B);
        let all = [mine, other.join().unwrap(), released.join().unwrap()];
        assert_eq!(all.into_iter().filter(|one| *one).count(), 1);
        world.check();
    });
}

#[test]
fn what_the_dead_owned_is_free() {
    for point in ["pool.acquire.owned", "pool.release.freed", "pool.pass.loose", "pool.adopt.owned"] {
        explore("pool: what_the_dead_owned_is_free", 2, move || {
            let world = Arc::new(World::new(2));
            let dying = spawn(&world, move |world| {
                let _ = dying_at(point, || {
                    let claim = world.try_acquire(D).unwrap();
                    assert!(world.kernel().pass(D, claim));
                    let claim = world.kernel().adopt(D, claim).unwrap();
                    world.write(claim);
                    world.release(D, claim);
                });
                world.village.die(D);
            });
            if let Some(claim) = world.try_acquire(A) {
                world.release(A, claim);
            }
            dying.join().unwrap();
            if point == "pool.pass.loose" {
                // Nobody owns it, so nobody takes it back.
                assert_eq!(world.kernel().available(), Ok(1));
                return;
            }
            world.check();
        });
    }
}

#[test]
fn two_who_reclaim() {
    explore("pool: two_who_reclaim", 2, || {
        let world = Arc::new(World::new(2));
        let _ = world.try_acquire(D).unwrap();
        let _ = world.try_acquire(D).unwrap();
        world.village.die(D);
        let reclaims = spawn(&world, |world| world.kernel().reclaim().unwrap());
        let acquires = spawn(&world, |world| world.try_acquire(A).map(|claim| world.release(A, claim)).is_some());
        let mine = world.try_acquire(B).map(|claim| world.release(B, claim));
        assert!(reclaims.join().unwrap() <= 2);
        assert!(mine.is_some() && acquires.join().unwrap());
        world.check();
    });
}

#[test]
fn who_waits_is_woken() {
    explore("pool: who_waits_is_woken", 3, || {
        let world = Arc::new(World::new(1));
        // Nobody owns it, so whoever waits sleeps for as long as it takes.
        let claim = world.try_acquire(A).unwrap();
        assert!(world.kernel().pass(A, claim));
        let waits = spawn(&world, |world| {
            let claim = world.acquire(B);
            world.release(B, claim);
        });
        assert!(world.kernel().release_loose(claim));
        waits.join().unwrap();
        world.check();
    });
}

#[test]
fn who_waits_for_one_of_two_is_woken() {
    explore("pool: who_waits_for_one_of_two_is_woken", 2, || {
        let world = Arc::new(World::new(2));
        let claims = [world.try_acquire(A).unwrap(), world.try_acquire(A).unwrap()];
        assert!(claims.iter().all(|claim| world.kernel().pass(A, *claim)));
        let waits = spawn(&world, |world| {
            let claim = world.acquire(B);
            world.release(B, claim);
        });
        assert!(world.kernel().release_loose(claims[1]));
        waits.join().unwrap();
        assert!(world.kernel().release_loose(claims[0]));
        world.check();
    });
}

#[test]
fn two_who_wait_are_woken() {
    explore("pool: two_who_wait_are_woken", 1, || {
        let world = Arc::new(World::new(1));
        let claim = world.try_acquire(A).unwrap();
        assert!(world.kernel().pass(A, claim));
        let waits = [B, C].map(|me| {
            spawn(&world, move |world| {
                let claim = world.acquire(me);
                world.release(me, claim);
            })
        });
        assert!(world.kernel().release_loose(claim));
        for thread in waits {
            thread.join().unwrap();
        }
        world.check();
    });
}

#[test]
fn a_waker_that_dies() {
    for point in ["pool.release.freed", "pool.release.counted"] {
        explore("pool: a_waker_that_dies", 2, move || {
            let world = Arc::new(World::new(1));
            let claim = world.try_acquire(A).unwrap();
            assert!(world.kernel().pass(A, claim));
            let waits = spawn(&world, |world| {
                let claim = world.acquire(B);
                world.release(B, claim);
            });
            let _ = dying_at(point, || world.kernel().release_loose(claim));
            world.village.time_passes();
            waits.join().unwrap();
            world.check();
        });
    }
}
