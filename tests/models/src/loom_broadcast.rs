//! Broadcasts and streams: what a reader gets is whole, in order and complete, or it is told; whoever dies blocks nobody;
//! whoever sleeps is woken.
//!
//! The loops around the kernel are those of `broadcast_sides.rs`, repeated.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;
use loom::thread::JoinHandle;

use crate::broadcast_kernel::{
    FREE, Grant, Kernel, Look, NOWHERE, Outcome, Pause, Refused, Start, VACANT, Words, empty,
};
use crate::explore::explore;
use crate::points::{dying_at, point};
use crate::sync::{AtomicU64, Relaxed};
use crate::village::Village;
use crate::waiting::{Patience, Peers, Turn, block};

/// The producer, and the one that comes after it.
const P: u32 = 1;
const Q: u32 = 2;
/// Readers.
const R: u32 = 3;
const S: u32 = 4;

struct Cell {
    state: AtomicU64,
    /// A value and its complement: a copy from two values is noticed.
    value: [AtomicU64; 2],
    /// Loom refuses two accesses to this that are not ordered.
    guard: UnsafeCell<()>,
}

struct World {
    /// The producer waits for readers.
    waits: bool,
    /// The producer's end is the end.
    ends: bool,
    role: AtomicU64,
    high: AtomicU64,
    head: AtomicU64,
    limit: AtomicU64,
    slots: Vec<[AtomicU64; 2]>,
    cells: Vec<Cell>,
    village: Village,
}

impl Words for World {
    fn mask(&self) -> u64 {
        self.cells.len() as u64 - 1
    }
    fn slots(&self) -> u64 {
        self.slots.len() as u64
    }
    fn role(&self) -> &AtomicU64 {
        &self.role
    }
    fn high(&self) -> &AtomicU64 {
        &self.high
    }
    fn head(&self) -> &AtomicU64 {
        &self.head
    }
    fn limit(&self) -> &AtomicU64 {
        &self.limit
    }
    fn owner(&self, slot: u64) -> &AtomicU64 {
        &self.slots[slot as usize][0]
    }
    fn cursor(&self, slot: u64) -> &AtomicU64 {
        &self.slots[slot as usize][1]
    }
    fn state(&self, index: u64) -> &AtomicU64 {
        &self.cells[index as usize].state
    }
}

/// The value of a position, and who published it.
fn value(position: u64, by: u32) -> u64 {
    position * 10 + u64::from(by)
}

impl World {
    fn new(capacity: u64, slots: u64, waits: bool, ends: bool) -> World {
        let cell = |index| Cell {
            state: AtomicU64::new(empty(index)),
            value: [AtomicU64::new(0), AtomicU64::new(0)],
            guard: UnsafeCell::new(()),
        };
        World {
            waits,
            ends,
            role: AtomicU64::new(VACANT),
            high: AtomicU64::new(0),
            head: AtomicU64::new(0),
            limit: AtomicU64::new(0),
            slots: (0..slots).map(|_| [AtomicU64::new(FREE), AtomicU64::new(NOWHERE)]).collect(),
            cells: (0..capacity).map(cell).collect(),
            village: Village::new(),
        }
    }

    fn waiting(capacity: u64, slots: u64) -> Arc<World> {
        Arc::new(World::new(capacity, slots, true, false))
    }

    fn overwriting(capacity: u64) -> Arc<World> {
        Arc::new(World::new(capacity, 1, false, false))
    }

    fn stream(capacity: u64, slots: u64) -> Arc<World> {
        Arc::new(World::new(capacity, slots, true, true))
    }

    fn kernel(&self) -> Kernel<'_, World, Village> {
        Kernel { words: self, peers: &self.village }
    }

    fn producer(self: &Arc<World>, me: u32) -> Result<Producer, Refused> {
        let kernel = self.kernel();
        let held = kernel.take_role(me, self.ends)?;
        let next = kernel.published();
        if kernel.announce(next) {
            kernel.wake_readers();
        }
        Ok(Producer { world: Arc::clone(self), me, held, next, limit: if self.waits { next } else { u64::MAX } })
    }

    fn join(self: &Arc<World>, me: u32, start: Start) -> Reader {
        let (slot, word) = self.kernel().take_slot(me).expect("there is a slot");
        let position = self.kernel().place(slot, start, self.waits).expect("the limit is sound");
        Reader { world: Arc::clone(self), slot, word, position, lost: 0 }
    }
}

struct Producer {
    world: Arc<World>,
    me: u32,
    held: u64,
    next: u64,
    limit: u64,
}

impl Producer {
    /// Publishes so many elements, with one announcement.
    fn put(&mut self, count: u64) {
        let kernel = self.world.kernel();
        for _ in 0..count {
            let cell = &self.world.cells[(self.next & self.world.mask()) as usize];
            kernel.begin(self.next);
            point!("put.begun");
            let value = value(self.next, self.me);
            if self.world.waits {
                cell.guard.with_mut(|_| ());
            }
            cell.value[0].store(value, Relaxed);
            point!("put.half");
            cell.value[1].store(!value, Relaxed);
            kernel.commit(self.next);
            point!("put.committed");
            self.next += 1;
        }
        if kernel.announce(self.next) {
            point!("put.announced");
            kernel.wake_readers();
        }
    }

    fn try_publish(&mut self) -> bool {
        while self.next >= self.limit {
            match self.world.kernel().grant(self.next) {
                Grant::Until(limit) => self.limit = limit,
                Grant::Blocked { slot, .. } if self.world.kernel().evict_if_dead(slot, self.me) => {}
                Grant::Blocked { .. } => return false,
            }
        }
        self.put(1);
        true
    }

    fn publish(&mut self) {
        if self.next >= self.limit {
            let kernel = self.world.kernel();
            let attempt = |patience: &mut Patience| {
                Ok::<_, ()>(match kernel.grant(self.next) {
                    Grant::Until(limit) => Turn::Done(limit),
                    Grant::Blocked { slot, word } => match kernel.wait_for_reader(slot, word, self.me, patience) {
                        Some(nap) => Turn::Wait(nap),
                        None => Turn::Again,
                    },
                })
            };
            self.limit = block(&self.world.village, None, attempt).unwrap().unwrap();
        }
        self.put(1);
    }
}

struct Reader {
    world: Arc<World>,
    slot: u64,
    word: u64,
    position: u64,
    lost: u64,
}

impl Reader {
    /// Copies the next element out.
    fn fetch(&mut self) -> Result<u64, u64> {
        loop {
            let kernel = self.world.kernel();
            match kernel.look(self.position) {
                Look::Here => {
                    let cell = &self.world.cells[(self.position & self.world.mask()) as usize];
                    if self.world.waits {
                        cell.guard.with(|_| ());
                    }
                    let copy = [cell.value[0].load(Relaxed), cell.value[1].load(Relaxed)];
                    point!("read.copied");
                    if kernel.unchanged(self.position) {
                        assert_eq!(copy[0], !copy[1], "a torn copy of {}", self.position);
                        assert_eq!(copy[0] / 10, self.position, "the value of another position");
                        return Ok(copy[0]);
                    }
                    assert!(!self.world.waits, "overwritten under a reader that is waited for");
                }
                Look::NotYet(state) => return Err(state),
                Look::Lapped(found) => {
                    assert!(!self.world.waits, "a reader that is waited for was lapped");
                    let oldest = kernel.oldest(found);
                    self.lost += oldest - self.position;
                    self.position = oldest;
                }
                Look::Corrupt => panic!("corrupt"),
            }
        }
    }

    fn moved(&mut self) {
        self.position += 1;
        if self.world.waits {
            self.world.kernel().advance(self.slot, self.position);
        } else {
            self.world.kernel().show(self.slot, self.position);
        }
    }

    fn try_recv(&mut self) -> Option<u64> {
        let value = self.fetch().ok()?;
        self.moved();
        Some(value)
    }

    /// `None` at the end.
    fn recv(&mut self) -> Option<u64> {
        let world = Arc::clone(&self.world);
        let kernel = world.kernel();
        let attempt = |patience: &mut Patience| {
            let state = match self.fetch() {
                Ok(value) => return Ok::<_, ()>(Turn::Done(Some(value))),
                Err(state) => state,
            };
            match kernel.wait_for_element(self.position, state, true, world.ends, patience) {
                Pause::Again => Ok(Turn::Again),
                Pause::Sleep(nap) => Ok(Turn::Wait(nap)),
                Pause::End => Ok(Turn::Done(None)),
                Pause::Corrupt => panic!("corrupt"),
            }
        };
        let value = block(&world.village, None, attempt).unwrap().unwrap()?;
        self.moved();
        Some(value)
    }

    fn leave(self) {
        self.world.kernel().leave(self.slot, self.word);
    }
}

/// Receives so many, and checks that they come without a gap.
fn receives(mut reader: Reader, count: u64) -> JoinHandle<Reader> {
    thread::spawn(move || {
        for _ in 0..count {
            let position = reader.position;
            assert_eq!(reader.recv().map(|value| value / 10), Some(position));
        }
        reader
    })
}

fn publishes(mut producer: Producer, count: u64) -> JoinHandle<Producer> {
    thread::spawn(move || {
        (0..count).for_each(|_| producer.publish());
        producer
    })
}

#[test]
fn a_reader_gets_what_is_published() {
    explore("a_reader_gets_what_is_published", 3, || {
        let world = World::waiting(2, 1);
        let mut reader = world.join(R, Start::Now);
        let producer = publishes(world.producer(P).unwrap(), 2);
        let first = reader.try_recv();
        let second = reader.try_recv();
        producer.join().unwrap();
        let mut all: Vec<_> = first.into_iter().chain(second).collect();
        all.extend(std::iter::from_fn(|| reader.try_recv()));
        assert_eq!(all, [value(0, P), value(1, P)]);
    });
}

#[test]
fn a_producer_waits_for_the_slowest() {
    explore("a_producer_waits_for_the_slowest", 2, || {
        let world = World::waiting(1, 1);
        let reader = world.join(R, Start::Now);
        let producer = publishes(world.producer(P).unwrap(), 2);
        let reader = receives(reader, 2);
        producer.join().unwrap();
        assert_eq!(reader.join().unwrap().position, 2);
    });
}

#[test]
fn two_readers_hold_up_the_producer() {
    explore("two_readers_hold_up_the_producer", 1, || {
        let world = World::waiting(1, 2);
        let (first, second) = (world.join(R, Start::Now), world.join(S, Start::Now));
        let mut producer = world.producer(P).unwrap();
        producer.publish();
        let (first, second) = (receives(first, 1), receives(second, 1));
        producer.publish();
        first.join().unwrap();
        second.join().unwrap();
    });
}

#[test]
fn a_reader_sleeps_until_a_batch_comes() {
    explore("a_reader_sleeps_until_a_batch_comes", 2, || {
        let world = World::waiting(2, 1);
        let reader = receives(world.join(R, Start::Now), 2);
        let mut producer = world.producer(P).unwrap();
        producer.put(2);
        reader.join().unwrap();
    });
}

#[test]
fn two_readers_sleep() {
    explore("two_readers_sleep", 1, || {
        let world = World::waiting(2, 2);
        let readers = [world.join(R, Start::Now), world.join(S, Start::Now)].map(|reader| receives(reader, 1));
        let mut producer = world.producer(P).unwrap();
        producer.publish();
        readers.into_iter().for_each(|reader| drop(reader.join().unwrap()));
    });
}

/// The litmus of `join`: a grant counts the reader, or is seen by it.
#[test]
fn a_reader_joins_while_the_producer_laps() {
    explore("a_reader_joins_while_the_producer_laps", 3, || {
        let world = World::waiting(1, 1);
        let mut producer = world.producer(P).unwrap();
        producer.publish();
        let producer = thread::spawn(move || {
            let _ = producer.try_publish() && producer.try_publish();
        });
        let mut reader = world.join(R, Start::Oldest);
        // `fetch` refuses to be lapped.
        let begin = reader.position;
        let got = reader.try_recv();
        producer.join().unwrap();
        assert!(got.is_none() || got == Some(value(begin, P)));
    });
}

#[test]
fn a_reader_joins_at_what_comes_next() {
    explore("a_reader_joins_at_what_comes_next", 2, || {
        let world = World::waiting(2, 1);
        let producer = publishes(world.producer(P).unwrap(), 1);
        let mut reader = world.join(R, Start::Now);
        let mut producer = producer.join().unwrap();
        assert!(producer.try_publish());
        let begin = reader.position;
        assert_eq!(reader.try_recv(), Some(value(begin, P)));
    });
}

#[test]
fn an_overwritten_element_is_lost_and_told() {
    explore("an_overwritten_element_is_lost_and_told", 2, || {
        let world = World::overwriting(1);
        let mut producer = world.producer(P).unwrap();
        let mut reader = world.join(R, Start::Now);
        producer.publish();
        let producer = publishes(producer, 2);
        let mut got = Vec::new();
        got.extend(reader.try_recv());
        producer.join().unwrap();
        got.extend(std::iter::from_fn(|| reader.try_recv()));
        assert_eq!(got.len() as u64 + reader.lost, 3);
        assert_eq!(got.last(), Some(&value(2, P)));
    });
}

#[test]
fn a_lapped_reader_goes_on_at_the_oldest() {
    explore("a_lapped_reader_goes_on_at_the_oldest", 2, || {
        let world = World::overwriting(2);
        let mut producer = world.producer(P).unwrap();
        let mut reader = world.join(R, Start::Now);
        producer.put(2);
        let producer = publishes(producer, 2);
        let mut got = Vec::new();
        got.extend(reader.try_recv());
        got.extend(reader.try_recv());
        producer.join().unwrap();
        got.extend(std::iter::from_fn(|| reader.try_recv()));
        assert_eq!(got.len() as u64 + reader.lost, 4);
        assert!(got.is_sorted());
    });
}

#[test]
fn a_reader_sleeps_on_an_overwriting_producer() {
    explore("a_reader_sleeps_on_an_overwriting_producer", 2, || {
        let world = World::overwriting(1);
        let mut reader = world.join(R, Start::Now);
        let producer = publishes(world.producer(P).unwrap(), 2);
        let mut got = 0;
        while got + reader.lost < 2 {
            assert!(reader.recv().is_some());
            got += 1;
        }
        producer.join().unwrap();
    });
}

/// Runs the publication of one element in a process that dies there.
fn dies_publishing(world: &Arc<World>, point: &'static str) {
    let mut producer = world.producer(P).unwrap();
    assert!(dying_at(point, || producer.publish()).is_none());
    world.village.die(P);
}

#[test]
fn a_publication_that_is_not_committed_never_happened() {
    for point in ["put.begun", "put.half"] {
        explore("a_publication_that_is_not_committed_never_happened", 2, move || {
            let world = World::waiting(2, 1);
            let mut reader = world.join(R, Start::Now);
            let dying = Arc::clone(&world);
            let dying = thread::spawn(move || dies_publishing(&dying, point));
            assert_eq!(reader.try_recv(), None);
            dying.join().unwrap();
            let mut successor = world.producer(Q).unwrap();
            successor.publish();
            assert_eq!(reader.try_recv(), Some(value(0, Q)));
        });
    }
}

#[test]
fn a_committed_publication_has_happened() {
    explore("a_committed_publication_has_happened", 2, || {
        let world = World::waiting(2, 1);
        let reader = world.join(R, Start::Now);
        let reader = thread::spawn(move || {
            let mut reader = reader;
            let first = reader.try_recv();
            (reader, first)
        });
        dies_publishing(&world, "put.committed");
        let mut successor = world.producer(Q).unwrap();
        assert_eq!(successor.next, 1);
        successor.publish();
        let (mut reader, first) = reader.join().unwrap();
        let got: Vec<_> = first.into_iter().chain(std::iter::from_fn(|| reader.try_recv())).collect();
        assert_eq!(got, [value(0, P), value(1, Q)]);
    });
}

/// The dead one has woken nobody; the next one does, or the look after 250 ms.
#[test]
fn a_successor_wakes_the_sleepers() {
    explore("a_successor_wakes_the_sleepers", 2, || {
        let world = World::waiting(2, 1);
        let reader = receives(world.join(R, Start::Now), 1);
        dies_publishing(&world, "put.committed");
        drop(world.producer(Q).unwrap());
        reader.join().unwrap();
    });
}

#[test]
fn a_producer_may_die_before_it_wakes() {
    explore("a_producer_may_die_before_it_wakes", 2, || {
        let world = World::waiting(2, 1);
        let reader = receives(world.join(R, Start::Now), 1);
        let mut producer = world.producer(P).unwrap();
        // It dies only if somebody sleeps.
        dying_at("put.announced", || producer.publish());
        world.village.time_passes();
        reader.join().unwrap();
    });
}

#[test]
fn a_living_producer_is_not_succeeded() {
    explore("a_living_producer_is_not_succeeded", 3, || {
        let world = World::waiting(1, 1);
        let other = Arc::clone(&world);
        let other = thread::spawn(move || other.producer(Q).map(|producer| producer.held));
        let mine = world.producer(P).map(|producer| producer.held);
        let other = other.join().unwrap();
        assert_eq!([mine, other].iter().filter(|taken| taken.is_ok()).count(), 1);
    });
}

#[test]
fn the_role_is_handed_over() {
    explore("the_role_is_handed_over", 2, || {
        let world = World::waiting(2, 1);
        let mut reader = world.join(R, Start::Now);
        let mut first = world.producer(P).unwrap();
        let other = Arc::clone(&world);
        let other = thread::spawn(move || match other.producer(Q) {
            Ok(mut second) => {
                second.publish();
                true
            }
            Err(_) => false,
        });
        first.publish();
        world.kernel().yield_role(first.held);
        let second = other.join().unwrap();
        assert_eq!(reader.try_recv(), Some(value(0, P)));
        assert_eq!(reader.try_recv(), second.then_some(value(1, Q)));
    });
}

#[test]
fn a_dead_reader_frees_the_producer() {
    explore("a_dead_reader_frees_the_producer", 2, || {
        let world = World::waiting(1, 1);
        let reader = world.join(R, Start::Now);
        let mut producer = world.producer(P).unwrap();
        producer.publish();
        let dying = thread::spawn(move || {
            let mut reader = reader;
            dying_at("read.copied", || reader.try_recv());
            reader.world.village.die(R);
        });
        producer.publish();
        dying.join().unwrap();
    });
}

#[test]
fn a_reader_that_leaves_frees_the_producer() {
    explore("a_reader_that_leaves_frees_the_producer", 3, || {
        let world = World::waiting(1, 1);
        let reader = world.join(R, Start::Now);
        let mut producer = world.producer(P).unwrap();
        producer.publish();
        let leaving = thread::spawn(move || reader.leave());
        producer.publish();
        leaving.join().unwrap();
        assert_eq!(world.slots[0][1].load(Relaxed), NOWHERE);
    });
}

/// The reader was woken for nothing, or dies between its swap and its wake: then the nap ends.
#[test]
fn a_reader_that_dies_in_any_step_frees_slot_and_producer() {
    const POINTS: [&str; 5] = [
        "broadcast.join.taken",
        "broadcast.join.counted",
        "broadcast.join.placed",
        "broadcast.read.moved",
        "broadcast.leave.gone",
    ];
    for point in POINTS {
        explore("a_reader_that_dies_in_any_step_frees_slot_and_producer", 1, move || {
            let world = World::waiting(1, 1);
            let mut producer = world.producer(P).unwrap();
            producer.publish();
            let dying = Arc::clone(&world);
            let dying = thread::spawn(move || {
                let life = dying_at(point, || {
                    let mut reader = dying.join(R, Start::Oldest);
                    reader.try_recv();
                    reader.leave();
                });
                assert!(life.is_none());
                dying.village.die(R);
            });
            producer.publish();
            producer.publish();
            dying.join().unwrap();
            let mut reader = world.join(S, Start::Now);
            producer.publish();
            assert_eq!(reader.try_recv(), Some(value(3, P)));
        });
    }
}

#[test]
fn who_evicts_may_die_too() {
    for point in ["broadcast.evict.taken", "broadcast.leave.gone", "broadcast.leave.freed"] {
        explore("who_evicts_may_die_too", 2, move || {
            let world = World::waiting(1, 1);
            drop(world.join(R, Start::Now));
            world.village.die(R);
            let mut first = world.producer(P).unwrap();
            first.publish();
            assert!(dying_at(point, || first.publish()).is_none());
            world.village.die(P);
            let joining = Arc::clone(&world);
            let joining = thread::spawn(move || {
                // There is none in the moment in which the second producer puts the dead aside.
                if let Some((slot, word)) = joining.kernel().take_slot(S) {
                    joining.kernel().place(slot, Start::Now, true).expect("the limit is sound");
                    joining.kernel().leave(slot, word);
                }
            });
            let mut second = world.producer(Q).unwrap();
            second.publish();
            joining.join().unwrap();
            assert_eq!(world.kernel().take_slot(R).map(|(slot, _)| slot), Some(0));
        });
    }
}

/// A producer evicts the dead reader while another one takes its slot over.
#[test]
fn a_dead_readers_slot_has_one_heir() {
    explore("a_dead_readers_slot_has_one_heir", 2, || {
        let world = World::waiting(1, 1);
        let mut producer = world.producer(P).unwrap();
        drop(world.join(R, Start::Now));
        producer.publish();
        world.village.die(R);
        let joining = Arc::clone(&world);
        let joining = thread::spawn(move || {
            let mut reader = joining.kernel().take_slot(S).map(|(slot, word)| {
                let position = joining.kernel().place(slot, Start::Now, true).unwrap();
                Reader { world: Arc::clone(&joining), slot, word, position, lost: 0 }
            });
            if let Some(reader) = &mut reader {
                let begin = reader.position;
                assert!(reader.try_recv().is_none_or(|got| got / 10 == begin));
            }
            if let Some(reader) = reader {
                reader.leave();
            }
        });
        producer.try_publish();
        joining.join().unwrap();
        producer.publish();
    });
}

#[test]
fn a_closed_stream_ends_behind_its_elements() {
    explore("a_closed_stream_ends_behind_its_elements", 2, || {
        let world = World::stream(2, 1);
        let mut reader = world.join(R, Start::Now);
        let producer = world.producer(P).unwrap();
        let closing = thread::spawn(move || {
            let mut producer = producer;
            producer.publish();
            producer.world.kernel().close(producer.held);
        });
        assert_eq!(reader.recv(), Some(value(0, P)));
        assert_eq!(reader.recv(), None);
        assert_eq!(world.kernel().outcome(true), Outcome::Closed);
        closing.join().unwrap();
    });
}

#[test]
fn a_dead_producer_ends_its_stream() {
    for point in ["put.begun", "put.half", "put.committed"] {
        explore("a_dead_producer_ends_its_stream", 2, move || {
            let world = World::stream(2, 2);
            let mut reader = world.join(R, Start::Now);
            let dying = Arc::clone(&world);
            let dying = thread::spawn(move || {
                dies_publishing(&dying, point);
                dying.village.time_passes();
            });
            if point == "put.committed" {
                assert_eq!(reader.recv(), Some(value(0, P)));
            }
            assert_eq!(reader.recv(), None);
            assert_eq!(world.kernel().outcome(true), Outcome::Died);
            assert!(matches!(world.kernel().take_role(Q, true), Err(Refused::Over(Outcome::Died))));
            dying.join().unwrap();
        });
    }
}

#[test]
fn who_closes_may_die_before_it_says_so() {
    explore("who_closes_may_die_before_it_says_so", 2, || {
        let world = World::stream(2, 1);
        let mut reader = world.join(R, Start::Now);
        let producer = world.producer(P).unwrap();
        let dying = thread::spawn(move || {
            assert!(dying_at("broadcast.close.closed", || producer.world.kernel().close(producer.held)).is_none());
            producer.world.village.die(P);
            producer.world.village.time_passes();
        });
        assert_eq!(reader.recv(), None);
        assert_eq!(world.kernel().outcome(true), Outcome::Closed);
        dying.join().unwrap();
    });
}

#[test]
fn two_subscribers_notice_the_death() {
    explore("two_subscribers_notice_the_death", 1, || {
        let world = World::stream(2, 2);
        let readers = [world.join(R, Start::Now), world.join(S, Start::Now)];
        dies_publishing(&world, "put.committed");
        let readers = readers.map(|mut reader| {
            thread::spawn(move || {
                assert_eq!(reader.recv(), Some(value(0, P)));
                assert_eq!(reader.recv(), None);
                assert_eq!(reader.world.kernel().outcome(true), Outcome::Died);
            })
        });
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
}

/// What a village of the living and the dead says.
#[test]
fn nobody_is_dead() {
    explore("nobody_is_dead", 0, || assert!(Village::new().is_dead(0)));
}
