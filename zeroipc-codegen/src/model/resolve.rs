//! Names to things. Constants may need the sizes of types and types the values of constants, so both are looked at on
//! demand, each once; whoever comes back to something that is still being looked at has found a cycle.

use std::collections::HashMap;

use zeroipc_layout::Scalar;
use zeroipc_layout::limits::MAX_ELEMENT_SIZE;

use super::eval::{self, eval, is_bits};
use super::{Const, Enum, Schema, Struct, Type, TypeId, TypeKind, Value, describe, order, place, segment};
use crate::diagnostic::Diagnostics;
use crate::source::{Source, Span};
use crate::syntax::ast::{self, Expr, File, Ident, Item};
use crate::syntax::errors;
use crate::syntax::nearest::nearest;

/// How many steps may be nested while constants and types refer to each other.
const MAX_DEPTH: u32 = 256;
const MAX_ITEMS: usize = 4096;
const MAX_VALUES: usize = 1024;
/// For how many unknown names a similar one is looked for.
const MAX_GUESSES: u32 = 100;

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
enum Named {
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
    names: HashMap<&'a str, Named>,
    consts: Vec<(&'a ast::Const, State<i128>)>,
    enums: Vec<&'a ast::Enum>,
    structs: Vec<(&'a ast::Struct, State<TypeId>)>,
    placed: Vec<Option<Struct>>,
    types: Vec<Type>,
    interned: HashMap<TypeKind, TypeId>,
    /// What is being looked at: the name, and the place that asked for it.
    path: Vec<(&'a str, Span)>,
    depth: u32,
    guesses: u32,
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

    // --- enums ---

    fn enums(&mut self) -> Vec<Enum> {
        let mut enums = Vec::new();
        for i in 0..self.enums.len() {
            let ast = self.enums[i];
            let Some(repr) = integer(&ast.repr) else {
                self.errors.push(errors::bad_repr(&ast.repr));
                continue;
            };
            if ast.values.is_empty() && ast.complete {
                self.errors.push(errors::empty("enum", &ast.name));
            }
            if let Some(value) = ast.values.get(MAX_VALUES) {
                self.errors.push(errors::too_many(value.name.span, "values in an enum", MAX_VALUES));
                continue;
            }
            let values = self.enum_values(ast, repr);
            let Some(ty) = self.intern(TypeKind::Enum(i)) else { continue };
            enums.push(Enum {
                doc: ast.doc.clone(),
                name: ast.name.text.clone(),
                span: ast.name.span,
                repr,
                values,
                ty,
            });
        }
        enums
    }

    fn enum_values(&mut self, ast: &'a ast::Enum, repr: Scalar) -> Vec<Value> {
        let (low, high) = eval::range(repr);
        let mut first: HashMap<i128, &Ident> = HashMap::new();
        let mut values = Vec::new();
        let mut next = Some(0);
        for value in &ast.values {
            let number = match &value.value {
                Some(expr) => eval(expr, repr, self),
                None => next,
            };
            next = number.and_then(|number| number.checked_add(1));
            let Some(number) = number else { continue };
            if number < low || number > high {
                self.errors.push(errors::value_out_of_range(&value.name, number, repr.name(), low, high));
                next = None;
                continue;
            }
            if let Some(first) = first.get(&number) {
                self.errors.push(errors::duplicate_value(&value.name, first, number));
                continue;
            }
            first.insert(number, &value.name);
            let (doc, name, span) = (value.doc.clone(), value.name.text.clone(), value.name.span);
            values.push(Value { doc, name, span, value: number });
        }
        values
    }

    // --- structs ---

    fn structs(&mut self) {
        for i in 0..self.structs.len() {
            let (ast, _) = self.structs[i];
            self.struct_type(i, ast.name.span);
        }
    }

    fn struct_type(&mut self, i: usize, asked: Span) -> Option<TypeId> {
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

    // --- types ---

    /// What is known about a resolved type.
    pub(super) fn ty(&self, id: TypeId) -> Type {
        self.types[id]
    }

    /// The type that `ty` names, or `None` when an error is reported.
    pub(super) fn resolve(&mut self, ty: &ast::Type) -> Option<TypeId> {
        let kind = match &ty.kind {
            ast::TypeKind::Named(name) => return self.named(name, ty.span),
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

    fn named(&mut self, name: &str, span: Span) -> Option<TypeId> {
        if let Some(scalar) = Scalar::from_name(name) {
            return self.intern(TypeKind::Scalar(scalar));
        }
        match self.names.get(name) {
            Some(Named::Enum(i)) => {
                let i = *i;
                integer(&self.enums[i].repr)?;
                self.intern(TypeKind::Enum(i))
            }
            Some(Named::Struct(i)) => {
                let i = *i;
                self.nested(span, |resolver| resolver.struct_type(i, span))
            }
            Some(Named::Segment) => {
                self.errors.push(errors::segment_as_type(span, name));
                None
            }
            Some(Named::Broken) => None,
            Some(Named::Const(_)) | None => {
                let types = self.names.iter().filter(|(_, named)| matches!(named, Named::Enum(_) | Named::Struct(_)));
                let mut candidates: Vec<&str> = types.map(|(name, _)| *name).collect();
                candidates.sort_unstable();
                candidates.extend(Scalar::ALL.iter().map(|scalar| scalar.name()));
                let near = self.guess(name, candidates);
                self.errors.push(errors::unknown_type(span, name, near.as_deref()));
                None
            }
        }
    }

    fn guess(&mut self, name: &str, candidates: Vec<&str>) -> Option<String> {
        self.guesses += 1;
        if self.guesses > MAX_GUESSES {
            return None;
        }
        nearest(name, candidates.into_iter()).map(str::to_owned)
    }

    fn nested<T>(&mut self, span: Span, then: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            self.errors.push(errors::too_deep(span, MAX_DEPTH));
            return None;
        }
        self.depth += 1;
        let result = then(self);
        self.depth -= 1;
        result
    }

    fn intern(&mut self, kind: TypeKind) -> Option<TypeId> {
        if let Some(id) = self.interned.get(&kind) {
            return Some(*id);
        }
        let ty = match kind {
            TypeKind::Scalar(scalar) => {
                let size = u64::from(scalar.size());
                Type { kind, size, align: size, depth: 0, described: 2, work: 0 }
            }
            TypeKind::Str(len) => Type { kind, size: u64::from(len), align: 1, depth: 0, described: 5, work: 0 },
            TypeKind::Array { elem, count } => {
                let elem = self.types[elem];
                let size = elem.size.saturating_mul(u64::from(count));
                let described = elem.described.saturating_add(5);
                Type { kind, size, align: elem.align, depth: elem.depth + 1, described, work: elem.work }
            }
            TypeKind::Enum(i) => {
                let ast = self.enums[i];
                let size = u64::from(integer(&ast.repr)?.size());
                let names = ast.values.iter().map(|value| value.name.text.as_str());
                let described = describe::enum_len(&ast.name.text, names);
                let work = (ast.values.len() as u64).saturating_pow(3);
                Type { kind, size, align: size, depth: 0, described, work }
            }
            TypeKind::Struct(_) => return None,
        };
        Some(self.add(ty))
    }

    fn add(&mut self, ty: Type) -> TypeId {
        self.types.push(ty);
        self.interned.insert(ty.kind, self.types.len() - 1);
        self.types.len() - 1
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
fn integer(word: &Ident) -> Option<Scalar> {
    Scalar::from_name(&word.text).filter(|scalar| scalar.is_integer())
}
