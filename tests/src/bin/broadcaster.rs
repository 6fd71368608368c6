//! A child of the tests of broadcasts and streams.
//!
//! `broadcaster OPERATION SEGMENT ARGUMENTS…` prepares, prints `ready`, waits for a line, does the operation, and says how
//! it went. The broadcast is called `b`, the stream `s`; their elements are items.

use std::time::Duration;

use zeroipc::{Broadcast, ErrorKind, Memory, Stream};
use zeroipc_tests::types::Item;
use zeroipc_tests::{actor, at, sys};

fn main() {
    actor::begin();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let memory = Memory::open(&args[1]).expect("the segment opens");
    let count = args.get(2).and_then(|count| count.parse().ok()).unwrap_or(0);
    match args[0].as_str() {
        "publish" => publish(&memory, count),
        "read" => read(&memory, count),
        "follow" => follow(&memory),
        "produce" => produce(&memory, count),
        "fork" => fork(&memory),
        "derive" => derive(&memory),
        "fork-derived" => fork_derived(&memory),
        other => panic!("`{other}` is no operation"),
    }
}

fn say(line: &str) {
    println!("{line}");
}

/// Says that everything is prepared, and waits for a line. From then on points count.
fn ready() {
    say("ready");
    await_line();
    at::arm();
}

fn await_line() {
    let mut line = String::new();
    let _ = std::io::stdin().read_line(&mut line);
}

/// Publishes items behind those that are there, until there are so many, singly and in batches.
fn publish(memory: &Memory, count: u64) {
    let broadcast = Broadcast::<Item>::open(memory, "b").expect("it opens");
    ready();
    let mut producer = broadcast.producer().expect("the role is free");
    while producer.position() < count {
        let next = producer.position();
        producer.publish(Item::new(1, next)).expect("published");
        let batch: Vec<Item> = (next + 1..count.min(next + next % 7)).map(|sequence| Item::new(1, sequence)).collect();
        producer.publish_many(&batch).expect("published");
    }
    say(&format!("done {}", producer.position()));
}

/// Receives items until so many were published, and checks each. Counts what it lost.
fn read(memory: &Memory, count: u64) {
    let broadcast = Broadcast::<Item>::open(memory, "b").expect("it opens");
    let mut reader = broadcast.subscribe_from_oldest().expect("there is a slot");
    ready();
    let (mut got, mut lost, mut next) = (0, 0, reader.position());
    let mut items = [Item::new(0, 0); 32];
    while next < count {
        let run = reader.recv_many(&mut items).expect("received");
        lost += run.lost;
        assert!(next + run.lost == run.position || got == 0, "{run:?} behind {next}");
        for (item, sequence) in items[..run.count].iter().zip(run.position..) {
            assert!(item.is_whole() && item.sequence == sequence, "{item:?} at {sequence}");
        }
        got += run.count as u64;
        next = run.position + run.count as u64;
    }
    say(&format!("done {got} {lost}"));
}

/// Follows a stream to its end.
fn follow(memory: &Memory) {
    let stream = Stream::<Item>::open(memory, "s").expect("it opens");
    let mut subscription = stream.subscribe().expect("there is a slot");
    ready();
    let mut next = subscription.position();
    let end = loop {
        match subscription.recv_timeout(Duration::from_secs(20)) {
            Ok(item) => assert!(item.is_whole() && item.sequence == next, "{item:?} at {next}"),
            Err(error) => break error,
        }
        next += 1;
    };
    say(&format!("done {next} {:?}", end.kind()));
}

/// Publishes so many items to a stream, says so, and closes it at the next line.
fn produce(memory: &Memory, count: u64) {
    let stream = Stream::<Item>::open(memory, "s").expect("it opens");
    let mut producer = stream.producer().expect("the role is free");
    ready();
    (0..count).for_each(|sequence| producer.publish(Item::new(1, sequence)).expect("published"));
    say("published");
    await_line();
    producer.close();
    say("done");
}

/// Derives the stream `d` from `s`.
fn derive(memory: &Memory) {
    use zeroipc::Flow;
    let stream = Stream::<Item>::open(memory, "s").expect("it opens");
    let derived = Stream::<u64>::open(memory, "d").expect("it opens");
    let subscription = stream.subscribe().expect("there is a slot");
    ready();
    match subscription.map(|item| item.sequence * 10).publish_to(&derived) {
        Ok(count) => say(&format!("done {count}")),
        Err(error) if error.kind() == ErrorKind::OwnerDied => say("source died"),
        Err(error) => panic!("{error}"),
    }
}

/// A child of this process has no thread that derives, and lets go of the handle all the same.
fn fork_derived(memory: &Memory) {
    use zeroipc::Flow;
    let stream = Stream::<Item>::open(memory, "s").expect("it opens");
    let derived = Stream::<Item>::open(memory, "d").expect("it opens");
    let mut subscription = derived.subscribe().expect("there is a slot");
    let running = stream.subscribe().expect("there is a slot").derive_into(&derived).expect("it starts");
    ready();
    let Some(child) = sys::fork().expect("forked") else {
        sys::alarm(20);
        let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            running.stop().map_err(|error| error.kind())
        }));
        sys::exit_now(if matches!(refused, Ok(Err(ErrorKind::NotOwner))) { 0 } else { 1 });
    };
    assert_eq!(sys::wait(child).expect("it is our child"), sys::Change::Exited(0));
    stream.producer().expect("the role is free").publish(Item::new(1, 7)).expect("published");
    assert_eq!(subscription.recv().expect("received"), Item::new(1, 7));
    running.wait().expect("the source has closed");
    say("done");
}

/// A child of this process, which has one thread, has neither its role nor its slot, and leaves both alone.
fn fork(memory: &Memory) {
    let broadcast = Broadcast::<Item>::open(memory, "b").expect("it opens");
    let mut producer = broadcast.producer().expect("the role is free");
    let mut reader = broadcast.subscribe_from_now().expect("there is a slot");
    producer.publish(Item::new(1, 0)).expect("published");
    ready();
    let Some(child) = sys::fork().expect("forked") else {
        let refused = producer.try_publish(Item::new(1, 1)).is_err_and(|error| error.kind() == ErrorKind::NotOwner)
            && reader.try_recv().is_err_and(|error| error.kind() == ErrorKind::NotOwner);
        drop((producer, reader));
        // What it takes itself is its own.
        let own = broadcast.subscribe_from_now().and_then(|mut reader| reader.try_recv());
        sys::exit_now(if refused && own.is_ok_and(|none| none.is_none()) { 0 } else { 1 });
    };
    assert_eq!(sys::wait(child).expect("it is our child"), sys::Change::Exited(0));
    assert_eq!(broadcast.producer().expect_err("it is taken").kind(), ErrorKind::NoSlot);
    producer.publish(Item::new(1, 1)).expect("published");
    assert_eq!(reader.recv().expect("received").value, Item::new(1, 0));
    assert_eq!(reader.recv().expect("received").value, Item::new(1, 1));
    say("done");
}
