//! Code that is broken into lines as `ruff format` would.

/// The width that lines are broken at.
pub(super) const WIDTH: usize = 88;

/// A bracket with things in it: on one line if they fit, otherwise one on each line.
pub(super) fn call(indent: &str, open: &str, things: &[String], close: &str) -> Vec<String> {
    let line = format!("{indent}{open}{}{close}", things.join(", "));
    if line.chars().count() <= WIDTH || things.is_empty() {
        return vec![line];
    }
    let things = things.iter().map(|thing| format!("{indent}    {thing},"));
    [format!("{indent}{open}")].into_iter().chain(things).chain([format!("{indent}{close}")]).collect()
}

/// A definition with a value, which is put into brackets where it does not fit on the line.
pub(super) fn assignment(indent: &str, target: &str, value: &str) -> Vec<String> {
    let line = format!("{indent}{target} = {value}");
    if line.chars().count() <= WIDTH {
        return vec![line];
    }
    if let Some(items) = value.strip_prefix('[').and_then(|value| value.strip_suffix(']')) {
        return call(indent, &format!("{target} = ["), &split(items), "]");
    }
    if value.starts_with(['"', '\'']) {
        // A text is left on its line, unless it fits on one of its own.
        if indent.len() + 4 + value.chars().count() > WIDTH {
            return vec![line];
        }
    }
    vec![format!("{indent}{target} = ("), format!("{indent}    {value}"), format!("{indent})")]
}

/// The parts of a list, whatever stands inside them.
fn split(items: &str) -> Vec<String> {
    let (mut parts, mut part, mut depth, mut quote) = (Vec::new(), String::new(), 0u32, None);
    let mut chars = items.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                part.push(c);
                part.extend(chars.next());
                continue;
            }
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push(std::mem::take(&mut part).trim().to_owned());
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    parts.push(part.trim().to_owned());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split_at_their_own_commas_only() {
        assert_eq!(split("[1, 2], b\"a\\\",\", f(x, y)"), ["[1, 2]", "b\"a\\\",\"", "f(x, y)"]);
    }

    #[test]
    fn what_fits_stays_on_its_line() {
        assert_eq!(call("", "f(", &["a".into(), "b".into()], ")"), ["f(a, b)"]);
        let long = "x".repeat(WIDTH);
        assert_eq!(
            call(" ", "f(", std::slice::from_ref(&long), ")"),
            [" f(".to_owned(), format!("     {long},"), " )".to_owned()]
        );
        assert_eq!(assignment("", "a", "1"), ["a = 1"]);
    }
}
