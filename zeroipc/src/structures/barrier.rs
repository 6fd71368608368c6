//! A meeting point for a fixed number of parties, again and again.
//!
//! `docs/structures/barrier.md` has the bytes and the states, [`barrier_kernel`](super::barrier_kernel) the algorithm, its
//! invariants and its orderings.

use std::fmt;
use std::mem::offset_of;
use std::time::{Duration, Instant};

use super::barrier_kernel::{Arrival, Kernel, NEW_PLACE, Places, Seat, Stop, decode};
use super::mapped::Mapped;
use crate::error::{Error, ErrorKind, Result};
use crate::format::barrier::{BarrierHeader, MAX_PARTIES};
use crate::format::schema::Kind;
use crate::memory::{Blueprint, Memory, Segment};
use crate::region::Region;
use crate::sync::{AtomicU64, Relaxed};
use crate::table::Fit;
#[cfg(feature = "async")]
use crate::wait::waiting;
use crate::wait::{blocking, deadline_after};

const HEADER: usize = size_of::<BarrierHeader>();
const PLACE: usize = size_of::<u64>();

/// A barrier: so many parties wait for each other, go on together, and may do so again.
///
/// Each round is a *generation*. The arrival that completes one leads: its [`wait`](Barrier::wait) returns `true`, all others
/// `false`. What was done before arriving is seen by all who leave.
///
/// # Two ways to take part
/// Anybody may [`wait`](Barrier::wait). More arrivals than parties are no mistake; they begin the next generation. The barrier
/// does not know who is missing, so whoever waits for processes that may die waits with a deadline.
///
/// A [member](Barrier::join) has a place of its own, under its process's name. If it dies, the others do not wait in vain.
///
/// # When a participant dies
/// An arrival that was made counts: the generation completes if the others come. A member that dies before it has arrived
/// breaks the present generation: all who wait in it, and all who come, get [`Broken`](ErrorKind::Broken), at the latest 250 ms
/// after the kernel has let go of the process. Then somebody calls [`reset`](Barrier::reset), which frees the places of the
/// dead and begins the next generation; a new member may [`join`](Barrier::join) for each. A member whose guard is dropped by
/// a panic breaks the generation too.
///
/// # Deadlines
/// Who does not wait any longer takes its arrival back, or learns that the generation was complete in that moment. Nobody else
/// notices. There is no `try_wait`: an arrival that does not wait is a count, which a [`Latch`](crate::Latch) keeps.
///
/// # Examples
/// ```
/// use zeroipc::{Barrier, Memory};
/// # let name = format!("/zeroipc_doc_barrier_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let barrier = Barrier::create(&memory, "step", 2)?;
/// let leaders = std::thread::scope(|scope| {
///     let other = scope.spawn(|| barrier.wait());
///     let mine = barrier.wait();
///     [mine, other.join().unwrap()]
/// });
/// let [one, two] = leaders;
/// assert!(one? != two?);
/// # Ok::<(), zeroipc::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Barrier {
    words: Words,
}

/// The words of a barrier in a mapping: the structure has room for `parties` places behind its header.
#[derive(Clone, Debug)]
struct Words {
    mapped: Mapped<BarrierHeader>,
    parties: u64,
}

impl Places for Words {
    fn parties(&self) -> u64 {
        self.parties
    }

    fn state(&self) -> &AtomicU64 {
        self.mapped.word(offset_of!(BarrierHeader, state))
    }

    fn broken(&self) -> &AtomicU64 {
        self.mapped.word(offset_of!(BarrierHeader, broken))
    }

    fn place(&self, index: u64) -> &AtomicU64 {
        self.mapped.word(HEADER + index as usize * PLACE)
    }
}

/// A place at a [`Barrier`]. Dropping it leaves the barrier, for another to [`join`](Barrier::join); while a panic unwinds, it
/// breaks the generation, since the others would wait in vain.
///
/// In a forked child the place belongs to the parent still: waiting is refused, and dropping it does nothing.
pub struct BarrierMember<'b> {
    barrier: &'b Barrier,
    seat: Seat,
    /// The thread was panicking already when it joined.
    panicking: bool,
}

impl BarrierMember<'_> {
    /// Arrives, and waits for the others as long as it takes; `true` for the one that completes the generation.
    ///
    /// # Errors
    /// [`Broken`](ErrorKind::Broken), and then the arrival does not count; [`NotOwner`](ErrorKind::NotOwner) in a forked child;
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn wait(&mut self) -> Result<bool> {
        self.wait_until(None)
    }

    /// Arrives, and waits for the others for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then the arrival was taken back; otherwise as [`wait`](BarrierMember::wait).
    pub fn wait_timeout(&mut self, timeout: Duration) -> Result<bool> {
        self.wait_until(deadline_after(timeout))
    }

    fn wait_until(&self, deadline: Option<Instant>) -> Result<bool> {
        self.check_ours()?;
        self.barrier.wait_until(Some(self.seat), deadline)
    }

    fn check_ours(&self) -> Result<()> {
        if self.is_ours() {
            return Ok(());
        }
        let found = "this place is the parent's; join in the child";
        Err(self.barrier.words.mapped.error(ErrorKind::NotOwner, found))
    }

    /// As [`wait`](BarrierMember::wait), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// It arrives when it is first polled. Dropped before it is done, it takes the arrival back, unless that has completed the
    /// generation meanwhile.
    ///
    /// # Errors
    /// As [`wait`](BarrierMember::wait); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn wait_async(&mut self) -> Result<bool> {
        self.check_ours()?;
        self.barrier.arrive_async(Some(self.seat)).await
    }

    fn is_ours(&self) -> bool {
        self.barrier.segment().id() == Some(self.seat.owner)
    }

    /// Leaves the barrier, as dropping the member does.
    pub fn leave(self) {}
}

impl Drop for BarrierMember<'_> {
    fn drop(&mut self) {
        if !self.is_ours() {
            return;
        }
        let kernel = self.barrier.kernel();
        if !self.panicking && std::thread::panicking() {
            kernel.abandon();
        }
        kernel.leave(self.seat);
    }
}

impl fmt::Debug for BarrierMember<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BarrierMember")
            .field("barrier", &self.barrier.name())
            .field("place", &self.seat.index)
            .finish_non_exhaustive()
    }
}

/// An arrival that is withdrawn unless it is over.
struct Pending<'b> {
    barrier: &'b Barrier,
    arrival: Arrival,
    seat: Option<Seat>,
    /// Who arrived: in a forked child it is somebody else's.
    me: Option<u32>,
    over: bool,
}

impl Pending<'_> {
    /// Takes the arrival back, or says how its generation ended.
    fn withdraw(mut self) -> Option<Result<(), Stop>> {
        self.over = true;
        self.barrier.kernel().withdraw(self.arrival, self.seat)
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if !self.over && self.barrier.segment().id() == self.me {
            let _ = self.barrier.kernel().withdraw(self.arrival, self.seat);
        }
    }
}

fn checked_parties(name: &str, parties: u64) -> Result<()> {
    if (1..=MAX_PARTIES).contains(&parties) {
        return Ok(());
    }
    let message = format!("barrier `{name}`: {parties} parties were asked for; 1 to {MAX_PARTIES} are possible");
    Err(Error::new(ErrorKind::BadArgument, message))
}

fn size_for(parties: u64) -> u64 {
    HEADER as u64 + parties * PLACE as u64
}

fn initialise(region: &Region, offset: u64, parties: u64) -> Result<()> {
    region.u64_at(offset + offset_of!(BarrierHeader, parties) as u64)?.store(parties, Relaxed);
    for index in 0..parties as usize {
        region.u64_at(offset + (HEADER + index * PLACE) as u64)?.store(NEW_PLACE, Relaxed);
    }
    Ok(())
}

fn with_blueprint<R>(name: &str, parties: u64, run: impl FnOnce(&Blueprint<'_>) -> Result<R>) -> Result<R> {
    checked_parties(name, parties)?;
    run(&Blueprint {
        kind: Kind::BARRIER,
        name,
        elements: &[],
        size: size_for(parties),
        fit: Fit::WORDS,
        initialise: &|region, offset| initialise(region, offset, parties),
    })
}

/// Checks what was found, and reads the number of parties once.
fn attach(mapped: Mapped<BarrierHeader>) -> Result<Barrier> {
    let parties = mapped.word(offset_of!(BarrierHeader, parties)).load(Relaxed);
    if !(1..=MAX_PARTIES).contains(&parties) {
        return Err(mapped.corrupt(format_args!("it has {parties} parties instead of 1 to {MAX_PARTIES}")));
    }
    mapped.check_size(Some(size_for(parties)))?;
    let barrier = Barrier { words: Words { mapped, parties } };
    if !barrier.words.mapped.recorded() {
        barrier.look()?;
        for index in 0..parties {
            let place = barrier.words.place(index).load(Relaxed);
            decode(place).ok_or_else(|| barrier.stopped(Stop::Corrupt(Some(index))))?;
        }
    }
    Ok(barrier)
}

impl Barrier {
    /// Creates a barrier for so many parties.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists), [`BadName`](ErrorKind::BadName), [`BadArgument`](ErrorKind::BadArgument) for 0 parties or
    /// more than 65,535, [`OutOfSpace`](ErrorKind::OutOfSpace), [`OutOfMemory`](ErrorKind::OutOfMemory),
    /// [`TableFull`](ErrorKind::TableFull), [`SchemaFull`](ErrorKind::SchemaFull), [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str, parties: u64) -> Result<Barrier> {
        with_blueprint(name, parties, |blueprint| attach(Mapped::create(memory, blueprint)?))
    }

    /// Opens a barrier.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`KindMismatch`](ErrorKind::KindMismatch), [`Corrupt`](ErrorKind::Corrupt).
    pub fn open(memory: &Memory, name: &str) -> Result<Barrier> {
        attach(Mapped::open(memory, Kind::BARRIER, name, &[])?)
    }

    /// Opens a barrier, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Barrier::create) and [`open`](Barrier::open), and [`BadArgument`](ErrorKind::BadArgument) if the barrier
    /// is there for another number of parties.
    pub fn open_or_create(memory: &Memory, name: &str, parties: u64) -> Result<Barrier> {
        let barrier = with_blueprint(name, parties, |blueprint| attach(Mapped::open_or_create(memory, blueprint)?))?;
        barrier.words.mapped.check_number("a number of parties", barrier.words.parties, parties)?;
        Ok(barrier)
    }

    fn segment(&self) -> &Segment {
        self.words.mapped.segment()
    }

    fn kernel(&self) -> Kernel<'_, Words, Segment> {
        Kernel { words: &self.words, peers: self.segment() }
    }

    #[cold]
    fn stopped(&self, stop: Stop) -> Error {
        let mapped = &self.words.mapped;
        let parties = self.words.parties;
        match stop {
            Stop::Broken => mapped.error(
                ErrorKind::Broken,
                "a member died, or panicked, before it arrived, so this generation cannot complete; `reset` begins the next",
            ),
            Stop::NoPlace { dead: true } => mapped.error(
                ErrorKind::NoSlot,
                format_args!("all {parties} places are taken, one of them by a process that has died; `reset` frees it"),
            ),
            Stop::NoPlace { dead: false } => {
                mapped.error(ErrorKind::NoSlot, format_args!("all {parties} places are taken by members that are alive"))
            }
            Stop::Corrupt(Some(place)) => {
                mapped.corrupt(format_args!("place {place} is in no state that a peer could have left"))
            }
            Stop::Corrupt(None) => mapped.corrupt(format_args!("more than {parties} parties have arrived")),
        }
    }

    /// Arrives, and waits for the others as long as it takes; `true` for the one that completes the generation.
    ///
    /// # Errors
    /// [`Broken`](ErrorKind::Broken), and then the arrival does not count; [`ReadOnly`](ErrorKind::ReadOnly);
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn wait(&self) -> Result<bool> {
        self.wait_until(None, None)
    }

    /// Arrives, and waits for the others for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then the arrival was taken back; otherwise as [`wait`](Barrier::wait).
    pub fn wait_timeout(&self, timeout: Duration) -> Result<bool> {
        self.wait_until(None, deadline_after(timeout))
    }

    fn wait_until(&self, seat: Option<Seat>, deadline: Option<Instant>) -> Result<bool> {
        self.segment().writable()?;
        let kernel = self.kernel();
        let Some(arrival) = kernel.arrive(seat).map_err(|stop| self.stopped(stop))? else { return Ok(true) };
        let mut pending = Pending { barrier: self, arrival, seat, me: self.segment().id(), over: false };
        let waited = blocking(self.segment(), deadline, |patience| {
            kernel.attempt(arrival, patience).map_err(|stop| self.stopped(stop))
        });
        match waited {
            Ok(()) => pending.over = true,
            Err(error) if error.kind() != ErrorKind::TimedOut => return Err(error),
            Err(late) => match pending.withdraw() {
                None => return Err(late),
                Some(outcome) => outcome.map_err(|stop| self.stopped(stop))?,
            },
        }
        Ok(false)
    }

    /// As [`wait`](Barrier::wait), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// It arrives when it is first polled. Dropped before it is done, it takes the arrival back, unless that has completed the
    /// generation meanwhile.
    ///
    /// # Errors
    /// As [`wait`](Barrier::wait); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn wait_async(&self) -> Result<bool> {
        self.arrive_async(None).await
    }

    #[cfg(feature = "async")]
    async fn arrive_async(&self, seat: Option<Seat>) -> Result<bool> {
        self.segment().writable()?;
        let kernel = self.kernel();
        let Some(arrival) = kernel.arrive(seat).map_err(|stop| self.stopped(stop))? else { return Ok(true) };
        let mut pending = Pending { barrier: self, arrival, seat, me: self.segment().id(), over: false };
        waiting(self.words.mapped.segment(), move |patience| {
            kernel.attempt(arrival, patience).map_err(|stop| self.stopped(stop))
        })
        .await?;
        pending.over = true;
        Ok(false)
    }

    /// Takes a place of its own at the barrier, until it is left or dropped.
    ///
    /// # Errors
    /// [`NoSlot`](ErrorKind::NoSlot) if all places are taken; if one is a dead member's, the error says so, and
    /// [`reset`](Barrier::reset) frees it. [`ReadOnly`](ErrorKind::ReadOnly), [`Corrupt`](ErrorKind::Corrupt).
    ///
    /// # Examples
    /// ```
    /// use zeroipc::{Barrier, Memory};
    /// # let name = format!("/zeroipc_doc_member_{}", std::process::id());
    /// # let name = name.as_str();
    /// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
    /// let barrier = Barrier::create(&memory, "step", 1)?;
    /// let mut member = barrier.join()?;
    /// assert!(member.wait()?);
    /// # Ok::<(), zeroipc::Error>(())
    /// ```
    pub fn join(&self) -> Result<BarrierMember<'_>> {
        let owner = self.segment().me()?;
        let seat = self.kernel().join(owner).map_err(|stop| self.stopped(stop))?;
        Ok(BarrierMember { barrier: self, seat, panicking: std::thread::panicking() })
    }

    /// Makes a broken barrier whole: frees the places of dead members and begins the next generation. Who still waits in the
    /// broken one gets [`Broken`](ErrorKind::Broken). Says whether there was anything to do; several may call it.
    ///
    /// # Errors
    /// [`ReadOnly`](ErrorKind::ReadOnly), [`Corrupt`](ErrorKind::Corrupt).
    pub fn reset(&self) -> Result<bool> {
        self.segment().writable()?;
        self.kernel().reset().map_err(|stop| self.stopped(stop))
    }

    fn look(&self) -> Result<(u64, u64, bool)> {
        self.kernel().look().map_err(|stop| self.stopped(stop))
    }

    /// How many have arrived in the present generation.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn arrived(&self) -> Result<u64> {
        Ok(self.look()?.1)
    }

    /// The number of the present generation; it counts from 0, those that were broken included.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn generation(&self) -> Result<u64> {
        Ok(self.look()?.0)
    }

    /// Whether the present generation is known to be broken.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt).
    pub fn is_broken(&self) -> Result<bool> {
        Ok(self.look()?.2)
    }

    /// How many arrivals complete a generation, and how many members there can be.
    pub fn parties(&self) -> u64 {
        self.words.parties
    }

    /// The barrier's name in its segment.
    pub fn name(&self) -> &str {
        self.words.mapped.name()
    }
}
