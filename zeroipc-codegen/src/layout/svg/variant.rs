//! A variant as its tag and, below each other, the cases that share the bytes behind it.

use super::Picture;
use super::canvas::{Canvas, INNER, LEFT, NAME, SMALL, TOP, words};
use super::fit::{fit, width};
use super::lines::HEIGHT;
use super::structure::tooltip;
use crate::layout::{Kind, Row, bytes, case_rows, grouped, lines_of, shortened};
use crate::model::{Schema, Variant};

/// The cases that a picture shows at most.
const MOST: usize = 64;
/// The width of the names at the left.
const NAMES: u32 = 150;
const TAG_WIDTH: u32 = 92;
const PAD_WIDTH: u32 = 26;
const GAP: u32 = 6;

/// Where the columns of the picture stand.
struct Columns {
    tag: u32,
    payload: u32,
    room: u32,
}

/// The picture of a variant.
pub(crate) fn variant(schema: &Schema, item: &Variant) -> Picture {
    let rows = case_rows(schema, item);
    let tag = schema.types[item.tag].size;
    let line = format!("{} · alignment {} · {}", bytes(item.size), grouped(item.align), lines_of(item.size));
    let mut canvas = Canvas::new("variant", &item.name, &line);
    let holds = item.size > item.payload;
    let start = LEFT - 52 + NAMES;
    let hole = if holds && item.payload > tag { PAD_WIDTH } else { 0 };
    let payload = start + TAG_WIDTH + hole;
    let columns = Columns { tag: start, payload, room: LEFT + INNER - payload };
    canvas.text("z-line", columns.tag, TOP + 10, "tag @0");
    if holds {
        canvas.text("z-line", columns.payload, TOP + 10, &format!("case @{}", item.payload));
        canvas.text("z-right", LEFT + INNER, TOP + 10, &format!("{}", item.size));
    }
    let mut y = TOP + 18;
    for (row, value) in rows.iter().zip(item.cases.iter().map(|case| case.value)).take(MOST) {
        case(&mut canvas, &columns, item, tag, row, value, y);
        y += HEIGHT + GAP;
    }
    if rows.len() > MOST {
        y += 16;
        canvas.text("z-note", LEFT, y, &format!("… and {} more cases; the table has all", rows.len() - MOST));
    }
    let kinds = rows.iter().take(MOST).map(|row| row.kind).chain([Kind::Named]);
    let unused = |(kind, word)| (kind, if kind == Kind::Reserved { "unused, zero" } else { word });
    let legend: Vec<_> = words(kinds).into_iter().map(unused).collect();
    canvas.legend(y + 10, &legend, false);
    let mut desc = format!("Variant {}: {}. The tag lies at 0.", item.name, line.replace(" · ", ", "));
    for row in rows.iter().take(24) {
        let ty = if row.ty.is_empty() { "nothing".to_owned() } else { shortened(&row.ty, 60) };
        desc.push_str(&format!(" {} holds {ty}.", row.name));
    }
    canvas.finish(format!("Layout of variant {}", item.name), desc, y + 40)
}

fn case(canvas: &mut Canvas, columns: &Columns, item: &Variant, tag: u64, row: &Row<'_>, value: i128, y: u32) {
    canvas.open(&tooltip(row), row.meta.deprecated.is_some());
    canvas.text("z-name", 20, y + 26, &fit(row.name, columns.tag - 30, NAME).unwrap_or_default());
    canvas.area(Kind::Named, columns.tag, y, TAG_WIDTH, HEIGHT);
    let value = fit(&format!("= {value}"), TAG_WIDTH - 12, SMALL).unwrap_or_default();
    canvas.text("z-type", columns.tag + 6, y + 18, &value);
    canvas.text("z-type", columns.tag + 6, y + 34, &bytes(tag));
    let hole = columns.payload - columns.tag - TAG_WIDTH;
    if hole > 0 {
        canvas.area(Kind::Reserved, columns.tag + TAG_WIDTH, y, hole, HEIGHT);
    }
    let room = item.size - item.payload;
    if room > 0 {
        let wide = proportion(row.size, room, columns.room);
        if wide < columns.room {
            canvas.area(Kind::Reserved, columns.payload + wide, y, columns.room - wide, HEIGHT);
        }
        if wide > 0 {
            canvas.area(row.kind, columns.payload, y, wide, HEIGHT);
            let size = bytes(row.size);
            if width(&size, NAME) + 12 <= wide {
                canvas.label((columns.payload, y, wide), &shortened(&row.ty, 200), &size, "");
            } else {
                canvas.label((columns.payload, y, wide), &row.ty, "", "");
            }
        }
        let free = bytes(room - row.size);
        let left = columns.room - wide;
        if row.size < room && width(&free, SMALL) + 20 <= left {
            canvas.text("z-right", LEFT + INNER - 8, y + 26, &free);
        }
    }
    canvas.close();
}

/// `part` of `whole` in pixels; something is never nothing, and not all is never all.
fn proportion(part: u64, whole: u64, pixels: u32) -> u32 {
    if part == 0 || part >= whole {
        return if part == 0 { 0 } else { pixels };
    }
    let exact = u128::from(part) * u128::from(pixels) / u128::from(whole);
    u32::try_from(exact).unwrap_or(pixels).clamp(4, pixels.saturating_sub(4))
}
