//! Typed data shared between processes in named shared memory: no copy, no serialisation, and a crash blocks nobody.

// So that what the derive and `open_enum!` emit, `::zeroipc::…`, also means this crate in its own tests.
extern crate self as zeroipc;

#[doc(hidden)]
pub mod __private;
mod attach;
mod entries;
mod error;
#[allow(dead_code, unreachable_pub, missing_docs)]
mod format;
mod memory;
mod os;
mod passport;
#[doc(hidden)]
pub mod points;
mod region;
mod registry;
mod shm_layout;
mod structures;
mod sync;
mod table;
mod types;

pub use entries::{StructureInfo, StructureKind};
pub use error::{Error, ErrorKind, Result};
pub use memory::{Memory, MemoryOptions};
pub use registry::layouts;
pub use shm_layout::ShmLayout;
pub use structures::array::{Array, AtomicInteger, AtomicNumber, Iter};
pub use structures::queue::Queue;
pub use table::TableVersion;
pub use types::{Bool8, FixedStr, FixedStrError};
#[cfg(feature = "derive")]
pub use zeroipc_derive::ShmLayout;
