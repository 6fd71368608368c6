//! Several processes that begin together.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire};

use crate::process::{Child, pin, shared_memory, start};

/// Runs others in children, each on the core that is named, and `ours` here on the first.
///
/// # Panics
/// If a child cannot be made or fails.
pub(crate) fn alongside<'a, R>(
    others: impl IntoIterator<Item = (usize, Box<dyn FnOnce() + 'a>)>,
    ours: impl FnOnce() -> R,
) -> R {
    let children: Vec<Child> = others.into_iter().map(|(core, other)| start(core, other)).collect();
    pin(0);
    let result = ours();
    children.into_iter().for_each(Child::wait);
    result
}

/// Where processes wait for each other before they begin.
#[derive(Debug)]
pub(crate) struct Gate(AtomicU64);

impl Gate {
    pub(crate) fn shared() -> &'static Gate {
        // SAFETY: the memory is large enough, aligned to a page, stays mapped, and zero is valid.
        unsafe { &*shared_memory(size_of::<Gate>()).cast::<Gate>() }
    }

    /// How many have come.
    pub(super) fn passed(&self) -> u64 {
        self.0.load(Acquire)
    }

    /// Comes, and goes on at once.
    pub(super) fn come(&self) {
        self.0.fetch_add(1, AcqRel);
    }

    /// Goes on when so many have come.
    pub(crate) fn pass(&self, parties: u64) {
        self.come();
        while self.0.load(Acquire) < parties {
            std::thread::yield_now();
        }
    }
}
