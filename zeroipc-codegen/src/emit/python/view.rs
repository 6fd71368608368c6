//! What a Python module says, in final strings, formatted as `ruff format` would.

use super::class::{self, Class};
use super::docs::{comments, doc_or, escaped, notes, quoted, with_notes};
use super::imports::{Imports, imports};
use super::lines::assignment;
use super::names;
use super::records::{self, Dtype, metadata};
use super::segment::{Segment, segment};
use super::types::dtype;
use super::values;
use super::variant::{self, VariantClass};
use crate::emit::banner;
use crate::model::{ConstType, Definition, Flavour, Literal, Schema};

pub(super) struct Module {
    pub(super) doc: Vec<String>,
    pub(super) imports: Imports,
    pub(super) all: Vec<String>,
    pub(super) consts: Vec<Const>,
    pub(super) enums: Vec<Enum>,
    pub(super) records: Vec<Record>,
    pub(super) aliases: Vec<Const>,
    pub(super) segments: Vec<Segment>,
    pub(super) bare: bool,
}

pub(super) struct Const {
    pub(super) doc: Vec<String>,
    pub(super) lines: Vec<String>,
}

pub(super) struct Enum {
    pub(super) doc: Vec<String>,
    pub(super) name: String,
    pub(super) base: &'static str,
    pub(super) is_closed: bool,
    pub(super) dtype: String,
    pub(super) class: &'static str,
    pub(super) code: &'static str,
    pub(super) values: Vec<Const>,
    pub(super) metadata: Vec<String>,
}

/// A dtype with fields, and the class over one record of it.
pub(super) struct Record {
    pub(super) dtype: Dtype,
    pub(super) class: Option<Class>,
    pub(super) variant: Option<VariantClass>,
}

pub(super) fn module(schema: &Schema, bare: bool) -> Module {
    let segments: &[_] = if bare { &[] } else { &schema.segments };
    let mut doc: Vec<String> = schema.doc.iter().map(|line| escaped(line)).collect();
    if !doc.is_empty() {
        doc.push(String::new());
    }
    doc.push(banner(schema));
    let records: Vec<Record> = schema.order.iter().map(|item| record(schema, *item, bare)).collect();
    let mut module = Module {
        doc: quoted("", doc),
        imports: Imports::default(),
        all: all(schema, &records, bare),
        consts: schema.consts.iter().map(constant).collect(),
        enums: schema.own_enums().map(|item| enumeration(schema, item, bare)).collect(),
        records,
        aliases: schema.aliases.iter().map(|item| alias(schema, item)).collect(),
        segments: segments.iter().map(|item| segment(schema, item)).collect(),
        bare,
    };
    module.imports = imports(schema, &module);
    module
}

fn record(schema: &Schema, definition: Definition, bare: bool) -> Record {
    match definition {
        Definition::Struct(i) => {
            let item = &schema.structs[i];
            let class = Some(class::structure(schema, item));
            Record { dtype: records::structure(schema, item, bare), class, variant: None }
        }
        Definition::Variant(i) => {
            let item = &schema.variants[i];
            let variant = Some(variant::variant(schema, item));
            Record { dtype: records::variant(schema, item, bare), class: None, variant }
        }
    }
}

/// What a module offers, in the order in which it is defined.
fn all(schema: &Schema, records: &[Record], bare: bool) -> Vec<String> {
    let mut all: Vec<String> = schema.consts.iter().map(|item| item.name.clone()).collect();
    for item in schema.own_enums() {
        all.extend([item.name.clone(), names::dtype(&item.name)]);
    }
    for item in records.iter().map(|record| &record.dtype) {
        all.extend([item.dtype.clone(), item.size_name.clone()]);
        all.extend(item.offsets.iter().map(|offset| offset.name.clone()));
        all.push(item.name.clone());
    }
    all.extend(schema.aliases.iter().map(|item| names::dtype(&item.name)));
    if !bare {
        all.extend(schema.segments.iter().map(|item| item.name.clone()));
    }
    all
}

fn constant(item: &crate::model::Const) -> Const {
    let value = match (&item.value, item.ty) {
        (Literal::Int(value), _) => values::number(*value, item.hex),
        (Literal::Text(text), _) => values::text(text),
        (value, ConstType::Scalar(scalar)) => values::scalar_literal(scalar, value),
        (value, ConstType::Str) => values::scalar_literal(zeroipc_layout::Scalar::F64, value),
    };
    let lines = assignment("", &format!("{}: Final", item.name), &value);
    Const { doc: comments("", &item.doc, &item.meta), lines }
}

fn alias(schema: &Schema, item: &crate::model::Alias) -> Const {
    let mut doc = item.doc.clone();
    if !item.unit.is_empty() {
        doc.push(format!("Unit: {}.", item.unit));
    }
    let target = format!("{}: Final", names::dtype(&item.name));
    Const { doc: comments("", &doc, &item.meta), lines: assignment("", &target, &dtype(schema, item.ty)) }
}

fn enumeration(schema: &Schema, item: &crate::model::Enum, bare: bool) -> Enum {
    let values = item.values.iter().map(|value| Const {
        doc: comments("    ", &value.doc, &value.meta),
        lines: vec![format!("    {} = {}", value.name, values::number(value.value, item.flavour == Flavour::Flags))],
    });
    let scalar = names::scalar(item.repr);
    let fallback = match item.flavour {
        Flavour::Flags => format!("Bits of type {scalar} with names; others may be set."),
        Flavour::Closed => format!("A number of type {scalar} with names; no others are known."),
        _ => format!("A number of type {scalar} with names; others may occur."),
    };
    Enum {
        doc: quoted("    ", with_notes(doc_or(&item.doc, fallback), notes(&item.meta))),
        name: item.name.clone(),
        base: if item.flavour == Flavour::Flags { "IntFlag" } else { "IntEnum" },
        is_closed: item.flavour == Flavour::Closed,
        dtype: names::dtype(&item.name),
        class: scalar,
        code: names::code(item.repr),
        values: values.collect(),
        metadata: if bare { Vec::new() } else { metadata(schema, item.ty) },
    }
}
