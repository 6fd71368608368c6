pub const SCHEMA_MAGIC: u32 = 0x4D48_4353;
pub const SCHEMA_VERSION: u32 = 1;
pub const RECORD_VERSION: u16 = 1;
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind(pub u16);
impl Kind { pub const ARRAY: Kind = Kind(1); pub const QUEUE: Kind = Kind(2); }
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SchemaHeader { pub magic: u32, pub version: u32, pub next_id: u32, pub used: u32 }
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SchemaRecord { pub length: u32, pub version: u16, pub kind: u16, pub offset: u64, pub name: [u8; 32], pub type_count: u32, pub _reserved_52: [u8; 4] }
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SchemaType { pub layout: u64, pub schema: u64, pub size: u32, pub description_length: u32 }
