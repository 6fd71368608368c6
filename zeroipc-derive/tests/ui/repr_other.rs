use zeroipc::ShmLayout;

#[derive(Clone, Copy, ShmLayout)]
#[repr(Rust)]
struct Pose {
    x: f64,
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(transparent)]
struct Two {
    x: f64,
    y: f64,
}

fn main() {}
