//! What a file defines and what its paths lead to. Nothing outside the file is seen but the types of `zeroipc`.

use std::cell::Cell;
use std::collections::HashMap;

use syn::ext::IdentExt;
use syn::{Ident, ItemConst, ItemStruct, ItemType, UseTree};

use super::named::NamedNumber;

/// How many steps are taken to find out what a path means.
const MAX_STEPS: u32 = 200;
/// The types of `zeroipc` that fields may have.
const LIBRARY: [&str; 4] = ["Bool8", "FixedStr", "F16", "Complex"];
const PRIMITIVES: [&str; 17] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64", "bool",
    "char", "str",
];

/// Something that a file defines.
pub(super) enum What<'a> {
    Const(&'a ItemConst),
    Alias(&'a ItemType),
    /// With `#[derive(ShmLayout)]`.
    Shared(&'a ItemStruct),
    /// One of the types that `open_enum!`, `closed_enum!` and `flags!` define.
    Named(Box<NamedNumber>),
    /// A type that is not shared.
    Other,
}

pub(super) struct Entry<'a> {
    pub(super) module: usize,
    pub(super) ident: Ident,
    pub(super) what: What<'a>,
}

#[derive(Default)]
struct Module {
    parent: Option<usize>,
    children: HashMap<String, usize>,
    /// `use path as name;`
    uses: HashMap<String, Vec<String>>,
    /// `use path::*;`
    globs: Vec<Vec<String>>,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A place in [`Scope::entries`].
    Entry(usize),
    /// A number, text or character of the language.
    Primitive(String),
    /// Something of `zeroipc`.
    Library(String),
    /// Something that this file does not define.
    Foreign,
}

pub(super) struct Scope<'a> {
    pub(super) entries: Vec<Entry<'a>>,
    /// By module, by name, and by whether it is a constant.
    index: HashMap<(usize, String, bool), usize>,
    /// The first is the file.
    modules: Vec<Module>,
    /// The name that the file has as a module.
    stem: String,
}

impl<'a> Scope<'a> {
    pub(super) fn new(stem: &str) -> Scope<'a> {
        let modules = vec![Module::default()];
        Scope { entries: Vec::new(), index: HashMap::new(), modules, stem: stem.to_owned() }
    }

    pub(super) fn add(&mut self, module: usize, ident: &Ident, what: What<'a>) {
        let key = (module, ident.unraw().to_string(), matches!(what, What::Const(_)));
        self.index.entry(key).or_insert(self.entries.len());
        self.entries.push(Entry { module, ident: ident.clone(), what });
    }

    pub(super) fn add_module(&mut self, parent: usize, ident: &Ident) -> usize {
        let place = self.modules.len();
        self.modules.push(Module { parent: Some(parent), ..Module::default() });
        self.modules[parent].children.insert(ident.unraw().to_string(), place);
        place
    }

    /// Enters a `use` line.
    pub(super) fn add_use(&mut self, module: usize, tree: &UseTree, prefix: &[String]) {
        let with = |ident: &Ident| [prefix, &[ident.unraw().to_string()]].concat();
        let (name, path) = match tree {
            UseTree::Path(path) => return self.add_use(module, &path.tree, &with(&path.ident)),
            UseTree::Group(group) => return group.items.iter().for_each(|tree| self.add_use(module, tree, prefix)),
            UseTree::Glob(_) => return self.modules[module].globs.push(prefix.to_vec()),
            UseTree::Name(name) if name.ident == "self" => {
                (prefix.last().cloned().unwrap_or_default(), prefix.to_vec())
            }
            UseTree::Name(name) => (name.ident.unraw().to_string(), with(&name.ident)),
            UseTree::Rename(rename) if rename.ident == "self" => (rename.rename.unraw().to_string(), prefix.to_vec()),
            UseTree::Rename(rename) => (rename.rename.unraw().to_string(), with(&rename.ident)),
        };
        self.modules[module].uses.insert(name, path);
    }

    /// The type or constant that a path leads to from a module.
    pub(super) fn find(&self, module: usize, path: &[String], constant: bool) -> Found {
        Search { scope: self, constant, steps: Cell::new(0) }.look(module, path)
    }
}

struct Search<'a> {
    scope: &'a Scope<'a>,
    constant: bool,
    steps: Cell<u32>,
}

impl Search<'_> {
    fn look(&self, module: usize, path: &[String]) -> Found {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MAX_STEPS {
            return Found::Foreign;
        }
        let [first, rest @ ..] = path else { return Found::Foreign };
        if rest.is_empty() {
            return self.here(module, first);
        }
        let place = &self.scope.modules[module];
        match first.as_str() {
            "self" => return self.look(module, rest),
            "super" => return place.parent.map_or(Found::Foreign, |parent| self.look(parent, rest)),
            "crate" => {
                let found = self.look(0, rest);
                let inside = found == Found::Foreign && rest.len() > 1 && rest[0] == self.scope.stem;
                return if inside { self.look(0, &rest[1..]) } else { found };
            }
            _ => {}
        }
        if let Some(child) = place.children.get(first) {
            return self.look(*child, rest);
        }
        match place.uses.get(first).filter(|path| **path != [first.clone()]) {
            Some(used) => self.look(module, &[used, rest].concat()),
            None => outside(path),
        }
    }

    /// What a single name means in a module.
    fn here(&self, module: usize, name: &String) -> Found {
        if let Some(entry) = self.scope.index.get(&(module, name.clone(), self.constant)) {
            return Found::Entry(*entry);
        }
        let place = &self.scope.modules[module];
        if let Some(used) = place.uses.get(name) {
            return if used.len() == 1 { outside(used) } else { self.look(module, used) };
        }
        for glob in &place.globs {
            let path = [&glob[..], std::slice::from_ref(name)].concat();
            if let found @ Found::Entry(_) = self.look(module, &path) {
                return found;
            }
        }
        if PRIMITIVES.contains(&name.as_str()) {
            return Found::Primitive(name.clone());
        }
        // What is not defined here can only come from a prelude, or from around a file that is included.
        if LIBRARY.contains(&name.as_str()) { Found::Library(name.clone()) } else { Found::Foreign }
    }
}

/// The names of a path, without `r#` and parameters.
pub(super) fn names(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.unraw().to_string()).collect()
}

/// What a path means that no module of the file explains.
fn outside(path: &[String]) -> Found {
    match path {
        [root, name] if root == "zeroipc" && LIBRARY.contains(&name.as_str()) => Found::Library(name.clone()),
        [root, module, name] if (root == "std" || root == "core") && module == "primitive" => {
            Found::Primitive(name.clone())
        }
        _ => Found::Foreign,
    }
}
