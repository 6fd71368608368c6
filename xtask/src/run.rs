//! Running other programs, from the project's root.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Why a command of ours failed: one sentence.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

pub(crate) type Result<T = (), E = Failure> = std::result::Result<T, E>;

/// The project's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where everything that is built goes.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(path) => root().join(path),
        None => root().join("target"),
    }
}

/// A program to run.
pub(crate) struct Program {
    command: Command,
    shown: String,
}

impl Program {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Program {
        let mut command = Command::new(program.as_ref());
        command.current_dir(root());
        Program { command, shown: program.as_ref().to_string_lossy().into_owned() }
    }

    /// The cargo that runs us.
    pub(crate) fn cargo(subcommand: &str) -> Program {
        Program::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())).arg(subcommand)
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Program {
        self.shown = format!("{} {}", self.shown, argument.as_ref().to_string_lossy());
        self.command.arg(argument);
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = S>) -> Program {
        arguments.into_iter().fold(self, Program::arg)
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Program {
        self.command.env(name, value);
        self
    }

    pub(crate) fn directory(mut self, path: impl AsRef<Path>) -> Program {
        self.command.current_dir(root().join(path));
        self
    }

    fn cannot_start(&self, error: &std::io::Error) -> Failure {
        Failure(format!("cannot start `{}`: {error}", self.shown))
    }

    /// Runs the program with our own output.
    pub(crate) fn run(mut self) -> Result {
        let status = self.command.status().map_err(|error| self.cannot_start(&error))?;
        if status.success() { Ok(()) } else { Err(Failure(format!("`{}` failed: {status}", self.shown))) }
    }

    /// Runs the program and shows its output only if it fails.
    pub(crate) fn run_quietly(mut self) -> Result {
        let output = self.command.output().map_err(|error| self.cannot_start(&error))?;
        if output.status.success() {
            return Ok(());
        }
        eprint!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Err(Failure(format!("`{}` failed: {}", self.shown, output.status)))
    }

    /// Runs a program that has to fail, and returns what it wrote to its error output.
    pub(crate) fn run_refused(mut self) -> Result<String> {
        let output = self.command.output().map_err(|error| self.cannot_start(&error))?;
        if output.status.success() {
            return Err(Failure(format!("`{}` should have been refused and was not", self.shown)));
        }
        Ok(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }

    /// Starts the program.
    pub(crate) fn spawn(mut self) -> Result<Running> {
        self.command.stdin(Stdio::null());
        match self.command.spawn() {
            Ok(child) => Ok(Running { child, shown: self.shown }),
            Err(error) => Err(self.cannot_start(&error)),
        }
    }
}

/// A program that runs beside us; killed if nobody waits for it.
pub(crate) struct Running {
    child: Child,
    shown: String,
}

impl Running {
    pub(crate) fn wait(mut self) -> Result {
        match self.child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Failure(format!("`{}` failed: {status}", self.shown))),
            Err(error) => Err(Failure(format!("cannot wait for `{}`: {error}", self.shown))),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail if the program has ended, and then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads a file of the project.
pub(crate) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| Failure(format!("cannot read `{}`: {error}", path.display())))
}

/// Writes a file of the project, and its directory.
pub(crate) fn write(path: &Path, text: &str) -> Result {
    let parent = path.parent().unwrap_or(path);
    std::fs::create_dir_all(parent)
        .and_then(|()| std::fs::write(path, text))
        .map_err(|error| Failure(format!("cannot write `{}`: {error}", path.display())))
}
