//! Futexes between processes: never the private kind.

use std::time::Duration;

use crate::sync::AtomicU64;

/// Sleeps while the low half of `word` is `low`, at most `at_most`.
///
/// Returns when woken, when the half differs, at the end of the time, on a signal, or for no reason; the caller looks
/// at the word again in every case, so the reason is of no use to it.
pub(crate) fn futex_wait(word: &AtomicU64, low: u32, at_most: Duration) {
    let time = libc::timespec {
        tv_sec: at_most.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: at_most.subsec_nanos().into(),
    };
    // The machine is little-endian, so the low half is at the word's own address.
    let half: *const u32 = std::ptr::from_ref(word).cast();
    // SAFETY: `half` is aligned and readable while `word` is borrowed; the system reads the half and `time`, which live
    // through the call. The timeout is relative and monotonic.
    unsafe { libc::syscall(libc::SYS_futex, half, libc::FUTEX_WAIT, low, &raw const time, 0_usize, 0_u32) };
}

/// Wakes `count` of those who sleep on `word`, in every process.
pub(crate) fn futex_wake(word: &AtomicU64, count: u32) {
    let half: *const u32 = std::ptr::from_ref(word).cast();
    // The system takes the number as a signed one.
    let count = count.min(i32::MAX.cast_unsigned());
    // SAFETY: the system takes the address as a key and does not write to it.
    unsafe { libc::syscall(libc::SYS_futex, half, libc::FUTEX_WAKE, count, 0_usize, 0_usize, 0_u32) };
}
