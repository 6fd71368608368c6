//! Every sentence that the derive itself says, with its code, and the list that collects them.

use std::cell::RefCell;
use std::fmt;

use quote::ToTokens;

/// Collects mistakes, so that the user sees all of them at once.
///
/// It must be read by [`Errors::finish`]; dropped unread it panics, so that no mistake gets lost in our own code.
pub(crate) struct Errors(RefCell<Option<Vec<syn::Error>>>);

impl Errors {
    pub(crate) fn new() -> Errors {
        Errors(RefCell::new(Some(Vec::new())))
    }

    /// Adds a mistake at a place.
    pub(crate) fn add(&self, at: impl ToTokens, mistake: Mistake<'_>) {
        self.add_error(syn::Error::new_spanned(at, mistake));
    }

    /// Adds an error that has its place already.
    pub(crate) fn add_error(&self, error: syn::Error) {
        if let Some(errors) = self.0.borrow_mut().as_mut() {
            errors.push(error);
        }
    }

    /// The collected mistakes as one error.
    pub(crate) fn finish(self) -> Result<(), syn::Error> {
        let collected = self.0.borrow_mut().take().into_iter().flatten();
        match collected.reduce(|mut all, one| {
            all.combine(one);
            all
        }) {
            Some(all) => Err(all),
            None => Ok(()),
        }
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        if self.0.borrow().is_some() && !std::thread::panicking() {
            panic!("the derive's errors were dropped without being read");
        }
    }
}

/// What can be wrong in a way that tokens show.
#[derive(Clone, Copy)]
pub(crate) enum Mistake<'a> {
    DuplicateName { name: &'a str },
    UnknownKey { key: &'a str, known: &'a str },
    RepeatedKey { key: &'a str },
    EmptyValue { key: &'a str },
    UnitOnTransparent,
    UnitOnPadding { field: &'a str },
    RenamedPadding { field: &'a str },
    RenamedToPadding { name: &'a str },
    NameTooLong { what: &'a str, len: usize, max: usize },
    Empty { name: &'a str },
    EmptyArray { field: &'a str },
    MissingRepr { name: &'a str },
    Packed { name: &'a str },
    OtherRepr { repr: &'a str },
    TransparentFields { name: &'a str, fields: usize },
    PointerWidth { field: &'a str, ty: &'a str, fixed: &'a str },
    Wide { field: &'a str, ty: &'a str, fixed: &'a str },
    Bool { field: &'a str },
    Char { field: &'a str },
    Enum { name: &'a str, fix: &'a str },
    Union { name: &'a str },
    Reference { field: &'a str },
    RawPointer { field: &'a str },
    Function { field: &'a str },
    Tuple { field: &'a str, fix: &'a str },
    Unsized { field: &'a str },
    TupleStruct { name: &'a str },
    TypeParameter { name: &'a str },
    Lifetime { name: &'a str },
    Where { name: &'a str },
    ManyParameters { name: &'a str },
}

/// Begins the line that says what to do, as the compiler does.
const HELP: &str = "\n  = help: ";

impl fmt::Display for Mistake<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Mistake::DuplicateName { name } => {
                write!(f, "[ZIPC0003] another field is named `{name}` too{HELP}give one of them another name")
            }
            Mistake::UnknownKey { key, known } => {
                write!(f, "[ZIPC0006] `{key}` is not known here{HELP}known are {known}")
            }
            Mistake::RepeatedKey { key } => write!(f, "[ZIPC0006] `{key}` is given twice{HELP}remove one"),
            Mistake::EmptyValue { key } => write!(f, "[ZIPC0006] `{key}` is empty{HELP}remove it"),
            Mistake::UnitOnTransparent => write!(
                f,
                "[ZIPC0006] a transparent struct is described as the type inside it, which has no place for a unit\
                 {HELP}put `#[shm(unit = \"…\")]` on the fields of this type"
            ),
            Mistake::UnitOnPadding { field } => {
                write!(f, "[ZIPC0006] `{field}` is padding, and padding has no unit{HELP}remove the unit or the `_`")
            }
            Mistake::RenamedPadding { field } => {
                write!(f, "[ZIPC0006] `{field}` is padding, which no other language names{HELP}remove the `rename`")
            }
            Mistake::RenamedToPadding { name } => write!(
                f,
                "[ZIPC0006] the name `{name}` would make this padding{HELP}begin the name with another character, or \
                 the field itself with `_`"
            ),
            Mistake::NameTooLong { what, len, max } => {
                write!(f, "[ZIPC0112] the {what} has {len} bytes and {max} fit{HELP}shorten it")
            }
            Mistake::Empty { name } => write!(
                f,
                "[ZIPC0020] `{name}` has no fields, and what has no bytes cannot be shared{HELP}give it at least one field"
            ),
            Mistake::EmptyArray { field } => write!(
                f,
                "[ZIPC0020] `{field}` has no elements, and what has no bytes cannot be shared{HELP}remove the field"
            ),
            Mistake::MissingRepr { name } => write!(
                f,
                "[ZIPC0103] the compiler may place the fields of `{name}` as it likes{HELP}add `#[repr(C)]` above the \
                 struct"
            ),
            Mistake::Packed { name } => write!(
                f,
                "[ZIPC0104] `{name}` is packed, so its fields are not aligned and cannot be borrowed{HELP}remove \
                 `packed`, and fill gaps with fields such as `_pad_4: [u8; 4],`"
            ),
            Mistake::OtherRepr { repr } => write!(
                f,
                "[ZIPC0105] `{repr}` is no layout that other languages know{HELP}use `C`, `C, align(N)` or `transparent`"
            ),
            Mistake::TransparentFields { name, fields } => write!(
                f,
                "[ZIPC0105] `{name}` is transparent and has {fields} fields{HELP}keep one, or use `#[repr(C)]`"
            ),
            Mistake::PointerWidth { field, ty, fixed } => write!(
                f,
                "[ZIPC0106] `{field}` is a `{ty}`, whose size differs between processes of 32 and 64 bits\
                 {HELP}write `{field}: {fixed},`"
            ),
            Mistake::Wide { field, ty, fixed } => write!(
                f,
                "[ZIPC0107] `{field}` is a `{ty}`, which C, C++ and NumPy do not agree on\
                 {HELP}write `{field}: [{fixed}; 2],` with the low half first"
            ),
            Mistake::Bool { field } => write!(
                f,
                "[ZIPC0108] `{field}` is a `bool`, and any byte but 0 and 1 from another process would be undefined \
                 behaviour{HELP}write `{field}: zeroipc::Bool8,`"
            ),
            Mistake::Char { field } => write!(
                f,
                "[ZIPC0108] `{field}` is a `char`, and a number from another process that is no character would be \
                 undefined behaviour{HELP}write `{field}: u32,` and read it with `char::from_u32`"
            ),
            Mistake::Enum { name, fix } => write!(
                f,
                "[ZIPC0108] `{name}` is an enum, and a value from another process that it does not name would be \
                 undefined behaviour{HELP}write `{fix}` in its place"
            ),
            Mistake::Union { name } => write!(
                f,
                "[ZIPC0107] `{name}` is a union, and no other process can tell which of its fields is meant\
                 {HELP}make it a struct with a field for each case"
            ),
            Mistake::Reference { field } => write!(
                f,
                "[ZIPC0107] `{field}` is a reference into memory of one process{HELP}store the value itself, or its \
                 index in an array of the segment"
            ),
            Mistake::RawPointer { field } => write!(
                f,
                "[ZIPC0107] `{field}` is an address in one process{HELP}store an index or offset: `{field}: u64,`"
            ),
            Mistake::Function { field } => write!(
                f,
                "[ZIPC0107] `{field}` is the address of code in one process{HELP}store a number that names what to do: \
                 see `zeroipc::open_enum!`"
            ),
            Mistake::Tuple { field, fix } => {
                write!(f, "[ZIPC0107] `{field}` is a tuple, which Rust may lay out as it likes{HELP}write {fix}")
            }
            Mistake::Unsized { field } => write!(
                f,
                "[ZIPC0107] `{field}` has no size that is known when the program is built{HELP}store a fixed number of \
                 elements, `[T; N]`"
            ),
            Mistake::TupleStruct { name } => write!(
                f,
                "[ZIPC0112] the fields of `{name}` have no names, by which other languages find them\
                 {HELP}write `struct {name} {{ value: … }}`, or make it `#[repr(transparent)]` if it has one field"
            ),
            Mistake::TypeParameter { name } => write!(
                f,
                "[ZIPC0109] `{name}` is a type parameter, and a layout must be known before it is used\
                 {HELP}write one struct for each type that is shared"
            ),
            Mistake::Lifetime { name } => write!(
                f,
                "[ZIPC0109] `{name}` is a lifetime, and nothing in shared memory can borrow{HELP}store the values \
                 themselves"
            ),
            Mistake::Where { name } => write!(
                f,
                "[ZIPC0109] `{name}` has a `where`, so its layout cannot be checked for every parameter\
                 {HELP}remove the `where`, or write the struct without parameters"
            ),
            Mistake::ManyParameters { name } => write!(
                f,
                "[ZIPC0109] `{name}` has more than two parameters that are numbers, too many to check all layouts\
                 {HELP}write the struct with fewer"
            ),
        }
    }
}
