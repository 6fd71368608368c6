//! What a refused type gets beside its errors, so that code that uses the type causes no others.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, GenericParam, parse_quote};

use crate::errors::Refused;
use crate::expand;
use crate::input::Input;

/// The errors, and impls without any check. The program does not compile, so nobody relies on them. Padding is looked
/// for where repairing the mistakes will not move it.
pub(crate) fn fallback(input: &Input<'_>, refused: &Refused) -> TokenStream {
    let errors = refused.error.to_compile_error();
    let impls = impls(input.original);
    let checks = if refused.layout_stands { expand::padding_checks(input) } else { TokenStream::new() };
    quote!(#errors #impls #checks)
}

/// Nothing for a type that borrows: it cannot be `'static`.
fn impls(original: &DeriveInput) -> TokenStream {
    let mut generics = original.generics.clone();
    if generics.lifetimes().next().is_some() {
        return TokenStream::new();
    }
    for parameter in &mut generics.params {
        if let GenericParam::Type(ty) = parameter {
            ty.bounds.push(parse_quote!(::core::marker::Copy));
            ty.bounds.push(parse_quote!('static));
        }
    }
    let ident = &original.ident;
    let (parameters, arguments, conditions) = generics.split_for_impl();
    quote! {
        const _: () = {
            #[automatically_derived]
            unsafe impl #parameters ::zeroipc::__private::bytemuck::Zeroable for #ident #arguments #conditions {}
            #[automatically_derived]
            unsafe impl #parameters ::zeroipc::__private::bytemuck::Pod for #ident #arguments #conditions {}
            #[automatically_derived]
            unsafe impl #parameters ::zeroipc::ShmLayout for #ident #arguments #conditions {
                const DESC: &'static ::zeroipc::__private::TypeDesc<'static> =
                    &::zeroipc::__private::TypeDesc::Opaque { size: ::core::mem::size_of::<Self>() as u32 };
            }
        };
    }
}
