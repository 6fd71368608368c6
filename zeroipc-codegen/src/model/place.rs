//! Where the fields of a struct lie, by the C rule, and that every byte between them has a name.

use zeroipc_layout::limits::{MAX_ALIGN, MAX_ELEMENT_SIZE};
use zeroipc_layout::pack::Packing;

use super::resolve::Resolver;
use super::{Field, Struct};
use crate::source::Span;
use crate::syntax::ast::{self, Argument, Attribute, Ident, Member};
use crate::syntax::errors::{self, Gap};
use crate::syntax::nearest::nearest;

/// The longest unit in bytes.
const MAX_UNIT: usize = 63;

/// Places the fields of `ast`; `None` when an error is reported. The type's id is filled in by the caller.
pub(super) fn place(ast: &ast::Struct, resolver: &mut Resolver<'_>) -> Option<Struct> {
    let align = explicit_align(ast, resolver);
    let mut layout = Layout { ast, packing: Packing::new(), previous: "the start".to_owned(), tight: ast.complete };
    let mut fields = Vec::new();
    for member in &ast.members {
        let field = match member {
            Member::Field(field) => layout.field(field, resolver),
            Member::Reserved { count, span } => layout.reserved(count, *span, resolver),
        };
        match field {
            Some(field) => fields.push(field),
            None => layout.tight = false,
        }
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
        let span = ast.attributes.first().map_or(ast.name.span, |attribute| attribute.span);
        resolver.errors.push(errors::weak_align(span, align, natural_align));
        return None;
    }
    let size = layout.finish(align, resolver)?;
    let (doc, name, span) = (ast.doc.clone(), ast.name.text.clone(), ast.name.span);
    Some(Struct { doc, name, span, fields, size, align, natural_align, ty: 0 })
}

struct Layout<'a> {
    ast: &'a ast::Struct,
    packing: Packing,
    /// What stands before the next field, for messages.
    previous: String,
    /// Whether every offset so far is known.
    tight: bool,
}

impl Layout<'_> {
    fn field(&mut self, ast: &ast::Field, resolver: &mut Resolver<'_>) -> Option<Field> {
        let unit = unit(&ast.attributes, resolver);
        let ty = resolver.resolve(&ast.ty)?;
        let (size, align) = (resolver.ty(ty).size, resolver.ty(ty).align);
        if !self.tight {
            return None;
        }
        let end = self.packing.end();
        let offset = self.advance(size, align, ast.ty.span, resolver)?;
        if offset > end {
            let gap = gap_before(resolver.text, ast.start);
            let (structure, previous) = (&self.ast.name.text, &self.previous);
            resolver.errors.push(errors::hole(&ast.name, structure, previous, end, offset, &gap));
        }
        self.previous = format!("`{}`", ast.name.text);
        let (doc, name) = (ast.doc.clone(), ast.name.text.clone());
        Some(Field { doc, name, ty, unit, offset, reserved: false })
    }

    fn reserved(&mut self, count: &ast::Expr, span: Span, resolver: &mut Resolver<'_>) -> Option<Field> {
        let count = resolver.count(count, "the number of reserved bytes", MAX_ELEMENT_SIZE)?;
        let ty = resolver.bytes(count as u32)?;
        if !self.tight {
            return None;
        }
        let offset = self.advance(count, 1, span, resolver)?;
        self.previous = "the reserved bytes".to_owned();
        let name = format!("_reserved_{offset}");
        Some(Field { doc: Vec::new(), name, ty, unit: String::new(), offset, reserved: true })
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
    fn finish(&self, align: u64, resolver: &mut Resolver<'_>) -> Option<u64> {
        let (end, size) = (self.packing.end(), self.packing.with_align(align).size()?);
        if size > end {
            let gap = gap_at_end(resolver.text, self.ast.end);
            resolver.errors.push(errors::tail(&self.ast.name, end, size, &gap));
        }
        Some(size)
    }
}

/// The white space in front of `at` if nothing else stands before it on its line.
fn indentation(text: &str, at: Span) -> Option<&str> {
    let before = text.get(..at.start as usize)?;
    let line = &before[before.rfind('\n').map_or(0, |newline| newline + 1)..];
    line.chars().all(|c| c == ' ' || c == '\t').then_some(line)
}

fn gap_before(text: &str, at: Span) -> Gap {
    let behind = indentation(text, at).map_or_else(|| " ".to_owned(), |indent| format!("\n{indent}"));
    Gap { at, before: String::new(), behind }
}

fn gap_at_end(text: &str, brace: Span) -> Gap {
    match indentation(text, brace) {
        Some(indent) => Gap { at: brace.before(), before: "    ".to_owned(), behind: format!("\n{indent}") },
        None => Gap { at: brace.before(), before: String::new(), behind: " ".to_owned() },
    }
}

/// Checks that every attribute is in `known` and is given once.
pub(super) fn check_attributes(attributes: &[Attribute], known: &str, place: &str, resolver: &mut Resolver<'_>) {
    const ALL: [&str; 3] = ["unit", "align", "size"];
    for (i, attribute) in attributes.iter().enumerate() {
        let Ident { text, .. } = &attribute.name;
        if let Some(first) = attributes[..i].iter().take(ALL.len()).find(|first| first.name.text == *text) {
            resolver.errors.push(errors::repeated_attribute(attribute, first.span));
        } else if text == known {
        } else if ALL.contains(&text.as_str()) {
            resolver.errors.push(errors::misplaced_attribute(attribute, place));
        } else {
            let near = nearest(text, std::iter::once(known));
            resolver.errors.push(errors::unknown_attribute(attribute, near));
        }
    }
}

/// The unit of a field, or the empty string.
fn unit(attributes: &[Attribute], resolver: &mut Resolver<'_>) -> String {
    check_attributes(attributes, "unit", "a field", resolver);
    let Some(attribute) = attributes.iter().find(|attribute| attribute.name.text == "unit") else {
        return String::new();
    };
    match &attribute.argument {
        Some(Argument::Text(unit)) if !unit.text.is_empty() && unit.text.len() <= MAX_UNIT => unit.text.clone(),
        _ => {
            let want = format!("a text of 1 to {MAX_UNIT} bytes, such as `@unit(\"m/s\")`");
            resolver.errors.push(errors::bad_argument(attribute, &want));
            String::new()
        }
    }
}

/// The alignment that the schema asks for, if it does; the outer `None` when an error is reported.
fn explicit_align(ast: &ast::Struct, resolver: &mut Resolver<'_>) -> Option<Option<u64>> {
    check_attributes(&ast.attributes, "align", "a struct", resolver);
    let Some(attribute) = ast.attributes.iter().find(|attribute| attribute.name.text == "align") else {
        return Some(None);
    };
    let Some(Argument::Expr(expr)) = &attribute.argument else {
        resolver.errors.push(errors::bad_argument(attribute, "a number, such as `@align(64)`"));
        return None;
    };
    let value = resolver.value(expr)?;
    match u64::try_from(value) {
        Ok(align) if align.is_power_of_two() && align <= u64::from(MAX_ALIGN) => Some(Some(align)),
        _ => {
            resolver.errors.push(errors::bad_align(expr.span, value));
            None
        }
    }
}
