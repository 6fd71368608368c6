//! What is no error and yet worth a second look. Each lint can be allowed, warned of or denied by its code or name, and
//! `@allow` silences it for one thing and what is in it.

mod bytes;
mod files;
mod names;

use crate::compiler::Checked;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Report};
use crate::load::Unit;
use crate::model::{Meta, Schema};
use crate::source::Source;

pub(crate) const VERSION_MISSING: Code = Code(501);
pub(crate) const DOC_MISSING: Code = Code(502);
pub(crate) const PADDING_ORDER: Code = Code(503);
pub(crate) const LINE_STRADDLING: Code = Code(504);
pub(crate) const UNUSED_IMPORT: Code = Code(505);
pub(crate) const ZERO_UNNAMED: Code = Code(506);

impl Checked {
    /// All warnings: those that compiling gives, and for the schemas that were asked for every lint. A lint that is
    /// denied is an error here.
    ///
    /// ```
    /// use zeroipc_codegen::{Compiler, Format, Source};
    ///
    /// let text = "zipc 1;\n/// How it goes.\nenum Status: u8 { OK = 1 }";
    /// let checked = Compiler::new().source(Source::new("status.zipc", text)).check()?;
    /// let shown: String = checked.lint().iter().map(|report| report.render(Format::Short)).collect();
    /// assert!(shown.starts_with("status.zipc:3:6: warning[ZIPC0506]: enum `Status` has no name for 0"), "{shown}");
    /// # Ok::<(), zeroipc_codegen::Error>(())
    /// ```
    pub fn lint(&self) -> Vec<Report> {
        let mut reports = Vec::new();
        for (i, unit) in self.units.iter().enumerate() {
            // What compiling found has passed the levels already.
            let mut report = unit.report.clone();
            if self.roots.contains(&i) {
                let mut found = Diagnostics::default().into_report(&unit.source);
                found.add(on_request(unit));
                self.levels.apply(&mut found);
                report.merge(found);
            }
            if !report.diagnostics.is_empty() {
                reports.push(report);
            }
        }
        reports
    }
}

/// The lints that every compilation has.
pub(crate) fn always(unit: &mut Unit) {
    let Some(schema) = unit.schema.clone() else { return };
    let mut found = Diagnostics::default();
    files::unused_imports(&schema, &unit.source, &mut found);
    unit.report.add(found);
}

/// The lints that somebody asks for.
fn on_request(unit: &Unit) -> Diagnostics {
    let mut found = Diagnostics::default();
    let Some(schema) = &unit.schema else { return found };
    if !is_rust(&unit.source) {
        files::version(&unit.file, &mut found);
    }
    names::docs(schema, &mut found);
    names::zeros(schema, &mut found);
    bytes::order(schema, &mut found);
    bytes::lines(schema, &mut found);
    found
}

/// Whether the schema is Rust source, which has no version of the schema language.
fn is_rust(source: &Source) -> bool {
    source.name.ends_with(".rs")
}

/// Gives a warning unless the thing or what it is in allows it.
fn warn(found: &mut Diagnostics, metas: &[&Meta], warning: Diagnostic) {
    let code = warning.code;
    if !metas.iter().any(|meta| meta.allows(code)) {
        found.push(warning);
    }
}

/// The struct fields of a schema that mean something, with their structs.
fn fields(schema: &Schema) -> impl Iterator<Item = (&crate::model::Struct, &crate::model::Field)> {
    schema
        .own_structs()
        .flat_map(|item| item.fields.iter().filter(|field| !field.reserved).map(move |field| (item, field)))
}
