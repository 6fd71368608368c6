//! Aligned columns.

use std::io::{self, Write};

/// On which side of its column a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Lines of cells below a line of headings. A line with fewer cells than there are columns ends in a sentence, for which
/// no column makes room.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    columns: [(&'static str, Side); N],
    rows: Vec<Vec<String>>,
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(columns: [(&'static str, Side); N]) -> Table<N> {
        Table { columns, rows: Vec::new() }
    }

    pub(crate) fn push(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut widths = self.columns.map(|(heading, _)| heading.len());
        for row in &self.rows {
            let aligned = if row.len() < N { row.len().saturating_sub(1) } else { N };
            for (width, cell) in widths.iter_mut().zip(&row[..aligned]) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let headings = self.columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
        for row in std::iter::once(&headings).chain(&self.rows) {
            let mut line = String::new();
            for ((cell, width), (_, side)) in row.iter().zip(widths).zip(self.columns) {
                match side {
                    Side::Left => line += &format!("{cell:<width$}  "),
                    Side::Right if row.len() < N => line += &format!("{cell}  "),
                    Side::Right => line += &format!("{cell:>width$}  "),
                }
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A number with commas between the thousands.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_from_the_right() {
        assert_eq!([0, 7, 999, 1000, 1_048_576].map(thousands), ["0", "7", "999", "1,000", "1,048,576"]);
        assert_eq!(thousands(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn columns_are_as_wide_as_their_cells_and_sentences_take_no_room() {
        let mut table = Table::new([("NAME", Side::Left), ("SIZE", Side::Right), ("KIND", Side::Left)]);
        for row in [&["é", "1,000", "array"][..], &["longer", "7", ""], &["bad", "a sentence that is long"]] {
            table.push(row.iter().map(|cell| (*cell).to_owned()).collect());
        }
        let mut out = Vec::new();
        table.write(&mut out).expect("a vector takes everything");
        let text = String::from_utf8(out).expect("text");
        assert_eq!(
            text,
            "NAME     SIZE  KIND\n\
             é       1,000  array\n\
             longer      7\n\
             bad     a sentence that is long\n"
        );
    }
}
