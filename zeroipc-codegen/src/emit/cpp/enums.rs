//! What a header says about constants, aliases, enums and flags.

use zeroipc_layout::Scalar;

use super::names;
use crate::emit::cfamily::{Function, comment, notes, text};
use crate::model::{Alias, Const, ConstType, Flavour, Literal, Schema};

/// A line with its comment.
pub(super) struct Line {
    pub(super) doc: Vec<String>,
    pub(super) line: String,
}

pub(super) struct Enum {
    pub(super) doc: Vec<String>,
    pub(super) name: String,
    pub(super) repr: &'static str,
    pub(super) values: Vec<Line>,
    pub(super) functions: Vec<Function>,
}

pub(super) fn constant(item: &Const) -> Option<Line> {
    let mut doc = item.doc.clone();
    let (ty, value) = match (item.ty, &item.value) {
        (ConstType::Scalar(Scalar::F16), Literal::Float(value)) => {
            doc.push("The bits of an IEEE binary16.".to_owned());
            (names::scalar(Scalar::F16), names::float(Scalar::F16, *value))
        }
        (ConstType::Scalar(ty), Literal::Int(value)) => (names::scalar(ty), names::number(ty, *value, item.hex)),
        (ConstType::Scalar(ty), Literal::Float(value)) => (names::scalar(ty), names::float(ty, *value)),
        (ConstType::Scalar(_), Literal::Bool(value)) => ("bool", value.to_string()),
        (ConstType::Str, Literal::Text(value)) => ("std::string_view", text(value)),
        _ => return None,
    };
    let deprecated = names::deprecated(&item.meta);
    let line = format!("{deprecated}inline constexpr {ty} {} = {value};", item.name);
    Some(Line { doc: comment("", &notes(&doc, "", &item.meta), "*"), line })
}

pub(super) fn alias(schema: &Schema, item: &Alias) -> Line {
    let line = format!("using {} = {};", item.name, names::type_name(schema, item.ty));
    Line { doc: comment("", &notes(&item.doc, &item.unit, &item.meta), "*"), line }
}

pub(super) fn enumeration(item: &crate::model::Enum) -> Enum {
    let is_flags = item.flavour == Flavour::Flags;
    let values = item.values.iter().map(|value| Line {
        doc: comment("    ", &notes(&value.doc, "", &value.meta), "*"),
        line: format!("    {} = {},", value.name, names::number(item.repr, value.value, is_flags)),
    });
    let functions = if is_flags {
        operators(&item.name, names::scalar(item.repr))
    } else {
        let mut functions = vec![name_of(item)];
        if item.flavour == Flavour::Closed {
            let head = format!("constexpr bool is_known({} value) noexcept", item.name);
            let doc = "Whether a value is one of those above: none will ever be added.";
            functions.push(function(doc, head, vec!["    return !name(value).empty();".to_owned()]));
        }
        functions
    };
    Enum {
        doc: comment("", &notes(&item.doc, "", &item.meta), "*"),
        name: item.name.clone(),
        repr: names::scalar(item.repr),
        values: values.collect(),
        functions,
    }
}

/// A function with braces around its body.
pub(super) fn function(doc: &str, head: String, body: Vec<String>) -> Function {
    let lines = [head, "{".to_owned()].into_iter().chain(body).chain(["}".to_owned()]).collect();
    Function { doc: comment("", &[doc.to_owned()], "*"), lines }
}

fn name_of(item: &crate::model::Enum) -> Function {
    let mut body = vec!["    switch (value) {".to_owned()];
    for value in &item.values {
        body.push(format!("    case {}::{}:", item.name, value.name));
        body.push(format!("        return \"{}\";", value.name));
    }
    body.extend(["    }", "    return {};"].map(str::to_owned));
    let head = format!("constexpr std::string_view name({} value) noexcept", item.name);
    function("The name of a value; empty when it has none.", head, body)
}

fn operators(name: &str, repr: &str) -> Vec<Function> {
    let bits = |of: &str| format!("static_cast<{repr}>({of})");
    let one = |doc: &str, head: String, body: String| function(doc, head, vec![format!("    {body}")]);
    let mut functions = Vec::new();
    let binary = [("|", "The bits of both."), ("&", "The common bits."), ("^", "The bits of only one of both.")];
    for (operator, doc) in binary {
        let head = format!("constexpr {name} operator{operator}({name} a, {name} b) noexcept");
        let body = format!("return static_cast<{name}>({} {operator} {});", bits("a"), bits("b"));
        functions.push(one(doc, head, body));
    }
    let head = format!("constexpr {name} operator~({name} a) noexcept");
    functions.push(one("All other bits.", head, format!("return static_cast<{name}>(~{});", bits("a"))));
    for (operator, doc) in [("|", "Adds bits."), ("&", "Keeps only common bits."), ("^", "Turns bits over.")] {
        let head = format!("constexpr {name}& operator{operator}=({name}& a, {name} b) noexcept");
        functions.push(one(doc, head, format!("return a = a {operator} b;")));
    }
    let head = format!("constexpr bool any({name} set) noexcept");
    functions.push(one("Whether any bit is set.", head, format!("return {} != 0;", bits("set"))));
    let head = format!("constexpr bool has({name} set, {name} bits) noexcept");
    functions.push(one("Whether all of `bits` are set.", head, "return (set & bits) == bits;".to_owned()));
    functions
}
