//! Where outputs go, and when they are written. Build scripts as such are tried with Cargo in `tests/`.

use zeroipc_codegen::{Compiler, Error, Source, Target, build};

use crate::files::scratch;

fn sources(compiler: Compiler) -> Compiler {
    let a = Source::new("a.zipc", "struct A { x: u32; }");
    compiler.source(Source::new("b.zipc", "import \"a.zipc\"; struct B { a: a.A; }")).source(a)
}

#[test]
fn a_language_can_have_a_directory_of_its_own() {
    let dir = scratch("build_output");
    let compiler = sources(Compiler::new().rust()).output(Target::C, "elsewhere").output(Target::C, dir.join("deep/c"));
    let compiled = compiler.compile().unwrap_or_else(|error| panic!("{error}"));
    compiled.write_to(dir.join("out")).unwrap();
    for path in ["out/a.rs", "out/b.rs", "deep/c/a.h", "deep/c/b.h"] {
        assert!(dir.join(path).is_file(), "{path}");
    }
    assert!(!dir.join("out/a.h").exists() && !dir.join("out/elsewhere").exists());
    assert!(compiled.stale_in(dir.join("out")).is_empty());
}

#[test]
fn a_relative_directory_belongs_to_the_current_one() {
    let compiled = sources(Compiler::new()).output(Target::C, "include").compile().unwrap();
    let here = std::env::current_dir().unwrap();
    assert_eq!(compiled.outputs[0].path, here.join("include/b.h"));
}

#[test]
fn what_says_the_same_is_not_touched() {
    let dir = scratch("build_untouched");
    let write = |text: &str| {
        let compiler = Compiler::new().source(Source::new("a.zipc", text)).rust().c();
        compiler.compile().unwrap_or_else(|error| panic!("{error}")).write_to(&dir).unwrap();
        ["a.rs", "a.h"].map(|file| std::fs::metadata(dir.join(file)).and_then(|data| data.modified()).unwrap())
    };
    let first = write("const A: u32 = 1;");
    assert_eq!(write("const A: u32 = 1; // as before"), first);
    let other = write("const A: u32 = 2;");
    assert!(other[0] > first[0] && other[1] > first[1]);
}

#[test]
fn without_a_build_script_nothing_is_built() {
    let said = build("a.zipc").unwrap_err();
    assert!(matches!(said, Error::NoBuildScript("OUT_DIR")), "{said}");
}
