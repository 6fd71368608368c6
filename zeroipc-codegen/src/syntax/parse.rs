//! Tokens to tree, by recursive descent. After an error it goes on behind the next `;` or `}`, so that one run reports
//! every error; what could not be read is marked, so that later passes stay quiet about it.
//!
//! Here are the file and its head; what stands between braces is read in `bodies`, types and numbers in `expr`.

use crate::diagnostic::Diagnostics;
use crate::syntax::ast::{Alias, Assert, Attribute, Compare, Const, Doc, File, Ident, Import, Item, Path, Text};
use crate::syntax::cursor::{Broken, Parsed, Parser};
use crate::syntax::errors;
use crate::syntax::lex::{Kind, Token};

/// The only version of the language.
const VERSION: u128 = 1;
const ITEMS: &str = "`const`, `type`, `enum`, `flags`, `struct`, `variant`, `segment` or `assert`";

/// The tree of `text`, as far as it could be read.
pub(crate) fn parse(text: &str, errors: &mut Diagnostics) -> File {
    Parser::new(text, errors).file()
}

impl Parser<'_> {
    fn file(&mut self) -> File {
        let mut file = File::default();
        self.file_doc(&mut file);
        if self.is_word("zipc") && self.pragma(&mut file).is_err() {
            self.skip_item();
        }
        self.file_doc(&mut file);
        if self.is_word("namespace") {
            match self.namespace() {
                Ok(namespace) => file.namespace = namespace,
                Err(Broken) => self.skip_item(),
            }
        }
        while self.is_word("import") {
            match self.import() {
                Ok(import) => file.imports.push(import),
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

    fn file_doc(&mut self, file: &mut File) {
        while let Kind::FileDoc(line) = self.peek() {
            file.doc.push(line.clone());
            self.advance();
        }
    }

    fn pragma(&mut self, file: &mut File) -> Parsed<()> {
        self.advance();
        file.version = true;
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

    fn import(&mut self) -> Parsed<Import> {
        self.advance();
        let path = self.text("the imported file in quotes, such as `\"geometry.zipc\"`")?;
        let alias = if self.is_word("as") {
            self.advance();
            Some(self.ident("the name that the file has here")?)
        } else {
            None
        };
        self.semicolon("the import")?;
        Ok(Import { path, alias })
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
            Kind::End if attributes.is_empty() => return Ok(()),
            _ => return Err(self.expected(ITEMS)),
        };
        let name_at = self.at + 1;
        let parsed = match word.as_str() {
            "const" => self.constant(doc, attributes).map(Item::Const),
            "type" => self.alias(doc, attributes).map(Item::Alias),
            "enum" => self.enumeration(doc, attributes, false).map(Item::Enum),
            "flags" => self.enumeration(doc, attributes, true).map(Item::Enum),
            "struct" => self.structure(doc, attributes).map(Item::Struct),
            "variant" => self.variant(doc, attributes).map(Item::Variant),
            "segment" => self.segment(doc, attributes).map(Item::Segment),
            "assert" => {
                if !doc.is_empty() {
                    let error = errors::stray_doc(doc_at);
                    self.report(error);
                }
                for attribute in &attributes {
                    let error = errors::misplaced_attribute(attribute, "an assertion");
                    self.report(error);
                }
                self.assertion().map(Item::Assert)
            }
            "zipc" | "namespace" | "import" => {
                let error = errors::late_header(self.span(), &word);
                return Err(self.report(error));
            }
            _ => return Err(self.expected(ITEMS)),
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

    fn constant(&mut self, doc: Doc, mut attributes: Vec<Attribute>) -> Parsed<Const> {
        self.advance();
        let name = self.ident("the constant's name")?;
        self.expect(":", "and a type behind the constant's name")?;
        let ty = self.ident("the constant's type")?;
        self.expect("=", "behind the constant's type")?;
        let value = self.literal()?;
        attributes.append(&mut self.attributes()?);
        self.semicolon("the constant")?;
        Ok(Const { doc, attributes, name, ty, value })
    }

    fn alias(&mut self, doc: Doc, mut attributes: Vec<Attribute>) -> Parsed<Alias> {
        self.advance();
        let name = self.ident("the name of the type")?;
        self.expect("=", "and a type behind the name")?;
        let ty = self.ty()?;
        attributes.append(&mut self.attributes()?);
        self.semicolon("the type")?;
        Ok(Alias { doc, attributes, name, ty })
    }

    fn assertion(&mut self) -> Parsed<Assert> {
        let start = self.span();
        self.advance();
        let left = self.expr()?;
        let compare = match self.peek() {
            Kind::Punct("==") => Compare::Equal,
            Kind::Punct("!=") => Compare::Unequal,
            Kind::Punct("<") => Compare::Less,
            Kind::Punct("<=") => Compare::AtMost,
            Kind::Punct(">") => Compare::Greater,
            Kind::Punct(">=") => Compare::AtLeast,
            _ => return Err(self.expected("`==`, `!=`, `<`, `<=`, `>` or `>=`")),
        };
        self.advance();
        let right = self.expr()?;
        let text = if self.eat(",") { Some(self.text("a sentence in quotes")?) } else { None };
        let span = start.to(self.previous());
        self.semicolon("the assertion")?;
        Ok(Assert { left, compare, right, text, span })
    }

    // --- pieces that several constructs have ---

    pub(super) fn doc(&mut self) -> Doc {
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

    pub(super) fn attributes(&mut self) -> Parsed<Vec<Attribute>> {
        let mut attributes = Vec::new();
        while self.is("@") {
            let at = self.span();
            self.advance();
            let mut name = self.ident("the attribute's name")?;
            name.span = at.to(name.span);
            let mut arguments = None;
            if self.eat("(") {
                let mut list = vec![self.literal()?];
                while self.eat(",") {
                    list.push(self.literal()?);
                }
                self.expect(")", "behind the attribute's argument")?;
                arguments = Some(list);
            }
            let span = name.span.to(self.previous());
            attributes.push(Attribute { name, arguments, span });
        }
        Ok(attributes)
    }

    pub(super) fn text(&mut self, what: &str) -> Parsed<Text> {
        let Kind::Text(text) = self.peek() else { return Err(self.expected(what)) };
        let text = Text { text: text.clone(), span: self.span() };
        self.advance();
        Ok(text)
    }

    /// A name, or one of an imported file.
    pub(super) fn path(&mut self, what: &str) -> Parsed<Path> {
        let first = self.ident(what)?;
        if !self.eat(".") {
            return Ok(Path { module: None, name: first.text });
        }
        let name = self.ident("a name behind `.`")?;
        Ok(Path { module: Some(first.text), name: name.text })
    }
}
