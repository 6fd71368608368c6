//! The C++ header.

mod defined;
mod dialect;
mod enums;
mod names;
mod segment;
mod structs;
mod variants;
mod view;

use askama::Template;

pub(super) use defined::{beside_c, defined, functions, is_c_macro, namespaces};

use crate::model::Schema;

#[derive(Template)]
#[template(path = "cpp/header.hpp.j2", escape = "none")]
struct Page {
    header: view::Header,
}

pub(super) fn emit(schema: &Schema, bare: bool) -> String {
    let page = Page { header: view::header(schema, bare) };
    // Writing to a string does not fail, and the templates call nothing that could.
    page.render().unwrap_or_default()
}
