//! What `zeroipc-codegen fingerprint` tells about each type.

use std::fmt;

use crate::compiler::Checked;
use crate::model::describe::describe;
use crate::model::{Flavour, Schema, TypeId};

/// A type that a schema defines, and what segments record of it.
///
/// Displays as one line: `struct robot.nav.Pose: size 64, align 8, layout …, schema …`, the fingerprints as 16
/// hexadecimal digits each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeFingerprint {
    /// The name with the namespace.
    pub name: String,
    /// `enum`, `flags`, `struct` or `variant`.
    pub kind: &'static str,
    /// Its bytes.
    pub size: u64,
    /// Its alignment.
    pub align: u64,
    /// The fingerprint of the bytes.
    pub layout: u64,
    /// The fingerprint of the bytes and their meaning.
    pub schema: u64,
}

impl fmt::Display for TypeFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TypeFingerprint { name, kind, size, align, layout, schema } = self;
        write!(f, "{kind} {name}: size {size}, align {align}, layout {layout:016x}, schema {schema:016x}")
    }
}

impl Checked {
    /// The types that the schemas define, in their order; the tag of a variant stands behind it. Another name for a type
    /// is no type of its own and is left out.
    pub fn fingerprints(&self) -> Vec<TypeFingerprint> {
        let schemas = self.roots.iter().filter_map(|root| self.units[*root].schema.as_ref());
        schemas.flat_map(|schema| of_schema(schema)).collect()
    }
}

/// The types that one schema defines.
pub(crate) fn of_schema(schema: &Schema) -> Vec<TypeFingerprint> {
    let enums = schema.own_enums().map(|item| {
        let kind = if item.flavour == Flavour::Flags { "flags" } else { "enum" };
        ((item.span, item.is_tag), kind, &item.name, item.ty)
    });
    let structs = schema.own_structs().map(|item| ((item.span, false), "struct", &item.name, item.ty));
    let variants = schema.own_variants().map(|item| ((item.span, false), "variant", &item.name, item.ty));
    let mut types: Vec<_> = enums.chain(structs).chain(variants).collect();
    types.sort_by_key(|(place, ..)| *place);
    types.into_iter().map(|(_, kind, name, ty)| print(schema, kind, name, ty)).collect()
}

fn print(schema: &Schema, kind: &'static str, name: &str, ty: TypeId) -> TypeFingerprint {
    let (described, known) = (describe(schema, ty), schema.types[ty]);
    TypeFingerprint {
        name: format!("{}.{name}", schema.namespace.join(".")),
        kind,
        size: known.size,
        align: known.align,
        layout: described.layout,
        schema: described.schema,
    }
}
