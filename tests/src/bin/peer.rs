//! The conformance peer in Rust. The peers in C and Python take the same commands; `runtimes/c/tests/peer.c` lists them.
//!
//! Every result is one line of JSON. A failure prints `{"status":"TYPE_MISMATCH","message":"…"}` and exits with 1; a wrong
//! call exits with 2. Blocking commands give up after 60 seconds.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};
use zeroipc::{Array, AtomicNumber, Bool8, Memory, Queue, ShmLayout};

const PATIENCE: Duration = Duration::from_secs(60);

/// The element of the queues that the peers share.
#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
struct Item {
    producer: u64,
    sequence: u64,
    value: f64,
}

enum Failed {
    Usage(String),
    Zeroipc(zeroipc::Error),
    Order(String),
}

impl From<zeroipc::Error> for Failed {
    fn from(error: zeroipc::Error) -> Failed {
        Failed::Zeroipc(error)
    }
}

type Answer = Result<Option<Value>, Failed>;

fn main() -> ExitCode {
    if std::env::var_os(zeroipc_tests::actor::WATCHDOG).is_some() {
        zeroipc_tests::actor::begin();
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (status, line) = match run(&args) {
        Ok(line) => (0, line),
        Err(Failed::Usage(what)) => {
            eprintln!("peer: {what}");
            (2, None)
        }
        Err(Failed::Zeroipc(error)) => (1, Some(json!({ "status": status(&error), "message": error.to_string() }))),
        Err(Failed::Order(what)) => (1, Some(json!({ "status": "ORDER", "message": what }))),
    };
    if let Some(line) = line {
        println!("{line}");
    }
    ExitCode::from(status)
}

/// An error's kind as C spells it: `TypeMismatch` is `TYPE_MISMATCH`.
fn status(error: &zeroipc::Error) -> String {
    let mut text = String::new();
    for c in format!("{:?}", error.kind()).chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(c.to_ascii_uppercase());
    }
    text
}

fn parse<T: FromStr>(text: &str) -> Result<T, Failed> {
    text.parse().map_err(|_| Failed::Usage(format!("`{text}` is no {}", std::any::type_name::<T>())))
}

fn run(args: &[&str]) -> Answer {
    match args {
        ["create", segment, size] => Memory::create(segment, parse(size)?).map(|_| None).map_err(Failed::from),
        ["unlink", segment] => Memory::unlink(segment).map(|()| None).map_err(Failed::from),
        ["list", segment] => list(&Memory::open_read_only(segment)?),
        ["attachments", segment] => Ok(Some(json!({ "attachments": Memory::open(segment)?.attachments()? }))),
        ["hold", segment] => hold(&Memory::open(segment)?),
        ["array-create", segment, name, ty, capacity] => by_type(ty, segment, name, Task::Create(parse(capacity)?)),
        ["array-write", segment, name, ty, values @ ..] => by_type(ty, segment, name, Task::Write(values)),
        ["array-read", segment, name, ty] => by_type(ty, segment, name, Task::Read),
        ["array-add", segment, name, ty, index, value, n] => {
            by_type(ty, segment, name, Task::Add(parse(index)?, value, parse(n)?))
        }
        ["create-queue", segment, name, capacity] => {
            Queue::<Item>::create(&Memory::open(segment)?, name, parse(capacity)?)?;
            Ok(None)
        }
        ["queue-open", segment, name, ty] => by_type(ty, segment, name, Task::OpenQueue),
        ["queue-produce", segment, name, producer, count] => {
            produce(&Queue::open(&Memory::open(segment)?, name)?, parse(producer)?, parse(count)?)
        }
        ["queue-consume", segment, name, count] => {
            consume(&Queue::open(&Memory::open(segment)?, name)?, Some(parse(count)?))
        }
        ["queue-drain", segment, name] => consume(&Queue::open(&Memory::open(segment)?, name)?, None),
        ["die-at", point, command @ ..] => {
            let _ = DIE_AT.set((*point).to_owned());
            zeroipc::points::install(die);
            run(command)
        }
        other => Err(Failed::Usage(format!("no command {other:?}"))),
    }
}

static DIE_AT: OnceLock<String> = OnceLock::new();

fn die(point: &'static str) {
    if DIE_AT.get().is_some_and(|wanted| wanted == point) {
        zeroipc_tests::sys::kill_self();
    }
}

fn list(memory: &Memory) -> Answer {
    let mut entries = Vec::new();
    for structure in memory.structures()? {
        let kind = structure.kind().to_string();
        let (name, offset, size) = (structure.name(), structure.offset(), structure.size());
        entries.push(json!({ "name": name, "offset": offset, "size": size, "kind": kind }));
    }
    Ok(Some(json!({ "entries": entries })))
}

fn hold(memory: &Memory) -> Answer {
    println!("{}", json!({ "id": memory.id()? }));
    let _ = std::io::stdout().flush();
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    Ok(None)
}

#[derive(Clone, Copy)]
enum Task<'a> {
    Create(u64),
    Write(&'a [&'a str]),
    Read,
    Add(usize, &'a str, u64),
    OpenQueue,
}

fn by_type(ty: &str, segment: &str, name: &str, task: Task<'_>) -> Answer {
    match ty {
        "u8" => number::<u8>(segment, name, task),
        "u16" => number::<u16>(segment, name, task),
        "u32" => number::<u32>(segment, name, task),
        "u64" => number::<u64>(segment, name, task),
        "i8" => number::<i8>(segment, name, task),
        "i16" => number::<i16>(segment, name, task),
        "i32" => number::<i32>(segment, name, task),
        "i64" => number::<i64>(segment, name, task),
        "f32" => number::<f32>(segment, name, task),
        "f64" => number::<f64>(segment, name, task),
        "bool8" => plain::<Bool8>(segment, name, task),
        "Item" => plain::<Item>(segment, name, task),
        other => Err(Failed::Usage(format!("`{other}` is no type"))),
    }
}

/// What can be done with any element.
fn plain<T: ShmLayout>(segment: &str, name: &str, task: Task<'_>) -> Answer {
    match task {
        Task::Create(capacity) => {
            Array::<T>::create(&Memory::open(segment)?, name, capacity)?;
            Ok(None)
        }
        Task::OpenQueue => {
            let queue = Queue::<T>::open(&Memory::open(segment)?, name)?;
            Ok(Some(json!({ "capacity": queue.capacity(), "len": queue.len()? })))
        }
        _ => {
            Array::<T>::open(&Memory::open(segment)?, name)?;
            Err(Failed::Usage("this type is only created and opened".into()))
        }
    }
}

fn number<T: AtomicNumber + FromStr + Into<Value>>(segment: &str, name: &str, task: Task<'_>) -> Answer {
    match task {
        Task::Write(values) => {
            let values: Vec<T> = values.iter().map(|value| parse(value)).collect::<Result<_, _>>()?;
            Array::<T>::open_or_create(&Memory::open(segment)?, name, values.len() as u64)?.write(0, &values)?;
            Ok(None)
        }
        Task::Read => {
            let array = Array::<T>::open(&Memory::open_read_only(segment)?, name)?;
            let values: Vec<Value> = array.iter().map(Into::into).collect();
            Ok(Some(json!({ "values": values })))
        }
        Task::Add(index, value, n) => {
            let array = Array::<T>::open(&Memory::open(segment)?, name)?;
            let value: T = parse(value)?;
            for _ in 0..n {
                array.fetch_add(index, value);
            }
            let after: Value = array.load(index).into();
            Ok(Some(json!({ "value": after })))
        }
        Task::Create(_) | Task::OpenQueue => plain::<T>(segment, name, task),
    }
}

fn produce(queue: &Queue<Item>, producer: u64, count: u64) -> Answer {
    for sequence in 0..count {
        queue.push_timeout(Item { producer, sequence, value: sequence as f64 }, PATIENCE)?;
    }
    Ok(None)
}

/// Takes so many items, or all there are, and checks the order of each producer's.
fn consume(queue: &Queue<Item>, count: Option<u64>) -> Answer {
    let mut producers = BTreeMap::<String, (u64, f64)>::new();
    let mut next = BTreeMap::<u64, u64>::new();
    let mut consumed = 0;
    while count.is_none_or(|count| consumed < count) {
        let item = match count {
            Some(_) => queue.pop_timeout(PATIENCE)?,
            None => match queue.try_pop()? {
                Some(item) => item,
                None => break,
            },
        };
        let expected = next.entry(item.producer).or_insert(0);
        if item.sequence < *expected {
            let what = format!("{} of producer {} came behind {expected}", item.sequence, item.producer);
            return Err(Failed::Order(what));
        }
        *expected = item.sequence + 1;
        let (number, sum) = producers.entry(item.producer.to_string()).or_default();
        *number += 1;
        *sum += item.value;
        consumed += 1;
    }
    let producers: BTreeMap<_, _> =
        producers.into_iter().map(|(id, (count, sum))| (id, json!({ "count": count, "sum": sum }))).collect();
    Ok(Some(json!({ "consumed": consumed, "producers": producers })))
}
