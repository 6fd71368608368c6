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
            (Stack, _) => (1, (1 << 24) - 1),
            (Pool, _) => (1, 1 << 27),
            (Latch, _) => (1, 0x7fff_ffff),
            (Semaphore, _) => (1, 65_536),
            (Barrier, _) => (1, 65_535),
            (RwLock, _) | (_, 1) => (1, 1000),
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
        let many = |header: u64, count: u64, each: u64| header.saturating_add(count.saturating_mul(each));
        match self {
            Array => many(8, first, element.size),
            Queue => many(24, first, 8 + element.words()),
            Stack => many(16, first, 16 + element.words()),
            Ring => many(self.data(n), first, element.size),
            Broadcast | Stream => many(128 + 64 * second, first, 8 + element.words()),
            Map => {
                let value = elements.get(1).copied().unwrap_or_default().words();
                // Two copies of values that are not one word.
                buckets(first, element.words() + if value > 8 { 2 * value } else { value })
            }
            Set => buckets(first, element.words()),
            Pool => many(self.data(n), first, element.words()),
            Semaphore => many(32, first, 8),
            Barrier => many(24, first, 8),
            Latch | Mutex | Condvar | Event => 16,
            Once => 8,
            RwLock => many(72, first, 64),
            Signal => 48 + 4 * element.words(),
            Future | Lazy => 272 + element.words(),
            Channel => many(584, first.max(1), 8 + element.words()),
        }
    }

    /// Where the elements begin in a structure whose elements keep their alignment; in others, the second word.
    fn data(self, n: &[u64]) -> u64 {
        match self {
            Ring => 200,
            Pool => 72 + (8 * n.first().copied().unwrap_or(0)).next_multiple_of(64),
            _ => 8,
        }
    }

    /// Where a structure goes: its offset leaves the second number when it is divided by the first one.
    pub(crate) fn fit(self, n: &[u64], elements: &[Element]) -> (u64, u64) {
        let align = match (self, elements.first()) {
            (Array | Ring | Pool, Some(element)) => element.align.max(64),
            _ => 64,
        };
        match self {
            Broadcast | Stream => (64, 0),
            _ => (align, self.data(n).wrapping_neg() & (align - 1)),
        }
    }
}

/// The bytes of a map or a set for so many entries: a third more slots than that, in buckets of three or more.
fn buckets(entries: u64, slot: u64) -> u64 {
    let bucket = (16 + 3 * slot).next_multiple_of(64);
    let slots = (bucket - 16) / slot.max(1);
    let needed = entries.saturating_mul(4).div_ceil(3).div_ceil(slots.max(1));
    72_u64.saturating_add(needed.next_power_of_two().saturating_mul(bucket))
}
