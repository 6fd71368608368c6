//! Who sleeps on which word, and who watches it: the bookkeeping of the reactor, which takes no lock and makes no call.
//!
//! ```text
//!  enlist ──▶ ASLEEP ──word changed, woken, or time is up: call──▶ CALLED ──polled, or dropped: leave──▶ FREE
//!                └────────────────────────dropped: leave─────────────────────────────────────────────────▲
//! ```
//!
//! Invariants, all under the lock around the roster:
//! - **R1** A sleep that is ASLEEP is in the list of each of its words, and no other is in any list.
//! - **R2** While a watch is at `Asleep`, it is in the system's list of every word that is `armed` there. It looks at all its
//!   words again before it sleeps again.
//! - **R3** A sleep is enlisted only while its words are as it has seen them, compared under the lock.
//!
//! No wake is lost. Say a word changes after a sleep has seen it. Before the enlisting: R3 refuses. After it, and the watch is
//! awake: it looks at the word before it sleeps (R2), or the system compares it then. After it, and the watch is asleep: the
//! word is armed, and whoever changed it wakes the watch; or it is not, and then the enlisting has stirred the watch.
//!
//! A word is put to sleep on once for all who wait for it here. So a wake for one calls all of them, and what the system
//! counts as one sleeper may be many.

use std::collections::BTreeMap;
use std::task::Waker;
use std::time::{Duration, Instant};

use super::waiting::{LOOK, Nap};
use crate::sync::{AtomicU64, Relaxed};

/// Where a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(*const AtomicU64);

// SAFETY: it leads to an atomic, which every thread may access; whoever follows it says why it is there.
unsafe impl Send for Place {}

impl Place {
    pub(crate) fn address(self) -> usize {
        self.0.addr()
    }
}

/// A word that a sleep is on, and what its low half was.
#[derive(Clone, Copy, Debug)]
struct Bed {
    place: Place,
    low: u32,
}

struct Sleep<K> {
    waker: Waker,
    beds: Vec<Bed>,
    /// From here on the sleep may end with others, so that their ends come together.
    early: Instant,
    due: Instant,
    /// Keeps the words where they are, however the future ends.
    _keep: K,
}

enum Slot<K> {
    Free,
    Asleep(Sleep<K>),
    Called(Vec<Bed>),
}

/// Those who sleep on a word.
struct Word {
    /// The watch's present sleep includes this word.
    armed: bool,
    sleepers: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// There is no thread.
    Away,
    /// It will look at its words before it sleeps.
    Awake,
    Asleep,
}

/// The words of one thread.
struct Watch {
    state: State,
    words: BTreeMap<Place, Word>,
    /// When its present sleep ends.
    until: Instant,
}

/// What is to be done when the lock is free again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Start the thread of this watch.
    Start(usize),
    /// End the sleep of this watch.
    Stir(usize),
}

/// How a sleep was left.
pub(crate) enum Left<K> {
    /// Before anybody called it: what it kept, to be dropped when the lock is free again.
    Asleep(#[allow(dead_code)] Kept<K>, Vec<Errand>),
    /// After it was called, for these words.
    Called(Vec<Place>),
}

/// A waker, and what kept the words: dropping them may run anything.
pub(crate) struct Kept<K>(#[allow(dead_code)] Waker, #[allow(dead_code)] K);

/// All sleeps of a process. A key is given back exactly once, by [`leave`](Roster::leave).
pub(crate) struct Roster<K> {
    slots: Vec<Slot<K>>,
    free: Vec<usize>,
    watches: Vec<Watch>,
    /// How many words a watch can have.
    room: usize,
}

fn low(word: &AtomicU64) -> u32 {
    word.load(Relaxed) as u32
}

impl<K> Roster<K> {
    pub(crate) fn new(room: usize) -> Roster<K> {
        Roster { slots: Vec::new(), free: Vec::new(), watches: Vec::new(), room }
    }

    /// Enlists a sleep on all of these words; `None` when one of them has changed.
    ///
    /// # Safety
    /// The words stay where they are as long as `keep` is not dropped.
    pub(crate) unsafe fn enlist(
        &mut self,
        naps: &[Nap<'_>],
        keep: K,
        waker: Waker,
        now: Instant,
    ) -> Option<(usize, Vec<Errand>)> {
        if naps.iter().any(|nap| low(nap.word) != nap.seen as u32) {
            return None;
        }
        let at_most = naps.iter().map(|nap| nap.at_most).min().unwrap_or(LOOK);
        let (early, due) = (now + at_most / 4 * 3, now + at_most);
        let beds: Vec<Bed> =
            naps.iter().map(|nap| Bed { place: Place(std::ptr::from_ref(nap.word)), low: nap.seen as u32 }).collect();
        let key = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::Free);
            self.slots.len() - 1
        });
        let mut errands = Vec::new();
        for bed in &beds {
            let number = self.watch_for(bed.place);
            let watch = &mut self.watches[number];
            let word = watch.words.entry(bed.place).or_insert(Word { armed: false, sleepers: Vec::new() });
            word.sleepers.push(key);
            match watch.state {
                State::Away => errands.push(Errand::Start(number)),
                State::Asleep if !word.armed || due < watch.until => errands.push(Errand::Stir(number)),
                State::Asleep | State::Awake => continue,
            }
            watch.state = State::Awake;
        }
        self.slots[key] = Slot::Asleep(Sleep { waker, beds, early, due, _keep: keep });
        Some((key, errands))
    }

    /// The watch of a word: the one that has it, or one with room.
    fn watch_for(&mut self, place: Place) -> usize {
        let has = self.watches.iter().position(|watch| watch.words.contains_key(&place));
        let found = has.or_else(|| self.watches.iter().position(|watch| watch.words.len() < self.room));
        found.unwrap_or_else(|| {
            self.watches.push(Watch { state: State::Away, words: BTreeMap::new(), until: Instant::now() });
            self.watches.len() - 1
        })
    }

    /// Whether a sleep goes on. If so it has this waker from now on, and the old one is handed back to be dropped.
    pub(crate) fn renew(&mut self, key: usize, waker: Waker) -> Option<Waker> {
        match &mut self.slots[key] {
            Slot::Asleep(sleep) => Some(std::mem::replace(&mut sleep.waker, waker)),
            Slot::Free | Slot::Called(_) => None,
        }
    }

    /// Gives a key back.
    pub(crate) fn leave(&mut self, key: usize) -> Left<K> {
        let slot = std::mem::replace(&mut self.slots[key], Slot::Free);
        self.free.push(key);
        match slot {
            Slot::Asleep(sleep) => {
                let errands = self.take_out(key, &sleep.beds);
                Left::Asleep(Kept(sleep.waker, sleep._keep), errands)
            }
            Slot::Called(beds) => Left::Called(beds.iter().map(|bed| bed.place).collect()),
            Slot::Free => Left::Called(Vec::new()),
        }
    }

    /// Takes a sleep out of the lists of its words. Where it was the last, a watch that sleeps on the word is stirred, since
    /// it would take the wakes of others.
    fn take_out(&mut self, key: usize, beds: &[Bed]) -> Vec<Errand> {
        let mut errands = Vec::new();
        for (number, watch) in self.watches.iter_mut().enumerate() {
            for bed in beds {
                let Some(word) = watch.words.get_mut(&bed.place) else { continue };
                word.sleepers.retain(|other| *other != key);
                if !word.sleepers.is_empty() {
                    continue;
                }
                if word.armed && watch.state == State::Asleep {
                    errands.push(Errand::Stir(number));
                    watch.state = State::Awake;
                }
                watch.words.remove(&bed.place);
            }
        }
        errands
    }

    /// A watch looks at its words: calls those whose word has changed, is the one that was `woken`, or whose time is up.
    /// Their wakers are to be woken when the lock is free again.
    pub(crate) fn look(&mut self, number: usize, woken: Option<usize>, now: Instant) -> (Vec<Waker>, Vec<Errand>) {
        let Roster { slots, watches, .. } = self;
        let watch = &mut watches[number];
        watch.state = State::Awake;
        let (mut wakers, mut elsewhere) = (Vec::new(), Vec::new());
        for (place, word) in &watch.words {
            // SAFETY: a word in the list has a sleeper (R1), whose `keep` keeps it where it is (`enlist`).
            let low = low(unsafe { &*place.0 });
            let woken = woken == Some(place.address());
            for &key in &word.sleepers {
                let Slot::Asleep(sleep) = &slots[key] else { continue };
                let changed = sleep.beds.iter().any(|bed| bed.place == *place && bed.low != low);
                if !(woken || changed || sleep.early <= now) {
                    continue;
                }
                if let Slot::Asleep(sleep) = std::mem::replace(&mut slots[key], Slot::Free) {
                    wakers.push(sleep.waker);
                    if sleep.beds.len() > 1 {
                        elsewhere.push((key, sleep.beds.clone()));
                    }
                    slots[key] = Slot::Called(sleep.beds);
                }
            }
        }
        watch.words.retain(|_, word| {
            word.sleepers.retain(|key| matches!(slots[*key], Slot::Asleep(_)));
            !word.sleepers.is_empty()
        });
        let errands = elsewhere.iter().flat_map(|(key, beds)| self.take_out(*key, beds)).collect();
        (wakers, errands)
    }

    /// A watch falls asleep on these words, for so long; `None` when it has none.
    pub(crate) fn arm(
        &mut self,
        number: usize,
        now: Instant,
        mut add: impl FnMut(&AtomicU64, u32),
    ) -> Option<Duration> {
        let Roster { slots, watches, .. } = self;
        let watch = &mut watches[number];
        let mut until = now + LOOK;
        for (place, word) in &mut watch.words {
            word.armed = true;
            let mut seen = None;
            for key in &word.sleepers {
                if let Slot::Asleep(sleep) = &slots[*key] {
                    until = until.min(sleep.due);
                    seen = sleep.beds.iter().find(|bed| bed.place == *place).map(|bed| bed.low);
                }
            }
            // SAFETY: as in `look`.
            let atomic = unsafe { &*place.0 };
            // All who are left have seen the same, or the next look calls them.
            add(atomic, seen.unwrap_or_else(|| low(atomic)));
        }
        watch.state = State::Asleep;
        watch.until = until;
        (!watch.words.is_empty()).then(|| until.saturating_duration_since(now))
    }

    /// A watch's thread ends, if it has no words.
    pub(crate) fn retire(&mut self, number: usize) -> bool {
        let watch = &mut self.watches[number];
        if watch.words.is_empty() {
            watch.state = State::Away;
        }
        watch.state == State::Away
    }

    /// A watch's thread could not be started: all who rely on it are called, and find out for themselves.
    pub(crate) fn abandon(&mut self, number: usize) -> (Vec<Waker>, Vec<Errand>) {
        let until = self.watches[number].until;
        for key in self.watches[number].words.values().flat_map(|word| &word.sleepers) {
            if let Slot::Asleep(sleep) = &mut self.slots[*key] {
                sleep.early = sleep.early.min(until);
            }
        }
        let called = self.look(number, None, until);
        self.watches[number].state = State::Away;
        called
    }

    /// Those of some words for which nobody here sleeps.
    pub(crate) fn orphans(&self, number: usize, addresses: impl Iterator<Item = usize>) -> Vec<usize> {
        let words = &self.watches[number].words;
        addresses.filter(|address| !words.contains_key(&Place(std::ptr::without_provenance(*address)))).collect()
    }
}
