//! Compiles random schemas to everything, and one with every structure to Rust. That the Rust output builds at all says that the derive and the compiler agree
//! on every size, offset and fingerprint, since it asserts them.

use std::path::PathBuf;

use zeroipc_codegen::{Compiler, Target};

#[allow(dead_code)]
#[path = "../zeroipc-codegen/tests/suite/generate.rs"]
mod generate;
mod schemas;

/// Where the random numbers begin.
const SEED: u64 = 2026;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("Cargo sets OUT_DIR")?);
    let mut compiler = Compiler::new();
    for file in schemas::schemas(&mut generate::Random(SEED)) {
        let path = out.join(format!("{}.zipc", file.stem));
        std::fs::write(&path, file.text)?;
        compiler = compiler.schema(path);
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=schemas");
    println!("cargo::rerun-if-changed=../zeroipc-codegen/tests/suite/generate.rs");
    let everything = compiler.clone().rust().c().cpp().python().target(Target::Json);
    everything.compile()?.write_to(&out)?;
    compiler.c().cpp().bare(true).compile()?.write_to(out.join("bare"))?;
    let structures = "../zeroipc-codegen/tests/announced/structures.zipc";
    println!("cargo::rerun-if-changed={structures}");
    Compiler::new().schema(structures).rust().target(Target::Json).compile()?.write_to(&out)?;
    Ok(())
}
