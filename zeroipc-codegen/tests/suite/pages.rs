//! The pages about error codes: every code has one, and what it shows is true.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use zeroipc_codegen::{Compiler, Error, Report, page};

use crate::files::{files, scratch, tests_dir};

/// Changes are no rules: `breaking` tells them, and the table in docs/schema.md says what they mean.
fn is_change(code: &str) -> bool {
    code.starts_with("04")
}

fn project(path: &str) -> PathBuf {
    tests_dir().join("../..").join(path)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Rust files of a directory and of those in it.
fn sources(dir: &Path) -> Vec<PathBuf> {
    let inner = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut all = files(dir, "rs");
    all.extend(inner.flat_map(|dir| sources(&dir)));
    all
}

/// The digits that stand behind each `before` in a text, as four of them.
fn digits_behind(text: &str, before: &str) -> BTreeSet<String> {
    let digits = |rest: &str| rest.trim_start().chars().take_while(char::is_ascii_digit).collect::<String>();
    let found = text.split(before).skip(1).map(digits).filter(|digits| !digits.is_empty());
    found.map(|digits| format!("{digits:0>4}")).collect()
}

/// The codes that the compiler's own text can say.
fn said() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for path in sources(&tests_dir().join("../src")) {
        let text = read(&path);
        for before in ["Diagnostic::error(", "Diagnostic::warning(", "Code(", "note(", "lint("] {
            codes.extend(digits_behind(&text, before));
        }
    }
    assert!(codes.len() > 30, "{codes:?}");
    codes.retain(|code| !is_change(code));
    codes
}

/// The codes in the table of docs/schema.md.
fn documented() -> BTreeSet<String> {
    let text = read(&project("docs/schema.md"));
    let (_, table) = text.split_once(". Errors\n").expect("the section about errors");
    digits_behind(table, "\n| `ZIPC").into_iter().filter(|code| !is_change(code)).collect()
}

/// Those of them that are about Rust.
fn of_rust() -> BTreeSet<String> {
    let text = read(&project("docs/schema.md"));
    let rows = text.lines().filter(|line| line.contains("` | Rust"));
    digits_behind(&rows.collect::<Vec<_>>().join("\n"), "| `ZIPC")
}

/// The codes that `#[derive(ShmLayout)]` says.
fn derived() -> BTreeSet<String> {
    let paths = ["zeroipc-derive/src/errors.rs", "zeroipc/src/__private.rs"];
    paths.iter().flat_map(|path| digits_behind(&read(&project(path)), "[ZIPC")).collect()
}

/// The pages of one code each.
fn pages() -> Vec<(String, String)> {
    let paths = files(&tests_dir().join("../pages"), "md");
    let pages = paths.iter().map(|path| (path.file_stem().unwrap().to_str().unwrap()[4..].to_owned(), read(path)));
    pages.filter(|(code, _)| code != "04xx").collect()
}

/// The changes that `breaking` tells share a page, which lists them as docs/schema.md does.
#[test]
fn changes_share_a_page() {
    let rows = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|line| line.contains("ZIPC04") && line.starts_with('|'))
            .map(|row| row.replace('`', ""))
            .collect()
    };
    let page = page("ZIPC0401").unwrap();
    let documented = rows(&read(&project("docs/schema.md")));
    assert!(documented.len() > 50);
    assert_eq!(rows(page), documented);
    assert_eq!(zeroipc_codegen::page("0473"), Some(page));
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let told: BTreeSet<String> = documented().union(&derived()).cloned().collect();
    let pages: BTreeSet<String> = pages().into_iter().map(|(code, _)| code).collect();
    assert_eq!(pages, told, "pages, and the codes of docs/schema.md, the derive and the lints");
    for code in &pages {
        assert!(page(code).is_some(), "`pages.rs` does not list {code}");
    }
}

#[test]
fn the_table_has_what_the_compiler_says() {
    let (said, documented) = (said(), documented());
    let secret: Vec<_> = said.difference(&documented).collect();
    assert!(secret.is_empty(), "docs/schema.md lacks {secret:?}");
    let unsaid: Vec<_> = documented.difference(&said).collect();
    assert!(unsaid.is_empty(), "nothing says {unsaid:?}");
}

#[test]
fn a_page_is_found_by_code_number_and_name() {
    let hole = page("ZIPC0101");
    assert!(hole.is_some_and(|text| text.starts_with("# ZIPC0101: ")));
    for code in ["zipc0101", "ZIPC101", "zipc101", "0101", "101"] {
        assert_eq!(page(code), hole, "{code}");
    }
    for (name, code) in [("padding-order", "503"), ("doc-missing", "502"), ("capacity-rounded", "202")] {
        assert!(page(name).is_some() && page(name) == page(code), "{name}");
    }
    for none in ["", "ZIPC", "9999", "00101", "ZIPC00101", "-1", "+101", "holes", "zíp", "ZIPC01O1", "\u{1f389}"] {
        assert_eq!(page(none), None, "{none}");
    }
}

/// The example below a heading: its language and its lines.
fn example<'a>(text: &'a str, heading: &str) -> Option<(&'a str, &'a str)> {
    let (_, rest) = text.split_once(&format!("\n## {heading}\n\n```"))?;
    let (block, _) = rest.split_once("\n```\n")?;
    block.split_once('\n')
}

#[test]
fn each_page_has_its_parts() {
    for (code, text) in pages() {
        assert!(text.starts_with(&format!("# ZIPC{code}: ")), "{code} has another title");
        assert!(text.lines().count() <= 40, "{code} has {} lines", text.lines().count());
        let rust = of_rust().contains(&code) || derived().contains(&code) && !documented().contains(&code);
        for heading in ["Wrong", "Right"] {
            let (language, _) = example(&text, heading).unwrap_or_else(|| panic!("{code} shows nothing {heading}"));
            assert_eq!(language, if rust { "rust" } else { "zipc" }, "{code}");
        }
        let (_, prose) = text.split_once("\n\n").unwrap();
        let (prose, _) = prose.split_once("\n## Wrong\n").unwrap();
        assert!(prose.len() > 80, "{code} explains nothing");
    }
}

/// The files of an example: one, or as many as it names with `//! file: name.zipc`.
fn parts(text: &str, language: &str) -> Vec<(String, String)> {
    let name = if language == "rust" { "example.rs" } else { "example.zipc" };
    let mut parts: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("//! file: ") {
            parts.push((name.to_owned(), String::new()));
            continue;
        }
        if parts.is_empty() {
            parts.push((name.to_owned(), String::new()));
        }
        if let Some((_, part)) = parts.last_mut() {
            writeln!(part, "{line}").unwrap();
        }
    }
    parts
}

/// Compiles or lints every file of an example, and returns its errors and its warnings.
fn compiled(code: &str, text: &str, language: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let dir = scratch(&format!("page_{code}"));
    let mut compiler = Compiler::new().c().python().rust();
    for (name, part) in parts(text, language) {
        std::fs::write(dir.join(&name), part).unwrap();
        compiler = compiler.schema(dir.join(&name));
    }
    let codes = |reports: &[Report]| -> BTreeSet<String> {
        let all = reports.iter().flat_map(|report| &report.diagnostics);
        all.map(|diagnostic| diagnostic.code.to_string()[4..].to_owned()).collect()
    };
    let warnings = match code.starts_with("05") {
        true => compiler.check().map(|checked| checked.lint()),
        false => compiler.compile().map(|compiled| compiled.warnings),
    };
    match warnings {
        Ok(warnings) => (BTreeSet::new(), codes(&warnings)),
        Err(Error::Schema(reports)) => (codes(&reports), BTreeSet::new()),
        Err(error) => panic!("{code}: {error}"),
    }
}

#[test]
fn each_wrong_example_gives_its_code_and_each_right_one_compiles() {
    let said = said();
    let (mut judged, mut mistakes) = (0, String::new());
    for (code, text) in pages() {
        let Some((language, wrong)) = example(&text, "Wrong") else { continue };
        // What only the derive can tell needs a compiler of Rust.
        if language == "rust" && !said.contains(&code) {
            continue;
        }
        let Some((_, right)) = example(&text, "Right") else { continue };
        let (errors, warnings) = compiled(&code, right, language);
        if !errors.is_empty() || warnings.contains(&code) {
            writeln!(mistakes, "what {code} calls right gives {errors:?} {warnings:?}").unwrap();
        }
        if said.contains(&code) {
            let (errors, warnings) = compiled(&code, wrong, language);
            let found = if errors.is_empty() { warnings } else { errors };
            if found != BTreeSet::from([code.clone()]) {
                writeln!(mistakes, "what {code} calls wrong gives {found:?}").unwrap();
            }
            judged += 1;
        }
    }
    assert!(mistakes.is_empty(), "{mistakes}");
    assert!(judged > 30, "only {judged} examples");
}
