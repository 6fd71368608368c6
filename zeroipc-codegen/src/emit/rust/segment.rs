//! Segments: a struct with a handle for each structure, and the ways to get at it.

use super::code::{WIDTH, width};
use super::{doc, literal, names, structs};
use crate::model::{self, Schema, StructureKind};

pub(super) struct Segment {
    pub(super) doc: Vec<String>,
    pub(super) attributes: Vec<String>,
    pub(super) allow: Vec<String>,
    pub(super) name: String,
    pub(super) path: String,
    pub(super) size: String,
    pub(super) used: u64,
    /// All lines of the fields.
    pub(super) fields: Vec<String>,
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

pub(super) fn segment(schema: &Schema, item: &model::Segment, allow: &[String]) -> Segment {
    let fields = item.structures.iter().flat_map(|structure| {
        let otherwise = format!("The {} `{}`.", structure.kind.word(), structure.name);
        let mut lines = doc::doc(4, &structure.doc, &otherwise, &doc::facts(&structure.meta));
        lines.extend(doc::deprecated(4, &structure.meta));
        lines.extend(structs::declaration(&structure.name, &handle(schema, structure)));
        lines
    });
    let mut attributes = doc::deprecated(0, &item.meta);
    attributes.extend(allow.iter().cloned());
    Segment {
        doc: doc::doc(0, &item.doc, &format!("The segment `{}`.", item.path), &doc::facts(&item.meta)),
        attributes,
        allow: allow.to_vec(),
        name: item.name.clone(),
        path: literal::text(&item.path),
        size: literal::number(i128::from(item.size), false),
        used: item.used,
        fields: fields.collect(),
        doors: doors(item),
        result: result(item),
    }
}

/// The type of a structure's handle.
fn handle(schema: &Schema, structure: &model::Structure) -> String {
    let shape = format!("::zeroipc::{}", shape(structure.kind));
    let elements: Vec<String> = structure.elements.iter().map(|ty| names::ty(schema, *ty, false)).collect();
    if elements.is_empty() { shape } else { format!("{shape}<{}>", elements.join(", ")) }
}

/// The runtime's type for a kind.
const fn shape(kind: StructureKind) -> &'static str {
    match kind {
        StructureKind::Array => "Array",
        StructureKind::Queue => "Queue",
        StructureKind::Stack => "Stack",
        StructureKind::Ring => "Ring",
        StructureKind::Broadcast => "Broadcast",
        StructureKind::Map => "Map",
        StructureKind::Set => "Set",
        StructureKind::Pool => "Pool",
        StructureKind::Semaphore => "Semaphore",
        StructureKind::Barrier => "Barrier",
        StructureKind::Latch => "Latch",
        StructureKind::Mutex => "Mutex",
        StructureKind::RwLock => "RwLock",
        StructureKind::Condvar => "Condvar",
        StructureKind::Once => "Once",
        StructureKind::Event => "Event",
        StructureKind::Signal => "Signal",
        StructureKind::Future => "Future",
        StructureKind::Lazy => "Lazy",
        StructureKind::Stream => "Stream",
        StructureKind::Channel => "Channel",
    }
}

fn doors(item: &model::Segment) -> Vec<Door> {
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

fn step(structure: &model::Structure, door: &str) -> Vec<String> {
    let (shape, name) = (shape(structure.kind), &structure.name);
    let mut arguments = vec!["&memory".to_owned(), format!("\"{name}\"")];
    if door != "open" {
        arguments.extend(structure.numbers.iter().map(|number| literal::number(i128::from(*number), false)));
    }
    let call = format!("::zeroipc::{shape}::{door}({})?;", arguments.join(", "));
    let line = format!("        let {name} = {call}");
    if width(&line) <= WIDTH {
        return vec![line];
    }
    vec![format!("        let {name} ="), format!("            {call}")]
}

fn result(item: &model::Segment) -> Vec<String> {
    let names: Vec<&str> =
        ["memory"].into_iter().chain(item.structures.iter().map(|structure| structure.name.as_str())).collect();
    let line = format!("        Ok(Self {{ {} }})", names.join(", "));
    if width(&line) <= WIDTH {
        return vec![line];
    }
    let fields = names.iter().map(|name| format!("            {name},"));
    ["        Ok(Self {".to_owned()].into_iter().chain(fields).chain(["        })".to_owned()]).collect()
}
