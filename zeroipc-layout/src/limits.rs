//! Limits of the format, each with its reason in `docs/format.md`.

/// Longest structure name in bytes: the table stores 32 with a terminating NUL.
pub const MAX_ENTRY_NAME: usize = 31;
/// Longest segment name in bytes, counted without the leading `/`.
pub const MAX_SEGMENT_NAME: usize = 254;
/// Longest name of a type, field, unit or enum value in a description.
pub const MAX_DESCRIPTION_NAME: usize = 255;
/// Deepest nesting of arrays and structs in a description.
pub const MAX_DESCRIPTION_DEPTH: u32 = 32;
/// Longest encoded description in bytes.
pub const MAX_DESCRIPTION_LEN: usize = 65_535;
/// Largest element in bytes.
pub const MAX_ELEMENT_SIZE: u64 = 1 << 30;
/// Largest alignment that an array places its data at.
pub const MAX_ALIGN: u32 = 4096;
/// Largest capacity of a queue: positions are told apart by 37 bits while a cell is being written.
pub const MAX_QUEUE_CAPACITY: u64 = 1 << 31;
/// The table sizes that a segment of version 1 may have, in entries.
pub const TABLE_SIZES: [u32; 12] = [1, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];
/// The table size of a segment that does not ask for another.
pub const DEFAULT_TABLE_SIZE: u32 = 64;
/// The smallest table that has room for a `.schema` entry beside the user's.
pub const MIN_SCHEMA_TABLE_SIZE: u32 = 8;
