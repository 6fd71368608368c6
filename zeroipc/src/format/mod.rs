//! The bytes of the format, as our own compiler emits them from `schemas/format/*.zipc`.

#[rustfmt::skip]
pub(crate) mod array;
#[rustfmt::skip]
pub(crate) mod locks;
#[rustfmt::skip]
pub(crate) mod pool;
#[rustfmt::skip]
pub(crate) mod queue;
#[rustfmt::skip]
pub(crate) mod ring;
#[rustfmt::skip]
pub(crate) mod schema;
#[rustfmt::skip]
pub(crate) mod stack;
#[rustfmt::skip]
pub(crate) mod table;
