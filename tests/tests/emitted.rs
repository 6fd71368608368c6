//! What the compiler emits, in the hands of the real runtime. That it compiles at all says that every size, offset and
//! fingerprint is the schema's: the emitted files assert them.

use std::collections::BTreeSet;
use std::path::Path;

use zeroipc::{Bool8, Complex, F16, FixedStr, Memory, ShmLayout};
use zeroipc_layout::{Flavour, TypeDesc};
use zeroipc_tests::emitted::{bare, full};
use zeroipc_tests::names::Name;

fn field_names<T: ShmLayout>() -> Vec<&'static str> {
    match T::DESC {
        TypeDesc::Struct(desc) => desc.fields.iter().map(|field| field.name).collect(),
        other => panic!("{other:?} is no struct"),
    }
}

#[test]
fn every_golden_is_compiled() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = std::fs::read_to_string(root.join("src/emitted.rs")).unwrap();
    let goldens = std::fs::read_dir(root.join("../zeroipc-codegen/tests/golden")).unwrap();
    let names = goldens.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let goldens: BTreeSet<String> = names.filter_map(|name| name.strip_suffix(".rs").map(str::to_owned)).collect();
    for part in list.split("goldens! {").skip(1) {
        let words = part.split_once(':').unwrap().1.split_once('}').unwrap().0;
        assert_eq!(words.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>(), goldens);
    }
}

#[test]
#[allow(deprecated)]
fn constants_are_what_the_schema_computes() {
    use full::constants as all;
    assert_eq!((all::ROWS, all::MASK, all::LOWEST), (4, 0xFFFF_0000_0000_0000, i64::MIN));
    assert_eq!((all::GRAVITY, all::GRAVITY_F32, all::EPSILON), (9.80665, 9.80665_f32, 1e-6));
    assert_eq!((all::DOUBLE_ROWS, all::FAR, all::LOW), (8.0, f32::INFINITY, f64::NEG_INFINITY));
    assert!(all::UNKNOWN.is_nan());
    assert_eq!((all::HALF, bare::constants::HALF), (F16::from_f32(0.5), F16::from_f32(0.5).to_bits()));
    assert_eq!((all::GREETING, all::ON, all::OLD_ROWS), ("say \"hello\" \\ ??= äö", true, 3));
}

#[test]
#[allow(deprecated)]
fn defaults_are_those_of_the_schema_and_of_what_is_inside() {
    let sample = full::fields::Sample::default();
    assert_eq!((sample.celsius, sample.level, sample.count, sample.letter), (21.5, -5, 16, 65));
    assert_eq!((sample.ready, sample.label), (Bool8::TRUE, FixedStr::new("a \"b\" \\ ä").unwrap()));
    assert_eq!((sample.weights, sample.rows), ([0.25, 0.5, 1.0, f32::NEG_INFINITY], [[1, 2], [3, 4]]));
    assert_eq!((sample.big, sample.tiny, sample.exact, sample.last), (u64::MAX, -128, i64::MIN, 0));
    let outer = full::fields::Outer::DEFAULT;
    assert_eq!((outer.inner, outer.more, outer.plain), (sample, [sample; 2], 0));
    let bare = bare::fields::Outer::DEFAULT;
    assert_eq!((bare.more[1].celsius, bare.more[1].ready, bare.inner.label[0]), (21.5, 1, b'a'));
    let mut label = [0; 16];
    label[..10].copy_from_slice("a \"b\" \\ ä".as_bytes());
    assert_eq!(bare.inner.label, label);

    let body = full::imports::Body::DEFAULT;
    assert_eq!((body.position.x, body.path[1].x, body.box_around.high.x), (1.0, 1.0, 1.0));
    assert_eq!(body.frame, full::imported::Frame::BODY);
    assert_eq!(body.quality, full::imported::Quality::FIXED | full::imported::Quality::FILTERED);
    assert_eq!(body.where_now, full::imported::Position::unknown());

    let numbers = full::numbers::Numbers::DEFAULT;
    assert_eq!((numbers.half, numbers.halves[2]), (F16::from_f32(1.5), F16::from_f32(-65504.0)));
    assert_eq!((numbers.narrow, numbers.wide), (Complex::new(1.0, -2.5), Complex::new(0.5, 1e100)));
    assert_eq!(bare::numbers::Numbers::DEFAULT.narrow, [1.0, -2.5]);
}

#[test]
fn ranges_name_the_first_field_outside() {
    use full::fields::Sample;
    let sample = Sample::default();
    assert_eq!(sample.out_of_range(), None);
    assert_eq!(Sample { celsius: -274.0, ..sample }.out_of_range(), Some("celsius"));
    assert_eq!(Sample { celsius: Sample::CELSIUS_MIN, ..sample }.out_of_range(), None);
    assert_eq!(Sample { celsius: Sample::CELSIUS_MAX, ..sample }.out_of_range(), None);
    assert_eq!(Sample { celsius: f64::NAN, ..sample }.out_of_range(), None, "the null value is inside");
    assert_eq!(Sample { level: 101, last: 10, ..sample }.out_of_range(), Some("level"));
    assert_eq!(Sample { weights: [0.0, 0.0, 0.0, 1.5], ..sample }.out_of_range(), Some("weights"));
    assert_eq!(Sample { weights: [f32::NAN; 4], ..sample }.out_of_range(), Some("weights"));
    assert_eq!(Sample { big: 0, ..sample }.out_of_range(), Some("big"));
    let numbers = full::numbers::Numbers::default();
    assert_eq!(full::numbers::Numbers { half: F16::from_f32(2.6), ..numbers }.out_of_range(), Some("half"));
    let numbers = bare::numbers::Numbers::default();
    for (value, found) in [(2.5, None), (2.51, Some("half")), (-0.1, Some("half")), (f32::NAN, None), (6e-8, None)] {
        let half = F16::from_f32(value).to_bits();
        assert_eq!(bare::numbers::Numbers { half, ..numbers }.out_of_range(), found, "{value}");
    }
}

#[test]
fn null_values_are_none() {
    use full::fields::Sample;
    let sample = Sample::default();
    assert_eq!((sample.celsius_or_none(), sample.level_or_none()), (Some(21.5), Some(-5)));
    let null = Sample {
        celsius: Sample::CELSIUS_NULL,
        level: Sample::LEVEL_NULL,
        count: Sample::COUNT_NULL,
        maybe: Sample::MAYBE_NULL,
        ..sample
    };
    assert!(Sample::CELSIUS_NULL.is_nan());
    assert_eq!((null.celsius_or_none(), null.level_or_none(), null.count_or_none()), (None, None, None));
    assert_eq!((null.maybe_or_none(), null.exact_or_none(), sample.maybe_or_none()), (None, None, Some(0.0)));
    use full::enums::{File, Light};
    assert_eq!(File::DEFAULT.light_or_none(), Some(Light::YELLOW));
    assert_eq!(File { light: File::LIGHT_NULL, ..File::DEFAULT }.light_or_none(), None);
    let numbers = bare::numbers::Numbers { half: 0xFE01, ..bare::numbers::Numbers::DEFAULT };
    assert_eq!(numbers.half_or_none(), None, "every NaN is one");
}

#[test]
fn enums_and_flags_are_the_runtimes_own() {
    use full::enums::{Access, Colour, File, Large, Light, LightKind, Wide};
    assert_eq!(Light::GREEN_ARROW.known(), Some(LightKind::GreenArrow));
    assert_eq!((Light(7).known(), Light::from(LightKind::Red)), (None, Light::RED));
    assert_eq!((Colour::PURPLE.0, Colour::PURPLE.name(), Large::TOP.0), (7, Some("PURPLE"), u64::MAX));
    assert_eq!(Access::ALL, Access::READ | Access::WRITE | Access::EXECUTE | Access::LIST);
    assert_eq!((Wide::HIGH.bits(), Access::NONE.bits(), Access::RENAMED.bits()), (1 << 63, 0, 1 << 15));
    assert_eq!(File::DEFAULT.access, Access::READ | Access::LIST);
    assert_eq!(
        (File::DEFAULT.colour, File::DEFAULT.others, File::DEFAULT.wide),
        (Colour::GREEN, [Light::YELLOW; 3], Wide::HIGH)
    );
    assert!(matches!(Light::DESC, TypeDesc::Enum(desc) if desc.flavour == Flavour::Closed));
    let access = bare::enums::File::DEFAULT.access;
    assert!(access.contains(bare::enums::Access::LIST) && !access.contains(bare::enums::Access::WRITE));
    assert_eq!(access, bare::enums::Access::READ.union(bare::enums::Access::LIST));
}

#[test]
fn segments_record_the_earlier_names() {
    let recorded = |ty: &TypeDesc<'static>| match ty {
        TypeDesc::Enum(desc) => desc.values.iter().map(|value| value.name).collect::<Vec<_>>(),
        other => panic!("{other:?} is no enum"),
    };
    assert!(field_names::<full::fields::Sample>().contains(&"character"));
    assert!(!field_names::<full::fields::Sample>().contains(&"letter"));
    assert!(recorded(full::enums::Colour::DESC).contains(&"VIOLET"));
    assert!(recorded(full::enums::Access::DESC).contains(&"OLD_NAME"));
    assert_eq!(field_names::<full::variants::Shape>(), ["tag", "circle", "text", "corners", "side", "count"]);
    assert!(recorded(full::variants::ShapeTag::DESC).contains(&"TEXT"));
}

#[test]
fn variants_hold_one_case() {
    use full::variants::{Circle, Drawing, Shape, ShapeTag, Side, Signal, SignalTag, Tree};
    let circle = Circle { x: 1.0, y: 2.0, radius: 3.0 };
    let shape = Shape::circle(circle);
    assert_eq!((shape.tag(), shape.as_circle(), shape.as_side()), (ShapeTag::CIRCLE, Some(circle), None));
    let label = FixedStr::new("here").unwrap();
    assert_eq!(Shape::label(label).as_label(), Some(label));
    assert_eq!(Shape::side(Side::RIGHT).as_side(), Some(Side::RIGHT));
    assert_eq!(Tree::branch([shape, Shape::none()]).as_branch(), Some([shape, Shape::none()]));
    assert_eq!((Signal::go().tag(), SignalTag::GO.0), (SignalTag::GO, 4));
    assert_eq!(Drawing::DEFAULT.shapes, [Shape::none(); 2]);
    assert_eq!(Drawing::DEFAULT.tree, Tree::leaf(Shape::none()));
    let bare = bare::variants::Drawing::DEFAULT;
    assert_eq!((bare.shapes[0].tag, bare.shapes[1].payload), (bare::variants::ShapeTag::NONE, [0; 32]));
}

#[test]
fn segments_open_with_all_their_types() {
    let name = Name::new();
    let drawings = full::variants::Drawings::create_at(name.as_str()).unwrap();
    drawings.shapes.set(1, full::variants::Shape::side(full::variants::Side::RIGHT));
    drawings.drawings.push(full::variants::Drawing::DEFAULT).unwrap();
    let again = full::variants::Drawings::open_at(name.as_str()).unwrap();
    assert_eq!(again.shapes.get(1), Some(full::variants::Shape::side(full::variants::Side::RIGHT)));
    assert_eq!(again.drawings.pop().unwrap(), full::variants::Drawing::DEFAULT);

    let name = Name::new();
    let bodies = full::imports::Bodies::create_at(name.as_str()).unwrap();
    bodies.bodies.set(0, full::imports::Body::DEFAULT);
    bodies.frames.set(2, full::imported::Frame::BODY);
    let again = full::imports::Bodies::open_or_create_at(name.as_str()).unwrap();
    assert_eq!(again.bodies.get(0), Some(full::imports::Body::DEFAULT));
    assert_eq!(again.frames.get(2), Some(full::imported::Frame::BODY));
    assert!(full::enums::Files::open_at(name.as_str()).is_err(), "another schema is refused");
    drop(Memory::open(name.as_str()).unwrap());
}
