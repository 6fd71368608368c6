//! Enums and flags in two versions.

use super::change::{Change, Class};
use super::codes::{
    CLOSED_ADDED, CLOSED_REMOVED, FLAVOUR, NAME, REPR, VALUE_ADDED, VALUE_REMOVED, VALUE_RENAMED, VALUE_RENUMBERED,
};
use super::definitions::{At, Comparison};
use super::details::Told;
use super::pairs::Pairs;
use crate::model::{Enum, Flavour, Value};

impl Comparison<'_> {
    pub(super) fn enums(&self, old: &Enum, new: &Enum) -> Vec<Change> {
        let mut changes = Vec::new();
        let path = self.path(&new.name);
        let at = At::New(new.span);
        if old.repr != new.repr {
            let message = format!("was `{}` and is `{}`", old.repr.name(), new.repr.name());
            changes.push(self.change(REPR, Class::Layout, &path, at, message));
        }
        if old.flavour != new.flavour {
            let message = format!("was {} and is {}", flavour(old.flavour), flavour(new.flavour));
            changes.push(self.change(FLAVOUR, Class::Schema, &path, at, message));
        }
        self.details(Told::item(&old.doc, &old.meta), Told::item(&new.doc, &new.meta), &path, at, &mut changes);
        self.values(old, new, &path, &mut changes);
        changes
    }

    fn values(&self, old: &Enum, new: &Enum, path: &str, changes: &mut Vec<Change>) {
        let closed = new.flavour == Flavour::Closed;
        let mut pairs = Pairs::by_key(old.values.iter().map(Value::recorded), new.values.iter().map(Value::recorded));
        pairs.also(|a, b| old.values[a].value == new.values[b].value);
        for (a, b) in &pairs.both {
            let (a, b) = (&old.values[*a], &new.values[*b]);
            let (path, at) = (format!("{path}.{}", b.name), At::New(b.span));
            if a.recorded() != b.recorded() {
                let message = format!("{} was recorded as `{}` and is as `{}`", b.value, a.recorded(), b.recorded());
                changes.push(self.change(VALUE_RENAMED, Class::Schema, &path, at, message));
            } else if a.name != b.name {
                let message = format!("was called `{}`; segments record the same for both", a.name);
                changes.push(self.change(NAME, Class::Source, &path, at, message));
            }
            if a.value != b.value {
                let message = format!("was {} and is {}", a.value, b.value);
                changes.push(self.change(VALUE_RENUMBERED, Class::Schema, &path, at, message));
            }
            self.details(Told::item(&a.doc, &a.meta), Told::item(&b.doc, &b.meta), &path, at, changes);
        }
        for a in pairs.removed.iter().map(|i| &old.values[*i]) {
            let (code, class) = if closed { (CLOSED_REMOVED, Class::Schema) } else { (VALUE_REMOVED, Class::Source) };
            let message = format!("the value {} is gone", a.value);
            changes.push(self.change(code, class, format!("{path}.{}", a.name), At::Old(a.span), message));
        }
        for b in pairs.added.iter().map(|i| &new.values[*i]) {
            let (code, class) = if closed { (CLOSED_ADDED, Class::Schema) } else { (VALUE_ADDED, Class::Compatible) };
            let message = format!("the value {} is new", b.value);
            changes.push(self.change(code, class, format!("{path}.{}", b.name), At::New(b.span), message));
        }
    }
}

fn flavour(flavour: Flavour) -> &'static str {
    match flavour {
        Flavour::Flags => "flags",
        Flavour::Closed => "a closed enum",
        _ => "an open enum",
    }
}
