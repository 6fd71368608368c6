//! Two versions of one schema, definition by definition.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::change::{Change, Class, Place};
use super::codes::{NAMESPACE, SCHEMA_ADDED, SCHEMA_REMOVED, TYPE_ADDED, TYPE_REMOVED, TYPE_RENAMED};
use super::cut::cut;
use super::pairs::{Pairs, Roots};
use crate::compiler::Checked;
use crate::diagnostic::Code;
use crate::model::{Module, Schema, TypeId, TypeKind, describe::describe};
use crate::source::Span;

/// Where a change is shown, in the file of the schema that is being compared.
#[derive(Clone, Copy, Debug)]
pub(super) enum At {
    Old(Span),
    New(Span),
}

/// What is known while two versions of a schema are compared.
pub(super) struct Comparison<'a> {
    pub(super) old: &'a Schema,
    pub(super) new: &'a Schema,
    roots: (usize, usize),
    /// The old names of types that have new ones.
    renamed: HashMap<String, String>,
    /// The files that are compared, old and new: what changes there is told there.
    told: &'a HashSet<(usize, usize)>,
    /// The changes of pairs of definitions that were compared already, by their types.
    pub(super) known: HashMap<(TypeId, TypeId), Rc<Vec<Change>>>,
}

/// All changes of one schema, by place.
pub(super) fn compare_schemas(
    old: &Checked,
    new: &Checked,
    roots: Roots,
    told: &HashSet<(usize, usize)>,
) -> Vec<Change> {
    let Some(after) = new.units[roots.new].schema.as_deref() else { return Vec::new() };
    let before = roots.old.and_then(|place| Some((place, old.units[place].schema.as_deref()?)));
    let Some((place, before)) = before else {
        let message = "the schema is new".to_owned();
        let place = Place { old: false, unit: roots.new, span: Span::new(0, 0) };
        let path = after.namespace.join(".");
        let class = Class::Compatible;
        return vec![Change { code: SCHEMA_ADDED, class, path, message, accepted: false, place }];
    };
    let roots = (place, roots.new);
    let mut comparison =
        Comparison { old: before, new: after, roots, renamed: HashMap::new(), told, known: HashMap::new() };
    let mut changes = comparison.changes();
    changes.sort_by_key(|change| (change.place.old, change.place.span, change.code));
    let place = Place { old: false, unit: roots.1, span: Span::new(0, 0) };
    cut(changes, place, after.namespace.join("."))
}

/// An old schema that is neither compared nor imported any more.
pub(super) fn gone(old: &Checked, place: usize) -> Option<Change> {
    let schema = old.units[place].schema.as_deref()?;
    let (class, message) = match schema.segments.len() {
        0 => (Class::Source, "the schema is gone".to_owned()),
        1 => (Class::Segment, "the schema is gone, and with it a segment".to_owned()),
        count => (Class::Segment, format!("the schema is gone, and with it {count} segments")),
    };
    let place = Place { old: true, unit: place, span: Span::new(0, 0) };
    Some(Change { code: SCHEMA_REMOVED, class, path: schema.namespace.join("."), message, accepted: false, place })
}

/// A type that a schema defines itself.
#[derive(Clone, Copy)]
struct Definition<'a> {
    name: &'a str,
    span: Span,
    ty: TypeId,
}

/// The types that a schema defines itself, without tags: they change as their variants do.
fn definitions(schema: &Schema) -> Vec<Definition<'_>> {
    let enums = schema.own_enums().filter(|item| !item.is_tag);
    let enums = enums.map(|item| Definition { name: &item.name, span: item.span, ty: item.ty });
    let structs = schema.own_structs().map(|item| Definition { name: &item.name, span: item.span, ty: item.ty });
    let variants = schema.own_variants().map(|item| Definition { name: &item.name, span: item.span, ty: item.ty });
    enums.chain(structs).chain(variants).collect()
}

impl<'a> Comparison<'a> {
    pub(super) fn change(
        &self,
        code: Code,
        class: Class,
        path: impl Into<String>,
        at: At,
        message: impl Into<String>,
    ) -> Change {
        let place = match at {
            At::Old(span) => Place { old: true, unit: self.roots.0, span },
            At::New(span) => Place { old: false, unit: self.roots.1, span },
        };
        Change { code, class, path: path.into(), message: message.into(), accepted: false, place }
    }

    /// A name with the namespace.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.new.namespace.join("."))
    }

    fn changes(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        if self.old.namespace != self.new.namespace {
            let (before, after) = (self.old.namespace.join("."), self.new.namespace.join("."));
            let message = format!("the namespace was `{before}`");
            changes.push(self.change(NAMESPACE, Class::Source, after, At::New(Span::new(0, 0)), message));
        }
        self.file_doc(&mut changes);
        self.consts(&mut changes);
        self.types(&mut changes);
        self.aliases(&mut changes);
        self.segments(&mut changes);
        changes
    }

    fn types(&mut self, changes: &mut Vec<Change>) {
        let (before, after) = (definitions(self.old), definitions(self.new));
        let mut pairs = Pairs::by_key(before.iter().map(|item| item.name), after.iter().map(|item| item.name));
        // What is another kind of thing now is not the same thing.
        let (old, new) = (self.old, self.new);
        let kind = |schema: &Schema, ty: TypeId| std::mem::discriminant(&schema.types[ty].kind);
        let (both, other): (Vec<_>, Vec<_>) =
            pairs.both.iter().partition(|(a, b)| kind(old, before[*a].ty) == kind(new, after[*b].ty));
        pairs.both = both;
        pairs.removed.extend(other.iter().map(|(a, _)| a));
        pairs.added.extend(other.iter().map(|(_, b)| b));
        pairs.also(|a, b| {
            let (a, b) = (before[a], after[b]);
            let print = |schema: &Schema, ty: TypeId| describe(schema, ty).schema;
            kind(old, a.ty) == kind(new, b.ty) && a.name != b.name && print(old, a.ty) == print(new, b.ty)
        });
        for (a, b) in &pairs.both {
            self.renamed.insert(after[*b].name.to_owned(), before[*a].name.to_owned());
        }
        for (a, b) in &pairs.both {
            let (a, b) = (before[*a], after[*b]);
            if a.name != b.name {
                let message = format!("the type was called `{}`; segments record the same for both", a.name);
                changes.push(self.change(TYPE_RENAMED, Class::Source, self.path(b.name), At::New(b.span), message));
            }
            changes.extend(self.definition(a.ty, b.ty).iter().cloned());
        }
        for a in pairs.removed.iter().map(|i| before[*i]) {
            let message = "the type is gone";
            changes.push(self.change(TYPE_REMOVED, Class::Source, self.path(a.name), At::Old(a.span), message));
        }
        for b in pairs.added.iter().map(|i| after[*i]) {
            let message = "the type is new";
            changes.push(self.change(TYPE_ADDED, Class::Compatible, self.path(b.name), At::New(b.span), message));
        }
    }

    /// The changes of one definition, whichever file it comes from; each pair is looked at once.
    pub(super) fn definition(&mut self, old: TypeId, new: TypeId) -> Rc<Vec<Change>> {
        if let Some(known) = self.known.get(&(old, new)) {
            return known.clone();
        }
        let mut changes = match (self.old.types[old].kind, self.new.types[new].kind) {
            (TypeKind::Enum(a), TypeKind::Enum(b)) => self.enums(&self.old.enums[a], &self.new.enums[b]),
            (TypeKind::Struct(a), TypeKind::Struct(b)) => self.structs(&self.old.structs[a], &self.new.structs[b]),
            (TypeKind::Variant(a), TypeKind::Variant(b)) => self.variants(&self.old.variants[a], &self.new.variants[b]),
            _ => Vec::new(),
        };
        self.soften(old, new, &mut changes);
        self.tell_the_rest(old, new, &mut changes);
        let changes = Rc::new(changes);
        self.known.insert((old, new), changes.clone());
        changes
    }

    /// Where all bytes stay as they were, what is gone, new or elsewhere only means something else.
    fn soften(&self, old: TypeId, new: TypeId, changes: &mut [Change]) {
        let is_hard = |change: &Change| change.class == Class::Layout && !change.is_through();
        if changes.iter().any(is_hard) && describe(self.old, old).layout == describe(self.new, new).layout {
            changes.iter_mut().filter(|change| is_hard(change)).for_each(|change| change.class = Class::Schema);
        }
    }

    /// Whether two types are one definition in two versions.
    pub(super) fn is_same_definition(&self, old: TypeId, new: TypeId) -> bool {
        let (Some(a), Some(b)) = (identity(self.old, old), identity(self.new, new)) else { return false };
        let name = match b.namespace {
            None => self.renamed.get(b.name).map_or(b.name, String::as_str),
            Some(_) => b.name,
        };
        a.kind == b.kind && a.namespace == b.namespace && a.name == name
    }
}

/// What makes a definition the same in two versions.
struct Identity<'a> {
    kind: std::mem::Discriminant<TypeKind>,
    /// `None` for the schema's own, whose namespace may move.
    namespace: Option<&'a [String]>,
    name: &'a str,
}

fn identity(schema: &Schema, ty: TypeId) -> Option<Identity<'_>> {
    let kind = schema.types[ty].kind;
    let (name, module) = named(schema, ty)?;
    let namespace = module.map(|module| module.namespace.as_slice());
    Some(Identity { kind: std::mem::discriminant(&kind), namespace, name })
}

/// The name of a definition, and the file that it comes from where that is another one.
fn named(schema: &Schema, ty: TypeId) -> Option<(&str, Option<&Module>)> {
    Some(match schema.types[ty].kind {
        TypeKind::Enum(i) => (&schema.enums[i].name, schema.enums[i].module.as_deref()),
        TypeKind::Struct(i) => (&schema.structs[i].name, schema.structs[i].module.as_deref()),
        TypeKind::Variant(i) => (&schema.variants[i].name, schema.variants[i].module.as_deref()),
        TypeKind::Scalar(_) | TypeKind::Str(_) | TypeKind::Array { .. } => return None,
    })
}

impl Comparison<'_> {
    /// Whether the changes of a definition, in two versions, are told where it is defined.
    pub(super) fn is_told(&self, old: TypeId, new: TypeId) -> bool {
        let module = |schema, ty| named(schema, ty).and_then(|(_, module)| module).map(|module| module.id);
        match (module(self.old, old), module(self.new, new)) {
            (Some(old), Some(new)) => self.told.contains(&(old, new)),
            _ => true,
        }
    }
}
