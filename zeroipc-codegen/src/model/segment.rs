//! Segments: their structures' sizes and places, computed as `docs/format.md` states them, against the declared size.

use zeroipc_layout::limits::{DEFAULT_TABLE_SIZE, MAX_QUEUE_CAPACITY};
use zeroipc_layout::name::check_segment;
use zeroipc_layout::pack::align_up;

use super::place::check_attributes;
use super::resolve::Resolver;
use super::{Segment, Structure, StructureKind};
use crate::diagnostic::Diagnostics;
use crate::syntax::ast::{self, Argument, Expr, File, Item};
use crate::syntax::errors;
use crate::syntax::nearest::nearest;

const PAGE: u64 = 4096;
/// Files may have up to 2^56 bytes: the locks lie beyond.
const MAX_SIZE: u64 = 1 << 56;
const SCHEMA_HEADER: u64 = 16;
const RECORD: u64 = 56;
const RECORD_TYPE: u64 = 24;

/// The segments of a file; those with errors are left out.
pub(super) fn resolve_all(file: &File, resolver: &mut Resolver<'_>) -> Vec<Segment> {
    let mut segments = Vec::new();
    for item in &file.items {
        if let Item::Segment(ast) = item {
            segments.extend(resolve(ast, resolver));
        }
    }
    segments
}

fn resolve(ast: &ast::Segment, resolver: &mut Resolver<'_>) -> Option<Segment> {
    if let Err(why) = check_segment(&ast.path.text) {
        resolver.errors.push(errors::bad_segment_name(&ast.path, why));
    }
    let size = size(ast, resolver);
    let mut structures = Vec::new();
    for entry in &ast.structures {
        structures.extend(structure(entry, resolver));
    }
    if ast.structures.is_empty() && ast.complete {
        resolver.errors.push(errors::empty("segment", &ast.name));
        return None;
    }
    let (size, span) = size?;
    if structures.len() != ast.structures.len() || !ast.complete {
        return None;
    }
    let max = DEFAULT_TABLE_SIZE as usize - 1;
    if structures.len() > max {
        resolver.errors.push(errors::too_many_structures(&ast.name, structures.len(), max));
        return None;
    }
    let records = structures.iter().fold(SCHEMA_HEADER, |sum, structure| sum + record(structure, resolver));
    if records > schema_reserve(size) {
        resolver.errors.push(errors::passport_over_budget(&ast.name, span, records, schema_reserve(size)));
    }
    let used = used(&structures, size, resolver);
    if used > size {
        let parts = parts(&structures, size);
        resolver.errors.push(errors::over_budget(&ast.name, span, used, size, &parts));
    }
    let (doc, name, path) = (ast.doc.clone(), ast.name.text.clone(), ast.path.text.clone());
    Some(Segment { doc, name, span: ast.name.span, path, size, used, structures })
}

/// The declared size and where it is declared.
fn size(ast: &ast::Segment, resolver: &mut Resolver<'_>) -> Option<(u64, crate::source::Span)> {
    check_attributes(&ast.attributes, "size", "a segment", resolver);
    let Some(attribute) = ast.attributes.iter().find(|attribute| attribute.name.text == "size") else {
        resolver.errors.push(errors::missing_size(&ast.name, ast.path.span));
        return None;
    };
    let Some(Argument::Expr(expr)) = &attribute.argument else {
        resolver.errors.push(errors::bad_argument(attribute, "a number of bytes, such as `@size(1 MiB)`"));
        return None;
    };
    let size = resolver.count(expr, "the segment's size", MAX_SIZE)?;
    if size % PAGE != 0 {
        resolver.errors.push(errors::uneven_size(expr, size, size.next_multiple_of(PAGE)));
        return None;
    }
    Some((size, expr.span))
}

fn structure(ast: &ast::Structure, resolver: &mut Resolver<'_>) -> Option<Structure> {
    let kind = match ast.kind.text.as_str() {
        "array" => Some(StructureKind::Array),
        "queue" => Some(StructureKind::Queue),
        other => {
            let near = nearest(other, ["array", "queue"].into_iter());
            resolver.errors.push(errors::unknown_kind(&ast.kind, near));
            None
        }
    };
    let element = resolver.resolve(&ast.element);
    let asked = resolver.value(&ast.capacity);
    let (kind, element) = (kind?, element?);
    let element_size = resolver.ty(element).size;
    let (capacity, size) = match kind {
        StructureKind::Array => array(&ast.capacity, asked?, element_size, resolver.errors)?,
        StructureKind::Queue => queue(&ast.capacity, asked?, element_size, resolver.errors)?,
    };
    let (doc, name, span) = (ast.doc.clone(), ast.name.text.clone(), ast.name.span);
    Some(Structure { doc, name, span, kind, element, capacity, size })
}

/// Capacity and size in bytes of an array.
fn array(expr: &Expr, asked: i128, element: u64, errors: &mut Diagnostics) -> Option<(u64, u64)> {
    let max = (MAX_SIZE - 8) / element;
    let capacity = u64::try_from(asked).ok().filter(|capacity| (1..=max).contains(capacity));
    if capacity.is_none() {
        errors.push(errors::capacity_out_of_range(expr, asked, max));
    }
    capacity.map(|capacity| (capacity, 8 + capacity * element))
}

/// Capacity, rounded up to a power of two, and size in bytes of a queue.
fn queue(expr: &Expr, asked: i128, element: u64, errors: &mut Diagnostics) -> Option<(u64, u64)> {
    let stride = 8 + align_up(element, 8)?;
    let capacity = u64::try_from(asked).ok().filter(|capacity| (1..=MAX_QUEUE_CAPACITY).contains(capacity));
    let Some(asked) = capacity else {
        errors.push(errors::capacity_out_of_range(expr, asked, MAX_QUEUE_CAPACITY));
        return None;
    };
    let capacity = asked.next_power_of_two();
    if capacity != asked {
        errors.push(errors::rounded_capacity(expr, asked, capacity));
    }
    Some((capacity, 24 + capacity * stride))
}

fn record(structure: &Structure, resolver: &Resolver<'_>) -> u64 {
    let described = resolver.ty(structure.element).described;
    (RECORD + RECORD_TYPE).saturating_add(described.next_multiple_of(8))
}

/// The end of the table of a segment of `size` bytes.
fn table_end(size: u64) -> u64 {
    let entries = u64::from(DEFAULT_TABLE_SIZE);
    if size < 1 << 32 { 16 + 40 * entries } else { 32 + 48 * entries }
}

/// The bytes that a segment of `size` bytes keeps for descriptions.
fn schema_reserve(size: u64) -> u64 {
    (512 * u64::from(DEFAULT_TABLE_SIZE)).min((size / 16).max(1024)).next_multiple_of(8)
}

/// The bytes from the start of the segment to the end of the last structure.
fn used(structures: &[Structure], size: u64, resolver: &Resolver<'_>) -> u64 {
    let mut end = table_end(size) + schema_reserve(size);
    for structure in structures {
        let align = match structure.kind {
            StructureKind::Array => resolver.ty(structure.element).align.max(64),
            StructureKind::Queue => 64,
        };
        let offset = place(end, align);
        end = offset.saturating_add(structure.size).checked_next_multiple_of(8).unwrap_or(u64::MAX);
    }
    end
}

/// The smallest offset from `start` on that lies 8 bytes before a multiple of `align`.
fn place(start: u64, align: u64) -> u64 {
    start.saturating_add(8).checked_next_multiple_of(align).map_or(u64::MAX, |end| end - 8)
}

/// One line for each thing that takes space.
fn parts(structures: &[Structure], size: u64) -> String {
    let mut lines =
        vec![format!("{:>12}  table", table_end(size)), format!("{:>12}  descriptions", schema_reserve(size))];
    for structure in structures.iter().take(8) {
        lines.push(format!("{:>12}  `{}`", structure.size, structure.name));
    }
    if structures.len() > 8 {
        lines.push(format!("{:>12}  and {} more", "", structures.len() - 8));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_lie_eight_bytes_before_a_line() {
        assert_eq!(place(2576, 64), 2616);
        assert_eq!(place(2616, 64), 2616);
        assert_eq!(place(2617, 64), 2680);
        assert_eq!(place(0, 4096), 4088);
    }

    #[test]
    fn the_passport_has_a_floor_and_a_ceiling() {
        assert_eq!(schema_reserve(4096), 1024);
        assert_eq!(schema_reserve(64 << 10), 4096);
        assert_eq!(schema_reserve(1 << 40), 32_768);
    }
}
