//! The other languages' tools: a C compiler, and a Python environment under `target/`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::run::{Failure, Program, Result, read, root, target, write};

/// Whether a program is on the machine.
pub(crate) fn has(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The C compiler: `$CC`, or the first that is there.
pub(crate) fn c_compiler() -> Result<String> {
    if let Ok(compiler) = std::env::var("CC") {
        return Ok(compiler);
    }
    ["cc", "gcc", "clang"]
        .into_iter()
        .find(|compiler| has(compiler))
        .map(str::to_owned)
        .ok_or_else(|| Failure("there is no C compiler; install gcc or clang, or name one with CC".into()))
}

/// The C++ compiler: `$CXX`, or the first that is there.
pub(crate) fn cpp_compiler() -> Result<String> {
    if let Ok(compiler) = std::env::var("CXX") {
        return Ok(compiler);
    }
    ["c++", "g++", "clang++"]
        .into_iter()
        .find(|compiler| has(compiler))
        .map(str::to_owned)
        .ok_or_else(|| Failure("there is no C++ compiler; install g++ or clang, or name one with CXX".into()))
}

/// A Python environment with NumPy and our package; made on the first use, renewed when its requirements change.
pub(crate) fn python() -> Result<PathBuf> {
    let home = target().join("venv");
    let python = home.join("bin").join("python");
    let stamp = home.join("zeroipc-requirements");
    let wanted = read(&root().join("runtimes/python/pyproject.toml"))?;
    if python.exists() && read(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    println!("xtask: setting up Python with NumPy in {}", home.display());
    let system = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    Program::new(system).args(["-m", "venv", "--clear"]).arg(&home).run_quietly().map_err(|Failure(why)| {
        Failure(format!("{why}; install Python 3 with its venv module (Debian: python3-venv), or name one with PYTHON"))
    })?;
    let pip = |program: Program| program.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    pip(Program::new(&python)).args(["--editable", "runtimes/python[test]"]).run_quietly()?;
    write(&stamp, &wanted)?;
    Ok(python)
}
