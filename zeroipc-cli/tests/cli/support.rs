//! Segments to look at, and what the command says of them.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Output};

use zeroipc::{Array, Bool8, FixedStr, Memory, MemoryOptions, Queue, ShmLayout};

zeroipc::open_enum! {
    /// What a sensor says of itself.
    pub(crate) enum Status: u8 {
        /// All is well.
        OK = 0,
        /// Look at it.
        WARN = 1,
        /// Do not trust it.
        FAULT = 7,
    }
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
pub(crate) struct Position {
    #[shm(unit = "m")]
    pub(crate) x: f32,
    #[shm(unit = "m")]
    pub(crate) y: f32,
    #[shm(unit = "m")]
    pub(crate) z: f32,
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
pub(crate) struct Reading {
    pub(crate) id: u32,
    pub(crate) status: Status,
    pub(crate) _pad_5: [u8; 3],
    #[shm(unit = "degC")]
    pub(crate) temperature: f64,
    pub(crate) position: Position,
    pub(crate) ready: Bool8,
    pub(crate) label: FixedStr<11>,
}

#[derive(Clone, Copy, ShmLayout)]
#[repr(C)]
pub(crate) struct Track {
    pub(crate) points: [[Position; 2]; 2],
    pub(crate) raw: [u8; 40],
}

/// A name in the directory of shared memory that goes when the test does, however it ends.
#[derive(Debug)]
pub(crate) struct Name(String);

impl Name {
    pub(crate) fn new(case: &str) -> Name {
        let name = Name(format!("/zeroipc_cli_{}_{case}", std::process::id()));
        let _ = std::fs::remove_file(name.file());
        name
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn file(&self) -> PathBuf {
        PathBuf::from(format!("/dev/shm{}", self.0))
    }

    pub(crate) fn create(&self) -> Memory {
        self.create_with(Memory::options())
    }

    pub(crate) fn create_with(&self, options: MemoryOptions) -> Memory {
        options.create(&self.0, 1 << 20).expect("the segment is created")
    }

    /// A path below the segment.
    pub(crate) fn path(&self, structure: &str) -> String {
        format!("{}/{structure}", self.0)
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.file());
    }
}

pub(crate) fn reading(id: u32) -> Reading {
    Reading {
        id,
        status: [Status::OK, Status::WARN, Status(9)][id as usize % 3],
        _pad_5: [0; 3],
        temperature: 23.5 + f64::from(id),
        position: Position { x: 1.0, y: -0.25, z: 1e9 },
        ready: Bool8::new(id.is_multiple_of(2)),
        label: FixedStr::truncated("left \"one\""),
    }
}

/// An array of numbers, one of structs, and a queue of structs with three readings of which one was taken.
pub(crate) fn sensors(name: &Name) -> Memory {
    let memory = name.create();
    let temperature = Array::<f32>::create(&memory, "temperature", 1000).expect("an array");
    (0..1000_u16).for_each(|i| temperature.set(usize::from(i), f32::from(i) / 2.0));
    Array::<Track>::create(&memory, "tracks", 2).expect("an array");
    let readings = Queue::<Reading>::create(&memory, "readings", 8).expect("a queue");
    (6..9).for_each(|id| readings.try_push(reading(id)).expect("room"));
    readings.try_pop().expect("a reading");
    memory
}

/// Runs the command.
pub(crate) fn zeroipc<I: IntoIterator<Item: AsRef<OsStr>>>(args: I) -> Output {
    Command::new(env!("CARGO_BIN_EXE_zeroipc")).args(args).output().expect("the command runs")
}

/// The standard output of a run that succeeds and says nothing on the standard error.
pub(crate) fn shown<I: IntoIterator<Item: AsRef<OsStr>>>(args: I) -> String {
    let output = zeroipc(args);
    assert_eq!((output.status.code(), text(output.stderr).as_str()), (Some(0), ""));
    text(output.stdout)
}

/// The exit code and the standard error of a run that prints nothing else.
pub(crate) fn refused<I: IntoIterator<Item: AsRef<OsStr>>>(args: I) -> (i32, String) {
    let output = zeroipc(args);
    assert_eq!(text(output.stdout), "");
    (output.status.code().expect("no signal ends the command"), text(output.stderr))
}

pub(crate) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("the output is UTF-8")
}
