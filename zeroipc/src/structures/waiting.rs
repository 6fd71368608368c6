//! How operations wait: what every kernel shares.
//!
//! An operation that may have to wait is written as an **attempt**. It is done, or it says on which word to sleep; before it
//! says so it has set the wait bit in that word by a CAS, so that whoever changes the word sees the bit, or that CAS
//! fails. An attempt that wants to sleep has claimed nothing. [`block`] drives attempts in this thread; the
//! futures of the feature `async` drive the same ones.
//!
//! The system compares the low half of the word under its own lock when it puts a sleeper to sleep, and who wakes takes that
//! lock after the change: a change between the attempt and the sleep is not slept through.
//!
//! No sleep is longer than [`LOOK`]: a waker can die before it wakes. While somebody who may be dead is in the way the
//! sleeps are [naps](Patience::nap).

use std::time::{Duration, Instant};

use crate::format::queue::WAIT_SLICE_MS;
use crate::points::point;
use crate::sync::{AtomicU64, Relaxed, spin_loop};

/// The longest sleep without another look.
pub(crate) const LOOK: Duration = Duration::from_millis(WAIT_SLICE_MS as u64);

/// The others: who is dead, and how to sleep until one of them acts.
pub(crate) trait Peers {
    /// How often a word is looked at before sleeping; at least once.
    const SPINS: u32;
    /// Whether the kernel says that this attachment is dead. 0 is nobody, and dead.
    fn is_dead(&self, owner: u32) -> bool;
    /// Sleeps while the low half of `word` is that of `seen`, at most `at_most`; may return early.
    fn wait(&self, word: &AtomicU64, seen: u64, at_most: Duration);
    /// Sleeps until one of these naps would end, whichever is first; may return early. Without naps it returns at once.
    ///
    /// Peers that cannot sleep on several words look at one after the other, for a moment each.
    fn wait_any(&self, naps: &[Nap<'_>]) {
        for nap in naps {
            self.wait(nap.word, nap.seen, nap.at_most.min(Patience::FIRST_NAP));
        }
    }
    /// Wakes `count` of those who sleep on `word`, the longest sleepers first.
    fn wake(&self, word: &AtomicU64, count: u32);
    /// Wakes whoever sleeps on `word`.
    fn wake_all(&self, word: &AtomicU64) {
        self.wake(word, i32::MAX.cast_unsigned());
    }
}

/// What an operation waits for: the low half of a word to be another than it was seen to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nap<'w> {
    pub(crate) word: &'w AtomicU64,
    pub(crate) seen: u64,
    /// How long at most, before the next attempt.
    pub(crate) at_most: Duration,
}

impl<'w> Nap<'w> {
    /// Until the word changes; the next look is due in any case.
    pub(crate) fn until_changed(word: &'w AtomicU64, seen: u64) -> Nap<'w> {
        Nap { word, seen, at_most: LOOK }
    }
}

/// How an attempt ended.
#[derive(Debug)]
pub(crate) enum Turn<'w, T> {
    Done(T),
    /// Something has changed meanwhile: attempt again, unless the deadline has passed. Whoever always loses against others
    /// still meets it.
    Again,
    Wait(Nap<'w>),
}

/// What one operation remembers from attempt to attempt.
#[derive(Debug)]
pub(crate) struct Patience {
    spins: u32,
    nap: Duration,
    /// What the last nap was for.
    napped_on: u64,
}

impl Patience {
    const FIRST_NAP: Duration = Duration::from_millis(1);
    const LONGEST_NAP: Duration = Duration::from_millis(50);

    /// As much as those have who wait for these peers.
    pub(crate) fn of<P: Peers>() -> Patience {
        Patience::new(P::SPINS)
    }

    pub(crate) fn new(spins: u32) -> Patience {
        Patience { spins, nap: Patience::FIRST_NAP, napped_on: 0 }
    }

    /// Looks at a word for a while; `true` when it is another than `seen`.
    pub(crate) fn spin(&mut self, word: &AtomicU64, seen: u64) -> bool {
        for _ in 0..self.spins {
            if word.load(Relaxed) != seen {
                return true;
            }
            spin_loop();
        }
        false
    }

    /// A sleep on a word whose owner may die without a wake: 1 ms, then twice as long each time, 50 ms at most. The caller
    /// has asked about the owner.
    pub(crate) fn nap<'w>(&mut self, word: &'w AtomicU64, seen: u64) -> Nap<'w> {
        if self.napped_on != seen {
            // It is somebody else's turn, or another turn.
            *self = Patience { napped_on: seen, ..Patience::new(self.spins) };
        }
        Nap { word, seen, at_most: self.turn() }
    }

    /// The time of a nap: 1 ms, then twice as long each time, 50 ms at most.
    pub(crate) fn turn(&mut self) -> Duration {
        let at_most = self.nap;
        self.nap = (self.nap * 2).min(Patience::LONGEST_NAP);
        at_most
    }
}

/// Attempts an operation until it is done; `None` when the deadline has passed. It is attempted at least once.
pub(crate) fn block<'w, P: Peers, T, E>(
    peers: &P,
    deadline: Option<Instant>,
    mut attempt: impl FnMut(&mut Patience) -> Result<Turn<'w, T>, E>,
) -> Result<Option<T>, E> {
    let mut patience = Patience::of::<P>();
    let mut slept_on: Option<&AtomicU64> = None;
    loop {
        match attempt(&mut patience)? {
            Turn::Done(value) => return Ok(Some(value)),
            Turn::Again => {
                if slice(LOOK, deadline).is_none() {
                    // What this one may have been woken for goes on to another.
                    slept_on.into_iter().for_each(|word| peers.wake(word, 1));
                    return Ok(None);
                }
            }
            Turn::Wait(nap) => {
                let Some(at_most) = slice(nap.at_most, deadline) else { return Ok(None) };
                peers.wait(nap.word, nap.seen, at_most);
                slept_on = Some(nap.word);
                point!("wait.woken");
            }
        }
    }
}

/// The next sleep: `most`, or what is left until the deadline; `None` when nothing is.
pub(crate) fn slice(most: Duration, deadline: Option<Instant>) -> Option<Duration> {
    let Some(deadline) = deadline else { return Some(most) };
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { None } else { Some(left.min(most)) }
}
