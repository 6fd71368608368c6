//! Tokens to tree, by recursive descent. After an error it goes on behind the next `;` or `}`, so that one run reports
//! every error; what could not be read is marked, so that later passes stay quiet about it.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;
use crate::syntax::ast::{
    Argument, Attribute, Binary, Const, Doc, Enum, Expr, ExprKind, Field, File, Ident, Item, Member, Segment, Struct,
    Structure, Text, Type, TypeKind, Unary, Value,
};
use crate::syntax::errors;
use crate::syntax::lex::{Kind, Token, lex};

/// The error is reported; the caller recovers.
struct Broken;
type Parsed<T> = Result<T, Broken>;

/// How deep types and expressions may be nested in the text.
const MAX_NESTING: u32 = 64;
/// How many operators one expression may have.
const MAX_OPERATORS: u32 = 128;
const ITEM_WORDS: [&str; 6] = ["const", "enum", "struct", "segment", "namespace", "zipc"];
/// The only version of the language.
const VERSION: u128 = 1;

/// The tree of `text`, as far as it could be read.
pub(crate) fn parse(text: &str, errors: &mut Diagnostics) -> File {
    let tokens = lex(text, errors);
    let quiet = quiet_lines(text, errors.as_slice());
    let mut parser = Parser { tokens, at: 0, nesting: 0, operators: 0, quiet, errors };
    parser.file()
}

/// The lines in which a lexical error makes further complaints worthless, in order.
fn quiet_lines(text: &str, errors: &[Diagnostic]) -> Vec<Span> {
    let mut lines: Vec<Span> = Vec::new();
    for error in errors {
        let at = error.span().start as usize;
        if lines.last().is_some_and(|line| at <= line.end as usize) {
            continue;
        }
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let swallowed = error.code == errors::UNTERMINATED_COMMENT;
        let end = if swallowed { text.len() } else { text[at..].find('\n').map_or(text.len(), |len| at + len) };
        lines.push(Span::new(start, end));
    }
    lines
}

struct Parser<'a> {
    tokens: Vec<Token>,
    at: usize,
    nesting: u32,
    operators: u32,
    quiet: Vec<Span>,
    errors: &'a mut Diagnostics,
}

impl Parser<'_> {
    // --- tokens ---

    fn peek(&self) -> &Kind {
        &self.tokens[self.at].kind
    }

    fn span(&self) -> Span {
        self.tokens[self.at].span
    }

    fn previous(&self) -> Span {
        self.at.checked_sub(1).map_or(Span::new(0, 0), |at| self.tokens[at].span)
    }

    fn advance(&mut self) {
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
    }

    fn is(&self, punct: &str) -> bool {
        matches!(self.peek(), Kind::Punct(found) if *found == punct)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Kind::Ident(found) if found == word)
    }

    fn eat(&mut self, punct: &str) -> bool {
        let found = self.is(punct);
        if found {
            self.advance();
        }
        found
    }

    /// Takes a `>`, also when it is the first half of a `>>`.
    fn eat_angle(&mut self) -> bool {
        if self.is(">>") {
            let token = &mut self.tokens[self.at];
            token.kind = Kind::Punct(">");
            token.span.start += 1;
            return true;
        }
        self.eat(">")
    }

    fn report(&mut self, error: Diagnostic) -> Broken {
        let at = error.span().start;
        let next = self.quiet.partition_point(|line| line.start <= at);
        let quiet = next.checked_sub(1).is_some_and(|i| at <= self.quiet[i].end);
        if !quiet {
            self.errors.push(error);
        }
        Broken
    }

    fn expected(&mut self, what: &str) -> Broken {
        let error = errors::expected(self.span(), what, &describe(self.peek()));
        self.report(error)
    }

    fn expect(&mut self, punct: &str, place: &str) -> Parsed<()> {
        if self.eat(punct) { Ok(()) } else { Err(self.expected(&format!("`{punct}` {place}"))) }
    }

    /// The end of a line of the schema. When it is missing and the next thing stands on a new line, reading goes on.
    fn semicolon(&mut self, text_before: &str) -> Parsed<()> {
        if self.eat(";") {
            return Ok(());
        }
        let error = errors::missing_semicolon(self.previous(), text_before, &describe(self.peek()));
        let broken = self.report(error);
        if self.is("}") || matches!(self.peek(), Kind::End | Kind::Doc(_) | Kind::Ident(_)) {
            Ok(())
        } else {
            Err(broken)
        }
    }

    fn ident(&mut self, what: &str) -> Parsed<Ident> {
        match self.peek() {
            Kind::Ident(text) => {
                let ident = Ident { text: text.clone(), span: self.span() };
                self.advance();
                Ok(ident)
            }
            _ => Err(self.expected(what)),
        }
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nesting == MAX_NESTING {
            let error = errors::too_deep(self.span(), MAX_NESTING);
            return Err(self.report(error));
        }
        if self.nesting == 0 {
            self.operators = 0;
        }
        self.nesting += 1;
        let result = parse(self);
        self.nesting -= 1;
        result
    }

    // --- recovery ---

    /// Skips to the next item.
    fn skip_item(&mut self) {
        let mut depth = 0u32;
        let start = self.at;
        loop {
            match self.peek() {
                Kind::End => return,
                Kind::Punct("{") => depth += 1,
                Kind::Punct("}") => depth = depth.saturating_sub(1),
                Kind::Ident(word) if depth == 0 && self.at > start && ITEM_WORDS.contains(&word.as_str()) => return,
                Kind::Doc(_) if depth == 0 && self.at > start => return,
                _ => {}
            }
            let done = depth == 0 && (self.is(";") || self.is("}"));
            self.advance();
            if done {
                return;
            }
        }
    }

    /// Skips behind the next of `ends`, or to the `}` that closes the body.
    fn skip_member(&mut self, ends: &[&str]) {
        let mut depth = 0u32;
        loop {
            match self.peek() {
                Kind::End => return,
                Kind::Punct("}") if depth == 0 => return,
                Kind::Punct("{") => depth += 1,
                Kind::Punct("}") => depth -= 1,
                Kind::Punct(punct) if depth == 0 && ends.contains(punct) => return self.advance(),
                _ => {}
            }
            self.advance();
        }
    }

    // --- documentation and attributes ---

    fn doc(&mut self) -> Doc {
        let mut doc = Vec::new();
        loop {
            match self.peek() {
                Kind::Doc(line) => doc.push(line.clone()),
                Kind::FileDoc(_) => {
                    let error = errors::late_file_doc(self.span());
                    self.report(error);
                }
                _ => return doc,
            }
            self.advance();
        }
    }

    fn attributes(&mut self) -> Parsed<Vec<Attribute>> {
        let mut attributes = Vec::new();
        while self.is("@") {
            let at = self.span();
            self.advance();
            let mut name = self.ident("the attribute's name")?;
            name.span = at.to(name.span);
            let mut argument = None;
            if self.eat("(") {
                argument = Some(match self.peek() {
                    Kind::Text(text) => {
                        let text = Text { text: text.clone(), span: self.span() };
                        self.advance();
                        Argument::Text(text)
                    }
                    _ => Argument::Expr(self.expr()?),
                });
                self.expect(")", "behind the attribute's argument")?;
            }
            let span = name.span.to(self.previous());
            attributes.push(Attribute { name, argument, span });
        }
        Ok(attributes)
    }

    // --- the file ---

    fn file(&mut self) -> File {
        let mut file = File::default();
        while let Kind::FileDoc(line) = self.peek() {
            file.doc.push(line.clone());
            self.advance();
        }
        if self.is_word("zipc") && self.pragma().is_err() {
            self.skip_item();
        }
        while let Kind::FileDoc(line) = self.peek() {
            file.doc.push(line.clone());
            self.advance();
        }
        if self.is_word("namespace") {
            match self.namespace() {
                Ok(namespace) => file.namespace = namespace,
                Err(Broken) => self.skip_item(),
            }
        }
        while *self.peek() != Kind::End {
            if self.item(&mut file).is_err() {
                self.skip_item();
            }
        }
        file
    }

    fn pragma(&mut self) -> Parsed<()> {
        self.advance();
        match self.peek() {
            Kind::Number { value: VERSION, .. } => self.advance(),
            Kind::Number { .. } => {
                let error = errors::unknown_version(self.span());
                self.report(error);
                self.advance();
            }
            _ => return Err(self.expected("the language's version, `1`")),
        }
        self.semicolon("zipc 1")
    }

    fn namespace(&mut self) -> Parsed<Vec<Ident>> {
        self.advance();
        let mut path = vec![self.ident("the namespace's name")?];
        while self.eat(".") {
            path.push(self.ident("a name behind `.`")?);
        }
        self.semicolon("the namespace")?;
        Ok(path)
    }

    fn item(&mut self, file: &mut File) -> Parsed<()> {
        let doc_at = self.span();
        let doc = self.doc();
        let attributes = self.attributes()?;
        let word = match self.peek() {
            Kind::Ident(word) => word.clone(),
            Kind::End if !doc.is_empty() => {
                let error = errors::stray_doc(doc_at);
                self.report(error);
                return Ok(());
            }
            Kind::End => return Ok(()),
            _ => return Err(self.expected("`const`, `enum`, `struct` or `segment`")),
        };
        let name_at = self.at + 1;
        let parsed = match word.as_str() {
            "const" => self.constant(doc).map(Item::Const),
            "enum" => self.enumeration(doc).map(Item::Enum),
            "struct" => self.structure(doc, attributes).map(Item::Struct),
            "segment" => self.segment(doc, attributes).map(Item::Segment),
            "zipc" | "namespace" => {
                let error = errors::late_header(self.span(), &word);
                return Err(self.report(error));
            }
            _ => return Err(self.expected("`const`, `enum`, `struct` or `segment`")),
        };
        match parsed {
            Ok(item) => file.items.push(item),
            Err(Broken) => {
                if let Some(Token { kind: Kind::Ident(name), .. }) = self.tokens.get(name_at) {
                    file.broken.push(name.clone());
                }
                return Err(Broken);
            }
        }
        Ok(())
    }

    fn constant(&mut self, doc: Doc) -> Parsed<Const> {
        self.advance();
        let name = self.ident("the constant's name")?;
        self.expect(":", "and a type behind the constant's name")?;
        let ty = self.ident("the constant's type")?;
        self.expect("=", "behind the constant's type")?;
        let value = self.expr()?;
        self.semicolon("the constant")?;
        Ok(Const { doc, name, ty, value })
    }

    fn enumeration(&mut self, doc: Doc) -> Parsed<Enum> {
        self.advance();
        let name = self.ident("the enum's name")?;
        if !self.is(":") {
            let error = errors::missing_repr(name.span, &name.text);
            return Err(self.report(error));
        }
        self.advance();
        let repr = self.ident("the enum's number type")?;
        self.expect("{", "and the enum's values")?;
        let (mut values, mut complete) = (Vec::new(), true);
        while !self.is("}") {
            if *self.peek() == Kind::End {
                let error = errors::unclosed(self.span(), "enum's values", &name);
                return Err(self.report(error));
            }
            match self.value() {
                Ok(value) => values.extend(value),
                Err(Broken) => {
                    complete = false;
                    self.skip_member(&[",", ";"]);
                }
            }
        }
        self.advance();
        self.eat(";");
        Ok(Enum { doc, name, repr, values, complete })
    }

    fn value(&mut self) -> Parsed<Option<Value>> {
        let doc_at = self.span();
        let doc = self.doc();
        if self.is("}") {
            let error = errors::stray_doc(doc_at);
            self.report(error);
            return Ok(None);
        }
        let name = self.ident("a value's name")?;
        let value = if self.eat("=") { Some(self.expr()?) } else { None };
        if !self.is("}") && !self.eat(",") {
            let error = errors::missing_comma(self.previous(), &describe(self.peek()));
            let broken = self.report(error);
            if !matches!(self.peek(), Kind::Ident(_) | Kind::Doc(_)) {
                return Err(broken);
            }
        }
        Ok(Some(Value { doc, name, value }))
    }

    fn structure(&mut self, doc: Doc, mut attributes: Vec<Attribute>) -> Parsed<Struct> {
        self.advance();
        let name = self.ident("the struct's name")?;
        attributes.append(&mut self.attributes()?);
        self.expect("{", "and the struct's fields")?;
        let (mut members, mut complete) = (Vec::new(), true);
        while !self.is("}") {
            if *self.peek() == Kind::End {
                let error = errors::unclosed(self.span(), "struct's fields", &name);
                return Err(self.report(error));
            }
            match self.member() {
                Ok(member) => members.extend(member),
                Err(Broken) => {
                    complete = false;
                    self.skip_member(&[";"]);
                }
            }
        }
        let end = self.span();
        self.advance();
        self.eat(";");
        Ok(Struct { doc, attributes, name, members, end, complete })
    }

    fn member(&mut self) -> Parsed<Option<Member>> {
        let start = self.span().before();
        let doc = self.doc();
        if self.is("}") {
            let error = errors::stray_doc(start);
            self.report(error);
            return Ok(None);
        }
        let mut attributes = self.attributes()?;
        let word_at = self.span();
        let name = self.ident("a field's name")?;
        if name.text == "reserved" && !self.is(":") {
            let count = self.expr()?;
            let span = word_at.to(self.previous());
            if let Some(attribute) = attributes.first() {
                let error = errors::misplaced_attribute(attribute, "reserved bytes");
                self.report(error);
            }
            self.semicolon("the reserved bytes")?;
            return Ok(Some(Member::Reserved { count, span }));
        }
        self.expect(":", "and a type behind the field's name")?;
        let ty = self.ty()?;
        attributes.append(&mut self.attributes()?);
        self.semicolon(&format!("field `{}`", name.text))?;
        Ok(Some(Member::Field(Field { start, doc, name, ty, attributes })))
    }

    fn segment(&mut self, doc: Doc, mut attributes: Vec<Attribute>) -> Parsed<Segment> {
        self.advance();
        let name = self.ident("the segment's type name")?;
        self.expect("=", "and the segment's name in quotes")?;
        let path = match self.peek() {
            Kind::Text(text) => Text { text: text.clone(), span: self.span() },
            _ => return Err(self.expected("the segment's name in quotes, such as `\"/sensor_data\"`")),
        };
        self.advance();
        attributes.append(&mut self.attributes()?);
        self.expect("{", "and the segment's structures")?;
        let (mut structures, mut complete) = (Vec::new(), true);
        while !self.is("}") {
            if *self.peek() == Kind::End {
                let error = errors::unclosed(self.span(), "segment's structures", &name);
                return Err(self.report(error));
            }
            match self.entry() {
                Ok(entry) => structures.extend(entry),
                Err(Broken) => {
                    complete = false;
                    self.skip_member(&[";"]);
                }
            }
        }
        self.advance();
        self.eat(";");
        Ok(Segment { doc, name, path, attributes, structures, complete })
    }

    fn entry(&mut self) -> Parsed<Option<Structure>> {
        let start = self.span();
        let doc = self.doc();
        if self.is("}") {
            let error = errors::stray_doc(start);
            self.report(error);
            return Ok(None);
        }
        let name = self.ident("a structure's name")?;
        self.expect(":", "behind the structure's name")?;
        let kind = self.ident("the kind of structure, `array` or `queue`")?;
        self.expect("<", "and the element type")?;
        let element = self.ty()?;
        if !self.eat_angle() {
            return Err(self.expected("`>` behind the element type"));
        }
        self.expect("[", "and the capacity")?;
        let capacity = self.expr()?;
        self.expect("]", "behind the capacity")?;
        for attribute in self.attributes()? {
            let error = errors::misplaced_attribute(&attribute, "a structure");
            self.report(error);
        }
        self.semicolon(&format!("structure `{}`", name.text))?;
        Ok(Some(Structure { doc, name, kind, element, capacity }))
    }

    // --- types and expressions ---

    fn ty(&mut self) -> Parsed<Type> {
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

    fn expr(&mut self) -> Parsed<Expr> {
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

fn describe(kind: &Kind) -> String {
    match kind {
        Kind::Ident(word) => format!("`{word}`"),
        Kind::Number { .. } => "a number".to_owned(),
        Kind::Text(_) => "a text in quotes".to_owned(),
        Kind::Doc(_) | Kind::FileDoc(_) => "a documentation comment".to_owned(),
        Kind::Punct(punct) => format!("`{punct}`"),
        Kind::End => "the end of the file".to_owned(),
    }
}
