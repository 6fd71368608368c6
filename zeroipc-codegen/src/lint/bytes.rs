//! Lints about where fields lie.

use super::{LINE_STRADDLING, PADDING_ORDER, fields, warn};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Field, Schema, Struct};

/// What a processor loads at once.
const LINE: u64 = 64;

/// Structs that would be smaller if their fields stood in the order of falling alignment.
pub(super) fn order(schema: &Schema, found: &mut Diagnostics) {
    for item in schema.own_structs() {
        let mut sorted: Vec<&Field> = item.fields.iter().filter(|field| !field.reserved).collect();
        sorted.sort_by_key(|field| std::cmp::Reverse(schema.types[field.ty].align));
        let kept: u64 = sorted.iter().map(|field| schema.types[field.ty].size).sum::<u64>() + meant(item, schema);
        let size = kept.next_multiple_of(item.align);
        if size >= item.size {
            continue;
        }
        let saved = item.size - size;
        let message = format!("struct `{}` has {saved} bytes of padding that another order would save", item.name);
        let names: Vec<String> = sorted.iter().map(|field| format!("`{}`", field.name)).collect();
        let help = format!(
            "in the order {} it has {size} bytes instead of {}; programs that are built with the old order cannot read \
             the new one",
            names.join(", "),
            item.size
        );
        warn(found, &[&item.meta], Diagnostic::warning(PADDING_ORDER.0, item.span, message).help(help));
    }
}

/// The reserved bytes that fill no gap in front of what follows, so that somebody wants them.
fn meant(item: &Struct, schema: &Schema) -> u64 {
    let mut bytes = 0;
    for (i, field) in item.fields.iter().enumerate().filter(|(_, field)| field.reserved) {
        let size = schema.types[field.ty].size;
        let next = item.fields.get(i + 1).map_or(item.align, |next| schema.types[next.ty].align);
        if size >= next {
            bytes += size;
        }
    }
    bytes
}

/// Fields that a processor has to load twice although they would fit into one line.
pub(super) fn lines(schema: &Schema, found: &mut Diagnostics) {
    for (item, field) in fields(schema) {
        let size = schema.types[field.ty].size;
        let (first, last) = (field.offset / LINE, (field.offset + size - 1) / LINE);
        if size > LINE || first == last {
            continue;
        }
        let message =
            format!("field `{}` of {size} bytes at offset {} lies on two cache lines", field.name, field.offset);
        let help = format!("a struct that begins on a line has the next one at offset {}", last * LINE);
        warn(found, &[&field.meta, &item.meta], Diagnostic::warning(LINE_STRADDLING.0, field.span, message).help(help));
    }
}
