//! Stacks: what they do, what they refuse, and what many processes do with one.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use zeroipc::{Error, ErrorKind, Memory, Queue, ShmLayout, Stack};
use zeroipc_tests::actor::{self, Script};
use zeroipc_tests::names::Name;
use zeroipc_tests::scale::count;
use zeroipc_tests::types::{Aligned, Big, Item, Odd};
use zeroipc_tests::{DEADLINE, SOON, sys};

fn segment(size: u64) -> (Name, Memory) {
    let name = Name::new();
    let memory = Memory::create(&name, size).unwrap();
    (name, memory)
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind, said: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, said));
}

/// It holds nothing, has room for as many as it should, and gives them back.
#[track_caller]
fn works(stack: &Stack<u64>) {
    assert_eq!(stack.try_pop().unwrap(), None);
    for round in 0..3 {
        for value in 0..stack.capacity() {
            assert_eq!(stack.len().unwrap(), value);
            stack.push_timeout(100 * round + value, SOON).unwrap();
            assert_eq!(stack.peek().unwrap(), Some(100 * round + value));
        }
        assert!(stack.is_full().unwrap());
        assert_eq!(stack.try_push(0).unwrap_err().kind(), ErrorKind::Full);
        for value in (0..stack.capacity()).rev() {
            assert_eq!(stack.pop_timeout(SOON).unwrap(), 100 * round + value);
        }
        assert!(stack.is_empty().unwrap());
    }
}

#[test]
fn smoke() {
    let (name, memory) = segment(1 << 16);
    let stack = Stack::<Item>::create(&memory, "s", 8).unwrap();
    let other = Stack::<Item>::open(&Memory::open(&name).unwrap(), "s").unwrap();
    assert_eq!((stack.name(), stack.capacity()), ("s", 8));
    assert_eq!((stack.try_pop().unwrap(), stack.peek().unwrap()), (None, None));
    stack.push(Item::new(1, 2)).unwrap();
    stack.push(Item::new(1, 3)).unwrap();
    assert_eq!(other.len().unwrap(), 2);
    assert_eq!(other.peek().unwrap(), Some(Item::new(1, 3)));
    assert_eq!(other.pop().unwrap(), Item::new(1, 3));
    assert_eq!(stack.clone().pop().unwrap(), Item::new(1, 2));
    assert!(stack.is_empty().unwrap());
}

#[test]
fn capacity() {
    let (_name, memory) = segment(1 << 20);
    for capacity in [1, 2, 3, 5, 1000] {
        let name = format!("s{capacity}");
        let stack = Stack::<u64>::create(&memory, &name, capacity).unwrap();
        works(&stack);
        works(&Stack::open_or_create(&memory, &name, capacity).unwrap());
    }
    for asked in [0, 1 << 24, u64::MAX] {
        let said = format!("stack `x`: a capacity of {asked} was asked for; 1 to 16777215 are possible");
        refused(Stack::<u8>::create(&memory, "x", asked), ErrorKind::BadArgument, &said);
    }
    let error = Stack::<u64>::open_or_create(&memory, "s5", 6).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadArgument, "{error}");
}

fn carries<T: ShmLayout + PartialEq + std::fmt::Debug>(values: &[T]) {
    let (_name, memory) = segment(1 << 20);
    let stack = Stack::<T>::create(&memory, "s", 4).unwrap();
    for _ in 0..5 {
        for value in values {
            stack.push(*value).unwrap();
            assert_eq!(stack.pop().unwrap(), *value);
        }
        assert_eq!(stack.try_push_many(values).unwrap(), values.len());
        let mut out = vec![values[0]; values.len()];
        assert_eq!(stack.try_pop_many(&mut out).unwrap(), values.len());
        out.reverse();
        assert_eq!(out, values);
    }
}

#[test]
fn elements_of_every_size() {
    carries(&[1_u8, 255]);
    carries(&[-1_i32, 3]);
    carries(&[1.5_f64, -0.0]);
    carries(&[Odd { bytes: [9; 13] }, Odd { bytes: [1; 13] }]);
    carries(&[Item::new(1, 2)]);
    carries(&[Big::new(1), Big::new(2), Big::new(3)]);
    carries(&[Aligned { first: 1, rest: [2; 31] }]);
}

#[test]
fn bulk_takes_what_fits() {
    let (_name, memory) = segment(1 << 16);
    let stack = Stack::<u64>::create(&memory, "s", 3).unwrap();
    assert_eq!(stack.try_push_many(&[1, 2, 3, 4]).unwrap(), 3);
    assert_eq!(stack.push_many_timeout(&[4], Duration::ZERO).unwrap(), 0);
    let mut out = [0; 2];
    assert_eq!(stack.try_pop_many(&mut out).unwrap(), 2);
    assert_eq!(out, [3, 2]);
    stack.push_many(&[5]).unwrap();
    assert_eq!(stack.pop_many_timeout(&mut out, SOON).unwrap(), 2);
    assert_eq!(out, [5, 1]);
    assert_eq!(stack.pop_many_timeout(&mut out, Duration::ZERO).unwrap(), 0);
    assert_eq!(stack.try_push_many(&[]).unwrap(), 0);
    works(&stack);
}

/// Behind every mix of pushes and pops the stack holds what a vector holds.
#[test]
fn does_what_a_vector_does() {
    let (_name, memory) = segment(1 << 16);
    let stack = Stack::<u64>::create(&memory, "s", 7).unwrap();
    let other = stack.clone();
    let mut vector = Vec::new();
    let mut rng = zeroipc_tests::rng::Rng::new(1);
    for number in 0..20_000 {
        let stack = if rng.below(3) == 0 { &other } else { &stack };
        if rng.below(2) == 0 {
            let pushed = stack.try_push(number).is_ok();
            assert_eq!(pushed, vector.len() < 7);
            if pushed {
                vector.push(number);
            }
        } else {
            assert_eq!(stack.try_pop().unwrap(), vector.pop());
        }
        assert_eq!(stack.peek().unwrap(), vector.last().copied());
        assert_eq!(stack.len().unwrap(), vector.len() as u64);
    }
}

#[test]
fn waits_end_by_a_peer_or_by_the_deadline() {
    let (_name, memory) = segment(1 << 16);
    let stack = Stack::<u64>::create(&memory, "s", 1).unwrap();
    refused(
        stack.pop_timeout(Duration::from_millis(5)),
        ErrorKind::TimedOut,
        "the deadline passed before the operation could be done",
    );
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(stack.pop_timeout(DEADLINE).unwrap(), 1));
        stack.push(1).unwrap();
    });
    stack.push(2).unwrap();
    assert_eq!(stack.push_timeout(3, Duration::from_millis(5)).unwrap_err().kind(), ErrorKind::TimedOut);
    std::thread::scope(|scope| {
        scope.spawn(|| stack.push_timeout(3, DEADLINE).unwrap());
        assert_eq!(stack.pop().unwrap(), 2);
    });
    assert_eq!(stack.pop_deadline(Instant::now()).unwrap(), 3);
    works(&stack);
}

#[test]
fn read_only_handles_look() {
    let (name, memory) = segment(1 << 16);
    let stack = Stack::<u64>::create(&memory, "s", 2).unwrap();
    stack.push_many(&[1, 2]).unwrap();
    let reader = Stack::<u64>::open(&Memory::open_read_only(&name).unwrap(), "s").unwrap();
    assert_eq!(reader.peek().unwrap(), Some(2));
    stack.pop().unwrap();
    assert_eq!((reader.peek().unwrap(), reader.len().unwrap()), (Some(1), 1));
    for kind in [
        reader.try_push(1).unwrap_err().kind(),
        reader.push(1).unwrap_err().kind(),
        reader.try_pop().unwrap_err().kind(),
        reader.pop().unwrap_err().kind(),
        reader.try_pop_many(&mut [0]).unwrap_err().kind(),
    ] {
        assert_eq!(kind, ErrorKind::ReadOnly);
    }
}

#[test]
fn other_kinds_and_elements_are_refused() {
    let (_name, memory) = segment(1 << 16);
    Stack::<u64>::create(&memory, "s", 2).unwrap();
    Queue::<u64>::create(&memory, "q", 2).unwrap();
    assert_eq!(Stack::<u64>::open(&memory, "q").unwrap_err().kind(), ErrorKind::KindMismatch);
    assert_eq!(Stack::<f64>::open(&memory, "s").unwrap_err().kind(), ErrorKind::TypeMismatch);
    assert_eq!(Stack::<u64>::open(&memory, "x").unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(Stack::<u64>::create(&memory, "s", 2).unwrap_err().kind(), ErrorKind::Exists);
}

#[test]
fn without_a_record_sizes_and_states_decide() {
    let name = Name::new();
    let memory = Memory::options().duck_typed(true).create(&name, 1 << 16).unwrap();
    let stack = Stack::<u64>::create(&memory, "s", 3).unwrap();
    stack.push(9).unwrap();
    let stack = Stack::<u64>::open(&memory, "s").unwrap();
    assert_eq!(stack.pop().unwrap(), 9);
    works(&stack);
    assert_eq!(Stack::<[u64; 2]>::open(&memory, "s").unwrap_err().kind(), ErrorKind::TypeMismatch);
    Queue::<[u64; 2]>::create(&memory, "q", 4).unwrap();
    assert!(Stack::<u64>::open(&memory, "q").is_err());
}

/// Every word of a small stack set to every hostile value: nothing panics, hangs or leaves the mapping.
#[test]
fn hostile_words() {
    let (name, memory) = segment(1 << 16);
    Stack::<u64>::create(&memory, "s", 3).unwrap();
    let at = memory.structures().unwrap()[0].offset() as usize;
    let scribble = sys::Scribble::map(&name.path()).unwrap();
    let words = 2 + 3 * 3;
    for held in [0, 1, 3] {
        for word in (0..words).filter(|word| *word != 1) {
            for value in hostile() {
                for index in 0..words {
                    let capacity = if index == 1 { 3 } else { 0 };
                    let state = if index > 1 && (index - 2) % 3 == 0 { 1 } else { capacity };
                    scribble.word(at + 8 * index).store(state, Ordering::Relaxed);
                }
                let stack = Stack::<u64>::open(&memory, "s").unwrap();
                (0..held).for_each(|value| stack.push(value).unwrap());
                scribble.word(at + 8 * word).store(value, Ordering::Relaxed);
                use_it(&stack);
            }
        }
    }
    for capacity in [0, 2, 4, 1 << 24, u64::MAX] {
        scribble.word(at + 8).store(capacity, Ordering::Relaxed);
        assert_eq!(Stack::<u64>::open(&memory, "s").unwrap_err().kind(), ErrorKind::Corrupt, "{capacity}");
    }
}

fn hostile() -> impl Iterator<Item = u64> {
    let tops =
        (0..=4).flat_map(|node: u64| (0..8).flat_map(move |low| [0, 1, 2, 3].map(|tag| node << 40 | tag << 3 | low)));
    let states = (0..4).flat_map(|tag| [0, 1 << 2, 0xff_ffff << 2].map(|owner| tag | owner | 2 << 27));
    let links = (0..=4).flat_map(|below| (0..=4).map(move |depth| below | depth << 24));
    tops.chain(states).chain(links).chain([u64::MAX, 1 << 63, u64::MAX >> 1])
}

fn use_it(stack: &Stack<u64>) {
    let start = Instant::now();
    let brief = Duration::from_micros(100);
    for _ in 0..8 {
        let _ = (stack.try_push(1), stack.peek(), stack.len(), stack.push_timeout(2, brief));
        let _ =
            (stack.try_pop(), stack.pop_timeout(brief), stack.try_push_many(&[1, 2]), stack.try_pop_many(&mut [0; 4]));
    }
    assert!(start.elapsed() < DEADLINE);
}

const CHILD: &str = "ZEROIPC_TEST_CHILD";

/// A process of its own that does what `task` says.
fn process(task: &str, segment: &str, number: u64) -> Script {
    let script = Script::new(std::env::current_exe().unwrap()).args(["--exact", "child", "--ignored", "--nocapture"]);
    script.env(CHILD, format!("{task} {segment} {number}")).quiet()
}

#[test]
#[ignore = "what the other tests run in processes of their own"]
fn child() {
    let Ok(task) = std::env::var(CHILD) else { return };
    actor::begin();
    let mut words = task.split(' ');
    let (task, segment, number) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    let number: u64 = number.parse().unwrap();
    let memory = Memory::open(segment).unwrap();
    let stack = Stack::<Item>::open(&memory, "items").unwrap();
    let sums = zeroipc::Array::<u64>::open(&memory, "sums").unwrap();
    let each = sums.load(0);
    match task {
        "push" => {
            for sequence in 0..each {
                stack.push_timeout(Item::new(number, sequence), DEADLINE).unwrap();
            }
        }
        _ => {
            let mut out = [Item::new(0, 0); 5];
            while sums.load(1) < sums.load(2) {
                let popped = stack.pop_many_timeout(&mut out, Duration::from_millis(20)).unwrap();
                for item in &out[..popped] {
                    assert!(item.is_whole());
                    sums.fetch_add(3 + (item.producer * each + item.sequence) as usize, 1);
                }
                sums.fetch_add(1, popped as u64);
            }
        }
    }
}

/// Every element that some process pushed is popped by one process, once, and whole.
#[test]
fn many_processes() {
    for capacity in [1, 4, 100] {
        let (name, memory) = segment(1 << 22);
        let (pushers, each) = (3, count(2_000, 50_000));
        let stack = Stack::<Item>::create(&memory, "items", capacity).unwrap();
        let sums = zeroipc::Array::<u64>::create(&memory, "sums", 3 + pushers * each).unwrap();
        sums.store(0, each);
        sums.store(2, pushers * each);
        let mut children: Vec<_> = (0..pushers).map(|number| process("push", &name, number).start()).collect();
        children.extend((0..2).map(|number| process("pop", &name, number).start()));
        children.iter_mut().for_each(actor::Actor::wait_success);
        assert!((0..pushers * each).all(|index| sums.load(3 + index as usize) == 1));
        assert!(stack.is_empty().unwrap());
        assert_eq!(stack.try_push_many(&vec![Item::new(0, 0); capacity as usize]).unwrap() as u64, capacity);
    }
}
