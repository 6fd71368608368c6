//! The Python module.

mod access;
mod class;
mod docs;
mod imports;
mod lines;
pub(crate) mod names;
mod records;
mod segment;
mod types;
mod values;
mod variant;
mod view;

use askama::Template;

use crate::model::Schema;

#[derive(Template)]
#[template(path = "python/module.py.j2", escape = "none")]
struct Page {
    module: view::Module,
}

pub(super) fn emit(schema: &Schema, bare: bool) -> String {
    let page = Page { module: view::module(schema, bare) };
    // Writing to a string does not fail, and the templates call nothing that could.
    page.render().unwrap_or_default()
}
