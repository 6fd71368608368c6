//! The structures. Each is one file: its bytes and states, its invariants, its orderings, what a crash leaves behind.
//!
//! | structure | operations | progress | when a participant dies |
//! |---|---|---|---|
//! | [`Array`](crate::Array) | all | wait-free | nothing is claimed, so nothing is left |
//! | [`Pool`](crate::Pool) | acquire, release, adopt | lock-free | its objects are free again |
//! | [`Queue`](crate::Queue) | push, pop | lock-free; a consumer waits for the producer of the next element | the unfinished push never happened |
//! | [`Ring`](crate::Ring) | push, pop, reserve, peek | wait-free, for one producer and one consumer | what was not published never happened, what was not released is read again |
//! | [`Stack`](crate::Stack) | push, pop, peek | lock-free | the unfinished push never happened, and its node is used again |

pub(crate) mod array;
pub(crate) mod mapped;
pub(crate) mod pool;
pub(crate) mod pool_kernel;
pub(crate) mod queue;
pub(crate) mod queue_kernel;
pub(crate) mod ring;
pub(crate) mod ring_kernel;
pub(crate) mod stack;
pub(crate) mod stack_kernel;
pub(crate) mod waiting;
