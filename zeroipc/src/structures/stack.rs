//! A bounded stack for any number of processes.
//!
//! `docs/structures/stack.md` has the bytes and the promises, [`stack_kernel`](super::stack_kernel) the algorithm, its
//! invariants and its orderings. This file joins the two: where the words of a mapped stack are, and the handle.

use std::fmt;
use std::marker::PhantomData;
use std::mem::{MaybeUninit, offset_of};
use std::time::{Duration, Instant};

use super::mapped::Mapped;
use super::stack_kernel::{Claim, Kernel, Nodes, Stop, decode, free};
use super::waiting::Turn;
use crate::error::{Error, ErrorKind, Result};
use crate::format::schema::Kind;
use crate::format::stack::{MAX_STACK_CAPACITY, StackHeader, StackNode};
use crate::memory::{Blueprint, Memory, Segment, structure_size};
use crate::points::point;
use crate::region::Region;
use crate::shm_layout::ShmLayout;
use crate::sync::{AtomicU32, AtomicU64, Relaxed};
use crate::table::Fit;
#[cfg(feature = "async")]
use crate::wait::waiting;
use crate::wait::{blocking, deadline_after};

const HEADER: usize = size_of::<StackHeader>();
/// Bytes of a node before its value.
const NODE: usize = size_of::<StackNode>();

/// A bounded lock-free stack, last in and first out, for any number of processes.
///
/// Elements are copied in and out, and each is popped once. It holds exactly as many as it was created for.
///
/// # When a participant dies
/// A process that dies in the middle of a push has never pushed, and its room is used again as soon as it is needed. One that dies in
/// the middle of a pop has popped or has not: no element is half there, and no room is lost. A process that is *stopped*
/// in the middle holds up nobody; a push that it has begun keeps room for one element.
///
/// # Waiting
/// [`push`](Stack::push) waits for room and [`pop`](Stack::pop) for an element: they spin briefly and then sleep without costing
/// CPU time. All who wait wake when one can go on.
///
/// # Speed
/// A push after a pop takes over the node that was popped. Others look for a free one, which takes long only on a stack that is all but
/// full: about *capacity / free* looks.
///
/// # Examples
/// ```
/// use zeroipc::{Memory, Stack};
/// # let name = format!("/zeroipc_doc_stack_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let stack = Stack::<u64>::open_or_create(&memory, "undo", 100)?;
/// stack.push(7)?;
/// stack.try_push(8)?;
/// assert_eq!(stack.peek()?, Some(8));
/// assert_eq!(stack.pop()?, 8);
/// assert_eq!(stack.try_pop()?, Some(7));
/// assert_eq!(stack.try_pop()?, None);
/// # Ok::<(), zeroipc::Error>(())
/// ```
pub struct Stack<T> {
    nodes: MappedNodes<T>,
}

/// The words of a stack in a mapping. The entry's size is that of `capacity` nodes.
struct MappedNodes<T> {
    mapped: Mapped<StackHeader>,
    capacity: u32,
    /// Private to this handle: where to look for a free node.
    cursor: AtomicU32,
    element: PhantomData<fn(T) -> T>,
}

impl<T> MappedNodes<T> {
    /// How many bytes a node takes.
    const STRIDE: usize = NODE + size_of::<T>().next_multiple_of(8);

    #[inline(always)]
    fn node(index: u32) -> usize {
        HEADER + index as usize * Self::STRIDE
    }

    /// Where the value of a node is.
    #[inline(always)]
    fn value(index: u32) -> usize {
        Self::node(index) + NODE
    }
}

impl<T> Nodes for MappedNodes<T> {
    #[inline(always)]
    fn capacity(&self) -> u32 {
        self.capacity
    }

    #[inline(always)]
    fn top(&self) -> &AtomicU64 {
        self.mapped.word(offset_of!(StackHeader, top))
    }

    #[inline(always)]
    fn state(&self, index: u32) -> &AtomicU64 {
        self.mapped.word(Self::node(index) + offset_of!(StackNode, state))
    }

    #[inline(always)]
    fn link(&self, index: u32) -> &AtomicU64 {
        self.mapped.word(Self::node(index) + offset_of!(StackNode, link))
    }

    #[inline(always)]
    fn cursor(&self) -> u32 {
        self.cursor.load(Relaxed)
    }

    #[inline(always)]
    fn set_cursor(&self, index: u32) {
        self.cursor.store(index, Relaxed);
    }
}

fn checked_capacity(name: &str, capacity: u64) -> Result<u64> {
    if capacity == 0 || capacity > MAX_STACK_CAPACITY {
        let message =
            format!("stack `{name}`: a capacity of {capacity} was asked for; 1 to {MAX_STACK_CAPACITY} are possible");
        return Err(Error::new(ErrorKind::BadArgument, message));
    }
    Ok(capacity)
}

/// Writes the header and the nodes of a new stack into zeroed memory.
fn initialise(region: &Region, offset: u64, capacity: u64, stride: u64) -> Result<()> {
    region.u64_at(offset + offset_of!(StackHeader, capacity) as u64)?.store(capacity, Relaxed);
    for index in 0..capacity {
        let node = offset + HEADER as u64 + index * stride;
        region.u64_at(node + offset_of!(StackNode, state) as u64)?.store(free(0), Relaxed);
    }
    Ok(())
}

impl<T: ShmLayout> Stack<T> {
    const STRIDE: u64 = MappedNodes::<T>::STRIDE as u64;

    /// Creates a stack with room for exactly `capacity` elements.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists), [`BadName`](ErrorKind::BadName), [`BadArgument`](ErrorKind::BadArgument) for a
    /// capacity of 0 or above 2^24 − 1, [`OutOfSpace`](ErrorKind::OutOfSpace), [`OutOfMemory`](ErrorKind::OutOfMemory),
    /// [`TableFull`](ErrorKind::TableFull), [`SchemaFull`](ErrorKind::SchemaFull), [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str, capacity: u64) -> Result<Stack<T>> {
        let capacity = checked_capacity(name, capacity)?;
        Self::attach(Self::with_blueprint(name, capacity, |blueprint| Mapped::create(memory, blueprint))?)
    }

    /// Opens a stack.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`KindMismatch`](ErrorKind::KindMismatch),
    /// [`TypeMismatch`](ErrorKind::TypeMismatch) naming the first field that differs, [`Corrupt`](ErrorKind::Corrupt).
    pub fn open(memory: &Memory, name: &str) -> Result<Stack<T>> {
        Self::attach(Mapped::open(memory, Kind::STACK, name, &[T::DESC])?)
    }

    /// Opens a stack, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Stack::create) and [`open`](Stack::open), and [`BadArgument`](ErrorKind::BadArgument) if the stack
    /// is there with another capacity.
    pub fn open_or_create(memory: &Memory, name: &str, capacity: u64) -> Result<Stack<T>> {
        let capacity = checked_capacity(name, capacity)?;
        let stack =
            Self::attach(Self::with_blueprint(name, capacity, |blueprint| Mapped::open_or_create(memory, blueprint))?)?;
        stack.nodes.mapped.check_number("a capacity", stack.capacity(), capacity)?;
        Ok(stack)
    }

    fn with_blueprint<R>(name: &str, capacity: u64, run: impl FnOnce(&Blueprint<'_>) -> Result<R>) -> Result<R> {
        run(&Blueprint {
            kind: Kind::STACK,
            name,
            elements: &[T::DESC],
            size: structure_size(name, HEADER as u64, Self::STRIDE, capacity, size_of::<T>() as u64)?,
            fit: Fit::WORDS,
            initialise: &|region, offset| initialise(region, offset, capacity, Self::STRIDE),
        })
    }

    fn attach(mapped: Mapped<StackHeader>) -> Result<Stack<T>> {
        // Read once; the handle never asks again.
        let capacity = mapped.word(offset_of!(StackHeader, capacity)).load(Relaxed);
        let possible = u32::try_from(capacity).ok().filter(|_| (1..=MAX_STACK_CAPACITY).contains(&capacity));
        let Some(capacity) = possible else {
            return Err(mapped.corrupt(format_args!("its capacity is {capacity} instead of 1 to {MAX_STACK_CAPACITY}")));
        };
        mapped.check_size(Self::STRIDE.checked_mul(u64::from(capacity)).map(|nodes| nodes + HEADER as u64))?;
        let stack = Stack { nodes: MappedNodes { mapped, capacity, cursor: AtomicU32::new(0), element: PhantomData } };
        if !stack.nodes.mapped.recorded() {
            stack.check_nodes()?;
        }
        Ok(stack)
    }

    /// Without a record the content has to be that of a stack.
    fn check_nodes(&self) -> Result<()> {
        let state = |index| decode(self.nodes.state(index).load(Relaxed));
        if let Some(index) = (0..self.nodes.capacity).find(|&index| state(index).is_none()) {
            let found = format_args!("node {index} is in no state of a stack; it holds other elements, or is damaged");
            return Err(self.nodes.mapped.corrupt(found));
        }
        self.len().map(drop)
    }

    #[inline(always)]
    fn segment(&self) -> &Segment {
        self.nodes.mapped.segment()
    }

    #[inline(always)]
    fn kernel(&self) -> Kernel<'_, MappedNodes<T>, Segment> {
        Kernel { nodes: &self.nodes, peers: self.segment() }
    }

    #[cold]
    fn corrupt(&self) -> Error {
        self.nodes.mapped.corrupt("its top or a node is in no state that a peer could have left")
    }

    /// Writes a claimed node's value. No code of the user runs between the
    /// claim and the link, and nothing that could panic.
    #[inline(always)]
    fn fill(&self, claim: Claim, value: &T) {
        point!("stack.push.claimed");
        self.nodes.mapped.write_value(MappedNodes::<T>::value(claim.index), value);
        point!("stack.push.written");
    }

    /// The push that comes behind a pop, and meets nothing special; `false` if there is something, and then nothing was done.
    #[inline(always)]
    fn push_popped(&self, value: &T) -> Result<bool> {
        let Some(me) = self.segment().id() else { return Ok(false) };
        let kernel = self.kernel();
        let Some(claim) = kernel.claim_popped(me) else { return Ok(false) };
        self.fill(claim, value);
        match kernel.push_in_place(claim) {
            Some(false) => Ok(true),
            other => self.push_claimed(claim, other.is_some()),
        }
    }

    /// Ends a push that has somebody to wake, or whose node lost its place to others.
    #[cold]
    #[inline(never)]
    fn push_claimed(&self, claim: Claim, is_linked: bool) -> Result<bool> {
        let kernel = self.kernel();
        if is_linked || kernel.push(claim).map_err(|_| self.corrupt())? {
            kernel.wake();
        }
        Ok(true)
    }

    /// The pop that comes behind a push, into `value`; `false` if there is something special, and then nothing was done.
    #[inline(always)]
    fn pop_live(&self, value: &mut MaybeUninit<T>) -> bool {
        let kernel = self.kernel();
        let Some(peek) = kernel.peek_live() else { return false };
        self.nodes.mapped.read_into(MappedNodes::<T>::value(peek.index), value);
        point!("stack.pop.copied");
        let Some(wake) = kernel.take_live(peek) else { return false };
        if wake {
            kernel.wake();
        }
        true
    }

    /// Pushes without waiting; whether somebody is to be woken.
    fn push_now(&self, me: u32, value: &T) -> Result<bool, Stop> {
        let kernel = self.kernel();
        let claim = kernel.claim(me)?;
        self.fill(claim, value);
        kernel.push(claim)
    }

    /// Pops without waiting, into `value`; whether somebody is to be woken.
    fn pop_now(&self, value: &mut MaybeUninit<T>) -> Result<bool, Stop> {
        let kernel = self.kernel();
        loop {
            let peek = kernel.peek()?;
            self.nodes.mapped.read_into(MappedNodes::<T>::value(peek.index), value);
            point!("stack.pop.copied");
            if let Some(wake) = kernel.take(peek)? {
                return Ok(wake);
            }
        }
    }

    /// Pushes an element if there is room.
    ///
    /// # Errors
    /// [`Full`](ErrorKind::Full), also when the last room is held by a push that has not ended; [`ReadOnly`](ErrorKind::ReadOnly);
    /// [`Corrupt`](ErrorKind::Corrupt) if the content is none that a peer could have left.
    #[inline(always)]
    pub fn try_push(&self, value: T) -> Result<()> {
        if self.push_popped(&value)? {
            return Ok(());
        }
        match self.try_push_many(std::slice::from_ref(&value))? {
            0 => Err(Error::plain(ErrorKind::Full)),
            _ => Ok(()),
        }
    }

    /// Takes the element on top; `None` when there is none.
    ///
    /// # Errors
    /// [`ReadOnly`](ErrorKind::ReadOnly); [`Corrupt`](ErrorKind::Corrupt) if the content is none that a peer could have left.
    #[inline(always)]
    pub fn try_pop(&self) -> Result<Option<T>> {
        self.segment().writable()?;
        let mut value = MaybeUninit::uninit();
        if self.pop_live(&mut value) || self.try_pop_slow(&mut value)? {
            // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
            return Ok(Some(unsafe { value.assume_init() }));
        }
        Ok(None)
    }

    #[cold]
    #[inline(never)]
    fn try_pop_slow(&self, value: &mut MaybeUninit<T>) -> Result<bool> {
        self.many(1, |_| self.pop_now(value)).map(|count| count == 1)
    }

    /// A copy of the element on top, which stays there; `None` when there is none. Also through a read-only handle.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt) if the content is none that a peer could have left.
    pub fn peek(&self) -> Result<Option<T>> {
        let kernel = self.kernel();
        loop {
            let peek = match kernel.peek() {
                Ok(peek) => peek,
                Err(Stop::Corrupt) => return Err(self.corrupt()),
                Err(_) => return Ok(None),
            };
            let value = self.nodes.mapped.read_value(MappedNodes::<T>::value(peek.index));
            if kernel.still_there(peek) {
                return Ok(Some(value));
            }
        }
    }

    /// Pushes an element, waiting for room as long as it takes.
    ///
    /// # Errors
    /// As [`try_push`](Stack::try_push), but never `Full`.
    #[inline]
    pub fn push(&self, value: T) -> Result<()> {
        self.push_until(&value, None)
    }

    /// Pushes an element, waiting for room for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was pushed; otherwise as [`push`](Stack::push).
    pub fn push_timeout(&self, value: T, timeout: Duration) -> Result<()> {
        self.push_until(&value, deadline_after(timeout))
    }

    /// Pushes an element, waiting for room until `deadline`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was pushed; otherwise as [`push`](Stack::push).
    pub fn push_deadline(&self, value: T, deadline: Instant) -> Result<()> {
        self.push_until(&value, Some(deadline))
    }

    #[inline]
    fn push_until(&self, value: &T, deadline: Option<Instant>) -> Result<()> {
        if self.push_popped(value)? { Ok(()) } else { self.push_slow(value, deadline) }
    }

    #[cold]
    #[inline(never)]
    fn push_slow(&self, value: &T, deadline: Option<Instant>) -> Result<()> {
        let me = self.segment().me()?;
        self.wait(deadline, || self.push_now(me, value))
    }

    /// Takes the element on top, waiting for one as long as it takes.
    ///
    /// # Errors
    /// As [`try_pop`](Stack::try_pop).
    #[inline]
    pub fn pop(&self) -> Result<T> {
        self.pop_until(None)
    }

    /// Takes the element on top, waiting for one for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was taken; otherwise as [`pop`](Stack::pop).
    pub fn pop_timeout(&self, timeout: Duration) -> Result<T> {
        self.pop_until(deadline_after(timeout))
    }

    /// Takes the element on top, waiting for one until `deadline`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was taken; otherwise as [`pop`](Stack::pop).
    pub fn pop_deadline(&self, deadline: Instant) -> Result<T> {
        self.pop_until(Some(deadline))
    }

    #[inline]
    fn pop_until(&self, deadline: Option<Instant>) -> Result<T> {
        self.segment().writable()?;
        let mut value = MaybeUninit::uninit();
        if !self.pop_live(&mut value) {
            self.pop_slow(&mut value, deadline)?;
        }
        // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
        Ok(unsafe { value.assume_init() })
    }

    #[cold]
    #[inline(never)]
    fn pop_slow(&self, value: &mut MaybeUninit<T>, deadline: Option<Instant>) -> Result<()> {
        self.wait(deadline, || self.pop_now(value))
    }

    /// As [`push`](Stack::push), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has pushed nothing.
    ///
    /// # Errors
    /// As [`push`](Stack::push); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn push_async(&self, value: T) -> Result<()> {
        if self.push_popped(&value)? {
            return Ok(());
        }
        let me = self.segment().me()?;
        self.wait_async(move || self.push_now(me, &value)).await
    }

    /// As [`pop`](Stack::pop), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has taken nothing.
    ///
    /// # Errors
    /// As [`pop`](Stack::pop); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn pop_async(&self) -> Result<T> {
        self.segment().writable()?;
        let mut value = MaybeUninit::uninit();
        if !self.pop_live(&mut value) {
            let value = &mut value;
            self.wait_async(move || self.pop_now(value)).await?;
        }
        // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
        Ok(unsafe { value.assume_init() })
    }

    #[cfg(feature = "async")]
    async fn wait_async(&self, mut operation: impl FnMut() -> Result<bool, Stop>) -> Result<()> {
        let kernel = self.kernel();
        waiting(self.nodes.mapped.segment(), move |patience| {
            Ok(match kernel.attempt(patience, &mut operation).map_err(|_| self.corrupt())? {
                Turn::Done(wake) => {
                    if wake {
                        kernel.wake();
                    }
                    Turn::Done(())
                }
                Turn::Again => Turn::Again,
                Turn::Wait(nap) => Turn::Wait(nap),
            })
        })
        .await
    }

    fn wait(&self, deadline: Option<Instant>, mut operation: impl FnMut() -> Result<bool, Stop>) -> Result<()> {
        let kernel = self.kernel();
        let wake = blocking(self.segment(), deadline, |patience| -> Result<Turn<'_, bool>> {
            kernel.attempt(patience, &mut operation).map_err(|_| self.corrupt())
        })?;
        if wake {
            kernel.wake();
        }
        Ok(())
    }

    /// Pushes as many elements as there is room for, the first one first, and returns how many: at most one wake for all of them.
    /// Elements of others may come between.
    ///
    /// # Errors
    /// As [`try_push`](Stack::try_push), but `Ok(0)` when full. After an error, none was pushed.
    pub fn try_push_many(&self, values: &[T]) -> Result<usize> {
        let me = self.segment().me()?;
        self.many(values.len(), |index| self.push_now(me, &values[index]))
    }

    /// Pushes all elements, waiting for room as long as it takes.
    ///
    /// # Errors
    /// As [`push`](Stack::push); elements before the one that failed were pushed.
    pub fn push_many(&self, values: &[T]) -> Result<()> {
        self.push_many_until(values, None).map(drop)
    }

    /// Pushes elements, waiting for room for at most `timeout` in all, and returns how many were pushed.
    ///
    /// # Errors
    /// As [`push`](Stack::push); a timeout is no error here.
    pub fn push_many_timeout(&self, values: &[T], timeout: Duration) -> Result<usize> {
        self.push_many_until(values, deadline_after(timeout))
    }

    fn push_many_until(&self, values: &[T], deadline: Option<Instant>) -> Result<usize> {
        let mut done = 0;
        while done < values.len() {
            done += self.try_push_many(&values[done..])?;
            if done < values.len() {
                match self.push_until(&values[done], deadline) {
                    Ok(()) => done += 1,
                    Err(error) if error.kind() == ErrorKind::TimedOut => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(done)
    }

    /// Takes as many elements as there are and fit into `out`, the topmost first, and returns how many: at most one wake for all
    /// of them.
    ///
    /// # Errors
    /// As [`try_pop`](Stack::try_pop). After an error, none was taken.
    pub fn try_pop_many(&self, out: &mut [T]) -> Result<usize> {
        self.segment().writable()?;
        self.many(out.len(), |index| {
            let mut value = MaybeUninit::uninit();
            let wake = self.pop_now(&mut value)?;
            // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
            out[index] = unsafe { value.assume_init() };
            Ok(wake)
        })
    }

    /// Waits for an element for at most `timeout`, then takes what is there, as
    /// [`try_pop_many`](Stack::try_pop_many); 0 when none came.
    ///
    /// # Errors
    /// As [`try_pop`](Stack::try_pop); a timeout is no error here.
    pub fn pop_many_timeout(&self, out: &mut [T], timeout: Duration) -> Result<usize> {
        let Some((first, rest)) = out.split_first_mut() else { return Ok(0) };
        match self.pop_until(deadline_after(timeout)) {
            Ok(value) => *first = value,
            Err(error) if error.kind() == ErrorKind::TimedOut => return Ok(0),
            Err(error) => return Err(error),
        }
        // What the first pop has taken is the caller's, whatever comes after it.
        Ok(1 + self.try_pop_many(rest).unwrap_or(0))
    }

    /// Does up to `count` operations until one cannot go on, with one wake at the end.
    fn many(&self, count: usize, mut operation: impl FnMut(usize) -> Result<bool, Stop>) -> Result<usize> {
        let (mut done, mut wake) = (0, false);
        while done < count {
            match operation(done) {
                Ok(needed) => wake |= needed,
                Err(Stop::Corrupt) if done == 0 => return Err(self.corrupt()),
                Err(_) => break,
            }
            done += 1;
        }
        if wake {
            self.kernel().wake();
        }
        Ok(done)
    }

    /// How many elements the stack can hold.
    pub fn capacity(&self) -> u64 {
        u64::from(self.nodes.capacity)
    }

    /// How many elements are in the stack; others may change it meanwhile.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn len(&self) -> Result<u64> {
        self.kernel().len().map(u64::from).map_err(|_| self.corrupt())
    }

    /// Whether there is no element.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Whether there is no room.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn is_full(&self) -> Result<bool> {
        Ok(self.len()? == self.capacity())
    }

    /// The stack's name in its segment.
    pub fn name(&self) -> &str {
        self.nodes.mapped.name()
    }
}

impl<T> Clone for Stack<T> {
    fn clone(&self) -> Self {
        let MappedNodes { mapped, capacity, cursor, .. } = &self.nodes;
        let cursor = AtomicU32::new(cursor.load(Relaxed));
        Stack { nodes: MappedNodes { mapped: mapped.clone(), capacity: *capacity, cursor, element: PhantomData } }
    }
}

impl<T> fmt::Debug for Stack<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack")
            .field("segment", &self.nodes.mapped.segment().name)
            .field("name", &self.nodes.mapped.name())
            .field("capacity", &self.nodes.capacity)
            .finish_non_exhaustive()
    }
}
