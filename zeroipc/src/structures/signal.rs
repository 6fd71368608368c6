//! The latest of something, with a version.
//!
//! `docs/structures/signal.md` has the bytes and the states, [`signal_kernel`](super::signal_kernel) the algorithm, its
//! invariants and its orderings.

use std::marker::PhantomData;
use std::mem::{MaybeUninit, offset_of};
use std::time::{Duration, Instant};

use super::mapped::Mapped;
use super::signal_kernel::{Buffers, Claim, Kernel, MAX_ROUNDS, Stop, decode, new_current, new_state};
use crate::error::{Error, ErrorKind, Result};
use crate::format::schema::Kind;
use crate::format::signals::{SIGNAL_BUFFERS, SignalHeader};
use crate::memory::{Blueprint, Memory, Segment, structure_size};
use crate::points::point;
use crate::region::Region;
use crate::shm_layout::ShmLayout;
use crate::sync::{AtomicU64, Relaxed};
use crate::table::Fit;
#[cfg(feature = "async")]
use crate::wait::waiting;
use crate::wait::{blocking, deadline_after};

const HEADER: usize = size_of::<SignalHeader>();
const WORD: usize = size_of::<u64>();

/// The latest value of something, with a version that grows by one with every value. Many may write and read.
///
/// A new signal has the value whose bytes are all zero, and version 0: nobody has set it yet. What lies between two reads is
/// not kept; who must see every value takes a [`Queue`](crate::Queue) or a stream.
///
/// # What is promised
/// A value that was read is whole, and is the one that its version says, whatever its size. Reading never waits for a writer,
/// be it slow, stopped or dead; a read that three others have overtaken begins again. Writers do not wait for
/// readers, and for each other only if three others are in the middle of writing. Memory is used for four values.
///
/// # When a participant dies
/// A writer that dies before its value is the latest has never written, and its buffer is used again. A reader or a waiter
/// leaves nothing.
///
/// # Waiting
/// Who waits for a change spins briefly, then sleeps; all wake at the next value. On a segment that is open for reading only
/// a waiter looks by itself, every 50 ms at the latest.
///
/// # Examples
/// ```
/// use zeroipc::{Memory, Signal};
/// # let name = format!("/zeroipc_doc_signal_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let pose = Signal::<[f64; 3]>::create(&memory, "pose")?;
/// assert_eq!(pose.get()?, ([0.0; 3], 0));
/// pose.set([1.0, 2.0, 3.0])?;
/// pose.update(|[x, y, z]| [x + 1.0, *y, *z])?;
/// assert_eq!(pose.wait_for_change(1)?, ([2.0, 2.0, 3.0], 2));
/// # Ok::<(), zeroipc::Error>(())
/// ```
#[derive(Debug)]
pub struct Signal<T> {
    words: Words,
    values: PhantomData<fn(T) -> T>,
}

/// The words of a signal in a mapping: the structure has room for four values behind its header.
#[derive(Clone, Debug)]
struct Words {
    mapped: Mapped<SignalHeader>,
}

impl Buffers for Words {
    #[inline(always)]
    fn current(&self) -> &AtomicU64 {
        self.mapped.word(offset_of!(SignalHeader, current))
    }

    #[inline(always)]
    fn state(&self, index: u64) -> &AtomicU64 {
        self.mapped.word(offset_of!(SignalHeader, states) + index as usize * WORD)
    }
}

impl<T> Clone for Signal<T> {
    fn clone(&self) -> Self {
        Signal { words: self.words.clone(), values: PhantomData }
    }
}

/// Writes the header and perhaps the first value of a new signal into zeroed memory.
fn initialise<T: ShmLayout>(region: &Region, offset: u64, value: Option<&T>) -> Result<()> {
    let version = u64::from(value.is_some());
    if let Some(value) = value {
        region.write(offset + HEADER as u64, bytemuck::bytes_of(value))?;
    }
    let word = |field: usize| region.u64_at(offset + field as u64);
    word(offset_of!(SignalHeader, buffers))?.store(SIGNAL_BUFFERS, Relaxed);
    word(offset_of!(SignalHeader, current))?.store(new_current(version), Relaxed);
    for index in 0..SIGNAL_BUFFERS {
        let state = offset_of!(SignalHeader, states) + index as usize * WORD;
        word(state)?.store(new_state(index, version), Relaxed);
    }
    Ok(())
}

impl<T: ShmLayout> Signal<T> {
    /// How far apart the values are.
    const STRIDE: usize = size_of::<T>().next_multiple_of(WORD);

    /// Creates a signal that nobody has set: its value is all zero, its version 0.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists), [`BadName`](ErrorKind::BadName), [`OutOfSpace`](ErrorKind::OutOfSpace),
    /// [`OutOfMemory`](ErrorKind::OutOfMemory), [`TableFull`](ErrorKind::TableFull),
    /// [`SchemaFull`](ErrorKind::SchemaFull), [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str) -> Result<Signal<T>> {
        Self::with_blueprint(name, None, |blueprint| Self::attach(Mapped::create(memory, blueprint)?))
    }

    /// Creates a signal that has been set once: to this value, which is version 1.
    ///
    /// # Errors
    /// As [`create`](Signal::create).
    pub fn create_with(memory: &Memory, name: &str, value: T) -> Result<Signal<T>> {
        Self::with_blueprint(name, Some(&value), |blueprint| Self::attach(Mapped::create(memory, blueprint)?))
    }

    /// Opens a signal.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`KindMismatch`](ErrorKind::KindMismatch),
    /// [`TypeMismatch`](ErrorKind::TypeMismatch) naming the first field that differs, [`Corrupt`](ErrorKind::Corrupt).
    pub fn open(memory: &Memory, name: &str) -> Result<Signal<T>> {
        Self::attach(Mapped::open(memory, Kind::SIGNAL, name, &[T::DESC])?)
    }

    /// Opens a signal, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Signal::create) and [`open`](Signal::open).
    pub fn open_or_create(memory: &Memory, name: &str) -> Result<Signal<T>> {
        Self::with_blueprint(name, None, |blueprint| Self::attach(Mapped::open_or_create(memory, blueprint)?))
    }

    /// Opens a signal, or creates it with this value if there is none.
    ///
    /// # Errors
    /// As [`open_or_create`](Signal::open_or_create).
    pub fn open_or_create_with(memory: &Memory, name: &str, value: T) -> Result<Signal<T>> {
        Self::with_blueprint(name, Some(&value), |blueprint| Self::attach(Mapped::open_or_create(memory, blueprint)?))
    }

    fn with_blueprint<R>(name: &str, value: Option<&T>, run: impl FnOnce(&Blueprint<'_>) -> Result<R>) -> Result<R> {
        let size = structure_size(name, HEADER as u64, Self::STRIDE as u64, SIGNAL_BUFFERS, size_of::<T>() as u64)?;
        run(&Blueprint {
            kind: Kind::SIGNAL,
            name,
            elements: &[T::DESC],
            size,
            fit: Fit::WORDS,
            initialise: &|region, offset| initialise(region, offset, value),
        })
    }

    /// Checks what was found.
    fn attach(mapped: Mapped<SignalHeader>) -> Result<Signal<T>> {
        let buffers = mapped.word(offset_of!(SignalHeader, buffers)).load(Relaxed);
        if buffers != SIGNAL_BUFFERS {
            return Err(mapped.corrupt(format_args!("it has {buffers} buffers instead of {SIGNAL_BUFFERS}")));
        }
        mapped.check_size(Some((HEADER + SIGNAL_BUFFERS as usize * Self::STRIDE) as u64))?;
        let signal = Signal { words: Words { mapped }, values: PhantomData };
        if !signal.words.mapped.recorded() {
            for index in 0..SIGNAL_BUFFERS {
                decode(signal.words.state(index).load(Relaxed)).ok_or_else(|| signal.corrupt(index))?;
            }
        }
        Ok(signal)
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
    fn corrupt(&self, index: u64) -> Error {
        self.words.mapped.corrupt(format_args!("buffer {index} is in no state that a peer could have left"))
    }

    #[inline(always)]
    fn place(index: u64) -> usize {
        HEADER + index as usize * Self::STRIDE
    }

    /// The latest value and its version. Never waits, and works on a segment that is open for reading only.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt) if the value has been replaced 10,000 times while it was read.
    #[inline]
    pub fn get(&self) -> Result<(T, u64)> {
        let kernel = self.kernel();
        let mut value = MaybeUninit::uninit();
        for _ in 0..MAX_ROUNDS {
            let latest = kernel.latest();
            self.words.mapped.read_into(Self::place(latest.index), &mut value);
            if kernel.is_whole(latest) {
                // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
                return Ok((unsafe { value.assume_init() }, latest.version));
            }
        }
        Err(self.words.mapped.corrupt("its value changes faster than it can be read"))
    }

    /// The version of the latest value: how often the signal has been set.
    #[inline]
    pub fn version(&self) -> u64 {
        self.kernel().latest().version
    }

    /// Writes a claimed buffer and makes it the latest. There is no call here that could panic, and none into code of the user.
    #[inline(always)]
    fn fill(&self, claim: Claim, value: &T, follows: Option<u64>) -> Option<u64> {
        self.words.mapped.write_value(Self::place(claim.index), value);
        point!("signal.set.written");
        let version = self.kernel().publish(claim, follows);
        if version.is_none() {
            self.kernel().withdraw(claim);
        }
        version
    }

    #[inline]
    fn claim_until(&self, deadline: Option<Instant>) -> Result<Claim> {
        let me = self.segment().me()?;
        match self.kernel().claim(me) {
            Ok(claim) => Ok(claim),
            Err(_) => self.claim_slow(me, deadline),
        }
    }

    #[cold]
    fn claim_slow(&self, me: u32, deadline: Option<Instant>) -> Result<Claim> {
        let kernel = self.kernel();
        blocking(self.segment(), deadline, |patience| {
            kernel.claim_attempt(me, patience).map_err(|index| self.corrupt(index))
        })
    }

    /// Sets the value, and returns its version. Waits only while three others are in the middle of setting it.
    ///
    /// # Errors
    /// [`ReadOnly`](ErrorKind::ReadOnly); [`Corrupt`](ErrorKind::Corrupt) if a buffer is in no state that a peer could have
    /// left.
    #[inline]
    pub fn set(&self, value: T) -> Result<u64> {
        self.set_until(&value, None)
    }

    /// Sets the value, waiting for a buffer for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was set; otherwise as [`set`](Signal::set).
    pub fn set_timeout(&self, value: T, timeout: Duration) -> Result<u64> {
        self.set_until(&value, deadline_after(timeout))
    }

    #[inline]
    fn set_until(&self, value: &T, deadline: Option<Instant>) -> Result<u64> {
        loop {
            let claim = self.claim_until(deadline)?;
            // Without a version that it follows, it always becomes the latest.
            if let Some(version) = self.fill(claim, value, None) {
                return Ok(version);
            }
        }
    }

    /// Sets the value if that needs no waiting; the version, or `None` if three others are in the middle of setting it.
    ///
    /// # Errors
    /// As [`set`](Signal::set).
    pub fn try_set(&self, value: T) -> Result<Option<u64>> {
        let me = self.segment().me()?;
        match self.kernel().claim(me) {
            Ok(claim) => Ok(self.fill(claim, &value, None)),
            Err(Stop::Busy { .. }) => Ok(None),
            Err(Stop::Corrupt(index)) => Err(self.corrupt(index)),
        }
    }

    /// Replaces the value by one that is made from it, and returns that with its version. If others set the value
    /// meanwhile, `next` is called again with theirs: nobody's value is lost, and `next` may run several times.
    ///
    /// `next` runs while nothing is claimed; it may take its time, panic, or use this signal.
    ///
    /// # Errors
    /// As [`set`](Signal::set).
    pub fn update(&self, next: impl FnMut(&T) -> T) -> Result<(T, u64)> {
        self.update_until(next, None)
    }

    /// As [`update`](Signal::update), for at most `timeout`: also if others are faster each time.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was set; otherwise as [`set`](Signal::set).
    pub fn update_timeout(&self, next: impl FnMut(&T) -> T, timeout: Duration) -> Result<(T, u64)> {
        self.update_until(next, deadline_after(timeout))
    }

    fn update_until(&self, mut next: impl FnMut(&T) -> T, deadline: Option<Instant>) -> Result<(T, u64)> {
        self.segment().writable()?;
        loop {
            let (old, version) = self.get()?;
            let new = next(&old);
            let claim = self.claim_until(deadline)?;
            if let Some(version) = self.fill(claim, &new, Some(version)) {
                return Ok((new, version));
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(Error::plain(ErrorKind::TimedOut));
            }
        }
    }

    /// Waits until the version is another than `known`, as long as it takes; the latest value and its version.
    ///
    /// # Errors
    /// As [`get`](Signal::get).
    pub fn wait_for_change(&self, known: u64) -> Result<(T, u64)> {
        self.wait_until(known, None)
    }

    /// Waits until the version is another than `known`, for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut); otherwise as [`get`](Signal::get).
    pub fn wait_for_change_timeout(&self, known: u64, timeout: Duration) -> Result<(T, u64)> {
        self.wait_until(known, deadline_after(timeout))
    }

    fn wait_until(&self, known: u64, deadline: Option<Instant>) -> Result<(T, u64)> {
        let (kernel, writable) = (self.kernel(), self.segment().writable().is_ok());
        if kernel.latest().version == known {
            blocking(self.segment(), deadline, |patience| Ok::<_, Error>(kernel.attempt(known, writable, patience)))?;
        }
        self.get()
    }

    /// As [`wait_for_change`](Signal::wait_for_change), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has changed nothing.
    ///
    /// # Errors
    /// As [`wait_for_change`](Signal::wait_for_change); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn wait_for_change_async(&self, known: u64) -> Result<(T, u64)> {
        let (kernel, writable) = (self.kernel(), self.segment().writable().is_ok());
        if kernel.latest().version == known {
            let segment = self.words.mapped.segment();
            waiting(segment, move |patience| Ok(kernel.attempt(known, writable, patience))).await?;
        }
        self.get()
    }

    /// As [`set`](Signal::set), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has set nothing.
    ///
    /// # Errors
    /// As [`set`](Signal::set); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn set_async(&self, value: T) -> Result<u64> {
        loop {
            let claim = self.claim_async().await?;
            if let Some(version) = self.fill(claim, &value, None) {
                return Ok(version);
            }
        }
    }

    /// As [`update`](Signal::update), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has set nothing; `next` may have run.
    ///
    /// # Errors
    /// As [`update`](Signal::update); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn update_async(&self, mut next: impl FnMut(&T) -> T) -> Result<(T, u64)> {
        self.segment().writable()?;
        loop {
            let (old, version) = self.get()?;
            let new = next(&old);
            if self.version() == version {
                let claim = self.claim_async().await?;
                if let Some(version) = self.fill(claim, &new, Some(version)) {
                    return Ok((new, version));
                }
            }
        }
    }

    /// A claim to be filled before anything else is awaited.
    #[cfg(feature = "async")]
    async fn claim_async(&self) -> Result<Claim> {
        let me = self.segment().me()?;
        let kernel = self.kernel();
        waiting(self.words.mapped.segment(), move |patience| {
            kernel.claim_attempt(me, patience).map_err(|index| self.corrupt(index))
        })
        .await
    }

    /// The signal's name in its segment.
    pub fn name(&self) -> &str {
        self.words.mapped.name()
    }
}
