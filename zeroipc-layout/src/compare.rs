//! How two descriptions differ: the sentence that a refused reader gets.
//!
//! A side that does not know something makes no claim about it: a plain number against an enum, bytes against text, an
//! empty name or unit, opaque bytes. Sizes, offsets, element kinds, counts and the flavours of enums are always compared.

// Without allocation the path to the difference travels by value; only a refused open pays for it.
#![allow(clippy::result_large_err)]

use core::fmt;

use crate::decode::{Description, EnumNode, FieldNode, Node, StructNode};
use crate::describe::Flavour;
use crate::limits::{MAX_DESCRIPTION_DEPTH, MAX_DESCRIPTION_LEN};
use crate::name::Shown;
use crate::scalar::Scalar;

/// The first place where two descriptions differ.
///
/// Displays as a sentence that begins with the place, with `here` for the first description and `in the segment` for
/// the second.
#[derive(Clone, Copy, Debug)]
pub struct Difference<'a> {
    path: Path<'a>,
    what: What<'a>,
}

#[derive(Clone, Copy, Debug)]
enum What<'a> {
    Type(Description<'a>, Description<'a>),
    Offset(u32, u32),
    Name(u32, &'a str, &'a str),
    Unit(&'a str, &'a str),
    Count(u32, u32),
    Size(u64, u64),
    OnlyHere(u32),
    OnlyThere(u32),
    ValueName(Scalar, i64, &'a str, &'a str),
    ValueNumber(Scalar, &'a str, i64, i64),
    Flavours(Flavour, Flavour),
    ValueOnlyHere(Scalar, i64, &'a str),
    ValueOnlyThere(Scalar, i64, &'a str),
}

/// The names of the fields that lead to a place.
#[derive(Clone, Copy, Debug)]
struct Path<'a> {
    names: [&'a str; MAX_DESCRIPTION_DEPTH as usize + 1],
    len: usize,
}

impl<'a> Path<'a> {
    fn then(mut self, name: &'a str) -> Path<'a> {
        if self.len < self.names.len() {
            self.names[self.len] = name;
            self.len += 1;
        }
        self
    }

    fn differs<T>(self, what: What<'a>) -> Result<T, Difference<'a>> {
        Err(Difference { path: self, what })
    }
}

/// Compares what we expect with what the segment says.
///
/// # Errors
/// The first difference in the order of the fields.
pub fn compare<'a>(ours: Description<'a>, theirs: Description<'a>) -> Result<(), Difference<'a>> {
    compare_at(Path { names: [""; MAX_DESCRIPTION_DEPTH as usize + 1], len: 0 }, ours, theirs)
}

fn compare_at<'a>(path: Path<'a>, ours: Description<'a>, theirs: Description<'a>) -> Result<(), Difference<'a>> {
    match (ours.node(), theirs.node()) {
        (Node::Opaque { .. }, _) | (_, Node::Opaque { .. }) => match (ours.size(), theirs.size()) {
            (here, there) if here == there => Ok(()),
            (here, there) => path.differs(What::Size(here, there)),
        },
        (Node::Struct(a), Node::Struct(b)) => compare_structs(path, a, b),
        (Node::Array { count: a, .. }, Node::Array { count: b, .. }) if a != b => path.differs(What::Count(a, b)),
        (Node::Array { elem: a, .. }, Node::Array { elem: b, .. }) => compare_at(path, a, b),
        (Node::Enum(a), Node::Enum(b)) if a.repr == b.repr => compare_enums(path, a, b),
        (a, b) => match (plain(a), plain(b)) {
            (Some(here), Some(there)) if here == there => Ok(()),
            _ => path.differs(What::Type(ours, theirs)),
        },
    }
}

/// A type without the refinements that one side may not know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plain {
    /// An enum is its number.
    Number(Scalar),
    /// Text is bytes.
    Bytes(u32),
}

fn plain(node: Node<'_>) -> Option<Plain> {
    match node {
        Node::Scalar(scalar) => Some(Plain::Number(scalar)),
        Node::Enum(desc) => Some(Plain::Number(desc.repr)),
        Node::Str { len } => Some(Plain::Bytes(len)),
        Node::Array { count, elem } => match elem.node() {
            Node::Scalar(Scalar::U8) => Some(Plain::Bytes(count)),
            _ => None,
        },
        Node::Struct(_) | Node::Opaque { .. } => None,
    }
}

fn compare_structs<'a>(path: Path<'a>, ours: StructNode<'a>, theirs: StructNode<'a>) -> Result<(), Difference<'a>> {
    let (mut here, mut there) = (ours.fields(), theirs.fields());
    loop {
        match (here.next(), there.next()) {
            (Some(a), Some(b)) => compare_fields(path, a, b)?,
            (Some(a), None) => return path.then(a.name).differs(What::OnlyHere(a.offset)),
            (None, Some(b)) => return path.then(b.name).differs(What::OnlyThere(b.offset)),
            (None, None) if ours.size != theirs.size => {
                return path.differs(What::Size(u64::from(ours.size), u64::from(theirs.size)));
            }
            (None, None) => return Ok(()),
        }
    }
}

fn compare_fields<'a>(path: Path<'a>, ours: FieldNode<'a>, theirs: FieldNode<'a>) -> Result<(), Difference<'a>> {
    let named = !ours.name.is_empty() && !theirs.name.is_empty();
    if named && ours.name != theirs.name {
        if ours.offset == theirs.offset {
            return path.then(ours.name).differs(What::Name(ours.offset, ours.name, theirs.name));
        }
        return if ours.offset < theirs.offset {
            path.then(ours.name).differs(What::OnlyHere(ours.offset))
        } else {
            path.then(theirs.name).differs(What::OnlyThere(theirs.offset))
        };
    }
    let path = path.then(if ours.name.is_empty() { theirs.name } else { ours.name });
    if ours.offset != theirs.offset {
        return path.differs(What::Offset(ours.offset, theirs.offset));
    }
    compare_at(path, ours.ty, theirs.ty)?;
    if !ours.unit.is_empty() && !theirs.unit.is_empty() && ours.unit != theirs.unit {
        return path.differs(What::Unit(ours.unit, theirs.unit));
    }
    Ok(())
}

fn compare_enums<'a>(path: Path<'a>, ours: EnumNode<'a>, theirs: EnumNode<'a>) -> Result<(), Difference<'a>> {
    if ours.flavour != theirs.flavour {
        return path.differs(What::Flavours(ours.flavour, theirs.flavour));
    }
    compare_values(path, ours, theirs)?;
    match ours.flavour {
        Flavour::Closed => compare_numbers(path, ours, theirs),
        Flavour::Open | Flavour::Flags => Ok(()),
    }
}

/// Values that only one side has are compatible. A name that both have stands for one number, and a number that both
/// have shares at least one name.
#[inline(never)] // `Names` is large, and the caller calls itself.
fn compare_values<'a>(path: Path<'a>, ours: EnumNode<'a>, theirs: EnumNode<'a>) -> Result<(), Difference<'a>> {
    let repr = ours.repr;
    let names = Names::of(theirs);
    let (mut here, mut there) = (ours.values().peekable(), theirs.values().peekable());
    while let Some((value, first)) = here.peek().copied() {
        let mut shared = false;
        while let Some((_, name)) = here.next_if(|(other, _)| *other == value) {
            match names.number(name, value) {
                Some(other) if other != value => return path.differs(What::ValueNumber(repr, name, value, other)),
                found => shared |= found.is_some(),
            }
        }
        while there.next_if(|(other, _)| repr.less(*other, value)).is_some() {}
        match there.peek() {
            Some((number, name)) if *number == value && !shared => {
                return path.differs(What::ValueName(repr, value, first, name));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Both sides have the same numbers: what one writes, the other names.
fn compare_numbers<'a>(path: Path<'a>, ours: EnumNode<'a>, theirs: EnumNode<'a>) -> Result<(), Difference<'a>> {
    let repr = ours.repr;
    let (mut here, mut there) = (ours.values().peekable(), theirs.values().peekable());
    loop {
        let (a, b) = (here.peek().copied(), there.peek().copied());
        match (a, b) {
            (None, None) => return Ok(()),
            (Some((value, name)), other) if other.is_none_or(|(other, _)| repr.less(value, other)) => {
                return path.differs(What::ValueOnlyHere(repr, value, name));
            }
            (_, Some((value, name))) if a.is_none_or(|(other, _)| repr.less(value, other)) => {
                return path.differs(What::ValueOnlyThere(repr, value, name));
            }
            (Some((value, _)), _) | (None, Some((value, _))) => {
                while here.next_if(|(other, _)| *other == value).is_some() {}
                while there.next_if(|(other, _)| *other == value).is_some() {}
            }
        }
    }
}

/// The values of an enum by name, so that a hostile description costs n log n and not n².
struct Names<'a> {
    node: EnumNode<'a>,
    positions: [u16; MAX_VALUES],
    len: usize,
}

/// A value takes 8 bytes and a name of at least one.
const MAX_VALUES: usize = MAX_DESCRIPTION_LEN / 9;

impl<'a> Names<'a> {
    fn of(node: EnumNode<'a>) -> Names<'a> {
        let mut names = Names { node, positions: [0; MAX_VALUES], len: 0 };
        for (slot, at) in names.positions.iter_mut().zip(node.positions()) {
            *slot = at;
            names.len += 1;
        }
        names.positions[..names.len].sort_unstable_by_key(|at| key(node, *at));
        names
    }

    /// The number that `name` stands for; `value` if it is one of several.
    fn number(&self, name: &str, value: i64) -> Option<i64> {
        let sorted = &self.positions[..self.len];
        let at = sorted.partition_point(|at| key(self.node, *at) < (name, value));
        // The exact pair is at this place; another number of the same name is there or just before.
        let near = [sorted.get(at), sorted.get(at.wrapping_sub(1))];
        near.into_iter().flatten().map(|at| key(self.node, *at)).find(|key| key.0 == name).map(|key| key.1)
    }
}

fn key(node: EnumNode<'_>, at: u16) -> (&str, i64) {
    let (value, name) = node.value_at(at);
    (name, value)
}

/// An enum's stored value as the number that it is.
struct Number(Scalar, i64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_signed() { self.1.fmt(f) } else { self.1.cast_unsigned().fmt(f) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.len == 0 {
            return f.write_str("the element");
        }
        f.write_str("field `")?;
        for (i, name) in self.names[..self.len].iter().enumerate() {
            let name = if name.is_empty() { "?" } else { name };
            write!(f, "{}{}", if i == 0 { "" } else { "." }, Shown(name))?;
        }
        f.write_str("`")
    }
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.path)?;
        match self.what {
            What::Type(a, b) => write!(f, "is {a} here and {b} in the segment"),
            What::Offset(a, b) => write!(f, "is at offset {a} here and at offset {b} in the segment"),
            What::Name(at, a, b) => {
                write!(f, "at offset {at} is named `{}` here and `{}` in the segment", Shown(a), Shown(b))
            }
            What::Unit(a, b) => write!(f, "has the unit `{}` here and `{}` in the segment", Shown(a), Shown(b)),
            What::Count(a, b) => write!(f, "has {a} elements here and {b} in the segment"),
            What::Size(a, b) => write!(f, "has {a} bytes here and {b} in the segment"),
            What::OnlyHere(at) => write!(f, "at offset {at} is missing in the segment"),
            What::OnlyThere(at) => write!(f, "at offset {at} is in the segment and missing here"),
            What::ValueName(repr, v, a, b) => {
                let v = Number(repr, v);
                write!(f, "calls the value {v} `{}` here and `{}` in the segment", Shown(a), Shown(b))
            }
            What::ValueNumber(repr, n, a, b) => {
                let (a, b) = (Number(repr, a), Number(repr, b));
                write!(f, "has the value `{}` as {a} here and as {b} in the segment", Shown(n))
            }
            What::Flavours(a, b) => write!(f, "is {} here and {} in the segment", a.word(), b.word()),
            What::ValueOnlyHere(repr, v, n) => {
                write!(f, "has the value {} `{}` here and not in the segment", Number(repr, v), Shown(n))
            }
            What::ValueOnlyThere(repr, v, n) => {
                write!(f, "has the value {} `{}` in the segment and not here", Number(repr, v), Shown(n))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::{EnumDesc, EnumValue, FieldDesc, StructDesc, TypeDesc};
    use crate::encode::{encode, encoded_len};
    use std::string::{String, ToString};
    use std::vec;

    const U8: TypeDesc<'_> = TypeDesc::Scalar(Scalar::U8);
    const U32: TypeDesc<'_> = TypeDesc::Scalar(Scalar::U32);
    const F32: TypeDesc<'_> = TypeDesc::Scalar(Scalar::F32);

    const fn field<'a>(name: &'a str, offset: u32, ty: &'a TypeDesc<'a>) -> FieldDesc<'a> {
        FieldDesc { name, offset, unit: "", ty }
    }

    fn difference(ours: &TypeDesc<'_>, theirs: &TypeDesc<'_>) -> String {
        let encoded = |ty| {
            let mut out = vec![0; encoded_len(ty).unwrap()];
            encode(ty, &mut out).unwrap();
            out
        };
        let (a, b) = (encoded(ours), encoded(theirs));
        match compare(Description::parse(&a).unwrap(), Description::parse(&b).unwrap()) {
            Ok(()) => String::new(),
            Err(difference) => difference.to_string(),
        }
    }

    fn of<'a>(size: u32, fields: &'a [FieldDesc<'a>]) -> StructDesc<'a> {
        StructDesc { name: "T", size, align: 4, fields }
    }

    #[test]
    fn the_first_differing_field_is_named() {
        let (ab, ba) = ([field("lat", 0, &F32), field("lon", 4, &F32)], [field("lon", 0, &F32), field("lat", 4, &F32)]);
        assert_eq!(
            difference(&TypeDesc::Struct(&of(8, &ab)), &TypeDesc::Struct(&of(8, &ba))),
            "field `lat` at offset 0 is named `lat` here and `lon` in the segment"
        );
        let moved = [field("lat", 0, &F32), field("lon", 8, &F32)];
        assert_eq!(
            difference(&TypeDesc::Struct(&of(8, &ab)), &TypeDesc::Struct(&of(12, &moved))),
            "field `lon` is at offset 4 here and at offset 8 in the segment"
        );
        let (inner, outer) = (of(8, &ab), of(8, &moved[..1]));
        let (a, b) = (TypeDesc::Struct(&inner), TypeDesc::Struct(&outer));
        assert_eq!(
            difference(
                &TypeDesc::Struct(&of(8, &[field("pos", 0, &a)])),
                &TypeDesc::Struct(&of(8, &[field("pos", 0, &b)]))
            ),
            "field `pos.lon` at offset 4 is missing in the segment"
        );
        assert_eq!(difference(&F32, &U32), "the element is f32 here and u32 in the segment");
    }

    #[test]
    fn what_one_side_does_not_know_is_not_compared() {
        let mode = EnumDesc {
            name: "Mode",
            repr: Scalar::U8,
            flavour: Flavour::Open,
            values: &[EnumValue { name: "A", value: 1 }],
        };
        let bytes = TypeDesc::Array { count: 8, elem: &U8 };
        assert_eq!(difference(&U8, &TypeDesc::Enum(&mode)), "");
        assert_eq!(difference(&TypeDesc::Str { len: 8 }, &bytes), "");
        assert_eq!(difference(&TypeDesc::Opaque { size: 8 }, &bytes), "");
        assert_eq!(
            difference(&TypeDesc::Str { len: 9 }, &bytes),
            "the element is str[9] here and [u8; 8] in the segment"
        );
        let metres = [FieldDesc { name: "d", offset: 0, unit: "m", ty: &F32 }];
        let feet = [FieldDesc { name: "d", offset: 0, unit: "ft", ty: &F32 }];
        let plain = [field("d", 0, &F32)];
        assert_eq!(difference(&TypeDesc::Struct(&of(4, &metres)), &TypeDesc::Struct(&of(4, &plain))), "");
        assert_eq!(
            difference(&TypeDesc::Struct(&of(4, &metres)), &TypeDesc::Struct(&of(4, &feet))),
            "field `d` has the unit `m` here and `ft` in the segment"
        );
    }

    #[test]
    fn enum_values_may_be_added_but_not_moved() {
        let of = |values| EnumDesc { name: "E", repr: Scalar::U8, flavour: Flavour::Open, values };
        let one = [EnumValue { name: "A", value: 1 }];
        let two = [EnumValue { name: "A", value: 1 }, EnumValue { name: "B", value: 2 }];
        let moved = [EnumValue { name: "A", value: 2 }];
        let renamed = [EnumValue { name: "Z", value: 1 }];
        assert_eq!(difference(&TypeDesc::Enum(&of(&one)), &TypeDesc::Enum(&of(&two))), "");
        assert_eq!(difference(&TypeDesc::Enum(&of(&two)), &TypeDesc::Enum(&of(&one))), "");
        assert_eq!(
            difference(&TypeDesc::Enum(&of(&one)), &TypeDesc::Enum(&of(&moved))),
            "the element has the value `A` as 1 here and as 2 in the segment"
        );
        assert_eq!(
            difference(&TypeDesc::Enum(&of(&one)), &TypeDesc::Enum(&of(&renamed))),
            "the element calls the value 1 `A` here and `Z` in the segment"
        );
    }

    #[test]
    fn flavours_are_compared_and_a_closed_enum_has_no_other_numbers() {
        let of = |flavour, values| EnumDesc { name: "E", repr: Scalar::U8, flavour, values };
        let two = [EnumValue { name: "A", value: 1 }, EnumValue { name: "B", value: 2 }];
        let alias = [EnumValue { name: "Z", value: 1 }, EnumValue { name: "A", value: 1 }, two[1]];
        let compared = |a, ours, b, theirs| difference(&TypeDesc::Enum(&of(a, ours)), &TypeDesc::Enum(&of(b, theirs)));
        let (open, closed, flags) = (Flavour::Open, Flavour::Closed, Flavour::Flags);
        assert_eq!(
            compared(closed, &two[..], open, &two[..]),
            "the element is a closed enum here and an open enum in the segment"
        );
        assert_eq!(
            compared(open, &two, flags, &two),
            "the element is an open enum here and a set of flags in the segment"
        );
        assert_eq!(
            compared(closed, &two, closed, &two[1..]),
            "the element has the value 1 `A` here and not in the segment"
        );
        assert_eq!(
            compared(closed, &two[..1], closed, &two),
            "the element has the value 2 `B` in the segment and not here"
        );
        assert_eq!(compared(closed, &two, closed, &alias), "");
        assert_eq!(compared(flags, &two, flags, &two[..1]), "");
        let number = &U8;
        assert_eq!(difference(number, &TypeDesc::Enum(&of(closed, &two))), "");
        assert_eq!(difference(&TypeDesc::Enum(&of(flags, &two)), number), "");
    }
}
