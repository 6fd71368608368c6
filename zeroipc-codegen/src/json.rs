//! Diagnostics as JSON: one object on one line each, for editors and other tools.

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Report};
use crate::source::{Source, Span};

#[derive(Serialize)]
struct Message<'a> {
    code: String,
    severity: &'static str,
    message: &'a str,
    /// The first is the primary one.
    spans: Vec<Place<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<Fix<'a>>,
}

/// Bytes are counted from 0, lines and columns from 1; a column is a character.
#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    byte_start: u32,
    byte_end: u32,
    line_start: usize,
    column_start: usize,
    line_end: usize,
    column_end: usize,
    label: &'a str,
}

#[derive(Serialize)]
struct Fix<'a> {
    message: &'a str,
    replacement: &'a str,
    span: Place<'a>,
}

pub(crate) fn diagnostic(report: &Report, diagnostic: &Diagnostic) -> String {
    let message = Message {
        code: diagnostic.code.to_string(),
        severity: diagnostic.severity.word(),
        message: &diagnostic.message,
        spans: diagnostic.labels.iter().map(|label| place(&report.source, label.span, &label.text)).collect(),
        help: diagnostic.help.as_deref(),
        suggestion: diagnostic.suggestion.as_ref().map(|suggestion| Fix {
            message: &suggestion.text,
            replacement: &suggestion.replacement,
            span: place(&report.source, suggestion.span, ""),
        }),
    };
    // Names, numbers and texts always have a spelling.
    serde_json::to_string(&message).unwrap_or_default()
}

fn place<'a>(source: &'a Source, span: Span, label: &'a str) -> Place<'a> {
    let (line_start, column_start) = source.line_column(span.start);
    let (line_end, column_end) = source.line_column(span.end);
    Place {
        file: &source.name,
        byte_start: span.start,
        byte_end: span.end,
        line_start,
        column_start,
        line_end,
        column_end,
        label,
    }
}
