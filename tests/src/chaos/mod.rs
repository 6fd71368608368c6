//! The kill matrix and kills by chance: what a death leaves, structure by structure.
//!
//! # The matrix
//! A [`Case`] is an operation that a process dies in. The runtime names every place between two steps that change
//! shared memory (`point!("queue.push.claimed")`); the harness lets the operation run once in a child that writes down
//! the points it reaches, and then once for every one of them in a child that dies there. So no labelled step can be
//! forgotten, and `tests/tests/chaos.rs` also holds the list against the source.
//!
//! ```text
//! parent                                     child (a process of its own)
//! prepare: makes the structures
//! starts partners, if there are any
//! starts the child ───────────────────────▶  attaches, victim: the operation … dies at the point
//! waits for the kernel to let go of it
//! survivor: does what a peer does, checks every invariant, says what it found
//! found must be what `promise` says, within a second
//! ```
//!
//! # Adding a structure
//! Write `tests/src/chaos/<structure>.rs` with a `pub(super) fn cases() -> Vec<Case>`, and add it to [`cases`]:
//!
//! ```ignore
//! Case::new("queue", "push")
//!     // In the parent; what it returns reaches the survivor.
//!     .prepare(|memory| Queue::<u64>::create(memory, "q", 4).unwrap())
//!     // In the child. It must end by itself when nobody kills it: what waits does so with a deadline.
//!     .victim(|memory| Queue::<u64>::open(memory, "q").unwrap().push(100).unwrap())
//!     // In the parent. Whatever waits does so with a deadline of a second (`SOON`); a panic fails the row.
//!     .survivor(|_memory, queue, death| match queue.pop_timeout(SOON) {
//!         Ok(100) => completed("the element is there"),
//!         Ok(other) => panic!("{other} was never pushed"),
//!         Err(error) => told(error.kind(), "the push never happened"),
//!     })
//!     // Which of these it is. The words go into the table of `docs/kill-matrix.md`, so choose them for readers.
//!     .promise(|death| match death.step() {
//!         "published" => completed("the element is there"),
//!         _ => told(ErrorKind::TimedOut, "the push never happened"),
//!     })
//! ```
//!
//! More that a case can have:
//! - before `prepare`: [`points`](case::Draft::points), the beginnings of the points that count, in place of those of the
//!   structure; [`without`](case::Draft::without), points that are reached by chance only, and that another case has;
//!   [`size`](case::Draft::size), how large the segment is;
//! - behind it: [`partner`](Scene::partner), something that another thread of the parent does meanwhile, through an
//!   attachment of its own; [`parked`](Scene::parked), where the child starts only when the partner has reached a point,
//!   for instance where it goes to sleep. What they say is in [`Death::partners`].
//! - In a victim, [`now`] says that what came before was preparation: its points do not count.
//! - In `prepare`, [`dies`] lets a child die in the operation of another case, so that a recovery is needed.
//!
//! `cargo xtask chaos --only queue` runs the rows of one structure.
//!
//! # Kills by chance
//! A [`Load`] is a random mix of operations that several processes do while others kill them; [`load`] says how one is
//! written. `cargo xtask chaos --random --only queue --seconds 10` plays it.

mod array;
mod barrier;
mod broadcast;
pub mod case;
mod channel;
pub mod child;
mod condvar;
mod event;
mod future;
mod latch;
mod lazy;
pub mod load;
mod loads;
mod map;
pub mod matrix;
mod mutex;
mod once;
mod pool;
mod queue;
mod ring;
pub mod run;
mod rwlock;
mod segment;
mod semaphore;
mod set;
mod signal;
mod stack;
pub mod storm;
mod stream;

pub use case::{Case, Scene};
pub use child::now;
pub use load::Load;
pub use loads::loads;
pub use run::dies;

use std::borrow::Cow;

use zeroipc::ErrorKind;

/// An operation on a structure of this type, with its name.
type Operation<T> = (&'static str, fn(&T));

/// Every case of every structure, in the order of the table.
pub fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    all.extend(segment::cases());
    all.extend(array::cases());
    all.extend(queue::cases());
    all.extend(barrier::cases());
    all.extend(event::cases());
    all.extend(latch::cases());
    all.extend(semaphore::cases());
    all.extend(signal::cases());
    all.extend(channel::cases());
    all.extend(once::cases());
    all.extend(lazy::cases());
    all.extend(future::cases());
    all.extend(map::cases());
    all.extend(set::cases());
    all.extend(broadcast::cases());
    all.extend(stream::cases());
    all.extend(mutex::cases());
    all.extend(condvar::cases());
    all.extend(rwlock::cases());
    all.extend(stack::cases());
    all.extend(ring::cases());
    all.extend(pool::cases());
    all
}

/// Where a process died, and what others saw meanwhile.
#[derive(Clone, Debug)]
pub struct Death {
    /// The point's whole name, such as `queue.push.claimed`.
    pub point: String,
    /// How often the process had come there.
    pub nth: u32,
    /// What each partner found, in the order of the case.
    pub partners: Vec<Outcome>,
}

impl Death {
    /// The last word of the point's name, such as `claimed`.
    pub fn step(&self) -> &str {
        self.point.rsplit('.').next().unwrap_or_default()
    }

    /// Whether the point's name is `words`, or ends with them behind a dot.
    pub fn at(&self, words: &str) -> bool {
        self.point.strip_suffix(words).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

/// What a peer found when it went on after a death, and in a few words what that means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its operation was done.
    Completed(Cow<'static, str>),
    /// Its operation returned a typed result that says what happened.
    Told(ErrorKind, Cow<'static, str>),
    /// Its deadline passed, which is what the table promises here.
    Deadline(Cow<'static, str>),
}

/// The peer's operation was done.
pub fn completed(words: impl Into<Cow<'static, str>>) -> Outcome {
    Outcome::Completed(words.into())
}

/// The peer's operation said what happened.
pub fn told(kind: ErrorKind, words: impl Into<Cow<'static, str>>) -> Outcome {
    Outcome::Told(kind, words.into())
}

/// The peer's deadline passed.
pub fn deadline(words: impl Into<Cow<'static, str>>) -> Outcome {
    Outcome::Deadline(words.into())
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Outcome::Completed(words) => write!(f, "done: {words}"),
            Outcome::Told(kind, words) => write!(f, "told `{kind:?}`: {words}"),
            Outcome::Deadline(words) => write!(f, "its deadline: {words}"),
        }
    }
}

/// What may be found at a point; mostly one outcome.
#[derive(Clone, Debug)]
pub struct Promise(pub Vec<Outcome>);

impl From<Outcome> for Promise {
    fn from(outcome: Outcome) -> Promise {
        Promise(vec![outcome])
    }
}

impl<const N: usize> From<[Outcome; N]> for Promise {
    fn from(outcomes: [Outcome; N]) -> Promise {
        Promise(outcomes.into())
    }
}

impl std::fmt::Display for Promise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, outcome) in self.0.iter().enumerate() {
            write!(f, "{}{outcome}", if index == 0 { "" } else { "; or " })?;
        }
        Ok(())
    }
}
