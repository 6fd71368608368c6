//! Random structs: the offsets that the compiler computes are asserted by the languages' own compilers.

use std::process::Command;

use zeroipc_codegen::{Compiler, Source};

use crate::files::scratch;
use crate::generate::{Random, schema};

#[test]
fn gcc_gxx_and_rustc_place_fields_where_the_schema_says() {
    let dir = scratch("placing");
    for seed in 0..8 {
        let text = schema(&mut Random(seed), 40);
        let source = Source::new(format!("random{seed}.zipc"), text.clone());
        let compiled = Compiler::new().source(source).c().cpp().rust().bare(true).compile();
        let compiled = compiled.unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        compiled.write_to(&dir).unwrap();
        let c = dir.join(format!("random{seed}.c"));
        std::fs::write(&c, format!("#include \"random{seed}.h\"\nint main(void) {{ return 0; }}\n")).unwrap();
        for flags in [["-m64", "-std=c11"], ["-m64", "-std=c99"]] {
            let output =
                Command::new("gcc").args(flags).args(["-fsyntax-only", "-Wpadded", "-Werror"]).arg(&c).output();
            let output = output.unwrap();
            assert!(output.status.success(), "seed {seed}: {}", String::from_utf8_lossy(&output.stderr));
        }
        let cpp = dir.join(format!("random{seed}.cc"));
        std::fs::write(&cpp, format!("#include \"random{seed}.hpp\"\nint main() {{ return 0; }}\n")).unwrap();
        let flags = ["-std=c++17", "-fsyntax-only", "-Wpadded", "-Werror"];
        let output = Command::new("g++").args(flags).arg(&cpp).output().unwrap();
        assert!(output.status.success(), "seed {seed}: {}", String::from_utf8_lossy(&output.stderr));
        let flags = ["--edition=2024", "--crate-type=lib", "--emit=metadata", "--out-dir"];
        let rust = dir.join(format!("random{seed}.rs"));
        let output = Command::new("rustc").args(flags).arg(&dir).arg(rust).output().unwrap();
        assert!(output.status.success(), "seed {seed}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
