//! The only door to atomics: the standard library's, or loom's when a model runs.

#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, fence};
#[cfg(not(loom))]
pub(crate) use std::hint::spin_loop;

#[cfg(loom)]
pub(crate) use loom::hint::spin_loop;
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, fence};

pub(crate) use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

/// An acquiring load that is also allowed on a read-only mapping, where only relaxed loads of a word are.
#[inline]
pub(crate) fn load_acquire_u64(word: &AtomicU64) -> u64 {
    let value = word.load(Relaxed);
    fence(Acquire);
    value
}

/// As [`load_acquire_u64`], for half a word.
#[inline]
pub(crate) fn load_acquire_u32(word: &AtomicU32) -> u32 {
    let value = word.load(Relaxed);
    fence(Acquire);
    value
}
