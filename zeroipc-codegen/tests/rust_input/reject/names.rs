//! Names that other languages cannot spell, and names that are used twice.
//! zipc namespace robot.class

const lower: u32 = 1;

#[derive(ShmLayout)]
#[repr(C)]
struct Pose {
    r#type: u32,
    x: u32,
    #[shm(rename = "x")]
    y: u32,
    Upper: u32,
}

mod a {
    #[derive(ShmLayout)]
    #[repr(C)]
    struct Pose {
        x: u8,
    }
}

zeroipc::open_enum! {
    enum Mode: u8 { RUN = 1, RUN = 2, VALUES = 3, LIKE = 2 }
}
