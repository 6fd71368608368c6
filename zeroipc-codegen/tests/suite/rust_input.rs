//! Rust source in the place of a schema.

use std::time::{Duration, Instant};

use zeroipc_codegen::{Compiled, Compiler, Error, Format, Source, Target};

use crate::files::{files, scratch, source, tests_dir};
use crate::generate::Random;
use crate::hostile::mutate;

/// How many mutated files are tried.
const MUTATIONS: usize = 2000;
/// What nothing may take longer than, on a slow and busy machine and without optimisation.
const PATIENCE: Duration = Duration::from_secs(20);

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

/// Pasting what is suggested makes holes go away.
#[test]
fn suggested_padding_makes_the_file_compile() {
    let mut source = source(&dir("reject").join("holes.rs"));
    for _ in 0..20 {
        let Err(Error::Schema(reports)) = compile(source.clone(), false) else { break };
        let suggestion = reports[0].diagnostics[0].suggestion.as_ref().unwrap();
        let range = suggestion.span.start as usize..suggestion.span.end as usize;
        source.text.replace_range(range, &suggestion.replacement);
    }
    let compiled = compile(source.clone(), false);
    assert!(compiled.is_ok(), "{}", source.text);
    assert!(source.text.contains("    last: u16,\n    _pad_18: [u8; 6],\n}"), "{}", source.text);
}

#[test]
fn a_schema_imports_rust() {
    let directory = scratch("imports_rust");
    std::fs::write(
        directory.join("shared.rs"),
        "#[derive(ShmLayout)]\n#[repr(C)]\npub struct Vec3 { x: f32, y: f32 }\n",
    )
    .unwrap();
    let text = "import \"shared.rs\";\nstruct Body { at: shared.Vec3; }";
    let compiled = Compiler::new().include(&directory).source(Source::new("body.zipc", text));
    let compiled = compiled.target(Target::Zipc).compile().unwrap();
    assert!(compiled.outputs[0].text.contains("import \"shared.rs\";\n\nstruct Body {\n    at: shared.Vec3;\n}"));
}

/// `sensors.rs` compiled to Rust is another `sensors.rs`.
#[test]
fn what_was_read_is_never_replaced() {
    let directory = scratch("never_replaced");
    let path = directory.join("sensors.rs");
    let text = "#[derive(ShmLayout)]\n#[repr(C)]\npub struct Vec3 { x: f32, y: f32 }\n";
    std::fs::write(&path, text).unwrap();
    let compiled = Compiler::new().schema(&path).rust().c().compile().unwrap();
    let Err(error @ Error::OverInput(_)) = compiled.write_to(&directory) else { panic!("it is replaced") };
    assert!(error.to_string().ends_with("would replace what was read; choose another directory"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    assert!(!directory.join("sensors.h").exists());
    compiled.write_to(directory.join("out")).unwrap();
}

/// What a file may look like before its first token.
#[test]
fn marks_and_interpreters_are_stepped_over() {
    for head in ["\u{feff}", "#!/usr/bin/env cargo\n", "\u{feff}#!/bin/x\n", "#![allow(dead_code)]\n", "\r\n"] {
        let text = format!("{head}#[derive(ShmLayout)]\n#[repr(C)]\nstruct It {{ a: bool }}");
        let Err(Error::Schema(reports)) = compile(Source::new("it.rs", text), true) else { panic!("{head:?}") };
        let span = reports[0].diagnostics[0].span();
        assert_eq!(&reports[0].source.text[span.start as usize..span.end as usize], "bool", "{head:?}");
    }
}

/// Compiles something that means harm, which may take a while but not for ever.
fn survive(text: &str) {
    let start = Instant::now();
    if let Err(error) = Compiler::new().source(Source::new("hostile.rs", text)).rust().compile() {
        assert!(matches!(error, Error::Schema(_)));
        assert!(!error.render(Format::Human).is_empty());
    }
    assert!(start.elapsed() < PATIENCE, "{}", text.chars().take(200).collect::<String>());
}

#[test]
fn mutated_rust_does_no_harm() {
    let mut paths = files(&dir("accept"), "rs");
    paths.extend(files(&dir("reject"), "rs"));
    let corpus: Vec<String> = paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let mut random = Random(17);
    for i in 0..MUTATIONS {
        survive(&mutate(&corpus[i % corpus.len()], &mut random));
    }
}

#[test]
fn large_and_deep_rust_ends_soon() {
    let many = |piece: &str, times: usize| piece.repeat(times);
    let size = 1 << 19;
    let head = "#[derive(ShmLayout)]\n#[repr(C)]\n";
    for text in [
        many("(", size),
        many("struct A {", size / 10),
        many("mod a {", 5000),
        // Just within the limits.
        format!("const A: u32 = {}1;", many("-", 990)),
        format!("const A: u32 = {}1;", many("1 + ", 490)),
        format!("const A: u32 = {}1{};", many("-------(", 120), many(")", 120)),
        format!("const A: fn() = {}1;", many("|a| ", 320)),
        format!("{head}struct A {{ x: {}u8 }}", many("&", 950)),
        format!("{head}struct A {{ x: {}u8 }}", many("fn() -> ", 230)),
        format!("{head}struct A {{ x: {}u8{} }}", many("A<", 320), many(">", 320)),
        // Beyond them.
        format!("const A: u32 = {}1;", many("-", size)),
        format!("const A: u32 = {}1;", many("1 + ", size / 4)),
        format!("const A: u32 = {}1;", many("!(", 127)) + &many(")", 127),
        format!("const A: fn() = {}1;", many("|a,| ", size / 5)),
        format!("const A: u32 = {}1{};", many("|a| {", 120), many("}", 120)),
        format!("{head}struct A {{ x: {}u8{} }}", many("A<u8, ", size / 12), many(">", size / 12)),
        format!("{head}struct A {{ x: {}u8 }}", many("&", size)),
        format!("{head}struct A {{ x: {}u8 }}", many("fn() -> ", size / 8)),
        format!("const A: u32 = {} {{}};", many("if x {} else ", size / 13)),
        format!("const A: u32 = A{};", many("{} + A", size / 6)),
        format!("const A: u32 = 1{};", many(" as u32", size / 7)),
        format!("const A: [u8; 100000] = [{}];", many("1, ", 100_000)),
        format!("{head}struct A {{ {} }}", (0..20_000).map(|i| format!("f{i}: u8, ")).collect::<String>()),
        (0..4000).map(|i| format!("const A{i}: u32 = A{} + 1;", i + 1)).collect(),
        (0..60).map(|i| format!("const A{i}: u32 = A{0} + A{0} + A{0};", i + 1)).collect::<String>()
            + "const A60: u32 = 0;",
        (0..40).map(|i| format!("const A{i}: u32 = 1 << (A{0} + A{0});", (i + 1) % 40)).collect(),
        format!(
            "open_enum! {{ enum E: u32 {{ {} LAST = 1 }} }}",
            (0..900).map(|i| format!("V{i} = Self::V{}.0 | Self::V{}.0, ", i + 1, i + 1)).collect::<String>()
        ),
        many("use self::*; use super::*; use crate::*;", 2000) + head + "struct A { x: Unknown, y: Other }",
        (0..2000).map(|i| format!("use a{i}::b as a{};", i + 1)).collect::<String>() + head + "struct A { x: a2000 }",
        (0..2000).map(|i| format!("type T{i} = [T{}; 2];", i + 1)).collect::<String>() + head + "struct A { x: T0 }",
        many("/*", size / 2),
        many("/// doc\n", size / 8),
        format!("{}fn f() {{}}", many("#[doc = \"x\"]", size / 13)),
    ] {
        survive(&text);
    }
}
