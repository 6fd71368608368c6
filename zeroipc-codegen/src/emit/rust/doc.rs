//! Documentation comments, and what stands with them above an item.

use super::code::{WIDTH, width};
use super::literal;
use crate::model::{Field, Literal, Meta, Schema, TypeId, TypeKind};

/// Words behind a code fence after which rustdoc takes the block for Rust.
const RUST_WORDS: [&str; 8] =
    ["rust", "ignore", "should_panic", "no_run", "compile_fail", "test_harness", "standalone_crate", "custom"];

/// Documentation comments. Where the schema has none there is a sentence, so that no lint asks for one; behind both
/// stand the facts, if there are any.
pub(super) fn doc(indent: usize, doc: &[String], otherwise: &str, facts: &[String]) -> Vec<String> {
    let mut lines = if doc.is_empty() { vec![otherwise.to_owned()] } else { defused(doc) };
    if !facts.is_empty() {
        lines.extend([String::new(), facts.join(" ")]);
    }
    let space = " ".repeat(indent);
    lines.iter().map(|line| format!("{space}/// {line}").trim_end().to_owned()).collect()
}

/// What a definition says beside its meaning, for its documentation.
pub(super) fn facts(meta: &Meta) -> Vec<String> {
    meta.since.iter().map(|since| format!("Since {since}.")).collect()
}

/// The facts about a field.
pub(super) fn field_facts(schema: &Schema, field: &Field) -> Vec<String> {
    let mut said = unit(&field.unit);
    if let Some((low, high)) = &field.range {
        said.push(format!("From {} to {}.", shown(schema, field.ty, low), shown(schema, field.ty, high)));
    }
    if let Some(null) = &field.null {
        said.push(format!("{} means that there is none.", shown(schema, field.ty, null)));
    }
    said.extend(facts(&field.meta));
    said
}

/// The unit as a fact.
pub(super) fn unit(unit: &str) -> Vec<String> {
    let quote = if unit.contains('`') { "" } else { "`" };
    if unit.is_empty() { Vec::new() } else { vec![format!("Unit: {quote}{unit}{quote}.")] }
}

/// A value for readers.
pub(super) fn shown(schema: &Schema, ty: TypeId, value: &Literal) -> String {
    match (value, schema.types[ty].kind) {
        (Literal::Int(value), TypeKind::Enum(i)) => {
            let item = &schema.enums[i];
            let name = item.values.iter().find(|known| known.value == *value).map(|known| &known.name);
            name.map_or_else(|| format!("`{value}`"), |name| format!("`{name}`"))
        }
        (Literal::Int(value), _) => format!("`{}`", literal::number(*value, false)),
        (Literal::Float(value), _) => format!("`{value:?}`"),
        (Literal::Bool(value), _) => format!("`{value}`"),
        (Literal::Text(_) | Literal::List(_), _) => String::new(),
    }
}

/// The attribute that makes the compiler warn of using something.
pub(super) fn deprecated(indent: usize, meta: &Meta) -> Vec<String> {
    let space = " ".repeat(indent);
    match meta.deprecated.as_deref() {
        None => Vec::new(),
        Some("") => vec![format!("{space}#[deprecated]")],
        Some(reason) => {
            let note = format!("note = {}", literal::text(reason));
            let line = format!("{space}#[deprecated({note})]");
            if width(&line) <= WIDTH {
                return vec![line];
            }
            vec![format!("{space}#[deprecated("), format!("{space}    {note}"), format!("{space})]")]
        }
    }
}

/// Documentation of which rustdoc runs nothing: code in a schema's comments is no program of ours. Blocks without a
/// language are text, those that rustdoc takes for Rust are shown and ignored.
fn defused(doc: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    // The marks that end the fence we are in.
    let mut fence: Option<String> = None;
    let mut indented = false;
    for line in doc {
        if let Some(marks) = &fence {
            if ends(line, marks) {
                fence = None;
            }
            lines.push(line.clone());
            continue;
        }
        let in_paragraph = lines.last().is_some_and(|last| is_paragraph(last));
        if indented && !line.trim().is_empty() && !is_indented(line) {
            close(&mut lines);
            indented = false;
        } else if !indented && is_indented(line) && !in_paragraph {
            lines.push("```text".to_owned());
            indented = true;
        }
        if indented {
            lines.push(line.clone());
            continue;
        }
        match opening(line) {
            Some((before, marks, info)) => {
                lines.push(format!("{before}{marks}{}", language(info)));
                fence = Some(marks.to_owned());
            }
            None => lines.push(near(line)),
        }
    }
    if indented {
        close(&mut lines);
    }
    lines
}

/// Ends a block in front of the blank lines behind it.
fn close(lines: &mut Vec<String>) {
    let end = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
    lines.insert(end, "```".to_owned());
}

/// Four blanks make a line code, outside of a paragraph.
fn is_indented(line: &str) -> bool {
    let blank = line.len() - line.trim_start().len();
    !line.trim().is_empty() && (blank >= 4 || line[..blank].contains('\t'))
}

/// Whether the next line can go on with what this line says, so that its indentation means nothing.
fn is_paragraph(line: &str) -> bool {
    let line = line.trim();
    !line.starts_with('#') && !line.chars().all(|c| c.is_whitespace() || "-*_=`~".contains(c))
}

/// A line of a list or quotation whose text is not so far away that it becomes code.
fn near(line: &str) -> String {
    let blank = line.len() - line.trim_start().len();
    let (space, rest) = line.split_at(blank);
    let marks = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let marks = rest.len() - marks.trim_start_matches(|c: char| "->*+.)".contains(c)).len();
    let text = rest[marks..].trim_start();
    if marks == 0 || rest.len() - marks - text.len() < 4 {
        return line.to_owned();
    }
    format!("{space}{} {}", &rest[..marks], near(text))
}

/// What stands before a fence, its marks, and what is behind them; it may stand in a list or quotation.
fn opening(line: &str) -> Option<(&str, &str, &str)> {
    let start = line.find(['`', '~'])?;
    let (before, rest) = line.split_at(start);
    let outer = |c: char| c.is_whitespace() || c.is_ascii_digit() || "->*+.)".contains(c);
    let mark = rest.chars().next()?;
    let marks = rest.len() - rest.trim_start_matches(mark).len();
    let info = rest[marks..].trim();
    (before.chars().all(outer) && marks >= 3 && !(mark == '`' && info.contains('`'))).then_some((
        before,
        &rest[..marks],
        info,
    ))
}

fn ends(line: &str, marks: &str) -> bool {
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || c == '>').trim_end();
    line.len() >= marks.len() && marks.starts_with(|mark| line.chars().all(|c| c == mark))
}

/// What stands behind a fence so that rustdoc does not run what follows.
fn language(info: &str) -> String {
    let mut words = info.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').filter(|word| !word.is_empty());
    let is_rust = |word: &str| {
        let edition_or_error = word.starts_with("edition") || word.starts_with("ignore") || is_error(word);
        RUST_WORDS.contains(&word) || edition_or_error
    };
    if info.is_empty() {
        "text".to_owned()
    } else if words.clone().next().is_none() || words.any(is_rust) {
        format!("{info},ignore")
    } else {
        info.to_owned()
    }
}

/// `E0308`, with which a block is said not to compile.
fn is_error(word: &str) -> bool {
    word.strip_prefix('E').is_some_and(|digits| digits.len() == 4 && digits.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defuse(text: &str) -> String {
        defused(&text.lines().map(str::to_owned).collect::<Vec<_>>()).join("\n")
    }

    #[test]
    fn no_block_is_a_test() {
        assert_eq!(defuse("a\n```\nb\n```\n```c\nd\n```"), "a\n```text\nb\n```\n```c\nd\n```");
        assert_eq!(defuse("```rust\nb\n```"), "```rust,ignore\nb\n```");
        assert_eq!(defuse("~~~ no_run\nb\n```\n~~~~"), "~~~no_run,ignore\nb\n```\n~~~~");
        assert_eq!(defuse("````\n```\nx\n````\n```E0308"), "````text\n```\nx\n````\n```E0308,ignore");
        assert_eq!(defuse("- ```\n  b\n  ```\n> ```{.rust}"), "- ```text\n  b\n  ```\n> ```{.rust},ignore");
        assert_eq!(defuse("a `b` and ```c``` d"), "a `b` and ```c``` d");
    }

    #[test]
    fn indented_code_is_text() {
        assert_eq!(defuse("a:\n\n    b\n\n    c\n\nd"), "a:\n\n```text\n    b\n\n    c\n```\n\nd");
        assert_eq!(defuse("    b"), "```text\n    b\n```");
        assert_eq!(defuse("a\n    b"), "a\n    b");
        assert_eq!(defuse(">     b\n> >  c\n-     d\n1.     e\n- f"), "> b\n> >  c\n- d\n1. e\n- f");
        assert_eq!(defuse("# A\n    b"), "# A\n```text\n    b\n```");
    }
}
