//! The lines in which two texts differ.

/// How many differing lines are shown.
const MAX_LINES: usize = 40;

/// What has to change in the file `path`: the part between the first and the last line that differ.
pub(crate) fn diff(path: &str, found: Option<&str>, wanted: &str) -> String {
    let Some(found) = found else { return format!("{path}: missing\n") };
    let (old, new): (Vec<&str>, Vec<&str>) = (found.lines().collect(), wanted.lines().collect());
    if old == new {
        return format!("{path}: only the line ends differ\n");
    }
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - same;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let removed = old[same..old.len() - tail].iter().map(|line| format!("-{line}\n"));
    let added = new[same..new.len() - tail].iter().map(|line| format!("+{line}\n"));
    let lines: Vec<String> = removed.chain(added).collect();
    let mut out = format!("{path}: stale from line {}\n", same + 1);
    out.extend(lines.iter().take(MAX_LINES).map(String::as_str));
    if lines.len() > MAX_LINES {
        out.push_str(&format!("… and {} more lines\n", lines.len() - MAX_LINES));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_part_that_differs() {
        assert_eq!(diff("a", Some("x\ny\nz\n"), "x\nw\nz\n"), "a: stale from line 2\n-y\n+w\n");
        assert_eq!(diff("a", Some("x\n"), "x\nx\n"), "a: stale from line 2\n+x\n");
        assert_eq!(diff("a", None, "x\n"), "a: missing\n");
        assert_eq!(diff("a", Some("x\r\n"), "x\n"), "a: only the line ends differ\n");
    }
}
