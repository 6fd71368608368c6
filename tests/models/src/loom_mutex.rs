//! The mutex: exclusion, sleeping, handing over, deaths.
//!
//! A sleep ends only by a wake, so a model that loses one is a deadlock, which loom reports. Where the rules promise
//! nothing but the look after 250 ms, the model says when these are over.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;
use loom::thread::JoinHandle;

use crate::explore::explore;
use crate::mutex_kernel::{Corrupt, Held, Lock, Waiter, owner};
use crate::points::dying_at;
use crate::sync::{AtomicU64, Relaxed};
use crate::village::Village;
use crate::waiting::{Patience, Peers, Turn, block};

const A: u32 = 1;
const B: u32 = 2;
const C: u32 = 3;
const D: u32 = 4;
/// Never reserves.
const MEEK: u32 = u32::MAX;

struct Room {
    lock: AtomicU64,
    turn: AtomicU64,
    village: Village,
    /// What the lock protects; loom notices two who are in it at the same time.
    entered: UnsafeCell<u64>,
}

impl Room {
    fn new() -> Room {
        let (lock, turn) = (AtomicU64::new(0), AtomicU64::new(0));
        Room { lock, turn, village: Village::new(), entered: UnsafeCell::new(0) }
    }

    fn kernel(&self) -> Lock<'_, Village> {
        Lock { lock: &self.lock, turn: &self.turn, peers: &self.village, claim: 0 }
    }

    fn lock_as(&self, me: u32, mut waiter: Waiter) -> Held {
        if self.kernel().try_fast(me) {
            return Held { marked: false };
        }
        let attempt = |patience: &mut Patience| self.kernel().attempt(me, &mut waiter, patience);
        block(&self.village, None, attempt).unwrap().unwrap()
    }

    fn unlock(&self, me: u32, marked: bool) {
        if marked || !self.kernel().leave_fast(me) {
            self.kernel().release(me, marked).expect("it is ours");
        }
    }

    fn enter(&self) {
        // SAFETY: the lock excludes others, which loom checks.
        self.entered.with_mut(|entered| unsafe { *entered += 1 });
    }

    /// Locks, enters, and leaves in order; whether it was told of a death.
    fn visit(&self, me: u32, overtaken: u32) -> bool {
        let held = self.lock_as(me, Waiter::new(overtaken));
        self.enter();
        self.unlock(me, false);
        held.marked
    }

    fn entered(&self) -> u64 {
        // SAFETY: everybody else has been joined.
        self.entered.with(|entered| unsafe { *entered })
    }

    /// Attempts so many times and gives up; the lock if it got it.
    fn lock_for_a_while(&self, me: u32, attempts: u32, overtaken: u32) -> Option<Held> {
        let mut waiter = Waiter::new(overtaken);
        let mut patience = Patience::new(Village::SPINS);
        for _ in 0..attempts {
            if let Turn::Done(held) = self.kernel().attempt(me, &mut waiter, &mut patience).unwrap() {
                return Some(held);
            }
        }
        let held = self.kernel().try_take(me, &mut waiter).unwrap();
        self.kernel().withdraw(&mut waiter);
        held
    }
}

fn visits(room: &Arc<Room>, me: u32, times: u32, overtaken: u32) -> JoinHandle<u32> {
    let room = Arc::clone(room);
    thread::spawn(move || (0..times).map(|_| u32::from(room.visit(me, overtaken))).sum())
}

#[test]
fn a_lock_excludes() {
    explore("a_lock_excludes", 3, || {
        let room = Arc::new(Room::new());
        let other = visits(&room, A, 2, MEEK);
        assert!(!room.visit(B, MEEK));
        assert_eq!(other.join().unwrap(), 0);
        assert_eq!((room.entered(), room.lock.load(Relaxed)), (3, 0));
    });
}

#[test]
fn three_wait_for_each_other() {
    explore("three_wait_for_each_other", 2, || {
        let room = Arc::new(Room::new());
        let others = [visits(&room, A, 1, MEEK), visits(&room, B, 1, MEEK)];
        assert!(!room.visit(C, MEEK));
        let told: u32 = others.into_iter().map(|other| other.join().unwrap()).sum();
        assert_eq!((told, room.entered(), room.lock.load(Relaxed)), (0, 3, 0));
    });
}

/// Two sleep, and each of them is woken: the first who is woken sees to the second.
#[test]
fn all_who_sleep_are_woken() {
    explore("all_who_sleep_are_woken", 2, || {
        let room = Arc::new(Room::new());
        loom::stop_exploring();
        room.lock_as(C, Waiter::new(MEEK));
        let others = [visits(&room, A, 1, MEEK), visits(&room, B, 1, MEEK)];
        room.village.until_asleep(2);
        loom::explore();
        room.unlock(C, false);
        room.visit(C, MEEK);
        others.into_iter().for_each(|other| assert_eq!(other.join().unwrap(), 0));
        assert_eq!((room.entered(), owner(room.lock.load(Relaxed))), (3, 0));
    });
}

#[test]
fn who_is_overtaken_reserves() {
    explore("who_is_overtaken_reserves", 2, || {
        let room = Arc::new(Room::new());
        let hasty = visits(&room, A, 2, MEEK);
        room.visit(B, 1);
        assert_eq!(hasty.join().unwrap(), 0);
        assert_eq!((room.entered(), room.lock.load(Relaxed) >> 32), (3, 0));
    });
}

/// One sleeps on the lock and another has reserved it: both come in.
#[test]
fn a_reservation_forgets_nobody() {
    explore("a_reservation_forgets_nobody", 2, || {
        let room = Arc::new(Room::new());
        loom::stop_exploring();
        room.lock_as(C, Waiter::new(MEEK));
        let sleeper = visits(&room, A, 1, MEEK);
        room.village.until_asleep(1);
        loom::explore();
        let patient = visits(&room, B, 1, 0);
        room.unlock(C, false);
        assert_eq!(sleeper.join().unwrap() + patient.join().unwrap(), 0);
        assert_eq!((room.entered(), room.lock.load(Relaxed) >> 32), (2, 0));
    });
}

/// A free lock is reserved, and nobody who may take it barges in before the one who reserved: the newcomer gives way.
#[test]
fn a_reserved_lock_goes_to_who_reserved_it() {
    explore("a_reserved_lock_goes_to_who_reserved_it", 2, || {
        let room = Arc::new(Room::new());
        loom::stop_exploring();
        room.lock_as(C, Waiter::new(MEEK));
        let order = Arc::new(AtomicU64::new(0));
        let patient = {
            let (room, order) = (Arc::clone(&room), Arc::clone(&order));
            thread::spawn(move || {
                room.lock_as(B, Waiter::new(0));
                room.enter();
                let place = order.fetch_add(1, Relaxed);
                room.unlock(B, false);
                place
            })
        };
        room.village.until_asleep(1);
        assert_ne!(room.lock.load(Relaxed) >> 32, 0, "it is reserved");
        loom::explore();
        room.unlock(C, false);
        // As one who does not wait long enough to go through.
        let mut waiter = Waiter::new(MEEK);
        let mut patience = Patience::new(Village::SPINS);
        if let Turn::Done(_) = room.kernel().attempt(C, &mut waiter, &mut patience).unwrap() {
            room.enter();
            assert_eq!(order.fetch_add(1, Relaxed), 1, "the newcomer was first");
            room.unlock(C, false);
        }
        assert_eq!(patient.join().unwrap(), 0);
    });
}

/// Who reserved is dead, or stopped: the others go through.
#[test]
fn a_reservation_of_the_dead_holds_up_nobody() {
    explore("a_reservation_of_the_dead_holds_up_nobody", 2, || {
        let room = Arc::new(Room::new());
        room.lock_as(C, Waiter::new(MEEK));
        let dying = Arc::clone(&room);
        let dying = thread::spawn(move || {
            dying_at("mutex.lock.reserved", || dying.visit(D, 0));
            dying.village.die(D);
        });
        let sleeper = visits(&room, A, 1, MEEK);
        room.unlock(C, false);
        dying.join().unwrap();
        room.village.time_passes();
        assert_eq!(sleeper.join().unwrap(), 0);
        assert!(!room.visit(B, MEEK));
    });
}

/// Exactly one of two learns of the death, when it says that all is well.
#[test]
fn a_dead_owner_and_two_takers() {
    explore("a_dead_owner_and_two_takers", 2, || {
        let room = Arc::new(Room::new());
        room.lock_as(D, Waiter::new(MEEK));
        room.village.die(D);
        let other = visits(&room, A, 1, MEEK);
        let told = u32::from(room.visit(B, MEEK));
        assert_eq!((told + other.join().unwrap(), room.entered()), (1, 2));
        assert_eq!(owner(room.lock.load(Relaxed)), 0);
    });
}

/// The one who takes over dies as well: each death is told to the next, and to nobody else.
#[test]
fn who_takes_over_may_die_as_well() {
    explore("who_takes_over_may_die_as_well", 2, || {
        let room = Arc::new(Room::new());
        room.lock_as(D, Waiter::new(MEEK));
        room.village.die(D);
        let dying = Arc::clone(&room);
        let dying = thread::spawn(move || {
            let held = dying.lock_as(C, Waiter::new(MEEK));
            dying.village.die(C);
            dying.village.time_passes();
            u32::from(held.marked)
        });
        let other = visits(&room, A, 1, MEEK);
        let told = other.join().unwrap() + dying.join().unwrap();
        assert_eq!(told + u32::from(room.visit(B, MEEK)), 2, "each death is told once");
    });
}

#[test]
fn a_mark_stays_until_somebody_clears_it() {
    explore("a_mark_stays_until_somebody_clears_it", 2, || {
        let room = Arc::new(Room::new());
        let other = Arc::clone(&room);
        let other = thread::spawn(move || {
            other.lock_as(A, Waiter::new(MEEK));
            // As by a panic.
            other.unlock(A, true);
        });
        let first = room.lock_as(B, Waiter::new(MEEK));
        room.unlock(B, first.marked);
        other.join().unwrap();
        assert!(room.visit(B, MEEK), "told, and told again");
        assert!(!room.visit(B, MEEK), "all is well now");
    });
}

/// The owner dies while others sleep: nobody wakes them, and they look.
#[test]
fn sleepers_find_the_owner_dead() {
    explore("sleepers_find_the_owner_dead", 2, || {
        let room = Arc::new(Room::new());
        room.lock_as(D, Waiter::new(MEEK));
        let other = visits(&room, A, 1, MEEK);
        let dying = Arc::clone(&room);
        let dying = thread::spawn(move || {
            dying.village.die(D);
            dying.village.time_passes();
        });
        let told = u32::from(room.visit(B, MEEK));
        dying.join().unwrap();
        assert_eq!(told + other.join().unwrap(), 1);
    });
}

/// The sleeper that is woken dies before it takes the lock. The other one looks by itself.
#[test]
fn a_woken_sleeper_dies() {
    explore("a_woken_sleeper_dies", 2, || {
        let room = Arc::new(Room::new());
        loom::stop_exploring();
        room.lock_as(C, Waiter::new(MEEK));
        let dying = Arc::clone(&room);
        let dying = thread::spawn(move || {
            let mut waiter = Waiter::new(MEEK);
            let mut patience = Patience::new(Village::SPINS);
            for _ in 0..2 {
                if let Turn::Wait(nap) = dying.kernel().attempt(D, &mut waiter, &mut patience).unwrap() {
                    dying.village.wait(nap.word, nap.seen, nap.at_most);
                }
            }
            dying.village.die(D);
        });
        room.village.until_asleep(1);
        let sleeper = visits(&room, A, 1, MEEK);
        room.village.until_asleep(2);
        loom::explore();
        room.unlock(C, false);
        dying.join().unwrap();
        room.village.time_passes();
        assert_eq!(sleeper.join().unwrap(), 0);
    });
}

#[test]
fn who_leaves_dies_before_it_wakes() {
    for point in ["mutex.unlock.left", "mutex.unlock.passed"] {
        explore("who_leaves_dies_before_it_wakes", 2, move || {
            let room = Arc::new(Room::new());
            let overtaken = if point == "mutex.unlock.left" { MEEK } else { 0 };
            let sleeper = visits(&room, A, 1, overtaken);
            let dying = Arc::clone(&room);
            let dying = thread::spawn(move || {
                dying.lock_as(D, Waiter::new(MEEK));
                dying_at(point, || dying.unlock(D, false));
                dying.village.die(D);
            });
            dying.join().unwrap();
            room.village.time_passes();
            assert_eq!(sleeper.join().unwrap(), 0);
            assert!(!room.visit(B, MEEK));
        });
    }
}

/// One gives up, with a reservation or without: the others are not forgotten for it.
#[test]
fn who_gives_up_leaves_the_way_free() {
    for overtaken in [0, MEEK] {
        explore("who_gives_up_leaves_the_way_free", 2, move || {
            let room = Arc::new(Room::new());
            loom::stop_exploring();
            room.lock_as(C, Waiter::new(MEEK));
            let sleeper = visits(&room, A, 1, MEEK);
            room.village.until_asleep(1);
            loom::explore();
            let leaving = Arc::clone(&room);
            let leaving = thread::spawn(move || {
                if leaving.lock_for_a_while(B, 2, overtaken).is_some() {
                    leaving.enter();
                    leaving.unlock(B, false);
                }
            });
            room.unlock(C, false);
            leaving.join().unwrap();
            assert_eq!(sleeper.join().unwrap(), 0);
            assert_eq!(owner(room.lock.load(Relaxed)), 0);
        });
    }
}

/// Who only wants the lock to be free ends a dead owner's hold, beside one who takes it over: told once.
#[test]
fn burying_and_taking_over() {
    explore("burying_and_taking_over", 3, || {
        let room = Arc::new(Room::new());
        room.lock_as(D, Waiter::new(MEEK));
        room.village.die(D);
        let other = visits(&room, A, 1, MEEK);
        let word = room.lock.load(Relaxed);
        if owner(word) == D {
            room.kernel().bury(word);
        }
        let told = u32::from(room.visit(B, MEEK));
        assert_eq!(told + other.join().unwrap(), 1);
    });
}

#[test]
fn an_impossible_word_is_told() {
    let corrupt = || {
        let room = Room::new();
        room.lock.fetch_add(1 << 30, Relaxed);
        let mut waiter = Waiter::new(MEEK);
        let attempt = room.kernel().attempt(A, &mut waiter, &mut Patience::new(1)).map(drop);
        assert_eq!(attempt, Err(Corrupt));
        assert_eq!(room.kernel().try_take(A, &mut waiter), Err(Corrupt));
    };
    explore("an_impossible_word_is_told", 1, corrupt);
}
