//! The ring: elements arrive whole and in order, roles change hands, and no side sleeps through what the other does.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;
use loom::thread::JoinHandle;

use crate::explore::explore;
use crate::points::dying_at;
use crate::ring_kernel::{Barriers, End, Ring, Side, Words};
use crate::sync::{AtomicU64, Relaxed};
use crate::village::Village;
use crate::waiting::block;

const A: u32 = 1;
const B: u32 = 2;
const C: u32 = 3;

/// Loom's fences are sequentially consistent on both sides, so that no process has to take part in anything.
impl Barriers for Village {
    fn join(&self) -> bool {
        true
    }

    fn barrier(&self) -> bool {
        true
    }
}

/// A ring of `u64`. Loom refuses two accesses to an element that are not ordered.
struct World {
    /// By side: position, owner, flag.
    words: [[AtomicU64; 3]; 2],
    elements: Vec<UnsafeCell<u64>>,
    village: Village,
}

impl World {
    /// A ring through which `position` elements have gone.
    fn at(capacity: usize, position: u64) -> World {
        let words = || [position, 0, 0].map(AtomicU64::new);
        let elements = (0..capacity).map(|_| UnsafeCell::new(0)).collect();
        World { words: [words(), words()], elements, village: Village::new() }
    }

    fn new(capacity: usize) -> World {
        World::at(capacity, 0)
    }

    fn kernel(&self) -> Ring<'_, World, Village> {
        Ring { words: self, peers: &self.village }
    }

    fn take(&self, side: Side, me: u32) -> Option<End> {
        self.kernel().take(side, me).unwrap()
    }

    fn element(&self, position: u64) -> &UnsafeCell<u64> {
        &self.elements[position as usize % self.elements.len()]
    }

    fn write(&self, position: u64, value: u64) {
        // SAFETY: loom lends an exclusive pointer, and fails the model if another access is not ordered before.
        self.element(position).with_mut(|element| unsafe { *element = value });
    }

    fn read(&self, position: u64) -> u64 {
        // SAFETY: loom lends a shared pointer, and fails the model if a write is not ordered before.
        self.element(position).with(|element| unsafe { *element })
    }

    /// As `Producer::try_push_many`; how many.
    fn try_push(&self, end: &mut End, values: &[u64]) -> usize {
        let ready = self.kernel().look(end).unwrap().min(values.len() as u64);
        for (place, value) in values[..ready as usize].iter().enumerate() {
            self.write(end.at() + place as u64, *value);
        }
        if ready > 0 {
            self.kernel().publish(end, ready);
        }
        ready as usize
    }

    /// As `Consumer::try_pop_many`.
    fn try_pop(&self, end: &mut End, most: u64) -> Vec<u64> {
        let ready = self.kernel().look(end).unwrap().min(most);
        let popped = (0..ready).map(|place| self.read(end.at() + place)).collect();
        if ready > 0 {
            self.kernel().publish(end, ready);
        }
        popped
    }

    fn wait(&self, end: &mut End, needed: u64) {
        let kernel = self.kernel();
        let ready = block(&self.village, None, |patience| kernel.attempt(end, needed, patience)).unwrap().unwrap();
        assert!(ready >= needed);
    }

    fn push(&self, end: &mut End, value: u64) {
        self.wait(end, 1);
        assert_eq!(self.try_push(end, &[value]), 1);
    }

    fn pop(&self, end: &mut End) -> u64 {
        self.wait(end, 1);
        self.try_pop(end, 1)[0]
    }
}

impl Words for World {
    fn capacity(&self) -> u64 {
        self.elements.len() as u64
    }

    fn position(&self, side: Side) -> &AtomicU64 {
        &self.words[side as usize][0]
    }

    fn owner(&self, side: Side) -> &AtomicU64 {
        &self.words[side as usize][1]
    }

    fn waits(&self, side: Side) -> &AtomicU64 {
        &self.words[side as usize][2]
    }
}

fn spawn<R: 'static>(world: &Arc<World>, act: impl FnOnce(&World) -> R + 'static) -> JoinHandle<R> {
    let world = Arc::clone(world);
    thread::spawn(move || act(&world))
}

#[test]
fn elements_arrive_whole_and_in_order() {
    explore("ring: elements_arrive_whole_and_in_order", 3, || {
        let world = Arc::new(World::at(2, u64::MAX));
        let producer = spawn(&world, |world| {
            let mut end = world.take(Side::Producer, A).unwrap();
            (1..=3).filter(|value| world.try_push(&mut end, &[*value]) == 1).collect::<Vec<u64>>()
        });
        let mut end = world.take(Side::Consumer, B).unwrap();
        let mut popped: Vec<u64> = (0..3).flat_map(|_| world.try_pop(&mut end, 1)).collect();
        let pushed = producer.join().unwrap();
        popped.extend(world.try_pop(&mut end, 2));
        assert_eq!(popped, pushed);
        assert_eq!(world.kernel().len(), Ok(0));
    });
}

#[test]
fn bulk() {
    explore("ring: bulk", 3, || {
        let world = Arc::new(World::new(2));
        let producer = spawn(&world, |world| {
            let mut end = world.take(Side::Producer, A).unwrap();
            let first = world.try_push(&mut end, &[1, 2]);
            first + world.try_push(&mut end, &[3, 4])
        });
        let mut end = world.take(Side::Consumer, B).unwrap();
        let mut popped = world.try_pop(&mut end, 2);
        popped.extend(world.try_pop(&mut end, 2));
        let pushed = producer.join().unwrap() as u64;
        popped.extend(world.try_pop(&mut end, 2));
        assert_eq!(popped, (1..=pushed).collect::<Vec<_>>());
    });
}

#[test]
fn of_two_who_take_a_role_one_gets_it() {
    explore("ring: of_two_who_take_a_role_one_gets_it", 3, || {
        let world = Arc::new(World::new(2));
        let other = spawn(&world, |world| world.take(Side::Producer, A).map(|mut end| world.try_push(&mut end, &[1])));
        let mine = world.take(Side::Producer, B).map(|mut end| world.try_push(&mut end, &[2]));
        assert!(mine.is_none() != other.join().unwrap().is_none());
    });
}

#[test]
fn a_role_goes_from_hand_to_hand() {
    explore("ring: a_role_goes_from_hand_to_hand", 3, || {
        let world = Arc::new(World::new(4));
        let act = |world: &World, me: u32| {
            let Some(mut end) = world.take(Side::Producer, me) else { return 0 };
            assert_eq!(world.try_push(&mut end, &[u64::from(me)]), 1);
            world.kernel().leave(&end);
            1
        };
        let other = spawn(&world, move |world| act(world, A));
        let pushed = act(&world, B) + other.join().unwrap();
        let mut end = world.take(Side::Consumer, C).unwrap();
        assert_eq!(world.try_pop(&mut end, 4).len(), pushed);
    });
}

/// A producer dies at each point; two want to be its successor, and one is.
#[test]
fn a_dead_producer_has_successors() {
    for point in ["ring.role.taken", "written", "ring.published"] {
        explore("ring: a_dead_producer_has_successors", 2, move || {
            let world = Arc::new(World::new(2));
            let _ = dying_at(point, || {
                let mut end = world.take(Side::Producer, A).unwrap();
                world.write(end.at(), 1);
                crate::points::reached("written");
                world.kernel().publish(&mut end, 1);
            });
            world.village.die(A);
            let other =
                spawn(&world, |world| world.take(Side::Producer, B).map(|mut end| world.try_push(&mut end, &[2])));
            let mine = world.take(Side::Producer, C).map(|mut end| world.try_push(&mut end, &[2]));
            let other = other.join().unwrap();
            assert!(mine.is_none() != other.is_none());
            let mut end = world.take(Side::Consumer, B).unwrap();
            let expected: &[u64] = if point == "ring.published" { &[1, 2] } else { &[2] };
            assert_eq!(world.try_pop(&mut end, 2), expected);
        });
    }
}

#[test]
fn a_dead_consumers_elements_are_read_again() {
    explore("ring: a_dead_consumers_elements_are_read_again", 2, || {
        let world = Arc::new(World::new(2));
        let mut end = world.take(Side::Producer, A).unwrap();
        assert_eq!(world.try_push(&mut end, &[1, 2]), 2);
        let dying = spawn(&world, |world| {
            if let Some(mut end) = world.take(Side::Consumer, B) {
                world.kernel().look(&mut end).unwrap();
                assert_eq!(world.read(end.at()), 1);
                world.village.die(B);
            }
        });
        let early = world.take(Side::Consumer, C);
        dying.join().unwrap();
        let mut end = early.or_else(|| world.take(Side::Consumer, C)).unwrap();
        assert_eq!(world.try_pop(&mut end, 2), [1, 2]);
    });
}

#[test]
fn a_consumer_sleeps_until_an_element_comes() {
    explore("ring: a_consumer_sleeps_until_an_element_comes", 3, || {
        let world = Arc::new(World::new(2));
        let consumer = spawn(&world, |world| {
            let mut end = world.take(Side::Consumer, B).unwrap();
            world.pop(&mut end)
        });
        let mut end = world.take(Side::Producer, A).unwrap();
        world.push(&mut end, 1);
        assert_eq!(consumer.join().unwrap(), 1);
    });
}

#[test]
fn a_producer_sleeps_until_there_is_room() {
    explore("ring: a_producer_sleeps_until_there_is_room", 3, || {
        let world = Arc::new(World::new(1));
        let producer = spawn(&world, |world| {
            let mut end = world.take(Side::Producer, A).unwrap();
            world.push(&mut end, 1);
            world.push(&mut end, 2);
        });
        let mut end = world.take(Side::Consumer, B).unwrap();
        assert_eq!([world.pop(&mut end), world.pop(&mut end)], [1, 2]);
        producer.join().unwrap();
    });
}

/// The sleeper looks again, and the one who publishes clears what it had read before.
#[test]
fn a_flag_that_is_set_again_is_not_lost() {
    explore("ring: a_flag_that_is_set_again_is_not_lost", 2, || {
        let world = Arc::new(World::new(4));
        let consumer = spawn(&world, |world| {
            let mut end = world.take(Side::Consumer, B).unwrap();
            // One element does not do, so it sleeps again behind the first wake.
            world.wait(&mut end, 3);
            world.try_pop(&mut end, 4)
        });
        let mut end = world.take(Side::Producer, A).unwrap();
        for value in 1..=3 {
            world.push(&mut end, value);
        }
        assert_eq!(consumer.join().unwrap(), [1, 2, 3]);
    });
}

/// Who publishes is late to look at the flag, and finds that of a sleeper who has seen all of it.
#[test]
fn a_flag_for_what_was_just_published_stays() {
    explore("ring: a_flag_for_what_was_just_published_stays", 3, || {
        let world = Arc::new(World::new(2));
        let consumer = spawn(&world, |world| {
            let mut end = world.take(Side::Consumer, B).unwrap();
            [world.pop(&mut end), world.pop(&mut end)]
        });
        let mut end = world.take(Side::Producer, A).unwrap();
        world.push(&mut end, 1);
        world.push(&mut end, 2);
        assert_eq!(consumer.join().unwrap(), [1, 2]);
    });
}

#[test]
fn a_waker_that_dies() {
    for point in ["ring.published", "ring.wake.cleared"] {
        explore("ring: a_waker_that_dies", 2, move || {
            let world = Arc::new(World::new(2));
            let consumer = spawn(&world, |world| {
                let mut end = world.take(Side::Consumer, B).unwrap();
                world.pop(&mut end)
            });
            let mut end = world.take(Side::Producer, A).unwrap();
            let _ = dying_at(point, || world.push(&mut end, 1));
            world.village.die(A);
            world.village.time_passes();
            assert_eq!(consumer.join().unwrap(), 1);
        });
    }
}

#[test]
fn who_does_not_sleep_is_not_woken() {
    explore("ring: who_does_not_sleep_is_not_woken", 1, || {
        let world = World::new(2);
        let mut end = world.take(Side::Producer, A).unwrap();
        world.push(&mut end, 1);
        assert_eq!(world.words[Side::Consumer as usize][2].load(Relaxed), 0);
        assert_eq!(world.village.woken(), 0);
    });
}
