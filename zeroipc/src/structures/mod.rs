//! The structures. Each is one file: its bytes and states, its invariants, its orderings, what a crash leaves behind.
//!
//! | structure | operations | progress | when a participant dies |
//! |---|---|---|---|
//! | [`Array`](crate::Array) | all | wait-free | nothing is claimed, so nothing is left |
//! | [`Queue`](crate::Queue) | push, pop | lock-free; a consumer waits for the producer of the next element | the unfinished push never happened |

pub(crate) mod array;
pub(crate) mod channel;
pub(crate) mod channel_kernel;
pub(crate) mod future;
pub(crate) mod lazy;
pub(crate) mod mapped;
pub(crate) mod once;
pub(crate) mod once_kernel;
pub(crate) mod outcome;
pub(crate) mod queue;
pub(crate) mod queue_kernel;
pub(crate) mod select;
pub(crate) mod waiting;
