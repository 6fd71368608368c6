//! The semaphore: a permit is with one at a time, none is lost, and nobody sleeps while one is free.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;

use crate::explore::explore;
use crate::points::dying_at;
use crate::semaphore_kernel::{Kernel, NOBODY, OVERTAKEN, Permits, Taken, Waits, new_permit};
use crate::sync::AtomicU64;
use crate::village::Village;
use crate::waiting::{Patience, Peers, Turn, block};

const A: u32 = 1;
const B: u32 = 2;
const C: u32 = 3;
const D: u32 = 4;

struct World {
    turn: AtomicU64,
    hint: AtomicU64,
    permits: Vec<AtomicU64>,
    /// What each permit guards: loom refuses two accesses that are not ordered.
    guarded: Vec<UnsafeCell<u64>>,
    village: Village,
}

impl Permits for World {
    fn max(&self) -> u64 {
        self.permits.len() as u64
    }

    fn turn(&self) -> &AtomicU64 {
        &self.turn
    }

    fn hint(&self) -> &AtomicU64 {
        &self.hint
    }

    fn permit(&self, index: u64) -> &AtomicU64 {
        &self.permits[index as usize]
    }
}

impl World {
    fn new(free: usize, max: usize) -> Arc<World> {
        Arc::new(World {
            turn: AtomicU64::new(0),
            hint: AtomicU64::new(0),
            permits: (0..max).map(|index| AtomicU64::new(new_permit(index < free))).collect(),
            guarded: (0..max).map(|_| UnsafeCell::new(0)).collect(),
            village: Village::new(),
        })
    }

    fn kernel(&self) -> Kernel<'_, World, Village> {
        Kernel { words: self, peers: &self.village }
    }

    fn take(&self, owner: u32) -> Taken {
        if let Some(taken) = self.kernel().take_at_hint(owner) {
            return taken;
        }
        let mut waits = Waits::default();
        block(&self.village, None, |patience| self.kernel().attempt(owner, &mut waits, patience)).unwrap().unwrap()
    }

    fn under(&self, taken: Taken) {
        // SAFETY: loom lends an exclusive pointer, and fails the model if another access is not ordered.
        self.guarded[taken.index as usize].with_mut(|guarded| unsafe { *guarded += 1 });
    }

    fn use_once(&self, owner: u32) {
        let taken = self.take(owner);
        self.under(taken);
        self.kernel().release(taken);
    }

    fn available(&self) -> u64 {
        self.kernel().available().unwrap()
    }
}

fn user(world: &Arc<World>, owner: u32) -> thread::JoinHandle<()> {
    let world = Arc::clone(world);
    thread::spawn(move || world.use_once(owner))
}

#[test]
fn one_permit_and_two_users() {
    explore("one_permit_and_two_users", 3, || {
        let world = World::new(1, 1);
        let other = user(&world, A);
        world.use_once(B);
        other.join().unwrap();
        assert_eq!(world.available(), 1);
    });
}

/// The steps one by one: who was overtaken too often gets what comes next, and one who does not come holds up nobody.
#[test]
fn newcomers_give_way_to_who_was_overtaken() {
    for comes in [true, false] {
        explore("newcomers_give_way_to_who_was_overtaken", 1, move || {
            let world = World::new(1, 1);
            let kernel = world.kernel();
            let mut patience = Patience::new(Village::SPINS);
            let (mut late, mut waits) = (Waits::default(), Waits::default());
            let held = world.take(A);
            for _ in 0..=OVERTAKEN {
                assert!(matches!(kernel.attempt(B, &mut late, &mut patience), Ok(Turn::Wait(_))));
            }
            kernel.release(held);
            assert!(kernel.take_at_hint(A).is_none());
            assert!(matches!(kernel.attempt(A, &mut waits, &mut patience), Ok(Turn::Wait(_))));
            let (who, waits) = if comes { (B, &mut late) } else { (A, &mut waits) };
            let Ok(Turn::Done(taken)) = kernel.attempt(who, waits, &mut patience) else { panic!("it is free") };
            kernel.release(taken);
            // All is as ever.
            kernel.release(kernel.take_at_hint(A).expect("nobody gives way any more"));
        });
    }
}

/// Two sleep, and two permits come back one behind the other: the second release finds the wait bit cleared.
#[test]
fn two_sleepers_and_two_releases() {
    explore("two_sleepers_and_two_releases", 1, || {
        let world = World::new(2, 2);
        let held = [world.take(C), world.take(C)];
        let others = [user(&world, A), user(&world, B)];
        world.village.until_asleep(2);
        held.into_iter().for_each(|taken| world.kernel().release(taken));
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(world.available(), 2);
    });
}

/// As above, and the sleepers keep what they get: nobody else's release saves the one that was forgotten.
#[test]
fn two_sleepers_get_two_permits_and_keep_them() {
    explore("two_sleepers_get_two_permits_and_keep_them", 2, || {
        let world = World::new(2, 2);
        let held = [world.take(C), world.take(C)];
        let others = [A, B].map(|owner| {
            let world = Arc::clone(&world);
            thread::spawn(move || world.take(owner).index)
        });
        world.village.until_asleep(2);
        held.into_iter().for_each(|taken| world.kernel().release(taken));
        let got = others.map(|other| other.join().unwrap());
        assert_ne!(got[0], got[1]);
    });
}

/// Two releases by two threads, two that take and keep.
#[test]
fn two_releasers_and_two_takers() {
    explore("two_releasers_and_two_takers", 0, || {
        let world = World::new(2, 2);
        let held = [world.take(C), world.take(D)];
        let others = [A, B].map(|owner| {
            let world = Arc::clone(&world);
            thread::spawn(move || world.take(owner).index)
        });
        let [first, second] = held;
        let releaser = {
            let world = Arc::clone(&world);
            thread::spawn(move || world.kernel().release(first))
        };
        world.kernel().release(second);
        releaser.join().unwrap();
        let got = others.map(|other| other.join().unwrap());
        assert_ne!(got[0], got[1]);
    });
}

/// A robbed sleeper goes back to sleep and is woken again.
#[test]
fn a_newcomer_takes_the_permit_of_a_woken_sleeper() {
    explore("a_newcomer_takes_the_permit_of_a_woken_sleeper", 2, || {
        let world = World::new(1, 1);
        let held = world.take(C);
        let sleeper = user(&world, A);
        world.village.until_asleep(1);
        world.kernel().release(held);
        world.use_once(B);
        sleeper.join().unwrap();
        assert_eq!(world.available(), 1);
    });
}

#[test]
fn a_permit_is_handed_over() {
    explore("a_permit_is_handed_over", 3, || {
        let world = World::new(0, 1);
        let giver = {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                // SAFETY: loom lends an exclusive pointer, and fails the model if another access is not ordered.
                world.guarded[0].with_mut(|guarded| unsafe { *guarded = 7 });
                assert!(world.kernel().give().unwrap());
            })
        };
        let taken = world.take(NOBODY);
        // SAFETY: as above.
        world.guarded[taken.index as usize].with(|guarded| assert_eq!(unsafe { *guarded }, 7));
        giver.join().unwrap();
        assert_eq!(world.available(), 0);
    });
}

/// Who has taken a permit for nobody can always give one back, whichever others move meanwhile.
#[test]
fn nobody_is_refused_who_gives_back_what_he_took() {
    explore("nobody_is_refused_who_gives_back_what_he_took", 3, || {
        let world = World::new(2, 2);
        let other = {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                world.take(NOBODY);
                assert!(world.kernel().give().unwrap());
            })
        };
        world.take(NOBODY);
        assert!(world.kernel().give().unwrap());
        other.join().unwrap();
        assert_eq!(world.available(), 2);
        assert!(!world.kernel().give().unwrap());
    });
}

/// A holder dies, and the other, asleep or awake, gets its permit.
#[test]
fn a_dead_holders_permit_is_taken_over() {
    explore("a_dead_holders_permit_is_taken_over", 2, || {
        let world = World::new(1, 1);
        let holder = {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                dying_at("semaphore.acquire.taken", || world.take(A));
                // SAFETY: loom lends an exclusive pointer, and fails the model if another access is not ordered.
                world.guarded[0].with_mut(|guarded| unsafe { *guarded += 1 });
                world.village.die(A);
                world.village.time_passes();
            })
        };
        world.use_once(C);
        holder.join().unwrap();
        assert!(world.kernel().try_take(C).unwrap().is_some());
    });
}

fn dies_while_one_sleeps(point: &'static str) {
    explore(point, 2, move || {
        let world = World::new(1, 1);
        let held = world.take(A);
        let sleeper = user(&world, B);
        let dying = {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                dying_at(point, || world.kernel().release(held));
                world.village.die(A);
                world.village.time_passes();
            })
        };
        dying.join().unwrap();
        sleeper.join().unwrap();
        assert_eq!(world.available(), 1);
    });
}

#[test]
fn a_releaser_that_dies_before_it_says_so() {
    dies_while_one_sleeps("semaphore.release.freed");
}

#[test]
fn a_releaser_that_dies_before_it_clears_the_bit() {
    dies_while_one_sleeps("semaphore.release.turned");
}

#[test]
fn a_releaser_that_dies_before_it_wakes() {
    dies_while_one_sleeps("semaphore.release.cleared");
}

#[test]
fn who_takes_over_may_die_too() {
    explore("who_takes_over_may_die_too", 2, || {
        let world = World::new(1, 1);
        world.take(A);
        world.village.die(A);
        let second = {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                dying_at("semaphore.recover.taken", || world.take(B));
                world.village.die(B);
                world.village.time_passes();
            })
        };
        world.use_once(C);
        second.join().unwrap();
        assert!(world.kernel().try_take(C).unwrap().is_some());
        assert!(world.village.is_dead(B));
    });
}
