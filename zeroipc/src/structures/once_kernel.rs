//! The algorithm of Once, Lazy and Future: a cell that is filled once, by an owner who may die.
//!
//! ```text
//!            ┌──────────────give up: the owner, or whoever finds it dead──────────────┐
//!            ▼                                                                        │
//!  VACANT(ended) ──claim: CAS──▶ RUNNING(owner, ended) ──fill: CAS──▶ DONE            │
//!            ▲                      │    │     ▲ └──take over, when the owner is dead─┘ (RUNNING(me, died))
//!            └──reset: CAS── FAILED ◀────┘
//! ```
//!
//! Invariants:
//! - **I1** Only the owner leaves RUNNING, unless the kernel says that it is dead.
//! - **I2** DONE stays, and what was written before it does not change any more.
//! - **I3** Every claim has a number of its own (modulo 2^32), so that no state is mistaken for a later one of its kind.
//! - **I4** Who sleeps without an end of its own sleeps on a word with the wait bit. The bit goes with the word into RUNNING;
//!   whoever leaves RUNNING takes it away and wakes all.
//!
//! | label | release side | acquire side | what becomes visible |
//! |---|---|---|---|
//! | `fill` | [`Kernel::leave`], [`Kernel::recover`]: the CAS out of RUNNING | [`Kernel::is_done`], [`Kernel::look`] | the value, the text, what the owner has done |
//! | `claim` | [`Kernel::claim`]: the fence behind the CAS | [`Kernel::still`]: the fence before the load | that the text may be another's |
//!
//! A claim acquires by the load before it: `look` has read the word that the CAS replaces. Setting the wait bit is relaxed,
//! and as a read-modify-write carries the release on.
//!
//! A dead owner leaves RUNNING, which the next one takes over and the next waiter frees; both naps in between are at most
//! 50 ms. A dead waiter leaves a wait bit: one wake too many. A waker that dies before its wake delays the sleepers to
//! their next look.

use super::waiting::{Nap, Patience, Peers, Turn};
use crate::format::once::{
    ONCE_CLAIMS_SHIFT, ONCE_DONE, ONCE_ENDED_DEAD, ONCE_ENDED_GIVEN_UP, ONCE_ENDED_MASK, ONCE_ENDED_NONE,
    ONCE_ENDED_PANIC, ONCE_FAILED, ONCE_OWNER_BITS, ONCE_OWNER_SHIFT, ONCE_RUNNING, ONCE_TAG_MASK, ONCE_VACANT,
    ONCE_WAIT_BIT,
};
use crate::points::point;
use crate::sync::{Acquire, AtomicU64, Relaxed, Release, fence};

const OWNER_MASK: u64 = ((1 << ONCE_OWNER_BITS) - 1) << ONCE_OWNER_SHIFT;
const CLAIMS_MASK: u64 = u64::MAX << ONCE_CLAIMS_SHIFT;

/// More changes of the word than one can lose against by any chance that matters.
const MOST_ROUNDS: u32 = 10_000;

/// How the last owner ended that left nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// There was none.
    Nobody,
    Died,
    Panicked,
    GaveUp,
}

impl Ended {
    fn bits(self) -> u64 {
        match self {
            Ended::Nobody => ONCE_ENDED_NONE,
            Ended::Died => ONCE_ENDED_DEAD,
            Ended::Panicked => ONCE_ENDED_PANIC,
            Ended::GaveUp => ONCE_ENDED_GIVEN_UP,
        }
    }

    fn of(word: u64) -> Ended {
        match word & ONCE_ENDED_MASK {
            ONCE_ENDED_DEAD => Ended::Died,
            ONCE_ENDED_PANIC => Ended::Panicked,
            ONCE_ENDED_GIVEN_UP => Ended::GaveUp,
            _ => Ended::Nobody,
        }
    }
}

/// What a cell's word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Vacant(Ended),
    Running(u32, Ended),
    Done,
    Failed,
}

/// The word is in no state that a peer could have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Corrupt;

pub(crate) fn decode(word: u64) -> Result<State, Corrupt> {
    let (low, ended) = (word & !CLAIMS_MASK, Ended::of(word));
    let owner = (word & OWNER_MASK) >> ONCE_OWNER_SHIFT;
    match word & ONCE_TAG_MASK {
        ONCE_VACANT if low & !ONCE_WAIT_BIT == ended.bits() => Ok(State::Vacant(ended)),
        ONCE_RUNNING if low & !(ONCE_WAIT_BIT | OWNER_MASK) == ONCE_RUNNING | ended.bits() => {
            Ok(State::Running(owner as u32, ended))
        }
        ONCE_DONE if low == ONCE_DONE => Ok(State::Done),
        ONCE_FAILED if low == ONCE_FAILED => Ok(State::Failed),
        _ => Err(Corrupt),
    }
}

/// A cell that is ours to fill.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    word: u64,
    pub(crate) owner: u32,
    /// How the one before ended, if it left nothing.
    pub(crate) previous: Ended,
}

/// What somebody finds who would fill the cell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry {
    Mine(Claim),
    Done,
    /// With the word, for [`Kernel::still`].
    Failed(u64),
}

/// What somebody finds who only waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// With the word, for [`Kernel::still`].
    Failed(u64),
    /// Nobody fills the cell, and the last one who would have ended like this.
    Abandoned(Ended),
}

/// The cell's algorithm, borrowing the word it works on.
#[derive(Clone, Copy)]
pub(crate) struct Kernel<'w, P> {
    pub(crate) state: &'w AtomicU64,
    pub(crate) peers: &'w P,
    /// Whether the word may be changed: not on a read-only mapping, where a waiter sets no bit, and naps.
    pub(crate) writable: bool,
}

impl<'w, P: Peers> Kernel<'w, P> {
    /// Whether the cell is filled.
    #[inline(always)]
    pub(crate) fn is_done(&self) -> bool {
        let word = self.state.load(Relaxed);
        // SYNC fill: a fence, since on a read-only mapping only relaxed loads are allowed.
        fence(Acquire);
        word & ONCE_TAG_MASK == ONCE_DONE
    }

    /// The word, and what it says.
    pub(crate) fn look(&self) -> Result<(u64, State), Corrupt> {
        let word = self.state.load(Relaxed);
        // SYNC fill: a fence, since on a read-only mapping only relaxed loads are allowed.
        fence(Acquire);
        Ok((word, decode(word)?))
    }

    /// Whether the cell still says what `word` says, so that a copy made meanwhile is whole.
    pub(crate) fn still(&self, word: u64) -> bool {
        // SYNC claim: a text that belongs to a later claim was stored behind its fence, and then the claim is seen.
        fence(Acquire);
        self.state.load(Relaxed) == word
    }

    /// Attempts to own the cell or to learn what it was filled with. The way of those who would fill it.
    pub(crate) fn enter(&self, me: u32, patience: &mut Patience) -> Result<Turn<'w, Entry>, Corrupt> {
        let (word, state) = self.look()?;
        let ended = match state {
            State::Done => return Ok(Turn::Done(Entry::Done)),
            State::Failed => return Ok(Turn::Done(Entry::Failed(word))),
            State::Vacant(ended) => ended,
            State::Running(owner, _) => {
                if patience.spin(self.state, word) {
                    return Ok(Turn::Again);
                }
                if !self.peers.is_dead(owner) {
                    let Some(seen) = self.marked(word) else { return Ok(Turn::Again) };
                    return Ok(Turn::Wait(patience.nap(self.state, seen)));
                }
                point!("once.enter.dead");
                Ended::Died
            }
        };
        Ok(self.claim(word, me, ended).map_or(Turn::Again, |claim| Turn::Done(Entry::Mine(claim))))
    }

    /// Owns the cell if nobody alive fills it or has; without waiting. `Err` is what it is instead.
    pub(crate) fn try_enter(&self, me: u32) -> Result<Result<Claim, State>, Corrupt> {
        for _ in 0..MOST_ROUNDS {
            let (word, state) = self.look()?;
            let ended = match state {
                State::Vacant(ended) => ended,
                State::Running(owner, _) if self.peers.is_dead(owner) => Ended::Died,
                other => return Ok(Err(other)),
            };
            if let Some(claim) = self.claim(word, me, ended) {
                return Ok(Ok(claim));
            }
        }
        Err(Corrupt)
    }

    fn claim(&self, word: u64, me: u32, previous: Ended) -> Option<Claim> {
        let claims = (word & CLAIMS_MASK).wrapping_add(1 << ONCE_CLAIMS_SHIFT);
        let mine = claims | u64::from(me) << ONCE_OWNER_SHIFT | previous.bits() | ONCE_RUNNING;
        // The bit stays (I4). Relaxed: `look` has acquired from the same word.
        self.state.compare_exchange(word, mine | word & ONCE_WAIT_BIT, Relaxed, Relaxed).ok()?;
        // SYNC claim: before anything that the owner stores.
        fence(Release);
        point!("once.claim.claimed");
        Some(Claim { word: mine, owner: me, previous })
    }

    /// Hands over what the owner has written: a value, or the text of an error. `false` if the claim is not its own any more.
    pub(crate) fn fill(&self, claim: Claim, failed: bool) -> bool {
        let tag = if failed { ONCE_FAILED } else { ONCE_DONE };
        self.leave(claim, claim.word & CLAIMS_MASK | tag)
    }

    /// Leaves the cell to the next one. `false` if the claim is not its own any more.
    pub(crate) fn give_up(&self, claim: Claim, ended: Ended) -> bool {
        self.leave(claim, claim.word & CLAIMS_MASK | ended.bits() | ONCE_VACANT)
    }

    fn leave(&self, claim: Claim, next: u64) -> bool {
        // While the claim stands the bit can only be set (I1), so that one of the two is what is there.
        for word in [claim.word, claim.word | ONCE_WAIT_BIT] {
            // SYNC fill
            if self.state.compare_exchange(word, next, Release, Relaxed).is_ok() {
                point!("once.leave.left");
                if word & ONCE_WAIT_BIT != 0 {
                    self.peers.wake_all(self.state);
                }
                return true;
            }
        }
        false
    }

    /// Attempts to learn what the cell was filled with. The way of those who only wait; `through` is to wait also while nobody
    /// fills it, whoever was there before.
    pub(crate) fn settle(&self, through: bool, patience: &mut Patience) -> Result<Turn<'w, Outcome>, Corrupt> {
        let (word, state) = self.look()?;
        match state {
            State::Done => return Ok(Turn::Done(Outcome::Done)),
            State::Failed => return Ok(Turn::Done(Outcome::Failed(word))),
            State::Vacant(ended) if ended != Ended::Nobody && !through => {
                return Ok(Turn::Done(Outcome::Abandoned(ended)));
            }
            _ => {}
        }
        if patience.spin(self.state, word) {
            return Ok(Turn::Again);
        }
        let owner = if let State::Running(owner, _) = state { Some(owner) } else { None };
        if owner.is_some_and(|owner| self.peers.is_dead(owner)) {
            point!("once.settle.dead");
            if self.writable && !self.recover(word) {
                return Ok(Turn::Again);
            }
            // Told at once: there may be no time for another look.
            if !through {
                return Ok(Turn::Done(Outcome::Abandoned(Ended::Died)));
            }
            if self.writable {
                return Ok(Turn::Again);
            }
        }
        let Some(seen) = self.marked(word) else { return Ok(Turn::Again) };
        // Nobody tells who looks without a bit, and the dead tell nobody.
        let naps = !self.writable || owner.is_some();
        Ok(Turn::Wait(if naps { patience.nap(self.state, seen) } else { Nap::until_changed(self.state, seen) }))
    }

    /// Frees a cell whose owner is dead; `false` if it has changed meanwhile.
    fn recover(&self, word: u64) -> bool {
        let next = word & CLAIMS_MASK | Ended::Died.bits() | ONCE_VACANT;
        // SYNC fill: what the kernel's word has shown us.
        if self.state.compare_exchange(word, next, Release, Relaxed).is_err() {
            return false;
        }
        point!("once.recover.freed");
        if word & ONCE_WAIT_BIT != 0 {
            self.peers.wake_all(self.state);
        }
        true
    }

    /// Forgets an error, so that the next one may fill the cell. `false` if there is none.
    pub(crate) fn reset(&self) -> Result<bool, Corrupt> {
        let (word, state) = self.look()?;
        let next = word & CLAIMS_MASK | ONCE_VACANT;
        // Relaxed: the claim that follows acquires from the owner's store through this one. Nobody sleeps on FAILED.
        let reset = state == State::Failed && self.state.compare_exchange(word, next, Relaxed, Relaxed).is_ok();
        point!("once.reset.reset");
        Ok(reset)
    }

    /// The word with the wait bit; `None` if it has changed. Where the word may not be changed, the word itself.
    fn marked(&self, word: u64) -> Option<u64> {
        let sleeping = word | ONCE_WAIT_BIT;
        if !self.writable {
            return Some(word);
        }
        // Relaxed: whoever leaves this state does so by a CAS on this word, and sees the bit or makes this CAS fail.
        if word != sleeping && self.state.compare_exchange(word, sleeping, Relaxed, Relaxed).is_err() {
            return None;
        }
        point!("once.wait.marked");
        Some(sleeping)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_as_they_were_written() {
        let claims = 7 << ONCE_CLAIMS_SHIFT;
        for ended in [Ended::Nobody, Ended::Died, Ended::Panicked, Ended::GaveUp] {
            for wait in [0, ONCE_WAIT_BIT] {
                assert_eq!(decode(claims | ended.bits() | wait), Ok(State::Vacant(ended)));
                let running = ONCE_RUNNING | 0xab_cdef << ONCE_OWNER_SHIFT | ended.bits() | wait;
                assert_eq!(decode(claims | running), Ok(State::Running(0xab_cdef, ended)));
            }
        }
        assert_eq!(decode(0), Ok(State::Vacant(Ended::Nobody)));
        assert_eq!(decode(claims | ONCE_DONE), Ok(State::Done));
        assert_eq!(decode(claims | ONCE_FAILED), Ok(State::Failed));
    }

    #[test]
    fn words_that_nobody_writes_are_corrupt() {
        let owner = 1 << ONCE_OWNER_SHIFT;
        for word in [ONCE_DONE | ONCE_WAIT_BIT, ONCE_FAILED | owner, ONCE_VACANT | owner, ONCE_RUNNING | 1 << 5, 1 << 7]
        {
            assert_eq!(decode(word), Err(Corrupt), "{word:#x}");
        }
    }
}
