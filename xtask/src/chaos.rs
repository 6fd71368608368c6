//! `cargo xtask chaos`: the kill matrix.

use crate::run::{Program, Result};

fn program() -> Program {
    Program::cargo("run").args(["--quiet", "--package", "zeroipc-tests", "--bin", "chaos", "--"])
}

/// Runs the rows whose name contains the text, or all; then `docs/kill-matrix.md` is written.
pub(crate) fn matrix(only: Option<&str>) -> Result {
    let matrix = program().arg("matrix");
    match only {
        Some(only) => matrix.args(["--only", only]).run(),
        None => matrix.run(),
    }
}
