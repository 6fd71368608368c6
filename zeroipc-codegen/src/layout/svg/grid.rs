//! One field in a grid of bytes: its pieces in the lines of the picture, and the outline around them.

use super::canvas::{INNER, LEFT};
use super::lines::Line;
use crate::layout::Row;

/// The part of a field that lies in one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) line: Line,
    pub(super) left: u32,
    pub(super) right: u32,
}

impl Piece {
    pub(super) fn width(self) -> u32 {
        self.right - self.left
    }
}

/// The pieces of a field, from the top. A field behind the end of the picture has none.
pub(super) fn pieces(row: &Row<'_>, bytes: u64, lines: &[Line]) -> Vec<Piece> {
    let Some(last_byte) = row.end().checked_sub(1).filter(|_| row.size > 0) else { return Vec::new() };
    let (first, last) = (row.offset / bytes, last_byte / bytes);
    // A column is at most 64, so that these are small numbers.
    let x = |column: u64| LEFT + u32::try_from(column).unwrap_or(0) * (INNER / u32::try_from(bytes).unwrap_or(64));
    let inside = lines.iter().filter(|line| line.first <= last && line.last >= first);
    let piece = |line: &Line| Piece {
        line: *line,
        left: if line.first == first { x(row.offset % bytes) } else { LEFT },
        right: if line.last == last { x(last_byte % bytes + 1) } else { LEFT + INNER },
    };
    inside.map(piece).collect()
}

/// The outline of the pieces: one shape where they touch, else one for each.
pub(super) fn outline(pieces: &[Piece]) -> String {
    let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else { return String::new() };
    let apart = pieces.len() == 2 && last.right <= first.left;
    if pieces.len() == 1 || apart {
        let one = |piece: &Piece| {
            let (width, height) = (piece.width(), piece.line.height());
            format!("M{} {}h{width}v{height}h-{width}z", piece.left, piece.line.y)
        };
        return pieces.iter().map(one).collect();
    }
    format!(
        "M{} {}H{}V{}H{}V{}H{}V{}H{}z",
        first.left,
        first.line.y,
        first.right,
        last.line.y,
        last.right,
        last.line.bottom(),
        last.left,
        first.line.bottom(),
        first.left,
    )
}
