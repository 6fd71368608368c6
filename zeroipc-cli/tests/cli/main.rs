//! The `zeroipc` command against segments that the `zeroipc` crate has made, and against damaged ones.

mod cat;
mod hostile;
mod kinds;
mod ls;
mod pipe;
mod refusals;
mod support;
