//! What a Rust program has registered, as a schema: descriptions to text, which is compiled and compared before anybody gets
//! to see it.

use std::collections::{BTreeMap, HashSet};

use zeroipc_layout::encode::encoded_len;
use zeroipc_layout::{EnumDesc, Flavour, Scalar, StructDesc, TypeDesc, fingerprint};

use crate::compiler::{Compiler, Error};
use crate::emit::{self, Target};
use crate::model::describe::describe;
use crate::model::{Schema, TAG};
use crate::names;
use crate::source::Source;

/// The schema of the types that a Rust program shares, such as `zeroipc::layouts()` lists them, and of the types inside.
///
/// Compiling it gives every type the layout and the fingerprints that it has in the program. What descriptions do not
/// hold is not in it: documentation, constants, ranges and defaults. The order of `layouts` makes no difference.
///
/// # Errors
/// [`Error::Registered`] for two different types of one name, and for a type that no schema can describe, such as a variant
/// that keeps room for more than its cases. [`Error::Schema`] for names that a schema cannot have.
///
/// # Examples
/// ```
/// use zeroipc_layout::{FieldDesc, Scalar, StructDesc, TypeDesc};
///
/// // With the runtime: `schema_of(zeroipc::layouts(), "robot.nav")`.
/// let x = FieldDesc { name: "x", offset: 0, unit: "m", ty: &TypeDesc::Scalar(Scalar::F64) };
/// let pose = TypeDesc::Struct(&StructDesc { name: "Pose", size: 8, align: 8, fields: &[x] });
///
/// let schema = zeroipc_codegen::schema_of([&pose], "robot.nav")?;
/// assert_eq!(schema, "zipc 1;\nnamespace robot.nav;\n\nstruct Pose {\n    x: f64 @unit(\"m\");\n}\n");
/// # Ok::<(), zeroipc_codegen::Error>(())
/// ```
pub fn schema_of<'a>(layouts: impl IntoIterator<Item = &'a TypeDesc<'a>>, namespace: &str) -> Result<String, Error> {
    let mut layouts: Vec<&TypeDesc<'_>> = layouts.into_iter().collect();
    layouts.sort_by_key(|layout| name(layout));
    let mut types = Types::default();
    for layout in layouts {
        if let Err(why) = encoded_len(layout) {
            return Err(Error::Registered(format!("`{}` cannot be described: {why}", name(layout))));
        }
        types.add(layout)?;
    }
    if !namespace.split('.').all(names::is_namespace) {
        return Err(Error::Registered(format!("`{namespace}` is no namespace; write one such as `robot.nav`")));
    }
    let text = format!("zipc 1;\nnamespace {namespace};\n{}", types.text()?);
    let source = Source { name: "<registered>".to_owned(), stem: "registered".to_owned(), text };
    let checked = Compiler::new().source(source).check()?;
    let schema = checked.roots.first().and_then(|root| checked.units[*root].schema.as_deref());
    // What was checked has a schema.
    let Some(schema) = schema else { return Ok(String::new()) };
    types.written().try_for_each(|ty| compare(ty, schema))?;
    Ok(emit::emit(schema, Target::Zipc, false))
}

/// The name of a type that has one.
fn name<'a>(ty: &TypeDesc<'a>) -> &'a str {
    match ty {
        TypeDesc::Enum(desc) => desc.name,
        TypeDesc::Struct(desc) => desc.name,
        TypeDesc::Array { elem, .. } => name(elem),
        TypeDesc::Scalar(_) | TypeDesc::Str { .. } | TypeDesc::Opaque { .. } => "",
    }
}

/// Everything that has a name.
#[derive(Default)]
struct Types<'a> {
    known: BTreeMap<&'a str, &'a TypeDesc<'a>>,
    /// Each behind those that it contains.
    ordered: Vec<&'a TypeDesc<'a>>,
}

impl<'a> Types<'a> {
    fn add(&mut self, ty: &'a TypeDesc<'a>) -> Result<(), Error> {
        match ty {
            TypeDesc::Scalar(_) | TypeDesc::Str { .. } => return Ok(()),
            TypeDesc::Opaque { size } => {
                return Err(Error::Registered(format!(
                    "{size} bytes of which nothing is known have no place in a schema"
                )));
            }
            TypeDesc::Array { elem, .. } => return self.add(elem),
            TypeDesc::Enum(_) | TypeDesc::Struct(_) => {}
        }
        if let Some(known) = self.known.get(name(ty)) {
            return if *known == ty { Ok(()) } else { Err(clash(name(ty))) };
        }
        self.known.insert(name(ty), ty);
        if let TypeDesc::Struct(desc) = ty {
            desc.fields.iter().filter(|field| !field.is_padding()).try_for_each(|field| self.add(field.ty))?;
        }
        self.ordered.push(ty);
        Ok(())
    }

    /// What is written down: the tag of a variant is part of that.
    fn written(&self) -> impl Iterator<Item = &'a TypeDesc<'a>> {
        let tags: HashSet<String> = self.ordered.iter().filter_map(|ty| tag_of_variant(ty)).collect();
        let is_tag = move |ty: &TypeDesc<'_>| matches!(ty, TypeDesc::Enum(desc) if tags.contains(desc.name));
        self.ordered.iter().copied().filter(move |ty| !is_tag(ty))
    }

    fn text(&self) -> Result<String, Error> {
        let mut text = String::new();
        for ty in self.written() {
            match ty {
                TypeDesc::Enum(desc) => text.push_str(&enumeration(desc)),
                TypeDesc::Struct(desc) => match tag(desc) {
                    Some(tag) => text.push_str(&variant(desc, tag)?),
                    None => text.push_str(&structure(desc)?),
                },
                _ => {}
            }
        }
        Ok(text)
    }
}

fn clash(name: &str) -> Error {
    Error::Registered(format!(
        "two types are called `{name}` and differ; give one of them another name for other languages"
    ))
}

/// How a schema spells a type.
fn spelled(ty: &TypeDesc<'_>) -> String {
    match ty {
        TypeDesc::Scalar(scalar) => scalar.name().to_owned(),
        TypeDesc::Str { len } => format!("str[{len}]"),
        TypeDesc::Array { count, elem } => format!("[{}; {count}]", spelled(elem)),
        TypeDesc::Enum(_) | TypeDesc::Struct(_) | TypeDesc::Opaque { .. } => name(ty).to_owned(),
    }
}

/// The number of a value, which descriptions store as its two's complement.
fn number(repr: Scalar, value: i64) -> i128 {
    if repr.is_signed() { i128::from(value) } else { i128::from(value as u64) }
}

fn enumeration(desc: &EnumDesc<'_>) -> String {
    let (word, closed) = match desc.flavour {
        Flavour::Flags => ("flags", ""),
        Flavour::Closed => ("enum", " @closed"),
        _ => ("enum", ""),
    };
    let values = desc.values.iter().map(|value| format!("{} = {},\n", value.name, number(desc.repr, value.value)));
    format!("{word} {}: {}{closed} {{\n{}}}\n", desc.name, desc.repr.name(), values.collect::<String>())
}

/// The struct's fields, with reserved bytes where it has none.
fn structure(desc: &StructDesc<'_>) -> Result<String, Error> {
    let (mut text, mut end, mut natural) = (String::new(), 0u64, 1u64);
    for field in desc.fields.iter().filter(|field| !field.is_padding()) {
        let offset = u64::from(field.offset);
        let Some(gap) = offset.checked_sub(end) else {
            let (name, field) = (desc.name, field.name);
            return Err(Error::Registered(format!(
                "`{name}` has a field `{field}` on top of another, and is no variant"
            )));
        };
        text.push_str(&reserved(gap));
        let unit = if field.unit.is_empty() { String::new() } else { format!(" @unit({})", emit::quoted(field.unit)) };
        text.push_str(&format!("{}: {}{unit};\n", field.name, spelled(field.ty)));
        (end, natural) = (offset + field.ty.size(), natural.max(field.ty.align()));
    }
    text.push_str(&reserved(u64::from(desc.size).saturating_sub(end)));
    let align = if u64::from(desc.align) > natural { format!(" @align({})", desc.align) } else { String::new() };
    Ok(format!("struct {}{align} {{\n{text}}}\n", desc.name))
}

fn reserved(bytes: u64) -> String {
    if bytes == 0 { String::new() } else { format!("reserved {bytes};\n") }
}

// --- variants ---

/// The tag of a struct that is a variant: a tag in front, and several fields at one offset behind it.
fn tag<'a>(desc: &StructDesc<'a>) -> Option<&'a EnumDesc<'a>> {
    let mut fields = desc.fields.iter().filter(|field| !field.is_padding());
    let tag = fields.next().filter(|tag| tag.name == TAG && tag.offset == 0)?;
    let TypeDesc::Enum(tag) = tag.ty else { return None };
    let (first, mut others) = (fields.next()?, fields.peekable());
    others.peek()?;
    others.all(|other| other.offset == first.offset).then_some(tag)
}

/// The name of the tag that a schema gives a variant by itself.
fn tag_of_variant(ty: &TypeDesc<'_>) -> Option<String> {
    let TypeDesc::Struct(desc) = ty else { return None };
    tag(desc).map(|_| format!("{}Tag", desc.name))
}

/// A case for each value of the tag, with the field of its name.
fn variant(desc: &StructDesc<'_>, tag: &EnumDesc<'_>) -> Result<String, Error> {
    let case = |value: &str| value.to_lowercase();
    let mut values: Vec<_> = tag.values.iter().collect();
    values.sort_by_key(|value| number(tag.repr, value.value));
    let payloads = desc.fields.iter().filter(|field| !field.is_padding()).skip(1);
    if let Some(stray) = payloads.clone().find(|field| !values.iter().any(|value| case(value.name) == field.name)) {
        let (name, field, tag) = (desc.name, stray.name, tag.name);
        return Err(Error::Registered(format!(
            "`{name}` has a case `{field}`, and `{tag}` has no value `{}`; name the tag's values after the cases",
            field.to_uppercase()
        )));
    }
    let cases = values.iter().map(|value| {
        let payload = payloads.clone().find(|field| case(value.name) == field.name);
        let ty = payload.map(|field| format!(": {}", spelled(field.ty))).unwrap_or_default();
        format!("{}{ty} = {},\n", case(value.name), number(tag.repr, value.value))
    });
    Ok(format!("variant {}: {} {{\n{}}}\n", desc.name, tag.repr.name(), cases.collect::<String>()))
}

/// Refuses a type that came out as another one.
fn compare(ty: &TypeDesc<'_>, schema: &Schema) -> Result<(), Error> {
    let name = name(ty);
    let enums = schema.own_enums().map(|item| (&item.name, item.ty));
    let structs = schema.own_structs().map(|item| (&item.name, item.ty));
    let variants = schema.own_variants().map(|item| (&item.name, item.ty));
    let found = enums.chain(structs).chain(variants).find(|(known, _)| *known == name);
    let same = found.is_some_and(|(_, id)| {
        let described = describe(schema, id);
        described.layout == fingerprint::layout(ty) && described.schema == fingerprint::schema(ty)
    });
    if same {
        return Ok(());
    }
    Err(Error::Registered(format!(
        "no schema gives `{name}` the bytes and values that it has here; a variant has an open enum as its tag, and the size \
         that its cases need"
    )))
}
