//! `cargo xtask bench`.

use crate::run::{Program, Result};

/// Runs the benchmarks of one process and those of two.
pub(crate) fn bench(quick: bool, json: bool) -> Result {
    let two_processes = Program::cargo("run").args(["--quiet", "--release", "--package", "zeroipc-bench", "--"]);
    let two_processes = if quick { two_processes.args(["--quick", "--repeat", "3"]) } else { two_processes };
    if json {
        return two_processes.arg("--json").run();
    }
    two_processes.run()?;
    let one_process =
        Program::cargo("bench").args(["--quiet", "--package", "zeroipc-bench", "--bench", "single", "--"]);
    if quick { one_process.args(["--test"]).run() } else { one_process.args(["--noplot"]).run() }
}
