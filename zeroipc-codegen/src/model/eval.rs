//! Constant expressions: whole numbers in 128 bits, every step checked.

use zeroipc_layout::Scalar;

use crate::diagnostic::Diagnostics;
use crate::syntax::ast::{Binary, Expr, ExprKind, Ident, Path, Type, Unary};
use crate::syntax::errors;

/// What an expression may refer to.
pub(super) trait Scope {
    fn constant(&mut self, expr: &Expr, path: &Path) -> Option<i128>;
    fn size_of(&mut self, ty: &Type) -> Option<i128>;
    fn align_of(&mut self, ty: &Type) -> Option<i128>;
    fn offset_of(&mut self, ty: &Type, field: &Ident) -> Option<i128>;
    fn errors(&mut self) -> &mut Diagnostics;
    /// Begins a step; `false` when the steps are nested too deeply, which is then reported.
    fn enter(&mut self, expr: &Expr) -> bool;
    fn leave(&mut self);
}

/// The value of `expr`, or `None` when an error is reported. `ty` is the type that `~` works in.
pub(super) fn eval(expr: &Expr, ty: Scalar, scope: &mut impl Scope) -> Option<i128> {
    if !scope.enter(expr) {
        return None;
    }
    let value = step(expr, ty, scope);
    scope.leave();
    value
}

fn step(expr: &Expr, ty: Scalar, scope: &mut impl Scope) -> Option<i128> {
    let computed = match &expr.kind {
        ExprKind::Number { value, .. } => i128::try_from(*value).map_err(|_| OVERFLOW),
        ExprKind::Name(path) => return scope.constant(expr, path),
        ExprKind::SizeOf(of) => return scope.size_of(of),
        ExprKind::AlignOf(of) => return scope.align_of(of),
        ExprKind::OffsetOf(of, field) => return scope.offset_of(of, field),
        ExprKind::Unary(Unary::Negate, operand) => eval(operand, ty, scope)?.checked_neg().ok_or(OVERFLOW),
        ExprKind::Unary(Unary::Complement, operand) => complement(eval(operand, ty, scope)?, ty),
        ExprKind::Binary(operator, left, right) => {
            let (left, right) = (eval(left, ty, scope), eval(right, ty, scope));
            binary(*operator, left?, right?)
        }
    };
    match computed {
        Ok(value) => Some(value),
        Err(why) => {
            scope.errors().push(errors::not_computable(expr, why));
            None
        }
    }
}

const OVERFLOW: &str = "the result is too large";

fn complement(value: i128, ty: Scalar) -> Result<i128, &'static str> {
    let (low, high) = range(ty);
    if ty.is_signed() {
        Ok(!value)
    } else if value < low || value > high {
        Err("`~` works within the type of the constant, and the number does not fit it")
    } else {
        Ok(high ^ value)
    }
}

fn binary(operator: Binary, left: i128, right: i128) -> Result<i128, &'static str> {
    match operator {
        Binary::Add => left.checked_add(right).ok_or(OVERFLOW),
        Binary::Subtract => left.checked_sub(right).ok_or(OVERFLOW),
        Binary::Multiply => left.checked_mul(right).ok_or(OVERFLOW),
        Binary::Divide | Binary::Remainder if right == 0 => Err("it divides by zero"),
        Binary::Divide => left.checked_div(right).ok_or(OVERFLOW),
        Binary::Remainder => left.checked_rem(right).ok_or(OVERFLOW),
        Binary::ShiftLeft => left.checked_mul(1 << shift(right)?).ok_or(OVERFLOW),
        Binary::ShiftRight => Ok(left >> shift(right)?),
        Binary::And => Ok(left & right),
        Binary::Or => Ok(left | right),
        Binary::Xor => Ok(left ^ right),
    }
}

fn shift(by: i128) -> Result<u32, &'static str> {
    u32::try_from(by).ok().filter(|by| *by < 64).ok_or("numbers can be shifted by 0 to 63")
}

/// The smallest and the largest number of a whole-number type.
pub(super) fn range(ty: Scalar) -> (i128, i128) {
    let bits = 8 * ty.size();
    if ty.is_signed() { (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1) } else { (0, (1i128 << bits) - 1) }
}

/// Whether the writer thinks of the number as bits: a hexadecimal one, or a large one made of shifts and masks.
pub(super) fn is_bits(expr: &Expr, value: i128) -> bool {
    let large = value > 0xffff;
    match &expr.kind {
        ExprKind::Number { hex, .. } => *hex,
        ExprKind::Name(_) | ExprKind::SizeOf(_) | ExprKind::AlignOf(_) | ExprKind::OffsetOf(..) => false,
        ExprKind::Unary(operator, operand) => *operator == Unary::Complement || is_bits(operand, value),
        ExprKind::Binary(operator, left, right) => {
            let bits = matches!(operator, Binary::ShiftLeft | Binary::And | Binary::Or | Binary::Xor);
            bits && large || is_bits(left, value) || is_bits(right, value)
        }
    }
}
