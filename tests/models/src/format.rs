//! The production constants.

#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/channel.rs"]
pub(crate) mod channel;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../../../zeroipc/src/format/once.rs"]
pub(crate) mod once;
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
