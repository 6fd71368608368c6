//! How measurements are taken: the candidates take turns, and each one's median counts, since the machine may be shared.

use std::time::Duration;

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
