//! A barrier that one thread runs for the threads of many processes, so that they need none of their own.

fn membarrier(command: libc::c_int) -> bool {
    // SAFETY: the call has no pointers.
    unsafe { libc::syscall(libc::SYS_membarrier, command, 0_u32, 0) == 0 }
}

/// Has this process take part in the barriers of others, for as long as it lives; `false` if the system does not offer that.
pub(crate) fn join_barriers() -> bool {
    membarrier(libc::MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED)
}

/// A full barrier in every thread of every process that takes part, wherever each of them stands; `false` if the system does
/// not offer that.
pub(crate) fn barrier_for_all() -> bool {
    membarrier(libc::MEMBARRIER_CMD_GLOBAL_EXPEDITED)
}
