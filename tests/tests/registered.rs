//! A program prints the schema of what it shares, and the schema gives the same types.

use zeroipc::{Bool8, Complex, F16, FixedStr, ShmLayout};
use zeroipc_codegen::{Compiler, Source, Target, schema_of};
use zeroipc_layout::{TypeDesc, fingerprint};

zeroipc::open_enum! {
    /// What the robot does.
    enum Mode: u8 { IDLE = 0, RUN as "DRIVE" = 7 }

    enum Wide: u64 { TOP = u64::MAX, LOW = 1 }

    enum Level: i16 { BELOW = -5, ABOVE = 5 }
}

zeroipc::closed_enum! {
    enum Valve: u8, ValveKind { SHUT Shut = 0, OPEN Open = 1 }
}

zeroipc::flags! {
    flags Caps: u32 { READ = 1, WRITE = 1 << 31, ALL = 0x8000_0001 }
}

zeroipc::open_enum! {
    enum EventTag: u32 { NONE = 0, VALUE = 1, NOTE = 9 }
}

zeroipc::variant! {
    variant Event: EventTag, size = 24, align = 8, payload = 8 {
        none = NONE,
        value(f64) = VALUE,
        note(FixedStr<12>) = NOTE,
    }
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Inner {
    half: F16,
    on: Bool8,
    mode: Mode,
    parts: [[u8; 2]; 2],
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(transparent)]
struct Metres(f64);

#[derive(Clone, Copy, ShmLayout)]
#[repr(C, align(64))]
#[shm(rename = "Measurement")]
struct Reading {
    #[shm(unit = "ns")]
    stamp: u64,
    #[shm(unit = "µs / \"tick\"", rename = "height")]
    metres: Metres,
    wide: Wide,
    phase: Complex<f64>,
    inner: [Inner; 2],
    caps: Caps,
    valve: Valve,
    _pad: u8,
    level: Level,
    label: FixedStr<8>,
    _words: [u32; 2],
    event: Event,
    _rest: [u8; 24],
}

fn source() -> Source {
    Source::new("registered.zipc", schema_of(zeroipc::layouts(), "robot.nav").unwrap())
}

#[test]
fn every_registered_type_is_in_the_schema() {
    let text = source().text;
    for line in [
        "namespace robot.nav;\n",
        "enum Mode: u8 {\n    IDLE = 0,\n    DRIVE = 7,\n}\n",
        "enum Valve: u8 @closed {\n",
        "flags Caps: u32 {\n    READ = bit 0,\n    WRITE = bit 31,\n    ALL = READ | WRITE,\n}\n",
        "    stamp: u64 @unit(\"ns\");\n    height: f64 @unit(\"µs / \\\"tick\\\"\");\n",
        "struct Measurement @align(64) {\n",
        "    reserved 8;\n",
        "variant Event: u32 {\n    none = 0,\n    value: f64 = 1,\n    note: str[12] = 9,\n}\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!text.contains("EventTag"), "the variant defines its tag itself\n{text}");
}

/// What comes out of the schema has the fingerprints of the types that it came from.
#[test]
fn the_schema_gives_the_same_fingerprints() {
    let compiled = Compiler::new().source(source()).target(Target::Json).compile().unwrap();
    let json = &compiled.outputs[0].text;
    let mut types = 0;
    for ty in zeroipc::layouts() {
        let name = match ty {
            TypeDesc::Enum(desc) => desc.name,
            TypeDesc::Struct(desc) => desc.name,
            _ => continue,
        };
        for (print, what) in [(fingerprint::layout(ty), "layout"), (fingerprint::schema(ty), "schema")] {
            let number = format!("{print:016x}");
            assert!(json.contains(&number), "{what} of {name}: {number}\n{json}");
        }
        types += 1;
    }
    assert!(types >= 9, "{types}");
}

#[test]
fn the_order_of_registration_makes_no_difference() {
    let mut layouts: Vec<_> = zeroipc::layouts().collect();
    layouts.reverse();
    assert_eq!(schema_of(layouts, "robot.nav").unwrap(), source().text);
}

/// Names of types can only be the same in modules of their own.
mod other {
    use zeroipc::ShmLayout;

    #[derive(Clone, Copy, ShmLayout)]
    #[repr(C)]
    #[shm(rename = "Event2")]
    pub(crate) struct Event {
        pub(crate) value: f32,
    }
}

#[test]
fn a_name_that_two_types_share_is_refused() {
    const OTHER: &TypeDesc<'static> = &TypeDesc::Struct(&zeroipc_layout::StructDesc {
        name: "Event",
        ..match other::Event::DESC {
            TypeDesc::Struct(desc) => **desc,
            _ => panic!("a struct is described as one"),
        }
    });
    let error = schema_of([Event::DESC, OTHER], "robot").unwrap_err().to_string();
    assert_eq!(
        error,
        "error: two types are called `Event` and differ; give one of them another name for other languages"
    );
    assert!(schema_of([Event::DESC, Event::DESC], "robot").is_ok());
}
