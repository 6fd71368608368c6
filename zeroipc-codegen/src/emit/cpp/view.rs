//! What a header says, in final strings.

use super::enums::{Enum, Line, alias, constant, enumeration};
use super::segment::{Segment, segment};
use super::structs::{Definition, structure};
use super::variants::variant;
use crate::emit::banner;
use crate::emit::cfamily::{byte_lines, comment, guard, paragraph};
use crate::model::describe::describe;
use crate::model::{self, Schema, TypeId};

pub(super) struct Header {
    pub(super) banner: Vec<String>,
    pub(super) guard: String,
    /// The headers of the imports.
    pub(super) imports: Vec<String>,
    pub(super) namespace: String,
    pub(super) consts: Vec<Line>,
    pub(super) enums: Vec<Enum>,
    pub(super) definitions: Vec<Definition>,
    pub(super) aliases: Vec<Line>,
    pub(super) traits: Vec<Trait>,
    pub(super) segments: Vec<Segment>,
}

/// What is known about a type.
pub(super) struct Trait {
    pub(super) ty: String,
    pub(super) title: String,
    pub(super) layout: String,
    pub(super) schema: String,
    /// The bytes of its description; none when they are left out.
    pub(super) lines: Vec<String>,
}

pub(super) fn header(schema: &Schema, bare: bool) -> Header {
    let space = schema.namespace.join("::");
    let named = |ty, name: &str| described(schema, ty, &format!("::{space}::{name}"), name, bare);
    let enums = schema.own_enums().map(|item| named(item.ty, &item.name));
    let definitions = schema.order.iter().map(|definition| match definition {
        model::Definition::Struct(i) => named(schema.structs[*i].ty, &schema.structs[*i].name),
        model::Definition::Variant(i) => named(schema.variants[*i].ty, &schema.variants[*i].name),
    });
    let segments: &[_] = if bare { &[] } else { &schema.segments };
    Header {
        banner: comment("", &[vec![banner(schema)], paragraph(&schema.doc)].concat(), ""),
        guard: format!("{}_ZIPC_HPP", guard(schema)),
        imports: schema.imports.iter().map(|import| format!("{}.hpp", import.module.stem)).collect(),
        consts: schema.consts.iter().filter_map(constant).collect(),
        enums: schema.own_enums().map(enumeration).collect(),
        definitions: schema
            .order
            .iter()
            .map(|definition| match definition {
                model::Definition::Struct(i) => structure(schema, &schema.structs[*i]),
                model::Definition::Variant(i) => variant(schema, &schema.variants[*i]),
            })
            .collect(),
        aliases: schema.aliases.iter().map(|item| alias(schema, item)).collect(),
        traits: enums.chain(definitions).collect(),
        segments: segments.iter().map(|item| segment(schema, item)).collect(),
        namespace: space,
    }
}

pub(super) fn described(schema: &Schema, id: TypeId, ty: &str, title: &str, bare: bool) -> Trait {
    let known = describe(schema, id);
    Trait {
        ty: ty.to_owned(),
        title: title.to_owned(),
        layout: format!("0x{:016x}ULL", known.layout),
        schema: format!("0x{:016x}ULL", known.schema),
        lines: if bare { Vec::new() } else { byte_lines(&known.bytes) },
    }
}
