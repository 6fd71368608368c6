//! A hash map of a fixed size. `docs/structures/map.md` has the bytes and the states,
//! [`map_kernel`](super::map_kernel) the algorithm.

use std::fmt;
use std::time::{Duration, Instant};

use bytemuck::bytes_of_mut;

use super::map_buckets::MappedBuckets;
use super::map_kernel::Change;
use crate::canonical::canonicalise;
use crate::error::Result;
use crate::format::schema::Kind;
use crate::memory::Memory;
use crate::shm_layout::ShmLayout;
use crate::wait::deadline_after;
#[cfg(doc)]
use crate::{ErrorKind, FixedStr};

/// A hash map from keys to values, in every process: any number of readers and writers at once.
///
/// Keys and values are copied in and out, and a value is never seen torn. A key is there once at most, also when several insert
/// it at the same time. Looking is lock-free and waits for nobody. Changing holds the key's home, one of the map's buckets, for some ten nanoseconds.
///
/// # Keys
/// Two keys are the same if their canonical bytes are: padding does not count, nor what lies behind the end of a
/// [`FixedStr`]; −0 is +0, and every NaN is the same key. Iteration gives keys in that form.
///
/// # Room
/// The map is created for a number of entries and has at least a third more [slots](Map::capacity). When more entries come, they
/// are taken, and searches get longer; when every slot holds a key, inserting another fails with [`Full`](ErrorKind::Full).
/// The slot of a removed key is free at once.
///
/// # When a participant dies
/// A writer that dies has changed everything or nothing: a value is the old one or the new one, a key is there or not. What it
/// held is taken over by the next writer that comes there, as soon as the kernel has let go of the process. A writer
/// that is *stopped* in the middle of a change holds up other writers of keys with the same home; deadlines still work, and
/// readers notice nothing.
///
/// Operations are not for signal handlers: one that waits for the change that it has interrupted waits forever.
///
/// # Examples
/// ```
/// use zeroipc::{FixedStr, Map, Memory};
/// # let name = format!("/zeroipc_doc_map_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let stock = Map::<FixedStr<16>, u64>::open_or_create(&memory, "stock", 1000)?;
/// let bolt = "bolt M8".try_into()?;
/// assert!(stock.insert(bolt, 40)?);
/// assert!(!stock.insert(bolt, 99)?, "it is there already");
/// assert_eq!(stock.get(&bolt)?, Some(40));
/// assert_eq!(stock.update(&bolt, |left| left.checked_sub(1))?, Some(39));
/// assert_eq!(stock.remove(&bolt)?, Some(39));
/// assert_eq!(stock.get(&bolt)?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Map<K, V> {
    buckets: MappedBuckets<K, V>,
}

impl<K: ShmLayout, V: ShmLayout> Map<K, V> {
    /// Creates a map for `entries` entries. It has a third more slots, rounded up to a power of two.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists), [`BadName`](ErrorKind::BadName), [`BadArgument`](ErrorKind::BadArgument) for 0
    /// entries or more than 2^30 buckets hold, [`OutOfSpace`](ErrorKind::OutOfSpace), [`OutOfMemory`](ErrorKind::OutOfMemory),
    /// [`TableFull`](ErrorKind::TableFull), [`SchemaFull`](ErrorKind::SchemaFull), [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str, entries: u64) -> Result<Map<K, V>> {
        Ok(Map { buckets: MappedBuckets::create(memory, Kind::MAP, name, entries, &[K::DESC, V::DESC])? })
    }

    /// Opens a map.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`KindMismatch`](ErrorKind::KindMismatch),
    /// [`TypeMismatch`](ErrorKind::TypeMismatch) naming the first field that differs, [`Corrupt`](ErrorKind::Corrupt).
    pub fn open(memory: &Memory, name: &str) -> Result<Map<K, V>> {
        Ok(Map { buckets: MappedBuckets::open(memory, Kind::MAP, name, &[K::DESC, V::DESC])? })
    }

    /// Opens a map, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Map::create) and [`open`](Map::open), and [`BadArgument`](ErrorKind::BadArgument) if the map is there
    /// with another number of slots.
    pub fn open_or_create(memory: &Memory, name: &str, entries: u64) -> Result<Map<K, V>> {
        Ok(Map { buckets: MappedBuckets::open_or_create(memory, Kind::MAP, name, entries, &[K::DESC, V::DESC])? })
    }

    /// The value of a key; `None` when it is not there.
    ///
    /// Waits for nobody. It looks again when the value was changed while it was copied.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    #[inline]
    pub fn get(&self, key: &K) -> Result<Option<V>> {
        self.buckets.get(key)
    }

    /// Whether a key is there. Waits for nobody.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    #[inline]
    pub fn contains(&self, key: &K) -> Result<bool> {
        self.buckets.contains(key)
    }

    /// Inserts a key that is not there; `false`, and nothing is changed, when it is.
    ///
    /// # Errors
    /// [`Full`](ErrorKind::Full) when every slot holds another key; [`ReadOnly`](ErrorKind::ReadOnly);
    /// [`Corrupt`](ErrorKind::Corrupt).
    #[inline]
    pub fn insert(&self, key: K, value: V) -> Result<bool> {
        self.insert_until(&key, &value, None)
    }

    /// As [`insert`](Map::insert), waiting for other writers for at most `timeout`: with one of zero, not at all.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was done; otherwise as [`insert`](Map::insert).
    pub fn insert_timeout(&self, key: K, value: V, timeout: Duration) -> Result<bool> {
        self.insert_until(&key, &value, deadline_after(timeout))
    }

    #[inline]
    fn insert_until(&self, key: &K, value: &V, deadline: Option<Instant>) -> Result<bool> {
        Ok(self.buckets.change(key, value, deadline, insert)?.is_none())
    }

    /// Gives a key a value, whether it is there or not, and returns the one that it had.
    ///
    /// # Errors
    /// As [`insert`](Map::insert).
    #[inline]
    pub fn upsert(&self, key: K, value: V) -> Result<Option<V>> {
        self.buckets.change(&key, &value, None, |_| Change::Put)
    }

    /// As [`upsert`](Map::upsert), waiting for other writers for at most `timeout`: with one of zero, not at all.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was done; otherwise as [`insert`](Map::insert).
    pub fn upsert_timeout(&self, key: K, value: V, timeout: Duration) -> Result<Option<V>> {
        self.buckets.change(&key, &value, deadline_after(timeout), |_| Change::Put)
    }

    /// The value of a key, which is inserted with `value` if it is not there.
    ///
    /// # Errors
    /// As [`insert`](Map::insert).
    #[inline]
    pub fn get_or_insert(&self, key: K, value: V) -> Result<V> {
        Ok(self.buckets.change(&key, &value, None, insert)?.unwrap_or(value))
    }

    /// The value of a key; if it is not there, it is inserted with what `make` returns, unless somebody else inserts it
    /// meanwhile: then with his.
    ///
    /// `make` runs before anything is held, and may panic, take its time, or use the map.
    ///
    /// # Errors
    /// As [`insert`](Map::insert).
    #[inline]
    pub fn get_or_insert_with(&self, key: K, make: impl FnOnce() -> V) -> Result<V> {
        match self.get(&key)? {
            Some(value) => Ok(value),
            None => self.get_or_insert(key, make()),
        }
    }

    /// Gives a key the value `new` if it has `old`; `false`, and nothing is changed, when it has another, or is not there.
    /// Values are compared as keys are.
    ///
    /// # Errors
    /// [`ReadOnly`](ErrorKind::ReadOnly); [`Corrupt`](ErrorKind::Corrupt).
    #[inline]
    pub fn compare_and_swap(&self, key: &K, old: &V, new: V) -> Result<bool> {
        self.compare_and(key, old, &new, Change::Put, None)
    }

    /// As [`compare_and_swap`](Map::compare_and_swap), waiting for other writers for at most `timeout`: with one of zero,
    /// not at all.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was done; otherwise as [`compare_and_swap`](Map::compare_and_swap).
    pub fn compare_and_swap_timeout(&self, key: &K, old: &V, new: V, timeout: Duration) -> Result<bool> {
        self.compare_and(key, old, &new, Change::Put, deadline_after(timeout))
    }

    /// Removes a key if it has the value `old`; `false`, and nothing is changed, when it has another, or is not there.
    ///
    /// # Errors
    /// As [`compare_and_swap`](Map::compare_and_swap).
    #[inline]
    pub fn compare_and_remove(&self, key: &K, old: &V) -> Result<bool> {
        self.compare_and(key, old, old, Change::Remove, None)
    }

    #[inline]
    fn compare_and(&self, key: &K, old: &V, new: &V, then: Change, deadline: Option<Instant>) -> Result<bool> {
        let same = |value: Option<&V>| value.is_some_and(|value| are_same(value, old));
        let decide = |value: Option<&V>| if same(value) { then } else { Change::Keep };
        Ok(same(self.buckets.change(key, new, deadline, decide)?.as_ref()))
    }

    /// Gives a key the value that `make` returns when it is told the present one, and returns it; `None`, and nothing is
    /// changed, when the key is not there or `make` returns `None`.
    ///
    /// `make` runs before anything is held, and again when somebody else has changed the value meanwhile.
    ///
    /// # Errors
    /// As [`compare_and_swap`](Map::compare_and_swap).
    #[inline]
    pub fn update(&self, key: &K, mut make: impl FnMut(V) -> Option<V>) -> Result<Option<V>> {
        while let Some(old) = self.get(key)? {
            let Some(new) = make(old) else { return Ok(None) };
            if self.compare_and_swap(key, &old, new)? {
                return Ok(Some(new));
            }
        }
        Ok(None)
    }

    /// Removes a key, and returns the value that it had.
    ///
    /// # Errors
    /// [`ReadOnly`](ErrorKind::ReadOnly); [`Corrupt`](ErrorKind::Corrupt).
    #[inline]
    pub fn remove(&self, key: &K) -> Result<Option<V>> {
        self.buckets.change(key, &V::zeroed(), None, |_| Change::Remove)
    }

    /// As [`remove`](Map::remove), waiting for other writers for at most `timeout`: with one of zero, not at all.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was done; otherwise as [`remove`](Map::remove).
    pub fn remove_timeout(&self, key: &K, timeout: Duration) -> Result<Option<V>> {
        self.buckets.change(key, &V::zeroed(), deadline_after(timeout), |_| Change::Remove)
    }

    /// Removes every key, one after the other. What others insert meanwhile may stay.
    ///
    /// # Errors
    /// As [`remove`](Map::remove).
    pub fn clear(&self) -> Result<()> {
        self.buckets.clear(None)
    }

    /// The entries, in no order that means something, while others may change the map.
    ///
    /// A key that is there from the beginning to the end comes exactly once, with a value that it has had; one that is removed
    /// and inserted again meanwhile comes once, twice or not at all. No entry is torn. Waits for nobody.
    ///
    /// # Examples
    /// ```
    /// use zeroipc::{Map, Memory};
    /// # let name = format!("/zeroipc_doc_map_iter_{}", std::process::id());
    /// # let name = name.as_str();
    /// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 16)?;
    /// let map = Map::<u32, f32>::create(&memory, "weights", 100)?;
    /// map.insert(7, 1.5)?;
    /// map.insert(8, 2.5)?;
    /// let mut all = map.iter().collect::<zeroipc::Result<Vec<(u32, f32)>>>()?;
    /// all.sort_by_key(|entry| entry.0);
    /// assert_eq!(all, [(7, 1.5), (8, 2.5)]);
    /// # Ok::<(), zeroipc::Error>(())
    /// ```
    pub fn iter(&self) -> MapIter<'_, K, V> {
        MapIter { buckets: &self.buckets, next: 0 }
    }

    /// How many keys there are; it looks at every slot. Exact when nobody changes the map meanwhile.
    pub fn len(&self) -> u64 {
        self.buckets.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// How many slots there are: the most entries that the map can hold.
    pub fn capacity(&self) -> u64 {
        self.buckets.capacity()
    }

    /// The map's name in its segment.
    pub fn name(&self) -> &str {
        self.buckets.name()
    }
}

fn insert<V>(value: Option<&V>) -> Change {
    if value.is_none() { Change::Put } else { Change::Keep }
}

/// Whether two values have the same canonical bytes.
fn are_same<V: ShmLayout>(one: &V, other: &V) -> bool {
    let (mut one, mut other) = (*one, *other);
    canonicalise(V::DESC, bytes_of_mut(&mut one));
    canonicalise(V::DESC, bytes_of_mut(&mut other));
    bytes_of_mut(&mut one) == bytes_of_mut(&mut other)
}

/// The entries of a [`Map`]: see [`Map::iter`].
pub struct MapIter<'a, K, V> {
    buckets: &'a MappedBuckets<K, V>,
    next: u64,
}

impl<K: ShmLayout, V: ShmLayout> Iterator for MapIter<'_, K, V> {
    type Item = Result<(K, V)>;

    fn next(&mut self) -> Option<Result<(K, V)>> {
        self.buckets.next_entry(&mut self.next)
    }
}

impl<'a, K: ShmLayout, V: ShmLayout> IntoIterator for &'a Map<K, V> {
    type Item = Result<(K, V)>;
    type IntoIter = MapIter<'a, K, V>;

    fn into_iter(self) -> MapIter<'a, K, V> {
        self.iter()
    }
}

impl<K, V> Clone for Map<K, V> {
    fn clone(&self) -> Self {
        Map { buckets: self.buckets.clone() }
    }
}

impl<K, V> fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.buckets.fmt(f)
    }
}

impl<K, V> fmt::Debug for MapIter<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapIter").field("map", self.buckets).field("next", &self.next).finish()
    }
}
