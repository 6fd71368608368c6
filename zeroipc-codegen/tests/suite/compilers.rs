//! The goldens in the hands of the languages' own compilers and checkers. One that is not installed is skipped.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::files::{files, scratch, tests_dir};

/// What every C header is free of, in both languages.
pub(crate) const WARNINGS: [&str; 10] = [
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wsign-conversion",
    "-Wshadow",
    "-Wundef",
    "-Wdouble-promotion",
    "-Wpadded",
    "-Werror",
];
/// What only C compilers know.
const C_WARNINGS: [&str; 2] = ["-Wstrict-prototypes", "-Wc++-compat"];
/// Everything that clang knows, but for: what older standards do not have, among it the declarations and comments of
/// C99; pointers to arrays, which C consists of; and `NULL`, which is how C spells it.
const CLANG_WARNINGS: [&str; 10] = [
    "-Weverything",
    "-Wno-unknown-warning-option",
    "-Wno-c++98-compat",
    "-Wno-c++98-compat-pedantic",
    "-Wno-pre-c11-compat",
    "-Wno-pre-c23-compat",
    "-Wno-declaration-after-statement",
    "-Wno-unsafe-buffer-usage",
    "-Wno-zero-as-null-pointer-constant",
    "-Werror",
];

pub(crate) fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&text));
}

pub(crate) fn goldens(extension: &str) -> Vec<PathBuf> {
    let mut paths = files(&tests_dir().join("golden"), extension);
    paths.extend(bare(extension));
    paths
}

pub(crate) fn bare(extension: &str) -> Vec<PathBuf> {
    files(&tests_dir().join("golden/bare"), extension)
}

/// A program that includes the headers, twice each.
pub(crate) fn unit(dir: &Path, name: &str, first: &str, headers: &[PathBuf]) -> PathBuf {
    let lines: String =
        headers.iter().chain(headers).map(|path| format!("#include \"{}\"\n", path.display())).collect();
    let path = dir.join(name);
    std::fs::write(&path, format!("{first}\n{lines}int main(void) {{ return 0; }}\n")).unwrap();
    path
}

/// The headers of all schemas in one program: with the runtime, without it in the opposite order, and bare ones.
fn units(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let full = files(&tests_dir().join("golden"), "h");
    let reversed: Vec<PathBuf> = full.iter().rev().cloned().collect();
    vec![
        unit(dir, &format!("runtime.{extension}"), "#include \"zeroipc.h\"", &full),
        unit(dir, &format!("plain.{extension}"), "", &reversed),
        unit(dir, &format!("bare.{extension}"), "", &bare("h")),
    ]
}

/// Looks at all units in one call of a compiler; nothing if it is not installed or does not know the standard.
pub(crate) fn compile(program: &str, standard: &str, warnings: &[&str], units: &[PathBuf]) {
    if !is_installed(program) {
        eprintln!("skipped: {program} is not installed");
        return;
    }
    let support = tests_dir().join("support");
    let mut command = Command::new(program);
    command.arg(format!("-std={standard}")).args(warnings).arg("-isystem").arg(support).arg("-fsyntax-only");
    run(command.args(units));
}

#[test]
fn c_headers_compile_without_a_warning() {
    let units = units(&scratch("c"), "c");
    let gcc = [&WARNINGS[..], &C_WARNINGS].concat();
    for standard in ["c99", "c11", "c17", "c2x"] {
        compile("gcc", standard, &gcc, &units);
        compile("clang", standard, &CLANG_WARNINGS, &units);
    }
}

#[test]
fn each_c_header_includes_what_it_needs() {
    let dir = scratch("alone");
    let alone = goldens("h").into_iter().enumerate();
    let units: Vec<PathBuf> = alone.map(|(i, header)| unit(&dir, &format!("unit{i}.c"), "", &[header])).collect();
    compile("gcc", "c11", &WARNINGS, &units);
}

#[test]
fn cpp_takes_the_c_headers_too() {
    let units = units(&scratch("cpp"), "cc");
    compile("g++", "c++17", &WARNINGS, &units);
    compile("clang++", "c++17", &CLANG_WARNINGS, &units);
}

/// Flags that find undefined behaviour, where they work.
pub(crate) fn sanitizers(program: &str, dir: &Path) -> Vec<&'static str> {
    let flags = ["-fsanitize=undefined,address", "-fno-sanitize-recover=all"];
    let (source, out) = (dir.join("empty.c"), dir.join("empty"));
    std::fs::write(&source, "int main(void) { return 0; }\n").unwrap();
    let mut command = Command::new(program);
    let built = command.args(flags).arg(&source).arg("-o").arg(&out).output().is_ok_and(|it| it.status.success());
    if built && Command::new(out).output().is_ok_and(|it| it.status.success()) { flags.to_vec() } else { Vec::new() }
}

pub(crate) fn program(name: &str) -> PathBuf {
    tests_dir().join("programs").join(name)
}

#[test]
fn c_helpers_do_what_they_say() {
    let dir = scratch("c_behaviour");
    for compiler in ["gcc", "clang"] {
        if !is_installed(compiler) {
            eprintln!("skipped: {compiler} is not installed");
            continue;
        }
        let binary = dir.join(compiler);
        let mut command = Command::new(compiler);
        command.args(["-std=c99", "-Wall", "-Wextra", "-Werror"]).args(sanitizers(compiler, &dir));
        command.arg("-I").arg(tests_dir().join("golden")).arg(program("behaviour.c")).arg("-o").arg(&binary);
        run(command.arg("-lm"));
        run(&mut Command::new(binary));
    }
}

/// A compiler refuses `golden` with `from` replaced by `to`, and says `sentence`.
pub(crate) fn refuses(compiler: &str, standard: &str, golden: &str, from: &str, to: &str, sentence: &str) {
    let dir = scratch(&format!("refuses_{compiler}_{}", from.len() * 1000 + sentence.len()));
    let text = std::fs::read_to_string(tests_dir().join("golden").join(golden)).unwrap();
    assert!(text.contains(from), "{golden} has no `{from}`");
    let unit = dir.join(if golden.ends_with('h') { "unit.c" } else { "unit.cc" });
    std::fs::write(&unit, format!("{}\nint main(void) {{ return 0; }}\n", text.replacen(from, to, 1))).unwrap();
    let mut command = Command::new(compiler);
    let output = command.arg(format!("-std={standard}")).arg("-fsyntax-only").arg(&unit).output().unwrap();
    let found = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && found.contains(sentence), "{from} → {to}: {found}");
}

#[test]
fn a_wrong_layout_does_not_compile() {
    let (level, short) = ("int32_t level;", "int16_t level;");
    refuses("gcc", "c11", "fields.h", level, short, "count of Sample lies at 12");
    refuses("gcc", "c99", "fields.h", level, short, "tests_fields_sample_priv_offset_12_");
    refuses("gcc", "c11", "variants.h", "uint8_t bytes_[32];", "uint8_t bytes_[40];", "Shape has 40 bytes");
    refuses("gcc", "c11", "variants.h", "uint8_t pad1_[7];", "uint8_t pad1_[8];", "as of Shape lies at 8");
}
