//! Open file description locks on single bytes. `docs/format.md` §4 says which byte means what.

use std::io;

use super::ShmFile;

/// Who may hold a lock on the same byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockKind {
    Shared,
    Exclusive,
}

impl LockKind {
    fn code(self) -> libc::c_short {
        let code = match self {
            LockKind::Shared => libc::F_RDLCK,
            LockKind::Exclusive => libc::F_WRLCK,
        };
        code as libc::c_short
    }
}

fn request(code: libc::c_short, start: u64, len: u64) -> libc::flock {
    libc::flock {
        l_type: code,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: start.cast_signed(),
        l_len: len.cast_signed(),
        // The system refuses requests of this family that name a process.
        l_pid: 0,
    }
}

/// `fcntl` with a lock request, which the call may overwrite with its answer.
fn fcntl(file: &ShmFile, command: libc::c_int, request: &mut libc::flock) -> io::Result<()> {
    loop {
        // SAFETY: the descriptor is open, and the three commands used here take a pointer to a `flock`.
        if unsafe { libc::fcntl(file.fd(), command, std::ptr::from_mut(request)) } != -1 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Takes the lock on a byte for the file's open file description; `false` when another description is in the way.
pub(crate) fn try_lock(file: &ShmFile, byte: u64, kind: LockKind) -> io::Result<bool> {
    match fcntl(file, libc::F_OFD_SETLK, &mut request(kind.code(), byte, 1)) {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Gives the lock on a byte back, for every descriptor that shares the description.
pub(crate) fn unlock(file: &ShmFile, byte: u64) -> io::Result<()> {
    fcntl(file, libc::F_OFD_SETLK, &mut request(libc::F_UNLCK as libc::c_short, byte, 1))
}

/// Some lock of another description in `start .. start + len`: the part of it that lies there, as its first byte and
/// the one behind it.
pub(crate) fn probe(file: &ShmFile, start: u64, len: u64) -> io::Result<Option<(u64, u64)>> {
    if len == 0 {
        return Ok(None);
    }
    let mut request = request(LockKind::Exclusive.code(), start, len);
    fcntl(file, libc::F_OFD_GETLK, &mut request)?;
    if request.l_type == libc::F_UNLCK as libc::c_short {
        return Ok(None);
    }
    let first = request.l_start.cast_unsigned();
    let end = match request.l_len.cast_unsigned() {
        // As far as offsets reach.
        0 => u64::MAX,
        len => first.saturating_add(len),
    };
    Ok(Some((first.max(start), end.min(start.saturating_add(len)))))
}
