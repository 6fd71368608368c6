//! Programs in C and C++ that read records into a text and write them from it, made for the schemas.

use std::fmt::Write as _;

use serde_json::Value;

use crate::model::{FILES, is_reserved, list, number, schemas, text};

/// What both programs share: a leaf is printed, or read from the text that stands on the standard input.
const START: &str = r#"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int writing;
static char path[4096];

static size_t enter(const char *name)
{
    size_t before = strlen(path);
    strcat(path, ".");
    strcat(path, name);
    return before;
}

static size_t enter_index(size_t index)
{
    size_t before = strlen(path);
    sprintf(path + before, "[%u]", (unsigned)index);
    return before;
}

static void leave(size_t before)
{
    path[before] = '\0';
}

static void leaf(void *at, size_t size)
{
    unsigned char *bytes = (unsigned char *)at;
    char found[4096];
    unsigned byte;
    size_t i;
    if (writing) {
        if (scanf("%4095s ", found) != 1 || strcmp(found, path) != 0) {
            fprintf(stderr, "found %s, expected %s\n", found, path);
            exit(1);
        }
        for (i = 0; i < size; ++i) {
            if (scanf("%2x", &byte) != 1) {
                exit(1);
            }
            bytes[i] = (unsigned char)byte;
        }
    } else {
        printf("%s ", path);
        for (i = 0; i < size; ++i) {
            printf("%02x", bytes[i]);
        }
        printf("\n");
    }
}
"#;

/// One of the two languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    C,
    Cpp,
}

impl Language {
    fn spelled(self, stem: &str, name: &str) -> String {
        match self {
            Language::C => format!("{stem}_{}", name.to_lowercase()),
            Language::Cpp => format!("{stem}::{name}"),
        }
    }

    /// A declaration of `name` with a type.
    fn declare(self, ty: &Value, name: &str) -> String {
        match text(ty, "kind") {
            "array" => self.declare(&ty["element"], &format!("{name}[{}]", number(ty, "count"))),
            "str" => format!("char {name}[{}]", number(ty, "length")),
            "scalar" => match text(ty, "name") {
                "f32" => format!("float {name}"),
                "f64" => format!("double {name}"),
                "f16" => format!("std::uint16_t {name}"),
                "bool8" => format!("std::uint8_t {name}"),
                "complex64" => format!("std::complex<float> {name}"),
                "complex128" => format!("std::complex<double> {name}"),
                integer => {
                    let sign = if integer.starts_with('u') { "u" } else { "" };
                    format!("std::{sign}int{}_t {name}", &integer[1..])
                }
            },
            // Every name occurs once, and the program uses all namespaces.
            _ => format!("{} {name}", text(ty, "name")),
        }
    }
}

/// The whole program.
pub(crate) fn program(language: Language) -> String {
    let mut out = String::new();
    for stem in FILES {
        let _ = writeln!(out, "#include <{stem}.{}>", if language == Language::C { "h" } else { "hpp" });
    }
    if language == Language::Cpp {
        out.push_str("using namespace base;\nusing namespace middle;\nusing namespace chance;\n");
    }
    out.push_str(START);
    let (mut bodies, mut main) = (String::new(), String::new());
    for (stem, schema) in schemas() {
        for item in list(&schema, "structs") {
            let (name, ty) = (text(item, "name"), language.spelled(stem, text(item, "name")));
            let _ = writeln!(out, "static void walk_{name}({ty} *it);");
            let _ = writeln!(bodies, "static void walk_{name}({ty} *it)\n{{\n    size_t n;");
            for field in list(item, "fields").iter().filter(|field| !is_reserved(field)) {
                let _ = writeln!(bodies, "    n = enter(\"{}\");", recorded(field));
                visit(&mut bodies, &field["type"], &format!("it->{}", text(field, "name")), 1);
                bodies.push_str("    leave(n);\n");
            }
            bodies.push_str("    (void)n;\n}\n");
            main.push_str(&record(name, &ty));
        }
        for item in list(&schema, "variants") {
            let (name, ty) = (text(item, "name"), language.spelled(stem, text(item, "name")));
            let _ = writeln!(out, "static void walk_{name}({ty} *it);");
            let _ = writeln!(bodies, "static void walk_{name}({ty} *it)\n{{\n    size_t n = enter(\"tag\");");
            bodies.push_str(
                "    leaf(&it->tag, sizeof(it->tag));\n    leave(n);\n    switch ((unsigned long long)it->tag) {\n",
            );
            for case in list(item, "cases").iter().filter(|case| !case["type"].is_null()) {
                let _ = writeln!(
                    bodies,
                    "    case {}ULL: {{\n    n = enter(\"{}\");",
                    number(case, "value"),
                    recorded(case)
                );
                if language == Language::C {
                    visit(&mut bodies, &case["type"], &format!("it->as.{}", text(case, "name")), 2);
                } else {
                    let payload = language.declare(&case["type"], "payload");
                    let _ = writeln!(bodies, "    typedef {payload};");
                    bodies.push_str("    payload &value = *reinterpret_cast<payload *>(it->payload_);\n");
                    visit(&mut bodies, &case["type"], "value", 2);
                }
                bodies.push_str("    leave(n);\n    break;\n    }\n");
            }
            bodies.push_str("    default:\n        break;\n    }\n}\n");
            main.push_str(&record(name, &ty));
        }
    }
    out.push_str(&bodies);
    out.push_str(
        "int main(int argc, char **argv)\n{\n    FILE *file = fopen(argv[argc - 1], argc > 2 ? \"wb\" : \"rb\");\n",
    );
    out.push_str("    writing = argc > 2;\n    if (!file) {\n        return 1;\n    }\n");
    out.push_str(&main);
    out.push_str("    return fclose(file);\n}\n");
    out
}

/// The name that dumps have: what segments record.
pub(crate) fn recorded(item: &Value) -> &str {
    item["recorded"].as_str().unwrap_or_else(|| text(item, "name"))
}

/// One record in `main`.
fn record(name: &str, ty: &str) -> String {
    format!(
        "    {{\n        {ty} it;\n        memset((void *)&it, 0, sizeof(it));\n        strcpy(path, \"{name}\");\n        \
         if (!writing && fread((void *)&it, sizeof(it), 1, file) != 1) {{\n            return 1;\n        }}\n        \
         walk_{name}(&it);\n        if (writing && fwrite((void *)&it, sizeof(it), 1, file) != 1) {{\n            \
         return 1;\n        }}\n    }}\n"
    )
}

fn visit(out: &mut String, ty: &Value, place: &str, depth: usize) {
    match text(ty, "kind") {
        "array" => {
            let count = number(ty, "count");
            let _ = writeln!(out, "    for (size_t i{depth} = 0; i{depth} < {count}; ++i{depth}) {{");
            let _ = writeln!(out, "    size_t n{depth} = enter_index(i{depth});");
            visit(out, &ty["element"], &format!("{place}[i{depth}]"), depth + 1);
            let _ = writeln!(out, "    leave(n{depth});\n    }}");
        }
        "struct" | "variant" => {
            let _ = writeln!(out, "    walk_{}(&{place});", text(ty, "name"));
        }
        _ => {
            let _ = writeln!(out, "    leaf((void *)&{place}, sizeof({place}));");
        }
    }
}
