//! Random records: what Rust places by its derived descriptions, programs in C, C++ and Python that were made for the
//! schemas read as the same values, and write to the same bytes. Padding is zero in all of them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::process::{Command, Stdio};

use zeroipc_layout::{Scalar, StructDesc, TypeDesc};
use zeroipc_tests::rng::Rng;

#[path = "random/model.rs"]
mod model;
#[path = "random/programs.rs"]
mod programs;

use model::{has, list, out, run, schemas, text};
use programs::{Language, program, recorded};

#[allow(dead_code, unreachable_pub, missing_docs, unused_imports, deprecated, clippy::all)]
mod base {
    include!(concat!(env!("OUT_DIR"), "/base.rs"));
}

#[allow(dead_code, unreachable_pub, missing_docs, unused_imports, deprecated, clippy::all)]
mod middle {
    include!(concat!(env!("OUT_DIR"), "/middle.rs"));
}

#[allow(dead_code, unreachable_pub, missing_docs, unused_imports, deprecated, clippy::all)]
mod chance {
    include!(concat!(env!("OUT_DIR"), "/chance.rs"));
}

/// Records and the text that says the same.
struct Writer {
    rng: Rng,
    /// The numbers and recorded names of the cases of each variant.
    variants: HashMap<String, Vec<(u64, String)>>,
    bytes: Vec<u8>,
    dump: String,
}

impl Writer {
    fn leaf(&mut self, at: usize, path: &str, value: &[u8]) {
        self.bytes[at..at + value.len()].copy_from_slice(value);
        let digits: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = writeln!(self.dump, "{path} {digits}");
    }

    fn value(&mut self, ty: &TypeDesc<'_>, at: usize, path: &str) {
        match ty {
            TypeDesc::Scalar(scalar) => {
                let value = self.scalar(*scalar);
                self.leaf(at, path, &value);
            }
            TypeDesc::Enum(desc) => {
                // Any number may occur, with a name or without.
                let value = self.scalar(desc.repr);
                self.leaf(at, path, &value);
            }
            TypeDesc::Str { len } => {
                let mut value = vec![0; *len as usize];
                let mut end = 0;
                for c in "aä€𝄞 \"\\".chars().cycle().skip(self.rng.number() as usize % 7) {
                    if end + c.len_utf8() > value.len() || self.rng.number().is_multiple_of(8) {
                        break;
                    }
                    c.encode_utf8(&mut value[end..]);
                    end += c.len_utf8();
                }
                self.leaf(at, path, &value);
            }
            TypeDesc::Array { count, elem } => {
                for index in 0..*count as usize {
                    self.value(elem, at + index * elem.size() as usize, &format!("{path}[{index}]"));
                }
            }
            TypeDesc::Struct(desc) => self.fields(desc, at, path),
            TypeDesc::Opaque { .. } => panic!("{path}: the schemas have no such type"),
        }
    }

    fn fields(&mut self, desc: &StructDesc<'_>, at: usize, path: &str) {
        let cases = self.variants.get(desc.name).cloned();
        let present = cases.map(|cases| {
            // One in eight has a tag without a name, and nothing behind it.
            let which = self.rng.number() as usize % (cases.len() + 1);
            cases.get(which).cloned().unwrap_or((0xFE, String::new()))
        });
        for field in desc.fields.iter().filter(|field| !field.is_padding()) {
            let (place, inner) = (at + field.offset as usize, format!("{path}.{}", field.name));
            match &present {
                Some((tag, _)) if field.name == "tag" => {
                    self.leaf(place, &inner, &tag.to_le_bytes()[..field.ty.size() as usize]);
                }
                Some((_, case)) if case != field.name => {}
                _ => self.value(field.ty, place, &inner),
            }
        }
    }

    /// Extremes, quiet and signalling NaNs with payloads, subnormal numbers, or any bits.
    fn scalar(&mut self, scalar: Scalar) -> Vec<u8> {
        let size = scalar.size() as usize;
        if scalar == Scalar::Bool8 {
            return vec![(self.rng.number() % 2) as u8];
        }
        let mut value: Vec<u8> = (0..size).map(|_| self.rng.number() as u8).collect();
        match self.rng.number() % 8 {
            0 => value.fill(0),
            1 => value.fill(0xFF),
            2 => value = [vec![0; size - 1], vec![0x80]].concat(),
            3 => value = [vec![0xFF; size - 1], vec![0x7F]].concat(),
            4 if size >= 4 => value[size - 2..].copy_from_slice(&[0x80 | 0x21, 0x7F]),
            5 => value = [vec![1], vec![0; size - 1]].concat(),
            _ => {}
        }
        value
    }
}

/// Records of all types, one behind the other, in the order of the JSON output.
fn records() -> Writer {
    let derived: HashMap<String, &StructDesc<'_>> = zeroipc::layouts()
        .filter_map(|ty| if let TypeDesc::Struct(desc) = ty { Some((desc.name.to_owned(), *desc)) } else { None })
        .collect();
    let mut writer = Writer { rng: Rng::new(2026), variants: HashMap::new(), bytes: Vec::new(), dump: String::new() };
    let schemas = schemas();
    for variant in schemas.iter().flat_map(|(_, schema)| list(schema, "variants")) {
        let cases = list(variant, "cases").iter();
        let cases = cases.map(|case| (model::number(case, "value"), recorded(case).to_owned())).collect();
        writer.variants.insert(text(variant, "name").to_owned(), cases);
    }
    for item in schemas.iter().flat_map(|(_, schema)| list(schema, "structs").iter().chain(list(schema, "variants"))) {
        let (name, at) = (text(item, "name"), writer.bytes.len());
        let desc = derived.get(name).unwrap_or_else(|| panic!("`{name}` is not registered"));
        writer.bytes.resize(at + desc.size as usize, 0);
        writer.fields(desc, at, name);
    }
    writer
}

/// Lets a program read the records of Rust, and write them from the text.
fn exchange(name: &str, program: &str, arguments: &[&str]) {
    let records = records();
    let (theirs, ours) = (out().join(format!("{name}.records")), out().join(format!("{name}.expected")));
    std::fs::write(&ours, &records.bytes).unwrap();
    let read = run(program, &[arguments, &[ours.to_str().unwrap()]].concat());
    for (read, ours) in read.lines().zip(records.dump.lines()) {
        assert_eq!(read, ours, "{name} reads something else");
    }
    assert_eq!(read.lines().count(), records.dump.lines().count(), "{name} reads more or less");
    let text = out().join(format!("{name}.dump"));
    std::fs::write(&text, &records.dump).unwrap();
    let status = Command::new(program)
        .args(arguments)
        .arg("write")
        .arg(&theirs)
        .current_dir(out())
        .stdin(std::fs::File::open(&text).unwrap())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{name} cannot write");
    let written = std::fs::read(&theirs).unwrap();
    let differs = written.iter().zip(&records.bytes).position(|(theirs, ours)| theirs != ours);
    assert_eq!(differs, None, "{name} writes another byte there");
    assert_eq!(written.len(), records.bytes.len(), "{name} writes more or less");
}

fn compiled(language: Language, compiler: &str, standard: &str, extension: &str) {
    if !has(compiler) {
        return eprintln!("skipped: there is no {compiler}");
    }
    let source = format!("walk.{extension}");
    std::fs::write(out().join(&source), program(language)).unwrap();
    let binary = out().join(format!("walk_{extension}"));
    let quiet = ["-w", "-O0", "-fno-strict-aliasing", "-I", "bare"];
    run(compiler, &[&quiet[..], &[standard, &source, "-o", binary.to_str().unwrap()]].concat());
    exchange(extension, binary.to_str().unwrap(), &[]);
}

#[test]
fn c_and_rust_read_and_write_the_same_records() {
    compiled(Language::C, "gcc", "-std=c99", "c");
}

#[test]
fn cpp_and_rust_read_and_write_the_same_records() {
    compiled(Language::Cpp, "g++", "-std=c++17", "cpp");
}

#[test]
fn python_and_rust_read_and_write_the_same_records() {
    let Ok(python) = std::env::var("ZEROIPC_PYTHON") else {
        return eprintln!("skipped: no Python with NumPy; run `cargo xtask test`");
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/random/walk.py");
    exchange("python", &python, &[script]);
}
