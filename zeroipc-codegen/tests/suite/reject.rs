//! Schemas that break a rule, and every word that is said about them.

use std::collections::BTreeSet;

use zeroipc_codegen::{Compiler, Error, Format, Report, Source};

use crate::files::{assert_golden, files, source, tests_dir};

/// A compiler to Rust that finds what the cases import; to C as well for a case whose first line says so.
fn compiler(source: Source) -> Compiler {
    let compiler = Compiler::new().include(tests_dir().join("reject")).rust();
    let compiler = if source.text.starts_with("// Compiled to C as well.\n") { compiler.c() } else { compiler };
    compiler.source(source)
}

fn reports() -> Vec<(std::path::PathBuf, Vec<Report>)> {
    let cases = files(&tests_dir().join("reject"), "zipc").into_iter();
    cases
        .chain(files(&tests_dir().join("rust_input/reject"), "rs"))
        .map(|path| match compiler(source(&path)).compile() {
            Err(Error::Schema(reports)) => (path, reports),
            Err(error) => panic!("{}: {error}", path.display()),
            Ok(_) => panic!("{} compiles", path.display()),
        })
        .collect()
}

#[test]
fn each_rule_is_told_as_written() {
    for (path, reports) in reports() {
        let text: Vec<String> = reports.iter().map(|report| report.render(Format::Human)).collect();
        // Where the repository lies is no part of a message.
        let text = text.join("\n").replace(&format!("{}/", tests_dir().display()), "");
        assert_golden(&path.with_extension("stderr"), &text);
    }
}

#[test]
fn diagnostics_are_sorted_and_end_in_no_period() {
    for (path, reports) in reports() {
        for report in reports {
            let spans: Vec<_> = report.diagnostics.iter().map(|diagnostic| diagnostic.span()).collect();
            assert!(spans.is_sorted(), "{}", path.display());
            for diagnostic in &report.diagnostics {
                assert!(!diagnostic.message.ends_with('.'), "{}", diagnostic.message);
                let end = report.source.text.len();
                assert!(diagnostic.labels.iter().all(|label| label.span.end as usize <= end));
            }
        }
    }
}

#[test]
fn short_is_one_line_each() {
    for (path, reports) in reports() {
        for report in reports {
            let text = report.render(Format::Short);
            assert_eq!(text.lines().count(), report.diagnostics.len(), "{}", path.display());
        }
    }
}

/// A suggestion that is surely right is one that can be applied: the holes are gone afterwards.
#[test]
fn suggested_padding_makes_the_schema_compile() {
    for case in ["reject/hole.zipc", "reject/tail_padding.zipc"] {
        let mut source = source(&tests_dir().join(case));
        for _ in 0..10 {
            match Compiler::new().source(source.clone()).rust().compile() {
                Ok(_) => break,
                Err(Error::Schema(reports)) => {
                    let suggestion = reports[0].diagnostics[0].suggestion.as_ref().unwrap();
                    let range = suggestion.span.start as usize..suggestion.span.end as usize;
                    source.text.replace_range(range, &suggestion.replacement);
                }
                Err(error) => panic!("{error}"),
            }
        }
        let compiled = Compiler::new().source(source.clone()).rust().compile();
        assert!(compiled.is_ok(), "{}", source.text);
    }
}

#[test]
fn every_code_has_a_case_and_a_page() {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (_, reports) in reports() {
        seen.extend(
            reports.iter().flat_map(|report| &report.diagnostics).map(|diagnostic| diagnostic.code.to_string()),
        );
    }
    seen.insert("ZIPC0202".to_owned());
    let page = std::fs::read_to_string(tests_dir().join("../../docs/schema.md")).unwrap();
    let documented: BTreeSet<String> =
        page.split('`').filter(|word| word.starts_with("ZIPC") && word.len() == 8).map(str::to_owned).collect();
    // Changes and lints have tables of their own.
    let is_rule = |code: &String| !code.starts_with("ZIPC04") && !code.starts_with("ZIPC05");
    assert_eq!(seen, documented.into_iter().filter(is_rule).collect());
}
