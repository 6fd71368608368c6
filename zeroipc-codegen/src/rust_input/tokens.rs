//! Rust text to the tokens that matter here. The parser of `syn` goes down one step for each nested piece of syntax, so what
//! it gets is bounded first, and the bodies of functions, which say nothing about layouts, are left out.

use std::str::FromStr;

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

/// How deep brackets may be nested.
pub(super) const MAX_DEPTH: u32 = 128;
/// How many tokens may follow each other without the end of something, brackets included.
pub(super) const MAX_RUN: u32 = 1000;

/// Why there are no tokens.
pub(super) enum Refused {
    /// This is no Rust.
    Lex(Span),
    TooDeep(Span),
    TooLong(Span),
}

/// The tokens of a file without the bodies of functions. `ours` are the macros whose input is looked at.
pub(super) fn read(text: &str, ours: &[&str]) -> Result<TokenStream, Refused> {
    let stream = TokenStream::from_str(text).map_err(|error| Refused::Lex(error.span()))?;
    Walk { ours }.stream(stream, 0, 0)
}

struct Walk<'a> {
    ours: &'a [&'a str],
}

/// What has been seen since something last ended.
#[derive(Clone, Copy, Default)]
struct Run {
    tokens: u32,
    /// A function's body may follow.
    function: bool,
    /// Open `<`, within which a `,` ends nothing.
    angles: u32,
    /// A closure's parameters are open, or a pattern goes on.
    pipe: bool,
}

impl Walk<'_> {
    fn stream(&self, stream: TokenStream, depth: u32, start: u32) -> Result<TokenStream, Refused> {
        let fresh = Run { tokens: start, ..Run::default() };
        let mut run = fresh;
        let mut out: Vec<TokenTree> = Vec::new();
        let mut tokens = stream.into_iter().peekable();
        while let Some(token) = tokens.next() {
            run.tokens += 1;
            if run.tokens > MAX_RUN {
                return Err(Refused::TooLong(token.span()));
            }
            let token = match token {
                TokenTree::Group(group) => {
                    let brace = group.delimiter() == Delimiter::Brace;
                    let group = self.group(group, &out, run, depth)?;
                    if brace && begins_anew(tokens.peek()) {
                        run = fresh;
                    }
                    TokenTree::Group(group)
                }
                TokenTree::Punct(punct) => {
                    let arrow = matches!(out.last(), Some(TokenTree::Punct(before)) if "-=".contains(before.as_char()));
                    match punct.as_char() {
                        ';' => run = fresh,
                        ',' if run.angles == 0 && !run.pipe => run = fresh,
                        '<' => run.angles += 1,
                        '>' if arrow => run.pipe = false,
                        '>' => run.angles = run.angles.saturating_sub(1),
                        '|' => run.pipe = !run.pipe,
                        _ => {}
                    }
                    TokenTree::Punct(punct)
                }
                TokenTree::Ident(ident) => {
                    run.function |= ident == "fn";
                    TokenTree::Ident(ident)
                }
                literal => literal,
            };
            out.push(token);
        }
        Ok(out.into_iter().collect())
    }

    fn group(&self, group: Group, before: &[TokenTree], run: Run, depth: u32) -> Result<Group, Refused> {
        let inside = match macro_name(before) {
            Some(name) if !self.ours.contains(&name.as_str()) => return Ok(group),
            _ if group.delimiter() == Delimiter::Brace && run.function => TokenStream::new(),
            _ if depth >= MAX_DEPTH => return Err(Refused::TooDeep(group.span_open())),
            _ => self.stream(group.stream(), depth + 1, run.tokens)?,
        };
        let mut shrunk = Group::new(group.delimiter(), inside);
        shrunk.set_span(group.span());
        Ok(shrunk)
    }
}

/// The macro whose input the next group is: `name!` or `macro_rules! name`.
fn macro_name(before: &[TokenTree]) -> Option<String> {
    let is_bang = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '!');
    match before {
        [.., TokenTree::Ident(name), bang] if is_bang(bang) => Some(name.to_string()),
        [.., TokenTree::Ident(name), bang, TokenTree::Ident(_)] if is_bang(bang) => Some(name.to_string()),
        _ => None,
    }
}

/// Whether what follows a `}` is something new, and no operator or `else`.
fn begins_anew(next: Option<&TokenTree>) -> bool {
    match next {
        Some(TokenTree::Ident(ident)) => ident != "else" && ident != "as",
        Some(TokenTree::Punct(punct)) => punct.as_char() == '#',
        _ => false,
    }
}
