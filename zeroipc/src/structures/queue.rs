//! A bounded queue for many producers and many consumers.
//!
//! `docs/format.md` §6 has the bytes and the states, [`queue_kernel`](super::queue_kernel) the algorithm, its
//! invariants and its orderings. This file joins the two: where the words of a mapped queue are, and the handle.

use std::fmt;
use std::marker::PhantomData;
use std::mem::{MaybeUninit, offset_of};
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::{Duration, Instant};

use zeroipc_layout::limits::MAX_QUEUE_CAPACITY;

use super::mapped::Mapped;
use super::queue_kernel::{Cells, Claim, Kernel, Peek, Stop, after, decode, empty};
use super::waiting::{Patience, Turn};
use crate::entries::kind_name;
use crate::error::{Error, ErrorKind, Result};
use crate::format::queue::QueueHeader;
use crate::format::schema::Kind;
use crate::memory::{Blueprint, Memory, Placed, Segment, structure_size, wrong_size};
use crate::points::point;
use crate::region::{Region, copy_in, copy_out};
use crate::shm_layout::ShmLayout;
use crate::sync::{AtomicU64, Relaxed};
use crate::table::{Entry, Fit};
#[cfg(feature = "async")]
use crate::wait::waiting;
use crate::wait::{blocking, deadline_after};

const HEADER: u64 = size_of::<QueueHeader>() as u64;
/// Bytes of a cell before its value.
const STATE: u64 = size_of::<u64>() as u64;
/// What cells and their values are aligned to.
const CELL_ALIGN: usize = 8;

/// A bounded lock-free queue for many producers and many consumers, in every process and language.
///
/// Elements are copied in and out. One producer's elements arrive in the order in which it pushed them, and each
/// arrives once.
///
/// # When a participant dies
/// A producer that dies in the middle of a push has never pushed; whoever stands at its cell asks the kernel and frees
/// it, as soon as the kernel has let go of the process. A consumer that dies loses nothing. A process that is stopped in the
/// middle of a push counts as alive and holds up the consumers behind its element; deadlines still work.
///
/// # Waiting
/// [`push`](Queue::push) and [`pop`](Queue::pop) spin briefly and then sleep without costing CPU time. All who wait for
/// an element wake when one comes, and one of them gets it.
///
/// Operations are not for signal handlers: one that waits for the push that it has interrupted waits forever.
///
/// # Examples
/// ```
/// use zeroipc::{Memory, Queue};
/// # let name = format!("/zeroipc_doc_queue_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let queue = Queue::<u64>::open_or_create(&memory, "jobs", 1000)?;
/// assert_eq!(queue.capacity(), 1024);
/// queue.push(7)?;
/// queue.try_push(8)?;
/// assert_eq!(queue.pop()?, 7);
/// assert_eq!(queue.try_pop()?, Some(8));
/// assert_eq!(queue.try_pop()?, None);
/// # Ok::<(), zeroipc::Error>(())
/// ```
pub struct Queue<T> {
    cells: MappedCells<Of<T>>,
    segment: Arc<Segment>,
    name: Box<str>,
}

/// The words of a queue in a mapping.
///
/// Invariant **M1**: the pointers lead to a header and to `mask + 1` cells of `stride` bytes, all inside the mapping,
/// aligned to 8, and mapped as long as the handle that holds this value (its `segment` sees to that).
pub(super) struct MappedCells<S> {
    header: NonNull<QueueHeader>,
    cells: NonNull<u8>,
    stride: S,
    mask: u64,
    /// They are those of a channel.
    may_be_sealed: bool,
}

/// How far apart cells are: known from a type, so that the compiler multiplies, or only when a queue is looked at.
pub(super) trait Stride: Copy {
    fn bytes(self) -> usize;
}

/// The stride of cells that hold a `T`.
pub(super) struct Of<T>(PhantomData<fn(T) -> T>);

impl<T> Clone for Of<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Of<T> {}

impl<T> Stride for Of<T> {
    #[inline(always)]
    fn bytes(self) -> usize {
        stride(size_of::<T>() as u64) as usize
    }
}

/// A stride that was computed from a description.
#[derive(Clone, Copy)]
struct Measured(usize);

impl Stride for Measured {
    fn bytes(self) -> usize {
        self.0
    }
}

// SAFETY: the pointers lead to shared memory, which every thread may access through atomics (M1).
unsafe impl<S> Send for MappedCells<S> {}
// SAFETY: as above.
unsafe impl<S> Sync for MappedCells<S> {}

impl<S: Stride> MappedCells<S> {
    #[inline]
    fn header_word(&self, field: usize) -> &AtomicU64 {
        // SAFETY: `field` is the offset of a field of the header, so the result stays in it.
        let word = unsafe { self.header.cast::<u8>().add(field) };
        // SAFETY: an aligned word in the mapping (M1), accessed through atomics by everybody.
        unsafe { word.cast::<AtomicU64>().as_ref() }
    }

    #[inline]
    fn cell(&self, index: u64) -> NonNull<u8> {
        debug_assert!(index <= self.mask);
        // SAFETY: `index ≤ mask`, so the cell is one of those that M1 speaks of.
        unsafe { self.cells.add(index as usize * self.stride.bytes()) }
    }

    /// Where the value of a cell is.
    #[inline]
    fn value(&self, index: u64) -> NonNull<u8> {
        // SAFETY: a cell has a state and a value behind it (M1).
        unsafe { self.cell(index).add(STATE as usize) }
    }
}

impl<S: Stride> Cells for MappedCells<S> {
    #[inline]
    fn mask(&self) -> u64 {
        self.mask
    }

    #[inline]
    fn head(&self) -> &AtomicU64 {
        self.header_word(offset_of!(QueueHeader, head))
    }

    #[inline]
    fn tail(&self) -> &AtomicU64 {
        self.header_word(offset_of!(QueueHeader, tail))
    }

    #[inline]
    fn state(&self, index: u64) -> &AtomicU64 {
        // SAFETY: an aligned word in the mapping (M1), accessed through atomics by everybody.
        unsafe { self.cell(index).cast::<AtomicU64>().as_ref() }
    }

    fn may_be_sealed(&self) -> bool {
        self.may_be_sealed
    }
}

/// How many bytes a cell takes.
pub(super) const fn stride(element: u64) -> u64 {
    STATE + element.next_multiple_of(8)
}

fn rounded_capacity(name: &str, capacity: u64) -> Result<u64> {
    if capacity == 0 || capacity > MAX_QUEUE_CAPACITY {
        let message =
            format!("queue `{name}`: a capacity of {capacity} was asked for; 1 to {MAX_QUEUE_CAPACITY} are possible");
        return Err(Error::new(ErrorKind::BadArgument, message));
    }
    Ok(capacity.next_power_of_two())
}

/// Writes the header and the cells of a new queue into zeroed memory.
fn initialise(region: &Region, offset: u64, capacity: u64, stride: u64) -> Result<()> {
    region.u64_at(offset + offset_of!(QueueHeader, capacity) as u64)?.store(capacity, Relaxed);
    for index in 0..capacity {
        region.u64_at(offset + HEADER + index * stride)?.store(empty(index), Relaxed);
    }
    Ok(())
}

impl<T: ShmLayout> Queue<T> {
    const SIZE: u64 = size_of::<T>() as u64;

    /// Creates a queue with room for at least `capacity` elements, rounded up to a power of two.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists), [`BadName`](ErrorKind::BadName), [`BadArgument`](ErrorKind::BadArgument) for a
    /// capacity of 0 or above 2^31, [`OutOfSpace`](ErrorKind::OutOfSpace), [`OutOfMemory`](ErrorKind::OutOfMemory),
    /// [`TableFull`](ErrorKind::TableFull), [`SchemaFull`](ErrorKind::SchemaFull), [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str, capacity: u64) -> Result<Queue<T>> {
        let capacity = rounded_capacity(name, capacity)?;
        let placed = Self::with_blueprint(name, capacity, |blueprint| memory.segment.create_structure(blueprint))?;
        Self::attach(memory, name, placed)
    }

    /// Opens a queue.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`KindMismatch`](ErrorKind::KindMismatch),
    /// [`TypeMismatch`](ErrorKind::TypeMismatch) naming the first field that differs, [`Corrupt`](ErrorKind::Corrupt).
    pub fn open(memory: &Memory, name: &str) -> Result<Queue<T>> {
        Self::attach(memory, name, memory.segment.open_structure(Kind::QUEUE, name, &[T::DESC])?)
    }

    /// Opens a queue, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Queue::create) and [`open`](Queue::open), and [`BadArgument`](ErrorKind::BadArgument) if the queue
    /// is there with another capacity.
    pub fn open_or_create(memory: &Memory, name: &str, capacity: u64) -> Result<Queue<T>> {
        let capacity = rounded_capacity(name, capacity)?;
        let (placed, _) =
            Self::with_blueprint(name, capacity, |blueprint| memory.segment.open_or_create_structure(blueprint))?;
        let queue = Self::attach(memory, name, placed)?;
        if queue.capacity() != capacity {
            let found = queue.capacity();
            let message = format!(
                "queue `{name}` exists with a capacity of {found} and {capacity} were asked for; open it without a \
                 capacity"
            );
            return Err(Error::new(ErrorKind::BadArgument, message));
        }
        Ok(queue)
    }

    fn with_blueprint<R>(name: &str, capacity: u64, run: impl FnOnce(&Blueprint<'_>) -> Result<R>) -> Result<R> {
        let stride = stride(Self::SIZE);
        run(&Blueprint {
            kind: Kind::QUEUE,
            name,
            elements: &[T::DESC],
            size: structure_size(name, HEADER, stride, capacity, Self::SIZE)?,
            fit: Fit::data_after_word(1),
            initialise: &|region, offset| initialise(region, offset, capacity, stride),
        })
    }

    fn attach(memory: &Memory, name: &str, placed: Placed) -> Result<Queue<T>> {
        let region = &memory.segment.region;
        // Read once; the handle never asks again.
        let capacity = region.u64_at(placed.offset + offset_of!(QueueHeader, capacity) as u64)?.load(Relaxed);
        let place = (placed.offset, placed.size);
        let cells = map_cells(&memory.segment, name, place, capacity, Self::SIZE, Of(PhantomData))?;
        let queue = Queue { cells, segment: Arc::clone(&memory.segment), name: name.into() };
        if !placed.recorded
            && let Some(index) = queue.find_foreign()
        {
            let segment = &memory.segment.name;
            return Err(Error::corrupt(format!(
                "queue `{name}` in segment `{segment}`: cell {index} is in no state of a queue; it holds other \
                 elements, or the segment is damaged"
            )));
        }
        Ok(queue)
    }

    /// The queue in a structure that begins with a queue's header and whose cells are those of a channel.
    pub(super) fn within<H>(mapped: &Mapped<H>, cells: usize, capacity: u64) -> Queue<T> {
        let header = mapped.pointer(0, size_of::<QueueHeader>()).cast();
        let cells = mapped.pointer(cells, stride(Self::SIZE) as usize * capacity as usize);
        let cells = MappedCells { header, cells, stride: Of(PhantomData), mask: capacity - 1, may_be_sealed: true };
        Queue { cells, segment: Arc::clone(mapped.segment()), name: mapped.name().into() }
    }

    /// What no peer could have left in a cell of a new handle, if there is such a thing.
    pub(super) fn find_foreign(&self) -> Option<u64> {
        let (cells, mask) = (&self.cells, self.cells.mask);
        (0..=mask).find(|&index| {
            let word = cells.state(index).load(Relaxed);
            decode(word, index, index, mask).is_none() && !self.kernel().is_sealed(word, index)
        })
    }

    #[inline]
    pub(super) fn kernel(&self) -> Kernel<'_, MappedCells<Of<T>>, Segment> {
        Kernel { cells: &self.cells, peers: &*self.segment }
    }

    #[cold]
    fn corrupt(&self) -> Error {
        let kind = kind_name(if self.cells.may_be_sealed { Kind::CHANNEL } else { Kind::QUEUE });
        Error::corrupt(format!(
            "{kind} `{}` in segment `{}`: a cell is in no state that a peer could have left; create the segment anew",
            self.name, self.segment.name
        ))
    }

    /// The error of a stop that no sleep ends.
    #[cold]
    pub(super) fn ended(&self, stop: Stop) -> Error {
        if stop == Stop::Sealed { Error::plain(ErrorKind::Closed) } else { self.corrupt() }
    }

    /// Writes a claimed value and hands it over. There is no call here that could panic, and none into code of the user.
    #[inline(always)]
    fn fill(&self, claim: Claim, value: &T) {
        let to = self.cells.value(claim.index).as_ptr();
        // SAFETY: the cell has room for a `T` behind its state (M1), aligned to 8; `value` is private, and being `Pod` it
        // has no uninitialised byte.
        unsafe { copy_in(std::ptr::from_ref(value).cast(), to, size_of::<T>(), CELL_ALIGN) };
        point!("queue.push.written");
        self.kernel().publish(claim);
        point!("queue.push.published");
    }

    /// Pushes one value and says where; nobody is told the position otherwise.
    pub(super) fn push_at_position(&self, value: &T) -> Result<Result<u64, Stop>> {
        let me = self.segment.me()?;
        let mut batch = Batch::default();
        let pushed = self.push_in_batch(me, value, &mut batch);
        let position = batch.last;
        batch.finish_push(&self.kernel());
        Ok(pushed.map(|()| position.unwrap_or_default()))
    }

    /// Copies a value out and takes it; `Some(somebody waits)` when that succeeds. `None` if somebody else was faster,
    /// and then the copy may be torn.
    ///
    /// The value goes where the caller keeps it, since a large one is not moved again for nothing.
    #[inline(always)]
    fn take(&self, peek: Peek, value: &mut MaybeUninit<T>) -> Option<bool> {
        let from = self.cells.value(peek.index).as_ptr();
        // SAFETY: the cell has a `T` behind its state (M1), aligned to 8; `value` is private and has room for it.
        unsafe { copy_out(from, value.as_mut_ptr().cast(), size_of::<T>(), CELL_ALIGN) };
        point!("queue.pop.copied");
        let wake = self.kernel().take(peek)?;
        point!("queue.pop.taken");
        Some(wake)
    }

    /// The push that meets nothing special; `false` if there is something, and then nothing was done.
    #[inline(always)]
    pub(super) fn push_at_hint(&self, value: &T) -> bool {
        let Some(me) = self.segment.id() else { return false };
        let kernel = self.kernel();
        let Some(claim) = kernel.claim_at(me, kernel.tail_hint()) else { return false };
        point!("queue.push.claimed");
        kernel.hint_tail(claim.position);
        point!("queue.push.hinted");
        self.fill(claim, value);
        if claim.wake {
            kernel.wake(claim.index);
        }
        true
    }

    /// The pop that meets nothing special, into `value`; `false` if there is something, and then nothing was done.
    #[inline(always)]
    pub(super) fn pop_at_hint(&self, value: &mut MaybeUninit<T>) -> bool {
        let kernel = self.kernel();
        let Some(peek) = kernel.peek_at(kernel.head_hint()) else { return false };
        let Some(wake) = self.take(peek, value) else { return false };
        kernel.hint_head(peek.position);
        point!("queue.pop.hinted");
        if wake {
            kernel.wake(peek.index);
        }
        true
    }

    /// Claims a position, writes the value, hands it over; the hint and the wake are the batch's.
    #[inline(always)]
    fn push_in_batch(&self, me: u32, value: &T, batch: &mut Batch) -> Result<(), Stop> {
        let kernel = self.kernel();
        let from = batch.last.map_or_else(|| kernel.tail_hint(), after);
        let claim = kernel.claim_at(me, from).map_or_else(|| kernel.claim(me, from), Ok)?;
        point!("queue.push.claimed");
        self.fill(claim, value);
        batch.add(claim.position, claim.wake.then_some(claim.index), &kernel);
        Ok(())
    }

    /// Takes the first value into `value`; the hint and the wake are the batch's.
    #[inline(always)]
    fn pop_in_batch(&self, batch: &mut Batch, value: &mut MaybeUninit<T>) -> Result<(), Stop> {
        let kernel = self.kernel();
        let mut from = batch.last.map_or_else(|| kernel.head_hint(), after);
        loop {
            let peek = kernel.peek_at(from).map_or_else(|| kernel.peek(from), Ok)?;
            if let Some(wake) = self.take(peek, value) {
                batch.add(peek.position, wake.then_some(peek.index), &kernel);
                return Ok(());
            }
            from = peek.position;
        }
    }

    /// Pushes an element if there is room.
    ///
    /// # Errors
    /// [`Full`](ErrorKind::Full); [`ReadOnly`](ErrorKind::ReadOnly); [`Corrupt`](ErrorKind::Corrupt) if a cell is in no
    /// state that a peer could have left.
    #[inline]
    pub fn try_push(&self, value: T) -> Result<()> {
        if self.push_at_hint(&value) {
            return Ok(());
        }
        match self.try_push_many(std::slice::from_ref(&value))? {
            0 => Err(Error::plain(ErrorKind::Full)),
            _ => Ok(()),
        }
    }

    /// Takes the first element; `None` when there is none, or when the first is still being written.
    ///
    /// # Errors
    /// [`ReadOnly`](ErrorKind::ReadOnly); [`Corrupt`](ErrorKind::Corrupt) if a cell is in no state that a peer could
    /// have left.
    #[inline]
    pub fn try_pop(&self) -> Result<Option<T>> {
        self.segment.writable()?;
        let mut value = MaybeUninit::uninit();
        if self.pop_at_hint(&mut value) || self.try_pop_slow(&mut value)? {
            // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
            return Ok(Some(unsafe { value.assume_init() }));
        }
        Ok(None)
    }

    #[cold]
    #[inline(never)]
    fn try_pop_slow(&self, value: &mut MaybeUninit<T>) -> Result<bool> {
        let mut batch = Batch::default();
        let mut patience = Patience::of::<Segment>();
        loop {
            match self.pop_in_batch(&mut batch, value) {
                Ok(()) => {
                    batch.finish_pop(&self.kernel());
                    return Ok(true);
                }
                Err(stop @ (Stop::Corrupt | Stop::Sealed)) => return Err(self.ended(stop)),
                Err(stop) => {
                    if !self.kernel().resolve(stop, &mut patience) {
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Pushes an element, waiting for room as long as it takes.
    ///
    /// # Errors
    /// As [`try_push`](Queue::try_push), but never `Full`.
    #[inline]
    pub fn push(&self, value: T) -> Result<()> {
        self.push_until(value, None)
    }

    /// Pushes an element, waiting for room for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was pushed; otherwise as [`push`](Queue::push).
    pub fn push_timeout(&self, value: T, timeout: Duration) -> Result<()> {
        self.push_until(value, deadline_after(timeout))
    }

    /// Pushes an element, waiting for room until `deadline`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was pushed; otherwise as [`push`](Queue::push).
    pub fn push_deadline(&self, value: T, deadline: Instant) -> Result<()> {
        self.push_until(value, Some(deadline))
    }

    #[inline]
    fn push_until(&self, value: T, deadline: Option<Instant>) -> Result<()> {
        if self.push_at_hint(&value) { Ok(()) } else { self.push_slow(&value, deadline) }
    }

    #[cold]
    #[inline(never)]
    fn push_slow(&self, value: &T, deadline: Option<Instant>) -> Result<()> {
        blocking(&self.segment, deadline, |patience| self.attempt_push(value, patience))
    }

    /// One attempt to push.
    pub(super) fn attempt_push(&self, value: &T, patience: &mut Patience) -> Result<Turn<'_, ()>> {
        let me = self.segment.me()?;
        let mut batch = Batch::default();
        match self.push_in_batch(me, value, &mut batch) {
            Ok(()) => {
                batch.finish_push(&self.kernel());
                Ok(Turn::Done(()))
            }
            Err(stop) => self.wait(stop, patience),
        }
    }

    /// Takes the first element, waiting for one as long as it takes.
    ///
    /// # Errors
    /// As [`try_pop`](Queue::try_pop).
    #[inline]
    pub fn pop(&self) -> Result<T> {
        self.pop_until(None)
    }

    /// Takes the first element, waiting for one for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was taken; otherwise as [`pop`](Queue::pop).
    pub fn pop_timeout(&self, timeout: Duration) -> Result<T> {
        self.pop_until(deadline_after(timeout))
    }

    /// Takes the first element, waiting for one until `deadline`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was taken; otherwise as [`pop`](Queue::pop).
    pub fn pop_deadline(&self, deadline: Instant) -> Result<T> {
        self.pop_until(Some(deadline))
    }

    #[inline]
    fn pop_until(&self, deadline: Option<Instant>) -> Result<T> {
        self.segment.writable()?;
        let mut value = MaybeUninit::uninit();
        if !self.pop_at_hint(&mut value) {
            self.pop_slow(&mut value, deadline)?;
        }
        // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
        Ok(unsafe { value.assume_init() })
    }

    #[cold]
    #[inline(never)]
    fn pop_slow(&self, value: &mut MaybeUninit<T>, deadline: Option<Instant>) -> Result<()> {
        blocking(&self.segment, deadline, |patience| self.attempt_pop(value, patience))
    }

    /// One attempt to pop into `value`.
    pub(super) fn attempt_pop(&self, value: &mut MaybeUninit<T>, patience: &mut Patience) -> Result<Turn<'_, ()>> {
        let mut batch = Batch::default();
        match self.pop_in_batch(&mut batch, value) {
            Ok(()) => {
                batch.finish_pop(&self.kernel());
                Ok(Turn::Done(()))
            }
            Err(stop) => self.wait(stop, patience),
        }
    }

    #[cold]
    pub(super) fn wait(&self, stop: Stop, patience: &mut Patience) -> Result<Turn<'_, ()>> {
        self.kernel().wait(stop, patience).ok_or_else(|| self.ended(stop))
    }

    /// Pushes as many elements as there is room for and returns how many: one move of the hint and at most one wake
    /// for all of them. Elements of other producers may come between.
    ///
    /// # Errors
    /// As [`try_push`](Queue::try_push), but `Ok(0)` when full. After an error, none was pushed.
    pub fn try_push_many(&self, values: &[T]) -> Result<usize> {
        let me = self.segment.me()?;
        let mut batch = Batch::default();
        let mut patience = Patience::of::<Segment>();
        let mut done = 0;
        while done < values.len() {
            match self.push_in_batch(me, &values[done], &mut batch) {
                Ok(()) => done += 1,
                Err(stop @ (Stop::Corrupt | Stop::Sealed)) if done == 0 => return Err(self.ended(stop)),
                Err(stop) => {
                    if !self.kernel().resolve(stop, &mut patience) {
                        break;
                    }
                }
            }
        }
        batch.finish_push(&self.kernel());
        Ok(done)
    }

    /// Pushes all elements, waiting for room as long as it takes.
    ///
    /// # Errors
    /// As [`push`](Queue::push); elements before the one that failed were pushed.
    pub fn push_many(&self, values: &[T]) -> Result<()> {
        self.push_many_until(values, None).map(drop)
    }

    /// Pushes elements, waiting for room for at most `timeout` in all, and returns how many were pushed.
    ///
    /// # Errors
    /// As [`push`](Queue::push); a timeout is no error here.
    pub fn push_many_timeout(&self, values: &[T], timeout: Duration) -> Result<usize> {
        self.push_many_until(values, deadline_after(timeout))
    }

    fn push_many_until(&self, values: &[T], deadline: Option<Instant>) -> Result<usize> {
        let mut done = 0;
        while done < values.len() {
            done += self.try_push_many(&values[done..])?;
            if done < values.len() {
                match self.push_until(values[done], deadline) {
                    Ok(()) => done += 1,
                    Err(error) if error.kind() == ErrorKind::TimedOut => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(done)
    }

    /// Takes as many elements as there are and fit into `out`, from the first on, and returns how many: one move of
    /// the hint and at most one wake for all of them.
    ///
    /// # Errors
    /// As [`try_pop`](Queue::try_pop). After an error, none was taken.
    pub fn try_pop_many(&self, out: &mut [T]) -> Result<usize> {
        self.segment.writable()?;
        let mut batch = Batch::default();
        let mut patience = Patience::of::<Segment>();
        let mut done = 0;
        while done < out.len() {
            let mut value = MaybeUninit::uninit();
            match self.pop_in_batch(&mut batch, &mut value) {
                Ok(()) => {
                    // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
                    out[done] = unsafe { value.assume_init() };
                    done += 1;
                }
                Err(stop @ (Stop::Corrupt | Stop::Sealed)) if done == 0 => return Err(self.ended(stop)),
                Err(stop) => {
                    if !self.kernel().resolve(stop, &mut patience) {
                        break;
                    }
                }
            }
        }
        batch.finish_pop(&self.kernel());
        Ok(done)
    }

    /// Waits for an element for at most `timeout`, then takes what is there, as
    /// [`try_pop_many`](Queue::try_pop_many); 0 when none came.
    ///
    /// # Errors
    /// As [`try_pop`](Queue::try_pop); a timeout is no error here.
    pub fn pop_many_timeout(&self, out: &mut [T], timeout: Duration) -> Result<usize> {
        let Some((first, rest)) = out.split_first_mut() else { return Ok(0) };
        match self.pop_until(deadline_after(timeout)) {
            Ok(value) => *first = value,
            Err(error) if error.kind() == ErrorKind::TimedOut => return Ok(0),
            Err(error) => return Err(error),
        }
        // What the first pop has taken is the caller's, whatever comes after it.
        Ok(1 + self.try_pop_many(rest).unwrap_or(0))
    }

    /// Pushes an element, waiting for room without a thread that sleeps. `docs/async.md` has what all such futures have in
    /// common.
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has pushed nothing.
    ///
    /// # Errors
    /// As [`push`](Queue::push), and [`System`](ErrorKind::System) if the thread that sleeps for all futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn push_async(&self, value: T) -> Result<()> {
        if self.push_at_hint(&value) {
            return Ok(());
        }
        waiting(&self.segment, move |patience| self.attempt_push(&value, patience)).await
    }

    /// Pushes all elements, as [`push_async`](Queue::push_async).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has pushed the first elements, and nobody tells how many.
    ///
    /// # Errors
    /// As [`push_async`](Queue::push_async); elements before the one that failed were pushed.
    #[cfg(feature = "async")]
    pub async fn push_many_async(&self, values: &[T]) -> Result<()> {
        let mut rest = values;
        while !rest.is_empty() {
            let pushed = self.try_push_many(rest)?;
            rest = &rest[pushed..];
            if let Some((first, others)) = rest.split_first() {
                self.push_async(*first).await?;
                rest = others;
            }
        }
        Ok(())
    }

    /// Takes the first element, waiting for one without a thread that sleeps. `docs/async.md` has what all such futures have
    /// in common.
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has taken nothing.
    ///
    /// # Errors
    /// As [`pop`](Queue::pop), and [`System`](ErrorKind::System) if the thread that sleeps for all futures cannot be started.
    ///
    /// # Examples
    /// ```
    /// # use std::{pin::pin, task::{Context, Poll, Waker}};
    /// # fn run<F: Future>(future: F) -> F::Output {
    /// #     match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
    /// #         Poll::Ready(output) => output,
    /// #         Poll::Pending => panic!("it waits"),
    /// #     }
    /// # }
    /// use zeroipc::{Memory, Queue};
    /// # let name = format!("/zeroipc_doc_queue_async_{}", std::process::id());
    /// # let name = name.as_str();
    /// # run(async {
    /// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
    /// let queue = Queue::<u64>::open_or_create(&memory, "jobs", 1000)?;
    /// queue.push_async(7).await?;
    /// assert_eq!(queue.pop_async().await?, 7);
    /// # Ok::<(), zeroipc::Error>(())
    /// # })?;
    /// # Ok::<(), zeroipc::Error>(())
    /// ```
    #[cfg(feature = "async")]
    pub async fn pop_async(&self) -> Result<T> {
        self.segment.writable()?;
        waiting(&self.segment, |patience| {
            let mut value = MaybeUninit::uninit();
            if !self.pop_at_hint(&mut value) {
                match self.attempt_pop(&mut value, patience)? {
                    Turn::Done(()) => {}
                    Turn::Again => return Ok(Turn::Again),
                    Turn::Wait(nap) => return Ok(Turn::Wait(nap)),
                }
            }
            // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
            Ok(Turn::Done(unsafe { value.assume_init() }))
        })
        .await
    }

    /// Waits for an element as [`pop_async`](Queue::pop_async), then takes what is there and fits into `out`, and returns
    /// how many; 0 only for an empty `out`.
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has taken nothing.
    ///
    /// # Errors
    /// As [`pop_async`](Queue::pop_async).
    #[cfg(feature = "async")]
    pub async fn pop_many_async(&self, out: &mut [T]) -> Result<usize> {
        let Some((first, rest)) = out.split_first_mut() else { return Ok(0) };
        *first = self.pop_async().await?;
        // What the first pop has taken is the caller's, whatever comes after it.
        Ok(1 + self.try_pop_many(rest).unwrap_or(0))
    }

    /// How many elements the queue can hold.
    pub fn capacity(&self) -> u64 {
        self.cells.mask + 1
    }

    /// How many elements are in the queue, those that are being written included; others may change it meanwhile.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn len(&self) -> Result<u64> {
        let (head, tail) = self.kernel().bounds().map_err(|_| self.corrupt())?;
        Ok((tail - head).min(self.capacity()))
    }

    /// Whether there is no element.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Whether there is no room.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn is_full(&self) -> Result<bool> {
        Ok(self.len()? == self.capacity())
    }

    /// The queue's name in its segment.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Several pushes or pops with one move of the hint and, since the waiters of one side all sleep on one cell, one wake.
#[derive(Default)]
struct Batch {
    last: Option<u64>,
    wake: Option<u64>,
}

impl Batch {
    fn add<T>(&mut self, position: u64, wake: Option<u64>, kernel: &Kernel<'_, MappedCells<Of<T>>, Segment>) {
        self.last = Some(position);
        if let Some(index) = wake
            && let Some(earlier) = self.wake.replace(index).filter(|earlier| *earlier != index)
        {
            kernel.wake(earlier);
        }
    }

    fn finish_push<T>(self, kernel: &Kernel<'_, MappedCells<Of<T>>, Segment>) {
        if let Some(last) = self.last {
            kernel.hint_tail(last);
            point!("queue.push.hinted");
        }
        self.finish(kernel);
    }

    fn finish_pop<T>(self, kernel: &Kernel<'_, MappedCells<Of<T>>, Segment>) {
        if let Some(last) = self.last {
            kernel.hint_head(last);
            point!("queue.pop.hinted");
        }
        self.finish(kernel);
    }

    fn finish<T>(self, kernel: &Kernel<'_, MappedCells<Of<T>>, Segment>) {
        if let Some(index) = self.wake {
            kernel.wake(index);
        }
    }
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        let MappedCells { header, cells, stride, mask, may_be_sealed } = self.cells;
        Queue {
            cells: MappedCells { header, cells, stride, mask, may_be_sealed },
            segment: Arc::clone(&self.segment),
            name: self.name.clone(),
        }
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("segment", &self.segment.name)
            .field("name", &self.name)
            .field("capacity", &(self.cells.mask + 1))
            .finish_non_exhaustive()
    }
}

/// Checks a queue's capacity against its entry and finds its words.
fn map_cells<S: Stride>(
    segment: &Segment,
    name: &str,
    (offset, size): (u64, u64),
    capacity: u64,
    element: u64,
    strided: S,
) -> Result<MappedCells<S>> {
    let damaged = |what: String| {
        let segment = &segment.name;
        Err(Error::corrupt(format!("queue `{name}` in segment `{segment}`: {what}; create the segment anew")))
    };
    if !capacity.is_power_of_two() || capacity > MAX_QUEUE_CAPACITY {
        return damaged(format!("its capacity is {capacity} instead of a power of two up to 2^31"));
    }
    if structure_size(name, HEADER, stride(element), capacity, element).ok() != Some(size) {
        return Err(wrong_size(Kind::QUEUE, name, &segment.name, size, HEADER, capacity, stride(element)));
    }
    let header = segment.region.pointer(offset, size, 8)?.cast::<QueueHeader>();
    let cells = segment.region.pointer(offset + HEADER, size - HEADER, 8)?;
    Ok(MappedCells { header, cells, stride: strided, mask: capacity - 1, may_be_sealed: false })
}

/// The values that wait in a queue, from the first one on, copied without taking them.
pub(crate) fn read_values(
    segment: &Segment,
    entry: &Entry,
    capacity: u64,
    element: u64,
    skip: u64,
    limit: u64,
) -> Result<Vec<Vec<u8>>> {
    let place = (entry.offset, entry.size);
    let cells = map_cells(segment, &entry.name, place, capacity, element, Measured(stride(element) as usize))?;
    let kernel = Kernel { cells: &cells, peers: segment };
    let (head, tail) = kernel.bounds().map_err(|_| {
        Error::corrupt(format!("queue `{}` in segment `{}`: a cell is in no possible state", entry.name, segment.name))
    })?;
    let mut values = Vec::new();
    // Damaged cells may say that more is there than can be.
    for position in (head..tail.min(head + capacity)).skip(skip as usize).take(limit as usize) {
        // What is being written, or was taken meanwhile, is left out.
        if let Some(peek) = kernel.peek_at(position) {
            let mut value = vec![0; element as usize];
            // SAFETY: a cell has room for `element` bytes behind its state (`map_cells` has checked the size).
            unsafe { copy_out(cells.value(peek.index).as_ptr(), value.as_mut_ptr(), value.len(), CELL_ALIGN) };
            if kernel.still_there(peek) {
                values.push(value);
            }
        }
    }
    Ok(values)
}
