//! What a header says about structs: members, constants beside them, and free helpers.

use super::dialect::Cpp;
use super::enums::{Line, function};
use super::names;
use crate::case::snake;
use crate::emit::cfamily::{
    Dialect, Function, comment, defaults, field_notes, has_value, is_ranged, needed_align, notes, padding, ranges,
    wrapped,
};
use crate::model::{Field, Schema, Struct, TypeId, TypeKind, is_complex, is_float};

/// A struct or a variant.
pub(super) struct Definition {
    pub(super) doc: Vec<String>,
    pub(super) name: String,
    /// The lines between the braces.
    pub(super) members: Vec<String>,
    pub(super) constants: Vec<Line>,
    /// Member functions, indented.
    pub(super) methods: Vec<Function>,
    pub(super) size: u64,
    pub(super) align: u64,
    /// Names and offsets of the members.
    pub(super) offsets: Vec<(String, u64)>,
    /// Whether equal values have equal bytes.
    pub(super) unique: bool,
    /// Free functions.
    pub(super) functions: Vec<Function>,
}

/// A member with the alignment that it needs.
pub(super) fn member(schema: &Schema, ty: TypeId, name: &str, least: u64) -> String {
    let align = least.max(needed_align(schema, ty));
    let aligned = if align > 1 { format!("alignas({align}) ") } else { String::new() };
    format!("    {aligned}{};", names::declare(schema, ty, name))
}

pub(super) fn structure(schema: &Schema, item: &Struct) -> Definition {
    let raised = item.align > item.natural_align;
    let (mut members, mut offsets) = (Vec::new(), Vec::new());
    for (i, field) in item.fields.iter().enumerate() {
        let name = if field.reserved { padding(field.offset) } else { field.name.clone() };
        let least = if i == 0 && raised { item.align } else { 1 };
        members.extend(comment("    ", &field_notes(schema, field), "*"));
        members.push(member(schema, field.ty, &name, least));
        offsets.push((name, field.offset));
    }
    Definition {
        doc: comment("", &notes(&item.doc, "", &item.meta), "*"),
        name: item.name.clone(),
        members,
        constants: item.fields.iter().flat_map(|field| constants(schema, field)).collect(),
        methods: Vec::new(),
        size: item.size,
        align: item.align,
        offsets,
        unique: item.fields.iter().all(|field| is_unique(schema, field.ty)),
        functions: helpers(schema, item),
    }
}

/// Whether equal values of the type have equal bytes: floats have two zeros.
fn is_unique(schema: &Schema, ty: TypeId) -> bool {
    match schema.types[ty].kind {
        // A half is its bits here.
        TypeKind::Scalar(scalar) => scalar.size() == 2 || !(is_float(scalar) || is_complex(scalar)),
        TypeKind::Array { elem, .. } => is_unique(schema, elem),
        TypeKind::Struct(i) => schema.structs[i].fields.iter().all(|field| is_unique(schema, field.ty)),
        // The payload of a variant is bytes.
        TypeKind::Enum(_) | TypeKind::Str(_) | TypeKind::Variant(_) => true,
    }
}

/// The ends of a field's range, and its null value.
fn constants(schema: &Schema, field: &Field) -> Vec<Line> {
    let ty = names::type_name(schema, crate::emit::cfamily::leaf(schema, field.ty));
    let constant = |part: &str, doc: &str, literal| Line {
        doc: comment("    ", &[doc.replace('_', &format!("`{}`", field.name))], "*"),
        line: format!("    static constexpr {ty} {}_{part} = {};", field.name, Cpp.value(schema, field.ty, literal)),
    };
    let mut lines = Vec::new();
    if let Some((low, high)) = &field.range {
        lines.push(constant("min", "The smallest sensible value of _.", low));
        lines.push(constant("max", "The largest sensible value of _.", high));
    }
    lines.extend(field.null.as_ref().map(|null| constant("null", "The value of _ that means \"none\".", null)));
    lines
}

fn helpers(schema: &Schema, item: &Struct) -> Vec<Function> {
    let name = &item.name;
    let indented = |lines: Vec<String>| lines.into_iter().flat_map(|line| wrapped(&format!("    {line}")));
    let mut functions = Vec::new();
    if item.has_defaults(schema) {
        let head = format!("constexpr {name} make_{}() noexcept", snake(name));
        let first = format!("    {name} it{{}};");
        let body = [first].into_iter().chain(indented(defaults(&Cpp, schema, item)));
        let body = body.chain(["    return it;".to_owned()]).collect();
        functions.push(function("A value with every default, and zero where there is none.", head, body));
    }
    for field in item.fields.iter().filter(|field| field.null.is_some()) {
        let head = format!("constexpr bool has_{}(const {name}& it) noexcept", field.name);
        let body = wrapped(&format!("    return {};", has_value(&Cpp, schema, item, field)));
        let doc = format!("Whether `{}` has a value, and not the one that means \"none\".", field.name);
        functions.push(function(&doc, head, body));
        let ty = names::type_name(schema, field.ty);
        let head = format!("constexpr std::optional<{ty}> {}_or_none(const {name}& it) noexcept", field.name);
        let test = format!("has_{}(it)", field.name);
        let body = format!("    return {test} ? std::optional<{ty}>(it.{}) : std::nullopt;", field.name);
        functions.push(function(&format!("`{}`, if it has a value.", field.name), head, vec![body]));
    }
    if is_ranged(item) {
        let head = format!("constexpr std::string_view in_range(const {name}& it) noexcept");
        let checks = ranges(&Cpp, schema, item);
        let unused = checks.is_empty().then(|| "    static_cast<void>(it);".to_owned());
        let body = unused.into_iter().chain(indented(checks)).chain(["    return {};".to_owned()]).collect();
        let doc = "Empty when every field lies in its range, otherwise the name of the first that does not.";
        functions.push(function(doc, head, body));
    }
    functions
}
