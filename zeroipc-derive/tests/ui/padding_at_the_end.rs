use zeroipc::ShmLayout;

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Reading {
    stamp: u64,
    value: f32,
    flag: u8,
}

fn main() {}
