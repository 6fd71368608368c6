//! What a module says about a segment: a class with its structures and the doors to it.

use super::docs::{doc_or, indented, notes, quoted, with_notes};
use super::lines::call;
use super::types::{described, dtype, element};
use super::values;
use crate::model::{Schema, StructureKind};

pub(super) struct Segment {
    pub(super) doc: Vec<String>,
    pub(super) name: String,
    pub(super) path: String,
    pub(super) size: u64,
    pub(super) slots: Vec<String>,
    pub(super) init: Vec<String>,
    pub(super) structures: Vec<Structure>,
    pub(super) doors: Vec<Door>,
}

pub(super) struct Structure {
    pub(super) name: String,
    /// `Array[np.float32]`
    pub(super) class: String,
}

/// A way to get at a segment.
pub(super) struct Door {
    pub(super) name: &'static str,
    pub(super) doc: &'static str,
    pub(super) memory: &'static str,
    pub(super) calls: Vec<Vec<String>>,
}

pub(super) fn segment(schema: &Schema, item: &crate::model::Segment) -> Segment {
    let mut slots = vec!["\"memory\"".to_owned()];
    slots.extend(item.structures.iter().map(|structure| format!("\"{}\"", structure.name)));
    let structures: Vec<Structure> = item.structures.iter().map(|structure| member(schema, structure)).collect();
    let parameters = structures.iter().map(|structure| format!("{}: {}", structure.name, structure.class));
    let init = ["self".to_owned(), "memory: Memory".to_owned()].into_iter().chain(parameters).collect::<Vec<_>>();
    Segment {
        doc: quoted("    ", segment_doc(schema, item)),
        name: item.name.clone(),
        path: values::text(&item.path),
        size: item.size,
        slots: call("    ", "__slots__ = (", &slots, ")"),
        init: call("    ", "def __init__(", &init, ") -> None:"),
        structures,
        doors: doors(schema, item),
    }
}

fn segment_doc(schema: &Schema, item: &crate::model::Segment) -> Vec<String> {
    let mut doc = with_notes(doc_or(&item.doc, format!("The segment ``{}``.", item.path)), notes(&item.meta));
    doc.extend([String::new(), "Attributes".to_owned(), "----------".to_owned()]);
    doc.extend(["memory : Memory".to_owned(), "    The segment itself.".to_owned()]);
    for structure in &item.structures {
        doc.push(format!(
            "{} : {} of {}",
            structure.name,
            class(structure.kind),
            described(schema, structure.elements[0])
        ));
        doc.extend(indented(&structure.doc));
        doc.extend(indented(&notes(&structure.meta)));
    }
    doc
}

fn member(schema: &Schema, item: &crate::model::Structure) -> Structure {
    let scalar = element(schema, item.elements[0]);
    Structure { name: item.name.clone(), class: format!("{}[np.{scalar}]", class(item.kind)) }
}

const fn class(kind: StructureKind) -> &'static str {
    match kind {
        StructureKind::Array => "Array",
        _ => "Queue",
    }
}

fn doors(schema: &Schema, item: &crate::model::Segment) -> Vec<Door> {
    let calls = |create: bool, suffix: &str| {
        let structures = item.structures.iter();
        structures
            .map(|structure| {
                let mut arguments = vec!["memory".to_owned(), format!("\"{}\"", structure.name)];
                if create {
                    arguments.push(structure.capacity.to_string());
                }
                arguments.push(format!("dtype={}", dtype(schema, structure.elements[0])));
                call("                ", &format!("{}{suffix}(", class(structure.kind)), &arguments, "),")
            })
            .collect()
    };
    vec![
        Door {
            name: "open",
            doc: "Open the segment and every structure in it.",
            memory: "Memory.open(name)",
            calls: calls(false, ""),
        },
        Door {
            name: "create",
            doc: "Create the segment and every structure in it.",
            memory: "Memory.create(name, cls.SIZE)",
            calls: calls(true, ".create"),
        },
        Door {
            name: "open_or_create",
            doc: "Open the segment, and create what is not there yet.",
            memory: "Memory.open_or_create(name, cls.SIZE)",
            calls: calls(true, ""),
        },
    ]
}
