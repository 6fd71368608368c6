use zeroipc::ShmLayout;

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Everything {
    size: usize,
    delta: isize,
    ready: bool,
    flags: [bool; 4],
    letter: char,
    wide: u128,
    signed: [[i128; 2]; 2],
    link: &'static str,
    address: *const u8,
    callback: fn(u32) -> u32,
    pair: (u32, f64),
    unit: (),
    deep: core::primitive::bool,
}

fn main() {}
