//! How much a run does: a fast subset by default, everything with `ZEROIPC_TEST_FULL=1`.
//!
//! `ZEROIPC_TEST_SCALE` is a factor on all counts, such as `0.1` for a slow machine or `10` for a long night.

use std::sync::OnceLock;

/// Whether this run does everything.
pub fn is_full() -> bool {
    std::env::var("ZEROIPC_TEST_FULL").is_ok_and(|value| !value.is_empty() && value != "0")
}

/// A count: `fast` by default, `full` when everything is asked for, times `ZEROIPC_TEST_SCALE`; at least 1.
pub fn count(fast: u64, full: u64) -> u64 {
    static SCALE: OnceLock<f64> = OnceLock::new();
    let scale = *SCALE
        .get_or_init(|| std::env::var("ZEROIPC_TEST_SCALE").ok().and_then(|value| value.parse().ok()).unwrap_or(1.0));
    let count = if is_full() { full } else { fast };
    ((count as f64 * scale) as u64).max(1)
}
