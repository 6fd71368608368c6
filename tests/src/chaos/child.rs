//! The process that dies, and the threads that wait for it: what a point does in either.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, MutexGuard};

use zeroipc::Memory;

use super::cases;
use crate::sys;

/// What the points of this process do.
enum Task {
    /// Nothing, except for the threads that have asked for it.
    None,
    /// They are written down in the order in which they come first, and how often each.
    Record { order: Vec<&'static str>, counts: BTreeMap<&'static str, u32>, now: bool },
    /// The n-th time is the last.
    Die { point: String, left: u32, armed: bool },
}

static TASK: Mutex<Task> = Mutex::new(Task::None);

thread_local! {
    /// At which point this thread tells somebody that it is there.
    static PARKED: RefCell<Option<(&'static str, Sender<()>)>> = const { RefCell::new(None) };
}

fn task() -> MutexGuard<'static, Task> {
    TASK.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// What the runtime calls at every point.
fn reached(point: &'static str) {
    match &mut *task() {
        Task::None => {}
        Task::Record { order, counts, .. } => {
            let count = counts.entry(point).or_insert_with(|| {
                order.push(point);
                0
            });
            *count += 1;
        }
        Task::Die { point: wanted, left, armed } => {
            if *armed && wanted == point {
                *left -= 1;
                if *left == 0 {
                    sys::kill_self();
                }
            }
        }
    }
    // A thread that ends has no such value any more.
    let _ = PARKED.try_with(|parked| {
        let mut parked = parked.borrow_mut();
        if let Some((_, told)) = parked.take_if(|(wanted, _)| *wanted == point) {
            let _ = told.send(());
        }
    });
}

/// Listens to this process's points. The matrix does so by itself.
pub(super) fn listen() {
    zeroipc::points::install(reached);
}

/// This thread tells `told` when it reaches the point for the first time.
pub(super) fn tell_at(point: &'static str, told: Sender<()>) {
    PARKED.with(|parked| *parked.borrow_mut() = Some((point, told)));
}

/// For a victim: what it has done so far was preparation, and its points do not count.
pub fn now() {
    match &mut *task() {
        Task::None => {}
        Task::Record { order, counts, now } => {
            order.clear();
            counts.clear();
            *now = true;
        }
        Task::Die { armed, .. } => *armed = true,
    }
}

/// What a record says to the parent that a line of [`now`] came.
pub(super) const NOW: &str = "now";
/// What ends it.
pub(super) const END: &str = "end";

/// `record SEGMENT CASE`, or `die SEGMENT CASE POINT NTH NOW`: what the child does.
pub fn main(args: &[String]) {
    let [verb, segment, id, rest @ ..] = args else { panic!("{args:?} is no task of a child") };
    let cases = cases();
    let case = cases.iter().find(|case| case.id() == *id).unwrap_or_else(|| panic!("there is no case `{id}`"));
    let memory = Memory::open(segment).expect("the segment opens");
    *task() = match (verb.as_str(), rest) {
        ("record", []) => Task::Record { order: Vec::new(), counts: BTreeMap::new(), now: false },
        ("die", [point, nth, now]) => {
            let left = nth.parse().expect("how many times");
            Task::Die { point: point.clone(), left, armed: now != NOW }
        }
        _ => panic!("{args:?} is no task of a child"),
    };
    listen();
    (case.victim)(&memory);
    let done = std::mem::replace(&mut *task(), Task::None);
    if let Task::Record { order, counts, now } = done {
        if now {
            println!("{NOW}");
        }
        for point in order {
            println!("{point} {}", counts[point]);
        }
        println!("{END}");
    }
}
