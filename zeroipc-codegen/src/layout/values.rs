//! Types, values and structures as a schema writes them, for people to read.

use zeroipc_layout::Scalar;

use crate::emit::{quoted, type_text, value_name};
use crate::model::{Literal, Schema, Structure, TypeId, TypeKind};

/// `queue<Reading>[1024]`, with the numbers as they will be.
pub(crate) fn form(schema: &Schema, item: &Structure) -> String {
    let mut text = item.kind.word().to_owned();
    let elements: Vec<String> = item.elements.iter().map(|element| type_text(schema, *element)).collect();
    if !elements.is_empty() {
        text.push_str(&format!("<{}>", elements.join(", ")));
    }
    let numbers: Vec<String> = item.numbers.iter().map(u64::to_string).collect();
    if !numbers.is_empty() {
        text.push_str(&format!("[{}]", numbers.join(", ")));
    }
    text
}

/// A value of a type; those of enums and flags by their names.
pub(crate) fn literal(schema: &Schema, ty: TypeId, value: &Literal) -> String {
    match (schema.types[ty].kind, value) {
        (TypeKind::Enum(i), Literal::Int(value)) => value_name(&schema.enums[i], *value),
        (TypeKind::Scalar(scalar), Literal::Float(value)) => float(scalar, *value),
        (TypeKind::Array { elem, .. }, value @ (Literal::Int(_) | Literal::Float(_))) => literal(schema, elem, value),
        (kind, Literal::List(list)) => {
            let elem = if let TypeKind::Array { elem, .. } = kind { elem } else { ty };
            let parts: Vec<String> = list.iter().map(|item| literal(schema, elem, item)).collect();
            format!("[{}]", parts.join(", "))
        }
        (_, Literal::Int(value)) => value.to_string(),
        (_, Literal::Float(value)) => float(Scalar::F64, *value),
        (_, Literal::Bool(value)) => value.to_string(),
        (_, Literal::Text(value)) => quoted(value),
    }
}

/// The shortest text that is this number in its type.
pub(crate) fn float(scalar: Scalar, value: f64) -> String {
    let text = if scalar == Scalar::F32 { format!("{:?}", value as f32) } else { format!("{value:?}") };
    if value.is_nan() { "nan".to_owned() } else { text }
}

/// At most `most` characters, the last of them three dots when something is missing.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// How many cache lines `size` bytes take that begin on one.
pub(crate) fn lines_of(size: u64) -> String {
    match size.div_ceil(super::facts::LINE) {
        1 => "1 cache line".to_owned(),
        lines => format!("{} cache lines", super::numbers::grouped(lines)),
    }
}
