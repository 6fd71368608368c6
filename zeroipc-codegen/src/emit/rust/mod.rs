//! The Rust file.

mod code;
mod doc;
mod enums;
mod literal;
pub(crate) mod names;
mod segment;
mod structs;
mod variants;
mod view;

use askama::Template;

use crate::model::Schema;

#[derive(Template)]
#[template(path = "rust/file.rs.j2", escape = "none")]
struct Page {
    page: view::Page,
}

pub(super) fn emit(schema: &Schema, bare: bool) -> String {
    let page = Page { page: view::page(schema, bare) };
    // Writing to a string does not fail, and the templates call nothing that could.
    page.render().unwrap_or_default()
}
