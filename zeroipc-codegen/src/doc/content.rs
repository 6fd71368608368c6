//! What a page tells, in the order in which it does.

use super::inline::{Inline, Line};
use super::spelling;
use super::tables::{self, Table};
use crate::layout::svg::{self, Picture};
use crate::layout::{bytes, grouped, lines_of, share};
use crate::model::describe::describe;
use crate::model::{Enum, Flavour, Meta, Schema, TypeId, TypeKind};

/// The bytes that the pictures of a page have together.
const PICTURES: usize = 4 << 20;

/// A page.
#[derive(Debug)]
pub(super) struct Content<'a> {
    pub(super) schema: &'a Schema,
    pub(super) sections: Vec<Section<'a>>,
}

/// Definitions of one kind.
#[derive(Debug)]
pub(super) struct Section<'a> {
    pub(super) title: &'static str,
    pub(super) blocks: Vec<Block<'a>>,
}

#[derive(Debug)]
pub(super) enum Block<'a> {
    /// The beginning of a definition.
    Item {
        word: &'static str,
        name: &'a str,
        deprecated: bool,
    },
    Prose(&'a [String]),
    Paragraph(Line<'a>),
    /// Why it should not be used any more.
    Warning(Line<'a>),
    Table(Table<'a>),
    /// What a definition is called elsewhere.
    Spelling(Table<'a>),
    Picture {
        name: &'a str,
        file: String,
        picture: Picture,
    },
}

impl Content<'_> {
    /// The pictures of the page and their files.
    pub(super) fn pictures(&self) -> impl Iterator<Item = (&str, &Picture)> {
        let blocks = self.sections.iter().flat_map(|section| &section.blocks);
        blocks.filter_map(|block| match block {
            Block::Picture { file, picture, .. } => Some((file.as_str(), picture)),
            _ => None,
        })
    }
}

/// What is told of a schema.
pub(super) fn content(schema: &Schema) -> Content<'_> {
    let mut writer = Writer { schema, sections: Vec::new(), drawn: 0 };
    if let Some(first) = schema.consts.first() {
        writer.section("Constants");
        writer.push(Block::Table(tables::constants(schema)));
        writer.push(Block::Spelling(spelling::constant(schema, first)));
    }
    if !schema.aliases.is_empty() {
        writer.section("Aliases");
        writer.push(Block::Table(tables::aliases(schema)));
    }
    writer.enums();
    writer.structs();
    writer.variants();
    writer.segments();
    Content { schema, sections: writer.sections }
}

struct Writer<'a> {
    schema: &'a Schema,
    sections: Vec<Section<'a>>,
    /// The bytes of all pictures so far.
    drawn: usize,
}

impl<'a> Writer<'a> {
    fn section(&mut self, title: &'static str) {
        self.sections.push(Section { title, blocks: Vec::new() });
    }

    fn push(&mut self, block: Block<'a>) {
        if let Some(section) = self.sections.last_mut() {
            section.blocks.push(block);
        }
    }

    /// Heading, documentation and what attributes say.
    fn item(&mut self, word: &'static str, name: &'a str, doc: &'a [String], meta: &'a Meta) {
        let deprecated = meta.deprecated.is_some();
        self.push(Block::Item { word, name, deprecated });
        let notes = tables::notes(meta);
        if !notes.is_empty() {
            self.push(if deprecated { Block::Warning(notes) } else { Block::Paragraph(notes) });
        }
        if !doc.is_empty() {
            self.push(Block::Prose(doc));
        }
    }

    fn picture(&mut self, name: &'a str, draw: impl FnOnce() -> Picture) {
        if self.drawn < PICTURES {
            let picture = draw();
            self.drawn += picture.len();
            let file = svg::file_name(self.schema, name);
            self.push(Block::Picture { name, file, picture });
            return;
        }
        let text = "The page has many pictures already; this one is drawn by ".to_owned();
        let command = format!("zeroipc-codegen layout {} --svg --type {name}", self.schema.file_name);
        self.push(Block::Paragraph(vec![Inline::Text(text), Inline::Code(command), Inline::Text(".".to_owned())]));
    }

    /// Size, alignment and fingerprints of a type.
    fn identity(&mut self, before: &str, after: &str, ty: TypeId) {
        let (described, ty) = (describe(self.schema, ty), self.schema.types[ty]);
        let text = format!("{before}{}, alignment {}{after}. Fingerprints: layout ", bytes(ty.size), grouped(ty.align));
        self.push(Block::Paragraph(vec![
            Inline::Text(text),
            Inline::Code(format!("{:016x}", described.layout)),
            Inline::Text(", schema ".to_owned()),
            Inline::Code(format!("{:016x}", described.schema)),
            Inline::Text(".".to_owned()),
        ]));
    }

    fn enums(&mut self) {
        let schema = self.schema;
        let mut enums = schema.own_enums().filter(|item| !item.is_tag).peekable();
        if enums.peek().is_some() {
            self.section("Enums and flags");
        }
        for item in enums {
            let word = if item.flavour == Flavour::Flags { "flags" } else { "enum" };
            self.item(word, &item.name, &item.doc, &item.meta);
            self.identity(&format!("{}, {}: ", item.repr.name(), flavour(item)), "", item.ty);
            self.push(Block::Table(tables::values(item)));
            self.push(Block::Spelling(spelling::enumeration(schema, item)));
        }
    }

    fn structs(&mut self) {
        let schema = self.schema;
        let mut structs = schema.own_structs().peekable();
        if structs.peek().is_some() {
            self.section("Structs");
        }
        for item in structs {
            self.item("struct", &item.name, &item.doc, &item.meta);
            self.identity("", &format!(", {}", lines_of(item.size)), item.ty);
            self.picture(&item.name, || svg::structure(schema, item));
            self.push(Block::Table(tables::fields(schema, item)));
            self.push(Block::Spelling(spelling::structure(schema, item)));
        }
    }

    fn variants(&mut self) {
        let schema = self.schema;
        let mut variants = schema.own_variants().peekable();
        if variants.peek().is_some() {
            self.section("Variants");
        }
        for item in variants {
            self.item("variant", &item.name, &item.doc, &item.meta);
            self.identity("One of several cases: ", &format!(", {}", lines_of(item.size)), item.ty);
            self.picture(&item.name, || svg::variant(schema, item));
            self.push(Block::Table(tables::cases(schema, item)));
            let tag = match schema.types[item.tag].kind {
                TypeKind::Enum(i) => schema.enums.get(i),
                _ => None,
            };
            self.push(Block::Spelling(spelling::variant(schema, item, tag)));
        }
    }

    fn segments(&mut self) {
        let schema = self.schema;
        if !schema.segments.is_empty() {
            self.section("Segments");
        }
        for item in &schema.segments {
            self.item("segment", &item.name, &item.doc, &item.meta);
            let (size, used) = (bytes(item.size), bytes(item.used));
            let text = format!(": {size}, of which {used} ({}) are used.", share(item.used, item.size));
            let line =
                vec![Inline::Text("The segment ".to_owned()), Inline::Code(item.path.clone()), Inline::Text(text)];
            self.push(Block::Paragraph(line));
            self.picture(&item.name, || svg::segment(schema, item));
            self.push(Block::Table(tables::structures(schema, item)));
            self.push(Block::Spelling(spelling::segment(schema, item)));
        }
    }
}

const fn flavour(item: &Enum) -> &'static str {
    match item.flavour {
        Flavour::Closed => "closed",
        Flavour::Flags => "a set of bits",
        _ => "open",
    }
}
