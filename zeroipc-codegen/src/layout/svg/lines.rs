//! Which rows of a grid of bytes are drawn: of something long only the first and the last.

use crate::layout::Row;

/// The rows that a picture has at most.
const MOST: usize = 64;
/// The rows up to which a grid has large cells and shows every byte.
const FEW: usize = 18;
/// The rows up to which a grid has large cells.
const SOME: usize = 26;
/// The rows that one field has before those in the middle are left out.
const WHOLE: u64 = 4;

pub(super) const HEIGHT: u32 = 44;
pub(super) const SKIPPED: u32 = 30;

/// A line of the picture: one row of the grid, or the rows from the middle of a long field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) y: u32,
}

impl Line {
    pub(super) fn skips(self) -> bool {
        self.last > self.first
    }

    pub(super) fn height(self) -> u32 {
        if self.skips() { SKIPPED } else { HEIGHT }
    }

    pub(super) fn bottom(self) -> u32 {
        self.y + self.height()
    }
}

/// The lines of a struct with `bytes` in a row, as far as there are at most `most`, and whether these are all. Fields of more
/// than `whole` rows lose their middle.
fn lines(rows: &[Row<'_>], bytes: u64, top: u32, most: usize, whole: u64) -> (Vec<Line>, bool) {
    let mut lines: Vec<Line> = Vec::new();
    let mut y = top;
    let mut push = |first: u64, last: u64| -> bool {
        if lines.last().is_some_and(|line: &Line| line.last >= last) {
            return true;
        }
        if lines.len() >= most {
            return false;
        }
        let line = Line { first, last, y };
        y = line.bottom();
        lines.push(line);
        true
    };
    for row in rows.iter().filter(|row| row.size > 0) {
        let (first, last) = (row.offset / bytes, (row.end() - 1) / bytes);
        let all = if last - first > whole {
            push(first, first) && push(first + 1, last - 1) && push(last, last)
        } else {
            (first..=last).all(|row| push(row, row))
        };
        if !all {
            return (lines, false);
        }
    }
    (lines, true)
}

/// How many bytes a row has, and the lines.
pub(super) fn arrange(rows: &[Row<'_>], top: u32) -> (u64, Vec<Line>) {
    // Every byte in large cells is best; then large cells without the middles of long fields.
    let ways = [(8, u64::MAX, FEW), (16, u64::MAX, FEW), (8, WHOLE, SOME), (16, WHOLE, SOME)];
    for (bytes, whole, most) in ways {
        if let (lines, true) = lines(rows, bytes, top, most, whole) {
            return (bytes, lines);
        }
    }
    (64, lines(rows, 64, top, MOST, WHOLE).0)
}
