//! Structs whose layout nobody else knows.

#[derive(Clone, Copy, ShmLayout)]
struct NoRepr {
    x: u8,
}

mod inner {
    #[derive(ShmLayout)]
    pub(crate) struct NoReprHere(u8);
}

#[derive(ShmLayout)]
#[repr(C, packed)]
struct Packed {
    x: u8,
}

#[derive(ShmLayout)]
#[repr(Rust)]
struct Other {
    x: u8,
}

#[derive(ShmLayout)]
#[repr(transparent)]
struct Two {
    x: u8,
    y: u8,
}

#[derive(ShmLayout)]
#[repr(C)]
struct Tuple(u8, [u16; 2]);

#[derive(ShmLayout)]
#[repr(C)]
struct Unit;

#[derive(ShmLayout)]
#[repr(C)]
struct Empty {}

#[derive(ShmLayout)]
#[repr(C)]
struct Generic<'a, T> {
    x: T,
}

#[derive(ShmLayout)]
#[repr(C)]
struct Sized<const N: usize> {
    x: [u8; N],
}

#[derive(ShmLayout)]
#[repr(C)]
struct User {
    x: Sized<4>,
    y: Tuple,
}

#[derive(ShmLayout)]
#[repr(u8)]
enum Shared {
    A,
}

#[derive(ShmLayout)]
#[repr(C)]
union Both {
    x: u8,
}

#[derive(ShmLayout)]
#[repr(C, align(3))]
struct Uneven {
    x: u8,
}

#[derive(ShmLayout)]
#[repr(C, align)]
struct Aligned {
    x: u8,
}
