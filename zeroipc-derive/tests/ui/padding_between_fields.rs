use zeroipc::ShmLayout;

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Pose {
    id: u32,
    stamp: u64,
    flag: u8,
    height: u16,
    position: [f64; 3],
}

fn main() {}
