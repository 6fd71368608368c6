//! Tokens to tree, by recursive descent. After an error it goes on behind the next `;` or `}`, so that one run reports
//! every error; what could not be read is marked, so that later passes stay quiet about it.

use crate::diagnostic::Diagnostics;
use crate::syntax::ast::{
    Argument, Attribute, Const, Doc, Enum, Field, File, Ident, Item, Member, Segment, Struct, Structure, Text, Value,
};
use crate::syntax::cursor::{Broken, Parsed, Parser, describe};
use crate::syntax::errors;
use crate::syntax::lex::{Kind, Token};

/// The only version of the language.
const VERSION: u128 = 1;

/// The tree of `text`, as far as it could be read.
pub(crate) fn parse(text: &str, errors: &mut Diagnostics) -> File {
    Parser::new(text, errors).file()
}

impl Parser<'_> {
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

    /// Whether a body has no `}` although it is over, which is reported.
    fn ends_early(&mut self, body: &str, name: &Ident) -> bool {
        let found = match self.peek() {
            Kind::End => "the end of the file",
            _ if self.is_at_item() => "the next definition",
            _ => return false,
        };
        let error = errors::unclosed(self.span(), found, body, name);
        self.report(error);
        true
    }

    /// Reports every attribute, since none belongs to `place`.
    fn refuse(&mut self, attributes: &[Attribute], place: &str) {
        for attribute in attributes {
            let error = errors::misplaced_attribute(attribute, place);
            self.report(error);
        }
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
            "const" => {
                self.refuse(&attributes, "a constant");
                self.constant(doc).map(Item::Const)
            }
            "enum" => {
                self.refuse(&attributes, "an enum");
                self.enumeration(doc).map(Item::Enum)
            }
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
            if self.ends_early("enum's values", &name) {
                complete = false;
                break;
            }
            match self.value() {
                Ok(value) => values.extend(value),
                Err(Broken) => {
                    complete = false;
                    self.skip_member(&[",", ";"]);
                }
            }
        }
        self.eat("}");
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
            if self.ends_early("struct's fields", &name) {
                complete = false;
                break;
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
        self.eat("}");
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
            self.refuse(&attributes, "reserved bytes");
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
            if self.ends_early("segment's structures", &name) {
                complete = false;
                break;
            }
            match self.entry() {
                Ok(entry) => structures.extend(entry),
                Err(Broken) => {
                    complete = false;
                    self.skip_member(&[";"]);
                }
            }
        }
        self.eat("}");
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
        let attributes = self.attributes()?;
        self.refuse(&attributes, "a structure");
        self.semicolon(&format!("structure `{}`", name.text))?;
        Ok(Some(Structure { doc, name, kind, element, capacity }))
    }
}
