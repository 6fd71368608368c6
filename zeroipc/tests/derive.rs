//! What `#[derive(ShmLayout)]` makes of sound structs.

#![cfg(feature = "derive")]

use std::mem::offset_of;

use zeroipc::{Bool8, FixedStr, ShmLayout};
use zeroipc_layout::encode::{encode, encoded_len};
use zeroipc_layout::{Description, FieldDesc, Scalar, StructDesc, TypeDesc, compare};

zeroipc::open_enum! {
    /// A mode.
    pub enum Mode: u8 {
        /// Waits.
        IDLE = 0,
        /// Works.
        RUN = 1,
        /// Stands.
        FAULT = 255,
    }

    enum Wide: u64 {
        TOP = u64::MAX,
        ONE = 1,
    }

    enum Level: i16 {
        LOW = -1,
        HIGH = 300,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, ShmLayout)]
#[repr(C)]
struct Vec3 {
    x: f64,
    y: f64,
    z: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, ShmLayout)]
#[repr(C)]
struct Pose {
    id: u32,
    mode: u8,
    _pad_5: [u8; 3],
    stamp: u64,
    pos: Vec3,
    cov: [[f32; 3]; 2],
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(C, align(64))]
#[shm(rename = "panel")]
struct Everything {
    a: u64,
    b: i64,
    c: f64,
    d: u32,
    e: i32,
    f: f32,
    g: u16,
    h: i16,
    i: u8,
    j: i8,
    ready: Bool8,
    mode: Mode,
    #[shm(unit = "dB", rename = "level")]
    r#type: Level,
    label: FixedStr<10>,
    _pad_56: [u8; 4],
    modes: [Mode; 4],
    wide: Wide,
    names: [FixedStr<8>; 7],
    poses: [Pose; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, ShmLayout)]
#[repr(transparent)]
struct Metres(f64);

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Batch<const N: usize = 3> {
    stamps: [u64; N],
    values: [f64; N],
    len: u64,
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Grid<const W: usize, const H: usize, const LOUD: bool> {
    cells: [[u8; W]; H],
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Nested<const N: usize> {
    stamp: u64,
    batch: Batch<N>,
    label: FixedStr<8>,
}

fn description<T: ShmLayout>() -> Vec<u8> {
    let mut bytes = vec![0; encoded_len(T::DESC).expect("the type has a description")];
    assert_eq!(encode(T::DESC, &mut bytes), Ok(bytes.len()));
    bytes
}

fn reads_back<T: ShmLayout>() {
    let bytes = description::<T>();
    let read = Description::parse(&bytes).expect("what is encoded is read back");
    assert_eq!(read.size(), size_of::<T>() as u64);
    assert!(compare(read, read).is_ok());
}

fn structure<T: ShmLayout>() -> &'static StructDesc<'static> {
    match T::DESC {
        TypeDesc::Struct(desc) => desc,
        other => panic!("{other:?} is no struct"),
    }
}

#[test]
fn fingerprints_are_those_of_the_vectors() {
    assert_eq!(u8::SCHEMA_FINGERPRINT, 0x6a0b_d880_96d0_2a03);
    assert_eq!(<[[f32; 3]; 2]>::SCHEMA_FINGERPRINT, 0x53c0_9043_d84c_ef51);
    assert_eq!(Vec3::SCHEMA_FINGERPRINT, 0xd1ff_ebd4_823d_3847);
    assert_eq!(Pose::SCHEMA_FINGERPRINT, 0x3f06_b22d_e48d_0e6c);
    assert_eq!(FixedStr::<16>::SCHEMA_FINGERPRINT, 0x6a48_08f6_0235_2a6e);
    assert_eq!(FixedStr::<16>::LAYOUT_FINGERPRINT, <[u8; 16]>::LAYOUT_FINGERPRINT);
    assert_eq!(Mode::SCHEMA_FINGERPRINT, 0xda12_7e77_d7a8_7834);
    assert_eq!(Bool8::SCHEMA_FINGERPRINT, 0xe1b8_0ee5_3fb9_925b);
}

#[test]
fn every_field_is_described_where_it_is() {
    let desc = structure::<Everything>();
    assert_eq!((desc.name, desc.size, desc.align), ("panel", 256, 64));
    assert_eq!((size_of::<Everything>(), align_of::<Everything>()), (256, 64));
    let find = |name| desc.fields.iter().find(|field| field.name == name).expect("the field is described");
    assert_eq!(find("wide").offset as usize, offset_of!(Everything, wide));
    assert_eq!(find("poses").offset as usize, offset_of!(Everything, poses));
    assert_eq!(find("poses").ty, &TypeDesc::Array { count: 2, elem: Pose::DESC });
    assert_eq!(find("level"), &FieldDesc { name: "level", offset: 44, unit: "dB", ty: Level::DESC });
    assert!(find("_pad_56").is_padding());
    assert!(!desc.fields.iter().any(|field| field.name == "type"));
}

#[test]
fn descriptions_are_read_back() {
    reads_back::<Everything>();
    reads_back::<Pose>();
    reads_back::<Metres>();
    reads_back::<Mode>();
    reads_back::<Wide>();
    reads_back::<Level>();
    reads_back::<Batch>();
    reads_back::<Nested<5>>();
    reads_back::<Grid<2, 3, true>>();
    reads_back::<[[FixedStr<3>; 2]; 4]>();
}

#[test]
fn a_transparent_struct_is_the_type_inside() {
    assert_eq!(Metres::DESC, &TypeDesc::Scalar(Scalar::F64));
    assert_eq!(Metres::SCHEMA_FINGERPRINT, f64::SCHEMA_FINGERPRINT);
}

#[test]
fn const_parameters_are_in_the_layout() {
    assert_eq!(Batch::<3>::DESC.size(), 56);
    assert_ne!(Batch::<3>::LAYOUT_FINGERPRINT, Batch::<4>::LAYOUT_FINGERPRINT);
    assert_eq!(Nested::<5>::DESC.size(), 104);
    assert_eq!(Grid::<5, 7, false>::LAYOUT_FINGERPRINT, Grid::<5, 7, true>::LAYOUT_FINGERPRINT);
}

#[test]
fn equal_types_have_equal_fingerprints() {
    #[derive(Clone, Copy, ShmLayout)]
    #[repr(C, align(8))]
    struct Vector {
        x: f64,
        y: f64,
        z: f64,
    }
    #[derive(Clone, Copy, ShmLayout)]
    #[repr(C)]
    struct Swapped {
        y: f64,
        x: f64,
        z: f64,
    }
    assert_eq!(Vector::SCHEMA_FINGERPRINT, Vec3::SCHEMA_FINGERPRINT);
    assert_eq!(Swapped::LAYOUT_FINGERPRINT, Vec3::LAYOUT_FINGERPRINT);
    assert_ne!(Swapped::SCHEMA_FINGERPRINT, Vec3::SCHEMA_FINGERPRINT);
    let (ours, theirs) = (description::<Vec3>(), description::<Swapped>());
    let difference = compare(Description::parse(&ours).unwrap(), Description::parse(&theirs).unwrap()).unwrap_err();
    assert_eq!(difference.to_string(), "field `x` at offset 0 is named `x` here and `y` in the segment");
}

#[test]
fn bytes_lead_there_and_back() {
    let pos = Vec3 { x: 1.0, y: 2.0, z: 3.0 };
    let pose = Pose { id: 7, mode: 1, _pad_5: [0; 3], stamp: 9, pos, cov: [[0.5; 3]; 2] };
    let bytes = bytemuck::bytes_of(&pose).to_vec();
    assert_eq!(bytemuck::pod_read_unaligned::<Pose>(&bytes), pose);
}

#[test]
fn layouts_are_listed_once_each() {
    let count = |desc: &TypeDesc<'_>| zeroipc::layouts().filter(|layout| *layout == desc).count();
    assert_eq!(count(Pose::DESC), 1);
    assert_eq!(count(Everything::DESC), 1);
    assert_eq!(count(Mode::DESC), 1);
    assert_eq!(count(Metres::DESC), 0);
    assert_eq!(count(Batch::<3>::DESC), 0);
}

#[test]
fn enum_values_have_names_and_numbers() {
    assert_eq!(Mode::VALUES, [Mode::IDLE, Mode::RUN, Mode::FAULT]);
    assert_eq!(Level::LOW.name(), Some("LOW"));
    assert_eq!(Level(5).name(), None);
    assert_eq!(format!("{:?} {:?} {:?}", Mode::FAULT, Mode(9), Level(-2)), "FAULT Mode(9) Level(-2)");
    assert_eq!((u64::from(Wide::TOP), Mode::from(1), Mode::default()), (u64::MAX, Mode::RUN, Mode::IDLE));
}

macro_rules! many_fields {
    ($($field:ident)*) => {
        #[derive(Clone, Copy, ShmLayout)]
        #[repr(C)]
        struct Many {
            $($field: [Pose; 8],)*
        }
    };
}

many_fields! {
    a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 b0 b1 b2 b3 b4 b5 b6 b7 b8 b9 c0 c1 c2 c3 c4 c5 c6 c7 c8 c9 d0 d1 d2 d3 d4 d5 d6 d7 d8 d9
    e0 e1 e2 e3 e4 e5 e6 e7 e8 e9 f0 f1 f2 f3 f4 f5 f6 f7 f8 f9 g0 g1 g2 g3 g4 g5 g6 g7 g8 g9 h0 h1 h2 h3 h4 h5 h6 h7 h8 h9
    i0 i1 i2 i3 i4 i5 i6 i7 i8 i9 j0 j1 j2 j3 j4 j5 j6 j7 j8 j9 k0 k1 k2 k3 k4 k5 k6 k7 k8 k9 l0 l1 l2 l3 l4 l5 l6 l7 l8 l9
}

#[test]
fn a_hundred_fields_are_evaluated_in_constants() {
    const PRINT: u64 = Many::SCHEMA_FINGERPRINT;
    assert_eq!(structure::<Many>().fields.len(), 120);
    assert_ne!(PRINT, Many::LAYOUT_FINGERPRINT);
    reads_back::<Many>();
}
