//! The commands: what each calls, and what it tells.

use std::path::{Path, PathBuf};

use clap_complete::Shell;
use zeroipc_codegen::{Accepted, Checked, Compiled, Error, Format, Level, Report, Source};

use crate::args::{self, Breaking, Check, Compile, Doc, Input, Layout};
use crate::diff;
use crate::show::{self, Code};

type Levels = [(String, Level)];

/// Does something with the schemas that were named, and tells its errors.
fn with_input(input: &Input, then: impl FnOnce(Option<Source>) -> Result<Code, Error>) -> Code {
    let stdin = if input.reads_stdin() { show::standard_input().map(Some) } else { Ok(None) };
    stdin.and_then(then).unwrap_or_else(|error| show::error(&error, input.format()))
}

pub(crate) fn compile(args: &Compile, levels: &Levels) -> Code {
    if args.targets().is_empty() {
        show::tell_line!(
            "error: no output is named; add one or more of --c, --cpp, --python, --rust, --json and --zipc, or use \
             `zeroipc-codegen check`"
        );
        return Code::Trouble;
    }
    with_input(&args.input, |stdin| {
        let compiled = args.compiler(stdin, levels).compile()?;
        show::reports(&compiled.warnings, args.input.format());
        if args.list_outputs {
            return Ok(show::print(
                &paths(args.out_dir(), &compiled).map(|path| format!("{}\n", path.display())).collect::<String>(),
            ));
        }
        if args.check {
            return Ok(stale(args.out_dir(), &compiled, args.input.format()));
        }
        if args.stdout {
            return Ok(stdout(&compiled));
        }
        compiled.write_to(args.out_dir())?;
        match &args.depfile {
            Some(file) => depfile(file, args, &compiled).map(|()| Code::Done),
            None => Ok(Code::Done),
        }
    })
}

fn paths<'a>(out: &'a Path, compiled: &'a Compiled) -> impl Iterator<Item = PathBuf> + 'a {
    compiled.outputs.iter().map(move |output| match out {
        dir if dir == Path::new(".") => output.path.clone(),
        dir => dir.join(&output.path),
    })
}

fn stdout(compiled: &Compiled) -> Code {
    match compiled.outputs.as_slice() {
        [output] => show::print(&output.text),
        outputs => {
            show::tell_line!(
                "error: `--stdout` shows one output, and there are {}; name one schema and output",
                outputs.len()
            );
            Code::Trouble
        }
    }
}

/// Shows what differs, and writes nothing.
fn stale(out: &Path, compiled: &Compiled, format: Format) -> Code {
    let stale = compiled.stale_in(out);
    for output in &stale {
        let path = out.join(&output.path);
        let found = std::fs::read_to_string(&path).ok();
        match format {
            Format::Human => show::tell!("{}", diff::stale(&path, found.as_deref(), &output.text)),
            _ => show::tell_line!("{}: stale", path.display()),
        }
    }
    if stale.is_empty() { Code::Done } else { Code::Stale }
}

/// Writes a rule for make: every output depends on every schema that was read.
fn depfile(file: &Path, args: &Compile, compiled: &Compiled) -> Result<(), Error> {
    let outputs: Vec<PathBuf> = paths(args.out_dir(), compiled).collect();
    let targets = outputs.iter().map(|path| escaped(path).map(|path| as_target(&path)));
    let targets = targets.collect::<Result<Vec<_>, _>>()?;
    let mut inputs = compiled.inputs.iter().map(|path| escaped(path)).collect::<Result<Vec<_>, _>>()?;
    inputs.sort();
    inputs.dedup();
    let mut text = format!("{}: {}\n", targets.join(" "), inputs.join(" "));
    // A schema that is removed is no error of make, which then compiles again.
    for input in inputs {
        text.push_str(&format!("\n{}:\n", as_target(&input)));
    }
    write_beside(file, &text, compiled.inputs.iter().chain(&outputs))
}

/// Writes a file that is none of those that were read or written.
fn write_beside<'a>(file: &Path, text: &str, others: impl Iterator<Item = &'a PathBuf>) -> Result<(), Error> {
    let place = file.canonicalize().ok();
    let mut others = others.filter_map(|other| other.canonicalize().ok());
    if place.is_some_and(|place| others.any(|other| other == place)) {
        return Err(Error::OverInput(file.to_owned()));
    }
    zeroipc_codegen::write_file(file, text)
}

/// A path in front of the colon, where a `%` would make a pattern of it.
fn as_target(path: &str) -> String {
    path.replace('%', "\\%")
}

/// A path as make reads it behind the colon.
fn escaped(path: &Path) -> Result<String, Error> {
    let text = path.display().to_string();
    if text.contains(['\n', '\r']) {
        let error = std::io::Error::other("a rule for make cannot have a line end in a path");
        return Err(Error::Io { path: path.to_owned(), error });
    }
    let mut out = String::new();
    let mut slashes = 0;
    for c in text.chars() {
        match c {
            // Backslashes count only in front of what is escaped.
            ' ' | '#' => out.push_str(&"\\".repeat(slashes + 1)),
            ':' | '*' | '?' | '[' | ']' | '~' => out.push('\\'),
            '$' => out.push('$'),
            _ => {}
        }
        slashes = if c == '\\' { slashes + 1 } else { 0 };
        out.push(c);
    }
    Ok(out)
}

pub(crate) fn check(args: &Check, levels: &Levels) -> Code {
    with_input(&args.input, |stdin| {
        let checked = args.input.compiler(stdin, levels).check()?;
        show::reports(&checked.warnings, args.input.format());
        Ok(Code::Done)
    })
}

pub(crate) fn lint(args: &Check, levels: &Levels) -> Code {
    with_input(&args.input, |stdin| {
        let reports = args.input.compiler(stdin, levels).check()?.lint();
        show::reports(&reports, args.input.format());
        Ok(if reports.iter().any(Report::has_errors) { Code::Findings } else { Code::Done })
    })
}

pub(crate) fn fingerprint(args: &Check, levels: &Levels) -> Code {
    with_input(&args.input, |stdin| {
        let checked = args.input.compiler(stdin, levels).check()?;
        Ok(show::print(&checked.fingerprints().iter().map(|print| format!("{print}\n")).collect::<String>()))
    })
}

pub(crate) fn breaking(args: &Breaking, levels: &Levels) -> Code {
    with_input(&args.input, |stdin| {
        let new = args.input.compiler(stdin, levels).check()?;
        let mut code = Code::Done;
        if let Some(what) = &args.against {
            code = compare(args, what, &new)?;
        }
        // What fails is no new state to compare with.
        if let (Some(file), Code::Done) = (&args.lock, code) {
            write_beside(file, &new.lock(), new.inputs.iter())?;
        }
        Ok(code)
    })
}

fn compare(args: &Breaking, what: &str, new: &Checked) -> Result<Code, Error> {
    let old = zeroipc_codegen::against(what, &args.input.schemas, &args.input.include)?;
    for path in &old.missing {
        show::tell_line!("note: `{}` is new: it is not in `{what}`", path.display());
    }
    let mut changes = zeroipc_codegen::breaking(&old.checked, new);
    if let Some(path) = &args.accept {
        let text = std::fs::read_to_string(path).map_err(|error| Error::Io { path: path.clone(), error })?;
        let useless = changes.accept(&Accepted::parse(Source::new(path.to_string_lossy(), text)));
        show::reports(&[useless], args.input.format());
    }
    match args.input.format() {
        Format::Short => show::tell!("{}", changes.render(Format::Short, args.strict)),
        format => show::reports(&changes.reports(args.strict), format),
    }
    Ok(if changes.has_breaking(args.strict) { Code::Findings } else { Code::Done })
}

pub(crate) fn layout(args: &Layout, levels: &Levels) -> Code {
    with_input(&args.input, |stdin| {
        let checked = args.input.compiler(stdin, levels).check()?;
        let only = args.only.as_deref();
        if !args.svg {
            return Ok(show::print(&checked.layout(only)?));
        }
        let outputs = checked.layout_svg(only)?;
        written(&args.out, &Compiled { outputs, inputs: checked.inputs, ..Compiled::default() })
    })
}

pub(crate) fn doc(args: &Doc, levels: &Levels) -> Code {
    with_input(&args.input, |stdin| {
        let checked = args.input.compiler(stdin, levels).check()?;
        let outputs = if args.markdown { checked.doc_markdown()? } else { checked.doc_html()? };
        let compiled = Compiled { outputs, inputs: checked.inputs, ..Compiled::default() };
        if args.check { Ok(stale(&args.out, &compiled, args.input.format())) } else { written(&args.out, &compiled) }
    })
}

/// Writes files, and says which.
fn written(out: &Path, compiled: &Compiled) -> Result<Code, Error> {
    compiled.write_to(out)?;
    Ok(show::print(&paths(out, compiled).map(|path| format!("{}\n", path.display())).collect::<String>()))
}

pub(crate) fn explain(code: Option<&str>) -> Code {
    let Some(code) = code else {
        return show::print(&zeroipc_codegen::page_titles().map(|title| format!("{title}\n")).collect::<String>());
    };
    match zeroipc_codegen::page(code) {
        Some(page) => show::print(page),
        None => {
            show::tell_line!("error: there is no page about `{code}`; `zeroipc-codegen explain` lists all codes");
            Code::Trouble
        }
    }
}

pub(crate) fn completions(shell: Shell) -> Code {
    let mut command = args::command();
    let name = command.get_name().to_owned();
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut text);
    show::print(&String::from_utf8_lossy(&text))
}
