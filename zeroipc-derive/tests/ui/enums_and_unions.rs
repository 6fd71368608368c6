use zeroipc::ShmLayout;

#[derive(Clone, Copy, ShmLayout)]
#[repr(i16)]
enum Mode {
    Idle,
    Run = 5,
    Fault,
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
union Either {
    int: u32,
    float: f32,
}

#[derive(Clone, Copy)]
#[repr(u8)]
enum Plain {
    Idle = 0,
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct State {
    mode: Mode,
    plain: Plain,
}

fn main() {}
