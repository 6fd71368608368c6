//! Old schemas from a revision of git, which the command `git` reads. Nothing of them comes from the working tree.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::against::{Old, named};
use crate::compiler::{Compiler, Error};
use crate::diagnostic::Diagnostics;
use crate::load::{MAX_FILE, tidy};
use crate::source::Source;
use crate::syntax;

/// For how many files git is asked; a compilation has at most 256.
const MAX_LOOKED: usize = 4096;
/// How many links may lead to a file.
const MAX_LINKS: usize = 16;
/// The mode of a symbolic link in a tree.
const LINK: &str = "120000";

/// The schemas at the same paths in the revision `rev`.
pub(super) fn old(rev: &str, schemas: &[PathBuf], include: &[PathBuf]) -> Result<Old, Error> {
    let [first, ..] = schemas else {
        return Ok(Old { checked: Compiler::new().check()?, missing: Vec::new() });
    };
    let what = format!("git:{rev}");
    let mut revision = Revision::find(rev, &directory(first), &what)?;
    let (mut compiler, mut roots, mut missing) = (Compiler::new(), Vec::new(), Vec::new());
    for schema in schemas {
        let path = revision.place(&directory(schema))?.join(named(schema, &what)?);
        match revision.source(&path)? {
            Some(source) => {
                roots.push(source.name.clone());
                compiler = compiler.source(source);
            }
            None => missing.push(schema.clone()),
        }
    }
    let mut directories = Vec::new();
    for directory in include {
        let place = if directory.is_dir() { revision.place(directory).ok() } else { None };
        directories.extend(place.map(|place| (revision.name(&place), place)));
    }
    revision.imports(&directories)?;
    let compiler = directories.iter().fold(compiler, |compiler, (name, _)| compiler.include(name));
    let imports = revision.read.into_values().flatten().filter(|source| !roots.contains(&source.name));
    Ok(Old { checked: compiler.sealed(imports.collect()).check()?, missing })
}

fn directory(schema: &Path) -> PathBuf {
    match schema.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// What a tree has at a path that is no directory.
struct Entry {
    path: PathBuf,
    object: String,
    size: usize,
    is_link: bool,
}

impl Entry {
    /// From `mode type object size TAB path`.
    fn parse(line: &str) -> Option<Entry> {
        let (head, path) = line.split_once('\t')?;
        let mut words = head.split_whitespace();
        let (mode, "blob", object, size) = (words.next()?, words.next()?, words.next()?, words.next()?) else {
            return None;
        };
        let (size, is_link) = (size.parse().ok()?, mode == LINK);
        Some(Entry { path: path.into(), object: object.to_owned(), size, is_link })
    }
}

/// A commit of a repository, and what was read of it.
struct Revision {
    /// How the user calls it.
    what: String,
    /// The repository's working tree.
    top: PathBuf,
    commit: String,
    /// By path; nothing for a file that is not there.
    read: HashMap<PathBuf, Option<Source>>,
}

impl Revision {
    fn find(rev: &str, near: &Path, what: &str) -> Result<Revision, Error> {
        let error = |why: &str| Error::Against { what: what.to_owned(), why: why.to_owned() };
        if rev.is_empty() || rev.starts_with('-') || rev.contains(|c: char| c == ':' || c.is_control()) {
            return Err(error("this is no name of a revision"));
        }
        let top = line(git(near, &["rev-parse", "--show-toplevel"], what)?);
        let commit = git(near, &["rev-parse", "--verify", "--quiet", &format!("{rev}^{{commit}}")], what);
        let commit = commit.map_err(|_| error("there is no such revision"))?;
        Ok(Revision { what: what.to_owned(), top: top.into(), commit: line(commit), read: HashMap::new() })
    }

    /// Where a directory lies in the repository.
    fn place(&self, directory: &Path) -> Result<PathBuf, Error> {
        let top = line(git(directory, &["rev-parse", "--show-toplevel"], &self.what)?);
        if Path::new(&top) != self.top {
            let why = format!("`{}` lies in another repository", directory.display());
            return Err(Error::Against { what: self.what.clone(), why });
        }
        Ok(line(git(directory, &["rev-parse", "--show-prefix"], &self.what)?).into())
    }

    /// What diagnostics call a path of the revision, and imports are looked for under.
    fn name(&self, path: &Path) -> String {
        tidy(&Path::new(&self.what).join(path)).to_string_lossy().into_owned()
    }

    /// The file at `path`, if there was one.
    fn source(&mut self, path: &Path) -> Result<Option<Source>, Error> {
        if let Some(known) = self.read.get(path) {
            return Ok(known.clone());
        }
        let source = self.blob(path)?.map(|text| Source::new(self.name(path), text));
        self.read.insert(path.to_owned(), source.clone());
        Ok(source)
    }

    fn error(&self, why: String) -> Error {
        Error::Against { what: self.what.clone(), why }
    }

    /// The text at `path`, behind symbolic links as the revision has them.
    fn blob(&self, path: &Path) -> Result<Option<String>, Error> {
        let mut path = path.to_owned();
        for _ in 0..MAX_LINKS {
            let shown = path.display();
            let Some(entry) = self.entry(&path)? else { return Ok(None) };
            if entry.size > MAX_FILE {
                return Err(self.error(format!("`{shown}` has {} bytes, and a schema at most {MAX_FILE}", entry.size)));
            }
            let bytes = git(&self.top, &["cat-file", "blob", &entry.object], &self.what)?;
            let text = String::from_utf8(bytes).map_err(|_| self.error(format!("`{shown}` is no UTF-8")))?;
            if !entry.is_link {
                return Ok(Some(text));
            }
            // The link may stand for a directory above the file.
            let rest = path.strip_prefix(&entry.path).unwrap_or(Path::new(""));
            let beside = entry.path.parent().unwrap_or(Path::new(""));
            let target = tidy(&beside.join(&text).join(rest));
            if target.is_absolute() || target.starts_with("..") {
                let link = entry.path.display();
                return Err(self.error(format!("`{link}` is a link that leads out of the repository, to `{text}`")));
            }
            path = target;
        }
        Err(self.error(format!("`{}` lies behind more than {MAX_LINKS} links", path.display())))
    }

    /// The file at `path`, or the link that stands there or above it.
    fn entry(&self, path: &Path) -> Result<Option<Entry>, Error> {
        if let Some(entry) = self.listed(path)? {
            return Ok(Some(entry));
        }
        // What lies behind a link is no part of the tree.
        for above in path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()) {
            if let Some(link) = self.listed(above)?.filter(|entry| entry.is_link) {
                return Ok(Some(link));
            }
        }
        Ok(None)
    }

    /// The file or link at `path`.
    fn listed(&self, path: &Path) -> Result<Option<Entry>, Error> {
        let Some(shown) = path.to_str() else { return Err(self.error(format!("`{}` is no UTF-8", path.display()))) };
        let list = git(&self.top, &["ls-tree", "-l", "-z", "--full-tree", &self.commit, "--", shown], &self.what)?;
        Ok(Entry::parse(&line(list)))
    }

    /// Reads what the files import that were read, and what those import.
    fn imports(&mut self, directories: &[(String, PathBuf)]) -> Result<(), Error> {
        let mut open: Vec<(PathBuf, String)> = Vec::new();
        let texts = self.read.iter().filter_map(|(path, source)| Some((path.clone(), source.as_ref()?.text.clone())));
        open.extend(texts);
        open.sort();
        while let Some((path, text)) = open.pop() {
            let beside = path.parent().unwrap_or(Path::new("")).to_owned();
            for import in syntax::parse(&text, &mut Diagnostics::default()).imports {
                let places = [&beside].into_iter().chain(directories.iter().map(|(_, place)| place));
                let candidates: Vec<PathBuf> = places.map(|place| tidy(&place.join(&import.path.text))).collect();
                for candidate in candidates {
                    if candidate.is_absolute() || candidate.starts_with("..") || self.read.len() > MAX_LOOKED {
                        continue;
                    }
                    let known = self.read.contains_key(&candidate);
                    if let Some(source) = self.source(&candidate)? {
                        if !known {
                            open.push((candidate, source.text));
                        }
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}

/// What git prints.
fn git(directory: &Path, arguments: &[&str], what: &str) -> Result<Vec<u8>, Error> {
    let error = |why: String| Error::Against { what: what.to_owned(), why };
    let mut command = Command::new("git");
    // A path is a path, also where it looks like a pattern.
    command.arg("--literal-pathspecs").arg("-C").arg(directory).args(arguments).stdin(Stdio::null());
    // A hook has these, relative to another directory; the schemas say where their repository is.
    command.env_remove("GIT_DIR").env_remove("GIT_WORK_TREE").env_remove("GIT_INDEX_FILE");
    let output = command.output();
    let output = output.map_err(|why| error(format!("the command `git` cannot be run: {why}")))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(error(told.lines().next().unwrap_or("git failed").trim().to_owned()));
    }
    Ok(output.stdout)
}

/// The one line that a command printed.
fn line(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\0']).to_owned()
}
