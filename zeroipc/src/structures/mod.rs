//! The structures. Each is one file: its bytes and states, its invariants, its orderings, what a crash leaves behind.
//!
//! | structure | operations | progress | when a participant dies |
//! |---|---|---|---|
//! | [`Array`](crate::Array) | all | wait-free | nothing is claimed, so nothing is left |
//! | [`Queue`](crate::Queue) | push, pop | lock-free; a consumer waits for the producer of the next element | the unfinished push never happened |

pub(crate) mod array;
pub(crate) mod broadcast;
pub(crate) mod broadcast_kernel;
pub(crate) mod broadcast_sides;
pub(crate) mod mapped;
pub(crate) mod queue;
pub(crate) mod queue_kernel;
pub(crate) mod stream;
pub(crate) mod stream_adaptors;
pub(crate) mod stream_derived;
pub(crate) mod waiting;
