//! The structures. Each is one file: its bytes and states, its invariants, its orderings, what a crash leaves behind.
//!
//! | structure | operations | progress | when a participant dies |
//! |---|---|---|---|
//! | [`Array`](crate::Array) | all | wait-free | nothing is claimed, so nothing is left |
//! | [`Queue`](crate::Queue) | push, pop | lock-free; a consumer waits for the producer of the next element | the unfinished push never happened |

pub(crate) mod array;
pub(crate) mod condvar;
pub(crate) mod condvar_kernel;
pub(crate) mod mapped;
pub(crate) mod mutex;
pub(crate) mod mutex_kernel;
pub(crate) mod queue;
pub(crate) mod queue_kernel;
pub(crate) mod rwlock;
pub(crate) mod rwlock_kernel;
pub(crate) mod waiting;
