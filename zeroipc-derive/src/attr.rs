//! `#[shm(…)]` as typed options.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Expr, LitStr, Token};

use crate::errors::{Errors, Mistake};

/// What `#[shm(…)]` on a struct or field says.
#[derive(Default)]
pub(crate) struct Shm {
    /// The name for other languages.
    pub(crate) rename: Option<LitStr>,
    /// The unit of a field.
    pub(crate) unit: Option<LitStr>,
}

/// Where an attribute stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Struct,
    Field,
}

impl Place {
    fn known(self) -> &'static str {
        match self {
            Place::Struct => "`rename = \"name\"`, and on fields also `unit = \"m/s\"`",
            Place::Field => "`unit = \"m/s\"` and `rename = \"name\"`",
        }
    }
}

impl Shm {
    pub(crate) fn read(attributes: &[Attribute], place: Place, errors: &Errors) -> Shm {
        let mut shm = Shm::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("shm")) {
            if let Err(error) = attribute.parse_nested_meta(|meta| shm.key(&meta, place, errors)) {
                errors.add_error(syn::Error::new(error.span(), format!("[ZIPC0006] {error}")));
            }
        }
        shm
    }

    fn key(&mut self, meta: &ParseNestedMeta<'_>, place: Place, errors: &Errors) -> syn::Result<()> {
        let slot = match meta.path.get_ident().map(ToString::to_string).as_deref() {
            Some("rename") => &mut self.rename,
            Some("unit") if place == Place::Field => &mut self.unit,
            _ => {
                let key = quote::ToTokens::to_token_stream(&meta.path).to_string();
                errors.add(&meta.path, Mistake::UnknownKey { key: &key, known: place.known() });
                return skip_value(meta);
            }
        };
        let value: LitStr = meta.value()?.parse()?;
        let key = quote::ToTokens::to_token_stream(&meta.path).to_string();
        if slot.is_some() {
            errors.add(&meta.path, Mistake::RepeatedKey { key: &key });
        } else if value.value().is_empty() {
            errors.add(&value, Mistake::EmptyValue { key: &key });
        } else {
            *slot = Some(value);
        }
        Ok(())
    }
}

/// Steps over what an unknown key brings along, so that the keys behind it are read.
fn skip_value(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        meta.input.parse::<proc_macro2::Group>()?;
    }
    Ok(())
}
