//! Hundreds of random structs: rustc, gcc, g++, clang, NumPy and our compiler agree on every size and offset, and the
//! derive, the compiler and Python on every fingerprint.
//!
//! `build.rs` makes them. The Rust file asserts sizes, offsets and fingerprints against the derive when it is compiled;
//! the C header asserts sizes and offsets.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use zeroipc_layout::{TypeDesc, fingerprint};

#[allow(dead_code, unreachable_pub, clippy::all)]
mod random {
    include!(concat!(env!("OUT_DIR"), "/random.rs"));
}

fn out() -> PathBuf {
    PathBuf::from(env!("OUT_DIR"))
}

fn has(program: &str) -> bool {
    let quiet = || Stdio::null();
    Command::new(program).arg("--version").stdout(quiet()).stderr(quiet()).status().is_ok_and(|status| status.success())
}

/// The random structs by name, as the derive describes them.
fn derived() -> Vec<(String, &'static TypeDesc<'static>)> {
    let mut found: Vec<_> = zeroipc::layouts()
        .filter_map(|ty| match ty {
            TypeDesc::Struct(desc) if desc.name.starts_with('S') => Some((desc.name.to_owned(), ty)),
            _ => None,
        })
        .filter(|(name, _)| name[1..].parse::<usize>().is_ok())
        .collect();
    found.sort_by_key(|(name, _)| name[1..].parse::<usize>().unwrap_or(0));
    found
}

#[test]
fn the_derive_has_seen_them_all() {
    assert_eq!(derived().len(), 300);
}

#[test]
fn compilers_place_them_alike() {
    // Beside the header's own assertions: plain structs, without the alignment that the header asks for.
    let mut c = String::from("#include \"random.h\"\n");
    for (name, ty) in derived() {
        let TypeDesc::Struct(desc) = ty else { continue };
        let lower = name.to_lowercase();
        let _ = writeln!(c, "typedef char size_of_{lower}[sizeof(random_{lower}) == {} ? 1 : -1];", desc.size);
        for (index, field) in desc.fields.iter().filter(|field| !field.is_padding()).enumerate() {
            let (field, offset) = (field.name, field.offset);
            let _ =
                writeln!(c, "typedef char {lower}_{index}[offsetof(random_{lower}, {field}) == {offset} ? 1 : -1];");
        }
    }
    let file = out().join("random_check.c");
    std::fs::write(&file, c).unwrap();
    let compilers = [
        ("gcc", "c", "c99"),
        ("gcc", "c", "c11"),
        ("g++", "c++", "c++17"),
        ("clang", "c", "c11"),
        ("clang++", "c++", "c++17"),
    ];
    let mut ran = 0;
    for (compiler, language, standard) in compilers.into_iter().filter(|(compiler, ..)| has(compiler)) {
        let output = Command::new(compiler)
            .args(["-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wno-unused-local-typedefs", "-Werror"])
            .args(["-x", language, &format!("-std={standard}"), "-I"])
            .arg(out())
            .arg(&file)
            .output()
            .unwrap();
        assert!(output.status.success(), "{compiler} {standard}: {}", String::from_utf8_lossy(&output.stderr));
        ran += 1;
    }
    assert!(ran > 0, "there is no C compiler; install gcc or clang");
}

#[test]
fn numpy_places_and_python_fingerprints_them_alike() {
    let Some(python) = std::env::var_os("ZEROIPC_PYTHON") else {
        return eprintln!("skipped: no Python with NumPy; run `cargo xtask test`");
    };
    let mut script = String::from(
        r#"
import numpy as np, random as _standard
import sys, importlib.util
spec = importlib.util.spec_from_file_location("random_zipc", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
from zeroipc import _dtypes, _fingerprint

def plain(dtype):
    "The same dtype without what our compiler has attached to it."
    if dtype.subdtype:
        base, shape = dtype.subdtype
        return np.dtype((plain(base), shape))
    if dtype.fields is None:
        return np.dtype(dtype.str)
    fields = {name: dtype.fields[name] for name in dtype.names}
    return np.dtype({
        "names": list(fields),
        "formats": [plain(field[0]) for field in fields.values()],
        "offsets": [field[1] for field in fields.values()],
        "itemsize": dtype.itemsize,
    })

def check(name, size, layout, schema):
    dtype = getattr(module, name + "_DTYPE")
    assert dtype.itemsize == size, (name, dtype.itemsize, size)
    for known in (dtype, plain(dtype)):
        ty = _dtypes.describe(known)
        assert _fingerprint.layout(ty) == layout, (name, "layout", known)
        assert _fingerprint.schema(ty) == schema, (name, "schema", known)

"#,
    );
    for (name, ty) in derived() {
        let (layout, schema) = (fingerprint::layout(ty), fingerprint::schema(ty));
        let _ = writeln!(script, "check('{name}', {}, {layout:#x}, {schema:#x})", ty.size());
    }
    script.push_str("print('agreed')\n");
    let output = Command::new(python).args(["-c", &script]).arg(out().join("random.py")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "agreed\n", "{}", String::from_utf8_lossy(&output.stderr));
}
