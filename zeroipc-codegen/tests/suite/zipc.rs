//! A schema as output says what its input says.

use zeroipc_codegen::{Compiled, Compiler, Source, Target};

use crate::files::{accepted, files, source, tests_dir};

/// What comes out of a schema.
fn compile(source: &Source, bare: bool, targets: &[Target]) -> Compiled {
    let directories = [tests_dir().join("accept"), tests_dir().join("../../schemas")];
    let compiler = directories.into_iter().fold(Compiler::new().bare(bare), Compiler::include);
    let compiler = targets.iter().copied().fold(compiler, Compiler::target);
    compiler.source(source.clone()).compile().unwrap_or_else(|error| panic!("{error}\n{}", source.text))
}

fn text(compiled: &Compiled, target: Target) -> &str {
    let found = compiled.outputs.iter().find(|output| output.path.extension().unwrap() == target.extension());
    &found.unwrap().text
}

#[test]
fn a_schema_that_came_out_goes_in_as_the_same() {
    // Structures without a runtime have no code.
    let announced = files(&tests_dir().join("announced"), "zipc").into_iter();
    let announced = announced.map(|path| (path, &[Target::Json, Target::Zipc][..]));
    for (path, targets) in accepted().into_iter().map(|path| (path, Target::ALL)).chain(announced) {
        let first = compile(&source(&path), false, targets);
        let again = Source { text: text(&first, Target::Zipc).to_owned(), ..source(&path) };
        let second = compile(&again, false, targets);
        for target in targets {
            let (first, second) = (text(&first, *target), text(&second, *target));
            assert!(first == second, "{}: {}\n{}", path.display(), target.language(), again.text);
        }
        assert!(second.warnings.is_empty(), "{}", path.display());
    }
}

#[test]
fn values_are_written_by_their_names() {
    let input = "const MASK: u16 = 0xff00;\nflags Access: u8 { READ, WRITE, BOTH = 3, TOP = bit 7, NONE = 0 }\n\
                 enum Mode: i8 { OFF = -1, ON }\nconst TWO: f32 = 4 - 2;\n\
                 struct It { a: Access = READ | TOP; b: Access = BOTH; c: Mode = ON @null(OFF); d: [Access; 2] = [NONE, READ]; }";
    let compiled = compile(&Source::new("it.zipc", input), true, &[Target::Zipc]);
    let text = text(&compiled, Target::Zipc);
    for line in [
        "const MASK: u16 = 0xFF00;\nconst TWO: f32 = 2.0;\n",
        "    BOTH = READ | WRITE,\n    TOP = bit 7,\n    NONE = 0,\n",
        "    OFF = -1,\n    ON = 0,\n",
        "    a: Access = READ | TOP;\n    b: Access = BOTH;\n    c: Mode = ON @null(OFF);\n    d: [Access; 2] = [NONE, READ];\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn the_formatter_changes_nothing() {
    for path in accepted() {
        let compiled = compile(&source(&path), false, &[Target::Zipc]);
        let text = text(&compiled, Target::Zipc);
        assert_eq!(zeroipc_codegen::format(&Source::new("again.zipc", text)).unwrap(), text, "{}", path.display());
    }
}
