//! What can be typed.

use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use zeroipc_codegen::{Compiler, Format, Level, Source, Target};

/// Compiles ZeroIPC schemas to C, C++, Python and Rust that agree on every byte
///
/// Without a subcommand it compiles: `zeroipc-codegen robot.zipc --c --python -o generated`.
///
/// Exit codes: 0 done; 1 findings: errors, a denied warning, a breaking change; 2 usage, or the system refused a file;
/// 3 something is not up to date.
#[derive(Debug, Parser)]
#[command(name = "zeroipc-codegen", version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) compile: Compile,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read schemas and what they import, and write nothing
    Check(Check),
    /// Check with every lint; `-A` and `@allow` silence one
    Lint(Check),
    /// Tell what a change breaks for programs that run today
    Breaking(Breaking),
    /// Show where every byte of structs, variants and segments lies, as text or as SVG pictures
    Layout(Layout),
    /// Write a reference of a schema with its pictures: one HTML page, or Markdown
    Doc(Doc),
    /// Print one line for each type: its size, alignment and fingerprints
    Fingerprint(Check),
    /// Format schemas in place; `-` formats the standard input to the standard output
    Fmt(Fmt),
    /// Explain an error code, such as ZIPC0101, or a warning's name
    Explain {
        /// The code or name; without one, all are listed
        code: Option<String>,
    },
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Compile schemas
#[derive(Debug, Args)]
pub(crate) struct Compile {
    #[command(flatten)]
    pub(crate) input: Input,

    /// Emit a C header, `<stem>.h`
    #[arg(long)]
    c: bool,

    /// Emit a C++ header, `<stem>.hpp`
    #[arg(long)]
    cpp: bool,

    /// Emit a Python module, `<stem>.py`
    #[arg(long)]
    python: bool,

    /// Emit a Rust file, `<stem>.rs`
    #[arg(long)]
    rust: bool,

    /// Emit the resolved schema, `<stem>.json`
    #[arg(long)]
    json: bool,

    /// Emit a schema, `<stem>.zipc`, for Rust input
    #[arg(long)]
    zipc: bool,

    /// Emit types and constants only, which need no runtime
    #[arg(long)]
    bare: bool,

    /// Emit also what the schemas import
    #[arg(long)]
    with_imports: bool,

    /// Where the outputs go; the directory is created
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: Option<PathBuf>,

    /// Print the one output instead of writing it
    #[arg(long, conflicts_with_all = ["out", "check", "list_outputs", "depfile"])]
    pub(crate) stdout: bool,

    /// Write nothing, show what differs, and exit with 3 if something does
    #[arg(long, conflicts_with_all = ["list_outputs", "depfile"])]
    pub(crate) check: bool,

    /// Write nothing, and print the paths that would be written
    #[arg(long, conflicts_with = "depfile")]
    pub(crate) list_outputs: bool,

    /// Also write a Makefile rule: the outputs depend on every schema that was read
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) depfile: Option<PathBuf>,
}

/// Look for errors
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) input: Input,
}

/// Compare with what was
#[derive(Debug, Args)]
pub(crate) struct Breaking {
    #[command(flatten)]
    pub(crate) input: Input,

    /// What to compare with: a schema, a directory, `git:REV`, or a lock file
    #[arg(long, value_name = "WHAT", required_unless_present = "lock")]
    pub(crate) against: Option<String>,

    /// Changes that are told but do not fail: lines as `--error-format short` prints them
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "against")]
    pub(crate) accept: Option<PathBuf>,

    /// Fail also for what changes names in generated code alone
    #[arg(long, requires = "against")]
    pub(crate) strict: bool,

    /// Write a lock file, which later runs can be compared with
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) lock: Option<PathBuf>,
}

/// Show layouts
#[derive(Debug, Args)]
pub(crate) struct Layout {
    #[command(flatten)]
    pub(crate) input: Input,

    /// Write a picture of each struct, variant and segment instead: `<stem>.<Name>.svg`
    #[arg(long)]
    pub(crate) svg: bool,

    /// Only this struct, variant or segment
    #[arg(long = "type", value_name = "NAME")]
    pub(crate) only: Option<String>,

    /// Where the pictures go; the directory is created
    #[arg(short, long, value_name = "DIR", default_value = ".", requires = "svg", value_hint = ValueHint::DirPath)]
    pub(crate) out: PathBuf,
}

/// Write references
#[derive(Debug, Args)]
pub(crate) struct Doc {
    #[command(flatten)]
    pub(crate) input: Input,

    /// Write `<stem>.md`, with the pictures beside it, instead of `<stem>.html`
    #[arg(long)]
    pub(crate) markdown: bool,

    /// Where the files go; the directory is created
    #[arg(short, long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) out: PathBuf,

    /// Write nothing, show what differs, and exit with 3 if something does
    #[arg(long)]
    pub(crate) check: bool,
}

/// Format schemas
#[derive(Debug, Args)]
pub(crate) struct Fmt {
    #[command(flatten)]
    pub(crate) input: Input,

    /// Write nothing, name the files that are not formatted, and exit with 3 if there are any
    #[arg(long)]
    pub(crate) check: bool,

    /// As `--check`, and show what would change
    #[arg(long)]
    pub(crate) diff: bool,

    /// Also give every hole between fields its `reserved` bytes
    #[arg(long)]
    pub(crate) fix_padding: bool,
}

/// What every command that reads schemas has.
#[derive(Debug, Args)]
pub(crate) struct Input {
    /// The schemas: `.zipc` files, `.rs` files, or `-` for the standard input
    #[arg(required = true, value_name = "SCHEMA", value_hint = ValueHint::FilePath)]
    pub(crate) schemas: Vec<PathBuf>,

    /// Look for imports in this directory too
    #[arg(short = 'I', long = "include", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) include: Vec<PathBuf>,

    /// Do not show a warning: its code, its name, or `warnings` for all
    #[arg(short = 'A', long, value_name = "WARNING", value_parser = warning)]
    allow: Vec<String>,

    /// Show a warning
    #[arg(short = 'W', long, value_name = "WARNING", value_parser = warning)]
    warn: Vec<String>,

    /// Make an error of a warning
    #[arg(short = 'D', long, value_name = "WARNING", value_parser = warning)]
    deny: Vec<String>,

    /// How errors are shown
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ErrorFormat::Human)]
    error_format: ErrorFormat,
}

/// A warning by its code or name, or all of them.
fn warning(text: &str) -> Result<String, String> {
    if text == "warnings" || zeroipc_codegen::warnings().any(|(code, name)| code.is(text) || name == text) {
        return Ok(text.to_owned());
    }
    let names: Vec<&str> = zeroipc_codegen::warnings().map(|(_, name)| name).collect();
    Err(format!("there is no such warning; use a code, `warnings` for all, or one of {}", names.join(", ")))
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ErrorFormat {
    /// With the lines of the schema
    Human,
    /// One line each: file:line:column: error[CODE]: message
    Short,
    /// One JSON object each
    Json,
    /// Commands that GitHub shows beside the lines of a change
    Github,
}

/// The arguments of this process, and the levels of warnings in the order in which they were typed. Ends the process
/// after `--help` and mistakes.
pub(crate) fn parse() -> (Cli, Vec<(String, Level)>) {
    let matches = command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command()).exit());
    let of_command = matches.subcommand().map_or(&matches, |(_, matches)| matches);
    let levels = levels(of_command);
    (cli, levels)
}

/// The command line as clap knows it.
pub(crate) fn command() -> clap::Command {
    Cli::command()
}

/// What `-A`, `-W` and `-D` say, in their order.
fn levels(matches: &ArgMatches) -> Vec<(String, Level)> {
    let mut levels: Vec<(usize, String, Level)> = Vec::new();
    for (id, level) in [("allow", Level::Allow), ("warn", Level::Warn), ("deny", Level::Deny)] {
        let values = matches.try_get_many::<String>(id).ok().flatten();
        let places = matches.try_contains_id(id).ok().and_then(|_| matches.indices_of(id));
        for (value, place) in values.into_iter().flatten().zip(places.into_iter().flatten()) {
            levels.push((place, value.clone(), level));
        }
    }
    levels.sort_by_key(|(place, ..)| *place);
    levels.into_iter().map(|(_, what, level)| (what, level)).collect()
}

impl Compile {
    pub(crate) fn targets(&self) -> Vec<Target> {
        let asked = [
            (self.c, Target::C),
            (self.cpp, Target::Cpp),
            (self.python, Target::Python),
            (self.rust, Target::Rust),
            (self.json, Target::Json),
            (self.zipc, Target::Zipc),
        ];
        asked.into_iter().filter(|(asked, _)| *asked).map(|(_, target)| target).collect()
    }

    pub(crate) fn out_dir(&self) -> &Path {
        self.out.as_deref().unwrap_or(Path::new("."))
    }

    /// A compiler of all this; `stdin` is what the standard input says, if it is read.
    pub(crate) fn compiler(&self, stdin: Option<Source>, levels: &[(String, Level)]) -> Compiler {
        let compiler = self.input.compiler(stdin, levels).bare(self.bare).with_imports(self.with_imports);
        self.targets().into_iter().fold(compiler, Compiler::target)
    }
}

impl Input {
    pub(crate) fn compiler(&self, stdin: Option<Source>, levels: &[(String, Level)]) -> Compiler {
        let compiler = self.include.iter().fold(Compiler::new(), |compiler, dir| compiler.include(dir));
        let compiler = levels.iter().fold(compiler, |compiler, (what, level)| compiler.level(what.clone(), *level));
        self.schemas.iter().fold(compiler, |compiler, schema| match &stdin {
            Some(source) if is_stdin(schema) => compiler.source(source.clone()),
            _ => compiler.schema(schema),
        })
    }

    pub(crate) fn format(&self) -> Format {
        match self.error_format {
            ErrorFormat::Human => Format::Human,
            ErrorFormat::Short => Format::Short,
            ErrorFormat::Json => Format::Json,
            ErrorFormat::Github => Format::Github,
        }
    }

    pub(crate) fn reads_stdin(&self) -> bool {
        self.schemas.iter().any(|schema| is_stdin(schema))
    }
}

pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn levels_keep_their_order() {
        let line = ["zeroipc-codegen", "check", "-D", "warnings", "-A", "doc-missing", "-W", "ZIPC0503", "a.zipc"];
        let matches = command().try_get_matches_from(line).unwrap();
        let levels = levels(matches.subcommand().unwrap().1);
        let said: Vec<_> = levels.iter().map(|(what, level)| (what.as_str(), *level)).collect();
        let wanted = [("warnings", Level::Deny), ("doc-missing", Level::Allow), ("ZIPC0503", Level::Warn)];
        assert_eq!(said, wanted);
    }
}
