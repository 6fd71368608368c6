//! What the tokens of a variant show to be wrong. What sizes show is left to the emitted checks.

use std::collections::HashSet;

use zeroipc_layout::limits::{MAX_ALIGN, MAX_DESCRIPTION_NAME};

use super::input::{Case, Variant};
use crate::errors::{Errors, Mistake};

pub(crate) fn check(variant: &Variant, errors: &Errors) {
    check_name(&variant.ident, "type's name", &variant.name(), errors);
    check_align(variant, errors);
    let (mut names, mut recorded, mut tags) = (HashSet::new(), HashSet::from(["tag".to_owned()]), HashSet::new());
    for case in &variant.cases {
        let name = case.rust_name();
        if !names.insert(name.clone()) {
            errors.add(&case.ident, Mistake::DuplicateCase { name: &name });
        } else if name == "tag" {
            errors.add(&case.ident, Mistake::CaseNamedTag);
        }
        if !tags.insert(&case.tag) {
            errors.add(&case.tag, Mistake::DuplicateTag { tag: &case.tag.to_string() });
        }
        if case.ty.is_some() {
            check_recorded(case, &mut recorded, errors);
        }
    }
}

/// The name of a field in the description.
fn check_recorded(case: &Case, recorded: &mut HashSet<String>, errors: &Errors) {
    let name = case.name();
    check_name(&case.ident, "name", &name, errors);
    if name.starts_with('_') {
        errors.add(&case.ident, Mistake::RenamedToPadding { name: &name });
    } else if name.is_empty() {
        errors.add(&case.ident, Mistake::EmptyValue { key: "as" });
    } else if !recorded.insert(name.clone()) && case.rust_name() != "tag" {
        errors.add(&case.ident, Mistake::DuplicateName { name: &name });
    }
}

fn check_name(at: &proc_macro2::Ident, what: &str, name: &str, errors: &Errors) {
    if name.len() > MAX_DESCRIPTION_NAME {
        errors.add(at, Mistake::NameTooLong { what, len: name.len(), max: MAX_DESCRIPTION_NAME });
    }
}

fn check_align(variant: &Variant, errors: &Errors) {
    let align = variant.align.base10_parse::<u32>().unwrap_or(0);
    if !align.is_power_of_two() || align > MAX_ALIGN {
        errors.add(&variant.align, Mistake::VariantAlign { align });
    }
}
