//! What a module imports, and which of the fixed helpers it needs: those that its own code mentions. Helpers begin with
//! `_`, so that nothing that a schema names is mistaken for one.

use super::class::{Class, Spelled};
use super::names;
use super::variant::VariantClass;
use super::view::{Module, Record};
use crate::model::{Schema, StructureKind};

#[derive(Default)]
pub(super) struct Imports {
    /// The standard library's.
    pub(super) standard: Vec<String>,
    pub(super) numpy: bool,
    pub(super) runtime: Option<String>,
    /// Other modules of the same package.
    pub(super) siblings: Vec<String>,
    /// For annotations only.
    pub(super) typing: Vec<&'static str>,
    pub(super) helpers: Helpers,
}

/// The fixed functions and classes, by what they are for.
#[derive(Default)]
pub(super) struct Helpers {
    pub(super) record: bool,
    pub(super) variant: bool,
    pub(super) named: bool,
    pub(super) unsigned: bool,
    pub(super) signed: bool,
    pub(super) real: bool,
    pub(super) complex: bool,
    pub(super) truth: bool,
    pub(super) array: bool,
    pub(super) decoded: bool,
    pub(super) encoded: bool,
    pub(super) texts: bool,
    pub(super) dicts: bool,
    pub(super) within: bool,
    pub(super) all_within: bool,
    pub(super) outside: bool,
}

pub(super) fn imports(schema: &Schema, module: &Module) -> Imports {
    let code = code(module);
    let uses = |name: &str| mentions(&code, name);
    let record = !module.records.is_empty();
    let helpers = Helpers {
        record,
        variant: uses("_fill"),
        named: uses("_named"),
        unsigned: uses("_unsigned"),
        signed: uses("_signed"),
        real: uses("_real") || uses("_complex"),
        complex: uses("_complex"),
        truth: uses("_truth"),
        array: uses("_array"),
        decoded: uses("_decoded") || uses("_texts"),
        encoded: uses("_encoded"),
        texts: uses("_texts"),
        dicts: uses("_dicts"),
        within: uses("_within"),
        all_within: uses("_all_within"),
        outside: uses("_outside"),
    };
    let typing = typing(module, &helpers, uses("cast("));
    let runtime = runtime(schema, module);
    let mut standard = Vec::new();
    if uses("_builtins.") {
        standard.push("import builtins as _builtins".to_owned());
    }
    if uses("math.") || helpers.real {
        standard.push("import math".to_owned());
    }
    let bases: Vec<&str> =
        ["IntEnum", "IntFlag"].into_iter().filter(|base| needs_base(module, &helpers, base)).collect();
    if !bases.is_empty() {
        standard.push(format!("from enum import {}", bases.join(", ")));
    }
    if helpers.unsigned || helpers.signed {
        standard.push("from operator import index".to_owned());
    }
    if !typing.is_empty() {
        standard.push(format!("from typing import {}", typing.join(", ")));
    }
    let mut siblings: Vec<String> = Vec::new();
    for owner in owners(schema) {
        let name = names::module(owner);
        let line = format!("from . import {} as {name}", owner.stem);
        if uses(&format!("{name}.")) && !siblings.contains(&line) {
            siblings.push(line);
        }
    }
    siblings.sort();
    let mut only_types = Vec::new();
    if helpers.array {
        only_types.push("from collections.abc import Callable");
    }
    if runtime.is_some() {
        only_types.push("from types import TracebackType");
    }
    if record {
        if !only_types.is_empty() {
            only_types.push("");
        }
        only_types.push("import numpy.typing as npt");
    }
    let numpy = record || !module.enums.is_empty() || uses("np.");
    Imports { standard, numpy, runtime, siblings, typing: only_types, helpers }
}

/// The modules of everything that is imported, whichever way it came.
fn owners(schema: &Schema) -> impl Iterator<Item = &crate::model::Module> {
    let enums = schema.enums.iter().filter_map(|item| item.module.as_deref());
    let structs = schema.structs.iter().filter_map(|item| item.module.as_deref());
    enums.chain(structs).chain(schema.variants.iter().filter_map(|item| item.module.as_deref()))
}

fn needs_base(module: &Module, helpers: &Helpers, base: &str) -> bool {
    module.enums.iter().any(|item| item.base == base) || (base == "IntEnum" && helpers.named)
}

fn typing(module: &Module, helpers: &Helpers, cast: bool) -> Vec<&'static str> {
    let names = [
        ("TYPE_CHECKING", helpers.record || !module.segments.is_empty()),
        ("Any", helpers.dicts || helpers.outside || helpers.all_within || helpers.array),
        ("ClassVar", helpers.record),
        ("Final", !module.all.is_empty()),
        ("TypeVar", helpers.record || helpers.named),
        ("cast", cast),
    ];
    names.into_iter().filter(|(_, needed)| *needed).map(|(name, _)| name).collect()
}

fn runtime(schema: &Schema, module: &Module) -> Option<String> {
    if module.segments.is_empty() {
        return None;
    }
    let structures = || schema.segments.iter().flat_map(|segment| &segment.structures);
    let array = structures().any(|structure| structure.kind == StructureKind::Array);
    let queue = structures().any(|structure| structure.kind == StructureKind::Queue);
    let names = [array.then_some("Array"), Some("Memory"), queue.then_some("Queue")];
    Some(format!("from zeroipc import {}", names.into_iter().flatten().collect::<Vec<_>>().join(", ")))
}

/// Whether `code` has `name` as a word of its own; a name that ends with a sign may go on behind it.
fn mentions(code: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let whole = name.ends_with(is_part);
    code.match_indices(name).any(|(at, _)| {
        let (before, behind) = (&code[..at], &code[at + name.len()..]);
        !before.ends_with(is_part) && (!whole || !behind.starts_with(is_part))
    })
}

/// All code of the module that depends on the schema, without documentation.
fn code(module: &Module) -> String {
    let mut lines: Vec<&str> = Vec::new();
    lines.extend(module.consts.iter().chain(&module.aliases).flat_map(|item| &item.lines).map(String::as_str));
    for record in &module.records {
        record_code(record, &mut lines);
    }
    for segment in &module.segments {
        let calls = segment.doors.iter().flat_map(|door| &door.calls).flatten();
        lines.extend(segment.init.iter().chain(calls).map(String::as_str));
    }
    lines.join("\n")
}

fn record_code<'a>(record: &'a Record, lines: &mut Vec<&'a str>) {
    lines.extend(record.dtype.fields.iter().map(|field| field.format.as_str()));
    if let Some(class) = &record.class {
        class_code(class, lines);
    }
    if let Some(class) = &record.variant {
        variant_code(class, lines);
    }
}

fn class_code<'a>(class: &'a Class, lines: &mut Vec<&'a str>) {
    let all = [&class.bounds, &class.defaults, &class.checks, &class.dict];
    lines.extend(all.into_iter().flatten().map(String::as_str));
    spelled_code(&class.spelled, lines);
    for property in &class.properties {
        let all = [&property.def, &property.get, &property.setter, &property.set];
        lines.extend(all.into_iter().flatten().map(String::as_str));
        lines.extend(property.or_none.iter().map(|or_none| or_none.is_none.as_str()));
    }
}

fn variant_code<'a>(class: &'a VariantClass, lines: &mut Vec<&'a str>) {
    spelled_code(&class.spelled, lines);
    lines.extend(class.tag_get.iter().map(String::as_str));
    for case in &class.cases {
        let all = [&case.new, &case.set, &case.fill];
        lines.extend(all.into_iter().flatten().map(String::as_str));
        if let Some(payload) = &case.payload {
            let all = [&payload.def, &payload.get, &payload.check];
            lines.extend(all.into_iter().flatten().map(String::as_str));
            lines.push(&payload.copied);
        }
    }
}

fn spelled_code<'a>(spelled: &'a Spelled, lines: &mut Vec<&'a str>) {
    let Spelled { property, classmethod, dict, str, object } = spelled;
    lines.extend([property, classmethod, dict, str, object].map(String::as_str));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_words_only() {
        assert!(mentions("x = _within(1)", "_within") && mentions("self._fill(0)", "_fill"));
        assert!(!mentions("x = _all_within(1)", "_within") && !mentions("_within_all", "_within"));
        assert!(mentions("_of_a.B", "_of_a.") && !mentions("self.best_of_a.B", "_of_a."));
    }
}
