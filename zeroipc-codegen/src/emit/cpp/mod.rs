//! The C++ header.

use crate::model::Schema;

pub(super) fn emit(_schema: &Schema, _bare: bool) -> String {
    String::new()
}
