//! What is known about each part of a struct or variant: its place, its type, and what is to be said of it.

use zeroipc_layout::Scalar;

use super::values::{literal, shortened};
use crate::emit::type_text;
use crate::model::{Case, Field, Meta, Schema, Struct, TypeId, TypeKind, Variant};

/// The bytes of a cache line.
pub(crate) const LINE: u64 = 64;

/// What sort of bytes something has; pictures have a colour for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Whole numbers and truth values.
    Whole,
    /// Floats and complex numbers.
    Float,
    Text,
    /// Enums and flags.
    Named,
    /// Structs and variants.
    Compound,
    Reserved,
}

/// One field or case.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) name: &'a str,
    /// Empty for reserved bytes and for cases without a payload.
    pub(crate) ty: String,
    pub(crate) kind: Kind,
    pub(crate) offset: u64,
    pub(crate) size: u64,
    /// How many elements an array has at its outermost.
    pub(crate) count: Option<u32>,
    /// Unit, range and such, each a few words.
    pub(crate) notes: Vec<String>,
    pub(crate) doc: &'a [String],
    pub(crate) meta: &'a Meta,
}

/// The sort of a type's innermost elements.
pub(crate) fn kind_of(schema: &Schema, ty: TypeId) -> Kind {
    match schema.types[ty].kind {
        TypeKind::Scalar(scalar) if scalar.is_integer() || scalar == Scalar::Bool8 => Kind::Whole,
        TypeKind::Scalar(_) => Kind::Float,
        TypeKind::Str(_) => Kind::Text,
        TypeKind::Array { elem, .. } => kind_of(schema, elem),
        TypeKind::Enum(_) => Kind::Named,
        TypeKind::Struct(_) | TypeKind::Variant(_) => Kind::Compound,
    }
}

/// The fields of a struct, reserved bytes among them, in the order of their places.
pub(crate) fn struct_rows<'a>(schema: &'a Schema, item: &'a Struct) -> Vec<Row<'a>> {
    item.fields.iter().map(|field| field_row(schema, field)).collect()
}

fn field_row<'a>(schema: &'a Schema, field: &'a Field) -> Row<'a> {
    let size = schema.types[field.ty].size;
    let (doc, meta) = (field.doc.as_slice(), &field.meta);
    let (offset, count) = (field.offset, count(schema, field.ty));
    if field.reserved {
        let (ty, notes) = (String::new(), Vec::new());
        return Row { name: "reserved", ty, kind: Kind::Reserved, offset, size, count: None, notes, doc, meta };
    }
    let value = |value| shortened(&literal(schema, field.ty, value), 40);
    let mut notes = Vec::new();
    if !field.unit.is_empty() {
        notes.push(field.unit.clone());
    }
    if let Some((low, high)) = &field.range {
        notes.push(format!("{} to {}", value(low), value(high)));
    }
    notes.extend(field.null.as_ref().map(|null| format!("null {}", value(null))));
    notes.extend(field.default.as_ref().map(|default| format!("= {}", value(default))));
    common(&mut notes, field.was.as_deref(), meta);
    let (ty, kind) = (type_text(schema, field.ty), kind_of(schema, field.ty));
    Row { name: &field.name, ty, kind, offset, size, count, notes, doc, meta }
}

/// The cases of a variant, as declared; none of them is the tag.
pub(crate) fn case_rows<'a>(schema: &'a Schema, item: &'a Variant) -> Vec<Row<'a>> {
    item.cases.iter().map(|case| case_row(schema, item, case)).collect()
}

fn case_row<'a>(schema: &'a Schema, item: &Variant, case: &'a Case) -> Row<'a> {
    let mut notes = Vec::new();
    common(&mut notes, case.was.as_deref(), &case.meta);
    let (ty, size) = case.ty.map_or((String::new(), 0), |ty| (type_text(schema, ty), schema.types[ty].size));
    let kind = case.ty.map_or(Kind::Reserved, |ty| kind_of(schema, ty));
    let count = case.ty.and_then(|ty| count(schema, ty));
    Row { name: &case.name, ty, kind, offset: item.payload, size, count, notes, doc: &case.doc, meta: &case.meta }
}

fn count(schema: &Schema, ty: TypeId) -> Option<u32> {
    if let TypeKind::Array { count, .. } = schema.types[ty].kind { Some(count) } else { None }
}

fn common(notes: &mut Vec<String>, was: Option<&str>, meta: &Meta) {
    notes.extend(was.map(|was| format!("recorded as {was}")));
    notes.extend(meta.since.as_deref().map(|since| format!("since {}", shortened(since, 20))));
    notes.extend(meta.deprecated.as_ref().map(|_| "deprecated".to_owned()));
}

impl Row<'_> {
    /// Where the row ends.
    pub(crate) fn end(&self) -> u64 {
        self.offset + self.size
    }

    /// What the row has to do with the cache lines of a struct that begins on one.
    pub(crate) fn crossing(&self) -> Option<String> {
        let (first, last) = (self.offset / LINE, self.end().checked_sub(1)? / LINE);
        match last.checked_sub(first)? {
            0 => None,
            1 => Some(format!("crosses into line {last}")),
            _ => Some(format!("lines {first} to {last}")),
        }
    }
}

/// What a struct's bytes are used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) fields: u64,
    pub(crate) reserved: u64,
    /// The size without reserved bytes, with the largest alignments first: then C leaves no hole, since the size of a type
    /// is a multiple of its alignment.
    pub(crate) best: u64,
}

/// Adds up the fields of a struct.
pub(crate) fn usage(schema: &Schema, item: &Struct) -> Usage {
    let size = |reserved: bool| {
        let fields = item.fields.iter().filter(|field| field.reserved == reserved);
        fields.map(|field| schema.types[field.ty].size).sum::<u64>()
    };
    let (fields, reserved) = (size(false), size(true));
    Usage { fields, reserved, best: fields.max(1).next_multiple_of(item.align.max(1)) }
}
