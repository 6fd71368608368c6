//! Candidates that do one thing often, in turns.

use std::time::{Duration, Instant};

use crate::measure::{Candidate, take_turns};
use crate::report::Comparison;

/// Candidates that do one thing often, and what they do it on.
pub(crate) struct Race<'a> {
    operations: u64,
    candidates: Vec<Candidate<'a>>,
}

impl<'a> Race<'a> {
    /// Each sample is so many operations long.
    pub(crate) fn new(operations: u64) -> Race<'a> {
        Race { operations: operations.max(1), candidates: Vec::new() }
    }

    /// Adds a candidate; the first one is ours.
    pub(crate) fn with(mut self, name: &'static str, mut operation: impl FnMut(u64) + 'a) -> Race<'a> {
        let operations = self.operations;
        let run = move || {
            let start = Instant::now();
            for round in 0..operations {
                operation(round);
            }
            start.elapsed()
        };
        self.candidates.push((name, Box::new(run)));
        self
    }

    /// Adds a candidate that runs all operations by itself and says how long they took.
    pub(crate) fn with_run(mut self, name: &'static str, mut run: impl FnMut(u64) -> Duration + 'a) -> Race<'a> {
        let operations = self.operations;
        self.candidates.push((name, Box::new(move || run(operations))));
        self
    }

    /// Nanoseconds of one operation.
    pub(crate) fn nanoseconds(self, repeat: usize, title: impl Into<String>) -> Comparison {
        let operations = self.operations as f64;
        let samples = take_turns(repeat, self.candidates, |took| took.as_secs_f64() * 1e9 / operations);
        Comparison::new(title.into(), "ns", false, samples)
    }

    /// Thousands of operations per second.
    pub(crate) fn rate(self, repeat: usize, title: impl Into<String>) -> Comparison {
        let operations = self.operations as f64;
        let samples = take_turns(repeat, self.candidates, |took| operations / took.as_secs_f64() / 1e3);
        Comparison::new(title.into(), "1,000/s", true, samples)
    }
}
