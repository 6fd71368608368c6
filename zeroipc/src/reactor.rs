//! The threads that sleep for the futures of this process.
//!
//! A future that has to wait leaves its waker here, with the words that it waits for. A thread, called a watch, sleeps in the
//! system on up to 127 words at a time and on its bell, a word that is changed to stir it; more words are the next watch's. A
//! watch without words ends after [`IDLE`]. Where the system cannot sleep on several words a watch looks at them in rounds.
//!
//! [`roster`] has the bookkeeping, and why no wake is lost. This file joins it to the lock, the threads and the system.
//!
//! Of several words the system names one that was woken, and may have taken wakes on others. A word for which somebody here
//! sleeps is looked at. On one for which nobody here sleeps any more, whoever else may sleep there is woken instead: a
//! structure that wakes one at a time relies on that one.
//!
//! A forked child has none of the threads, and perhaps a lock that a thread of its parent held. It finds the mark of this
//! process wiped, leaves everything as it is, and begins anew.

mod roster;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::memory::Segment;
use crate::os::{self, ForkPage, Slept, Vigil};
use crate::structures::waiting::{self, Nap};
use crate::sync::{AcqRel, Acquire, AtomicPtr, AtomicU64, Relaxed};

use roster::{Errand, Left, Roster};

/// How long a watch stays without words.
const IDLE: Duration = Duration::from_secs(2);
/// How long the first round lasts where the system does not sleep on several words, and the longest.
const ROUNDS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(16));

/// All sleeps of this process.
struct Reactor {
    /// Reads as zero in a forked child.
    mark: ForkPage,
    books: Mutex<Books>,
}

struct Books {
    roster: Roster<Arc<Segment>>,
    /// The word of each watch that is changed to stir it. Watches are few, and their bells stay.
    bells: Vec<&'static AtomicU64>,
}

/// The reactor of this process, or of the one that it was forked from.
static REACTOR: AtomicPtr<Reactor> = AtomicPtr::new(std::ptr::null_mut());

impl Reactor {
    fn here() -> io::Result<&'static Reactor> {
        // SYNC reactor
        let mut found = REACTOR.load(Acquire);
        loop {
            // SAFETY: null, or what `Box::into_raw` gave below, which is never freed once it is here.
            let reactor = unsafe { found.as_ref() };
            if let Some(reactor) = reactor.filter(|reactor| reactor.is_here()) {
                return Ok(reactor);
            }
            let mark = ForkPage::new()?;
            mark.words().id.store(1, Relaxed);
            // The bell takes the place of a word.
            let books = Books { roster: Roster::new(Vigil::ROOM - 1), bells: Vec::new() };
            let new = Box::into_raw(Box::new(Reactor { mark, books: Mutex::new(books) }));
            // SYNC reactor: publishes the new one. That of a parent is left alone, since its lock may be held for ever.
            match REACTOR.compare_exchange(found, new, AcqRel, Acquire) {
                // SAFETY: it was just made, and is never freed from now on.
                Ok(_) => return Ok(unsafe { &*new }),
                Err(faster) => {
                    // SAFETY: it was made above, and nobody has seen it.
                    drop(unsafe { Box::from_raw(new) });
                    found = faster;
                }
            }
        }
    }

    /// Whether this process is the one that made it.
    fn is_here(&self) -> bool {
        self.mark.words().id.load(Relaxed) != 0
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // Nothing panics under the lock.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what could not be done under the lock.
    fn run(&'static self, errands: Vec<Errand>) -> io::Result<()> {
        for errand in errands {
            match errand {
                Errand::Stir(watch) => {
                    let bell = self.books().bell(watch);
                    bell.fetch_add(1, Relaxed);
                    os::futex_wake(bell, 1);
                }
                Errand::Start(watch) => self.start(watch)?,
            }
        }
        Ok(())
    }

    fn start(&'static self, watch: usize) -> io::Result<()> {
        let bell = self.books().bell(watch);
        let thread = std::thread::Builder::new().name("zeroipc-reactor".into());
        let started = os::without_signals(|| thread.spawn(move || self.watch(watch, bell)));
        if started.is_err() {
            let (wakers, errands) = self.books().roster.abandon(watch);
            wakers.into_iter().for_each(wake);
            self.run(errands)?;
        }
        started.map(drop)
    }

    /// The thread of a watch.
    fn watch(&'static self, number: usize, bell: &'static AtomicU64) {
        let mut vigil = Vigil::default();
        let mut slept = Slept::Over;
        let mut round = ROUNDS.0;
        let mut idle_since: Option<Instant> = None;
        loop {
            // Read before the look: who rings has changed the roster before.
            let rung = bell.load(Relaxed) as u32;
            let is_over = idle_since.is_some_and(|since| since.elapsed() >= IDLE);
            let look = self.books().look(number, &mut vigil, slept, (bell, rung), is_over);
            look.orphans.into_iter().for_each(os::futex_wake_at);
            if !look.wakers.is_empty() {
                round = ROUNDS.0;
            }
            look.wakers.into_iter().for_each(wake);
            // Watches are started by who enlists.
            let _ = self.run(look.errands);
            let at_most = match look.next {
                Next::Sleep(at_most) => at_most,
                Next::Idle => IDLE,
                Next::End => return,
            };
            idle_since = match look.next {
                Next::Idle => idle_since.or_else(|| Some(Instant::now())),
                Next::Sleep(_) | Next::End => None,
            };
            slept = vigil.sleep(at_most);
            if matches!(slept, Slept::Fault | Slept::Refused) {
                // A word was unmapped before the sleep, or there are only rounds.
                os::futex_wait(bell, rung, at_most.min(round));
                round = (round * 2).min(ROUNDS.1);
            }
        }
    }
}

/// What a watch does next.
#[derive(Clone, Copy)]
enum Next {
    Sleep(Duration),
    Idle,
    End,
}

/// What a watch found under the lock and does behind it.
struct Look {
    /// Where nobody here sleeps any more, and wakes may have been taken.
    orphans: Vec<usize>,
    wakers: Vec<Waker>,
    errands: Vec<Errand>,
    next: Next,
}

impl Books {
    /// One look of a watch at its words after a sleep, and the words of the next one.
    fn look(
        &mut self,
        number: usize,
        vigil: &mut Vigil,
        slept: Slept,
        (bell, rung): (&AtomicU64, u32),
        is_over: bool,
    ) -> Look {
        let now = Instant::now();
        let (woken, orphans) = match slept {
            Slept::Woken(place) => (vigil.address(place), self.roster.orphans(number, vigil.addresses().skip(1))),
            Slept::Over | Slept::Fault | Slept::Refused => (None, Vec::new()),
        };
        let (wakers, errands) = self.roster.look(number, woken, now);
        vigil.clear();
        vigil.add(bell, rung);
        let next = match self.roster.arm(number, now, |word, low| vigil.add(word, low)) {
            Some(at_most) => Next::Sleep(at_most),
            None if is_over && self.roster.retire(number) => Next::End,
            None => Next::Idle,
        };
        Look { orphans, wakers, errands, next }
    }

    fn bell(&mut self, watch: usize) -> &'static AtomicU64 {
        while self.bells.len() <= watch {
            self.bells.push(Box::leak(Box::new(AtomicU64::new(0))));
        }
        self.bells[watch]
    }
}

/// Wakes a task. What its executor does there is not ours, and must not end the thread.
fn wake(waker: Waker) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
        // Dropping it may panic again.
        std::mem::forget(panic);
    }
}

/// A sleep of a future, until it is dropped.
pub(crate) struct Ticket {
    reactor: &'static Reactor,
    key: usize,
    /// If it was called, its future has not made an attempt since.
    owes: bool,
}

impl Ticket {
    /// Puts a future to sleep until one of these words of the segments changes; `None` when one has changed.
    pub(crate) fn new(segment: &Arc<Segment>, nap: Nap<'_>, waker: &Waker) -> Result<Option<Ticket>> {
        let failed = |error| Error::system("start the thread that sleeps for futures", error);
        assert!(segment.region.contains(nap.word), "a word outside its segment: this is a mistake in zeroipc");
        let reactor = Reactor::here().map_err(failed)?;
        let waker = waker.clone();
        // SAFETY: the word lies in the mapping of the segment (just checked), which stays as long as that is kept.
        let enlisted = unsafe { reactor.books().roster.enlist(&[nap], Arc::clone(segment), waker, Instant::now()) };
        let Some((key, errands)) = enlisted else { return Ok(None) };
        let ticket = Ticket { reactor, key, owes: true };
        reactor.run(errands).map_err(failed)?;
        Ok(Some(ticket))
    }

    /// Whether the sleep goes on; then `waker` is woken when it ends. Otherwise the caller makes an attempt now.
    pub(crate) fn is_asleep(&mut self, waker: &Waker) -> bool {
        // In a forked child nobody sleeps for it.
        if self.reactor.is_here() {
            let waker = waker.clone();
            let renewed = self.reactor.books().roster.renew(self.key, waker);
            if renewed.is_some() {
                return true;
            }
        }
        self.owes = false;
        false
    }

    /// The attempt came to nothing, and another one is due.
    pub(crate) fn owe(&mut self) {
        self.owes = true;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.reactor.is_here() {
            return;
        }
        let left = self.reactor.books().roster.leave(self.key);
        match left {
            Left::Asleep(kept, errands) => {
                drop(kept);
                let _ = self.reactor.run(errands);
            }
            // What it was called for goes on to another: the system may have woken nobody else.
            Left::Called(places) if self.owes => {
                places.into_iter().for_each(|place| os::futex_wake_at(place.address()));
            }
            Left::Called(_) => {}
        }
    }
}
