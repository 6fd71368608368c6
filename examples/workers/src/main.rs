//! Processes that share work, one of which is killed in the middle.
//!
//! A coordinator hands out jobs through a channel. Workers compute, two at a time, and put their answers into a map; a latch
//! opens when all are there. One worker is killed at work. The channel, the map and the semaphore go on as if nothing had
//! happened; what the worker had taken and not answered is seen in a second map, and handed out again.
//!
//! ```text
//! cargo run -p zeroipc-example-workers
//! ```

use std::error::Error;
use std::process::{Child, Command};
use std::time::Duration;

use zeroipc::{Channel, ErrorKind, Latch, Map, Memory, Semaphore, ShmLayout};

const JOBS: u64 = 24;
const WORKERS: usize = 3;

/// How many primes are there below a number?
#[derive(Clone, Copy, Debug, ShmLayout)]
#[repr(C)]
struct Job {
    number: u64,
    below: u64,
}

impl Job {
    fn new(number: u64) -> Job {
        Job { number, below: 5_000 + 200 * number }
    }
}

/// Everything that the processes share.
struct Office {
    memory: Memory,
    jobs: Channel<Job>,
    /// Which attachment has taken a job.
    taken: Map<u64, u32>,
    answers: Map<u64, u64>,
    /// So many compute at a time.
    desks: Semaphore,
    done: Latch,
}

impl Office {
    fn open_or_create(segment: &str) -> zeroipc::Result<Office> {
        let memory = Memory::options().remove_on_last_detach(true).open_or_create(segment, 1 << 20)?;
        Ok(Office {
            jobs: Channel::open_or_create(&memory, "jobs", 8)?,
            taken: Map::open_or_create(&memory, "taken", JOBS)?,
            answers: Map::open_or_create(&memory, "answers", JOBS)?,
            desks: Semaphore::open_or_create(&memory, "desks", 2)?,
            done: Latch::open_or_create(&memory, "done", JOBS)?,
            memory,
        })
    }

    /// A worker: until the channel is closed.
    fn work(&self) -> zeroipc::Result<()> {
        let me = self.memory.id()?.unwrap_or_default();
        loop {
            let job = match self.jobs.recv() {
                Err(error) if error.kind() == ErrorKind::Closed => return Ok(()),
                job => job?,
            };
            self.taken.upsert(job.number, me)?;
            // The desk is free again when this process dies.
            let desk = self.desks.acquire()?;
            let answer = primes_below(job.below);
            drop(desk);
            // A job that was handed out twice counts once.
            if self.answers.insert(job.number, answer)? {
                self.done.count_down()?;
            }
        }
    }

    /// The jobs that nobody who lives works on.
    fn abandoned(&self) -> zeroipc::Result<Vec<Job>> {
        let mut abandoned = Vec::new();
        for number in 0..JOBS {
            let answered = self.answers.contains(&number)?;
            let taker = self.taken.get(&number)?;
            // A job that was received by somebody who died before he could say so has no taker.
            let waits = taker.is_none() && !self.jobs.is_empty()?;
            if !answered && !waits && !taker.is_some_and(|taker| self.memory.is_alive(taker)) {
                abandoned.push(Job::new(number));
            }
        }
        Ok(abandoned)
    }
}

fn primes_below(limit: u64) -> u64 {
    (2..limit).filter(|n| (2..).take_while(|d| d * d <= *n).all(|d| n % d != 0)).count() as u64
}

/// Kills what it holds when it goes, so that no worker outlives the coordinator.
struct Workers(Vec<Child>);

impl Drop for Workers {
    fn drop(&mut self) {
        for worker in &mut self.0 {
            let _ = worker.kill();
            let _ = worker.wait();
        }
    }
}

fn coordinate(segment: &str) -> Result<(), Box<dyn Error>> {
    let office = Office::open_or_create(segment)?;
    let start = || Command::new(std::env::current_exe()?).arg(segment).spawn();
    let mut workers = Workers((0..WORKERS).map(|_| start()).collect::<Result<_, _>>()?);
    for number in 0..JOBS {
        office.jobs.send(Job::new(number))?;
        if number == JOBS / 2 {
            // `kill -9`, in the middle of whatever it does.
            workers.0[0].kill()?;
            println!("killed worker {} when {} answers were there", workers.0[0].id(), office.answers.len());
        }
    }
    while let Err(error) = office.done.wait_timeout(Duration::from_millis(200)) {
        if error.kind() != ErrorKind::TimedOut {
            return Err(error.into());
        }
        for job in office.abandoned()? {
            println!("job {} was abandoned, and is handed out again", job.number);
            office.jobs.send(job)?;
        }
    }
    office.jobs.close()?;
    for worker in &mut workers.0[1..] {
        assert!(worker.wait()?.success(), "a worker failed");
    }
    println!("{} answers to {JOBS} jobs, {} desks free", office.answers.len(), office.desks.available()?);
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1) {
        Some(segment) => Ok(Office::open_or_create(&segment)?.work()?),
        None => coordinate(&format!("/zeroipc_workers_{}", std::process::id())),
    }
}
