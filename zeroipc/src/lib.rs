//! Typed data shared between processes in named shared memory: no copy, no serialisation, and a crash blocks nobody.

#[cfg(not(loom))]
mod attach;
#[cfg(not(loom))]
mod entries;
#[cfg(not(loom))]
mod error;
#[allow(dead_code, unreachable_pub, missing_docs)]
mod format;
#[cfg(not(loom))]
mod memory;
#[cfg(not(loom))]
mod os;
#[cfg(not(loom))]
mod passport;
#[doc(hidden)]
pub mod points;
#[cfg(not(loom))]
mod region;
#[cfg(not(loom))]
mod shm_layout;
mod structures;
mod sync;
#[cfg(not(loom))]
mod table;
#[cfg(not(loom))]
mod types;

#[cfg(not(loom))]
pub use entries::{StructureInfo, StructureKind};
#[cfg(not(loom))]
pub use error::{Error, ErrorKind, Result};
#[cfg(not(loom))]
pub use memory::{Memory, MemoryOptions};
#[cfg(not(loom))]
pub use shm_layout::ShmLayout;
#[cfg(not(loom))]
pub use structures::array::{Array, AtomicInteger, AtomicNumber, Iter};
#[cfg(not(loom))]
pub use structures::queue::Queue;
#[cfg(not(loom))]
pub use table::TableVersion;
