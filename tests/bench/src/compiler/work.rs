//! Where a compiler runs, and what a run of it took.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::candidates::{Candidate, OUT};
use super::schemas::Language;

/// A directory with the schemas, and one for what comes out; removed at the end.
pub(crate) struct Work {
    pub(crate) structs: usize,
    directory: PathBuf,
}

impl Work {
    pub(crate) fn new(structs: usize) -> Result<Work, String> {
        let directory = std::env::temp_dir().join(format!("zeroipc-bench-{}-{structs}", std::process::id()));
        let work = Work { structs, directory };
        make(&work.directory)?;
        for language in [Language::Zipc, Language::FlatBuffers, Language::Protobuf] {
            let file = work.directory.join(language.file());
            std::fs::write(&file, language.schema(structs)).map_err(|error| cannot("write", &file, &error))?;
        }
        Ok(work)
    }

    fn out(&self) -> PathBuf {
        self.directory.join("out")
    }

    /// Runs a candidate and returns the seconds from its start to its end.
    pub(crate) fn run(&self, candidate: &Candidate, ours: &Path) -> Result<f64, String> {
        let out = self.out();
        if out.exists() {
            std::fs::remove_dir_all(&out).map_err(|error| cannot("remove", &out, &error))?;
        }
        make(&out)?;
        let program = candidate.program(ours);
        let mut command = Command::new(&program);
        command.current_dir(&self.directory).stdin(Stdio::null()).stdout(Stdio::null());
        command.args(candidate.arguments.iter().map(|argument| if *argument == OUT { "out" } else { argument }));
        command.arg(candidate.language.file());
        let start = Instant::now();
        let status = command.status().map_err(|error| cannot("start", &program, &error))?;
        let seconds = start.elapsed().as_secs_f64();
        if status.success() { Ok(seconds) } else { Err(format!("`{}` failed: {status}", candidate.name)) }
    }

    /// The bytes of all files that the last run has written.
    pub(crate) fn written(&self) -> Result<u64, String> {
        let (mut bytes, mut directories) = (0, vec![self.out()]);
        while let Some(directory) = directories.pop() {
            let entries = std::fs::read_dir(&directory).map_err(|error| cannot("list", &directory, &error))?;
            for entry in entries {
                let found = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)));
                let (path, metadata) = found.map_err(|error| cannot("list", &directory, &error))?;
                if metadata.is_dir() {
                    directories.push(path);
                } else {
                    bytes += metadata.len();
                }
            }
        }
        Ok(bytes)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // Nothing can be done about a directory that does not go.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn make(directory: &Path) -> Result<(), String> {
    std::fs::create_dir_all(directory).map_err(|error| cannot("create", directory, &error))
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> String {
    format!("cannot {what} `{}`: {error}", path.display())
}
