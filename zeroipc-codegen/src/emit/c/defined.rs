//! Every name that a header defines.

use super::names;
use crate::case::upper;
use crate::emit::cfamily::is_ranged;
use crate::emit::spelling::Defined;
use crate::model::{Flavour, Schema, StructureKind};

pub(crate) fn defined(schema: &Schema) -> Defined {
    let mut names = Vec::new();
    for item in &schema.consts {
        let name = names::constant(schema, &item.name);
        if matches!(item.value, crate::model::Literal::Text(_)) {
            names.push((format!("{name}_LENGTH"), item.span));
        }
        names.push((name, item.span));
    }
    for item in &schema.aliases {
        names.push((names::lower_name(schema, &item.name), item.span));
    }
    for item in schema.own_enums() {
        let lower = names::lower_name(schema, &item.name);
        names.extend([(lower.clone(), item.span), (format!("{lower}_type"), item.span)]);
        if item.flavour != Flavour::Flags {
            names.push((format!("{lower}_name"), item.span));
        }
        if item.flavour == Flavour::Closed {
            names.push((format!("{lower}_is_known"), item.span));
        }
        names.extend(item.values.iter().map(|value| (names::value(schema, item, &value.name), value.span)));
    }
    for item in schema.own_structs() {
        let lower = names::lower_name(schema, &item.name);
        names.extend([(lower.clone(), item.span), (format!("{lower}_type"), item.span)]);
        if item.has_defaults(schema) {
            names.push((format!("{lower}_init"), item.span));
        }
        if is_ranged(item) {
            names.push((format!("{lower}_in_range"), item.span));
        }
        for field in &item.fields {
            let mut constant =
                |part: &str| names.push((names::field_constant(schema, item, &field.name, part), field.span));
            if field.range.is_some() {
                constant("MIN");
                constant("MAX");
            }
            if field.null.is_some() {
                constant("NULL");
                names.push((format!("{lower}_has_{}", field.name), field.span));
            }
        }
    }
    for item in schema.own_variants() {
        let lower = names::lower_name(schema, &item.name);
        names.extend([(lower.clone(), item.span), (format!("{lower}_type"), item.span)]);
        for case in &item.cases {
            names.push((format!("{lower}_set_{}", case.name), case.span));
            if case.ty.is_some() {
                names.push((format!("{lower}_{}", case.name), case.span));
            }
        }
    }
    for item in &schema.segments {
        let (lower, upper) = (names::lower_name(schema, &item.name), names::upper_name(schema, &upper(&item.name)));
        names.extend(["NAME", "SIZE"].map(|part| (format!("{upper}_{part}"), item.span)));
        names.extend(["open", "create", "open_or_create", "close"].map(|part| (format!("{lower}_{part}"), item.span)));
        for structure in &item.structures {
            let parts: &[&str] = match structure.kind {
                StructureKind::Array => &["get", "set", "data", "element", "type"],
                _ => &["try_push", "try_pop", "push", "pop", "element", "type"],
            };
            let name = format!("{lower}_{}", structure.name);
            names.extend(parts.iter().map(|part| (format!("{name}_{part}"), structure.span)));
        }
        names.push((lower, item.span));
    }
    names
}
