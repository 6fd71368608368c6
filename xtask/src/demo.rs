//! `cargo xtask demo`: one schema, one live segment, every language.

use std::path::{Path, PathBuf};

use zeroipc_codegen::Compiler;

use crate::run::{Failure, Program, Result, root, target};
use crate::tools;

/// What the demo has built.
struct Built {
    rust: PathBuf,
    c: PathBuf,
    c_changed: PathBuf,
    cpp: PathBuf,
    cpp_changed: PathBuf,
    python: PathBuf,
    modules: PathBuf,
}

/// Builds everything and runs it.
pub(crate) fn demo(readings: u64) -> Result {
    let built = build()?;
    let segment = format!("/zeroipc_demo_{}", std::process::id());
    Program::new(&built.rust).args(["create", &segment]).run()?;
    let result = play(&built, &segment, readings);
    let removed = Program::new(&built.rust).args(["remove", &segment]).run();
    result.and(removed)
}

fn build() -> Result<Built> {
    let out = target().join("demo");
    println!("1. schemas/sensors.zipc is compiled to C, C++ and Python (build.rs has it compiled to Rust)");
    for schema in ["schemas/sensors.zipc", "examples/sensors/changed.zipc"] {
        let compiled = Compiler::new()
            .schema(root().join(schema))
            .c()
            .cpp()
            .python()
            .compile()
            .map_err(|error| Failure(format!("{schema}:\n{error}")))?;
        compiled.write_to(&out).map_err(|error| Failure(error.to_string()))?;
    }
    println!("2. the Rust, C, C++ and Python sides are built");
    Program::cargo("build").args(["--quiet", "--release", "--package", "zeroipc-example-sensors"]).run()?;
    Program::cargo("build").args(["--quiet", "--release", "--package", "zeroipc-cli"]).run()?;
    Ok(Built {
        rust: target().join("release/sensors"),
        c: compile(&out, "sensors", &C)?,
        c_changed: compile(&out, "changed", &C)?,
        cpp: compile(&out, "sensors", &CPP)?,
        cpp_changed: compile(&out, "changed", &CPP)?,
        python: tools::python()?,
        modules: out,
    })
}

/// A language that is compiled.
struct Language {
    compiler: fn() -> Result<String>,
    standard: &'static str,
    source: &'static str,
    header: &'static str,
    suffix: &'static str,
}

const C: Language = Language {
    compiler: tools::c_compiler,
    standard: "-std=c99",
    source: "examples/sensors/main.c",
    header: "h",
    suffix: "c",
};
const CPP: Language = Language {
    compiler: tools::cpp_compiler,
    standard: "-std=c++17",
    source: "examples/sensors/main.cpp",
    header: "hpp",
    suffix: "cpp",
};

/// Compiles one side with the header of a schema.
fn compile(out: &Path, schema: &str, language: &Language) -> Result<PathBuf> {
    let program = out.join(format!("{schema}_{}", language.suffix));
    Program::new((language.compiler)()?)
        .args([language.standard, "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
        .arg(format!("-DSCHEMA_HEADER=\"{schema}.{}\"", language.header))
        .args(["-I", "runtimes/c/include", "-I"])
        .arg(out)
        .args([language.source, "-o"])
        .arg(&program)
        .args(["-lm", "-pthread"])
        .run()?;
    Ok(program)
}

fn play(built: &Built, segment: &str, readings: u64) -> Result {
    println!(
        "3. Rust, C, C++ and Python push {readings} readings each and pop what anybody has pushed, all on one queue of segment {segment}"
    );
    let count = readings.to_string();
    let python = |module: &str| {
        let program = Program::new(&built.python).arg("examples/sensors/main.py").args([module, segment, &count]);
        program.env("PYTHONPATH", &built.modules)
    };
    let sides = [
        python("sensors").spawn()?,
        Program::new(&built.c).args([segment, &count]).spawn()?,
        Program::new(&built.cpp).args([segment, &count]).spawn()?,
        Program::new(&built.rust).args(["run", segment, &count]).spawn()?,
    ];
    for side in sides {
        side.wait()?;
    }
    Program::new(&built.rust).args(["verify", segment]).run()?;

    println!("4. anybody can look inside");
    let zeroipc = target().join("release/zeroipc");
    Program::new(&zeroipc).args(["ls", segment]).run()?;
    Program::new(&zeroipc).args(["cat", "--range", "100..103"]).arg(format!("{segment}/temperature")).run()?;

    println!("5. a reader with an old copy of the schema, two fields of which have changed places, is refused");
    println!("   {}", Program::new(&built.rust).args(["refused", segment]).run_refused()?);
    println!("   {}", Program::new(&built.c_changed).args([segment, "1"]).run_refused()?);
    println!("   {}", Program::new(&built.cpp_changed).args([segment, "1"]).run_refused()?);
    println!("   {}", python("changed").run_refused()?);
    Ok(())
}
