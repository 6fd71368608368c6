//! The Python modules in the hands of Python, NumPy, mypy, ruff and the runtime. With `ZEROIPC_PYTHON` naming an
//! interpreter that has them; otherwise only the syntax is looked at.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use zeroipc_codegen::{Compiler, Source};

use crate::files::{files, scratch, tests_dir};

/// Rules of ruff that the modules do not keep, each with its reason.
const IGNORED: [(&str, &str); 18] = [
    ("C901", "one branch for each case"),
    ("CPY001", "the schema's author decides about copyright"),
    ("D205", "documentation is the schema's"),
    ("D301", "a raw docstring cannot hold every text"),
    ("D400", "documentation is the schema's"),
    ("E501", "documentation is the schema's, and a text stays on its line"),
    ("A002", "a parameter is called as the structure is"),
    ("A003", "a property is called as the field is"),
    ("PLR0911", "one return for each range"),
    ("PLR0912", "one branch for each case"),
    ("PLR0913", "one parameter for each structure"),
    ("PLR0917", "one parameter for each structure"),
    ("PLR2004", "the value that means nothing stands where it is asked for"),
    ("PYI019", "`Self` needs Python 3.11"),
    ("PYI034", "`Self` needs Python 3.11"),
    ("RUF002", "documentation is the schema's"),
    ("RUF022", "names stand in the schema's order"),
    ("RUF023", "names stand in the schema's order"),
];

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&text));
}

fn python() -> Option<OsString> {
    let python = std::env::var_os("ZEROIPC_PYTHON");
    if python.is_none() {
        eprintln!("skipped: ZEROIPC_PYTHON is not set");
    }
    python
}

/// Modules as a package below `home`, as those with imports have to be.
fn package(home: &Path, name: &str, modules: &[(PathBuf, String)]) {
    let dir = home.join(name);
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("__init__.py"), "\"\"\"What the compiler made.\"\"\"\n").unwrap();
    std::fs::write(dir.join("py.typed"), "").unwrap();
    for (path, text) in modules {
        std::fs::write(dir.join(path.file_name().unwrap()), text).unwrap();
    }
}

fn goldens(dir: &str) -> Vec<(PathBuf, String)> {
    let paths = files(&tests_dir().join(dir), "py");
    paths.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

/// A directory with the goldens as the packages `full` and `bare`.
fn packages(name: &str) -> PathBuf {
    let home = scratch(name);
    package(&home, "full", &goldens("golden"));
    package(&home, "bare", &goldens("golden/bare"));
    home
}

fn runtime() -> PathBuf {
    tests_dir().join("../../runtimes/python/src")
}

/// An interpreter that finds the packages below `home`, and the runtime.
fn interpreter(python: &OsString, home: &Path) -> Command {
    let mut command = Command::new(python);
    let path = std::env::join_paths([home, &runtime()]).unwrap();
    command.env("PYTHONPATH", path).env("PYTHONDONTWRITEBYTECODE", "1").current_dir(home);
    command
}

/// Types, format and lints of everything below `home`.
fn check(python: &OsString, home: &Path, packages: &[&str]) {
    let mut mypy = interpreter(python, home);
    mypy.args(["-m", "mypy", "--strict", "--cache-dir"]).arg(home.join("mypy")).env("MYPYPATH", runtime());
    run(mypy.args(packages.iter().flat_map(|package| ["-p", package])));
    run(interpreter(python, home).args(["-m", "ruff", "format", "--isolated", "--check", "--diff", "."]));
    let ignored: Vec<&str> = IGNORED.iter().map(|(rule, _)| *rule).collect();
    let mut ruff = interpreter(python, home);
    ruff.args(["-m", "ruff", "check", "--isolated", "--select", "ALL", "--ignore", &ignored.join(",")]);
    run(ruff.args(["--config", "lint.pydocstyle.convention='numpy'", "--target-version", "py39", "."]));
}

#[test]
fn python_modules_are_python() {
    let text = "import ast, sys\nfor path in sys.argv[1:]: ast.parse(open(path, encoding='utf-8').read())";
    let paths = ["golden", "golden/bare"].map(|dir| files(&tests_dir().join(dir), "py")).concat();
    run(Command::new("python3").args(["-c", text]).args(paths));
}

#[test]
fn python_modules_are_typed_formatted_and_free_of_lints() {
    let Some(python) = python() else { return };
    check(&python, &packages("python_checks"), &["full", "bare"]);
}

#[test]
fn python_modules_can_be_imported() {
    let Some(python) = python() else { return };
    let home = packages("python_imports");
    let names = |package: &str, dir: &str| -> String {
        let stems = goldens(dir).into_iter().map(|(path, _)| path.file_stem().unwrap().to_str().unwrap().to_owned());
        stems.map(|stem| format!("import {package}.{stem}\n")).collect()
    };
    let bare = names("bare", "golden/bare") + "import sys\nassert 'zeroipc' not in sys.modules\n";
    run(interpreter(&python, &home).args(["-W", "error", "-c", &bare]));
    run(interpreter(&python, &home).args(["-W", "error", "-c", &names("full", "golden")]));
}

#[test]
fn python_records_do_what_the_schema_says() {
    let Some(python) = python() else { return };
    let home = packages("python_records");
    run(interpreter(&python, &home).args(["-W", "error"]).arg(tests_dir().join("support/python/records.py")));
}

#[test]
fn python_segments_hold_records() {
    let Some(python) = python() else { return };
    let home = packages("python_segments");
    let script = tests_dir().join("support/python/segments.py");
    run(interpreter(&python, &home).args(["-W", "error"]).arg(script).arg(std::process::id().to_string()));
}

fn compiled(source: &str) -> Result<Vec<(PathBuf, String)>, String> {
    modules([Source::new("names.zipc", source)])
}

fn modules(sources: impl IntoIterator<Item = Source>) -> Result<Vec<(PathBuf, String)>, String> {
    let compiler = sources.into_iter().fold(Compiler::new(), Compiler::source);
    let compiled = compiler.python().bare(true).compile();
    let outputs = compiled.map_err(|error| error.to_string())?.outputs;
    Ok(outputs.into_iter().map(|output| (output.path, output.text)).collect())
}

#[test]
fn python_fields_may_be_called_as_builtins_are() {
    let names = ["str", "object", "dict", "property", "classmethod", "value", "math", "cast", "index", "cls"];
    let types = ["u8", "complex64", "str[4]", "[f32; 2]"];
    let pairs = || names.iter().zip(types.iter().cycle());
    let fields: String = pairs().map(|(name, ty)| format!("{name}: {ty}; ")).collect();
    let cases: String = pairs().map(|(name, ty)| format!("{name}: {ty}, ")).collect();
    let source = format!("struct Odd @auto_pad {{ {fields} }} variant Odder: u8 {{ {cases} inner: Odd }}");
    let modules = compiled(&source).unwrap();
    let Some(python) = python() else { return };
    let home = scratch("python_names");
    package(&home, "odd", &modules);
    check(&python, &home, &["odd"]);
    let text = "from odd.names import Odd, Odder; new = Odd.new(); new.str = 3; new.dict = 'a'
odder = Odder.new_inner(new)
assert (new.str, Odder.new_str(4).str, odder.to_dict()['inner']['dict']) == (3, 4, 'a')";
    run(interpreter(&python, &home).args(["-c", text]));
}

#[test]
fn python_setters_take_what_fits_only() {
    let source = "flags Caps: u8 { A = 1, B = 2 }
struct Small { a: u8 = 7; b: u8; }
variant Word: u16 { nothing = 0, many: [u16; 2] = 1, real: f32 = 2 }
struct Strict @auto_pad {
    names: [str[4]; 2]; bytes4: [u8; 4]; caps: [Caps; 2]; singles: [f32; 2]; complexes: [complex64; 2];
    grid: [[bool8; 2]; 2]; smalls: [Small; 2]; words: [Word; 2];
    name: str[4]; wide: f64; single: f32; half: f16; thin: complex64; truth: bool8; byte: u8;
}
struct Bits { texts: [str[4]; 2] = [\"a\", \"ä\"]; inner: [Small; 2]; }";
    let modules = modules([Source::new("strict.zipc", source)]).unwrap();
    let Some(python) = python() else { return };
    let home = scratch("python_strict");
    package(&home, "odd", &modules);
    check(&python, &home, &["odd"]);
    run(interpreter(&python, &home).args(["-W", "error"]).arg(tests_dir().join("support/python/strict.py")));
}

#[test]
fn python_files_may_be_called_as_helpers_are() {
    let stems = ["array", "check", "checked", "texts", "dicts", "encoded", "of_a", "within", "builtins", "record"];
    let source = |stem: &str| Source::new(format!("{stem}.zipc"), "struct Inner { x: u8 = 7 @range(0, 9); }");
    let imports: String = stems.iter().map(|stem| format!("import \"{stem}.zipc\";\n")).collect();
    let fields: String = stems.iter().map(|stem| format!("of_{stem}: [{stem}.Inner; 2]; ")).collect();
    let text = format!("{imports}struct Outer {{ property: u8; text: [str[2]; 1]; {fields} }}");
    let sources = stems.iter().map(|stem| source(stem)).chain([Source::new("outer.zipc", text)]);
    let modules = modules(sources).unwrap();
    let Some(python) = python() else { return };
    let home = scratch("python_stems");
    package(&home, "odd", &modules);
    check(&python, &home, &["odd"]);
    let text = "from odd.outer import Outer; new = Outer.new(); new.of_check = new.of_array
assert new.to_dict()['of_checked'] == [{'x': 7}, {'x': 7}] and new.out_of_range() is None
new.of_within[1]['x'] = 10
assert new.out_of_range() == 'of_within[1].x'";
    run(interpreter(&python, &home).args(["-W", "error", "-c", text]));
}

#[test]
fn python_names_that_meet_are_refused() {
    for (source, name) in [
        ("struct A { record: u8; }", "A.record"),
        ("struct A { from_array: u8; }", "A.from_array"),
        ("struct A { to_dict: u8; }", "A.to_dict"),
        ("struct A { x: f32 @null(nan); x_or_none: f32; }", "A.x_or_none"),
        ("variant A: u8 { x, set_x }", "A.set_x"),
        ("variant A: u8 { new_x, x }", "A.new_x"),
        ("type A = u8; const A_DTYPE: u8 = 1;", "A_DTYPE"),
        ("struct OverflowError { x: u8; }", "OverflowError"),
    ] {
        let error = compiled(source).unwrap_err();
        assert!(error.contains("ZIPC0019") && error.contains(&format!("`{name}` in Python")), "{source}\n{error}");
    }
}
