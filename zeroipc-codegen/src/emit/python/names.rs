//! How Python and NumPy spell things.

use std::sync::Arc;

use zeroipc_layout::Scalar;

use crate::case::upper;
use crate::emit::spelling::Defined;
use crate::model::{Module, Schema};

/// Words that Python keeps.
pub(crate) const RESERVED: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// Names that the module imports or uses.
pub(crate) const OWN: &[&str] = &[
    "Any",
    "Array",
    "BaseException",
    "ClassVar",
    "Final",
    "ImportError",
    "IntEnum",
    "IntFlag",
    "Memory",
    "NotImplemented",
    "NotImplementedError",
    "OverflowError",
    "Queue",
    "TYPE_CHECKING",
    "TracebackType",
    "TypeError",
    "TypeVar",
    "ValueError",
];

/// What every class over a record has itself, and the modules that its annotations name: no field is called so.
const CLASS_OWN: [&str; 8] = ["from_array", "from_buffer", "new", "np", "npt", "out_of_range", "record", "to_dict"];

/// Builtins in the annotations and decorators of a class. Where a field is called so, the builtin is spelled in full.
pub(super) const BUILTINS: [&str; 5] = ["classmethod", "dict", "object", "property", "str"];

/// The code of a number in a dtype, little-endian.
pub(super) const fn code(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::U8 => "u1",
        Scalar::U16 => "<u2",
        Scalar::U32 => "<u4",
        Scalar::U64 => "<u8",
        Scalar::I8 => "i1",
        Scalar::I16 => "<i2",
        Scalar::I32 => "<i4",
        Scalar::I64 => "<i8",
        Scalar::F32 => "<f4",
        Scalar::F64 => "<f8",
        Scalar::Bool8 => "?",
        Scalar::F16 => "<f2",
        Scalar::Complex64 => "<c8",
        Scalar::Complex128 => "<c16",
        _ => "V1",
    }
}

/// The class of a number in NumPy.
pub(super) const fn scalar(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::U8 => "uint8",
        Scalar::U16 => "uint16",
        Scalar::U32 => "uint32",
        Scalar::U64 => "uint64",
        Scalar::I8 => "int8",
        Scalar::I16 => "int16",
        Scalar::I32 => "int32",
        Scalar::I64 => "int64",
        Scalar::F32 => "float32",
        Scalar::F64 => "float64",
        Scalar::Bool8 => "bool",
        Scalar::F16 => "float16",
        Scalar::Complex64 => "complex64",
        Scalar::Complex128 => "complex128",
        _ => "void",
    }
}

/// The class of a number in annotations; `np.bool` means something else in older versions of NumPy.
pub(super) const fn class(number: Scalar) -> &'static str {
    match number {
        Scalar::Bool8 => "bool_",
        other => scalar(other),
    }
}

/// `SENSOR_READING_DTYPE`
pub(super) fn dtype(name: &str) -> String {
    format!("{}_DTYPE", upper(name))
}

/// What a module calls another one. No definition and no field begins with `_`, and no helper with `_of_`.
pub(super) fn module(module: &Module) -> String {
    format!("_of_{}", module.stem)
}

/// A name of this module or of an imported one.
pub(super) fn qualified(owner: Option<&Arc<Module>>, name: &str) -> String {
    owner.map_or_else(|| name.to_owned(), |owner| format!("{}.{name}", module(owner)))
}

/// Every name that the module defines, and behind a dot those that its classes do.
pub(crate) fn defined(schema: &Schema) -> Defined {
    let mut names: Defined = schema.consts.iter().map(|item| (item.name.clone(), item.span)).collect();
    names.extend(schema.aliases.iter().map(|item| (dtype(&item.name), item.span)));
    for item in schema.own_enums() {
        names.extend([(item.name.clone(), item.span), (dtype(&item.name), item.span)]);
    }
    for item in schema.own_structs() {
        names.extend(record(&item.name).map(|name| (name, item.span)));
        let upper = upper(&item.name);
        for field in item.fields.iter().filter(|field| !field.reserved) {
            names.push((format!("{upper}_{}_OFFSET", field.name.to_uppercase()), item.span));
            names.push((format!("{}.{}", item.name, field.name), field.span));
            if field.null.is_some() {
                names.push((format!("{}.{}_or_none", item.name, field.name), field.span));
            }
        }
    }
    for item in schema.own_variants() {
        names.extend(record(&item.name).map(|name| (name, item.span)));
        names.push((format!("{}_PAYLOAD_OFFSET", upper(&item.name)), item.span));
        for case in &item.cases {
            let spelled = ["", "new_", "set_"].map(|before| format!("{}.{before}{}", item.name, case.name));
            names.extend(spelled.map(|name| (name, case.span)));
        }
    }
    names.extend(schema.segments.iter().map(|item| (item.name.clone(), item.span)));
    names
}

/// The names that structs and variants have alike.
fn record(name: &str) -> impl Iterator<Item = String> {
    let own = CLASS_OWN.map(|own| format!("{name}.{own}"));
    [name.to_owned(), dtype(name), format!("{}_SIZE", upper(name))].into_iter().chain(own)
}
