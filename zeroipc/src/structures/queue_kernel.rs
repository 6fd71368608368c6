//! The algorithm of the queue, on words that may lie in a mapping or, for a model, on the heap.
//!
//! A bounded queue for many producers and consumers in which a crash blocks nobody. It descends from the array queue
//! with a sequence number per cell ([Vyukov](https://www.1024cores.net/home/lock-free-algorithms/queues/bounded-mpmc-queue));
//! what is new is that a claim names its owner, that a consumer takes a value and frees its cell in one step, and that
//! `head` and `tail` are hints.
//!
//! ```text
//!  EMPTY(p) ──claim: CAS──▶ WRITING(p, owner) ──publish: store──▶ FULL(p) ──take: CAS──▶ EMPTY(p + capacity)
//!                                  └────────────recover, when the owner is dead: CAS──────────▲
//! ```
//!
//! Invariants, `p mod capacity` being the cell's index throughout:
//! - **I1** A cell's position never decreases, and it grows by `capacity` only when `p` is consumed or recovered.
//! - **I2** Positions are claimed in order: when `p` is claimed, all before it were.
//! - **I3** Positions are consumed in order: when `p` is consumed or recovered, all before it were.
//! - **I4** `tail` is at most the first unclaimed position and `head` at most the first unconsumed one, ever.
//! - **I5** Only the owner leaves WRITING, unless the kernel says that it is dead.
//!
//! I2 holds because a claim looks at positions one after the other from a hint (I4) and moves on only past claimed
//! ones. From EMPTY(p) with p ≠ t follows that p − capacity is consumed, hence claimed, and with it all before (I2), so
//! the walk goes on right behind it. I3 likewise.
//!
//! | label | release side | acquire side | what becomes visible |
//! |---|---|---|---|
//! | `publish` | [`Kernel::publish`] stores FULL | [`Kernel::peek`] loads the state | the value's words |
//! | `free` | [`Kernel::take`], [`Kernel::recover`]: the CAS to EMPTY | [`Kernel::claim`]: the CAS to WRITING | that the value's words were read |
//!
//! Everything else is relaxed: hints are checked against the cells, a walk's facts never become false, and waiters are
//! woken through the word on which they have set the wait bit by the CAS that it takes to leave the state.
//!
//! A dying producer leaves WRITING, which the next operation that stands there recovers; a dying consumer leaves
//! nothing, since taking is one CAS; a dying waiter leaves a wait bit, which costs one wake; a waker that dies before
//! it wakes delays the sleepers to their next look, 250 ms at most.

use super::waiting::{Nap, Patience, Peers, Turn};
use crate::format::channel::CHANNEL_SEALED;
use crate::format::queue::{
    CELL_EMPTY, CELL_FULL, CELL_OWNER_BITS, CELL_OWNER_SHIFT, CELL_POSITION_SHIFT, CELL_TAG_MASK, CELL_WAIT_BIT,
    CELL_WRITING, CELL_WRITING_POSITION_BITS, CELL_WRITING_POSITION_SHIFT,
};
use crate::points::point;
use crate::sync::{AcqRel, Acquire, AtomicU64, Relaxed, Release, fence, spin_loop};

/// Positions have 61 bits.
pub(crate) const POSITION_MASK: u64 = u64::MAX >> CELL_POSITION_SHIFT;
const OWNER_MASK: u64 = (1 << CELL_OWNER_BITS) - 1;

/// Where a queue's words are.
pub(crate) trait Cells {
    /// Capacity, a power of two, less one.
    fn mask(&self) -> u64;
    fn head(&self) -> &AtomicU64;
    fn tail(&self) -> &AtomicU64;
    /// The state of a cell; `index ≤ mask`.
    fn state(&self, index: u64) -> &AtomicU64;
    /// Whether a cell may be sealed, as those of a channel may.
    fn may_be_sealed(&self) -> bool {
        false
    }
}

/// What a cell's word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The position is not claimed, the one a lap before it is consumed.
    Empty(u64),
    /// The owner has claimed the position and writes.
    Writing(u64, u32),
    /// The position's value is there.
    Full(u64),
}

pub(crate) fn empty(position: u64) -> u64 {
    CELL_EMPTY | position << CELL_POSITION_SHIFT
}

fn full(position: u64) -> u64 {
    CELL_FULL | position << CELL_POSITION_SHIFT
}

fn writing(position: u64, owner: u32) -> u64 {
    CELL_WRITING | u64::from(owner) << CELL_OWNER_SHIFT | position << CELL_WRITING_POSITION_SHIFT
}

/// The word of a position at which, and behind which, nothing is ever pushed. All before it is consumed.
fn sealed(position: u64) -> u64 {
    CHANNEL_SEALED | position << CELL_POSITION_SHIFT
}

fn has_waiters(word: u64) -> bool {
    word & CELL_WAIT_BIT != 0
}

/// Reads a cell's word as it looks from position `near`; `None` if no peer could have written it to cell `index`.
pub(crate) fn decode(word: u64, near: u64, index: u64, mask: u64) -> Option<State> {
    let position = word >> CELL_POSITION_SHIFT;
    let state = match word & CELL_TAG_MASK {
        CELL_EMPTY => State::Empty(position),
        CELL_FULL => State::Full(position),
        CELL_WRITING => {
            let unused = 64 - CELL_WRITING_POSITION_BITS;
            let low = word >> CELL_WRITING_POSITION_SHIFT;
            // The distance from `near`, as a number with 37 bits and a sign.
            let distance = (low.wrapping_sub(near) << unused).cast_signed() >> unused;
            let position = near.wrapping_add_signed(distance) & POSITION_MASK;
            State::Writing(position, (word >> CELL_OWNER_SHIFT & OWNER_MASK) as u32)
        }
        _ => return None,
    };
    let (State::Empty(position) | State::Writing(position, _) | State::Full(position)) = state;
    if position & mask == index { Some(state) } else { None }
}

/// Why an operation cannot go on at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The cell at `index` has to leave the state `word`, in which a wait bit can be set.
    Blocked { index: u64, word: u64 },
    /// The cell at `index` is being written by `owner`; when that is done it will be `done_at`'s turn.
    Writing { index: u64, word: u64, position: u64, owner: u32 },
    /// All that will ever be pushed is consumed.
    Sealed,
    /// No peer could have written what is there.
    Corrupt,
}

/// What to do at a position.
enum Step {
    /// It is this position's turn.
    Here,
    Go(u64),
    Stop(Stop),
}

/// The position behind one.
#[inline(always)]
pub(crate) fn after(position: u64) -> u64 {
    (position + 1) & POSITION_MASK
}

/// Behind the position whose lap before `position` is done.
fn behind(position: u64, mask: u64) -> u64 {
    position.saturating_sub(mask)
}

/// What a push at `t` does with the word of its cell.
fn push_step(word: u64, t: u64, mask: u64) -> Step {
    let index = t & mask;
    let lap_before = t.wrapping_sub(mask + 1);
    match decode(word, t, index, mask) {
        None => Step::Stop(Stop::Corrupt),
        Some(State::Empty(p)) if p == t => Step::Here,
        Some(State::Empty(p)) => Step::Go(behind(p, mask)),
        Some(State::Full(p)) if p == lap_before => Step::Stop(Stop::Blocked { index, word }),
        Some(State::Writing(p, owner)) if p == lap_before => {
            Step::Stop(Stop::Writing { index, word, position: p, owner })
        }
        Some(State::Full(p) | State::Writing(p, _)) => Step::Go(after(p)),
    }
}

/// What a pop at `h` does with the word of its cell.
fn pop_step(word: u64, h: u64, mask: u64) -> Step {
    let index = h & mask;
    match decode(word, h, index, mask) {
        None => Step::Stop(Stop::Corrupt),
        Some(State::Full(p)) if p == h => Step::Here,
        Some(State::Empty(p)) if p == h => Step::Stop(Stop::Blocked { index, word }),
        Some(State::Writing(p, owner)) if p == h => Step::Stop(Stop::Writing { index, word, position: p, owner }),
        Some(State::Empty(p) | State::Full(p) | State::Writing(p, _)) => Step::Go(behind(p, mask)),
    }
}

/// Bounds a walk: as long as peers are at work it may go on, but not when nothing moves.
struct Walk {
    steps: u64,
    start: (u64, u64),
    rounds: u32,
    /// The last round ended as it began.
    unmoved: bool,
}

impl Walk {
    /// More rounds than a process can lose against others that make progress, by any chance that matters.
    const MAX_ROUNDS: u32 = 10_000;

    /// `start` is the hint and the word of its cell.
    fn from(start: (u64, u64)) -> Walk {
        Walk { steps: 0, start, rounds: 0, unmoved: false }
    }

    /// Counts a step. `true` when the walk has to start again from the hint, an error when that is of no use.
    #[inline]
    fn step(&mut self, mask: u64, now: impl FnOnce() -> (u64, u64)) -> Result<bool, Stop> {
        self.steps += 1;
        if self.steps <= 2 * (mask + 1) + 64 {
            return Ok(false);
        }
        let start = now();
        let unmoved = start == self.start;
        // One such round may be due to relaxed loads that returned old words, and led back and forth between them.
        if unmoved && self.unmoved || self.rounds == Walk::MAX_ROUNDS {
            return Err(Stop::Corrupt);
        }
        spin_loop();
        *self = Walk { steps: 0, start, rounds: self.rounds + 1, unmoved };
        Ok(true)
    }
}

/// A position that is ours to write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    pub(crate) position: u64,
    pub(crate) index: u64,
    /// Somebody sleeps until the cell is full.
    pub(crate) wake: bool,
}

/// A value that can be taken, if nobody is faster.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peek {
    pub(crate) position: u64,
    pub(crate) index: u64,
    word: u64,
}

/// The queue's algorithm, borrowing the words it works on.
pub(crate) struct Kernel<'a, C, P> {
    pub(crate) cells: &'a C,
    pub(crate) peers: &'a P,
}

impl<C: Cells, P: Peers> Kernel<'_, C, P> {
    fn hint_and_word(&self, hint: &AtomicU64) -> (u64, u64) {
        let position = hint.load(Relaxed) & POSITION_MASK;
        (position, self.cells.state(position & self.cells.mask()).load(Relaxed))
    }

    fn push_step(&self, word: u64, t: u64) -> Step {
        if self.is_sealed(word, t) { Step::Stop(Stop::Sealed) } else { push_step(word, t, self.cells.mask()) }
    }

    fn pop_step(&self, word: u64, h: u64) -> Step {
        if self.is_sealed(word, h) { Step::Stop(Stop::Sealed) } else { pop_step(word, h, self.cells.mask()) }
    }

    /// Whether the cell of a position is sealed, for this position or another: nothing is there, before or behind it.
    pub(crate) fn is_sealed(&self, word: u64, position: u64) -> bool {
        let at = word >> CELL_POSITION_SHIFT;
        self.cells.may_be_sealed() && word == sealed(at) && (at ^ position) & self.cells.mask() == 0
    }

    /// Where a push begins to look.
    #[inline(always)]
    pub(crate) fn tail_hint(&self) -> u64 {
        self.cells.tail().load(Relaxed) & POSITION_MASK
    }

    /// Where a pop begins to look.
    #[inline(always)]
    pub(crate) fn head_hint(&self) -> u64 {
        self.cells.head().load(Relaxed) & POSITION_MASK
    }

    /// Claims a position if it is free and nobody waits for it: what a push meets when nothing is special.
    ///
    /// The exchange comes without a look before it, so that the cell's line is fetched once, for writing.
    #[inline(always)]
    pub(crate) fn claim_at(&self, me: u32, position: u64) -> Option<Claim> {
        let index = position & self.cells.mask();
        // SYNC free
        match self.cells.state(index).compare_exchange(empty(position), writing(position, me), Acquire, Relaxed) {
            Ok(_) => Some(Claim { position, index, wake: false }),
            Err(_) => None,
        }
    }

    /// Claims the first free position at or behind `from`.
    #[cold]
    pub(crate) fn claim(&self, me: u32, from: u64) -> Result<Claim, Stop> {
        let mask = self.cells.mask();
        let mut t = from;
        let mut walk = None;
        loop {
            let index = t & mask;
            let state = self.cells.state(index);
            let word = state.load(Relaxed);
            match self.push_step(word, t) {
                Step::Here => {
                    // SYNC free
                    if state.compare_exchange(word, writing(t, me), Acquire, Relaxed).is_ok() {
                        return Ok(Claim { position: t, index, wake: has_waiters(word) });
                    }
                }
                Step::Go(next) => t = next,
                Step::Stop(stop) => return Err(stop),
            }
            let now = || self.hint_and_word(self.cells.tail());
            if walk.get_or_insert_with(|| Walk::from(now())).step(mask, now)? {
                t = self.tail_hint();
            }
        }
    }

    /// Moves the hint behind a claimed position.
    #[inline]
    pub(crate) fn hint_tail(&self, position: u64) {
        self.cells.tail().store(after(position), Relaxed);
    }

    /// Moves the hint behind a consumed position.
    #[inline]
    pub(crate) fn hint_head(&self, position: u64) {
        self.cells.head().store(after(position), Relaxed);
    }

    /// Hands a written position over.
    #[inline]
    pub(crate) fn publish(&self, claim: Claim) {
        // SYNC publish: the value's words to the consumer. A plain store: only the owner leaves WRITING (I5).
        self.cells.state(claim.index).store(full(claim.position), Release);
    }

    /// Wakes whoever sleeps on a cell.
    #[cold]
    pub(crate) fn wake(&self, index: u64) {
        self.peers.wake_all(self.cells.state(index));
    }

    /// The value at a position: what a pop meets when nothing is special. It is not taken yet.
    #[inline(always)]
    pub(crate) fn peek_at(&self, position: u64) -> Option<Peek> {
        let index = position & self.cells.mask();
        // SYNC publish
        let word = self.cells.state(index).load(Acquire);
        if word & !CELL_WAIT_BIT == full(position) { Some(Peek { position, index, word }) } else { None }
    }

    /// The first value at or behind `from`. It is not taken yet.
    #[cold]
    pub(crate) fn peek(&self, from: u64) -> Result<Peek, Stop> {
        let mask = self.cells.mask();
        let mut h = from;
        let mut walk = None;
        loop {
            let index = h & mask;
            // SYNC publish
            let word = self.cells.state(index).load(Acquire);
            match self.pop_step(word, h) {
                Step::Here => return Ok(Peek { position: h, index, word }),
                Step::Go(next) => h = next,
                Step::Stop(stop) => return Err(stop),
            }
            let now = || self.hint_and_word(self.cells.head());
            if walk.get_or_insert_with(|| Walk::from(now())).step(mask, now)? {
                h = self.head_hint();
            }
        }
    }

    /// Takes a value that was copied out; `Some(somebody waits)` when it was still there, and so the copy is whole.
    #[inline(always)]
    pub(crate) fn take(&self, peek: Peek) -> Option<bool> {
        let next = empty((peek.position + self.cells.mask() + 1) & POSITION_MASK);
        // SYNC free: that the words were read to the next claim. On failure somebody else has taken the value, or a
        // waiter has set its bit; the copy is thrown away.
        match self.cells.state(peek.index).compare_exchange(peek.word, next, AcqRel, Relaxed) {
            Ok(word) => Some(has_waiters(word)),
            Err(_) => None,
        }
    }

    /// Frees a cell whose owner is dead. Whoever calls stands at the first unconsumed position.
    #[cold]
    fn recover(&self, index: u64, word: u64, position: u64) {
        let state = self.cells.state(index);
        let next = empty((position + self.cells.mask() + 1) & POSITION_MASK);
        // SYNC free
        if state.compare_exchange(word, next, AcqRel, Relaxed).is_ok() {
            point!("queue.recover.freed");
            // WRITING cannot say whether somebody waits.
            self.peers.wake_all(state);
        }
    }

    /// Seals the first unconsumed position, which is unclaimed: `word` is what a pop was [blocked](Stop::Blocked) on. `false`
    /// if somebody has claimed it meanwhile, or waits there since.
    #[cold]
    pub(crate) fn seal(&self, index: u64, word: u64) -> bool {
        let state = self.cells.state(index);
        // Relaxed: nothing is handed over. A claim is a CAS on the same word, so one of the two happens.
        if state.compare_exchange(word, sealed(word >> CELL_POSITION_SHIFT), Relaxed, Relaxed).is_err() {
            return false;
        }
        point!("queue.seal.sealed");
        if has_waiters(word) {
            self.peers.wake_all(state);
        }
        true
    }

    /// Takes the wait bit from the cell at which a full or an empty queue is waited for, and wakes who sleeps there, so that
    /// they look at something else than the cell. The caller has told them what to look at before a SeqCst fence, and they
    /// look at it behind another one, after they have set the bit.
    #[cold]
    pub(crate) fn rouse(&self) -> Result<(), Stop> {
        let (_, tail) = self.bounds()?;
        let state = self.cells.state(tail & self.cells.mask());
        let word = state.load(Relaxed);
        let marked = matches!(word & CELL_TAG_MASK, CELL_EMPTY | CELL_FULL) && has_waiters(word);
        // On failure somebody else has left the state, and wakes them.
        if marked && state.compare_exchange(word, word & !CELL_WAIT_BIT, Relaxed, Relaxed).is_ok() {
            point!("queue.rouse.unmarked");
            self.peers.wake_all(state);
        }
        Ok(())
    }

    /// Whether a value that was pushed is still there, and the word that says so; afterwards it was taken, or
    /// [withdrawn](Kernel::withdraw).
    pub(crate) fn untaken(&self, position: u64) -> Option<u64> {
        // SYNC free: what the one who took it has done before.
        let word = self.cells.state(position & self.cells.mask()).load(Acquire);
        if word & !CELL_WAIT_BIT == full(position) { Some(word) } else { None }
    }

    /// Takes back a value of our own that nobody has taken yet; `false` if somebody has. The way of a queue with one cell:
    /// the position is the first unconsumed one (I3).
    #[cold]
    pub(crate) fn withdraw(&self, position: u64) -> bool {
        debug_assert_eq!(self.cells.mask(), 0);
        let state = self.cells.state(position & self.cells.mask());
        // The bit comes and goes; more often than this only by a peer that means harm.
        for _ in 0..Walk::MAX_ROUNDS {
            let Some(word) = self.untaken(position) else { return false };
            let next = empty((position + self.cells.mask() + 1) & POSITION_MASK);
            // SYNC free: our own stores come before those of the next claim.
            if state.compare_exchange(word, next, AcqRel, Relaxed).is_ok() {
                point!("queue.withdraw.withdrawn");
                self.hint_head(position);
                if has_waiters(word) {
                    self.peers.wake_all(state);
                }
                return true;
            }
        }
        false
    }

    /// Whether somebody sleeps until something is pushed; or slept, and has left.
    pub(crate) fn is_awaited(&self) -> bool {
        let word = self.cells.state(self.tail_hint() & self.cells.mask()).load(Relaxed);
        word & CELL_TAG_MASK == CELL_EMPTY && has_waiters(word)
    }

    /// Whether a cell still holds the value that was peeked at, so that a copy made meanwhile is whole. For those who
    /// look without taking; works on a read-only mapping.
    pub(crate) fn still_there(&self, peek: Peek) -> bool {
        fence(Acquire);
        let word = self.cells.state(peek.index).load(Relaxed);
        word & !CELL_WAIT_BIT == full(peek.position)
    }

    /// Looks past a stop while it may be short: `true` when the way may be free now.
    ///
    /// Who is dead is only asked about where somebody writes; nothing is set for others to wake us.
    #[cold]
    pub(crate) fn resolve(&self, stop: Stop, patience: &mut Patience) -> bool {
        let Stop::Writing { index, word, position, owner } = stop else { return false };
        if patience.spin(self.cells.state(index), word) {
            return true;
        }
        if !self.peers.is_dead(owner) {
            return false;
        }
        point!("queue.recover.dead");
        self.recover(index, word, position);
        true
    }
}

impl<'a, C: Cells, P: Peers> Kernel<'a, C, P> {
    /// How the attempt of an operation that waits ends at a stop: the way may be free now, or it may be after a sleep.
    /// Nothing is claimed. `None` for [`Stop::Sealed`] and [`Stop::Corrupt`], which no sleep ends.
    #[cold]
    pub(crate) fn wait<T>(&self, stop: Stop, patience: &mut Patience) -> Option<Turn<'a, T>> {
        match stop {
            Stop::Blocked { index, word } => Some(self.wait_blocked(self.cells.state(index), word, patience)),
            Stop::Writing { .. } if self.resolve(stop, patience) => Some(Turn::Again),
            Stop::Writing { index, word, .. } => Some(Turn::Wait(patience.nap(self.cells.state(index), word))),
            Stop::Sealed | Stop::Corrupt => None,
        }
    }

    /// How the attempt of somebody ends who has pushed a value and waits until it is taken: done when it was.
    #[cold]
    pub(crate) fn wait_taken(&self, position: u64, patience: &mut Patience) -> Turn<'a, ()> {
        match self.untaken(position) {
            None => Turn::Done(()),
            Some(word) => self.wait_blocked(self.cells.state(position & self.cells.mask()), word, patience),
        }
    }

    fn wait_blocked<T>(&self, state: &'a AtomicU64, word: u64, patience: &mut Patience) -> Turn<'a, T> {
        if patience.spin(state, word) {
            return Turn::Again;
        }
        let sleeping = word | CELL_WAIT_BIT;
        // Relaxed: whoever leaves this state does so by a CAS on this word, and sees the bit or makes this CAS fail.
        if word != sleeping && state.compare_exchange(word, sleeping, Relaxed, Relaxed).is_err() {
            return Turn::Again;
        }
        point!("queue.wait.marked");
        Turn::Wait(Nap::until_changed(state, sleeping))
    }
}

impl<C: Cells, P: Peers> Kernel<'_, C, P> {
    /// The first unconsumed and the first unclaimed position, as the cells say.
    pub(crate) fn bounds(&self) -> Result<(u64, u64), Stop> {
        let start = self.hint_and_word(self.cells.head());
        let head = self.find(start, |word, h| match self.pop_step(word, h) {
            Step::Here | Step::Stop(Stop::Blocked { .. } | Stop::Writing { .. } | Stop::Sealed) => Ok(None),
            Step::Go(next) => Ok(Some(next)),
            Step::Stop(Stop::Corrupt) => Err(Stop::Corrupt),
        })?;
        let start = self.hint_and_word(self.cells.tail());
        let tail = self.find(start, |word, t| match self.push_step(word, t) {
            Step::Here | Step::Stop(Stop::Blocked { .. } | Stop::Writing { .. } | Stop::Sealed) => Ok(None),
            Step::Go(next) => Ok(Some(next)),
            Step::Stop(Stop::Corrupt) => Err(Stop::Corrupt),
        })?;
        Ok((head, tail.max(head)))
    }

    fn find(&self, (mut at, _): (u64, u64), next: impl Fn(u64, u64) -> Result<Option<u64>, Stop>) -> Result<u64, Stop> {
        let mask = self.cells.mask();
        // Others move on meanwhile; an answer that was right a lap ago is as good as any.
        for _ in 0..2 * (mask + 1) + 64 {
            let word = self.cells.state(at & mask).load(Relaxed);
            match next(word, at)? {
                None => break,
                Some(position) => at = position,
            }
        }
        fence(Acquire);
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_as_they_were_written() {
        for position in [0, 5, 8, (1 << 37) - 3, 1 << 37, (1 << 37) + 9, (1 << 60) + 77] {
            let index = position & 7;
            assert_eq!(decode(empty(position), 0, index, 7), Some(State::Empty(position)));
            assert_eq!(decode(full(position) | CELL_WAIT_BIT, 0, index, 7), Some(State::Full(position)));
            for near in [position.saturating_sub(8), position, position + 8] {
                let word = writing(position, 0xab_cdef);
                assert_eq!(decode(word, near, index, 7), Some(State::Writing(position, 0xab_cdef)));
            }
        }
        assert_eq!(decode(0, 0, 0, 7), None);
        assert_eq!(decode(empty(3), 0, 4, 7), None);
    }

    #[test]
    fn a_push_goes_on_right_behind_what_is_known_to_be_claimed() {
        let go = |word, t| match push_step(word, t, 3) {
            Step::Go(next) => next,
            Step::Here => u64::MAX,
            Step::Stop(_) => u64::MAX - 1,
        };
        // EMPTY(9) says that 5 and all before it are claimed; 6 may not be.
        assert_eq!(go(empty(9), 1), 6);
        assert_eq!(go(empty(1), 1), u64::MAX);
        assert_eq!(go(full(5), 5), 6);
        assert_eq!(go(writing(5, 1), 5), 6);
        assert_eq!(go(full(1), 5), u64::MAX - 1);
        assert_eq!(go(writing(1, 1), 5), u64::MAX - 1);
        // A hint that is too far leads back.
        assert_eq!(go(full(1), 9), 2);
        assert_eq!(go(empty(1), 9), 0);
    }

    #[test]
    fn a_pop_goes_on_right_behind_what_is_known_to_be_consumed() {
        let go = |word, h| match pop_step(word, h, 3) {
            Step::Go(next) => next,
            Step::Here => u64::MAX,
            Step::Stop(_) => u64::MAX - 1,
        };
        assert_eq!(go(full(9), 1), 6);
        assert_eq!(go(writing(9, 1), 1), 6);
        assert_eq!(go(empty(9), 1), 6);
        assert_eq!(go(full(5), 5), u64::MAX);
        assert_eq!(go(empty(5), 5), u64::MAX - 1);
        assert_eq!(go(empty(1), 9), 0);
    }
}
