//! Comments, and what a definition says beside its meaning.

use zeroipc_layout::Scalar;

use super::number::{float_text, value_names};
use crate::model::{Field, Literal, Meta, Schema, TypeId, TypeKind};

/// A block comment in front of something; nothing without a text. `mark` is `*` for documentation.
pub(in crate::emit) fn comment(indent: &str, doc: &[String], mark: &str) -> Vec<String> {
    let lines: Vec<String> = doc.iter().map(|line| escaped(line)).collect();
    match lines.as_slice() {
        [] => Vec::new(),
        [line] => vec![format!("{indent}/*{mark} {line} */")],
        lines => {
            let middle = lines.iter().map(|line| format!("{indent} * {line}"));
            [format!("{indent}/*{mark}")].into_iter().chain(middle).chain([format!("{indent} */")]).collect()
        }
    }
}

/// A line that neither ends a comment nor gives Doxygen an order.
fn escaped(line: &str) -> String {
    let line = line.replace('\\', "\\\\").replace('@', "\\@").replace("*/", "* /").replace("/*", "/ *");
    // At the end of a line the trigraph would be a backslash, which joins lines.
    match line.strip_suffix("??/") {
        Some(rest) => format!("{rest}?? /"),
        None => line,
    }
}

/// Documentation behind other text.
pub(in crate::emit) fn paragraph(doc: &[String]) -> Vec<String> {
    if doc.is_empty() { Vec::new() } else { [vec![String::new()], doc.to_vec()].concat() }
}

/// Documentation with a unit and with what is said about the definition's age.
pub(in crate::emit) fn notes(doc: &[String], unit: &str, meta: &Meta) -> Vec<String> {
    let mut lines = doc.to_vec();
    if !unit.is_empty() {
        match lines.last_mut() {
            // The end of a code block has to stay alone on its line.
            Some(last) if !last.trim_start().starts_with("```") => last.push_str(&format!(" [{unit}]")),
            _ => lines.push(format!("[{unit}]")),
        }
    }
    lines.extend(meta.since.as_ref().map(|version| format!("Since {version}.")));
    lines.extend(meta.deprecated.as_ref().map(|why| match why.as_str() {
        "" => "Deprecated.".to_owned(),
        why => format!("Deprecated: {}.", why.trim_end_matches('.')),
    }));
    lines
}

/// What is said about a field.
pub(in crate::emit) fn field_notes(schema: &Schema, field: &Field) -> Vec<String> {
    let mut lines = notes(&field.doc, &field.unit, &Meta::default());
    if let Some((low, high)) = &field.range {
        lines.push(format!("Range: {} to {}.", shown(schema, field.ty, low), shown(schema, field.ty, high)));
    }
    lines.extend(field.null.as_ref().map(|null| format!("No value: {}.", shown(schema, field.ty, null))));
    lines.extend(kind_note(schema, field.ty));
    lines.extend(notes(&[], "", &field.meta));
    lines
}

/// A sentence about numbers that the languages have no type for.
fn kind_note(schema: &Schema, ty: TypeId) -> Option<String> {
    match schema.types[super::leaf(schema, ty)].kind {
        TypeKind::Scalar(Scalar::F16) => Some("The bits of an IEEE binary16.".to_owned()),
        _ => None,
    }
}

/// A number, or the name of a value, as a reader of the schema knows it.
fn shown(schema: &Schema, ty: TypeId, literal: &Literal) -> String {
    match (schema.types[super::leaf(schema, ty)].kind, literal) {
        (TypeKind::Enum(i), Literal::Int(value)) => match value_names(&schema.enums[i], *value).as_slice() {
            [] => value.to_string(),
            names => names.join(" | "),
        },
        (_, Literal::Int(value)) => value.to_string(),
        (TypeKind::Scalar(Scalar::F32), Literal::Float(value)) => float_text(*value, true),
        (_, Literal::Float(value)) => float_text(*value, false),
        _ => String::new(),
    }
}
