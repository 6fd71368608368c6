//! A peer of the tests of Once, Lazy, Future, Channel and Select: does one operation on a segment and says what came of it.

use std::io::Write as _;

use zeroipc::{Array, Channel, ErrorKind, Future, Lazy, Memory, Once};
use zeroipc_tests::{actor, at, sys};

fn main() {
    actor::begin();
    at::arm();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize| -> u64 { args[index].parse().expect("a number") };
    let memory = Memory::open(&args[1]).expect("the segment opens");
    let counted = || {
        Array::<u64>::open(&memory, "runs").expect("the array opens").fetch_add(0, 1);
    };
    match args[0].as_str() {
        "call" => {
            let once = Once::open(&memory, "o").expect("it opens");
            meet();
            once.call_once(counted).expect("it is called");
            say(if once.is_completed() { "done" } else { "not done" });
        }
        "force" => {
            let lazy = Lazy::<u64>::open(&memory, "l").expect("it opens");
            meet();
            let value = lazy.force(|| {
                counted();
                u64::from(std::process::id())
            });
            say(&format!("value {}", value.expect("it is forced")));
        }
        "run" => {
            let once = Once::open(&memory, "o").expect("it opens");
            once.call_once(meet).expect("it is called");
            say("done");
        }
        "promise" => {
            let promise = Future::<u64>::open(&memory, "f").and_then(|future| future.promise()).expect("it promises");
            meet();
            promise.set_value(7).expect("it sets the value");
            say("done");
        }
        "promise-and-fork" => {
            let promise = Future::<u64>::open(&memory, "f").and_then(|future| future.promise()).expect("it promises");
            match sys::fork().expect("it forks") {
                None => {
                    let refused = promise.set_value(8).expect_err("the promise is the parent's");
                    sys::exit_now(i32::from(refused.kind() != ErrorKind::NotOwner));
                }
                Some(child) => say(&format!("{:?}", sys::wait(child).expect("the child ends"))),
            }
            meet();
            promise.set_value(7).expect("it sets the value");
            say("done");
        }
        "register" => {
            let channel = Channel::<u64>::open(&memory, "c").expect("it opens");
            let _here = channel.register_sender().expect("there is room");
            meet();
        }
        "send" => {
            let channel = Channel::<u64>::open(&memory, "c").expect("it opens");
            let _here = channel.register_sender().expect("there is room");
            meet();
            for value in 0..number(3) {
                channel.send(number(2) << 32 | value).expect("it sends");
            }
            say("done");
        }
        "recv" => {
            let channel = Channel::<u64>::open(&memory, "c").expect("it opens");
            meet();
            let mut last = std::collections::HashMap::new();
            let (mut count, mut sum) = (0_u64, 0_u64);
            loop {
                match channel.recv() {
                    Ok(value) => {
                        let (sender, number) = (value >> 32, value & u64::from(u32::MAX));
                        assert!(last.insert(sender, number).is_none_or(|before| before < number), "out of order");
                        (count, sum) = (count + 1, sum.wrapping_add(value));
                    }
                    Err(error) if error.kind() == ErrorKind::Closed => break,
                    Err(error) => panic!("{error}"),
                }
            }
            say(&format!("received {count} {sum}"));
        }
        other => panic!("no operation `{other}`"),
    }
}

/// Says that it is ready, and goes on when it is told.
fn meet() {
    say("ready");
    let mut line = String::new();
    let _ = std::io::stdin().read_line(&mut line);
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A parent that is gone ends this process anyway.
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}
