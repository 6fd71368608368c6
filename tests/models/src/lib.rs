//! Loom models of the lock-free kernels: every interleaving of a few steps, and every value a weak machine may load.
//!
//! The modules `queue_kernel`, `map_kernel`, `waiting`, `table`, `passport`, `error` and `format` are the files that ship, included by path.
//! The modules `…_kernel`, `waiting`, `table`, `passport`, `error` and `format` are the files that ship, included by path.
//! What stands in for the rest: `sync` (loom's atomics), `points` (a point may be where a process dies), `region`
//! (words on the heap), `village` (futexes, the dead and time) and `world` (a queue's cells).
//!
//! `ZEROIPC_LOOM_DEEP=1` allows one preemption more; `-- --nocapture` shows how many interleavings there were.
//! `mutate.py` breaks the kernels in known ways and checks that a model notices.
#![cfg(test)]
// What production makes public is private to this crate.
#![allow(unreachable_pub)]
// Loom's threads are one at a time, and its cells are not `Sync`.
#![allow(clippy::arc_with_non_send_sync)]

#[allow(dead_code)]
#[path = "../../../zeroipc/src/structures/barrier_kernel.rs"]
mod barrier_kernel;
#[allow(dead_code)]
#[path = "../../../zeroipc/src/structures/broadcast_kernel.rs"]
mod broadcast_kernel;
#[allow(dead_code)]
#[path = "../../../zeroipc/src/structures/channel_kernel.rs"]
mod channel_kernel;
#[allow(dead_code)]
#[path = "../../../zeroipc/src/structures/condvar_kernel.rs"]
mod condvar_kernel;
#[allow(dead_code)]
#[path = "../../../zeroipc/src/error.rs"]
mod error;
#[allow(dead_code)]
#[path = "../../../zeroipc/src/structures/event_kernel.rs"]
mod event_kernel;
mod explore;
mod format;
#[allow(dead_code)]
#[path = "../../../zeroipc/src/structures/latch_kernel.rs"]
mod latch_kernel;
mod loom_barrier;
mod loom_broadcast;
mod loom_channel;
mod loom_condvar;
mod loom_event;
mod loom_latch;
mod loom_map;
mod loom_mutex;
mod loom_once;
mod loom_pool;
mod loom_queue;
mod loom_reactor;
mod loom_ring;
mod loom_rwlock;
mod loom_semaphore;
mod loom_signal;
mod loom_stack;
mod loom_table;
mod loom_waiting;
#[allow(dead_code)]
#[path = "../../../zeroipc/src/structures/map_kernel.rs"]
mod map_kernel;
#[allow(dead_code)]
#[path = "../../../zeroipc/src/structures/mutex_kernel.rs"]
mod mutex_kernel;
#[allow(dead_code)]
#[path = "../../../zeroipc/src/structures/once_kernel.rs"]
mod once_kernel;
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
#[path = "../../../zeroipc/src/reactor/roster.rs"]
mod roster;
#[allow(dead_code)]
#[path = "../../../zeroipc/src/structures/rwlock_kernel.rs"]
mod rwlock_kernel;
#[allow(dead_code)]
#[path = "../../../zeroipc/src/structures/semaphore_kernel.rs"]
mod semaphore_kernel;
#[allow(dead_code)]
#[path = "../../../zeroipc/src/structures/signal_kernel.rs"]
mod signal_kernel;
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
