//! Files of the tests, and comparing with them.

use std::path::{Path, PathBuf};

use zeroipc_codegen::Source;

pub(crate) fn tests_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// A directory for what a test writes.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

/// The files of a directory that end with `extension`, sorted.
pub(crate) fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    files.sort();
    files
}

/// A schema under its file name alone, so that goldens do not depend on where the repository lies.
pub(crate) fn source(path: &Path) -> Source {
    let name = path.file_name().unwrap().to_str().unwrap();
    Source::new(name, std::fs::read_to_string(path).unwrap())
}

/// The schemas that must compile: those of the tests, the examples', and of the format those that every runtime has. What
/// the others become is checked in, in the runtimes, and compared by `cargo xtask codegen --check`.
pub(crate) fn accepted() -> Vec<PathBuf> {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas");
    let mut paths = files(&tests_dir().join("accept"), "zipc");
    paths.extend(files(&schemas, "zipc"));
    let everywhere =
        ["array", "locks", "queue", "schema", "table"].map(|stem| schemas.join(format!("format/{stem}.zipc")));
    paths.extend(everywhere);
    paths
}

/// Compares `text` with a file, or writes it there when asked to.
pub(crate) fn assert_golden(path: &Path, text: &str) {
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        return;
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == text, "{} differs; run with BLESS=1 and read the difference\n\n{text}", path.display());
}
