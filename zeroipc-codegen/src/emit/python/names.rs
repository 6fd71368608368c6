//! How Python and NumPy spell things.

use zeroipc_layout::Scalar;

use crate::case::upper;
use crate::emit::spelling::Defined;
use crate::model::Schema;

/// Words that Python keeps.
pub(crate) const RESERVED: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// Names that the module imports or uses.
pub(crate) const OWN: &[&str] =
    &["Array", "BaseException", "Final", "ImportError", "IntEnum", "Memory", "Queue", "TracebackType"];

/// The code of a number in a dtype, little-endian.
pub(super) const fn code(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::U8 => "u1",
        Scalar::U16 => "<u2",
        Scalar::U32 => "<u4",
        Scalar::U64 => "<u8",
        Scalar::I8 => "i1",
        Scalar::I16 => "<i2",
        Scalar::I32 => "<i4",
        Scalar::I64 => "<i8",
        Scalar::F32 => "<f4",
        Scalar::F64 => "<f8",
        Scalar::Bool8 => "?",
        _ => "V1",
    }
}

/// The class of a number in NumPy.
pub(super) const fn scalar(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::U8 => "uint8",
        Scalar::U16 => "uint16",
        Scalar::U32 => "uint32",
        Scalar::U64 => "uint64",
        Scalar::I8 => "int8",
        Scalar::I16 => "int16",
        Scalar::I32 => "int32",
        Scalar::I64 => "int64",
        Scalar::F32 => "float32",
        Scalar::F64 => "float64",
        Scalar::Bool8 => "bool",
        _ => "void",
    }
}

/// The class of a number in annotations; `np.bool` means something else in older versions of NumPy.
pub(super) const fn class(number: Scalar) -> &'static str {
    match number {
        Scalar::Bool8 => "bool_",
        other => scalar(other),
    }
}

/// `SENSOR_READING_DTYPE`
pub(super) fn dtype(name: &str) -> String {
    format!("{}_DTYPE", upper(name))
}

/// A whole number.
pub(super) fn number(value: i128, hex: bool) -> String {
    if hex { format!("0x{value:X}") } else { value.to_string() }
}

/// A string literal, in the quotes that need fewer escapes.
pub(super) fn text(value: &str) -> String {
    let quote = if value.matches('"').count() > value.matches('\'').count() { '\'' } else { '"' };
    let escaped = value.replace('\\', "\\\\").replace(quote, &format!("\\{quote}"));
    format!("{quote}{escaped}{quote}")
}

/// Every name that the module defines.
pub(crate) fn defined(schema: &Schema) -> Defined {
    let mut names = Vec::new();
    names.extend(schema.consts.iter().map(|item| (item.name.clone(), item.span)));
    for item in schema.own_enums() {
        names.extend([(item.name.clone(), item.span), (dtype(&item.name), item.span)]);
    }
    for item in schema.own_structs() {
        let upper = upper(&item.name);
        names.extend([(dtype(&item.name), item.span), (format!("{upper}_SIZE"), item.span)]);
        let fields = item.fields.iter().filter(|field| !field.reserved);
        names.extend(fields.map(|field| (format!("{upper}_{}_OFFSET", field.name.to_uppercase()), item.span)));
    }
    names.extend(schema.segments.iter().map(|item| (item.name.clone(), item.span)));
    names
}
