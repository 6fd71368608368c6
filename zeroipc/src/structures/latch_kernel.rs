//! The algorithm of the latch, on a word that may lie in a mapping or, for a model, on the heap.
//!
//! ```text
//!  LEFT(n) ──count_down_by(m ≤ n): CAS──▶ LEFT(n − m) ── … ──▶ LEFT(0), for ever
//! ```
//!
//! Invariants:
//! - **I1** The count only falls, by one CAS for each counting down; what would pass below zero changes nothing.
//! - **I2** The wait bit is set by a CAS in a word whose count is not zero, and goes with the CAS that makes it zero. So
//!   whoever makes it zero sees the bit, or the waiter's CAS fails.
//!
//! | label | release side | acquire side | what becomes visible |
//! |---|---|---|---|
//! | `down` | [`Kernel::count_down_by`]: the CAS | [`Kernel::is_open`] loads the state | what was done before each counting down |
//!
//! All changes of the word are read-modify-writes, so who sees zero acquires from everybody who counted down. The wait bit is
//! set relaxed.
//!
//! Each operation is one step, so a death loses nothing; who dies between the last step and the wake delays the sleepers to
//! their next look, 250 ms at most.

use super::waiting::{Nap, Patience, Peers, Turn};
use crate::format::latch::{LATCH_COUNT_SHIFT, LATCH_WAIT_BIT, MAX_LATCH_COUNT};
use crate::points::point;
use crate::sync::{Acquire, AtomicU64, Relaxed, Release, fence};

/// The state of a latch with so much left.
pub(crate) fn left(count: u64) -> u64 {
    count << LATCH_COUNT_SHIFT
}

/// What a word says is left; `None` if no peer could have written it.
pub(crate) fn decode(word: u64) -> Option<u64> {
    let count = word >> LATCH_COUNT_SHIFT;
    let possible = count <= MAX_LATCH_COUNT && word != LATCH_WAIT_BIT;
    possible.then_some(count)
}

/// Why a count cannot fall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Less than that is left.
    Left(u64),
    /// No peer could have written this word.
    Corrupt(u64),
}

/// The latch's algorithm, borrowing the word it works on.
pub(crate) struct Kernel<'a, P> {
    pub(crate) state: &'a AtomicU64,
    pub(crate) peers: &'a P,
}

impl<'a, P: Peers> Kernel<'a, P> {
    /// What is left.
    pub(crate) fn count(&self) -> Result<u64, Refused> {
        let word = self.state.load(Relaxed);
        decode(word).ok_or(Refused::Corrupt(word))
    }

    /// Whether nothing is left. Works on a read-only mapping.
    pub(crate) fn is_open(&self) -> Result<bool, Refused> {
        let open = self.count()? == 0;
        // SYNC down
        fence(Acquire);
        Ok(open)
    }

    /// Takes `n` off what is left, all or nothing; what is left then.
    #[inline]
    pub(crate) fn count_down_by(&self, n: u64) -> Result<u64, Refused> {
        let mut word = self.state.load(Relaxed);
        loop {
            let count = decode(word).ok_or(Refused::Corrupt(word))?;
            let rest = count.checked_sub(n).ok_or(Refused::Left(count))?;
            let wait = if rest == 0 { 0 } else { word & LATCH_WAIT_BIT };
            // SYNC down
            match self.state.compare_exchange(word, left(rest) | wait, Release, Relaxed) {
                Ok(_) => {
                    point!("latch.count_down.counted");
                    if rest == 0 && word & LATCH_WAIT_BIT != 0 {
                        self.peers.wake_all(self.state);
                        point!("latch.count_down.woken");
                    }
                    return Ok(rest);
                }
                Err(seen) => word = seen,
            }
        }
    }

    /// One attempt to wait for zero. Where the word cannot be written to, the waiter naps.
    pub(crate) fn attempt(&self, writable: bool, patience: &mut Patience) -> Result<Turn<'a, ()>, Refused> {
        patience.spin(self.state, self.state.load(Relaxed));
        let word = self.state.load(Relaxed);
        if decode(word).ok_or(Refused::Corrupt(word))? == 0 {
            // SYNC down
            fence(Acquire);
            return Ok(Turn::Done(()));
        }
        if !writable {
            return Ok(Turn::Wait(patience.nap(self.state, word)));
        }
        let sleeping = word | LATCH_WAIT_BIT;
        // Should the CAS fail, the word is another, and there is no sleep on what it was; or somebody else has set the bit.
        if word != sleeping && self.state.compare_exchange(word, sleeping, Relaxed, Relaxed).is_ok() {
            point!("latch.wait.marked");
        }
        Ok(Turn::Wait(Nap::until_changed(self.state, sleeping)))
    }
}
