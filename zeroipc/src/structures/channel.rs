//! A channel: a queue that can be closed, or a rendezvous.
//!
//! `docs/structures/channel.md` has the bytes and the states, [`channel_kernel`](super::channel_kernel) what it adds to the
//! queue.

use std::fmt;
use std::mem::{MaybeUninit, offset_of};
use std::time::{Duration, Instant};

use zeroipc_layout::limits::MAX_QUEUE_CAPACITY;

use super::channel_kernel::{Kernel, Left, Places};
use super::mapped::Mapped;
use super::queue::{MappedCells, Of, Queue, stride};
use super::queue_kernel::empty;
use super::waiting::{Patience, Turn};
use crate::error::{Error, ErrorKind, Result};
use crate::format::channel::{CHANNEL_BUFFERED, CHANNEL_PLACES, CHANNEL_RENDEZVOUS, ChannelHeader};
use crate::format::queue::QueueHeader;
use crate::format::schema::Kind;
use crate::memory::{Blueprint, Memory, Segment, structure_size};
use crate::shm_layout::ShmLayout;
use crate::sync::{AtomicU64, Relaxed};
use crate::table::Fit;
#[cfg(feature = "async")]
use crate::wait::waiting;
use crate::wait::{blocking, deadline_after};

// A channel begins as a queue does.
const _: () = {
    assert!(offset_of!(ChannelHeader, head) == offset_of!(QueueHeader, head));
    assert!(offset_of!(ChannelHeader, tail) == offset_of!(QueueHeader, tail));
    assert!(offset_of!(ChannelHeader, capacity) == offset_of!(QueueHeader, capacity));
};

const HEADER: u64 = size_of::<ChannelHeader>() as u64;
/// How long a rendezvous that does not wait gives a receiver to wake up.
const WAKE_UP: Duration = Duration::from_millis(1);

/// A channel for many senders and many receivers, which anybody may close.
///
/// With a capacity it is **buffered**: senders wait only when it is full. With a capacity of 0 it is a **rendezvous**: a sender
/// waits until a receiver has taken its value. Values are copied in and out; one sender's arrive in order, each once.
///
/// # Closing
/// After [`close`](Channel::close) nobody sends any more: senders, also those that wait, get [`Closed`](ErrorKind::Closed), and
/// their values were not sent. Receivers take what was sent before, all of it, and then get `Closed`. A channel is not opened
/// again.
///
/// Processes that [register](Channel::register_sender) as senders also close the channel when the last of them leaves or dies; it
/// is the same with receivers. Who has not registered does not count, and when nobody has, only `close` closes.
///
/// # When a participant dies
/// A sender that dies in the middle of a send has never sent. One that dies while it waits for its value to be taken has
/// offered it, and it stays to be taken. A receiver takes in one step: it has received, or the value is still there. So a
/// sender that lives always knows whether its value was taken.
///
/// # Waiting
/// As that of a [`Queue`]. A sender whose deadline passes takes its value back, or learns that it was taken.
///
/// # Examples
/// ```
/// use zeroipc::{Channel, ErrorKind, Memory};
/// # let name = format!("/zeroipc_doc_channel_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let jobs = Channel::<u64>::open_or_create(&memory, "jobs", 100)?;
/// jobs.send(7)?;
/// jobs.send(8)?;
/// jobs.close()?;
/// assert_eq!(jobs.send(9).unwrap_err().kind(), ErrorKind::Closed);
/// assert_eq!(jobs.recv()?, 7);
/// assert_eq!(jobs.recv()?, 8);
/// assert_eq!(jobs.recv().unwrap_err().kind(), ErrorKind::Closed);
/// # Ok::<(), zeroipc::Error>(())
/// ```
pub struct Channel<T> {
    queue: Queue<T>,
    mapped: Mapped<ChannelHeader>,
    rendezvous: bool,
}

/// Which side of a channel somebody is registered on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Senders,
    Receivers,
}

/// Counts as a sender or a receiver of a [`Channel`] as long as it lives; the last one of a side closes the channel.
#[must_use = "who drops it has left"]
pub struct Registration {
    // What a registration needs does not depend on the type of the elements.
    mapped: Mapped<ChannelHeader>,
    close: fn(&Mapped<ChannelHeader>),
    side: Side,
    place: u64,
    owner: u32,
}

/// A value of ours in a rendezvous, which is taken back when this goes.
pub(super) struct Offer<'a, T: ShmLayout> {
    channel: &'a Channel<T>,
    /// Where it is, and who put it there.
    made: Option<(u64, u32)>,
}

impl<'a, T: ShmLayout> Offer<'a, T> {
    /// Nothing is offered yet.
    pub(super) fn none(channel: &'a Channel<T>) -> Offer<'a, T> {
        Offer { channel, made: None }
    }

    /// Takes it back; `false` if a receiver has it.
    pub(super) fn withdraw(&mut self) -> bool {
        match self.made.take() {
            // A forked child has its parent's offer, and not its id.
            Some((position, owner)) if self.channel.segment().id() == Some(owner) => {
                self.channel.queue.kernel().withdraw(position)
            }
            _ => true,
        }
    }
}

impl<T: ShmLayout> Drop for Offer<'_, T> {
    fn drop(&mut self) {
        self.withdraw();
    }
}

type KernelOf<'a, T> = Kernel<'a, MappedCells<Of<T>>, Segment>;

/// How many cells a channel of this capacity has.
fn cells(name: &str, capacity: u64) -> Result<u64> {
    if capacity > MAX_QUEUE_CAPACITY {
        let message =
            format!("channel `{name}`: a capacity of {capacity} was asked for; 0 to {MAX_QUEUE_CAPACITY} are possible");
        return Err(Error::new(ErrorKind::BadArgument, message));
    }
    Ok(capacity.max(1).next_power_of_two())
}

impl<T: ShmLayout> Channel<T> {
    const SIZE: u64 = size_of::<T>() as u64;

    /// Creates a channel with room for at least `capacity` values, rounded up to a power of two; 0 is a rendezvous.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists), [`BadName`](ErrorKind::BadName), [`BadArgument`](ErrorKind::BadArgument) for a
    /// capacity above 2^31, [`OutOfSpace`](ErrorKind::OutOfSpace), [`OutOfMemory`](ErrorKind::OutOfMemory),
    /// [`TableFull`](ErrorKind::TableFull), [`SchemaFull`](ErrorKind::SchemaFull), [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str, capacity: u64) -> Result<Channel<T>> {
        Self::checked(Self::with_blueprint(name, capacity, |blueprint| Mapped::create(memory, blueprint))?)
    }

    /// Opens a channel, as it was created: buffered or a rendezvous.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`KindMismatch`](ErrorKind::KindMismatch),
    /// [`TypeMismatch`](ErrorKind::TypeMismatch) naming the first field that differs, [`Corrupt`](ErrorKind::Corrupt).
    pub fn open(memory: &Memory, name: &str) -> Result<Channel<T>> {
        Self::checked(Mapped::open(memory, Kind::CHANNEL, name, &[T::DESC])?)
    }

    /// Opens a channel, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Channel::create) and [`open`](Channel::open), and [`BadArgument`](ErrorKind::BadArgument) if the
    /// channel is there with another capacity.
    pub fn open_or_create(memory: &Memory, name: &str, capacity: u64) -> Result<Channel<T>> {
        let mapped = Self::with_blueprint(name, capacity, |blueprint| Mapped::open_or_create(memory, blueprint))?;
        let channel = Self::checked(mapped)?;
        let asked = if capacity == 0 { 0 } else { cells(name, capacity)? };
        channel.mapped.check_number("a capacity", channel.capacity(), asked)?;
        Ok(channel)
    }

    fn with_blueprint<R>(name: &str, capacity: u64, run: impl FnOnce(&Blueprint<'_>) -> Result<R>) -> Result<R> {
        let (cells, stride) = (cells(name, capacity)?, stride(Self::SIZE));
        let mode = if capacity == 0 { CHANNEL_RENDEZVOUS } else { CHANNEL_BUFFERED };
        run(&Blueprint {
            kind: Kind::CHANNEL,
            name,
            elements: &[T::DESC],
            size: structure_size(name, HEADER, stride, cells, Self::SIZE)?,
            fit: Fit::WORDS,
            initialise: &|region, offset| {
                region.u64_at(offset + offset_of!(ChannelHeader, capacity) as u64)?.store(cells, Relaxed);
                region.u64_at(offset + offset_of!(ChannelHeader, mode) as u64)?.store(mode, Relaxed);
                for index in 0..cells {
                    region.u64_at(offset + HEADER + index * stride)?.store(empty(index), Relaxed);
                }
                Ok(())
            },
        })
    }

    fn checked(mapped: Mapped<ChannelHeader>) -> Result<Channel<T>> {
        // Read once; the handle never asks again.
        let capacity = mapped.word(offset_of!(ChannelHeader, capacity)).load(Relaxed);
        let mode = mapped.word(offset_of!(ChannelHeader, mode)).load(Relaxed);
        if !capacity.is_power_of_two() || capacity > MAX_QUEUE_CAPACITY {
            return Err(mapped.corrupt(format_args!("its capacity is {capacity} instead of a power of two up to 2^31")));
        }
        let rendezvous = mode == CHANNEL_RENDEZVOUS;
        if !rendezvous && mode != CHANNEL_BUFFERED || rendezvous && capacity != 1 {
            return Err(mapped.corrupt(format_args!("with a capacity of {capacity} its mode is {mode}")));
        }
        mapped.check_size(stride(Self::SIZE).checked_mul(capacity).and_then(|data| data.checked_add(HEADER)))?;
        let queue = Queue::within(&mapped, HEADER as usize, capacity);
        if !mapped.recorded()
            && let Some(index) = queue.find_foreign()
        {
            return Err(mapped.corrupt(format_args!("cell {index} is in no state of a channel")));
        }
        Ok(Channel { queue, mapped, rendezvous })
    }

    #[inline(always)]
    fn kernel(&self) -> KernelOf<'_, T> {
        Kernel { queue: self.queue.kernel(), closed: self.mapped.word(offset_of!(ChannelHeader, closed)) }
    }

    #[inline(always)]
    pub(super) fn segment(&self) -> &Segment {
        self.mapped.segment()
    }

    /// Sends a value; waits for room, in a rendezvous until a receiver has taken it.
    ///
    /// # Errors
    /// [`Closed`](ErrorKind::Closed), and then it was not sent; [`ReadOnly`](ErrorKind::ReadOnly);
    /// [`Corrupt`](ErrorKind::Corrupt).
    #[inline]
    pub fn send(&self, value: T) -> Result<()> {
        if self.send_at_hint(&value)? { Ok(()) } else { self.send_slow(&value, None) }
    }

    /// Sends a value, waiting for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then it was not sent and is not taken later; otherwise as
    /// [`send`](Channel::send).
    pub fn send_timeout(&self, value: T, timeout: Duration) -> Result<()> {
        if self.send_at_hint(&value)? { Ok(()) } else { self.send_slow(&value, deadline_after(timeout)) }
    }

    /// Sends a value if that is possible now: there is room, or in a rendezvous a receiver sleeps. It is given a
    /// millisecond to wake up, so this may take as long.
    ///
    /// # Errors
    /// [`Full`](ErrorKind::Full) if there is no room or no receiver, and then it was not sent; otherwise as
    /// [`send`](Channel::send).
    #[inline]
    pub fn try_send(&self, value: T) -> Result<()> {
        if self.send_at_hint(&value)? { Ok(()) } else { self.try_send_slow(value) }
    }

    /// The send that meets nothing special; `false` if there is something, and then nothing was done.
    #[inline(always)]
    fn send_at_hint(&self, value: &T) -> Result<bool> {
        if self.kernel().is_closed() {
            return Err(Error::plain(ErrorKind::Closed));
        }
        Ok(!self.rendezvous && self.queue.push_at_hint(value))
    }

    #[cold]
    fn try_send_slow(&self, value: T) -> Result<()> {
        if !self.rendezvous {
            return self.queue.try_push(value);
        }
        self.segment().writable()?;
        if !self.kernel().queue.is_awaited() {
            return Err(Error::plain(ErrorKind::Full));
        }
        self.send_slow(&value, deadline_after(WAKE_UP)).map_err(|error| match error.kind() {
            ErrorKind::TimedOut => Error::plain(ErrorKind::Full),
            _ => error,
        })
    }

    #[cold]
    fn send_slow(&self, value: &T, deadline: Option<Instant>) -> Result<()> {
        if !self.rendezvous {
            return blocking(self.segment(), deadline, |patience| self.attempt_send(value, patience));
        }
        let mut offer = Offer::none(self);
        let sent = blocking(self.segment(), deadline, |patience| self.attempt_offer(value, &mut offer, patience));
        match sent {
            // Taken at the last moment.
            Err(error) if error.kind() == ErrorKind::TimedOut && !offer.withdraw() => Ok(()),
            sent => sent,
        }
    }

    /// As [`send`](Channel::send), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has sent nothing; in a rendezvous it takes the value back, unless a receiver has taken it
    /// meanwhile, which nobody tells.
    ///
    /// # Errors
    /// As [`send`](Channel::send); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn send_async(&self, value: T) -> Result<()> {
        if self.send_at_hint(&value)? {
            return Ok(());
        }
        if !self.rendezvous {
            return waiting(self.mapped.segment(), move |patience| self.attempt_send(&value, patience)).await;
        }
        let mut offer = Offer::none(self);
        waiting(self.mapped.segment(), move |patience| self.attempt_offer(&value, &mut offer, patience)).await
    }

    /// As [`recv`](Channel::recv), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has received nothing.
    ///
    /// # Errors
    /// As [`recv`](Channel::recv); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn recv_async(&self) -> Result<T> {
        waiting(self.mapped.segment(), |patience| self.attempt_recv_value(patience)).await
    }

    /// One attempt to send to a buffered channel.
    pub(super) fn attempt_send(&self, value: &T, patience: &mut Patience) -> Result<Turn<'_, ()>> {
        self.check_open()?;
        let turn = self.queue.attempt_push(value, patience)?;
        self.sender_waits(turn)
    }

    /// One attempt to send to a rendezvous. Once the value is offered, every attempt sees whether it was taken; who does
    /// not attempt any more withdraws it.
    pub(super) fn attempt_offer(
        &self,
        value: &T,
        offer: &mut Offer<'_, T>,
        patience: &mut Patience,
    ) -> Result<Turn<'_, ()>> {
        let (position, _) = match offer.made {
            Some(made) => made,
            None => {
                self.check_open()?;
                match self.queue.push_at_position(value)? {
                    Ok(position) => *offer.made.insert((position, self.segment().me()?)),
                    Err(stop) => return self.sender_waits(self.queue.wait(stop, patience)?),
                }
            }
        };
        let turn = self.kernel().queue.wait_taken(position, patience);
        if let Turn::Done(()) = turn {
            offer.made = None;
            return Ok(turn);
        }
        match self.sender_waits(turn) {
            Err(error) if error.kind() == ErrorKind::Closed && !offer.withdraw() => Ok(Turn::Done(())),
            turn => turn,
        }
    }

    fn check_open(&self) -> Result<()> {
        if self.kernel().is_closed() { Err(Error::plain(ErrorKind::Closed)) } else { Ok(()) }
    }

    fn sender_waits<'a>(&'a self, turn: Turn<'a, ()>) -> Result<Turn<'a, ()>> {
        if let Turn::Wait(_) = turn
            && self.places(Side::Receivers).all_gone()
        {
            self.close()?;
        }
        self.kernel().sender_waits(turn).map_err(|stop| self.queue.ended(stop))
    }

    /// Receives the next value; waits for one as long as it takes.
    ///
    /// # Errors
    /// [`Closed`](ErrorKind::Closed) when the channel is closed and all was received; [`ReadOnly`](ErrorKind::ReadOnly);
    /// [`Corrupt`](ErrorKind::Corrupt).
    #[inline]
    pub fn recv(&self) -> Result<T> {
        self.recv_until(|| None)
    }

    /// Receives the next value, waiting for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was received; otherwise as [`recv`](Channel::recv).
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T> {
        self.recv_until(|| deadline_after(timeout))
    }

    #[inline]
    fn recv_until(&self, deadline: impl FnOnce() -> Option<Instant>) -> Result<T> {
        self.segment().writable()?;
        let mut value = MaybeUninit::uninit();
        if !self.queue.pop_at_hint(&mut value) {
            self.recv_slow(&mut value, deadline())?;
        }
        // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
        Ok(unsafe { value.assume_init() })
    }

    #[cold]
    fn recv_slow(&self, value: &mut MaybeUninit<T>, deadline: Option<Instant>) -> Result<()> {
        blocking(self.segment(), deadline, |patience| self.attempt_recv(value, patience))
    }

    /// One attempt to receive.
    pub(super) fn attempt_recv_value(&self, patience: &mut Patience) -> Result<Turn<'_, T>> {
        self.segment().writable()?;
        let mut value = MaybeUninit::uninit();
        Ok(match self.attempt_recv(&mut value, patience)? {
            // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
            Turn::Done(()) => Turn::Done(unsafe { value.assume_init() }),
            Turn::Again => Turn::Again,
            Turn::Wait(nap) => Turn::Wait(nap),
        })
    }

    /// One attempt to receive into `value`.
    fn attempt_recv(&self, value: &mut MaybeUninit<T>, patience: &mut Patience) -> Result<Turn<'_, ()>> {
        let turn = self.queue.attempt_pop(value, patience)?;
        if let Turn::Wait(_) = turn
            && self.places(Side::Senders).all_gone()
        {
            self.close()?;
        }
        self.kernel().receiver_waits(turn).map_err(|stop| self.queue.ended(stop))
    }

    /// Receives the next value if there is one; `None` when there is none, or when the next is still being written.
    ///
    /// # Errors
    /// As [`recv`](Channel::recv).
    #[inline]
    pub fn try_recv(&self) -> Result<Option<T>> {
        match self.queue.try_pop()? {
            Some(value) => Ok(Some(value)),
            None => self.try_recv_slow(),
        }
    }

    #[cold]
    fn try_recv_slow(&self) -> Result<Option<T>> {
        while self.kernel().is_closed() {
            match self.kernel().drain().map_err(|stop| self.queue.ended(stop))? {
                Left::Nothing => return Err(Error::plain(ErrorKind::Closed)),
                Left::Unfinished => break,
                // What came before the close; another receiver may be faster, and then this goes on.
                Left::Something => {
                    if let Some(value) = self.queue.try_pop()? {
                        return Ok(Some(value));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Sends values until all are sent, and returns how many: fewer than all when the channel is closed meanwhile.
    ///
    /// # Errors
    /// As [`send`](Channel::send), when none was sent.
    pub fn send_many(&self, values: &[T]) -> Result<usize> {
        self.send_many_until(values, None)
    }

    /// Sends values, waiting for at most `timeout` in all, and returns how many were sent.
    ///
    /// # Errors
    /// As [`send`](Channel::send), when none was sent; a timeout is no error here.
    pub fn send_many_timeout(&self, values: &[T], timeout: Duration) -> Result<usize> {
        match self.send_many_until(values, deadline_after(timeout)) {
            Err(error) if error.kind() == ErrorKind::TimedOut => Ok(0),
            sent => sent,
        }
    }

    fn send_many_until(&self, values: &[T], deadline: Option<Instant>) -> Result<usize> {
        let mut done = 0;
        while done < values.len() {
            let sent = match self.try_send_some(&values[done..]) {
                Ok(0) => self.send_slow(&values[done], deadline).map(|()| 1),
                sent => sent,
            };
            match sent {
                Ok(sent) => done += sent,
                Err(error) if done == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(done)
    }

    /// Sends as many values as there is room for and returns how many; in a rendezvous at most as many as receivers
    /// sleep.
    ///
    /// # Errors
    /// As [`try_send`](Channel::try_send), when none was sent, but `Ok(0)` when full.
    pub fn try_send_many(&self, values: &[T]) -> Result<usize> {
        if !self.rendezvous {
            return self.try_send_some(values);
        }
        let mut done = 0;
        for value in values {
            match self.try_send(*value) {
                Ok(()) => done += 1,
                Err(error) if error.kind() == ErrorKind::Full => break,
                Err(error) if done == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(done)
    }

    /// Pushes what there is room for; nothing in a rendezvous.
    fn try_send_some(&self, values: &[T]) -> Result<usize> {
        self.check_open()?;
        if self.rendezvous { Ok(0) } else { self.queue.try_push_many(values) }
    }

    /// Receives as many values as there are and fit into `out`, and returns how many.
    ///
    /// # Errors
    /// As [`recv`](Channel::recv), when none was received, but `Ok(0)` when there is none.
    pub fn try_recv_many(&self, out: &mut [T]) -> Result<usize> {
        let done = self.queue.try_pop_many(out)?;
        match out.first_mut() {
            // Perhaps because it is closed.
            Some(first) if done == 0 => Ok(self.try_recv_slow()?.map_or(0, |value| {
                *first = value;
                1
            })),
            _ => Ok(done),
        }
    }

    /// Waits for a value for at most `timeout`, then receives what is there, as [`try_recv_many`](Channel::try_recv_many); 0
    /// when none came.
    ///
    /// # Errors
    /// As [`recv`](Channel::recv); a timeout is no error here.
    pub fn recv_many_timeout(&self, out: &mut [T], timeout: Duration) -> Result<usize> {
        let Some((first, rest)) = out.split_first_mut() else { return Ok(0) };
        match self.recv_timeout(timeout) {
            Ok(value) => *first = value,
            Err(error) if error.kind() == ErrorKind::TimedOut => return Ok(0),
            Err(error) => return Err(error),
        }
        // What the first one has received is the caller's, whatever comes after it.
        Ok(1 + self.queue.try_pop_many(rest).unwrap_or(0))
    }

    /// Closes the channel; `true` for the first one. See [Closing](Channel#closing).
    ///
    /// # Errors
    /// [`ReadOnly`](ErrorKind::ReadOnly); [`Corrupt`](ErrorKind::Corrupt), and then it is closed.
    pub fn close(&self) -> Result<bool> {
        self.segment().writable()?;
        self.kernel().close().map_err(|stop| self.queue.ended(stop))
    }

    /// Whether the channel is closed. There may be values left to receive.
    pub fn is_closed(&self) -> bool {
        self.kernel().is_closed()
    }

    /// Counts this process as a sender as long as the registration lives. When the last one has left, or died, the channel is
    /// closed: by the one who leaves, or by the next receiver that waits, at most 250 ms later.
    ///
    /// # Errors
    /// [`NoSlot`](ErrorKind::NoSlot) when 32 are registered; [`Closed`](ErrorKind::Closed);
    /// [`ReadOnly`](ErrorKind::ReadOnly).
    ///
    /// # Examples
    /// ```
    /// # use zeroipc::{Channel, ErrorKind, Memory};
    /// # let name = format!("/zeroipc_doc_channel_register_{}", std::process::id());
    /// # let memory = Memory::options().remove_on_last_detach(true).create(&name, 1 << 20)?;
    /// let channel = Channel::<u64>::create(&memory, "values", 16)?;
    /// let sender = channel.register_sender()?;
    /// channel.send(1)?;
    /// drop(sender);
    /// assert_eq!(channel.recv()?, 1);
    /// assert_eq!(channel.recv().unwrap_err().kind(), ErrorKind::Closed);
    /// # Ok::<(), zeroipc::Error>(())
    /// ```
    pub fn register_sender(&self) -> Result<Registration> {
        self.register(Side::Senders)
    }

    /// Counts this process as a receiver as long as the registration lives. When the last one has left, or died, the channel is
    /// closed: by the one who leaves, or by the next sender that waits, at most 250 ms later.
    ///
    /// # Errors
    /// As [`register_sender`](Channel::register_sender).
    pub fn register_receiver(&self) -> Result<Registration> {
        self.register(Side::Receivers)
    }

    fn register(&self, side: Side) -> Result<Registration> {
        let owner = self.segment().me()?;
        self.check_open()?;
        let Some(place) = self.places(side).enter(owner) else {
            let message = format_args!("{CHANNEL_PLACES} are registered on this side already, and alive");
            return Err(self.mapped.error(ErrorKind::NoSlot, message));
        };
        let close = |mapped: &Mapped<ChannelHeader>| {
            if let Ok(channel) = Self::checked(mapped.clone()) {
                // Who is corrupt is told when it is used.
                let _ = channel.close();
            }
        };
        let registration = Registration { mapped: self.mapped.clone(), close, side, place, owner };
        // Closed meanwhile: it leaves again.
        self.check_open()?;
        Ok(registration)
    }

    fn places<'a>(&'a self, side: Side) -> Places<'a, Segment, impl Fn(u64) -> &'a AtomicU64> {
        places(&self.mapped, side)
    }

    /// How many values the channel can hold; 0 is a rendezvous.
    pub fn capacity(&self) -> u64 {
        if self.rendezvous { 0 } else { self.queue.capacity() }
    }

    /// How many values wait to be received, those that are being written included; others may change it meanwhile. In a
    /// rendezvous 1 if somebody offers one.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn len(&self) -> Result<u64> {
        self.queue.len()
    }

    /// Whether no value waits to be received.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn is_empty(&self) -> Result<bool> {
        self.queue.is_empty()
    }

    /// The channel's name in its segment.
    pub fn name(&self) -> &str {
        self.mapped.name()
    }
}

/// The places of one side.
fn places<'a>(mapped: &'a Mapped<ChannelHeader>, side: Side) -> Places<'a, Segment, impl Fn(u64) -> &'a AtomicU64> {
    let first = match side {
        Side::Senders => offset_of!(ChannelHeader, senders),
        Side::Receivers => offset_of!(ChannelHeader, receivers),
    };
    let word = move |place: u64| mapped.word(first + size_of::<u64>() * place as usize);
    Places { word, count: CHANNEL_PLACES, peers: mapped.segment() }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // A forked child has its parent's registration, and not its id.
        if self.mapped.segment().id() == Some(self.owner)
            && places(&self.mapped, self.side).leave(self.place, self.owner)
        {
            (self.close)(&self.mapped);
        }
    }
}

impl<T> Clone for Channel<T> {
    fn clone(&self) -> Self {
        Channel { queue: self.queue.clone(), mapped: self.mapped.clone(), rendezvous: self.rendezvous }
    }
}

impl<T> fmt::Debug for Channel<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mapped.fmt(f)
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let channel = &self.mapped;
        f.debug_struct("Registration").field("channel", channel).field("side", &self.side).finish_non_exhaustive()
    }
}
