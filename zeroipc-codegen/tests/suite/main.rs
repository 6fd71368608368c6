//! What the compiler accepts, refuses and emits.
//!
//! `BLESS=1 cargo test -p zeroipc-codegen` rewrites the goldens; read the difference before you commit it.

mod breaking;
mod build;
mod cli;
mod compilers;
mod cpp;
mod doc;
mod files;
mod fmt;
mod generate;
mod golden;
mod guards;
mod hostile;
mod ir;
mod layering;
mod layout;
mod lint;
mod markup;
mod old_schemas;
mod pages;
mod placing;
mod python;
mod registered;
mod reject;
mod rust;
mod rust_input;
mod taken;
mod zipc;
