//! Waiting, with a mutex held, until somebody says that something has changed.
//!
//! `docs/structures/condvar.md` has the bytes and the states, [`condvar_kernel`](super::condvar_kernel) the algorithm, its
//! invariants and its orderings. This file joins the two, and is the handle.

use std::mem::offset_of;
use std::time::{Duration, Instant};

use super::condvar_kernel::{Bell, Place};
use super::mapped::Mapped;
use super::mutex::MutexGuard;
use super::waiting::block;
use crate::error::Result;
use crate::format::condvar::CondvarHeader;
use crate::format::schema::Kind;
use crate::memory::{Blueprint, Memory, Segment};
use crate::points::point;
use crate::table::Fit;
use crate::wait::deadline_after;
#[cfg(feature = "async")]
use crate::wait::waiting;

const SIZE: u64 = size_of::<CondvarHeader>() as u64;

/// A condition variable: whoever holds a [`Mutex`](crate::Mutex) sleeps here until others have changed what it protects.
///
/// A waiter gives the mutex up and sleeps, in one step as far as notifications go: who changes something with the
/// mutex held and notifies then, with the mutex or after it, is not missed. A waiter may wake for no reason, so it looks
/// again at what it waits for; [`wait_while`](Condvar::wait_while) does that. Any mutex will do, and
/// different waiters may use different ones, if each notifier has held the waiter's.
///
/// # When a participant dies
/// Nobody is blocked. A waiter that dies costs a system call at each [`notify_one`](Condvar::notify_one), until the next
/// [`notify_all`](Condvar::notify_all). When a notifier dies before it has woken anybody, or the waiter that it woke dies,
/// the others look by themselves within 250 ms. Who dies with the mutex held is told to the next who gets it, and that may be a
/// waiter that returns: see [`MutexGuard::previous_owner_died`].
///
/// # Fork
/// A forked child cannot wait with a guard that it inherited ([`NotOwner`](crate::ErrorKind::NotOwner)).
///
/// Operations are not for signal handlers.
///
/// # Examples
/// ```
/// use std::thread;
/// use zeroipc::{Array, Condvar, Memory, Mutex};
/// # let name = format!("/zeroipc_doc_condvar_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let stock = Array::<u32>::create(&memory, "stock", 1)?;
/// let mutex = Mutex::create(&memory, "stock_lock")?;
/// let delivered = Condvar::create(&memory, "delivered")?;
///
/// thread::scope(|scope| {
///     scope.spawn(|| -> zeroipc::Result<()> {
///         let guard = mutex.lock()?;
///         stock.store(0, 5);
///         drop(guard);
///         delivered.notify_all()
///     });
///     let guard = delivered.wait_while(mutex.lock()?, || stock.load(0) == 0)?;
///     assert_eq!(stock.load(0), 5);
///     drop(guard);
///     Ok::<(), zeroipc::Error>(())
/// })?;
/// # Ok::<(), zeroipc::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Condvar {
    mapped: Mapped<CondvarHeader>,
}

impl Condvar {
    /// Creates a condition variable for which nobody waits.
    ///
    /// # Errors
    /// [`Exists`](crate::ErrorKind::Exists), [`BadName`](crate::ErrorKind::BadName), [`OutOfSpace`](crate::ErrorKind::OutOfSpace),
    /// [`OutOfMemory`](crate::ErrorKind::OutOfMemory), [`TableFull`](crate::ErrorKind::TableFull),
    /// [`SchemaFull`](crate::ErrorKind::SchemaFull), [`ReadOnly`](crate::ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str) -> Result<Condvar> {
        Ok(Condvar { mapped: Mapped::create(memory, &Condvar::blueprint(name))? })
    }

    /// Opens a condition variable.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound), [`KindMismatch`](crate::ErrorKind::KindMismatch), [`Corrupt`](crate::ErrorKind::Corrupt),
    /// [`TypeMismatch`](crate::ErrorKind::TypeMismatch).
    pub fn open(memory: &Memory, name: &str) -> Result<Condvar> {
        Condvar::attach(Mapped::open(memory, Kind::CONDVAR, name, &[])?)
    }

    /// Opens a condition variable, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Condvar::create) and [`open`](Condvar::open).
    pub fn open_or_create(memory: &Memory, name: &str) -> Result<Condvar> {
        Condvar::attach(Mapped::open_or_create(memory, &Condvar::blueprint(name))?)
    }

    fn blueprint(name: &str) -> Blueprint<'_> {
        // New memory is zero, and so is a new condition variable.
        Blueprint { kind: Kind::CONDVAR, name, elements: &[], size: SIZE, fit: Fit::WORDS, initialise: &|_, _| Ok(()) }
    }

    fn attach(mapped: Mapped<CondvarHeader>) -> Result<Condvar> {
        mapped.check_size(Some(SIZE))?;
        Ok(Condvar { mapped })
    }

    #[inline]
    fn kernel(&self) -> Bell<'_, Segment> {
        Bell {
            sequence: self.mapped.word(offset_of!(CondvarHeader, sequence)),
            waiters: self.mapped.word(offset_of!(CondvarHeader, waiters)),
            peers: self.mapped.segment(),
        }
    }

    /// Gives the lock up, sleeps until notified, and takes the lock again. May return without a notification.
    ///
    /// # Errors
    /// [`ReadOnly`](crate::ErrorKind::ReadOnly), [`NotOwner`](crate::ErrorKind::NotOwner), and what [`Mutex::lock`](crate::Mutex::lock)
    /// reports when the lock is taken again. After an error the lock is not held.
    pub fn wait<'m>(&self, guard: MutexGuard<'m>) -> Result<MutexGuard<'m>> {
        self.wait_until(guard, None).map(|(guard, _)| guard)
    }

    /// As [`wait`](Condvar::wait), sleeping for at most `timeout`; `true` when that has passed without a notification. Taking
    /// the lock again has no deadline.
    ///
    /// # Errors
    /// As [`wait`](Condvar::wait); a timeout is no error here, since the lock is held.
    pub fn wait_timeout<'m>(&self, guard: MutexGuard<'m>, timeout: Duration) -> Result<(MutexGuard<'m>, bool)> {
        self.wait_until(guard, deadline_after(timeout))
    }

    /// Waits as long as `condition` holds. It is called with the lock held, and before anything else.
    ///
    /// # Errors
    /// As [`wait`](Condvar::wait).
    pub fn wait_while<'m>(
        &self,
        mut guard: MutexGuard<'m>,
        mut condition: impl FnMut() -> bool,
    ) -> Result<MutexGuard<'m>> {
        while condition() {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// Waits as long as `condition` holds, for at most `timeout`; `true` when that has passed and it still holds.
    ///
    /// # Errors
    /// As [`wait_timeout`](Condvar::wait_timeout).
    pub fn wait_timeout_while<'m>(
        &self,
        mut guard: MutexGuard<'m>,
        timeout: Duration,
        mut condition: impl FnMut() -> bool,
    ) -> Result<(MutexGuard<'m>, bool)> {
        let deadline = deadline_after(timeout);
        let mut late = false;
        while condition() {
            if late {
                return Ok((guard, true));
            }
            (guard, late) = self.wait_until(guard, deadline)?;
        }
        Ok((guard, false))
    }

    fn wait_until<'m>(&self, guard: MutexGuard<'m>, deadline: Option<Instant>) -> Result<(MutexGuard<'m>, bool)> {
        guard.check_ours()?;
        let me = self.mapped.segment().me()?;
        let mutex = guard.mutex();
        let waiting = Waiting { condvar: self, me, place: self.kernel().register() };
        drop(guard);
        point!("condvar.wait.unlocked");
        let notified = waiting.sleep(deadline);
        drop(waiting);
        Ok((mutex.lock()?, !notified))
    }

    /// As [`wait`](Condvar::wait), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// The lock is given up when the future is first polled. Dropped before it is done, it does not hold the lock, and a
    /// notification that may have been for it goes on to another.
    ///
    /// # Errors
    /// As [`wait`](Condvar::wait); [`System`](crate::ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn wait_async<'m>(&self, guard: MutexGuard<'m>) -> Result<MutexGuard<'m>> {
        guard.check_ours()?;
        let me = self.mapped.segment().me()?;
        let mutex = guard.mutex();
        let passes_on = PassesOn(self, me);
        let waits = Waiting { condvar: self, me, place: self.kernel().register() };
        drop(guard);
        point!("condvar.wait.unlocked");
        let (kernel, place) = (self.kernel(), waits.place);
        waiting(self.mapped.segment(), move |patience| Ok(kernel.attempt(place, patience))).await?;
        drop(waits);
        let guard = mutex.lock_async().await?;
        std::mem::forget(passes_on);
        Ok(guard)
    }

    /// As [`wait_while`](Condvar::wait_while), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// As [`wait_async`](Condvar::wait_async).
    ///
    /// # Errors
    /// As [`wait_async`](Condvar::wait_async).
    #[cfg(feature = "async")]
    pub async fn wait_while_async<'m>(
        &self,
        mut guard: MutexGuard<'m>,
        mut condition: impl FnMut() -> bool,
    ) -> Result<MutexGuard<'m>> {
        while condition() {
            guard = self.wait_async(guard).await?;
        }
        Ok(guard)
    }

    /// Wakes one of those who wait, the longest sleeper first; nothing happens when nobody waits.
    ///
    /// # Errors
    /// [`ReadOnly`](crate::ErrorKind::ReadOnly).
    #[inline]
    pub fn notify_one(&self) -> Result<()> {
        self.mapped.segment().writable()?;
        self.kernel().notify_one();
        Ok(())
    }

    /// Wakes all who wait.
    ///
    /// # Errors
    /// [`ReadOnly`](crate::ErrorKind::ReadOnly).
    #[inline]
    pub fn notify_all(&self) -> Result<()> {
        self.mapped.segment().writable()?;
        self.kernel().notify_all();
        Ok(())
    }

    /// The condition variable's name in its segment.
    pub fn name(&self) -> &str {
        self.mapped.name()
    }
}

/// A wait that may have been notified, unless it is forgotten: dropped, it notifies another in its place.
#[cfg(feature = "async")]
struct PassesOn<'a>(&'a Condvar, u32);

#[cfg(feature = "async")]
impl Drop for PassesOn<'_> {
    fn drop(&mut self) {
        if self.0.mapped.segment().id() == Some(self.1) {
            self.0.kernel().notify_one();
        }
    }
}

/// Somebody who waits and is counted. Dropped, it no longer is.
struct Waiting<'a> {
    condvar: &'a Condvar,
    me: u32,
    place: Place,
}

impl Waiting<'_> {
    /// `false` when the deadline passed first.
    fn sleep(&self, deadline: Option<Instant>) -> bool {
        let attempt =
            |patience: &mut _| Ok::<_, std::convert::Infallible>(self.condvar.kernel().attempt(self.place, patience));
        match block(&**self.condvar.mapped.segment(), deadline, attempt) {
            Ok(done) => done.is_some(),
            Err(never) => match never {},
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        // In a forked child it is the parent who is counted.
        if self.condvar.mapped.segment().id() == Some(self.me) {
            self.condvar.kernel().leave(self.place);
        }
    }
}
