//! What the derive says, word for word, and what it accepts. `TRYBUILD=overwrite` rewrites the expected output, which
//! is that of the stable compiler named below; with others the wording around our sentences differs.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
    cases.pass("tests/ui/pass/*.rs");
}
