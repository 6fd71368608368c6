use zeroipc::ShmLayout;

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Batch<const N: usize> {
    labels: [u8; N],
    values: [f32; N],
}

// Without padding for every even length, but not for all.
#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Pairs<const N: usize> {
    values: [f32; N],
    stamp: f64,
}

fn main() {}
