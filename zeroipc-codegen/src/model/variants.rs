//! Variants: the tag first, then every payload at the first offset that suits all of them.

use std::collections::HashMap;

use zeroipc_layout::limits::MAX_ELEMENT_SIZE;
use zeroipc_layout::pack::align_up;

use super::attributes::{Attributes, Place};
use super::resolve::{Named, Resolver, State, tag_name};
use super::{Case, Type, TypeId, TypeKind, Variant, describe};
use crate::source::Span;
use crate::syntax::ast;
use crate::syntax::errors;

/// The name of the tag among the fields of a variant.
pub(crate) const TAG: &str = "tag";

impl<'a> Resolver<'a> {
    pub(super) fn variants(&mut self) {
        for i in 0..self.variants.len() {
            let span = self.variants[i].0.name.span;
            self.variant_type(i, span);
        }
    }

    pub(super) fn variant_type(&mut self, i: usize, asked: Span) -> Option<TypeId> {
        let (ast, state) = self.variants[i].clone();
        match state {
            State::Done(ty) => ty,
            State::Busy => {
                let path = self.cycle(&ast.name.text);
                self.errors.push(errors::recursive("variant", &ast.name, asked, &path));
                self.variants[i].1 = State::Done(None);
                None
            }
            State::New => {
                self.variants[i].1 = State::Busy;
                let placed = self.on_path(&ast.name.text, asked, |resolver| resolver.place_variant(ast));
                if matches!(self.variants[i].1, State::Done(_)) {
                    return None;
                }
                let ty = placed.map(|mut placed| {
                    placed.ty = self.add_variant(i, &placed);
                    let ty = placed.ty;
                    self.placed_variants[i] = Some(placed);
                    ty
                });
                self.variants[i].1 = State::Done(ty);
                ty
            }
        }
    }

    /// Enters a placed variant among the types.
    pub(super) fn add_variant(&mut self, i: usize, placed: &Variant) -> TypeId {
        let cases = placed.cases.iter().filter_map(|case| Some((case.recorded(), "", case.ty?)));
        let parts = [(TAG, "", placed.tag)].into_iter().chain(cases);
        let measured = describe::measure(&placed.name, parts, &self.types);
        self.add(Type { kind: TypeKind::Variant(i), size: placed.size, align: placed.align, ..measured })
    }

    /// A case's field is found by the name of its tag without regard to `_`, so no two may be alike in that.
    fn check_cases(&mut self, ast: &'a ast::Variant) {
        let mut first: HashMap<String, &ast::Ident> = HashMap::new();
        for case in &ast.cases {
            let was = Attributes::was_text(&case.attributes);
            let recorded = was.unwrap_or_else(|| case.name.text.clone()).replace('_', "");
            if let Some(other) = first.insert(recorded, &case.name)
                && other.text != case.name.text
            {
                self.errors.push(errors::cases_alike(&case.name, other));
            }
        }
    }

    fn place_variant(&mut self, ast: &'a ast::Variant) -> Option<Variant> {
        let meta = Attributes::read(&ast.attributes, Place::Variant, self).meta(self);
        if ast.cases.is_empty() && ast.complete {
            self.errors.push(errors::empty("variant", &ast.name));
            return None;
        }
        let tag = match self.names.get(&tag_name(&ast.name.text)) {
            Some(Named::Enum(tag)) => *tag,
            // Somebody else has the name, which is told elsewhere.
            _ => return None,
        };
        let tag = self.intern(TypeKind::Enum(tag))?;
        self.check_cases(ast);
        let mut cases = Vec::new();
        let mut whole = ast.complete;
        for case in &ast.cases {
            let attributes = Attributes::read(&case.attributes, Place::Case, self);
            let (was, meta) = (attributes.was(&case.name.text, Place::Case, self), attributes.meta(self));
            let ty = match &case.ty {
                Some(ty) => {
                    let ty = self.resolve(ty);
                    whole &= ty.is_some();
                    ty
                }
                None => None,
            };
            let (doc, name, span) = (case.doc.clone(), case.name.text.clone(), case.name.span);
            // The numbers are those of the tag, which are computed when the enums are.
            cases.push(Case { doc, name, was, span, ty, value: 0, meta });
        }
        if !whole {
            return None;
        }
        let payloads = || cases.iter().filter_map(|case| case.ty).map(|ty| self.types[ty]);
        let (tag_size, tag_align) = (self.types[tag].size, self.types[tag].align);
        let payload_align = payloads().map(|ty| ty.align).max().unwrap_or(1);
        let align = payload_align.max(tag_align);
        let payload = align_up(tag_size, payload_align)?;
        let end = payload + payloads().map(|ty| ty.size).max().unwrap_or(0);
        let size = align_up(end, align).filter(|size| *size <= MAX_ELEMENT_SIZE);
        let Some(size) = size else {
            self.errors.push(errors::struct_too_large(ast.name.span, &ast.name.text, MAX_ELEMENT_SIZE));
            return None;
        };
        let payload = if payloads().next().is_some() { payload } else { size };
        let (doc, name, span) = (ast.doc.clone(), ast.name.text.clone(), ast.name.span);
        Some(Variant { doc, name, span, module: None, tag, cases, size, align, payload, ty: 0, meta })
    }
}
