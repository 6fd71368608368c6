#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ArrayHeader { pub capacity: u64 }
