//! The derive as a function from tokens to tokens.

use std::{env, fs};

use proc_macro2::TokenStream;
use quote::quote;

use crate::derive;
use crate::errors::{Errors, Mistake};
use crate::variant::variant;

fn formatted(tokens: TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(tokens).expect("the derive emits items"))
}

/// `BLESS=1` rewrites the expected expansion; the diff is read.
fn expands_to(name: &str, expand: fn(TokenStream) -> TokenStream, input: &TokenStream) {
    let path = format!("{}/tests/expanded/{name}.rs", env!("CARGO_MANIFEST_DIR"));
    let expanded = formatted(expand(input.clone()));
    assert_eq!(expanded, formatted(expand(input.clone())), "the same input expands differently");
    if env::var_os("BLESS").is_some() {
        fs::write(&path, &expanded).expect("the expected expansion can be written");
    }
    assert_eq!(expanded, fs::read_to_string(&path).expect("there is an expected expansion"));
}

#[test]
fn a_struct_expands_as_expected() {
    expands_to(
        "pose",
        derive,
        &quote! {
            #[repr(C)]
            pub struct Pose {
                #[shm(unit = "m")]
                position: [f64; 3],
                r#type: u32,
                _pad_28: [u8; 4],
            }
        },
    );
}

#[test]
fn a_struct_with_a_parameter_expands_as_expected() {
    expands_to(
        "batch",
        derive,
        &quote!(
            #[repr(transparent)]
            struct Batch<const N: usize>([f32; N]);
        ),
    );
}

#[test]
fn a_variant_expands_as_expected() {
    expands_to(
        "shape",
        variant,
        &quote! {
            /// A shape.
            pub variant Shape: ShapeTag, size = 24, align = 8, payload = 8 {
                none = NONE,
                /// A text.
                label(FixedStr<16>) as "text" = LABEL,
            }
        },
    );
}

#[test]
fn what_is_no_variant_is_an_error_and_no_panic() {
    let wrong = [
        quote!(),
        quote!(variant A),
        quote!(variant A: Tag {}),
        quote!(variant A: Tag, size = 8, align = 4, payload = 4 { a(u8, u8) = A }),
        quote!(variant A: Tag, size = -8, align = 4, payload = 4 {}),
        quote!(variant A: Tag, size = 99999999999, align = 4, payload = 4 {}),
        quote!(variant A: Tag, size = 8, align = 4, payload = 4 { a }),
        quote!(variant A: Tag, size = 8, align = 4, payload = 4 { a(u8) as "" = A }),
        quote!(variant A: Tag, size = 8, align = 0, payload = 4 {}),
    ];
    for tokens in wrong {
        let text = tokens.to_string();
        assert!(variant(tokens).to_string().contains("compile_error"), "{text}");
    }
}

#[test]
fn a_refused_struct_still_has_its_impls() {
    let expanded = derive(quote!(
        struct Pose {
            ready: bool,
            link: &'static str,
        }
    ))
    .to_string();
    for part in ["ZIPC0103", "ZIPC0108", "ZIPC0107", "ShmLayout for Pose", "Pod for Pose"] {
        assert!(expanded.contains(part), "{part} is missing in {expanded}");
    }
}

#[test]
fn what_is_no_item_is_an_error_and_no_panic() {
    assert!(
        derive(quote!(
            fn pose() {}
        ))
        .to_string()
        .contains("compile_error")
    );
    assert!(derive(TokenStream::new()).to_string().contains("compile_error"));
}

#[test]
#[should_panic(expected = "dropped without being read")]
fn unread_errors_panic() {
    let errors = Errors::new();
    errors.add(quote!(x), Mistake::Empty { name: "x" });
}

#[test]
fn every_mistake_has_a_code_and_a_repair() {
    let text = include_str!("errors.rs");
    let messages = text.matches("[ZIPC").count();
    assert_eq!(messages, text.matches("{HELP}").count());
    assert!(messages > 25);
}
