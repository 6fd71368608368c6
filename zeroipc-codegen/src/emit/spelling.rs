//! Names that no language can spell, and names that one language spells alike. What a schema may say does not depend on
//! the languages that somebody asks for.

use std::collections::{HashMap, HashSet};

use super::{c, cpp, python, rust};
use crate::diagnostic::Diagnostics;
use crate::model::Schema;
use crate::source::Span;
use crate::syntax::errors;

/// The languages in which `word` is reserved, as a phrase.
pub(crate) fn reserved_in(word: &str) -> Option<String> {
    let languages: Vec<&str> = [
        ("C", c::RESERVED),
        ("C++", c::RESERVED_CPP),
        ("Python", python::names::RESERVED),
        ("Rust", rust::names::RESERVED),
    ]
    .into_iter()
    .filter(|(language, words)| words.contains(&word) || *language == "C++" && c::is_macro(word))
    .map(|(language, _)| language)
    .collect();
    match languages.as_slice() {
        [] => None,
        [one] => Some((*one).to_owned()),
        [most @ .., last] => Some(format!("{} and {last}", most.join(", "))),
    }
}

/// Why no namespace can be called `word`: the first part of it, or one further inside.
pub(crate) fn no_namespace(word: &str, first: bool) -> Option<&'static str> {
    if word == "std" {
        Some("it would hide the standard library of C++")
    } else if first && c::is_global(word) {
        Some("C++ has something of this name outside of all namespaces")
    } else {
        None
    }
}

/// Names that one output defines, each with the place in the schema that it comes from.
pub(super) type Defined = Vec<(String, Span)>;

/// Checks that no two definitions become one name: of the schema's own, or of one and something in the imports, whose
/// headers are included.
pub(crate) fn check(schema: &Schema, imports: &[(Span, &Schema)], errors: &mut Diagnostics) {
    let c = c::defined(schema);
    let beside_c = cpp::beside_c(schema, &c);
    let languages = [
        ("C", c, c::RESERVED_CPP),
        ("Python", python::names::defined(schema), python::names::OWN),
        ("Rust", rust::names::defined(schema), rust::names::OWN),
        ("C++", cpp::defined(schema), &[]),
        ("C++ with the C header", beside_c, &[]),
    ];
    // One word for each definition: its other spellings meet the same one.
    let mut told: HashSet<Span> = HashSet::new();
    let foreign: Vec<(String, Span)> = imports
        .iter()
        .flat_map(|(span, import)| c::defined(import).into_iter().map(|(name, _)| (name, *span)))
        .collect();
    // Two imports that include each other's headers by this one; those that come by one import were told there.
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for (name, span) in &foreign {
        let first = *seen.entry(name).or_insert(*span);
        if first != *span && told.insert(*span) {
            errors.push(errors::collision(*span, first, "C", name));
        }
    }
    for (language, defined, own) in languages {
        let known = foreign.iter().filter(|(name, _)| match language {
            "C" => true,
            "C++ with the C header" => cpp::is_c_macro(name),
            _ => false,
        });
        let mut first: HashMap<&str, Span> = known.map(|(name, span)| (name.as_str(), *span)).collect();
        for (name, span) in &defined {
            let is_systems = language == "C" && (c::is_macro(name) || c::is_global(name));
            if is_systems && told.insert(*span) {
                errors.push(errors::collision_with_system(*span, name));
            } else if own.contains(&name.as_str()) {
                if told.insert(*span) {
                    errors.push(errors::collision_with_own(*span, language, name));
                }
            } else if let Some(first) = first.get(name.as_str()) {
                if told.insert(*span) {
                    errors.push(errors::collision(*span, *first, language, name));
                }
            } else {
                first.insert(name, *span);
            }
        }
    }
    check_namespaces(schema, imports, &mut told, errors);
}

/// Checks that no function of C++ is called as a namespace beside it is.
fn check_namespaces(schema: &Schema, imports: &[(Span, &Schema)], told: &mut HashSet<Span>, errors: &mut Diagnostics) {
    let start = Span::new(0, 0);
    let all = || std::iter::once((start, schema)).chain(imports.iter().copied());
    let spaces: HashMap<String, Span> =
        all().flat_map(|(span, part)| cpp::namespaces(part).into_iter().map(move |name| (name, span))).collect();
    for (from, part) in all() {
        for (name, place) in cpp::functions(part) {
            let span = if from == start { place } else { from };
            // Two that come by one import are told there.
            if let Some(space) = spaces.get(&name).filter(|space| **space != span)
                && told.insert(span)
            {
                errors.push(errors::collision(span, *space, "C++", &name));
            }
        }
    }
}
