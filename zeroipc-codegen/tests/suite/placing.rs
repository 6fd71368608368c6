//! Random structs: the offsets that the compiler computes are asserted by the languages' own compilers.

use std::process::Command;

use zeroipc_codegen::{Compiler, Format, Level, Source};

use crate::files::scratch;
use crate::generate::{Random, schema};

#[test]
fn gcc_gxx_and_rustc_place_fields_where_the_schema_says() {
    let dir = scratch("placing");
    for seed in 0..8 {
        let text = schema(&mut Random(seed), 40);
        let source = Source::new(format!("random{seed}.zipc"), text.clone());
        let compiled = Compiler::new().source(source).c().cpp().rust().bare(true).compile();
        let compiled = compiled.unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        compiled.write_to(&dir).unwrap();
        let c = dir.join(format!("random{seed}.c"));
        std::fs::write(&c, format!("#include \"random{seed}.h\"\nint main(void) {{ return 0; }}\n")).unwrap();
        for flags in [["-m64", "-std=c11"], ["-m64", "-std=c99"]] {
            let output =
                Command::new("gcc").args(flags).args(["-fsyntax-only", "-Wpadded", "-Werror"]).arg(&c).output();
            let output = output.unwrap();
            assert!(output.status.success(), "seed {seed}: {}", String::from_utf8_lossy(&output.stderr));
        }
        let cpp = dir.join(format!("random{seed}.cc"));
        std::fs::write(&cpp, format!("#include \"random{seed}.hpp\"\nint main() {{ return 0; }}\n")).unwrap();
        let flags = ["-std=c++17", "-fsyntax-only", "-Wpadded", "-Werror"];
        let output = Command::new("g++").args(flags).arg(&cpp).output().unwrap();
        assert!(output.status.success(), "seed {seed}: {}", String::from_utf8_lossy(&output.stderr));
        let flags = ["--edition=2024", "--crate-type=lib", "--emit=metadata", "--out-dir"];
        let rust = dir.join(format!("random{seed}.rs"));
        let output = Command::new("rustc").args(flags).arg(&dir).arg(rust).output().unwrap();
        assert!(output.status.success(), "seed {seed}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The names of an enum's values mean something in its own expressions, and nowhere else.
#[test]
fn values_do_not_leak_into_what_their_expressions_need() {
    let text = "const N: u32 = 8;
        struct S { x: [u8; N]; }
        enum E: u8 { N = 3, B = sizeof(S) + 10, C = N + 1 }
        variant V: u8 { n = 3, b: S = sizeof(S) + 10 }
        assert sizeof(S) == 8;
        assert sizeof(V) == 9;";
    Compiler::new().source(Source::new("leak.zipc", text)).check().unwrap_or_else(|error| panic!("{error}"));
    let unknown = "enum G: u8 { LEN = 5, X = sizeof(T) + 9 } struct T { v: [u8; LEN]; }";
    let Err(error) = Compiler::new().source(Source::new("unknown.zipc", unknown)).check() else {
        panic!("it compiles")
    };
    assert!(error.render(Format::Short).contains("error[ZIPC0005]: there is no constant `LEN`"), "{error}");
}

/// However many warnings there are, an error is told, and told first.
#[test]
fn warnings_hide_no_error() {
    let mut text = String::from("zipc 1;\n");
    for i in 0..165 {
        let queues: String = (0..63).map(|q| format!("q{q}: queue<u8>[3];")).collect();
        text.push_str(&format!("segment S{i} = \"/s{i}\" @size(1 MiB) {{ {queues} }}\n"));
    }
    text.push_str("assert 1 == 2;\n");
    for compiler in [Compiler::new(), Compiler::new().level("warnings", Level::Allow)] {
        let Err(error) = compiler.source(Source::new("warnings.zipc", text.clone())).check() else {
            panic!("the assertion does not hold")
        };
        assert!(error.render(Format::Short).contains("error[ZIPC0030]"), "{}", error.render(Format::Short));
        assert!(error.render(Format::Human).contains("error[ZIPC0030]"));
    }
}

/// The unit of an alias reaches through arrays and other aliases.
#[test]
fn units_come_along() {
    let prints = |text: &str| {
        let checked = Compiler::new().source(Source::new("units.zipc", text)).check().unwrap();
        checked.fingerprints().last().unwrap().schema
    };
    let plain = prints("struct S { x: f32 @unit(\"m\"); y: [f32; 2] @unit(\"m\"); }");
    let aliased = prints("type M = f32 @unit(\"m\"); type N = M; type Pair = [N; 2]; struct S { x: N; y: Pair; }");
    assert_eq!(plain, aliased);
    assert_ne!(plain, prints("type M = f32; struct S { x: M; y: [M; 2]; }"));
}
