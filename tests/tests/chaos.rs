//! The kill matrix: every row keeps its promise, every point of the source has a row, and the page is fresh. And a few
//! kills by chance; `cargo xtask chaos --random` has thousands.
//!
//! `BLESS=1` rewrites `docs/kill-matrix.md`, as `cargo xtask chaos` does.

use std::time::Duration;

use zeroipc_tests::chaos::{loads, matrix, run, storm};
use zeroipc_tests::rng::Rng;
use zeroipc_tests::scale;

#[test]
fn every_death_leaves_what_is_promised() {
    let rows = run::run(&run::Plan {
        program: env!("CARGO_BIN_EXE_chaos").into(),
        only: None,
        nth: if scale::is_full() { run::MOST } else { 2 },
        at_once: 4,
    });
    let failures: Vec<&String> = rows.iter().flat_map(|row| &row.failures).collect();
    assert!(failures.is_empty(), "{failures:#?}");
    let unmatched = matrix::unmatched(&rows);
    assert!(unmatched.is_empty(), "{unmatched:#?}");
    let page = matrix::render(&rows);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(matrix::page(), page).unwrap();
    } else {
        let found = std::fs::read_to_string(matrix::page()).unwrap_or_default();
        assert!(found == page, "docs/kill-matrix.md is stale; `cargo xtask chaos` writes it");
    }
}

#[test]
fn kills_by_chance_lose_nothing_that_was_done() {
    let loads = loads().len() as u64;
    let seed = Rng::seed();
    let tallies = storm::run(&storm::Weather {
        program: env!("CARGO_BIN_EXE_chaos").into(),
        only: None,
        seed,
        time: Duration::from_secs(60),
        rounds: scale::count(4, 20) * loads,
    });
    println!("{}", storm::print(seed, &tallies.unwrap_or_else(|failure| panic!("{failure}"))));
}
