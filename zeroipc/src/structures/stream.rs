//! A stream: one producer that ends it, and many subscribers that get everything.
//!
//! `docs/structures/stream.md` has the promises; the bytes and the algorithm are those of a
//! [broadcast](super::broadcast).

use std::mem::MaybeUninit;
use std::time::Duration;

use super::broadcast_kernel::{Outcome, Start};
use super::broadcast_sides::{Ending, Ground, Numbers, Policy, Publishing, Reading, shown};
use super::stream_adaptors::{Flow, Wait};
use crate::error::{Error, ErrorKind, Result};
use crate::format::schema::Kind;
use crate::memory::Memory;
use crate::shm_layout::ShmLayout;
use crate::wait::deadline_after;

/// Elements from one producer to many subscribers, with an end.
///
/// Every subscriber gets every element that is published after it has joined, in order, and then the end:
/// [`Closed`](ErrorKind::Closed) when the producer has closed the stream, [`OwnerDied`](ErrorKind::OwnerDied) when it has
/// died, [`Failed`](ErrorKind::Failed) when it has given up. When `capacity` elements wait for the slowest subscriber, the
/// producer waits too; on request ([`Policy::Overwrite`]) it overwrites instead, and the subscriber gets
/// [`Lost`](ErrorKind::Lost).
///
/// Without subscribers the elements go to nobody, and the last ones are kept for those who
/// [join at the oldest](Stream::subscribe_from_oldest).
///
/// A stream ends once and for all: it has one producer in its life. For a role that passes on, see
/// [`Broadcast`](crate::Broadcast).
///
/// # When a participant dies
/// When the producer dies, the subscribers get what it has published, then `OwnerDied`: within 250 ms after the kernel has let
/// go of it. A subscriber that dies stops holding up the producer, and frees its slot.
///
/// # Examples
/// ```
/// use zeroipc::{Flow, Memory, Stream};
/// # let name = format!("/zeroipc_doc_stream_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let readings = Stream::<f64>::open_or_create(&memory, "readings", 64, 8)?;
/// let warm = readings.subscribe()?.filter(|celsius| *celsius > 20.0).map(|celsius| celsius * 1.8 + 32.0);
///
/// let mut producer = readings.producer()?;
/// producer.publish_many(&[18.0, 25.0, 30.0])?;
/// producer.close();
///
/// let mut fahrenheit = Vec::new();
/// for value in warm {
///     fahrenheit.push(value?);
/// }
/// assert_eq!(fahrenheit, [77.0, 86.0]);
/// # Ok::<(), zeroipc::Error>(())
/// ```
pub struct Stream<T> {
    ground: Ground<T>,
}

/// The side of a [`Stream`] that publishes. Dropping it closes the stream; dropping it in a panic gives the stream up, and
/// subscribers get [`Failed`](ErrorKind::Failed).
pub struct StreamProducer<T> {
    side: Publishing<T>,
}

/// The side of a [`Stream`] that receives. Dropping it frees its slot.
///
/// It is a [`Flow`], with adaptors, and can be iterated over.
pub struct Subscription<T> {
    side: Reading<T>,
    /// An element that was received behind a loss, which had to be told first.
    behind_loss: Option<T>,
    lost: u64,
}

shown!(Stream, "Stream", |this| this.ground);
shown!(StreamProducer, "StreamProducer", |this| this.side.ground);
shown!(Subscription, "Subscription", |this| this.side.ground);

impl<T: ShmLayout> Stream<T> {
    /// Creates a stream with room for at least `capacity` elements, rounded up to a power of two, and for `subscribers`
    /// subscribers at a time. Its producer [waits](Policy::Wait) for slow subscribers.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists), [`BadName`](ErrorKind::BadName), [`BadArgument`](ErrorKind::BadArgument) for a
    /// capacity of 0 or above 2^31 or subscribers of 0 or above 1,000, [`OutOfSpace`](ErrorKind::OutOfSpace),
    /// [`OutOfMemory`](ErrorKind::OutOfMemory), [`TableFull`](ErrorKind::TableFull),
    /// [`SchemaFull`](ErrorKind::SchemaFull), [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str, capacity: u64, subscribers: u64) -> Result<Stream<T>> {
        Self::create_with_policy(memory, name, capacity, subscribers, Policy::Wait)
    }

    /// As [`create`](Stream::create), with a policy for slow subscribers.
    ///
    /// # Errors
    /// As [`create`](Stream::create).
    pub fn create_with_policy(
        memory: &Memory,
        name: &str,
        capacity: u64,
        subscribers: u64,
        policy: Policy,
    ) -> Result<Stream<T>> {
        let numbers = Numbers::checked(Kind::STREAM, name, capacity, subscribers, policy)?;
        Ok(Stream { ground: Ground::create(memory, Kind::STREAM, name, numbers)? })
    }

    /// Opens a stream.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`KindMismatch`](ErrorKind::KindMismatch),
    /// [`TypeMismatch`](ErrorKind::TypeMismatch) naming the first field that differs, [`Corrupt`](ErrorKind::Corrupt).
    pub fn open(memory: &Memory, name: &str) -> Result<Stream<T>> {
        Ok(Stream { ground: Ground::open(memory, Kind::STREAM, name)? })
    }

    /// Opens a stream, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Stream::create) and [`open`](Stream::open), and [`BadArgument`](ErrorKind::BadArgument) if it is
    /// there with other numbers or another policy.
    pub fn open_or_create(memory: &Memory, name: &str, capacity: u64, subscribers: u64) -> Result<Stream<T>> {
        Self::open_or_create_with_policy(memory, name, capacity, subscribers, Policy::Wait)
    }

    /// As [`open_or_create`](Stream::open_or_create), with a policy for slow subscribers.
    ///
    /// # Errors
    /// As [`open_or_create`](Stream::open_or_create).
    pub fn open_or_create_with_policy(
        memory: &Memory,
        name: &str,
        capacity: u64,
        subscribers: u64,
        policy: Policy,
    ) -> Result<Stream<T>> {
        let numbers = Numbers::checked(Kind::STREAM, name, capacity, subscribers, policy)?;
        Ok(Stream { ground: Ground::open_or_create(memory, Kind::STREAM, name, numbers)? })
    }

    /// Becomes the stream's producer, the only one that it ever has.
    ///
    /// # Errors
    /// [`NoSlot`](ErrorKind::NoSlot) while a living process, or another handle of this one, is the producer;
    /// [`Closed`](ErrorKind::Closed), [`OwnerDied`](ErrorKind::OwnerDied), [`Failed`](ErrorKind::Failed) when the stream
    /// has ended that way; [`ReadOnly`](ErrorKind::ReadOnly); [`Corrupt`](ErrorKind::Corrupt).
    pub fn producer(&self) -> Result<StreamProducer<T>> {
        Ok(StreamProducer { side: Publishing::take(&self.ground)? })
    }

    /// Joins, and receives what is published from now on.
    ///
    /// A stream that has ended can still be joined: it gives the end.
    ///
    /// # Errors
    /// [`NoSlot`](ErrorKind::NoSlot) when all slots are taken by processes that are alive;
    /// [`ReadOnly`](ErrorKind::ReadOnly), and then [`view`](Stream::view) remains; [`Corrupt`](ErrorKind::Corrupt).
    pub fn subscribe(&self) -> Result<Subscription<T>> {
        Ok(Subscription::new(Reading::join(&self.ground, Start::Now)?))
    }

    /// Joins, and receives from the oldest element on that is there: where the producer waits, the last `capacity` less an
    /// eighth at least; otherwise the last `capacity`, if the producer does not overwrite them first.
    ///
    /// # Errors
    /// As [`subscribe`](Stream::subscribe).
    pub fn subscribe_from_oldest(&self) -> Result<Subscription<T>> {
        Ok(Subscription::new(Reading::join(&self.ground, Start::Oldest)?))
    }

    /// Joins, and receives from a position on, for instance where an earlier subscription has stopped. If it is gone by
    /// then, the first thing received is [`Lost`](ErrorKind::Lost).
    ///
    /// # Errors
    /// As [`subscribe`](Stream::subscribe); [`BadArgument`](ErrorKind::BadArgument) for a position behind the next element.
    pub fn subscribe_from_position(&self, position: u64) -> Result<Subscription<T>> {
        Ok(Subscription::new(Reading::join(&self.ground, Start::At(position))?))
    }

    /// Looks at what is published from now on without being a subscriber: it takes no slot, works where the segment is open
    /// for reading only, and the producer never waits for it. So it may get [`Lost`](ErrorKind::Lost) under either policy.
    ///
    /// Where the segment is open for reading only, it waits by naps of 1 to 50 ms.
    pub fn view(&self) -> Subscription<T> {
        Subscription::new(Reading::view(&self.ground, Start::Now))
    }

    /// As [`view`](Stream::view), from the oldest element that is there.
    pub fn view_from_oldest(&self) -> Subscription<T> {
        Subscription::new(Reading::view(&self.ground, Start::Oldest))
    }

    /// Whether the stream has ended, in whatever way. Elements may be left to receive.
    pub fn is_over(&self) -> bool {
        self.ground.kernel().outcome(self.ground.marks()) != Outcome::Open
    }

    /// How many elements were published, ever; the position of the next one.
    pub fn position(&self) -> u64 {
        self.ground.kernel().published()
    }

    /// How many elements it has room for.
    pub fn capacity(&self) -> u64 {
        self.ground.capacity()
    }

    /// How many subscribers there may be at a time.
    pub fn max_subscribers(&self) -> u64 {
        self.ground.slots()
    }

    /// How many subscribers there are. One that has died counts until somebody needs its slot or its elements.
    pub fn subscribers(&self) -> u64 {
        self.ground.kernel().count_readers()
    }

    /// What the producer does with elements that a slow subscriber has not received yet.
    pub fn policy(&self) -> Policy {
        self.ground.policy()
    }

    /// The stream's name in its segment.
    pub fn name(&self) -> &str {
        self.ground.name()
    }
}

impl<T> Clone for Stream<T> {
    fn clone(&self) -> Self {
        Stream { ground: self.ground.clone() }
    }
}

impl<T: ShmLayout> StreamProducer<T> {
    /// Publishes an element if there is room for it; under [`Policy::Overwrite`] there is always.
    ///
    /// # Errors
    /// [`Full`](ErrorKind::Full) while a living subscriber has not received the element that would be overwritten;
    /// [`NotOwner`](ErrorKind::NotOwner) in a forked child; [`Corrupt`](ErrorKind::Corrupt).
    #[inline]
    pub fn try_publish(&mut self, value: T) -> Result<()> {
        if self.side.try_one(&value)? { Ok(()) } else { Err(Error::plain(ErrorKind::Full)) }
    }

    /// Publishes an element, waiting for the slowest subscriber as long as it takes.
    ///
    /// # Errors
    /// As [`try_publish`](StreamProducer::try_publish), but never `Full`.
    #[inline]
    pub fn publish(&mut self, value: T) -> Result<()> {
        self.side.one(&value, None)
    }

    /// Publishes an element, waiting for the slowest subscriber for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was published; otherwise as [`publish`](StreamProducer::publish).
    pub fn publish_timeout(&mut self, value: T, timeout: Duration) -> Result<()> {
        self.side.one(&value, deadline_after(timeout))
    }

    /// As [`publish`](StreamProducer::publish), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has published nothing.
    ///
    /// # Errors
    /// As [`publish`](StreamProducer::publish); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn publish_async(&mut self, value: T) -> Result<()> {
        self.side.one_async(&value).await
    }

    /// As [`publish_many`](StreamProducer::publish_many), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has published the first elements, as [`position`](StreamProducer::position) tells.
    ///
    /// # Errors
    /// As [`publish_many`](StreamProducer::publish_many); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn publish_many_async(&mut self, values: &[T]) -> Result<()> {
        let mut rest = values;
        while let Some((first, others)) = rest.split_first() {
            self.side.one_async(first).await?;
            rest = &others[self.side.try_many(others)?..];
        }
        Ok(())
    }

    /// Publishes as many elements as there is room for and returns how many. Subscribers are woken once for up to 64.
    ///
    /// # Errors
    /// As [`try_publish`](StreamProducer::try_publish), but `Ok(0)` when full.
    pub fn try_publish_many(&mut self, values: &[T]) -> Result<usize> {
        self.side.try_many(values)
    }

    /// Publishes all elements, waiting for the slowest subscriber as long as it takes.
    ///
    /// # Errors
    /// As [`publish`](StreamProducer::publish); the elements before were published.
    pub fn publish_many(&mut self, values: &[T]) -> Result<()> {
        self.side.many(values, None).map(drop)
    }

    /// Publishes elements, waiting for at most `timeout` in all, and returns how many were published.
    ///
    /// # Errors
    /// As [`publish`](StreamProducer::publish); a timeout is no error here.
    pub fn publish_many_timeout(&mut self, values: &[T], timeout: Duration) -> Result<usize> {
        self.side.many(values, deadline_after(timeout))
    }

    /// Ends the stream: subscribers get what was published, then [`Closed`](ErrorKind::Closed).
    pub fn close(self) {}

    /// Ends the stream and says that it is not complete: subscribers get what was published, then
    /// [`Failed`](ErrorKind::Failed).
    pub fn give_up(self) {
        self.side.end(Ending::GivenUp);
    }

    /// Ends the stream as its source has ended.
    pub(crate) fn end_as(self, source: &Error) {
        let died = matches!(source.kind(), ErrorKind::OwnerDied);
        self.side.end(if died { Ending::SourceDied } else { Ending::GivenUp });
    }

    /// How many elements were published, ever; the position of the next one.
    pub fn position(&self) -> u64 {
        self.side.position()
    }

    /// The stream's name in its segment.
    pub fn name(&self) -> &str {
        self.side.ground.name()
    }
}

impl<T> Drop for StreamProducer<T> {
    fn drop(&mut self) {
        // One that was given up has ended already, and stays so.
        self.side.end(if std::thread::panicking() { Ending::GivenUp } else { Ending::Well });
    }
}

impl<T: ShmLayout> Subscription<T> {
    fn new(side: Reading<T>) -> Subscription<T> {
        Subscription { side, behind_loss: None, lost: 0 }
    }

    /// Receives the next element; `None` when there is none yet.
    ///
    /// # Errors
    /// When all was received and the stream has ended: [`Closed`](ErrorKind::Closed),
    /// [`OwnerDied`](ErrorKind::OwnerDied) or [`Failed`](ErrorKind::Failed), again and again.
    /// [`Lost`](ErrorKind::Lost), once, before the first element behind those that were overwritten, never where the
    /// producer waits; [`lost`](Subscription::lost) says how many. [`NotOwner`](ErrorKind::NotOwner) in a forked child;
    /// [`Corrupt`](ErrorKind::Corrupt).
    #[inline]
    pub fn try_recv(&mut self) -> Result<Option<T>> {
        match self.receive(Wait::Not) {
            Err(error) if error.kind() == ErrorKind::TimedOut => Ok(None),
            received => received.map(Some),
        }
    }

    /// Receives the next element, waiting for it as long as it takes.
    ///
    /// # Errors
    /// As [`try_recv`](Subscription::try_recv).
    #[inline]
    pub fn recv(&mut self) -> Result<T> {
        self.receive(Wait::Forever)
    }

    /// Receives the next element, waiting for it for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was received; otherwise as [`recv`](Subscription::recv).
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<T> {
        self.receive(Wait::at_most(timeout))
    }

    /// Waits for an element, then receives what is there and fits into `out`: the first ones of `out`, and how many.
    ///
    /// # Errors
    /// As [`recv`](Subscription::recv).
    pub fn recv_many(&mut self, out: &mut [T]) -> Result<usize> {
        let Some((first, rest)) = out.split_first_mut() else { return Ok(0) };
        *first = self.recv()?;
        Ok(1 + self.side.take_run(rest))
    }

    /// Receives what is there and fits into `out`: the first ones of `out`, and how many.
    ///
    /// # Errors
    /// As [`try_recv`](Subscription::try_recv); no element is no error, but 0.
    pub fn try_recv_many(&mut self, out: &mut [T]) -> Result<usize> {
        let Some((first, rest)) = out.split_first_mut() else { return Ok(0) };
        let Some(value) = self.try_recv()? else { return Ok(0) };
        *first = value;
        Ok(1 + self.side.take_run(rest))
    }

    /// As [`recv`](Subscription::recv), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has received nothing.
    ///
    /// # Errors
    /// As [`recv`](Subscription::recv); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn recv_async(&mut self) -> Result<T> {
        if let Some(value) = self.behind_loss.take() {
            return Ok(value);
        }
        let mut value = MaybeUninit::uninit();
        self.side.look_async(&mut value).await?;
        // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
        self.received(unsafe { value.assume_init() })
    }

    /// The next element as [`recv_async`](Subscription::recv_async), and `None` at a good end: for `while let`.
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has received nothing.
    ///
    /// # Errors
    /// As [`recv_async`](Subscription::recv_async), but never `Closed`.
    #[cfg(feature = "async")]
    pub async fn next_async(&mut self) -> Result<Option<T>> {
        match self.recv_async().await {
            Err(error) if error.kind() == ErrorKind::Closed => Ok(None),
            received => received.map(Some),
        }
    }

    /// As [`recv_many`](Subscription::recv_many), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has received nothing.
    ///
    /// # Errors
    /// As [`recv_many`](Subscription::recv_many); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn recv_many_async(&mut self, out: &mut [T]) -> Result<usize> {
        let Some((first, rest)) = out.split_first_mut() else { return Ok(0) };
        *first = self.recv_async().await?;
        Ok(1 + self.side.take_run(rest))
    }

    #[inline(always)]
    fn receive(&mut self, wait: Wait) -> Result<T> {
        if let Some(value) = self.behind_loss.take() {
            return Ok(value);
        }
        let mut value = MaybeUninit::uninit();
        match wait {
            Wait::Forever => self.side.look(&mut value, None)?,
            Wait::Until(deadline) => self.side.look(&mut value, Some(deadline))?,
            Wait::Not if self.side.try_look(&mut value)? => {}
            Wait::Not => return Err(Error::plain(ErrorKind::TimedOut)),
        }
        // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
        self.received(unsafe { value.assume_init() })
    }

    /// Moves behind a value that was copied.
    #[inline(always)]
    fn received(&mut self, value: T) -> Result<T> {
        let (position, lost) = self.side.take();
        if lost == 0 { Ok(value) } else { Err(self.tell_loss(value, position, lost)) }
    }

    #[cold]
    fn tell_loss(&mut self, value: T, position: u64, lost: u64) -> Error {
        self.behind_loss = Some(value);
        self.lost += lost;
        let found = format!(
            "{lost} elements before position {position} were overwritten before they were received; receive faster, or \
             create it with more room or with a producer that waits"
        );
        self.side.ground.error(ErrorKind::Lost, found)
    }

    /// How many elements this subscription has lost so far, those that were told.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// The position of the next element.
    pub fn position(&self) -> u64 {
        self.side.position() - u64::from(self.behind_loss.is_some())
    }

    /// The stream's name in its segment.
    pub fn name(&self) -> &str {
        self.side.ground.name()
    }
}

impl<T: ShmLayout> Flow for Subscription<T> {
    type Item = T;

    #[inline]
    fn pull(&mut self, wait: Wait) -> Result<T> {
        self.receive(wait)
    }
}
