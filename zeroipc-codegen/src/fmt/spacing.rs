//! Whether a space belongs between two tokens of one line.

use crate::fmt::tokens::{Piece, Role};

/// How a piece sits beside its neighbours.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Word,
    /// A word with an expression behind it: a bracket there is no argument list.
    Keyword,
    /// An opening bracket, the `<` of element types included.
    Open,
    /// A closing bracket, likewise.
    Close,
    /// `(` and `[`, which cling to the word in front of them.
    Call,
    /// `,`, `;` and `:`.
    Mark,
    Dot,
    /// `@`, `-` and `~` in front of what they belong to.
    Prefix,
    Comment,
    /// `{`, `}`, `=` and operators between two values.
    Loose,
}

/// Sets `space` of every piece.
pub(super) fn decide(pieces: &mut [Piece<'_>]) {
    let mut walk = Walk::default();
    let mut before = None;
    for piece in pieces {
        let fit = walk.fit(piece);
        piece.space = before.is_some_and(|(role, before)| space(role, before, piece.role, fit));
        before = Some((piece.role, fit));
    }
}

fn space(left: Role, before: Fit, right: Role, fit: Fit) -> bool {
    let empty = left == Role::Punct("{") && right == Role::Punct("}");
    match (before, fit) {
        (_, Fit::Mark | Fit::Close | Fit::Dot) => false,
        (Fit::Open | Fit::Call, _) => false,
        (_, Fit::Comment) | (Fit::Comment, _) => true,
        (Fit::Dot | Fit::Prefix, _) => false,
        (Fit::Word, Fit::Call | Fit::Open) | (Fit::Close, Fit::Call) => false,
        _ => !empty,
    }
}

/// What has been read of the item and the bracket around a piece.
#[derive(Default)]
struct Walk<'a> {
    /// The word that the item begins with; empty in front of it.
    item: &'a str,
    in_body: bool,
    /// How many `(` and `[` are open.
    depth: usize,
    /// The last piece that was no comment, and how it sat.
    last: Option<(Role, Fit)>,
}

impl<'a> Walk<'a> {
    fn fit(&mut self, piece: &Piece<'a>) -> Fit {
        if piece.is_comment() || piece.is_doc() {
            return Fit::Comment;
        }
        let fit = match piece.role {
            Role::Punct(punct) => self.punct(punct),
            _ => self.word(piece.text),
        };
        self.last = Some((piece.role, fit));
        fit
    }

    fn follows(&self, punct: &str) -> bool {
        matches!(self.last, Some((Role::Punct(found), _)) if found == punct)
    }

    fn word(&mut self, word: &'a str) -> Fit {
        if self.item.is_empty() && self.depth == 0 && !self.follows("@") {
            self.item = word;
        }
        let takes_expression = match word {
            "assert" => !self.in_body && self.depth == 0,
            "reserved" => self.in_body && self.depth == 0 && (self.follows("{") || self.follows(";")),
            "bit" => self.item == "flags" && self.follows("="),
            _ => false,
        };
        if takes_expression { Fit::Keyword } else { Fit::Word }
    }

    fn punct(&mut self, punct: &str) -> Fit {
        match punct {
            "(" | "[" => {
                self.depth += 1;
                Fit::Call
            }
            ")" | "]" => {
                self.depth = self.depth.saturating_sub(1);
                Fit::Close
            }
            "{" => {
                self.in_body = true;
                Fit::Loose
            }
            "}" => {
                *self = Walk::default();
                Fit::Loose
            }
            ";" if self.depth == 0 && !self.in_body => {
                *self = Walk::default();
                Fit::Mark
            }
            "," | ";" | ":" => Fit::Mark,
            "." => Fit::Dot,
            "@" | "~" => Fit::Prefix,
            "-" if !self.follows_value() => Fit::Prefix,
            // Elsewhere these compare.
            "<" if self.item == "segment" && self.in_body && self.depth == 0 => Fit::Open,
            ">" if self.item == "segment" && self.in_body && self.depth == 0 => Fit::Close,
            _ => Fit::Loose,
        }
    }

    fn follows_value(&self) -> bool {
        matches!(self.last, Some((_, Fit::Word | Fit::Close)))
    }
}
