//! What a header says about a variant: the tag, the bytes behind it, and the functions that keep them in step.

use super::names;
use super::structs::{Definition, member};
use crate::emit::cfamily::{Function, comment, notes, padding};
use crate::model::{Case, Schema, TAG, TypeId, TypeKind, Variant};

/// The bytes behind the tag: nothing in a schema ends with `_`.
const BYTES: &str = "payload_";
/// Whether a reader would take a part of `text` for the whole.
const HAS_NUL: &str = "text.find('\\0') != std::string_view::npos";

pub(super) fn variant(schema: &Schema, item: &Variant) -> Definition {
    let tag_size = schema.types[item.tag].size;
    let mut members = vec!["    /** Which of the cases it is. */".to_owned(), member(schema, item.tag, TAG, 1)];
    let mut offsets = vec![(TAG.to_owned(), 0)];
    if item.payload > tag_size {
        let name = padding(tag_size);
        members.push(format!("    std::uint8_t {name}[{}];", item.payload - tag_size));
        offsets.push((name, tag_size));
    }
    if item.payload < item.size {
        let align = item.cases.iter().filter_map(|case| case.ty).map(|ty| schema.types[ty].align).max().unwrap_or(1);
        members.push("    /** What the case holds. Bytes that it does not use are zero. */".to_owned());
        let aligned = if align > 1 { format!("alignas({align}) ") } else { String::new() };
        members.push(format!("    {aligned}std::byte {BYTES}[{}];", item.size - item.payload));
        offsets.push((BYTES.to_owned(), item.payload));
    }
    let tag = tag_name(schema, item);
    let mut methods: Vec<Function> = item
        .cases
        .iter()
        .flat_map(|case| [Some(maker(schema, item, case, &tag)), getter(schema, case, &tag)])
        .flatten()
        .collect();
    methods.push(visitor(schema, item, &tag));
    Definition {
        doc: comment("", &notes(&item.doc, "", &item.meta), "*"),
        name: item.name.clone(),
        members,
        constants: Vec::new(),
        methods,
        size: item.size,
        align: item.align,
        offsets,
        unique: true,
        functions: Vec::new(),
    }
}

fn tag_name(schema: &Schema, item: &Variant) -> String {
    match schema.types[item.tag].kind {
        TypeKind::Enum(i) => schema.enums[i].name.clone(),
        _ => String::new(),
    }
}

/// A member function: its lines stand four columns further in.
fn method(doc: &str, head: String, body: Vec<String>) -> Function {
    let body = body.into_iter().map(|line| format!("        {line}"));
    let lines = [format!("    {head}"), "    {".to_owned()].into_iter().chain(body).chain(["    }".to_owned()]);
    Function { doc: comment("    ", &[doc.to_owned()], "*"), lines: lines.collect() }
}

/// The payload in its type.
fn payload(schema: &Schema, ty: TypeId) -> String {
    format!("{}::detail::at<{}>({BYTES})", names::LIBRARY, names::type_name(schema, ty))
}

fn maker(schema: &Schema, item: &Variant, case: &Case, tag: &str) -> Function {
    let (name, value) = (&case.name, case.name.to_uppercase());
    let mut body = vec![format!("{} it{{}};", item.name), format!("it.tag = {tag}::{value};")];
    let Some(ty) = case.ty else {
        body.push("return it;".to_owned());
        return method(
            &format!("`{name}`, which holds nothing."),
            format!("static {} {name}() noexcept", item.name),
            body,
        );
    };
    if let TypeKind::Str(len) = schema.types[ty].kind {
        let mut lines = vec![
            format!("if (text.size() > {len} || {HAS_NUL}) {{"),
            "    return std::nullopt;".to_owned(),
            "}".to_owned(),
        ];
        lines.extend(body);
        // An empty view may lead nowhere.
        lines.push("if (!text.empty()) {".to_owned());
        lines.push(format!("    std::memcpy(it.{BYTES}, text.data(), text.size());"));
        lines.extend(["}", "return it;"].map(str::to_owned));
        let head = format!("static std::optional<{}> {name}(std::string_view text) noexcept", item.name);
        return method(&format!("`{name}`, unless the text has a NUL or more than {len} bytes."), head, lines);
    }
    let argument = match schema.types[ty].kind {
        TypeKind::Array { .. } => format!("const {}", names::declare(schema, ty, "(&value)")),
        TypeKind::Enum(_) => names::declare(schema, ty, "value"),
        TypeKind::Scalar(scalar) if !crate::model::is_complex(scalar) => names::declare(schema, ty, "value"),
        _ => format!("const {}& value", names::type_name(schema, ty)),
    };
    body.push(format!("std::memcpy(it.{BYTES}, &value, sizeof(value));"));
    body.push("return it;".to_owned());
    method(&format!("`{name}` with this value."), format!("static {} {name}({argument}) noexcept", item.name), body)
}

fn getter(schema: &Schema, case: &Case, tag: &str) -> Option<Function> {
    let (ty, name) = (case.ty?, &case.name);
    let test = format!("tag == {tag}::{}", name.to_uppercase());
    let at = payload(schema, ty);
    if let TypeKind::Str(_) = schema.types[ty].kind {
        let head = format!("std::optional<std::string_view> as_{name}() const noexcept");
        let body = vec![
            format!("if ({test}) {{"),
            format!("    return {}::text(*{at});", names::LIBRARY),
            "}".to_owned(),
            "return std::nullopt;".to_owned(),
        ];
        return Some(method(&format!("The text of `{name}`, if it is that case."), head, body));
    }
    let head = if names::is_array(schema, ty) {
        format!("auto as_{name}() const noexcept -> const {}", names::declare(schema, ty, "(*)"))
    } else {
        format!("const {}* as_{name}() const noexcept", names::type_name(schema, ty))
    };
    let body = vec![format!("return {test} ? {at} : nullptr;")];
    Some(method(&format!("The value of `{name}`; null when it is another case."), head, body))
}

fn visitor(schema: &Schema, item: &Variant, tag: &str) -> Function {
    let mut body = vec!["switch (tag) {".to_owned()];
    for case in &item.cases {
        body.push(format!("case {tag}::{}:", case.name.to_uppercase()));
        let Some(ty) = case.ty else {
            body.push("    break;".to_owned());
            continue;
        };
        let value = match schema.types[ty].kind {
            TypeKind::Str(_) => format!("{}::text(*{})", names::LIBRARY, payload(schema, ty)),
            _ => format!("*{}", payload(schema, ty)),
        };
        body.push(format!("    return std::forward<F>(f)({value});"));
    }
    body.extend(["}", "return std::forward<F>(f)(tag);"].map(str::to_owned));
    let mut visitor = method("", "decltype(auto) visit(F&& f) const".to_owned(), body);
    visitor.doc = comment(
        "    ",
        &[
            "Calls `f` with what the case holds, or with the tag when it holds nothing or is not known.".to_owned(),
            "All calls must return the same type.".to_owned(),
        ],
        "*",
    );
    visitor.lines.insert(0, "    template <typename F>".to_owned());
    visitor
}
