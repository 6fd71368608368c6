//! Descriptions that are no schema are refused with a reason.

use zeroipc_codegen::{Error, schema_of};
use zeroipc_layout::{EnumDesc, EnumValue, FieldDesc, Flavour, Scalar, StructDesc, TypeDesc};

const fn field<'a>(name: &'a str, offset: u32, ty: &'a TypeDesc<'a>) -> FieldDesc<'a> {
    FieldDesc { name, offset, unit: "", ty }
}

const U32: &TypeDesc<'static> = &TypeDesc::Scalar(Scalar::U32);
const F64: &TypeDesc<'static> = &TypeDesc::Scalar(Scalar::F64);

const fn tag(flavour: Flavour) -> EnumDesc<'static> {
    const VALUES: &[EnumValue<'static>] = &[
        EnumValue { name: "NONE", value: 0 },
        EnumValue { name: "COUNT", value: 1 },
        EnumValue { name: "VALUE", value: 2 },
    ];
    EnumDesc { name: "EventTag", repr: Scalar::U8, flavour, values: VALUES }
}

/// Why a struct of this size with these fields is refused.
fn refused(size: u32, align: u32, fields: &[FieldDesc<'_>], namespace: &str) -> String {
    let desc = StructDesc { name: "Event", size, align, fields };
    match schema_of([&TypeDesc::Struct(&desc)], namespace) {
        Err(Error::Registered(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_no_schema_is_refused() {
    let (open, closed) = (tag(Flavour::Open), tag(Flavour::Closed));
    let (open, closed) = (&TypeDesc::Enum(&open), &TypeDesc::Enum(&closed));
    let cases = |tag| [field("tag", 0, tag), field("count", 8, U32), field("value", 8, F64)];

    let desc = StructDesc { name: "Event", size: 16, align: 8, fields: &cases(open) };
    let text = schema_of([&TypeDesc::Struct(&desc), open], "robot").unwrap();
    assert!(
        text.ends_with("\nvariant Event: u8 {\n    none = 0,\n    count: u32 = 1,\n    value: f64 = 2,\n}\n"),
        "{text}"
    );
    assert!(!text.contains("enum"), "{text}");

    let other = "no schema gives `Event` the bytes and values";
    assert!(refused(16, 8, &cases(closed), "robot").starts_with(other));
    assert!(refused(24, 8, &cases(open), "robot").starts_with(other));

    let stray = [field("tag", 0, open), field("count", 8, U32), field("number", 8, F64)];
    assert!(refused(16, 8, &stray, "robot").contains("has a case `number`, and `EventTag` has no value `NUMBER`"));
    let on_top = [field("a", 0, F64), field("b", 4, U32)];
    assert!(refused(8, 8, &on_top, "robot").contains("has a field `b` on top of another"));
    let opaque = TypeDesc::Opaque { size: 3 };
    assert!(refused(3, 1, &[field("a", 0, &opaque)], "robot").contains("3 bytes of which nothing is known"));
    assert!(refused(6, 3, &[field("a", 0, U32)], "robot").contains("`Event` cannot be described"));
    assert!(refused(4, 4, &[field("a", 0, U32)], "robot; x").contains("`robot; x` is no namespace"));
}

#[test]
fn names_that_a_schema_cannot_have_are_told_as_in_a_schema() {
    let desc = StructDesc { name: "pose", size: 4, align: 4, fields: &[field("x", 0, U32)] };
    let Err(error @ Error::Schema(_)) = schema_of([&TypeDesc::Struct(&desc)], "robot") else {
        panic!("it is accepted")
    };
    assert!(error.to_string().contains("types are written `SensorReading`"), "{error}");
}

#[test]
fn reserved_bytes_alignment_and_units_come_along() {
    let fields =
        [FieldDesc { unit: "m/s", ..field("speed", 4, U32) }, field("_hidden", 8, U32), field("last", 16, F64)];
    let desc = StructDesc { name: "It", size: 64, align: 32, fields: &fields };
    let text = schema_of([&TypeDesc::Struct(&desc)], "robot").unwrap();
    let body = "struct It @align(32) {\n    reserved 4;\n    speed: u32 @unit(\"m/s\");\n    reserved 8;\n    last: f64;\n    reserved 40;\n}\n";
    assert!(text.ends_with(body), "{text}");
}
