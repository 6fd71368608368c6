//! `.schema`: the records that say what a segment's structures are. `docs/format.md` §3 has the bytes.
//!
//! | label | release side | acquire side | what becomes visible |
//! |---|---|---|---|
//! | `record` | [`Passport::write`] stores `used` | [`Passport::find`] | the records up to `used` |
//! | `taken-out` | [`Passport::write`], a fence before the new record | [`Passport::find`], a fence after nonsense | `used` without the old one |

use std::mem::offset_of;

use zeroipc_layout::limits::{MAX_DESCRIPTION_LEN, MIN_SCHEMA_TABLE_SIZE};
use zeroipc_layout::name::SCHEMA_ENTRY;
use zeroipc_layout::{Description, TypeDesc, encode, fingerprint};

use crate::error::{Error, ErrorKind, Result};
use crate::format::schema::{
    Kind, RECORD_VERSION, SCHEMA_MAGIC, SCHEMA_VERSION, SchemaHeader, SchemaRecord, SchemaType,
};
use crate::points::point;
use crate::region::Region;
use crate::sync::{Acquire, Relaxed, Release, fence, load_acquire_u32};
use crate::table::{Entry, Table, damaged};

const HEADER: u64 = size_of::<SchemaHeader>() as u64;
const RECORD: usize = size_of::<SchemaRecord>();
const TYPE: usize = size_of::<SchemaType>();
/// More creators than can die and be replaced while somebody walks over the records.
const MAX_LOOKS: u32 = 8;

/// Where a segment's records are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passport {
    offset: u64,
    size: u64,
}

/// What a record says of one structure; a private copy.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) kind: Kind,
    /// The record has a version that this release does not know.
    pub(crate) foreign: bool,
    pub(crate) types: Vec<RecordedType>,
}

/// One element type of a recorded structure.
#[derive(Clone, Debug)]
pub(crate) struct RecordedType {
    pub(crate) schema: u64,
    pub(crate) size: u32,
    description: Vec<u8>,
}

impl RecordedType {
    /// What the elements are; checked when the record was read.
    pub(crate) fn description(&self) -> Option<Description<'_>> {
        Description::parse(&self.description).ok()
    }
}

impl Passport {
    /// The bytes that a new passport takes.
    pub(crate) fn reserved(max_entries: u32, segment_size: u64) -> u64 {
        (512 * u64::from(max_entries)).min((segment_size / 16).max(1024)).next_multiple_of(8)
    }

    /// Whether a table has room for a passport.
    pub(crate) fn fits(max_entries: u32) -> bool {
        max_entries >= MIN_SCHEMA_TABLE_SIZE
    }

    /// Writes the header of a new passport.
    pub(crate) fn create(region: &Region, offset: u64, size: u64, first_id: u32) -> Result<Passport> {
        region.u32_at(offset + offset_of!(SchemaHeader, magic) as u64)?.store(SCHEMA_MAGIC, Relaxed);
        region.u32_at(offset + offset_of!(SchemaHeader, version) as u64)?.store(SCHEMA_VERSION, Relaxed);
        region.u32_at(offset + offset_of!(SchemaHeader, next_id) as u64)?.store(first_id, Relaxed);
        region.u32_at(offset + offset_of!(SchemaHeader, used) as u64)?.store(0, Release);
        Ok(Passport { offset, size })
    }

    /// The segment's passport, if its first entry is one.
    pub(crate) fn find_in(region: &Region, table: &Table, segment: &str) -> Result<Option<Passport>> {
        if table.entry_count(region, segment)? == 0 {
            return Ok(None);
        }
        let entry = table.entry(region, segment, 0)?;
        if entry.name != SCHEMA_ENTRY {
            return Ok(None);
        }
        let magic = region.u32_at(entry.offset + offset_of!(SchemaHeader, magic) as u64)?.load(Relaxed);
        let version = region.u32_at(entry.offset + offset_of!(SchemaHeader, version) as u64)?.load(Relaxed);
        if entry.size < HEADER || magic != SCHEMA_MAGIC {
            let what = format!("`.schema` begins with {magic:#010x} instead of {SCHEMA_MAGIC:#010x}");
            return Err(damaged(segment, what));
        }
        if version != SCHEMA_VERSION {
            return Err(Error::new(
                ErrorKind::UnsupportedVersion,
                format!(
                    "segment `{segment}`: its `.schema` has version {version} and this release reads \
                     {SCHEMA_VERSION}; update ZeroIPC"
                ),
            ));
        }
        Ok(Some(Passport { offset: entry.offset, size: entry.size }))
    }

    /// Draws the next number for an attachment's id.
    pub(crate) fn next_id(&self, region: &Region) -> Result<u32> {
        let word = region.u32_at(self.offset + offset_of!(SchemaHeader, next_id) as u64)?;
        // Relaxed: only that no number is drawn twice matters.
        Ok(word.fetch_add(1, Relaxed))
    }

    /// The record of an entry.
    ///
    /// What a dead creator left behind the last record is replaced by the next one. Who walks over it at that moment
    /// may find nonsense; since `used` leaves it out before its bytes change, another look does not.
    pub(crate) fn find(&self, region: &Region, segment: &str, entry: &Entry) -> Result<Option<Record>> {
        let mut found = self.find_once(region, segment, entry);
        for _ in 0..MAX_LOOKS {
            if found.is_ok() {
                break;
            }
            // SYNC taken-out
            fence(Acquire);
            found = self.find_once(region, segment, entry);
        }
        found
    }

    fn find_once(&self, region: &Region, segment: &str, entry: &Entry) -> Result<Option<Record>> {
        let mut records = self.records(region, segment)?;
        while let Some(head) = records.next()? {
            if head.belongs_to(entry) {
                let mut bytes = vec![0; head.length];
                region.read(head.at, &mut bytes)?;
                return read_record(&bytes)
                    .ok_or_else(|| damaged(segment, format!("the record of `{}` cannot be read", entry.name)))
                    .map(Some);
            }
        }
        Ok(None)
    }

    /// Writes the record of an entry that is about to be published. Under the creation lock.
    pub(crate) fn write(
        &self,
        region: &Region,
        table: &Table,
        segment: &str,
        entry: &Entry,
        kind: Kind,
        types: &[&TypeDesc<'_>],
    ) -> Result<()> {
        let record = encode_record(entry, kind, types)?;
        let used = self.used_by_entries(region, table, segment)?;
        if used + record.len() as u64 > self.size - HEADER {
            return Err(Error::new(
                ErrorKind::SchemaFull,
                format!(
                    "segment `{segment}`: the record of `{}` needs {} bytes and `.schema` has {} left; create the \
                     segment with a larger size or table, or duck-typed",
                    entry.name,
                    record.len(),
                    (self.size - HEADER).saturating_sub(used)
                ),
            ));
        }
        let word = region.u32_at(self.offset + offset_of!(SchemaHeader, used) as u64)?;
        // A record that a dead creator left is taken out before its bytes change.
        word.store(used as u32, Release);
        // SYNC taken-out: that `used` leaves it out to those who see a byte of the new record
        fence(Release);
        region.write(self.offset + HEADER + used, &record)?;
        point!("create.record");
        // SYNC record: the record's bytes to those who walk up to `used`
        word.store((used + record.len() as u64) as u32, Release);
        point!("create.recorded");
        Ok(())
    }

    /// The end of the records without the last one, if that belongs to nobody.
    fn used_by_entries(&self, region: &Region, table: &Table, segment: &str) -> Result<u64> {
        let mut records = self.records(region, segment)?;
        let mut last = None;
        while let Some(head) = records.next()? {
            last = Some(head);
        }
        let Some(head) = last else { return Ok(0) };
        let start = head.at - self.offset - HEADER;
        for index in 0..table.entry_count(region, segment)? {
            if head.belongs_to(&table.entry(region, segment, index)?) {
                return Ok(start + head.length as u64);
            }
        }
        Ok(start)
    }

    fn records<'a>(&self, region: &'a Region, segment: &'a str) -> Result<Records<'a>> {
        // SYNC record
        let used = load_acquire_u32(region.u32_at(self.offset + offset_of!(SchemaHeader, used) as u64)?);
        point!("open.records");
        let first = self.offset + HEADER;
        if u64::from(used) > self.size - HEADER || !used.is_multiple_of(8) {
            let room = self.size - HEADER;
            return Err(damaged(segment, format!("`.schema` says that {used} bytes of {room} are in use")));
        }
        Ok(Records { region, segment, at: first, end: first + u64::from(used) })
    }
}

/// The head of a record, copied.
struct Head {
    at: u64,
    length: usize,
    offset: u64,
    name: [u8; 32],
}

impl Head {
    fn belongs_to(&self, entry: &Entry) -> bool {
        let len = entry.name.len();
        self.offset == entry.offset && self.name[..len] == *entry.name.as_bytes() && self.name[len] == 0
    }
}

/// A walk over the records.
struct Records<'a> {
    region: &'a Region,
    segment: &'a str,
    at: u64,
    end: u64,
}

impl Records<'_> {
    fn next(&mut self) -> Result<Option<Head>> {
        if self.at >= self.end {
            return Ok(None);
        }
        let mut bytes = [0_u8; RECORD];
        let mut length = 0;
        if self.end - self.at >= RECORD as u64 {
            self.region.read(self.at, &mut bytes)?;
            length = u32_in(&bytes, offset_of!(SchemaRecord, length)) as usize;
        }
        // Every record is at least its head long, so the walk ends.
        if length < RECORD || !length.is_multiple_of(8) || length as u64 > self.end - self.at {
            return Err(damaged(self.segment, format!("a record in `.schema` claims {length} bytes")));
        }
        let mut name = [0; 32];
        name.copy_from_slice(&bytes[offset_of!(SchemaRecord, name)..][..32]);
        let head = Head { at: self.at, length, offset: u64_in(&bytes, offset_of!(SchemaRecord, offset)), name };
        self.at += length as u64;
        Ok(Some(head))
    }
}

fn array_in<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}

fn u16_in(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_in(bytes, at))
}

fn u32_in(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_in(bytes, at))
}

fn u64_in(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_in(bytes, at))
}

/// Reads a record from a private copy; `None` when it breaks a rule.
fn read_record(bytes: &[u8]) -> Option<Record> {
    let kind = Kind(u16_in(bytes, offset_of!(SchemaRecord, kind)));
    if u16_in(bytes, offset_of!(SchemaRecord, version)) != RECORD_VERSION {
        return Some(Record { kind, foreign: true, types: Vec::new() });
    }
    let count = u32_in(bytes, offset_of!(SchemaRecord, type_count));
    let mut types = Vec::new();
    let mut rest = &bytes[RECORD..];
    for _ in 0..count {
        let head = rest.get(..TYPE)?;
        let len = u32_in(head, offset_of!(SchemaType, description_length)) as usize;
        if len > MAX_DESCRIPTION_LEN {
            return None;
        }
        let description = rest.get(TYPE..TYPE + len)?.to_vec();
        let size = u32_in(head, offset_of!(SchemaType, size));
        if size == 0 || Description::parse(&description).ok()?.size() != u64::from(size) {
            return None;
        }
        types.push(RecordedType { schema: u64_in(head, offset_of!(SchemaType, schema)), size, description });
        rest = rest.get(TYPE + len.next_multiple_of(8)..)?;
    }
    Some(Record { kind, foreign: false, types })
}

fn encode_record(entry: &Entry, kind: Kind, types: &[&TypeDesc<'_>]) -> Result<Vec<u8>> {
    let mut bytes = vec![0; RECORD];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(offset_of!(SchemaRecord, version), &RECORD_VERSION.to_le_bytes());
    put(offset_of!(SchemaRecord, kind), &kind.0.to_le_bytes());
    put(offset_of!(SchemaRecord, offset), &entry.offset.to_le_bytes());
    put(offset_of!(SchemaRecord, name), entry.name.as_bytes());
    put(offset_of!(SchemaRecord, type_count), &(types.len() as u32).to_le_bytes());
    for ty in types {
        let description = describe(ty, &entry.name)?;
        bytes.extend_from_slice(&fingerprint::layout(ty).to_le_bytes());
        bytes.extend_from_slice(&fingerprint::schema(ty).to_le_bytes());
        bytes.extend_from_slice(&(ty.size() as u32).to_le_bytes());
        bytes.extend_from_slice(&(description.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&description);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    }
    let length = bytes.len() as u32;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    Ok(bytes)
}

/// The bytes of a type's description.
pub(crate) fn describe(ty: &TypeDesc<'_>, structure: &str) -> Result<Vec<u8>> {
    let refused = |error| Error::new(ErrorKind::BadArgument, format!("structure `{structure}`: {error}"));
    let mut bytes = vec![0; encode::encoded_len(ty).map_err(refused)?];
    encode::encode(ty, &mut bytes).map_err(refused)?;
    Ok(bytes)
}
