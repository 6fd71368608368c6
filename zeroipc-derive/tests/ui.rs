//! What the derive says, word for word, and what it accepts.
//!
//! `TRYBUILD=overwrite cargo test -p zeroipc-derive --test ui` rewrites the expected output; its diff is read. Other
//! compilers word differently what stands around our sentences, so the output is compared for one of them only.

use std::env;
use std::process::Command;

/// The compiler whose output is expected.
const COMPILER: &str = "rustc 1.95.";

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().expect("the compiler says its version").stdout;
    if version.starts_with(COMPILER.as_bytes()) {
        cases.compile_fail("tests/ui/*.rs");
    }
}
