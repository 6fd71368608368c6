//! What is told about a change of schemas, wherever the old ones come from.

use std::collections::BTreeSet;
use std::path::Path;

use zeroipc_codegen::{Accepted, Changes, Checked, Class, Compiler, Format, Lock, Source, against, breaking};

use crate::files::{assert_golden, scratch, tests_dir};
use crate::generate::{Random, schema};

/// What was, what is, and what is told about it.
pub(crate) struct Case {
    pub(crate) name: String,
    /// By `old` or `new` and the file's name.
    pub(crate) files: Vec<(String, String, String)>,
    pub(crate) changes: String,
}

impl Case {
    /// A name for files.
    fn slug(&self) -> String {
        self.name.replace(|c: char| !c.is_ascii_alphanumeric(), "_")
    }

    pub(crate) fn write(&self, side: &str, directory: &Path) {
        std::fs::create_dir_all(directory).unwrap();
        for (_, name, text) in self.files.iter().filter(|(found, ..)| found == side) {
            std::fs::write(directory.join(name), text).unwrap();
        }
    }
}

/// The introduction and the cases of a table.
pub(crate) fn table(name: &str) -> (String, Vec<Case>) {
    let text = std::fs::read_to_string(tests_dir().join("breaking").join(name)).unwrap();
    let mut parts = text.split("\n=== ");
    let introduction = parts.next().unwrap().to_owned();
    let cases = parts.map(|part| {
        let (name, rest) = part.split_once('\n').unwrap();
        let mut case = Case { name: name.to_owned(), files: Vec::new(), changes: String::new() };
        for section in rest.split("--- ").skip(1) {
            let (head, body) = section.split_once('\n').unwrap();
            match head.split_once(' ').unwrap_or((head, "t.zipc")) {
                ("changes", _) => case.changes = body.trim_end().to_owned(),
                (side, file) => case.files.push((side.to_owned(), file.to_owned(), body.to_owned())),
            }
        }
        case
    });
    (introduction, cases.collect())
}

pub(crate) fn told(changes: &Changes) -> String {
    changes.list.iter().map(|change| format!("{change}\n")).collect::<String>().trim_end().to_owned()
}

pub(crate) fn check(path: &Path) -> Checked {
    Compiler::new().schema(path).check().unwrap_or_else(|error| panic!("{error}"))
}

/// Everything that is told about the cases of a table, which must be as written there.
fn assert_table(name: &str) -> Vec<(Case, Changes)> {
    let (introduction, cases) = table(name);
    let root = scratch(&format!("breaking_{name}"));
    let mut out = introduction;
    let mut results = Vec::new();
    for case in cases {
        let directory = root.join(case.slug());
        let (old, new) = (directory.join("old"), directory.join("new"));
        case.write("old", &old);
        case.write("new", &new);
        let path = new.join("t.zipc");
        let found = match old.join("t.zipc").exists() {
            true => against(old.to_str().unwrap(), std::slice::from_ref(&path), &[]).unwrap().checked,
            false => Compiler::new().check().unwrap(),
        };
        let changes = breaking(&found, &check(&path));
        out.push_str(&format!("\n=== {}\n", case.name));
        for (side, file, body) in &case.files {
            let file = if file == "t.zipc" { String::new() } else { format!(" {file}") };
            out.push_str(&format!("--- {side}{file}\n{body}"));
        }
        out.push_str(&format!("--- changes\n{}\n", told(&changes)));
        results.push((case, changes));
    }
    assert_golden(&tests_dir().join("breaking").join(name), &out);
    results
}

#[test]
fn every_change_is_told_as_written() {
    let results = assert_table("changes.txt");
    let list = || results.iter().flat_map(|(_, changes)| &changes.list);
    let classes: BTreeSet<Class> = list().map(|change| change.class).collect();
    assert_eq!(classes.len(), Class::ALL.len(), "{classes:?}");
    let mut codes: BTreeSet<String> = list().map(|change| change.code.to_string()).collect();
    // These are about schemas that are gone, about very many changes, and about lock and accept files.
    codes.extend(["ZIPC0459", "ZIPC0474", "ZIPC0490", "ZIPC0491"].map(str::to_owned));
    let page = std::fs::read_to_string(tests_dir().join("../../docs/schema.md")).unwrap();
    let documented: BTreeSet<String> =
        page.split('`').filter(|word| word.starts_with("ZIPC04") && word.len() == 8).map(str::to_owned).collect();
    assert_eq!(codes, documented);
}

#[test]
fn harmless_changes_break_nothing() {
    for (case, changes) in assert_table("harmless.txt") {
        assert!(!changes.has_breaking(true), "{}", case.name);
        assert!(changes.list.iter().all(|change| change.class == Class::Compatible), "{}", case.name);
    }
}

pub(crate) fn read(text: &str) -> Checked {
    Compiler::new().source(Source::new("robot.zipc", text)).check().unwrap_or_else(|error| panic!("{error}\n{text}"))
}

pub(crate) const OLD: &str =
    "/// Where the robot is.\nstruct Pose {\n    x: f32 @unit(\"m\");\n    y: f32;\n}\nconst N: u32 = 1;\n";
const NEW: &str = "/// Where it is.\nstruct Pose {\n    x: f32 @unit(\"ft\");\n    z: i32;\n}\nconst N: u32 = 2;\n";

#[test]
fn changes_are_shown_where_they_are() {
    let changes = breaking(&read(OLD), &read(NEW));
    assert_golden(&tests_dir().join("breaking/shown.txt"), &changes.render(Format::Human, false));
    assert_golden(&tests_dir().join("breaking/shown_short.txt"), &changes.render(Format::Short, false));
}

#[test]
fn accepted_changes_do_not_fail() {
    let mut changes = breaking(&read(OLD), &read(NEW));
    let told = changes.render(Format::Short, false);
    assert!(changes.has_breaking(false));
    // With and without the place; the constant is left out.
    let mut lines: Vec<&str> = told.lines().filter(|line| !line.contains("source[")).collect();
    let plain = changes.list[0].to_string();
    lines[0] = &plain;
    let text = format!("# We know.\n\n  {}\r\nlayout[ZIPC0402]: robot.Pose.w: never\n???\n", lines.join("\r\n"));
    let warnings = changes.accept(&Accepted::parse(Source::new("accept.txt", text.clone())));
    assert!(!changes.has_breaking(false) && changes.has_breaking(true));
    let at = text.lines().count() - 1;
    let expected = format!(
        "accept.txt:{at}:1: warning[ZIPC0491]: this line accepts nothing: there is no such change\n\
         accept.txt:{}:1: warning[ZIPC0491]: this line accepts nothing: there is no such change\n",
        at + 1
    );
    assert_eq!(warnings.render(Format::Short), expected);
    assert_eq!(changes.render(Format::Short, false), told);
    assert!(!changes.render(Format::Human, false).contains("error["));
    assert!(changes.render(Format::Human, true).contains("error[ZIPC0453]"));
}

#[test]
fn schemas_are_matched_by_namespace_and_name() {
    let sources = |texts: &[(&str, &str)]| {
        let sources = texts.iter().map(|(name, text)| Source::new(*name, *text));
        sources.fold(Compiler::new(), Compiler::source).check().unwrap()
    };
    let old = sources(&[
        ("a.zipc", "struct A { x: u8; }"),
        ("b.zipc", "namespace deep.b; struct B { x: u8; }"),
        ("c.zipc", "struct C { x: u8; }"),
    ]);
    let new = sources(&[
        ("renamed.zipc", "namespace deep.b; struct B { x: u8; }"),
        ("a.zipc", "namespace deep.a; struct A { x: u8; }"),
        ("d.zipc", "struct C { x: u8; }"),
    ]);
    let changes = breaking(&old, &new);
    assert_eq!(
        told(&changes),
        "source[ZIPC0452]: deep.a: the namespace was `a`\nsource[ZIPC0452]: d: the namespace was `c`"
    );
}

#[test]
fn a_schema_has_no_changes_against_itself() {
    for seed in 0..8 {
        let text = schema(&mut Random(seed), 30);
        let (old, new) = (read(&text), read(&text));
        assert_eq!(told(&breaking(&old, &new)), "", "seed {seed}");
        assert_eq!(old.fingerprints(), new.fingerprints());
    }
}

/// A schema whose holes fill themselves.
fn padded(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("reserved"));
    lines.map(|line| format!("{}\n", line.replace(" {", " @auto_pad {"))).collect()
}

/// Another version of a schema: fields go, come, change places, names and types.
fn mutate(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for i in 0..1 + random.below(3) {
        let fields: Vec<usize> = (0..lines.len()).filter(|i| lines[*i].trim_start().starts_with('f')).collect();
        if fields.is_empty() {
            break;
        }
        let at = *random.pick(&fields);
        match random.below(5) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, format!("    g{i}: u32;")),
            2 => lines.swap(at, *random.pick(&fields)),
            3 => lines[at] = lines[at].replacen(": ", "x: ", 1),
            _ => lines[at] = lines[at].replace("u32", "f32").replace("i8", "u8").replace("; 2]", "; 3]"),
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn whoever_is_refused_is_told_before() {
    let (mut tried, mut differing) = (0, 0);
    for seed in 0..400 {
        let mut random = Random(seed);
        let count = 1 + random.below(6);
        let old = padded(&schema(&mut random, count));
        let new = mutate(&old, &mut random);
        let compile = |text: &str| Compiler::new().source(Source::new("random.zipc", text)).check();
        // A struct that lost its last field is an error, a name that came twice another.
        let (Ok(before), Ok(after)) = (compile(&old), compile(&new)) else { continue };
        tried += 1;
        let changes = breaking(&before, &after);
        let fingerprints = before.fingerprints();
        for print in after.fingerprints() {
            let inside = format!("{}.", print.name);
            let mine = changes.list.iter().filter(|change| format!("{}.", change.path).starts_with(&inside));
            let worst = mine.map(|change| change.class).min().unwrap_or(Class::Compatible);
            let Some(old_print) = fingerprints.iter().find(|old| old.name == print.name) else { continue };
            let shown = || format!("seed {seed}, {}: {worst}\n{old}\n{new}\n{}", print.name, told(&changes));
            differing += usize::from(old_print.schema != print.schema);
            assert_eq!(worst < Class::Segment, old_print.schema != print.schema, "{}", shown());
            assert!(worst != Class::Layout || old_print.layout != print.layout, "{}", shown());
            assert!(worst != Class::Schema || old_print.layout == print.layout, "{}", shown());
        }
    }
    assert!(tried > 200 && differing > 200, "{tried} {differing}");
}

#[test]
fn fingerprints_are_told_in_the_order_of_the_schema() {
    let text = "namespace a.b;\nvariant V: u8 { none, p: P }\nstruct P { x: u32; }\nflags F: u8 { A }\ntype T = P;\n";
    let shown: Vec<String> = read(text).fingerprints().iter().map(ToString::to_string).collect();
    let heads: Vec<&str> = shown.iter().map(|line| line.split(", layout").next().unwrap()).collect();
    let expected = [
        "variant a.b.V: size 8, align 4",
        "enum a.b.VTag: size 1, align 1",
        "struct a.b.P: size 4, align 4",
        "flags a.b.F: size 1, align 1",
    ];
    assert_eq!(heads, expected);
    assert!(shown.iter().all(|line| line.rsplit(' ').next().unwrap().len() == 16), "{shown:?}");
}

/// Every type has another name, so that each old one is compared with each new one.
#[test]
fn large_schemas_are_compared_soon() {
    let text = |prefix: &str| {
        let structs = (0..1500).map(|i| format!("struct {prefix}{i} {{ a{i}: u32; b: [u8; 4]; }}\n"));
        structs.chain(std::iter::once("const N: u32 = 1;\n".to_owned())).collect::<String>()
    };
    let start = std::time::Instant::now();
    let changes = breaking(&read(&text("Old")), &read(&text("New")));
    assert_eq!(changes.list.len(), 1500);
    assert_eq!(changes.render(Format::Short, true).lines().count(), 1500);
    assert!(start.elapsed() < std::time::Duration::from_secs(60), "{:?}", start.elapsed());
}

fn sources(texts: &[(&str, &str)]) -> Compiler {
    texts.iter().map(|(name, text)| Source::new(*name, *text)).fold(Compiler::new(), Compiler::source)
}

/// Structs of a thousand fields each.
fn wide(count: usize, doc: &str, ty: &str) -> String {
    let fields: String = (0..1000).map(|i| format!("{doc}f{i}: {ty};\n")).collect();
    (0..count).map(|i| format!("struct S{i} {{\n{fields}}}\n")).collect()
}

#[test]
fn what_fails_is_told_behind_very_many_changes_that_do_not() {
    let text =
        |doc: &str, ty: &str| format!("{}struct Last {{ x: {ty}; }}\n", wide(12, &format!("/// {doc}\n"), "u32"));
    let changes = breaking(&read(&text("a", "u32")), &read(&text("b", "f32")));
    assert!(changes.has_breaking(false));
    let told = told(&changes);
    assert!(told.ends_with("layout[ZIPC0405]: robot.Last.x: was `u32` and is `f32`"));
    let note = "compatible[ZIPC0474]: robot: 2001 more changes are not shown, none of which fails\n";
    assert!(told.starts_with(note), "{}", told.lines().next().unwrap());
    assert_eq!(changes.list.len(), 10_001);
    assert!(changes.render(Format::Human, false).contains("error[ZIPC0405]"));
}

#[test]
fn more_than_is_kept_is_kept_where_it_fails() {
    let changes = breaking(&read(&wide(11, "", "u32")), &read(&wide(11, "", "f32")));
    assert_eq!(changes.list.len(), 11_000);
    assert_eq!(changes.reports(false)[0].diagnostics.len(), 11_000);
}

#[test]
fn a_schema_that_is_gone_is_told() {
    let old = sources(&[
        ("a.zipc", "struct A { x: u8; }"),
        ("b.zipc", "namespace deep.b; struct B { x: u8; }"),
        ("c.zipc", "struct C { x: u8; }\nsegment S = \"/s\" @size(64 KiB) { c: array<C>[4]; }"),
    ]);
    let new = sources(&[("a.zipc", "struct A { x: u8; }")]).check().unwrap();
    let changes = breaking(&old.check().unwrap(), &new);
    let expected = "source[ZIPC0459]: deep.b: the schema is gone\n\
                    segment[ZIPC0459]: c: the schema is gone, and with it a segment";
    assert_eq!(told(&changes), expected);
    assert!(changes.render(Format::Short, false).contains("c.zipc:1:1: segment[ZIPC0459]"));
}

const IMPORTER: (&str, &str) = ("a.zipc", "import \"b.zipc\"; struct A { x: b.B; }");
const THEN: (&str, &str) = ("b.zipc", "struct B { x: u32; }");
const NOW: (&str, &str) = ("b.zipc", "struct B { x: f32; }");

/// One of them is compared itself, and imported only in the other version.
#[test]
fn an_import_that_becomes_a_schema_is_compared_and_the_other_way_round() {
    let alone = |import: (&str, &str)| {
        let lock = sources(&[IMPORTER, import]).check().unwrap().lock().replace("schema b.zipc", "import b.zipc");
        Lock::parse(&Source::new("schema.lock", lock)).unwrap().check().unwrap()
    };
    let both = |import| sources(&[IMPORTER, import]).check().unwrap();
    let expected = "layout[ZIPC0473]: a.A.x: changes with `b.B`\nlayout[ZIPC0405]: b.B.x: was `u32` and is `f32`";
    assert_eq!(told(&breaking(&alone(THEN), &both(NOW))), expected);
    assert_eq!(told(&breaking(&both(THEN), &alone(NOW))), expected);
    assert_eq!(told(&breaking(&alone(THEN), &alone(NOW))), "layout[ZIPC0409]: a.A.x: the imported `b.B` changed");
}

#[test]
fn an_import_that_moves_and_changes_is_told() {
    let version = |name: &str, ty: &str| {
        let text = |body: String| Source::new(if body.contains("A") { "a.zipc" } else { name }, body);
        let import = text(format!("namespace x.b; struct B {{ x: {ty}; }}"));
        let main = text(format!("import \"{name}\" as b; struct A {{ x: b.B; }}"));
        Compiler::new().source(main).source(import)
    };
    let old = version("b.zipc", "u32").check().unwrap().lock().replace("schema b.zipc", "import b.zipc");
    let old = Lock::parse(&Source::new("schema.lock", old)).unwrap().check().unwrap();
    let new = version("c.zipc", "f32").check().unwrap();
    let expected = "layout[ZIPC0473]: a.A.x: changes with `x.b.B`\nlayout[ZIPC0405]: x.b.B.x: was `u32` and is `f32`";
    assert_eq!(told(&breaking(&old, &new)), expected);
    let new = new.lock().replace("schema c.zipc", "import c.zipc");
    let new = Lock::parse(&Source::new("schema.lock", new)).unwrap().check().unwrap();
    assert_eq!(told(&breaking(&old, &new)), "layout[ZIPC0409]: a.A.x: the imported `x.b.B` changed");
}

/// Whatever is accepted of a definition inside, what contains it is told for itself.
#[test]
fn an_accepted_change_hides_no_other() {
    let before = "struct I { a: u32; } struct O { i: I; k: u32; l: u32; }";
    let after = "struct I { a: f32; } struct O { i: I; reserved 4; k: u32; l: u32; }";
    let mut changes = breaking(&read(before), &read(after));
    let accepted = changes.list.iter().find(|change| change.path == "robot.I.a").unwrap().to_string();
    changes.accept(&Accepted::parse(Source::new("accept.txt", accepted)));
    let open: Vec<&str> =
        changes.list.iter().filter(|change| change.is_breaking(false)).map(|change| change.path.as_str()).collect();
    assert_eq!(open, ["robot.O.k", "robot.O.l"]);
}
