//! The algorithm of the pool, on words that may lie in a mapping or, for a model, on the heap.
//!
//! Every object has one word that says whose it is. Each step is one CAS of that word, so a crash leaves nothing half done: an object is free,
//! or its owner is named. There is no list of free objects that the words would have to agree with; who acquires looks
//! for a free one from where it last found one.
//!
//! ```text
//!            ┌────────────────────────── release ◀──────────────────────────┐
//!            ▼                                                              │
//!  FREE(g) ──acquire──▶ HELD(me, g+1) ──pass──▶ LOOSE(g+1) ──adopt──▶ HELD(me, g+2)
//!            ▲               │                      │
//!            └── release, ◀──┴── release ◀──────────┘
//!                reclaim, when the owner is dead
//! ```
//!
//! Invariants:
//! - **I1** The generation grows by one with each new owner, and never else. So a handle, which names object and generation, stands
//!   for one ownership; who has an older one is refused.
//! - **I2** Only the owner changes the bytes of an object, and only the owner leaves HELD, unless the kernel says that it is dead.
//! - **I3** A waiter that sleeps has set the wait bit of every object, behind its look at `released`.
//!
//! | label | release side | acquire side | what becomes visible |
//! |---|---|---|---|
//! | `owner` | every CAS that ends an ownership | every CAS that begins one | the object's bytes |
//! | `released` | the addition in [`Kernel::freed`] | [`Kernel::attempt`] loads it | that the object is free |
//!
//! *Nobody sleeps through a release.* Whoever frees an object does so by a CAS on the word with the wait bit: it sees the bit, or the
//! waiter's CAS fails, and the waiter sees that the object is free. Who saw the bit adds to `released` and wakes; either the
//! sleeper is woken, or the system sees that `released` has changed since the waiter's look (I3), or the look saw the addition, and
//! with it the free object. Setting the bits costs the waiter a walk that it makes anyway, and the others nothing.
//!
//! A dying owner leaves HELD, which whoever finds no free object takes over; a dying waiter leaves wait bits, which cost one wake;
//! a waker that dies before it wakes delays the sleepers to their next look.

use super::waiting::{Nap, Patience, Peers, Turn};
use crate::format::pool::{
    OBJECT_FREE, OBJECT_GENERATION_SHIFT, OBJECT_HELD, OBJECT_LOOSE, OBJECT_OWNER_BITS, OBJECT_OWNER_SHIFT,
    OBJECT_TAG_MASK, OBJECT_WAIT_BIT,
};
use crate::points::point;
use crate::sync::{AcqRel, Acquire, AtomicU64, Relaxed, Release};

const OWNER_MASK: u64 = (1 << OBJECT_OWNER_BITS) - 1;
const GENERATION_MASK: u64 = u64::MAX >> OBJECT_GENERATION_SHIFT;

/// Where a pool's words are.
pub(crate) trait Objects {
    /// How many objects there are.
    fn capacity(&self) -> u32;
    fn released(&self) -> &AtomicU64;
    /// The state of an object; `index < capacity`.
    fn state(&self, index: u32) -> &AtomicU64;
    /// Where this process begins to look for a free object.
    fn cursor(&self) -> u32;
    /// Says where to begin to look next.
    fn set_cursor(&self, index: u32);
}

/// What an object's word says, the wait bit aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Free(u64),
    Held(u32, u64),
    Loose(u64),
}

/// The word of a free object.
pub(crate) fn free(generation: u64) -> u64 {
    OBJECT_FREE | generation << OBJECT_GENERATION_SHIFT
}

fn held(owner: u32, generation: u64) -> u64 {
    OBJECT_HELD | u64::from(owner) << OBJECT_OWNER_SHIFT | generation << OBJECT_GENERATION_SHIFT
}

fn loose(generation: u64) -> u64 {
    OBJECT_LOOSE | generation << OBJECT_GENERATION_SHIFT
}

fn has_waiters(word: u64) -> bool {
    word & OBJECT_WAIT_BIT != 0
}

fn after(generation: u64) -> u64 {
    (generation + 1) & GENERATION_MASK
}

/// Reads an object's word; `None` if no peer could have written it.
pub(crate) fn decode(word: u64) -> Option<State> {
    let generation = word >> OBJECT_GENERATION_SHIFT;
    match word & OBJECT_TAG_MASK {
        OBJECT_FREE => Some(State::Free(generation)),
        OBJECT_HELD => Some(State::Held((word >> OBJECT_OWNER_SHIFT & OWNER_MASK) as u32, generation)),
        OBJECT_LOOSE => Some(State::Loose(generation)),
        _ => None,
    }
}

/// Why an object could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// All are in use.
    Empty,
    /// No peer could have written what is there.
    Corrupt,
}

/// One ownership of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) index: u32,
    pub(crate) generation: u64,
}

/// The pool's algorithm, borrowing the words it works on.
pub(crate) struct Kernel<'a, O, P> {
    pub(crate) objects: &'a O,
    pub(crate) peers: &'a P,
}

impl<'a, O: Objects, P: Peers> Kernel<'a, O, P> {
    /// Begins an ownership, if the object's word is still what was seen.
    #[inline(always)]
    fn own(&self, me: u32, index: u32, seen: u64, generation: u64) -> Option<Claim> {
        let generation = after(generation);
        let word = held(me, generation) | seen & OBJECT_WAIT_BIT;
        // SYNC owner
        self.objects.state(index).compare_exchange(seen, word, AcqRel, Relaxed).ok()?;
        Some(Claim { index, generation })
    }

    /// Acquires the object where the last one was found: what is met when nothing is special.
    #[inline(always)]
    pub(crate) fn acquire_at_cursor(&self, me: u32) -> Option<Claim> {
        let index = self.objects.cursor();
        if index >= self.objects.capacity() {
            return None;
        }
        let seen = self.objects.state(index).load(Relaxed);
        let Some(State::Free(generation)) = decode(seen) else { return None };
        let claim = self.own(me, index, seen, generation)?;
        point!("pool.acquire.owned");
        Some(claim)
    }

    /// Looks at every object once, from the cursor on, until `act` has got something.
    fn scan<T>(&self, mut act: impl FnMut(u32, u64, State) -> Option<T>) -> Result<Option<T>, Stop> {
        let capacity = self.objects.capacity();
        let first = self.objects.cursor() % capacity;
        for index in (first..capacity).chain(0..first) {
            let seen = self.objects.state(index).load(Relaxed);
            let state = decode(seen).ok_or(Stop::Corrupt)?;
            if let Some(got) = act(index, seen, state) {
                self.objects.set_cursor(index);
                return Ok(Some(got));
            }
        }
        Ok(None)
    }

    /// Acquires a free object, or one whose owner is dead.
    #[cold]
    pub(crate) fn acquire(&self, me: u32) -> Result<Claim, Stop> {
        // Who always loses against others gives up.
        for _ in 0..64 {
            let (mut others, mut lost) = (false, false);
            let mut own = |index, seen, generation| {
                let claim = self.own(me, index, seen, generation);
                lost |= claim.is_none();
                claim
            };
            let found = self.scan(|index, seen, state| match state {
                State::Free(generation) => own(index, seen, generation),
                State::Held(owner, _) => {
                    others |= owner != me;
                    None
                }
                State::Loose(_) => None,
            })?;
            let mut last = Verdict::default();
            let found = match found {
                None if others => self.scan(|index, seen, state| match state {
                    State::Free(generation) => own(index, seen, generation),
                    State::Held(owner, generation) if last.is_dead(self.peers, owner) => {
                        point!("pool.recover.dead");
                        own(index, seen, generation)
                    }
                    State::Held(..) | State::Loose(_) => None,
                })?,
                found => found,
            };
            if let Some(claim) = found {
                point!("pool.acquire.owned");
                return Ok(claim);
            }
            // What was lost to another may be free by now.
            if !lost {
                break;
            }
        }
        Err(Stop::Empty)
    }

    /// One attempt to acquire an object, waiting for one.
    #[cold]
    pub(crate) fn attempt(&self, me: u32, patience: &mut Patience) -> Result<Turn<'a, Claim>, Stop> {
        let released = self.objects.released();
        // SYNC released
        let mut seen = released.load(Acquire);
        // Who always loses against others gets to look at the deadline all the same.
        for _ in 0..64 {
            match self.acquire(me) {
                Err(Stop::Empty) => {}
                other => return other.map(Turn::Done),
            }
            if patience.spin(released, seen) {
                // SYNC released
                seen = released.load(Acquire);
                continue;
            }
            let mut may_die = false;
            let changed = self.scan(|index, word, state| {
                if matches!(state, State::Free(_)) {
                    return Some(());
                }
                may_die |= matches!(state, State::Held(..));
                let marked = word | OBJECT_WAIT_BIT;
                let state = self.objects.state(index);
                // Relaxed: who frees the object does so by a CAS on this word, and sees the bit or makes this CAS fail.
                let set = word == marked || state.compare_exchange(word, marked, Relaxed, Relaxed).is_ok();
                (!set).then_some(())
            })?;
            point!("pool.wait.marked");
            if changed.is_none() {
                let nap = Nap::until_changed(released, seen);
                return Ok(Turn::Wait(if may_die { patience.nap(released, seen) } else { nap }));
            }
        }
        Ok(Turn::Wait(patience.nap(released, seen)))
    }

    /// Ends an ownership, or the time without an owner: from `expected` on. `None` if it was not so.
    #[inline(always)]
    fn end(&self, index: u32, expected: u64, next: u64) -> Option<bool> {
        let state = self.objects.state(index);
        let mut seen = expected;
        loop {
            // SYNC owner
            match state.compare_exchange(seen, next, AcqRel, Relaxed) {
                Ok(_) => return Some(has_waiters(seen)),
                // Only a waiter's bit may have come.
                Err(word) if word != seen && word & !OBJECT_WAIT_BIT == expected => seen = word,
                Err(_) => return None,
            }
        }
    }

    /// Tells those who wait that an object is free.
    #[cold]
    fn freed(&self) {
        // SYNC released
        self.objects.released().fetch_add(1, Release);
        point!("pool.release.counted");
        self.peers.wake_all(self.objects.released());
        point!("pool.woken");
    }

    /// Frees an object that `me` owns; `false` if it does not.
    #[inline(always)]
    pub(crate) fn release(&self, me: u32, claim: Claim) -> bool {
        self.free(claim.index, held(me, claim.generation), claim.generation)
    }

    /// Frees an object that nobody owns; `false` if that is another generation's, or owned.
    pub(crate) fn release_loose(&self, claim: Claim) -> bool {
        self.free(claim.index, loose(claim.generation), claim.generation)
    }

    #[inline(always)]
    fn free(&self, index: u32, expected: u64, generation: u64) -> bool {
        let Some(waiters) = self.end(index, expected, free(generation)) else { return false };
        point!("pool.release.freed");
        self.objects.set_cursor(index);
        if waiters {
            self.freed();
        }
        true
    }

    /// Gives an object's ownership up, and keeps it in use; `false` if `me` does not own it.
    pub(crate) fn pass(&self, me: u32, claim: Claim) -> bool {
        let mut seen = held(me, claim.generation);
        loop {
            let next = loose(claim.generation) | seen & OBJECT_WAIT_BIT;
            // SYNC owner
            match self.objects.state(claim.index).compare_exchange(seen, next, AcqRel, Relaxed) {
                Ok(_) => break,
                Err(word) if word != seen && word & !OBJECT_WAIT_BIT == held(me, claim.generation) => seen = word,
                Err(_) => return false,
            }
        }
        point!("pool.pass.loose");
        true
    }

    /// Becomes the owner of an object that nobody owns; `None` if that is another generation's, or owned.
    pub(crate) fn adopt(&self, me: u32, claim: Claim) -> Option<Claim> {
        loop {
            let seen = self.objects.state(claim.index).load(Relaxed);
            if seen & !OBJECT_WAIT_BIT != loose(claim.generation) {
                return None;
            }
            if let Some(adopted) = self.own(me, claim.index, seen, claim.generation) {
                point!("pool.adopt.owned");
                return Some(adopted);
            }
        }
    }

    /// Frees the objects of the dead, and returns how many.
    pub(crate) fn reclaim(&self) -> Result<u32, Stop> {
        let (mut count, mut waiters) = (0, false);
        let mut last = Verdict::default();
        let all = self.scan(|index, seen, state| {
            if let State::Held(owner, generation) = state
                && last.is_dead(self.peers, owner)
                && let Some(waited) = self.end(index, seen, free(generation))
            {
                point!("pool.reclaim.freed");
                count += 1;
                waiters |= waited;
            }
            None::<()>
        });
        if waiters {
            self.freed();
        }
        all.map(|_| count)
    }

    /// How many objects are free; others may change it meanwhile.
    pub(crate) fn available(&self) -> Result<u32, Stop> {
        let mut count = 0;
        self.scan(|_, _, state| {
            count += u32::from(matches!(state, State::Free(_)));
            None::<()>
        })?;
        Ok(count)
    }
}

/// The last owner who was asked about: one often holds many objects.
#[derive(Default)]
struct Verdict {
    last: Option<(u32, bool)>,
}

impl Verdict {
    fn is_dead(&mut self, peers: &impl Peers, owner: u32) -> bool {
        match self.last {
            Some((last, verdict)) if last == owner => verdict,
            _ => {
                let verdict = peers.is_dead(owner);
                self.last = Some((owner, verdict));
                verdict
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_as_they_were_written() {
        for generation in [0, 5, GENERATION_MASK] {
            assert_eq!(decode(free(generation)), Some(State::Free(generation)));
            let word = held(0xab_cdef, generation) | OBJECT_WAIT_BIT;
            assert_eq!(decode(word), Some(State::Held(0xab_cdef, generation)));
            assert_eq!(decode(loose(generation)), Some(State::Loose(generation)));
        }
        assert_eq!(decode(0), None);
        assert_eq!(after(GENERATION_MASK), 0);
    }
}
