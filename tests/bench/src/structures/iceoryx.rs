//! Publish and subscribe as iceoryx2 does it, with samples of one word. A publisher waits for a subscriber that is slow.

use std::error::Error;
use std::hint::{black_box, spin_loop};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::prelude::*;
use iceoryx2::service::port_factory::publish_subscribe::PortFactory;

use super::together::{Gate, alongside};

/// The sample that says that no more come.
const END: u64 = u64::MAX;
/// How many samples may be on their way.
const BUFFER: usize = 64;

type Service = PortFactory<ipc::Service, u64, ()>;
type Out = Publisher<ipc::Service, u64, ()>;
type In = Subscriber<ipc::Service, u64, ()>;

/// A name that no service of an earlier measurement has.
fn unique(what: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("zeroipc_bench/{}/{what}/{}", std::process::id(), COUNT.fetch_add(1, Relaxed))
}

/// A service; every process makes its own node, which has to outlive it.
fn service(name: &str) -> Result<(Node<ipc::Service>, Service), Box<dyn Error>> {
    let node = NodeBuilder::new().create::<ipc::Service>()?;
    let service = node
        .service_builder(&name.try_into()?)
        .publish_subscribe::<u64>()
        .enable_safe_overflow(false)
        .subscriber_max_buffer_size(BUFFER)
        .max_subscribers(2)
        .open_or_create()?;
    Ok((node, service))
}

fn publisher(service: &Service) -> Result<Out, Box<dyn Error>> {
    Ok(service.publisher_builder().backpressure_strategy(BackpressureStrategy::RetryUntilDelivered).create()?)
}

fn send(publisher: &Out, value: u64) {
    let sample = publisher.loan_uninit().expect("a sample is free");
    sample.write_payload(value).send().expect("the sample is delivered");
}

fn receive(subscriber: &In, idle: fn()) -> u64 {
    loop {
        if let Some(sample) = subscriber.receive().expect("the connection holds") {
            return *sample;
        }
        idle();
    }
}

/// How long `count` samples take to one or two subscribers, of which this process is one, and which do `idle` when there is
/// nothing: three processes that spin are too many for two cores.
pub(super) fn one_to(subscribers: u64, count: u64, idle: fn()) -> Duration {
    let gate = Gate::shared();
    let parties = subscribers + 1;
    let name = &unique("stream");
    let publish = move || {
        let (_node, service) = service(name).expect("a service");
        let publisher = publisher(&service).expect("a publisher");
        gate.pass(parties);
        (0..count).for_each(|value| send(&publisher, black_box(value)));
        // It has been seen to lose samples, so the end is told until everybody knows.
        while gate.passed() < parties + subscribers {
            send(&publisher, END);
        }
        gate.pass(2 * parties);
    };
    let subscribe = move || {
        let (_node, service) = service(name).expect("a service");
        let subscriber = service.subscriber_builder().create().expect("a subscriber");
        gate.pass(parties);
        let start = Instant::now();
        let mut received = 0;
        while receive(&subscriber, idle) != END {
            received += 1;
        }
        let took = start.elapsed();
        if received < count {
            eprintln!("iceoryx2: {} of {count} samples did not arrive", count - received);
        }
        gate.come();
        while gate.passed() < 2 * parties {
            // The publisher may wait for room.
            let _ = subscriber.receive();
            std::thread::yield_now();
        }
        took
    };
    let mut others: Vec<(usize, Box<dyn FnOnce()>)> = vec![(1, Box::new(publish))];
    for _ in 1..subscribers {
        others.push((
            0,
            Box::new(move || {
                subscribe();
            }),
        ));
    }
    alongside(others, subscribe)
}

/// How long `rounds` round trips take through two services.
pub(super) fn round_trips(rounds: u64) -> Duration {
    let gate = Gate::shared();
    let (ping, pong) = (&*unique("ping"), &*unique("pong"));
    let side = move |out: &str, back: &str| {
        let (node, there) = service(out).expect("a service");
        let (other, here) = service(back).expect("a service");
        let publisher = publisher(&there).expect("a publisher");
        let subscriber = here.subscriber_builder().create().expect("a subscriber");
        gate.pass(2);
        ((node, other), publisher, subscriber)
    };
    let answer: Box<dyn FnOnce()> = Box::new(move || {
        let (_nodes, publisher, subscriber) = side(pong, ping);
        (0..rounds).for_each(|_| send(&publisher, receive(&subscriber, spin_loop) + 1));
        gate.pass(4);
    });
    alongside([(1, answer)], move || {
        let (_nodes, publisher, subscriber) = side(ping, pong);
        let start = Instant::now();
        for round in 0..rounds {
            send(&publisher, round);
            black_box(receive(&subscriber, spin_loop));
        }
        let took = start.elapsed();
        gate.pass(4);
        took
    })
}
