//! The outputs, byte for byte.

use zeroipc_codegen::{Compiler, Format, Output, Source, Target};

use crate::files::{accepted, assert_golden, source, tests_dir};

/// A compiler to everything, which finds the imports of the tests.
fn compiler() -> Compiler {
    Target::ALL.iter().copied().fold(
        Compiler::new().include(tests_dir().join("accept")).include(tests_dir().join("../../schemas")),
        Compiler::target,
    )
}

#[test]
fn outputs_are_the_goldens() {
    for path in accepted() {
        for (bare, dir) in [(false, "golden"), (true, "golden/bare")] {
            let compiler = compiler().source(source(&path)).bare(bare);
            let compiled = compiler.compile().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(compiled.outputs.len(), Target::ALL.len());
            // The resolved schema knows nothing of runtimes.
            let once = |output: &Output| !bare || output.path.extension().is_some_and(|end| end != "json");
            for output in compiled.outputs.into_iter().filter(once) {
                assert!(output.text.ends_with('\n') && !output.text.ends_with("\n\n"), "{}", output.path.display());
                assert_golden(&tests_dir().join(dir).join(output.path), &output.text);
            }
        }
    }
}

#[test]
fn outputs_depend_on_nothing_but_the_schema() {
    let schemas: Vec<Source> = accepted().iter().map(|path| source(path)).collect();
    let text = |schemas: &mut dyn Iterator<Item = &Source>| {
        let compiler = schemas.fold(compiler(), |compiler, one| compiler.source(one.clone()));
        let mut outputs = compiler.compile().unwrap().outputs;
        outputs.sort_by(|a, b| a.path.cmp(&b.path));
        outputs
    };
    assert_eq!(text(&mut schemas.iter()), text(&mut schemas.iter().rev()));
    assert_eq!(text(&mut schemas.iter()), text(&mut schemas.iter()));
}

#[test]
fn banner_names_the_file_and_no_place() {
    let source = Source::new("/home/somebody/deep/point.zipc", "struct Point { x: f32; }");
    for output in Compiler::new().source(source).c().cpp().python().rust().compile().unwrap().outputs {
        assert!(output.text.contains("from point.zipc. DO NOT EDIT."), "{}", output.text);
        assert!(!output.text.contains("somebody"), "{}", output.text);
    }
}

#[test]
fn templates_escape_nothing() {
    let text = "/// a<b && \"c\" 'd' {{ e }} {% f %}\nconst ONE: u32 = 1;";
    let source = Source::new("escape.zipc", text);
    let outputs = compiler().source(source).compile().unwrap().outputs;
    // JSON has escapes of its own.
    for output in outputs.iter().filter(|output| output.path.extension().is_some_and(|end| end != "json")) {
        assert!(output.text.contains("a<b && \"c\" 'd' {{ e }} {% f %}"), "{}", output.text);
    }
}

#[test]
fn a_rounded_capacity_is_a_warning() {
    let path = tests_dir().join("accept/queue_rounded.zipc");
    let compiled = Compiler::new().source(source(&path)).rust().compile().unwrap();
    let text: String = compiled.warnings.iter().map(|report| report.render(Format::Human)).collect();
    assert_golden(&path.with_extension("stderr"), &text);
    assert!(text.starts_with("warning[ZIPC0202]"), "{text}");
    assert!(compiled.outputs[0].text.contains("create(&memory, \"numbers\", 128)"));
}
