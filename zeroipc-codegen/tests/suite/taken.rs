//! Names that the headers in front of the outputs have taken: the installed compilers are asked for them.

use std::collections::BTreeSet;
use std::process::Command;

use zeroipc_codegen::{Compiler, Source};

use crate::compilers::{goldens, is_installed};
use crate::files::{scratch, tests_dir};

/// The `#include` lines of all outputs and of `zeroipc.h`, those of C++ only where asked for.
fn includes(cpp: bool) -> String {
    let runtime = tests_dir().join("../../runtimes/c/include/zeroipc.h");
    let paths = goldens("h").into_iter().chain([runtime]).chain(if cpp { goldens("hpp") } else { Vec::new() });
    let texts: Vec<String> = paths.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let lines = texts.iter().flat_map(|text| text.lines()).filter(|line| line.starts_with("#include <"));
    let lines: BTreeSet<&str> = lines.filter(|line| !line.contains("<zeroipc")).collect();
    assert!(lines.len() > 10, "{lines:?}");
    lines.into_iter().map(|line| format!("{line}\n")).collect()
}

/// Whether a schema can spell a name: words of one case, joined by `_`.
fn is_tidy(name: &str) -> bool {
    let one_case = name == name.to_lowercase() || name == name.to_uppercase();
    one_case && name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.contains("__") && !name.ends_with('_')
}

fn compiles(text: String) -> bool {
    Compiler::new().source(Source::new("taken.zipc", text)).compile().is_ok()
}

/// What a compiler says about the unit; nothing when it is not installed.
fn output(program: &str, flags: &[&str], name: &str, text: &str) -> Option<String> {
    if !cfg!(target_os = "linux") || !is_installed(program) {
        eprintln!("skipped: {program} is not installed, or its headers are others");
        return None;
    }
    let unit = scratch(&format!("taken_{name}")).join(name);
    std::fs::write(&unit, text).unwrap();
    let output = Command::new(program).arg("-D_GNU_SOURCE").args(flags).arg(unit).output().unwrap();
    Some(String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn no_name_is_a_macro() {
    for (program, standard, unit, cpp) in
        [("gcc", "gnu17", "macros.c", false), ("gcc", "c99", "plain.c", false), ("g++", "gnu++17", "macros.cc", true)]
    {
        let flags = [&format!("-std={standard}"), "-E", "-dM"];
        let Some(macros) = output(program, &flags, unit, &includes(cpp)) else { continue };
        let names = macros.lines().filter_map(|line| line.strip_prefix("#define ")?.split(' ').next());
        let names: Vec<&str> = names.filter(|name| !name.contains('(') && is_tidy(name)).collect();
        assert!(names.contains(&"INT_MAX") && names.contains(&"EILSEQ"), "{names:?}");
        let missed: Vec<&str> = names
            .into_iter()
            .filter(|name| {
                let lower = name.starts_with(|c: char| c.is_ascii_lowercase());
                let field = format!("namespace test;\nstruct Taken {{ {name}: u8; }}");
                compiles(if lower { field } else { format!("namespace test;\nconst {name}: u8 = 1;") })
            })
            .collect();
        assert!(missed.is_empty(), "{program}: emit/c/macros.txt lacks {missed:?}");
    }
}

#[test]
fn no_namespace_is_a_global_name() {
    let includes = includes(true);
    let Some(text) = output("g++", &["-std=gnu++17", "-E", "-P"], "words.cc", &includes) else { return };
    let words: BTreeSet<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let free = |word: &&str| is_tidy(word) && compiles(format!("namespace {word};\nconst ONE: u8 = 1;"));
    let spaces: String = words.into_iter().filter(free).map(|word| format!("namespace {word} {{}}\n")).collect();
    assert!(spaces.lines().count() > 100);
    let flags = ["-std=gnu++17", "-fsyntax-only", "-w"];
    let said = output("g++", &flags, "namespaces.cc", &format!("{includes}{spaces}")).unwrap_or_default();
    assert!(said.is_empty(), "emit/c/globals.txt lacks a name: {said}");
}
