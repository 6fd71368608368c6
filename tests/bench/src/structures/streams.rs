//! Publish and subscribe: the stream, whose producer waits for slow subscribers, beside iceoryx2 that does the same.

use std::hint::{black_box, spin_loop};
use std::time::{Duration, Instant};

use zeroipc::{Result, Stream};

use super::iceoryx;
use super::race::Race;
use super::together::{Gate, alongside};
use crate::report::{Comparison, Report};
use crate::scenario::{memory, until};

const CAPACITY: u64 = 64;

pub(super) fn add(report: &mut Report, repeat: usize, scale: u64) -> Result<()> {
    report.add(one_to(1, repeat, 1_000_000 / scale, spin_loop)?);
    report.add(one_to(2, repeat, 300_000 / scale, std::thread::yield_now)?);
    report.add(round_trips(repeat, 300_000 / scale)?);
    Ok(())
}

/// What a subscriber does until a value is there.
fn next(subscription: &mut zeroipc::Subscription<u64>, idle: fn()) -> u64 {
    loop {
        if let Some(value) = subscription.try_recv().expect("the stream is not over") {
            return value;
        }
        idle();
    }
}

fn ours(stream: &Stream<u64>, subscribers: u64, count: u64, idle: fn()) -> Duration {
    let (gate, parties) = (Gate::shared(), subscribers + 1);
    let publish = move || {
        let mut producer = stream.producer().expect("the role is free");
        gate.pass(parties);
        for value in 0..count {
            while producer.try_publish(black_box(value)).is_err() {
                idle();
            }
        }
        gate.pass(2 * parties);
        // Closed, the stream could not be used for the next sample.
        producer.give_up();
    };
    let subscribe = move || {
        let mut subscription = stream.subscribe().expect("there is a place");
        gate.pass(parties);
        let start = Instant::now();
        (0..count).for_each(|value| assert_eq!(next(&mut subscription, idle), value, "a value was lost"));
        let took = start.elapsed();
        gate.pass(2 * parties);
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

fn one_to(subscribers: u64, repeat: usize, count: u64, idle: fn()) -> Result<Comparison> {
    let memory = memory()?;
    let mut number = 0;
    let race = Race::new(count)
        .with_run("zeroipc stream", move |count| {
            number += 1;
            let stream =
                Stream::<u64>::create(&memory, &format!("stream {number}"), CAPACITY, 2).expect("there is room");
            ours(&stream, subscribers, count, idle)
        })
        .with_run("iceoryx2", |count| iceoryx::one_to(subscribers, count, idle));
    Ok(race.rate(repeat, format!("publish and subscribe, one to {subscribers}, 8 bytes")))
}

fn round_trips(repeat: usize, rounds: u64) -> Result<Comparison> {
    let memory = memory()?;
    let mut number = 0;
    let race = Race::new(rounds)
        .with_run("zeroipc streams", move |rounds| {
            number += 1;
            let make = |what: &str| Stream::<u64>::create(&memory, &format!("{what} {number}"), CAPACITY, 1);
            let (ping, pong) = (make("ping").expect("there is room"), make("pong").expect("there is room"));
            let gate = Gate::shared();
            let side = |out: &Stream<u64>, back: &Stream<u64>| {
                let sides = (out.producer().expect("the role is free"), back.subscribe().expect("there is a place"));
                gate.pass(2);
                sides
            };
            let answer: Box<dyn FnOnce() + '_> = Box::new(|| {
                let (mut producer, mut subscription) = side(&pong, &ping);
                for _ in 0..rounds {
                    let value = next(&mut subscription, spin_loop);
                    until(|| producer.try_publish(value + 1).ok());
                }
                gate.pass(4);
            });
            alongside([(1, answer)], || {
                let (mut producer, mut subscription) = side(&ping, &pong);
                let start = Instant::now();
                for round in 0..rounds {
                    until(|| producer.try_publish(round).ok());
                    black_box(next(&mut subscription, spin_loop));
                }
                let took = start.elapsed();
                gate.pass(4);
                took
            })
        })
        .with_run("iceoryx2", iceoryx::round_trips);
    Ok(race.nanoseconds(repeat, "publish and subscribe, round trip, spinning"))
}
