//! The algorithm of the semaphore, on words that may lie in a mapping or, for a model, on the heap.
//!
//! The truth is one word per permit. `turn` counts releases and says whether somebody waits; `hint` says where to begin to
//! look, and is never believed; or that somebody was overtaken.
//!
//! ```text
//!            ┌──take: CAS──▶ HELD(me, n) ──release: store──▶ FREE(n + 1)
//!  FREE(n) ──┤                    └──recover, when the owner is dead: CAS──▶ HELD(me, n + 1) or ABSENT(n + 1)
//!            └──take: CAS──▶ ABSENT(n) ───give: CAS─────────▶ FREE(n + 1)
//! ```
//!
//! Invariants:
//! - **I1** A permit is in one state at a time, and every step between states is one atomic access: permits are neither lost
//!   nor doubled, wherever a process dies.
//! - **I2** Only the owner leaves HELD, unless the kernel says that it is dead.
//! - **I3** A permit's word never comes back (before 2^38 returns): two looks that find the same words at all permits
//!   have seen the whole as it was at one moment between them.
//! - **I4** Who makes a permit FREE changes `turn` afterwards; who sleeps on `turn` has set its wait bit before it looked
//!   at all permits and found none.
//! - **I5** Who clears the wait bit then wakes one; who has slept sets the bit again before it looks, and if it takes a permit
//!   while another is free it wakes one.
//!
//! *No wake-up is lost.* The changes of `turn` have one order. If the release comes before the waiter's bit, the waiter's look
//! sees the permit (`turn`). Otherwise the release finds the bit and wakes, or somebody has cleared it in between; that
//! one wakes the longest sleeper, which sets the bit again (I5) and sees the permit if the release came before that. Whoever
//! is not asleep yet finds `turn` changed.
//!
//! *Nobody is overtaken for ever.* Who has slept [`OVERTAKEN`] times for nothing says so in `hint`. Newcomers then do not take
//! what they find at once, but nap first, 1 ms, while those who were woken take it. It is a courtesy: nobody asks who
//! has said so, and whoever has given way for it takes it back.
//!
//! | label | release side | acquire side | what becomes visible |
//! |---|---|---|---|
//! | `permit` | [`Kernel::release`] stores FREE, [`Kernel::give`]'s CAS to FREE | [`Kernel::take`], [`Kernel::recover`]: the CAS from it; [`Kernel::give`] behind a look | what was done under the permit |
//! | `turn` | [`Kernel::announce`] adds to `turn` | [`Kernel::attempt`] sets the wait bit | that the permit is FREE |
//!
//! Everything else is relaxed: a look at a permit is believed only through the CAS, or twice (I3).
//!
//! A dying holder leaves HELD, which whoever finds no permit free takes over; a dying waiter leaves a wait bit, one wake
//! too many; a releaser that dies before it wakes, or a woken one that dies before it looks, delays the sleepers to their
//! next look, 250 ms at most.

use super::waiting::{Nap, Patience, Peers, Turn};
use crate::format::semaphores::{
    HINT_OVERTAKEN, PERMIT_ABSENT, PERMIT_COUNT_SHIFT, PERMIT_FREE, PERMIT_HELD, PERMIT_OWNER_BITS, PERMIT_OWNER_SHIFT,
    PERMIT_TAG_MASK, TURN_STEP, TURN_WAIT_BIT,
};
use crate::points::point;
use crate::sync::{Acquire, AtomicU64, Relaxed, Release, fence};

const OWNER_MASK: u64 = (1 << PERMIT_OWNER_BITS) - 1;
const RETURNED: u64 = 1 << PERMIT_COUNT_SHIFT;
/// More looks than a process can lose against others that make progress, by any chance that matters.
const MAX_LOOKS: u32 = 10_000;
/// How often one has slept for nothing before newcomers give way.
pub(crate) const OVERTAKEN: u32 = 4;
/// Who takes a permit that no death gives back.
pub(crate) const NOBODY: u32 = 0;

/// Where a semaphore's words are.
pub(crate) trait Permits {
    fn max(&self) -> u64;
    fn turn(&self) -> &AtomicU64;
    fn hint(&self) -> &AtomicU64;
    /// The word of a permit; `index < max`.
    fn permit(&self, index: u64) -> &AtomicU64;
}

/// What a permit's word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Free,
    Held(u32),
    Absent,
}

/// `None` if no peer could have written it.
pub(crate) fn decode(word: u64) -> Option<State> {
    let owner = (word >> PERMIT_OWNER_SHIFT & OWNER_MASK) as u32;
    match (word & PERMIT_TAG_MASK, owner) {
        (PERMIT_FREE, NOBODY) => Some(State::Free),
        (PERMIT_ABSENT, NOBODY) => Some(State::Absent),
        (PERMIT_HELD, owner) => Some(State::Held(owner)),
        _ => None,
    }
}

/// A new permit: there, or to be given first.
pub(crate) fn new_permit(free: bool) -> u64 {
    if free { PERMIT_FREE } else { PERMIT_ABSENT }
}

fn count(word: u64) -> u64 {
    word >> PERMIT_COUNT_SHIFT << PERMIT_COUNT_SHIFT
}

fn taken_by(owner: u32, count: u64) -> u64 {
    let state = if owner == NOBODY { PERMIT_ABSENT } else { PERMIT_HELD | u64::from(owner) << PERMIT_OWNER_SHIFT };
    state | count
}

fn returned(word: u64) -> u64 {
    PERMIT_FREE | count(word).wrapping_add(RETURNED)
}

/// No peer could have written the word of this permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Corrupt(pub(crate) u64);

/// A permit that was taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) index: u64,
    word: u64,
}

/// What one acquisition remembers from attempt to attempt.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    sleeps: u32,
    gave_way: bool,
}

/// The semaphore's algorithm, borrowing the words it works on.
pub(crate) struct Kernel<'a, W, P> {
    pub(crate) words: &'a W,
    pub(crate) peers: &'a P,
}

impl<'a, W: Permits, P: Peers> Kernel<'a, W, P> {
    fn hint(&self) -> u64 {
        let hint = self.words.hint().load(Relaxed);
        if hint < self.words.max() { hint } else { 0 }
    }

    /// Takes a permit for an owner, or for nobody, if it is free.
    #[inline(always)]
    fn take(&self, index: u64, owner: u32, word: u64) -> Option<Taken> {
        let next = taken_by(owner, count(word));
        // SYNC permit
        let taken = self.words.permit(index).compare_exchange(word, next, Acquire, Relaxed).is_ok();
        if !taken {
            return None;
        }
        point!("semaphore.acquire.taken");
        Some(Taken { index, word: next })
    }

    fn is_somebody_overtaken(&self) -> bool {
        self.words.hint().load(Relaxed) == HINT_OVERTAKEN
    }

    /// Takes the permit that was released last, if it is free: what an acquisition meets when nothing is special.
    #[inline(always)]
    pub(crate) fn take_at_hint(&self, owner: u32) -> Option<Taken> {
        if self.is_somebody_overtaken() {
            return None;
        }
        let index = self.hint();
        let word = self.words.permit(index).load(Relaxed);
        if word & PERMIT_TAG_MASK == PERMIT_FREE { self.take(index, owner, word) } else { None }
    }

    /// Looks at every permit once, from the hint on, until `visit` has what it looks for.
    fn look<T>(&self, mut visit: impl FnMut(u64, u64, State) -> Option<T>) -> Result<Option<T>, Corrupt> {
        let max = self.words.max();
        let hint = self.hint();
        for index in (hint..max).chain(0..hint) {
            let word = self.words.permit(index).load(Relaxed);
            let state = decode(word).ok_or(Corrupt(index))?;
            if let Some(found) = visit(index, word, state) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Takes the first free permit, or else one whose owner is dead.
    #[cold]
    pub(crate) fn try_take(&self, owner: u32) -> Result<Option<Taken>, Corrupt> {
        let free = |index, word, state| if state == State::Free { self.take(index, owner, word) } else { None };
        match self.look(free)? {
            None => self.recover(owner),
            taken => Ok(taken),
        }
    }

    /// Takes over a permit of a dead holder.
    fn recover(&self, me: u32) -> Result<Option<Taken>, Corrupt> {
        // Permits are often held in rows; who was alive a moment ago is not asked about again.
        let mut alive = None;
        self.look(|index, word, state| {
            let State::Held(owner) = state else { return None };
            if alive == Some(owner) || !self.peers.is_dead(owner) {
                alive = Some(owner);
                return None;
            }
            point!("semaphore.recover.dead");
            let next = taken_by(me, count(word).wrapping_add(RETURNED));
            // SYNC permit
            let taken = self.words.permit(index).compare_exchange(word, next, Acquire, Relaxed).is_ok();
            point!("semaphore.recover.taken");
            taken.then_some(Taken { index, word: next })
        })
    }

    /// One attempt to take a permit.
    #[cold]
    pub(crate) fn attempt(
        &self,
        owner: u32,
        waits: &mut Waits,
        patience: &mut Patience,
    ) -> Result<Turn<'a, Taken>, Corrupt> {
        let turn = self.words.turn();
        let slept = waits.sleeps > 0;
        let gives_way = !slept && self.is_somebody_overtaken();
        if !slept && !gives_way {
            let seen = turn.load(Relaxed);
            if let Some(taken) = self.try_take(owner)? {
                return Ok(Turn::Done(taken));
            }
            if patience.spin(turn, seen)
                && let Some(taken) = self.try_take(owner)?
            {
                return Ok(Turn::Done(taken));
            }
        }
        // SYNC turn
        let seen = turn.fetch_or(TURN_WAIT_BIT, Acquire) | TURN_WAIT_BIT;
        point!("semaphore.wait.marked");
        if gives_way {
            *waits = Waits { sleeps: 1, gave_way: true };
            return Ok(Turn::Wait(patience.nap(turn, seen)));
        }
        let Some(taken) = self.try_take(owner)? else {
            if waits.sleeps >= OVERTAKEN {
                self.words.hint().store(HINT_OVERTAKEN, Relaxed);
            }
            waits.sleeps = waits.sleeps.saturating_add(1);
            return Ok(Turn::Wait(Nap::until_changed(turn, seen)));
        };
        if (waits.gave_way || waits.sleeps > OVERTAKEN) && self.is_somebody_overtaken() {
            // Another that was overtaken says so again at its next look.
            self.words.hint().store(taken.index, Relaxed);
        }
        if slept && self.look(|_, _, state| (state == State::Free).then_some(()))?.is_some() {
            // The wake that ended the sleep stands for one permit, and two may have come (I5).
            self.peers.wake(turn, 1);
        }
        Ok(Turn::Done(taken))
    }

    /// Gives back what was taken for an owner. Only the owner may, and once.
    #[inline(always)]
    pub(crate) fn release(&self, taken: Taken) {
        // SYNC permit
        self.words.permit(taken.index).store(returned(taken.word), Release);
        point!("semaphore.release.freed");
        self.announce(taken.index);
    }

    /// Says that a permit is free.
    #[inline(always)]
    fn announce(&self, index: u64) {
        if !self.is_somebody_overtaken() {
            self.words.hint().store(index, Relaxed);
        }
        // SYNC turn
        let turn = self.words.turn().fetch_add(TURN_STEP, Release);
        point!("semaphore.release.turned");
        if turn & TURN_WAIT_BIT != 0 {
            self.wake_one();
        }
    }

    #[cold]
    fn wake_one(&self) {
        let turn = self.words.turn();
        turn.fetch_and(!TURN_WAIT_BIT, Relaxed);
        point!("semaphore.release.cleared");
        self.peers.wake(turn, 1);
        point!("semaphore.release.woken");
    }

    /// Gives back a permit that was taken for nobody, or was never given; `false` when there is none.
    pub(crate) fn give(&self) -> Result<bool, Corrupt> {
        let mut before = None;
        for _ in 0..MAX_LOOKS {
            // Two looks with one fingerprint found the same words at all permits (I3). One look would not do: a permit may be
            // given in front of it and taken behind it.
            let mut sum = 0_u64;
            let given = self.look(|index, word, state| {
                sum = sum.wrapping_mul(0x0100_0000_01b3).wrapping_add(word ^ index);
                if state != State::Absent {
                    return None;
                }
                // SYNC permit
                let given = self.words.permit(index).compare_exchange(word, returned(word), Release, Relaxed).is_ok();
                given.then_some(index)
            })?;
            if let Some(index) = given {
                point!("semaphore.release.freed");
                self.announce(index);
                return Ok(true);
            }
            // SYNC permit: who sees that its permit was given by another also sees what that one took before, at the next look.
            fence(Acquire);
            if before == Some(sum) {
                return Ok(false);
            }
            before = Some(sum);
        }
        Ok(false)
    }

    /// How many permits are free.
    pub(crate) fn available(&self) -> Result<u64, Corrupt> {
        let mut free = 0;
        self.look(|_, _, state| {
            free += u64::from(state == State::Free);
            None::<()>
        })?;
        Ok(free)
    }
}
