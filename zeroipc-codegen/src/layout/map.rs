//! Segments as tables: what lies where, and what is left.

use super::numbers::{bytes, share};
use super::table::Table;
use super::values::form;
use crate::model::{Schema, Segment};

/// The map of a segment.
pub(super) fn segment(schema: &Schema, item: &Segment) -> String {
    let mut table =
        Table::new(&[("offset", true), ("size", true), ("share", true), ("name", false), ("what it is", false)]);
    for part in parts(schema, item) {
        let form = if part.deprecated { format!("{}, deprecated", part.form) } else { part.form };
        let cells = [part.offset.to_string(), part.size.to_string(), share(part.size, item.size), part.name, form];
        table.row(cells.to_vec());
    }
    let placed = item.structures.iter().map(|structure| structure.size).sum::<u64>();
    let lost = item.used.saturating_sub(placed + item.table + item.passport);
    let mut text = format!("segment {} = {:?}\n{}", item.name, item.path, table.text());
    text.push_str(&format!(
        "  size {}, used {} ({})\n",
        bytes(item.size),
        bytes(item.used),
        share(item.used, item.size)
    ));
    text.push_str(&format!("  structures {}, between them for alignment {}\n", bytes(placed), bytes(lost)));
    text
}

/// A range of a segment.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) offset: u64,
    pub(crate) size: u64,
    /// In parentheses when it is no structure.
    pub(crate) name: String,
    pub(crate) form: String,
    pub(crate) deprecated: bool,
}

/// The table, the descriptions, the structures and what is free behind them.
pub(crate) fn parts(schema: &Schema, item: &Segment) -> Vec<Part> {
    let part = |offset, size, name: &str, form: &str| {
        let (name, form) = (name.to_owned(), form.to_owned());
        Part { offset, size, name, form, deprecated: false }
    };
    let mut parts = vec![
        part(0, item.table, "(table)", "names and places of the structures"),
        part(item.table, item.passport, "(passport)", "descriptions of the structures"),
    ];
    for structure in &item.structures {
        let part = part(structure.offset, structure.size, &structure.name, &form(schema, structure));
        parts.push(Part { deprecated: structure.meta.deprecated.is_some(), ..part });
    }
    if item.used < item.size {
        parts.push(part(item.used, item.size - item.used, "(free)", ""));
    }
    parts
}
