//! How it went: the exit codes, and the one sentence on the standard error.

use std::io;
use std::process::ExitCode;

use zeroipc::ErrorKind;
use zeroipc_layout::name::Shown;

/// Everything is done, or the reader of the output has seen enough.
const DONE: u8 = 0;
/// What was asked for is not there, or cannot be read as what it should be.
const REFUSED: u8 = 1;
/// What was typed makes no sense, or the system refused something.
const TROUBLE: u8 = 2;

/// Why the command ends early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Not found, or refused.
    Refused(String),
    /// Usage, or trouble with the system.
    Trouble(String),
    /// The reader of the output has gone.
    Gone,
}

impl From<zeroipc::Error> for Failure {
    fn from(error: zeroipc::Error) -> Failure {
        match error.kind() {
            ErrorKind::NotFound
            | ErrorKind::Corrupt
            | ErrorKind::NotASegment
            | ErrorKind::UnsupportedVersion
            | ErrorKind::KindMismatch
            | ErrorKind::TypeMismatch
            | ErrorKind::OutOfBounds => Failure::Refused(error.to_string()),
            _ => Failure::Trouble(error.to_string()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Gone,
            _ => Failure::Trouble(format!("the output cannot be written: {error}")),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Failure {
        io::Error::from(error).into()
    }
}

/// Tells what went wrong, if anything did.
pub(crate) fn code(result: Result<(), Failure>) -> ExitCode {
    ExitCode::from(match result {
        Ok(()) | Err(Failure::Gone) => DONE,
        Err(Failure::Refused(message)) => told(&message, REFUSED),
        Err(Failure::Trouble(message)) => told(&message, TROUBLE),
    })
}

fn told(message: &str, code: u8) -> u8 {
    // The message may quote names that a foreign segment has chosen.
    eprintln!("zeroipc: {}", Shown(message));
    code
}
