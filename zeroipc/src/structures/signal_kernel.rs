//! The algorithm of the signal, on words that may lie in a mapping or, for a model, on the heap.
//!
//! There is room for four values. `current` says where the latest is, and its version; each buffer has a state of its own.
//!
//! ```text
//!  FREE, VALUE(u) ──claim: CAS──▶ WRITING(me) ──publish: CAS of current, (v, j) → (v + 1, i)──▶ settle: store──▶ VALUE(v + 1)
//!                                  │   ▲   └──withdraw: store──▶ FREE
//!                                  └───┘ claim, when the owner is dead and the buffer is not the current one: CAS
//! ```
//!
//! Invariants:
//! - **I1** A version is published once, and versions grow by one.
//! - **I2** The current buffer is claimed by nobody: a claim takes VALUE(u) only if it is older than a `current` that was
//!   read, in another buffer; FREE never is current; and WRITING only of a dead owner and after that a `current` in another
//!   buffer was read.
//! - **I3** Only a buffer's owner publishes it, unless it is dead; and then nobody does.
//! - **I4** So a copy of the buffer that `current` named is whole if, behind it, `current` is the same, or the buffer still
//!   says VALUE(that version).
//!
//! A reader tries again only if meanwhile its buffer was claimed anew, for which the claims of the others must have gone
//! round: it is lock-free towards writers, and blocked by none. A writer needs one buffer that is neither current nor being
//! written; so writers too are lock-free unless three others stand in the middle of writing at once.
//!
//! | label | release side | acquire side | what becomes visible |
//! |---|---|---|---|
//! | `publish` | [`Kernel::publish`]: the CAS of `current` | [`Kernel::latest`] loads `current` | the value |
//! | `claim` | [`Kernel::claim_from`]: the fence behind the CAS | [`Kernel::is_whole`]: the fence before its loads | that the buffer is written anew |
//! | `settle` | [`Kernel::settle`], [`Kernel::withdraw`]: the store | [`Kernel::claim_from`]: the CAS | that the buffer was written to the end |
//!
//! *Whole copies.* Suppose a copy has read a byte of a later writing. The fence behind that claim comes before the byte and the
//! reader's fence after it, so the reader's loads see the claim, and the `current` on which it rests: the state is not
//! VALUE(v) any more and never again, and `current` has moved on (I1, I2).
//!
//! A writer that dies before it publishes has never written; one that dies behind that leaves WRITING in the current
//! buffer, which readers do not mind, and which is claimed when another is current.

use super::waiting::{Nap, Patience, Peers, Turn};
use crate::format::signals::{
    BUFFER_FREE, BUFFER_OWNER_BITS, BUFFER_OWNER_SHIFT, BUFFER_TAG_MASK, BUFFER_VALUE, BUFFER_WRITING, SIGNAL_BUFFERS,
    SIGNAL_INDEX_MASK, SIGNAL_INDEX_SHIFT, SIGNAL_VERSION_SHIFT, SIGNAL_WAIT_BIT,
};
use crate::points::point;
use crate::sync::{Acquire, AtomicU64, Relaxed, Release, fence, spin_loop};

const OWNER_MASK: u64 = (1 << BUFFER_OWNER_BITS) - 1;
/// More rounds than a process can lose against others that make progress, by any chance that matters.
pub(crate) const MAX_ROUNDS: u32 = 10_000;

/// Where a signal's words are.
pub(crate) trait Buffers {
    fn current(&self) -> &AtomicU64;
    /// The state of a buffer; `index < 4`.
    fn state(&self, index: u64) -> &AtomicU64;
}

/// What a buffer's word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Free,
    Writing(u32),
    Value(u64),
}

/// `None` if no peer could have written it.
pub(crate) fn decode(word: u64) -> Option<State> {
    match word & BUFFER_TAG_MASK {
        BUFFER_FREE if word == BUFFER_FREE => Some(State::Free),
        BUFFER_WRITING => Some(State::Writing((word >> BUFFER_OWNER_SHIFT & OWNER_MASK) as u32)),
        BUFFER_VALUE => Some(State::Value(word >> SIGNAL_VERSION_SHIFT)),
        _ => None,
    }
}

fn value(version: u64) -> u64 {
    BUFFER_VALUE | version << SIGNAL_VERSION_SHIFT
}

fn writing(owner: u32) -> u64 {
    BUFFER_WRITING | u64::from(owner) << BUFFER_OWNER_SHIFT
}

/// The words of a new signal whose first buffer holds this version: `current`, and a buffer's state.
pub(crate) fn new_current(version: u64) -> u64 {
    version << SIGNAL_VERSION_SHIFT
}

pub(crate) fn new_state(index: u64, version: u64) -> u64 {
    if index == 0 { value(version) } else { BUFFER_FREE }
}

/// Where a version's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Latest {
    pub(crate) version: u64,
    pub(crate) index: u64,
}

fn read(current: u64) -> Latest {
    Latest { version: current >> SIGNAL_VERSION_SHIFT, index: current >> SIGNAL_INDEX_SHIFT & SIGNAL_INDEX_MASK }
}

/// A buffer that is ours to write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    pub(crate) index: u64,
}

/// Why no buffer was claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// All but the current one are being written by others that are alive; this is one of them.
    Busy { index: u64, word: u64 },
    /// No peer could have written the state of this buffer.
    Corrupt(u64),
}

/// The signal's algorithm, borrowing the words it works on.
pub(crate) struct Kernel<'a, W, P> {
    pub(crate) words: &'a W,
    pub(crate) peers: &'a P,
}

impl<'a, W: Buffers, P: Peers> Kernel<'a, W, P> {
    /// Where the latest value is. Works on a read-only mapping.
    #[inline(always)]
    pub(crate) fn latest(&self) -> Latest {
        let current = self.words.current().load(Relaxed);
        // SYNC publish
        fence(Acquire);
        read(current)
    }

    /// Whether a copy that was made of a version is whole (I4). Works on a read-only mapping.
    #[inline(always)]
    pub(crate) fn is_whole(&self, latest: Latest) -> bool {
        // SYNC claim
        fence(Acquire);
        self.words.state(latest.index).load(Relaxed) == value(latest.version)
            || read(self.words.current().load(Relaxed)) == latest
    }

    /// Claims a buffer to write the next value to: the one that was current longest ago, if it can be had.
    #[inline]
    pub(crate) fn claim(&self, me: u32) -> Result<Claim, Stop> {
        for _ in 0..MAX_ROUNDS {
            let latest = read(self.words.current().load(Relaxed));
            let mut busy = None;
            let mut stale = false;
            for step in 1..SIGNAL_BUFFERS {
                let index = (latest.index + step) & SIGNAL_INDEX_MASK;
                let word = self.words.state(index).load(Relaxed);
                match decode(word).ok_or(Stop::Corrupt(index))? {
                    State::Writing(_) => busy = Some(Stop::Busy { index, word }),
                    // Newer than what we took for the latest.
                    State::Value(version) if version >= latest.version => stale = true,
                    State::Free | State::Value(_) => match self.claim_from(index, word, me) {
                        Some(claim) => return Ok(claim),
                        None => stale = true,
                    },
                }
            }
            match busy {
                Some(stop) if !stale => return self.recover(me)?.ok_or(stop),
                // Others are at work.
                _ => spin_loop(),
            }
        }
        Err(Stop::Corrupt(0))
    }

    /// Claims a buffer of a dead writer.
    #[cold]
    fn recover(&self, me: u32) -> Result<Option<Claim>, Stop> {
        for index in 0..SIGNAL_BUFFERS {
            let word = self.words.state(index).load(Relaxed);
            let State::Writing(owner) = decode(word).ok_or(Stop::Corrupt(index))? else { continue };
            // What is current is looked at behind that: the writer may have published before it died, and cannot any more.
            if self.peers.is_dead(owner) && read(self.words.current().load(Relaxed)).index != index {
                point!("signal.recover.dead");
                if let Some(claim) = self.claim_from(index, word, me) {
                    return Ok(Some(claim));
                }
            }
        }
        Ok(None)
    }

    #[inline(always)]
    fn claim_from(&self, index: u64, word: u64, me: u32) -> Option<Claim> {
        // SYNC settle
        if self.words.state(index).compare_exchange(word, writing(me), Acquire, Relaxed).is_err() {
            return None;
        }
        point!("signal.set.claimed");
        // SYNC claim
        fence(Release);
        Some(Claim { index })
    }

    /// Makes a claimed buffer the latest value, if the version that it follows still is the latest one, or whichever is.
    /// The new version; `None` if another came before.
    #[inline]
    pub(crate) fn publish(&self, claim: Claim, follows: Option<u64>) -> Option<u64> {
        let current = self.words.current();
        let mut word = current.load(Relaxed);
        loop {
            let latest = read(word);
            if follows.is_some_and(|version| version != latest.version) {
                return None;
            }
            let version = latest.version.wrapping_add(1) & u64::MAX >> SIGNAL_VERSION_SHIFT;
            let next = version << SIGNAL_VERSION_SHIFT | claim.index << SIGNAL_INDEX_SHIFT;
            // SYNC publish
            match current.compare_exchange(word, next, Release, Relaxed) {
                Ok(_) => {
                    point!("signal.set.published");
                    self.settle(claim, version);
                    if word & SIGNAL_WAIT_BIT != 0 {
                        self.peers.wake_all(current);
                        point!("signal.set.woken");
                    }
                    return Some(version);
                }
                Err(seen) => word = seen,
            }
        }
    }

    #[inline(always)]
    fn settle(&self, claim: Claim, version: u64) {
        // SYNC settle
        self.words.state(claim.index).store(value(version), Release);
        point!("signal.set.settled");
    }

    /// Gives a claimed buffer up.
    pub(crate) fn withdraw(&self, claim: Claim) {
        // SYNC settle
        self.words.state(claim.index).store(BUFFER_FREE, Release);
        point!("signal.set.withdrawn");
    }

    /// One attempt to claim a buffer.
    pub(crate) fn claim_attempt(&self, me: u32, patience: &mut Patience) -> Result<Turn<'a, Claim>, u64> {
        let mut spun = false;
        loop {
            match self.claim(me) {
                Ok(claim) => return Ok(Turn::Done(claim)),
                Err(Stop::Corrupt(index)) => return Err(index),
                Err(Stop::Busy { index, word }) => {
                    let state = self.words.state(index);
                    if spun || !patience.spin(state, word) {
                        return Ok(Turn::Wait(patience.nap(state, word)));
                    }
                    spun = true;
                }
            }
        }
    }

    /// One attempt to wait for another version than the one that is known. Where the word cannot be written to, the waiter naps.
    pub(crate) fn attempt(&self, known: u64, writable: bool, patience: &mut Patience) -> Turn<'a, ()> {
        let current = self.words.current();
        let word = current.load(Relaxed);
        if read(word).version == known {
            patience.spin(current, word);
        }
        let word = current.load(Relaxed);
        if read(word).version != known {
            return Turn::Done(());
        }
        if !writable {
            return Turn::Wait(patience.nap(current, word));
        }
        let sleeping = word | SIGNAL_WAIT_BIT;
        // Relaxed: publishing is a CAS on this word, and sees the bit or makes this one fail; then there is no sleep.
        if word != sleeping && current.compare_exchange(word, sleeping, Relaxed, Relaxed).is_ok() {
            point!("signal.wait.marked");
        }
        Turn::Wait(Nap::until_changed(current, sleeping))
    }
}
