//! The Rust output in the hands of `rustc`, `rustdoc` and `rustfmt`. What needs the runtime is tested in `tests/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use zeroipc_codegen::{Compiler, Error, Format, Source};

use crate::compilers::{bare, goldens, run};
use crate::files::{scratch, tests_dir};

const FLAGS: [&str; 5] = ["--edition=2024", "--crate-type=lib", "--emit=metadata", "-Dwarnings", "-Dmissing_docs"];

/// A library of modules beside each other.
fn library(dir: &Path, modules: &[PathBuf]) -> PathBuf {
    let module = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap();
        format!("/// Emitted.\n#[path = {path:?}]\npub mod {name};\n")
    };
    let text: String = modules.iter().map(module).collect();
    let unit = dir.join("library.rs");
    std::fs::write(&unit, format!("//! Emitted.\n{text}")).unwrap();
    unit
}

fn rustfmt(paths: &[PathBuf]) {
    let config = tests_dir().join("../../rustfmt.toml");
    let mut command = Command::new("rustfmt");
    run(command.args(["--check", "--edition=2024", "--config-path"]).arg(config).args(paths));
}

fn compile_to(dir: &Path, sources: &[Source], bare: bool) -> Vec<PathBuf> {
    let compiler = sources.iter().fold(Compiler::new().rust().bare(bare), |all, one| all.source(one.clone()));
    let compiled = compiler.compile().unwrap_or_else(|error| panic!("{error}"));
    compiled.write_to(dir).unwrap();
    compiled.outputs.iter().map(|output| dir.join(&output.path)).collect()
}

#[test]
fn bare_modules_compile_beside_each_other() {
    let dir = scratch("rust_bare");
    let unit = library(&dir, &bare("rs"));
    run(Command::new("rustc").args(FLAGS).arg("--out-dir").arg(&dir).arg(&unit));
}

#[test]
fn a_field_elsewhere_is_refused() {
    let dir = scratch("rust_moved");
    let golden = std::fs::read_to_string(tests_dir().join("golden/bare/enums.rs")).unwrap();
    let moved = golden.replace("    pub _reserved_3: [u8; 1],\n", "");
    assert_ne!(golden, moved);
    std::fs::write(dir.join("moved.rs"), moved).unwrap();
    let output =
        Command::new("rustc").args(FLAGS).arg("--out-dir").arg(&dir).arg(dir.join("moved.rs")).output().unwrap();
    assert!(!output.status.success());
}

#[test]
fn goldens_are_formatted() {
    rustfmt(&goldens("rs"));
}

/// Names of 63 bytes and values that take several lines.
#[test]
fn wide_things_are_formatted() {
    let dir = scratch("rust_wide");
    let name = |start: &str| format!("{start}{}", "x".repeat(63 - start.len()));
    let [inner, alias, outer, segment, grid, module] = ["I", "A", "O", "S", "G", "m"].map(name);
    let [constant, text] = ["C", "T"].map(|start| name(start).to_uppercase());
    let [list, body, number] = ["l", "b", "n"].map(name);
    let variant = &name("V")[..60];
    let numbers: Vec<String> = (0..40).map(|i| format!("{}.5", i * i)).collect();
    let numbers = numbers.join(", ");
    let row = "[1, 2, 3, 4, 5, 6, 7, 8]";
    let long = "a text that fits no line, however it is broken; ".repeat(4);
    let fits = "a text that fits a line of its own, but not beside what stands in front of it, or so it seems to be";
    let schema = format!(
        "import \"{module}.zipc\";
         const {constant}: str = \"short, but too long to stand behind the name\";
         const {text}: str = \"{long}\" @deprecated(\"{long}\");
         type {grid} = [[[{module}.{inner}; 2]; 3]; 4];
         type {alias} = [{outer}; 2] @deprecated(\"{long}\");
         flags Many: u8 {{ {constant}, SECOND, THIRD }}
         struct {outer} @auto_pad @deprecated(\"{long}\") {{
             {list}: [f64; 40] = [{numbers}] @range(-1, 10000);
             {body}: {module}.{inner};
             {number}: f64 @range(0, 1) @null(nan);
             d: [f64; 12] = [3.14159, inf, -inf, nan, 1e300, 1e-300, 0.1234567890123, 8, 9, 10, 11, 12];
             e: [[i32; 8]; 6] = [{row}, {row}, {row}, {row}, {row}, {row}];
             f: str[200] = \"{long}\";
             g: str[112] = \"{fits}\";
             h: [str[4]; 3] = [\"a\", \"b\", \"c\"];
             many: Many = {constant} | SECOND;
             old: u8 @was(\"{long}\") @null(1) @deprecated(\"{long}\");
         }}
         variant {variant}: u8 {{ {list}, other: {module}.{inner} }}
         segment {segment} = \"/wide\" @size(4 MiB) {{
             a_structure_as_long_as_can_be_1: array<[{module}.{inner}; 2]>[1000];
         }}"
    );
    let imported = Source::new(format!("{module}.zipc"), format!("struct {inner} {{ x: u64; }}"));
    let sources = [Source::new("wide.zipc", schema), imported];
    let bare = compile_to(&dir.join("bare"), &sources, true);
    let unit = library(&dir, &bare);
    run(Command::new("rustc").args(FLAGS).arg("--out-dir").arg(&dir).arg(&unit));
    rustfmt(&[compile_to(&dir, &sources, false), bare].concat());
}

/// What looks like a program in the documentation of a schema is none of ours.
#[test]
fn documentation_is_never_run() {
    let dir = scratch("rust_doc");
    let text = r#"
/// ```
/// not rust
/// ```
struct Fences {
    /// ```rust
    /// not rust
    /// ```
    a: u32;
    /// ~~~no_run
    /// not rust
    /// ~~~
    ///
    /// - ````should_panic
    ///   not rust
    b: u32;
    /// Text:
    ///
    ///     not rust
    ///
    /// and more
    c: u32;
    ///     not rust
    d: u32;
    /// # Title
    ///     not rust
    e: u32;
    /// >     not rust
    f: u32;
    /// 1.     not rust
    /// -     not rust
    /// ---
    ///     not rust
    g: u32;
    ///	not rust, behind a tab
    h: u32;
}"#;
    let paths = compile_to(&dir, &[Source::new("fences.zipc", text)], true);
    let unit = library(&dir, &paths);
    let output = Command::new("rustdoc").args(["--test", "--edition=2024"]).arg(&unit).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("test result: ok. 0 passed; 0 failed; 3 ignored"), "{said}");
}

/// A value of 1 GiB would take the compiler seconds and gigabytes, and no stack has room for it.
#[test]
fn large_types_have_no_default_value() {
    let dir = scratch("rust_large");
    let text = "struct Large { all: [u8; 1 GiB - 16]; x: f64 = 1.0 @range(0, 2); name: str[8] = \"a\"; }
        struct Larger { all: [u8; 1 GiB]; }
        struct Small { all: [u8; 1 MiB]; }
        variant Case: u8 { large: [u8; 1 GiB - 1] }";
    let paths = compile_to(&dir, &[Source::new("large.zipc", text)], true);
    let emitted = std::fs::read_to_string(&paths[0]).unwrap();
    assert_eq!(emitted.matches("DEFAULT:").count(), 1, "{emitted}");
    assert!(!emitted.contains("ZERO") && emitted.contains("X_MAX"), "{emitted}");
    rustfmt(&paths);
    run(Command::new("rustc").args(FLAGS).arg("--out-dir").arg(&dir).arg(library(&dir, &paths)));
}

#[test]
fn names_that_rust_would_share_are_refused() {
    let codes = |text: &str| match Compiler::new().source(Source::new("names.zipc", text)).rust().compile() {
        Err(error @ Error::Schema(_)) => error.render(Format::Short),
        other => panic!("{text}: {other:?}"),
    };
    for (text, told) in [
        ("enum A: u8 @closed { SELF }", "the variant `Self`"),
        ("enum A: u8 @closed { B_1, B1 }", "`AKind::B1`"),
        ("enum A: u8 @closed { B } struct AKind { x: u8; }", "`AKind`"),
        ("variant A: u8 { b: u8, as_b }", "`A::as_b`"),
        ("struct Option { x: u8; }", "`Option`"),
        ("type Some = u8;", "`Some`"),
    ] {
        let said = codes(text);
        assert!(said.contains("error[ZIPC0019]") && said.contains(told), "{text}\n{said}");
    }
}
