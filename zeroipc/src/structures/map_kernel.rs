//! The algorithm of the map and the set, on words that may lie in a mapping or, for a model, on the heap.
//!
//! Open addressing with linear probing. A key's hash leads to its *home*, one of the slots; the key lies there or in a slot
//! behind it, at most as far as the home's *bound* says. With a bound per home
//! ([Purcell and Harris](https://doi.org/10.1007/11561927_10)) a search need not go on to the first empty slot, so a removed
//! key leaves an empty slot and no tombstone, and keys never move. Whoever changes something holds the home of its key, by a
//! word there that names him; whoever only looks holds nothing.
//!
//! ```text
//!  home    FREE(bound) ──lock: CAS──▶ HELD(me, bound) ──raise: store──▶ HELD(me, more) ──unlock: store──▶ FREE(bound)
//!             HELD(dead, bound) ──take over, when the owner is dead: CAS──▶ HELD(me, bound)
//!
//!  slot    EMPTY(v) ──claim: CAS──▶ CLAIMED(v, me) ──publish: store──▶ FULL(v, hash) ──remove: store──▶ EMPTY(v + 1)
//!             ▲                          │                             │         ▲
//!             └──recover, when the owner is dead: CAS, v + 1           └─update──┘ store, v + 1
//! ```
//!
//! A value of up to 8 bytes is one word and changed in place. A larger one has two copies: FULL(v) means copy `v mod 2`, and
//! an update writes the other one.
//!
//! Invariants, `h` being the home of a key:
//! - **I1** Only who holds `h` makes a slot FULL with a key of `h`, updates it, removes it, or changes the bound of `h`.
//! - **I2** A FULL slot with a key of `h` lies at most the bound of `h` behind `h`.
//! - **I3** A key is in at most one FULL slot.
//! - **I4** The words of a key, and of the copy that FULL means, change only while the slot is in another state; a value
//!   of one word excepted.
//! - **I5** Only the owner leaves CLAIMED, and only the owner leaves HELD, unless the kernel says that it is dead.
//! - **I6** A version never comes back within 2^38 changes of a slot.
//!
//! I2 holds since the bound is raised before the slot becomes FULL, and lowered, by whoever holds `h`, to the farthest slot
//! that still has a key of `h`. I3 follows: who inserts a key holds `h`, and has found no slot up to the bound that
//! has it. **No step leaves anything to repair**: at every instant I1 to I6 hold, so who takes over the home of a dead writer
//! has nothing to do but go on, and who meets a slot that a dead writer has claimed frees it. A bound that is too high costs
//! time and is otherwise as good.
//!
//! A search that holds nothing is right as well: keys do not move, so a key that is there from its beginning to its end is in
//! one slot all that time, within the bound (I2), and is found. A copy counts only if the state is still the same behind it.
//!
//! | label | release side | acquire side | what becomes visible |
//! |---|---|---|---|
//! | `publish` | [`Kernel::fill`], [`Kernel::update`] store FULL | [`Kernel::look`], a fence behind the load of FULL | the key, the copy, the raised bound |
//! | `overwrite` | a fence before the words of a key or value are written | [`Kernel::look`], a fence before it loads the state again | the state that FULL had become before |
//! | `value` | [`Slots::write_value`] of one word | the same fence as `overwrite` | what the writer did before |
//! | `free` | [`Kernel::empty`], [`Kernel::recover`] leave EMPTY | [`Kernel::claim`]: the CAS to CLAIMED | that the words were read, or are nobody's |
//! | `home` | [`Kernel::unlock`] | [`Kernel::lock`]: the CAS to HELD | all slots of the keys with this home |
//!
//! The rest is relaxed. The owner of a dead writer's home sees what it did by the kernel's word on its death.

use super::waiting::{Patience, Peers, Turn};
use crate::format::map::{
    HOME_BOUND_SHIFT, HOME_OWNER_BITS, SLOT_CLAIMED, SLOT_EMPTY, SLOT_FULL, SLOT_MARK_BITS, SLOT_MARK_SHIFT,
    SLOT_TAG_MASK, SLOT_VERSION_SHIFT,
};
use crate::points::point;
use crate::sync::{AcqRel, Acquire, AtomicU64, Relaxed, Release, fence, spin_loop};

const OWNER_MASK: u64 = (1 << HOME_OWNER_BITS) - 1;
const MARK_MASK: u64 = (1 << SLOT_MARK_BITS) - 1;
const VERSION_MASK: u64 = u64::MAX >> SLOT_VERSION_SHIFT;
/// The bits of a state that a search compares: the tag, and the hash of a FULL slot.
const IDENTITY_MASK: u64 = SLOT_TAG_MASK | MARK_MASK << SLOT_MARK_SHIFT;
/// More looks than anybody loses against others, by any chance that matters.
const MAX_ROUNDS: u32 = 10_000;
/// How often a lock is tried for that others take and release meanwhile, before the deadline is looked at.
const MAX_TRIES: u32 = 100;

/// Where the words of a map are, and what keys and values are.
pub(crate) trait Slots {
    type Key;
    type Value;
    /// A value is one word at most, and is changed in place.
    const IN_PLACE: bool;

    /// The number of slots, a power of two, less one.
    fn mask(&self) -> u64;
    /// The home word of a slot; `index ≤ mask`, here and below.
    fn home(&self, index: u64) -> &AtomicU64;
    /// The state word of a slot.
    fn state(&self, index: u64) -> &AtomicU64;
    /// Whether the words of a slot's key are these, by relaxed loads.
    fn holds(&self, index: u64, key: &Self::Key) -> bool;
    /// The hash of the words of a slot's key, by relaxed loads.
    fn hash_at(&self, index: u64) -> u64;
    /// Stores the words of a key, relaxed.
    fn write_key(&self, index: u64, key: &Self::Key);
    /// Copies a value by relaxed loads; `copy` is 0 or 1, and 0 if it is in place.
    fn read_value(&self, index: u64, copy: u64, value: &mut Self::Value);
    /// Stores a value, with release if it is in place.
    fn write_value(&self, index: u64, copy: u64, value: &Self::Value);
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

/// What a look into a slot finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// The key; the state's word.
    Here(u64),
    /// The key, a moment ago.
    Moved,
    /// Something else, or nothing.
    Not,
}

/// How a slot in CLAIMED is met again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claimed {
    /// The word has changed, or may have.
    Moved,
    /// Its owner is alive.
    Alive,
}

/// A home that is held, and the bound that it will be released with.
#[derive(Debug)]
struct Hold<'w> {
    word: &'w AtomicU64,
    me: u32,
    home: u64,
    bound: u64,
}

/// A slot that holds a key.
#[derive(Clone, Copy, Debug)]
struct Place {
    index: u64,
    /// The state's word.
    word: u64,
    /// How far it is from the key's home.
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

const fn version(word: u64) -> u64 {
    word >> SLOT_VERSION_SHIFT
}

const fn next(version: u64) -> u64 {
    version.wrapping_add(1) & VERSION_MASK
}

const fn empty(version: u64) -> u64 {
    SLOT_EMPTY | version << SLOT_VERSION_SHIFT
}

const fn claimed(version: u64, owner: u32) -> u64 {
    SLOT_CLAIMED | (owner as u64) << SLOT_MARK_SHIFT | version << SLOT_VERSION_SHIFT
}

const fn claimant(word: u64) -> u32 {
    (word >> SLOT_MARK_SHIFT & MARK_MASK) as u32
}

/// What a FULL slot with this hash has under [`IDENTITY_MASK`].
const fn identity(hash: u64) -> u64 {
    SLOT_FULL | hash >> (u64::BITS as u64 - SLOT_MARK_BITS) << SLOT_MARK_SHIFT
}

const fn full(version: u64, hash: u64) -> u64 {
    identity(hash) | version << SLOT_VERSION_SHIFT
}

const fn tag(word: u64) -> u64 {
    word & SLOT_TAG_MASK
}

const fn is_nothing(word: u64) -> bool {
    tag(word) > SLOT_FULL
}

/// The algorithm, borrowing the words it works on.
pub(crate) struct Kernel<'a, S, P> {
    pub(crate) slots: &'a S,
    pub(crate) peers: &'a P,
}

impl<'a, S: Slots, P: Peers> Kernel<'a, S, P> {
    /// Which copy of a value a FULL state means.
    fn copy_of(version: u64) -> u64 {
        if S::IN_PLACE { 0 } else { version & 1 }
    }

    /// Looks for a key; `true` when it is there, and `read` has then copied its value, given the slot and the copy, by relaxed
    /// loads; the last call counts. Holds nothing, and works on a read-only mapping.
    #[inline(always)]
    pub(crate) fn get(&self, hash: u64, key: &S::Key, mut read: impl FnMut(u64, u64)) -> Result<bool, Stop> {
        // Most keys lie in their home.
        match self.look(hash & self.slots.mask(), hash, key, &mut read) {
            Look::Here(_) => Ok(true),
            Look::Not => self.get_behind(hash, key, 1, read),
            Look::Moved => self.get_behind(hash, key, 0, read),
        }
    }

    /// The rest of a search, from so far behind the home on.
    #[inline(never)]
    fn get_behind(&self, hash: u64, key: &S::Key, mut from: u64, mut read: impl FnMut(u64, u64)) -> Result<bool, Stop> {
        let mask = self.slots.mask();
        let home = hash & mask;
        'round: for _ in 0..MAX_ROUNDS {
            let bound = home_bound(self.slots.home(home).load(Relaxed));
            if bound > mask {
                return Err(Stop::Corrupt);
            }
            let mut distance = from;
            while distance <= bound {
                match self.look((home + distance) & mask, hash, key, &mut read) {
                    Look::Here(_) => return Ok(true),
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

    /// Looks into one slot, and copies the value if the key is there.
    ///
    /// That a slot does not hold the key is not looked at twice. A key that is there during a whole search is in one slot all
    /// the time, whose key words are the same all the time and were published before.
    #[inline(always)]
    fn look(&self, index: u64, hash: u64, key: &S::Key, mut read: impl FnMut(u64, u64)) -> Look {
        let state = self.slots.state(index);
        let word = state.load(Relaxed);
        if word & IDENTITY_MASK != identity(hash) {
            return Look::Not;
        }
        // SYNC publish
        fence(Acquire);
        if !self.slots.holds(index, key) {
            return Look::Not;
        }
        read(index, Self::copy_of(version(word)));
        // SYNC overwrite, value: a word that was written over brings the state that allowed it.
        fence(Acquire);
        if state.load(Relaxed) == word { Look::Here(word) } else { Look::Moved }
    }

    /// Copies what a slot holds by `read`, as in [`get`](Kernel::get); `false` when it holds nothing. Holds nothing, and works
    /// on a read-only mapping.
    pub(crate) fn snapshot(&self, index: u64, mut read: impl FnMut(u64)) -> Result<bool, Stop> {
        let state = self.slots.state(index);
        for _ in 0..MAX_ROUNDS {
            let word = state.load(Relaxed);
            if is_nothing(word) {
                return Err(Stop::Corrupt);
            }
            if tag(word) != SLOT_FULL {
                return Ok(false);
            }
            // SYNC publish
            fence(Acquire);
            read(Self::copy_of(version(word)));
            // SYNC overwrite, value
            fence(Acquire);
            if state.load(Relaxed) == word {
                return Ok(true);
            }
            spin_loop();
        }
        Err(Stop::Corrupt)
    }

    /// Whether a slot holds a key now.
    pub(crate) fn is_full(&self, index: u64) -> Result<bool, Stop> {
        let word = self.slots.state(index).load(Relaxed);
        if is_nothing(word) { Err(Stop::Corrupt) } else { Ok(tag(word) == SLOT_FULL) }
    }

    /// Whether what a slot says could have been left by a peer: for structures that nobody has recorded.
    pub(crate) fn is_sound(&self, index: u64) -> bool {
        let (mask, state) = (self.slots.mask(), self.slots.state(index));
        let home = self.slots.home(index).load(Relaxed);
        if home_bound(home) > mask || home & !OWNER_MASK & u64::from(u32::MAX) != 0 {
            return false;
        }
        for _ in 0..MAX_ROUNDS {
            let word = state.load(Relaxed);
            match tag(word) {
                SLOT_EMPTY => return word & IDENTITY_MASK == SLOT_EMPTY,
                SLOT_CLAIMED => return true,
                SLOT_FULL => {}
                _ => return false,
            }
            // SYNC publish
            fence(Acquire);
            let hash = self.slots.hash_at(index);
            let bound = home_bound(self.slots.home(hash & mask).load(Relaxed));
            // SYNC overwrite, home: who lowers the bound has removed the key before.
            fence(Acquire);
            if state.load(Relaxed) == word {
                return word & IDENTITY_MASK == identity(hash) && index.wrapping_sub(hash) & mask <= bound;
            }
        }
        false
    }

    /// Changes what the map has for a key, as `decide` says when it is told what is there; `true` when the key was there,
    /// and then `value` is what it had. `Wait` when a writer that is alive holds the key's home.
    #[allow(clippy::too_many_arguments)]
    #[inline(always)]
    pub(crate) fn change(
        &self,
        me: u32,
        hash: u64,
        key: &S::Key,
        new: &S::Value,
        value: &mut S::Value,
        decide: impl FnOnce(Option<&S::Value>) -> Change,
        patience: &mut Patience,
    ) -> Result<Turn<'a, bool>, Stop> {
        let mut hold = match self.lock(me, hash & self.slots.mask(), patience)? {
            Turn::Done(hold) => hold,
            Turn::Wait(nap) => return Ok(Turn::Wait(nap)),
        };
        // From here to the release nothing can panic, and no code of the user runs.
        let done = self.change_held(&mut hold, hash, key, new, value, decide);
        self.unlock(hold);
        done.map(Turn::Done)
    }

    #[inline(always)]
    fn change_held(
        &self,
        hold: &mut Hold<'_>,
        hash: u64,
        key: &S::Key,
        new: &S::Value,
        value: &mut S::Value,
        decide: impl FnOnce(Option<&S::Value>) -> Change,
    ) -> Result<bool, Stop> {
        let Some(place) = self.find(hold, hash, key, value) else {
            if decide(None) == Change::Put {
                self.insert(hold, hash, key, new)?;
            }
            return Ok(false);
        };
        match decide(Some(value)) {
            Change::Keep => {}
            Change::Put => self.update(place, hash, new),
            Change::Remove => self.remove(hold, place),
        }
        Ok(true)
    }

    /// Removes what a slot holds, whatever it is. `Wait` as in [`change`](Kernel::change).
    pub(crate) fn clear_slot(&self, me: u32, index: u64, patience: &mut Patience) -> Result<Turn<'a, ()>, Stop> {
        let (mask, state) = (self.slots.mask(), self.slots.state(index));
        for _ in 0..MAX_ROUNDS {
            let word = state.load(Relaxed);
            match tag(word) {
                SLOT_EMPTY => return Ok(Turn::Done(())),
                SLOT_CLAIMED if self.resolve(index, word) == Claimed::Alive => return Ok(Turn::Done(())),
                SLOT_CLAIMED => continue,
                SLOT_FULL => {}
                _ => return Err(Stop::Corrupt),
            }
            // SYNC publish
            fence(Acquire);
            let home = self.slots.hash_at(index) & mask;
            // SYNC overwrite
            fence(Acquire);
            if state.load(Relaxed) != word {
                continue;
            }
            let mut hold = match self.lock(me, home, patience)? {
                Turn::Done(hold) => hold,
                Turn::Wait(nap) => return Ok(Turn::Wait(nap)),
            };
            // The same word is the same key, which nobody else changes now (I1, I6).
            let same = state.load(Relaxed) == word;
            if same {
                self.remove(&mut hold, Place { index, word, distance: index.wrapping_sub(home) & mask });
            }
            self.unlock(hold);
            if same {
                return Ok(Turn::Done(()));
            }
        }
        Err(Stop::Corrupt)
    }

    /// Takes a home, also from a dead writer.
    #[inline(always)]
    fn lock(&self, me: u32, home: u64, patience: &mut Patience) -> Result<Turn<'a, Hold<'a>>, Stop> {
        let word = self.slots.home(home);
        let seen = word.load(Relaxed);
        // SYNC home
        if home_owner(seen) == 0
            && word.compare_exchange(seen, home_word(me, home_bound(seen)), Acquire, Relaxed).is_ok()
        {
            point!("map.lock.taken");
            return self.held(me, home, seen);
        }
        self.lock_contended(me, home, patience)
    }

    /// What a lock that was just taken is, if that can be.
    #[inline(always)]
    fn held(&self, me: u32, home: u64, seen: u64) -> Result<Turn<'a, Hold<'a>>, Stop> {
        let (word, bound) = (self.slots.home(home), home_bound(seen));
        if bound > self.slots.mask() {
            word.store(home_word(0, bound), Release);
            return Err(Stop::Corrupt);
        }
        Ok(Turn::Done(Hold { word, me, home, bound }))
    }

    #[cold]
    #[inline(never)]
    fn lock_contended(&self, me: u32, home: u64, patience: &mut Patience) -> Result<Turn<'a, Hold<'a>>, Stop> {
        let word = self.slots.home(home);
        for _ in 0..MAX_TRIES {
            let seen = word.load(Relaxed);
            let owner = home_owner(seen);
            if owner != 0 {
                if patience.spin(word, seen) {
                    continue;
                }
                if !self.peers.is_dead(owner) {
                    return Ok(Turn::Wait(patience.nap(word, seen)));
                }
                point!("map.lock.dead");
            }
            // SYNC home. From a dead owner there is nothing to repair: see the invariants.
            if word.compare_exchange(seen, home_word(me, home_bound(seen)), Acquire, Relaxed).is_ok() {
                point!("map.lock.taken");
                return self.held(me, home, seen);
            }
        }
        // Others have it one after the other: look at the deadline, and try again.
        Ok(Turn::Wait(patience.nap(word, word.load(Relaxed))))
    }

    /// Releases a home.
    #[inline(always)]
    fn unlock(&self, hold: Hold<'_>) {
        // SYNC home: what was done to its keys to the next owner. A plain store: only the owner leaves HELD (I5).
        hold.word.store(home_word(0, hold.bound), Release);
        point!("map.lock.released");
    }

    /// Where a key is, with its value; by who holds its home, so that the answer stays right.
    #[inline(always)]
    fn find(&self, hold: &Hold<'_>, hash: u64, key: &S::Key, value: &mut S::Value) -> Option<Place> {
        let mask = self.slots.mask();
        for distance in 0..=hold.bound {
            let index = (hold.home + distance) & mask;
            // A slot that had the key a moment ago had it never: the key's own stands still, and this one was read in parts.
            if let Look::Here(word) =
                self.look(index, hash, key, |index, copy| self.slots.read_value(index, copy, value))
            {
                return Some(Place { index, word, distance });
            }
        }
        None
    }

    /// Puts a key that is not there into the first free slot.
    #[inline(always)]
    fn insert(&self, hold: &mut Hold<'_>, hash: u64, key: &S::Key, new: &S::Value) -> Result<(), Stop> {
        let mask = self.slots.mask();
        for distance in 0..=mask {
            let index = (hold.home + distance) & mask;
            if let Some(version) = self.claim(hold.me, index)? {
                self.fill(hold, Place { index, word: full(version, hash), distance }, key, new);
                return Ok(());
            }
        }
        Err(Stop::Full)
    }

    /// Claims a slot if it is free, and returns its version.
    #[inline(always)]
    fn claim(&self, me: u32, index: u64) -> Result<Option<u64>, Stop> {
        let state = self.slots.state(index);
        for _ in 0..MAX_TRIES {
            let word = state.load(Relaxed);
            match tag(word) {
                SLOT_EMPTY => {
                    let version = version(word);
                    // SYNC free
                    if state.compare_exchange(word, claimed(version, me), Acquire, Relaxed).is_ok() {
                        return Ok(Some(version));
                    }
                }
                SLOT_CLAIMED => {
                    if self.resolve(index, word) == Claimed::Alive {
                        return Ok(None);
                    }
                }
                SLOT_FULL => return Ok(None),
                _ => return Err(Stop::Corrupt),
            }
        }
        Ok(None)
    }

    /// Meets a slot that somebody has claimed; frees it if he is dead.
    #[cold]
    #[inline(never)]
    fn resolve(&self, index: u64, word: u64) -> Claimed {
        let state = self.slots.state(index);
        if Patience::new(P::SPINS).spin(state, word) {
            return Claimed::Moved;
        }
        if !self.peers.is_dead(claimant(word)) {
            return Claimed::Alive;
        }
        point!("map.recover.dead");
        self.recover(state, word);
        point!("map.recover.freed");
        Claimed::Moved
    }

    /// Frees a slot whose owner is dead, unless somebody else has.
    fn recover(&self, state: &AtomicU64, word: u64) {
        // SYNC free. Whether it succeeds is of no interest: the slot is looked at again.
        let _ = state.compare_exchange(word, empty(next(version(word))), AcqRel, Relaxed);
    }

    /// Fills a claimed slot and publishes it.
    #[inline(always)]
    fn fill(&self, hold: &mut Hold<'_>, place: Place, key: &S::Key, new: &S::Value) {
        let Place { index, word, distance } = place;
        point!("map.insert.claimed");
        // SYNC overwrite: CLAIMED before the words.
        fence(Release);
        self.slots.write_key(index, key);
        point!("map.insert.key");
        self.slots.write_value(index, Self::copy_of(version(word)), new);
        point!("map.insert.value");
        if distance > hold.bound {
            hold.bound = distance;
            // Before the slot is FULL (I2).
            hold.word.store(home_word(hold.me, distance), Relaxed);
            point!("map.insert.raised");
        }
        // SYNC publish. A plain store: only the owner leaves CLAIMED (I5).
        self.slots.state(index).store(word, Release);
        point!("map.insert.published");
    }

    /// Gives a key another value.
    #[inline(always)]
    fn update(&self, place: Place, hash: u64, new: &S::Value) {
        let Place { index, word, .. } = place;
        if S::IN_PLACE {
            self.slots.write_value(index, 0, new);
            point!("map.update.stored");
            return;
        }
        let version = next(version(word));
        // SYNC overwrite: the state that made this copy the old one, before its words.
        fence(Release);
        self.slots.write_value(index, Self::copy_of(version), new);
        point!("map.update.written");
        // SYNC publish. A plain store: we hold the key's home (I1).
        self.slots.state(index).store(full(version, hash), Release);
        point!("map.update.published");
    }

    /// Removes a key, and lowers the bound if nothing of its home lies as far.
    #[inline(always)]
    fn remove(&self, hold: &mut Hold<'_>, place: Place) {
        self.empty(place);
        point!("map.remove.emptied");
        if place.distance == hold.bound && hold.bound > 0 {
            hold.bound = self.lower(hold);
        }
    }

    #[inline(always)]
    fn empty(&self, Place { index, word, .. }: Place) {
        // SYNC free: that we have read the words to the next claim. A plain store: we hold the key's home (I1).
        self.slots.state(index).store(empty(next(version(word))), Release);
    }

    /// The farthest slot before the bound that may have a key of this home.
    #[cold]
    fn lower(&self, hold: &Hold<'_>) -> u64 {
        let mask = self.slots.mask();
        // Keys of this home stand still; those of others may be read in parts, which leaves the bound too high at worst.
        let may_hold = |distance: &u64| {
            let index = (hold.home + distance) & mask;
            tag(self.slots.state(index).load(Relaxed)) == SLOT_FULL && self.slots.hash_at(index) & mask == hold.home
        };
        (1..hold.bound).rev().find(may_hold).unwrap_or(0)
    }
}
