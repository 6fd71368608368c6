//! Types, values and structures as a schema writes them, for people to read.

use zeroipc_layout::Scalar;

use crate::model::{Enum, Flavour, Literal, Module, Schema, Structure, TypeId, TypeKind};

/// `[[f32; 3]; 2]`, `str[16]`, `geometry.Vec3`.
pub(crate) fn type_text(schema: &Schema, ty: TypeId) -> String {
    match schema.types[ty].kind {
        TypeKind::Scalar(scalar) => scalar.name().to_owned(),
        TypeKind::Str(len) => format!("str[{len}]"),
        TypeKind::Array { elem, count } => format!("[{}; {count}]", type_text(schema, elem)),
        TypeKind::Enum(i) => qualified(schema, schema.enums[i].module.as_deref(), &schema.enums[i].name),
        TypeKind::Struct(i) => qualified(schema, schema.structs[i].module.as_deref(), &schema.structs[i].name),
        TypeKind::Variant(i) => qualified(schema, schema.variants[i].module.as_deref(), &schema.variants[i].name),
    }
}

/// A name with that of its file in front, when it is another file's.
fn qualified(schema: &Schema, module: Option<&Module>, name: &str) -> String {
    let Some(module) = module else { return name.to_owned() };
    let import = schema.imports.iter().find(|import| import.module.id == module.id);
    let alias = import.map(|import| &import.alias).or(module.namespace.last()).unwrap_or(&module.stem);
    format!("{alias}.{name}")
}

/// `queue<Reading>[1024]`, with the numbers as they will be.
pub(crate) fn form(schema: &Schema, item: &Structure) -> String {
    let mut text = item.kind.word().to_owned();
    let elements: Vec<String> = item.elements.iter().map(|element| type_text(schema, *element)).collect();
    if !elements.is_empty() {
        text.push_str(&format!("<{}>", elements.join(", ")));
    }
    let numbers: Vec<String> = item.numbers.iter().map(u64::to_string).collect();
    if !numbers.is_empty() {
        text.push_str(&format!("[{}]", numbers.join(", ")));
    }
    text
}

/// A value of a type; those of enums and flags by their names.
pub(crate) fn literal(schema: &Schema, ty: TypeId, value: &Literal) -> String {
    match (schema.types[ty].kind, value) {
        (TypeKind::Enum(i), Literal::Int(value)) => named(&schema.enums[i], *value),
        (TypeKind::Scalar(scalar), Literal::Float(value)) => float(scalar, *value),
        (TypeKind::Array { elem, .. }, value @ (Literal::Int(_) | Literal::Float(_))) => literal(schema, elem, value),
        (kind, Literal::List(list)) => {
            let elem = if let TypeKind::Array { elem, .. } = kind { elem } else { ty };
            let parts: Vec<String> = list.iter().map(|item| literal(schema, elem, item)).collect();
            format!("[{}]", parts.join(", "))
        }
        (_, Literal::Int(value)) => value.to_string(),
        (_, Literal::Float(value)) => float(Scalar::F64, *value),
        (_, Literal::Bool(value)) => value.to_string(),
        (_, Literal::Text(value)) => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

/// The shortest text that is this number in its type.
pub(crate) fn float(scalar: Scalar, value: f64) -> String {
    let text = if scalar == Scalar::F32 { format!("{:?}", value as f32) } else { format!("{value:?}") };
    if value.is_nan() { "nan".to_owned() } else { text }
}

/// The number of a value as its name, or flags as the names of their bits.
fn named(item: &Enum, value: i128) -> String {
    if let Some(known) = item.values.iter().find(|known| known.value == value) {
        return known.name.clone();
    }
    if item.flavour != Flavour::Flags {
        return value.to_string();
    }
    let bits = item.values.iter().filter(|known| known.value.count_ones() == 1 && known.value & value != 0);
    let bits: Vec<_> = bits.collect();
    let whole = bits.iter().fold(0, |sum, known| sum | known.value) == value;
    let names: Vec<&str> = bits.iter().map(|known| known.name.as_str()).collect();
    if whole && !names.is_empty() { names.join(" | ") } else { format!("{value:#x}") }
}

/// At most `most` characters, the last of them three dots when something is missing.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// How many cache lines `size` bytes take that begin on one.
pub(crate) fn lines_of(size: u64) -> String {
    match size.div_ceil(super::facts::LINE) {
        1 => "1 cache line".to_owned(),
        lines => format!("{} cache lines", super::numbers::grouped(lines)),
    }
}
