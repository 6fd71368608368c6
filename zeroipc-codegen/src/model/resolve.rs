//! Names to things. Constants may need the sizes of types and types the values of constants, so both are looked at on
//! demand, each once; whoever comes back to something that is still being looked at has found a cycle.

use std::collections::HashMap;
use std::sync::Arc;

use zeroipc_layout::Scalar;

use super::enums::EnumHead;
use super::eval::{self, eval};
use super::foreign::Foreign;
use super::{
    Import, Literal, Module, Schema, Struct, Type, TypeId, TypeKind, Variant, describe, order, place, segment,
};
use crate::diagnostic::Diagnostics;
use crate::source::{Source, Span};
use crate::syntax::ast::{self, Expr, File, Ident, Item, Path};
use crate::syntax::errors;

const MAX_ITEMS: usize = 4096;

/// An import of a file, with what it leads to.
#[derive(Clone, Debug)]
pub(crate) struct Imported {
    pub(crate) path: String,
    pub(crate) alias: String,
    pub(crate) span: Span,
    /// `None` when the file has errors of its own.
    pub(crate) schema: Option<Arc<Schema>>,
}

/// The meaning of `file`, or `None` when there are errors.
pub(crate) fn resolve(
    file: &File,
    source: &Source,
    module: usize,
    imports: &[Imported],
    errors: &mut Diagnostics,
) -> Option<Schema> {
    if let Some(item) = file.items.get(MAX_ITEMS) {
        errors.push(errors::too_many(span_of(item), "items", MAX_ITEMS));
        return None;
    }
    let mut resolver = Resolver::new(file, &source.text, imports, errors);
    let consts = resolver.consts();
    let aliases = resolver.aliases();
    resolver.enums();
    resolver.structs();
    resolver.variants();
    resolver.details();
    let segments = segment::resolve_all(file, &mut resolver);
    resolver.asserts(file);
    let used = imports.iter().map(|import| resolver.used.contains(&import.alias)).collect::<Vec<_>>();
    let Resolver { types, placed, placed_variants, enums, .. } = resolver;
    let enums: Vec<_> = enums.into_iter().filter_map(|head| head.resolved).collect();
    if errors.has_errors() {
        return None;
    }
    let structs: Vec<Struct> = placed.into_iter().flatten().collect();
    let variants: Vec<Variant> = placed_variants.into_iter().flatten().collect();
    let namespace: Vec<String> = match file.namespace.as_slice() {
        [] => vec![source.stem.clone()],
        path => path.iter().map(|part| part.text.clone()).collect(),
    };
    let imports = imports.iter().zip(used).filter_map(|(import, used)| {
        let module = import.schema.as_ref()?.module.clone();
        let (path, alias) = (import.path.clone(), import.alias.clone());
        Some(Import { module, path, alias, span: import.span, used })
    });
    let schema = Schema {
        file_name: source.file_name().to_owned(),
        stem: source.stem.clone(),
        doc: file.doc.clone(),
        module: Arc::new(Module { id: module, stem: source.stem.clone(), namespace: namespace.clone() }),
        namespace,
        imports: imports.collect(),
        consts,
        aliases,
        enums,
        order: order::order(&structs, &variants, &types),
        structs,
        variants,
        segments,
        descriptions: describe::Descriptions::new(types.len()),
        types,
    };
    describe::check(&schema, errors);
    (!errors.has_errors()).then_some(schema)
}

fn span_of(item: &Item) -> Span {
    match item {
        Item::Assert(item) => item.span,
        _ => item.name().map_or(Span::new(0, 0), |name| name.span),
    }
}

#[derive(Clone, Copy)]
pub(super) enum Named {
    Const(usize),
    Alias(usize),
    /// Also the tags of variants.
    Enum(usize),
    Struct(usize),
    Variant(usize),
    Segment,
    /// The parser could not read it; nobody complains about it again.
    Broken,
}

#[derive(Clone)]
pub(super) enum State<T> {
    New,
    Busy,
    /// `None` after an error.
    Done(Option<T>),
}

pub(super) struct Resolver<'a> {
    pub(super) text: &'a str,
    /// Whether the text is Rust.
    pub(super) rust: bool,
    pub(super) errors: &'a mut Diagnostics,
    pub(super) names: HashMap<String, Named>,
    pub(super) imports: &'a [Imported],
    /// The imports of which something was used.
    pub(super) used: std::collections::HashSet<String>,
    pub(super) consts: Vec<(&'a ast::Const, State<Literal>)>,
    pub(super) aliases: Vec<(&'a ast::Alias, State<TypeId>)>,
    /// The schema's own, then those of imports.
    pub(super) enums: Vec<EnumHead<'a>>,
    pub(super) structs: Vec<(&'a ast::Struct, State<TypeId>)>,
    pub(super) variants: Vec<(&'a ast::Variant, State<TypeId>)>,
    /// The schema's own, then those of imports.
    pub(super) placed: Vec<Option<Struct>>,
    pub(super) placed_variants: Vec<Option<Variant>>,
    pub(super) foreign: Foreign,
    /// The types of fields by the places of their names, also in structs that could not be placed.
    pub(super) field_types: HashMap<Span, TypeId>,
    pub(super) types: Vec<Type>,
    pub(super) interned: HashMap<TypeKind, TypeId>,
    /// The enum whose values have their names in the expression that is being computed.
    pub(super) values_of: Option<usize>,
    /// What is being looked at: the name, and the place that asked for it.
    path: Vec<(&'a str, Span)>,
    pub(super) depth: u32,
    pub(super) guesses: u32,
}

impl<'a> Resolver<'a> {
    fn new(file: &'a File, text: &'a str, imports: &'a [Imported], errors: &'a mut Diagnostics) -> Resolver<'a> {
        let mut resolver = Resolver {
            text,
            rust: file.rust,
            errors,
            names: HashMap::new(),
            imports,
            used: std::collections::HashSet::new(),
            consts: Vec::new(),
            aliases: Vec::new(),
            enums: Vec::new(),
            structs: Vec::new(),
            variants: Vec::new(),
            placed: Vec::new(),
            placed_variants: Vec::new(),
            foreign: Foreign::default(),
            field_types: HashMap::new(),
            types: Vec::new(),
            interned: HashMap::new(),
            values_of: None,
            path: Vec::new(),
            depth: 0,
            guesses: 0,
        };
        for item in &file.items {
            let named = match item {
                Item::Const(item) => {
                    resolver.consts.push((item, State::New));
                    Named::Const(resolver.consts.len() - 1)
                }
                Item::Alias(item) => {
                    resolver.aliases.push((item, State::New));
                    Named::Alias(resolver.aliases.len() - 1)
                }
                Item::Enum(item) => {
                    resolver.enums.push(EnumHead::of_enum(item));
                    Named::Enum(resolver.enums.len() - 1)
                }
                Item::Struct(item) => {
                    resolver.structs.push((item, State::New));
                    Named::Struct(resolver.structs.len() - 1)
                }
                Item::Variant(item) => {
                    resolver.enums.push(EnumHead::of_tag(item));
                    let tag = Named::Enum(resolver.enums.len() - 1);
                    resolver.names.entry(tag_name(&item.name.text)).or_insert(tag);
                    resolver.variants.push((item, State::New));
                    Named::Variant(resolver.variants.len() - 1)
                }
                Item::Segment(_) => Named::Segment,
                Item::Assert(_) => continue,
            };
            if let Some(name) = item.name() {
                resolver.names.entry(name.text.clone()).or_insert(named);
            }
        }
        for broken in &file.broken {
            resolver.names.entry(broken.clone()).or_insert(Named::Broken);
        }
        resolver.placed.resize_with(resolver.structs.len(), || None);
        resolver.placed_variants.resize_with(resolver.variants.len(), || None);
        resolver
    }

    /// The value of `expr` if it fits `ty`.
    pub(super) fn fitting(&mut self, expr: &Expr, ty: Scalar) -> Option<i128> {
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
            let span = self.structs[i].0.name.span;
            self.struct_type(i, span);
        }
    }

    pub(super) fn struct_type(&mut self, i: usize, asked: Span) -> Option<TypeId> {
        let (ast, state) = self.structs[i].clone();
        match state {
            State::Done(ty) => ty,
            State::Busy => {
                let path = self.cycle(&ast.name.text);
                self.errors.push(errors::recursive("struct", &ast.name, asked, &path));
                self.structs[i].1 = State::Done(None);
                None
            }
            State::New => {
                self.structs[i].1 = State::Busy;
                let placed = self.on_path(&ast.name.text, asked, |resolver| place::place(ast, resolver));
                // A cycle through this one was found meanwhile.
                if matches!(self.structs[i].1, State::Done(_)) {
                    return None;
                }
                let ty = placed.map(|mut placed| {
                    placed.ty = self.add_struct(i, &placed);
                    let ty = placed.ty;
                    self.placed[i] = Some(placed);
                    ty
                });
                self.structs[i].1 = State::Done(ty);
                ty
            }
        }
    }

    /// Enters a placed struct among the types.
    pub(super) fn add_struct(&mut self, i: usize, placed: &Struct) -> TypeId {
        let fields = placed.fields.iter().filter(|field| !field.reserved);
        let parts = fields.map(|field| (field.recorded(), field.unit.as_str(), field.ty));
        let measured = describe::measure(&placed.name, parts, &self.types);
        self.add(Type { kind: TypeKind::Struct(i), size: placed.size, align: placed.align, ..measured })
    }

    /// Does something while `name` is being looked at.
    pub(super) fn on_path<T>(&mut self, name: &'a str, asked: Span, then: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push((name, asked));
        // The names of an enum's values mean something in its own expressions only.
        let outer = self.values_of.take();
        let result = then(self);
        self.values_of = outer;
        self.path.pop();
        result
    }

    /// The way from `name` back to itself.
    pub(super) fn cycle(&self, name: &str) -> String {
        let start = self.path.iter().position(|(on_path, _)| *on_path == name).unwrap_or(0);
        let mut names: Vec<String> = self.path[start..].iter().map(|(name, _)| format!("`{name}`")).collect();
        names.push(format!("`{name}`"));
        names.join(" → ")
    }

    /// The imported file with this name here; `None` when an error is reported, here or there.
    pub(super) fn module(&mut self, name: &str, span: Span) -> Option<Arc<Schema>> {
        match self.imports.iter().find(|import| import.alias == name) {
            Some(import) => {
                self.used.insert(import.alias.clone());
                import.schema.clone()
            }
            // A file that cannot be had may be meant: its namespace is not known.
            None if self.imports.iter().any(|import| import.schema.is_none()) => None,
            None => {
                let candidates = self.imports.iter().map(|import| import.alias.as_str()).collect();
                let near = self.guess(name, candidates);
                self.errors.push(errors::unknown_module(span, name, near.as_deref()));
                None
            }
        }
    }
}

/// The name of the enum that is the tag of a variant.
pub(super) fn tag_name(variant: &str) -> String {
    format!("{variant}Tag")
}

impl eval::Scope for Resolver<'_> {
    fn constant(&mut self, expr: &Expr, path: &Path) -> Option<i128> {
        if let Some(value) = self.value_named(path) {
            return Some(value);
        }
        match self.constant_literal(path, expr.span)? {
            Literal::Int(value) => Some(value),
            _ => {
                self.errors.push(errors::no_whole_number(expr.span, &path.to_string()));
                None
            }
        }
    }

    fn size_of(&mut self, ty: &ast::Type) -> Option<i128> {
        let id = self.resolve(ty)?;
        Some(i128::from(self.types[id].size))
    }

    fn align_of(&mut self, ty: &ast::Type) -> Option<i128> {
        let id = self.resolve(ty)?;
        Some(i128::from(self.types[id].align))
    }

    fn offset_of(&mut self, ty: &ast::Type, field: &Ident) -> Option<i128> {
        let id = self.resolve(ty)?;
        let TypeKind::Struct(i) = self.types[id].kind else {
            self.errors.push(errors::no_fields(ty.span));
            return None;
        };
        let fields = &self.placed[i].as_ref()?.fields;
        if let Some(found) = fields.iter().find(|found| found.name == field.text) {
            return Some(i128::from(found.offset));
        }
        let candidates: Vec<String> =
            fields.iter().filter(|field| !field.reserved).map(|field| field.name.clone()).collect();
        let near = self.guess(&field.text, candidates.iter().map(String::as_str).collect());
        self.errors.push(errors::unknown_field(field, near.as_deref()));
        None
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
