//! What a header says about a segment: its members, the functions on them, and the doors to it.

use zeroipc_layout::Scalar;

use super::names;
use super::types::Typedef;
use super::view::{Descriptor, describing};
use crate::emit::cfamily::{broken, comment, notes, number, text, title};
use crate::model::{Schema, StructureKind, TypeKind};

pub(super) struct Segment {
    pub(super) doc: Vec<String>,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) upper: String,
    pub(super) path: String,
    pub(super) size: String,
    pub(super) used: u64,
    /// Element types that have no name otherwise.
    pub(super) elements: Vec<Typedef>,
    /// The descriptions of those that only this segment needs.
    pub(super) types: Vec<Descriptor>,
    pub(super) structures: Vec<Structure>,
    /// The structures in the order in which they are closed.
    pub(super) closing: Vec<(&'static str, String)>,
    pub(super) doors: Vec<Door>,
}

/// A way to get at a segment.
pub(super) struct Door {
    pub(super) doc: &'static str,
    pub(super) signature: Vec<String>,
    pub(super) memory: Vec<String>,
    pub(super) steps: Vec<Step>,
    /// What is closed when a step fails, in order.
    pub(super) undo: Vec<Undo>,
}

pub(super) struct Step {
    pub(super) call: Vec<String>,
    pub(super) label: String,
}

pub(super) struct Undo {
    pub(super) label: String,
    pub(super) call: String,
}

pub(super) struct Structure {
    pub(super) doc: Vec<String>,
    pub(super) name: String,
    pub(super) word: &'static str,
    pub(super) functions: Vec<Function>,
}

/// A function that passes its arguments on to the runtime.
pub(super) struct Function {
    pub(super) doc: String,
    pub(super) signature: Vec<String>,
    pub(super) body: String,
}

pub(super) fn segment(schema: &Schema, item: &crate::model::Segment) -> Segment {
    let name = names::lower_name(schema, &item.name);
    let upper = names::upper_name(schema, &item.name);
    let closing = item.structures.iter().rev().map(|structure| (structure.kind.word(), structure.name.clone()));
    Segment {
        doc: comment("", &notes(&item.doc, "", &item.meta), "*"),
        title: item.name.clone(),
        path: text(&item.path),
        size: number(Scalar::U64, i128::from(item.size), false),
        used: item.used,
        elements: item.structures.iter().filter_map(|structure| element_type(schema, &name, structure)).collect(),
        types: item.structures.iter().filter_map(|structure| element_description(schema, &name, structure)).collect(),
        structures: item.structures.iter().map(|structure| member(schema, &name, structure)).collect(),
        closing: closing.collect(),
        doors: vec![
            door(schema, item, &name, "open", "Opens the segment; a `name` of NULL is the declared one."),
            door(schema, item, &name, "create", "Creates the segment, which must not exist yet."),
            door(schema, item, &name, "open_or_create", "Opens the segment, and creates what is not there yet."),
        ],
        name,
        upper,
    }
}

fn member(schema: &Schema, owner: &str, item: &crate::model::Structure) -> Structure {
    let element = if names::is_array(schema, item.elements[0]) {
        format!("{owner}_{}_element", item.name)
    } else {
        names::flat(schema, item.elements[0])
    };
    Structure {
        doc: comment("    ", &notes(&item.doc, "", &item.meta), "*"),
        name: item.name.clone(),
        word: item.kind.word(),
        functions: match item.kind {
            StructureKind::Array => array_functions(owner, &item.name, &element),
            _ => queue_functions(owner, &item.name, &element),
        },
    }
}

fn array_functions(owner: &str, name: &str, element: &str) -> Vec<Function> {
    let (index, get) = ("uint64_t index".to_owned(), format!("{element} *value"));
    let set = format!("const {element} *value");
    let array = format!("&segment->{name}");
    vec![
        Function {
            doc: format!("Copies element `index` of `{name}` to `value`."),
            signature: signature("zeroipc_status ", owner, &format!("{name}_get"), &[index.clone(), get]),
            body: format!("return zeroipc_array_get({array}, index, value);"),
        },
        Function {
            doc: format!("Copies `value` to element `index` of `{name}`."),
            signature: signature("zeroipc_status ", owner, &format!("{name}_set"), &[index, set]),
            body: format!("return zeroipc_array_set({array}, index, value);"),
        },
        Function {
            doc: format!("The elements of `{name}`, which other processes may change at any time."),
            signature: signature(&format!("{element} *"), owner, &format!("{name}_data"), &[]),
            body: format!("return ZEROIPC_SCHEMA_CAST({element} *, zeroipc_array_data({array}));"),
        },
    ]
}

fn queue_functions(owner: &str, name: &str, element: &str) -> Vec<Function> {
    let (give, take) = (format!("const {element} *value"), format!("{element} *value"));
    let timeout = "int64_t timeout_ms".to_owned();
    let function = |verb: &str, doc: String, arguments: &[String], passed: &str| Function {
        doc,
        signature: signature("zeroipc_status ", owner, &format!("{name}_{verb}"), arguments),
        body: format!("return zeroipc_queue_{verb}(&segment->{name}, {passed});"),
    };
    let timed = "value, timeout_ms";
    vec![
        function("try_push", format!("Appends to `{name}` if there is room."), std::slice::from_ref(&give), "value"),
        function(
            "try_pop",
            format!("Takes the oldest item of `{name}` if there is one."),
            std::slice::from_ref(&take),
            "value",
        ),
        function(
            "push",
            format!("Appends to `{name}`, waiting for room up to `timeout_ms`; below 0 forever."),
            &[give, timeout.clone()],
            timed,
        ),
        function(
            "pop",
            format!("Takes the oldest item of `{name}`, waiting up to `timeout_ms`; below 0 forever."),
            &[take, timeout],
            timed,
        ),
    ]
}

/// The first lines of a function on a segment.
fn signature(returns: &str, owner: &str, name: &str, arguments: &[String]) -> Vec<String> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let arguments = [&[format!("{owner} *segment").as_str()], arguments.as_slice()].concat().join(", ");
    broken("", &format!("static inline {returns}{owner}_{name}("), &format!("{arguments})"))
}

/// The name of an element type that is an array in C.
fn element_type(schema: &Schema, owner: &str, item: &crate::model::Structure) -> Option<Typedef> {
    let element = item.elements[0];
    names::is_array(schema, element).then(|| Typedef {
        doc: comment("", &[format!("The element type {}.", title(schema, element))], "*"),
        line: format!("typedef {};", names::declare(schema, element, &format!("{owner}_{}_element", item.name))),
    })
}

/// The description of an element type that neither the schema nor the runtime has a name for.
fn element_description(schema: &Schema, owner: &str, item: &crate::model::Structure) -> Option<Descriptor> {
    let element = item.elements[0];
    let unnamed = matches!(schema.types[element].kind, TypeKind::Array { .. } | TypeKind::Str(_));
    unnamed.then(|| describing(schema, element, format!("{owner}_{}_type", item.name)))
}

/// The expression for a pointer to an element's description.
fn type_of(schema: &Schema, owner: &str, item: &crate::model::Structure) -> String {
    match schema.types[item.elements[0]].kind {
        TypeKind::Scalar(scalar) => format!("&zeroipc_{}", scalar.name()),
        TypeKind::Enum(i) => format!("{}_type()", names::enumeration(schema, i)),
        TypeKind::Struct(i) => format!("{}_type()", names::structure(schema, i)),
        TypeKind::Variant(i) => format!("{}_type()", names::variant(schema, i)),
        TypeKind::Array { .. } | TypeKind::Str(_) => format!("{owner}_{}_type()", item.name),
    }
}

fn door(schema: &Schema, item: &crate::model::Segment, owner: &str, name: &str, doc: &'static str) -> Door {
    let upper = names::upper_name(schema, &item.name);
    let size = if name == "open" { String::new() } else { format!(" {upper}_SIZE,") };
    let memory = format!("&segment->memory, name != NULL ? name : {upper}_NAME,{size} NULL);");
    let mut label = "close_memory".to_owned();
    let (mut steps, mut undo) = (Vec::new(), Vec::new());
    undo.push(Undo { label: label.clone(), call: "zeroipc_memory_close(&segment->memory)".to_owned() });
    for (i, structure) in item.structures.iter().enumerate() {
        let (word, field, ty) = (structure.kind.word(), &structure.name, type_of(schema, owner, structure));
        let capacity = number(Scalar::U64, i128::from(structure.capacity), false);
        let capacity = if name == "open" { String::new() } else { format!(", {capacity}") };
        let arguments = format!("&segment->{field}, &segment->memory, \"{field}\", {ty}{capacity});");
        let call = broken("    ", &format!("status = zeroipc_{word}_{name}("), &arguments);
        steps.push(Step { call, label: label.clone() });
        if i + 1 < item.structures.len() {
            label = format!("close_{field}");
            undo.push(Undo { label: label.clone(), call: format!("zeroipc_{word}_close(&segment->{field})") });
        }
    }
    undo.reverse();
    Door {
        doc,
        signature: signature("zeroipc_status ", owner, name, &["const char *name".to_owned()]),
        memory: broken("    ", &format!("zeroipc_status status = zeroipc_memory_{name}("), &memory),
        steps,
        undo,
    }
}
