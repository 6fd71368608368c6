//! The condition variable: no notification is lost, whoever dies or leaves.
//!
//! A sleep ends only by a wake, so a model that loses one is a deadlock, which loom reports. Where the rules promise
//! nothing but the look after 250 ms, the model says when these are over.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;
use loom::thread::JoinHandle;

use crate::condvar_kernel::{Bell, Place};
use crate::explore::explore;
use crate::mutex_kernel::{Lock, Waiter};
use crate::points::dying_at;
use crate::sync::{AtomicU64, Relaxed};
use crate::village::Village;
use crate::waiting::{Patience, Peers, Turn, block};

const A: u32 = 1;
const B: u32 = 2;
const C: u32 = 3;
const D: u32 = 4;

struct Shop {
    lock: AtomicU64,
    turn: AtomicU64,
    sequence: AtomicU64,
    waiters: AtomicU64,
    village: Village,
    /// What is there to be taken, under the lock.
    goods: UnsafeCell<u64>,
}

impl Shop {
    fn new() -> Shop {
        Shop {
            lock: AtomicU64::new(0),
            turn: AtomicU64::new(0),
            sequence: AtomicU64::new(0),
            waiters: AtomicU64::new(0),
            village: Village::new(),
            goods: UnsafeCell::new(0),
        }
    }

    fn mutex(&self) -> Lock<'_, Village> {
        Lock { lock: &self.lock, turn: &self.turn, peers: &self.village, claim: 0 }
    }

    fn bell(&self) -> Bell<'_, Village> {
        Bell { sequence: &self.sequence, waiters: &self.waiters, peers: &self.village }
    }

    fn lock(&self, me: u32) {
        if !self.mutex().try_fast(me) {
            let mut waiter = Waiter::new(u32::MAX);
            let attempt = |patience: &mut Patience| self.mutex().attempt(me, &mut waiter, patience);
            block(&self.village, None, attempt).unwrap().unwrap();
        }
    }

    fn unlock(&self, me: u32) {
        if !self.mutex().leave_fast(me) {
            self.mutex().release(me, false);
        }
    }

    fn sleep(&self, place: Place) {
        let attempt = |patience: &mut Patience| Ok::<_, ()>(self.bell().attempt(place, patience));
        block(&self.village, None, attempt).unwrap();
    }

    /// Takes one of the goods, waiting for it.
    fn take(&self, me: u32) {
        self.lock(me);
        // SAFETY: the lock excludes others, which loom checks.
        while self.goods.with(|goods| unsafe { *goods }) == 0 {
            let place = self.bell().register();
            self.unlock(me);
            self.sleep(place);
            self.bell().leave(place);
            self.lock(me);
        }
        // SAFETY: as above.
        self.goods.with_mut(|goods| unsafe { *goods -= 1 });
        self.unlock(me);
    }

    fn put(&self, me: u32, count: u64) {
        self.lock(me);
        // SAFETY: the lock excludes others, which loom checks.
        self.goods.with_mut(|goods| unsafe { *goods += count });
        self.unlock(me);
    }

    /// Begins to wait, looks so many times, and gives up.
    fn wait_for_a_while(&self, me: u32, looks: u32) {
        self.lock(me);
        let place = self.bell().register();
        self.unlock(me);
        let mut patience = Patience::new(Village::SPINS);
        for _ in 0..looks {
            if let Turn::Done(()) = self.bell().attempt(place, &mut patience) {
                break;
            }
        }
        self.bell().leave(place);
    }

    fn count(&self) -> u64 {
        self.waiters.load(Relaxed) & u64::from(u32::MAX)
    }
}

fn takes(shop: &Arc<Shop>, me: u32) -> JoinHandle<()> {
    let shop = Arc::clone(shop);
    thread::spawn(move || shop.take(me))
}

#[test]
fn one_waits_and_one_notifies() {
    for all in [false, true] {
        explore("one_waits_and_one_notifies", 3, move || {
            let shop = Arc::new(Shop::new());
            let taker = takes(&shop, A);
            shop.put(B, 1);
            if all {
                shop.bell().notify_all()
            } else {
                shop.bell().notify_one()
            }
            taker.join().unwrap();
            assert_eq!(shop.count(), 0);
        });
    }
}

#[test]
fn two_wait_and_two_are_notified() {
    explore("two_wait_and_two_are_notified", 2, || {
        let shop = Arc::new(Shop::new());
        let takers = [takes(&shop, A), takes(&shop, B)];
        for _ in 0..2 {
            shop.put(C, 1);
            shop.bell().notify_one();
        }
        takers.into_iter().for_each(|taker| taker.join().unwrap());
        assert_eq!(shop.count(), 0);
    });
}

#[test]
fn all_who_wait_are_notified() {
    explore("all_who_wait_are_notified", 2, || {
        let shop = Arc::new(Shop::new());
        let takers = [takes(&shop, A), takes(&shop, B)];
        shop.put(C, 2);
        shop.bell().notify_all();
        takers.into_iter().for_each(|taker| taker.join().unwrap());
        assert_eq!(shop.count(), 0);
    });
}

/// One begins to wait while an epoch ends: it is counted in the new one, or sees that it is over.
#[test]
fn who_begins_to_wait_while_all_are_notified() {
    explore("who_begins_to_wait_while_all_are_notified", 3, || {
        let shop = Arc::new(Shop::new());
        let early = shop.bell().register();
        let taker = takes(&shop, A);
        shop.bell().notify_all();
        shop.put(B, 1);
        shop.bell().notify_one();
        taker.join().unwrap();
        shop.bell().leave(early);
        assert_eq!(shop.count(), 0);
    });
}

/// Without the mutex, so that all the steps of beginning to wait meet all of a notification.
#[test]
fn the_end_of_an_epoch_forgets_nobody() {
    explore("the_end_of_an_epoch_forgets_nobody", 3, || {
        let shop = Arc::new(Shop::new());
        shop.bell().register();
        let waiter = {
            let shop = Arc::clone(&shop);
            thread::spawn(move || {
                let place = shop.bell().register();
                match shop.bell().attempt(place, &mut Patience::new(0)) {
                    Turn::Wait(nap) => Some(nap.seen),
                    Turn::Again | Turn::Done(()) => None,
                }
            })
        };
        shop.bell().notify_all();
        let sleeps = waiter.join().unwrap() == Some(shop.sequence.load(Relaxed));
        assert!(!sleeps || shop.count() == 1, "the next notification does not know of it");
    });
}

#[test]
fn who_gives_up_takes_no_notification_along() {
    explore("who_gives_up_takes_no_notification_along", 2, || {
        let shop = Arc::new(Shop::new());
        let taker = takes(&shop, A);
        let leaving = Arc::clone(&shop);
        let leaving = thread::spawn(move || leaving.wait_for_a_while(B, 1));
        shop.put(C, 1);
        shop.bell().notify_one();
        leaving.join().unwrap();
        taker.join().unwrap();
        assert_eq!(shop.count(), 0);
    });
}

/// The notifier dies between its steps: who waits looks by itself.
#[test]
fn a_notifier_dies() {
    for (point, all) in
        [("condvar.notify.emptied", true), ("condvar.notify.counted", true), ("condvar.notify.counted", false)]
    {
        explore("a_notifier_dies", 2, move || {
            let shop = Arc::new(Shop::new());
            let taker = takes(&shop, A);
            let dying = Arc::clone(&shop);
            let dying = thread::spawn(move || {
                dying.put(D, 1);
                dying_at(point, || if all { dying.bell().notify_all() } else { dying.bell().notify_one() });
                dying.village.die(D);
            });
            dying.join().unwrap();
            shop.village.time_passes();
            taker.join().unwrap();
        });
    }
}

/// A waiter that was notified dies before it does anything: the other looks by itself.
#[test]
fn a_notified_waiter_dies() {
    explore("a_notified_waiter_dies", 2, || {
        let shop = Arc::new(Shop::new());
        loom::stop_exploring();
        let dying = Arc::clone(&shop);
        let dying = thread::spawn(move || {
            let place = dying.bell().register();
            if let Turn::Wait(nap) = dying.bell().attempt(place, &mut Patience::new(0)) {
                dying.village.wait(nap.word, nap.seen, nap.at_most);
            }
            dying.village.die(D);
        });
        shop.village.until_asleep(1);
        let taker = takes(&shop, A);
        shop.village.until_asleep(2);
        loom::explore();
        shop.put(C, 1);
        shop.bell().notify_one();
        // It was the one to be woken.
        dying.join().unwrap();
        shop.village.time_passes();
        taker.join().unwrap();
    });
}

/// The dead are counted until all are notified, and then no more.
#[test]
fn the_count_forgets_the_dead() {
    explore("the_count_forgets_the_dead", 2, || {
        let shop = Arc::new(Shop::new());
        // Dead from here on.
        shop.bell().register();
        let taker = takes(&shop, A);
        shop.put(B, 1);
        shop.bell().notify_all();
        taker.join().unwrap();
        assert_eq!(shop.count(), 0);
    });
}
