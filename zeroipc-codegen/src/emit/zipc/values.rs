//! Types, values and attributes.

use super::name;
use crate::model::{Enum, Flavour, Literal, Meta, Schema, TypeId, TypeKind};

pub(crate) fn ty(schema: &Schema, id: TypeId) -> String {
    match schema.types[id].kind {
        TypeKind::Scalar(scalar) => scalar.name().to_owned(),
        TypeKind::Str(len) => format!("str[{len}]"),
        TypeKind::Array { elem, count } => format!("[{}; {count}]", ty(schema, elem)),
        TypeKind::Enum(i) => name(schema, schema.enums[i].module.as_deref(), &schema.enums[i].name),
        TypeKind::Struct(i) => name(schema, schema.structs[i].module.as_deref(), &schema.structs[i].name),
        TypeKind::Variant(i) => name(schema, schema.variants[i].module.as_deref(), &schema.variants[i].name),
    }
}

/// A value of a type: values of enums by their names.
pub(super) fn of_type(schema: &Schema, literal: &Literal, id: TypeId) -> String {
    match (schema.types[id].kind, literal) {
        (TypeKind::Enum(i), Literal::Int(value)) => named(&schema.enums[i], *value),
        (TypeKind::Array { elem, .. }, Literal::List(list)) => {
            let list = list.iter().map(|item| of_type(schema, item, elem));
            format!("[{}]", list.collect::<Vec<_>>().join(", "))
        }
        _ => plain(literal),
    }
}

/// The number of a value as its name, or flags as the names of their bits.
pub(crate) fn named(item: &Enum, value: i128) -> String {
    if let Some(known) = item.values.iter().find(|known| known.value == value) {
        return known.name.clone();
    }
    if item.flavour == Flavour::Flags { bits(item.values.iter(), value) } else { value.to_string() }
}

/// Flags as the union of those among `known` that are one bit; as a number where these do not suffice.
pub(super) fn bits<'a>(known: impl Iterator<Item = &'a crate::model::Value>, value: i128) -> String {
    let inside = known.filter(|known| known.value.count_ones() == 1 && known.value & value != 0);
    let inside: Vec<_> = inside.collect();
    let whole = inside.iter().fold(0, |bits, known| bits | known.value) == value;
    if inside.is_empty() || !whole {
        return if value == 0 { "0".to_owned() } else { format!("{value:#x}") };
    }
    inside.iter().map(|known| known.name.as_str()).collect::<Vec<_>>().join(" | ")
}

/// A value that needs no type to be written.
pub(super) fn plain(literal: &Literal) -> String {
    match literal {
        Literal::Int(value) => value.to_string(),
        Literal::Float(value) if value.is_nan() => "nan".to_owned(),
        Literal::Float(value) => format!("{value:?}"),
        Literal::Bool(value) => value.to_string(),
        Literal::Text(value) => text(value),
        Literal::List(list) => format!("[{}]", list.iter().map(plain).collect::<Vec<_>>().join(", ")),
    }
}

/// A text in quotes.
pub(crate) fn text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The earlier name, each attribute with a space in front.
pub(super) fn was(was: Option<&String>) -> String {
    was.map(|was| format!(" @was({})", text(was))).unwrap_or_default()
}

/// What everything with a name may have, each attribute with a space in front.
pub(super) fn meta(meta: &Meta) -> String {
    let mut out = String::new();
    match meta.deprecated.as_deref() {
        Some("") => out.push_str(" @deprecated"),
        Some(why) => out.push_str(&format!(" @deprecated({})", text(why))),
        None => {}
    }
    if let Some(since) = &meta.since {
        out.push_str(&format!(" @since({})", text(since)));
    }
    if !meta.allow.is_empty() {
        let is_word = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric());
        let words = meta.allow.iter().map(|word| if is_word(word) { word.clone() } else { text(word) });
        out.push_str(&format!(" @allow({})", words.collect::<Vec<_>>().join(", ")));
    }
    for (name, arguments) in &meta.extra {
        out.push_str(&format!(" @{name}"));
        if !arguments.is_empty() {
            out.push_str(&format!("({})", arguments.iter().map(plain).collect::<Vec<_>>().join(", ")));
        }
    }
    out
}
