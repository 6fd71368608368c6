//! Documentation as docstrings and comments.

use super::lines::WIDTH;
use super::types::described;
use super::values::shown;
use crate::model::{Field, Meta, Schema};

/// The lines of a schema's documentation inside a docstring, and what stands in for them where there is none.
pub(super) fn doc_or(doc: &[String], fallback: String) -> Vec<String> {
    let lines: Vec<String> = doc.iter().map(|line| escaped(line)).collect();
    if lines.iter().all(|line| line.trim().is_empty()) { vec![escaped(&fallback)] } else { lines }
}

/// The same with what the attributes say behind it.
pub(super) fn with_notes(mut doc: Vec<String>, notes: Vec<String>) -> Vec<String> {
    if !notes.is_empty() {
        doc.push(String::new());
        doc.extend(notes.iter().map(|line| escaped(line)));
    }
    doc
}

/// Since when, and whether it is to be used.
pub(super) fn notes(meta: &Meta) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(since) = &meta.since {
        notes.push(format!("Since {since}."));
    }
    match meta.deprecated.as_deref() {
        Some("") => notes.push("Deprecated.".to_owned()),
        Some(why) => notes.push(format!("Deprecated: {why}.")),
        None => {}
    }
    notes
}

/// What a field says beyond its type.
pub(super) fn field_notes(schema: &Schema, field: &Field) -> Vec<String> {
    let mut notes = Vec::new();
    if !field.unit.is_empty() {
        notes.push(format!("Unit: {}.", field.unit));
    }
    if let Some((low, high)) = &field.range {
        let (low, high) = (shown(schema, field.ty, low), shown(schema, field.ty, high));
        notes.push(format!("Range: {low} to {high}."));
    }
    if let Some(null) = &field.null {
        notes.push(format!("Nothing: {}.", shown(schema, field.ty, null)));
    }
    if let Some(default) = &field.default {
        notes.push(format!("Default: {}.", shown(schema, field.ty, default)));
    }
    notes.extend(self::notes(&field.meta));
    notes
}

/// The section of a dtype's docstring about one field.
pub(super) fn field_section(schema: &Schema, field: &Field) -> Vec<String> {
    let mut lines = vec![format!("{} : {}", field.name, described(schema, field.ty))];
    lines.extend(indented(&field.doc));
    lines.extend(indented(&field_notes(schema, field)));
    lines
}

/// Lines inside a docstring, below the name that they belong to.
pub(super) fn indented(lines: &[String]) -> impl Iterator<Item = String> {
    lines.iter().map(|line| format!("    {}", escaped(line)).trim_end().to_owned())
}

/// A text inside a docstring.
pub(super) fn escaped(line: &str) -> String {
    line.replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"")
}

/// A docstring.
pub(super) fn quoted(indent: &str, mut lines: Vec<String>) -> Vec<String> {
    let end = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
    lines.truncate(end);
    lines.drain(..lines.iter().position(|line| !line.trim().is_empty()).unwrap_or(0));
    if let Some(first) = lines.first_mut() {
        *first = first.trim_start().to_owned();
        if first.starts_with('"') {
            first.insert(0, ' ');
        }
    }
    let indented = |line: &String| if line.is_empty() { String::new() } else { format!("{indent}{line}") };
    // Quotes that would be the first to leave the line stand on their own; a line that is too long anyway keeps them.
    let ends_at = |line: &str| indent.len() + 3 + line.chars().count();
    match lines.as_slice() {
        [line] if line.ends_with('"') || (WIDTH - 2..=WIDTH).contains(&ends_at(line)) => {
            vec![format!("{indent}\"\"\"{line}"), format!("{indent}\"\"\"")]
        }
        [line] => vec![format!("{indent}\"\"\"{line}\"\"\"")],
        lines => {
            let first = lines.first().map_or("", String::as_str);
            let rest = lines.iter().skip(1).map(indented);
            [format!("{indent}\"\"\"{first}")].into_iter().chain(rest).chain([format!("{indent}\"\"\"")]).collect()
        }
    }
}

/// Comments that documentation tools take for the documentation of what follows.
pub(super) fn comments(indent: &str, doc: &[String], meta: &Meta) -> Vec<String> {
    let notes = notes(meta);
    doc.iter().chain(&notes).map(|line| format!("{indent}#: {line}").trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docstrings_end_where_they_should() {
        assert_eq!(quoted("", vec!["a".into()]), ["\"\"\"a\"\"\""]);
        assert_eq!(quoted("  ", vec!["say \"a\"".into()]), ["  \"\"\"say \"a\"", "  \"\"\""]);
        assert_eq!(quoted("", vec![" ".into(), "\"a\" b".into(), " ".into()]), ["\"\"\" \"a\" b\"\"\""]);
        assert_eq!(escaped("\\ \"\"\""), "\\\\ \\\"\\\"\\\"");
    }
}
