pub const CREATION_LOCK: u64 = 1 << 56;
pub const ATTACH_LOCK: u64 = (1 << 56) + 1;
pub const WRITER_ANCHORS: u64 = 1 << 57;
pub const READER_ANCHORS: u64 = 1 << 62;
pub const MAX_WRITER_ID: u32 = (1 << 24) - 1;
pub const READER_ANCHOR_COUNT: u64 = (1 << 62) - 1;
pub const MAX_ID_TRIES: u32 = 1024;
