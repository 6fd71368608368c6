//! Structures that C and Python do not have: they list them by kind, and refuse to open them as something else.

use zeroipc_tests::names::Name;

zeroipc::include_schema! {
    mod structures;
}

#[test]
fn every_language_knows_every_kind() {
    let Some(peers) = super::peers() else { return };
    let name = Name::new();
    let accessor = structures::Everything::create_at(&name).unwrap();
    let expected: Vec<(String, String)> = accessor
        .memory()
        .structures()
        .unwrap()
        .iter()
        .map(|structure| (structure.name().to_owned(), structure.kind().to_string()))
        .collect();
    for peer in &peers {
        let listed = peer.run(&["list", &name]);
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let found: Vec<(String, String)> = listed["entries"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["name"] != ".schema")
            .map(|entry| (text(&entry["name"]), text(&entry["kind"])))
            .collect();
        assert_eq!(found, expected, "{}", peer.name);
        for (structure, kind) in expected.iter().filter(|(_, kind)| kind != "array") {
            let (status, message) = peer.refused(&["array-read", &name, structure, "u64"]);
            assert_eq!(status, "KIND_MISMATCH", "{}: {message}", peer.name);
            assert!(message.contains(structure.as_str()) && message.contains(kind), "{}: {message}", peer.name);
        }
    }
}
