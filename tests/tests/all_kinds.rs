//! A segment with every kind of structure: made by the accessor that the compiler emits, placed and sized as the compiler
//! has computed.

use zeroipc::{Array, ErrorKind, StructureKind};
use zeroipc_tests::names::Name;

zeroipc::include_schema! {
    mod structures;
}

const MODEL: &str = include_str!(concat!(env!("OUT_DIR"), "/structures.json"));

/// What the compiler says of a structure: name, kind, offset, size, and its first number.
fn computed() -> Vec<(String, String, u64, u64, Option<u64>)> {
    let model: serde_json::Value = serde_json::from_str(MODEL).unwrap();
    let structures = model["segments"][0]["structures"].as_array().unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    structures
        .iter()
        .map(|structure| {
            let number = structure["numbers"].get(0).map(|number| number["value"].as_u64().unwrap());
            let (offset, size) = (structure["offset"].as_u64().unwrap(), structure["size"].as_u64().unwrap());
            (text(&structure["name"]), text(&structure["kind"]), offset, size, number)
        })
        .collect()
}

/// The segment of the schema under a name of our own.
fn everything() -> (Name, structures::Everything) {
    let name = Name::new();
    let accessor = structures::Everything::create_at(&name).unwrap();
    (name, accessor)
}

#[test]
fn structures_lie_where_the_compiler_says() {
    let (_name, accessor) = everything();
    let found = accessor.memory().structures().unwrap();
    let computed = computed();
    assert_eq!(found.len(), computed.len());
    for (found, (name, kind, offset, size, number)) in found.iter().zip(computed) {
        assert_eq!((found.name(), found.kind().to_string()), (name.as_str(), kind));
        assert_eq!((found.offset(), found.size()), (offset, size), "{name}");
        match found.kind() {
            // They have room for more than they were asked to.
            StructureKind::Map | StructureKind::Set => assert!(found.capacity() >= number, "{name}"),
            _ => assert_eq!(found.capacity(), number, "{name}"),
        }
    }
}

#[test]
fn a_handle_of_another_kind_is_refused_by_name() {
    let (_name, accessor) = everything();
    for structure in accessor.memory().structures().unwrap() {
        if structure.kind() == StructureKind::Array {
            continue;
        }
        let error = Array::<u64>::open(accessor.memory(), structure.name()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KindMismatch);
        let expected = format!("found {}; open it as what it is", structure.kind());
        assert!(error.to_string().ends_with(&expected), "{error}");
    }
}

#[test]
fn the_segment_opens_again_and_again() {
    let (name, _accessor) = everything();
    structures::Everything::open_at(&name).unwrap();
    structures::Everything::open_or_create_at(&name).unwrap();
    assert_eq!(structures::Everything::create_at(&name).unwrap_err().kind(), ErrorKind::Exists);
}
