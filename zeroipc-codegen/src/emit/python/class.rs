//! The class over one record of a struct.

use super::access::access;
use super::docs::{doc_or, field_notes, notes, quoted, with_notes};
use super::lines::{assignment, call};
use super::names;
use super::types::{class, has_ranges, shape};
use super::values;
use crate::model::{Field, Literal, Schema, Struct, TypeKind};

pub(super) struct Class {
    pub(super) name: String,
    pub(super) dtype: String,
    pub(super) doc: Vec<String>,
    /// The bounds of ranges.
    pub(super) bounds: Vec<String>,
    pub(super) properties: Vec<Property>,
    /// What `new` does beyond zeros.
    pub(super) defaults: Vec<String>,
    /// What looks at the ranges.
    pub(super) checks: Vec<String>,
    pub(super) dict: Vec<String>,
    pub(super) spelled: Spelled,
}

/// Builtins as the class can name them.
pub(super) struct Spelled {
    pub(super) property: String,
    pub(super) classmethod: String,
    pub(super) dict: String,
    pub(super) str: String,
    pub(super) object: String,
}

pub(super) struct Property {
    pub(super) name: String,
    pub(super) def: Vec<String>,
    pub(super) doc: Vec<String>,
    pub(super) get: Vec<String>,
    pub(super) setter: Vec<String>,
    pub(super) set: Vec<String>,
    pub(super) or_none: Option<OrNone>,
}

/// The property that knows which value means "nothing".
pub(super) struct OrNone {
    pub(super) def: Vec<String>,
    pub(super) doc: Vec<String>,
    pub(super) is_none: String,
}

/// How a class with these members spells a builtin: in full where a member is called so.
pub(super) fn speller<'a>(members: impl Iterator<Item = &'a str> + Clone + 'a) -> impl Fn(&str) -> String + 'a {
    move |builtin: &str| {
        let hidden = names::BUILTINS.contains(&builtin) && members.clone().any(|member| member == builtin);
        if hidden { format!("_builtins.{builtin}") } else { builtin.to_owned() }
    }
}

impl Spelled {
    pub(super) fn new(own: &dyn Fn(&str) -> String) -> Spelled {
        Spelled {
            property: own("property"),
            classmethod: own("classmethod"),
            dict: own("dict"),
            str: own("str"),
            object: own("object"),
        }
    }
}

pub(super) fn structure(schema: &Schema, item: &Struct) -> Class {
    let fields = || item.fields.iter().filter(|field| !field.reserved);
    let own = speller(fields().map(|field| field.name.as_str()));
    let dtype = names::dtype(&item.name);
    let doc = doc_or(&item.doc, format!("A record of :data:`{dtype}`, where it lies."));
    Class {
        name: item.name.clone(),
        doc: quoted("    ", with_notes(doc, notes(&item.meta))),
        bounds: fields().flat_map(|field| bounds(schema, field)).collect(),
        properties: fields().map(|field| property(schema, field, &own)).collect(),
        defaults: fields().filter_map(|field| default(schema, field)).flatten().collect(),
        checks: fields().flat_map(|field| checks(schema, field)).collect(),
        dict: fields().map(|field| entry(schema, field, &own)).collect(),
        spelled: Spelled::new(&own),
        dtype,
    }
}

fn property(schema: &Schema, field: &Field, own: &dyn Fn(&str) -> String) -> Property {
    let access = access(schema, &field.name, field.ty, own);
    let def = |name: &str, gives: &str| {
        call("    ", &format!("def {name}("), &["self".to_owned()], &format!(") -> {gives}:"))
    };
    let doc = with_notes(doc_or(&field.doc, format!("The field ``{}``.", field.name)), field_notes(schema, field));
    let or_none = field.null.as_ref().map(|null| OrNone {
        def: def(&format!("{}_or_none", field.name), &format!("{} | None", access.gives)),
        doc: quoted("        ", vec![format!("The same, or None where it means \"nothing\".")]),
        is_none: is_none(schema, field, null),
    });
    let parameters = ["self".to_owned(), format!("value: {}", access.takes)];
    Property {
        name: field.name.clone(),
        def: def(&field.name, &access.gives),
        doc: quoted("        ", doc),
        setter: call("    ", &format!("def {}(", field.name), &parameters, ") -> None:"),
        set: access.set(&field.name),
        get: access.get,
        or_none,
    }
}

/// Whether `value` means "nothing".
fn is_none(schema: &Schema, field: &Field, null: &Literal) -> String {
    match null {
        Literal::Float(number) if number.is_nan() => "math.isnan(value)".to_owned(),
        null => format!("value == {}", values::literal(schema, field.ty, null)),
    }
}

fn bound(field: &Field, end: &str) -> String {
    format!("{}_{end}", field.name.to_uppercase())
}

fn bounds(schema: &Schema, field: &Field) -> Vec<String> {
    let Some((low, high)) = &field.range else { return Vec::new() };
    let TypeKind::Scalar(scalar) = schema.types[shape(schema, field.ty).1].kind else { return Vec::new() };
    let line = |end, value| {
        assignment("    ", &format!("{}: Final", bound(field, end)), &values::scalar_literal(scalar, value))
    };
    [line("MIN", low), line("MAX", high)].concat()
}

fn default(schema: &Schema, field: &Field) -> Option<Vec<String>> {
    let name = &field.name;
    if let Some(value) = &field.default {
        return Some(assignment("        ", &format!("new.{name}"), &values::literal(schema, field.ty, value)));
    }
    if !schema.starts_nonzero(field.ty) {
        return None;
    }
    let (_, elem) = shape(schema, field.ty);
    let class = class(schema, elem)?;
    Some(vec![match schema.types[field.ty].kind {
        TypeKind::Array { .. } => format!("        new.{name}[...] = {class}.new().record"),
        _ => format!("        new.{name} = {class}.new()"),
    }])
}

/// The lines that tell whether a field is out of its range.
fn checks(schema: &Schema, field: &Field) -> Vec<String> {
    let name = &field.name;
    let is_array = matches!(schema.types[field.ty].kind, TypeKind::Array { .. });
    let mut lines = Vec::new();
    if field.range.is_some() {
        let ends = [format!("self.{}", bound(field, "MIN")), format!("self.{}", bound(field, "MAX"))];
        let value = if field.null.is_some() { format!("self.{name}_or_none") } else { format!("self.{name}") };
        let function = if is_array { "_all_within(" } else { "_within(" };
        let [low, high] = ends;
        lines.extend(call("        ", &format!("if not {function}"), &[value, low, high], "):"));
        lines.push(format!("            return \"{name}\""));
    } else if has_ranges(schema, field.ty) {
        lines.extend(inner_check(schema, field.ty, name, &format!("self.{name}"), "        "));
    }
    lines
}

/// The lines that tell whether something in a struct, in a variant or in an array of them is out of its range.
pub(super) fn inner_check(
    schema: &Schema,
    ty: crate::model::TypeId,
    name: &str,
    value: &str,
    indent: &str,
) -> Vec<String> {
    if matches!(schema.types[ty].kind, TypeKind::Array { .. }) {
        let class = class(schema, shape(schema, ty).1).unwrap_or_default();
        let mut lines = call(indent, "inner = _outside(", &[value.to_owned(), class], ")");
        lines.push(format!("{indent}if inner is not None:"));
        lines.push(format!("{indent}    return f\"{name}{{inner}}\""));
        return lines;
    }
    vec![
        format!("{indent}inner = {value}.out_of_range()"),
        format!("{indent}if inner is not None:"),
        format!("{indent}    return f\"{name}.{{inner}}\""),
    ]
}

fn entry(schema: &Schema, field: &Field, own: &dyn Fn(&str) -> String) -> String {
    let value = access(schema, &field.name, field.ty, own).copied(&format!("self.{}", field.name));
    format!("            \"{}\": {value},", field.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtins_hidden_by_a_member_are_spelled_in_full() {
        let own = speller(["str", "x"].into_iter());
        assert_eq!((own("str"), own("int"), own("dict")), ("_builtins.str".into(), "int".into(), "dict".into()));
    }
}
