//! Where every byte of a schema lies: as tables for a terminal (`text`, `map`) and as pictures (`svg`).

mod facts;
mod map;
mod numbers;
pub(crate) mod svg;
mod table;
mod text;
mod values;

use std::path::PathBuf;

use crate::compiler::{Checked, Error, Output};
use crate::model::{Schema, Segment, Struct, Variant};
use crate::syntax::nearest::nearest;

pub(crate) use facts::{Kind, Row, case_rows, struct_rows};
pub(crate) use numbers::{bytes, grouped, share};
pub(crate) use values::{float, lines_of, literal, shortened};

/// Something that has a layout.
#[derive(Clone, Copy)]
enum Item<'a> {
    Struct(&'a Struct),
    Variant(&'a Variant),
    Segment(&'a Segment),
}

impl<'a> Item<'a> {
    fn name(self) -> &'a str {
        match self {
            Item::Struct(item) => &item.name,
            Item::Variant(item) => &item.name,
            Item::Segment(item) => &item.name,
        }
    }
}

impl Checked {
    /// Tables of every struct, variant and segment of the schemas that were named, or of the one called `only`, which may
    /// also be one that they import: the place, size and type of each part, cache lines, and what is wasted.
    ///
    /// # Errors
    /// [`Error::NoSuchType`], when nothing is called `only`.
    pub fn layout(&self, only: Option<&str>) -> Result<String, Error> {
        let mut text = String::new();
        for (schema, items) in self.items(only)? {
            if self.roots.len() > 1 && only.is_none() {
                text.push_str(&format!("// {}\n\n", schema.file_name));
            }
            for item in items {
                text.push_str(&match item {
                    Item::Struct(item) => text::structure(schema, item),
                    Item::Variant(item) => text::variant(schema, item),
                    Item::Segment(item) => map::segment(schema, item),
                });
                text.push('\n');
            }
        }
        text.truncate(text.trim_end().len());
        if !text.is_empty() {
            text.push('\n');
        }
        Ok(text)
    }

    /// The same as pictures, one SVG file each: `<stem>.<Name>.svg`.
    ///
    /// # Errors
    /// [`Error::NoSuchType`], when nothing is called `only`; [`Error::SameOutput`], when two files would have one name.
    pub fn layout_svg(&self, only: Option<&str>) -> Result<Vec<Output>, Error> {
        let mut outputs = Vec::new();
        for (schema, items) in self.items(only)? {
            for item in items {
                let picture = match item {
                    Item::Struct(item) => svg::structure(schema, item),
                    Item::Variant(item) => svg::variant(schema, item),
                    Item::Segment(item) => svg::segment(schema, item),
                };
                let path = PathBuf::from(svg::file_name(schema, item.name()));
                outputs.push(Output { path, text: picture.standalone() });
            }
        }
        Output::distinct(outputs)
    }

    /// The schemas that were named, each once.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = &Schema> {
        let mut roots: Vec<usize> = Vec::new();
        for root in &self.roots {
            if !roots.contains(root) {
                roots.push(*root);
            }
        }
        roots.into_iter().filter_map(|root| self.units.get(root)?.schema.as_deref())
    }

    /// What is to be shown of each schema.
    fn items(&self, only: Option<&str>) -> Result<Vec<(&Schema, Vec<Item<'_>>)>, Error> {
        let all: Vec<(&Schema, Vec<Item<'_>>)> = self.schemas().map(|schema| (schema, own(schema))).collect();
        let Some(only) = only else { return Ok(all) };
        let found: Vec<_> = all.iter().filter_map(|(schema, items)| picked(schema, items, only)).collect();
        if !found.is_empty() {
            return Ok(found);
        }
        // An imported type is the same wherever it is seen.
        if let Some(first) = self.schemas().find_map(|schema| picked(schema, &imported(schema), only)) {
            return Ok(vec![first]);
        }
        let names = all.iter().flat_map(|(_, items)| items.iter().map(|item| item.name()));
        let near = nearest(only, names).map(str::to_owned);
        Err(Error::NoSuchType { name: only.to_owned(), near })
    }
}

fn picked<'a>(schema: &'a Schema, items: &[Item<'a>], name: &str) -> Option<(&'a Schema, Vec<Item<'a>>)> {
    items.iter().find(|item| item.name() == name).map(|item| (schema, vec![*item]))
}

fn own(schema: &Schema) -> Vec<Item<'_>> {
    let types = schema.own_structs().map(Item::Struct).chain(schema.own_variants().map(Item::Variant));
    types.chain(schema.segments.iter().map(Item::Segment)).collect()
}

fn imported(schema: &Schema) -> Vec<Item<'_>> {
    let structs = schema.structs.iter().filter(|item| item.module.is_some()).map(Item::Struct);
    structs.chain(schema.variants.iter().filter(|item| item.module.is_some()).map(Item::Variant)).collect()
}
