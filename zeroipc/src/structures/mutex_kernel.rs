//! The algorithm of the mutex, and of what a rwlock's writers hold, on words that may lie in a mapping or on the heap.
//!
//! A lock word that is taken by one CAS from 0 to its owner's id and left by one CAS back
//! ([Drepper](https://www.akkadia.org/drepper/futex.pdf), mutex3, with the owner in the word). Who sleeps sets a bit in it.
//! Who finds it free takes it, whoever has waited longer; who has been overtaken too often **reserves** it by a ticket.
//!
//! ```text
//!            take: CAS                                  leave: CAS
//!  FREE ─────────────────▶ HELD(owner, wait?, ticket?) ───────────▶ FREE, when there is no ticket; wakes one on `lock`
//!                            │      ▲                      └──────▶ RESERVED(ticket); wakes it on `turn`
//!                            └──────┘ take over, when the owner is dead: CAS; sets the mark
//!  RESERVED(ticket) ──take, by who drew the ticket, or by whoever has given way for long: CAS──▶ HELD(owner)
//! ```
//!
//! Invariants:
//! - **L1** Only its owner leaves HELD, unless the kernel says that it is dead.
//! - **L2** The mark is set by the CAS that ends the hold of an owner that died in it, so exactly one learns of that
//!   death from it; and it stays until an owner that was told leaves without it.
//! - **L3** While somebody sleeps on `lock`, the wait bit is set, or somebody who was woken is on his way to look, or a
//!   process died between the two.
//! - **L4** A ticket in the lock is of one waiter, who looks at the lock after each change of `turn`.
//!
//! L3: a sleeper sets the bit by CAS in the word that must change. Leaving removes the bit and wakes one, who carries it on:
//! he takes the lock with the bit, or sets it again before he sleeps or gives up. Where a ticket is, the bit stays and the
//! next owner wakes. L4: leaving with a ticket changes the lock, then `turn`, then wakes; the waiter loads `turn`, then looks
//! at the lock, then sleeps as long as `turn` is what it was.
//!
//! A reservation is a courtesy, and nobody asks whether who made it is alive: who has met the same one on a free lock
//! [`COURTESY`] times, 15 ms in all, goes through. So a dead or stopped waiter holds up nobody.
//!
//! | label | release side | acquire side | what becomes visible |
//! |---|---|---|---|
//! | `unlock` | [`Lock::leave`]: the CAS that frees | [`Lock::try_fast`], [`Lock::take`]: the CAS that takes | what the owner did |
//! | `turn` | [`Lock::leave`]: the addition to `turn` | [`Lock::attempt`] loads `turn` | that the lock is free |
//!
//! All else is relaxed: acting takes a CAS on the lock, which reads the newest word.
//!
//! A dying owner leaves HELD, which the next who waits takes over after the kernel's word; nobody wakes the sleepers, and
//! they look after 250 ms at most. A dying sleeper leaves a bit, which costs one wake, or a reservation. One who dies
//! between leaving and waking, or between waking and taking, leaves sleepers to their next look.

use super::waiting::{Nap, Patience, Peers, Turn};
use crate::format::mutex::{
    LOCK_IDLE_BIT, LOCK_MARK_BIT, LOCK_OWNER_MASK, LOCK_READERS_BIT, LOCK_SHARED_BIT, LOCK_TICKET_SHIFT,
    LOCK_UNUSED_MASK, LOCK_WAIT_BIT,
};
use crate::points::point;
use crate::sync::{Acquire, AtomicU64, Relaxed, Release};

/// The bits of the ticket.
const TICKET_MASK: u64 = u64::MAX << LOCK_TICKET_SHIFT;
/// How often a waiter has slept before it reserves the lock.
pub(crate) const OVERTAKEN: u32 = 4;
/// How many naps a waiter gives way to a reservation that is not taken up.
const COURTESY: u32 = 4;

/// The id in a word; 0 when nobody has the lock.
#[inline(always)]
pub(crate) fn owner(word: u64) -> u32 {
    // It has 24 bits.
    (word & LOCK_OWNER_MASK) as u32
}

fn ticket(word: u64) -> u32 {
    // It has 32 bits.
    (word >> LOCK_TICKET_SHIFT) as u32
}

/// Whether what the lock protects may be half done.
pub(crate) fn is_marked(word: u64) -> bool {
    word & LOCK_MARK_BIT != 0
}

/// Whether the owner, if it is dead, died while it changed what the lock protects.
fn died_at_work(word: u64) -> bool {
    owner(word) != 0 && word & LOCK_IDLE_BIT == 0
}

/// No peer could have written what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Corrupt;

/// What whoever takes the lock learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// What it protects may be half done.
    pub(crate) marked: bool,
}

/// What one who waits for the lock remembers from attempt to attempt.
#[derive(Debug)]
pub(crate) struct Waiter {
    /// How often it has slept.
    sleeps: u32,
    /// After so many it reserves.
    overtaken: u32,
    /// It may have been woken where others sleep, and has to see to them (L3).
    owes: bool,
    /// The owner that it has met, and asks about when it meets it again.
    met: u32,
    /// Its reservation, or 0.
    ticket: u32,
    /// The reservation to which it has given way, and how often.
    gave_way: (u32, u32),
}

impl Waiter {
    /// One that reserves the lock after so many sleeps.
    pub(crate) fn new(overtaken: u32) -> Waiter {
        Waiter { sleeps: 0, overtaken, owes: false, met: 0, ticket: 0, gave_way: (0, 0) }
    }

    /// Whether it is time to ask if an owner is alive: not at first sight, since asking costs more than a short sleep.
    fn asks_about(&mut self, owner: u32) -> bool {
        std::mem::replace(&mut self.met, owner) == owner
    }

    /// Whether the reservation on a free lock, if there is one, is in its way.
    fn gives_way_to(&self, reserved: u32) -> bool {
        reserved != self.ticket && reserved != 0 && self.gave_way != (reserved, COURTESY)
    }

    fn give_way_to(&mut self, reserved: u32) {
        let (before, times) = self.gave_way;
        self.gave_way = (reserved, if before == reserved { times + 1 } else { 1 });
    }
}

/// The lock's algorithm, borrowing the words it works on.
#[derive(Clone, Copy)]
pub(crate) struct Lock<'a, P> {
    pub(crate) lock: &'a AtomicU64,
    pub(crate) turn: &'a AtomicU64,
    pub(crate) peers: &'a P,
    /// The bits with which an owner takes the lock: idle, for those who are not yet at work by having it.
    pub(crate) claim: u64,
}

impl<'a, P: Peers> Lock<'a, P> {
    /// Takes the lock if nothing is special; `true` when that was so, and then it bears no mark.
    #[inline(always)]
    pub(crate) fn try_fast(&self, me: u32) -> bool {
        // SYNC unlock
        self.lock.compare_exchange(0, u64::from(me) | self.claim, Acquire, Relaxed).is_ok()
    }

    /// Leaves the lock if nothing is special; `true` when that was so.
    #[inline(always)]
    pub(crate) fn leave_fast(&self, me: u32) -> bool {
        // SYNC unlock
        self.lock.compare_exchange(u64::from(me), 0, Release, Relaxed).is_ok()
    }

    /// One look at the lock: takes it, or says on what to sleep. Who gives up then calls [`withdraw`](Lock::withdraw).
    #[cold]
    pub(crate) fn attempt(
        &self,
        me: u32,
        waiter: &mut Waiter,
        patience: &mut Patience,
    ) -> Result<Turn<'a, Held>, Corrupt> {
        // SYNC turn
        let turn = self.turn.load(Acquire);
        let word = self.load()?;
        let (owner, reserved) = (owner(word), ticket(word));
        if waiter.ticket != reserved {
            // Somebody went through.
            waiter.ticket = 0;
        }
        let mut asked = false;
        if owner != 0 {
            if word & LOCK_WAIT_BIT == 0 && patience.spin(self.lock, word) {
                return Ok(Turn::Again);
            }
            asked = waiter.asks_about(owner);
        }
        let dead = asked && self.peers.is_dead(owner);
        if dead || owner == 0 && !waiter.gives_way_to(reserved) {
            if dead {
                point!("mutex.lock.dead");
            }
            return Ok(self.take(word, me, waiter).map_or(Turn::Again, Turn::Done));
        }
        if owner == 0 {
            waiter.give_way_to(reserved);
        } else if reserved == 0 && waiter.sleeps >= waiter.overtaken {
            self.reserve(word, waiter);
            return Ok(Turn::Again);
        }
        let (on, seen) = if waiter.ticket != 0 {
            (self.turn, turn)
        } else {
            let sleeping = word | LOCK_WAIT_BIT;
            // Relaxed: whoever leaves or takes does so by a CAS on this word, and sees the bit or makes this CAS fail.
            if word != sleeping && self.lock.compare_exchange(word, sleeping, Relaxed, Relaxed).is_err() {
                return Ok(Turn::Again);
            }
            point!("mutex.lock.waits");
            (self.lock, sleeping)
        };
        waiter.sleeps += 1;
        waiter.owes = true;
        // Who is in the way may be dead: it was not asked about, or it is a reservation, and nobody knows whose.
        Ok(Turn::Wait(if asked { Nap::until_changed(on, seen) } else { patience.nap(on, seen) }))
    }

    /// Takes the lock if nobody has it, a reservation notwithstanding, or who has it is dead.
    #[cold]
    pub(crate) fn try_take(&self, me: u32, waiter: &mut Waiter) -> Result<Option<Held>, Corrupt> {
        loop {
            let word = self.load()?;
            if owner(word) != 0 {
                if !self.peers.is_dead(owner(word)) {
                    return Ok(None);
                }
                point!("mutex.lock.dead");
            }
            if let Some(held) = self.take(word, me, waiter) {
                return Ok(Some(held));
            }
        }
    }

    fn load(&self) -> Result<u64, Corrupt> {
        let word = self.lock.load(Relaxed);
        if word & LOCK_UNUSED_MASK == 0 { Ok(word) } else { Err(Corrupt) }
    }

    /// Makes the lock ours, which is free or whose owner is dead; `None` when it is no longer as it was.
    fn take(&self, word: u64, me: u32, waiter: &mut Waiter) -> Option<Held> {
        let marked = is_marked(word) || died_at_work(word);
        let reserved = ticket(word);
        let ends = reserved == waiter.ticket || owner(word) == 0 && waiter.gave_way == (reserved, COURTESY);
        let mut next = u64::from(me) | self.claim | word & (LOCK_READERS_BIT | LOCK_WAIT_BIT);
        next |= if ends { 0 } else { word & TICKET_MASK };
        next |= if waiter.owes { LOCK_WAIT_BIT } else { 0 };
        next |= if marked { LOCK_MARK_BIT } else { 0 };
        // SYNC unlock
        self.lock.compare_exchange(word, next, Acquire, Relaxed).ok()?;
        point!("mutex.lock.taken");
        waiter.ticket = 0;
        Some(Held { marked })
    }

    /// Reserves the lock for when its owner leaves.
    fn reserve(&self, word: u64, waiter: &mut Waiter) {
        let drawn = self.turn.fetch_add(1 << LOCK_TICKET_SHIFT, Relaxed);
        let drawn = ticket(drawn).wrapping_add(1).max(1);
        let owed = if waiter.owes { LOCK_WAIT_BIT } else { 0 };
        let next = word | u64::from(drawn) << LOCK_TICKET_SHIFT | owed;
        // Relaxed: as the wait bit.
        if self.lock.compare_exchange(word, next, Relaxed, Relaxed).is_ok() {
            point!("mutex.lock.reserved");
            waiter.ticket = drawn;
        }
    }

    /// Takes a reservation back; for whoever gives up waiting.
    #[cold]
    pub(crate) fn withdraw(&self, waiter: &mut Waiter) {
        let mine = std::mem::replace(&mut waiter.ticket, 0);
        if mine == 0 {
            return;
        }
        loop {
            let word = self.lock.load(Relaxed);
            if ticket(word) != mine {
                return;
            }
            let free = owner(word) == 0;
            let next = word & !TICKET_MASK & if free { !LOCK_WAIT_BIT } else { u64::MAX };
            if self.lock.compare_exchange(word, next, Relaxed, Relaxed).is_ok() {
                point!("mutex.lock.withdrawn");
                // It was our turn, and now it is the next one's.
                if free && word & LOCK_WAIT_BIT != 0 {
                    self.peers.wake(self.lock, 1);
                }
                return;
            }
        }
    }

    /// Ends our hold, with or without the mark, and returns the word that it had; `None` if it is not ours.
    #[cold]
    pub(crate) fn release(&self, me: u32, marked: bool) -> Option<u64> {
        loop {
            let word = self.lock.load(Relaxed);
            if owner(word) != me {
                return None;
            }
            if self.leave(word, marked) {
                return Some(word);
            }
        }
    }

    /// Ends the hold of a dead owner without taking the lock, for who only wants it to be free; `false` when it is no longer
    /// as it was.
    #[cold]
    pub(crate) fn bury(&self, word: u64) -> bool {
        self.leave(word, is_marked(word) || died_at_work(word))
    }

    fn leave(&self, word: u64, marked: bool) -> bool {
        let reserved = word & TICKET_MASK;
        let mut next = if reserved != 0 { reserved | word & LOCK_WAIT_BIT } else { 0 };
        next |= if marked { LOCK_MARK_BIT } else { 0 };
        // SYNC unlock
        if self.lock.compare_exchange(word, next, Release, Relaxed).is_err() {
            return false;
        }
        point!("mutex.unlock.left");
        if reserved != 0 {
            // SYNC turn
            self.turn.fetch_add(1, Release);
            point!("mutex.unlock.passed");
            self.peers.wake_all(self.turn);
        } else if word & LOCK_WAIT_BIT != 0 {
            self.peers.wake(self.lock, 1);
        }
        true
    }
}

/// Whether readers of a rwlock may read beside what the word says.
#[inline(always)]
pub(crate) fn lets_readers_in(word: u64) -> bool {
    owner(word) == 0 || word & LOCK_SHARED_BIT != 0
}
