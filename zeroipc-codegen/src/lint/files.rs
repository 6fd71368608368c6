//! Lints about a file as a whole.

use super::{UNUSED_IMPORT, VERSION_MISSING};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::Schema;
use crate::source::{Source, Span};
use crate::syntax::ast::File;

pub(super) fn version(file: &File, found: &mut Diagnostics) {
    if !file.version {
        let start = Span::new(0, 0);
        let message = "the file does not say which version of the language it is written in";
        found.push(Diagnostic::warning(VERSION_MISSING.0, start, message).suggest(start, "zipc 1;\n", "say so"));
    }
}

pub(super) fn unused_imports(schema: &Schema, source: &Source, found: &mut Diagnostics) {
    for import in schema.imports.iter().filter(|import| !import.used) {
        let message = format!("nothing of the import `{}` is used", import.alias);
        let warning = Diagnostic::warning(UNUSED_IMPORT.0, import.span, message);
        found.push(match statement(&source.text, import.span) {
            Some(span) => warning.suggest(span, "", "remove it"),
            None => warning.help("remove it"),
        });
    }
}

/// The whole statement of an import whose path stands at `path`, with its line if nothing else is on it; nothing where a
/// comment stands in between.
fn statement(text: &str, path: Span) -> Option<Span> {
    let (before, behind) = (text.get(..path.start as usize)?, text.get(path.end as usize..)?);
    let start = before.trim_end().strip_suffix("import")?.len();
    let semicolon = behind.find(';')?;
    let between = behind[..semicolon].split_whitespace().collect::<Vec<_>>();
    let plain = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match between.as_slice() {
        [] => {}
        ["as", name] if plain(name) => {}
        _ => return None,
    }
    let end = path.end as usize + semicolon + 1;
    let alone = text[..start].is_empty() || text[..start].ends_with('\n');
    let newline = text[end..].starts_with('\n');
    Some(Span::new(start, if alone && newline { end + 1 } else { end }))
}
