//! Structures that values are put into and taken out of: what comes is whole, once, and where that is promised, in the
//! order of each producer.

use zeroipc::{Channel, Memory, Queue, Stack};

use crate::SOON;
use crate::chaos::load::{BRIEF, Journal, Load, Order, Worker, bag};
use crate::containers::{Container, drained, item, number, refused};
use crate::rng::Rng;
use crate::types::Item;

const PUT: u8 = 1;
const TAKE: u8 = 2;

pub(super) fn queue() -> Load {
    Load::new("queue")
        .prepare(prepare::<Queue<Item>>)
        .work(work::<Queue<Item>>)
        .check(|memory, journals| check::<Queue<Item>>(memory, journals, Order::Fifo))
}

pub(super) fn stack() -> Load {
    Load::new("stack")
        .prepare(prepare::<Stack<Item>>)
        .work(work::<Stack<Item>>)
        .check(|memory, journals| check::<Stack<Item>>(memory, journals, Order::Any))
}

pub(super) fn channel() -> Load {
    Load::new("channel")
        .prepare(prepare::<Channel<Item>>)
        .work(work::<Channel<Item>>)
        .check(|memory, journals| check::<Channel<Item>>(memory, journals, Order::Fifo))
}

/// A channel without room: what was sent was taken, what was taken back was not, and what the dead have offered may be there.
pub(super) fn rendezvous() -> Load {
    Load::new("rendezvous")
        .prepare(|memory, _| drop(Channel::<Item>::create(memory, "c", 0).unwrap()))
        .work(|worker| {
            let channel = Channel::<Item>::find(worker.memory());
            while worker.goes_on() {
                let value = worker.fresh();
                match worker.rng.below(6) {
                    0 => worker.does(PUT, value, || refused(channel.try_put(item(value))).map(|()| value)),
                    1 | 2 => worker.does(PUT, value, || refused(channel.put(item(value), BRIEF)).map(|()| value)),
                    3 => worker.does(TAKE, 0, || channel.try_take().unwrap().map(number)),
                    _ => worker.does(TAKE, 0, || refused(channel.take(BRIEF)).map(number)),
                };
            }
        })
        .check(|memory, journals| {
            let channel = Channel::<Item>::find(memory);
            bag(journals, PUT, TAKE, &drained(&channel), Order::Fifo);
            std::thread::scope(|scope| {
                let sender = scope.spawn(|| channel.put(item(7), SOON));
                assert_eq!(number(channel.take(SOON).unwrap()), 7);
                sender.join().expect("it does not panic").unwrap();
            });
        })
}

fn prepare<C: Container>(memory: &Memory, rng: &mut Rng) {
    C::make(memory, 1 << rng.below(7));
}

/// Puts and takes in turn, singly and in bulk, with and without waiting.
fn work<C: Container>(worker: &mut Worker<'_>) {
    let container = C::find(worker.memory());
    while worker.goes_on() {
        let value = worker.fresh();
        match worker.rng.below(8) {
            0 => worker.does(PUT, value, || refused(container.try_put(item(value))).map(|()| value)),
            1 | 2 => worker.does(PUT, value, || refused(container.put(item(value), BRIEF)).map(|()| value)),
            3 => {
                let count = 1 + worker.rng.below(5);
                let values = worker.fresh_many(count);
                let items: Vec<Item> = values.iter().map(|value| item(*value)).collect();
                worker.does_many(PUT, &values, || {
                    let count = container.put_many(&items, BRIEF).unwrap();
                    values[..count].to_vec()
                });
                None
            }
            4 => worker.does(TAKE, 0, || container.try_take().unwrap().map(number)),
            5 | 6 => worker.does(TAKE, 0, || refused(container.take(BRIEF)).map(number)),
            _ => {
                let mut items = vec![Item::new(0, 0); 1 + worker.rng.below(5) as usize];
                worker.does_many(TAKE, &vec![0; items.len()], || {
                    let count = container.take_many(&mut items, BRIEF).unwrap();
                    items[..count].iter().map(|item| number(*item)).collect()
                });
                None
            }
        };
    }
}

fn check<C: Container>(memory: &Memory, journals: &[Journal], order: Order) {
    let container = C::find(memory);
    bag(journals, PUT, TAKE, &drained(&container), order);
    let room = container.room();
    for lap in 0..3 {
        for value in 0..room {
            container.try_put(item(room * lap + value)).unwrap();
        }
        assert!(refused(container.try_put(item(0))).is_none(), "there is more room than there was");
        assert_eq!(drained(&container).len() as u64, room, "there is less room than there was");
    }
}
