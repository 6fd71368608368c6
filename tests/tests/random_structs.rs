//! Random schemas in the whole language: rustc, gcc, g++, clang, NumPy and our compiler agree on every size and offset,
//! and the derive, the compiler and Python on every fingerprint.
//!
//! `build.rs` makes them. The emitted files assert sizes and offsets, and the Rust ones fingerprints; what is asserted
//! here once more comes from the compiler's JSON output.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::Value;
use zeroipc_layout::{TypeDesc, fingerprint};

#[path = "random/model.rs"]
mod model;

use model::{FILES, has, is_reserved, list, number, out, run, schemas, text};

#[allow(dead_code, unreachable_pub, missing_docs, unused_imports, deprecated, clippy::all)]
mod base {
    include!(concat!(env!("OUT_DIR"), "/base.rs"));
}

#[allow(dead_code, unreachable_pub, missing_docs, unused_imports, deprecated, clippy::all)]
mod middle {
    include!(concat!(env!("OUT_DIR"), "/middle.rs"));
}

#[allow(dead_code, unreachable_pub, missing_docs, unused_imports, deprecated, clippy::all)]
mod chance {
    include!(concat!(env!("OUT_DIR"), "/chance.rs"));
}

/// Everything that has fields: structs and variants.
fn composites(schema: &Value) -> impl Iterator<Item = &Value> {
    list(schema, "structs").iter().chain(list(schema, "variants"))
}

fn hexadecimal(value: &Value, name: &str) -> u64 {
    u64::from_str_radix(text(value, name), 16).unwrap()
}

#[test]
fn the_derive_and_the_compiler_describe_them_alike() {
    let derived: HashMap<String, &TypeDesc<'_>> = zeroipc::layouts()
        .filter_map(|ty| match ty {
            TypeDesc::Struct(desc) => Some((desc.name.to_owned(), ty)),
            _ => None,
        })
        .collect();
    let mut compared = 0;
    for (stem, schema) in schemas() {
        for item in composites(&schema) {
            let name = text(item, "name");
            let ty = derived.get(name).unwrap_or_else(|| panic!("`{stem}.{name}` is not registered"));
            assert_eq!(ty.size(), number(item, "size"), "{stem}.{name}");
            assert_eq!(fingerprint::layout(ty), hexadecimal(item, "layout_fingerprint"), "{stem}.{name}");
            assert_eq!(fingerprint::schema(ty), hexadecimal(item, "schema_fingerprint"), "{stem}.{name}");
            compared += 1;
        }
    }
    assert!(compared > 200, "only {compared}");
}

/// Assertions of sizes, alignments and offsets; `spelled` gives the type's name, `assertion` the line.
fn assertions(spelled: fn(&str, &str) -> String, assertion: fn(&str, &str) -> String) -> String {
    let mut lines = String::new();
    for (stem, schema) in schemas() {
        for item in composites(&schema) {
            let name = text(item, "name");
            let ty = spelled(stem, name);
            let size = format!("sizeof({ty}) == {}", number(item, "size"));
            lines.push_str(&assertion(&format!("size_of_{name}"), &size));
            for (index, field) in list(item, "fields").iter().enumerate().filter(|(_, field)| !is_reserved(field)) {
                let offset = format!("offsetof({ty}, {}) == {}", text(field, "name"), number(field, "offset"));
                lines.push_str(&assertion(&format!("offset_{name}_{index}"), &offset));
            }
        }
    }
    lines
}

/// A file that includes all headers and asserts every place once more.
fn check_file(extension: &str) -> String {
    let mut text = String::new();
    for stem in FILES {
        let _ = writeln!(text, "#include <{stem}.{extension}>");
    }
    text.push_str(&if extension == "h" {
        assertions(
            |stem, name| format!("{stem}_{}", name.to_lowercase()),
            |name, what| format!("typedef char {name}[{what} ? 1 : -1];\n"),
        )
    } else {
        assertions(|stem, name| format!("{stem}::{name}"), |name, what| format!("static_assert({what}, \"{name}\");\n"))
    });
    text
}

#[test]
fn compilers_place_them_alike() {
    for extension in ["h", "hpp"] {
        std::fs::write(out().join(format!("check_{extension}.c")), check_file(extension)).unwrap();
    }
    let compilers = [
        ("gcc", "c", "c99", "h", "."),
        ("gcc", "c", "c11", "h", "bare"),
        ("clang", "c", "c11", "h", "."),
        ("g++", "c++", "c++17", "h", "bare"),
        ("g++", "c++", "c++17", "hpp", "bare"),
        ("clang++", "c++", "c++20", "hpp", "."),
    ];
    let mut ran = 0;
    for (compiler, language, standard, extension, directory) in compilers {
        if has(compiler) {
            let (standard, file) = (format!("-std={standard}"), format!("check_{extension}.c"));
            let strict = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];
            let lenient = ["-Wno-unused-local-typedefs", "-Wno-deprecated-declarations"];
            let here = ["-fsyntax-only", "-x", language, &standard, "-I", directory, &file];
            run(compiler, &[&strict[..], &lenient[..], &here[..]].concat());
            ran += 1;
        }
    }
    assert!(ran > 0, "there is no C compiler; install gcc or clang");
}

/// Targets without a C library here: the bare C headers need nothing but what every compiler brings itself.
#[test]
fn other_targets_place_them_alike() {
    std::fs::write(out().join("check_targets.c"), check_file("h")).unwrap();
    // The headers want `memset`, `NAN` and their like; the target's own library is not here.
    let library = out().join("freestanding");
    std::fs::create_dir_all(&library).unwrap();
    let string = "#include <stddef.h>\nvoid *memset(void *, int, size_t);\nvoid *memcpy(void *, const void *, size_t);\n\
        void *memmove(void *, const void *, size_t);\nint memcmp(const void *, const void *, size_t);\n\
        size_t strlen(const char *);\n";
    std::fs::write(library.join("string.h"), string).unwrap();
    let math = "#define NAN __builtin_nanf(\"\")\n#define INFINITY __builtin_inff()\n";
    std::fs::write(library.join("math.h"), math).unwrap();
    let targets = ["i686-linux-gnu", "armv7-linux-gnueabihf", "aarch64-linux-gnu", "riscv64-linux-gnu"];
    let targets = targets.map(|target| ("clang", format!("--target={target}")));
    let mut ran = 0;
    for (compiler, target) in targets.into_iter().chain([("gcc", "-m32".to_owned())]) {
        if has(compiler) {
            run(
                compiler,
                &[
                    &target,
                    "-std=c11",
                    "-ffreestanding",
                    "-fsyntax-only",
                    "-isystem",
                    "freestanding",
                    "-I",
                    "bare",
                    "check_targets.c",
                ],
            );
            ran += 1;
        }
    }
    assert!(ran > 0 || !has("clang"), "no target was looked at");
}

#[test]
fn numpy_places_and_python_fingerprints_them_alike() {
    let Some(python) = std::env::var_os("ZEROIPC_PYTHON") else {
        return eprintln!("skipped: no Python with NumPy; run `cargo xtask test`");
    };
    let mut script = String::from(
        "import importlib, sys\nfrom pathlib import Path\nhere = Path.cwd()\nsys.path.insert(0, str(here.parent))\n\
         from zeroipc import _dtypes, _fingerprint\n\
         def check(module, name, size, layout, schema, offsets):\n\
         \x20   dtype = getattr(importlib.import_module(f'{here.name}.{module}'), name + '_DTYPE')\n\
         \x20   assert dtype.itemsize == size, (name, dtype.itemsize, size)\n\
         \x20   for field, offset in offsets.items():\n\
         \x20       assert dtype.fields[field][1] == offset, (name, field)\n\
         \x20   ty = _dtypes.describe(dtype)\n\
         \x20   assert _fingerprint.layout(ty) == layout, (name, 'layout')\n\
         \x20   assert _fingerprint.schema(ty) == schema, (name, 'schema')\n",
    );
    for (stem, schema) in schemas() {
        for item in composites(&schema) {
            let (name, size) = (text(item, "name"), number(item, "size"));
            let (layout, meaning) = (text(item, "layout_fingerprint"), text(item, "schema_fingerprint"));
            let fields = list(item, "fields").iter();
            let offsets: Vec<String> =
                fields.map(|field| format!("'{}': {}", text(field, "name"), number(field, "offset"))).collect();
            let _ = writeln!(
                script,
                "check('{stem}', '{name}', {size}, 0x{layout}, 0x{meaning}, {{{}}})",
                offsets.join(", ")
            );
        }
    }
    script.push_str("print('agreed')\n");
    std::fs::write(out().join("check_places.py"), script).unwrap();
    assert_eq!(run(python, &["check_places.py"]), "agreed\n");
}
