//! Tables of text with aligned columns, at most 100 columns wide where the words allow it.

/// The width that lines keep to.
const WIDTH: usize = 100;
/// The least that the last column gets, whatever stands before it.
const LAST: usize = 24;

/// A table; the last column is text that goes on in the next line where it is long.
pub(super) struct Table {
    /// What stands above each column, and whether the column is one of numbers.
    head: Vec<(&'static str, bool)>,
    lines: Vec<Line>,
}

enum Line {
    Cells(Vec<String>),
    /// A boundary, told between two lines.
    Rule(String),
}

impl Table {
    pub(super) fn new(head: &[(&'static str, bool)]) -> Table {
        Table { head: head.to_vec(), lines: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.lines.push(Line::Cells(cells));
    }

    pub(super) fn rule(&mut self, text: String) {
        self.lines.push(Line::Rule(text));
    }

    /// The table, each line two columns in.
    pub(super) fn text(&self) -> String {
        let widths = self.widths();
        let before: usize = widths.iter().rev().skip(1).map(|width| width + 2).sum();
        let last = WIDTH.saturating_sub(before + 2).max(LAST);
        let head: Vec<String> = self.head.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mut out = String::new();
        self.put(&mut out, &head, &widths, last);
        for line in &self.lines {
            match line {
                Line::Cells(cells) => self.put(&mut out, cells, &widths, last),
                Line::Rule(text) => {
                    let room = (before + 2 + LAST).min(WIDTH).saturating_sub(text.chars().count() + 3);
                    out.push_str(&format!("  {text} {}\n", "-".repeat(room)));
                }
            }
        }
        out
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.head.iter().map(|(name, _)| name.len()).collect();
        for line in &self.lines {
            let Line::Cells(cells) = line else { continue };
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(cell.chars().count());
            }
        }
        widths
    }

    fn put(&self, out: &mut String, cells: &[String], widths: &[usize], last: usize) {
        let mut line = String::from(" ");
        let Some((text, numbers)) = cells.split_last() else { return };
        for ((cell, width), (_, right)) in numbers.iter().zip(widths).zip(&self.head) {
            let pad = " ".repeat(width.saturating_sub(cell.chars().count()));
            line.push_str(&if *right { format!(" {pad}{cell} ") } else { format!(" {cell}{pad} ") });
        }
        let indent = line.chars().count();
        for (i, part) in wrapped(text, last).iter().enumerate() {
            let start = if i == 0 { line.clone() } else { " ".repeat(indent) };
            out.push_str(format!("{start} {part}").trim_end());
            out.push('\n');
        }
    }
}

/// The text in lines of at most `width`; a longer word has a line for itself.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let len = word.chars().count();
        if used > 0 && used + 1 + len > width {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += len;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_the_last_one_wraps() {
        let mut table = Table::new(&[("n", true), ("name", false), ("notes", false)]);
        table.row(vec!["7".into(), "a".into(), "word ".repeat(30)]);
        table.row(vec!["1000".into(), "longer".into(), String::new()]);
        let text = table.text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "     n  name    notes");
        assert!(lines[1].starts_with("     7  a       word word"), "{text}");
        assert!(lines[2].starts_with("                word"), "{text}");
        assert!(lines.iter().all(|line| line.len() <= WIDTH), "{text}");
        assert_eq!(lines[3], "  1000  longer");
    }
}
