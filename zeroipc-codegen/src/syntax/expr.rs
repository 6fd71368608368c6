//! Types and expressions.

use crate::syntax::ast::{Binary, Expr, ExprKind, Type, TypeKind, Unary};
use crate::syntax::cursor::{MAX_OPERATORS, Parsed, Parser};
use crate::syntax::errors;
use crate::syntax::lex::Kind;

impl Parser<'_> {
    pub(super) fn ty(&mut self) -> Parsed<Type> {
        self.nested(|parser| {
            let start = parser.span();
            let kind = if parser.eat("[") {
                let elem = Box::new(parser.ty()?);
                parser.expect(";", "and the number of elements")?;
                let count = parser.expr()?;
                parser.expect("]", "behind the number of elements")?;
                TypeKind::Array { elem, count }
            } else {
                let name = parser.ident("a type")?;
                match name.text.as_str() {
                    "str" => TypeKind::Str(parser.length("str")?),
                    "bytes" => TypeKind::Bytes(parser.length("bytes")?),
                    _ => TypeKind::Named(name.text),
                }
            };
            Ok(Type { kind, span: start.to(parser.previous()) })
        })
    }

    fn length(&mut self, of: &str) -> Parsed<Expr> {
        self.expect("[", &format!("and a length behind `{of}`, such as `{of}[16]`"))?;
        let length = self.expr()?;
        self.expect("]", "behind the length")?;
        Ok(length)
    }

    pub(super) fn expr(&mut self) -> Parsed<Expr> {
        self.nested(|parser| parser.binary(0))
    }

    /// Operators by rank, the loosest first.
    fn binary(&mut self, rank: usize) -> Parsed<Expr> {
        const RANKS: [&[(&str, Binary)]; 6] = [
            &[("|", Binary::Or)],
            &[("^", Binary::Xor)],
            &[("&", Binary::And)],
            &[("<<", Binary::ShiftLeft), (">>", Binary::ShiftRight)],
            &[("+", Binary::Add), ("-", Binary::Subtract)],
            &[("*", Binary::Multiply), ("/", Binary::Divide), ("%", Binary::Remainder)],
        ];
        let Some(operators) = RANKS.get(rank) else { return self.unary() };
        let mut left = self.binary(rank + 1)?;
        while let Some((_, operator)) = operators.iter().find(|(punct, _)| self.is(punct)) {
            self.operators += 1;
            if self.operators > MAX_OPERATORS {
                let error = errors::too_long(self.span(), MAX_OPERATORS);
                return Err(self.report(error));
            }
            self.advance();
            let right = self.binary(rank + 1)?;
            let span = left.span.to(right.span);
            left = Expr { kind: ExprKind::Binary(*operator, Box::new(left), Box::new(right)), span };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Expr> {
        let start = self.span();
        let operator = match self.peek() {
            Kind::Punct("-") => Unary::Negate,
            Kind::Punct("~") => Unary::Complement,
            _ => return self.primary(),
        };
        self.advance();
        let operand = self.nested(Self::unary)?;
        let span = start.to(operand.span);
        Ok(Expr { kind: ExprKind::Unary(operator, Box::new(operand)), span })
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let start = self.span();
        let kind = match self.peek().clone() {
            Kind::Number { value, hex } => {
                self.advance();
                ExprKind::Number { value: self.scaled(value), hex }
            }
            Kind::Ident(name) if name == "sizeof" => {
                self.advance();
                self.expect("(", "and a type behind `sizeof`")?;
                let ty = self.ty()?;
                self.expect(")", "behind the type")?;
                ExprKind::SizeOf(Box::new(ty))
            }
            Kind::Ident(name) => {
                self.advance();
                ExprKind::Name(name)
            }
            Kind::Punct("(") => {
                self.advance();
                let inner = self.expr()?;
                self.expect(")", "behind the expression")?;
                return Ok(Expr { span: start.to(self.previous()), ..inner });
            }
            _ => return Err(self.expected("a number, a constant or `sizeof`")),
        };
        Ok(Expr { kind, span: start.to(self.previous()) })
    }

    /// `1 MiB`: a size suffix that stands apart from its number.
    fn scaled(&mut self, value: u128) -> u128 {
        let shift = match self.peek() {
            Kind::Ident(word) if word == "KiB" => 10,
            Kind::Ident(word) if word == "MiB" => 20,
            Kind::Ident(word) if word == "GiB" => 30,
            _ => return value,
        };
        self.advance();
        value << shift
    }
}
