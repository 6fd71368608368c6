//! Helpers for the tests that need two crates, two languages or two processes.
//!
//! | module | what it is for |
//! |---|---|
//! | [`names`] | segment names that go away with the test, however it ends |
//! | [`actor`] | child processes with a watchdog, spoken to by lines |
//! | [`at`] | stopping or killing a process at a named point of the runtime |
//! | [`trace`] | stepping a child instruction by instruction |
//! | [`chaos`] | the kill matrix, and kills by chance |
//! | [`containers`] | queues, stacks and channels as one |
//! | [`hostile`] | a peer that writes nonsense over a structure in use |
//! | [`image`] | damaged segments, and everything that can be done with one |
//! | [`futures`] | polling futures by hand |
//! | [`linear`] | whether what many did at once could have been done one after the other |
//! | [`shake`] | threads that dawdle at points, and processes that die at one, by chance |
//! | [`scale`] | how much a run does |
//! | [`types`] | the elements that the tests share |
//! | [`sys`] | the system calls behind all this |

pub mod actor;
pub mod at;
pub mod chaos;
pub mod containers;
pub mod emitted;
pub mod futures;
pub mod hostile;
pub mod image;
pub mod linear;
pub mod names;
pub mod rng;
pub mod scale;
pub mod shake;
pub mod sys;
pub mod trace;
pub mod types;

use std::time::Duration;

/// How soon a peer's operation is done after the kernel has let go of a dead process.
pub const SOON: Duration = Duration::from_secs(1);
/// Longer than anything takes that does not hang.
pub const DEADLINE: Duration = Duration::from_secs(20);
