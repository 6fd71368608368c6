//! The schema compiler.

mod case;
mod compiler;
mod diagnostic;
mod emit;
mod model;
mod source;
mod syntax;

pub use compiler::{Compiled, Compiler, Error, Output};
pub use diagnostic::{Code, Diagnostic, Format, Label, Report, Severity, Suggestion};
pub use emit::Target;
pub use source::{Source, Span};
