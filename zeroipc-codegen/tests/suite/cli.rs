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
    assert!(shown.contains("+++ out/deep/point.h\n@@ -1 +1"), "{shown}");
    assert!(shown.contains("-old\n+/* Code generated"), "{shown}");
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
    // Two schemas of one name.
    std::fs::create_dir(dir.join("other")).unwrap();
    std::fs::write(dir.join("point.zipc"), POINT).unwrap();
    std::fs::write(dir.join("other/point.zipc"), POINT).unwrap();
    assert_code(&command(&dir, &["point.zipc", "other/point.zipc", "--c"]), 2);
}

#[test]
fn check_writes_nothing_and_levels_decide() {
    let dir = scratch("cli_check");
    let text = "segment A = \"/a\" @size(64 KiB) { q: queue<u8>[3]; m: mutex; }\n";
    std::fs::write(dir.join("a.zipc"), text).unwrap();
    let output = command(&dir, &["check", "a.zipc", "--error-format=short"]);
    assert_code(&output, 0);
    let warning = "a.zipc:1:47: warning[ZIPC0202]: a queue's capacity is a power of two: 3 becomes 4\n";
    assert_eq!(text_of(&output), warning);
    for (args, code) in [
        (["-D", "warnings", "-W", "ZIPC0202"], 0),
        (["-W", "ZIPC0202", "-D", "warnings"], 1),
        (["-D", "capacity-rounded", "-A", "zipc0202"], 0),
        (["-A", "warnings", "-D", "capacity-rounded"], 1),
    ] {
        let output = command(&dir, &[&["check", "a.zipc"], args.as_slice()].concat());
        assert_code(&output, code);
        assert_eq!(output.stderr.is_empty(), args[2] == "-A", "{args:?}");
    }
    let names: Vec<_> = std::fs::read_dir(&dir).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

fn text_of(output: &Output) -> String {
    text(&output.stderr)
}

#[test]
fn imports_are_found_beside_the_file_and_in_directories() {
    let dir = scratch("cli_imports");
    for sub in ["deep", "library"] {
        std::fs::create_dir(dir.join(sub)).unwrap();
    }
    std::fs::write(
        dir.join("deep/main.zipc"),
        "import \"near.zipc\"; import \"far.zipc\"; struct M { a: near.A; b: far.B; }\n",
    )
    .unwrap();
    std::fs::write(dir.join("deep/near.zipc"), "struct A { x: u32; }\n").unwrap();
    std::fs::write(dir.join("library/far.zipc"), "struct B { x: u32; }\n").unwrap();
    let output = command(&dir, &["deep/main.zipc", "--c", "--stdout", "--error-format=short"]);
    assert_code(&output, 1);
    let message = "deep/main.zipc:1:28: error[ZIPC0018]: there is no file `far.zipc`; looked for it in `deep`\n";
    assert_eq!(text_of(&output), message);

    let args = ["deep/main.zipc", "--c", "-I", "library", "-o", "out", "--depfile", "out.d"];
    assert_code(&command(&dir, &args), 0);
    let rule = std::fs::read_to_string(dir.join("out.d")).unwrap();
    let inputs = "deep/main.zipc deep/near.zipc library/far.zipc";
    assert!(rule.starts_with(&format!("out/main.h: {inputs}\n")), "{rule}");
    assert!(rule.contains("\nlibrary/far.zipc:\n"), "{rule}");
    assert!(!dir.join("out/near.h").exists());
    let args = ["deep/main.zipc", "--c", "-I", "library", "-o", "out", "--with-imports"];
    assert_code(&command(&dir, &args), 0);
    assert!(dir.join("out/near.h").exists() && dir.join("out/far.h").exists());
}

/// What a machine reads: one JSON object on each line, and GitHub's commands.
#[test]
fn machines_are_told_too() {
    let dir = scratch("cli_machines");
    std::fs::write(dir.join("bad.zipc"), "struct Bad {\n    a: u8;\n    ä: u32; b: Nope;\n}\n").unwrap();
    let output = command(&dir, &["check", "bad.zipc", "--error-format", "json"]);
    assert_code(&output, 1);
    let lines: Vec<serde_json::Value> =
        text_of(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let codes: Vec<_> = lines.iter().map(|line| line["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["ZIPC0009", "ZIPC0101", "ZIPC0004"]);
    let span = &lines[2]["spans"][0];
    assert_eq!((span["line_start"].as_u64(), span["column_start"].as_u64()), (Some(3), Some(16)));
    let bytes = (span["byte_start"].as_u64().unwrap() as usize)..(span["byte_end"].as_u64().unwrap() as usize);
    assert_eq!(&std::fs::read_to_string(dir.join("bad.zipc")).unwrap()[bytes], "Nope");
    assert_eq!(lines[1]["suggestion"]["replacement"], "reserved 3;\n    ");

    let output = command(&dir, &["check", "bad.zipc", "--error-format", "github"]);
    let last = text_of(&output).lines().last().unwrap().to_owned();
    assert_eq!(
        last,
        "::error file=bad.zipc,line=3,endLine=3,col=16,endColumn=20,title=ZIPC0004::there is no type `Nope`"
    );
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let output = command(&scratch("cli_completions"), &["completions", shell]);
        assert_code(&output, 0);
        assert!(text(&output.stdout).contains("explain"), "{shell}");
    }
}

#[test]
fn fmt_rewrites_shows_and_checks() {
    let dir = scratch("cli_fmt");
    let (ugly, tidy) = ("struct Point{x:f32;  y:f32;}", "struct Point {\n    x: f32;\n    y: f32;\n}\n");
    std::fs::write(dir.join("ugly.zipc"), ugly).unwrap();
    std::fs::write(dir.join("tidy.zipc"), tidy).unwrap();
    std::fs::write(dir.join("broken.zipc"), "struct {").unwrap();
    let output = command(&dir, &["fmt", "--check", "tidy.zipc", "ugly.zipc"]);
    assert_code(&output, 3);
    assert_eq!(text_of(&output), "ugly.zipc: not formatted\n");
    let output = command(&dir, &["fmt", "--diff", "ugly.zipc"]);
    assert_code(&output, 3);
    assert!(text(&output.stdout).contains("-struct Point{x:f32;  y:f32;}"), "{}", text(&output.stdout));
    assert_eq!(std::fs::read_to_string(dir.join("ugly.zipc")).unwrap(), ugly);

    let output = command(&dir, &["fmt", "broken.zipc", "ugly.zipc", "--error-format=short"]);
    assert_code(&output, 1);
    assert!(text_of(&output).starts_with("broken.zipc:1:8: error[ZIPC0002]"), "{}", text_of(&output));
    assert_eq!(std::fs::read_to_string(dir.join("ugly.zipc")).unwrap(), tidy);
    assert_eq!(std::fs::read_to_string(dir.join("broken.zipc")).unwrap(), "struct {");
    assert_code(&command(&dir, &["fmt", "missing.zipc"]), 2);

    std::fs::write(dir.join("hole.zipc"), "struct Hole { a: u8; b: u64; c: u8; }\n").unwrap();
    assert_code(&command(&dir, &["fmt", "--fix-padding", "hole.zipc"]), 0);
    let fixed = std::fs::read_to_string(dir.join("hole.zipc")).unwrap();
    let lines = ["a: u8;", "reserved 7;", "b: u64;", "c: u8;", "reserved 7;"];
    assert_eq!(fixed, format!("struct Hole {{\n    {}\n}}\n", lines.join("\n    ")));
    assert_code(&command(&dir, &["check", "hole.zipc"]), 0);
}

#[test]
fn explain_shows_pages() {
    let dir = scratch("cli_explain");
    let output = command(&dir, &["explain", "ZIPC0101"]);
    assert_code(&output, 0);
    assert!(text(&output.stdout).starts_with("# ZIPC0101: "));
    assert!(text(&command(&dir, &["explain"]).stdout).lines().any(|line| line.starts_with("ZIPC0503: ")));
    let output = command(&dir, &["explain", "ZIPC9999"]);
    assert_code(&output, 2);
    assert!(text_of(&output).contains("no page about `ZIPC9999`"));
}

#[test]
fn lint_fingerprint_and_breaking_tell_and_return() {
    let dir = scratch("cli_breaking");
    let old = "zipc 1;\n/// A point.\nstruct Point {\n    /// Right.\n    x: f32;\n    /// Up.\n    y: f32;\n}\n";
    std::fs::write(dir.join("point.zipc"), old).unwrap();
    assert_code(&command(&dir, &["lint", "point.zipc", "-D", "warnings"]), 0);
    let output = command(&dir, &["fingerprint", "point.zipc"]);
    assert!(
        text(&output.stdout).starts_with("struct point.Point: size 8, align 4, layout "),
        "{}",
        text(&output.stdout)
    );
    assert_code(&command(&dir, &["breaking", "point.zipc", "--lock", "schema.lock"]), 0);
    assert_code(&command(&dir, &["breaking", "point.zipc", "--against", "schema.lock"]), 0);

    std::fs::write(dir.join("point.zipc"), old.replace("    /// Right.\n    x: f32", "    z: f32")).unwrap();
    let against = ["breaking", "point.zipc", "--against", "schema.lock", "--error-format", "short"];
    let output = command(&dir, &against);
    assert_code(&output, 1);
    let shown = text_of(&output);
    assert!(shown.contains("schema[ZIPC04") && shown.contains("point.Point"), "{shown}");
    std::fs::write(dir.join("accepted"), format!("# looked at\n{shown}")).unwrap();
    assert_code(&command(&dir, &[&against[..], &["--accept", "accepted"]].concat()), 0);
    let output = command(&dir, &["lint", "point.zipc", "--error-format", "short"]);
    assert_code(&output, 0);
    assert!(text_of(&output).contains("warning[ZIPC0502]"), "{}", text_of(&output));
    assert_code(&command(&dir, &["lint", "point.zipc", "-D", "doc-missing"]), 1);
    assert_code(&command(&dir, &["lint", "point.zipc", "-D", "doc-mising"]), 2);
    assert_code(&command(&dir, &["breaking", "point.zipc"]), 2);
    assert_code(&command(&dir, &["breaking", "point.zipc", "--against", "nowhere.zipc"]), 2);
}

/// A file that is asked for beside the outputs replaces nothing that was read or written.
#[test]
fn other_files_replace_no_schema() {
    let dir = scratch("cli_beside");
    std::fs::write(dir.join("point.zipc"), POINT).unwrap();
    for args in [
        ["point.zipc", "--c", "--depfile", "point.zipc"],
        ["point.zipc", "--c", "--depfile", "point.h"],
        ["breaking", "point.zipc", "--lock", "point.zipc"],
    ] {
        assert_code(&command(&dir, &args), 2);
        assert_eq!(std::fs::read_to_string(dir.join("point.zipc")).unwrap(), POINT, "{args:?}");
    }
    assert!(std::fs::read_to_string(dir.join("point.h")).unwrap().contains("typedef struct point_point"));
    // The same schema under two names is compiled once.
    assert_code(&command(&dir, &["point.zipc", "./point.zipc", "--c"]), 0);
}

/// `make` reads back what the rule says, also of odd names.
#[test]
fn make_reads_the_dependency_file() {
    let dir = scratch("cli_make");
    if Command::new("make").arg("--version").output().is_err() {
        eprintln!("skipped: make is not installed");
        return;
    }
    for (i, name) in
        ["with space.zipc", "b\\c.zipc", "c:d.zipc", "p%q.zipc", "a*b.zipc", "d$e.zipc", "h#i.zipc"].iter().enumerate()
    {
        std::fs::write(dir.join(name), format!("namespace odd{i}; {POINT}")).unwrap();
        assert_code(&command(&dir, &[name, "--json", "-o", "out", "--depfile", "odd.d"]), 0);
        let output = dir.join("out").join(Path::new(name).with_extension("json"));
        let target = output.strip_prefix(&dir).unwrap().to_str().unwrap();
        std::fs::write(dir.join("Makefile"), "include odd.d\n").unwrap();
        let make = |question: &str| {
            let make = Command::new("make").current_dir(&dir).args([question, "--", target]).output().unwrap();
            (make.status.code(), text(&[make.stdout, make.stderr].concat()))
        };
        assert_eq!(make("-q").0, Some(0), "{name}: {}", make("-q").1);
        // Without the rule for it, the schema is missed by its name.
        let rule = std::fs::read_to_string(dir.join("odd.d")).unwrap();
        std::fs::write(dir.join("odd.d"), rule.lines().next().unwrap().to_owned() + "\n").unwrap();
        std::fs::remove_file(dir.join(name)).unwrap();
        let (code, said) = make("-n");
        assert_eq!(code, Some(2), "{name}: {said}");
        // It tells a missing `*` with the backslash that keeps it from being a pattern.
        let missed = format!("No rule to make target '{}'", name.replace('\\', ""));
        assert!(said.replace('\\', "").contains(&missed), "{name}: {said}");
    }
}

#[test]
fn a_reader_that_has_gone_away_is_no_panic() {
    let dir = scratch("cli_gone");
    std::fs::write(dir.join("bad.zipc"), "struct Bad { x: Nope; }").unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut check = Command::new(env!("CARGO_BIN_EXE_zeroipc-codegen"));
    let status = check.current_dir(&dir).args(["check", "bad.zipc"]).stderr(writer).status().unwrap();
    assert_eq!(status.code(), Some(1));
}
