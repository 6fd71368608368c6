//! The `zeroipc` command.

fn main() {}
