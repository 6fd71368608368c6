//! Where the words of a map or a set lie in a mapping, and the operations that both have.
//!
//! Invariant **S1**: `first` leads to `mask + 1` slots of `STRIDE` bytes inside the structure of `mapped`, aligned to 8. The
//! numbers were read once and checked against the entry's size, so they stay right whatever a peer writes.

use std::hash::{BuildHasher, Hasher as _, RandomState};
use std::marker::PhantomData;
use std::mem::{MaybeUninit, offset_of};
use std::ptr::NonNull;
use std::time::Instant;

use bytemuck::{Pod, bytes_of, bytes_of_mut};
use zeroipc_layout::TypeDesc;

use super::map_kernel::{Change, Kernel, Slots, Stop};
use super::mapped::Mapped;
use crate::canonical::{canonicalise, is_plain};
use crate::error::{Error, ErrorKind, Result};
use crate::format::map::{MAX_SINGLE_VALUE, MAX_SLOTS, MapHeader, SLOT_LINE, Slot};
use crate::format::schema::Kind;
use crate::hash::Hasher;
use crate::memory::{Blueprint, Memory, Segment, kind_name, structure_size};
use crate::region::{copy_in, copy_out};
use crate::shm_layout::ShmLayout;
use crate::sync::{AtomicU64, Relaxed, Release};
use crate::table::Fit;
use crate::wait::blocking;

const WORD: usize = size_of::<u64>();
const HEADER: usize = size_of::<MapHeader>();
const KEY: usize = size_of::<Slot>();

/// The slots of a map with keys `K` and values `V`, or of a set, whose values are `()`.
pub(crate) struct MappedSlots<K, V> {
    mapped: Mapped<MapHeader>,
    first: NonNull<u8>,
    mask: u64,
    hasher: Hasher,
    types: PhantomData<fn() -> (K, V)>,
}

// SAFETY: `first` leads to shared memory, which every thread may access through atomics (S1).
unsafe impl<K, V> Send for MappedSlots<K, V> {}
// SAFETY: as above.
unsafe impl<K, V> Sync for MappedSlots<K, V> {}

/// The bytes of a slot.
const fn stride(key: usize, value: usize) -> usize {
    let copies = if value as u64 > MAX_SINGLE_VALUE { 2 } else { 1 };
    let bytes = KEY + key.next_multiple_of(WORD) + copies * value.next_multiple_of(WORD);
    if bytes as u64 <= SLOT_LINE { bytes.next_power_of_two() } else { bytes }
}

/// How many slots hold so many entries at a good speed: a third more, rounded up to a power of two.
fn slots_for(kind: Kind, name: &str, entries: u64) -> Result<u64> {
    let slots = entries.checked_mul(4).map(|four| (four / 3).next_power_of_two()).filter(|slots| *slots <= MAX_SLOTS);
    match slots {
        Some(slots) if entries > 0 => Ok(slots),
        _ => {
            let (kind, most) = (kind_name(kind), MAX_SLOTS / 4 * 3);
            let message = format!("{kind} `{name}`: {entries} entries were asked for; 1 to {most} are possible");
            Err(Error::new(ErrorKind::BadArgument, message))
        }
    }
}

/// The word at `at` of some bytes, filled up with zeros.
#[inline(always)]
fn word_of(bytes: &[u8], at: usize) -> u64 {
    let bytes = &bytes[at * WORD..];
    match bytes.first_chunk() {
        Some(whole) => u64::from_le_bytes(*whole),
        None => {
            let mut word = [0; WORD];
            word[..bytes.len()].copy_from_slice(bytes);
            u64::from_le_bytes(word)
        }
    }
}

impl<K: ShmLayout, V: Pod> MappedSlots<K, V> {
    const KEY_WORDS: usize = size_of::<K>().div_ceil(WORD);
    const STRIDE: usize = stride(size_of::<K>(), size_of::<V>());
    const PLAIN: bool = is_plain(K::DESC);

    /// Runs `create` with what a structure for so many entries needs.
    pub(crate) fn with_blueprint<R>(
        kind: Kind,
        name: &str,
        entries: u64,
        elements: &[&TypeDesc<'_>],
        create: impl FnOnce(&Blueprint<'_>) -> Result<R>,
    ) -> Result<R> {
        let slots = slots_for(kind, name, entries)?;
        structure_size(name, 0, 1, 1, size_of::<V>().max(1) as u64)?;
        // Which keys collide is not the same in every map.
        let seed = RandomState::new().build_hasher().finish();
        create(&Blueprint {
            kind,
            name,
            elements,
            size: structure_size(name, HEADER as u64, Self::STRIDE as u64, slots, size_of::<K>() as u64)?,
            fit: Fit::data_at(HEADER as u64, SLOT_LINE),
            // Slots of zeros are empty.
            initialise: &|region, offset| {
                let word = |field: usize| region.u64_at(offset + field as u64);
                word(offset_of!(MapHeader, slots))?.store(slots, Relaxed);
                word(offset_of!(MapHeader, seed))?.store(seed, Relaxed);
                let half = |field: usize| region.u32_at(offset + field as u64);
                half(offset_of!(MapHeader, key_size))?.store(size_of::<K>() as u32, Relaxed);
                half(offset_of!(MapHeader, value_size))?.store(size_of::<V>() as u32, Relaxed);
                Ok(())
            },
        })
    }

    pub(crate) fn create(
        memory: &Memory,
        kind: Kind,
        name: &str,
        entries: u64,
        types: &[&TypeDesc<'_>],
    ) -> Result<Self> {
        Self::attach(Self::with_blueprint(kind, name, entries, types, |blueprint| Mapped::create(memory, blueprint))?)
    }

    pub(crate) fn open(memory: &Memory, kind: Kind, name: &str, types: &[&TypeDesc<'_>]) -> Result<Self> {
        Self::attach(Mapped::open(memory, kind, name, types)?)
    }

    pub(crate) fn open_or_create(
        memory: &Memory,
        kind: Kind,
        name: &str,
        entries: u64,
        types: &[&TypeDesc<'_>],
    ) -> Result<Self> {
        let create = |blueprint: &Blueprint<'_>| Mapped::open_or_create(memory, blueprint);
        let slots = Self::attach(Self::with_blueprint(kind, name, entries, types, create)?)?;
        slots.mapped.check_number("a capacity", slots.capacity(), slots_for(kind, name, entries)?)?;
        Ok(slots)
    }

    /// Reads the header, once, and checks it.
    fn attach(mapped: Mapped<MapHeader>) -> Result<Self> {
        let header: [u64; HEADER / WORD] = mapped.read_value(0);
        let bytes = bytes_of(&header);
        let half = |field: usize| bytemuck::pod_read_unaligned::<u32>(&bytes[field..field + size_of::<u32>()]);
        let sizes = (half(offset_of!(MapHeader, key_size)), half(offset_of!(MapHeader, value_size)));
        let ours = (size_of::<K>() as u32, size_of::<V>() as u32);
        if sizes != ours {
            let kind = if mapped.recorded() { ErrorKind::Corrupt } else { ErrorKind::TypeMismatch };
            let found = format!(
                "its keys have {} bytes and its values {}, and this side's {} and {}; open it with the types that it was \
                 created with",
                sizes.0, sizes.1, ours.0, ours.1
            );
            return Err(mapped.error(kind, found));
        }
        let slots = header[offset_of!(MapHeader, slots) / WORD];
        if !slots.is_power_of_two() || slots > MAX_SLOTS {
            return Err(mapped.corrupt(format!("it has {slots} slots instead of a power of two up to {MAX_SLOTS}")));
        }
        let size = slots.checked_mul(Self::STRIDE as u64).and_then(|bytes| bytes.checked_add(HEADER as u64));
        mapped.check_size(size)?;
        // The size was just checked, so it fits.
        let first = mapped.pointer(HEADER, slots as usize * Self::STRIDE);
        let hasher = Hasher::new(header[offset_of!(MapHeader, seed) / WORD], size_of::<K>() as u64);
        let slots = MappedSlots { mapped, first, mask: slots - 1, hasher, types: PhantomData };
        if !slots.mapped.recorded()
            && let Some(index) = (0..=slots.mask).find(|index| !slots.kernel().is_sound(*index))
        {
            let found = format!("slot {index} is in no state that a peer could have left");
            return Err(slots.mapped.corrupt(found));
        }
        Ok(slots)
    }

    #[inline(always)]
    fn kernel(&self) -> Kernel<'_, Self, Segment> {
        Kernel { slots: self, peers: &**self.mapped.segment() }
    }

    pub(crate) fn name(&self) -> &str {
        self.mapped.name()
    }

    /// How many slots there are.
    pub(crate) fn capacity(&self) -> u64 {
        self.mask + 1
    }

    /// A pointer to a place in a slot.
    #[inline(always)]
    fn at(&self, index: u64, offset: usize) -> NonNull<u8> {
        debug_assert!(index <= self.mask && offset < Self::STRIDE);
        // SAFETY: `index ≤ mask` and `offset` lies in a slot, so this is in one of those that S1 speaks of.
        unsafe { self.first.add(index as usize * Self::STRIDE + offset) }
    }

    /// A word of a slot; `offset` is a multiple of 8.
    #[inline(always)]
    fn word(&self, index: u64, offset: usize) -> &AtomicU64 {
        // SAFETY: an aligned word in the mapping (S1), accessed through atomics by everybody, and mapped as long as `mapped`.
        unsafe { self.at(index, offset).cast::<AtomicU64>().as_ref() }
    }

    #[inline(always)]
    fn value_at(copy: u64) -> usize {
        KEY + Self::KEY_WORDS * WORD + copy as usize * size_of::<V>().next_multiple_of(WORD)
    }

    /// Copies a value out, by words.
    #[inline(always)]
    fn copy_value(&self, index: u64, copy: u64, value: &mut MaybeUninit<V>) {
        if size_of::<V>() == 0 {
            value.write(V::zeroed());
        } else if Self::IN_PLACE {
            let word = self.word(index, Self::value_at(0)).load(Relaxed).to_le_bytes();
            value.write(bytemuck::pod_read_unaligned(&word[..size_of::<V>()]));
        } else {
            let from = self.at(index, Self::value_at(copy & 1)).as_ptr();
            // SAFETY: a slot has room for both copies (S1), aligned to 8; `value` is private and has room.
            unsafe { copy_out(from, value.as_mut_ptr().cast(), size_of::<V>(), WORD) };
        }
    }

    /// Runs `run` with the canonical form of a key, and its hash.
    #[inline(always)]
    fn with_key<R>(&self, key: &K, run: impl FnOnce(u64, &K) -> R) -> R {
        let hash = |key: &K| self.hasher.hash(Self::KEY_WORDS, |at| word_of(bytes_of(key), at));
        if Self::PLAIN {
            return run(hash(key), key);
        }
        let mut canonical = *key;
        canonicalise(K::DESC, bytes_of_mut(&mut canonical));
        run(hash(&canonical), &canonical)
    }

    #[inline(always)]
    pub(crate) fn get(&self, key: &K) -> Result<Option<V>> {
        self.with_key(key, |hash, key| {
            let mut value = MaybeUninit::uninit();
            match self.kernel().get(hash, key, |index, copy| self.copy_value(index, copy, &mut value)) {
                // SAFETY: the kernel has found the key, and so `copy_value` was called and has filled it.
                Ok(true) => Ok(Some(unsafe { value.assume_init() })),
                Ok(false) => Ok(None),
                Err(stop) => Err(self.error(stop)),
            }
        })
    }

    #[inline(always)]
    pub(crate) fn contains(&self, key: &K) -> Result<bool> {
        self.with_key(key, |hash, key| self.kernel().get(hash, key, |_, _| {}).map_err(|stop| self.error(stop)))
    }

    /// [`Kernel::change`], waiting for a writer that is alive until the deadline; the value that was there.
    #[inline(always)]
    pub(crate) fn change(
        &self,
        key: &K,
        new: &V,
        deadline: Option<Instant>,
        decide: impl Fn(Option<&V>) -> Change,
    ) -> Result<Option<V>> {
        let segment = self.mapped.segment();
        let me = segment.me()?;
        let mut value = V::zeroed();
        let there = self.with_key(key, |hash, key| {
            blocking(segment, deadline, |patience| {
                let changed = self.kernel().change(me, hash, key, new, &mut value, &decide, patience);
                changed.map_err(|stop| self.error(stop))
            })
        })?;
        Ok(there.then_some(value))
    }

    pub(crate) fn clear(&self, deadline: Option<Instant>) -> Result<()> {
        let segment = self.mapped.segment();
        let me = segment.me()?;
        (0..=self.mask).try_for_each(|index| {
            blocking(segment, deadline, |patience| {
                self.kernel().clear_slot(me, index, patience).map_err(|stop| self.error(stop))
            })
        })
    }

    /// How many slots hold a key.
    pub(crate) fn len(&self) -> Result<u64> {
        (0..=self.mask).try_fold(0, |sum, index| match self.kernel().is_full(index) {
            Ok(full) => Ok(sum + u64::from(full)),
            Err(stop) => Err(self.error(stop)),
        })
    }

    pub(crate) fn is_empty(&self) -> Result<bool> {
        for index in 0..=self.mask {
            if self.kernel().is_full(index).map_err(|stop| self.error(stop))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What the first slot from `next` on that holds something has, and moves `next` behind it.
    pub(crate) fn next_entry(&self, next: &mut u64) -> Option<Result<(K, V)>> {
        while *next <= self.mask {
            let index = *next;
            *next += 1;
            let mut key = K::zeroed();
            let mut value = MaybeUninit::uninit();
            let copied = self.kernel().snapshot(index, |copy| {
                self.read_key(index, &mut key);
                self.copy_value(index, copy, &mut value);
            });
            match copied {
                // SAFETY: the kernel has found something, and so `copy_value` was called and has filled it.
                Ok(true) => return Some(Ok((key, unsafe { value.assume_init() }))),
                Ok(false) => {}
                Err(stop) => return Some(Err(self.error(stop))),
            }
        }
        None
    }

    fn read_key(&self, index: u64, key: &mut K) {
        let from = self.at(index, KEY).as_ptr();
        let to = bytes_of_mut(key);
        // SAFETY: a slot has room for a key (S1), aligned to 8; `key` is private.
        unsafe { copy_out(from, to.as_mut_ptr(), to.len(), WORD) };
    }

    #[cold]
    fn error(&self, stop: Stop) -> Error {
        match stop {
            Stop::Full => {
                let found =
                    format!("each of its {} slots holds a key; remove some, or create it larger", self.capacity());
                self.mapped.error(ErrorKind::Full, found)
            }
            Stop::Corrupt => self.mapped.corrupt("a slot is in no state that a peer could have left"),
        }
    }
}

impl<K: ShmLayout, V: Pod> Slots for MappedSlots<K, V> {
    type Key = K;
    type Value = V;
    const IN_PLACE: bool = size_of::<V>() as u64 <= MAX_SINGLE_VALUE;

    #[inline(always)]
    fn mask(&self) -> u64 {
        self.mask
    }

    #[inline(always)]
    fn home(&self, index: u64) -> &AtomicU64 {
        self.word(index, offset_of!(Slot, home))
    }

    #[inline(always)]
    fn state(&self, index: u64) -> &AtomicU64 {
        self.word(index, offset_of!(Slot, state))
    }

    #[inline(always)]
    fn holds(&self, index: u64, key: &K) -> bool {
        let bytes = bytes_of(key);
        (0..Self::KEY_WORDS).all(|at| self.word(index, KEY + at * WORD).load(Relaxed) == word_of(bytes, at))
    }

    fn hash_at(&self, index: u64) -> u64 {
        self.hasher.hash(Self::KEY_WORDS, |at| self.word(index, KEY + at * WORD).load(Relaxed))
    }

    #[inline(always)]
    fn write_key(&self, index: u64, key: &K) {
        let bytes = bytes_of(key);
        (0..Self::KEY_WORDS).for_each(|at| self.word(index, KEY + at * WORD).store(word_of(bytes, at), Relaxed));
    }

    #[inline(always)]
    fn read_value(&self, index: u64, copy: u64, value: &mut V) {
        if Self::IN_PLACE {
            let mut found = MaybeUninit::uninit();
            self.copy_value(index, copy, &mut found);
            // SAFETY: `copy_value` fills it.
            *value = unsafe { found.assume_init() };
        } else {
            let from = self.at(index, Self::value_at(copy & 1)).as_ptr();
            // SAFETY: a slot has room for both copies (S1), aligned to 8; `value` is private.
            unsafe { copy_out(from, std::ptr::from_mut(value).cast(), size_of::<V>(), WORD) };
        }
    }

    #[inline(always)]
    fn write_value(&self, index: u64, copy: u64, value: &V) {
        if size_of::<V>() == 0 {
        } else if Self::IN_PLACE {
            // SYNC value
            self.word(index, Self::value_at(0)).store(word_of(bytes_of(value), 0), Release);
        } else {
            let to = self.at(index, Self::value_at(copy & 1)).as_ptr();
            // SAFETY: a slot has room for both copies (S1), aligned to 8; `value` is private, and being `Pod` it has no
            // uninitialised byte.
            unsafe { copy_in(std::ptr::from_ref(value).cast(), to, size_of::<V>(), WORD) };
        }
    }
}

impl<K, V> Clone for MappedSlots<K, V> {
    fn clone(&self) -> Self {
        MappedSlots { mapped: self.mapped.clone(), types: PhantomData, ..*self }
    }
}

impl<K, V> std::fmt::Debug for MappedSlots<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.mapped.fmt(f)
    }
}
