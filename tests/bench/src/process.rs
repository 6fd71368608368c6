//! Two processes on two cores.

use std::time::{Duration, Instant};

/// Pins this process to a core, where the machine has so many.
pub(crate) fn pin(core: usize) {
    // SAFETY: an empty set is all zeros.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the core's number is far below the size of the set.
    unsafe { libc::CPU_SET(core, &mut set) };
    // SAFETY: the set and its size belong together. Where the core does not exist, nothing changes.
    unsafe { libc::sched_setaffinity(0, size_of_val(&set), &raw const set) };
}

/// A child process.
pub(crate) struct Child(libc::pid_t);

/// Runs `theirs` in a child on a core.
///
/// # Panics
/// If the child cannot be made.
pub(crate) fn start(core: usize, theirs: impl FnOnce()) -> Child {
    // SAFETY: this program has one thread.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "fork: {}", std::io::Error::last_os_error());
    if child == 0 {
        // SAFETY: asks the kernel to end this child with its parent; has no other precondition.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        pin(core);
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(theirs)).is_ok();
        // SAFETY: ends the child without running what its parent has registered.
        unsafe { libc::_exit(i32::from(!done)) };
    }
    Child(child)
}

impl Child {
    /// Waits for its end.
    ///
    /// # Panics
    /// If it fails.
    pub(crate) fn wait(self) {
        let mut status = 0;
        // SAFETY: the child is ours and has not been waited for.
        let waited = unsafe { libc::waitpid(self.0, &raw mut status, 0) };
        assert!(waited == self.0 && status == 0, "the other process failed");
    }
}

/// Runs `theirs` in a child on the second core and `ours` here on the first, and times `ours`.
///
/// # Panics
/// If the child cannot be made or fails.
pub(crate) fn beside(theirs: impl FnOnce(), ours: impl FnOnce()) -> Duration {
    let child = start(1, theirs);
    pin(0);
    let start = Instant::now();
    ours();
    let took = start.elapsed();
    child.wait();
    took
}

/// Anonymous memory that a child shares.
///
/// # Panics
/// If there is none.
pub(crate) fn shared_memory(len: usize) -> *mut u8 {
    let (prot, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
    // SAFETY: without MAP_FIXED no mapping is replaced. The memory stays mapped until the program ends.
    let address = unsafe { libc::mmap(std::ptr::null_mut(), len, prot, flags, -1, 0) };
    assert!(address != libc::MAP_FAILED, "mmap: {}", std::io::Error::last_os_error());
    address.cast()
}
