//! Constant expressions as Rust computes them: each step in its type.

use std::cell::RefCell;
use std::collections::HashMap;

use syn::{BinOp, Expr, ExprField, ExprMethodCall, ExprPath, Lit, Member, Type, UnOp};

use super::errors;
use super::places::Places;
use super::scope::{Found, Scope, What, names};
use crate::diagnostic::Diagnostic;

/// How many steps may lead from an expression to all that it needs.
const MAX_STEPS: u32 = 256;

/// The error is shown where the number is needed.
pub(super) type Computed<T> = Result<T, Box<Diagnostic>>;

/// A constant by its place in the scope; a value of an enum by that of the enum and its own.
type Key = (usize, Option<usize>);

/// A whole-number type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Int {
    /// The type of the same numbers that has a fixed size.
    pub(super) name: &'static str,
    bits: u32,
    signed: bool,
}

impl Int {
    /// The type that Rust calls `name`; those of the machine's size have 64 bits here as everywhere that ZeroIPC runs.
    pub(super) fn of(name: &str) -> Option<Int> {
        let (name, bits, signed) = match name {
            "u8" => ("u8", 8, false),
            "u16" => ("u16", 16, false),
            "u32" => ("u32", 32, false),
            "u64" | "usize" => ("u64", 64, false),
            "i8" => ("i8", 8, true),
            "i16" => ("i16", 16, true),
            "i32" => ("i32", 32, true),
            "i64" | "isize" => ("i64", 64, true),
            _ => return None,
        };
        Some(Int { name, bits, signed })
    }

    const I32: Int = Int { name: "i32", bits: 32, signed: true };
    pub(super) const USIZE: Int = Int { name: "u64", bits: 64, signed: false };

    fn min(self) -> i128 {
        if self.signed { -(1 << (self.bits - 1)) } else { 0 }
    }

    fn max(self) -> i128 {
        (1 << (self.bits - u32::from(self.signed))) - 1
    }

    fn holds(self, value: i128) -> bool {
        (self.min()..=self.max()).contains(&value)
    }

    /// The number that is left of `value` in this type.
    fn wrap(self, value: i128) -> i128 {
        let low = value & ((1 << self.bits) - 1);
        if self.signed && low > self.max() { low - (1 << self.bits) } else { low }
    }
}

/// From where an expression is looked at.
#[derive(Clone, Copy)]
pub(super) struct From {
    pub(super) module: usize,
    /// The enum or flags that `Self` means.
    pub(super) this: Option<usize>,
}

pub(super) struct Numbers<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) places: Places<'a>,
    known: RefCell<HashMap<Key, Computed<i128>>>,
}

impl<'a> Numbers<'a> {
    pub(super) fn new(scope: &'a Scope<'a>, places: Places<'a>) -> Numbers<'a> {
        Numbers { scope, places, known: RefCell::default() }
    }

    /// The value of `expr` as a number of type `ty`.
    pub(super) fn value(&self, expr: &Expr, ty: Int, from: From) -> Computed<i128> {
        self.eval(expr, ty, from, 0)
    }

    /// The number of a constant and its type.
    pub(super) fn constant(&self, entry: usize) -> Computed<(i128, Int)> {
        self.constant_at(entry, 0)
    }

    fn constant_at(&self, i: usize, steps: u32) -> Computed<(i128, Int)> {
        let entry = &self.scope.entries[i];
        let What::Const(item) = entry.what else { return Err(self.unreadable(&entry.ident)) };
        let from = From { module: entry.module, this: None };
        let Some(ty) = self.int(&item.ty, from) else { return Err(self.unreadable(&item.ty)) };
        self.once((i, None), &item.expr, ty, from, steps).map(|value| (value, ty))
    }

    /// The value of an expression that has a name, computed once.
    fn once(&self, key: Key, expr: &Expr, ty: Int, from: From, steps: u32) -> Computed<i128> {
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        // This is what the expression finds if it leads back here.
        let cycle = self.cannot(expr, "it depends on itself");
        self.known.borrow_mut().insert(key, Err(cycle));
        let value = self.eval(expr, ty, from, steps + 1);
        self.known.borrow_mut().insert(key, value.clone());
        value
    }

    fn eval(&self, expr: &Expr, ty: Int, from: From, steps: u32) -> Computed<i128> {
        let next = steps + 1;
        if steps > MAX_STEPS {
            return Err(self.cannot(expr, "it needs more than 256 steps"));
        }
        match expr {
            Expr::Lit(lit) => match &lit.lit {
                Lit::Int(number) => match number.base10_parse::<i128>() {
                    Ok(value) => self.fits(expr, value, ty),
                    Err(_) => Err(self.cannot(expr, "the number is too large")),
                },
                Lit::Byte(byte) => Ok(i128::from(byte.value())),
                _ => Err(self.unreadable(expr)),
            },
            Expr::Paren(inner) => self.eval(&inner.expr, ty, from, next),
            Expr::Group(inner) => self.eval(&inner.expr, ty, from, next),
            Expr::Unary(unary) => match (&unary.op, &*unary.expr) {
                // The smallest number has no positive counterpart.
                (UnOp::Neg(_), Expr::Lit(lit)) => match &lit.lit {
                    Lit::Int(number) if ty.signed => {
                        let value = number.base10_parse::<i128>().unwrap_or(i128::MAX);
                        self.fits(expr, -value, ty)
                    }
                    _ => Err(self.unreadable(expr)),
                },
                (UnOp::Neg(_), operand) => {
                    let value = self.eval(operand, ty, from, next)?;
                    self.fits(expr, -value, ty)
                }
                (UnOp::Not(_), operand) => Ok(ty.wrap(!self.eval(operand, ty, from, next)?)),
                _ => Err(self.unreadable(expr)),
            },
            Expr::Cast(cast) => {
                let inner = self.type_of(&cast.expr, from, next).unwrap_or(Int::I32);
                let target = self.int(&cast.ty, from).ok_or_else(|| self.unreadable(&cast.ty))?;
                let value = self.eval(&cast.expr, inner, from, next)?;
                self.fits(expr, target.wrap(value), ty)
            }
            Expr::Binary(binary) => {
                let shift = matches!(binary.op, BinOp::Shl(_) | BinOp::Shr(_));
                let left = self.eval(&binary.left, ty, from, next)?;
                let right_ty = if shift { self.type_of(&binary.right, from, next).unwrap_or(Int::I32) } else { ty };
                let right = self.eval(&binary.right, right_ty, from, next)?;
                let value = match binary.op {
                    BinOp::Add(_) => left.checked_add(right),
                    BinOp::Sub(_) => left.checked_sub(right),
                    BinOp::Mul(_) => left.checked_mul(right),
                    BinOp::Div(_) => left.checked_div(right),
                    BinOp::Rem(_) => left.checked_rem(right),
                    BinOp::BitAnd(_) => Some(left & right),
                    BinOp::BitOr(_) => Some(left | right),
                    BinOp::BitXor(_) => Some(left ^ right),
                    BinOp::Shl(_) | BinOp::Shr(_) if !(0..i128::from(ty.bits)).contains(&right) => {
                        return Err(self.cannot(expr, "it is shifted too far"));
                    }
                    BinOp::Shl(_) => Some(ty.wrap(left << right)),
                    BinOp::Shr(_) => Some(left >> right),
                    _ => return Err(self.unreadable(expr)),
                };
                let value = value.ok_or_else(|| self.cannot(expr, "it divides by zero or is too large"))?;
                self.fits(expr, value, ty)
            }
            Expr::Path(path) => {
                let value = self.named(path, from, next)?;
                self.fits(expr, value.0, ty)
            }
            Expr::Field(_) | Expr::MethodCall(_) => match self.enum_value(expr, from) {
                Some((entry, value)) => self.number_of(entry, value, expr, next).map(|(value, _)| value),
                None => Err(self.unreadable(expr)),
            },
            Expr::Block(block) => match block.block.stmts.as_slice() {
                [syn::Stmt::Expr(inner, None)] => self.eval(inner, ty, from, next),
                _ => Err(self.unreadable(expr)),
            },
            _ => Err(self.unreadable(expr)),
        }
    }

    /// A constant, or `u8::MAX` and its like.
    fn named(&self, path: &ExprPath, from: From, steps: u32) -> Computed<(i128, Int)> {
        if path.qself.is_some() {
            return Err(self.unreadable(path));
        }
        let names = names(&path.path);
        if let Some(limit) = self.limit(&names, from) {
            return Ok(limit);
        }
        match self.scope.find(from.module, &names, true) {
            Found::Entry(entry) => self.constant_at(entry, steps),
            _ => Err(Box::new(errors::unknown_constant(self.places.of(path), &names.join("::")))),
        }
    }

    /// `u8::MAX` and its like.
    fn limit(&self, names: &[String], from: From) -> Option<(i128, Int)> {
        let (limit, ty) = names.split_last().filter(|(_, ty)| !ty.is_empty())?;
        let Found::Primitive(ty) = self.scope.find(from.module, ty, false) else { return None };
        let ty = Int::of(&ty)?;
        match limit.as_str() {
            "MAX" => Some((ty.max(), ty)),
            "MIN" => Some((ty.min(), ty)),
            "BITS" => Some((i128::from(ty.bits), Int::of("u32")?)),
            _ => None,
        }
    }

    /// `Mode::RUN.0` or `Caps::READ.bits()`: the place of the enum and of its value.
    fn enum_value(&self, expr: &Expr, from: From) -> Option<(usize, usize)> {
        let base = match expr {
            Expr::Field(ExprField { base, member: Member::Unnamed(index), .. }) if index.index == 0 => base,
            Expr::MethodCall(ExprMethodCall { receiver, method, .. }) if method == "bits" => receiver,
            _ => return None,
        };
        let Expr::Path(path) = &**base else { return None };
        let names = names(&path.path);
        let (value, owner) = names.split_last()?;
        let entry = match owner {
            [this] if this == "Self" => from.this?,
            owner => match self.scope.find(from.module, owner, false) {
                Found::Entry(entry) => entry,
                _ => return None,
            },
        };
        let What::Named(named) = &self.scope.entries[entry].what else { return None };
        Some((entry, named.values.iter().position(|known| known.ident == value)?))
    }

    fn number_of(&self, entry: usize, value: usize, at: &Expr, steps: u32) -> Computed<(i128, Int)> {
        let place = &self.scope.entries[entry];
        let What::Named(named) = &place.what else { return Err(self.unreadable(at)) };
        let from = From { module: place.module, this: Some(entry) };
        let ty = self.int(&named.repr, from).ok_or_else(|| self.unreadable(&named.repr))?;
        let number = &named.values[value].number;
        self.once((entry, Some(value)), number, ty, from, steps).map(|value| (value, ty))
    }

    /// The type that an expression has by itself, if anything in it says so.
    fn type_of(&self, expr: &Expr, from: From, steps: u32) -> Option<Int> {
        if steps > MAX_STEPS {
            return None;
        }
        let go = |expr| self.type_of(expr, from, steps + 1);
        match expr {
            Expr::Lit(lit) => match &lit.lit {
                Lit::Int(number) => Int::of(number.suffix()),
                Lit::Byte(_) => Int::of("u8"),
                _ => None,
            },
            Expr::Paren(inner) => go(&inner.expr),
            Expr::Group(inner) => go(&inner.expr),
            Expr::Unary(unary) => go(&unary.expr),
            Expr::Cast(cast) => self.int(&cast.ty, from),
            Expr::Binary(binary) if matches!(binary.op, BinOp::Shl(_) | BinOp::Shr(_)) => go(&binary.left),
            Expr::Binary(binary) => go(&binary.left).or_else(|| go(&binary.right)),
            Expr::Path(path) => {
                let names = names(&path.path);
                if let Some((_, ty)) = self.limit(&names, from) {
                    return Some(ty);
                }
                let Found::Entry(entry) = self.scope.find(from.module, &names, true) else { return None };
                let What::Const(item) = self.scope.entries[entry].what else { return None };
                self.int(&item.ty, From { module: self.scope.entries[entry].module, this: None })
            }
            Expr::Field(_) | Expr::MethodCall(_) => {
                let (entry, _) = self.enum_value(expr, from)?;
                let What::Named(named) = &self.scope.entries[entry].what else { return None };
                self.int(&named.repr, from)
            }
            _ => None,
        }
    }

    /// The whole-number type that a type is.
    pub(super) fn int(&self, ty: &Type, from: From) -> Option<Int> {
        let Type::Path(path) = ty else { return None };
        match self.scope.find(from.module, &names(&path.path), false) {
            Found::Primitive(name) if path.qself.is_none() => Int::of(&name),
            _ => None,
        }
    }

    fn fits(&self, expr: &Expr, value: i128, ty: Int) -> Computed<i128> {
        if ty.holds(value) {
            return Ok(value);
        }
        Err(self.cannot(expr, &format!("{value} does not fit `{}`", ty.name)))
    }

    fn cannot(&self, expr: &Expr, why: &str) -> Box<Diagnostic> {
        Box::new(errors::not_computable(self.places.of(expr), why))
    }

    fn unreadable(&self, at: &impl syn::spanned::Spanned) -> Box<Diagnostic> {
        Box::new(errors::no_number(self.places.of(at)))
    }
}

/// Whether the writer thinks of the number as bits, as in a schema: a hexadecimal one, or a large one made of shifts and
/// masks.
pub(super) fn is_bits(expr: &Expr, value: i128) -> bool {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Int(number) => {
                let text = number.token().to_string();
                text.starts_with("0x") || text.starts_with("0b")
            }
            _ => false,
        },
        Expr::Paren(inner) => is_bits(&inner.expr, value),
        Expr::Group(inner) => is_bits(&inner.expr, value),
        Expr::Cast(inner) => is_bits(&inner.expr, value),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Not(_)) || is_bits(&unary.expr, value),
        Expr::Binary(binary) => {
            let bits = matches!(binary.op, BinOp::Shl(_) | BinOp::BitAnd(_) | BinOp::BitOr(_) | BinOp::BitXor(_));
            bits && value > 0xffff || is_bits(&binary.left, value) || is_bits(&binary.right, value)
        }
        _ => false,
    }
}
