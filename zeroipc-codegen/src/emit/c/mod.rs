//! The C header.

mod defined;
mod dialect;
mod names;
mod reserved;
mod segment;
mod types;
mod variants;
mod view;

use askama::Template;

pub(super) use defined::defined;
pub(crate) use reserved::is_header;
pub(super) use reserved::{RESERVED, RESERVED_CPP, is_global, is_macro};

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
