//! Streams: everything, then the end; adaptors; streams made of others.

use std::thread;
use std::time::{Duration, Instant};

use zeroipc::{ErrorKind, Flow, Memory, Policy, Stream, StreamProducer, Subscription, Wait};
use zeroipc_tests::actor::{Actor, Script};
use zeroipc_tests::names::Name;
use zeroipc_tests::scale::count;
use zeroipc_tests::types::Item;
use zeroipc_tests::{DEADLINE, SOON};

fn segment() -> (Name, Memory) {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 20).unwrap();
    (name, memory)
}

/// A stream with its producer.
fn stream(memory: &Memory, name: &str) -> (Stream<u64>, StreamProducer<u64>) {
    let stream = Stream::create(memory, name, 64, 8).unwrap();
    let producer = stream.producer().unwrap();
    (stream, producer)
}

/// A subscription to a stream that gives these, and ends.
fn numbers(memory: &Memory, name: &str, values: &[u64]) -> Subscription<u64> {
    let (stream, mut producer) = stream(memory, name);
    let subscription = stream.subscribe().unwrap();
    producer.publish_many(values).unwrap();
    subscription
}

fn child(operation: &str, segment: &str, count: u64) -> Actor {
    let mut child = Script::new(env!("CARGO_BIN_EXE_broadcaster")).args([operation, segment]).arg(count).start();
    child.expect("ready");
    child
}

fn kind<T: std::fmt::Debug>(result: zeroipc::Result<T>) -> ErrorKind {
    result.unwrap_err().kind()
}

#[test]
fn smoke() {
    let (_name, memory) = segment();
    let stream = Stream::<u64>::open_or_create(&memory, "s", 3, 2).unwrap();
    assert_eq!((stream.capacity(), stream.max_subscribers(), stream.policy()), (4, 2, Policy::Wait));
    let mut first = stream.subscribe().unwrap();
    let mut second = stream.subscribe().unwrap();
    assert_eq!(kind(stream.subscribe()), ErrorKind::NoSlot);
    assert_eq!((stream.subscribers(), stream.name()), (2, "s"));
    let mut producer = stream.producer().unwrap();
    assert_eq!(kind(stream.producer()), ErrorKind::NoSlot);
    assert_eq!(producer.try_publish_many(&[1, 2, 3, 4, 5]).unwrap(), 4);
    assert_eq!(kind(producer.try_publish(5)), ErrorKind::Full);
    let mut out = [0; 8];
    for subscription in [&mut first, &mut second] {
        assert_eq!(subscription.recv_many(&mut out).unwrap(), 4);
        assert_eq!(out[..4], [1, 2, 3, 4]);
        assert_eq!(subscription.try_recv().unwrap(), None);
        assert_eq!(kind(subscription.recv_timeout(Duration::ZERO)), ErrorKind::TimedOut);
    }
    producer.publish(5).unwrap();
    assert!(!stream.is_over());
    producer.close();
    assert!(stream.is_over());
    assert_eq!(first.recv().unwrap(), 5);
    assert_eq!(second.try_recv_many(&mut out).unwrap(), 1);
    for _ in 0..2 {
        assert_eq!(kind(first.recv()), ErrorKind::Closed);
        assert_eq!(kind(second.try_recv()), ErrorKind::Closed);
        assert_eq!(kind(second.recv_timeout(SOON)), ErrorKind::Closed);
    }
    assert_eq!(kind(stream.producer()), ErrorKind::Closed);
    drop((first, second));
    // Who comes late gets what is left, and the end.
    assert_eq!(stream.subscribe_from_oldest().unwrap().collect().unwrap(), [2, 3, 4, 5]);
    assert_eq!(kind(stream.subscribe().unwrap().recv()), ErrorKind::Closed);
}

#[test]
fn the_end_wakes_who_waits() {
    let (_name, memory) = segment();
    for (name, ends) in [
        ("closed", StreamProducer::close as fn(StreamProducer<u64>)),
        ("dropped", drop),
        ("given up", StreamProducer::give_up),
    ] {
        let (stream, producer) = stream(&memory, name);
        let mut subscriptions: Vec<_> = (0..3).map(|_| stream.subscribe().unwrap()).collect();
        let waiting: Vec<_> = subscriptions
            .drain(..)
            .map(|mut subscription| thread::spawn(move || kind(subscription.recv_timeout(DEADLINE))))
            .collect();
        ends(producer);
        for waiting in waiting {
            let expected = if name == "given up" { ErrorKind::Failed } else { ErrorKind::Closed };
            assert_eq!(waiting.join().unwrap(), expected, "{name}");
        }
    }
}

#[test]
fn a_producer_that_panics_gives_up() {
    let (_name, memory) = segment();
    let (stream, mut producer) = stream(&memory, "s");
    let mut subscription = stream.subscribe().unwrap();
    let panicked = thread::spawn(move || {
        producer.publish(1).unwrap();
        panic!("as it was meant to");
    });
    assert!(panicked.join().is_err());
    assert_eq!(subscription.recv().unwrap(), 1);
    assert_eq!(kind(subscription.recv()), ErrorKind::Failed);
    assert_eq!(kind(stream.producer()), ErrorKind::Failed);
}

#[test]
fn subscribers_get_everything_and_then_the_end() {
    let (name, memory) = segment();
    Stream::<Item>::create(&memory, "s", 16, 3).unwrap();
    let items = count(2_000, 100_000);
    let mut subscribers: Vec<Actor> = (0..3).map(|_| child("follow", &name, 0)).collect();
    subscribers.iter_mut().for_each(|subscriber| subscriber.send("go"));
    let mut producer = child("produce", &name, items);
    producer.send("go");
    producer.expect("published");
    producer.send("close");
    producer.expect("done");
    subscribers.iter_mut().for_each(|subscriber| subscriber.expect(&format!("done {items} Closed")));
}

#[test]
fn a_dead_producer_ends_its_stream() {
    let (name, memory) = segment();
    let stream = Stream::<Item>::create(&memory, "s", 16, 3).unwrap();
    let mut subscribers: Vec<Actor> = (0..2).map(|_| child("follow", &name, 0)).collect();
    subscribers.iter_mut().for_each(|subscriber| subscriber.send("go"));
    let mut here = stream.subscribe().unwrap();
    let mut producer = child("produce", &name, 10);
    producer.send("go");
    producer.expect("published");
    producer.kill();
    let start = Instant::now();
    subscribers.iter_mut().for_each(|subscriber| subscriber.expect("done 10 OwnerDied"));
    assert!(start.elapsed() < SOON);
    (0..10).for_each(|sequence| assert_eq!(here.recv().unwrap().sequence, sequence));
    assert_eq!(kind(here.try_recv()), ErrorKind::OwnerDied);
    assert_eq!(kind(stream.producer()), ErrorKind::OwnerDied);
}

#[test]
fn who_polls_learns_of_the_death_too() {
    let (name, memory) = segment();
    let stream = Stream::<Item>::create(&memory, "s", 16, 3).unwrap();
    let mut producer = child("produce", &name, 0);
    producer.send("go");
    producer.expect("published");
    let mut here = stream.subscribe().unwrap();
    let reading = Memory::open_read_only(&name).unwrap();
    let mut view = Stream::<Item>::open(&reading, "s").unwrap().view();
    assert!(here.try_recv().unwrap().is_none() && view.try_recv().unwrap().is_none());
    producer.kill();
    assert_eq!(kind(view.recv_timeout(SOON)), ErrorKind::OwnerDied);
    let start = Instant::now();
    let end = loop {
        match here.try_recv() {
            Ok(none) => assert!(none.is_none() && start.elapsed() < SOON),
            Err(error) => break error,
        }
        thread::yield_now();
    };
    assert_eq!(end.kind(), ErrorKind::OwnerDied);
}

#[test]
fn a_dead_subscriber_frees_the_producer() {
    let (name, memory) = segment();
    let stream = Stream::<Item>::create(&memory, "s", 2, 2).unwrap();
    let mut producer = stream.producer().unwrap();
    let mut subscriber = child("follow", &name, 0);
    producer.publish_many(&[Item::new(1, 0), Item::new(1, 1)]).unwrap();
    assert_eq!(kind(producer.try_publish(Item::new(1, 2))), ErrorKind::Full);
    subscriber.kill();
    producer.publish_timeout(Item::new(1, 2), SOON).unwrap();
}

#[test]
fn a_loss_is_told_before_what_comes_behind_it() {
    let (_name, memory) = segment();
    let stream = Stream::<u64>::create_with_policy(&memory, "s", 4, 2, Policy::Overwrite).unwrap();
    let mut subscription = stream.subscribe().unwrap();
    let mut producer = stream.producer().unwrap();
    (0..10).for_each(|value| producer.publish(value).unwrap());
    assert_eq!(kind(subscription.recv()), ErrorKind::Lost);
    assert_eq!((subscription.lost(), subscription.position()), (6, 6));
    assert_eq!(subscription.recv().unwrap(), 6);
    (10..20).for_each(|value| producer.publish(value).unwrap());
    producer.close();
    let items: Vec<_> = subscription.values().map(|item| item.map_err(|error| error.kind())).collect();
    assert_eq!(items, [Err(ErrorKind::Lost), Ok(16), Ok(17), Ok(18), Ok(19)]);
    assert_eq!(kind(stream.subscribe_from_position(2).unwrap().collect()), ErrorKind::Lost);
    assert_eq!(stream.subscribe_from_position(2).unwrap().ignore_lost().collect().unwrap(), [16, 17, 18, 19]);
}

#[test]
fn a_view_takes_no_slot() {
    let (_name, memory) = segment();
    let stream = Stream::<u64>::create(&memory, "s", 4, 1).unwrap();
    let _all_slots = stream.subscribe().unwrap();
    let mut producer = stream.producer().unwrap();
    let mut view = stream.view();
    producer.publish(1).unwrap();
    assert_eq!(view.recv().unwrap(), 1);
    assert_eq!(stream.view_from_oldest().recv().unwrap(), 1);
    producer.close();
    assert_eq!(kind(view.recv()), ErrorKind::Closed);
}

#[test]
fn map_filter_take_skip_scan_fold() {
    let (_name, memory) = segment();
    let ten: Vec<u64> = (0..10).collect();
    let source = |name: &str| numbers(&memory, name, &ten);
    assert_eq!(source("map").map(|value| value as f32 / 2.0).take(3).collect().unwrap(), [0.0, 0.5, 1.0]);
    assert_eq!(source("filter").filter(|value| value % 3 == 0).collect().unwrap(), [0, 3, 6, 9]);
    assert_eq!(source("skip").skip(7).collect().unwrap(), [7, 8, 9]);
    assert_eq!(source("skip all").skip(70).collect().unwrap(), []);
    assert_eq!(source("take none").take(0).collect().unwrap(), []);
    assert_eq!(source("take more").take(70).collect().unwrap(), ten);
    let sums = source("scan").scan(0, |sum, value| {
        *sum += value;
        *sum
    });
    assert_eq!(sums.take(4).collect().unwrap(), [0, 1, 3, 6]);
    assert_eq!(source("fold").fold(String::new(), |text, value| format!("{text}{value}")).unwrap(), "0123456789");
    let mut looped = Vec::new();
    for value in source("for").map(|value| value + 1).filter(|value| value % 2 == 0) {
        looped.push(value.unwrap());
    }
    assert_eq!(looped, [2, 4, 6, 8, 10]);
}

#[test]
fn windows_slide_or_lie_side_by_side() {
    let (_name, memory) = segment();
    let six: Vec<u64> = (0..6).collect();
    let windows = |name: &str, size, step| numbers(&memory, name, &six).window(size, step).collect().unwrap();
    assert_eq!(windows("sliding", 3, 1), [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5]]);
    assert_eq!(windows("tumbling", 2, 2), [[0, 1], [2, 3], [4, 5]]);
    assert_eq!(windows("hopping", 2, 3), [[0, 1], [3, 4]]);
    assert_eq!(windows("too large", 7, 1), Vec::<Vec<u64>>::new());
}

#[test]
fn zip_keeps_what_waits_for_its_partner() {
    let (_name, memory) = segment();
    let (first, mut firsts) = stream(&memory, "first");
    let (second, mut seconds) = stream(&memory, "second");
    let mut zip = first.subscribe().unwrap().zip(second.subscribe().unwrap());
    firsts.publish_many(&[1, 2]).unwrap();
    assert_eq!(kind(zip.pull(Wait::Not)), ErrorKind::TimedOut);
    assert_eq!(kind(zip.pull(Wait::at_most(Duration::from_millis(1)))), ErrorKind::TimedOut);
    seconds.publish(10).unwrap();
    assert_eq!(zip.pull(Wait::Not).unwrap(), (1, 10));
    seconds.publish(20).unwrap();
    seconds.close();
    firsts.close();
    assert_eq!(zip.collect().unwrap(), [(2, 20)]);
}

#[test]
fn merge_gives_all_of_both() {
    let (_name, memory) = segment();
    let (first, mut firsts) = stream(&memory, "first");
    let (second, mut seconds) = stream(&memory, "second");
    let mut merge = first.subscribe().unwrap().merge(second.subscribe().unwrap());
    assert_eq!(kind(merge.pull(Wait::Not)), ErrorKind::TimedOut);
    let feeding = thread::spawn(move || {
        for value in 0..50 {
            firsts.publish(2 * value).unwrap();
            seconds.publish(2 * value + 1).unwrap();
        }
        firsts.close();
        (50..60).for_each(|value| seconds.publish(2 * value + 1).unwrap());
        seconds.close();
    });
    let mut got = merge.collect().unwrap();
    feeding.join().unwrap();
    let of = |parity| got.iter().copied().filter(|value| value % 2 == parity).collect::<Vec<_>>();
    assert!(of(0).is_sorted() && of(1).is_sorted());
    got.sort_unstable();
    let mut expected: Vec<u64> = (0..100).chain((50..60).map(|value| 2 * value + 1)).collect();
    expected.sort_unstable();
    assert_eq!(got, expected);
}

#[test]
fn throttle_passes_one_in_an_interval() {
    let (_name, memory) = segment();
    let all = numbers(&memory, "s", &(0..50).collect::<Vec<_>>());
    assert_eq!(all.throttle(Duration::MAX).collect().unwrap(), [0]);
    let all = numbers(&memory, "t", &(0..50).collect::<Vec<_>>());
    assert_eq!(all.throttle(Duration::ZERO).collect().unwrap().len(), 50);
}

#[test]
fn values_may_have_a_deadline_each() {
    let (_name, memory) = segment();
    let (stream, mut producer) = stream(&memory, "s");
    let mut values = stream.subscribe().unwrap().map(|value| value * 2).values_timeout(Duration::from_millis(1));
    assert_eq!(kind(values.next().unwrap()), ErrorKind::TimedOut);
    producer.publish(4).unwrap();
    assert_eq!(values.next().unwrap().unwrap(), 8);
    producer.give_up();
    assert_eq!(kind(values.next().unwrap()), ErrorKind::Failed);
    assert!(values.next().is_none());
}

#[test]
fn a_derived_stream_reaches_other_processes_and_ends_with_its_source() {
    let (name, memory) = segment();
    let source = Stream::<Item>::create(&memory, "s", 16, 2).unwrap();
    let derived = Stream::<u64>::create(&memory, "d", 16, 2).unwrap();
    let mut subscription = derived.subscribe().unwrap();
    let mut deriving = child("derive", &name, 0);
    deriving.send("go");
    let mut producer = source.producer().unwrap();
    (0..5).for_each(|sequence| producer.publish(Item::new(1, sequence)).unwrap());
    for sequence in 0..5 {
        assert_eq!(subscription.recv_timeout(DEADLINE).unwrap(), 10 * sequence);
    }
    producer.close();
    deriving.expect("done 5");
    assert_eq!(kind(subscription.recv_timeout(DEADLINE)), ErrorKind::Closed);
}

#[test]
fn a_derived_stream_tells_who_has_died() {
    for source_dies in [true, false] {
        let (name, memory) = segment();
        Stream::<Item>::create(&memory, "s", 16, 2).unwrap();
        let derived = Stream::<u64>::create(&memory, "d", 16, 2).unwrap();
        let mut subscription = derived.subscribe().unwrap();
        let mut deriving = child("derive", &name, 0);
        deriving.send("go");
        let mut producer = child("produce", &name, 3);
        producer.send("go");
        for sequence in 0..3 {
            assert_eq!(subscription.recv_timeout(DEADLINE).unwrap(), 10 * sequence);
        }
        if source_dies {
            producer.kill()
        } else {
            deriving.kill()
        }
        assert_eq!(kind(subscription.recv_timeout(SOON)), ErrorKind::OwnerDied);
        if source_dies {
            deriving.expect("source died");
        }
    }
}

#[test]
fn a_derived_stream_can_be_stopped() {
    let (_name, memory) = segment();
    let (source, mut producer) = stream(&memory, "s");
    let derived = Stream::<u64>::create(&memory, "d", 2, 2).unwrap();
    let subscription = derived.subscribe().unwrap();
    let running = source.subscribe().unwrap().map(|value| value + 1).derive_into(&derived).unwrap();
    assert_eq!(kind(source.subscribe().unwrap().derive_into(&derived)), ErrorKind::NoSlot);
    // It waits for room when it is told to stop.
    producer.publish_many(&[1, 2, 3]).unwrap();
    let watching = Instant::now();
    while derived.position() < 2 {
        assert!(watching.elapsed() < DEADLINE);
        thread::yield_now();
    }
    assert!(!running.is_over());
    assert_eq!(running.stop().unwrap(), 2);
    assert_eq!(subscription.collect().unwrap(), [2, 3]);
}

#[test]
fn a_function_that_panics_fails_the_derived_stream() {
    let (_name, memory) = segment();
    let (source, mut producer) = stream(&memory, "s");
    let derived = Stream::<u64>::create(&memory, "d", 4, 2).unwrap();
    let mut subscription = derived.subscribe().unwrap();
    let running = source.subscribe().unwrap().map(|value| 10 / value).derive_into(&derived).unwrap();
    producer.publish_many(&[5, 0]).unwrap();
    assert_eq!(subscription.recv_timeout(DEADLINE).unwrap(), 2);
    assert_eq!(kind(subscription.recv_timeout(DEADLINE)), ErrorKind::Failed);
    assert_eq!(kind(running.wait()), ErrorKind::Failed);
}

#[test]
fn a_forked_child_lets_go_of_a_derived_stream() {
    let (name, memory) = segment();
    Stream::<Item>::create(&memory, "s", 4, 2).unwrap();
    Stream::<Item>::create(&memory, "d", 4, 2).unwrap();
    let mut forking = child("fork-derived", &name, 0);
    forking.send("go");
    forking.expect("done");
}

/// A source that always has another number.
struct Endless(u64);

impl Flow for Endless {
    type Item = u64;

    fn pull(&mut self, _: Wait) -> zeroipc::Result<u64> {
        self.0 += 1;
        Ok(self.0)
    }
}

#[test]
fn an_adaptor_that_drops_all_keeps_the_time() {
    let start = Instant::now();
    // Instead of never.
    let mut none = Endless(0).filter(|_| start.elapsed() > SOON);
    assert_eq!(kind(none.pull(Wait::at_most(Duration::from_millis(5)))), ErrorKind::TimedOut);
    assert_eq!(kind(none.pull(Wait::Not)), ErrorKind::TimedOut);
    let mut first = Endless(0).throttle(DEADLINE);
    assert_eq!(first.pull(Wait::Not).unwrap(), 1);
    assert_eq!(kind(first.pull(Wait::at_most(Duration::from_millis(5)))), ErrorKind::TimedOut);
    assert_eq!(kind(first.pull(Wait::Not)), ErrorKind::TimedOut);
    let mut late = Endless(0).skip(2000);
    assert_eq!(kind(late.pull(Wait::Not)), ErrorKind::TimedOut);
    assert_eq!(late.pull(Wait::Not).unwrap(), 2001);
}
