//! Damaged segments, and everything that can be done with one.
//!
//! [`open_and_use`] is what a fuzz target would call: bytes in, errors or wrong data out, never more.

use std::hint::black_box;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use zeroipc::{Array, Memory, Queue, ShmLayout, StructureKind, TableVersion};

use crate::names::path_of;
use crate::rng::Rng;
use crate::sys::Scribble;
use crate::types::{Aligned, Big, Event, Fix, Item, Odd, Topics};

/// The kinds of segments that are damaged.
pub const SHAPES: u64 = 5;

/// A whole segment with structures of several types in use; `shape` below [`SHAPES`] says which kind of segment.
pub fn make(name: &str, shape: u64) -> Vec<u8> {
    let _ = std::fs::remove_file(path_of(name));
    let options = match shape {
        0 => Memory::options(),
        1 => Memory::options().table_version(TableVersion::V2),
        2 => Memory::options().duck_typed(true),
        3 => Memory::options().duck_typed(true).table_version(TableVersion::V2).table_size(16),
        _ => Memory::options().table_size(8),
    };
    let memory = options.create(name, 48 << 10).expect("the segment is created");
    fill(&memory);
    let bytes = std::fs::read(path_of(name)).expect("the segment is a file");
    let _ = std::fs::remove_file(path_of(name));
    bytes
}

fn fill(memory: &Memory) {
    let numbers = Array::<u64>::create(memory, "numbers", 20).expect("fits");
    numbers.fill(7);
    let queue = Queue::<u64>::create(memory, "q", 8).expect("fits");
    for value in 0..13 {
        queue.push(value).expect("there is room");
        if value > 4 {
            queue.pop().expect("there is one");
        }
    }
    let items = Queue::<Item>::create(memory, "items", 4).expect("fits");
    for sequence in 0..4 {
        items.push(Item::new(1, sequence)).expect("there is room");
    }
    let fixes = Array::<Fix>::create(memory, "fixes", 10).expect("fits");
    black_box(fixes.get(3));
    Queue::<Big>::create(memory, "big", 2).expect("fits");
    Array::<Aligned>::create(memory, "aligned", 2).expect("fits");
    if memory.table_size() > 8 {
        Queue::<Odd>::create(memory, "odd", 1).expect("fits").push(Odd { bytes: [3; 13] }).expect("there is room");
        Array::<f32>::create(memory, "floats", 100).expect("fits");
        Array::<Event>::create(memory, "events", 4).expect("fits").set(1, Event::bits(Topics::SENSOR));
    }
}

/// Damages a segment of the seed's choice in a way of the seed's choice; says what it did.
pub fn mutate(seed: u64) -> (Vec<u8>, String) {
    static WHOLE: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    let whole = WHOLE.get_or_init(|| {
        let name = format!("/zeroipc_t_{}_image", std::process::id());
        (0..SHAPES).map(|shape| make(&name, shape)).collect()
    });
    let mut rng = Rng::new(seed);
    let shape = rng.below(SHAPES);
    let mut bytes = whole[shape as usize].clone();
    let mut said = format!("shape {shape}");
    let interesting = interesting_offsets(&bytes);
    for _ in 0..1 + rng.below(4) {
        let at = match rng.below(4) {
            0 => rng.below(bytes.len() as u64) as usize,
            1 => rng.below(4096) as usize,
            _ => *rng.pick(&interesting) + 4 * rng.below(4) as usize,
        };
        said += &mutate_at(&mut bytes, at, &mut rng);
        if bytes.len() < 8 {
            break;
        }
    }
    (bytes, said)
}

/// Where something is that a reader acts on: header, entries, records, structures, cells.
fn interesting_offsets(bytes: &[u8]) -> Vec<usize> {
    // Whatever is not zero has a meaning.
    (0..bytes.len() / 8).map(|word| word * 8).filter(|at| bytes[*at..at + 8] != [0; 8]).collect()
}

fn mutate_at(bytes: &mut Vec<u8>, at: usize, rng: &mut Rng) -> String {
    const NUMBERS: [u64; 22] = [
        0,
        1,
        2,
        3,
        4,
        7,
        8,
        0x7f,
        0xff,
        0x100,
        0x7fff,
        0xffff,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_ffff,
        0xffff_fff8,
        1 << 32,
        1 << 37,
        (1 << 61) - 1,
        u64::MAX / 8,
        u64::MAX - 7,
        u64::MAX,
    ];
    let len = bytes.len();
    let put = |bytes: &mut Vec<u8>, at: usize, value: &[u8]| {
        let at = at.min(len.saturating_sub(value.len()));
        bytes[at..at + value.len()].copy_from_slice(value);
    };
    match rng.below(9) {
        0 => {
            let bit = rng.below(8);
            put(bytes, at, &[bytes[at.min(len - 1)] ^ 1 << bit]);
            format!(", bit {bit} at {at}")
        }
        1 => {
            let byte = rng.number() as u8;
            put(bytes, at, &[byte]);
            format!(", {byte:#x} at {at}")
        }
        2 => {
            let value = *rng.pick(&NUMBERS) as u32;
            put(bytes, at & !3, &value.to_le_bytes());
            format!(", u32 {value:#x} at {}", at & !3)
        }
        3 => {
            let value = *rng.pick(&NUMBERS);
            put(bytes, at & !7, &value.to_le_bytes());
            format!(", u64 {value:#x} at {}", at & !7)
        }
        4 => {
            let value = rng.number();
            put(bytes, at & !7, &value.to_le_bytes());
            format!(", u64 {value:#x} at {}", at & !7)
        }
        5 => {
            // A cell's word: any tag, waiters or not, positions near and far, owners that nobody has.
            let position = [0, 1, 7, 8, 13, 16, 1 << 20, (1 << 37) - 1, 1 << 37, (1 << 61) - 1][rng.below(10) as usize];
            let word = match rng.below(3) {
                0 => 2 | rng.below(1 << 24) << 3 | position << 27,
                tag => tag | 1 | rng.below(2) << 2 | position << 3,
            };
            put(bytes, at & !7, &word.to_le_bytes());
            format!(", cell {word:#x} at {}", at & !7)
        }
        6 => {
            let from = rng.below(len as u64) as usize / 8 * 8;
            let count = (8 + rng.below(200) as usize).min(len - from);
            let copy = bytes[from..from + count].to_vec();
            put(bytes, at & !7, &copy);
            format!(", {count} bytes of {from} at {at}")
        }
        7 => {
            let count = (1 + rng.below(300) as usize).min(len);
            let value = [0, 0xff, 0x01, 0x20][rng.below(4) as usize];
            put(bytes, at, &vec![value; count]);
            format!(", {count} bytes of {value:#x} at {at}")
        }
        _ => {
            let new = rng.below(len as u64 + 5000) as usize;
            bytes.resize(new, 0);
            format!(", cut to {new}")
        }
    }
}

/// Makes the damaged segment of a seed, uses it, and removes it.
pub fn mutate_and_use(name: &str, seed: u64) {
    let (bytes, _) = mutate(seed);
    open_and_use(name, &bytes);
}

/// Puts bytes where a segment would be, opens them, and does everything that can be done.
pub fn open_and_use(name: &str, bytes: &[u8]) {
    let path = path_of(name);
    let _ = std::fs::remove_file(&path);
    std::fs::write(&path, bytes).expect("the directory can be written to");
    if let Ok(memory) = Memory::open_read_only(name) {
        use_memory(&memory);
    }
    if let Ok(memory) = Memory::open(name) {
        use_memory(&memory);
        create_more(&memory);
        use_memory(&memory);
    }
    let _ = std::fs::remove_file(&path);
}

/// Everything that can be done with a segment, its results being of no interest.
pub fn use_memory(memory: &Memory) {
    let _ = black_box((memory.size(), memory.free(), memory.table_size(), memory.attachments(), memory.id()));
    let _ = black_box((memory.is_alive(0), memory.is_alive(1), memory.is_alive(u32::MAX)));
    if let Ok(structures) = memory.structures() {
        for structure in &structures {
            let _ = black_box(structure.to_string());
            let _ = black_box(structure.read(memory, 0, 10));
            let _ = black_box(structure.read(memory, 3, u64::MAX));
            let _ = black_box(structure.read(memory, u64::MAX, u64::MAX));
            if structure.kind() != StructureKind::Queue {
                use_array::<u64>(memory, structure.name());
            }
            use_queue(memory, structure.name(), 9_u64);
        }
    }
    use_array::<u64>(memory, "numbers");
    use_array::<f32>(memory, "floats");
    use_array::<Fix>(memory, "fixes");
    use_array::<Aligned>(memory, "aligned");
    use_array::<Odd>(memory, "numbers");
    use_array::<Event>(memory, "events");
    if let Ok(events) = Array::<Event>::open(memory, "events") {
        black_box(events.iter().take(10).map(|event| format!("{event:?} {:?}", event.tag().known())).count());
    }
    if let Ok(array) = Array::<u64>::open(memory, "numbers")
        && array.is_writable()
    {
        array.fetch_add(0, 1);
        array.fetch_max(array.len() - 1, 1);
    }
    use_queue(memory, "q", 7_u64);
    use_queue(memory, "items", Item::new(0, 0));
    use_queue(memory, "big", Big::new(5));
    use_queue(memory, "odd", Odd { bytes: [1; 13] });
}

fn use_array<T: ShmLayout>(memory: &Memory, name: &str) {
    let Ok(array) = Array::<T>::open(memory, name) else { return };
    let last = array.len() - 1;
    let (Some(value), Some(_)) = (array.get(0), array.get(last)) else { panic!("an array has elements") };
    assert!(array.get(array.len()).is_none());
    black_box(array.iter().take(1000).count());
    let mut out = vec![value; array.len().min(50)];
    array.read(array.len() - out.len(), &mut out).expect("within the array");
    array.read(array.len(), &mut out).expect_err("beyond the array");
    if array.is_writable() {
        array.set(last, value);
        array.write(0, &out).expect("within the array");
    }
}

fn use_queue<T: ShmLayout>(memory: &Memory, name: &str, value: T) {
    let Ok(queue) = Queue::<T>::open(memory, name) else { return };
    let _ = black_box((queue.len(), queue.is_empty(), queue.is_full(), queue.capacity()));
    for _ in 0..2 {
        let _ = queue.try_pop();
        let _ = queue.try_push(value);
    }
    let _ = queue.pop_timeout(Duration::from_micros(200));
    let _ = queue.push_timeout(value, Duration::from_micros(200));
    let mut out = [value; 3];
    let _ = black_box(queue.try_pop_many(&mut out));
    let _ = black_box(queue.try_push_many(&out));
    let _ = black_box(queue.pop_many_timeout(&mut out, Duration::from_micros(200)));
    let _ = black_box(queue.push_many_timeout(&out, Duration::from_micros(200)));
}

fn create_more(memory: &Memory) {
    let _ = black_box(Array::<u32>::create(memory, "new", 10).map(|array| array.fill(1)));
    let _ = black_box(Queue::<Item>::create(memory, "newer", 2).map(|queue| queue.try_push(Item::new(0, 0))));
    let _ = black_box(Array::<Aligned>::open_or_create(memory, "aligned", 2));
    let _ = black_box(Queue::<u64>::open_or_create(memory, "q", 8));
}

/// Two threads use a segment while another writes nonsense over it, for `time`.
pub fn scribble_while_used(name: &str, seed: u64, time: Duration) {
    let stop = AtomicBool::new(false);
    let end = Instant::now() + time;
    std::thread::scope(|scope| {
        let stop = &stop;
        for user in 0..2 {
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let opened = if user == 0 { Memory::open(name) } else { Memory::open_read_only(name) };
                    if let Ok(memory) = opened {
                        use_memory(&memory);
                        use_memory(&memory);
                    }
                }
            });
        }
        let mut rng = Rng::new(seed);
        let mut round = 0;
        while Instant::now() < end {
            let shape = round % SHAPES;
            round += 1;
            let whole = make(name, shape);
            let path = path_of(name);
            // A file of its own, so that whoever has the one before keeps it.
            let _ = std::fs::remove_file(&path);
            std::fs::write(&path, &whole).expect("the directory can be written to");
            let scribble = Scribble::map(&path).expect("the file can be mapped");
            let interesting = interesting_offsets(&whole);
            let slice = Instant::now() + Duration::from_millis(20);
            while Instant::now() < slice {
                for _ in 0..100 {
                    let at = *rng.pick(&interesting);
                    let good = u64::from_le_bytes(whole[at..at + 8].try_into().expect("8 bytes"));
                    let value = match rng.below(6) {
                        0 => rng.number(),
                        1 => rng.below(64),
                        2 => good ^ 1 << rng.below(64),
                        3 => good.wrapping_add(rng.below(1 << 10) << rng.below(40)),
                        // Most of the time things look right, so that users get far.
                        _ => good,
                    };
                    scribble.word(at).store(value, Ordering::Relaxed);
                }
                for (word, bytes) in whole.chunks_exact(8).enumerate() {
                    let good = u64::from_le_bytes(bytes.try_into().expect("8 bytes"));
                    if good != 0 {
                        scribble.word(word * 8).store(good, Ordering::Relaxed);
                    }
                }
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
}
