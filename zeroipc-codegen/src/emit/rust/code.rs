//! Expressions and statements, broken into lines as rustfmt breaks them.

/// The width that lines are broken at.
pub(super) const WIDTH: usize = 120;

/// What stands above an item that has a line which only rustfmt knows how to break.
pub(super) const SKIP: &str = "#[rustfmt::skip]";

/// The longest element of which several stand in a line, where not all elements fit one.
const SHORT: usize = 10;

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Code {
    /// Something that is not broken.
    Text(String),
    /// A function with one argument.
    Call(String, String),
    /// An array.
    List(Vec<Code>),
    /// A struct by its name and fields.
    Struct(String, Vec<(String, Code)>),
}

impl Code {
    /// All on one line.
    pub(super) fn flat(&self) -> String {
        match self {
            Code::Text(text) => text.clone(),
            Code::Call(name, argument) => format!("{name}({argument})"),
            Code::List(list) => format!("[{}]", list.iter().map(Code::flat).collect::<Vec<_>>().join(", ")),
            Code::Struct(name, fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(name, code)| format!("{name}: {}", code.flat())).collect();
                format!("{name} {{ {} }}", fields.join(", "))
            }
        }
    }

    /// `before`, the expression and `behind` it, indented.
    pub(super) fn lines(&self, indent: usize, before: &str, behind: &str) -> Vec<String> {
        let space = " ".repeat(indent);
        let line = format!("{space}{before}{}{behind}", self.flat());
        if width(&line) <= WIDTH {
            return vec![line];
        }
        let below = format!("{space}    {}{behind}", self.flat());
        let is_text = matches!(self, Code::Text(_) if before.ends_with(' '));
        if is_text || (before.ends_with("= ") && width(&below) <= WIDTH) {
            return vec![format!("{space}{}", before.trim_end()), below];
        }
        let (open, close, inside) = match self {
            Code::Text(_) => return vec![line],
            Code::Call(name, argument) => (format!("{name}("), ")", vec![format!("{space}    {argument},")]),
            Code::List(list) => ("[".to_owned(), "]", rows(list, indent + 4)),
            Code::Struct(name, fields) => {
                let fields = fields.iter().flat_map(|(name, code)| code.lines(indent + 4, &format!("{name}: "), ","));
                (format!("{name} {{"), "}", fields.collect())
            }
        };
        let first = [format!("{space}{before}{open}")];
        first.into_iter().chain(inside).chain([format!("{space}{close}{behind}")]).collect()
    }

    /// Whether several of these stand in a line.
    fn is_short(&self) -> bool {
        matches!(self, Code::Text(text) if text.trim_start_matches('-').len() <= SHORT
            && text.starts_with(|c: char| c == '-' || c.is_ascii_digit()))
    }
}

/// The elements of an array, short ones as many as fit a line.
fn rows(list: &[Code], indent: usize) -> Vec<String> {
    if !list.iter().all(Code::is_short) {
        return list.iter().flat_map(|code| code.lines(indent, "", ",")).collect();
    }
    let space = " ".repeat(indent);
    let mut rows: Vec<String> = Vec::new();
    for item in list {
        let item = format!("{},", item.flat());
        match rows.last_mut() {
            Some(row) if row.len() + 1 + item.len() < WIDTH => {
                row.push(' ');
                row.push_str(&item);
            }
            _ => rows.push(format!("{space}{item}")),
        }
    }
    rows
}

/// The width of a line as rustfmt counts it.
pub(super) fn width(line: &str) -> usize {
    line.chars().count()
}

/// Whether a line is longer than it may be.
pub(super) fn is_wide<'a>(lines: impl IntoIterator<Item = &'a String>) -> bool {
    lines.into_iter().any(|line| width(line) > WIDTH)
}

/// `assert!` with a sentence.
pub(super) fn assertion(condition: &str, sentence: &str) -> Vec<String> {
    let line = format!("    assert!({condition}, \"{sentence}\");");
    if width(&line) <= WIDTH {
        return vec![line];
    }
    let whole = format!("        {condition},");
    let condition = match condition.split_once(" == ") {
        Some((left, right)) if width(&whole) > WIDTH => comparison(left, right),
        _ => vec![whole],
    };
    let mut lines = vec!["    assert!(".to_owned()];
    lines.extend(condition);
    lines.extend([format!("        \"{sentence}\""), "    );".to_owned()]);
    lines
}

/// A comparison that does not fit a line: broken in front of the operator, or else inside of a call on its left.
fn comparison(left: &str, right: &str) -> Vec<String> {
    let whole = format!("        {left}");
    match left.strip_suffix(')').and_then(|call| call.split_once('(')) {
        Some((name, arguments)) if width(&whole) > WIDTH => {
            let arguments =
                arguments.split(", ").map(|argument| format!("            {argument},")).collect::<Vec<_>>();
            let mut lines = vec![format!("        {name}(")];
            lines.extend(arguments);
            if let Some(last) = lines.last_mut() {
                // Macros keep their last argument without a comma.
                last.pop();
            }
            lines.push(format!("        ) == {right},"));
            lines
        }
        _ => vec![whole, format!("            == {right},")],
    }
}
