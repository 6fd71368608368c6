//! What is wrong with a schema, as data, and how it is shown.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};

use crate::source::{Source, Span};

/// A stable name for a kind of diagnostic; `docs/schema.md` lists them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub(crate) u16);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ZIPC{:04}", self.0)
    }
}

/// Whether a diagnostic stops the compilation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing is written.
    Error,
    /// Something is done differently from what the schema says.
    Warning,
}

/// A place in the source, and what to say about it.
#[derive(Clone, Debug)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there; may be empty.
    pub text: String,
}

/// An edit that removes the problem.
#[derive(Clone, Debug)]
pub struct Suggestion {
    /// What to replace; an empty span is an insertion.
    pub span: Span,
    /// The text to put there.
    pub replacement: String,
    /// What the edit does.
    pub text: String,
}

/// One problem of a schema.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// What kind of problem.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence that names the thing.
    pub message: String,
    /// The places; the first is the primary one.
    pub labels: Vec<Label>,
    /// What else to know or to do.
    pub help: Option<String>,
    /// An edit that surely helps.
    pub suggestion: Option<Suggestion>,
}

impl Diagnostic {
    pub(crate) fn error(code: u16, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code: Code(code),
            severity: Severity::Error,
            message: message.into(),
            labels: vec![Label { span, text: String::new() }],
            help: None,
            suggestion: None,
        }
    }

    pub(crate) fn warning(code: u16, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, span, message) }
    }

    pub(crate) fn label(mut self, text: impl Into<String>) -> Diagnostic {
        self.labels[0].text = text.into();
        self
    }

    pub(crate) fn also(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    pub(crate) fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = Some(text.into());
        self
    }

    pub(crate) fn suggest(mut self, span: Span, replacement: impl Into<String>, text: impl Into<String>) -> Diagnostic {
        self.suggestion = Some(Suggestion { span, replacement: replacement.into(), text: text.into() });
        self
    }

    /// The place that the diagnostic is about.
    pub fn span(&self) -> Span {
        self.labels[0].span
    }
}

/// Collects diagnostics. A hostile schema has more of them than anybody reads, so only the first are kept.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    list: Vec<Diagnostic>,
    errors: bool,
}

impl Diagnostics {
    const MAX_KEPT: usize = 10_000;

    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.errors |= diagnostic.severity == Severity::Error;
        if self.list.len() < Self::MAX_KEPT {
            self.list.push(diagnostic);
        }
    }

    pub(crate) fn as_slice(&self) -> &[Diagnostic] {
        &self.list
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.errors
    }

    #[cfg(feature = "rust-input")]
    pub(crate) fn into_list(self) -> Vec<Diagnostic> {
        self.list
    }

    pub(crate) fn into_report(self, source: &Source) -> Report {
        Report::new(source, self.list)
    }
}

/// How diagnostics are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// With the lines of the source and carets below them.
    #[default]
    Human,
    /// One line each: `file:line:column: error[CODE]: message`.
    Short,
}

/// The diagnostics of one source, sorted by place.
#[derive(Clone, Debug)]
pub struct Report {
    /// The text that they are about.
    pub source: Source,
    /// The problems.
    pub diagnostics: Vec<Diagnostic>,
}

impl Report {
    fn new(source: &Source, mut diagnostics: Vec<Diagnostic>) -> Report {
        diagnostics.sort_by_key(|diagnostic| (diagnostic.span(), diagnostic.code));
        Report { source: source.clone(), diagnostics }
    }

    /// Adds what was found later.
    pub(crate) fn add(&mut self, more: Diagnostics) {
        self.diagnostics.extend(more.list);
        self.diagnostics.sort_by_key(|diagnostic| (diagnostic.span(), diagnostic.code));
    }

    /// How many diagnostics [`Report::render`] shows.
    pub const MAX_SHOWN: usize = 100;

    /// Whether one of the diagnostics is an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// All diagnostics as text without colour, each ending with a newline.
    pub fn render(&self, format: Format) -> String {
        let mut out = String::new();
        for (i, diagnostic) in self.diagnostics.iter().take(Self::MAX_SHOWN).enumerate() {
            match format {
                Format::Human => {
                    if i > 0 {
                        out.push('\n');
                    }
                    out.push_str(&self.human(diagnostic));
                }
                Format::Short => out.push_str(&self.short(diagnostic)),
            }
            out.push('\n');
        }
        if let Some(hidden) = self.diagnostics.len().checked_sub(Self::MAX_SHOWN + 1) {
            out.push_str(&format!("… and {} more\n", hidden + 1));
        }
        out
    }

    fn human(&self, diagnostic: &Diagnostic) -> String {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let spans: Vec<Span> = diagnostic.labels.iter().map(|label| label.span).collect();
        let Some(windows) = self.windows(&spans) else { return self.short(diagnostic) };
        let main = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.to_string());
        let mut group: Option<Group<'_>> = None;
        for window in &windows {
            let mut place = Snippet::source(window.text).path(self.source.name.as_str()).line_start(window.line);
            for (i, label) in diagnostic.labels.iter().enumerate().filter(|(_, label)| window.holds(label.span)) {
                let kind = if i == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
                let text = (!label.text.is_empty()).then_some(label.text.as_str());
                place = place.annotation(kind.span(window.range(label.span)).label(text));
            }
            group = Some(match group {
                None => main.clone().element(place),
                Some(group) => group.element(place),
            });
        }
        let Some(mut group) = group else { return self.short(diagnostic) };
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let mut groups = vec![group];
        let suggestion = diagnostic.suggestion.as_ref();
        if let Some((suggestion, [window])) =
            suggestion.zip(suggestion.and_then(|s| self.windows(&[s.span])).as_deref())
        {
            let patch = Patch::new(window.range(suggestion.span), suggestion.replacement.as_str());
            let snippet = Snippet::source(window.text).path(self.source.name.as_str()).line_start(window.line);
            groups.push(Level::HELP.secondary_title(suggestion.text.as_str()).element(snippet.patch(patch)));
        }
        Renderer::plain().render(&groups)
    }

    /// The lines around `spans`: one piece if they are near each other, otherwise one for each span. `None` when a line
    /// is too long to be shown.
    fn windows(&self, spans: &[Span]) -> Option<Vec<Window<'_>>> {
        let first = spans.iter().map(|span| span.start).min()?;
        let last = spans.iter().map(|span| span.end).max()?;
        let whole = Window::new(&self.source.text, Span { start: first, end: last });
        if whole.text.len() <= Window::MAX {
            return Some(vec![whole]);
        }
        let windows: Vec<Window<'_>> = spans.iter().map(|span| Window::new(&self.source.text, *span)).collect();
        windows.iter().all(|window| window.text.len() <= Window::MAX).then_some(windows)
    }

    /// One diagnostic as one line.
    pub(crate) fn short(&self, diagnostic: &Diagnostic) -> String {
        let (line, column) = self.source.line_column(diagnostic.span().start);
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        format!("{}:{line}:{column}: {severity}[{}]: {}", self.source.name, diagnostic.code, diagnostic.message)
    }
}

/// Whole lines of a source. The renderer looks at every byte that it is given, so it is not given a whole file.
struct Window<'a> {
    text: &'a str,
    start: usize,
    /// The number of the first line.
    line: usize,
}

impl<'a> Window<'a> {
    /// The most bytes that are shown in one piece.
    const MAX: usize = 8192;

    fn new(text: &'a str, span: Span) -> Window<'a> {
        let range = span.range();
        let start = text[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[range.end..].find('\n').map_or(text.len(), |len| range.end + len + 1);
        Window { text: &text[start..end], start, line: text[..start].matches('\n').count() + 1 }
    }

    fn holds(&self, span: Span) -> bool {
        let range = span.range();
        self.start <= range.start && range.end <= self.start + self.text.len()
    }

    fn range(&self, span: Span) -> std::ops::Range<usize> {
        let range = span.range();
        range.start - self.start..range.end - self.start
    }
}
