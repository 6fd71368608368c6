use zeroipc::ShmLayout;

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
#[shm(unit = "m", name = "P")]
struct Pose {
    #[shm(units = "m", unit = "m", colour(red), rename = "x")]
    at: f64,
    #[shm(unit = "")]
    y: f64,
    #[shm(unit = 5)]
    z: f64,
    #[shm(unit)]
    w: f64,
    #[shm(unit = "m", unit = "km")]
    v: f64,
    #[shm(rename = "x")]
    u: f64,
    #[shm(rename = "_t")]
    t: f64,
    #[shm(unit = "s")]
    _pad_56: [u8; 4],
    #[shm(rename = "s")]
    _pad_60: [u8; 4],
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(transparent)]
struct Metres {
    #[shm(unit = "m")]
    value: f64,
}

fn main() {}
