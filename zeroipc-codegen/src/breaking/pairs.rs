//! Which old thing is which new thing.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::compiler::Checked;
use crate::model::Schema;

/// The places of a schema among the files of both sides; no old one for a schema that is new.
#[derive(Clone, Copy, Debug)]
pub(super) struct Roots {
    pub(super) old: Option<usize>,
    pub(super) new: usize,
}

/// Which schemas are compared.
pub(super) struct Schemas {
    /// Every new schema with its old one, then the old ones that are only imported now.
    pub(super) pairs: Vec<Roots>,
    /// The old ones that are nowhere.
    pub(super) gone: Vec<usize>,
}

impl Schemas {
    /// The files that are compared, old and new: what changes in them is told there.
    pub(super) fn told(&self) -> HashSet<(usize, usize)> {
        self.pairs.iter().filter_map(|pair| Some((pair.old?, pair.new))).collect()
    }
}

/// Whether two schemas are one in two versions, by what they are called.
type Rule = fn(&Schema, &Schema) -> bool;

const SAME: Rule = |a, b| a.namespace == b.namespace && a.stem == b.stem;
const NAMESPACE: Rule = |a, b| a.namespace == b.namespace;
const STEM: Rule = |a, b| a.stem == b.stem;

/// Every new schema with its old one. A schema may have been an import then that is compared itself now, or the other way
/// round.
pub(super) fn schemas(old: &Checked, new: &Checked) -> Schemas {
    let imports = |checked: &Checked| (0..checked.units.len()).filter(|at| !checked.roots.contains(at)).collect();
    let (old_imports, new_imports): (Vec<usize>, Vec<usize>) = (imports(old), imports(new));
    // An import that is still there under both names is no other file.
    let lone = |list: &[usize], of: &Checked, others: &Checked| -> Vec<usize> {
        let is_there = |a: &Schema| (0..others.units.len()).any(|at| schema(others, at).is_some_and(|b| SAME(a, b)));
        list.iter().copied().filter(|at| schema(of, *at).is_some_and(|a| !is_there(a))).collect()
    };
    let (old_lone, new_lone) = (lone(&old_imports, old, new), lone(&new_imports, new, old));
    let mut found = Found { old, new, pairs: Vec::new() };
    for (rule, old_imports, new_imports) in [(SAME, &old_imports, &new_imports), (NAMESPACE, &old_lone, &new_lone)] {
        found.by(rule, &old.roots, &new.roots);
        found.by(rule, old_imports, &new.roots);
        found.by(rule, &old.roots, new_imports);
    }
    found.by(STEM, &old.roots, &new.roots);
    if let ([old], [new]) = (found.open_old().as_slice(), found.open_new().as_slice()) {
        found.pairs.push((*old, *new));
    }
    let (gone, mut rest) = (found.open_old(), found.pairs);
    let mut take = |place: usize| rest.iter().position(|(_, new)| *new == place).map(|at| rest.remove(at).0);
    let mut pairs: Vec<Roots> = new.roots.iter().map(|root| Roots { old: take(*root), new: *root }).collect();
    rest.sort_unstable_by_key(|(_, new)| *new);
    pairs.extend(rest.into_iter().map(|(old, new)| Roots { old: Some(old), new }));
    Schemas { pairs, gone }
}

/// The pairs so far.
struct Found<'a> {
    old: &'a Checked,
    new: &'a Checked,
    pairs: Vec<(usize, usize)>,
}

impl Found<'_> {
    /// Pairs those that the rule calls the same, of what has no partner yet.
    fn by(&mut self, rule: Rule, old: &[usize], new: &[usize]) {
        for b in new {
            let Some(after) = schema(self.new, *b).filter(|_| !self.pairs.iter().any(|(_, new)| new == b)) else {
                continue;
            };
            let free = |a: &&usize| !self.pairs.iter().any(|(old, _)| old == *a);
            let same = |a: &&usize| schema(self.old, **a).is_some_and(|before| rule(before, after));
            if let Some(a) = old.iter().filter(free).find(same) {
                self.pairs.push((*a, *b));
            }
        }
    }

    fn open_old(&self) -> Vec<usize> {
        self.old.roots.iter().copied().filter(|root| !self.pairs.iter().any(|(old, _)| old == root)).collect()
    }

    fn open_new(&self) -> Vec<usize> {
        self.new.roots.iter().copied().filter(|root| !self.pairs.iter().any(|(_, new)| new == root)).collect()
    }
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
