//! The door for build scripts.

use std::path::{Path, PathBuf};

use crate::compiler::{Compiler, Error};
use crate::diagnostic::{Report, Severity};

/// Compiles a schema and what it imports to `OUT_DIR/<stem>.rs` from a build script, and tells Cargo when to do it again:
/// when one of the files that were read has changed, and otherwise not.
///
/// The path is relative to the package's directory. `zeroipc::include_schema!` takes the outputs in. An output that would
/// say the same as before is not touched. Warnings are passed on to Cargo, and so is each error in one line.
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

/// As [`build`], for more than one schema, other languages or bare output.
///
/// Everything is written to `OUT_DIR`, but for what [`Compiler::output`] gives a directory: Cargo knows nothing of files
/// elsewhere, and `cargo publish` refuses a package whose build changes its own directory, so commit what lands there.
///
/// # Errors
/// As [`build`].
///
/// # Examples
/// ```no_run
/// use zeroipc_codegen::{Compiler, Target, build_with};
///
/// fn main() -> Result<(), zeroipc_codegen::Error> {
///     let schemas = Compiler::new().schema("schemas/sensors.zipc").schema("schemas/robot.zipc");
///     build_with(schemas.rust().output(Target::C, "include").output(Target::Python, "python"))
/// }
/// ```
pub fn build_with(compiler: Compiler) -> Result<(), Error> {
    let out = std::env::var_os("OUT_DIR").ok_or(Error::NoBuildScript("OUT_DIR"))?;
    let written = write(compiler.with_imports(true), Path::new(&out));
    if let Err(Error::Schema(reports)) = &written {
        tell("error", reports, Severity::Error);
    }
    written
}

fn write(compiler: Compiler, out: &Path) -> Result<(), Error> {
    let (inputs, checked) = compiler.load();
    // Told first, so that Cargo looks again when a schema with errors changes.
    for path in inputs {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    let compiled = compiler.emit(checked?)?;
    tell("warning", &compiled.warnings, Severity::Warning);
    compiled.write_to(out)
}

/// Tells Cargo the first diagnostics of a severity, in one line each.
fn tell(instruction: &str, reports: &[Report], severity: Severity) {
    let lines = reports.iter().flat_map(|report| {
        let diagnostics = report.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity);
        diagnostics.map(|diagnostic| report.short(diagnostic))
    });
    for line in lines.take(Report::MAX_SHOWN) {
        println!("cargo::{instruction}={line}");
    }
}
