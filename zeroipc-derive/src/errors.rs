//! Every sentence that the derive itself says, with its code, and the list that collects them.

use std::cell::{Cell, RefCell};
use std::fmt;

use quote::ToTokens;

/// Collects mistakes, so that the user sees all of them at once.
///
/// It must be read by [`Errors::finish`]; dropped unread it panics, so that no mistake gets lost in our own code.
pub(crate) struct Errors {
    collected: RefCell<Option<Vec<syn::Error>>>,
    /// Whether the struct with all collected mistakes repaired has the same fields in the same places.
    layout_stands: Cell<bool>,
}

/// Everything that was wrong.
pub(crate) struct Refused {
    pub(crate) error: syn::Error,
    /// Whether looking for padding makes sense before the mistakes are repaired.
    pub(crate) layout_stands: bool,
}

impl Errors {
    pub(crate) fn new() -> Errors {
        Errors { collected: RefCell::new(Some(Vec::new())), layout_stands: Cell::new(true) }
    }

    /// Adds a mistake at a place.
    pub(crate) fn add(&self, at: impl ToTokens, mistake: Mistake<'_>) {
        if !mistake.keeps_layout() {
            self.layout_stands.set(false);
        }
        self.add_error(syn::Error::new_spanned(at, mistake));
    }

    /// Adds an error that has its place already, and nothing to do with the layout.
    pub(crate) fn add_error(&self, error: syn::Error) {
        if let Some(errors) = self.collected.borrow_mut().as_mut() {
            errors.push(error);
        }
    }

    /// The collected mistakes as one error.
    pub(crate) fn finish(self) -> Result<(), Refused> {
        let collected = self.collected.borrow_mut().take().into_iter().flatten();
        let all = collected.reduce(|mut all, one| {
            all.combine(one);
            all
        });
        match all {
            Some(error) => Err(Refused { error, layout_stands: self.layout_stands.get() }),
            None => Ok(()),
        }
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        if self.collected.borrow().is_some() && !std::thread::panicking() {
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
    EmptyField { field: &'a str },
    MissingRepr { name: &'a str },
    Packed { name: &'a str },
    OtherRepr { repr: &'a str },
    TransparentFields { name: &'a str, fields: usize },
    PointerWidth { field: &'a str, ty: &'a str, fix: &'a str },
    Wide { field: &'a str, ty: &'a str, fix: &'a str },
    Bool { field: &'a str, fix: &'a str },
    Char { field: &'a str, fix: &'a str },
    Enum { name: &'a str, fix: &'a str },
    Union { name: &'a str },
    Reference { field: &'a str },
    RawPointer { field: &'a str, fix: &'a str },
    Function { field: &'a str },
    Tuple { field: &'a str, fix: &'a str },
    Unsized { field: &'a str },
    TupleStruct { name: &'a str, fix: &'a str },
    TypeParameter { name: &'a str },
    Lifetime { name: &'a str },
    Where { name: &'a str },
    ManyParameters { name: &'a str },
    DuplicateCase { name: &'a str },
    CaseNamedTag,
    DuplicateTag { tag: &'a str },
    VariantAlign { align: u32 },
}

impl Mistake<'_> {
    /// Whether the repair moves no field and changes no size.
    fn keeps_layout(&self) -> bool {
        matches!(
            self,
            Mistake::Bool { .. }
                | Mistake::Char { .. }
                | Mistake::PointerWidth { .. }
                | Mistake::DuplicateName { .. }
                | Mistake::UnknownKey { .. }
                | Mistake::RepeatedKey { .. }
                | Mistake::EmptyValue { .. }
                | Mistake::UnitOnTransparent
                | Mistake::UnitOnPadding { .. }
                | Mistake::RenamedPadding { .. }
                | Mistake::RenamedToPadding { .. }
                | Mistake::NameTooLong { .. }
        )
    }
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
            Mistake::EmptyField { field } => {
                write!(f, "[ZIPC0020] `{field}` has no bytes, and so nothing to share{HELP}remove the field")
            }
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
            Mistake::PointerWidth { field, ty, fix } => write!(
                f,
                "[ZIPC0106] `{field}` is of type `{ty}`, whose size differs between processes of 32 and 64 bits\
                 {HELP}write `{fix}`"
            ),
            Mistake::Wide { field, ty, fix } => write!(
                f,
                "[ZIPC0107] `{field}` is of type `{ty}`, which C, C++ and NumPy do not agree on\
                 {HELP}write `{fix}` with the low half first"
            ),
            Mistake::Bool { field, fix } => write!(
                f,
                "[ZIPC0108] `{field}` is of type `bool`, and any byte but 0 and 1 from another process would be undefined \
                 behaviour{HELP}write `{fix}`"
            ),
            Mistake::Char { field, fix } => write!(
                f,
                "[ZIPC0108] `{field}` is of type `char`, and a number from another process that is no character would be \
                 undefined behaviour{HELP}write `{fix}` and read it with `char::from_u32`"
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
            Mistake::RawPointer { field, fix } => {
                write!(f, "[ZIPC0107] `{field}` is an address in one process{HELP}store an index or offset: `{fix}`")
            }
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
            Mistake::TupleStruct { name, fix } => write!(
                f,
                "[ZIPC0112] the fields of `{name}` have no names, by which other languages find them\
                 {HELP}write `{fix}`, or make it `#[repr(transparent)]` if it has one field"
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
            Mistake::DuplicateCase { name } => {
                write!(f, "[ZIPC0003] another case is named `{name}` too{HELP}give one of them another name")
            }
            Mistake::CaseNamedTag => {
                write!(f, "[ZIPC0003] `tag` is what says which case it is{HELP}give the case another name")
            }
            Mistake::DuplicateTag { tag } => write!(
                f,
                "[ZIPC0003] another case has the tag `{tag}` too, and nobody could tell the two apart\
                 {HELP}give each case a value of its own"
            ),
            Mistake::VariantAlign { align } => write!(
                f,
                "[ZIPC0110] an alignment of {align} is not possible{HELP}write a power of two up to 4096, as large as the \
                 largest alignment of a case"
            ),
        }
    }
}
