//! Two-process benchmarks.

fn main() {}
