//! The algorithm of the map and the set, on words that may lie in a mapping or, for a model, on the heap.
//!
//! Open addressing with linear probing, a bucket of a few slots at a time: a bucket of small entries is one cache line. A key's
//! hash leads to its *home*, a bucket; the key lies there or in a bucket behind it, at most as far as the home's *bound* says.
//! With a bound per home ([Purcell and Harris](https://doi.org/10.1007/11561927_10)) a search need not go on until there is a
//! free slot, so a removed key leaves a free slot and no tombstone, and keys never move. Whoever changes something
//! holds the home of its key, by a word there that names him; whoever only looks holds nothing.
//!
//! ```text
//!  home    FREE(bound) ──lock: CAS──▶ HELD(me, bound) ──raise: store──▶ HELD(me, more) ──unlock: store──▶ FREE(bound)
//!             HELD(dead, bound) ──take over, when the owner is dead: CAS──▶ HELD(me, bound)
//!
//!  slot    free, version v ──publish: add──▶ taken, v ──remove: add──▶ free, v + 1
//!                                              └─update: add─▶ taken, the other copy, v + 1
//! ```
//!
//! A bucket's state word has a bit for each slot that is taken, a bit for each slot that says which of two copies of its value
//! counts, and a version. It is changed by additions alone, since several may change bits of their own at the same time. A
//! value of up to 8 bytes is one word, and is changed in place.
//!
//! Invariants, `h` being the home of a key:
//! - **I1** Only who holds `h` updates or removes a key of `h`, or changes the bound of `h`. Only who holds `h` *and* the bucket
//!   of the slot inserts a key of `h`. So who holds a bucket finds its free slots free until he takes them.
//! - **I2** A taken slot with a key of `h` lies at most the bound of `h` behind `h`.
//! - **I3** A key is in at most one taken slot.
//! - **I4** The words of a key, and of the copy of its value that counts, do not change while the slot is taken and the version
//!   is the same; a value of one word excepted.
//! - **I5** Only the owner leaves HELD, unless the kernel says that it is dead.
//! - **I6** A version never comes back within 2^48 changes of a bucket.
//!
//! I2 holds since the bound is raised before the slot is taken, and lowered, by whoever holds `h`, to the farthest bucket
//! that still has a key of `h`. I3 follows: who inserts a key holds `h`, and has found no slot up to the bound that
//! has it. **No step leaves anything to repair**: I1 to I6 hold at every instant, so who takes over a bucket from a dead
//! writer just goes on. What that one had written into a free slot is nobody's. A bound that is too high costs time, and is
//! otherwise as good.
//!
//! A search that holds nothing is right as well: keys do not move, so a key that is there from its beginning to its end is in
//! one slot all that time, within the bound (I2), and is found. A copy counts only if the version is still the same behind it.
//!
//! Nobody waits for a bucket while he holds another one: an insertion that finds its home full only *tries* the buckets behind
//! it. So there is no circle of writers that wait for each other.
//!
//! | label | release side | acquire side | what becomes visible |
//! |---|---|---|---|
//! | `publish` | [`Kernel::fill`], [`Kernel::update`] add to the state | a fence behind the load of the state, before the words are read | the key, the copy, the raised bound |
//! | `overwrite` | a fence before words of a key or value are written | a fence before the state is loaded again | the version that had made them free |
//! | `value` | [`Buckets::write_value`] in place | the same fence as `overwrite` | what the writer did before |
//! | `free` | [`Kernel::remove`] adds to the state | a fence in [`Kernel::free_slot`] | that the words were read |
//! | `home` | [`Kernel::unlock`] | the CAS to HELD | all keys of this home, and all that is taken in this bucket |
//!
//! The rest is relaxed. Who takes over sees what a dead writer did by the kernel's word on its death.

use super::waiting::{Patience, Peers, Turn};
use crate::format::map::{HOME_BOUND_SHIFT, HOME_OWNER_BITS, STATE_COPY_SHIFT, STATE_VERSION_SHIFT};
use crate::points::point;
use crate::sync::{Acquire, AtomicU64, Relaxed, Release, fence, spin_loop};

const OWNER_MASK: u64 = (1 << HOME_OWNER_BITS) - 1;
/// What is added to a state for the next version.
const NEXT_VERSION: u64 = 1 << STATE_VERSION_SHIFT;
/// More looks than anybody loses against others, by any chance that matters.
const MAX_ROUNDS: u32 = 10_000;
/// How often a lock is tried for that others take and release meanwhile, before the deadline is looked at.
const MAX_TRIES: u32 = 100;

/// Where the words of a map are, and what keys and values are.
pub(crate) trait Buckets {
    type Key;
    type Value;
    /// How many slots a bucket has, 1 to 8.
    const SLOTS: u32;
    /// A value is one word at most, and is changed in place.
    const IN_PLACE: bool;

    /// The number of buckets, a power of two, less one.
    fn mask(&self) -> u64;
    /// The home word of a bucket; `bucket ≤ mask` and `slot < SLOTS`, here and below.
    fn home(&self, bucket: u64) -> &AtomicU64;
    /// The state word of a bucket.
    fn state(&self, bucket: u64) -> &AtomicU64;
    /// A bit for each slot with this key, by relaxed loads. Only those in `taken` are of interest.
    fn matches(&self, bucket: u64, key: &Self::Key, taken: u64) -> u64;
    /// The hash of the words of a slot's key, by relaxed loads.
    fn hash_at(&self, bucket: u64, slot: u32) -> u64;
    /// Stores the words of a key, relaxed.
    fn write_key(&self, bucket: u64, slot: u32, key: &Self::Key);
    /// Copies a value by relaxed loads; `copy` is 0 or 1, and 0 if it is in place.
    fn read_value(&self, at: Copied, value: &mut Self::Value);
    /// Stores a value, with release if it is in place.
    fn write_value(&self, at: Copied, value: &Self::Value);
}

/// One copy of a slot's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Copied {
    pub(crate) bucket: u64,
    pub(crate) slot: u32,
    /// 0 or 1.
    pub(crate) copy: u32,
}

/// Why an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Every slot holds another key.
    Full,
    /// No peer could have written what is there.
    Corrupt,
}

/// What an operation that has found a key, or that it is not there, does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing.
    Keep,
    /// Gives the key the new value, and inserts it if it is not there.
    Put,
    /// Removes the key, if it is there.
    Remove,
}

/// What a look into a bucket finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// The key, in this slot of the bucket with this state.
    Here(u32, u64),
    /// The key, unless it was something else that was just being replaced.
    Moved,
    /// The key is not there.
    Not,
}

/// What a try for a bucket's lock gives.
enum Try<'w> {
    Held(Hold<'w>),
    /// This is in the word, and its owner is alive.
    Busy(u64),
    /// Others take and release it all the time.
    Busier,
}

/// How an insertion ended.
enum Inserted {
    Done,
    /// Nothing is free but what may be in this bucket, whose owner is alive.
    Busy(u64),
}

/// A bucket that is held, and the bound that it will be released with.
#[derive(Debug)]
struct Hold<'w> {
    word: &'w AtomicU64,
    me: u32,
    bucket: u64,
    bound: u64,
}

/// A slot that holds a key, and the state of its bucket.
#[derive(Clone, Copy, Debug)]
struct Place {
    bucket: u64,
    slot: u32,
    state: u64,
    /// How many buckets it is from the key's home.
    distance: u64,
}

const fn home_word(owner: u32, bound: u64) -> u64 {
    owner as u64 | bound << HOME_BOUND_SHIFT
}

const fn home_owner(word: u64) -> u32 {
    (word & OWNER_MASK) as u32
}

const fn home_bound(word: u64) -> u64 {
    word >> HOME_BOUND_SHIFT
}

const fn taken_bit(slot: u32) -> u64 {
    1 << slot
}

const fn copy_bit(slot: u32) -> u64 {
    1 << (STATE_COPY_SHIFT as u32 + slot)
}

/// Whether two states have the same version, so that what both say is taken is the same.
const fn same_version(one: u64, other: u64) -> bool {
    (one ^ other) >> STATE_VERSION_SHIFT == 0
}

/// The algorithm, borrowing the words it works on.
pub(crate) struct Kernel<'a, B, P> {
    pub(crate) buckets: &'a B,
    pub(crate) peers: &'a P,
}

impl<'a, B: Buckets, P: Peers> Kernel<'a, B, P> {
    /// The bits of all slots that there are.
    const ALL: u64 = (1 << B::SLOTS) - 1;

    /// Which copy of a value counts.
    #[inline(always)]
    fn copied(bucket: u64, slot: u32, state: u64) -> Copied {
        Copied { bucket, slot, copy: if B::IN_PLACE { 0 } else { u32::from(state & copy_bit(slot) != 0) } }
    }

    /// Looks for a key; `true` when it is there, and `read` has then copied its value by relaxed loads; the last call counts.
    /// Holds nothing, and works on a read-only mapping.
    #[inline(always)]
    pub(crate) fn get(&self, hash: u64, key: &B::Key, mut read: impl FnMut(Copied)) -> Result<bool, Stop> {
        let home = hash & self.buckets.mask();
        // Nearly all keys lie in their home, and most homes reach no further.
        match self.look(home, key, &mut read) {
            Look::Here(..) => Ok(true),
            Look::Not if home_bound(self.buckets.home(home).load(Relaxed)) == 0 => Ok(false),
            Look::Not => self.get_behind(home, key, 1, read),
            Look::Moved => self.get_behind(home, key, 0, read),
        }
    }

    /// The rest of a search, from so far behind the home on.
    #[inline(never)]
    fn get_behind(&self, home: u64, key: &B::Key, mut from: u64, mut read: impl FnMut(Copied)) -> Result<bool, Stop> {
        let mask = self.buckets.mask();
        'round: for _ in 0..MAX_ROUNDS {
            let bound = home_bound(self.buckets.home(home).load(Relaxed));
            if bound > mask {
                return Err(Stop::Corrupt);
            }
            let mut distance = from;
            while distance <= bound {
                match self.look((home + distance) & mask, key, &mut read) {
                    Look::Here(..) => return Ok(true),
                    Look::Not => distance += 1,
                    Look::Moved => {
                        spin_loop();
                        from = 0;
                        continue 'round;
                    }
                }
            }
            return Ok(false);
        }
        Err(Stop::Corrupt)
    }

    /// Looks into one bucket, and copies the value if the key is there.
    ///
    /// That a bucket does not hold the key is not looked at twice. A key that is there during a whole search is in one slot all
    /// the time, whose key words are the same all the time and were published before.
    #[inline(always)]
    fn look(&self, bucket: u64, key: &B::Key, mut read: impl FnMut(Copied)) -> Look {
        let state = self.buckets.state(bucket);
        let seen = state.load(Relaxed);
        // SYNC publish
        fence(Acquire);
        let taken = seen & Self::ALL;
        let found = self.buckets.matches(bucket, key, taken) & taken;
        if found == 0 {
            return Look::Not;
        }
        let slot = found.trailing_zeros();
        read(Self::copied(bucket, slot, seen));
        // SYNC overwrite, value: a word that was written over brings the version that allowed it.
        fence(Acquire);
        if same_version(state.load(Relaxed), seen) { Look::Here(slot, seen) } else { Look::Moved }
    }

    /// Copies what a slot holds by `read`, as in [`get`](Kernel::get); `false` when it holds nothing. Holds nothing, and works
    /// on a read-only mapping.
    pub(crate) fn snapshot(&self, bucket: u64, slot: u32, mut read: impl FnMut(Copied)) -> Result<bool, Stop> {
        let state = self.buckets.state(bucket);
        for _ in 0..MAX_ROUNDS {
            let seen = state.load(Relaxed);
            if seen & taken_bit(slot) == 0 {
                return Ok(false);
            }
            // SYNC publish
            fence(Acquire);
            read(Self::copied(bucket, slot, seen));
            // SYNC overwrite, value
            fence(Acquire);
            if same_version(state.load(Relaxed), seen) {
                return Ok(true);
            }
            spin_loop();
        }
        Err(Stop::Corrupt)
    }

    /// How many slots of a bucket hold a key.
    pub(crate) fn count(&self, bucket: u64) -> u64 {
        u64::from((self.buckets.state(bucket).load(Relaxed) & Self::ALL).count_ones())
    }

    /// Whether what a bucket says could have been left by a peer: for structures that nobody has recorded.
    pub(crate) fn is_sound(&self, bucket: u64) -> bool {
        let (mask, state) = (self.buckets.mask(), self.buckets.state(bucket));
        let home = self.buckets.home(bucket).load(Relaxed);
        let possible = if B::IN_PLACE { Self::ALL } else { Self::ALL | Self::ALL << STATE_COPY_SHIFT };
        let seen = state.load(Relaxed);
        if home_bound(home) > mask || home != home_word(home_owner(home), home_bound(home)) {
            return false;
        }
        if seen & (NEXT_VERSION - 1) & !possible != 0 {
            return false;
        }
        // SYNC publish
        fence(Acquire);
        let is_placed = |slot: u32| {
            let hash = self.buckets.hash_at(bucket, slot);
            let bound = home_bound(self.buckets.home(hash & mask).load(Relaxed));
            // SYNC overwrite, home: who lowers the bound has removed the key before.
            fence(Acquire);
            bucket.wrapping_sub(hash) & mask <= bound || !same_version(state.load(Relaxed), seen)
        };
        (0..B::SLOTS).all(|slot| seen & taken_bit(slot) == 0 || is_placed(slot))
    }

    /// Changes what the map has for a key, as `decide` says when it is told what is there; `true` when the key was there,
    /// and then `value` is what it had. `Wait` when a writer that is alive holds what it takes.
    #[allow(clippy::too_many_arguments)]
    #[inline(always)]
    pub(crate) fn change(
        &self,
        me: u32,
        hash: u64,
        key: &B::Key,
        new: &B::Value,
        value: &mut B::Value,
        decide: impl FnOnce(Option<&B::Value>) -> Change,
        patience: &mut Patience,
    ) -> Result<Turn<'a, bool>, Stop> {
        let mut hold = match self.lock(me, hash & self.buckets.mask(), patience)? {
            Turn::Done(hold) => hold,
            Turn::Wait(nap) => return Ok(Turn::Wait(nap)),
            Turn::Again => return Ok(Turn::Again),
        };
        // From here to the release nothing can panic, and no code of the user runs.
        let done = match self.find(&hold, key, value) {
            Err(stop) => Err(stop),
            Ok(Some(place)) => {
                match decide(Some(value)) {
                    Change::Keep => {}
                    Change::Put => self.update(place, new),
                    Change::Remove => self.remove(&mut hold, place),
                }
                Ok(Turn::Done(true))
            }
            Ok(None) if decide(None) != Change::Put => Ok(Turn::Done(false)),
            Ok(None) => self.insert(&mut hold, key, new).map(|inserted| match inserted {
                Inserted::Done => Turn::Done(false),
                Inserted::Busy(bucket) => {
                    let word = self.buckets.home(bucket);
                    Turn::Wait(patience.nap(word, word.load(Relaxed)))
                }
            }),
        };
        self.unlock(hold);
        done
    }

    /// Removes what a slot holds, whatever it is. `Wait` as in [`change`](Kernel::change).
    pub(crate) fn clear_slot(
        &self,
        me: u32,
        bucket: u64,
        slot: u32,
        patience: &mut Patience,
    ) -> Result<Turn<'a, ()>, Stop> {
        let (mask, state) = (self.buckets.mask(), self.buckets.state(bucket));
        for _ in 0..MAX_ROUNDS {
            let seen = state.load(Relaxed);
            if seen & taken_bit(slot) == 0 {
                return Ok(Turn::Done(()));
            }
            // SYNC publish
            fence(Acquire);
            let home = self.buckets.hash_at(bucket, slot) & mask;
            let mut hold = match self.lock(me, home, patience)? {
                Turn::Done(hold) => hold,
                Turn::Wait(nap) => return Ok(Turn::Wait(nap)),
                Turn::Again => return Ok(Turn::Again),
            };
            let cleared = self.clear_held(&mut hold, bucket, slot);
            self.unlock(hold);
            if cleared {
                return Ok(Turn::Done(()));
            }
        }
        Err(Stop::Corrupt)
    }

    /// Removes what a slot holds if it belongs to the home that is held.
    fn clear_held(&self, hold: &mut Hold<'_>, bucket: u64, slot: u32) -> bool {
        let (mask, state) = (self.buckets.mask(), self.buckets.state(bucket));
        let seen = state.load(Relaxed);
        // SYNC publish
        fence(Acquire);
        let belongs = seen & taken_bit(slot) != 0 && self.buckets.hash_at(bucket, slot) & mask == hold.bucket;
        // SYNC overwrite: then it was the whole key, which stands still from now on (I1).
        fence(Acquire);
        if belongs && same_version(state.load(Relaxed), seen) {
            let distance = bucket.wrapping_sub(hold.bucket) & mask;
            self.remove(hold, Place { bucket, slot, state: seen, distance });
            return true;
        }
        false
    }

    /// Takes a home, also from a dead writer.
    #[inline(always)]
    fn lock(&self, me: u32, bucket: u64, patience: &mut Patience) -> Result<Turn<'a, Hold<'a>>, Stop> {
        let word = self.buckets.home(bucket);
        let seen = word.load(Relaxed);
        if home_owner(seen) == 0
            && let Some(hold) = self.take(me, bucket, seen)?
        {
            return Ok(Turn::Done(hold));
        }
        Ok(match self.try_lock(me, bucket, patience)? {
            Try::Held(hold) => Turn::Done(hold),
            Try::Busy(seen) => Turn::Wait(patience.nap(word, seen)),
            Try::Busier => Turn::Again,
        })
    }

    /// Makes a word that nobody, or somebody who is dead, holds ours, if it is still this one.
    #[inline(always)]
    fn take(&self, me: u32, bucket: u64, seen: u64) -> Result<Option<Hold<'a>>, Stop> {
        let (word, bound) = (self.buckets.home(bucket), home_bound(seen));
        if bound > self.buckets.mask() {
            return Err(Stop::Corrupt);
        }
        // SYNC home. From a dead owner there is nothing to repair: see the invariants.
        if word.compare_exchange(seen, home_word(me, bound), Acquire, Relaxed).is_err() {
            return Ok(None);
        }
        point!("map.lock.taken");
        Ok(Some(Hold { word, me, bucket, bound }))
    }

    /// Takes a bucket unless a writer that is alive holds it.
    #[cold]
    #[inline(never)]
    fn try_lock(&self, me: u32, bucket: u64, patience: &mut Patience) -> Result<Try<'a>, Stop> {
        let word = self.buckets.home(bucket);
        for _ in 0..MAX_TRIES {
            let seen = word.load(Relaxed);
            let owner = home_owner(seen);
            if owner != 0 {
                if patience.spin(word, seen) {
                    continue;
                }
                if !self.peers.is_dead(owner) {
                    return Ok(Try::Busy(seen));
                }
                point!("map.lock.dead");
            }
            if let Some(hold) = self.take(me, bucket, seen)? {
                return Ok(Try::Held(hold));
            }
        }
        Ok(Try::Busier)
    }

    /// Releases a bucket.
    #[inline(always)]
    fn unlock(&self, hold: Hold<'_>) {
        // SYNC home: what was done to its keys to the next owner. A plain store: only the owner leaves HELD (I5).
        hold.word.store(home_word(0, hold.bound), Release);
        point!("map.lock.released");
    }

    /// Where a key is, with its value; by who holds its home, so that the answer stays right.
    #[inline(always)]
    fn find(&self, hold: &Hold<'_>, key: &B::Key, value: &mut B::Value) -> Result<Option<Place>, Stop> {
        let mask = self.buckets.mask();
        for distance in 0..=hold.bound {
            let bucket = (hold.bucket + distance) & mask;
            let mut rounds = 0;
            loop {
                match self.look(bucket, key, |at| self.buckets.read_value(at, value)) {
                    Look::Here(slot, state) => return Ok(Some(Place { bucket, slot, state, distance })),
                    Look::Not => break,
                    // Something else in the bucket was removed or updated.
                    Look::Moved if rounds < MAX_ROUNDS => {
                        rounds += 1;
                        spin_loop();
                    }
                    Look::Moved => return Err(Stop::Corrupt),
                }
            }
        }
        Ok(None)
    }

    /// A free slot of a bucket, and its state; for who holds the bucket, it stays free.
    #[inline(always)]
    fn free_slot(&self, bucket: u64) -> Option<(u32, u64)> {
        let state = self.buckets.state(bucket).load(Relaxed);
        let free = !state & Self::ALL;
        // SYNC free: what is written there now was read before, or is nobody's.
        fence(Acquire);
        (free != 0).then(|| (free.trailing_zeros(), state))
    }

    /// Puts a key that is not there into the first free slot.
    #[inline(always)]
    fn insert(&self, hold: &mut Hold<'_>, key: &B::Key, new: &B::Value) -> Result<Inserted, Stop> {
        if let Some((slot, state)) = self.free_slot(hold.bucket) {
            self.fill(hold, Place { bucket: hold.bucket, slot, state, distance: 0 }, key, new);
            return Ok(Inserted::Done);
        }
        self.insert_behind(hold, key, new)
    }

    /// Puts a key whose home is full into a bucket behind it.
    #[inline(never)]
    fn insert_behind(&self, hold: &mut Hold<'_>, key: &B::Key, new: &B::Value) -> Result<Inserted, Stop> {
        let mask = self.buckets.mask();
        let mut busy = None;
        for distance in 1..=mask {
            let bucket = (hold.bucket + distance) & mask;
            if self.free_slot(bucket).is_none() {
                continue;
            }
            // Only tried for: whoever waited here would hold a bucket meanwhile.
            let Try::Held(other) = self.try_lock(hold.me, bucket, &mut Patience::new(P::SPINS))? else {
                busy = Some(bucket);
                continue;
            };
            let free = self.free_slot(bucket);
            if let Some((slot, state)) = free {
                self.fill(hold, Place { bucket, slot, state, distance }, key, new);
            }
            self.unlock(other);
            if free.is_some() {
                return Ok(Inserted::Done);
            }
        }
        busy.map(Inserted::Busy).ok_or(Stop::Full)
    }

    /// Fills a free slot of a bucket that is held, and publishes it.
    #[inline(always)]
    fn fill(&self, hold: &mut Hold<'_>, place: Place, key: &B::Key, new: &B::Value) {
        let Place { bucket, slot, state, distance } = place;
        point!("map.insert.found");
        // SYNC overwrite: the version that freed the slot, before its words.
        fence(Release);
        self.buckets.write_key(bucket, slot, key);
        point!("map.insert.key");
        self.buckets.write_value(Self::copied(bucket, slot, state), new);
        point!("map.insert.value");
        if distance > hold.bound {
            hold.bound = distance;
            // Before the slot is taken (I2).
            hold.word.store(home_word(hold.me, distance), Relaxed);
            point!("map.insert.raised");
        }
        // SYNC publish. The bit is not set, and nobody else sets it (I1), so that this addition sets it and no other.
        self.buckets.state(bucket).fetch_add(taken_bit(slot), Release);
        point!("map.insert.published");
    }

    /// Gives a key another value.
    #[inline(always)]
    fn update(&self, Place { bucket, slot, state, .. }: Place, new: &B::Value) {
        let now = Self::copied(bucket, slot, state);
        if B::IN_PLACE {
            self.buckets.write_value(now, new);
            point!("map.update.stored");
            return;
        }
        // SYNC overwrite: the version that made the other copy the old one, before its words.
        fence(Release);
        self.buckets.write_value(Copied { copy: 1 - now.copy, ..now }, new);
        point!("map.update.written");
        // Sets the bit if it is not set, and clears it if it is; nobody else changes it (I1).
        let flip = if now.copy == 0 { copy_bit(slot) } else { copy_bit(slot).wrapping_neg() };
        // SYNC publish
        self.buckets.state(bucket).fetch_add(NEXT_VERSION.wrapping_add(flip), Release);
        point!("map.update.published");
    }

    /// Removes a key, and lowers the bound if nothing of its home lies as far.
    #[inline(always)]
    fn remove(&self, hold: &mut Hold<'_>, Place { bucket, slot, distance, .. }: Place) {
        // SYNC free: that we have read the words to who writes there next. The bit is set, and nobody else clears it (I1).
        self.buckets.state(bucket).fetch_add(NEXT_VERSION.wrapping_sub(taken_bit(slot)), Release);
        point!("map.remove.freed");
        if distance == hold.bound && distance > 0 {
            hold.bound = self.farthest(hold);
        }
    }

    /// How far behind the home that is held there may be a key of it.
    #[cold]
    fn farthest(&self, hold: &Hold<'_>) -> u64 {
        let mask = self.buckets.mask();
        // Keys of this home stand still; those of others may be read in parts, which leaves the bound too high at worst.
        let may_hold = |distance: &u64| {
            let bucket = (hold.bucket + distance) & mask;
            let taken = self.buckets.state(bucket).load(Relaxed);
            (0..B::SLOTS)
                .any(|slot| taken & taken_bit(slot) != 0 && self.buckets.hash_at(bucket, slot) & mask == hold.bucket)
        };
        (1..=hold.bound).rev().find(may_hold).unwrap_or(0)
    }
}
