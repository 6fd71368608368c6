//! The only door to the system: shared memory files, record locks, futexes, barriers.
//!
//! The functions say what they do in terms of the format; nothing else names `libc`.

#[cfg(not(all(target_os = "linux", target_pointer_width = "64", target_endian = "little")))]
compile_error!(
    "zeroipc needs 64-bit little-endian Linux: open file description locks, futexes between processes, O_TMPFILE and \
     MADV_WIPEONFORK are missing elsewhere, and without them a crash could block a peer"
);

mod barrier;
mod file;
mod futex;
mod lock;
mod page;
#[cfg(feature = "async")]
mod signals;

pub(crate) use barrier::{barrier_for_all, join_barriers};
pub(crate) use file::{Access, ShmFile, free_space, list, page_size};
#[cfg(feature = "async")]
pub(crate) use futex::{Slept, Vigil, futex_wake_at};
pub(crate) use futex::{futex_wait, futex_wait_any, futex_wake};
pub(crate) use lock::{LockKind, probe, try_lock, unlock};
pub(crate) use page::{AnchorPage, ForkPage};
#[cfg(feature = "async")]
pub(crate) use signals::without_signals;

/// Eight random bytes.
pub(crate) fn random() -> std::io::Result<u64> {
    let mut bytes = [0_u8; 8];
    loop {
        // SAFETY: the pointer and the length are those of `bytes`, which is writable for the call.
        let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
        if got == bytes.len() as isize {
            return Ok(u64::from_ne_bytes(bytes));
        }
        let error = std::io::Error::last_os_error();
        if got < 0 && error.kind() != std::io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}
