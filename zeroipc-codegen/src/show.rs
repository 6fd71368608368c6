//! What the command tells: exit codes, errors, outputs.

use std::io::{IsTerminal, Read, Write};
use std::process::ExitCode;

use zeroipc_codegen::{Error, Format, Report, Source};

/// Tells something on the standard error; a reader that has gone away is no error.
macro_rules! tell {
    ($($arguments:tt)*) => {{
        use std::io::Write as _;
        let _ = write!(std::io::stderr(), $($arguments)*);
    }};
}

/// As [`tell`], with a line end.
macro_rules! tell_line {
    ($($arguments:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($arguments)*);
    }};
}

pub(crate) use {tell, tell_line};

/// How it went; `docs/schema.md` §3 lists the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// Everything is done.
    Done,
    /// The schemas have errors, or there is something else to look at.
    Findings,
    /// What was typed makes no sense, or the system refused something.
    Trouble,
    /// Something is not up to date.
    Stale,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> ExitCode {
        ExitCode::from(match code {
            Code::Done => 0,
            Code::Findings => 1,
            Code::Trouble => 2,
            Code::Stale => 3,
        })
    }
}

/// Tells an error, and gives the exit code for it.
pub(crate) fn error(error: &Error, format: Format) -> Code {
    match error {
        Error::Schema(list) => {
            reports(list, format);
            Code::Findings
        }
        other => {
            tell!("{}", other.render(format));
            Code::Trouble
        }
    }
}

/// Tells errors and warnings.
pub(crate) fn reports(reports: &[Report], format: Format) {
    let apart = if matches!(format, Format::Human) { "\n" } else { "" };
    let texts: Vec<String> = reports.iter().map(|report| report.render_with(format, colour())).collect();
    tell!("{}", texts.join(apart));
}

/// Whether the standard error shows colours.
fn colour() -> bool {
    let asked_not_to = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    std::io::stderr().is_terminal() && !asked_not_to && !dumb
}

/// Prints to the standard output; a reader that has gone away is no error.
pub(crate) fn print(text: &str) -> Code {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            tell_line!("error: cannot write to the standard output: {error}");
            Code::Trouble
        }
        _ => Code::Done,
    }
}

/// The schema that the standard input holds.
pub(crate) fn standard_input() -> Result<Source, Error> {
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(Source { name: "<stdin>".to_owned(), stem: "schema".to_owned(), text }),
        Err(error) => Err(Error::Io { path: "<stdin>".into(), error }),
    }
}
