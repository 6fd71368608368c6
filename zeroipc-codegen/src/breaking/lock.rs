//! Lock files: the schemas of a moment, to compare with later. Besides the schemas' own text, whose difference everybody
//! can read, they show the fingerprints, so that a review sees at once which types a change reaches.

use std::collections::HashSet;

use super::codes::LOCK;
use crate::compiler::{Checked, Compiler, Error};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::fingerprints::of_schema;
use crate::load::Unit;
use crate::source::{Source, Span};

/// The first line, with the version.
const HEADER: &str = "zipc-lock 1";
/// What every lock file begins with, whatever its version.
const MAGIC: &str = "zipc-lock ";
/// The most files that a lock holds, as a compilation reads.
const MAX_FILES: usize = 256;
/// The most bytes of a lock file.
const MAX_LEN: usize = 64 << 20;

/// The schemas of a moment, and what they import.
///
/// A lock file has the line `zipc-lock 1`, then for each file a line `schema NAME` or `import NAME` and the file's lines,
/// each behind `| `. Empty lines and lines that begin with `#` say nothing. Everything that `breaking` compares is in it.
#[derive(Clone, Debug)]
pub struct Lock {
    roots: Vec<Source>,
    imports: Vec<Source>,
}

impl Checked {
    /// The text of a lock file, the same for the same schemas wherever they lie.
    pub fn lock(&self) -> String {
        let names = names(&self.units);
        let mut out = format!("{HEADER}\n# What `zeroipc-codegen breaking` compares with; `--lock` writes it anew.\n");
        for (i, unit) in self.units.iter().enumerate() {
            let word = if self.roots.contains(&i) { "schema" } else { "import" };
            out.push_str(&format!("\n{word} {}\n", names[i]));
            for print in unit.schema.iter().flat_map(|schema| of_schema(schema)) {
                out.push_str(&format!("# {print}\n"));
            }
            let text = portable(unit, &names[i], &names);
            for line in text.strip_suffix('\n').unwrap_or(&text).split('\n') {
                out.push_str(if line.is_empty() { "|" } else { "| " });
                out.push_str(line);
                out.push('\n');
            }
        }
        out
    }
}

/// The names of files in a lock: without directories, numbered where two are alike.
fn names(units: &[Unit]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut taken = HashSet::new();
    for (i, unit) in units.iter().enumerate() {
        let extension = if unit.source.name.ends_with(".rs") { "rs" } else { "zipc" };
        let name = format!("{}.{extension}", unit.source.stem);
        names.push(if taken.insert(name.clone()) { name } else { format!("{i}/{name}") });
    }
    names
}

/// The text of a file, with its imports under their names in the lock.
fn portable(unit: &Unit, name: &str, names: &[String]) -> String {
    let mut text = unit.source.text.clone();
    let Some(schema) = &unit.schema else { return text };
    let up = if name.contains('/') { "../" } else { "" };
    for (written, import) in unit.file.imports.iter().zip(&schema.imports).rev() {
        text.replace_range(written.path.span.range(), &format!("\"{up}{}\"", names[import.module.id]));
    }
    text
}

impl Lock {
    /// Whether a text is meant to be a lock file, of this or another version.
    pub fn is_lock(text: &str) -> bool {
        text.starts_with(MAGIC)
    }

    /// Reads a lock file.
    ///
    /// # Errors
    /// The first line that does not belong into a lock file, or a limit.
    pub fn parse(source: &Source) -> Result<Lock, Error> {
        Reader { source, files: Vec::new() }.read()
    }

    /// The schemas, to compare with.
    ///
    /// # Errors
    /// All errors of all schemas.
    pub fn check(&self) -> Result<Checked, Error> {
        let compiler = Compiler::new().sealed(self.imports.clone());
        self.roots.iter().fold(compiler, |compiler, root| compiler.source(root.clone())).check()
    }
}

struct Reader<'a> {
    source: &'a Source,
    /// Whether each is asked for itself, its name and its text.
    files: Vec<(bool, String, String)>,
}

impl Reader<'_> {
    fn read(mut self) -> Result<Lock, Error> {
        let text = &self.source.text;
        if text.len() > MAX_LEN {
            return Err(self.error(0, 0, format!("the lock file has {} bytes and {MAX_LEN} fit", text.len())));
        }
        let mut start = 0;
        for (i, line) in text.split('\n').enumerate() {
            let shown = line.strip_suffix('\r').unwrap_or(line);
            let told = match i {
                0 => header(shown),
                _ => self.line(line, shown),
            };
            if let Err(why) = told {
                return Err(self.error(start, start + shown.len(), why));
            }
            start += line.len() + 1;
        }
        if !self.files.iter().any(|(root, ..)| *root) {
            return Err(self.error(0, 0, "the lock file has no schema".to_owned()));
        }
        let place = self.source.file_name();
        let source = |(root, name, text): (bool, String, String)| (root, Source::new(format!("{place}/{name}"), text));
        let (roots, imports): (Vec<_>, Vec<_>) = self.files.into_iter().map(source).partition(|(root, _)| *root);
        let sources = |list: Vec<(bool, Source)>| list.into_iter().map(|(_, source)| source).collect();
        Ok(Lock { roots: sources(roots), imports: sources(imports) })
    }

    fn line(&mut self, line: &str, shown: &str) -> Result<(), String> {
        if let Some(rest) = line.strip_prefix('|') {
            let (_, _, text) = self.files.last_mut().ok_or("this text belongs to no file")?;
            text.push_str(rest.strip_prefix(' ').unwrap_or(rest));
            text.push('\n');
            return Ok(());
        }
        if shown.is_empty() || shown.starts_with('#') {
            return Ok(());
        }
        let (root, name) = match (shown.strip_prefix("schema "), shown.strip_prefix("import ")) {
            (Some(name), _) => (true, name),
            (_, Some(name)) => (false, name),
            _ => return Err("expected `schema NAME`, `import NAME` or a line behind `|`".to_owned()),
        };
        if !is_name(name) {
            return Err("no file of a lock is called so".to_owned());
        }
        if self.files.iter().any(|(_, other, _)| other == name) {
            return Err("this file is in the lock twice".to_owned());
        }
        if self.files.len() >= MAX_FILES {
            return Err(format!("a lock holds at most {MAX_FILES} files"));
        }
        self.files.push((root, name.to_owned(), String::new()));
        Ok(())
    }

    fn error(&self, start: usize, end: usize, message: String) -> Error {
        let mut errors = Diagnostics::default();
        let help = "a lock file is written by `zeroipc-codegen breaking --lock`, not by hand";
        errors.push(Diagnostic::error(LOCK.0, Span::new(start, end), message).help(help));
        Error::Schema(vec![errors.into_report(self.source)])
    }
}

fn header(line: &str) -> Result<(), String> {
    if line == HEADER {
        Ok(())
    } else {
        Err(format!("expected `{HEADER}`; this compiler reads version 1 of lock files"))
    }
}

/// Whether a lock can have a file of this name: at most one directory, and nothing that leads elsewhere.
fn is_name(name: &str) -> bool {
    let (directory, file) = name.split_once('/').unwrap_or(("0", name));
    let plain = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_control() || c == '/' || c == '\\');
    directory.chars().all(|c| c.is_ascii_digit()) && plain(directory) && plain(file) && file != "." && file != ".."
}
