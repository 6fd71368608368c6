//! Where tokens stand in the text of the file.

use syn::spanned::Spanned;

use crate::source::Span;

#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    /// The whole text.
    pub(super) text: &'a str,
    /// Where that part of it begins that was read.
    pub(super) start: usize,
}

impl<'a> Places<'a> {
    /// The place of a node of the tree.
    pub(super) fn of(&self, node: &impl Spanned) -> Span {
        self.span(node.span())
    }

    pub(super) fn span(&self, span: proc_macro2::Span) -> Span {
        let range = span.byte_range();
        let end = self.text.len();
        Span::new((self.start + range.start).min(end), (self.start + range.end).min(end))
    }

    /// The text of a node.
    pub(super) fn text_of(&self, node: &impl Spanned) -> &'a str {
        self.text.get(self.of(node).range()).unwrap_or("")
    }

    /// The white space that the line of a place begins with.
    pub(super) fn indentation(&self, span: Span) -> &'a str {
        let before = self.text.get(..span.start as usize).unwrap_or("");
        let line = &before[before.rfind('\n').map_or(0, |newline| newline + 1)..];
        &line[..line.len() - line.trim_start().len()]
    }
}
