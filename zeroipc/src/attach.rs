//! Who is there: an attachment's id, its anchor, and whether another is alive.
//!
//! An attachment is alive as long as the kernel holds its lock. The lock belongs to an open file description that
//! nothing but one untouchable page of this process refers to, so it ends when the process does, in whatever way.
//! `docs/format.md` §4 is the protocol.

use std::io;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::format::locks::{
    ATTACH_LOCK, CREATION_LOCK, MAX_ID_TRIES, MAX_WRITER_ID, READER_ANCHOR_COUNT, READER_ANCHORS, WRITER_ANCHORS,
};
use crate::os::{self, Access, AnchorPage, ForkPage, LockKind, ShmFile};
use crate::points::point;
use crate::sync::{Acquire, Relaxed, Release};

/// The word reads this while a thread of the process is anchoring.
const ANCHORING: u32 = u32::MAX;
/// The word reads this when the attachment only reads, and so has no id.
const READER: u32 = MAX_WRITER_ID + 1;
/// How long a lock is waited for.
pub(crate) const LOCK_DEADLINE: Duration = Duration::from_secs(10);

/// One attachment of this process to a segment.
pub(crate) struct Attachment {
    words: ForkPage,
}

/// Where ids come from: the counter of the segment's passport, or chance.
pub(crate) trait Ids {
    /// The next id to try, 1 to 2^24 − 1.
    fn next(&self) -> io::Result<u32>;
}

impl Attachment {
    /// Anchors a new attachment to the segment.
    pub(crate) fn new(file: &ShmFile, name: &str, ids: &dyn Ids) -> Result<Attachment> {
        let words = ForkPage::new().map_err(|error| {
            Error::system(format!("segment `{name}`: map a page that forked children read as zero"), error)
        })?;
        let attachment = Attachment { words };
        attachment.anchor(file, name, ids)?;
        Ok(attachment)
    }

    /// This attachment's id, if this process is the one that anchored it.
    #[inline]
    pub(crate) fn id(&self) -> Option<u32> {
        let id = self.words.words().id.load(Relaxed);
        if id.wrapping_sub(1) < MAX_WRITER_ID { Some(id) } else { None }
    }

    /// Whether this process has anchored; a forked child has not until it does so itself.
    pub(crate) fn is_anchored(&self) -> bool {
        let id = self.words.words().id.load(Acquire);
        id != 0 && id != ANCHORING
    }

    /// Anchors if this process has not yet; a forked child gets an id of its own.
    #[cold]
    pub(crate) fn anchor(&self, file: &ShmFile, name: &str, ids: &dyn Ids) -> Result<()> {
        let words = self.words.words();
        // SYNC anchor: the thread that anchors publishes the byte and the page to those that find an id.
        while let Err(seen) = words.id.compare_exchange(0, ANCHORING, Acquire, Acquire) {
            if seen != ANCHORING {
                return Ok(());
            }
            std::thread::yield_now();
        }
        match choose_anchor(file, name, ids) {
            Ok((id, byte, page)) => {
                words.byte.store(byte, Relaxed);
                words.page.store(page.into_address(), Relaxed);
                // SYNC anchor
                words.id.store(id, Release);
                Ok(())
            }
            Err(error) => {
                words.id.store(0, Release);
                Err(error)
            }
        }
    }

    /// Whether the attachment with this id is alive, as far as `file` shows. Doubt counts as life.
    pub(crate) fn is_alive(&self, file: &ShmFile, id: u32) -> bool {
        if self.id() == Some(id) {
            return true;
        }
        if !(1..=MAX_WRITER_ID).contains(&id) {
            // Nobody can have this id, so nobody will finish what carries it.
            return false;
        }
        let free = matches!(os::probe(file, WRITER_ANCHORS + u64::from(id), 1), Ok(None));
        !(free && self.sees_itself(file))
    }

    /// Whether the probing descriptor still leads to this segment: it must show our own anchor as locked.
    pub(crate) fn sees_itself(&self, file: &ShmFile) -> bool {
        let byte = self.words.words().byte.load(Relaxed);
        self.is_anchored() && file.is_itself() && matches!(os::probe(file, byte, 1), Ok(Some(_)))
    }

    /// How many attachments there are, this one included.
    pub(crate) fn count(&self, file: &ShmFile) -> io::Result<u64> {
        let writers = count_locks(file, WRITER_ANCHORS + 1, u64::from(MAX_WRITER_ID))?;
        Ok(writers + count_locks(file, READER_ANCHORS, READER_ANCHOR_COUNT)?)
    }

    /// Gives the anchor up.
    pub(crate) fn release(&self) {
        let words = self.words.words();
        if self.is_anchored() {
            words.id.store(0, Relaxed);
            // SAFETY: the address was stored by this process (a child reads zeros and does not get here), and the
            // id is zero from now on, so that it is used once.
            drop(unsafe { AnchorPage::from_address(words.page.load(Relaxed)) });
        }
    }
}

impl std::fmt::Debug for Attachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attachment").field("id", &self.id()).finish()
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.release();
    }
}

/// An anchor on a free byte: the id, the byte, and the page that keeps the lock.
fn choose_anchor(file: &ShmFile, name: &str, ids: &dyn Ids) -> Result<(u32, u64, AnchorPage)> {
    let failed = |doing: &'static str| move |error| Error::system(format!("segment `{name}`: {doing}"), error);
    let own = file.reopen(name).map_err(failed("open it a second time for the lock that shows who is alive"))?;
    for _ in 0..MAX_ID_TRIES {
        let (id, byte, kind) = match file.access() {
            Access::ReadWrite => {
                let id = ids.next().map_err(failed("choose an id"))?;
                (id, WRITER_ANCHORS + u64::from(id), LockKind::Exclusive)
            }
            Access::ReadOnly => {
                let random = os::random().map_err(failed("choose an id"))? % READER_ANCHOR_COUNT;
                (READER, READER_ANCHORS + random, LockKind::Shared)
            }
        };
        if !os::try_lock(&own, byte, kind).map_err(|error| locks_unsupported(name, &error.to_string()))? {
            continue;
        }
        let page = AnchorPage::new(&own).map_err(failed("map the page that keeps the lock"))?;
        drop(own);
        // Through a description of its own: the data descriptor may be another file's by now.
        let other = file.reopen(name).map_err(failed("open it a second time to see the lock"))?;
        return match os::probe(&other, byte, 1) {
            Ok(Some(_)) => Ok((id, byte, page)),
            Ok(None) => Err(locks_unsupported(name, "a lock that was taken does not show")),
            Err(error) => Err(locks_unsupported(name, &error.to_string())),
        };
    }
    Err(Error::new(
        ErrorKind::LocksUnsupported,
        format!("segment `{name}`: {MAX_ID_TRIES} ids in a row are taken; detach some of the processes that use it"),
    ))
}

fn locks_unsupported(name: &str, found: &str) -> Error {
    Error::new(
        ErrorKind::LocksUnsupported,
        format!(
            "segment `{name}`: open file description locks do not work on the directory of shared memory ({found}); \
             without them nobody can tell who is alive, so use a Linux kernel and a tmpfs that have them"
        ),
    )
}

/// Counts locks. The kernel names any lock in the range, not the first, so both sides of it are searched. A lock over
/// many bytes is no anchor, and whoever may read can take one: it counts once, and its bytes are not visited.
fn count_locks(file: &ShmFile, start: u64, len: u64) -> io::Result<u64> {
    let mut ranges = vec![(start, len)];
    let mut count = 0;
    while let Some((start, len)) = ranges.pop() {
        if let Some((first, end)) = os::probe(file, start, len)? {
            count += 1;
            ranges.push((start, first - start));
            ranges.push((end, (start + len).saturating_sub(end)));
        }
    }
    Ok(count)
}

/// A lock of the format, held until dropped.
#[derive(Debug)]
pub(crate) struct Held {
    own: ShmFile,
    byte: u64,
}

impl Held {
    /// The creation lock, on a description of its own since those that share one do not exclude each other.
    pub(crate) fn creation(file: &ShmFile, name: &str) -> Result<Held> {
        let deadline = Instant::now() + LOCK_DEADLINE;
        Held::take(file, name, CREATION_LOCK, deadline)?.ok_or_else(|| {
            Error::new(
                ErrorKind::TimedOut,
                format!(
                    "segment `{name}`: the creation lock was held by another process for {} seconds; it may be \
                     stopped or in a debugger",
                    LOCK_DEADLINE.as_secs()
                ),
            )
        })
    }

    /// The attach lock for whoever removes the segment; `None` when somebody is attaching all the time.
    pub(crate) fn removal(file: &ShmFile, name: &str) -> Result<Option<Held>> {
        Held::take(file, name, ATTACH_LOCK, Instant::now() + Duration::from_secs(1))
    }

    fn take(file: &ShmFile, name: &str, byte: u64, deadline: Instant) -> Result<Option<Held>> {
        let failed = |error| Error::system(format!("segment `{name}`: take a lock"), error);
        let own = file.reopen(name).map_err(failed)?;
        if lock_until(&own, byte, LockKind::Exclusive, deadline).map_err(failed)? {
            Ok(Some(Held { own, byte }))
        } else {
            Ok(None)
        }
    }
}

impl Held {
    /// A descriptor that leads to the segment for certain: it was opened for this lock.
    pub(crate) fn file(&self) -> &ShmFile {
        &self.own
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // A child forked meanwhile shares the description, so that closing it would not be enough.
        let _ = os::unlock(&self.own, self.byte);
    }
}

/// The attach lock of who is attaching, through the data descriptor: until dropped nobody removes the segment.
#[derive(Debug)]
pub(crate) struct Attaching<'a>(&'a ShmFile);

impl<'a> Attaching<'a> {
    pub(crate) fn begin(file: &'a ShmFile, name: &str) -> Result<Attaching<'a>> {
        let deadline = Instant::now() + LOCK_DEADLINE;
        match lock_until(file, ATTACH_LOCK, LockKind::Shared, deadline) {
            Ok(true) => {
                point!("attach.locked");
                Ok(Attaching(file))
            }
            Ok(false) => Err(Error::new(
                ErrorKind::TimedOut,
                format!("segment `{name}`: a process that removes it held its lock for {LOCK_DEADLINE:?}; try again"),
            )),
            Err(error) => Err(locks_unsupported(name, &error.to_string())),
        }
    }
}

impl Drop for Attaching<'_> {
    fn drop(&mut self) {
        let _ = os::unlock(self.0, ATTACH_LOCK);
    }
}

/// Tries and naps until the deadline: record locks have no wait with a deadline.
fn lock_until(file: &ShmFile, byte: u64, kind: LockKind, deadline: Instant) -> io::Result<bool> {
    let mut nap = Duration::from_micros(50);
    loop {
        if os::try_lock(file, byte, kind)? {
            return Ok(true);
        }
        let now = Instant::now();
        if now >= deadline {
            return Ok(false);
        }
        std::thread::sleep(nap.min(deadline - now));
        nap = (nap * 2).min(Duration::from_millis(5));
    }
}
