//! The algorithm of the condition variable, on words that may lie in a mapping or on the heap.
//!
//! A sequence number that notifications increment and waiters sleep on, as in the condition variables that are built on a
//! futex; what is new is a count of the waiters, so that a notification that nobody waits for makes no system call, and an
//! **epoch**, so that the count forgets the dead when all are notified.
//!
//! ```text
//!  waiter, with the mutex:  seen = sequence; waiters += 1 ──▶ unlock ──▶ sleep while sequence = seen ──▶ waiters −= 1
//!  notify one:              waiters > 0? ──▶ sequence += 1 ──▶ wake one
//!  notify all:              waiters > 0? ──▶ waiters = 0 in a new epoch ──▶ sequence += 1 ──▶ wake all
//! ```
//!
//! Invariants:
//! - **C1** Whoever is going to sleep and may sleep is counted in the present epoch, or `sequence` is going to be, or is,
//!   another than it has seen, unless the notifier dies first; then the epoch is another.
//! - **C2** The count is never below the number of those who wait in the epoch. It is above it by those who died waiting.
//!
//! C1: a waiter loads `sequence` before it counts itself. If the end of an epoch comes behind that in the order of the
//! word's changes, so does the increment of `sequence` that follows it, and the waiter has seen a number before that. If it
//! comes first, the waiter is counted in the new epoch. C2: a waiter takes back only what it added, in its epoch.
//!
//! No notification is lost: who changes what a waiter waits for does so with the mutex. Either the waiter had it later, and has
//! seen the change; or earlier, and then it was counted before it gave the mutex up, and the notifier, which has had the mutex
//! since, sees the count. The system compares `sequence` under its own lock when it puts a waiter to sleep.
//!
//! | label | release side | acquire side | what becomes visible |
//! |---|---|---|---|
//! | `register` | [`Bell::register`]: the addition to `waiters` | [`Bell::notify_all`]: the CAS that ends the epoch | that `sequence` was loaded |
//!
//! All else is relaxed: the mutex orders what the users do.
//!
//! A dying waiter leaves a count too many: each notification of one makes a system call for nothing, until all are
//! notified. A notifier that dies, or a waiter that dies with a notification, leaves the others to their look after 250 ms at
//! most: there they see that the sequence or the epoch is another, and go.

use super::waiting::{Nap, Patience, Peers, Turn};
use crate::format::condvar::{CONDVAR_COUNT_MASK, CONDVAR_EPOCH_SHIFT};
use crate::points::point;
use crate::sync::{Acquire, AtomicU64, Relaxed, Release};

/// Somebody who waits: the number and the epoch that it found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    seen: u64,
    epoch: u64,
}

/// The condition variable's algorithm, borrowing the words it works on.
#[derive(Clone, Copy)]
pub(crate) struct Bell<'a, P> {
    pub(crate) sequence: &'a AtomicU64,
    pub(crate) waiters: &'a AtomicU64,
    pub(crate) peers: &'a P,
}

impl<'a, P: Peers> Bell<'a, P> {
    /// Begins to wait; with the mutex held.
    pub(crate) fn register(&self) -> Place {
        // Before the addition (C1), which the release below sees to.
        let seen = self.sequence.load(Relaxed);
        // SYNC register
        let before = self.waiters.fetch_add(1, Release);
        point!("condvar.wait.registered");
        Place { seen, epoch: before >> CONDVAR_EPOCH_SHIFT }
    }

    /// Whether the time to go has come: somebody was notified since, or may have been.
    fn is_over(&self, place: Place) -> bool {
        self.sequence.load(Relaxed) != place.seen || self.waiters.load(Relaxed) >> CONDVAR_EPOCH_SHIFT != place.epoch
    }

    /// One look; without the mutex.
    pub(crate) fn attempt(&self, place: Place, patience: &mut Patience) -> Turn<'a, ()> {
        if self.is_over(place) || patience.spin(self.sequence, place.seen) {
            return Turn::Done(());
        }
        Turn::Wait(Nap::until_changed(self.sequence, place.seen))
    }

    /// Ends to wait, notified or not.
    pub(crate) fn leave(&self, place: Place) {
        let mut word = self.waiters.load(Relaxed);
        // In another epoch it is not counted.
        while word >> CONDVAR_EPOCH_SHIFT == place.epoch && word & CONDVAR_COUNT_MASK != 0 {
            match self.waiters.compare_exchange(word, word - 1, Relaxed, Relaxed) {
                Ok(_) => break,
                Err(now) => word = now,
            }
        }
        point!("condvar.wait.left");
    }

    /// Lets one of those who wait go, if there is one.
    #[inline]
    pub(crate) fn notify_one(&self) {
        if self.waiters.load(Relaxed) & CONDVAR_COUNT_MASK != 0 {
            self.ring(1);
        }
    }

    /// Lets all who wait go.
    #[inline]
    pub(crate) fn notify_all(&self) {
        let mut word = self.waiters.load(Relaxed);
        while word & CONDVAR_COUNT_MASK != 0 {
            let next = ((word >> CONDVAR_EPOCH_SHIFT) + 1) << CONDVAR_EPOCH_SHIFT;
            // SYNC register
            match self.waiters.compare_exchange(word, next, Acquire, Relaxed) {
                Ok(_) => {
                    point!("condvar.notify.emptied");
                    self.ring(i32::MAX.cast_unsigned());
                    return;
                }
                Err(now) => word = now,
            }
        }
    }

    #[cold]
    fn ring(&self, count: u32) {
        self.sequence.fetch_add(1, Relaxed);
        point!("condvar.notify.counted");
        self.peers.wake(self.sequence, count);
    }
}
