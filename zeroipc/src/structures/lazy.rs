//! A value that is computed once, by whoever needs it first.
//!
//! `docs/structures/lazy.md` has the bytes and what is promised, [`once_kernel`](super::once_kernel) the algorithm.

use std::fmt;
use std::time::{Duration, Instant};

use super::once::{OnceState, Owned};
use super::once_kernel::{Entry, Outcome as Settled, State};
use super::outcome::Outcome;
use super::waiting::{Patience, Turn};
use crate::error::Result;
use crate::format::schema::Kind;
use crate::memory::Memory;
use crate::shm_layout::ShmLayout;
#[cfg(feature = "async")]
use crate::wait::waiting;
use crate::wait::{blocking, deadline_after};

/// A value that is computed once, by whoever needs it first, and is there for all afterwards.
///
/// A computation that fails is kept as well: its text (up to 256 bytes of UTF-8) is what everybody is told, as
/// [`Failed`](crate::ErrorKind::Failed), until somebody calls [`reset_error`](Lazy::reset_error). The computation itself stays in
/// its process; each brings its own.
///
/// # When a participant dies
/// When the process that computes dies, or the computation panics, the next one that needs the value computes it **and is
/// told** ([`force_with`](Lazy::force_with)). Nothing of the unfinished value is ever seen.
///
/// # Waiting
/// Who needs the value while another computes it sleeps until it is there, or asks the kernel whether the other is dead. A
/// computation that needs the same value waits for itself, forever.
///
/// # Examples
/// ```
/// use zeroipc::{Lazy, Memory};
/// # let name = format!("/zeroipc_doc_lazy_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let answer = Lazy::<u64>::open_or_create(&memory, "answer")?;
/// assert_eq!(answer.get()?, None);
/// assert_eq!(answer.force(|| 6 * 7)?, 42);
/// assert_eq!(answer.force(|| unreachable!("it is there"))?, 42);
/// assert_eq!(answer.get()?, Some(42));
/// # Ok::<(), zeroipc::Error>(())
/// ```
pub struct Lazy<T> {
    outcome: Outcome<T>,
}

/// What somebody finds who needs the value.
enum Found<'a, T> {
    Value(T),
    /// It is his to compute.
    Mine(Owned<'a>),
}

impl<T: ShmLayout> Lazy<T> {
    /// Creates one without a value.
    ///
    /// # Errors
    /// [`Exists`](crate::ErrorKind::Exists), [`BadName`](crate::ErrorKind::BadName),
    /// [`BadArgument`](crate::ErrorKind::BadArgument) for a value above 1 GiB, [`OutOfSpace`](crate::ErrorKind::OutOfSpace),
    /// [`OutOfMemory`](crate::ErrorKind::OutOfMemory), [`TableFull`](crate::ErrorKind::TableFull),
    /// [`SchemaFull`](crate::ErrorKind::SchemaFull), [`ReadOnly`](crate::ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str) -> Result<Lazy<T>> {
        Ok(Lazy { outcome: Outcome::create(memory, Kind::LAZY, name)? })
    }

    /// Opens one.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound), [`KindMismatch`](crate::ErrorKind::KindMismatch),
    /// [`TypeMismatch`](crate::ErrorKind::TypeMismatch) naming the first field that differs,
    /// [`Corrupt`](crate::ErrorKind::Corrupt).
    pub fn open(memory: &Memory, name: &str) -> Result<Lazy<T>> {
        Ok(Lazy { outcome: Outcome::open(memory, Kind::LAZY, name)? })
    }

    /// Opens one, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Lazy::create) and [`open`](Lazy::open).
    pub fn open_or_create(memory: &Memory, name: &str) -> Result<Lazy<T>> {
        Ok(Lazy { outcome: Outcome::open_or_create(memory, Kind::LAZY, name)? })
    }

    /// The value, computed by `f` if nobody has computed it; waits while another computes it.
    ///
    /// # Errors
    /// [`Failed`](crate::ErrorKind::Failed) with the text of a failure that is kept; [`ReadOnly`](crate::ErrorKind::ReadOnly)
    /// unless the value is there; [`Corrupt`](crate::ErrorKind::Corrupt).
    ///
    /// # Panics
    /// When `f` does; the next one that needs the value computes it.
    #[inline]
    pub fn force(&self, f: impl FnOnce() -> T) -> Result<T> {
        match self.outcome.done() {
            Some(value) => Ok(value),
            None => self.force_slow(None, |_| Ok(f())),
        }
    }

    /// As [`force`](Lazy::force), with a computation that is told whether somebody has begun before, and how that ended.
    ///
    /// # Errors
    /// As [`force`](Lazy::force).
    ///
    /// # Panics
    /// When `f` does; the next one that needs the value computes it.
    #[inline]
    pub fn force_with(&self, f: impl FnOnce(&OnceState) -> T) -> Result<T> {
        self.try_force_with(|state| Ok(f(state)))
    }

    /// As [`force`](Lazy::force), waiting for another at most `timeout`. `f` itself may take as long as it likes.
    ///
    /// # Errors
    /// [`TimedOut`](crate::ErrorKind::TimedOut), and then `f` was not called; otherwise as [`force`](Lazy::force).
    ///
    /// # Panics
    /// When `f` does; the next one that needs the value computes it.
    #[inline]
    pub fn force_timeout(&self, timeout: Duration, f: impl FnOnce() -> T) -> Result<T> {
        match self.outcome.done() {
            Some(value) => Ok(value),
            None => self.force_slow(deadline_after(timeout), |_| Ok(f())),
        }
    }

    /// As [`force`](Lazy::force), with a computation that may fail. The failure is kept, and everybody is told.
    ///
    /// # Errors
    /// [`Failed`](crate::ErrorKind::Failed) with the text that `f`, here or elsewhere, has returned, at most 256 bytes of it;
    /// otherwise as [`force`](Lazy::force).
    ///
    /// # Panics
    /// When `f` does; the next one that needs the value computes it.
    ///
    /// # Examples
    /// ```
    /// # use zeroipc::{ErrorKind, Lazy, Memory};
    /// # let name = format!("/zeroipc_doc_lazy_try_{}", std::process::id());
    /// # let memory = Memory::options().remove_on_last_detach(true).create(&name, 1 << 20)?;
    /// let model = Lazy::<[f32; 4]>::create(&memory, "model")?;
    /// let error = model.try_force(|| Err("no such file".to_owned())).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Failed);
    /// assert!(error.to_string().ends_with("it failed: no such file"));
    /// assert!(model.force(|| [1.0; 4]).is_err());
    /// assert!(model.reset_error()?);
    /// assert_eq!(model.force(|| [1.0; 4])?, [1.0; 4]);
    /// # Ok::<(), zeroipc::Error>(())
    /// ```
    #[inline]
    pub fn try_force(&self, f: impl FnOnce() -> Result<T, String>) -> Result<T> {
        self.try_force_with(|_| f())
    }

    /// As [`try_force`](Lazy::try_force), with a computation that is told whether somebody has begun before, and how that
    /// ended.
    ///
    /// # Errors
    /// As [`try_force`](Lazy::try_force).
    ///
    /// # Panics
    /// When `f` does; the next one that needs the value computes it.
    #[inline]
    pub fn try_force_with(&self, f: impl FnOnce(&OnceState) -> Result<T, String>) -> Result<T> {
        match self.outcome.done() {
            Some(value) => Ok(value),
            None => self.force_slow(None, f),
        }
    }

    #[cold]
    fn force_slow(&self, deadline: Option<Instant>, f: impl FnOnce(&OnceState) -> Result<T, String>) -> Result<T> {
        let me = self.outcome.segment().me()?;
        let owned = match blocking(self.outcome.segment(), deadline, |patience| self.attempt(me, patience))? {
            Found::Value(value) => return Ok(value),
            Found::Mine(owned) => owned,
        };
        self.compute(owned, f)
    }

    fn compute(&self, owned: Owned<'_>, f: impl FnOnce(&OnceState) -> Result<T, String>) -> Result<T> {
        match f(&OnceState::after(owned.claim.previous)) {
            Ok(value) => self.outcome.fill(owned, &value).map(|()| value),
            Err(text) => {
                self.outcome.fail(owned, &text)?;
                Err(self.outcome.failed(&text))
            }
        }
    }

    /// As [`force`](Lazy::force), as a future (`docs/async.md`); `f` itself runs in the middle of a poll.
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has not begun to run `f`.
    ///
    /// # Errors
    /// As [`force`](Lazy::force); [`System`](crate::ErrorKind::System) if the thread that sleeps for futures cannot be started.
    ///
    /// # Panics
    /// When `f` does; the next one that needs the value computes it.
    #[cfg(feature = "async")]
    pub async fn force_async(&self, f: impl FnOnce() -> T) -> Result<T> {
        self.try_force_async(|| Ok(f())).await
    }

    /// As [`try_force`](Lazy::try_force), as a future (`docs/async.md`); `f` itself runs in the middle of a poll.
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has not begun to run `f`.
    ///
    /// # Errors
    /// As [`try_force`](Lazy::try_force); [`System`](crate::ErrorKind::System) if the thread that sleeps for futures cannot be
    /// started.
    ///
    /// # Panics
    /// When `f` does; the next one that needs the value computes it.
    #[cfg(feature = "async")]
    pub async fn try_force_async(&self, f: impl FnOnce() -> Result<T, String>) -> Result<T> {
        if let Some(value) = self.outcome.done() {
            return Ok(value);
        }
        let me = self.outcome.segment().me()?;
        match waiting(self.outcome.mapped.segment(), move |patience| self.attempt(me, patience)).await? {
            Found::Value(value) => Ok(value),
            Found::Mine(owned) => self.compute(owned, |_| f()),
        }
    }

    /// As [`wait`](Lazy::wait), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has changed nothing.
    ///
    /// # Errors
    /// As [`wait`](Lazy::wait); [`System`](crate::ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn wait_async(&self) -> Result<T> {
        waiting(self.outcome.mapped.segment(), |patience| self.settle(patience)).await
    }

    fn attempt(&self, me: u32, patience: &mut Patience) -> Result<Turn<'_, Found<'_, T>>> {
        let kernel = self.outcome.kernel();
        Ok(match kernel.enter(me, patience).map_err(|corrupt| self.outcome.corrupt(corrupt))? {
            Turn::Done(Entry::Mine(claim)) => Turn::Done(Found::Mine(Owned::new(claim, kernel))),
            Turn::Done(Entry::Done) => Turn::Done(Found::Value(self.outcome.value())),
            Turn::Done(Entry::Failed(word)) => self.outcome.failure(word).map(|()| Turn::Again)?,
            Turn::Again => Turn::Again,
            Turn::Wait(nap) => Turn::Wait(nap),
        })
    }

    /// The value if it is there. Works on a read-only segment too.
    ///
    /// # Errors
    /// [`Failed`](crate::ErrorKind::Failed) with the text of a failure that is kept; [`Corrupt`](crate::ErrorKind::Corrupt).
    #[inline]
    pub fn get(&self) -> Result<Option<T>> {
        match self.outcome.done() {
            Some(value) => Ok(Some(value)),
            None => self.get_slow(),
        }
    }

    #[cold]
    fn get_slow(&self) -> Result<Option<T>> {
        match self.outcome.kernel().look().map_err(|corrupt| self.outcome.corrupt(corrupt))? {
            (_, State::Done) => Ok(Some(self.outcome.value())),
            (word, State::Failed) => self.outcome.failure(word).map(|()| None),
            _ => Ok(None),
        }
    }

    /// Waits until somebody has computed the value, which this one does not; also until somebody begins. Works on a
    /// read-only segment too, where the value may be noticed up to 50 ms late.
    ///
    /// # Errors
    /// [`Failed`](crate::ErrorKind::Failed) with the text of a failure that is kept; [`Corrupt`](crate::ErrorKind::Corrupt).
    pub fn wait(&self) -> Result<T> {
        self.wait_until(None)
    }

    /// As [`wait`](Lazy::wait), for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](crate::ErrorKind::TimedOut); otherwise as [`wait`](Lazy::wait).
    pub fn wait_timeout(&self, timeout: Duration) -> Result<T> {
        self.wait_until(deadline_after(timeout))
    }

    fn wait_until(&self, deadline: Option<Instant>) -> Result<T> {
        blocking(self.outcome.segment(), deadline, |patience| self.settle(patience))
    }

    fn settle(&self, patience: &mut Patience) -> Result<Turn<'_, T>> {
        let kernel = self.outcome.kernel();
        Ok(match kernel.settle(true, patience).map_err(|corrupt| self.outcome.corrupt(corrupt))? {
            Turn::Done(Settled::Done) => Turn::Done(self.outcome.value()),
            Turn::Done(Settled::Failed(word)) => self.outcome.failure(word).map(|()| Turn::Again)?,
            // It waits through these.
            Turn::Done(Settled::Abandoned(_)) | Turn::Again => Turn::Again,
            Turn::Wait(nap) => Turn::Wait(nap),
        })
    }

    /// Whether the value is there.
    #[inline]
    pub fn is_computed(&self) -> bool {
        self.outcome.kernel().is_done()
    }

    /// Forgets a failure, so that the next one who needs the value computes it; `false` if there is none. A value is never
    /// forgotten.
    ///
    /// # Errors
    /// [`ReadOnly`](crate::ErrorKind::ReadOnly); [`Corrupt`](crate::ErrorKind::Corrupt).
    pub fn reset_error(&self) -> Result<bool> {
        self.outcome.segment().writable()?;
        self.outcome.kernel().reset().map_err(|corrupt| self.outcome.corrupt(corrupt))
    }

    /// Its name in its segment.
    pub fn name(&self) -> &str {
        self.outcome.mapped.name()
    }
}

impl<T> Clone for Lazy<T> {
    fn clone(&self) -> Self {
        Lazy { outcome: self.outcome.clone() }
    }
}

impl<T> fmt::Debug for Lazy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.outcome.mapped.fmt(f)
    }
}
