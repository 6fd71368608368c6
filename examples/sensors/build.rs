//! Compiles the schemas; `src/main.rs` includes what comes out.

use zeroipc_codegen::{Compiler, build_with};

fn main() -> Result<(), zeroipc_codegen::Error> {
    build_with(Compiler::new().schema("../../schemas/sensors.zipc").schema("changed.zipc").rust())
}
