//! What the formatter moves: each token as it is written, comments and documentation included, with what its
//! surroundings say about it.

use crate::diagnostic::Diagnostics;
use crate::fmt::spacing;
use crate::syntax::lex::{Kind, lex_all};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A name, a number or a text.
    Word,
    Punct(&'static str),
    /// `//` to the end of the line.
    LineComment,
    /// `/* … */`.
    BlockComment,
    /// `///`.
    Doc,
    /// `//!`.
    FileDoc,
}

/// One token.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    pub(super) role: Role,
    /// As it is written.
    pub(super) text: &'a str,
    /// How many line ends stand in front of it, at most 2.
    pub(super) newlines: usize,
    /// Whether a space belongs in front of it when it does not begin a line.
    pub(super) space: bool,
    /// For an opening bracket, the index of its closing one.
    pub(super) close: Option<usize>,
    /// The columns of all pieces up to this one, if all stood on one line.
    columns: usize,
}

impl Piece<'_> {
    pub(super) fn is(&self, punct: &str) -> bool {
        matches!(self.role, Role::Punct(found) if found == punct)
    }

    pub(super) fn is_comment(&self) -> bool {
        matches!(self.role, Role::LineComment | Role::BlockComment)
    }

    pub(super) fn is_line_comment(&self) -> bool {
        self.role == Role::LineComment
    }

    pub(super) fn is_doc(&self) -> bool {
        matches!(self.role, Role::Doc | Role::FileDoc)
    }

    pub(super) fn closes(&self) -> bool {
        matches!(self.role, Role::Punct("}" | "]" | ")"))
    }

    /// A comment of several lines has no width that lines could be measured by.
    fn width(&self) -> usize {
        if self.text.contains('\n') { 0 } else { self.text.chars().count() }
    }
}

/// The tokens of a file.
#[derive(Debug)]
pub(super) struct Pieces<'a>(Vec<Piece<'a>>);

impl<'a> Pieces<'a> {
    /// The pieces of a text that has no lexical errors and no carriage returns.
    pub(super) fn new(text: &'a str) -> Pieces<'a> {
        let mut pieces = read(text);
        drop_nested_commas(&mut pieces);
        match_brackets(&mut pieces);
        spacing::decide(&mut pieces);
        let mut columns = 0;
        for piece in &mut pieces {
            columns += usize::from(piece.space) + piece.width();
            piece.columns = columns;
        }
        Pieces(pieces)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<&Piece<'a>> {
        self.0.get(at)
    }

    pub(super) fn is(&self, at: usize, punct: &str) -> bool {
        self.get(at).is_some_and(|piece| piece.is(punct))
    }

    /// Whether the next piece begins a new line in the source.
    pub(super) fn newline_behind(&self, at: usize) -> bool {
        self.get(at + 1).is_none_or(|next| next.newlines > 0)
    }

    /// The first piece from `at` on that is no comment.
    pub(super) fn code_from(&self, at: usize) -> usize {
        let comments = self.0.get(at..).unwrap_or(&[]).iter().take_while(|piece| piece.is_comment());
        at + comments.count()
    }

    /// The last piece in front of `at` that is no comment.
    pub(super) fn code_before(&self, at: usize) -> Option<&Piece<'a>> {
        self.0.get(..at)?.iter().rev().find(|piece| !piece.is_comment())
    }

    /// The columns from `first` to `last`, both included, on one line.
    pub(super) fn width(&self, first: usize, last: usize) -> usize {
        let (Some(first), Some(last)) = (self.get(first), self.get(last)) else { return 0 };
        (last.columns + first.width()).saturating_sub(first.columns)
    }

    /// The last piece of the attribute whose `@` is at `at`.
    pub(super) fn attribute_end(&self, at: usize) -> usize {
        let name = self.code_from(at + 1);
        let open = self.code_from(name + 1);
        let close = self.get(open).filter(|piece| piece.is("(")).and_then(|piece| piece.close);
        close.unwrap_or(name).min(self.len().saturating_sub(1))
    }
}

impl<'a> std::ops::Index<usize> for Pieces<'a> {
    type Output = Piece<'a>;

    fn index(&self, at: usize) -> &Piece<'a> {
        &self.0[at]
    }
}

fn read(text: &str) -> Vec<Piece<'_>> {
    // Whoever formats has reported the errors of this text already.
    let tokens = lex_all(text, &mut Diagnostics::default());
    let mut behind = 0;
    let mut pieces = Vec::with_capacity(tokens.len());
    for token in &tokens {
        let range = token.span.range();
        let written = text[range.clone()].trim_end();
        let role = match &token.kind {
            Kind::End => break,
            Kind::Ident(_) | Kind::Number { .. } | Kind::Float(_) | Kind::Text(_) => Role::Word,
            Kind::Doc(_) => Role::Doc,
            Kind::FileDoc(_) => Role::FileDoc,
            Kind::Comment(_) if written.starts_with("//") => Role::LineComment,
            Kind::Comment(_) => Role::BlockComment,
            Kind::Punct(punct) => Role::Punct(punct),
        };
        let newlines = text[behind..range.start].matches('\n').take(2).count();
        pieces.push(Piece { role, text: written, newlines, space: false, close: None, columns: 0 });
        behind = range.end;
    }
    pieces
}

/// Takes away the last comma of a list within brackets: only the outermost list can ask for lines of its own.
fn drop_nested_commas(pieces: &mut Vec<Piece<'_>>) {
    let mut depth = 0usize;
    let mut comma = None;
    let mut dropped = Vec::new();
    for (i, piece) in pieces.iter().enumerate() {
        match piece.role {
            Role::Punct("," | ";") => comma = (piece.is(",") && depth > 1).then_some(i),
            Role::Punct("]") => dropped.extend(comma.take()),
            Role::LineComment | Role::BlockComment => {}
            _ => comma = None,
        }
        match piece.role {
            Role::Punct("(" | "[") => depth += 1,
            Role::Punct(")" | "]") => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    for at in &dropped {
        let newlines = pieces[*at].newlines;
        if let Some(next) = pieces.get_mut(at + 1) {
            next.newlines = (next.newlines + newlines).min(2);
        }
    }
    let mut dropped = dropped.into_iter().peekable();
    let mut at = 0;
    pieces.retain(|_| {
        at += 1;
        dropped.next_if_eq(&(at - 1)).is_none()
    });
}

fn match_brackets(pieces: &mut [Piece<'_>]) {
    let mut open = Vec::new();
    for at in 0..pieces.len() {
        let wanted = match pieces[at].role {
            Role::Punct("{" | "[" | "(") => {
                open.push(at);
                continue;
            }
            Role::Punct("}") => "{",
            Role::Punct("]") => "[",
            Role::Punct(")") => "(",
            _ => continue,
        };
        if let Some(from) = open.pop_if(|from| pieces[*from].is(wanted)) {
            pieces[from].close = Some(at);
        }
    }
}
