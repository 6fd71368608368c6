//! What may be called what. Each language derives its spelling from these rules without ever meeting another name; that
//! is why this file knows the languages, and the model does not.

use std::collections::HashMap;

use zeroipc_layout::name::check_entry;

use crate::case;
use crate::diagnostic::Diagnostics;
use crate::emit::{is_header, no_namespace, reserved_in};
use crate::source::{Source, Span};
use crate::syntax::ast::{File, Ident, Item, Member};
use crate::syntax::errors;

/// The longest name in bytes.
const MAX_NAME: usize = 63;
/// Everything of the C runtime begins with this; below it only the namespace `zeroipc.format` is used.
const RUNTIME: &str = "zeroipc";
/// Rust lists the values of an enum under this name.
const ENUM_OWN: &str = "VALUES";
/// Names of cases that the generated variant has itself.
const VARIANT_OWN: [&str; 3] = ["tag", "payload", "visit"];
/// Names of structures that the generated segment type has itself.
const SEGMENT_OWN: [&str; 5] = ["memory", "open", "create", "open_or_create", "close"];

#[derive(Clone, Copy)]
enum Kind {
    /// `SensorReading`
    Type,
    /// `sensor_reading`
    Field,
    /// `SENSOR_READING`
    Constant,
}

/// Checks the spelling of every name, and that no name is given twice.
pub(crate) fn check(file: &File, source: &Source, errors: &mut Diagnostics) {
    let mut items = Scope::default();
    let taken = no_namespace(&source.stem, true).is_some();
    if file.namespace.is_empty() && (taken || !is_namespace(&source.stem)) {
        errors.push(errors::no_namespace(&source.stem, file.rust));
    }
    if is_header(&source.stem) {
        errors.push(errors::header_stem(&source.stem));
    }
    for (i, part) in file.namespace.iter().enumerate() {
        check_name(part, Kind::Field, errors);
        if let Some(why) = no_namespace(&part.text, i == 0) {
            errors.push(errors::bad_name(part, why, Some(format!("my_{}", part.text))));
        }
    }
    for alias in file.imports.iter().filter_map(|import| import.alias.as_ref()) {
        check_name(alias, Kind::Field, errors);
    }
    if let [first, rest @ ..] = file.namespace.as_slice() {
        let ours = rest.first().is_some_and(|second| second.text == "format");
        if first.text == RUNTIME && !ours {
            errors.push(errors::kept_name(first, "my_zeroipc"));
        }
    }
    let mut paths: HashMap<&str, Span> = HashMap::new();
    for item in &file.items {
        match item {
            Item::Const(item) => {
                items.name("constant", &item.name, Kind::Constant, errors);
            }
            Item::Enum(item) => {
                items.name("type", &item.name, Kind::Type, errors);
                let mut values = Scope::default();
                for value in &item.values {
                    values.name("value", &value.name, Kind::Constant, errors);
                    if value.name.text == ENUM_OWN {
                        errors.push(errors::kept_name(&value.name, "SOME_VALUES"));
                    }
                }
            }
            Item::Alias(item) => items.name("type", &item.name, Kind::Type, errors),
            Item::Variant(item) => {
                items.name("type", &item.name, Kind::Type, errors);
                let tag = Ident { text: format!("{}Tag", item.name.text), span: item.name.span };
                items.name("type", &tag, Kind::Type, errors);
                let mut cases = Scope::default();
                for case in &item.cases {
                    cases.name("case", &case.name, Kind::Field, errors);
                    if VARIANT_OWN.contains(&case.name.text.as_str()) {
                        errors.push(errors::kept_name(&case.name, &format!("{}_case", case.name.text)));
                    }
                    if reserved_in(&case.name.text.to_uppercase()).is_some() || case.name.text == "values" {
                        errors.push(errors::kept_name(&case.name, &format!("{}_case", case.name.text)));
                    }
                }
            }
            Item::Assert(_) => {}
            Item::Struct(item) => {
                items.name("type", &item.name, Kind::Type, errors);
                let mut fields = Scope::default();
                for member in &item.members {
                    if let Member::Field(field) = member {
                        fields.name("field", &field.name, Kind::Field, errors);
                    }
                }
            }
            Item::Segment(item) => {
                if let Some(first) = paths.insert(&item.path.text, item.path.span) {
                    let path = Ident { text: item.path.text.clone(), span: item.path.span };
                    errors.push(errors::duplicate("segment", &path, first));
                }
                items.name("type", &item.name, Kind::Type, errors);
                let mut structures = Scope::default();
                for structure in &item.structures {
                    let name = &structure.name;
                    structures.name("structure", name, Kind::Field, errors);
                    if SEGMENT_OWN.contains(&name.text.as_str()) {
                        errors.push(errors::kept_name(name, &format!("{}_data", name.text)));
                    }
                    if let Err(why) = check_entry(&name.text) {
                        errors.push(errors::bad_structure_name(name, why));
                    }
                }
            }
        }
    }
}

#[derive(Default)]
struct Scope {
    first: HashMap<String, Span>,
}

impl Scope {
    fn name(&mut self, what: &str, name: &Ident, kind: Kind, errors: &mut Diagnostics) {
        check_name(name, kind, errors);
        match self.first.get(&name.text) {
            Some(first) => errors.push(errors::duplicate(what, name, *first)),
            None => {
                self.first.insert(name.text.clone(), name.span);
            }
        }
    }
}

fn check_name(name: &Ident, kind: Kind, errors: &mut Diagnostics) {
    let text = name.text.as_str();
    let (example, joined) = match kind {
        Kind::Type => ("types are written `SensorReading`", case::pascal(text)),
        Kind::Field => ("fields, structures and namespaces are written `sensor_reading`", case::snake(text)),
        Kind::Constant => ("constants and values are written `SENSOR_READING`", case::upper(text)),
    };
    let better = follows(&joined, kind).then_some(joined);
    if text.len() > MAX_NAME {
        errors.push(errors::bad_name(name, &format!("it has {} bytes and {MAX_NAME} fit", text.len()), None));
    } else if !text.is_ascii() {
        errors.push(errors::bad_name(name, "names consist of ASCII letters, digits and `_`", None));
    } else if text.starts_with('_') {
        errors.push(errors::bad_name(name, "a `_` in front means padding", better));
    } else if text.contains("__") {
        errors.push(errors::bad_name(name, "C++ keeps every name with `__` for itself", better));
    } else if !follows(text, kind) {
        errors.push(errors::bad_name(name, example, better));
    } else if matches!(kind, Kind::Field) && hides_type(text) {
        errors.push(errors::kept_name(name, &format!("my_{text}")));
    } else if let Some(languages) = reserved_in(text) {
        let instead = match kind {
            Kind::Type => format!("{text}Type"),
            Kind::Field => format!("{text}_value"),
            Kind::Constant => format!("{text}_VALUE"),
        };
        errors.push(errors::reserved_word(name, &languages, &instead));
    }
}

/// Whether a member called `text` hides a type that the members behind it need: in C++ that is an error.
fn hides_type(text: &str) -> bool {
    let number = text.strip_prefix('u').unwrap_or(text).strip_prefix("int").and_then(|rest| rest.strip_suffix("_t"));
    matches!(number, Some("8" | "16" | "32" | "64"))
        || matches!(text, "size_t" | "ptrdiff_t")
        || text.strip_prefix(RUNTIME).is_some_and(|rest| rest.starts_with('_'))
}

/// Whether a name is spelled as its kind demands: words of letters and digits, joined as the kind joins them.
fn follows(text: &str, kind: Kind) -> bool {
    let first = text.chars().next().unwrap_or('_');
    let tidy = !text.ends_with('_') && !text.contains("__");
    match kind {
        Kind::Type => first.is_ascii_uppercase() && text.chars().all(|c| c.is_ascii_alphanumeric()),
        Kind::Field => {
            let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            first.is_ascii_lowercase() && tidy && text.chars().all(letter)
        }
        Kind::Constant => {
            let letter = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            first.is_ascii_uppercase() && tidy && text.chars().all(letter)
        }
    }
}

/// Whether `text` can be a namespace without being written down in the schema.
pub(crate) fn is_namespace(text: &str) -> bool {
    text.len() <= MAX_NAME && follows(text, Kind::Field) && reserved_in(text).is_none()
}
