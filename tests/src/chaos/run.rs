//! Runs the matrix: records each case's points, kills at each, and holds what is found against the promise.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{JoinHandle, ThreadId};
use std::time::{Duration, Instant};

use zeroipc::Memory;

use super::{Case, Death, Outcome, Promise, cases, child};
use crate::actor::{Actor, Script};
use crate::names::Name;
use crate::{DEADLINE, SOON, sys};

/// How often a kill is tried again whose victim was not there, or whose survivor was late, before that counts: a machine
/// that is busy with other things is not what is being tested.
const TRIES: u32 = 4;

/// How often a process comes to a point before it dies there, at most.
pub const MOST: u32 = 4;

static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The program `chaos` of this crate.
    pub program: PathBuf,
    /// Only cases whose id contains this.
    pub only: Option<String>,
    /// How often a process comes to a point before it dies there, at most; up to [`MOST`].
    pub nth: u32,
    /// How many cases run at a time.
    pub at_once: usize,
}

/// What came of a case.
#[derive(Debug)]
pub struct Row {
    /// The structure.
    pub structure: &'static str,
    /// The operation.
    pub operation: String,
    /// Each point in the order in which the operation comes there, and what its promise is; one for every time that the
    /// operation comes there, if they differ.
    pub points: Vec<(String, Vec<Promise>)>,
    /// How many processes died.
    pub kills: u32,
    /// The longest time from a death to the end of what its survivor did.
    pub worst: Duration,
    /// What was wrong.
    pub failures: Vec<String>,
}

/// Runs all cases of a plan.
pub fn run(plan: &Plan) -> Vec<Row> {
    PROGRAM.get_or_init(|| plan.program.clone());
    child::listen();
    let cases = cases();
    let chosen: Vec<&Case> =
        cases.iter().filter(|case| plan.only.as_ref().is_none_or(|only| case.id().contains(only.as_str()))).collect();
    let watch = Watch::start();
    let next = AtomicUsize::new(0);
    let rows: Mutex<Vec<(usize, Row)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..plan.at_once {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = chosen.get(index) else { break };
                    watch.begins(case.id());
                    let row = row(case, plan.nth);
                    watch.ends();
                    rows.lock().expect("no row panics").push((index, row));
                }
            });
        }
    });
    let mut rows = rows.into_inner().expect("no row panics");
    rows.sort_by_key(|(index, _)| *index);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// For `prepare`: a child dies in the operation of another case, at a point that it comes to for the first time.
#[track_caller]
pub fn dies(memory: &Memory, id: &str, point: &str) {
    let mut child = victim(memory.name(), id, &Moment { point: point.to_owned(), nth: 1, now: false });
    child.wait_killed();
}

/// Ends everything when a case hangs, and says which: a survivor that waits without a deadline cannot be told otherwise.
struct Watch(Arc<Mutex<HashMap<ThreadId, (String, Instant)>>>);

impl Watch {
    /// Longer than any case takes.
    const PATIENCE: Duration = Duration::from_secs(120);

    fn start() -> Watch {
        let busy: Arc<Mutex<HashMap<ThreadId, (String, Instant)>>> = Arc::default();
        let watched = Arc::downgrade(&busy);
        std::thread::spawn(move || {
            while let Some(busy) = watched.upgrade() {
                for (case, since) in busy.lock().expect("nobody panics here").values() {
                    if since.elapsed() > Watch::PATIENCE {
                        eprintln!("chaos: `{case}` hangs");
                        std::process::exit(101);
                    }
                }
                drop(busy);
                std::thread::park_timeout(SOON);
            }
        });
        Watch(busy)
    }

    fn begins(&self, case: String) {
        self.0.lock().expect("nobody panics here").insert(std::thread::current().id(), (case, Instant::now()));
    }

    fn ends(&self) {
        self.0.lock().expect("nobody panics here").remove(&std::thread::current().id());
    }
}

fn program() -> &'static PathBuf {
    PROGRAM.get().expect("a plan is being run")
}

/// When a victim dies.
struct Moment {
    point: String,
    nth: u32,
    /// Whether it counts only from [`now`](super::now) on.
    now: bool,
}

fn victim(segment: &str, id: &str, moment: &Moment) -> Actor {
    let now = if moment.now { child::NOW } else { "" };
    let script = Script::new(program()).arg("die").arg(segment).arg(id).arg(&moment.point).arg(moment.nth).arg(now);
    script.watchdog(DEADLINE).start()
}

/// What a case's operation comes to: the points, how often each, and whether [`now`](super::now) was said.
struct Record {
    points: Vec<(String, u32)>,
    now: bool,
}

fn row(case: &Case, most: u32) -> Row {
    let mut row = Row {
        structure: case.structure,
        operation: case.operation.clone(),
        points: Vec::new(),
        kills: 0,
        worst: Duration::ZERO,
        failures: Vec::new(),
    };
    let record = match record(case) {
        Ok(record) => record,
        Err(failure) => {
            row.failures.push(format!("{}, unharmed: {failure}", case.id()));
            return row;
        }
    };
    if record.points.is_empty() {
        row.failures.push(format!("{}: it comes to no point", case.id()));
    }
    for (point, times) in record.points {
        for nth in 1..=times.min(most) {
            let moment = Moment { point: point.clone(), nth, now: record.now };
            if let Err(failure) = kill(case, &moment, &mut row) {
                row.failures.push(format!("{}, died at {point} ({nth}): {failure}", case.id()));
            }
        }
        row.points.push((point.clone(), promises(case, &point, times)));
    }
    row
}

/// What is promised at a point for the first times that a process comes there, each promise once: those of all times that
/// may be tried, so that the page does not depend on how many were.
fn promises(case: &Case, point: &str, times: u32) -> Vec<Promise> {
    let mut all: Vec<Promise> = Vec::new();
    for nth in 1..=times.min(MOST) {
        let promise = (case.promise)(&Death { point: point.to_owned(), nth, partners: Vec::new() });
        if all.iter().all(|known| known.0 != promise.0) {
            all.push(promise);
        }
    }
    all
}

fn kill(case: &Case, moment: &Moment, row: &mut Row) -> Result<(), String> {
    for attempt in 1.. {
        let last = attempt == TRIES;
        let Some(found) = attempt_kill(case, moment)? else {
            // Others may have spared it a second time, and by chance even the first.
            if last && moment.nth == 1 {
                return Err(format!("its victim ended {TRIES} times without coming there"));
            } else if last {
                break;
            }
            continue;
        };
        row.kills += 1;
        let promise = (case.promise)(&found.death);
        if !promise.0.contains(&found.outcome) {
            return Err(format!("`{}` was found, `{promise}` is promised", found.outcome));
        }
        if found.late() && !last {
            continue;
        }
        row.worst = row.worst.max(found.took);
        if found.late() {
            return Err(format!("`{}` was found, after {:?}", found.outcome, found.took));
        }
        break;
    }
    Ok(())
}

struct Found {
    death: Death,
    outcome: Outcome,
    took: Duration,
}

impl Found {
    fn late(&self) -> bool {
        let limit = if matches!(self.outcome, Outcome::Deadline(_)) { 2 * SOON } else { SOON };
        self.took > limit
    }
}

/// A partner that has begun.
struct Started {
    thread: JoinHandle<()>,
    says: Receiver<Result<Outcome, String>>,
}

/// Lets a victim die, and a peer go on. `None` when the victim did not come to the point.
fn attempt_kill(case: &Case, moment: &Moment) -> Result<Option<Found>, String> {
    let name = Name::new();
    let memory = Memory::create(&name, case.size).map_err(|error| error.to_string())?;
    let survivor = unpanicked(|| (case.prepare)(&memory))?;
    let partners = start_partners(case, &name)?;
    let mut victim = victim(&name, &case.id(), moment);
    let died = death(&mut victim)?;
    let let_go = Instant::now();
    let partners = join(partners)?;
    if !died {
        return Ok(None);
    }
    let death = Death { point: moment.point.clone(), nth: moment.nth, partners };
    let outcome = unpanicked(|| survivor(&death)).map_err(|panic| format!("the survivor panicked: {panic}"))?;
    Ok(Some(Found { death, outcome, took: let_go.elapsed() }))
}

/// Waits for a victim's end; whether SIGKILL brought it.
fn death(victim: &mut Actor) -> Result<bool, String> {
    use std::os::unix::process::ExitStatusExt as _;
    if !sys::ended(victim.pid(), Instant::now() + DEADLINE).unwrap_or(true) {
        victim.kill();
        return Err("the victim neither dies nor ends".into());
    }
    let status = victim.wait();
    match status.signal() {
        Some(libc::SIGKILL) => Ok(true),
        None if status.success() => Ok(false),
        _ => Err(format!("the victim failed: {status}")),
    }
}

/// Lets the operation run unharmed, and its partners with it.
fn record(case: &Case) -> Result<Record, String> {
    let name = Name::new();
    let memory = Memory::create(&name, case.size).map_err(|error| error.to_string())?;
    let survivor = unpanicked(|| (case.prepare)(&memory))?;
    let partners = start_partners(case, &name)?;
    let script = Script::new(program()).arg("record").arg(&*name).arg(case.id());
    let mut child = script.watchdog(DEADLINE).start();
    let mut record = Record { points: Vec::new(), now: false };
    loop {
        let line = child.try_line(Instant::now() + DEADLINE).ok_or("the operation does not end well")?;
        match line.as_str() {
            child::END => break,
            child::NOW => record.now = true,
            _ => {
                let (point, times) = line.split_once(' ').ok_or_else(|| format!("`{line}` is no record"))?;
                if case.counts(point) {
                    record.points.push((point.to_owned(), times.parse().map_err(|_| "no count")?));
                }
            }
        }
    }
    child.wait_success();
    join(partners)?;
    drop(survivor);
    Ok(record)
}

/// Starts the partners of a case, each with an attachment of its own, and waits until they are where they should be.
fn start_partners(case: &Case, name: &Name) -> Result<Vec<Started>, String> {
    let mut all = Vec::new();
    for (index, partner) in case.partners.iter().enumerate() {
        let memory = Memory::open(name).map_err(|error| error.to_string())?;
        let (say, says) = channel();
        let (parked, is_parked) = channel();
        let id = case.id();
        let point = partner.parked;
        // A thread that hangs must not keep its case from being told, so it owns what it works with.
        let thread = std::thread::spawn(move || {
            if let Some(point) = point {
                child::tell_at(point, parked);
            }
            let cases = cases();
            let case = cases.iter().find(|case| case.id() == id).expect("it is there");
            let _ = say.send(unpanicked(|| (case.partners[index].run)(&memory)));
        });
        if let Some(point) = point
            && is_parked.recv_timeout(DEADLINE).is_err()
        {
            return Err(format!("partner {index} does not come to {point}"));
        }
        all.push(Started { thread, says });
    }
    Ok(all)
}

/// What the partners say; a peer that is stuck fails the case.
fn join(partners: Vec<Started>) -> Result<Vec<Outcome>, String> {
    let mut all = Vec::new();
    for (index, partner) in partners.into_iter().enumerate() {
        let said = partner.says.recv_timeout(DEADLINE).map_err(|_| format!("partner {index} is stuck"))?;
        all.push(said.map_err(|panic| format!("partner {index} panicked: {panic}"))?);
        let _ = partner.thread.join();
    }
    Ok(all)
}

/// Runs something that may panic; what it panicked with is an error.
fn unpanicked<R>(run: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast_ref::<&str>().copied().unwrap_or("no text").to_owned(),
    })
}
