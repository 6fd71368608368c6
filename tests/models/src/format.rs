//! The production constants.

#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/broadcast.rs"]
pub(crate) mod broadcast;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/queue.rs"]
pub(crate) mod queue;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/schema.rs"]
pub(crate) mod schema;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/table.rs"]
pub(crate) mod table;
