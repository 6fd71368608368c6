//! The resolved schema as JSON, against its JSON Schema and against the model.

use std::path::Path;
use std::process::Command;

use zeroipc_codegen::{Compiler, Source, Target};

use crate::files::{files, scratch, source, tests_dir};

fn json(source: Source) -> serde_json::Value {
    let compiler = Compiler::new()
        .include(tests_dir().join("accept"))
        .include(tests_dir().join("../../schemas"))
        .target(Target::Json);
    let output = compiler.source(source).compile().unwrap_or_else(|error| panic!("{error}")).outputs.remove(0);
    serde_json::from_str(&output.text).unwrap()
}

#[test]
fn numbers_and_names_arrive() {
    let text = "namespace a.b; import \"imported.zipc\" as s;
        struct T @align(16) { at: s.Vec3 @was(\"place\"); low: i64 = -9223372036854775808 @null(-1);
            big: u64 = 0xFFFF_FFFF_FFFF_FFFF; f: f64 = nan @range(-inf, 1.5); reserved 8; x: [[u8; 2]; 3] @x_a(1, [true]); reserved 18; }";
    let ir = json(Source::new("t.zipc", text));
    assert_eq!(ir["zeroipc_ir"], 1);
    assert_eq!(ir["namespace"], serde_json::json!(["a", "b"]));
    let item = &ir["structs"][0];
    assert_eq!((item["size"].as_u64(), item["align"].as_u64()), (Some(80), Some(16)));
    let fields = item["fields"].as_array().unwrap();
    assert_eq!(fields[0]["type"], serde_json::json!({"kind": "struct", "name": "Vec3", "import": "imported"}));
    assert_eq!(fields[0]["recorded"], "place");
    assert_eq!(fields[1]["default"], i64::MIN);
    assert_eq!(fields[2]["default"], u64::MAX);
    assert_eq!((&fields[3]["default"], &fields[3]["range"][0]), (&"nan".into(), &"-inf".into()));
    assert_eq!(fields[4]["reserved"], true);
    assert_eq!(fields[5]["attributes"][0], serde_json::json!({"name": "x_a", "arguments": [1, [true]]}));
    assert_eq!(fields[5]["type"]["element"]["count"], 2);
    assert_eq!(ir["structs"].as_array().unwrap().len(), 1, "imported types stay where they are");
}

/// With `ZEROIPC_PYTHON` naming an interpreter that has `jsonschema`.
#[test]
fn output_follows_its_json_schema() {
    let Some(python) = std::env::var_os("ZEROIPC_PYTHON") else {
        eprintln!("skipped: ZEROIPC_PYTHON is not set");
        return;
    };
    let dir = scratch("ir");
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas");
    for path in crate::files::accepted().iter().chain(&files(&tests_dir().join("announced"), "zipc")) {
        let name = path.with_extension("json");
        std::fs::write(dir.join(name.file_name().unwrap()), json(source(path)).to_string()).unwrap();
    }
    let text = "
import json, pathlib, sys
from jsonschema import Draft202012Validator
schema = json.loads(pathlib.Path(sys.argv[1]).read_text())
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
files = sorted(pathlib.Path(sys.argv[2]).glob('*.json'))
assert len(files) > 10, files
for file in files:
    document = json.loads(file.read_text())
    validator.validate(document)
    del document['namespace']
    assert not validator.is_valid(document), 'a document without a namespace'
";
    let mut command = Command::new(python);
    let output = command.arg("-c").arg(text).arg(schemas.join("ir.schema.json")).arg(dir).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
