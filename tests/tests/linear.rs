//! What several did to a structure at the same time could have been done by one after the other.

use std::path::Path;

use zeroipc_tests::linear::game;
use zeroipc_tests::linear::games::games;
use zeroipc_tests::rng::Rng;
use zeroipc_tests::scale::count;

#[test]
fn histories_of_threads_are_linearizable() {
    let seed = Rng::seed();
    for game in games() {
        let rounds = count(1000, 5_000);
        game::by_threads(&game, seed, rounds).unwrap_or_else(|failure| panic!("{failure}"));
        println!("{}: {rounds} rounds from seed {seed} on", game.structure);
    }
}

#[test]
fn histories_with_dead_processes_are_linearizable() {
    let seed = Rng::seed();
    for game in games() {
        let rounds = count(100, 500);
        let program = Path::new(env!("CARGO_BIN_EXE_chaos"));
        let kills = game::by_processes(&game, program, seed, rounds).unwrap_or_else(|failure| panic!("{failure}"));
        println!("{}: {rounds} rounds from seed {seed} on, {kills} kills", game.structure);
    }
}
