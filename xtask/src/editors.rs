//! The editor extension's tests, on a copy under `target/`: nothing is installed into the source tree.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::run::{Failure, Program, Result, read, root, target, write};
use crate::tools;

/// Installs what the extension's tests need, copies it, and runs them with our own compiler.
pub(crate) fn editors() -> Result {
    if !tools::has("npm") {
        println!("skipped: there is no npm; install Node.js 20 or newer with npm to test `editors/`");
        return Ok(());
    }
    Program::cargo("build").args(["--quiet", "--package", "zeroipc-codegen"]).run()?;
    let source = root().join("editors/vscode");
    install(&source)?;
    let copy = copied(&source)?;
    Program::new("npm")
        .args(["test", "--silent"])
        .directory(copy)
        .env("ZEROIPC_ROOT", root())
        .env("ZEROIPC_CODEGEN", target().join("debug/zeroipc-codegen"))
        .run()
}

/// The directory above the copy, where Node.js looks for packages too: they outlive the copy.
fn home() -> PathBuf {
    target().join("editors")
}

/// Installs the packages that the lock file names, on the first use and whenever it changes.
fn install(source: &Path) -> Result {
    let stamp = home().join("installed");
    let lock = read(&source.join("package-lock.json"))?;
    if read(&stamp).is_ok_and(|found| found == lock) {
        return Ok(());
    }
    println!("xtask: installing the editor tests' packages in {}", home().display());
    write(&home().join("package.json"), &read(&source.join("package.json"))?)?;
    write(&home().join("package-lock.json"), &lock)?;
    Program::new("npm").args(["ci", "--no-audit", "--no-fund"]).directory(home()).run_quietly()?;
    write(&stamp, &lock)
}

/// A fresh copy of the extension.
fn copied(source: &Path) -> Result<PathBuf> {
    let copy = home().join("vscode");
    let fresh = match fs::remove_dir_all(&copy) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => copy_directory(source, &copy),
    };
    match fresh {
        Ok(()) => Ok(copy),
        Err(error) => Err(Failure(format!("cannot copy `{}` to `{}`: {error}", source.display(), copy.display()))),
    }
}

/// Copies files and directories, without packages that somebody installed beside them.
fn copy_directory(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        if kind.is_dir() && name != "node_modules" {
            copy_directory(&entry.path(), &to.join(name))?;
        } else if kind.is_file() {
            fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}
