//! Where the fields of a struct lie, by the C rule, and that every byte between them has a name.

use std::collections::HashMap;

use zeroipc_layout::limits::{MAX_ALIGN, MAX_ELEMENT_SIZE};
use zeroipc_layout::pack::Packing;

use super::attributes::{Attributes, Place, span_or};
use super::resolve::Resolver;
use super::{Field, Meta, Struct, TypeId};
use crate::source::Span;
use crate::syntax::ast::{self, Ident, Member};
use crate::syntax::errors::{self, Gap};

/// Places the fields of `ast`; `None` when an error is reported. The type's id, and what fields say beyond their place, are
/// filled in later.
pub(super) fn place(ast: &ast::Struct, resolver: &mut Resolver<'_>) -> Option<Struct> {
    let attributes = Attributes::read(&ast.attributes, Place::Struct, resolver);
    let align = explicit_align(attributes, resolver);
    let auto_pad = attributes.has("auto_pad", resolver);
    let meta = attributes.meta(resolver);
    let previous = "the start".to_owned();
    let (packing, fields, recorded) = (Packing::new(), Vec::new(), HashMap::new());
    let mut layout = Layout { ast, packing, previous, tight: ast.complete, auto_pad, fields, recorded };
    for member in &ast.members {
        let placed = match member {
            Member::Field(field) => layout.field(field, resolver),
            Member::Reserved { count, span } => layout.reserved(count, *span, resolver),
        };
        layout.tight &= placed.is_some();
    }
    if ast.members.is_empty() && ast.complete {
        resolver.errors.push(errors::empty("struct", &ast.name));
        return None;
    }
    if !layout.tight {
        return None;
    }
    let natural_align = layout.packing.align();
    let align = align?.unwrap_or(natural_align);
    if align < natural_align {
        let span = span_or(attributes.find("align"), ast.name.span);
        resolver.errors.push(errors::weak_align(span, align, natural_align));
        return None;
    }
    let size = layout.finish(align, resolver)?;
    if let Some(Some(expr)) = attributes.number("size", "64", resolver) {
        let wanted = resolver.value(expr)?;
        if wanted != i128::from(size) {
            resolver.errors.push(errors::wrong_size(expr.span, &ast.name, size, wanted));
        }
    }
    let (doc, name, span, fields) = (ast.doc.clone(), ast.name.text.clone(), ast.name.span, layout.fields);
    Some(Struct { doc, name, span, module: None, fields, size, align, natural_align, ty: 0, meta })
}

struct Layout<'a> {
    ast: &'a ast::Struct,
    packing: Packing,
    /// What stands before the next field, for messages.
    previous: String,
    /// Whether every offset so far is known.
    tight: bool,
    auto_pad: bool,
    fields: Vec<Field>,
    /// The fields by the names that segments record.
    recorded: HashMap<String, &'a Ident>,
}

impl<'a> Layout<'a> {
    fn field(&mut self, ast: &'a ast::Field, resolver: &mut Resolver<'_>) -> Option<()> {
        let attributes = Attributes::read(&ast.attributes, Place::Field, resolver);
        let mut unit = attributes.unit(resolver);
        if unit.is_empty() {
            unit = resolver.unit_of(&ast.ty);
        }
        let (was, meta) = (attributes.was(&ast.name.text, Place::Field, resolver), attributes.meta(resolver));
        let ty = resolver.resolve(&ast.ty)?;
        resolver.field_types.insert(ast.name.span, ty);
        let (size, align) = (resolver.ty(ty).size, resolver.ty(ty).align);
        if !self.tight {
            return None;
        }
        let end = self.packing.end();
        let offset = self.advance(size, align, ast.ty.span, resolver)?;
        if offset > end && self.auto_pad {
            self.pad(end, offset, resolver)?;
        } else if offset > end {
            let gap = gap_before(ast.start, resolver);
            let (structure, previous) = (&self.ast.name.text, &self.previous);
            resolver.errors.push(errors::hole(&ast.name, structure, previous, end, offset, &gap));
        }
        resolver.check_offset(ast, attributes, offset);
        self.previous = format!("`{}`", ast.name.text);
        let recorded = was.clone().unwrap_or_else(|| ast.name.text.clone());
        // Two fields of the same name are told where names are.
        if let Some(first) = self.recorded.insert(recorded.clone(), &ast.name)
            && first.text != ast.name.text
        {
            resolver.errors.push(errors::recorded_twice(&ast.name, first.span, &recorded));
        }
        let (doc, name, span) = (ast.doc.clone(), ast.name.text.clone(), ast.name.span);
        let (default, range, null) = (None, None, None);
        let reserved = false;
        self.fields.push(Field { doc, name, was, span, ty, unit, offset, reserved, default, range, null, meta });
        Some(())
    }

    fn reserved(&mut self, count: &ast::Expr, span: Span, resolver: &mut Resolver<'_>) -> Option<()> {
        let count = resolver.count(count, "the number of reserved bytes", MAX_ELEMENT_SIZE)?;
        let ty = resolver.bytes(count as u32)?;
        if !self.tight {
            return None;
        }
        let offset = self.advance(count, 1, span, resolver)?;
        self.previous = "the reserved bytes".to_owned();
        self.fields.push(reserved(offset, span, ty));
        Some(())
    }

    /// Reserves what would be a hole.
    fn pad(&mut self, from: u64, to: u64, resolver: &mut Resolver<'_>) -> Option<()> {
        let ty = resolver.bytes((to - from) as u32)?;
        self.fields.push(reserved(from, self.ast.name.span, ty));
        Some(())
    }

    fn advance(&mut self, size: u64, align: u64, span: Span, resolver: &mut Resolver<'_>) -> Option<u64> {
        match self.packing.place(size, align) {
            Some((offset, packing)) if packing.end() <= MAX_ELEMENT_SIZE => {
                self.packing = packing;
                Some(offset)
            }
            _ => {
                resolver.errors.push(errors::struct_too_large(span, &self.ast.name.text, MAX_ELEMENT_SIZE));
                None
            }
        }
    }

    /// The size of the struct, whose last bytes must have names as well.
    fn finish(&mut self, align: u64, resolver: &mut Resolver<'_>) -> Option<u64> {
        let (end, size) = (self.packing.end(), self.packing.with_align(align).size()?);
        if size > end && self.auto_pad {
            self.pad(end, size, resolver)?;
        } else if size > end {
            let gap = gap_at_end(self.ast, resolver);
            resolver.errors.push(errors::tail(&self.ast.name, end, size, &gap));
        }
        Some(size)
    }
}

/// Bytes without a meaning.
fn reserved(offset: u64, span: Span, ty: TypeId) -> Field {
    Field {
        doc: Vec::new(),
        name: format!("_reserved_{offset}"),
        was: None,
        span,
        ty,
        unit: String::new(),
        offset,
        reserved: true,
        default: None,
        range: None,
        null: None,
        meta: Meta::default(),
    }
}

/// The white space in front of `at` if nothing else stands before it on its line.
fn indentation(text: &str, at: Span) -> Option<&str> {
    let before = text.get(..at.start as usize)?;
    let line = &before[before.rfind('\n').map_or(0, |newline| newline + 1)..];
    line.chars().all(|c| c == ' ' || c == '\t').then_some(line)
}

fn gap_before(at: Span, resolver: &Resolver<'_>) -> Gap {
    let behind = indentation(resolver.text, at).map_or_else(|| " ".to_owned(), |indent| format!("\n{indent}"));
    Gap { at, before: String::new(), behind, rust: resolver.rust }
}

fn gap_at_end(ast: &ast::Struct, resolver: &Resolver<'_>) -> Gap {
    let (at, rust) = (ast.end.before(), resolver.rust);
    match (indentation(resolver.text, ast.end), ast.comma) {
        (Some(indent), Some(at)) => Gap { at, before: format!(",\n{indent}    "), behind: String::new(), rust },
        (None, Some(at)) => Gap { at, before: ", ".to_owned(), behind: String::new(), rust },
        (Some(indent), None) => Gap { at, before: "    ".to_owned(), behind: format!("\n{indent}"), rust },
        (None, None) => Gap { at, before: String::new(), behind: " ".to_owned(), rust },
    }
}

/// The alignment that the schema asks for, if it does; the outer `None` when an error is reported.
fn explicit_align(attributes: Attributes<'_>, resolver: &mut Resolver<'_>) -> Option<Option<u64>> {
    let Some(expr) = attributes.number("align", "64", resolver) else { return Some(None) };
    let expr = expr?;
    let value = resolver.value(expr)?;
    match u64::try_from(value) {
        Ok(align) if align.is_power_of_two() && align <= u64::from(MAX_ALIGN) => Some(Some(align)),
        _ => {
            resolver.errors.push(errors::bad_align(expr.span, value));
            None
        }
    }
}
