use zeroipc::ShmLayout;

#[derive(ShmLayout)]
#[repr(C)]
struct Pose {
    x: f64,
}

fn main() {}
