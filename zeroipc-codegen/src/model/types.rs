//! Types by name and by shape, each kept once.

use zeroipc_layout::Scalar;
use zeroipc_layout::limits::MAX_ELEMENT_SIZE;

use super::resolve::{Named, Resolver};
use super::{Type, TypeId, TypeKind, describe};
use crate::source::Span;
use crate::syntax::ast;
use crate::syntax::errors;
use crate::syntax::nearest::nearest;

/// How many steps may be nested while constants and types refer to each other.
const MAX_DEPTH: u32 = 256;
/// For how many unknown names a similar one is looked for.
const MAX_GUESSES: u32 = 100;

impl Resolver<'_> {
    /// What is known about a resolved type.
    pub(super) fn ty(&self, id: TypeId) -> Type {
        self.types[id]
    }

    /// The type that `ty` names, or `None` when an error is reported.
    pub(super) fn resolve(&mut self, ty: &ast::Type) -> Option<TypeId> {
        let kind = match &ty.kind {
            ast::TypeKind::Named(path) => match &path.module {
                Some(module) => {
                    let found = self.nested(ty.span, |resolver| resolver.foreign_named(module, path, ty.span));
                    return found;
                }
                None => return self.named(&path.name, ty.span),
            },
            ast::TypeKind::Array { elem, count } => {
                let elem = self.resolve(elem);
                let count = self.count(count, "the number of elements", u64::from(u32::MAX));
                TypeKind::Array { elem: elem?, count: count? as u32 }
            }
            ast::TypeKind::Str(length) => TypeKind::Str(self.count(length, "the length", MAX_ELEMENT_SIZE)? as u32),
            ast::TypeKind::Bytes(length) => {
                let count = self.count(length, "the length", MAX_ELEMENT_SIZE)? as u32;
                TypeKind::Array { elem: self.intern(TypeKind::Scalar(Scalar::U8))?, count }
            }
        };
        let id = self.intern(kind)?;
        let size = self.types[id].size;
        if size > MAX_ELEMENT_SIZE {
            self.errors.push(errors::too_large(ty.span, size, MAX_ELEMENT_SIZE));
            return None;
        }
        Some(id)
    }

    /// The type `[u8; count]`.
    pub(super) fn bytes(&mut self, count: u32) -> Option<TypeId> {
        let elem = self.intern(TypeKind::Scalar(Scalar::U8))?;
        self.intern(TypeKind::Array { elem, count })
    }

    pub(super) fn named(&mut self, name: &str, span: Span) -> Option<TypeId> {
        if let Some(scalar) = Scalar::from_name(name) {
            return self.intern(TypeKind::Scalar(scalar));
        }
        match self.names.get(name) {
            Some(Named::Alias(i)) => {
                let i = *i;
                self.nested(span, |resolver| resolver.alias_type(i, span))
            }
            Some(Named::Enum(i)) => {
                let i = *i;
                self.intern(TypeKind::Enum(i))
            }
            Some(Named::Struct(i)) => {
                let i = *i;
                self.nested(span, |resolver| resolver.struct_type(i, span))
            }
            Some(Named::Variant(i)) => {
                let i = *i;
                self.nested(span, |resolver| resolver.variant_type(i, span))
            }
            Some(Named::Segment) => {
                self.errors.push(errors::segment_as_type(span, name));
                None
            }
            Some(Named::Broken) => None,
            Some(Named::Const(_)) | None => {
                if !self.may_guess() {
                    self.errors.push(errors::unknown_type(span, name, None));
                    return None;
                }
                let is_type = |named: &Named| !matches!(named, Named::Const(_) | Named::Segment | Named::Broken);
                let types = self.names.iter().filter(|(_, named)| is_type(named));
                let mut candidates: Vec<String> = types.map(|(name, _)| name.clone()).collect();
                candidates.sort_unstable();
                let mut candidates: Vec<&str> = candidates.iter().map(String::as_str).collect();
                candidates.extend(Scalar::ALL.iter().map(|scalar| scalar.name()));
                let near = self.guess(name, candidates);
                self.errors.push(errors::unknown_type(span, name, near.as_deref()));
                None
            }
        }
    }

    /// Whether it is still worth the time to look for names that are similar to an unknown one.
    pub(super) fn may_guess(&self) -> bool {
        self.guesses < MAX_GUESSES
    }

    pub(super) fn guess(&mut self, name: &str, candidates: Vec<&str>) -> Option<String> {
        self.guesses += 1;
        if self.guesses > MAX_GUESSES {
            return None;
        }
        nearest(name, candidates.into_iter()).map(str::to_owned)
    }

    pub(super) fn nested<T>(&mut self, span: Span, then: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            self.errors.push(errors::too_deep(span, MAX_DEPTH));
            return None;
        }
        self.depth += 1;
        let result = then(self);
        self.depth -= 1;
        result
    }

    pub(super) fn intern(&mut self, kind: TypeKind) -> Option<TypeId> {
        if let Some(id) = self.interned.get(&kind) {
            return Some(*id);
        }
        let ty = match kind {
            TypeKind::Scalar(scalar) => {
                let size = u64::from(scalar.size());
                Type { kind, size, align: u64::from(scalar.align()), depth: 0, described: 2, work: 0 }
            }
            TypeKind::Str(len) => Type { kind, size: u64::from(len), align: 1, depth: 0, described: 5, work: 0 },
            TypeKind::Array { elem, count } => {
                let elem = self.types[elem];
                let size = elem.size.saturating_mul(u64::from(count));
                let described = elem.described.saturating_add(5);
                Type { kind, size, align: elem.align, depth: elem.depth + 1, described, work: elem.work }
            }
            TypeKind::Enum(i) => {
                let head = &self.enums[i];
                let size = u64::from(head.repr?.size());
                let described = describe::enum_len(&head.name, head.recorded.iter().map(String::as_str));
                let work = (head.recorded.len() as u64).saturating_pow(3);
                Type { kind, size, align: size, depth: 0, described, work }
            }
            TypeKind::Struct(_) | TypeKind::Variant(_) => return None,
        };
        Some(self.add(ty))
    }

    pub(super) fn add(&mut self, ty: Type) -> TypeId {
        self.types.push(ty);
        self.interned.insert(ty.kind, self.types.len() - 1);
        self.types.len() - 1
    }
}
