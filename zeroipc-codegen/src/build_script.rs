//! The door for build scripts.

use std::path::PathBuf;

use crate::compiler::{Compiler, Error};
use crate::diagnostic::Severity;

/// Compiles a schema to `OUT_DIR/<stem>.rs` from a build script, and tells Cargo when to do it again.
///
/// The path is relative to the package's directory. Warnings are passed on to Cargo.
///
/// # Errors
/// A schema with errors, one that cannot be read, or no build script around. A build script's `main` can return the
/// error as it is: it is shown as the command would show it.
///
/// # Examples
/// ```no_run
/// fn main() -> Result<(), zeroipc_codegen::Error> {
///     zeroipc_codegen::build("schemas/sensors.zipc")
/// }
/// ```
pub fn build(schema: impl Into<PathBuf>) -> Result<(), Error> {
    build_with(Compiler::new().schema(schema.into()).rust())
}

/// As [`build`], for more than one schema, other languages or bare output; everything is written to `OUT_DIR`.
///
/// # Errors
/// As [`build`].
///
/// # Examples
/// ```no_run
/// use zeroipc_codegen::{Compiler, build_with};
///
/// fn main() -> Result<(), zeroipc_codegen::Error> {
///     build_with(Compiler::new().schema("schemas/sensors.zipc").schema("schemas/robot.zipc").rust().c())
/// }
/// ```
pub fn build_with(compiler: Compiler) -> Result<(), Error> {
    let out = std::env::var_os("OUT_DIR").ok_or(Error::NoBuildScript("OUT_DIR"))?;
    let (inputs, checked) = compiler.load();
    // Told first, so that Cargo looks again when a schema with errors changes.
    for path in inputs {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    let compiled = compiler.emit(checked?)?;
    for report in &compiled.warnings {
        for diagnostic in report.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Warning) {
            println!("cargo::warning={}", report.short(diagnostic));
        }
    }
    compiled.write_to(out)
}
