//! Constants and aliases, looked at on demand.

use super::attributes::{Attributes, Place};
use super::eval::is_bits;
use super::resolve::{Named, Resolver, State};
use super::{Alias, Const, ConstType, Literal, TypeId, TypeKind};
use crate::source::Span;
use crate::syntax::ast::{self, LiteralKind, Path};
use crate::syntax::errors;
use zeroipc_layout::Scalar;

impl Resolver<'_> {
    pub(super) fn consts(&mut self) -> Vec<Const> {
        let mut consts = Vec::new();
        for i in 0..self.consts.len() {
            let ast = self.consts[i].0;
            let meta = Attributes::read(&ast.attributes, Place::Const, self).meta(self);
            let value = self.const_value(i, ast.name.span);
            if let (Some(ty), Some(value)) = (const_type(&ast.ty.text), value) {
                let hex = match (&ast.value.kind, &value) {
                    (LiteralKind::Expr(expr), Literal::Int(value)) => *value >= 0 && is_bits(expr, *value),
                    _ => false,
                };
                let (doc, name, span) = (ast.doc.clone(), ast.name.text.clone(), ast.name.span);
                consts.push(Const { doc, name, span, ty, value, hex, meta });
            }
        }
        consts
    }

    fn const_value(&mut self, i: usize, asked: Span) -> Option<Literal> {
        let (ast, state) = self.consts[i].clone();
        match state {
            State::Done(value) => value,
            State::Busy => {
                let path = self.cycle(&ast.name.text);
                self.errors.push(errors::constant_cycle(&ast.name, &path));
                self.consts[i].1 = State::Done(None);
                None
            }
            State::New => {
                self.consts[i].1 = State::Busy;
                let value = self.on_path(&ast.name.text, asked, |resolver| match const_type(&ast.ty.text) {
                    Some(ConstType::Scalar(scalar)) => resolver.scalar_literal(&ast.value, scalar),
                    Some(ConstType::Str) => resolver.text_literal(&ast.value, None),
                    None => {
                        resolver.errors.push(errors::bad_const_type(&ast.ty));
                        None
                    }
                });
                if matches!(self.consts[i].1, State::Done(_)) {
                    return None;
                }
                self.consts[i].1 = State::Done(value.clone());
                value
            }
        }
    }

    /// The value of the constant that `path` names; `None` when an error is reported.
    pub(super) fn constant_literal(&mut self, path: &Path, span: Span) -> Option<Literal> {
        if let Some(module) = &path.module {
            let schema = self.module(module, span)?;
            let found = schema.consts.iter().find(|item| item.name == path.name);
            if found.is_none() {
                let candidates = schema.consts.iter().map(|item| item.name.as_str()).collect();
                let near = self.guess(&path.name, candidates).map(|near| format!("{module}.{near}"));
                self.errors.push(errors::unknown_constant(span, &path.to_string(), near.as_deref()));
            }
            return found.map(|item| item.value.clone());
        }
        match self.names.get(&path.name) {
            Some(Named::Const(i)) => {
                let i = *i;
                self.const_value(i, span)
            }
            Some(Named::Broken) => None,
            _ if !self.may_guess() => {
                self.errors.push(errors::unknown_constant(span, &path.name, None));
                None
            }
            _ => {
                let consts = self.names.iter().filter(|(_, named)| matches!(named, Named::Const(_)));
                let mut candidates: Vec<String> = consts.map(|(name, _)| name.clone()).collect();
                candidates.sort_unstable();
                let near = self.guess(&path.name, candidates.iter().map(String::as_str).collect());
                self.errors.push(errors::unknown_constant(span, &path.name, near.as_deref()));
                None
            }
        }
    }

    // --- aliases ---

    pub(super) fn aliases(&mut self) -> Vec<Alias> {
        let mut aliases = Vec::new();
        for i in 0..self.aliases.len() {
            let ast = self.aliases[i].0;
            let attributes = Attributes::read(&ast.attributes, Place::Alias, self);
            let (mut unit, meta) = (attributes.unit(self), attributes.meta(self));
            if unit.is_empty() {
                unit = self.unit_of(&ast.ty);
            }
            if let Some(ty) = self.alias_type(i, ast.name.span) {
                let (doc, name, span) = (ast.doc.clone(), ast.name.text.clone(), ast.name.span);
                aliases.push(Alias { doc, name, span, ty, unit, meta });
            }
        }
        aliases
    }

    pub(super) fn alias_type(&mut self, i: usize, asked: Span) -> Option<TypeId> {
        let (ast, state) = self.aliases[i].clone();
        match state {
            State::Done(ty) => ty,
            State::Busy => {
                let path = self.cycle(&ast.name.text);
                self.errors.push(errors::recursive("type", &ast.name, asked, &path));
                self.aliases[i].1 = State::Done(None);
                None
            }
            State::New => {
                self.aliases[i].1 = State::Busy;
                let ty = self.on_path(&ast.name.text, asked, |resolver| resolver.resolve(&ast.ty));
                if matches!(self.aliases[i].1, State::Done(_)) {
                    return None;
                }
                self.aliases[i].1 = State::Done(ty);
                ty
            }
        }
    }

    /// The unit that a type brings along, by way of aliases and arrays; empty where it has none.
    pub(super) fn unit_of(&self, ty: &ast::Type) -> String {
        let mut ty = ty;
        // Aliases that lead back to themselves are told elsewhere.
        for _ in 0..=self.aliases.len() + 64 {
            let path = match &ty.kind {
                ast::TypeKind::Named(path) => path,
                ast::TypeKind::Array { elem, .. } => {
                    ty = elem;
                    continue;
                }
                ast::TypeKind::Str(_) | ast::TypeKind::Bytes(_) => break,
            };
            if let Some(module) = &path.module {
                let import = self.imports.iter().find(|import| import.alias == *module);
                let schema = import.and_then(|import| import.schema.as_ref());
                let alias = schema.and_then(|schema| schema.aliases.iter().find(|alias| alias.name == path.name));
                return alias.map(|alias| alias.unit.clone()).unwrap_or_default();
            }
            let Some(Named::Alias(i)) = self.names.get(&path.name) else { break };
            let alias = self.aliases[*i].0;
            if let Some(unit) = Attributes::unit_text(&alias.attributes) {
                return unit;
            }
            ty = &alias.ty;
        }
        String::new()
    }

    /// The number, or the number in an array, that a type is made of.
    pub(super) fn leaf(&self, ty: TypeId) -> TypeKind {
        match self.types[ty].kind {
            TypeKind::Array { elem, .. } => self.leaf(elem),
            kind => kind,
        }
    }
}

/// What a constant may be.
fn const_type(word: &str) -> Option<ConstType> {
    if word == "str" {
        return Some(ConstType::Str);
    }
    let scalar = Scalar::from_name(word)?;
    (!is_complex(scalar)).then_some(ConstType::Scalar(scalar))
}

/// Whether a scalar consists of two numbers.
pub(crate) fn is_complex(scalar: Scalar) -> bool {
    scalar.name().starts_with("complex")
}

/// Whether a scalar has a fraction.
pub(crate) fn is_float(scalar: Scalar) -> bool {
    matches!(scalar.name(), "f16" | "f32" | "f64")
}
