//! `cargo xtask bench`.

use clap::ValueEnum;

use crate::run::{Program, Result, target};

/// A part of the benchmarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// What a hand-over between two processes costs.
    Processes,
    /// What an operation costs in one process.
    Single,
    /// What every structure costs, beside its peers.
    Structures,
    /// How soon who waits wakes, and what it costs meanwhile.
    Waiting,
    /// How long the schema compiler takes.
    Compiler,
}

/// Runs the benchmarks, or a part of them.
pub(crate) fn bench(quick: bool, json: bool, only: Option<Part>) -> Result {
    let wanted = |part| only.is_none_or(|only| only == part);
    if wanted(Part::Processes) {
        harness(quick, json).run()?;
    }
    // Criterion has no JSON for its standard output.
    if wanted(Part::Single) && !json {
        let criterion =
            Program::cargo("bench").args(["--quiet", "--package", "zeroipc-bench", "--bench", "single", "--"]);
        if quick { criterion.args(["--test"]).run()? } else { criterion.args(["--noplot"]).run()? }
    }
    if wanted(Part::Structures) && (only.is_some() || !json) {
        harness_with_peers(quick, json).run()?;
    }
    if wanted(Part::Waiting) && (only.is_some() || !json) {
        harness(quick, json).arg("--waiting").run()?;
    }
    // Two reports would be no JSON text.
    if wanted(Part::Compiler) && (only.is_some() || !json) {
        Program::cargo("build").args(["--quiet", "--release", "--package", "zeroipc-codegen"]).run()?;
        let command = target().join("release/zeroipc-codegen");
        harness(quick, json).arg("--compiler").arg(command).run()?;
    }
    Ok(())
}

/// Our own harness, which measures other processes.
fn harness(quick: bool, json: bool) -> Program {
    scaled(Program::cargo("run").args(["--quiet", "--release", "--package", "zeroipc-bench", "--"]), quick, json)
}

/// The same with the peers from elsewhere, which take a minute to compile.
fn harness_with_peers(quick: bool, json: bool) -> Program {
    let cargo = Program::cargo("run").args(["--quiet", "--release", "--package", "zeroipc-bench"]);
    scaled(cargo.args(["--features", "peers", "--", "--structures"]), quick, json)
}

fn scaled(program: Program, quick: bool, json: bool) -> Program {
    let program = if quick { program.args(["--quick", "--repeat", "3"]) } else { program };
    if json { program.arg("--json") } else { program }
}
