//! What things are called in each language, by the table in `docs/schema.md` §4.

use super::inline::{Line, code, text};
use super::tables::Table;
use crate::case::{pascal, snake, upper};
use crate::model::{Const, Enum, Flavour, Schema, Segment, Struct, Variant};

/// The null fields whose helpers are listed.
const NULLS: usize = 8;

fn table<'a>() -> Table<'a> {
    Table::new(&["", "C", "C++", "Python", "Rust"])
}

/// A line of the table; a language may have more than one name for a thing, with `, ` between them.
fn row(table: &mut Table<'_>, what: &str, spellings: [String; 4]) {
    let mut cells: Vec<Line<'_>> = vec![text(what)];
    cells.extend(spellings.map(|names| {
        let mut line = Vec::new();
        for name in names.split(", ") {
            if !line.is_empty() {
                line.extend(text(", "));
            }
            line.extend(code(name));
        }
        line
    }));
    table.rows.push(cells);
}

/// `robot_nav_`
fn c_prefix(schema: &Schema) -> String {
    format!("{}_", schema.namespace.join("_"))
}

/// `ROBOT_NAV_`
fn c_upper(schema: &Schema) -> String {
    c_prefix(schema).to_uppercase()
}

/// `robot::nav::`
fn cpp_prefix(schema: &Schema) -> String {
    format!("{}::", schema.namespace.join("::"))
}

/// A constant, as an example for all.
pub(super) fn constant<'a>(schema: &Schema, item: &Const) -> Table<'a> {
    let (name, mut table) = (&item.name, table());
    let spellings =
        [format!("{}{name}", c_upper(schema)), format!("{}{name}", cpp_prefix(schema)), name.clone(), name.clone()];
    row(&mut table, "constant", spellings);
    table
}

/// An enum or flags, with the first value as an example.
pub(super) fn enumeration<'a>(schema: &Schema, item: &Enum) -> Table<'a> {
    let (name, mut table) = (&item.name, table());
    enum_rows(schema, item, "type", &mut table);
    if item.flavour == Flavour::Closed {
        let known = format!("{name}::known()");
        row(&mut table, "is it known", [String::new(), "is_known(it)".to_owned(), String::new(), known]);
    }
    table
}

fn enum_rows(schema: &Schema, item: &Enum, what: &str, table: &mut Table<'_>) {
    let (name, cpp) = (&item.name, cpp_prefix(schema));
    let c = format!("{}{}", c_prefix(schema), snake(name));
    row(table, what, [c, format!("{cpp}{name}"), python(name), name.clone()]);
    if let Some(value) = item.values.first() {
        let value = &value.name;
        let c = format!("{}{}_{value}", c_upper(schema), upper(name));
        let rust = format!("{name}::{value}");
        row(table, "value", [c, format!("{cpp}{name}::{value}"), format!("{name}.{value}"), rust]);
        if item.flavour == Flavour::Closed {
            let kind = format!("{name}Kind::{}", pascal(value));
            row(table, "case", [String::new(), String::new(), String::new(), kind]);
        }
    }
}

fn type_rows(schema: &Schema, name: &str, table: &mut Table<'_>) {
    let c = format!("{}{}", c_prefix(schema), snake(name));
    row(table, "type", [c, format!("{}{name}", cpp_prefix(schema)), python(name), name.to_owned()]);
}

/// The class, and what NumPy knows the type by.
fn python(name: &str) -> String {
    format!("{name}, {}_DTYPE", upper(name))
}

/// A struct and its helpers.
pub(super) fn structure<'a>(schema: &Schema, item: &Struct) -> Table<'a> {
    let (name, mut table) = (&item.name, table());
    type_rows(schema, name, &mut table);
    let (c, cpp) = (format!("{}{}", c_prefix(schema), snake(name)), cpp_prefix(schema));
    if item.has_defaults(schema) {
        let make = format!("{cpp}make_{}()", snake(name));
        row(
            &mut table,
            "with defaults",
            [format!("{c}_init(&it)"), make, format!("{name}.new()"), format!("{name}::DEFAULT")],
        );
    }
    if item.fields.iter().any(|field| field.range.is_some()) {
        let method = || ".out_of_range()".to_owned();
        row(&mut table, "ranges", [format!("{c}_in_range(&it)"), "in_range(it)".to_owned(), method(), method()]);
    }
    for field in item.fields.iter().filter(|field| field.null.is_some()).take(NULLS) {
        let field = &field.name;
        row(
            &mut table,
            &format!("null of {field}"),
            [
                format!("{c}_has_{field}(&it)"),
                format!("has_{field}(it)"),
                format!(".{field}_or_none"),
                format!(".{field}_or_none()"),
            ],
        );
    }
    table
}

/// A variant, its tag, and the first case that holds something.
pub(super) fn variant<'a>(schema: &Schema, item: &Variant, tag: Option<&Enum>) -> Table<'a> {
    let (name, mut table) = (&item.name, table());
    type_rows(schema, name, &mut table);
    if let Some(tag) = tag {
        enum_rows(schema, tag, "tag", &mut table);
    }
    if let Some(case) = item.cases.iter().find(|case| case.ty.is_some()) {
        let case = &case.name;
        let rust = format!("{name}::{case}(…), .as_{case}()");
        row(&mut table, "case", [format!("it.as.{case}"), String::new(), String::new(), rust]);
    }
    table
}

/// A segment's accessor.
pub(super) fn segment<'a>(schema: &Schema, item: &Segment) -> Table<'a> {
    let (name, mut table) = (&item.name, table());
    let c = format!("{}{}", c_prefix(schema), snake(name));
    row(&mut table, "type", [c.clone(), format!("{}{name}", cpp_prefix(schema)), name.clone(), name.clone()]);
    row(&mut table, "open", [format!("{c}_open()"), String::new(), String::new(), format!("{name}::open()")]);
    table
}
