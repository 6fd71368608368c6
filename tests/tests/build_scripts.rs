//! A crate whose build script compiles schemas, in the hands of Cargo: `examples/build-rs`, copied to a place of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

use serde_json::Value;

/// The name that the copy has, so that Cargo takes it for another crate.
const NAME: &str = "zeroipc-scratch";

struct Scratch {
    dir: PathBuf,
}

/// What Cargo says about one build.
struct Built {
    output: Output,
    /// Whether there was nothing to do.
    fresh: bool,
    /// Where the build script wrote to.
    out: PathBuf,
    program: PathBuf,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

impl Scratch {
    fn new() -> Scratch {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("build_scripts");
        let _ = std::fs::remove_dir_all(&dir);
        let example = root().join("examples/build-rs");
        for folder in ["src", "schemas"] {
            std::fs::create_dir_all(dir.join(folder)).unwrap();
        }
        for file in ["build.rs", "src/main.rs", "schemas/weather.zipc", "schemas/place.zipc"] {
            std::fs::copy(example.join(file), dir.join(file)).unwrap();
        }
        std::fs::copy(root().join("Cargo.lock"), dir.join("Cargo.lock")).unwrap();
        let manifest = format!(
            "[package]\nname = {NAME:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [dependencies]\nzeroipc = {{ path = {:?} }}\n\n\
             [build-dependencies]\nzeroipc-codegen = {{ path = {:?}, default-features = false }}\n\n\
             [profile.dev]\ndebug = \"line-tables-only\"\n\n[workspace]\n",
            root().join("zeroipc"),
            root().join("zeroipc-codegen"),
        );
        std::fs::write(dir.join("Cargo.toml"), manifest).unwrap();
        Scratch { dir }
    }

    /// Builds into the directory of the workspace, which has the dependencies already.
    fn build(&self) -> Built {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--offline", "--message-format=json-render-diagnostics"]).current_dir(&self.dir);
        let output = cargo.env("CARGO_TARGET_DIR", target).output().unwrap();
        let messages: Vec<Value> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .filter(|message: &Value| message["package_id"].as_str().is_some_and(|id| id.contains("build_scripts")))
            .collect();
        let find = |reason: &str, key: &str| {
            let of = |message: &&Value| message["reason"] == reason && !message[key].is_null();
            messages.iter().rev().find(of).map(|message| message[key].clone()).unwrap_or_default()
        };
        let path = |value: Value| PathBuf::from(value.as_str().unwrap_or_default());
        let artifacts = || messages.iter().filter(|message| message["reason"] == "compiler-artifact");
        let fresh = artifacts().count() == 2 && artifacts().all(|message| message["fresh"] == true);
        let (out, program) = (find("build-script-executed", "out_dir"), find("compiler-artifact", "executable"));
        Built { output, fresh, out: path(out), program: path(program) }
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.dir.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
    }
}

impl Built {
    fn said(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// What the program prints.
    fn run(&self) -> String {
        assert!(self.output.status.success(), "{}", self.said());
        let output = Command::new(&self.program).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// When an output was written last.
    fn written(&self, file: &str) -> SystemTime {
        std::fs::metadata(self.out.join(file)).and_then(|data| data.modified()).unwrap()
    }
}

#[test]
fn cargo_builds_when_a_schema_changed_and_only_then() {
    let scratch = Scratch::new();
    let first = scratch.build();
    let printed = first.run();
    assert!(
        printed.contains("station 3: 21.5 degC") && printed.contains("station 4 knows no temperature"),
        "{printed}"
    );
    assert!(!first.fresh);
    let [weather, place] = ["weather.rs", "place.rs"].map(|file| first.written(file));

    // What no schema imports is no reason to look again.
    std::fs::write(scratch.dir.join("schemas/other.zipc"), "struct Other { x: u8; }\n").unwrap();
    std::fs::write(scratch.dir.join("README.md"), "text\n").unwrap();
    let second = scratch.build();
    assert!(second.fresh, "{}", second.said());
    assert_eq!([second.written("weather.rs"), second.written("place.rs")], [weather, place]);

    // An import changes what comes of it; what comes of its importer is as before, and not touched.
    scratch.edit("schemas/place.zipc", "@range(-90, 90)", "@range(-45, 45)");
    let third = scratch.build();
    let printed = third.run();
    assert!(printed.contains("station 3 is Some(Ok), its odd field is Some(\"latitude\")"), "{printed}");
    assert!(!third.fresh && third.written("place.rs") > place);
    assert_eq!(third.written("weather.rs"), weather);

    // An error is shown as the command shows it, and told to Cargo in one line.
    scratch.edit("schemas/place.zipc", "longitude: f64", "longitude: f65");
    for _ in 0..2 {
        let broken = scratch.build();
        let said = broken.said();
        assert!(!broken.output.status.success());
        assert!(said.contains("error[ZIPC0004]: there is no type `f65`"), "{said}");
        assert!(said.contains(" --> schemas/place.zipc:9:16\n") && said.contains("^^^"), "{said}");
        let line = format!("error: {NAME}@0.1.0: schemas/place.zipc:9:16: error[ZIPC0004]: there is no type `f65`");
        assert!(said.contains(&line), "{said}");
    }

    scratch.edit("schemas/place.zipc", "longitude: f65", "longitude: f64");
    assert!(scratch.build().run().contains("latitude"));
}
