//! Once, Lazy and Future: filled once, whoever dies, and seen whole.
//!
//! A sleep on a cell that nobody fills ends only by a wake, so a model that loses one is a deadlock, which loom reports.

use std::sync::Arc;
use std::time::Duration;

use loom::cell::UnsafeCell;
use loom::thread;

use crate::explore::explore;
use crate::once_kernel::{Claim, Corrupt, Ended, Entry, Kernel, Outcome};
use crate::points::dying_at;
use crate::sync::{AtomicU64, Relaxed};
use crate::village::Village;
use crate::waiting::{LOOK, Patience, Peers, Turn, block};

const A: u32 = 1;
const B: u32 = 2;
const C: u32 = 3;

/// The village, in which a nap is a sleep as long as nobody dies: a wake that is lost there is a deadlock too.
struct Town {
    village: Village,
    all_live: bool,
}

impl Peers for Town {
    const SPINS: u32 = 1;

    fn is_dead(&self, owner: u32) -> bool {
        self.village.is_dead(owner)
    }

    fn wait(&self, word: &AtomicU64, seen: u64, at_most: Duration) {
        self.village.wait(word, seen, if self.all_live { LOOK } else { at_most });
    }

    fn wake(&self, word: &AtomicU64, count: u32) {
        self.village.wake(word, count);
    }
}

struct Cell {
    state: AtomicU64,
    /// A value, or a text, and its complement: a copy of two is noticed.
    value: [loom::sync::atomic::AtomicU64; 2],
    /// Loom refuses a read of this that is not ordered behind the write.
    guard: UnsafeCell<u64>,
    town: Town,
}

impl Cell {
    /// A cell among those who live.
    fn new() -> Arc<Cell> {
        Cell::among(true)
    }

    /// A cell whose owner may die.
    fn among_mortals() -> Arc<Cell> {
        Cell::among(false)
    }

    fn among(all_live: bool) -> Arc<Cell> {
        let value = [0, !0].map(loom::sync::atomic::AtomicU64::new);
        Arc::new(Cell {
            state: AtomicU64::new(0),
            value,
            guard: UnsafeCell::new(0),
            town: Town { village: Village::new(), all_live },
        })
    }

    fn kernel(&self) -> Kernel<'_, Town> {
        Kernel { state: &self.state, peers: &self.town, writable: true }
    }

    fn enter(&self, me: u32) -> Entry {
        block(&self.town, None, |patience| self.kernel().enter(me, patience)).unwrap().unwrap()
    }

    fn settle(&self, through: bool) -> Outcome {
        block(&self.town, None, |patience| self.kernel().settle(through, patience)).unwrap().unwrap()
    }

    fn write(&self, value: u64) {
        self.value[0].store(value, Relaxed);
        self.value[1].store(!value, Relaxed);
    }

    /// Also tells loom that these are to be ordered; not for those who may die before they publish.
    fn write_guarded(&self, value: u64) {
        self.write(value);
        // SAFETY: loom lends an exclusive pointer, and fails the model if another access is not ordered before.
        self.guard.with_mut(|guard| unsafe { *guard = value });
    }

    fn read(&self) -> Option<u64> {
        let (value, complement) = (self.value[0].load(Relaxed), self.value[1].load(Relaxed));
        (value == !complement).then_some(value)
    }

    fn read_guarded(&self) -> u64 {
        // SAFETY: loom lends a shared pointer, and fails the model if a write is not ordered before.
        let value = self.guard.with(|guard| unsafe { *guard });
        assert_eq!(self.read(), Some(value), "a value is there that nobody has finished");
        value
    }

    /// As `Lazy::force`: the value, and what this one was told if he has computed it.
    fn force(&self, me: u32) -> (u64, Option<Ended>) {
        if self.kernel().is_done() {
            return (self.read().unwrap(), None);
        }
        match self.enter(me) {
            Entry::Mine(claim) => {
                self.write(u64::from(me));
                assert!(self.kernel().fill(claim, false));
                (u64::from(me), Some(claim.previous))
            }
            Entry::Done => (self.read().expect("the value is whole"), None),
            Entry::Failed(_) => unreachable!("nobody fails"),
        }
    }

    fn claimed(&self, me: u32) -> Claim {
        match self.enter(me) {
            Entry::Mine(claim) => claim,
            other => panic!("{other:?}"),
        }
    }
}

fn spawn<R: 'static>(cell: &Arc<Cell>, run: impl FnOnce(&Cell) -> R + 'static) -> thread::JoinHandle<R> {
    let cell = Arc::clone(cell);
    thread::spawn(move || run(&cell))
}

#[test]
fn of_two_that_force_one_computes() {
    explore("of_two_that_force_one_computes", 3, || {
        let cell = Cell::new();
        let force = |me: u32| {
            move |cell: &Cell| match cell.enter(me) {
                Entry::Mine(claim) => {
                    cell.write_guarded(u64::from(me));
                    assert!(cell.kernel().fill(claim, false));
                    (u64::from(me), true)
                }
                _ => (cell.read_guarded(), false),
            }
        };
        let other = spawn(&cell, force(B));
        let (mine, others) = (force(A)(&cell), other.join().unwrap());
        assert_eq!(mine.0, others.0);
        assert!(mine.1 != others.1, "one computes");
        assert!(cell.kernel().is_done());
    });
}

#[test]
fn who_sees_that_it_is_done_sees_the_value() {
    explore("who_sees_that_it_is_done_sees_the_value", 3, || {
        let cell = Cell::new();
        let other = spawn(&cell, |cell| {
            let claim = cell.claimed(B);
            cell.write_guarded(2);
            assert!(cell.kernel().fill(claim, false));
        });
        if cell.kernel().is_done() {
            assert_eq!(cell.read_guarded(), 2);
        }
        other.join().unwrap();
    });
}

/// Dies at a place between its claim and its end.
fn dies_at(cell: &Cell, place: &'static str) {
    dying_at(place, || {
        if let Entry::Mine(claim) = cell.enter(C) {
            cell.write(3);
            crate::points::reached("written");
            cell.kernel().fill(claim, false);
        }
    });
    cell.town.village.die(C);
}

const PLACES: [&str; 3] = ["once.claim.claimed", "written", "once.leave.left"];

#[test]
fn who_waits_for_one_that_dies_takes_over() {
    for place in PLACES {
        explore(&format!("who_waits_for_one_that_dies_takes_over: {place}"), 2, move || {
            let cell = Cell::among_mortals();
            let dying = spawn(&cell, move |cell| dies_at(cell, place));
            match cell.force(A) {
                (1, Some(Ended::Nobody)) => {}
                (1, Some(Ended::Died)) => assert_ne!(place, "once.leave.left"),
                other => assert!(other == (3, None) && place == "once.leave.left", "{other:?}"),
            }
            dying.join().unwrap();
        });
    }
}

#[test]
fn of_two_that_find_a_dead_owner_one_takes_over() {
    explore("of_two_that_find_a_dead_owner_one_takes_over", 3, || {
        let cell = Cell::among_mortals();
        dies_at(&cell, "written");
        let other = spawn(&cell, |cell| cell.force(B));
        let mine = cell.force(A);
        let others = other.join().unwrap();
        assert_eq!(mine.0, others.0);
        let told: Vec<Ended> = [mine.1, others.1].into_iter().flatten().collect();
        assert_eq!(told, [Ended::Died]);
    });
}

#[test]
fn the_successor_of_a_dead_owner_is_told_and_its_own_may_die_too() {
    explore("the_successor_of_a_dead_owner_is_told_and_its_own_may_die_too", 2, || {
        let cell = Cell::among_mortals();
        cell.claimed(C);
        cell.town.village.die(C);
        let dying = spawn(&cell, |cell| {
            dying_at("once.claim.claimed", || {
                if let Entry::Mine(claim) = cell.enter(B) {
                    unreachable!("{claim:?}");
                }
            });
            cell.town.village.die(B);
        });
        let (value, told) = cell.force(A);
        dying.join().unwrap();
        assert_eq!((value, told), (1, Some(Ended::Died)));
    });
}

/// A closure panics, and one who waits for it takes over without anybody's help.
#[test]
fn who_waits_for_one_that_panics_takes_over() {
    explore("who_waits_for_one_that_panics_takes_over", 3, || {
        let cell = Cell::new();
        let claim = cell.claimed(B);
        let panicking = spawn(&cell, move |cell| assert!(cell.kernel().give_up(claim, Ended::Panicked)));
        assert_eq!(cell.force(A), (1, Some(Ended::Panicked)));
        panicking.join().unwrap();
    });
}

/// Sleeps while nobody fills the cell; the bit goes through the claim.
#[test]
fn who_only_waits_is_woken_at_the_end() {
    explore("who_only_waits_is_woken_at_the_end", 3, || {
        let cell = Cell::new();
        let waiter = spawn(&cell, |cell| {
            assert_eq!(cell.settle(true), Outcome::Done);
            cell.read_guarded()
        });
        let claim = cell.claimed(A);
        cell.write_guarded(1);
        assert!(cell.kernel().fill(claim, false));
        assert_eq!(waiter.join().unwrap(), 1);
    });
}

#[test]
fn two_that_only_wait_outlast_one_that_panics() {
    explore("two_that_only_wait_outlast_one_that_panics", 1, || {
        let cell = Cell::new();
        let waiters = [spawn(&cell, |cell| cell.settle(true)), spawn(&cell, |cell| cell.settle(true))];
        let claim = cell.claimed(A);
        assert!(cell.kernel().give_up(claim, Ended::Panicked));
        let claim = cell.claimed(A);
        assert_eq!(claim.previous, Ended::Panicked);
        assert!(cell.kernel().fill(claim, false));
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), Outcome::Done);
        }
    });
}

#[test]
fn who_waits_outlasts_a_dead_owner_and_a_dead_waker() {
    explore("who_waits_outlasts_a_dead_owner_and_a_dead_waker", 2, || {
        let cell = Cell::among_mortals();
        let waiter = spawn(&cell, |cell| cell.settle(true));
        let dying = spawn(&cell, |cell| {
            cell.claimed(B);
            cell.town.village.die(B);
        });
        dying.join().unwrap();
        let dying = spawn(&cell, |cell| {
            let claim = cell.claimed(C);
            dying_at("once.leave.left", || cell.kernel().fill(claim, false));
            cell.town.village.die(C);
        });
        dying.join().unwrap();
        // Nobody wakes; only the next look is left.
        cell.town.village.time_passes();
        assert_eq!(waiter.join().unwrap(), Outcome::Done);
    });
}

#[test]
fn of_two_that_set_a_future_one_does() {
    explore("of_two_that_set_a_future_one_does", 3, || {
        let cell = Cell::new();
        let set = |me: u32| {
            move |cell: &Cell| match cell.kernel().try_enter(me).unwrap() {
                Ok(claim) => {
                    cell.write_guarded(u64::from(me));
                    assert!(cell.kernel().fill(claim, false));
                    true
                }
                Err(_) => false,
            }
        };
        let other = spawn(&cell, set(B));
        let getter = spawn(&cell, |cell| {
            assert_eq!(cell.settle(false), Outcome::Done);
            cell.read_guarded()
        });
        let (mine, others) = (set(A)(&cell), other.join().unwrap());
        assert!(mine != others, "one sets it");
        assert_eq!(getter.join().unwrap(), if mine { 1 } else { 2 });
    });
}

/// Two wait for a promise that is broken, and both are told: by the one who drops it, or by the kernel.
#[test]
fn a_broken_promise_is_told_to_all() {
    for dies in [false, true] {
        explore(&format!("a_broken_promise_is_told_to_all: {dies}"), 2, move || {
            let cell = Cell::among(!dies);
            let claim = cell.claimed(C);
            if dies {
                cell.town.village.die(C);
            }
            let waiters = [spawn(&cell, |cell| cell.settle(false)), spawn(&cell, |cell| cell.settle(false))];
            if !dies {
                assert!(cell.kernel().give_up(claim, Ended::GaveUp));
            }
            for waiter in waiters {
                let ended = if dies { Ended::Died } else { Ended::GaveUp };
                assert_eq!(waiter.join().unwrap(), Outcome::Abandoned(ended));
            }
        });
    }
}

/// One waits for a promise that is broken while another makes it anew: he is told, or gets the result.
#[test]
fn a_promise_is_made_anew() {
    explore("a_promise_is_made_anew", 3, || {
        let cell = Cell::among_mortals();
        cell.claimed(C);
        cell.town.village.die(C);
        let waiter = spawn(&cell, |cell| match cell.settle(false) {
            Outcome::Done => assert_eq!(cell.read_guarded(), 1),
            outcome => assert_eq!(outcome, Outcome::Abandoned(Ended::Died)),
        });
        let claim = cell.kernel().try_enter(A).unwrap().unwrap();
        assert_eq!(claim.previous, Ended::Died);
        cell.write_guarded(1);
        assert!(cell.kernel().fill(claim, false));
        waiter.join().unwrap();
    });
}

/// An error is read while it is reset and another one is written.
#[test]
fn a_text_of_two_errors_is_never_told() {
    explore("a_text_of_two_errors_is_never_told", 3, || {
        let cell = Cell::new();
        let claim = cell.claimed(A);
        cell.write(1);
        assert!(cell.kernel().fill(claim, true));
        let other = spawn(&cell, |cell| {
            assert!(cell.kernel().reset().unwrap());
            let Ok(claim) = cell.kernel().try_enter(B).unwrap() else { panic!("nobody else fills it") };
            cell.write(2);
            assert!(cell.kernel().fill(claim, true));
        });
        let mut patience = Patience::new(1);
        if let Ok::<_, Corrupt>(Turn::Done(Outcome::Failed(word))) = cell.kernel().settle(false, &mut patience) {
            let text = cell.read();
            if cell.kernel().still(word) {
                assert!(matches!(text, Some(1 | 2)), "{text:?}");
            }
        }
        other.join().unwrap();
    });
}

/// Two forget the same error; it is filled anew in between.
#[test]
fn an_error_is_reset_once() {
    explore("an_error_is_reset_once", 3, || {
        let cell = Cell::new();
        let claim = cell.claimed(A);
        assert!(cell.kernel().fill(claim, true));
        let other = spawn(&cell, |cell| cell.kernel().reset().unwrap());
        let mine = cell.kernel().reset().unwrap();
        let others = other.join().unwrap();
        assert!(mine != others);
    });
}
