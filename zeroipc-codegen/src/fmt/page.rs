//! The lines of the result: indentation, empty lines, and the comments behind the code, one below the other.

/// The columns of one step to the right.
pub(super) const INDENT: usize = 4;
/// The columns that code is kept within, where a line can be broken.
pub(super) const WIDTH: usize = 100;
/// What separates code and a comment behind it, at least.
const GAP: usize = 2;

#[derive(Debug, Default)]
struct Line {
    indent: usize,
    /// Whether an empty line stands in front.
    blank: bool,
    code: String,
    /// The comments behind the code.
    comment: String,
}

impl Line {
    /// Whether the comment of this line is put below others. Lines that are too long stand alone: one of them would
    /// push the comments of a whole body out of sight.
    fn is_aligned(&self) -> bool {
        !self.comment.is_empty() && !self.code.contains('\n') && self.indent + self.code.chars().count() <= WIDTH
    }
}

#[derive(Debug, Default)]
pub(super) struct Page {
    lines: Vec<Line>,
    /// Whether the last line takes more code.
    open: bool,
}

impl Page {
    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Begins a line, unless one is open.
    pub(super) fn begin(&mut self, indent: usize, blank: bool) {
        if !self.open {
            self.lines.push(Line { indent, blank, ..Line::default() });
            self.open = true;
        }
    }

    /// Ends the line.
    pub(super) fn close(&mut self) {
        self.open = false;
    }

    /// Adds code to the line.
    pub(super) fn put(&mut self, text: &str, space: bool) {
        let Some(line) = self.lines.last_mut() else { return };
        if line.code.is_empty() {
            line.code = with_stars_aligned(text, line.indent);
            return;
        }
        if space {
            line.code.push(' ');
        }
        line.code.push_str(text);
    }

    /// Adds a comment behind the last line.
    pub(super) fn put_behind(&mut self, comment: &str) {
        let Some(line) = self.lines.last_mut() else { return };
        if !line.comment.is_empty() {
            line.comment.push(' ');
        }
        line.comment.push_str(comment);
    }

    /// Says whether an empty line stands in front of line `at`.
    pub(super) fn set_blank(&mut self, at: usize, blank: bool) {
        if let Some(line) = self.lines.get_mut(at) {
            line.blank = blank;
        }
    }

    pub(super) fn render(&self) -> String {
        let mut out = String::new();
        let mut rest = &self.lines[..];
        while let Some(first) = rest.first() {
            let follows = |line: &&Line| line.is_aligned() && !line.blank && line.indent == first.indent;
            let run = 1 + if first.is_aligned() { rest[1..].iter().take_while(follows).count() } else { 0 };
            let (lines, behind) = rest.split_at(run);
            let width = lines.iter().map(|line| line.code.chars().count()).max().unwrap_or(0);
            lines.iter().for_each(|line| write(&mut out, line, width));
            rest = behind;
        }
        out
    }
}

fn write(out: &mut String, line: &Line, width: usize) {
    if line.blank {
        out.push('\n');
    }
    pad(out, line.indent);
    out.push_str(&line.code);
    if !line.comment.is_empty() {
        pad(out, width - line.code.chars().count() + GAP);
        out.push_str(&line.comment);
    }
    out.push('\n');
}

fn pad(out: &mut String, columns: usize) {
    out.extend(std::iter::repeat_n(' ', columns));
}

/// A comment of several lines that all begin with `*` is moved as a whole; any other keeps what its author drew.
fn with_stars_aligned(text: &str, indent: usize) -> String {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or("");
    if !lines.clone().all(|line| line.trim_start().starts_with('*')) {
        return text.to_owned();
    }
    let mut out = first.to_owned();
    for line in lines {
        out.push('\n');
        pad(&mut out, indent + 1);
        out.push_str(line.trim());
    }
    out
}
