//! Arrays and queues: what they do, and what they refuse.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use zeroipc::{Array, AtomicInteger, AtomicNumber, Bool8, Error, ErrorKind, FixedStr, Memory, Queue, ShmLayout};
use zeroipc_tests::actor::Script;
use zeroipc_tests::names::Name;
use zeroipc_tests::types::{Aligned, Big, Fix, Item, Mode, Odd};
use zeroipc_tests::{DEADLINE, SOON};

fn actor(operation: &str, segment: &str) -> Script {
    Script::new(env!("CARGO_BIN_EXE_actor")).arg(operation).arg(segment)
}

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

#[track_caller]
fn panics<T>(said: &str, operation: impl FnOnce() -> T) {
    let panic = catch_unwind(AssertUnwindSafe(operation)).err().expect("it panics");
    assert_eq!(panic.downcast_ref::<String>().unwrap(), said);
}

mod array {
    use super::*;

    /// Every value is read back by get, read, iteration and another handle.
    fn keeps<T: ShmLayout + PartialEq + std::fmt::Debug>(values: &[T]) {
        let (name, memory) = segment(1 << 20);
        let array = Array::<T>::create(&memory, "a", values.len() as u64).unwrap();
        assert_eq!(array.len(), values.len());
        assert_eq!(array.name(), "a");
        for (index, value) in values.iter().enumerate() {
            array.set(index, *value);
            assert_eq!(array.get(index), Some(*value));
        }
        let other = Array::<T>::open(&Memory::open_read_only(&name).unwrap(), "a").unwrap();
        assert_eq!(other.to_vec(), values);
        assert!(other.iter().eq(values.iter().copied()));
        let mut out = values.to_vec();
        out.rotate_left(1);
        array.write(0, &out).unwrap();
        let mut back = values.to_vec();
        other.read(0, &mut back).unwrap();
        assert_eq!(back, out);
        assert_eq!(other.get(values.len()), None);
        assert_eq!(other.get(usize::MAX), None);
        array.fill(values[0]);
        assert!(other.iter().all(|value| value == values[0]));
    }

    #[test]
    fn every_scalar() {
        keeps(&[0_u8, 1, u8::MAX]);
        keeps(&[0_u16, 1, u16::MAX]);
        keeps(&[0_u32, 1, u32::MAX]);
        keeps(&[0_u64, 1, u64::MAX]);
        keeps(&[0_i8, -1, i8::MIN, i8::MAX]);
        keeps(&[0_i16, -1, i16::MIN, i16::MAX]);
        keeps(&[0_i32, -1, i32::MIN, i32::MAX]);
        keeps(&[0_i64, -1, i64::MIN, i64::MAX]);
        keeps(&[0.0_f32, -0.0, f32::INFINITY, f32::MIN_POSITIVE]);
        keeps(&[0.0_f64, -0.0, f64::NEG_INFINITY, f64::MAX]);
        keeps(&[Bool8::FALSE, Bool8::TRUE]);
    }

    #[test]
    fn everything_else() {
        keeps(&[Mode::IDLE, Mode::RUN, Mode(77)]);
        keeps(&[FixedStr::<5>::EMPTY, "abcde".try_into().unwrap()]);
        keeps(&[[1_u8, 2, 3], [4, 5, 6]]);
        keeps(&[[[1_f32; 3]; 7], [[2.0; 3]; 7]]);
        keeps(&[Odd { bytes: [1; 13] }, Odd { bytes: [2; 13] }, Odd { bytes: [3; 13] }]);
        keeps(&[Item::new(1, 2), Item::new(3, 4)]);
        keeps(&[Big::new(1), Big::new(2)]);
        keeps(&[Aligned { first: 1, rest: [2; 31] }, Aligned { first: 3, rest: [4; 31] }]);
        let fix = Fix { lat: 1.0, lon: 2.0, label: "x".try_into().unwrap(), mode: Mode::RUN, _pad_29: [0; 3] };
        keeps(&[fix, Fix { lat: 3.0, ..fix }]);
    }

    #[test]
    fn new_elements_are_zero() {
        let (_name, memory) = segment(1 << 20);
        for (name, len) in [("one", 1), ("many", 50_000)] {
            assert!(Array::<u8>::create(&memory, name, len).unwrap().iter().all(|byte| byte == 0));
        }
    }

    #[test]
    fn nan_keeps_its_bits() {
        let (_name, memory) = segment(1 << 16);
        let array = Array::<f64>::create(&memory, "a", 1).unwrap();
        let odd = f64::from_bits(0x7ff0_0000_dead_beef | 1 << 51);
        array.set(0, odd);
        assert_eq!(array.get(0).unwrap().to_bits(), odd.to_bits());
        array.store(0, odd);
        assert_eq!(array.load(0).to_bits(), odd.to_bits());
    }

    #[test]
    fn data_is_aligned() {
        let (_name, memory) = segment(1 << 20);
        for round in 0..4 {
            Array::<u8>::create(&memory, &format!("u{round}"), 1 + round).unwrap();
            let aligned = Array::<Aligned>::create(&memory, &format!("a{round}"), 2).unwrap();
            assert_eq!(aligned.as_ptr() as usize % 256, 0);
        }
        for structure in memory.structures().unwrap() {
            assert_eq!((structure.offset() + 8) % 64, 0, "{structure}");
        }
    }

    fn whole_numbers<T>(min: T, max: T, one: T, three: T)
    where
        T: AtomicInteger + PartialEq + std::fmt::Debug,
    {
        let (_name, memory) = segment(1 << 16);
        // The neighbours must not be touched.
        let array = Array::<T>::create(&memory, "a", 3).unwrap();
        let zero = array.load(1);
        array.store(1, max);
        assert_eq!(array.fetch_add(1, one), max);
        assert_eq!(array.load(1), min, "it wraps around");
        assert_eq!(array.fetch_sub(1, one), min);
        assert_eq!(array.load(1), max);
        assert_eq!(array.swap(1, three), max);
        assert_eq!(array.compare_exchange(1, one, max), Err(three));
        assert_eq!(array.compare_exchange(1, three, one), Ok(three));
        assert_eq!(array.fetch_max(1, three), one);
        assert_eq!(array.fetch_max(1, one), three);
        assert_eq!(array.fetch_min(1, one), three);
        assert_eq!(array.fetch_min(1, min), one);
        assert_eq!(array.load(1), min);
        array.store(1, three);
        assert_eq!(array.fetch_and(1, one), three);
        assert_eq!(array.fetch_or(1, three), one);
        assert_eq!(array.fetch_xor(1, three), three);
        assert_eq!(array.load(1), zero);
        assert_eq!((array.load(0), array.load(2)), (zero, zero));
    }

    #[test]
    fn atomics_of_whole_numbers() {
        whole_numbers(u8::MIN, u8::MAX, 1, 3);
        whole_numbers(u16::MIN, u16::MAX, 1, 3);
        whole_numbers(u32::MIN, u32::MAX, 1, 3);
        whole_numbers(u64::MIN, u64::MAX, 1, 3);
        whole_numbers(i8::MIN, i8::MAX, 1, 3);
        whole_numbers(i16::MIN, i16::MAX, 1, 3);
        whole_numbers(i32::MIN, i32::MAX, 1, 3);
        whole_numbers(i64::MIN, i64::MAX, 1, 3);
    }

    fn floats<T>(of: impl Fn(f32) -> T, is_nan: impl Fn(T) -> bool)
    where
        T: AtomicNumber + PartialEq + std::fmt::Debug,
    {
        let (_name, memory) = segment(1 << 16);
        let array = Array::<T>::create(&memory, "a", 3).unwrap();
        assert_eq!(array.fetch_add(1, of(1.5)), of(0.0));
        assert_eq!(array.fetch_sub(1, of(0.5)), of(1.5));
        assert_eq!(array.swap(1, of(7.0)), of(1.0));
        assert_eq!(array.compare_exchange(1, of(7.0), of(2.0)), Ok(of(7.0)));
        assert_eq!(array.fetch_max(1, of(f32::INFINITY)), of(2.0));
        assert_eq!(array.fetch_min(1, of(-1.0)), of(f32::INFINITY));
        // A NaN loses to a number, whichever side it is on.
        array.fetch_min(1, of(f32::NAN));
        array.fetch_max(1, of(f32::NAN));
        assert_eq!(array.load(1), of(-1.0));
        array.store(1, of(f32::NAN));
        assert!(is_nan(array.fetch_min(1, of(5.0))));
        assert_eq!(array.load(1), of(5.0));
        array.store(1, of(f32::NAN));
        assert!(is_nan(array.fetch_max(1, of(f32::NAN))));
        assert!(is_nan(array.load(1)), "both are NaN");
        // Sums follow the machine.
        array.fetch_add(1, of(1.0));
        assert!(is_nan(array.load(1)));
        // A NaN equals itself here: bits are compared.
        assert!(array.compare_exchange(1, array.load(1), of(1.0)).is_ok());
        array.store(1, of(0.0));
        assert!(array.compare_exchange(1, of(-0.0), of(1.0)).is_err(), "zeros of two signs have different bits");
        assert_eq!((array.load(0), array.load(2)), (of(0.0), of(0.0)));
    }

    #[test]
    fn atomics_of_floats() {
        floats(|x| x, f32::is_nan);
        floats(f64::from, f64::is_nan);
    }

    #[test]
    fn beyond_the_end() {
        let (_name, memory) = segment(1 << 16);
        let array = Array::<u32>::create(&memory, "a", 10).unwrap();
        for index in [10, 11, usize::MAX, usize::MAX / 4] {
            let said = format!("index {index} is out of bounds of array `a` with 10 elements");
            panics(&said, || array.set(index, 1));
            panics(&said, || array.load(index));
            panics(&said, || array.store(index, 1));
            panics(&said, || array.fetch_add(index, 1));
            panics(&said, || array.compare_exchange(index, 1, 1));
            assert_eq!(array.get(index), None);
        }
        let mut out = [7; 3];
        refused(array.read(8, &mut out), ErrorKind::OutOfBounds, "array `a`: 3 elements from 8 on reach beyond its 10");
        assert_eq!(out, [7; 3]);
        for start in [8, 10, 11, usize::MAX - 1, usize::MAX] {
            assert_eq!(array.write(start, &[1; 3]).unwrap_err().kind(), ErrorKind::OutOfBounds);
        }
        assert!(array.iter().all(|value| value == 0), "nothing was written");
        array.write(7, &[1; 3]).unwrap();
        array.write(10, &[]).unwrap();
        assert!(array.write(11, &[]).is_err());
    }

    #[test]
    fn zero_capacity() {
        let (_name, memory) = segment(1 << 16);
        let said = "array `a`: a capacity of 0 was asked for; ask for at least 1";
        refused(Array::<u8>::create(&memory, "a", 0), ErrorKind::BadArgument, said);
        refused(Array::<u8>::open_or_create(&memory, "a", 0), ErrorKind::BadArgument, said);
    }

    #[test]
    fn too_large_to_count() {
        let (_name, memory) = segment(1 << 16);
        for capacity in [u64::MAX, u64::MAX / 8, (u64::MAX - 7) / 8] {
            let error = Array::<u64>::create(&memory, "a", capacity).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::BadArgument | ErrorKind::OutOfSpace), "{error}");
        }
        refused(
            Array::<u64>::create(&memory, "a", u64::MAX),
            ErrorKind::BadArgument,
            "structure `a`: 18446744073709551615 elements of 8 bytes are more than memory can have",
        );
    }

    #[test]
    fn elements_are_whole_while_others_write() {
        let (_name, memory) = segment(1 << 16);
        let array = Array::<u64>::create(&memory, "a", 1).unwrap();
        let end = Instant::now() + Duration::from_millis(100);
        std::thread::scope(|scope| {
            for value in [0_u64, u64::MAX] {
                let array = array.clone();
                scope.spawn(move || {
                    while Instant::now() < end {
                        array.set(0, value);
                    }
                });
            }
            while Instant::now() < end {
                assert!(matches!(array.get(0), Some(0 | u64::MAX)));
            }
        });
    }

    #[test]
    fn outlives_its_memory() {
        let (name, memory) = segment(1 << 16);
        let array = Array::<u64>::create(&memory, "a", 4).unwrap();
        drop((name, memory));
        array.set(3, 9);
        assert_eq!(array.get(3), Some(9));
    }
}

mod queue {
    use super::*;

    #[test]
    fn smoke() {
        let (name, memory) = segment(1 << 16);
        let queue = Queue::<Item>::create(&memory, "q", 8).unwrap();
        let other = Queue::<Item>::open(&Memory::open(&name).unwrap(), "q").unwrap();
        assert_eq!(queue.name(), "q");
        assert_eq!(queue.try_pop().unwrap(), None);
        queue.push(Item::new(1, 2)).unwrap();
        assert_eq!(other.len().unwrap(), 1);
        assert_eq!(other.pop().unwrap(), Item::new(1, 2));
        assert!(queue.is_empty().unwrap());
    }

    #[test]
    fn capacity_is_rounded_up() {
        let (_name, memory) = segment(1 << 20);
        for (asked, got) in [(1, 1), (2, 2), (3, 4), (5, 8), (1000, 1024), (1024, 1024)] {
            let name = format!("q{asked}");
            assert_eq!(Queue::<u8>::create(&memory, &name, asked).unwrap().capacity(), got);
            assert_eq!(Queue::<u8>::open(&memory, &name).unwrap().capacity(), got);
            assert_eq!(Queue::<u8>::open_or_create(&memory, &name, asked).unwrap().capacity(), got);
        }
        for asked in [0, (1 << 31) + 1, u64::MAX] {
            let said = format!("queue `x`: a capacity of {asked} was asked for; 1 to 2147483648 are possible");
            refused(Queue::<u8>::create(&memory, "x", asked), ErrorKind::BadArgument, &said);
        }
    }

    #[test]
    fn many_laps_of_every_capacity() {
        let (_name, memory) = segment(1 << 20);
        for capacity in [1, 2, 4, 16] {
            let queue = Queue::<u64>::create(&memory, &format!("q{capacity}"), capacity).unwrap();
            let (mut pushed, mut popped) = (0, 0);
            for round in 0..2000 {
                let fill = round % (capacity + 1);
                while pushed - popped < fill {
                    assert_eq!(queue.len().unwrap(), pushed - popped);
                    queue.try_push(pushed).unwrap();
                    pushed += 1;
                }
                if pushed - popped == capacity {
                    assert!(queue.is_full().unwrap());
                    refused(queue.try_push(0), ErrorKind::Full, "the structure is full; pop something or wait");
                }
                while pushed > popped {
                    assert!(!queue.is_empty().unwrap());
                    assert_eq!(queue.try_pop().unwrap(), Some(popped));
                    popped += 1;
                }
                assert_eq!(queue.try_pop().unwrap(), None);
            }
        }
    }

    fn carries<T: ShmLayout + PartialEq + std::fmt::Debug>(values: &[T]) {
        let (_name, memory) = segment(1 << 20);
        let queue = Queue::<T>::create(&memory, "q", 4).unwrap();
        for _ in 0..5 {
            for value in values {
                queue.push(*value).unwrap();
                assert_eq!(queue.pop().unwrap(), *value);
            }
            assert_eq!(queue.try_push_many(values).unwrap(), values.len());
            let mut out = vec![values[0]; values.len()];
            assert_eq!(queue.try_pop_many(&mut out).unwrap(), values.len());
            assert_eq!(out, values);
        }
    }

    #[test]
    fn elements_of_every_size() {
        carries(&[1_u8, 255]);
        carries(&[1_u16, 2]);
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
        let queue = Queue::<u64>::create(&memory, "q", 8).unwrap();
        let values: Vec<u64> = (0..20).collect();
        assert_eq!(queue.try_push_many(&[]).unwrap(), 0);
        assert_eq!(queue.try_push_many(&values[..5]).unwrap(), 5);
        assert_eq!(queue.try_push_many(&values[5..]).unwrap(), 3);
        assert_eq!(queue.try_push_many(&values).unwrap(), 0);
        let mut out = [0; 6];
        assert_eq!(queue.try_pop_many(&mut []).unwrap(), 0);
        assert_eq!(queue.try_pop_many(&mut out).unwrap(), 6);
        assert_eq!(out, values[..6]);
        assert_eq!(queue.pop_many_timeout(&mut out, SOON).unwrap(), 2);
        assert_eq!(out[..2], [6, 7]);
        assert_eq!(queue.try_pop_many(&mut out).unwrap(), 0);
        assert_eq!(queue.pop_many_timeout(&mut out, Duration::from_millis(5)).unwrap(), 0);
        assert_eq!(queue.push_many_timeout(&values, Duration::from_millis(5)).unwrap(), 8);
        assert!(queue.is_full().unwrap());
    }

    #[test]
    fn bulk_waits_for_room() {
        let (_name, memory) = segment(1 << 16);
        let queue = Queue::<u64>::create(&memory, "q", 4).unwrap();
        let values: Vec<u64> = (0..1000).collect();
        let taker = queue.clone();
        let thread =
            std::thread::spawn(move || (0..1000).map(|_| taker.pop_timeout(DEADLINE).unwrap()).collect::<Vec<_>>());
        queue.push_many(&values).unwrap();
        assert_eq!(thread.join().unwrap(), values);
    }

    #[test]
    fn deadlines() {
        let (_name, memory) = segment(1 << 16);
        let queue = Queue::<u64>::create(&memory, "q", 1).unwrap();
        let said = "the deadline passed before the operation could be done";
        let wait = Duration::from_millis(20);
        let timed = |operation: &dyn Fn() -> Result<(), Error>, least: Duration| {
            let start = Instant::now();
            refused(operation(), ErrorKind::TimedOut, said);
            assert!(start.elapsed() >= least && start.elapsed() < DEADLINE);
        };
        timed(&|| queue.pop_timeout(wait).map(drop), wait);
        timed(&|| queue.pop_timeout(Duration::ZERO).map(drop), Duration::ZERO);
        timed(&|| queue.pop_deadline(Instant::now() + wait).map(drop), wait);
        queue.push_timeout(5, Duration::ZERO).unwrap();
        timed(&|| queue.push_timeout(6, wait), wait);
        timed(&|| queue.push_timeout(6, Duration::ZERO), Duration::ZERO);
        timed(&|| queue.push_deadline(6, Instant::now() + wait), wait);
        assert_eq!(queue.pop_timeout(Duration::MAX).unwrap(), 5);
        queue.push_timeout(6, Duration::MAX).unwrap();
    }

    #[test]
    fn blocked_consumer_of_another_process_is_woken() {
        let (name, memory) = segment(1 << 16);
        let queue = Queue::<u64>::create(&memory, "q", 4).unwrap();
        for operation in ["single", "many"] {
            let mut consumer = actor("pop", &name).stop_at("queue.wait.marked", 1).start();
            consumer.expect("reached");
            consumer.send("go");
            if operation == "single" {
                queue.push(7).unwrap();
            } else {
                assert_eq!(queue.try_push_many(&[7]).unwrap(), 1);
            }
            consumer.expect("done 7");
        }
    }

    #[test]
    fn blocked_producer_of_another_process_is_woken() {
        let (name, memory) = segment(1 << 16);
        let queue = Queue::<u64>::create(&memory, "q", 2).unwrap();
        for operation in ["single", "many"] {
            queue.push_many(&[1, 2]).unwrap();
            let mut producer = actor("push", &name).arg(3).stop_at("queue.wait.marked", 1).start();
            producer.expect("reached");
            producer.send("go");
            let mut out = [0; 2];
            if operation == "single" {
                assert_eq!(queue.pop().unwrap(), 1);
                producer.expect("done ()");
                assert_eq!(queue.try_pop_many(&mut out).unwrap(), 2);
                assert_eq!(out, [2, 3]);
            } else {
                assert_eq!(queue.try_pop_many(&mut out).unwrap(), 2);
                producer.expect("done ()");
                assert_eq!(queue.pop_timeout(SOON).unwrap(), 3);
            }
        }
    }

    #[test]
    fn all_waiters_get_theirs() {
        let (_name, memory) = segment(1 << 16);
        let queue = Queue::<u64>::create(&memory, "q", 4).unwrap();
        std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(|| queue.pop_timeout(DEADLINE).unwrap())).collect();
            for value in 0..8 {
                queue.push_timeout(value, DEADLINE).unwrap();
            }
            let mut got: Vec<u64> = all.into_iter().map(|one| one.join().unwrap()).collect();
            got.sort_unstable();
            assert_eq!(got, (0..8).collect::<Vec<_>>());
        });
    }

    #[test]
    fn contents_can_be_looked_at() {
        let (_name, memory) = segment(1 << 16);
        let queue = Queue::<u16>::create(&memory, "q", 4).unwrap();
        for value in 0..6 {
            queue.push(value).unwrap();
            if value < 3 {
                queue.pop().unwrap();
            }
        }
        let structure = memory.structures().unwrap().remove(0);
        assert_eq!(structure.to_string(), "q: queue<u16>[4]");
        let read = |skip, limit| -> Vec<u16> {
            let values = structure.read(&memory, skip, limit).unwrap();
            values.into_iter().map(|bytes| u16::from_le_bytes(bytes.try_into().unwrap())).collect()
        };
        assert_eq!(read(0, 9), [3, 4, 5]);
        assert_eq!(read(1, 1), [4]);
        assert_eq!(read(3, 9), [0_u16; 0]);
        assert_eq!(queue.len().unwrap(), 3);
    }
}

mod opening {
    use super::*;

    #[test]
    fn names_that_are_refused() {
        let (_name, memory) = segment(1 << 16);
        for (name, why) in [
            ("", "it is empty; give it at least one character"),
            (".schema", "names that begin with `.` are kept for the library; begin with a letter"),
            (".x", "names that begin with `.` are kept for the library; begin with a letter"),
            ("a/b", "it contains '/'; use letters, digits, `_`, `-` and `.`"),
            ("a\0", "it contains '\\0'; use letters, digits, `_`, `-` and `.`"),
            ("12345678901234567890123456789012", "it has 32 bytes and 31 fit; shorten it"),
        ] {
            let said = format!("structure name `{name}`: {why}");
            refused(Array::<u8>::create(&memory, name, 1), ErrorKind::BadName, &said);
            refused(Queue::<u8>::create(&memory, name, 1), ErrorKind::BadName, &said);
        }
        let longest = "1234567890123456789012345678901";
        Array::<u8>::create(&memory, longest, 1).unwrap();
        Array::<u8>::open(&memory, longest).unwrap();
        Array::<u8>::create(&memory, "Größe in µm", 1).unwrap();
        assert_eq!(memory.structures().unwrap()[1].name(), "Größe in µm");
    }

    #[test]
    fn what_is_not_there() {
        let (name, memory) = segment(1 << 16);
        let n = name.as_str();
        let said =
            format!("segment `{n}` has no structure `a`; create it first, or list what there is with `zeroipc ls {n}`");
        refused(Array::<u8>::open(&memory, "a"), ErrorKind::NotFound, &said);
        refused(Queue::<u8>::open(&memory, "a"), ErrorKind::NotFound, &said);
        let long = "x".repeat(100);
        assert_eq!(Array::<u8>::open(&memory, &long).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(Array::<u8>::open(&memory, "").unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn what_is_there_already() {
        let (name, memory) = segment(1 << 16);
        Array::<u8>::create(&memory, "a", 1).unwrap();
        let said = format!("segment `{}` has a structure `a` already; open it, or rename one", name.as_str());
        refused(Array::<u8>::create(&memory, "a", 1), ErrorKind::Exists, &said);
        refused(Queue::<u8>::create(&memory, "a", 1), ErrorKind::Exists, &said);
        assert_eq!(memory.structures().unwrap().len(), 1);
        // A name that begins like another is another.
        Array::<u8>::create(&memory, "ab", 1).unwrap();
        Array::<u8>::create(&memory, "A", 1).unwrap();
    }

    #[test]
    fn another_capacity() {
        let (_name, memory) = segment(1 << 16);
        Array::<u8>::create(&memory, "a", 5).unwrap();
        Queue::<u8>::create(&memory, "q", 5).unwrap();
        refused(
            Array::<u8>::open_or_create(&memory, "a", 6),
            ErrorKind::BadArgument,
            "array `a` exists with 5 elements and 6 were asked for; open it without a capacity",
        );
        refused(
            Queue::<u8>::open_or_create(&memory, "q", 9),
            ErrorKind::BadArgument,
            "queue `q` exists with a capacity of 8 and 16 were asked for; open it without a capacity",
        );
        assert_eq!(Queue::<u8>::open_or_create(&memory, "q", 7).unwrap().capacity(), 8);
    }

    #[test]
    fn another_kind() {
        let (name, memory) = segment(1 << 16);
        let n = name.as_str();
        Array::<u64>::create(&memory, "a", 5).unwrap();
        Queue::<u64>::create(&memory, "q", 5).unwrap();
        let said = |name: &str, is: &str, wanted: &str| {
            format!("`{name}` in segment `{n}`: expected kind {wanted}, found {is}; open it as what it is")
        };
        refused(Queue::<u64>::open(&memory, "a"), ErrorKind::KindMismatch, &said("a", "array", "queue"));
        refused(Array::<u64>::open(&memory, "q"), ErrorKind::KindMismatch, &said("q", "queue", "array"));
        refused(Array::<u64>::open_or_create(&memory, "q", 5), ErrorKind::KindMismatch, &said("q", "queue", "array"));
        refused(Queue::<u64>::open_or_create(&memory, "a", 5), ErrorKind::KindMismatch, &said("a", "array", "queue"));
    }

    macro_rules! variant {
        ($module:ident, $name:ident { $($(#[$attr:meta])* $field:ident : $ty:ty),* $(,)? }) => {
            mod $module {
                #[allow(unused_imports)]
                use super::super::*;
                #[derive(Clone, Copy, Debug, PartialEq, ShmLayout)]
                #[repr(C)]
                pub(super) struct $name { $($(#[$attr])* pub(super) $field: $ty),* }
            }
        };
    }

    zeroipc::open_enum! {
        enum Moved: u8 {
            IDLE = 0,
            RUN = 2,
        }
    }

    zeroipc::open_enum! {
        enum Renamed: u8 {
            IDLE = 0,
            WALK = 1,
        }
    }

    zeroipc::open_enum! {
        enum More: u8 {
            IDLE = 0,
            RUN = 1,
            FLY = 2,
        }
    }

    variant!(swapped, Fix {
        #[shm(unit = "deg")] lon: f64, #[shm(unit = "deg")] lat: f64, label: FixedStr<12>, mode: Mode, _pad_29: [u8; 3],
    });
    variant!(unit, Fix {
        #[shm(unit = "rad")] lat: f64, #[shm(unit = "deg")] lon: f64, label: FixedStr<12>, mode: Mode, _pad_29: [u8; 3],
    });
    variant!(moved, Fix {
        #[shm(unit = "deg")] lat: f64, #[shm(unit = "deg")] lon: f64, mode: Mode, label: FixedStr<12>, _pad_29: [u8; 3],
    });
    variant!(value, Fix {
        #[shm(unit = "deg")] lat: f64, #[shm(unit = "deg")] lon: f64, label: FixedStr<12>, mode: super::Moved, _pad_29: [u8; 3],
    });
    variant!(value_name, Fix {
        #[shm(unit = "deg")] lat: f64, #[shm(unit = "deg")] lon: f64, label: FixedStr<12>, mode: super::Renamed, _pad_29: [u8; 3],
    });
    variant!(kind, Fix {
        #[shm(unit = "deg")] lat: f64, #[shm(unit = "deg")] lon: i64, label: FixedStr<12>, mode: Mode, _pad_29: [u8; 3],
    });
    variant!(more, Fix {
        #[shm(unit = "deg")] lat: f64, #[shm(unit = "deg")] lon: f64, label: FixedStr<12>, mode: super::More, _pad_29: [u8; 3],
    });
    variant!(plain, Fix { lat: f64, lon: f64, label: [u8; 12], mode: u8, _pad_29: [u8; 3] });
    variant!(longer, Fix {
        #[shm(unit = "deg")] lat: f64, #[shm(unit = "deg")] lon: f64, label: FixedStr<12>, mode: Mode, _pad_29: [u8; 3], extra: u64,
    });

    /// The sentence of a refusal, without what is the same in all.
    fn difference<T: ShmLayout>(memory: &Memory) -> String {
        let n = memory.name();
        let error = Array::<T>::open(memory, "f").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TypeMismatch, "{error}");
        let queue = Queue::<T>::open(memory, "q").unwrap_err();
        let said = error.to_string();
        let begins = format!("array `f` in segment `{n}`: ");
        let rest = said.strip_prefix(&begins).unwrap_or_else(|| panic!("{said}"));
        let (what, after) = rest.split_once("; this side expects ").unwrap_or_else(|| panic!("{said}"));
        assert!(after.ends_with(": build both sides from one schema"), "{said}");
        let expected = format!("queue `q` in segment `{n}`: {what}; this side expects {after}");
        assert_eq!((queue.kind(), queue.to_string()), (ErrorKind::TypeMismatch, expected));
        what.to_owned()
    }

    #[test]
    fn another_type_is_told_by_its_first_difference() {
        let (_name, memory) = segment(1 << 16);
        Array::<Fix>::create(&memory, "f", 4).unwrap();
        Queue::<Fix>::create(&memory, "q", 4).unwrap();
        for (said, expected) in [
            (
                difference::<swapped::Fix>(&memory),
                "field `lon` at offset 0 is named `lon` here and `lat` in the segment",
            ),
            (difference::<unit::Fix>(&memory), "field `lat` has the unit `rad` here and `deg` in the segment"),
            (
                difference::<moved::Fix>(&memory),
                "field `mode` at offset 16 is named `mode` here and `label` in the segment",
            ),
            (difference::<value::Fix>(&memory), "field `mode` has the value `RUN` as 2 here and as 1 in the segment"),
            (
                difference::<value_name::Fix>(&memory),
                "field `mode` calls the value 1 `WALK` here and `RUN` in the segment",
            ),
            (difference::<kind::Fix>(&memory), "field `lon` is i64 here and f64 in the segment"),
            (difference::<longer::Fix>(&memory), "field `extra` at offset 32 is missing in the segment"),
            (difference::<u64>(&memory), "the element is u64 here and Fix in the segment"),
            (difference::<[f64; 4]>(&memory), "the element is [f64; 4] here and Fix in the segment"),
        ] {
            assert_eq!(said, expected);
        }
    }

    #[test]
    fn type_that_claims_no_difference_is_welcome() {
        let (_name, memory) = segment(1 << 16);
        let fixes = Array::<Fix>::create(&memory, "f", 4).unwrap();
        fixes.set(1, Fix { lat: 1.5, lon: 2.5, label: "x".try_into().unwrap(), mode: Mode::RUN, _pad_29: [0; 3] });
        let plain = Array::<plain::Fix>::open(&memory, "f").unwrap().get(1).unwrap();
        assert_eq!((plain.lat, plain.lon, plain.mode, plain.label[0]), (1.5, 2.5, 1, b'x'));
        assert_eq!(Array::<more::Fix>::open(&memory, "f").unwrap().get(1).unwrap().mode, More::RUN);
        Array::<[u8; 13]>::create(&memory, "text", 4).unwrap();
        Array::<FixedStr<13>>::open(&memory, "text").unwrap();
    }

    #[test]
    fn without_records_sizes_decide() {
        let name = Name::new();
        let memory = Memory::options().duck_typed(true).create(&name, 1 << 16).unwrap();
        Array::<u64>::create(&memory, "a", 5).unwrap().fill(3);
        let queue = Queue::<u64>::create(&memory, "q", 4).unwrap();
        for value in 0..7 {
            queue.push(value).unwrap();
            queue.pop().unwrap();
        }
        queue.push(7).unwrap();
        for structure in memory.structures().unwrap() {
            assert_eq!(structure.kind(), zeroipc::StructureKind::Unknown);
            assert_eq!(structure.read(&memory, 0, 1).unwrap_err().kind(), ErrorKind::BadArgument);
        }
        let other = Memory::open(&name).unwrap();
        // Whatever has the size is welcome.
        assert_eq!(Array::<f64>::open(&other, "a").unwrap().len(), 5);
        assert_eq!(Array::<[u8; 8]>::open(&other, "a").unwrap().get(0), Some([3, 0, 0, 0, 0, 0, 0, 0]));
        assert_eq!(Queue::<[u8; 7]>::open(&other, "q").unwrap().capacity(), 4, "7 bytes take 8");
        assert_eq!(Queue::<u64>::open(&other, "q").unwrap().try_pop().unwrap(), Some(7));
        let n = name.as_str();
        refused(
            Array::<u32>::open(&other, "a"),
            ErrorKind::TypeMismatch,
            &format!(
                "array `a` in segment `{n}`: each of its 5 elements takes 8 bytes, and this side's take 4; open it with \
                 the type it was created with"
            ),
        );
        assert_eq!(Queue::<Item>::open(&other, "q").unwrap_err().kind(), ErrorKind::TypeMismatch);
        assert_eq!(Queue::<u64>::open(&other, "a").unwrap_err().kind(), ErrorKind::Corrupt);
        assert_eq!(Array::<u64>::open(&other, "q").unwrap_err().kind(), ErrorKind::TypeMismatch);
    }

    #[test]
    fn over_aligned_type_wants_its_alignment() {
        let name = Name::new();
        let memory = Memory::options().duck_typed(true).create(&name, 1 << 16).unwrap();
        Array::<[u64; 32]>::create(&memory, "first", 1).unwrap();
        let error = Array::<Aligned>::open(&memory, "first").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TypeMismatch, "{error}");
        assert!(error.to_string().contains("which is no multiple of 256"), "{error}");
    }

    #[test]
    fn first_structure_of_a_segment_has_no_choice_of_its_place() {
        #[derive(Clone, Copy, Debug, PartialEq, ShmLayout)]
        #[repr(C, align(32))]
        struct Wide {
            words: [u64; 4],
        }
        let name = Name::new();
        let memory = Memory::options().duck_typed(true).create(&name, 1 << 16).unwrap();
        let error = Array::<Wide>::create(&memory, "wide", 2).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadArgument, "{error}");
        assert_eq!(Array::<Wide>::open(&memory, "wide").unwrap_err().kind(), ErrorKind::NotFound);
        Array::<u8>::create(&memory, "first", 1).unwrap();
        Array::<Wide>::create(&memory, "wide", 2).unwrap();
    }

    #[test]
    fn the_library_s_records_are_no_structure() {
        let (_name, memory) = segment(1 << 16);
        Array::<u64>::create(&memory, "a", 1).unwrap();
        assert_eq!(Array::<u8>::open(&memory, ".schema").unwrap_err().kind(), ErrorKind::KindMismatch);
    }

    #[test]
    fn a_duck_typed_handle_records_where_others_do() {
        let (name, memory) = segment(1 << 16);
        Array::<u64>::create(&memory, "recorded", 5).unwrap();
        let foreign = Memory::options().duck_typed(true).open(&name).unwrap();
        Queue::<u64>::create(&foreign, "recorded as well", 4).unwrap();
        Array::<Fix>::create(&memory, "recorded too", 2).unwrap();
        assert_eq!(Queue::<i64>::open(&memory, "recorded as well").unwrap_err().kind(), ErrorKind::TypeMismatch);
        assert_eq!(Array::<i64>::open(&foreign, "recorded").unwrap_err().kind(), ErrorKind::TypeMismatch);
        let kinds: Vec<String> = memory.structures().unwrap().iter().map(|one| one.kind().to_string()).collect();
        assert_eq!(kinds, ["array", "queue", "array"]);
    }
}
