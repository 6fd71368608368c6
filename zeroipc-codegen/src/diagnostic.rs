//! What is wrong with a schema, as data, and how it is shown.

use std::fmt;

use crate::source::{Source, Span};

/// A stable name for a kind of diagnostic; `docs/schema.md` lists them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub(crate) u16);

/// The names of the warnings, which can be used wherever their codes can.
pub(crate) const WARNINGS: [(u16, &str); 7] = [
    (202, "capacity-rounded"),
    (501, "version-missing"),
    (502, "doc-missing"),
    (503, "padding-order"),
    (504, "line-straddling"),
    (505, "unused-import"),
    (506, "zero-unnamed"),
];

impl Code {
    /// Whether `text` is this code, such as `ZIPC0202`, or the warning's name.
    pub fn is(self, text: &str) -> bool {
        text.eq_ignore_ascii_case(&self.to_string())
            || WARNINGS.iter().any(|(code, name)| *code == self.0 && *name == text)
    }
}

/// Every warning: its code and its name.
pub fn warnings() -> impl Iterator<Item = (Code, &'static str)> {
    WARNINGS.iter().map(|(code, name)| (Code(*code), *name))
}

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
    /// Told for information.
    Note,
}

impl Severity {
    /// The word in messages.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
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

/// Collects diagnostics. A hostile schema has more of them than anybody reads, so only the first errors and the first
/// others are kept.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    errors: Vec<Diagnostic>,
    others: Vec<Diagnostic>,
    failed: bool,
}

impl Diagnostics {
    const MAX_KEPT: usize = 10_000;

    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        let is_error = diagnostic.severity == Severity::Error;
        self.failed |= is_error;
        let list = if is_error { &mut self.errors } else { &mut self.others };
        if list.len() < Self::MAX_KEPT {
            list.push(diagnostic);
        }
    }

    pub(crate) fn extend(&mut self, more: impl IntoIterator<Item = Diagnostic>) {
        more.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }

    /// Something is wrong that is told elsewhere.
    pub(crate) fn fail(&mut self) {
        self.failed = true;
    }

    pub(crate) fn errors(&self) -> &[Diagnostic] {
        &self.errors
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.failed
    }

    #[cfg(feature = "rust-input")]
    pub(crate) fn into_list(mut self) -> Vec<Diagnostic> {
        self.errors.append(&mut self.others);
        self.errors
    }

    pub(crate) fn into_report(self, source: &Source) -> Report {
        let mut report = Report::of(source, Vec::new());
        report.add(self);
        report
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
    /// One JSON object each, on a line of its own.
    #[cfg(feature = "json")]
    Json,
    /// Workflow commands that GitHub shows beside the lines of a change.
    Github,
}

/// The diagnostics of one source, sorted by place.
#[derive(Clone, Debug)]
pub struct Report {
    /// The text that they are about.
    pub source: Source,
    /// The problems.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether something is wrong, perhaps told elsewhere.
    failed: bool,
}

impl Report {
    /// A report of diagnostics in this order.
    pub(crate) fn of(source: &Source, diagnostics: Vec<Diagnostic>) -> Report {
        Report { source: source.clone(), diagnostics, failed: false }
    }

    /// Adds what was found later.
    pub(crate) fn add(&mut self, more: Diagnostics) {
        self.failed |= more.failed;
        self.diagnostics.extend(more.errors.into_iter().chain(more.others));
        self.diagnostics.sort_by_key(|diagnostic| (diagnostic.span(), diagnostic.code));
    }

    /// Adds the diagnostics of another report about the same source.
    pub(crate) fn merge(&mut self, more: Report) {
        self.failed |= more.failed;
        self.diagnostics.extend(more.diagnostics);
        self.diagnostics.sort_by_key(|diagnostic| (diagnostic.span(), diagnostic.code));
    }

    /// How many diagnostics [`Report::render`] shows to people; errors before others.
    pub const MAX_SHOWN: usize = 100;

    /// Whether something is wrong: one of the diagnostics is an error, or an imported file has errors.
    pub fn has_errors(&self) -> bool {
        self.failed || self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}
