//! What stands in a line: words, code, links, documentation.

use crate::emit::type_text;
use crate::model::{Module, Schema, Struct, TypeId, TypeKind, Variant};

/// A piece of a line.
#[derive(Debug)]
pub(super) enum Inline<'a> {
    Text(String),
    Code(String),
    /// The name of something deprecated.
    Struck(String),
    /// Code that leads to a definition.
    Link {
        text: String,
        to: Target<'a>,
    },
    /// Documentation, shortened to what can stand in a line.
    Prose(&'a [String]),
    /// The name and anchor of a row.
    Anchor(&'a str),
}

/// A definition in this or another page.
#[derive(Debug)]
pub(super) struct Target<'a> {
    /// The stem of the other page.
    pub(super) page: Option<&'a str>,
    pub(super) name: String,
}

/// What stands in a line or in a cell of a table.
pub(super) type Line<'a> = Vec<Inline<'a>>;

pub(super) fn text<'a>(text: impl Into<String>) -> Line<'a> {
    vec![Inline::Text(text.into())]
}

/// Code, or nothing for an empty text.
pub(super) fn code<'a>(text: impl Into<String>) -> Line<'a> {
    let text = text.into();
    if text.is_empty() { Vec::new() } else { vec![Inline::Code(text)] }
}

/// A name, struck through when it is deprecated.
pub(super) fn name<'a>(name: &str, deprecated: bool) -> Line<'a> {
    vec![if deprecated { Inline::Struck(name.to_owned()) } else { Inline::Code(name.to_owned()) }]
}

/// A type, which leads to the definition that it is or consists of.
pub(super) fn ty<'a>(schema: &'a Schema, id: TypeId) -> Line<'a> {
    let text = type_text(schema, id);
    match target(schema, id) {
        Some(to) => vec![Inline::Link { text, to }],
        None => code(text),
    }
}

fn target(schema: &Schema, id: TypeId) -> Option<Target<'_>> {
    let (name, module) = match schema.types[id].kind {
        TypeKind::Scalar(_) | TypeKind::Str(_) => return None,
        TypeKind::Array { elem, .. } => return target(schema, elem),
        TypeKind::Enum(i) => {
            let item = &schema.enums[i];
            // A tag is explained where its variant is.
            let variant = item.name.strip_suffix("Tag").filter(|_| item.is_tag);
            (variant.unwrap_or(&item.name), item.module.as_deref())
        }
        TypeKind::Struct(i) => of_struct(&schema.structs[i]),
        TypeKind::Variant(i) => of_variant(&schema.variants[i]),
    };
    Some(Target { page: module.map(|module| module.stem.as_str()), name: name.to_owned() })
}

fn of_struct(item: &Struct) -> (&str, Option<&Module>) {
    (&item.name, item.module.as_deref())
}

fn of_variant(item: &Variant) -> (&str, Option<&Module>) {
    (&item.name, item.module.as_deref())
}

/// The name of a file in an address, where some characters mean something else.
pub(super) fn address(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
