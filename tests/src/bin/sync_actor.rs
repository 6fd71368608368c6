//! A child of the tests of semaphore, latch, event, barrier and signal: does one thing many times, and says how it went.
//!
//! `sync_actor OPERATION SEGMENT COUNT`. What it meets is called `x`, and its numbers are in the array `n`.

use std::io::Write as _;

use zeroipc::{Array, Barrier, ErrorKind, Event, Latch, Memory, Semaphore, Signal};
use zeroipc_tests::{DEADLINE, SOON, actor, sys};

fn say(line: &str) {
    println!("{line}");
    // A parent that is gone ends this process anyway.
    let _ = std::io::stdout().flush();
}

fn await_line() {
    let _ = std::io::stdin().read_line(&mut String::new());
}

fn main() {
    actor::begin();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [operation, segment, count] = &args[..] else { panic!("{args:?} is no task") };
    let count: u64 = count.parse().expect("a number");
    let memory = Memory::open(segment).expect("the segment opens");
    let numbers = || Array::<u64>::open(&memory, "n").expect("the array opens");
    let semaphore = || Semaphore::open(&memory, "x").expect("the semaphore opens");
    let barrier = || Barrier::open(&memory, "x").expect("the barrier opens");
    match operation.as_str() {
        // Adds to a number that only one at a time may touch, and counts how many are inside at once.
        "use_permits" => {
            let (semaphore, numbers) = (semaphore(), numbers());
            for _ in 0..count {
                let _permit = semaphore.acquire_timeout(DEADLINE).unwrap();
                let inside = numbers.fetch_add(1, 1) + 1;
                assert!(inside <= semaphore.permits(), "{inside} are inside");
                if semaphore.permits() == 1 {
                    numbers.set(0, numbers.get(0).unwrap() + 1);
                } else {
                    numbers.fetch_add(0, 1);
                }
                numbers.fetch_sub(1, 1);
            }
        }
        "hold_permit" => {
            let semaphore = semaphore();
            let _permit = semaphore.acquire().unwrap();
            say("held");
            await_line();
        }
        // A forked child has its parent's guard in its memory too.
        "fork_with_guard" => {
            let semaphore = semaphore();
            let permit = semaphore.acquire().unwrap();
            let Some(child) = sys::fork().unwrap() else {
                drop(permit);
                sys::exit_now(0);
            };
            assert_eq!(sys::wait(child).unwrap(), sys::Change::Exited(0));
            assert_eq!(semaphore.available().unwrap(), 0);
            drop(permit);
            assert_eq!(semaphore.available().unwrap(), 1);
        }
        "fork_with_place" => {
            let barrier = barrier();
            let mut member = barrier.join().unwrap();
            let Some(child) = sys::fork().unwrap() else {
                assert_eq!(member.wait().unwrap_err().kind(), ErrorKind::NotOwner);
                drop(member);
                sys::exit_now(0);
            };
            assert_eq!(sys::wait(child).unwrap(), sys::Change::Exited(0));
            assert!(member.wait().unwrap());
        }
        "take_permits" => {
            let semaphore = semaphore();
            (0..count).for_each(|_| semaphore.acquire_permit_timeout(DEADLINE).unwrap());
        }
        "give_permits" => {
            let semaphore = semaphore();
            (0..count).for_each(|_| {
                // The other side may not have taken what was given before.
                while let Err(error) = semaphore.release_permit() {
                    assert_eq!(error.kind(), ErrorKind::NotOwner);
                    std::thread::yield_now();
                }
            });
        }
        "count_down" => {
            let latch = Latch::open(&memory, "x").unwrap();
            (0..count).for_each(|_| latch.count_down().unwrap());
            latch.wait_timeout(DEADLINE).unwrap();
        }
        "wait_latch" => {
            let latch = Latch::open(&memory, "x").unwrap();
            say("waits");
            latch.wait_timeout(DEADLINE).unwrap();
        }
        // Takes sets of an automatic event until there are no more, and says how many.
        "take_events" => {
            let event = Event::open(&memory, "x").unwrap();
            let numbers = numbers();
            let mut taken = 0;
            loop {
                match event.wait_timeout(SOON / 5) {
                    Ok(()) => taken += 1,
                    Err(_) if numbers.load(0) == 1 => break,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut),
                }
            }
            say(&format!("taken {taken}"));
        }
        "wait_event" => {
            let event = Event::open(&memory, "x").unwrap();
            say("waits");
            event.wait_timeout(DEADLINE).unwrap();
        }
        // Goes through so many generations, and says how many it has led. Nobody may be a generation ahead.
        "meet" | "meet_as_member" => {
            let (barrier, numbers) = (barrier(), numbers());
            let mut member = (operation == "meet_as_member").then(|| barrier.join().unwrap());
            let mut led = 0;
            for round in 1..=count {
                numbers.fetch_add(0, 1);
                let leads = match &mut member {
                    Some(member) => member.wait_timeout(DEADLINE).unwrap(),
                    None => barrier.wait_timeout(DEADLINE).unwrap(),
                };
                led += u64::from(leads);
                let arrived = numbers.load(0);
                assert!(arrived >= round * barrier.parties(), "round {round}: {arrived} arrived");
            }
            say(&format!("led {led}"));
        }
        // A member that waits, and says how that ended, as long as it is told to.
        "member" => {
            let barrier = barrier();
            let mut member = barrier.join().unwrap();
            say("joined");
            for _ in 0..count {
                await_line();
                say("arrives");
                match member.wait_timeout(DEADLINE) {
                    Ok(_) => say("met"),
                    Err(error) => say(&format!("{:?}", error.kind())),
                }
            }
        }
        "update" => {
            let signal = Signal::<[u64; 9]>::open(&memory, "x").unwrap();
            for _ in 0..count {
                signal.update(|old| old.map(|number| number + 1)).unwrap();
            }
        }
        // Reads until the version is `count`; every value has the number of its version in every place.
        "watch" => {
            let signal = Signal::<[u64; 9]>::open(&Memory::open_read_only(segment).unwrap(), "x").unwrap();
            let mut seen = 0;
            while seen < count {
                let (value, version) = signal.get().unwrap();
                assert!(value == [version; 9] && version >= seen, "{value:?} {version}");
                seen = version;
            }
        }
        other => panic!("`{other}` is no operation"),
    }
    say("done");
}
