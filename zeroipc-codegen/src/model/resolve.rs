//! Names to things. Constants may need the sizes of types and types the values of constants, so both are looked at on
//! demand, each once; whoever comes back to something that is still being looked at has found a cycle.

use std::collections::HashMap;

use zeroipc_layout::Scalar;

use super::eval::{self, eval, is_bits};
use super::{Const, Schema, Struct, Type, TypeId, TypeKind, describe, order, place, segment};
use crate::diagnostic::Diagnostics;
use crate::source::{Source, Span};
use crate::syntax::ast::{self, Expr, File, Ident, Item};
use crate::syntax::errors;

const MAX_ITEMS: usize = 4096;

/// The meaning of `file`, or `None` when there are errors.
pub(crate) fn resolve(file: &File, source: &Source, errors: &mut Diagnostics) -> Option<Schema> {
    if let Some(item) = file.items.get(MAX_ITEMS) {
        errors.push(errors::too_many(name_of(item).span, "items", MAX_ITEMS));
        return None;
    }
    let mut resolver = Resolver::new(file, &source.text, errors);
    let consts = resolver.consts();
    let enums = resolver.enums();
    resolver.structs();
    let segments = segment::resolve_all(file, &mut resolver);
    let Resolver { types, placed, .. } = resolver;
    if errors.has_errors() {
        return None;
    }
    let structs: Vec<Struct> = placed.into_iter().flatten().collect();
    let namespace = match file.namespace.as_slice() {
        [] => vec![source.stem.clone()],
        path => path.iter().map(|part| part.text.clone()).collect(),
    };
    let schema = Schema {
        file_name: source.file_name().to_owned(),
        stem: source.stem.clone(),
        doc: file.doc.clone(),
        namespace,
        consts,
        enums,
        order: order::order(&structs, &types),
        structs,
        segments,
        descriptions: describe::Descriptions::new(types.len()),
        types,
    };
    describe::check(&schema, errors);
    (!errors.has_errors()).then_some(schema)
}

fn name_of(item: &Item) -> &Ident {
    match item {
        Item::Const(item) => &item.name,
        Item::Enum(item) => &item.name,
        Item::Struct(item) => &item.name,
        Item::Segment(item) => &item.name,
    }
}

#[derive(Clone, Copy)]
pub(super) enum Named {
    Const(usize),
    Enum(usize),
    Struct(usize),
    Segment,
    /// The parser could not read it; nobody complains about it again.
    Broken,
}

#[derive(Clone, Copy)]
enum State<T> {
    New,
    Busy,
    /// `None` after an error.
    Done(Option<T>),
}

pub(super) struct Resolver<'a> {
    pub(super) text: &'a str,
    pub(super) errors: &'a mut Diagnostics,
    pub(super) names: HashMap<&'a str, Named>,
    consts: Vec<(&'a ast::Const, State<i128>)>,
    pub(super) enums: Vec<&'a ast::Enum>,
    structs: Vec<(&'a ast::Struct, State<TypeId>)>,
    placed: Vec<Option<Struct>>,
    pub(super) types: Vec<Type>,
    pub(super) interned: HashMap<TypeKind, TypeId>,
    /// What is being looked at: the name, and the place that asked for it.
    path: Vec<(&'a str, Span)>,
    pub(super) depth: u32,
    pub(super) guesses: u32,
}

impl<'a> Resolver<'a> {
    fn new(file: &'a File, text: &'a str, errors: &'a mut Diagnostics) -> Resolver<'a> {
        let (mut consts, mut enums, mut structs) = (Vec::new(), Vec::new(), Vec::new());
        let mut names = HashMap::new();
        for item in &file.items {
            let named = match item {
                Item::Const(item) => {
                    consts.push((item, State::New));
                    Named::Const(consts.len() - 1)
                }
                Item::Enum(item) => {
                    enums.push(item);
                    Named::Enum(enums.len() - 1)
                }
                Item::Struct(item) => {
                    structs.push((item, State::New));
                    Named::Struct(structs.len() - 1)
                }
                Item::Segment(_) => Named::Segment,
            };
            names.entry(name_of(item).text.as_str()).or_insert(named);
        }
        for broken in &file.broken {
            names.entry(broken.as_str()).or_insert(Named::Broken);
        }
        let placed = structs.iter().map(|_| None).collect();
        let (types, interned, path) = (Vec::new(), HashMap::new(), Vec::new());
        Resolver { text, errors, names, consts, enums, structs, placed, types, interned, path, depth: 0, guesses: 0 }
    }

    // --- constants ---

    fn consts(&mut self) -> Vec<Const> {
        let mut consts = Vec::new();
        for i in 0..self.consts.len() {
            let (ast, _) = self.consts[i];
            let value = self.const_value(i, ast.name.span);
            if let (Some(ty), Some(value)) = (integer(&ast.ty), value) {
                let hex = value >= 0 && is_bits(&ast.value, value);
                let (doc, name, span) = (ast.doc.clone(), ast.name.text.clone(), ast.name.span);
                consts.push(Const { doc, name, span, ty, value, hex });
            }
        }
        consts
    }

    fn const_value(&mut self, i: usize, asked: Span) -> Option<i128> {
        let (ast, state) = self.consts[i];
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
                self.path.push((&ast.name.text, asked));
                let value = match integer(&ast.ty) {
                    Some(ty) => self.fitting(&ast.value, ty),
                    None => {
                        self.errors.push(errors::bad_repr(&ast.ty));
                        None
                    }
                };
                self.path.pop();
                if matches!(self.consts[i].1, State::Busy) {
                    self.consts[i].1 = State::Done(value);
                }
                let State::Done(value) = self.consts[i].1 else { return None };
                value
            }
        }
    }

    /// The value of `expr` if it fits `ty`.
    fn fitting(&mut self, expr: &Expr, ty: Scalar) -> Option<i128> {
        let value = eval(expr, ty, self)?;
        let (low, high) = eval::range(ty);
        if value < low || value > high {
            self.errors.push(errors::out_of_type(expr, value, ty.name(), low, high));
            return None;
        }
        Some(value)
    }

    /// The value of an expression that is a number of things.
    pub(super) fn count(&mut self, expr: &Expr, what: &str, high: u64) -> Option<u64> {
        let value = eval(expr, Scalar::U64, self)?;
        if value == 0 {
            self.errors.push(errors::zero(expr.span, what));
            return None;
        }
        let count = u64::try_from(value).ok().filter(|count| *count <= high);
        if count.is_none() {
            self.errors.push(errors::out_of_range(expr, value, what, 1, high));
        }
        count
    }

    /// The value of an expression, whatever it is.
    pub(super) fn value(&mut self, expr: &Expr) -> Option<i128> {
        eval(expr, Scalar::U64, self)
    }

    // --- structs ---

    fn structs(&mut self) {
        for i in 0..self.structs.len() {
            let (ast, _) = self.structs[i];
            self.struct_type(i, ast.name.span);
        }
    }

    pub(super) fn struct_type(&mut self, i: usize, asked: Span) -> Option<TypeId> {
        let (ast, state) = self.structs[i];
        match state {
            State::Done(ty) => ty,
            State::Busy => {
                let path = self.cycle(&ast.name.text);
                self.errors.push(errors::recursive(&ast.name, asked, &path));
                self.structs[i].1 = State::Done(None);
                None
            }
            State::New => {
                self.structs[i].1 = State::Busy;
                self.path.push((&ast.name.text, asked));
                let placed = place::place(ast, self);
                self.path.pop();
                if matches!(self.structs[i].1, State::Busy) {
                    self.structs[i].1 = State::Done(None);
                    if let Some(mut placed) = placed {
                        let id = self.add_struct(i, &placed);
                        placed.ty = id;
                        self.placed[i] = Some(placed);
                        self.structs[i].1 = State::Done(Some(id));
                    }
                }
                let State::Done(ty) = self.structs[i].1 else { return None };
                ty
            }
        }
    }

    fn add_struct(&mut self, i: usize, placed: &Struct) -> TypeId {
        let fields = || placed.fields.iter().filter(|field| !field.reserved);
        let depth = fields().map(|field| self.types[field.ty].depth + 1).max().unwrap_or(0);
        let described = fields().fold(describe::struct_len(&placed.name), |len, field| {
            let names = describe::field_len(&field.name, &field.unit);
            len.saturating_add(names).saturating_add(self.types[field.ty].described)
        });
        let work = fields().fold(0u64, |work, field| work.saturating_add(self.types[field.ty].work));
        let kind = TypeKind::Struct(i);
        let ty = Type { kind, size: placed.size, align: placed.align, depth, described, work };
        self.add(ty)
    }

    fn cycle(&self, name: &str) -> String {
        let start = self.path.iter().position(|(on_path, _)| *on_path == name).unwrap_or(0);
        let mut names: Vec<String> = self.path[start..].iter().map(|(name, _)| format!("`{name}`")).collect();
        names.push(format!("`{name}`"));
        names.join(" → ")
    }
}

impl eval::Scope for Resolver<'_> {
    fn constant(&mut self, expr: &Expr, name: &str) -> Option<i128> {
        match self.names.get(name) {
            Some(Named::Const(i)) => {
                let i = *i;
                self.const_value(i, expr.span)
            }
            Some(Named::Broken) => None,
            _ => {
                let consts = self.names.iter().filter(|(_, named)| matches!(named, Named::Const(_)));
                let mut candidates: Vec<&str> = consts.map(|(name, _)| *name).collect();
                candidates.sort_unstable();
                let near = self.guess(name, candidates);
                self.errors.push(errors::unknown_constant(expr.span, name, near.as_deref()));
                None
            }
        }
    }

    fn size_of(&mut self, ty: &ast::Type) -> Option<i128> {
        let id = self.resolve(ty)?;
        Some(i128::from(self.types[id].size))
    }

    fn errors(&mut self) -> &mut Diagnostics {
        self.errors
    }

    fn enter(&mut self, expr: &Expr) -> bool {
        self.nested(expr.span, |resolver| {
            resolver.depth += 1;
            Some(())
        })
        .is_some()
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }
}

/// The whole-number type that a word names.
pub(super) fn integer(word: &Ident) -> Option<Scalar> {
    Scalar::from_name(&word.text).filter(|scalar| scalar.is_integer())
}
