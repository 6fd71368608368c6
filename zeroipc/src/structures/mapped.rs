//! A structure's bytes in a mapping, behind its header type: what every handle is made of.
//!
//! Invariant **M1**: `base` leads to `size` bytes inside the mapping of `segment`, aligned to 8, which stays mapped as long
//! as this value lives, since it owns a reference to the segment. `size` is at least that of the header.

use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::Arc;

use zeroipc_layout::TypeDesc;

use crate::entries::kind_name;
use crate::error::{Error, ErrorKind, Result};
use crate::format::schema::Kind;
use crate::memory::{Blueprint, Memory, Placed, Segment};
use crate::region::{copy_in, copy_out};
use crate::shm_layout::ShmLayout;
use crate::sync::AtomicU64;

/// The largest unit in which values are copied.
const WORD: usize = size_of::<u64>();

/// A structure in a mapping whose header is an `H`.
///
/// Offsets are bytes from the start of the structure. They are computed by the caller from what it has checked, never
/// taken from shared memory; one outside the structure is a mistake of the caller, and panics.
pub(crate) struct Mapped<H> {
    base: NonNull<u8>,
    size: usize,
    kind: Kind,
    recorded: bool,
    segment: Arc<Segment>,
    name: Box<str>,
    header: PhantomData<fn() -> H>,
}

// SAFETY: `base` leads to shared memory, which every thread may access through atomics (M1).
unsafe impl<H> Send for Mapped<H> {}
// SAFETY: as above.
unsafe impl<H> Sync for Mapped<H> {}

impl<H> Mapped<H> {
    /// Creates a structure; `Exists` if its name is taken.
    pub(crate) fn create(memory: &Memory, blueprint: &Blueprint<'_>) -> Result<Mapped<H>> {
        let placed = memory.segment.create_structure(blueprint)?;
        Mapped::at(memory, blueprint.kind, blueprint.name, placed)
    }

    /// Finds a structure and checks its kind and its elements. The caller checks the header, and the size by
    /// [`check_size`](Mapped::check_size).
    pub(crate) fn open(memory: &Memory, kind: Kind, name: &str, elements: &[&TypeDesc<'_>]) -> Result<Mapped<H>> {
        let placed = memory.segment.open_structure(kind, name, elements)?;
        Mapped::at(memory, kind, name, placed)
    }

    /// Opens a structure, or creates it if there is none. The caller checks what it opened as after
    /// [`open`](Mapped::open), and its numbers by [`check_number`](Mapped::check_number).
    pub(crate) fn open_or_create(memory: &Memory, blueprint: &Blueprint<'_>) -> Result<Mapped<H>> {
        let (placed, _) = memory.segment.open_or_create_structure(blueprint)?;
        Mapped::at(memory, blueprint.kind, blueprint.name, placed)
    }

    fn at(memory: &Memory, kind: Kind, name: &str, placed: Placed) -> Result<Mapped<H>> {
        let segment = &memory.segment;
        if placed.size < size_of::<H>() as u64 {
            let message = format!(
                "{} `{name}` in segment `{}`: its entry has {} bytes and its header alone needs {}; the segment is \
                 damaged, create it anew",
                kind_name(kind),
                segment.name,
                placed.size,
                size_of::<H>()
            );
            return Err(Error::corrupt(message));
        }
        Ok(Mapped {
            base: segment.region.pointer(placed.offset, placed.size, WORD as u64)?,
            // It lies in the mapping, so it fits.
            size: placed.size as usize,
            kind,
            recorded: placed.recorded,
            segment: Arc::clone(segment),
            name: name.into(),
            header: PhantomData,
        })
    }

    pub(crate) fn segment(&self) -> &Arc<Segment> {
        &self.segment
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether a record vouches for the type of the elements. Without one, every invariant that can be checked is.
    pub(crate) fn recorded(&self) -> bool {
        self.recorded
    }

    #[inline(always)]
    fn check(&self, offset: usize, len: usize, align: usize) {
        // The header is there (M1), and where it is a field that is asked for, the compiler sees that and checks nothing.
        let in_header = offset <= size_of::<H>() && len <= size_of::<H>() - offset;
        let inside = in_header || offset <= self.size && len <= self.size - offset;
        if !inside || !offset.is_multiple_of(align) {
            self.outside(offset, len);
        }
    }

    #[cold]
    #[inline(never)]
    fn outside(&self, offset: usize, len: usize) -> ! {
        panic!("{len} bytes at {offset} of `{}` with {} bytes: this is a mistake in zeroipc", self.name, self.size)
    }

    /// The word at an offset.
    #[inline(always)]
    pub(crate) fn word(&self, offset: usize) -> &AtomicU64 {
        self.check(offset, WORD, WORD);
        // SAFETY: the word lies in the structure (just checked), which lies in the mapping (M1).
        let word = unsafe { self.base.add(offset) };
        // SAFETY: an aligned word in the mapping (M1 and the check), accessed through atomics by everybody, and mapped as
        // long as `self` is borrowed.
        unsafe { word.cast::<AtomicU64>().as_ref() }
    }

    /// A pointer to `len` bytes at an offset, for [`copy_in`] and [`copy_out`].
    #[inline(always)]
    pub(crate) fn pointer(&self, offset: usize, len: usize) -> NonNull<u8> {
        self.check(offset, len, 1);
        // SAFETY: the bytes lie in the structure (just checked), which lies in the mapping (M1).
        unsafe { self.base.add(offset) }
    }

    /// Copies the value at an offset, a multiple of 8, in words. It is torn if a peer writes meanwhile.
    #[inline(always)]
    pub(crate) fn read_value<T: ShmLayout>(&self, offset: usize) -> T {
        let mut value = MaybeUninit::<T>::uninit();
        self.read_into(offset, &mut value);
        // SAFETY: it was just filled, and every pattern of bytes is a `T` since that is `Pod`.
        unsafe { value.assume_init() }
    }

    /// As [`read_value`](Mapped::read_value), to where the caller keeps it: a large value is not moved again for nothing.
    #[inline(always)]
    pub(crate) fn read_into<T: ShmLayout>(&self, offset: usize, value: &mut MaybeUninit<T>) {
        self.check(offset, size_of::<T>(), WORD);
        let from = self.pointer(offset, size_of::<T>());
        // SAFETY: the source has so many bytes and is aligned to 8 (just checked, and M1); `value` is private and has room.
        unsafe { copy_out(from.as_ptr(), value.as_mut_ptr().cast(), size_of::<T>(), WORD) };
    }

    /// Copies a value to an offset, a multiple of 8, in words. Only for writable mappings.
    #[inline(always)]
    pub(crate) fn write_value<T: ShmLayout>(&self, offset: usize, value: &T) {
        debug_assert!(self.segment.region.is_writable());
        self.check(offset, size_of::<T>(), WORD);
        let to = self.pointer(offset, size_of::<T>());
        // SAFETY: the target has so many bytes and is aligned to 8 (just checked, and M1); `value` is private, and being
        // `Pod` it has no uninitialised byte.
        unsafe { copy_in(std::ptr::from_ref(value).cast(), to.as_ptr(), size_of::<T>(), WORD) };
    }

    /// Refuses a structure whose entry does not have the size that its numbers and this side's elements give; `None` is
    /// more than memory can have.
    pub(crate) fn check_size(&self, expected: Option<u64>) -> Result<()> {
        if expected == Some(self.size as u64) {
            return Ok(());
        }
        let needed = expected.map_or_else(|| "more than there can be".to_owned(), |bytes| bytes.to_string());
        let message = format!(
            "{}: its entry has {} bytes, and by its header and this side's elements it needs {needed}; open it with the \
             type that it was created with, or create the segment anew if it is damaged",
            self.what(),
            self.size
        );
        // Where a record vouches for the type, only the numbers can be wrong.
        Err(Error::new(if self.recorded { ErrorKind::Corrupt } else { ErrorKind::TypeMismatch }, message))
    }

    /// Refuses to open what has another number (`"a capacity"`) than was asked for.
    pub(crate) fn check_number(&self, what: &str, found: u64, asked: u64) -> Result<()> {
        if found == asked {
            return Ok(());
        }
        let message =
            format!("{} exists with {what} of {found}, and {asked} were asked for; open it as it is", self.what());
        Err(Error::new(ErrorKind::BadArgument, message))
    }

    /// The error for content that no peer could have left.
    #[cold]
    pub(crate) fn corrupt(&self, found: impl fmt::Display) -> Error {
        Error::corrupt(format!("{}: {found}; the segment is damaged, create it anew", self.what()))
    }

    /// An error about this structure: what was found, and what to do.
    #[cold]
    pub(crate) fn error(&self, kind: ErrorKind, found: impl fmt::Display) -> Error {
        Error::new(kind, format!("{}: {found}", self.what()))
    }

    fn what(&self) -> String {
        format!("{} `{}` in segment `{}`", kind_name(self.kind), self.name, self.segment.name)
    }
}

impl<H> Clone for Mapped<H> {
    fn clone(&self) -> Self {
        Mapped { segment: Arc::clone(&self.segment), name: self.name.clone(), ..*self }
    }
}

impl<H> fmt::Debug for Mapped<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(kind_name(self.kind))
            .field("segment", &self.segment.name)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
