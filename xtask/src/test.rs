//! `cargo xtask test`: every test of every language, as a list of steps.

use std::time::Instant;

use crate::run::{Failure, Program, Result, root, target};
use crate::{chaos, codegen, demo, editors, tools};

/// One step: its name, whether the everyday subset has it, and what it does.
struct Step {
    name: &'static str,
    fast: bool,
    run: fn(bool) -> Result,
}

const STEPS: [Step; 11] = [
    Step { name: "generated files are fresh", fast: true, run: |_| codegen::codegen(true) },
    Step { name: "rust", fast: true, run: rust },
    Step { name: "models", fast: false, run: models },
    Step { name: "kills by chance", fast: false, run: |_| chaos::random(None, 40, None, None) },
    Step { name: "c", fast: true, run: c },
    Step { name: "c under sanitizers", fast: false, run: c_sanitizers },
    Step { name: "python", fast: true, run: python },
    Step { name: "python types and style", fast: false, run: python_checks },
    Step { name: "across languages", fast: true, run: across },
    Step { name: "editors", fast: false, run: |_| editors::editors() },
    Step { name: "demo", fast: true, run: |_| demo::demo(2_000) },
];

/// Runs the steps and says how long each took.
pub(crate) fn test(fast: bool, only: Option<&str>) -> Result {
    let mut times = Vec::new();
    let mut failures = Vec::new();
    for step in STEPS.iter().filter(|step| step.fast || !fast) {
        if only.is_some_and(|only| !step.name.contains(only)) {
            continue;
        }
        println!("\n=== {}", step.name);
        let start = Instant::now();
        let result = (step.run)(fast);
        times.push(format!("  {:>6.1} s  {}", start.elapsed().as_secs_f64(), step.name));
        if let Err(Failure(message)) = result {
            println!("=== {} FAILED: {message}", step.name);
            failures.push(step.name);
        }
    }
    println!("\n{}", times.join("\n"));
    println!("{} passed, {} failed", times.len() - failures.len(), failures.len());
    if failures.is_empty() { Ok(()) } else { Err(Failure(format!("failed: {}", failures.join(", ")))) }
}

/// Tells the tests how much they have to do.
fn scaled(program: Program, fast: bool) -> Program {
    if fast { program } else { program.env("ZEROIPC_TEST_FULL", "1") }
}

/// What the everyday run leaves to the full one: many or large inputs, and every compiler at every standard.
const LONG: [&str; 15] = [
    "large_and_deep",
    "shuffled_schemas",
    "cpp_headers_compile",
    "cpp_segments",
    "hostile_schemas",
    "what_changes_inside",
    "many_holes",
    "gcc_gxx_and_rustc",
    "cargo_builds_when",
    "amid_which_others",
    "many_after_any_instruction",
    "every_death_leaves",
    "kills_by_chance",
    "histories_of_threads",
    "histories_with_dead",
];

fn rust(fast: bool) -> Result {
    let cargo = Program::cargo("test").args([
        "--workspace",
        "--no-fail-fast",
        "--exclude",
        "zeroipc-models",
        "--exclude",
        "zeroipc-bench",
    ]);
    // Without Python the emitted modules are compiled, and not checked for types and style.
    if fast {
        cargo.arg("--").args(LONG.iter().flat_map(|test| ["--skip", test])).run()
    } else {
        scaled(cargo, fast).env("ZEROIPC_PYTHON", tools::python()?).run()
    }
}

fn models(fast: bool) -> Result {
    scaled(Program::cargo("test").args(["--release", "--package", "zeroipc-models"]), fast).run()
}

fn make(target_name: &str, fast: bool) -> Result {
    scaled(Program::new("make").directory("runtimes/c"), fast)
        .arg("--no-print-directory")
        .arg(target_name)
        .arg(format!("BUILD={}", target().join("c").display()))
        .arg(format!("CC={}", tools::c_compiler()?))
        .run()
}

fn c(fast: bool) -> Result {
    make("test", fast)
}

fn c_sanitizers(fast: bool) -> Result {
    for name in ["matrix", "asan", "tsan"] {
        make(name, fast)?;
    }
    Ok(())
}

fn python(fast: bool) -> Result {
    let pytest = Program::new(tools::python()?).args(["-m", "pytest"]).directory("runtimes/python");
    if fast {
        pytest.args(["-k", "not storm and not mypy and not killed and not mutated and not changed_bytes"]).run()
    } else {
        scaled(pytest, fast).run()
    }
}

fn python_checks(_: bool) -> Result {
    let python = tools::python()?;
    Program::new(&python).args(["-m", "mypy"]).directory("runtimes/python").run()?;
    Program::new(&python).args(["-m", "ruff", "check", "."]).directory("runtimes/python").run()?;
    Program::new(&python).args(["-m", "ruff", "format", "--check", "."]).directory("runtimes/python").run()
}

/// The tests that need the other languages' programs, which this step builds.
fn across(fast: bool) -> Result {
    let peer = target().join("c").join("peer");
    make("peer", fast)?;
    Program::cargo("build").args(["--quiet", "--release", "--package", "zeroipc-tests", "--bin", "peer"]).run()?;
    scaled(Program::cargo("test").args(["--package", "zeroipc-tests", "--test", "across"]), fast)
        .env("ZEROIPC_PYTHON", tools::python()?)
        .env("ZEROIPC_C_PEER", peer)
        .env("ZEROIPC_RUST_PEER", target().join("release/peer"))
        .env("ZEROIPC_PYTHON_PEER", root().join("runtimes/python/tests/peer.py"))
        .run()
}
