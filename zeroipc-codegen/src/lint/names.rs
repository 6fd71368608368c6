//! Lints about what things are called and what is said about them.

use super::{DOC_MISSING, ZERO_UNNAMED, fields, warn};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Enum, Flavour, Meta, Schema};
use crate::source::Span;

/// Types, fields and segments say what they are.
pub(super) fn docs(schema: &Schema, found: &mut Diagnostics) {
    let mut check = |what: &str, name: &str, span: Span, doc: &[String], metas: &[&Meta]| {
        if doc.iter().all(|line| line.trim().is_empty()) {
            let verb = if what == "flags" { "have" } else { "has" };
            let message = format!("{what} `{name}` {verb} no documentation");
            let help = "a line `/// …` in front of it goes into every output";
            warn(found, metas, Diagnostic::warning(DOC_MISSING.0, span, message).help(help));
        }
    };
    for item in &schema.aliases {
        check("type", &item.name, item.span, &item.doc, &[&item.meta]);
    }
    for item in schema.own_enums().filter(|item| !item.is_tag) {
        check(what(item), &item.name, item.span, &item.doc, &[&item.meta]);
    }
    for item in schema.own_structs() {
        check("struct", &item.name, item.span, &item.doc, &[&item.meta]);
    }
    for (item, field) in fields(schema) {
        check("field", &field.name, field.span, &field.doc, &[&field.meta, &item.meta]);
    }
    for item in schema.own_variants() {
        check("variant", &item.name, item.span, &item.doc, &[&item.meta]);
    }
    for item in &schema.segments {
        check("segment", &item.name, item.span, &item.doc, &[&item.meta]);
    }
}

fn what(item: &Enum) -> &'static str {
    if item.flavour == Flavour::Flags { "flags" } else { "enum" }
}

/// Fresh memory is zero, so zero is the value that every reader may meet. For flags it is the empty set.
pub(super) fn zeros(schema: &Schema, found: &mut Diagnostics) {
    for item in schema.own_enums().filter(|item| item.flavour != Flavour::Flags) {
        if item.values.iter().any(|value| value.value == 0) {
            continue;
        }
        let variant = schema.own_variants().find(|variant| item.is_tag && variant.tag == item.ty);
        let (message, meta) = match variant {
            Some(variant) => {
                (format!("variant `{}` has no case for 0, which fresh memory is", variant.name), &variant.meta)
            }
            None => (format!("enum `{}` has no name for 0, which fresh memory is", item.name), &item.meta),
        };
        let help = "give 0 to what a reader shall see before anything is written, such as `UNKNOWN` or `none`";
        warn(found, &[meta], Diagnostic::warning(ZERO_UNNAMED.0, item.span, message).help(help));
    }
}
