//! What a Rust file says, in final strings, formatted as rustfmt would.

use super::names;
use crate::emit::banner;
use crate::model::describe::describe;
use crate::model::{Schema, StructureKind, TypeId, TypeKind};

/// The width that lines are broken at.
const WIDTH: usize = 120;

pub(super) struct Page {
    pub(super) banner: Vec<String>,
    pub(super) consts: Vec<Const>,
    pub(super) enums: Vec<Enum>,
    pub(super) structs: Vec<Struct>,
    pub(super) segments: Vec<Segment>,
    pub(super) bare: bool,
}

pub(super) struct Const {
    pub(super) doc: Vec<String>,
    pub(super) name: String,
    pub(super) ty: &'static str,
    pub(super) value: String,
}

pub(super) struct Enum {
    pub(super) doc: Vec<String>,
    pub(super) name: String,
    pub(super) repr: &'static str,
    pub(super) values: Vec<Const>,
}

pub(super) struct Struct {
    pub(super) doc: Vec<String>,
    pub(super) name: String,
    pub(super) repr: String,
    pub(super) fields: Vec<Field>,
    pub(super) assertions: Vec<Vec<String>>,
}

pub(super) struct Field {
    pub(super) doc: Vec<String>,
    pub(super) attribute: Option<String>,
    pub(super) name: String,
    pub(super) ty: String,
}

pub(super) struct Segment {
    pub(super) doc: Vec<String>,
    pub(super) name: String,
    pub(super) path: String,
    pub(super) size: String,
    pub(super) used: u64,
    pub(super) fields: Vec<Field>,
    pub(super) doors: Vec<Door>,
    pub(super) result: Vec<String>,
}

/// A way to get at a segment.
pub(super) struct Door {
    pub(super) name: &'static str,
    pub(super) doc: &'static str,
    pub(super) errors: &'static str,
    pub(super) size: &'static str,
    pub(super) steps: Vec<Vec<String>>,
}

pub(super) fn page(schema: &Schema, bare: bool) -> Page {
    let mut head = vec![banner(schema)];
    if !schema.doc.is_empty() {
        head.push(String::new());
        head.extend(schema.doc.iter().cloned());
    }
    let segments: &[_] = if bare { &[] } else { &schema.segments };
    Page {
        banner: head.iter().map(|line| format!("// {line}").trim_end().to_owned()).collect(),
        consts: schema.consts.iter().filter_map(constant).collect(),
        enums: schema.own_enums().map(|item| enumeration(item, bare)).collect(),
        structs: schema.ordered_structs().map(|item| structure(schema, item, bare)).collect(),
        segments: segments.iter().map(|item| segment(schema, item)).collect(),
        bare,
    }
}

/// Documentation comments; where the schema has none, a sentence, so that no lint asks for one.
fn doc(indent: &str, doc: &[String], otherwise: &str) -> Vec<String> {
    let fallback = [otherwise.to_owned()];
    let lines = if doc.is_empty() { &fallback } else { doc };
    lines.iter().map(|line| format!("{indent}/// {line}").trim_end().to_owned()).collect()
}

fn constant(item: &crate::model::Const) -> Option<Const> {
    let (ty, value) = item.int()?;
    Some(Const {
        doc: doc("", &item.doc, &format!("The constant `{}`.", item.name)),
        name: item.name.clone(),
        ty: ty.name(),
        value: names::number(value, item.hex),
    })
}

fn enumeration(item: &crate::model::Enum, bare: bool) -> Enum {
    let indent = if bare { "    " } else { "        " };
    let values = item.values.iter().map(|value| Const {
        doc: doc(indent, &value.doc, &format!("The value {}.", value.value)),
        name: value.name.clone(),
        ty: item.repr.name(),
        value: names::number(value.value, false),
    });
    Enum {
        doc: doc(
            if bare { "" } else { "    " },
            &item.doc,
            &format!("A number of type `{}` with names.", item.repr.name()),
        ),
        name: item.name.clone(),
        repr: item.repr.name(),
        values: values.collect(),
    }
}

fn structure(schema: &Schema, item: &crate::model::Struct, bare: bool) -> Struct {
    let raised = item.align > item.natural_align;
    Struct {
        doc: doc("", &item.doc, &format!("A struct of {} bytes.", item.size)),
        name: item.name.clone(),
        repr: if raised { format!("C, align({})", item.align) } else { "C".to_owned() },
        fields: item.fields.iter().map(|field| member(schema, field, bare)).collect(),
        assertions: assertions(schema, item, bare),
    }
}

fn member(schema: &Schema, field: &crate::model::Field, bare: bool) -> Field {
    let ty = ty(schema, field.ty, bare);
    let otherwise = match (field.reserved, field.unit.as_str()) {
        (true, _) => "Reserved; zero.".to_owned(),
        (false, "") => format!("At offset {}.", field.offset),
        (false, unit) => format!("At offset {}, in {unit}.", field.offset),
    };
    let with_unit = !bare && !field.unit.is_empty();
    Field {
        doc: doc("    ", &field.doc, &otherwise),
        attribute: with_unit.then(|| format!("#[shm(unit = {})]", names::text(&field.unit))),
        name: field.name.clone(),
        ty,
    }
}

fn ty(schema: &Schema, id: TypeId, bare: bool) -> String {
    match schema.types[id].kind {
        TypeKind::Scalar(scalar) if bare => names::bare_scalar(scalar).to_owned(),
        TypeKind::Scalar(scalar) => names::scalar(scalar).to_owned(),
        TypeKind::Enum(i) => schema.enums[i].name.clone(),
        TypeKind::Struct(i) => schema.structs[i].name.clone(),
        TypeKind::Variant(i) => schema.variants[i].name.clone(),
        TypeKind::Str(len) if bare => format!("[u8; {len}]"),
        TypeKind::Str(len) => format!("::zeroipc::FixedStr<{len}>"),
        TypeKind::Array { elem, count } => format!("[{}; {count}]", ty(schema, elem, bare)),
    }
}

fn assertions(schema: &Schema, item: &crate::model::Struct, bare: bool) -> Vec<Vec<String>> {
    let name = &item.name;
    let size = names::number(i128::from(item.size), false);
    let mut asserted = vec![
        assertion(&format!("::core::mem::size_of::<{name}>() == {size}"), &format!("`{name}` has {} bytes", item.size)),
        assertion(
            &format!("::core::mem::align_of::<{name}>() == {}", item.align),
            &format!("`{name}` is aligned to {}", item.align),
        ),
    ];
    for field in &item.fields {
        let offset = names::number(i128::from(field.offset), false);
        asserted.push(assertion(
            &format!("::core::mem::offset_of!({name}, {}) == {offset}", field.name),
            &format!("`{}` of `{name}` lies at {}", field.name, field.offset),
        ));
    }
    if !bare {
        let print = describe(schema, item.ty).schema;
        asserted.push(assertion(
            &format!("<{name} as ::zeroipc::ShmLayout>::SCHEMA_FINGERPRINT == 0x{print:016x}"),
            &format!("the derive and the schema describe `{name}` alike"),
        ));
    }
    asserted
}

fn assertion(condition: &str, sentence: &str) -> Vec<String> {
    let line = format!("    assert!({condition}, \"{sentence}\");");
    if line.chars().count() <= WIDTH {
        return vec![line];
    }
    let broken = ["    assert!(".to_owned(), format!("        {condition},"), format!("        \"{sentence}\"")];
    broken.into_iter().chain(["    );".to_owned()]).collect()
}

fn segment(schema: &Schema, item: &crate::model::Segment) -> Segment {
    let fields = item.structures.iter().map(|structure| {
        let shape = shape(structure.kind);
        let otherwise = format!("The {} `{}`.", word(structure.kind), structure.name);
        Field {
            doc: doc("    ", &structure.doc, &otherwise),
            attribute: None,
            name: structure.name.clone(),
            ty: format!("::zeroipc::{shape}<{}>", ty(schema, structure.elements[0], false)),
        }
    });
    Segment {
        doc: doc("", &item.doc, &format!("The segment `{}`.", item.path)),
        name: item.name.clone(),
        path: names::text(&item.path),
        size: names::number(i128::from(item.size), false),
        used: item.used,
        fields: fields.collect(),
        doors: doors(item),
        result: result(item),
    }
}

const fn shape(kind: StructureKind) -> &'static str {
    match kind {
        StructureKind::Array => "Array",
        _ => "Queue",
    }
}

const fn word(kind: StructureKind) -> &'static str {
    match kind {
        other => other.word(),
    }
}

fn doors(item: &crate::model::Segment) -> Vec<Door> {
    let steps = |name: &str| item.structures.iter().map(|structure| step(structure, name)).collect();
    vec![
        Door {
            name: "open",
            doc: "Opens the segment and every structure in it.",
            errors: "When the segment or a structure is not there, or has another layout.",
            size: "",
            steps: steps("open"),
        },
        Door {
            name: "create",
            doc: "Creates the segment and every structure in it.",
            errors: "When the segment exists, or there is no memory for it.",
            size: ", Self::SIZE",
            steps: steps("create"),
        },
        Door {
            name: "open_or_create",
            doc: "Opens the segment, and creates what is not there yet.",
            errors: "When something is there with another layout, or there is no memory.",
            size: ", Self::SIZE",
            steps: steps("open_or_create"),
        },
    ]
}

fn step(structure: &crate::model::Structure, door: &str) -> Vec<String> {
    let (shape, name) = (shape(structure.kind), &structure.name);
    let mut arguments = vec!["&memory".to_owned(), format!("\"{name}\"")];
    if door != "open" {
        arguments.push(names::number(i128::from(structure.capacity), false));
    }
    let line = format!("        let {name} = ::zeroipc::{shape}::{door}(&memory, {})?;", arguments[1..].join(", "));
    if line.len() <= WIDTH {
        return vec![line];
    }
    let value = format!("            ::zeroipc::{shape}::{door}({})?;", arguments.join(", "));
    vec![format!("        let {name} ="), value]
}

fn result(item: &crate::model::Segment) -> Vec<String> {
    let names: Vec<&str> =
        ["memory"].into_iter().chain(item.structures.iter().map(|structure| structure.name.as_str())).collect();
    let line = format!("        Ok(Self {{ {} }})", names.join(", "));
    if line.len() <= WIDTH {
        return vec![line];
    }
    let fields = names.iter().map(|name| format!("            {name},"));
    ["        Ok(Self {".to_owned()].into_iter().chain(fields).chain(["        })".to_owned()]).collect()
}
