//! The kinds of structures: how each is declared, and the bytes that it takes.

use zeroipc_layout::limits::MAX_QUEUE_CAPACITY;

/// Segments have less than 2^56 bytes: the locks lie there and beyond.
pub(crate) const MAX_SIZE: u64 = (1 << 56) - 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum StructureKind {
    Array,
    Queue,
    Stack,
    Ring,
    Broadcast,
    Map,
    Set,
    Pool,
    Semaphore,
    Barrier,
    Latch,
    Mutex,
    RwLock,
    Condvar,
    Once,
    Event,
    Signal,
    Future,
    Lazy,
    Stream,
    Channel,
}

/// Size and alignment of an element.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Element {
    pub(crate) size: u64,
    pub(crate) align: u64,
}

impl Element {
    /// Its size rounded up to words.
    fn words(self) -> u64 {
        self.size.next_multiple_of(8)
    }
}

use StructureKind::*;

impl StructureKind {
    pub(crate) const ALL: [StructureKind; 21] = [
        Array, Queue, Stack, Ring, Broadcast, Map, Set, Pool, Semaphore, Barrier, Latch, Mutex, RwLock, Condvar, Once,
        Event, Signal, Future, Lazy, Stream, Channel,
    ];

    /// The word in a schema.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Array => "array",
            Queue => "queue",
            Stack => "stack",
            Ring => "ring",
            Broadcast => "broadcast",
            Map => "map",
            Set => "set",
            Pool => "pool",
            Semaphore => "semaphore",
            Barrier => "barrier",
            Latch => "latch",
            Mutex => "mutex",
            RwLock => "rwlock",
            Condvar => "condvar",
            Once => "once",
            Event => "event",
            Signal => "signal",
            Future => "future",
            Lazy => "lazy",
            Stream => "stream",
            Channel => "channel",
        }
    }

    /// The kind that `word` names.
    pub(crate) fn from_word(word: &str) -> Option<StructureKind> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// How a declaration looks.
    pub(crate) const fn form(self) -> &'static str {
        match self {
            Array => "array<T>[n]",
            Queue => "queue<T>[n]",
            Stack => "stack<T>[n]",
            Ring => "ring<T>[n]",
            Broadcast => "broadcast<T>[n, readers]",
            Map => "map<K, V>[n]",
            Set => "set<T>[n]",
            Pool => "pool<T>[n]",
            Semaphore => "semaphore[permits]",
            Barrier => "barrier[parties]",
            Latch => "latch[count]",
            Mutex => "mutex",
            RwLock => "rwlock[readers]",
            Condvar => "condvar",
            Once => "once",
            Event => "event",
            Signal => "signal<T>",
            Future => "future<T>",
            Lazy => "lazy<T>",
            Stream => "stream<T>[n, subscribers]",
            Channel => "channel<T>[n]",
        }
    }

    /// How many element types a declaration has.
    pub(crate) const fn elements(self) -> usize {
        match self {
            Map => 2,
            Semaphore | Barrier | Latch | Mutex | RwLock | Condvar | Once | Event => 0,
            _ => 1,
        }
    }

    /// What the numbers of a declaration are called.
    pub(crate) const fn numbers(self) -> &'static [&'static str] {
        match self {
            Array | Queue | Stack | Ring | Map | Set | Pool | Channel => &["capacity"],
            Broadcast => &["capacity", "readers"],
            Stream => &["capacity", "subscribers"],
            Semaphore => &["permits"],
            Barrier => &["parties"],
            Latch => &["count"],
            RwLock => &["readers"],
            Mutex | Condvar | Once | Event | Signal | Future | Lazy => &[],
        }
    }

    /// The smallest and the largest value of the declaration's number at place `i`.
    pub(crate) fn limits(self, i: usize, element: Element) -> (u64, u64) {
        match (self, i) {
            (Channel, 0) => (0, MAX_QUEUE_CAPACITY),
            (Array, 0) => (1, (MAX_SIZE - 8) / element.size.max(1)),
            (Latch, _) => (1, u64::from(u32::MAX)),
            (Semaphore | Barrier | RwLock, _) | (_, 1) => (1, 1000),
            _ => (1, MAX_QUEUE_CAPACITY),
        }
    }

    /// Whether the capacity is rounded up to a power of two.
    pub(crate) const fn rounds(self) -> bool {
        matches!(self, Queue | Ring | Broadcast | Stream | Channel)
    }

    /// The bytes of a structure, by the table in `docs/schema.md`. `n` are the declaration's numbers, rounded already.
    pub(crate) fn size(self, n: &[u64], elements: &[Element]) -> u64 {
        let first = n.first().copied().unwrap_or(0);
        let second = n.get(1).copied().unwrap_or(0);
        let element = elements.first().copied().unwrap_or_default();
        let cells = |header: u64, count: u64| header.saturating_add(count.saturating_mul(8 + element.words()));
        match self {
            Array => 8u64.saturating_add(first.saturating_mul(element.size)),
            Queue => cells(24, first),
            Stack => cells(16, first),
            Ring => 128u64.saturating_add(first.saturating_mul(element.size.next_multiple_of(element.align.max(1)))),
            Broadcast | Stream => cells(128 + 64 * second, first),
            Map | Set => 72u64.saturating_add(buckets(first, element, elements.get(1).copied())),
            Pool => cells(64, first),
            Semaphore | Barrier | RwLock => 32 + 8 * first,
            Latch | Mutex | Condvar | Once | Event => 16,
            Signal => 48u64.saturating_add(4 * element.words()),
            Future | Lazy => 64 + element.words(),
            Channel => cells(64, first.max(1)),
        }
    }

    /// The alignment of the structure's data; its header ends 8 bytes into a line of that many.
    pub(crate) fn align(self, elements: &[Element]) -> u64 {
        match (self, elements.first()) {
            (Array | Ring, Some(element)) => element.align.max(64),
            _ => 64,
        }
    }
}

/// The bytes of the buckets of a map or set, by `docs/structures/map.md`: lines with at least three slots, and a third more
/// slots than entries.
fn buckets(entries: u64, key: Element, value: Option<Element>) -> u64 {
    let copies = |value: Element| if value.size > 8 { 2 } else { 1 };
    let slot = key.words() + value.map_or(0, |value| copies(value) * value.words());
    let bucket = (16 + 3 * slot).next_multiple_of(64);
    let slots = (bucket - 16) / slot.max(8);
    let needed = entries.saturating_mul(4).div_ceil(3).div_ceil(slots);
    bucket.saturating_mul(needed.max(1).next_power_of_two())
}
