//! The struct as the derive sees it, with the original nodes for their places in the source.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Member};

use crate::attr::{Place, Shm};
use crate::errors::Errors;
use crate::repr::Repr;

/// What the derive stands on. Reading never stops at a mistake.
pub(crate) struct Input<'a> {
    pub(crate) original: &'a DeriveInput,
    /// The type's name for other languages.
    pub(crate) name: String,
    pub(crate) shm: Shm,
    pub(crate) repr: Repr,
    /// No fields for enums and unions, which are refused as a whole.
    pub(crate) fields: Vec<Field<'a>>,
}

pub(crate) struct Field<'a> {
    pub(crate) original: &'a syn::Field,
    /// How Rust reaches the field.
    pub(crate) member: Member,
    /// The field's name in Rust, without `r#`.
    pub(crate) rust_name: String,
    /// The field's name for other languages.
    pub(crate) name: String,
    pub(crate) shm: Shm,
}

impl<'a> Input<'a> {
    pub(crate) fn read(original: &'a DeriveInput, errors: &Errors) -> Input<'a> {
        let shm = Shm::read(&original.attrs, Place::Struct, errors);
        let name = shm.rename.as_ref().map_or_else(|| original.ident.unraw().to_string(), |name| name.value());
        let (repr, fields) = match &original.data {
            Data::Struct(data) => (
                Repr::read(&original.attrs, &original.ident, errors),
                data.fields
                    .iter()
                    .zip(data.fields.members())
                    .map(|(f, member)| Field::read(f, member, errors))
                    .collect(),
            ),
            Data::Enum(_) | Data::Union(_) => (Repr::C, Vec::new()),
        };
        Input { original, name, shm, repr, fields }
    }
}

impl<'a> Field<'a> {
    fn read(original: &'a syn::Field, member: Member, errors: &Errors) -> Field<'a> {
        let shm = Shm::read(&original.attrs, Place::Field, errors);
        let rust_name = match &member {
            Member::Named(name) => name.unraw().to_string(),
            Member::Unnamed(index) => index.index.to_string(),
        };
        let name = shm.rename.as_ref().map_or_else(|| rust_name.clone(), |name| name.value());
        Field { original, member, rust_name, name, shm }
    }

    /// Whether the field is there to fill a gap: no other language is told about it.
    pub(crate) fn is_padding(&self) -> bool {
        self.rust_name.starts_with('_')
    }

    /// The unit, or the empty string.
    pub(crate) fn unit(&self) -> String {
        self.shm.unit.as_ref().map(|unit| unit.value()).unwrap_or_default()
    }

    /// Where messages about the field point.
    pub(crate) fn span(&self) -> Span {
        self.original.ident.as_ref().map_or_else(|| self.original.ty.span(), |ident| ident.span())
    }
}
