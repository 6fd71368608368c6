use zeroipc::ShmLayout;

#[derive(Clone, Copy, ShmLayout)]
#[repr(C, packed)]
struct Tight {
    id: u8,
    stamp: u64,
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(packed(2))]
struct Tight2 {
    id: u8,
}

fn main() {}
