//! Typed data shared between processes in named shared memory.

// So that what the derive and `open_enum!` emit, `::zeroipc::…`, also means this crate in its own tests.
extern crate self as zeroipc;

#[doc(hidden)]
pub mod __private;
mod registry;
mod shm_layout;
mod types;

pub use registry::layouts;
pub use shm_layout::ShmLayout;
pub use types::{Bool8, FixedStr, FixedStrError};
#[cfg(feature = "derive")]
pub use zeroipc_derive::ShmLayout;
