//! What a header says, in final strings.

use zeroipc_layout::Scalar;

use super::names;
use super::segment::{Segment, segment};
use super::types::{Definition, Enum, Typedef, alias, enumeration, structure};
use super::variants::variant;
use crate::emit::banner;
use crate::emit::cfamily::{byte_lines, comment, guard, leaf, notes, number, paragraph, text, title};
use crate::emit::half;
use crate::model::describe::{Described, describe};
use crate::model::{self, Const, ConstType, Literal, Schema, TypeId, TypeKind};

pub(super) struct Header {
    pub(super) banner: Vec<String>,
    pub(super) guard: String,
    /// What stands between the brackets or quotes of an `#include`, with them.
    pub(super) includes: Vec<String>,
    /// Whether a half is compared.
    pub(super) halves: bool,
    /// Whether a float is cast.
    pub(super) casts: bool,
    pub(super) consts: Vec<Define>,
    pub(super) enums: Vec<Enum>,
    pub(super) definitions: Vec<Definition>,
    pub(super) aliases: Vec<Typedef>,
    pub(super) types: Vec<Descriptor>,
    pub(super) segments: Vec<Segment>,
    pub(super) runtime: bool,
}

/// A `#define`.
pub(super) struct Define {
    pub(super) doc: Vec<String>,
    pub(super) name: String,
    pub(super) value: String,
}

/// A function that returns a type's description.
pub(super) struct Descriptor {
    pub(super) function: String,
    pub(super) title: String,
    pub(super) size: u64,
    pub(super) align: u64,
    pub(super) layout: String,
    pub(super) schema: String,
    pub(super) lines: Vec<String>,
    pub(super) length: usize,
}

pub(super) fn header(schema: &Schema, bare: bool) -> Header {
    let mut types = Vec::new();
    if !bare {
        types.extend(schema.own_enums().map(|item| descriptor(schema, item.ty, &item.name)));
        types.extend(schema.order.iter().map(|definition| match definition {
            model::Definition::Struct(i) => descriptor(schema, schema.structs[*i].ty, &schema.structs[*i].name),
            model::Definition::Variant(i) => descriptor(schema, schema.variants[*i].ty, &schema.variants[*i].name),
        }));
    }
    let segments: &[_] = if bare { &[] } else { &schema.segments };
    let definitions = schema.order.iter().map(|definition| match definition {
        model::Definition::Struct(i) => structure(schema, &schema.structs[*i]),
        model::Definition::Variant(i) => variant(schema, &schema.variants[*i]),
    });
    let special = specials(schema);
    Header {
        banner: comment("", &[vec![banner(schema)], paragraph(&schema.doc)].concat(), ""),
        guard: format!("{}_ZIPC_H", guard(schema)),
        includes: includes(schema, special),
        halves: schema.own_structs().flat_map(|item| &item.fields).any(|field| {
            let half = matches!(schema.types[leaf(schema, field.ty)].kind, TypeKind::Scalar(Scalar::F16));
            half && (field.range.is_some() || field.null.is_some())
        }),
        casts: special || has_array(segments),
        consts: schema.consts.iter().flat_map(|item| constant(schema, item)).collect(),
        enums: schema.own_enums().map(|item| enumeration(schema, item)).collect(),
        definitions: definitions.collect(),
        aliases: schema.aliases.iter().map(|item| alias(schema, item)).collect(),
        segments: segments.iter().map(|item| segment(schema, item)).collect(),
        runtime: !types.is_empty() || !segments.is_empty(),
        types,
    }
}

/// The headers of C that are needed, then those of the imports.
fn includes(schema: &Schema, special: bool) -> Vec<String> {
    let copies = schema.own_variants().next().is_some() || schema.own_structs().any(|item| item.has_defaults(schema));
    let mut includes: Vec<String> = Vec::new();
    includes.extend(special.then(|| "<math.h>".to_owned()));
    includes.extend(["<stddef.h>", "<stdint.h>"].map(str::to_owned));
    includes.extend(copies.then(|| "<string.h>".to_owned()));
    includes.extend(schema.imports.iter().map(|import| format!("\"{}.h\"", import.module.stem)));
    includes
}

/// Whether a number occurs that is infinite or none at all, which `<math.h>` spells. Halves are bits here.
fn specials(schema: &Schema) -> bool {
    fn special(literal: &Literal) -> bool {
        match literal {
            Literal::Float(value) => !value.is_finite(),
            Literal::List(list) => list.iter().any(special),
            Literal::Int(_) | Literal::Bool(_) | Literal::Text(_) => false,
        }
    }
    let consts = schema.consts.iter().filter(|item| item.ty != ConstType::Scalar(Scalar::F16));
    let fields = schema
        .own_structs()
        .flat_map(|item| &item.fields)
        .filter(|field| !matches!(schema.types[leaf(schema, field.ty)].kind, TypeKind::Scalar(Scalar::F16)));
    let literals = fields.flat_map(|field| {
        let range = field.range.iter().flat_map(|(low, high)| [low, high]);
        field.default.iter().chain(&field.null).chain(range)
    });
    consts.map(|item| &item.value).chain(literals).any(special)
}

fn constant(schema: &Schema, item: &Const) -> Vec<Define> {
    let name = names::constant(schema, &item.name);
    let mut doc = item.doc.clone();
    if item.ty == ConstType::Scalar(Scalar::F16) {
        doc.push("The bits of an IEEE binary16.".to_owned());
    }
    let doc = comment("", &notes(&doc, "", &item.meta), "*");
    let value = match (item.ty, &item.value) {
        (ConstType::Scalar(ty), Literal::Int(value)) => number(ty, *value, item.hex),
        (ConstType::Scalar(Scalar::F16), Literal::Float(value)) => {
            number(Scalar::U16, i128::from(half::bits(*value)), true)
        }
        (ConstType::Scalar(ty), Literal::Float(value)) => names::float(ty, *value),
        (_, Literal::Bool(value)) => number(Scalar::U8, i128::from(*value), false),
        (_, Literal::Text(value)) => {
            let length = Define {
                doc: comment("", &[format!("The bytes of {name} without its NUL.")], "*"),
                name: format!("{name}_LENGTH"),
                value: format!("{}u", value.len()),
            };
            return vec![Define { doc, name, value: text(value) }, length];
        }
        _ => return Vec::new(),
    };
    vec![Define { doc, name, value }]
}

fn descriptor(schema: &Schema, ty: TypeId, name: &str) -> Descriptor {
    describing(schema, ty, format!("{}_type", names::lower_name(schema, name)))
}

/// A function of this name that returns the description of a type.
pub(super) fn describing(schema: &Schema, ty: TypeId, function: String) -> Descriptor {
    let Described { layout, schema: meaning, bytes } = describe(schema, ty);
    Descriptor {
        function,
        title: title(schema, ty),
        size: schema.types[ty].size,
        align: schema.types[ty].align,
        layout: format!("UINT64_C(0x{layout:016x})"),
        schema: format!("UINT64_C(0x{meaning:016x})"),
        lines: byte_lines(bytes),
        length: bytes.len(),
    }
}

/// Whether an accessor returns a pointer to the elements of an array.
fn has_array(segments: &[model::Segment]) -> bool {
    let mut structures = segments.iter().flat_map(|segment| &segment.structures);
    structures.any(|structure| structure.kind == model::StructureKind::Array)
}
