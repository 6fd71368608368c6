//! What we are compared with: a bare bounded queue in shared memory, a bare word, a bare futex.

use std::cell::UnsafeCell;
use std::hint::spin_loop;
use std::mem::MaybeUninit;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::process::shared_memory;

/// A number on a cache line of its own (two, since machines fetch them in pairs).
#[repr(align(128))]
#[derive(Debug)]
pub(crate) struct Padded<T>(pub(crate) T);

/// The array queue with a sequence number per cell, for many producers and consumers, as
/// [published](https://www.1024cores.net/home/lock-free-algorithms/queues/bounded-mpmc-queue): no owner, no recovery, no
/// waiting, head and tail on lines of their own.
pub(crate) struct Vyukov<T, const N: usize> {
    head: Padded<AtomicU64>,
    tail: Padded<AtomicU64>,
    cells: [Cell<T>; N],
}

struct Cell<T> {
    sequence: AtomicU64,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the sequence numbers hand each cell to one thread or process at a time.
unsafe impl<T: Send, const N: usize> Sync for Vyukov<T, N> {}

impl<T: Copy, const N: usize> Vyukov<T, N> {
    /// A queue in memory that children share.
    pub(crate) fn shared() -> &'static Vyukov<T, N> {
        let memory = shared_memory(size_of::<Self>()).cast::<Self>();
        // SAFETY: the memory is large enough, aligned to a page, stays mapped, and zeros are valid for every field.
        let queue = unsafe { &*memory };
        for (index, cell) in queue.cells.iter().enumerate() {
            cell.sequence.store(index as u64, Relaxed);
        }
        queue
    }

    #[inline]
    pub(crate) fn try_push(&self, value: T) -> bool {
        let mut tail = self.tail.0.load(Relaxed);
        loop {
            let cell = &self.cells[tail as usize % N];
            let sequence = cell.sequence.load(Acquire);
            if sequence == tail {
                match self.tail.0.compare_exchange_weak(tail, tail + 1, Relaxed, Relaxed) {
                    Ok(_) => {
                        // SAFETY: the sequence number and the claim give the cell to this producer alone.
                        unsafe { *cell.value.get() = MaybeUninit::new(value) };
                        cell.sequence.store(tail + 1, Release);
                        return true;
                    }
                    Err(seen) => tail = seen,
                }
            } else if sequence < tail {
                return false;
            } else {
                tail = self.tail.0.load(Relaxed);
            }
        }
    }

    #[inline]
    pub(crate) fn try_pop(&self) -> Option<T> {
        let mut head = self.head.0.load(Relaxed);
        loop {
            let cell = &self.cells[head as usize % N];
            let sequence = cell.sequence.load(Acquire);
            if sequence == head + 1 {
                match self.head.0.compare_exchange_weak(head, head + 1, Relaxed, Relaxed) {
                    Ok(_) => {
                        // SAFETY: the sequence number and the claim give the cell to this consumer alone.
                        let value = unsafe { *cell.value.get() };
                        cell.sequence.store(head + N as u64, Release);
                        // SAFETY: the producer has written it before it stored the sequence number.
                        return Some(unsafe { value.assume_init() });
                    }
                    Err(seen) => head = seen,
                }
            } else if sequence <= head {
                return None;
            } else {
                head = self.head.0.load(Relaxed);
            }
        }
    }
}

/// A word for two that pass it back and forth.
#[derive(Debug)]
pub(crate) struct Ball(Padded<AtomicU64>);

impl Ball {
    pub(crate) fn shared() -> &'static Ball {
        let memory = shared_memory(size_of::<Ball>()).cast::<Ball>();
        // SAFETY: the memory is large enough, aligned to a page, stays mapped, and zero is valid.
        unsafe { &*memory }
    }

    /// Waits for `turn` and answers with the next number.
    #[inline]
    pub(crate) fn hit(&self, turn: u64) {
        while self.0.0.load(Acquire) != turn {
            spin_loop();
        }
        self.0.0.store(turn + 1, Release);
    }
}

/// Two words, each of which one side sleeps on.
#[derive(Debug)]
pub(crate) struct Bells([Padded<AtomicU32>; 2]);

impl Bells {
    pub(crate) fn shared() -> &'static Bells {
        let memory = shared_memory(size_of::<Bells>()).cast::<Bells>();
        // SAFETY: the memory is large enough, aligned to a page, stays mapped, and zeros are valid.
        unsafe { &*memory }
    }

    pub(crate) fn ring(&self, which: usize, number: u32) {
        let word = &self.0[which].0;
        word.store(number, Release);
        // SAFETY: the system takes the address as a key and does not write to it.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, 1, 0_usize, 0_usize, 0) };
    }

    pub(crate) fn sleep_until(&self, which: usize, number: u32) {
        let word = &self.0[which].0;
        loop {
            let seen = word.load(Acquire);
            if seen == number {
                return;
            }
            let forever: *const libc::timespec = std::ptr::null();
            // SAFETY: the word is readable for the call; without a time the call sleeps until it is woken.
            unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, seen, forever, 0_usize, 0) };
        }
    }
}
