//! The production constants.

#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/condvar.rs"]
pub(crate) mod condvar;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/mutex.rs"]
pub(crate) mod mutex;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/queue.rs"]
pub(crate) mod queue;
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
#[path = "../../../zeroipc/src/format/table.rs"]
pub(crate) mod table;
