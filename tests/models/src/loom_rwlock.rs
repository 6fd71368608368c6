//! The lock for many readers or one writer: exclusion, turns, deaths.
//!
//! A sleep ends only by a wake, so a model that loses one is a deadlock, which loom reports. Where the rules promise
//! nothing but the look after 250 ms, the model says when these are over.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;
use loom::thread::JoinHandle;

use crate::explore::explore;
use crate::format::mutex::LOCK_IDLE_BIT;
use crate::mutex_kernel::{Lock, is_marked, owner};
use crate::points::dying_at;
use crate::rwlock_kernel::{Kernel, Look, Reader, Reading, Slots, Writer};
use crate::sync::{AtomicU64, Relaxed};
use crate::village::Village;
use crate::waiting::{Patience, Peers, Turn, block};

const A: u32 = 1;
const B: u32 = 2;
const C: u32 = 3;
const D: u32 = 4;
/// Never reserves.
const MEEK: u32 = u32::MAX;

struct Seats(Vec<AtomicU64>);

impl Slots for Seats {
    fn count(&self) -> u64 {
        self.0.len() as u64
    }

    fn slot(&self, index: u64) -> &AtomicU64 {
        &self.0[index as usize]
    }
}

struct Library {
    lock: AtomicU64,
    turn: AtomicU64,
    crowd: AtomicU64,
    seats: Seats,
    village: Village,
    /// What is read and written; loom notices when that is not excluded.
    book: UnsafeCell<u64>,
}

impl Library {
    fn new(seats: usize) -> Library {
        Library {
            lock: AtomicU64::new(0),
            turn: AtomicU64::new(0),
            crowd: AtomicU64::new(0),
            seats: Seats((0..seats).map(|_| AtomicU64::new(0)).collect()),
            village: Village::new(),
            book: UnsafeCell::new(0),
        }
    }

    fn kernel(&self) -> Kernel<'_, Seats, Village> {
        let lock = Lock { lock: &self.lock, turn: &self.turn, peers: &self.village, claim: LOCK_IDLE_BIT };
        Kernel { lock, crowd: &self.crowd, slots: &self.seats }
    }

    fn home(&self, me: u32) -> u64 {
        u64::from(me) % self.seats.count()
    }

    fn read_lock(&self, me: u32) -> Reading {
        let home = self.home(me);
        let look = self.kernel().read_fast(me, home);
        if let Look::Reads(reading) = look {
            return reading;
        }
        let mut reader = Reader::new(home, look == Look::Behind);
        let attempt = |patience: &mut Patience| self.kernel().read_attempt(me, &mut reader, patience);
        block(&self.village, None, attempt).unwrap().unwrap()
    }

    fn read_unlock(&self, me: u32, index: u64) {
        if !self.kernel().leave_read_fast(me, index) {
            self.kernel().leave_read(me, index);
        }
    }

    fn write_lock(&self, me: u32) -> bool {
        let mut writer = Writer::new(MEEK);
        let attempt = |patience: &mut Patience| self.kernel().write_attempt(me, &mut writer, patience);
        block(&self.village, None, attempt).unwrap().unwrap().marked
    }

    fn write_unlock(&self, me: u32, marked: bool) {
        if marked || !self.kernel().lock.leave_fast(me) {
            self.kernel().leave_write(me, marked);
        }
    }

    fn look(&self) -> u64 {
        // SAFETY: the lock keeps writers out, which loom checks.
        self.book.with(|book| unsafe { *book })
    }

    fn change(&self) {
        // SAFETY: the lock excludes others, which loom checks.
        self.book.with_mut(|book| unsafe { *book += 1 });
    }

    /// Reads; whether it was told of a death.
    fn read(&self, me: u32) -> bool {
        let reading = self.read_lock(me);
        self.look();
        self.read_unlock(me, reading.index);
        reading.marked
    }

    /// Writes, and leaves in order; whether it was told of a death.
    fn write(&self, me: u32) -> bool {
        let marked = self.write_lock(me);
        self.change();
        self.write_unlock(me, false);
        marked
    }

    /// Nobody holds anything, and nobody waits.
    fn check_empty(&self) {
        assert_eq!(owner(self.lock.load(Relaxed)), 0);
        for seat in &self.seats.0 {
            assert_eq!(seat.load(Relaxed), 0);
        }
    }
}

fn reads(library: &Arc<Library>, me: u32) -> JoinHandle<bool> {
    let library = Arc::clone(library);
    thread::spawn(move || library.read(me))
}

fn writes(library: &Arc<Library>, me: u32) -> JoinHandle<bool> {
    let library = Arc::clone(library);
    thread::spawn(move || library.write(me))
}

/// A process that does something, dies at a point of it, or at its end.
fn dies_at(library: &Arc<Library>, point: &'static str, act: fn(&Library)) -> JoinHandle<()> {
    let library = Arc::clone(library);
    thread::spawn(move || {
        dying_at(point, || act(&library));
        library.village.die(D);
        library.village.time_passes();
    })
}

#[test]
fn a_writer_excludes_a_reader() {
    explore("a_writer_excludes_a_reader", 3, || {
        let library = Arc::new(Library::new(1));
        let reader = reads(&library, A);
        assert!(!library.write(B));
        assert!(!reader.join().unwrap());
        library.check_empty();
    });
}

#[test]
fn a_writer_and_two_readers() {
    for seats in [1, 2] {
        explore("a_writer_and_two_readers", 1, move || {
            let library = Arc::new(Library::new(seats));
            let readers = [reads(&library, A), reads(&library, B)];
            assert!(!library.write(C));
            readers.into_iter().for_each(|reader| assert!(!reader.join().unwrap()));
            library.check_empty();
        });
    }
}

#[test]
fn two_writers_and_a_reader() {
    explore("two_writers_and_a_reader", 1, || {
        let library = Arc::new(Library::new(1));
        let (writer, reader) = (writes(&library, A), reads(&library, B));
        assert!(!library.write(C));
        assert!(!writer.join().unwrap() && !reader.join().unwrap());
        assert_eq!(library.look(), 2);
        library.check_empty();
    });
}

#[test]
fn a_reader_comes_back_while_a_writer_waits() {
    explore("a_reader_comes_back_while_a_writer_waits", 2, || {
        let library = Arc::new(Library::new(2));
        let writer = writes(&library, A);
        library.read(B);
        library.read(B);
        assert!(!writer.join().unwrap());
        library.check_empty();
    });
}

/// More readers than slots, and nobody writes.
#[test]
fn readers_wait_for_a_slot() {
    explore("readers_wait_for_a_slot", 1, || {
        let library = Arc::new(Library::new(1));
        let readers = [reads(&library, A), reads(&library, B)];
        assert!(!library.read(C));
        readers.into_iter().for_each(|reader| assert!(!reader.join().unwrap()));
        library.check_empty();
    });
}

/// The steps one by one: a writer that waits keeps new readers out, and they go before the next writer.
#[test]
fn readers_and_writers_take_turns() {
    explore("readers_and_writers_take_turns", 1, || {
        let library = Library::new(2);
        let kernel = library.kernel();
        let mut patience = Patience::new(Village::SPINS);
        let first = library.read_lock(A);
        let (mut writer, mut next) = (Writer::new(MEEK), Writer::new(MEEK));
        assert!(matches!(kernel.write_attempt(B, &mut writer, &mut patience), Ok(Turn::Wait(_))));
        // A writer waits: no new reader.
        assert_eq!(kernel.try_read(C, library.home(C)), Ok(None));
        let mut reader = Reader::new(0, false);
        assert!(matches!(kernel.read_attempt(C, &mut reader, &mut patience), Ok(Turn::Wait(_))));
        library.read_unlock(A, first.index);
        assert!(matches!(kernel.write_attempt(B, &mut writer, &mut patience), Ok(Turn::Done(_))));
        assert!(matches!(kernel.write_attempt(D, &mut next, &mut patience), Ok(Turn::Wait(_))));
        library.write_unlock(B, false);
        // The next writer gets the lock, and finds the reader that has waited before it, already reading.
        assert!(matches!(kernel.write_attempt(D, &mut next, &mut patience), Ok(Turn::Wait(_))));
        let Ok(Turn::Done(second)) = kernel.read_attempt(C, &mut reader, &mut patience) else {
            panic!("it was granted")
        };
        library.read_unlock(C, second.index);
        assert!(matches!(kernel.write_attempt(D, &mut next, &mut patience), Ok(Turn::Done(_))));
        library.write_unlock(D, false);
        library.check_empty();
    });
}

/// Two writers that never rest let a reader in between.
#[test]
fn a_reader_between_two_writers() {
    explore("a_reader_between_two_writers", 1, || {
        let library = Arc::new(Library::new(1));
        let reader = reads(&library, A);
        let other = Arc::clone(&library);
        let other = thread::spawn(move || (0..2).for_each(|_| assert!(!other.write(B))));
        assert!(!library.write(C));
        other.join().unwrap();
        assert!(!reader.join().unwrap());
        library.check_empty();
    });
}

/// A reader asks to be woken when the writer has already looked who asks: the writer sees it behind its leaving.
#[test]
fn a_reader_asks_while_a_writer_leaves() {
    explore("a_reader_asks_while_a_writer_leaves", 4, || {
        let library = Arc::new(Library::new(1));
        library.write_lock(C);
        let reader = reads(&library, A);
        library.change();
        library.kernel().leave_write(C, false);
        assert!(!reader.join().unwrap());
        library.check_empty();
    });
}

/// A reader gives up while a writer leaves: it has the lock, or nobody does.
#[test]
fn a_reader_gives_up() {
    explore("a_reader_gives_up", 3, || {
        let library = Arc::new(Library::new(1));
        library.write_lock(C);
        let leaving = Arc::clone(&library);
        let leaving = thread::spawn(move || {
            let kernel = leaving.kernel();
            let mut reader = Reader::new(0, false);
            let mut patience = Patience::new(Village::SPINS);
            let reading = match kernel.read_attempt(A, &mut reader, &mut patience).unwrap() {
                Turn::Done(reading) => Some(reading),
                Turn::Again | Turn::Wait(_) => kernel.withdraw_read(A, &mut reader),
            };
            if let Some(reading) = reading {
                leaving.look();
                leaving.read_unlock(A, reading.index);
            }
        });
        library.change();
        library.write_unlock(C, false);
        assert!(!library.write(C));
        leaving.join().unwrap();
        library.check_empty();
    });
}

/// A writer that waits for readers gives up: whoever waits for it goes on.
#[test]
fn a_writer_gives_up() {
    explore("a_writer_gives_up", 2, || {
        let library = Arc::new(Library::new(2));
        let held = library.read_lock(C);
        let leaving = Arc::clone(&library);
        let leaving = thread::spawn(move || {
            let kernel = leaving.kernel();
            let mut writer = Writer::new(MEEK);
            let mut patience = Patience::new(Village::SPINS);
            if let Turn::Done(_) = kernel.write_attempt(A, &mut writer, &mut patience).unwrap() {
                leaving.change();
                leaving.write_unlock(A, false);
            } else {
                kernel.withdraw_write(A, &mut writer);
            }
        });
        let reader = reads(&library, B);
        leaving.join().unwrap();
        assert!(!reader.join().unwrap());
        library.look();
        library.read_unlock(C, held.index);
        library.check_empty();
    });
}

/// Nobody writes between the writing and the reading of one who downgrades, and others read beside it.
#[test]
fn a_writer_becomes_a_reader() {
    explore("a_writer_becomes_a_reader", 1, || {
        let library = Arc::new(Library::new(1));
        let (reader, writer) = (reads(&library, A), writes(&library, B));
        library.write_lock(C);
        library.change();
        let seen = library.look();
        library.kernel().downgrade(C, false);
        assert_eq!(library.look(), seen);
        library.kernel().leave_write(C, false);
        assert!(!reader.join().unwrap() && !writer.join().unwrap());
        library.check_empty();
    });
}

/// While a writer that has become a reader reads, another reader comes in; it does not wait for the end of it.
#[test]
fn a_downgrade_lets_readers_in() {
    explore("a_downgrade_lets_readers_in", 3, || {
        let library = Arc::new(Library::new(1));
        library.write_lock(C);
        let reader = reads(&library, A);
        library.change();
        library.kernel().downgrade(C, false);
        assert!(!reader.join().unwrap());
        library.kernel().leave_write(C, false);
        library.check_empty();
    });
}

#[test]
fn a_reader_dies() {
    for point in ["rwlock.read.claimed", "rwlock.read.stepped_back", "rwlock.read.marked", "rwlock.slot.freed", "end"] {
        explore("a_reader_dies", 2, move || {
            let library = Arc::new(Library::new(1));
            let dying = dies_at(&library, point, |library| {
                let reading = library.read_lock(D);
                if library.look() == 0 {
                    library.read_unlock(D, reading.index);
                }
            });
            assert!(!library.write(A), "a reader spoils nothing");
            dying.join().unwrap();
            assert!(!library.read(B));
            assert!(!library.write(A));
            library.check_empty();
        });
    }
}

/// A slot of the dead is in the way of a reader, and nobody writes.
#[test]
fn a_dead_readers_slot_is_used_again() {
    explore("a_dead_readers_slot_is_used_again", 2, || {
        let library = Arc::new(Library::new(1));
        library.read_lock(D);
        library.village.die(D);
        let reader = reads(&library, A);
        assert!(!library.read(B));
        assert!(!reader.join().unwrap());
        library.check_empty();
    });
}

/// All are told of the death of a writer at work, until one has put things right.
#[test]
fn a_writer_dies_at_work() {
    explore("a_writer_dies_at_work", 1, || {
        let library = Arc::new(Library::new(1));
        library.write_lock(D);
        let dying = Arc::clone(&library);
        let dying = thread::spawn(move || {
            dying.village.die(D);
            dying.village.time_passes();
        });
        let reader = reads(&library, A);
        let told = library.write_lock(B);
        assert!(told);
        library.write_unlock(B, told);
        assert!(reader.join().unwrap(), "nobody has put things right");
        dying.join().unwrap();
        assert!(library.write(B));
        assert!(!library.write(B) && !library.read(A));
        library.check_empty();
    });
}

/// Readers alone find the writer dead.
#[test]
fn readers_find_the_writer_dead() {
    explore("readers_find_the_writer_dead", 1, || {
        let library = Arc::new(Library::new(2));
        library.write_lock(D);
        let dying = Arc::clone(&library);
        let dying = thread::spawn(move || {
            dying.village.die(D);
            dying.village.time_passes();
        });
        let reader = reads(&library, A);
        assert!(library.read(B));
        assert!(reader.join().unwrap());
        dying.join().unwrap();
        assert!(is_marked(library.lock.load(Relaxed)));
        library.check_empty();
    });
}

/// A writer that dies before it is at work, or after it, spoils nothing.
#[test]
fn a_writer_dies_outside_its_work() {
    for point in [
        "mutex.lock.taken",
        "rwlock.write.marked",
        "rwlock.write.drained",
        "rwlock.unlock.answered",
        "rwlock.unlock.granted",
        "rwlock.downgrade.shared",
        "mutex.unlock.left",
        "rwlock.unlock.left",
    ] {
        explore("a_writer_dies_outside_its_work", 2, move || {
            let library = Arc::new(Library::new(2));
            let reader = reads(&library, A);
            let downgrades = point == "rwlock.downgrade.shared";
            let act: fn(&Library) = if downgrades {
                |library| {
                    library.write_lock(D);
                    library.kernel().downgrade(D, false);
                    library.kernel().leave_write(D, false);
                }
            } else {
                |library| {
                    library.write(D);
                }
            };
            let dying = dies_at(&library, point, act);
            assert!(!reader.join().unwrap());
            dying.join().unwrap();
            assert!(!library.write(B), "{point}");
            assert!(!library.read(A), "{point}");
            library.check_empty();
        });
    }
}

/// A panic while writing: whoever is let in by the one who leaves is told.
#[test]
fn a_mark_is_there_before_readers_are() {
    explore("a_mark_is_there_before_readers_are", 3, || {
        let library = Arc::new(Library::new(1));
        library.write_lock(C);
        let reader = reads(&library, A);
        library.change();
        library.write_unlock(C, true);
        assert!(reader.join().unwrap());
        assert!(library.write(C) && !library.write(C));
    });
}
