//! Where the old schemas come from: a file, a directory, a revision, a lock file.

use std::path::{Path, PathBuf};

use super::git;
use super::lock::Lock;
use crate::compiler::{Checked, Compiler, Error};
use crate::source::Source;

/// What `git:REV` begins with.
const GIT: &str = "git:";

/// The old schemas.
#[derive(Debug)]
pub struct Old {
    /// Those that existed.
    pub checked: Checked,
    /// The schemas that did not exist then: everything in them is new, and breaks nothing.
    pub missing: Vec<PathBuf>,
}

/// Reads the old versions of `schemas`.
///
/// `what` is `git:REV` (the files of the same paths in that revision, and what they import there), a directory (the
/// files of the same names in it), a lock file, or another schema. `include` are the directories in which imports are
/// looked for, as [`Compiler::include`] has them. Only `git:` runs another program, the command `git`.
///
/// # Errors
/// A file or revision that cannot be read; a directory that has none of the schemas; all errors of the old schemas.
pub fn against(what: &str, schemas: &[PathBuf], include: &[PathBuf]) -> Result<Old, Error> {
    if let Some(rev) = what.strip_prefix(GIT) {
        return git::old(rev, schemas, include);
    }
    let path = Path::new(what);
    let compiler = include.iter().fold(Compiler::new(), Compiler::include);
    if path.is_dir() {
        return in_directory(path, schemas, compiler);
    }
    let io = |error| Error::Io { path: path.to_owned(), error };
    let bytes = std::fs::read(path).map_err(io)?;
    let checked = match String::from_utf8(bytes) {
        Ok(text) if Lock::is_lock(&text) => Lock::parse(&Source::new(what, text))?.check()?,
        _ => compiler.schema(path).check()?,
    };
    Ok(Old { checked, missing: Vec::new() })
}

fn in_directory(directory: &Path, schemas: &[PathBuf], mut compiler: Compiler) -> Result<Old, Error> {
    let mut missing = Vec::new();
    for schema in schemas {
        let file = named(schema, &directory.display().to_string())?;
        let old = directory.join(file);
        if old.try_exists().map_err(|error| Error::Io { path: old.clone(), error })? {
            compiler = compiler.schema(old);
        } else {
            missing.push(schema.clone());
        }
    }
    if missing.len() == schemas.len() && !schemas.is_empty() {
        let why = "none of the schemas is in this directory".to_owned();
        return Err(Error::Against { what: directory.display().to_string(), why });
    }
    Ok(Old { checked: compiler.check()?, missing })
}

/// The name of a schema's file, by which its old version is found.
pub(super) fn named<'a>(schema: &'a Path, what: &str) -> Result<&'a std::ffi::OsStr, Error> {
    match schema.file_name() {
        Some(name) if schema.as_os_str() != "-" => Ok(name),
        _ => Err(Error::Against {
            what: what.to_owned(),
            why: "the standard input has no name by which its old version could be found; name a file".to_owned(),
        }),
    }
}
