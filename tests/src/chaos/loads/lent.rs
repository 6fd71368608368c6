//! What is lent: the two roles of a ring, which pass from hand to hand, and the objects of a pool, which are used by one at
//! a time and handed on.

use zeroipc::{ErrorKind, Pool, PoolHandle, Queue, Ring};

use crate::chaos::load::{Answer, BRIEF, Load, Order, Worker, bag};
use crate::containers::{item, number, refused};
use crate::types::Item;
use crate::{SOON, shake};

const PUT: u8 = 1;
const TAKE: u8 = 2;
const USE: u8 = 3;

/// A role, if nobody who lives has it.
fn role<T>(taken: zeroipc::Result<T>) -> Option<T> {
    taken.map_err(|error| assert_eq!(error.kind(), ErrorKind::NoSlot, "{error}")).ok()
}

pub(super) fn ring() -> Load {
    Load::new("ring")
        .prepare(|memory, rng| drop(Ring::<Item>::create(memory, "r", 1 << rng.below(6)).unwrap()))
        .work(|worker| {
            let ring = Ring::<Item>::open(worker.memory(), "r").unwrap();
            while worker.goes_on() {
                if worker.rng.below(2) == 0 {
                    produce(worker, &ring);
                } else {
                    consume(worker, &ring);
                }
            }
        })
        .check(|memory, journals| {
            let ring = Ring::<Item>::open(memory, "r").unwrap();
            let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
            let left: Vec<u64> = std::iter::from_fn(|| consumer.try_pop().unwrap()).map(number).collect();
            bag(journals, PUT, TAKE, &left, Order::Fifo);
            for value in 0..3 * ring.capacity() {
                producer.push_timeout(item(value), SOON).unwrap();
                assert_eq!(number(consumer.pop_timeout(SOON).unwrap()), value);
            }
        })
}

fn produce(worker: &mut Worker<'_>, ring: &Ring<Item>) {
    let Some(mut producer) = role(ring.producer()) else { return };
    for _ in 0..worker.rng.below(200) {
        if !worker.goes_on() {
            break;
        }
        let value = worker.fresh();
        let count = 1 + worker.rng.below(5);
        let values = worker.fresh_many(count);
        match worker.rng.below(3) {
            0 => drop(worker.does(PUT, value, || refused(producer.push_timeout(item(value), BRIEF)).map(|()| value))),
            1 => worker.does_many(PUT, &values, || {
                let items: Vec<Item> = values.iter().map(|value| item(*value)).collect();
                let count = producer.push_many_timeout(&items, BRIEF).unwrap();
                values[..count].to_vec()
            }),
            // Written in place; all but the last are committed.
            _ => worker.does_many(PUT, &values, || {
                let Some(mut room) = refused(producer.reserve_timeout(values.len(), BRIEF)) else { return Vec::new() };
                let len = room.len();
                for (index, value) in values[..len].iter().enumerate() {
                    room.set(index, item(*value));
                    shake::here();
                }
                room.commit(len - 1);
                values[..len - 1].to_vec()
            }),
        }
    }
}

fn consume(worker: &mut Worker<'_>, ring: &Ring<Item>) {
    let Some(mut consumer) = role(ring.consumer()) else { return };
    for _ in 0..worker.rng.below(200) {
        if !worker.goes_on() {
            break;
        }
        let count = 1 + worker.rng.below(5) as usize;
        match worker.rng.below(3) {
            0 => drop(worker.does(TAKE, 0, || refused(consumer.pop_timeout(BRIEF)).map(number))),
            1 => worker.does_many(TAKE, &vec![0; count], || {
                let mut items = vec![Item::new(0, 0); count];
                let count = consumer.pop_many_timeout(&mut items, BRIEF).unwrap();
                items[..count].iter().map(|item| number(*item)).collect()
            }),
            // Looked at in place; what is not released stays.
            _ => worker.does_many(TAKE, &vec![0; count], || {
                let Some(peeked) = refused(consumer.peek_timeout(count, BRIEF)) else { return Vec::new() };
                let mut values: Vec<u64> = peeked.iter().map(number).collect();
                shake::here();
                values.pop();
                peeked.release(values.len());
                values
            }),
        }
    }
}

pub(super) fn pool() -> Load {
    Load::new("pool")
        .prepare(|memory, rng| {
            let capacity = 1 + rng.below(8);
            drop(Pool::<Item>::create(memory, "p", capacity).unwrap());
            drop(Queue::<PoolHandle>::create(memory, "q", 64).unwrap());
        })
        .work(|worker| {
            let pool = Pool::<Item>::open(worker.memory(), "p").unwrap();
            let queue = Queue::<PoolHandle>::open(worker.memory(), "q").unwrap();
            while worker.goes_on() {
                let value = worker.fresh();
                let (waits, hands_on) = (worker.rng.below(2) == 0, worker.rng.below(3) == 0);
                let adopts = worker.rng.below(3) == 0;
                worker.does(USE, value, || {
                    let guard = if adopts {
                        let handle = queue.try_pop().unwrap()?;
                        let guard = pool.adopt(handle).unwrap();
                        number(guard.read());
                        let refusal = pool.adopt(handle).unwrap_err().kind();
                        assert_eq!(refusal, ErrorKind::NotOwner, "one handle, two owners");
                        guard
                    } else if waits {
                        refused(pool.acquire_timeout(BRIEF))?
                    } else {
                        pool.try_acquire().unwrap()?
                    };
                    guard.write(&item(value));
                    shake::here();
                    assert_eq!(number(guard.read()), value, "two have the same object");
                    if hands_on {
                        queue.try_push(guard.into_handle().unwrap()).unwrap();
                    }
                    Some(value)
                });
            }
        })
        .check(|memory, journals| {
            let pool = Pool::<Item>::open(memory, "p").unwrap();
            let queue = Queue::<PoolHandle>::open(memory, "q").unwrap();
            while let Some(handle) = queue.try_pop().unwrap() {
                pool.release(handle).unwrap();
            }
            pool.reclaim().unwrap();
            let unknown = journals.iter().flatten().filter(|entry| entry.answer == Answer::None).count() as u64;
            let available = pool.available().unwrap();
            assert!(available <= pool.capacity(), "{available} of {}", pool.capacity());
            // A handle dies with who has it.
            assert!(available + unknown >= pool.capacity(), "{available} of {}, {unknown} unknown", pool.capacity());
            let all: Vec<_> = (0..available).map(|_| pool.acquire_timeout(SOON).unwrap()).collect();
            assert!(pool.try_acquire().unwrap().is_none(), "there are more objects than there were");
            drop(all);
            assert_eq!(pool.available().unwrap(), available);
        })
}
