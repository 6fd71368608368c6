//! A page as HTML.

use askama::Template;

use super::content::{Block, Content, Section};
use super::inline::{Inline, Line, address};
use super::prose;
use super::tables::Table;
use crate::layout::svg::{self, escaped};

#[derive(Template)]
#[template(path = "doc/page.html.j2", escape = "html")]
struct Page<'a> {
    title: String,
    file: &'a str,
    version: &'static str,
    picture_style: &'static str,
    doc: String,
    imports: Vec<Neighbour<'a>>,
    sections: Vec<Part<'a>>,
}

/// The page of an import.
struct Neighbour<'a> {
    name: &'a str,
    page: String,
}

struct Part<'a> {
    title: &'static str,
    id: String,
    /// What the list of contents leads to.
    names: Vec<&'a str>,
    body: String,
}

/// The page.
pub(super) fn page(content: &Content<'_>) -> String {
    let schema = content.schema;
    let imports = schema
        .imports
        .iter()
        .map(|import| Neighbour { name: &import.alias, page: format!("{}.html", address(&import.module.stem)) });
    let page = Page {
        title: escaped_name(&schema.namespace.join(".")),
        file: &schema.file_name,
        version: env!("CARGO_PKG_VERSION"),
        picture_style: svg::STYLE,
        doc: prose::html(&schema.doc),
        imports: imports.collect(),
        sections: content.sections.iter().map(part).collect(),
    };
    // Writing to a string does not fail, and the templates call nothing that could.
    page.render().unwrap_or_default()
}

/// A name of a schema: letters, digits and dots only, unless it comes from a file's name.
fn escaped_name(name: &str) -> String {
    name.chars().map(prose::shown).collect()
}

fn part<'a>(section: &Section<'a>) -> Part<'a> {
    let names = section.blocks.iter().filter_map(|block| match block {
        Block::Item { name, .. } => Some(*name),
        _ => None,
    });
    Part {
        title: section.title,
        // No name has a `-`.
        id: format!("section-{}", section.title.to_lowercase().replace(' ', "-")),
        names: names.collect(),
        body: section.blocks.iter().map(block).collect(),
    }
}

fn block(block: &Block<'_>) -> String {
    match block {
        Block::Item { word, name, deprecated } => {
            let shown = if *deprecated { format!("<s>{name}</s>") } else { (*name).to_owned() };
            format!("<h3 id=\"{name}\"><span class=\"word\">{word}</span> <a href=\"#{name}\">{shown}</a></h3>\n")
        }
        Block::Prose(doc) => format!("<div class=\"prose\">\n{}</div>\n", prose::html(doc)),
        Block::Paragraph(content) => format!("<p class=\"facts\">{}</p>\n", line(content)),
        Block::Warning(content) => format!("<p class=\"warning\">{}</p>\n", line(content)),
        Block::Table(content) => table(content),
        Block::Spelling(content) => {
            format!("<details open=\"open\"><summary>In the languages</summary>\n{}</details>\n", table(content))
        }
        Block::Picture { picture, .. } => format!("<div class=\"picture\">\n{}</div>\n", picture.inline()),
    }
}

fn table(table: &Table<'_>) -> String {
    let mut out = String::from("<div class=\"scroll\"><table>\n<thead><tr>");
    for (i, head) in table.head.iter().enumerate() {
        // What the first cell of a table of spellings is for needs no word.
        let head = if i == 0 && head.is_empty() { "<span class=\"hidden\">What</span>" } else { head };
        out.push_str(&format!("<th scope=\"col\"{}>{head}</th>", class(table, i, None)));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for (i, cell) in row.iter().enumerate() {
            out.push_str(&format!("<td{}>{}</td>", class(table, i, Some(cell)), line(cell)));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    out
}

/// The letters of a value that stand in one line.
const SHORT: usize = 24;

/// Numbers stand at the right of their column, and long values take no room from what they mean.
fn class(table: &Table<'_>, i: usize, cell: Option<&Line<'_>>) -> &'static str {
    match table.head.get(i).copied() {
        Some("Offset" | "Size" | "Tag") => " class=\"number\"",
        Some("Range" | "Null" | "Default" | "Value" | "Bits" | "Unit") => {
            if cell.is_some_and(|cell| cell.iter().map(length).sum::<usize>() > SHORT) {
                " class=\"long\""
            } else {
                " class=\"short\""
            }
        }
        _ => "",
    }
}

fn length(inline: &Inline<'_>) -> usize {
    match inline {
        Inline::Text(text) | Inline::Code(text) | Inline::Struck(text) => text.chars().count(),
        Inline::Link { .. } | Inline::Prose(_) | Inline::Anchor(_) => 0,
    }
}

fn line(line: &Line<'_>) -> String {
    line.iter().map(inline).collect::<String>().trim().to_owned()
}

fn inline(inline: &Inline<'_>) -> String {
    match inline {
        Inline::Text(text) => escaped(text),
        Inline::Code(code) => format!("<code>{}</code>", escaped(code)),
        Inline::Struck(name) => format!("<s><code>{}</code></s>", escaped(name)),
        Inline::Link { text, to } => {
            let page = to.page.map(|page| format!("{}.html", address(page))).unwrap_or_default();
            format!("<a href=\"{page}#{}\"><code>{}</code></a>", to.name, escaped(text))
        }
        Inline::Prose(doc) => prose::html_line(doc),
        Inline::Anchor(name) => format!("<span id=\"{name}\"></span>"),
    }
}
