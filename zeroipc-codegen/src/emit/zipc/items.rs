//! The file and its items, one after the other.

use super::values;
use crate::model::{
    Alias, Const, ConstType, Enum, Field, Flavour, Import, Literal, Module, Schema, Segment, Struct, TypeKind, Variant,
};

const INDENT: &str = "    ";

/// A text of lines, and what is known about the last item.
#[derive(Default)]
struct Page {
    text: String,
    /// Whether the last item had one line, so that the next of that kind may follow directly.
    line: bool,
}

pub(super) fn emit(schema: &Schema, bare: bool) -> String {
    let mut page = Page::default();
    page.docs("", "//!", &schema.doc);
    page.put("zipc 1;");
    page.put(&format!("namespace {};", schema.namespace.join(".")));
    if !schema.imports.is_empty() {
        page.put("");
    }
    for import in &schema.imports {
        page.put(&self::import(import));
    }
    for item in &schema.consts {
        page.constant(item);
    }
    for item in &schema.aliases {
        page.alias(schema, item);
    }
    for item in schema.own_enums().filter(|item| !item.is_tag) {
        page.enumeration(item);
    }
    for item in schema.own_structs() {
        page.structure(schema, item);
    }
    for item in schema.own_variants() {
        page.variant(schema, item);
    }
    for item in schema.segments.iter().filter(|_| !bare) {
        page.segment(schema, item);
    }
    page.text
}

/// The name that a file has in a schema.
pub(super) fn alias(schema: &Schema, module: &Module) -> String {
    let import = schema.imports.iter().find(|import| import.module.id == module.id);
    import.map_or_else(|| module.namespace.last().unwrap_or(&module.stem).clone(), |import| import.alias.clone())
}

fn import(import: &Import) -> String {
    let path = values::text(&import.path);
    if import.module.namespace.last() == Some(&import.alias) {
        format!("import {path};")
    } else {
        format!("import {path} as {};", import.alias)
    }
}

impl Page {
    fn put(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn docs(&mut self, indent: &str, mark: &str, doc: &[String]) {
        for line in doc {
            let space = if line.is_empty() { "" } else { " " };
            self.put(&format!("{indent}{mark}{space}{line}"));
        }
    }

    /// Begins an item.
    fn item(&mut self, doc: &[String], line: bool) {
        if !(self.line && line) {
            self.put("");
        }
        self.line = line;
        self.docs("", "///", doc);
    }

    fn constant(&mut self, item: &Const) {
        self.item(&item.doc, true);
        let ty = match item.ty {
            ConstType::Scalar(scalar) => scalar.name(),
            ConstType::Str => "str",
        };
        let value = match &item.value {
            Literal::Int(value) if item.hex => format!("{value:#X}").replace("0X", "0x"),
            value => values::plain(value),
        };
        self.put(&format!("const {}: {ty} = {value}{};", item.name, values::meta(&item.meta)));
    }

    fn alias(&mut self, schema: &Schema, item: &Alias) {
        self.item(&item.doc, true);
        let (ty, unit) = (values::ty(schema, item.ty), unit(&item.unit));
        self.put(&format!("type {} = {ty}{unit}{};", item.name, values::meta(&item.meta)));
    }

    fn enumeration(&mut self, item: &Enum) {
        self.item(&item.doc, false);
        let (word, closed) = match item.flavour {
            Flavour::Flags => ("flags", ""),
            Flavour::Closed => ("enum", " @closed"),
            _ => ("enum", ""),
        };
        let meta = values::meta(&item.meta);
        self.put(&format!("{word} {}: {}{closed}{meta} {{", item.name, item.repr.name()));
        for (i, value) in item.values.iter().enumerate() {
            self.docs(INDENT, "///", &value.doc);
            let number = match item.flavour {
                Flavour::Flags if value.value.count_ones() == 1 => format!("bit {}", value.value.trailing_zeros()),
                Flavour::Flags => values::bits(item.values[..i].iter(), value.value),
                _ => value.value.to_string(),
            };
            let (was, meta) = (values::was(value.was.as_ref()), values::meta(&value.meta));
            self.put(&format!("{INDENT}{} = {number}{was}{meta},", value.name));
        }
        self.put("}");
    }

    fn structure(&mut self, schema: &Schema, item: &Struct) {
        self.item(&item.doc, false);
        let align = if item.align == item.natural_align { String::new() } else { format!(" @align({})", item.align) };
        self.put(&format!("struct {}{align}{} {{", item.name, values::meta(&item.meta)));
        for field in &item.fields {
            self.docs(INDENT, "///", &field.doc);
            let line = if field.reserved {
                format!("reserved {}", schema.types[field.ty].size)
            } else {
                self::field(schema, field)
            };
            self.put(&format!("{INDENT}{line};"));
        }
        self.put("}");
    }

    fn variant(&mut self, schema: &Schema, item: &Variant) {
        let TypeKind::Enum(tag) = schema.types[item.tag].kind else { return };
        self.item(&item.doc, false);
        let repr = schema.enums[tag].repr.name();
        self.put(&format!("variant {}: {repr}{} {{", item.name, values::meta(&item.meta)));
        for case in &item.cases {
            self.docs(INDENT, "///", &case.doc);
            let ty = case.ty.map(|ty| format!(": {}", values::ty(schema, ty))).unwrap_or_default();
            let (was, meta) = (values::was(case.was.as_ref()), values::meta(&case.meta));
            self.put(&format!("{INDENT}{}{ty} = {}{was}{meta},", case.name, case.value));
        }
        self.put("}");
    }

    fn segment(&mut self, schema: &Schema, item: &Segment) {
        self.item(&item.doc, false);
        let (path, size, meta) = (values::text(&item.path), bytes(item.size), values::meta(&item.meta));
        self.put(&format!("segment {} = {path} @size({size}){meta} {{", item.name));
        for structure in &item.structures {
            self.docs(INDENT, "///", &structure.doc);
            let elements: Vec<String> = structure.elements.iter().map(|ty| values::ty(schema, *ty)).collect();
            let elements = if elements.is_empty() { String::new() } else { format!("<{}>", elements.join(", ")) };
            let numbers: Vec<String> = structure.numbers.iter().map(u64::to_string).collect();
            let numbers = if numbers.is_empty() { String::new() } else { format!("[{}]", numbers.join(", ")) };
            let (kind, meta) = (structure.kind.word(), values::meta(&structure.meta));
            self.put(&format!("{INDENT}{}: {kind}{elements}{numbers}{meta};", structure.name));
        }
        self.put("}");
    }
}

fn field(schema: &Schema, field: &Field) -> String {
    let mut out = format!("{}: {}", field.name, values::ty(schema, field.ty));
    if let Some(default) = &field.default {
        out.push_str(&format!(" = {}", values::of_type(schema, default, field.ty)));
    }
    out.push_str(&unit(&field.unit));
    if let Some((low, high)) = &field.range {
        out.push_str(&format!(" @range({}, {})", values::plain(low), values::plain(high)));
    }
    if let Some(null) = &field.null {
        out.push_str(&format!(" @null({})", values::of_type(schema, null, field.ty)));
    }
    out + &values::was(field.was.as_ref()) + &values::meta(&field.meta)
}

fn unit(unit: &str) -> String {
    if unit.is_empty() { String::new() } else { format!(" @unit({})", values::text(unit)) }
}

/// A number of bytes in the largest unit that divides it.
fn bytes(size: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let fits = units.into_iter().find(|(shift, _)| size.is_multiple_of(1 << shift));
    fits.map_or_else(|| size.to_string(), |(shift, unit)| format!("{} {unit}", size >> shift))
}
