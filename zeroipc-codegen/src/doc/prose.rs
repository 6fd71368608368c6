//! Documentation, which is Markdown: what of it reaches a page.
//!
//! HTML in it is text, pictures are their description, and a link leads to the web or to a neighbour or is none.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The quotes and lists that one line opens at most: reading a line takes time for each that is open.
const DEEPEST: usize = 16;

/// The lines of documentation as one text.
pub(super) fn text(doc: &[String]) -> String {
    let lines: Vec<String> = doc.iter().map(|line| shallow(line)).collect();
    lines.join("\n")
}

/// The line without the marks of quotes and lists that are too deep.
fn shallow(line: &str) -> String {
    let mut marks = 0;
    let mut from = None;
    let mut rest = line.char_indices().peekable();
    while let Some((i, c)) = rest.next() {
        let spaced = rest.peek().is_some_and(|(_, next)| matches!(next, ' ' | '\t'));
        match c {
            '>' => marks += 1,
            '-' | '+' | '*' | '.' | ')' if spaced => marks += 1,
            ' ' | '\t' | '-' | '+' | '*' | '0'..='9' => {}
            _ => return from.map_or(line.to_owned(), |from| format!("{}{}", &line[..from], &line[i..])),
        }
        if marks > DEEPEST && from.is_none() {
            from = Some(i);
        }
    }
    from.map_or(line, |from| &line[..from]).to_owned()
}

/// The events of a text, without anything that could do harm.
pub(super) fn events(text: &str) -> Vec<Event<'_>> {
    let mut links: Vec<bool> = Vec::new();
    let mut out = Vec::new();
    for event in Parser::new_ext(text, Options::empty()) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => out.push(Event::Text(html)),
            Event::Start(Tag::HtmlBlock) => out.push(Event::Start(Tag::Paragraph)),
            Event::End(TagEnd::HtmlBlock) => out.push(Event::End(TagEnd::Paragraph)),
            // The page has headings of its own.
            Event::Start(Tag::Heading { .. }) => {
                out.extend([Event::Start(Tag::Paragraph), Event::Start(Tag::Strong)]);
            }
            Event::End(TagEnd::Heading(_)) => {
                out.extend([Event::End(TagEnd::Strong), Event::End(TagEnd::Paragraph)]);
            }
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => {}
            Event::Start(Tag::Link { ref dest_url, .. }) => {
                let kept = is_harmless(dest_url);
                links.push(kept);
                if kept {
                    out.push(event);
                }
            }
            Event::End(TagEnd::Link) => {
                if links.pop() == Some(true) {
                    out.push(event);
                }
            }
            other => out.push(other),
        }
    }
    out
}

/// Whether an address is one of the web or relative to the page.
fn is_harmless(address: &str) -> bool {
    if address.is_empty() || address.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return false;
    }
    let before = address.split(['/', '?', '#']).next().unwrap_or_default();
    match before.split_once(':') {
        Some((scheme, _)) => ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)),
        None => true,
    }
}

/// Documentation as HTML.
pub(super) fn html(doc: &[String]) -> String {
    let text = text(doc);
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, events(&text).into_iter());
    out.chars().map(shown).collect()
}

/// Documentation as HTML for a cell: one paragraph needs no element.
pub(super) fn html_line(doc: &[String]) -> String {
    let html = html(doc);
    let trimmed = html.trim();
    let only = trimmed.strip_prefix("<p>").and_then(|rest| rest.strip_suffix("</p>"));
    only.filter(|inside| !inside.contains("<p>")).unwrap_or(trimmed).to_owned()
}

/// A character, or the replacement of one that cannot be shown.
pub(super) fn shown(c: char) -> char {
    let kept = matches!(c, '\n' | '\t') || !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'));
    if kept { c } else { char::REPLACEMENT_CHARACTER }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html_of(text: &str) -> String {
        html(&text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn markdown_is_rendered() {
        let html =
            html_of("A *word* and `code <b>`.\n\n- one\n- two\n\n```\nx < y\n```\n[here](https://example.org/a?b)");
        assert!(html.contains("<em>word</em>") && html.contains("<code>code &lt;b&gt;</code>"), "{html}");
        assert!(html.contains("<li>one</li>") && html.contains("x &lt; y"), "{html}");
        assert!(html.contains("<a href=\"https://example.org/a?b\">here</a>"), "{html}");
    }

    #[test]
    fn only_marks_that_are_too_deep_are_cut() {
        for kept in
            ["> > - 1. a", "+------+------+------+------+------+------+------+", "- - - - - - -", "    - x > y > z"]
        {
            assert_eq!(shallow(kept), kept);
        }
        assert_eq!(shallow(&format!("{}text > more", ">".repeat(100))), format!("{}text > more", ">".repeat(DEEPEST)));
        assert_eq!(shallow(&"- ".repeat(100)), "- ".repeat(DEEPEST));
    }

    #[test]
    fn html_is_text() {
        let html = html_of("<script>alert(1)</script>\n\na <img src=x onerror=y> b\n\n<!-- c -->");
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("<!--"), "{html}");
        assert!(html.contains("&lt;script&gt;"), "{html}");
    }

    #[test]
    fn links_lead_to_the_web_or_to_a_neighbour() {
        for good in ["http://a", "HTTPS://a/b:c", "other.html#Type", "#Type", "//a/b", "a/b:c?d:e"] {
            assert!(is_harmless(good), "{good}");
        }
        for bad in
            ["javascript:alert(1)", "JaVaScript:x", "data:text/html,x", "vbscript:x", "java\tscript:x", " x:y", ""]
        {
            assert!(!is_harmless(bad), "{bad}");
        }
        for text in [
            "[a](javascript:x)",
            "[a](&#106;avascript:x)",
            "<javascript:x>",
            "[a]\n\n[a]: javascript:x",
            "![a](http://b/c.png)",
        ] {
            let html = html_of(text);
            assert!(!html.contains("href") && !html.contains("src"), "{text}: {html}");
        }
    }
}
