//! What goes on which line.

use crate::fmt::lists;
use crate::fmt::page::{INDENT, Page, WIDTH};
use crate::fmt::tokens::{Piece, Pieces, Role};

/// Items between which an empty line is left to the author.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    /// The start and the end of the file.
    Edge,
    /// `//!`, `zipc` and `namespace`.
    Header,
    Import,
    /// Constants, aliases and assertions of one line.
    Line,
    /// Everything else.
    Block,
}

/// What is enclosed by brackets and written with one element a line.
struct Body {
    indent: usize,
    separator: &'static str,
    /// The closing bracket.
    close: usize,
    /// Whether the last element gets a separator too.
    last: bool,
}

struct Layout<'a> {
    pieces: Pieces<'a>,
    /// The next piece.
    at: usize,
    page: Page,
}

pub(super) fn lay_out(pieces: Pieces<'_>) -> String {
    let mut layout = Layout { pieces, at: 0, page: Page::default() };
    let mut before = Group::Edge;
    while layout.at < layout.pieces.len() {
        let first = layout.page.len();
        let author = layout.pieces[layout.at].newlines > 1;
        let group = layout.item();
        layout.page.set_blank(first, has_blank(before, group, author));
        before = group;
    }
    layout.page.render()
}

/// Whether an empty line stands between two items; `author` is whether one is written.
fn has_blank(before: Group, group: Group, author: bool) -> bool {
    match (before, group) {
        (Group::Edge, _) => false,
        (_, Group::Edge) => author,
        (Group::Block, _) => true,
        _ => before != group || author,
    }
}

impl Layout<'_> {
    // --- items ---

    /// Writes an item with everything in front of it, or a line of the file's documentation.
    fn item(&mut self) -> Group {
        let group = self.group();
        let mut tight = true;
        while let Some(piece) = self.pieces.get(self.at) {
            let blank = !tight && piece.newlines > 1;
            let file_doc = piece.role == Role::FileDoc;
            let Some(clings) = self.front(0, blank) else { break };
            if file_doc {
                return group;
            }
            tight = clings;
        }
        if self.at == self.pieces.len() {
            return group;
        }
        let blank = !tight && self.pieces[self.at].newlines > 1;
        self.page.begin(0, blank);
        let first = self.page.len();
        self.definition();
        if self.page.len() > first { Group::Block } else { group }
    }

    /// What the next item is.
    fn group(&self) -> Group {
        let mut at = self.at;
        while let Some(piece) = self.pieces.get(at) {
            match piece.role {
                Role::LineComment | Role::BlockComment | Role::Doc => at += 1,
                Role::Punct("@") => at = self.pieces.attribute_end(at) + 1,
                Role::FileDoc => return Group::Header,
                _ => {
                    return match piece.text {
                        "zipc" | "namespace" => Group::Header,
                        "import" => Group::Import,
                        "const" | "type" | "assert" => Group::Line,
                        _ => Group::Block,
                    };
                }
            }
        }
        Group::Edge
    }

    /// Writes an item from its first word on.
    fn definition(&mut self) {
        let start = self.at;
        let separator = match self.pieces[start].text {
            "enum" | "flags" | "variant" => ",",
            _ => ";",
        };
        let (last, _) = self.extent(&[";", "{"], self.pieces.len());
        self.code(last, 0);
        if let Some(close) = self.pieces[last].close.filter(|_| self.pieces.is(last, "{")) {
            if self.fits_one_line(start, last, close, separator) {
                self.code(close, 0);
            } else {
                self.elements(&Body { indent: INDENT, separator, close, last: true });
                self.page.begin(0, false);
                self.code(close, 0);
            }
            let semicolon = self.pieces.code_from(self.at);
            if self.pieces.is(semicolon, ";") {
                self.code(semicolon, 0);
            }
        }
        self.behind(false);
    }

    /// Whether the body in `open..=close` stays on the line of its item: when it is empty, and when it holds values of
    /// which none asks for a line of its own.
    fn fits_one_line(&self, start: usize, open: usize, close: usize, separator: &str) -> bool {
        let in_front =
            |at: usize| self.pieces.is(at, "@") && (self.pieces.is(at - 1, "{") || self.pieces.is(at - 1, ","));
        let asks = |at: usize| self.pieces[at].is_comment() || self.pieces[at].is_doc() || in_front(at);
        close == open + 1
            || (separator == ","
                && !self.pieces.is(close - 1, ",")
                && !(open + 1..close).any(asks)
                && self.pieces.width(start, close) <= WIDTH)
    }

    /// The last piece of what begins here, and whether it is one of `ends`; otherwise what begins here ends at `limit`.
    fn extent(&self, ends: &[&str], limit: usize) -> (usize, bool) {
        let (mut at, mut last) = (self.at, self.at);
        while at < limit {
            let piece = &self.pieces[at];
            if ends.iter().any(|end| piece.is(end)) {
                return (at, true);
            }
            let behind = piece.close.filter(|close| *close < limit).unwrap_or(at);
            if !piece.is_comment() {
                last = behind;
            }
            at = behind + 1;
        }
        (last, false)
    }

    // --- bodies and broken lists ---

    /// Writes what is in a body, up to its closing bracket, which is to begin a line.
    fn elements(&mut self, body: &Body) {
        self.behind(true);
        let mut tight = true;
        while self.at < body.close {
            let blank = !tight && self.pieces[self.at].newlines > 1;
            tight = match self.front(body.indent, blank) {
                Some(clings) => clings,
                None => {
                    self.element(body, blank);
                    false
                }
            };
        }
        self.page.close();
    }

    fn element(&mut self, body: &Body, blank: bool) {
        let (last, separated) = self.extent(&[body.separator], body.close);
        self.page.begin(body.indent, blank);
        self.code(last, body.indent);
        if !separated && body.last && body.separator == "," {
            self.page.put(",", false);
        }
        self.behind(false);
    }

    /// Writes the list at the next bracket, one element a line; plain numbers and names fill the lines.
    fn list(&mut self, close: usize, indent: usize) {
        let open = self.at;
        let last = self.pieces.is(open, "[");
        self.piece(indent);
        let inner = indent + INDENT;
        if lists::is_plain(&self.pieces, open, close) {
            self.fill(close, inner, last);
        } else {
            self.elements(&Body { indent: inner, separator: ",", close, last });
        }
        self.page.close();
        self.page.begin(indent, false);
        self.piece(indent);
    }

    fn fill(&mut self, close: usize, indent: usize, comma: bool) {
        let mut column = WIDTH;
        while self.at < close {
            let (last, separated) = self.extent(&[","], close);
            let width = self.pieces.width(self.at, last) + usize::from(!separated);
            if column + 1 + width > WIDTH {
                self.page.close();
                column = indent;
            } else {
                column += 1;
            }
            column += width;
            self.page.begin(indent, false);
            while self.at <= last {
                self.piece(indent);
            }
            if !separated && comma {
                self.page.put(",", false);
            }
        }
    }

    // --- pieces ---

    /// Writes what stands in front of an element on lines of its own: comments, documentation and attributes. `None`
    /// when there is nothing, otherwise whether it clings to what follows.
    fn front(&mut self, indent: usize, blank: bool) -> Option<bool> {
        let piece = &self.pieces[self.at];
        let role = piece.role;
        match role {
            Role::Doc | Role::FileDoc => {
                self.page.begin(indent, blank);
                self.page.put(piece.text, false);
                self.page.close();
                self.at += 1;
            }
            Role::LineComment | Role::BlockComment => {
                self.page.begin(indent, blank);
                // A block comment that shares its line with what follows.
                let shares = |next: &Piece<'_>| next.newlines == 0 && !next.is_doc() && !next.closes();
                let closes = role == Role::LineComment || !self.pieces.get(self.at + 1).is_some_and(shares);
                self.page.put(piece.text, piece.space);
                if closes {
                    self.page.close();
                }
                self.at += 1;
            }
            Role::Punct("@") => {
                self.page.begin(indent, blank);
                self.code(self.pieces.attribute_end(self.at), indent);
                self.behind(false);
            }
            _ => return None,
        }
        Some(matches!(role, Role::Doc | Role::Punct(_)))
    }

    /// Writes the pieces up to `last` on one line, as far as comments and lists let it.
    fn code(&mut self, last: usize, indent: usize) {
        let broken = lists::broken(&self.pieces, self.at, last, indent);
        let mut broken = broken.into_iter().peekable();
        while self.at <= last {
            match self.pieces[self.at].close {
                Some(close) if broken.next_if_eq(&self.at).is_some() => self.list(close, indent),
                _ => self.piece(indent),
            }
        }
    }

    /// Writes one piece of code, or a comment or documentation within code. What a comment pushes to a new line is
    /// indented further.
    fn piece(&mut self, indent: usize) {
        let piece = &self.pieces[self.at];
        let own_line =
            piece.is_doc() || (piece.is_comment() && piece.newlines > 0 && self.pieces.newline_behind(self.at));
        if own_line {
            self.page.close();
        }
        self.page.begin(if piece.is("{") { indent } else { indent + INDENT }, false);
        if piece.is_line_comment() && !own_line {
            self.page.put_behind(piece.text);
        } else {
            self.page.put(piece.text, piece.space);
        }
        if own_line || piece.is_line_comment() {
            self.page.close();
        }
        self.at += 1;
    }

    /// Ends the line with the comments that stand behind it; `opened` when it ends with an opening bracket.
    fn behind(&mut self, opened: bool) {
        let start = self.at;
        let mut end = start;
        while let Some(piece) = self.pieces.get(end).filter(|piece| piece.is_comment() && piece.newlines == 0) {
            end += 1;
            if piece.is_line_comment() {
                break;
            }
        }
        let belongs =
            self.pieces.get(end).is_none_or(|next| next.newlines > 0 || next.is_doc() || (next.closes() && !opened));
        if belongs {
            (start..end).for_each(|at| self.page.put_behind(self.pieces[at].text));
            self.at = end;
        }
        self.page.close();
    }
}
