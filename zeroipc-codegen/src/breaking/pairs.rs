//! Which old thing is which new thing.

use std::collections::HashMap;
use std::sync::Arc;

use crate::compiler::Checked;
use crate::model::Schema;

/// The places of a schema among the files of both sides; no old one for a schema that is new.
#[derive(Clone, Copy, Debug)]
pub(super) struct Roots {
    pub(super) old: Option<usize>,
    pub(super) new: usize,
}

/// Every new schema with its old one.
pub(super) fn schemas(old: &Checked, new: &Checked) -> Vec<Roots> {
    let mut free: Vec<usize> = old.roots.clone();
    let mut found: Vec<Option<usize>> = vec![None; new.roots.len()];
    let rules: [fn(&Schema, &Schema) -> bool; 3] = [
        |a, b| a.namespace == b.namespace && a.stem == b.stem,
        |a, b| a.namespace == b.namespace,
        |a, b| a.stem == b.stem,
    ];
    for rule in rules {
        for (slot, place) in found.iter_mut().zip(&new.roots).filter(|(slot, _)| slot.is_none()) {
            let Some(schema) = schema(new, *place) else { continue };
            let same = |at: &usize| self::schema(old, *at).is_some_and(|other| rule(other, schema));
            if let Some(at) = free.iter().position(same) {
                *slot = Some(free.remove(at));
            }
        }
    }
    let mut open = found.iter_mut().filter(|slot| slot.is_none());
    if let ([only], Some(slot), None) = (free.as_slice(), open.next(), open.next()) {
        *slot = Some(*only);
    }
    new.roots.iter().zip(found).map(|(new, old)| Roots { old, new: *new }).collect()
}

fn schema(checked: &Checked, place: usize) -> Option<&Arc<Schema>> {
    checked.units.get(place).and_then(|unit| unit.schema.as_ref())
}

/// Things of both sides that belong together, by their places in two lists.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// Old and new, in the order of the new ones.
    pub(super) both: Vec<(usize, usize)>,
    pub(super) removed: Vec<usize>,
    pub(super) added: Vec<usize>,
}

impl Pairs {
    /// Pairs of things that have the same key.
    pub(super) fn by_key<'a>(old: impl Iterator<Item = &'a str>, new: impl Iterator<Item = &'a str>) -> Pairs {
        let mut pairs = Pairs::default();
        let old: Vec<&str> = old.collect();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (i, key) in old.iter().enumerate() {
            places.entry(key).or_insert(i);
        }
        let mut taken = vec![false; old.len()];
        for (i, key) in new.enumerate() {
            match places.get(key) {
                Some(at) if !taken[*at] => {
                    taken[*at] = true;
                    pairs.both.push((*at, i));
                }
                _ => pairs.added.push(i),
            }
        }
        pairs.removed = (0..old.len()).filter(|i| !taken[*i]).collect();
        pairs
    }

    /// Also pairs, of what is left, the first things that `fits`.
    pub(super) fn also(&mut self, mut fits: impl FnMut(usize, usize) -> bool) {
        let mut left = Vec::new();
        for new in std::mem::take(&mut self.added) {
            match self.removed.iter().position(|old| fits(*old, new)) {
                Some(at) => self.both.push((self.removed.remove(at), new)),
                None => left.push(new),
            }
        }
        self.added = left;
        self.both.sort_unstable_by_key(|(_, new)| *new);
    }
}
