//! A struct as a grid of bytes.

use super::Picture;
use super::canvas::{Canvas, INNER, LEFT, NAME, SMALL, TOP, WIDTH, words};
use super::fit::{fit, width};
use super::grid::{Piece, outline, pieces};
use super::lines::{Line, arrange};
use crate::layout::facts::{LINE, usage};
use crate::layout::{Kind, Row, bytes, grouped, lines_of, shortened, struct_rows};
use crate::model::{Schema, Struct};

/// The fields that a picture shows at most.
const MOST: usize = 256;

/// The picture of a struct.
pub(crate) fn structure(schema: &Schema, item: &Struct) -> Picture {
    let rows = struct_rows(schema, item);
    let used = usage(schema, item);
    let mut line = format!("{} · alignment {} · {}", bytes(item.size), grouped(item.align), lines_of(item.size));
    if used.reserved > 0 {
        line.push_str(&format!(" · {} reserved", bytes(used.reserved)));
    }
    let mut canvas = Canvas::new("struct", &item.name, &line);
    let shown = &rows[..rows.len().min(MOST)];
    let (in_row, lines) = arrange(shown, TOP + 18);
    ruler(&mut canvas, in_row);
    let mut drawn = 0;
    for row in shown {
        let pieces = pieces(row, in_row, &lines);
        if pieces.is_empty() {
            break;
        }
        field(&mut canvas, row, in_row, &pieces);
        drawn += 1;
    }
    let boundary = offsets(&mut canvas, in_row, &lines);
    let mut bottom = lines.last().map_or(TOP, |line| line.bottom());
    if let Some(next) = rows.get(drawn) {
        bottom += 22;
        let missing = grouped((rows.len() - drawn) as u64);
        let note = format!("… and {missing} more fields from offset {}; the table has all", grouped(next.offset));
        canvas.text("z-note", LEFT, bottom, &note);
    }
    canvas.legend(bottom + 16, &words(shown.iter().map(|row| row.kind)), boundary);
    let title = format!("Layout of struct {}", item.name);
    canvas.finish(title, description(item, &rows, &line), bottom + 46)
}

/// The layout in words, as far as somebody listens.
fn description(item: &Struct, rows: &[Row<'_>], line: &str) -> String {
    let mut text = format!("Struct {}: {}.", item.name, line.replace(" · ", ", "));
    for row in rows.iter().take(24) {
        let ty = if row.ty.is_empty() { "bytes" } else { row.ty.as_str() };
        text.push_str(&format!(" {}, {}, at {}.", row.name, shortened(ty, 60), row.offset));
    }
    if rows.len() > 24 {
        text.push_str(&format!(" And {} more.", rows.len() - 24));
    }
    text
}

/// The numbers of the columns.
fn ruler(canvas: &mut Canvas, bytes: u64) {
    let step = if bytes == 64 { 8 } else { 1 };
    for column in (0..bytes).step_by(step) {
        let column = u32::try_from(column).unwrap_or(0);
        let cell = INNER / u32::try_from(bytes).unwrap_or(64);
        canvas.text("z-middle", LEFT + column * cell + cell / 2, TOP + 12, &format!("+{column}"));
    }
}

/// The offsets at the left, and the boundaries of cache lines; says whether there is one.
fn offsets(canvas: &mut Canvas, bytes: u64, lines: &[Line]) -> bool {
    let mut boundary = false;
    for line in lines {
        let offset = line.first * bytes;
        let (text, y) = if line.skips() { ("⋮".to_owned(), line.y + 20) } else { (offset.to_string(), line.y + 18) };
        canvas.text("z-offset", LEFT - 8, y, &text);
        if offset > 0 && offset.is_multiple_of(LINE) && !line.skips() {
            canvas.stroke("z-cache", &format!("M20 {}H{}", line.y, WIDTH - 12));
            let mark = format!("line {}", offset / LINE);
            canvas.text("z-mark", LEFT - 8, line.y + 34, &fit(&mark, LEFT - 12, SMALL - 1).unwrap_or_default());
            boundary = true;
        }
    }
    boundary
}

fn field(canvas: &mut Canvas, row: &Row<'_>, bytes: u64, pieces: &[Piece]) {
    canvas.open(&tooltip(row), row.meta.deprecated.is_some());
    canvas.shape(row.kind, &outline(pieces));
    ticks(canvas, row, bytes, pieces);
    let whole = pieces.iter().filter(|piece| !piece.line.skips());
    // The first of the widest.
    if let Some(widest) = whole.rev().max_by_key(|piece| piece.width()) {
        let corner = format!("@{}", row.offset);
        let place = (widest.left, widest.line.y, widest.width());
        match row.kind {
            Kind::Reserved => reserved(canvas, place, row.size),
            _ => canvas.label(place, row.name, &row.ty, &corner),
        }
    }
    for piece in pieces.iter().filter(|piece| piece.line.skips()) {
        let skipped = (piece.line.last - piece.line.first + 1) * bytes;
        let all = row.count.map_or(String::new(), |count| format!("× {} · ", grouped(u64::from(count))));
        let text = format!("⋯ {all}{} not drawn ⋯", crate::layout::bytes(skipped));
        canvas.text("z-middle", piece.left + piece.width() / 2, piece.line.y + 19, &text);
    }
    canvas.close();
}

/// How many bytes are reserved: in words, or the number alone.
fn reserved(canvas: &mut Canvas, (left, top, wide): (u32, u32, u32), size: u64) {
    let (words, number) = (bytes(size), grouped(size));
    let text = if width(&words, NAME) + 12 <= wide { words } else { number };
    if width(&text, NAME) + 4 <= wide {
        canvas.text("z-middle", left + wide / 2, top + 26, &text);
    }
}

/// Lines between the elements of an array, where there is room for them.
fn ticks(canvas: &mut Canvas, row: &Row<'_>, bytes: u64, pieces: &[Piece]) {
    let cell = u64::from(INNER) / bytes;
    let Some(element) = row.count.map(|count| row.size / u64::from(count).max(1)) else { return };
    if element == 0 || element * cell < 8 {
        return;
    }
    let mut path = String::new();
    for piece in pieces.iter().filter(|piece| !piece.line.skips()) {
        let start = (piece.line.first * bytes).max(row.offset);
        let end = (piece.line.first * bytes + bytes).min(row.end());
        let mut at = row.offset + (start - row.offset).next_multiple_of(element);
        while at < end {
            let x = u64::from(LEFT) + (at - piece.line.first * bytes) * cell;
            if at > start {
                path.push_str(&format!("M{x} {}v{}", piece.line.y + 1, piece.line.height() - 2));
            }
            at += element;
        }
    }
    if !path.is_empty() {
        canvas.stroke("z-tick", &path);
    }
}

/// Everything about a field.
pub(super) fn tooltip(row: &Row<'_>) -> String {
    let mut text = row.name.to_owned();
    if !row.ty.is_empty() {
        text.push_str(&format!(": {}", shortened(&row.ty, 200)));
    }
    text.push_str(&format!("\noffset {}, {}", grouped(row.offset), bytes(row.size)));
    for note in &row.notes {
        text.push_str(&format!("\n{}", shortened(note, 120)));
    }
    if let Some(crossing) = row.crossing() {
        text.push_str(&format!("\n{crossing}"));
    }
    if !row.doc.is_empty() {
        text.push_str(&format!("\n\n{}", shortened(row.doc.join("\n").trim(), 400)));
    }
    text
}
