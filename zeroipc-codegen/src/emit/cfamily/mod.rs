//! What C and C++ spell alike: comments, texts, numbers, and the statements inside the helpers of a struct.

mod comment;
mod helpers;
mod number;

pub(super) use comment::{comment, field_notes, notes, paragraph};
pub(super) use helpers::{Dialect, defaults, has_value, ranges};
pub(super) use number::{float_literal, number, text, value_names};

use zeroipc_layout::fingerprint::Hasher;

use super::hex;
use crate::model::{Schema, TypeId, TypeKind};

/// A function: its comment, and its lines with the braces.
pub(super) struct Function {
    pub(super) doc: Vec<String>,
    pub(super) lines: Vec<String>,
}

/// The width that lines are broken at.
const WIDTH: usize = 100;

/// How many bytes of a description stand on one line.
const BYTES_A_LINE: usize = 14;

/// One line, or two where one would be too long.
pub(super) fn broken(indent: &str, head: &str, tail: &str) -> Vec<String> {
    let glue = if head.ends_with('(') { "" } else { " " };
    let line = format!("{indent}{head}{glue}{tail}");
    if line.len() <= WIDTH { vec![line] } else { vec![format!("{indent}{head}"), format!("{indent}    {tail}")] }
}

/// One line, or several where a condition would be too long.
pub(super) fn wrapped(line: &str) -> Vec<String> {
    let mut indent = line.len() - line.trim_start().len();
    let mut lines = Vec::new();
    let mut rest = line.to_owned();
    while rest.len() > WIDTH {
        // The line that was broken off begins with an operator itself.
        let from = indent + 4;
        let Some(at) = rest.get(from..).and_then(|text| text.find(" && ").or_else(|| text.find(" || "))) else { break };
        let tail = rest.split_off(from + at);
        lines.push(rest);
        // What stands behind the first operator is deeper inside.
        indent += 4;
        rest = format!("{}{}", " ".repeat(indent), tail.trim_start());
    }
    lines.push(rest);
    lines
}

/// The lines of an initialiser with these bytes.
pub(super) fn byte_lines(bytes: &[u8]) -> Vec<String> {
    let line = |bytes: &[u8]| {
        let mut line = String::with_capacity(6 * BYTES_A_LINE);
        for (index, byte) in bytes.iter().enumerate() {
            line.push_str(if index == 0 { "0x" } else { ", 0x" });
            hex::push(&mut line, *byte);
        }
        line
    };
    bytes.chunks(BYTES_A_LINE).map(line).collect()
}

/// The alignment that has to be asked for, since some targets give 8-byte numbers less; otherwise 1.
pub(super) fn needed_align(schema: &Schema, ty: TypeId) -> u64 {
    match schema.types[ty].kind {
        TypeKind::Array { elem, .. } => needed_align(schema, elem),
        TypeKind::Scalar(scalar) if scalar.align() == 8 => 8,
        TypeKind::Enum(i) if schema.enums[i].repr.size() == 8 => 8,
        TypeKind::Scalar(_) | TypeKind::Enum(_) | TypeKind::Str(_) | TypeKind::Struct(_) | TypeKind::Variant(_) => 1,
    }
}

/// The element of an array of arrays, or the type itself.
pub(super) fn leaf(schema: &Schema, ty: TypeId) -> TypeId {
    match schema.types[ty].kind {
        TypeKind::Array { elem, .. } => leaf(schema, elem),
        _ => ty,
    }
}

/// A type as the schema spells it.
pub(super) fn title(schema: &Schema, ty: TypeId) -> String {
    match schema.types[ty].kind {
        TypeKind::Scalar(scalar) => scalar.name().to_owned(),
        TypeKind::Enum(i) => schema.enums[i].name.clone(),
        TypeKind::Struct(i) => schema.structs[i].name.clone(),
        TypeKind::Variant(i) => schema.variants[i].name.clone(),
        TypeKind::Str(len) => format!("str[{len}]"),
        TypeKind::Array { elem, count } => format!("[{}; {count}]", title(schema, elem)),
    }
}

/// A name for the middle of an include guard. The letters alone would be alike for `a.b` in `c` and `a` in `b_c`, and
/// for `g-1` and `g_1`; the number tells such files apart.
pub(super) fn guard(schema: &Schema) -> String {
    let stem: String = schema.stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let parts = schema.namespace.iter().fold(Hasher::new("guard"), |hasher, part| hasher.str(part));
    let number = parts.u64(schema.namespace.len() as u64).str(&schema.stem).finish();
    format!("{}_{}_{number:016X}", schema.namespace.join("_").to_uppercase(), stem.to_uppercase())
}

/// The name of reserved bytes: nothing in a schema ends with `_`.
pub(super) fn padding(offset: u64) -> String {
    format!("pad{offset}_")
}
