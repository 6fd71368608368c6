//! How C spells things.

use std::sync::Arc;

use zeroipc_layout::Scalar;

use crate::case::{snake, upper as upper_case};
use crate::emit::cfamily::{leaf, number, value_names};
use crate::emit::half;
use crate::model::{Enum, Module, Schema, Struct, TypeId, TypeKind, is_complex};

/// The type of a number, or of the parts of a complex one.
pub(super) const fn scalar(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::U8 | Scalar::Bool8 => "uint8_t",
        Scalar::U16 | Scalar::F16 => "uint16_t",
        Scalar::U32 => "uint32_t",
        Scalar::U64 => "uint64_t",
        Scalar::I8 => "int8_t",
        Scalar::I16 => "int16_t",
        Scalar::I32 => "int32_t",
        Scalar::I64 => "int64_t",
        Scalar::F32 | Scalar::Complex64 => "float",
        Scalar::F64 | Scalar::Complex128 => "double",
        _ => "unsigned char",
    }
}

fn space<'a>(schema: &'a Schema, module: Option<&'a Arc<Module>>) -> &'a [String] {
    module.map_or(schema.namespace.as_slice(), |module| module.namespace.as_slice())
}

fn lower_in(space: &[String], name: &str) -> String {
    format!("{}_{}", space.join("_"), snake(name))
}

fn upper_in(space: &[String], name: &str) -> String {
    format!("{}_{}", space.join("_").to_uppercase(), upper_case(name))
}

/// `robot_nav_sensor_reading`
pub(super) fn lower_name(schema: &Schema, name: &str) -> String {
    lower_in(&schema.namespace, name)
}

/// `ROBOT_NAV_SENSOR_READING`
pub(super) fn upper_name(schema: &Schema, name: &str) -> String {
    upper_in(&schema.namespace, name)
}

/// `ROBOT_NAV_MAX_SENSORS`: a constant keeps its own spelling behind the prefix.
pub(super) fn constant(schema: &Schema, name: &str) -> String {
    format!("{}_{name}", schema.namespace.join("_").to_uppercase())
}

/// The name of struct `i`, which may be another file's.
pub(super) fn structure(schema: &Schema, i: usize) -> String {
    let item = &schema.structs[i];
    lower_in(space(schema, item.module.as_ref()), &item.name)
}

/// The name of enum `i`, which may be another file's.
pub(super) fn enumeration(schema: &Schema, i: usize) -> String {
    let item = &schema.enums[i];
    lower_in(space(schema, item.module.as_ref()), &item.name)
}

/// The name of variant `i`, which may be another file's.
pub(super) fn variant(schema: &Schema, i: usize) -> String {
    let item = &schema.variants[i];
    lower_in(space(schema, item.module.as_ref()), &item.name)
}

/// `ROBOT_NAV_MODE_RUN`
pub(super) fn value(schema: &Schema, item: &Enum, name: &str) -> String {
    format!("{}_{name}", upper_in(space(schema, item.module.as_ref()), &item.name))
}

/// A value of an enum or flags by the names that it has.
pub(super) fn named_value(schema: &Schema, item: &Enum, number_of: i128) -> String {
    let names: Vec<String> = value_names(item, number_of).into_iter().map(|name| value(schema, item, name)).collect();
    if names.is_empty() { number(item.repr, number_of, false) } else { names.join(" | ") }
}

/// `ROBOT_NAV_SENSOR_READING_CELSIUS_MIN`
pub(super) fn field_constant(schema: &Schema, item: &Struct, field: &str, part: &str) -> String {
    let space = space(schema, item.module.as_ref());
    format!("{}_{}_{part}", upper_in(space, &item.name), field.to_uppercase())
}

/// A float with its type, in parentheses where needed.
pub(super) fn float(scalar: Scalar, value: f64) -> String {
    let single = scalar == Scalar::F32;
    if scalar == Scalar::F16 {
        return number(Scalar::U16, i128::from(half::bits(value)), true);
    }
    crate::emit::cfamily::float_literal(value, single).unwrap_or_else(|| {
        let name = if value.is_nan() { "NAN" } else { "INFINITY" };
        let typed = if single { name.to_owned() } else { format!("ZEROIPC_SCHEMA_CAST(double, {name})") };
        if value == f64::NEG_INFINITY { format!("(-{typed})") } else { typed }
    })
}

/// `float name[2][3]`
pub(super) fn declare(schema: &Schema, ty: TypeId, name: &str) -> String {
    match schema.types[ty].kind {
        TypeKind::Scalar(number) if is_complex(number) => format!("{} {name}[2]", scalar(number)),
        TypeKind::Scalar(number) => format!("{} {name}", scalar(number)),
        TypeKind::Enum(i) => format!("{} {name}", enumeration(schema, i)),
        TypeKind::Struct(i) => format!("{} {name}", structure(schema, i)),
        TypeKind::Variant(i) => format!("{} {name}", variant(schema, i)),
        TypeKind::Str(len) => format!("char {name}[{len}]"),
        TypeKind::Array { elem, count } => declare(schema, elem, &format!("{name}[{count}]")),
    }
}

/// Whether a value is an array in C, which cannot be assigned.
pub(super) fn is_array(schema: &Schema, ty: TypeId) -> bool {
    match schema.types[ty].kind {
        TypeKind::Array { .. } | TypeKind::Str(_) => true,
        TypeKind::Scalar(scalar) => is_complex(scalar),
        TypeKind::Enum(_) | TypeKind::Struct(_) | TypeKind::Variant(_) => false,
    }
}

/// The type that an array of arrays finally consists of.
pub(super) fn flat(schema: &Schema, ty: TypeId) -> String {
    let leaf = leaf(schema, ty);
    match schema.types[leaf].kind {
        TypeKind::Str(_) => "char".to_owned(),
        TypeKind::Scalar(number) => scalar(number).to_owned(),
        _ => declare(schema, leaf, "").trim_end().to_owned(),
    }
}
