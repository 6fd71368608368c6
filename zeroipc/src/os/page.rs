//! Two private pages: one that keeps an anchor, one that tells a forked child that it is one.

use std::io;
use std::ptr::NonNull;

use super::{ShmFile, page_size};
use crate::sync::{AtomicU32, AtomicU64, Relaxed};

fn map(prot: libc::c_int, flags: libc::c_int, fd: libc::c_int) -> io::Result<NonNull<libc::c_void>> {
    let len = page_size() as usize;
    // SAFETY: without MAP_FIXED the system chooses a free address, so no mapping of ours is replaced.
    let address = unsafe { libc::mmap(std::ptr::null_mut(), len, prot, flags, fd, 0) };
    if address == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    NonNull::new(address).ok_or_else(|| io::Error::from_raw_os_error(libc::ENOMEM))
}

/// Unmaps one page at an address that `map` has returned and that nobody uses any more.
///
/// # Safety
/// The page is mapped and nothing refers to it.
unsafe fn unmap(address: NonNull<libc::c_void>) {
    let len = page_size() as usize;
    // SAFETY: the caller promises that the page is mapped and unused.
    unsafe { libc::munmap(address.as_ptr(), len) };
}

/// A page that nobody can touch and that children do not get: while it is mapped, the lock of the file's description
/// lives, whatever happens to the descriptor.
pub(crate) struct AnchorPage(NonNull<libc::c_void>);

impl AnchorPage {
    /// Maps the page; the file may be closed afterwards.
    pub(crate) fn new(file: &ShmFile) -> io::Result<AnchorPage> {
        let page = AnchorPage(map(libc::PROT_NONE, libc::MAP_SHARED, file.fd())?);
        // SAFETY: the range is the page just mapped; DONTFORK does not change what this process sees.
        let done = unsafe { libc::madvise(page.0.as_ptr(), page_size() as usize, libc::MADV_DONTFORK) };
        if done != 0 { Err(io::Error::last_os_error()) } else { Ok(page) }
    }

    /// Leaves the page mapped and tells where.
    pub(crate) fn into_address(self) -> u64 {
        let address = self.0.as_ptr() as u64;
        std::mem::forget(self);
        address
    }

    /// Takes a page back that was left mapped.
    ///
    /// # Safety
    /// `address` comes from `into_address` in this process (not in the one it was forked from), and is used once.
    pub(crate) unsafe fn from_address(address: u64) -> Option<AnchorPage> {
        NonNull::new(address as *mut libc::c_void).map(AnchorPage)
    }
}

impl Drop for AnchorPage {
    fn drop(&mut self) {
        // SAFETY: the page is mapped until here, and being PROT_NONE it has no users.
        unsafe { unmap(self.0) };
    }
}

/// What a process knows of its own attachment; a forked child reads zeros.
#[repr(C)]
pub(crate) struct ForkWords {
    /// 0: not anchored in this process; otherwise the state that `attach.rs` describes.
    pub(crate) id: AtomicU32,
    reserved: AtomicU32,
    /// The byte that the anchor has locked.
    pub(crate) byte: AtomicU64,
    /// Where the anchor's page is mapped.
    pub(crate) page: AtomicU64,
}

/// A private page that reads as zero in a forked child.
pub(crate) struct ForkPage(NonNull<libc::c_void>);

// SAFETY: the page holds atomics only and stays mapped as long as the value lives.
unsafe impl Send for ForkPage {}
// SAFETY: as above; shared access goes through atomics.
unsafe impl Sync for ForkPage {}

impl ForkPage {
    pub(crate) fn new() -> io::Result<ForkPage> {
        let prot = libc::PROT_READ | libc::PROT_WRITE;
        let page = ForkPage(map(prot, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1)?);
        // SAFETY: the range is the page just mapped; WIPEONFORK changes what children see, not this process.
        let done = unsafe { libc::madvise(page.0.as_ptr(), page_size() as usize, libc::MADV_WIPEONFORK) };
        if done != 0 {
            return Err(io::Error::last_os_error());
        }
        page.words().id.store(0, Relaxed);
        Ok(page)
    }

    #[inline]
    pub(crate) fn words(&self) -> &ForkWords {
        // SAFETY: the page is mapped readable and writable while `self` lives, is aligned, zero at first, and
        // `ForkWords` consists of atomics, for which any bytes are valid.
        unsafe { self.0.cast::<ForkWords>().as_ref() }
    }
}

impl Drop for ForkPage {
    fn drop(&mut self) {
        // SAFETY: the page is mapped until here, and references to it borrow from `self`.
        unsafe { unmap(self.0) };
    }
}
