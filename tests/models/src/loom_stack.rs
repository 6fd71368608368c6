//! The stack: nothing is lost, doubled or torn, whoever dies; no room is lost; and whoever sleeps is woken.

use std::sync::Arc;

use loom::thread;
use loom::thread::JoinHandle;

use crate::explore::explore;
use crate::points::dying_at;
use crate::stack_kernel::{Kernel, Nodes, Stop, free};
use crate::sync::{AtomicU64, Relaxed};
use crate::village::Village;
use crate::waiting::block;

const A: u32 = 1;
const B: u32 = 2;
const C: u32 = 3;
const D: u32 = 4;

struct Node {
    state: AtomicU64,
    link: AtomicU64,
    /// A value and its complement: a copy from two values is noticed.
    value: [loom::sync::atomic::AtomicU64; 2],
}

/// A stack of `u64` and those who use it.
struct World {
    top: AtomicU64,
    nodes: Vec<Node>,
    village: Village,
}

impl World {
    fn new(capacity: usize) -> World {
        let node = || Node {
            state: AtomicU64::new(free(0)),
            link: AtomicU64::new(0),
            value: [0, !0].map(loom::sync::atomic::AtomicU64::new),
        };
        let nodes = (0..capacity).map(|_| node()).collect();
        World { top: AtomicU64::new(0), nodes, village: Village::new() }
    }

    /// A stack on which these were pushed.
    fn with(capacity: usize, values: &[u64]) -> World {
        let world = World::new(capacity);
        for value in values {
            world.try_push(A, *value).unwrap();
        }
        world
    }

    fn kernel(&self) -> Kernel<'_, World, Village> {
        Kernel { nodes: self, peers: &self.village }
    }

    /// As `Stack::push_now`.
    fn push_now(&self, me: u32, value: u64) -> Result<bool, Stop> {
        let claim = self.kernel().claim(me)?;
        crate::points::reached("stack.push.claimed");
        let node = &self.nodes[claim.index as usize];
        node.value[0].store(value, Relaxed);
        node.value[1].store(!value, Relaxed);
        crate::points::reached("stack.push.written");
        self.kernel().push(claim)
    }

    /// As `Stack::push_popped`; `false` when it is something else.
    fn push_popped(&self, me: u32, value: u64) -> bool {
        let kernel = self.kernel();
        let Some(claim) = kernel.claim_popped(me) else { return false };
        let node = &self.nodes[claim.index as usize];
        node.value[0].store(value, Relaxed);
        node.value[1].store(!value, Relaxed);
        let wake = kernel.push_in_place(claim).unwrap_or_else(|| kernel.push(claim).unwrap());
        self.wake(wake);
        true
    }

    fn copy(&self, index: u32) -> (u64, u64) {
        let value = &self.nodes[index as usize].value;
        (value[0].load(Relaxed), value[1].load(Relaxed))
    }

    /// As `Stack::pop_now`.
    fn pop_now(&self) -> Result<(u64, bool), Stop> {
        let kernel = self.kernel();
        loop {
            let peek = kernel.peek()?;
            let (value, complement) = self.copy(peek.index);
            if let Some(wake) = kernel.take(peek)? {
                assert_eq!(value, !complement, "a torn value was popped");
                return Ok((value, wake));
            }
        }
    }

    fn wake(&self, wake: bool) {
        if wake {
            self.kernel().wake();
        }
    }

    fn try_push(&self, me: u32, value: u64) -> Result<(), Stop> {
        self.wake(self.push_now(me, value)?);
        Ok(())
    }

    fn try_pop(&self) -> Option<u64> {
        match self.pop_now() {
            Ok((value, wake)) => {
                self.wake(wake);
                Some(value)
            }
            Err(stop) => {
                assert!(matches!(stop, Stop::Empty(_)), "{stop:?}");
                None
            }
        }
    }

    /// As `Stack::peek`.
    fn peek(&self) -> Option<u64> {
        let kernel = self.kernel();
        loop {
            let Ok(peek) = kernel.peek() else { return None };
            let (value, complement) = self.copy(peek.index);
            if kernel.still_there(peek) {
                assert_eq!(value, !complement, "a torn value was peeked at");
                return Some(value);
            }
        }
    }

    fn push(&self, me: u32, value: u64) {
        let kernel = self.kernel();
        let done = block(&self.village, None, |patience| kernel.attempt(patience, || self.push_now(me, value)));
        self.wake(done.unwrap().unwrap());
    }

    fn pop(&self) -> u64 {
        let kernel = self.kernel();
        let done = block(&self.village, None, |patience| kernel.attempt(patience, || self.pop_now()));
        let (value, wake) = done.unwrap().unwrap();
        self.wake(wake);
        value
    }

    /// When everybody is done: takes the rest, and checks the length; then that there is room for as many as there should be.
    fn drain(&self) -> Vec<u64> {
        let mut rest = Vec::new();
        while let Some(value) = self.try_pop() {
            rest.push(value);
        }
        assert_eq!(self.kernel().len().unwrap(), 0);
        for number in 0..self.nodes.len() as u64 {
            assert_eq!(self.kernel().len().unwrap(), number as u32);
            assert_eq!(self.try_push(C, 1000 + number), Ok(()), "room was lost");
        }
        assert!(matches!(self.try_push(C, 0), Err(Stop::Full(_))));
        for number in (0..self.nodes.len() as u64).rev() {
            assert_eq!(self.try_pop(), Some(1000 + number));
        }
        assert_eq!(self.try_pop(), None);
        rest
    }
}

impl Nodes for World {
    fn capacity(&self) -> u32 {
        self.nodes.len() as u32
    }

    fn top(&self) -> &AtomicU64 {
        &self.top
    }

    fn state(&self, index: u32) -> &AtomicU64 {
        &self.nodes[index as usize].state
    }

    fn link(&self, index: u32) -> &AtomicU64 {
        &self.nodes[index as usize].link
    }

    fn cursor(&self) -> u32 {
        0
    }

    fn set_cursor(&self, _: u32) {}
}

fn spawn<R: 'static>(world: &Arc<World>, act: impl FnOnce(&World) -> R + 'static) -> JoinHandle<R> {
    let world = Arc::clone(world);
    thread::spawn(move || act(&world))
}

fn same(mut left: Vec<u64>, mut right: Vec<u64>) {
    left.sort_unstable();
    right.sort_unstable();
    assert_eq!(left, right, "pushed (left) and popped (right) differ");
}

#[test]
fn two_pushes() {
    explore("stack: two_pushes", 3, || {
        let world = Arc::new(World::new(2));
        let other = spawn(&world, |world| world.try_push(A, 1));
        world.try_push(B, 2).unwrap();
        other.join().unwrap().unwrap();
        same(vec![1, 2], world.drain());
    });
}

#[test]
fn a_push_and_a_pop() {
    explore("stack: a_push_and_a_pop", 3, || {
        let world = Arc::new(World::with(2, &[1]));
        let other = spawn(&world, |world| world.try_push(B, 2));
        let popped = world.try_pop();
        other.join().unwrap().unwrap();
        same(vec![1, 2], popped.into_iter().chain(world.drain()).collect());
    });
}

#[test]
fn two_pops() {
    explore("stack: two_pops", 3, || {
        let world = Arc::new(World::with(3, &[1, 2, 3]));
        let other = spawn(&world, |world| world.try_pop());
        let popped = world.try_pop();
        let all = [popped, other.join().unwrap()].into_iter().flatten().chain(world.drain()).collect();
        same(vec![1, 2, 3], all);
    });
}

/// Both find the popped node where it stands.
#[test]
fn two_pushes_behind_a_pop() {
    explore("stack: two_pushes_behind_a_pop", 3, || {
        let world = World::with(3, &[1, 2]);
        assert_eq!(world.try_pop(), Some(2));
        let world = Arc::new(world);
        let other = spawn(&world, |world| world.push_popped(A, 3) || world.try_push(A, 3).is_ok());
        assert!(world.push_popped(B, 4) || world.try_push(B, 4).is_ok());
        assert!(other.join().unwrap());
        same(vec![1, 3, 4], world.drain());
    });
}

/// One claims the popped node where it stands, and meanwhile others let it go, and stand others there.
#[test]
fn a_claimed_node_loses_its_place() {
    explore("stack: a_claimed_node_loses_its_place", 2, || {
        let world = World::with(4, &[1, 2]);
        assert_eq!(world.try_pop(), Some(2));
        let world = Arc::new(world);
        let other = spawn(&world, |world| world.push_popped(A, 3) || world.try_push(A, 3).is_ok());
        let popped = world.try_pop();
        world.try_push(B, 4).unwrap();
        assert!(other.join().unwrap());
        same(vec![1, 3, 4], popped.into_iter().chain(world.drain()).collect());
    });
}

/// A pop copies while others pop what it copies and push into the same node.
#[test]
fn a_torn_copy_is_thrown_away() {
    explore("stack: a_torn_copy_is_thrown_away", 3, || {
        let world = Arc::new(World::with(1, &[1]));
        let other = spawn(&world, |world| {
            let popped = world.try_pop();
            (popped, world.push_popped(B, 2) || world.try_push(B, 2).is_ok())
        });
        let popped = world.try_pop();
        let (others, pushed) = other.join().unwrap();
        let pushed = [1].into_iter().chain(pushed.then_some(2)).collect();
        same(pushed, popped.into_iter().chain(others).chain(world.drain()).collect());
    });
}

/// The same node comes back to the top while another thread is in the middle.
#[test]
fn a_node_that_comes_back_is_not_the_same() {
    explore("stack: a_node_that_comes_back_is_not_the_same", 2, || {
        let world = Arc::new(World::with(2, &[1, 2]));
        let other = spawn(&world, |world| {
            let popped = [world.try_pop(), world.try_pop()];
            world.try_push(B, 3).unwrap();
            popped
        });
        let popped = world.try_pop();
        let all = popped.into_iter().chain(other.join().unwrap().into_iter().flatten()).chain(world.drain()).collect();
        same(vec![1, 2, 3], all);
    });
}

#[test]
fn a_peek_is_whole() {
    explore("stack: a_peek_is_whole", 3, || {
        let world = Arc::new(World::with(2, &[1]));
        let other = spawn(&world, |world| {
            let popped = world.try_pop();
            assert!(world.push_popped(B, 2));
            popped
        });
        assert!(matches!(world.peek(), Some(1 | 2) | None));
        assert_eq!(other.join().unwrap(), Some(1));
        same(vec![2], world.drain());
    });
}

#[test]
fn a_peek_below_a_popped_node_is_whole() {
    explore("stack: a_peek_below_a_popped_node_is_whole", 3, || {
        let world = World::with(2, &[1, 2]);
        assert_eq!(world.try_pop(), Some(2));
        let world = Arc::new(world);
        let other = spawn(&world, |world| {
            let popped = world.try_pop();
            world.try_push(B, 3).unwrap();
            popped
        });
        assert!(matches!(world.peek(), Some(1 | 3) | None));
        assert_eq!(other.join().unwrap(), Some(1));
        same(vec![3], world.drain());
    });
}

#[test]
fn two_pushes_and_a_pop_on_one_node() {
    explore("stack: two_pushes_and_a_pop_on_one_node", 2, || {
        let world = Arc::new(World::with(1, &[1]));
        let first = spawn(&world, |world| world.try_push(A, 2).is_ok().then_some(2));
        let second = spawn(&world, |world| world.try_push(B, 3).is_ok().then_some(3));
        let popped = world.try_pop();
        let pushed = [Some(1), first.join().unwrap(), second.join().unwrap()].into_iter().flatten().collect();
        same(pushed, popped.into_iter().chain(world.drain()).collect());
    });
}

/// Runs a push that dies at a point beside another operation.
fn run_with_dead_push(
    world: World,
    before: &[u64],
    point: &'static str,
    other: impl Fn(&World) -> (Vec<u64>, Vec<u64>),
) {
    let world = Arc::new(world);
    let dying = spawn(&world, move |world| {
        let done = dying_at(point, || world.push_now(D, 99));
        world.village.die(D);
        done.is_none()
    });
    let (mut pushed, mut popped) = other(&world);
    let died = dying.join().unwrap();
    pushed.extend(before);
    popped.extend(world.drain());
    // What died behind its link has pushed.
    if popped.contains(&99) {
        assert!(!died || point == "stack.push.linked");
        pushed.push(99);
    } else {
        assert!(died && point != "stack.push.linked" || point == "stack.settled");
    }
    same(pushed, popped);
}

const PUSH_POINTS: [&str; 5] =
    ["stack.push.claimed", "stack.push.written", "stack.settled", "stack.push.chained", "stack.push.linked"];

#[test]
fn a_dead_push_beside_a_push() {
    for point in PUSH_POINTS {
        explore("stack: a_dead_push_beside_a_push", 2, move || {
            run_with_dead_push(World::with(3, &[1]), &[1], point, |world| {
                world.try_push(A, 2).unwrap();
                (vec![2], vec![])
            });
        });
    }
}

#[test]
fn a_dead_push_beside_a_pop() {
    for point in PUSH_POINTS {
        explore("stack: a_dead_push_beside_a_pop", 2, move || {
            run_with_dead_push(World::with(3, &[1, 2]), &[1, 2], point, |world| {
                (vec![], Vec::from_iter(world.try_pop()))
            });
        });
    }
}

/// It claims the popped node where that stands, and dies.
#[test]
fn a_dead_push_in_place() {
    for point in PUSH_POINTS {
        explore("stack: a_dead_push_in_place", 2, move || {
            let world = World::with(2, &[1, 2]);
            assert_eq!(world.try_pop(), Some(2));
            run_with_dead_push(world, &[1], point, |world| {
                let popped = Vec::from_iter(world.try_pop());
                let pushed = world.try_push(A, 3).is_ok().then_some(3);
                (Vec::from_iter(pushed), popped)
            });
        });
    }
}

#[test]
fn two_who_recover_one_node() {
    explore("stack: two_who_recover_one_node", 2, || {
        let world = World::with(2, &[1]);
        assert!(dying_at("stack.push.written", || world.push_now(D, 99)).is_none());
        world.village.die(D);
        let world = Arc::new(world);
        let other = spawn(&world, |world| world.try_push(A, 2).is_ok().then_some(2));
        let mine = world.try_push(B, 3).is_ok().then_some(3);
        let pushed: Vec<u64> = [Some(1), other.join().unwrap(), mine].into_iter().flatten().collect();
        assert_eq!(pushed.len(), 2, "the room of the dead was lost, or taken twice");
        same(pushed, world.drain());
    });
}

/// The dead process has linked its node, and nobody has seen that yet.
#[test]
fn who_recovers_leaves_an_element() {
    explore("stack: who_recovers_leaves_an_element", 2, || {
        let world = Arc::new(World::with(2, &[1]));
        let dying = spawn(&world, |world| {
            let done = dying_at("stack.push.linked", || world.push_now(D, 2));
            world.village.die(D);
            done.is_none()
        });
        let popped = Vec::from_iter(world.try_pop());
        let pushed = world.try_push(A, 3).is_ok().then_some(3);
        assert!(dying.join().unwrap());
        let all = popped.into_iter().chain(world.drain()).collect();
        same([Some(1), Some(2), pushed].into_iter().flatten().collect(), all);
    });
}

#[test]
fn a_dead_pop_leaks_nothing() {
    for point in ["stack.settled", "stack.pop.taken"] {
        explore("stack: a_dead_pop_leaks_nothing", 2, move || {
            let world = World::with(2, &[1, 2]);
            assert_eq!(world.try_pop(), Some(2));
            let world = Arc::new(world);
            let dying = spawn(&world, move |world| {
                let done = dying_at(point, || world.pop_now());
                world.village.die(D);
                done
            });
            let pushed = world.try_push(A, 3).is_ok().then_some(3);
            let died = dying.join().unwrap();
            let rest = world.drain();
            let popped = died.map(|done| done.unwrap().0);
            let gone = [1, 3].into_iter().filter(|value| !rest.contains(value) && popped != Some(*value)).count();
            assert!(pushed.is_some());
            assert_eq!(gone, usize::from(popped.is_none() && point == "stack.pop.taken"));
        });
    }
}

#[test]
fn a_pop_sleeps_until_an_element_comes() {
    explore("stack: a_pop_sleeps_until_an_element_comes", 3, || {
        let world = Arc::new(World::new(2));
        let other = spawn(&world, World::pop);
        world.push(A, 1);
        assert_eq!(other.join().unwrap(), 1);
        same(vec![], world.drain());
    });
}

#[test]
fn a_pop_sleeps_on_a_popped_node() {
    explore("stack: a_pop_sleeps_on_a_popped_node", 2, || {
        let world = World::with(2, &[1]);
        world.try_pop().unwrap();
        let world = Arc::new(world);
        let other = spawn(&world, World::pop);
        if !world.push_popped(A, 2) {
            world.push(A, 2);
        }
        assert_eq!(other.join().unwrap(), 2);
        same(vec![], world.drain());
    });
}

#[test]
fn a_push_sleeps_until_there_is_room() {
    explore("stack: a_push_sleeps_until_there_is_room", 3, || {
        let world = Arc::new(World::with(1, &[1]));
        let other = spawn(&world, |world| world.push(B, 2));
        let popped = world.pop();
        other.join().unwrap();
        same(vec![1, 2], [popped].into_iter().chain(world.drain()).collect());
    });
}

#[test]
fn two_sleeping_pops_and_two_elements() {
    explore("stack: two_sleeping_pops_and_two_elements", 1, || {
        let world = Arc::new(World::new(2));
        let others = [spawn(&world, World::pop), spawn(&world, World::pop)];
        world.push(A, 1);
        world.push(A, 2);
        same(vec![1, 2], others.into_iter().map(|other| other.join().unwrap()).collect());
    });
}

#[test]
fn two_sleeping_pushes_and_room_for_two() {
    explore("stack: two_sleeping_pushes_and_room_for_two", 0, || {
        let world = Arc::new(World::with(2, &[1, 2]));
        let others = [spawn(&world, |world| world.push(A, 3)), spawn(&world, |world| world.push(B, 4))];
        let popped = [world.pop(), world.pop()];
        for other in others {
            other.join().unwrap();
        }
        same(vec![1, 2, 3, 4], popped.into_iter().chain(world.drain()).collect());
    });
}

#[test]
fn both_sides_sleep_in_turns() {
    explore("stack: both_sides_sleep_in_turns", 2, || {
        let world = Arc::new(World::new(1));
        let other = spawn(&world, |world| [world.pop(), world.pop()]);
        world.push(A, 1);
        world.push(A, 2);
        same(vec![1, 2], other.join().unwrap().into());
        same(vec![], world.drain());
    });
}

/// Who would have woken dies before it does; the sleepers look again after 250 ms.
#[test]
fn a_waker_that_dies() {
    explore("stack: a_waker_that_dies", 2, || {
        let world = Arc::new(World::new(1));
        let sleeping = spawn(&world, World::pop);
        let dying = spawn(&world, |world| {
            let _ = dying_at("stack.push.linked", || world.push_now(D, 1));
            world.village.die(D);
            world.village.time_passes();
        });
        assert_eq!(sleeping.join().unwrap(), 1);
        dying.join().unwrap();
        same(vec![], world.drain());
    });
}

/// A push waits for the room that a dead one has claimed.
#[test]
fn a_push_waits_for_the_room_of_the_dead() {
    explore("stack: a_push_waits_for_the_room_of_the_dead", 2, || {
        let world = Arc::new(World::new(1));
        let dying = spawn(&world, |world| {
            let died = dying_at("stack.push.written", || world.push_now(D, 99)).is_none();
            world.village.die(D);
            died
        });
        // The village's naps end at once, so a push meets a living owner only a few times.
        if dying.join().unwrap() {
            world.push(A, 1);
            same(vec![1], world.drain());
        }
    });
}
