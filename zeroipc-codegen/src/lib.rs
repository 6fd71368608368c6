//! The schema compiler of ZeroIPC: a type is written once, in a `.zipc` file, and comes out as C, Python and Rust that
//! agree on every byte.
//!
//! # From a build script
//!
//! ```toml
//! [build-dependencies]
//! zeroipc-codegen = { version = "0.1", default-features = false }
//! ```
//! ```no_run
//! // build.rs
//! fn main() -> Result<(), zeroipc_codegen::Error> {
//!     zeroipc_codegen::build("schemas/sensors.zipc")
//! }
//! ```
//! ```ignore
//! // src/main.rs
//! zeroipc::include_schema! {
//!     mod sensors;
//! }
//! ```
//!
//! # From a program
//!
//! Text in, files out as values; only [`Compiled::write_to`] touches the disk.
//!
//! ```
//! use zeroipc_codegen::{Compiler, Source};
//!
//! let source = Source::new("point.zipc", "struct Point { x: f32; y: f32; }");
//! let compiled = Compiler::new().source(source).c().python().rust().compile()?;
//! let names: Vec<_> = compiled.outputs.iter().map(|output| output.path.display().to_string()).collect();
//! assert_eq!(names, ["point.h", "point.py", "point.rs"]);
//! # Ok::<(), zeroipc_codegen::Error>(())
//! ```
//!
//! A schema with errors gives all of them at once, sorted by place, each with a stable code, and no output at all:
//!
//! ```
//! use zeroipc_codegen::{Compiler, Error, Format, Source};
//!
//! let source = Source::new("gap.zipc", "struct Gap { flag: u8; stamp: u64; }");
//! let Err(error) = Compiler::new().source(source).rust().compile() else { panic!("the hole is an error") };
//! let text = error.render(Format::Short);
//! assert!(text.starts_with("gap.zipc:1:24: error[ZIPC0101]: struct `Gap` has 7 bytes of padding"), "{text}");
//! ```
//!
//! The same input gives the same output, byte for byte, on every machine and in every order. The compiler neither
//! panics nor loops on any input; a schema may have 1 MiB. The language and the codes are in `docs/schema.md`.
//!
//! # Features
//!
//! `cli`, on by default, builds the command `zeroipc-codegen`, and switches on `json`, the resolved schema and diagnostics as
//! JSON. Without them there are no dependencies but askama and annotate-snippets.

mod breaking;
mod build_script;
mod case;
mod compiler;
mod diagnostic;
#[cfg(feature = "cli")]
mod doc;
mod emit;
mod fingerprints;
mod fmt;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "cli")]
mod layout;
mod levels;
mod lint;
mod load;
mod model;
mod names;
#[cfg(feature = "cli")]
mod pages;
mod registered;
mod render;
#[cfg(feature = "rust-input")]
mod rust_input;
mod source;
mod syntax;
mod write;

pub use breaking::{Accepted, Change, Changes, Class, Lock, Old, against, breaking};
pub use build_script::{build, build_with};
pub use compiler::{Checked, Compiled, Compiler, Error, Output};
pub use diagnostic::{Code, Diagnostic, Format, Label, Report, Severity, Suggestion, warnings};
pub use emit::Target;
pub use fingerprints::TypeFingerprint;
pub use fmt::{fix_padding, format};
pub use levels::Level;
#[cfg(feature = "cli")]
pub use pages::{page, page_titles};
pub use registered::schema_of;
pub use source::{Source, Span};
pub use write::write_file;
