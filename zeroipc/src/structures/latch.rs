//! A count that falls to zero once.
//!
//! `docs/structures/latch.md` has the bytes and the states, [`latch_kernel`](super::latch_kernel) the algorithm, its
//! invariants and its orderings.

use std::mem::offset_of;
use std::time::{Duration, Instant};

use super::latch_kernel::{Kernel, Refused, decode, left};
use super::mapped::Mapped;
use crate::error::{Error, ErrorKind, Result};
use crate::format::latch::{LatchHeader, MAX_LATCH_COUNT};
use crate::format::schema::Kind;
use crate::memory::{Blueprint, Memory, Segment};
use crate::region::Region;
use crate::sync::Relaxed;
use crate::table::Fit;
#[cfg(feature = "async")]
use crate::wait::waiting;
use crate::wait::{blocking, deadline_after};

/// A latch: waits until something has happened so many times. It opens once, when its count has fallen to zero, and stays
/// open; for rounds there is [`Barrier`](crate::Barrier).
///
/// What was done before counting down is seen by whoever finds the latch open.
///
/// # When a participant dies
/// Counting down is one step: a process that dies has counted or has not, and a waiter leaves nothing. What a dead process
/// was to count and did not stays, so whoever waits for processes that may die waits with a deadline.
///
/// # Waiting
/// Waiters spin briefly, then sleep; all of them wake when the count reaches zero. Waiting works on a segment that is open
/// for reading only: such a waiter looks by itself, every 50 ms at the latest.
///
/// # Examples
/// ```
/// use zeroipc::{Latch, Memory};
/// # let name = format!("/zeroipc_doc_latch_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let ready = Latch::create(&memory, "ready", 2)?;
/// std::thread::scope(|scope| {
///     for _ in 0..2 {
///         scope.spawn(|| ready.count_down());
///     }
///     ready.wait()
/// })?;
/// assert_eq!(ready.count()?, 0);
/// # Ok::<(), zeroipc::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Latch {
    mapped: Mapped<LatchHeader>,
    initial: u64,
}

fn checked_count(name: &str, count: u64) -> Result<()> {
    if (1..=MAX_LATCH_COUNT).contains(&count) {
        return Ok(());
    }
    let message = format!("latch `{name}`: a count of {count} was asked for; 1 to {MAX_LATCH_COUNT} are possible");
    Err(Error::new(ErrorKind::BadArgument, message))
}

fn initialise(region: &Region, offset: u64, count: u64) -> Result<()> {
    region.u64_at(offset + offset_of!(LatchHeader, initial) as u64)?.store(count, Relaxed);
    region.u64_at(offset + offset_of!(LatchHeader, state) as u64)?.store(left(count), Relaxed);
    Ok(())
}

fn with_blueprint<R>(name: &str, count: u64, run: impl FnOnce(&Blueprint<'_>) -> Result<R>) -> Result<R> {
    checked_count(name, count)?;
    run(&Blueprint {
        kind: Kind::LATCH,
        name,
        elements: &[],
        size: size_of::<LatchHeader>() as u64,
        fit: Fit::WORDS,
        initialise: &|region, offset| initialise(region, offset, count),
    })
}

/// Checks what was found, and reads the initial count once.
fn attach(mapped: Mapped<LatchHeader>) -> Result<Latch> {
    mapped.check_size(Some(size_of::<LatchHeader>() as u64))?;
    let initial = mapped.word(offset_of!(LatchHeader, initial)).load(Relaxed);
    let state = mapped.word(offset_of!(LatchHeader, state)).load(Relaxed);
    if !(1..=MAX_LATCH_COUNT).contains(&initial) || decode(state).is_none_or(|count| count > initial) {
        return Err(mapped.corrupt(format_args!("its count began at {initial} and its state is {state:#x}")));
    }
    Ok(Latch { mapped, initial })
}

impl Latch {
    /// Creates a latch that opens when it has been counted down `count` times.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists), [`BadName`](ErrorKind::BadName), [`BadArgument`](ErrorKind::BadArgument) for a count of
    /// 0 or above 2^31 − 1, [`OutOfSpace`](ErrorKind::OutOfSpace), [`OutOfMemory`](ErrorKind::OutOfMemory),
    /// [`TableFull`](ErrorKind::TableFull), [`SchemaFull`](ErrorKind::SchemaFull), [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str, count: u64) -> Result<Latch> {
        with_blueprint(name, count, |blueprint| attach(Mapped::create(memory, blueprint)?))
    }

    /// Opens a latch.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`KindMismatch`](ErrorKind::KindMismatch), [`Corrupt`](ErrorKind::Corrupt).
    pub fn open(memory: &Memory, name: &str) -> Result<Latch> {
        attach(Mapped::open(memory, Kind::LATCH, name, &[])?)
    }

    /// Opens a latch, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Latch::create) and [`open`](Latch::open), and [`BadArgument`](ErrorKind::BadArgument) if the latch is
    /// there and was created with another count.
    pub fn open_or_create(memory: &Memory, name: &str, count: u64) -> Result<Latch> {
        let latch = with_blueprint(name, count, |blueprint| attach(Mapped::open_or_create(memory, blueprint)?))?;
        latch.mapped.check_number("an initial count", latch.initial, count)?;
        Ok(latch)
    }

    fn segment(&self) -> &Segment {
        self.mapped.segment()
    }

    #[inline]
    fn kernel(&self) -> Kernel<'_, Segment> {
        Kernel { state: self.mapped.word(offset_of!(LatchHeader, state)), peers: self.segment() }
    }

    #[cold]
    fn refused(&self, n: u64, refused: Refused) -> Error {
        match refused {
            Refused::Left(left) => {
                self.mapped.error(ErrorKind::BadArgument, format_args!("{n} cannot be taken off {left} that are left"))
            }
            Refused::Corrupt(word) => {
                self.mapped.corrupt(format_args!("its state is {word:#x}, which no peer could have left"))
            }
        }
    }

    /// Counts down by one; the one that reaches zero wakes all who wait.
    ///
    /// # Errors
    /// [`BadArgument`](ErrorKind::BadArgument) if the count is zero already, and then nothing has changed;
    /// [`ReadOnly`](ErrorKind::ReadOnly); [`Corrupt`](ErrorKind::Corrupt).
    #[inline]
    pub fn count_down(&self) -> Result<()> {
        self.count_down_by(1)
    }

    /// Counts down by `n`, all or nothing. With 0 nothing happens.
    ///
    /// # Errors
    /// [`BadArgument`](ErrorKind::BadArgument) if less than `n` is left, and then nothing has changed;
    /// [`ReadOnly`](ErrorKind::ReadOnly); [`Corrupt`](ErrorKind::Corrupt).
    #[inline]
    pub fn count_down_by(&self, n: u64) -> Result<()> {
        self.segment().writable()?;
        self.kernel().count_down_by(n).map(drop).map_err(|refused| self.refused(n, refused))
    }

    /// Whether the latch is open.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    #[inline]
    pub fn try_wait(&self) -> Result<bool> {
        self.kernel().is_open().map_err(|refused| self.refused(0, refused))
    }

    /// Waits until the latch is open, as long as it takes.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn wait(&self) -> Result<()> {
        self.wait_until(None)
    }

    /// Waits until the latch is open, for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), [`Corrupt`](ErrorKind::Corrupt).
    pub fn wait_timeout(&self, timeout: Duration) -> Result<()> {
        self.wait_until(deadline_after(timeout))
    }

    fn wait_until(&self, deadline: Option<Instant>) -> Result<()> {
        if self.try_wait()? {
            return Ok(());
        }
        let (kernel, writable) = (self.kernel(), self.segment().writable().is_ok());
        blocking(self.segment(), deadline, |patience| {
            kernel.attempt(writable, patience).map_err(|refused| self.refused(0, refused))
        })
    }

    /// As [`wait`](Latch::wait), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has changed nothing.
    ///
    /// # Errors
    /// As [`wait`](Latch::wait); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn wait_async(&self) -> Result<()> {
        if self.try_wait()? {
            return Ok(());
        }
        let (kernel, writable) = (self.kernel(), self.segment().writable().is_ok());
        waiting(self.mapped.segment(), move |patience| {
            kernel.attempt(writable, patience).map_err(|refused| self.refused(0, refused))
        })
        .await
    }

    /// As [`arrive_and_wait`](Latch::arrive_and_wait), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// The count falls when the future is first polled, and stays so when it is dropped.
    ///
    /// # Errors
    /// As [`count_down`](Latch::count_down); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn arrive_and_wait_async(&self) -> Result<()> {
        self.count_down()?;
        self.wait_async().await
    }

    /// Counts down by one, then waits until the latch is open.
    ///
    /// # Errors
    /// As [`count_down`](Latch::count_down).
    pub fn arrive_and_wait(&self) -> Result<()> {
        self.count_down()?;
        self.wait()
    }

    /// Counts down by one, then waits until the latch is open, for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and the count has fallen all the same; otherwise as
    /// [`count_down`](Latch::count_down).
    pub fn arrive_and_wait_timeout(&self, timeout: Duration) -> Result<()> {
        self.count_down()?;
        self.wait_timeout(timeout)
    }

    /// How often the latch must still be counted down.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn count(&self) -> Result<u64> {
        self.kernel().count().map_err(|refused| self.refused(0, refused))
    }

    /// How often it had to be counted down when it was created.
    pub fn initial_count(&self) -> u64 {
        self.initial
    }

    /// The latch's name in its segment.
    pub fn name(&self) -> &str {
        self.mapped.name()
    }
}
