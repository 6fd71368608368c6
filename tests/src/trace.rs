//! Stepping a child instruction by instruction. The child stops itself before and after the operation
//! ([`stop_for_tracer`]), and the thread that started it steps it.

use std::io;

use crate::actor::Actor;
use crate::sys::{self, Change};

/// The variable that makes a child stop before its operation, and behind it unless its value is `begin`.
pub const VARIABLE: &str = "ZEROIPC_TEST_STEP";

/// Whether this child is to be stepped.
pub fn is_stepped() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// Whether this child is to stop behind its operation too.
pub fn has_end() -> bool {
    std::env::var_os(VARIABLE).is_some_and(|value| value != "begin")
}

/// In the child: stops, as the tracer expects before and after the operation.
pub fn stop_for_tracer() {
    sys::stop_self();
}

/// Whether processes may be traced here; if not, says that the test is left out.
pub fn is_permitted() -> bool {
    match sys::fork_traced_probe() {
        Ok(()) => true,
        Err(error) => {
            eprintln!("SKIPPED: this system does not let a process trace its child ({error})");
            false
        }
    }
}

/// Waits until the child stands before its operation.
pub fn arrive(child: &Actor) -> io::Result<()> {
    match sys::wait(child.pid())? {
        Change::Stopped(libc::SIGSTOP) => Ok(()),
        other => Err(io::Error::other(format!("the child has not stopped itself: {other:?}"))),
    }
}

/// Lets the child execute `steps` instructions; fewer when it comes to the end of its operation. Returns how many.
pub fn step(child: &Actor, steps: u64) -> io::Result<u64> {
    for done in 0..steps {
        sys::step(child.pid())?;
        match sys::wait(child.pid())? {
            Change::Stopped(libc::SIGTRAP) => {}
            Change::Stopped(libc::SIGSTOP) => return Ok(done),
            other => return Err(io::Error::other(format!("the child ended after {done} steps: {other:?}"))),
        }
    }
    Ok(steps)
}

/// Lets the child finish by itself. Not for one that stops behind its operation.
pub fn leave(child: &Actor) -> io::Result<()> {
    sys::detach(child.pid())
}
