//! Messages from one process to another: the queue beside what the system and others offer. All of them wait when there is
//! nothing to do, and are given as many messages as they manage in about the same time.

use std::hint::black_box;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use zeroipc::{Queue, Result, ShmLayout};

use crate::measure::{Candidate, take_turns};
use crate::process::beside;
use crate::report::{Comparison, Report};
use crate::scenario::memory;

pub(super) fn add(report: &mut Report, repeat: usize, scale: u64) -> Result<()> {
    let tools = Tools::find();
    report.add(messages::<8, u64>(7, &tools, repeat, 1_000_000 / scale)?);
    report.add(messages::<1024, [u64; 128]>([7; 128], &tools, repeat, 300_000 / scale)?);
    Ok(())
}

/// What the machine has; what is missing is told and left out.
struct Tools {
    redis: Option<Redis>,
    boost: Option<PathBuf>,
}

impl Tools {
    fn find() -> Tools {
        let (redis, boost) = (Redis::start(), build_boost());
        if redis.is_none() {
            eprintln!("without Redis: there is no `redis-server` here (Debian: redis-server)");
        }
        if boost.is_none() {
            eprintln!("without Boost.Interprocess: no `c++` with its headers here (Debian: g++, libboost-dev)");
        }
        Tools { redis, boost }
    }
}

fn messages<const SIZE: usize, T: ShmLayout>(value: T, tools: &Tools, repeat: usize, count: u64) -> Result<Comparison> {
    let memory = memory()?;
    let queue = Queue::<T>::create(&memory, "messages", 1024)?;
    let ours = || {
        beside(
            || (0..count).for_each(|_| queue.push(black_box(value)).expect("there is room")),
            || {
                (0..count).for_each(|_| {
                    black_box(queue.pop().expect("a message comes"));
                })
            },
        )
    };
    let few = (count / 10).max(1);
    let more = (count / few) as u32;
    let mut candidates: Vec<Candidate<'_>> = vec![
        ("zeroipc queue", Box::new(ours)),
        ("Unix stream socket", Box::new(move || socket::<SIZE>(few) * more)),
        ("pipe", Box::new(move || pipe::<SIZE>(few) * more)),
        ("POSIX message queue", Box::new(move || posix_queue::<SIZE>(few) * more)),
    ];
    if let Some(program) = &tools.boost {
        candidates.push(("Boost.Interprocess queue", Box::new(move || boost(program, few, SIZE) * more)));
    }
    if let Some(redis) = &tools.redis {
        let fewer = (count / 100).max(1);
        candidates.push((
            "Redis list, one by one",
            Box::new(move || redis.one_by_one::<SIZE>(fewer) * (count / fewer) as u32),
        ));
    }
    let samples = take_turns(repeat, candidates, |took| count as f64 / took.as_secs_f64() / 1e3);
    Ok(Comparison::new(format!("messages between two processes that wait, {SIZE} bytes"), "1,000/s", true, samples))
}

/// One process writes messages, another reads them.
fn through<const SIZE: usize>(mut writer: impl Write, mut reader: impl Read, count: u64) -> Duration {
    beside(
        || {
            let message = [7_u8; SIZE];
            (0..count).for_each(|_| writer.write_all(black_box(&message)).expect("the other side reads"));
        },
        || {
            let mut message = [0_u8; SIZE];
            (0..count).for_each(|_| reader.read_exact(black_box(&mut message)).expect("the other side writes"));
        },
    )
}

fn socket<const SIZE: usize>(count: u64) -> Duration {
    let (left, right) = UnixStream::pair().expect("a pair of sockets");
    through::<SIZE>(left, right, count)
}

fn pipe<const SIZE: usize>(count: u64) -> Duration {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    through::<SIZE>(writer, reader, count)
}

/// A message queue of the system, of which an unprivileged user may have ten messages at a time.
fn posix_queue<const SIZE: usize>(count: u64) -> Duration {
    let name = std::ffi::CString::new(format!("/zeroipc_bench_{}", std::process::id())).expect("a name without NUL");
    // SAFETY: zeros are valid for every field.
    let mut attributes: libc::mq_attr = unsafe { std::mem::zeroed() };
    (attributes.mq_maxmsg, attributes.mq_msgsize) = (10, SIZE as libc::c_long);
    let flags = libc::O_RDWR | libc::O_CREAT | libc::O_EXCL;
    // SAFETY: the name ends in NUL, the mode and the attributes are those that the flags ask for.
    let queue = unsafe { libc::mq_open(name.as_ptr(), flags, 0o600, &raw const attributes) };
    assert!(queue >= 0, "mq_open: {}", std::io::Error::last_os_error());
    // SAFETY: the name ends in NUL.
    unsafe { libc::mq_unlink(name.as_ptr()) };
    let took = beside(
        || {
            let message = [7_u8; SIZE];
            for _ in 0..count {
                // SAFETY: the pointer and the length are those of `message`.
                let sent = unsafe { libc::mq_send(queue, message.as_ptr().cast(), SIZE, 0) };
                assert_eq!(sent, 0, "mq_send: {}", std::io::Error::last_os_error());
            }
        },
        || {
            let mut message = [0_u8; SIZE];
            for _ in 0..count {
                // SAFETY: the pointer and the length are those of `message`, which is writable.
                let got = unsafe { libc::mq_receive(queue, message.as_mut_ptr().cast(), SIZE, std::ptr::null_mut()) };
                assert_eq!(got, SIZE as isize, "mq_receive: {}", std::io::Error::last_os_error());
            }
            black_box(message);
        },
    );
    // SAFETY: the descriptor is ours.
    unsafe { libc::mq_close(queue) };
    took
}

/// Compiles the program of `cpp/`; `None` without a compiler or without Boost.
fn build_boost() -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("cpp/boost_queue.cpp");
    let program = std::env::current_exe().ok()?.with_file_name("boost_queue");
    let mut compiler = Command::new("c++");
    compiler.args(["-O2", "-o"]).arg(&program).arg(source).args(["-lrt", "-pthread"]);
    let built = compiler.stderr(Stdio::null()).status().ok()?.success();
    built.then_some(program)
}

fn boost(program: &Path, count: u64, size: usize) -> Duration {
    let output = Command::new(program).args([count.to_string(), size.to_string()]).output().expect("it was just built");
    let seconds = String::from_utf8_lossy(&output.stdout);
    Duration::from_secs_f64(seconds.trim().parse().expect("it prints seconds"))
}

/// A server on a socket of its own, that ends with this value.
struct Redis {
    server: Child,
    directory: PathBuf,
}

impl Redis {
    /// `None` where there is none.
    fn start() -> Option<Redis> {
        let directory = std::env::temp_dir().join(format!("zeroipc_bench_redis_{}", std::process::id()));
        std::fs::create_dir_all(&directory).ok()?;
        let mut server = Command::new("redis-server");
        server.args(["--port", "0", "--save", "", "--appendonly", "no", "--daemonize", "no", "--dir"]).arg(&directory);
        server.arg("--unixsocket").arg(directory.join("socket"));
        match server.stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
            Ok(server) => {
                let redis = Redis { server, directory };
                redis.connect().map(|_| redis)
            }
            Err(_) => {
                let _ = std::fs::remove_dir_all(&directory);
                None
            }
        }
    }

    /// A connection; the server may need a moment.
    fn connect(&self) -> Option<UnixStream> {
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            match UnixStream::connect(self.directory.join("socket")) {
                Ok(stream) => return Some(stream),
                Err(_) if Instant::now() < deadline => std::thread::yield_now(),
                Err(_) => return None,
            }
        }
    }

    /// One process pushes to a list, another pops from it and waits: a request and an answer for each message.
    fn one_by_one<const SIZE: usize>(&self, count: u64) -> Duration {
        let push = format!("*3\r\n$5\r\nLPUSH\r\n$1\r\nq\r\n${SIZE}\r\n{}\r\n", "7".repeat(SIZE));
        let pop = "*3\r\n$5\r\nBRPOP\r\n$1\r\nq\r\n$1\r\n0\r\n";
        let mut pusher = self.connect().expect("the server runs");
        let mut popper = self.connect().expect("the server runs");
        beside(
            || (0..count).for_each(|_| request(&mut pusher, &push, |answer| answer.ends_with(b"\r\n"))),
            || {
                // `*2`, the list's name, then `$SIZE`, the message: it is there when its last byte is.
                let whole = 4 + 7 + format!("${SIZE}\r\n").len() + SIZE + 2;
                (0..count).for_each(|_| request(&mut popper, pop, |answer| answer.len() >= whole));
            },
        )
    }
}

/// Sends a request and reads until the answer is whole.
fn request(stream: &mut UnixStream, text: &str, whole: impl Fn(&[u8]) -> bool) {
    stream.write_all(text.as_bytes()).expect("the server reads");
    let (mut answer, mut len) = ([0_u8; 2048], 0);
    while len == 0 || !whole(&answer[..len]) {
        let read = stream.read(&mut answer[len..]).expect("the server answers");
        assert!(read > 0, "the server has ended");
        len += read;
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
