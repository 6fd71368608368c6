//! What the formatter writes: `tests/fmt/<rule>.zipc` becomes `<rule>.formatted`.

use std::path::Path;

use zeroipc_codegen::{Compiler, Format, Source, format};

use crate::files::{accepted, assert_golden, files, source, tests_dir};

fn formatted(source: &Source) -> String {
    format(source).unwrap_or_else(|report| panic!("{}\n{}", report.render(Format::Short), source.text))
}

#[test]
fn each_rule_is_applied_as_written() {
    for path in files(&tests_dir().join("fmt"), "zipc") {
        let text = formatted(&source(&path));
        assert_golden(&path.with_extension("formatted"), &text);
        let again = formatted(&Source::new("again.zipc", text.clone()));
        assert_eq!(again, text, "{}", path.display());
    }
}

#[test]
fn schemas_in_the_repository_are_formatted() {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/sensors");
    for dir in [schemas.join("format"), schemas, examples] {
        for path in files(&dir, "zipc") {
            let source = source(&path);
            assert!(formatted(&source) == source.text, "{} is not formatted", path.display());
        }
    }
}

#[test]
fn formatting_changes_no_output() {
    let compiler = || Compiler::new().include(tests_dir().join("accept")).c().python().rust().bare(true);
    let outputs = |source: Source| compiler().source(source).compile().unwrap().outputs;
    for path in accepted() {
        let before = source(&path);
        let after = Source { text: formatted(&before), ..before.clone() };
        assert!(outputs(before) == outputs(after), "{}", path.display());
    }
}

#[test]
fn errors_leave_the_text_alone() {
    for (text, code) in [
        ("struct A { x: u8 }", "ZIPC0002"),
        ("struct A { x: u8; ", "ZIPC0002"),
        ("const A: u32 = 0x;", "ZIPC0001"),
        ("/* no end", "ZIPC0024"),
        ("const A: u32 = 1; $", "ZIPC0001"),
        ("struct A { x: u8; /// of nothing\n}", "ZIPC0016"),
    ] {
        let report = format(&Source::new("wrong.zipc", text)).unwrap_err();
        assert!(report.render(Format::Short).contains(code), "{}", report.render(Format::Short));
    }
}

#[test]
fn a_schema_above_a_megabyte_is_refused() {
    let report = format(&Source::new("large.zipc", " ".repeat((1 << 20) + 1))).unwrap_err();
    assert!(report.render(Format::Short).contains("ZIPC0017"), "{}", report.render(Format::Short));
}

#[test]
fn errors_of_meaning_do_not_matter() {
    assert_eq!(formatted(&Source::new("a.zipc", "struct A{x:Nope;}")), "struct A {\n    x: Nope;\n}\n");
    assert_eq!(formatted(&Source::new("a.zipc", "")), "");
    assert_eq!(formatted(&Source::new("a.zipc", "// only this")), "// only this\n");
}
