//! The matrix as a page, and held against the points that the source has.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::run::Row;

/// Points that no row has to come to, and why.
pub const ELSEWHERE: [(&str, &str); 1] =
    [("open.records", "it stands before a read: `tests/tests/kill_anywhere.rs` stops an opener there")];

const HEAD: &str = "\
# The kill matrix

Written by `cargo xtask chaos`. For every operation of every structure, and every step in it that changes shared memory,
a process was killed right behind that step. The last column is what is promised, and what a peer then found within a
second after the kernel had let go of the dead process:

- *done*: the peer's operation was done, as if the dead one had come to the end, or had never begun;
- *told*: it returned this `ErrorKind`, which says what happened;
- *its deadline*: it returned when its deadline had passed, which is all that can be promised there.

Every row also checks the structure's invariants, and that it works as ever afterwards. Where a step comes several times
in an operation, such as in a bulk one, each time may have an outcome of its own; they are listed in their order.

`cargo xtask chaos --random --seconds 3600` kills by chance under load, between any two instructions, and accounts for
everything that was done; what it prints when it fails plays the same round again.
";

/// Where the page is.
pub fn page() -> PathBuf {
    root().join("docs/kill-matrix.md")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The page: what does not depend on the machine or its mood.
pub fn render(rows: &[Row]) -> String {
    let mut page = HEAD.to_owned();
    let mut structure = "";
    for row in rows {
        if row.structure != structure {
            structure = row.structure;
            let _ = write!(page, "\n## {structure}\n\n| operation | dies behind | a peer |\n|---|---|---|\n");
        }
        let mut operation = row.operation.as_str();
        for (points, promises) in grouped(row) {
            let promises: Vec<String> = promises.iter().map(ToString::to_string).collect();
            let _ = writeln!(page, "| {operation} | {} | {} |", points.join(", "), promises.join("; then "));
            operation = "";
        }
    }
    let _ = write!(page, "\n## Points without a row\n\n");
    for (point, reason) in ELSEWHERE {
        let _ = writeln!(page, "- `{point}`: {reason}.");
    }
    page
}

/// Neighbouring points with the same promises, in one line.
fn grouped(row: &Row) -> Vec<(Vec<String>, &[super::Promise])> {
    let mut groups: Vec<(Vec<String>, &[super::Promise])> = Vec::new();
    let start = format!("{}.", row.structure);
    for (point, promises) in &row.points {
        let shown = format!("`{}`", point.strip_prefix(&start).unwrap_or(point));
        match groups.last_mut() {
            Some((points, known)) if same(known, promises) => points.push(shown),
            _ => groups.push((vec![shown], promises)),
        }
    }
    groups
}

fn same(one: &[super::Promise], other: &[super::Promise]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.0 == other.0)
}

/// What `cargo xtask chaos` prints: the page's rows with their kills and the worst time.
pub fn print(rows: &[Row]) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{:<12} {:<44} {:>6} {:>5} {:>9}", "structure", "operation", "points", "kills", "worst");
    for row in rows {
        let Row { structure, operation, points, kills, worst, failures } = row;
        let failed = if failures.is_empty() { "" } else { "  FAILED" };
        let worst = format!("{:.1} ms", worst.as_secs_f64() * 1000.0);
        let _ = writeln!(out, "{structure:<12} {operation:<44} {:>6} {kills:>5} {worst:>9}{failed}", points.len());
        for (points, promises) in grouped(row) {
            let promises: Vec<String> = promises.iter().map(ToString::to_string).collect();
            let _ = writeln!(out, "{:<14}{} → {}", "", points.join(", "), promises.join("; then "));
        }
    }
    let kills: u32 = rows.iter().map(|row| row.kills).sum();
    let failed = rows.iter().filter(|row| !row.failures.is_empty()).count();
    let _ = writeln!(out, "{} rows, {kills} kills, {failed} failed", rows.len());
    for failure in rows.iter().flat_map(|row| &row.failures) {
        let _ = writeln!(out, "FAILED {failure}");
    }
    out
}

/// The points of the source that no row comes to, and the listed ones that a row comes to or that are gone.
pub fn unmatched(rows: &[Row]) -> Vec<String> {
    let known = points_of_source();
    let reached: BTreeSet<&str> = rows.iter().flat_map(|row| &row.points).map(|(point, _)| point.as_str()).collect();
    let mut wrong = Vec::new();
    for point in &known {
        let listed = ELSEWHERE.iter().any(|(listed, _)| listed == point);
        match (reached.contains(point.as_str()), listed) {
            (false, false) => wrong.push(format!("no row comes to `{point}`")),
            (true, true) => wrong.push(format!("`{point}` is listed as one without a row, and has one")),
            _ => {}
        }
    }
    for (point, _) in ELSEWHERE.iter().filter(|(point, _)| !known.contains(*point)) {
        wrong.push(format!("`{point}` is listed as one without a row, and is not in the source"));
    }
    wrong
}

/// Every `point!` of the runtime.
pub fn points_of_source() -> BTreeSet<String> {
    let mut points = BTreeSet::new();
    let mut folders = vec![root().join("zeroipc/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the source is there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                points.extend(points_of(&text));
            }
        }
    }
    points
}

fn points_of(text: &str) -> Vec<String> {
    // rustfmt may put a long name on a line of its own.
    let named = text.split("point!(").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
    named.map(str::to_owned).collect()
}
