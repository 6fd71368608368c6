//! Pictures of layouts as SVG: no script, no outside resource, the colours of the reader's light or dark screen.
//!
//! Every text is measured before it is drawn and shortened to its box; what a box cannot say, its tooltip does.

mod canvas;
mod fit;
mod grid;
mod lines;
mod segment;
mod structure;
mod variant;
mod xml;

use crate::model::Schema;

pub(crate) use canvas::Picture;
pub(crate) use segment::segment;
pub(crate) use structure::structure;
pub(crate) use variant::variant;
pub(crate) use xml::escaped;

/// The colours and fonts of every picture.
pub(crate) const STYLE: &str = include_str!("../../../templates/doc/picture.css");

/// `<stem>.<Name>.svg`
pub(crate) fn file_name(schema: &Schema, name: &str) -> String {
    format!("{}.{name}.svg", schema.stem)
}
