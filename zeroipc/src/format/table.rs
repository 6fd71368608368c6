pub const MAGIC: u32 = 0x5A49_504D;
pub const VERSION_1: u32 = 1;
pub const VERSION_2: u32 = 2;
pub const NAME_SIZE: u32 = 32;
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct TableHeaderV1 { pub magic: u32, pub version: u32, pub entry_count: u32, pub next_offset: u32 }
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct TableEntryV1 { pub name: [u8; 32], pub offset: u32, pub size: u32 }
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct TableHeaderV2 { pub magic: u32, pub version: u32, pub entry_count: u32, pub max_entries: u32, pub memory_size: u64, pub next_offset: u64 }
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct TableEntryV2 { pub name: [u8; 32], pub offset: u64, pub size: u64 }
