//! A process is killed at each named point of each operation; what it was doing is done or never happened, and peers
//! go on within a second after the kernel has let go of it.

use std::time::Instant;

use zeroipc::{Array, ErrorKind, Memory, Queue, TableVersion};
use zeroipc_tests::SOON;
use zeroipc_tests::actor::{Actor, Script};
use zeroipc_tests::names::Name;

fn actor(operation: &str, segment: &str) -> Script {
    Script::new(env!("CARGO_BIN_EXE_actor")).arg(operation).arg(segment)
}

/// A segment with a queue `q` that holds the numbers below `held`, and has been once around.
fn with_queue(capacity: u64, held: u64) -> (Name, Memory, Queue<u64>) {
    let name = Name::new();
    let memory = Memory::create(&name, 1 << 16).unwrap();
    let queue = Queue::create(&memory, "q", capacity).unwrap();
    for value in 0..capacity + 1 {
        queue.push(value).unwrap();
        queue.pop().unwrap();
    }
    for value in 0..held {
        queue.push(value).unwrap();
    }
    (name, memory, queue)
}

/// The queue holds exactly these, within a second, and then works as ever.
#[track_caller]
fn holds(queue: &Queue<u64>, expected: &[u64]) {
    let start = Instant::now();
    for value in expected {
        assert_eq!(queue.pop_timeout(SOON).unwrap(), *value, "of {expected:?}");
    }
    assert_eq!(queue.try_pop().unwrap(), None, "behind {expected:?}");
    assert!(start.elapsed() < SOON, "it took {:?}", start.elapsed());
    works(queue);
}

/// Three laps of every operation on an empty queue.
#[track_caller]
fn works(queue: &Queue<u64>) {
    assert!(queue.is_empty().unwrap());
    let capacity = queue.capacity();
    for lap in 0..3 {
        for value in 0..capacity {
            assert_eq!(queue.len().unwrap(), value);
            queue.push_timeout(100 * lap + value, SOON).unwrap();
        }
        assert!(queue.is_full().unwrap());
        assert_eq!(queue.try_push(0).unwrap_err().kind(), ErrorKind::Full);
        for value in 0..capacity {
            assert_eq!(queue.pop_timeout(SOON).unwrap(), 100 * lap + value);
        }
        assert_eq!(queue.try_pop().unwrap(), None);
    }
}

const PUSH_POINTS: [&str; 4] =
    ["queue.push.claimed", "queue.push.hinted", "queue.push.written", "queue.push.published"];

#[test]
fn push_is_whole_or_never_happened() {
    for operation in ["push", "try-push"] {
        for point in PUSH_POINTS {
            for held in [0, 2] {
                let (name, _memory, queue) = with_queue(4, held);
                actor(operation, &name).arg(100).kill_at(point, 1).start().wait_killed();
                let mut expected: Vec<u64> = (0..held).collect();
                if point == "queue.push.published" {
                    expected.push(100);
                }
                holds(&queue, &expected);
            }
        }
    }
}

#[test]
fn push_behind_a_dead_push_keeps_its_order() {
    for point in PUSH_POINTS {
        let (name, _memory, queue) = with_queue(4, 1);
        actor("push", &name).arg(100).kill_at(point, 1).start().wait_killed();
        queue.push_timeout(7, SOON).unwrap();
        let published = point == "queue.push.published";
        holds(&queue, if published { &[0, 100, 7] } else { &[0, 7] });
    }
}

#[test]
fn push_that_is_full_on_a_dead_push_recovers_it() {
    for capacity in [1, 2] {
        for operation in ["push", "try-push"] {
            let (name, _memory, queue) = with_queue(capacity, 0);
            actor("push", &name).arg(100).kill_at("queue.push.claimed", 1).start().wait_killed();
            for value in 0..capacity - 1 {
                queue.push_timeout(value, SOON).unwrap();
            }
            // Every cell is claimed, and the first by a dead process.
            let mut next = actor(operation, &name).arg(capacity - 1).start();
            next.expect("done ()");
            holds(&queue, &(0..capacity).collect::<Vec<_>>());
        }
    }
}

#[test]
fn push_many_keeps_what_was_published() {
    for operation in ["push-many", "try-push-many"] {
        for point in PUSH_POINTS {
            for nth in 1..=3 {
                // All pushes of a call share one move of the hint, behind the last.
                let whole = match point {
                    "queue.push.hinted" if nth > 1 => continue,
                    "queue.push.hinted" => 4,
                    "queue.push.published" => nth,
                    _ => nth - 1,
                };
                let (name, _memory, queue) = with_queue(8, 1);
                actor(operation, &name).args([100, 4]).kill_at(point, nth).start().wait_killed();
                let mut expected = vec![0];
                expected.extend(100..100 + u64::from(whole));
                holds(&queue, &expected);
            }
        }
    }
}

#[test]
fn pop_takes_all_or_nothing() {
    for (operation, point, taken) in [
        ("pop", "queue.pop.copied", 0),
        ("pop", "queue.pop.taken", 1),
        ("pop", "queue.pop.hinted", 1),
        ("try-pop", "queue.pop.copied", 0),
        ("try-pop", "queue.pop.taken", 1),
        ("try-pop", "queue.pop.hinted", 1),
    ] {
        for held in [1, 4] {
            let (name, _memory, queue) = with_queue(4, held);
            actor(operation, &name).kill_at(point, 1).start().wait_killed();
            holds(&queue, &(taken..held).collect::<Vec<_>>());
        }
    }
}

#[test]
fn pop_many_takes_what_it_took() {
    for (point, earlier) in [("queue.pop.copied", 1), ("queue.pop.taken", 0)] {
        for nth in 1..=3 {
            let (name, _memory, queue) = with_queue(8, 5);
            actor("try-pop-many", &name).arg(4).kill_at(point, nth).start().wait_killed();
            let taken = u64::from(nth) - earlier;
            holds(&queue, &(taken..5).collect::<Vec<_>>());
        }
    }
}

#[test]
fn waiter_that_dies_costs_nothing() {
    for point in ["queue.wait.marked", "wait.woken"] {
        // A consumer that waits for the first element.
        let (name, _memory, queue) = with_queue(4, 0);
        let mut waiter = actor("pop", &name).kill_at(point, 1).start();
        waiter.wait_killed();
        queue.push_timeout(5, SOON).unwrap();
        holds(&queue, &[5]);

        // A producer that waits for room.
        let (name, _memory, queue) = with_queue(4, 4);
        let mut waiter = actor("push", &name).arg(9).kill_at(point, 1).start();
        waiter.wait_killed();
        holds(&queue, &[0, 1, 2, 3]);
    }
}

#[test]
fn recovery_that_dies_is_done_by_the_next() {
    for operation in ["pop", "try-pop"] {
        for point in ["queue.recover.dead", "queue.recover.freed"] {
            let (name, _memory, queue) = with_queue(4, 0);
            actor("push", &name).arg(100).kill_at("queue.push.written", 1).start().wait_killed();
            actor(operation, &name).kill_at(point, 1).start().wait_killed();
            queue.push_timeout(7, SOON).unwrap();
            holds(&queue, &[7]);
        }
    }
    for operation in ["push", "try-push"] {
        for point in ["queue.recover.dead", "queue.recover.freed"] {
            let (name, _memory, queue) = with_queue(1, 0);
            actor("push", &name).arg(100).kill_at("queue.push.claimed", 1).start().wait_killed();
            actor(operation, &name).arg(101).kill_at(point, 1).start().wait_killed();
            holds(&queue, &[]);
        }
    }
}

/// A child that has set the wait bit and is about to sleep, or sleeps.
fn parked(operation: Script) -> Actor {
    let mut child = operation.stop_at("queue.wait.marked", 1).start();
    child.expect("reached");
    child.send("go");
    child
}

#[test]
fn parked_consumer_goes_on_when_its_waker_died_before_it_published() {
    // A push that finds a waiter moves the hint last, behind its publication.
    for point in ["queue.push.claimed", "queue.push.written"] {
        for operation in ["push", "try-push"] {
            let (name, _memory, queue) = with_queue(4, 0);
            let mut consumer = parked(actor("pop", &name));
            actor(operation, &name).arg(100).kill_at(point, 1).start().wait_killed();
            // It stands at the dead cell now, or will by itself; what comes behind reaches it.
            queue.push_timeout(7, SOON).unwrap();
            let line = consumer.try_line(Instant::now() + SOON);
            assert_eq!(line.as_deref(), Some("done 7"), "{operation} at {point}");
            holds(&queue, &[]);
        }
    }
}

#[test]
fn parked_consumer_frees_a_dead_cell_by_itself() {
    let (name, _memory, queue) = with_queue(1, 0);
    let mut consumer = parked(actor("pop", &name));
    actor("push", &name).arg(100).kill_at("queue.push.claimed", 1).start().wait_killed();
    // Nobody else acts: the only cell is free again within a second.
    let freed = Instant::now() + SOON;
    while !queue.is_empty().unwrap() {
        assert!(Instant::now() < freed, "the consumer does not look again");
        std::thread::yield_now();
    }
    queue.push_timeout(7, SOON).unwrap();
    assert_eq!(consumer.try_line(Instant::now() + SOON).as_deref(), Some("done 7"));
}

#[test]
fn parked_consumer_goes_on_when_its_waker_died_before_it_woke() {
    for operation in ["push", "try-push", "push-many", "try-push-many"] {
        let (name, _memory, queue) = with_queue(4, 0);
        let mut consumer = parked(actor("pop", &name));
        let script = actor(operation, &name).arg(100).arg(1);
        script.kill_at("queue.push.published", 1).start().wait_killed();
        let line = consumer.try_line(Instant::now() + SOON);
        assert_eq!(line.as_deref(), Some("done 100"), "{operation}");
        holds(&queue, &[]);
    }
}

#[test]
fn parked_producer_goes_on_when_its_waker_died() {
    for operation in ["pop", "try-pop"] {
        for point in ["queue.pop.taken", "queue.pop.hinted"] {
            let (name, _memory, queue) = with_queue(2, 2);
            let mut producer = parked(actor("push", &name).arg(100));
            actor(operation, &name).kill_at(point, 1).start().wait_killed();
            let line = producer.try_line(Instant::now() + SOON);
            assert_eq!(line.as_deref(), Some("done ()"), "{operation} at {point}");
            holds(&queue, &[1, 100]);
        }
    }
}

#[test]
fn parked_producer_sleeps_on_when_a_consumer_died_before_it_took() {
    let (name, _memory, queue) = with_queue(2, 2);
    let mut producer = parked(actor("push", &name).arg(100));
    actor("pop", &name).kill_at("queue.pop.copied", 1).start().wait_killed();
    assert_eq!(queue.pop_timeout(SOON).unwrap(), 0);
    assert_eq!(producer.try_line(Instant::now() + SOON).as_deref(), Some("done ()"));
    holds(&queue, &[1, 100]);
}

#[test]
fn many_waiters_go_on_when_the_waker_died() {
    let (name, _memory, queue) = with_queue(8, 0);
    let mut consumers: Vec<Actor> = (0..4).map(|_| parked(actor("pop", &name))).collect();
    actor("push-many", &name).args([100, 4]).kill_at("queue.push.published", 4).start().wait_killed();
    let deadline = Instant::now() + SOON;
    let mut lines: Vec<String> =
        consumers.iter_mut().map(|one| one.try_line(deadline).expect("each gets one")).collect();
    lines.sort();
    assert_eq!(lines, ["done 100", "done 101", "done 102", "done 103"]);
    holds(&queue, &[]);
}

#[test]
fn writing_of_a_stopped_process_is_not_taken_away() {
    let (name, _memory, queue) = with_queue(4, 0);
    let mut producer = actor("push", &name).arg(100).stop_at("queue.push.claimed", 1).start();
    producer.expect("reached");
    assert_eq!(queue.try_pop().unwrap(), None);
    queue.push(7).unwrap();
    let waited = Instant::now();
    let error = queue.pop_timeout(SOON / 4).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(waited.elapsed() >= SOON / 4);
    producer.send("go");
    producer.expect("done ()");
    holds(&queue, &[100, 7]);
}

/// How a segment and a creator may be.
#[derive(Clone, Copy, Debug)]
struct Setting {
    version: TableVersion,
    duck_typed: bool,
    /// Whether there is a structure already.
    later: bool,
}

fn settings() -> Vec<Setting> {
    let mut all = Vec::new();
    for version in [TableVersion::V1, TableVersion::V2] {
        for duck_typed in [false, true] {
            for later in [false, true] {
                all.push(Setting { version, duck_typed, later });
            }
        }
    }
    all
}

fn fresh(setting: Setting) -> (Name, Memory) {
    let name = Name::new();
    let options = Memory::options().table_version(setting.version).duck_typed(setting.duck_typed);
    let memory = options.create(&name, 1 << 16).unwrap();
    if setting.later {
        Array::<u16>::create(&memory, "earlier", 5).unwrap().fill(9);
    }
    (name, memory)
}

/// What is free when nobody died, behind an array of 1,000 bytes.
fn free_without_a_death(setting: Setting) -> u64 {
    let (_name, memory) = fresh(setting);
    Array::<u8>::create(&memory, "x", 1000).unwrap();
    memory.free().unwrap()
}

const CREATE_POINTS: [&str; 6] =
    ["create.locked", "create.initialised", "create.record", "create.recorded", "create.entry", "create.next_offset"];

/// A creator of a queue dies; then an array goes to the same place.
fn creator_dies(setting: Setting, point: &str, nth: u32, kills: u32) {
    let context = format!("{setting:?}, {point} {nth}, {kills} kills");
    let expected = free_without_a_death(setting);
    let (name, memory) = fresh(setting);
    let mut script_died = true;
    for _ in 0..kills {
        // 32 cells of 24 bytes: other bytes than the array's, all over its place.
        let mut script = actor("create-queue", &name).arg("x").arg(32).kill_at(point, nth);
        if setting.duck_typed {
            script = script.env("ZEROIPC_TEST_DUCK_TYPED", 1);
        }
        let mut child = script.start();
        script_died = child.wait().code().is_none();
        if !script_died {
            break;
        }
        let names: Vec<String> = memory.structures().unwrap().iter().map(|one| one.name().to_owned()).collect();
        let known: &[&str] = if setting.later { &["earlier"] } else { &[] };
        assert_eq!(names, known, "{context}");
        assert_eq!(Queue::<u64>::open(&memory, "x").unwrap_err().kind(), ErrorKind::NotFound, "{context}");
    }
    if !script_died {
        // The operation does not come to this point so often, so it was done.
        assert_eq!(Queue::<u64>::open(&memory, "x").unwrap().capacity(), 32, "{context}");
        return;
    }
    let start = Instant::now();
    let array = Array::<u8>::create(&memory, "x", 1000).unwrap();
    assert!(start.elapsed() < SOON, "{context}");
    assert!(array.iter().all(|byte| byte == 0), "{context}: old bytes are left");
    assert_eq!(memory.free().unwrap(), expected, "{context}: space is lost");
    if setting.later {
        assert_eq!(Array::<u16>::open(&memory, "earlier").unwrap().to_vec(), [9; 5], "{context}");
    }
    // A newcomer sees the same.
    let other = Memory::open(&name).unwrap();
    assert_eq!(Array::<u8>::open(&other, "x").unwrap().len(), 1000, "{context}");
    let error = Queue::<u64>::open(&other, "x").unwrap_err();
    let wanted = if setting.duck_typed { ErrorKind::Corrupt } else { ErrorKind::KindMismatch };
    assert_eq!(error.kind(), wanted, "{context}: {error}");
}

#[test]
fn structure_creation_is_whole_or_never_happened() {
    for setting in settings() {
        for point in CREATE_POINTS {
            creator_dies(setting, point, 1, 1);
            // Where `.schema` is created first, this is the structure's own.
            creator_dies(setting, point, 2, 1);
        }
    }
}

#[test]
fn structure_creation_can_die_often() {
    for setting in settings() {
        for point in CREATE_POINTS {
            creator_dies(setting, point, 1, 3);
        }
    }
}

#[test]
fn creators_that_die_at_different_points_leak_nothing() {
    for setting in settings() {
        let expected = free_without_a_death(setting);
        let (name, memory) = fresh(setting);
        for point in CREATE_POINTS.iter().rev().chain(&CREATE_POINTS).chain(&["create.next_offset"]) {
            let mut script = actor("create-queue", &name).arg("x").arg(32).kill_at(point, 1);
            if setting.duck_typed {
                if point.starts_with("create.record") {
                    continue;
                }
                script = script.env("ZEROIPC_TEST_DUCK_TYPED", 1);
            }
            script.start().wait_killed();
        }
        let array = Array::<u8>::create(&memory, "x", 1000).unwrap();
        assert!(array.iter().all(|byte| byte == 0));
        assert_eq!(memory.free().unwrap(), expected, "{setting:?}");
    }
}

#[test]
fn structure_is_there_once_it_is_published() {
    for setting in settings() {
        let (name, memory) = fresh(setting);
        // The first time it is `.schema` that is published, where there is one.
        let nth = if setting.later || setting.duck_typed { 1 } else { 2 };
        let mut script = actor("create-queue", &name).arg("x").arg(32).kill_at("create.published", nth);
        if setting.duck_typed {
            script = script.env("ZEROIPC_TEST_DUCK_TYPED", 1);
        }
        script.start().wait_killed();
        let queue = Queue::<u64>::open(&memory, "x").unwrap();
        works(&queue);
        assert_eq!(Array::<u8>::create(&memory, "x", 1).unwrap_err().kind(), ErrorKind::Exists);
        Array::<u8>::create(&memory, "y", 10).unwrap();
    }
}

#[test]
fn table_is_found_whatever_its_first_creator_left() {
    for setting in settings().into_iter().filter(|setting| !setting.later) {
        for point in CREATE_POINTS {
            let (name, memory) = fresh(setting);
            let mut script = actor("create-queue", &name).arg("x").arg(32).kill_at(point, 1);
            if setting.duck_typed {
                script = script.env("ZEROIPC_TEST_DUCK_TYPED", 1);
            }
            script.start().wait();
            drop(memory);
            let memory = Memory::open(&name).unwrap();
            assert_eq!(memory.table_size(), 64, "{setting:?} {point}");
            Array::<u8>::open_or_create(&memory, "y", 10).unwrap();
        }
    }
}

#[test]
fn creation_lock_ends_with_its_holder() {
    let (name, memory) = fresh(Setting { version: TableVersion::V1, duck_typed: false, later: false });
    let mut holder = actor("create-array", &name).arg("a").arg(3).stop_at("create.locked", 1).start();
    holder.expect("reached");
    let mut waiting = actor("create-array", &name).arg("b").arg(3).env("ZEROIPC_TEST_WAIT", 1).start();
    waiting.expect("ready");
    waiting.send("go");
    holder.kill();
    let line = waiting.try_line(Instant::now() + SOON);
    assert_eq!(line.as_deref(), Some("done 3"));
    assert_eq!(Array::<u64>::open(&memory, "a").unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn segment_creation_leaves_nothing_behind() {
    for point in ["segment.sized", "segment.written", "segment.anchored"] {
        let name = Name::new();
        actor("create", &name).arg(1 << 20).kill_at(point, 1).start().wait_killed();
        assert!(!name.exists(), "{point}");
        assert!(!Memory::list().unwrap().contains(&name.to_string()));
        assert_eq!(Memory::open(&name).unwrap_err().kind(), ErrorKind::NotFound, "{point}");
        Memory::create(&name, 1 << 16).unwrap();
    }
}

#[test]
fn segment_is_whole_once_it_has_its_name() {
    let name = Name::new();
    actor("create", &name).arg(1 << 20).kill_at("segment.linked", 1).start().wait_killed();
    let memory = Memory::open(&name).unwrap();
    assert_eq!(memory.size(), 1 << 20);
    assert_eq!(memory.attachments().unwrap(), 1);
    works(&Queue::create(&memory, "q", 4).unwrap());
}

const ATTACH_POINTS: [&str; 3] = ["attach.opened", "attach.locked", "attach.anchored"];

#[test]
fn attacher_that_dies_was_never_there() {
    for operation in ["open", "read"] {
        for point in ATTACH_POINTS {
            let name = Name::new();
            let memory = Memory::options().remove_on_last_detach(true).create(&name, 1 << 16).unwrap();
            actor(operation, &name).kill_at(point, 1).start().wait_killed();
            let start = Instant::now();
            assert_eq!(memory.attachments().unwrap(), 1, "{point}");
            drop(memory);
            assert!(!name.exists(), "{point}: the last one out cannot remove");
            assert!(start.elapsed() < SOON);
        }
    }
}

#[test]
fn remover_that_dies_stops_nobody() {
    for point in ["detach.locked", "detach.counted"] {
        let name = Name::new();
        drop(Memory::create(&name, 1 << 16).unwrap());
        actor("detach", &name).kill_at(point, 1).start().wait_killed();
        let start = Instant::now();
        let memory = Memory::options().remove_on_last_detach(true).open(&name).unwrap();
        assert_eq!(memory.attachments().unwrap(), 1, "{point}");
        drop(memory);
        // A child that another test is just starting holds the anchor until it executes: then the next one out removes.
        while name.exists() && start.elapsed() < SOON {
            drop(Memory::options().remove_on_last_detach(true).open(&name));
        }
        assert!(!name.exists(), "{point}");
        assert!(start.elapsed() < SOON);
    }
}

#[test]
fn attacher_waits_for_a_remover_and_finds_nothing() {
    for (operation, found) in [("open", "error NotFound"), ("open-or-create", "done (1, [])")] {
        let name = Name::new();
        drop(Memory::create(&name, 1 << 16).unwrap());
        let mut remover = actor("detach", &name).stop_at("detach.counted", 1).start();
        remover.expect("reached");
        let mut attacher = actor(operation, &name).arg(1 << 16).stop_at("attach.opened", 1).start();
        attacher.expect("reached");
        attacher.send("go");
        remover.send("go");
        remover.expect("done");
        assert!(attacher.line().starts_with(found), "{operation}");
    }
}

#[test]
fn attacher_that_was_overtaken_by_a_removal_finds_the_new_segment() {
    for operation in ["open", "read", "open-or-create"] {
        let name = Name::new();
        drop(Memory::create(&name, 1 << 16).unwrap());
        let mut attacher = actor(operation, &name).arg(1 << 16).stop_at("attach.opened", 1).start();
        attacher.expect("reached");
        drop(Memory::options().remove_on_last_detach(true).open(&name).unwrap());
        assert!(!name.exists());
        let memory = Memory::create(&name, 1 << 16).unwrap();
        Array::<u8>::create(&memory, "new", 1).unwrap();
        attacher.send("go");
        attacher.expect("done (2, [\"new\"])");
    }
}

#[test]
fn remover_sees_an_attacher_that_has_anchored() {
    let name = Name::new();
    let memory = Memory::options().remove_on_last_detach(true).create(&name, 1 << 16).unwrap();
    let mut attacher = actor("hold", &name).env("ZEROIPC_TEST_WAIT", 1).start();
    attacher.expect("ready");
    drop(memory);
    assert!(name.exists());
    attacher.send("go");
    attacher.answer("id");
}
