//! The production constants.

#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/barrier.rs"]
pub(crate) mod barrier;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/broadcast.rs"]
pub(crate) mod broadcast;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/channel.rs"]
pub(crate) mod channel;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/condvar.rs"]
pub(crate) mod condvar;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/event.rs"]
pub(crate) mod event;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/latch.rs"]
pub(crate) mod latch;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/map.rs"]
pub(crate) mod map;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/mutex.rs"]
pub(crate) mod mutex;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/once.rs"]
pub(crate) mod once;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/pool.rs"]
pub(crate) mod pool;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/queue.rs"]
pub(crate) mod queue;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/ring.rs"]
pub(crate) mod ring;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/rwlock.rs"]
pub(crate) mod rwlock;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/schema.rs"]
pub(crate) mod schema;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/semaphores.rs"]
pub(crate) mod semaphores;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/signals.rs"]
pub(crate) mod signals;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/stack.rs"]
pub(crate) mod stack;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/table.rs"]
pub(crate) mod table;
