//! `fmt`: schemas as the formatter writes them, in place or compared.

use std::path::Path;

use zeroipc_codegen::{Compiled, Error, Output, Source};

use crate::args::{Fmt, is_stdin};
use crate::diff;
use crate::show::{self, Code};

/// Formats every file; a file with errors is left alone, and the others are formatted nevertheless.
pub(crate) fn format(args: &Fmt) -> Code {
    let mut worst = Code::Done;
    for path in &args.input.schemas {
        let code = one(args, path).unwrap_or_else(|error| show::error(&error, args.input.format()));
        worst = worse(worst, code);
    }
    worst
}

fn one(args: &Fmt, path: &Path) -> Result<Code, Error> {
    let from_stdin = is_stdin(path);
    let source = if from_stdin { show::standard_input()? } else { read(path)? };
    let formatted = if args.fix_padding {
        zeroipc_codegen::fix_padding(&source, &args.input.include).map(|(text, _)| text)
    } else {
        zeroipc_codegen::format(&source)
    };
    let text = formatted.map_err(|report| Error::Schema(vec![report]))?;
    if args.check || args.diff {
        if text == source.text {
            return Ok(Code::Done);
        }
        if args.diff {
            show::print(&diff::unified(&source.name, &source.text, &text));
        } else {
            show::tell_line!("{}: not formatted", source.name);
        }
        return Ok(Code::Stale);
    }
    if from_stdin {
        return Ok(show::print(&text));
    }
    write(path, text).map(|()| Code::Done)
}

fn read(path: &Path) -> Result<Source, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::Io { path: path.to_owned(), error })?;
    Ok(Source::new(path.to_string_lossy(), text))
}

/// Replaces the file, or what a symbolic link leads to, if the text is another one.
fn write(path: &Path, text: String) -> Result<(), Error> {
    let path = path.canonicalize().map_err(|error| Error::Io { path: path.to_owned(), error })?;
    let directory = path.parent().unwrap_or(Path::new("/")).to_owned();
    let file = path.file_name().map(Into::into).unwrap_or(path);
    Compiled { outputs: vec![Output { path: file, text }], ..Compiled::default() }.write_to(directory)
}

/// The one of two codes that matters more.
fn worse(one: Code, other: Code) -> Code {
    let rank = |code: Code| match code {
        Code::Done => 0,
        Code::Stale => 1,
        Code::Findings => 2,
        Code::Trouble => 3,
    };
    if rank(other) > rank(one) { other } else { one }
}
