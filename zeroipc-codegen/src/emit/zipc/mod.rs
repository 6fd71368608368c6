//! A schema as text: what every `.zipc` file with the same meaning would say.
//!
//! Names of types that were only other names, expressions and assertions have done their work by then: types and numbers
//! stand where they were. Every number of an enum is written down, so that inserting a value moves no other.

mod items;
mod values;

pub(crate) use values::{named as value_name, text as quoted, ty as type_text};

use crate::fmt;
use crate::model::Schema;

pub(super) fn emit(schema: &Schema, bare: bool) -> String {
    fmt::lay_out(&items::emit(schema, bare))
}

/// How a schema calls one of its types: imported ones with the name of their file.
fn name(schema: &Schema, module: Option<&crate::model::Module>, name: &str) -> String {
    match module {
        None => name.to_owned(),
        Some(module) => format!("{}.{name}", items::alias(schema, module)),
    }
}
