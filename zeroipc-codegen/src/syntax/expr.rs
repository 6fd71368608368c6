//! Types, expressions and literals.

use crate::syntax::ast::{Binary, Expr, ExprKind, Literal, LiteralKind, Type, TypeKind, Unary};
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
                let path = parser.path("a type")?;
                match (&path.module, path.name.as_str()) {
                    (None, "str") => TypeKind::Str(parser.length("str")?),
                    (None, "bytes") => TypeKind::Bytes(parser.length("bytes")?),
                    _ => TypeKind::Named(path),
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
            Kind::Ident(name) if name == "sizeof" => ExprKind::SizeOf(self.type_argument(&name)?),
            Kind::Ident(name) if name == "alignof" => ExprKind::AlignOf(self.type_argument(&name)?),
            Kind::Ident(name) if name == "offsetof" => {
                self.advance();
                self.expect("(", "and a struct behind `offsetof`")?;
                let ty = Box::new(self.ty()?);
                self.expect(",", "and a field behind the struct")?;
                let field = self.ident("the field's name")?;
                self.expect(")", "behind the field")?;
                ExprKind::OffsetOf(ty, field)
            }
            Kind::Ident(_) => ExprKind::Name(self.path("a constant")?),
            Kind::Punct("(") => {
                self.advance();
                let inner = self.expr()?;
                self.expect(")", "behind the expression")?;
                return Ok(Expr { span: start.to(self.previous()), ..inner });
            }
            Kind::Float(_) => {
                let error = errors::float_in_expression(start);
                return Err(self.report(error));
            }
            _ => return Err(self.expected("a number, a constant or `sizeof`")),
        };
        Ok(Expr { kind, span: start.to(self.previous()) })
    }

    /// `(T)` behind `sizeof` or `alignof`.
    fn type_argument(&mut self, word: &str) -> Parsed<Box<Type>> {
        self.advance();
        self.expect("(", &format!("and a type behind `{word}`"))?;
        let ty = self.ty()?;
        self.expect(")", "behind the type")?;
        Ok(Box::new(ty))
    }

    /// Whether an operand follows the present token, so that a word such as `bit` is no name.
    pub(super) fn is_operand_next(&self) -> bool {
        matches!(
            self.tokens.get(self.at + 1).map(|token| &token.kind),
            Some(Kind::Number { .. } | Kind::Ident(_) | Kind::Punct("("))
        )
    }

    /// A value as it may stand behind `=` or in an attribute.
    pub(super) fn literal(&mut self) -> Parsed<Literal> {
        self.nested(|parser| {
            let start = parser.span();
            let kind = match parser.peek().clone() {
                Kind::Text(text) => {
                    parser.advance();
                    LiteralKind::Text(text)
                }
                Kind::Punct("[") => {
                    parser.advance();
                    let mut list = Vec::new();
                    while !parser.is("]") {
                        list.push(parser.literal()?);
                        if !parser.eat(",") {
                            break;
                        }
                    }
                    parser.expect("]", "behind the last value")?;
                    LiteralKind::List(list)
                }
                Kind::Ident(word) if matches!(word.as_str(), "true" | "false") => {
                    parser.advance();
                    LiteralKind::Bool(word == "true")
                }
                _ => match parser.float() {
                    Some(value) => LiteralKind::Float(value),
                    None => LiteralKind::Expr(parser.expr()?),
                },
            };
            Ok(Literal { kind, span: start.to(parser.previous()) })
        })
    }

    /// A float with its sign, `inf` or `nan`, if one stands here.
    fn float(&mut self) -> Option<f64> {
        let negative = self.is("-");
        let value = match self.tokens.get(self.at + usize::from(negative)).map(|token| &token.kind) {
            Some(Kind::Float(value)) => *value,
            Some(Kind::Ident(word)) if word == "inf" => f64::INFINITY,
            Some(Kind::Ident(word)) if word == "nan" && !negative => f64::NAN,
            _ => return None,
        };
        if negative {
            self.advance();
        }
        self.advance();
        Some(if negative { -value } else { value })
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
