//! What can be typed.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Parser, ValueEnum};
use zeroipc_codegen::{Format, Target};

/// Compiles ZeroIPC schemas to C, Python and Rust
///
/// Exit codes: 0 done, 1 the schemas have errors, 2 usage or I/O, 3 `--check` found outputs that differ.
/// Nothing is written unless every schema compiles.
#[derive(Debug, Parser)]
#[command(name = "zeroipc-codegen", version, group = ArgGroup::new("language").required(true).multiple(true))]
pub(crate) struct Args {
    /// The schemas; `-` is the standard input
    #[arg(required = true, value_name = "SCHEMA")]
    pub(crate) schemas: Vec<PathBuf>,

    /// Emit `<stem>.h`
    #[arg(long, group = "language")]
    c: bool,

    /// Emit `<stem>.py`
    #[arg(long, group = "language")]
    python: bool,

    /// Emit `<stem>.rs`
    #[arg(long, group = "language")]
    rust: bool,

    /// Emit types and constants only, which need no runtime
    #[arg(long)]
    pub(crate) bare: bool,

    /// Where the outputs go; the directory is created
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Print the one output instead of writing it
    #[arg(long, conflicts_with_all = ["out", "check", "list_outputs"])]
    pub(crate) stdout: bool,

    /// Write nothing, show what differs, and exit with 3 if something does
    #[arg(long, conflicts_with = "list_outputs")]
    pub(crate) check: bool,

    /// Write nothing, and print the paths that would be written
    #[arg(long)]
    pub(crate) list_outputs: bool,

    /// How errors are shown
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ErrorFormat::Human)]
    error_format: ErrorFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ErrorFormat {
    /// With the lines of the schema
    Human,
    /// One line each
    Short,
}

impl Args {
    pub(crate) fn targets(&self) -> Vec<Target> {
        let asked = [(self.c, Target::C), (self.python, Target::Python), (self.rust, Target::Rust)];
        asked.into_iter().filter(|(asked, _)| *asked).map(|(_, target)| target).collect()
    }

    pub(crate) fn format(&self) -> Format {
        match self.error_format {
            ErrorFormat::Human => Format::Human,
            ErrorFormat::Short => Format::Short,
        }
    }

    pub(crate) fn out_dir(&self) -> &Path {
        self.out.as_deref().unwrap_or(Path::new("."))
    }
}
