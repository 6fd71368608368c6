//! Every sentence that is said about Rust alone. Where `#[derive(ShmLayout)]` refuses the same, code and words are those of
//! the derive.

use crate::diagnostic::Diagnostic;
use crate::source::Span;

// --- what cannot be read: 0017, 0302 ---

pub(super) fn unreadable(span: Span, why: &str) -> Diagnostic {
    Diagnostic::error(302, span, format!("this Rust cannot be read: {why}"))
}

pub(super) fn too_deep(span: Span, max: u32) -> Diagnostic {
    Diagnostic::error(17, span, format!("brackets are nested deeper than {max} here; split this"))
}

pub(super) fn too_long(span: Span, max: u32) -> Diagnostic {
    Diagnostic::error(17, span, format!("more than {max} tokens follow each other without an end; split this"))
}

pub(super) fn conditional_field(span: Span, field: &str) -> Diagnostic {
    Diagnostic::error(302, span, format!("whether there is a field `{field}` depends on how the crate is built"))
        .help("a schema has one layout; put such fields into structs of their own")
}

pub(super) fn conditional_attribute(span: Span) -> Diagnostic {
    Diagnostic::error(302, span, "what this adds depends on how the crate is built")
        .help("a schema has one layout and one set of names; write the attribute without `cfg_attr`")
}

pub(super) fn no_number(span: Span) -> Diagnostic {
    Diagnostic::error(302, span, "this number cannot be computed without compiling the crate")
        .help("use whole numbers, constants of this file, and arithmetic with them")
}

pub(super) fn no_padding(span: Span, field: &str) -> Diagnostic {
    Diagnostic::error(302, span, format!("`{field}` is padding, and only bytes are read as padding"))
        .help(format!("write `{field}: [u8; N],`, or remove the `_`"))
}

pub(super) fn bad_namespace(span: Span) -> Diagnostic {
    Diagnostic::error(302, span, "this line names no namespace").help("write it as `//! zipc namespace robot.nav`")
}

// --- constants: 0005, 0007 ---

pub(super) fn unknown_constant(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(5, span, format!("there is no constant `{name}` in this file"))
}

pub(super) fn not_computable(span: Span, why: &str) -> Diagnostic {
    Diagnostic::error(7, span, format!("this cannot be computed: {why}"))
}

// --- types: 0301 ---

const POSSIBLE: &str = "possible are numbers from `u8` to `f64`, `Bool8`, `FixedStr<N>`, `F16`, `Complex<f32>`, arrays, and the \
    types that this file defines with `#[derive(ShmLayout)]`, `open_enum!`, `closed_enum!` and `flags!`";

pub(super) fn unknown_type(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(301, span, format!("this file does not say what `{name}` is")).help(POSSIBLE)
}

pub(super) fn not_shared(span: Span, name: &str, defined: Span) -> Diagnostic {
    Diagnostic::error(301, span, format!("`{name}` does not derive `ShmLayout`, so nobody else knows its bytes"))
        .also(defined, "defined here")
        .help("add `ShmLayout` to its derives, and `#[repr(C)]`; an enum is written with `zeroipc::open_enum!`")
}

pub(super) fn with_parameters(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        301,
        span,
        format!("`{name}` is a type for each value of its parameters, and a schema knows no such"),
    )
    .help("write one struct for each that is shared")
}

pub(super) fn bad_parameters(span: Span, name: &str, example: &str) -> Diagnostic {
    Diagnostic::error(301, span, format!("`{name}` is not written so here")).help(format!("write it as `{example}`"))
}

// --- attributes: 0006 ---

pub(super) fn unknown_key(span: Span, key: &str, known: &str) -> Diagnostic {
    Diagnostic::error(6, span, format!("`{key}` is not known here")).help(format!("known are {known}"))
}

pub(super) fn repeated_key(span: Span, key: &str) -> Diagnostic {
    Diagnostic::error(6, span, format!("`{key}` is given twice")).help("remove one")
}

pub(super) fn empty_value(span: Span, key: &str) -> Diagnostic {
    Diagnostic::error(6, span, format!("`{key}` is empty")).help("remove it")
}

pub(super) fn bad_attribute(span: Span, why: &str) -> Diagnostic {
    Diagnostic::error(6, span, format!("this attribute cannot be read: {why}"))
}

pub(super) fn unit_on_transparent(span: Span) -> Diagnostic {
    let message = "a transparent struct is described as the type inside it, which has no place for a unit";
    Diagnostic::error(6, span, message).help("put `#[shm(unit = \"…\")]` on the fields of this type")
}

pub(super) fn unit_on_padding(span: Span, field: &str) -> Diagnostic {
    Diagnostic::error(6, span, format!("`{field}` is padding, and padding has no unit"))
        .help("remove the unit or the `_`")
}

pub(super) fn renamed_padding(span: Span, field: &str) -> Diagnostic {
    Diagnostic::error(6, span, format!("`{field}` is padding, which no other language names"))
        .help("remove the `rename`")
}

// --- structs: 0103 to 0105, 0109, 0112 ---

pub(super) fn missing_repr(span: Span, name: &str, at: Span, indent: &str) -> Diagnostic {
    Diagnostic::error(103, span, format!("the compiler may place the fields of `{name}` as it likes")).suggest(
        at,
        format!("#[repr(C)]\n{indent}"),
        "add `#[repr(C)]` above the struct",
    )
}

pub(super) fn packed(span: Span, name: &str) -> Diagnostic {
    let message = format!("`{name}` is packed, so its fields are not aligned and cannot be borrowed");
    Diagnostic::error(104, span, message).help("remove `packed`, and fill gaps with fields such as `_pad_4: [u8; 4],`")
}

pub(super) fn other_repr(span: Span, repr: &str) -> Diagnostic {
    Diagnostic::error(105, span, format!("`{repr}` is no layout that other languages know"))
        .help("use `C`, `C, align(N)` or `transparent`")
}

pub(super) fn transparent_fields(span: Span, name: &str, fields: usize) -> Diagnostic {
    Diagnostic::error(105, span, format!("`{name}` is transparent and has {fields} fields"))
        .help("keep one, or use `#[repr(C)]`")
}

pub(super) fn type_parameter(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(109, span, format!("`{name}` is a type parameter, and a layout must be known before it is used"))
        .help("write one struct for each type that is shared")
}

pub(super) fn lifetime(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(109, span, format!("`{name}` is a lifetime, and nothing in shared memory can borrow"))
        .help("store the values themselves")
}

pub(super) fn tuple_struct(span: Span, name: &str, fix: &str) -> Diagnostic {
    let message = format!("the fields of `{name}` have no names, by which other languages find them");
    Diagnostic::error(112, span, message)
        .help(format!("write `{fix}`, or make it `#[repr(transparent)]` if it has one field"))
}

// --- fields: 0020, 0106 to 0108 ---

pub(super) fn empty_field(span: Span, field: &str) -> Diagnostic {
    Diagnostic::error(20, span, format!("`{field}` has no bytes, and so nothing to share")).help("remove the field")
}

pub(super) fn pointer_width(span: Span, field: &str, ty: &str, fix: &str) -> Diagnostic {
    let message = format!("`{field}` is of type `{ty}`, whose size differs between processes of 32 and 64 bits");
    Diagnostic::error(106, span, message).help(format!("write `{fix}`"))
}

pub(super) fn wide(span: Span, field: &str, ty: &str, fix: &str) -> Diagnostic {
    let message = format!("`{field}` is of type `{ty}`, which C, C++ and NumPy do not agree on");
    Diagnostic::error(107, span, message).help(format!("write `{fix}` with the low half first"))
}

pub(super) fn bool_field(span: Span, field: &str, fix: &str) -> Diagnostic {
    let message = format!(
        "`{field}` is of type `bool`, and any byte but 0 and 1 from another process would be undefined behaviour"
    );
    Diagnostic::error(108, span, message).help(format!("write `{fix}`"))
}

pub(super) fn char_field(span: Span, field: &str, fix: &str) -> Diagnostic {
    let message = format!(
        "`{field}` is of type `char`, and a number from another process that is no character would be undefined behaviour"
    );
    Diagnostic::error(108, span, message).help(format!("write `{fix}` and read it with `char::from_u32`"))
}

pub(super) fn shared_enum(span: Span, name: &str) -> Diagnostic {
    let message = format!(
        "`{name}` is an enum, and a value from another process that it does not name would be undefined behaviour"
    );
    Diagnostic::error(108, span, message).help("define it with `zeroipc::open_enum!` or `zeroipc::closed_enum!`")
}

pub(super) fn shared_union(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        107,
        span,
        format!("`{name}` is a union, and no other process can tell which of its fields is meant"),
    )
    .help("make it a struct with a field for each case")
}

pub(super) fn reference(span: Span, field: &str) -> Diagnostic {
    Diagnostic::error(107, span, format!("`{field}` is a reference into memory of one process"))
        .help("store the value itself, or its index in an array of the segment")
}

pub(super) fn raw_pointer(span: Span, field: &str, fix: &str) -> Diagnostic {
    Diagnostic::error(107, span, format!("`{field}` is an address in one process"))
        .help(format!("store an index or offset: `{fix}`"))
}

pub(super) fn function(span: Span, field: &str) -> Diagnostic {
    Diagnostic::error(107, span, format!("`{field}` is the address of code in one process"))
        .help("store a number that names what to do: see `zeroipc::open_enum!`")
}

pub(super) fn tuple(span: Span, field: &str) -> Diagnostic {
    Diagnostic::error(107, span, format!("`{field}` is a tuple, which Rust may lay out as it likes"))
        .help("write a field for each member")
}

pub(super) fn unsized_field(span: Span, field: &str) -> Diagnostic {
    Diagnostic::error(107, span, format!("`{field}` has no size that is known when the program is built"))
        .help("store a fixed number of elements, `[T; N]`")
}

/// A type of the standard library, with the sentence that its name asks for.
pub(super) fn standard(span: Span, ty: &str) -> Option<Diagnostic> {
    let (code, message, help) = match ty {
        "String" | "CString" | "OsString" | "PathBuf" | "Cow" => (
            107,
            "keeps its text in memory of one process",
            "store the text itself: `zeroipc::FixedStr<32>` holds up to 32 bytes of UTF-8",
        ),
        "Vec" | "VecDeque" | "HashMap" | "HashSet" | "BTreeMap" | "BTreeSet" | "BinaryHeap" => (
            107,
            "keeps its elements in memory of one process",
            "store the elements themselves, `[T; N]` with a `u32` for how many are in use, or put them into an array or \
             queue of their own in the segment",
        ),
        "Box" | "Rc" | "Arc" | "Weak" | "NonNull" => (
            107,
            "is a pointer into memory of one process",
            "store the value itself, or its index in an array of the segment",
        ),
        "Option" | "Result" => (
            108,
            "has bytes that mean something to Rust alone",
            "store the value and beside it a `zeroipc::Bool8` that says whether it is set",
        ),
        "Mutex" | "RwLock" | "Cell" | "RefCell" | "UnsafeCell" | "OnceCell" | "OnceLock" => IN_PLACE,
        name if name.starts_with("Atomic") => IN_PLACE,
        _ => return None,
    };
    Some(Diagnostic::error(code, span, format!("`{ty}` {message}")).help(help))
}

const IN_PLACE: (u16, &str, &str) = (
    107,
    "cannot be copied in and out of a segment",
    "store the plain value; how processes take turns is decided by the structure that holds the element",
);
