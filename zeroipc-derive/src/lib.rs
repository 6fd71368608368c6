//! `#[derive(ShmLayout)]`: checks that a struct can be shared between processes, and describes its layout. `variant!`: defines
//! a struct that holds one of several cases.
//!
//! Use it through the `zeroipc` crate, which re-exports it beside the trait. Data flows one way: `input` reads the
//! struct, with `attr` and `repr` for its attributes; `check` refuses what the tokens alone show to be wrong;
//! `expand` emits the impls and the checks that need sizes, or `fallback` the impls that keep an error from causing
//! others. `variant` goes the same way on its own.

mod attr;
mod check;
mod errors;
mod expand;
mod fallback;
mod input;
mod repr;
#[cfg(test)]
mod tests;
mod variant;

use proc_macro2::TokenStream;

/// Implements `zeroipc::ShmLayout`, with `bytemuck::Pod` and `Zeroable`, for a struct whose bytes all have a meaning.
///
/// The struct is `#[repr(C)]`, also with `align(N)` up to 4,096, or `#[repr(transparent)]`; it is `Clone` and `Copy`; its
/// fields have names and types that implement `ShmLayout`; and no byte of it is padding. Each breach is an error at its
/// field, all in one go, with the offsets and a line to paste.
///
/// A field whose name begins with `_` is padding that other languages need not know: it is in no description.
///
/// A `transparent` struct is described as the type inside it. Const parameters are allowed, up to two of them numbers,
/// without a `where`: `cargo check` then proves that there is no padding for any of their values. Such a struct, and a
/// `transparent` one, is not listed by `zeroipc::layouts()`.
///
/// # Attributes
/// | on | attribute | meaning |
/// |---|---|---|
/// | a field | `#[shm(unit = "m/s")]` | the unit, compared between processes that both know one |
/// | a field, the struct | `#[shm(rename = "name")]` | the name for other languages, where Rust needs another |
#[proc_macro_derive(ShmLayout, attributes(shm))]
pub fn derive_shm_layout(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive(input.into()).into()
}

/// Defines a struct that holds one of several cases: a tag, which says which, and one place for what the case carries.
///
/// The tag's type is an `open_enum!` or a `closed_enum!`; a case names the tag's value behind `=`, and in parentheses the
/// type that it carries, if any. `size`, `align` and `payload`, the offset of what is carried, are part of the definition: they
/// fix the layout for all programs, leave room for cases to come, and are checked against the cases.
///
/// The struct has for each case a constructor of the case's name; for each case that carries something `as_…()`, which is
/// `None` if the tag names another case; `tag()`; `Clone` and `Copy`; `PartialEq` by the tag and what its case carries; `Debug`,
/// which shows the case; and `ShmLayout`. What is carried implements `ShmLayout`, `PartialEq` and `Debug`. Bytes that belong
/// neither to the tag nor to the case are zero in what a constructor gives, and are ignored everywhere.
///
/// Other languages see a struct whose cases lie at one offset. A case that is renamed keeps the name that segments know behind
/// `as`. The tools tell which case a tag means by the names, `circle` and `CIRCLE`: name the tag's values after the cases, in
/// what segments record too.
///
/// # Examples
/// ```
/// use zeroipc::FixedStr;
///
/// zeroipc::open_enum! {
///     /// What an event is.
///     pub enum EventTag: u32 {
///         /// Nothing.
///         NONE = 0,
///         /// A measured value.
///         VALUE = 1,
///         /// A text.
///         NOTE = 2,
///     }
/// }
///
/// zeroipc::variant! {
///     /// What happened.
///     pub variant Event: EventTag, size = 24, align = 8, payload = 8 {
///         none = NONE,
///         /// Something was measured.
///         value(f64) = VALUE,
///         note(FixedStr<16>) = NOTE,
///     }
/// }
///
/// let event = Event::value(2.5);
/// assert_eq!((event.tag(), event.as_value(), event.as_note()), (EventTag::VALUE, Some(2.5), None));
/// assert_eq!(format!("{event:?} {:?}", Event::none()), "value(2.5) none");
/// ```
#[proc_macro]
pub fn variant(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    variant::variant(input.into()).into()
}

fn derive(tokens: TokenStream) -> TokenStream {
    let original = match syn::parse2(tokens) {
        Ok(original) => original,
        Err(error) => return error.to_compile_error(),
    };
    let errors = errors::Errors::new();
    let input = input::Input::read(&original, &errors);
    check::check(&input, &errors);
    match errors.finish() {
        Ok(()) => expand::expand(&input),
        Err(refused) => fallback::fallback(&input, &refused),
    }
}
