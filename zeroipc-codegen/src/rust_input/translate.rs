//! What a file defines to what a schema would define.

use std::collections::BTreeSet;

use syn::ext::IdentExt;
use syn::{Fields, GenericParam, ItemConst, ItemStruct, ItemType};

use super::attributes::{Repr, attribute_of, conditional, renamed};
use super::errors;
use super::named::{Kind, NamedNumber};
use super::numbers::{From, Numbers, is_bits};
use super::places::Places;
use super::scope::{Scope, What};
use super::types::Owner;
use crate::diagnostic::Diagnostics;
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind, File, Ident, Item, LiteralKind, Member, Unary};

pub(super) struct Translator<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) places: Places<'a>,
    pub(super) numbers: Numbers<'a>,
    pub(super) errors: &'a mut Diagnostics,
    /// What each thing is called in a schema, by its place in the scope.
    pub(super) names: Vec<Ident>,
    /// The types that fields have, by their place in the scope.
    pub(super) needed: BTreeSet<usize>,
    broken: Vec<String>,
}

/// The items of a file, in its order.
pub(super) fn translate(scope: &Scope<'_>, places: Places<'_>, file: &mut File, errors: &mut Diagnostics) {
    let names = scope.entries.iter().map(|entry| match &entry.what {
        What::Shared(item) => name(&item.ident, renamed(&item.attrs), places),
        _ => name(&entry.ident, None, places),
    });
    let (names, numbers) = (names.collect(), Numbers::new(scope, places));
    let (needed, broken) = (BTreeSet::new(), Vec::new());
    let mut translator = Translator { scope, places, numbers, errors, names, needed, broken };
    let mut items: Vec<(usize, Item)> = Vec::new();
    for (i, entry) in scope.entries.iter().enumerate() {
        let item = match &entry.what {
            What::Const(item) => translator.constant(i, item).map(Item::Const),
            What::Shared(item) => translator.structure(i, item),
            What::Named(item) => translator.enumeration(i, item).map(Item::Enum),
            What::Alias(_) | What::Other => None,
        };
        items.extend(item.map(|item| (i, item)));
    }
    // Other names for types belong to the schema where it uses them, and these may use others.
    let mut done = BTreeSet::new();
    while let Some(i) = translator.needed.iter().find(|i| !done.contains(*i)).copied() {
        done.insert(i);
        if let What::Alias(item) = scope.entries[i].what {
            items.extend(translator.alias(i, item).map(|item| (i, item)));
        }
    }
    items.sort_by_key(|(i, _)| *i);
    file.items = items.into_iter().map(|(_, item)| item).collect();
    file.broken = translator.broken;
}

fn name(ident: &syn::Ident, rename: Option<syn::LitStr>, places: Places<'_>) -> Ident {
    match rename {
        Some(rename) => Ident { text: rename.value(), span: places.of(&rename) },
        None => Ident { text: ident.unraw().to_string(), span: places.of(ident) },
    }
}

/// A number as an expression.
pub(super) fn number(value: i128, hex: bool, span: Span) -> Expr {
    let kind = ExprKind::Number { value: value.unsigned_abs(), hex };
    let expr = Expr { kind, span };
    if value < 0 { Expr { kind: ExprKind::Unary(Unary::Negate, Box::new(expr)), span } } else { expr }
}

impl<'a> Translator<'a> {
    fn from(&self, entry: usize) -> From {
        From { module: self.scope.entries[entry].module, this: None }
    }

    /// A whole number; anything else is no business of a schema until a field needs it, and then it is told there.
    fn constant(&mut self, entry: usize, item: &ItemConst) -> Option<ast::Const> {
        let (value, ty) = self.numbers.constant(entry).ok()?;
        let name = self.names[entry].clone();
        if name.text.starts_with('_') {
            return None;
        }
        let doc = self.doc(&item.attrs);
        let attributes = self.deprecated(&item.attrs).into_iter().collect();
        let span = self.places.of(&item.expr);
        let hex = value >= 0 && is_bits(&item.expr, value);
        let value = ast::Literal { kind: LiteralKind::Expr(number(value, hex, span)), span };
        let ty = Ident { text: ty.name.to_owned(), span: self.places.of(&item.ty) };
        Some(ast::Const { doc, attributes, name, ty, value })
    }

    fn alias(&mut self, entry: usize, item: &ItemType) -> Option<Item> {
        let attributes = self.deprecated(&item.attrs).into_iter().collect();
        let doc = self.doc(&item.attrs);
        let name = self.names[entry].clone();
        let owner = Owner { name: &name.text, whole: &item.ty, from: self.from(entry) };
        match self.ty(&item.ty, owner) {
            Some(ty) => Some(Item::Alias(ast::Alias { doc, attributes, name, ty })),
            None => self.give_up(name),
        }
    }

    /// Nobody is told again that this is unknown.
    fn give_up<T>(&mut self, name: Ident) -> Option<T> {
        self.broken.push(name.text);
        None
    }

    // --- structs ---

    fn structure(&mut self, entry: usize, item: &'a ItemStruct) -> Option<Item> {
        let name = self.names[entry].clone();
        let (doc, deprecated) = (self.doc(&item.attrs), self.deprecated(&item.attrs));
        let mut attributes: Vec<ast::Attribute> = deprecated.into_iter().collect();
        self.refuse_conditions(&item.attrs);
        self.shm(&item.attrs, false);
        let rust_name = item.ident.unraw().to_string();
        let repr = self.repr(&item.attrs, &rust_name);
        if !self.has_no_parameters(item) {
            return self.give_up(name);
        }
        // Where another layout is meant, holes in this one are not told.
        let mut complete = matches!(repr, Repr::C { .. });
        match repr {
            Repr::Transparent => return self.transparent(entry, item, doc, attributes),
            Repr::Wrong => {}
            Repr::Missing => {
                let inherited = matches!(item.vis, syn::Visibility::Inherited);
                let first = if inherited { self.places.of(&item.struct_token) } else { self.places.of(&item.vis) };
                let (at, indent) = (first.before(), self.places.indentation(first));
                self.errors.push(errors::missing_repr(self.places.of(&item.ident), &rust_name, at, indent));
            }
            Repr::C { align } => attributes.extend(align.map(|(align, span)| {
                attribute_of("align", Some(LiteralKind::Expr(number(align.into(), false, span))), span)
            })),
        }
        let Fields::Named(fields) = &item.fields else {
            if let Fields::Unnamed(fields) = &item.fields {
                let fix = self.with_names(item, fields);
                self.errors.push(errors::tuple_struct(self.places.of(&item.ident), &rust_name, &fix));
            } else {
                self.errors.push(crate::syntax::errors::empty("struct", &name));
            }
            return self.give_up(name);
        };
        let mut members = Vec::new();
        for field in &fields.named {
            match self.field(field, entry) {
                Some(member) => members.push(member),
                None => complete = false,
            }
        }
        let brace = self.places.span(fields.brace_token.span.close());
        let last = fields.named.last().filter(|_| !fields.named.trailing_punct());
        let comma = last.map(|last| self.places.of(last).after());
        let end = brace;
        Some(Item::Struct(ast::Struct { doc, attributes, name, members, end, comma, complete }))
    }

    /// Whether a struct is one type; what is wrong is reported.
    fn has_no_parameters(&mut self, item: &ItemStruct) -> bool {
        for parameter in &item.generics.params {
            let error = match parameter {
                GenericParam::Type(ty) => errors::type_parameter(self.places.of(&ty.ident), &ty.ident.to_string()),
                GenericParam::Lifetime(lifetime) => {
                    errors::lifetime(self.places.of(&lifetime.lifetime), &lifetime.lifetime.to_string())
                }
                GenericParam::Const(_) => {
                    errors::with_parameters(self.places.of(&item.ident), &item.ident.unraw().to_string())
                }
            };
            self.errors.push(error);
        }
        item.generics.params.is_empty()
    }

    /// A transparent struct is another name for the type inside.
    fn transparent(
        &mut self,
        entry: usize,
        item: &ItemStruct,
        doc: ast::Doc,
        attributes: Vec<ast::Attribute>,
    ) -> Option<Item> {
        let name = self.names[entry].clone();
        let mut fields = item.fields.iter();
        let (Some(field), None) = (fields.next(), fields.next()) else {
            let span = self.places.of(&item.ident);
            self.errors.push(errors::transparent_fields(span, &item.ident.unraw().to_string(), item.fields.len()));
            return self.give_up(name);
        };
        if let Some(unit) = self.shm(&field.attrs, true).unit {
            self.errors.push(errors::unit_on_transparent(self.places.of(&unit)));
        }
        let owner = Owner { name: &name.text, whole: &field.ty, from: self.from(entry) };
        match self.ty(&field.ty, owner) {
            Some(ty) => Some(Item::Alias(ast::Alias { doc, attributes, name, ty })),
            None => self.give_up(name),
        }
    }

    /// A tuple struct with names for its fields.
    fn with_names(&self, item: &ItemStruct, fields: &syn::FieldsUnnamed) -> String {
        let spelled = |field: &syn::Field| self.places.text_of(&field.ty).to_owned();
        let fields: Vec<String> = match fields.unnamed.len() {
            1 => fields.unnamed.iter().map(|field| format!("value: {}", spelled(field))).collect(),
            _ => fields.unnamed.iter().enumerate().map(|(i, field)| format!("value_{i}: {}", spelled(field))).collect(),
        };
        format!("struct {} {{ {} }}", item.ident, fields.join(", "))
    }

    /// What `cfg_attr` adds to a type depends on how the crate is built.
    fn refuse_conditions(&mut self, attributes: &[syn::Attribute]) {
        for attribute in conditional(attributes) {
            self.errors.push(errors::conditional_attribute(self.places.of(attribute)));
        }
    }

    fn field(&mut self, field: &syn::Field, entry: usize) -> Option<Member> {
        let ident = field.ident.as_ref()?;
        let rust_name = ident.unraw().to_string();
        let shm = self.shm(&field.attrs, true);
        let owner = Owner { name: &rust_name, whole: &field.ty, from: self.from(entry) };
        self.refuse_conditions(&field.attrs);
        if let Some(cfg) = field.attrs.iter().find(|attribute| attribute.path().is_ident("cfg")) {
            self.errors.push(errors::conditional_field(self.places.of(cfg), &rust_name));
            return None;
        }
        if rust_name.starts_with('_') {
            if let Some(unit) = &shm.unit {
                self.errors.push(errors::unit_on_padding(self.places.of(unit), &rust_name));
            }
            if let Some(rename) = &shm.rename {
                self.errors.push(errors::renamed_padding(self.places.of(rename), &rust_name));
            }
            return self.reserved(field, owner);
        }
        let ty = self.ty(&field.ty, owner);
        let doc = self.doc(&field.attrs);
        let mut attributes: Vec<ast::Attribute> = Vec::new();
        if let Some(unit) = &shm.unit {
            let span = self.places.of(unit);
            let text = self.checked(&unit.value(), span);
            attributes.push(attribute_of("unit", Some(LiteralKind::Text(text)), span));
        }
        attributes.extend(self.deprecated(&field.attrs));
        let name = name(ident, shm.rename, self.places);
        let start = self.places.of(field).before();
        Some(Member::Field(Box::new(ast::Field { start, doc, name, ty: ty?, default: None, attributes })))
    }

    /// Padding: bytes without a meaning.
    fn reserved(&mut self, field: &syn::Field, owner: Owner<'_>) -> Option<Member> {
        let span = self.places.of(field);
        let bytes = self.padding(&field.ty, owner)?;
        match bytes {
            Some(0) => self.errors.push(errors::empty_field(self.places.of(&field.ty), owner.name)),
            Some(bytes) => {
                let count = number(bytes.into(), false, self.places.of(&field.ty));
                return Some(Member::Reserved { count, span });
            }
            None => self.errors.push(errors::no_padding(self.places.of(&field.ty), owner.name)),
        }
        None
    }

    // --- enums and flags ---

    fn enumeration(&mut self, entry: usize, item: &NamedNumber) -> Option<ast::Enum> {
        let name = self.names[entry].clone();
        let doc = self.doc(&item.attributes);
        let mut attributes: Vec<ast::Attribute> = self.deprecated(&item.attributes).into_iter().collect();
        if item.kind == Kind::Closed {
            attributes.push(attribute_of("closed", None, name.span));
        }
        let from = From { this: Some(entry), ..self.from(entry) };
        let int = self.numbers.int(&item.repr, from).filter(|_| !self.is_machine_sized(item));
        let text = int.map_or_else(|| self.places.text_of(&item.repr).to_owned(), |int| int.name.to_owned());
        let repr = Ident { text, span: self.places.of(&item.repr) };
        let (mut values, mut complete) = (Vec::new(), true);
        for value in &item.values {
            let doc = self.doc(&value.attributes);
            let mut attributes: Vec<ast::Attribute> = self.deprecated(&value.attributes).into_iter().collect();
            let name = self::name(&value.ident, None, self.places);
            if let Some(recorded) = value.recorded.as_ref().filter(|recorded| recorded.value() != name.text) {
                let span = self.places.of(recorded);
                attributes.push(attribute_of("was", Some(LiteralKind::Text(recorded.value())), span));
            }
            match int.map(|int| self.numbers.value(&value.number, int, from)) {
                Some(Ok(number)) => {
                    let number = self::number(number, false, self.places.of(&value.number));
                    values.push(ast::Value { doc, attributes, name, value: Some(ast::Number::Expr(number)) });
                }
                Some(Err(error)) => {
                    self.errors.push(*error);
                    complete = false;
                }
                None => complete = false,
            }
        }
        let flags = item.kind == Kind::Flags;
        Some(ast::Enum { doc, attributes, flags, name, repr, values, complete })
    }

    /// Whether the number of an enum is as large as the machine's addresses, which nobody else can know.
    fn is_machine_sized(&self, item: &NamedNumber) -> bool {
        let text = self.places.text_of(&item.repr);
        text.ends_with("usize") || text.ends_with("isize")
    }
}
