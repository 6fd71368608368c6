//! A hash set of a fixed size: a map whose keys have no values. `docs/structures/set.md` has the bytes,
//! [`map_kernel`](super::map_kernel) the algorithm.

use std::fmt;
use std::time::{Duration, Instant};

use super::map_buckets::MappedBuckets;
use super::map_kernel::Change;
use crate::error::Result;
use crate::format::schema::Kind;
use crate::memory::Memory;
use crate::shm_layout::ShmLayout;
use crate::wait::deadline_after;
#[cfg(doc)]
use crate::{ErrorKind, Map};

/// A set of keys, in every process: any number of readers and writers at once.
///
/// It is a [`Map`] without values, and everything that is said there about keys, room, and the death of participants holds here.
///
/// # Examples
/// ```
/// use zeroipc::{Memory, Set};
/// # let name = format!("/zeroipc_doc_set_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let seen = Set::<u64>::open_or_create(&memory, "seen", 1000)?;
/// assert!(seen.insert(7)?);
/// assert!(!seen.insert(7)?, "it is there already");
/// assert!(seen.contains(&7)?);
/// assert!(seen.remove(&7)?);
/// assert!(seen.is_empty());
/// # Ok::<(), zeroipc::Error>(())
/// ```
pub struct Set<T> {
    buckets: MappedBuckets<T, ()>,
}

impl<T: ShmLayout> Set<T> {
    /// Creates a set for `entries` keys. It has a third more slots, rounded up to a power of two.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists), [`BadName`](ErrorKind::BadName), [`BadArgument`](ErrorKind::BadArgument) for 0
    /// entries or more than 2^30 buckets hold, [`OutOfSpace`](ErrorKind::OutOfSpace), [`OutOfMemory`](ErrorKind::OutOfMemory),
    /// [`TableFull`](ErrorKind::TableFull), [`SchemaFull`](ErrorKind::SchemaFull), [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str, entries: u64) -> Result<Set<T>> {
        Ok(Set { buckets: MappedBuckets::create(memory, Kind::SET, name, entries, &[T::DESC])? })
    }

    /// Opens a set.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`KindMismatch`](ErrorKind::KindMismatch),
    /// [`TypeMismatch`](ErrorKind::TypeMismatch) naming the first field that differs, [`Corrupt`](ErrorKind::Corrupt).
    pub fn open(memory: &Memory, name: &str) -> Result<Set<T>> {
        Ok(Set { buckets: MappedBuckets::open(memory, Kind::SET, name, &[T::DESC])? })
    }

    /// Opens a set, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Set::create) and [`open`](Set::open), and [`BadArgument`](ErrorKind::BadArgument) if the set is there
    /// with another number of slots.
    pub fn open_or_create(memory: &Memory, name: &str, entries: u64) -> Result<Set<T>> {
        Ok(Set { buckets: MappedBuckets::open_or_create(memory, Kind::SET, name, entries, &[T::DESC])? })
    }

    /// Whether a key is there. Waits for nobody.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    #[inline]
    pub fn contains(&self, key: &T) -> Result<bool> {
        self.buckets.contains(key)
    }

    /// Inserts a key; `false` when it is there already.
    ///
    /// # Errors
    /// [`Full`](ErrorKind::Full) when every slot holds another key; [`ReadOnly`](ErrorKind::ReadOnly);
    /// [`Corrupt`](ErrorKind::Corrupt).
    #[inline]
    pub fn insert(&self, key: T) -> Result<bool> {
        self.insert_until(&key, None)
    }

    /// As [`insert`](Set::insert), waiting for other writers for at most `timeout`: with one of zero, not at all.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was done; otherwise as [`insert`](Set::insert).
    pub fn insert_timeout(&self, key: T, timeout: Duration) -> Result<bool> {
        self.insert_until(&key, deadline_after(timeout))
    }

    #[inline]
    fn insert_until(&self, key: &T, deadline: Option<Instant>) -> Result<bool> {
        let decide = |there: Option<&()>| if there.is_none() { Change::Put } else { Change::Keep };
        Ok(self.buckets.change(key, &(), deadline, decide)?.is_none())
    }

    /// Removes a key; `false` when it is not there.
    ///
    /// # Errors
    /// [`ReadOnly`](ErrorKind::ReadOnly); [`Corrupt`](ErrorKind::Corrupt).
    #[inline]
    pub fn remove(&self, key: &T) -> Result<bool> {
        Ok(self.buckets.change(key, &(), None, |_| Change::Remove)?.is_some())
    }

    /// As [`remove`](Set::remove), waiting for other writers for at most `timeout`: with one of zero, not at all.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was done; otherwise as [`remove`](Set::remove).
    pub fn remove_timeout(&self, key: &T, timeout: Duration) -> Result<bool> {
        Ok(self.buckets.change(key, &(), deadline_after(timeout), |_| Change::Remove)?.is_some())
    }

    /// Removes every key, one after the other. What others insert meanwhile may stay.
    ///
    /// # Errors
    /// As [`remove`](Set::remove).
    pub fn clear(&self) -> Result<()> {
        self.buckets.clear(None)
    }

    /// The keys, in no order that means something, while others may change the set.
    ///
    /// A key that is there from the beginning to the end comes exactly once; one that is removed and inserted again
    /// meanwhile comes once, twice or not at all. Waits for nobody.
    ///
    /// # Examples
    /// ```
    /// use zeroipc::{Memory, Set};
    /// # let name = format!("/zeroipc_doc_set_iter_{}", std::process::id());
    /// # let name = name.as_str();
    /// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 16)?;
    /// let set = Set::<u32>::create(&memory, "ids", 100)?;
    /// set.insert(7)?;
    /// assert_eq!(set.iter().collect::<zeroipc::Result<Vec<u32>>>()?, [7]);
    /// # Ok::<(), zeroipc::Error>(())
    /// ```
    pub fn iter(&self) -> SetIter<'_, T> {
        SetIter { buckets: &self.buckets, next: 0 }
    }

    /// How many keys there are; it looks at every slot. Exact when nobody changes the set meanwhile.
    pub fn len(&self) -> u64 {
        self.buckets.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// How many slots there are: the most keys that the set can hold.
    pub fn capacity(&self) -> u64 {
        self.buckets.capacity()
    }

    /// The set's name in its segment.
    pub fn name(&self) -> &str {
        self.buckets.name()
    }
}

/// The keys of a [`Set`]: see [`Set::iter`].
pub struct SetIter<'a, T> {
    buckets: &'a MappedBuckets<T, ()>,
    next: u64,
}

impl<T: ShmLayout> Iterator for SetIter<'_, T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        self.buckets.next_entry(&mut self.next).map(|entry| entry.map(|(key, ())| key))
    }
}

impl<'a, T: ShmLayout> IntoIterator for &'a Set<T> {
    type Item = Result<T>;
    type IntoIter = SetIter<'a, T>;

    fn into_iter(self) -> SetIter<'a, T> {
        self.iter()
    }
}

impl<T> Clone for Set<T> {
    fn clone(&self) -> Self {
        Set { buckets: self.buckets.clone() }
    }
}

impl<T> fmt::Debug for Set<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.buckets.fmt(f)
    }
}

impl<T> fmt::Debug for SetIter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetIter").field("set", self.buckets).field("next", &self.next).finish()
    }
}
