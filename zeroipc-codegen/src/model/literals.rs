//! Values as they stand in a schema, against the types that they are for.

use zeroipc_layout::Scalar;

use super::consts::{is_complex, is_float};
use super::eval::eval;
use super::resolve::Resolver;
use super::{Flavour, Literal, TypeId, TypeKind};
use crate::syntax::ast::{self, Binary, Expr, ExprKind, LiteralKind, Path, Unary};
use crate::syntax::errors;

impl Resolver<'_> {
    /// The value of `ast` as one of type `ty`; `None` when an error is reported.
    pub(super) fn literal(&mut self, ast: &ast::Literal, ty: TypeId) -> Option<Literal> {
        match self.types[ty].kind {
            TypeKind::Scalar(scalar) => self.scalar_literal(ast, scalar),
            TypeKind::Str(len) => self.text_literal(ast, Some(len)),
            TypeKind::Enum(i) => self.enum_literal(ast, i),
            TypeKind::Array { elem, count } => match &ast.kind {
                LiteralKind::List(list) if list.len() == count as usize => {
                    list.iter().map(|item| self.literal(item, elem)).collect::<Option<Vec<_>>>().map(Literal::List)
                }
                LiteralKind::List(list) => {
                    let found = list.len();
                    self.errors.push(errors::bad_literal(ast.span, &format!("a list of {count} values"), found));
                    None
                }
                _ => self.misfit(ast, &format!("a list of {count} values, such as `[1, 2]`")),
            },
            TypeKind::Struct(_) | TypeKind::Variant(_) => {
                self.errors.push(errors::no_struct_literal(ast.span));
                None
            }
        }
    }

    pub(super) fn scalar_literal(&mut self, ast: &ast::Literal, scalar: Scalar) -> Option<Literal> {
        match &ast.kind {
            LiteralKind::Bool(value) if scalar == Scalar::Bool8 => Some(Literal::Bool(*value)),
            LiteralKind::Float(value) if is_float(scalar) => self.float(ast, *value, scalar),
            LiteralKind::List(parts) if is_complex(scalar) && parts.len() == 2 => {
                let part = if scalar.size() == 8 { Scalar::F32 } else { Scalar::F64 };
                let parts = parts.iter().map(|item| self.scalar_literal(item, part)).collect::<Option<Vec<_>>>()?;
                Some(Literal::List(parts))
            }
            LiteralKind::Expr(expr) if scalar.is_integer() => self.fitting(expr, scalar).map(Literal::Int),
            LiteralKind::Expr(expr) if is_float(scalar) => self.float_expression(ast, expr, scalar),
            LiteralKind::Expr(Expr { kind: ExprKind::Name(path), span }) if scalar == Scalar::Bool8 => {
                match self.constant_literal(path, *span)? {
                    value @ Literal::Bool(_) => Some(value),
                    _ => self.misfit(ast, "`true` or `false`"),
                }
            }
            _ => self.misfit(ast, wanted(scalar)),
        }
    }

    fn float_expression(&mut self, ast: &ast::Literal, expr: &Expr, scalar: Scalar) -> Option<Literal> {
        match &expr.kind {
            ExprKind::Name(path) => match self.constant_literal(path, expr.span)? {
                Literal::Float(value) => self.float(ast, value, scalar),
                Literal::Int(value) => self.whole(ast, value, scalar),
                _ => self.misfit(ast, wanted(scalar)),
            },
            ExprKind::Unary(Unary::Negate, operand) if matches!(operand.kind, ExprKind::Name(_)) => {
                match self.float_expression(ast, operand, scalar)? {
                    Literal::Float(value) => Some(Literal::Float(-value)),
                    other => Some(other),
                }
            }
            _ if divides(expr) => {
                self.errors.push(errors::division_of_floats(ast.span));
                None
            }
            _ => {
                let value = eval(expr, Scalar::I64, self)?;
                self.whole(ast, value, scalar)
            }
        }
    }

    /// A whole number as a float, if the float can be that number.
    fn whole(&mut self, ast: &ast::Literal, value: i128, scalar: Scalar) -> Option<Literal> {
        let digits = match scalar.name() {
            "f16" => 11,
            "f32" => 24,
            _ => 53,
        };
        let odd = value.unsigned_abs() >> value.trailing_zeros().min(127);
        if odd >> digits != 0 {
            self.errors.push(errors::inexact(ast.span, value, scalar.name()));
            return None;
        }
        self.float(ast, value as f64, scalar)
    }

    fn float(&mut self, ast: &ast::Literal, value: f64, scalar: Scalar) -> Option<Literal> {
        // What rounds to the largest number fits; half a step above it does not.
        let (too_large, too_small) = match scalar.name() {
            "f16" => (value.abs() >= 65_520.0, value.abs() <= f64::powi(2.0, -25)),
            "f32" => ((value as f32).is_infinite(), value as f32 == 0.0),
            _ => (false, false),
        };
        if value.is_finite() && too_large {
            self.errors.push(errors::float_too_large(ast.span, value, scalar.name()));
            return None;
        }
        if value != 0.0 && too_small {
            self.errors.push(errors::float_too_small(ast.span, value, scalar.name()));
            return None;
        }
        Some(Literal::Float(value))
    }

    /// A text that fits `len` bytes.
    pub(super) fn text_literal(&mut self, ast: &ast::Literal, len: Option<u32>) -> Option<Literal> {
        let text = match &ast.kind {
            LiteralKind::Text(text) => text.clone(),
            LiteralKind::Expr(Expr { kind: ExprKind::Name(path), span }) => match self.constant_literal(path, *span)? {
                Literal::Text(text) => text,
                _ => return self.misfit(ast, "a text in quotes"),
            },
            _ => return self.misfit(ast, "a text in quotes"),
        };
        if let Some(len) = len.filter(|len| text.len() > *len as usize) {
            self.errors.push(errors::text_too_long(ast.span, text.len(), len));
            return None;
        }
        Some(Literal::Text(text))
    }

    /// A value of an enum by its name, or a combination of flags.
    fn enum_literal(&mut self, ast: &ast::Literal, i: usize) -> Option<Literal> {
        let LiteralKind::Expr(expr) = &ast.kind else {
            return self.misfit(ast, "the name of one of the values");
        };
        // A value of the enum that was wrong has been told.
        let item = self.enums[i].resolved.as_ref()?;
        let (flavour, repr, name) = (item.flavour, item.repr, item.name.clone());
        if let (ExprKind::Name(Path { module: None, name: value }), true) = (&expr.kind, flavour != Flavour::Flags)
            && !item.values.iter().any(|known| known.name == *value)
            && !self.names.contains_key(value)
        {
            let candidates: Vec<String> = item.values.iter().map(|value| value.name.clone()).collect();
            let near = self.guess(value, candidates.iter().map(String::as_str).collect());
            self.errors.push(errors::unknown_value(expr.span, &name, value, near.as_deref()));
            return None;
        }
        let outer = self.values_of.replace(i);
        let value = self.fitting(expr, repr);
        self.values_of = outer;
        let value = value?;
        let item = self.enums[i].resolved.as_ref()?;
        let known = match flavour {
            Flavour::Flags => value & !item.values.iter().fold(0, |bits, known| bits | known.value) == 0,
            _ => item.values.iter().any(|known| known.value == value),
        };
        if !known {
            self.errors.push(errors::unnamed_value(expr.span, &name, value, flavour == Flavour::Flags));
            return None;
        }
        Some(Literal::Int(value))
    }

    /// The number of the value `path` of the enum whose names may be used at present.
    pub(super) fn value_named(&self, path: &Path) -> Option<i128> {
        let item = &self.enums[self.values_of?];
        if path.module.is_some() {
            return None;
        }
        item.known.get(&path.name).copied()
    }

    /// A value without a type, as `@x_…` attributes have it.
    pub(super) fn free_literal(&mut self, ast: &ast::Literal) -> Option<Literal> {
        match &ast.kind {
            LiteralKind::Float(value) => Some(Literal::Float(*value)),
            LiteralKind::Bool(value) => Some(Literal::Bool(*value)),
            LiteralKind::Text(text) => Some(Literal::Text(text.clone())),
            LiteralKind::List(list) => {
                list.iter().map(|item| self.free_literal(item)).collect::<Option<Vec<_>>>().map(Literal::List)
            }
            LiteralKind::Expr(Expr { kind: ExprKind::Name(path), span }) => self.constant_literal(path, *span),
            LiteralKind::Expr(expr) => eval(expr, Scalar::I64, self).map(Literal::Int),
        }
    }

    fn misfit<T>(&mut self, ast: &ast::Literal, wanted: &str) -> Option<T> {
        self.errors.push(errors::misfit(ast.span, wanted, ast.kind.what()));
        None
    }
}

/// The order of two numbers, where they have one.
pub(super) fn compare(low: &Literal, high: &Literal) -> Option<std::cmp::Ordering> {
    match (low, high) {
        (Literal::Int(low), Literal::Int(high)) => Some(low.cmp(high)),
        (Literal::Float(low), Literal::Float(high)) => low.partial_cmp(high),
        _ => None,
    }
}

/// Whether an expression divides, which whole numbers do without a fraction.
fn divides(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Unary(_, operand) => divides(operand),
        ExprKind::Binary(operator, left, right) => *operator == Binary::Divide || divides(left) || divides(right),
        _ => false,
    }
}

fn wanted(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Bool8 => "`true` or `false`",
        scalar if is_complex(scalar) => "the real and the imaginary part, such as `[0.0, 1.0]`",
        scalar if is_float(scalar) => "a number",
        _ => "a whole number",
    }
}
