//! Short rounds on real segments: a few players do a few operations each at the same time, and what they did must be
//! linearizable. Threads, each with an attachment of its own, play thousands of rounds; processes play fewer, and die in
//! them.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::time::Instant;

use zeroipc::Memory;

use super::Call;
use super::games::games;
use super::tape::{Lane, Raw, Tape};
use crate::actor::Script;
use crate::names::Name;
use crate::rng::Rng;
use crate::{DEADLINE, SOON, shake, sys};

/// What is played on a structure.
#[derive(Debug)]
pub struct Game {
    /// The structure.
    pub structure: &'static str,
    /// Creates it and says how much room it has.
    pub(super) prepare: fn(&Memory, &mut Rng) -> u64,
    /// What a player does: first [`Lane::await_start`].
    pub(super) play: fn(&Memory, &Lane<'_>, &mut Player),
    /// Whether what they did, on a structure with that room, could have been done one after the other.
    pub(super) check: fn(&Memory, u64, &[Call<Raw>]) -> bool,
}

/// One player of a round.
#[derive(Debug)]
pub struct Player {
    pub(super) me: u64,
    pub(super) operations: u64,
    pub(super) rng: Rng,
}

/// How many play at a time.
const PLAYERS: usize = 4;

/// Plays rounds by threads.
///
/// # Errors
/// The first history that is not linearizable, with the round's seed.
pub fn by_threads(game: &Game, seed: u64, rounds: u64) -> Result<(), String> {
    for round in 0..rounds {
        let seed = seed.wrapping_add(round);
        let mut rng = Rng::new(seed);
        let stage = Stage::set(game, &mut rng);
        std::thread::scope(|scope| {
            for me in 0..PLAYERS {
                let player = player(me as u64, &mut rng);
                let (stage, seed) = (&stage, rng.number());
                scope.spawn(move || {
                    let memory = Memory::open(&stage.name).expect("the segment opens");
                    shake::dawdle(seed);
                    (game.play)(&memory, &stage.tape.lane(me), &mut { player });
                });
            }
            stage.begin();
        });
        stage.check(game, seed)?;
    }
    Ok(())
}

/// Plays rounds by processes, most of which lose one or two. Returns how many were killed.
///
/// # Errors
/// As [`by_threads`], or that somebody is stuck.
pub fn by_processes(game: &Game, program: &Path, seed: u64, rounds: u64) -> Result<u64, String> {
    let mut kills = 0;
    for round in 0..rounds {
        let seed = seed.wrapping_add(round);
        let mut rng = Rng::new(seed);
        let stage = Stage::set(game, &mut rng);
        let mut children: Vec<_> = (0..PLAYERS)
            .map(|me| {
                let fuse = if rng.below(2) == 0 { 1 + rng.below(40) } else { 0 };
                let script = Script::new(program).arg("play").arg(game.structure).arg(&*stage.name);
                let script = script.arg(stage.tape_name.path().display()).args([me as u64, rng.number(), fuse]);
                script.watchdog(DEADLINE).start()
            })
            .collect();
        stage.begin();
        let deadline = Instant::now() + 3 * SOON;
        for child in &mut children {
            if !sys::ended(child.pid(), deadline).unwrap_or(true) {
                return Err(format!("{}, seed {seed}: a player is stuck", game.structure));
            }
            let status = child.wait();
            match status.signal() {
                Some(libc::SIGKILL) => kills += 1,
                None if status.success() => {}
                _ => return Err(format!("{}, seed {seed}: a player failed: {status}", game.structure)),
            }
        }
        stage.check(game, seed)?;
    }
    Ok(kills)
}

/// `play STRUCTURE SEGMENT TAPE ME SEED FUSE`: what a player's process does.
pub fn main(args: &[String]) {
    let [_, structure, segment, tape, numbers @ ..] = args else { panic!("{args:?} is no task of a player") };
    let numbers: Vec<u64> = numbers.iter().map(|number| number.parse().expect("a number")).collect();
    let [me, seed, fuse] = numbers[..] else { panic!("{args:?} is no task of a player") };
    let games = games();
    let game = games.iter().find(|game| game.structure == structure).expect("such a game");
    let memory = Memory::open(segment).expect("the segment opens");
    let tape = Tape::open(tape.as_ref()).expect("the tape opens");
    let mut rng = Rng::new(seed);
    let mut player = player(me, &mut rng);
    shake::dawdle(rng.number());
    shake::fuse(fuse);
    (game.play)(&memory, &tape.lane(me as usize), &mut player);
}

fn player(me: u64, rng: &mut Rng) -> Player {
    Player { me, operations: 6 + rng.below(3), rng: Rng::new(rng.number()) }
}

/// What a round is played on.
struct Stage {
    name: Name,
    memory: Memory,
    room: u64,
    tape_name: Name,
    tape: Tape,
}

impl Stage {
    fn set(game: &Game, rng: &mut Rng) -> Stage {
        let name = Name::new();
        let memory = Memory::create(&name, 1 << 16).expect("a segment");
        let room = (game.prepare)(&memory, rng);
        let tape_name = Name::new();
        let tape = Tape::create(&tape_name.path(), PLAYERS).expect("a tape");
        Stage { name, memory, room, tape_name, tape }
    }

    /// Lets the players begin when all are there, or some of them are dead.
    fn begin(&self) {
        let deadline = Instant::now() + SOON / 4;
        while self.tape.ready() < PLAYERS as u64 && Instant::now() < deadline {
            std::thread::yield_now();
        }
        self.tape.begin();
    }

    fn check(&self, game: &Game, seed: u64) -> Result<(), String> {
        let calls = self.tape.calls(PLAYERS);
        if (game.check)(&self.memory, self.room, &calls) {
            return Ok(());
        }
        let mut lines: Vec<String> = calls.iter().map(|call| format!("{call:?}")).collect();
        lines.sort_by_key(|line| line.len());
        Err(format!("{}, seed {seed}, room {}: not linearizable:\n{}", game.structure, self.room, lines.join("\n")))
    }
}
