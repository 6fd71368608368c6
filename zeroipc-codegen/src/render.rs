//! Diagnostics as text, for people and for machines.

use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Format, Report, Severity};
use crate::source::Span;

impl Report {
    /// All diagnostics as text without colour, each ending with a newline.
    pub fn render(&self, format: Format) -> String {
        self.render_with(format, false)
    }

    /// As [`Report::render`], with the colours of a terminal where the format has any.
    pub fn render_with(&self, format: Format, colour: bool) -> String {
        let mut out = String::new();
        let for_people = matches!(format, Format::Human | Format::Short);
        for (i, diagnostic) in self.shown(for_people).into_iter().enumerate() {
            match format {
                Format::Human => {
                    if i > 0 {
                        out.push('\n');
                    }
                    out.push_str(&self.human(diagnostic, colour));
                }
                Format::Short => out.push_str(&self.short(diagnostic)),
                #[cfg(feature = "json")]
                Format::Json => out.push_str(&crate::json::diagnostic(self, diagnostic)),
                Format::Github => out.push_str(&self.github(diagnostic)),
            }
            out.push('\n');
        }
        if let (true, Some(hidden)) = (for_people, self.diagnostics.len().checked_sub(Self::MAX_SHOWN + 1)) {
            out.push_str(&format!("… and {} more\n", hidden + 1));
        }
        out
    }

    /// The diagnostics that are shown, in their order: for people the first errors, then the first others; for machines
    /// all.
    fn shown(&self, for_people: bool) -> Vec<&Diagnostic> {
        if !for_people || self.diagnostics.len() <= Self::MAX_SHOWN {
            return self.diagnostics.iter().collect();
        }
        let is_error = |diagnostic: &&Diagnostic| diagnostic.severity == Severity::Error;
        let errors = self.diagnostics.iter().filter(is_error).take(Self::MAX_SHOWN);
        let mut shown: Vec<&Diagnostic> = errors.collect();
        let room = Self::MAX_SHOWN - shown.len();
        shown.extend(self.diagnostics.iter().filter(|diagnostic| !is_error(diagnostic)).take(room));
        shown.sort_by_key(|diagnostic| (diagnostic.span(), diagnostic.code));
        shown
    }

    /// One diagnostic as a workflow command.
    fn github(&self, diagnostic: &Diagnostic) -> String {
        let (line, column) = self.source.line_column(diagnostic.span().start);
        let (end_line, end_column) = self.source.line_column(diagnostic.span().end);
        let command = match diagnostic.severity {
            Severity::Note => "notice",
            other => other.word(),
        };
        let place = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
        let mut message = diagnostic.message.clone();
        if let Some(help) = &diagnostic.help {
            message.push_str(&format!("\nhelp: {help}"));
        }
        format!(
            "::{} file={},line={line},endLine={end_line},col={column},endColumn={end_column},title={}::{}",
            command,
            place(&self.source.name),
            diagnostic.code,
            data(&message)
        )
    }

    fn human(&self, diagnostic: &Diagnostic, colour: bool) -> String {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
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
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&groups)
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
        let severity = diagnostic.severity.word();
        format!("{}:{line}:{column}: {severity}[{}]: {}", self.source.name, diagnostic.code, diagnostic.message)
    }
}

/// A text in a workflow command, which ends at the end of the line.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
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
