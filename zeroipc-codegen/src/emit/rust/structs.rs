//! Structs: their fields, what is asserted about them, and their defaults, ranges and null values.

use zeroipc_layout::Scalar;

use super::code::{Code, SKIP, assertion, is_wide, width};
use super::view::allow_near;
use super::{code, doc, enums, literal, names};
use crate::case;
use crate::model::{self, Literal, Schema, TypeId, TypeKind};

pub(super) struct Struct {
    pub(super) doc: Vec<String>,
    /// Above the struct, behind what every struct has.
    pub(super) attributes: Vec<String>,
    /// Above everything else that mentions the struct.
    pub(super) allow: Vec<String>,
    pub(super) name: String,
    pub(super) repr: String,
    /// All lines of the fields.
    pub(super) fields: Vec<String>,
    pub(super) assertions: Vec<Vec<String>>,
    /// Whether there is a `DEFAULT`, the first of the helpers.
    pub(super) default: bool,
    /// Constants and methods, with a blank line between them.
    pub(super) helpers: Vec<Vec<String>>,
}

/// The largest type that is handed out by value: a constant that is larger costs compilers time and programs their stack.
pub(super) const LARGEST_VALUE: u64 = 1 << 20;

pub(super) fn structure(schema: &Schema, item: &model::Struct, bare: bool, allow: &[String]) -> Struct {
    let raised = item.align > item.natural_align;
    let fields: Vec<String> = item.fields.iter().flat_map(|field| member(schema, field, bare)).collect();
    let mut facts = doc::facts(&item.meta);
    if item.size > LARGEST_VALUE {
        facts.push("It is too large for a `DEFAULT`, which would be on the stack.".to_owned());
    }
    let mut attributes = doc::deprecated(0, &item.meta);
    attributes.extend(allow.iter().cloned());
    // Only definitions count: long documentation is no matter of width.
    attributes.extend(is_wide(fields.iter().filter(|line| !line.contains("///"))).then(|| SKIP.to_owned()));
    Struct {
        doc: doc::doc(0, &item.doc, &format!("A struct of {} bytes.", item.size), &facts),
        attributes,
        allow: allow.to_vec(),
        name: item.name.clone(),
        repr: if raised { format!("C, align({})", item.align) } else { "C".to_owned() },
        fields,
        assertions: assertions(schema, item, bare),
        default: item.size <= LARGEST_VALUE,
        helpers: helpers(schema, item, bare),
    }
}

fn member(schema: &Schema, field: &model::Field, bare: bool) -> Vec<String> {
    let otherwise = match schema.types[field.ty].kind {
        _ if field.reserved => "Reserved; zero.".to_owned(),
        TypeKind::Str(_) if bare => format!("At offset {}; UTF-8, filled up with NUL.", field.offset),
        _ => format!("At offset {}.", field.offset),
    };
    let mut facts: Vec<String> = meaning(schema, field.ty).filter(|_| bare).map(str::to_owned).into_iter().collect();
    facts.extend(doc::field_facts(schema, field));
    let mut lines = doc::doc(4, &field.doc, &otherwise, &facts);
    let mut shm = Vec::new();
    if !field.unit.is_empty() {
        shm.push(format!("unit = {}", literal::text(&field.unit)));
    }
    if let Some(was) = &field.was {
        shm.push(format!("rename = {}", literal::text(was)));
    }
    if !bare && !shm.is_empty() {
        lines.push(format!("    #[shm({})]", shm.join(", ")));
    }
    lines.extend(doc::deprecated(4, &field.meta));
    lines.extend(declaration(&field.name, &names::ty(schema, field.ty, bare)));
    lines
}

/// What the plain numbers of bare output mean, where they stand for something that Rust has not.
fn meaning(schema: &Schema, ty: TypeId) -> Option<&'static str> {
    match schema.types[ty].kind {
        TypeKind::Array { elem, .. } => meaning(schema, elem),
        TypeKind::Scalar(Scalar::Bool8) => Some("0 is false, everything else true."),
        TypeKind::Scalar(Scalar::F16) => Some("The bits of a half-precision number."),
        TypeKind::Scalar(Scalar::Complex64 | Scalar::Complex128) => Some("The real part, then the imaginary one."),
        TypeKind::Scalar(_) | TypeKind::Str(_) | TypeKind::Enum(_) | TypeKind::Struct(_) | TypeKind::Variant(_) => None,
    }
}

/// A field with its type, on two lines where one is too short.
pub(super) fn declaration(name: &str, ty: &str) -> Vec<String> {
    let line = format!("    pub {name}: {ty},");
    if width(&line) <= code::WIDTH { vec![line] } else { vec![format!("    pub {name}:"), format!("        {ty},")] }
}

fn assertions(schema: &Schema, item: &model::Struct, bare: bool) -> Vec<Vec<String>> {
    let mut asserted = places(&item.name, item.size, item.align);
    for field in &item.fields {
        asserted.push(place(&item.name, &field.name, field.offset));
    }
    if !bare {
        asserted.push(enums::fingerprint(schema, &item.name, item.ty));
    }
    asserted
}

/// That a type has a size and an alignment.
pub(super) fn places(name: &str, size: u64, align: u64) -> Vec<Vec<String>> {
    let bytes = literal::number(i128::from(size), false);
    vec![
        assertion(&format!("::core::mem::size_of::<{name}>() == {bytes}"), &format!("`{name}` has {size} bytes")),
        assertion(&format!("::core::mem::align_of::<{name}>() == {align}"), &format!("`{name}` is aligned to {align}")),
    ]
}

/// That a field lies where it has to.
pub(super) fn place(name: &str, field: &str, offset: u64) -> Vec<String> {
    let at = literal::number(i128::from(offset), false);
    assertion(
        &format!("::core::mem::offset_of!({name}, {field}) == {at}"),
        &format!("`{field}` of `{name}` lies at {offset}"),
    )
}

/// `DEFAULT`: what the schema says each field starts as, and zero.
fn default(schema: &Schema, item: &model::Struct, bare: bool) -> Vec<String> {
    let fields = item.fields.iter().map(|field| {
        let value = match &field.default {
            Some(literal) => literal::value(schema, field.ty, literal, bare),
            None => literal::zero(schema, field.ty, bare),
        };
        (field.name.clone(), value)
    });
    let value = Code::Struct("Self".to_owned(), fields.collect());
    let definition = value.lines(4, "pub const DEFAULT: Self = ", ";");
    let mut lines =
        vec!["    /// How a new one starts: with the defaults of the schema, and zero elsewhere.".to_owned()];
    lines.extend(allow_near(4, item.fields.iter().filter_map(|field| field.default.as_ref())));
    lines.extend(is_wide(&definition).then(|| format!("    {SKIP}")));
    lines.extend(definition);
    lines
}

fn helpers(schema: &Schema, item: &model::Struct, bare: bool) -> Vec<Vec<String>> {
    let mut helpers = Vec::new();
    if item.size <= LARGEST_VALUE {
        helpers.push(default(schema, item, bare));
    }
    for field in &item.fields {
        let (scalar, upper) = (leaf(schema, field.ty), case::upper(&field.name));
        if let (Some(scalar), Some((low, high))) = (scalar, &field.range) {
            let ends = [("MIN", "smallest", low), ("MAX", "largest", high)];
            helpers.extend(ends.map(|(end, word, literal)| {
                let (ty, value) = (names::number(scalar, bare), literal::scalar(literal, scalar, bare));
                let said = format!("The {word} `{}` that makes sense.", field.name);
                constant(&format!("{upper}_{end}"), ty, value, &said, literal)
            }));
        }
        if let Some(null) = &field.null {
            let (ty, value) = (names::ty(schema, field.ty, bare), literal::value(schema, field.ty, null, bare).flat());
            let said = format!("The `{}` that means that there is none.", field.name);
            helpers.push(constant(&format!("{upper}_NULL"), &ty, value, &said, null));
        }
    }
    let checks: Vec<String> = item.fields.iter().flat_map(|field| check(schema, field, bare)).collect();
    if !checks.is_empty() {
        helpers.push(out_of_range(&checks));
    }
    helpers.extend(item.fields.iter().filter_map(|field| or_none(schema, field, bare)));
    helpers
}

fn constant(name: &str, ty: &str, value: String, said: &str, literal: &Literal) -> Vec<String> {
    let definition = Code::Text(value).lines(4, &format!("pub const {name}: {ty} = "), ";");
    let mut lines = vec![format!("    /// {said}")];
    lines.extend(allow_near(4, std::iter::once(literal)));
    lines.extend(is_wide(&definition).then(|| format!("    {SKIP}")));
    lines.extend(definition);
    lines
}

/// The number at the bottom of arrays.
fn leaf(schema: &Schema, ty: TypeId) -> Option<Scalar> {
    match schema.types[ty].kind {
        TypeKind::Scalar(scalar) => Some(scalar),
        TypeKind::Array { elem, .. } => leaf(schema, elem),
        TypeKind::Str(_) | TypeKind::Enum(_) | TypeKind::Struct(_) | TypeKind::Variant(_) => None,
    }
}

/// Whether a helper of the field compares half-precision numbers, for which bare output has no operators.
pub(super) fn compares_half(schema: &Schema, field: &model::Field) -> bool {
    leaf(schema, field.ty) == Some(Scalar::F16) && (field.range.is_some() || field.null.is_some())
}

/// A number as something that can be compared.
fn comparable(expression: &str, scalar: Option<Scalar>, bare: bool) -> String {
    if bare && scalar == Some(Scalar::F16) { format!("{}({expression})", names::HALF) } else { expression.to_owned() }
}

/// The statement that finds a field outside of its range.
fn check(schema: &Schema, field: &model::Field, bare: bool) -> Vec<String> {
    if field.range.is_none() {
        return Vec::new();
    }
    let (name, upper, scalar) = (&field.name, case::upper(&field.name), leaf(schema, field.ty));
    let end = |end: &str| comparable(&format!("Self::{upper}_{end}"), scalar, bare);
    let range = format!("({}..={})", end("MIN"), end("MAX"));
    let mut condition = match schema.types[field.ty].kind {
        TypeKind::Array { elem, .. } => {
            let flatten = ".flatten()".repeat(depth(schema, elem));
            let value = if bare && scalar == Some(Scalar::F16) {
                format!("&{}", comparable("*value", scalar, bare))
            } else {
                "value".to_owned()
            };
            format!("self.{name}.iter(){flatten}.any(|value| !{range}.contains({value}))")
        }
        _ => format!("!{range}.contains(&{})", comparable(&format!("self.{name}"), scalar, bare)),
    };
    if let Some(null) = &field.null {
        condition = format!("{} && {condition}", is_null(field, null, scalar, bare, false));
    }
    let line = format!("        if {condition} {{");
    let mut lines = match condition.split_once(" && ") {
        Some((first, second)) if width(&line) > code::WIDTH => {
            vec![format!("        if {first}"), format!("            && {second}"), "        {".to_owned()]
        }
        _ => vec![line],
    };
    lines.extend([format!("            return Some({});", literal::text(name)), "        }".to_owned()]);
    lines
}

fn depth(schema: &Schema, ty: TypeId) -> usize {
    match schema.types[ty].kind {
        TypeKind::Array { elem, .. } => 1 + depth(schema, elem),
        _ => 0,
    }
}

/// The condition that a field has its null value, or has it not.
fn is_null(field: &model::Field, null: &Literal, scalar: Option<Scalar>, bare: bool, expected: bool) -> String {
    let value = comparable(&format!("self.{}", field.name), scalar, bare);
    match null {
        Literal::Float(null) if null.is_nan() => format!("{}{value}.is_nan()", if expected { "" } else { "!" }),
        _ => {
            let null = comparable(&format!("Self::{}_NULL", case::upper(&field.name)), scalar, bare);
            format!("{value} {} {null}", if expected { "==" } else { "!=" })
        }
    }
}

fn out_of_range(checks: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = [
        "    /// The name of the first field that lies outside of its range, if there is one. A null value is inside, and",
        "    /// structs within are not looked at.",
    ]
    .map(str::to_owned)
    .to_vec();
    lines.extend(is_wide(checks).then(|| format!("    {SKIP}")));
    lines.push("    pub fn out_of_range(&self) -> Option<&'static str> {".to_owned());
    lines.extend(checks.iter().cloned());
    lines.extend(["        None".to_owned(), "    }".to_owned()]);
    lines
}

/// The method that gives a field or `None`.
fn or_none(schema: &Schema, field: &model::Field, bare: bool) -> Option<Vec<String>> {
    let null = field.null.as_ref()?;
    let (name, ty) = (&field.name, names::ty(schema, field.ty, bare));
    let condition = is_null(field, null, leaf(schema, field.ty), bare, true);
    let mut body = vec![
        format!("    pub fn {name}_or_none(&self) -> Option<{ty}> {{"),
        format!("        if {condition} {{ None }} else {{ Some(self.{name}) }}"),
        "    }".to_owned(),
    ];
    let skip = is_wide(&body).then(|| format!("    {SKIP}"));
    let mut lines = vec![format!("    /// `{name}`, or `None` where it is null.")];
    lines.extend(doc::deprecated(4, &field.meta));
    lines.extend(skip);
    lines.append(&mut body);
    Some(lines)
}
