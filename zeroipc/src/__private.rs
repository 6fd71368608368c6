//! What the code of the derive and of our macros needs. No part of this module is for users.

pub use bytemuck;
pub use inventory;
pub use zeroipc_layout::{EnumDesc, EnumValue, FieldDesc, Flavour, StructDesc, TypeDesc};

pub use crate::registry::Registered;
pub use crate::types::{EnumNumber, FlagNumber, enum_scalar, flag_scalar, fmt_flags, plain_name};

use crate::ShmLayout;
use zeroipc_layout::encode::{self, EncodeError};
use zeroipc_layout::limits::{MAX_ALIGN, MAX_ELEMENT_SIZE};

/// The number of elements of an array as a description holds it.
#[track_caller]
pub const fn count(n: usize) -> u32 {
    assert!(n <= MAX_ELEMENT_SIZE as usize, "[ZIPC0022] an array in shared memory has at most 2^30 bytes");
    n as u32
}

/// A size, offset or alignment as a description holds it.
#[track_caller]
pub const fn number(n: usize) -> u32 {
    assert!(n <= MAX_ELEMENT_SIZE as usize, "[ZIPC0022] a type in shared memory has at most 2^30 bytes");
    n as u32
}

/// The size of a field, told by a closure that borrows it.
pub const fn size_of_field<S, T>(_borrow: fn(&S) -> &T) -> usize {
    size_of::<T>()
}

/// Refuses a type that is not as its description says, or cannot be described in a segment.
#[track_caller]
pub const fn check_type<T: ShmLayout>(name: &str) {
    if align_of::<T>() > MAX_ALIGN as usize {
        let text = Text::new().str("[ZIPC0110] ").name(name).str(" is aligned to ").number(align_of::<T>());
        panic!("{}", text.str(", and at most 4096 is possible; lower the alignment").as_str());
    }
    let (size, align) = (T::DESC.size(), T::DESC.align());
    if size != size_of::<T>() as u64 || align != align_of::<T>() as u64 {
        let text = Text::new().str("[ZIPC0111] ").name(name).str(" has ");
        let text = text.number(size_of::<T>()).str(" bytes aligned to ").number(align_of::<T>());
        let text = text.str(", and its description has ").number(size as usize).str(" aligned to ");
        panic!("{}", text.number(align as usize).as_str());
    }
    if size == 0 {
        panic!("{}", Text::new().str("[ZIPC0020] ").name(name).str(" has no bytes, and so nothing to share").as_str());
    }
    if size > MAX_ELEMENT_SIZE {
        let text = Text::new().str("[ZIPC0022] ").name(name).str(" has ").number(size as usize);
        panic!("{}", text.str(" bytes, and 2^30 fit").as_str());
    }
    if encode::encoded_len(T::DESC).is_err() {
        let text = Text::new().str("[ZIPC0022] ").name(name).str(" cannot be described in 65,535 bytes");
        panic!("{}", text.str(" with nesting of 32 and names of 255 bytes; split it").as_str());
    }
}

/// Refuses a field without bytes.
#[track_caller]
pub const fn check_bytes(field: &str, size: usize) {
    if size == 0 {
        let text = Text::new().str("[ZIPC0020] ").name(field).str(" has no bytes, and so nothing to share");
        panic!("{}", text.str("\n  = help: remove the field").as_str());
    }
}

/// Refuses bytes without a meaning between two fields: the one has `size` bytes at `offset`, the next begins at `start`.
#[track_caller]
pub const fn check_gap(name: &str, before: &str, after: &str, offset: usize, size: usize, start: usize, note: &str) {
    let end = offset + size;
    if start != end {
        let text = Text::new().str("[ZIPC0101] ").name(name).str(" has ").bytes(start - end);
        let text = text.str(" of padding between ").name(before).str(" and ").name(after).offsets(end, start);
        let text = text.str("\n  = help: add `").pad(end, start).str("` before ").name(after);
        panic!("{}", text.str(", or order the fields by decreasing alignment").str(note).as_str());
    }
}

/// Refuses bytes without a meaning behind the last field, which has `size` bytes at `offset`, in a struct of `total`.
#[track_caller]
pub const fn check_tail(name: &str, last: &str, offset: usize, size: usize, total: usize, note: &str) {
    let end = offset + size;
    if total != end {
        let text = Text::new().str("[ZIPC0102] ").name(name).str(" has ").bytes(total - end);
        let text = text.str(" of padding at its end, after ").name(last).offsets(end, total);
        panic!("{}", text.str("\n  = help: add `").pad(end, total).str("` after ").name(last).str(note).as_str());
    }
}

/// The bytes from an offset to a later one; none where [`check_variant`] finds that it is not later.
pub const fn gap(from: usize, to: usize) -> usize {
    to.saturating_sub(from)
}

/// Refuses a variant that has not the size and alignment that its definition says, or whose tag leaves no room.
#[track_caller]
pub const fn check_variant<T: ShmLayout, Tag: ShmLayout>(name: &str, size: usize, align: usize, payload: usize) {
    if !matches!(Tag::DESC, TypeDesc::Enum(EnumDesc { flavour: Flavour::Open | Flavour::Closed, .. })) {
        let text = Text::new().str("[ZIPC0113] the tag of ").name(name).str(" is no enum; define it with `open_enum!`");
        panic!("{}", text.str(" or `closed_enum!`").as_str());
    }
    let tag = size_of::<Tag>();
    if payload < tag || size < payload {
        let text = Text::new().str("[ZIPC0113] the tag of ").name(name).str(" has ").bytes(tag);
        let text = text.str(", its payload begins at ").number(payload).str(" and its size is ").number(size);
        panic!("{}", text.str("; put them in this order").as_str());
    }
    if size_of::<T>() != size || align_of::<T>() != align {
        let text = Text::new().str("[ZIPC0113] ").name(name).str(" is aligned to ").number(align_of::<T>());
        let text = text.str(" and so has ").bytes(size_of::<T>()).str("; write `size = ").number(size_of::<T>());
        panic!("{}", text.str(", align = ").number(align_of::<T>()).str("`").as_str());
    }
    // A case that reaches beyond the variant is told at the case.
    if !matches!(encode::encoded_len(T::DESC), Err(EncodeError::BadStruct)) {
        check_type::<T>(name);
    }
}

/// Refuses a case that does not fit into its variant.
#[track_caller]
pub const fn check_case<T: ShmLayout>(name: &str, case: &str, size: usize, align: usize, payload: usize) {
    let at = Text::new().str("[ZIPC0113] the case ").name(case).str(" of ").name(name);
    if size_of::<T>() > gap(payload, size) {
        let text = at.str(" has ").bytes(size_of::<T>()).str(", and there is room for ").number(gap(payload, size));
        panic!("{}", text.str("; write `size = ").number(payload + size_of::<T>()).str("` or more").as_str());
    }
    if align_of::<T>() > align || !payload.is_multiple_of(align_of::<T>()) {
        let text = at.str(" is aligned to ").number(align_of::<T>()).str(", and its place at offset ").number(payload);
        let text = text.str(" of what is aligned to ").number(align).str(" is not; raise `align` and `payload`");
        panic!("{}", text.as_str());
    }
}

/// Refuses two cases with one number.
#[track_caller]
pub const fn check_tags(name: &str, tags: &[i64]) {
    let mut i = 0;
    while i < tags.len() {
        let mut j = 0;
        while j < i {
            if tags[i] == tags[j] {
                let text = Text::new().str("[ZIPC0113] two cases of ").name(name).str(" have tags with one number");
                panic!("{}", text.str("; give each case a number of its own").as_str());
            }
            j += 1;
        }
        i += 1;
    }
}

/// What lies at the start of a variant's payload; `None` where it is shorter, which [`check_case`] refuses.
pub fn payload<T: ShmLayout>(bytes: &[u8]) -> Option<T> {
    bytes.get(..size_of::<T>()).map(bytemuck::pod_read_unaligned)
}

/// Puts a value at the start of a variant's payload.
pub fn set_payload<T: ShmLayout>(bytes: &mut [u8], value: &T) {
    if let Some(place) = bytes.get_mut(..size_of::<T>()) {
        place.copy_from_slice(bytemuck::bytes_of(value));
    }
}

/// A message of a constant evaluation, which has no formatting.
struct Text {
    bytes: [u8; Text::MAX],
    len: usize,
}

impl Text {
    /// Room for three names of 255 bytes and the words around them.
    const MAX: usize = 1600;

    const fn new() -> Text {
        Text { bytes: [0; Text::MAX], len: 0 }
    }

    const fn str(mut self, text: &str) -> Text {
        let text = text.as_bytes();
        if self.len + text.len() > Text::MAX {
            return self;
        }
        let mut i = 0;
        while i < text.len() {
            self.bytes[self.len] = text[i];
            self.len += 1;
            i += 1;
        }
        self
    }

    const fn name(self, name: &str) -> Text {
        self.str("`").str(name).str("`")
    }

    const fn number(mut self, n: usize) -> Text {
        if n >= 10 {
            self = self.number(n / 10);
        }
        self.bytes[self.len] = b'0' + (n % 10) as u8;
        self.len += 1;
        self
    }

    const fn bytes(self, n: usize) -> Text {
        self.number(n).str(if n == 1 { " byte" } else { " bytes" })
    }

    const fn offsets(self, from: usize, to: usize) -> Text {
        self.str(" (offsets ").number(from).str("..").number(to).str(")")
    }

    const fn pad(self, from: usize, to: usize) -> Text {
        self.str("_pad_").number(from).str(": [u8; ").number(to - from).str("],")
    }

    const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "[ZIPC0101] the type has padding",
        }
    }
}

/// What a hole in a struct with const parameters is told besides.
pub const GENERIC: &str = "\n  = note: the struct has const parameters and must be without padding for each of their \
    values; put fields whose size depends on one behind all that are more aligned";

/// Defines a trait that is [`ShmLayout`] with another wording for those that do not implement it.
///
/// The derive chooses the wording by how a field's type is spelled; whether the type is shareable is still decided by
/// `ShmLayout`, so a type that only has the same name is accepted.
macro_rules! worded {
    ($($(#[$wording:meta])* $name:ident;)*) => {$(
        $(#[$wording])*
        pub trait $name {
            /// The description of the type.
            const DESC: &'static TypeDesc<'static>;
        }

        #[diagnostic::do_not_recommend]
        impl<T: ShmLayout> $name for T {
            const DESC: &'static TypeDesc<'static> = <T as ShmLayout>::DESC;
        }
    )*};
}

worded! {
    /// For fields spelled `String`, `CString`, `PathBuf` and the like.
    #[diagnostic::on_unimplemented(
        message = "[ZIPC0107] `{Self}` keeps its text in memory of one process",
        label = "a pointer to text, which no other process can follow",
        note = "store the text itself: `zeroipc::FixedStr<32>` holds up to 32 bytes of UTF-8"
    )]
    FieldText;
    /// For fields spelled `Vec`, `VecDeque`, `HashMap` and the like.
    #[diagnostic::on_unimplemented(
        message = "[ZIPC0107] `{Self}` keeps its elements in memory of one process",
        label = "a pointer to elements, which no other process can follow",
        note = "store the elements themselves, `[T; N]` with a `u32` for how many are in use, or put them into an array or queue of their own in the segment"
    )]
    FieldCollection;
    /// For fields spelled `Box`, `Rc`, `Arc` and the like.
    #[diagnostic::on_unimplemented(
        message = "[ZIPC0107] `{Self}` is a pointer into memory of one process",
        label = "a pointer, which no other process can follow",
        note = "store the value itself, or its index in an array of the segment"
    )]
    FieldPointer;
    /// For fields spelled `Option` and `Result`.
    #[diagnostic::on_unimplemented(
        message = "[ZIPC0108] `{Self}` has bytes that mean something to Rust alone",
        label = "other languages cannot tell which case it is, and not every byte is a valid one",
        note = "store the value and beside it a `zeroipc::Bool8` that says whether it is set"
    )]
    FieldChoice;
    /// For fields spelled `Mutex`, `AtomicU64`, `Cell` and the like.
    #[diagnostic::on_unimplemented(
        message = "[ZIPC0107] `{Self}` cannot be copied in and out of a segment",
        label = "a lock, cell or atomic works on memory in place",
        note = "store the plain value; how processes take turns is decided by the structure that holds the element"
    )]
    FieldInPlace;
}

/// `Copy`, for a struct that derives `ShmLayout`.
#[diagnostic::on_unimplemented(
    message = "[ZIPC0107] `{Self}` is shared by copying its bytes, so it must be `Clone` and `Copy`",
    label = "this struct is not `Copy`",
    note = "derive all three: `#[derive(Clone, Copy, ShmLayout)]`"
)]
pub trait CopyToo {}

#[diagnostic::do_not_recommend]
impl<T: Copy> CopyToo for T {}

/// What the derive claims first, so that a struct without `Copy` is told so before `Pod` complains too.
pub trait Copied: CopyToo {}
