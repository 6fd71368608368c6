//! What is measured: our command with its languages, and its peers.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::schemas::Language;

/// One command: the program, its arguments, and the language of its schema.
pub(crate) struct Candidate {
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static [&'static str],
    pub(crate) language: Language,
    /// Whether the program writes files; their bytes are counted.
    pub(crate) writes: bool,
}

/// A candidate of ours.
const fn ours(name: &'static str, arguments: &'static [&'static str]) -> Candidate {
    Candidate { name, arguments, language: Language::Zipc, writes: true }
}

/// All candidates; the first is the one that the others are compared with. `OUT` is an empty directory.
pub(crate) const CANDIDATES: [Candidate; 11] = [
    ours("ours: C, C++, Python, Rust", &["--c", "--cpp", "--python", "--rust", "-o", OUT]),
    Candidate {
        name: "flatc: C++, Python",
        arguments: &["--cpp", "--python", "-o", OUT],
        language: Language::FlatBuffers,
        writes: true,
    },
    Candidate {
        name: "flatc: the same, one file each",
        arguments: &["--cpp", "--python", "--gen-onefile", "-o", OUT],
        language: Language::FlatBuffers,
        writes: true,
    },
    Candidate {
        name: "protoc: C++, Python",
        arguments: &["--cpp_out", OUT, "--python_out", OUT],
        language: Language::Protobuf,
        writes: true,
    },
    ours("ours: C++, Python", &["--cpp", "--python", "-o", OUT]),
    ours("ours: C", &["--c", "-o", OUT]),
    ours("ours: C++", &["--cpp", "-o", OUT]),
    ours("ours: Python", &["--python", "-o", OUT]),
    ours("ours: Rust", &["--rust", "-o", OUT]),
    ours("ours: JSON", &["--json", "-o", OUT]),
    Candidate { name: "ours: check", arguments: &["check"], language: Language::Zipc, writes: false },
];

/// Stands for the output directory.
pub(crate) const OUT: &str = "OUT";

impl Candidate {
    pub(crate) fn program(&self, ours: &Path) -> PathBuf {
        match self.language {
            Language::Zipc => ours.to_path_buf(),
            Language::FlatBuffers => PathBuf::from("flatc"),
            Language::Protobuf => PathBuf::from("protoc"),
        }
    }

    /// Whether the program can be started; says so if not.
    pub(crate) fn is_there(&self, ours: &Path) -> bool {
        let program = self.program(ours);
        let runs = Command::new(&program)
            .arg("--version")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !runs {
            let package = match self.language {
                Language::Zipc => "build it with `cargo build --release --package zeroipc-codegen`",
                Language::FlatBuffers => "Debian: flatbuffers-compiler",
                Language::Protobuf => "Debian: protobuf-compiler",
            };
            eprintln!("skipped `{}`: `{}` does not start ({package})", self.name, program.display());
        }
        runs
    }
}
