//! What a Rust file says, in final strings, formatted as rustfmt would.

use super::code::{Code, SKIP, is_wide};
use super::enums::{self, Enum};
use super::segment::{self, Segment};
use super::structs::{self, Struct};
use super::variants::{self, Variant};
use super::{doc, literal, names};
use crate::emit::banner;
use crate::model::{self, ConstType, Definition, Literal, Meta, Schema, TypeKind};
use zeroipc_layout::Scalar;

pub(super) struct Page {
    pub(super) banner: Vec<String>,
    pub(super) items: Vec<Item>,
    pub(super) enums: Vec<Enum>,
    pub(super) types: Vec<Type>,
    pub(super) segments: Vec<Segment>,
    pub(super) bare: bool,
    /// Whether there is a text among the defaults.
    pub(super) text: bool,
    /// Whether bare output compares half-precision numbers.
    pub(super) half: bool,
}

/// A constant or another name for a type: documentation, attributes and the definition.
pub(super) struct Item {
    pub(super) lines: Vec<String>,
}

/// A struct or a variant, in the order of what contains what.
pub(super) enum Type {
    Struct(Struct),
    Variant(Variant),
}

pub(super) fn page(schema: &Schema, bare: bool) -> Page {
    let mut head = vec![banner(schema)];
    if !schema.doc.is_empty() {
        head.push(String::new());
        head.extend(schema.doc.iter().cloned());
    }
    let allow = allow(schema);
    let consts = schema.consts.iter().map(|item| constant(item, bare));
    let aliases = schema.aliases.iter().map(|item| alias(schema, item, bare, &allow));
    let types = schema.order.iter().map(|definition| match definition {
        Definition::Struct(i) => Type::Struct(structs::structure(schema, &schema.structs[*i], bare, &allow)),
        Definition::Variant(i) => Type::Variant(variants::variant(schema, &schema.variants[*i], bare, &allow)),
    });
    let segments: &[_] = if bare { &[] } else { &schema.segments };
    Page {
        banner: head.iter().map(|line| format!("// {line}").trim_end().to_owned()).collect(),
        items: consts.chain(aliases).collect(),
        enums: schema.own_enums().map(|item| enums::enumeration(schema, item, bare, &allow)).collect(),
        types: types.collect(),
        segments: segments.iter().map(|item| segment::segment(schema, item, &allow)).collect(),
        bare,
        text: schema
            .own_structs()
            .filter(|item| item.size <= structs::LARGEST_VALUE)
            .flat_map(|item| &item.fields)
            .any(|field| field.default.as_ref().is_some_and(has_text)),
        half: bare
            && schema.own_structs().flat_map(|item| &item.fields).any(|field| structs::compares_half(schema, field)),
    }
}

fn has_text(literal: &Literal) -> bool {
    match literal {
        Literal::Text(_) => true,
        Literal::List(list) => list.iter().any(has_text),
        Literal::Int(_) | Literal::Float(_) | Literal::Bool(_) => false,
    }
}

/// What stands above items that may mention something deprecated: only its users are to be warned, and they are not here.
fn allow(schema: &Schema) -> Vec<String> {
    let is_deprecated = |meta: &Meta| meta.deprecated.is_some();
    let enums = schema
        .enums
        .iter()
        .any(|item| is_deprecated(&item.meta) || item.values.iter().any(|value| is_deprecated(&value.meta)));
    let structs = schema
        .structs
        .iter()
        .any(|item| is_deprecated(&item.meta) || item.fields.iter().any(|field| is_deprecated(&field.meta)));
    let variants = schema.variants.iter().any(|item| is_deprecated(&item.meta));
    let segments = schema.segments.iter().any(|item| {
        is_deprecated(&item.meta) || item.structures.iter().any(|structure| is_deprecated(&structure.meta))
    });
    if enums || structs || variants || segments { vec!["#[allow(deprecated)]".to_owned()] } else { Vec::new() }
}

/// An item of one definition, without formatting where only rustfmt knows how to break it.
pub(super) fn item(doc: Vec<String>, attributes: Vec<String>, definition: Vec<String>) -> Item {
    let skip = is_wide(&definition).then(|| SKIP.to_owned());
    Item { lines: doc.into_iter().chain(attributes).chain(skip).chain(definition).collect() }
}

/// The lint that numbers such as 3.14 meet.
pub(super) fn allow_near<'a>(indent: usize, mut literals: impl Iterator<Item = &'a Literal>) -> Vec<String> {
    let allow = format!("{}#[allow(clippy::approx_constant)]", " ".repeat(indent));
    if literals.any(literal::resembles_constant) { vec![allow] } else { Vec::new() }
}

fn constant(item: &model::Const, bare: bool) -> Item {
    let (ty, value) = match (item.ty, &item.value) {
        (ConstType::Str, value) => ("&str", literal::scalar(value, Scalar::U8, bare)),
        (ConstType::Scalar(ty), Literal::Int(value)) => (ty.name(), literal::number(*value, item.hex)),
        (ConstType::Scalar(_), Literal::Bool(value)) => ("bool", value.to_string()),
        (ConstType::Scalar(ty), value) => (names::number(ty, bare), literal::scalar(value, ty, bare)),
    };
    let mut facts = doc::facts(&item.meta);
    if let (true, ConstType::Scalar(Scalar::F16), Literal::Float(value)) = (bare, item.ty, &item.value) {
        facts.insert(0, format!("The bits of the half-precision number {value:?}."));
    }
    let mut attributes = doc::deprecated(0, &item.meta);
    attributes.extend(allow_near(0, std::iter::once(&item.value)));
    let definition = Code::Text(value).lines(0, &format!("pub const {}: {ty} = ", item.name), ";");
    self::item(doc::doc(0, &item.doc, &format!("The constant `{}`.", item.name), &facts), attributes, definition)
}

fn alias(schema: &Schema, item: &model::Alias, bare: bool, allow: &[String]) -> Item {
    let facts: Vec<String> = doc::unit(&item.unit).into_iter().chain(doc::facts(&item.meta)).collect();
    let ty = names::ty(schema, item.ty, bare);
    let mut attributes = doc::deprecated(0, &item.meta);
    if !matches!(schema.types[item.ty].kind, TypeKind::Scalar(_) | TypeKind::Str(_)) {
        attributes.extend(allow.iter().cloned());
    }
    let definition = Code::Text(ty.clone()).lines(0, &format!("pub type {} = ", item.name), ";");
    self::item(doc::doc(0, &item.doc, &format!("Another name for `{ty}`."), &facts), attributes, definition)
}
