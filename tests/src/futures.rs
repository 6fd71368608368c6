//! Polling futures by hand, without an executor.

use std::pin::{Pin, pin};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

/// A waker that counts, and that a thread can wait for.
#[derive(Debug, Default)]
pub struct Bell {
    rings: Mutex<u64>,
    rang: Condvar,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.rings.lock().expect("nobody panics here") += 1;
        self.rang.notify_all();
    }
}

impl Bell {
    /// A bell, and the waker that rings it.
    pub fn new() -> (Arc<Bell>, Waker) {
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(Arc::clone(&bell));
        (bell, waker)
    }

    /// How often it rang.
    pub fn rings(&self) -> u64 {
        *self.rings.lock().expect("nobody panics here")
    }

    /// Waits until it has rung more than so many times; whether it did before the deadline.
    pub fn rang(&self, more_than: u64, deadline: Instant) -> bool {
        let mut rings = self.rings.lock().expect("nobody panics here");
        while *rings <= more_than {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            rings = self.rang.wait_timeout(rings, left).expect("nobody panics here").0;
        }
        true
    }
}

/// Polls once.
pub fn poll<F: Future + ?Sized>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

/// Polls in this thread until the future is done.
///
/// # Panics
/// If nothing wakes it until the deadline.
pub fn block_on_until<F: Future>(future: F, deadline: Instant) -> F::Output {
    let mut future = pin!(future);
    let (bell, waker) = Bell::new();
    loop {
        let rings = bell.rings();
        if let Poll::Ready(output) = poll(future.as_mut(), &waker) {
            return output;
        }
        assert!(bell.rang(rings, deadline), "nothing woke the future");
    }
}

/// As [`block_on_until`], for what ends at once unless it hangs.
///
/// # Panics
/// If nothing wakes it.
pub fn block_on<F: Future>(future: F) -> F::Output {
    block_on_until(future, Instant::now() + crate::DEADLINE)
}

/// The threads of this process that have this name, of which the system keeps 15 bytes, each with its state.
fn states_of(name: &str) -> Vec<char> {
    let name = &name[..name.len().min(15)];
    let threads = std::fs::read_dir("/proc/self/task").expect("a process has threads");
    let stats = threads.flatten().filter_map(|thread| std::fs::read_to_string(thread.path().join("stat")).ok());
    stats
        .filter_map(|stat| {
            let (head, tail) = stat.rsplit_once(')')?;
            let state = tail.trim_start().chars().next()?;
            (head.split_once('(')?.1 == name).then_some(state)
        })
        .collect()
}

/// How many threads of this process have this name.
///
/// # Panics
/// Without `/proc`.
pub fn threads_called(name: &str) -> usize {
    states_of(name).len()
}

/// Waits until there are threads of this name, and all of them sleep.
///
/// # Panics
/// If they do not.
pub fn until_asleep(name: &str) {
    let deadline = Instant::now() + crate::DEADLINE;
    loop {
        let states = states_of(name);
        if !states.is_empty() && states.iter().all(|state| *state == 'S') {
            return;
        }
        assert!(Instant::now() < deadline, "{name}: {states:?}");
        std::thread::yield_now();
    }
}
