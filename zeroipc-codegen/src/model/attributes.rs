//! What `@…` may say, and where.

use super::resolve::Resolver;
use super::{Literal, Meta};
use crate::diagnostic::warnings;
use crate::source::Span;
use crate::syntax::ast::{Attribute, Expr, LiteralKind};
use crate::syntax::errors;
use crate::syntax::nearest::nearest;

/// The longest unit in bytes.
const MAX_UNIT: usize = 63;
/// What keeps an attribute for other tools.
const EXTRA: &str = "x_";

/// Where an attribute stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Const,
    Alias,
    Enum,
    Flags,
    Value,
    Struct,
    Field,
    Variant,
    Case,
    Segment,
    Structure,
}

use Place::*;

/// Every attribute, and where it may stand.
const KNOWN: [(&str, &[Place]); 12] = [
    ("unit", &[Field, Alias]),
    ("range", &[Field]),
    ("null", &[Field]),
    ("offset", &[Field]),
    ("was", &[Field, Value, Case]),
    ("align", &[Struct]),
    ("size", &[Struct, Segment]),
    ("auto_pad", &[Struct]),
    ("closed", &[Enum]),
    ("deprecated", &[Const, Alias, Enum, Flags, Value, Struct, Field, Variant, Case, Segment, Structure]),
    ("since", &[Const, Alias, Enum, Flags, Value, Struct, Field, Variant, Case, Segment, Structure]),
    ("allow", &[Const, Alias, Enum, Flags, Value, Struct, Field, Variant, Case, Segment, Structure]),
];

impl Place {
    fn words(self) -> &'static str {
        match self {
            Const => "a constant",
            Alias => "a type",
            Enum => "an enum",
            Flags => "flags",
            Value => "a value",
            Struct => "a struct",
            Field => "a field",
            Variant => "a variant",
            Case => "a case",
            Segment => "a segment",
            Structure => "a structure",
        }
    }
}

/// The attributes of one thing.
#[derive(Clone, Copy)]
pub(super) struct Attributes<'a>(&'a [Attribute]);

impl<'a> Attributes<'a> {
    /// Checks that every attribute is known, stands where it may, and is given once.
    pub(super) fn read(attributes: &'a [Attribute], place: Place, resolver: &mut Resolver<'_>) -> Attributes<'a> {
        for (i, attribute) in attributes.iter().enumerate() {
            let name = attribute.name.text.as_str();
            let known = KNOWN.iter().find(|(known, _)| *known == name);
            let repeats = name == "allow" || name.starts_with(EXTRA);
            let first = attributes[..i].iter().take(KNOWN.len()).find(|first| first.name.text == name);
            match (known, first) {
                (_, Some(first)) if !repeats => {
                    resolver.errors.push(errors::repeated_attribute(attribute, first.span));
                }
                (Some((_, places)), _) if places.contains(&place) => {}
                (Some(_), _) => resolver.errors.push(errors::misplaced_attribute(attribute, place.words())),
                (None, _) if name.starts_with(EXTRA) => {}
                (None, _) => {
                    let here = KNOWN.iter().filter(|(_, places)| places.contains(&place)).map(|(known, _)| *known);
                    let near = nearest(name, here.clone());
                    let here: Vec<String> = here.map(|known| format!("`@{known}`")).collect();
                    resolver.errors.push(errors::unknown_attribute(attribute, near, place.words(), &here.join(", ")));
                }
            }
        }
        Attributes(attributes)
    }

    pub(super) fn find(self, name: &str) -> Option<&'a Attribute> {
        self.0.iter().find(|attribute| attribute.name.text == name)
    }

    /// Whether an attribute without arguments is there.
    pub(super) fn has(self, name: &str, resolver: &mut Resolver<'_>) -> bool {
        let found = self.find(name);
        if let Some(attribute) = found.filter(|attribute| attribute.arguments.is_some()) {
            resolver.errors.push(errors::bad_argument(attribute, "no argument"));
        }
        found.is_some()
    }

    /// The one number of an attribute: the outer `None` without the attribute, the inner one after an error.
    pub(super) fn number(self, name: &str, example: &str, resolver: &mut Resolver<'_>) -> Option<Option<&'a Expr>> {
        let attribute = self.find(name)?;
        if let Some([literal]) = attribute.arguments.as_deref()
            && let LiteralKind::Expr(expr) = &literal.kind
        {
            return Some(Some(expr));
        }
        resolver.errors.push(errors::bad_argument(attribute, &format!("a number, such as `@{name}({example})`")));
        Some(None)
    }

    /// The unit, or the empty string.
    pub(super) fn unit(self, resolver: &mut Resolver<'_>) -> String {
        let Some(attribute) = self.find("unit") else { return String::new() };
        match text_of(attribute) {
            Some(unit) if !unit.is_empty() && unit.len() <= MAX_UNIT => unit.to_owned(),
            _ => {
                let want = format!("a text of 1 to {MAX_UNIT} bytes, such as `@unit(\"m/s\")`");
                resolver.errors.push(errors::bad_argument(attribute, &want));
                String::new()
            }
        }
    }

    /// The unit, where the attributes are checked elsewhere.
    pub(super) fn unit_text(attributes: &[Attribute]) -> Option<String> {
        let attribute = attributes.iter().find(|attribute| attribute.name.text == "unit")?;
        text_of(attribute).map(str::to_owned)
    }

    /// The earlier name, where the attributes are checked elsewhere.
    pub(super) fn was_text(attributes: &[Attribute]) -> Option<String> {
        let attribute = attributes.iter().find(|attribute| attribute.name.text == "was")?;
        text_of(attribute).filter(|was| is_name(was)).map(str::to_owned)
    }

    /// The earlier name, which segments go on to record.
    pub(super) fn was(self, name: &str, place: Place, resolver: &mut Resolver<'_>) -> Option<String> {
        let attribute = self.find("was")?;
        let fits = |was: &str| if place == Case { is_case(was) } else { is_name(was) };
        match text_of(attribute) {
            Some(was) if fits(was) && was != name => Some(was.to_owned()),
            _ => {
                resolver.errors.push(errors::bad_argument(attribute, "the earlier name, such as `@was(\"old_name\")`"));
                None
            }
        }
    }

    pub(super) fn meta(self, resolver: &mut Resolver<'_>) -> Meta {
        let mut meta = Meta::default();
        for attribute in self.0 {
            let text = text_of(attribute).map(str::to_owned);
            match attribute.name.text.as_str() {
                "deprecated" => match (text, &attribute.arguments) {
                    (Some(text), _) => meta.deprecated = Some(text),
                    (None, None) => meta.deprecated = Some(String::new()),
                    _ => {
                        let want = "the reason in quotes, such as `@deprecated(\"use `speed`\")`, or nothing";
                        resolver.errors.push(errors::bad_argument(attribute, want));
                    }
                },
                "since" => match text {
                    Some(text) if !text.is_empty() => meta.since = Some(text),
                    _ => resolver
                        .errors
                        .push(errors::bad_argument(attribute, "a version in quotes, such as `@since(\"2.1\")`")),
                },
                "allow" => match words_of(attribute) {
                    Some(words) => {
                        for word in &words {
                            if !warnings().any(|(code, _)| code.is(word)) {
                                let near = nearest(word, warnings().map(|(_, name)| name));
                                resolver.errors.push(errors::unknown_warning(attribute, word, near));
                            }
                        }
                        meta.allow.extend(words);
                    }
                    None => {
                        let want = "codes or names of warnings, such as `@allow(ZIPC0503)`";
                        resolver.errors.push(errors::bad_argument(attribute, want));
                    }
                },
                name if name.starts_with(EXTRA) => {
                    let arguments = attribute.arguments.as_deref().unwrap_or_default();
                    let values = arguments.iter().filter_map(|literal| resolver.free_literal(literal)).collect();
                    meta.extra.push((name.to_owned(), values));
                }
                _ => {}
            }
        }
        meta
    }
}

/// The one text that an attribute has.
fn text_of(attribute: &Attribute) -> Option<&str> {
    match attribute.arguments.as_deref() {
        Some([literal]) => match &literal.kind {
            LiteralKind::Text(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// Words or texts, as `@allow` has them.
pub(crate) fn words_of(attribute: &Attribute) -> Option<Vec<String>> {
    use crate::syntax::ast::ExprKind;
    let arguments = attribute.arguments.as_deref()?;
    let word = |literal: &crate::syntax::ast::Literal| match &literal.kind {
        LiteralKind::Text(text) => Some(text.clone()),
        LiteralKind::Expr(Expr { kind: ExprKind::Name(path), .. }) if path.module.is_none() => Some(path.name.clone()),
        _ => None,
    };
    arguments.iter().map(word).collect()
}

/// Whether a text can be the name of something in a description.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 255 && !text.starts_with('_') && !text.contains(|c: char| c.is_control())
}

/// Whether a text can be the name of a case: its tag has the same name in capitals.
fn is_case(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    is_name(text) && text.len() <= 63 && text.chars().all(letter) && text != super::variants::TAG
}

/// The place of an attribute, or of the thing itself.
pub(super) fn span_or(attribute: Option<&Attribute>, otherwise: Span) -> Span {
    attribute.map_or(otherwise, |attribute| attribute.span)
}

/// The two ends of a range, or the one value of `@null`.
pub(super) fn literals(attribute: &Attribute) -> &[crate::syntax::ast::Literal] {
    attribute.arguments.as_deref().unwrap_or_default()
}

/// Whether a literal is a number, so that a range may have it.
pub(super) fn is_number(literal: &Literal) -> bool {
    matches!(literal, Literal::Int(_) | Literal::Float(_))
}
