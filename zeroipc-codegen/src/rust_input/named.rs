//! What stands in `open_enum!`, `closed_enum!` and `flags!`.

use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, Ident, LitStr, Token, Type, Visibility, braced};

mod keyword {
    syn::custom_keyword!(flags);
}

/// The macros, and what each defines.
const MACROS: [(&str, Kind); 3] = [("open_enum", Kind::Open), ("closed_enum", Kind::Closed), ("flags", Kind::Flags)];
/// Their names.
pub(super) const NAMES: [&str; 3] = [MACROS[0].0, MACROS[1].0, MACROS[2].0];

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Closed,
    Flags,
}

/// A number with named values.
pub(super) struct NamedNumber {
    pub(super) kind: Kind,
    pub(super) attributes: Vec<Attribute>,
    pub(super) ident: Ident,
    pub(super) repr: Type,
    pub(super) values: Vec<NamedValue>,
}

/// `DRIVE as "RUN" = 1`
pub(super) struct NamedValue {
    pub(super) attributes: Vec<Attribute>,
    pub(super) ident: Ident,
    /// The name that segments record.
    pub(super) recorded: Option<LitStr>,
    pub(super) number: Expr,
}

/// The macro of ours that `path` names.
pub(super) fn kind(path: &syn::Path) -> Option<Kind> {
    let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let name = match segments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [name] | ["zeroipc", name] => (*name).to_owned(),
        _ => return None,
    };
    MACROS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

/// The definitions in a macro's input.
pub(super) fn read(kind: Kind, tokens: proc_macro2::TokenStream) -> syn::Result<Vec<NamedNumber>> {
    let all = |input: ParseStream<'_>| {
        let mut numbers = Vec::new();
        while !input.is_empty() {
            numbers.push(number(kind, input)?);
        }
        Ok(numbers)
    };
    all.parse2(tokens)
}

fn number(kind: Kind, input: ParseStream<'_>) -> syn::Result<NamedNumber> {
    let attributes = input.call(Attribute::parse_outer)?;
    input.parse::<Visibility>()?;
    match kind {
        Kind::Flags => drop(input.parse::<keyword::flags>()?),
        Kind::Open | Kind::Closed => drop(input.parse::<Token![enum]>()?),
    }
    let ident = input.parse()?;
    input.parse::<Token![:]>()?;
    let repr = input.parse()?;
    if kind == Kind::Closed {
        input.parse::<Token![,]>()?;
        input.parse::<Ident>()?;
    }
    let body;
    braced!(body in input);
    let mut values = Vec::new();
    while !body.is_empty() {
        values.push(value(kind, &body)?);
        if !body.is_empty() {
            body.parse::<Token![,]>()?;
        }
    }
    Ok(NamedNumber { kind, attributes, ident, repr, values })
}

fn value(kind: Kind, input: ParseStream<'_>) -> syn::Result<NamedValue> {
    let attributes = input.call(Attribute::parse_outer)?;
    let ident = input.parse()?;
    if kind == Kind::Closed {
        input.parse::<Ident>()?;
    }
    let mut recorded = None;
    if input.parse::<Option<Token![as]>>()?.is_some() {
        recorded = Some(input.parse::<LitStr>()?);
    }
    input.parse::<Token![=]>()?;
    Ok(NamedValue { attributes, ident, recorded, number: input.parse()? })
}
