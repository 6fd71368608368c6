//! Enums: their values, counted up where the schema gives no number.

use std::collections::HashMap;

use zeroipc_layout::Scalar;

use super::eval::{self, eval};
use super::resolve::{Resolver, integer};
use super::{Enum, TypeKind, Value};
use crate::syntax::ast::{self, Ident};
use crate::syntax::errors;

const MAX_VALUES: usize = 1024;

impl<'a> Resolver<'a> {
    pub(super) fn enums(&mut self) -> Vec<Enum> {
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
}
