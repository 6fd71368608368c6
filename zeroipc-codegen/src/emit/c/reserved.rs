//! Words that no name can be.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Words that C keeps, and macros that its usual headers and compilers define.
pub(crate) const RESERVED: &[&str] = &[
    "alignas",
    "alignof",
    "asm",
    "assert",
    "auto",
    "bool",
    "break",
    "case",
    "char",
    "complex",
    "const",
    "constexpr",
    "continue",
    "default",
    "do",
    "double",
    "else",
    "enum",
    "errno",
    "extern",
    "false",
    "float",
    "for",
    "goto",
    "if",
    "imaginary",
    "inline",
    "int",
    "linux",
    "long",
    "noreturn",
    "nullptr",
    "offsetof",
    "register",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "stderr",
    "stdin",
    "stdout",
    "struct",
    "switch",
    "thread_local",
    "true",
    "typedef",
    "typeof",
    "typeof_unqual",
    "union",
    "unix",
    "unsigned",
    "void",
    "volatile",
    "while",
];

/// Words that C++ keeps beyond those of C.
pub(crate) const RESERVED_CPP: &[&str] = &[
    "and",
    "and_eq",
    "atomic_cancel",
    "atomic_commit",
    "atomic_noexcept",
    "bitand",
    "bitor",
    "catch",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const_cast",
    "consteval",
    "constinit",
    "decltype",
    "delete",
    "dynamic_cast",
    "explicit",
    "export",
    "friend",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "reflexpr",
    "reinterpret_cast",
    "requires",
    "static_assert",
    "static_cast",
    "synchronized",
    "template",
    "this",
    "thread_local",
    "throw",
    "try",
    "typeid",
    "typename",
    "using",
    "virtual",
    "wchar_t",
    "xor",
    "xor_eq",
];

/// Names that the usual headers define as macros, which know no namespace; the tests ask the compilers for them.
const MACROS: &str = include_str!("macros.txt");

/// Functions and types that the usual headers declare outside of any namespace, so that no namespace of C++ can have the
/// name.
const GLOBALS: &str = include_str!("globals.txt");

/// What the headers of C and those of the system that the usual ones include are called, without `.h`.
const HEADERS: &[&str] = &[
    "alloca",
    "assert",
    "complex",
    "ctype",
    "endian",
    "errno",
    "fcntl",
    "features",
    "fenv",
    "float",
    "inttypes",
    "iso646",
    "limits",
    "locale",
    "math",
    "pthread",
    "sched",
    "semaphore",
    "setjmp",
    "signal",
    "stdalign",
    "stdarg",
    "stdatomic",
    "stdbit",
    "stdbool",
    "stdckdint",
    "stddef",
    "stdint",
    "stdio",
    "stdlib",
    "stdnoreturn",
    "string",
    "strings",
    "tgmath",
    "threads",
    "time",
    "uchar",
    "unistd",
    "wchar",
    "wctype",
    "zeroipc",
];

/// A list of words, made once, since every name of a schema is looked for in it.
type Words = LazyLock<HashSet<&'static str>>;

static MACRO_WORDS: Words = LazyLock::new(|| MACROS.split_whitespace().collect());
static GLOBAL_WORDS: Words = LazyLock::new(|| GLOBALS.split_whitespace().collect());

/// Whether an `#include` of the usual header `stem`.h would find the output instead.
pub(crate) fn is_header(stem: &str) -> bool {
    HEADERS.contains(&stem)
}

/// Whether C++ sees a macro instead of the name.
pub(crate) fn is_macro(word: &str) -> bool {
    MACRO_WORDS.contains(word)
}

/// Whether C++ has a function or a type of this name outside of any namespace.
pub(crate) fn is_global(word: &str) -> bool {
    GLOBAL_WORDS.contains(word)
}
