//! How Rust spells things.

use zeroipc_layout::Scalar;

use crate::emit::spelling::Defined;
use crate::model::Schema;

/// Words that Rust keeps.
pub(crate) const RESERVED: &[&str] = &[
    "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super",
    "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Names that the emitted code takes from the prelude.
pub(crate) const OWN: &[&str] = &["Clone", "Copy", "Debug", "Eq", "Err", "None", "Ok", "PartialEq", "Some"];

/// A number's type in a constant and in bare output, where a truth value is a byte.
pub(super) const fn bare_scalar(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Bool8 => "u8",
        other => other.name(),
    }
}

/// A number's type, where a truth value has one of its own.
pub(super) const fn scalar(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Bool8 => "::zeroipc::Bool8",
        other => other.name(),
    }
}

/// A whole number with `_` between its digits.
pub(super) fn number(value: i128, hex: bool) -> String {
    let (sign, digits) = if hex {
        ("0x", format!("{value:X}"))
    } else {
        (if value < 0 { "-" } else { "" }, value.unsigned_abs().to_string())
    };
    let group = if hex { 4 } else { 3 };
    let grouped = digits.len() > 4;
    let mut out = sign.to_owned();
    for (i, digit) in digits.chars().enumerate() {
        if grouped && i > 0 && (digits.len() - i) % group == 0 {
            out.push('_');
        }
        out.push(digit);
    }
    out
}

/// A string literal.
pub(super) fn text(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Every name that the file defines.
pub(crate) fn defined(schema: &Schema) -> Defined {
    let consts = schema.consts.iter().map(|item| (&item.name, item.span));
    let enums = schema.own_enums().map(|item| (&item.name, item.span));
    let structs = schema.own_structs().map(|item| (&item.name, item.span));
    let segments = schema.segments.iter().map(|item| (&item.name, item.span));
    consts.chain(enums).chain(structs).chain(segments).map(|(name, span)| (name.clone(), span)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped() {
        assert_eq!(number(1000, false), "1000");
        assert_eq!(number(1_048_576, false), "1_048_576");
        assert_eq!(number(-123_456, false), "-123_456");
        assert_eq!(number(0x5A49_504D, true), "0x5A49_504D");
        assert_eq!(number(0x10000, true), "0x1_0000");
    }
}
