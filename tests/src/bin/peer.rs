//! The conformance peer in Rust: the same commands as the peers in C and Python.
//!
//! ```text
//! peer create SEGMENT SIZE
//! peer create-queue SEGMENT NAME CAPACITY          a queue of Item {u64 producer, u64 sequence, f64 value}
//! peer array-write SEGMENT NAME TYPE VALUES…       creates the array
//! peer array-read SEGMENT NAME TYPE                prints a JSON list
//! peer queue-produce SEGMENT NAME PRODUCER COUNT
//! peer queue-consume SEGMENT NAME COUNT            prints {"counts": {producer: n}, "sums": {producer: x}}
//! ```
//! An error goes to standard error as `error: <kind>: <sentence>`, and the exit code is 1; 2 for a wrong command line.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::str::FromStr;

use serde_json::{Value, json};
use zeroipc::{Array, Memory, Queue, ShmLayout};

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

fn main() -> ExitCode {
    if std::env::var_os(zeroipc_tests::actor::WATCHDOG).is_some() {
        zeroipc_tests::actor::begin();
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(line)) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(Failed::Usage(what)) => {
            eprintln!("error: Usage: {what}");
            ExitCode::from(2)
        }
        Err(Failed::Zeroipc(error)) => {
            eprintln!("error: {:?}: {error}", error.kind());
            ExitCode::FAILURE
        }
        Err(Failed::Order(what)) => {
            eprintln!("error: Order: {what}");
            ExitCode::FAILURE
        }
    }
}

fn parse<T: FromStr>(text: &str) -> Result<T, Failed> {
    text.parse().map_err(|_| Failed::Usage(format!("`{text}` is no {}", std::any::type_name::<T>())))
}

fn run(args: &[String]) -> Result<Option<Value>, Failed> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["create", segment, size] => {
            Memory::create(segment, parse(size)?)?;
            Ok(None)
        }
        ["create-queue", segment, name, capacity] => {
            Queue::<Item>::create(&Memory::open(segment)?, name, parse(capacity)?)?;
            Ok(None)
        }
        ["array-write", segment, name, ty, values @ ..] => by_type(ty, Task::Write(segment, name, values)),
        ["array-read", segment, name, ty] => by_type(ty, Task::Read(segment, name)),
        ["queue-produce", segment, name, producer, count] => {
            produce(&Queue::open(&Memory::open(segment)?, name)?, parse(producer)?, parse(count)?)
        }
        ["queue-consume", segment, name, count] => consume(&Queue::open(&Memory::open(segment)?, name)?, parse(count)?),
        other => Err(Failed::Usage(format!("no command {other:?}"))),
    }
}

#[derive(Clone, Copy)]
enum Task<'a> {
    Write(&'a str, &'a str, &'a [&'a str]),
    Read(&'a str, &'a str),
}

fn by_type(ty: &str, task: Task<'_>) -> Result<Option<Value>, Failed> {
    match ty {
        "u8" => array::<u8>(task),
        "u16" => array::<u16>(task),
        "u32" => array::<u32>(task),
        "u64" => array::<u64>(task),
        "i8" => array::<i8>(task),
        "i16" => array::<i16>(task),
        "i32" => array::<i32>(task),
        "i64" => array::<i64>(task),
        "f32" => array::<f32>(task),
        "f64" => array::<f64>(task),
        other => Err(Failed::Usage(format!("`{other}` is no type"))),
    }
}

fn array<T: ShmLayout + FromStr + Into<Value>>(task: Task<'_>) -> Result<Option<Value>, Failed> {
    match task {
        Task::Write(segment, name, values) => {
            let values: Vec<T> = values.iter().map(|value| parse(value)).collect::<Result<_, _>>()?;
            Array::<T>::open_or_create(&Memory::open(segment)?, name, values.len() as u64)?.write(0, &values)?;
            Ok(None)
        }
        Task::Read(segment, name) => {
            let array = Array::<T>::open(&Memory::open_read_only(segment)?, name)?;
            Ok(Some(Value::Array(array.iter().map(Into::into).collect())))
        }
    }
}

fn produce(queue: &Queue<Item>, producer: u64, count: u64) -> Result<Option<Value>, Failed> {
    for sequence in 0..count {
        queue.push(Item { producer, sequence, value: sequence as f64 * 0.5 })?;
    }
    Ok(None)
}

fn consume(queue: &Queue<Item>, count: u64) -> Result<Option<Value>, Failed> {
    let mut next = BTreeMap::<u64, u64>::new();
    let mut counts = BTreeMap::<u64, u64>::new();
    let mut sums = BTreeMap::<u64, f64>::new();
    for _ in 0..count {
        let item = queue.pop()?;
        let expected = next.entry(item.producer).or_insert(0);
        if item.sequence < *expected {
            let what = format!("{} of producer {} came behind {expected}", item.sequence, item.producer);
            return Err(Failed::Order(what));
        }
        *expected = item.sequence + 1;
        *counts.entry(item.producer).or_insert(0) += 1;
        *sums.entry(item.producer).or_insert(0.0) += item.value;
    }
    Ok(Some(json!({ "counts": counts, "sums": sums })))
}
