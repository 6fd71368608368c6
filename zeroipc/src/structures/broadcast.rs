//! One producer, and many readers with cursors of their own.
//!
//! `docs/structures/broadcast.md` has the bytes and the promises, [`broadcast_kernel`](super::broadcast_kernel) the
//! algorithm, [`broadcast_sides`](super::broadcast_sides) what this has in common with a stream.

use std::mem::MaybeUninit;
use std::time::Duration;

use super::broadcast_kernel::Start;
use super::broadcast_sides::{Ground, Numbers, Policy, Publishing, Reading, shown};
use crate::error::{Error, ErrorKind, Result};
use crate::format::schema::Kind;
use crate::memory::Memory;
use crate::region::copy_out;
use crate::shm_layout::ShmLayout;
use crate::wait::deadline_after;

/// Elements from one producer to many readers, each of which reads all of them at its own pace.
///
/// The [policy](Policy) says what happens when a reader is slow: the producer waits for it, or overwrites what it has not
/// read and the reader is told how many elements it lost. A broadcast has no end; see [`Stream`](crate::Stream) for one that
/// has.
///
/// # When a participant dies
/// A producer that dies in the middle of a publication has never published that element; the next one that takes the role goes
/// on behind the last. A reader that dies stops holding up the producer, and its slot is free again, as soon as the kernel has let
/// go of its process. A reader that is stopped counts as alive, and holds up a producer that waits.
///
/// # Examples
/// ```
/// use zeroipc::{Broadcast, Memory};
/// # let name = format!("/zeroipc_doc_broadcast_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let prices = Broadcast::<f64>::open_or_create(&memory, "prices", 1024, 8)?;
/// let mut reader = prices.subscribe_from_now()?;
/// let mut producer = prices.producer()?;
/// producer.publish(1.25)?;
/// producer.publish_many(&[1.5, 1.75])?;
/// assert_eq!(reader.recv()?.value, 1.25);
/// let mut more = [0.0; 8];
/// assert_eq!(reader.recv_many(&mut more)?.count, 2);
/// assert_eq!(reader.try_recv()?, None);
/// # Ok::<(), zeroipc::Error>(())
/// ```
pub struct Broadcast<T> {
    ground: Ground<T>,
}

/// The side of a [`Broadcast`] that publishes. There is one at a time; dropping it frees the role.
pub struct BroadcastProducer<T> {
    side: Publishing<T>,
}

/// The side of a [`Broadcast`] that reads. Dropping it frees its slot.
pub struct BroadcastReader<T> {
    side: Reading<T>,
}

/// An element that a reader has received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received<T> {
    /// The element.
    pub value: T,
    /// How many elements were published before it, ever.
    pub position: u64,
    /// How many elements, right before it, were overwritten before this reader came to them. 0 where the producer waits.
    pub lost: u64,
}

/// Elements that a reader has received with one call, one behind the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceivedRun {
    /// How many there are.
    pub count: usize,
    /// The position of the first.
    pub position: u64,
    /// How many elements, right before the first, were overwritten before this reader came to them.
    pub lost: u64,
}

shown!(Broadcast, "Broadcast", |this| this.ground);
shown!(BroadcastProducer, "BroadcastProducer", |this| this.side.ground);
shown!(BroadcastReader, "BroadcastReader", |this| this.side.ground);

impl<T: ShmLayout> Broadcast<T> {
    /// Creates a broadcast with room for at least `capacity` elements, rounded up to a power of two, and for `readers`
    /// readers at a time. Its producer [waits](Policy::Wait) for slow readers.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists), [`BadName`](ErrorKind::BadName), [`BadArgument`](ErrorKind::BadArgument) for a
    /// capacity of 0 or above 2^31 or readers of 0 or above 1,000, [`OutOfSpace`](ErrorKind::OutOfSpace),
    /// [`OutOfMemory`](ErrorKind::OutOfMemory), [`TableFull`](ErrorKind::TableFull),
    /// [`SchemaFull`](ErrorKind::SchemaFull), [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str, capacity: u64, readers: u64) -> Result<Broadcast<T>> {
        Self::create_with_policy(memory, name, capacity, readers, Policy::Wait)
    }

    /// As [`create`](Broadcast::create), with a policy for slow readers.
    ///
    /// # Errors
    /// As [`create`](Broadcast::create).
    pub fn create_with_policy(
        memory: &Memory,
        name: &str,
        capacity: u64,
        readers: u64,
        policy: Policy,
    ) -> Result<Broadcast<T>> {
        let numbers = Numbers::checked(Kind::BROADCAST, name, capacity, readers, policy)?;
        Ok(Broadcast { ground: Ground::create(memory, Kind::BROADCAST, name, numbers)? })
    }

    /// Opens a broadcast.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`KindMismatch`](ErrorKind::KindMismatch),
    /// [`TypeMismatch`](ErrorKind::TypeMismatch) naming the first field that differs, [`Corrupt`](ErrorKind::Corrupt).
    pub fn open(memory: &Memory, name: &str) -> Result<Broadcast<T>> {
        Ok(Broadcast { ground: Ground::open(memory, Kind::BROADCAST, name)? })
    }

    /// Opens a broadcast, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Broadcast::create) and [`open`](Broadcast::open), and [`BadArgument`](ErrorKind::BadArgument) if it
    /// is there with other numbers or another policy.
    pub fn open_or_create(memory: &Memory, name: &str, capacity: u64, readers: u64) -> Result<Broadcast<T>> {
        Self::open_or_create_with_policy(memory, name, capacity, readers, Policy::Wait)
    }

    /// As [`open_or_create`](Broadcast::open_or_create), with a policy for slow readers.
    ///
    /// # Errors
    /// As [`open_or_create`](Broadcast::open_or_create).
    pub fn open_or_create_with_policy(
        memory: &Memory,
        name: &str,
        capacity: u64,
        readers: u64,
        policy: Policy,
    ) -> Result<Broadcast<T>> {
        let numbers = Numbers::checked(Kind::BROADCAST, name, capacity, readers, policy)?;
        Ok(Broadcast { ground: Ground::open_or_create(memory, Kind::BROADCAST, name, numbers)? })
    }

    /// Becomes the producer. That of a dead process is succeeded.
    ///
    /// # Errors
    /// [`NoSlot`](ErrorKind::NoSlot) while a living process, or another handle of this one, is the producer;
    /// [`ReadOnly`](ErrorKind::ReadOnly); [`Corrupt`](ErrorKind::Corrupt).
    pub fn producer(&self) -> Result<BroadcastProducer<T>> {
        Ok(BroadcastProducer { side: Publishing::take(&self.ground)? })
    }

    /// Joins as a reader of what is published from now on.
    ///
    /// # Errors
    /// [`NoSlot`](ErrorKind::NoSlot) when all slots are taken by processes that are alive;
    /// [`ReadOnly`](ErrorKind::ReadOnly), and then [`view`](Broadcast::view) remains; [`Corrupt`](ErrorKind::Corrupt).
    pub fn subscribe_from_now(&self) -> Result<BroadcastReader<T>> {
        Ok(BroadcastReader { side: Reading::join(&self.ground, Start::Now)? })
    }

    /// Joins as a reader that begins at the oldest element that is there: where the producer waits, the last
    /// `capacity` less an eighth at least; otherwise the last `capacity`, if the producer does not overwrite them first.
    ///
    /// # Errors
    /// As [`subscribe_from_now`](Broadcast::subscribe_from_now).
    pub fn subscribe_from_oldest(&self) -> Result<BroadcastReader<T>> {
        Ok(BroadcastReader { side: Reading::join(&self.ground, Start::Oldest)? })
    }

    /// Joins as a reader that begins at a position, for instance where an earlier one has stopped. What is gone by then is
    /// told as lost with the first element.
    ///
    /// # Errors
    /// As [`subscribe_from_now`](Broadcast::subscribe_from_now); [`BadArgument`](ErrorKind::BadArgument) for a position
    /// behind the next element.
    pub fn from_position(&self, position: u64) -> Result<BroadcastReader<T>> {
        Ok(BroadcastReader { side: Reading::join(&self.ground, Start::At(position))? })
    }

    /// Looks at what is published from now on without being a reader: it takes no slot, works where the segment is open for
    /// reading only, and the producer never waits for it. So it may lose elements under either policy, and is told.
    ///
    /// Where the segment is open for reading only, it waits by naps of 1 to 50 ms.
    pub fn view(&self) -> BroadcastReader<T> {
        BroadcastReader { side: Reading::view(&self.ground, Start::Now) }
    }

    /// As [`view`](Broadcast::view), from the oldest element that is there.
    pub fn view_from_oldest(&self) -> BroadcastReader<T> {
        BroadcastReader { side: Reading::view(&self.ground, Start::Oldest) }
    }

    /// How many elements were published, ever; the position of the next one.
    pub fn position(&self) -> u64 {
        self.ground.kernel().published()
    }

    /// How many elements it has room for.
    pub fn capacity(&self) -> u64 {
        self.ground.capacity()
    }

    /// How many readers there may be at a time.
    pub fn max_readers(&self) -> u64 {
        self.ground.slots()
    }

    /// How many readers there are. One that has died counts until somebody needs its slot or its elements.
    pub fn readers(&self) -> u64 {
        self.ground.kernel().count_readers()
    }

    /// What the producer does with elements that a slow reader has not read yet.
    pub fn policy(&self) -> Policy {
        self.ground.policy()
    }

    /// The broadcast's name in its segment.
    pub fn name(&self) -> &str {
        self.ground.name()
    }
}

impl<T> Clone for Broadcast<T> {
    fn clone(&self) -> Self {
        Broadcast { ground: self.ground.clone() }
    }
}

impl<T: ShmLayout> BroadcastProducer<T> {
    /// Publishes an element if there is room for it; under [`Policy::Overwrite`] there is always.
    ///
    /// # Errors
    /// [`Full`](ErrorKind::Full) while a living reader has not read the element that would be overwritten;
    /// [`NotOwner`](ErrorKind::NotOwner) in a forked child; [`Corrupt`](ErrorKind::Corrupt).
    #[inline]
    pub fn try_publish(&mut self, value: T) -> Result<()> {
        if self.side.try_one(&value)? { Ok(()) } else { Err(Error::plain(ErrorKind::Full)) }
    }

    /// Publishes an element, waiting for the slowest reader as long as it takes.
    ///
    /// # Errors
    /// As [`try_publish`](BroadcastProducer::try_publish), but never `Full`.
    #[inline]
    pub fn publish(&mut self, value: T) -> Result<()> {
        self.side.one(&value, None)
    }

    /// Publishes an element, waiting for the slowest reader for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was published; otherwise as
    /// [`publish`](BroadcastProducer::publish).
    pub fn publish_timeout(&mut self, value: T, timeout: Duration) -> Result<()> {
        self.side.one(&value, deadline_after(timeout))
    }

    /// As [`publish`](BroadcastProducer::publish), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has published nothing.
    ///
    /// # Errors
    /// As [`publish`](BroadcastProducer::publish); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn publish_async(&mut self, value: T) -> Result<()> {
        self.side.one_async(&value).await
    }

    /// As [`publish_many`](BroadcastProducer::publish_many), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has published the first elements, as [`position`](BroadcastProducer::position) tells.
    ///
    /// # Errors
    /// As [`publish_many`](BroadcastProducer::publish_many); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn publish_many_async(&mut self, values: &[T]) -> Result<()> {
        let mut rest = values;
        while let Some((first, others)) = rest.split_first() {
            self.side.one_async(first).await?;
            rest = &others[self.side.try_many(others)?..];
        }
        Ok(())
    }

    /// Publishes as many elements as there is room for and returns how many. Readers are woken once for up to 64.
    ///
    /// # Errors
    /// As [`try_publish`](BroadcastProducer::try_publish), but `Ok(0)` when full.
    pub fn try_publish_many(&mut self, values: &[T]) -> Result<usize> {
        self.side.try_many(values)
    }

    /// Publishes all elements, waiting for the slowest reader as long as it takes.
    ///
    /// # Errors
    /// As [`publish`](BroadcastProducer::publish); the elements before were published.
    pub fn publish_many(&mut self, values: &[T]) -> Result<()> {
        self.side.many(values, None).map(drop)
    }

    /// Publishes elements, waiting for at most `timeout` in all, and returns how many were published.
    ///
    /// # Errors
    /// As [`publish`](BroadcastProducer::publish); a timeout is no error here.
    pub fn publish_many_timeout(&mut self, values: &[T], timeout: Duration) -> Result<usize> {
        self.side.many(values, deadline_after(timeout))
    }

    /// How many elements were published, ever; the position of the next one.
    pub fn position(&self) -> u64 {
        self.side.position()
    }

    /// The broadcast's name in its segment.
    pub fn name(&self) -> &str {
        self.side.ground.name()
    }
}

impl<T> Drop for BroadcastProducer<T> {
    fn drop(&mut self) {
        self.side.give_up_role();
    }
}

impl<T: ShmLayout> BroadcastReader<T> {
    /// Takes the next element; `None` when there is none yet, or when the producer overwrites faster than this reader can
    /// copy.
    ///
    /// # Errors
    /// [`NotOwner`](ErrorKind::NotOwner) in a forked child; [`Corrupt`](ErrorKind::Corrupt).
    #[inline]
    pub fn try_recv(&mut self) -> Result<Option<Received<T>>> {
        let mut value = MaybeUninit::uninit();
        if !self.side.try_look(&mut value)? {
            return Ok(None);
        }
        let (position, lost) = self.side.take();
        // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
        Ok(Some(Received { value: unsafe { value.assume_init() }, position, lost }))
    }

    /// Takes the next element, waiting for it as long as it takes.
    ///
    /// # Errors
    /// As [`try_recv`](BroadcastReader::try_recv).
    #[inline]
    pub fn recv(&mut self) -> Result<Received<T>> {
        self.recv_until(None)
    }

    /// Takes the next element, waiting for it for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was taken; otherwise as [`recv`](BroadcastReader::recv).
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Received<T>> {
        self.recv_until(deadline_after(timeout))
    }

    /// As [`recv`](BroadcastReader::recv), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has taken nothing.
    ///
    /// # Errors
    /// As [`recv`](BroadcastReader::recv); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn recv_async(&mut self) -> Result<Received<T>> {
        let mut value = MaybeUninit::uninit();
        self.side.look_async(&mut value).await?;
        let (position, lost) = self.side.take();
        // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
        Ok(Received { value: unsafe { value.assume_init() }, position, lost })
    }

    /// As [`recv_many`](BroadcastReader::recv_many), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has taken nothing.
    ///
    /// # Errors
    /// As [`recv_many`](BroadcastReader::recv_many); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn recv_many_async(&mut self, out: &mut [T]) -> Result<ReceivedRun> {
        let Some((first, rest)) = out.split_first_mut() else { return Ok(ReceivedRun::default()) };
        let received = self.recv_async().await?;
        *first = received.value;
        Ok(self.run(received, rest))
    }

    #[inline]
    fn recv_until(&mut self, deadline: Option<std::time::Instant>) -> Result<Received<T>> {
        let mut value = MaybeUninit::uninit();
        self.side.look(&mut value, deadline)?;
        let (position, lost) = self.side.take();
        // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
        Ok(Received { value: unsafe { value.assume_init() }, position, lost })
    }

    /// Takes the elements that are there and fit into `out`, up to the next gap: the first ones of `out` are theirs.
    ///
    /// # Errors
    /// As [`try_recv`](BroadcastReader::try_recv); no element is no error, but a `count` of 0.
    pub fn try_recv_many(&mut self, out: &mut [T]) -> Result<ReceivedRun> {
        let Some((first, rest)) = out.split_first_mut() else { return Ok(ReceivedRun::default()) };
        let Some(received) = self.try_recv()? else { return Ok(ReceivedRun::default()) };
        *first = received.value;
        Ok(self.run(received, rest))
    }

    /// Waits for an element as long as it takes, then takes what is there, as
    /// [`try_recv_many`](BroadcastReader::try_recv_many).
    ///
    /// # Errors
    /// As [`recv`](BroadcastReader::recv).
    pub fn recv_many(&mut self, out: &mut [T]) -> Result<ReceivedRun> {
        let Some((first, rest)) = out.split_first_mut() else { return Ok(ReceivedRun::default()) };
        let received = self.recv()?;
        *first = received.value;
        Ok(self.run(received, rest))
    }

    /// Waits for an element for at most `timeout`, then takes what is there; a `count` of 0 when none came.
    ///
    /// # Errors
    /// As [`try_recv`](BroadcastReader::try_recv); a timeout is no error here.
    pub fn recv_many_timeout(&mut self, out: &mut [T], timeout: Duration) -> Result<ReceivedRun> {
        let Some((first, rest)) = out.split_first_mut() else { return Ok(ReceivedRun::default()) };
        let received = match self.recv_timeout(timeout) {
            Err(error) if error.kind() == ErrorKind::TimedOut => return Ok(ReceivedRun::default()),
            received => received?,
        };
        *first = received.value;
        Ok(self.run(received, rest))
    }

    /// What follows an element that was received.
    fn run(&mut self, first: Received<T>, rest: &mut [T]) -> ReceivedRun {
        ReceivedRun { count: 1 + self.side.take_run(rest), position: first.position, lost: first.lost }
    }

    /// The next element where it lies, for who needs a part of a large one; `None` when there is none yet.
    ///
    /// Only a reader that the producer waits for may do this, since the element stays as it is until it is
    /// [consumed](Peeked::consume): not under [`Policy::Overwrite`], and not a [`view`](Broadcast::view).
    ///
    /// # Errors
    /// [`BadArgument`](ErrorKind::BadArgument) where the element could be overwritten meanwhile; otherwise as
    /// [`try_recv`](BroadcastReader::try_recv).
    pub fn try_peek(&mut self) -> Result<Option<Peeked<'_, T>>> {
        if !self.side.is_safe() {
            let found =
                "the producer does not wait for this reader, so what it looks at may be overwritten; receive it";
            return Err(self.side.ground.error(ErrorKind::BadArgument, found));
        }
        Ok(if self.side.is_there()? { Some(Peeked { reader: self }) } else { None })
    }

    /// The position of the element that comes next, if none is lost.
    pub fn position(&self) -> u64 {
        self.side.position()
    }

    /// The broadcast's name in its segment.
    pub fn name(&self) -> &str {
        self.side.ground.name()
    }
}

/// An element that lies in the segment still, and holds up the producer when it comes round. Dropping this consumes nothing.
#[derive(Debug)]
pub struct Peeked<'r, T> {
    reader: &'r mut BroadcastReader<T>,
}

impl<T: ShmLayout> Peeked<'_, T> {
    /// A copy of the element.
    pub fn get(&self) -> T {
        let mut value = MaybeUninit::<T>::uninit();
        let bytes = value.as_mut_ptr().cast();
        // SAFETY: the element has so many bytes in the mapping, aligned to 8, and `value` has room for them.
        unsafe { copy_out(self.reader.side.element().as_ptr(), bytes, size_of::<T>(), 8) };
        // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
        unsafe { value.assume_init() }
    }

    /// Copies a part of the element, from the byte `offset` on.
    ///
    /// # Errors
    /// [`OutOfBounds`](ErrorKind::OutOfBounds) if the part is not within the element.
    pub fn read(&self, offset: usize, out: &mut [u8]) -> Result<()> {
        let size = size_of::<T>();
        if offset > size || out.len() > size - offset {
            let found = format!("{} bytes at {offset} of an element of {size}", out.len());
            return Err(self.reader.side.ground.error(ErrorKind::OutOfBounds, found));
        }
        // SAFETY: `offset` is at most the element's size (just checked).
        let from = unsafe { self.reader.side.element().add(offset) };
        let align = if offset.is_multiple_of(8) { 8 } else { 1 };
        // SAFETY: the element has so many bytes from there on, aligned as said, and `out` is private.
        unsafe { copy_out(from.as_ptr(), out.as_mut_ptr(), out.len(), align) };
        Ok(())
    }

    /// Where the element lies, aligned to 8.
    ///
    /// The producer does not write there as long as this value lives, if it keeps to the rules of the format; a process
    /// that does not can write there at any time. Who reads through this pointer answers for that.
    pub fn as_ptr(&self) -> *const T {
        self.reader.side.element().as_ptr().cast()
    }

    /// The element's position.
    pub fn position(&self) -> u64 {
        self.reader.position()
    }

    /// Moves the reader behind the element.
    ///
    /// In a forked child, which has no slot, nothing happens.
    pub fn consume(self) {
        if self.reader.side.is_mine() {
            self.reader.side.take();
        }
    }
}
