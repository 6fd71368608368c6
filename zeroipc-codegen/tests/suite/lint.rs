//! What is worth a second look, and how it is silenced.

use std::collections::BTreeSet;

use zeroipc_codegen::{Checked, Compiler, Format, Level, Severity, Source};

use crate::files::{assert_golden, files, source, tests_dir};

fn compiler() -> Compiler {
    Compiler::new().include(tests_dir().join("accept"))
}

fn check(text: &str) -> Checked {
    compiler().source(Source::new("t.zipc", text)).check().unwrap_or_else(|error| panic!("{error}"))
}

fn lint(checked: &Checked, format: Format) -> String {
    checked.lint().iter().map(|report| report.render(format)).collect()
}

#[test]
fn each_lint_is_told_as_written() {
    let mut codes = BTreeSet::new();
    for path in files(&tests_dir().join("lint"), "zipc") {
        let checked = compiler().source(source(&path)).check().unwrap_or_else(|error| panic!("{error}"));
        assert_golden(&path.with_extension("stderr"), &lint(&checked, Format::Human));
        for report in checked.lint() {
            codes.extend(report.diagnostics.iter().map(|diagnostic| diagnostic.code.to_string()));
        }
    }
    let page = std::fs::read_to_string(tests_dir().join("../../docs/schema.md")).unwrap();
    let documented = page.split('`').filter(|word| word.starts_with("ZIPC05") && word.len() == 8);
    let mut documented: BTreeSet<String> = documented.map(str::to_owned).collect();
    documented.insert("ZIPC0202".to_owned());
    assert_eq!(codes, documented);
}

/// Something that has every lint but that of the missing version, whose place is the file.
const EVERYTHING: &str = "zipc 1;
import \"imported.zipc\";
enum E: u8 ALLOW { A = 1 }
struct S ALLOW { a: u8; reserved 7; b: u64; c: u8; d: bytes[50]; reserved 5; }
segment Q = \"/q\" @size(64 KiB) ALLOW { q: queue<u8>[5]; }
";

fn codes(checked: &Checked) -> BTreeSet<String> {
    let reports = checked.lint();
    reports.iter().flat_map(|report| &report.diagnostics).map(|diagnostic| diagnostic.code.to_string()).collect()
}

#[test]
fn allow_silences_a_thing_and_what_is_in_it() {
    let all = codes(&check(&EVERYTHING.replace("ALLOW", "")));
    assert_eq!(all.len(), 6, "{all:?}");
    for (code, name) in [
        ("ZIPC0202", "\"capacity-rounded\""),
        ("ZIPC0502", "\"doc-missing\""),
        ("ZIPC0503", "\"padding-order\""),
        ("ZIPC0504", "\"line-straddling\""),
        ("ZIPC0506", "\"zero-unnamed\""),
    ] {
        for what in [code, name] {
            let mut rest = all.clone();
            rest.remove(code);
            assert_eq!(codes(&check(&EVERYTHING.replace("ALLOW", &format!("@allow({what})")))), rest, "{what}");
        }
    }
    let field = EVERYTHING.replace("ALLOW", "").replace("bytes[50];", "bytes[50] @allow(ZIPC0504);");
    assert!(!codes(&check(&field)).contains("ZIPC0504"));
    let structure = EVERYTHING.replace("ALLOW", "").replace("[5];", "[5] @allow(ZIPC0202);");
    assert!(!codes(&check(&structure)).contains("ZIPC0202"));
}

#[test]
fn levels_decide() {
    let text = EVERYTHING.replace("ALLOW", "");
    let at = |what: &str, level| {
        let compiler = compiler().source(Source::new("t.zipc", text.as_str())).level("warnings", Level::Warn);
        compiler.level(what, level).check()
    };
    let allowed = at("doc-missing", Level::Allow).unwrap();
    assert!(!codes(&allowed).contains("ZIPC0502"));
    assert!(codes(&at("ZIPC0505", Level::Allow).unwrap()).iter().all(|code| code != "ZIPC0505"));
    let denied = at("zero-unnamed", Level::Deny).unwrap();
    for diagnostic in denied.lint().iter().flat_map(|report| &report.diagnostics) {
        let error = diagnostic.severity == Severity::Error;
        assert_eq!(error, diagnostic.code.to_string() == "ZIPC0506");
    }
    // An unused import is found without being asked for, so that denying it stops the compilation.
    assert!(at("unused-import", Level::Deny).is_err());
}

#[test]
fn compiling_tells_of_unused_imports_alone() {
    let text = "import \"imported.zipc\";\nstruct S { a: u8; }\n";
    let compiled = compiler().source(Source::new("t.zipc", text)).c().compile().unwrap();
    let told: String = compiled.warnings.iter().map(|report| report.render(Format::Short)).collect();
    assert!(told.starts_with("t.zipc:1:8: warning[ZIPC0505]: nothing of the import `shared` is used\n"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}

/// Applying a suggestion removes the warning.
#[test]
fn suggestions_help() {
    for text in [
        "import \"imported.zipc\";\nstruct S { a: u8; }\n",
        "import \"imported.zipc\" as other; struct S { a: u8; }\n",
        "/// A struct.\nstruct S { a: u8; }\n",
    ] {
        let mut text = text.to_owned();
        let before = codes(&check(&text));
        let mut applied = 0;
        while let Some(suggestion) =
            check(&text).lint().iter().flat_map(|report| &report.diagnostics).find_map(|one| one.suggestion.clone())
        {
            text.replace_range(suggestion.span.start as usize..suggestion.span.end as usize, &suggestion.replacement);
            applied += 1;
            assert!(applied < 10, "{text}");
        }
        let after = codes(&check(&text));
        assert!(applied > 0 && after.len() < before.len() && !after.contains("ZIPC0501"), "{text}");
    }
}
