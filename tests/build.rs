//! Compiles random structs: that they build at all says that the derive and the compiler agree on every size, offset and
//! fingerprint, since the emitted file asserts them.

use std::path::PathBuf;

use zeroipc_codegen::{Compiler, build_with};

#[allow(dead_code)]
#[path = "../zeroipc-codegen/tests/suite/generate.rs"]
mod generate;

/// How many structs, and where their random numbers begin.
const STRUCTS: usize = 300;
const SEED: u64 = 2026;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("Cargo sets OUT_DIR")?);
    let schema = out.join("random.zipc");
    let text = generate::schema(&mut generate::Random(SEED), STRUCTS);
    // Untouched when it is the same, so that Cargo does not build anew.
    if std::fs::read_to_string(&schema).ok().as_deref() != Some(&text) {
        std::fs::write(&schema, text)?;
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../zeroipc-codegen/tests/suite/generate.rs");
    build_with(Compiler::new().schema(&schema).rust().c().python())?;
    Ok(())
}
