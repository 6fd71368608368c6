//! The only door to atomics. The models of `tests/models` put loom's in the place of this file.

#[cfg(feature = "async")]
pub(crate) use core::sync::atomic::AtomicPtr;
pub(crate) use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, compiler_fence, fence};
pub(crate) use std::hint::spin_loop;

pub(crate) use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

/// An acquiring load that is also allowed on a read-only mapping, where only relaxed loads of a word are.
#[inline]
pub(crate) fn load_acquire_u32(word: &AtomicU32) -> u32 {
    let value = word.load(Relaxed);
    fence(Acquire);
    value
}

/// The cheap half of an asymmetric fence: keeps the compiler from exchanging a store before it and a load behind it. The machine is
/// kept from that by the other half, a barrier that whoever relies on it runs for all.
#[inline(always)]
pub(crate) fn light_fence() {
    compiler_fence(SeqCst);
}

/// A CAS for one of two who each announce something in a word of their own and then [`observe`] the other's: at least one
/// sees the other. Costs no fence beside the CAS, neither on x86-64 nor on aarch64.
#[inline(always)]
pub(crate) fn announce(word: &AtomicU64, current: u64, new: u64) -> Result<u64, u64> {
    word.compare_exchange(current, new, SeqCst, Relaxed)
}

/// The look that follows an [`announce`]; acquires.
#[inline(always)]
pub(crate) fn observe(word: &AtomicU64) -> u64 {
    word.load(SeqCst)
}
