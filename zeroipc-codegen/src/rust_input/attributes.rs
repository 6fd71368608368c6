//! What stands in `#[…]`: documentation, derives, `repr`, `shm`, `deprecated`, `cfg`.

use proc_macro2::{TokenStream, TokenTree};
use syn::meta::ParseNestedMeta;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, LitInt, LitStr, Meta, Token};

use super::errors;
use super::places::Places;
use super::translate::Translator;
use crate::diagnostic::Diagnostics;
use crate::source::Span;
use crate::syntax::ast;
use crate::syntax::errors::unexpected_character;
use crate::syntax::lex::is_direction_control;

/// What `#[shm(…)]` says.
#[derive(Default)]
pub(super) struct Shm {
    /// The name for other languages.
    pub(super) rename: Option<LitStr>,
    pub(super) unit: Option<LitStr>,
}

/// How the fields of a struct are placed.
pub(super) enum Repr {
    /// As C does, with the alignment that `align` asks for.
    C {
        align: Option<(u64, Span)>,
    },
    /// As the only field.
    Transparent,
    /// What is wrong with it has been told.
    Wrong,
    Missing,
}

/// The `#[cfg_attr(…)]` that say something about a type's layout or its names.
pub(super) fn conditional(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg_attr") => {
            ["repr", "shm", "ShmLayout", "deprecated"].iter().any(|word| mentions(list.tokens.clone(), word))
        }
        _ => false,
    })
}

/// Whether a word stands among tokens.
fn mentions(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => mentions(group.stream(), word),
        _ => false,
    })
}

/// Whether `#[derive(…)]` has `ShmLayout`, be it under a condition, which is then refused.
pub(super) fn is_shared(attributes: &[Attribute]) -> bool {
    if conditional(attributes).any(|attribute| match &attribute.meta {
        Meta::List(list) => mentions(list.tokens.clone(), "ShmLayout"),
        _ => false,
    }) {
        return true;
    }
    let derives = attributes.iter().filter(|attribute| attribute.path().is_ident("derive"));
    let paths = derives.flat_map(|derive| derive.parse_args_with(Punctuated::<syn::Path, Token![,]>::parse_terminated));
    paths.flatten().any(|path| path.segments.last().is_some_and(|last| last.ident == "ShmLayout"))
}

/// Whether something is there in tests only.
pub(super) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).any(|attribute| match &attribute.meta {
        Meta::List(list) => needs_test(list.tokens.clone()),
        _ => false,
    })
}

/// `test`, or `all(…)` with it.
fn needs_test(tokens: TokenStream) -> bool {
    let has_test = |tokens: TokenStream| {
        tokens.into_iter().any(|token| matches!(token, TokenTree::Ident(ident) if ident == "test"))
    };
    match tokens.clone().into_iter().collect::<Vec<_>>().as_slice() {
        [TokenTree::Ident(ident)] => ident == "test",
        [TokenTree::Ident(ident), TokenTree::Group(group)] if ident == "all" => has_test(group.stream()),
        _ => false,
    }
}

/// The text of a literal.
fn text_of(value: &Expr) -> Option<&LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text),
        _ => None,
    }
}

/// The texts of documentation, each with its attribute.
pub(super) fn docs(attributes: &[Attribute]) -> impl Iterator<Item = (&Attribute, String)> {
    attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => Some((attribute, text_of(&meta.value)?.value())),
        _ => None,
    })
}

/// One piece of documentation as lines, without the stars of a block.
fn lines(text: &str) -> Vec<String> {
    if !text.contains('\n') {
        return vec![text.strip_prefix(' ').unwrap_or(text).trim_end().to_owned()];
    }
    let star = |line: &str| {
        let line = line.trim();
        let line = line.strip_prefix('*').map_or(line, |rest| rest.strip_prefix(' ').unwrap_or(rest));
        line.to_owned()
    };
    let mut lines: Vec<String> = text.lines().map(star).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines.drain(..lines.iter().take_while(|line| line.is_empty()).count());
    lines
}

/// Documentation as lines.
pub(super) fn documentation(attributes: &[Attribute], places: Places<'_>, errors: &mut Diagnostics) -> ast::Doc {
    let mut doc = Vec::new();
    for (attribute, text) in docs(attributes) {
        let span = places.of(attribute);
        doc.extend(lines(&text).iter().map(|line| checked(line, span, errors)));
    }
    doc
}

fn checked(text: &str, span: Span, errors: &mut Diagnostics) -> String {
    let bad = |c: char| is_direction_control(c) || (c.is_control() && c != '\t');
    if let Some(c) = text.chars().find(|c| bad(*c)) {
        errors.push(unexpected_character(span, c));
    }
    text.chars().filter(|c| !bad(*c)).collect()
}

/// The name that `#[shm(rename = "…")]` gives, whatever else is there.
pub(super) fn renamed(attributes: &[Attribute]) -> Option<LitStr> {
    let mut rename = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("shm")) {
        // What is wrong here is told when the attribute is read for good.
        let _ = attribute.parse_nested_meta(|meta| {
            let value: LitStr = meta.value()?.parse()?;
            if meta.path.is_ident("rename") && rename.is_none() && !value.value().is_empty() {
                rename = Some(value);
            }
            Ok(())
        });
    }
    rename
}

impl Translator<'_> {
    pub(super) fn doc(&mut self, attributes: &[Attribute]) -> ast::Doc {
        documentation(attributes, self.places, self.errors)
    }

    /// A text as a schema could have it.
    pub(super) fn checked(&mut self, text: &str, span: Span) -> String {
        checked(text, span, self.errors)
    }

    /// `#[deprecated]`, with its reason if it has one.
    pub(super) fn deprecated(&mut self, attributes: &[Attribute]) -> Option<ast::Attribute> {
        let attribute = attributes.iter().find(|attribute| attribute.path().is_ident("deprecated"))?;
        let mut note = None;
        match &attribute.meta {
            Meta::Path(_) => {}
            Meta::NameValue(meta) => note = text_of(&meta.value).map(LitStr::value),
            Meta::List(_) => {
                let read = attribute.parse_nested_meta(|meta| {
                    let value: LitStr = meta.value()?.parse()?;
                    if meta.path.is_ident("note") {
                        note = Some(value.value());
                    }
                    Ok(())
                });
                self.told(read);
            }
        }
        let span = self.places.of(attribute);
        let note = note.map(|note| self.checked(&note, span));
        Some(attribute_of("deprecated", note.map(ast::LiteralKind::Text), span))
    }

    /// Tells what is wrong with an attribute.
    fn told(&mut self, read: syn::Result<()>) {
        if let Err(error) = read {
            let span = self.places.span(error.span());
            self.errors.push(errors::bad_attribute(span, &error.to_string()));
        }
    }

    /// What `#[shm(…)]` says; only fields have units.
    pub(super) fn shm(&mut self, attributes: &[Attribute], on_field: bool) -> Shm {
        let mut shm = Shm::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("shm")) {
            let read = attribute.parse_nested_meta(|meta| self.key(&meta, &mut shm, on_field));
            self.told(read);
        }
        shm
    }

    fn key(&mut self, meta: &ParseNestedMeta<'_>, shm: &mut Shm, on_field: bool) -> syn::Result<()> {
        let key = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        let at = self.places.of(&meta.path);
        let slot = match key.as_str() {
            "rename" => &mut shm.rename,
            "unit" if on_field => &mut shm.unit,
            _ => {
                let known = if on_field { "`unit = \"m/s\"` and `rename = \"name\"`" } else { "`rename = \"name\"`" };
                let key = self.places.text_of(&meta.path);
                self.errors.push(errors::unknown_key(at, key, known));
                return skip_value(meta);
            }
        };
        let value: LitStr = meta.value()?.parse()?;
        if slot.is_some() {
            self.errors.push(errors::repeated_key(at, &key));
        } else if value.value().is_empty() {
            self.errors.push(errors::empty_value(self.places.of(&value), &key));
        } else {
            *slot = Some(value);
        }
        Ok(())
    }

    pub(super) fn repr(&mut self, attributes: &[Attribute], name: &str) -> Repr {
        let (mut c, mut transparent, mut wrong) = (false, false, false);
        let mut align: Option<(u64, Span)> = None;
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("repr")) {
            let read = attribute.parse_nested_meta(|meta| {
                let key = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
                let at = self.places.of(&meta.path);
                let mut argument = None;
                if meta.input.peek(syn::token::Paren) {
                    let inside;
                    syn::parenthesized!(inside in meta.input);
                    argument = Some(inside.parse::<LitInt>()?);
                }
                match key.as_str() {
                    "C" => c = true,
                    "transparent" => transparent = true,
                    "align" => {
                        let number = argument.ok_or_else(|| meta.error("`align` has a number, as `align(64)`"))?;
                        let value = number.base10_parse::<u64>()?;
                        if align.is_none_or(|(before, _)| before < value) {
                            align = Some((value, self.places.of(&number)));
                        }
                    }
                    "packed" => {
                        wrong = true;
                        self.errors.push(errors::packed(at, name));
                    }
                    other => {
                        wrong = true;
                        self.errors.push(errors::other_repr(at, other));
                    }
                }
                Ok(())
            });
            wrong |= read.is_err();
            self.told(read);
        }
        match (wrong, transparent, c) {
            (true, ..) => Repr::Wrong,
            (_, true, _) => Repr::Transparent,
            (_, _, true) => Repr::C { align },
            _ => Repr::Missing,
        }
    }
}

/// Steps over what an unknown key brings along, so that the keys behind it are read.
fn skip_value(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        meta.input.parse::<proc_macro2::Group>()?;
    }
    Ok(())
}

/// An attribute as a schema would have it.
pub(super) fn attribute_of(name: &str, argument: Option<ast::LiteralKind>, span: Span) -> ast::Attribute {
    let name = ast::Ident { text: name.to_owned(), span };
    let arguments = argument.map(|kind| vec![ast::Literal { kind, span }]);
    ast::Attribute { name, arguments, span }
}
