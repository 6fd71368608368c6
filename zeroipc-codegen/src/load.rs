//! Schemas and what they import: every file is read, parsed and resolved once, imports before those that import them.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::compiler::Error;
use crate::diagnostic::{Diagnostics, Report};
use crate::model::{self, Imported, Schema};
use crate::names;
use crate::source::Source;
use crate::syntax::ast::{self, File};
use crate::syntax::{self, errors};

/// The largest schema in bytes.
pub(crate) const MAX_FILE: usize = 1 << 20;
/// The most files that a compilation reads.
const MAX_FILES: usize = 256;
/// How deep imports may be nested.
const MAX_DEPTH: usize = 32;

/// One file that was read.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) source: Source,
    pub(crate) file: File,
    /// `None` when there are errors.
    pub(crate) schema: Option<Arc<Schema>>,
    pub(crate) report: Report,
}

/// Every file of a compilation.
#[derive(Debug, Default)]
pub(crate) struct Loader {
    directories: Vec<PathBuf>,
    /// Sources in memory, by name.
    memory: HashMap<String, Source>,
    /// Whether imports are looked for in memory only.
    sealed: bool,
    known: HashMap<Key, usize>,
    /// `None` while the file is being read.
    units: Vec<Option<Unit>>,
    /// The files that are being read, each imported by the one before.
    open: Vec<(usize, String)>,
    /// The files on disk that were read or looked for and found.
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Memory(String),
    Disk(PathBuf),
}

impl Loader {
    pub(crate) fn new(directories: &[PathBuf], memory: &[Source], sealed: bool) -> Loader {
        let memory = memory.iter().map(|source| (source.name.clone(), source.clone())).collect();
        Loader { directories: directories.to_vec(), memory, sealed, ..Loader::default() }
    }

    /// Reads a schema from disk and everything that it imports; gives its place among the units.
    pub(crate) fn load_path(&mut self, path: &Path) -> Result<usize, Error> {
        let io = |error| Error::Io { path: path.to_owned(), error };
        // A pipe has no other name.
        let key = Key::Disk(path.canonicalize().unwrap_or_else(|_| path.to_owned()));
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let source = self.read(path).map_err(io)?;
        Ok(self.load(key, source))
    }

    /// Reads a schema in memory and everything that it imports.
    pub(crate) fn load_source(&mut self, source: &Source) -> usize {
        let key = Key::Memory(source.name.clone());
        match self.known.get(&key) {
            Some(known) => *known,
            None => self.load(key, source.clone()),
        }
    }

    /// Everything that was read, in the order of reading.
    pub(crate) fn into_units(self) -> Vec<Unit> {
        self.units.into_iter().flatten().collect()
    }

    fn read(&mut self, path: &Path) -> io::Result<Source> {
        self.paths.push(path.to_owned());
        let text = std::fs::read_to_string(path)?;
        Ok(Source::new(path.to_string_lossy(), text))
    }

    fn load(&mut self, key: Key, source: Source) -> usize {
        let place = self.units.len();
        self.units.push(None);
        self.known.insert(key, place);
        let mut errors = Diagnostics::default();
        if source.text.len() > MAX_FILE {
            errors.push(errors::file_too_large(source.text.len(), MAX_FILE));
            let empty = Source { text: String::new(), ..source.clone() };
            let report = errors.into_report(&empty);
            self.units[place] = Some(Unit { source, file: File::default(), schema: None, report });
            return place;
        }
        let file = parse(&source, &mut errors);
        names::check(&file, &source, &mut errors);
        self.open.push((place, source.name.clone()));
        let imports = self.imports(&file, &source, &mut errors);
        self.open.pop();
        let schema = model::resolve(&file, &source, place, &imports, &mut errors).map(Arc::new);
        let report = errors.into_report(&source);
        self.units[place] = Some(Unit { source, file, schema, report });
        place
    }

    fn imports(&mut self, file: &File, source: &Source, errors: &mut Diagnostics) -> Vec<Imported> {
        let mut imports: Vec<Imported> = Vec::new();
        for import in &file.imports {
            let path = import.path.text.clone();
            let Some((alias, schema)) = self.import(import, source, errors) else {
                // Names of a file that cannot be had are not reported as unknown.
                let alias = import.alias.as_ref().map_or_else(|| stem(&import.path.text), |alias| alias.text.clone());
                imports.push(Imported { path, alias, span: import.path.span, schema: None });
                continue;
            };
            if let Some(schema) = &schema {
                check_outputs(schema, file, source, &import.path, &imports, errors);
            }
            match imports.iter().find(|other| other.alias == alias) {
                Some(other) => errors.push(errors::import_twice(&import.path, &alias, other.span)),
                None => imports.push(Imported { path, alias, span: import.path.span, schema }),
            }
        }
        imports
    }

    /// What an import is called here and what it means; `None` when it cannot be had, which is reported.
    fn import(
        &mut self,
        import: &ast::Import,
        from: &Source,
        errors: &mut Diagnostics,
    ) -> Option<(String, Option<Arc<Schema>>)> {
        let path = &import.path;
        let part = |part: &str| !part.is_empty() && part != "." && !part.contains('\\');
        if path.text.is_empty() || !path.text.split('/').all(part) {
            errors.push(errors::import_bad_path(path));
            return None;
        }
        if !names::is_namespace(&stem(&path.text)) {
            errors.push(errors::import_bad_stem(path, &stem(&path.text)));
            return None;
        }
        let place = self.find(path, from, errors)?;
        let unit = match self.units.get(place) {
            Some(Some(unit)) => unit,
            _ => {
                let start = self.open.iter().position(|(open, _)| *open == place).unwrap_or(0);
                let mut names: Vec<String> = self.open[start..].iter().map(|(_, name)| format!("`{name}`")).collect();
                names.extend(names.first().cloned());
                errors.push(errors::import_circle(path, &names.join(" → ")));
                return None;
            }
        };
        let alias = match (&import.alias, unit.file.namespace.last()) {
            (Some(alias), _) => alias.text.clone(),
            (None, Some(last)) => last.text.clone(),
            (None, None) => unit.source.stem.clone(),
        };
        if unit.schema.is_none() {
            errors.fail();
        }
        Some((alias, unit.schema.clone()))
    }

    /// The place of the unit that a path leads to.
    fn find(&mut self, path: &ast::Text, from: &Source, errors: &mut Diagnostics) -> Option<usize> {
        let beside = from.name.rfind('/').map_or(String::new(), |slash| from.name[..=slash].to_owned());
        let mut looked = Vec::new();
        let candidates = [PathBuf::from(&beside)].into_iter().chain(self.directories.clone());
        for directory in candidates {
            let candidate = tidy(&directory.join(&path.text));
            let name = candidate.to_string_lossy().into_owned();
            if let Some(source) = self.memory.get(&name).cloned() {
                return self.enter(path, Key::Memory(name), errors, |_| Ok(source));
            }
            let on_disk = if self.sealed { None } else { candidate.canonicalize().ok() };
            if let Some(canonical) = on_disk
                && canonical.is_file()
            {
                return self.enter(path, Key::Disk(canonical), errors, |loader| loader.read(&candidate));
            }
            let directory = directory.display().to_string();
            looked.push(format!("`{}`", if directory.is_empty() { "." } else { directory.trim_end_matches('/') }));
        }
        errors.push(errors::import_not_found(path, &looked.join(", ")));
        None
    }

    fn enter(
        &mut self,
        path: &ast::Text,
        key: Key,
        errors: &mut Diagnostics,
        read: impl FnOnce(&mut Loader) -> io::Result<Source>,
    ) -> Option<usize> {
        if let Some(known) = self.known.get(&key) {
            return Some(*known);
        }
        if self.open.len() > MAX_DEPTH {
            let why = format!("imports are nested at most {MAX_DEPTH} deep");
            errors.push(errors::import_too_deep(path, &why));
            return None;
        }
        if self.units.len() >= MAX_FILES {
            errors.push(errors::import_too_deep(path, &format!("a compilation reads at most {MAX_FILES} files")));
            return None;
        }
        match read(self) {
            Ok(source) => Some(self.load(key, source)),
            Err(error) => {
                errors.push(errors::import_unreadable(path, &error.to_string()));
                None
            }
        }
    }
}

/// The tree of a schema or of Rust source.
fn parse(source: &Source, errors: &mut Diagnostics) -> File {
    if !source.is_rust() {
        return syntax::parse(&source.text, errors);
    }
    #[cfg(feature = "rust-input")]
    return crate::rust_input::read(source, errors);
    #[cfg(not(feature = "rust-input"))]
    {
        errors.push(errors::no_rust());
        File::default()
    }
}

/// Refuses an import whose outputs cannot lie beside those of the importer and its other imports.
fn check_outputs(
    schema: &Schema,
    file: &File,
    source: &Source,
    path: &ast::Text,
    others: &[Imported],
    errors: &mut Diagnostics,
) {
    let modules = |schema: &Schema| {
        let own = std::iter::once((schema.module.id, schema.stem.clone()));
        own.chain(schema.imports.iter().map(|import| (import.module.id, import.module.stem.clone())))
            .collect::<Vec<_>>()
    };
    let known: Vec<(usize, String)> =
        others.iter().filter_map(|other| other.schema.as_ref()).flat_map(|schema| modules(schema)).collect();
    for (id, stem) in modules(schema) {
        if stem == source.stem || known.iter().any(|(other, known)| *other != id && *known == stem) {
            errors.push(errors::import_same_stem(path, &stem));
            return;
        }
    }
    let namespace: Vec<&str> = match file.namespace.as_slice() {
        [] => vec![&source.stem],
        path => path.iter().map(|part| part.text.as_str()).collect(),
    };
    if schema.namespace.iter().map(String::as_str).eq(namespace.iter().copied()) {
        let defines = |name: &str| schema.names().any(|known| known == name);
        let own = file.items.iter().filter_map(ast::Item::name).find(|name| defines(&name.text));
        errors.extend(own.map(|name| errors::import_same_name(path, name)));
    }
    let same = |other: &&Imported| other.schema.as_ref().is_some_and(|other| other.namespace == schema.namespace);
    for other in others.iter().filter(same) {
        let Some(known) = &other.schema else { continue };
        if known.module.id != schema.module.id && known.names().any(|name| schema.names().any(|other| other == name)) {
            errors.push(errors::import_same_names(path, other.span));
        }
    }
}

/// The name of a file without its directories and extension.
fn stem(path: &str) -> String {
    Source::new(path, "").stem
}

/// A path without `x/..` in it.
pub(crate) fn tidy(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}
