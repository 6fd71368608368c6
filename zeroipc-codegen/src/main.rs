//! The `zeroipc-codegen` command: reads what was typed, calls the library, tells how it went.

mod args;
mod commands;
mod diff;
mod format;
mod show;

use std::process::ExitCode;

use crate::args::{Cli, Command};

fn main() -> ExitCode {
    let (cli, levels) = args::parse();
    let code = match &cli {
        Cli { command: Some(Command::Check(check)), .. } => commands::check(check, &levels),
        Cli { command: Some(Command::Lint(lint)), .. } => commands::lint(lint, &levels),
        Cli { command: Some(Command::Breaking(breaking)), .. } => commands::breaking(breaking, &levels),
        Cli { command: Some(Command::Layout(layout)), .. } => commands::layout(layout, &levels),
        Cli { command: Some(Command::Doc(doc)), .. } => commands::doc(doc, &levels),
        Cli { command: Some(Command::Fingerprint(input)), .. } => commands::fingerprint(input, &levels),
        Cli { command: Some(Command::Fmt(fmt)), .. } => format::format(fmt),
        Cli { command: Some(Command::Explain { code }), .. } => commands::explain(code.as_deref()),
        Cli { command: Some(Command::Completions { shell }), .. } => commands::completions(*shell),
        Cli { command: None, compile } => commands::compile(compile, &levels),
    };
    code.into()
}
