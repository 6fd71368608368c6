//! Channel and Select: sending, receiving, closing; each value once; exactly one operation of several.

use std::time::{Duration, Instant};

use zeroipc::{Array, Channel, Error, ErrorKind, Future, Memory, Select};
use zeroipc_tests::actor::{Actor, Script};
use zeroipc_tests::names::Name;
use zeroipc_tests::{DEADLINE, SOON};

const BRIEF: Duration = Duration::from_millis(20);

fn actor(operation: &str, segment: &str) -> Script {
    Script::new(env!("CARGO_BIN_EXE_codata")).arg(operation).arg(segment)
}

fn channel(capacity: u64) -> (Name, Memory, Channel<u64>) {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 18).unwrap();
    let channel = Channel::create(&memory, "c", capacity).unwrap();
    (name, memory, channel)
}

#[track_caller]
fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.unwrap_err().kind()
}

/// Waits until a sender of a rendezvous offers something, or a receiver has taken everything.
fn until(what: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !what() {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
}

#[test]
fn smoke() {
    let (_name, memory, channel) = channel(3);
    assert_eq!((channel.capacity(), channel.is_empty().unwrap(), channel.name()), (4, true, "c"));
    assert_eq!(channel.try_recv().unwrap(), None);
    channel.send(1).unwrap();
    channel.try_send(2).unwrap();
    channel.send_timeout(3, SOON).unwrap();
    assert_eq!(channel.len().unwrap(), 3);
    let other = Channel::<u64>::open(&memory, "c").unwrap();
    assert_eq!((other.recv().unwrap(), other.try_recv().unwrap(), other.recv_timeout(SOON).unwrap()), (1, Some(2), 3));
    assert_eq!(kind(other.recv_timeout(BRIEF)), ErrorKind::TimedOut);
    assert_eq!(Channel::<u64>::open_or_create(&memory, "c", 4).unwrap().capacity(), 4);
    assert_eq!(kind(Channel::<u64>::open_or_create(&memory, "c", 8)), ErrorKind::BadArgument);
    assert_eq!(kind(Channel::<u64>::open_or_create(&memory, "c", 0)), ErrorKind::BadArgument);
    assert_eq!(kind(Channel::<u64>::create(&memory, "d", u64::MAX)), ErrorKind::BadArgument);
    assert_eq!(kind(Channel::<f64>::open(&memory, "c")), ErrorKind::TypeMismatch);
}

#[test]
fn capacity() {
    for capacity in [1, 2, 8] {
        let (_name, _memory, channel) = channel(capacity);
        for lap in 0..3 {
            for value in 0..capacity {
                channel.try_send(lap * 100 + value).unwrap();
            }
            assert_eq!(kind(channel.try_send(0)), ErrorKind::Full);
            assert_eq!(kind(channel.send_timeout(0, BRIEF)), ErrorKind::TimedOut);
            for value in 0..capacity {
                assert_eq!(channel.recv().unwrap(), lap * 100 + value);
            }
        }
    }
}

#[test]
fn many_at_a_time() {
    let (_name, _memory, channel) = channel(4);
    assert_eq!(channel.send_many_timeout(&[0, 1, 2, 3, 4, 5], BRIEF).unwrap(), 4);
    assert_eq!(channel.try_send_many(&[6]).unwrap(), 0);
    let mut out = [0; 8];
    assert_eq!(channel.recv_many_timeout(&mut out, SOON).unwrap(), 4);
    assert_eq!(out[..4], [0, 1, 2, 3]);
    assert_eq!((channel.try_recv_many(&mut out).unwrap(), channel.recv_many_timeout(&mut out, BRIEF).unwrap()), (0, 0));
    assert_eq!(channel.send_many(&[7, 8]).unwrap(), 2);
    channel.close().unwrap();
    assert_eq!(kind(channel.send_many(&[9])), ErrorKind::Closed);
    assert_eq!(kind(channel.try_send_many(&[9])), ErrorKind::Closed);
    assert_eq!(channel.try_recv_many(&mut out).unwrap(), 2);
    assert_eq!(kind(channel.try_recv_many(&mut out)), ErrorKind::Closed);
    assert_eq!(kind(channel.recv_many_timeout(&mut out, SOON)), ErrorKind::Closed);
}

#[test]
fn what_was_sent_is_received_before_the_end() {
    let (_name, memory, channel) = channel(4);
    (0..4).for_each(|value| channel.send(value).unwrap());
    assert!(channel.close().unwrap() && !channel.close().unwrap() && channel.is_closed());
    for refused in [channel.send(9), channel.try_send(9), channel.send_timeout(9, SOON)] {
        assert_eq!(kind(refused), ErrorKind::Closed);
    }
    let other = Channel::<u64>::open(&memory, "c").unwrap();
    assert_eq!((other.recv().unwrap(), other.try_recv().unwrap()), (0, Some(1)));
    assert_eq!((other.recv().unwrap(), other.try_recv().unwrap()), (2, Some(3)));
    for _ in 0..2 {
        assert_eq!(kind(other.recv()), ErrorKind::Closed);
        assert_eq!(kind(channel.try_recv()), ErrorKind::Closed);
        assert_eq!(kind(channel.recv_timeout(SOON)), ErrorKind::Closed);
    }
    assert!(channel.is_empty().unwrap());
}

/// Sleepers of both kinds are told at once, and not at their next look.
#[test]
fn closing_wakes_all_sleepers() {
    for capacity in [0, 1, 4] {
        let (_name, memory, senders) = channel(capacity);
        let receivers = Channel::<u64>::create(&memory, "r", capacity).unwrap();
        (0..capacity).for_each(|value| senders.send(value).unwrap());
        std::thread::scope(|scope| {
            let sends = [(); 2].map(|()| scope.spawn(|| kind(senders.send(77))));
            let receives = [(); 2].map(|()| scope.spawn(|| kind(receivers.recv())));
            if capacity == 0 {
                until(|| senders.len().unwrap() == 1);
            }
            senders.close().unwrap();
            receivers.close().unwrap();
            for told in sends.into_iter().chain(receives) {
                assert_eq!(told.join().unwrap(), ErrorKind::Closed);
            }
        });
        // What a sender was told is not sent was not sent.
        assert_eq!(std::iter::from_fn(|| senders.recv().ok()).count() as u64, capacity);
    }
}

#[test]
fn a_rendezvous_waits_for_the_taking() {
    let (_name, _memory, channel) = channel(0);
    assert_eq!(channel.capacity(), 0);
    assert_eq!(kind(channel.try_send(1)), ErrorKind::Full);
    assert_eq!(kind(channel.send_timeout(1, BRIEF)), ErrorKind::TimedOut);
    assert_eq!(channel.try_recv().unwrap(), None);
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| channel.send(7));
        until(|| channel.len().unwrap() == 1);
        assert!(!sender.is_finished());
        assert_eq!(channel.recv().unwrap(), 7);
        sender.join().unwrap().unwrap();
        // A receiver that sleeps is found.
        let receiver = scope.spawn(|| channel.recv_timeout(DEADLINE));
        until(|| channel.try_send(8).is_ok());
        assert_eq!(receiver.join().unwrap().unwrap(), 8);
    });
    assert_eq!(channel.try_recv().unwrap(), None);
}

/// Senders give up all the time: what they are told they have sent is what is received.
#[test]
fn withdrawn_values_are_never_received() {
    let (_name, _memory, channel) = channel(0);
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..2_u64)
            .map(|sender| {
                let channel = &channel;
                scope.spawn(move || {
                    let mut sent = Vec::new();
                    for value in (0..2000).map(|number| sender << 32 | number) {
                        match channel.send_timeout(value, Duration::from_micros(number_of(value) % 40)) {
                            Ok(()) => sent.push(value),
                            Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut),
                        }
                    }
                    sent
                })
            })
            .collect();
        let receiver = scope.spawn(|| std::iter::from_fn(|| channel.recv().ok()).collect::<Vec<u64>>());
        let mut sent: Vec<u64> = senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect();
        channel.close().unwrap();
        let mut received = receiver.join().unwrap();
        sent.sort_unstable();
        received.sort_unstable();
        assert_eq!(sent, received);
        println!("{} of 4000 were taken", sent.len());
    });
}

fn number_of(value: u64) -> u64 {
    value & u64::from(u32::MAX)
}

/// Several processes on either side: each value once, in the order of its sender, and the end when the last sender leaves.
#[test]
fn many_processes() {
    for capacity in [0, 1, 64] {
        let (name, _memory, channel) = channel(capacity);
        let (senders, each) = (3, 500);
        let mut receiving: Vec<Actor> = (0..2).map(|_| actor("recv", &name).start()).collect();
        let mut sending: Vec<Actor> = (0..senders).map(|me| actor("send", &name).args([me, each]).start()).collect();
        for child in receiving.iter_mut().chain(&mut sending) {
            child.expect("ready");
        }
        for child in receiving.iter_mut().chain(&mut sending) {
            child.send("go");
        }
        sending.iter_mut().for_each(|child| child.expect("done"));
        let (mut count, mut sum) = (0, 0_u64);
        for child in &mut receiving {
            let said = child.answer("received");
            let (counted, summed) = said.split_once(' ').unwrap();
            count += counted.parse::<u64>().unwrap();
            sum += summed.parse::<u64>().unwrap();
        }
        assert_eq!(count, senders * each, "capacity {capacity}");
        let expected: u64 = (0..senders).flat_map(|me| (0..each).map(move |value| me << 32 | value)).sum();
        assert_eq!(sum, expected);
        assert!(channel.is_closed());
    }
}

#[test]
fn the_last_registered_sender_closes() {
    let (_name, _memory, channel) = channel(4);
    let first = channel.register_sender().unwrap();
    let second = channel.register_sender().unwrap();
    drop(first);
    channel.send(1).unwrap();
    std::thread::scope(|scope| {
        assert_eq!(channel.recv().unwrap(), 1);
        let receiver = scope.spawn(|| kind(channel.recv()));
        drop(second);
        assert_eq!(receiver.join().unwrap(), ErrorKind::Closed);
    });
    assert_eq!(kind(channel.register_sender()), ErrorKind::Closed);
}

#[test]
fn the_last_registered_receiver_closes() {
    let (_name, _memory, channel) = channel(1);
    let receiver = channel.register_receiver().unwrap();
    channel.send(1).unwrap();
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| kind(channel.send(2)));
        drop(receiver);
        assert_eq!(sender.join().unwrap(), ErrorKind::Closed);
    });
    assert_eq!(channel.recv().unwrap(), 1);
}

#[test]
fn the_death_of_the_last_registered_sender_closes() {
    let (name, _memory, channel) = channel(4);
    let mut senders = [(); 2].map(|()| actor("register", &name).start());
    senders.iter_mut().for_each(|sender| sender.expect("ready"));
    senders[0].kill();
    assert_eq!(kind(channel.recv_timeout(BRIEF)), ErrorKind::TimedOut);
    std::thread::scope(|scope| {
        let receiver = scope.spawn(|| kind(channel.recv_timeout(DEADLINE)));
        senders[1].kill();
        let start = Instant::now();
        assert_eq!(receiver.join().unwrap(), ErrorKind::Closed);
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    });
}

#[test]
fn places_run_out_and_are_used_again() {
    let (name, _memory, channel) = channel(4);
    let mut killed = actor("register", &name).start();
    killed.expect("ready");
    let mut here: Vec<_> = (1..32).map(|_| channel.register_sender().unwrap()).collect();
    assert_eq!(kind(channel.register_sender()), ErrorKind::NoSlot);
    killed.kill();
    here.push(channel.register_sender().unwrap());
    assert_eq!(kind(channel.register_sender()), ErrorKind::NoSlot);
    drop(here.pop());
    here.push(channel.register_sender().unwrap());
    drop(here);
    assert!(channel.is_closed());
}

#[test]
fn a_read_only_handle_looks() {
    let (name, _memory, channel) = channel(4);
    channel.send(1).unwrap();
    let reader = Channel::<u64>::open(&Memory::open_read_only(&name).unwrap(), "c").unwrap();
    assert_eq!((reader.len().unwrap(), reader.is_closed()), (1, false));
    for refused in [reader.send(1), reader.try_send(1), reader.recv().map(drop), reader.try_recv().map(drop)] {
        assert_eq!(kind(refused), ErrorKind::ReadOnly);
    }
    assert_eq!(kind(reader.close()), ErrorKind::ReadOnly);
    assert_eq!(kind(reader.register_sender()), ErrorKind::ReadOnly);
}

#[test]
fn a_duck_typed_one_opens_by_its_size() {
    let name = Name::new();
    let memory = Memory::options().duck_typed(true).create(&name, 1 << 18).unwrap();
    let channel = Channel::<u64>::create(&memory, "c", 4).unwrap();
    channel.send(7).unwrap();
    assert_eq!(Channel::<u64>::open(&memory, "c").unwrap().recv().unwrap(), 7);
    channel.close().unwrap();
    assert_eq!(kind(channel.recv()), ErrorKind::Closed);
    assert_eq!(kind(Channel::<u64>::open(&memory, "c").unwrap().recv()), ErrorKind::Closed);
    assert_eq!(kind(Channel::<[u64; 2]>::open(&memory, "c")), ErrorKind::TypeMismatch);
    Array::<u64>::create(&memory, "a", 200).unwrap();
    assert_eq!(kind(Channel::<u64>::open(&memory, "a")), ErrorKind::Corrupt);
}

/// Whatever the words are, nothing hangs, panics, or leaves the mapping.
#[test]
fn any_word_is_survived() {
    use std::os::unix::fs::FileExt as _;
    for capacity in [0, 2] {
        let (name, memory, channel) = channel(capacity);
        let (offset, size) = (memory.structures().unwrap()[0].offset(), memory.structures().unwrap()[0].size());
        let file = std::fs::File::options().read(true).write(true).open(name.path()).unwrap();
        let mut before = vec![0; size as usize];
        file.read_exact_at(&mut before, offset).unwrap();
        // The header up to the first places, and the first cells.
        for at in (0..80).step_by(8).chain((584..size).step_by(8)) {
            for word in [0, 1, 2, 3, 4, 12, 20, 1 << 32, u64::MAX, 0x1234_5678_9abc_def1, 0x1234_5678_9abc_def2] {
                file.write_at(&before, offset).unwrap();
                file.write_at(&word.to_le_bytes(), offset + at).unwrap();
                let _ = Channel::<u64>::open(&memory, "c");
                let _ = (channel.try_send(1), channel.send_timeout(1, Duration::ZERO), channel.len());
                let _ = (channel.try_recv(), channel.recv_timeout(Duration::ZERO), channel.register_sender().map(drop));
                let _ = (channel.close(), channel.try_recv(), channel.recv_timeout(Duration::ZERO));
            }
        }
    }
}

mod select {
    use super::*;

    type One = (&'static str, Result<u64, Error>);

    fn recv<'a>(channels: &'a [(&'static str, Channel<u64>)]) -> Select<'a, One> {
        channels.iter().fold(Select::new(), |select, (name, channel)| select.recv(channel, |value| (*name, value)))
    }

    fn channels(memory: &Memory, capacity: u64) -> [(&'static str, Channel<u64>); 3] {
        ["x", "y", "z"].map(|name| (name, Channel::create(memory, name, capacity).unwrap()))
    }

    #[test]
    fn smoke() {
        let (_name, memory, out) = channel(1);
        let channels = channels(&memory, 2);
        assert_eq!(kind(Select::<()>::new().wait()), ErrorKind::BadArgument);
        assert!(recv(&channels).try_wait().unwrap().is_none());
        assert_eq!(recv(&channels).wait_timeout(BRIEF).unwrap_err().kind(), ErrorKind::TimedOut);
        channels[1].1.send(7).unwrap();
        let (name, value) = recv(&channels).wait().unwrap();
        assert_eq!((name, value.unwrap()), ("y", 7));
        // Sending is what can be done.
        let (name, sent) = recv(&channels).send(&out, 9, |sent| ("out", sent.map(|()| 0))).wait().unwrap();
        assert_eq!((name, sent.unwrap(), out.recv().unwrap()), ("out", 0, 9));
        channels[2].1.close().unwrap();
        let (name, closed) = recv(&channels).wait().unwrap();
        assert_eq!((name, kind(closed)), ("z", ErrorKind::Closed));
    }

    /// What is behind the cell of a dead sender can be received now.
    #[test]
    fn one_look_passes_a_dead_sender() {
        let (name, _memory, channel) = channel(4);
        let mut sender = actor("send", &name).args([1, 1]).kill_at("queue.push.written", 1).start();
        sender.expect("ready");
        sender.send("go");
        sender.wait_killed();
        channel.send(7).unwrap();
        let value = Select::new().recv(&channel, |value| value).try_wait().unwrap();
        assert_eq!(value.expect("it can be received").unwrap(), 7);
    }

    #[test]
    fn a_closed_channel_is_drained_first() {
        let (_name, _memory, channel) = channel(2);
        channel.send(7).unwrap();
        channel.close().unwrap();
        assert_eq!(Select::new().recv(&channel, |value| value).wait().unwrap().unwrap(), 7);
        assert_eq!(kind(Select::new().recv(&channel, |value| value).wait().unwrap()), ErrorKind::Closed);
        assert_eq!(kind(Select::new().send(&channel, 1, |sent| sent).wait().unwrap()), ErrorKind::Closed);
    }

    #[test]
    fn a_sleeper_is_woken_by_each() {
        let (_name, memory, _) = channel(1);
        let future = Future::<u64>::create(&memory, "f").unwrap();
        let channels = channels(&memory, 1);
        for which in 0..4 {
            std::thread::scope(|scope| {
                let select = || recv(&channels).get(&future, |value| ("f", value)).wait_timeout(DEADLINE);
                let sleeper = scope.spawn(select);
                match channels.get(which) {
                    Some((_, channel)) => channel.send(which as u64).unwrap(),
                    None => future.set_value(3).unwrap(),
                }
                let (name, value) = sleeper.join().unwrap().unwrap();
                assert_eq!((name, value.unwrap()), (["x", "y", "z", "f"][which], which as u64));
            });
        }
    }

    #[test]
    fn none_is_always_the_first() {
        let (_name, memory, _) = channel(1);
        let channels = channels(&memory, 1);
        let mut counts = [0; 3];
        for _ in 0..300 {
            channels.iter().for_each(|(_, channel)| drop(channel.try_send(1)));
            let (name, _) = recv(&channels).wait().unwrap();
            counts[["x", "y", "z"].iter().position(|other| *other == name).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| *count > 30), "{counts:?}");
    }

    /// One that only offers, one that only takes, and two that do both: each value is handed over once.
    #[test]
    fn rendezvous_face_each_other() {
        let (_name, memory, to) = channel(0);
        let back = Channel::<u64>::create(&memory, "back", 0).unwrap();
        let both = |send: &Channel<u64>, recv: &Channel<u64>| {
            let (mut sent, mut received) = (0_u64, Vec::new());
            while let Ok(one) = Select::new()
                .send(send, sent, |sent| sent.map(|()| None))
                .recv(recv, |value| value.map(Some))
                .wait_timeout(DEADLINE)
                .unwrap()
            {
                match one {
                    None => sent += 1,
                    Some(value) => received.push(value),
                }
                if sent + received.len() as u64 == 400 {
                    let _ = (send.close(), recv.close());
                }
            }
            (sent, received)
        };
        std::thread::scope(|scope| {
            let other = scope.spawn(|| both(&back, &to));
            let (sent, received) = both(&to, &back);
            let (others_sent, others_received) = other.join().unwrap();
            assert_eq!(received, (0..others_sent).collect::<Vec<_>>());
            assert_eq!(others_received, (0..sent).collect::<Vec<_>>());
        });
    }

    /// Values offered to two at once are handed over to one.
    #[test]
    fn an_offer_to_two_is_taken_by_one() {
        let (_name, memory, _) = channel(1);
        let channels = channels(&memory, 0);
        let [(_, x), (_, y), _] = &channels;
        std::thread::scope(|scope| {
            let take = |channel| move || std::iter::from_fn(|| Channel::recv(channel).ok()).collect::<Vec<u64>>();
            let takers = [scope.spawn(take(x)), scope.spawn(take(y))];
            for value in 0..200 {
                let select = Select::new().send(x, value, |sent| sent).send(y, value, |sent| sent);
                select.wait_timeout(DEADLINE).unwrap().unwrap();
            }
            channels.iter().for_each(|(_, channel)| drop(channel.close()));
            let mut taken: Vec<u64> = takers.into_iter().flat_map(|taker| taker.join().unwrap()).collect();
            taken.sort_unstable();
            assert_eq!(taken, (0..200).collect::<Vec<_>>());
        });
    }

    #[test]
    fn a_deadline_takes_the_offer_back() {
        let (_name, memory, channel) = channel(0);
        let other = Channel::<u64>::create(&memory, "other", 1).unwrap();
        let select = || Select::new().send(&channel, 7, |sent| sent).recv(&other, |value| value.map(drop));
        assert_eq!(select().wait_timeout(BRIEF).unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(select().try_wait().unwrap().is_none());
        assert_eq!(channel.try_recv().unwrap(), None);
        // Something else can be done: the offer is taken back before.
        std::thread::scope(|scope| {
            let sleeper = scope.spawn(|| select().wait_timeout(DEADLINE));
            until(|| channel.len().unwrap() == 1);
            other.send(1).unwrap();
            sleeper.join().unwrap().unwrap().unwrap();
        });
        assert_eq!(channel.try_recv().unwrap(), None);
    }
}
