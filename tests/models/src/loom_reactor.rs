//! The reactor: futures that wait by one thread, which sleeps on several words.
//!
//! The roster is the file that ships. This file repeats what `reactor.rs` does around it with loom's lock, and a village in
//! the place of the system: what is woken there stays asleep otherwise, so a lost wake is a deadlock.

use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::Instant;

use loom::sync::{Condvar, Mutex};
use loom::thread;
use loom::thread::JoinHandle;

use crate::explore::explore;
use crate::roster::{Errand, Left, Roster};
use crate::sync::{AtomicU64, Relaxed};
use crate::village::Village;
use crate::waiting::{Nap, Peers};

/// A task of an executor.
struct Task {
    woken: Mutex<bool>,
    rang: Condvar,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        *self.woken.lock().unwrap() = true;
        self.rang.notify_all();
    }
}

impl Task {
    fn new() -> Arc<Task> {
        Arc::new(Task { woken: Mutex::new(false), rang: Condvar::new() })
    }

    fn sleep(&self) {
        let mut woken = self.woken.lock().unwrap();
        while !*woken {
            woken = self.rang.wait(woken).unwrap();
        }
        *woken = false;
    }
}

/// A count that tasks and threads take from, one watch, and its bell.
struct Place {
    village: Village,
    words: Vec<AtomicU64>,
    bell: AtomicU64,
    roster: Mutex<Roster<()>>,
    over: Mutex<bool>,
    /// All looks come at the same time, so that none is due.
    now: Instant,
}

impl Place {
    fn new(words: usize) -> Arc<Place> {
        Arc::new(Place {
            village: Village::new(),
            words: (0..words).map(|_| AtomicU64::new(0)).collect(),
            bell: AtomicU64::new(0),
            roster: Mutex::new(Roster::new(4)),
            over: Mutex::new(false),
            now: Instant::now(),
        })
    }

    /// Takes one from the count, if there is any.
    fn take(&self, word: usize) -> bool {
        self.words[word].compare_exchange(1, 0, Relaxed, Relaxed).is_ok()
    }

    /// Adds one, and wakes one who waits for it.
    fn give(&self, word: usize) {
        self.words[word].fetch_add(1, Relaxed);
        self.village.wake(&self.words[word], 1);
    }

    fn run(&self, errands: Vec<Errand>) {
        for errand in errands {
            // The watch of a model runs from the beginning.
            if let Errand::Stir(_) = errand {
                self.ring();
            }
        }
    }

    fn ring(&self) {
        self.bell.fetch_add(1, Relaxed);
        self.village.wake(&self.bell, 1);
    }

    /// A task that waits until the first count is above a number.
    fn task_until_above(&self, number: u64) {
        let task = Task::new();
        loop {
            let seen = self.words[0].load(Relaxed);
            if seen > number {
                return;
            }
            if let Some(key) = self.enlist_on(&[0], seen, &task) {
                task.sleep();
                self.leave(key, false);
            }
        }
    }

    fn enlist(&self, words: &[usize], task: &Arc<Task>) -> Option<usize> {
        self.enlist_on(words, 0, task)
    }

    /// As `Ticket::new`.
    fn enlist_on(&self, words: &[usize], seen: u64, task: &Arc<Task>) -> Option<usize> {
        let naps: Vec<_> = words.iter().map(|word| Nap::until_changed(&self.words[*word], seen)).collect();
        let waker = Waker::from(Arc::clone(task));
        // SAFETY: the words live as long as the model.
        let enlisted = unsafe { self.roster.lock().unwrap().enlist(&naps, (), waker, self.now) };
        let (key, errands) = enlisted?;
        self.run(errands);
        Some(key)
    }

    /// As the drop of a `Ticket`.
    fn leave(&self, key: usize, owes: bool) {
        let left = self.roster.lock().unwrap().leave(key);
        match left {
            Left::Asleep(_, errands) => self.run(errands),
            Left::Called(places) if owes => {
                for place in places {
                    let word = self.words.iter().find(|word| std::ptr::from_ref(*word).addr() == place.address());
                    self.village.wake(word.unwrap(), 1);
                }
            }
            Left::Called(_) => {}
        }
    }

    /// A task that takes one from any of these, waiting for it.
    fn task(&self, words: &[usize]) -> usize {
        let task = Task::new();
        loop {
            if let Some(word) = words.iter().find(|word| self.take(**word)) {
                return *word;
            }
            if let Some(key) = self.enlist(words, &task) {
                task.sleep();
                self.leave(key, false);
            }
        }
    }

    /// A thread that takes one, waiting for it.
    fn thread(&self, word: usize) {
        while !self.take(word) {
            self.village.wait_on(&[(&self.words[word], 0)]);
        }
    }

    /// As `Reactor::watch`.
    fn watch(&self) {
        let mut vigil: Vec<(&AtomicU64, u32)> = Vec::new();
        let mut woken: Option<usize> = None;
        loop {
            let rung = self.bell.load(Relaxed) as u32;
            if *self.over.lock().unwrap() {
                return;
            }
            let mut roster = self.roster.lock().unwrap();
            let mut orphans = Vec::new();
            let address = |word: &AtomicU64| std::ptr::from_ref(word).addr();
            if woken.is_some() {
                orphans = roster.orphans(0, vigil.iter().skip(1).map(|(word, _)| address(word)));
            }
            let (wakers, errands) = roster.look(0, woken.map(|place| address(vigil[place].0)), self.now);
            vigil = vec![(&self.bell, rung)];
            roster.arm(0, self.now, |word, low| {
                let word = self.words.iter().find(|other| std::ptr::eq(*other, word)).unwrap();
                vigil.push((word, low));
            });
            drop(roster);
            for orphan in orphans {
                let word = self.words.iter().find(|word| address(word) == orphan).unwrap();
                self.village.wake(word, 1);
            }
            wakers.into_iter().for_each(Waker::wake);
            self.run(errands);
            woken = self.village.wait_on(&vigil);
        }
    }

    fn end(&self, watch: JoinHandle<()>) {
        *self.over.lock().unwrap() = true;
        self.ring();
        watch.join().unwrap();
    }
}

/// Starts the watch, which has no words yet.
fn watched(place: &Arc<Place>) -> JoinHandle<()> {
    // The first sleep makes the watch, and it is started by that; here it runs before.
    let task = Task::new();
    let key = place.enlist(&[0], &task).unwrap();
    place.leave(key, true);
    let watch = Arc::clone(place);
    thread::spawn(move || watch.watch())
}

fn spawn<R: 'static>(place: &Arc<Place>, run: impl FnOnce(&Place) -> R + 'static) -> JoinHandle<R> {
    let place = Arc::clone(place);
    thread::spawn(move || run(&place))
}

#[test]
fn a_task_waits_until_its_word_changes() {
    explore("a_task_waits_until_its_word_changes", 2, || {
        let place = Place::new(1);
        let watch = watched(&place);
        let giver = spawn(&place, |place| place.give(0));
        place.task(&[0]);
        giver.join().unwrap();
        place.end(watch);
    });
}

#[test]
fn a_task_waits_on_two_words() {
    explore("a_task_waits_on_two_words", 2, || {
        let place = Place::new(2);
        let watch = watched(&place);
        let giver = spawn(&place, |place| place.give(1));
        assert_eq!(place.task(&[0, 1]), 1);
        giver.join().unwrap();
        place.end(watch);
    });
}

/// Both words change: the task is called once, and what it does not take is there for others.
#[test]
fn two_tasks_and_two_words() {
    explore("two_tasks_and_two_words", 1, || {
        let place = Place::new(2);
        let watch = watched(&place);
        let other = spawn(&place, |place| place.task(&[0, 1]));
        let giver = spawn(&place, |place| [0, 1].into_iter().for_each(|word| place.give(word)));
        let mine = place.task(&[0, 1]);
        assert_eq!(mine + other.join().unwrap(), 1);
        giver.join().unwrap();
        place.end(watch);
    });
}

/// One waits for the second change, and so the word is slept on when the other comes that has not seen the first.
#[test]
fn what_has_changed_is_not_slept_on() {
    explore("what_has_changed_is_not_slept_on", 1, || {
        let place = Place::new(1);
        let watch = watched(&place);
        let second = spawn(&place, |place| place.task_until_above(1));
        let first = spawn(&place, |place| place.task_until_above(0));
        place.give(0);
        first.join().unwrap();
        place.give(0);
        second.join().unwrap();
        place.end(watch);
    });
}

/// Who wakes one wakes the watch, whose task is gone or goes: the thread behind it is woken all the same.
#[test]
fn a_dropped_future_passes_the_wake_on() {
    explore("a_dropped_future_passes_the_wake_on", 2, || {
        let place = Place::new(1);
        let watch = watched(&place);
        let task = Task::new();
        let key = place.enlist(&[0], &task);
        let thread = spawn(&place, |place| place.thread(0));
        let dropper = spawn(&place, move |place| {
            if let Some(key) = key {
                place.leave(key, true);
            }
        });
        place.give(0);
        thread.join().unwrap();
        dropper.join().unwrap();
        place.end(watch);
    });
}
