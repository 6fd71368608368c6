//! References of schemas.

use std::time::Instant;

use zeroipc_codegen::{Output, Source};

use crate::files::{accepted, assert_golden, files, scratch, source, tests_dir};
use crate::hostile::PATIENCE;
use crate::layout::checked;
use crate::markup::assert_well_formed;

fn html(text: &str) -> String {
    checked(Source::new("page.zipc", text)).doc_html().unwrap().remove(0).text
}

fn markdown(text: &str) -> String {
    checked(Source::new("page.zipc", text)).doc_markdown().unwrap().remove(0).text
}

#[test]
fn references_are_the_goldens() {
    for path in accepted() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        if !["sensors", "imports", "enums"].contains(&name) {
            continue;
        }
        let checked = checked(source(&path));
        let pages = [checked.doc_html().unwrap().remove(0), checked.doc_markdown().unwrap().remove(0)];
        for Output { path, text } in pages {
            assert_golden(&tests_dir().join("doc").join(path), &text);
        }
    }
}

#[test]
fn pages_are_well_formed_and_their_links_lead_somewhere() {
    let (dir, mut paths, mut all) = (scratch("pages"), Vec::new(), Vec::new());
    for schema in [accepted(), files(&tests_dir().join("announced"), "zipc")].concat() {
        let checked = checked(source(&schema));
        all.extend(checked.doc_html().unwrap());
        all.extend(checked.doc_markdown().unwrap());
    }
    for output in &all {
        let path = dir.join(&output.path);
        std::fs::write(&path, &output.text).unwrap();
        if path.extension().unwrap() != "md" {
            paths.push(path);
        }
    }
    assert_well_formed(&paths);
    // Links of Markdown pages to themselves, to pages beside them and to pictures.
    for page in all.iter().filter(|output| output.path.extension().unwrap() == "md") {
        for target in page.text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            if file.starts_with("http") {
                continue;
            }
            let found = match file {
                "" => Some(page),
                file => all.iter().find(|output| output.path.to_str() == Some(file)),
            };
            let found = found.unwrap_or_else(|| panic!("{}: {target}", page.path.display()));
            let headings = found.text.lines().filter_map(|line| line.strip_prefix("## "));
            let is_heading = headings.map(|text| text.to_lowercase().replace(' ', "-")).any(|slug| slug == anchor);
            let is_anchor = found.text.contains(&format!("<a id=\"{anchor}\"></a>"));
            assert!(anchor.is_empty() || is_heading || is_anchor, "{}: {target}", page.path.display());
        }
    }
}

#[test]
fn every_name_is_on_the_page() {
    for path in accepted() {
        let text = std::fs::read_to_string(&path).unwrap();
        let checked = checked(source(&path));
        let pages = [checked.doc_html().unwrap().remove(0).text, checked.doc_markdown().unwrap().remove(0).text];
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with('/')) {
            let Some((name, _)) = line.split_once(':') else { continue };
            let name = name.split(' ').next_back().unwrap();
            if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                assert!(pages.iter().all(|page| page.contains(name)), "{}: {name}", path.display());
            }
        }
    }
}

#[test]
fn deprecated_things_are_struck_through_with_the_reason() {
    let text = "/// Before.\nstruct Old @deprecated(\"use `New`, <b>really</b>\") { x: u8 @deprecated(\"gone\") @since(\"1.2\"); }";
    let page = html(text);
    assert!(page.contains("<s>Old</s>") && page.contains("use <code>New</code>, &lt;b&gt;really"), "{page}");
    assert!(page.contains("<s><code>x</code></s>") && page.contains("Since 1.2. Deprecated: gone"), "{page}");
    let page = markdown(text);
    assert!(page.contains("### struct ~~Old~~") && page.contains("> Deprecated: use `New`, &lt;b&gt;really"), "{page}");
    assert!(page.contains("~~`x`~~"), "{page}");
}

#[test]
fn documentation_is_markdown_without_harm() {
    let text = "//! Text <script>alert(1)</script> ]]> [a](javascript:alert(1)) [b](https://example.org) | *c*\n\
                /// `<i>` & \"quoted\" | <img src=x onerror=alert(1)>\n///\n/// - item\n///\n/// ```\n/// never closed\n\
                struct A { /// a | b `c|d` <x>\n x: u8 @unit(\"<u>|`\"); }\n\
                /// ```\n\
                segment S = \"/<s>&\\\"|`\" @size(64 KiB) { /// ``` | <q>\n a: array<A>[1]; }";
    let page = html(text);
    for word in ["<script", "<img", "<u>", "<x>", "<q>"] {
        assert!(!page.to_lowercase().contains(word), "{word}: {page}");
    }
    assert!(!page.contains("\"javascript:") && page.contains("<a href=\"https://example.org\">b</a>"), "{page}");
    assert!(page.contains("<em>c</em>") && page.contains("<li>item</li>") && page.contains("<code>&lt;i&gt;</code>"));
    let page = markdown(text);
    assert!(!page.contains("](javascript:") && !page.contains("<script") && page.contains("[b](https://example.org)"));
    assert!(page.contains("| a \\| b `c\\|d` &lt;x&gt; |"), "{page}");
    assert!(page.contains("| &lt;u&gt;\\|\\` |"), "{page}");
    // Every fence that opens is closed.
    assert_eq!(page.lines().filter(|line| line.starts_with("```")).count() % 2, 0, "{page}");
}

#[test]
fn hostile_schemas_have_pages_of_bounded_size() {
    let many: String =
        (0..4000).map(|i| format!("/// <script>]]>`|\nstruct S{i} {{ a: u32; b: [f32; 3]; }}\n")).collect();
    let wide = |n: usize| (0..300).map(|i| format!("f{n}_{i}: [[[u8; 2]; 3]; 4];")).collect::<String>();
    let fields: String = (0..120).map(|n| format!("struct W{n} {{ {} }}\n", wide(n))).collect();
    let quotes = format!("//! {}\n{}struct A {{ x: u8; }}", "> ".repeat(100_000), "//! - `[a](b *c\n".repeat(20_000));
    let controls =
        "//! &#1; &#xFFFE; \u{fffe} [a](&#106;avascript:x)\nstruct A { x: u8 @unit(\"\u{fffe}\"); }".to_owned();
    let dir = scratch("hostile_pages");
    let mut paths = Vec::new();
    for (i, text) in [many, fields, quotes, controls].into_iter().enumerate() {
        let start = Instant::now();
        let checked = checked(Source::new(format!("h{i}.zipc"), text.as_str()));
        let page = checked.doc_html().unwrap().remove(0);
        let all: usize = checked.doc_markdown().unwrap().iter().map(|output| output.text.len()).sum();
        assert!(page.text.len() < 24 << 20 && all < 48 << 20, "{i}: {} and {all} bytes", page.text.len());
        assert!(start.elapsed() < PATIENCE, "{i}: {:?}", start.elapsed());
        assert!(!page.text.contains("<script"));
        paths.push(dir.join(&page.path));
        std::fs::write(dir.join(&page.path), &page.text).unwrap();
    }
    assert_well_formed(&paths);
}
