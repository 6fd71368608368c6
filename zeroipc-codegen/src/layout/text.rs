//! Structs and variants as tables.

use super::facts::{LINE, Row, case_rows, struct_rows, usage};
use super::numbers::{bytes, grouped, share};
use super::table::Table;
use super::values::{lines_of, shortened};
use crate::emit::type_text;
use crate::model::{Schema, Struct, TAG, Variant};

/// The columns of both.
const HEAD: [(&str, bool); 5] = [("offset", true), ("size", true), ("field", false), ("type", false), ("notes", false)];

/// The most that is shown of a type: its name and that of its file, or many brackets.
const TYPE: usize = 130;

/// The table of a struct, and what it adds up to.
pub(super) fn structure(schema: &Schema, item: &Struct) -> String {
    let mut table = Table::new(&HEAD);
    for row in struct_rows(schema, item) {
        if row.offset > 0 && row.offset.is_multiple_of(LINE) {
            table.rule(format!("line {} begins here", row.offset / LINE));
        }
        table.row(cells(&row));
    }
    let used = usage(schema, item);
    let mut text = format!("struct {}\n{}", item.name, table.text());
    text.push_str(&size_line(item.size, item.align));
    text.push_str(&format!("  fields {}, reserved {}", bytes(used.fields), bytes(used.reserved)));
    if used.reserved > 0 {
        text.push_str(&format!(" ({})", share(used.reserved, item.size)));
    }
    text.push('\n');
    text.push_str(&match item.size.checked_sub(used.best) {
        Some(saved) if saved > 0 => format!(
            "  without reserved bytes and with the largest alignments first: {}, {} less\n",
            bytes(used.best),
            grouped(saved)
        ),
        _ => "  no other order is smaller\n".to_owned(),
    });
    text
}

fn cells(row: &Row<'_>) -> Vec<String> {
    let name = if row.ty.is_empty() { format!("({})", row.name) } else { row.name.to_owned() };
    let notes: Vec<String> = row.notes.iter().cloned().chain(row.crossing()).collect();
    vec![row.offset.to_string(), row.size.to_string(), name, shortened(&row.ty, TYPE), notes.join("; ")]
}

fn size_line(size: u64, align: u64) -> String {
    format!("  size {}, alignment {}, {}\n", bytes(size), grouped(align), lines_of(size))
}

/// The table of a variant: the tag, and behind it the cases, which share their place.
pub(super) fn variant(schema: &Schema, item: &Variant) -> String {
    let tag = schema.types[item.tag];
    let mut table = Table::new(&HEAD);
    let tag_type = type_text(schema, item.tag);
    table.row(vec!["0".to_owned(), tag.size.to_string(), TAG.to_owned(), tag_type, "which case it is".to_owned()]);
    let room = item.size - item.payload;
    if item.payload > tag.size && room > 0 {
        let between = (item.payload - tag.size).to_string();
        table.row(vec![tag.size.to_string(), between, "(reserved)".to_owned(), String::new(), String::new()]);
    }
    let rows = case_rows(schema, item);
    for (row, case) in rows.iter().zip(&item.cases) {
        let mut notes = vec![format!("{TAG} {}", case.value)];
        notes.extend(row.notes.iter().cloned());
        if row.size > 0 {
            notes.extend(row.crossing());
        }
        if row.size < room {
            notes.push(format!("{} unused", bytes(room - row.size)));
        }
        let offset = if row.size > 0 { row.offset.to_string() } else { "-".to_owned() };
        table.row(vec![offset, row.size.to_string(), row.name.to_owned(), shortened(&row.ty, TYPE), notes.join("; ")]);
    }
    let largest = rows.iter().map(|row| row.size).max().unwrap_or(0);
    let mut text = format!("variant {}\n{}", item.name, table.text());
    text.push_str(&size_line(item.size, item.align));
    text.push_str(&format!("  largest case {}, beside it {}\n", bytes(largest), bytes(item.size - largest)));
    text
}
