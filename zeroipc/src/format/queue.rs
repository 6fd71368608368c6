#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct QueueHeader { pub head: u64, pub tail: u64, pub capacity: u64 }
pub const CELL_EMPTY: u64 = 1;
pub const CELL_WRITING: u64 = 2;
pub const CELL_FULL: u64 = 3;
pub const CELL_TAG_MASK: u64 = 3;
pub const CELL_WAIT_BIT: u64 = 4;
pub const CELL_POSITION_SHIFT: u64 = 3;
pub const CELL_OWNER_SHIFT: u64 = 3;
pub const CELL_OWNER_BITS: u64 = 24;
pub const CELL_WRITING_POSITION_SHIFT: u64 = 27;
pub const CELL_WRITING_POSITION_BITS: u64 = 37;
pub const WAIT_SLICE_MS: u32 = 250;
pub const MAX_QUEUE_CAPACITY: u64 = 1 << 31;
