//! The algorithm of the lock for many readers or one writer, on words that may lie in a mapping or on the heap.
//!
//! Writers exclude each other by the [lock of the mutex](super::mutex_kernel). Each reader has a **slot** with its id,
//! which it takes by one CAS, and then it looks whether a writer has the lock; a writer takes the lock, and then looks at all slots.
//! So readers on different cores write to different cache lines, and a dead reader is known by its slot. The lock is
//! **phase-fair** ([Brandenburg and Anderson](https://doi.org/10.1109/ECRTS.2009.14)): a reader waits for one writer at most,
//! and a writer that has the lock only for those who read then.
//!
//! ```text
//!  a slot:   FREE ──claim: CAS──▶ READING(id) ──leave: CAS──▶ FREE
//!                                  │      ▲
//!               a writer is there  ▼      │  grant: CAS by the writer that leaves; by the reader itself, when none is there
//!                                WAITING(id) ──give up: CAS──▶ FREE
//!  READING(dead), WAITING(dead) ──by who stands there: CAS──▶ FREE
//!
//!  the lock: FREE ──▶ HELD, idle: waits for the slots ──▶ HELD: writes ──▶ FREE
//!                                                          └─downgrade─▶ HELD, idle, shared: reads ──▶ FREE
//! ```
//!
//! Invariants, beside those of the mutex:
//! - **R1** While the lock is held and not idle, nobody reads: no slot is READING, but of a reader that is about to look
//!   at the lock and will step back.
//! - **R2** Only its owner leaves a slot's READING and WAITING, unless the kernel says that it is dead; only the owner of the
//!   lock grants.
//! - **R3** A WAITING reader sleeps only after it has set the readers bit of the lock's word, behind its slot.
//! - **R4** A slot's bits for sleepers are set by those who sleep, in READING and WAITING, and whoever frees the slot wakes them.
//!
//! R1 rests on who sees whom:
//!
//! ```text
//!  reader:  slot := READING   (announce)         writer:  lock := HELD
//!                                                         fence(SeqCst)
//!           lock = HELD?      (observe)                   slot = READING?
//! ```
//!
//! `announce` and `observe` are SeqCst. Suppose that neither sees the other. The observation reads what was before HELD, so it
//! comes before the fence in the one order of SeqCst operations; the look at the slot reads what was before READING, so the fence comes before the
//! announcement; and that comes before the observation: a circle. So a reader that a writer overlooks sees the writer, and steps back.
//!
//! R3: whoever leaves the lock takes the readers bit away by a CAS that acquires from all who set it, and so sees their slots.
//! It grants them, then leaves. One who sets the bit behind that CAS is woken after the leaving, and finds the lock free, or
//! has to do with the next writer, whose word then says that readers wait.
//!
//! | label | release side | acquire side | what becomes visible |
//! |---|---|---|---|
//! | `unlock` | [`Lock`]: the CAS that frees; [`Kernel::downgrade`]: the CAS that shares | [`observe`] of the lock | what the writer did |
//! | `read` | [`Kernel::free`]: the CAS that frees a slot | a writer's load of the slot | that the reader has read |
//! | `grant` | [`Kernel::grant`]: the CAS to READING | the waiting reader's load of its slot | what the writer did, and the mark |
//! | `waiting` | [`Kernel::read_attempt`]: the CAS that sets the readers bit | [`Kernel::leave_write`], [`Kernel::downgrade`]: the CAS that takes it away; [`Kernel::wake_waiting`]: the fence behind it | the slot |
//! | `crowd` | [`Kernel::free`]: the addition to `crowd` | [`Kernel::read_attempt`] loads `crowd` | that a slot is free |
//!
//! A dying reader leaves its slot, which the next writer frees, or a reader that finds no other. A dying writer leaves the
//! lock, which the next writer takes over, or a reader that waits frees; if it was at work, with the mark.

use super::mutex_kernel::{Corrupt, Held, Lock, Waiter, is_marked, lets_readers_in, owner};
use super::waiting::{Nap, Patience, Peers, Turn};
use crate::format::mutex::{LOCK_IDLE_BIT, LOCK_MARK_BIT, LOCK_READERS_BIT, LOCK_SHARED_BIT, LOCK_UNUSED_MASK};
use crate::format::rwlock::{SLOT_CROWD_BIT, SLOT_OWNER_MASK, SLOT_WAITING_BIT, SLOT_WRITER_BIT};
use crate::points::point;
use crate::sync::{AcqRel, Acquire, AtomicU64, Relaxed, Release, SeqCst, announce, fence, observe};

/// Where the slots are.
pub(crate) trait Slots {
    /// How many there are, at least one.
    fn count(&self) -> u64;
    /// The slot at an index below that.
    fn slot(&self, index: u64) -> &AtomicU64;
}

fn reader(word: u64) -> u32 {
    // It has 24 bits.
    (word & SLOT_OWNER_MASK) as u32
}

fn is_reading(word: u64) -> bool {
    reader(word) != 0 && word & SLOT_WAITING_BIT == 0
}

fn is_waiting(word: u64) -> bool {
    reader(word) != 0 && word & SLOT_WAITING_BIT != 0
}

/// Whether a peer could have written this to a slot.
pub(crate) fn is_possible(word: u64) -> bool {
    let known = SLOT_OWNER_MASK | SLOT_WAITING_BIT | SLOT_WRITER_BIT | SLOT_CROWD_BIT;
    word & !known == 0 && (word == 0 || reader(word) != 0)
}

/// Somebody reads, in the slot at an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) index: u64,
    /// What the lock protects may be half done.
    pub(crate) marked: bool,
}

/// What a reader's first look came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Reads(Reading),
    /// It has its slot, and a writer is there.
    Behind,
    /// Somebody else has the slot.
    Taken,
}

/// The slot of a reader that does not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seat {
    None,
    /// READING, and not yet seen whether a writer is there.
    Claimed(u64),
    Waiting(u64),
}

/// What one who wants to read remembers from attempt to attempt.
#[derive(Debug)]
pub(crate) struct Reader {
    home: u64,
    seat: Seat,
    /// The writer that it has met, and asks about when it meets it again.
    met: u32,
    /// It has found no free slot before, and asks about those who have them.
    crowded: bool,
}

impl Reader {
    /// One that looks for a slot from `home` on; `claimed` when it has that one by [`Kernel::read_fast`].
    pub(crate) fn new(home: u64, claimed: bool) -> Reader {
        let seat = if claimed { Seat::Claimed(home) } else { Seat::None };
        Reader { home, seat, met: 0, crowded: false }
    }
}

/// What one who wants to write remembers from attempt to attempt.
#[derive(Debug)]
pub(crate) struct Writer {
    waiter: Waiter,
    /// With the lock: what it was told of a death, and the first slot that may be READING.
    holds: Option<(Held, u64)>,
    /// The reader that it has met, and asks about when it meets it again.
    met: u32,
}

impl Writer {
    /// One that reserves the writers' lock after so many sleeps.
    pub(crate) fn new(overtaken: u32) -> Writer {
        Writer { waiter: Waiter::new(overtaken), holds: None, met: 0 }
    }
}

/// The lock's algorithm, borrowing the words it works on.
pub(crate) struct Kernel<'a, S, P> {
    /// The writers' lock, whose claim is idle.
    pub(crate) lock: Lock<'a, P>,
    pub(crate) crowd: &'a AtomicU64,
    pub(crate) slots: &'a S,
}

impl<'a, S: Slots, P: Peers> Kernel<'a, S, P> {
    fn peers(&self) -> &'a P {
        self.lock.peers
    }

    fn slot(&self, index: u64) -> &'a AtomicU64 {
        self.slots.slot(index)
    }

    /// Reads if nothing is special. After [`Look::Behind`] the slot is claimed, and the caller goes on with it.
    #[inline(always)]
    pub(crate) fn read_fast(&self, me: u32, home: u64) -> Look {
        if announce(self.slot(home), 0, u64::from(me)).is_err() {
            return Look::Taken;
        }
        point!("rwlock.read.claimed");
        // SYNC unlock
        let word = observe(self.lock.lock);
        if lets_readers_in(word) && word & LOCK_UNUSED_MASK == 0 {
            return Look::Reads(Reading { index: home, marked: is_marked(word) });
        }
        Look::Behind
    }

    /// Ends reading if nobody sleeps on the slot; `true` when that was so.
    #[inline(always)]
    pub(crate) fn leave_read_fast(&self, me: u32, index: u64) -> bool {
        // SYNC read
        self.slot(index).compare_exchange(u64::from(me), 0, Release, Relaxed).is_ok()
    }

    /// Ends reading.
    #[cold]
    pub(crate) fn leave_read(&self, me: u32, index: u64) {
        loop {
            let word = self.slot(index).load(Relaxed);
            if reader(word) != me || is_waiting(word) || self.free(index, word) {
                return;
            }
        }
    }

    /// Frees a slot and wakes who sleeps because it was not; `false` when it is no longer as it was.
    fn free(&self, index: u64, word: u64) -> bool {
        let slot = self.slot(index);
        // SYNC read. Acquire: what a dead reader did comes before what whoever frees its slot does next.
        if slot.compare_exchange(word, 0, AcqRel, Relaxed).is_err() {
            return false;
        }
        point!("rwlock.slot.freed");
        if word & SLOT_WRITER_BIT != 0 {
            self.peers().wake_all(slot);
        }
        if word & SLOT_CROWD_BIT != 0 {
            // SYNC crowd
            self.crowd.fetch_add(1, Release);
            point!("rwlock.slot.told");
            self.peers().wake_all(self.crowd);
        }
        true
    }

    /// One look: reads, or says on what to sleep.
    #[cold]
    pub(crate) fn read_attempt(
        &self,
        me: u32,
        reader: &mut Reader,
        patience: &mut Patience,
    ) -> Result<Turn<'a, Reading>, Corrupt> {
        loop {
            match reader.seat {
                Seat::None => {
                    // SYNC crowd
                    let crowd = self.crowd.load(Acquire);
                    match self.claim(me, reader.home, reader.crowded, true)? {
                        Some(index) => reader.seat = Seat::Claimed(index),
                        None => {
                            reader.crowded = true;
                            return Ok(Turn::Wait(patience.nap(self.crowd, crowd)));
                        }
                    }
                }
                Seat::Claimed(index) => {
                    // SYNC unlock
                    let word = observe(self.lock.lock);
                    if word & LOCK_UNUSED_MASK != 0 {
                        self.leave_read(me, index);
                        reader.seat = Seat::None;
                        return Err(Corrupt);
                    }
                    if lets_readers_in(word) {
                        reader.seat = Seat::None;
                        return Ok(Turn::Done(Reading { index, marked: is_marked(word) }));
                    }
                    self.step_back(index);
                    reader.seat = Seat::Waiting(index);
                }
                Seat::Waiting(index) => {
                    return self.wait_seated(me, index, reader, patience);
                }
            }
        }
    }

    /// A look of a reader in WAITING.
    fn wait_seated(
        &self,
        me: u32,
        index: u64,
        who: &mut Reader,
        patience: &mut Patience,
    ) -> Result<Turn<'a, Reading>, Corrupt> {
        let slot = self.slot(index);
        // SYNC grant
        let seat = slot.load(Acquire);
        if reader(seat) != me {
            who.seat = Seat::None;
            return Err(Corrupt);
        }
        let word = self.lock.lock.load(Relaxed);
        if is_reading(seat) {
            who.seat = Seat::None;
            return Ok(Turn::Done(Reading { index, marked: is_marked(word) }));
        }
        if word & LOCK_UNUSED_MASK != 0 {
            return Err(Corrupt);
        }
        if lets_readers_in(word) {
            if announce(slot, seat, seat & !SLOT_WAITING_BIT).is_ok() {
                point!("rwlock.read.seated");
                who.seat = Seat::Claimed(index);
            }
            return Ok(Turn::Again);
        }
        if patience.spin(slot, seat) {
            return Ok(Turn::Again);
        }
        let writer = owner(word);
        let again = std::mem::replace(&mut who.met, writer) == writer;
        if again && self.peers().is_dead(writer) {
            point!("rwlock.read.dead");
            self.bury(word);
            return Ok(Turn::Again);
        }
        // SYNC waiting. Also when the bit is there: who takes it away has to acquire from us.
        if self.lock.lock.compare_exchange(word, word | LOCK_READERS_BIT, Release, Relaxed).is_err() {
            return Ok(Turn::Again);
        }
        point!("rwlock.read.marked");
        Ok(Turn::Wait(if again { Nap::until_changed(slot, seat) } else { patience.nap(slot, seat) }))
    }

    /// Takes a slot, from `home` on; `None` when all are taken. With `ask`, those of the dead are freed; with `sleep`, who
    /// leaves a slot is told that somebody sleeps for it.
    #[cold]
    fn claim(&self, me: u32, home: u64, ask: bool, sleep: bool) -> Result<Option<u64>, Corrupt> {
        let count = self.slots.count();
        for step in 0..count {
            let index = (home + step) % count;
            if self.slot(index).load(Relaxed) == 0 && announce(self.slot(index), 0, u64::from(me)).is_ok() {
                point!("rwlock.read.claimed");
                return Ok(Some(index));
            }
        }
        let mut index = 0;
        while index < count {
            let word = self.slot(index).load(Relaxed);
            if !is_possible(word) {
                return Err(Corrupt);
            }
            if word == 0 {
                if announce(self.slot(index), 0, u64::from(me)).is_ok() {
                    point!("rwlock.read.claimed");
                    return Ok(Some(index));
                }
            } else if ask && self.peers().is_dead(reader(word)) {
                point!("rwlock.slot.dead");
                self.free(index, word);
            } else {
                let told = word | SLOT_CROWD_BIT;
                // Relaxed: whoever frees the slot does so by a CAS on this word, and sees the bit or makes this CAS fail.
                let done = !sleep || self.slot(index).compare_exchange(word, told, Relaxed, Relaxed).is_ok();
                index += u64::from(done);
            }
        }
        Ok(None)
    }

    /// READING becomes WAITING, since a writer is there.
    fn step_back(&self, index: u64) {
        let slot = self.slot(index);
        loop {
            let word = slot.load(Relaxed);
            let next = (word & !SLOT_WRITER_BIT) | SLOT_WAITING_BIT;
            // Release as in `free`: whoever read in this slot before us is ordered before the writer.
            if slot.compare_exchange(word, next, AcqRel, Relaxed).is_ok() {
                point!("rwlock.read.stepped_back");
                if word & SLOT_WRITER_BIT != 0 {
                    self.peers().wake_all(slot);
                }
                return;
            }
        }
    }

    /// For a reader that gives up: the lock all the same, if a writer has just granted it.
    #[cold]
    pub(crate) fn withdraw_read(&self, me: u32, who: &mut Reader) -> Option<Reading> {
        let seat = std::mem::replace(&mut who.seat, Seat::None);
        let (Seat::Claimed(index) | Seat::Waiting(index)) = seat else { return None };
        loop {
            // SYNC grant
            let word = self.slot(index).load(Acquire);
            if reader(word) != me {
                return None;
            }
            if seat == Seat::Waiting(index) && is_reading(word) {
                return Some(Reading { index, marked: is_marked(self.lock.lock.load(Relaxed)) });
            }
            if self.free(index, word) {
                return None;
            }
        }
    }

    /// Reads if no writer is there that is alive, and a slot is free.
    #[cold]
    pub(crate) fn try_read(&self, me: u32, home: u64) -> Result<Option<Reading>, Corrupt> {
        let Some(index) = self.claim(me, home, true, false)? else { return Ok(None) };
        loop {
            // SYNC unlock
            let word = observe(self.lock.lock);
            let possible = word & LOCK_UNUSED_MASK == 0;
            if possible && lets_readers_in(word) {
                return Ok(Some(Reading { index, marked: is_marked(word) }));
            }
            if !possible || !self.peers().is_dead(owner(word)) {
                self.leave_read(me, index);
                return if possible { Ok(None) } else { Err(Corrupt) };
            }
            point!("rwlock.read.dead");
            self.bury(word);
        }
    }

    /// Ends the hold of a dead writer.
    fn bury(&self, word: u64) {
        if self.lock.bury(word) {
            self.wake_waiting();
        }
    }

    /// One look: writes, or says on what to sleep. From when it has the lock on, it keeps new readers out; who gives
    /// up then calls [`withdraw_write`](Kernel::withdraw_write).
    #[cold]
    pub(crate) fn write_attempt(
        &self,
        me: u32,
        writer: &mut Writer,
        patience: &mut Patience,
    ) -> Result<Turn<'a, Held>, Corrupt> {
        if writer.holds.is_none() {
            match self.lock.attempt(me, &mut writer.waiter, patience)? {
                Turn::Done(held) => self.hold(writer, held),
                turn => return Ok(turn),
            }
        }
        self.drain(writer, patience)
    }

    fn hold(&self, writer: &mut Writer, held: Held) {
        writer.holds = Some((held, 0));
        // Between the lock and the slots: R1 has the litmus.
        fence(SeqCst);
    }

    /// Waits until nobody reads, slot after slot. Whoever claims one that was passed sees the lock.
    fn drain(&self, writer: &mut Writer, patience: &mut Patience) -> Result<Turn<'a, Held>, Corrupt> {
        let Some((held, mut index)) = writer.holds else { return Err(Corrupt) };
        while index < self.slots.count() {
            let slot = self.slot(index);
            // SYNC read
            let word = slot.load(Acquire);
            if !is_reading(word) {
                index += 1;
                continue;
            }
            writer.holds = Some((held, index));
            if word & SLOT_WRITER_BIT == 0 && patience.spin(slot, word) {
                return Ok(Turn::Again);
            }
            let reader = reader(word);
            let again = std::mem::replace(&mut writer.met, reader) == reader;
            if again && self.peers().is_dead(reader) {
                point!("rwlock.slot.dead");
                self.free(index, word);
                continue;
            }
            let sleeping = word | SLOT_WRITER_BIT;
            // Relaxed: whoever leaves the slot does so by a CAS on this word, and sees the bit or makes this CAS fail.
            if word != sleeping && slot.compare_exchange(word, sleeping, Relaxed, Relaxed).is_err() {
                return Ok(Turn::Again);
            }
            point!("rwlock.write.marked");
            let nap = if again { Nap::until_changed(slot, sleeping) } else { patience.nap(slot, sleeping) };
            return Ok(Turn::Wait(nap));
        }
        Ok(Turn::Done(self.begin(writer, held)))
    }

    /// Whoever dies from here on has been at work.
    fn begin(&self, writer: &mut Writer, held: Held) -> Held {
        point!("rwlock.write.drained");
        writer.holds = None;
        // Relaxed: it speaks to those who find us dead, by the kernel's word.
        self.lock.lock.fetch_and(!LOCK_IDLE_BIT, Relaxed);
        point!("rwlock.write.begun");
        held
    }

    /// Writes if nobody who is alive reads or writes; a reservation of another writer notwithstanding.
    #[cold]
    pub(crate) fn try_write(&self, me: u32, writer: &mut Writer) -> Result<Option<Held>, Corrupt> {
        if writer.holds.is_none() {
            match self.lock.try_take(me, &mut writer.waiter)? {
                Some(held) => self.hold(writer, held),
                None => return Ok(None),
            }
        }
        let Some((held, _)) = writer.holds else { return Err(Corrupt) };
        for index in 0..self.slots.count() {
            // SYNC read
            let word = self.slot(index).load(Acquire);
            if is_reading(word) && !(self.peers().is_dead(reader(word)) && self.free(index, word)) {
                return Ok(None);
            }
        }
        Ok(Some(self.begin(writer, held)))
    }

    /// For a writer that gives up: lets the readers in that have waited for it.
    #[cold]
    pub(crate) fn withdraw_write(&self, me: u32, writer: &mut Writer) {
        self.lock.withdraw(&mut writer.waiter);
        if let Some((held, _)) = writer.holds.take() {
            self.leave_write(me, held.marked);
        }
    }

    /// Ends writing: first the readers that wait get the lock, then whoever comes.
    #[cold]
    pub(crate) fn leave_write(&self, me: u32, marked: bool) {
        let mark = if marked { LOCK_MARK_BIT } else { 0 };
        // It is not at work any more. Readers find the mark before they are let in.
        if self.answer_readers(me, LOCK_IDLE_BIT | mark) {
            point!("rwlock.unlock.answered");
            self.grant();
        }
        if self.lock.release(me, marked).is_some_and(|word| word & LOCK_READERS_BIT != 0) {
            self.wake_waiting();
        }
    }

    /// Takes the readers bit away, if it is there, and the mark; sets `bits` then.
    fn answer_readers(&self, me: u32, bits: u64) -> bool {
        loop {
            let word = self.lock.lock.load(Relaxed);
            if owner(word) != me || word & LOCK_READERS_BIT == 0 {
                return false;
            }
            let next = word & !(LOCK_READERS_BIT | LOCK_MARK_BIT) | bits;
            // SYNC waiting
            if self.lock.lock.compare_exchange(word, next, Acquire, Relaxed).is_ok() {
                return true;
            }
        }
    }

    /// The writer becomes a reader, without anybody writing between. It keeps the writers' lock.
    #[cold]
    pub(crate) fn downgrade(&self, me: u32, marked: bool) {
        let mark = if marked { LOCK_MARK_BIT } else { 0 };
        loop {
            let word = self.lock.lock.load(Relaxed);
            if owner(word) != me {
                return;
            }
            let next = word & !(LOCK_READERS_BIT | LOCK_MARK_BIT) | LOCK_IDLE_BIT | LOCK_SHARED_BIT | mark;
            // SYNC unlock, SYNC waiting
            if self.lock.lock.compare_exchange(word, next, AcqRel, Relaxed).is_ok() {
                point!("rwlock.downgrade.shared");
                if word & LOCK_READERS_BIT != 0 {
                    self.grant();
                }
                return;
            }
        }
    }

    /// Lets all readers in that wait. Only for who has the lock and does not write (R2).
    fn grant(&self) {
        for index in 0..self.slots.count() {
            let slot = self.slot(index);
            let mut word = slot.load(Relaxed);
            while is_waiting(word) {
                // SYNC grant
                match slot.compare_exchange(word, word & !SLOT_WAITING_BIT, Release, Relaxed) {
                    Ok(_) => {
                        point!("rwlock.unlock.granted");
                        self.peers().wake_all(slot);
                        break;
                    }
                    Err(now) => word = now,
                }
            }
        }
    }

    /// Wakes all readers that wait, so that they look.
    fn wake_waiting(&self) {
        point!("rwlock.unlock.left");
        // SYNC waiting: the CAS that freed the lock took the bit away, and did not acquire.
        fence(Acquire);
        for index in 0..self.slots.count() {
            let slot = self.slot(index);
            if is_waiting(slot.load(Relaxed)) {
                self.peers().wake_all(slot);
            }
        }
    }
}
