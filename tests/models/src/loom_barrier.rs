//! The barrier: one leader per generation, withdrawals that miss or make it, and members that die.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;

use crate::barrier_kernel::{Kernel, NEW_PLACE, Places, Seat, Stop};
use crate::explore::explore;
use crate::points::dying_at;
use crate::sync::AtomicU64;
use crate::village::Village;
use crate::waiting::block;

const A: u32 = 1;
const B: u32 = 2;
const C: u32 = 3;

struct World {
    state: AtomicU64,
    broken: AtomicU64,
    places: Vec<AtomicU64>,
    /// What each party has done: loom refuses accesses that are not ordered.
    done: Vec<UnsafeCell<u64>>,
    village: Village,
}

impl Places for World {
    fn parties(&self) -> u64 {
        self.places.len() as u64
    }

    fn state(&self) -> &AtomicU64 {
        &self.state
    }

    fn broken(&self) -> &AtomicU64 {
        &self.broken
    }

    fn place(&self, index: u64) -> &AtomicU64 {
        &self.places[index as usize]
    }
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Led,
    Followed,
    Withdrew,
    Broke,
}

impl World {
    fn new(parties: usize) -> Arc<World> {
        Arc::new(World {
            state: AtomicU64::new(0),
            broken: AtomicU64::new(0),
            places: (0..parties).map(|_| AtomicU64::new(NEW_PLACE)).collect(),
            done: (0..parties).map(|_| UnsafeCell::new(0)).collect(),
            village: Village::new(),
        })
    }

    fn kernel(&self) -> Kernel<'_, World, Village> {
        Kernel { words: self, peers: &self.village }
    }

    fn wait(&self, seat: Option<Seat>) -> End {
        let ended = |result: Result<(), Stop>| match result {
            Ok(()) => End::Followed,
            Err(stop) => {
                assert_eq!(stop, Stop::Broken);
                End::Broke
            }
        };
        match self.kernel().arrive(seat) {
            Ok(None) => End::Led,
            Ok(Some(arrival)) => ended(
                block(&self.village, None, |patience| self.kernel().attempt(arrival, patience)).map(Option::unwrap),
            ),
            Err(stop) => ended(Err(stop)),
        }
    }

    /// Arrives, and withdraws at once: a deadline of zero.
    fn arrive_and_withdraw(&self, seat: Option<Seat>) -> End {
        match self.kernel().arrive(seat).unwrap() {
            None => End::Led,
            Some(arrival) => match self.kernel().withdraw(arrival, seat) {
                None => End::Withdrew,
                Some(Ok(())) => End::Followed,
                Some(Err(stop)) => panic!("{stop:?}"),
            },
        }
    }

    fn does(&self, who: usize) {
        // SAFETY: loom lends an exclusive pointer, and fails the model if another access is not ordered.
        self.done[who].with_mut(|done| unsafe { *done += 1 });
    }

    fn all_done(&self) {
        for done in &self.done {
            // SAFETY: loom lends a shared pointer, and fails the model if a write is not ordered before.
            done.with(|done| assert!(unsafe { *done } > 0));
        }
    }

    fn arrived(&self) -> u64 {
        self.kernel().look().unwrap().1
    }
}

fn waits(world: &Arc<World>, who: usize) -> thread::JoinHandle<End> {
    let world = Arc::clone(world);
    thread::spawn(move || {
        world.does(who);
        let end = world.wait(None);
        world.all_done();
        end
    })
}

fn leaders(ends: &[End]) -> usize {
    ends.iter().filter(|end| **end == End::Led).count()
}

#[test]
fn two_parties_see_what_both_have_done() {
    explore("two_parties_see_what_both_have_done", 3, || {
        let world = World::new(2);
        let other = waits(&world, 0);
        world.does(1);
        let mine = world.wait(None);
        world.all_done();
        assert_eq!(leaders(&[mine, other.join().unwrap()]), 1);
        assert_eq!(world.arrived(), 0);
    });
}

#[test]
fn three_parties_have_one_leader() {
    explore("three_parties_have_one_leader", 1, || {
        let world = World::new(3);
        let others = [waits(&world, 0), waits(&world, 1)];
        world.does(2);
        let mine = world.wait(None);
        let [one, two] = others.map(|other| other.join().unwrap());
        assert_eq!(leaders(&[mine, one, two]), 1);
    });
}

#[test]
fn it_is_used_again() {
    explore("it_is_used_again", 2, || {
        let world = World::new(2);
        let other = {
            let world = Arc::clone(&world);
            thread::spawn(move || [world.wait(None), world.wait(None)])
        };
        let mine = [world.wait(None), world.wait(None)];
        let theirs = other.join().unwrap();
        for round in 0..2 {
            assert_eq!(leaders(&[mine[round], theirs[round]]), 1);
        }
        assert_eq!(world.kernel().look(), Ok((2, 0, false)));
    });
}

/// A deadline passes while the other arrives: both agree on whether the generation was complete.
#[test]
fn a_withdrawal_makes_it_or_misses_it() {
    explore("a_withdrawal_makes_it_or_misses_it", 3, || {
        let world = World::new(2);
        let other = {
            let world = Arc::clone(&world);
            thread::spawn(move || world.arrive_and_withdraw(None))
        };
        let mine = world.arrive_and_withdraw(None);
        let theirs = other.join().unwrap();
        let complete = [mine, theirs].iter().filter(|end| **end != End::Withdrew).count();
        assert!(complete == 0 && leaders(&[mine, theirs]) == 0 || complete == 2 && leaders(&[mine, theirs]) == 1);
        assert_eq!(world.arrived(), 0, "an arrival was left behind, or taken twice");
    });
}

/// A sleeper is released by the third arrival although another came and went.
#[test]
fn a_withdrawal_leaves_the_others_alone() {
    explore("a_withdrawal_leaves_the_others_alone", 2, || {
        let world = World::new(2);
        let sleeper = {
            let world = Arc::clone(&world);
            thread::spawn(move || world.wait(None))
        };
        let first = world.arrive_and_withdraw(None);
        let second = if first == End::Withdrew { world.wait(None) } else { first };
        let theirs = sleeper.join().unwrap();
        assert_eq!(leaders(&[second, theirs]), 1);
        assert_eq!(world.arrived(), 0);
    });
}

/// A member dies at a point of its arrival; the other, a member too, learns what came of the generation.
fn dies_while_another_waits(point: &'static str, possible: &'static [End]) {
    explore(point, 3, move || {
        let world = World::new(2);
        let seats = [A, B].map(|owner| world.kernel().join(owner).unwrap());
        let dying = {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                dying_at(point, || world.wait(Some(seats[0])));
                world.village.die(A);
                world.village.time_passes();
            })
        };
        let end = world.wait(Some(seats[1]));
        dying.join().unwrap();
        assert!(possible.contains(&end), "{end:?}");
        if end != End::Broke {
            // The next generation lacks it.
            assert_eq!(world.wait(Some(seats[1])), End::Broke);
        }
        assert_eq!(world.wait(Some(seats[1])), End::Broke);
        // Made whole, and with another member, it goes on.
        assert_eq!(world.kernel().reset(), Ok(true));
        assert_eq!(world.kernel().reset(), Ok(false));
        world.kernel().join(C).unwrap();
        assert_eq!(world.arrived(), 0);
    });
}

#[test]
fn a_member_dies_when_it_is_counted() {
    dies_while_another_waits("barrier.arrive.counted", &[End::Led, End::Followed, End::Broke]);
}

#[test]
fn a_member_dies_when_it_has_arrived() {
    dies_while_another_waits("barrier.place.set", &[End::Led, End::Followed]);
}

#[test]
fn a_member_dies_before_it_wakes() {
    dies_while_another_waits("barrier.wait.marked", &[End::Led, End::Followed]);
}

/// A member arrives and dies while another, that waits, asks about it: the arrival counts, and the third completes.
#[test]
fn a_dead_members_arrival_is_not_overlooked() {
    explore("a_dead_members_arrival_is_not_overlooked", 2, || {
        let world = World::new(3);
        let seat = world.kernel().join(A).unwrap();
        let dying = {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                dying_at("barrier.place.set", || world.wait(Some(seat)));
                world.village.die(A);
            })
        };
        let other = {
            let world = Arc::clone(&world);
            thread::spawn(move || world.wait(None))
        };
        dying.join().unwrap();
        let mine = world.wait(None);
        let theirs = other.join().unwrap();
        assert!(matches!((mine, theirs), (End::Led, End::Followed) | (End::Followed, End::Led)), "{mine:?} {theirs:?}");
    });
}

/// A member dies before it arrives, while the two others wait: both learn that it is broken.
#[test]
fn a_member_that_never_arrives_breaks_the_generation_for_all() {
    explore("a_member_that_never_arrives_breaks_the_generation_for_all", 2, || {
        let world = World::new(2);
        world.kernel().join(A).unwrap();
        world.village.die(A);
        let other = {
            let world = Arc::clone(&world);
            thread::spawn(move || world.wait(None))
        };
        let mine = world.wait(None);
        let theirs = other.join().unwrap();
        // Nobody saw the death before both had arrived, or both learn of it.
        match (mine, theirs) {
            (End::Led, End::Followed) | (End::Followed, End::Led) | (End::Broke, End::Broke) => {}
            other => panic!("{other:?}"),
        }
    });
}

/// A reset runs while a sleeper of the broken generation has not looked yet: it still learns that it was broken.
#[test]
fn a_reset_does_not_hide_that_it_was_broken() {
    explore("a_reset_does_not_hide_that_it_was_broken", 3, || {
        let world = World::new(3);
        world.kernel().join(A).unwrap();
        let sleeper = {
            let world = Arc::clone(&world);
            thread::spawn(move || world.wait(None))
        };
        world.village.until_asleep(1);
        world.village.die(A);
        assert_eq!(world.kernel().reset(), Ok(true));
        assert_eq!(sleeper.join().unwrap(), End::Broke);
        assert_eq!(world.kernel().look(), Ok((1, 0, false)));
    });
}

fn a_reset_dies(point: &'static str) {
    explore(point, 2, move || {
        let world = World::new(2);
        world.kernel().join(A).unwrap();
        world.village.die(A);
        let dying = {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                dying_at(point, || world.kernel().reset().unwrap());
            })
        };
        world.kernel().reset().unwrap();
        dying.join().unwrap();
        world.kernel().reset().unwrap();
        let (_, arrived, broken) = world.kernel().look().unwrap();
        assert_eq!((arrived, broken), (0, false));
        assert_eq!(world.kernel().join(B).unwrap().index, 0);
    });
}

#[test]
fn a_reset_that_dies_is_done_by_another() {
    for point in ["barrier.break.broken", "barrier.reset.freed", "barrier.reset.told", "barrier.reset.opened"] {
        a_reset_dies(point);
    }
}
