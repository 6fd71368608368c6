//! The kill matrix, and kills by chance under load; also the children that die in it.
//!
//! `chaos matrix [--only TEXT]` runs the rows, prints the table and writes `docs/kill-matrix.md`;
//! `chaos random [--only TEXT] [--seconds N] [--seed S] [--rounds N]` kills by chance.

use std::process::ExitCode;
use std::time::Duration;

use zeroipc_tests::chaos::{child, matrix, run, storm};
use zeroipc_tests::linear::game;
use zeroipc_tests::rng::Rng;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("record" | "die") => {
            zeroipc_tests::actor::begin();
            child::main(&args);
            ExitCode::SUCCESS
        }
        Some("work") => {
            zeroipc_tests::actor::begin();
            storm::main(&args);
            ExitCode::SUCCESS
        }
        Some("play") => {
            zeroipc_tests::actor::begin();
            game::main(&args);
            ExitCode::SUCCESS
        }
        Some("random") => random(&args),
        Some("matrix") => whole_matrix(option(&args, "--only")),
        _ => {
            eprintln!("chaos: `matrix [--only TEXT]` or `random [--only TEXT] [--seconds N] [--seed S] [--rounds N]`");
            ExitCode::FAILURE
        }
    }
}

/// What stands behind a name among the arguments.
fn option(args: &[String], name: &str) -> Option<String> {
    let at = args.iter().position(|arg| arg == name)?;
    args.get(at + 1).cloned()
}

fn whole_matrix(only: Option<String>) -> ExitCode {
    let program = std::env::current_exe().expect("the system knows what runs");
    let partly = only.is_some();
    let start = std::time::Instant::now();
    let rows = run::run(&run::Plan { program, only, nth: run::MOST, at_once: 4 });
    print!("{}", matrix::print(&rows));
    println!("{:.1} s", start.elapsed().as_secs_f64());
    let mut failed = rows.iter().any(|row| !row.failures.is_empty());
    if !partly {
        if !failed && let Err(error) = std::fs::write(matrix::page(), matrix::render(&rows)) {
            println!("FAILED cannot write the page: {error}");
            failed = true;
        }
        for wrong in matrix::unmatched(&rows) {
            println!("FAILED {wrong}");
            failed = true;
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn random(args: &[String]) -> ExitCode {
    let number = |name: &str| option(args, name).map(|text| text.parse().unwrap_or_else(|_| panic!("{name} {text}")));
    let seed = number("--seed").unwrap_or_else(Rng::seed);
    let weather = storm::Weather {
        program: std::env::current_exe().expect("the system knows what runs"),
        only: option(args, "--only"),
        seed,
        time: Duration::from_secs(number("--seconds").unwrap_or(40)),
        rounds: number("--rounds").unwrap_or(u64::MAX),
    };
    match storm::run(&weather) {
        Ok(tallies) => {
            print!("{}", storm::print(seed, &tallies));
            ExitCode::SUCCESS
        }
        Err(failure) => {
            println!("FAILED {failure}");
            ExitCode::FAILURE
        }
    }
}
