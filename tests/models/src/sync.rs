//! Loom's atomics in the place of `zeroipc/src/sync.rs`.
//!
//! Loom finds out which schedules differ by looking, for each access, at the **last** access to the same word. A thread
//! that loads a word and then stores to it sees only its own load there, so the schedule in which another thread's
//! earlier load comes behind the store is never tried, and a load never returns a store that comes later. Every access
//! here therefore first touches a second word by a store, which loom orders against all others; that word carries no
//! synchronisation.

pub(crate) use loom::hint::spin_loop;
pub(crate) use loom::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};
pub(crate) use loom::sync::atomic::fence;

macro_rules! atomics {
    ($($name:ident => $value:ty),*) => { $(
        #[derive(Debug)]
        pub(crate) struct $name {
            touched: loom::sync::atomic::AtomicBool,
            word: loom::sync::atomic::$name,
        }

        #[allow(dead_code)]
        impl $name {
            pub(crate) fn new(value: $value) -> $name {
                let touched = loom::sync::atomic::AtomicBool::new(false);
                $name { touched, word: loom::sync::atomic::$name::new(value) }
            }

            pub(crate) fn load(&self, order: Ordering) -> $value {
                self.touched.store(false, Relaxed);
                self.word.load(order)
            }

            pub(crate) fn store(&self, value: $value, order: Ordering) {
                self.touched.store(false, Relaxed);
                self.word.store(value, order);
            }

            pub(crate) fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.touched.store(false, Relaxed);
                self.word.compare_exchange(current, new, success, failure)
            }

            pub(crate) fn swap(&self, value: $value, order: Ordering) -> $value {
                self.touched.store(false, Relaxed);
                self.word.swap(value, order)
            }

            pub(crate) fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                self.touched.store(false, Relaxed);
                self.word.fetch_add(value, order)
            }

            pub(crate) fn fetch_or(&self, value: $value, order: Ordering) -> $value {
                self.touched.store(false, Relaxed);
                self.word.fetch_or(value, order)
            }

            pub(crate) fn fetch_and(&self, value: $value, order: Ordering) -> $value {
                self.touched.store(false, Relaxed);
                self.word.fetch_and(value, order)
            }

            pub(crate) fn fetch_max(&self, value: $value, order: Ordering) -> $value {
                self.touched.store(false, Relaxed);
                self.word.fetch_max(value, order)
            }
        }
    )* };
}

atomics!(AtomicU32 => u32, AtomicU64 => u64);

/// As in production: an acquiring load that is also allowed on a read-only mapping.
pub(crate) fn load_acquire_u32(word: &AtomicU32) -> u32 {
    let value = word.load(Relaxed);
    fence(Acquire);
    value
}

/// The cheap half of an asymmetric fence, which together with the other half does what two of these do.
pub(crate) fn light_fence() {
    fence(SeqCst);
}

/// Loom takes SeqCst accesses for weaker ones; a fence between the two says the same as production does.
pub(crate) fn announce(word: &AtomicU64, current: u64, new: u64) -> Result<u64, u64> {
    let before = word.compare_exchange(current, new, AcqRel, Relaxed)?;
    fence(SeqCst);
    Ok(before)
}

pub(crate) fn observe(word: &AtomicU64) -> u64 {
    word.load(Acquire)
}
