//! A stream that is made of another one: the loop that pulls through adaptors and publishes what comes out.

use std::fmt;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::stream::StreamProducer;
use super::stream_adaptors::{Flow, Wait};
use crate::error::{Error, ErrorKind, Result};
use crate::shm_layout::ShmLayout;

/// How long it waits for an element, or for room, before it looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(100);

/// A thread that publishes what comes out of a [`Flow`] to another stream; see [`Flow::derive_into`].
///
/// Dropping it stops the thread and waits for it, which takes up to 100 ms, or as long as a function of an adaptor takes.
#[must_use = "dropping it stops the derived stream"]
pub struct Derived {
    thread: Option<JoinHandle<Result<u64>>>,
    /// The process that the thread is in.
    process: u32,
    /// Dropped to stop the thread.
    alive: Option<Sender<()>>,
}

impl Derived {
    pub(crate) fn start<F>(flow: F, producer: StreamProducer<F::Item>) -> Result<Derived>
    where
        F: Flow + Send + 'static,
        F::Item: ShmLayout + Send,
    {
        let (alive, stopped) = channel();
        let stopped = move || is_dropped(&stopped);
        let thread = std::thread::Builder::new()
            .name("zeroipc-derived".to_owned())
            .spawn(move || pump(flow, producer, stopped))
            .map_err(|error| Error::system("start the thread of a derived stream", error))?;
        Ok(Derived { thread: Some(thread), process: std::process::id(), alive: Some(alive) })
    }

    /// Whether the thread has ended, and so the derived stream.
    pub fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until the source ends; how many elements were published.
    ///
    /// # Errors
    /// As [`Flow::publish_to`]; [`Failed`](ErrorKind::Failed) if a function of an adaptor has panicked.
    pub fn wait(mut self) -> Result<u64> {
        self.join()
    }

    /// Stops the thread and closes the derived stream; how many elements were published.
    ///
    /// # Errors
    /// As [`wait`](Derived::wait), if it had ended before.
    pub fn stop(mut self) -> Result<u64> {
        self.alive = None;
        self.join()
    }

    fn join(&mut self) -> Result<u64> {
        let Some(thread) = self.thread.take() else { return Ok(0) };
        if self.process != std::process::id() {
            // A forked child has no such thread, and to join it would hang or panic.
            std::mem::forget(thread);
            return Err(Error::new(ErrorKind::NotOwner, "the derived stream belongs to the process that started it"));
        }
        thread.join().unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Failed, "a function of the derived stream's adaptors has panicked"))
        })
    }
}

impl Drop for Derived {
    fn drop(&mut self) {
        self.alive = None;
        // Its result is of interest to nobody any more.
        let _ = self.join();
    }
}

impl fmt::Debug for Derived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Derived").field("is_over", &self.is_over()).finish_non_exhaustive()
    }
}

fn is_dropped(alive: &Receiver<()>) -> bool {
    alive.try_recv() == Err(TryRecvError::Disconnected)
}

/// Publishes what a flow gives until it ends, or until it is to stop, and then ends the stream the same way.
pub(crate) fn pump<F: Flow>(
    mut flow: F,
    mut producer: StreamProducer<F::Item>,
    stopped: impl Fn() -> bool,
) -> Result<u64>
where
    F::Item: ShmLayout,
{
    let mut published = 0;
    loop {
        match step(&mut flow, &mut producer, &stopped) {
            Ok(true) => published += 1,
            Ok(false) => {
                producer.close();
                return Ok(published);
            }
            Err(error) => {
                producer.end_as(&error);
                return Err(error);
            }
        }
    }
}

/// Carries one element over; `false` at the good end.
fn step<F: Flow>(flow: &mut F, producer: &mut StreamProducer<F::Item>, stopped: &impl Fn() -> bool) -> Result<bool>
where
    F::Item: ShmLayout,
{
    let value = loop {
        if stopped() {
            return Ok(false);
        }
        match flow.pull(Wait::at_most(LOOK)) {
            Err(error) if error.kind() == ErrorKind::Closed => return Ok(false),
            Err(error) if error.kind() == ErrorKind::TimedOut => {}
            pulled => break pulled?,
        }
    };
    loop {
        match producer.publish_timeout(value, LOOK) {
            Err(error) if error.kind() == ErrorKind::TimedOut => {}
            published => return published.map(|()| true),
        }
        if stopped() {
            return Ok(false);
        }
    }
}
