//! A counting semaphore.
//!
//! `docs/structures/semaphore.md` has the bytes and the states, [`semaphore_kernel`](super::semaphore_kernel) the
//! algorithm, its invariants and its orderings.

use std::fmt;
use std::mem::offset_of;
use std::time::{Duration, Instant};

use super::mapped::Mapped;
use super::semaphore_kernel::{Corrupt, Kernel, NOBODY, Permits, Taken, Waits, decode, new_permit};
use crate::error::{Error, ErrorKind, Result};
use crate::format::schema::Kind;
use crate::format::semaphores::{MAX_PERMITS, SemaphoreHeader};
use crate::memory::{Blueprint, Memory, Segment};
use crate::region::Region;
use crate::sync::{AtomicU64, Relaxed};
use crate::table::Fit;
#[cfg(feature = "async")]
use crate::wait::waiting;
use crate::wait::{blocking, deadline_after};

const HEADER: usize = size_of::<SemaphoreHeader>();
const PERMIT: usize = size_of::<u64>();

/// A counting semaphore: so many permits, each held by at most one at a time. With one permit it is a binary one.
///
/// # Two ways to take a permit
/// [`acquire`](Semaphore::acquire) gives a guard. Its permit comes back when the guard is dropped, also by a panic that
/// unwinds, and when the process that holds it dies.
///
/// [`acquire_permit`](Semaphore::acquire_permit) takes a permit for nobody in particular, and
/// [`release_permit`](Semaphore::release_permit) gives one back, in whichever process: to count things, or to hand over. A
/// permit taken like this does **not** come back when a process dies; whoever depends on one waits with a deadline.
///
/// # When a participant dies
/// The permits of a dead holder are taken over by whoever finds none free, at the latest 250 ms after the kernel has let go of
/// the process. A process that is stopped counts as alive and keeps what it holds. A waiter that dies leaves nothing.
///
/// # Waiting
/// A release wakes the one that has slept longest, and only if somebody sleeps. A newcomer that comes between
/// release and waking takes the permit (this is what makes it fast under load), and the woken one sleeps again, behind the
/// others: no order of service is promised. When one has slept five times for nothing, newcomers that may wait give way to
/// those who sleep, for a millisecond each.
///
/// # Examples
/// ```
/// use zeroipc::{Memory, Semaphore};
/// # let name = format!("/zeroipc_doc_semaphore_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let cameras = Semaphore::create(&memory, "cameras", 2)?;
/// {
///     let _one = cameras.acquire()?;
///     let _two = cameras.acquire()?;
///     assert!(cameras.try_acquire()?.is_none());
/// }
/// assert_eq!(cameras.available()?, 2);
/// # Ok::<(), zeroipc::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Semaphore {
    words: Words,
}

/// The words of a semaphore in a mapping. Invariant **S1**: the structure has room for `max` permits behind its header.
#[derive(Clone, Debug)]
struct Words {
    mapped: Mapped<SemaphoreHeader>,
    max: u64,
}

impl Permits for Words {
    #[inline(always)]
    fn max(&self) -> u64 {
        self.max
    }

    #[inline(always)]
    fn turn(&self) -> &AtomicU64 {
        self.mapped.word(offset_of!(SemaphoreHeader, turn))
    }

    #[inline(always)]
    fn hint(&self) -> &AtomicU64 {
        self.mapped.word(offset_of!(SemaphoreHeader, hint))
    }

    #[inline(always)]
    fn permit(&self, index: u64) -> &AtomicU64 {
        self.mapped.word(HEADER + index as usize * PERMIT)
    }
}

/// A permit that is held. Dropping the guard gives it back.
///
/// In a forked child the guard belongs to the parent still, and dropping it does nothing.
#[must_use = "the permit is given back at once if the guard is not kept"]
pub struct SemaphoreGuard<'s> {
    semaphore: &'s Semaphore,
    taken: Taken,
    owner: u32,
}

impl Drop for SemaphoreGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.semaphore.segment().id() == Some(self.owner) {
            self.semaphore.kernel().release(self.taken);
        }
    }
}

impl fmt::Debug for SemaphoreGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SemaphoreGuard")
            .field("semaphore", &self.semaphore.name())
            .field("permit", &self.taken.index)
            .finish_non_exhaustive()
    }
}

fn checked_numbers(name: &str, initial: u64, max: u64) -> Result<()> {
    if max == 0 || max > MAX_PERMITS || initial > max {
        let message = format!(
            "semaphore `{name}`: {initial} of {max} permits were asked for; 1 to {MAX_PERMITS} are possible, and no more can \
             be free at the start than there are"
        );
        return Err(Error::new(ErrorKind::BadArgument, message));
    }
    Ok(())
}

fn size_for(max: u64) -> u64 {
    HEADER as u64 + max * PERMIT as u64
}

/// Writes the header and the permits of a new semaphore into zeroed memory.
fn initialise(region: &Region, offset: u64, initial: u64, max: u64) -> Result<()> {
    region.u64_at(offset + offset_of!(SemaphoreHeader, max) as u64)?.store(max, Relaxed);
    region.u64_at(offset + offset_of!(SemaphoreHeader, initial) as u64)?.store(initial, Relaxed);
    for index in 0..max {
        let at = offset + (HEADER + index as usize * PERMIT) as u64;
        region.u64_at(at)?.store(new_permit(index < initial), Relaxed);
    }
    Ok(())
}

impl Semaphore {
    /// Creates a semaphore with so many permits, all of them free.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists), [`BadName`](ErrorKind::BadName), [`BadArgument`](ErrorKind::BadArgument) for 0 permits
    /// or more than 65,536, [`OutOfSpace`](ErrorKind::OutOfSpace), [`OutOfMemory`](ErrorKind::OutOfMemory),
    /// [`TableFull`](ErrorKind::TableFull), [`SchemaFull`](ErrorKind::SchemaFull), [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str, permits: u64) -> Result<Semaphore> {
        Semaphore::create_with(memory, name, permits, permits)
    }

    /// Creates a semaphore with `max` permits, of which `initial` are free; the others come with
    /// [`release_permit`](Semaphore::release_permit).
    ///
    /// # Errors
    /// As [`create`](Semaphore::create), and [`BadArgument`](ErrorKind::BadArgument) if `initial` is above `max`.
    ///
    /// # Examples
    /// ```
    /// use zeroipc::{Memory, Semaphore};
    /// # let name = format!("/zeroipc_doc_semaphore_with_{}", std::process::id());
    /// # let name = name.as_str();
    /// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
    /// let frames = Semaphore::create_with(&memory, "frames", 0, 100)?;
    /// frames.release_permit()?; // one process announces a frame,
    /// frames.acquire_permit()?; // another waits for it
    /// assert_eq!(frames.available()?, 0);
    /// # Ok::<(), zeroipc::Error>(())
    /// ```
    pub fn create_with(memory: &Memory, name: &str, initial: u64, max: u64) -> Result<Semaphore> {
        checked_numbers(name, initial, max)?;
        with_blueprint(name, initial, max, |blueprint| attach(Mapped::create(memory, blueprint)?))
    }

    /// Opens a semaphore.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`KindMismatch`](ErrorKind::KindMismatch), [`Corrupt`](ErrorKind::Corrupt).
    pub fn open(memory: &Memory, name: &str) -> Result<Semaphore> {
        attach(Mapped::open(memory, Kind::SEMAPHORE, name, &[])?)
    }

    /// Opens a semaphore, or creates it if there is none, all of its permits free; of several processes that do so, one
    /// creates.
    ///
    /// # Errors
    /// As [`create`](Semaphore::create) and [`open`](Semaphore::open), and [`BadArgument`](ErrorKind::BadArgument) if the
    /// semaphore is there with another number of permits.
    pub fn open_or_create(memory: &Memory, name: &str, permits: u64) -> Result<Semaphore> {
        Semaphore::open_or_create_with(memory, name, permits, permits)
    }

    /// As [`open_or_create`](Semaphore::open_or_create), with the numbers of [`create_with`](Semaphore::create_with).
    ///
    /// # Errors
    /// As [`open_or_create`](Semaphore::open_or_create).
    pub fn open_or_create_with(memory: &Memory, name: &str, initial: u64, max: u64) -> Result<Semaphore> {
        checked_numbers(name, initial, max)?;
        let semaphore =
            with_blueprint(name, initial, max, |blueprint| attach(Mapped::open_or_create(memory, blueprint)?))?;
        let mapped = &semaphore.words.mapped;
        mapped.check_number("a number of permits", semaphore.words.max, max)?;
        let found = mapped.word(offset_of!(SemaphoreHeader, initial)).load(Relaxed);
        mapped.check_number("an initial number of permits", found, initial)?;
        Ok(semaphore)
    }

    #[inline(always)]
    fn segment(&self) -> &Segment {
        self.words.mapped.segment()
    }

    #[inline(always)]
    fn kernel(&self) -> Kernel<'_, Words, Segment> {
        Kernel { words: &self.words, peers: self.segment() }
    }

    #[cold]
    fn corrupt(&self, Corrupt(index): Corrupt) -> Error {
        self.words.mapped.corrupt(format_args!("permit {index} is in no state that a peer could have left"))
    }

    #[inline(always)]
    fn guard(&self, taken: Taken, owner: u32) -> SemaphoreGuard<'_> {
        SemaphoreGuard { semaphore: self, taken, owner }
    }

    #[inline(always)]
    fn guard_at_hint(&self) -> Option<SemaphoreGuard<'_>> {
        let owner = self.segment().id()?;
        Some(self.guard(self.kernel().take_at_hint(owner)?, owner))
    }

    /// Takes a permit if one is free, or if a holder is dead; `None` otherwise.
    ///
    /// # Errors
    /// [`ReadOnly`](ErrorKind::ReadOnly); [`Corrupt`](ErrorKind::Corrupt) if a permit is in no state that a peer could have
    /// left.
    #[inline]
    pub fn try_acquire(&self) -> Result<Option<SemaphoreGuard<'_>>> {
        match self.guard_at_hint() {
            Some(guard) => Ok(Some(guard)),
            None => self.try_acquire_slow(),
        }
    }

    #[cold]
    fn try_acquire_slow(&self) -> Result<Option<SemaphoreGuard<'_>>> {
        let owner = self.segment().me()?;
        let taken = self.kernel().try_take(owner).map_err(|corrupt| self.corrupt(corrupt))?;
        Ok(taken.map(|taken| self.guard(taken, owner)))
    }

    /// Takes a permit, waiting for one as long as it takes.
    ///
    /// # Errors
    /// As [`try_acquire`](Semaphore::try_acquire).
    #[inline]
    pub fn acquire(&self) -> Result<SemaphoreGuard<'_>> {
        match self.guard_at_hint() {
            Some(guard) => Ok(guard),
            None => self.acquire_slow(None),
        }
    }

    /// Takes a permit, waiting for one for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then none was taken; otherwise as [`try_acquire`](Semaphore::try_acquire).
    pub fn acquire_timeout(&self, timeout: Duration) -> Result<SemaphoreGuard<'_>> {
        match self.guard_at_hint() {
            Some(guard) => Ok(guard),
            None => self.acquire_slow(deadline_after(timeout)),
        }
    }

    #[cold]
    fn acquire_slow(&self, deadline: Option<Instant>) -> Result<SemaphoreGuard<'_>> {
        let owner = self.segment().me()?;
        Ok(self.guard(self.take_until(owner, deadline)?, owner))
    }

    /// As [`acquire`](Semaphore::acquire), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has taken nothing, and a wake that was for it goes on to another.
    ///
    /// # Errors
    /// As [`acquire`](Semaphore::acquire); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn acquire_async(&self) -> Result<SemaphoreGuard<'_>> {
        if let Some(guard) = self.guard_at_hint() {
            return Ok(guard);
        }
        let owner = self.segment().me()?;
        let taken = self.take_async(owner).await?;
        Ok(self.guard(taken, owner))
    }

    /// As [`acquire_permit`](Semaphore::acquire_permit), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has taken nothing, and a wake that was for it goes on to another.
    ///
    /// # Errors
    /// As [`acquire_permit`](Semaphore::acquire_permit); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn acquire_permit_async(&self) -> Result<()> {
        if self.try_acquire_permit()? {
            return Ok(());
        }
        self.take_async(NOBODY).await.map(drop)
    }

    #[cfg(feature = "async")]
    async fn take_async(&self, owner: u32) -> Result<Taken> {
        let kernel = self.kernel();
        let mut waits = Waits::default();
        waiting(self.words.mapped.segment(), move |patience| {
            kernel.attempt(owner, &mut waits, patience).map_err(|corrupt| self.corrupt(corrupt))
        })
        .await
    }

    fn take_until(&self, owner: u32, deadline: Option<Instant>) -> Result<Taken> {
        let kernel = self.kernel();
        let mut waits = Waits::default();
        let taken = blocking(self.segment(), deadline, |patience| {
            kernel.attempt(owner, &mut waits, patience).map_err(|corrupt| self.corrupt(corrupt))
        });
        match taken {
            // One may be free for somebody who was overtaken and has not come.
            Err(late) if late.kind() == ErrorKind::TimedOut => {
                kernel.try_take(owner).map_err(|corrupt| self.corrupt(corrupt))?.ok_or(late)
            }
            taken => taken,
        }
    }

    /// Takes a permit for nobody in particular if one is free, or if the holder of one is dead; says whether it did.
    ///
    /// # Errors
    /// As [`try_acquire`](Semaphore::try_acquire).
    pub fn try_acquire_permit(&self) -> Result<bool> {
        self.segment().writable()?;
        if self.kernel().take_at_hint(NOBODY).is_some() {
            return Ok(true);
        }
        let taken = self.kernel().try_take(NOBODY).map_err(|corrupt| self.corrupt(corrupt))?;
        Ok(taken.is_some())
    }

    /// Takes a permit for nobody in particular, waiting for one as long as it takes. It is gone until somebody, here or
    /// elsewhere, [gives one back](Semaphore::release_permit); the death of this process does not.
    ///
    /// # Errors
    /// As [`try_acquire`](Semaphore::try_acquire).
    pub fn acquire_permit(&self) -> Result<()> {
        self.acquire_permit_until(None)
    }

    /// Takes a permit for nobody in particular, waiting for one for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then none was taken; otherwise as [`try_acquire`](Semaphore::try_acquire).
    pub fn acquire_permit_timeout(&self, timeout: Duration) -> Result<()> {
        self.acquire_permit_until(deadline_after(timeout))
    }

    fn acquire_permit_until(&self, deadline: Option<Instant>) -> Result<()> {
        self.segment().writable()?;
        if self.kernel().take_at_hint(NOBODY).is_some() {
            return Ok(());
        }
        self.take_until(NOBODY, deadline).map(drop)
    }

    /// Gives a permit that was taken for nobody in particular, or that the semaphore began without.
    ///
    /// # Errors
    /// [`NotOwner`](ErrorKind::NotOwner) if there is none: all permits are free, or held by guards. Nothing has changed then.
    /// [`ReadOnly`](ErrorKind::ReadOnly), [`Corrupt`](ErrorKind::Corrupt).
    pub fn release_permit(&self) -> Result<()> {
        self.segment().writable()?;
        if self.kernel().give().map_err(|corrupt| self.corrupt(corrupt))? {
            return Ok(());
        }
        let max = self.words.max;
        let found = format_args!("all of its {max} permits are free or held by guards, so there is none to give back");
        Err(self.words.mapped.error(ErrorKind::NotOwner, found))
    }

    /// How many permits are free; others may change it meanwhile. Those of a dead holder count when somebody has taken
    /// them over.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn available(&self) -> Result<u64> {
        self.kernel().available().map_err(|corrupt| self.corrupt(corrupt))
    }

    /// How many permits there are.
    pub fn permits(&self) -> u64 {
        self.words.max
    }

    /// The semaphore's name in its segment.
    pub fn name(&self) -> &str {
        self.words.mapped.name()
    }
}

fn with_blueprint<R>(name: &str, initial: u64, max: u64, run: impl FnOnce(&Blueprint<'_>) -> Result<R>) -> Result<R> {
    run(&Blueprint {
        kind: Kind::SEMAPHORE,
        name,
        elements: &[],
        size: size_for(max),
        fit: Fit::WORDS,
        initialise: &|region, offset| initialise(region, offset, initial, max),
    })
}

/// Checks what was found, and reads the numbers once.
fn attach(mapped: Mapped<SemaphoreHeader>) -> Result<Semaphore> {
    let max = mapped.word(offset_of!(SemaphoreHeader, max)).load(Relaxed);
    if max == 0 || max > MAX_PERMITS {
        return Err(mapped.corrupt(format_args!("it has {max} permits instead of 1 to {MAX_PERMITS}")));
    }
    mapped.check_size(Some(size_for(max)))?;
    let semaphore = Semaphore { words: Words { mapped, max } };
    if !semaphore.words.mapped.recorded() {
        for index in 0..max {
            decode(semaphore.words.permit(index).load(Relaxed)).ok_or_else(|| semaphore.corrupt(Corrupt(index)))?;
        }
    }
    Ok(semaphore)
}
