//! `#[repr(…)]`: only those that place fields as C does.

use proc_macro2::Group;
use syn::{Attribute, Ident};

use crate::errors::{Errors, Mistake};

/// How the struct's fields are placed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repr {
    /// As C does, possibly with a larger alignment.
    C,
    /// As the only field.
    Transparent,
}

impl Repr {
    /// The representation; what is wrong about it is told to `errors`, and `C` is assumed.
    pub(crate) fn read(attributes: &[Attribute], name: &Ident, errors: &Errors) -> Repr {
        let text = name.to_string();
        let (mut repr, mut refused) = (None, false);
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("repr")) {
            let parsed = attribute.parse_nested_meta(|meta| {
                let key = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
                if meta.input.peek(syn::token::Paren) {
                    meta.input.parse::<Group>()?;
                }
                match key.as_str() {
                    "C" => repr = Some(Repr::C),
                    "transparent" => repr = Some(Repr::Transparent),
                    "align" => {}
                    "packed" => {
                        refused = true;
                        errors.add(&meta.path, Mistake::Packed { name: &text });
                    }
                    other => {
                        refused = true;
                        errors.add(&meta.path, Mistake::OtherRepr { repr: other });
                    }
                }
                Ok(())
            });
            if let Err(error) = parsed {
                errors.add_error(error);
            }
        }
        if repr.is_none() && !refused {
            errors.add(name, Mistake::MissingRepr { name: &text });
        }
        repr.unwrap_or(Repr::C)
    }
}
