//! What waiting costs: how soon a sleeper runs again, what it uses while it sleeps, and who gets how much of what all want.

use std::io::{Read, Write};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::{Condvar, Mutex as StdMutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use zeroipc::{Event, Memory, Mutex, Queue, Result, Semaphore};

use crate::peers::Bells;
use crate::process::{beside, shared_memory, start};
use crate::report::{Comparison, Report};

/// How long the waker works before it wakes, so that the other has certainly gone to sleep.
const WORK: Duration = Duration::from_micros(100);

/// Something, and what it is called in the report.
type Named<T> = (&'static str, T);

fn memory() -> Result<Memory> {
    let name = format!("/zeroipc_bench_waiting_{}", std::process::id());
    Memory::options().remove_on_last_detach(true).open_or_create(&name, 1 << 20)
}

pub(crate) fn measure(repeat: usize, quick: bool) -> Result<Report> {
    let memory = memory()?;
    let mut report = Report::default();
    let rounds = if quick { 50 } else { 2000 };
    let latencies = wakes(&memory, repeat, rounds)?;
    for (title, share) in [("median", 0.5), ("99th percentile", 0.99)] {
        let samples =
            latencies.iter().map(|(name, runs)| (*name, runs.iter().map(|run| quantile(run, share)).collect()));
        report.add(Comparison::new(
            format!("from the wake to the waker's word, {title}"),
            "µs",
            false,
            samples.collect(),
        ));
    }
    let asleep = Duration::from_millis(if quick { 500 } else { 10_000 });
    report.add(idle(&memory, asleep)?.of_ours());
    let time = Duration::from_millis(if quick { 100 } else { 1000 });
    let (shares, totals) = fairness(&memory, repeat.min(5), time)?;
    report.add(shares.of_ours());
    report.add(totals.of_ours());
    Ok(report)
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted.get(((sorted.len() as f64 - 1.0) * share) as usize).copied().unwrap_or(0.0)
}

/// Nanoseconds by a clock that processes share.
fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is writable.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

fn work(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Words that both processes see.
fn words(count: usize) -> &'static [AtomicU64] {
    let memory = shared_memory(count * size_of::<AtomicU64>()).cast::<AtomicU64>();
    // SAFETY: the memory is large enough, aligned to a page, stays mapped, and zeros are valid.
    unsafe { std::slice::from_raw_parts(memory, count) }
}

/// The times from just before a wake to when the woken one runs, sorted, in microseconds. Round by round, so that nobody is
/// woken twice.
fn wake_times(rounds: usize, wait: impl Fn(u64), wake: impl Fn(u64)) -> Vec<f64> {
    let shared = words(3 + rounds);
    let [sent, round, ..] = shared else { unreachable!() };
    let times = &shared[2..2 + rounds];
    beside(
        || {
            for (number, time) in times.iter().enumerate() {
                wait(number as u64 + 1);
                time.store(now() - sent.load(Acquire), Relaxed);
                round.store(number as u64 + 1, Release);
            }
        },
        || {
            for number in 1..=rounds as u64 {
                work(WORK);
                sent.store(now(), Release);
                wake(number);
                while round.load(Acquire) != number {
                    std::hint::spin_loop();
                }
            }
        },
    );
    let mut times: Vec<f64> = times.iter().map(|time| time.load(Relaxed) as f64 / 1e3).collect();
    times.sort_by(f64::total_cmp);
    times
}

type Run<'a> = (&'static str, Box<dyn Fn() -> Vec<f64> + 'a>);

fn wakes(memory: &Memory, repeat: usize, rounds: usize) -> Result<Vec<Named<Vec<Vec<f64>>>>> {
    let queue = Queue::<u64>::create(memory, "wake queue", 64)?;
    let semaphore = Semaphore::create(memory, "wake semaphore", 1)?;
    semaphore.acquire_permit()?;
    let event = Event::create_auto(memory, "wake event")?;
    let runs: Vec<Run<'_>> = vec![
        ("zeroipc queue", Box::new(|| wake_times(rounds, |_| drop(queue.pop()), |number| drop(queue.push(number))))),
        (
            "zeroipc queue, future",
            Box::new(|| wake_times(rounds, |_| drop(block_on(queue.pop_async())), |number| drop(queue.push(number)))),
        ),
        (
            "zeroipc semaphore",
            Box::new(|| wake_times(rounds, |_| drop(semaphore.acquire_permit()), |_| drop(semaphore.release_permit()))),
        ),
        ("zeroipc event", Box::new(|| wake_times(rounds, |_| drop(event.wait()), |_| drop(event.set())))),
        (
            "bare futex",
            Box::new(|| {
                let bells = Bells::shared();
                wake_times(rounds, |number| bells.sleep_until(0, number as u32), |number| bells.ring(0, number as u32))
            }),
        ),
        (
            "pipe",
            Box::new(|| {
                let (reader, writer) = std::io::pipe().expect("a pipe");
                let wait = |_| (&reader).read_exact(&mut [0]).expect("the other side writes");
                wake_times(rounds, wait, |_| (&writer).write_all(&[1]).expect("the other side reads"))
            }),
        ),
        ("std Condvar, two threads", Box::new(|| condvar_times(rounds))),
    ];
    let mut all: Vec<_> = runs.iter().map(|(name, _)| (*name, Vec::new())).collect();
    for _ in 0..repeat {
        for ((_, run), (_, runs)) in runs.iter().zip(&mut all) {
            runs.push(run());
        }
    }
    Ok(all)
}

/// As [`wake_times`], between threads.
fn condvar_times(rounds: usize) -> Vec<f64> {
    let (turn, rang) = (StdMutex::new(0_u64), Condvar::new());
    let (sent, round) = (AtomicU64::new(0), AtomicU64::new(0));
    let mut times: Vec<f64> = std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            crate::process::pin(1);
            let mut times = Vec::with_capacity(rounds);
            for number in 1..=rounds as u64 {
                let mut turn = turn.lock().expect("nobody panics");
                while *turn != number {
                    turn = rang.wait(turn).expect("nobody panics");
                }
                times.push((now() - sent.load(Acquire)) as f64 / 1e3);
                round.store(number, Release);
            }
            times
        });
        crate::process::pin(0);
        for number in 1..=rounds as u64 {
            work(WORK);
            sent.store(now(), Release);
            *turn.lock().expect("nobody panics") = number;
            rang.notify_one();
            while round.load(Acquire) != number {
                std::hint::spin_loop();
            }
        }
        waiter.join().expect("it does not panic")
    });
    times.sort_by(f64::total_cmp);
    times
}

struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(std::sync::Arc::new(Unpark(std::thread::current())));
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// The processor time of this process, in microseconds.
fn processor_time() -> f64 {
    // SAFETY: it consists of numbers, for which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is writable.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    let micros = |time: libc::timeval| time.tv_sec as f64 * 1e6 + time.tv_usec as f64;
    micros(usage.ru_utime) + micros(usage.ru_stime)
}

/// What a sleeper uses per second: ticks of the clock would all be 0.
fn idle(memory: &Memory, asleep: Duration) -> Result<Comparison> {
    let queue = Queue::<u64>::create(memory, "idle queue", 2)?;
    let semaphore = Semaphore::create(memory, "idle semaphore", 1)?;
    semaphore.acquire_permit()?;
    let event = Event::create(memory, "idle event")?;
    let mutex = Mutex::create(memory, "idle mutex")?;
    let held = mutex.lock()?;
    let waits: Vec<Named<Box<dyn Fn()>>> = vec![
        ("queue", Box::new(|| drop(queue.pop_timeout(asleep)))),
        ("semaphore", Box::new(|| drop(semaphore.acquire_permit_timeout(asleep)))),
        ("event", Box::new(|| drop(event.wait_timeout(asleep)))),
        ("mutex", Box::new(|| drop(mutex.lock_timeout(asleep)))),
        (
            "1,000 futures on a queue",
            Box::new(|| {
                let end = Instant::now() + asleep;
                let waker = Waker::from(std::sync::Arc::new(Unpark(std::thread::current())));
                let mut futures: Vec<_> = (0..1000).map(|_| Box::pin(queue.pop_async())).collect();
                while let Some(left) = end.checked_duration_since(Instant::now()) {
                    for future in &mut futures {
                        let _ = future.as_mut().poll(&mut Context::from_waker(&waker));
                    }
                    std::thread::park_timeout(left);
                }
            }),
        ),
    ];
    let used = words(waits.len());
    for ((_, wait), used) in waits.iter().zip(used) {
        start(0, || {
            let before = processor_time();
            wait();
            used.store((processor_time() - before) as u64, Relaxed);
        })
        .wait();
    }
    drop(held);
    let samples = waits.iter().zip(used);
    let samples = samples.map(|((name, _), used)| (*name, vec![used.load(Relaxed) as f64 / asleep.as_secs_f64()]));
    let title = "processor time of who waits, per second".into();
    Ok(Comparison::new(title, "µs", false, samples.collect()))
}

/// Four processes want one thing for a while: the share of the one that got least, of an even share, and how often it went
/// from hand to hand.
fn fairness(memory: &Memory, repeat: usize, time: Duration) -> Result<(Comparison, Comparison)> {
    let queue = Queue::<u64>::create(memory, "fair queue", 2)?;
    queue.push(1)?;
    let semaphore = Semaphore::create(memory, "fair semaphore", 1)?;
    let mutex = Mutex::create(memory, "fair mutex")?;
    let turns: Vec<Named<Box<dyn Fn()>>> = vec![
        ("mutex", Box::new(|| drop(mutex.lock()))),
        ("semaphore of one", Box::new(|| drop(semaphore.acquire()))),
        (
            "queue with one element",
            Box::new(|| {
                let token = queue.pop().expect("the queue is in order");
                queue.push(token).expect("the queue is in order");
            }),
        ),
    ];
    let (mut shares, mut totals) = (Vec::new(), Vec::new());
    for (name, turn) in &turns {
        let (mut least, mut all) = (Vec::new(), Vec::new());
        for _ in 0..repeat {
            let counts = words(4);
            let end = Instant::now() + time;
            let children: Vec<_> = (0..4)
                .map(|child| {
                    start(child % 2, || {
                        while Instant::now() < end {
                            turn();
                            counts[child].fetch_add(1, Relaxed);
                        }
                    })
                })
                .collect();
            children.into_iter().for_each(|child| child.wait());
            let counts: Vec<f64> = counts.iter().map(|count| count.load(Relaxed) as f64).collect();
            let sum: f64 = counts.iter().sum();
            least.push(counts.iter().copied().fold(f64::INFINITY, f64::min) / (sum / 4.0) * 100.0);
            all.push(sum / time.as_secs_f64() / 1e3);
        }
        shares.push((*name, least));
        totals.push((*name, all));
    }
    Ok((
        Comparison::new("four processes, one thing: the least share, of an even one".into(), "%", true, shares),
        Comparison::new("four processes, one thing: turns".into(), "1,000/s", true, totals),
    ))
}
