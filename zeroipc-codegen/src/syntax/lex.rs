//! Text to tokens. Every character is consumed exactly once, so this ends on any input.

use crate::diagnostic::Diagnostics;
use crate::source::Span;
use crate::syntax::errors;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Ident(String),
    Number {
        value: u128,
        hex: bool,
    },
    Float(f64),
    Text(String),
    /// `///`, without the slashes.
    Doc(String),
    /// `//!`, without the slashes.
    FileDoc(String),
    /// A comment without meaning, delimiters included; only [`lex_all`] keeps them.
    Comment(String),
    /// `{ } [ ] ( ) < > << >> <= >= == != : ; , = @ . + - * / % & | ^ ~`
    Punct(&'static str),
    End,
}

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

/// Longer ones first.
const PUNCTUATION: [&str; 29] = [
    "<<", ">>", "<=", ">=", "==", "!=", "{", "}", "[", "]", "(", ")", "<", ">", ":", ";", ",", "=", "@", ".", "+", "-",
    "*", "/", "%", "&", "|", "^", "~",
];

/// The tokens of `text`; the last one is [`Kind::End`].
pub(crate) fn lex(text: &str, errors: &mut Diagnostics) -> Vec<Token> {
    let mut tokens = lex_all(text, errors);
    tokens.retain(|token| !matches!(token.kind, Kind::Comment(_)));
    tokens
}

/// As [`lex`], with the comments.
pub(crate) fn lex_all(text: &str, errors: &mut Diagnostics) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0, errors, tokens: Vec::new() };
    if text.starts_with('\u{feff}') {
        lexer.at = '\u{feff}'.len_utf8();
    }
    while lexer.at < text.len() {
        lexer.token();
    }
    let end = Span::new(text.len(), text.len());
    lexer.tokens.push(Token { kind: Kind::End, span: end });
    lexer.tokens
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    errors: &'a mut Diagnostics,
    tokens: Vec<Token>,
}

/// Characters that make text read differently from what it says.
pub(crate) fn is_direction_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn push(&mut self, kind: Kind, len: usize) {
        self.tokens.push(Token { kind, span: Span::new(self.at, self.at + len) });
        self.at += len;
    }

    fn token(&mut self) {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return };
        if first.is_whitespace() {
            self.at += first.len_utf8();
        } else if rest.starts_with("//") {
            self.line_comment();
        } else if rest.starts_with("/*") {
            self.block_comment();
        } else if first.is_ascii_digit() {
            self.number();
        } else if is_word(first) {
            let word: &str = word(rest);
            self.push(Kind::Ident(word.to_owned()), word.len());
        } else if first == '"' {
            self.string();
        } else if let Some(punct) = PUNCTUATION.iter().find(|p| rest.starts_with(**p)) {
            self.push(Kind::Punct(punct), punct.len());
        } else {
            let len = first.len_utf8();
            self.errors.push(errors::unexpected_character(Span::new(self.at, self.at + len), first));
            self.at += len;
        }
    }

    fn line_comment(&mut self) {
        let line = self.rest().lines().next().unwrap_or("");
        let len = line.len();
        self.check_comment(line, false);
        if line.starts_with("///") && !line.starts_with("////") {
            self.push(Kind::Doc(doc_text(&line[3..])), len);
        } else if let Some(doc) = line.strip_prefix("//!") {
            self.push(Kind::FileDoc(doc_text(doc)), len);
        } else {
            self.push(Kind::Comment(line.trim_end().to_owned()), len);
        }
    }

    fn block_comment(&mut self) {
        let rest = self.rest();
        let mut depth = 0u32;
        let mut at = 0;
        while at < rest.len() {
            if rest[at..].starts_with("/*") {
                depth += 1;
                at += 2;
            } else if rest[at..].starts_with("*/") {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    self.check_comment(&rest[..at], true);
                    self.push(Kind::Comment(rest[..at].to_owned()), at);
                    return;
                }
            } else {
                at += rest[at..].chars().next().map_or(1, char::len_utf8);
            }
        }
        self.errors.push(errors::unterminated_comment(Span::new(self.at, self.at + 2)));
        self.at = self.text.len();
    }

    fn check_comment(&mut self, comment: &str, breaks: bool) {
        let harmless = |c: char| c == '\t' || (breaks && matches!(c, '\n' | '\r'));
        let bad = |c: char| is_direction_control(c) || (c.is_control() && !harmless(c));
        if let Some((i, c)) = comment.char_indices().find(|(_, c)| bad(*c)) {
            let at = self.at + i;
            self.errors.push(errors::unexpected_character(Span::new(at, at + c.len_utf8()), c));
        }
    }

    fn number(&mut self) {
        let float = float_len(self.rest());
        if float > 0 {
            let digits = self.rest()[..float].replace('_', "");
            let value = digits.parse().ok().filter(|value: &f64| value.is_finite());
            let mantissa = digits.split(['e', 'E']).next().unwrap_or("");
            let why = match value {
                None => Some("it is too large for 64 bits"),
                Some(0.0) if mantissa.contains(|c: char| ('1'..='9').contains(&c)) => {
                    Some("it is too small for 64 bits, where it would be 0")
                }
                Some(_) => None,
            };
            if let Some(why) = why {
                let span = Span::new(self.at, self.at + float);
                self.errors.push(errors::bad_number(span, &digits, why));
            }
            self.push(Kind::Float(value.unwrap_or(0.0)), float);
            return;
        }
        let word = word(self.rest());
        let span = Span::new(self.at, self.at + word.len());
        let value = match number_value(word) {
            Ok(value) => value,
            Err(why) => {
                self.errors.push(errors::bad_number(span, word, why));
                0
            }
        };
        let hex = word.starts_with("0x") || word.starts_with("0b");
        self.push(Kind::Number { value, hex }, word.len());
    }

    fn string(&mut self) {
        let start = self.at;
        let mut value = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((i, c)) = chars.next() {
            let at = start + i;
            match c {
                '"' => {
                    self.push(Kind::Text(value), i + 1);
                    return;
                }
                '\n' => break,
                '\\' => match chars.next() {
                    Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                    Some((_, other)) if other != '\n' => {
                        let span = Span::new(at, at + 1 + other.len_utf8());
                        self.errors.push(errors::bad_escape(span, other));
                    }
                    _ => break,
                },
                c if c.is_control() || is_direction_control(c) => {
                    self.errors.push(errors::unexpected_character(Span::new(at, at + c.len_utf8()), c));
                }
                c => value.push(c),
            }
        }
        // The text ends where it probably should have, so that what follows is read as it is meant.
        let ends = |c: char| c.is_whitespace() || matches!(c, ')' | ';' | '{' | '}' | ',');
        let rest = &self.rest()[1..];
        let len = 1 + rest.find(ends).unwrap_or(rest.len());
        self.errors.push(errors::unterminated_string(Span::new(start, start + len)));
        self.push(Kind::Text(value), len);
    }
}

fn word(text: &str) -> &str {
    let end = text.find(|c| !is_word(c)).unwrap_or(text.len());
    &text[..end]
}

/// The length of the float that `text` begins with, or 0 if it begins with a whole number.
fn float_len(text: &str) -> usize {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or("");
        let len = rest.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(rest.len());
        if rest.starts_with(|c: char| c.is_ascii_digit()) { len } else { 0 }
    };
    let whole = digits(0);
    let mut end = whole;
    if text[end..].starts_with('.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    // What goes on as a word is a number that is written wrongly, which is told as one.
    if end == whole || text[end..].starts_with(is_word) { 0 } else { end }
}

fn doc_text(line: &str) -> String {
    let line = line.strip_prefix(' ').unwrap_or(line);
    line.trim_end().to_owned()
}

/// The value of a number with its radix prefix, separators and size suffix; or why it is none.
fn number_value(word: &str) -> Result<u128, &'static str> {
    const SUFFIXES: [(&str, u128); 3] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
    let (digits, radix) = match word.get(..2) {
        Some("0x") => (&word[2..], 16),
        Some("0b") => (&word[2..], 2),
        _ => (word, 10),
    };
    let (digits, scale) = SUFFIXES
        .iter()
        .find_map(|(suffix, scale)| digits.strip_suffix(suffix).map(|digits| (digits, *scale)))
        .unwrap_or((digits, 1));
    let digits: String = digits.chars().filter(|c| *c != '_').collect();
    if digits.is_empty() {
        return Err("it has no digits");
    }
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return Err("write decimal digits, `0x` and hexadecimal ones, or `0b` and binary ones, `_` between them");
    }
    let value = u128::from_str_radix(&digits, radix).ok().and_then(|value| value.checked_mul(scale));
    value.filter(|value| *value <= u128::from(u64::MAX)).ok_or("it does not fit 64 bits")
}
