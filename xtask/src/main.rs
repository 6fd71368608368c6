//! The project's own commands: `cargo xtask demo | test | bench | chaos | codegen`.

mod bench;
mod chaos;
mod codegen;
mod demo;
mod editors;
mod run;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::run::Failure;

/// The project's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", version, about)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compiles a schema, builds every language, and runs them against one live segment.
    Demo {
        /// How many readings each language pushes and pops.
        #[arg(long, default_value_t = 20_000)]
        readings: u64,
    },
    /// Runs every test of every language.
    Test {
        /// The everyday subset, under two minutes once built.
        #[arg(long)]
        fast: bool,
        /// Only the steps whose names contain this.
        #[arg(long)]
        only: Option<String>,
    },
    /// Runs the benchmarks, each beside the best peer in the same run.
    Bench {
        /// A hundredth of the work, to see that everything runs.
        #[arg(long)]
        quick: bool,
        /// Print the figures of two processes, or those of the part, as JSON.
        #[arg(long)]
        json: bool,
        /// Only this part.
        #[arg(long)]
        only: Option<bench::Part>,
    },
    /// Kills processes at every step of every operation, and writes `docs/kill-matrix.md`; or kills them by chance.
    Chaos {
        /// Only the rows whose name contains this, such as `queue: push`; nothing is written.
        #[arg(long)]
        only: Option<String>,
        /// Kill by chance under load.
        #[arg(long)]
        random: bool,
        /// For how long.
        #[arg(long, default_value_t = 40, requires = "random")]
        seconds: u64,
        /// The seed of the first round; with `--rounds 1`, a round that failed once more.
        #[arg(long, requires = "random")]
        seed: Option<u64>,
        /// How many rounds at most.
        #[arg(long, requires = "random")]
        rounds: Option<u64>,
    },
    /// Writes the checked-in files that our own compiler emits from `schemas/format`.
    Codegen {
        /// Write nothing; fail if a file is stale, and show how.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    let result = match Args::parse().command {
        Command::Demo { readings } => demo::demo(readings),
        Command::Test { fast, only } => test::test(fast, only.as_deref()),
        Command::Bench { quick, json, only } => bench::bench(quick, json, only),
        Command::Chaos { only, random: false, .. } => chaos::matrix(only),
        Command::Chaos { only, seconds, seed, rounds, .. } => chaos::random(only, seconds, seed, rounds),
        Command::Codegen { check } => codegen::codegen(check),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(message)) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
