//! The class over one record of a variant.

use super::access::access;
use super::class::{Spelled, inner_check, speller};
use super::docs::{doc_or, notes, quoted, with_notes};
use super::lines::call;
use super::names;
use super::types::has_ranges;
use crate::model::{Case, Schema, TAG, TypeKind, Variant};

pub(super) struct VariantClass {
    pub(super) name: String,
    pub(super) dtype: String,
    pub(super) doc: Vec<String>,
    pub(super) tag_type: String,
    pub(super) tag_get: Vec<String>,
    pub(super) cases: Vec<CaseView>,
    pub(super) has_ranges: bool,
    /// Whether `to_dict` has anything to say beside the tag.
    pub(super) has_payloads: bool,
    pub(super) spelled: Spelled,
}

pub(super) struct CaseView {
    pub(super) name: String,
    /// The value of the tag.
    pub(super) value: String,
    /// What lies there; `None` for a case without a payload.
    pub(super) payload: Option<Payload>,
    pub(super) new: Vec<String>,
    pub(super) set: Vec<String>,
    pub(super) fill: Vec<String>,
    pub(super) set_doc: Vec<String>,
    pub(super) new_doc: Vec<String>,
    pub(super) argument: &'static str,
}

pub(super) struct Payload {
    pub(super) def: Vec<String>,
    pub(super) doc: Vec<String>,
    pub(super) get: Vec<String>,
    /// A copy of the payload for `to_dict`.
    pub(super) copied: String,
    pub(super) check: Vec<String>,
}

pub(super) fn variant(schema: &Schema, item: &Variant) -> VariantClass {
    let own = speller(item.cases.iter().map(|case| case.name.as_str()));
    let tag = access(schema, TAG, item.tag, &own);
    let dtype = names::dtype(&item.name);
    let doc = doc_or(&item.doc, format!("A record of :data:`{dtype}`, where it lies."));
    VariantClass {
        name: item.name.clone(),
        doc: quoted("    ", with_notes(doc, notes(&item.meta))),
        tag_type: tag.gives,
        tag_get: tag.get,
        cases: item.cases.iter().map(|case| case_view(schema, item, case, &own)).collect(),
        has_ranges: item.cases.iter().filter_map(|case| case.ty).any(|ty| has_ranges(schema, ty)),
        has_payloads: item.cases.iter().any(|case| case.ty.is_some()),
        spelled: Spelled::new(&own),
        dtype,
    }
}

fn case_view(schema: &Schema, item: &Variant, case: &Case, own: &dyn Fn(&str) -> String) -> CaseView {
    let name = &case.name;
    let access = case.ty.map(|ty| access(schema, name, ty, own));
    let parameter = access.iter().map(|access| format!("value: {}", access.takes));
    let def = |word: &str, first: &str, gives: &str| {
        let parameters: Vec<String> = [first.to_owned()].into_iter().chain(parameter.clone()).collect();
        call("    ", &format!("def {word}_{name}("), &parameters, &format!(") -> {gives}:"))
    };
    let value = format!("{}.{}", tag_class(schema, item), case.name.to_uppercase());
    let mut fill = vec![value.clone()];
    if let Some(access) = &access {
        fill.extend([format!("\"{name}\""), access.stored()]);
    }
    let notes = || notes(&case.meta);
    let short = |text: String| quoted("        ", with_notes(vec![text], notes()));
    CaseView {
        name: name.clone(),
        value,
        new: def("new", "cls", &item.name),
        set: def("set", "self", "None"),
        fill: call("        ", "self._fill(", &fill, ")"),
        set_doc: short(format!("Become ``{name}``; bytes that it does not use become zero.")),
        new_doc: short(format!("Return a new ``{name}``, which lies nowhere else.")),
        argument: if access.is_some() { "value" } else { "" },
        payload: case.ty.zip(access).map(|(ty, access)| {
            let doc = doc_or(&case.doc, format!("The case ``{name}``."));
            let what = vec!["None while the tag says something else.".to_owned()];
            // No case can be called like this and hide a name that the method uses.
            let local = format!("the_{name}");
            let check = has_ranges(schema, ty).then(|| inner_check(schema, ty, name, &local, "            "));
            Payload {
                def: call(
                    "    ",
                    &format!("def {name}("),
                    &["self".to_owned()],
                    &format!(") -> {} | None:", access.gives),
                ),
                doc: quoted("        ", with_notes(doc, [what, notes()].concat())),
                copied: access.copied(&local),
                get: access.get,
                check: check.unwrap_or_default(),
            }
        }),
    }
}

/// The enum of the tag.
fn tag_class(schema: &Schema, item: &Variant) -> String {
    match schema.types[item.tag].kind {
        TypeKind::Enum(i) => schema.enums[i].name.clone(),
        _ => format!("{}Tag", item.name),
    }
}
