//! The goldens in the hands of the languages' own compilers and checkers. One that is not installed is skipped.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::files::{files, scratch, tests_dir};

const WARNINGS: [&str; 6] = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"];

fn is_installed(program: &str) -> bool {
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

/// A program that includes each header twice, with and without the runtime in front.
fn units(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut units = Vec::new();
    for (i, header) in goldens("h").iter().enumerate() {
        for runtime in ["", "#include \"zeroipc.h\"\n"] {
            let line = format!("#include \"{}\"\n", header.display());
            let path = dir.join(format!("unit{i}{}.{extension}", if runtime.is_empty() { "" } else { "_runtime" }));
            std::fs::write(&path, format!("{runtime}{line}{line}int main(void) {{ return 0; }}\n")).unwrap();
            units.push(path);
        }
    }
    units
}

fn compile(program: &str, standard: &str, units: &[PathBuf]) {
    if !is_installed(program) {
        eprintln!("skipped: {program} is not installed");
        return;
    }
    for unit in units {
        let support = tests_dir().join("support");
        let mut command = Command::new(program);
        run(command
            .arg(standard)
            .args(WARNINGS)
            .arg("-Wpadded")
            .arg("-isystem")
            .arg(support)
            .arg("-fsyntax-only")
            .arg(unit));
    }
}

#[test]
fn c_headers_compile_without_a_warning() {
    let units = units(&scratch("c"), "c");
    for program in ["gcc", "clang"] {
        for standard in ["-std=c99", "-std=c11", "-std=c17"] {
            compile(program, standard, &units);
        }
    }
}

#[test]
fn cpp_takes_the_headers_too() {
    let units = units(&scratch("cpp"), "cc");
    for program in ["g++", "clang++"] {
        compile(program, "-std=c++17", &units);
    }
}

#[test]
fn all_headers_fit_one_program() {
    let dir = scratch("one");
    let lines: String = files(&tests_dir().join("golden"), "h")
        .iter()
        .map(|header| format!("#include \"{}\"\n", header.display()))
        .collect();
    let unit = dir.join("all.c");
    std::fs::write(&unit, format!("#include \"zeroipc.h\"\n{lines}int main(void) {{ return 0; }}\n")).unwrap();
    compile("gcc", "-std=c99", &[unit]);
}
