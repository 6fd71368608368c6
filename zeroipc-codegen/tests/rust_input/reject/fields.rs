//! Types that mean something to one process or to Rust only.
use zeroipc::{Bool8, Complex, FixedStr, ShmLayout};

struct Plain {
    x: u8,
}

enum Rusty {
    A,
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Wrong {
    a: bool,
    b: [[char; 2]; 3],
    c: usize,
    d: [isize; N],
    e: u128,
    f: &'static str,
    g: *const u8,
    h: fn(),
    i: (u8, u16),
    j: (),
    k: [u8],
    l: String,
    m: Vec<u8>,
    n: std::boxed::Box<u8>,
    o: Option<u8>,
    p: std::sync::atomic::AtomicU32,
    q: Plain,
    r: Rusty,
    s: other::Pose,
    t: Pose,
    u: Bool8<1>,
    v: FixedStr,
    w: Complex<u8>,
    x: [u8; 0],
    y: FixedStr<{ 4 - 4 }>,
    z: impl Copy,
    aa: <u8 as Trait>::Out,
    ab: crate::elsewhere::Bool8,
}

const N: usize = 2;
