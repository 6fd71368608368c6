//! `schemas/format/vectors.json` holds what this crate computes; the tests of every language read it.
//!
//! `BLESS=1 cargo test -p zeroipc-layout --test vectors` rewrites the computed values; the inputs (`type`, `ours_type`,
//! `theirs_type`, the bytes of `malformed`) are written by hand.

use std::fmt::Write as _;
use std::sync::LazyLock;
use std::{env, fs};

use serde::{Deserialize, Serialize};
use zeroipc_layout::encode::{encode, encoded_len};
use zeroipc_layout::{
    Description, EnumDesc, EnumValue, FieldDesc, Flavour, Scalar, StructDesc, TypeDesc, compare, fingerprint,
};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/format/vectors.json");

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct Vectors {
    about: Vec<String>,
    types: Vec<TypeCase>,
    compare: Vec<CompareCase>,
    malformed: Vec<MalformedCase>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct TypeCase {
    name: String,
    #[serde(rename = "type")]
    ty: Type,
    size: u64,
    layout: String,
    schema: String,
    description: String,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct CompareCase {
    name: String,
    difference: String,
    ours_type: Type,
    theirs_type: Type,
    ours: String,
    theirs: String,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct MalformedCase {
    name: String,
    description: String,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Type {
    Scalar(String),
    Array { count: u32, elem: Box<Type> },
    Str(u32),
    Enum(Enum),
    Struct { name: String, size: u32, align: u32, fields: Vec<Field> },
    Opaque(u32),
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct Enum {
    name: String,
    repr: String,
    /// Left out where it is open.
    #[serde(default, skip_serializing_if = "Names::is_open")]
    flavour: Names,
    values: Vec<Value>,
}

/// [`Flavour`] as the file spells it.
#[derive(Serialize, Deserialize, PartialEq, Debug, Clone, Copy, Default)]
#[serde(rename_all = "lowercase")]
enum Names {
    #[default]
    Open,
    Closed,
    Flags,
}

impl Names {
    fn is_open(&self) -> bool {
        *self == Names::Open
    }

    fn flavour(self) -> Flavour {
        match self {
            Names::Open => Flavour::Open,
            Names::Closed => Flavour::Closed,
            Names::Flags => Flavour::Flags,
        }
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct Value {
    name: String,
    value: i128,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct Field {
    name: String,
    offset: u32,
    unit: String,
    #[serde(rename = "type")]
    ty: Type,
}

/// A test's types live until it ends.
fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn text(value: &str) -> &'static str {
    value.to_owned().leak()
}

fn scalar(name: &str) -> Scalar {
    Scalar::from_name(name).unwrap_or_else(|| panic!("`{name}` is no scalar"))
}

fn build(ty: &Type) -> TypeDesc<'static> {
    match ty {
        Type::Scalar(name) => TypeDesc::Scalar(scalar(name)),
        Type::Array { count, elem } => TypeDesc::Array { count: *count, elem: leak(build(elem)) },
        Type::Str(len) => TypeDesc::Str { len: *len },
        Type::Opaque(size) => TypeDesc::Opaque { size: *size },
        Type::Enum(Enum { name, repr, flavour, values }) => {
            let repr = scalar(repr);
            let values: Vec<_> = values.iter().map(|v| value(repr, v)).collect();
            let flavour = flavour.flavour();
            TypeDesc::Enum(leak(EnumDesc { name: text(name), repr, flavour, values: values.leak() }))
        }
        Type::Struct { name, size, align, fields } => {
            let fields: Vec<_> = fields.iter().map(field).collect();
            TypeDesc::Struct(leak(StructDesc { name: text(name), size: *size, align: *align, fields: fields.leak() }))
        }
    }
}

fn value(repr: Scalar, v: &Value) -> EnumValue<'static> {
    let value = if repr.is_signed() {
        i64::try_from(v.value).expect("a signed enum value fits 64 bits")
    } else {
        u64::try_from(v.value).expect("an unsigned enum value fits 64 bits").cast_signed()
    };
    EnumValue { name: text(&v.name), value }
}

fn field(f: &Field) -> FieldDesc<'static> {
    FieldDesc { name: text(&f.name), offset: f.offset, unit: text(&f.unit), ty: leak(build(&f.ty)) }
}

fn described(ty: &TypeDesc<'_>) -> Vec<u8> {
    let mut out = vec![0; encoded_len(ty).expect("every vector can be described")];
    assert_eq!(encode(ty, &mut out), Ok(out.len()));
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("writing to a string");
        out
    })
}

fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "`{text}` has an odd number of digits");
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex digits")).collect()
}

/// The file with every computed value computed again.
fn computed(read: &Vectors) -> Vectors {
    let types = read.types.iter().map(|case| {
        let ty = build(&case.ty);
        TypeCase {
            name: case.name.clone(),
            ty: copy(&case.ty),
            size: ty.size(),
            layout: format!("{:016x}", fingerprint::layout(&ty)),
            schema: format!("{:016x}", fingerprint::schema(&ty)),
            description: hex(&described(&ty)),
        }
    });
    let compare = read.compare.iter().map(|case| {
        let (ours, theirs) = (described(&build(&case.ours_type)), described(&build(&case.theirs_type)));
        CompareCase {
            name: case.name.clone(),
            difference: difference(&ours, &theirs),
            ours_type: copy(&case.ours_type),
            theirs_type: copy(&case.theirs_type),
            ours: hex(&ours),
            theirs: hex(&theirs),
        }
    });
    let malformed = read.malformed.iter();
    Vectors {
        about: read.about.clone(),
        types: types.collect(),
        compare: compare.collect(),
        malformed: malformed
            .map(|case| MalformedCase { name: case.name.clone(), description: case.description.clone() })
            .collect(),
    }
}

fn copy(ty: &Type) -> Type {
    serde_json::from_str(&serde_json::to_string(ty).expect("a type is JSON")).expect("what was written is read back")
}

fn difference(ours: &[u8], theirs: &[u8]) -> String {
    let ours = Description::parse(ours).expect("our description is whole");
    let theirs = Description::parse(theirs).expect("their description is whole");
    compare(ours, theirs).map_or_else(|difference| difference.to_string(), |()| String::new())
}

/// One case on a line, so that a changed value is a changed line.
fn rendered(vectors: &Vectors) -> String {
    fn list<T: Serialize>(out: &mut String, name: &str, items: &[T], end: &str) {
        let lines: Vec<_> =
            items.iter().map(|item| format!("    {}", serde_json::to_string(item).expect("plain data"))).collect();
        writeln!(out, "  \"{name}\": [\n{}\n  ]{end}", lines.join(",\n")).expect("writing to a string");
    }
    let mut out = "{\n".to_owned();
    list(&mut out, "about", &vectors.about, ",");
    list(&mut out, "types", &vectors.types, ",");
    list(&mut out, "compare", &vectors.compare, ",");
    list(&mut out, "malformed", &vectors.malformed, "");
    out + "}\n"
}

/// The file, rewritten first if that was asked for.
fn read() -> &'static (String, Vectors) {
    static READ: LazyLock<(String, Vectors)> = LazyLock::new(|| {
        let file = fs::read_to_string(PATH).expect("schemas/format/vectors.json can be read");
        let vectors: Vectors = serde_json::from_str(&file).expect("schemas/format/vectors.json has the expected form");
        if env::var_os("BLESS").is_none() {
            return (file, vectors);
        }
        let vectors = computed(&vectors);
        let file = rendered(&vectors);
        fs::write(PATH, &file).expect("schemas/format/vectors.json can be written");
        (file, vectors)
    });
    &READ
}

#[test]
fn the_file_holds_what_is_computed() {
    let (file, vectors) = read();
    let expected = computed(vectors);
    for (found, expected) in vectors.types.iter().zip(&expected.types) {
        assert_eq!(found, expected);
    }
    for (found, expected) in vectors.compare.iter().zip(&expected.compare) {
        assert_eq!(found, expected);
    }
    assert_eq!(*file, rendered(&expected), "only the file's form differs; BLESS=1 rewrites it");
}

#[test]
fn descriptions_are_read_back_with_their_size() {
    for case in &read().1.types {
        let bytes = unhex(&case.description);
        let description = Description::parse(&bytes).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        assert_eq!(description.size(), case.size, "{}", case.name);
        assert!(compare(description, description).is_ok(), "{} differs from itself", case.name);
    }
}

#[test]
fn equal_schemas_compare_as_equal() {
    let cases = &read().1.types;
    for a in cases {
        for b in cases {
            let difference = difference(&unhex(&a.description), &unhex(&b.description));
            if a.schema == b.schema {
                assert_eq!(a.layout, b.layout, "{} and {}", a.name, b.name);
                assert_eq!(difference, "", "{} and {}", a.name, b.name);
            }
        }
    }
}

#[test]
fn malformed_descriptions_are_refused() {
    for case in &read().1.malformed {
        assert!(Description::parse(&unhex(&case.description)).is_err(), "`{}` was accepted", case.name);
    }
}

#[test]
fn names_of_cases_are_unique() {
    let vectors = &read().1;
    let mut names: Vec<_> = vectors.types.iter().map(|case| &case.name).collect();
    names.extend(vectors.compare.iter().map(|case| &case.name));
    names.extend(vectors.malformed.iter().map(|case| &case.name));
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
}
