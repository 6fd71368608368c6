use zeroipc::ShmLayout;

#[derive(Clone, Copy, ShmLayout)]
struct Pose {
    x: f64,
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(align(8))]
struct Aligned {
    x: f64,
}

#[derive(Clone, Copy, ShmLayout)]
struct Inner(u32);

// A refused type causes no other errors where it is used.
#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Outer {
    pose: Pose,
}

fn main() {}
