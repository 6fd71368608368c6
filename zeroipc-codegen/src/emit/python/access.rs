//! How one member of a record is read and written, by its type.

use super::lines::call;
use super::names;
use super::types::{bytes, class, dtype, element, is_opaque, shape};
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
    let plain = || (String::new(), vec!["value".to_owned()], String::new());
    let whole = |number: Scalar| {
        let function = if number.is_signed() { "_signed(" } else { "_unsigned(" };
        (function.to_owned(), vec!["value".to_owned(), (8 * number.size()).to_string()], ")".to_owned())
    };
    match schema.types[ty].kind {
        TypeKind::Scalar(scalar) => {
            let function = match scalar {
                Scalar::Bool8 => "bool",
                Scalar::F16 | Scalar::F32 | Scalar::F64 => "float",
                Scalar::Complex64 | Scalar::Complex128 => "complex",
                _ => "int",
            };
            let class = own(function);
            let put = if scalar.is_integer() { whole(scalar) } else { plain() };
            Access { gives: class.clone(), takes: class, get: get(function, &[]), put, copied: Copied::Itself }
        }
        TypeKind::Enum(i) => {
            let item = &schema.enums[i];
            let class = names::qualified(item.module.as_ref(), &item.name);
            let put = whole(item.repr);
            if item.flavour == Flavour::Flags {
                let get = call(INDENT, &format!("return {class}("), &[format!("int({raw})")], ")");
                return Access { gives: class.clone(), takes: class, get, put, copied: Copied::Itself };
            }
            let get = call(INDENT, "return _named(", &[class.clone(), format!("int({raw})")], ")");
            let gives = format!("{class} | int");
            Access { gives: gives.clone(), takes: gives, get, put, copied: Copied::Itself }
        }
        TypeKind::Str(len) => {
            let put = ("_encoded(".to_owned(), vec!["value".to_owned(), len.to_string()], ")".to_owned());
            Access { gives: own("str"), takes: own("str"), get: get("_decoded", &[]), put, copied: Copied::Itself }
        }
        TypeKind::Struct(_) | TypeKind::Variant(_) => {
            let class = class(schema, ty).unwrap_or_default();
            let put = ("_checked(".to_owned(), vec!["value.record".to_owned(), dtype(schema, ty)], ")".to_owned());
            let copied = Copied::Method(".to_dict()");
            Access { gives: class.clone(), takes: class.clone(), get: get(&class, &[]), put, copied }
        }
        TypeKind::Array { .. } => {
            let array = format!("npt.NDArray[np.{}]", element(schema, ty));
            let (_, elem) = shape(schema, ty);
            let (seen, put) = if is_opaque(schema, ty) {
                let (dtype, bytes) = (dtype(schema, elem), bytes(schema.types[elem].size));
                let put =
                    ("np.asarray(".to_owned(), vec!["value".to_owned(), dtype.clone()], format!(").view({bytes})"));
                (format!(".view({dtype})"), put)
            } else {
                (String::new(), plain())
            };
            let get = call(INDENT, "return cast(", &[format!("\"{array}\""), format!("{raw}{seen}")], ")");
            let copied = match schema.types[shape(schema, ty).1].kind {
                TypeKind::Struct(_) | TypeKind::Variant(_) => {
                    Copied::Function("_dicts", class(schema, shape(schema, ty).1))
                }
                TypeKind::Str(_) => Copied::Function("_texts", None),
                _ => Copied::Method(".tolist()"),
            };
            Access { gives: array, takes: "npt.ArrayLike".to_owned(), get, put, copied }
        }
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
