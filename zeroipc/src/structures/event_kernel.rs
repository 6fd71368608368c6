//! The algorithm of the event, on a word that may lie in a mapping or, for a model, on the heap.
//!
//! ```text
//!              ┌────────set: CAS──────▶            (set again: the same word once more)
//!  UNSET(n) ───┤                       SET(n + 1)
//!              ◀──reset: AND; take (auto): CAS──┘
//! ```
//!
//! Invariants:
//! - **I1** `n` counts how often the event has become set. Who waits for a manual event is done when it finds it set, or
//!   `n` another than at its start: it cannot miss a set that was reset right behind.
//! - **I2** A wait that takes an automatic event does so by the CAS SET → UNSET, so one wait takes one set.
//! - **I3** The wait bit is set by a CAS in UNSET, and [`Kernel::set`] takes it away by the CAS that sets the event and then
//!   wakes: all for a manual event, the longest sleeper for an automatic one. A sleeper of an automatic event that was woken
//!   sets the bit again, when it takes the event or finds that another has, on behalf of those who still sleep.
//!
//! | label | release side | acquire side | what becomes visible |
//! |---|---|---|---|
//! | `set` | [`Kernel::set`]: the CAS | [`Kernel::take`], [`Kernel::attempt`], [`Kernel::is_set`], [`Kernel::reset`] | what was done before the set |
//!
//! Setting and resetting are read-modify-writes even when they change nothing, so they have one order: who resets, looks at
//! what the event is about, and then waits, either sees there what was done before a set, or finds the event set. The wait bit is
//! set relaxed.
//!
//! Each operation is one step, so a death leaves the event set or not. Who dies between its set and its wake, or a woken one
//! before it takes the event, delays the sleepers to their next look, 250 ms at most. Who dies after it took an automatic event
//! has taken it.

use super::waiting::{Nap, Patience, Peers, Turn};
use crate::format::event::{EVENT_SET_BIT, EVENT_STEP, EVENT_WAIT_BIT};
use crate::points::point;
use crate::sync::{AcqRel, Acquire, AtomicU64, Relaxed, Release, fence};

fn is_set(word: u64) -> bool {
    word & EVENT_SET_BIT != 0
}

fn times(word: u64) -> u64 {
    word / EVENT_STEP
}

/// What one wait remembers from attempt to attempt.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// How often the event had become set when the wait began.
    began: Option<u64>,
    slept: bool,
}

/// The event's algorithm, borrowing the word it works on.
pub(crate) struct Kernel<'a, P> {
    pub(crate) state: &'a AtomicU64,
    /// Whether one wait takes the event.
    pub(crate) auto: bool,
    pub(crate) peers: &'a P,
}

impl<'a, P: Peers> Kernel<'a, P> {
    /// Whether the event is set. Works on a read-only mapping.
    pub(crate) fn is_set(&self) -> bool {
        let set = is_set(self.state.load(Relaxed));
        // SYNC set
        fence(Acquire);
        set
    }

    /// Sets the event and wakes who waits for it.
    #[inline]
    pub(crate) fn set(&self) {
        let mut word = self.state.load(Relaxed);
        loop {
            let set =
                if is_set(word) { word } else { (word & !EVENT_WAIT_BIT | EVENT_SET_BIT).wrapping_add(EVENT_STEP) };
            // SYNC set: also when it changes nothing.
            match self.state.compare_exchange(word, set, Release, Relaxed) {
                Ok(_) => break,
                Err(seen) => word = seen,
            }
        }
        point!("event.set.set");
        if word & EVENT_WAIT_BIT != 0 && !is_set(word) {
            self.peers.wake(self.state, if self.auto { 1 } else { i32::MAX.cast_unsigned() });
            point!("event.set.woken");
        }
    }

    /// Takes a set back; whether there was one.
    pub(crate) fn reset(&self) -> bool {
        // SYNC set. AcqRel: what was done before this is seen by who sets the event next.
        let word = self.state.fetch_and(!EVENT_SET_BIT, AcqRel);
        point!("event.reset.reset");
        is_set(word)
    }

    /// Takes an automatic event if it is set. `slept`: others may still sleep.
    #[inline]
    pub(crate) fn take(&self, slept: bool) -> bool {
        let mut word = self.state.load(Relaxed);
        while is_set(word) {
            let wait = if slept { EVENT_WAIT_BIT } else { 0 };
            // SYNC set
            match self.state.compare_exchange(word, word & !EVENT_SET_BIT | wait, Acquire, Relaxed) {
                Ok(_) => {
                    point!("event.wait.taken");
                    return true;
                }
                Err(seen) => word = seen,
            }
        }
        false
    }

    /// One attempt to wait. Where the word cannot be written to, the waiter naps; an automatic event is not waited for there.
    pub(crate) fn attempt(&self, writable: bool, waiting: &mut Waiting, patience: &mut Patience) -> Turn<'a, ()> {
        if !waiting.slept {
            let word = self.state.load(Relaxed);
            waiting.began.get_or_insert(times(word));
            if !is_set(word) {
                patience.spin(self.state, word);
            }
        }
        let word = self.state.load(Relaxed);
        let done = if self.auto {
            self.take(waiting.slept)
        } else {
            // SYNC set
            fence(Acquire);
            is_set(word) || waiting.began != Some(times(word))
        };
        if done {
            return Turn::Done(());
        }
        if !writable {
            return Turn::Wait(patience.nap(self.state, word));
        }
        let sleeping = word & !EVENT_SET_BIT | EVENT_WAIT_BIT;
        // Should the CAS fail, the word is another, and there is no sleep on what it was; or somebody else has set the bit.
        let unset = word & EVENT_SET_BIT == 0;
        if unset && word != sleeping && self.state.compare_exchange(word, sleeping, Relaxed, Relaxed).is_ok() {
            point!("event.wait.marked");
        }
        waiting.slept = true;
        Turn::Wait(Nap::until_changed(self.state, sleeping))
    }
}
