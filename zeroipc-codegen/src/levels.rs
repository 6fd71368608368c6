//! Warnings that are allowed, told or denied, by code or name.

use crate::diagnostic::{Code, Report, Severity};

/// What is done about a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It is not shown.
    Allow,
    /// It is shown.
    Warn,
    /// It is an error.
    Deny,
}

/// What is done about each warning; the last setting that fits decides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Levels(Vec<(String, Level)>);

impl Levels {
    pub(crate) fn set(&mut self, what: String, level: Level) {
        self.0.push((what, level));
    }

    /// What to do about warnings with this code, by its number or name.
    pub(crate) fn of(&self, code: Code) -> Level {
        let fits = |what: &str| what == "warnings" || code.is(what);
        let found = self.0.iter().rev().find(|(what, _)| fits(what)).map(|(_, level)| *level);
        found.unwrap_or(Level::Warn)
    }

    /// Drops the warnings that are allowed, and makes errors of those that are denied.
    pub(crate) fn apply(&self, report: &mut Report) {
        report.diagnostics.retain_mut(|diagnostic| {
            if diagnostic.severity == Severity::Error {
                return true;
            }
            let level = self.of(diagnostic.code);
            if level == Level::Deny {
                diagnostic.severity = Severity::Error;
            }
            level != Level::Allow
        });
    }
}
