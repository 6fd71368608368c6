//! Benchmarks between two processes, each pinned to a core of its own: what a hand-over costs, beside a bare queue, a
//! socket, a bare cache line and a bare futex in the same run. With `--structures`, every structure beside its peers (feature
//! `peers`). With `--waiting`, what sleepers cost and how soon they wake. With `--compiler`, how long the schema compiler
//! takes beside its peers.
//!
//! Every measurement is repeated, the candidates taking turns, and the median counts: the machine may be shared. Ratios
//! mean more than the numbers they come from.

mod compiler;
mod measure;
mod peers;
mod process;
mod report;
mod scenario;
#[cfg(feature = "peers")]
mod structures;
mod waiting;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::report::Report;

/// Benchmarks between two processes, or of the schema compiler.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Args {
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
    /// How often each measurement is repeated; the median counts.
    #[arg(long, default_value_t = 9)]
    repeat: usize,
    /// A hundredth of the work, to see that everything runs.
    #[arg(long)]
    quick: bool,
    /// Measure every structure beside its peers instead, or one: queue, stack, ring, channel, stream, map, lock, message, limit.
    #[cfg(feature = "peers")]
    #[arg(long, value_name = "WHICH", num_args = 0..=1, default_missing_value = "")]
    structures: Option<String>,
    /// Measure what waiting costs instead.
    #[arg(long)]
    waiting: bool,
    /// Measure this `zeroipc-codegen` instead, beside flatc and protoc.
    #[arg(long, value_name = "PATH")]
    compiler: Option<PathBuf>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let report = match &args.compiler {
        Some(path) => compiler(path, &args),
        None => measured(&args).map_err(|error| error.to_string()),
    };
    match report {
        Ok(report) if args.json => report.print_json(),
        Ok(report) => report.print_tables(),
        Err(message) => {
            eprintln!("zeroipc-bench: {message}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn compiler(path: &Path, args: &Args) -> Result<Report, String> {
    let path = path.canonicalize().map_err(|error| format!("cannot find `{}`: {error}", path.display()))?;
    compiler::compare(&path, args.repeat, args.quick)
}

fn measured(args: &Args) -> zeroipc::Result<Report> {
    #[cfg(feature = "peers")]
    if let Some(only) = &args.structures {
        return structures::compare(args.repeat, if args.quick { 100 } else { 1 }, only);
    }
    if args.waiting {
        return waiting::measure(args.repeat, args.quick);
    }
    processes(args)
}

fn processes(args: &Args) -> zeroipc::Result<Report> {
    let scale = if args.quick { 100 } else { 1 };
    let mut report = Report::default();
    for size in [8, 64, 1024] {
        report.add(scenario::throughput(size, args.repeat, scale)?);
    }
    report.add(scenario::ping_pong_spinning(args.repeat, scale)?);
    report.add(scenario::ping_pong_parked(args.repeat, scale)?);
    Ok(report)
}
