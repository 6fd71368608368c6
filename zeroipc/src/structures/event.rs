//! Something that has happened, or not.
//!
//! `docs/structures/event.md` has the bytes and the states, [`event_kernel`](super::event_kernel) the algorithm, its
//! invariants and its orderings.

use std::fmt;
use std::mem::offset_of;
use std::time::{Duration, Instant};

use super::event_kernel::{Kernel, Waiting};
use super::mapped::Mapped;
use crate::error::{Error, ErrorKind, Result};
use crate::format::event::{EVENT_AUTO, EVENT_MANUAL, EventHeader};
use crate::format::schema::Kind;
use crate::memory::{Blueprint, Memory, Segment};
use crate::sync::Relaxed;
use crate::table::Fit;
#[cfg(feature = "async")]
use crate::wait::waiting;
use crate::wait::{blocking, deadline_after};

/// What ends the set of an [`Event`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventMode {
    /// Nothing but [`reset`](Event::reset): a gate. All who wait go on.
    Manual,
    /// The first wait that finds it: a baton. One of those who wait goes on.
    Auto,
}

impl EventMode {
    fn code(self) -> u64 {
        match self {
            EventMode::Manual => EVENT_MANUAL,
            EventMode::Auto => EVENT_AUTO,
        }
    }
}

impl fmt::Display for EventMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            EventMode::Manual => "manual",
            EventMode::Auto => "automatic",
        })
    }
}

/// An event: set or not, and a place to wait until it is set.
///
/// A [manual](EventMode::Manual) event stays set until it is reset, and lets everybody pass. Who waits when it is set goes on
/// even if it is reset right behind; that is why there is no `pulse`: `set` and then `reset` is one, and releases exactly
/// those who wait. An [automatic](EventMode::Auto) event lets one wait pass, and is reset by it. Sets do not accumulate:
/// setting what is set changes nothing. To count, take a [`Semaphore`](crate::Semaphore).
///
/// What was done before [`set`](Event::set) is seen by who finds the event set.
///
/// # When a participant dies
/// Every operation is one step, so the event is set or it is not. A set that a wait has taken is gone with the process that
/// took it; a waiter that dies before that leaves it to the others, 250 ms later at the latest.
///
/// # Waiting
/// Waiters spin briefly, then sleep. A set of a manual event wakes them all, one of an automatic event the one that has slept
/// longest; a newcomer may take it first. A manual event can be waited for on a segment that is open for reading only:
/// such a waiter looks by itself, every 50 ms at the latest.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use zeroipc::{ErrorKind, Event, Memory};
/// # let name = format!("/zeroipc_doc_event_{}", std::process::id());
/// # let name = name.as_str();
/// let memory = Memory::options().remove_on_last_detach(true).create(name, 1 << 20)?;
/// let shutdown = Event::create(&memory, "shutdown")?;
/// shutdown.set()?;
/// shutdown.wait()?;
/// assert!(shutdown.is_set());
///
/// let frame = Event::create_auto(&memory, "frame")?;
/// frame.set()?;
/// frame.wait()?;
/// let again = frame.wait_timeout(Duration::from_millis(1)).unwrap_err();
/// assert_eq!(again.kind(), ErrorKind::TimedOut);
/// # Ok::<(), zeroipc::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Event {
    mapped: Mapped<EventHeader>,
    mode: EventMode,
}

fn with_blueprint<R>(name: &str, mode: EventMode, run: impl FnOnce(&Blueprint<'_>) -> Result<R>) -> Result<R> {
    run(&Blueprint {
        kind: Kind::EVENT,
        name,
        elements: &[],
        size: size_of::<EventHeader>() as u64,
        fit: Fit::WORDS,
        initialise: &|region, offset| {
            region.u64_at(offset + offset_of!(EventHeader, mode) as u64)?.store(mode.code(), Relaxed);
            Ok(())
        },
    })
}

/// Checks what was found, and reads the mode once.
fn attach(mapped: Mapped<EventHeader>) -> Result<Event> {
    mapped.check_size(Some(size_of::<EventHeader>() as u64))?;
    let mode = match mapped.word(offset_of!(EventHeader, mode)).load(Relaxed) {
        EVENT_MANUAL => EventMode::Manual,
        EVENT_AUTO => EventMode::Auto,
        other => return Err(mapped.corrupt(format_args!("its mode is {other}, and there are 1 and 2"))),
    };
    Ok(Event { mapped, mode })
}

impl Event {
    /// Creates a manual event that is not set.
    ///
    /// # Errors
    /// [`Exists`](ErrorKind::Exists), [`BadName`](ErrorKind::BadName), [`OutOfSpace`](ErrorKind::OutOfSpace),
    /// [`OutOfMemory`](ErrorKind::OutOfMemory), [`TableFull`](ErrorKind::TableFull),
    /// [`SchemaFull`](ErrorKind::SchemaFull), [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn create(memory: &Memory, name: &str) -> Result<Event> {
        Event::create_with(memory, name, EventMode::Manual)
    }

    /// Creates an automatic event that is not set.
    ///
    /// # Errors
    /// As [`create`](Event::create).
    pub fn create_auto(memory: &Memory, name: &str) -> Result<Event> {
        Event::create_with(memory, name, EventMode::Auto)
    }

    /// Creates an event of this mode that is not set.
    ///
    /// # Errors
    /// As [`create`](Event::create).
    pub fn create_with(memory: &Memory, name: &str, mode: EventMode) -> Result<Event> {
        with_blueprint(name, mode, |blueprint| attach(Mapped::create(memory, blueprint)?))
    }

    /// Opens an event of either mode.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`KindMismatch`](ErrorKind::KindMismatch), [`Corrupt`](ErrorKind::Corrupt).
    pub fn open(memory: &Memory, name: &str) -> Result<Event> {
        attach(Mapped::open(memory, Kind::EVENT, name, &[])?)
    }

    /// Opens a manual event, or creates it if there is none; of several processes that do so, one creates.
    ///
    /// # Errors
    /// As [`create`](Event::create) and [`open`](Event::open), and [`BadArgument`](ErrorKind::BadArgument) if the event is
    /// there with the other mode.
    pub fn open_or_create(memory: &Memory, name: &str) -> Result<Event> {
        Event::open_or_create_with(memory, name, EventMode::Manual)
    }

    /// Opens an event of this mode, or creates it if there is none.
    ///
    /// # Errors
    /// As [`open_or_create`](Event::open_or_create).
    pub fn open_or_create_with(memory: &Memory, name: &str, mode: EventMode) -> Result<Event> {
        let event = with_blueprint(name, mode, |blueprint| attach(Mapped::open_or_create(memory, blueprint)?))?;
        if event.mode != mode {
            let found = format_args!("it is {}, and one that is {mode} was asked for; open it as it is", event.mode);
            return Err(event.mapped.error(ErrorKind::BadArgument, found));
        }
        Ok(event)
    }

    fn segment(&self) -> &Segment {
        self.mapped.segment()
    }

    #[inline]
    fn kernel(&self) -> Kernel<'_, Segment> {
        Kernel {
            state: self.mapped.word(offset_of!(EventHeader, state)),
            auto: self.mode == EventMode::Auto,
            peers: self.segment(),
        }
    }

    /// Sets the event. If it is set, nothing changes.
    ///
    /// # Errors
    /// [`ReadOnly`](ErrorKind::ReadOnly).
    #[inline]
    pub fn set(&self) -> Result<()> {
        self.segment().writable()?;
        self.kernel().set();
        Ok(())
    }

    /// Takes a set back; says whether there was one.
    ///
    /// # Errors
    /// [`ReadOnly`](ErrorKind::ReadOnly).
    pub fn reset(&self) -> Result<bool> {
        self.segment().writable()?;
        Ok(self.kernel().reset())
    }

    /// Whether the event is set. Takes nothing, in either mode.
    pub fn is_set(&self) -> bool {
        self.kernel().is_set()
    }

    /// Whether the event is set; an automatic one is reset by that.
    ///
    /// # Errors
    /// [`ReadOnly`](ErrorKind::ReadOnly) for an automatic event.
    #[inline]
    pub fn try_wait(&self) -> Result<bool> {
        if self.mode == EventMode::Manual {
            return Ok(self.is_set());
        }
        self.segment().writable()?;
        Ok(self.kernel().take(false))
    }

    /// Waits until the event is set, as long as it takes; an automatic one is reset by that.
    ///
    /// # Errors
    /// [`ReadOnly`](ErrorKind::ReadOnly) for an automatic event.
    pub fn wait(&self) -> Result<()> {
        self.wait_until(None)
    }

    /// Waits until the event is set, for at most `timeout`; an automatic one is reset by that.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), and then nothing was taken; [`ReadOnly`](ErrorKind::ReadOnly) for an automatic event.
    pub fn wait_timeout(&self, timeout: Duration) -> Result<()> {
        self.wait_until(deadline_after(timeout))
    }

    fn wait_until(&self, deadline: Option<Instant>) -> Result<()> {
        if self.try_wait()? {
            return Ok(());
        }
        let (kernel, writable) = (self.kernel(), self.segment().writable().is_ok());
        let mut waiting = Waiting::default();
        blocking(self.segment(), deadline, |patience| Ok::<_, Error>(kernel.attempt(writable, &mut waiting, patience)))
    }

    /// As [`wait`](Event::wait), as a future (`docs/async.md`).
    ///
    /// # Cancel safety
    /// Dropped before it is done, it has taken nothing, and a wake that was for it goes on to another.
    ///
    /// # Errors
    /// As [`wait`](Event::wait); [`System`](ErrorKind::System) if the thread that sleeps for futures cannot be started.
    #[cfg(feature = "async")]
    pub async fn wait_async(&self) -> Result<()> {
        if self.try_wait()? {
            return Ok(());
        }
        let (kernel, writable) = (self.kernel(), self.segment().writable().is_ok());
        let mut waits = Waiting::default();
        waiting(self.mapped.segment(), move |patience| Ok(kernel.attempt(writable, &mut waits, patience))).await
    }

    /// What ends a set of this event.
    pub fn mode(&self) -> EventMode {
        self.mode
    }

    /// The event's name in its segment.
    pub fn name(&self) -> &str {
        self.mapped.name()
    }
}
