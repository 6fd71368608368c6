//! The channel: closing against sending, receiving and sleeping; handing over in a rendezvous; who is registered.
//!
//! A sleep ends only by a wake, so a model that loses one is a deadlock, which loom reports.

use std::sync::Arc;

use loom::sync::atomic::AtomicU64 as Plain;
use loom::thread;

use crate::channel_kernel::{Kernel, Left, Places};
use crate::explore::explore;
use crate::format::channel::CHANNEL_OPEN;
use crate::points::{dying_at, reached};
use crate::queue_kernel::{Cells, Kernel as Queue, Stop, empty};
use crate::sync::{AtomicU64, Relaxed};
use crate::village::Village;
use crate::waiting::{Nap, Patience, Peers, Turn, block};

const A: u32 = 1;
const B: u32 = 2;
const C: u32 = 3;

struct Words {
    head: AtomicU64,
    tail: AtomicU64,
    /// State, and a value and its complement: a copy of two is noticed.
    cells: Vec<(AtomicU64, [Plain; 2])>,
}

impl Cells for Words {
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
        &self.cells[index as usize].0
    }

    fn may_be_sealed(&self) -> bool {
        true
    }
}

struct Channel {
    words: Words,
    closed: AtomicU64,
    places: [AtomicU64; 2],
    village: Arc<Village>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Closed;

impl Channel {
    fn new(cells: u64) -> Arc<Channel> {
        Channel::of(cells, &Arc::new(Village::new()))
    }

    fn of(cells: u64, village: &Arc<Village>) -> Arc<Channel> {
        let cell = |index| (AtomicU64::new(empty(index)), [0, !0].map(Plain::new));
        Arc::new(Channel {
            words: Words { head: AtomicU64::new(0), tail: AtomicU64::new(0), cells: (0..cells).map(cell).collect() },
            closed: AtomicU64::new(CHANNEL_OPEN),
            places: [0, 0].map(AtomicU64::new),
            village: Arc::clone(village),
        })
    }

    fn kernel(&self) -> Kernel<'_, Words, Village> {
        Kernel { queue: Queue { cells: &self.words, peers: &*self.village }, closed: &self.closed }
    }

    fn places<'a>(&'a self) -> Places<'a, Village, impl Fn(u64) -> &'a AtomicU64> {
        Places { word: |place: u64| &self.places[place as usize], count: 2, peers: &*self.village }
    }

    /// As `Queue::push_in_batch` and the end of the batch; the position.
    fn push(&self, me: u32, value: u64) -> Result<u64, Stop> {
        let queue = self.kernel().queue;
        let claim = queue.claim(me, queue.tail_hint())?;
        reached("claimed");
        self.words.cells[claim.index as usize].1[0].store(value, Relaxed);
        self.words.cells[claim.index as usize].1[1].store(!value, Relaxed);
        reached("written");
        queue.publish(claim);
        reached("published");
        queue.hint_tail(claim.position);
        if claim.wake {
            queue.wake(claim.index);
        }
        Ok(claim.position)
    }

    /// As `Queue::pop_in_batch` and the end of the batch.
    fn pop(&self) -> Result<u64, Stop> {
        let queue = self.kernel().queue;
        let mut from = queue.head_hint();
        loop {
            let peek = queue.peek(from)?;
            let [value, complement] = &self.words.cells[peek.index as usize].1;
            let (value, complement) = (value.load(Relaxed), complement.load(Relaxed));
            reached("copied");
            if let Some(wake) = queue.take(peek) {
                reached("taken");
                assert_eq!(value, !complement, "a torn value was taken");
                queue.hint_head(peek.position);
                if wake {
                    queue.wake(peek.index);
                }
                return Ok(value);
            }
            from = peek.position;
        }
    }

    fn waits<'a, T>(&'a self, stop: Stop, patience: &mut Patience) -> Result<Turn<'a, T>, Stop> {
        self.kernel().queue.wait(stop, patience).ok_or(stop)
    }

    fn attempt_send(&self, me: u32, value: u64, patience: &mut Patience) -> Result<Turn<'_, ()>, Stop> {
        if self.kernel().is_closed() {
            return Err(Stop::Sealed);
        }
        match self.push(me, value) {
            Ok(_) => Ok(Turn::Done(())),
            Err(stop) => self.kernel().sender_waits(self.waits(stop, patience)?),
        }
    }

    fn send(&self, me: u32, value: u64) -> Result<(), Closed> {
        told(block(&*self.village, None, |patience| self.attempt_send(me, value, patience)))
    }

    fn attempt_recv(&self, patience: &mut Patience) -> Result<Turn<'_, u64>, Stop> {
        let turn = match self.pop() {
            Ok(value) => Turn::Done(value),
            Err(stop) => self.waits(stop, patience)?,
        };
        if let Turn::Wait(_) = turn
            && self.places().all_gone()
        {
            self.kernel().close()?;
        }
        self.kernel().receiver_waits(turn)
    }

    fn recv(&self) -> Result<u64, Closed> {
        told(block(&*self.village, None, |patience| self.attempt_recv(patience)))
    }

    /// As `Channel::attempt_offer`.
    fn attempt_offer(
        &self,
        me: u32,
        value: u64,
        offer: &mut Option<u64>,
        patience: &mut Patience,
    ) -> Result<Turn<'_, ()>, Stop> {
        let position = match *offer {
            Some(position) => position,
            None => {
                if self.kernel().is_closed() {
                    return Err(Stop::Sealed);
                }
                match self.push(me, value) {
                    Ok(position) => *offer.insert(position),
                    Err(stop) => return self.kernel().sender_waits(self.waits(stop, patience)?),
                }
            }
        };
        let turn = self.kernel().queue.wait_taken(position, patience);
        if let Turn::Done(()) = turn {
            return Ok(turn);
        }
        match self.kernel().sender_waits(turn) {
            Err(Stop::Sealed) if !self.kernel().queue.withdraw(position) => Ok(Turn::Done(())),
            turn => turn,
        }
    }

    fn hand_over(&self, me: u32, value: u64) -> Result<(), Closed> {
        let mut offer = None;
        told(block(&*self.village, None, |patience| self.attempt_offer(me, value, &mut offer, patience)))
    }

    /// Offers, and withdraws at once; whether it was taken.
    fn offer_for_a_moment(&self, me: u32, value: u64) -> bool {
        match self.push(me, value) {
            Ok(position) => !self.kernel().queue.withdraw(position),
            Err(_) => false,
        }
    }

    fn drain(&self) -> Vec<u64> {
        std::iter::from_fn(|| self.pop().ok()).collect()
    }
}

fn told<T>(result: Result<Option<T>, Stop>) -> Result<T, Closed> {
    match result {
        Ok(value) => Ok(value.expect("there is no deadline")),
        Err(stop) => {
            assert_eq!(stop, Stop::Sealed);
            Err(Closed)
        }
    }
}

fn spawn<R: 'static>(channel: &Arc<Channel>, run: impl FnOnce(&Channel) -> R + 'static) -> thread::JoinHandle<R> {
    let channel = Arc::clone(channel);
    thread::spawn(move || run(&channel))
}

/// Receives until the channel is closed.
fn all(channel: &Channel) -> Vec<u64> {
    let all: Vec<u64> = std::iter::from_fn(|| channel.recv().ok()).collect();
    assert_eq!(channel.recv(), Err(Closed), "closed stays closed");
    all
}

/// What was sent is received before the end, whenever the channel is closed.
#[test]
fn what_was_sent_is_received_before_the_end() {
    explore("what_was_sent_is_received_before_the_end", 2, || {
        let channel = Channel::new(2);
        let sender = spawn(&channel, |channel| channel.send(A, 7));
        let receiver = spawn(&channel, all);
        assert_eq!(channel.kernel().close(), Ok(true));
        let sent = sender.join().unwrap();
        let received = receiver.join().unwrap();
        assert_eq!(received, if sent.is_ok() { vec![7] } else { vec![] });
    });
}

#[test]
fn two_sends_and_a_close_in_between() {
    explore("two_sends_and_a_close_in_between", 0, || {
        let channel = Channel::new(1);
        let receiver = spawn(&channel, all);
        let closer = spawn(&channel, |channel| channel.kernel().close().map(drop));
        let sent = (1..=2).filter(|value| channel.send(A, *value).is_ok()).collect::<Vec<u64>>();
        closer.join().unwrap().unwrap();
        assert_eq!(receiver.join().unwrap(), sent);
    });
}

#[test]
fn closing_wakes_a_receiver() {
    explore("closing_wakes_a_receiver", 3, || {
        let channel = Channel::new(2);
        let receiver = spawn(&channel, |channel| channel.recv());
        assert_eq!(channel.kernel().close(), Ok(true));
        assert_eq!(receiver.join().unwrap(), Err(Closed));
    });
}

#[test]
fn closing_wakes_two_receivers() {
    explore("closing_wakes_two_receivers", 1, || {
        let channel = Channel::new(1);
        let receivers = [spawn(&channel, |channel| channel.recv()), spawn(&channel, |channel| channel.recv())];
        assert_eq!(channel.kernel().close(), Ok(true));
        for receiver in receivers {
            assert_eq!(receiver.join().unwrap(), Err(Closed));
        }
    });
}

#[test]
fn closing_wakes_a_sender_of_a_full_channel() {
    explore("closing_wakes_a_sender_of_a_full_channel", 3, || {
        let channel = Channel::new(1);
        channel.send(B, 1).unwrap();
        let sender = spawn(&channel, |channel| channel.send(A, 2));
        assert_eq!(channel.kernel().close(), Ok(true));
        assert_eq!(sender.join().unwrap(), Err(Closed));
        assert_eq!(all(&channel), [1]);
    });
}

/// A value is taken while the channel is closed, and the sender that waits for the room gets it or is told.
#[test]
fn closing_and_taking_race_for_a_sender() {
    explore("closing_and_taking_race_for_a_sender", 0, || {
        let channel = Channel::new(1);
        channel.send(B, 1).unwrap();
        let sender = spawn(&channel, |channel| channel.send(A, 2));
        let closer = spawn(&channel, |channel| channel.kernel().close().map(drop));
        let received = all(&channel);
        closer.join().unwrap().unwrap();
        assert_eq!(received, if sender.join().unwrap().is_ok() { vec![1, 2] } else { vec![1] });
    });
}

/// Who has closed the channel dies before its wake: the next look is left, or another's close.
#[test]
fn who_closes_may_die() {
    for place in ["channel.close.closed", "queue.rouse.unmarked"] {
        for another in [false, true] {
            explore(&format!("who_closes_may_die: {place}, {another}"), 2, move || {
                let channel = Channel::new(1);
                let receiver = spawn(&channel, |channel| channel.recv());
                dying_at(place, || channel.kernel().close());
                if another && place == "channel.close.closed" {
                    assert_eq!(channel.kernel().close(), Ok(false));
                } else {
                    channel.village.time_passes();
                }
                assert_eq!(receiver.join().unwrap(), Err(Closed));
            });
        }
    }
}

#[test]
fn who_seals_may_die() {
    explore("who_seals_may_die", 2, || {
        let channel = Channel::new(1);
        let receiver = spawn(&channel, |channel| channel.recv());
        channel.kernel().close().unwrap();
        dying_at("queue.seal.sealed", || channel.kernel().drain());
        channel.village.time_passes();
        assert_eq!(receiver.join().unwrap(), Err(Closed));
    });
}

/// A sender dies in a closed channel; who drains it frees its cell and seals it.
#[test]
fn a_sender_dies_and_the_channel_is_closed() {
    for place in ["claimed", "written", "published"] {
        explore(&format!("a_sender_dies_and_the_channel_is_closed: {place}"), 1, move || {
            let channel = Channel::new(2);
            let sender = spawn(&channel, move |channel| {
                dying_at(place, || channel.send(C, 7).is_ok());
                channel.village.die(C);
            });
            channel.kernel().close().unwrap();
            let received = all(&channel);
            assert!(received.is_empty() || place == "published" && received == [7], "{received:?}");
            sender.join().unwrap();
        });
    }
}

#[test]
fn a_value_is_handed_over() {
    explore("a_value_is_handed_over", 3, || {
        let channel = Channel::new(1);
        let sender = spawn(&channel, |channel| channel.hand_over(A, 7));
        assert_eq!(channel.recv(), Ok(7));
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

#[test]
fn two_values_are_handed_over_each_once() {
    explore("two_values_are_handed_over_each_once", 0, || {
        let channel = Channel::new(1);
        let senders = [spawn(&channel, |channel| channel.hand_over(A, 1)), spawn(&channel, |c| c.hand_over(B, 2))];
        let mut received = vec![channel.recv().unwrap(), channel.recv().unwrap()];
        received.sort_unstable();
        assert_eq!(received, [1, 2]);
        for sender in senders {
            assert_eq!(sender.join().unwrap(), Ok(()));
        }
        assert!(channel.drain().is_empty());
    });
}

#[test]
fn a_close_decides_whether_a_value_is_handed_over() {
    explore("a_close_decides_whether_a_value_is_handed_over", 1, || {
        let channel = Channel::new(1);
        let sender = spawn(&channel, |channel| channel.hand_over(A, 7));
        let closer = spawn(&channel, |channel| channel.kernel().close().map(drop));
        let received = all(&channel);
        closer.join().unwrap().unwrap();
        assert_eq!(received, if sender.join().unwrap().is_ok() { vec![7] } else { vec![] });
    });
}

#[test]
fn a_close_ends_an_offer_without_receivers() {
    explore("a_close_ends_an_offer_without_receivers", 2, || {
        let channel = Channel::new(1);
        let sender = spawn(&channel, |channel| channel.hand_over(A, 7));
        channel.kernel().close().unwrap();
        assert_eq!(sender.join().unwrap(), Err(Closed));
        assert!(all(&channel).is_empty());
    });
}

#[test]
fn a_value_is_taken_or_withdrawn() {
    explore("a_value_is_taken_or_withdrawn", 2, || {
        let channel = Channel::new(1);
        let sender = spawn(&channel, |channel| channel.offer_for_a_moment(A, 7));
        let received = channel.pop().ok();
        let taken = sender.join().unwrap();
        assert_eq!(received, taken.then_some(7));
        assert!(channel.drain().is_empty());
    });
}

/// Another sender waits for the place of an offer that is withdrawn, and a receiver sleeps.
#[test]
fn who_withdraws_wakes_the_next_sender() {
    explore("who_withdraws_wakes_the_next_sender", 2, || {
        let channel = Channel::new(1);
        let position = channel.push(A, 1).unwrap();
        let next = spawn(&channel, |channel| channel.hand_over(B, 2));
        let taken = !channel.kernel().queue.withdraw(position);
        assert!(!taken);
        assert_eq!(channel.recv(), Ok(2));
        assert_eq!(next.join().unwrap(), Ok(()));
    });
}

/// Withdrawing, taking and offering anew at the same time: never a value of one for the other.
#[test]
fn withdrawing_taking_and_the_next_offer() {
    explore("withdrawing_taking_and_the_next_offer", 1, || {
        let channel = Channel::new(1);
        let first = spawn(&channel, |channel| channel.offer_for_a_moment(A, 1));
        let second = spawn(&channel, |channel| channel.offer_for_a_moment(B, 2));
        let mut received: Vec<u64> = channel.pop().ok().into_iter().collect();
        let taken = [(1, first.join().unwrap()), (2, second.join().unwrap())];
        received.extend(channel.drain());
        assert_eq!(received, taken.iter().filter(|(_, taken)| *taken).map(|(value, _)| *value).collect::<Vec<_>>());
    });
}

/// The sender dies at every place: the receiver gets its value once or never.
#[test]
fn a_sender_that_dies_has_offered_once_or_never() {
    for place in ["claimed", "written", "published", "queue.wait.marked"] {
        explore(&format!("a_sender_that_dies_has_offered_once_or_never: {place}"), 1, move || {
            let channel = Channel::new(1);
            let sender = spawn(&channel, move |channel| {
                dying_at(place, || channel.hand_over(C, 7));
                channel.village.die(C);
            });
            sender.join().unwrap();
            let next = spawn(&channel, |channel| channel.hand_over(A, 8));
            let mut received = vec![channel.recv().unwrap()];
            if received == [7] {
                assert!(matches!(place, "published" | "queue.wait.marked"), "{place}");
                received.push(channel.recv().unwrap());
            }
            assert_eq!(received.last(), Some(&8));
            assert_eq!(next.join().unwrap(), Ok(()));
        });
    }
}

/// The receiver dies at every place: the sender hands its value over to it, or to the next one, and knows.
#[test]
fn a_receiver_that_dies_has_taken_once_or_never() {
    for place in ["copied", "taken"] {
        explore(&format!("a_receiver_that_dies_has_taken_once_or_never: {place}"), 1, move || {
            let channel = Channel::new(1);
            let sender = spawn(&channel, |channel| channel.hand_over(A, 7));
            let receiver = spawn(&channel, move |channel| dying_at(place, || channel.recv()));
            assert_eq!(receiver.join().unwrap(), None);
            if place == "copied" {
                assert_eq!(channel.recv(), Ok(7));
            } else {
                assert!(channel.drain().is_empty());
                channel.village.time_passes();
            }
            assert_eq!(sender.join().unwrap(), Ok(()));
        });
    }
}

/// Two registered senders leave at the same time: one of them closes, and the receiver wakes.
#[test]
fn the_last_to_leave_closes() {
    explore("the_last_to_leave_closes", 1, || {
        let channel = Channel::new(1);
        let places: Vec<u64> = [A, B].iter().map(|me| channel.places().enter(*me).unwrap()).collect();
        assert_eq!(channel.places().enter(C), None);
        let leave = |place: u64, me: u32| {
            move |channel: &Channel| {
                if channel.places().leave(place, me) {
                    channel.kernel().close().unwrap();
                }
            }
        };
        let receiver = spawn(&channel, |channel| channel.recv());
        let other = spawn(&channel, leave(places[1], B));
        leave(places[0], A)(&channel);
        other.join().unwrap();
        assert_eq!(receiver.join().unwrap(), Err(Closed));
    });
}

#[test]
fn the_death_of_the_last_sender_closes() {
    explore("the_death_of_the_last_sender_closes", 2, || {
        let channel = Channel::new(1);
        channel.places().enter(C).unwrap();
        let receiver = spawn(&channel, |channel| channel.recv());
        dying_at("published", || channel.send(C, 7));
        channel.village.die(C);
        channel.village.time_passes();
        assert_eq!(receiver.join().unwrap(), Ok(7));
        assert_eq!(channel.recv(), Err(Closed));
        assert_eq!(channel.kernel().drain(), Ok(Left::Nothing));
    });
}

/// Receives from the first of two channels that has something, as `Select` does; or learns that one is closed.
fn recv_either(channels: &[Arc<Channel>; 2]) -> Result<u64, Stop> {
    let mut patience = [Patience::of::<Village>(), Patience::of::<Village>()];
    loop {
        let mut naps: Vec<Nap<'_>> = Vec::new();
        for (channel, patience) in channels.iter().zip(&mut patience) {
            match channel.attempt_recv(patience)? {
                Turn::Done(value) => return Ok(value),
                Turn::Again => {}
                Turn::Wait(nap) => naps.push(nap),
            }
        }
        if naps.len() == channels.len() {
            channels[0].village.wait_any(&naps);
        }
    }
}

fn two_channels() -> [Arc<Channel>; 2] {
    let village = Arc::new(Village::new());
    [Channel::of(1, &village), Channel::of(1, &village)]
}

#[test]
fn who_sleeps_on_two_channels_is_woken_by_either() {
    for which in 0..2 {
        explore(&format!("who_sleeps_on_two_channels_is_woken_by_either: {which}"), 2, move || {
            let channels = two_channels();
            let theirs = channels.clone();
            let sleeper = thread::spawn(move || recv_either(&theirs));
            channels[which].send(A, 7).unwrap();
            assert_eq!(sleeper.join().unwrap(), Ok(7));
        });
    }
}

#[test]
fn who_sleeps_on_two_channels_learns_of_a_close() {
    for which in 0..2 {
        explore(&format!("who_sleeps_on_two_channels_learns_of_a_close: {which}"), 2, move || {
            let channels = two_channels();
            let theirs = channels.clone();
            let sleeper = thread::spawn(move || recv_either(&theirs));
            channels[which].kernel().close().unwrap();
            assert_eq!(sleeper.join().unwrap(), Err(Stop::Sealed));
        });
    }
}

/// Both have something: one of them is received, and the other is still there.
#[test]
fn who_sleeps_on_two_channels_takes_from_one() {
    explore("who_sleeps_on_two_channels_takes_from_one", 1, || {
        let channels = two_channels();
        let theirs = channels.clone();
        let sleeper = thread::spawn(move || recv_either(&theirs));
        let senders = [A, B].map(|me| {
            let channel = Arc::clone(&channels[me as usize - 1]);
            thread::spawn(move || channel.send(me, u64::from(me)).unwrap())
        });
        for sender in senders {
            sender.join().unwrap();
        }
        let mut received = vec![sleeper.join().unwrap().unwrap()];
        received.extend(channels.iter().flat_map(|channel| channel.drain()));
        received.sort_unstable();
        assert_eq!(received, [1, 2]);
    });
}
