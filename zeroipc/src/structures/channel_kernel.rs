//! The algorithm of the channel: a [queue](super::queue_kernel) that can be closed, and knows who takes part.
//!
//! **Closing** is a word of its own, which senders look at before they begin. A sender that has looked may still push after
//! the word was set; so the word is not the end. The end is the **seal**: a receiver that finds the channel closed and its first
//! unconsumed position free puts the seal there by a CAS, in place of EMPTY. The claim of that position is a CAS on the same
//! word, so one of the two happens: the value is pushed before the seal, and received, or its sender is told `Closed`.
//!
//! ```text
//!  queue:    …  FULL(p)   EMPTY(p + 1) ──seal: CAS, when closed──▶ SEALED(p + 1)
//! ```
//!
//! Invariants, beside those of the queue:
//! - **C1** Before a sealed position all are consumed, at it and behind it none is claimed, ever: nobody leaves SEALED, and claims are
//!   made in order (I2 of the queue).
//! - **C2** A sender that returns success has published before the seal. Everything published is consumed before anybody seals.
//!
//! **Rendezvous** is a queue with one cell, whose sender stays until its value is taken. Positions never come back, so FULL(p) is the
//! sender's own value as long as it is there, and when it is not, a receiver has taken it: only the sender itself may
//! withdraw it, by the CAS by which a receiver takes. Taking is one step, so it is never unknown whether it has happened.
//!
//! | label | release side | acquire side | what becomes visible |
//! |---|---|---|---|
//! | `close` | [`Kernel::close`]: the CAS on the word | [`Kernel::is_closed`] | what was done before the channel was closed |
//!
//! **Sleepers and closing.** Who sleeps has set the wait bit in a cell; who closes sets another word. Both then look at the other's
//! (litmus SB, "store buffering"):
//!
//! ```text
//!  sleeper:  CAS cell + wait bit;  fence SeqCst;  load closed        closer:  CAS closed;  fence SeqCst;  load cell
//! ```
//!
//! One fence is before the other. If it is the sleeper's, the closer sees the bit, takes it out of the cell, and wakes: a
//! sleep that begins after that ends at once, since the cell is another. If it is the closer's, the sleeper sees that
//! the channel is closed. The same holds for the places: who leaves writes its place and then looks at the others'.

use super::queue_kernel::{Cells, Kernel as Queue, Stop};
use super::waiting::{Peers, Turn};
use crate::format::channel::{CHANNEL_CLOSED, CHANNEL_LEFT, CHANNEL_OPEN};
use crate::points::point;
use crate::sync::{Acquire, AtomicU64, Relaxed, Release, SeqCst, fence};

/// The channel's algorithm, borrowing the words it works on.
pub(crate) struct Kernel<'a, C, P> {
    pub(crate) queue: Queue<'a, C, P>,
    pub(crate) closed: &'a AtomicU64,
}

impl<'a, C: Cells, P: Peers> Kernel<'a, C, P> {
    /// Whether nobody begins to send any more.
    #[inline(always)]
    pub(crate) fn is_closed(&self) -> bool {
        if self.closed.load(Relaxed) == CHANNEL_OPEN {
            return false;
        }
        // SYNC close: a fence, since on a read-only mapping only relaxed loads are allowed.
        fence(Acquire);
        true
    }

    /// Closes the channel and wakes who sleeps; `true` for the first one.
    #[cold]
    pub(crate) fn close(&self) -> Result<bool, Stop> {
        // SYNC close
        let first = self.closed.compare_exchange(CHANNEL_OPEN, CHANNEL_CLOSED, Release, Relaxed).is_ok();
        point!("channel.close.closed");
        // Litmus SB, above. Also behind another's close: that one may have died before its wake.
        fence(SeqCst);
        self.queue.rouse()?;
        Ok(first)
    }

    /// Lets a sender sleep, whose bit is set, unless the channel is closed.
    pub(crate) fn sender_waits<T>(&self, turn: Turn<'a, T>) -> Result<Turn<'a, T>, Stop> {
        if let Turn::Wait(_) = turn {
            // Litmus SB, above.
            fence(SeqCst);
            if self.is_closed() {
                return Err(Stop::Sealed);
            }
        }
        Ok(turn)
    }

    /// Lets a receiver sleep, whose bit is set, unless the channel is closed; then it seals what is drained.
    pub(crate) fn receiver_waits<T>(&self, turn: Turn<'a, T>) -> Result<Turn<'a, T>, Stop> {
        if let Turn::Wait(_) = turn {
            // Litmus SB, above.
            fence(SeqCst);
            if self.is_closed() {
                return match self.drain()? {
                    Left::Nothing => Err(Stop::Sealed),
                    Left::Something => Ok(Turn::Again),
                    Left::Unfinished => Ok(turn),
                };
            }
        }
        Ok(turn)
    }

    /// What is left in a closed channel; seals it when that is nothing.
    #[cold]
    pub(crate) fn drain(&self) -> Result<Left, Stop> {
        match self.queue.peek(self.queue.head_hint()) {
            Ok(_) => Ok(Left::Something),
            Err(Stop::Sealed) => Ok(Left::Nothing),
            // Sealed, or claimed meanwhile by a sender that came before the close.
            Err(Stop::Blocked { index, word }) if self.queue.seal(index, word) => Ok(Left::Nothing),
            Err(Stop::Blocked { .. }) => Ok(Left::Something),
            Err(Stop::Writing { .. }) => Ok(Left::Unfinished),
            Err(Stop::Corrupt) => Err(Stop::Corrupt),
        }
    }
}

/// What is left in a closed channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    Nothing,
    /// A value, or something that was just claimed.
    Something,
    /// Somebody still writes the next value, or has died there.
    Unfinished,
}

/// The places at which the participants of one side are registered: each an id, 0 or [`CHANNEL_LEFT`].
pub(crate) struct Places<'a, P, W> {
    /// The word of a place.
    pub(crate) word: W,
    pub(crate) count: u64,
    pub(crate) peers: &'a P,
}

impl<'a, P: Peers, W: Fn(u64) -> &'a AtomicU64> Places<'a, P, W> {
    /// Registers somebody and says where; `None` when all places are taken by the living.
    pub(crate) fn enter(&self, me: u32) -> Option<u64> {
        // What others have left is used again before what nobody has used, and the dead's at last: they cost a question.
        let free = |word: u64| word == CHANNEL_LEFT || word == 0;
        let dead = |word: u64| self.is_gone(word);
        (0..self.count)
            .find(|&place| self.take(place, me, free))
            .or_else(|| (0..self.count).find(|&place| self.take(place, me, dead)))
    }

    fn take(&self, place: u64, me: u32, may: impl Fn(u64) -> bool) -> bool {
        let word = (self.word)(place);
        let seen = word.load(Relaxed);
        let taken = may(seen) && word.compare_exchange(seen, u64::from(me), Relaxed, Relaxed).is_ok();
        if taken {
            point!("channel.register.entered");
        }
        taken
    }

    /// Leaves a place; `true` when nobody is left on this side, and somebody was.
    pub(crate) fn leave(&self, place: u64, me: u32) -> bool {
        let left = (self.word)(place).compare_exchange(u64::from(me), CHANNEL_LEFT, Relaxed, Relaxed).is_ok();
        point!("channel.register.left");
        // Litmus SB: of two that leave at the same time one sees that the other has left.
        fence(SeqCst);
        left && self.all_gone()
    }

    /// Whether somebody was registered, and nobody alive is.
    pub(crate) fn all_gone(&self) -> bool {
        let mut was = false;
        for place in 0..self.count {
            match (self.word)(place).load(Relaxed) {
                0 => {}
                word if self.is_gone(word) => was = true,
                _ => return false,
            }
        }
        was
    }

    fn is_gone(&self, word: u64) -> bool {
        // Where no peer could have put it, there is nobody.
        word == CHANNEL_LEFT || u32::try_from(word).map_or(true, |id| self.peers.is_dead(id))
    }
}
