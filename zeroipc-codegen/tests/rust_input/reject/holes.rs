//! Bytes without names.

#[derive(ShmLayout)]
#[repr(C)]
struct Hole {
    flag: u8,
    /// When it was.
    stamp: u64,
    last: u16
}

#[derive(ShmLayout)]
#[repr(C)]
struct Line { a: u32, b: u8 }

#[derive(ShmLayout)]
#[repr(C, align(16))]
struct Comma { a: u32, }

mod inside {
    #[derive(ShmLayout)]
    #[repr(C)]
    struct Deep {
        a: u8,
        pub b: u16,
        c: u32,
        d: u8,
    }
}
