//! Structs in two versions.

use super::change::{Change, Class};
use super::codes::{
    ALIGN_LOWERED, ALIGN_RAISED, FIELD_ADDED, FIELD_MOVED, FIELD_REMOVED, FIELD_RENAMED, NAME, SWAPPED, TAKEN,
};
use super::definitions::{At, Comparison};
use super::details::Told;
use super::pairs::Pairs;
use super::types::Effect;
use crate::model::{Field, Struct, describe::describe};

impl Comparison<'_> {
    pub(super) fn structs(&mut self, old: &Struct, new: &Struct) -> Vec<Change> {
        let path = self.path(&new.name);
        let (before, after) = (fields(old), fields(new));
        let pairs = self.pair_fields(&before, &after);
        let effects: Vec<Effect> = pairs.both.iter().map(|(a, b)| self.effect(before[*a].ty, after[*b].ty)).collect();
        let mut changes = Vec::new();
        // The same fields in the same order, and one grew inside: the others may have moved because of that.
        let alike = pairs.removed.is_empty()
            && pairs.added.is_empty()
            && pairs.both.iter().all(|(a, b)| a == b)
            && effects.iter().all(|effect| !matches!(effect, Effect::Other(..)));
        let placed = if alike { self.placed(old, &after, &effects) } else { Vec::new() };
        for (i, ((a, b), effect)) in pairs.both.iter().zip(&effects).enumerate() {
            let (a, b) = (before[*a], after[*b]);
            let (path, at) = (format!("{path}.{}", b.name), At::New(b.span));
            self.field_name(a, b, &path, &mut changes);
            if a.offset != b.offset && !placed.get(i).copied().unwrap_or(false) {
                changes.push(self.moved(a, b, &before, &path));
            }
            changes.extend(self.type_change(effect, (a.ty, b.ty), &path, at));
            self.field_details(a, b, &path, &mut changes);
        }
        for a in pairs.removed.iter().map(|i| before[*i]) {
            let message = format!("the field at offset {} is gone", a.offset);
            changes.push(self.change(
                FIELD_REMOVED,
                Class::Layout,
                format!("{path}.{}", a.name),
                At::Old(a.span),
                message,
            ));
        }
        for b in pairs.added.iter().map(|i| after[*i]) {
            let size = self.new.types[b.ty].size;
            let taken = old.size == new.size && is_reserved(old, self.old, b.offset, b.offset + size);
            let (code, class, what) = match taken {
                true => (TAKEN, Class::Append, "takes reserved bytes"),
                false => (FIELD_ADDED, Class::Layout, "is new"),
            };
            let message = format!("the field at offset {} {what}", b.offset);
            changes.push(self.change(code, class, format!("{path}.{}", b.name), At::New(b.span), message));
        }
        let both: Vec<_> = pairs.both.iter().map(|(a, b)| (before[*a], after[*b])).collect();
        self.size(old, new, &both, &effects, &path, &mut changes);
        self.align(old, new, &path, &mut changes);
        let at = At::New(new.span);
        self.details(Told::item(&old.doc, &old.meta), Told::item(&new.doc, &new.meta), &path, at, &mut changes);
        changes
    }

    /// Fields that segments call the same, then those that are called the same here, then those of one place and type.
    fn pair_fields(&mut self, old: &[&Field], new: &[&Field]) -> Pairs {
        let mut pairs =
            Pairs::by_key(old.iter().map(|field| field.recorded()), new.iter().map(|field| field.recorded()));
        pairs.also(|a, b| old[a].name == new[b].name);
        pairs.also(|a, b| {
            let (a, b) = (old[a], new[b]);
            a.offset == b.offset && a.unit == b.unit && matches!(self.effect(a.ty, b.ty), Effect::Same)
        });
        pairs
    }

    fn field_name(&self, old: &Field, new: &Field, path: &str, changes: &mut Vec<Change>) {
        let at = At::New(new.span);
        if old.recorded() != new.recorded() {
            let message = format!("was recorded as `{}` and is as `{}`", old.recorded(), new.recorded());
            changes.push(self.change(FIELD_RENAMED, Class::Schema, path, at, message));
        } else if old.name != new.name {
            let message = format!("was called `{}`; segments record the same for both", old.name);
            changes.push(self.change(NAME, Class::Source, path, at, message));
        }
    }

    /// A field at another offset: where one of the same layout was, the bytes can still be read, and are the other's.
    fn moved(&self, old: &Field, new: &Field, before: &[&Field], path: &str) -> Change {
        let layout = describe(self.new, new.ty).layout;
        let there = before.iter().find(|field| field.offset == new.offset);
        let (from, to) = (old.offset, new.offset);
        match there.filter(|field| describe(self.old, field.ty).layout == layout) {
            Some(field) => {
                let message =
                    format!("lies at offset {to} instead of {from}, where `{}` of the same bytes was", field.name);
                self.change(SWAPPED, Class::Schema, path, At::New(new.span), message)
            }
            None => {
                let message = format!("lies at offset {to} instead of {from}");
                self.change(FIELD_MOVED, Class::Layout, path, At::New(new.span), message)
            }
        }
    }

    fn align(&self, old: &Struct, new: &Struct, path: &str, changes: &mut Vec<Change>) {
        let at = At::New(new.span);
        // What the fields need by themselves is told with the fields.
        let asked = |item: &Struct| (item.align > item.natural_align).then_some(item.align);
        if old.align != new.align && asked(old) != asked(new) {
            let message = format!("is aligned to {} instead of {}", new.align, old.align);
            let (code, class) = match old.align < new.align {
                true => (ALIGN_RAISED, Class::Segment),
                false => (ALIGN_LOWERED, Class::Compatible),
            };
            changes.push(self.change(code, class, path, at, message));
        }
    }
}

/// The fields that mean something.
fn fields(item: &Struct) -> Vec<&Field> {
    item.fields.iter().filter(|field| !field.reserved).collect()
}

/// Whether all bytes from `start` to `end` have no meaning.
fn is_reserved(item: &Struct, schema: &crate::model::Schema, start: u64, end: u64) -> bool {
    let mut at = start;
    for field in item.fields.iter().filter(|field| field.reserved) {
        let last = field.offset + schema.types[field.ty].size;
        if field.offset <= at && at < last {
            at = last;
        }
    }
    at >= end
}
