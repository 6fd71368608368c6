//! Typed data shared between processes in named shared memory.

mod shm_layout;
mod types;

pub use shm_layout::ShmLayout;
