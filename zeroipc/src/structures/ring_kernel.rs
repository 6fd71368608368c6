//! The algorithm of the ring, on words that may lie in a mapping or, for a model, on the heap.
//!
//! One producer and one consumer ([Lamport](https://lamport.azurewebsites.net/pubs/proving.pdf)), who each keep what they last saw of the
//! other's position ([FastForward](https://doi.org/10.1145/1345206.1345215) names the cost). What is new is that the
//! roles have owners who may die, and that nobody pays for a sleeper who is not there: publishing is a plain store and a load.
//!
//! ```text
//!  elements   0 ……… head ……………… tail ……… head + capacity
//!             read  │ to be read  │ free, or being written by the producer
//!                   │ or being read by the consumer
//!
//!  role    0 ──take: CAS──▶ id ──leave: CAS──▶ 0          id ──take, when it is dead: CAS──▶ id'
//! ```
//!
//! Invariants:
//! - **I1** `head ≤ tail ≤ head + capacity`, as counts that wrap at 2^64.
//! - **I2** Only who has the role of producer stores `tail`, and writes elements from `tail` up to `head + capacity`.
//! - **I3** Only who has the role of consumer stores `head`, and reads elements from `head` up to `tail`.
//! - **I4** A role is taken from an owner only if the kernel says that it is dead.
//!
//! | label | release side | acquire side | what becomes visible |
//! |---|---|---|---|
//! | `publish` | the producer stores `tail` | the consumer loads `tail` | the elements before it |
//! | `release` | the consumer stores `head` | the producer loads `head` | that the elements before it were read |
//! | `role` | the CAS that leaves a role | the CAS that takes it | the position of who had it |
//!
//! *Nobody sleeps through a publication.* Each side does two things in an order that the machine may exchange:
//!
//! ```text
//!  who publishes                       who waits
//!  store position                      swap flag
//!  light fence                         heavy fence
//!  load flag: older? then wake         load position: changed? then do not sleep
//! ```
//! At least one of them sees what the other has stored. With a sequentially consistent fence on both sides that is the usual
//! argument (of two such fences one comes first, and what was stored before it is seen behind the other). Here the light one only keeps the
//! compiler from exchanging the two, and the heavy one is a system call
//! ([membarrier](https://man7.org/linux/man-pages/man2/membarrier.2.html)) that runs a full fence in every running thread of the processes
//! that take part: so one stands between the two accesses of who publishes, or before both, or behind both. Who cannot take part
//! fences itself ([`End`]); who cannot make the call sleeps for a millisecond at most. The models have the
//! sequentially consistent fence on both sides.
//!
//! *The flag is the position.* It holds the position that the sleeper saw, plus one. A flag for the position that was just published
//! is left alone: its sleeper has seen all there is, and the next publication will find the flag. Any other is for an older position;
//! who publishes clears it by a CAS from what it has read, and wakes. A sleeper that has looked again meanwhile has set another flag,
//! which stays; or the same one, for the same older position: then the system does not let it sleep, since the position has changed.
//!
//! A dying producer leaves elements that nobody sees; a dying consumer leaves elements that the next one reads again; a dying waiter
//! leaves a flag, which costs one wake; a waker that dies before it wakes delays the sleeper to its next look, 250 ms at most.

use std::time::Duration;

use super::waiting::{Nap, Patience, Peers, Turn};
use crate::points::point;
use crate::sync::{AcqRel, Acquire, AtomicU64, Relaxed, Release, SeqCst, fence, light_fence};

/// The two ends of a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Producer,
    Consumer,
}

impl Side {
    #[inline(always)]
    fn other(self) -> Side {
        match self {
            Side::Producer => Side::Consumer,
            Side::Consumer => Side::Producer,
        }
    }
}

/// Where a ring's words are.
pub(crate) trait Words {
    fn capacity(&self) -> u64;
    /// The side's position: `tail` of the producer, `head` of the consumer.
    fn position(&self, side: Side) -> &AtomicU64;
    /// Who has the role.
    fn owner(&self, side: Side) -> &AtomicU64;
    /// The side's flag: on what it sleeps.
    fn waits(&self, side: Side) -> &AtomicU64;
}

/// Fences of which one side pays for both.
pub(crate) trait Barriers {
    /// Has this process take part in the others' barriers; `false` if it has to fence itself.
    fn join(&self) -> bool;
    /// A full fence in every thread that takes part; `false` if there is no such thing here.
    fn barrier(&self) -> bool;
}

/// No peer could have written what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Corrupt;

/// One end of a ring, as who has its role sees it.
#[derive(Debug)]
pub(crate) struct End {
    side: Side,
    owner: u32,
    /// Where this end stands: what it has published, or released.
    at: u64,
    /// Where the other end stood when it was last looked at.
    seen: u64,
    is_fenced: bool,
}

impl End {
    /// The position of the first element that is this end's to write or read.
    #[inline(always)]
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    pub(crate) fn owner(&self) -> u32 {
        self.owner
    }
}

/// The ring's algorithm, borrowing the words it works on.
pub(crate) struct Ring<'a, W, P> {
    pub(crate) words: &'a W,
    pub(crate) peers: &'a P,
}

impl<'a, W: Words, P: Peers + Barriers> Ring<'a, W, P> {
    /// Takes a role that nobody has, or somebody dead; `None` if somebody alive has it.
    pub(crate) fn take(&self, side: Side, me: u32) -> Result<Option<End>, Corrupt> {
        let owner = self.words.owner(side);
        // SYNC role
        let mut found = owner.load(Acquire);
        loop {
            match u32::try_from(found) {
                Ok(0) => {}
                Ok(id) if self.peers.is_dead(id) => {
                    point!("ring.role.dead");
                }
                Ok(_) => return Ok(None),
                Err(_) => return Err(Corrupt),
            }
            // SYNC role
            match owner.compare_exchange(found, u64::from(me), AcqRel, Acquire) {
                Ok(_) => break,
                Err(other) => found = other,
            }
        }
        point!("ring.role.taken");
        let at = self.words.position(side).load(Relaxed);
        let mut end = End { side, owner: me, at, seen: at, is_fenced: !self.peers.join() };
        match self.look(&mut end) {
            Ok(_) => Ok(Some(end)),
            Err(corrupt) => {
                self.leave(&end);
                Err(corrupt)
            }
        }
    }

    /// Gives a role up, if it is still this one's.
    pub(crate) fn leave(&self, end: &End) {
        // SYNC role
        let _ = self.words.owner(end.side).compare_exchange(u64::from(end.owner), 0, Release, Relaxed);
        point!("ring.role.left");
    }

    /// Who has a role; 0 is nobody.
    pub(crate) fn owner(&self, side: Side) -> u64 {
        self.words.owner(side).load(Relaxed)
    }

    /// How many elements this end may write or read, by what it has seen of the other.
    #[inline(always)]
    pub(crate) fn known(&self, end: &End) -> u64 {
        match end.side {
            Side::Producer => self.words.capacity() - end.at.wrapping_sub(end.seen),
            Side::Consumer => end.seen.wrapping_sub(end.at),
        }
    }

    /// Looks at the other end; how many elements this one may write or read.
    #[inline]
    pub(crate) fn look(&self, end: &mut End) -> Result<u64, Corrupt> {
        // SYNC release, for the producer. SYNC publish, for the consumer.
        let seen = self.words.position(end.side.other()).load(Acquire);
        let held = match end.side {
            Side::Producer => end.at.wrapping_sub(seen),
            Side::Consumer => seen.wrapping_sub(end.at),
        };
        if held > self.words.capacity() {
            return Err(Corrupt);
        }
        end.seen = seen;
        Ok(self.known(end))
    }

    /// Hands over the next `count` elements, which were [there](Ring::look) and are written or read.
    #[inline(always)]
    pub(crate) fn publish(&self, end: &mut End, count: u64) {
        end.at = end.at.wrapping_add(count);
        // SYNC publish: the elements to the consumer. SYNC release: that they were read to the producer.
        self.words.position(end.side).store(end.at, Release);
        point!("ring.published");
        if end.is_fenced {
            fence(SeqCst);
        } else {
            light_fence();
        }
        let flag = self.words.waits(end.side.other()).load(Relaxed);
        if flag != 0 && flag != end.at.wrapping_add(1) {
            self.wake(end, flag);
        }
    }

    #[cold]
    fn wake(&self, end: &End, flag: u64) {
        if self.words.waits(end.side.other()).compare_exchange(flag, 0, Relaxed, Relaxed).is_ok() {
            point!("ring.wake.cleared");
            self.peers.wake_all(self.words.position(end.side));
            point!("ring.woken");
        }
    }

    /// One attempt to have `needed` elements.
    pub(crate) fn attempt(
        &self,
        end: &mut End,
        needed: u64,
        patience: &mut Patience,
    ) -> Result<Turn<'a, u64>, Corrupt> {
        let theirs = self.words.position(end.side.other());
        // Who always finds a few more, and too few, gets to look at the deadline all the same.
        for _ in 0..64 {
            let ready = self.look(end)?;
            if ready >= needed {
                return Ok(Turn::Done(ready));
            }
            if patience.spin(theirs, end.seen) {
                continue;
            }
            // By a read-modify-write, as the flag is cleared: so the changes of the flag have one order that all agree on.
            self.words.waits(end.side).swap(end.seen.wrapping_add(1), Relaxed);
            point!("ring.wait.marked");
            let heard = self.peers.barrier();
            fence(SeqCst);
            if theirs.load(Relaxed) != end.seen {
                continue;
            }
            let nap = Nap::until_changed(theirs, end.seen);
            // Whoever publishes may not hear of us.
            let at_most = if heard { nap.at_most } else { Duration::from_millis(1) };
            return Ok(Turn::Wait(Nap { at_most, ..nap }));
        }
        Ok(Turn::Wait(patience.nap(theirs, end.seen)))
    }

    /// How many elements are published and not released; others may change it meanwhile.
    pub(crate) fn len(&self) -> Result<u64, Corrupt> {
        // More often than a process can lose against others, by any chance that matters.
        for _ in 0..10_000 {
            let head = self.words.position(Side::Consumer).load(Relaxed);
            fence(Acquire);
            let tail = self.words.position(Side::Producer).load(Relaxed);
            if tail.wrapping_sub(head) <= self.words.capacity() {
                return Ok(tail.wrapping_sub(head));
            }
        }
        Err(Corrupt)
    }
}
