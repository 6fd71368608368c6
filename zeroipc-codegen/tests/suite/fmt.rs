//! What the formatter writes: `tests/fmt/<rule>.zipc` becomes `<rule>.formatted`.

use std::path::Path;
use std::time::{Duration, Instant};

use zeroipc_codegen::{Compiler, Format, Source, fix_padding, format};

use crate::files::{accepted, assert_golden, files, source, tests_dir};

/// What nothing may take longer than, on a slow and busy machine and without optimisation.
const PATIENCE: Duration = Duration::from_secs(20);

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
    let compiler = || {
        Compiler::new()
            .include(tests_dir().join("accept"))
            .include(tests_dir().join("../../schemas"))
            .c()
            .python()
            .rust()
            .bare(true)
    };
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

#[test]
fn padding_is_given_a_place() {
    let text = "\
struct Gap { flag: u8; /* late */ stamp: u64; half: u16; /* behind half */ }
struct Outer {
    a: u8; // first

    // The gap.
    /// Documented.
    gap: Gap;
    b: u8;
    // The end.
}";
    let (fixed, added) = fix_padding(&Source::new("gap.zipc", text), &[]).unwrap();
    assert_golden(&tests_dir().join("fmt/fix_padding.formatted"), &fixed);
    assert_eq!(added, 4);
    let source = Source::new("gap.zipc", fixed.clone());
    assert!(Compiler::new().source(source.clone()).compile().is_ok());
    assert_eq!(fix_padding(&source, &[]).unwrap(), (fixed, 0));
}

#[test]
fn padding_of_the_rejected_schemas_is_given_a_place() {
    for case in ["reject/hole.zipc", "reject/tail_padding.zipc"] {
        let (fixed, added) = fix_padding(&source(&tests_dir().join(case)), &[]).unwrap();
        assert!(added > 0);
        assert!(Compiler::new().source(Source::new("fixed.zipc", fixed)).compile().is_ok(), "{case}");
    }
}

#[test]
fn padding_next_to_an_imported_type_is_given_a_place() {
    let text = "import \"imported.zipc\";\nstruct Seen { by: u8; at: shared.Vec3; }";
    let source = Source::new("seen.zipc", text);
    let (fixed, added) = fix_padding(&source, &[tests_dir().join("accept")]).unwrap();
    assert!(fixed.ends_with("    by: u8;\n    reserved 7;\n    at: shared.Vec3;\n}\n"), "{fixed}");
    assert_eq!(added, 1);
    assert!(fix_padding(&source, &[]).is_err());
}

#[test]
fn padding_is_left_alone_when_there_are_other_errors() {
    let report = fix_padding(&Source::new("a.zipc", "struct A { x: u8; y: u64; z: Nope; }"), &[]).unwrap_err();
    assert!(report.render(Format::Short).contains("ZIPC0004"));
    let report = fix_padding(&Source::new("a.zipc", "struct A { x: u8 }"), &[]).unwrap_err();
    assert!(report.render(Format::Short).contains("ZIPC0002"));
}

#[test]
fn many_holes_are_filled_soon() {
    let fields: String = (0..300).map(|i| format!("a{i}: u8; b{i}: u64; ")).collect();
    let text: String = (0..50).map(|i| format!("struct A{i} {{ {fields} }}")).collect();
    let start = Instant::now();
    let (_, added) = fix_padding(&Source::new("holes.zipc", text), &[]).unwrap();
    assert_eq!(added, 15_000);
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

/// The schemas that people read are formatted.
#[test]
fn the_schemas_of_the_repository_are_formatted() {
    let root = tests_dir().join("../..");
    let directories = ["schemas", "schemas/format", "examples/sensors", "examples/build-rs/schemas"];
    let paths: Vec<_> = directories.iter().flat_map(|directory| files(&root.join(directory), "zipc")).collect();
    assert!(paths.len() > 10, "{paths:?}");
    for path in paths {
        let source = source(&path);
        assert!(formatted(&source) == source.text, "{}: run `zeroipc-codegen fmt` on it", path.display());
    }
}
