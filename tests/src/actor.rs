//! Child processes that a test speaks to by lines. Each ends with its parent, by a watchdog, or with its guard.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::{DEADLINE, at, sys};

/// The variable that holds the seconds after which a child ends itself.
pub const WATCHDOG: &str = "ZEROIPC_TEST_WATCHDOG";

/// A child to be started.
#[derive(Debug)]
pub struct Script {
    command: Command,
}

/// A running child. Dropping it kills it.
#[derive(Debug)]
pub struct Actor {
    child: Child,
    input: Option<ChildStdin>,
    output: ChildStdout,
    read: Vec<u8>,
    called: String,
}

impl Script {
    /// A child that runs `program`, which is one of this crate's binaries or a peer in another language.
    pub fn new(program: impl AsRef<OsStr>) -> Script {
        let mut command = Command::new(program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).env(WATCHDOG, "60").env_remove(at::VARIABLE);
        Script { command }
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: impl ToString) -> Script {
        self.command.arg(arg.to_string());
        self
    }

    /// Adds arguments.
    pub fn args<T: ToString>(mut self, args: impl IntoIterator<Item = T>) -> Script {
        for arg in args {
            self.command.arg(arg.to_string());
        }
        self
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl ToString) -> Script {
        self.command.env(name, value.to_string());
        self
    }

    /// The child dies when it reaches a point for the n-th time.
    pub fn kill_at(self, point: &str, nth: u32) -> Script {
        self.env(at::VARIABLE, format!("{point}:{nth}:kill"))
    }

    /// The child stops when it reaches a point for the n-th time, and prints `reached`.
    pub fn stop_at(self, point: &str, nth: u32) -> Script {
        self.env(at::VARIABLE, format!("{point}:{nth}:stop"))
    }

    /// The child stops for its tracer, this thread, when it reaches a point for the n-th time.
    pub fn trace_at(self, point: &str, nth: u32) -> Script {
        self.env(at::VARIABLE, format!("{point}:{nth}:trace"))
    }

    /// The child ends itself after so long.
    pub fn watchdog(self, time: Duration) -> Script {
        self.env(WATCHDOG, time.as_secs().max(1))
    }

    /// Leaves what the child says of its errors out of the test's output.
    pub fn quiet(mut self) -> Script {
        self.command.stderr(Stdio::null());
        self
    }

    /// Starts it.
    pub fn start(mut self) -> Actor {
        let called = format!("{:?}", self.command);
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("cannot start {called}: {error}"));
        let input = child.stdin.take();
        let output = child.stdout.take().expect("the output is a pipe");
        Actor { child, input, output, read: Vec::new(), called }
    }
}

/// For the first line of a child's `main`: it ends with its parent, and after the time that the parent gave it.
pub fn begin() {
    let seconds = std::env::var(WATCHDOG).ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(60);
    sys::watchdog(seconds);
}

impl Actor {
    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a line.
    pub fn send(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input is open");
        // A child that is gone says so by its output.
        let _ = input.write_all(format!("{line}\n").as_bytes());
        let _ = input.flush();
    }

    /// Ends its input.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// Its next line; `None` at its end, or when none came until the deadline.
    pub fn try_line(&mut self, deadline: Instant) -> Option<String> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return Some(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if !sys::readable(self.output.as_raw_fd(), deadline).expect("poll works") {
                return None;
            }
            let mut bytes = [0; 4096];
            let got = self.output.read(&mut bytes).unwrap_or(0);
            if got == 0 {
                return None;
            }
            self.read.extend_from_slice(&bytes[..got]);
        }
    }

    /// Its next line.
    #[track_caller]
    pub fn line(&mut self) -> String {
        match self.try_line(Instant::now() + DEADLINE) {
            Some(line) => line,
            None => panic!("{} said nothing more (ended: {:?})", self.called, self.child.try_wait()),
        }
    }

    /// Its next line is this one.
    #[track_caller]
    pub fn expect(&mut self, expected: &str) {
        let line = self.line();
        assert_eq!(line, expected, "{}", self.called);
    }

    /// What is behind a word at the start of its next line.
    #[track_caller]
    pub fn answer(&mut self, word: &str) -> String {
        let line = self.line();
        match line.strip_prefix(word) {
            Some(rest) => rest.trim().to_owned(),
            None => panic!("{}: `{word} …` was expected and `{line}` came", self.called),
        }
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        self.wait_until(Instant::now() + DEADLINE)
    }

    /// Waits for its end until a deadline.
    #[track_caller]
    pub fn wait_until(&mut self, deadline: Instant) -> ExitStatus {
        let ended = sys::ended(self.pid(), deadline).unwrap_or(true);
        assert!(ended, "{} does not end", self.called);
        self.child.wait().expect("it is our child")
    }

    /// Waits for its end, which SIGKILL brings.
    #[track_caller]
    pub fn wait_killed(&mut self) {
        let status = self.wait();
        assert_eq!(status.signal(), Some(libc::SIGKILL), "{}: {status}", self.called);
    }

    /// Waits for its end, which is a good one.
    #[track_caller]
    pub fn wait_success(&mut self) {
        let status = self.wait();
        assert!(status.success(), "{}: {status}", self.called);
    }

    /// Kills it and waits until the kernel has let go of it.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        self.kill();
    }
}
