//! Sleeping until a peer changes a word: what the structures know of futexes.

#[cfg(feature = "async")]
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::memory::Segment;
use crate::os;
#[cfg(feature = "async")]
use crate::reactor::Ticket;
use crate::structures::ring_kernel::Barriers;
use crate::structures::waiting::{Nap, Patience, Peers, Turn, block};
use crate::sync::AtomicU64;

impl Peers for Segment {
    /// About two microseconds: a sleeper that is woken costs ten times as much.
    const SPINS: u32 = 200;

    fn is_dead(&self, owner: u32) -> bool {
        !self.is_alive(owner)
    }

    fn wait(&self, word: &AtomicU64, seen: u64, at_most: Duration) {
        // The low half of the word.
        os::futex_wait(word, seen as u32, at_most);
    }

    fn wait_any(&self, naps: &[Nap<'_>]) {
        let Some(at_most) = naps.iter().map(|nap| nap.at_most).min() else { return };
        // The low halves of the words.
        let words: Vec<_> = naps.iter().map(|nap| (nap.word, nap.seen as u32)).collect();
        os::futex_wait_any(&words, at_most);
    }

    fn wake(&self, word: &AtomicU64, count: u32) {
        os::futex_wake(word, count);
    }
}

impl Barriers for Segment {
    fn join(&self) -> bool {
        os::join_barriers()
    }

    fn barrier(&self) -> bool {
        os::barrier_for_all()
    }
}

/// Attempts an operation until it is done, or the deadline has passed: then [`TimedOut`](ErrorKind::TimedOut).
pub(crate) fn blocking<'w, T>(
    segment: &Segment,
    deadline: Option<Instant>,
    attempt: impl FnMut(&mut Patience) -> Result<Turn<'w, T>>,
) -> Result<T> {
    block(segment, deadline, attempt)?.ok_or_else(|| Error::plain(ErrorKind::TimedOut))
}

/// The moment that a timeout ends; a timeout too long to add never ends.
pub(crate) fn deadline_after(timeout: Duration) -> Option<Instant> {
    Instant::now().checked_add(timeout)
}

/// A wait as a future: attempts an operation each time that what it waits for may have come.
///
/// Dropped before it is done, it has done nothing: an attempt that waits has claimed nothing.
#[cfg(feature = "async")]
pub(crate) fn waiting<'w, T, A>(segment: &'w Arc<Segment>, attempt: A) -> impl Future<Output = Result<T>>
where
    A: FnMut(&mut Patience) -> Result<Turn<'w, T>>,
{
    // A task that looks at a word for long holds up the others of its thread.
    Waiting { segment, attempt, patience: Patience::new(1), ticket: None }
}

#[cfg(feature = "async")]
struct Waiting<'w, A> {
    segment: &'w Arc<Segment>,
    attempt: A,
    patience: Patience,
    ticket: Option<Ticket>,
}

/// How often an attempt is made at a time, before other tasks have a turn.
#[cfg(feature = "async")]
const ATTEMPTS: u32 = 64;

#[cfg(feature = "async")]
impl<'w, T, A> Future for Waiting<'w, A>
where
    A: FnMut(&mut Patience) -> Result<Turn<'w, T>>,
{
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        let this = self.get_mut();
        if this.ticket.as_mut().is_some_and(|ticket| ticket.is_asleep(context.waker())) {
            return Poll::Pending;
        }
        for _ in 0..ATTEMPTS {
            match (this.attempt)(&mut this.patience)? {
                Turn::Done(value) => {
                    this.ticket = None;
                    return Poll::Ready(Ok(value));
                }
                Turn::Again => {}
                Turn::Wait(nap) => {
                    this.ticket = Ticket::new(this.segment, nap, context.waker())?;
                    if this.ticket.is_some() {
                        return Poll::Pending;
                    }
                }
            }
        }
        if let Some(ticket) = &mut this.ticket {
            ticket.owe();
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

// The attempt is never pinned.
#[cfg(feature = "async")]
impl<A> Unpin for Waiting<'_, A> {}
