//! Tables and pictures of layouts.

use std::time::Instant;

use zeroipc_codegen::{Checked, Compiler, Error, Format, Output, Source};

use crate::files::{accepted, assert_golden, files, scratch, source, tests_dir};
use crate::hostile::PATIENCE;
use crate::markup::assert_well_formed;

pub(crate) fn checked(source: Source) -> Checked {
    let schemas = tests_dir().join("../../schemas");
    let compiler = Compiler::new().include(tests_dir().join("accept")).include(schemas).source(source);
    compiler.check().unwrap_or_else(|error| panic!("{error}"))
}

fn schema(name: &str) -> Checked {
    let paths = [accepted(), files(&tests_dir().join("announced"), "zipc")].concat();
    let path = paths.iter().find(|path| path.ends_with(name)).unwrap();
    checked(source(path))
}

fn picture(checked: &Checked, name: &str) -> Output {
    let mut outputs = checked.layout_svg(Some(name)).unwrap();
    assert_eq!(outputs.len(), 1);
    outputs.remove(0)
}

#[test]
fn tables_are_the_goldens() {
    for name in ["sensors.zipc", "fields.zipc", "variants.zipc", "structures.zipc", "everything.zipc"] {
        let text = schema(name).layout(None).unwrap();
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        assert_golden(&tests_dir().join("layout").join(name).with_extension("txt"), &text);
    }
}

#[test]
fn pictures_are_the_goldens() {
    for (file, name) in [("sensors.zipc", "SensorReading"), ("variants.zipc", "Shape"), ("sensors.zipc", "SensorHub")] {
        let output = picture(&schema(file), name);
        assert_golden(&tests_dir().join("layout").join(&output.path), &output.text);
    }
}

#[test]
fn every_struct_variant_and_segment_is_in_the_table_and_has_a_picture() {
    for path in accepted() {
        let text = std::fs::read_to_string(&path).unwrap();
        let (checked, mut seen) = (checked(source(&path)), 0);
        let table = checked.layout(None).unwrap();
        let outputs = checked.layout_svg(None).unwrap();
        for line in text.lines() {
            let mut words = line.split([' ', ':', '{']);
            let Some(word @ ("struct" | "variant" | "segment")) = words.next() else { continue };
            let name = words.next().unwrap();
            seen += 1;
            assert!(table.lines().any(|line| line.split(" = ").next() == Some(&format!("{word} {name}"))), "{name}");
            let end = format!(".{name}.svg");
            assert!(outputs.iter().any(|output| output.path.to_str().unwrap().ends_with(&end)), "{name}");
        }
        assert_eq!(outputs.len(), seen, "{}", path.display());
    }
}

#[test]
fn pictures_are_well_formed_and_run_nothing() {
    let dir = scratch("pictures");
    let mut paths = Vec::new();
    for schema in [accepted(), files(&tests_dir().join("announced"), "zipc")].concat() {
        for output in checked(source(&schema)).layout_svg(None).unwrap() {
            let lower = output.text.to_lowercase();
            for word in ["<script", "href", "javascript", "<image", "<foreignobject", "@import", "onload"] {
                assert!(!lower.contains(word), "{}: {word}", output.path.display());
            }
            assert!(output.text.contains("role=\"img\"") && output.text.contains("prefers-color-scheme: dark"));
            paths.push(dir.join(&output.path));
            std::fs::write(dir.join(output.path), output.text).unwrap();
        }
    }
    assert_well_formed(&paths);
}

#[test]
fn one_type_can_be_asked_for() {
    let checked = schema("imports.zipc");
    let text = checked.layout(Some("Body")).unwrap();
    assert!(text.starts_with("struct Body\n") && !text.contains("segment"), "{text}");
    // A type of another file, which only the own ones contain.
    assert!(checked.layout(Some("Vec3")).unwrap().starts_with("struct Vec3\n"));
    let Err(error) = checked.layout(Some("Bodi")) else { panic!("there is no such type") };
    assert!(matches!(error, Error::NoSuchType { .. }));
    let shown = error.render(Format::Human);
    assert_eq!(shown, "error: no struct, variant or segment is called `Bodi`; did you mean `Body`?\n");
}

#[test]
fn waste_and_crossings_are_told() {
    let text = "struct Wasteful @auto_pad { a: u8; b: u64; c: u8; d: [u64; 8]; }";
    let text = checked(Source::new("waste.zipc", text)).layout(None).unwrap();
    assert!(text.contains("crosses into line 1"), "{text}");
    assert!(text.contains("fields 74 bytes, reserved 14 bytes (15.9 %)"), "{text}");
    assert!(text.contains("largest alignments first: 80 bytes, 8 less"), "{text}");
    let text = "struct Tight { a: u64; b: [u8; 56]; c: u64; }";
    let text = checked(Source::new("tight.zipc", text)).layout(None).unwrap();
    assert!(text.contains("no other order is smaller") && text.contains("line 1 begins here"), "{text}");
}

#[test]
fn large_types_have_small_pictures() {
    let start = Instant::now();
    let fields: String = (0..1500).map(|i| format!("f{i}: u32;")).collect();
    let name = "A".repeat(63);
    let field = "f".repeat(63);
    let text = format!(
        "struct Huge {{ a: [[u8; 32768]; 32767]; b: [u8; 32768]; }} struct Wide {{ {fields} }} \
         struct Lines @align(4096) @auto_pad {{ a: [u8; 4000]; b: [u64; 30]; c: [[str[7]; 9]; 20]; }} \
         struct {name} {{ {field}: [u8; 3]; g: u8; }} \
         segment Large = \"/large\" @size(64 GiB) {{ all: queue<Huge>[32]; pages: array<u8>[1 << 30]; }}"
    );
    let (checked, dir) = (checked(Source::new("large.zipc", text)), scratch("large_pictures"));
    let table = checked.layout(None).unwrap();
    assert!(table.contains("size 1,073,741,824 bytes (1 GiB), alignment 1, 16,777,216 cache lines"), "{table}");
    assert!(table.contains(&field) && table.contains("68,719,476,736 bytes (64 GiB)"), "{table}");
    let outputs = checked.layout_svg(None).unwrap();
    assert_eq!(outputs.len(), 5);
    for output in &outputs {
        assert!(output.text.len() < 200_000, "{}: {}", output.path.display(), output.text.len());
        std::fs::write(dir.join(&output.path), &output.text).unwrap();
    }
    assert!(outputs[1].text.contains("more fields from offset"), "{}", outputs[1].text);
    assert!(outputs[0].text.contains("× 32,767"), "{}", outputs[0].text);
    assert_well_formed(&outputs.iter().map(|output| dir.join(&output.path)).collect::<Vec<_>>());
    assert!(start.elapsed() < PATIENCE);
}

#[test]
fn two_files_with_one_name_are_refused() {
    let one = Source::new("one/a.zipc", "struct A { x: u8; }");
    let two = Source::new("two/a.zipc", "struct A { x: u16; }");
    let checked = Compiler::new().source(one).source(two).check().unwrap();
    assert!(matches!(checked.layout_svg(None), Err(Error::SameOutput(_))));
    assert!(matches!(checked.doc_html(), Err(Error::SameOutput(_))));
    assert!(checked.layout(None).unwrap().starts_with("// a.zipc\n"));
}
