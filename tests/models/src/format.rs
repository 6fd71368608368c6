//! The production constants.

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
#[path = "../../../zeroipc/src/format/schema.rs"]
pub(crate) mod schema;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/stack.rs"]
pub(crate) mod stack;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/table.rs"]
pub(crate) mod table;
