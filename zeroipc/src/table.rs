//! The table at the start of a segment: which structures there are, and where.
//!
//! Lookups take no lock. Creation happens under the creation lock, in the order that `docs/format.md` §2 gives, so that
//! a creator that dies has created nothing.
//!
//! | label | release side | acquire side | what becomes visible |
//! |---|---|---|---|
//! | `publish` | [`Table::publish`] stores `entry_count` | [`Table::entry_count`] | the entry, its record, the structure |
//! | `first` | [`Table::publish`] stores `next_offset` | [`Table::find_v1`] | the first entry's offset |
//! | `first` | [`Table::publish`] stores `next_offset` | `Table::find_v1` | the first entry's offset |

use std::mem::offset_of;

use zeroipc_layout::limits::{DEFAULT_TABLE_SIZE, MAX_ENTRY_NAME, TABLE_SIZES};
use zeroipc_layout::pack::align_up;

use crate::error::{Error, ErrorKind, Result};
use crate::format::table::{
    MAGIC, NAME_SIZE, TableEntryV1, TableEntryV2, TableHeaderV1, TableHeaderV2, VERSION_1, VERSION_2,
};
use crate::points::point;
use crate::region::Region;
use crate::sync::{Relaxed, Release, load_acquire_u32};

/// Which of the two tables a segment has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableVersion {
    /// Version 1 below 4 GiB, version 2 from there on.
    #[default]
    Auto,
    /// 32-bit offsets, for segments below 4 GiB.
    V1,
    /// 64-bit offsets.
    V2,
}

impl TableVersion {
    /// The version that a segment of `size` bytes gets.
    pub(crate) fn for_size(self, size: u64) -> Result<TableVersion> {
        let fits = u32::try_from(size).is_ok();
        match self {
            TableVersion::Auto if fits => Ok(TableVersion::V1),
            TableVersion::Auto | TableVersion::V2 => Ok(TableVersion::V2),
            TableVersion::V1 if fits => Ok(TableVersion::V1),
            TableVersion::V1 => Err(Error::new(
                ErrorKind::BadArgument,
                format!("a table of version 1 reaches 4 GiB and {size} bytes were asked for; use version 2"),
            )),
        }
    }
}

/// One structure as the table knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) offset: u64,
    pub(crate) size: u64,
}

impl Entry {
    fn end(&self) -> u64 {
        self.offset + self.size
    }
}

/// Where the words of a table are; they differ between the versions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    version: TableVersion,
    max_entries: u32,
    /// Where the segment ends for the table: the file's size, or in version 2 the size it was created with.
    limit: u64,
}

/// The bytes that a table takes.
pub(crate) fn table_end(version: TableVersion, max_entries: u32) -> u64 {
    let (header, entry) = match version {
        TableVersion::V2 => (size_of::<TableHeaderV2>(), size_of::<TableEntryV2>()),
        _ => (size_of::<TableHeaderV1>(), size_of::<TableEntryV1>()),
    };
    header as u64 + entry as u64 * u64::from(max_entries)
}

/// What the fields of version 1 reach, whatever the size of the file; a multiple of 8 as `next_offset` is.
const V1_LIMIT: u64 = u32::MAX as u64 / 8 * 8;

/// Checks a table size that a user asks for.
pub(crate) fn check_table_size(max_entries: u32) -> Result<()> {
    if TABLE_SIZES.contains(&max_entries) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::BadArgument,
        format!("a table has 1, 4, 8, 16, … or 4096 entries and {max_entries} were asked for; take the next larger"),
    ))
}

const ENTRY_COUNT: u64 = offset_of!(TableHeaderV1, entry_count) as u64;
// Both versions begin alike, so that a reader can tell them apart.
const _: () = assert!(offset_of!(TableHeaderV2, entry_count) as u64 == ENTRY_COUNT);
const _: () = assert!(offset_of!(TableHeaderV2, version) == offset_of!(TableHeaderV1, version));

impl Table {
    /// Writes the header of a new table into a fresh, zeroed segment.
    pub(crate) fn create(region: &Region, version: TableVersion, max_entries: u32) -> Result<Table> {
        let table = Table { version, max_entries, limit: region.len() };
        region.u32_at(0)?.store(MAGIC, Relaxed);
        let number = if version == TableVersion::V2 { VERSION_2 } else { VERSION_1 };
        region.u32_at(offset_of!(TableHeaderV1, version) as u64)?.store(number, Relaxed);
        if version == TableVersion::V2 {
            region.u32_at(offset_of!(TableHeaderV2, max_entries) as u64)?.store(max_entries, Relaxed);
            region.u64_at(offset_of!(TableHeaderV2, memory_size) as u64)?.store(region.len(), Relaxed);
        }
        table.store_next_offset(region, table.end())?;
        Ok(table)
    }

    /// Reads and checks the table of a segment.
    pub(crate) fn open(region: &Region, segment: &str) -> Result<Table> {
        let foreign = |kind, what: String| Err(Error::new(kind, format!("segment `{segment}`: {what}")));
        if region.len() < table_end(TableVersion::V1, 1) {
            let what = format!("it has {} bytes, which no table fits into; it is no ZeroIPC segment", region.len());
            return foreign(ErrorKind::NotASegment, what);
        }
        let magic = region.u32_at(0)?.load(Relaxed);
        if magic != MAGIC {
            let what = format!("it begins with {magic:#010x} instead of {MAGIC:#010x}; it is no ZeroIPC segment");
            return foreign(ErrorKind::NotASegment, what);
        }
        let table = match region.u32_at(offset_of!(TableHeaderV1, version) as u64)?.load(Relaxed) {
            VERSION_1 => Table::find_v1(region, segment)?,
            VERSION_2 => Table::read_v2(region, segment)?,
            other => {
                let what = format!("its table has version {other} and this release reads 1 and 2; update ZeroIPC");
                return foreign(ErrorKind::UnsupportedVersion, what);
            }
        };
        table.check(region, segment)?;
        Ok(table)
    }

    /// Version 1 does not store `max_entries`; the first allocation starts at the table's end and tells.
    fn find_v1(region: &Region, segment: &str) -> Result<Table> {
        // SYNC first: a creator may be at work. It stores the first entry's offset before it moves `next_offset`, so who
        // reads them the other way round and finds no offset has the table's end in hand.
        let next = load_acquire_u32(region.u32_at(offset_of!(TableHeaderV1, next_offset) as u64)?);
        let first = region.u32_at(Table::entry_at(TableVersion::V1, 0) + offset_of!(TableEntryV1, offset) as u64)?;
        let first = first.load(Relaxed);
        let end = u64::from(if first == 0 { next } else { first });
        match TABLE_SIZES.into_iter().find(|n| table_end(TableVersion::V1, *n) == end) {
            Some(max_entries) => {
                let limit = region.len().min(V1_LIMIT);
                Ok(Table { version: TableVersion::V1, max_entries, limit })
            }
            None => Err(damaged(
                segment,
                format!(
                    "its first allocation starts at {end}, where no table of version 1 ends (one of {DEFAULT_TABLE_SIZE} \
                     entries ends at {})",
                    table_end(TableVersion::V1, DEFAULT_TABLE_SIZE)
                ),
            )),
        }
    }

    fn read_v2(region: &Region, segment: &str) -> Result<Table> {
        let max_entries = region.u32_at(offset_of!(TableHeaderV2, max_entries) as u64)?.load(Relaxed);
        let memory_size = region.u64_at(offset_of!(TableHeaderV2, memory_size) as u64)?.load(Relaxed);
        if !(1..=4096).contains(&max_entries) {
            return Err(damaged(segment, format!("`max_entries` is {max_entries} instead of 1 to 4096")));
        }
        let end = table_end(TableVersion::V2, max_entries);
        if memory_size < end || memory_size > region.len() {
            let (file, what) = (region.len(), "which is the file's size at its creation");
            return Err(damaged(
                segment,
                format!("`memory_size` is {memory_size}, {what}, and the file has {file} bytes"),
            ));
        }
        Ok(Table { version: TableVersion::V2, max_entries, limit: memory_size })
    }

    fn check(&self, region: &Region, segment: &str) -> Result<()> {
        if self.end() > self.limit {
            let (end, len) = (self.end(), self.limit);
            return Err(damaged(segment, format!("its table ends at {end} and the file has {len} bytes")));
        }
        let next = self.next_offset(region)?;
        if next < self.end() || next > self.limit {
            let (end, len) = (self.end(), self.limit);
            return Err(damaged(segment, format!("`next_offset` is {next} instead of {end} to {len}")));
        }
        for index in 0..self.entry_count(region, segment)? {
            self.entry(region, segment, index)?;
        }
        Ok(())
    }

    pub(crate) fn end(&self) -> u64 {
        table_end(self.version, self.max_entries)
    }

    /// Where the segment ends for the table.
    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    pub(crate) fn max_entries(&self) -> u32 {
        self.max_entries
    }

    pub(crate) fn version(&self) -> TableVersion {
        self.version
    }

    /// The bytes that are left behind the last structure.
    pub(crate) fn free(&self, region: &Region) -> Result<u64> {
        Ok(self.limit.saturating_sub(self.next_offset(region)?))
    }

    /// How many entries are published.
    pub(crate) fn entry_count(&self, region: &Region, segment: &str) -> Result<u32> {
        // SYNC publish
        let count = load_acquire_u32(region.u32_at(ENTRY_COUNT)?);
        if count > self.max_entries {
            let max = self.max_entries;
            return Err(damaged(segment, format!("`entry_count` is {count} and its table has {max} entries")));
        }
        Ok(count)
    }

    /// A published entry, checked.
    pub(crate) fn entry(&self, region: &Region, segment: &str, index: u32) -> Result<Entry> {
        let (name, offset, size) = self.raw_entry(region, index)?;
        let wrong = |what: String| Err(damaged(segment, format!("entry {index} of its table {what}")));
        let len = name.iter().position(|byte| *byte == 0).unwrap_or(NAME_SIZE as usize);
        if len == 0 || len > MAX_ENTRY_NAME {
            return wrong("has no name that ends within its 32 bytes".into());
        }
        let Ok(name) = std::str::from_utf8(&name[..len]) else {
            return wrong("has a name that is not UTF-8".into());
        };
        let fits = offset.checked_add(size).is_some_and(|end| end <= self.limit);
        if !offset.is_multiple_of(8) || offset < self.end() || size == 0 || !fits {
            let (end, len) = (self.end(), self.limit);
            return wrong(format!("(`{name}`) spans {size} bytes at {offset}, outside {end} to {len} or unaligned"));
        }
        Ok(Entry { name: name.to_owned(), offset, size })
    }

    /// The published entry of this name.
    pub(crate) fn find(&self, region: &Region, segment: &str, name: &str) -> Result<Option<Entry>> {
        let mut wanted = [0_u8; NAME_SIZE as usize];
        if name.len() > MAX_ENTRY_NAME {
            return Ok(None);
        }
        wanted[..name.len()].copy_from_slice(name.as_bytes());
        for index in 0..self.entry_count(region, segment)? {
            let (found, ..) = self.raw_entry(region, index)?;
            // What stands behind the NUL is not part of a name.
            if found[..=name.len()] == wanted[..=name.len()] {
                return self.entry(region, segment, index).map(Some);
            }
        }
        Ok(None)
    }

    /// Where the next structure may start, and up to where a dead creator may have written.
    pub(crate) fn start(&self, region: &Region, segment: &str) -> Result<u64> {
        let count = self.entry_count(region, segment)?;
        if count == 0 {
            return Ok(self.end());
        }
        let next = self.next_offset(region)?;
        let mut used = self.end();
        for index in 0..count {
            used = used.max(self.entry(region, segment, index)?.end());
        }
        if next < used || next > self.limit {
            let len = self.limit;
            return Err(damaged(segment, format!("`next_offset` is {next} instead of {used} to {len}")));
        }
        if count < self.max_entries {
            let (_, offset, size) = self.raw_entry(region, count)?;
            let end = offset.checked_add(size).and_then(|end| align_up(end, 8));
            if offset >= used && offset.is_multiple_of(8) && offset != 0 && end == Some(next) {
                return Ok(offset);
            }
        }
        Ok(next)
    }

    /// Where a structure of `size` bytes goes. `residue` and `modulus` say which offsets suit it.
    pub(crate) fn place(&self, region: &Region, segment: &str, size: u64, fit: Fit) -> Result<u64> {
        let count = self.entry_count(region, segment)?;
        if count == self.max_entries {
            return Err(Error::new(
                ErrorKind::TableFull,
                format!(
                    "segment `{segment}`: all {count} entries of its table are in use; create it with a larger table"
                ),
            ));
        }
        let start = self.start(region, segment)?;
        let offset = if count == 0 { start } else { fit.next(start) };
        if !(offset + fit.data).is_multiple_of(fit.align) {
            let align = fit.align;
            let message = format!(
                "segment `{segment}`: its first structure starts behind the table, at {offset}, which does not suit \
                 elements aligned to {align}; create another structure first"
            );
            return Err(Error::new(ErrorKind::BadArgument, message));
        }
        // `next_offset` is rounded up, and has to stay inside as well: foreign segments may have any size.
        if offset.checked_add(size).is_none_or(|end| end > self.limit / 8 * 8) {
            return Err(Error::new(
                ErrorKind::OutOfSpace,
                format!(
                    "segment `{segment}`: {size} bytes are needed and {} are free of {}; create it with a larger size",
                    self.limit.saturating_sub(offset),
                    self.limit
                ),
            ));
        }
        Ok(offset)
    }

    /// Publishes an entry. Under the creation lock, with the structure initialised and its record written.
    pub(crate) fn publish(&self, region: &Region, segment: &str, entry: &Entry) -> Result<()> {
        let index = self.entry_count(region, segment)?;
        let at = Table::entry_at(self.version, index);
        let mut name = [0_u8; NAME_SIZE as usize];
        name[..entry.name.len()].copy_from_slice(entry.name.as_bytes());
        region.write(at, &name)?;
        if self.version == TableVersion::V2 {
            region.u64_at(at + offset_of!(TableEntryV2, size) as u64)?.store(entry.size, Release);
            region.u64_at(at + offset_of!(TableEntryV2, offset) as u64)?.store(entry.offset, Release);
        } else {
            // Nothing in a segment of version 1 reaches 4 GiB.
            region.u32_at(at + offset_of!(TableEntryV1, size) as u64)?.store(entry.size as u32, Release);
            region.u32_at(at + offset_of!(TableEntryV1, offset) as u64)?.store(entry.offset as u32, Release);
        }
        point!("create.entry");
        // SYNC first
        self.store_next_offset(region, align_up(entry.end(), 8).unwrap_or(self.limit))?;
        point!("create.next_offset");
        // SYNC publish: the entry, its record and the structure to lookups
        region.u32_at(ENTRY_COUNT)?.store(index + 1, Release);
        point!("create.published");
        Ok(())
    }

    fn entry_at(version: TableVersion, index: u32) -> u64 {
        table_end(version, index)
    }

    fn raw_entry(&self, region: &Region, index: u32) -> Result<([u8; NAME_SIZE as usize], u64, u64)> {
        let at = Table::entry_at(self.version, index);
        let mut name = [0_u8; NAME_SIZE as usize];
        region.read(at, &mut name)?;
        if self.version == TableVersion::V2 {
            let offset = region.u64_at(at + offset_of!(TableEntryV2, offset) as u64)?.load(Relaxed);
            let size = region.u64_at(at + offset_of!(TableEntryV2, size) as u64)?.load(Relaxed);
            return Ok((name, offset, size));
        }
        let offset = region.u32_at(at + offset_of!(TableEntryV1, offset) as u64)?.load(Relaxed);
        let size = region.u32_at(at + offset_of!(TableEntryV1, size) as u64)?.load(Relaxed);
        Ok((name, u64::from(offset), u64::from(size)))
    }

    fn next_offset(&self, region: &Region) -> Result<u64> {
        if self.version == TableVersion::V2 {
            return Ok(region.u64_at(offset_of!(TableHeaderV2, next_offset) as u64)?.load(Relaxed));
        }
        Ok(u64::from(region.u32_at(offset_of!(TableHeaderV1, next_offset) as u64)?.load(Relaxed)))
    }

    fn store_next_offset(&self, region: &Region, next: u64) -> Result<()> {
        // SYNC first
        if self.version == TableVersion::V2 {
            region.u64_at(offset_of!(TableHeaderV2, next_offset) as u64)?.store(next, Release);
        } else {
            region.u32_at(offset_of!(TableHeaderV1, next_offset) as u64)?.store(next as u32, Release);
        }
        Ok(())
    }
}

/// Which offsets suit a structure: those that leave `residue` when divided by `modulus`, a power of two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fit {
    modulus: u64,
    residue: u64,
    /// Where the elements begin in the structure.
    data: u64,
    /// What they have to be aligned to, even in the first structure of a segment, which has no choice of its place.
    align: u64,
}

const CACHE_LINE: u64 = 64;
/// The header of a structure, or its first field.
const WORD: u64 = size_of::<u64>() as u64;

impl Fit {
    /// Anywhere.
    pub(crate) const ANY: Fit = Fit { modulus: 8, residue: 0, data: 0, align: 1 };

    /// The first word ends a cache line, and so the words at 8, 72, 136, … begin one. A header that keeps the words of
    /// different sides there has no false sharing.
    pub(crate) const WORDS: Fit = Fit { modulus: CACHE_LINE, residue: CACHE_LINE - WORD, data: WORD, align: 1 };

    /// The first byte begins a cache line, for a structure that is made of lines.
    pub(crate) const LINES: Fit = Fit { modulus: CACHE_LINE, residue: 0, data: 0, align: 1 };

    /// As [`WORDS`](Fit::WORDS), with elements that are aligned to `align`, a power of two, and begin at `data`, which
    /// leaves 8 when divided by 64.
    pub(crate) fn data_at(data: u64, align: u64) -> Fit {
        debug_assert!(data % CACHE_LINE == WORD);
        let modulus = align.max(CACHE_LINE);
        Fit { modulus, residue: data.wrapping_neg() & (modulus - 1), data, align }
    }

    /// A header of 8 bytes, and then data aligned to at least a cache line. The hints of a queue then lie on two lines.
    pub(crate) fn data_after_word(align: u64) -> Fit {
        Fit::data_at(WORD, align)
    }

    fn next(self, start: u64) -> u64 {
        start.saturating_add(self.residue.wrapping_sub(start) & (self.modulus - 1))
    }
}

/// The sentence for a table that breaks a rule.
pub(crate) fn damaged(segment: &str, what: String) -> Error {
    Error::corrupt(format!("segment `{segment}`: {what}; it is damaged, remove it and create it anew"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits() {
        let fit = Fit::data_after_word(8);
        assert_eq!(fit.next(2576), 2616);
        assert_eq!(fit.next(2616), 2616);
        assert_eq!(fit.next(2617), 2680);
        assert_eq!(Fit::data_after_word(4096).next(100), 4088);
        assert_eq!(Fit::WORDS.next(100), 120);
        assert_eq!(Fit::data_at(136, 256).next(4096), 4096 + 120);
        assert_eq!(Fit::data_at(136, 64).next(4096), 4096 + 56);
    }

    #[test]
    fn table_ends_as_the_documents_say() {
        assert_eq!(table_end(TableVersion::V1, 64), 2576);
        assert_eq!(table_end(TableVersion::V2, 64), 3104);
        assert_eq!(table_end(TableVersion::V1, 4096), 163_856);
    }

    #[test]
    fn versions_follow_the_size() {
        assert_eq!(TableVersion::Auto.for_size(1 << 20).unwrap(), TableVersion::V1);
        assert_eq!(TableVersion::Auto.for_size(1 << 32).unwrap(), TableVersion::V2);
        assert_eq!(TableVersion::V1.for_size(1 << 32).unwrap_err().kind(), ErrorKind::BadArgument);
    }
}
