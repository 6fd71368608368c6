//! How far a model is explored.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Runs a model under every schedule with at most `preemptions` switches away from a thread that could go on.
pub(crate) fn explore(name: &str, preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let deep = std::env::var_os("ZEROIPC_LOOM_DEEP").is_some_and(|value| value == "1");
    let bound = preemptions + usize::from(deep);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(bound);
    builder.max_branches = 20_000;
    let count = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let counted = Arc::clone(&count);
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let (count, time) = (count.load(Ordering::Relaxed), start.elapsed().as_secs_f64());
    println!("{name}: {count} interleavings with {bound} preemptions in {time:.1} s");
}
