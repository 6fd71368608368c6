//! What a change of schemas breaks: old and new are compared definition by definition, and every difference is told with
//! its class. What a class promises is what the runtimes do when a segment is opened (`docs/format.md` §3.3).

mod accept;
mod against;
mod change;
mod codes;
mod cut;
mod definitions;
mod details;
mod enums;
mod explained;
mod git;
mod lock;
mod pairs;
mod segments;
mod spell;
mod structs;
#[cfg(test)]
mod tests;
mod types;
mod variants;

pub use accept::Accepted;
pub use against::{Old, against};
pub use change::{Change, Changes, Class};
pub use lock::Lock;

use crate::compiler::Checked;
use definitions::{compare_schemas, gone};

/// Everything that differs between the old schemas and the new ones, in the order of the new schemas and within one by
/// place; then the old schemas that are gone.
///
/// Schemas belong together when namespace and file name are the same, otherwise one of the two, otherwise when one is
/// left on each side; by namespace, one of the two may be an import. Definitions belong together by name, or when one is
/// new, the other is gone, and segments record the same for both.
///
/// ```
/// use zeroipc_codegen::{Compiler, Class, Format, Source, breaking};
///
/// let read = |text| Compiler::new().source(Source::new("point.zipc", text)).check();
/// let old = read("struct Point { x: f32; y: f32; }")?;
/// let new = read("struct Point { y: f32; x: f32; }")?;
/// let changes = breaking(&old, &new);
/// assert!(changes.has_breaking(false));
/// assert!(changes.list.iter().all(|change| change.class == Class::Schema));
/// assert!(changes.render(Format::Short, false).starts_with("point.zipc:1:16: schema[ZIPC0410]: point.Point.y: "));
/// # Ok::<(), zeroipc_codegen::Error>(())
/// ```
pub fn breaking(old: &Checked, new: &Checked) -> Changes {
    let schemas = pairs::schemas(old, new);
    let told = schemas.told();
    let mut list = Vec::new();
    for pair in &schemas.pairs {
        list.extend(compare_schemas(old, new, *pair, &told));
    }
    list.extend(schemas.gone.iter().filter_map(|place| gone(old, *place)));
    Changes::new(list, old, new)
}
