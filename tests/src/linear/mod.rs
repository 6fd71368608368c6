//! Whether what several processes did to a structure at once could have been done by one after the other.
//!
//! Every operation takes a number from a shared counter when it begins and another when it has ended. A history is
//! [linearizable](https://cs.brown.edu/~mph/HerlihyW90/p463-herlihy.pdf) if its operations can be put in a line so that
//! each comes after those that had ended when it began, and a sequential [`Model`] gives every one the answer that it
//! got. The search for that line is the one of Wing and Gong with
//! [Lowe's memory](https://www.cs.ox.ac.uk/people/gavin.lowe/LinearizabiltyTesting/paper.pdf) of the states that it has been in.
//!
//! An operation whose process was killed in it has no answer: it may stand in the line or be left out.
//!
//! | module | what it is for |
//! |---|---|
//! | [`model`] | what a queue, a stack and an entry of a map do, one operation at a time |
//! | [`tape`] | recording, in memory that outlives who is killed |
//! | [`game`] | short rounds on real segments, by threads and by processes that may die |
//! | [`games`] | what is played on each structure |

pub mod game;
pub mod games;
pub mod model;
pub mod tape;

use std::collections::HashSet;
use std::hash::Hash;

/// When an operation has not ended.
pub const NEVER: u64 = u64::MAX;

/// One operation of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<O> {
    /// When it began.
    pub begun: u64,
    /// When it had ended; [`NEVER`] if it was cut short.
    pub ended: u64,
    /// What it was, and what it answered.
    pub what: O,
}

/// What a structure does, one operation at a time.
pub trait Model {
    /// An operation with its answer; none if it was cut short.
    type Operation;
    /// What the structure holds.
    type State: Clone + Eq + Hash;

    /// What it holds at first.
    fn start(&self) -> Self::State;

    /// What it holds after an operation; `None` if it would have answered something else.
    fn after(&self, state: &Self::State, operation: &Self::Operation) -> Option<Self::State>;
}

/// Whether the calls, 64 at most, can be put in a line.
pub fn is_linearizable<M: Model>(model: &M, calls: &[Call<M::Operation>]) -> bool {
    assert!(calls.len() <= 64, "a short history");
    let finished = calls.iter().enumerate().filter(|(_, call)| call.ended != NEVER);
    let finished = finished.fold(0_u64, |all, (index, _)| all | 1 << index);
    let mut search = Search { model, calls, finished, seen: HashSet::new() };
    search.goes_on(0, &model.start())
}

struct Search<'a, M: Model> {
    model: &'a M,
    calls: &'a [Call<M::Operation>],
    /// The calls that have to be in the line.
    finished: u64,
    /// Where the search has been: which calls are in the line, and what the structure then holds.
    seen: HashSet<(u64, M::State)>,
}

impl<M: Model> Search<'_, M> {
    /// Whether the rest can be put behind those of `line`, which lead to `state`.
    fn goes_on(&mut self, line: u64, state: &M::State) -> bool {
        if line & self.finished == self.finished {
            return true;
        }
        if !self.seen.insert((line, state.clone())) {
            return false;
        }
        let rest = || self.calls.iter().enumerate().filter(move |(index, _)| line >> index & 1 == 0);
        // Nobody comes behind one that began only after he had ended.
        let first_end = rest().map(|(_, call)| call.ended).min().unwrap_or(NEVER);
        let next: Vec<(usize, M::State)> = rest()
            .filter(|(_, call)| call.begun <= first_end)
            .filter_map(|(index, call)| Some((index, self.model.after(state, &call.what)?)))
            .collect();
        next.into_iter().any(|(index, state)| self.goes_on(line | 1 << index, &state))
    }
}
