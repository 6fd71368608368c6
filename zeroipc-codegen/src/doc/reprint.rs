//! Documentation as Markdown again, in a form that can stand anywhere: nothing in it can end a table, swallow what follows
//! or become HTML.

use pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};

use super::prose::{events, shown, text};

/// Quotes and lists inside each other that are indented; deeper ones are not.
const DEEPEST: usize = 8;

/// As blocks.
pub(super) fn blocks(doc: &[String]) -> String {
    print(doc, false)
}

/// As one line, for a cell of a table.
pub(super) fn line(doc: &[String]) -> String {
    print(doc, true)
}

fn print(doc: &[String], cell: bool) -> String {
    let text = text(doc);
    let mut printer = Printer { cell, ..Printer::default() };
    for event in events(&text) {
        printer.event(event);
    }
    printer.flush();
    printer.out.trim().chars().map(shown).collect()
}

#[derive(Default)]
struct Printer {
    cell: bool,
    out: String,
    /// What has not been written yet: of a paragraph, or of a block of code.
    open: String,
    code: Option<String>,
    /// What stands in front of every line.
    indents: Vec<&'static str>,
    /// How many of these were open all the time since the last block.
    common: usize,
    /// Containers that are too deep to be seen.
    deeper: usize,
    /// The next number of each list that is open.
    lists: Vec<Option<u64>>,
    /// What stands in front of the first line of an item.
    marker: Option<String>,
    links: Vec<String>,
}

impl Printer {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) if self.code.is_some() => self.open.push_str(&text),
            Event::Text(text) => self.text(&text),
            Event::Code(code) => self.open.push_str(&code_span(&code, self.cell)),
            Event::SoftBreak if self.cell => self.open.push(' '),
            Event::SoftBreak => self.open.push('\n'),
            Event::HardBreak => self.open.push_str(if self.cell { "<br>" } else { "\\\n" }),
            Event::Rule => self.flush(),
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Emphasis => self.open.push('*'),
            Tag::Strong => self.open.push_str("**"),
            Tag::Link { dest_url, .. } => {
                self.open.push('[');
                self.links.push(destination(&dest_url));
            }
            Tag::CodeBlock(kind) => {
                self.flush();
                self.code = Some(language(&kind));
            }
            Tag::BlockQuote(_) => {
                self.flush();
                self.indent("> ");
            }
            Tag::List(first) => {
                self.flush();
                self.lists.push(first);
            }
            Tag::Item => {
                self.flush();
                self.item();
            }
            _ => self.flush(),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Emphasis => self.open.push('*'),
            TagEnd::Strong => self.open.push_str("**"),
            TagEnd::Link => {
                let to = self.links.pop().unwrap_or_default();
                self.open.push_str(&format!("]({to})"));
            }
            TagEnd::CodeBlock => self.code_block(),
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.outdent();
            }
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::Item => {
                self.flush();
                self.marker = None;
                self.outdent();
            }
            _ => self.flush(),
        }
    }

    fn item(&mut self) {
        let number = self.lists.last_mut().and_then(Option::as_mut).map(|next| {
            *next = next.saturating_add(1);
            *next - 1
        });
        self.marker = Some(match (number, self.cell) {
            (Some(number), _) => format!("{number}. "),
            (None, true) => "• ".to_owned(),
            (None, false) => "- ".to_owned(),
        });
        // Four columns suit every marker that numbers of up to two digits have.
        self.indent(if number.is_some() { "    " } else { "  " });
    }

    fn indent(&mut self, indent: &'static str) {
        if self.indents.len() < DEEPEST {
            self.indents.push(indent);
        } else {
            self.deeper += 1;
        }
    }

    fn outdent(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
        } else {
            self.indents.pop();
            self.common = self.common.min(self.indents.len());
        }
    }

    /// Text, in which nothing means anything.
    fn text(&mut self, text: &str) {
        let mut before = self.open.chars().next_back().unwrap_or('\n');
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let after = chars.peek().copied().unwrap_or(' ');
            match c {
                '<' => self.open.push_str("&lt;"),
                '>' => self.open.push_str("&gt;"),
                '&' => self.open.push_str("&amp;"),
                '\n' if self.cell => self.open.push(' '),
                '\\' | '`' | '*' | '[' | ']' | '|' | '~' | '$' | '#' => self.open.extend(['\\', c]),
                '_' if !(before.is_alphanumeric() && after.is_alphanumeric()) => self.open.extend(['\\', c]),
                // At the beginning of a line these are the mark of a list or underline a heading.
                '-' | '+' | '=' if before == '\n' && !self.cell => self.open.extend(['\\', c]),
                '.' | ')' if !self.cell && before.is_ascii_digit() && self.open_line_is_number() => {
                    self.open.extend(['\\', c])
                }
                c => self.open.push(c),
            }
            before = c;
        }
    }

    fn open_line_is_number(&self) -> bool {
        let tail = self.open.as_bytes().iter().rev().take(10).take_while(|byte| byte.is_ascii_digit()).count();
        let rest = self.open.len() - tail;
        tail < 10 && (rest == 0 || self.open.as_bytes().get(rest - 1) == Some(&b'\n'))
    }

    fn code_block(&mut self) {
        let language = self.code.take().unwrap_or_default();
        let code = std::mem::take(&mut self.open);
        let lines = code.trim_end_matches('\n').lines();
        if self.cell {
            let spans: Vec<String> = lines.map(|line| code_span(line, true)).collect();
            self.open = spans.join("<br>");
            return self.flush();
        }
        let fence = "`".repeat(longest_run(&code).max(2) + 1);
        let block: Vec<&str> = lines.collect();
        self.open = format!("{fence}{language}\n{}\n{fence}", block.join("\n"));
        self.flush();
    }

    /// Writes the block that is open.
    fn flush(&mut self) {
        let open = std::mem::take(&mut self.open);
        if self.code.is_some() || open.trim().is_empty() {
            return;
        }
        let marker = self.marker.take();
        if self.cell {
            if !self.out.is_empty() {
                self.out.push_str("<br>");
            }
            self.out.push_str(&marker.unwrap_or_default());
            self.out.push_str(open.trim());
            return;
        }
        let indent = self.indents.concat();
        let common = self.indents[..self.common.min(self.indents.len())].concat();
        self.common = self.indents.len();
        if !self.out.is_empty() {
            self.out.push_str(common.trim_end());
            self.out.push('\n');
        }
        for (i, line) in open.trim_end().lines().enumerate() {
            let before = match &marker {
                Some(marker) if i == 0 => {
                    let outer = self.indents.split_last().map(|(_, outer)| outer.concat()).unwrap_or_default();
                    // Numbers and their dot as wide as the indent of what follows.
                    let own = self.indents.last().map_or(0, |own| own.len());
                    format!("{outer}{marker:<own$}")
                }
                _ => indent.clone(),
            };
            self.out.push_str(format!("{before}{line}").trim_end());
            self.out.push('\n');
        }
    }
}

/// Code within a line, between more backticks than are in it.
pub(super) fn code_span(code: &str, cell: bool) -> String {
    let code: String = code.chars().map(|c| if c == '\n' { ' ' } else { shown(c) }).collect();
    if code.trim().is_empty() {
        return String::new();
    }
    let code = if cell { code.replace('|', "\\|") } else { code };
    let mark = "`".repeat(longest_run(&code) + 1);
    let pad = if code.starts_with(['`', ' ']) || code.ends_with(['`', ' ']) { " " } else { "" };
    format!("{mark}{pad}{code}{pad}{mark}")
}

fn longest_run(code: &str) -> usize {
    code.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// The name of a language behind a fence.
fn language(kind: &CodeBlockKind<'_>) -> String {
    match kind {
        CodeBlockKind::Fenced(info) => info.chars().take_while(char::is_ascii_alphanumeric).take(20).collect(),
        CodeBlockKind::Indented => String::new(),
    }
}

/// An address in which nothing ends it.
fn destination(address: &str) -> String {
    let mut out = String::new();
    for c in address.chars() {
        match c {
            '(' | ')' | '<' | '>' | '|' | '\\' | '`' | '"' | '*' | '[' | ']' => {
                out.push_str(&format!("%{:02X}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

/// Plain text, for a place where Markdown is read.
pub(super) fn plain(text: &str) -> String {
    let mut printer = Printer { cell: true, ..Printer::default() };
    printer.text(text);
    printer.open.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn blocks_keep_their_form() {
        let text = "A *b* `c|d` word_in_word.\n\n- one\n- two\n\n```c\na < b\n```\n\n> quoted";
        assert_eq!(blocks(&lines(text)), text.replace("- one\n- two", "- one\n\n- two"));
    }

    #[test]
    fn nothing_swallows_what_follows() {
        let text = blocks(&lines("```\nnever closed"));
        assert_eq!(text, "```\nnever closed\n```");
        assert_eq!(blocks(&lines("a <script> | b")), "a &lt;script&gt; \\| b");
    }

    #[test]
    fn cells_are_one_line() {
        let text = line(&lines("a | b `c|d`\nmore\n\n- x\n- y\n\n```\n1 | 2\n```"));
        assert_eq!(text, "a \\| b `c\\|d` more<br>• x<br>• y<br>`1 \\| 2`");
    }

    #[test]
    fn deep_containers_do_not_multiply() {
        let text = format!("{} a\n{}", ">".repeat(20_000), "b\n".repeat(20_000));
        assert!(blocks(&lines(&text)).len() < 1_000_000);
    }
}
