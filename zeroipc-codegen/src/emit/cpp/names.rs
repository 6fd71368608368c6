//! How C++ spells things.

use std::sync::Arc;

use zeroipc_layout::Scalar;

use crate::emit::cfamily::{float_literal, value_names};
use crate::emit::half;
use crate::model::{Enum, Module, Schema, TypeId, TypeKind};

/// The namespace of the library's part of each header.
pub(super) const LIBRARY: &str = "::zeroipc::schema";

pub(super) const fn scalar(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::U8 | Scalar::Bool8 => "std::uint8_t",
        Scalar::U16 | Scalar::F16 => "std::uint16_t",
        Scalar::U32 => "std::uint32_t",
        Scalar::U64 => "std::uint64_t",
        Scalar::I8 => "std::int8_t",
        Scalar::I16 => "std::int16_t",
        Scalar::I32 => "std::int32_t",
        Scalar::I64 => "std::int64_t",
        Scalar::F32 => "float",
        Scalar::F64 => "double",
        Scalar::Complex64 => "std::complex<float>",
        Scalar::Complex128 => "std::complex<double>",
        _ => "std::byte",
    }
}

/// A name, in front of which stands the namespace if another file has it.
pub(super) fn qualified(module: Option<&Arc<Module>>, name: &str) -> String {
    module.map_or_else(|| name.to_owned(), |module| format!("::{}::{name}", module.namespace.join("::")))
}

/// The type without what stands behind a variable's name.
fn base(schema: &Schema, ty: TypeId) -> String {
    match schema.types[ty].kind {
        TypeKind::Scalar(number) => scalar(number).to_owned(),
        TypeKind::Enum(i) => qualified(schema.enums[i].module.as_ref(), &schema.enums[i].name),
        TypeKind::Struct(i) => qualified(schema.structs[i].module.as_ref(), &schema.structs[i].name),
        TypeKind::Variant(i) => qualified(schema.variants[i].module.as_ref(), &schema.variants[i].name),
        TypeKind::Str(_) => "char".to_owned(),
        TypeKind::Array { elem, .. } => base(schema, elem),
    }
}

/// The lengths that stand behind a variable's name.
fn extents(schema: &Schema, ty: TypeId) -> String {
    match schema.types[ty].kind {
        TypeKind::Str(len) => format!("[{len}]"),
        TypeKind::Array { elem, count } => format!("[{count}]{}", extents(schema, elem)),
        _ => String::new(),
    }
}

/// `float name[2][3]`; the name may be `(&name)` or `(*)`.
pub(super) fn declare(schema: &Schema, ty: TypeId, name: &str) -> String {
    format!("{} {name}{}", base(schema, ty), extents(schema, ty))
}

/// `float[2][3]`
pub(super) fn type_name(schema: &Schema, ty: TypeId) -> String {
    format!("{}{}", base(schema, ty), extents(schema, ty))
}

/// A type of the same bytes that can be returned and assigned.
pub(super) fn element(schema: &Schema, ty: TypeId) -> String {
    match schema.types[ty].kind {
        TypeKind::Str(len) => format!("std::array<char, {len}>"),
        TypeKind::Array { elem, count } => format!("std::array<{}, {count}>", element(schema, elem)),
        _ => base(schema, ty),
    }
}

/// Whether a value is an array, which cannot be returned.
pub(super) fn is_array(schema: &Schema, ty: TypeId) -> bool {
    matches!(schema.types[ty].kind, TypeKind::Array { .. } | TypeKind::Str(_))
}

/// A whole number as a literal of a type that is wide enough.
pub(super) fn number(ty: Scalar, value: i128, hex: bool) -> String {
    let suffix = match ty {
        Scalar::U32 => "U",
        Scalar::U64 => "ULL",
        Scalar::I64 => "LL",
        _ => "",
    };
    // The smallest number of a type is no literal: its magnitude is too large.
    let wide = matches!(ty, Scalar::I32 | Scalar::I64);
    if wide && value == -(1i128 << (8 * ty.size() - 1)) {
        return format!("(-{}{suffix} - 1)", -(value + 1));
    }
    if hex { format!("0x{value:X}{suffix}") } else { format!("{value}{suffix}") }
}

/// A float with its type, or the bits of a half.
pub(super) fn float(scalar: Scalar, value: f64) -> String {
    let single = scalar == Scalar::F32;
    if scalar == Scalar::F16 {
        return format!("0x{:04X}", half::bits(value));
    }
    float_literal(value, single).map(|text| text.trim_matches(['(', ')']).to_owned()).unwrap_or_else(|| {
        let name = if value.is_nan() { "quiet_NaN" } else { "infinity" };
        let sign = if value == f64::NEG_INFINITY { "-" } else { "" };
        format!("{sign}std::numeric_limits<{}>::{name}()", if single { "float" } else { "double" })
    })
}

/// A value of an enum or flags by the names that it has.
pub(super) fn named_value(item: &Enum, value: i128) -> String {
    let name = qualified(item.module.as_ref(), &item.name);
    let names: Vec<String> = value_names(item, value).iter().map(|value| format!("{name}::{value}")).collect();
    if names.is_empty() {
        format!("static_cast<{name}>({})", number(item.repr, value, false))
    } else {
        names.join(" | ")
    }
}

/// `[[deprecated("why")]] ` or nothing. Such a text may have no numeric escapes.
pub(super) fn deprecated(meta: &crate::model::Meta) -> String {
    match meta.deprecated.as_deref() {
        None => String::new(),
        Some("") => "[[deprecated]] ".to_owned(),
        Some(why) => {
            let why = why.replace('\\', "\\\\").replace('"', "\\\"").replace('?', "\\?");
            format!("[[deprecated(\"{why}\")]] ")
        }
    }
}
