//! Segments in two versions: where their structures lie, and what they are.

use super::change::{Change, Class};
use super::codes::{
    ACCESSOR, ELEMENT, GROWN, SEGMENT_ADDED, SEGMENT_PATH, SEGMENT_REMOVED, SEGMENT_SIZE, SHRUNK, STRUCTURE_ADDED,
    STRUCTURE_KIND, STRUCTURE_MOVED, STRUCTURE_ORDER, STRUCTURE_REMOVED, STRUCTURE_RENAMED,
};
use super::definitions::{At, Comparison};
use super::details::Told;
use super::pairs::Pairs;
use super::spell;
use super::types::Effect;
use crate::model::{Segment, Structure};

impl Comparison<'_> {
    pub(super) fn segments(&mut self, changes: &mut Vec<Change>) {
        let (before, after) = (&self.old.segments, &self.new.segments);
        let name = |segment: &'_ Segment| segment.name.clone();
        let (old_names, new_names): (Vec<_>, Vec<_>) =
            (before.iter().map(name).collect(), after.iter().map(name).collect());
        let mut pairs = Pairs::by_key(old_names.iter().map(String::as_str), new_names.iter().map(String::as_str));
        pairs.also(|a, b| before[a].path == after[b].path);
        for (a, b) in &pairs.both {
            self.segment(&before[*a], &after[*b], changes);
        }
        for a in pairs.removed.iter().map(|i| &before[*i]) {
            let message = format!("the segment `{}` is gone", a.path);
            changes.push(self.change(SEGMENT_REMOVED, Class::Segment, self.path(&a.name), At::Old(a.span), message));
        }
        for b in pairs.added.iter().map(|i| &after[*i]) {
            let message = format!("the segment `{}` is new", b.path);
            changes.push(self.change(SEGMENT_ADDED, Class::Compatible, self.path(&b.name), At::New(b.span), message));
        }
    }

    fn segment(&mut self, old: &Segment, new: &Segment, changes: &mut Vec<Change>) {
        let (path, at) = (self.path(&new.name), At::New(new.span));
        if old.name != new.name {
            let message = format!("the accessor was called `{}`", old.name);
            changes.push(self.change(ACCESSOR, Class::Source, &path, at, message));
        }
        if old.path != new.path {
            let message = format!("the segment was called `{}` and is called `{}`", old.path, new.path);
            changes.push(self.change(SEGMENT_PATH, Class::Segment, &path, at, message));
        }
        if old.size != new.size {
            let message = format!("has {} bytes instead of {}", new.size, old.size);
            changes.push(self.change(SEGMENT_SIZE, Class::Segment, &path, at, message));
        }
        self.details(Told::item(&old.doc, &old.meta), Told::item(&new.doc, &new.meta), &path, at, changes);
        self.structures(old, new, &path, changes);
    }

    fn structures(&mut self, old: &Segment, new: &Segment, path: &str, changes: &mut Vec<Change>) {
        let (before, after) = (&old.structures, &new.structures);
        let mut pairs = Pairs::by_key(
            before.iter().map(|structure| structure.name.as_str()),
            after.iter().map(|structure| structure.name.as_str()),
        );
        pairs.also(|a, b| self.is_same_structure(&before[a], &after[b]));
        let in_order = pairs.both.windows(2).all(|two| two[0].0 < two[1].0);
        if !in_order {
            let message = "the structures stand in another order";
            changes.push(self.change(STRUCTURE_ORDER, Class::Segment, path, At::New(new.span), message));
        }
        for (a, b) in &pairs.both {
            let (a, b) = (&before[*a], &after[*b]);
            let (path, at) = (format!("{path}.{}", b.name), At::New(b.span));
            if a.name != b.name {
                let message = format!("was called `{}`, which segments record", a.name);
                changes.push(self.change(STRUCTURE_RENAMED, Class::Segment, &path, at, message));
            }
            if a.offset != b.offset {
                let message = format!("lies at offset {} instead of {}", b.offset, a.offset);
                changes.push(self.change(STRUCTURE_MOVED, Class::Segment, &path, at, message));
            }
            self.structure(a, b, &path, at, changes);
            self.details(Told::item(&a.doc, &a.meta), Told::item(&b.doc, &b.meta), &path, at, changes);
        }
        for a in pairs.removed.iter().map(|i| &before[*i]) {
            let path = format!("{path}.{}", a.name);
            changes.push(self.change(
                STRUCTURE_REMOVED,
                Class::Segment,
                path,
                At::Old(a.span),
                "the structure is gone",
            ));
        }
        for b in pairs.added.iter().map(|i| &after[*i]) {
            let path = format!("{path}.{}", b.name);
            let message = "the structure is new, and missing in segments that exist";
            changes.push(self.change(STRUCTURE_ADDED, Class::Segment, path, At::New(b.span), message));
        }
    }

    /// Whether two structures differ in nothing but their names.
    fn is_same_structure(&mut self, old: &Structure, new: &Structure) -> bool {
        old.kind == new.kind
            && old.numbers == new.numbers
            && old.offset == new.offset
            && old.elements.len() == new.elements.len()
            && old.elements.iter().zip(&new.elements).all(|(a, b)| matches!(self.effect(*a, *b), Effect::Same))
    }

    fn structure(&mut self, old: &Structure, new: &Structure, path: &str, at: At, changes: &mut Vec<Change>) {
        if old.kind != new.kind {
            let message = format!("was `{}` and is `{}`", old.kind.word(), new.kind.word());
            changes.push(self.change(STRUCTURE_KIND, Class::Segment, path, at, message));
            return;
        }
        for (a, b) in old.elements.iter().zip(&new.elements) {
            match self.effect(*a, *b) {
                Effect::Other(_, class) => {
                    let (before, after) = (spell::ty(self.old, *a), spell::ty(self.new, *b));
                    let message = format!("held `{before}` and holds `{after}`");
                    changes.push(self.change(ELEMENT, class.max(Class::Segment), path, at, message));
                }
                effect => changes.extend(self.type_change(&effect, (*a, *b), path, at)),
            }
        }
        let names = new.kind.numbers();
        for ((a, b), name) in old.numbers.iter().zip(&new.numbers).zip(names).filter(|((a, b), _)| a != b) {
            let code = if a < b { GROWN } else { SHRUNK };
            let message = format!("the {name} was {a} and is {b}");
            changes.push(self.change(code, Class::Segment, path, at, message));
        }
    }
}
