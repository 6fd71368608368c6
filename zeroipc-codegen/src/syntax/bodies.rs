//! What stands between braces: the values of enums and flags, the fields of structs, the cases of variants, the structures
//! of segments.

use crate::syntax::ast::{
    Attribute, Case, Doc, Enum, Field, Ident, Member, Number, Segment, Struct, Structure, Value, Variant,
};
use crate::syntax::cursor::{Broken, Parsed, Parser, describe};
use crate::syntax::errors;
use crate::syntax::lex::Kind;

impl Parser<'_> {
    /// The members of a body up to its `}`, and whether all of them could be read. `ends` are the tokens behind which
    /// reading goes on after an error.
    fn body<T>(
        &mut self,
        name: &Ident,
        what: &str,
        ends: &[&str],
        member: impl Fn(&mut Self) -> Parsed<Option<T>>,
    ) -> (Vec<T>, bool) {
        let (mut members, mut complete) = (Vec::new(), true);
        while !self.is("}") {
            if self.ends_early(what, name) {
                complete = false;
                break;
            }
            match member(self) {
                Ok(member) => members.extend(member),
                Err(Broken) => {
                    complete = false;
                    self.skip_member(ends);
                }
            }
        }
        (members, complete)
    }

    /// The end of a body, behind which a `;` may stand.
    fn close(&mut self) {
        self.eat("}");
        self.eat(";");
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

    /// Documentation and attributes in front of a member; `None` at the end of the body.
    fn head(&mut self) -> Parsed<Option<(Doc, Vec<Attribute>)>> {
        let start = self.span();
        let doc = self.doc();
        if self.is("}") {
            let error = errors::stray_doc(start);
            self.report(error);
            return Ok(None);
        }
        Ok(Some((doc, self.attributes()?)))
    }

    /// The `,` behind a member of a list. When it is missing and the next member follows, reading goes on.
    fn comma(&mut self, behind: &str) -> Parsed<()> {
        if self.is("}") || self.eat(",") {
            return Ok(());
        }
        let error = errors::missing_comma(self.previous(), behind, &describe(self.peek()));
        let broken = self.report(error);
        if matches!(self.peek(), Kind::Ident(_) | Kind::Doc(_)) { Ok(()) } else { Err(broken) }
    }

    /// `: u8` behind the name of an enum, of flags or of a variant.
    fn repr(&mut self, what: &str, name: &Ident) -> Parsed<Ident> {
        if !self.eat(":") {
            let error = errors::missing_repr(name.span, what, &name.text);
            return Err(self.report(error));
        }
        self.ident("the type of the number")
    }

    pub(super) fn enumeration(&mut self, doc: Doc, mut attributes: Vec<Attribute>, flags: bool) -> Parsed<Enum> {
        let (what, body) = if flags { ("flags", "flags' values") } else { ("enum", "enum's values") };
        self.advance();
        let name = self.ident(if flags { "the flags' name" } else { "the enum's name" })?;
        let repr = self.repr(what, &name)?;
        attributes.append(&mut self.attributes()?);
        self.expect("{", &format!("and the {body}"))?;
        let (values, complete) = self.body(&name, body, &[",", ";"], |parser| parser.value(flags));
        self.close();
        Ok(Enum { doc, attributes, flags, name, repr, values, complete })
    }

    fn value(&mut self, flags: bool) -> Parsed<Option<Value>> {
        let Some((doc, mut attributes)) = self.head()? else { return Ok(None) };
        let name = self.ident("a value's name")?;
        let value = if !self.eat("=") {
            None
        } else if flags && self.is_word("bit") && self.is_operand_next() {
            self.advance();
            Some(Number::Bit(self.expr()?))
        } else {
            Some(Number::Expr(self.expr()?))
        };
        attributes.append(&mut self.attributes()?);
        self.comma("the value")?;
        Ok(Some(Value { doc, attributes, name, value }))
    }

    pub(super) fn structure(&mut self, doc: Doc, mut attributes: Vec<Attribute>) -> Parsed<Struct> {
        self.advance();
        let name = self.ident("the struct's name")?;
        attributes.append(&mut self.attributes()?);
        self.expect("{", "and the struct's fields")?;
        let (members, complete) = self.body(&name, "struct's fields", &[";"], Self::member);
        let end = self.span();
        self.close();
        Ok(Struct { doc, attributes, name, members, end, comma: None, complete })
    }

    fn member(&mut self) -> Parsed<Option<Member>> {
        let start = self.span().before();
        let Some((doc, mut attributes)) = self.head()? else { return Ok(None) };
        let word_at = self.span();
        let name = self.ident("a field's name")?;
        if name.text == "reserved" && !self.is(":") {
            let count = self.expr()?;
            let span = word_at.to(self.previous());
            attributes.append(&mut self.attributes()?);
            for attribute in &attributes {
                let error = errors::misplaced_attribute(attribute, "reserved bytes");
                self.report(error);
            }
            self.semicolon("the reserved bytes")?;
            return Ok(Some(Member::Reserved { count, span }));
        }
        self.expect(":", "and a type behind the field's name")?;
        let ty = self.ty()?;
        let default = if self.eat("=") { Some(self.literal()?) } else { None };
        attributes.append(&mut self.attributes()?);
        self.semicolon(&format!("field `{}`", name.text))?;
        Ok(Some(Member::Field(Box::new(Field { start, doc, name, ty, default, attributes }))))
    }

    pub(super) fn variant(&mut self, doc: Doc, mut attributes: Vec<Attribute>) -> Parsed<Variant> {
        self.advance();
        let name = self.ident("the variant's name")?;
        let repr = self.repr("variant", &name)?;
        attributes.append(&mut self.attributes()?);
        self.expect("{", "and the variant's cases")?;
        let (cases, complete) = self.body(&name, "variant's cases", &[",", ";"], Self::case);
        self.close();
        Ok(Variant { doc, attributes, name, repr, cases, complete })
    }

    fn case(&mut self) -> Parsed<Option<Case>> {
        let Some((doc, mut attributes)) = self.head()? else { return Ok(None) };
        let name = self.ident("a case's name")?;
        let ty = if self.eat(":") { Some(self.ty()?) } else { None };
        let value = if self.eat("=") { Some(self.expr()?) } else { None };
        attributes.append(&mut self.attributes()?);
        self.comma("the case")?;
        Ok(Some(Case { doc, attributes, name, ty, value }))
    }

    pub(super) fn segment(&mut self, doc: Doc, mut attributes: Vec<Attribute>) -> Parsed<Segment> {
        self.advance();
        let name = self.ident("the segment's type name")?;
        self.expect("=", "and the segment's name in quotes")?;
        let path = self.text("the segment's name in quotes, such as `\"/sensor_data\"`")?;
        attributes.append(&mut self.attributes()?);
        self.expect("{", "and the segment's structures")?;
        let (structures, complete) = self.body(&name, "segment's structures", &[";"], Self::entry);
        self.close();
        Ok(Segment { doc, name, path, attributes, structures, complete })
    }

    fn entry(&mut self) -> Parsed<Option<Structure>> {
        let Some((doc, mut attributes)) = self.head()? else { return Ok(None) };
        let name = self.ident("a structure's name")?;
        self.expect(":", "behind the structure's name")?;
        let kind = self.ident("the kind of structure, such as `array`")?;
        let (mut elements, mut numbers) = (Vec::new(), Vec::new());
        if self.eat("<") {
            elements.push(self.ty()?);
            while self.eat(",") {
                elements.push(self.ty()?);
            }
            if !self.eat_angle() {
                return Err(self.expected("`>` behind the element type"));
            }
        }
        if self.eat("[") {
            numbers.push(self.expr()?);
            while self.eat(",") {
                numbers.push(self.expr()?);
            }
            self.expect("]", "behind the capacity")?;
        }
        let end = self.previous().after();
        attributes.append(&mut self.attributes()?);
        self.semicolon(&format!("structure `{}`", name.text))?;
        Ok(Some(Structure { doc, attributes, name, kind, elements, numbers, end }))
    }
}
