//! The definition of a variant as it is written.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, LitInt, LitStr, Token, Type, Visibility, braced, parenthesized};

mod keyword {
    syn::custom_keyword!(variant);
    syn::custom_keyword!(size);
    syn::custom_keyword!(align);
    syn::custom_keyword!(payload);
}

/// What one call of the macro defines.
pub(crate) struct Variants(pub(crate) Vec<Variant>);

/// `pub variant Shape: ShapeTag, size = 40, align = 8, payload = 8 { … }`
pub(crate) struct Variant {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) ident: Ident,
    pub(crate) tag: Type,
    pub(crate) size: LitInt,
    pub(crate) align: LitInt,
    /// Where the payload begins.
    pub(crate) payload: LitInt,
    pub(crate) cases: Vec<Case>,
}

/// `label(FixedStr<16>) as "text" = LABEL`
pub(crate) struct Case {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) ident: Ident,
    /// What the case carries, if anything.
    pub(crate) ty: Option<Type>,
    recorded: Option<LitStr>,
    /// The constant of the tag.
    pub(crate) tag: Ident,
}

impl Variant {
    /// The name without `r#`.
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }
}

impl Case {
    /// The name in Rust without `r#`.
    pub(crate) fn rust_name(&self) -> String {
        self.ident.unraw().to_string()
    }

    /// The name that segments record.
    pub(crate) fn name(&self) -> String {
        self.recorded.as_ref().map_or_else(|| self.rust_name(), LitStr::value)
    }
}

impl Parse for Variants {
    fn parse(input: ParseStream<'_>) -> syn::Result<Variants> {
        let mut variants = vec![input.parse()?];
        while !input.is_empty() {
            variants.push(input.parse()?);
        }
        Ok(Variants(variants))
    }
}

impl Parse for Variant {
    fn parse(input: ParseStream<'_>) -> syn::Result<Variant> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        input.parse::<keyword::variant>()?;
        let ident = input.parse()?;
        input.parse::<Token![:]>()?;
        let tag = input.parse()?;
        input.parse::<Token![,]>()?;
        input.parse::<keyword::size>()?;
        let size = number(input)?;
        input.parse::<Token![,]>()?;
        input.parse::<keyword::align>()?;
        let align = number(input)?;
        input.parse::<Token![,]>()?;
        input.parse::<keyword::payload>()?;
        let payload = number(input)?;
        let body;
        braced!(body in input);
        let cases = Punctuated::<Case, Token![,]>::parse_terminated(&body)?.into_iter().collect();
        Ok(Variant { attributes, visibility, ident, tag, size, align, payload, cases })
    }
}

/// `= 8`
fn number(input: ParseStream<'_>) -> syn::Result<LitInt> {
    input.parse::<Token![=]>()?;
    let number: LitInt = input.parse()?;
    number.base10_parse::<u32>()?;
    Ok(number)
}

impl Parse for Case {
    fn parse(input: ParseStream<'_>) -> syn::Result<Case> {
        let attributes = input.call(Attribute::parse_outer)?;
        let ident = input.parse()?;
        let mut ty = None;
        if input.peek(syn::token::Paren) {
            let inside;
            parenthesized!(inside in input);
            ty = Some(inside.parse()?);
            if !inside.is_empty() {
                return Err(inside.error("[ZIPC0112] a case carries one value; put several into a struct"));
            }
        }
        let mut recorded = None;
        if input.parse::<Option<Token![as]>>()?.is_some() {
            recorded = Some(input.parse()?);
        }
        input.parse::<Token![=]>()?;
        Ok(Case { attributes, ident, ty, recorded, tag: input.parse()? })
    }
}
