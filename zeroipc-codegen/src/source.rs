//! Where text comes from: a named source and spans into it.

/// What the name of a Rust file ends with.
const RUST: &str = ".rs";

/// A range of bytes in a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte behind the last.
    pub end: u32,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Span {
        Span { start: start as u32, end: end as u32 }
    }

    /// The empty span behind this one, where something can be inserted.
    pub(crate) fn after(self) -> Span {
        Span { start: self.end, end: self.end }
    }

    /// The empty span in front of this one.
    pub(crate) fn before(self) -> Span {
        Span { start: self.start, end: self.start }
    }

    /// From the start of this span to the end of `last`.
    pub(crate) fn to(self, last: Span) -> Span {
        Span { start: self.start, end: last.end.max(self.start) }
    }

    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// The text of one schema and the name under which diagnostics and banners mention it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The name in diagnostics: the path as the user gave it, or `<stdin>`.
    pub name: String,
    /// The stem of the outputs' names: `sensors` for `schemas/sensors.zipc` and `src/sensors.rs`.
    pub stem: String,
    /// The schema, or Rust source if the name ends with `.rs`.
    pub text: String,
}

impl Source {
    /// A source whose stem is taken from the last part of `name`.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Source {
        let name = name.into();
        let file = name.rsplit('/').next().unwrap_or(&name);
        let stem = file.strip_suffix(".zipc").or_else(|| file.strip_suffix(RUST)).unwrap_or(file).to_owned();
        Source { name, stem, text: text.into() }
    }

    /// Whether the text is Rust.
    pub(crate) fn is_rust(&self) -> bool {
        self.name.ends_with(RUST)
    }

    /// The last part of the name, which banners may mention without telling where the file lies.
    pub(crate) fn file_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// Line and column of a byte, both counted from 1, the column in characters.
    pub fn line_column(&self, at: u32) -> (usize, usize) {
        let before = self.text.get(..at as usize).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}
