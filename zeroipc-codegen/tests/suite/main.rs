//! What the compiler accepts, refuses and emits.
//!
//! `BLESS=1 cargo test -p zeroipc-codegen` rewrites the goldens; read the difference before you commit it.

mod cli;
mod compilers;
mod files;
mod fmt;
mod generate;
mod golden;
mod hostile;
mod ir;
mod layering;
mod pages;
mod placing;
mod reject;
