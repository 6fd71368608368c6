//! The code that a sound variant gets.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Attribute, Type};

use super::input::{Case, Variant};
use crate::expand::located_at;

pub(crate) fn expand(variant: &Variant) -> TokenStream {
    let definition = definition(variant);
    let methods = methods(variant);
    let shown = shown(variant);
    let equal = equal(variant);
    let layout = layout(variant);
    let checks = checks(variant);
    quote! {
        #definition
        #[allow(deprecated)]
        const _: () = {
            #checks
            #methods
            #shown
            #equal
            #layout
        };
    }
}

/// The tag, bytes up to the payload, and the payload as bytes: so every byte is some field's, whatever the cases are.
fn definition(variant: &Variant) -> TokenStream {
    let Variant { attributes, visibility, ident, tag, size, align, payload, .. } = variant;
    quote! {
        #(#attributes)*
        #[derive(Clone, Copy)]
        #[repr(C, align(#align))]
        #visibility struct #ident {
            tag: #tag,
            reserved: [u8; ::zeroipc::__private::gap(::core::mem::size_of::<#tag>(), #payload)],
            payload: [u8; ::zeroipc::__private::gap(#payload, #size)],
        }
    }
}

fn methods(variant: &Variant) -> TokenStream {
    let Variant { visibility, ident, tag, .. } = variant;
    let constructors = variant.cases.iter().map(|case| constructor(variant, case));
    let getters = variant.cases.iter().filter_map(|case| Some(getter(variant, case, case.ty.as_ref()?)));
    quote! {
        #[allow(dead_code, clippy::self_named_constructors, clippy::should_implement_trait)]
        impl #ident {
            /// Which case it is; another process may have written one that has no name here.
            #visibility const fn tag(&self) -> #tag {
                self.tag
            }

            #(#constructors)*
            #(#getters)*
        }
    }
}

fn constructor(variant: &Variant, case: &Case) -> TokenStream {
    let Variant { visibility, tag, .. } = variant;
    let Case { attributes, ident, tag: value, .. } = case;
    let doc = missing_doc(attributes, || format!(" The case `{}`.", case.rust_name()));
    let (parameter, payload) = match &case.ty {
        Some(ty) => {
            (quote!(value: #ty), quote!(::zeroipc::__private::set_payload::<#ty>(&mut variant.payload, &value);))
        }
        None => (TokenStream::new(), TokenStream::new()),
    };
    quote! {
        #doc
        #(#attributes)*
        #visibility fn #ident(#parameter) -> Self {
            let mut variant: Self = ::zeroipc::__private::bytemuck::Zeroable::zeroed();
            variant.tag = <#tag>::#value;
            #payload
            variant
        }
    }
}

fn getter(variant: &Variant, case: &Case, ty: &Type) -> TokenStream {
    let (visibility, method, is_case) = (&variant.visibility, getter_name(case), is_case(variant, case));
    let doc = format!(" What the case `{}` carries, or `None` if it is another case.", case.rust_name());
    let deprecated = case.attributes.iter().filter(|attribute| attribute.path().is_ident("deprecated"));
    quote! {
        #[doc = #doc]
        #(#deprecated)*
        #visibility fn #method(&self) -> ::core::option::Option<#ty> {
            if #is_case { ::zeroipc::__private::payload::<#ty>(&self.payload) } else { ::core::option::Option::None }
        }
    }
}

fn getter_name(case: &Case) -> Ident {
    format_ident!("as_{}", case.ident)
}

fn is_case(variant: &Variant, case: &Case) -> TokenStream {
    let (tag, value) = (&variant.tag, &case.tag);
    quote!(self.tag == <#tag>::#value)
}

/// A sentence where the user has written none.
fn missing_doc(attributes: &[Attribute], doc: impl FnOnce() -> String) -> TokenStream {
    if attributes.iter().any(|attribute| attribute.path().is_ident("doc")) {
        return TokenStream::new();
    }
    let doc = doc();
    quote!(#[doc = #doc])
}

fn shown(variant: &Variant) -> TokenStream {
    let (ident, name) = (&variant.ident, variant.name());
    let cases = variant.cases.iter().map(|case| {
        let (is_case, name) = (is_case(variant, case), case.rust_name());
        match &case.ty {
            Some(_) => {
                let getter = getter_name(case);
                quote! {
                    if let ::core::option::Option::Some(value) = self.#getter() {
                        return f.debug_tuple(#name).field(&value).finish();
                    }
                }
            }
            None => quote!(if #is_case { return f.write_str(#name); }),
        }
    });
    quote! {
        impl ::core::fmt::Debug for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #(#cases)*
                f.debug_struct(#name).field("tag", &self.tag).finish_non_exhaustive()
            }
        }
    }
}

/// By what the cases mean; of a case without a name here, all bytes.
fn equal(variant: &Variant) -> TokenStream {
    let ident = &variant.ident;
    let cases = variant.cases.iter().map(|case| {
        let is_case = is_case(variant, case);
        let equal = match &case.ty {
            Some(_) => {
                let getter = getter_name(case);
                quote!(self.#getter() == other.#getter())
            }
            None => quote!(true),
        };
        quote!(if #is_case { return #equal; })
    });
    quote! {
        impl ::core::cmp::PartialEq for #ident {
            fn eq(&self, other: &Self) -> bool {
                if self.tag != other.tag {
                    return false;
                }
                #(#cases)*
                self.payload == other.payload
            }
        }
    }
}

/// The impls, each with its proof; comments do not reach the emitted code.
///
/// `Zeroable` and `Pod`: the tag is `Pod`, since it is `ShmLayout`, all else is bytes, and the checks refuse a size that the
/// three fields do not fill; the struct is `repr(C)` and `Copy`. `ShmLayout`: the checks compare size and alignment with the
/// compiler's and find every case inside the payload and aligned; a case is read by copying bytes, all of which are valid.
fn layout(variant: &Variant) -> TokenStream {
    let Variant { ident, tag, size, align, payload, .. } = variant;
    let name = variant.name();
    let fields = variant.cases.iter().filter_map(|case| {
        let (name, ty) = (case.name(), case.ty.as_ref()?);
        Some(quote! {
            ::zeroipc::__private::FieldDesc {
                name: #name,
                offset: #payload,
                unit: "",
                ty: <#ty as ::zeroipc::ShmLayout>::DESC,
            }
        })
    });
    quote! {
        unsafe impl ::zeroipc::__private::bytemuck::Zeroable for #ident {}

        unsafe impl ::zeroipc::__private::bytemuck::Pod for #ident {}

        unsafe impl ::zeroipc::ShmLayout for #ident {
            const DESC: &'static ::zeroipc::__private::TypeDesc<'static> = &::zeroipc::__private::TypeDesc::Struct {
                0: &::zeroipc::__private::StructDesc {
                    name: #name,
                    size: #size,
                    align: #align,
                    fields: &[
                        ::zeroipc::__private::FieldDesc {
                            name: "tag",
                            offset: 0,
                            unit: "",
                            ty: <#tag as ::zeroipc::ShmLayout>::DESC,
                        },
                        #(#fields),*
                    ],
                },
            };
        }

        ::zeroipc::__private::inventory::submit! {
            ::zeroipc::__private::Registered(<#ident as ::zeroipc::ShmLayout>::DESC)
        }
    }
}

/// The checks that need sizes, as constants, each at what it is about.
fn checks(variant: &Variant) -> TokenStream {
    let Variant { ident, tag, size, align, payload, .. } = variant;
    let name = variant.name();
    let span = located_at(ident.span());
    let tags = variant.cases.iter().map(|case| &case.tag);
    let cases = variant.cases.iter().filter_map(|case| {
        let (case_name, ty, span) = (case.rust_name(), case.ty.as_ref()?, located_at(case.ident.span()));
        Some(quote_spanned! {span=>
            const _: () = ::zeroipc::__private::check_case::<#ty>(#name, #case_name, #size, #align, #payload);
        })
    });
    let whole = quote_spanned! {span=>
        const _: () = ::zeroipc::__private::check_variant::<#ident, #tag>(#name, #size, #align, #payload);
        const _: () = ::zeroipc::__private::check_tags(#name, &[#(<#tag>::#tags.0 as i64),*]);
    };
    quote!(#(#cases)* #whole)
}
