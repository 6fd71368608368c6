//! Where the parser stands: looking at tokens, taking them, saying what was expected, and going on after an error.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;
use crate::syntax::ast::Ident;
use crate::syntax::errors;
use crate::syntax::lex::{Kind, Token, lex};

/// The error is reported; the caller recovers.
pub(super) struct Broken;
pub(super) type Parsed<T> = Result<T, Broken>;

/// How deep types and expressions may be nested in the text.
pub(super) const MAX_NESTING: u32 = 64;
/// How many operators one expression may have.
pub(super) const MAX_OPERATORS: u32 = 128;
const ITEM_WORDS: [&str; 11] =
    ["const", "type", "enum", "flags", "struct", "variant", "segment", "assert", "namespace", "import", "zipc"];

pub(super) struct Parser<'a> {
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    nesting: u32,
    pub(super) operators: u32,
    quiet: Vec<Span>,
    errors: &'a mut Diagnostics,
}

impl<'a> Parser<'a> {
    /// A parser in front of the first token of `text`.
    pub(super) fn new(text: &str, errors: &'a mut Diagnostics) -> Parser<'a> {
        let tokens = lex(text, errors);
        let quiet = quiet_lines(text, errors.errors());
        Parser { tokens, at: 0, nesting: 0, operators: 0, quiet, errors }
    }

    // --- tokens ---

    pub(super) fn peek(&self) -> &Kind {
        &self.tokens[self.at].kind
    }

    pub(super) fn span(&self) -> Span {
        self.tokens[self.at].span
    }

    pub(super) fn previous(&self) -> Span {
        self.at.checked_sub(1).map_or(Span::new(0, 0), |at| self.tokens[at].span)
    }

    pub(super) fn advance(&mut self) {
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
    }

    pub(super) fn is(&self, punct: &str) -> bool {
        matches!(self.peek(), Kind::Punct(found) if *found == punct)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Kind::Ident(found) if found == word)
    }

    pub(super) fn eat(&mut self, punct: &str) -> bool {
        let found = self.is(punct);
        if found {
            self.advance();
        }
        found
    }

    /// Takes a `>`, also when it is the first half of a `>>`.
    pub(super) fn eat_angle(&mut self) -> bool {
        if self.is(">>") {
            let token = &mut self.tokens[self.at];
            token.kind = Kind::Punct(">");
            token.span.start += 1;
            return true;
        }
        self.eat(">")
    }

    pub(super) fn report(&mut self, error: Diagnostic) -> Broken {
        let at = error.span().start;
        let next = self.quiet.partition_point(|line| line.start <= at);
        let quiet = next.checked_sub(1).is_some_and(|i| at <= self.quiet[i].end);
        if !quiet {
            self.errors.push(error);
        }
        Broken
    }

    pub(super) fn expected(&mut self, what: &str) -> Broken {
        let error = errors::expected(self.span(), what, &describe(self.peek()));
        self.report(error)
    }

    pub(super) fn expect(&mut self, punct: &str, place: &str) -> Parsed<()> {
        if self.eat(punct) { Ok(()) } else { Err(self.expected(&format!("`{punct}` {place}"))) }
    }

    /// The end of a line of the schema. When it is missing and the next thing stands on a new line, reading goes on.
    pub(super) fn semicolon(&mut self, text_before: &str) -> Parsed<()> {
        if self.eat(";") {
            return Ok(());
        }
        let error = errors::missing_semicolon(self.previous(), text_before, &describe(self.peek()));
        let broken = self.report(error);
        if self.is("}") || matches!(self.peek(), Kind::End | Kind::Doc(_) | Kind::Ident(_)) {
            Ok(())
        } else {
            Err(broken)
        }
    }

    pub(super) fn ident(&mut self, what: &str) -> Parsed<Ident> {
        match self.peek() {
            Kind::Ident(text) => {
                let ident = Ident { text: text.clone(), span: self.span() };
                self.advance();
                Ok(ident)
            }
            _ => Err(self.expected(what)),
        }
    }

    pub(super) fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nesting == MAX_NESTING {
            let error = errors::too_deep(self.span(), MAX_NESTING);
            return Err(self.report(error));
        }
        if self.nesting == 0 {
            self.operators = 0;
        }
        self.nesting += 1;
        let result = parse(self);
        self.nesting -= 1;
        result
    }

    // --- recovery ---

    /// Skips to the next item.
    pub(super) fn skip_item(&mut self) {
        let mut depth = 0u32;
        let start = self.at;
        loop {
            match self.peek() {
                Kind::End => return,
                Kind::Punct("{") => depth += 1,
                Kind::Punct("}") => depth = depth.saturating_sub(1),
                Kind::Ident(word) if depth == 0 && self.at > start && ITEM_WORDS.contains(&word.as_str()) => return,
                Kind::Doc(_) if depth == 0 && self.at > start => return,
                _ => {}
            }
            let done = depth == 0 && (self.is(";") || self.is("}"));
            self.advance();
            if done {
                return;
            }
        }
    }

    /// Skips behind the next of `ends`, or to the `}` that closes the body.
    pub(super) fn skip_member(&mut self, ends: &[&str]) {
        let mut depth = 0u32;
        loop {
            match self.peek() {
                Kind::End => return,
                Kind::Punct("}") if depth == 0 => return,
                Kind::Punct("{") => depth += 1,
                Kind::Punct("}") => depth -= 1,
                Kind::Punct(punct) if depth == 0 && ends.contains(punct) => return self.advance(),
                _ => {}
            }
            self.advance();
        }
    }

    /// Whether a new item begins here, documentation in front of it included. Inside a body the `}` is then missing: no
    /// member begins with two words.
    pub(super) fn is_at_item(&self) -> bool {
        let mut rest = self.tokens[self.at..].iter().skip_while(|token| matches!(token.kind, Kind::Doc(_)));
        let word =
            matches!(rest.next(), Some(Token { kind: Kind::Ident(word), .. }) if ITEM_WORDS.contains(&word.as_str()));
        word && matches!(rest.next(), Some(Token { kind: Kind::Ident(_), .. }))
    }
}

/// The lines in which a lexical error makes further complaints worthless, in order.
fn quiet_lines(text: &str, errors: &[Diagnostic]) -> Vec<Span> {
    let mut lines: Vec<Span> = Vec::new();
    for error in errors {
        let at = error.span().start as usize;
        if lines.last().is_some_and(|line| at <= line.end as usize) {
            continue;
        }
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let swallowed = error.code == errors::UNTERMINATED_COMMENT;
        let end = if swallowed { text.len() } else { text[at..].find('\n').map_or(text.len(), |len| at + len) };
        lines.push(Span::new(start, end));
    }
    lines
}

pub(super) fn describe(kind: &Kind) -> String {
    match kind {
        Kind::Ident(word) => format!("`{word}`"),
        Kind::Number { .. } | Kind::Float(_) => "a number".to_owned(),
        Kind::Text(_) => "a text in quotes".to_owned(),
        Kind::Doc(_) | Kind::FileDoc(_) => "a documentation comment".to_owned(),
        Kind::Comment(_) => "a comment".to_owned(),
        Kind::Punct(punct) => format!("`{punct}`"),
        Kind::End => "the end of the file".to_owned(),
    }
}
