//! Rust source as a schema: the structs with `#[derive(ShmLayout)]`, what `open_enum!`, `closed_enum!` and `flags!` define, and
//! constants, as the tree that the parser of `.zipc` files would give.
//!
//! Data flows one way: `tokens` bounds and shortens the text, `syn` parses it, [`collect`] finds what the file defines
//! ([`scope`], with `named` for our macros), and `translate` makes items of it, with `types`, `numbers` and `attributes` for
//! the parts. What a name leads to is decided by the file alone; nothing is compiled, no other file is read.

mod attributes;
mod errors;
mod named;
mod numbers;
mod places;
mod scope;
mod tokens;
mod translate;
mod types;

use std::collections::HashSet;

use syn::Item;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Source, Span};
use crate::syntax::ast::{File, Ident};
use places::Places;
use scope::{Scope, What};
use tokens::Refused;

/// Enough for what `tokens` lets through, also without optimisation.
const STACK: usize = 64 << 20;
/// What begins the line of a file's documentation that names the namespace.
const NAMESPACE: &str = "zipc namespace";

/// The tree of a Rust file, as far as it could be read.
///
/// It is read in a thread of its own: there the stack is as large as the parser may need, and the places of tokens, which
/// are kept for as long as a thread lives, go away with it.
pub(crate) fn read(source: &Source, errors: &mut Diagnostics) -> File {
    std::thread::scope(|threads| {
        let mut found = Diagnostics::default();
        let reader = std::thread::Builder::new().stack_size(STACK);
        let thread = reader.spawn_scoped(threads, || {
            let file = file(source, &mut found);
            (file, found)
        });
        let why = match thread {
            Ok(thread) => match thread.join() {
                Ok((file, found)) => {
                    once(found).for_each(|diagnostic| errors.push(diagnostic));
                    return file;
                }
                Err(_) => "the parser gave up".to_owned(),
            },
            Err(error) => error.to_string(),
        };
        errors.push(errors::unreadable(Span::new(0, 0), &why));
        File::default()
    })
}

/// Each diagnostic once: what is wrong with a constant is found again wherever it is needed.
fn once(found: Diagnostics) -> impl Iterator<Item = Diagnostic> {
    let mut seen = HashSet::new();
    let list = found.into_list().into_iter();
    list.filter(move |diagnostic| seen.insert((diagnostic.span(), diagnostic.code, diagnostic.message.clone())))
}

fn file(source: &Source, errors: &mut Diagnostics) -> File {
    let start = head_len(&source.text);
    let places = Places { text: &source.text, start };
    let tree = match tokens::read(&source.text[start..], &named::NAMES) {
        Ok(tokens) => syn::parse2::<syn::File>(tokens).map_err(|error| {
            let span = places.span(error.span());
            errors::unreadable(span, &error.to_string())
        }),
        Err(Refused::Lex(span)) => Err(errors::unreadable(places.span(span), "a text, comment or bracket has no end")),
        Err(Refused::TooDeep(span)) => Err(errors::too_deep(places.span(span), tokens::MAX_DEPTH)),
        Err(Refused::TooLong(span)) => Err(errors::too_long(places.span(span), tokens::MAX_RUN)),
    };
    let mut file = File { version: true, rust: true, ..File::default() };
    let tree = match tree {
        Ok(tree) => tree,
        Err(error) => {
            errors.push(error);
            return file;
        }
    };
    head(&tree, places, &mut file, errors);
    let mut scope = Scope::new(&source.stem);
    collect(&tree.items, 0, &mut scope, places, errors);
    translate::translate(&scope, places, &mut file, errors);
    file
}

/// The bytes in front of the first token that are no tokens: a byte order mark, and the line that names an interpreter.
fn head_len(text: &str) -> usize {
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let rest = &text[mark..];
    let shebang = rest.starts_with("#!") && !rest[2..].trim_start().starts_with('[');
    mark + if shebang { rest.find('\n').unwrap_or(rest.len()) } else { 0 }
}

/// Documentation and namespace of the file.
fn head(tree: &syn::File, places: Places<'_>, file: &mut File, errors: &mut Diagnostics) {
    for (attribute, text) in attributes::docs(&tree.attrs) {
        let Some(path) = text.trim().strip_prefix(NAMESPACE) else { continue };
        let span = places.of(attribute);
        file.namespace = namespace(path, span, places);
        if file.namespace.is_empty() {
            errors.push(errors::bad_namespace(span));
        }
    }
    let docs: Vec<syn::Attribute> = tree.attrs.iter().filter(|attribute| !is_namespace(attribute)).cloned().collect();
    file.doc = attributes::documentation(&docs, places, errors);
}

fn is_namespace(attribute: &syn::Attribute) -> bool {
    attributes::docs(std::slice::from_ref(attribute)).any(|(_, text)| text.trim().starts_with(NAMESPACE))
}

/// The parts of `robot.nav`, each with its place within the line; none if this is no such path.
fn namespace(path: &str, line: Span, places: Places<'_>) -> Vec<Ident> {
    let path = path.trim().trim_end_matches(';').trim_end();
    let text = places.text.get(line.range()).unwrap_or("");
    let mut at = line.start as usize + text.rfind(path).unwrap_or(0);
    let mut parts = Vec::new();
    for part in path.split('.') {
        if part.is_empty() || part.contains(char::is_whitespace) {
            return Vec::new();
        }
        parts.push(Ident { text: part.to_owned(), span: Span::new(at, at + part.len()) });
        at += part.len() + 1;
    }
    parts
}

/// Finds what the items define, with those of the modules inside.
fn collect<'a>(items: &'a [Item], module: usize, scope: &mut Scope<'a>, places: Places<'_>, errors: &mut Diagnostics) {
    for item in items {
        match item {
            Item::Const(item) if !attributes::is_test(&item.attrs) => scope.add(module, &item.ident, What::Const(item)),
            Item::Type(item) if !attributes::is_test(&item.attrs) => scope.add(module, &item.ident, What::Alias(item)),
            Item::Struct(item) if !attributes::is_test(&item.attrs) => {
                let shared = attributes::is_shared(&item.attrs);
                scope.add(module, &item.ident, if shared { What::Shared(item) } else { What::Other });
            }
            Item::Enum(item) if !attributes::is_test(&item.attrs) => {
                scope.add(module, &item.ident, What::Other);
                if attributes::is_shared(&item.attrs) {
                    errors.push(errors::shared_enum(places.of(&item.ident), &item.ident.to_string()));
                }
            }
            Item::Union(item) if !attributes::is_test(&item.attrs) => {
                scope.add(module, &item.ident, What::Other);
                if attributes::is_shared(&item.attrs) {
                    errors.push(errors::shared_union(places.of(&item.ident), &item.ident.to_string()));
                }
            }
            Item::Use(item) if !attributes::is_test(&item.attrs) => scope.add_use(module, &item.tree, &[]),
            Item::Mod(item) if !attributes::is_test(&item.attrs) => {
                if let Some((_, items)) = &item.content {
                    let inside = scope.add_module(module, &item.ident);
                    collect(items, inside, scope, places, errors);
                }
            }
            Item::Macro(item) if !attributes::is_test(&item.attrs) => {
                let Some(kind) = named::kind(&item.mac.path) else { continue };
                match named::read(kind, item.mac.tokens.clone()) {
                    Ok(numbers) => {
                        for number in numbers {
                            let ident = number.ident.clone();
                            scope.add(module, &ident, What::Named(Box::new(number)));
                        }
                    }
                    Err(error) => errors.push(errors::unreadable(places.span(error.span()), &error.to_string())),
                }
            }
            _ => {}
        }
    }
}
