//! What the tokens alone show to be wrong. Sizes, and whether a named type is shareable, are left to the compiler.

use std::collections::HashSet;

use quote::ToTokens;
use syn::{Data, DataEnum, Expr, Fields, GenericParam, Ident, Lit, Type};
use zeroipc_layout::limits::MAX_DESCRIPTION_NAME;

use crate::errors::{Errors, Mistake};
use crate::input::{Field, Input};
use crate::repr::Repr;

/// How many parameters that are numbers a struct may have: every pair of small values is tried.
const MAX_NUMBER_PARAMETERS: usize = 2;

pub(crate) fn check(input: &Input<'_>, errors: &Errors) {
    check_kind(input, errors);
    check_parameters(input, errors);
    check_shape(input, errors);
    check_type_name(input, errors);
    for field in &input.fields {
        check_field_name(field, errors);
        check_unit(input, field, errors);
        check_field_type(field, &field.original.ty, errors);
    }
    check_names_differ(input, errors);
}

/// Only structs: an enum has numbers that mean nothing, a union has bytes that mean several things.
fn check_kind(input: &Input<'_>, errors: &Errors) {
    let ident = &input.original.ident;
    let name = &ident.to_string();
    match &input.original.data {
        Data::Struct(_) => {}
        Data::Enum(data) => errors.add(ident, Mistake::Enum { name, fix: &open_enum(input, data) }),
        Data::Union(_) => errors.add(ident, Mistake::Union { name }),
    }
}

/// The enum as `open_enum!` takes it, as far as its tokens tell.
fn open_enum(input: &Input<'_>, data: &DataEnum) -> String {
    let number = |path: &syn::Path| path.get_ident().map(ToString::to_string).filter(|name| is_whole(name));
    let mut repr = "u8".to_owned();
    for attribute in input.original.attrs.iter().filter(|attribute| attribute.path().is_ident("repr")) {
        // Whatever else stands there is not our concern: the enum is refused anyway.
        let _ = attribute.parse_nested_meta(|meta| {
            repr = number(&meta.path).unwrap_or_else(|| repr.clone());
            Ok(())
        });
    }
    let mut next = Some(0i128);
    let values = data.variants.iter().map(|variant| {
        let value = match &variant.discriminant {
            Some((_, value)) => {
                next = literal(value);
                value.to_token_stream().to_string()
            }
            None => next.map_or_else(|| "…".to_owned(), |value| value.to_string()),
        };
        next = next.map(|value| value + 1);
        format!("{} = {value}", variant.ident)
    });
    let values: Vec<_> = values.collect();
    format!("zeroipc::open_enum! {{ pub enum {}: {repr} {{ {} }} }}", input.original.ident, values.join(", "))
}

fn is_whole(name: &str) -> bool {
    matches!(name, "u8" | "u16" | "u32" | "u64" | "i8" | "i16" | "i32" | "i64")
}

fn literal(value: &Expr) -> Option<i128> {
    value.to_token_stream().to_string().replace(' ', "").parse().ok()
}

/// No type parameters, lifetimes and conditions; const parameters as many as can be tried.
fn check_parameters(input: &Input<'_>, errors: &Errors) {
    let (generics, ident) = (&input.original.generics, &input.original.ident);
    for parameter in &generics.params {
        match parameter {
            GenericParam::Type(ty) => errors.add(ty, Mistake::TypeParameter { name: &ty.ident.to_string() }),
            GenericParam::Lifetime(lifetime) => {
                errors.add(lifetime, Mistake::Lifetime { name: &lifetime.lifetime.to_string() });
            }
            GenericParam::Const(_) => {}
        }
    }
    if let Some(conditions) = generics.where_clause.as_ref().filter(|clause| !clause.predicates.is_empty()) {
        errors.add(conditions, Mistake::Where { name: &ident.to_string() });
    }
    // An alias of `usize` is not seen as such, so every other spelling counts as a number too.
    let is_number = |ty| !is_named(ty, "bool") && !is_named(ty, "char");
    if generics.const_params().filter(|parameter| is_number(&parameter.ty)).count() > MAX_NUMBER_PARAMETERS {
        errors.add(&generics.params, Mistake::ManyParameters { name: &ident.to_string() });
    }
}

/// Whether a type is spelled as this name.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Path(path) if path.qself.is_none() && path.path.is_ident(name))
}

/// At least one field, with names unless the struct is transparent; and then exactly one.
fn check_shape(input: &Input<'_>, errors: &Errors) {
    let Data::Struct(data) = &input.original.data else { return };
    let ident = &input.original.ident;
    let name = &ident.to_string();
    match (input.repr, &data.fields) {
        _ if data.fields.is_empty() => errors.add(ident, Mistake::Empty { name }),
        (Repr::Transparent, fields) if fields.len() > 1 => {
            errors.add(ident, Mistake::TransparentFields { name, fields: fields.len() });
        }
        (Repr::C, Fields::Unnamed(_)) => errors.add(ident, Mistake::TupleStruct { name, fix: &with_names(input) }),
        _ => {}
    }
}

/// A tuple struct with names for its fields.
fn with_names(input: &Input<'_>) -> String {
    let fields = input.fields.iter().map(|field| match &*field.rust_name {
        "0" if input.fields.len() == 1 => format!("value: {}", spelled(&field.original.ty)),
        index => format!("value_{index}: {}", spelled(&field.original.ty)),
    });
    let fields: Vec<_> = fields.collect();
    format!("struct {} {{ {} }}", input.original.ident, fields.join(", "))
}

/// A type as its user would write it.
fn spelled(ty: &Type) -> String {
    match ty {
        Type::Array(array) => format!("[{}; {}]", spelled(&array.elem), array.len.to_token_stream()),
        _ => ty.to_token_stream().to_string().replace(" :: ", "::").replace(" < ", "<").replace(" >", ">"),
    }
}

/// Names fit a description.
fn check_type_name(input: &Input<'_>, errors: &Errors) {
    check_len(&input.name, "struct's name", at(input.shm.rename.as_ref(), &input.original.ident), errors);
}

/// The attribute's value where there is one.
fn at<'a>(value: Option<&'a syn::LitStr>, otherwise: &'a dyn ToTokens) -> &'a dyn ToTokens {
    value.map_or(otherwise, |value| value as &dyn ToTokens)
}

fn check_len(text: &str, what: &str, at: &dyn ToTokens, errors: &Errors) {
    if text.len() > MAX_DESCRIPTION_NAME {
        let mistake = Mistake::NameTooLong { what, len: text.len(), max: MAX_DESCRIPTION_NAME };
        errors.add(at, mistake);
    }
}

/// Names fit a description, and only padding begins with `_`, on both sides of a `rename`.
fn check_field_name(field: &Field<'_>, errors: &Errors) {
    check_len(&field.name, "field's name", at(field.shm.rename.as_ref(), &field.member), errors);
    let Some(rename) = &field.shm.rename else { return };
    if field.is_padding() {
        errors.add(rename, Mistake::RenamedPadding { field: &field.rust_name });
    } else if field.name.starts_with('_') {
        errors.add(rename, Mistake::RenamedToPadding { name: &field.name });
    }
}

/// A unit belongs to a field that other languages see.
fn check_unit(input: &Input<'_>, field: &Field<'_>, errors: &Errors) {
    let Some(unit) = &field.shm.unit else { return };
    check_len(&unit.value(), "unit", unit, errors);
    if input.repr == Repr::Transparent {
        errors.add(unit, Mistake::UnitOnTransparent);
    } else if field.is_padding() {
        errors.add(unit, Mistake::UnitOnPadding { field: &field.rust_name });
    }
}

/// No two fields have one name for other languages.
fn check_names_differ(input: &Input<'_>, errors: &Errors) {
    let mut seen = HashSet::new();
    for field in input.fields.iter().filter(|field| !field.is_padding()) {
        if !seen.insert(&field.name) {
            errors.add(at(field.shm.rename.as_ref(), &field.member), Mistake::DuplicateName { name: &field.name });
        }
    }
}

/// No type whose spelling alone shows that it means something to one process or to Rust only.
fn check_field_type(field: &Field<'_>, ty: &Type, errors: &Errors) {
    let name = &*field.rust_name;
    match ty {
        Type::Array(array) => {
            if matches!(&array.len, Expr::Lit(len) if matches!(&len.lit, Lit::Int(n) if n.base10_digits() == "0")) {
                errors.add(ty, Mistake::EmptyField { field: name });
            }
            check_field_type(field, &array.elem, errors);
        }
        Type::Paren(inner) => check_field_type(field, &inner.elem, errors),
        Type::Group(inner) => check_field_type(field, &inner.elem, errors),
        Type::Path(path) => {
            if let Some(primitive) = primitive(path) {
                check_primitive(field, ty, &primitive.to_string(), errors);
            }
        }
        Type::Reference(_) => errors.add(ty, Mistake::Reference { field: name }),
        Type::Ptr(_) => errors.add(ty, Mistake::RawPointer { field: name, fix: &written(field, "u64") }),
        Type::FnPtr(_) => errors.add(ty, Mistake::Function { field: name }),
        Type::Tuple(tuple) if tuple.elems.is_empty() => errors.add(ty, Mistake::EmptyField { field: name }),
        Type::Tuple(tuple) => errors.add(ty, Mistake::Tuple { field: name, fix: &split_tuple(name, tuple) }),
        Type::Slice(_) | Type::TraitObject(_) | Type::ImplTrait(_) | Type::Never(_) => {
            errors.add(ty, Mistake::Unsized { field: name });
        }
        _ => {}
    }
}

/// `bool`, or `bool` in `std::primitive`.
fn primitive(path: &syn::TypePath) -> Option<&Ident> {
    let last = path.path.segments.last().filter(|last| path.qself.is_none() && last.arguments.is_none())?;
    let len = path.path.segments.len();
    (len == 1 || path.path.segments[len - 2].ident == "primitive").then_some(&last.ident)
}

fn check_primitive(field: &Field<'_>, ty: &Type, primitive: &str, errors: &Errors) {
    let name = &*field.rust_name;
    match primitive {
        "bool" => errors.add(ty, Mistake::Bool { field: name, fix: &written(field, "zeroipc::Bool8") }),
        "char" => errors.add(ty, Mistake::Char { field: name, fix: &written(field, "u32") }),
        "usize" => errors.add(ty, Mistake::PointerWidth { field: name, ty: primitive, fix: &written(field, "u64") }),
        "isize" => errors.add(ty, Mistake::PointerWidth { field: name, ty: primitive, fix: &written(field, "i64") }),
        "u128" | "i128" => {
            errors.add(ty, Mistake::Wide { field: name, ty: primitive, fix: &written(field, "[u64; 2]") });
        }
        _ => {}
    }
}

/// The field as it should be written: with another type at the bottom of its arrays.
fn written(field: &Field<'_>, leaf: &str) -> String {
    fn with_leaf(ty: &Type, leaf: &str) -> String {
        match ty {
            Type::Array(array) => format!("[{}; {}]", with_leaf(&array.elem, leaf), array.len.to_token_stream()),
            _ => leaf.to_owned(),
        }
    }
    let ty = with_leaf(&field.original.ty, leaf);
    match &field.original.ident {
        Some(name) => format!("{name}: {ty},"),
        None => ty,
    }
}

/// A field for each member of a tuple.
fn split_tuple(field: &str, tuple: &syn::TypeTuple) -> String {
    let fields = tuple.elems.iter().enumerate().map(|(i, ty)| format!("`{field}_{i}: {},`", spelled(ty)));
    fields.collect::<Vec<_>>().join(" ")
}
