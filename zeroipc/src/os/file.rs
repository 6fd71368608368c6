//! Files in the directory of shared memory.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, RawFd};

use memmap2::{MmapOptions, MmapRaw};

/// Where POSIX shared memory lives on Linux.
const DIRECTORY: &str = "/dev/shm";

/// What a mapping may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    ReadOnly,
    ReadWrite,
}

impl Access {
    fn flags(self) -> libc::c_int {
        match self {
            Access::ReadOnly => libc::O_RDONLY,
            Access::ReadWrite => libc::O_RDWR,
        }
    }
}

/// Which file this is, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

/// An open file in the directory of shared memory.
#[derive(Debug)]
pub(crate) struct ShmFile {
    file: ManuallyDrop<File>,
    access: Access,
    identity: Identity,
}

/// `result` of a system call that reports failure as −1.
fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn c_string(text: &str) -> io::Result<CString> {
    CString::new(text).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))
}

fn path_of(name: &str) -> io::Result<CString> {
    c_string(&format!("{DIRECTORY}{name}"))
}

fn open_path(path: &CString, flags: libc::c_int) -> io::Result<File> {
    loop {
        // SAFETY: `path` is NUL-terminated; without O_CREAT no mode is read.
        match check(unsafe { libc::open(path.as_ptr(), flags | libc::O_CLOEXEC) }) {
            // SAFETY: the call above returned this descriptor, and nothing else owns it.
            Ok(fd) => return Ok(unsafe { File::from_raw_fd(fd) }),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn identity_of(file: &File) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;
    let metadata = file.metadata()?;
    Ok(Identity { device: metadata.dev(), inode: metadata.ino() })
}

impl ShmFile {
    /// A new file without a name, of `size` bytes and exactly this mode.
    pub(crate) fn create_unnamed(size: u64, mode: u32) -> io::Result<ShmFile> {
        let directory = c_string(DIRECTORY)?;
        let flags = libc::O_TMPFILE | libc::O_RDWR | libc::O_CLOEXEC;
        // SAFETY: `directory` is NUL-terminated, and O_TMPFILE reads the mode that is given.
        let fd = check(unsafe { libc::open(directory.as_ptr(), flags, mode) })?;
        // SAFETY: the call above returned this descriptor, and nothing else owns it.
        let file = unsafe { File::from_raw_fd(fd) };
        // SAFETY: the descriptor is open; the call has no other precondition.
        check(unsafe { libc::fchmod(fd, mode) })?;
        file.set_len(size)?;
        let identity = identity_of(&file)?;
        Ok(ShmFile { file: ManuallyDrop::new(file), access: Access::ReadWrite, identity })
    }

    /// The file of this name. Links are not followed, and what is not a regular file is refused.
    pub(crate) fn open(name: &str, access: Access) -> io::Result<ShmFile> {
        let file = open_path(&path_of(name)?, access.flags() | libc::O_NOFOLLOW | libc::O_NONBLOCK)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        let identity = identity_of(&file)?;
        Ok(ShmFile { file: ManuallyDrop::new(file), access, identity })
    }

    /// The same file in an open file description of its own, so that its locks are its own.
    pub(crate) fn reopen(&self, name: &str) -> io::Result<ShmFile> {
        let through_proc = c_string(&format!("/proc/self/fd/{}", self.fd()))?;
        if let Ok(file) = open_path(&through_proc, self.access.flags())
            && identity_of(&file)? == self.identity
        {
            return Ok(ShmFile { file: ManuallyDrop::new(file), access: self.access, identity: self.identity });
        }
        let by_name = ShmFile::open(name, self.access)?;
        if by_name.identity == self.identity {
            return Ok(by_name);
        }
        Err(io::Error::new(
            io::ErrorKind::NotFound,
            "its descriptor was closed by somebody else and its name now leads to another file",
        ))
    }

    /// Gives the file its name.
    pub(crate) fn link(&self, name: &str) -> io::Result<()> {
        let target = path_of(name)?;
        let through_proc = c_string(&format!("/proc/self/fd/{}", self.fd()))?;
        let here = libc::AT_FDCWD;
        // SAFETY: both paths are NUL-terminated.
        let linked =
            check(unsafe { libc::linkat(here, through_proc.as_ptr(), here, target.as_ptr(), libc::AT_SYMLINK_FOLLOW) });
        match linked {
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {
                // Without /proc the descriptor itself can be linked, where the system allows it.
                // SAFETY: both paths are NUL-terminated.
                check(unsafe { libc::linkat(self.fd(), c"".as_ptr(), here, target.as_ptr(), libc::AT_EMPTY_PATH) })
                    .map(drop)
            }
            other => other.map(drop),
        }
    }

    /// Whether the name still leads to this file.
    pub(crate) fn is_named(&self, name: &str) -> io::Result<bool> {
        use std::os::unix::fs::MetadataExt;
        match std::fs::symlink_metadata(format!("{DIRECTORY}{name}")) {
            Ok(metadata) => Ok(Identity { device: metadata.dev(), inode: metadata.ino() } == self.identity),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the descriptor still leads to this file; a program may have closed it, and opened another under its number.
    pub(crate) fn is_itself(&self) -> bool {
        identity_of(&self.file).ok() == Some(self.identity)
    }

    /// Removes a name.
    pub(crate) fn unlink(name: &str) -> io::Result<()> {
        let path = path_of(name)?;
        // SAFETY: `path` is NUL-terminated.
        check(unsafe { libc::unlink(path.as_ptr()) }).map(drop)
    }

    pub(crate) fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Maps the first `len` bytes, shared.
    pub(crate) fn map(&self, len: usize) -> io::Result<MmapRaw> {
        let mut options = MmapOptions::new();
        options.len(len);
        match self.access {
            Access::ReadWrite => options.map_raw(&*self.file),
            Access::ReadOnly => options.map_raw_read_only(&*self.file),
        }
    }

    /// Makes sure that a range has memory behind it.
    pub(crate) fn reserve(&self, offset: u64, len: u64) -> io::Result<()> {
        use std::os::unix::fs::MetadataExt;
        let metadata = self.file.metadata()?;
        if metadata.blocks().saturating_mul(512) >= metadata.len() {
            // Every page is there already; walking over them again would take as long as the first time.
            return Ok(());
        }
        if free_space().is_none_or(|free| free < len) {
            // What cannot fit is refused at once; in pieces it would fill the memory first.
            return self.allocate(offset, len);
        }
        // In pieces, so that a call that a signal interrupts does not begin again from the start.
        const PIECE: u64 = 64 << 20;
        let end = offset + len;
        let mut at = offset;
        while at < end {
            let piece = (end - at).min(PIECE);
            if let Err(error) = self.allocate(at, piece) {
                self.give_back(offset, at);
                return Err(error);
            }
            at += piece;
        }
        Ok(())
    }

    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        loop {
            // SAFETY: the descriptor is open; the call has no other precondition.
            match unsafe { libc::posix_fallocate(self.fd(), offset.cast_signed(), len.cast_signed()) } {
                0 => return Ok(()),
                libc::EINTR => {}
                error => return Err(io::Error::from_raw_os_error(error)),
            }
        }
    }

    /// Gives the whole pages of a range back that nobody has written to yet.
    fn give_back(&self, first: u64, last: u64) {
        let page = page_size();
        let (first, last) = (first.next_multiple_of(page), last / page * page);
        if first < last {
            let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
            // SAFETY: the descriptor is open; the call has no other precondition. If it fails, pages stay for the next
            // creator.
            unsafe { libc::fallocate(self.fd(), mode, first.cast_signed(), (last - first).cast_signed()) };
        }
    }

    /// Whether somebody has written to whole pages in a range; reserved ones read as zero.
    pub(crate) fn has_data(&self, first: u64, last: u64) -> io::Result<bool> {
        // SAFETY: the descriptor is open; the call has no other precondition.
        let found = unsafe { libc::lseek(self.fd(), first.cast_signed(), libc::SEEK_DATA) };
        if found >= 0 {
            return Ok(found.cast_unsigned() < last);
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() == Some(libc::ENXIO) { Ok(false) } else { Err(error) }
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }

    pub(crate) fn access(&self) -> Access {
        self.access
    }
}

impl Drop for ShmFile {
    fn drop(&mut self) {
        // SAFETY: the value is dropped here and not used again.
        let file = unsafe { ManuallyDrop::take(&mut self.file) };
        // A program that closes all its descriptors closes ours too, and the number may be another file's by now.
        if identity_of(&file).ok() != Some(self.identity) {
            let _ = file.into_raw_fd();
        }
    }
}

/// The bytes that the directory of shared memory has left.
pub(crate) fn free_space() -> Option<u64> {
    let directory = c_string(DIRECTORY).ok()?;
    let mut stats = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the path is NUL-terminated and `stats` is writable and large enough.
    let done = unsafe { libc::statvfs(directory.as_ptr(), stats.as_mut_ptr()) };
    if done != 0 {
        return None;
    }
    // SAFETY: the call succeeded and so has filled `stats`.
    let stats = unsafe { stats.assume_init() };
    Some(stats.f_bavail.saturating_mul(stats.f_frsize))
}

/// The names of all regular files in the directory, with a leading `/`.
pub(crate) fn list() -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(DIRECTORY)? {
        let entry = entry?;
        if entry.file_type().is_ok_and(|kind| kind.is_file())
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(format!("/{name}"));
        }
    }
    names.sort();
    Ok(names)
}

pub(crate) fn page_size() -> u64 {
    // SAFETY: the call has no precondition.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(size).unwrap_or(4096)
}
