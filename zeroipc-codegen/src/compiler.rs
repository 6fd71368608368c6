//! The whole way from schemas to outputs, without touching anything but the schemas that are named.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostics, Format, Report};
use crate::emit::{self, Target};
use crate::levels::{Level, Levels};
use crate::lint;
use crate::load::{Loader, Unit};
use crate::model::Schema;
use crate::source::{Source, Span};

/// What to compile, and to what.
#[derive(Clone, Debug, Default)]
pub struct Compiler {
    inputs: Vec<Input>,
    targets: Vec<Target>,
    /// Where the outputs of a language go that has a directory of its own.
    places: Vec<(Target, PathBuf)>,
    directories: Vec<PathBuf>,
    levels: Levels,
    bare: bool,
    with_imports: bool,
    /// What may be imported, where nothing on disk may.
    sealed: Option<Vec<Source>>,
}

#[derive(Clone, Debug)]
enum Input {
    Path(PathBuf),
    Text(Source),
}

/// One generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The file's name, such as `sensors.h`, behind the directory that [`Compiler::output`] gave the language, if any.
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
    /// Every schema that was read from disk, imports included, in the order of reading.
    pub inputs: Vec<PathBuf>,
}

/// Schemas that have no errors, for everything that is done with them but compiling.
#[derive(Debug)]
pub struct Checked {
    /// Every file, imports before those that import them.
    pub(crate) units: Vec<Unit>,
    /// The places of the schemas that were asked for, in their order.
    pub(crate) roots: Vec<usize>,
    /// The warnings; none of these reports has an error.
    pub warnings: Vec<Report>,
    /// Every schema that was read from disk, imports included, in the order of reading.
    pub inputs: Vec<PathBuf>,
    /// What is done about warnings.
    pub(crate) levels: Levels,
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
    /// An output would replace a file that was read.
    OverInput(PathBuf),
    /// What a program has registered is no schema; the sentence says why.
    Registered(String),
    /// Something was asked for by a name that no struct, variant or segment has.
    NoSuchType {
        /// The name.
        name: String,
        /// What was probably meant.
        near: Option<String>,
    },
    /// There is no old version to compare with.
    Against {
        /// What was to be compared with, as the user wrote it.
        what: String,
        /// Why that is not possible.
        why: String,
    },
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
            Error::OverInput(path) => {
                format!(
                    "error: the output `{}` would replace what was read; choose another directory\n",
                    path.display()
                )
            }
            Error::Registered(why) => format!("error: {why}\n"),
            Error::NoSuchType { name, near } => {
                let help = near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                format!("error: no struct, variant or segment is called `{name}`{help}\n")
            }
            Error::Against { what, why } => format!("error: cannot compare with `{what}`: {why}\n"),
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
            _ => None,
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

    /// Adds a language whose outputs go to a directory of their own, which [`Compiled::write_to`] creates, wherever the
    /// others go. It is relative to the current directory, in a build script the package's.
    #[must_use]
    pub fn output(mut self, target: Target, directory: impl Into<PathBuf>) -> Compiler {
        self.places.retain(|(known, _)| *known != target);
        self.places.push((target, directory.into()));
        self.target(target)
    }

    /// Emits C: `<stem>.h`.
    #[must_use]
    pub fn c(self) -> Compiler {
        self.target(Target::C)
    }

    /// Emits C++: `<stem>.hpp`.
    #[must_use]
    pub fn cpp(self) -> Compiler {
        self.target(Target::Cpp)
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

    /// Adds a directory in which imports are looked for.
    #[must_use]
    pub fn include(mut self, directory: impl Into<PathBuf>) -> Compiler {
        self.directories.push(directory.into());
        self
    }

    /// Emits also what the schemas import.
    #[must_use]
    pub fn with_imports(mut self, with_imports: bool) -> Compiler {
        self.with_imports = with_imports;
        self
    }

    /// Looks for imports in memory only: among the schemas that are there already, and `imports`.
    #[must_use]
    pub(crate) fn sealed(mut self, imports: Vec<Source>) -> Compiler {
        self.sealed = Some(imports);
        self
    }

    /// Says what to do about a warning: `what` is its code, its name or `warnings` for all. A later call wins.
    #[must_use]
    pub fn level(mut self, what: impl Into<String>, level: Level) -> Compiler {
        self.levels.set(what.into(), level);
        self
    }

    /// Reads and compiles every schema. Nothing is written.
    ///
    /// # Errors
    /// A schema that cannot be read; all errors of all schemas; two schemas with the same stem.
    pub fn compile(&self) -> Result<Compiled, Error> {
        self.load().1.and_then(|checked| self.emit(checked))
    }

    /// Reads every schema and what it imports, and looks for errors.
    ///
    /// # Errors
    /// A schema that cannot be read; all errors of all schemas.
    pub fn check(&self) -> Result<Checked, Error> {
        self.load().1
    }

    /// What was read from disk, and what came of it.
    pub(crate) fn load(&self) -> (Vec<PathBuf>, Result<Checked, Error>) {
        let inputs = self.inputs.iter().filter_map(Input::text);
        let memory: Vec<Source> = inputs.chain(self.sealed.iter().flatten()).cloned().collect();
        let mut loader = Loader::new(&self.directories, &memory, self.sealed.is_some());
        let mut roots = Vec::new();
        for input in &self.inputs {
            let place = match input {
                Input::Text(source) => Ok(loader.load_source(source)),
                Input::Path(path) => loader.load_path(path),
            };
            match place {
                // A schema that is named twice is compiled once.
                Ok(place) if roots.contains(&place) => {}
                Ok(place) => roots.push(place),
                Err(error) => return (loader.paths, Err(error)),
            }
        }
        let inputs = loader.paths.clone();
        let checked = self.judge(loader.into_units(), roots, inputs.clone());
        (inputs, checked)
    }

    /// Parts errors from warnings.
    fn judge(&self, mut units: Vec<Unit>, roots: Vec<usize>, inputs: Vec<PathBuf>) -> Result<Checked, Error> {
        let (mut failed, mut told, mut warnings) = (false, Vec::new(), Vec::new());
        let schemas: Vec<_> = units.iter().map(|unit| unit.schema.clone()).collect();
        for unit in &mut units {
            self.check_outputs(unit, &schemas);
            lint::always(unit);
            self.levels.apply(&mut unit.report);
            if unit.report.has_errors() || unit.schema.is_none() {
                failed = true;
                // What fails because of an import is told there.
                told.extend((!unit.report.diagnostics.is_empty()).then(|| unit.report.clone()));
            } else if !unit.report.diagnostics.is_empty() {
                warnings.push(unit.report.clone());
            }
        }
        if failed {
            return Err(Error::Schema(told));
        }
        Ok(Checked { units, roots, warnings, inputs, levels: self.levels.clone() })
    }

    /// What the outputs cannot say although the schema can.
    fn check_outputs(&self, unit: &mut Unit, schemas: &[Option<Arc<Schema>>]) {
        let Some(schema) = &unit.schema else { return };
        let mut errors = Diagnostics::default();
        emit::check_spelling(schema, &all_imports(schema, schemas), &mut errors);
        if !self.bare {
            emit::check_runtimes(schema, &self.targets, &mut errors);
        }
        unit.report.add(errors);
    }

    /// The directory of a language, empty where it has none of its own.
    fn place(&self, target: Target) -> Result<PathBuf, Error> {
        let Some((_, directory)) = self.places.iter().find(|(known, _)| *known == target) else {
            return Ok(PathBuf::new());
        };
        std::path::absolute(directory).map_err(|error| Error::Io { path: directory.clone(), error })
    }

    /// The outputs of what was read.
    pub(crate) fn emit(&self, checked: Checked) -> Result<Compiled, Error> {
        let all = || (0..checked.units.len()).collect();
        let places: Vec<usize> = if self.with_imports { all() } else { checked.roots.clone() };
        let mut outputs: Vec<Output> = Vec::new();
        for schema in places.iter().filter_map(|place| checked.units[*place].schema.as_ref()) {
            for (target, text) in self.targets.iter().zip(self.texts(schema)) {
                let path = self.place(*target)?.join(format!("{}.{}", schema.stem, target.extension()));
                outputs.push(Output { path, text });
            }
        }
        let outputs = Output::distinct(outputs)?;
        Ok(Compiled { outputs, warnings: checked.warnings, inputs: checked.inputs })
    }
}

/// What a schema imports, also by way of others, each with the import that leads to it. `schemas` has them by their numbers.
fn all_imports<'a>(schema: &Schema, schemas: &'a [Option<Arc<Schema>>]) -> Vec<(Span, &'a Schema)> {
    let mut found: Vec<(Span, &Schema)> = Vec::new();
    let mut open: Vec<(Span, usize)> = schema.imports.iter().map(|import| (import.span, import.module.id)).collect();
    let mut seen = vec![false; schemas.len()];
    while let Some((span, id)) = open.pop() {
        let Some(known) = seen.get_mut(id) else { continue };
        if std::mem::replace(known, true) {
            continue;
        }
        let Some(Some(import)) = schemas.get(id) else { continue };
        found.push((span, import));
        open.extend(import.imports.iter().map(|next| (span, next.module.id)));
    }
    found
}

/// From how many types on it pays to begin a thread for each output.
const MANY_TYPES: usize = 64;

impl Compiler {
    /// The text of each target; of a large schema all at once, each in a thread of its own.
    fn texts(&self, schema: &Schema) -> Vec<String> {
        let text = |target: Target| emit::emit(schema, target, self.bare);
        if schema.types.len() < MANY_TYPES || self.targets.len() < 2 {
            return self.targets.iter().map(|target| text(*target)).collect();
        }
        std::thread::scope(|scope| {
            let threads: Vec<_> = self.targets.iter().map(|target| scope.spawn(|| text(*target))).collect();
            // An emitter does not panic; if one did, its panic would go on here.
            let join = |thread: std::thread::ScopedJoinHandle<'_, String>| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            threads.into_iter().map(join).collect()
        })
    }
}

impl Output {
    /// The outputs, when no two of them are the same file.
    pub(crate) fn distinct(outputs: Vec<Output>) -> Result<Vec<Output>, Error> {
        let mut paths: Vec<&PathBuf> = outputs.iter().map(|output| &output.path).collect();
        paths.sort_unstable();
        match paths.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(Error::SameOutput(pair[0].clone())),
            None => Ok(outputs),
        }
    }
}

impl Input {
    fn text(&self) -> Option<&Source> {
        match self {
            Input::Path(_) => None,
            Input::Text(source) => Some(source),
        }
    }
}
