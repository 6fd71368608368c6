//! Waiting for the first of several operations on channels and futures.
//!
//! `docs/structures/select.md` has the rounds and why exactly one operation happens.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use super::channel::{Channel, Offer};
use super::future::Future;
use super::waiting::{Nap, Patience, Peers, Turn, slice};
use crate::error::{Error, ErrorKind, Result};
use crate::memory::Segment;
use crate::shm_layout::ShmLayout;
use crate::wait::deadline_after;

/// How often an operation that does not wait is attempted.
const MOST_ATTEMPTS: u32 = 10_000;

/// Several operations, of which exactly one happens: the first that can.
///
/// Each has a function for its result, and [`wait`](Select::wait) returns what that makes of it. Of several that can happen at
/// once a random one does. A closed channel is a result too: [`Closed`](ErrorKind::Closed), and so is every other error of an
/// operation. Channels and futures may be of different segments.
///
/// # When a participant dies
/// As with the operations alone: no death leaves an operation half done, and who is woken by one that dies looks again after
/// 250 ms at most.
///
/// # Rendezvous
/// A send to a rendezvous offers its value while this sleeps, and takes it back before another operation is tried. Two
/// such sends take turns, in rounds of up to 50 ms.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use zeroipc::{Channel, ErrorKind, Memory, Select};
/// # let name = format!("/zeroipc_doc_select_{}", std::process::id());
/// # let name = name.as_str();
///
/// enum Event {
///     Job(u64),
///     Stop,
///     Reported,
/// }
///
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let jobs = Channel::<u64>::create(&memory, "jobs", 16)?;
/// let stop = Channel::<u8>::create(&memory, "stop", 1)?;
/// let reports = Channel::<f64>::create(&memory, "reports", 0)?;
/// jobs.send(7)?;
/// let event = Select::new()
///     .recv(&jobs, |job| job.map(Event::Job))
///     .recv(&stop, |_| Ok(Event::Stop))
///     .send(&reports, 0.5, |sent| sent.map(|()| Event::Reported))
///     .wait_timeout(Duration::from_secs(1))??;
/// assert!(matches!(event, Event::Job(7)));
/// # Ok::<(), zeroipc::Error>(())
/// ```
#[must_use = "operations happen when one of the `wait`s is called"]
pub struct Select<'a, R> {
    arms: Vec<Armed<'a, R>>,
}

struct Armed<'a, R> {
    arm: Box<dyn Arm<'a, R> + 'a>,
    patience: Patience,
}

/// One of the operations.
trait Arm<'a, R> {
    fn segment(&self) -> &'a Segment;
    /// One attempt; an error is kept as a result, and done.
    fn attempt(&mut self, patience: &mut Patience) -> Turn<'a, ()>;
    /// Whether an attempt that waits has offered a value.
    fn offers(&self) -> bool {
        false
    }
    /// Takes an offer back; `false` if it was taken, and the operation is done.
    fn withdraw(&mut self) -> bool {
        true
    }
    /// Does it without waiting; `false` if that is not possible now.
    fn try_now(&mut self, patience: &mut Patience) -> bool {
        // Again and again while others are faster, or the dead are in the way; as often as that can be by chance.
        for _ in 0..MOST_ATTEMPTS {
            match self.attempt(patience) {
                Turn::Done(()) => return true,
                Turn::Again => {}
                Turn::Wait(_) => return false,
            }
        }
        false
    }
    /// The result of what is done.
    fn finish(self: Box<Self>) -> R;
}

/// What is kept of an attempt.
fn kept<'a, T>(turn: Result<Turn<'a, T>>, result: &mut Option<Result<T>>) -> Turn<'a, ()> {
    match turn {
        Ok(Turn::Wait(nap)) => Turn::Wait(nap),
        Ok(Turn::Again) => Turn::Again,
        Ok(Turn::Done(value)) => {
            *result = Some(Ok(value));
            Turn::Done(())
        }
        Err(error) => {
            *result = Some(Err(error));
            Turn::Done(())
        }
    }
}

/// The result of an operation that is done.
fn result<T>(result: Option<Result<T>>) -> Result<T> {
    result.unwrap_or_else(|| Err(Error::plain(ErrorKind::TimedOut)))
}

struct Recv<'a, T, F> {
    channel: &'a Channel<T>,
    result: Option<Result<T>>,
    then: F,
}

impl<'a, T: ShmLayout, R, F: FnOnce(Result<T>) -> R> Arm<'a, R> for Recv<'a, T, F> {
    fn segment(&self) -> &'a Segment {
        self.channel.segment()
    }

    fn attempt(&mut self, patience: &mut Patience) -> Turn<'a, ()> {
        kept(self.channel.attempt_recv_value(patience), &mut self.result)
    }

    fn finish(self: Box<Self>) -> R {
        (self.then)(result(self.result))
    }
}

struct Send<'a, T, F> {
    channel: &'a Channel<T>,
    value: T,
    result: Option<Result<()>>,
    then: F,
}

impl<'a, T: ShmLayout, R, F: FnOnce(Result<()>) -> R> Arm<'a, R> for Send<'a, T, F> {
    fn segment(&self) -> &'a Segment {
        self.channel.segment()
    }

    fn attempt(&mut self, patience: &mut Patience) -> Turn<'a, ()> {
        kept(self.channel.attempt_send(&self.value, patience), &mut self.result)
    }

    fn finish(self: Box<Self>) -> R {
        (self.then)(result(self.result))
    }
}

/// A send to a rendezvous.
struct HandOver<'a, T: ShmLayout, F> {
    channel: &'a Channel<T>,
    value: T,
    offer: Offer<'a, T>,
    result: Option<Result<()>>,
    then: F,
}

impl<'a, T: ShmLayout, R, F: FnOnce(Result<()>) -> R> Arm<'a, R> for HandOver<'a, T, F> {
    fn segment(&self) -> &'a Segment {
        self.channel.segment()
    }

    fn attempt(&mut self, patience: &mut Patience) -> Turn<'a, ()> {
        kept(self.channel.attempt_offer(&self.value, &mut self.offer, patience), &mut self.result)
    }

    fn offers(&self) -> bool {
        true
    }

    fn withdraw(&mut self) -> bool {
        if self.offer.withdraw() {
            return true;
        }
        self.result = Some(Ok(()));
        false
    }

    fn try_now(&mut self, _: &mut Patience) -> bool {
        match self.channel.try_send(self.value) {
            Err(error) if error.kind() == ErrorKind::Full => false,
            sent => {
                self.result = Some(sent);
                true
            }
        }
    }

    fn finish(self: Box<Self>) -> R {
        // The offer is taken or withdrawn, so that its end does nothing.
        let HandOver { result: sent, then, .. } = *self;
        then(result(sent))
    }
}

struct Get<'a, T, F> {
    future: &'a Future<T>,
    result: Option<Result<T>>,
    then: F,
}

impl<'a, T: ShmLayout, R, F: FnOnce(Result<T>) -> R> Arm<'a, R> for Get<'a, T, F> {
    fn segment(&self) -> &'a Segment {
        self.future.segment()
    }

    fn attempt(&mut self, patience: &mut Patience) -> Turn<'a, ()> {
        kept(self.future.attempt(patience), &mut self.result)
    }

    fn finish(self: Box<Self>) -> R {
        (self.then)(result(self.result))
    }
}

impl<'a, R> Select<'a, R> {
    /// No operations yet.
    #[expect(clippy::new_without_default, reason = "without operations it is of no use")]
    pub fn new() -> Select<'a, R> {
        Select { arms: Vec::new() }
    }

    fn arm(mut self, arm: impl Arm<'a, R> + 'a) -> Self {
        self.arms.push(Armed { arm: Box::new(arm), patience: Patience::new(1) });
        self
    }

    /// Adds receiving from a channel.
    pub fn recv<T: ShmLayout>(self, channel: &'a Channel<T>, then: impl FnOnce(Result<T>) -> R + 'a) -> Self {
        self.arm(Recv { channel, result: None, then })
    }

    /// Adds sending a value to a channel.
    pub fn send<T: ShmLayout>(
        self,
        channel: &'a Channel<T>,
        value: T,
        then: impl FnOnce(Result<()>) -> R + 'a,
    ) -> Self {
        if channel.capacity() == 0 {
            return self.arm(HandOver { channel, value, offer: Offer::none(channel), result: None, then });
        }
        self.arm(Send { channel, value, result: None, then })
    }

    /// Adds getting the value of a future.
    pub fn get<T: ShmLayout>(self, future: &'a Future<T>, then: impl FnOnce(Result<T>) -> R + 'a) -> Self {
        self.arm(Get { future, result: None, then })
    }

    /// Waits until one of the operations happens, and returns what its function makes of the result.
    ///
    /// # Errors
    /// [`BadArgument`](ErrorKind::BadArgument) without operations. Errors of the operations are results.
    pub fn wait(self) -> Result<R> {
        self.wait_until(None)
    }

    /// As [`wait`](Select::wait), for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then none has happened; otherwise as [`wait`](Select::wait).
    pub fn wait_timeout(self, timeout: Duration) -> Result<R> {
        self.wait_until(deadline_after(timeout))
    }

    /// Does one of the operations that can happen now, if there is one. A send to a rendezvous can, when a receiver sleeps
    /// there; it is given a millisecond to wake up.
    ///
    /// # Errors
    /// As [`wait`](Select::wait).
    pub fn try_wait(mut self) -> Result<Option<R>> {
        self.check()?;
        for index in self.order() {
            let Armed { arm, patience } = &mut self.arms[index];
            if arm.try_now(patience) {
                return Ok(Some(self.finish(index)));
            }
        }
        Ok(None)
    }

    fn check(&self) -> Result<()> {
        if self.arms.is_empty() {
            return Err(Error::new(ErrorKind::BadArgument, "a select without operations waits for nothing; add some"));
        }
        Ok(())
    }

    /// All of them, from a random one on.
    fn order(&self) -> impl Iterator<Item = usize> + use<'a, R> {
        let count = self.arms.len();
        let start = (RandomState::new().build_hasher().finish() % count as u64) as usize;
        (start..count).chain(0..start)
    }

    fn finish(mut self, index: usize) -> R {
        self.arms.swap_remove(index).arm.finish()
    }

    fn wait_until(mut self, deadline: Option<Instant>) -> Result<R> {
        self.check()?;
        let mut turns = Patience::new(1);
        loop {
            let Round { naps, offering, again } = match self.round() {
                Ok(round) => round,
                Err(done) => return Ok(self.finish(done)),
            };
            let many = self.arms.iter().filter(|armed| armed.arm.offers()).count() > 1;
            let sleep = naps.iter().map(|nap| nap.at_most).min().unwrap_or_default();
            // Others want to be offered too.
            let sleep = if many { sleep.min(turns.turn()) } else { sleep };
            let sleep = slice(sleep, deadline);
            if let (false, Some(at_most)) = (again, sleep) {
                let naps: Vec<Nap<'_>> = naps.into_iter().map(|nap| Nap { at_most, ..nap }).collect();
                self.arms[0].arm.segment().wait_any(&naps);
            }
            // Before anything else is tried, so that never two operations happen.
            if let Some(index) = offering
                && !self.arms[index].arm.withdraw()
            {
                return Ok(self.finish(index));
            }
            if sleep.is_none() {
                return Err(Error::plain(ErrorKind::TimedOut));
            }
        }
    }

    /// Attempts every operation that offers nothing, and then makes one offer. `Err` is the one that is done.
    ///
    /// Each attempt has set the wait bit in its word, and the system compares the words after it has put the sleeper into
    /// all lists; so what becomes possible after its attempt ends the sleep, or keeps it from beginning.
    fn round(&mut self) -> Result<Round<'a>, usize> {
        let mut round = Round { naps: Vec::with_capacity(self.arms.len()), offering: None, again: false };
        let mut offer = None;
        for index in self.order() {
            let Armed { arm, patience } = &mut self.arms[index];
            if arm.offers() {
                offer.get_or_insert(index);
                continue;
            }
            match arm.attempt(patience) {
                Turn::Done(()) => return Err(index),
                Turn::Again => round.again = true,
                Turn::Wait(nap) => round.naps.push(nap),
            }
        }
        if let Some(index) = offer.filter(|_| !round.again) {
            let Armed { arm, patience } = &mut self.arms[index];
            match arm.attempt(patience) {
                Turn::Done(()) => return Err(index),
                Turn::Again => round.again = true,
                Turn::Wait(nap) => round.naps.push(nap),
            }
            round.offering = Some(index);
        }
        Ok(round)
    }
}

/// What a round has come to that did nothing.
struct Round<'a> {
    /// What to wait for.
    naps: Vec<Nap<'a>>,
    /// Whose value is offered, perhaps.
    offering: Option<usize>,
    /// Something has changed meanwhile: no time to sleep.
    again: bool,
}

impl<R> fmt::Debug for Select<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Select").field("operations", &self.arms.len()).finish()
    }
}
