//! Headers of different schemas have different include guards.

use std::collections::HashSet;

use zeroipc_codegen::{Compiler, Source};

#[test]
fn no_two_files_share_an_include_guard() {
    let files = [
        ("c.zipc", "a.b"),
        ("b_c.zipc", "a"),
        ("c.zipc", "a_b"),
        ("b-c.zipc", "a"),
        ("B_C.zipc", "a"),
        ("b.c.zipc", "a"),
    ];
    let mut guards = HashSet::new();
    for (name, namespace) in files {
        let source = Source::new(name, format!("namespace {namespace};\nconst ONE: u32 = 1;"));
        for output in Compiler::new().source(source).c().cpp().compile().unwrap().outputs {
            let guard = output.text.lines().find_map(|line| line.strip_prefix("#ifndef ")).map(str::to_owned);
            assert!(guards.insert(guard.unwrap()), "{name} in {namespace} has the guard of another file");
        }
    }
    assert_eq!(guards.len(), 2 * files.len());
}
