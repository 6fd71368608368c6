//! Futexes between processes: never the private kind.

use std::io;
use std::time::{Duration, Instant};

use crate::sync::{AtomicU8, AtomicU64, Relaxed};

/// How many words the system takes at a time.
const MOST_WORDS: usize = libc::FUTEX_WAITV_MAX as usize;
/// How long a round lasts where the system does not take them all.
const ROUND: Duration = Duration::from_millis(1);
/// 1 when the system has refused to sleep on several words.
static REFUSED: AtomicU8 = AtomicU8::new(0);

/// Sleeps while the low half of `word` is `low`, at most `at_most`.
///
/// Returns when woken, when the half differs, at the end of the time, on a signal, or for no reason; the caller looks
/// at the word again in every case, so the reason is of no use to it.
pub(crate) fn futex_wait(word: &AtomicU64, low: u32, at_most: Duration) {
    let time = libc::timespec {
        tv_sec: at_most.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: at_most.subsec_nanos().into(),
    };
    // The machine is little-endian, so the low half is at the word's own address.
    let half: *const u32 = std::ptr::from_ref(word).cast();
    // SAFETY: `half` is aligned and readable while `word` is borrowed; the system reads the half and `time`, which live
    // through the call. The timeout is relative and monotonic.
    unsafe { libc::syscall(libc::SYS_futex, half, libc::FUTEX_WAIT, low, &raw const time, 0_usize, 0_u32) };
}

/// Wakes `count` of those who sleep on `word`, in every process.
pub(crate) fn futex_wake(word: &AtomicU64, count: u32) {
    let half: *const u32 = std::ptr::from_ref(word).cast();
    // The system takes the number as a signed one.
    let count = count.min(i32::MAX.cast_unsigned());
    // SAFETY: the system takes the address as a key and does not write to it.
    unsafe { libc::syscall(libc::SYS_futex, half, libc::FUTEX_WAKE, count, 0_usize, 0_usize, 0_u32) };
}

/// Sleeps while the low half of **every** word is what stands beside it, at most `at_most`; without words, just that long.
///
/// Returns as [`futex_wait`] does, for any reason. The system puts the sleeper into the list of each word and compares
/// the word then: a change of any of them before the sleep is not slept through. Where the system cannot do so (Linux before
/// 5.16, a filter of system calls, more than 128 words) the words take turns in rounds of a millisecond, so that a wake can be
/// late by a round per word.
pub(crate) fn futex_wait_any(words: &[(&AtomicU64, u32)], at_most: Duration) {
    match words {
        [] => std::thread::sleep(at_most),
        [(word, low)] => futex_wait(word, *low, at_most),
        _ if words.len() <= MOST_WORDS && REFUSED.load(Relaxed) == 0 => {
            if !futex_waitv(words, at_most) {
                // Relaxed: who does not see it is refused once more.
                REFUSED.store(1, Relaxed);
            }
        }
        _ => wait_in_turns(words, at_most),
    }
}

/// One sleep on up to 128 words; `false` when the system does not offer it.
fn futex_waitv(words: &[(&AtomicU64, u32)], at_most: Duration) -> bool {
    let waits: Vec<Wait> = words.iter().map(|(word, low)| Wait::new(std::ptr::from_ref(*word).addr(), *low)).collect();
    !matches!(sleep_on(&waits, at_most), Slept::Fault | Slept::Refused)
}

/// One of several words to sleep on.
#[repr(transparent)]
#[derive(Clone, Copy)]
struct Wait(libc::futex_waitv);

impl Wait {
    fn new(address: usize, low: u32) -> Wait {
        // SAFETY: it consists of numbers, for which zero is a value.
        let mut wait: libc::futex_waitv = unsafe { std::mem::zeroed() };
        wait.val = u64::from(low);
        // The machine is little-endian, so the low half is at the word's own address.
        wait.uaddr = address as u64;
        // Without the flag for private ones.
        wait.flags = libc::FUTEX2_SIZE_U32.cast_unsigned();
        Wait(wait)
    }
}

/// How a sleep on several words ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slept {
    /// By a wake on this word, and perhaps on others too.
    Woken(usize),
    /// Without a wake: a word had changed, time is over, or a signal came.
    Over,
    /// An address leads nowhere.
    Fault,
    /// The system does not offer it: Linux before 5.16, or a filter of system calls.
    Refused,
}

fn sleep_on(waits: &[Wait], at_most: Duration) -> Slept {
    let until = monotonic_after(at_most);
    // SAFETY: `waits` and `until` live through the call. The system reads four bytes at each address, or says that it
    // cannot. The time is absolute, by the clock that is named.
    let result = unsafe {
        libc::syscall(
            libc::SYS_futex_waitv,
            waits.as_ptr(),
            waits.len() as libc::c_uint,
            0_u32,
            &raw const until,
            libc::CLOCK_MONOTONIC,
        )
    };
    if result >= 0 {
        return Slept::Woken(result as usize);
    }
    match io::Error::last_os_error().raw_os_error() {
        Some(libc::EAGAIN | libc::EINTR | libc::ETIMEDOUT) => Slept::Over,
        Some(libc::EFAULT) => Slept::Fault,
        _ => Slept::Refused,
    }
}

/// Words that somebody sleeps on together, for sleeps that others may cut short by taking a word away.
///
/// It holds addresses and no borrows: a word can be unmapped before the sleep begins, or while it lasts. The system then
/// says that nothing is there, or compares what is there now; neither harms more than a sleep that is too short or too long.
#[cfg(feature = "async")]
#[derive(Default)]
pub(crate) struct Vigil {
    waits: Vec<Wait>,
}

#[cfg(feature = "async")]
impl Vigil {
    /// How many words it can have.
    pub(crate) const ROOM: usize = MOST_WORDS;

    pub(crate) fn clear(&mut self) {
        self.waits.clear();
    }

    /// Adds a word, whose low half is to be other than `low` for the sleep to end.
    pub(crate) fn add(&mut self, word: &AtomicU64, low: u32) {
        self.waits.push(Wait::new(std::ptr::from_ref(word).addr(), low));
    }

    /// The address of a word, by its place in the order of addition.
    pub(crate) fn address(&self, place: usize) -> Option<usize> {
        self.waits.get(place).map(|wait| wait.0.uaddr as usize)
    }

    pub(crate) fn addresses(&self) -> impl Iterator<Item = usize> {
        self.waits.iter().map(|wait| wait.0.uaddr as usize)
    }

    /// Sleeps until one of the words changes or is woken, at most `at_most`.
    pub(crate) fn sleep(&self, at_most: Duration) -> Slept {
        if REFUSED.load(Relaxed) != 0 {
            return Slept::Refused;
        }
        let slept = sleep_on(&self.waits, at_most);
        if slept == Slept::Refused {
            // Relaxed: who does not see it is refused once more.
            REFUSED.store(1, Relaxed);
        }
        slept
    }
}

/// Wakes one of those who sleep at an address, where there may be no word any more. Whoever is woken for nothing looks again.
#[cfg(feature = "async")]
pub(crate) fn futex_wake_at(address: usize) {
    // SAFETY: the system takes the address as a key, does not write to it, and says so where nothing is mapped.
    unsafe { libc::syscall(libc::SYS_futex, address, libc::FUTEX_WAKE, 1, 0_usize, 0_usize, 0_u32) };
}

/// Now and `time` later, by the monotonic clock.
fn monotonic_after(time: Duration) -> libc::timespec {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is writable.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    let nanos = now.tv_nsec + libc::c_long::from(time.subsec_nanos().cast_signed());
    let seconds = time.as_secs().try_into().unwrap_or(libc::time_t::MAX);
    libc::timespec {
        tv_sec: now.tv_sec.saturating_add(seconds).saturating_add(nanos / 1_000_000_000),
        tv_nsec: nanos % 1_000_000_000,
    }
}

fn wait_in_turns(words: &[(&AtomicU64, u32)], at_most: Duration) {
    let start = Instant::now();
    for (word, low) in words.iter().cycle() {
        let left = at_most.saturating_sub(start.elapsed());
        if left.is_zero() || words.iter().any(|(word, low)| word.load(Relaxed) as u32 != *low) {
            return;
        }
        futex_wait(word, *low, left.min(ROUND));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// Ends the sleep of another thread, however late that falls asleep.
    fn wakes(wait: fn(&[(&AtomicU64, u32)], Duration), count: usize, changed: usize) {
        let words: Vec<AtomicU64> = (0..count).map(|_| AtomicU64::new(7 | 1 << 40)).collect();
        let start = Instant::now();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let words: Vec<_> = words.iter().map(|word| (word, 7)).collect();
                while words.iter().all(|(word, low)| word.load(Relaxed) as u32 == *low) {
                    wait(&words, LONG);
                }
            });
            words[changed].store(8, Relaxed);
            futex_wake(&words[changed], 1);
        });
        assert!(start.elapsed() < LONG, "a wake of word {changed} of {count} was lost");
    }

    #[test]
    fn a_wake_on_any_word_ends_the_sleep() {
        for count in [1, 2, 3, MOST_WORDS, MOST_WORDS + 1] {
            for changed in [0, count / 2, count - 1] {
                wakes(futex_wait_any, count, changed);
            }
        }
    }

    #[test]
    fn words_that_take_turns_are_all_looked_at() {
        for changed in 0..3 {
            wakes(wait_in_turns, 3, changed);
        }
    }

    #[test]
    fn a_word_that_differs_is_not_slept_on() {
        let (same, other) = (AtomicU64::new(1), AtomicU64::new(2));
        let start = Instant::now();
        futex_wait_any(&[(&same, 1), (&other, 1)], LONG);
        wait_in_turns(&[(&same, 1), (&other, 1)], LONG);
        assert!(start.elapsed() < LONG);
    }

    #[test]
    fn a_sleep_ends_in_time() {
        let (first, second) = (AtomicU64::new(1), AtomicU64::new(2));
        let words = [(&first, 1), (&second, 2)];
        for wait in [futex_wait_any, wait_in_turns] {
            let start = Instant::now();
            while start.elapsed() < Duration::from_millis(20) {
                wait(&words, Duration::from_millis(20).saturating_sub(start.elapsed()));
            }
            assert!(start.elapsed() < LONG);
        }
        futex_wait_any(&[], Duration::from_millis(1));
    }
}
