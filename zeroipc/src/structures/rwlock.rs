//! A lock for many readers or one writer.
//!
//! `docs/structures/rwlock.md` has the bytes and the states, [`rwlock_kernel`](super::rwlock_kernel) the algorithm, its
//! invariants and its orderings. This file joins the two, and is the handle.

use std::cell::Cell;
use std::fmt;
use std::mem::offset_of;
use std::time::{Duration, Instant};

use super::mapped::Mapped;
use super::mutex_kernel::{Corrupt, Held, Lock, OVERTAKEN};
use super::rwlock_kernel::{Kernel, Look, Reader, Reading, Slots, Writer, is_possible};
use super::waiting::{Patience, Turn, block};
use crate::error::{Error, ErrorKind, Result};
use crate::format::mutex::{LOCK_IDLE_BIT, LOCK_UNUSED_MASK};
use crate::format::rwlock::{MAX_RWLOCK_READERS, RwlockHeader, SLOT_STRIDE};
use crate::format::schema::Kind;
use crate::memory::{Blueprint, Memory, Segment};
use crate::points::point;
use crate::sync::{AtomicU32, AtomicU64, Relaxed};
use crate::table::Fit;
use crate::wait::deadline_after;
#[cfg(feature = "async")]
use crate::wait::waiting;

const HEADER: u64 = size_of::<RwlockHeader>() as u64;

fn size(readers: u64) -> u64 {
    // At most 1,000 of them (checked), so it fits.
    HEADER + SLOT_STRIDE * readers
}

/// A lock that many readers or one writer of all processes hold at a time, and that outlives whoever dies with it.
///
/// It holds no data: it protects what its users agree on. It has a fixed number of places for those who read at the same
/// time; more wait until one is free. Readers on different cores do not disturb each other: each writes to a cache line of its own.
/// It is not reentrant: a thread that reads and asks again may wait for a writer that waits for it, and one that writes and
/// asks again waits for itself; only a deadline helps.
///
/// # Fairness
/// Readers and writers take turns. A writer that waits keeps new readers out, so it waits only for those who read when it
/// came. When it leaves, the readers that have waited go first, all of them, before the next writer. Among writers a free
/// lock goes to whoever comes first, and who has slept for it several times reserves it, as with a [`Mutex`](crate::Mutex).
///
/// # When a holder dies
/// Nobody is blocked. A reader that dies is cleared away by whoever it is in the way of. A writer that dies while it
/// writes may leave things half done: the lock is **marked**, and every reader and writer is told
/// ([`RwWriteGuard::previous_writer_died`]) until a writer has put things right and says so
/// ([`RwWriteGuard::mark_consistent`]). A panic while writing marks it in the same way. A writer that dies while it waits marks
/// nothing.
///
/// A process that is stopped counts as alive and keeps its lock; deadlines still work.
///
/// # Fork
/// A guard belongs to the process that locked. In a forked child it does nothing, and is dropped without effect.
///
/// Operations are not for signal handlers.
///
/// # Examples
/// ```
/// use zeroipc::{Array, Memory, RwLock};
/// # let name = format!("/zeroipc_doc_rwlock_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let route = Array::<f64>::create(&memory, "route", 100)?;
/// let lock = RwLock::open_or_create(&memory, "route_lock", 16)?;
///
/// let mut writing = lock.write()?;
/// if writing.previous_writer_died() {
///     route.fill(0.0);
///     writing.mark_consistent();
/// }
/// route.set(0, 52.5);
/// // From here on others read as well, and nobody has written between.
/// let reading = writing.downgrade();
/// assert_eq!(route.get(0), Some(52.5));
/// assert!(lock.try_read()?.is_some());
/// assert!(lock.try_write()?.is_none());
/// drop(reading);
/// # Ok::<(), zeroipc::Error>(())
/// ```
#[derive(Clone)]
pub struct RwLock {
    words: Words,
}

/// Where a lock's words are in a mapping; the number of slots is checked against the entry.
#[derive(Clone)]
struct Words {
    mapped: Mapped<RwlockHeader>,
    readers: u64,
}

impl Slots for Words {
    #[inline(always)]
    fn count(&self) -> u64 {
        self.readers
    }

    #[inline(always)]
    fn slot(&self, index: u64) -> &AtomicU64 {
        // Below `readers`, so far below 2^32.
        self.mapped.word((HEADER + SLOT_STRIDE * index) as usize)
    }
}

impl RwLock {
    /// Creates a lock that nobody holds, with places for so many readers at a time, 1 to 1,000. Each takes 64 bytes, and a
    /// writer looks at all of them.
    ///
    /// # Errors
    /// [`BadArgument`](ErrorKind::BadArgument), [`Exists`](ErrorKind::Exists), [`BadName`](ErrorKind::BadName),
    /// [`OutOfSpace`](ErrorKind::OutOfSpace), [`OutOfMemory`](ErrorKind::OutOfMemory),
    /// [`TableFull`](ErrorKind::TableFull), [`SchemaFull`](ErrorKind::SchemaFull), [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str, readers: u64) -> Result<RwLock> {
        check_readers(name, readers)?;
        RwLock::attach(RwLock::with_blueprint(name, readers, |blueprint| Mapped::create(memory, blueprint))?)
    }

    /// Opens a lock.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`KindMismatch`](ErrorKind::KindMismatch), [`Corrupt`](ErrorKind::Corrupt),
    /// [`TypeMismatch`](ErrorKind::TypeMismatch).
    pub fn open(memory: &Memory, name: &str) -> Result<RwLock> {
        RwLock::attach(Mapped::open(memory, Kind::RWLOCK, name, &[])?)
    }

    /// Opens a lock, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](RwLock::create) and [`open`](RwLock::open), and [`BadArgument`](ErrorKind::BadArgument) if the lock
    /// is there with another number of places.
    pub fn open_or_create(memory: &Memory, name: &str, readers: u64) -> Result<RwLock> {
        check_readers(name, readers)?;
        let lock = RwLock::attach(RwLock::with_blueprint(name, readers, |blueprint| {
            Mapped::open_or_create(memory, blueprint)
        })?)?;
        lock.words.mapped.check_number("a number of readers", lock.words.readers, readers)?;
        Ok(lock)
    }

    fn with_blueprint<R>(name: &str, readers: u64, run: impl FnOnce(&Blueprint<'_>) -> R) -> R {
        run(&Blueprint {
            kind: Kind::RWLOCK,
            name,
            elements: &[],
            size: size(readers),
            fit: Fit::WORDS,
            // New memory is zero, and so is all that is free.
            initialise: &|region, offset| {
                region.u64_at(offset + offset_of!(RwlockHeader, readers) as u64)?.store(readers, Relaxed);
                Ok(())
            },
        })
    }

    fn attach(mapped: Mapped<RwlockHeader>) -> Result<RwLock> {
        // Read once; the handle never asks again.
        let readers = mapped.word(offset_of!(RwlockHeader, readers)).load(Relaxed);
        if !(1..=MAX_RWLOCK_READERS).contains(&readers) {
            let found = format!("its number of readers is {readers} instead of 1 to {MAX_RWLOCK_READERS}");
            return Err(mapped.corrupt(found));
        }
        mapped.check_size(Some(size(readers)))?;
        let lock = RwLock { words: Words { mapped, readers } };
        if !lock.words.mapped.recorded() {
            lock.check_words()?;
        }
        Ok(lock)
    }

    fn check_words(&self) -> Result<()> {
        let word = self.words.mapped.word(offset_of!(RwlockHeader, lock)).load(Relaxed);
        let foreign = (0..self.words.readers).find(|&index| !is_possible(self.words.slot(index).load(Relaxed)));
        match foreign {
            None if word & LOCK_UNUSED_MASK == 0 => Ok(()),
            None => Err(self.corrupt(Corrupt)),
            Some(index) => Err(self.words.mapped.corrupt(format!("slot {index} is in no possible state"))),
        }
    }

    #[inline(always)]
    fn kernel(&self) -> Kernel<'_, Words, Segment> {
        let mapped = &self.words.mapped;
        Kernel {
            lock: Lock {
                lock: mapped.word(offset_of!(RwlockHeader, lock)),
                turn: mapped.word(offset_of!(RwlockHeader, turn)),
                peers: mapped.segment(),
                claim: LOCK_IDLE_BIT,
            },
            crowd: mapped.word(offset_of!(RwlockHeader, crowd)),
            slots: &self.words,
        }
    }

    #[cold]
    fn corrupt(&self, _: Corrupt) -> Error {
        self.words.mapped.corrupt("its lock or a slot is in no possible state")
    }

    #[inline(always)]
    fn me(&self) -> Result<u32> {
        self.words.mapped.segment().me()
    }

    /// Where this thread begins to look for a slot: threads of all processes are spread over them.
    #[inline(always)]
    fn home(&self, me: u32) -> u64 {
        let hash = me.wrapping_mul(0x85EB_CA6B).wrapping_add(thread_number().wrapping_mul(0x9E37_79B1));
        (u64::from(hash) * self.words.readers) >> 32
    }

    fn reading(&self, me: u32, reading: Reading) -> RwReadGuard<'_> {
        RwReadGuard { lock: self, me, marked: reading.marked, index: reading.index }
    }

    fn writing(&self, me: u32, held: Held) -> RwWriteGuard<'_> {
        RwWriteGuard { lock: self, me, marked: held.marked, panicking: std::thread::panicking() }
    }

    /// Locks for reading, waiting for a writer and for a place as long as it takes.
    ///
    /// # Errors
    /// [`ReadOnly`](ErrorKind::ReadOnly); [`Corrupt`](ErrorKind::Corrupt) if the lock is in no state that a peer could
    /// have left.
    #[inline]
    pub fn read(&self) -> Result<RwReadGuard<'_>> {
        self.read_until(None)
    }

    /// Locks for reading, waiting for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut); otherwise as [`read`](RwLock::read).
    pub fn read_timeout(&self, timeout: Duration) -> Result<RwReadGuard<'_>> {
        self.read_until(deadline_after(timeout))
    }

    #[inline]
    fn read_until(&self, deadline: Option<Instant>) -> Result<RwReadGuard<'_>> {
        let me = self.me()?;
        let home = self.home(me);
        let reading = match self.kernel().read_fast(me, home) {
            Look::Reads(reading) => reading,
            look => self.read_slow(me, Reader::new(home, look == Look::Behind), deadline)?,
        };
        point!("rwlock.read.locked");
        Ok(self.reading(me, reading))
    }

    #[cold]
    #[inline(never)]
    fn read_slow(&self, me: u32, reader: Reader, deadline: Option<Instant>) -> Result<Reading> {
        let mut queued = QueuedReader { lock: self, me, reader };
        match block(&**self.words.mapped.segment(), deadline, |patience| queued.attempt(patience))? {
            Some(reading) => Ok(reading),
            None => queued.last_look()?.ok_or_else(|| Error::plain(ErrorKind::TimedOut)),
        }
    }

    /// As [`read`](RwLock::read), as a future (`docs/async.md`).
    ///
    /// A guard that is held while something else is awaited holds up every writer.
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has locked nothing.
    ///
    /// # Errors
    /// As [`read`](RwLock::read); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn read_async(&self) -> Result<RwReadGuard<'_>> {
        let me = self.me()?;
        let home = self.home(me);
        let look = self.kernel().read_fast(me, home);
        let reading = match look {
            Look::Reads(reading) => reading,
            look => {
                let reader = Reader::new(home, look == Look::Behind);
                let mut queued = QueuedReader { lock: self, me, reader };
                waiting(self.words.mapped.segment(), move |patience| queued.attempt(patience)).await?
            }
        };
        point!("rwlock.read.locked");
        Ok(self.reading(me, reading))
    }

    /// As [`write`](RwLock::write), as a future (`docs/async.md`).
    ///
    /// A guard that is held while something else is awaited holds up everybody.
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has locked nothing; its place among those who wait is given up.
    ///
    /// # Errors
    /// As [`write`](RwLock::write); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn write_async(&self) -> Result<RwWriteGuard<'_>> {
        let me = self.me()?;
        let mut queued = QueuedWriter { lock: self, me, writer: Writer::new(OVERTAKEN) };
        let held = waiting(self.words.mapped.segment(), move |patience| queued.attempt(patience)).await?;
        Ok(self.writing(me, held))
    }

    /// Locks for reading if no writer has the lock or waits for its readers; `None` otherwise, or when all places are taken.
    /// Those of the dead do not count.
    ///
    /// # Errors
    /// As [`read`](RwLock::read).
    pub fn try_read(&self) -> Result<Option<RwReadGuard<'_>>> {
        let me = self.me()?;
        let reading = self.kernel().try_read(me, self.home(me)).map_err(|corrupt| self.corrupt(corrupt))?;
        Ok(reading.map(|reading| self.reading(me, reading)))
    }

    /// Locks for writing, waiting for the readers and for other writers as long as it takes. New readers wait from when it
    /// is this writer's turn.
    ///
    /// # Errors
    /// As [`read`](RwLock::read).
    #[inline]
    pub fn write(&self) -> Result<RwWriteGuard<'_>> {
        self.write_until(None)
    }

    /// Locks for writing, waiting for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut); otherwise as [`read`](RwLock::read).
    pub fn write_timeout(&self, timeout: Duration) -> Result<RwWriteGuard<'_>> {
        self.write_until(deadline_after(timeout))
    }

    fn write_until(&self, deadline: Option<Instant>) -> Result<RwWriteGuard<'_>> {
        let me = self.me()?;
        let mut queued = QueuedWriter { lock: self, me, writer: Writer::new(OVERTAKEN) };
        let held = block(&**self.words.mapped.segment(), deadline, |patience| queued.attempt(patience))?;
        match held {
            Some(held) => Ok(self.writing(me, held)),
            // It may be free, and reserved for somebody who does not come.
            None => {
                queued.last_look()?.map(|held| self.writing(me, held)).ok_or_else(|| Error::plain(ErrorKind::TimedOut))
            }
        }
    }

    /// Locks for writing if nobody reads or writes; `None` when somebody does. The dead do not count.
    ///
    /// # Errors
    /// As [`read`](RwLock::read).
    pub fn try_write(&self) -> Result<Option<RwWriteGuard<'_>>> {
        let me = self.me()?;
        let mut queued = QueuedWriter { lock: self, me, writer: Writer::new(OVERTAKEN) };
        Ok(queued.last_look()?.map(|held| self.writing(me, held)))
    }

    /// How many can read at the same time.
    pub fn readers(&self) -> u64 {
        self.words.readers
    }

    /// The lock's name in its segment.
    pub fn name(&self) -> &str {
        self.words.mapped.name()
    }

    /// Whether a guard is this process's: a forked child inherits guards, and they are its parent's.
    #[inline(always)]
    fn is_ours(&self, me: u32) -> bool {
        self.words.mapped.segment().id() == Some(me)
    }
}

impl fmt::Debug for RwLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RwLock")
            .field("name", &self.name())
            .field("readers", &self.words.readers)
            .finish_non_exhaustive()
    }
}

fn check_readers(name: &str, readers: u64) -> Result<()> {
    if (1..=MAX_RWLOCK_READERS).contains(&readers) {
        return Ok(());
    }
    let message =
        format!("rwlock `{name}`: places for {readers} readers were asked for; 1 to {MAX_RWLOCK_READERS} are possible");
    Err(Error::new(ErrorKind::BadArgument, message))
}

/// A number of this thread in its process, from 1 on.
#[inline(always)]
fn thread_number() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    thread_local! {
        static NUMBER: Cell<u32> = const { Cell::new(0) };
    }
    // A thread that is ending has no such variable any more, and any slot will do.
    NUMBER
        .try_with(|number| {
            if number.get() == 0 {
                number.set(LAST.fetch_add(1, Relaxed).wrapping_add(1));
            }
            number.get()
        })
        .unwrap_or(0)
}

/// Somebody who wants to read. Dropped before it does, it gives its slot up.
struct QueuedReader<'a> {
    lock: &'a RwLock,
    me: u32,
    reader: Reader,
}

impl<'a> QueuedReader<'a> {
    fn attempt(&mut self, patience: &mut Patience) -> Result<Turn<'a, Reading>> {
        let lock = self.lock;
        lock.kernel().read_attempt(self.me, &mut self.reader, patience).map_err(|corrupt| lock.corrupt(corrupt))
    }

    /// When the time is over: the lock all the same, if it was granted just now, or is free.
    fn last_look(&mut self) -> Result<Option<Reading>> {
        let kernel = self.lock.kernel();
        if let Some(reading) = kernel.withdraw_read(self.me, &mut self.reader) {
            return Ok(Some(reading));
        }
        kernel.try_read(self.me, self.lock.home(self.me)).map_err(|corrupt| self.lock.corrupt(corrupt))
    }
}

impl Drop for QueuedReader<'_> {
    fn drop(&mut self) {
        if self.lock.is_ours(self.me)
            && let Some(reading) = self.lock.kernel().withdraw_read(self.me, &mut self.reader)
        {
            self.lock.kernel().leave_read(self.me, reading.index);
        }
    }
}

/// Somebody who wants to write. Dropped before it does, it lets the others go on.
struct QueuedWriter<'a> {
    lock: &'a RwLock,
    me: u32,
    writer: Writer,
}

impl<'a> QueuedWriter<'a> {
    fn attempt(&mut self, patience: &mut Patience) -> Result<Turn<'a, Held>> {
        let lock = self.lock;
        lock.kernel().write_attempt(self.me, &mut self.writer, patience).map_err(|corrupt| lock.corrupt(corrupt))
    }

    /// One look, without waiting.
    fn last_look(&mut self) -> Result<Option<Held>> {
        let lock = self.lock;
        lock.kernel().try_write(self.me, &mut self.writer).map_err(|corrupt| lock.corrupt(corrupt))
    }
}

impl Drop for QueuedWriter<'_> {
    fn drop(&mut self) {
        if self.lock.is_ours(self.me) {
            self.lock.kernel().withdraw_write(self.me, &mut self.writer);
        }
    }
}

/// In the place of a slot's index: it reads as the owner of the writers' lock.
const DOWNGRADED: u64 = u64::MAX;

/// A [`RwLock`] held for reading, until dropped.
#[must_use = "the lock is let go at once when the guard is dropped"]
pub struct RwReadGuard<'a> {
    lock: &'a RwLock,
    /// Who locked: a forked child is somebody else.
    me: u32,
    marked: bool,
    index: u64,
}

impl<'a> RwReadGuard<'a> {
    /// Whether a writer died or panicked while it wrote, and no writer since has called
    /// [`mark_consistent`](RwWriteGuard::mark_consistent): what the lock protects may be half done.
    pub fn previous_writer_died(&self) -> bool {
        self.marked
    }

    /// The lock that this guard holds.
    pub fn lock(&self) -> &'a RwLock {
        self.lock
    }
}

impl Drop for RwReadGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.lock.is_ours(self.me) {
            return;
        }
        if self.index == DOWNGRADED {
            self.lock.kernel().leave_write(self.me, self.marked);
        } else if !self.lock.kernel().leave_read_fast(self.me, self.index) {
            self.lock.kernel().leave_read(self.me, self.index);
        }
        point!("rwlock.read.done");
    }
}

impl fmt::Debug for RwReadGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RwReadGuard")
            .field("lock", &self.lock.name())
            .field("previous_writer_died", &self.marked)
            .finish_non_exhaustive()
    }
}

/// A [`RwLock`] held for writing, until dropped.
///
/// Dropped by a panic, it leaves the lock marked: all who come are told as of a death.
#[must_use = "the lock is let go at once when the guard is dropped"]
pub struct RwWriteGuard<'a> {
    lock: &'a RwLock,
    /// Who locked: a forked child is somebody else.
    me: u32,
    marked: bool,
    /// The thread was panicking already when it locked.
    panicking: bool,
}

impl<'a> RwWriteGuard<'a> {
    /// Whether a previous writer died or panicked while it wrote, and no writer since has called
    /// [`mark_consistent`](RwWriteGuard::mark_consistent): what the lock protects may be half done.
    pub fn previous_writer_died(&self) -> bool {
        self.marked
    }

    /// Says that what the lock protects is in order: nobody is told of the death any more. Without this call
    /// everybody is.
    pub fn mark_consistent(&mut self) {
        self.marked = false;
    }

    /// Goes on as a reader: others may read, and nobody writes between. Writers wait until the guard is dropped, and new
    /// readers are not kept out for them meanwhile.
    pub fn downgrade(self) -> RwReadGuard<'a> {
        let RwWriteGuard { lock, me, marked, .. } = self;
        // What follows is the reader's to end.
        std::mem::forget(self);
        if lock.is_ours(me) {
            lock.kernel().downgrade(me, marked);
            point!("rwlock.downgrade.done");
        }
        RwReadGuard { lock, me, marked, index: DOWNGRADED }
    }

    /// The lock that this guard holds.
    pub fn lock(&self) -> &'a RwLock {
        self.lock
    }
}

impl Drop for RwWriteGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.lock.is_ours(self.me) {
            return;
        }
        let panicked = !self.panicking && std::thread::panicking();
        if (self.marked || panicked) || !self.lock.kernel().lock.leave_fast(self.me) {
            self.lock.kernel().leave_write(self.me, self.marked || panicked);
        }
        point!("rwlock.unlock.done");
    }
}

impl fmt::Debug for RwWriteGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RwWriteGuard")
            .field("lock", &self.lock.name())
            .field("previous_writer_died", &self.marked)
            .finish_non_exhaustive()
    }
}
