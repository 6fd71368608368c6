//! What is measured.

use std::hint::{black_box, spin_loop};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use zeroipc::{Memory, Queue, Result, ShmLayout};

use crate::measure::{Candidate, take_turns};
use crate::peers::{Ball, Bells, Vyukov};
use crate::process::beside;
use crate::report::Comparison;

const CAPACITY: usize = 1024;

/// A segment that goes with the benchmark.
pub(crate) fn memory() -> Result<Memory> {
    let name = format!("/zeroipc_bench_{}", std::process::id());
    Memory::options().remove_on_last_detach(true).open_or_create(&name, 16 << 20)
}

pub(crate) fn until<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    loop {
        match attempt() {
            Some(value) => return value,
            None => spin_loop(),
        }
    }
}

/// Messages per second from one process to another.
pub(crate) fn throughput(size: usize, repeat: usize, scale: usize) -> Result<Comparison> {
    match size {
        8 => throughput_of::<8, u64>(7, repeat, 4_000_000 / scale),
        64 => throughput_of::<64, [u64; 8]>([7; 8], repeat, 2_000_000 / scale),
        _ => throughput_of::<1024, [u64; 128]>([7; 128], repeat, 500_000 / scale),
    }
}

fn throughput_of<const SIZE: usize, T: ShmLayout>(value: T, repeat: usize, messages: usize) -> Result<Comparison> {
    let memory = memory()?;
    let queue = Queue::<T>::create(&memory, "throughput", CAPACITY as u64)?;
    let bare = Vyukov::<T, CAPACITY>::shared();
    let ours = || {
        beside(
            || (0..messages).for_each(|_| until(|| queue.try_push(black_box(value)).ok())),
            || {
                (0..messages).for_each(|_| {
                    black_box(until(|| queue.try_pop().ok().flatten()));
                })
            },
        )
    };
    let theirs = || {
        beside(
            || (0..messages).for_each(|_| until(|| bare.try_push(black_box(value)).then_some(()))),
            || {
                (0..messages).for_each(|_| {
                    black_box(until(|| bare.try_pop()));
                })
            },
        )
    };
    let socket_messages = messages / 10;
    let socket = || {
        let (mut left, mut right) = UnixStream::pair().expect("a pair of sockets");
        let took = beside(
            || {
                let message = [7_u8; SIZE];
                for _ in 0..socket_messages {
                    left.write_all(black_box(&message)).expect("the other side reads");
                }
            },
            || {
                let mut message = [0_u8; SIZE];
                for _ in 0..socket_messages {
                    right.read_exact(black_box(&mut message)).expect("the other side writes");
                }
            },
        );
        took * (messages / socket_messages) as u32
    };
    let candidates: Vec<Candidate<'_>> = vec![
        ("zeroipc queue", Box::new(ours)),
        ("bare padded Vyukov queue", Box::new(theirs)),
        ("Unix stream socket", Box::new(socket)),
    ];
    let samples = take_turns(repeat, candidates, |took| messages as f64 / took.as_secs_f64() / 1e3);
    Ok(Comparison::new(format!("one producer, one consumer, {SIZE} bytes"), "1,000 messages/s", true, samples))
}

/// A round trip when both sides look all the time.
pub(crate) fn ping_pong_spinning(repeat: usize, scale: usize) -> Result<Comparison> {
    let rounds = 400_000 / scale as u64;
    let memory = memory()?;
    let ping = Queue::<u64>::create(&memory, "ping", 64)?;
    let pong = Queue::<u64>::create(&memory, "pong", 64)?;
    let take = |queue: &Queue<u64>| until(|| queue.try_pop().ok().flatten());
    let give = |queue: &Queue<u64>, value| until(|| queue.try_push(value).ok());
    let ours = || {
        beside(
            || (0..rounds).for_each(|_| give(&pong, take(&ping) + 1)),
            || {
                for round in 0..rounds {
                    give(&ping, round);
                    black_box(take(&pong));
                }
            },
        )
    };
    let waiting = || {
        let (take, give) =
            (|queue: &Queue<u64>| queue.pop().unwrap_or(0), |queue: &Queue<u64>, value| queue.push(value));
        beside(
            || (0..rounds).for_each(|_| give(&pong, take(&ping) + 1).expect("there is room")),
            || {
                for round in 0..rounds {
                    give(&ping, round).expect("there is room");
                    black_box(take(&pong));
                }
            },
        )
    };
    let line = || {
        let ball = Ball::shared();
        beside(
            || (0..rounds).for_each(|round| ball.hit(2 * round + 1)),
            || {
                (0..rounds).for_each(|round| ball.hit(2 * round));
                ball.hit(2 * rounds);
            },
        )
    };
    let candidates: Vec<Candidate<'_>> = vec![
        ("zeroipc queues, try_pop", Box::new(ours)),
        ("zeroipc queues, pop", Box::new(waiting)),
        ("bare cache line", Box::new(line)),
    ];
    let samples = take_turns(repeat, candidates, |took| took.as_secs_f64() * 1e9 / rounds as f64);
    Ok(Comparison::new("round trip, spinning".into(), "ns", false, samples))
}

/// How long a side works before it answers, so that the other has certainly gone to sleep.
const WORK: Duration = Duration::from_micros(30);

fn work() {
    let start = Instant::now();
    while start.elapsed() < WORK {
        spin_loop();
    }
}

/// A round trip when both sides sleep until they are woken; the work before each answer is taken off.
pub(crate) fn ping_pong_parked(repeat: usize, scale: usize) -> Result<Comparison> {
    let rounds = 10_000 / scale as u64;
    let memory = memory()?;
    let ping = Queue::<u64>::create(&memory, "ping parked", 64)?;
    let pong = Queue::<u64>::create(&memory, "pong parked", 64)?;
    let ours = || {
        beside(
            || {
                for _ in 0..rounds {
                    let value = ping.pop().expect("a number comes");
                    work();
                    pong.push(value + 1).expect("there is room");
                }
            },
            || {
                for round in 0..rounds {
                    work();
                    ping.push(round).expect("there is room");
                    black_box(pong.pop().expect("a number comes"));
                }
            },
        )
    };
    let futex = || {
        let bells = Bells::shared();
        beside(
            || {
                for round in 1..=rounds as u32 {
                    bells.sleep_until(0, round);
                    work();
                    bells.ring(1, round);
                }
            },
            || {
                for round in 1..=rounds as u32 {
                    work();
                    bells.ring(0, round);
                    bells.sleep_until(1, round);
                }
            },
        )
    };
    let candidates: Vec<Candidate<'_>> = vec![("zeroipc queues, pop", Box::new(ours)), ("bare futex", Box::new(futex))];
    let samples =
        take_turns(repeat, candidates, |took| (took.as_secs_f64() / rounds as f64 - 2.0 * WORK.as_secs_f64()) * 1e9);
    Ok(Comparison::new("round trip, parked".into(), "ns", false, samples))
}
