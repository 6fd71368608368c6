//! Values as Python expressions. A number of fewer bits is spelled as the number that its bytes hold, so that it equals
//! what NumPy reads.

use zeroipc_layout::Scalar;

use super::names;
use crate::emit::half;
use crate::emit::hex;
use crate::model::{Enum, Flavour, Literal, Schema, TypeId, TypeKind};

/// A whole number.
pub(super) fn number(value: i128, hex: bool) -> String {
    if hex { format!("0x{value:X}") } else { value.to_string() }
}

/// A string literal, in the quotes that need fewer escapes.
pub(super) fn text(value: &str) -> String {
    let quote = if value.matches('"').count() > value.matches('\'').count() { '\'' } else { '"' };
    let mut out = String::from(quote);
    for c in value.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// What stands between the quotes of a bytes literal.
pub(super) fn bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(4 * bytes.len());
    for byte in bytes {
        push_byte(&mut out, *byte);
    }
    out
}

/// Appends one byte of a bytes literal: at most 4 characters.
pub(super) fn push_byte(out: &mut String, byte: u8) {
    match byte {
        b'\\' => out.push_str("\\\\"),
        // Quotes too are spelled as a number, so that no formatter chooses others.
        0x20..=0x7e if byte != b'"' => out.push(char::from(byte)),
        _ => {
            out.push_str("\\x");
            hex::push(out, byte);
        }
    }
}

/// A number with a fraction, rounded to what `scalar` can hold.
pub(super) fn float(value: f64, scalar: Scalar) -> String {
    let value = match scalar {
        Scalar::F16 => half::rounded(value),
        Scalar::F32 | Scalar::Complex64 => f64::from(value as f32),
        _ => value,
    };
    if value.is_nan() {
        "math.nan".to_owned()
    } else if value.is_infinite() {
        if value < 0.0 { "-math.inf" } else { "math.inf" }.to_owned()
    } else {
        format!("{value:?}")
    }
}

/// A value of a type, as it is assigned to a field of a record.
pub(super) fn literal(schema: &Schema, ty: TypeId, value: &Literal) -> String {
    match (schema.types[ty].kind, value) {
        (TypeKind::Enum(i), Literal::Int(value)) => {
            let item = &schema.enums[i];
            named(item, &names::qualified(item.module.as_ref(), &item.name), *value)
        }
        (TypeKind::Scalar(scalar), value) => scalar_literal(scalar, value),
        (TypeKind::Array { elem, .. }, Literal::List(list)) => {
            let list: Vec<String> = list.iter().map(|value| element(schema, elem, value)).collect();
            format!("[{}]", list.join(", "))
        }
        (_, value) => plain(value),
    }
}

/// A value inside an array, where NumPy takes a text as bytes only.
fn element(schema: &Schema, ty: TypeId, value: &Literal) -> String {
    match value {
        Literal::Text(text) => format!("b\"{}\"", bytes(text.as_bytes())),
        value => literal(schema, ty, value),
    }
}

pub(super) fn scalar_literal(scalar: Scalar, value: &Literal) -> String {
    match value {
        Literal::Float(value) => float(*value, scalar),
        Literal::List(parts) => {
            let parts: Vec<String> = parts.iter().map(|part| scalar_literal(scalar, part)).collect();
            format!("complex({})", parts.join(", "))
        }
        value => plain(value),
    }
}

/// A value that looks the same for every type.
fn plain(value: &Literal) -> String {
    match value {
        Literal::Int(value) => value.to_string(),
        Literal::Float(value) => float(*value, Scalar::F64),
        Literal::Bool(true) => "True".to_owned(),
        Literal::Bool(false) => "False".to_owned(),
        Literal::Text(value) => text(value),
        Literal::List(list) => format!("[{}]", list.iter().map(plain).collect::<Vec<_>>().join(", ")),
    }
}

/// A value of an enum by its name; flags as the union of those that make them up.
fn named(item: &Enum, class: &str, value: i128) -> String {
    if let Some(known) = item.values.iter().find(|known| known.value == value) {
        return format!("{class}.{}", known.name);
    }
    let bits: Vec<_> = match item.flavour {
        Flavour::Flags => {
            item.values.iter().filter(|bit| bit.value.count_ones() == 1 && value & bit.value != 0).collect()
        }
        _ => Vec::new(),
    };
    if bits.is_empty() || bits.iter().fold(0, |all, bit| all | bit.value) != value {
        return format!("{class}({value})");
    }
    bits.iter().map(|bit| format!("{class}.{}", bit.name)).collect::<Vec<_>>().join(" | ")
}

/// A value for a reader of documentation.
pub(super) fn shown(schema: &Schema, ty: TypeId, value: &Literal) -> String {
    match (schema.types[ty].kind, value) {
        (TypeKind::Enum(i), Literal::Int(value)) => named(&schema.enums[i], &schema.enums[i].name, *value),
        (TypeKind::Array { elem, .. }, Literal::List(list)) => {
            format!("[{}]", list.iter().map(|value| shown(schema, elem, value)).collect::<Vec<_>>().join(", "))
        }
        (_, Literal::Float(value)) if value.is_nan() => "nan".to_owned(),
        (_, Literal::Float(value)) => format!("{value:?}"),
        (_, Literal::List(parts)) => {
            format!("[{}]", parts.iter().map(|part| shown(schema, ty, part)).collect::<Vec<_>>().join(", "))
        }
        (_, value) => plain(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_rounded_to_their_type() {
        assert_eq!(float(0.1, Scalar::F16), "0.0999755859375");
        assert_eq!(float(0.1, Scalar::F32), "0.10000000149011612");
        assert_eq!(float(-f64::INFINITY, Scalar::F64), "-math.inf");
    }

    #[test]
    fn texts_are_quoted() {
        assert_eq!(text("say \"a\" \\ \u{7f}"), "'say \"a\" \\\\ \\x7f'");
        assert_eq!(bytes("ä\"".as_bytes()), "\\xc3\\xa4\\x22");
    }
}
