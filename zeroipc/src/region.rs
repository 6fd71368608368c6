//! The mapping, and the only place where a pointer into it is made.
//!
//! Peers write to these bytes at any time, so they are never borrowed as values: a pointer becomes a reference only
//! to an atomic, and everything else is copied in and out.
//!
//! Invariants:
//! - **I1** The mapping is `len` bytes long, stays in place as long as the [`Region`] lives, and begins at a page.
//! - **I2** Every pointer that leaves this module was checked to lie in the mapping with all the bytes it stands for.
//! - **I3** A structure's handle owns a reference to its segment, so I1 outlasts every pointer kept in the handle.

use std::io;
use std::ptr::NonNull;

use memmap2::MmapRaw;

use crate::error::{Error, Result};
use crate::os::{Access, ShmFile};
use crate::sync::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Relaxed};

/// A mapped segment.
#[derive(Debug)]
pub(crate) struct Region {
    map: MmapRaw,
    access: Access,
}

impl Region {
    pub(crate) fn map(file: &ShmFile, len: u64) -> io::Result<Region> {
        let len = usize::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        Ok(Region { map: file.map(len)?, access: file.access() })
    }

    pub(crate) fn len(&self) -> u64 {
        self.map.len() as u64
    }

    pub(crate) fn is_writable(&self) -> bool {
        self.access == Access::ReadWrite
    }

    /// Whether a word lies in the mapping.
    #[cfg(feature = "async")]
    pub(crate) fn contains(&self, word: &AtomicU64) -> bool {
        let start = self.map.as_ptr().addr();
        (start..start + self.map.len()).contains(&std::ptr::from_ref(word).addr())
    }

    /// A pointer to `len` bytes at `offset`, aligned to `align`.
    pub(crate) fn pointer(&self, offset: u64, len: u64, align: u64) -> Result<NonNull<u8>> {
        let fits = offset.checked_add(len).is_some_and(|end| end <= self.len());
        if !fits || !offset.is_multiple_of(align) {
            return Err(Error::corrupt(format!(
                "the segment says that {len} bytes aligned to {align} lie at offset {offset}, and it has {} bytes; it \
                 is damaged, remove it and create it anew",
                self.len()
            )));
        }
        // SAFETY: `offset` is within the mapping (checked above), which is one allocation (I1).
        let pointer = unsafe { self.map.as_mut_ptr().add(offset as usize) };
        NonNull::new(pointer).ok_or_else(|| Error::corrupt("the mapping begins at address 0"))
    }

    /// The word at `offset`.
    pub(crate) fn u64_at(&self, offset: u64) -> Result<&AtomicU64> {
        let pointer = self.pointer(offset, 8, 8)?.cast::<AtomicU64>();
        // SAFETY: 8 aligned bytes in the mapping (just checked), which outlives the borrow of `self` (I1); peers
        // access the word atomically too, and on a read-only mapping it is only loaded, relaxed.
        Ok(unsafe { pointer.as_ref() })
    }

    /// The half word at `offset`.
    pub(crate) fn u32_at(&self, offset: u64) -> Result<&AtomicU32> {
        let pointer = self.pointer(offset, 4, 4)?.cast::<AtomicU32>();
        // SAFETY: 4 aligned bytes in the mapping (just checked), which outlives the borrow of `self` (I1); peers
        // access the half word atomically too, and on a read-only mapping it is only loaded, relaxed.
        Ok(unsafe { pointer.as_ref() })
    }

    /// Copies bytes out; they may be torn if a peer writes to them.
    pub(crate) fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let from = self.pointer(offset, out.len() as u64, 1)?;
        // SAFETY: both ranges have `out.len()` bytes: the source was just checked, the target is the slice.
        unsafe { copy_out(from.as_ptr(), out.as_mut_ptr(), out.len(), align_at(from)) };
        Ok(())
    }

    /// Copies bytes in. Only for writable mappings.
    pub(crate) fn write(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        debug_assert!(self.is_writable());
        let to = self.pointer(offset, bytes.len() as u64, 1)?;
        // SAFETY: both ranges have `bytes.len()` bytes: the target was just checked, the source is the slice.
        unsafe { copy_in(bytes.as_ptr(), to.as_ptr(), bytes.len(), align_at(to)) };
        Ok(())
    }

    /// Sets bytes to zero. Only for writable mappings.
    pub(crate) fn zero(&self, offset: u64, len: u64) -> Result<()> {
        const ZEROS: [u8; 4096] = [0; 4096];
        let mut at = 0;
        while at < len {
            let step = (len - at).min(ZEROS.len() as u64);
            self.write(offset + at, &ZEROS[..step as usize])?;
            at += step;
        }
        Ok(())
    }
}

/// From how many bytes on the machine's string move is used; below, single moves are faster.
const STRING_MOVE_FROM: usize = 256;

/// Copies from memory that peers write to, each aligned unit of up to 8 bytes in one access.
///
/// # Safety
/// `from` can be read and `to` written for `len` bytes; `to` is private and `from` aligned to `align`.
#[inline(always)]
pub(crate) unsafe fn copy_out(from: *const u8, to: *mut u8, len: usize, align: usize) {
    #[cfg(target_arch = "x86_64")]
    if len >= STRING_MOVE_FROM {
        // SAFETY: as the caller promises.
        unsafe { string_move(from, to, len) };
        return;
    }
    let mut at = 0;
    while at < len {
        // SAFETY: `at < len`, so the pointer stays in the caller's range.
        let source = unsafe { from.add(at) };
        // SAFETY: as above.
        let target = unsafe { to.add(at) };
        at += match unit(align, len - at) {
            // SAFETY: 8 bytes are left and `source` is aligned to 8; `target` is private.
            8 => unsafe { move_out::<AtomicU64>(source, target) },
            // SAFETY: 4 bytes are left and `source` is aligned to 4; `target` is private.
            4 => unsafe { move_out::<AtomicU32>(source, target) },
            // SAFETY: 2 bytes are left and `source` is aligned to 2; `target` is private.
            2 => unsafe { move_out::<AtomicU16>(source, target) },
            // SAFETY: a byte is left; `target` is private.
            _ => unsafe { move_out::<AtomicU8>(source, target) },
        };
    }
}

/// Copies to memory that peers read, each aligned unit of up to 8 bytes in one access.
///
/// # Safety
/// `from` can be read and `to` written for `len` bytes; `from` is private and `to` aligned to `align`.
#[inline(always)]
pub(crate) unsafe fn copy_in(from: *const u8, to: *mut u8, len: usize, align: usize) {
    #[cfg(target_arch = "x86_64")]
    if len >= STRING_MOVE_FROM {
        // SAFETY: as the caller promises.
        unsafe { string_move(from, to, len) };
        return;
    }
    let mut at = 0;
    while at < len {
        // SAFETY: `at < len`, so the pointer stays in the caller's range.
        let source = unsafe { from.add(at) };
        // SAFETY: as above.
        let target = unsafe { to.add(at) };
        at += match unit(align, len - at) {
            // SAFETY: 8 bytes are left and `target` is aligned to 8; `source` is private.
            8 => unsafe { move_in::<AtomicU64>(source, target) },
            // SAFETY: 4 bytes are left and `target` is aligned to 4; `source` is private.
            4 => unsafe { move_in::<AtomicU32>(source, target) },
            // SAFETY: 2 bytes are left and `target` is aligned to 2; `source` is private.
            2 => unsafe { move_in::<AtomicU16>(source, target) },
            // SAFETY: a byte is left; `source` is private.
            _ => unsafe { move_in::<AtomicU8>(source, target) },
        };
    }
}

/// The largest unit of the machine that divides `align` and fits into `left` bytes. From an address aligned to `align`
/// on, the units that this gives one after the other are all aligned.
#[inline(always)]
const fn unit(align: usize, left: usize) -> usize {
    match left {
        8.. if align.is_multiple_of(8) => 8,
        4.. if align.is_multiple_of(4) => 4,
        2.. if align.is_multiple_of(2) => 2,
        _ => 1,
    }
}

/// What an address is aligned to, up to 8.
fn align_at(pointer: NonNull<u8>) -> usize {
    1 << pointer.addr().trailing_zeros().min(3)
}

/// A unit that the machine moves in one access.
pub(crate) trait Unit {
    type Value: Copy;
    fn get(&self) -> Self::Value;
    fn put(&self, value: Self::Value);
}

macro_rules! units {
    ($($atomic:ty => $value:ty),*) => { $(
        impl Unit for $atomic {
            type Value = $value;
            #[inline(always)]
            fn get(&self) -> $value { self.load(Relaxed) }
            #[inline(always)]
            fn put(&self, value: $value) { self.store(value, Relaxed) }
        }
    )* };
}

units!(AtomicU8 => u8, AtomicU16 => u16, AtomicU32 => u32, AtomicU64 => u64);

/// Moves one unit out of the mapping and returns its size.
///
/// # Safety
/// `from` is aligned for `U`, and both pointers stand for as many bytes as `U` has; `to` is private.
#[inline(always)]
pub(crate) unsafe fn move_out<U: Unit>(from: *const u8, to: *mut u8) -> usize {
    // SAFETY: the caller promises an aligned unit in the mapping, and every access to it is atomic.
    let value = unsafe { &*from.cast::<U>() }.get();
    // SAFETY: the caller promises room for the value; the write need not be aligned.
    unsafe { to.cast::<U::Value>().write_unaligned(value) };
    size_of::<U>()
}

/// Moves one unit into the mapping and returns its size.
///
/// # Safety
/// `to` is aligned for `U`, and both pointers stand for as many bytes as `U` has; `from` is private.
#[inline(always)]
pub(crate) unsafe fn move_in<U: Unit>(from: *const u8, to: *mut u8) -> usize {
    // SAFETY: the caller promises a value there; the read need not be aligned.
    let value = unsafe { from.cast::<U::Value>().read_unaligned() };
    // SAFETY: the caller promises an aligned unit in the mapping, and every access to it is atomic.
    unsafe { &*to.cast::<U>() }.put(value);
    size_of::<U>()
}

/// The machine's own copy. The language has no copy for memory that a peer may write meanwhile; the instruction has no
/// such limit, and is faster than any loop of ours.
///
/// # Safety
/// `from` can be read and `to` written for `len` bytes.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn string_move(from: *const u8, to: *mut u8, len: usize) {
    if len.is_multiple_of(8) {
        // SAFETY: the instruction reads and writes `len` bytes at pointers that the caller answers for; the direction
        // flag is clear by the ABI.
        unsafe {
            core::arch::asm!("rep movsq", inout("rcx") len / 8 => _, inout("rdi") to => _, inout("rsi") from => _,
                options(nostack, preserves_flags));
        }
    } else {
        // SAFETY: as above.
        unsafe {
            core::arch::asm!("rep movsb", inout("rcx") len => _, inout("rdi") to => _, inout("rsi") from => _,
                options(nostack, preserves_flags));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_every_length_and_alignment() {
        let source: Vec<u8> = (0..600_u32).map(|i| i as u8).collect();
        for start in 0..9 {
            for len in [0, 1, 2, 3, 7, 8, 9, 15, 16, 63, 255, 256, 257, 512] {
                let mut shared = vec![0_u64; 80];
                let base = shared.as_mut_ptr().cast::<u8>();
                let mut back = vec![0_u8; len];
                // SAFETY: `shared` has 640 bytes and `start + len` is at most 520.
                let at = unsafe { base.add(start) };
                let align = 1 << (start as u32 | 8).trailing_zeros();
                // SAFETY: `source` has 600 bytes, `shared` has `len` bytes from `at`, and is aligned to 8 itself.
                unsafe { copy_in(source.as_ptr(), at, len, align) };
                // SAFETY: as above; `back` has `len` bytes.
                unsafe { copy_out(at, back.as_mut_ptr(), len, align) };
                assert_eq!(back, source[..len]);
            }
        }
    }
}
