//! Types as dtypes, in annotations, and for readers.

use super::names;
use crate::model::{Schema, TypeId, TypeKind};

/// A type for a reader of documentation.
pub(super) fn described(schema: &Schema, ty: TypeId) -> String {
    match schema.types[ty].kind {
        TypeKind::Scalar(scalar) => names::scalar(scalar).to_owned(),
        TypeKind::Enum(i) => schema.enums[i].name.clone(),
        TypeKind::Struct(i) => schema.structs[i].name.clone(),
        TypeKind::Variant(i) => schema.variants[i].name.clone(),
        TypeKind::Str(len) => format!("text of {len} bytes"),
        TypeKind::Array { .. } => {
            let (shape, elem) = shape(schema, ty);
            let seen = is_opaque(schema, ty).then(|| format!(", through ``.view({})``", dtype(schema, elem)));
            format!("{} of shape {shape}{}", described(schema, elem), seen.unwrap_or_default())
        }
    }
}

/// The shape of an array as a tuple, and what it holds.
pub(super) fn shape(schema: &Schema, mut ty: TypeId) -> (String, TypeId) {
    let mut counts = Vec::new();
    while let TypeKind::Array { elem, count } = schema.types[ty].kind {
        counts.push(count.to_string());
        ty = elem;
    }
    let tuple = if counts.len() == 1 { format!("({},)", counts[0]) } else { format!("({})", counts.join(", ")) };
    (tuple, ty)
}

/// The entry of a dtype's formats.
pub(super) fn format(schema: &Schema, ty: TypeId) -> String {
    match schema.types[ty].kind {
        TypeKind::Scalar(scalar) => format!("\"{}\"", names::code(scalar)),
        TypeKind::Enum(i) => format!("\"{}\"", names::code(schema.enums[i].repr)),
        TypeKind::Struct(_) | TypeKind::Variant(_) => dtype(schema, ty),
        TypeKind::Str(len) => format!("\"S{len}\""),
        TypeKind::Array { .. } => {
            let (shape, elem) = shape(schema, ty);
            let elem = if is_opaque(schema, ty) { bytes(schema.types[elem].size) } else { format(schema, elem) };
            format!("({elem}, {shape})")
        }
    }
}

/// Bytes without a meaning.
pub(super) fn bytes(size: u64) -> String {
    format!("\"V{size}\"")
}

/// Whether a field's array is bytes for NumPy, and its elements are seen through a view: `np.concatenate` and others
/// place the cases of a variant one behind the other, and NumPy forgets the array around it that grows by that, and
/// writes beyond its memory.
pub(super) fn is_opaque(schema: &Schema, ty: TypeId) -> bool {
    matches!(schema.types[ty].kind, TypeKind::Array { .. }) && has_variants(schema, ty)
}

fn has_variants(schema: &Schema, ty: TypeId) -> bool {
    match schema.types[ty].kind {
        TypeKind::Variant(_) => true,
        TypeKind::Struct(i) => schema.structs[i].fields.iter().any(|field| has_variants(schema, field.ty)),
        TypeKind::Array { elem, .. } => has_variants(schema, elem),
        TypeKind::Scalar(_) | TypeKind::Str(_) | TypeKind::Enum(_) => false,
    }
}

/// A dtype as an expression of its own. Enums in arrays bring their description along.
pub(super) fn dtype(schema: &Schema, ty: TypeId) -> String {
    let named = |module: Option<&_>, name: &str| names::qualified(module, &names::dtype(name));
    match schema.types[ty].kind {
        TypeKind::Struct(i) => named(schema.structs[i].module.as_ref(), &schema.structs[i].name),
        TypeKind::Variant(i) => named(schema.variants[i].module.as_ref(), &schema.variants[i].name),
        TypeKind::Enum(i) => named(schema.enums[i].module.as_ref(), &schema.enums[i].name),
        TypeKind::Array { .. } => {
            let (shape, elem) = shape(schema, ty);
            let elem = match schema.types[elem].kind {
                TypeKind::Enum(_) => dtype(schema, elem),
                _ => format(schema, elem),
            };
            format!("np.dtype(({elem}, {shape}))")
        }
        TypeKind::Scalar(_) | TypeKind::Str(_) => format!("np.dtype({})", format(schema, ty)),
    }
}

/// The class of one element in NumPy, for annotations.
pub(super) fn element(schema: &Schema, ty: TypeId) -> &'static str {
    match schema.types[shape(schema, ty).1].kind {
        TypeKind::Scalar(scalar) => names::class(scalar),
        TypeKind::Enum(i) => names::class(schema.enums[i].repr),
        TypeKind::Str(_) => "bytes_",
        TypeKind::Struct(_) | TypeKind::Variant(_) | TypeKind::Array { .. } => "void",
    }
}

/// The class over one record.
pub(super) fn class(schema: &Schema, ty: TypeId) -> Option<String> {
    match schema.types[ty].kind {
        TypeKind::Struct(i) => Some(names::qualified(schema.structs[i].module.as_ref(), &schema.structs[i].name)),
        TypeKind::Variant(i) => Some(names::qualified(schema.variants[i].module.as_ref(), &schema.variants[i].name)),
        _ => None,
    }
}

/// Whether something inside has a range.
pub(super) fn has_ranges(schema: &Schema, ty: TypeId) -> bool {
    match schema.types[ty].kind {
        TypeKind::Struct(i) => {
            let mut fields = schema.structs[i].fields.iter();
            fields.any(|field| field.range.is_some() || has_ranges(schema, field.ty))
        }
        TypeKind::Variant(i) => {
            schema.variants[i].cases.iter().filter_map(|case| case.ty).any(|ty| has_ranges(schema, ty))
        }
        TypeKind::Array { elem, .. } => has_ranges(schema, elem),
        TypeKind::Scalar(_) | TypeKind::Str(_) | TypeKind::Enum(_) => false,
    }
}
