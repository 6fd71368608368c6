//! The bytes of the format, as our own compiler emits them from `schemas/format/*.zipc`.

#[rustfmt::skip]
pub(crate) mod array;
#[rustfmt::skip]
pub(crate) mod barrier;
#[rustfmt::skip]
pub(crate) mod broadcast;
#[rustfmt::skip]
pub(crate) mod channel;
#[rustfmt::skip]
pub(crate) mod condvar;
#[rustfmt::skip]
pub(crate) mod event;
#[rustfmt::skip]
pub(crate) mod latch;
#[rustfmt::skip]
pub(crate) mod locks;
#[rustfmt::skip]
pub(crate) mod map;
#[rustfmt::skip]
pub(crate) mod mutex;
#[rustfmt::skip]
pub(crate) mod once;
#[rustfmt::skip]
pub(crate) mod pool;
#[rustfmt::skip]
pub(crate) mod queue;
#[rustfmt::skip]
pub(crate) mod ring;
#[rustfmt::skip]
pub(crate) mod rwlock;
#[rustfmt::skip]
pub(crate) mod schema;
#[rustfmt::skip]
pub(crate) mod semaphores;
#[rustfmt::skip]
pub(crate) mod signals;
#[rustfmt::skip]
pub(crate) mod stack;
#[rustfmt::skip]
pub(crate) mod table;
