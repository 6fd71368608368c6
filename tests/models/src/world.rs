//! The world in which the queue's kernel runs: cells on the heap, and a village.

use loom::cell::UnsafeCell;

use crate::queue_kernel::{Cells, Claim, Kernel, Stop, empty};
use crate::sync::{AtomicU64, Relaxed};
use crate::village::Village;
use crate::waiting::{Patience, Turn, block};

/// The ids of the models' processes.
pub(crate) const A: u32 = 1;
pub(crate) const B: u32 = 2;
pub(crate) const C: u32 = 3;
pub(crate) const D: u32 = 4;

struct Cell {
    state: AtomicU64,
    /// A value and its complement: a copy from two values is noticed. Loom's own atomics will do: nobody both loads and
    /// stores them while others do.
    value: [loom::sync::atomic::AtomicU64; 2],
    /// Loom refuses two accesses to this that are not ordered; see [`World::guarded`].
    guard: UnsafeCell<u64>,
}

/// A queue of `u64` and those who use it.
pub(crate) struct World {
    head: AtomicU64,
    tail: AtomicU64,
    cells: Vec<Cell>,
    guarded: bool,
    two_steps: bool,
    village: Village,
}

impl World {
    pub(crate) fn new(capacity: u64) -> World {
        World::at(capacity, 0)
    }

    /// A queue through which `position` values have gone.
    pub(crate) fn at(capacity: u64, position: u64) -> World {
        let mask = capacity - 1;
        let cell = |index: u64| Cell {
            state: AtomicU64::new(empty(position + (index.wrapping_sub(position) & mask))),
            value: [0, !0].map(loom::sync::atomic::AtomicU64::new),
            guard: UnsafeCell::new(0),
        };
        World {
            head: AtomicU64::new(position),
            tail: AtomicU64::new(position),
            cells: (0..capacity).map(cell).collect(),
            guarded: false,
            two_steps: false,
            village: Village::new(),
        }
    }

    /// Checks by happens-before that a producer's write and the consumer's copies never overlap. Only for models with
    /// one consumer at a time: several may copy what a producer overwrites, and throw it away.
    pub(crate) fn guarded(self) -> World {
        World { guarded: true, ..self }
    }

    /// Has operations try the position of the hint first and then walk, as the handle does. A walk begins with the same
    /// step, so that the other models, which only walk, explore the same words in fewer interleavings.
    pub(crate) fn in_two_steps(self) -> World {
        World { two_steps: true, ..self }
    }

    pub(crate) fn kernel(&self) -> Kernel<'_, World, Village> {
        Kernel { cells: self, peers: &self.village }
    }

    /// The last act of a process.
    pub(crate) fn die(&self, id: u32) {
        self.village.die(id);
    }

    /// 250 ms pass for everybody who sleeps or will sleep.
    pub(crate) fn time_passes(&self) {
        self.village.time_passes();
    }

    /// Waits until somebody has fallen asleep so many times.
    pub(crate) fn until_asleep(&self, times: u64) {
        self.village.until_asleep(times);
    }

    /// Stores hints, as somebody does who was stopped right before.
    pub(crate) fn store_hints(&self, head: u64, tail: u64) {
        self.head.store(head, Relaxed);
        self.tail.store(tail, Relaxed);
    }

    pub(crate) fn write(&self, claim: Claim, value: u64) {
        let cell = &self.cells[claim.index as usize];
        cell.value[0].store(value, Relaxed);
        if self.guarded {
            // SAFETY: loom lends an exclusive pointer, and fails the model if another access is not ordered before.
            cell.guard.with_mut(|guard| unsafe { *guard = value });
        }
        cell.value[1].store(!value, Relaxed);
    }

    /// As `Queue::push_at_hint` and, with a position to go on from, `Queue::push_in_batch`.
    pub(crate) fn push_at(
        &self,
        me: u32,
        value: u64,
        from: Option<u64>,
        hint: bool,
    ) -> Result<(u64, Option<u64>), Stop> {
        let kernel = self.kernel();
        let from = from.unwrap_or_else(|| kernel.tail_hint());
        let first = if self.two_steps { kernel.claim_at(me, from) } else { None };
        let claim = first.map_or_else(|| kernel.claim(me, from), Ok)?;
        if hint {
            kernel.hint_tail(claim.position);
        }
        self.write(claim, value);
        kernel.publish(claim);
        Ok((claim.position, claim.wake.then_some(claim.index)))
    }

    /// As `Queue::pop_at_hint` and, with a position to go on from, `Queue::pop_in_batch`; the position, the value and whom to wake.
    pub(crate) fn pop_at(&self, from: Option<u64>) -> Result<(u64, u64, Option<u64>), Stop> {
        let kernel = self.kernel();
        let mut from = from.unwrap_or_else(|| kernel.head_hint());
        loop {
            let first = if self.two_steps { kernel.peek_at(from) } else { None };
            let peek = first.map_or_else(|| kernel.peek(from), Ok)?;
            let cell = &self.cells[peek.index as usize];
            let (value, complement) = (cell.value[0].load(Relaxed), cell.value[1].load(Relaxed));
            if self.guarded {
                // SAFETY: loom lends a shared pointer, and fails the model if a write is not ordered before.
                cell.guard.with(|guard| assert_eq!(unsafe { *guard }, value));
            }
            if let Some(wake) = kernel.take(peek) {
                assert_eq!(value, !complement, "a torn value was taken");
                return Ok((peek.position, value, wake.then_some(peek.index)));
            }
            from = peek.position;
        }
    }

    /// As `Queue::try_push`; the position, unless the queue is full.
    pub(crate) fn try_push(&self, me: u32, value: u64) -> Option<u64> {
        let mut patience = Patience::of::<Village>();
        loop {
            match self.push_at(me, value, None, true) {
                Ok((position, wake)) => {
                    self.wake(wake);
                    return Some(position);
                }
                Err(stop) => {
                    assert_ne!(stop, Stop::Corrupt);
                    if !self.kernel().resolve(stop, &mut patience) {
                        return None;
                    }
                }
            }
        }
    }

    /// As `Queue::try_pop`; with the position.
    pub(crate) fn try_pop(&self) -> Option<(u64, u64)> {
        let mut patience = Patience::of::<Village>();
        loop {
            match self.pop_at(None) {
                Ok((position, value, wake)) => {
                    self.kernel().hint_head(position);
                    self.wake(wake);
                    return Some((position, value));
                }
                Err(stop) => {
                    assert_ne!(stop, Stop::Corrupt);
                    if !self.kernel().resolve(stop, &mut patience) {
                        return None;
                    }
                }
            }
        }
    }

    /// As `Queue::push`.
    pub(crate) fn push(&self, me: u32, value: u64) -> u64 {
        let attempt = |patience: &mut Patience| match self.push_at(me, value, None, true) {
            Ok((position, wake)) => {
                self.wake(wake);
                Ok(Turn::Done(position))
            }
            Err(stop) => self.kernel().wait(stop, patience).ok_or(stop),
        };
        block(&self.village, None, attempt).unwrap().unwrap()
    }

    /// As `Queue::pop`; with the position.
    pub(crate) fn pop(&self) -> (u64, u64) {
        let attempt = |patience: &mut Patience| match self.pop_at(None) {
            Ok((position, value, wake)) => {
                self.kernel().hint_head(position);
                self.wake(wake);
                Ok(Turn::Done((position, value)))
            }
            Err(stop) => self.kernel().wait(stop, patience).ok_or(stop),
        };
        block(&self.village, None, attempt).unwrap().unwrap()
    }

    fn wake(&self, index: Option<u64>) {
        if let Some(index) = index {
            self.kernel().wake(index);
        }
    }

    /// As `Queue::try_push_many`; the positions.
    pub(crate) fn try_push_many(&self, me: u32, values: &[u64]) -> Vec<u64> {
        let mut batch = Batch::default();
        let mut patience = Patience::of::<Village>();
        let mut done = Vec::new();
        'all: for &value in values {
            loop {
                match self.push_at(me, value, batch.next, false) {
                    Ok((position, wake)) => {
                        batch.add(self, position, wake);
                        done.push(position);
                        break;
                    }
                    Err(stop) => {
                        assert_ne!(stop, Stop::Corrupt);
                        if !self.kernel().resolve(stop, &mut patience) {
                            break 'all;
                        }
                    }
                }
            }
        }
        if let Some(next) = batch.next {
            self.kernel().hint_tail(next - 1);
        }
        self.wake(batch.wake);
        done
    }

    /// As `Queue::try_pop_many`; with the positions.
    pub(crate) fn try_pop_many(&self, at_most: usize) -> Vec<(u64, u64)> {
        let mut batch = Batch::default();
        let mut patience = Patience::of::<Village>();
        let mut done = Vec::new();
        while done.len() < at_most {
            match self.pop_at(batch.next) {
                Ok((position, value, wake)) => {
                    batch.add(self, position, wake);
                    done.push((position, value));
                }
                Err(stop) => {
                    assert_ne!(stop, Stop::Corrupt);
                    if !self.kernel().resolve(stop, &mut patience) {
                        break;
                    }
                }
            }
        }
        if let Some(next) = batch.next {
            self.kernel().hint_head(next - 1);
        }
        self.wake(batch.wake);
        done
    }

    /// As `Queue::len`.
    pub(crate) fn len(&self) -> u64 {
        let (head, tail) = self.kernel().bounds().unwrap();
        assert!(head <= tail);
        (tail - head).min(self.cells.len() as u64)
    }

    /// When everybody is done: takes the rest, and checks that the queue is exact, and afterwards empty.
    pub(crate) fn drain(&self) -> Vec<(u64, u64)> {
        let mut rest = Vec::new();
        let mut len = self.len();
        while let Some(taken) = self.try_pop() {
            rest.push(taken);
            assert!(self.len() < len, "an element was not counted");
            len = self.len();
        }
        assert_eq!(len, 0, "an element that is not there was counted");
        rest
    }
}

/// As the `Batch` of `queue.rs`.
#[derive(Default)]
struct Batch {
    next: Option<u64>,
    wake: Option<u64>,
}

impl Batch {
    fn add(&mut self, world: &World, position: u64, wake: Option<u64>) {
        self.next = Some(position + 1);
        if let Some(index) = wake
            && let Some(earlier) = self.wake.replace(index).filter(|earlier| *earlier != index)
        {
            world.kernel().wake(earlier);
        }
    }
}

impl Cells for World {
    fn mask(&self) -> u64 {
        self.cells.len() as u64 - 1
    }

    fn head(&self) -> &AtomicU64 {
        &self.head
    }

    fn tail(&self) -> &AtomicU64 {
        &self.tail
    }

    fn state(&self, index: u64) -> &AtomicU64 {
        &self.cells[index as usize].state
    }
}

/// A value that says who pushed it, and as which of his.
pub(crate) fn value(producer: u32, number: u64) -> u64 {
    u64::from(producer) * 100 + number
}

/// Checks what came out of a queue against what went in: nothing is lost or doubled, one producer's values come in his
/// order, and every value comes from where it was put.
pub(crate) fn check(pushed: &[(u64, u64)], popped: impl IntoIterator<Item = (u64, u64)>) {
    let mut pushed = pushed.to_vec();
    let mut popped: Vec<_> = popped.into_iter().collect();
    pushed.sort_unstable();
    popped.sort_unstable();
    assert_eq!(pushed, popped, "pushed (left) and popped (right) differ, as (position, value)");
    for (place, (_, later)) in popped.iter().enumerate() {
        for (_, earlier) in &popped[..place] {
            assert!(earlier / 100 != later / 100 || earlier < later, "{earlier} was pushed before {later}");
        }
    }
}

/// Checks that one consumer got its values in the order of their positions.
pub(crate) fn check_order(popped: &[(u64, u64)]) {
    assert!(popped.is_sorted_by(|a, b| a.0 < b.0), "{popped:?} are out of order");
}
