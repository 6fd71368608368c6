//! `zeroipc::variant!`: one of several cases in a fixed place.
//!
//! Data flows as in the derive: `input` reads the definitions, `check` refuses what the tokens show to be wrong, and
//! `expand` emits the struct, its methods, its description and the checks that need sizes.

mod check;
mod expand;
mod input;

use proc_macro2::TokenStream;

use crate::errors::Errors;
use input::{Variant, Variants};

/// The definitions as Rust, or every mistake that they have.
pub(crate) fn variant(tokens: TokenStream) -> TokenStream {
    let variants = match syn::parse2::<Variants>(tokens) {
        Ok(Variants(variants)) => variants,
        Err(error) => return error.to_compile_error(),
    };
    variants.iter().map(one).collect()
}

fn one(variant: &Variant) -> TokenStream {
    let errors = Errors::new();
    check::check(variant, &errors);
    match errors.finish() {
        Ok(()) => expand::expand(variant),
        Err(refused) => refused.error.to_compile_error(),
    }
}
