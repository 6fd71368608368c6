//! Rust source in the place of a schema.

use zeroipc_codegen::{Compiled, Compiler, Error, Format, Source, Target};

use crate::files::{assert_golden, files, source, tests_dir};

fn compile(source: Source, bare: bool) -> Result<Compiled, Error> {
    Target::ALL.iter().copied().fold(Compiler::new().bare(bare), Compiler::target).source(source).compile()
}

/// Where a test finds its file.
fn dir(kind: &str) -> std::path::PathBuf {
    tests_dir().join("rust_input").join(kind)
}

#[test]
fn rust_gives_what_the_schema_gives() {
    let cases = files(&dir("accept"), "rs");
    assert!(!cases.is_empty());
    for path in cases {
        for bare in [false, true] {
            let rust = compile(source(&path), bare).unwrap_or_else(|error| panic!("{error}"));
            let schema = compile(source(&path.with_extension("zipc")), bare).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(rust.outputs.len(), schema.outputs.len());
            for (rust, schema) in rust.outputs.iter().zip(&schema.outputs) {
                assert_eq!(rust.path, schema.path);
                let stem = path.file_stem().unwrap().to_str().unwrap();
                let text = rust.text.replace(&format!("{stem}.rs"), &format!("{stem}.zipc"));
                if text != schema.text {
                    let differ = text.lines().zip(schema.text.lines()).find(|(rust, schema)| rust != schema);
                    panic!("{}: {differ:#?}\n{text}", rust.path.display());
                }
            }
        }
    }
}

#[test]
fn each_rule_is_told_as_written() {
    for path in files(&dir("reject"), "rs") {
        let Err(Error::Schema(reports)) = compile(source(&path), false) else { panic!("{} compiles", path.display()) };
        let text: String = reports.iter().map(|report| report.render(Format::Human)).collect();
        assert_golden(&path.with_extension("stderr"), &text);
    }
}
