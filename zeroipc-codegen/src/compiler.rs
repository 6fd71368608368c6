//! The whole way from schemas to outputs, without touching anything but the schemas that are named.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostics, Format, Report};
use crate::emit::{self, Target};
use crate::model;
use crate::names;
use crate::source::Source;
use crate::syntax::{self, errors};

/// The largest schema in bytes.
const MAX_FILE: usize = 1 << 20;

/// What to compile, and to what.
#[derive(Clone, Debug, Default)]
pub struct Compiler {
    inputs: Vec<Input>,
    targets: Vec<Target>,
    bare: bool,
}

#[derive(Clone, Debug)]
enum Input {
    Path(PathBuf),
    Text(Source),
}

/// One generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The file's name, such as `sensors.h`; it has no directory.
    pub path: PathBuf,
    /// Its content.
    pub text: String,
}

/// What came out.
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    /// The files, in the order of the schemas and within one in that of [`Target`].
    pub outputs: Vec<Output>,
    /// The warnings; none of these reports has an error.
    pub warnings: Vec<Report>,
}

/// Why nothing came out. `Debug` shows the same text as `Display`, so that a build script's `main` may return it.
#[non_exhaustive]
pub enum Error {
    /// A schema could not be read, or an output not be written.
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The schemas have errors.
    Schema(Vec<Report>),
    /// Two schemas would write the same file.
    SameOutput(PathBuf),
    /// This is not running in a build script: the variable is missing.
    NoBuildScript(&'static str),
}

impl Error {
    /// The error as text, which ends with a newline.
    pub fn render(&self, format: Format) -> String {
        match self {
            Error::Io { path, error } => format!("error: cannot access `{}`: {error}\n", path.display()),
            Error::SameOutput(path) => {
                format!("error: two schemas would both write `{}`; compile them into two directories\n", path.display())
            }
            Error::NoBuildScript(name) => {
                format!("error: `{name}` is not set; `build` is for build scripts, elsewhere use `Compiler`\n")
            }
            Error::Schema(reports) => reports.iter().map(|report| report.render(format)).collect::<Vec<_>>().join("\n"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(Format::Human).trim_end())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{self}")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { error, .. } => Some(error),
            Error::Schema(_) | Error::SameOutput(_) | Error::NoBuildScript(_) => None,
        }
    }
}

impl Compiler {
    /// A compiler without schemas and languages.
    pub fn new() -> Compiler {
        Compiler::default()
    }

    /// Adds a schema that [`Compiler::compile`] reads from disk.
    #[must_use]
    pub fn schema(mut self, path: impl AsRef<Path>) -> Compiler {
        self.inputs.push(Input::Path(path.as_ref().to_owned()));
        self
    }

    /// Adds a schema that is already in memory.
    #[must_use]
    pub fn source(mut self, source: Source) -> Compiler {
        self.inputs.push(Input::Text(source));
        self
    }

    /// Adds a language.
    #[must_use]
    pub fn target(mut self, target: Target) -> Compiler {
        if !self.targets.contains(&target) {
            self.targets.push(target);
            self.targets.sort_unstable();
        }
        self
    }

    /// Emits C: `<stem>.h`.
    #[must_use]
    pub fn c(self) -> Compiler {
        self.target(Target::C)
    }

    /// Emits Python: `<stem>.py`.
    #[must_use]
    pub fn python(self) -> Compiler {
        self.target(Target::Python)
    }

    /// Emits Rust: `<stem>.rs`.
    #[must_use]
    pub fn rust(self) -> Compiler {
        self.target(Target::Rust)
    }

    /// Emits types and constants only, which need no runtime.
    #[must_use]
    pub fn bare(mut self, bare: bool) -> Compiler {
        self.bare = bare;
        self
    }

    /// Reads and compiles every schema. Nothing is written.
    ///
    /// # Errors
    /// A schema that cannot be read; all errors of all schemas; two schemas with the same stem.
    pub fn compile(&self) -> Result<Compiled, Error> {
        let mut compiled = Compiled::default();
        let mut failed = Vec::new();
        for input in &self.inputs {
            let source = read(input)?;
            let report = self.compile_one(&source, &mut compiled.outputs);
            if report.has_errors() {
                failed.push(report);
            } else if !report.diagnostics.is_empty() {
                compiled.warnings.push(report);
            }
        }
        if !failed.is_empty() {
            return Err(Error::Schema(failed));
        }
        let mut paths: Vec<&PathBuf> = compiled.outputs.iter().map(|output| &output.path).collect();
        paths.sort_unstable();
        match paths.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(Error::SameOutput(pair[0].clone())),
            None => Ok(compiled),
        }
    }

    /// The schemas that are read from disk.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.inputs.iter().filter_map(|input| match input {
            Input::Path(path) => Some(path),
            Input::Text(_) => None,
        })
    }

    fn compile_one(&self, source: &Source, outputs: &mut Vec<Output>) -> Report {
        let mut errors = Diagnostics::default();
        if source.text.len() > MAX_FILE {
            errors.push(errors::file_too_large(source.text.len(), MAX_FILE));
            return errors.into_report(&Source { text: String::new(), ..source.clone() });
        }
        let file = syntax::parse(&source.text, &mut errors);
        names::check(&file, source, &mut errors);
        if let Some(schema) = model::resolve(&file, source, &mut errors) {
            emit::check_spelling(&schema, &mut errors);
            if !errors.has_errors() {
                for target in &self.targets {
                    let path = PathBuf::from(format!("{}.{}", source.stem, target.extension()));
                    outputs.push(Output { path, text: emit::emit(&schema, *target, self.bare) });
                }
            }
        }
        errors.into_report(source)
    }
}

fn read(input: &Input) -> Result<Source, Error> {
    match input {
        Input::Text(source) => Ok(source.clone()),
        Input::Path(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| Error::Io { path: path.clone(), error })?;
            Ok(Source::new(path.to_string_lossy(), text))
        }
    }
}
