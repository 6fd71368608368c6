//! The statements inside the helpers of a struct: defaults, ranges, null values. The languages differ in how they reach
//! a field and in how they spell a value.

use std::cmp::Ordering;

use zeroipc_layout::Scalar;

use super::leaf;
use crate::model::{Field, Literal, Schema, Struct, TypeId, TypeKind, is_complex};

/// How one of the languages spells what the statements consist of.
pub(in crate::emit) trait Dialect {
    /// The field of `it`.
    fn field(&self, name: &str) -> String;
    /// The type that counts elements.
    fn index(&self) -> &'static str;
    /// A number, truth value, enum or flags.
    fn value(&self, schema: &Schema, ty: TypeId, literal: &Literal) -> String;
    /// A float or half, which may be infinite or not a number.
    fn float(&self, scalar: Scalar, value: f64) -> String;
    /// The statements that put a text into `place`, which is zero.
    fn put_text(&self, place: &str, text: &str) -> Vec<String>;
    /// The statements that put a complex number into `place`.
    fn put_complex(&self, place: &str, scalar: Scalar, re: f64, im: f64) -> Vec<String>;
    /// The statement that puts the defaults of struct `i` into `place`.
    fn put_struct(&self, schema: &Schema, i: usize, place: &str) -> String;
    /// The constant of `field` that ends with `part`: `MIN`, `MAX` or `NULL`.
    fn constant(&self, schema: &Schema, item: &Struct, field: &Field, part: &str) -> String;
    /// The call that asks whether `field` has a value.
    fn has(&self, schema: &Schema, item: &Struct, field: &Field) -> String;
    /// A half as a whole number with the same order.
    fn half_order(&self, bits: &str) -> String;
}

/// What the order of a half is when it is not a number: above all others.
const HALF_NAN: &str = "0x8000";

/// The statements that give the fields of `it`, which is zero, their defaults.
pub(in crate::emit) fn defaults(dialect: &dyn Dialect, schema: &Schema, item: &Struct) -> Vec<String> {
    let mut lines = Vec::new();
    for field in &item.fields {
        let place = dialect.field(&field.name);
        match &field.default {
            Some(literal) => lines.extend(assign(dialect, schema, field.ty, &place, literal)),
            None if schema.starts_nonzero(field.ty) => lines.extend(inner(dialect, schema, field.ty, &place, 0)),
            None => {}
        }
    }
    lines
}

/// The defaults of the structs inside `place`.
fn inner(dialect: &dyn Dialect, schema: &Schema, ty: TypeId, place: &str, depth: usize) -> Vec<String> {
    match schema.types[ty].kind {
        TypeKind::Array { elem, count } => {
            let i = counter(depth);
            let body = inner(dialect, schema, elem, &format!("{place}[{i}]"), depth + 1);
            looped(dialect, &i, count, body)
        }
        TypeKind::Struct(i) => vec![dialect.put_struct(schema, i, place)],
        _ => Vec::new(),
    }
}

fn counter(depth: usize) -> String {
    ["i", "j", "k"].get(depth).map_or_else(|| format!("i{depth}"), |name| (*name).to_owned())
}

fn looped(dialect: &dyn Dialect, i: &str, count: u32, body: Vec<String>) -> Vec<String> {
    let head = format!("for ({} {i} = 0; {i} < {count}; ++{i}) {{", dialect.index());
    let body = body.into_iter().map(|line| format!("    {line}"));
    [head].into_iter().chain(body).chain(["}".to_owned()]).collect()
}

/// The statements that put `literal` into `place`, which is zero.
fn assign(dialect: &dyn Dialect, schema: &Schema, ty: TypeId, place: &str, literal: &Literal) -> Vec<String> {
    match (schema.types[ty].kind, literal) {
        (TypeKind::Array { elem, .. }, Literal::List(list)) => {
            let parts = list.iter().enumerate();
            parts.flat_map(|(i, part)| assign(dialect, schema, elem, &format!("{place}[{i}]"), part)).collect()
        }
        (TypeKind::Str(_), Literal::Text(text)) if text.is_empty() => Vec::new(),
        (TypeKind::Str(_), Literal::Text(text)) => dialect.put_text(place, text),
        (TypeKind::Scalar(scalar), Literal::List(parts)) if is_complex(scalar) => match parts.as_slice() {
            [Literal::Float(re), Literal::Float(im)] => dialect.put_complex(place, scalar, *re, *im),
            _ => Vec::new(),
        },
        _ => vec![format!("{place} = {};", dialect.value(schema, ty, literal))],
    }
}

/// Whether there is anything to check about the ranges of a struct's own fields.
pub(in crate::emit) fn is_ranged(item: &Struct) -> bool {
    item.fields.iter().any(|field| field.range.is_some())
}

/// The statements that return the name of the first field outside of its range.
pub(in crate::emit) fn ranges(dialect: &dyn Dialect, schema: &Schema, item: &Struct) -> Vec<String> {
    let fields = item.fields.iter().filter(|field| field.range.is_some());
    fields.flat_map(|field| check(dialect, schema, item, field, field.ty, &dialect.field(&field.name), 0)).collect()
}

fn check(
    dialect: &dyn Dialect,
    schema: &Schema,
    item: &Struct,
    field: &Field,
    ty: TypeId,
    place: &str,
    depth: usize,
) -> Vec<String> {
    match schema.types[ty].kind {
        TypeKind::Array { elem, count } => {
            let i = counter(depth);
            let body = check(dialect, schema, item, field, elem, &format!("{place}[{i}]"), depth + 1);
            if body.is_empty() { body } else { looped(dialect, &i, count, body) }
        }
        TypeKind::Scalar(scalar) => {
            let Some(outside) = outside(dialect, schema, item, field, scalar, place) else { return Vec::new() };
            let condition = match (&field.null, outside.contains("||")) {
                (None, _) => outside,
                (Some(_), true) => format!("{} && ({outside})", dialect.has(schema, item, field)),
                (Some(_), false) => format!("{} && {outside}", dialect.has(schema, item, field)),
            };
            vec![format!("if ({condition}) {{"), format!("    return \"{}\";", field.name), "}".to_owned()]
        }
        _ => Vec::new(),
    }
}

/// The condition that a number lies outside; `None` if it cannot. A comparison that is always true would be a warning.
fn outside(
    dialect: &dyn Dialect,
    schema: &Schema,
    item: &Struct,
    field: &Field,
    scalar: Scalar,
    place: &str,
) -> Option<String> {
    let (low, high) = field.range.as_ref()?;
    let (min, max) = (dialect.constant(schema, item, field, "MIN"), dialect.constant(schema, item, field, "MAX"));
    match (low, high) {
        (Literal::Int(low), Literal::Int(high)) => {
            let (lowest, highest) = limits(scalar);
            let below = (low.cmp(&lowest) == Ordering::Greater).then(|| format!("{place} < {min}"));
            let above = (high.cmp(&highest) == Ordering::Less).then(|| format!("{place} > {max}"));
            match (below, above) {
                (Some(below), Some(above)) => Some(format!("{below} || {above}")),
                (one, other) => one.or(other),
            }
        }
        // The negation makes a NaN lie outside.
        _ if scalar == Scalar::F16 => {
            let [place, min, max] = [place, &min, &max].map(|bits| dialect.half_order(bits));
            Some(format!("!({place} >= {min} && {place} <= {max})"))
        }
        _ => Some(format!("!({place} >= {min} && {place} <= {max})")),
    }
}

/// The smallest and the largest whole number of a type.
fn limits(scalar: Scalar) -> (i128, i128) {
    let bits = 8 * scalar.size();
    if scalar.is_signed() { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) }
}

/// The condition that `field`, which has a null value, is another one. Compilers warn of `==` between floats.
pub(in crate::emit) fn has_value(dialect: &dyn Dialect, schema: &Schema, item: &Struct, field: &Field) -> String {
    let (place, null) = (dialect.field(&field.name), dialect.constant(schema, item, field, "NULL"));
    match (schema.types[leaf(schema, field.ty)].kind, &field.null) {
        (TypeKind::Scalar(Scalar::F16), Some(Literal::Float(value))) if value.is_nan() => {
            format!("{} != {HALF_NAN}", dialect.half_order(&place))
        }
        (TypeKind::Scalar(Scalar::F16), _) => {
            format!("{} != {}", dialect.half_order(&place), dialect.half_order(&null))
        }
        (TypeKind::Scalar(scalar), Some(Literal::Float(value))) if value.is_nan() => {
            let zero = dialect.float(scalar, 0.0);
            format!("{place} <= {zero} || {place} >= {zero}")
        }
        (_, Some(Literal::Float(_))) => format!("!({place} >= {null} && {place} <= {null})"),
        _ => format!("{place} != {null}"),
    }
}
