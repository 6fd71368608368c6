//! Segment names that go away with the test.

use std::path::PathBuf;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

/// What every name of ours begins with; the process id and a number follow.
const PREFIX: &str = "zeroipc_t_";

/// A segment name of this process that nobody else uses. Dropping it removes what is there.
///
/// What a killed test has left is removed when the next process makes its first name.
#[derive(Debug)]
pub struct Name(String);

impl Name {
    /// A fresh name.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Name {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        static SWEEP: Once = Once::new();
        SWEEP.call_once(|| {
            sweep();
            // A test that hangs in this process ends all the same.
            crate::sys::alarm(if crate::scale::is_full() { 900 } else { 300 });
        });
        Name(format!("/{PREFIX}{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    /// The name, with its `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the file is.
    pub fn path(&self) -> PathBuf {
        path_of(&self.0)
    }

    /// Whether there is anything of this name.
    pub fn exists(&self) -> bool {
        self.path().symlink_metadata().is_ok()
    }

    /// Removes what is there, if anything is.
    pub fn remove(&self) {
        let _ = std::fs::remove_file(self.path());
        let _ = std::fs::remove_dir(self.path());
    }
}

impl std::ops::Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        self.remove();
    }
}

/// The file of a segment.
pub fn path_of(name: &str) -> PathBuf {
    PathBuf::from(format!("/dev/shm{name}"))
}

/// Removes what tests of dead processes have left.
fn sweep() {
    let Ok(entries) = std::fs::read_dir("/dev/shm") else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('_').next()?.parse::<u32>().ok());
        if pid.is_some_and(|pid| !PathBuf::from(format!("/proc/{pid}")).exists()) {
            let _ = std::fs::remove_file(entry.path());
            let _ = std::fs::remove_dir(entry.path());
        }
    }
}
