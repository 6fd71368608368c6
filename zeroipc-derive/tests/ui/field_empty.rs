use zeroipc::ShmLayout;

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Nothing {}

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Unit;

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Tail {
    len: u32,
    items: [u8; 0],
}

const NONE: usize = 0;

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Computed {
    len: u32,
    items: [u32; NONE],
}

fn main() {}
