//! Sleeping until a peer changes a word: what the structures know of futexes.

use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::memory::Segment;
use crate::os;
use crate::structures::ring_kernel::Barriers;
use crate::structures::waiting::{Patience, Peers, Turn, block};
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
