use zeroipc::ShmLayout;

// Repairing the mistakes moves nothing, so the padding is told at once.
#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Motor {
    ready: bool,
    #[shm(unite = "rpm")]
    speed: f32,
    steps: [usize; 2],
    letter: char,
}

// Here it moves fields, so padding is told afterwards.
#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Link {
    ready: bool,
    to: *const u8,
}

fn main() {}
