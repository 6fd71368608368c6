//! A ring for one producer and one consumer.
//!
//! `docs/structures/ring.md` has the bytes and the promises, [`ring_kernel`](super::ring_kernel) the algorithm, its
//! invariants and its orderings. This file joins the two: where the words and elements of a mapped ring are, and the handles.

use std::fmt;
use std::marker::PhantomData;
use std::mem::{MaybeUninit, offset_of};
use std::time::{Duration, Instant};

use super::mapped::Mapped;
use super::ring_kernel::{self, Corrupt, End, Side, Words};
use crate::error::{Error, ErrorKind, Result};
use crate::format::ring::{MAX_RING_CAPACITY, RingHeader};
use crate::format::schema::Kind;
use crate::memory::{Blueprint, Memory, Segment, structure_size};
use crate::points::point;
use crate::region::{copy_in, copy_out};
use crate::shm_layout::ShmLayout;
use crate::sync::{AtomicU64, Relaxed};
use crate::table::Fit;
#[cfg(feature = "async")]
use crate::wait::waiting;
use crate::wait::{blocking, deadline_after};

const HEADER: usize = size_of::<RingHeader>();

/// A bounded stream from one producer to one consumer, in two processes or in one.
///
/// Elements lie one behind the other, aligned as their type is, and can be written and read in place:
/// [`RingProducer::reserve`], [`RingConsumer::peek`].
///
/// # Roles
/// [`producer`](Ring::producer) and [`consumer`](Ring::consumer) take the two roles. Each is one handle's at a time, and free again when that
/// is dropped or its process is dead; then somebody else may take it, and goes on where the last one stopped.
///
/// # When a participant dies
/// What a dead producer had not published never happened. What a dead consumer had not released is read again by the next one. Nobody is
/// blocked: the other side goes on with what is there, and waits for a successor.
///
/// # Waiting
/// Both sides spin briefly and then sleep without costing CPU time. Publishing is a store and a load when nobody sleeps.
///
/// # Examples
/// ```
/// use zeroipc::{Memory, Ring};
/// # let name = format!("/zeroipc_doc_ring_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let ring = Ring::<f32>::open_or_create(&memory, "samples", 1000)?;
/// assert_eq!(ring.capacity(), 1024);
/// let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
/// producer.push(1.5)?;
/// let mut reservation = producer.reserve(2)?;
/// reservation.set(0, 2.5);
/// reservation.set(1, 3.5);
/// reservation.commit(2);
/// assert_eq!(consumer.pop()?, 1.5);
/// let peeked = consumer.peek(10)?;
/// assert_eq!(peeked.iter().sum::<f32>(), 6.0);
/// peeked.release(2);
/// assert!(ring.is_empty()?);
/// # Ok::<(), zeroipc::Error>(())
/// ```
pub struct Ring<T> {
    words: MappedWords<T>,
}

/// The words and elements of a ring in a mapping.
///
/// Invariant **R1**: the entry has a header and `mask + 1` elements behind it, at an address that is aligned for them.
struct MappedWords<T> {
    mapped: Mapped<RingHeader>,
    mask: u64,
    element: PhantomData<fn(T) -> T>,
}

impl<T> Clone for MappedWords<T> {
    fn clone(&self) -> Self {
        MappedWords { mapped: self.mapped.clone(), mask: self.mask, element: PhantomData }
    }
}

impl<T> Words for MappedWords<T> {
    #[inline(always)]
    fn capacity(&self) -> u64 {
        self.mask + 1
    }

    #[inline(always)]
    fn position(&self, side: Side) -> &AtomicU64 {
        self.mapped.word(match side {
            Side::Producer => offset_of!(RingHeader, tail),
            Side::Consumer => offset_of!(RingHeader, head),
        })
    }

    #[inline(always)]
    fn owner(&self, side: Side) -> &AtomicU64 {
        self.mapped.word(match side {
            Side::Producer => offset_of!(RingHeader, producer),
            Side::Consumer => offset_of!(RingHeader, consumer),
        })
    }

    #[inline(always)]
    fn waits(&self, side: Side) -> &AtomicU64 {
        self.mapped.word(match side {
            Side::Producer => offset_of!(RingHeader, producer_waits),
            Side::Consumer => offset_of!(RingHeader, consumer_waits),
        })
    }
}

impl<T: ShmLayout> MappedWords<T> {
    const SIZE: usize = size_of::<T>();

    /// How many elements lie from a position to the end of the memory.
    #[inline(always)]
    fn until_wrap(&self, position: u64) -> u64 {
        self.mask + 1 - (position & self.mask)
    }

    /// Where `count` elements from a position on lie; they do not reach beyond the end of the memory.
    #[inline(always)]
    fn elements(&self, position: u64, count: usize) -> *mut u8 {
        let offset = HEADER + (position & self.mask) as usize * Self::SIZE;
        self.mapped.pointer(offset, count * Self::SIZE).as_ptr()
    }

    /// What the bytes of consecutive elements are aligned to, up to 8: a copy moves as much at a time.
    #[inline(always)]
    fn align(&self, position: u64, count: usize) -> usize {
        if count == 1 {
            return align_of::<T>();
        }
        let offset = (position & self.mask) as usize * Self::SIZE;
        // The first element begins a cache line, or is aligned as its type is (R1).
        let first = self.mapped.pointer(HEADER, 0).addr().get();
        1 << ((first + offset) | 8).trailing_zeros()
    }

    /// Copies elements in, from a position on; their number does not reach beyond the end of the memory.
    #[inline(always)]
    fn write(&self, position: u64, values: &[T]) {
        let to = self.elements(position, values.len());
        let align = self.align(position, values.len());
        // SAFETY: the target has room for so many elements (`elements`) and is aligned (`align`); `values` is private, and being
        // `Pod` they have no uninitialised byte.
        unsafe { copy_in(values.as_ptr().cast(), to, size_of_val(values), align) };
    }

    /// Copies elements out, as [`write`](MappedWords::write).
    #[inline(always)]
    fn read(&self, position: u64, out: &mut [MaybeUninit<T>]) {
        let from = self.elements(position, out.len());
        let align = self.align(position, out.len());
        // SAFETY: the source has so many elements (`elements`) and is aligned (`align`); `out` is private.
        unsafe { copy_out(from, out.as_mut_ptr().cast(), size_of_val(out), align) };
    }

    #[inline(always)]
    fn segment(&self) -> &Segment {
        self.mapped.segment()
    }

    #[inline(always)]
    fn kernel(&self) -> ring_kernel::Ring<'_, MappedWords<T>, Segment> {
        ring_kernel::Ring { words: self, peers: self.segment() }
    }

    #[cold]
    fn corrupt(&self) -> Error {
        self.mapped.corrupt("its positions or its owners are none that a peer could have left")
    }

    /// Whether the role is this process's, and not that of the one that it was forked from.
    #[inline(always)]
    fn is_owner(&self, end: &End) -> bool {
        self.segment().id() == Some(end.owner())
    }

    /// Refuses a forked child what its parent's handle may do.
    #[inline(always)]
    fn check_owner(&self, end: &End) -> Result<()> {
        if self.is_owner(end) { Ok(()) } else { Err(self.not_owner()) }
    }

    #[cold]
    #[inline(never)]
    fn not_owner(&self) -> Error {
        self.mapped.error(
            ErrorKind::NotOwner,
            "the handle belongs to the process that this one was forked from; take the role anew",
        )
    }

    fn take(&self, side: Side, role: &str) -> Result<End> {
        let me = self.segment().me()?;
        match self.kernel().take(side, me) {
            Ok(Some(end)) => Ok(end),
            Ok(None) => Err(self.mapped.error(
                ErrorKind::NoSlot,
                format_args!(
                    "another handle has the role of {role}, and its process is alive; wait until it is dropped"
                ),
            )),
            Err(Corrupt) => Err(self.corrupt()),
        }
    }

    /// Gives a role up, unless this is a forked child.
    fn leave(&self, end: &End) {
        if self.is_owner(end) {
            self.kernel().leave(end);
        }
    }

    /// How many elements this end knows that it may write or read; 0 in a forked child.
    #[inline(always)]
    fn known(&self, end: &End) -> u64 {
        if self.is_owner(end) { self.kernel().known(end) } else { 0 }
    }

    /// How many elements there are, where fewer than are wanted are known of.
    #[inline(never)]
    fn look(&self, end: &mut End) -> Result<u64> {
        self.check_owner(end)?;
        self.kernel().look(end).map_err(|Corrupt| self.corrupt())
    }

    /// How many elements there are, as many as are wanted if the other end has been that far.
    #[inline(always)]
    fn now(&self, end: &mut End, wanted: u64) -> Result<u64> {
        let known = self.known(end);
        if known >= wanted { Ok(known) } else { self.look(end) }
    }

    /// At least `needed` elements, within the deadline.
    #[inline(always)]
    fn ready(&self, end: &mut End, needed: u64, deadline: Option<Instant>) -> Result<u64> {
        let known = self.known(end);
        if known >= needed { Ok(known) } else { self.wait(end, needed, deadline) }
    }

    /// As [`ready`](Words::ready), as a future.
    #[cfg(feature = "async")]
    async fn ready_async(&self, end: &mut End, needed: u64) -> Result<u64> {
        let known = self.known(end);
        if known >= needed {
            return Ok(known);
        }
        self.check_owner(end)?;
        let kernel = self.kernel();
        waiting(self.mapped.segment(), move |patience| {
            kernel.attempt(end, needed, patience).map_err(|Corrupt| self.corrupt())
        })
        .await
    }

    #[cold]
    #[inline(never)]
    fn wait(&self, end: &mut End, needed: u64, deadline: Option<Instant>) -> Result<u64> {
        self.check_owner(end)?;
        let kernel = self.kernel();
        blocking(self.segment(), deadline, |patience| {
            kernel.attempt(end, needed, patience).map_err(|Corrupt| self.corrupt())
        })
    }
}

fn rounded_capacity(name: &str, capacity: u64) -> Result<u64> {
    if capacity == 0 || capacity > MAX_RING_CAPACITY {
        let message =
            format!("ring `{name}`: a capacity of {capacity} was asked for; 1 to {MAX_RING_CAPACITY} are possible");
        return Err(Error::new(ErrorKind::BadArgument, message));
    }
    Ok(capacity.next_power_of_two())
}

impl<T: ShmLayout> Ring<T> {
    /// Creates a ring with room for at least `capacity` elements, rounded up to a power of two.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists), [`BadName`](ErrorKind::BadName), [`BadArgument`](ErrorKind::BadArgument) for a
    /// capacity of 0 or above 2^31, [`OutOfSpace`](ErrorKind::OutOfSpace), [`OutOfMemory`](ErrorKind::OutOfMemory),
    /// [`TableFull`](ErrorKind::TableFull), [`SchemaFull`](ErrorKind::SchemaFull), [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str, capacity: u64) -> Result<Ring<T>> {
        let capacity = rounded_capacity(name, capacity)?;
        Self::attach(Self::with_blueprint(name, capacity, |blueprint| Mapped::create(memory, blueprint))?)
    }

    /// Opens a ring.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`KindMismatch`](ErrorKind::KindMismatch),
    /// [`TypeMismatch`](ErrorKind::TypeMismatch) naming the first field that differs, [`Corrupt`](ErrorKind::Corrupt).
    pub fn open(memory: &Memory, name: &str) -> Result<Ring<T>> {
        Self::attach(Mapped::open(memory, Kind::RING, name, &[T::DESC])?)
    }

    /// Opens a ring, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Ring::create) and [`open`](Ring::open), and [`BadArgument`](ErrorKind::BadArgument) if the ring is
    /// there with another capacity.
    pub fn open_or_create(memory: &Memory, name: &str, capacity: u64) -> Result<Ring<T>> {
        let capacity = rounded_capacity(name, capacity)?;
        let ring =
            Self::attach(Self::with_blueprint(name, capacity, |blueprint| Mapped::open_or_create(memory, blueprint))?)?;
        ring.words.mapped.check_number("a capacity", ring.capacity(), capacity)?;
        Ok(ring)
    }

    fn with_blueprint<R>(name: &str, capacity: u64, run: impl FnOnce(&Blueprint<'_>) -> Result<R>) -> Result<R> {
        let element = size_of::<T>() as u64;
        run(&Blueprint {
            kind: Kind::RING,
            name,
            elements: &[T::DESC],
            size: structure_size(name, HEADER as u64, element, capacity, element)?,
            fit: Fit::data_at(HEADER as u64, align_of::<T>() as u64),
            initialise: &|region, offset| {
                region.u64_at(offset + offset_of!(RingHeader, capacity) as u64)?.store(capacity, Relaxed);
                Ok(())
            },
        })
    }

    fn attach(mapped: Mapped<RingHeader>) -> Result<Ring<T>> {
        // Read once; the handle never asks again.
        let capacity = mapped.word(offset_of!(RingHeader, capacity)).load(Relaxed);
        if !capacity.is_power_of_two() || capacity > MAX_RING_CAPACITY {
            let found = format_args!("its capacity is {capacity} instead of a power of two up to 2^31");
            return Err(mapped.corrupt(found));
        }
        let elements = capacity.checked_mul(size_of::<T>() as u64);
        mapped.check_size(elements.and_then(|elements| elements.checked_add(HEADER as u64)))?;
        let first = mapped.pointer(HEADER, 0).addr().get();
        if !first.is_multiple_of(align_of::<T>()) {
            let found = format_args!("its elements lie at offsets that are not multiples of {}", align_of::<T>());
            return Err(mapped.corrupt(found));
        }
        let ring = Ring { words: MappedWords { mapped, mask: capacity - 1, element: PhantomData } };
        if !ring.words.mapped.recorded() {
            ring.len()?;
        }
        Ok(ring)
    }

    /// Takes the role of producer.
    ///
    /// # Errors
    /// [`NoSlot`](ErrorKind::NoSlot) while another handle has it and its process is alive; [`ReadOnly`](ErrorKind::ReadOnly);
    /// [`Corrupt`](ErrorKind::Corrupt) if the positions are none that a peer could have left.
    pub fn producer(&self) -> Result<RingProducer<T>> {
        let end = self.words.take(Side::Producer, "producer")?;
        Ok(RingProducer { words: self.words.clone(), end })
    }

    /// Takes the role of consumer.
    ///
    /// # Errors
    /// As [`producer`](Ring::producer).
    pub fn consumer(&self) -> Result<RingConsumer<T>> {
        let end = self.words.take(Side::Consumer, "consumer")?;
        Ok(RingConsumer { words: self.words.clone(), end })
    }

    fn has(&self, side: Side) -> bool {
        let owner = self.words.kernel().owner(side);
        u32::try_from(owner).is_ok_and(|owner| owner != 0 && self.words.segment().is_alive(owner))
    }

    /// Whether somebody alive has the role of producer.
    pub fn has_producer(&self) -> bool {
        self.has(Side::Producer)
    }

    /// Whether somebody alive has the role of consumer.
    pub fn has_consumer(&self) -> bool {
        self.has(Side::Consumer)
    }

    /// How many elements the ring can hold.
    pub fn capacity(&self) -> u64 {
        self.words.mask + 1
    }

    /// How many elements are published and not released; others may change it meanwhile.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn len(&self) -> Result<u64> {
        self.words.kernel().len().map_err(|Corrupt| self.words.corrupt())
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

    /// The ring's name in its segment.
    pub fn name(&self) -> &str {
        self.words.mapped.name()
    }
}

impl<T> Clone for Ring<T> {
    fn clone(&self) -> Self {
        Ring { words: self.words.clone() }
    }
}

/// The one handle that writes to a [`Ring`]. Dropping it gives the role up.
pub struct RingProducer<T: ShmLayout> {
    words: MappedWords<T>,
    end: End,
}

impl<T: ShmLayout> RingProducer<T> {
    #[inline(always)]
    fn publish(&mut self, count: u64) {
        self.words.kernel().publish(&mut self.end, count);
    }

    #[inline(always)]
    fn put(&mut self, value: &T) {
        self.words.write(self.end.at(), std::slice::from_ref(value));
        point!("ring.push.written");
        self.publish(1);
    }

    /// Publishes an element if there is room.
    ///
    /// # Errors
    /// [`Full`](ErrorKind::Full); [`NotOwner`](ErrorKind::NotOwner) in a forked child; [`Corrupt`](ErrorKind::Corrupt) if the consumer's
    /// position is none that a peer could have left.
    #[inline(always)]
    pub fn try_push(&mut self, value: T) -> Result<()> {
        if self.words.now(&mut self.end, 1)? == 0 {
            return Err(Error::plain(ErrorKind::Full));
        }
        self.put(&value);
        Ok(())
    }

    /// Publishes an element, waiting for room as long as it takes.
    ///
    /// # Errors
    /// As [`try_push`](RingProducer::try_push), but never `Full`.
    #[inline(always)]
    pub fn push(&mut self, value: T) -> Result<()> {
        self.words.ready(&mut self.end, 1, None)?;
        self.put(&value);
        Ok(())
    }

    /// As [`push`](RingProducer::push), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has published nothing.
    ///
    /// # Errors
    /// As [`push`](RingProducer::push); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn push_async(&mut self, value: T) -> Result<()> {
        self.words.ready_async(&mut self.end, 1).await?;
        self.put(&value);
        Ok(())
    }

    /// As [`reserve`](RingProducer::reserve), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has reserved nothing.
    ///
    /// # Errors
    /// As [`push`](RingProducer::push); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn reserve_async(&mut self, count: usize) -> Result<RingReservation<'_, T>> {
        let len = self.piece(count);
        self.words.ready_async(&mut self.end, len).await?;
        Ok(RingReservation { len: len as usize, producer: self })
    }

    /// Publishes an element, waiting for room for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was published; otherwise as [`push`](RingProducer::push).
    pub fn push_timeout(&mut self, value: T, timeout: Duration) -> Result<()> {
        self.words.ready(&mut self.end, 1, deadline_after(timeout))?;
        self.put(&value);
        Ok(())
    }

    /// Publishes as many elements as there is room for, all at once, and returns how many.
    ///
    /// # Errors
    /// As [`try_push`](RingProducer::try_push), but `Ok(0)` when full.
    #[inline]
    pub fn try_push_many(&mut self, values: &[T]) -> Result<usize> {
        let count = self.words.now(&mut self.end, values.len() as u64)?.min(values.len() as u64) as usize;
        if count == 0 {
            return Ok(0);
        }
        let at = self.end.at();
        let (front, back) = values[..count].split_at(count.min(self.words.until_wrap(at) as usize));
        self.words.write(at, front);
        if !back.is_empty() {
            self.words.write(at.wrapping_add(front.len() as u64), back);
        }
        point!("ring.push.written");
        self.publish(count as u64);
        Ok(count)
    }

    /// Publishes all elements, waiting for room as long as it takes.
    ///
    /// # Errors
    /// As [`push`](RingProducer::push); elements before the one that failed were published.
    pub fn push_many(&mut self, values: &[T]) -> Result<()> {
        self.push_many_until(values, None).map(drop)
    }

    /// Publishes elements, waiting for room for at most `timeout` in all, and returns how many were published.
    ///
    /// # Errors
    /// As [`push`](RingProducer::push); a timeout is no error here.
    pub fn push_many_timeout(&mut self, values: &[T], timeout: Duration) -> Result<usize> {
        self.push_many_until(values, deadline_after(timeout))
    }

    fn push_many_until(&mut self, values: &[T], deadline: Option<Instant>) -> Result<usize> {
        let mut done = self.try_push_many(values)?;
        while done < values.len() {
            match self.words.ready(&mut self.end, 1, deadline) {
                Ok(_) => done += self.try_push_many(&values[done..])?,
                Err(error) if error.kind() == ErrorKind::TimedOut => break,
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    /// How many of `count` elements can be reserved in one piece.
    fn piece(&self, count: usize) -> u64 {
        (count as u64).clamp(1, self.words.until_wrap(self.end.at()))
    }

    /// Reserves room for `count` elements that are written in place, waiting for it as long as it takes.
    ///
    /// The room is one piece of memory, so it is **shorter** than asked for where the memory ends: at most up to there. It is never
    /// empty. Dropping it uncommitted leaves no trace.
    ///
    /// # Errors
    /// As [`push`](RingProducer::push).
    pub fn reserve(&mut self, count: usize) -> Result<RingReservation<'_, T>> {
        self.reserve_until(count, None)
    }

    /// Reserves room as [`reserve`](RingProducer::reserve), waiting for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut); otherwise as [`push`](RingProducer::push).
    pub fn reserve_timeout(&mut self, count: usize, timeout: Duration) -> Result<RingReservation<'_, T>> {
        self.reserve_until(count, deadline_after(timeout))
    }

    fn reserve_until(&mut self, count: usize, deadline: Option<Instant>) -> Result<RingReservation<'_, T>> {
        let len = self.piece(count);
        self.words.ready(&mut self.end, len, deadline)?;
        Ok(RingReservation { len: len as usize, producer: self })
    }

    /// Reserves room as [`reserve`](RingProducer::reserve), if it is there.
    ///
    /// # Errors
    /// As [`try_push`](RingProducer::try_push).
    #[inline]
    pub fn try_reserve(&mut self, count: usize) -> Result<RingReservation<'_, T>> {
        let len = self.piece(count);
        if self.words.now(&mut self.end, len)? < len {
            return Err(Error::plain(ErrorKind::Full));
        }
        Ok(RingReservation { len: len as usize, producer: self })
    }
}

/// Room in a [`Ring`] that is written in place, and then [committed](RingReservation::commit). Until then nobody sees it.
#[must_use = "what is not committed never happened"]
pub struct RingReservation<'a, T: ShmLayout> {
    producer: &'a mut RingProducer<T>,
    len: usize,
}

impl<T: ShmLayout> RingReservation<'_, T> {
    /// For how many elements there is room.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.len
    }

    #[track_caller]
    fn check(&self, count: usize) {
        assert!(count <= self.len, "{count} elements reach beyond a reservation of {}", self.len);
    }

    /// Writes an element.
    ///
    /// # Panics
    /// If `index` is not below [`len`](RingReservation::len).
    #[inline]
    #[track_caller]
    pub fn set(&mut self, index: usize, value: T) {
        self.write(index, std::slice::from_ref(&value));
    }

    /// Writes elements from `index` on.
    ///
    /// # Panics
    /// If they reach beyond the reservation.
    #[inline]
    #[track_caller]
    pub fn write(&mut self, index: usize, values: &[T]) {
        self.check(index.saturating_add(values.len()));
        if !values.is_empty() {
            let at = self.producer.end.at().wrapping_add(index as u64);
            self.producer.words.write(at, values);
        }
    }

    /// Where the elements lie, aligned for their type.
    #[inline]
    pub fn as_mut_ptr(&mut self) -> *mut T {
        self.producer.words.elements(self.producer.end.at(), self.len).cast()
    }

    /// The elements themselves. They begin with what was there before.
    ///
    /// # Safety
    /// As long as the slice lives, no other process or thread may access these bytes. Nobody does who uses the ring by its handles; who
    /// looks at the whole segment does.
    #[inline]
    pub unsafe fn as_mut_slice(&mut self) -> &mut [T] {
        let (first, len) = (self.as_mut_ptr(), self.len);
        // SAFETY: `len` elements lie there, aligned (R1), and mapped as long as `self` is borrowed; every pattern of bytes is a
        // `T`; nobody else accesses them, as the caller promises.
        unsafe { std::slice::from_raw_parts_mut(first, len) }
    }

    /// Publishes the first `count` elements. The others never happened.
    ///
    /// In a forked child, which has no role, nothing happens.
    ///
    /// # Panics
    /// If `count` is above [`len`](RingReservation::len).
    #[inline]
    #[track_caller]
    pub fn commit(self, count: usize) {
        self.check(count);
        point!("ring.reserve.written");
        if count > 0 && self.producer.words.is_owner(&self.producer.end) {
            self.producer.publish(count as u64);
        }
    }
}

/// The one handle that reads from a [`Ring`]. Dropping it gives the role up.
pub struct RingConsumer<T: ShmLayout> {
    words: MappedWords<T>,
    end: End,
}

impl<T: ShmLayout> RingConsumer<T> {
    #[inline(always)]
    fn release(&mut self, count: u64) {
        self.words.kernel().publish(&mut self.end, count);
    }

    #[inline(always)]
    fn get(&mut self) -> T {
        let mut value = MaybeUninit::uninit();
        self.words.read(self.end.at(), std::slice::from_mut(&mut value));
        point!("ring.pop.copied");
        self.release(1);
        // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
        unsafe { value.assume_init() }
    }

    /// Takes the first element; `None` when there is none.
    ///
    /// # Errors
    /// [`NotOwner`](ErrorKind::NotOwner) in a forked child; [`Corrupt`](ErrorKind::Corrupt) if the producer's position is none that a peer
    /// could have left.
    #[inline(always)]
    pub fn try_pop(&mut self) -> Result<Option<T>> {
        if self.words.now(&mut self.end, 1)? == 0 {
            return Ok(None);
        }
        Ok(Some(self.get()))
    }

    /// Takes the first element, waiting for one as long as it takes.
    ///
    /// # Errors
    /// As [`try_pop`](RingConsumer::try_pop).
    #[inline(always)]
    pub fn pop(&mut self) -> Result<T> {
        self.words.ready(&mut self.end, 1, None)?;
        Ok(self.get())
    }

    /// As [`pop`](RingConsumer::pop), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has taken nothing.
    ///
    /// # Errors
    /// As [`pop`](RingConsumer::pop); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn pop_async(&mut self) -> Result<T> {
        self.words.ready_async(&mut self.end, 1).await?;
        Ok(self.get())
    }

    /// As [`peek`](RingConsumer::peek), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has changed nothing.
    ///
    /// # Errors
    /// As [`pop`](RingConsumer::pop); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn peek_async(&mut self, count: usize) -> Result<RingPeeked<'_, T>> {
        let ready = self.words.ready_async(&mut self.end, 1).await?;
        Ok(self.peeked(count, ready))
    }

    /// Takes the first element, waiting for one for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was taken; otherwise as [`pop`](RingConsumer::pop).
    pub fn pop_timeout(&mut self, timeout: Duration) -> Result<T> {
        self.words.ready(&mut self.end, 1, deadline_after(timeout))?;
        Ok(self.get())
    }

    /// Takes as many elements as there are and fit into `out`, and returns how many.
    ///
    /// # Errors
    /// As [`try_pop`](RingConsumer::try_pop), but `Ok(0)` when empty.
    #[inline]
    pub fn try_pop_many(&mut self, out: &mut [T]) -> Result<usize> {
        let count = self.words.now(&mut self.end, out.len() as u64)?.min(out.len() as u64) as usize;
        if count == 0 {
            return Ok(0);
        }
        let at = self.end.at();
        read_piecewise(&self.words, at, &mut out[..count]);
        point!("ring.pop.copied");
        self.release(count as u64);
        Ok(count)
    }

    /// Takes as many elements as there are and fit into `out`, waiting for the first as long as it takes, and returns how many.
    ///
    /// # Errors
    /// As [`pop`](RingConsumer::pop).
    pub fn pop_many(&mut self, out: &mut [T]) -> Result<usize> {
        if !out.is_empty() {
            self.words.ready(&mut self.end, 1, None)?;
        }
        self.try_pop_many(out)
    }

    /// As [`pop_many`](RingConsumer::pop_many), waiting for at most `timeout`; 0 when no element came.
    ///
    /// # Errors
    /// As [`pop`](RingConsumer::pop); a timeout is no error here.
    pub fn pop_many_timeout(&mut self, out: &mut [T], timeout: Duration) -> Result<usize> {
        match self.words.ready(&mut self.end, 1, deadline_after(timeout)) {
            Ok(_) => self.try_pop_many(out),
            Err(error) if error.kind() == ErrorKind::TimedOut => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Looks at up to `count` elements in place, waiting for the first as long as it takes.
    ///
    /// They are one piece of memory, so they are **fewer** than there are where the memory ends. There is always one at least. They
    /// stay in the ring until they are [released](RingPeeked::release).
    ///
    /// # Errors
    /// As [`pop`](RingConsumer::pop).
    pub fn peek(&mut self, count: usize) -> Result<RingPeeked<'_, T>> {
        let ready = self.words.ready(&mut self.end, 1, None)?;
        Ok(self.peeked(count, ready))
    }

    /// Looks at elements as [`peek`](RingConsumer::peek), waiting for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut); otherwise as [`pop`](RingConsumer::pop).
    pub fn peek_timeout(&mut self, count: usize, timeout: Duration) -> Result<RingPeeked<'_, T>> {
        let ready = self.words.ready(&mut self.end, 1, deadline_after(timeout))?;
        Ok(self.peeked(count, ready))
    }

    /// Looks at elements as [`peek`](RingConsumer::peek); `None` when there is none.
    ///
    /// # Errors
    /// As [`try_pop`](RingConsumer::try_pop).
    #[inline]
    pub fn try_peek(&mut self, count: usize) -> Result<Option<RingPeeked<'_, T>>> {
        let wanted = (count as u64).clamp(1, self.words.until_wrap(self.end.at()));
        match self.words.now(&mut self.end, wanted)? {
            0 => Ok(None),
            ready => Ok(Some(self.peeked(count, ready))),
        }
    }

    #[inline]
    fn peeked(&mut self, count: usize, ready: u64) -> RingPeeked<'_, T> {
        let len = (count as u64).clamp(1, ready.min(self.words.until_wrap(self.end.at())));
        RingPeeked { len: len as usize, consumer: self }
    }
}

/// Copies elements out in one piece, or in two where the memory ends.
fn read_piecewise<T: ShmLayout>(words: &MappedWords<T>, at: u64, out: &mut [T]) {
    let (front, back) = out.split_at_mut(out.len().min(words.until_wrap(at) as usize));
    words.read(at, as_uninit(front));
    if !back.is_empty() {
        words.read(at.wrapping_add(front.len() as u64), as_uninit(back));
    }
}

/// Values as room for values.
fn as_uninit<T: ShmLayout>(values: &mut [T]) -> &mut [MaybeUninit<T>] {
    let (first, len) = (values.as_mut_ptr(), values.len());
    // SAFETY: the same place and number; only copies of bytes are written to them, and every pattern of bytes is a `T`.
    unsafe { std::slice::from_raw_parts_mut(first.cast(), len) }
}

/// Elements of a [`Ring`] that are read in place, and then [released](RingPeeked::release). Until then they stay there.
#[must_use = "what is not released is read again"]
pub struct RingPeeked<'a, T: ShmLayout> {
    consumer: &'a mut RingConsumer<T>,
    len: usize,
}

impl<T: ShmLayout> RingPeeked<'_, T> {
    /// How many elements there are; one at least.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// A copy of an element; `None` from [`len`](RingPeeked::len) on.
    #[inline]
    pub fn get(&self, index: usize) -> Option<T> {
        if index >= self.len {
            return None;
        }
        let mut value = MaybeUninit::uninit();
        let at = self.consumer.end.at().wrapping_add(index as u64);
        self.consumer.words.read(at, std::slice::from_mut(&mut value));
        // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
        Some(unsafe { value.assume_init() })
    }

    /// Copies of the elements, one after the other.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = T> + '_ {
        (0..self.len).map(|index| self.get(index).unwrap_or_else(T::zeroed))
    }

    /// Copies as many elements as fit into `out`, and returns how many.
    pub fn copy_to(&self, out: &mut [T]) -> usize {
        let count = out.len().min(self.len);
        if count > 0 {
            self.consumer.words.read(self.consumer.end.at(), as_uninit(&mut out[..count]));
        }
        count
    }

    /// Where the elements lie, aligned for their type.
    #[inline]
    pub fn as_ptr(&self) -> *const T {
        self.consumer.words.elements(self.consumer.end.at(), self.len).cast_const().cast()
    }

    /// The elements themselves.
    ///
    /// # Safety
    /// As long as the slice lives, no process may write to these bytes. Nobody does who uses the ring by its handles.
    #[inline]
    pub unsafe fn as_slice(&self) -> &[T] {
        // SAFETY: `len` elements lie there, aligned (R1), and mapped as long as `self` is borrowed; every pattern of bytes is a
        // `T`; nobody writes to them, as the caller promises.
        unsafe { std::slice::from_raw_parts(self.as_ptr(), self.len) }
    }

    /// Gives the room of the first `count` elements back. The others stay.
    ///
    /// In a forked child, which has no role, nothing happens.
    ///
    /// # Panics
    /// If `count` is above [`len`](RingPeeked::len).
    #[inline]
    #[track_caller]
    pub fn release(self, count: usize) {
        assert!(count <= self.len, "{count} elements reach beyond the {} that were peeked at", self.len);
        point!("ring.peek.read");
        if count > 0 && self.consumer.words.is_owner(&self.consumer.end) {
            self.consumer.release(count as u64);
        }
    }
}

impl<T: ShmLayout> Drop for RingProducer<T> {
    fn drop(&mut self) {
        self.words.leave(&self.end);
    }
}

impl<T: ShmLayout> Drop for RingConsumer<T> {
    fn drop(&mut self) {
        self.words.leave(&self.end);
    }
}

fn debug<T>(words: &MappedWords<T>, what: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.debug_struct(what)
        .field("segment", &words.mapped.segment().name)
        .field("name", &words.mapped.name())
        .field("capacity", &(words.mask + 1))
        .finish_non_exhaustive()
}

impl<T> fmt::Debug for Ring<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(&self.words, "Ring", f)
    }
}

impl<T: ShmLayout> fmt::Debug for RingProducer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(&self.words, "RingProducer", f)
    }
}

impl<T: ShmLayout> fmt::Debug for RingConsumer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(&self.words, "RingConsumer", f)
    }
}

impl<T: ShmLayout> fmt::Debug for RingReservation<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingReservation").field("len", &self.len).finish_non_exhaustive()
    }
}

impl<T: ShmLayout> fmt::Debug for RingPeeked<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingPeeked").field("len", &self.len).finish_non_exhaustive()
    }
}
