//! What a header says about aliases, enums, structs and variants.

use super::dialect::C;
use super::names;
use super::view::Define;
use crate::emit::cfamily::{
    Dialect, Function, broken, comment, defaults, field_notes, has_value, is_ranged, needed_align, notes, padding,
    ranges, wrapped,
};
use crate::model::{Alias, Field, Flavour, Schema, TypeId};

pub(super) struct Enum {
    pub(super) doc: Vec<String>,
    pub(super) name: String,
    pub(super) repr: &'static str,
    pub(super) values: Vec<Define>,
    pub(super) functions: Vec<Function>,
}

/// A struct or a variant.
pub(super) struct Definition {
    pub(super) doc: Vec<String>,
    pub(super) name: String,
    /// The lines between the braces.
    pub(super) members: Vec<String>,
    pub(super) size: u64,
    pub(super) align: u64,
    /// Names and offsets of the members.
    pub(super) offsets: Vec<(String, u64)>,
    /// The name as the schema spells it, for assertions.
    pub(super) title: String,
    pub(super) constants: Vec<Define>,
    pub(super) functions: Vec<Function>,
}

/// A `typedef` with its comment.
pub(super) struct Typedef {
    pub(super) doc: Vec<String>,
    pub(super) line: String,
}

pub(super) fn alias(schema: &Schema, item: &Alias) -> Typedef {
    let line = format!("typedef {};", names::declare(schema, item.ty, &names::lower_name(schema, &item.name)));
    Typedef { doc: comment("", &notes(&item.doc, &item.unit, &item.meta), "*"), line }
}

pub(super) fn enumeration(schema: &Schema, item: &crate::model::Enum) -> Enum {
    let name = names::lower_name(schema, &item.name);
    let values = item.values.iter().map(|value| Define {
        doc: comment("", &notes(&value.doc, "", &value.meta), "*"),
        name: names::value(schema, item, &value.name),
        value: crate::emit::cfamily::number(item.repr, value.value, item.flavour == Flavour::Flags),
    });
    let mut functions = Vec::new();
    if item.flavour != Flavour::Flags {
        let mut lines = vec![format!("static inline const char *{name}_name({name} value)"), "{".to_owned()];
        lines.push("    switch (value) {".to_owned());
        for value in &item.values {
            lines.push(format!("    case {}:", names::value(schema, item, &value.name)));
            lines.push(format!("        return \"{}\";", value.name));
        }
        lines.extend(["    default:", "        return NULL;", "    }", "}"].map(str::to_owned));
        functions.push(function("The name of a value; NULL when it has none.", lines));
    }
    if item.flavour == Flavour::Closed {
        let head = format!("static inline int {name}_is_known({name} value)");
        let body = format!("    return {name}_name(value) != NULL;");
        functions
            .push(function("Whether a value is one of those above: none will ever be added.", body_of(head, [body])));
    }
    Enum {
        doc: comment("", &notes(&item.doc, "", &item.meta), "*"),
        name,
        repr: names::scalar(item.repr),
        values: values.collect(),
        functions,
    }
}

pub(super) fn function(doc: &str, lines: Vec<String>) -> Function {
    Function { doc: comment("", &[doc.to_owned()], "*"), lines }
}

/// A function's lines, with braces around the body.
pub(super) fn body_of(head: String, body: impl IntoIterator<Item = String>) -> Vec<String> {
    [head, "{".to_owned()].into_iter().chain(body).chain(["}".to_owned()]).collect()
}

/// A member with the alignment that it needs.
pub(super) fn member(schema: &Schema, ty: TypeId, name: &str, least: u64) -> String {
    let align = least.max(needed_align(schema, ty));
    let macro_name = if align > 1 { format!("ZEROIPC_SCHEMA_ALIGNED({align}) ") } else { String::new() };
    format!("{macro_name}{};", names::declare(schema, ty, name))
}

pub(super) fn structure(schema: &Schema, item: &crate::model::Struct) -> Definition {
    let raised = item.align > item.natural_align;
    let (mut members, mut offsets) = (Vec::new(), Vec::new());
    for (i, field) in item.fields.iter().enumerate() {
        let name = if field.reserved { padding(field.offset) } else { field.name.clone() };
        let least = if i == 0 && raised { item.align } else { 1 };
        members.extend(comment("    ", &field_notes(schema, field), "*"));
        members.push(format!("    {}", member(schema, field.ty, &name, least)));
        offsets.push((name, field.offset));
    }
    let constants = item.fields.iter().flat_map(|field| constants(schema, item, field));
    Definition {
        doc: comment("", &notes(&item.doc, "", &item.meta), "*"),
        name: names::lower_name(schema, &item.name),
        members,
        offsets,
        size: item.size,
        align: item.align,
        title: item.name.clone(),
        constants: constants.collect(),
        functions: helpers(schema, item),
    }
}

/// The ends of a field's range, and its null value.
fn constants(schema: &Schema, item: &crate::model::Struct, field: &Field) -> Vec<Define> {
    let define = |part: &str, doc: &str, literal| Define {
        doc: comment("", &[doc.replace('_', &format!("`{}`", field.name))], "*"),
        name: names::field_constant(schema, item, &field.name, part),
        value: C.value(schema, field.ty, literal),
    };
    let mut defines = Vec::new();
    if let Some((low, high)) = &field.range {
        defines.push(define("MIN", "The smallest sensible value of _.", low));
        defines.push(define("MAX", "The largest sensible value of _.", high));
    }
    defines.extend(field.null.as_ref().map(|null| {
        let mut define = define("NULL", "The value of _ that means \"none\".", null);
        if define.value.contains('|') {
            define.value = format!("({})", define.value);
        }
        define
    }));
    defines
}

fn helpers(schema: &Schema, item: &crate::model::Struct) -> Vec<Function> {
    let name = names::lower_name(schema, &item.name);
    let indented = |lines: Vec<String>| lines.into_iter().flat_map(|line| wrapped(&format!("    {line}")));
    let mut functions = Vec::new();
    if item.has_defaults(schema) {
        let head = format!("static inline void {name}_init({name} *it)");
        let body = ["    memset(it, 0, sizeof(*it));".to_owned()].into_iter();
        let lines = body_of(head, body.chain(indented(defaults(&C, schema, item))));
        functions.push(function("Sets every field to its default, and to zero where it has none.", lines));
    }
    for field in item.fields.iter().filter(|field| field.null.is_some()) {
        let mut lines =
            broken("", &format!("static inline int {name}_has_{}(", field.name), &format!("const {name} *it)"));
        lines.push("{".to_owned());
        lines.extend(wrapped(&format!("    return {};", has_value(&C, schema, item, field))));
        lines.push("}".to_owned());
        functions.push(function(
            &format!("Whether `{}` has a value, and not the one that means \"none\".", field.name),
            lines,
        ));
    }
    if is_ranged(item) {
        let head = format!("static inline const char *{name}_in_range(const {name} *it)");
        let checks = ranges(&C, schema, item);
        let unused = checks.is_empty().then(|| "    (void)it;".to_owned());
        let end = "    return NULL;".to_owned();
        let lines = body_of(head, unused.into_iter().chain(indented(checks)).chain([end]));
        functions.push(function(
            "NULL when every field lies in its range, otherwise the name of the first that does not.",
            lines,
        ));
    }
    functions
}
