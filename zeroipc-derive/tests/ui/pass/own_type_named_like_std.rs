//! Whether a type is shareable is decided by its trait, not by its name.

use zeroipc::ShmLayout;

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct String {
    bytes: [u8; 8],
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(transparent)]
struct Option<const N: usize>([u8; N]);

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Message {
    name: String,
    names: [[String; 2]; 3],
    maybe: Option<8>,
}

fn main() {
    assert_eq!(Message::DESC.size(), 64);
}
