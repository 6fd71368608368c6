//! A pool of objects.
//!
//! `docs/structures/pool.md` has the bytes and the promises, [`pool_kernel`](super::pool_kernel) the algorithm, its
//! invariants and its orderings. This file joins the two: where the words and objects of a mapped pool are, and the handles.

use std::fmt;
use std::hash::{BuildHasher, Hasher as _, RandomState};
use std::marker::PhantomData;
use std::mem::offset_of;
use std::time::{Duration, Instant};

use bytemuck::{Pod, Zeroable};
use zeroipc_layout::{Scalar, TypeDesc};

use super::mapped::Mapped;
use super::pool_kernel::{Claim, Kernel, Objects, Stop, decode, free};
use crate::error::{Error, ErrorKind, Result};
use crate::format::pool::{HANDLE_GENERATION_SHIFT, MAX_POOL_CAPACITY, OBJECT_GENERATION_SHIFT, PoolHeader};
use crate::format::schema::Kind;
use crate::memory::{Blueprint, Memory, Segment, structure_size};
use crate::region::Region;
use crate::shm_layout::ShmLayout;
use crate::sync::{AtomicU32, AtomicU64, Relaxed};
use crate::table::Fit;
#[cfg(feature = "async")]
use crate::wait::waiting;
use crate::wait::{blocking, deadline_after};

const HEADER: u64 = size_of::<PoolHeader>() as u64;
/// Bytes of an object's state.
const STATE: u64 = size_of::<u64>() as u64;
const CACHE_LINE: u64 = 64;

/// A number of objects that processes take, use, hand on and give back.
///
/// [`acquire`](Pool::acquire) gives a guard, which owns its object and gives it back when it is dropped. An object is handed to another process as
/// a [`PoolHandle`], a number that travels through any other structure: [`into_handle`](PoolGuard::into_handle) gives the ownership up, and
/// [`adopt`](Pool::adopt) takes it; of several who adopt one handle, one gets it.
///
/// # When a participant dies
/// What a dead process's guards owned is free as soon as somebody needs it, or calls [`reclaim`](Pool::reclaim). An object that was handed on and
/// that nobody has adopted has no owner: it stays in use until somebody adopts or [releases](Pool::release) it, and if its handle is
/// lost with a dead process, it is lost as well.
///
/// # Waiting
/// [`acquire`](Pool::acquire) waits for an object: it spins briefly and then sleeps without costing CPU time. All who wait wake when one
/// becomes free.
///
/// # Examples
/// ```
/// use zeroipc::{Memory, Pool, Queue, PoolHandle};
/// # let name = format!("/zeroipc_doc_pool_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let images = Pool::<[u8; 4096]>::open_or_create(&memory, "images", 8)?;
/// let ready = Queue::<PoolHandle>::open_or_create(&memory, "ready", 8)?;
///
/// let image = images.acquire()?;
/// image.write(&[7; 4096]);
/// ready.push(image.into_handle()?)?;
///
/// let image = images.adopt(ready.pop()?)?;
/// assert_eq!(image.read()[4095], 7);
/// drop(image);
/// assert_eq!(images.available()?, 8);
/// # Ok::<(), zeroipc::Error>(())
/// ```
pub struct Pool<T> {
    objects: MappedObjects<T>,
}

/// An object of a [`Pool`] on its way from one owner to the next: its number, and which of its ownerships.
///
/// It is a `u64` to all languages, and can be an element or a field. Only one of those who hold a copy can adopt or release
/// the object; all others are refused, as are handles of earlier ownerships and, but for a chance of one in 2^37, of other pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct PoolHandle(u64);

// SAFETY: it is a `u64`, for which all bytes, zero too, are valid, and which has no padding.
unsafe impl Zeroable for PoolHandle {}
// SAFETY: as above, and it is `Copy`, `'static` and `repr(transparent)`.
unsafe impl Pod for PoolHandle {}
// SAFETY: the scalar is eight bytes with this meaning.
unsafe impl ShmLayout for PoolHandle {
    const DESC: &'static TypeDesc<'static> = &TypeDesc::Scalar(Scalar::U64);
}

impl PoolHandle {
    /// The handle as a number.
    pub fn to_bits(self) -> u64 {
        self.0
    }

    /// The handle with this number, which is checked where it is used.
    pub fn from_bits(bits: u64) -> PoolHandle {
        PoolHandle(bits)
    }

    fn of(claim: Claim) -> PoolHandle {
        PoolHandle(u64::from(claim.index) | claim.generation << HANDLE_GENERATION_SHIFT)
    }

    fn claim(self) -> Claim {
        let index = self.0 & ((1 << HANDLE_GENERATION_SHIFT) - 1);
        Claim { index: index as u32, generation: self.0 >> HANDLE_GENERATION_SHIFT }
    }
}

/// The words and objects of a pool in a mapping.
///
/// Invariant **P1**: the entry has a header, `capacity` states and as many objects, at an address that is aligned for them.
struct MappedObjects<T> {
    mapped: Mapped<PoolHeader>,
    capacity: u32,
    /// Private to this handle: where to look for a free object.
    cursor: AtomicU32,
    element: PhantomData<fn(T) -> T>,
}

/// Where the objects begin: the header and the states leave 8 when divided by a cache line, and so does this.
fn objects_at(capacity: u64) -> u64 {
    HEADER + (capacity * STATE).next_multiple_of(CACHE_LINE)
}

/// How far apart objects are: a multiple of their alignment, and of a word, in which they are copied.
const fn stride<T>() -> usize {
    size_of::<T>().next_multiple_of(8)
}

impl<T> MappedObjects<T> {
    #[inline(always)]
    fn object(&self, index: u32) -> usize {
        objects_at(u64::from(self.capacity)) as usize + index as usize * stride::<T>()
    }

    fn kernel(&self) -> Kernel<'_, MappedObjects<T>, Segment> {
        Kernel { objects: self, peers: self.mapped.segment() }
    }
}

impl<T> Objects for MappedObjects<T> {
    #[inline(always)]
    fn capacity(&self) -> u32 {
        self.capacity
    }

    #[inline(always)]
    fn released(&self) -> &AtomicU64 {
        self.mapped.word(offset_of!(PoolHeader, released))
    }

    #[inline(always)]
    fn state(&self, index: u32) -> &AtomicU64 {
        self.mapped.word((HEADER + u64::from(index) * STATE) as usize)
    }

    #[inline(always)]
    fn cursor(&self) -> u32 {
        self.cursor.load(Relaxed)
    }

    #[inline(always)]
    fn set_cursor(&self, index: u32) {
        self.cursor.store(index, Relaxed);
    }
}

fn checked_capacity(name: &str, capacity: u64) -> Result<u64> {
    if capacity == 0 || capacity > MAX_POOL_CAPACITY {
        let message =
            format!("pool `{name}`: a capacity of {capacity} was asked for; 1 to {MAX_POOL_CAPACITY} are possible");
        return Err(Error::new(ErrorKind::BadArgument, message));
    }
    Ok(capacity)
}

/// Where the generations of a new pool begin: by chance, so that a handle of another pool, or of an earlier one of this name,
/// is told apart.
fn first_generation() -> u64 {
    RandomState::new().build_hasher().finish() >> OBJECT_GENERATION_SHIFT
}

/// Writes the header and the states of a new pool into zeroed memory.
fn initialise(region: &Region, offset: u64, capacity: u64, generation: u64) -> Result<()> {
    region.u64_at(offset + offset_of!(PoolHeader, capacity) as u64)?.store(capacity, Relaxed);
    for index in 0..capacity {
        region.u64_at(offset + HEADER + index * STATE)?.store(free(generation), Relaxed);
    }
    Ok(())
}

impl<T: ShmLayout> Pool<T> {
    /// Creates a pool of `capacity` objects, which are zero.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists), [`BadName`](ErrorKind::BadName), [`BadArgument`](ErrorKind::BadArgument) for a
    /// capacity of 0 or above 2^27, [`OutOfSpace`](ErrorKind::OutOfSpace), [`OutOfMemory`](ErrorKind::OutOfMemory),
    /// [`TableFull`](ErrorKind::TableFull), [`SchemaFull`](ErrorKind::SchemaFull), [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str, capacity: u64) -> Result<Pool<T>> {
        let capacity = checked_capacity(name, capacity)?;
        Self::attach(Self::with_blueprint(name, capacity, |blueprint| Mapped::create(memory, blueprint))?)
    }

    /// Opens a pool.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`KindMismatch`](ErrorKind::KindMismatch),
    /// [`TypeMismatch`](ErrorKind::TypeMismatch) naming the first field that differs, [`Corrupt`](ErrorKind::Corrupt).
    pub fn open(memory: &Memory, name: &str) -> Result<Pool<T>> {
        Self::attach(Mapped::open(memory, Kind::POOL, name, &[T::DESC])?)
    }

    /// Opens a pool, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Pool::create) and [`open`](Pool::open), and [`BadArgument`](ErrorKind::BadArgument) if the pool is
    /// there with another capacity.
    pub fn open_or_create(memory: &Memory, name: &str, capacity: u64) -> Result<Pool<T>> {
        let capacity = checked_capacity(name, capacity)?;
        let pool =
            Self::attach(Self::with_blueprint(name, capacity, |blueprint| Mapped::open_or_create(memory, blueprint))?)?;
        pool.objects.mapped.check_number("a capacity", pool.capacity(), capacity)?;
        Ok(pool)
    }

    fn with_blueprint<R>(name: &str, capacity: u64, run: impl FnOnce(&Blueprint<'_>) -> Result<R>) -> Result<R> {
        let generation = first_generation();
        let element = size_of::<T>() as u64;
        let first = objects_at(capacity);
        run(&Blueprint {
            kind: Kind::POOL,
            name,
            elements: &[T::DESC],
            size: structure_size(name, first, stride::<T>() as u64, capacity, element)?,
            fit: Fit::data_at(first, align_of::<T>() as u64),
            initialise: &|region, offset| initialise(region, offset, capacity, generation),
        })
    }

    fn attach(mapped: Mapped<PoolHeader>) -> Result<Pool<T>> {
        // Read once; the handle never asks again.
        let capacity = mapped.word(offset_of!(PoolHeader, capacity)).load(Relaxed);
        if capacity == 0 || capacity > MAX_POOL_CAPACITY {
            return Err(mapped.corrupt(format_args!("its capacity is {capacity} instead of 1 to {MAX_POOL_CAPACITY}")));
        }
        let objects = capacity.checked_mul(stride::<T>() as u64);
        mapped.check_size(objects.and_then(|objects| objects.checked_add(objects_at(capacity))))?;
        let (capacity, cursor) = (capacity as u32, AtomicU32::new(0));
        let pool = Pool { objects: MappedObjects { mapped, capacity, cursor, element: PhantomData } };
        let first = pool.objects.mapped.pointer(pool.objects.object(0), 0).addr().get();
        if !first.is_multiple_of(align_of::<T>()) {
            let found = format_args!("its objects lie at offsets that are not multiples of {}", align_of::<T>());
            return Err(pool.objects.mapped.corrupt(found));
        }
        if !pool.objects.mapped.recorded() {
            pool.check_states()?;
        }
        Ok(pool)
    }

    /// Without a record the content has to be that of a pool.
    fn check_states(&self) -> Result<()> {
        let state = |index| decode(self.objects.state(index).load(Relaxed));
        match (0..self.objects.capacity).find(|&index| state(index).is_none()) {
            Some(index) => Err(self.objects.mapped.corrupt(format_args!("object {index} is in no state of a pool"))),
            None => Ok(()),
        }
    }

    fn segment(&self) -> &Segment {
        self.objects.mapped.segment()
    }

    #[cold]
    fn failed(&self, _: Stop) -> Error {
        self.objects.mapped.corrupt("an object is in no state that a peer could have left")
    }

    fn guard(&self, me: u32, claim: Claim) -> PoolGuard<'_, T> {
        PoolGuard { pool: self, me, claim }
    }

    /// Acquires an object, if one is free or its owner is dead. It has the bytes that its last owner left.
    ///
    /// # Errors
    /// [`ReadOnly`](ErrorKind::ReadOnly); [`Corrupt`](ErrorKind::Corrupt) if an object is in no state that a peer could have left.
    #[inline]
    pub fn try_acquire(&self) -> Result<Option<PoolGuard<'_, T>>> {
        let me = self.segment().me()?;
        let kernel = self.objects.kernel();
        if let Some(claim) = kernel.acquire_at_cursor(me) {
            return Ok(Some(self.guard(me, claim)));
        }
        match kernel.acquire(me) {
            Ok(claim) => Ok(Some(self.guard(me, claim))),
            Err(Stop::Empty) => Ok(None),
            Err(stop) => Err(self.failed(stop)),
        }
    }

    /// Acquires an object, waiting for one as long as it takes.
    ///
    /// # Errors
    /// As [`try_acquire`](Pool::try_acquire).
    pub fn acquire(&self) -> Result<PoolGuard<'_, T>> {
        self.acquire_until(None)
    }

    /// Acquires an object, waiting for one for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut); otherwise as [`try_acquire`](Pool::try_acquire).
    pub fn acquire_timeout(&self, timeout: Duration) -> Result<PoolGuard<'_, T>> {
        self.acquire_until(deadline_after(timeout))
    }

    /// As [`acquire`](Pool::acquire), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has acquired nothing, and a wake that was for it goes on to another.
    ///
    /// # Errors
    /// As [`acquire`](Pool::acquire); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn acquire_async(&self) -> Result<PoolGuard<'_, T>> {
        let me = self.segment().me()?;
        let kernel = self.objects.kernel();
        let claim = waiting(self.objects.mapped.segment(), move |patience| {
            kernel.attempt(me, patience).map_err(|stop| self.failed(stop))
        })
        .await?;
        Ok(self.guard(me, claim))
    }

    fn acquire_until(&self, deadline: Option<Instant>) -> Result<PoolGuard<'_, T>> {
        let me = self.segment().me()?;
        let kernel = self.objects.kernel();
        let claim = match kernel.acquire_at_cursor(me) {
            Some(claim) => claim,
            None => blocking(self.segment(), deadline, |patience| {
                kernel.attempt(me, patience).map_err(|stop| self.failed(stop))
            })?,
        };
        Ok(self.guard(me, claim))
    }

    #[cold]
    fn refused(&self, what: &str) -> Error {
        let found =
            format_args!("the handle cannot be {what}: its object has gone on without it, or it is another pool's");
        self.objects.mapped.error(ErrorKind::NotOwner, found)
    }

    /// The claim that a handle stands for, if this pool has such an object.
    fn known(&self, handle: PoolHandle) -> Option<Claim> {
        Some(handle.claim()).filter(|claim| claim.index < self.objects.capacity)
    }

    /// Becomes the owner of an object that was [handed on](PoolGuard::into_handle). The handle and its copies are worth nothing from then on.
    ///
    /// # Errors
    /// [`NotOwner`](ErrorKind::NotOwner) if the object has been adopted or released before, or is another pool's;
    /// [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn adopt(&self, handle: PoolHandle) -> Result<PoolGuard<'_, T>> {
        let me = self.segment().me()?;
        let adopted = self.known(handle).and_then(|claim| self.objects.kernel().adopt(me, claim));
        adopted.map(|claim| self.guard(me, claim)).ok_or_else(|| self.refused("adopted"))
    }

    /// Frees an object that was [handed on](PoolGuard::into_handle), without adopting it.
    ///
    /// # Errors
    /// As [`adopt`](Pool::adopt).
    pub fn release(&self, handle: PoolHandle) -> Result<()> {
        self.segment().writable()?;
        let released = self.known(handle).is_some_and(|claim| self.objects.kernel().release_loose(claim));
        if released { Ok(()) } else { Err(self.refused("released")) }
    }

    /// Frees what dead processes own, and returns how many objects. Whoever finds no free object does so without being asked.
    ///
    /// # Errors
    /// As [`try_acquire`](Pool::try_acquire).
    pub fn reclaim(&self) -> Result<u64> {
        self.segment().writable()?;
        self.objects.kernel().reclaim().map(u64::from).map_err(|stop| self.failed(stop))
    }

    /// How many objects there are.
    pub fn capacity(&self) -> u64 {
        u64::from(self.objects.capacity)
    }

    /// How many objects are free; others may change it meanwhile. It looks at each of them.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn available(&self) -> Result<u64> {
        self.objects.kernel().available().map(u64::from).map_err(|stop| self.failed(stop))
    }

    /// How many objects are in use, those of dead processes included.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn len(&self) -> Result<u64> {
        Ok(self.capacity() - self.available()?)
    }

    /// Whether no object is in use.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// The pool's name in its segment.
    pub fn name(&self) -> &str {
        self.objects.mapped.name()
    }
}

/// The ownership of an object of a [`Pool`]. Dropping it gives the object back, also when a panic does; in a forked child, whose parent
/// it belongs to, it does not.
#[must_use = "dropping it gives the object back"]
pub struct PoolGuard<'p, T: ShmLayout> {
    pool: &'p Pool<T>,
    me: u32,
    claim: Claim,
}

impl<T: ShmLayout> PoolGuard<'_, T> {
    fn at(&self) -> usize {
        self.pool.objects.object(self.claim.index)
    }

    /// A copy of the object.
    #[inline]
    pub fn read(&self) -> T {
        self.pool.objects.mapped.read_value(self.at())
    }

    /// Writes the object.
    #[inline]
    pub fn write(&self, value: &T) {
        self.pool.objects.mapped.write_value(self.at(), value);
    }

    /// Changes the object: a copy of it, which is then written back. A panic of `change` leaves it as it was.
    #[inline]
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut value = self.read();
        let result = change(&mut value);
        self.write(&value);
        result
    }

    /// Where the object lies, aligned for its type.
    ///
    /// Whoever follows it must allow that a process which breaks the rules writes there meanwhile.
    pub fn as_mut_ptr(&self) -> *mut T {
        self.pool.objects.mapped.pointer(self.at(), size_of::<T>()).as_ptr().cast()
    }

    /// What this ownership is called. It can neither be adopted nor released while the guard lives.
    pub fn handle(&self) -> PoolHandle {
        PoolHandle::of(self.claim)
    }

    /// Gives the ownership up and keeps the object in use: whoever [adopts](Pool::adopt) or [releases](Pool::release) the handle goes on with
    /// it. If nobody does, the object stays in use for ever, whoever dies.
    ///
    /// # Errors
    /// [`NotOwner`](ErrorKind::NotOwner) in a forked child.
    pub fn into_handle(self) -> Result<PoolHandle> {
        let mine = self.pool.segment().id() == Some(self.me);
        if !mine || !self.pool.objects.kernel().pass(self.me, self.claim) {
            return Err(self.pool.refused("handed on"));
        }
        let handle = self.handle();
        std::mem::forget(self);
        Ok(handle)
    }
}

impl<T: ShmLayout> Drop for PoolGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.pool.segment().id() == Some(self.me) {
            // What a peer has spoiled is told to who acquires next.
            let _ = self.pool.objects.kernel().release(self.me, self.claim);
        }
    }
}

impl<T> Clone for Pool<T> {
    fn clone(&self) -> Self {
        let MappedObjects { mapped, capacity, cursor, .. } = &self.objects;
        let cursor = AtomicU32::new(cursor.load(Relaxed));
        Pool { objects: MappedObjects { mapped: mapped.clone(), capacity: *capacity, cursor, element: PhantomData } }
    }
}

impl<T> fmt::Debug for Pool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("segment", &self.objects.mapped.segment().name)
            .field("name", &self.objects.mapped.name())
            .field("capacity", &self.objects.capacity)
            .finish_non_exhaustive()
    }
}

impl<T: ShmLayout> fmt::Debug for PoolGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolGuard").field("handle", &self.handle()).finish_non_exhaustive()
    }
}
