//! The C header.

pub(crate) mod names;
mod segment;
mod view;

use askama::Template;

use crate::model::Schema;

#[derive(Template)]
#[template(path = "c/header.h.j2", escape = "none")]
struct Page {
    header: view::Header,
}

pub(super) fn emit(schema: &Schema, bare: bool) -> String {
    let page = Page { header: view::header(schema, bare) };
    // Writing to a string does not fail, and the templates call nothing that could.
    page.render().unwrap_or_default()
}
