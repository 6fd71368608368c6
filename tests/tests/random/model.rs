//! What the compiler has placed, read from its JSON output.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The schemas, imports first.
pub(crate) const FILES: [&str; 3] = ["base", "middle", "chance"];

/// Where the build script has put everything.
pub(crate) fn out() -> PathBuf {
    PathBuf::from(env!("OUT_DIR"))
}

/// The resolved schemas with their names.
pub(crate) fn schemas() -> Vec<(&'static str, Value)> {
    let read = |stem: &'static str| {
        let text = std::fs::read_to_string(out().join(format!("{stem}.json"))).unwrap();
        (stem, serde_json::from_str(&text).unwrap())
    };
    FILES.map(read).into()
}

pub(crate) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("`{name}` of {value}"))
}

pub(crate) fn number(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap_or_else(|| panic!("`{name}` of {value}"))
}

pub(crate) fn is_reserved(field: &Value) -> bool {
    field["reserved"] == true
}

pub(crate) fn has(program: &str) -> bool {
    let quiet = || Stdio::null();
    Command::new(program).arg("--version").stdout(quiet()).stderr(quiet()).status().is_ok_and(|status| status.success())
}

/// Runs a program in the directory of the outputs and returns what it prints.
pub(crate) fn run(program: impl AsRef<Path>, arguments: &[&str]) -> String {
    let program = program.as_ref();
    let output = Command::new(program).args(arguments).current_dir(out()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let start: String = errors.chars().take(4000).collect();
    assert!(output.status.success(), "{} {arguments:?}: {start}", program.display());
    String::from_utf8(output.stdout).unwrap()
}
