//! Accept files: the changes that somebody has looked at and wants.

use super::change::Class;
use crate::source::{Source, Span};

/// Changes that are told but do not fail: one line each, as [`crate::Changes::render`] prints them in short form, with or
/// without `file:line:column: ` in front. Empty lines and lines that begin with `#` say nothing.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub(super) source: Source,
    pub(super) lines: Vec<Line>,
}

#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) span: Span,
    /// From the class on.
    pub(super) text: String,
}

impl Accepted {
    /// Reads an accept file. A line that makes no sense fits no change, and [`crate::Changes::accept`] warns of it.
    pub fn parse(source: Source) -> Accepted {
        let mut lines = Vec::new();
        let mut start = 0;
        for line in source.text.split('\n') {
            let text = line.trim();
            if !text.is_empty() && !text.starts_with('#') {
                let at = start + (line.len() - line.trim_start().len());
                lines.push(Line { span: Span::new(at, at + text.len()), text: without_place(text).to_owned() });
            }
            start += line.len() + 1;
        }
        Accepted { source, lines }
    }
}

/// A line without the place in front of the class.
fn without_place(line: &str) -> &str {
    let starts = Class::ALL.into_iter().filter_map(|class| line.find(&format!(": {class}[ZIPC")));
    starts.min().map_or(line, |at| &line[at + 2..])
}
