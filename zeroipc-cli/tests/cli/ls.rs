//! `zeroipc ls`.

use zeroipc::{Array, Memory, TableVersion};

use crate::support::{Name, sensors, shown, text, zeroipc};

/// The line of a segment among those of whoever else uses the machine.
fn line_of(name: &str, listing: &str) -> Option<String> {
    let begins = |line: &&str| line.split_whitespace().next() == Some(name) || line.contains(&format!("\"{name}\""));
    listing.lines().find(begins).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[test]
fn segments() {
    let name = Name::new("segments");
    let memory = sensors(&name);
    let listing = shown(["ls"]);
    let headings: Vec<_> = listing.lines().next().expect("a line of headings").split_whitespace().collect();
    assert_eq!(headings, ["NAME", "SIZE", "TABLE", "STRUCTURES", "FREE", "ATTACHMENTS"]);
    assert_eq!(
        line_of(name.as_str(), &listing),
        Some(format!("{} 1,048,576 v1 3/63 {} 1", name.as_str(), "1,008,560"))
    );
    drop(memory);
    assert_eq!(
        line_of(name.as_str(), &shown(["ls", "/", "--json"])),
        Some(format!(
            "{{\"name\":\"{}\",\"size\":1048576,\"table_version\":1,\"structures\":3,\"table_size\":63,\"free\":1008560,\
             \"attachments\":0}}",
            name.as_str()
        ))
    );
}

#[test]
fn segments_without_records_and_with_the_second_table() {
    let name = Name::new("second");
    let memory = name.create_with(Memory::options().duck_typed(true).table_version(TableVersion::V2).table_size(8));
    Array::<u16>::create(&memory, "raw", 4).expect("an array");
    let line = line_of(name.as_str(), &shown(["ls"])).expect("the segment is listed");
    assert!(line.contains(" v2 1/8 "), "{line}");
}

#[test]
fn segments_that_are_none_are_listed_with_all_and_say_why() {
    let name = Name::new("none");
    std::fs::write(name.file(), vec![7; 4096]).expect("a file");
    assert_eq!(line_of(name.as_str(), &shown(["ls"])), None);
    let why = "it begins with 0x07070707 instead of 0x5a49504d; it is no ZeroIPC segment";
    assert_eq!(line_of(name.as_str(), &shown(["ls", "--all"])), Some(format!("{} {why}", name.as_str())));
    assert_eq!(
        line_of(name.as_str(), &shown(["ls", "-a", "--json"])),
        Some(format!("{{\"name\":\"{}\",\"problem\":\"{why}\"}}", name.as_str()))
    );
}

#[test]
fn structures() {
    let name = Name::new("structures");
    let _memory = sensors(&name);
    let expected = "\
NAME         KIND   ELEMENT  CAPACITY  OFFSET  BYTES
temperature  array  f32         1,000  35,384  4,008
tracks       array  Track           2  39,416    184
readings     queue  Reading         8  39,608    408
";
    assert_eq!(shown(["ls", name.as_str()]), expected);
    assert_eq!(shown(["ls", &name.path("")]), expected);
    assert_eq!(
        shown(["ls", "--json", name.as_str()]),
        "\
{\"name\":\"temperature\",\"kind\":\"array\",\"element\":\"f32\",\"element_size\":4,\"capacity\":1000,\"offset\":35384,\"size\":4008}
{\"name\":\"tracks\",\"kind\":\"array\",\"element\":\"Track\",\"element_size\":88,\"capacity\":2,\"offset\":39416,\"size\":184}
{\"name\":\"readings\",\"kind\":\"queue\",\"element\":\"Reading\",\"element_size\":40,\"capacity\":8,\"offset\":39608,\"size\":408}
"
    );
}

#[test]
fn structures_without_a_record() {
    let name = Name::new("no_record");
    let memory = name.create_with(Memory::options().duck_typed(true));
    Array::<f32>::create(&memory, "raw", 4).expect("an array");
    assert_eq!(
        shown(["ls", name.as_str()]),
        "\
NAME  KIND     ELEMENT  CAPACITY  OFFSET  BYTES
raw   unknown  -               -   2,576     24
"
    );
    assert_eq!(
        shown(["ls", &name.path("raw")]),
        "\
name      raw
kind      unknown
element   not recorded, or by a later release
offset    2,576
bytes     24
"
    );
    assert_eq!(
        shown(["ls", "--json", &name.path("raw")]),
        "{\"name\":\"raw\",\"kind\":\"unknown\",\"element\":null,\"element_size\":null,\"capacity\":null,\"offset\":2576,\
         \"size\":24,\"layout_fingerprint\":null,\"schema_fingerprint\":null,\"fields\":[],\"enums\":[]}\n"
    );
}

#[test]
fn an_empty_segment_has_headings_only() {
    let name = Name::new("empty");
    let _memory = name.create();
    assert_eq!(shown(["ls", name.as_str()]), "NAME  KIND  ELEMENT  CAPACITY  OFFSET  BYTES\n");
    assert_eq!(shown(["ls", "--json", name.as_str()]), "");
}

#[test]
fn a_structure_with_its_layout() {
    use crate::support::Reading;
    use zeroipc::ShmLayout;

    let name = Name::new("detail");
    let _memory = sensors(&name);
    let (layout, schema) = (Reading::LAYOUT_FINGERPRINT, Reading::SCHEMA_FINGERPRINT);
    assert_eq!(
        shown(["ls", &name.path("readings")]),
        format!(
            "\
name      readings
kind      queue
element   Reading, 40 bytes
capacity  8
offset    39,608
bytes     408
layout    {layout:#018x}
schema    {schema:#018x}

FIELD        OFFSET  SIZE  TYPE        UNIT
id                0     4  u32
status            4     1  Status: u8
(padding)         5     3
temperature       8     8  f64         degC
position         16    12  Position
position.x       16     4  f32         m
position.y       20     4  f32         m
position.z       24     4  f32         m
ready            28     1  bool8
label            29    11  str[11]

Status: u8 {{ OK = 0, WARN = 1, FAULT = 7 }}
"
        )
    );
    assert_eq!(
        shown(["ls", "--json", &name.path("readings")]),
        format!(
            "{{\"name\":\"readings\",\"kind\":\"queue\",\"element\":\"Reading\",\"element_size\":40,\"capacity\":8,\
             \"offset\":39608,\"size\":408,\"layout_fingerprint\":\"{layout:#018x}\",\
             \"schema_fingerprint\":\"{schema:#018x}\",\"fields\":[\
             {{\"field\":\"id\",\"offset\":0,\"size\":4,\"type\":\"u32\"}},\
             {{\"field\":\"status\",\"offset\":4,\"size\":1,\"type\":\"Status: u8\"}},\
             {{\"field\":null,\"offset\":5,\"size\":3,\"type\":null}},\
             {{\"field\":\"temperature\",\"offset\":8,\"size\":8,\"type\":\"f64\",\"unit\":\"degC\"}},\
             {{\"field\":\"position\",\"offset\":16,\"size\":12,\"type\":\"Position\"}},\
             {{\"field\":\"position.x\",\"offset\":16,\"size\":4,\"type\":\"f32\",\"unit\":\"m\"}},\
             {{\"field\":\"position.y\",\"offset\":20,\"size\":4,\"type\":\"f32\",\"unit\":\"m\"}},\
             {{\"field\":\"position.z\",\"offset\":24,\"size\":4,\"type\":\"f32\",\"unit\":\"m\"}},\
             {{\"field\":\"ready\",\"offset\":28,\"size\":1,\"type\":\"bool8\"}},\
             {{\"field\":\"label\",\"offset\":29,\"size\":11,\"type\":\"str[11]\"}}],\
             \"enums\":[{{\"name\":\"Status\",\"type\":\"u8\",\"flavour\":\"open\",\"values\":[{{\"name\":\"OK\",\"value\":0}},\
             {{\"name\":\"WARN\",\"value\":1}},{{\"name\":\"FAULT\",\"value\":7}}]}}]}}\n"
        )
    );
}

#[test]
fn a_structure_with_arrays_of_structs() {
    let name = Name::new("nested");
    let _memory = sensors(&name);
    let shown = shown(["ls", &name.path("tracks")]);
    let (_, fields) = shown.split_once("\n\n").expect("a table of the fields");
    assert_eq!(
        fields,
        "\
FIELD         OFFSET  SIZE  TYPE                UNIT
points             0    48  [[Position; 2]; 2]
points[][].x       0     4  f32                 m
points[][].y       4     4  f32                 m
points[][].z       8     4  f32                 m
raw               48    40  [u8; 40]
"
    );
}

#[test]
fn help_says_the_exit_codes_and_the_version_is_told() {
    for args in [&["--help"][..], &["ls", "-h"], &["ls", "--help"], &["cat", "--help"]] {
        assert!(shown(args).contains("Exit codes: 0 done, 1 not found or refused, 2 usage"), "{args:?}");
    }
    assert_eq!(shown(["--version"]), format!("zeroipc {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(zeroipc([""; 0]).status.code(), Some(2));
    assert!(!text(zeroipc(["ls", "--colour"]).stderr).contains('\x1b'));
}
