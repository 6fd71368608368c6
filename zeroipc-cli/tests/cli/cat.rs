//! `zeroipc cat`.

use zeroipc::{Array, Bool8, FixedStr, Memory, Queue};

use crate::support::{Name, Status, sensors, shown, text, zeroipc};

#[test]
fn an_array_shows_its_first_elements_and_says_how_many_more() {
    let name = Name::new("array");
    let _memory = sensors(&name);
    let path = name.path("temperature");
    let mut expected: String = (0..20_u8).map(|i| format!("{i:>2}  {:?}\n", f32::from(i) / 2.0)).collect();
    expected += "… 980 more; see them with `--all` or `--range 20..40`\n";
    assert_eq!(shown(["cat", &path]), expected);

    let output = zeroipc(["cat", "--json", &path]);
    let expected: String = (0..20_u8).map(|i| format!("{:?}\n", f32::from(i) / 2.0)).collect();
    assert_eq!(text(output.stdout), expected);
    assert_eq!(text(output.stderr), "zeroipc: … 980 more; see them with `--all` or `--range 20..40`\n");

    let all = shown(["cat", "--all", &path]);
    assert_eq!(all.lines().count(), 1000);
    assert!(all.starts_with("  0  0.0\n  1  0.5\n") && all.ends_with("999  499.5\n"));
}

#[test]
fn a_range_shows_these_elements_only() {
    let name = Name::new("range");
    let _memory = sensors(&name);
    let path = name.path("temperature");
    assert_eq!(shown(["cat", "--range", "9..11", &path]), " 9  4.5\n10  5.0\n");
    assert_eq!(shown(["cat", "-r", "998..", &path]), "998  499.0\n999  499.5\n");
    assert_eq!(shown(["cat", "-r", "..1", "--json", &path]), "0.0\n");
    assert_eq!(shown(["cat", "-r", "..30", &path]).lines().count(), 30);
}

#[test]
fn a_queue_shows_what_waits_and_keeps_it() {
    let name = Name::new("queue");
    let memory = sensors(&name);
    let path = name.path("readings");
    let expected = r#"0  { id: 7, status: WARN, temperature: 30.5 degC, position: { x: 1.0 m, y: -0.25 m, z: 1000000000.0 m }, ready: false, label: "left \"one\"" }
1  { id: 8, status: 9, temperature: 31.5 degC, position: { x: 1.0 m, y: -0.25 m, z: 1000000000.0 m }, ready: true, label: "left \"one\"" }
"#;
    assert_eq!(shown(["cat", &path]), expected);
    assert_eq!(shown(["cat", &path]), expected);
    assert_eq!(
        shown(["cat", "--json", "--range", "1..2", &path]),
        "{\"id\":8,\"status\":9,\"temperature\":31.5,\"position\":{\"x\":1.0,\"y\":-0.25,\"z\":1000000000.0},\"ready\":true,\
         \"label\":\"left \\\"one\\\"\"}\n"
    );
    let queue = Queue::<u16>::create(&memory, "many", 64).expect("a queue");
    assert_eq!(shown(["cat", &name.path("many")]), "");
    (0..50).for_each(|i| queue.try_push(i).expect("room"));
    (0..20).for_each(|i| assert_eq!(queue.try_pop().expect("it is sound"), Some(i)));
    (50..80).for_each(|i| queue.try_push(i).expect("room"));
    let shown_now = shown(["cat", &name.path("many")]);
    assert!(shown_now.starts_with(" 0  20\n 1  21\n"), "{shown_now}");
    assert!(shown_now.ends_with("19  39\n… 40 more; see them with `--all` or `--range 20..40`\n"), "{shown_now}");
    let last: Vec<_> = shown(["cat", "--all", "--json", &name.path("many")]).lines().map(str::to_owned).collect();
    assert_eq!((last.len(), last[59].as_str()), (60, "79"));
}

#[test]
fn nested_arrays_are_cut_unless_all_is_asked_for() {
    let name = Name::new("cut");
    let _memory = sensors(&name);
    let path = name.path("tracks");
    let point = "{ x: 0.0 m, y: 0.0 m, z: 0.0 m }";
    let zeros = vec!["0"; 32].join(", ");
    let line = format!("{{ points: [[{point}, {point}], [{point}, {point}]], raw: [{zeros}, … 8 more] }}");
    assert_eq!(shown(["cat", &path]), format!("0  {line}\n1  {line}\n"));
    assert_eq!(
        shown(["cat", "--all", &path]),
        format!("0  {line}\n1  {line}\n").replace("… 8 more", &["0"; 8].join(", "))
    );
    let json: usize = shown(["cat", "--json", "--range", "..1", &path]).matches('0').count();
    assert_eq!(json, 12 * 2 + 40);
}

#[test]
fn every_kind_of_value() {
    let name = Name::new("kinds");
    let memory = name.create();
    let truths = Array::<Bool8>::create(&memory, "truths", 2).expect("an array");
    truths.set(1, Bool8::TRUE);
    assert_eq!(shown(["cat", &name.path("truths")]), "0  false\n1  true\n");
    let states = Array::<Status>::create(&memory, "states", 2).expect("an array");
    states.set(1, Status::FAULT);
    assert_eq!(shown(["cat", &name.path("states")]), "0  OK\n1  FAULT\n");
    assert_eq!(shown(["cat", "--json", &name.path("states")]), "\"OK\"\n\"FAULT\"\n");
    let floats = Array::<f64>::create(&memory, "floats", 5).expect("an array");
    floats.write(0, &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.1 + 0.2]).expect("it fits");
    assert_eq!(shown(["cat", &name.path("floats")]), "0  NaN\n1  inf\n2  -inf\n3  -0.0\n4  0.30000000000000004\n");
    assert_eq!(
        shown(["cat", "--json", &name.path("floats")]),
        "\"NaN\"\n\"inf\"\n\"-inf\"\n-0.0\n0.30000000000000004\n"
    );
    let wide = Array::<[i64; 2]>::create(&memory, "wide", 1).expect("an array");
    wide.set(0, [i64::MIN, i64::MAX]);
    assert_eq!(shown(["cat", &name.path("wide")]), "0  [-9223372036854775808, 9223372036854775807]\n");
    let labels = Array::<FixedStr<12>>::create(&memory, "labels", 2).expect("an array");
    labels.set(0, FixedStr::truncated("é\x1b[2J\u{202e}"));
    assert_eq!(shown(["cat", &name.path("labels")]), "0  \"é\\u{1b}[2J\\u{202e}\"\n1  \"\"\n");
    assert_eq!(shown(["cat", "--json", &name.path("labels")]), "\"é\\u001b[2J\u{202e}\"\n\"\"\n");
}

#[test]
fn a_type_decodes_what_has_no_record() {
    let name = Name::new("duck");
    let memory = name.create_with(Memory::options().duck_typed(true));
    Array::<f32>::create(&memory, "floats", 2).expect("an array").set(1, 2.5);
    Array::<i16>::create(&memory, "shorts", 2).expect("an array").set(1, -3);
    Array::<u8>::create(&memory, "truths", 2).expect("an array").set(1, 200);
    assert_eq!(shown(["cat", "--type", "f32", &name.path("floats")]), "0  0.0\n1  2.5\n");
    assert_eq!(shown(["cat", "-t", "i16", &name.path("shorts")]), "0  0\n1  -3\n");
    assert_eq!(shown(["cat", "-t", "bool8", "--json", &name.path("truths")]), "false\ntrue\n");
    assert_eq!(shown(["cat", "-t", "u8", "-r", "1..", &name.path("truths")]), "1  200\n");
}

#[test]
fn a_type_may_repeat_what_is_recorded() {
    let name = Name::new("repeat");
    let _memory = sensors(&name);
    assert_eq!(shown(["cat", "--type", "f32", "-r", "3..4", &name.path("temperature")]), "3  1.5\n");
}

#[test]
fn what_the_dead_have_left_is_shown_and_no_byte_of_it_changes() {
    let name = Name::new("dead");
    let status = std::process::Command::new(std::env::current_exe().expect("the test's own program"))
        .args(["--exact", "cat::writes_and_dies", "--ignored"])
        .env("ZEROIPC_CLI_TEST_SEGMENT", name.as_str())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .expect("the child runs");
    assert!(!status.success());
    let before = std::fs::read(name.file()).expect("the segment's bytes");
    assert!(shown(["cat", &name.path("readings")]).starts_with("0  { id: 7, status: WARN,"));
    assert!(shown(["ls", name.as_str()]).contains("readings"));
    shown(["ls"]);
    shown(["ls", &name.path("readings")]);
    assert!(before == std::fs::read(name.file()).expect("the segment's bytes"));
}

/// Not a test of its own: the process that dies.
#[test]
#[ignore = "it is run by another test"]
fn writes_and_dies() {
    let Ok(segment) = std::env::var("ZEROIPC_CLI_TEST_SEGMENT") else { return };
    let memory = Memory::create(&segment, 1 << 20).expect("the segment is created");
    let readings = Queue::create(&memory, "readings", 8).expect("a queue");
    readings.try_push(crate::support::reading(7)).expect("room");
    std::process::abort();
}
