//! A value or the text of an error in a mapping, behind the word that says which: what Lazy and Future are made of.
//!
//! ```text
//! 0       8             16                          16 + round8(size)
//! +-------+-------------+---------------------------+--------------------+
//! | state | text_length | value                     | text, 256 bytes    |
//! +-------+-------------+---------------------------+--------------------+
//! ```

use std::marker::PhantomData;
use std::mem::offset_of;

use zeroipc_layout::limits::MAX_ELEMENT_SIZE;

use super::mapped::Mapped;
use super::once::Owned;
use super::once_kernel::{Corrupt, Kernel, decode};
use crate::error::{Error, ErrorKind, Result};
use crate::format::once::{ONCE_TEXT_ROOM, OutcomeHeader};
use crate::format::schema::Kind;
use crate::memory::{Blueprint, Memory, Segment};
use crate::points::point;
use crate::shm_layout::ShmLayout;
use crate::sync::{AtomicU64, Relaxed};
use crate::table::Fit;

/// The text as it is copied: in words.
type Text = [u64; TEXT_ROOM / 8];
const TEXT_ROOM: usize = ONCE_TEXT_ROOM as usize;

/// As much of a text as there is room for, in whole characters.
fn kept(text: &str) -> &str {
    let end = (0..=text.len().min(TEXT_ROOM)).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// A `T`, or why there is none.
pub(super) struct Outcome<T> {
    pub(super) mapped: Mapped<OutcomeHeader>,
    value: PhantomData<fn(T) -> T>,
}

impl<T> Clone for Outcome<T> {
    fn clone(&self) -> Self {
        Outcome { mapped: self.mapped.clone(), value: PhantomData }
    }
}

impl<T> Outcome<T> {
    #[inline(always)]
    fn state(&self) -> &AtomicU64 {
        self.mapped.word(offset_of!(OutcomeHeader, state))
    }

    #[inline(always)]
    pub(super) fn segment(&self) -> &Segment {
        self.mapped.segment()
    }

    #[inline(always)]
    pub(super) fn kernel(&self) -> Kernel<'_, Segment> {
        let segment = self.mapped.segment();
        Kernel { state: self.state(), peers: segment, writable: segment.region.is_writable() }
    }

    #[cold]
    pub(super) fn corrupt(&self, _: Corrupt) -> Error {
        self.mapped.corrupt("its word is in no state that a peer could have left")
    }
}

impl<T: ShmLayout> Outcome<T> {
    const VALUE: usize = size_of::<OutcomeHeader>();
    const TEXT: usize = Self::VALUE + size_of::<T>().next_multiple_of(8);
    const SIZE: u64 = (Self::TEXT + TEXT_ROOM) as u64;

    pub(super) fn create(memory: &Memory, kind: Kind, name: &str) -> Result<Outcome<T>> {
        Self::checked(Self::with_blueprint(kind, name, |blueprint| Mapped::create(memory, blueprint))?)
    }

    pub(super) fn open(memory: &Memory, kind: Kind, name: &str) -> Result<Outcome<T>> {
        Self::checked(Mapped::open(memory, kind, name, &[T::DESC])?)
    }

    pub(super) fn open_or_create(memory: &Memory, kind: Kind, name: &str) -> Result<Outcome<T>> {
        Self::checked(Self::with_blueprint(kind, name, |blueprint| Mapped::open_or_create(memory, blueprint))?)
    }

    fn with_blueprint<R>(kind: Kind, name: &str, run: impl FnOnce(&Blueprint<'_>) -> Result<R>) -> Result<R> {
        let element = size_of::<T>() as u64;
        if element > MAX_ELEMENT_SIZE {
            let message =
                format!("structure `{name}`: a value has {element} bytes and 1 to {MAX_ELEMENT_SIZE} are possible");
            return Err(Error::new(ErrorKind::BadArgument, message));
        }
        run(&Blueprint {
            kind,
            name,
            elements: &[T::DESC],
            size: Self::SIZE,
            fit: Fit::WORDS,
            // A new one is zero, and so is new memory.
            initialise: &|_, _| Ok(()),
        })
    }

    fn checked(mapped: Mapped<OutcomeHeader>) -> Result<Outcome<T>> {
        mapped.check_size(Some(Self::SIZE))?;
        let outcome = Outcome { mapped, value: PhantomData };
        // Without a record any word might be here; with one, it is told when it is used.
        if !outcome.mapped.recorded() && decode(outcome.state().load(Relaxed)).is_err() {
            return Err(outcome.corrupt(Corrupt));
        }
        Ok(outcome)
    }

    /// The value if it is there.
    #[inline(always)]
    pub(super) fn done(&self) -> Option<T> {
        if self.kernel().is_done() { Some(self.value()) } else { None }
    }

    /// The value, for those who have seen that it is there: then nobody changes it any more.
    #[inline(always)]
    pub(super) fn value(&self) -> T {
        self.mapped.read_value(Self::VALUE)
    }

    /// Writes the value and hands it over.
    pub(super) fn fill(&self, owned: Owned<'_>, value: &T) -> Result<()> {
        if owned.is_ours() {
            self.mapped.write_value(Self::VALUE, value);
            point!("outcome.fill.written");
        }
        owned.fill(false).map_err(|lost| self.mapped.error(ErrorKind::NotOwner, lost))
    }

    /// Writes as much of an error's text as there is room for, and hands it over.
    pub(super) fn fail(&self, owned: Owned<'_>, text: &str) -> Result<()> {
        if owned.is_ours() {
            let text = kept(text).as_bytes();
            let mut padded = [0; TEXT_ROOM];
            padded[..text.len()].copy_from_slice(text);
            self.mapped.write_value::<Text>(Self::TEXT, &bytemuck::cast(padded));
            self.text_length().store(text.len() as u64, Relaxed);
            point!("outcome.fail.written");
        }
        owned.fill(true).map_err(|lost| self.mapped.error(ErrorKind::NotOwner, lost))
    }

    fn text_length(&self) -> &AtomicU64 {
        self.mapped.word(offset_of!(OutcomeHeader, text_length))
    }

    /// Fails with the error that is kept, unless it was reset meanwhile. `word` is that of the state in which it was found.
    #[cold]
    pub(super) fn failure(&self, word: u64) -> Result<()> {
        let length = self.text_length().load(Relaxed).min(ONCE_TEXT_ROOM) as usize;
        let text: [u8; TEXT_ROOM] = bytemuck::cast(self.mapped.read_value::<Text>(Self::TEXT));
        if !self.kernel().still(word) {
            return Ok(());
        }
        Err(self.failed(&String::from_utf8_lossy(&text[..length])))
    }

    /// The error that tells of a failure.
    #[cold]
    pub(super) fn failed(&self, text: &str) -> Error {
        self.mapped.error(ErrorKind::Failed, format_args!("it failed: {}", kept(text)))
    }
}
