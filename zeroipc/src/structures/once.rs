//! An initialisation that one process does and all others wait for.
//!
//! `docs/structures/once.md` has the bytes and the states, [`once_kernel`](super::once_kernel) the algorithm.

use std::fmt;
use std::mem::offset_of;
use std::time::{Duration, Instant};

use super::mapped::Mapped;
use super::once_kernel::{Claim, Corrupt, Ended, Entry, Kernel, Outcome, decode};
use super::waiting::{Patience, Turn};
use crate::error::{Error, ErrorKind, Result};
use crate::format::once::OnceHeader;
use crate::format::schema::Kind;
use crate::memory::{Blueprint, Memory, Segment};
use crate::sync::{AtomicU64, Relaxed};
use crate::table::Fit;
#[cfg(feature = "async")]
use crate::wait::waiting;
use crate::wait::{blocking, deadline_after};

/// An initialisation that is done once, by one of many processes, while the others wait.
///
/// # When a participant dies
/// When the process that runs the function dies, or the function panics, the next one that wants it done takes over, **and is
/// told**: what the one before has half done is there still. [`call_once`](Once::call_once) does not look, so give it only
/// functions that may be run again on what is half done, and [`call_once_with`](Once::call_once_with) the others.
///
/// # Waiting
/// A caller that comes while another runs the function sleeps until that is done, or asks the kernel whether the other is dead.
/// A function that calls the same `Once` waits for itself, forever.
///
/// # Examples
/// ```
/// use zeroipc::{Array, Memory, Once};
/// # let name = format!("/zeroipc_doc_once_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let table = Array::<f64>::open_or_create(&memory, "squares", 100)?;
/// let filled = Once::open_or_create(&memory, "filled")?;
/// filled.call_once(|| (0..100).for_each(|i| table.set(i, (i * i) as f64)))?;
/// filled.call_once(|| unreachable!("it is done"))?;
/// assert!(filled.is_completed());
/// # Ok::<(), zeroipc::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Once {
    mapped: Mapped<OnceHeader>,
}

/// What a function is told that somebody may have begun before: how that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnceState {
    previous: Ended,
}

impl OnceState {
    pub(super) fn after(previous: Ended) -> OnceState {
        OnceState { previous }
    }

    /// The process that ran it has died, at any place of it.
    pub fn previous_died(&self) -> bool {
        self.previous == Ended::Died
    }

    /// It has panicked, at any place of it.
    pub fn previous_panicked(&self) -> bool {
        self.previous == Ended::Panicked
    }

    /// Somebody began it and did not finish it: died, panicked, or returned an error.
    pub fn is_repeated(&self) -> bool {
        self.previous != Ended::Nobody
    }
}

/// The right to fill a cell, which is given back in any case: left to the next one when it is dropped.
#[derive(Debug)]
pub(super) struct Owned<'a> {
    pub(super) claim: Claim,
    state: &'a AtomicU64,
    segment: &'a Segment,
    /// How it ends if nothing else is said.
    ended: Option<Ended>,
}

/// The right to fill a cell is gone: this is a forked child, which has its parent's, or a peer has changed the word.
#[derive(Debug)]
pub(super) struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("who fills it now is another; a forked child cannot end what its parent has begun")
    }
}

impl<'a> Owned<'a> {
    /// Dropped like this, it says that the owner has panicked.
    pub(super) fn new(claim: Claim, kernel: Kernel<'a, Segment>) -> Owned<'a> {
        Owned { claim, state: kernel.state, segment: kernel.peers, ended: Some(Ended::Panicked) }
    }

    fn kernel(&self) -> Kernel<'a, Segment> {
        Kernel { state: self.state, peers: self.segment, writable: true }
    }

    /// The owner has filled the cell.
    pub(super) fn fill(mut self, failed: bool) -> Result<(), Lost> {
        self.ended = None;
        if self.is_ours() && self.kernel().fill(self.claim, failed) { Ok(()) } else { Err(Lost) }
    }

    /// The owner gives up.
    pub(super) fn give_up(mut self) {
        self.ended = Some(Ended::GaveUp);
    }

    /// A forked child has its parent's guard and not its id.
    pub(super) fn is_ours(&self) -> bool {
        self.segment.id() == Some(self.claim.owner)
    }
}

impl Drop for Owned<'_> {
    fn drop(&mut self) {
        if let Some(ended) = self.ended
            && self.is_ours()
        {
            self.kernel().give_up(self.claim, ended);
        }
    }
}

impl Once {
    /// Creates one that is not done.
    ///
    /// # Errors
    /// [`Exists`](crate::ErrorKind::Exists), [`BadName`](crate::ErrorKind::BadName),
    /// [`OutOfSpace`](crate::ErrorKind::OutOfSpace), [`OutOfMemory`](crate::ErrorKind::OutOfMemory),
    /// [`TableFull`](crate::ErrorKind::TableFull), [`SchemaFull`](crate::ErrorKind::SchemaFull),
    /// [`ReadOnly`](crate::ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str) -> Result<Once> {
        Self::checked(Mapped::create(memory, &Self::blueprint(name))?)
    }

    /// Opens one.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound), [`KindMismatch`](crate::ErrorKind::KindMismatch),
    /// [`Corrupt`](crate::ErrorKind::Corrupt).
    pub fn open(memory: &Memory, name: &str) -> Result<Once> {
        Self::checked(Mapped::open(memory, Kind::ONCE, name, &[])?)
    }

    /// Opens one, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Once::create) and [`open`](Once::open).
    pub fn open_or_create(memory: &Memory, name: &str) -> Result<Once> {
        Self::checked(Mapped::open_or_create(memory, &Self::blueprint(name))?)
    }

    fn blueprint(name: &str) -> Blueprint<'_> {
        Blueprint {
            kind: Kind::ONCE,
            name,
            elements: &[],
            size: size_of::<OnceHeader>() as u64,
            fit: Fit::WORDS,
            // A new cell is zero, and so is new memory.
            initialise: &|_, _| Ok(()),
        }
    }

    fn checked(mapped: Mapped<OnceHeader>) -> Result<Once> {
        mapped.check_size(Some(size_of::<OnceHeader>() as u64))?;
        let once = Once { mapped };
        // Without a record any word might be here; with one, it is told when it is used.
        if !once.mapped.recorded() && decode(once.kernel().state.load(Relaxed)).is_err() {
            return Err(once.corrupt(Corrupt));
        }
        Ok(once)
    }

    #[inline(always)]
    fn kernel(&self) -> Kernel<'_, Segment> {
        let segment = self.mapped.segment();
        let state = self.mapped.word(offset_of!(OnceHeader, state));
        Kernel { state, peers: segment, writable: segment.region.is_writable() }
    }

    #[cold]
    fn corrupt(&self, _: Corrupt) -> Error {
        self.mapped.corrupt("its word is in no state that a peer could have left")
    }

    /// Runs `f` unless it has been run, here or elsewhere; afterwards it has been. Waits while another runs it.
    ///
    /// `f` is also run when another has begun it and died or panicked: see [`call_once_with`](Once::call_once_with).
    ///
    /// # Errors
    /// [`ReadOnly`](crate::ErrorKind::ReadOnly) unless it is done; [`Corrupt`](crate::ErrorKind::Corrupt).
    ///
    /// # Panics
    /// When `f` does; the next one is told.
    #[inline]
    pub fn call_once(&self, f: impl FnOnce()) -> Result<()> {
        self.call_once_with(|_| f())
    }

    /// As [`call_once`](Once::call_once), with a function that is told whether somebody has begun before, and how that ended.
    ///
    /// # Errors
    /// As [`call_once`](Once::call_once).
    ///
    /// # Panics
    /// When `f` does; the next one is told.
    #[inline]
    pub fn call_once_with(&self, f: impl FnOnce(&OnceState)) -> Result<()> {
        self.try_call_once(|state| {
            f(state);
            Ok(())
        })
    }

    /// As [`call_once_with`](Once::call_once_with), waiting for another at most `timeout`. `f` itself may take as long as it
    /// likes.
    ///
    /// # Errors
    /// [`TimedOut`](crate::ErrorKind::TimedOut), and then `f` was not run; otherwise as [`call_once`](Once::call_once).
    ///
    /// # Panics
    /// When `f` does; the next one is told.
    pub fn call_once_timeout(&self, timeout: Duration, f: impl FnOnce(&OnceState)) -> Result<()> {
        let done = |state: &OnceState| {
            f(state);
            Ok(())
        };
        if self.is_completed() { Ok(()) } else { self.call(deadline_after(timeout), done) }
    }

    /// As [`call_once_with`](Once::call_once_with), with a function that may fail: then it is not done, the error is returned
    /// here, and the next one tries again. Those who waited are such next ones.
    ///
    /// # Errors
    /// The error of `f`; otherwise as [`call_once`](Once::call_once).
    ///
    /// # Panics
    /// When `f` does; the next one is told.
    ///
    /// # Examples
    /// ```
    /// # use zeroipc::{Memory, Once};
    /// # let name = format!("/zeroipc_doc_once_try_{}", std::process::id());
    /// # let memory = Memory::options().remove_on_last_detach(true).create(&name, 1 << 20)?;
    /// # let once = Once::create(&memory, "once")?;
    /// let parsed = once.try_call_once::<Box<dyn std::error::Error>>(|_| Ok("seven".parse::<u32>().map(drop)?));
    /// assert!(parsed.is_err() && !once.is_completed());
    /// # Ok::<(), zeroipc::Error>(())
    /// ```
    #[inline]
    pub fn try_call_once<E: From<Error>>(&self, f: impl FnOnce(&OnceState) -> Result<(), E>) -> Result<(), E> {
        if self.is_completed() { Ok(()) } else { self.call(None, f) }
    }

    #[cold]
    fn call<E: From<Error>>(
        &self,
        deadline: Option<Instant>,
        f: impl FnOnce(&OnceState) -> Result<(), E>,
    ) -> Result<(), E> {
        let me = self.mapped.segment().me()?;
        let Some(owned) = blocking(self.mapped.segment(), deadline, |patience| self.attempt(me, patience))? else {
            return Ok(());
        };
        self.run(owned, f)
    }

    fn run<E: From<Error>>(&self, owned: Owned<'_>, f: impl FnOnce(&OnceState) -> Result<(), E>) -> Result<(), E> {
        match f(&OnceState::after(owned.claim.previous)) {
            Ok(()) => owned.fill(false).map_err(|lost| self.mapped.error(ErrorKind::NotOwner, lost).into()),
            Err(error) => {
                owned.give_up();
                Err(error)
            }
        }
    }

    /// As [`call_once`](Once::call_once), as a future (`docs/async.md`); `f` itself runs in the middle of a poll.
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has not begun to run `f`.
    ///
    /// # Errors
    /// As [`call_once`](Once::call_once); [`System`](crate::ErrorKind::System) if the thread that sleeps for futures cannot be
    /// started.
    ///
    /// # Panics
    /// When `f` does; the next one is told.
    #[cfg(feature = "async")]
    pub async fn call_once_async(&self, f: impl FnOnce()) -> Result<()> {
        self.try_call_once_async(|_| {
            f();
            Ok(())
        })
        .await
    }

    /// As [`try_call_once`](Once::try_call_once), as a future (`docs/async.md`); `f` itself runs in the middle of a poll.
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has not begun to run `f`.
    ///
    /// # Errors
    /// As [`try_call_once`](Once::try_call_once); [`System`](crate::ErrorKind::System) if the thread that sleeps for futures
    /// cannot be started.
    ///
    /// # Panics
    /// When `f` does; the next one is told.
    #[cfg(feature = "async")]
    pub async fn try_call_once_async<E: From<Error>>(
        &self,
        f: impl FnOnce(&OnceState) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.is_completed() {
            return Ok(());
        }
        let me = self.mapped.segment().me()?;
        match waiting(self.mapped.segment(), move |patience| self.attempt(me, patience)).await? {
            Some(owned) => self.run(owned, f),
            None => Ok(()),
        }
    }

    /// As [`wait`](Once::wait), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has changed nothing.
    ///
    /// # Errors
    /// As [`wait`](Once::wait); [`System`](crate::ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn wait_async(&self) -> Result<()> {
        let kernel = self.kernel();
        let settle =
            move |patience: &mut Patience| kernel.settle(true, patience).map_err(|corrupt| self.corrupt(corrupt));
        match waiting(self.mapped.segment(), settle).await? {
            Outcome::Failed(_) => Err(self.corrupt(Corrupt)),
            _ => Ok(()),
        }
    }

    /// The right to run the function; `None` when it has been run.
    fn attempt(&self, me: u32, patience: &mut Patience) -> Result<Turn<'_, Option<Owned<'_>>>> {
        let kernel = self.kernel();
        match kernel.enter(me, patience).map_err(|corrupt| self.corrupt(corrupt))? {
            Turn::Again => Ok(Turn::Again),
            Turn::Wait(nap) => Ok(Turn::Wait(nap)),
            Turn::Done(Entry::Mine(claim)) => Ok(Turn::Done(Some(Owned::new(claim, kernel)))),
            Turn::Done(Entry::Done) => Ok(Turn::Done(None)),
            // It keeps no errors.
            Turn::Done(Entry::Failed(_)) => Err(self.corrupt(Corrupt)),
        }
    }

    /// Whether it is done. Then all that was done is seen here.
    #[inline]
    pub fn is_completed(&self) -> bool {
        self.kernel().is_done()
    }

    /// Waits until somebody has done it; also until somebody begins. Works on a read-only segment too, where it may be
    /// noticed up to 50 ms late.
    ///
    /// # Errors
    /// [`Corrupt`](crate::ErrorKind::Corrupt).
    pub fn wait(&self) -> Result<()> {
        self.wait_until(None)
    }

    /// As [`wait`](Once::wait), for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](crate::ErrorKind::TimedOut); [`Corrupt`](crate::ErrorKind::Corrupt).
    pub fn wait_timeout(&self, timeout: Duration) -> Result<()> {
        self.wait_until(deadline_after(timeout))
    }

    fn wait_until(&self, deadline: Option<Instant>) -> Result<()> {
        let kernel = self.kernel();
        let settle = |patience: &mut Patience| kernel.settle(true, patience).map_err(|corrupt| self.corrupt(corrupt));
        match blocking(self.mapped.segment(), deadline, settle)? {
            Outcome::Failed(_) => Err(self.corrupt(Corrupt)),
            _ => Ok(()),
        }
    }

    /// Its name in its segment.
    pub fn name(&self) -> &str {
        self.mapped.name()
    }
}
