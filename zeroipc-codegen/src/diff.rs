//! What two texts differ in, as a unified diff.

use std::path::Path;

use similar::TextDiff;

/// How many lines of a difference are shown.
const MAX_LINES: usize = 80;

/// What has to change in the file `path` so that it says what is wanted.
pub(crate) fn stale(path: &Path, found: Option<&str>, wanted: &str) -> String {
    let path = path.display();
    let Some(found) = found else { return format!("{path}: missing\n") };
    if found.lines().eq(wanted.lines()) {
        return format!("{path}: only the line ends differ\n");
    }
    unified(&path.to_string(), found, wanted)
}

/// A unified diff, cut where nobody reads on.
pub(crate) fn unified(path: &str, old: &str, new: &str) -> String {
    let text = TextDiff::from_lines(old, new).unified_diff().header(path, path).to_string();
    let lines = text.lines().count();
    if lines <= MAX_LINES {
        return text;
    }
    let shown: String = text.split_inclusive('\n').take(MAX_LINES).collect();
    format!("{shown}… and {} more lines\n", lines - MAX_LINES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_part_that_differs() {
        let path = Path::new("a");
        assert_eq!(stale(path, Some("x\ny\nz\n"), "x\nw\nz\n"), "--- a\n+++ a\n@@ -1,3 +1,3 @@\n x\n-y\n+w\n z\n");
        assert_eq!(stale(path, None, "x\n"), "a: missing\n");
        assert_eq!(stale(path, Some("x\r\n"), "x\n"), "a: only the line ends differ\n");
        assert!(unified("a", "", &"x\n".repeat(200)).ends_with("… and 123 more lines\n"));
    }
}
