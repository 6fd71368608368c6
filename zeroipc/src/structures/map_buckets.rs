//! Where the words of a map or a set lie in a mapping, and the operations that both have.
//!
//! Invariant **S1**: `first` leads to `mask + 1` buckets of `BUCKET` bytes inside the structure of `mapped`, aligned to 8. The
//! numbers were read once and checked against the entry's size, so they stay right whatever a peer writes.

use std::hash::{BuildHasher, Hasher as _, RandomState};
use std::marker::PhantomData;
use std::mem::{MaybeUninit, offset_of};
use std::ptr::NonNull;
use std::time::Instant;

use bytemuck::{Pod, bytes_of, bytes_of_mut};
use zeroipc_layout::TypeDesc;

use super::map_kernel::{Buckets, Change, Copied, Kernel, Stop};
use super::mapped::Mapped;
use crate::canonical::{canonicalise, is_plain};
use crate::entries::kind_name;
use crate::error::{Error, ErrorKind, Result};
use crate::format::map::{BUCKET_LINE, Bucket, MAX_BUCKETS, MAX_SINGLE_VALUE, MIN_SLOTS, MapHeader};
use crate::format::schema::Kind;
use crate::hash::Hasher;
use crate::memory::{Blueprint, Memory, Segment, structure_size};
use crate::region::{copy_in, copy_out};
use crate::shm_layout::ShmLayout;
use crate::sync::{AtomicU64, Relaxed, Release};
use crate::table::Fit;
use crate::wait::blocking;

const WORD: usize = size_of::<u64>();
const HEADER: usize = size_of::<MapHeader>();
/// Where the slots of a bucket begin.
const FIRST: usize = size_of::<Bucket>();

/// The buckets of a map with keys `K` and values `V`, or of a set, whose values are `()`.
pub(crate) struct MappedBuckets<K, V> {
    mapped: Mapped<MapHeader>,
    first: NonNull<u8>,
    mask: u64,
    hasher: Hasher,
    types: PhantomData<fn() -> (K, V)>,
}

// SAFETY: `first` leads to shared memory, which every thread may access through atomics (S1).
unsafe impl<K, V> Send for MappedBuckets<K, V> {}
// SAFETY: as above.
unsafe impl<K, V> Sync for MappedBuckets<K, V> {}

/// The bytes of a slot: a key, and a value or two copies of it.
const fn slot_size(key: usize, value: usize) -> usize {
    let copies = if value as u64 > MAX_SINGLE_VALUE { 2 } else { 1 };
    key.next_multiple_of(WORD) + copies * value.next_multiple_of(WORD)
}

/// The bytes of a bucket: as many cache lines as the fewest slots need.
const fn bucket_size(slot: usize) -> usize {
    (FIRST + MIN_SLOTS as usize * slot).next_multiple_of(BUCKET_LINE as usize)
}

/// How many slots fit into a bucket.
const fn slots_in(slot: usize) -> usize {
    (bucket_size(slot) - FIRST) / slot
}

/// How many slots so many buckets have; for who only looks at a structure. `None` if keys have no size: then no type is recorded.
pub(crate) fn slots_of(buckets: u64, key: u64, value: u64) -> Option<u64> {
    if key == 0 {
        return None;
    }
    // What a description can say fits.
    Some(buckets.saturating_mul(slots_in(slot_size(key as usize, value as usize)) as u64))
}

/// How many buckets hold so many entries at a good speed: with a third more slots, rounded up to a power of two.
fn buckets_for(kind: Kind, name: &str, entries: u64, slots: u64) -> Result<u64> {
    let needed = entries.checked_mul(4).map(|four| four.div_ceil(3).div_ceil(slots));
    match needed.and_then(u64::checked_next_power_of_two) {
        Some(buckets) if entries > 0 && buckets <= MAX_BUCKETS => Ok(buckets),
        _ => {
            let (kind, most) = (kind_name(kind), MAX_BUCKETS * slots / 4 * 3);
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

impl<K: ShmLayout, V: Pod> MappedBuckets<K, V> {
    const KEY_WORDS: usize = size_of::<K>().div_ceil(WORD);
    const SLOT: usize = slot_size(size_of::<K>(), size_of::<V>());
    const BUCKET: usize = bucket_size(Self::SLOT);
    const PLAIN: bool = is_plain(K::DESC);

    /// Runs `create` with what a structure for so many entries needs.
    pub(crate) fn with_blueprint<R>(
        kind: Kind,
        name: &str,
        entries: u64,
        elements: &[&TypeDesc<'_>],
        create: impl FnOnce(&Blueprint<'_>) -> Result<R>,
    ) -> Result<R> {
        let buckets = buckets_for(kind, name, entries, u64::from(Self::SLOTS))?;
        structure_size(name, 0, 1, 1, size_of::<V>().max(1) as u64)?;
        // Which keys collide is not the same in every map.
        let seed = RandomState::new().build_hasher().finish();
        create(&Blueprint {
            kind,
            name,
            elements,
            size: structure_size(name, HEADER as u64, Self::BUCKET as u64, buckets, size_of::<K>() as u64)?,
            // The first bucket begins a line, since the header ends one.
            fit: Fit::WORDS,
            // Buckets of zeros are empty.
            initialise: &|region, offset| {
                let word = |field: usize| region.u64_at(offset + field as u64);
                word(offset_of!(MapHeader, buckets))?.store(buckets, Relaxed);
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
        let found = Self::attach(Self::with_blueprint(kind, name, entries, types, create)?)?;
        let slots = u64::from(Self::SLOTS);
        let asked = buckets_for(kind, name, entries, slots)? * slots;
        found.mapped.check_number("a capacity", found.capacity(), asked)?;
        Ok(found)
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
        let buckets = header[offset_of!(MapHeader, buckets) / WORD];
        if !buckets.is_power_of_two() || buckets > MAX_BUCKETS {
            return Err(
                mapped.corrupt(format!("it has {buckets} buckets instead of a power of two up to {MAX_BUCKETS}"))
            );
        }
        let size = buckets.checked_mul(Self::BUCKET as u64).and_then(|bytes| bytes.checked_add(HEADER as u64));
        mapped.check_size(size)?;
        // The size was just checked, so it fits.
        let first = mapped.pointer(HEADER, buckets as usize * Self::BUCKET);
        let hasher = Hasher::new(header[offset_of!(MapHeader, seed) / WORD], size_of::<K>() as u64);
        let buckets = MappedBuckets { mapped, first, mask: buckets - 1, hasher, types: PhantomData };
        if !buckets.mapped.recorded()
            && let Some(bucket) = (0..=buckets.mask).find(|bucket| !buckets.kernel().is_sound(*bucket))
        {
            let found = format!("bucket {bucket} is in no state that a peer could have left");
            return Err(buckets.mapped.corrupt(found));
        }
        Ok(buckets)
    }

    #[inline(always)]
    fn kernel(&self) -> Kernel<'_, Self, Segment> {
        Kernel { buckets: self, peers: &**self.mapped.segment() }
    }

    pub(crate) fn name(&self) -> &str {
        self.mapped.name()
    }

    /// How many slots there are.
    pub(crate) fn capacity(&self) -> u64 {
        (self.mask + 1) * u64::from(Self::SLOTS)
    }

    /// A pointer to a place in a bucket.
    #[inline(always)]
    fn at(&self, bucket: u64, offset: usize) -> NonNull<u8> {
        debug_assert!(bucket <= self.mask && offset < Self::BUCKET);
        // SAFETY: `bucket ≤ mask` and `offset` lies in a bucket, so this is in one of those that S1 speaks of.
        unsafe { self.first.add(bucket as usize * Self::BUCKET + offset) }
    }

    /// A word of a bucket; `offset` is a multiple of 8.
    #[inline(always)]
    fn word(&self, bucket: u64, offset: usize) -> &AtomicU64 {
        // SAFETY: an aligned word in the mapping (S1), accessed through atomics by everybody, and mapped as long as `mapped`.
        unsafe { self.at(bucket, offset).cast::<AtomicU64>().as_ref() }
    }

    /// Where the key of a slot begins in its bucket.
    #[inline(always)]
    fn key_at(slot: u32) -> usize {
        FIRST + slot as usize * Self::SLOT
    }

    #[inline(always)]
    fn key_word(&self, bucket: u64, slot: u32, at: usize) -> u64 {
        self.word(bucket, Self::key_at(slot) + at * WORD).load(Relaxed)
    }

    /// Where a copy of a value begins in its bucket.
    #[inline(always)]
    fn value_at(Copied { slot, copy, .. }: Copied) -> usize {
        Self::key_at(slot) + Self::KEY_WORDS * WORD + copy as usize * size_of::<V>().next_multiple_of(WORD)
    }

    /// Copies a value out, by words.
    #[inline(always)]
    fn copy_value(&self, at: Copied, value: &mut MaybeUninit<V>) {
        if size_of::<V>() == 0 {
            value.write(V::zeroed());
        } else if Self::IN_PLACE {
            let word = self.word(at.bucket, Self::value_at(at)).load(Relaxed).to_le_bytes();
            value.write(bytemuck::pod_read_unaligned(&word[..size_of::<V>()]));
        } else {
            let from = self.at(at.bucket, Self::value_at(at)).as_ptr();
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
            match self.kernel().get(hash, key, |at| self.copy_value(at, &mut value)) {
                // SAFETY: the kernel has found the key, and so `copy_value` was called and has filled it.
                Ok(true) => Ok(Some(unsafe { value.assume_init() })),
                Ok(false) => Ok(None),
                Err(stop) => Err(self.error(stop)),
            }
        })
    }

    #[inline(always)]
    pub(crate) fn contains(&self, key: &K) -> Result<bool> {
        self.with_key(key, |hash, key| self.kernel().get(hash, key, |_| {}).map_err(|stop| self.error(stop)))
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
        (0..=self.mask).try_for_each(|bucket| {
            (0..Self::SLOTS).try_for_each(|slot| {
                blocking(segment, deadline, |patience| {
                    self.kernel().clear_slot(me, bucket, slot, patience).map_err(|stop| self.error(stop))
                })
            })
        })
    }

    /// How many slots hold a key.
    pub(crate) fn len(&self) -> u64 {
        (0..=self.mask).map(|bucket| self.kernel().count(bucket)).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        (0..=self.mask).all(|bucket| self.kernel().count(bucket) == 0)
    }

    /// What the first slot from `next` on that holds something has, and moves `next` behind it. Slots are counted through all
    /// buckets.
    pub(crate) fn next_entry(&self, next: &mut u64) -> Option<Result<(K, V)>> {
        let slots = u64::from(Self::SLOTS);
        while *next < self.capacity() {
            let (bucket, slot) = (*next / slots, (*next % slots) as u32);
            *next += 1;
            let mut key = K::zeroed();
            let mut value = MaybeUninit::uninit();
            let copied = self.kernel().snapshot(bucket, slot, |at| {
                self.read_key(bucket, slot, &mut key);
                self.copy_value(at, &mut value);
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

    fn read_key(&self, bucket: u64, slot: u32, key: &mut K) {
        let from = self.at(bucket, Self::key_at(slot)).as_ptr();
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
            Stop::Corrupt => self.mapped.corrupt("a bucket is in no state that a peer could have left"),
        }
    }
}

impl<K: ShmLayout, V: Pod> Buckets for MappedBuckets<K, V> {
    type Key = K;
    type Value = V;
    const SLOTS: u32 = slots_in(Self::SLOT) as u32;
    const IN_PLACE: bool = size_of::<V>() as u64 <= MAX_SINGLE_VALUE;

    #[inline(always)]
    fn mask(&self) -> u64 {
        self.mask
    }

    #[inline(always)]
    fn home(&self, bucket: u64) -> &AtomicU64 {
        self.word(bucket, offset_of!(Bucket, home))
    }

    #[inline(always)]
    fn state(&self, bucket: u64) -> &AtomicU64 {
        self.word(bucket, offset_of!(Bucket, state))
    }

    #[inline(always)]
    fn matches(&self, bucket: u64, key: &K, taken: u64) -> u64 {
        let bytes = bytes_of(key);
        let mut matches = 0;
        if Self::KEY_WORDS == 1 {
            // In which slot a key lies is as good as random: comparing them all is cheaper than branches that are predicted
            // wrongly.
            let word = word_of(bytes, 0);
            for slot in 0..Self::SLOTS {
                matches |= u64::from(self.key_word(bucket, slot, 0) == word) << slot;
            }
            return matches;
        }
        let mut left = taken;
        while left != 0 {
            let slot = left.trailing_zeros();
            if (0..Self::KEY_WORDS).all(|at| self.key_word(bucket, slot, at) == word_of(bytes, at)) {
                return 1 << slot;
            }
            left &= left - 1;
        }
        matches
    }

    fn hash_at(&self, bucket: u64, slot: u32) -> u64 {
        self.hasher.hash(Self::KEY_WORDS, |at| self.key_word(bucket, slot, at))
    }

    #[inline(always)]
    fn write_key(&self, bucket: u64, slot: u32, key: &K) {
        let bytes = bytes_of(key);
        for at in 0..Self::KEY_WORDS {
            self.word(bucket, Self::key_at(slot) + at * WORD).store(word_of(bytes, at), Relaxed);
        }
    }

    #[inline(always)]
    fn read_value(&self, at: Copied, value: &mut V) {
        if Self::IN_PLACE {
            let mut found = MaybeUninit::uninit();
            self.copy_value(at, &mut found);
            // SAFETY: `copy_value` fills it.
            *value = unsafe { found.assume_init() };
        } else {
            let from = self.at(at.bucket, Self::value_at(at)).as_ptr();
            // SAFETY: a slot has room for both copies (S1), aligned to 8; `value` is private.
            unsafe { copy_out(from, std::ptr::from_mut(value).cast(), size_of::<V>(), WORD) };
        }
    }

    #[inline(always)]
    fn write_value(&self, at: Copied, value: &V) {
        if size_of::<V>() == 0 {
            // A set has no values, and nothing to store.
        } else if Self::IN_PLACE {
            // SYNC value
            self.word(at.bucket, Self::value_at(at)).store(word_of(bytes_of(value), 0), Release);
        } else {
            let to = self.at(at.bucket, Self::value_at(at)).as_ptr();
            // SAFETY: a slot has room for both copies (S1), aligned to 8; `value` is private, and being `Pod` it has no
            // uninitialised byte.
            unsafe { copy_in(std::ptr::from_ref(value).cast(), to, size_of::<V>(), WORD) };
        }
    }
}

impl<K, V> Clone for MappedBuckets<K, V> {
    fn clone(&self) -> Self {
        MappedBuckets { mapped: self.mapped.clone(), types: PhantomData, ..*self }
    }
}

impl<K, V> std::fmt::Debug for MappedBuckets<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.mapped.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_of_a_map_whose_types_are_not_recorded_are_not_known() {
        assert_eq!(slots_of(4, 8, 8), Some(12));
        assert_eq!(slots_of(u64::MAX, 8, 8), Some(u64::MAX));
        assert_eq!(slots_of(4, 0, 0), None);
    }
}
