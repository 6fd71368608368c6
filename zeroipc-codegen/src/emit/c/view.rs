//! What a header says, in final strings.

use super::names;
use super::segment::{Segment, segment};
use crate::case::upper;
use crate::emit::banner;
use crate::model::describe::{Described, describe};
use crate::model::{Schema, TypeId, TypeKind};

/// How many bytes of a description stand on one line.
const BYTES_A_LINE: usize = 14;

pub(super) struct Header {
    pub(super) banner: Vec<String>,
    pub(super) guard: String,
    pub(super) consts: Vec<Define>,
    pub(super) enums: Vec<Enum>,
    pub(super) structs: Vec<Struct>,
    pub(super) types: Vec<Descriptor>,
    pub(super) segments: Vec<Segment>,
    pub(super) runtime: bool,
}

/// A `#define`.
pub(super) struct Define {
    pub(super) doc: Vec<String>,
    pub(super) name: String,
    pub(super) value: String,
}

pub(super) struct Enum {
    pub(super) doc: Vec<String>,
    pub(super) name: String,
    pub(super) repr: &'static str,
    pub(super) values: Vec<Define>,
}

pub(super) struct Struct {
    pub(super) doc: Vec<String>,
    pub(super) name: String,
    pub(super) fields: Vec<Field>,
    pub(super) size: u64,
    pub(super) align: u64,
    /// The name as the schema spells it, for assertions.
    pub(super) title: String,
}

pub(super) struct Field {
    pub(super) doc: Vec<String>,
    pub(super) declaration: String,
    pub(super) name: String,
    pub(super) offset: u64,
}

/// A function that returns a type's description.
pub(super) struct Descriptor {
    pub(super) function: String,
    pub(super) title: String,
    pub(super) size: u64,
    pub(super) align: u64,
    pub(super) layout: String,
    pub(super) schema: String,
    pub(super) lines: Vec<String>,
    pub(super) length: usize,
    /// A type that the function's element has no name for otherwise.
    pub(super) typedef: Option<String>,
}

pub(super) fn header(schema: &Schema, bare: bool) -> Header {
    let stem: String = schema.stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let space = schema.namespace.join("_").to_uppercase();
    let mut types = Vec::new();
    if !bare {
        types.extend(schema.own_enums().map(|item| descriptor(schema, item.ty, &item.name)));
        types.extend(schema.ordered_structs().map(|item| descriptor(schema, item.ty, &item.name)));
        types.extend(schema.segments.iter().flat_map(|segment| elements(schema, segment)));
    }
    let segments: &[_] = if bare { &[] } else { &schema.segments };
    Header {
        banner: comment("", &[vec![banner(schema)], paragraph(&schema.doc)].concat(), "", ""),
        guard: format!("{space}_{}_ZIPC_H", stem.to_uppercase()),
        consts: schema.consts.iter().filter_map(|item| constant(schema, item)).collect(),
        enums: schema.own_enums().map(|item| enumeration(schema, item)).collect(),
        structs: schema.ordered_structs().map(|item| structure(schema, item)).collect(),
        segments: segments.iter().map(|item| segment(schema, item)).collect(),
        runtime: !types.is_empty() || !segments.is_empty(),
        types,
    }
}

/// Documentation behind other text.
fn paragraph(doc: &[String]) -> Vec<String> {
    if doc.is_empty() { Vec::new() } else { [vec![String::new()], doc.to_vec()].concat() }
}

/// A comment in front of something; nothing without a text.
pub(super) fn comment(indent: &str, doc: &[String], unit: &str, mark: &str) -> Vec<String> {
    let mut lines: Vec<String> = doc.iter().map(|line| escaped(line)).collect();
    if !unit.is_empty() {
        match lines.last_mut() {
            Some(last) => last.push_str(&format!(" [{}]", escaped(unit))),
            None => lines.push(format!("[{}]", escaped(unit))),
        }
    }
    match lines.as_slice() {
        [] => Vec::new(),
        [line] => vec![format!("{indent}/*{mark} {line} */")],
        lines => {
            let middle = lines.iter().map(|line| format!("{indent} * {line}"));
            [format!("{indent}/*{mark}")].into_iter().chain(middle).chain([format!("{indent} */")]).collect()
        }
    }
}

/// A line that neither ends a comment nor gives Doxygen an order.
fn escaped(line: &str) -> String {
    line.replace('\\', "\\\\").replace('@', "\\@").replace("*/", "* /").replace("/*", "/ *")
}

fn constant(schema: &Schema, item: &crate::model::Const) -> Option<Define> {
    let (ty, value) = item.int()?;
    Some(Define {
        doc: comment("", &item.doc, "", "*"),
        name: names::upper_name(schema, &item.name),
        value: names::number(ty, value, item.hex),
    })
}

fn enumeration(schema: &Schema, item: &crate::model::Enum) -> Enum {
    let prefix = names::upper_name(schema, &upper(&item.name));
    let values = item.values.iter().map(|value| Define {
        doc: comment("", &value.doc, "", "*"),
        name: format!("{prefix}_{}", value.name),
        value: names::number(item.repr, value.value, false),
    });
    Enum {
        doc: comment("", &item.doc, "", "*"),
        name: names::lower_name(schema, &item.name),
        repr: names::scalar(item.repr),
        values: values.collect(),
    }
}

fn structure(schema: &Schema, item: &crate::model::Struct) -> Struct {
    let raised = item.align > item.natural_align;
    let fields = item.fields.iter().enumerate().map(|(i, field)| {
        let name = if field.reserved { names::padding(field.offset) } else { field.name.clone() };
        let align = if i == 0 && raised { item.align } else { needed_align(schema, field.ty) };
        let macro_name = if align > 1 { format!("ZEROIPC_SCHEMA_ALIGNED({align}) ") } else { String::new() };
        Field {
            doc: comment("    ", &field.doc, &field.unit, "*"),
            declaration: format!("{macro_name}{};", declare(schema, field.ty, &name)),
            name,
            offset: field.offset,
        }
    });
    Struct {
        doc: comment("", &item.doc, "", "*"),
        name: names::lower_name(schema, &item.name),
        fields: fields.collect(),
        size: item.size,
        align: item.align,
        title: item.name.clone(),
    }
}

/// The alignment that has to be asked for, since some targets give 8-byte numbers less; otherwise 1.
fn needed_align(schema: &Schema, ty: TypeId) -> u64 {
    match schema.types[ty].kind {
        TypeKind::Array { elem, .. } => needed_align(schema, elem),
        TypeKind::Scalar(scalar) if scalar.size() == 8 => 8,
        TypeKind::Enum(i) if schema.enums[i].repr.size() == 8 => 8,
        TypeKind::Scalar(_) | TypeKind::Enum(_) | TypeKind::Str(_) | TypeKind::Struct(_) | TypeKind::Variant(_) => 1,
    }
}

/// `float name[2][3]`
pub(super) fn declare(schema: &Schema, ty: TypeId, name: &str) -> String {
    match schema.types[ty].kind {
        TypeKind::Scalar(scalar) => format!("{} {name}", names::scalar(scalar)),
        TypeKind::Enum(i) => format!("{} {name}", names::lower_name(schema, &schema.enums[i].name)),
        TypeKind::Struct(i) => format!("{} {name}", names::lower_name(schema, &schema.structs[i].name)),
        TypeKind::Variant(i) => format!("{} {name}", names::lower_name(schema, &schema.variants[i].name)),
        TypeKind::Str(len) => format!("char {name}[{len}]"),
        TypeKind::Array { elem, count } => declare(schema, elem, &format!("{name}[{count}]")),
    }
}

fn descriptor(schema: &Schema, ty: TypeId, name: &str) -> Descriptor {
    describing(schema, ty, format!("{}_type", names::lower_name(schema, name)), name.to_owned(), None)
}

fn describing(schema: &Schema, ty: TypeId, function: String, title: String, typedef: Option<String>) -> Descriptor {
    let Described { layout, schema: meaning, bytes } = describe(schema, ty);
    let line = |bytes: &[u8]| bytes.iter().map(|byte| format!("0x{byte:02x}")).collect::<Vec<_>>().join(", ");
    Descriptor {
        function,
        title,
        size: schema.types[ty].size,
        align: schema.types[ty].align,
        layout: format!("UINT64_C(0x{layout:016x})"),
        schema: format!("UINT64_C(0x{meaning:016x})"),
        lines: bytes.chunks(BYTES_A_LINE).map(line).collect(),
        length: bytes.len(),
        typedef,
    }
}

/// Descriptions of element types that have no name of their own.
fn elements(schema: &Schema, segment: &crate::model::Segment) -> Vec<Descriptor> {
    let owner = names::lower_name(schema, &segment.name);
    let unnamed = segment.structures.iter().filter(|structure| is_unnamed(schema, structure.elements[0]));
    unnamed
        .map(|structure| {
            let name = format!("{owner}_{}", structure.name);
            let typedef = format!("typedef {};", declare(schema, structure.elements[0], &format!("{name}_element")));
            let title = title(schema, structure.elements[0]);
            describing(schema, structure.elements[0], format!("{name}_type"), title, Some(typedef))
        })
        .collect()
}

fn is_unnamed(schema: &Schema, ty: TypeId) -> bool {
    matches!(schema.types[ty].kind, TypeKind::Array { .. } | TypeKind::Str(_))
}

/// A type as the schema spells it.
fn title(schema: &Schema, ty: TypeId) -> String {
    match schema.types[ty].kind {
        TypeKind::Scalar(scalar) => scalar.name().to_owned(),
        TypeKind::Enum(i) => schema.enums[i].name.clone(),
        TypeKind::Struct(i) => schema.structs[i].name.clone(),
        TypeKind::Variant(i) => schema.variants[i].name.clone(),
        TypeKind::Str(len) => format!("str[{len}]"),
        TypeKind::Array { elem, count } => format!("[{}; {count}]", title(schema, elem)),
    }
}
