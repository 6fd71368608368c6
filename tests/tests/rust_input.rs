//! The schema compiler reads Rust as the derive does.

use zeroipc::ShmLayout;
use zeroipc_codegen::{Compiler, Source, Target};
use zeroipc_layout::fingerprint;

/// What the compiler's own tests read.
#[allow(dead_code, unreachable_pub, missing_docs)]
#[path = "../../zeroipc-codegen/tests/rust_input/accept/everything.rs"]
mod everything;

const TEXT: &str = include_str!("../../zeroipc-codegen/tests/rust_input/accept/everything.rs");

/// The resolved schema of the file.
fn schema() -> serde_json::Value {
    let source = Source::new("everything.rs", TEXT);
    let compiled = Compiler::new().source(source).target(Target::Json).compile().unwrap();
    serde_json::from_str(&compiled.outputs[0].text).unwrap()
}

/// The fingerprints of a type of the file, by the compiler and by the derive.
fn fingerprints<T: ShmLayout>(kind: &str, name: &str) -> [[String; 2]; 2] {
    let schema = schema();
    let found = schema[kind].as_array().unwrap().iter().find(|item| item["name"] == name);
    let found = found.unwrap_or_else(|| panic!("{kind} have no {name}"));
    let text = |key: &str| found[key].as_str().unwrap().to_owned();
    let print = |number: u64| format!("{number:016x}");
    [
        [text("layout_fingerprint"), text("schema_fingerprint")],
        [print(fingerprint::layout(T::DESC)), print(fingerprint::schema(T::DESC))],
    ]
}

#[test]
fn the_compiler_and_the_derive_see_the_same_types() {
    use everything::{Caps, Mode, Reading, Valve, parts::Line};

    let all = [
        fingerprints::<Reading>("structs", "Measurement"),
        fingerprints::<Line>("structs", "Line"),
        fingerprints::<Mode>("enums", "Mode"),
        fingerprints::<Valve>("enums", "Valve"),
        fingerprints::<Caps>("enums", "Caps"),
    ];
    for [compiler, derive] in all {
        assert_eq!(compiler, derive);
    }
}

#[test]
fn the_compiler_and_rustc_compute_the_same_numbers() {
    let schema = schema();
    let number = |name: &str| {
        let found = schema["constants"].as_array().unwrap().iter().find(|item| item["name"] == name).unwrap();
        found["value"].as_str().map_or_else(|| found["value"].to_string(), str::to_owned)
    };
    assert_eq!(number("DOUBLE"), everything::DOUBLE.to_string());
    assert_eq!(number("MASK"), everything::MASK.to_string());
    assert_eq!(number("LOWEST"), everything::LOWEST.to_string());
    assert_eq!(number("INVERTED"), everything::INVERTED.to_string());
    assert_eq!(number("SHIFTED"), everything::SHIFTED.to_string());
    assert_eq!(number("LETTER"), everything::LETTER.to_string());
    assert_eq!(number("ON_BY_DEFAULT"), everything::ON_BY_DEFAULT.to_string());
    assert_eq!(number("INNER_BITS"), everything::parts::INNER_BITS.to_string());
}
