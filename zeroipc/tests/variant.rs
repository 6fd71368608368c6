//! One of several cases in a fixed place.

#![cfg(feature = "derive")]

use zeroipc::{Array, Complex, FixedStr, Memory, Queue, ShmLayout};
use zeroipc_layout::{FieldDesc, StructDesc, TypeDesc, compare, encode};

zeroipc::open_enum! {
    /// Which shape it is.
    enum ShapeTag: u32 {
        NONE = 0,
        CIRCLE = 1,
        LABEL = 2,
    }
}

zeroipc::closed_enum! {
    enum SmallTag: u8, SmallKind {
        STOP Stop = 0,
        GO Go = 1,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, ShmLayout)]
#[repr(C)]
struct Circle {
    x: f64,
    y: f64,
    radius: f64,
}

zeroipc::variant! {
    /// A shape.
    variant Shape: ShapeTag, size = 40, align = 8, payload = 8 {
        none = NONE,
        circle(Circle) = CIRCLE,
        /// A text.
        label(FixedStr<16>) as "old_name" = LABEL,
    }

    /// No case carries anything.
    variant Small: SmallTag, size = 1, align = 1, payload = 1 {
        stop = STOP,
        go = GO,
    }

    variant Wide: SmallTag, size = 128, align = 64, payload = 64 {
        r#type([Complex<f64>; 2]) = STOP,
        #[deprecated(note = "nobody writes it")]
        old(u16) = GO,
    }
}

fn structure<T: ShmLayout>() -> &'static StructDesc<'static> {
    match T::DESC {
        TypeDesc::Struct(desc) => desc,
        other => panic!("{other:?} is no struct"),
    }
}

const CIRCLE: Circle = Circle { x: 1.0, y: 2.0, radius: 0.5 };

#[test]
fn a_case_is_what_was_put_in() {
    let circle = Shape::circle(CIRCLE);
    assert_eq!((circle.tag(), circle.as_circle(), circle.as_label()), (ShapeTag::CIRCLE, Some(CIRCLE), None));
    let label = Shape::label(FixedStr::truncated("wheel"));
    assert_eq!((label.tag(), label.as_circle()), (ShapeTag::LABEL, None));
    assert_eq!(label.as_label().unwrap(), "wheel");
    assert_eq!((Shape::none().tag(), Shape::none().as_circle()), (ShapeTag::NONE, None));
}

#[test]
fn what_belongs_to_no_case_is_zero() {
    let label = Shape::label(FixedStr::truncated("é"));
    let mut expected = [0; 40];
    expected[0] = 2;
    expected[8..10].copy_from_slice("é".as_bytes());
    assert_eq!(bytemuck::bytes_of(&label), expected);
    assert_eq!(bytemuck::bytes_of(&Shape::none()), [0; 40]);
}

#[test]
fn the_cases_lie_at_one_offset() {
    let desc = structure::<Shape>();
    assert_eq!((desc.name, desc.size, desc.align), ("Shape", 40, 8));
    let fields = [
        FieldDesc { name: "tag", offset: 0, unit: "", ty: ShapeTag::DESC },
        FieldDesc { name: "circle", offset: 8, unit: "", ty: Circle::DESC },
        FieldDesc { name: "old_name", offset: 8, unit: "", ty: FixedStr::<16>::DESC },
    ];
    assert_eq!(desc.fields, fields);
    assert_eq!((size_of::<Shape>(), align_of::<Shape>()), (40, 8));
    assert_eq!((size_of::<Small>(), structure::<Small>().fields.len()), (1, 1));
    assert_eq!((size_of::<Wide>(), align_of::<Wide>(), structure::<Wide>().fields[1].name), (128, 64, "type"));
    assert!(zeroipc::layouts().any(|layout| layout == Shape::DESC));
}

#[test]
fn descriptions_of_variants_are_read_back() {
    let mut bytes = vec![0; encode::encoded_len(Shape::DESC).unwrap()];
    encode::encode(Shape::DESC, &mut bytes).unwrap();
    let read = zeroipc_layout::Description::parse(&bytes).unwrap();
    assert_eq!(read.size(), 40);
    assert!(compare(read, read).is_ok());
}

#[test]
fn equal_are_those_whose_case_is_equal() {
    assert_eq!(Shape::circle(CIRCLE), Shape::circle(CIRCLE));
    assert_ne!(Shape::circle(CIRCLE), Shape::circle(Circle { x: 7.0, ..CIRCLE }));
    assert_ne!(Shape::none(), Shape::circle(CIRCLE));
    let mut dirty = bytemuck::bytes_of(&Shape::label(FixedStr::truncated("a"))).to_owned();
    dirty[5] = 9;
    dirty[39] = 9;
    assert_eq!(bytemuck::pod_read_unaligned::<Shape>(&dirty), Shape::label(FixedStr::truncated("a")));
    let nan = Shape::circle(Circle { x: f64::NAN, ..CIRCLE });
    assert_ne!(nan, nan, "by value, not by bytes");
    let unknown = |last| {
        let mut bytes = [3; 40];
        bytes[39] = last;
        bytemuck::pod_read_unaligned::<Shape>(&bytes)
    };
    assert_eq!(unknown(1), unknown(1));
    assert_ne!(unknown(1), unknown(2));
}

#[test]
fn a_tag_from_elsewhere_is_no_case() {
    let mut bytes = [0; 40];
    bytes[0] = 9;
    let unknown: Shape = bytemuck::pod_read_unaligned(&bytes);
    assert_eq!((unknown.tag(), unknown.as_circle(), unknown.as_label()), (ShapeTag(9), None, None));
    assert_eq!(format!("{unknown:?}"), "Shape { tag: ShapeTag(9), .. }");
}

#[test]
fn the_case_is_shown() {
    assert_eq!(format!("{:?}", Shape::circle(CIRCLE)), "circle(Circle { x: 1.0, y: 2.0, radius: 0.5 })");
    assert_eq!(format!("{:?} {:?}", Shape::none(), Small::go()), "none go");
    let wide = Wide::r#type([Complex::new(1.0, 2.0); 2]);
    assert_eq!(format!("{wide:?}"), "type([1.0+2.0i, 1.0+2.0i])");
    assert_eq!(wide.as_type(), Some([Complex::new(1.0, 2.0); 2]));
}

#[test]
#[allow(deprecated)]
fn a_deprecated_case_is_a_case() {
    assert_eq!(Wide::old(7).as_old(), Some(7));
}

#[test]
fn variants_pass_through_a_segment() {
    let name = format!("/zeroipc_variant_{}", std::process::id());
    let memory = Memory::create(&name, 1 << 16).unwrap();
    Memory::unlink(&name).unwrap();
    let shapes = Array::<Shape>::create(&memory, "shapes", 2).unwrap();
    assert_eq!(shapes.get(0), Some(Shape::none()));
    shapes.set(1, Shape::circle(CIRCLE));
    assert_eq!(shapes.get(1), Some(Shape::circle(CIRCLE)));
    let queue = Queue::<Shape>::create(&memory, "queue", 4).unwrap();
    queue.push(Shape::label(FixedStr::truncated("left"))).unwrap();
    assert_eq!(queue.pop().unwrap().as_label().unwrap(), "left");
}
