//! The `zeroipc` command: what is in shared memory, as a filesystem of segments and their structures.
//!
//! Paths are `/`, `/segment` and `/segment/structure`. Segments are opened for reading only, and no byte of them is
//! changed. Their content is untrusted: it leads to an error or to wrong data on the screen, and control characters in
//! it are escaped.

mod args;
mod command;
mod exit;
mod layout;
mod number;
mod path;
mod render;
mod table;
mod variant;

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Verb};
use crate::exit::Failure;

fn main() -> ExitCode {
    exit::code(run(&Args::parse()))
}

fn run(args: &Args) -> Result<(), Failure> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    match &args.verb {
        Verb::Ls(ls) => command::ls::run(ls, &mut out)?,
        Verb::Cat(cat) => command::cat::run(cat, &mut out)?,
    }
    out.flush()?;
    Ok(())
}
