//! What moves no byte: documentation, defaults, ranges, constants, aliases.

use super::change::{Change, Class};
use super::codes::{
    ALIAS, CONST_ADDED, CONST_CHANGED, CONST_REMOVED, DEFAULT, DEPRECATION, DOC, EXTRA, NULL, RANGE, TYPE_ADDED,
    TYPE_REMOVED, UNIT, UNIT_KNOWN,
};
use super::definitions::{At, Comparison};
use super::pairs::Pairs;
use super::spell::{literal, optional, same, same_optional};
use super::types::Effect;
use crate::model::{Const, ConstType, Field, Literal, Meta};
use crate::source::Span;

/// What everything with a name says beside its meaning.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    doc: &'a [String],
    meta: &'a Meta,
}

impl<'a> Told<'a> {
    pub(super) fn item(doc: &'a [String], meta: &'a Meta) -> Told<'a> {
        Told { doc, meta }
    }
}

impl Comparison<'_> {
    pub(super) fn file_doc(&self, changes: &mut Vec<Change>) {
        if self.old.doc != self.new.doc {
            let (path, at) = (self.new.namespace.join("."), At::New(Span::new(0, 0)));
            changes.push(self.change(DOC, Class::Compatible, path, at, "the file's documentation changed"));
        }
    }

    pub(super) fn details(&self, old: Told<'_>, new: Told<'_>, path: &str, at: At, changes: &mut Vec<Change>) {
        let mut tell = |code, message: String| changes.push(self.change(code, Class::Compatible, path, at, message));
        if old.doc != new.doc {
            tell(DOC, "the documentation changed".to_owned());
        }
        match (&old.meta.deprecated, &new.meta.deprecated) {
            (None, Some(_)) => tell(DEPRECATION, "is deprecated now".to_owned()),
            (Some(_), None) => tell(DEPRECATION, "is deprecated no longer".to_owned()),
            (Some(a), Some(b)) if a != b => tell(DEPRECATION, "is deprecated for another reason".to_owned()),
            _ if old.meta.since != new.meta.since => tell(DEPRECATION, "`@since` changed".to_owned()),
            _ => {}
        }
        let (a, b) = (&old.meta.extra, &new.meta.extra);
        let alike = a.len() == b.len()
            && a.iter()
                .zip(b)
                .all(|((a, x), (b, y))| a == b && x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y)));
        if !alike {
            tell(EXTRA, "an attribute for other tools changed".to_owned());
        }
    }

    /// What a field says beyond its place and type.
    pub(super) fn field_details(&self, old: &Field, new: &Field, path: &str, changes: &mut Vec<Change>) {
        let at = At::New(new.span);
        self.unit(&old.unit, &new.unit, path, at, changes);
        let mut tell = |code, message: String| changes.push(self.change(code, Class::Compatible, path, at, message));
        if !same_optional(old.default.as_ref(), new.default.as_ref()) {
            let (before, after) = (optional(old.default.as_ref()), optional(new.default.as_ref()));
            tell(DEFAULT, format!("the default was {before} and is {after}"));
        }
        let ends = |range: &Option<(Literal, Literal)>| range.clone().map(|(low, high)| Literal::List(vec![low, high]));
        let (before, after) = (ends(&old.range), ends(&new.range));
        if !same_optional(before.as_ref(), after.as_ref()) {
            let (before, after) = (optional(before.as_ref()), optional(after.as_ref()));
            tell(RANGE, format!("the range was {before} and is {after}"));
        }
        if !same_optional(old.null.as_ref(), new.null.as_ref()) {
            let (before, after) = (optional(old.null.as_ref()), optional(new.null.as_ref()));
            tell(NULL, format!("the null value was {before} and is {after}"));
        }
        self.details(Told::item(&old.doc, &old.meta), Told::item(&new.doc, &new.meta), path, at, changes);
    }

    /// A side without a unit makes no claim, so that only two different ones are refused.
    fn unit(&self, old: &str, new: &str, path: &str, at: At, changes: &mut Vec<Change>) {
        match (old, new) {
            (old, new) if old == new => {}
            ("", new) => {
                let message = format!("the unit is `{new}`, where none was known");
                changes.push(self.change(UNIT_KNOWN, Class::Compatible, path, at, message));
            }
            (old, "") => {
                let message = format!("the unit was `{old}`, and none is known");
                changes.push(self.change(UNIT_KNOWN, Class::Compatible, path, at, message));
            }
            (old, new) => {
                let message = format!("the unit was `{old}` and is `{new}`");
                changes.push(self.change(UNIT, Class::Schema, path, at, message));
            }
        }
    }

    pub(super) fn consts(&self, changes: &mut Vec<Change>) {
        let (before, after) = (&self.old.consts, &self.new.consts);
        let pairs =
            Pairs::by_key(before.iter().map(|item| item.name.as_str()), after.iter().map(|item| item.name.as_str()));
        for (a, b) in &pairs.both {
            let (a, b) = (&before[*a], &after[*b]);
            let (path, at) = (self.path(&b.name), At::New(b.span));
            if a.ty != b.ty || !same(&a.value, &b.value) {
                let message = format!("was {} and is {}", spell_const(a), spell_const(b));
                changes.push(self.change(CONST_CHANGED, Class::Source, &path, at, message));
            }
            self.details(Told::item(&a.doc, &a.meta), Told::item(&b.doc, &b.meta), &path, at, changes);
        }
        for a in pairs.removed.iter().map(|i| &before[*i]) {
            let (path, at) = (self.path(&a.name), At::Old(a.span));
            changes.push(self.change(CONST_REMOVED, Class::Source, path, at, "the constant is gone"));
        }
        for b in pairs.added.iter().map(|i| &after[*i]) {
            let (path, at) = (self.path(&b.name), At::New(b.span));
            changes.push(self.change(CONST_ADDED, Class::Compatible, path, at, "the constant is new"));
        }
    }

    /// Other names for types: what contains them is told where it stands.
    pub(super) fn aliases(&mut self, changes: &mut Vec<Change>) {
        let (before, after) = (&self.old.aliases, &self.new.aliases);
        let pairs =
            Pairs::by_key(before.iter().map(|item| item.name.as_str()), after.iter().map(|item| item.name.as_str()));
        for (a, b) in &pairs.both {
            let (a, b) = (&before[*a], &after[*b]);
            let (path, at) = (self.path(&b.name), At::New(b.span));
            if let Effect::Other(..) = self.effect(a.ty, b.ty) {
                let (old, new) = (super::spell::ty(self.old, a.ty), super::spell::ty(self.new, b.ty));
                let message = format!("was another name for `{old}` and is one for `{new}`");
                changes.push(self.change(ALIAS, Class::Source, &path, at, message));
            }
            self.details(Told::item(&a.doc, &a.meta), Told::item(&b.doc, &b.meta), &path, at, changes);
        }
        for a in pairs.removed.iter().map(|i| &before[*i]) {
            let (path, at) = (self.path(&a.name), At::Old(a.span));
            changes.push(self.change(TYPE_REMOVED, Class::Source, path, at, "the type is gone"));
        }
        for b in pairs.added.iter().map(|i| &after[*i]) {
            let (path, at) = (self.path(&b.name), At::New(b.span));
            changes.push(self.change(TYPE_ADDED, Class::Compatible, path, at, "the type is new"));
        }
    }
}

fn spell_const(item: &Const) -> String {
    let ty = match item.ty {
        ConstType::Scalar(scalar) => scalar.name(),
        ConstType::Str => "str",
    };
    format!("`{}` of type `{ty}`", literal(&item.value))
}
