//! Every name that a header defines.

use std::collections::HashSet;

use crate::case::snake;
use crate::emit::spelling::Defined;
use crate::model::{Flavour, Schema};

/// The names within each class; those beside the classes differ when they do in the schema.
pub(crate) fn defined(schema: &Schema) -> Defined {
    let mut names = Vec::new();
    for item in schema.own_structs() {
        let mut add = |name: String, span| names.push((format!("{}::{name}", item.name), span));
        for field in item.fields.iter().filter(|field| !field.reserved) {
            add(field.name.clone(), field.span);
            if field.range.is_some() {
                add(format!("{}_min", field.name), field.span);
                add(format!("{}_max", field.name), field.span);
            }
            if field.null.is_some() {
                add(format!("{}_null", field.name), field.span);
            }
        }
    }
    for item in schema.own_variants() {
        let mut add = |name: String, span| names.push((format!("{}::{name}", item.name), span));
        add("visit".to_owned(), item.span);
        for case in &item.cases {
            add(case.name.clone(), case.span);
            if case.ty.is_some() {
                add(format!("as_{}", case.name), case.span);
            }
        }
    }
    names
}

/// Whether a name in the C header is one of a macro.
pub(crate) fn is_c_macro(name: &str) -> bool {
    !name.contains(|c: char| c.is_ascii_lowercase())
}

/// The namespaces that the header opens: `robot` and `robot::nav`.
pub(crate) fn namespaces(schema: &Schema) -> Vec<String> {
    (1..=schema.namespace.len()).map(|depth| schema.namespace[..depth].join("::")).collect()
}

/// The functions beside the classes, with their namespace. Those of different classes are called alike.
pub(crate) fn functions(schema: &Schema) -> Defined {
    let space = schema.namespace.join("::");
    let mut names = Vec::new();
    let mut add = |name: &str, span| names.push((format!("{space}::{name}"), span));
    for item in schema.own_enums() {
        for name in if item.flavour == Flavour::Flags { ["any", "has"] } else { ["name", "is_known"] } {
            add(name, item.span);
        }
    }
    for item in schema.own_structs() {
        if item.has_defaults(schema) {
            add(&format!("make_{}", snake(&item.name)), item.span);
        }
        if schema.is_ranged(item.ty) {
            add("in_range", item.span);
        }
        for field in item.fields.iter().filter(|field| field.null.is_some()) {
            add(&format!("has_{}", field.name), field.span);
            add(&format!("{}_or_none", field.name), field.span);
        }
    }
    names
}

/// The names that a macro of the C header, which knows no namespace, would replace: both headers fit one unit.
pub(crate) fn beside_c(schema: &Schema, c: &Defined) -> Defined {
    let macros = c.iter().filter(|(name, _)| is_c_macro(name)).cloned();
    let consts = schema.consts.iter().map(|item| (item.name.clone(), item.span));
    let values = schema.own_enums().flat_map(|item| &item.values).map(|value| (value.name.clone(), value.span));
    // The values of two enums may be called alike.
    let mut seen = HashSet::new();
    macros.chain(consts.chain(values).filter(|(name, _)| seen.insert(name.clone()))).collect()
}
