//! What broadcasts and streams are made of: the words in a mapping, the side that publishes, and the side that reads.
//!
//! [`broadcast_kernel`](super::broadcast_kernel) has the algorithm. [`Broadcast`](crate::Broadcast) and
//! [`Stream`](crate::Stream) are two faces of this.

use std::fmt;
use std::marker::PhantomData;
use std::mem::{MaybeUninit, offset_of};
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::broadcast_kernel::{
    FREE, Grant, Kernel, LAST_POSITION, Look, NOWHERE, Outcome, Pause, Refused, Start, VACANT, Words, empty,
    is_state_of,
};
use super::mapped::Mapped;
use super::waiting::{Patience, Turn};
use crate::entries::kind_name;
use crate::error::{Error, ErrorKind, Result};
use crate::format::broadcast::{
    BROADCAST_BATCH, BroadcastHeader, BroadcastSlot, MAX_BROADCAST_CAPACITY, MAX_BROADCAST_READERS, POLICY_OVERWRITE,
    POLICY_WAIT,
};
use crate::format::schema::Kind;
use crate::memory::{Blueprint, Memory, Segment, structure_size};
use crate::points::point;
use crate::region::Region;
use crate::shm_layout::ShmLayout;
use crate::sync::{AtomicU64, Relaxed};
use crate::table::Fit;
use crate::wait::blocking;
#[cfg(feature = "async")]
use crate::wait::waiting;

const HEADER: u64 = size_of::<BroadcastHeader>() as u64;
const SLOT: u64 = size_of::<BroadcastSlot>() as u64;
/// Bytes of a cell before its value.
const STATE: u64 = size_of::<u64>() as u64;
/// How often a reader that is overtaken again and again looks for the oldest element before it looks at the time.
const LAPS: u32 = 32;

/// What a producer does with elements that a slow reader has not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Policy {
    /// It waits for the slowest living reader. No reader loses an element.
    Wait,
    /// It overwrites the oldest and never waits. A reader is told how many elements it lost.
    Overwrite,
}

impl Policy {
    fn code(self) -> u64 {
        match self {
            Policy::Wait => POLICY_WAIT,
            Policy::Overwrite => POLICY_OVERWRITE,
        }
    }

    fn from_code(code: u64) -> Option<Policy> {
        match code {
            POLICY_WAIT => Some(Policy::Wait),
            POLICY_OVERWRITE => Some(Policy::Overwrite),
            _ => None,
        }
    }
}

/// The numbers that a broadcast or stream is created with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    capacity: u64,
    readers: u64,
    policy: Policy,
}

impl Numbers {
    pub(crate) fn checked(kind: Kind, name: &str, capacity: u64, readers: u64, policy: Policy) -> Result<Numbers> {
        let refuse = |what: &str, asked: u64, most: u64| {
            let kind = kind_name(kind);
            let message = format!("{kind} `{name}`: {what} of {asked} was asked for; 1 to {most} are possible");
            Err(Error::new(ErrorKind::BadArgument, message))
        };
        if capacity == 0 || capacity > MAX_BROADCAST_CAPACITY {
            return refuse("a capacity", capacity, MAX_BROADCAST_CAPACITY);
        }
        if readers == 0 || readers > MAX_BROADCAST_READERS {
            return refuse("a number of readers", readers, MAX_BROADCAST_READERS);
        }
        Ok(Numbers { capacity: capacity.next_power_of_two(), readers, policy })
    }

    fn size(self, name: &str, element: u64) -> Result<u64> {
        structure_size(name, HEADER + SLOT * self.readers, stride(element), self.capacity, element)
    }

    /// Writes the words of a new one into zeroed memory.
    fn initialise(self, region: &Region, offset: u64, element: u64) -> Result<()> {
        let put = |at: usize, value: u64| -> Result<()> {
            region.u64_at(offset + at as u64)?.store(value, Relaxed);
            Ok(())
        };
        put(offset_of!(BroadcastHeader, capacity), self.capacity)?;
        put(offset_of!(BroadcastHeader, readers), self.readers)?;
        put(offset_of!(BroadcastHeader, policy), self.policy.code())?;
        put(offset_of!(BroadcastHeader, role), VACANT)?;
        for slot in 0..self.readers {
            let at = (HEADER + SLOT * slot) as usize;
            put(at + offset_of!(BroadcastSlot, owner), FREE)?;
            put(at + offset_of!(BroadcastSlot, cursor), NOWHERE)?;
        }
        let cells = HEADER + SLOT * self.readers;
        (0..self.capacity).try_for_each(|index| put((cells + index * stride(element)) as usize, empty(index)))
    }
}

/// How many bytes a cell takes.
const fn stride(element: u64) -> u64 {
    STATE + element.next_multiple_of(8)
}

/// A broadcast or stream in a mapping.
///
/// Invariant **B1**: `mask + 1` cells begin at `cells`, behind `slots` slots, and all lie in `mapped`.
pub(crate) struct Ground<T> {
    mapped: Mapped<BroadcastHeader>,
    kind: Kind,
    mask: u64,
    slots: u64,
    cells: usize,
    policy: Policy,
    element: PhantomData<fn(T) -> T>,
}

impl<T> Words for Ground<T> {
    #[inline(always)]
    fn mask(&self) -> u64 {
        self.mask
    }

    fn slots(&self) -> u64 {
        self.slots
    }

    fn role(&self) -> &AtomicU64 {
        self.mapped.word(offset_of!(BroadcastHeader, role))
    }

    fn high(&self) -> &AtomicU64 {
        self.mapped.word(offset_of!(BroadcastHeader, high))
    }

    #[inline(always)]
    fn head(&self) -> &AtomicU64 {
        self.mapped.word(offset_of!(BroadcastHeader, head))
    }

    fn limit(&self) -> &AtomicU64 {
        self.mapped.word(offset_of!(BroadcastHeader, limit))
    }

    fn owner(&self, slot: u64) -> &AtomicU64 {
        self.mapped.word((HEADER + SLOT * slot) as usize + offset_of!(BroadcastSlot, owner))
    }

    #[inline(always)]
    fn cursor(&self, slot: u64) -> &AtomicU64 {
        self.mapped.word((HEADER + SLOT * slot) as usize + offset_of!(BroadcastSlot, cursor))
    }

    #[inline(always)]
    fn state(&self, index: u64) -> &AtomicU64 {
        self.mapped.word(self.cell(index))
    }
}

impl<T> Ground<T> {
    /// Where a cell begins.
    #[inline(always)]
    fn cell(&self, index: u64) -> usize {
        self.cells + index as usize * stride(size_of::<T>() as u64) as usize
    }

    /// Where the value of a position lies.
    #[inline(always)]
    fn value(&self, position: u64) -> usize {
        self.cell(position & self.mask) + STATE as usize
    }

    #[inline(always)]
    pub(crate) fn kernel(&self) -> Kernel<'_, Ground<T>, Segment> {
        Kernel { words: self, peers: &**self.mapped.segment() }
    }

    #[inline(always)]
    pub(crate) fn segment(&self) -> &Arc<Segment> {
        self.mapped.segment()
    }

    pub(crate) fn name(&self) -> &str {
        self.mapped.name()
    }

    pub(crate) fn capacity(&self) -> u64 {
        self.mask + 1
    }

    pub(crate) fn slots(&self) -> u64 {
        self.slots
    }

    pub(crate) fn policy(&self) -> Policy {
        self.policy
    }

    /// Whether this mapping can be written to, and so wait bits be set.
    pub(crate) fn marks(&self) -> bool {
        self.segment().writable().is_ok()
    }

    fn waits(&self) -> bool {
        self.policy == Policy::Wait
    }

    /// Whether the producer's end is the end.
    fn ends(&self) -> bool {
        self.kind == Kind::STREAM
    }

    #[cold]
    fn corrupt(&self) -> Error {
        self.mapped.corrupt("a word is in no state that a peer could have left")
    }

    #[cold]
    pub(crate) fn error(&self, kind: ErrorKind, found: impl fmt::Display) -> Error {
        self.mapped.error(kind, found)
    }

    /// The error for the child of a fork that uses what its parent has taken.
    #[cold]
    fn inherited(&self) -> Error {
        self.error(ErrorKind::NotOwner, "this handle belongs to the process that took it; a forked child takes its own")
    }

    #[cold]
    fn over(&self, outcome: Outcome) -> Error {
        match outcome {
            Outcome::Open => self.corrupt(),
            Outcome::Closed => Error::plain(ErrorKind::Closed),
            Outcome::Died => {
                self.error(ErrorKind::OwnerDied, "its producer died before it closed it; there is no more")
            }
            Outcome::GaveUp => {
                self.error(ErrorKind::Failed, "its producer gave up before it closed it; there is no more")
            }
        }
    }
}

impl<T: ShmLayout> Ground<T> {
    /// Copies the element of a position out; `false` if it is not there, or not any more, and then the copy is nothing.
    #[inline(always)]
    fn copy(&self, position: u64, value: &mut MaybeUninit<T>) -> bool {
        let kernel = self.kernel();
        if kernel.look(position) != Look::Here {
            return false;
        }
        self.mapped.read_into(self.value(position), value);
        point!("broadcast.read.copied");
        kernel.unchanged(position)
    }

    const SIZE: u64 = size_of::<T>() as u64;

    pub(crate) fn create(memory: &Memory, kind: Kind, name: &str, numbers: Numbers) -> Result<Ground<T>> {
        Self::with_blueprint(kind, name, numbers, |blueprint| Self::attach(Mapped::create(memory, blueprint)?, kind))
    }

    pub(crate) fn open(memory: &Memory, kind: Kind, name: &str) -> Result<Ground<T>> {
        Self::attach(Mapped::open(memory, kind, name, &[T::DESC])?, kind)
    }

    pub(crate) fn open_or_create(memory: &Memory, kind: Kind, name: &str, numbers: Numbers) -> Result<Ground<T>> {
        let ground = Self::with_blueprint(kind, name, numbers, |blueprint| {
            Self::attach(Mapped::open_or_create(memory, blueprint)?, kind)
        })?;
        ground.mapped.check_number("a capacity", ground.capacity(), numbers.capacity)?;
        ground.mapped.check_number("a number of readers", ground.slots, numbers.readers)?;
        if ground.policy != numbers.policy {
            let found =
                format!("it exists with the policy {:?}, not {:?}; open it as it is", ground.policy, numbers.policy);
            return Err(ground.error(ErrorKind::BadArgument, found));
        }
        Ok(ground)
    }

    fn with_blueprint<R>(
        kind: Kind,
        name: &str,
        numbers: Numbers,
        run: impl FnOnce(&Blueprint<'_>) -> Result<R>,
    ) -> Result<R> {
        run(&Blueprint {
            kind,
            name,
            elements: &[T::DESC],
            size: numbers.size(name, Self::SIZE)?,
            fit: Fit::LINES,
            initialise: &|region, offset| numbers.initialise(region, offset, Self::SIZE),
        })
    }

    /// Reads the numbers, once, and checks them.
    fn attach(mapped: Mapped<BroadcastHeader>, kind: Kind) -> Result<Ground<T>> {
        let number = |at| mapped.word(at).load(Relaxed);
        let capacity = number(offset_of!(BroadcastHeader, capacity));
        let readers = number(offset_of!(BroadcastHeader, readers));
        let policy = number(offset_of!(BroadcastHeader, policy));
        if !capacity.is_power_of_two() || capacity > MAX_BROADCAST_CAPACITY {
            return Err(mapped.corrupt(format!("its capacity is {capacity} instead of a power of two up to 2^31")));
        }
        if readers == 0 || readers > MAX_BROADCAST_READERS {
            let found = format!("it has {readers} slots for readers instead of 1 to {MAX_BROADCAST_READERS}");
            return Err(mapped.corrupt(found));
        }
        let Some(policy) = Policy::from_code(policy) else {
            return Err(mapped.corrupt(format!("its policy is {policy} instead of 1 or 2")));
        };
        mapped.check_size(Numbers { capacity, readers, policy }.size(mapped.name(), Self::SIZE).ok())?;
        let cells = (HEADER + SLOT * readers) as usize;
        let ground = Ground { mapped, kind, mask: capacity - 1, slots: readers, cells, policy, element: PhantomData };
        if !ground.mapped.recorded()
            && let Some(index) =
                (0..capacity).find(|&index| !is_state_of(ground.state(index).load(Relaxed), index, ground.mask))
        {
            let found = format!("cell {index} is in no state of a {}; it holds other elements", kind_name(kind));
            return Err(ground.mapped.corrupt(found));
        }
        Ok(ground)
    }
}

impl<T> Clone for Ground<T> {
    fn clone(&self) -> Self {
        Ground { mapped: self.mapped.clone(), ..*self }
    }
}

/// The side that publishes: who has the role.
pub(crate) struct Publishing<T> {
    pub(crate) ground: Ground<T>,
    me: u32,
    /// The role's word while it is ours.
    held: u64,
    next: u64,
    /// How far it may go without another grant.
    limit: u64,
}

impl<T: ShmLayout> Publishing<T> {
    /// Takes the producer's role.
    pub(crate) fn take(ground: &Ground<T>) -> Result<Publishing<T>> {
        let me = ground.segment().me()?;
        let kernel = ground.kernel();
        let held = kernel.take_role(me, ground.ends()).map_err(|refused| match refused {
            Refused::Held => ground.error(ErrorKind::NoSlot, "it has a producer that is alive; there is one at a time"),
            Refused::Over(outcome) => ground.over(outcome),
            Refused::Corrupt => ground.corrupt(),
        })?;
        let next = kernel.published();
        // The last producer may have died before it said so.
        if kernel.announce(next) {
            kernel.wake_readers();
        }
        let limit = if ground.waits() { next } else { LAST_POSITION };
        Ok(Publishing { ground: ground.clone(), me, held, next, limit })
    }

    /// The position of the next element.
    pub(crate) fn position(&self) -> u64 {
        self.next
    }

    /// How many elements, of this many, can be published without another look at anything.
    #[inline(always)]
    fn granted(&self, wanted: usize) -> usize {
        if self.ground.segment().id() == Some(self.me) {
            (self.limit - self.next).min(BROADCAST_BATCH).min(self.ground.capacity()).min(wanted as u64) as usize
        } else {
            0
        }
    }

    /// Publishes elements for which there is room, with one move of the head. Nothing here can panic, and nothing is
    /// code of the user.
    #[inline(always)]
    fn put(&mut self, values: &[T]) {
        let kernel = self.ground.kernel();
        for value in values {
            kernel.begin(self.next);
            point!("broadcast.publish.begun");
            self.ground.mapped.write_value(self.ground.value(self.next), value);
            point!("broadcast.publish.written");
            kernel.commit(self.next);
            point!("broadcast.publish.committed");
            self.next += 1;
        }
        let wake = kernel.announce(self.next);
        point!("broadcast.publish.announced");
        if wake {
            kernel.wake_readers();
        }
    }

    /// Publishes what there is room for, of a batch.
    #[inline(always)]
    fn put_granted(&mut self, values: &[T]) -> usize {
        let count = self.granted(values.len());
        if count > 0 {
            self.put(&values[..count]);
        }
        count
    }

    /// Publishes one element if there is room; `false` if there is none.
    #[inline(always)]
    pub(crate) fn try_one(&mut self, value: &T) -> Result<bool> {
        Ok(self.put_granted(std::slice::from_ref(value)) == 1 || self.try_many(std::slice::from_ref(value))? == 1)
    }

    /// Publishes as many elements as there is room for.
    pub(crate) fn try_many(&mut self, values: &[T]) -> Result<usize> {
        let mut done = 0;
        while done < values.len() {
            let count = self.put_granted(&values[done..]);
            if count == 0 && !self.try_room()? {
                break;
            }
            done += count;
        }
        Ok(done)
    }

    /// Publishes one element, waiting for room.
    #[inline(always)]
    pub(crate) fn one(&mut self, value: &T, deadline: Option<Instant>) -> Result<()> {
        while self.put_granted(std::slice::from_ref(value)) == 0 {
            self.room(deadline)?;
        }
        Ok(())
    }

    /// Publishes elements, waiting for room; how many when the deadline passes.
    pub(crate) fn many(&mut self, values: &[T], deadline: Option<Instant>) -> Result<usize> {
        let mut done = 0;
        while done < values.len() {
            let count = self.put_granted(&values[done..]);
            if count == 0 {
                match self.room(deadline) {
                    Err(error) if error.kind() == ErrorKind::TimedOut => break,
                    result => result?,
                }
            }
            done += count;
        }
        Ok(done)
    }

    /// Why the fast path was not taken, if it is no lack of room.
    fn check(&self) -> Result<()> {
        if self.ground.segment().id() != Some(self.me) {
            return Err(self.ground.inherited());
        }
        if self.next >= LAST_POSITION {
            return Err(self.ground.corrupt());
        }
        Ok(())
    }

    /// Gets room if there is some, and puts dead readers aside.
    #[cold]
    #[inline(never)]
    fn try_room(&mut self) -> Result<bool> {
        self.check()?;
        let kernel = self.ground.kernel();
        // Each round puts a dead reader aside.
        for _ in 0..=self.ground.slots {
            match kernel.grant(self.next) {
                Grant::Until(limit) => {
                    self.limit = limit;
                    return Ok(true);
                }
                Grant::Blocked { slot, .. } if kernel.evict_if_dead(slot, self.me) => {}
                Grant::Blocked { .. } => break,
            }
        }
        Ok(false)
    }

    /// Waits for room.
    #[cold]
    #[inline(never)]
    fn room(&mut self, deadline: Option<Instant>) -> Result<()> {
        self.check()?;
        let (next, me) = (self.next, self.me);
        self.limit =
            blocking(self.ground.segment(), deadline, |patience| self.ground.attempt_room(next, me, patience))?;
        Ok(())
    }

    /// As [`one`](Publishing::one), as a future.
    #[cfg(feature = "async")]
    pub(crate) async fn one_async(&mut self, value: &T) -> Result<()> {
        while self.put_granted(std::slice::from_ref(value)) == 0 {
            self.room_async().await?;
        }
        Ok(())
    }

    #[cfg(feature = "async")]
    async fn room_async(&mut self) -> Result<()> {
        self.check()?;
        let (ground, next, me) = (&self.ground, self.next, self.me);
        self.limit = waiting(ground.segment(), move |patience| ground.attempt_room(next, me, patience)).await?;
        Ok(())
    }
}

impl<T: ShmLayout> Ground<T> {
    /// One attempt to get room behind `next`: until where.
    fn attempt_room(&self, next: u64, me: u32, patience: &mut Patience) -> Result<Turn<'_, u64>> {
        let kernel = self.kernel();
        Ok(match kernel.grant(next) {
            Grant::Until(limit) => Turn::Done(limit),
            Grant::Blocked { slot, word } => match kernel.wait_for_reader(slot, word, me, patience) {
                Some(nap) => Turn::Wait(nap),
                None => Turn::Again,
            },
        })
    }
}

impl<T> Publishing<T> {
    fn is_mine(&self) -> bool {
        self.ground.segment().id() == Some(self.me)
    }

    /// Gives the role to whoever comes next.
    pub(crate) fn give_up_role(&self) {
        if self.is_mine() {
            self.ground.kernel().yield_role(self.held);
        }
    }

    /// Ends the stream.
    pub(crate) fn end(&self, how: Ending) {
        if self.is_mine() {
            let kernel = self.ground.kernel();
            match how {
                Ending::Well => kernel.close(self.held),
                Ending::GivenUp => kernel.fail(self.held, 0),
                Ending::SourceDied => kernel.fail(self.held, self.me),
            }
        }
    }
}

/// How a producer ends its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Well,
    GivenUp,
    /// As if this producer had died: where its elements come from, somebody has.
    SourceDied,
}

/// The side that reads: a cursor in the segment, or, for who only looks, none.
pub(crate) struct Reading<T> {
    pub(crate) ground: Ground<T>,
    place: Place,
}

/// Where a reader is.
struct Place {
    slot: Option<Slot>,
    position: u64,
    /// Elements that were lost, and not yet told.
    lost: u64,
    /// It has read nothing yet, and wanted the oldest that is there: what was published before this position, when it
    /// joined, is no loss if it is gone.
    since: u64,
    /// When the kernel was last asked about the producer.
    asked: Option<Instant>,
}

/// A slot that is ours.
#[derive(Clone, Copy)]
struct Slot {
    number: u64,
    word: u64,
    me: u32,
}

/// What a look has brought.
enum Fetched {
    Value,
    /// The cell is in this state.
    NotYet(u64),
    /// The producer is faster than this reader can copy.
    Outrun,
}

/// An element's position, and how many elements were lost before it.
pub(crate) type Told = (u64, u64);

impl Place {
    /// How often at most a polling reader asks the kernel about the producer.
    const ASKS: Duration = Duration::from_millis(50);

    #[inline(always)]
    fn is_mine<T>(&self, ground: &Ground<T>) -> bool {
        match self.slot {
            None => true,
            Some(slot) => ground.segment().id() == Some(slot.me),
        }
    }

    /// Says how far it has read.
    #[inline(always)]
    fn moved<T>(&mut self, ground: &Ground<T>, position: u64) {
        self.position = position;
        self.since = 0;
        if let Some(slot) = self.slot {
            if ground.waits() {
                ground.kernel().advance(slot.number, position);
            } else {
                ground.kernel().show(slot.number, position);
            }
        }
    }

    /// Copies the next element out, but does not move behind it.
    fn fetch<T: ShmLayout>(&mut self, ground: &Ground<T>, value: &mut MaybeUninit<T>) -> Result<Fetched> {
        if !self.is_mine(ground) {
            return Err(ground.inherited());
        }
        let mut slack = 0;
        for _ in 0..LAPS {
            if ground.copy(self.position, value) {
                return Ok(Fetched::Value);
            }
            match ground.kernel().look(self.position) {
                Look::Here => {}
                Look::NotYet(state) => return Ok(Fetched::NotYet(state)),
                // Whom the producer waits for is not overtaken.
                Look::Lapped(_) if self.slot.is_some() && ground.waits() => return Err(ground.corrupt()),
                Look::Lapped(found) => self.lapped(ground.kernel().oldest(found), ground.mask / 2, &mut slack),
                Look::Corrupt => return Err(ground.corrupt()),
            }
        }
        Ok(Fetched::Outrun)
    }

    /// Goes on at the oldest element that is left; further on, `most` at most, if that was not enough a moment ago.
    #[cold]
    fn lapped(&mut self, oldest: u64, most: u64, slack: &mut u64) {
        let next = oldest + (*slack).min(most);
        *slack = (2 * *slack).max(1);
        self.lost += next - self.position.max(self.since).min(next);
        self.position = next;
    }

    /// As [`fetch`](Place::fetch), without waiting: `false` if there is nothing, an error if nothing comes any more.
    #[cold]
    #[inline(never)]
    fn try_fetch<T: ShmLayout>(&mut self, ground: &Ground<T>, value: &mut MaybeUninit<T>) -> Result<bool> {
        let outcome = match self.fetch(ground, value)? {
            Fetched::Value => return Ok(true),
            Fetched::NotYet(_) if ground.ends() => self.outcome(ground),
            Fetched::NotYet(_) | Fetched::Outrun => return Ok(false),
        };
        // What was published before the end is there now.
        match self.fetch(ground, value)? {
            Fetched::Value => Ok(true),
            Fetched::NotYet(_) if outcome != Outcome::Open => Err(ground.over(outcome)),
            Fetched::NotYet(_) | Fetched::Outrun => Ok(false),
        }
    }

    /// How it stands with the producer, without asking the kernel too often.
    fn outcome<T>(&mut self, ground: &Ground<T>) -> Outcome {
        let now = Instant::now();
        if self.asked.is_some_and(|asked| now.saturating_duration_since(asked) < Self::ASKS) {
            return ground.kernel().outcome_told();
        }
        self.asked = Some(now);
        ground.kernel().outcome(ground.marks())
    }

    /// One attempt to copy the next element out.
    fn attempt<'w, T: ShmLayout>(
        &mut self,
        ground: &'w Ground<T>,
        value: &mut MaybeUninit<T>,
        patience: &mut Patience,
    ) -> Result<Turn<'w, ()>> {
        let kernel = ground.kernel();
        let state = match self.fetch(ground, value)? {
            Fetched::Value => return Ok(Turn::Done(())),
            Fetched::NotYet(state) => state,
            Fetched::Outrun => return Ok(Turn::Again),
        };
        match kernel.wait_for_element(self.position, state, ground.marks(), ground.ends(), patience) {
            Pause::Again => Ok(Turn::Again),
            Pause::Sleep(nap) => Ok(Turn::Wait(nap)),
            Pause::End => Err(ground.over(kernel.outcome(ground.marks()))),
            Pause::Corrupt => Err(ground.corrupt()),
        }
    }
}

impl<T: ShmLayout> Reading<T> {
    /// Joins with a slot.
    pub(crate) fn join(ground: &Ground<T>, start: Start) -> Result<Reading<T>> {
        let me = ground.segment().me()?;
        let kernel = ground.kernel();
        if let Start::At(position) = start
            && position > kernel.published()
        {
            let found = format!("position {position} is not published yet; {} is the next", kernel.published());
            return Err(ground.error(ErrorKind::BadArgument, found));
        }
        let Some((number, word)) = kernel.take_slot(me) else {
            let found = format!("all {} slots for readers are taken by processes that are alive", ground.slots);
            return Err(ground.error(ErrorKind::NoSlot, found));
        };
        let mut reading = Reading::at(ground, Some(Slot { number, word, me }), 0);
        let since = kernel.published();
        // If this fails, the slot goes back with `reading`.
        let position = kernel.place(number, start, ground.waits()).ok_or_else(|| ground.corrupt())?;
        reading.place.position = position;
        if let Start::At(wanted) = start {
            reading.place.lost = position - wanted;
        }
        if start == Start::Oldest {
            reading.place.since = since;
        }
        Ok(reading)
    }

    /// Looks without a slot: the producer does not know of it.
    pub(crate) fn view(ground: &Ground<T>, start: Start) -> Reading<T> {
        let published = ground.kernel().published();
        let oldest = published.saturating_sub(ground.capacity());
        if start != Start::Oldest {
            return Reading::at(ground, None, published);
        }
        let mut reading = Reading::at(ground, None, oldest);
        reading.place.since = published;
        reading
    }

    fn at(ground: &Ground<T>, slot: Option<Slot>, position: u64) -> Reading<T> {
        Reading { ground: ground.clone(), place: Place { slot, position, lost: 0, since: 0, asked: None } }
    }

    /// The position of the next element.
    pub(crate) fn position(&self) -> u64 {
        self.place.position
    }

    /// Whether the producer waits for it, so that nothing is overwritten under it.
    pub(crate) fn is_safe(&self) -> bool {
        self.place.slot.is_some() && self.ground.waits()
    }

    /// Whether the slot, if there is one, is this process's, and not that of the one that it was forked from.
    #[inline(always)]
    pub(crate) fn is_mine(&self) -> bool {
        self.place.is_mine(&self.ground)
    }

    /// Copies the next element out, if nothing is special.
    #[inline(always)]
    fn copy(&self, value: &mut MaybeUninit<T>) -> bool {
        self.is_mine() && self.ground.copy(self.place.position, value)
    }

    /// Moves behind the element that was copied.
    #[inline(always)]
    pub(crate) fn take(&mut self) -> Told {
        let position = self.place.position;
        self.place.moved(&self.ground, position + 1);
        (position, std::mem::take(&mut self.place.lost))
    }

    /// Copies the next element out, if there is one.
    #[inline(always)]
    pub(crate) fn try_look(&mut self, value: &mut MaybeUninit<T>) -> Result<bool> {
        if self.copy(value) { Ok(true) } else { self.place.try_fetch(&self.ground, value) }
    }

    /// Copies the next element out, waiting for it.
    #[inline(always)]
    pub(crate) fn look(&mut self, value: &mut MaybeUninit<T>, deadline: Option<Instant>) -> Result<()> {
        if self.copy(value) { Ok(()) } else { self.look_slow(value, deadline) }
    }

    #[cold]
    #[inline(never)]
    fn look_slow(&mut self, value: &mut MaybeUninit<T>, deadline: Option<Instant>) -> Result<()> {
        let Reading { ground, place } = self;
        blocking(ground.segment(), deadline, |patience| place.attempt(ground, value, patience))
    }

    /// As [`look`](Reading::look), as a future.
    #[cfg(feature = "async")]
    pub(crate) async fn look_async(&mut self, value: &mut MaybeUninit<T>) -> Result<()> {
        if self.copy(value) {
            return Ok(());
        }
        let Reading { ground, place } = self;
        let ground = &*ground;
        waiting(ground.segment(), move |patience| place.attempt(ground, value, patience)).await
    }

    /// Takes what is there, without a gap, and returns how many.
    pub(crate) fn take_run(&mut self, out: &mut [T]) -> usize {
        let Reading { ground, place } = self;
        let mut done = 0;
        for batch in out.chunks_mut(BROADCAST_BATCH as usize) {
            let mut position = place.position;
            for element in batch.iter_mut() {
                let mut value = MaybeUninit::uninit();
                if !ground.copy(position, &mut value) {
                    break;
                }
                // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
                *element = unsafe { value.assume_init() };
                position += 1;
            }
            let count = (position - place.position) as usize;
            if count > 0 {
                place.moved(ground, position);
            }
            done += count;
            if count < batch.len() {
                break;
            }
        }
        done
    }

    /// Whether the next element is there, for a reader that the producer waits for.
    pub(crate) fn is_there(&self) -> Result<bool> {
        if !self.place.is_mine(&self.ground) {
            return Err(self.ground.inherited());
        }
        match self.ground.kernel().look(self.place.position) {
            Look::Here => Ok(true),
            Look::NotYet(_) => Ok(false),
            Look::Lapped(_) | Look::Corrupt => Err(self.ground.corrupt()),
        }
    }

    /// Where the element at the position lies.
    pub(crate) fn element(&self) -> NonNull<u8> {
        self.ground.mapped.pointer(self.ground.value(self.place.position), size_of::<T>())
    }
}

impl<T> Drop for Reading<T> {
    fn drop(&mut self) {
        if let Some(slot) = self.place.slot
            && self.place.is_mine(&self.ground)
        {
            self.ground.kernel().leave(slot.number, slot.word);
        }
    }
}

/// How a handle shows itself.
macro_rules! shown {
    ($name:ident, $shown:literal, |$this:ident| $ground:expr) => {
        impl<T> std::fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let $this = self;
                f.debug_struct($shown)
                    .field("segment", &$ground.segment().name)
                    .field("name", &$ground.name())
                    .field("capacity", &$ground.capacity())
                    .finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use shown;

#[cfg(test)]
mod tests {
    use super::super::waiting::Peers;
    use super::*;
    use crate::format::broadcast::{BROADCAST_FULL, BROADCAST_POSITION_SHIFT};

    /// Words that do not move while they are looked at, as those of a producer that is fast, or of a peer that is hostile.
    struct Still {
        head: AtomicU64,
        cells: [AtomicU64; 2],
        high: AtomicU64,
        limit: AtomicU64,
        cursor: AtomicU64,
        others: AtomicU64,
    }

    impl Words for Still {
        fn mask(&self) -> u64 {
            1
        }
        fn slots(&self) -> u64 {
            1
        }
        fn role(&self) -> &AtomicU64 {
            &self.others
        }
        fn high(&self) -> &AtomicU64 {
            &self.high
        }
        fn head(&self) -> &AtomicU64 {
            &self.head
        }
        fn limit(&self) -> &AtomicU64 {
            &self.limit
        }
        fn owner(&self, _: u64) -> &AtomicU64 {
            &self.others
        }
        fn cursor(&self, _: u64) -> &AtomicU64 {
            &self.cursor
        }
        fn state(&self, index: u64) -> &AtomicU64 {
            &self.cells[index as usize]
        }
    }

    struct Nobody;

    impl Peers for Nobody {
        const SPINS: u32 = 1;
        fn is_dead(&self, _: u32) -> bool {
            false
        }
        fn wait(&self, _: &AtomicU64, _: u64, _: Duration) {}
        fn wake(&self, _: &AtomicU64, _: u32) {}
    }

    fn still(head: u64, cells: [u64; 2]) -> Still {
        let full = |position: u64| AtomicU64::new(BROADCAST_FULL | position << BROADCAST_POSITION_SHIFT);
        let head = AtomicU64::new(head << BROADCAST_POSITION_SHIFT);
        let zero = || AtomicU64::new(0);
        Still { head, cells: cells.map(full), high: zero(), limit: zero(), cursor: zero(), others: zero() }
    }

    #[test]
    fn what_was_published_stays_published() {
        // A look at the head that is a lap old.
        let words = still(4, [6, 5]);
        assert_eq!(Kernel { words: &words, peers: &Nobody }.published(), 7);
    }

    #[test]
    fn a_reader_begins_no_earlier_than_where_it_wants() {
        // The head has fallen since the reader asked.
        let words = still(4, [4, 3]);
        let kernel = Kernel { words: &words, peers: &Nobody };
        assert_eq!(kernel.published(), 5);
        for waits in [false, true] {
            assert_eq!(kernel.place(0, Start::At(7), waits), Some(7));
        }
        assert_eq!(kernel.place(0, Start::At(1), false), Some(3));
    }

    #[test]
    fn what_a_dead_producer_has_begun_to_overwrite_is_given_to_nobody() {
        // It has died while it wrote 4 over 2, and a reader that joins stands at 2 for the moment.
        let words = still(4, [2, 3]);
        words.high.store(1, Relaxed);
        words.cursor.store(2 << BROADCAST_POSITION_SHIFT, Relaxed);
        let kernel = Kernel { words: &words, peers: &Nobody };
        kernel.begin(4);
        assert!(matches!(kernel.grant(4), Grant::Blocked { slot: 0, .. }));
        assert_eq!(kernel.place(0, Start::Oldest, true), Some(3));
        assert_eq!(kernel.grant(4), Grant::Until(5));
    }

    #[test]
    fn nothing_is_published_behind_the_last_position() {
        let words = still(LAST_POSITION - 1, [LAST_POSITION - 1, LAST_POSITION]);
        assert_eq!(Kernel { words: &words, peers: &Nobody }.published(), LAST_POSITION);
    }
}
