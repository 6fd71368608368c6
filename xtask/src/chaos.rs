//! `cargo xtask chaos`: the kill matrix, and kills by chance under load.

use crate::run::{Program, Result};

fn program(command: &str, options: &[(&str, Option<String>)]) -> Program {
    let cargo = Program::cargo("run").args(["--quiet", "--package", "zeroipc-tests", "--bin", "chaos", "--", command]);
    options.iter().fold(cargo, |program, (name, value)| match value {
        Some(value) => program.args([name, value.as_str()]),
        None => program,
    })
}

/// Runs the rows whose name contains the text, or all; then `docs/kill-matrix.md` is written.
pub(crate) fn matrix(only: Option<String>) -> Result {
    program("matrix", &[("--only", only)]).run()
}

/// Kills processes that work on the structures whose name contains the text, or on all in turn.
pub(crate) fn random(only: Option<String>, seconds: u64, seed: Option<u64>, rounds: Option<u64>) -> Result {
    let text = |number: Option<u64>| number.map(|number| number.to_string());
    let options =
        [("--only", only), ("--seconds", text(Some(seconds))), ("--seed", text(seed)), ("--rounds", text(rounds))];
    program("random", &options).run()
}
