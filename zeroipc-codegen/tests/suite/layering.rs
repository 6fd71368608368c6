//! Data flows one way: no file imports what lies behind it.

use std::path::Path;

/// A directory or file below `src/`, and what it may import from the crate.
const EMITTER: &[&str] = &["case", "model", "emit::banner", "emit::half", "emit::hex", "emit::spelling"];
const C_FAMILY: &[&str] =
    &["case", "model", "emit::banner", "emit::cfamily", "emit::half", "emit::hex", "emit::spelling"];
const ARROWS: &[(&str, &[&str])] = &[
    ("source.rs", &[]),
    ("case.rs", &[]),
    ("diagnostic.rs", &["source"]),
    ("levels.rs", &["diagnostic"]),
    ("render.rs", &["source", "diagnostic"]),
    ("json.rs", &["source", "diagnostic"]),
    ("syntax", &["source", "diagnostic", "syntax"]),
    ("model", &["source", "diagnostic", "syntax", "model"]),
    ("fmt", &["source", "diagnostic", "syntax", "fmt", "load", "compiler"]),
    ("load.rs", &["compiler::Error", "source", "diagnostic", "syntax", "names", "model"]),
    ("lint", &["source", "diagnostic", "syntax", "model", "load", "compiler"]),
    ("breaking", &["source", "diagnostic", "syntax", "model", "load", "compiler", "fingerprints"]),
    ("fingerprints.rs", &["compiler", "model"]),
    ("layout", &["compiler", "model", "syntax::nearest", "layout", "emit"]),
    ("doc", &["case", "compiler", "model", "layout", "emit"]),
    ("emit/cfamily", &["model", "emit::half", "emit::hex"]),
    ("emit/c", C_FAMILY),
    ("emit/cpp", C_FAMILY),
    ("emit/python", EMITTER),
    ("emit/rust", EMITTER),
    ("emit/zipc", &["model", "fmt"]),
    ("rust_input", &["source", "diagnostic", "syntax"]),
    ("emit", &["case", "source", "diagnostic", "model", "emit", "syntax::errors", "fmt"]),
];

fn check(path: &Path, allowed: &[&str]) {
    if path.is_dir() {
        return std::fs::read_dir(path).unwrap().for_each(|entry| check(&entry.unwrap().path(), allowed));
    }
    let text = std::fs::read_to_string(path).unwrap();
    for import in text.lines().filter_map(|line| line.trim().strip_prefix("use crate::")) {
        let fits =
            |part: &&str| import.strip_prefix(*part).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
        assert!(allowed.iter().any(fits), "{} imports crate::{import}", path.display());
    }
}

#[test]
fn arrows_point_one_way() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (path, allowed) in ARROWS {
        check(&src.join(path), allowed);
    }
}

#[test]
fn templates_compute_nothing() {
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    for language in ["c", "cpp", "python", "rust"] {
        for entry in std::fs::read_dir(templates.join(language)).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            for tag in text.split("{{").skip(1).filter_map(|rest| rest.split("}}").next()) {
                let simple = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ' ');
                assert!(tag.chars().all(simple), "{language}: {{{{{tag}}}}}");
            }
        }
    }
}
