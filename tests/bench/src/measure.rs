//! How measurements are taken: the candidates take turns, and each one's median counts, since the machine may be shared.

use std::time::{Duration, Instant};

use crate::report::Comparison;

/// A candidate: its name and one measurement.
pub(crate) type Candidate<'a> = (&'static str, Box<dyn FnMut() -> Duration + 'a>);

/// Lets the candidates take turns.
pub(crate) fn take_turns(
    repeat: usize,
    candidates: Vec<Candidate<'_>>,
    figure: impl Fn(Duration) -> f64,
) -> Vec<(&'static str, Vec<f64>)> {
    let mut candidates: Vec<_> = candidates.into_iter().map(|candidate| (candidate, Vec::new())).collect();
    for _ in 0..repeat {
        for ((_, run), samples) in &mut candidates {
            samples.push(figure(run()));
        }
    }
    candidates.into_iter().map(|((name, _), samples)| (name, samples)).collect()
}

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
