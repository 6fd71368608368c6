//! The resolved schema as JSON: everything that the emitters know, for programs that want to make something of it.
//!
//! `schemas/ir.schema.json` is its JSON Schema. Fields are only ever added within a version.

use serde::Serialize;
use zeroipc_layout::Flavour;

use super::hex;
use crate::model::describe::describe;
use crate::model::{self, Literal, Meta, Schema, TypeId, TypeKind};

/// The version of the format.
const VERSION: u32 = 1;

pub(super) fn emit(schema: &Schema) -> String {
    // The values are plain data: names, numbers and texts.
    serde_json::to_string_pretty(&file(schema)).unwrap()
}

#[derive(Serialize)]
struct File<'a> {
    zeroipc_ir: u32,
    file: &'a str,
    stem: &'a str,
    namespace: &'a [String],
    doc: &'a [String],
    imports: Vec<Import<'a>>,
    constants: Vec<Constant<'a>>,
    aliases: Vec<Alias<'a>>,
    enums: Vec<Enum<'a>>,
    structs: Vec<Struct<'a>>,
    variants: Vec<Variant<'a>>,
    /// Names of structs and variants, each behind those that it contains.
    order: Vec<&'a str>,
    segments: Vec<Segment<'a>>,
}

#[derive(Serialize)]
struct Import<'a> {
    alias: &'a str,
    stem: &'a str,
    namespace: &'a [String],
}

/// What definitions have beside their meaning; absent where there is nothing.
#[derive(Serialize)]
struct Notes<'a> {
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    doc: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    deprecated: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<Attribute<'a>>,
}

#[derive(Serialize)]
struct Attribute<'a> {
    name: &'a str,
    arguments: Vec<Value<'a>>,
}

#[derive(Serialize)]
struct Constant<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    ty: &'a str,
    value: Value<'a>,
    #[serde(flatten)]
    notes: Notes<'a>,
}

#[derive(Serialize)]
struct Alias<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    ty: Type<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    unit: &'a str,
    #[serde(flatten)]
    notes: Notes<'a>,
}

/// The identity of a type.
#[derive(Serialize)]
struct Identity {
    size: u64,
    align: u64,
    layout_fingerprint: String,
    schema_fingerprint: String,
    /// The bytes that segments record, in hexadecimal.
    description: String,
}

#[derive(Serialize)]
struct Enum<'a> {
    name: &'a str,
    /// `open`, `closed` or `flags`.
    kind: &'static str,
    repr: &'static str,
    /// Whether this is the tag of a variant.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    tag: bool,
    values: Vec<Named<'a>>,
    #[serde(flatten)]
    identity: Identity,
    #[serde(flatten)]
    notes: Notes<'a>,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    /// The name that segments record, where it is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<&'a str>,
    value: Value<'a>,
    #[serde(flatten)]
    notes: Notes<'a>,
}

#[derive(Serialize)]
struct Struct<'a> {
    name: &'a str,
    fields: Vec<Field<'a>>,
    #[serde(flatten)]
    identity: Identity,
    #[serde(flatten)]
    notes: Notes<'a>,
}

#[derive(Serialize)]
struct Field<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<&'a str>,
    #[serde(rename = "type")]
    ty: Type<'a>,
    offset: u64,
    size: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reserved: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    unit: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<Value<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<(Value<'a>, Value<'a>)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    null: Option<Value<'a>>,
    #[serde(flatten)]
    notes: Notes<'a>,
}

#[derive(Serialize)]
struct Variant<'a> {
    name: &'a str,
    /// The enum that says which case it is; it lies at offset 0.
    tag: &'a str,
    /// Where every payload lies.
    payload: u64,
    cases: Vec<Case<'a>>,
    #[serde(flatten)]
    identity: Identity,
    #[serde(flatten)]
    notes: Notes<'a>,
}

#[derive(Serialize)]
struct Case<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<&'a str>,
    value: Value<'a>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    ty: Option<Type<'a>>,
    #[serde(flatten)]
    notes: Notes<'a>,
}

#[derive(Serialize)]
struct Segment<'a> {
    name: &'a str,
    path: &'a str,
    size: u64,
    used: u64,
    table: u64,
    passport: u64,
    structures: Vec<Structure<'a>>,
    #[serde(flatten)]
    notes: Notes<'a>,
}

#[derive(Serialize)]
struct Structure<'a> {
    name: &'a str,
    kind: &'static str,
    elements: Vec<Type<'a>>,
    numbers: Vec<Number>,
    offset: u64,
    size: u64,
    #[serde(flatten)]
    notes: Notes<'a>,
}

#[derive(Serialize)]
struct Number {
    name: &'static str,
    value: u64,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Type<'a> {
    Scalar { name: &'static str },
    Str { length: u32 },
    Array { count: u32, element: Box<Type<'a>> },
    Enum(Reference<'a>),
    Struct(Reference<'a>),
    Variant(Reference<'a>),
}

#[derive(Serialize)]
struct Reference<'a> {
    name: &'a str,
    /// The stem of the imported file that defines it.
    #[serde(skip_serializing_if = "Option::is_none")]
    import: Option<&'a str>,
}

/// A value; floats that JSON has no number for are the texts `nan`, `inf` and `-inf`.
#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Int(i128),
    Float(f64),
    Bool(bool),
    Text(&'a str),
    List(Vec<Value<'a>>),
}

fn file(schema: &Schema) -> File<'_> {
    File {
        zeroipc_ir: VERSION,
        file: &schema.file_name,
        stem: &schema.stem,
        namespace: &schema.namespace,
        doc: &schema.doc,
        imports: schema.imports.iter().map(import).collect(),
        constants: schema.consts.iter().map(constant).collect(),
        aliases: schema.aliases.iter().map(|item| alias(schema, item)).collect(),
        enums: schema.own_enums().map(|item| enumeration(schema, item)).collect(),
        structs: schema.own_structs().map(|item| structure(schema, item)).collect(),
        variants: schema.own_variants().map(|item| variant(schema, item)).collect(),
        order: schema.order.iter().map(|definition| schema.name_of(*definition)).collect(),
        segments: schema.segments.iter().map(|item| segment(schema, item)).collect(),
    }
}

fn notes<'a>(doc: &'a [String], meta: &'a Meta) -> Notes<'a> {
    let attributes = meta.extra.iter();
    Notes {
        doc,
        deprecated: meta.deprecated.as_deref(),
        since: meta.since.as_deref(),
        attributes: attributes
            .map(|(name, arguments)| Attribute { name, arguments: arguments.iter().map(value).collect() })
            .collect(),
    }
}

fn import(item: &model::Import) -> Import<'_> {
    Import { alias: &item.alias, stem: &item.module.stem, namespace: &item.module.namespace }
}

fn constant(item: &model::Const) -> Constant<'_> {
    let ty = match item.ty {
        model::ConstType::Scalar(scalar) => scalar.name(),
        model::ConstType::Str => "str",
    };
    Constant { name: &item.name, ty, value: value(&item.value), notes: notes(&item.doc, &item.meta) }
}

fn alias<'a>(schema: &'a Schema, item: &'a model::Alias) -> Alias<'a> {
    let notes = notes(&item.doc, &item.meta);
    Alias { name: &item.name, ty: reference(schema, item.ty), unit: &item.unit, notes }
}

fn identity(schema: &Schema, ty: TypeId) -> Identity {
    let described = describe(schema, ty);
    Identity {
        size: schema.types[ty].size,
        align: schema.types[ty].align,
        layout_fingerprint: format!("{:016x}", described.layout),
        schema_fingerprint: format!("{:016x}", described.schema),
        description: described.bytes.iter().fold(String::new(), |mut digits, byte| {
            hex::push(&mut digits, *byte);
            digits
        }),
    }
}

fn enumeration<'a>(schema: &'a Schema, item: &'a model::Enum) -> Enum<'a> {
    let values = item.values.iter().map(|value| Named {
        name: &value.name,
        recorded: value.was.as_deref(),
        value: Value::Int(value.value),
        notes: notes(&value.doc, &value.meta),
    });
    Enum {
        name: &item.name,
        kind: match item.flavour {
            Flavour::Closed => "closed",
            Flavour::Flags => "flags",
            _ => "open",
        },
        repr: item.repr.name(),
        tag: item.is_tag,
        values: values.collect(),
        identity: identity(schema, item.ty),
        notes: notes(&item.doc, &item.meta),
    }
}

fn structure<'a>(schema: &'a Schema, item: &'a model::Struct) -> Struct<'a> {
    let fields = item.fields.iter().map(|field| Field {
        name: &field.name,
        recorded: field.was.as_deref(),
        ty: reference(schema, field.ty),
        offset: field.offset,
        size: schema.types[field.ty].size,
        reserved: field.reserved,
        unit: &field.unit,
        default: field.default.as_ref().map(value),
        range: field.range.as_ref().map(|(low, high)| (value(low), value(high))),
        null: field.null.as_ref().map(value),
        notes: notes(&field.doc, &field.meta),
    });
    Struct {
        name: &item.name,
        fields: fields.collect(),
        identity: identity(schema, item.ty),
        notes: notes(&item.doc, &item.meta),
    }
}

fn variant<'a>(schema: &'a Schema, item: &'a model::Variant) -> Variant<'a> {
    let cases = item.cases.iter().map(|case| Case {
        name: &case.name,
        recorded: case.was.as_deref(),
        value: Value::Int(case.value),
        ty: case.ty.map(|ty| reference(schema, ty)),
        notes: notes(&case.doc, &case.meta),
    });
    let tag = match schema.types[item.tag].kind {
        TypeKind::Enum(i) => schema.enums[i].name.as_str(),
        _ => "",
    };
    Variant {
        name: &item.name,
        tag,
        payload: item.payload,
        cases: cases.collect(),
        identity: identity(schema, item.ty),
        notes: notes(&item.doc, &item.meta),
    }
}

fn segment<'a>(schema: &'a Schema, item: &'a model::Segment) -> Segment<'a> {
    let structures = item.structures.iter().map(|structure| Structure {
        name: &structure.name,
        kind: structure.kind.word(),
        elements: structure.elements.iter().map(|element| reference(schema, *element)).collect(),
        numbers: structure.kind.numbers().iter().zip(&structure.numbers).map(number).collect(),
        offset: structure.offset,
        size: structure.size,
        notes: notes(&structure.doc, &structure.meta),
    });
    Segment {
        name: &item.name,
        path: &item.path,
        size: item.size,
        used: item.used,
        table: item.table,
        passport: item.passport,
        structures: structures.collect(),
        notes: notes(&item.doc, &item.meta),
    }
}

fn number((name, value): (&&'static str, &u64)) -> Number {
    Number { name, value: *value }
}

fn reference(schema: &Schema, ty: TypeId) -> Type<'_> {
    match schema.types[ty].kind {
        TypeKind::Scalar(scalar) => Type::Scalar { name: scalar.name() },
        TypeKind::Str(length) => Type::Str { length },
        TypeKind::Array { elem, count } => Type::Array { count, element: Box::new(reference(schema, elem)) },
        TypeKind::Enum(i) => Type::Enum(named(&schema.enums[i].name, schema.enums[i].module.as_deref())),
        TypeKind::Struct(i) => Type::Struct(named(&schema.structs[i].name, schema.structs[i].module.as_deref())),
        TypeKind::Variant(i) => Type::Variant(named(&schema.variants[i].name, schema.variants[i].module.as_deref())),
    }
}

fn named<'a>(name: &'a str, module: Option<&'a model::Module>) -> Reference<'a> {
    Reference { name, import: module.map(|module| module.stem.as_str()) }
}

fn value(literal: &Literal) -> Value<'_> {
    match literal {
        Literal::Int(value) => Value::Int(*value),
        Literal::Float(value) if value.is_nan() => Value::Text("nan"),
        Literal::Float(value) if value.is_infinite() => Value::Text(if *value > 0.0 { "inf" } else { "-inf" }),
        Literal::Float(value) => Value::Float(*value),
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Text(text) => Value::Text(text),
        Literal::List(list) => Value::List(list.iter().map(value).collect()),
    }
}
