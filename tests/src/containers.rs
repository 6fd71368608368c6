//! Structures that values are put into and taken out of, as one.

use std::time::Duration;

use zeroipc::{Channel, ErrorKind, Memory, Queue, Result, Stack};

use crate::types::Item;

/// A queue, a stack, a channel: something with room for a number of items, called `c` in its segment.
pub trait Container: Sized {
    /// Creates it with room for at least so many.
    fn make(memory: &Memory, room: u64) -> Self;
    /// Opens it.
    fn find(memory: &Memory) -> Self;
    /// For how many it has room.
    fn room(&self) -> u64;
    /// Puts one in if there is room.
    fn try_put(&self, item: Item) -> Result<()>;
    /// Puts one in, waiting for room.
    fn put(&self, item: Item, timeout: Duration) -> Result<()>;
    /// Puts some in, waiting for room, and says how many.
    fn put_many(&self, items: &[Item], timeout: Duration) -> Result<usize>;
    /// Takes one out if there is one.
    fn try_take(&self) -> Result<Option<Item>>;
    /// Takes one out, waiting for it.
    fn take(&self, timeout: Duration) -> Result<Item>;
    /// Takes some out, waiting for the first, and says how many.
    fn take_many(&self, items: &mut [Item], timeout: Duration) -> Result<usize>;
}

/// What is put in for a number: larger than a word, so that a torn one is seen.
pub fn item(number: u64) -> Item {
    Item::new(number >> 32, number & 0xffff_ffff)
}

/// The number that an item was made for.
///
/// # Panics
/// When it is torn.
#[track_caller]
pub fn number(item: Item) -> u64 {
    assert!(item.is_whole(), "a torn or foreign item: {item:?}");
    item.producer << 32 | item.sequence
}

/// What came of an operation that may find no room, or nothing there.
///
/// # Panics
/// At any other error.
#[track_caller]
pub fn refused<T>(result: Result<T>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::Full | ErrorKind::TimedOut), "{error}");
            None
        }
    }
}

/// Takes everything out.
#[track_caller]
pub fn drained<C: Container>(container: &C) -> Vec<u64> {
    std::iter::from_fn(|| container.try_take().expect("it is whole")).map(number).collect()
}

/// A container by its type, and the names of its methods: singly and in bulk, at once and with a deadline.
macro_rules! container {
    ($type:ident, $try_put:ident, $put:ident, $put_many:ident, $try_take:ident, $take:ident, $take_many:ident) => {
        impl Container for $type<Item> {
            fn make(memory: &Memory, room: u64) -> Self {
                $type::create(memory, "c", room).expect("there is none yet")
            }

            fn find(memory: &Memory) -> Self {
                $type::open(memory, "c").expect("it is there")
            }

            fn room(&self) -> u64 {
                self.capacity()
            }

            fn try_put(&self, item: Item) -> Result<()> {
                self.$try_put(item)
            }

            fn put(&self, item: Item, timeout: Duration) -> Result<()> {
                self.$put(item, timeout)
            }

            fn put_many(&self, items: &[Item], timeout: Duration) -> Result<usize> {
                self.$put_many(items, timeout)
            }

            fn try_take(&self) -> Result<Option<Item>> {
                self.$try_take()
            }

            fn take(&self, timeout: Duration) -> Result<Item> {
                self.$take(timeout)
            }

            fn take_many(&self, items: &mut [Item], timeout: Duration) -> Result<usize> {
                self.$take_many(items, timeout)
            }
        }
    };
}

container!(Queue, try_push, push_timeout, push_many_timeout, try_pop, pop_timeout, pop_many_timeout);
container!(Channel, try_send, send_timeout, send_many_timeout, try_recv, recv_timeout, recv_many_timeout);
container!(Stack, try_push, push_timeout, push_many_timeout, try_pop, pop_timeout, pop_many_timeout);
