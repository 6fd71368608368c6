//! The system as a model has it: futexes on any words, the dead, and time.
//!
//! A lost wake-up is a deadlock, which fails the model: sleeps of the longest kind never end by themselves, unless the
//! model lets [time pass](Village::time_passes). Naps, which are shorter, end before anything else happens, or after it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use loom::sync::atomic::AtomicBool;
use loom::sync::{Condvar, Mutex};

use crate::sync::{Acquire, AtomicU64, Relaxed, Release};
use crate::waiting::{LOOK, Nap, Peers};

const PROCESSES: usize = 8;

/// Those who use a structure, and where they sleep.
pub(crate) struct Village {
    dead: [AtomicBool; PROCESSES],
    /// The lock that the system takes for a futex.
    bed: Mutex<Bed>,
    /// Somebody fell asleep, or was woken.
    stirred: Condvar,
}

#[derive(Default)]
struct Bed {
    /// Who sleeps on a word, by its address, the longest first.
    asleep: HashMap<usize, VecDeque<u64>>,
    /// Who was woken and has not noticed, and on which words.
    awake: HashMap<u64, HashSet<usize>>,
    /// How many times somebody fell asleep.
    sleeps: u64,
    /// How many of them were woken.
    woken: u64,
    /// The longest sleeps of all who sleep or will sleep are over.
    over: bool,
}

fn address(word: &AtomicU64) -> usize {
    std::ptr::from_ref(word).addr()
}

impl Village {
    pub(crate) fn new() -> Village {
        Village { dead: Default::default(), bed: Mutex::new(Bed::default()), stirred: Condvar::new() }
    }

    /// The last act of a process.
    pub(crate) fn die(&self, id: u32) {
        self.dead[id as usize].store(true, Release);
    }

    /// 250 ms pass for everybody who sleeps or will sleep.
    pub(crate) fn time_passes(&self) {
        self.bed.lock().unwrap().over = true;
        self.stirred.notify_all();
    }

    /// Waits until somebody has fallen asleep so many times.
    pub(crate) fn until_asleep(&self, times: u64) {
        let mut bed = self.bed.lock().unwrap();
        while bed.sleeps < times {
            bed = self.stirred.wait(bed).unwrap();
        }
    }

    /// Sleeps while the low half of each word is what stands beside it, until woken: on which of them, the last if it was on
    /// several. `None` when one was another.
    pub(crate) fn wait_on(&self, words: &[(&AtomicU64, u32)]) -> Option<usize> {
        let mut bed = self.bed.lock().unwrap();
        if words.iter().any(|(word, low)| word.load(Relaxed) as u32 != *low) {
            return None;
        }
        let sleeper = bed.sleeps;
        bed.sleeps += 1;
        for (word, _) in words {
            bed.asleep.entry(address(word)).or_default().push_back(sleeper);
        }
        self.stirred.notify_all();
        let woken = loop {
            match bed.awake.remove(&sleeper) {
                Some(woken) => break woken,
                None => bed = self.stirred.wait(bed).unwrap(),
            }
        };
        bed.asleep.values_mut().for_each(|asleep| asleep.retain(|other| *other != sleeper));
        words.iter().rposition(|(word, _)| woken.contains(&address(word)))
    }

    /// How many sleepers were woken by somebody.
    pub(crate) fn woken(&self) -> u64 {
        self.bed.lock().unwrap().woken
    }
}

impl Peers for Village {
    const SPINS: u32 = 1;

    fn is_dead(&self, owner: u32) -> bool {
        owner == 0 || self.dead[owner as usize].load(Acquire)
    }

    fn wait(&self, word: &AtomicU64, seen: u64, at_most: Duration) {
        if at_most < LOOK {
            loom::thread::yield_now();
            return;
        }
        let mut bed = self.bed.lock().unwrap();
        // The system compares and falls asleep in one step.
        if word.load(Relaxed) as u32 != seen as u32 {
            return;
        }
        let sleeper = bed.sleeps;
        bed.sleeps += 1;
        bed.asleep.entry(address(word)).or_default().push_back(sleeper);
        self.stirred.notify_all();
        // A sleep longer than a look outlasts the model.
        while bed.awake.remove(&sleeper).is_none() && !(bed.over && at_most == LOOK) {
            bed = self.stirred.wait(bed).unwrap();
        }
        if let Some(asleep) = bed.asleep.get_mut(&address(word)) {
            asleep.retain(|other| *other != sleeper);
        }
        let over = bed.over;
        drop(bed);
        if over {
            // Whoever looks again and again lets the others go on between two looks.
            loom::thread::yield_now();
        }
    }

    fn wait_any(&self, naps: &[Nap<'_>]) {
        let Some(at_most) = naps.iter().map(|nap| nap.at_most).min() else { return };
        if at_most < LOOK {
            loom::thread::yield_now();
            return;
        }
        let mut bed = self.bed.lock().unwrap();
        // The system compares each word when it has put the sleeper into its list.
        if naps.iter().any(|nap| nap.word.load(Relaxed) as u32 != nap.seen as u32) {
            return;
        }
        let sleeper = bed.sleeps;
        bed.sleeps += 1;
        for nap in naps {
            bed.asleep.entry(address(nap.word)).or_default().push_back(sleeper);
        }
        self.stirred.notify_all();
        while bed.awake.remove(&sleeper).is_none() && !bed.over {
            bed = self.stirred.wait(bed).unwrap();
        }
        for nap in naps {
            if let Some(asleep) = bed.asleep.get_mut(&address(nap.word)) {
                asleep.retain(|other| *other != sleeper);
            }
        }
    }

    fn wake(&self, word: &AtomicU64, count: u32) {
        let mut bed = self.bed.lock().unwrap();
        for _ in 0..count {
            let Some(sleeper) = bed.asleep.get_mut(&address(word)).and_then(VecDeque::pop_front) else { break };
            bed.awake.entry(sleeper).or_default().insert(address(word));
            bed.woken += 1;
        }
        self.stirred.notify_all();
    }
}
