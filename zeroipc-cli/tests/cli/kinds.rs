//! Elements that are more than plain numbers: halves, complex numbers, closed enums, flags, variants.

use zeroipc::{Array, Complex, F16, FixedStr, Memory, ShmLayout};

use crate::support::{Name, shown};

zeroipc::open_enum! {
    enum ShapeTag: u16 {
        NOTHING = 0,
        BIG_CIRCLE = 1,
        NOTE = 2,
    }

    enum OtherTag: u32 {
        FIRST = 0,
        SECOND = 1,
    }
}

zeroipc::closed_enum! {
    enum Valve: u8, ValveKind {
        SHUT Shut = 0,
        OPEN Open = 1,
    }
}

zeroipc::flags! {
    flags Caps: u8 {
        READ = 1,
        WRITE = 2,
        ALL = 3,
    }

    flags Named: u64 {
        NONE = 0,
        TOP = 1 << 63,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, ShmLayout)]
#[repr(C)]
struct Circle {
    #[shm(unit = "m")]
    radius: f32,
}

zeroipc::variant! {
    variant Shape: ShapeTag, size = 12, align = 4, payload = 4 {
        nothing = NOTHING,
        big_circle(Circle) = BIG_CIRCLE,
        note(FixedStr<8>) = NOTE,
    }

    variant Unmatched: OtherTag, size = 8, align = 4, payload = 4 {
        one(u32) = FIRST,
        two(f32) = SECOND,
    }
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
pub(crate) struct Sample {
    spectrum: [Complex<f64>; 2],
    gain: Complex<f32>,
    level: F16,
    valve: Valve,
    caps: Caps,
    shape: Shape,
    named: Named,
}

fn array<T: ShmLayout>(memory: &Memory, name: &str, values: &[T]) {
    let array = Array::create(memory, name, values.len() as u64).expect("an array");
    values.iter().enumerate().for_each(|(index, value)| array.set(index, *value));
}

#[test]
fn halves_and_complex_numbers() {
    let name = Name::new("complex");
    let memory = name.create();
    array(&memory, "halves", &[F16::from_f32(1.5), F16::INFINITY, F16::from_f32(-0.0)]);
    array(&memory, "small", &[Complex::new(1.0_f32, 2.0), Complex::new(f32::NAN, -0.5)]);
    array(&memory, "large", &[Complex::new(1e300_f64, -2.0), Complex::new(0.1, f64::INFINITY)]);
    assert_eq!(shown(["cat", &name.path("halves")]), "0  1.5\n1  inf\n2  -0.0\n");
    assert_eq!(shown(["cat", "--json", &name.path("halves")]), "1.5\n\"inf\"\n-0.0\n");
    assert_eq!(shown(["cat", &name.path("small")]), "0  1.0+2.0i\n1  NaN-0.5i\n");
    assert_eq!(
        shown(["cat", "--json", &name.path("small")]),
        "{\"re\":1.0,\"im\":2.0}\n{\"re\":\"NaN\",\"im\":-0.5}\n"
    );
    assert_eq!(shown(["cat", &name.path("large")]), "0  1e300-2.0i\n1  0.1+infi\n");
    assert!(shown(["ls", name.as_str()]).contains("complex128"));
}

#[test]
fn a_type_decodes_them_where_nothing_is_recorded() {
    let name = Name::new("duck_kinds");
    let memory = name.create_with(Memory::options().duck_typed(true));
    array(&memory, "halves", &[F16::from_f32(0.25)]);
    array(&memory, "small", &[Complex::new(1.0_f32, 2.0)]);
    array(&memory, "large", &[Complex::new(3.0_f64, -4.0)]);
    assert_eq!(shown(["cat", "-t", "f16", &name.path("halves")]), "0  0.25\n");
    assert_eq!(shown(["cat", "-t", "complex64", &name.path("small")]), "0  1.0+2.0i\n");
    assert_eq!(shown(["cat", "-t", "complex128", &name.path("large")]), "0  3.0-4.0i\n");
}

#[test]
fn flags_are_shown_by_their_names_and_the_rest_as_a_number() {
    let name = Name::new("flags");
    let memory = name.create();
    array(&memory, "caps", &[0, 1, 2, 3, 0x13, 0x30].map(Caps::from_bits));
    array(&memory, "named", &[Named::NONE, Named::TOP, Named::TOP | Named::from_bits(4)]);
    let expected = "0  0x0\n1  READ\n2  WRITE\n3  READ|WRITE\n4  READ|WRITE|0x10\n5  0x30\n";
    assert_eq!(shown(["cat", &name.path("caps")]), expected);
    let expected = "[]\n[\"READ\"]\n[\"WRITE\"]\n[\"READ\",\"WRITE\"]\n[\"READ\",\"WRITE\",16]\n[48]\n";
    assert_eq!(shown(["cat", "--json", &name.path("caps")]), expected);
    assert_eq!(shown(["cat", &name.path("named")]), "0  NONE\n1  TOP\n2  TOP|0x4\n");
    let listing = shown(["ls", &name.path("caps")]);
    assert!(listing.ends_with("\nflags Caps: u8 { READ = 1, WRITE = 2, ALL = 3 }\n"), "{listing}");
}

#[test]
fn of_a_variant_the_case_is_shown_that_the_tag_names() {
    let name = Name::new("variant");
    let memory = name.create();
    let circle = Shape::big_circle(Circle { radius: 0.5 });
    let mut unknown = circle;
    bytemuck::bytes_of_mut(&mut unknown)[0] = 9;
    array(&memory, "shapes", &[Shape::nothing(), circle, Shape::note(FixedStr::truncated("left")), unknown]);
    assert_eq!(
        shown(["cat", &name.path("shapes")]),
        "0  { tag: NOTHING }\n1  { tag: BIG_CIRCLE, big_circle: { radius: 0.5 m } }\n2  { tag: NOTE, note: \"left\" }\n\
         3  { tag: 9 }\n"
    );
    assert_eq!(
        shown(["cat", "--json", &name.path("shapes")]),
        "{\"tag\":\"NOTHING\"}\n{\"tag\":\"BIG_CIRCLE\",\"big_circle\":{\"radius\":0.5}}\n\
         {\"tag\":\"NOTE\",\"note\":\"left\"}\n{\"tag\":9}\n"
    );
    array(&memory, "unmatched", &[Unmatched::two(1.0)]);
    assert_eq!(shown(["cat", &name.path("unmatched")]), "0  { tag: SECOND, one: 1065353216, two: 1.0 }\n");
    let listing = shown(["ls", &name.path("shapes")]);
    for line in ["(padding)               2     2", "note                    4     8"] {
        assert!(listing.contains(line), "{listing}");
    }
}

#[test]
fn a_struct_of_all_of_them() {
    let name = Name::new("all_kinds");
    let memory = name.create();
    let sample = Sample {
        spectrum: [Complex::new(1.0, 0.0), Complex::new(0.0, -1.0)],
        gain: Complex::new(2.0, 3.0),
        level: F16::from_f32(1.5),
        valve: Valve::OPEN,
        caps: Caps::ALL,
        shape: Shape::nothing(),
        named: Named::NONE,
    };
    array(&memory, "samples", &[sample]);
    let expected = "0  { spectrum: [1.0+0.0i, 0.0-1.0i], gain: 2.0+3.0i, level: 1.5, valve: OPEN, caps: READ|WRITE, \
                    shape: { tag: NOTHING }, named: NONE }\n";
    assert_eq!(shown(["cat", &name.path("samples")]), expected);
    let listing = shown(["ls", &name.path("samples")]);
    assert!(listing.contains("\nclosed Valve: u8 { SHUT = 0, OPEN = 1 }\n"), "{listing}");
    for fingerprint in [Sample::LAYOUT_FINGERPRINT, Sample::SCHEMA_FINGERPRINT] {
        assert!(listing.contains(&format!("{fingerprint:#018x}")), "{listing}");
    }
    let json = shown(["ls", "--json", &name.path("samples")]);
    assert!(json.contains("{\"name\":\"Valve\",\"type\":\"u8\",\"flavour\":\"closed\",\"values\":"), "{json}");
}
