//! What the changes of the types inside explain of a definition's own bytes. Everything else is told for itself, since
//! what is accepted about one definition must not hide what happens to another.

use super::change::{Change, Class};
use super::codes::{CASE_ORDER, FIELD_ADDED, FIELD_MOVED, FIELD_REMOVED, LENGTH, RESIZED, SIZE};
use super::definitions::{At, Comparison};
use super::types::{Effect, strongest};
use crate::model::{Field, Schema, Struct, TypeId, TypeKind, Variant, describe::describe};
use zeroipc_layout::limits::MAX_ALIGN;

/// The changes of a struct that leave it with another size by themselves.
const MOVERS: [crate::diagnostic::Code; 5] = [FIELD_ADDED, FIELD_MOVED, FIELD_REMOVED, LENGTH, RESIZED];

/// `at`, or the next place behind it that `align` divides.
fn up(at: u64, align: u64) -> u64 {
    at.next_multiple_of(align.clamp(1, u64::from(MAX_ALIGN)))
}

/// Whether bytes are padding of `@auto_pad`, which come and go with the fields.
fn is_padding(item: &Struct, field: &Field) -> bool {
    field.reserved && field.span == item.span
}

/// The bytes at the end of a struct that mean nothing.
fn tail(schema: &Schema, item: &Struct) -> u64 {
    item.size - end(schema, item)
}

/// Where the last field ends.
fn end(schema: &Schema, item: &Struct) -> u64 {
    let last = item.fields.iter().rev().find(|field| !field.reserved);
    last.map_or(0, |field| field.offset + schema.types[field.ty].size)
}

impl Comparison<'_> {
    /// The size and alignment that a type has when only what is told about its inside changes.
    fn measure(&self, effect: &Effect, old: TypeId, new: TypeId) -> (u64, u64) {
        let ty = match effect {
            Effect::Through(Class::Layout, ..) | Effect::Other(..) => self.new.types[new],
            _ => self.old.types[old],
        };
        (ty.size, ty.align)
    }

    /// Whether a type takes other bytes because of what is told about its inside.
    fn resizes(&self, effect: &Effect, old: TypeId, new: TypeId) -> bool {
        let (before, after) = (self.old.types[old], self.new.types[new]);
        matches!(effect, Effect::Through(Class::Layout, ..)) && (before.size, before.align) != (after.size, after.align)
    }

    /// For each field of a struct that has the same fields in the same order, whether it stands where it stood or where
    /// what changed inside of those before it puts it.
    pub(super) fn placed(&self, old: &Struct, after: &[&Field], effects: &[Effect]) -> Vec<bool> {
        let (mut at, mut list) = (0, Vec::new());
        let mut new = after.iter().zip(effects);
        for field in old.fields.iter().filter(|field| !is_padding(old, field)) {
            if field.reserved {
                at += self.old.types[field.ty].size;
                continue;
            }
            let Some((b, effect)) = new.next() else { break };
            let (size, align) = self.measure(effect, field.ty, b.ty);
            let expected = up(at, align);
            let stays = b.offset == field.offset;
            list.push(stays || b.offset == expected);
            at = if stays { b.offset } else { expected } + size;
        }
        list
    }

    /// Tells the size of a struct unless its fields explain it.
    pub(super) fn size(
        &self,
        old: &Struct,
        new: &Struct,
        fields: &[(&Field, &Field)],
        effects: &[Effect],
        path: &str,
        changes: &mut Vec<Change>,
    ) {
        let grew = fields.iter().zip(effects).any(|((a, b), effect)| self.resizes(effect, a.ty, b.ty));
        let moved = grew || changes.iter().any(|change| change.class == Class::Layout && MOVERS.contains(&change.code));
        let follows = tail(self.old, old) == tail(self.new, new) || new.size == up(end(self.new, new), new.align);
        if old.size != new.size && !(moved && follows) {
            let message = format!("has {} bytes instead of {}", new.size, old.size);
            changes.push(self.change(SIZE, Class::Layout, path, At::New(new.span), message));
        }
    }

    /// Where a variant's payload lies and how large the variant is, when only what is told about it changes.
    pub(super) fn room(&mut self, old: &Variant, new: &Variant, pairs: &[(usize, usize)]) -> (u64, u64) {
        let tag = self.new.types[new.tag];
        let (mut size, mut align) = (0, 1);
        for (i, case) in new.cases.iter().enumerate() {
            let Some(ty) = case.ty else { continue };
            let before = pairs.iter().find(|(_, b)| *b == i).and_then(|(a, _)| old.cases[*a].ty);
            let (bytes, to) = match before {
                Some(before) => {
                    let effect = self.effect(before, ty);
                    self.measure(&effect, before, ty)
                }
                None => (self.new.types[ty].size, self.new.types[ty].align),
            };
            (size, align) = (size.max(bytes), align.max(to));
        }
        let payload = up(tag.size, align);
        (payload, up(payload + size, align.max(tag.align)))
    }

    /// Tells that a definition is refused when nothing that is told about it says so.
    pub(super) fn tell_the_rest(&mut self, old: TypeId, new: TypeId, changes: &mut Vec<Change>) {
        let Some(class) = self.judge(old, new) else { return };
        let says = |change: &Change| match class {
            Class::Layout => !change.is_through() && matches!(change.class, Class::Layout | Class::Append),
            _ => !change.is_through() && change.class < Class::Segment,
        };
        if changes.iter().any(says) || strongest(changes).is_some() && self.only_inside(class, old, new) {
            return;
        }
        let what =
            if class == Class::Layout { "segments record another layout" } else { "segments record it otherwise" };
        let (code, item) = match self.new.types[new].kind {
            TypeKind::Variant(i) => (CASE_ORDER, (&self.new.variants[i].name, self.new.variants[i].span)),
            TypeKind::Struct(i) => (SIZE, (&self.new.structs[i].name, self.new.structs[i].span)),
            TypeKind::Enum(i) => (SIZE, (&self.new.enums[i].name, self.new.enums[i].span)),
            TypeKind::Scalar(_) | TypeKind::Str(_) | TypeKind::Array { .. } => return,
        };
        changes.push(self.change(code, class, self.path(item.0), At::New(item.1), what));
    }

    /// Whether two definitions are the same but for what changed inside of the types that they hold.
    fn only_inside(&mut self, class: Class, old: TypeId, new: TypeId) -> bool {
        let (before, after) = (parts(self.old, old), parts(self.new, new));
        before.len() == after.len()
            && before.iter().zip(&after).all(|((name, a), (other, b))| {
                let effect = self.effect(*a, *b);
                let (a, b) = (describe(self.old, *a), describe(self.new, *b));
                let same = match class {
                    Class::Layout => a.layout == b.layout,
                    _ => name == other && a.schema == b.schema,
                };
                same || matches!(effect, Effect::Through(..)) && (class == Class::Layout || name == other)
            })
    }
}

/// What a definition holds: names and units as segments record them, and types.
fn parts(schema: &Schema, ty: TypeId) -> Vec<((&str, &str), TypeId)> {
    match schema.types[ty].kind {
        TypeKind::Struct(i) => {
            let fields = schema.structs[i].fields.iter().filter(|field| !field.reserved);
            fields.map(|field| ((field.recorded(), field.unit.as_str()), field.ty)).collect()
        }
        TypeKind::Variant(i) => {
            let cases = &schema.variants[i].cases;
            cases.iter().filter_map(|case| Some(((case.recorded(), ""), case.ty?))).collect()
        }
        _ => Vec::new(),
    }
}
