use zeroipc::ShmLayout;

#[derive(Clone, Copy, ShmLayout)]
#[repr(C, align(64))]
struct Line {
    count: u64,
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Pair {
    id: u64,
    line: Full,
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(C, align(64))]
struct Full {
    bytes: [u8; 64],
}

fn main() {}
