//! Enums, flags and the tags of variants: their values, counted up where the schema gives no number.

use std::collections::HashMap;

use zeroipc_layout::Scalar;

use super::attributes::{Attributes, Place};
use super::eval::{self, eval};
use super::resolve::{Resolver, integer, tag_name};
use super::{Enum, Flavour, Meta, TypeKind, Value};
use crate::syntax::ast::{self, Attribute, Expr, Ident, Number};
use crate::syntax::errors;

const MAX_VALUES: usize = 1024;

/// What is known about an enum before its values are computed.
pub(super) struct EnumHead<'a> {
    pub(super) name: String,
    pub(super) repr: Option<Scalar>,
    /// The names of the values that segments record.
    pub(super) recorded: Vec<String>,
    source: Option<Origin<'a>>,
    /// The values so far, by name.
    pub(super) known: HashMap<String, i128>,
    pub(super) resolved: Option<Enum>,
}

#[derive(Clone, Copy)]
enum Origin<'a> {
    Enum(&'a ast::Enum),
    Tag(&'a ast::Variant),
}

/// One value as it is written.
struct Written<'a> {
    name: Ident,
    doc: &'a [String],
    attributes: &'a [Attribute],
    number: Option<(bool, &'a Expr)>,
}

impl<'a> EnumHead<'a> {
    pub(super) fn of_enum(ast: &'a ast::Enum) -> EnumHead<'a> {
        let recorded = ast.values.iter().map(|value| recorded(&value.name.text, &value.attributes)).collect();
        EnumHead::new(ast.name.text.clone(), integer(&ast.repr), recorded, Origin::Enum(ast))
    }

    pub(super) fn of_tag(ast: &'a ast::Variant) -> EnumHead<'a> {
        let recorded = ast.cases.iter().map(|case| recorded(&case.name.text, &case.attributes).to_uppercase());
        EnumHead::new(tag_name(&ast.name.text), integer(&ast.repr), recorded.collect(), Origin::Tag(ast))
    }

    /// An enum of another file.
    pub(super) fn of_foreign(item: Enum) -> EnumHead<'a> {
        EnumHead {
            name: item.name.clone(),
            repr: Some(item.repr),
            recorded: item.values.iter().map(|value| value.recorded().to_owned()).collect(),
            source: None,
            known: item.values.iter().map(|value| (value.name.clone(), value.value)).collect(),
            resolved: Some(item),
        }
    }

    fn new(name: String, repr: Option<Scalar>, recorded: Vec<String>, origin: Origin<'a>) -> EnumHead<'a> {
        EnumHead { name, repr, recorded, source: Some(origin), known: HashMap::new(), resolved: None }
    }
}

fn recorded(name: &str, attributes: &[Attribute]) -> String {
    Attributes::was_text(attributes).unwrap_or_else(|| name.to_owned())
}

impl<'a> Resolver<'a> {
    pub(super) fn enums(&mut self) {
        for i in 0..self.enums.len() {
            match self.enums[i].source {
                Some(Origin::Enum(ast)) => self.enumeration(i, ast),
                Some(Origin::Tag(ast)) => self.tag(i, ast),
                None => {}
            }
        }
    }

    fn enumeration(&mut self, i: usize, ast: &'a ast::Enum) {
        let place = if ast.flags { Place::Flags } else { Place::Enum };
        let attributes = Attributes::read(&ast.attributes, place, self);
        let flavour = match (ast.flags, !ast.flags && attributes.has("closed", self)) {
            (true, _) => Flavour::Flags,
            (false, true) => Flavour::Closed,
            (false, false) => Flavour::Open,
        };
        let meta = attributes.meta(self);
        let Some(repr) = integer(&ast.repr) else {
            self.errors.push(errors::bad_repr(&ast.repr));
            return;
        };
        if ast.flags && repr.is_signed() {
            self.errors.push(errors::signed_flags(&ast.repr));
            return;
        }
        if ast.values.is_empty() && ast.complete {
            self.errors.push(errors::empty(if ast.flags { "flags" } else { "enum" }, &ast.name));
        }
        let written = ast.values.iter().map(|value| Written {
            name: value.name.clone(),
            doc: &value.doc,
            attributes: &value.attributes,
            number: value.value.as_ref().map(|number| match number {
                Number::Expr(expr) => (false, expr),
                Number::Bit(expr) => (true, expr),
            }),
        });
        let written = written.collect();
        self.resolve_enum(i, written, flavour, repr, &ast.doc, &ast.name, false, meta);
    }

    /// The tag of a variant: one value for each case.
    fn tag(&mut self, i: usize, ast: &'a ast::Variant) {
        let Some(repr) = integer(&ast.repr) else {
            self.errors.push(errors::bad_repr(&ast.repr));
            return;
        };
        let written = ast.cases.iter().map(|case| Written {
            name: Ident { text: case.name.text.to_uppercase(), span: case.name.span },
            doc: &case.doc,
            attributes: &case.attributes,
            number: case.value.as_ref().map(|expr| (false, expr)),
        });
        let written = written.collect();
        let name = Ident { text: tag_name(&ast.name.text), span: ast.name.span };
        let doc = [format!("Which case a `{}` holds.", ast.name.text)];
        self.resolve_enum(i, written, Flavour::Open, repr, &doc, &name, true, Meta::default());
    }

    #[expect(clippy::too_many_arguments, reason = "these are the parts of an enum, used once")]
    fn resolve_enum(
        &mut self,
        i: usize,
        written: Vec<Written<'a>>,
        flavour: Flavour,
        repr: Scalar,
        doc: &[String],
        name: &Ident,
        is_tag: bool,
        meta: Meta,
    ) {
        if let Some(value) = written.get(MAX_VALUES) {
            self.errors.push(errors::too_many(value.name.span, "values in an enum", MAX_VALUES));
            return;
        }
        let values = self.values(i, &written, flavour, repr, is_tag);
        let Some(ty) = self.intern(TypeKind::Enum(i)) else { return };
        let (doc, span, name) = (doc.to_vec(), name.span, name.text.clone());
        self.enums[i].resolved = Some(Enum { doc, name, span, module: None, flavour, repr, values, ty, is_tag, meta });
    }

    fn values(
        &mut self,
        i: usize,
        written: &[Written<'a>],
        flavour: Flavour,
        repr: Scalar,
        is_tag: bool,
    ) -> Vec<Value> {
        let (low, high) = eval::range(repr);
        let mut first: HashMap<i128, &Ident> = HashMap::new();
        let mut recorded: HashMap<String, &Ident> = HashMap::new();
        let mut values = Vec::new();
        let mut next = Some(if flavour == Flavour::Flags { 1 } else { 0 });
        for value in written {
            let attributes = if is_tag {
                Attributes::read(&[], Place::Value, self)
            } else {
                Attributes::read(value.attributes, Place::Value, self)
            };
            let (was, meta) = (attributes.was(&value.name.text, Place::Value, self), attributes.meta(self));
            let was = if is_tag { Attributes::was_text(value.attributes).map(|was| was.to_uppercase()) } else { was };
            let number = self.number(i, value, next, repr);
            next = number.and_then(|number| following(flavour, number));
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
            let stored = was.clone().unwrap_or_else(|| value.name.text.clone());
            // Two values of the same name are told where names are.
            if let Some(first) = recorded.insert(stored.clone(), &value.name)
                && first.text != value.name.text
            {
                self.errors.push(errors::recorded_twice(&value.name, first.span, &stored));
            }
            self.enums[i].known.insert(value.name.text.clone(), number);
            let (doc, name, span) = (value.doc.to_vec(), value.name.text.clone(), value.name.span);
            values.push(Value { doc, name, was, span, value: number, meta });
        }
        if flavour == Flavour::Flags {
            self.check_bits(&values);
        }
        values
    }

    /// The number of a value: what is written, or the next one.
    fn number(&mut self, i: usize, value: &Written<'a>, next: Option<i128>, repr: Scalar) -> Option<i128> {
        let Some((is_bit, expr)) = value.number else { return next };
        let outer = self.values_of.replace(i);
        let number = eval(expr, repr, self);
        self.values_of = outer;
        let number = number?;
        if !is_bit {
            return Some(number);
        }
        let bits = i128::from(8 * repr.size());
        if !(0..bits).contains(&number) {
            self.errors.push(errors::bit_out_of_range(expr, number, repr.name(), bits - 1));
            return None;
        }
        Some(1 << number)
    }

    /// Every value is one bit, or consists of bits that have names.
    fn check_bits(&mut self, values: &[Value]) {
        let named = values.iter().filter(|value| value.value.count_ones() == 1);
        let named = named.fold(0i128, |bits, value| bits | value.value);
        for value in values {
            let without = value.value & !named;
            if without != 0 {
                self.errors.push(errors::unnamed_bits(value.span, &value.name, without));
            }
        }
    }
}

/// The number of a value without one, behind a value that is `number`.
fn following(flavour: Flavour, number: i128) -> Option<i128> {
    if flavour != Flavour::Flags {
        return number.checked_add(1);
    }
    let top = 127 - number.max(0).leading_zeros() as i32;
    Some(1i128 << (top + 1).clamp(0, 100))
}
