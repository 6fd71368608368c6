//! Changes as data, and how they are shown.

use std::collections::HashMap;
use std::fmt;

use super::accept::Accepted;
use super::codes::{THROUGH, USELESS};
use crate::compiler::Checked;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Format, Report, Severity};
use crate::source::{Source, Span};

/// What a change does to programs that were built before it. The first is the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Old and new programs cannot read each other's bytes.
    Layout,
    /// The bytes are read, but mean something else: refused when a segment is opened.
    Schema,
    /// Bytes without a meaning got one: refused when a segment is opened, while all others stay in place.
    Append,
    /// A structure moved, or is another one.
    Segment,
    /// The generated code has other names; segments are as they were.
    Source,
    /// Told for information.
    Compatible,
}

impl Class {
    /// Every class, the worst first.
    pub const ALL: [Class; 6] =
        [Class::Layout, Class::Schema, Class::Append, Class::Segment, Class::Source, Class::Compatible];

    /// The word in the output and in accept files.
    pub const fn word(self) -> &'static str {
        match self {
            Class::Layout => "layout",
            Class::Schema => "schema",
            Class::Append => "append",
            Class::Segment => "segment",
            Class::Source => "source",
            Class::Compatible => "compatible",
        }
    }

    /// Whether a change of this class fails; with `strict` other names in the generated code do too.
    pub const fn is_breaking(self, strict: bool) -> bool {
        match self {
            Class::Layout | Class::Schema | Class::Append | Class::Segment => true,
            Class::Source => strict,
            Class::Compatible => false,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One difference between the old and the new schemas.
#[derive(Clone, Debug)]
pub struct Change {
    /// What kind of change; `docs/schema.md` §5 lists them.
    pub code: Code,
    /// What it does to programs that were built before it.
    pub class: Class,
    /// The thing that changed, with its namespace: `robot.nav.Pose.speed`.
    pub path: String,
    /// One sentence about what changed.
    pub message: String,
    /// Whether an accept file allows it.
    pub accepted: bool,
    pub(super) place: Place,
}

/// Where a change is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Whether the place is in the old schema, because the new one has none.
    pub(super) old: bool,
    /// Which of the files.
    pub(super) unit: usize,
    pub(super) span: Span,
}

impl Change {
    /// Whether it follows from another change in the list, which stands or falls with that one.
    pub fn is_through(&self) -> bool {
        self.code == THROUGH
    }

    /// Whether it fails by itself.
    pub fn is_breaking(&self, strict: bool) -> bool {
        self.class.is_breaking(strict) && !self.accepted && !self.is_through()
    }
}

/// As in an accept file: `layout[ZIPC0402]: robot.nav.Pose.speed: …`
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: {}: {}", self.class, self.code, self.path, self.message)
    }
}

/// All changes, and the texts that they are about.
#[derive(Clone, Debug)]
pub struct Changes {
    /// The changes, by place.
    pub list: Vec<Change>,
    old: Vec<Source>,
    new: Vec<Source>,
}

impl Changes {
    pub(super) fn new(list: Vec<Change>, old: &Checked, new: &Checked) -> Changes {
        let sources = |checked: &Checked| checked.units.iter().map(|unit| unit.source.clone()).collect();
        Changes { list, old: sources(old), new: sources(new) }
    }

    /// Whether a change fails that nobody accepted: one of the class `source` only if `strict`.
    pub fn has_breaking(&self, strict: bool) -> bool {
        self.list.iter().any(|change| change.is_breaking(strict))
    }

    /// The text in which a change is shown, and the place: in the new schema where it has one, otherwise in the old.
    pub fn place(&self, change: &Change) -> (&Source, Span) {
        let Place { old, unit, span } = change.place;
        let sources = if old { &self.old } else { &self.new };
        (&sources[unit], span)
    }

    /// Marks the changes that `accepted` lists, and warns of its lines that fit no change.
    pub fn accept(&mut self, accepted: &Accepted) -> Report {
        let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
        for (i, line) in accepted.lines.iter().enumerate() {
            places.entry(&line.text).or_default().push(i);
        }
        let mut used = vec![false; accepted.lines.len()];
        for change in &mut self.list {
            for line in places.get(change.to_string().as_str()).into_iter().flatten() {
                change.accepted = true;
                used[*line] = true;
            }
        }
        let mut warnings = Diagnostics::default();
        for (line, _) in accepted.lines.iter().zip(used).filter(|(_, used)| !used) {
            let message = "this line accepts nothing: there is no such change";
            warnings.push(Diagnostic::warning(USELESS.0, line.span, message).help("remove the line"));
        }
        warnings.into_report(&accepted.source)
    }

    /// All changes as text, each ending with a newline. The short form has one line for each:
    /// `file:line:column: layout[ZIPC0402]: robot.nav.Pose.speed: …`; others show the places: what fails, as
    /// [`Changes::has_breaking`] has it, as errors, and the rest as notes.
    pub fn render(&self, format: Format, strict: bool) -> String {
        match format {
            Format::Short => self.short(),
            format => {
                let apart = if format == Format::Human { "\n" } else { "" };
                self.reports(strict).iter().map(|report| report.render(format)).collect::<Vec<_>>().join(apart)
            }
        }
    }

    /// One line for each change. They are sorted by place, so that no text is read twice to count its lines.
    fn short(&self) -> String {
        let mut out = String::new();
        let mut last = (None, 0, 1, 1);
        for change in &self.list {
            let (source, span) = self.place(change);
            let (file, end) = ((change.place.old, change.place.unit), span.start as usize);
            if last.0 != Some(file) || last.1 > end {
                last = (Some(file), 0, 1, 1);
            }
            let passed = source.text.get(last.1..end).unwrap_or_default();
            let (lines, column) = match passed.rfind('\n') {
                Some(newline) => (passed.matches('\n').count(), passed[newline + 1..].chars().count() + 1),
                None => (0, last.3 + passed.chars().count()),
            };
            last = (Some(file), end, last.2 + lines, column);
            out.push_str(&format!("{}:{}:{column}: {change}\n", source.name, last.2));
        }
        out
    }

    /// The changes as diagnostics, one report for each file: errors for those that fail, notes for the others.
    pub fn reports(&self, strict: bool) -> Vec<Report> {
        // Not through `Diagnostics`, which keeps a number of errors only: what fails is shown.
        let mut files: Vec<((bool, usize), Vec<Diagnostic>)> = Vec::new();
        for change in &self.list {
            let Place { old, unit, span } = change.place;
            let at = files.iter().position(|(key, _)| *key == (old, unit)).unwrap_or_else(|| {
                files.push(((old, unit), Vec::new()));
                files.len() - 1
            });
            let severity = if change.is_breaking(strict) { Severity::Error } else { Severity::Note };
            let message = format!("{}: {}: {}", change.class, change.path, change.message);
            let mut diagnostic = Diagnostic::error(change.code.0, span, message);
            diagnostic.severity = severity;
            if old {
                diagnostic = diagnostic.label("as it was");
            }
            files[at].1.push(diagnostic);
        }
        // Of very many the first are shown to people, so that those that fail come first.
        for (_, list) in files.iter_mut().filter(|(_, list)| list.len() > Report::MAX_SHOWN) {
            list.sort_by_key(|diagnostic| diagnostic.severity != Severity::Error);
        }
        let source = |(old, unit): (bool, usize)| if old { &self.old[unit] } else { &self.new[unit] };
        files.into_iter().map(|(key, diagnostics)| Report::of(source(key), diagnostics)).collect()
    }
}
