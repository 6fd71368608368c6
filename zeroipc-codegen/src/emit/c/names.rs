//! How C spells things.

use zeroipc_layout::Scalar;

use crate::case::{snake, upper};
use crate::emit::spelling::Defined;
use crate::model::{Schema, StructureKind};

/// Words that C keeps, and macros that its usual headers and compilers define.
pub(crate) const RESERVED: &[&str] = &[
    "alignas",
    "alignof",
    "asm",
    "assert",
    "auto",
    "bool",
    "break",
    "case",
    "char",
    "complex",
    "const",
    "constexpr",
    "continue",
    "default",
    "do",
    "double",
    "else",
    "enum",
    "errno",
    "extern",
    "false",
    "float",
    "for",
    "goto",
    "if",
    "imaginary",
    "inline",
    "int",
    "linux",
    "long",
    "noreturn",
    "nullptr",
    "offsetof",
    "register",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "stderr",
    "stdin",
    "stdout",
    "struct",
    "switch",
    "thread_local",
    "true",
    "typedef",
    "typeof",
    "typeof_unqual",
    "union",
    "unix",
    "unsigned",
    "void",
    "volatile",
    "while",
];

/// Words that C++ keeps beyond those of C.
pub(crate) const RESERVED_CPP: &[&str] = &[
    "and",
    "and_eq",
    "atomic_cancel",
    "atomic_commit",
    "atomic_noexcept",
    "bitand",
    "bitor",
    "catch",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const_cast",
    "consteval",
    "constinit",
    "decltype",
    "delete",
    "dynamic_cast",
    "explicit",
    "export",
    "friend",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "reflexpr",
    "reinterpret_cast",
    "requires",
    "static_assert",
    "static_cast",
    "synchronized",
    "template",
    "this",
    "thread_local",
    "throw",
    "try",
    "typeid",
    "typename",
    "using",
    "virtual",
    "wchar_t",
    "xor",
    "xor_eq",
];

/// The type of a number.
pub(super) const fn scalar(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::U8 | Scalar::Bool8 => "uint8_t",
        Scalar::U16 => "uint16_t",
        Scalar::U32 => "uint32_t",
        Scalar::U64 => "uint64_t",
        Scalar::I8 => "int8_t",
        Scalar::I16 => "int16_t",
        Scalar::I32 => "int32_t",
        Scalar::I64 => "int64_t",
        Scalar::F32 => "float",
        Scalar::F64 => "double",
        _ => "unsigned char",
    }
}

/// `robot_nav_sensor_reading`
pub(super) fn lower_name(schema: &Schema, name: &str) -> String {
    format!("{}_{}", schema.namespace.join("_"), snake(name))
}

/// `ROBOT_NAV_SENSOR_READING`; a constant keeps its own spelling behind the prefix.
pub(super) fn upper_name(schema: &Schema, name: &str) -> String {
    let prefix = schema.namespace.join("_").to_uppercase();
    let constant = !name.contains(|c: char| c.is_ascii_lowercase());
    if constant { format!("{prefix}_{name}") } else { format!("{prefix}_{}", upper(name)) }
}

/// The name of reserved bytes: nothing in a schema ends with `_`.
pub(super) fn padding(offset: u64) -> String {
    format!("pad{offset}_")
}

/// A whole number with the macro that gives it its type.
pub(super) fn number(ty: Scalar, value: i128, hex: bool) -> String {
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
pub(super) fn text(value: &str) -> String {
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

/// Every name that the header defines.
pub(crate) fn defined(schema: &Schema) -> Defined {
    let mut names = Vec::new();
    for item in &schema.consts {
        names.push((upper_name(schema, &item.name), item.span));
    }
    for item in schema.own_enums() {
        let (lower, upper) = (lower_name(schema, &item.name), upper_name(schema, &upper(&item.name)));
        names.extend([(lower.clone(), item.span), (format!("{lower}_type"), item.span)]);
        names.extend(item.values.iter().map(|value| (format!("{upper}_{}", value.name), value.span)));
    }
    for item in schema.own_structs() {
        let lower = lower_name(schema, &item.name);
        names.extend([(lower.clone(), item.span), (format!("{lower}_type"), item.span)]);
    }
    for item in &schema.segments {
        let (lower, upper) = (lower_name(schema, &item.name), upper_name(schema, &upper(&item.name)));
        names.extend(["NAME", "SIZE"].map(|part| (format!("{upper}_{part}"), item.span)));
        names.extend(["open", "create", "open_or_create", "close"].map(|part| (format!("{lower}_{part}"), item.span)));
        for structure in &item.structures {
            let parts: &[&str] = match structure.kind {
                StructureKind::Array => &["get", "set", "data", "element", "type"],
                _ => &["try_push", "try_pop", "push", "pop", "element", "type"],
            };
            let name = format!("{lower}_{}", structure.name);
            names.extend(parts.iter().map(|part| (format!("{name}_{part}"), structure.span)));
        }
        names.push((lower, item.span));
    }
    names
}
