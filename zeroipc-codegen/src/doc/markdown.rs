//! A page as GitHub's Markdown, with the pictures in files beside it.

use super::content::{Block, Content};
use super::inline::{Inline, Line, address};
use super::reprint::{self, code_span, plain};
use super::tables::Table;

/// The page.
pub(super) fn page(content: &Content<'_>) -> String {
    let schema = content.schema;
    let mut out = format!("# {}\n\n", plain(&schema.namespace.join(".")));
    if !schema.doc.is_empty() {
        out.push_str(&format!("{}\n\n", reprint::blocks(&schema.doc)));
    }
    out.push_str(&format!("A reference of {}", code_span(&schema.file_name, false)));
    if !schema.imports.is_empty() {
        let links = schema.imports.iter().map(|import| {
            let page = format!("{}.md", address(&import.module.stem));
            format!("[{}]({page})", plain(&import.alias))
        });
        out.push_str(&format!(", which imports {}", links.collect::<Vec<_>>().join(", ")));
    }
    out.push_str(&format!(", written by zeroipc-codegen {}.\n\n", env!("CARGO_PKG_VERSION")));
    contents(&mut out, content);
    for section in &content.sections {
        out.push_str(&format!("## {}\n\n", section.title));
        for item in &section.blocks {
            block(&mut out, item);
        }
    }
    format!("{}\n", out.trim_end())
}

fn contents(out: &mut String, content: &Content<'_>) {
    for section in &content.sections {
        let id = section.title.to_lowercase().replace(' ', "-");
        let names = section.blocks.iter().filter_map(|block| match block {
            Block::Item { name, .. } => Some(format!("[{name}](#{name})")),
            _ => None,
        });
        let names: Vec<String> = names.collect();
        let colon = if names.is_empty() { "" } else { ": " };
        out.push_str(&format!("- [{}](#{id}){colon}{}\n", section.title, names.join(", ")));
    }
    out.push('\n');
}

fn block(out: &mut String, block: &Block<'_>) {
    match block {
        Block::Item { word, name, deprecated } => {
            let shown = if *deprecated { format!("~~{name}~~") } else { (*name).to_owned() };
            out.push_str(&format!("<a id=\"{name}\"></a>\n\n### {word} {shown}\n\n"));
        }
        Block::Prose(doc) => out.push_str(&format!("{}\n\n", reprint::blocks(doc))),
        Block::Paragraph(content) => out.push_str(&format!("{}\n\n", line(content))),
        Block::Warning(content) => out.push_str(&format!("> {}\n\n", line(content))),
        Block::Table(content) | Block::Spelling(content) => table(out, content),
        Block::Picture { name, file, .. } => out.push_str(&format!("![Layout of {name}]({})\n\n", address(file))),
    }
}

fn table(out: &mut String, table: &Table<'_>) {
    let heads: Vec<&str> = table.head.iter().map(|head| if head.is_empty() { "Name of" } else { head }).collect();
    let rules = heads.iter().map(|head| if matches!(*head, "Offset" | "Size" | "Tag") { "---:" } else { "---" });
    out.push_str(&format!("| {} |\n|{}|\n", heads.join(" | "), rules.collect::<Vec<_>>().join("|")));
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(line).collect();
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    out.push('\n');
}

fn line(line: &Line<'_>) -> String {
    line.iter().map(inline).collect::<String>().trim().to_owned()
}

fn inline(inline: &Inline<'_>) -> String {
    match inline {
        Inline::Text(text) => plain(text),
        Inline::Code(code) => code_span(code, true),
        Inline::Struck(name) => format!("~~{}~~", code_span(name, true)),
        Inline::Link { text, to } => {
            let page = to.page.map(|page| format!("{}.md", address(page))).unwrap_or_default();
            format!("[{}]({page}#{})", code_span(text, true), to.name)
        }
        Inline::Prose(doc) => reprint::line(doc),
        Inline::Anchor(name) => format!("<a id=\"{name}\"></a>"),
    }
}
