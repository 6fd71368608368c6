//! A reader that has seen enough.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use zeroipc::Array;

use crate::support::Name;

#[test]
fn a_pipe_that_is_closed_early_is_no_error() {
    let name = Name::new("pipe");
    let memory = name.create();
    Array::<u8>::create(&memory, "bytes", 900_000).expect("an array");
    for json in [&[][..], &["--json"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_zeroipc"))
            .args(["cat", "--all", &name.path("bytes")])
            .args(json)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let mut line = String::new();
        // Far less is read than is written, and more is written than a pipe holds.
        BufReader::with_capacity(64, child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        assert_eq!(line.split_whitespace().next_back(), Some("0"));
        let mut errors = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut errors).expect("text");
        assert_eq!((child.wait().expect("it ends").code(), errors.as_str()), (Some(0), ""));
    }
}
