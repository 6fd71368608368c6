//! How a schema looks: the formatter of `.zipc` files.
//!
//! It moves tokens and never makes new ones, a last comma apart, so that nothing that is written gets lost, and it
//! needs no tree. Text becomes pieces ([`tokens`]), which know whether a space belongs in front of them ([`spacing`]);
//! they are put on lines ([`lines`], [`lists`]), and the lines are written ([`page`]).

mod lines;
mod lists;
mod padding;
mod page;
mod spacing;
mod tokens;

#[cfg(test)]
mod tests;

pub use padding::fix_padding;

use crate::diagnostic::{Diagnostics, Report};
use crate::load::MAX_FILE;
use crate::source::Source;
use crate::syntax::{self, errors};

/// The schema as the formatter writes it.
///
/// Formatting what it wrote changes nothing, and the result means what `source` means.
///
/// # The style
///
/// - Four spaces a level; one item, field, structure or value a line; `{` on the line of the name.
/// - An empty body stays on its line. So do the values of an enum, flags or a variant that fit 100 columns, unless they
///   have comments, documentation, attributes in front or a comma behind the last; otherwise they get that comma.
/// - One empty line at most, none behind `{`, documentation and attributes in front, none in front of `}`. Exactly one
///   between items, except within a run of constants, aliases and assertions of one line, of imports, or of the file's
///   header, where the author decides.
/// - Attributes in front of something have lines of their own, those behind it follow with a space.
/// - A comment on its own line stays there, indented as its neighbours; a comment behind code stays behind it, two
///   spaces away. Comments behind code on consecutive lines of the same indentation begin at the same column; an empty
///   line, a line without such a comment and a line above 100 columns end the run. A block comment in front of code
///   stays in front of it. What a comment interrupts goes on indented further.
/// - A list `= […]` or `@x(…)` that ends with a comma or has a comment on a line of its own is written with one element
///   a line, or, of plain numbers and names, with as many as fit. When a line has more than 100 columns its widest list
///   is. Lists within lists stay on one line.
/// - Numbers, texts and words are as they were. Lines end with a line feed, the last one too.
///
/// # Examples
/// ```
/// use zeroipc_codegen::{Source, format};
///
/// let source = Source::new("point.zipc", "struct Point{x:f32;y:f32; // up\n}");
/// assert_eq!(format(&source).unwrap(), "struct Point {\n    x: f32;\n    y: f32;  // up\n}\n");
/// ```
///
/// # Errors
/// A schema that cannot be read, or has more than 1 MiB. Errors of meaning, such as an unknown type, are none here.
pub fn format(source: &Source) -> Result<String, Report> {
    let mut errors = Diagnostics::default();
    if source.text.len() > MAX_FILE {
        errors.push(errors::file_too_large(source.text.len(), MAX_FILE));
        return Err(errors.into_report(&Source { text: String::new(), ..source.clone() }));
    }
    syntax::parse(&source.text, &mut errors);
    if errors.has_errors() {
        return Err(errors.into_report(source));
    }
    Ok(lay_out(&source.text))
}

/// A schema without errors as the formatter writes it.
pub(crate) fn lay_out(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    lines::lay_out(tokens::Pieces::new(&text))
}
