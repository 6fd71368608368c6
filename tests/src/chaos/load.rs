//! What processes do while others kill them, and what must be there afterwards.
//!
//! Every worker keeps a journal in shared memory of its own, which outlives it: before an operation it writes down what
//! it is about to do, and afterwards what came of it. A kill leaves at most the operations of one moment without an
//! answer: these may have happened or not. All others are accounted for, exactly.
//!
//! A structure's load goes into `loads/<structure>.rs` as `pub(super) fn load() -> Load`, and into [`loads`](super::loads):
//!
//! ```ignore
//! Load::new("queue")
//!     // In the parent, before anybody works; the numbers follow from the round's seed.
//!     .prepare(|memory, rng| drop(Queue::<Item>::create(memory, "q", *rng.pick(&[1, 2, 8])).unwrap()))
//!     // In each thread of each worker, until it says so. Whatever waits does so with a short deadline (`BRIEF`).
//!     .work(|worker| {
//!         let queue = Queue::<Item>::open(worker.memory(), "q").unwrap();
//!         while worker.goes_on() {
//!             let value = worker.fresh();
//!             worker.does(PUSH, value, || queue.push_timeout(item(value), BRIEF).ok().map(|()| value));
//!             worker.does(POP, 0, || queue.pop_timeout(BRIEF).ok().map(|item| number(item)));
//!         }
//!     })
//!     // In the parent, when all have ended: panics when something is wrong.
//!     .check(|memory, journals| bag(journals, PUSH, POP, drain(memory), Order::Fifo))
//! ```

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use zeroipc::Memory;

use crate::rng::Rng;
use crate::sys::Scribble;

/// How long an operation of a worker waits.
pub const BRIEF: Duration = Duration::from_millis(2);

/// A random mix of operations on one structure.
#[derive(Debug)]
pub struct Load {
    /// The structure.
    pub structure: &'static str,
    pub(super) size: u64,
    pub(super) prepare: fn(&Memory, &mut Rng),
    pub(super) work: fn(&mut Worker<'_>),
    pub(super) check: fn(&Memory, &[Journal]),
}

impl Load {
    /// Begins the load of a structure; what is left out does nothing.
    pub fn new(structure: &'static str) -> Load {
        Load { structure, size: 1 << 18, prepare: |_, _| {}, work: |_| {}, check: |_, _| {} }
    }

    /// The segment has so many bytes.
    pub fn size(self, size: u64) -> Load {
        Load { size, ..self }
    }

    /// Creates the structure.
    pub fn prepare(self, prepare: fn(&Memory, &mut Rng)) -> Load {
        Load { prepare, ..self }
    }

    /// Works, until [`Worker::goes_on`] says no.
    pub fn work(self, work: fn(&mut Worker<'_>)) -> Load {
        Load { work, ..self }
    }

    /// Holds what is there against the journals.
    pub fn check(self, check: fn(&Memory, &[Journal])) -> Load {
        Load { check, ..self }
    }
}

/// What came of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing is known: the process died in it.
    None,
    /// It was not done: no room, nothing there, too late.
    No,
    /// It was done, with this result.
    Yes(u64),
}

/// One operation of a journal.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Which operation, a number of the load's own, not 0.
    pub operation: u8,
    /// What it was about.
    pub value: u64,
    /// What came of it.
    pub answer: Answer,
}

/// All that one worker has done, over all the processes that have been it, in order.
pub type Journal = Vec<Entry>;

/// The journals of a round, in a file that all map.
///
/// Word 0 is not 0 when all shall end. Each worker has a line of its own behind it: a word that says how many entries
/// there are, and two words for each: `operation << 56 | value`, and the answer, which is 0 as long as there is none, 1
/// for no, and two more than the result for yes.
#[derive(Debug)]
pub struct Journals {
    bytes: Scribble,
}

/// How many entries a worker's journal has.
const ENTRIES: usize = 1 << 16;
const WORKER_BYTES: usize = 64 + 16 * ENTRIES;
/// Numbers have so many bits in a journal.
const VALUE_BITS: u32 = 56;

impl Journals {
    /// Creates the file.
    pub(super) fn create(path: &Path, workers: usize) -> std::io::Result<Journals> {
        std::fs::File::create_new(path)?.set_len((64 + workers * WORKER_BYTES) as u64)?;
        Journals::open(path)
    }

    pub(super) fn open(path: &Path) -> std::io::Result<Journals> {
        Ok(Journals { bytes: Scribble::map(path)? })
    }

    pub(super) fn stop(&self) {
        self.bytes.word(0).store(1, Ordering::Release);
    }

    fn is_stopped(&self) -> bool {
        self.bytes.word(0).load(Ordering::Acquire) != 0
    }

    fn line(worker: u64) -> usize {
        64 + worker as usize * WORKER_BYTES
    }

    /// How many operations a worker has begun.
    pub(super) fn begun(&self, worker: u64) -> u64 {
        self.bytes.word(Journals::line(worker)).load(Ordering::Acquire)
    }

    pub(super) fn read(&self, worker: u64) -> Journal {
        let entry = |index: u64| {
            let at = Journals::line(worker) + 64 + 16 * index as usize;
            let what = self.bytes.word(at).load(Ordering::Acquire);
            let answer = match self.bytes.word(at + 8).load(Ordering::Acquire) {
                0 => Answer::None,
                1 => Answer::No,
                result => Answer::Yes(result - 2),
            };
            Entry { operation: (what >> VALUE_BITS) as u8, value: what & ((1 << VALUE_BITS) - 1), answer }
        };
        (0..self.begun(worker)).map(entry).collect()
    }
}

/// One thread that works.
#[derive(Debug)]
pub struct Worker<'a> {
    /// Its number, the same for all the processes that are it one after the other.
    pub me: u64,
    /// How many workers there are.
    pub workers: u64,
    /// Its random numbers.
    pub rng: Rng,
    pub(super) memory: &'a Memory,
    pub(super) journals: &'a Journals,
}

impl<'a> Worker<'a> {
    /// Its process's attachment.
    pub fn memory(&self) -> &'a Memory {
        self.memory
    }

    /// Whether there is more to be done. Takes a breath now and then: a journal is filled in no time otherwise.
    pub fn goes_on(&mut self) -> bool {
        if self.rng.below(64) == 0 {
            std::thread::sleep(Duration::from_micros(50));
        }
        // Room for the largest bulk operation, and a few more.
        !self.journals.is_stopped() && self.journals.begun(self.me) + 32 < ENTRIES as u64
    }

    /// A number that no other operation has, and that is not 0: who, and the how-many-eth.
    pub fn fresh(&self) -> u64 {
        (self.me + 1) << 32 | self.journals.begun(self.me)
    }

    /// Does an operation: writes it down, runs it, and writes down what came of it, which this returns.
    pub fn does(&mut self, operation: u8, value: u64, run: impl FnOnce() -> Option<u64>) -> Option<u64> {
        let first = self.begin(operation, &[value]);
        let answer = run();
        self.end(first, answer);
        answer
    }

    /// Does an operation on several values, each with an answer of its own; what has none was not done.
    pub fn does_many(&mut self, operation: u8, values: &[u64], run: impl FnOnce() -> Vec<u64>) {
        let first = self.begin(operation, values);
        let answers = run();
        for index in 0..values.len() {
            self.end(first + index as u64, answers.get(index).copied());
        }
    }

    /// Does an operation that puts a value in and takes another out, if there is one: `run` says whether it was done, and what
    /// was taken.
    pub fn exchanges(&mut self, put: u8, value: u64, take: u8, run: impl FnOnce() -> Option<Option<u64>>) {
        let first = self.begin(put, &[value]);
        let second = self.begin(take, &[0]);
        let answer = run();
        self.end(second, answer.flatten());
        self.end(first, answer.map(|_| value));
    }

    /// Numbers that no other operation has, for [`does_many`](Worker::does_many).
    pub fn fresh_many(&self, count: u64) -> Vec<u64> {
        (0..count).map(|index| self.fresh() + index).collect()
    }

    /// Writes down what comes; nothing of it was done before all of it is written.
    fn begin(&mut self, operation: u8, values: &[u64]) -> u64 {
        let line = Journals::line(self.me);
        let first = self.journals.begun(self.me);
        for (index, value) in values.iter().enumerate() {
            assert!(*value < 1 << VALUE_BITS, "a value of 56 bits");
            let word = self.journals.bytes.word(line + 64 + 16 * (first as usize + index));
            word.store(u64::from(operation) << VALUE_BITS | value, Ordering::Release);
        }
        self.journals.bytes.word(line).store(first + values.len() as u64, Ordering::Release);
        first
    }

    fn end(&mut self, entry: u64, answer: Option<u64>) {
        let at = Journals::line(self.me) + 64 + 16 * entry as usize + 8;
        self.journals.bytes.word(at).store(answer.map_or(1, |result| result + 2), Ordering::Release);
    }
}

/// In which order a worker sees what another has put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As it was put in.
    Fifo,
    /// In any.
    Any,
}

/// Holds a container's content against the journals: what was put in with the operation `put` under the number that is its
/// value is there once, or was taken once by the operation `take`, whose result is the number. `left` is what is in there
/// now, in its order.
///
/// # Panics
/// When something came twice, came from nowhere, came in another order, or is gone without an operation that died.
#[track_caller]
pub fn bag(journals: &[Journal], put: u8, take: u8, left: &[u64], order: Order) {
    let mut came: HashMap<u64, u32> = HashMap::new();
    let mut unknown_takes = 0;
    let entries = || journals.iter().flatten();
    for entry in entries().filter(|entry| entry.operation == take) {
        match entry.answer {
            Answer::Yes(number) => *came.entry(number).or_default() += 1,
            Answer::None => unknown_takes += 1,
            Answer::No => {}
        }
    }
    for number in left {
        *came.entry(*number).or_default() += 1;
    }
    let mut lost = Vec::new();
    for entry in entries().filter(|entry| entry.operation == put) {
        let times = came.remove(&entry.value).unwrap_or(0);
        assert!(times <= 1, "{:#x} came {times} times", entry.value);
        match entry.answer {
            Answer::Yes(_) if times == 0 => lost.push(entry.value),
            Answer::No => assert_eq!(times, 0, "{:#x} came, and was not put in", entry.value),
            _ => {}
        }
    }
    assert!(came.is_empty(), "came from nowhere: {:#x?}", came.keys().take(5).collect::<Vec<_>>());
    assert!(lost.len() <= unknown_takes, "{unknown_takes} takes died, and {} are lost: {lost:#x?}", lost.len());
    if order == Order::Fifo {
        for journal in journals {
            in_order(journal.iter().filter(|entry| entry.operation == take).filter_map(|entry| match entry.answer {
                Answer::Yes(number) => Some(number),
                _ => None,
            }));
        }
        in_order(left.iter().copied());
    }
}

/// Holds additions of one to a number against the journals: each operation `add` that was done answers what it found.
///
/// # Panics
/// When two found the same, or the total is not what was added.
#[track_caller]
pub fn additions(journals: &[Journal], add: u8, to: u64, total: u64) {
    let mut found: Vec<u64> = Vec::new();
    let mut unknown = 0;
    for entry in journals.iter().flatten().filter(|entry| entry.operation == add && entry.value == to) {
        match entry.answer {
            Answer::Yes(before) => found.push(before),
            Answer::None => unknown += 1,
            Answer::No => {}
        }
    }
    found.sort_unstable();
    assert!(found.windows(2).all(|two| two[0] < two[1]), "two additions found the same number");
    assert!(
        found.last().is_none_or(|last| *last < total),
        "an addition is lost: {total} is less than {:?}",
        found.last()
    );
    let done = found.len() as u64;
    assert!((done..=done + unknown).contains(&total), "{done} were added, {unknown} perhaps, and {total} are there");
}

/// Numbers of one worker, from [`Worker::fresh`], come in ascending order.
#[track_caller]
fn in_order(numbers: impl Iterator<Item = u64>) {
    let mut last: HashMap<u64, u64> = HashMap::new();
    for number in numbers {
        if let Some(earlier) = last.insert(number >> 32, number) {
            assert!(earlier < number, "{number:#x} came behind {earlier:#x}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUT: u8 = 1;
    const TAKE: u8 = 2;

    fn put(value: u64, answer: Answer) -> Entry {
        Entry { operation: PUT, value, answer }
    }

    fn took(answer: Answer) -> Entry {
        Entry { operation: TAKE, value: 0, answer }
    }

    fn refuses(journals: &[Journal], left: &[u64], order: Order, why: &str) {
        let panic = std::panic::catch_unwind(|| bag(journals, PUT, TAKE, left, order)).unwrap_err();
        let text = panic.downcast_ref::<String>().expect("a sentence");
        assert!(text.contains(why), "{text}");
    }

    #[test]
    fn bag_takes_what_a_death_explains() {
        let done = Answer::Yes(0);
        bag(&[vec![put(1, done), put(2, done)], vec![took(Answer::Yes(1))]], PUT, TAKE, &[2], Order::Fifo);
        bag(&[vec![put(1, done)], vec![took(Answer::None)]], PUT, TAKE, &[], Order::Fifo);
        bag(&[vec![put(1, Answer::None)]], PUT, TAKE, &[1], Order::Fifo);
        bag(&[vec![put(1, Answer::None)]], PUT, TAKE, &[], Order::Fifo);
        bag(&[vec![put(1, Answer::No)], vec![took(Answer::No)]], PUT, TAKE, &[], Order::Fifo);
    }

    #[test]
    fn bag_refuses_what_no_death_explains() {
        let done = Answer::Yes(0);
        refuses(&[vec![put(1, done)]], &[], Order::Any, "are lost");
        refuses(&[vec![put(1, done)], vec![took(Answer::Yes(1))]], &[1], Order::Any, "came 2 times");
        refuses(&[vec![put(1, Answer::No)]], &[1], Order::Any, "was not put in");
        refuses(&[vec![took(Answer::Yes(9))]], &[], Order::Any, "from nowhere");
        refuses(&[vec![put(1, done), put(2, done)]], &[2, 1], Order::Fifo, "came behind");
    }
}
