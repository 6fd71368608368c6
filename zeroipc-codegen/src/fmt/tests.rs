//! What must hold of the formatter, whatever it reads.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[allow(dead_code)]
#[path = "../../tests/suite/generate.rs"]
mod generate;

use generate::Random;

use crate::diagnostic::Diagnostics;
use crate::fmt::{format, lay_out};
use crate::source::Source;
use crate::syntax;
use crate::syntax::lex::{Kind, lex_all};

/// How many schemas with other spaces and comments are tried.
const MUTATIONS: u64 = 3000;
/// What nothing may take longer than, on a slow and busy machine and without optimisation.
const PATIENCE: Duration = Duration::from_secs(20);

/// The schemas of the repository, those that the compiler accepts and those of the formatter's rules.
fn corpus() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dirs =
        ["../schemas", "../schemas/format", "../examples/sensors", "tests/accept", "tests/announced", "tests/fmt"];
    let entries = dirs.iter().flat_map(|dir| std::fs::read_dir(root.join(dir)).unwrap());
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "zipc"));
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

/// The tokens without commas that end a list, since those come and go, and without the indentation within comments.
fn tokens(text: &str) -> Vec<Kind> {
    let mut errors = Diagnostics::default();
    let tokens = lex_all(text, &mut errors);
    assert!(!errors.has_errors(), "{text}");
    let mut kept: Vec<Kind> = Vec::new();
    for token in tokens {
        if matches!(token.kind, Kind::Punct("}" | "]")) {
            let last = kept.iter().rposition(|kind| !matches!(kind, Kind::Comment(_)));
            if let Some(at) = last.filter(|at| kept[*at] == Kind::Punct(",")) {
                kept.remove(at);
            }
        }
        kept.push(match token.kind {
            Kind::Comment(text) => Kind::Comment(text.lines().map(str::trim).collect::<Vec<_>>().join("\n")),
            kind => kind,
        });
    }
    kept
}

/// What the parser makes of a text, without the places.
fn tree(text: &str) -> String {
    let mut errors = Diagnostics::default();
    let shown = format!("{:?}", syntax::parse(text, &mut errors));
    assert!(!errors.has_errors(), "{:?}\n{text}", errors.errors().first());
    let mut parts = shown.split("Span { start: ");
    let first = parts.next().unwrap_or("").to_owned();
    parts.fold(first, |shown, part| shown + part.split_once(" }").map_or(part, |(_, rest)| rest))
}

/// Formats a text that can be read and checks everything that holds of all results.
fn check(text: &str) -> String {
    let result = lay_out(text);
    assert!(tokens(&result) == tokens(text), "the tokens differ:\n{text}\n-----\n{result}");
    let again = lay_out(&result);
    assert!(again == result, "formatted twice:\n{text}\n-----\n{result}\n-----\n{again}");
    assert!(tree(&result) == tree(text), "the trees differ:\n{text}\n-----\n{result}");
    assert!(result.is_empty() || result.ends_with('\n') && !result.ends_with("\n\n"), "{result}");
    assert!(!result.contains(['\r', '\u{feff}']), "{result}");
    result
}

/// The text with other spaces, and comments, between its tokens; one of `often` gaps is changed.
fn shuffled(text: &str, often: usize, random: &mut Random) -> String {
    const GAPS: [&str; 16] = [
        " ",
        "\n",
        "\n\n\n",
        "\t",
        "\r\n",
        "   ",
        " // line\n",
        "\n// own line\n",
        "\n\n  // apart\n\n",
        " /* block */ ",
        "\n/* own block */\n",
        "\n/* in front */ ",
        " /* behind */\n",
        " /* two\n  lines */ ",
        "\n   /* with\n * stars\r\n */\n",
        " /* one */ /* two */ // three\n",
    ];
    let mut out = String::new();
    let mut behind = 0;
    let mut whole_line = false;
    for token in lex_all(text, &mut Diagnostics::default()) {
        let range = token.span.range();
        if random.below(often) == 0 {
            if whole_line {
                out.push('\n');
            }
            out.push_str(GAPS[random.below(GAPS.len())]);
        } else {
            out.push_str(&text[behind..range.start]);
        }
        out.push_str(&text[range.clone()]);
        whole_line = match &token.kind {
            Kind::Doc(_) | Kind::FileDoc(_) => true,
            Kind::Comment(comment) => comment.starts_with("//"),
            _ => false,
        };
        behind = range.end;
    }
    out
}

#[test]
fn schemas_keep_their_tokens_and_their_meaning() {
    for (path, text) in corpus() {
        println!("{}", path.display());
        check(&text);
    }
}

#[test]
fn shuffled_schemas_keep_their_tokens_and_their_meaning() {
    let corpus: Vec<String> = corpus().into_iter().map(|(_, text)| text).filter(|text| text.len() < 4000).collect();
    for seed in 0..MUTATIONS {
        let mut random = Random(seed);
        let text = &corpus[random.below(corpus.len())];
        let often = [1, 2, 5, 20][random.below(4)];
        check(&shuffled(text, often, &mut random));
    }
}

#[test]
fn text_that_is_no_schema_does_no_harm() {
    let corpus = corpus();
    for seed in 0..MUTATIONS {
        let mut random = Random(seed);
        let text = &corpus[random.below(corpus.len())].1;
        let mut pieces: Vec<&str> = text.split_inclusive([' ', '\n', ';', '(', '[', '{', ',']).collect();
        for _ in 0..=random.below(8) {
            let (at, other) = (random.below(pieces.len()), random.below(pieces.len()));
            pieces.swap(at, other);
        }
        let text: String = pieces.concat();
        let result = lay_out(&text);
        let written = |text: &str| {
            text.chars().filter(|c| !c.is_whitespace() && !matches!(c, ',' | '\u{feff}')).collect::<String>()
        };
        let mut errors = Diagnostics::default();
        lex_all(&text, &mut errors);
        assert!(errors.has_errors() || written(&result) == written(&text), "{text}\n-----\n{result}");
    }
}

#[test]
fn large_and_deep_text_ends_soon() {
    let megabyte = 1 << 20;
    let long =
        |len: usize, start: &str, piece: &str, end: &str| format!("{start}{}{end}", piece.repeat(len / piece.len()));
    let largest = |start: &str, piece: &str, end: &str| long(megabyte - start.len() - end.len(), start, piece, end);
    // What grows with the square of the length takes too long here already.
    let large = |start: &str, piece: &str, end: &str| long(megabyte / 8, start, piece, end);
    for text in [
        largest("", "{", ""),
        largest("", "/**/", ""),
        largest("", "//\n", ""),
        largest("// ", "x", ""),
        largest("", "@x(", ""),
        largest("struct A { ", "x: u8; // c\n", "}"),
        large("", "[", ""),
        large("", "}", ""),
        large("", "@", ""),
        large("", "@x ", ""),
        large("", ",]", ""),
        large("", "a = [", ""),
        large("", "///\n", ""),
        large("", "//!\n", ""),
        large("", "\n", ""),
        large("", "struct A {", ""),
        large("", "enum A {a,b}", ""),
        large("", "}/**/", ""),
        large("", "const A: u32 = 1; // c\n", ""),
        large("/*", "\n*", "*/"),
        large("const A: u32 = ", "/**/", "1;"),
        large("const A: u32 = ", "1 + ", "1;"),
        large("const A: u32 = ", "(", ""),
        large("struct A { x: [u8; 1] = [", "1, ", "]; }"),
        large("struct A { x: u8 ", "@x(1, 2) ", "; }"),
        large("struct A { x: u8 ", "@x(1, 2) /**/", "; }"),
        large("struct A { ", "x: u8; /**/ ", "}"),
        large("struct A { ", "x: u8\n/**/\n; ", "}"),
        large("enum A: u8 { ", "A, ", "}"),
        large("enum A: u8 { ", "A @x(1), ", "}"),
        large("", "a:u8;//\n", "") + &large("", "a", ""),
    ] {
        let start = Instant::now();
        let result = lay_out(&text);
        let _ = format(&Source::new("large.zipc", text.clone()));
        let took = start.elapsed();
        let shown: String = text.chars().take(40).collect();
        assert!(took < PATIENCE, "{took:?} for {shown}");
        assert!(result.len() < 64 * text.len(), "{} bytes for {shown}", result.len());
    }
}
