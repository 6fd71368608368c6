//! What became of a type that a field, a case or a structure has.

use zeroipc_layout::{Description, compare};

use super::change::{Change, Class};
use super::codes::{IMPORTED, LENGTH, RESIZED, RETYPED, THROUGH};
use super::definitions::{At, Comparison};
use super::spell;
use crate::diagnostic::Code;
use crate::model::{TypeId, TypeKind, describe::describe};

/// What became of a type.
pub(super) enum Effect {
    Same,
    /// It is the same definition, and that one changed.
    Through(Class, TypeId, TypeId),
    /// It is another type.
    Other(Code, Class),
}

/// What changes a definition so that everything changes that contains it.
pub(super) fn strongest(changes: &[Change]) -> Option<Class> {
    changes.iter().map(|change| change.class).filter(|class| *class < Class::Source).min()
}

impl Comparison<'_> {
    pub(super) fn effect(&mut self, old: TypeId, new: TypeId) -> Effect {
        let (before, after) = (self.old.types[old], self.new.types[new]);
        match (before.kind, after.kind) {
            (TypeKind::Scalar(a), TypeKind::Scalar(b)) if a == b => Effect::Same,
            (TypeKind::Str(a), TypeKind::Str(b)) if a == b => Effect::Same,
            (TypeKind::Array { elem: a, count: n }, TypeKind::Array { elem: b, count: m }) if n == m => {
                self.effect(a, b)
            }
            _ if self.is_same_definition(old, new) => match self.of_definition(old, new) {
                Some(class) => Effect::Through(class, old, new),
                None => Effect::Same,
            },
            (a, b) => {
                let class = self.judge(old, new).unwrap_or(Class::Source);
                let counted = matches!(
                    (a, b),
                    (TypeKind::Array { .. }, TypeKind::Array { .. }) | (TypeKind::Str(_), TypeKind::Str(_))
                );
                let code = match (counted, before.size == after.size) {
                    (true, _) => LENGTH,
                    (false, false) => RESIZED,
                    (false, true) => RETYPED,
                };
                Effect::Other(code, class)
            }
        }
    }

    /// What a definition's changes do to those that contain it. A tag is as its variant.
    fn of_definition(&mut self, old: TypeId, new: TypeId) -> Option<Class> {
        strongest(&self.definition(old, new))
    }

    /// What a runtime says that meets the old type in a segment and knows the new one; nothing when it opens it.
    pub(super) fn judge(&self, old: TypeId, new: TypeId) -> Option<Class> {
        let (before, after) = (describe(self.old, old), describe(self.new, new));
        if before.schema == after.schema {
            return None;
        }
        match (Description::parse(&after.bytes), Description::parse(&before.bytes)) {
            (Ok(ours), Ok(theirs)) if compare(ours, theirs).is_ok() => None,
            _ if before.layout == after.layout => Some(Class::Schema),
            _ => Some(Class::Layout),
        }
    }

    /// Tells what became of the type of the thing `path`.
    pub(super) fn type_change(&self, effect: &Effect, types: (TypeId, TypeId), path: &str, at: At) -> Option<Change> {
        Some(match effect {
            Effect::Same => return None,
            Effect::Through(class, before, after) => {
                let name = spell::ty(self.new, *after);
                match self.is_told(*before, *after) {
                    true => self.change(THROUGH, *class, path, at, format!("changes with `{name}`")),
                    false => self.change(IMPORTED, *class, path, at, format!("the imported `{name}` changed")),
                }
            }
            Effect::Other(code, class) => {
                let sizes = (self.old.types[types.0].size, self.new.types[types.1].size);
                let (before, after) = (spell::ty(self.old, types.0), spell::ty(self.new, types.1));
                let message = match sizes.0 == sizes.1 {
                    true => format!("was `{before}` and is `{after}`"),
                    false => format!("was `{before}` of {} bytes and is `{after}` of {}", sizes.0, sizes.1),
                };
                self.change(*code, *class, path, at, message)
            }
        })
    }
}
