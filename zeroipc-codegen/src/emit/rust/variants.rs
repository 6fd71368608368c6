//! Variants: as the runtime's macro takes them, and as a tag with bytes.

use super::code::{SKIP, is_wide};
use super::{doc, enums, literal, names, structs};
use crate::model::{self, Schema};

pub(super) struct Variant {
    pub(super) doc: Vec<String>,
    pub(super) attributes: Vec<String>,
    /// Above everything else that mentions the type.
    pub(super) allow: Vec<String>,
    pub(super) name: String,
    pub(super) tag: String,
    pub(super) size: u64,
    pub(super) align: u64,
    pub(super) payload: u64,
    pub(super) cases: Vec<Case>,
    /// Of bare output: the fields, and how they are zero.
    pub(super) fields: Vec<String>,
    pub(super) zero: Vec<String>,
    pub(super) assertions: Vec<Vec<String>>,
}

pub(super) struct Case {
    /// Documentation and attributes.
    pub(super) head: Vec<String>,
    /// `label(::zeroipc::FixedStr<16>) as "text" = LABEL`
    pub(super) spelled: String,
}

pub(super) fn variant(schema: &Schema, item: &model::Variant, bare: bool, allow: &[String]) -> Variant {
    let indent = if bare { 0 } else { 4 };
    let otherwise = format!("One of several cases, in {} bytes.", item.size);
    let tag_size = schema.types[item.tag].size;
    let mut assertions = structs::places(&item.name, item.size, item.align);
    if bare && item.payload < item.size {
        assertions.push(structs::place(&item.name, "payload", item.payload));
    }
    if !bare {
        assertions.push(enums::fingerprint(schema, &item.name, item.ty));
    }
    let tag = names::ty(schema, item.tag, bare);
    let mut attributes = doc::deprecated(indent, &item.meta);
    attributes.extend(allow.iter().filter(|_| bare).cloned());
    Variant {
        doc: doc::doc(indent, &item.doc, &otherwise, &doc::facts(&item.meta)),
        attributes,
        allow: allow.to_vec(),
        name: item.name.clone(),
        tag: tag.clone(),
        size: item.size,
        align: item.align,
        payload: item.payload,
        cases: item.cases.iter().map(|item| case(schema, item)).collect(),
        fields: fields(item, &tag, tag_size),
        zero: zero(schema, item, tag_size),
        assertions,
    }
}

fn case(schema: &Schema, case: &model::Case) -> Case {
    let mut head = doc::doc(8, &case.doc, &format!("The case `{}`.", case.name), &doc::facts(&case.meta));
    head.extend(doc::deprecated(8, &case.meta));
    let ty = case.ty.map(|ty| format!("({})", names::ty(schema, ty, false))).unwrap_or_default();
    let was = case.was.as_ref().map(|was| format!(" as {}", literal::text(was))).unwrap_or_default();
    Case { head, spelled: format!("{}{ty}{was} = {}", case.name, case.name.to_uppercase()) }
}

/// The parts of bare output, by name, type and value: without bytes there is no part.
fn parts(item: &model::Variant, tag_size: u64) -> Vec<(String, u64, String)> {
    let carried: Vec<String> =
        item.cases.iter().filter(|case| case.ty.is_some()).map(|case| format!("`{}`", case.name)).collect();
    let parts = [
        (format!("_reserved_{tag_size}"), item.payload - tag_size, "Reserved; zero.".to_owned()),
        (
            "payload".to_owned(),
            item.size - item.payload,
            format!("The bytes of {}, and zero behind them.", carried.join(", ")),
        ),
    ];
    parts.into_iter().filter(|(_, bytes, _)| *bytes > 0).collect()
}

fn fields(item: &model::Variant, tag: &str, tag_size: u64) -> Vec<String> {
    let mut fields = vec!["    /// Which case it is.".to_owned(), format!("    pub tag: {tag},")];
    for (name, bytes, doc) in parts(item, tag_size) {
        fields.push(format!("    /// {doc}"));
        fields.push(format!("    pub {name}: [u8; {bytes}],"));
    }
    fields
}

fn zero(schema: &Schema, item: &model::Variant, tag_size: u64) -> Vec<String> {
    if item.size > structs::LARGEST_VALUE {
        return Vec::new();
    }
    let mut fields = vec![format!("tag: {}", literal::zero(schema, item.tag, true).flat())];
    fields.extend(parts(item, tag_size).into_iter().map(|(name, bytes, _)| format!("{name}: [0; {bytes}]")));
    let definition = vec![format!("    pub const ZERO: Self = Self {{ {} }};", fields.join(", "))];
    let skip = is_wide(&definition).then(|| format!("    {SKIP}"));
    let doc = "    /// All bytes zero.".to_owned();
    [doc].into_iter().chain(skip).chain(definition).collect()
}
