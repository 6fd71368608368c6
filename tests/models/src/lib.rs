//! Loom models of the lock-free kernels: every interleaving of a few steps, and every value a weak machine may load.
//!
//! The modules `queue_kernel`, `waiting`, `table`, `passport`, `error` and `format` are the files that ship, included by path.
//! What stands in for the rest: `sync` (loom's atomics), `points` (a point may be where a process dies), `region`
//! (words on the heap), `village` (futexes, the dead and time) and `world` (a queue's cells and its own village).
//!
//! `ZEROIPC_LOOM_DEEP=1` allows one preemption more; `-- --nocapture` shows how many interleavings there were.
//! `mutate.py` breaks the kernels in known ways and checks that a model notices.
#![cfg(test)]
// What production makes public is private to this crate.
#![allow(unreachable_pub)]
// Loom's threads are one at a time, and its cells are not `Sync`.
#![allow(clippy::arc_with_non_send_sync)]

#[allow(dead_code)]
#[path = "../../../zeroipc/src/error.rs"]
mod error;
mod explore;
mod format;
mod loom_pool;
mod loom_queue;
mod loom_ring;
mod loom_stack;
mod loom_table;
mod loom_waiting;
#[allow(dead_code)]
#[path = "../../../zeroipc/src/passport.rs"]
mod passport;
mod points;
#[allow(dead_code)]
#[path = "../../../zeroipc/src/structures/pool_kernel.rs"]
mod pool_kernel;
#[allow(dead_code)]
#[path = "../../../zeroipc/src/structures/queue_kernel.rs"]
mod queue_kernel;
mod region;
#[allow(dead_code)]
#[path = "../../../zeroipc/src/structures/ring_kernel.rs"]
mod ring_kernel;
#[allow(dead_code)]
#[path = "../../../zeroipc/src/structures/stack_kernel.rs"]
mod stack_kernel;
mod sync;
#[allow(dead_code)]
#[path = "../../../zeroipc/src/table.rs"]
mod table;
#[allow(dead_code)]
mod village;
#[allow(dead_code)]
#[path = "../../../zeroipc/src/structures/waiting.rs"]
mod waiting;
mod world;
