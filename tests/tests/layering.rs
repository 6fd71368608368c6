//! The arrows of the design: which module may know which.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A module of the runtime, and the modules that it must not know.
const FORBIDDEN: [(&str, &[&str]); 10] = [
    ("os", &["region", "table", "passport", "memory", "attach", "structures", "wait", "entries", "error", "reactor"]),
    (
        "sync",
        &["os", "region", "table", "passport", "memory", "attach", "structures", "wait", "entries", "error", "reactor"],
    ),
    ("error", &["os", "region", "table", "passport", "memory", "attach", "structures", "wait", "entries", "reactor"]),
    ("region", &["table", "passport", "memory", "attach", "structures", "wait", "entries", "reactor"]),
    ("table", &["os", "passport", "memory", "attach", "structures", "wait", "entries", "reactor"]),
    ("passport", &["os", "memory", "attach", "structures", "wait", "entries", "reactor"]),
    ("attach", &["region", "table", "passport", "memory", "structures", "wait", "entries", "reactor"]),
    ("structures", &["os", "attach", "passport", "reactor"]),
    ("reactor", &["region", "table", "passport", "attach", "wait", "entries"]),
    (
        "shm_layout",
        &["os", "region", "table", "passport", "memory", "attach", "structures", "wait", "entries", "reactor"],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file below a folder, with its text.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// The crate's modules that a text names in its code, comments left out.
fn known(text: &str) -> BTreeSet<&str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default())
        .collect()
}

#[test]
fn the_runtime_keeps_its_arrows() {
    let src = root().join("zeroipc/src");
    let mut wrong = Vec::new();
    for (path, text) in sources(&src) {
        let inside = path.strip_prefix(&src).unwrap();
        let module = inside.iter().next().unwrap().to_string_lossy().trim_end_matches(".rs").to_owned();
        let forbidden = FORBIDDEN.iter().find(|(name, _)| *name == module).map_or(&[][..], |(_, forbidden)| forbidden);
        wrong.extend(
            known(&text)
                .into_iter()
                .filter(|name| forbidden.contains(name))
                .map(|name| format!("{} knows `{name}`", inside.display())),
        );
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let names = |what: &str| code.iter().any(|line| line.contains(what));
        if module != "os" && names("libc::") {
            wrong.push(format!("{} calls the system, which is for `os` alone", inside.display()));
        }
        if module != "sync" && names("sync::atomic") {
            wrong.push(format!("{} takes atomics from the library, which is for `sync` alone", inside.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn light_crates_stay_light() {
    let dependencies = |krate: &str| {
        let manifest = std::fs::read_to_string(root().join(krate).join("Cargo.toml")).unwrap();
        let section = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap().to_owned();
        section
            .lines()
            .filter(|line| !line.contains("optional = true"))
            .filter_map(|line| line.split(" = ").next())
            .filter(|name| !name.trim().is_empty())
            .map(|name| name.trim().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(dependencies("zeroipc-layout").is_empty());
    assert_eq!(dependencies("zeroipc-codegen"), ["annotate-snippets", "askama", "zeroipc-layout"]);
    assert_eq!(dependencies("zeroipc"), ["zeroipc-layout", "bytemuck", "inventory", "libc", "memmap2"]);
    assert!(!dependencies("zeroipc-derive").contains(&"zeroipc-codegen".to_owned()));
}
