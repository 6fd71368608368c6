//! The algorithm of the barrier, on words that may lie in a mapping or, for a model, on the heap.
//!
//! ```text
//!                       ┌─────arrive: CAS────┐┌────withdraw, at a deadline: CAS────┐
//!  OPEN(g, a) ──────────┴▶ OPEN(g, a + 1)     └▶ OPEN(g, a − 1)
//!      │    └───arrive as the last of `parties`: CAS──▶ OPEN(g + 1, 0)
//!      └────a member that is due is dead: CAS──▶ BROKEN(g) ──reset: CAS──▶ OPEN(g + 1, 0)
//!
//!  FREE ──join: CAS──▶ JOINED(me, due) ──arrived in g: store──▶ JOINED(me, g + 1) ── … ──leave: store──▶ FREE
//!                                └──────reset, when the member is dead: CAS───────────────────────────────▲
//! ```
//!
//! Invariants:
//! - **I1** Generations only grow, and arrivals are counted in the word that holds the generation: an arrival belongs to
//!   one generation, and a withdrawal takes it out of that one or finds it over. More arrivals than parties begin the next one.
//! - **I2** One arrival per generation completes it: that one leads.
//! - **I3** Only a member changes its place, unless the kernel says that it is dead. It says there that it has arrived in `g`
//!   after it was counted in `g`, and that it has not before it withdraws.
//! - **I4** So a dead member whose place says that it is due in the present generation breaks it, and one whose place says
//!   that it has arrived does not: its arrival counts. Between count and place either may happen, whichever CAS comes
//!   first; everybody learns the same.
//! - **I5** Before a generation that was broken is left, `broken` has passed it. So who finds that its generation is over
//!   reads there whether it was broken.
//!
//! | label | release side | acquire side | what becomes visible |
//! |---|---|---|---|
//! | `arrive` | [`Kernel::arrive`]: the CAS; [`Kernel::reset`]: the CAS | [`Kernel::arrive`]: the CAS; [`Kernel::outcome`] loads the state | what was done before each arrival; `broken` |
//! | `place` | [`Kernel::reset`]: the CAS to FREE, [`Kernel::leave`] | [`Kernel::join`]: the CAS from FREE | nothing but the place itself |
//!
//! All changes of the state are read-modify-writes, so who sees a generation complete acquires from all that arrived in it.
//! Places are looked at relaxed, and again after the kernel has said that the member is dead: that is the last word of it.
//!
//! A member that dies is found by those who wait, before they sleep and at every look, 250 ms at the latest. Who completes or
//! breaks a generation and dies before it wakes delays the sleepers by as much. A reset that dies is done again.

use super::waiting::{Nap, Patience, Peers, Turn};
use crate::format::barrier::{
    BARRIER_ARRIVED_SHIFT, BARRIER_BROKEN_BIT, BARRIER_GENERATION_BITS, BARRIER_GENERATION_SHIFT, BARRIER_WAIT_BIT,
    PLACE_DUE_SHIFT, PLACE_FREE, PLACE_JOINED, PLACE_OWNER_BITS, PLACE_OWNER_SHIFT, PLACE_TAG_MASK,
};
use crate::points::point;
use crate::sync::{AcqRel, Acquire, AtomicU64, Relaxed, Release, fence};

const GENERATION_MASK: u64 = (1 << BARRIER_GENERATION_BITS) - 1;
const DUE_MASK: u64 = u64::MAX >> PLACE_DUE_SHIFT;
const OWNER_MASK: u64 = (1 << PLACE_OWNER_BITS) - 1;

/// Where a barrier's words are.
pub(crate) trait Places {
    fn parties(&self) -> u64;
    fn state(&self) -> &AtomicU64;
    fn broken(&self) -> &AtomicU64;
    /// The word of a place; `index < parties`.
    fn place(&self, index: u64) -> &AtomicU64;
}

pub(crate) fn generation(word: u64) -> u64 {
    word >> BARRIER_GENERATION_SHIFT & GENERATION_MASK
}

pub(crate) fn arrived(word: u64) -> u64 {
    word >> BARRIER_ARRIVED_SHIFT
}

pub(crate) fn is_broken(word: u64) -> bool {
    word & BARRIER_BROKEN_BIT != 0
}

fn open(generation: u64, arrived: u64) -> u64 {
    (generation & GENERATION_MASK) << BARRIER_GENERATION_SHIFT | arrived << BARRIER_ARRIVED_SHIFT
}

fn joined(owner: u32, due: u64) -> u64 {
    PLACE_JOINED | u64::from(owner) << PLACE_OWNER_SHIFT | due << PLACE_DUE_SHIFT
}

/// What a place's word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Free,
    /// A member, and the generation that it is due in.
    Joined(u32, u64),
}

/// `None` if no peer could have written it.
pub(crate) fn decode(word: u64) -> Option<Place> {
    match word & PLACE_TAG_MASK {
        PLACE_FREE if word == PLACE_FREE => Some(Place::Free),
        PLACE_JOINED => Some(Place::Joined((word >> PLACE_OWNER_SHIFT & OWNER_MASK) as u32, word >> PLACE_DUE_SHIFT)),
        _ => None,
    }
}

/// Why an operation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A member that was due is dead.
    Broken,
    /// No place is free; whether one of them is a dead member's.
    NoPlace { dead: bool },
    /// No peer could have written the word of this place, or the state.
    Corrupt(Option<u64>),
}

/// An arrival that waits for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival(u64);

/// A member's place. Whoever has it is the member.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    pub(crate) index: u64,
    pub(crate) owner: u32,
}

/// The barrier's algorithm, borrowing the words it works on.
pub(crate) struct Kernel<'a, W, P> {
    pub(crate) words: &'a W,
    pub(crate) peers: &'a P,
}

impl<'a, W: Places, P: Peers> Kernel<'a, W, P> {
    fn checked(&self, word: u64) -> Result<u64, Stop> {
        if arrived(word) < self.words.parties() { Ok(word) } else { Err(Stop::Corrupt(None)) }
    }

    /// Arrives, for a member or for nobody in particular; `None` when that completed the generation.
    #[inline]
    pub(crate) fn arrive(&self, seat: Option<Seat>) -> Result<Option<Arrival>, Stop> {
        let (state, parties) = (self.words.state(), self.words.parties());
        let mut word = state.load(Relaxed);
        loop {
            self.checked(word)?;
            if is_broken(word) {
                return Err(Stop::Broken);
            }
            let last = arrived(word) + 1 == parties;
            let next = if last {
                open(generation(word).wrapping_add(1), 0)
            } else {
                open(generation(word), arrived(word) + 1) | word & BARRIER_WAIT_BIT
            };
            // SYNC arrive
            match state.compare_exchange(word, next, AcqRel, Relaxed) {
                Ok(_) => {
                    point!("barrier.arrive.counted");
                    self.set_due(seat, generation(word).wrapping_add(1));
                    if !last {
                        return Ok(Some(Arrival(generation(word))));
                    }
                    if word & BARRIER_WAIT_BIT != 0 {
                        self.peers.wake_all(state);
                        point!("barrier.arrive.woken");
                    }
                    return Ok(None);
                }
                Err(seen) => word = seen,
            }
        }
    }

    fn set_due(&self, seat: Option<Seat>, generation: u64) {
        if let Some(seat) = seat {
            // Relaxed: whoever acts on it has asked the kernel whether the member is dead, and looks again.
            self.words.place(seat.index).store(joined(seat.owner, generation & DUE_MASK), Relaxed);
            point!("barrier.place.set");
        }
    }

    /// How the generation of an arrival ended, if it has.
    fn outcome(&self, arrival: Arrival) -> Option<Result<(), Stop>> {
        let word = self.words.state().load(Relaxed);
        // SYNC arrive
        fence(Acquire);
        if generation(word) == arrival.0 {
            return is_broken(word).then_some(Err(Stop::Broken));
        }
        // Who learns of it only when a later generation has broken too cannot tell; it gets the worse of both.
        if self.words.broken().load(Relaxed) > arrival.0 { Some(Err(Stop::Broken)) } else { Some(Ok(())) }
    }

    /// One attempt to wait for the others. An arrival that does not wait any longer is to be [withdrawn](Kernel::withdraw).
    pub(crate) fn attempt(&self, arrival: Arrival, patience: &mut Patience) -> Result<Turn<'a, ()>, Stop> {
        let state = self.words.state();
        let seen = state.load(Relaxed);
        if generation(seen) == arrival.0 && !is_broken(seen) {
            patience.spin(state, seen);
        }
        if let Some(outcome) = self.outcome(arrival) {
            return outcome.map(Turn::Done);
        }
        if self.has_lost_a_member(arrival.0)? {
            self.break_at(arrival.0);
        }
        self.mark(arrival.0);
        if let Some(outcome) = self.outcome(arrival) {
            return outcome.map(Turn::Done);
        }
        // The half that is slept on has the generation and the bits, and does not change when others arrive.
        Ok(Turn::Wait(Nap::until_changed(state, open(arrival.0, 0) | BARRIER_WAIT_BIT)))
    }

    /// Says that somebody waits, as long as the generation goes on.
    fn mark(&self, present: u64) {
        let state = self.words.state();
        let mut word = state.load(Relaxed);
        while generation(word) == present && !is_broken(word) && word & BARRIER_WAIT_BIT == 0 {
            // Relaxed: completing and breaking are CAS on this word, and see the bit or make this one fail.
            match state.compare_exchange(word, word | BARRIER_WAIT_BIT, Relaxed, Relaxed) {
                Ok(_) => {
                    point!("barrier.wait.marked");
                    return;
                }
                Err(seen) => word = seen,
            }
        }
    }

    /// Takes an arrival back; how its generation ended if it was over before.
    pub(crate) fn withdraw(&self, arrival: Arrival, seat: Option<Seat>) -> Option<Result<(), Stop>> {
        self.set_due(seat, arrival.0);
        let state = self.words.state();
        let mut word = state.load(Relaxed);
        while generation(word) == arrival.0 && !is_broken(word) && arrived(word) > 0 {
            let next = open(arrival.0, arrived(word) - 1) | word & BARRIER_WAIT_BIT;
            match state.compare_exchange(word, next, Relaxed, Relaxed) {
                Ok(_) => {
                    point!("barrier.withdraw.counted");
                    return None;
                }
                Err(seen) => word = seen,
            }
        }
        self.outcome(arrival)
    }

    /// Whether a member that is due in the generation is dead.
    fn has_lost_a_member(&self, generation: u64) -> Result<bool, Stop> {
        let next = generation.wrapping_add(1) & DUE_MASK;
        for index in 0..self.words.parties() {
            let place = self.words.place(index);
            let word = place.load(Relaxed);
            let Place::Joined(owner, due) = decode(word).ok_or(Stop::Corrupt(Some(index)))? else { continue };
            // Looked at again: a member that was found dead writes no more, so this is the last that it wrote.
            if due != next && self.peers.is_dead(owner) && place.load(Relaxed) == word {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Breaks a generation, unless it is over.
    fn break_at(&self, broken: u64) {
        let state = self.words.state();
        let mut word = state.load(Relaxed);
        while generation(word) == broken && !is_broken(word) {
            // Relaxed: nothing is handed over by it, and as a read-modify-write it passes on what the arrivals released.
            match state.compare_exchange(word, open(broken, 0) | BARRIER_BROKEN_BIT, Relaxed, Relaxed) {
                Ok(_) => {
                    point!("barrier.break.broken");
                    if word & BARRIER_WAIT_BIT != 0 {
                        self.peers.wake_all(state);
                        point!("barrier.break.woken");
                    }
                    return;
                }
                Err(seen) => word = seen,
            }
        }
    }

    /// Takes a free place.
    pub(crate) fn join(&self, owner: u32) -> Result<Seat, Stop> {
        let mut dead = false;
        for index in 0..self.words.parties() {
            let place = self.words.place(index);
            let word = place.load(Relaxed);
            match decode(word).ok_or(Stop::Corrupt(Some(index)))? {
                Place::Joined(member, _) => dead = dead || self.peers.is_dead(member),
                Place::Free => {
                    // At most the present generation, so that the place does not say that its member has arrived.
                    let due = generation(self.words.state().load(Relaxed));
                    // SYNC place
                    let taken = place.compare_exchange(word, joined(owner, due & DUE_MASK), Acquire, Relaxed).is_ok();
                    if taken {
                        point!("barrier.join.taken");
                        return Ok(Seat { index, owner });
                    }
                }
            }
        }
        Err(Stop::NoPlace { dead })
    }

    /// Gives a place back.
    pub(crate) fn leave(&self, seat: Seat) {
        // SYNC place
        self.words.place(seat.index).store(PLACE_FREE, Release);
        point!("barrier.leave.freed");
    }

    /// Breaks the present generation: a member goes that cannot come back.
    pub(crate) fn abandon(&self) {
        self.break_at(generation(self.words.state().load(Relaxed)));
    }

    /// Makes a barrier whole that is broken, or that a dead member would break; `false` when it is whole.
    pub(crate) fn reset(&self) -> Result<bool, Stop> {
        let state = self.words.state();
        let word = self.checked(state.load(Relaxed))?;
        let present = generation(word);
        if !is_broken(word) {
            if !self.has_lost_a_member(present)? {
                return Ok(false);
            }
            self.break_at(present);
        }
        for index in 0..self.words.parties() {
            let place = self.words.place(index);
            let word = place.load(Relaxed);
            let Place::Joined(owner, _) = decode(word).ok_or(Stop::Corrupt(Some(index)))? else { continue };
            if self.peers.is_dead(owner) {
                // SYNC place
                let _ = place.compare_exchange(word, PLACE_FREE, AcqRel, Relaxed);
                point!("barrier.reset.freed");
            }
        }
        self.words.broken().fetch_max(present.wrapping_add(1), Relaxed);
        point!("barrier.reset.told");
        let mut word = state.load(Relaxed);
        while generation(word) == present && is_broken(word) {
            // SYNC arrive: who sees the next generation sees that this one was broken (I5).
            match state.compare_exchange(word, open(present.wrapping_add(1), 0), AcqRel, Relaxed) {
                Ok(_) => {
                    point!("barrier.reset.opened");
                    return Ok(true);
                }
                Err(seen) => word = seen,
            }
        }
        Ok(true)
    }

    /// The present generation, how many have arrived in it, and whether it is broken.
    pub(crate) fn look(&self) -> Result<(u64, u64, bool), Stop> {
        let word = self.checked(self.words.state().load(Relaxed))?;
        Ok((generation(word), arrived(word), is_broken(word)))
    }
}

/// The word of a new place.
pub(crate) const NEW_PLACE: u64 = PLACE_FREE;
