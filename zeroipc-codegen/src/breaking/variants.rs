//! Variants in two versions.

use super::change::{Change, Class};
use super::codes::{
    CASE_ADDED, CASE_ORDER, CASE_REMOVED, CASE_RENAMED, CASE_RENUMBERED, CASE_TYPE, NAME, PAYLOAD, REPR, SIZE,
    VALUE_ADDED, VALUE_REMOVED,
};
use super::definitions::{At, Comparison};
use super::details::Told;
use super::pairs::Pairs;
use super::spell;
use super::types::Effect;
use crate::model::{Case, Schema, TypeId, TypeKind, Variant, describe::describe};

impl Comparison<'_> {
    pub(super) fn variants(&mut self, old: &Variant, new: &Variant) -> Vec<Change> {
        let (path, at) = (self.path(&new.name), At::New(new.span));
        let mut changes = Vec::new();
        let (before, after) = (repr(self.old, old), repr(self.new, new));
        if before != after {
            let message = format!("the tag was `{before}` and is `{after}`");
            changes.push(self.change(REPR, Class::Layout, &path, at, message));
        }
        self.details(Told::item(&old.doc, &old.meta), Told::item(&new.doc, &new.meta), &path, at, &mut changes);
        let pairs = pair_cases(old, new);
        self.cases(old, new, &pairs, &path, &mut changes);
        self.order(old, new, &pairs, &path, &mut changes);
        let room = self.room(old, new, &pairs.both);
        let holds = |item: &Variant| item.cases.iter().any(|case| case.ty.is_some());
        if old.payload != new.payload && holds(old) && holds(new) && new.payload != room.0 {
            let message = format!("the payload lies at offset {} instead of {}", new.payload, old.payload);
            changes.push(self.change(PAYLOAD, Class::Layout, &path, at, message));
        }
        if old.size != new.size && new.size != room.1 && new.payload == room.0 {
            let message = format!("has {} bytes instead of {}", new.size, old.size);
            changes.push(self.change(SIZE, Class::Layout, &path, at, message));
        }
        changes
    }

    /// Segments record the payloads in the order of their cases, whatever else happens to those.
    fn order(&self, old: &Variant, new: &Variant, pairs: &Pairs, path: &str, changes: &mut Vec<Change>) {
        let payloads = pairs.both.iter().filter_map(|(a, b)| Some((*a, old.cases[*a].ty?, new.cases[*b].ty?)));
        let payloads: Vec<_> = payloads.collect();
        if payloads.is_sorted_by_key(|(place, ..)| *place) {
            return;
        }
        let mut then = payloads.clone();
        then.sort_unstable_by_key(|(place, ..)| *place);
        let layouts = |list: &[(usize, TypeId, TypeId)]| -> Vec<u64> {
            list.iter().map(|(_, ty, _)| describe(self.old, *ty).layout).collect()
        };
        let class = if layouts(&then) == layouts(&payloads) { Class::Schema } else { Class::Layout };
        let message = "the cases stand in another order, which segments record";
        changes.push(self.change(CASE_ORDER, class, path, At::New(new.span), message));
    }

    fn cases(&mut self, old: &Variant, new: &Variant, pairs: &Pairs, path: &str, changes: &mut Vec<Change>) {
        // Room that was there already, and that no old program looks at for a case that it does not know.
        let room = old.size == new.size && old.payload == new.payload;
        let grown = if room { Class::Append } else { Class::Layout };
        for (a, b) in &pairs.both {
            let (a, b) = (&old.cases[*a], &new.cases[*b]);
            let (path, at) = (format!("{path}.{}", b.name), At::New(b.span));
            if a.recorded() != b.recorded() {
                let message = format!("was recorded as `{}` and is as `{}`", a.recorded(), b.recorded());
                changes.push(self.change(CASE_RENAMED, Class::Schema, &path, at, message));
            } else if a.name != b.name {
                let message = format!("was called `{}`; segments record the same for both", a.name);
                changes.push(self.change(NAME, Class::Source, &path, at, message));
            }
            if a.value != b.value {
                let message = format!("was {} and is {}", a.value, b.value);
                changes.push(self.change(CASE_RENUMBERED, Class::Schema, &path, at, message));
            }
            match (a.ty, b.ty) {
                (None, None) => {}
                (Some(a), Some(b)) => match self.effect(a, b) {
                    Effect::Other(_, class) => {
                        let (before, after) = (spell::ty(self.old, a), spell::ty(self.new, b));
                        let message = format!("held `{before}` and holds `{after}`");
                        changes.push(self.change(CASE_TYPE, class, &path, at, message));
                    }
                    effect => changes.extend(self.type_change(&effect, (a, b), &path, at)),
                },
                (None, Some(b)) => {
                    let message = format!("held nothing and holds `{}`", spell::ty(self.new, b));
                    changes.push(self.change(CASE_TYPE, grown, &path, at, message));
                }
                (Some(a), None) => {
                    let message = format!("held `{}` and holds nothing", spell::ty(self.old, a));
                    changes.push(self.change(CASE_TYPE, Class::Layout, &path, at, message));
                }
            }
            self.details(Told::item(&a.doc, &a.meta), Told::item(&b.doc, &b.meta), &path, at, changes);
        }
        for a in pairs.removed.iter().map(|i| &old.cases[*i]) {
            let (code, class) = match a.ty {
                Some(_) => (CASE_REMOVED, Class::Layout),
                None => (VALUE_REMOVED, Class::Source),
            };
            let message = format!("the case {} is gone", a.value);
            changes.push(self.change(code, class, format!("{path}.{}", a.name), At::Old(a.span), message));
        }
        for b in pairs.added.iter().map(|i| &new.cases[*i]) {
            let (code, class) = match b.ty {
                Some(_) => (CASE_ADDED, grown),
                None => (VALUE_ADDED, Class::Compatible),
            };
            let message = format!("the case {} is new", b.value);
            changes.push(self.change(code, class, format!("{path}.{}", b.name), At::New(b.span), message));
        }
    }
}

/// Cases that segments call the same, then those of the same number.
fn pair_cases(old: &Variant, new: &Variant) -> Pairs {
    let mut pairs = Pairs::by_key(old.cases.iter().map(Case::recorded), new.cases.iter().map(Case::recorded));
    pairs.also(|a, b| old.cases[a].value == new.cases[b].value);
    pairs
}

/// The number that holds the tag.
fn repr(schema: &Schema, item: &Variant) -> &'static str {
    match schema.types[item.tag].kind {
        TypeKind::Enum(i) => schema.enums[i].repr.name(),
        _ => "",
    }
}
