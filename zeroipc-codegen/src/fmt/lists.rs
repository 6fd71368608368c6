//! Which lists are written over several lines: `= […]` and `@x(…)`, the outermost only.
//!
//! A list is broken when a comment in it ends a line, when it ends with a comma, or when it is the widest one of a line
//! that is too wide.

use crate::fmt::page::WIDTH;
use crate::fmt::tokens::Pieces;

/// A list that can be broken.
struct List {
    open: usize,
    /// Without a last comma, which comes and goes with the breaking.
    width: usize,
    last_comma: bool,
    elements: usize,
    broken: bool,
}

/// The opening brackets of the lists within `first..=last` that are broken; the line begins at column `indent`.
pub(super) fn broken(pieces: &Pieces<'_>, first: usize, last: usize, indent: usize) -> Vec<usize> {
    let mut lists = lists(pieces, first, last);
    let commas = lists.iter().filter(|list| list.last_comma).count();
    // The last value of a body gets its comma later.
    let comma = usize::from(![",", ";", "{"].iter().any(|end| pieces.is(last, end)));
    if indent + pieces.width(first, last) + comma - commas > WIDTH {
        let several = lists.iter_mut().filter(|list| list.elements > 1);
        if let Some(widest) = several.max_by_key(|list| list.width) {
            widest.broken = true;
        }
    }
    lists.iter().filter(|list| list.broken).map(|list| list.open).collect()
}

fn lists(pieces: &Pieces<'_>, first: usize, last: usize) -> Vec<List> {
    let mut lists = Vec::new();
    let mut at = first;
    while at <= last {
        let close = pieces[at].close.filter(|close| *close <= last);
        if let Some(close) = close
            && begins_list(pieces, at)
        {
            lists.extend(list(pieces, at, close));
        }
        at = close.unwrap_or(at) + 1;
    }
    lists
}

/// Whether the bracket at `open` holds a default or an attribute's arguments.
fn begins_list(pieces: &Pieces<'_>, open: usize) -> bool {
    let before = |at: usize| (0..at).rev().find(|i| !pieces[*i].is_comment());
    let Some(left) = before(open) else { return false };
    match pieces[open].text {
        "[" => pieces.is(left, "="),
        "(" => before(left).is_some_and(|at| pieces.is(at, "@")),
        _ => false,
    }
}

/// The list in `open..=close`; `None` for the array type of `type Row = [f32; 3];`.
fn list(pieces: &Pieces<'_>, open: usize, close: usize) -> Option<List> {
    let mut commas = 0;
    let mut at = open + 1;
    while at < close {
        if pieces.is(at, ";") {
            return None;
        }
        commas += usize::from(pieces.is(at, ","));
        at = pieces[at].close.unwrap_or(at) + 1;
    }
    let last_comma = pieces.code_before(close).is_some_and(|piece| piece.is(","));
    let broken = last_comma || (open..close).any(|at| ends_line(pieces, at));
    let width = pieces.width(open, close) - usize::from(last_comma);
    Some(List { open, width, last_comma, elements: commas + 1 - usize::from(last_comma), broken })
}

/// Whether there is a comment at `at` that keeps its line, or what follows, from being joined.
fn ends_line(pieces: &Pieces<'_>, at: usize) -> bool {
    let piece = &pieces[at];
    piece.is_line_comment() || (piece.is_comment() && piece.newlines > 0 && pieces.newline_behind(at))
}

/// Whether the list in `open..=close` holds plain numbers and names, of which many go on one line.
pub(super) fn is_plain(pieces: &Pieces<'_>, open: usize, close: usize) -> bool {
    (open + 1..close).all(|at| {
        let piece = &pieces[at];
        piece.close.is_none() && !piece.is_comment() && !piece.text.starts_with('"')
    })
}
