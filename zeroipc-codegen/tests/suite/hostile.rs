//! Input that means harm: the compiler neither panics nor takes long, whatever it reads.

use std::time::{Duration, Instant};

use zeroipc_codegen::{Compiler, Error, Format, Source};

use crate::files::{accepted, files, tests_dir};
use crate::generate::Random;

/// How many mutated schemas are tried, unless `ZEROIPC_MUTATIONS` says otherwise.
const MUTATIONS: usize = 4000;
/// What nothing may take longer than, on a slow and busy machine and without optimisation.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Compiles `text` and shows what is wrong with it.
fn compile(text: &str) -> String {
    let start = Instant::now();
    let source = Source::new("hostile.zipc", text);
    let result = match Compiler::new().source(source).c().python().rust().compile() {
        Ok(_) => String::new(),
        Err(error @ Error::Schema(_)) => {
            let shown = error.render(Format::Human);
            assert!(!shown.is_empty());
            error.render(Format::Short)
        }
        Err(error) => panic!("{error}"),
    };
    let took = start.elapsed();
    assert!(took < PATIENCE, "{took:?} for {} bytes: {}", text.len(), text.chars().take(200).collect::<String>());
    result
}

fn corpus() -> Vec<String> {
    let mut paths = accepted();
    paths.extend(files(&tests_dir().join("reject"), "zipc"));
    paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).filter(|text| text.len() < 4000).collect()
}

pub(crate) fn mutate(text: &str, random: &mut Random) -> String {
    const PIECES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        "<",
        ">",
        ";",
        ":",
        ",",
        "=",
        "@",
        "\"",
        "/*",
        "*/",
        "///",
        "//!",
        "\n",
        "~",
        "-",
        "<<",
        "sizeof(",
        "struct ",
        "enum ",
        "segment ",
        "flags ",
        "variant ",
        "type ",
        "assert ",
        "import \"hostile.zipc\";",
        "const ",
        "bit ",
        " = ",
        "@null(nan)",
        "@range(0, ",
        "@was(\"",
        "@closed ",
        "@auto_pad ",
        "offsetof(",
        "map<",
        "mutex;",
        "f16",
        "complex64",
        "1.5e300",
        "-inf",
        "true",
        "u8",
        "f64",
        "str[",
        "reserved ",
        "0",
        "1",
        "18446744073709551615",
        "0xFFFFFFFFFFFFFFFF",
        "@align(",
        "namespace a;",
        "é",
        "\u{202e}",
        "\\",
    ];
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..1 + random.below(6) {
        let at = random.below(chars.len() + 1);
        let end = (at + random.below(12)).min(chars.len());
        match random.below(4) {
            0 => {
                chars.drain(at..end);
            }
            1 => {
                let piece: Vec<char> = random.pick(PIECES).chars().collect();
                chars.splice(at..at, piece);
            }
            2 => {
                let copy: Vec<char> = chars[at..end].to_vec();
                let to = random.below(chars.len() + 1);
                chars.splice(to..to, copy);
            }
            _ => {
                if let Some(c) = chars.get_mut(at) {
                    *c = char::from(random.below(128) as u8);
                }
            }
        }
    }
    chars.into_iter().collect()
}

#[test]
fn mutated_schemas_do_no_harm() {
    let corpus = corpus();
    let mut random = Random(7);
    let count = std::env::var("ZEROIPC_MUTATIONS").map_or(MUTATIONS, |count| count.parse().unwrap());
    for i in 0..count {
        let text = mutate(&corpus[i % corpus.len()], &mut random);
        compile(&text);
    }
}

#[test]
fn noise_does_no_harm() {
    let mut random = Random(11);
    for _ in 0..200 {
        let len = random.below(3000);
        let text: String = (0..len).map(|_| char::from(random.below(256) as u8)).collect();
        compile(&text);
    }
}

#[test]
fn large_and_deep_schemas_end_soon() {
    let many = |piece: &str, count: usize| piece.repeat(count);
    let megabyte = 1 << 20;
    for text in [
        many("?", megabyte),
        many("?;\n", megabyte / 3),
        many("{", megabyte),
        many("[", megabyte),
        format!("const A: u32 = {};", many("(", megabyte - 100)),
        format!("const A: u32 = {}1;", many("-", megabyte - 100)),
        format!("const A: u32 = {}1;", many("1+", megabyte / 2 - 100)),
        format!("struct A {{ x: {}u8{}; }}", many("[", 5000), many("; 2]", 5000)),
        many("/*", megabyte / 2),
        many("/// doc\n", megabyte / 8),
        many("struct ", megabyte / 7),
        many("struct A {", megabyte / 10),
        format!("struct A {{ {} }}", many("x: Nope; ", megabyte / 9 - 10)),
        format!("struct A {{ {} }}", many("x: u8; ", megabyte / 7 - 10)),
        format!("struct A {{ {} }}", many("reserved 1; ", megabyte / 12 - 10)),
        format!("enum A: u32 {{ {} }}", (0..60_000).map(|i| format!("V{i},")).collect::<String>()),
        (0..9)
            .map(|i| format!("enum E{i}: u32 {{ {} }}", (0..1000).map(|v| format!("V{v},")).collect::<String>()))
            .collect(),
        format!("enum E: u32 {{ {} }}", (0..400).map(|v| format!("V{v},")).collect::<String>())
            + &(0..1000).map(|i| format!("struct A{i} {{ x: E; y: E; z: E; }}")).collect::<String>(),
        format!("struct A {} {{ x: u8; }}", many("@align(1) ", megabyte / 10 - 10)),
        (0..4000).map(|i| format!("const A{i}: u32 = A{};", i + 1)).collect(),
        (0..4000).map(|i| format!("struct A{i} {{ x: A{}; }}", i + 1)).collect(),
        (0..4000).map(|i| format!("struct A{i} {{ x: A{}; y: B; }}", (i + 1) % 4000)).collect(),
        (0..31).map(|i| format!("struct A{} {{ a: A{i}; b: A{i}; c: A{i}; d: A{i}; }}", i + 1)).collect::<String>()
            + "struct A0 { x: u8; }",
        (0..40_000).map(|i| format!("const A{i}: u32 = 1;")).collect(),
        (0..3000).map(|i| format!("struct Abcdefgh{i} {{ x: Abcdefgi{i}; }}")).collect(),
    ] {
        let text: String = text.chars().take(megabyte).collect();
        compile(&text);
    }
}

#[test]
fn a_schema_above_a_megabyte_is_refused() {
    let shown = compile(&" ".repeat((1 << 20) + 1));
    assert!(shown.contains("ZIPC0017"), "{shown}");
}
