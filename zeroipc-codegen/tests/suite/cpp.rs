//! The C++ goldens in the hands of g++ and clang++, and programs that use them.

use std::path::{Path, PathBuf};
use std::process::Command;

use zeroipc_codegen::{Compiler, Source};

use crate::compilers::{WARNINGS, bare, compile, is_installed, program, refuses, run, sanitizers, unit};
use crate::files::{files, scratch, tests_dir};

/// What only the C++ headers are free of.
const CPP_WARNINGS: [&str; 4] =
    ["-Wold-style-cast", "-Wuseless-cast", "-Wzero-as-null-pointer-constant", "-Wextra-semi"];
/// Everything that clang knows, but for: what older standards do not have; and the bounds of the arrays that the
/// helpers walk along.
const CLANG_WARNINGS: [&str; 7] = [
    "-Weverything",
    "-Wno-unknown-warning-option",
    "-Wno-c++98-compat",
    "-Wno-c++98-compat-pedantic",
    "-Wno-pre-c++20-compat-pedantic",
    "-Wno-unsafe-buffer-usage",
    "-Werror",
];
/// Of the classes in front of the runtime: they have no file for their tables of virtual functions, and no layout that
/// anybody shares.
const CLANG_RUNTIME: [&str; 2] = ["-Wno-weak-vtables", "-Wno-padded"];

fn golden(extension: &str) -> Vec<PathBuf> {
    files(&tests_dir().join("golden"), extension)
}

/// All headers in front of the runtime, in every standard; the first one also sees them without it, bare, and together
/// with the C headers.
#[test]
fn cpp_headers_compile_without_a_warning() {
    let dir = scratch("hpp");
    let reversed: Vec<PathBuf> = golden("hpp").into_iter().rev().collect();
    let alone = [unit(&dir, "bare.cc", "", &bare("hpp")), unit(&dir, "plain.cc", "", &reversed)];
    let runtime = [unit(&dir, "runtime.cc", "#include \"zeroipc.h\"", &golden("hpp"))];
    let both = [unit(&dir, "both.cc", "#include \"zeroipc.h\"", &[golden("h"), golden("hpp")].concat())];
    let padded = [&WARNINGS[..], &CPP_WARNINGS].concat();
    let unpadded =
        |flags: &[&'static str]| flags.iter().copied().filter(|flag| *flag != "-Wpadded").collect::<Vec<_>>();
    for standard in ["c++17", "c++20", "c++2b"] {
        compile("g++", standard, &unpadded(&padded), &runtime);
        compile("clang++", standard, &[&CLANG_WARNINGS[..], &CLANG_RUNTIME].concat(), &runtime);
    }
    compile("g++", "c++17", &padded, &alone);
    compile("clang++", "c++17", &CLANG_WARNINGS, &alone);
    // The C header spells a null pointer as C does.
    compile("g++", "c++17", &unpadded(&WARNINGS), &both);
}

/// Compiles a program with the goldens in front; `None` without the compiler.
fn build(compiler: &str, standard: &str, dir: &Path, name: &str, more: &[&str]) -> Option<PathBuf> {
    if !is_installed(compiler) {
        eprintln!("skipped: {compiler} is not installed");
        return None;
    }
    let binary = dir.join(format!("{compiler}_{standard}"));
    let mut command = Command::new(compiler);
    command.arg(format!("-std={standard}")).args(["-Wall", "-Wextra", "-Werror"]);
    command.arg("-I").arg(tests_dir().join("golden")).arg(program(name)).args(more).arg("-o").arg(&binary);
    run(&mut command);
    Some(binary)
}

#[test]
fn cpp_helpers_do_what_they_say() {
    let dir = scratch("cpp_behaviour");
    for (compiler, standard) in [("g++", "c++17"), ("g++", "c++20"), ("clang++", "c++17")] {
        if let Some(binary) = build(compiler, standard, &dir, "behaviour.cc", &sanitizers(compiler, &dir)) {
            run(&mut Command::new(binary));
        }
    }
}

/// A segment that a C++ class creates is opened by the C accessors, and the other way around.
#[test]
fn cpp_segments_are_those_of_c() {
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtimes/c/include");
    let dir = scratch("cpp_segment");
    let runtime = dir.join("runtime.o");
    let mut command = Command::new("gcc");
    run(command.args(["-std=c99", "-c"]).arg(program("runtime.c")).arg("-I").arg(&include).arg("-o").arg(&runtime));
    let more = ["-isystem", include.to_str().unwrap(), runtime.to_str().unwrap(), "-lpthread"];
    for (compiler, standard) in [("g++", "c++17"), ("g++", "c++20"), ("clang++", "c++20")] {
        let Some(binary) = build(compiler, standard, &dir, "segment.cc", &more) else { continue };
        let name = format!("/zeroipc_codegen_{}_{}_{standard}", std::process::id(), compiler.len());
        run(Command::new(binary).arg(name));
    }
}

#[test]
fn a_wrong_layout_does_not_compile() {
    let check = |golden, from, to, sentence| refuses("g++", "c++17", golden, from, to, sentence);
    check("fields.hpp", "std::int32_t level;", "std::int16_t level;", "count of Sample lies at 12");
    check("variants.hpp", "std::byte payload_[32];", "std::byte payload_[40];", "Shape has 40 bytes");
    check("variants.hpp", "std::uint8_t pad1_[7];", "std::uint8_t pad1_[8];", "payload_ of Shape lies at 8");
    // Without the bytes of a name in between, there would be a hole that nobody writes.
    check("enums.hpp", "std::uint8_t pad3_[1];", "", "File has no unnamed bytes");
}

#[test]
fn odd_names_and_extreme_numbers_compile() {
    let dir = scratch("odd");
    let source = Source::new("odd.zipc", std::fs::read_to_string(program("odd.zipc")).unwrap());
    let compiled = Compiler::new().source(source).c().cpp().compile().unwrap_or_else(|error| panic!("{error}"));
    compiled.write_to(&dir).unwrap();
    let c = unit(&dir, "odd.c", "#include \"zeroipc.h\"", &[dir.join("odd.h")]);
    compile("gcc", "c99", &WARNINGS, &[c]);
    let cpp = unit(&dir, "odd.cc", "#include \"zeroipc.h\"", &[dir.join("odd.hpp")]);
    let strict = [&WARNINGS[..], &CPP_WARNINGS].concat();
    let unpadded: Vec<&str> = strict.into_iter().filter(|flag| *flag != "-Wpadded").collect();
    compile("g++", "c++17", &unpadded, &[cpp]);
}
