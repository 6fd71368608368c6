//! Types and values as sentences about changes spell them.

use crate::model::{Literal, Schema, TypeId, TypeKind};
use zeroipc_layout::Scalar;

/// A type as the schema could write it.
pub(super) fn ty(schema: &Schema, id: TypeId) -> String {
    let named = |name: &str, module: Option<&std::sync::Arc<crate::model::Module>>| match module {
        Some(module) => format!("{}.{name}", module.namespace.join(".")),
        None => name.to_owned(),
    };
    match schema.types[id].kind {
        TypeKind::Scalar(scalar) => scalar.name().to_owned(),
        TypeKind::Str(len) => format!("str[{len}]"),
        TypeKind::Array { elem, count } => match schema.types[elem].kind {
            TypeKind::Scalar(Scalar::U8) => format!("bytes[{count}]"),
            _ => format!("[{}; {count}]", ty(schema, elem)),
        },
        TypeKind::Enum(i) => named(&schema.enums[i].name, schema.enums[i].module.as_ref()),
        TypeKind::Struct(i) => named(&schema.structs[i].name, schema.structs[i].module.as_ref()),
        TypeKind::Variant(i) => named(&schema.variants[i].name, schema.variants[i].module.as_ref()),
    }
}

/// The most bytes of a value that a sentence shows.
const MAX_SHOWN: usize = 60;

/// A value, cut where it would flood the screen.
pub(super) fn literal(value: &Literal) -> String {
    let mut out = String::new();
    write(value, &mut out);
    if out.len() > MAX_SHOWN {
        let cut = (0..=MAX_SHOWN).rev().find(|at| out.is_char_boundary(*at)).unwrap_or(0);
        out.truncate(cut);
        out.push('…');
    }
    out
}

fn write(value: &Literal, out: &mut String) {
    match value {
        Literal::Int(value) => out.push_str(&value.to_string()),
        Literal::Float(value) => out.push_str(&format!("{value:?}").to_lowercase()),
        Literal::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Literal::Text(text) => out.push_str(&format!("{text:?}")),
        Literal::List(list) => {
            out.push('[');
            for (i, item) in list.iter().enumerate() {
                if out.len() > MAX_SHOWN {
                    break;
                }
                if i > 0 {
                    out.push_str(", ");
                }
                write(item, out);
            }
            out.push(']');
        }
    }
}

/// Whether two values are the same; unlike numbers, "not a number" is itself.
pub(super) fn same(a: &Literal, b: &Literal) -> bool {
    match (a, b) {
        (Literal::Float(a), Literal::Float(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
        (Literal::List(a), Literal::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (a, b) => a == b,
    }
}

/// A value that may be missing.
pub(super) fn optional(value: Option<&Literal>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| format!("`{}`", literal(value)))
}

/// Whether two values that may be missing are the same.
pub(super) fn same_optional(a: Option<&Literal>, b: Option<&Literal>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same(a, b),
        (None, None) => true,
        _ => false,
    }
}
