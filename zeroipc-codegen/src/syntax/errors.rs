//! Every sentence that the compiler says about a schema, with its stable code. `docs/schema.md` explains each code.

use zeroipc_layout::name::NameError;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{Assert, Attribute, Expr, Ident, Structure, Text};

pub(crate) const UNTERMINATED_COMMENT: Code = Code(24);

// --- text: 0001, 0024 to 0026 ---

pub(crate) fn unexpected_character(span: Span, c: char) -> Diagnostic {
    let message = if c.is_control() || !c.is_ascii() {
        format!("the character U+{:04X} has no place in a schema", c as u32)
    } else {
        format!("the character `{c}` has no place in a schema")
    };
    Diagnostic::error(1, span, message).help("remove it; texts in quotes and comments may have any visible character")
}

pub(crate) fn bad_number(span: Span, word: &str, why: &str) -> Diagnostic {
    Diagnostic::error(1, span, format!("`{}` is no number: {why}", shortened(word)))
}

pub(crate) fn bad_escape(span: Span, c: char) -> Diagnostic {
    Diagnostic::error(1, span, format!("`\\{c}` is no escape; a text knows `\\\"` and `\\\\`"))
}

pub(crate) fn unterminated_comment(span: Span) -> Diagnostic {
    Diagnostic::error(UNTERMINATED_COMMENT.0, span, "this comment has no end; each `/*` inside it needs its own `*/`")
}

pub(crate) fn unterminated_string(span: Span) -> Diagnostic {
    Diagnostic::error(25, span, "this text has no end; close it with `\"` on the same line")
}

// --- grammar: 0002, 0015 to 0018, 0027 ---

pub(crate) fn expected(span: Span, what: &str, found: &str) -> Diagnostic {
    Diagnostic::error(2, span, format!("expected {what}, found {found}"))
}

pub(crate) fn unclosed(end: Span, found: &str, what: &str, name: &Ident) -> Diagnostic {
    Diagnostic::error(2, end, format!("expected `}}` behind the {what}, found {found}")).also(name.span, "this is open")
}

pub(crate) fn missing_semicolon(previous: Span, behind: &str, found: &str) -> Diagnostic {
    let at = previous.after();
    Diagnostic::error(2, at, format!("expected `;` behind {behind}, found {found}")).label("here").suggest(
        at,
        ";",
        "add the semicolon",
    )
}

pub(crate) fn missing_comma(previous: Span, behind: &str, found: &str) -> Diagnostic {
    let at = previous.after();
    Diagnostic::error(2, at, format!("expected `,` behind {behind}, found {found}")).label("here").suggest(
        at,
        ",",
        "add the comma",
    )
}

pub(crate) fn float_in_expression(span: Span) -> Diagnostic {
    Diagnostic::error(2, span, "expected a whole number, found one with a fraction")
        .help("floats stand alone behind `=` and in attributes; expressions compute with whole numbers")
}

pub(crate) fn unknown_version(span: Span) -> Diagnostic {
    Diagnostic::error(15, span, "this compiler reads version 1 of the language").suggest(span, "1", "write version 1")
}

pub(crate) fn late_header(span: Span, word: &str) -> Diagnostic {
    Diagnostic::error(
        15,
        span,
        format!("`{word}` stands at the top of the file: `zipc` once, `namespace` once, then `import`"),
    )
}

pub(crate) fn stray_doc(span: Span) -> Diagnostic {
    Diagnostic::error(16, span, "this documentation belongs to nothing; put it in front of what it documents")
        .help("an ordinary comment begins with `//`")
}

pub(crate) fn late_file_doc(span: Span) -> Diagnostic {
    Diagnostic::error(16, span, "`//!` documents the file and stands at its top; write `///` to document what follows")
}

pub(crate) fn too_deep(span: Span, max: u32) -> Diagnostic {
    Diagnostic::error(17, span, format!("this is nested deeper than {max}; split it"))
}

pub(crate) fn too_long(span: Span, max: u32) -> Diagnostic {
    Diagnostic::error(17, span, format!("an expression has more than {max} operators; split it into constants"))
}

pub(crate) fn file_too_large(len: usize, max: usize) -> Diagnostic {
    Diagnostic::error(17, Span::new(0, 0), format!("the schema has {len} bytes and {max} fit; split it"))
}

pub(crate) fn too_many(span: Span, what: &str, max: usize) -> Diagnostic {
    Diagnostic::error(17, span, format!("there are more than {max} {what}; split the schema"))
}

pub(crate) fn too_many_values(span: Span) -> Diagnostic {
    Diagnostic::error(17, span, "the enums have too many values, counted wherever they are used; split the schema")
}

pub(crate) fn missing_repr(span: Span, what: &str, name: &str) -> Diagnostic {
    let verb = if what == "flags" { "do" } else { "does" };
    Diagnostic::error(14, span, format!("{what} `{name}` {verb} not say which number holds it")).suggest(
        span.after(),
        ": u8",
        "name the number's type",
    )
}

// --- names: 0003, 0008, 0009, 0019 ---

pub(crate) fn duplicate(what: &str, name: &Ident, first: Span) -> Diagnostic {
    Diagnostic::error(3, name.span, format!("{what} `{}` is defined twice", shortened(&name.text)))
        .label("defined again here")
        .also(first, "first defined here")
}

pub(crate) fn reserved_word(name: &Ident, languages: &str, instead: &str) -> Diagnostic {
    Diagnostic::error(8, name.span, format!("`{}` is a reserved word of {languages}", name.text)).suggest(
        name.span,
        instead,
        "choose a name that all languages can spell",
    )
}

pub(crate) fn kept_name(name: &Ident, instead: &str) -> Diagnostic {
    let message = format!("`{}` is a name that the generated code needs for itself", name.text);
    Diagnostic::error(8, name.span, message).suggest(name.span, instead, "choose another name")
}

pub(crate) fn bad_name(name: &Ident, rule: &str, instead: Option<String>) -> Diagnostic {
    let error = Diagnostic::error(9, name.span, format!("`{}` cannot be a name here: {rule}", shortened(&name.text)));
    match instead {
        Some(instead) => error.suggest(name.span, instead, "spell it so"),
        None => error,
    }
}

pub(crate) fn no_namespace(stem: &str, rust: bool) -> Diagnostic {
    let (file, line) = if rust { ("file", "//! zipc namespace robot") } else { ("schema", "namespace robot;") };
    Diagnostic::error(9, Span::new(0, 0), format!("the file's name `{}` cannot be a namespace", shortened(stem)))
        .help(format!("begin the {file} with a namespace, such as `{line}`"))
}

pub(crate) fn header_stem(stem: &str) -> Diagnostic {
    let message =
        format!("the output for C would be `{stem}.h`, which is a header that it needs itself or another does");
    Diagnostic::error(9, Span::new(0, 0), message).help("rename the file")
}

pub(crate) fn collision(span: Span, first: Span, language: &str, spelled: &str) -> Diagnostic {
    Diagnostic::error(19, span, format!("this and another definition are both spelled `{spelled}` in {language}"))
        .label("rename this one")
        .also(first, "the other definition")
}

pub(crate) fn collision_with_system(span: Span, spelled: &str) -> Diagnostic {
    Diagnostic::error(19, span, format!("this is spelled `{spelled}` in C, where the system's headers have it already"))
        .label("rename this one, or the namespace")
}

pub(crate) fn collision_with_own(span: Span, language: &str, spelled: &str) -> Diagnostic {
    Diagnostic::error(19, span, format!("this is spelled `{spelled}` in {language}, which the output needs for itself"))
        .label("rename this one")
}

// --- types: 0004, 0014, 0020 to 0023, 0026, 0028 ---

pub(crate) fn unknown_type(span: Span, name: &str, near: Option<&str>) -> Diagnostic {
    let foreign = match name {
        "bool" => Some("bool8"),
        "int" | "int32_t" | "int32" => Some("i32"),
        "float" | "float32" => Some("f32"),
        "double" | "float64" => Some("f64"),
        "byte" | "uint8_t" | "uint8" => Some("u8"),
        "uint16_t" | "uint16" => Some("u16"),
        "uint32_t" | "uint32" | "uint" => Some("u32"),
        "uint64_t" | "uint64" | "usize" => Some("u64"),
        "int64_t" | "int64" | "isize" => Some("i64"),
        _ => None,
    };
    let error = Diagnostic::error(4, span, format!("there is no type `{}`", shortened(name)));
    match foreign.or(near) {
        Some(near) => error.suggest(span, near, format!("did you mean `{near}`?")),
        None if matches!(name, "string" | "String") => {
            error.help("text has a length: `str[32]` holds 32 bytes of UTF-8")
        }
        None => error,
    }
}

pub(crate) fn segment_as_type(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(4, span, format!("`{name}` is a segment, not a type that a field can have"))
}

pub(crate) fn bad_repr(repr: &Ident) -> Diagnostic {
    Diagnostic::error(14, repr.span, format!("`{}` cannot hold an enum or a constant", shortened(&repr.text)))
        .help("use `u8`, `u16`, `u32`, `u64`, `i8`, `i16`, `i32` or `i64`")
}

pub(crate) fn zero(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(20, span, format!("{what} is zero, and nothing in a segment has no bytes; give it at least 1"))
}

pub(crate) fn empty(what: &str, name: &Ident) -> Diagnostic {
    Diagnostic::error(20, name.span, format!("{what} `{}` has nothing in it", name.text))
}

pub(crate) fn recursive(what: &str, name: &Ident, through: Span, path: &str) -> Diagnostic {
    Diagnostic::error(21, name.span, format!("{what} `{}` contains itself: {path}", name.text))
        .also(through, "through this")
        .help("store an index into an array instead of the value")
}

pub(crate) fn too_large(span: Span, size: u64, max: u64) -> Diagnostic {
    Diagnostic::error(22, span, format!("this type has {size} bytes, and at most {max} fit"))
}

pub(crate) fn struct_too_large(span: Span, name: &str, max: u64) -> Diagnostic {
    Diagnostic::error(22, span, format!("struct `{name}` has more than {max} bytes with this field, and no more fit"))
}

pub(crate) fn bad_align(span: Span, found: i128) -> Diagnostic {
    Diagnostic::error(23, span, format!("an alignment of {found} is not possible; use a power of two from 1 to 4096"))
}

pub(crate) fn weak_align(span: Span, found: u64, natural: u64) -> Diagnostic {
    Diagnostic::error(23, span, format!("`@align({found})` is below the alignment of {natural} that the fields need"))
        .help("an alignment can only be raised")
}

pub(crate) fn no_description(name: &Ident, why: &str) -> Diagnostic {
    Diagnostic::error(26, name.span, format!("`{}` cannot be described: {why}", shortened(&name.text)))
}

// --- attributes: 0006 ---

pub(crate) fn unknown_attribute(attribute: &Attribute, near: Option<&str>, place: &str, known: &str) -> Diagnostic {
    let name = &attribute.name;
    let error = Diagnostic::error(6, name.span, format!("there is no attribute `@{}`", shortened(&name.text)));
    match near {
        Some(near) => error.suggest(name.span, format!("@{near}"), format!("did you mean `@{near}`?")),
        None => error.help(format!("{place} may have {known}, and `@x_…` for other tools")),
    }
}

pub(crate) fn misplaced_attribute(attribute: &Attribute, place: &str) -> Diagnostic {
    let message = format!("`@{}` does not belong to {place}", shortened(&attribute.name.text));
    Diagnostic::error(6, attribute.span, message)
}

pub(crate) fn repeated_attribute(attribute: &Attribute, first: Span) -> Diagnostic {
    Diagnostic::error(6, attribute.span, format!("`@{}` is given twice", attribute.name.text))
        .also(first, "first given here")
}

pub(crate) fn bad_argument(attribute: &Attribute, want: &str) -> Diagnostic {
    Diagnostic::error(6, attribute.span, format!("`@{}` needs {want}", attribute.name.text))
}

pub(crate) fn unknown_warning(attribute: &Attribute, word: &str, near: Option<&str>) -> Diagnostic {
    let error = Diagnostic::error(6, attribute.span, format!("there is no warning `{}`", shortened(word)));
    match near {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help("write a code, such as `ZIPC0503`, or a name in quotes, such as `\"padding-order\"`"),
    }
}

// --- constants: 0005, 0007, 0012, 0013, 0029 ---

pub(crate) fn unknown_constant(span: Span, name: &str, near: Option<&str>) -> Diagnostic {
    let error = Diagnostic::error(5, span, format!("there is no constant `{}`", shortened(name)));
    match near {
        Some(near) => error.suggest(span, near, format!("did you mean `{near}`?")),
        None => error,
    }
}

pub(crate) fn no_whole_number(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(28, span, format!("`{}` is no whole number, and expressions compute with these", shortened(name)))
}

pub(crate) fn no_fields(span: Span) -> Diagnostic {
    Diagnostic::error(4, span, "only a struct has fields that have offsets")
}

pub(crate) fn unknown_field(field: &Ident, near: Option<&str>) -> Diagnostic {
    let error = Diagnostic::error(5, field.span, format!("there is no field `{}`", shortened(&field.text)));
    match near {
        Some(near) => error.suggest(field.span, near, format!("did you mean `{near}`?")),
        None => error,
    }
}

pub(crate) fn bad_const_type(ty: &Ident) -> Diagnostic {
    Diagnostic::error(14, ty.span, format!("a constant cannot be a `{}`", shortened(&ty.text)))
        .help("use a whole-number type, `f16`, `f32`, `f64`, `bool8` or `str`")
}

// --- values: 0028, 0029 ---

pub(crate) fn misfit(span: Span, wanted: &str, found: &str) -> Diagnostic {
    Diagnostic::error(28, span, format!("expected {wanted}, found {found}"))
}

pub(crate) fn bad_literal(span: Span, wanted: &str, found: usize) -> Diagnostic {
    Diagnostic::error(28, span, format!("expected {wanted}, found {found}"))
}

pub(crate) fn no_struct_literal(span: Span) -> Diagnostic {
    Diagnostic::error(28, span, "a struct or variant has no value here; give its own fields defaults")
}

pub(crate) fn float_too_large(span: Span, value: f64, ty: &str) -> Diagnostic {
    Diagnostic::error(28, span, format!("{value:e} is too large for `{ty}`"))
}

pub(crate) fn float_too_small(span: Span, value: f64, ty: &str) -> Diagnostic {
    Diagnostic::error(28, span, format!("{value:e} is too small for `{ty}`, where it would be 0"))
}

pub(crate) fn inexact(span: Span, value: i128, ty: &str) -> Diagnostic {
    Diagnostic::error(28, span, format!("no `{ty}` is exactly {value}; write `{value}.0` for the nearest one"))
}

pub(crate) fn division_of_floats(span: Span) -> Diagnostic {
    Diagnostic::error(28, span, "expressions compute with whole numbers, where 1 / 2 is 0; write the result as a float")
}

pub(crate) fn text_too_long(span: Span, len: usize, max: u32) -> Diagnostic {
    Diagnostic::error(28, span, format!("the text has {len} bytes, and {max} fit"))
}

pub(crate) fn unknown_value(span: Span, owner: &str, name: &str, near: Option<&str>) -> Diagnostic {
    let error = Diagnostic::error(28, span, format!("`{owner}` has no value `{}`", shortened(name)));
    match near {
        Some(near) => error.suggest(span, near, format!("did you mean `{near}`?")),
        None => error,
    }
}

pub(crate) fn unnamed_value(span: Span, owner: &str, value: i128, flags: bool) -> Diagnostic {
    let what = if flags { "bits without names" } else { "no name" };
    Diagnostic::error(28, span, format!("{value} has {what} in `{owner}`; write the name of a value"))
}

pub(crate) fn no_range(span: Span) -> Diagnostic {
    Diagnostic::error(29, span, "only fields with whole numbers or floats have a range")
}

pub(crate) fn empty_range(span: Span) -> Diagnostic {
    Diagnostic::error(29, span, "this range has no number in it; the lower end stands first")
}

pub(crate) fn no_null(span: Span) -> Diagnostic {
    Diagnostic::error(29, span, "only a field with one number or an enum has a value that means \"nothing\"")
}

// --- assertions: 0030 ---

pub(crate) fn assertion_fails(assert: &Assert, left: i128, sign: &str, right: i128, text: Option<&str>) -> Diagnostic {
    let sentence = text.map(|text| format!(": {text}")).unwrap_or_default();
    Diagnostic::error(30, assert.span, format!("this does not hold{sentence}"))
        .label(format!("it is {left} {sign} {right}"))
}

pub(crate) fn wrong_offset(span: Span, field: &Ident, found: u64, wanted: i128) -> Diagnostic {
    Diagnostic::error(30, span, format!("field `{}` lies at offset {found}, not at {wanted}", field.text))
        .help("`@offset` moves nothing; reserve bytes before the field, or correct the number")
}

pub(crate) fn wrong_size(span: Span, name: &Ident, found: u64, wanted: i128) -> Diagnostic {
    Diagnostic::error(30, span, format!("struct `{}` has {found} bytes, not {wanted}", name.text))
        .help("`@size` adds nothing; reserve bytes at the end, or correct the number")
}

// --- imports: 0018 ---

pub(crate) fn import_not_found(path: &Text, looked: &str) -> Diagnostic {
    Diagnostic::error(18, path.span, format!("there is no file `{}`; looked for it in {looked}", shortened(&path.text)))
}

pub(crate) fn import_unreadable(path: &Text, why: &str) -> Diagnostic {
    Diagnostic::error(18, path.span, format!("`{}` cannot be read: {why}", shortened(&path.text)))
}

pub(crate) fn import_circle(path: &Text, circle: &str) -> Diagnostic {
    Diagnostic::error(18, path.span, format!("these files import each other: {circle}"))
        .help("move what both need into a third file")
}

pub(crate) fn import_too_deep(path: &Text, what: &str) -> Diagnostic {
    Diagnostic::error(18, path.span, format!("`{}` is one import too many: {what}", shortened(&path.text)))
}

pub(crate) fn import_twice(path: &Text, alias: &str, first: Span) -> Diagnostic {
    Diagnostic::error(18, path.span, format!("two imports are called `{alias}` here"))
        .also(first, "the first one")
        .help("name one of them with `as`")
}

pub(crate) fn import_bad_path(path: &Text) -> Diagnostic {
    let message = format!("`{}` is no relative path with `/` between its parts", shortened(&path.text));
    Diagnostic::error(18, path.span, message)
}

pub(crate) fn import_bad_stem(path: &Text, stem: &str) -> Diagnostic {
    let message =
        format!("`{}` cannot be imported: `{}` is no name for a module", shortened(&path.text), shortened(stem));
    Diagnostic::error(18, path.span, message).help("name the file as a namespace is written, such as `robot_arm.zipc`")
}

#[cfg(not(feature = "rust-input"))]
pub(crate) fn no_rust() -> Diagnostic {
    Diagnostic::error(302, Span::new(0, 0), "this compiler is built without the feature `rust-input`, which reads Rust")
        .help("write a `.zipc` schema, or add the feature")
}

pub(crate) fn import_same_stem(path: &Text, stem: &str) -> Diagnostic {
    let message = format!("two files called `{}` meet here, and their outputs would be one file", shortened(stem));
    Diagnostic::error(18, path.span, message).help("rename one of the files")
}

pub(crate) fn import_same_name(path: &Text, name: &Ident) -> Diagnostic {
    let message = format!("`{}` is in the same namespace and defines `{}` too", shortened(&path.text), name.text);
    Diagnostic::error(18, path.span, message).also(name.span, "this one")
}

pub(crate) fn import_same_names(path: &Text, other: Span) -> Diagnostic {
    let message = format!("`{}` and another import define the same name in one namespace", shortened(&path.text));
    Diagnostic::error(18, path.span, message).also(other, "the other import")
}

pub(crate) fn unknown_module(span: Span, name: &str, near: Option<&str>) -> Diagnostic {
    let error = Diagnostic::error(18, span, format!("nothing is imported as `{}`", shortened(name)));
    match near {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help("import the file first: `import \"geometry.zipc\";`"),
    }
}

pub(crate) fn not_computable(expr: &Expr, why: &str) -> Diagnostic {
    Diagnostic::error(7, expr.span, format!("this cannot be computed: {why}"))
}

pub(crate) fn constant_cycle(name: &Ident, path: &str) -> Diagnostic {
    Diagnostic::error(12, name.span, format!("the value of `{}` depends on itself: {path}", name.text))
}

pub(crate) fn out_of_type(expr: &Expr, value: i128, ty: &str, low: i128, high: i128) -> Diagnostic {
    Diagnostic::error(13, expr.span, format!("{value} does not fit `{ty}`, which holds {low} to {high}"))
}

pub(crate) fn out_of_range(expr: &Expr, value: i128, what: &str, low: u64, high: u64) -> Diagnostic {
    Diagnostic::error(13, expr.span, format!("{what} cannot be {value}; use {low} to {high}"))
}

// --- enums: 0010, 0011 ---

pub(crate) fn value_out_of_range(name: &Ident, value: i128, repr: &str, low: i128, high: i128) -> Diagnostic {
    let message = format!("`{}` would be {value}, and `{repr}` holds {low} to {high}", name.text);
    Diagnostic::error(10, name.span, message)
}

pub(crate) fn duplicate_value(name: &Ident, first: &Ident, value: i128) -> Diagnostic {
    Diagnostic::error(11, name.span, format!("`{}` and `{}` are both {value}", first.text, name.text))
        .label("the same number again")
        .also(first.span, "first used here")
}

pub(crate) fn recorded_twice(name: &Ident, first: Span, recorded: &str) -> Diagnostic {
    Diagnostic::error(3, name.span, format!("two names are recorded as `{}` in segments", shortened(recorded)))
        .also(first, "the other one")
        .help("`@was` names what was here before; an earlier name belongs to one thing only")
}

pub(crate) fn cases_alike(name: &Ident, first: &Ident) -> Diagnostic {
    let message = format!(
        "`{}` and `{}` are recorded alike but for `_`, and readers find a case without it",
        first.text, name.text
    );
    Diagnostic::error(3, name.span, message).also(first.span, "the other case")
}

// --- flags: 0027 ---

pub(crate) fn signed_flags(repr: &Ident) -> Diagnostic {
    let unsigned = repr.text.replace('i', "u");
    Diagnostic::error(27, repr.span, "flags are bits of an unsigned number").suggest(
        repr.span,
        unsigned,
        "use the unsigned one",
    )
}

pub(crate) fn bit_out_of_range(expr: &Expr, bit: i128, repr: &str, high: i128) -> Diagnostic {
    Diagnostic::error(27, expr.span, format!("`{repr}` has the bits 0 to {high}, and no bit {bit}"))
}

pub(crate) fn unnamed_bits(span: Span, name: &str, bits: i128) -> Diagnostic {
    Diagnostic::error(27, span, format!("`{name}` has bits without a name of their own: {bits:#x}"))
        .help("a flag is one bit, or a combination of bits that have names")
}

// --- layout: 0101, 0102 ---

/// Where `reserved` can be inserted, and the white space that goes around it there.
pub(crate) struct Gap {
    pub(crate) at: Span,
    pub(crate) before: String,
    pub(crate) behind: String,
    /// Whether it is in Rust.
    pub(crate) rust: bool,
}

impl Gap {
    fn advice(&self) -> &'static str {
        if self.rust { "give the bytes a name" } else { "give the bytes a place in the schema" }
    }

    fn fill(&self, from: u64, bytes: u64) -> String {
        let Gap { before, behind, .. } = self;
        match self.rust {
            true => format!("{before}_pad_{from}: [u8; {bytes}],{behind}"),
            false => format!("{before}reserved {bytes};{behind}"),
        }
    }
}

pub(crate) fn hole(field: &Ident, structure: &str, after: &str, from: u64, to: u64, gap: &Gap) -> Diagnostic {
    let bytes = to - from;
    let message = format!(
        "struct `{structure}` has {} of padding between {after} and `{}`, {}",
        count(bytes),
        field.text,
        offsets(from, to)
    );
    Diagnostic::error(101, field.span, message)
        .label(format!("this begins at offset {to}, and what is before it ends at {from}"))
        .help("fields in the order of falling alignment leave no holes")
        .suggest(gap.at, gap.fill(from, bytes), gap.advice())
}

pub(crate) fn tail(name: &Ident, from: u64, to: u64, gap: &Gap) -> Diagnostic {
    let bytes = to - from;
    let message = format!("struct `{}` has {} of padding at its end, {}", name.text, count(bytes), offsets(from, to));
    Diagnostic::error(102, gap.at, message)
        .label(format!("the fields end at offset {from}, and the struct at {to}"))
        .suggest(gap.at, gap.fill(from, bytes), gap.advice())
}

// --- segments: 0201 to 0206 ---

pub(crate) fn bad_structure_name(name: &Ident, why: NameError) -> Diagnostic {
    Diagnostic::error(201, name.span, format!("a structure cannot be called `{}`: {why}", shortened(&name.text)))
}

pub(crate) fn bad_segment_name(path: &Text, why: NameError) -> Diagnostic {
    Diagnostic::error(201, path.span, format!("a segment cannot be called `{}`: {why}", shortened(&path.text)))
}

pub(crate) fn rounded_capacity(expr: &Expr, kind: &str, asked: u64, gets: u64) -> Diagnostic {
    let message = format!("a {kind}'s capacity is a power of two: {asked} becomes {gets}");
    Diagnostic::warning(202, expr.span, message).suggest(expr.span, gets.to_string(), "say so")
}

pub(crate) fn over_budget(name: &Ident, size: Span, needed: u64, given: u64, parts: &str) -> Diagnostic {
    let message = format!("segment `{}` needs {needed} bytes, and `@size` gives it {given}", name.text);
    Diagnostic::error(203, size, message)
        .label(format!("{} bytes short", needed.saturating_sub(given)))
        .help(format!("the bytes are spent so:\n{parts}"))
}

pub(crate) fn passport_over_budget(name: &Ident, size: Span, needed: u64, given: u64) -> Diagnostic {
    let message = format!(
        "the descriptions of segment `{}` need {needed} bytes, and a segment of this size reserves {given} for them",
        name.text
    );
    Diagnostic::error(203, size, message).help("raise `@size`; one sixteenth of it holds descriptions, 32 KiB at most")
}

pub(crate) fn too_many_structures(name: &Ident, found: usize, max: usize) -> Diagnostic {
    let message = format!("segment `{}` has {found} structures, and its table has room for {max}", name.text);
    Diagnostic::error(203, name.span, message)
}

pub(crate) fn number_out_of_range(expr: &Expr, what: &str, value: i128, low: u64, high: u64) -> Diagnostic {
    let verb = if what.ends_with('s') || what == "parties" { "number of" } else { "" };
    let message = match verb {
        "" => format!("a {what} of {value} is not possible; use {low} to {high}"),
        _ => format!("{value} {what} are not possible; use {low} to {high}"),
    };
    Diagnostic::error(204, expr.span, message)
}

pub(crate) fn wrong_form(structure: &Structure, form: &str) -> Diagnostic {
    let (kind, end) = (&structure.kind, structure.end);
    let message = format!("structure `{}` needs the form `{form}`", structure.name.text);
    Diagnostic::error(208, kind.span.to(end), message)
}

pub(crate) fn unknown_kind(kind: &Ident, near: Option<&str>) -> Diagnostic {
    let error = Diagnostic::error(205, kind.span, format!("there is no structure `{}`", shortened(&kind.text)));
    match near {
        Some(near) => error.suggest(kind.span, near, format!("did you mean `{near}`?")),
        None => error.help("such as `array<T>[n]`, `queue<T>[n]` or `map<K, V>[n]`; docs/schema.md lists all"),
    }
}

pub(crate) fn no_runtime(span: Span, kind: &str, languages: &str) -> Diagnostic {
    Diagnostic::error(
        207,
        span,
        format!("the runtime for {languages} has no `{kind}` yet, so it cannot be opened there"),
    )
    .help("leave it out, or compile with `--bare` for the types alone")
}

pub(crate) fn missing_size(name: &Ident, path: Span) -> Diagnostic {
    Diagnostic::error(206, name.span, format!("segment `{}` does not say how large it is", name.text)).suggest(
        path.after(),
        " @size(1 MiB)",
        "give it a size",
    )
}

pub(crate) fn uneven_size(expr: &Expr, size: u64, rounded: u64) -> Diagnostic {
    let message = format!("a segment consists of whole pages of 4096 bytes, and {size} is no multiple of that");
    Diagnostic::error(206, expr.span, message).suggest(expr.span, rounded.to_string(), "round it up")
}

// --- helpers for the sentences ---

fn count(bytes: u64) -> String {
    if bytes == 1 { "1 byte".to_owned() } else { format!("{bytes} bytes") }
}

fn offsets(from: u64, to: u64) -> String {
    if to - from == 1 { format!("at offset {from}") } else { format!("at offsets {from} to {}", to - 1) }
}

/// A name that came from a file, cut where it would flood the screen.
fn shortened(text: &str) -> String {
    const MAX: usize = 64;
    if text.chars().count() <= MAX {
        return text.to_owned();
    }
    text.chars().take(MAX).chain(['…']).collect()
}
