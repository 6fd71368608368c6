//! The only file that touches the disk: a file is replaced whole or not at all, and left alone when nothing changed.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::compiler::{Compiled, Error, Output};

impl Compiled {
    /// Writes the outputs into `dir`, and those with a directory of their own there; both are created if need be. A file
    /// that already says the same is not touched.
    ///
    /// # Errors
    /// When an output would replace a file that was read, before anything is written. When the system refuses; files before
    /// the refused one are then written.
    pub fn write_to(&self, dir: impl AsRef<Path>) -> Result<(), Error> {
        let dir = dir.as_ref();
        create(dir)?;
        let inputs: Vec<PathBuf> = self.inputs.iter().filter_map(|input| input.canonicalize().ok()).collect();
        let replaces = |path: &PathBuf| path.canonicalize().is_ok_and(|path| inputs.contains(&path));
        if let Some(path) = self.outputs.iter().map(|output| dir.join(&output.path)).find(replaces) {
            return Err(Error::OverInput(path));
        }
        for output in &self.outputs {
            let path = dir.join(&output.path);
            if let Some(own) = path.parent() {
                create(own)?;
            }
            if !says(&path, output) {
                replace(&path, &output.text).map_err(|error| Error::Io { path, error })?;
            }
        }
        Ok(())
    }

    /// The outputs that are missing in `dir` or say something else there.
    pub fn stale_in(&self, dir: impl AsRef<Path>) -> Vec<&Output> {
        self.outputs.iter().filter(|output| !says(&dir.as_ref().join(&output.path), output)).collect()
    }
}

fn create(dir: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(dir).map_err(|error| Error::Io { path: dir.to_owned(), error })
}

fn says(path: &Path, output: &Output) -> bool {
    std::fs::read(path).is_ok_and(|found| found == output.text.as_bytes())
}

/// Writes a file whole or not at all; one that is there keeps its permissions.
///
/// # Errors
/// When the system refuses.
pub fn write_file(path: impl AsRef<Path>, text: &str) -> Result<(), Error> {
    let path = path.as_ref();
    replace(path, text).map_err(|error| Error::Io { path: path.to_owned(), error })
}

/// Writes a neighbour of `path` and renames it, so that nobody ever reads half a file.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut neighbour = path.as_os_str().to_owned();
    neighbour.push(format!(".{}.tmp", std::process::id()));
    let neighbour = PathBuf::from(neighbour);
    let written = fill(&neighbour, path, text).and_then(|()| std::fs::rename(&neighbour, path));
    if written.is_err() {
        // What could not be written or renamed is of no use; the first error is the one to tell.
        let _ = std::fs::remove_file(&neighbour);
    }
    written
}

/// Creates `neighbour`, which nobody else may have put there, with the permissions of `path` if that exists.
fn fill(neighbour: &Path, path: &Path, text: &str) -> io::Result<()> {
    // What an earlier process of this number left behind.
    let _ = std::fs::remove_file(neighbour);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(neighbour)?;
    if let Ok(metadata) = std::fs::metadata(path) {
        file.set_permissions(metadata.permissions())?;
    }
    file.write_all(text.as_bytes())
}
