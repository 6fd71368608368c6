//! Typed data shared between processes in named shared memory: no copy, no serialisation, and a killed process blocks
//! nobody. Programs in C and Python read and write the same structures.
//!
//! ```
//! use zeroipc::{Array, Memory, Queue};
//! # let name = format!("/zeroipc_doc_guide_{}", std::process::id());
//! # let name = name.as_str();
//!
//! let memory = Memory::open_or_create(name, 1 << 20)?;
//! let temperature = Array::<f32>::open_or_create(&memory, "temperature", 1000)?;
//! temperature.set(0, 23.5);
//!
//! let jobs = Queue::<u64>::open_or_create(&memory, "jobs", 1024)?;
//! jobs.push(7)?;
//! assert_eq!(jobs.pop()?, 7);
//! # Memory::unlink(name)?;
//! # Ok::<(), zeroipc::Error>(())
//! ```
//!
//! # The nouns
//! A **segment** is a named piece of shared memory; [`Memory`] is this process's attachment to one. A **structure** lives in
//! a segment under a name of its own: an [`Array`], a [`Queue`], a [`Map`], a [`Mutex`], …. Its **elements** are of a type that implements
//! [`ShmLayout`]: numbers, also [`F16`] and [`Complex`], arrays of them, [`FixedStr`], [`Bool8`], an
//! [`open_enum!`], a [`closed_enum!`], [`flags!`], a [`variant!`], or a struct with `#[derive(ShmLayout)]`. The segment's **table** says where each structure is, its **passport** (`.schema`) what it holds.
//!
//! # The structures
//! | for | there is |
//! |---|---|
//! | data in place | [`Array`]; [`Signal`], the latest value, never torn; [`Map`] and [`Set`]; [`Pool`] |
//! | handing over | [`Queue`], [`Stack`]; [`Ring`] between two; [`Channel`] with an end, [`Select`] over several |
//! | telling many | [`Broadcast`], [`Stream`] with adaptors |
//! | results | [`Future`], [`Lazy`], [`Once`] |
//! | excluding | [`Mutex`], [`RwLock`], [`Condvar`], [`Semaphore`] |
//! | meeting | [`Barrier`], [`Latch`], [`Event`] |
//!
//! Each has `create`, `open` and `open_or_create`, forms that wait, that wait with a deadline and that do not wait, and a page
//! in `docs/structures` with its bytes, its states, and what every death leaves.
//!
//! # What is promised
//! - Opening compares kind, layout, field names, units and enum values with what the segment remembers, and names the first
//!   difference. Segments without a passport open by exact sizes.
//! - No content of a segment makes an operation panic, hang, or reach outside the mapping: what is damaged gives
//!   [`ErrorKind::Corrupt`] or wrong data.
//! - A process may be killed at any instruction. Who is alive is the kernel's word: every attachment holds a lock that ends
//!   with its process. What a dead process had claimed is recovered by whoever stands there next.
//! - Waiting costs no processor time, and every wait has a form with a deadline.
//!
//! # What is not
//! - A process that is stopped, or that the kernel still takes apart, counts as alive.
//! - Array elements above 8 bytes can be seen torn.
//! - Who may write to a segment can spoil its data; who may read it can hold locks, and so stall others. A process that
//!   truncates the file takes everybody down who uses it.
//! - No operation may be used in a signal handler.
//!
//! # Fork
//! A forked child may use the handles it inherits; it becomes an attachment of its own the first time it changes something.
//! A lock that a thread of the parent takes in the very moment of the fork is shared with the child: attach and create
//! before forking threads that outlive their parent.
//!
//! # Features
//! - `derive` (default): `#[derive(ShmLayout)]` and [`variant!`].
//! - `async`: every operation that waits also as a future, `…_async`, for any executor and without a thread per wait.
//!
//! # Platforms
//! 64-bit little-endian Linux, 4.14 or later.

// So that what the derive and the macros emit, `::zeroipc::…`, also means this crate in its own tests.
extern crate self as zeroipc;

#[doc(hidden)]
pub mod __private;
mod attach;
mod canonical;
mod entries;
mod error;
#[allow(dead_code, unreachable_pub)]
mod format;
mod hash;
mod include_schema;
mod memory;
mod os;
mod passport;
#[doc(hidden)]
pub mod points;
#[cfg(feature = "async")]
mod reactor;
mod region;
mod registry;
mod shm_layout;
mod structures;
mod sync;
mod table;
mod types;
mod wait;

pub use entries::{StructureInfo, StructureKind};
pub use error::{Error, ErrorKind, Result};
pub use memory::{Memory, MemoryOptions};
pub use registry::layouts;
pub use shm_layout::ShmLayout;
pub use structures::array::{Array, AtomicInteger, AtomicNumber, Iter};
pub use structures::barrier::{Barrier, BarrierMember};
pub use structures::broadcast::{Broadcast, BroadcastProducer, BroadcastReader, Peeked, Received, ReceivedRun};
pub use structures::broadcast_sides::Policy;
pub use structures::channel::{Channel, Registration};
pub use structures::condvar::Condvar;
pub use structures::event::{Event, EventMode};
pub use structures::future::{Future, Promise};
pub use structures::latch::Latch;
pub use structures::lazy::Lazy;
pub use structures::map::{Map, MapIter};
pub use structures::mutex::{Mutex, MutexGuard};
pub use structures::once::{Once, OnceState};
pub use structures::pool::{Pool, PoolGuard, PoolHandle};
pub use structures::queue::Queue;
pub use structures::ring::{Ring, RingConsumer, RingPeeked, RingProducer, RingReservation};
pub use structures::rwlock::{RwLock, RwReadGuard, RwWriteGuard};
pub use structures::select::Select;
pub use structures::semaphore::{Semaphore, SemaphoreGuard};
pub use structures::set::{Set, SetIter};
pub use structures::signal::Signal;
pub use structures::stack::Stack;
pub use structures::stream::{Stream, StreamProducer, Subscription};
pub use structures::stream_adaptors::{Flow, Values, Wait};
pub use structures::stream_derived::Derived;
pub use table::TableVersion;
pub use types::{Bool8, Complex, F16, FixedStr, FixedStrError};
#[cfg(feature = "derive")]
pub use zeroipc_derive::{ShmLayout, variant};

/// The examples of the README, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
