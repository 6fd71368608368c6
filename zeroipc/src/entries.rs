//! What a segment holds, for those who look at it without knowing its types.

use std::fmt;
use std::mem::offset_of;

use zeroipc_layout::Description;
use zeroipc_layout::name::RESERVED_PREFIX;

use crate::error::{Error, ErrorKind, Result};
use crate::format::array::ArrayHeader;
use crate::format::barrier::BarrierHeader;
use crate::format::broadcast::BroadcastHeader;
use crate::format::channel::{CHANNEL_RENDEZVOUS, ChannelHeader};
use crate::format::latch::LatchHeader;
use crate::format::map::MapHeader;
use crate::format::pool::PoolHeader;
use crate::format::queue::QueueHeader;
use crate::format::ring::RingHeader;
use crate::format::rwlock::RwlockHeader;
use crate::format::schema::Kind;
use crate::format::semaphores::SemaphoreHeader;
use crate::format::stack::StackHeader;
use crate::memory::{Memory, Segment};
use crate::passport::{Passport, Record};
use crate::structures::map_buckets::slots_of;
use crate::structures::queue::read_values;
use crate::sync::Relaxed;
use crate::table::Entry;

/// What kind of structure an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StructureKind {
    /// An [`Array`](crate::Array).
    Array,
    /// A [`Queue`](crate::Queue).
    Queue,
    /// A last-in, first-out stack.
    Stack,
    /// A ring for one producer and one consumer.
    Ring,
    /// A ring for one producer and many readers.
    Broadcast,
    /// A hash map.
    Map,
    /// A hash set.
    Set,
    /// A pool of objects.
    Pool,
    /// A semaphore.
    Semaphore,
    /// A barrier.
    Barrier,
    /// A latch.
    Latch,
    /// A mutex.
    Mutex,
    /// A lock for many readers or one writer.
    RwLock,
    /// A condition variable.
    Condvar,
    /// An initialisation that is done once.
    Once,
    /// An event.
    Event,
    /// A latest value with a version.
    Signal,
    /// A result that is set once.
    Future,
    /// A value that is computed once.
    Lazy,
    /// A stream with subscribers.
    Stream,
    /// A channel.
    Channel,
    /// Nobody has recorded what it is, or a later release has.
    Unknown,
}

impl From<Kind> for StructureKind {
    fn from(kind: Kind) -> StructureKind {
        match kind {
            Kind::ARRAY => StructureKind::Array,
            Kind::QUEUE => StructureKind::Queue,
            Kind::STACK => StructureKind::Stack,
            Kind::RING => StructureKind::Ring,
            Kind::BROADCAST => StructureKind::Broadcast,
            Kind::MAP => StructureKind::Map,
            Kind::SET => StructureKind::Set,
            Kind::POOL => StructureKind::Pool,
            Kind::SEMAPHORE => StructureKind::Semaphore,
            Kind::BARRIER => StructureKind::Barrier,
            Kind::LATCH => StructureKind::Latch,
            Kind::MUTEX => StructureKind::Mutex,
            Kind::RWLOCK => StructureKind::RwLock,
            Kind::CONDVAR => StructureKind::Condvar,
            Kind::ONCE => StructureKind::Once,
            Kind::EVENT => StructureKind::Event,
            Kind::SIGNAL => StructureKind::Signal,
            Kind::FUTURE => StructureKind::Future,
            Kind::LAZY => StructureKind::Lazy,
            Kind::STREAM => StructureKind::Stream,
            Kind::CHANNEL => StructureKind::Channel,
            _ => StructureKind::Unknown,
        }
    }
}

impl StructureKind {
    /// The kind's name, as schemas have it: `"rwlock"`.
    pub const fn word(self) -> &'static str {
        match self {
            StructureKind::Array => "array",
            StructureKind::Queue => "queue",
            StructureKind::Stack => "stack",
            StructureKind::Ring => "ring",
            StructureKind::Broadcast => "broadcast",
            StructureKind::Map => "map",
            StructureKind::Set => "set",
            StructureKind::Pool => "pool",
            StructureKind::Semaphore => "semaphore",
            StructureKind::Barrier => "barrier",
            StructureKind::Latch => "latch",
            StructureKind::Mutex => "mutex",
            StructureKind::RwLock => "rwlock",
            StructureKind::Condvar => "condvar",
            StructureKind::Once => "once",
            StructureKind::Event => "event",
            StructureKind::Signal => "signal",
            StructureKind::Future => "future",
            StructureKind::Lazy => "lazy",
            StructureKind::Stream => "stream",
            StructureKind::Channel => "channel",
            StructureKind::Unknown => "unknown",
        }
    }
}

impl fmt::Display for StructureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How a structure of this kind is called.
pub(crate) fn kind_name(kind: Kind) -> &'static str {
    match StructureKind::from(kind) {
        StructureKind::Unknown => "structure of a later release",
        known => known.word(),
    }
}

impl Memory {
    /// Whether the segment records what its structures are. The records are an entry of the library's own, which counts
    /// in [`table_size`](Memory::table_size) and is left out of [`structures`](Memory::structures).
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt), [`UnsupportedVersion`](ErrorKind::UnsupportedVersion).
    pub fn has_records(&self) -> Result<bool> {
        let Segment { region, table, name, .. } = &*self.segment;
        Ok(Passport::find_in(region, table, name)?.is_some())
    }
}

/// One structure of a segment, as its entry and its record tell. Displays as `readings: queue<SensorReading>[1024]`.
#[derive(Clone, Debug)]
pub struct StructureInfo {
    entry: Entry,
    kind: StructureKind,
    capacity: Option<u64>,
    record: Option<Record>,
}

impl StructureInfo {
    pub(crate) fn list(segment: &Segment) -> Result<Vec<StructureInfo>> {
        let mut structures = Vec::new();
        for index in 0..segment.table.entry_count(&segment.region, &segment.name)? {
            let entry = segment.table.entry(&segment.region, &segment.name, index)?;
            if entry.name.starts_with(RESERVED_PREFIX) {
                continue;
            }
            let record = segment.record(&entry)?;
            structures.push(StructureInfo::new(segment, entry, record)?);
        }
        Ok(structures)
    }

    fn new(segment: &Segment, entry: Entry, record: Option<Record>) -> Result<StructureInfo> {
        let kind = record.as_ref().filter(|record| !record.foreign).map_or(StructureKind::Unknown, |r| r.kind.into());
        let mut info = StructureInfo { entry, kind, capacity: None, record };
        info.capacity = info.number(segment)?;
        Ok(info)
    }

    /// The first number that the structure was created with, as its header has it.
    fn number(&self, segment: &Segment) -> Result<Option<u64>> {
        let word =
            |field: usize| Ok::<_, Error>(segment.region.u64_at(self.entry.offset + field as u64)?.load(Relaxed));
        let field = match self.kind {
            StructureKind::Array => offset_of!(ArrayHeader, capacity),
            StructureKind::Queue => offset_of!(QueueHeader, capacity),
            StructureKind::Stack => offset_of!(StackHeader, capacity),
            StructureKind::Ring => offset_of!(RingHeader, capacity),
            StructureKind::Broadcast | StructureKind::Stream => offset_of!(BroadcastHeader, capacity),
            StructureKind::Pool => offset_of!(PoolHeader, capacity),
            StructureKind::Semaphore => offset_of!(SemaphoreHeader, max),
            StructureKind::Barrier => offset_of!(BarrierHeader, parties),
            StructureKind::Latch => offset_of!(LatchHeader, initial),
            StructureKind::RwLock => offset_of!(RwlockHeader, readers),
            StructureKind::Channel if word(offset_of!(ChannelHeader, mode))? == CHANNEL_RENDEZVOUS => {
                return Ok(Some(0));
            }
            StructureKind::Channel => offset_of!(ChannelHeader, capacity),
            StructureKind::Map | StructureKind::Set => {
                let size = |place: usize| self.elements().nth(place).map_or(0, |element| element.size());
                return Ok(slots_of(word(offset_of!(MapHeader, buckets))?, size(0), size(1)));
            }
            _ => return Ok(None),
        };
        word(field).map(Some)
    }

    /// The structure's name.
    pub fn name(&self) -> &str {
        &self.entry.name
    }

    /// Where the structure starts, in bytes from the start of the segment.
    pub fn offset(&self) -> u64 {
        self.entry.offset
    }

    /// The bytes that the structure takes.
    pub fn size(&self) -> u64 {
        self.entry.size
    }

    /// What kind of structure it is, if that is recorded.
    pub fn kind(&self) -> StructureKind {
        self.kind
    }

    /// How many elements it has room for, or how many permits, parties, counts or readers a semaphore, a barrier, a latch or a
    /// rwlock has; if its kind is recorded and has such a number. It comes from the segment and is unchecked.
    pub fn capacity(&self) -> Option<u64> {
        self.capacity
    }

    /// What its elements are, if that is recorded; of a map, what its keys are.
    pub fn element(&self) -> Option<Description<'_>> {
        self.elements().next()
    }

    /// The types of its elements, as far as they are recorded: those of the keys and the values of a map, none for what
    /// holds no elements, such as a mutex, else one.
    pub fn elements(&self) -> impl Iterator<Item = Description<'_>> {
        self.record.iter().flat_map(|record| &record.types).filter_map(|ty| ty.description())
    }

    /// The elements as bytes, at most `limit` from element `skip` on, without changing anything: those of an array, or
    /// those that wait in a queue. What a peer writes meanwhile may be seen torn.
    ///
    /// # Errors
    /// [`BadArgument`](ErrorKind::BadArgument) if kind or elements are not recorded, or the kind is neither array nor queue,
    /// [`Corrupt`](ErrorKind::Corrupt) if
    /// the capacity does not fit the entry.
    pub fn read(&self, memory: &Memory, skip: u64, limit: u64) -> Result<Vec<Vec<u8>>> {
        let segment = &memory.segment;
        let (Some(capacity), Some(element)) = (self.capacity, self.element()) else {
            let message =
                format!("`{}` has no record of what it is, so its elements cannot be told apart", self.name());
            return Err(Error::new(ErrorKind::BadArgument, message));
        };
        let size = element.size();
        match self.kind {
            StructureKind::Array => {}
            StructureKind::Queue => return read_values(segment, &self.entry, capacity, size, skip, limit),
            other => {
                let message = format!("`{}` is a {other}; only arrays and queues show their elements", self.name());
                return Err(Error::new(ErrorKind::BadArgument, message));
            }
        }
        let first = self.entry.offset + size_of::<ArrayHeader>() as u64;
        let fits = size.checked_mul(capacity).and_then(|bytes| bytes.checked_add(size_of::<ArrayHeader>() as u64));
        if fits != Some(self.entry.size) {
            let (have, name) = (self.entry.size, self.name());
            let message = format!("array `{name}`: its entry has {have} bytes, which {capacity} elements do not fill");
            return Err(Error::corrupt(message));
        }
        let mut values = Vec::new();
        for index in (0..capacity).skip(skip as usize).take(limit as usize) {
            let mut value = vec![0; size as usize];
            segment.region.read(first + index * size, &mut value)?;
            values.push(value);
        }
        Ok(values)
    }
}

impl fmt::Display for StructureInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.kind)?;
        if self.kind == StructureKind::Unknown {
            return write!(f, " of {} bytes", self.size());
        }
        let elements: Vec<String> = self.elements().map(|element| element.to_string()).collect();
        if !elements.is_empty() {
            write!(f, "<{}>", elements.join(", "))?;
        }
        self.capacity.map_or(Ok(()), |capacity| write!(f, "[{capacity}]"))
    }
}
