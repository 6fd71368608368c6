//! Benchmarks between two processes, each pinned to a core of its own: what a hand-over costs, beside a bare queue, a
//! socket, a bare cache line and a bare futex in the same run.
//!
//! Every measurement is repeated, the candidates taking turns, and the median counts: the machine may be shared. Ratios
//! mean more than the numbers they come from.

mod peers;
mod process;
mod report;
mod scenario;

use clap::Parser;

use crate::report::Report;

/// Benchmarks between two processes.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Args {
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
    /// How often each measurement is repeated; the median counts.
    #[arg(long, default_value_t = 9)]
    repeat: usize,
    /// A hundredth of the messages, to see that everything runs.
    #[arg(long)]
    quick: bool,
}

fn main() -> zeroipc::Result<()> {
    let args = Args::parse();
    let scale = if args.quick { 100 } else { 1 };
    let mut report = Report::default();
    for size in [8, 64, 1024] {
        report.add(scenario::throughput(size, args.repeat, scale)?);
    }
    report.add(scenario::ping_pong_spinning(args.repeat, scale)?);
    report.add(scenario::ping_pong_parked(args.repeat, scale)?);
    if args.json {
        report.print_json()
    } else {
        report.print_tables()
    }
    Ok(())
}
