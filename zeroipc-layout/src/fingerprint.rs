//! Two 64-bit fingerprints of a type.
//!
//! `layout` says whether the bytes can be read at all: sizes, offsets, element kinds and counts. `schema` adds what
//! they mean: field names, units, enum values, text. Both are FNV-1a 64 over a description in which every part is
//! itself a fingerprint (a Merkle tree), so a type's fingerprint is a constant expression of those of its parts.
//!
//! ```text
//! scalar            H("zipc1.prim", name)
//! array             H("zipc1.array", count, fp(element))
//! str     layout    that of [u8; len]          schema  H("zipc1.str", len)
//! enum    layout    that of its representation schema  H("zipc1.enum", repr name, count, {value, name} by value);
//!                   closed: "zipc1.closed", flags: "zipc1.flags" in place of "zipc1.enum"
//! struct            H("zipc1.struct", size, count, {offset, name, fp(field)} by offset); layout: every name is ""
//! unit    layout    that of the field's type   schema  H("zipc1.unit", unit, fp(field's type))
//! opaque            H("zipc1.opaque", size)
//! ```
//! Numbers enter as 8 bytes little-endian, strings as their length and their bytes. Padding, alignment and the names
//! of types are left out. Sixty-four bits guard against mistakes, not against an adversary.

use crate::describe::{EnumDesc, Flavour, TypeDesc};
use crate::scalar::Scalar;

const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// FNV-1a 64 over numbers and strings, usable in constants.
#[derive(Clone, Copy, Debug)]
pub struct Hasher(u64);

impl Hasher {
    /// A hasher for one kind of part; the domain keeps parts of different kinds apart.
    pub const fn new(domain: &str) -> Hasher {
        Hasher(OFFSET_BASIS).str(domain)
    }

    /// Adds a number.
    #[must_use]
    pub const fn u64(self, value: u64) -> Hasher {
        self.bytes(&value.to_le_bytes())
    }

    /// Adds a string.
    #[must_use]
    pub const fn str(self, text: &str) -> Hasher {
        self.u64(text.len() as u64).bytes(text.as_bytes())
    }

    const fn bytes(self, bytes: &[u8]) -> Hasher {
        let mut hash = self.0;
        let mut i = 0;
        while i < bytes.len() {
            hash = (hash ^ bytes[i] as u64).wrapping_mul(PRIME);
            i += 1;
        }
        Hasher(hash)
    }

    /// The fingerprint.
    pub const fn finish(self) -> u64 {
        self.0
    }
}

/// What a fingerprint looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum View {
    Layout,
    Schema,
}

/// The fingerprint of the bytes: sizes, offsets, element kinds, counts.
pub const fn layout(ty: &TypeDesc<'_>) -> u64 {
    of(ty, View::Layout)
}

/// The fingerprint of bytes and meaning: layout, field names, units, enum values.
pub const fn schema(ty: &TypeDesc<'_>) -> u64 {
    of(ty, View::Schema)
}

const fn of(ty: &TypeDesc<'_>, view: View) -> u64 {
    let meaning = matches!(view, View::Schema);
    match ty {
        TypeDesc::Scalar(scalar) => prim(*scalar),
        TypeDesc::Array { count, elem } => array(*count, of(elem, view)),
        TypeDesc::Str { len } if meaning => Hasher::new("zipc1.str").u64(*len as u64).finish(),
        TypeDesc::Str { len } => array(*len, prim(Scalar::U8)),
        TypeDesc::Enum(desc) if meaning => enumeration(desc),
        TypeDesc::Enum(desc) => prim(desc.repr),
        TypeDesc::Opaque { size } => Hasher::new("zipc1.opaque").u64(*size as u64).finish(),
        TypeDesc::Struct(desc) => {
            let mut named = 0;
            let mut i = 0;
            while i < desc.fields.len() {
                named += !desc.fields[i].is_padding() as u64;
                i += 1;
            }
            let mut hasher = Hasher::new("zipc1.struct").u64(desc.size as u64).u64(named);
            i = 0;
            while i < desc.fields.len() {
                let field = &desc.fields[i];
                i += 1;
                if field.is_padding() {
                    continue;
                }
                let mut print = of(field.ty, view);
                if meaning && !field.unit.is_empty() {
                    print = Hasher::new("zipc1.unit").str(field.unit).u64(print).finish();
                }
                hasher = hasher.u64(field.offset as u64).str(if meaning { field.name } else { "" }).u64(print);
            }
            hasher.finish()
        }
    }
}

const fn prim(scalar: Scalar) -> u64 {
    Hasher::new("zipc1.prim").str(scalar.name()).finish()
}

const fn array(count: u32, elem: u64) -> u64 {
    Hasher::new("zipc1.array").u64(count as u64).u64(elem).finish()
}

const fn enumeration(desc: &EnumDesc<'_>) -> u64 {
    let domain = match desc.flavour {
        Flavour::Open => "zipc1.enum",
        Flavour::Closed => "zipc1.closed",
        Flavour::Flags => "zipc1.flags",
    };
    let mut hasher = Hasher::new(domain).str(desc.repr.name()).u64(desc.values.len() as u64);
    let mut next = next_value(desc, None);
    while let Some(i) = next {
        let value = &desc.values[i];
        hasher = hasher.u64(value.value as u64).str(value.name);
        next = next_value(desc, next);
    }
    hasher.finish()
}

/// The index of the value that follows `previous` by number, or of the first; values that are equal keep their order of
/// declaration. One step looks at every
/// value once.
pub const fn next_value(desc: &EnumDesc<'_>, previous: Option<usize>) -> Option<usize> {
    let values = desc.values;
    let mut best: Option<usize> = None;
    let mut i = 0;
    while i < values.len() {
        let follows = match previous {
            Some(p) => precedes(desc, p, i),
            None => true,
        };
        let better = match best {
            Some(b) => precedes(desc, i, b),
            None => true,
        };
        if follows && better {
            best = Some(i);
        }
        i += 1;
    }
    best
}

/// Whether value `a` stands before value `b`.
const fn precedes(desc: &EnumDesc<'_>, a: usize, b: usize) -> bool {
    let (x, y) = (desc.values[a].value, desc.values[b].value);
    desc.repr.less(x, y) || (x == y && a < b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::{EnumValue, FieldDesc, StructDesc};

    const F32: TypeDesc<'_> = TypeDesc::Scalar(Scalar::F32);
    const F64: TypeDesc<'_> = TypeDesc::Scalar(Scalar::F64);
    const ROW: TypeDesc<'_> = TypeDesc::Array { count: 3, elem: &F32 };

    const fn field<'a>(name: &'a str, offset: u32, ty: &'a TypeDesc<'a>) -> FieldDesc<'a> {
        FieldDesc { name, offset, unit: "", ty }
    }

    const VEC3: TypeDesc<'_> = TypeDesc::Struct(&StructDesc {
        name: "Vec3",
        size: 24,
        align: 8,
        fields: &[field("x", 0, &F64), field("y", 8, &F64), field("z", 16, &F64)],
    });

    #[test]
    fn computed_in_constants() {
        const PRINT: u64 = schema(&VEC3);
        assert_eq!(PRINT, 0xd1ff_ebd4_823d_3847);
        assert_eq!(schema(&ROW), 0x3bb1_04db_b83d_209f);
    }

    #[test]
    fn padding_and_type_names_are_left_out() {
        let pad = TypeDesc::Array { count: 4, elem: &TypeDesc::Scalar(Scalar::U8) };
        let plain = StructDesc { name: "A", size: 8, align: 4, fields: &[field("x", 0, &F32)] };
        let fields = [field("x", 0, &F32), field("_pad_4", 4, &pad)];
        let padded = StructDesc { name: "B", size: 8, align: 8, fields: &fields };
        assert_eq!(schema(&TypeDesc::Struct(&plain)), schema(&TypeDesc::Struct(&padded)));
        assert_eq!(layout(&TypeDesc::Struct(&plain)), layout(&TypeDesc::Struct(&padded)));
    }

    #[test]
    fn swapped_names_keep_the_layout_only() {
        let ab = StructDesc { name: "", size: 8, align: 4, fields: &[field("a", 0, &F32), field("b", 4, &F32)] };
        let ba = StructDesc { name: "", size: 8, align: 4, fields: &[field("b", 0, &F32), field("a", 4, &F32)] };
        assert_eq!(layout(&TypeDesc::Struct(&ab)), layout(&TypeDesc::Struct(&ba)));
        assert_ne!(schema(&TypeDesc::Struct(&ab)), schema(&TypeDesc::Struct(&ba)));
    }

    #[test]
    fn enum_values_count_by_number_not_by_declaration() {
        let up = [EnumValue { name: "A", value: -1 }, EnumValue { name: "B", value: 4 }];
        let down = [up[1], up[0]];
        let desc = |values| EnumDesc { name: "E", repr: Scalar::I8, flavour: Flavour::Open, values };
        assert_eq!(schema(&TypeDesc::Enum(&desc(&up))), schema(&TypeDesc::Enum(&desc(&down))));
        assert_eq!(layout(&TypeDesc::Enum(&desc(&up))), schema(&TypeDesc::Scalar(Scalar::I8)));
        let unsigned = EnumDesc { name: "E", repr: Scalar::U64, flavour: Flavour::Open, values: &up };
        assert_eq!(next_value(&unsigned, None), Some(1));
        assert_eq!(next_value(&unsigned, Some(1)), Some(0));
        assert_eq!(next_value(&unsigned, Some(0)), None);
    }

    #[test]
    fn flavours_differ_in_meaning_only() {
        let values = [EnumValue { name: "A", value: 1 }];
        let of = |flavour| EnumDesc { name: "E", repr: Scalar::U8, flavour, values: &values };
        let schemas = Flavour::ALL.map(|flavour| schema(&TypeDesc::Enum(&of(flavour))));
        assert!(schemas[0] != schemas[1] && schemas[1] != schemas[2] && schemas[2] != schemas[0]);
        let layouts = Flavour::ALL.map(|flavour| layout(&TypeDesc::Enum(&of(flavour))));
        assert_eq!(layouts, [prim(Scalar::U8); 3]);
    }
}
