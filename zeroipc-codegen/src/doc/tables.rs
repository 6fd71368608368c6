//! Tables: constants, values, fields, cases, structures. Columns in which nothing would stand are left out.

use super::inline::{Inline, Line, code, name, text, ty};
use crate::layout::{float, grouped, literal, shortened};
use crate::model::{ConstType, Enum, Flavour, Literal, Meta, Schema, Segment, Struct, TAG, Value, Variant};

/// The most that is shown of a value.
const VALUE: usize = 160;

/// A table; every row has a cell for each column.
#[derive(Debug)]
pub(super) struct Table<'a> {
    pub(super) head: Vec<&'static str>,
    pub(super) rows: Vec<Vec<Line<'a>>>,
}

impl<'a> Table<'a> {
    pub(super) fn new(head: &[&'static str]) -> Table<'a> {
        Table { head: head.to_vec(), rows: Vec::new() }
    }

    /// Without the columns in which nothing stands.
    fn dense(mut self) -> Table<'a> {
        let used: Vec<bool> = (0..self.head.len())
            .map(|i| self.rows.iter().any(|row| row.get(i).is_some_and(|cell| !cell.is_empty())))
            .collect();
        let keep = |i: &mut usize| {
            *i += 1;
            used.get(*i - 1).copied().unwrap_or(false)
        };
        let mut i = 0;
        self.head.retain(|_| keep(&mut i));
        for row in &mut self.rows {
            let mut i = 0;
            row.retain(|_| keep(&mut i));
        }
        self
    }
}

/// Documentation, and behind it what attributes say.
fn told<'a>(doc: &'a [String], was: Option<&str>, meta: &'a Meta) -> Line<'a> {
    let mut line: Line<'a> = Vec::new();
    if !doc.is_empty() {
        line.push(Inline::Prose(doc));
    }
    if let Some(was) = was {
        line.extend([
            Inline::Text(" Recorded as ".to_owned()),
            Inline::Code(was.to_owned()),
            Inline::Text(".".to_owned()),
        ]);
    }
    line.extend(notes(meta));
    line
}

/// Since when, and whether still.
pub(super) fn notes(meta: &Meta) -> Line<'_> {
    let mut line = Vec::new();
    if let Some(since) = &meta.since {
        line.push(Inline::Text(format!(" Since {since}.")));
    }
    match meta.deprecated.as_deref() {
        Some("") => line.push(Inline::Text(" Deprecated.".to_owned())),
        Some(_) => {
            line.push(Inline::Text(" Deprecated: ".to_owned()));
            line.extend(meta.deprecated.as_ref().map(|why| Inline::Prose(std::slice::from_ref(why))));
        }
        None => {}
    }
    line
}

pub(super) fn constants(schema: &Schema) -> Table<'_> {
    let mut table = Table::new(&["Name", "Type", "Value", "Meaning"]);
    for item in &schema.consts {
        let (kind, value) = match (item.ty, &item.value) {
            (ConstType::Scalar(scalar), Literal::Int(value)) if item.hex => (scalar.name(), format!("{value:#X}")),
            (ConstType::Scalar(scalar), Literal::Int(value)) => (scalar.name(), value.to_string()),
            (ConstType::Scalar(scalar), Literal::Float(value)) => (scalar.name(), float(scalar, *value)),
            (ConstType::Scalar(scalar), Literal::Bool(value)) => (scalar.name(), value.to_string()),
            (ConstType::Scalar(scalar), _) => (scalar.name(), String::new()),
            (ConstType::Str, Literal::Text(text)) => ("str", format!("{text:?}")),
            (ConstType::Str, _) => ("str", String::new()),
        };
        let value = code(shortened(&value.replace("0X", "0x"), VALUE));
        table.rows.push(vec![anchored(&item.name, &item.meta), code(kind), value, told(&item.doc, None, &item.meta)]);
    }
    table.dense()
}

/// The name of a row that others may lead to.
fn anchored<'a>(item: &'a str, meta: &Meta) -> Line<'a> {
    let mut line = vec![Inline::Anchor(item)];
    line.extend(name(item, meta.deprecated.is_some()));
    line
}

pub(super) fn aliases(schema: &Schema) -> Table<'_> {
    let mut table = Table::new(&["Name", "Type", "Unit", "Meaning"]);
    for item in &schema.aliases {
        let cells = vec![
            anchored(&item.name, &item.meta),
            ty(schema, item.ty),
            text_or_nothing(&item.unit),
            told(&item.doc, None, &item.meta),
        ];
        table.rows.push(cells);
    }
    table.dense()
}

fn text_or_nothing<'a>(value: &str) -> Line<'a> {
    if value.is_empty() { Vec::new() } else { text(value) }
}

pub(super) fn values<'a>(item: &'a Enum) -> Table<'a> {
    let mut table = Table::new(&["Name", "Value", "Bits", "Meaning"]);
    for value in &item.values {
        let deprecated = value.meta.deprecated.is_some();
        let bits = if item.flavour == Flavour::Flags { bits(item, value) } else { Vec::new() };
        let number =
            if item.flavour == Flavour::Flags { format!("{:#x}", value.value) } else { value.value.to_string() };
        let told = told(&value.doc, value.was.as_deref(), &value.meta);
        table.rows.push(vec![name(&value.name, deprecated), code(number), bits, told]);
    }
    table.dense()
}

/// The bit of a flag, or the flags that one stands for together.
fn bits<'a>(item: &Enum, value: &Value) -> Line<'a> {
    match value.value.count_ones() {
        0 => Vec::new(),
        1 => text(value.value.trailing_zeros().to_string()),
        _ => {
            let single = item.values.iter().filter(|one| one.value.count_ones() == 1 && one.value & value.value != 0);
            code(single.map(|one| one.name.as_str()).collect::<Vec<_>>().join(" | "))
        }
    }
}

pub(super) fn fields<'a>(schema: &'a Schema, item: &'a Struct) -> Table<'a> {
    let mut table = Table::new(&["Offset", "Size", "Field", "Type", "Unit", "Range", "Null", "Default", "Meaning"]);
    for field in &item.fields {
        let size = schema.types[field.ty].size;
        let mut cells = vec![text(field.offset.to_string()), text(size.to_string())];
        if field.reserved {
            cells.push(text("reserved"));
            cells.resize_with(9, Vec::new);
            table.rows.push(cells);
            continue;
        }
        let value = |value: &Literal| shortened(&literal(schema, field.ty, value), VALUE);
        let range = field.range.as_ref().map(|(low, high)| format!("{} to {}", value(low), value(high)));
        cells.extend([
            name(&field.name, field.meta.deprecated.is_some()),
            ty(schema, field.ty),
            text_or_nothing(&field.unit),
            text_or_nothing(&range.unwrap_or_default()),
            code(field.null.as_ref().map(value).unwrap_or_default()),
            code(field.default.as_ref().map(value).unwrap_or_default()),
            told(&field.doc, field.was.as_deref(), &field.meta),
        ]);
        table.rows.push(cells);
    }
    table.dense()
}

pub(super) fn cases<'a>(schema: &'a Schema, item: &'a Variant) -> Table<'a> {
    let mut table = Table::new(&["Tag", "Case", "Type", "Offset", "Size", "Meaning"]);
    let tag = schema.types[item.tag].size;
    let mut first = vec![Vec::new(), text(TAG), ty(schema, item.tag)];
    first.extend([text("0"), text(tag.to_string()), text("Says which case it is.")]);
    table.rows.push(first);
    for case in &item.cases {
        let mut cells = vec![code(case.value.to_string()), name(&case.name, case.meta.deprecated.is_some())];
        cells.extend(match case.ty {
            Some(id) => [ty(schema, id), text(item.payload.to_string()), text(schema.types[id].size.to_string())],
            None => [Vec::new(), Vec::new(), Vec::new()],
        });
        cells.push(told(&case.doc, case.was.as_deref(), &case.meta));
        table.rows.push(cells);
    }
    table.dense()
}

pub(super) fn structures<'a>(schema: &'a Schema, item: &'a Segment) -> Table<'a> {
    let mut table = Table::new(&["Offset", "Size", "Structure", "Kind", "Elements", "Numbers", "Meaning"]);
    for structure in &item.structures {
        let mut elements: Line<'a> = Vec::new();
        for element in &structure.elements {
            if !elements.is_empty() {
                elements.push(Inline::Text(", ".to_owned()));
            }
            elements.extend(ty(schema, *element));
        }
        let named = structure.kind.numbers().iter().zip(&structure.numbers);
        let numbers: Vec<String> = named.map(|(name, number)| format!("{name} {}", grouped(*number))).collect();
        table.rows.push(vec![
            text(structure.offset.to_string()),
            text(structure.size.to_string()),
            name(&structure.name, structure.meta.deprecated.is_some()),
            text(structure.kind.word()),
            elements,
            text_or_nothing(&numbers.join(", ")),
            told(&structure.doc, None, &structure.meta),
        ]);
    }
    table.dense()
}
