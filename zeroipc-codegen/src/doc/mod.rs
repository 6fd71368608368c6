//! A reference of a schema for people: one HTML page that needs nothing else, or Markdown with pictures beside it.
//!
//! `content` says what is told, in blocks; `html` and `markdown` write these down. Text from the schema is escaped by
//! them, and documentation goes through `prose`, which lets nothing through but harmless Markdown.

mod content;
mod html;
mod inline;
mod markdown;
mod prose;
mod reprint;
mod spelling;
mod tables;

use std::path::PathBuf;

use crate::compiler::{Checked, Error, Output};

impl Checked {
    /// A page about each schema that was named, `<stem>.html`, without scripts and outside resources.
    ///
    /// # Errors
    /// [`Error::SameOutput`], when two pages would have one name.
    pub fn doc_html(&self) -> Result<Vec<Output>, Error> {
        let pages = self.schemas().map(|schema| {
            let text = html::page(&content::content(schema));
            Output { path: PathBuf::from(format!("{}.html", schema.stem)), text }
        });
        Output::distinct(pages.collect())
    }

    /// The same as Markdown, `<stem>.md`, with the pictures that it shows as `<stem>.<Name>.svg` beside it.
    ///
    /// # Errors
    /// [`Error::SameOutput`], when two files would have one name.
    pub fn doc_markdown(&self) -> Result<Vec<Output>, Error> {
        let mut outputs = Vec::new();
        for schema in self.schemas() {
            let content = content::content(schema);
            let path = PathBuf::from(format!("{}.md", schema.stem));
            outputs.push(Output { path, text: markdown::page(&content) });
            outputs.extend(content.pictures().map(|(file, picture)| {
                let path = PathBuf::from(file);
                Output { path, text: picture.standalone() }
            }));
        }
        Output::distinct(outputs)
    }
}
