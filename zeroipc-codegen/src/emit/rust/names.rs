//! How Rust spells names and types.

use std::sync::Arc;

use zeroipc_layout::Scalar;

use crate::case;
use crate::emit::spelling::Defined;
use crate::model::{Enum, Flavour, Module, Schema, TypeId, TypeKind};

/// Words that Rust keeps.
pub(crate) const RESERVED: &[&str] = &[
    "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super",
    "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Names that the emitted code takes from the prelude, and the one word that a value of a closed enum can become.
pub(crate) const OWN: &[&str] = &[
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "Eq",
    "Err",
    "None",
    "Ok",
    "Option",
    "PartialEq",
    "Some",
    "the variant `Self`",
];

/// What the emitted code has for itself at the top of a file; no name of a schema is spelled so there.
pub(super) const TEXT: &str = "zeroipc_text";
/// As [`TEXT`]: a half-precision number of bare output as `f32`.
pub(super) const HALF: &str = "zeroipc_half";

/// A number's type, where the runtime has one for what Rust has not.
const fn scalar(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Bool8 => "::zeroipc::Bool8",
        Scalar::F16 => "::zeroipc::F16",
        Scalar::Complex64 => "::zeroipc::Complex<f32>",
        Scalar::Complex128 => "::zeroipc::Complex<f64>",
        other => other.name(),
    }
}

/// A number's type in bare output: a truth value is a byte, a half-precision number its bits.
const fn bare_scalar(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Bool8 => "u8",
        Scalar::F16 => "u16",
        Scalar::Complex64 => "[f32; 2]",
        Scalar::Complex128 => "[f64; 2]",
        other => other.name(),
    }
}

/// The type of a number.
pub(super) const fn number(ty: Scalar, bare: bool) -> &'static str {
    if bare { bare_scalar(ty) } else { scalar(ty) }
}

/// A type.
pub(super) fn ty(schema: &Schema, id: TypeId, bare: bool) -> String {
    match schema.types[id].kind {
        TypeKind::Scalar(scalar) => number(scalar, bare).to_owned(),
        TypeKind::Enum(i) => path(schema.enums[i].module.as_ref(), &schema.enums[i].name),
        TypeKind::Struct(i) => path(schema.structs[i].module.as_ref(), &schema.structs[i].name),
        TypeKind::Variant(i) => path(schema.variants[i].module.as_ref(), &schema.variants[i].name),
        TypeKind::Str(len) if bare => format!("[u8; {len}]"),
        TypeKind::Str(len) => format!("::zeroipc::FixedStr<{len}>"),
        TypeKind::Array { elem, count } => format!("[{}; {count}]", ty(schema, elem, bare)),
    }
}

/// A definition of the schema itself, or of one whose output is a sibling module.
pub(super) fn path(module: Option<&Arc<Module>>, name: &str) -> String {
    match module {
        Some(module) => format!("super::{}::{name}", module.stem),
        None => name.to_owned(),
    }
}

/// The Rust `enum` of a closed enum.
pub(super) fn kind(name: &str) -> String {
    format!("{name}Kind")
}

/// Every name that the file defines. Below a type stand those that its schema does not define itself.
pub(crate) fn defined(schema: &Schema) -> Defined {
    let mut names: Defined = schema.consts.iter().map(|item| (item.name.clone(), item.span)).collect();
    names.extend(schema.aliases.iter().map(|item| (item.name.clone(), item.span)));
    for item in schema.own_enums() {
        names.push((item.name.clone(), item.span));
        names.extend(closed(item));
    }
    names.extend(schema.own_structs().map(|item| (item.name.clone(), item.span)));
    for item in schema.own_variants() {
        names.push((item.name.clone(), item.span));
        let below = |name: &str| format!("{}::{name}", item.name);
        for case in &item.cases {
            names.push((below(&case.name), case.span));
            names.extend(case.ty.map(|_| (below(&format!("as_{}", case.name)), case.span)));
        }
    }
    names.extend(schema.segments.iter().map(|item| (item.name.clone(), item.span)));
    names
}

/// The Rust `enum` of a closed enum, with its variants.
fn closed(item: &Enum) -> Defined {
    if item.flavour != Flavour::Closed {
        return Defined::new();
    }
    let kind = kind(&item.name);
    let variants = item.values.iter().map(|value| match case::pascal(&value.name).as_str() {
        "Self" => ("the variant `Self`".to_owned(), value.span),
        variant => (format!("{kind}::{variant}"), value.span),
    });
    [(kind.clone(), item.span)].into_iter().chain(variants).collect()
}
