//! A segment as a bar, and a line for each part of it.

use super::Picture;
use super::canvas::{Canvas, NAME, SMALL, TOP, WIDTH};
use super::fit::fit;
use crate::layout::map::{Part, parts};
use crate::layout::{Kind, bytes, grouped, share, shortened};
use crate::model::{Schema, Segment, StructureKind};

const BAR: u32 = 48;
const ROW: u32 = 24;
/// The least that a part gets in the bar.
const LEAST: u32 = 5;

/// The picture of a segment.
pub(crate) fn segment(schema: &Schema, item: &Segment) -> Picture {
    let line = format!(
        "{:?} · {} · {} used ({})",
        shortened(&item.path, 24),
        bytes(item.size),
        bytes(item.used),
        share(item.used, item.size)
    );
    let mut canvas = Canvas::new("segment", &item.name, &line);
    let parts = parts(schema, item);
    let kinds = kinds(item);
    let inner = WIDTH - 40;
    let mut x = 20;
    for ((i, part), wide) in parts.iter().enumerate().zip(widths(&parts, inner)) {
        canvas.open(&tooltip(part), part.deprecated);
        canvas.area(kind(&kinds, i), x, TOP, wide, BAR);
        canvas.label((x, TOP + 4, wide), part.name.trim_matches(['(', ')']), &share(part.size, item.size), "");
        canvas.close();
        x += wide;
    }
    canvas.text("z-line", 20, TOP + BAR + 15, "0");
    canvas.text("z-right", WIDTH - 20, TOP + BAR + 15, &grouped(item.size));
    let mut y = TOP + BAR + 34;
    for (i, part) in parts.iter().enumerate() {
        canvas.open(&tooltip(part), part.deprecated);
        row(&mut canvas, part, kind(&kinds, i), item.size, y);
        canvas.close();
        y += ROW;
    }
    let mut desc = format!("Segment {}: {}.", item.name, line.replace(" · ", ", "));
    for part in &parts {
        desc.push_str(&format!(" {} at {}, {}.", part.name, part.offset, bytes(part.size)));
    }
    canvas.finish(format!("Map of segment {}", item.name), desc, y + 12)
}

/// The line of a part: colour, name, what it is, offset, size, share.
fn row(canvas: &mut Canvas, part: &Part, kind: Kind, whole: u64, y: u32) {
    canvas.area(kind, 20, y, 14, 14);
    canvas.text("z-name", 42, y + 11, &fit(&part.name, 190, NAME).unwrap_or_default());
    canvas.text("z-type", 240, y + 11, &fit(&part.form, 250, SMALL).unwrap_or_default());
    canvas.text("z-right", 590, y + 11, &fit(&format!("@{}", grouped(part.offset)), 100, SMALL).unwrap_or_default());
    let size = bytes(part.size);
    let short = size.split(" (").next().unwrap_or(&size);
    canvas.text("z-right", 720, y + 11, &fit(short, 126, SMALL).unwrap_or_default());
    canvas.text("z-right", WIDTH - 20, y + 11, &share(part.size, whole));
}

fn tooltip(part: &Part) -> String {
    let what = format!("{} {}", part.name, shortened(&part.form, 200));
    format!("{}\noffset {}, {}", what.trim_end(), grouped(part.offset), bytes(part.size))
}

/// The colours of the parts: behind the table and the passport come the structures.
fn kinds(item: &Segment) -> Vec<Kind> {
    [Kind::Text, Kind::Text].into_iter().chain(item.structures.iter().map(|structure| colour(structure.kind))).collect()
}

/// What is behind the last structure is free.
fn kind(kinds: &[Kind], i: usize) -> Kind {
    kinds.get(i).copied().unwrap_or(Kind::Reserved)
}

/// Related structures have one colour.
const fn colour(kind: StructureKind) -> Kind {
    match kind {
        StructureKind::Array | StructureKind::Signal | StructureKind::Future | StructureKind::Lazy => Kind::Whole,
        StructureKind::Queue
        | StructureKind::Stack
        | StructureKind::Ring
        | StructureKind::Broadcast
        | StructureKind::Stream
        | StructureKind::Channel => Kind::Float,
        StructureKind::Map | StructureKind::Set | StructureKind::Pool => Kind::Compound,
        _ => Kind::Named,
    }
}

/// The widths of the parts, which add up to `inner`: each gets the least, and its share of what is left.
fn widths(parts: &[Part], inner: u32) -> Vec<u32> {
    let least = LEAST.min(inner / u32::try_from(parts.len()).unwrap_or(1).max(1));
    let spread = inner - least * u32::try_from(parts.len()).unwrap_or(0);
    let whole: u128 = parts.iter().map(|part| u128::from(part.size)).sum::<u128>().max(1);
    let (mut before, mut at) = (0u128, 0u32);
    let mut widths = Vec::new();
    for part in parts {
        before += u128::from(part.size);
        let end = u32::try_from(u128::from(spread) * before / whole).unwrap_or(spread);
        widths.push(least + end - at);
        at = end;
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_the_bar_fill_it() {
        let part = |size| Part { offset: 0, size, name: String::new(), form: String::new(), deprecated: false };
        let parts: Vec<Part> = [1, 1 << 56, 7].map(part).into();
        let widths = widths(&parts, 760);
        assert_eq!(widths.iter().sum::<u32>(), 760);
        assert!(widths.iter().all(|width| *width >= LEAST), "{widths:?}");
    }
}
