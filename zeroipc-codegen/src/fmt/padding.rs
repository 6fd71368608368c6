//! Giving the bytes of holes a place in the schema.

use std::path::PathBuf;

use crate::compiler::{Compiler, Error};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Report, Severity, Suggestion};
use crate::fmt::format;
use crate::source::{Source, Span};
use crate::syntax::lex::{Kind, Token, lex_all};

/// A hole between two fields, and padding at the end of a struct.
const PADDING: [Code; 2] = [Code(101), Code(102)];
/// How often a schema is compiled: the holes of a struct may show only when those of another are filled.
const MAX_PASSES: usize = 64;

/// The schema with the `reserved` that the compiler suggests for each hole, formatted, and how many were added. Imports
/// are looked for beside `source` and in `directories`.
///
/// # Examples
/// ```
/// use zeroipc_codegen::{Source, fix_padding};
///
/// let source = Source::new("gap.zipc", "struct Gap { flag: u8; stamp: u64; }");
/// let (text, added) = fix_padding(&source, &[]).unwrap();
/// assert_eq!(text, "struct Gap {\n    flag: u8;\n    reserved 7;\n    stamp: u64;\n}\n");
/// assert_eq!(added, 1);
/// ```
///
/// # Errors
/// A schema that has other errors than holes.
pub fn fix_padding(source: &Source, directories: &[PathBuf]) -> Result<(String, usize), Report> {
    let mut source = source.clone();
    let mut added = 0;
    for _ in 0..MAX_PASSES {
        let Some(report) = errors(&source, directories) else { return Ok((format(&source)?, added)) };
        if report.source.name != source.name {
            return Err(report);
        }
        let is_hole = |diagnostic: &Diagnostic| PADDING.contains(&diagnostic.code);
        let holes: Vec<&Diagnostic> = report.diagnostics.iter().filter(|one| is_hole(one)).collect();
        if report.diagnostics.iter().any(|one| one.severity == Severity::Error && !is_hole(one)) {
            return Err(report);
        }
        let (text, edits) = apply(&source.text, &holes);
        if edits == 0 {
            return Err(report);
        }
        source.text = text;
        added += edits;
    }
    match errors(&source, directories) {
        Some(report) => Err(report),
        None => Ok((format(&source)?, added)),
    }
}

/// What keeps the schema from compiling, in a file that it imports or in itself.
fn errors(source: &Source, directories: &[PathBuf]) -> Option<Report> {
    let compiler = directories.iter().fold(Compiler::new().source(source.clone()), Compiler::include);
    match compiler.check() {
        Ok(_) => None,
        Err(Error::Schema(reports)) => {
            let own = reports.iter().find(|report| report.source.name == source.name);
            // What this one imports has to be right first: its sizes decide where the holes are here.
            let other = reports.iter().find(|report| report.source.name != source.name && report.has_errors());
            other.or(own).cloned()
        }
        // A source in memory has no other errors.
        Err(_) => None,
    }
}

/// The text with the suggestions of `diagnostics`, and how many were applied.
fn apply(text: &str, diagnostics: &[&Diagnostic]) -> (String, usize) {
    let tokens = lex_all(text, &mut Diagnostics::default());
    let mut suggestions: Vec<&Suggestion> = diagnostics.iter().filter_map(|one| one.suggestion.as_ref()).collect();
    suggestions.sort_by_key(|suggestion| suggestion.span);
    let mut out = String::with_capacity(text.len());
    let mut behind = 0;
    for suggestion in &suggestions {
        let at = behind_member(text, &tokens, suggestion.span).max(behind);
        out.push_str(&text[behind..at]);
        out.push('\n');
        out.push_str(suggestion.replacement.trim());
        if !text[at..].trim_start_matches([' ', '\t', '\r']).starts_with('\n') {
            out.push('\n');
        }
        behind = at;
    }
    out.push_str(&text[behind..]);
    (out, suggestions.len())
}

/// The place behind the member in front of `at` and the comments on its line: the comments in front of `at` belong to
/// what stands there.
fn behind_member(text: &str, tokens: &[Token], at: Span) -> usize {
    let is_comment = |token: &Token| matches!(token.kind, Kind::Comment(_));
    let next = tokens.partition_point(|token| token.span.start < at.start);
    let Some(member) = tokens[..next].iter().rposition(|token| !is_comment(token)) else { return at.range().start };
    let on_one_line = |pair: &[Token]| !text[pair[0].span.range().end..pair[1].span.range().start].contains('\n');
    let last = member + tokens[member..next].windows(2).take_while(|pair| on_one_line(pair)).count();
    let leads = tokens.get(last..last + 2).is_some_and(|pair| on_one_line(pair) && pair[1].kind != Kind::Punct("}"));
    tokens[if leads { member } else { last }].span.range().end
}
