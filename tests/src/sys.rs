//! System calls that the tests need, without `unsafe` at their callers.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::time::{Duration, Instant};

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Ends this process when its parent does, and after `seconds` in any case.
pub fn watchdog(seconds: u32) {
    // SAFETY: the option takes a signal number and touches no memory.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    // SAFETY: no preconditions.
    unsafe { libc::alarm(seconds) };
}

/// Dies as under `kill -9`.
pub fn kill_self() -> ! {
    // SAFETY: no preconditions.
    unsafe { libc::raise(libc::SIGKILL) };
    unreachable!("SIGKILL cannot be survived")
}

/// Sends a signal to a child of ours that has not been waited for.
pub fn signal(pid: u32, signal: libc::c_int) {
    // SAFETY: no preconditions.
    unsafe { libc::kill(pid.cast_signed(), signal) };
}

/// Stops until somebody sends SIGCONT, or a tracer goes on.
pub fn stop_self() {
    // SAFETY: no preconditions.
    unsafe { libc::raise(libc::SIGSTOP) };
}

/// How a child changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It ended with this code.
    Exited(i32),
    /// A signal ended it.
    Killed(i32),
    /// A signal stopped it.
    Stopped(i32),
}

/// Waits until a child of ours changes.
pub fn wait(pid: u32) -> io::Result<Change> {
    let mut status = 0;
    loop {
        // SAFETY: `status` is writable.
        match check(unsafe { libc::waitpid(pid.cast_signed(), &raw mut status, 0) }) {
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(if libc::WIFEXITED(status) {
        Change::Exited(libc::WEXITSTATUS(status))
    } else if libc::WIFSIGNALED(status) {
        Change::Killed(libc::WTERMSIG(status))
    } else {
        Change::Stopped(libc::WSTOPSIG(status))
    })
}

/// Forks; `None` in the child. Only for processes of one thread.
pub fn fork() -> io::Result<Option<u32>> {
    // SAFETY: the callers have one thread, so no lock is held by a thread that the child does not have.
    let pid = check(unsafe { libc::fork() })?;
    Ok((pid != 0).then_some(pid.cast_unsigned()))
}

/// Ends this process at once, without destructors.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: no preconditions.
    unsafe { libc::_exit(code) }
}

/// Closes every descriptor from `first` on.
pub fn close_from(first: u32) {
    // SAFETY: closing touches no memory; the callers want the owners of these descriptors to lose them.
    unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) };
}

/// Lets the parent trace this process.
pub fn trace_me() -> io::Result<()> {
    let null = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: the request reads no arguments.
    let done = unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, null, null) };
    if done == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Lets a traced child execute one instruction.
pub fn step(pid: u32) -> io::Result<()> {
    trace(libc::PTRACE_SINGLESTEP, pid)
}

/// Leaves a traced child alone.
pub fn detach(pid: u32) -> io::Result<()> {
    trace(libc::PTRACE_DETACH, pid)
}

fn trace(request: libc::c_uint, pid: u32) -> io::Result<()> {
    let null = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: these requests take a signal number, none, in place of a pointer.
    let done = unsafe { libc::ptrace(request, pid.cast_signed(), null, null) };
    if done == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Waits until a descriptor can be read, or has reached its end; `false` when the time is over.
pub fn readable(fd: RawFd, deadline: Instant) -> io::Result<bool> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let millis = libc::c_int::try_from(left.as_millis()).unwrap_or(libc::c_int::MAX);
        let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        // SAFETY: `poll` is one such structure and writable.
        match check(unsafe { libc::poll(&raw mut poll, 1, millis) }) {
            Ok(0) if left > Duration::from_millis(1) => {}
            Ok(0) => return Ok(false),
            Ok(_) => return Ok(true),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A descriptor that can be read when the process has ended.
pub fn process_end(pid: u32) -> io::Result<OwnedFd> {
    // SAFETY: no preconditions.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    if fd == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call above returned this descriptor, and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// Waits until a process has ended; `false` when the time is over.
pub fn ended(pid: u32, deadline: Instant) -> io::Result<bool> {
    let end = process_end(pid)?;
    readable(end.as_raw_fd(), deadline)
}

fn c_path(path: &Path) -> CString {
    use std::os::unix::ffi::OsStrExt;
    CString::new(path.as_os_str().as_bytes()).expect("no NUL in a path")
}

/// Makes a named pipe.
pub fn make_fifo(path: &Path) -> io::Result<()> {
    let path = c_path(path);
    // SAFETY: `path` is NUL-terminated.
    check(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }).map(drop)
}

/// Sets the mask for the modes of new files and returns the one before. It is the whole process's.
pub fn umask(mask: u32) -> u32 {
    // SAFETY: no preconditions.
    unsafe { libc::umask(mask) }
}

/// Becomes another user, for good.
pub fn become_user(id: u32) -> io::Result<()> {
    // SAFETY: no preconditions.
    check(unsafe { libc::setgid(id) })?;
    // SAFETY: no preconditions.
    check(unsafe { libc::setuid(id) }).map(drop)
}

/// Limits the address space of this process.
pub fn limit_memory(bytes: u64) -> io::Result<()> {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: `limit` lives through the call.
    check(unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) }).map(drop)
}

/// The bytes that the directory of shared memory has in all.
pub fn shared_memory_total() -> u64 {
    let path = c_path(Path::new("/dev/shm"));
    let mut stats = std::mem::MaybeUninit::<libc::statvfs>::zeroed();
    // SAFETY: the path is NUL-terminated and `stats` is writable and large enough.
    unsafe { libc::statvfs(path.as_ptr(), stats.as_mut_ptr()) };
    // SAFETY: zeroed and then filled; any bytes are valid.
    let stats = unsafe { stats.assume_init() };
    stats.f_blocks.saturating_mul(stats.f_frsize)
}

/// A lock of an open file description over a range of bytes, taken without waiting; `false` when another is in the way.
pub fn lock_range(file: &std::fs::File, start: u64, len: u64, exclusive: bool) -> io::Result<bool> {
    let kind = if exclusive { libc::F_WRLCK } else { libc::F_RDLCK };
    let mut request = libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: start.cast_signed(),
        l_len: len.cast_signed(),
        l_pid: 0,
    };
    // SAFETY: the command takes a pointer to a `flock`, which lives through the call.
    match check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw mut request) }) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A file's bytes, mapped for writing, for a peer that keeps to no rule.
#[derive(Debug)]
pub struct Scribble {
    address: *mut libc::c_void,
    len: usize,
}

// SAFETY: the bytes are shared memory that is accessed through atomics only.
unsafe impl Send for Scribble {}
// SAFETY: as above.
unsafe impl Sync for Scribble {}

impl Scribble {
    /// Maps the whole file.
    pub fn map(path: &Path) -> io::Result<Scribble> {
        let file = std::fs::OpenOptions::new().read(true).write(true).open(path)?;
        let len = usize::try_from(file.metadata()?.len()).expect("64 bits");
        let prot = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: without MAP_FIXED the system chooses a free address.
        let address = unsafe { libc::mmap(std::ptr::null_mut(), len, prot, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Scribble { address, len })
    }

    /// How many bytes there are.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// The word at an offset, which is rounded down to a multiple of 8 and taken modulo the length.
    pub fn word(&self, offset: usize) -> &std::sync::atomic::AtomicU64 {
        let offset = offset % (self.len - 7) / 8 * 8;
        // SAFETY: `offset + 8 ≤ len`.
        let at = unsafe { self.address.cast::<u8>().add(offset) };
        // SAFETY: an aligned word in the mapping, which outlives the borrow; everybody accesses it through atomics.
        unsafe { &*at.cast() }
    }
}

impl Drop for Scribble {
    fn drop(&mut self) {
        // SAFETY: mapped until here, and borrowed by nobody.
        unsafe { libc::munmap(self.address, self.len) };
    }
}

/// Whether a child of ours may be traced: tries with one that does nothing.
pub fn fork_traced_probe() -> io::Result<()> {
    // SAFETY: the child calls three functions that take no lock, and no other.
    let pid = check(unsafe { libc::fork() })?;
    if pid == 0 {
        let code = if trace_me().is_ok() { 0 } else { 1 };
        if code == 0 {
            stop_self();
        }
        exit_now(code);
    }
    let pid = pid.cast_unsigned();
    match wait(pid)? {
        Change::Stopped(_) => {}
        other => return Err(io::Error::other(format!("the probe ended with {other:?}"))),
    }
    let stepped = step(pid).and_then(|()| wait(pid));
    signal(pid, libc::SIGKILL);
    let _ = wait(pid);
    stepped.map(drop)
}

/// Ends this process after so many seconds.
pub fn alarm(seconds: u32) {
    // SAFETY: no preconditions.
    unsafe { libc::alarm(seconds) };
}

/// This thread, and the processes that it starts, on one core until dropped: they then hand over without waking another.
#[derive(Debug)]
pub struct OneCore {
    before: libc::cpu_set_t,
}

impl OneCore {
    /// Stays on the core that this thread is on.
    pub fn stay() -> OneCore {
        // SAFETY: all bytes of a set may be zero: it is empty.
        let mut before: libc::cpu_set_t = unsafe { std::mem::zeroed() };
        // SAFETY: the set is writable and has this size.
        unsafe { libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &raw mut before) };
        // SAFETY: as above.
        let mut one: libc::cpu_set_t = unsafe { std::mem::zeroed() };
        // SAFETY: no preconditions.
        let core = unsafe { libc::sched_getcpu() };
        // SAFETY: the number is that of a core, so it lies in the set.
        unsafe { libc::CPU_SET(core.max(0) as usize, &mut one) };
        // SAFETY: the set lives through the call and has this size.
        unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const one) };
        OneCore { before }
    }
}

impl Drop for OneCore {
    fn drop(&mut self) {
        // SAFETY: the set lives through the call and has this size.
        unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const self.before) };
    }
}

/// From now on, the system says to this thread and those that it starts that it does not know this call.
pub fn forget_call(number: libc::c_long) -> io::Result<()> {
    let statement = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    // Load the number; if it is this one, fail with ENOSYS, otherwise allow.
    let mut program = [
        statement((libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16, 0, 0, 0),
        statement((libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16, 0, 1, number as u32),
        statement((libc::BPF_RET | libc::BPF_K) as u16, 0, 0, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32),
        statement((libc::BPF_RET | libc::BPF_K) as u16, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: it takes numbers only.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    // SAFETY: the system reads the program, which lives through the call.
    check(unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter, 0, 0) }).map(drop)
}
