//! The queue without waiting: nothing is lost, doubled, torn or out of order, whoever dies.

use std::sync::Arc;

use loom::thread;

use crate::explore::explore;
use crate::world::{A, B, C, D, World, check, check_order, value};

/// Pushes values one after the other, as long as there is room; the positions and values.
fn produce(world: &World, me: u32, count: u64) -> Vec<(u64, u64)> {
    let mut pushed = Vec::new();
    for number in 0..count {
        let value = value(me, number);
        match world.try_push(me, value) {
            Some(position) => pushed.push((position, value)),
            None => break,
        }
    }
    pushed
}

/// Tries to pop a number of times.
fn consume(world: &World, tries: usize) -> Vec<(u64, u64)> {
    let popped: Vec<_> = (0..tries).filter_map(|_| world.try_pop()).collect();
    check_order(&popped);
    popped
}

/// Runs producers and consumers at the same time, and then checks everything.
///
/// `before` is pushed first, by nobody in particular; `producers` are ids and counts; `consumers` are numbers of tries.
fn run(world: World, before: u64, producers: &[(u32, u64)], consumers: &[usize]) {
    let world = Arc::new(world);
    let mut pushed = produce(&world, 0, before);
    assert_eq!(pushed.len() as u64, before);
    let producers: Vec<_> = producers
        .iter()
        .map(|&(id, count)| {
            let world = Arc::clone(&world);
            thread::spawn(move || produce(&world, id, count))
        })
        .collect();
    // The last consumer is this thread: loom has fewer schedules to try.
    let (here, others) = consumers.split_last().unwrap();
    let others: Vec<_> = others
        .iter()
        .map(|&tries| {
            let world = Arc::clone(&world);
            thread::spawn(move || consume(&world, tries))
        })
        .collect();
    let mut popped = consume(&world, *here);
    for consumer in others {
        popped.extend(consumer.join().unwrap());
    }
    for producer in producers {
        pushed.extend(producer.join().unwrap());
    }
    popped.extend(world.drain());
    check(&pushed, popped);
}

#[test]
fn two_producers_one_consumer() {
    explore("two_producers_one_consumer", 2, || run(World::new(2).guarded(), 0, &[(A, 1), (B, 1)], &[2]));
}

#[test]
fn operations_in_two_steps() {
    explore("operations_in_two_steps", 2, || run(World::new(1).in_two_steps(), 1, &[(A, 1)], &[2]));
}

#[test]
fn two_producers_that_push_twice() {
    explore("two_producers_that_push_twice", 1, || run(World::new(4).guarded(), 0, &[(A, 2), (B, 2)], &[1]));
}

#[test]
fn one_producer_two_consumers() {
    explore("one_producer_two_consumers", 2, || run(World::new(2), 0, &[(A, 2)], &[1, 2]));
}

#[test]
fn two_consumers_of_what_is_there() {
    explore("two_consumers_of_what_is_there", 3, || run(World::new(2), 2, &[], &[2, 2]));
}

#[test]
fn capacity_1_wraps() {
    explore("capacity_1_wraps", 3, || run(World::new(1).guarded(), 1, &[(A, 2)], &[2]));
}

#[test]
fn capacity_2_wraps() {
    explore("capacity_2_wraps", 3, || run(World::new(2).guarded(), 2, &[(A, 2)], &[2]));
}

#[test]
fn two_producers_on_capacity_1() {
    explore("two_producers_on_capacity_1", 2, || run(World::new(1).guarded(), 1, &[(A, 1), (B, 1)], &[2]));
}

/// A consumer copies while another takes the value and a producer overwrites it.
#[test]
fn a_torn_copy_is_thrown_away() {
    explore("a_torn_copy_is_thrown_away", 2, || run(World::new(1), 1, &[(A, 1)], &[1, 1]));
}

#[test]
fn positions_cross_2_pow_37() {
    // WRITING holds the low 37 bits of a position.
    explore("positions_cross_2_pow_37", 2, || run(World::at(2, (1 << 37) - 1).guarded(), 1, &[(A, 2)], &[2]));
}

#[test]
fn hints_from_another_lap() {
    explore("hints_from_another_lap", 2, || {
        let world = World::at(2, 7);
        world.store_hints(2, 1);
        run(world, 0, &[(A, 2)], &[2]);
    });
}

#[test]
fn hints_from_another_lap_with_two_producers() {
    explore("hints_from_another_lap_with_two_producers", 2, || {
        let world = World::at(2, 5);
        world.store_hints(0, 0);
        run(world, 1, &[(A, 1), (B, 1)], &[1]);
    });
}

/// Somebody who was stopped right before he stored his hints goes on at any time.
#[test]
fn hints_stored_late() {
    explore("hints_stored_late", 2, || {
        let world = Arc::new(World::at(2, 2));
        let mut pushed = produce(&world, 0, 1);
        let late = Arc::clone(&world);
        let late = thread::spawn(move || late.store_hints(1, 2));
        let producer = Arc::clone(&world);
        let producer = thread::spawn(move || produce(&producer, A, 2));
        let mut popped = consume(&world, 2);
        late.join().unwrap();
        pushed.extend(producer.join().unwrap());
        popped.extend(world.drain());
        check(&pushed, popped);
    });
}

/// Claims, and dies in the middle of the value.
fn die_in_a_push(world: &World, me: u32, hint: bool) {
    if let Ok(claim) = world.kernel().claim(me, world.kernel().tail_hint()) {
        if hint {
            world.kernel().hint_tail(claim.position);
        }
        world.write(claim, value(me, 99));
    }
    world.die(me);
}

/// A producer dies between claim and publish; the others go on, and nobody sees its value.
fn run_with_death(world: World, before: u64, producers: &[(u32, u64)], consumers: &[usize]) {
    let world = Arc::new(world);
    let pushed = produce(&world, 0, before);
    let dying = Arc::clone(&world);
    let dying = thread::spawn(move || die_in_a_push(&dying, D, true));
    let spawn_producer = |&(id, count): &(u32, u64)| {
        let world = Arc::clone(&world);
        thread::spawn(move || produce(&world, id, count))
    };
    let producers: Vec<_> = producers.iter().map(spawn_producer).collect();
    let (here, others) = consumers.split_last().unwrap();
    let spawn_consumer = |&tries: &usize| {
        let world = Arc::clone(&world);
        thread::spawn(move || consume(&world, tries))
    };
    let others: Vec<_> = others.iter().map(spawn_consumer).collect();
    let mut popped = consume(&world, *here);
    let mut pushed = pushed;
    for producer in producers {
        pushed.extend(producer.join().unwrap());
    }
    for consumer in others {
        popped.extend(consumer.join().unwrap());
    }
    dying.join().unwrap();
    // Whatever it left blocks nobody.
    let last = value(C, 0);
    while let Some(taken) = world.try_pop() {
        popped.push(taken);
    }
    pushed.push((world.try_push(C, last).expect("a dead producer took the room"), last));
    popped.extend(world.drain());
    check(&pushed, popped);
}

#[test]
fn a_dead_producer_and_one_consumer() {
    explore("a_dead_producer_and_one_consumer", 2, || run_with_death(World::new(2).guarded(), 0, &[(A, 1)], &[2]));
}

#[test]
fn a_dead_producer_and_two_consumers() {
    explore("a_dead_producer_and_two_consumers", 1, || run_with_death(World::new(2), 1, &[], &[2, 2]));
}

#[test]
fn what_a_dead_producer_wrote_is_overwritten() {
    explore("what_a_dead_producer_wrote_is_overwritten", 2, || {
        let world = Arc::new(World::new(1).guarded());
        let dying = Arc::clone(&world);
        thread::spawn(move || die_in_a_push(&dying, D, true));
        let producer = Arc::clone(&world);
        // It claims once, and so does not learn of the death itself.
        let producer = thread::spawn(move || producer.push_at(A, value(A, 0), None, true).ok());
        let popped = world.try_pop();
        let pushed = producer.join().unwrap().map(|(position, _)| (position, value(A, 0)));
        // While the other one has not died, its cell is taken.
        assert!(pushed.is_some() || popped.is_none());
        if let (Some(pushed), Some(popped)) = (pushed, popped) {
            assert_eq!(pushed, popped);
        }
    });
}

/// WRITING has the low bits of a position before 2^37, and whoever looks at it stands behind.
#[test]
fn a_dead_producer_before_2_pow_37() {
    explore("a_dead_producer_before_2_pow_37", 2, || {
        let world = World::at(2, (1 << 37) - 1);
        die_in_a_push(&world, D, true);
        run(world, 0, &[(A, 2)], &[1]);
    });
}

#[test]
fn a_producer_that_is_full_on_a_dead_one() {
    explore("a_producer_that_is_full_on_a_dead_one", 1, || {
        let world = Arc::new(World::new(1).guarded());
        let dying = Arc::clone(&world);
        let dying = thread::spawn(move || die_in_a_push(&dying, D, true));
        let producer = Arc::clone(&world);
        let producer = thread::spawn(move || produce(&producer, A, 1));
        let mut pushed = produce(&world, B, 1);
        pushed.extend(producer.join().unwrap());
        dying.join().unwrap();
        if pushed.is_empty() {
            pushed.extend(produce(&world, C, 1));
        }
        assert_eq!(pushed.len(), 1, "a dead producer took the room");
        let popped = world.drain();
        check(&pushed, popped);
    });
}

/// Of two who recover one cell, one frees it, and the other does not touch what comes after.
#[test]
fn two_recover_the_same_cell() {
    explore("two_recover_the_same_cell", 1, || {
        let world = World::new(1);
        die_in_a_push(&world, D, true);
        run(world, 0, &[(A, 1), (B, 1)], &[1]);
    });
}

#[test]
fn two_consumers_recover_and_take() {
    explore("two_consumers_recover_and_take", 2, || {
        let world = World::new(2);
        die_in_a_push(&world, D, false);
        let pushed = produce(&world, 0, 1);
        let world = Arc::new(world);
        let other = Arc::clone(&world);
        let other = thread::spawn(move || consume(&other, 2));
        let mut popped = consume(&world, 2);
        popped.extend(other.join().unwrap());
        popped.extend(world.drain());
        check(&pushed, popped);
    });
}

/// Two producers in a row die, and the cells are recovered in their order.
#[test]
fn two_dead_producers() {
    explore("two_dead_producers", 2, || {
        let world = World::new(2);
        die_in_a_push(&world, D, true);
        die_in_a_push(&world, C, false);
        run(world, 0, &[(A, 1)], &[1]);
    });
}

#[test]
fn bulk_with_one_hint() {
    explore("bulk_with_one_hint", 1, || {
        let world = Arc::new(World::new(2));
        let bulk = Arc::clone(&world);
        let bulk = thread::spawn(move || {
            let values = [value(A, 0), value(A, 1), value(A, 2)];
            bulk.try_push_many(A, &values).into_iter().zip(values).collect::<Vec<_>>()
        });
        let single = Arc::clone(&world);
        let single = thread::spawn(move || produce(&single, B, 1));
        let mut popped = world.try_pop_many(2);
        check_order(&popped);
        let mut pushed = bulk.join().unwrap();
        pushed.extend(single.join().unwrap());
        popped.extend(world.drain());
        check(&pushed, popped);
    });
}

/// Who sees a later word of one cell may still see an old one of the next, and be led back and forth between them.
#[test]
fn old_words_are_not_corrupt() {
    explore("old_words_are_not_corrupt", 2, || {
        let world = Arc::new(World::new(2));
        let other = Arc::clone(&world);
        let other = thread::spawn(move || {
            // As in a bulk push, the hint stays behind.
            let push = |number| (other.push_at(A, value(A, number), None, false).ok(), value(A, number));
            let first = [push(0), push(1)];
            let popped = other.pop_at(None).ok().map(|(position, value, _)| (position, value));
            let pushed = first.into_iter().chain([push(2)]);
            (pushed.filter_map(|(done, value)| Some((done?.0, value))).collect::<Vec<_>>(), popped)
        });
        let mut pushed = produce(&world, B, 1);
        let (others, popped) = other.join().unwrap();
        pushed.extend(others);
        check(&pushed, popped.into_iter().chain(world.drain()));
    });
}

#[test]
fn two_bulk_consumers() {
    explore("two_bulk_consumers", 3, || {
        let world = Arc::new(World::new(4));
        let pushed = produce(&world, 0, 3);
        let other = Arc::clone(&world);
        let other = thread::spawn(move || other.try_pop_many(2));
        let mut popped = world.try_pop_many(2);
        check_order(&popped);
        let others = other.join().unwrap();
        check_order(&others);
        popped.extend(others);
        popped.extend(world.drain());
        check(&pushed, popped);
    });
}

/// `drain` checks in every model that the length is exact when all is quiet.
#[test]
fn the_length_stays_within_the_capacity() {
    explore("the_length_stays_within_the_capacity", 1, || {
        let world = Arc::new(World::new(2));
        let pushed = produce(&world, 0, 1);
        let producer = Arc::clone(&world);
        let producer = thread::spawn(move || produce(&producer, A, 2));
        let consumer = Arc::clone(&world);
        let consumer = thread::spawn(move || consume(&consumer, 2));
        for _ in 0..2 {
            assert!(world.len() <= 2);
        }
        let mut popped = consumer.join().unwrap();
        let pushed = [pushed, producer.join().unwrap()].concat();
        popped.extend(world.drain());
        check(&pushed, popped);
    });
}
