//! What a header says about a segment: a class that owns it and leads to its structures.

use zeroipc_layout::Scalar;

use super::names;
use super::view::{Trait, described};
use crate::emit::cfamily::{comment, notes, text, title};
use crate::model::{Schema, StructureKind, TypeKind};

pub(super) struct Segment {
    pub(super) doc: Vec<String>,
    pub(super) deprecated: String,
    pub(super) name: String,
    pub(super) path: String,
    pub(super) size: String,
    pub(super) used: u64,
    pub(super) structures: Vec<Structure>,
}

pub(super) struct Structure {
    pub(super) doc: Vec<String>,
    pub(super) deprecated: String,
    pub(super) name: String,
    /// `Array` or `Queue`
    pub(super) kind: &'static str,
    /// The type of an element.
    pub(super) element: String,
    /// What is known about an element that has no name.
    pub(super) unnamed: Option<Trait>,
    /// The expression for a pointer to the element's description.
    pub(super) description: String,
    pub(super) capacity: String,
}

pub(super) fn segment(schema: &Schema, item: &crate::model::Segment) -> Segment {
    Segment {
        doc: comment("", &notes(&item.doc, "", &item.meta), "*"),
        deprecated: names::deprecated(&item.meta),
        name: item.name.clone(),
        path: text(&item.path),
        size: names::number(Scalar::U64, i128::from(item.size), false),
        used: item.used,
        structures: item.structures.iter().map(|structure| member(schema, structure)).collect(),
    }
}

fn member(schema: &Schema, item: &crate::model::Structure) -> Structure {
    let (ty, name) = (item.elements[0], &item.name);
    let element = names::element(schema, ty);
    let unnamed = names::is_array(schema, ty);
    let description = match schema.types[ty].kind {
        TypeKind::Scalar(scalar) => format!("&::zeroipc_{}", scalar.name()),
        _ if unnamed => format!("{}::descriptor<{element}, {name}_type_>()", names::LIBRARY),
        _ => format!("{}::descriptor<{element}>()", names::LIBRARY),
    };
    Structure {
        doc: comment("    ", &notes(&item.doc, "", &item.meta), "*"),
        deprecated: names::deprecated(&item.meta),
        name: name.clone(),
        kind: if item.kind == StructureKind::Array { "Array" } else { "Queue" },
        unnamed: unnamed.then(|| described(schema, ty, &element, &title(schema, ty), false)),
        element,
        description,
        capacity: names::number(Scalar::U64, i128::from(item.capacity), false),
    }
}
