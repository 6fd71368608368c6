//! The command: what it writes, prints and returns.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::files::{scratch, tests_dir};

fn command(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_zeroipc-codegen")).current_dir(dir).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn assert_code(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
}

const POINT: &str = "struct Point { x: f32; y: f32; }\n";

#[test]
fn writes_checks_and_leaves_the_unchanged_alone() {
    let dir = scratch("cli_writes");
    std::fs::write(dir.join("point.zipc"), POINT).unwrap();
    let all = ["point.zipc", "--c", "--python", "--rust", "-o", "out/deep"];
    assert_code(&command(&dir, &all), 0);
    let written = dir.join("out/deep/point.h");
    let before = std::fs::metadata(&written).unwrap().modified().unwrap();
    assert_code(&command(&dir, &all), 0);
    assert_eq!(std::fs::metadata(&written).unwrap().modified().unwrap(), before);
    let names: Vec<_> = std::fs::read_dir(dir.join("out/deep")).unwrap().collect();
    assert_eq!(names.len(), 3, "{names:?}");

    let check = [all.as_slice(), &["--check"]].concat();
    assert_code(&command(&dir, &check), 0);
    std::fs::write(&written, "old\n").unwrap();
    std::fs::remove_file(dir.join("out/deep/point.py")).unwrap();
    let output = command(&dir, &check);
    assert_code(&output, 3);
    let shown = text(&output.stderr);
    assert!(shown.contains("out/deep/point.h: stale from line 1\n-old\n+/* Code generated"), "{shown}");
    assert!(shown.contains("out/deep/point.py: missing\n"), "{shown}");
    assert!(!shown.contains("point.rs"), "{shown}");
    assert_eq!(std::fs::read_to_string(&written).unwrap(), "old\n");
    assert!(!dir.join("out/deep/point.py").exists());
}

#[test]
fn nothing_is_written_unless_everything_compiles() {
    let dir = scratch("cli_nothing");
    std::fs::write(dir.join("point.zipc"), POINT).unwrap();
    std::fs::write(dir.join("bad.zipc"), "struct Bad { x: Nope; }\n").unwrap();
    let output = command(&dir, &["point.zipc", "bad.zipc", "--c", "-o", "out", "--error-format", "short"]);
    assert_code(&output, 1);
    assert_eq!(text(&output.stderr), "bad.zipc:1:17: error[ZIPC0004]: there is no type `Nope`\n");
    assert!(!dir.join("out").exists());
}

#[test]
fn lists_outputs_and_prints_one() {
    let dir = scratch("cli_lists");
    std::fs::write(dir.join("point.zipc"), POINT).unwrap();
    let output = command(&dir, &["point.zipc", "--c", "--rust", "-o", "gen", "--list-outputs"]);
    assert_code(&output, 0);
    assert_eq!(text(&output.stdout), "gen/point.h\ngen/point.rs\n");
    assert!(!dir.join("gen").exists());

    let output = command(&dir, &["point.zipc", "--rust", "--bare", "--stdout"]);
    assert_code(&output, 0);
    let golden = std::fs::read_to_string(tests_dir().join("golden/bare/struct_only.rs")).unwrap();
    assert_eq!(text(&output.stdout), golden.replace("struct_only", "point"));
    assert_code(&command(&dir, &["point.zipc", "--rust", "--c", "--stdout"]), 2);
}

#[test]
fn reads_the_standard_input() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_zeroipc-codegen"))
        .args(["-", "--rust", "--stdout", "--error-format=short"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"struct A { x: u8; y: Nope; }").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_code(&output, 1);
    assert_eq!(text(&output.stderr), "<stdin>:1:22: error[ZIPC0004]: there is no type `Nope`\n");
}

#[test]
fn usage_and_missing_files_are_trouble() {
    let dir = scratch("cli_usage");
    assert_code(&command(&dir, &["missing.zipc", "--c"]), 2);
    assert_code(&command(&dir, &["point.zipc"]), 2);
    assert_code(&command(&dir, &["--c"]), 2);
    let twice = tests_dir().join("accept/struct_only.zipc");
    let twice = twice.to_str().unwrap();
    assert_code(&command(&dir, &[twice, twice, "--c"]), 2);
}
