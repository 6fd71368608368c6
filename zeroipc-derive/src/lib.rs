//! `#[derive(ShmLayout)]`: checks that a struct can be shared between processes, and describes its layout.
//!
//! Use it through the `zeroipc` crate, which re-exports it beside the trait. Data flows one way: [`input`] reads the
//! struct, with [`attr`] and [`repr`] for its attributes; [`check`] refuses what the tokens alone show to be wrong;
//! [`expand`] emits the impls and the checks that need sizes, or [`fallback`] the impls that keep an error from causing
//! others.

mod attr;
mod check;
mod errors;
mod expand;
mod fallback;
mod input;
mod repr;
#[cfg(test)]
mod tests;

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
