//! What fields say beyond their place: defaults, ranges, null values. Nothing here moves a byte, so it is looked at when
//! every type is known.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::attributes::{Attributes, is_number, literals};
use super::resolve::Resolver;
use super::{Literal, TypeId, TypeKind};
use crate::source::Span;
use crate::syntax::ast::{self, Member};
use crate::syntax::errors;

impl Resolver<'_> {
    pub(super) fn details(&mut self) {
        for i in 0..self.structs.len() {
            let ast = self.structs[i].0;
            let fields = self.placed[i].iter().flat_map(|placed| placed.fields.iter().enumerate());
            let places: HashMap<Span, usize> = fields.map(|(place, field)| (field.span, place)).collect();
            for member in &ast.members {
                let Member::Field(written) = member else { continue };
                let Some(ty) = self.field_types.get(&written.name.span).copied() else { continue };
                let default = written.default.as_ref().and_then(|literal| self.literal(literal, ty));
                let (range, null) = (self.range(written, ty), self.null(written, ty));
                let Some(placed) = &mut self.placed[i] else { continue };
                if let Some(field) = places.get(&written.name.span).and_then(|place| placed.fields.get_mut(*place)) {
                    (field.default, field.range, field.null) = (default, range, null);
                }
            }
        }
        for i in 0..self.variants.len() {
            let Some(placed) = &self.placed_variants[i] else { continue };
            let TypeKind::Enum(tag) = self.types[placed.tag].kind else { continue };
            let Some(tag) = &self.enums[tag].resolved else { continue };
            let numbers: Vec<i128> = tag.values.iter().map(|value| value.value).collect();
            if let Some(placed) = &mut self.placed_variants[i] {
                for (case, number) in placed.cases.iter_mut().zip(numbers) {
                    case.value = number;
                }
            }
        }
    }

    fn range(&mut self, field: &ast::Field, ty: TypeId) -> Option<(Literal, Literal)> {
        let attribute = field.attributes.iter().find(|attribute| attribute.name.text == "range")?;
        let [low, high] = literals(attribute) else {
            self.errors.push(errors::bad_argument(attribute, "the two ends, such as `@range(0, 360)`"));
            return None;
        };
        let TypeKind::Scalar(scalar) = self.leaf(ty) else {
            self.errors.push(errors::no_range(attribute.span));
            return None;
        };
        let (low, high) = (self.scalar_literal(low, scalar), self.scalar_literal(high, scalar));
        let (low, high) = (low?, high?);
        if !is_number(&low) || !is_number(&high) {
            self.errors.push(errors::no_range(attribute.span));
            return None;
        }
        if !matches!(super::literals::compare(&low, &high), Some(Ordering::Less | Ordering::Equal)) {
            self.errors.push(errors::empty_range(attribute.span));
            return None;
        }
        Some((low, high))
    }

    fn null(&mut self, field: &ast::Field, ty: TypeId) -> Option<Literal> {
        let attribute = field.attributes.iter().find(|attribute| attribute.name.text == "null")?;
        let [value] = literals(attribute) else {
            self.errors.push(errors::bad_argument(attribute, "one value, such as `@null(0xFFFF)`"));
            return None;
        };
        match self.types[ty].kind {
            TypeKind::Scalar(scalar) if scalar.is_integer() || super::consts::is_float(scalar) => {
                self.scalar_literal(value, scalar)
            }
            TypeKind::Enum(_) => self.literal(value, ty),
            _ => {
                self.errors.push(errors::no_null(attribute.span));
                None
            }
        }
    }

    /// The checks of one field's place: `@offset(n)`.
    pub(super) fn check_offset(&mut self, field: &ast::Field, attributes: Attributes<'_>, offset: u64) {
        let Some(Some(expr)) = attributes.number("offset", "8", self) else { return };
        let Some(wanted) = self.value(expr) else { return };
        if wanted != i128::from(offset) {
            self.errors.push(errors::wrong_offset(expr.span, &field.name, offset, wanted));
        }
    }
}
