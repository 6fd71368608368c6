//! What a subscriber makes of a stream, in its own process: lazy adaptors that pull one element through at a time.
//!
//! Nothing here knows of shared memory. An adaptor that runs out of time keeps what it holds, so that the next pull goes on
//! where this one stopped.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use super::stream::{Stream, Subscription};
use super::stream_derived::{Derived, pump};
use crate::error::{Error, ErrorKind, Result};
use crate::shm_layout::ShmLayout;
use crate::wait::deadline_after;

/// How long to wait for an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Not at all.
    Not,
    /// Until this moment.
    Until(Instant),
    /// As long as it takes.
    Forever,
}

impl Wait {
    /// For so long from now on.
    pub fn at_most(time: Duration) -> Wait {
        deadline_after(time).map_or(Wait::Forever, Wait::Until)
    }

    /// Whether there is no time left.
    fn is_over(self) -> bool {
        match self {
            Wait::Not => true,
            Wait::Until(deadline) => Instant::now() >= deadline,
            Wait::Forever => false,
        }
    }

    /// Whether an adaptor that has dropped so many values in this pull gives up, however many more are there.
    fn is_over_after(self, dropped: u64) -> bool {
        match self {
            Wait::Not => dropped >= MOST_DROPPED,
            wait => wait.is_over(),
        }
    }
}

/// How many values an adaptor drops in one pull that does not wait.
const MOST_DROPPED: u64 = 1024;

/// Values that come one after the other: a [`Subscription`], or what adaptors make of it.
///
/// An adaptor runs in the process, and the thread, that pulls. It is lazy: nothing happens before the first
/// [`pull`](Flow::pull). A `for` loop over any of them gives a `Result` for each value: it ends when the source
/// is closed, and any other end is its last item.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use zeroipc::{ErrorKind, Flow, Memory, Stream, Wait};
/// # let name = format!("/zeroipc_doc_flow_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let numbers = Stream::<u32>::create(&memory, "numbers", 64, 4)?;
/// let mut sums = numbers.subscribe()?.skip(1).scan(0, |sum, value| {
///     *sum += value;
///     *sum
/// });
/// let mut producer = numbers.producer()?;
/// producer.publish_many(&[100, 1, 2])?;
/// assert_eq!(sums.pull(Wait::Forever)?, 1);
/// assert_eq!(sums.pull(Wait::at_most(Duration::from_secs(1)))?, 3);
/// assert_eq!(sums.pull(Wait::Not).unwrap_err().kind(), ErrorKind::TimedOut);
/// producer.close();
/// assert_eq!(sums.pull(Wait::Forever).unwrap_err().kind(), ErrorKind::Closed);
/// # Ok::<(), zeroipc::Error>(())
/// ```
pub trait Flow: Sized {
    /// What comes.
    type Item;

    /// The next value.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut) when none came in time: nothing is lost, pull again. An adaptor that drops values keeps the
    /// time also when there is always another to drop; without waiting it drops 1,024 at most.
    /// [`Closed`](ErrorKind::Closed) at the end. [`Lost`](ErrorKind::Lost) where elements were overwritten; the next pull goes
    /// on behind them. Otherwise as [`Subscription::recv`], and there is no more.
    fn pull(&mut self, wait: Wait) -> Result<Self::Item>;

    /// What a function makes of each value.
    fn map<U, F: FnMut(Self::Item) -> U>(self, function: F) -> Map<Self, F> {
        Map { source: self, function }
    }

    /// The values for which a function says so.
    fn filter<F: FnMut(&Self::Item) -> bool>(self, function: F) -> Filter<Self, F> {
        Filter { source: self, function }
    }

    /// The first `count` values; then the end, without waiting for another.
    fn take(self, count: u64) -> Take<Self> {
        Take { source: self, left: count }
    }

    /// All values but the first `count`.
    fn skip(self, count: u64) -> Skip<Self> {
        Skip { source: self, left: count }
    }

    /// What a function makes of each value and of a state that it keeps.
    fn scan<S, U, F: FnMut(&mut S, Self::Item) -> U>(self, state: S, function: F) -> Scan<Self, S, F> {
        Scan { source: self, state, function }
    }

    /// The last `size` values each time that `step` more have come: sliding windows for a step below the size, windows side by
    /// side for a step as large. A window that is not full at the end is left out.
    ///
    /// # Panics
    /// If `size` or `step` is 0.
    fn window(self, size: usize, step: usize) -> Window<Self>
    where
        Self::Item: Clone,
    {
        assert!(size > 0 && step > 0, "a window has a size and a step of at least 1");
        Window { source: self, size, step, skip: 0, held: VecDeque::new() }
    }

    /// Pairs of the values of two flows, until either ends.
    fn zip<B: Flow>(self, other: B) -> Zip<Self, B> {
        Zip { first: self, second: other, held: None }
    }

    /// The values of two flows as they come, until both are closed; any other end of one is the end.
    ///
    /// The system wakes a sleeper for one word, so this looks at both in turn and sleeps on one of them, for 1 to 16 ms
    /// while neither has anything.
    fn merge<B: Flow<Item = Self::Item>>(self, other: B) -> Merge<Self, B> {
        Merge { first: self, second: other, over: [false; 2], turn: false }
    }

    /// At most one value in an `interval`: the first, and then the first that is pulled when so much time has passed since
    /// the last. The others are dropped. It never sleeps by itself.
    fn throttle(self, interval: Duration) -> Throttle<Self> {
        Throttle { source: self, interval, next: None }
    }

    /// Goes on without a word where elements were [`Lost`](ErrorKind::Lost).
    fn ignore_lost(self) -> IgnoreLost<Self> {
        IgnoreLost { source: self }
    }

    /// What a function makes, from `initial` on, of all values until the source is closed.
    ///
    /// # Errors
    /// As [`pull`](Flow::pull), for any end but that.
    fn fold<A, F: FnMut(A, Self::Item) -> A>(mut self, initial: A, mut function: F) -> Result<A> {
        let mut result = initial;
        while let Some(value) = unless_closed(self.pull(Wait::Forever))? {
            result = function(result, value);
        }
        Ok(result)
    }

    /// All values until the source is closed.
    ///
    /// # Errors
    /// As [`fold`](Flow::fold).
    fn collect(self) -> Result<Vec<Self::Item>> {
        self.fold(Vec::new(), |mut values, value| {
            values.push(value);
            values
        })
    }

    /// An iterator over the values that waits as long as it takes.
    fn values(self) -> Values<Self> {
        Values { source: Some(self), timeout: None }
    }

    /// An iterator over the values that waits at most `timeout` for each: then its item is
    /// [`TimedOut`](ErrorKind::TimedOut), and it goes on.
    fn values_timeout(self, timeout: Duration) -> Values<Self> {
        Values { source: Some(self), timeout: Some(timeout) }
    }

    /// Publishes the values to another stream, whose producer this becomes, until the source ends; returns how many.
    ///
    /// The stream ends as the source does: closed when that is closed, with [`OwnerDied`](ErrorKind::OwnerDied) when the
    /// producer of that has died, or this process, with [`Failed`](ErrorKind::Failed) otherwise.
    ///
    /// # Errors
    /// As [`pull`](Flow::pull) for any end but `Closed`; as [`Stream::producer`] and [`StreamProducer::publish`](crate::StreamProducer::publish).
    fn publish_to(self, stream: &Stream<Self::Item>) -> Result<u64>
    where
        Self::Item: ShmLayout,
    {
        pump(self, stream.producer()?, || false)
    }

    /// As [`publish_to`](Flow::publish_to), in a thread of its own that ends with the source, or when it is stopped.
    ///
    /// # Errors
    /// As [`Stream::producer`]; [`System`](ErrorKind::System) if there can be no more threads.
    ///
    /// # Examples
    /// ```
    /// use zeroipc::{Flow, Memory, Stream};
    /// # let name = format!("/zeroipc_doc_derive_{}", std::process::id());
    /// # let name = name.as_str();
    /// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
    /// let celsius = Stream::<f64>::create(&memory, "celsius", 64, 4)?;
    /// let fahrenheit = Stream::<f64>::create(&memory, "fahrenheit", 64, 4)?;
    /// let derived = celsius.subscribe()?.map(|celsius| celsius * 1.8 + 32.0).derive_into(&fahrenheit)?;
    /// // In any process:
    /// let subscription = fahrenheit.subscribe_from_oldest()?;
    ///
    /// let mut producer = celsius.producer()?;
    /// producer.publish_many(&[0.0, 100.0])?;
    /// producer.close();
    /// assert_eq!(subscription.collect()?, [32.0, 212.0]);
    /// assert_eq!(derived.wait()?, 2);
    /// # Ok::<(), zeroipc::Error>(())
    /// ```
    fn derive_into(self, stream: &Stream<Self::Item>) -> Result<Derived>
    where
        Self: Send + 'static,
        Self::Item: ShmLayout + Send,
    {
        Derived::start(self, stream.producer()?)
    }
}

fn closed() -> Error {
    Error::plain(ErrorKind::Closed)
}

/// `None` at the good end.
pub(crate) fn unless_closed<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::Closed => Ok(None),
        result => result.map(Some),
    }
}

/// An iterator over the values of a [`Flow`]: each as a `Result`. It ends when the source is closed; another end is its last
/// item. A [`Lost`](ErrorKind::Lost) or [`TimedOut`](ErrorKind::TimedOut) is an item, and it goes on.
#[must_use = "an iterator does nothing until it is asked"]
pub struct Values<F> {
    source: Option<F>,
    timeout: Option<Duration>,
}

impl<F: Flow> Iterator for Values<F> {
    type Item = Result<F::Item>;

    fn next(&mut self) -> Option<Self::Item> {
        let wait = self.timeout.map_or(Wait::Forever, Wait::at_most);
        let item = unless_closed(self.source.as_mut()?.pull(wait)).transpose();
        let goes_on = match &item {
            None => false,
            Some(Ok(_)) => true,
            Some(Err(error)) => matches!(error.kind(), ErrorKind::Lost | ErrorKind::TimedOut),
        };
        if !goes_on {
            self.source = None;
        }
        item
    }
}

impl<F> fmt::Debug for Values<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// Declares an adaptor: what can be iterated over, and shown.
macro_rules! adaptor {
    ($(#[$doc:meta])* $name:ident<$($parameter:ident),*> { $($field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[must_use = "a flow does nothing until it is pulled"]
        pub struct $name<$($parameter),*> {
            $($field: $type),*
        }

        adaptor!(@shown $name<$($parameter),*>);
    };
    (@shown $name:ident<$($parameter:ident),*>) => {
        impl<$($parameter),*> fmt::Debug for $name<$($parameter),*> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

adaptor! {
    /// See [`Flow::map`].
    Map<S, F> { source: S, function: F }
}

adaptor! {
    /// See [`Flow::filter`].
    Filter<S, F> { source: S, function: F }
}

adaptor! {
    /// See [`Flow::take`].
    Take<S> { source: S, left: u64 }
}

adaptor! {
    /// See [`Flow::skip`].
    Skip<S> { source: S, left: u64 }
}

adaptor! {
    /// See [`Flow::scan`].
    Scan<S, A, F> { source: S, state: A, function: F }
}

/// See [`Flow::window`].
#[must_use = "a flow does nothing until it is pulled"]
pub struct Window<S: Flow> {
    source: S,
    size: usize,
    step: usize,
    /// How many values to leave out before the next window begins, where the step is larger than the size.
    skip: usize,
    held: VecDeque<S::Item>,
}

/// See [`Flow::zip`].
#[must_use = "a flow does nothing until it is pulled"]
pub struct Zip<A: Flow, B> {
    first: A,
    second: B,
    /// The first of a pair whose second did not come in time.
    held: Option<A::Item>,
}

adaptor! {
    /// See [`Flow::merge`].
    Merge<A, B> { first: A, second: B, over: [bool; 2], turn: bool }
}

adaptor! {
    /// See [`Flow::throttle`].
    Throttle<S> { source: S, interval: Duration, next: Option<Instant> }
}

adaptor! {
    /// See [`Flow::ignore_lost`].
    IgnoreLost<S> { source: S }
}

impl<S: Flow> fmt::Debug for Window<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Window").field("size", &self.size).field("step", &self.step).finish_non_exhaustive()
    }
}

impl<A: Flow, B> fmt::Debug for Zip<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zip").finish_non_exhaustive()
    }
}

impl<S: Flow, U, F: FnMut(S::Item) -> U> Flow for Map<S, F> {
    type Item = U;

    #[inline]
    fn pull(&mut self, wait: Wait) -> Result<U> {
        self.source.pull(wait).map(&mut self.function)
    }
}

impl<S: Flow, F: FnMut(&S::Item) -> bool> Flow for Filter<S, F> {
    type Item = S::Item;

    #[inline]
    fn pull(&mut self, wait: Wait) -> Result<S::Item> {
        let mut dropped = 0;
        loop {
            let value = self.source.pull(wait)?;
            if (self.function)(&value) {
                return Ok(value);
            }
            dropped += 1;
            if wait.is_over_after(dropped) {
                return Err(Error::plain(ErrorKind::TimedOut));
            }
        }
    }
}

impl<S: Flow> Flow for Take<S> {
    type Item = S::Item;

    #[inline]
    fn pull(&mut self, wait: Wait) -> Result<S::Item> {
        if self.left == 0 {
            return Err(closed());
        }
        let value = self.source.pull(wait)?;
        self.left -= 1;
        Ok(value)
    }
}

impl<S: Flow> Flow for Skip<S> {
    type Item = S::Item;

    #[inline]
    fn pull(&mut self, wait: Wait) -> Result<S::Item> {
        let mut dropped = 0;
        while self.left > 0 {
            self.source.pull(wait)?;
            self.left -= 1;
            dropped += 1;
            if wait.is_over_after(dropped) {
                return Err(Error::plain(ErrorKind::TimedOut));
            }
        }
        self.source.pull(wait)
    }
}

impl<S: Flow, A, U, F: FnMut(&mut A, S::Item) -> U> Flow for Scan<S, A, F> {
    type Item = U;

    #[inline]
    fn pull(&mut self, wait: Wait) -> Result<U> {
        let value = self.source.pull(wait)?;
        Ok((self.function)(&mut self.state, value))
    }
}

impl<S: Flow> Flow for Window<S>
where
    S::Item: Clone,
{
    type Item = Vec<S::Item>;

    fn pull(&mut self, wait: Wait) -> Result<Vec<S::Item>> {
        while self.held.len() < self.size {
            let value = self.source.pull(wait)?;
            if self.skip > 0 {
                self.skip -= 1;
            } else {
                self.held.push_back(value);
            }
        }
        let window = self.held.iter().cloned().collect();
        self.skip = self.step.saturating_sub(self.size);
        self.held.drain(..self.step.min(self.size));
        Ok(window)
    }
}

impl<A: Flow, B: Flow> Flow for Zip<A, B> {
    type Item = (A::Item, B::Item);

    fn pull(&mut self, wait: Wait) -> Result<(A::Item, B::Item)> {
        let first = match self.held.take() {
            Some(first) => first,
            None => self.first.pull(wait)?,
        };
        match self.second.pull(wait) {
            Ok(second) => Ok((first, second)),
            Err(error) => {
                self.held = Some(first);
                Err(error)
            }
        }
    }
}

impl<A: Flow, B: Flow<Item = A::Item>> Merge<A, B> {
    const FIRST_NAP: Duration = Duration::from_millis(1);
    const LONGEST_NAP: Duration = Duration::from_millis(16);

    /// The next value of one of the two; `None` when none came in time, or never comes.
    fn pull_from(&mut self, second: bool, wait: Wait) -> Result<Option<A::Item>> {
        if self.over[usize::from(second)] {
            return Ok(None);
        }
        match if second { self.second.pull(wait) } else { self.first.pull(wait) } {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind() == ErrorKind::TimedOut => Ok(None),
            Err(error) if error.kind() == ErrorKind::Closed => {
                self.over[usize::from(second)] = true;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl<A: Flow, B: Flow<Item = A::Item>> Flow for Merge<A, B> {
    type Item = A::Item;

    fn pull(&mut self, wait: Wait) -> Result<A::Item> {
        let mut nap = Self::FIRST_NAP;
        loop {
            // Each is asked first in turn, so that a busy one does not starve the other.
            self.turn = !self.turn;
            for second in [self.turn, !self.turn] {
                if let Some(value) = self.pull_from(second, Wait::Not)? {
                    return Ok(value);
                }
            }
            let sleeper = match self.over {
                [true, true] => return Err(closed()),
                [false, false] => self.turn,
                [first_over, _] => first_over,
            };
            if wait.is_over() {
                return Err(Error::plain(ErrorKind::TimedOut));
            }
            let alone = self.over[0] || self.over[1];
            let doze = match (wait, deadline_after(nap)) {
                // The other has ended, so that nothing is missed by waiting for this one alone.
                _ if alone => wait,
                (Wait::Until(deadline), Some(end)) => Wait::Until(deadline.min(end)),
                (_, Some(end)) => Wait::Until(end),
                (_, None) => wait,
            };
            if let Some(value) = self.pull_from(sleeper, doze)? {
                return Ok(value);
            }
            nap = (2 * nap).min(Self::LONGEST_NAP);
        }
    }
}

impl<S: Flow> Flow for Throttle<S> {
    type Item = S::Item;

    fn pull(&mut self, wait: Wait) -> Result<S::Item> {
        let mut dropped = 0;
        loop {
            let value = self.source.pull(wait)?;
            let now = Instant::now();
            if self.next.is_none_or(|next| now >= next) {
                // An interval too long to add never ends; then the far future does as well.
                self.next = now.checked_add(self.interval).or_else(|| now.checked_add(Duration::from_secs(1 << 32)));
                return Ok(value);
            }
            dropped += 1;
            if wait.is_over_after(dropped) {
                return Err(Error::plain(ErrorKind::TimedOut));
            }
        }
    }
}

impl<S: Flow> Flow for IgnoreLost<S> {
    type Item = S::Item;

    fn pull(&mut self, wait: Wait) -> Result<S::Item> {
        loop {
            match self.source.pull(wait) {
                Err(error) if error.kind() == ErrorKind::Lost => {}
                result => return result,
            }
        }
    }
}

/// Lets `for` loop over a flow.
macro_rules! iterable {
    ($(<$($parameter:ident),*> $flow:ty),* $(,)?) => { $(
        impl<$($parameter),*> IntoIterator for $flow
        where
            $flow: Flow,
        {
            type Item = Result<<$flow as Flow>::Item>;
            type IntoIter = Values<$flow>;

            fn into_iter(self) -> Values<$flow> {
                self.values()
            }
        }
    )* };
}

iterable! {
    <T> Subscription<T>,
    <S, F> Map<S, F>,
    <S, F> Filter<S, F>,
    <S> Take<S>,
    <S> Skip<S>,
    <S, A, F> Scan<S, A, F>,
    <A, B> Merge<A, B>,
    <S> Throttle<S>,
    <S> IgnoreLost<S>,
}

impl<S: Flow> IntoIterator for Window<S>
where
    S::Item: Clone,
{
    type Item = Result<Vec<S::Item>>;
    type IntoIter = Values<Self>;

    fn into_iter(self) -> Values<Self> {
        self.values()
    }
}

impl<A: Flow, B: Flow> IntoIterator for Zip<A, B> {
    type Item = Result<(A::Item, B::Item)>;
    type IntoIter = Values<Self>;

    fn into_iter(self) -> Values<Self> {
        self.values()
    }
}
