//! Types as Rust spells them.

use syn::{Expr, ExprPath, GenericArgument, Path, PathArguments, Type, TypePath};

use super::errors;
use super::numbers::{From, Int};
use super::scope::{Found, What, names};
use super::translate::{Translator, number};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast;

/// What a type is for, for messages.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    /// The field or the alias.
    pub(super) name: &'a str,
    /// The whole type.
    pub(super) whole: &'a Type,
    pub(super) from: From,
}

impl Translator<'_> {
    /// The type in a schema; `None` when an error is reported.
    pub(super) fn ty(&mut self, ty: &Type, owner: Owner<'_>) -> Option<ast::Type> {
        let span = self.places.of(ty);
        let error = match ty {
            Type::Paren(inner) => return self.ty(&inner.elem, owner),
            Type::Group(inner) => return self.ty(&inner.elem, owner),
            Type::Array(array) => {
                let elem = self.ty(&array.elem, owner);
                let count = self.count(&array.len, owner)?;
                return Some(ast::Type { kind: ast::TypeKind::Array { elem: Box::new(elem?), count }, span });
            }
            Type::Path(path) if path.qself.is_none() => match self.path(path, span, owner) {
                Ok(kind) => return Some(ast::Type { kind, span }),
                Err(None) => return None,
                Err(Some(error)) => *error,
            },
            Type::Reference(_) => errors::reference(span, owner.name),
            Type::Ptr(_) => errors::raw_pointer(span, owner.name, &self.written(owner, "u64")),
            Type::FnPtr(_) => errors::function(span, owner.name),
            Type::Tuple(tuple) if tuple.elems.is_empty() => errors::empty_field(span, owner.name),
            Type::Tuple(_) => errors::tuple(span, owner.name),
            Type::Slice(_) | Type::TraitObject(_) | Type::ImplTrait(_) | Type::Never(_) => {
                errors::unsized_field(span, owner.name)
            }
            _ => errors::unknown_type(span, self.places.text_of(ty)),
        };
        self.errors.push(error);
        None
    }

    /// The number of elements or bytes.
    fn count(&mut self, expr: &Expr, owner: Owner<'_>) -> Option<ast::Expr> {
        match self.numbers.value(expr, Int::USIZE, owner.from) {
            Ok(0) => {
                self.errors.push(errors::empty_field(self.places.of(expr), owner.name));
                None
            }
            Ok(value) => Some(number(value, false, self.places.of(expr))),
            Err(error) => {
                self.errors.push(*error);
                None
            }
        }
    }

    /// The type that a path names; the inner `None` when an error is reported.
    fn path(&mut self, ty: &TypePath, span: Span, owner: Owner<'_>) -> Result<ast::TypeKind, Option<Box<Diagnostic>>> {
        let path = names(&ty.path);
        let spelled = path.last().cloned().unwrap_or_default();
        let told = |error: Diagnostic| Err(Some(Box::new(error)));
        match self.scope.find(owner.from.module, &path, false) {
            Found::Primitive(name) => self.primitive(&name, span, owner).map_err(Some),
            Found::Library(name) => self.library(&name, &ty.path, span, owner),
            Found::Entry(entry) => {
                let name = self.names[entry].text.clone();
                let place = &self.scope.entries[entry];
                let generics = match &place.what {
                    What::Shared(item) => &item.generics,
                    What::Alias(item) => &item.generics,
                    What::Named(_) => return Ok(named(&name)),
                    What::Const(_) | What::Other => {
                        return told(errors::not_shared(span, &spelled, self.places.of(&place.ident)));
                    }
                };
                if !generics.params.is_empty() {
                    return told(errors::with_parameters(span, &spelled));
                }
                self.needed.insert(entry);
                Ok(named(&name))
            }
            Found::Foreign => {
                let unknown = || errors::unknown_type(span, self.places.text_of(ty));
                told(errors::standard(span, &spelled).unwrap_or_else(unknown))
            }
        }
    }

    fn primitive(&self, name: &str, span: Span, owner: Owner<'_>) -> Result<ast::TypeKind, Box<Diagnostic>> {
        let write = |leaf| self.written(owner, leaf);
        Err(Box::new(match name {
            "bool" => errors::bool_field(span, owner.name, &write("zeroipc::Bool8")),
            "char" => errors::char_field(span, owner.name, &write("u32")),
            "usize" => errors::pointer_width(span, owner.name, name, &write("u64")),
            "isize" => errors::pointer_width(span, owner.name, name, &write("i64")),
            "u128" | "i128" => errors::wide(span, owner.name, name, &write("[u64; 2]")),
            "str" => errors::unsized_field(span, owner.name),
            number => return Ok(named(number)),
        }))
    }

    /// A type of `zeroipc`.
    fn library(
        &mut self,
        name: &str,
        path: &Path,
        span: Span,
        owner: Owner<'_>,
    ) -> Result<ast::TypeKind, Option<Box<Diagnostic>>> {
        let arguments = arguments(path);
        let bad = |example: &str| Err(Some(Box::new(errors::bad_parameters(span, name, example))));
        match (name, arguments.as_slice()) {
            ("Bool8", []) => Ok(named("bool8")),
            ("F16", []) => Ok(named("f16")),
            ("Complex", [GenericArgument::Type(Type::Path(part))]) => {
                match self.scope.find(owner.from.module, &names(&part.path), false) {
                    Found::Primitive(part) if part == "f32" => Ok(named("complex64")),
                    Found::Primitive(part) if part == "f64" => Ok(named("complex128")),
                    _ => bad("Complex<f32>"),
                }
            }
            ("FixedStr", [GenericArgument::Const(len)]) => self.count(len, owner).map(ast::TypeKind::Str).ok_or(None),
            // The name of a constant looks like that of a type.
            ("FixedStr", [GenericArgument::Type(Type::Path(len))]) => {
                let len = ExprPath { attrs: Vec::new(), qself: len.qself.clone(), path: len.path.clone() };
                self.count(&Expr::Path(len), owner).map(ast::TypeKind::Str).ok_or(None)
            }
            ("FixedStr", _) => bad("FixedStr<16>"),
            ("Complex", _) => bad("Complex<f32>"),
            _ => bad(name),
        }
    }

    /// The field as it should be written: with another type at the bottom of its arrays.
    fn written(&self, owner: Owner<'_>, leaf: &str) -> String {
        format!("{}: {},", owner.name, self.with_leaf(owner.whole, leaf))
    }

    fn with_leaf(&self, ty: &Type, leaf: &str) -> String {
        match ty {
            Type::Array(array) => {
                format!("[{}; {}]", self.with_leaf(&array.elem, leaf), self.places.text_of(&array.len))
            }
            Type::Paren(inner) => self.with_leaf(&inner.elem, leaf),
            Type::Group(inner) => self.with_leaf(&inner.elem, leaf),
            _ => leaf.to_owned(),
        }
    }

    /// How many bytes padding has, if it consists of bytes; the outer `None` when an error is reported.
    pub(super) fn padding(&mut self, ty: &Type, owner: Owner<'_>) -> Option<Option<u64>> {
        match ty {
            Type::Paren(inner) => self.padding(&inner.elem, owner),
            Type::Group(inner) => self.padding(&inner.elem, owner),
            Type::Array(array) => {
                let elem = self.padding(&array.elem, owner)?;
                let count = match self.numbers.value(&array.len, Int::USIZE, owner.from) {
                    Ok(count) => u64::try_from(count).unwrap_or(u64::MAX),
                    Err(error) => {
                        self.errors.push(*error);
                        return None;
                    }
                };
                Some(elem.map(|elem| elem.saturating_mul(count)))
            }
            Type::Path(path) if path.qself.is_none() => {
                let found = self.scope.find(owner.from.module, &names(&path.path), false);
                Some(matches!(&found, Found::Primitive(name) if name == "u8" || name == "i8").then_some(1))
            }
            _ => Some(None),
        }
    }
}

fn named(name: &str) -> ast::TypeKind {
    ast::TypeKind::Named(ast::Path { module: None, name: name.to_owned() })
}

/// The parameters of a path's last part.
fn arguments(path: &Path) -> Vec<GenericArgument> {
    match path.segments.last().map(|last| &last.arguments) {
        Some(PathArguments::AngleBracketed(arguments)) => arguments.args.iter().cloned().collect(),
        _ => Vec::new(),
    }
}
