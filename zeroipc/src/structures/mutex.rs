//! A lock for one at a time.
//!
//! `docs/structures/mutex.md` has the bytes and the states, [`mutex_kernel`](super::mutex_kernel) the algorithm, its
//! invariants and its orderings. This file joins the two, and is the handle.

use std::fmt;
use std::mem::offset_of;
use std::time::{Duration, Instant};

use super::mapped::Mapped;
use super::mutex_kernel::{Corrupt, Held, Lock, OVERTAKEN, Waiter};
use super::waiting::{Patience, Turn, block};
use crate::error::{Error, ErrorKind, Result};
use crate::format::mutex::{LOCK_UNUSED_MASK, MutexHeader};
use crate::format::schema::Kind;
use crate::memory::{Blueprint, Memory, Segment};
use crate::points::point;
use crate::sync::Relaxed;
use crate::table::Fit;
use crate::wait::deadline_after;
#[cfg(feature = "async")]
use crate::wait::waiting;

const SIZE: u64 = size_of::<MutexHeader>() as u64;

/// A lock that one thread of all processes holds at a time, and that outlives whoever dies with it.
///
/// It holds no data: it protects what its users agree on, such as an [`Array`](crate::Array) that they change in several
/// steps. Threads and processes are alike to it. It is not reentrant: a thread that locks it again waits for itself, and only a
/// deadline helps.
///
/// # When the owner dies
/// The mutex is never lost. Whoever waits asks the kernel about the owner, and takes the lock over within a second
/// after the kernel has let go of the process. What the mutex protects may then be half done, so the new owner is told:
/// [`MutexGuard::previous_owner_died`]. The mutex stays **marked**, and every owner is told, until one of them has put things
/// right and says so by [`MutexGuard::mark_consistent`]. A thread that panics while it holds the lock marks it in the same way.
///
/// A process that is stopped counts as alive and keeps the lock; deadlines still work. A thread that is ended without
/// its process, or that forgets a guard ([`mem::forget`](std::mem::forget)), keeps it until its process detaches or dies.
///
/// # Fairness
/// A free lock goes to whoever comes first, since handing it to a sleeper costs a wake-up each time. Who has
/// slept for it several times reserves it, and then it waits for him; so nobody starves. [`try_lock`](Mutex::try_lock) takes a
/// free lock in any case.
///
/// # Fork
/// A guard belongs to the process that locked. In a forked child it does nothing, and is dropped without effect.
///
/// Operations are not for signal handlers.
///
/// # Examples
/// ```
/// use zeroipc::{Array, Memory, Mutex};
/// # let name = format!("/zeroipc_doc_mutex_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let accounts = Array::<i64>::create(&memory, "accounts", 2)?;
/// let mutex = Mutex::open_or_create(&memory, "accounts_lock")?;
///
/// let mut guard = mutex.lock()?;
/// if guard.previous_owner_died() {
///     // Somebody died between the two steps below: put the invariant right, and say so.
///     accounts.store(1, -accounts.load(0));
///     guard.mark_consistent();
/// }
/// accounts.store(0, accounts.load(0) - 10);
/// accounts.store(1, accounts.load(1) + 10);
/// drop(guard);
/// # Ok::<(), zeroipc::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mutex {
    mapped: Mapped<MutexHeader>,
}

impl Mutex {
    /// Creates a mutex that nobody holds.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists), [`BadName`](ErrorKind::BadName), [`OutOfSpace`](ErrorKind::OutOfSpace),
    /// [`OutOfMemory`](ErrorKind::OutOfMemory), [`TableFull`](ErrorKind::TableFull),
    /// [`SchemaFull`](ErrorKind::SchemaFull), [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str) -> Result<Mutex> {
        Ok(Mutex { mapped: Mapped::create(memory, &Mutex::blueprint(name))? })
    }

    /// Opens a mutex.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`KindMismatch`](ErrorKind::KindMismatch), [`Corrupt`](ErrorKind::Corrupt),
    /// [`TypeMismatch`](ErrorKind::TypeMismatch).
    pub fn open(memory: &Memory, name: &str) -> Result<Mutex> {
        Mutex::attach(Mapped::open(memory, Kind::MUTEX, name, &[])?)
    }

    /// Opens a mutex, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Mutex::create) and [`open`](Mutex::open).
    pub fn open_or_create(memory: &Memory, name: &str) -> Result<Mutex> {
        Mutex::attach(Mapped::open_or_create(memory, &Mutex::blueprint(name))?)
    }

    fn blueprint(name: &str) -> Blueprint<'_> {
        // New memory is zero, and so is a free lock.
        Blueprint { kind: Kind::MUTEX, name, elements: &[], size: SIZE, fit: Fit::WORDS, initialise: &|_, _| Ok(()) }
    }

    fn attach(mapped: Mapped<MutexHeader>) -> Result<Mutex> {
        mapped.check_size(Some(SIZE))?;
        let word = mapped.word(offset_of!(MutexHeader, lock)).load(Relaxed);
        if !mapped.recorded() && word & LOCK_UNUSED_MASK != 0 {
            return Err(mapped.corrupt("its lock is in no possible state"));
        }
        Ok(Mutex { mapped })
    }

    #[inline(always)]
    fn kernel(&self) -> Lock<'_, Segment> {
        Lock {
            lock: self.mapped.word(offset_of!(MutexHeader, lock)),
            turn: self.mapped.word(offset_of!(MutexHeader, turn)),
            peers: self.mapped.segment(),
            claim: 0,
        }
    }

    fn guard(&self, me: u32, held: Held) -> MutexGuard<'_> {
        MutexGuard { mutex: self, me, marked: held.marked, panicking: std::thread::panicking() }
    }

    #[cold]
    fn corrupt(&self, _: Corrupt) -> Error {
        self.mapped.corrupt("its lock is in no possible state")
    }

    /// Locks, waiting as long as it takes. The guard says whether a previous owner died.
    ///
    /// # Errors
    /// [`ReadOnly`](ErrorKind::ReadOnly); [`Corrupt`](ErrorKind::Corrupt) if the lock is in no state that a peer could
    /// have left.
    #[inline]
    pub fn lock(&self) -> Result<MutexGuard<'_>> {
        self.lock_until(None)
    }

    /// Locks, waiting for at most `timeout`. A lock that is free is taken even when the time is over.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut); otherwise as [`lock`](Mutex::lock).
    pub fn lock_timeout(&self, timeout: Duration) -> Result<MutexGuard<'_>> {
        self.lock_until(deadline_after(timeout))
    }

    #[inline]
    fn lock_until(&self, deadline: Option<Instant>) -> Result<MutexGuard<'_>> {
        let me = self.mapped.segment().me()?;
        let held = if self.kernel().try_fast(me) { Held { marked: false } } else { self.lock_slow(me, deadline)? };
        point!("mutex.lock.locked");
        Ok(self.guard(me, held))
    }

    #[cold]
    #[inline(never)]
    fn lock_slow(&self, me: u32, deadline: Option<Instant>) -> Result<Held> {
        let mut queued = Queued { mutex: self, me, waiter: Waiter::new(OVERTAKEN) };
        let held = block(&**self.mapped.segment(), deadline, |patience| queued.attempt(patience))?;
        match held {
            Some(held) => Ok(held),
            // It may be free, and reserved for somebody who does not come.
            None => self
                .kernel()
                .try_take(me, &mut queued.waiter)
                .map_err(|corrupt| self.corrupt(corrupt))?
                .ok_or_else(|| Error::plain(ErrorKind::TimedOut)),
        }
    }

    /// As [`lock`](Mutex::lock), as a future (`docs/async.md`).
    ///
    /// A guard that is held while something else is awaited holds up every process that waits for the lock.
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has locked nothing; its place among those who wait is given up, and a wake that was for it
    /// goes on to another.
    ///
    /// # Errors
    /// As [`lock`](Mutex::lock); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn lock_async(&self) -> Result<MutexGuard<'_>> {
        let me = self.mapped.segment().me()?;
        if self.kernel().try_fast(me) {
            point!("mutex.lock.locked");
            return Ok(self.guard(me, Held { marked: false }));
        }
        let mut queued = Queued { mutex: self, me, waiter: Waiter::new(OVERTAKEN) };
        let held = waiting(self.mapped.segment(), move |patience| queued.attempt(patience)).await?;
        point!("mutex.lock.locked");
        Ok(self.guard(me, held))
    }

    /// Locks if nobody has the lock, or who has it is dead; `None` when somebody else, or this thread, has it.
    ///
    /// # Errors
    /// As [`lock`](Mutex::lock).
    #[inline]
    pub fn try_lock(&self) -> Result<Option<MutexGuard<'_>>> {
        let me = self.mapped.segment().me()?;
        if self.kernel().try_fast(me) {
            return Ok(Some(self.guard(me, Held { marked: false })));
        }
        let held = self.kernel().try_take(me, &mut Waiter::new(OVERTAKEN)).map_err(|corrupt| self.corrupt(corrupt))?;
        Ok(held.map(|held| self.guard(me, held)))
    }

    /// The mutex's name in its segment.
    pub fn name(&self) -> &str {
        self.mapped.name()
    }
}

/// Somebody who waits for the lock. Dropped before it has it, it takes its reservation back.
#[derive(Debug)]
struct Queued<'a> {
    mutex: &'a Mutex,
    me: u32,
    waiter: Waiter,
}

impl<'a> Queued<'a> {
    fn attempt(&mut self, patience: &mut Patience) -> Result<Turn<'a, Held>> {
        let mutex = self.mutex;
        mutex.kernel().attempt(self.me, &mut self.waiter, patience).map_err(|corrupt| mutex.corrupt(corrupt))
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        // In a forked child it is the parent's.
        if self.mutex.mapped.segment().id() == Some(self.me) {
            self.mutex.kernel().withdraw(&mut self.waiter);
        }
    }
}

/// The lock of a [`Mutex`], until dropped.
///
/// Dropped by a panic, it leaves the mutex marked: the next owner is told as of a death.
#[must_use = "the lock is let go at once when the guard is dropped"]
pub struct MutexGuard<'a> {
    mutex: &'a Mutex,
    /// Who locked: a forked child is somebody else.
    me: u32,
    marked: bool,
    /// The thread was panicking already when it locked.
    panicking: bool,
}

impl<'a> MutexGuard<'a> {
    /// Whether a previous owner died or panicked while it held the lock, and no owner since has called
    /// [`mark_consistent`](MutexGuard::mark_consistent): what the mutex protects may be half done.
    pub fn previous_owner_died(&self) -> bool {
        self.marked
    }

    /// Says that what the mutex protects is in order: the next owner is not told of the death. Without this call every
    /// owner is.
    pub fn mark_consistent(&mut self) {
        self.marked = false;
    }

    /// The mutex that this guard has locked.
    pub fn mutex(&self) -> &'a Mutex {
        self.mutex
    }

    /// Whether the lock is this process's: a forked child inherits guards, and they are its parent's.
    #[inline(always)]
    fn is_ours(&self) -> bool {
        self.mutex.mapped.segment().id() == Some(self.me)
    }

    /// Refuses a guard that a forked child inherited.
    pub(crate) fn check_ours(&self) -> Result<()> {
        if self.is_ours() {
            return Ok(());
        }
        let found = "its lock was taken before the fork and is the parent's; lock it in the child";
        Err(self.mutex.mapped.error(ErrorKind::NotOwner, found))
    }
}

impl Drop for MutexGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.is_ours() {
            return;
        }
        let panicked = !self.panicking && std::thread::panicking();
        if (self.marked || panicked) || !self.mutex.kernel().leave_fast(self.me) {
            // Not ours any more only if a peer breaks the rules; then there is nothing to leave.
            let _ = self.mutex.kernel().release(self.me, self.marked || panicked);
        }
        point!("mutex.unlock.done");
    }
}

impl fmt::Debug for MutexGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MutexGuard")
            .field("mutex", &self.mutex.name())
            .field("previous_owner_died", &self.marked)
            .finish_non_exhaustive()
    }
}
