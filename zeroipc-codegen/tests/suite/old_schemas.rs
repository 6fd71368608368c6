//! Old schemas, wherever they come from: lock files and revisions of git know as much as the files did.

use std::path::{Path, PathBuf};
use std::process::Command;

use zeroipc_codegen::{Compiler, Error, Format, Lock, Source, against, breaking};

use crate::breaking::{Case, OLD, check, read, table, told};
use crate::files::scratch;
use crate::generate::Random;

#[test]
fn a_lock_file_knows_as_much_as_the_files() {
    let root = scratch("breaking_lock");
    for (case, i) in [table("changes.txt").1, table("harmless.txt").1].into_iter().flatten().zip(0..) {
        let directory = root.join(i.to_string());
        case.write("old", &directory.join("old"));
        case.write("new", &directory.join("new"));
        let old = directory.join("old/t.zipc");
        if !old.exists() {
            continue;
        }
        let lock = check(&old).lock();
        assert!(!lock.contains(root.to_str().unwrap()), "{lock}");
        let file = directory.join("schema.lock");
        std::fs::write(&file, &lock).unwrap();
        let new = directory.join("new/t.zipc");
        let found = against(file.to_str().unwrap(), std::slice::from_ref(&new), &[]).unwrap();
        assert_eq!(told(&breaking(&found.checked, &check(&new))), case.changes, "{}", case.name);
        assert_eq!(found.checked.lock(), lock, "{}", case.name);
    }
}

/// Runs git, or says that there is none.
fn git(directory: &Path, arguments: &[&str]) -> bool {
    let mut command = Command::new("git");
    command.current_dir(directory).args(["-c", "user.name=Test", "-c", "user.email=test@example.org"]).args(arguments);
    command.env_remove("GIT_DIR").env_remove("GIT_WORK_TREE").env_remove("GIT_INDEX_FILE");
    match command.output() {
        Ok(output) => {
            assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
            true
        }
        Err(_) => {
            eprintln!("skipped: there is no git");
            false
        }
    }
}

#[test]
fn git_knows_as_much_as_the_files() {
    let root = scratch("breaking_git");
    let cases: Vec<Case> = [table("changes.txt").1, table("harmless.txt").1].into_iter().flatten().collect();
    if !git(&root, &["init", "--quiet"]) {
        return;
    }
    for (case, i) in cases.iter().zip(0..) {
        case.write("old", &root.join(i.to_string()));
    }
    git(&root, &["add", "."]);
    git(&root, &["commit", "--quiet", "-m", "old"]);
    for (case, i) in cases.iter().zip(0..) {
        let path = root.join(i.to_string()).join("t.zipc");
        case.write("new", &root.join(i.to_string()));
        let old = against("git:HEAD", std::slice::from_ref(&path), &[]).unwrap();
        assert_eq!(old.missing.is_empty(), case.files.iter().any(|(side, ..)| side == "old"), "{}", case.name);
        assert_eq!(told(&breaking(&old.checked, &check(&path))), case.changes, "{}", case.name);
    }
}

#[test]
fn git_reads_nothing_of_the_working_tree() {
    let root = scratch("breaking_git_imports");
    if !git(&root, &["init", "--quiet"]) {
        return;
    }
    for directory in ["app/deep", "common", "vendor/more"] {
        std::fs::create_dir_all(root.join(directory)).unwrap();
    }
    let main =
        "import \"../common/base.zipc\";\nimport \"vendored.zipc\";\nstruct P { b: base.Base; v: vendored.V; }\n";
    std::fs::write(root.join("app/deep/p.zipc"), main.replace("../common", "../../common")).unwrap();
    std::fs::write(root.join("common/base.zipc"), "import \"unit.zipc\";\nstruct Base { u: unit.U; }\n").unwrap();
    std::fs::write(root.join("common/unit.zipc"), "struct U { x: f32; }\n").unwrap();
    std::fs::write(root.join("vendor/more/vendored.zipc"), "struct V { y: f32; }\n").unwrap();
    git(&root, &["add", "."]);
    git(&root, &["commit", "--quiet", "-m", "old"]);
    std::fs::write(root.join("common/unit.zipc"), "struct U { z: f32; }\n").unwrap();
    std::fs::remove_file(root.join("vendor/more/vendored.zipc")).unwrap();
    std::fs::write(root.join("vendor/vendored.zipc"), "struct V { y: i32; }\n").unwrap();
    let path = root.join("app/deep/p.zipc");
    let old = against("git:HEAD", std::slice::from_ref(&path), &[root.join("vendor/more")]).unwrap();
    assert!(old.checked.inputs.is_empty(), "{:?}", old.checked.inputs);
    let new = Compiler::new().schema(&path).include(root.join("vendor")).check().unwrap();
    let changes = breaking(&old.checked, &new);
    assert_eq!(changes.list.len(), 2, "{}", changes.render(Format::Short, false));
    let errors = [
        ("git:nowhere", "error: cannot compare with `git:nowhere`: there is no such revision\n"),
        ("git:--version", "error: cannot compare with `git:--version`: this is no name of a revision\n"),
        ("git:HEAD:x", "error: cannot compare with `git:HEAD:x`: this is no name of a revision\n"),
    ];
    for (what, message) in errors {
        let error = against(what, std::slice::from_ref(&path), &[]).unwrap_err();
        assert_eq!(error.render(Format::Short), message);
    }
    let error = against("git:HEAD", &[PathBuf::from("-")], &[]).unwrap_err();
    assert!(error.render(Format::Short).contains("the standard input has no name"), "{error}");
}

#[test]
fn a_hostile_lock_file_is_an_error() {
    let lock = read(OLD).lock();
    let parse = |text: &str| Lock::parse(&Source::new("schema.lock", text)).and_then(|lock| lock.check());
    assert!(parse(&lock).is_ok());
    assert!(parse(&lock.replace('\n', "\r\n")).is_ok());
    let cases = [
        ("", "schema.lock:1:1: error[ZIPC0490]: expected `zipc-lock 1`"),
        ("zipc-lock 2\n", "schema.lock:1:1: error[ZIPC0490]: expected `zipc-lock 1`"),
        ("zipc-lock 1\n", "schema.lock:1:1: error[ZIPC0490]: the lock file has no schema"),
        ("zipc-lock 1\n| struct", "schema.lock:2:1: error[ZIPC0490]: this text belongs to no file"),
        ("zipc-lock 1\n\n<<<<<<< HEAD\n", "schema.lock:3:1: error[ZIPC0490]: expected `schema NAME`"),
        ("zipc-lock 1\nschema a.zipc\nschema a.zipc\n", "schema.lock:3:1: error[ZIPC0490]: this file is in the lock"),
        ("zipc-lock 1\nschema ../a.zipc\n", "schema.lock:2:1: error[ZIPC0490]: no file of a lock is called so"),
        ("zipc-lock 1\nschema /etc/passwd\n", "schema.lock:2:1: error[ZIPC0490]: no file of a lock is called so"),
        ("zipc-lock 1\nschema 1/2/a.zipc\n", "schema.lock:2:1: error[ZIPC0490]: no file of a lock is called so"),
        ("zipc-lock 1\nschema a.zipc\n| import \"Cargo.toml\";\n", "schema.lock/a.zipc:1:8: error[ZIPC0018]: "),
        (
            "zipc-lock 1\nschema a.zipc\n| // fine\n| struct P { x: Nope; }\n",
            "schema.lock/a.zipc:2:15: error[ZIPC0004]: there is no type `Nope`",
        ),
    ];
    for (text, message) in cases {
        let error = parse(text).unwrap_err().render(Format::Short);
        assert!(error.starts_with(message), "{text:?}: {error}");
    }
    let files: String = (0..300).map(|i| format!("import f{i}.zipc\n")).collect();
    let error = parse(&format!("zipc-lock 1\n{files}")).unwrap_err().render(Format::Short);
    assert_eq!(error, "schema.lock:258:1: error[ZIPC0490]: a lock holds at most 256 files\n");
    let mut random = Random(1);
    for _ in 0..2000 {
        let mut bytes = lock.clone().into_bytes();
        for _ in 0..1 + random.below(4) {
            let at = random.below(bytes.len());
            match random.below(3) {
                0 => bytes[at] = b"\n|# /\"{}schemaimport\0"[random.below(21)],
                1 => drop(bytes.remove(at)),
                _ => bytes.truncate(at.max(100)),
            }
        }
        match parse(&String::from_utf8_lossy(&bytes)) {
            Ok(_) => {}
            Err(Error::Schema(reports)) => assert!(reports.iter().all(|report| report.has_errors())),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Two files of one name, found in two directories.
#[test]
fn a_lock_file_keeps_files_of_one_name_apart() {
    let root = scratch("breaking_lock_names");
    for directory in ["a", "b"] {
        std::fs::create_dir_all(root.join(directory)).unwrap();
    }
    std::fs::write(root.join("a/geometry.zipc"), "import \"../unit.zipc\";\nstruct V { x: unit.U; }\n").unwrap();
    std::fs::write(root.join("b/geometry.zipc"), "import \"../unit.zipc\";\nstruct W { x: unit.U; }\n").unwrap();
    std::fs::write(root.join("unit.zipc"), "struct U { x: f32; }\n").unwrap();
    let mut paths = Vec::new();
    for (name, field) in
        [("p", "a/geometry.zipc\" as g;\nstruct P { v: g.V; }"), ("q", "b/geometry.zipc\" as g;\nstruct Q { w: g.W; }")]
    {
        paths.push(root.join(name).with_extension("zipc"));
        std::fs::write(paths.last().unwrap(), format!("import \"{field}\n")).unwrap();
    }
    let checked =
        paths.iter().fold(Compiler::new(), Compiler::schema).check().unwrap_or_else(|error| panic!("{error}"));
    let text = checked.lock();
    let lock = Lock::parse(&Source::new("some/where/p.lock", text.clone())).unwrap().check().unwrap();
    assert_eq!(lock.fingerprints(), checked.fingerprints());
    assert_eq!(told(&breaking(&lock, &checked)), "");
    assert_eq!(lock.lock(), text);
}

#[test]
fn what_is_missing_in_a_directory_is_new() {
    let root = scratch("breaking_directory");
    std::fs::create_dir_all(root.join("old")).unwrap();
    std::fs::create_dir_all(root.join("new")).unwrap();
    std::fs::write(root.join("old/a.zipc"), "struct A { x: u8; }").unwrap();
    std::fs::write(root.join("new/a.zipc"), "struct A { x: i8; }").unwrap();
    std::fs::write(root.join("new/b.zipc"), "struct B { x: i8; }").unwrap();
    let paths = [root.join("new/a.zipc"), root.join("new/b.zipc")];
    let old = against(root.join("old").to_str().unwrap(), &paths, &[]).unwrap();
    assert_eq!(old.missing, [root.join("new/b.zipc")]);
    let new = paths.iter().fold(Compiler::new(), Compiler::schema).check().unwrap();
    let expected = "layout[ZIPC0405]: a.A.x: was `u8` and is `i8`\ncompatible[ZIPC0464]: b: the schema is new";
    assert_eq!(told(&breaking(&old.checked, &new)), expected);
    let missing = against(root.join("nowhere").to_str().unwrap(), &paths, &[]);
    assert!(matches!(missing, Err(Error::Io { .. })));
    let file = against(root.join("old/a.zipc").to_str().unwrap(), &paths[..1], &[]).unwrap();
    assert_eq!(breaking(&file.checked, &check(&paths[0])).list.len(), 1);
}

#[test]
fn a_directory_without_any_of_the_schemas_is_an_error() {
    let root = scratch("breaking_wrong_directory");
    std::fs::create_dir_all(root.join("old")).unwrap();
    std::fs::write(root.join("a.zipc"), "struct A { x: u8; }").unwrap();
    let error = against(root.join("old").to_str().unwrap(), &[root.join("a.zipc")], &[]).unwrap_err();
    assert!(matches!(error, Error::Against { .. }));
    assert!(error.render(Format::Short).contains("none of the schemas is in this directory"), "{error}");
}

#[test]
fn git_takes_no_path_for_a_pattern() {
    let root = scratch("breaking_git_patterns");
    if !git(&root, &["init", "--quiet"]) {
        return;
    }
    let names = [":x.zipc", ":!x.zipc", "*.zipc", "[x].zipc"];
    for name in names {
        std::fs::write(root.join(name), "namespace n;\nstruct A { x: u8; }\n").unwrap();
    }
    git(&root, &["add", "."]);
    git(&root, &["commit", "--quiet", "-m", "old"]);
    for name in names {
        let path = root.join(name);
        let old = against("git:HEAD", std::slice::from_ref(&path), &[]).unwrap_or_else(|error| panic!("{error}"));
        assert!(old.missing.is_empty(), "{name}");
        let new = Compiler::new().source(Source::new(name, "namespace n;\nstruct A { x: i8; }\n")).check().unwrap();
        assert_eq!(told(&breaking(&old.checked, &new)), "layout[ZIPC0405]: n.A.x: was `u8` and is `i8`", "{name}");
    }
    let path = root.join("?.zipc");
    assert_eq!(against("git:HEAD", std::slice::from_ref(&path), &[]).unwrap().missing, [path]);
}

#[cfg(unix)]
#[test]
fn git_follows_links_inside_the_revision() {
    use std::os::unix::fs::symlink;
    let root = scratch("breaking_git_links");
    if !git(&root, &["init", "--quiet"]) {
        return;
    }
    for directory in ["real/deep", "app"] {
        std::fs::create_dir_all(root.join(directory)).unwrap();
    }
    std::fs::write(root.join("real/p.zipc"), "import \"deep/base.zipc\";\nstruct P { b: base.Base; }\n").unwrap();
    std::fs::write(root.join("real/deep/base.zipc"), "struct Base { x: u32; }\n").unwrap();
    symlink("../real/p.zipc", root.join("app/first.zipc")).unwrap();
    symlink("first.zipc", root.join("app/p.zipc")).unwrap();
    symlink("../real/deep", root.join("app/deep")).unwrap();
    symlink("/etc/hostname", root.join("app/out.zipc")).unwrap();
    symlink("../../up.zipc", root.join("app/up.zipc")).unwrap();
    symlink("round.zipc", root.join("app/round.zipc")).unwrap();
    git(&root, &["add", "."]);
    git(&root, &["commit", "--quiet", "-m", "old"]);
    std::fs::write(root.join("real/deep/base.zipc"), "struct Base { x: f32; }\n").unwrap();
    let path = root.join("app/p.zipc");
    let old = against("git:HEAD", std::slice::from_ref(&path), &[]).unwrap_or_else(|error| panic!("{error}"));
    let expected = "layout[ZIPC0409]: p.P.b: the imported `base.Base` changed";
    assert_eq!(told(&breaking(&old.checked, &check(&path))), expected);
    for (name, why) in [("out", "leads out of the repository"), ("up", "leads out"), ("round", "more than 16 links")] {
        let error = against("git:HEAD", &[root.join(format!("app/{name}.zipc"))], &[]).unwrap_err();
        assert!(matches!(error, Error::Against { .. }), "{name}");
        assert!(error.render(Format::Short).contains(why), "{error}");
    }
}
