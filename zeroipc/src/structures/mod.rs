//! The structures. Each is one file: its bytes and states, its invariants, its orderings, what a crash leaves behind.
//!
//! | structure | operations | progress | when a participant dies |
//! |---|---|---|---|
//! | [`Array`](crate::Array) | all | wait-free | nothing is claimed, so nothing is left |
//! | [`Queue`](crate::Queue) | push, pop | lock-free; a consumer waits for the producer of the next element | the unfinished push never happened |
//! | [`Map`](crate::Map), [`Set`](crate::Set) | get, contains, iterate | lock-free | nothing is claimed, so nothing is left |
//! | | insert, update, remove | waits for writers of the same home | the change is done or never happened, and the next writer takes over |

pub(crate) mod array;
pub(crate) mod map;
pub(crate) mod map_buckets;
pub(crate) mod map_kernel;
pub(crate) mod mapped;
pub(crate) mod queue;
pub(crate) mod queue_kernel;
pub(crate) mod set;
pub(crate) mod waiting;
