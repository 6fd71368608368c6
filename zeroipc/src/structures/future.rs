//! A result that is set once, and that many wait for.
//!
//! `docs/structures/future.md` has the bytes and what is promised, [`once_kernel`](super::once_kernel) the algorithm.

use std::fmt;
use std::time::{Duration, Instant};

use super::once::Owned;
use super::once_kernel::{Claim, Ended, Outcome as Settled, State};
use super::outcome::Outcome;
use super::waiting::{Patience, Turn};
use crate::error::{Error, ErrorKind, Result};
use crate::format::schema::Kind;
use crate::memory::{Memory, Segment};
use crate::shm_layout::ShmLayout;
#[cfg(feature = "async")]
use crate::wait::waiting;
use crate::wait::{blocking, deadline_after};

/// A result that is set once, a value or an error, and that many processes wait for.
///
/// Anybody may [set](Future::set_value) it, and the first one does. Who works on it for a while makes a
/// [promise](Future::promise) first: then nobody else sets it, and those who wait are told when the work will never be done.
///
/// # When a participant dies
/// When the process that has promised dies, or drops its promise, everybody who waits gets
/// [`OwnerDied`](ErrorKind::OwnerDied), and so does everybody who comes, until somebody promises or sets it anew. Without a promise
/// nobody knows that a result will not come: use deadlines, or promise early. A result is there whole or not at all.
///
/// # Waiting
/// Who waits sleeps until the result is there; while somebody has promised, he also asks the kernel, at least every 50 ms,
/// whether that process is alive.
///
/// # Examples
/// ```
/// use zeroipc::{ErrorKind, Future, Memory};
/// # let name = format!("/zeroipc_doc_future_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let sum = Future::<u64>::open_or_create(&memory, "sum")?;
/// let promise = sum.promise()?;
/// assert_eq!(sum.set_value(1).unwrap_err().kind(), ErrorKind::Exists);
/// promise.set_value((1..=100).sum())?;
/// assert_eq!(sum.get()?, 5050);
/// # Ok::<(), zeroipc::Error>(())
/// ```
pub struct Future<T> {
    outcome: Outcome<T>,
}

/// The right, and the duty, to set a [`Future`]. Dropped without a result it tells those who wait that none will come.
#[must_use = "a promise that is dropped is broken"]
pub struct Promise<T> {
    outcome: Outcome<T>,
    claim: Claim,
    kept: bool,
}

impl<T: ShmLayout> Future<T> {
    /// Creates one without a result.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists), [`BadName`](ErrorKind::BadName), [`BadArgument`](ErrorKind::BadArgument) for a value above
    /// 1 GiB, [`OutOfSpace`](ErrorKind::OutOfSpace), [`OutOfMemory`](ErrorKind::OutOfMemory),
    /// [`TableFull`](ErrorKind::TableFull), [`SchemaFull`](ErrorKind::SchemaFull), [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str) -> Result<Future<T>> {
        Ok(Future { outcome: Outcome::create(memory, Kind::FUTURE, name)? })
    }

    /// Opens one.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`KindMismatch`](ErrorKind::KindMismatch),
    /// [`TypeMismatch`](ErrorKind::TypeMismatch) naming the first field that differs, [`Corrupt`](ErrorKind::Corrupt).
    pub fn open(memory: &Memory, name: &str) -> Result<Future<T>> {
        Ok(Future { outcome: Outcome::open(memory, Kind::FUTURE, name)? })
    }

    /// Opens one, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Future::create) and [`open`](Future::open).
    pub fn open_or_create(memory: &Memory, name: &str) -> Result<Future<T>> {
        Ok(Future { outcome: Outcome::open_or_create(memory, Kind::FUTURE, name)? })
    }

    /// Takes over the duty to set it; also after one who has died or given up.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists) if it is set, or promised by somebody who is alive; [`ReadOnly`](ErrorKind::ReadOnly);
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn promise(&self) -> Result<Promise<T>> {
        Ok(Promise { claim: self.claim()?, outcome: self.outcome.clone(), kept: false })
    }

    fn claim(&self) -> Result<Claim> {
        let me = self.outcome.segment().me()?;
        let found = self.outcome.kernel().try_enter(me).map_err(|corrupt| self.outcome.corrupt(corrupt))?;
        found.map_err(|state| {
            let is = if matches!(state, State::Running(..)) { "is promised by another" } else { "has a result" };
            self.outcome.mapped.error(ErrorKind::Exists, format_args!("it {is} already; a result is set once"))
        })
    }

    /// Sets the value, if there is no result and nobody has promised one.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists) if there is, or if another is setting it at this moment;
    /// [`ReadOnly`](ErrorKind::ReadOnly); [`Corrupt`](ErrorKind::Corrupt).
    pub fn set_value(&self, value: T) -> Result<()> {
        let owned = Owned::new(self.claim()?, self.outcome.kernel());
        self.outcome.fill(owned, &value)
    }

    /// Sets an error, of whose text at most 256 bytes are kept, if there is no result and nobody has promised one.
    ///
    /// # Errors
    /// As [`set_value`](Future::set_value).
    pub fn set_error(&self, text: &str) -> Result<()> {
        let owned = Owned::new(self.claim()?, self.outcome.kernel());
        self.outcome.fail(owned, text)
    }

    /// The value; waits for it as long as it takes. Works on a read-only segment too, where it may be noticed up to 50 ms
    /// late.
    ///
    /// # Errors
    /// [`Failed`](ErrorKind::Failed) with the text of the error that was set; [`OwnerDied`](ErrorKind::OwnerDied) when who
    /// has promised has died or given up; [`Corrupt`](ErrorKind::Corrupt).
    #[inline]
    pub fn get(&self) -> Result<T> {
        self.get_until(None)
    }

    /// The value; waits for it for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut); otherwise as [`get`](Future::get).
    pub fn get_timeout(&self, timeout: Duration) -> Result<T> {
        self.get_until(deadline_after(timeout))
    }

    #[inline]
    fn get_until(&self, deadline: Option<Instant>) -> Result<T> {
        match self.outcome.done() {
            Some(value) => Ok(value),
            None => blocking(self.outcome.segment(), deadline, |patience| self.attempt(patience)),
        }
    }

    /// As [`get`](Future::get), as a future (`docs/async.md`); `future.await` is the same.
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has changed nothing.
    ///
    /// # Errors
    /// As [`get`](Future::get); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn get_async(&self) -> Result<T> {
        match self.outcome.done() {
            Some(value) => Ok(value),
            None => waiting(self.outcome.mapped.segment(), |patience| self.attempt(patience)).await,
        }
    }

    /// One attempt to get the value.
    pub(super) fn attempt(&self, patience: &mut Patience) -> Result<Turn<'_, T>> {
        let kernel = self.outcome.kernel();
        Ok(match kernel.settle(false, patience).map_err(|corrupt| self.outcome.corrupt(corrupt))? {
            Turn::Done(Settled::Done) => Turn::Done(self.outcome.value()),
            Turn::Done(Settled::Failed(word)) => self.outcome.failure(word).map(|()| Turn::Again)?,
            Turn::Done(Settled::Abandoned(ended)) => return Err(self.abandoned(ended)),
            Turn::Again => Turn::Again,
            Turn::Wait(nap) => Turn::Wait(nap),
        })
    }

    #[cold]
    fn abandoned(&self, ended: Ended) -> Error {
        let how = match ended {
            Ended::Died => "has died",
            Ended::Panicked => "has panicked",
            _ => "has given up",
        };
        self.outcome
            .mapped
            .error(ErrorKind::OwnerDied, format_args!("who had promised a result {how}; promise it anew"))
    }

    /// The value if it is there; `None` while it may still come.
    ///
    /// # Errors
    /// As [`get`](Future::get).
    #[inline]
    pub fn try_get(&self) -> Result<Option<T>> {
        match self.outcome.done() {
            Some(value) => Ok(Some(value)),
            None => self.try_get_slow(),
        }
    }

    #[cold]
    fn try_get_slow(&self) -> Result<Option<T>> {
        match self.outcome.kernel().look().map_err(|corrupt| self.outcome.corrupt(corrupt))? {
            (_, State::Done) => Ok(Some(self.outcome.value())),
            (word, State::Failed) => self.outcome.failure(word).map(|()| None),
            (_, State::Vacant(Ended::Nobody)) => Ok(None),
            (_, State::Vacant(ended)) => Err(self.abandoned(ended)),
            (_, State::Running(owner, _)) if self.outcome.segment().is_alive(owner) => Ok(None),
            // Dead: unless it has set the result before.
            (_, State::Running(..)) => self.get_timeout(Duration::ZERO).map_or_else(
                |error| if error.kind() == ErrorKind::TimedOut { Ok(None) } else { Err(error) },
                |value| Ok(Some(value)),
            ),
        }
    }

    /// Whether there is a result: a value or an error.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    #[inline]
    pub fn is_ready(&self) -> Result<bool> {
        let (_, state) = self.outcome.kernel().look().map_err(|corrupt| self.outcome.corrupt(corrupt))?;
        Ok(matches!(state, State::Done | State::Failed))
    }

    pub(super) fn segment(&self) -> &Segment {
        self.outcome.segment()
    }

    /// Its name in its segment.
    pub fn name(&self) -> &str {
        self.outcome.mapped.name()
    }
}

impl<T: ShmLayout> Promise<T> {
    /// Keeps the promise with a value.
    ///
    /// # Errors
    /// [`NotOwner`](ErrorKind::NotOwner) in a forked child, whose parent has promised.
    pub fn set_value(mut self, value: T) -> Result<()> {
        self.kept = true;
        self.outcome.fill(self.owned(), &value)
    }

    /// Keeps the promise with an error, of whose text at most 256 bytes are kept.
    ///
    /// # Errors
    /// [`NotOwner`](ErrorKind::NotOwner) in a forked child, whose parent has promised.
    pub fn set_error(mut self, text: &str) -> Result<()> {
        self.kept = true;
        self.outcome.fail(self.owned(), text)
    }
}

impl<T> Promise<T> {
    fn owned(&self) -> Owned<'_> {
        Owned::new(self.claim, self.outcome.kernel())
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let owned = self.owned();
        if !std::thread::panicking() {
            owned.give_up();
        }
    }
}

impl<T> Clone for Future<T> {
    fn clone(&self) -> Self {
        Future { outcome: self.outcome.clone() }
    }
}

impl<T> fmt::Debug for Future<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.outcome.mapped.fmt(f)
    }
}

impl<T> fmt::Debug for Promise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Promise").field("future", &self.outcome.mapped).finish_non_exhaustive()
    }
}

/// What `future.await` waits with.
#[cfg(feature = "async")]
type Awaiting<'a, T> = std::pin::Pin<Box<dyn std::future::Future<Output = Result<T>> + Send + 'a>>;

#[cfg(feature = "async")]
impl<'a, T: ShmLayout + Send> IntoFuture for &'a Future<T> {
    type Output = Result<T>;
    type IntoFuture = Awaiting<'a, T>;

    /// As [`get_async`](Future::get_async).
    fn into_future(self) -> Awaiting<'a, T> {
        Box::pin(self.get_async())
    }
}

#[cfg(feature = "async")]
impl<T: ShmLayout + Send> IntoFuture for Future<T> {
    type Output = Result<T>;
    type IntoFuture = Awaiting<'static, T>;

    /// As [`get_async`](Future::get_async).
    fn into_future(self) -> Awaiting<'static, T> {
        Box::pin(async move { self.get_async().await })
    }
}
