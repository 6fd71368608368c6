//! Segments: their structures' sizes and places, computed as `docs/format.md` states them, against the declared size.

use zeroipc_layout::limits::DEFAULT_TABLE_SIZE;
use zeroipc_layout::name::check_segment;

use super::attributes::{Attributes, Place};
use super::resolve::Resolver;
use super::structures::{Element, MAX_SIZE, StructureKind};
use super::{Meta, Segment, Structure, TypeId};
use crate::source::Span;
use crate::syntax::ast::{self, Expr, File, Item};
use crate::syntax::errors;
use crate::syntax::nearest::nearest;

const PAGE: u64 = 4096;
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
    let attributes = Attributes::read(&ast.attributes, Place::Segment, resolver);
    let (size, meta) = (size(ast, attributes, resolver), attributes.meta(resolver));
    let mut structures = Vec::new();
    for entry in &ast.structures {
        structures.extend(structure(entry, &meta, resolver));
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
    let used = place_all(&mut structures, size, resolver);
    if used > size {
        let parts = parts(&structures, size);
        resolver.errors.push(errors::over_budget(&ast.name, span, used, size, &parts));
    }
    let (doc, name, path) = (ast.doc.clone(), ast.name.text.clone(), ast.path.text.clone());
    let (span, table, passport) = (ast.name.span, table_end(size), schema_reserve(size));
    Some(Segment { doc, name, span, path, size, table, passport, used, structures, meta })
}

/// The declared size and where it is declared.
fn size(ast: &ast::Segment, attributes: Attributes<'_>, resolver: &mut Resolver<'_>) -> Option<(u64, Span)> {
    let Some(expr) = attributes.number("size", "1 MiB", resolver) else {
        resolver.errors.push(errors::missing_size(&ast.name, ast.path.span));
        return None;
    };
    let expr = expr?;
    let size = resolver.count(expr, "the segment's size", MAX_SIZE)?;
    if size % PAGE != 0 {
        resolver.errors.push(errors::uneven_size(expr, size, size.next_multiple_of(PAGE)));
        return None;
    }
    Some((size, expr.span))
}

fn structure(ast: &ast::Structure, segment: &Meta, resolver: &mut Resolver<'_>) -> Option<Structure> {
    let meta = Attributes::read(&ast.attributes, Place::Structure, resolver).meta(resolver);
    let kind = StructureKind::from_word(&ast.kind.text);
    if kind.is_none() {
        let near = nearest(&ast.kind.text, StructureKind::ALL.into_iter().map(StructureKind::word));
        resolver.errors.push(errors::unknown_kind(&ast.kind, near));
    }
    let elements: Vec<Option<TypeId>> = ast.elements.iter().map(|element| resolver.resolve(element)).collect();
    let asked: Vec<Option<i128>> = ast.numbers.iter().map(|number| resolver.value(number)).collect();
    let kind = kind?;
    if elements.len() != kind.elements() || asked.len() != kind.numbers().len() {
        resolver.errors.push(errors::wrong_form(ast, kind.form()));
        return None;
    }
    let elements = elements.into_iter().collect::<Option<Vec<_>>>()?;
    let sizes = sizes(&elements, resolver);
    let element = sizes.first().copied().unwrap_or_default();
    let mut numbers = Vec::new();
    for (i, (asked, expr)) in asked.into_iter().zip(&ast.numbers).enumerate() {
        let number = number(kind, i, element, asked?, expr, resolver);
        if let Some((asked, gets)) = number.filter(|(asked, gets)| asked != gets) {
            let warning = errors::rounded_capacity(expr, kind.word(), asked, gets);
            if !meta.allows(warning.code) && !segment.allows(warning.code) {
                resolver.errors.push(warning);
            }
        }
        numbers.push(number.map(|(_, gets)| gets));
    }
    let numbers = numbers.into_iter().collect::<Option<Vec<_>>>()?;
    let size = kind.size(&numbers, &sizes);
    let capacity = numbers.first().copied().unwrap_or(1);
    let (doc, name, span) = (ast.doc.clone(), ast.name.text.clone(), ast.name.span);
    Some(Structure { doc, name, span, kind, elements, capacity, numbers, offset: 0, size, meta })
}

/// Sizes and alignments of elements.
fn sizes(elements: &[TypeId], resolver: &Resolver<'_>) -> Vec<Element> {
    let types = elements.iter().map(|element| resolver.ty(*element));
    types.map(|ty| Element { size: ty.size, align: ty.align }).collect()
}

/// One of the numbers of a declaration: as it is asked for, and rounded where the kind does that.
fn number(
    kind: StructureKind,
    i: usize,
    element: Element,
    asked: i128,
    expr: &Expr,
    resolver: &mut Resolver<'_>,
) -> Option<(u64, u64)> {
    let (low, high) = kind.limits(i, element);
    let Some(number) = u64::try_from(asked).ok().filter(|number| (low..=high).contains(number)) else {
        resolver.errors.push(errors::number_out_of_range(expr, kind.numbers()[i], asked, low, high));
        return None;
    };
    if i > 0 || number == 0 || !kind.rounds() || number.is_power_of_two() {
        return Some((number, number));
    }
    Some((number, number.next_power_of_two()))
}

/// The bytes of a structure's record among the descriptions.
fn record(structure: &Structure, resolver: &Resolver<'_>) -> u64 {
    structure.elements.iter().fold(RECORD, |sum, element| {
        let described = resolver.ty(*element).described;
        sum.saturating_add(RECORD_TYPE).saturating_add(described.next_multiple_of(8))
    })
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

/// Gives every structure its offset, as a creator that has the segment for itself does it, and returns where the last one
/// ends.
fn place_all(structures: &mut [Structure], size: u64, resolver: &Resolver<'_>) -> u64 {
    let mut end = table_end(size) + schema_reserve(size);
    for structure in structures {
        let fit = structure.kind.fit(&structure.numbers, &sizes(&structure.elements, resolver));
        structure.offset = place(end, fit);
        end = structure.offset.saturating_add(structure.size).checked_next_multiple_of(8).unwrap_or(u64::MAX);
    }
    end
}

/// The smallest offset from `start` on that leaves `residue` when it is divided by `modulus`, a power of two.
fn place(start: u64, (modulus, residue): (u64, u64)) -> u64 {
    start.saturating_add(residue.wrapping_sub(start) & (modulus - 1))
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
        assert_eq!(place(2576, (64, 56)), 2616);
        assert_eq!(place(2616, (64, 56)), 2616);
        assert_eq!(place(2617, (64, 56)), 2680);
        assert_eq!(place(0, (4096, 4088)), 4088);
        assert_eq!(place(2617, (64, 0)), 2624);
    }

    #[test]
    fn elements_keep_their_alignment() {
        let element = Element { size: 256, align: 256 };
        for (kind, data) in [(StructureKind::Array, 8), (StructureKind::Ring, 200), (StructureKind::Pool, 72 + 64)] {
            assert_eq!((place(1, kind.fit(&[5], &[element])) + data) % 256, 0, "{}", kind.word());
        }
    }

    #[test]
    fn the_passport_has_a_floor_and_a_ceiling() {
        assert_eq!(schema_reserve(4096), 1024);
        assert_eq!(schema_reserve(64 << 10), 4096);
        assert_eq!(schema_reserve(1 << 40), 32_768);
    }
}
