use zeroipc::ShmLayout;

#[derive(Clone, Copy, ShmLayout)]
#[repr(C, align(8192))]
struct Huge {
    bytes: [u8; 8192],
}

fn main() {}
