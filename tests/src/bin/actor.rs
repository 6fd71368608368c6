//! A child of the tests: does one thing with a segment, perhaps dies at a named point of it, and says how it went.
//!
//! `actor OPERATION SEGMENT ARGUMENTS…` prepares, prints `ready`, does the operation, and prints `done …`.

use std::time::{Duration, Instant};

use zeroipc::{Array, Error, Memory, MemoryOptions, Queue};
use zeroipc_tests::types::{Fix, Item};
use zeroipc_tests::{actor, at, image, sys, trace};

#[path = "actor/forks.rs"]
mod forks;
#[path = "actor/load.rs"]
mod load;
#[path = "actor/locks.rs"]
mod locks;
#[path = "actor/waits.rs"]
mod waits;

type Operation = Box<dyn FnOnce() -> String>;

fn main() {
    actor::begin();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let operation = prepare(&args);
    if std::env::var_os("ZEROIPC_TEST_WAIT").is_some() {
        say("ready");
        await_line();
    }
    if trace::is_stepped() {
        sys::trace_me().expect("the parent may trace");
        trace::stop_for_tracer();
        let said = operation();
        if trace::has_end() {
            trace::stop_for_tracer();
        }
        say(&said);
        return;
    }
    at::arm();
    let said = operation();
    say(&said);
}

fn say(line: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    // A parent that is gone ends this process anyway.
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// The next line of the input; empty at its end.
fn await_line() -> String {
    let mut line = String::new();
    let _ = std::io::stdin().read_line(&mut line);
    line.trim_end().to_owned()
}

fn told<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result {
        Ok(value) => format!("done {value:?}"),
        Err(error) => format!("error {:?} {error}", error.kind()),
    }
}

fn options() -> MemoryOptions {
    let set = |name: &str| std::env::var_os(name).is_some();
    Memory::options().duck_typed(set("ZEROIPC_TEST_DUCK_TYPED")).remove_on_last_detach(set("ZEROIPC_TEST_REMOVE"))
}

fn queue(segment: &str) -> (Memory, Queue<u64>) {
    let memory = options().open(segment).expect("the segment opens");
    let queue = Queue::<u64>::open(&memory, "q").expect("the queue opens");
    (memory, queue)
}

fn number<T: std::str::FromStr>(args: &[String], index: usize) -> T {
    args.get(index).and_then(|arg| arg.parse().ok()).unwrap_or_else(|| panic!("argument {index} of {args:?}"))
}

fn values(args: &[String]) -> Vec<u64> {
    let (first, count): (u64, u64) = (number(args, 2), number(args, 3));
    (first..first + count).collect()
}

fn prepare(args: &[String]) -> Operation {
    let segment = args[1].clone();
    let args = args.to_vec();
    match args[0].as_str() {
        "push" | "try-push" | "push-many" | "try-push-many" | "pop" | "try-pop" | "try-pop-many" | "len" => {
            on_queue(segment, args)
        }
        "create-array" => on_memory(&segment, move |memory| {
            Array::<u64>::create(memory, &args[2], number(&args, 3)).map(|array| array.len())
        }),
        "create-queue" => on_memory(&segment, move |memory| {
            Queue::<u64>::create(memory, &args[2], number(&args, 3)).map(|queue| queue.capacity())
        }),
        "create-bytes" => on_memory(&segment, move |memory| {
            Array::<u8>::create(memory, &args[2], number(&args, 3)).map(|array| array.len())
        }),
        "create-fixes" => on_memory(&segment, move |memory| {
            Queue::<Fix>::create(memory, &args[2], number(&args, 3)).map(|queue| queue.capacity())
        }),
        "open-array" => {
            on_memory(&segment, move |memory| Array::<u64>::open(memory, &args[2]).map(|array| array.len()))
        }
        "create" => Box::new(move || told(options().create(&segment, number(&args, 2)).map(|memory| memory.size()))),
        "open" => Box::new(move || {
            let opened = options().open(&segment);
            told(opened.map(|memory| (memory.attachments().unwrap_or(0), names(&memory))))
        }),
        "attach" => Box::new(move || match Memory::open(&segment) {
            Ok(memory) => {
                std::mem::forget(memory);
                "done".into()
            }
            Err(error) => told::<()>(Err(error)),
        }),
        "read" => Box::new(move || {
            let opened = Memory::open_read_only(&segment);
            told(opened.map(|memory| (memory.attachments().unwrap_or(0), names(&memory))))
        }),
        "open-or-create" => Box::new(move || {
            let opened = options().open_or_create(&segment, number(&args, 2));
            told(opened.map(|memory| (memory.attachments().unwrap_or(0), names(&memory))))
        }),
        "detach" => {
            let memory = options().remove_on_last_detach(true).open(&segment).expect("the segment opens");
            Box::new(move || {
                drop(memory);
                "done".into()
            })
        }
        "hold" => {
            let count = args.get(2).map_or(1, |_| number(&args, 2));
            let held: Vec<Memory> = (0..count).map(|_| options().open(&segment).expect("opens")).collect();
            Box::new(move || {
                say(&format!("id {}", held[0].id().expect("it is ours").expect("it can write")));
                await_line();
                drop(held);
                "done".into()
            })
        }
        "hold-read-only" => {
            let count = args.get(2).map_or(1, |_| number(&args, 2));
            let held: Vec<Memory> = (0..count).map(|_| Memory::open_read_only(&segment).expect("opens")).collect();
            Box::new(move || {
                say("held");
                await_line();
                drop(held);
                "done".into()
            })
        }
        "create-many" => {
            let memory = options().open(&segment).expect("the segment opens");
            Box::new(move || load::create_many(&memory, number(&args, 2), number(&args, 3), number(&args, 4)))
        }
        "open-until" => Box::new(move || load::open_until(&segment, Duration::from_millis(number(&args, 2)))),
        "come-and-go" => Box::new(move || load::come_and_go(&segment, number(&args, 2))),
        "produce" => load::produce(&segment, number(&args, 2), number(&args, 3)),
        "consume" => load::consume(&segment, number(&args, 2)),
        "produce-for-ever" => load::produce_for_ever(&segment, number(&args, 2)),
        "consume-for-ever" => load::consume_for_ever(&segment, number(&args, 2)),
        "pop-async" => waits::pop(&segment),
        "wait-async" => waits::waits(&segment),
        "fork-async" => waits::fork(&segment),
        "async-without-several-words" => waits::without_several_words(&segment),
        "fork-child-anchors" => forks::child_anchors(&segment),
        "fork-child-survives" => forks::child_survives(&segment),
        "close-all" => forks::close_all(&segment),
        "close-all-then-create" => forks::close_all_then_create(&segment, &args[2]),
        "close-all-then-leave" => forks::close_all_then_leave(&segment, &args[2]),
        "open-as-nobody" => Box::new(move || {
            sys::become_user(65534).expect("root may become anybody");
            let write = Memory::open(&segment).map(|memory| memory.size());
            let read = Memory::open_read_only(&segment).map(|memory| memory.size());
            format!("{} / {}", told(write), told(read))
        }),
        "count" => on_memory(&segment, |memory| memory.attachments()),
        "create-with-mode" => Box::new(move || {
            sys::umask(number(&args, 3));
            told(Memory::options().mode(number(&args, 2)).create(&segment, 65536).map(drop))
        }),
        "corrupt" => Box::new(move || {
            sys::limit_memory(8 << 30).expect("limits can be lowered");
            let (seed, count): (u64, u64) = (number(&args, 2), number(&args, 3));
            for seed in seed..seed + count {
                say(&format!("seed {seed}"));
                image::mutate_and_use(&segment, seed);
            }
            "done".into()
        }),
        "corrupt-while-used" => Box::new(move || {
            image::scribble_while_used(&segment, number(&args, 2), Duration::from_millis(number(&args, 3)));
            "done".into()
        }),
        operation if operation.starts_with("lock-") => locks::prepare(&segment, args),
        other => panic!("no operation `{other}`"),
    }
}

fn names(memory: &Memory) -> Vec<String> {
    memory.structures().map_or_else(|_| Vec::new(), |all| all.iter().map(|one| one.name().to_owned()).collect())
}

fn on_memory<T: std::fmt::Debug>(
    segment: &str,
    operation: impl FnOnce(&Memory) -> Result<T, Error> + 'static,
) -> Operation {
    let memory = options().open(segment).expect("the segment opens");
    Box::new(move || told(operation(&memory)))
}

fn on_queue(segment: String, args: Vec<String>) -> Operation {
    let (memory, queue) = queue(&segment);
    let time = std::env::var("ZEROIPC_TEST_TIMEOUT_MS").ok().and_then(|ms| ms.parse().ok());
    let deadline = time.map(|ms| Instant::now() + Duration::from_millis(ms));
    Box::new(move || {
        let _memory = memory;
        match (args[0].as_str(), deadline) {
            ("push", None) => told(queue.push(number(&args, 2))),
            ("push", Some(deadline)) => told(queue.push_deadline(number(&args, 2), deadline)),
            ("try-push", _) => told(queue.try_push(number(&args, 2))),
            ("push-many", _) => told(queue.push_many(&values(&args))),
            ("try-push-many", _) => told(queue.try_push_many(&values(&args))),
            ("pop", None) => told(queue.pop()),
            ("pop", Some(deadline)) => told(queue.pop_deadline(deadline)),
            ("try-pop", _) => told(queue.try_pop()),
            ("len", _) => told(queue.len()),
            _ => {
                let mut out = vec![0; number(&args, 2)];
                told(queue.try_pop_many(&mut out).map(|count| out[..count].to_vec()))
            }
        }
    })
}

/// Whether an item is what some producer pushed.
fn check_item(item: &Item) {
    assert!(item.is_whole(), "a torn or foreign item: {item:?}");
}
