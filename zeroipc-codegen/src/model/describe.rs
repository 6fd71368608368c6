//! A schema's types in the terms of `zeroipc-layout`, which computes their descriptions and fingerprints.

use std::sync::OnceLock;

use zeroipc_layout::encode::{encode, encoded_len};
use zeroipc_layout::limits::{MAX_DESCRIPTION_DEPTH, MAX_DESCRIPTION_LEN};
use zeroipc_layout::{EnumDesc, EnumValue, FieldDesc, StructDesc, TypeDesc, fingerprint};

use super::variants::TAG;
use super::{Schema, Type, TypeId, TypeKind};
use crate::diagnostic::Diagnostics;
use crate::source::Span;
use crate::syntax::ast::Ident;
use crate::syntax::errors;

/// The most work that the enums in all descriptions may be: `zeroipc-layout` finds the n-th value of an enum by
/// comparing all with all.
const MAX_WORK: u64 = 1 << 31;
/// The most bytes that all descriptions of a schema may have together.
const MAX_DESCRIBED: u64 = 4 << 20;

/// Depth, length of the description and work of a struct with these fields: their recorded names, units and types. The
/// rest is for the caller to fill in.
pub(super) fn measure<'a>(
    name: &str,
    fields: impl Iterator<Item = (&'a str, &'a str, TypeId)>,
    types: &[Type],
) -> Type {
    let kind = TypeKind::Str(0);
    let mut ty = Type { kind, size: 0, align: 1, depth: 0, described: struct_len(name), work: 0 };
    for (name, unit, field) in fields {
        let field = types[field];
        ty.depth = ty.depth.max(field.depth + 1);
        ty.described = ty.described.saturating_add(field_len(name, unit)).saturating_add(field.described);
        ty.work = ty.work.saturating_add(field.work);
    }
    ty
}

fn struct_len(name: &str) -> u64 {
    1 + 1 + name.len() as u64 + 4 + 4 + 2
}

fn field_len(name: &str, unit: &str) -> u64 {
    4 + 1 + name.len() as u64 + 1 + unit.len() as u64
}

pub(super) fn enum_len<'a>(name: &str, values: impl Iterator<Item = &'a str>) -> u64 {
    1 + 2 + 1 + name.len() as u64 + 2 + values.map(|value| 8 + 1 + value.len() as u64).sum::<u64>()
}

/// Checks that everything that is going to be described can be. Sizes are known by now without walking into any type,
/// so that a type which contains another a thousand times in a thousand ways costs no time here.
pub(super) fn check(schema: &Schema, errors: &mut Diagnostics) {
    let (mut total, mut work) = (0u64, 0u64);
    let mut check =
        |name: &str, span: Span, ty: TypeId, parts: &mut dyn Iterator<Item = TypeId>| match problem(schema, ty) {
            None => {
                total = total.saturating_add(schema.types[ty].described);
                work = work.saturating_add(schema.types[ty].work);
            }
            // What contains a type with a problem has it too; only the innermost is told.
            Some(_)
                if parts.filter_map(|part| inner_struct(schema, part)).any(|part| problem(schema, part).is_some()) => {}
            Some(why) => errors.push(errors::no_description(&Ident { text: name.to_owned(), span }, why)),
        };
    for item in schema.own_enums() {
        check(&item.name, item.span, item.ty, &mut std::iter::empty());
    }
    for item in schema.own_structs() {
        check(&item.name, item.span, item.ty, &mut item.fields.iter().map(|field| field.ty));
    }
    for item in schema.own_variants() {
        check(&item.name, item.span, item.ty, &mut item.cases.iter().filter_map(|case| case.ty));
    }
    for item in schema.segments.iter().flat_map(|segment| &segment.structures) {
        for element in &item.elements {
            check(&item.name, item.span, *element, &mut std::iter::once(*element));
        }
    }
    if work > MAX_WORK {
        errors.push(errors::too_many_values(Span::new(0, 0)));
    }
    if total > MAX_DESCRIBED {
        errors.push(errors::too_many(Span::new(0, 0), "bytes of descriptions", MAX_DESCRIBED as usize));
    }
}

fn problem(schema: &Schema, ty: TypeId) -> Option<&'static str> {
    let ty = schema.types[ty];
    if ty.depth > MAX_DESCRIPTION_DEPTH {
        Some("it is nested deeper than 32; flatten it")
    } else if ty.described > MAX_DESCRIPTION_LEN as u64 {
        Some("its description has more than 65,535 bytes; split it")
    } else {
        None
    }
}

/// The struct that `ty` is, or is an array of.
fn inner_struct(schema: &Schema, ty: TypeId) -> Option<TypeId> {
    match schema.types[ty].kind {
        TypeKind::Array { elem, .. } => inner_struct(schema, elem),
        TypeKind::Struct(_) | TypeKind::Variant(_) => Some(ty),
        TypeKind::Scalar(_) | TypeKind::Str(_) | TypeKind::Enum(_) => None,
    }
}

/// What segments say about the types of a schema, by the types' places.
#[derive(Debug)]
pub(crate) struct Descriptions(Vec<OnceLock<Described>>);

impl Descriptions {
    pub(super) fn new(types: usize) -> Descriptions {
        Descriptions(cells(types))
    }
}

/// What a segment says about a type.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) layout: u64,
    pub(crate) schema: u64,
    pub(crate) bytes: Vec<u8>,
}

/// Describes the type `id` of `schema`.
pub(crate) fn describe(schema: &Schema, id: TypeId) -> &Described {
    let found = &schema.descriptions.0;
    if found[id].get().is_none() {
        // All at once: they share the slots, and those take time that grows with the schema.
        let slots = Slots::new(schema);
        for id in schema.described() {
            found[id].get_or_init(|| slots.describe(id));
        }
    }
    found[id].get_or_init(|| Slots::new(schema).describe(id))
}

impl Schema {
    /// The types that the outputs describe.
    fn described(&self) -> impl Iterator<Item = TypeId> {
        let enums = self.own_enums().map(|item| item.ty);
        let structs = self.own_structs().map(|item| item.ty);
        let variants = self.own_variants().map(|item| item.ty);
        let structures = self.segments.iter().flat_map(|segment| &segment.structures);
        let elements = structures.flat_map(|structure| structure.elements.iter().copied());
        enums.chain(structs).chain(variants).chain(elements)
    }
}

/// Places for the parts of descriptions, which refer to each other.
struct Slots<'a> {
    schema: &'a Schema,
    types: Vec<OnceLock<TypeDesc<'a>>>,
    fields: Vec<OnceLock<Vec<FieldDesc<'a>>>>,
    structs: Vec<OnceLock<StructDesc<'a>>>,
    cases: Vec<OnceLock<Vec<FieldDesc<'a>>>>,
    variants: Vec<OnceLock<StructDesc<'a>>>,
    values: Vec<OnceLock<Vec<EnumValue<'a>>>>,
    enums: Vec<OnceLock<EnumDesc<'a>>>,
}

fn cells<T>(count: usize) -> Vec<OnceLock<T>> {
    (0..count).map(|_| OnceLock::new()).collect()
}

impl<'a> Slots<'a> {
    fn new(schema: &'a Schema) -> Slots<'a> {
        Slots {
            schema,
            types: cells(schema.types.len()),
            fields: cells(schema.structs.len()),
            structs: cells(schema.structs.len()),
            cases: cells(schema.variants.len()),
            variants: cells(schema.variants.len()),
            values: cells(schema.enums.len()),
            enums: cells(schema.enums.len()),
        }
    }

    fn describe(&'a self, id: TypeId) -> Described {
        let desc = self.ty(id);
        let mut bytes = vec![0; encoded_len(desc).unwrap_or(0)];
        if encode(desc, &mut bytes).is_err() {
            bytes.clear();
        }
        Described { layout: fingerprint::layout(desc), schema: fingerprint::schema(desc), bytes }
    }

    fn ty(&'a self, id: TypeId) -> &'a TypeDesc<'a> {
        self.types[id].get_or_init(|| match self.schema.types[id].kind {
            TypeKind::Scalar(scalar) => TypeDesc::Scalar(scalar),
            TypeKind::Str(len) => TypeDesc::Str { len },
            TypeKind::Array { elem, count } => TypeDesc::Array { count, elem: self.ty(elem) },
            TypeKind::Enum(i) => TypeDesc::Enum(self.enumeration(i)),
            TypeKind::Struct(i) => TypeDesc::Struct(self.structure(i)),
            TypeKind::Variant(i) => TypeDesc::Struct(self.variant(i)),
        })
    }

    fn structure(&'a self, i: usize) -> &'a StructDesc<'a> {
        let item = &self.schema.structs[i];
        let fields = self.fields[i].get_or_init(|| {
            let fields = item.fields.iter();
            fields
                .map(|field| FieldDesc {
                    name: field.recorded(),
                    offset: field.offset as u32,
                    unit: &field.unit,
                    ty: self.ty(field.ty),
                })
                .collect()
        });
        self.structs[i].get_or_init(|| StructDesc {
            name: &item.name,
            size: item.size as u32,
            align: item.align as u32,
            fields,
        })
    }

    /// A variant is a struct: the tag, and every payload at the same offset.
    fn variant(&'a self, i: usize) -> &'a StructDesc<'a> {
        let item = &self.schema.variants[i];
        let fields = self.cases[i].get_or_init(|| {
            let tag = FieldDesc { name: TAG, offset: 0, unit: "", ty: self.ty(item.tag) };
            let offset = item.payload as u32;
            let cases = item
                .cases
                .iter()
                .filter_map(|case| Some(FieldDesc { name: case.recorded(), offset, unit: "", ty: self.ty(case.ty?) }));
            [tag].into_iter().chain(cases).collect()
        });
        self.variants[i].get_or_init(|| StructDesc {
            name: &item.name,
            size: item.size as u32,
            align: item.align as u32,
            fields,
        })
    }

    fn enumeration(&'a self, i: usize) -> &'a EnumDesc<'a> {
        let item = &self.schema.enums[i];
        let values = self.values[i].get_or_init(|| {
            let values = item.values.iter();
            let mut values: Vec<_> =
                values.map(|value| EnumValue { name: value.recorded(), value: value.value as i64 }).collect();
            if item.repr.is_signed() {
                values.sort_by_key(|value| value.value);
            } else {
                values.sort_by_key(|value| value.value as u64);
            }
            values
        });
        self.enums[i].get_or_init(|| EnumDesc { name: &item.name, repr: item.repr, flavour: item.flavour, values })
    }
}
