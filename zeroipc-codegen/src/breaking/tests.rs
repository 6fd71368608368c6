//! What is told agrees with what the runtimes do: they and `breaking` look at the same descriptions.

use std::fmt::Write;

use super::change::{Change, Class};
use super::definitions::compare_schemas;
use super::pairs::schemas;
use crate::compiler::{Checked, Compiler};
use crate::fingerprints::of_schema;
use crate::model::describe::describe;
use crate::source::Source;
use zeroipc_layout::{Description, compare};

/// The same numbers for the same seed (<https://prng.di.unimi.it/splitmix64.c>).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    fn pick<'a>(&mut self, things: &[&'a str]) -> &'a str {
        things[self.below(things.len())]
    }

    /// Some of `things`, most often in their order.
    fn some<'a>(&mut self, things: &[&'a str]) -> Vec<&'a str> {
        let mut some: Vec<&str> = things.iter().copied().filter(|_| self.below(4) > 0).collect();
        if some.is_empty() {
            some.push(things[0]);
        }
        if self.below(3) == 0 {
            let (a, b) = (self.below(some.len()), self.below(some.len()));
            some.swap(a, b);
        }
        some
    }
}

/// A schema of one enum, flags, a variant and a struct, so small that two of them often agree in something.
fn schema(random: &mut Random) -> String {
    let mut text = String::from("namespace chance;\n");
    let shift = random.below(2);
    let closed = random.pick(&["", "", " @closed"]);
    write!(text, "enum E: {}{closed} {{ ", random.pick(&["u8", "u8", "i8"])).unwrap();
    for (i, name) in random.some(&["A", "B", "C"]).iter().enumerate() {
        write!(text, "{name} = {}, ", i + shift).unwrap();
    }
    text.push_str("}\nflags F: u8 { ");
    for name in random.some(&["R", "W"]) {
        write!(text, "{name}, ").unwrap();
    }
    text.push_str("}\nvariant V: u8 { ");
    for name in random.some(&["a", "b", "c"]) {
        text.push_str(name);
        text.push_str(random.pick(&["", "", ": u8", ": str[4]", ": E"]));
        text.push_str(", ");
    }
    text.push_str("}\nstruct S @auto_pad {\n");
    for name in random.some(&["p", "q", "r", "s"]) {
        let ty = random.pick(&["u32", "u32", "u32", "f32", "E", "F", "V", "str[4]", "bytes[4]", "[E; 2]"]);
        let unit = random.pick(&["", "", " @unit(\"m\")", " @unit(\"s\")"]);
        let was = random.pick(&["", "", "", " @was(\"old\")"]);
        let was = if text.contains("@was") { "" } else { was };
        writeln!(text, "    {name}: {ty}{unit}{was};").unwrap();
    }
    text.push_str("}\n");
    text
}

/// Whether a program that knows the new type refuses a segment with the old one, and whether it can read the bytes.
fn refused(old: &Checked, new: &Checked, name: &str) -> Option<Class> {
    let find = |checked: &Checked| {
        let schema = checked.units[0].schema.clone().unwrap();
        let enums = schema.own_enums().map(|item| (&item.name, item.ty));
        let structs = schema.own_structs().map(|item| (&item.name, item.ty));
        let variants = schema.own_variants().map(|item| (&item.name, item.ty));
        let ty = enums.chain(structs).chain(variants).find(|(found, _)| *found == name).map(|(_, ty)| ty);
        let described = describe(&schema, ty.unwrap());
        (described.layout, described.bytes.clone())
    };
    let ((before, theirs), (after, ours)) = (find(old), find(new));
    match compare(Description::parse(&ours).unwrap(), Description::parse(&theirs).unwrap()) {
        Ok(()) => None,
        Err(_) if before == after => Some(Class::Schema),
        Err(_) => Some(Class::Layout),
    }
}

/// The classes of what is told about a type and what is in it, the worst first.
fn classes(changes: &[Change], name: &str) -> Vec<Class> {
    let inside = format!("chance.{name}.");
    let mine = changes.iter().filter(|change| format!("{}.", change.path).starts_with(&inside));
    let mut classes: Vec<Class> = mine.map(|change| change.class).collect();
    classes.sort_unstable();
    classes
}

fn changes_of(old: &Checked, new: &Checked) -> Vec<Change> {
    let schemas = schemas(old, new);
    compare_schemas(old, new, schemas.pairs[0], &schemas.told())
}

#[test]
fn a_class_is_what_happens_when_a_segment_is_opened() {
    let read = |text: &str| Compiler::new().source(Source::new("random.zipc", text)).check();
    let mut seen = [0usize; 3];
    for seed in 0..1500 {
        let mut random = Random(seed);
        let (before, after) = (schema(&mut random), schema(&mut random));
        let (Ok(old), Ok(new)) = (read(&before), read(&after)) else { panic!("{before}\n{after}") };
        let changes = changes_of(&old, &new);
        for name in ["E", "F", "V", "S"] {
            let told = classes(&changes, name);
            let refused = refused(&old, &new, name);
            let fits = match refused {
                None => told.iter().all(|class| *class >= Class::Segment),
                Some(Class::Layout) => told.contains(&Class::Layout) || told.contains(&Class::Append),
                Some(_) => matches!(told.first(), Some(Class::Schema | Class::Append)),
            };
            seen[match refused {
                None => 0,
                Some(Class::Layout) => 1,
                Some(_) => 2,
            }] += 1;
            let list: Vec<String> = changes.iter().map(ToString::to_string).collect();
            assert!(fits, "seed {seed}, {name}: {refused:?}, told {told:?}\n{before}\n{after}\n{}", list.join("\n"));
        }
    }
    assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
}

/// The first `kept` definitions of `old` and the others of `new`, a line for each but the last.
fn spliced(old: &str, new: &str, kept: usize) -> String {
    let lines = old.lines().take(1 + kept).chain(new.lines().skip(1 + kept));
    lines.map(|line| format!("{line}\n")).collect()
}

/// What would be refused even if nothing inside had changed is told for itself, so that nobody who accepts the changes
/// inside accepts it with them.
#[test]
fn what_changes_inside_hides_nothing() {
    let read = |text: &str| Compiler::new().source(Source::new("random.zipc", text)).check();
    let mut seen = 0;
    for seed in 0..1500 {
        let mut random = Random(seed);
        let (before, after) = (schema(&mut random), schema(&mut random));
        let (Ok(old), Ok(new)) = (read(&before), read(&after)) else { panic!("{before}\n{after}") };
        let changes = changes_of(&old, &new);
        let own: Vec<Change> = changes.iter().filter(|change| !change.is_through()).cloned().collect();
        for (name, kept) in [("V", 2), ("S", 3)] {
            let Ok(mixed) = read(&spliced(&before, &after, kept)) else { continue };
            if refused(&old, &mixed, name).is_some() {
                let list: Vec<String> = changes.iter().map(ToString::to_string).collect();
                // `source` where a number became an enum whose number changed, so that the bytes are the same again.
                let told = classes(&own, name).first().is_some_and(|class| *class <= Class::Source);
                assert!(told, "seed {seed}, {name}\n{before}\n{after}\n{}", list.join("\n"));
                seen += 1;
            }
        }
    }
    assert!(seen > 500, "{seen}");
}

#[test]
fn nothing_is_told_where_nothing_changed() {
    for seed in 0..100 {
        let text = schema(&mut Random(seed));
        let read = || Compiler::new().source(Source::new("random.zipc", text.as_str())).check().unwrap();
        let (old, new) = (read(), read());
        assert!(changes_of(&old, &new).is_empty(), "{text}");
        let prints = |checked: &Checked| of_schema(checked.units[0].schema.as_ref().unwrap());
        assert_eq!(prints(&old), prints(&new));
    }
}
