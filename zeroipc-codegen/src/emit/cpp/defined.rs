//! Every name that a header defines.

use std::collections::HashSet;

use crate::emit::spelling::Defined;
use crate::model::Schema;

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

/// The names that a macro of the C header, which knows no namespace, would replace: both headers fit one unit.
pub(crate) fn beside_c(schema: &Schema, c: &Defined) -> Defined {
    let macros = c.iter().filter(|(name, _)| !name.contains(|c: char| c.is_ascii_lowercase())).cloned();
    let consts = schema.consts.iter().map(|item| (item.name.clone(), item.span));
    let values = schema.own_enums().flat_map(|item| &item.values).map(|value| (value.name.clone(), value.span));
    // The values of two enums may be called alike.
    let mut seen = HashSet::new();
    macros.chain(consts.chain(values).filter(|(name, _)| seen.insert(name.clone()))).collect()
}
