//! Recording what players do, in a file that all map, so that it outlives who is killed.
//!
//! Word 0 is the counter, word 1 says how many players are ready, word 2 whether they may begin. Each player has a lane:
//! the number of its calls, and five words for each call.

use std::path::Path;
use std::sync::atomic::Ordering;

use super::{Call, NEVER};
use crate::chaos::load::Answer;
use crate::sys::Scribble;

/// How many calls a player makes at most.
pub const CALLS: usize = 16;
const HEAD: usize = 64;
const LANE: usize = 64 + CALLS * CALL;
const CALL: usize = 40;

/// The file of a round.
#[derive(Debug)]
pub struct Tape {
    bytes: Scribble,
}

/// A call as it is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw {
    /// Which operation, a number of the game's own.
    pub operation: u64,
    /// What it was about.
    pub value: u64,
    /// What came of it.
    pub answer: Answer,
}

impl Tape {
    /// Creates the file for so many players.
    pub fn create(path: &Path, players: usize) -> std::io::Result<Tape> {
        std::fs::File::create_new(path)?.set_len((HEAD + players * LANE) as u64)?;
        Tape::open(path)
    }

    /// Opens it.
    pub fn open(path: &Path) -> std::io::Result<Tape> {
        Ok(Tape { bytes: Scribble::map(path)? })
    }

    /// One player's part.
    pub fn lane(&self, player: usize) -> Lane<'_> {
        Lane { tape: self, start: HEAD + player * LANE }
    }

    /// How many players wait for the start.
    pub fn ready(&self) -> u64 {
        self.bytes.word(8).load(Ordering::Acquire)
    }

    /// Lets them begin.
    pub fn begin(&self) {
        self.bytes.word(16).store(1, Ordering::Release);
    }

    /// What all did.
    pub fn calls(&self, players: usize) -> Vec<Call<Raw>> {
        (0..players).flat_map(|player| self.lane(player).calls()).collect()
    }

    fn tick(&self) -> u64 {
        self.bytes.word(0).fetch_add(1, Ordering::SeqCst)
    }
}

/// One player's part of a tape.
#[derive(Debug)]
pub struct Lane<'a> {
    tape: &'a Tape,
    start: usize,
}

impl Lane<'_> {
    /// Says that this player is ready, and waits for the start.
    pub fn await_start(&self) {
        self.tape.bytes.word(8).fetch_add(1, Ordering::AcqRel);
        while self.tape.bytes.word(16).load(Ordering::Acquire) == 0 {
            std::thread::yield_now();
        }
    }

    /// Records a call: what it is about, when it begins, what comes of it, and when it has ended.
    pub fn call(&self, operation: u64, value: u64, run: impl FnOnce() -> Option<u64>) -> Option<u64> {
        let word = |offset: usize| self.tape.bytes.word(self.start + offset);
        let count = word(0).load(Ordering::Relaxed);
        assert!(count < CALLS as u64, "a short history");
        let at = 64 + count as usize * CALL;
        word(at).store(operation, Ordering::Relaxed);
        word(at + 8).store(value, Ordering::Relaxed);
        word(at + 16).store(self.tape.tick(), Ordering::Relaxed);
        word(0).store(count + 1, Ordering::Release);
        let answer = run();
        let ended = self.tape.tick();
        word(at + 24).store(answer.map_or(0, |answer| answer + 1), Ordering::Relaxed);
        // The counter begins at 0, which is nobody's end.
        word(at + 32).store(ended, Ordering::Release);
        answer
    }

    fn calls(&self) -> Vec<Call<Raw>> {
        let word = |offset: usize| self.tape.bytes.word(self.start + offset).load(Ordering::Acquire);
        let call = |index: u64| {
            let at = 64 + index as usize * CALL;
            let ended = word(at + 32);
            let answer = match (ended, word(at + 24)) {
                (0, _) => Answer::None,
                (_, 0) => Answer::No,
                (_, answer) => Answer::Yes(answer - 1),
            };
            let what = Raw { operation: word(at), value: word(at + 8), answer };
            Call { begun: word(at + 16), ended: if ended == 0 { NEVER } else { ended }, what }
        };
        (0..word(0).min(CALLS as u64)).map(call).collect()
    }
}
