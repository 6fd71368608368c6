//! The `zeroipc-codegen` command: reads what was typed, calls the library, tells how it went.

mod args;
mod diff;

use std::io::{Read, Write};
use std::process::ExitCode;

use clap::Parser;
use zeroipc_codegen::{Compiled, Compiler, Error, Format, Source};

use crate::args::Args;

/// Everything is done.
const DONE: u8 = 0;
/// The schemas have errors.
const SCHEMA_ERRORS: u8 = 1;
/// What was typed makes no sense, or the system refused something.
const TROUBLE: u8 = 2;
/// `--check` found outputs that differ.
const STALE: u8 = 3;

fn main() -> ExitCode {
    let args = Args::parse();
    let format = args.format();
    ExitCode::from(match run(&args) {
        Ok(code) => code,
        Err(error) => {
            eprint!("{}", error.render(format));
            if matches!(error, Error::Schema(_)) { SCHEMA_ERRORS } else { TROUBLE }
        }
    })
}

fn run(args: &Args) -> Result<u8, Error> {
    let compiled = compiler(args)?.compile()?;
    for report in &compiled.warnings {
        eprint!("{}", report.render(args.format()));
    }
    if args.list_outputs {
        let lines = compiled.outputs.iter().map(|output| format!("{}\n", args.out_dir().join(&output.path).display()));
        return Ok(print(&lines.collect::<String>()));
    }
    if args.check {
        return Ok(check(args, &compiled));
    }
    if args.stdout {
        return Ok(match compiled.outputs.as_slice() {
            [output] => print(&output.text),
            outputs => {
                eprintln!(
                    "error: `--stdout` shows one output, and there are {}; name one schema and language",
                    outputs.len()
                );
                TROUBLE
            }
        });
    }
    compiled.write_to(args.out_dir())?;
    Ok(DONE)
}

fn compiler(args: &Args) -> Result<Compiler, Error> {
    let mut compiler = Compiler::new().bare(args.bare);
    for target in args.targets() {
        compiler = compiler.target(target);
    }
    for schema in &args.schemas {
        compiler = if schema.as_os_str() == "-" { compiler.source(standard_input()?) } else { compiler.schema(schema) };
    }
    Ok(compiler)
}

fn standard_input() -> Result<Source, Error> {
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(Source { name: "<stdin>".to_owned(), stem: "schema".to_owned(), text }),
        Err(error) => Err(Error::Io { path: "<stdin>".into(), error }),
    }
}

/// Shows what differs, and writes nothing.
fn check(args: &Args, compiled: &Compiled) -> u8 {
    let stale = compiled.stale_in(args.out_dir());
    for output in &stale {
        let path = args.out_dir().join(&output.path);
        let found = std::fs::read_to_string(&path).ok();
        match args.format() {
            Format::Short => eprintln!("{}: stale", path.display()),
            Format::Human => eprint!("{}", diff::diff(&path.display().to_string(), found.as_deref(), &output.text)),
        }
    }
    if stale.is_empty() { DONE } else { STALE }
}

/// Prints to the standard output; a reader that has gone away is no error.
fn print(text: &str) -> u8 {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => TROUBLE,
        _ => DONE,
    }
}
