//! A process is killed after any number of instructions of an operation, and by chance under load.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use zeroipc::{Array, ErrorKind, Memory, Queue};
use zeroipc_tests::actor::{Actor, Script};
use zeroipc_tests::names::Name;
use zeroipc_tests::rng::Rng;
use zeroipc_tests::scale::{self, count};
use zeroipc_tests::sys::OneCore;
use zeroipc_tests::types::Item;
use zeroipc_tests::{SOON, trace};

/// The stepping tests take turns: they load a core each.
static TURN: Mutex<()> = Mutex::new(());

fn actor(operation: &str, segment: &str) -> Script {
    Script::new(env!("CARGO_BIN_EXE_actor")).arg(operation).arg(segment)
}

fn stepped(operation: Script) -> Actor {
    let child = operation.env(trace::VARIABLE, 1).start();
    trace::arrive(&child).unwrap();
    child
}

/// After how many instructions to kill: at the end, around every change of the segment, and at as many others as the
/// budget of steps allows, some in every stretch.
fn moments(length: u64, changes: &[u64], rng: &mut Rng) -> Vec<u64> {
    let budget = count(20_000, 250_000);
    let mut moments = vec![u64::MAX];
    let mut spent = length;
    for at in changes.iter().flat_map(|at| [at - 1, *at, at + 1]) {
        // A copy of every state is checked anyway, so that some will do.
        if spent + at < budget || rng.below(spent + at) < budget / 2 {
            moments.push(at);
            spent += at;
        }
    }
    // A kill costs half the length on average.
    let wanted = (budget.saturating_sub(spent) / (length / 2 + 1)).clamp(2, length + 1);
    moments.extend((0..wanted).map(|i| {
        let (from, to) = (i * (length + 1) / wanted, (i + 1) * (length + 1) / wanted);
        from + rng.below(to - from)
    }));
    moments.sort_unstable();
    moments.dedup();
    moments
}

/// What a killed process was at.
struct Subject<'a, S> {
    what: &'a str,
    /// A segment that the operation can be done on.
    prepare: &'a dyn Fn() -> Name,
    /// The operation of the process that is killed.
    operation: &'a dyn Fn(&str) -> Script,
    /// What `check` looks at; made before the operation.
    open: &'a dyn Fn(&str) -> S,
    /// Whether what is left is as it must be, told that the operation was at its end; says if it has happened.
    check: &'a dyn Fn(&str, &S, bool) -> bool,
}

impl<S> Subject<'_, S> {
    /// Kills at chosen instructions; and, since memory is all that a dead process leaves, checks a copy of the segment
    /// behind every instruction that has changed it.
    fn kill_after_any_instruction(&self) {
        let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if !trace::is_permitted() {
            return;
        }
        let _core = OneCore::stay();
        let what = self.what;
        let seed = Rng::seed();
        let (length, changes) = self.check_every_state();
        let moments = moments(length, &changes, &mut Rng::new(seed));
        let (mut absent, mut present) = (0, 0);
        for &moment in &moments {
            let name = (self.prepare)();
            let state = (self.open)(&name);
            let mut child = stepped((self.operation)(&name));
            let done = trace::step(&child, moment).unwrap();
            child.kill();
            let context = format!("{what}, seed {seed}, killed after {done} of {length}");
            if (self.check)(&context, &state, done < moment) {
                present += 1;
            } else {
                absent += 1;
            }
        }
        println!(
            "{what}: {length} instructions, {} changes, {} kills; {absent} times it had not happened, {present} times it had",
            changes.len(),
            moments.len()
        );
        assert!(absent > 0 && present > 0, "{what}: {absent} absent, {present} present of {length}");
    }

    /// Steps through the whole operation and checks a copy of every state of the segment. Returns the number of
    /// instructions, and behind which the segment was another.
    fn check_every_state(&self) -> (u64, Vec<u64>) {
        let name = (self.prepare)();
        // Only so that it counts as opened before.
        let _state = name.exists().then(|| (self.open)(&name));
        let child = stepped((self.operation)(&name));
        let mut changes = Vec::new();
        let mut before = std::fs::read(name.path()).ok();
        let mut now = Vec::new();
        let mut steps = 0;
        while trace::step(&child, 1).unwrap() == 1 {
            steps += 1;
            let Some(before) = &mut before else { continue };
            if !same_bytes(&name, before, &mut now) {
                std::mem::swap(before, &mut now);
                changes.push(steps);
                let copy = Name::new();
                std::fs::write(copy.path(), &*before).unwrap();
                let context = format!("{}, a copy of the segment behind instruction {steps}", self.what);
                (self.check)(&context, &(self.open)(&copy), false);
            }
        }
        (steps, changes)
    }
}

/// Whether a segment still has these bytes; if not, `now` gets its own.
fn same_bytes(name: &Name, before: &[u8], now: &mut Vec<u8>) -> bool {
    use std::os::unix::fs::FileExt as _;
    now.resize(before.len(), 0);
    std::fs::File::open(name.path()).unwrap().read_exact_at(now, 0).unwrap();
    now == before
}

fn with_queue(capacity: u64, held: u64) -> Name {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 14).unwrap();
    let queue = Queue::<u64>::create(&memory, "q", capacity).unwrap();
    for value in 0..held {
        queue.push(value).unwrap();
    }
    name
}

fn open_queue(name: &str) -> Queue<u64> {
    Queue::open(&Memory::open(name).unwrap(), "q").unwrap()
}

/// Takes all that is there, within a second, and sees that the queue works as ever.
fn drain(context: &str, queue: &Queue<u64>) -> Vec<u64> {
    let start = Instant::now();
    // Behind what a dead process has left, there is one more.
    queue.push_timeout(77, SOON).unwrap_or_else(|error| panic!("{context}: {error}"));
    let mut all = Vec::new();
    loop {
        match queue.pop_timeout(SOON).unwrap_or_else(|error| panic!("{context}: {error}")) {
            77 => break,
            value => all.push(value),
        }
    }
    assert!(start.elapsed() < SOON, "{context}: it took {:?}", start.elapsed());
    assert!(queue.is_empty().unwrap(), "{context}");
    for value in 0..2 * queue.capacity() {
        queue.try_push(value).unwrap_or_else(|error| panic!("{context}: {error}"));
        assert_eq!(queue.try_pop().unwrap(), Some(value), "{context}");
    }
    all
}

/// Takes all that is there when nobody is at work.
fn take_all(context: &str, queue: &Queue<u64>) -> Vec<u64> {
    let all = std::iter::from_fn(|| queue.try_pop().unwrap()).collect();
    assert!(drain(context, queue).is_empty(), "{context}");
    all
}

#[test]
fn push_after_any_instruction() {
    Subject {
        what: "push",
        prepare: &|| with_queue(4, 2),
        operation: &|name| actor("push", name).arg(100),
        open: &open_queue,
        check: &|context, queue, complete| {
            let all = drain(context, queue);
            assert!(all == [0, 1] || all == [0, 1, 100], "{context}: {all:?}");
            assert!(!complete || all.len() == 3, "{context}: a finished push is lost");
            all.len() == 3
        },
    }
    .kill_after_any_instruction();
}

#[test]
fn push_many_after_any_instruction() {
    Subject {
        what: "push of three",
        prepare: &|| with_queue(8, 1),
        operation: &|name| actor("try-push-many", name).args([100, 3]),
        open: &open_queue,
        check: &|context, queue, complete| {
            let all = drain(context, queue);
            let whole = [0, 100, 101, 102];
            assert!(!all.is_empty() && whole.starts_with(&all), "{context}: {all:?}");
            assert!(!complete || all.len() == 4, "{context}: a finished push is lost");
            all.len() > 1
        },
    }
    .kill_after_any_instruction();
}

#[test]
fn pop_after_any_instruction() {
    Subject {
        what: "pop",
        prepare: &|| with_queue(4, 3),
        operation: &|name| actor("pop", name),
        open: &open_queue,
        check: &|context, queue, complete| {
            let all = drain(context, queue);
            assert!(all == [0, 1, 2] || all == [1, 2], "{context}: {all:?}");
            assert!(!complete || all.len() == 2, "{context}: a finished pop left its element");
            all.len() == 2
        },
    }
    .kill_after_any_instruction();
}

#[test]
fn pop_that_recovers_after_any_instruction() {
    Subject {
        what: "pop behind a dead push",
        prepare: &|| {
            let name = with_queue(4, 0);
            actor("push", &name).arg(100).kill_at("queue.push.claimed", 1).start().wait_killed();
            // What the recovery leads to, so that the pop ends.
            open_queue(&name).push(5).unwrap();
            name
        },
        operation: &|name| actor("pop", name),
        open: &open_queue,
        check: &|context, queue, complete| {
            let all = drain(context, queue);
            assert!(all.is_empty() || all == [5], "{context}: {all:?}");
            assert!(!complete || all.is_empty(), "{context}: a finished pop left its element");
            all.is_empty()
        },
    }
    .kill_after_any_instruction();
}

fn creation(what: &str, earlier: bool) {
    let prepare = || {
        let name = Name::new();
        let memory = Memory::create(&name, 1 << 14).unwrap();
        if earlier {
            Array::<u16>::create(&memory, "earlier", 5).unwrap().fill(9);
        }
        name
    };
    let free = {
        let memory = Memory::open(&prepare()).unwrap();
        Queue::<u64>::create(&memory, "x", 8).unwrap();
        memory.free().unwrap()
    };
    Subject {
        what,
        prepare: &prepare,
        operation: &|name| actor("create-queue", name).arg("x").arg(8),
        open: &|name| Memory::open(name).unwrap(),
        check: &|context, memory, complete| {
            let start = Instant::now();
            let opened = Queue::<u64>::open(memory, "x");
            let happened = opened.is_ok();
            let queue = match opened {
                Ok(queue) => queue,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::NotFound, "{context}: {error}");
                    assert!(!complete, "{context}: a finished creation is lost");
                    Queue::create(memory, "x", 8).unwrap_or_else(|error| panic!("{context}: {error}"))
                }
            };
            assert!(start.elapsed() < SOON, "{context}");
            assert!(drain(context, &queue).is_empty(), "{context}");
            assert_eq!(memory.free().unwrap(), free, "{context}: space is lost");
            if earlier {
                assert_eq!(Array::<u16>::open(memory, "earlier").unwrap().to_vec(), [9; 5], "{context}");
            }
            let newcomer = Memory::open(memory.name()).unwrap_or_else(|error| panic!("{context}: {error}"));
            Queue::<u64>::open(&newcomer, "x").unwrap_or_else(|error| panic!("{context}: {error}"));
            happened
        },
    }
    .kill_after_any_instruction();
}

#[test]
fn creation_of_the_first_structure_after_any_instruction() {
    creation("creation of the first structure", false);
}

#[test]
fn creation_of_a_structure_after_any_instruction() {
    if !scale::is_full() {
        // It is long, and much like that of the first.
        return;
    }
    creation("creation of a structure", true);
}

#[test]
fn attaching_after_any_instruction() {
    Subject {
        what: "attaching",
        prepare: &|| {
            let name = Name::new();
            Array::<u16>::create(&Memory::create(&name, 1 << 14).unwrap(), "earlier", 5).unwrap();
            name
        },
        operation: &|name| actor("attach", name),
        open: &|name| Memory::options().remove_on_last_detach(true).open(name).unwrap(),
        check: &|context, memory, complete| {
            let start = Instant::now();
            assert_eq!(memory.attachments().unwrap(), 1, "{context}");
            Array::<u16>::create(memory, "x", 5).unwrap_or_else(|error| panic!("{context}: {error}"));
            drop(Memory::options().remove_on_last_detach(true).open(memory.name()).unwrap());
            assert!(start.elapsed() < SOON, "{context}");
            complete
        },
    }
    .kill_after_any_instruction();
}

#[test]
fn segment_creation_after_any_instruction() {
    Subject {
        what: "creation of a segment",
        prepare: &Name::new,
        operation: &|name| actor("create", name).arg(1 << 14),
        open: &str::to_owned,
        check: &|context, name, complete| match Memory::open(name) {
            Ok(memory) => {
                assert_eq!(memory.attachments().unwrap(), 1, "{context}");
                true
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::NotFound, "{context}: {error}");
                assert!(!complete, "{context}");
                Memory::create(name, 1 << 14).unwrap();
                false
            }
        },
    }
    .kill_after_any_instruction();
}

/// Something happens to a segment between any two instructions of a process that opens it.
#[test]
fn opening_while_the_first_structure_is_created() {
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if !trace::is_permitted() {
        return;
    }
    let prepare = || {
        let name = Name::new();
        let memory = Memory::create(&name, 1 << 16).unwrap();
        // Where the opener takes its first look at the table.
        let child = actor("open", &name).trace_at("attach.locked", 1).start();
        trace::arrive(&child).unwrap();
        (name, memory, child)
    };
    let _core = OneCore::stay();
    let seed = Rng::seed();
    let mut rng = Rng::new(seed);
    let (until, stretch) = (3000, count(100, 10));
    for from in (0..until).step_by(stretch as usize) {
        let moment = from + rng.below(stretch);
        let (_name, memory, mut child) = prepare();
        assert_eq!(trace::step(&child, moment).unwrap(), moment);
        Array::<u64>::create(&memory, "first", 5).unwrap();
        trace::leave(&child).unwrap();
        let line = child.line();
        assert!(line.starts_with("done (2, ["), "seed {seed}, after {moment}: {line}");
    }
}

/// The creator of a structure puts its record where a dead one left another, while somebody walks over it.
#[test]
fn opening_while_a_dead_creators_record_is_replaced() {
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if !trace::is_permitted() {
        return;
    }
    let _core = OneCore::stay();
    let prepare = || {
        let name = Name::new();
        let memory = Memory::create(&name, 1 << 16).unwrap();
        Array::<u64>::create(&memory, "recorded", 5).unwrap();
        // One without a record, so that its opener walks over all of them.
        let foreign = Memory::options().duck_typed(true).open(&name).unwrap();
        Array::<u64>::create(&foreign, "unrecorded", 6).unwrap();
        actor("create-array", &name).arg("x").arg(9).kill_at("create.recorded", 1).start().wait_killed();
        (name, memory)
    };
    let begin = |name: &str| {
        let child = actor("open-array", name).arg("unrecorded").trace_at("open.records", 1).start();
        trace::arrive(&child).unwrap();
        child
    };
    let seed = Rng::seed();
    let mut rng = Rng::new(seed);
    let (until, stretch) = (3000, count(200, 10));
    for from in (0..until).step_by(stretch as usize) {
        let moment = from + rng.below(stretch);
        let (name, memory) = prepare();
        let mut child = begin(&name);
        trace::step(&child, moment).unwrap();
        // Its record is longer than the dead one's.
        Queue::<Item>::create(&memory, "x", 2).unwrap();
        trace::leave(&child).unwrap();
        let line = child.line();
        assert_eq!(line, "done 6", "seed {seed}, after {moment}");
    }
}

/// Lets a child do part of an operation, acts, lets it finish, and says what it said.
fn amid(operation: &dyn Fn(&str) -> Script, name: &str, moment: u64, act: impl FnOnce()) -> String {
    let mut child = operation(name).env(trace::VARIABLE, "begin").start();
    trace::arrive(&child).unwrap();
    trace::step(&child, moment).unwrap();
    act();
    trace::leave(&child).unwrap();
    child.try_line(Instant::now() + SOON).expect("it goes on within a second")
}

fn for_moments_of(until: u64, mut at: impl FnMut(u64, &str)) {
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if !trace::is_permitted() {
        return;
    }
    let _core = OneCore::stay();
    let seed = Rng::seed();
    let mut rng = Rng::new(seed);
    let stretch = until / count(20, 200);
    for from in (0..until).step_by(stretch as usize) {
        let moment = from + rng.below(stretch);
        at(moment, &format!("seed {seed}, after {moment}"));
    }
}

#[test]
fn push_amid_which_others_push_and_pop() {
    for_moments_of(2200, |moment, context| {
        let name = with_queue(4, 1);
        let queue = open_queue(&name);
        let mut taken = Vec::new();
        let said = amid(&|name| actor("push", name).arg(100), &name, moment, || {
            // Twice around; where the child has claimed a position, this stops before it.
            for value in 0..9 {
                taken.extend(queue.try_pop().unwrap());
                if queue.try_push(200 + value).is_err() {
                    break;
                }
            }
        });
        assert_eq!(said, "done ()", "{context}");
        taken.extend(take_all(context, &queue));
        let others: Vec<u64> = taken.iter().copied().filter(|value| *value != 100).collect();
        assert_eq!(taken.len(), others.len() + 1, "{context}: {taken:?}");
        let expected: Vec<u64> = [0].into_iter().chain((0..others.len() as u64 - 1).map(|value| 200 + value)).collect();
        assert_eq!(others, expected, "{context}");
    });
}

#[test]
fn pop_amid_which_others_push_and_pop() {
    for_moments_of(1800, |moment, context| {
        let name = with_queue(4, 2);
        let queue = open_queue(&name);
        let mut taken = Vec::new();
        let said = amid(&|name| actor("pop", name), &name, moment, || {
            for value in 2..11 {
                taken.extend(queue.try_pop().unwrap());
                queue.try_push(value).unwrap();
            }
        });
        let got: u64 = said.strip_prefix("done ").and_then(|value| value.parse().ok()).expect(&said);
        taken.extend(take_all(context, &queue));
        assert!(taken.is_sorted(), "{context}: {taken:?}");
        taken.push(got);
        taken.sort_unstable();
        assert_eq!(taken, (0..11).collect::<Vec<_>>(), "{context}");
    });
}

#[test]
fn waiting_pop_amid_which_others_push() {
    for_moments_of(5000, |moment, context| {
        let name = with_queue(4, 0);
        let queue = open_queue(&name);
        let said = amid(&|name| actor("pop", name), &name, moment, || queue.try_push(7).unwrap());
        assert_eq!(said, "done 7", "{context}");
        assert!(drain(context, &queue).is_empty(), "{context}");
    });
}

#[test]
fn waiting_push_amid_which_others_pop() {
    for_moments_of(5000, |moment, context| {
        let name = with_queue(2, 2);
        let queue = open_queue(&name);
        let said =
            amid(&|name| actor("push", name).arg(7), &name, moment, || assert_eq!(queue.try_pop().unwrap(), Some(0)));
        assert_eq!(said, "done ()", "{context}");
        assert_eq!(take_all(context, &queue), [1, 7], "{context}");
    });
}

/// Producers and consumers are killed by chance and started again; every element is accounted for.
#[test]
fn random_kills_under_load() {
    const PRODUCERS: u64 = 3;
    const CONSUMERS: usize = 2;
    let seed = Rng::seed();
    let mut rng = Rng::new(seed);
    let kills = count(60, 3000);
    // What a producer may push from one kill to the next, on any machine, and how the counters of all lie in one array.
    let quota = 4_000;
    let stride = quota * (kills + 2);
    let name = Name::new();
    let memory = Memory::create(&name, (16 << 20) + PRODUCERS * stride).unwrap();
    let queue = Queue::<Item>::create(&memory, "items", 16).unwrap();
    let seen = Array::<u8>::create(&memory, "seen", PRODUCERS * stride).unwrap();
    let done = Array::<u64>::create(&memory, "done", PRODUCERS + 1).unwrap();
    let stop = Array::<u64>::create(&memory, "stop", 1).unwrap();
    let limit = PRODUCERS as usize;
    done.store(limit, quota);
    let watchdog = Duration::from_secs(if scale::is_full() { 600 } else { 120 });
    let start = |mut script: Script| {
        script = script.watchdog(watchdog);
        let mut child = script.start();
        child.expect("running");
        child
    };
    let producer = |me: u64| start(actor("produce-for-ever", &name).arg(me));
    let consumer = || start(actor("consume-for-ever", &name).arg(stride));
    let mut producers: Vec<Actor> = (0..PRODUCERS).map(producer).collect();
    let mut consumers: Vec<Actor> = (0..CONSUMERS).map(|_| consumer()).collect();
    let (mut unsure, mut taken_by_the_dead) = (Vec::new(), 0_u64);
    let started = Instant::now();
    for _ in 0..kills {
        // As long as it takes until something was done since the last kill, and a little by chance.
        let before: u64 = (0..PRODUCERS as usize).map(|me| done.load(me)).sum();
        done.fetch_add(limit, quota);
        let enough = before + 1 + rng.below(200);
        let deadline = Instant::now() + 4 * SOON;
        while (0..PRODUCERS as usize).map(|me| done.load(me)).sum::<u64>() < enough {
            assert!(Instant::now() < deadline, "seed {seed}: nothing moves, {} waiting", queue.len().unwrap());
            std::thread::yield_now();
        }
        let victim = rng.below(PRODUCERS + CONSUMERS as u64);
        if victim < PRODUCERS {
            let child = &mut producers[victim as usize];
            child.kill();
            // The next number may have been pushed or not; the successor leaves it out.
            let next = done.fetch_add(victim as usize, 1);
            unsure.push((victim, next));
            *child = producer(victim);
        } else {
            let child = &mut consumers[(victim - PRODUCERS) as usize];
            child.kill();
            taken_by_the_dead += 1;
            *child = consumer();
        }
    }
    let took = started.elapsed();
    stop.store(0, 1);
    for producer in &mut producers {
        producer.expect("done");
        producer.wait_success();
    }
    stop.store(0, 2);
    for consumer in &mut consumers {
        consumer.expect("done");
        consumer.wait_success();
    }
    assert!(queue.is_empty().unwrap());
    let mut times_seen = vec![0; seen.len()];
    seen.read(0, &mut times_seen).unwrap();
    let (mut lost, mut pushed) = (0, 0);
    for me in 0..PRODUCERS {
        let end = done.load(me as usize);
        pushed += end;
        for sequence in 0..stride {
            let times = times_seen[(me * stride + sequence) as usize];
            assert!(times <= 1, "seed {seed}: {sequence} of producer {me} came {times} times");
            assert!(times == 0 || sequence < end, "seed {seed}: {sequence} of {me} came and {end} were pushed");
            if times == 0 && sequence < end && !unsure.contains(&(me, sequence)) {
                lost += 1;
            }
        }
    }
    println!("{kills} kills in {took:?}: {pushed} pushed, {} unsure, {lost} taken by the dead", unsure.len());
    // A consumer can die between its pop and its note of it.
    assert!(lost <= taken_by_the_dead, "seed {seed}: {lost} are lost and {taken_by_the_dead} consumers died");
}
