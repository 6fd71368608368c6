//! What a Python module says, in final strings, formatted as `ruff format` would.

use super::names;
use super::segment::{Segment, segment};
use crate::case::upper;
use crate::emit::banner;
use crate::model::describe::describe;
use crate::model::{Schema, StructureKind, TypeId, TypeKind};

/// The width that lines are broken at.
pub(super) const WIDTH: usize = 88;

pub(super) struct Module {
    pub(super) doc: Vec<String>,
    pub(super) imports: Vec<String>,
    pub(super) runtime: Option<String>,
    pub(super) all: Vec<String>,
    pub(super) consts: Vec<Const>,
    pub(super) enums: Vec<Enum>,
    pub(super) structs: Vec<Struct>,
    pub(super) segments: Vec<Segment>,
    pub(super) bare: bool,
}

pub(super) struct Const {
    pub(super) doc: Vec<String>,
    pub(super) name: String,
    pub(super) value: String,
}

pub(super) struct Enum {
    pub(super) doc: Vec<String>,
    pub(super) name: String,
    pub(super) dtype: String,
    pub(super) class: &'static str,
    pub(super) code: &'static str,
    pub(super) values: Vec<Const>,
    pub(super) metadata: Vec<String>,
}

pub(super) struct Struct {
    pub(super) doc: Vec<String>,
    pub(super) name: String,
    pub(super) dtype: String,
    pub(super) size_name: String,
    pub(super) size: u64,
    pub(super) fields: Vec<Field>,
    pub(super) offsets: Vec<Const>,
    pub(super) metadata: Vec<String>,
}

pub(super) struct Field {
    pub(super) name: String,
    pub(super) format: String,
    pub(super) offset: u64,
}

pub(super) fn module(schema: &Schema, bare: bool) -> Module {
    let segments: &[_] = if bare { &[] } else { &schema.segments };
    let mut doc: Vec<String> = schema.doc.iter().map(|line| escaped(line)).collect();
    if !doc.is_empty() {
        doc.push(String::new());
    }
    doc.push(banner(schema));
    let mut imports = Vec::new();
    if !schema.enums.is_empty() {
        imports.push("from enum import IntEnum".to_owned());
    }
    if !segments.is_empty() {
        imports.push("from types import TracebackType".to_owned());
    }
    let all = all(schema, bare);
    if !all.is_empty() {
        imports.push("from typing import Final".to_owned());
    }
    Module {
        doc: quoted("", doc),
        imports,
        runtime: runtime_import(segments),
        all,
        consts: schema.consts.iter().filter_map(constant).collect(),
        enums: schema.own_enums().map(|item| enumeration(schema, item, bare)).collect(),
        structs: schema.ordered_structs().map(|item| structure(schema, item, bare)).collect(),
        segments: segments.iter().map(|item| segment(schema, item)).collect(),
        bare,
    }
}

fn runtime_import(segments: &[crate::model::Segment]) -> Option<String> {
    if segments.is_empty() {
        return None;
    }
    let structures = || segments.iter().flat_map(|segment| &segment.structures);
    let array = structures().any(|structure| structure.kind == StructureKind::Array);
    let queue = structures().any(|structure| structure.kind == StructureKind::Queue);
    let names = [array.then_some("Array"), Some("Memory"), queue.then_some("Queue")];
    Some(format!("from zeroipc import {}", names.into_iter().flatten().collect::<Vec<_>>().join(", ")))
}

fn all(schema: &Schema, bare: bool) -> Vec<String> {
    let mut all: Vec<String> = schema.consts.iter().map(|item| item.name.clone()).collect();
    for item in schema.own_enums() {
        all.extend([item.name.clone(), names::dtype(&item.name)]);
    }
    for item in schema.ordered_structs() {
        all.extend([names::dtype(&item.name), format!("{}_SIZE", upper(&item.name))]);
        if bare {
            all.extend(offsets(item).into_iter().map(|offset| offset.name));
        }
    }
    if !bare {
        all.extend(schema.segments.iter().map(|item| item.name.clone()));
    }
    all
}

/// A text inside a docstring.
pub(super) fn escaped(line: &str) -> String {
    line.replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"")
}

/// A docstring.
pub(super) fn quoted(indent: &str, lines: Vec<String>) -> Vec<String> {
    let indented = |line: &String| if line.is_empty() { String::new() } else { format!("{indent}{line}") };
    let mut lines = lines;
    if let Some(first) = lines.first_mut().filter(|first| first.starts_with('"')) {
        first.insert(0, ' ');
    }
    match lines.as_slice() {
        [line] if line.ends_with('"') || indent.len() + line.chars().count() + 6 > WIDTH => {
            vec![format!("{indent}\"\"\"{line}"), format!("{indent}\"\"\"")]
        }
        [line] => vec![format!("{indent}\"\"\"{line}\"\"\"")],
        lines => {
            let first = lines.first().map_or("", String::as_str);
            let rest = lines.iter().skip(1).map(indented);
            [format!("{indent}\"\"\"{first}")].into_iter().chain(rest).chain([format!("{indent}\"\"\"")]).collect()
        }
    }
}

/// Comments that documentation tools take for the documentation of what follows.
fn comments(indent: &str, doc: &[String]) -> Vec<String> {
    doc.iter().map(|line| format!("{indent}#: {line}").trim_end().to_owned()).collect()
}

fn constant(item: &crate::model::Const) -> Option<Const> {
    let (_, value) = item.int()?;
    Some(Const { doc: comments("", &item.doc), name: item.name.clone(), value: names::number(value, item.hex) })
}

fn enumeration(schema: &Schema, item: &crate::model::Enum, bare: bool) -> Enum {
    let values = item.values.iter().map(|value| Const {
        doc: comments("    ", &value.doc),
        name: value.name.clone(),
        value: names::number(value.value, false),
    });
    let mut doc: Vec<String> = item.doc.iter().map(|line| escaped(line)).collect();
    if doc.is_empty() {
        doc.push(format!("A number of type {} with names; others may occur.", names::scalar(item.repr)));
    }
    Enum {
        doc: quoted("    ", doc),
        name: item.name.clone(),
        dtype: names::dtype(&item.name),
        class: names::scalar(item.repr),
        code: names::code(item.repr),
        values: values.collect(),
        metadata: if bare { Vec::new() } else { metadata(schema, item.ty) },
    }
}

/// The description of a type as the lines of a dictionary.
fn metadata(schema: &Schema, ty: TypeId) -> Vec<String> {
    let bytes = &describe(schema, ty).bytes;
    let line = format!("        \"zeroipc\": b\"{}\",", literal(bytes));
    if line.len() <= WIDTH {
        return vec![line];
    }
    let mut lines = vec!["        \"zeroipc\": (".to_owned()];
    let mut chunk = String::new();
    for byte in bytes {
        let next = literal(&[*byte]);
        if chunk.len() + next.len() > WIDTH - 15 {
            lines.push(format!("            b\"{chunk}\""));
            chunk.clear();
        }
        chunk.push_str(&next);
    }
    lines.push(format!("            b\"{chunk}\""));
    lines.push("        ),".to_owned());
    lines
}

/// Bytes inside a literal.
fn literal(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            // Spelled as a number, so that no formatter chooses other quotes.
            b'"' => out.push_str("\\x22"),
            0x20..=0x7e => out.push(char::from(*byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out
}

fn structure(schema: &Schema, item: &crate::model::Struct, bare: bool) -> Struct {
    let fields = item.fields.iter().map(|field| Field {
        name: field.name.clone(),
        format: if field.reserved { format!("\"V{}\"", schema.types[field.ty].size) } else { format(schema, field.ty) },
        offset: field.offset,
    });
    Struct {
        doc: quoted("", struct_doc(schema, item)),
        name: item.name.clone(),
        dtype: names::dtype(&item.name),
        size_name: format!("{}_SIZE", upper(&item.name)),
        size: item.size,
        fields: fields.collect(),
        offsets: if bare { offsets(item) } else { Vec::new() },
        metadata: if bare { Vec::new() } else { metadata(schema, item.ty) },
    }
}

fn offsets(item: &crate::model::Struct) -> Vec<Const> {
    let prefix = upper(&item.name);
    let fields = item.fields.iter().filter(|field| !field.reserved);
    fields
        .map(|field| Const {
            doc: Vec::new(),
            name: format!("{prefix}_{}_OFFSET", field.name.to_uppercase()),
            value: field.offset.to_string(),
        })
        .collect()
}

fn struct_doc(schema: &Schema, item: &crate::model::Struct) -> Vec<String> {
    let mut doc: Vec<String> = item.doc.iter().map(|line| escaped(line)).collect();
    if doc.is_empty() {
        doc.push(format!("{} has {} bytes.", item.name, item.size));
    }
    doc.extend([String::new(), "Fields".to_owned(), "------".to_owned()]);
    for field in item.fields.iter().filter(|field| !field.reserved) {
        doc.push(format!("{} : {}", field.name, described(schema, field.ty)));
        doc.extend(field.doc.iter().map(|line| format!("    {}", escaped(line)).trim_end().to_owned()));
        if !field.unit.is_empty() {
            doc.push(format!("    [{}]", escaped(&field.unit)));
        }
    }
    doc
}

/// A type for a reader of documentation.
pub(super) fn described(schema: &Schema, ty: TypeId) -> String {
    match schema.types[ty].kind {
        TypeKind::Scalar(scalar) => names::scalar(scalar).to_owned(),
        TypeKind::Enum(i) => schema.enums[i].name.clone(),
        TypeKind::Struct(i) => schema.structs[i].name.clone(),
        TypeKind::Variant(i) => schema.variants[i].name.clone(),
        TypeKind::Str(len) => format!("text of {len} bytes"),
        TypeKind::Array { .. } => {
            let (shape, elem) = shape(schema, ty);
            format!("{} of shape {shape}", described(schema, elem))
        }
    }
}

/// The shape of an array as a tuple, and what it holds.
pub(super) fn shape(schema: &Schema, mut ty: TypeId) -> (String, TypeId) {
    let mut counts = Vec::new();
    while let TypeKind::Array { elem, count } = schema.types[ty].kind {
        counts.push(count.to_string());
        ty = elem;
    }
    let tuple = if counts.len() == 1 { format!("({},)", counts[0]) } else { format!("({})", counts.join(", ")) };
    (tuple, ty)
}

/// The entry of a dtype's formats.
fn format(schema: &Schema, ty: TypeId) -> String {
    match schema.types[ty].kind {
        TypeKind::Scalar(scalar) => format!("\"{}\"", names::code(scalar)),
        TypeKind::Enum(i) => format!("\"{}\"", names::code(schema.enums[i].repr)),
        TypeKind::Struct(i) => names::dtype(&schema.structs[i].name),
        TypeKind::Variant(i) => names::dtype(&schema.variants[i].name),
        TypeKind::Str(len) => format!("\"S{len}\""),
        TypeKind::Array { .. } => {
            let (shape, elem) = shape(schema, ty);
            format!("({}, {shape})", format(schema, elem))
        }
    }
}

/// A dtype as an expression of its own.
pub(super) fn dtype(schema: &Schema, ty: TypeId) -> String {
    match schema.types[ty].kind {
        TypeKind::Struct(i) => names::dtype(&schema.structs[i].name),
        TypeKind::Variant(i) => names::dtype(&schema.variants[i].name),
        TypeKind::Enum(i) => names::dtype(&schema.enums[i].name),
        TypeKind::Scalar(_) | TypeKind::Str(_) | TypeKind::Array { .. } => format!("np.dtype({})", format(schema, ty)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroipc_layout::Scalar;

    #[test]
    fn docstrings_end_where_they_should() {
        assert_eq!(quoted("", vec!["a".into()]), ["\"\"\"a\"\"\""]);
        assert_eq!(quoted("  ", vec!["say \"a\"".into()]), ["  \"\"\"say \"a\"", "  \"\"\""]);
        assert_eq!(escaped("\\ \"\"\""), "\\\\ \\\"\\\"\\\"");
        assert_eq!(names::code(Scalar::Bool8), "?");
    }
}
