//! What an element looks like: its fields and holes, its enums, its fingerprints.

use serde::Serialize;
use zeroipc_layout::decode::{Description, EnumNode, Node, StructNode};
use zeroipc_layout::{EnumDesc, EnumValue, FieldDesc, Flavour, Scalar, StructDesc, TypeDesc, fingerprint};

use crate::render::field_name;

/// One line of a layout. Names are the segment's: show them escaped.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    /// With the fields that lead to it; `[]` stands for each element of an array. `None` is padding.
    pub(crate) field: Option<String>,
    /// From the start of the element, in the first element of arrays on the way.
    pub(crate) offset: u64,
    pub(crate) size: u64,
    /// `None` is padding.
    #[serde(rename = "type")]
    pub(crate) ty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<String>,
}

/// An enum that occurs in a layout.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Names<'a> {
    pub(crate) name: &'a str,
    #[serde(rename = "type")]
    pub(crate) number: &'static str,
    pub(crate) flavour: &'static str,
    pub(crate) values: Vec<Named<'a>>,
}

/// A value of an enum.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Named<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: i128,
}

/// The fields of an element that is a struct, with those nested in them and with the holes between them.
pub(crate) fn rows(element: Description<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Node::Struct(node) = element.node() {
        struct_rows("", 0, node, &mut rows);
    }
    rows
}

fn struct_rows(prefix: &str, start: u64, node: StructNode<'_>, rows: &mut Vec<Row>) {
    let mut end = 0;
    for field in node.fields() {
        let (offset, size) = (u64::from(field.offset), field.ty.size());
        hole(start, end, offset, rows);
        // Foreign fields may overlap.
        end = end.max(offset + size);
        let path = format!("{prefix}{}", field_name(&field));
        let unit = (!field.unit.is_empty()).then(|| field.unit.to_owned());
        let ty = Some(field.ty.to_string());
        rows.push(Row { field: Some(path.clone()), offset: start + offset, size, ty, unit });
        let (inner, dimensions) = without_arrays(field.ty);
        if let Node::Struct(inner) = inner.node() {
            struct_rows(&format!("{path}{}.", "[]".repeat(dimensions)), start + offset, inner, rows);
        }
    }
    hole(start, end, u64::from(node.size), rows);
}

fn hole(start: u64, from: u64, to: u64, rows: &mut Vec<Row>) {
    if from < to {
        rows.push(Row { field: None, offset: start + from, size: to - from, ty: None, unit: None });
    }
}

/// What the innermost elements of nested arrays are, and how many arrays there are around them.
fn without_arrays(mut ty: Description<'_>) -> (Description<'_>, usize) {
    let mut dimensions = 0;
    while let Node::Array { elem, .. } = ty.node() {
        ty = elem;
        dimensions += 1;
    }
    (ty, dimensions)
}

/// The enums that occur in an element, each once, in the order of the fields.
pub(crate) fn enums(element: Description<'_>) -> Vec<Names<'_>> {
    let mut found = Vec::new();
    collect_enums(element, &mut found);
    found
}

fn collect_enums<'a>(ty: Description<'a>, found: &mut Vec<Names<'a>>) {
    match without_arrays(ty).0.node() {
        Node::Struct(node) => node.fields().for_each(|field| collect_enums(field.ty, found)),
        Node::Enum(node) => {
            let names = names(node);
            if !found.contains(&names) {
                found.push(names);
            }
        }
        _ => {}
    }
}

fn names(node: EnumNode<'_>) -> Names<'_> {
    // `u64` values above `i64::MAX` are recorded as their two's complement.
    let meant = |value: i64| if node.repr == Scalar::U64 { i128::from(value.cast_unsigned()) } else { value.into() };
    let values = node.values().map(|(value, name)| Named { name, value: meant(value) }).collect();
    let flavour = match node.flavour {
        Flavour::Closed => "closed",
        Flavour::Flags => "flags",
        _ => "open",
    };
    Names { name: node.name, number: node.repr.name(), flavour, values }
}

/// The layout and the schema fingerprint of what is described.
pub(crate) fn fingerprints(element: Description<'_>) -> (u64, u64) {
    let ty = described(element);
    (fingerprint::layout(&ty), fingerprint::schema(&ty))
}

/// A description as the constants know it. What it is made of stays in memory until the command ends, which is soon; a
/// description has 64 KiB at most.
fn described<'a>(ty: Description<'a>) -> TypeDesc<'a> {
    match ty.node() {
        Node::Scalar(scalar) => TypeDesc::Scalar(scalar),
        Node::Array { count, elem } => TypeDesc::Array { count, elem: leaked(described(elem)) },
        Node::Str { len } => TypeDesc::Str { len },
        Node::Opaque { size } => TypeDesc::Opaque { size },
        Node::Enum(node) => {
            let values: Vec<_> = node.values().map(|(value, name)| EnumValue { name, value }).collect();
            TypeDesc::Enum(leaked(EnumDesc {
                name: node.name,
                repr: node.repr,
                flavour: node.flavour,
                values: values.leak(),
            }))
        }
        Node::Struct(node) => {
            let fields: Vec<_> = node
                .fields()
                .map(|field| {
                    let ty = leaked(described(field.ty));
                    FieldDesc { name: field.name, offset: field.offset, unit: field.unit, ty }
                })
                .collect();
            let (name, size, align) = (node.name, node.size, node.align);
            TypeDesc::Struct(leaked(StructDesc { name, size, align, fields: fields.leak() }))
        }
    }
}

fn leaked<'a, T: 'a>(value: T) -> &'a T {
    Box::leak(Box::new(value))
}
