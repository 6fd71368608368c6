//! The dtypes of structs and variants.

use super::docs::{doc_or, field_section, indented, notes, quoted, with_notes};
use super::lines::WIDTH;
use super::names;
use super::types::{bytes, described, format};
use super::values;
use crate::case::upper;
use crate::model::describe::describe;
use crate::model::{Schema, TAG, TypeId};

/// A dtype with fields.
pub(super) struct Dtype {
    pub(super) name: String,
    pub(super) dtype: String,
    pub(super) doc: Vec<String>,
    pub(super) size_name: String,
    pub(super) size: u64,
    pub(super) fields: Vec<Field>,
    pub(super) offsets: Vec<Offset>,
    pub(super) metadata: Vec<String>,
}

pub(super) struct Field {
    pub(super) name: String,
    pub(super) format: String,
    pub(super) offset: u64,
}

/// A constant that says where a field lies.
pub(super) struct Offset {
    pub(super) name: String,
    pub(super) value: u64,
}

pub(super) fn structure(schema: &Schema, item: &crate::model::Struct, bare: bool) -> Dtype {
    let fields = item.fields.iter().map(|field| Field {
        name: field.name.clone(),
        format: if field.reserved { bytes(schema.types[field.ty].size) } else { format(schema, field.ty) },
        offset: field.offset,
    });
    let mut doc = with_notes(doc_or(&item.doc, format!("{} has {} bytes.", item.name, item.size)), notes(&item.meta));
    doc.extend(heading());
    let named = || item.fields.iter().filter(|field| !field.reserved);
    doc.extend(named().flat_map(|field| field_section(schema, field)));
    let prefix = upper(&item.name);
    let offsets = named()
        .map(|field| Offset { name: format!("{prefix}_{}_OFFSET", field.name.to_uppercase()), value: field.offset });
    Dtype {
        name: item.name.clone(),
        dtype: names::dtype(&item.name),
        doc: quoted("", doc),
        size_name: format!("{prefix}_SIZE"),
        size: item.size,
        fields: fields.collect(),
        offsets: if bare { offsets.collect() } else { Vec::new() },
        metadata: if bare { Vec::new() } else { metadata(schema, item.ty) },
    }
}

pub(super) fn variant(schema: &Schema, item: &crate::model::Variant, bare: bool) -> Dtype {
    let dtype = names::dtype(&item.name);
    let mut doc = with_notes(doc_or(&item.doc, format!("{} has {} bytes.", item.name, item.size)), notes(&item.meta));
    let payloads = || item.cases.iter().filter_map(|case| Some((case, case.ty?)));
    if payloads().count() > 1 {
        doc.extend([
            String::new(),
            "The cases share their bytes. ``np.concatenate``, ``np.stack`` and ``np.where`` place".to_owned(),
            format!("them one behind the other: bring their results back with ``astype({dtype})``."),
        ]);
    }
    doc.extend(heading());
    doc.push(format!("{TAG} : {}", described(schema, item.tag)));
    for (case, ty) in payloads() {
        doc.push(format!("{} : {}", case.name, described(schema, ty)));
        doc.extend(indented(&case.doc));
        doc.extend(indented(&notes(&case.meta)));
    }
    let offsets = [Offset { name: format!("{}_PAYLOAD_OFFSET", upper(&item.name)), value: item.payload }];
    Dtype {
        name: item.name.clone(),
        doc: quoted("", doc),
        size_name: format!("{}_SIZE", upper(&item.name)),
        size: item.size,
        fields: variant_fields(schema, item),
        offsets: offsets.into_iter().filter(|_| bare && payloads().next().is_some()).collect(),
        metadata: if bare { Vec::new() } else { metadata(schema, item.ty) },
        dtype,
    }
}

/// The tag, every payload at the same offset, and padding so that each byte belongs to a field.
fn variant_fields(schema: &Schema, item: &crate::model::Variant) -> Vec<Field> {
    let field = |name: &str, ty, offset| Field { name: name.to_owned(), format: format(schema, ty), offset };
    let hole = |from: u64, to: u64| {
        (from < to).then(|| Field { name: format!("_reserved_{from}"), format: bytes(to - from), offset: from })
    };
    let payloads = || item.cases.iter().filter_map(|case| Some((case, case.ty?)));
    let end = item.payload + payloads().map(|(_, ty)| schema.types[ty].size).max().unwrap_or(0);
    let mut fields = vec![field(TAG, item.tag, 0)];
    fields.extend(hole(schema.types[item.tag].size, item.payload));
    fields.extend(payloads().map(|(case, ty)| field(&case.name, ty, item.payload)));
    fields.extend(hole(end, item.size));
    fields
}

fn heading() -> [String; 3] {
    [String::new(), "Fields".to_owned(), "------".to_owned()]
}

/// The description of a type as the lines of a dictionary.
pub(super) fn metadata(schema: &Schema, ty: TypeId) -> Vec<String> {
    let encoded = &describe(schema, ty).bytes;
    // What is longer than a line needs not be spelled to know it.
    if encoded.len() <= WIDTH {
        let line = format!("        \"zeroipc\": b\"{}\",", values::bytes(encoded));
        if line.len() <= WIDTH {
            return vec![line];
        }
    }
    let mut lines = vec!["        \"zeroipc\": (".to_owned()];
    let mut chunk = String::new();
    for byte in encoded {
        let before = chunk.len();
        values::push_byte(&mut chunk, *byte);
        if chunk.len() > WIDTH - 15 {
            lines.push(format!("            b\"{}\"", &chunk[..before]));
            chunk.drain(..before);
        }
    }
    lines.push(format!("            b\"{chunk}\""));
    lines.push("        ),".to_owned());
    lines
}
