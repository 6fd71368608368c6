use zeroipc::ShmLayout;

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;

#[derive(Clone, Copy)]
struct Mine {
    x: f64,
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Message {
    mine: Mine,
    name: String,
    names: [String; 2],
    items: Vec<u8>,
    map: HashMap<u32, u32>,
    link: Box<u32>,
    maybe: Option<u32>,
    lock: std::sync::Mutex<u32>,
    count: AtomicU64,
}

fn main() {}
