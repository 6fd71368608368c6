//! The checked-in files that our own compiler emits: the format's bytes for every runtime.

use std::path::PathBuf;

use zeroipc_codegen::Compiler;

use crate::run::{Failure, Result, read, root, write};

/// The schemas of what every runtime has, in the order in which the C header has them.
const SCHEMAS: [&str; 5] = ["table", "schema", "locks", "array", "queue"];
/// Those of structures that only the Rust runtime has.
const RUST_ONLY: [&str; 15] = [
    "barrier",
    "broadcast",
    "channel",
    "condvar",
    "event",
    "latch",
    "map",
    "mutex",
    "once",
    "pool",
    "ring",
    "rwlock",
    "semaphores",
    "signals",
    "stack",
];
const BEGIN: &str = "/* generated: schemas/format */";
const END: &str = "/* end of generated */";

/// Writes or checks every generated file.
pub(crate) fn codegen(check: bool) -> Result {
    let mut stale = Vec::new();
    for (path, text) in generated()? {
        if read(&path).is_ok_and(|found| found == text) {
            continue;
        }
        let shown = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
        if check {
            stale.push(shown);
        } else {
            write(&path, &text)?;
            println!("wrote {shown}");
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(Failure(format!("generated files are stale: {}; run `cargo xtask codegen` and commit them", stale.join(", "))))
}

/// Every generated file with the text that it has to have.
fn generated() -> Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    let mut c = String::new();
    for stem in SCHEMAS.iter().chain(&RUST_ONLY) {
        for output in emit(stem, !RUST_ONLY.contains(stem))? {
            let text = output.text;
            match output.path.extension().and_then(|extension| extension.to_str()) {
                Some("rs") => files.push((root().join(format!("zeroipc/src/format/{stem}.rs")), text)),
                Some("py") => {
                    files.push((root().join(format!("runtimes/python/src/zeroipc/_format/{stem}.py")), text));
                }
                _ => c.push_str(&text),
            }
        }
    }
    files.push(c_header(&c)?);
    Ok(files)
}

fn emit(stem: &str, everywhere: bool) -> Result<Vec<zeroipc_codegen::Output>> {
    let schema = root().join(format!("schemas/format/{stem}.zipc"));
    let compiler = Compiler::new().schema(schema).rust().bare(true);
    let compiler = if everywhere { compiler.python().c() } else { compiler };
    let compiled = compiler.compile().map_err(|error| Failure(format!("schemas/format/{stem}.zipc:\n{error}")))?;
    Ok(compiled.outputs)
}

/// The C runtime is one header; what is generated stands between two lines of it.
fn c_header(generated: &str) -> Result<(PathBuf, String)> {
    let path = root().join("runtimes/c/include/zeroipc.h");
    let header = read(&path)?;
    let (Some(begin), Some(end)) = (header.find(BEGIN), header.find(END)) else {
        return Err(Failure(format!("`runtimes/c/include/zeroipc.h` has lost its lines `{BEGIN}` and `{END}`")));
    };
    let text = format!("{}\n{generated}{}", &header[..begin + BEGIN.len()], &header[end..]);
    Ok((path, text))
}
