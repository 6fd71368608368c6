//! Kills by chance under load: rounds in which several processes of several threads work, are killed at random moments
//! and started again, and in which everything is accounted for at the end.
//!
//! A process is killed from outside, at any instruction, or lights a fuse: it dies at the n-th point that it comes to,
//! which makes deaths between two steps of an operation as frequent as those in between operations.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use zeroipc::Memory;

use super::load::{Journal, Journals, Load, Worker};
use super::loads;
use crate::actor::{Actor, Script};
use crate::names::Name;
use crate::rng::Rng;
use crate::{DEADLINE, SOON, shake, sys};

/// How long to go on, with what.
#[derive(Clone, Debug)]
pub struct Weather {
    /// The program `chaos` of this crate.
    pub program: PathBuf,
    /// Only the load of this structure.
    pub only: Option<String>,
    /// The seed of the first round; each following one has the next number.
    pub seed: u64,
    /// Rounds begin until this time is over.
    pub time: Duration,
    /// No more rounds than this.
    pub rounds: u64,
}

/// What happened to a structure.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Rounds that were good.
    pub rounds: u64,
    /// Processes that were killed.
    pub kills: u64,
    /// Operations that were begun.
    pub operations: u64,
    /// Of these, the ones that were cut short.
    pub cut_short: u64,
    /// The longest time in which nobody began an operation.
    pub longest_pause: Duration,
}

/// Plays rounds, the loads in turn; an error is what was wrong, with the seed that leads there.
pub fn run(weather: &Weather) -> Result<BTreeMap<&'static str, Tally>, String> {
    let loads: Vec<Load> =
        loads().into_iter().filter(|load| weather.only.as_ref().is_none_or(|only| load.structure == only)).collect();
    if loads.is_empty() {
        return Err(format!("there is no load of {:?}", weather.only));
    }
    let mut tallies = BTreeMap::new();
    let end = Instant::now() + weather.time;
    for round in 0..weather.rounds {
        if Instant::now() >= end {
            break;
        }
        let seed = weather.seed.wrapping_add(round);
        // From the seed alone, so that one round can be played again.
        let load = &loads[(seed % loads.len() as u64) as usize];
        let tally = tallies.entry(load.structure).or_default();
        Round::play(weather, load, seed, tally)
            .map_err(|what| format!("{}, `--random --only {0} --seed {seed}`: {what}", load.structure))?;
    }
    Ok(tallies)
}

/// The tallies as a table.
pub fn print(seed: u64, tallies: &BTreeMap<&'static str, Tally>) -> String {
    let mut out = format!(
        "seed {seed}\n{:<12} {:>7} {:>7} {:>11} {:>9} {:>13}\n",
        "structure", "rounds", "kills", "operations", "cut short", "longest pause"
    );
    for (structure, tally) in tallies {
        let Tally { rounds, kills, operations, cut_short, longest_pause } = tally;
        let pause = format!("{:.1} ms", longest_pause.as_secs_f64() * 1000.0);
        let _ = writeln!(out, "{structure:<12} {rounds:>7} {kills:>7} {operations:>11} {cut_short:>9} {pause:>13}");
    }
    let kills: u64 = tallies.values().map(|tally| tally.kills).sum();
    let _ = writeln!(out, "{kills} kills");
    out
}

/// A worker's process.
struct Crew {
    child: Option<Actor>,
    /// The first of its workers.
    first: u64,
    /// How much its workers had begun when it started.
    before: u64,
}

struct Round<'a> {
    weather: &'a Weather,
    load: &'a Load,
    name: Name,
    journal_name: Name,
    journals: Journals,
    rng: Rng,
    threads: u64,
    crews: Vec<Crew>,
    kills: u64,
    pause: Duration,
}

impl Round<'_> {
    fn play(weather: &Weather, load: &Load, seed: u64, tally: &mut Tally) -> Result<(), String> {
        let mut rng = Rng::new(seed);
        let name = Name::new();
        // That limits the whole process, and this may take hours.
        sys::alarm(0);
        let memory = Memory::create(&name, load.size).map_err(|error| error.to_string())?;
        unpanicked(|| (load.prepare)(&memory, &mut rng))?;
        let threads = 1 + rng.below(2);
        let crews = 2 + rng.below(3);
        let journal_name = Name::new();
        let journals = Journals::create(&journal_name.path(), (threads * crews) as usize)
            .map_err(|error| format!("no room for journals: {error}"))?;
        let crews = (0..crews).map(|crew| Crew { child: None, first: crew * threads, before: 0 }).collect();
        let (kills, pause) = (0, Duration::ZERO);
        let mut round = Round { weather, load, name, journal_name, journals, rng, threads, crews, kills, pause };
        // Some rounds are nothing but stress.
        let wanted = if round.rng.below(8) == 0 { 0 } else { 4 + round.rng.below(20) };
        round.storm(wanted)?;
        round.calm()?;
        let workers = round.workers();
        let journals: Vec<Journal> = (0..workers).map(|worker| round.journals.read(worker)).collect();
        unpanicked(|| (load.check)(&memory, &journals))?;
        let entries = || journals.iter().flatten();
        tally.rounds += 1;
        tally.kills += round.kills;
        tally.operations += entries().count() as u64;
        tally.cut_short += entries().filter(|entry| entry.answer == super::load::Answer::None).count() as u64;
        tally.longest_pause = tally.longest_pause.max(round.pause);
        Ok(())
    }

    fn workers(&self) -> u64 {
        self.crews.len() as u64 * self.threads
    }

    fn begun(&self) -> u64 {
        (0..self.workers()).map(|worker| self.journals.begun(worker)).sum()
    }

    fn begun_by(&self, crew: usize) -> u64 {
        let first = self.crews[crew].first;
        (first..first + self.threads).map(|worker| self.journals.begun(worker)).sum()
    }

    /// Kills so many processes, and starts others in their place.
    fn storm(&mut self, wanted: u64) -> Result<(), String> {
        for crew in 0..self.crews.len() {
            self.start(crew, wanted > 0);
        }
        if wanted == 0 {
            let operations = 200 + self.rng.below(20_000);
            self.await_progress(operations)?;
        }
        while self.kills < wanted {
            // Mostly much less than a process needs to start, sometimes long enough for much to happen.
            let pause = 1 << self.rng.below(14);
            std::thread::sleep(Duration::from_micros(self.rng.below(pause)));
            if self.bury()? == 0 {
                let crew = self.rng.below(self.crews.len() as u64) as usize;
                // Processes that have not begun yet are killed too, but less often than they are found so.
                if self.begun_by(crew) == self.crews[crew].before && self.rng.below(16) > 0 {
                    continue;
                }
                if let Some(child) = &self.crews[crew].child {
                    sys::signal(child.pid(), libc::SIGKILL);
                }
                self.bury_one(crew)?;
            }
            if self.crews.iter().all(|crew| crew.child.is_none()) {
                // Their journals are full.
                return Ok(());
            }
            // Whoever is alive goes on, whatever the dead have left.
            if self.rng.below(4) == 0 {
                self.await_progress(1)?;
            }
        }
        Ok(())
    }

    fn start(&mut self, crew: usize, mortal: bool) {
        let fuse =
            if mortal && self.rng.below(2) == 0 { 1 + self.rng.below(1 << self.rng.clone().below(12)) } else { 0 };
        let script = Script::new(&self.weather.program).arg("work").arg(self.load.structure);
        let script = script.arg(&*self.name).arg(self.journal_name.path().display());
        let script = script.args([self.crews[crew].first, self.threads, self.workers(), self.rng.number(), fuse]);
        self.crews[crew].child = Some(script.watchdog(DEADLINE * 3).start());
    }

    /// Starts others in place of those who have died by themselves.
    fn bury(&mut self) -> Result<u64, String> {
        let before = self.kills;
        for crew in 0..self.crews.len() {
            let Some(child) = &self.crews[crew].child else { continue };
            if sys::ended(child.pid(), Instant::now()).unwrap_or(true) {
                self.bury_one(crew)?;
            }
        }
        Ok(self.kills - before)
    }

    /// Waits for the end of one, and starts another if it was killed.
    fn bury_one(&mut self, crew: usize) -> Result<(), String> {
        let Some(mut child) = self.crews[crew].child.take() else { return Ok(()) };
        let status = child.wait();
        match status.signal() {
            Some(libc::SIGKILL) => {
                self.kills += 1;
                self.start(crew, true);
                Ok(())
            }
            // Its journal is full.
            None if status.success() => Ok(()),
            _ => Err(format!("a worker failed: {status}")),
        }
    }

    /// So many operations begin, each within a second after the one before; the dead are buried meanwhile.
    fn await_progress(&mut self, operations: u64) -> Result<(), String> {
        let mut since = Instant::now();
        let mut last = self.begun();
        let enough = last + operations;
        while last < enough {
            std::thread::sleep(Duration::from_micros(50));
            self.bury()?;
            let now = self.begun();
            if now != last {
                self.pause = self.pause.max(since.elapsed());
                (last, since) = (now, Instant::now());
            } else if self.crews.iter().all(|crew| crew.child.is_none()) {
                break;
            } else if since.elapsed() > 3 * SOON {
                return Err(format!("nothing moves after {} kills", self.kills));
            }
        }
        Ok(())
    }

    /// All come to an end by themselves, those that have lit a fuse perhaps by it.
    fn calm(&mut self) -> Result<(), String> {
        self.journals.stop();
        let deadline = Instant::now() + 3 * SOON;
        for crew in &mut self.crews {
            let Some(mut child) = crew.child.take() else { continue };
            if !sys::ended(child.pid(), deadline).unwrap_or(true) {
                return Err(format!("a worker is stuck after {} kills", self.kills));
            }
            let status = child.wait();
            if status.signal() == Some(libc::SIGKILL) {
                self.kills += 1;
            } else if !status.success() {
                return Err(format!("a worker failed: {status}"));
            }
        }
        Ok(())
    }
}

fn unpanicked(run: impl FnOnce()) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast_ref::<&str>().copied().unwrap_or("no text").to_owned(),
    })
}

/// `work STRUCTURE SEGMENT JOURNAL FIRST THREADS WORKERS SEED FUSE`: what a worker's process does.
pub fn main(args: &[String]) {
    let [_, structure, segment, journal, numbers @ ..] = args else { panic!("{args:?} is no task of a worker") };
    let numbers: Vec<u64> = numbers.iter().map(|number| number.parse().expect("a number")).collect();
    let [first, threads, workers, seed, fuse] = numbers[..] else { panic!("{args:?} is no task of a worker") };
    let loads = loads();
    let load = loads.iter().find(|load| load.structure == structure).expect("such a load");
    let memory = Memory::open(segment).expect("the segment opens");
    let journals = Journals::open(journal.as_ref()).expect("the journal opens");
    shake::fuse(fuse);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (memory, journals) = (&memory, &journals);
            scope.spawn(move || {
                let mut rng = Rng::new(seed.wrapping_add(thread));
                shake::dawdle(rng.number());
                (load.work)(&mut Worker { me: first + thread, workers, rng, memory, journals });
            });
        }
    });
}
