//! The algorithm of broadcasts and streams, on words that may lie in a mapping or, for a model, on the heap.
//!
//! One producer writes elements to cells in the order of their positions; every reader has a cursor of its own. A cell is
//! a sequence lock that holds its position, as in the [Disruptor](https://lmax-exchange.github.io/disruptor/disruptor.html)
//! with a sequence per cell, so that a reader that is behind touches no line that the producer writes to. Copies are
//! validated as in [Boehm 2012](https://www.hpl.hp.com/techreports/2012/HPL-2012-68.pdf).
//!
//! ```text
//!  cell    EMPTY(i) ──begin──▶ WRITING(p) ──commit──▶ FULL(p) ──begin──▶ WRITING(p + capacity) ──▶ …
//!
//!  slot    FREE ──join: CAS──▶ TAKEN(reader) ──leave, or evict when the reader is dead──▶ FREE
//!
//!  role    VACANT ──CAS──▶ HELD(producer) ──release, or CAS when the producer is dead──▶ VACANT, HELD(other)   broadcast
//!                               └──close──▶ CLOSED,  └──when the producer is dead──▶ FAILED                    stream
//! ```
//!
//! Invariants:
//! - **I1** Only who holds the role changes cells, the head's position and the limit, and there is one at a time.
//! - **I2** Positions are committed in order, without a gap: when `p` is FULL, all before it were.
//! - **I3** `head` is at most the first uncommitted position, and at least that less [`BROADCAST_BATCH`], or the capacity if that is
//!   less: so the cells of a batch are still there when its producer dies.
//! - **I4** A slot that is FREE has a cursor that is nowhere. Only who has TAKEN a slot changes it, unless it is dead.
//! - **I5** A reader's cursor never falls, once it has joined.
//! - **I6** Policy *wait*: no position at or behind `cursor + capacity` is begun, for any reader that has joined.
//!
//! | label | release side | acquire side | what becomes visible |
//! |---|---|---|---|
//! | `publish` | [`begin`](Kernel::begin), [`commit`](Kernel::commit) store the state | [`look`](Kernel::look) | the element's words, and all before it |
//! | `overwrite` | the fence of [`begin`](Kernel::begin) | the fence of [`unchanged`](Kernel::unchanged) | WRITING, to who has read a word of the new element |
//! | `head` | [`announce`](Kernel::announce), [`end`](Kernel::end) | [`head`](Kernel::head), the waiter's CAS | that the elements before are committed; the role behind the end bit |
//! | `consumed` | [`advance`](Kernel::advance), [`leave`](Kernel::leave), [`evict`](Kernel::evict): the swap of the cursor | [`grant`](Kernel::grant) loads the cursors | that the elements before were copied |
//! | `limit` | [`grant`](Kernel::grant) stores the limit | [`place`](Kernel::place) | the head at which the producer stood |
//! | `slot` | the store of FREE | the CAS to TAKEN | the cursor that is nowhere |
//! | `role` | [`yield_role`](Kernel::yield_role), [`fail`](Kernel::fail) | [`take_role`](Kernel::take_role), [`outcome`](Kernel::outcome) | all that the last producer has published |
//! | `join` | both sides: a `SeqCst` fence between a store and a load of the other's word | | see below |
//!
//! **Joining** (I6). The producer publishes up to a limit that it has granted itself, by a look at the cursors; a reader that
//! joins stores its cursor and must not stand where an earlier grant lets the producer overwrite. That is the store–load
//! litmus: *producer* `limit = t; fence; load cursors`, *reader* `cursor = r; fence; load limit`. With `SeqCst` fences
//! at least one sees the other's store. So every grant either counts the reader, or is seen by it; and then it moves up to
//! `limit − capacity`. The tentative limit of a grant is stored before the look and lowered after it, never raised.
//!
//! **Waiting.** Readers sleep on `head`, the producer on the cursor that holds it up. Both words are changed by
//! a swap, which sees the wait bit, or the sleeper's CAS fails. A reader that is ahead of `head`, in the middle of a batch, sleeps on the
//! older head: the swap that ends the batch wakes it.
//!
//! | dies | leaves | who puts it right |
//! |---|---|---|
//! | producer, before [`commit`](Kernel::commit) | WRITING; the publication never happened. Policy *overwrite*: the element a lap before is lost | the next producer writes that cell anew |
//! | producer, between commit and [`announce`](Kernel::announce) | the elements; a lagging head, sleepers that nobody woke | the next producer walks on from the head; the sleepers' next look |
//! | producer, in [`grant`](Kernel::grant) | a limit that is too high: it costs readers that join oldest elements | the next grant |
//! | producer of a stream, while it closes | CLOSED without the end bit | the readers' next look |
//! | reader | its slot, with a cursor | the producer that it holds up, or a reader that finds no free slot |
//! | who evicts a dead reader | the slot, taken by itself | the same |

use super::waiting::{Nap, Patience, Peers};
use crate::format::broadcast::{
    BROADCAST_BATCH, BROADCAST_EMPTY, BROADCAST_END_BIT, BROADCAST_FULL, BROADCAST_NOWHERE, BROADCAST_POSITION_SHIFT,
    BROADCAST_TAG_MASK, BROADCAST_WAIT_BIT, BROADCAST_WRITING, ROLE_CLOSED, ROLE_COUNT_SHIFT, ROLE_FAILED, ROLE_HELD,
    ROLE_OWNER_SHIFT, ROLE_TAG_MASK, ROLE_VACANT, SLOT_COUNT_SHIFT, SLOT_FREE, SLOT_OWNER_SHIFT, SLOT_TAG_MASK,
    SLOT_TAKEN,
};
use crate::points::point;
use crate::sync::{AcqRel, Acquire, AtomicU64, Relaxed, Release, SeqCst, fence};

/// Ids have 24 bits.
const OWNER_MASK: u64 = (1 << 24) - 1;
/// Nothing is published from here on: positions would wrap. A producer that does a thousand million a second gets there in
/// 73 years.
pub(crate) const LAST_POSITION: u64 = BROADCAST_NOWHERE >> 1;

/// Where the words are.
pub(crate) trait Words {
    /// Capacity, a power of two, less one.
    fn mask(&self) -> u64;
    /// How many slots there are.
    fn slots(&self) -> u64;
    fn role(&self) -> &AtomicU64;
    fn high(&self) -> &AtomicU64;
    fn head(&self) -> &AtomicU64;
    fn limit(&self) -> &AtomicU64;
    /// The owner of a slot; `slot < slots`.
    fn owner(&self, slot: u64) -> &AtomicU64;
    /// The cursor of a slot; `slot < slots`.
    fn cursor(&self, slot: u64) -> &AtomicU64;
    /// The state of a cell; `index ≤ mask`.
    fn state(&self, index: u64) -> &AtomicU64;
}

/// The state of a cell that nothing was written to.
pub(crate) fn empty(index: u64) -> u64 {
    BROADCAST_EMPTY | index << BROADCAST_POSITION_SHIFT
}

fn writing(position: u64) -> u64 {
    BROADCAST_WRITING | position << BROADCAST_POSITION_SHIFT
}

#[inline(always)]
fn full(position: u64) -> u64 {
    BROADCAST_FULL | position << BROADCAST_POSITION_SHIFT
}

/// A head or a cursor at a position, without bits.
#[inline(always)]
fn at(position: u64) -> u64 {
    position << BROADCAST_POSITION_SHIFT
}

/// The position in a head, a cursor or a state.
#[inline(always)]
pub(crate) fn position_of(word: u64) -> u64 {
    word >> BROADCAST_POSITION_SHIFT
}

fn has_waiters(word: u64) -> bool {
    word & BROADCAST_WAIT_BIT != 0
}

/// Whether a peer could have written this state to the cell `index`.
pub(crate) fn is_state_of(word: u64, index: u64, mask: u64) -> bool {
    word & BROADCAST_TAG_MASK != 0 && position_of(word) & mask == index
}

/// Where a cursor stands that holds up nobody.
pub(crate) const NOWHERE: u64 = BROADCAST_NOWHERE << BROADCAST_POSITION_SHIFT;
/// A slot that was never taken.
pub(crate) const FREE: u64 = SLOT_FREE;
/// A role that was never taken.
pub(crate) const VACANT: u64 = ROLE_VACANT;

/// Who has a slot: 0, which is nobody and dead, if it is free or damaged.
fn owner_of(slot: u64) -> u32 {
    if slot & SLOT_TAG_MASK == SLOT_TAKEN { (slot >> SLOT_OWNER_SHIFT & OWNER_MASK) as u32 } else { 0 }
}

/// A slot in other hands.
fn taken_after(slot: u64, owner: u32) -> u64 {
    let count = (slot >> SLOT_COUNT_SHIFT).wrapping_add(1);
    SLOT_TAKEN | u64::from(owner) << SLOT_OWNER_SHIFT | count << SLOT_COUNT_SHIFT
}

/// A slot in nobody's hands.
fn free_after(slot: u64) -> u64 {
    SLOT_FREE | slot >> SLOT_COUNT_SHIFT << SLOT_COUNT_SHIFT
}

fn role_owner(role: u64) -> u32 {
    (role >> ROLE_OWNER_SHIFT & OWNER_MASK) as u32
}

fn outcome_of(role: u64) -> Outcome {
    match role & ROLE_TAG_MASK {
        ROLE_CLOSED => Outcome::Closed,
        ROLE_FAILED if role_owner(role) == 0 => Outcome::GaveUp,
        ROLE_FAILED => Outcome::Died,
        _ => Outcome::Open,
    }
}

/// The role with another tag and owner.
fn role_after(role: u64, tag: u64, owner: u32) -> u64 {
    let count = (role >> ROLE_COUNT_SHIFT).wrapping_add(1);
    tag | u64::from(owner) << ROLE_OWNER_SHIFT | count << ROLE_COUNT_SHIFT
}

/// What stands at a reader's position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// The element; a copy of it counts if the state is [unchanged](Kernel::unchanged) behind it.
    Here,
    /// The cell has this state, and is not published yet.
    NotYet(u64),
    /// The cell was overwritten by the element of this position.
    Lapped(u64),
    /// No peer could have written what is there.
    Corrupt,
}

/// What a reader does that has found nothing.
#[derive(Debug)]
pub(crate) enum Pause<'w> {
    /// Looks again.
    Again,
    /// Sleeps.
    Sleep(Nap<'w>),
    /// Nothing comes any more.
    End,
    /// No peer could have left what is there.
    Corrupt,
}

/// How far the producer may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// Up to this position, which is behind the one that it asked for.
    Until(u64),
    /// No further: the reader in this slot stands in the way, and its cursor is this word.
    Blocked { slot: u64, word: u64 },
}

/// How it stands with the producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// There is none, or it is alive.
    Open,
    /// It has closed the stream.
    Closed,
    /// It has died.
    Died,
    /// It is alive and has given up.
    GaveUp,
}

/// Why the role cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// A living producer has it.
    Held,
    Over(Outcome),
    Corrupt,
}

/// Where a reader begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// At the next element.
    Now,
    /// At the oldest that is there.
    Oldest,
    /// At a position, or at the oldest if that one is gone.
    At(u64),
}

/// The algorithm, borrowing the words that it works on.
pub(crate) struct Kernel<'a, W, P> {
    pub(crate) words: &'a W,
    pub(crate) peers: &'a P,
}

impl<'a, W: Words, P: Peers> Kernel<'a, W, P> {
    fn capacity(&self) -> u64 {
        self.words.mask() + 1
    }

    #[inline(always)]
    fn state(&self, position: u64) -> &'a AtomicU64 {
        self.words.state(position & self.words.mask())
    }

    /// The head's word.
    pub(crate) fn head(&self) -> u64 {
        let word = self.words.head().load(Relaxed);
        // SYNC head. A fence, since a read-only mapping allows relaxed loads only.
        fence(Acquire);
        word
    }

    /// The first position that is not published, or one before it if peers are at work; never before what an earlier call has
    /// returned.
    pub(crate) fn published(&self) -> u64 {
        let mut position = position_of(self.head()).min(LAST_POSITION);
        // A batch may be under way, or its producer dead (I3).
        for _ in 0..BROADCAST_BATCH {
            position = match self.look(position) {
                _ if position == LAST_POSITION => break,
                Look::Here => position + 1,
                // The head that was loaded is a lap old; all before this one is published (I2).
                Look::Lapped(found) => found.min(LAST_POSITION),
                Look::NotYet(_) | Look::Corrupt => break,
            };
        }
        position
    }

    // The producer.

    /// Marks a position's cell as being written. The caller has been [granted](Kernel::grant) it, writes the element, and
    /// [commits](Kernel::commit).
    #[inline(always)]
    pub(crate) fn begin(&self, position: u64) {
        // SYNC publish: what was committed before, to a reader that is led on by this state.
        self.state(position).store(writing(position), Release);
        // SYNC overwrite: who reads a word of the new element sees this state, or a later one, behind its fence.
        fence(Release);
    }

    /// Publishes a position.
    #[inline(always)]
    pub(crate) fn commit(&self, position: u64) {
        // SYNC publish: the element's words to the readers. A plain store: nobody else changes cells (I1).
        self.state(position).store(full(position), Release);
    }

    /// Says that all before `next` is published; `true` if somebody sleeps, and then the caller [wakes](Kernel::wake_readers).
    #[inline(always)]
    pub(crate) fn announce(&self, next: u64) -> bool {
        // SYNC head: that the cells are committed. A swap, since it must see the bit of whoever went to sleep before.
        has_waiters(self.words.head().swap(at(next), Release))
    }

    /// Wakes all who sleep on the head.
    #[cold]
    #[inline(never)]
    pub(crate) fn wake_readers(&self) {
        self.peers.wake_all(self.words.head());
    }

    /// How far the producer that stands at `next` may publish, under the policy *wait*.
    #[cold]
    pub(crate) fn grant(&self, next: u64) -> Grant {
        // In steps, so that most of the elements remain for readers that join at the oldest.
        let wanted = next + (self.capacity() / 8).max(1);
        // SYNC limit
        self.words.limit().store(wanted, Release);
        point!("broadcast.grant.wanted");
        // SYNC join: a reader whose cursor is not seen below sees this limit.
        fence(SeqCst);
        let mut until = wanted;
        let mut slowest = None;
        for slot in 0..self.words.high().load(Relaxed).min(self.words.slots()) {
            // SYNC consumed: what was copied out may be overwritten.
            let word = self.words.cursor(slot).load(Acquire);
            let end = position_of(word).saturating_add(self.capacity());
            if end < until {
                until = end;
                slowest = Some((slot, word));
            }
        }
        // What was granted before is published, and a reader that just joins may still stand behind it.
        let until = until.max(next);
        if until < wanted {
            // A producer that died may have begun to write here, so that what was there is nobody's any more.
            let begun = next + u64::from(self.state(next).load(Relaxed) == writing(next));
            // SYNC limit
            self.words.limit().store(until.max(begun), Release);
            point!("broadcast.grant.lowered");
        }
        match slowest {
            Some((slot, word)) if until == next => Grant::Blocked { slot, word },
            _ => Grant::Until(until),
        }
    }

    /// Puts a dead reader aside that stands in the producer's way; `false` if it is alive.
    #[cold]
    pub(crate) fn evict_if_dead(&self, slot: u64, me: u32) -> bool {
        let word = self.words.owner(slot).load(Relaxed);
        if !self.peers.is_dead(owner_of(word)) {
            return false;
        }
        self.evict(slot, word, me);
        true
    }

    fn evict(&self, slot: u64, word: u64, me: u32) {
        let mine = taken_after(word, me);
        // SYNC slot
        if self.words.owner(slot).compare_exchange(word, mine, Acquire, Relaxed).is_ok() {
            point!("broadcast.evict.taken");
            self.leave(slot, mine);
        }
    }

    /// Waits for a reader that is in the producer's way; `None` when it may be out of the way.
    #[cold]
    pub(crate) fn wait_for_reader(&self, slot: u64, word: u64, me: u32, patience: &mut Patience) -> Option<Nap<'a>> {
        let cursor = self.words.cursor(slot);
        if patience.spin(cursor, word) || self.evict_if_dead(slot, me) {
            return None;
        }
        let sleeping = word | BROADCAST_WAIT_BIT;
        // Relaxed: who moves the cursor does so by a swap, and sees the bit or makes this CAS fail.
        if word != sleeping && cursor.compare_exchange(word, sleeping, Relaxed, Relaxed).is_err() {
            return None;
        }
        point!("broadcast.publish.marked");
        Some(patience.nap(cursor, sleeping))
    }

    // The role.

    /// Takes the producer's role, and returns its word. `ends`: the death of a producer ends it all.
    pub(crate) fn take_role(&self, me: u32, ends: bool) -> Result<u64, Refused> {
        loop {
            // SYNC role
            let word = self.words.role().load(Acquire);
            match word & ROLE_TAG_MASK {
                ROLE_VACANT => {}
                ROLE_HELD if !self.peers.is_dead(role_owner(word)) => return Err(Refused::Held),
                ROLE_HELD if ends => self.fail(word, role_owner(word)),
                ROLE_HELD => {}
                ROLE_CLOSED | ROLE_FAILED if !ends => return Err(Refused::Corrupt),
                ROLE_CLOSED | ROLE_FAILED => return Err(Refused::Over(outcome_of(word))),
                _ => return Err(Refused::Corrupt),
            }
            let held = role_after(word, ROLE_HELD, me);
            // SYNC role
            if self.words.role().compare_exchange(word, held, Acquire, Relaxed).is_ok() {
                point!("broadcast.role.taken");
                return Ok(held);
            }
        }
    }

    /// Gives the role back.
    pub(crate) fn yield_role(&self, held: u64) {
        // SYNC role: all that was published. It fails if a peer has spoiled the word, and then there is nothing to give.
        let _ = self.words.role().compare_exchange(held, role_after(held, ROLE_VACANT, 0), Release, Relaxed);
        point!("broadcast.role.yielded");
    }

    /// Ends a stream whose producer closes it.
    pub(crate) fn close(&self, held: u64) {
        // SYNC role
        if self.words.role().compare_exchange(held, role_after(held, ROLE_CLOSED, 0), Release, Relaxed).is_ok() {
            point!("broadcast.close.closed");
            self.end();
        }
    }

    /// Ends a stream whose producer, `who`, is dead, or gives up: then that is 0.
    #[cold]
    pub(crate) fn fail(&self, held: u64, who: u32) {
        // SYNC role. Who does it for a dead producer has all its stores: the kernel let go of it behind them.
        if self.words.role().compare_exchange(held, role_after(held, ROLE_FAILED, who), AcqRel, Relaxed).is_ok() {
            point!("broadcast.fail.failed");
            self.end();
        }
    }

    /// Sets the end bit, and wakes. The role says why already.
    fn end(&self) {
        let head = self.words.head();
        let mut word = head.load(Relaxed);
        loop {
            let ended = (word | BROADCAST_END_BIT) & !BROADCAST_WAIT_BIT;
            // SYNC head: the role, and all that was published.
            match head.compare_exchange(word, ended, AcqRel, Relaxed) {
                Ok(_) => break,
                Err(now) => word = now,
            }
        }
        point!("broadcast.end.ended");
        if has_waiters(word) {
            self.peers.wake_all(head);
        }
    }

    /// How it stands with the producer of a stream, by the kernel's word. `marks`: the mapping can be written to, and so
    /// the stream of a dead producer is ended for all.
    #[cold]
    pub(crate) fn outcome(&self, marks: bool) -> Outcome {
        let word = self.words.role().load(Relaxed);
        // SYNC role
        fence(Acquire);
        if word & ROLE_TAG_MASK != ROLE_HELD || !self.peers.is_dead(role_owner(word)) {
            return outcome_of(word);
        }
        if marks {
            self.fail(word, role_owner(word));
        }
        Outcome::Died
    }

    /// The same, by the role's word alone.
    pub(crate) fn outcome_told(&self) -> Outcome {
        let word = self.words.role().load(Relaxed);
        // SYNC role
        fence(Acquire);
        outcome_of(word)
    }

    // The readers.

    /// Takes a free slot, or that of a dead reader; its word. `None` if all are taken by the living.
    pub(crate) fn take_slot(&self, me: u32) -> Option<(u64, u64)> {
        let free = |word: u64| word & SLOT_TAG_MASK != SLOT_TAKEN;
        let dead = |word: u64| self.peers.is_dead(owner_of(word));
        self.take_slot_if(me, free).or_else(|| self.take_slot_if(me, dead))
    }

    fn take_slot_if(&self, me: u32, may: impl Fn(u64) -> bool) -> Option<(u64, u64)> {
        for slot in 0..self.words.slots() {
            let owner = self.words.owner(slot);
            let word = owner.load(Relaxed);
            let mine = taken_after(word, me);
            // SYNC slot
            if may(word) && owner.compare_exchange(word, mine, Acquire, Relaxed).is_ok() {
                point!("broadcast.join.taken");
                self.raise_high(slot + 1);
                return Some((slot, mine));
            }
        }
        None
    }

    fn raise_high(&self, high: u64) {
        let mut seen = self.words.high().load(Relaxed);
        while seen < high {
            match self.words.high().compare_exchange(seen, high, Relaxed, Relaxed) {
                Ok(_) => break,
                Err(now) => seen = now,
            }
        }
        point!("broadcast.join.counted");
    }

    /// Puts the cursor of a slot that was just taken where the reader begins. Policy *wait*: from here on nothing at or
    /// behind the position that this returns is overwritten before the reader has moved. `None` if no peer could have left
    /// such a limit.
    pub(crate) fn place(&self, slot: u64, start: Start, waits: bool) -> Option<u64> {
        let published = self.published();
        let oldest = published.saturating_sub(self.capacity());
        let position = match start {
            Start::Now => published,
            Start::Oldest => oldest,
            // It was published when the caller asked. Not `clamp`: a hostile head may have fallen since.
            Start::At(position) => position.max(oldest),
        };
        if !waits {
            self.show(slot, position);
            return Some(position);
        }
        self.advance(slot, position);
        point!("broadcast.join.placed");
        // SYNC join: a grant that has not seen this cursor is seen by the next load.
        fence(SeqCst);
        let floor = self.words.limit().load(Relaxed).saturating_sub(self.capacity());
        // SYNC limit
        fence(Acquire);
        if floor <= position {
            return Some(position);
        }
        // The producer stood at its head when it granted itself that limit.
        if floor > position_of(self.head()) {
            return None;
        }
        self.advance(slot, floor);
        point!("broadcast.join.moved");
        Some(floor)
    }

    /// Moves a reader's cursor behind what it has copied; wakes the producer if it waits for that.
    #[inline(always)]
    pub(crate) fn advance(&self, slot: u64, position: u64) {
        // SYNC consumed: that the elements before were copied. A swap, since it must see the bit of a waiting producer.
        let old = self.words.cursor(slot).swap(at(position), Release);
        point!("broadcast.read.moved");
        if has_waiters(old) {
            self.wake_producer(slot);
        }
    }

    /// Shows how far a reader is that holds up nobody.
    #[inline(always)]
    pub(crate) fn show(&self, slot: u64, position: u64) {
        self.words.cursor(slot).store(at(position), Relaxed);
    }

    #[cold]
    #[inline(never)]
    fn wake_producer(&self, slot: u64) {
        self.peers.wake_all(self.words.cursor(slot));
    }

    /// How many slots are taken.
    pub(crate) fn count_readers(&self) -> u64 {
        let slots = 0..self.words.high().load(Relaxed).min(self.words.slots());
        slots.filter(|slot| owner_of(self.words.owner(*slot).load(Relaxed)) != 0).count() as u64
    }

    /// Gives a slot back.
    pub(crate) fn leave(&self, slot: u64, mine: u64) {
        // SYNC consumed
        let old = self.words.cursor(slot).swap(NOWHERE, AcqRel);
        point!("broadcast.leave.gone");
        if has_waiters(old) {
            self.wake_producer(slot);
        }
        // SYNC slot: the cursor. It is a CAS only for the sake of a word that a peer has spoiled.
        let _ = self.words.owner(slot).compare_exchange(mine, free_after(mine), Release, Relaxed);
        point!("broadcast.leave.freed");
    }

    /// What stands at a reader's position.
    #[inline(always)]
    pub(crate) fn look(&self, position: u64) -> Look {
        let word = self.state(position).load(Relaxed);
        // SYNC publish. A fence, since a read-only mapping allows relaxed loads only.
        fence(Acquire);
        if word == full(position) { Look::Here } else { self.look_closer(word, position) }
    }

    #[cold]
    fn look_closer(&self, word: u64, position: u64) -> Look {
        let found = position_of(word);
        if !is_state_of(word, position & self.words.mask(), self.words.mask()) {
            Look::Corrupt
        } else if found <= position {
            Look::NotYet(word)
        } else if found >= position_of(self.head()).saturating_add(BROADCAST_BATCH.min(self.capacity()) + 1) {
            // Whoever sees this state sees a head that is a batch behind it at most (I3).
            Look::Corrupt
        } else {
            Look::Lapped(found)
        }
    }

    /// The oldest element that may be left when that of `found` is, or was, written: see [`Look::Lapped`].
    #[cold]
    pub(crate) fn oldest(&self, found: u64) -> u64 {
        let published = position_of(self.head()).min(LAST_POSITION);
        (found - self.words.mask()).max(published.saturating_sub(self.capacity()))
    }

    /// Whether a position's cell still holds the element, so that the copy made since [`look`](Kernel::look) is whole.
    #[inline(always)]
    pub(crate) fn unchanged(&self, position: u64) -> bool {
        // SYNC overwrite: if the copy has a word of a later element, the load sees that cell in WRITING, or later still.
        fence(Acquire);
        self.state(position).load(Relaxed) == full(position)
    }

    /// What to do at a position that is not yet published. `marks`: the mapping can be written to; `ends`: it is a stream.
    #[cold]
    pub(crate) fn wait_for_element(
        &self,
        position: u64,
        state: u64,
        marks: bool,
        ends: bool,
        patience: &mut Patience,
    ) -> Pause<'a> {
        if patience.spin(self.state(position), state) {
            return Pause::Again;
        }
        self.before_sleep(position, marks, ends, patience)
    }

    /// As [`wait_for_element`](Kernel::wait_for_element), without looking for a while first.
    pub(crate) fn before_sleep(&self, position: u64, marks: bool, ends: bool, patience: &mut Patience) -> Pause<'a> {
        // The role is asked first: what was published before its end is seen by the look behind it.
        let mut over = ends && self.outcome(marks) != Outcome::Open;
        let head = self.words.head();
        let word = self.head();
        if ends && !over && word & BROADCAST_END_BIT != 0 {
            // It has ended just now, and the role says so.
            over = self.outcome_told() != Outcome::Open;
            if !over {
                return Pause::Corrupt;
            }
        }
        match self.look(position) {
            Look::NotYet(_) if position_of(word) > position => return Pause::Corrupt,
            Look::NotYet(_) if over => return Pause::End,
            Look::NotYet(_) => {}
            _ => return Pause::Again,
        }
        if !marks {
            return Pause::Sleep(patience.nap(head, word));
        }
        let sleeping = word | BROADCAST_WAIT_BIT;
        // Relaxed: who publishes or ends changes this word by a read-modify-write, and sees the bit or makes this CAS fail.
        if word != sleeping && head.compare_exchange(word, sleeping, Relaxed, Relaxed).is_err() {
            return Pause::Again;
        }
        point!("broadcast.read.marked");
        Pause::Sleep(Nap::until_changed(head, sleeping))
    }
}
