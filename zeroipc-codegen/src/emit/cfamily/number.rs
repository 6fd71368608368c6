//! Numbers and texts as C and C++ both read them.

use zeroipc_layout::{Flavour, Scalar};

use crate::model::Enum;

/// A whole number with the macro that gives it its type.
pub(in crate::emit) fn number(ty: Scalar, value: i128, hex: bool) -> String {
    let bits = 8 * ty.size();
    let sign = if ty.is_signed() { "" } else { "U" };
    if value < 0 {
        let low = -(1i128 << (bits - 1));
        if value == low {
            return format!("(-{sign}INT{bits}_C({}) - 1)", -(value + 1));
        }
        return format!("(-{sign}INT{bits}_C({}))", -value);
    }
    if hex { format!("{sign}INT{bits}_C(0x{value:X})") } else { format!("{sign}INT{bits}_C({value})") }
}

/// A string literal.
pub(in crate::emit) fn text(value: &str) -> String {
    let mut out = String::from("\"");
    for byte in value.bytes() {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            // The second question mark of a trigraph.
            b'?' => out.push_str("\\?"),
            0x20..=0x7e => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\{byte:03o}")),
        }
    }
    out.push('"');
    out
}

/// The shortest decimal that reads back as the same number, with a point or an exponent; `nan`, `inf` or `-inf`.
pub(super) fn float_text(value: f64, single: bool) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    // A constant of single precision may be given with more digits than it keeps.
    let text = if single { format!("{:?}", value as f32) } else { format!("{value:?}") };
    if value.is_infinite() { text.to_lowercase() } else { text }
}

/// A finite float as a literal, in parentheses when it has a sign; `None` for the others.
pub(in crate::emit) fn float_literal(value: f64, single: bool) -> Option<String> {
    let text = float_text(value, single);
    let text = if single { format!("{text}f") } else { text };
    value.is_finite().then(|| if value.is_sign_negative() { format!("({text})") } else { text })
}

/// The names that together make `value`: one, several flags, or none where it has no name.
pub(in crate::emit) fn value_names(item: &Enum, value: i128) -> Vec<&str> {
    if let Some(exact) = item.values.iter().find(|known| known.value == value) {
        return vec![&exact.name];
    }
    if item.flavour != Flavour::Flags {
        return Vec::new();
    }
    let within = item.values.iter().filter(|known| known.value != 0 && known.value & !value == 0);
    let (single, several): (Vec<_>, Vec<_>) = within.partition(|known| known.value.count_ones() == 1);
    let (mut names, mut bits) = (Vec::new(), 0);
    for known in single.into_iter().chain(several) {
        if known.value & !bits != 0 {
            bits |= known.value;
            names.push(known.name.as_str());
        }
    }
    if bits == value { names } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_as_short_as_possible() {
        assert_eq!(float_literal(9.80665, true).as_deref(), Some("9.80665f"));
        assert_eq!(float_literal(0.1 + 0.2, false).as_deref(), Some("0.30000000000000004"));
        assert_eq!(float_literal(-1.0, false).as_deref(), Some("(-1.0)"));
        assert_eq!(float_literal(1e100, false).as_deref(), Some("1e100"));
        assert_eq!(float_literal(f64::NAN, false), None);
        assert_eq!(float_text(f64::NEG_INFINITY, true), "-inf");
    }
}
