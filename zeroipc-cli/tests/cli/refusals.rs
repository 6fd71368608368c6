//! What is refused, in which words, and with which exit code.

use zeroipc::{Array, Memory};

use crate::support::{Name, refused, sensors, text, zeroipc};

#[test]
fn segments_that_are_not_there() {
    let name = Name::new("missing");
    let _memory = sensors(&name);
    let (segment, slip) = (name.as_str(), name.as_str().replace("missing", "misssing"));
    let expected = (1, format!("zeroipc: there is no segment `{slip}`; did you mean `{segment}`?\n"));
    assert_eq!(refused(["ls", &slip]), expected);
    assert_eq!(refused(["cat", &format!("{slip}/temperature")]), expected);
    assert_eq!(
        refused(["ls", "/none_of_this_kind_is_there"]),
        (
            1,
            "zeroipc: there is no segment `/none_of_this_kind_is_there`; list what there is with `zeroipc ls`\n".into()
        )
    );
}

#[test]
fn structures_that_are_not_there() {
    let name = Name::new("nothing");
    let memory = name.create();
    let segment = name.as_str();
    let none = format!("zeroipc: segment `{segment}` has no structure `x`; it has none\n");
    assert_eq!(refused(["cat", &name.path("x")]), (1, none));
    Array::<u8>::create(&memory, "temperature", 1).expect("an array");
    let slip = format!("segment `{segment}` has no structure `temprature`; did you mean `{segment}/temperature`?");
    assert_eq!(refused(["ls", &name.path("temprature")]), (1, format!("zeroipc: {slip}\n")));
    let far = format!("segment `{segment}` has no structure `x`; list what there is with `zeroipc ls {segment}`");
    assert_eq!(refused(["cat", &name.path("x")]), (1, format!("zeroipc: {far}\n")));
    let own = format!("`.schema` in segment `{segment}` cannot be looked into; names with a `.` are the library's");
    assert_eq!(refused(["cat", &name.path(".schema")]), (1, format!("zeroipc: {own}\n")));
}

#[test]
fn paths_that_lead_nowhere() {
    let relative = "zeroipc: path `sensors` does not begin with `/`; did you mean `/sensors`?\n".to_owned();
    assert_eq!(refused(["ls", "sensors"]), (2, relative.clone()));
    assert_eq!(refused(["cat", "sensors"]), (2, relative));
    let whole = "`/sensors` is a segment; name one of its structures, `zeroipc ls /sensors` lists them";
    assert_eq!(refused(["cat", "/sensors"]), (2, format!("zeroipc: {whole}\n")));
    let root = "zeroipc: `/` is no structure; name one as in `/segment/structure`\n";
    assert_eq!(refused(["cat", "/"]), (2, root.into()));
    let (code, message) = refused(["ls", "/.."]);
    assert_eq!(code, 2);
    assert!(
        message.starts_with("zeroipc: segment name `/..`: ") && message.contains("choose another name"),
        "{message}"
    );
    let (code, message) = refused(["ls", "/a\x1b[2Jb"]);
    assert_eq!((code, message.contains('\x1b')), (2, false), "{message}");
}

#[test]
fn ranges_that_reach_beyond() {
    let name = Name::new("beyond");
    let _memory = sensors(&name);
    for range in ["990..1010", "1000..", "..1001"] {
        let shown = if range.starts_with("..") { "0..1001" } else { range };
        let expected =
            format!("zeroipc: range `{shown}` reaches beyond `temperature`: 1,000 elements; indices count from 0\n");
        assert_eq!(refused(["cat", "--range", range, &name.path("temperature")]), (1, expected));
    }
    let queue = "zeroipc: range `0..3` reaches beyond `readings`: 2 elements wait in it now; indices count from 0\n";
    assert_eq!(refused(["cat", "--range", "..3", &name.path("readings")]), (1, queue.into()));
}

#[test]
fn structures_without_a_record() {
    let name = Name::new("unrecorded");
    let memory = name.create_with(Memory::options().duck_typed(true));
    Array::<f32>::create(&memory, "raw", 5).expect("an array");
    let path = name.path("raw");
    let expected = format!(
        "zeroipc: `{path}` has no record of what its elements are; if it is an array of numbers, say of which: \
         `zeroipc cat --type f32 {path}`\n"
    );
    assert_eq!(refused(["cat", &path]), (1, expected));
    let (code, message) = refused(["cat", "--type", "f64", &path]);
    assert_eq!(code, 1);
    assert!(message.contains("each of its 5 elements takes 4 bytes, and this side's take 8"), "{message}");
}

#[test]
fn types_that_differ_from_the_record() {
    let name = Name::new("differs");
    let _memory = sensors(&name);
    let (code, message) = refused(["cat", "--type", "u32", &name.path("temperature")]);
    assert_eq!(code, 1);
    assert!(message.contains("the element is u32 here and f32 in the segment"), "{message}");
    let (code, message) = refused(["cat", "--type", "u32", &name.path("readings")]);
    assert_eq!(code, 1);
    assert!(message.contains("expected kind array, found queue"), "{message}");
}

#[test]
fn usage() {
    let usages: [&[&str]; 9] = [
        &[],
        &["list"],
        &["cat"],
        &["cat", "/a/b", "--range", "7"],
        &["cat", "/a/b", "--range", "7..3"],
        &["cat", "/a/b", "--range", "1..2", "--all"],
        &["cat", "/a/b", "--type", "float"],
        &["ls", "/a", "/b"],
        &["ls", "--yaml"],
    ];
    for args in usages {
        let (code, message) = refused(args);
        assert_eq!(code, 2, "{args:?}: {message}");
        assert!(!message.is_empty());
    }
}

#[test]
fn output_that_cannot_be_written() {
    let name = Name::new("full");
    let _memory = sensors(&name);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("the device that is always full");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_zeroipc"))
        .args(["cat", &name.path("temperature")])
        .stdout(full)
        .output()
        .expect("the command runs");
    assert_eq!(output.status.code(), Some(2));
    let expected = "zeroipc: the output cannot be written: No space left on device (os error 28)\n";
    assert_eq!(text(output.stderr), expected);
}

#[test]
fn what_is_no_segment() {
    let name = Name::new("foreign");
    std::fs::write(name.file(), b"short").expect("a file");
    let segment = name.as_str();
    let what = "it has 5 bytes, which no table fits into; it is no ZeroIPC segment";
    assert_eq!(refused(["ls", segment]), (1, format!("zeroipc: segment `{segment}`: {what}\n")));
    std::fs::remove_file(name.file()).expect("the file goes");
    std::os::unix::fs::symlink("/etc/passwd", name.file()).expect("a link");
    assert_eq!(zeroipc(["ls", segment]).status.code(), Some(2));
    std::fs::remove_file(name.file()).expect("the link goes");
    std::fs::create_dir(name.file()).expect("a directory");
    assert_eq!(zeroipc(["ls", segment]).status.code(), Some(2));
    std::fs::remove_dir(name.file()).expect("the directory goes");
}
