//! How one member of a record is read and written, by its type.

use super::lines::call;
use super::names;
use super::types::{class, dtype, element, is_opaque, shape};
use crate::model::{Flavour, Schema, TypeId, TypeKind};
use zeroipc_layout::Scalar;

/// A member of a record in the terms of Python.
pub(super) struct Access {
    /// What reading gives.
    pub(super) gives: String,
    /// What can be written.
    pub(super) takes: String,
    /// The lines that return what is read.
    pub(super) get: Vec<String>,
    /// The open bracket, the arguments and the closed one of the expression that is stored for `value`.
    put: (String, Vec<String>, String),
    /// Behind the value in `to_dict`, or around it.
    copied: Copied,
}

enum Copied {
    Itself,
    Method(&'static str),
    Function(&'static str, Option<String>),
}

const INDENT: &str = "        ";

/// How the member `name` is read and written. `own` says how the class spells a builtin.
pub(super) fn access(schema: &Schema, name: &str, ty: TypeId, own: &dyn Fn(&str) -> String) -> Access {
    let raw = format!("self._record[\"{name}\"]");
    let get = |function: &str, before: &[String]| {
        let arguments = before.iter().cloned().chain([raw.clone()]).collect::<Vec<_>>();
        call(INDENT, &format!("return {function}("), &arguments, ")")
    };
    let put = stored(schema, name, ty);
    match schema.types[ty].kind {
        TypeKind::Scalar(scalar) => {
            let function = match scalar {
                Scalar::Bool8 => "bool",
                Scalar::F16 | Scalar::F32 | Scalar::F64 => "float",
                Scalar::Complex64 | Scalar::Complex128 => "complex",
                _ => "int",
            };
            let class = own(function);
            Access { gives: class.clone(), takes: class, get: get(function, &[]), put, copied: Copied::Itself }
        }
        TypeKind::Enum(i) => {
            let item = &schema.enums[i];
            let class = names::qualified(item.module.as_ref(), &item.name);
            if item.flavour == Flavour::Flags {
                let get = call(INDENT, &format!("return {class}("), &[format!("int({raw})")], ")");
                return Access { gives: class.clone(), takes: class, get, put, copied: Copied::Itself };
            }
            let get = call(INDENT, "return _named(", &[class.clone(), format!("int({raw})")], ")");
            let gives = format!("{class} | int");
            Access { gives: gives.clone(), takes: gives, get, put, copied: Copied::Itself }
        }
        TypeKind::Str(_) => {
            Access { gives: own("str"), takes: own("str"), get: get("_decoded", &[]), put, copied: Copied::Itself }
        }
        TypeKind::Struct(_) | TypeKind::Variant(_) => {
            let class = class(schema, ty).unwrap_or_default();
            let copied = Copied::Method(".to_dict()");
            Access { gives: class.clone(), takes: class.clone(), get: get(&class, &[]), put, copied }
        }
        TypeKind::Array { .. } => {
            let array = format!("npt.NDArray[np.{}]", element(schema, ty));
            let (_, elem) = shape(schema, ty);
            let seen = if is_opaque(schema, ty) { format!(".view({})", dtype(schema, elem)) } else { String::new() };
            let get = call(INDENT, "return cast(", &[format!("\"{array}\""), format!("{raw}{seen}")], ")");
            let copied = match schema.types[elem].kind {
                TypeKind::Struct(_) | TypeKind::Variant(_) => Copied::Function("_dicts", class(schema, elem)),
                TypeKind::Str(_) => Copied::Function("_texts", None),
                _ => Copied::Method(".tolist()"),
            };
            Access { gives: array, takes: "npt.ArrayLike".to_owned(), get, put, copied }
        }
    }
}

/// The expression that is stored for `value` in the member `name`: it refuses what it would have to change.
fn stored(schema: &Schema, name: &str, ty: TypeId) -> (String, Vec<String>, String) {
    let value = || "value".to_owned();
    let (_, elem) = shape(schema, ty);
    let (function, limit) = fit(schema, elem);
    match schema.types[ty].kind {
        TypeKind::Struct(_) | TypeKind::Variant(_) => {
            (format!("{function}("), ["value.record".to_owned()].into_iter().chain(limit).collect(), ")".to_owned())
        }
        TypeKind::Array { .. } => {
            let target = format!("self.DTYPE[\"{name}\"]");
            let arguments = [value(), target, function.to_owned()].into_iter().chain(limit).collect();
            ("_array(".to_owned(), arguments, ")".to_owned())
        }
        _ => (format!("{function}("), [value()].into_iter().chain(limit).collect(), ")".to_owned()),
    }
}

/// The helper that refuses what does not fit into one element, and what it is told about the room.
fn fit(schema: &Schema, elem: TypeId) -> (&'static str, Option<String>) {
    let number = |number: Scalar| {
        let function = match number {
            Scalar::Bool8 => return ("_truth", None),
            Scalar::F16 | Scalar::F32 | Scalar::F64 => "_real",
            Scalar::Complex64 | Scalar::Complex128 => "_complex",
            number if number.is_signed() => "_signed",
            _ => "_unsigned",
        };
        (function, Some((8 * number.size()).to_string()))
    };
    match schema.types[elem].kind {
        TypeKind::Scalar(scalar) => number(scalar),
        TypeKind::Enum(i) => number(schema.enums[i].repr),
        TypeKind::Str(len) => ("_encoded", Some(len.to_string())),
        TypeKind::Struct(_) | TypeKind::Variant(_) | TypeKind::Array { .. } => ("_checked", Some(dtype(schema, elem))),
    }
}

impl Access {
    /// The lines that store `value` in the record.
    pub(super) fn set(&self, name: &str) -> Vec<String> {
        let (open, arguments, close) = &self.put;
        call(INDENT, &format!("self._record[\"{name}\"] = {open}"), arguments, close)
    }

    /// What is stored for `value`.
    pub(super) fn stored(&self) -> String {
        let (open, arguments, close) = &self.put;
        format!("{open}{}{close}", arguments.join(", "))
    }

    /// A copy of the value `expression` without any reference to the record.
    pub(super) fn copied(&self, expression: &str) -> String {
        match &self.copied {
            Copied::Itself => expression.to_owned(),
            Copied::Method(method) => format!("{expression}{method}"),
            Copied::Function(function, None) => format!("{function}({expression})"),
            Copied::Function(function, Some(class)) => format!("{function}({expression}, {class})"),
        }
    }
}
