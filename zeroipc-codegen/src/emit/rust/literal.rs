//! Values as Rust spells them.

use zeroipc_layout::Scalar;

use super::code::Code;
use super::names;
use crate::emit::half;
use crate::model::{Enum, Flavour, Literal, Schema, TypeId, TypeKind};

/// The constants of `std` that clippy finds in numbers which are near them.
const NEAR: [f64; 19] = [
    std::f64::consts::E,
    std::f64::consts::FRAC_1_PI,
    std::f64::consts::FRAC_1_SQRT_2,
    std::f64::consts::FRAC_2_PI,
    std::f64::consts::FRAC_2_SQRT_PI,
    std::f64::consts::FRAC_PI_2,
    std::f64::consts::FRAC_PI_3,
    std::f64::consts::FRAC_PI_4,
    std::f64::consts::FRAC_PI_6,
    std::f64::consts::FRAC_PI_8,
    std::f64::consts::LN_2,
    std::f64::consts::LN_10,
    std::f64::consts::LOG2_10,
    std::f64::consts::LOG10_2,
    std::f64::consts::LOG2_E,
    std::f64::consts::LOG10_E,
    std::f64::consts::PI,
    std::f64::consts::SQRT_2,
    1.618_033_988_749_895,
];

/// Whether a value has a number that clippy would rather see as a constant of `std`. The schema's author has decided.
pub(super) fn resembles_constant(literal: &Literal) -> bool {
    match literal {
        Literal::Float(value) => {
            let near = |known: &f64| (value.abs() - known).abs() < 0.01 || (value.abs() - 2.0 * known).abs() < 0.01;
            NEAR.iter().any(near)
        }
        Literal::List(list) => list.iter().any(resembles_constant),
        Literal::Int(_) | Literal::Bool(_) | Literal::Text(_) => false,
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

/// A number of type `scalar`, the shortest that reads back as the same.
pub(super) fn scalar(literal: &Literal, scalar: Scalar, bare: bool) -> String {
    match (literal, scalar) {
        (Literal::Int(value), _) => number(*value, false),
        (Literal::Bool(value), Scalar::Bool8) if bare => u8::from(*value).to_string(),
        (Literal::Bool(true), _) => "::zeroipc::Bool8::TRUE".to_owned(),
        (Literal::Bool(false), _) => "::zeroipc::Bool8::FALSE".to_owned(),
        (Literal::Float(re), Scalar::Complex64 | Scalar::Complex128) => complex(*re, 0.0, scalar, bare),
        (Literal::Float(value), Scalar::F16) => {
            let bits = format!("0x{:04X}", half::bits(*value));
            if bare { bits } else { format!("::zeroipc::F16::from_bits({bits})") }
        }
        (Literal::Float(value), Scalar::F32) => float(*value, "f32", format!("{:?}", *value as f32)),
        (Literal::Float(value), _) => float(*value, "f64", format!("{value:?}")),
        (Literal::List(parts), _) => match parts.as_slice() {
            [Literal::Float(re), Literal::Float(im)] => complex(*re, *im, scalar, bare),
            _ => String::new(),
        },
        (Literal::Text(value), _) => text(value),
    }
}

fn float(value: f64, ty: &str, finite: String) -> String {
    if value.is_nan() {
        format!("{ty}::NAN")
    } else if value.is_infinite() {
        format!("{ty}::{}INFINITY", if value < 0.0 { "NEG_" } else { "" })
    } else {
        finite
    }
}

fn complex(re: f64, im: f64, ty: Scalar, bare: bool) -> String {
    let part = if ty == Scalar::Complex64 { Scalar::F32 } else { Scalar::F64 };
    let [re, im] = [re, im].map(|value| scalar(&Literal::Float(value), part, bare));
    if bare { format!("[{re}, {im}]") } else { format!("::zeroipc::Complex::new({re}, {im})") }
}

/// A value of a type.
pub(super) fn value(schema: &Schema, id: TypeId, literal: &Literal, bare: bool) -> Code {
    match (schema.types[id].kind, literal) {
        (TypeKind::Array { elem, .. }, Literal::List(list)) => {
            Code::List(list.iter().map(|literal| value(schema, elem, literal, bare)).collect())
        }
        (TypeKind::Scalar(ty), _) => Code::Text(scalar(literal, ty, bare)),
        (TypeKind::Str(_), Literal::Text(value)) => Code::Call(names::TEXT.to_owned(), text(value)),
        (TypeKind::Enum(i), Literal::Int(value)) => named(&schema.enums[i], *value, bare),
        // The model has nothing else.
        _ => zero(schema, id, bare),
    }
}

/// A value of an enum by its name; flags by as many as it takes.
fn named(item: &Enum, value: i128, bare: bool) -> Code {
    let path = names::path(item.module.as_ref(), &item.name);
    if let Some(known) = item.values.iter().find(|known| known.value == value) {
        return Code::Text(format!("{path}::{}", known.name));
    }
    if item.flavour != Flavour::Flags {
        return Code::Text(format!("{path}({})", number(value, false)));
    }
    let bits = if bare { "0" } else { "bits()" };
    let bits: Vec<String> = item
        .values
        .iter()
        .filter(|known| known.value.count_ones() == 1 && value & known.value != 0)
        .map(|known| format!("{path}::{}.{bits}", known.name))
        .collect();
    match (bits.as_slice(), bare) {
        ([], true) => Code::Text(format!("{path}(0)")),
        ([], false) => Code::Text(format!("{path}::empty()")),
        (bits, true) => Code::Call(path, bits.join(" | ")),
        (bits, false) => Code::Call(format!("{path}::from_bits"), bits.join(" | ")),
    }
}

/// How a value of a type starts that nobody has given one: zero, but for the defaults inside a struct.
pub(super) fn zero(schema: &Schema, id: TypeId, bare: bool) -> Code {
    Code::Text(match schema.types[id].kind {
        TypeKind::Scalar(ty) => match ty {
            Scalar::Bool8 => scalar(&Literal::Bool(false), ty, bare),
            _ if ty.is_integer() => "0".to_owned(),
            _ => scalar(&Literal::Float(0.0), ty, bare),
        },
        TypeKind::Str(len) if bare => format!("[0; {len}]"),
        TypeKind::Str(_) => "::zeroipc::FixedStr::EMPTY".to_owned(),
        TypeKind::Enum(i) => return named(&schema.enums[i], 0, bare),
        TypeKind::Struct(i) => {
            format!("{}::DEFAULT", names::path(schema.structs[i].module.as_ref(), &schema.structs[i].name))
        }
        TypeKind::Variant(i) if bare => {
            format!("{}::ZERO", names::path(schema.variants[i].module.as_ref(), &schema.variants[i].name))
        }
        TypeKind::Variant(_) => "::zeroipc::__private::bytemuck::zeroed()".to_owned(),
        TypeKind::Array { elem, count } => format!("[{}; {count}]", zero(schema, elem, bare).flat()),
    })
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

    #[test]
    fn floats_are_as_short_as_they_can_be() {
        let float = |value: f64, ty| scalar(&Literal::Float(value), ty, false);
        assert_eq!(float(0.1, Scalar::F64), "0.1");
        assert_eq!(float(0.1, Scalar::F32), "0.1");
        assert_eq!(float(1e100, Scalar::F64), "1e100");
        assert_eq!(float(-3.0, Scalar::F32), "-3.0");
        assert_eq!(float(-0.0, Scalar::F64), "-0.0");
        assert_eq!(float(f64::NEG_INFINITY, Scalar::F32), "f32::NEG_INFINITY");
        assert_eq!(float(f64::NAN, Scalar::F64), "f64::NAN");
        assert_eq!(float(0.5, Scalar::F16), "::zeroipc::F16::from_bits(0x3800)");
    }

    #[test]
    #[allow(clippy::approx_constant)]
    fn what_clippy_knows_is_seen() {
        for near in [3.14, -3.1416, 6.28, 2.718, 0.693, 1.618] {
            assert!(resembles_constant(&Literal::List(vec![Literal::Float(near)])), "{near}");
        }
        assert!(!resembles_constant(&Literal::Float(9.80665)));
    }
}
