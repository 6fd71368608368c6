//! Waiting: whoever sleeps is woken, or wakes by himself when the waker is dead.
//!
//! A sleep ends only by a wake, so a model that loses one is a deadlock, which loom reports. Where the rules promise
//! nothing but the look after 250 ms, the model says when these are over.

use std::sync::Arc;

use loom::thread;
use loom::thread::JoinHandle;

use crate::explore::explore;
use crate::points::dying_at;
use crate::world::{A, B, C, D, World, check, check_order, value};

type Popped = Vec<(u64, u64)>;

fn pops(world: &Arc<World>, count: usize) -> JoinHandle<Popped> {
    let world = Arc::clone(world);
    thread::spawn(move || {
        let popped: Popped = (0..count).map(|_| world.pop()).collect();
        check_order(&popped);
        popped
    })
}

fn push_all(world: &World, me: u32, count: u64) -> Popped {
    (0..count).map(|number| (world.push(me, value(me, number)), value(me, number))).collect()
}

fn pushes(world: &Arc<World>, me: u32, count: u64) -> JoinHandle<Popped> {
    let world = Arc::clone(world);
    thread::spawn(move || push_all(&world, me, count))
}

/// Joins everybody and checks everything.
fn finish(world: &World, pushed: Vec<JoinHandle<Popped>>, popped: Vec<JoinHandle<Popped>>, mine: (Popped, Popped)) {
    let (mut all_pushed, mut all_popped) = mine;
    all_pushed.extend(pushed.into_iter().flat_map(|thread| thread.join().unwrap()));
    all_popped.extend(popped.into_iter().flat_map(|thread| thread.join().unwrap()));
    all_popped.extend(world.drain());
    check(&all_pushed, all_popped);
}

#[test]
fn a_consumer_sleeps_until_an_element_comes() {
    explore("a_consumer_sleeps_until_an_element_comes", 3, || {
        let world = Arc::new(World::new(2).guarded());
        let consumer = pops(&world, 1);
        let pushed = push_all(&world, A, 1);
        finish(&world, vec![], vec![consumer], (pushed, vec![]));
    });
}

#[test]
fn a_producer_sleeps_until_there_is_room() {
    explore("a_producer_sleeps_until_there_is_room", 3, || {
        let world = Arc::new(World::new(1).guarded());
        let first = push_all(&world, B, 1);
        let producer = pushes(&world, A, 1);
        let popped = vec![world.pop()];
        finish(&world, vec![producer], vec![], (first, popped));
    });
}

#[test]
fn both_sides_sleep_in_turns() {
    explore("both_sides_sleep_in_turns", 2, || {
        let world = Arc::new(World::new(1).guarded());
        let consumer = pops(&world, 2);
        let pushed = push_all(&world, A, 2);
        finish(&world, vec![], vec![consumer], (pushed, vec![]));
    });
}

#[test]
fn two_sleeping_consumers_and_two_elements() {
    explore("two_sleeping_consumers_and_two_elements", 1, || {
        let world = Arc::new(World::new(2));
        let consumers = vec![pops(&world, 1), pops(&world, 1)];
        let pushed = push_all(&world, A, 2);
        finish(&world, vec![], consumers, (pushed, vec![]));
    });
}

/// Two sleep on one cell, and the second element comes to another one.
#[test]
fn all_who_sleep_on_an_element_wake() {
    explore("all_who_sleep_on_an_element_wake", 1, || {
        let world = Arc::new(World::new(2));
        let consumers = vec![pops(&world, 1), pops(&world, 1)];
        world.until_asleep(2);
        let pushed = push_all(&world, A, 2);
        finish(&world, vec![], consumers, (pushed, vec![]));
    });
}

#[test]
fn all_who_sleep_on_room_wake() {
    explore("all_who_sleep_on_room_wake", 1, || {
        let world = Arc::new(World::new(2));
        let first = push_all(&world, C, 2);
        let producers = vec![pushes(&world, A, 1), pushes(&world, B, 1)];
        world.until_asleep(2);
        let popped = vec![world.pop(), world.pop()];
        finish(&world, producers, vec![], (first, popped));
    });
}

#[test]
fn two_sleeping_consumers_and_two_producers() {
    explore("two_sleeping_consumers_and_two_producers", 0, || {
        let world = Arc::new(World::new(2));
        let consumers = vec![pops(&world, 1), pops(&world, 1)];
        let producer = pushes(&world, B, 1);
        let pushed = push_all(&world, A, 1);
        finish(&world, vec![producer], consumers, (pushed, vec![]));
    });
}

#[test]
fn two_sleeping_producers_and_two_rooms() {
    explore("two_sleeping_producers_and_two_rooms", 1, || {
        let world = Arc::new(World::new(2));
        let first = push_all(&world, C, 2);
        let producers = vec![pushes(&world, A, 1), pushes(&world, B, 1)];
        let popped = vec![world.pop(), world.pop()];
        finish(&world, producers, vec![], (first, popped));
    });
}

#[test]
fn two_producers_sleep_on_capacity_1() {
    explore("two_producers_sleep_on_capacity_1", 0, || {
        let world = Arc::new(World::new(1));
        let first = push_all(&world, C, 1);
        let producers = vec![pushes(&world, A, 1), pushes(&world, B, 1)];
        let popped = vec![world.pop(), world.pop(), world.pop()];
        finish(&world, producers, vec![], (first, popped));
    });
}

/// Somebody who does not sleep takes the element that woke a sleeper.
#[test]
fn a_sleeper_that_is_robbed_sleeps_on() {
    explore("a_sleeper_that_is_robbed_sleeps_on", 1, || {
        let world = Arc::new(World::new(2));
        let sleeper = pops(&world, 1);
        let robber = Arc::clone(&world);
        let robber = thread::spawn(move || robber.try_pop().into_iter().collect::<Popped>());
        let pushed = push_all(&world, A, 2);
        finish(&world, vec![], vec![sleeper, robber], (pushed, vec![]));
    });
}

#[test]
fn a_bulk_push_wakes_all_it_has_elements_for() {
    explore("a_bulk_push_wakes_all_it_has_elements_for", 1, || {
        let world = Arc::new(World::new(2));
        let consumers = vec![pops(&world, 1), pops(&world, 1)];
        let values = [value(A, 0), value(A, 1)];
        let pushed: Popped = world.try_push_many(A, &values).into_iter().zip(values).collect();
        assert_eq!(pushed.len(), 2);
        finish(&world, vec![], consumers, (pushed, vec![]));
    });
}

/// One sleeps on the first cell, and another, who takes its element, on the second.
#[test]
fn a_bulk_push_wakes_on_every_cell() {
    explore("a_bulk_push_wakes_on_every_cell", 2, || {
        let world = Arc::new(World::new(4));
        loom::stop_exploring();
        let sleeper = pops(&world, 1);
        world.until_asleep(1);
        loom::explore();
        let bulk = Arc::clone(&world);
        let bulk = thread::spawn(move || {
            let values = [value(A, 0), value(A, 1)];
            let mut pushed: Popped = bulk.try_push_many(A, &values).into_iter().zip(values).collect();
            pushed.push((bulk.push(A, value(A, 2)), value(A, 2)));
            pushed
        });
        let popped = vec![world.pop(), world.pop()];
        finish(&world, vec![bulk], vec![sleeper], (vec![], popped));
    });
}

#[test]
fn a_bulk_pop_wakes_all_it_makes_room_for() {
    explore("a_bulk_pop_wakes_all_it_makes_room_for", 1, || {
        let world = Arc::new(World::new(2));
        let first = push_all(&world, C, 2);
        let producers = vec![pushes(&world, A, 1), pushes(&world, B, 1)];
        let popped = world.try_pop_many(2);
        assert_eq!(popped.len(), 2);
        finish(&world, producers, vec![], (first, popped));
    });
}

/// Claims, perhaps writes, and dies.
fn dies_in_a_push(world: &Arc<World>) -> JoinHandle<()> {
    let world = Arc::clone(world);
    thread::spawn(move || {
        if let Ok(claim) = world.kernel().claim(D, world.kernel().tail_hint()) {
            world.kernel().hint_tail(claim.position);
            world.write(claim, value(D, 99));
        }
        world.die(D);
    })
}

/// The sleeper's bit goes with the claim, and the claimer dies. Only the look after 250 ms is left.
#[test]
fn a_waker_that_dies_before_it_publishes() {
    explore("a_waker_that_dies_before_it_publishes", 2, || {
        let world = Arc::new(World::new(2).guarded());
        let consumer = pops(&world, 1);
        dies_in_a_push(&world).join().unwrap();
        world.time_passes();
        let pushed = push_all(&world, A, 1);
        finish(&world, vec![], vec![consumer], (pushed, vec![]));
    });
}

#[test]
fn a_waker_that_dies_before_it_wakes() {
    explore("a_waker_that_dies_before_it_wakes", 3, || {
        let world = Arc::new(World::new(2).guarded());
        let consumer = pops(&world, 1);
        let dying = Arc::clone(&world);
        let dying = thread::spawn(move || {
            let (position, _wake) = dying.push_at(D, value(D, 0), None, true).unwrap();
            dying.die(D);
            vec![(position, value(D, 0))]
        });
        let pushed = dying.join().unwrap();
        world.time_passes();
        finish(&world, vec![], vec![consumer], (pushed, vec![]));
    });
}

#[test]
fn a_consumer_that_dies_before_it_wakes() {
    explore("a_consumer_that_dies_before_it_wakes", 3, || {
        let world = Arc::new(World::new(1).guarded());
        let first = push_all(&world, C, 1);
        let producer = pushes(&world, A, 1);
        let dying = Arc::clone(&world);
        let dying = thread::spawn(move || {
            let (position, value, _wake) = dying.pop_at(None).unwrap();
            vec![(position, value)]
        });
        let popped = dying.join().unwrap();
        world.time_passes();
        finish(&world, vec![producer], vec![], (first, popped));
    });
}

/// Who frees a dead producer's cell wakes those who slept there before it was claimed; nobody else would.
#[test]
fn recovery_wakes_the_sleepers() {
    explore("recovery_wakes_the_sleepers", 2, || {
        let world = Arc::new(World::new(2));
        let sleeper = pops(&world, 1);
        dies_in_a_push(&world).join().unwrap();
        // Frees the dead producer's cell, unless the sleeper was awake and did it.
        assert_eq!(world.try_pop(), None);
        let pushed = push_all(&world, A, 1);
        finish(&world, vec![], vec![sleeper], (pushed, vec![]));
    });
}

#[test]
fn who_recovers_may_die_before_it_wakes() {
    explore("who_recovers_may_die_before_it_wakes", 2, || {
        let world = Arc::new(World::new(2));
        let sleeper = pops(&world, 1);
        dies_in_a_push(&world).join().unwrap();
        dying_at("queue.recover.freed", || world.try_pop());
        world.time_passes();
        let pushed = push_all(&world, A, 1);
        finish(&world, vec![], vec![sleeper], (pushed, vec![]));
    });
}

/// Two wait for a dead producer's cell, and two elements come behind it.
#[test]
fn two_consumers_wait_for_a_dead_producer() {
    explore("two_consumers_wait_for_a_dead_producer", 2, || {
        let world = Arc::new(World::new(4));
        dies_in_a_push(&world).join().unwrap();
        let pushed = push_all(&world, A, 2);
        let consumer = pops(&world, 1);
        let popped = vec![world.pop()];
        finish(&world, vec![], vec![consumer], (pushed, popped));
    });
}

#[test]
fn a_consumer_waits_while_the_producer_dies() {
    explore("a_consumer_waits_while_the_producer_dies", 2, || {
        let world = Arc::new(World::new(2));
        // Claimed before anybody sleeps, so the sleep is a row of naps.
        let claim = world.kernel().claim(D, world.kernel().tail_hint()).unwrap();
        world.kernel().hint_tail(claim.position);
        let consumer = pops(&world, 1);
        let dying = Arc::clone(&world);
        let dying = thread::spawn(move || dying.die(D));
        let pushed = push_all(&world, A, 1);
        dying.join().unwrap();
        finish(&world, vec![], vec![consumer], (pushed, vec![]));
    });
}

#[test]
fn a_producer_waits_for_the_room_of_a_dead_one() {
    explore("a_producer_waits_for_the_room_of_a_dead_one", 1, || {
        let world = Arc::new(World::new(1));
        let claim = world.kernel().claim(D, world.kernel().tail_hint()).unwrap();
        world.kernel().hint_tail(claim.position);
        let producer = pushes(&world, A, 1);
        world.die(D);
        let popped = vec![world.pop()];
        finish(&world, vec![producer], vec![], (vec![], popped));
    });
}
