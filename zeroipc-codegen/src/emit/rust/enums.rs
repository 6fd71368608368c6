//! Enums, closed enums and flags: as the runtime's macros take them, and as plain numbers with names.

use super::code::assertion;
use super::{doc, literal, names};
use crate::case;
use crate::model::describe::describe;
use crate::model::{self, Flavour, Schema, TypeId};

pub(super) struct Enum {
    pub(super) doc: Vec<String>,
    pub(super) attributes: Vec<String>,
    pub(super) name: String,
    pub(super) repr: &'static str,
    /// The macro that defines it, and what stands in front of the name.
    pub(super) macro_name: &'static str,
    pub(super) keyword: &'static str,
    /// `, ModeKind` of a closed enum.
    pub(super) kind: String,
    pub(super) values: Vec<Value>,
    pub(super) flags: bool,
    /// What stands above the code that mentions the type.
    pub(super) allow: Vec<String>,
    pub(super) assertions: Vec<Vec<String>>,
}

pub(super) struct Value {
    /// Documentation and attributes.
    pub(super) head: Vec<String>,
    pub(super) name: String,
    /// As the macros have it: with the variant of a closed enum, and the name that segments record.
    pub(super) spelled: String,
    pub(super) number: String,
}

pub(super) fn enumeration(schema: &Schema, item: &model::Enum, bare: bool, allow: &[String]) -> Enum {
    let flags = item.flavour == Flavour::Flags;
    let closed = item.flavour == Flavour::Closed;
    let otherwise = match item.flavour {
        Flavour::Flags => format!("A set of bits in a `{}`.", item.repr.name()),
        Flavour::Closed => format!("A number of type `{}` of which every value has a name.", item.repr.name()),
        _ => format!("A number of type `{}` with names.", item.repr.name()),
    };
    let indent = if bare { 0 } else { 4 };
    let values = item.values.iter().map(|value| self::value(item, value, bare));
    let (macro_name, keyword) = match item.flavour {
        Flavour::Flags => ("flags", "flags"),
        Flavour::Closed => ("closed_enum", "enum"),
        _ => ("open_enum", "enum"),
    };
    Enum {
        doc: doc::doc(indent, &item.doc, &otherwise, &doc::facts(&item.meta)),
        attributes: doc::deprecated(indent, &item.meta),
        name: item.name.clone(),
        repr: item.repr.name(),
        macro_name,
        keyword,
        kind: if closed { format!(", {}", names::kind(&item.name)) } else { String::new() },
        values: values.collect(),
        flags,
        allow: allow.to_vec(),
        assertions: if bare { Vec::new() } else { vec![fingerprint(schema, &item.name, item.ty)] },
    }
}

fn value(item: &model::Enum, value: &model::Value, bare: bool) -> Value {
    let indent = if bare { 4 } else { 8 };
    let mut head = doc::doc(indent, &value.doc, &format!("The value {}.", value.value), &doc::facts(&value.meta));
    head.extend(doc::deprecated(indent, &value.meta));
    let mut spelled = value.name.clone();
    if item.flavour == Flavour::Closed {
        spelled = format!("{spelled} {}", case::pascal(&value.name));
    }
    if value.was.is_some() {
        spelled = format!("{spelled} as {}", literal::text(value.recorded()));
    }
    let number = match value.value.count_ones() {
        1 if item.flavour == Flavour::Flags => format!("1 << {}", value.value.trailing_zeros()),
        count if item.flavour == Flavour::Flags && count > 1 => literal::number(value.value, true),
        _ => literal::number(value.value, false),
    };
    Value { head, name: value.name.clone(), spelled, number }
}

/// That what the program says about a type is what the schema says.
pub(super) fn fingerprint(schema: &Schema, name: &str, ty: TypeId) -> Vec<String> {
    let print = describe(schema, ty).schema;
    assertion(
        &format!("<{name} as ::zeroipc::ShmLayout>::SCHEMA_FINGERPRINT == 0x{print:016x}"),
        &format!("the program and the schema describe `{name}` alike"),
    )
}
