//! What a header says about a variant: the tag, the union, and the functions that keep them in step.

use super::names;
use super::types::{Definition, body_of, function, member};
use crate::emit::cfamily::{Function, broken, comment, notes, padding};
use crate::model::{Case, Schema, TAG, TypeKind, Variant};

/// All bytes behind the tag: nothing in a schema ends with `_`.
const BYTES: &str = "bytes_";

pub(super) fn variant(schema: &Schema, item: &Variant) -> Definition {
    let tag_size = schema.types[item.tag].size;
    let mut members = vec!["    /** Which of the cases it is. */".to_owned()];
    members.push(format!("    {}", member(schema, item.tag, TAG, 1)));
    let mut offsets = vec![(TAG.to_owned(), 0)];
    if item.payload > tag_size {
        let name = padding(tag_size);
        members.push(format!("    uint8_t {name}[{}];", item.payload - tag_size));
        offsets.push((name, tag_size));
    }
    if item.payload < item.size {
        members.push("    /** What the case holds. */".to_owned());
        members.push("    union {".to_owned());
        members.push(
            "        /** Every byte that a case may use; those that the present one does not use are zero. */"
                .to_owned(),
        );
        members.push(format!("        uint8_t {BYTES}[{}];", item.size - item.payload));
        for case in &item.cases {
            let Some(ty) = case.ty else { continue };
            members.extend(comment("        ", &notes(&case.doc, "", &case.meta), "*"));
            members.push(format!("        {}", member(schema, ty, &case.name, 1)));
        }
        members.push("    } as;".to_owned());
        offsets.push(("as".to_owned(), item.payload));
    }
    Definition {
        doc: comment("", &notes(&item.doc, "", &item.meta), "*"),
        name: names::lower_name(schema, &item.name),
        members,
        size: item.size,
        align: item.align,
        offsets,
        title: item.name.clone(),
        constants: Vec::new(),
        functions: item
            .cases
            .iter()
            .flat_map(|case| [Some(setter(schema, item, case)), getter(schema, item, case)])
            .flatten()
            .collect(),
    }
}

/// What a case holds, as an argument: its declaration, and how many bytes lie where.
struct Argument {
    declaration: String,
    source: &'static str,
}

fn argument(schema: &Schema, ty: usize) -> Argument {
    let (declaration, source) = match schema.types[ty].kind {
        TypeKind::Struct(_) | TypeKind::Variant(_) => (format!("const {} *value", names::flat(schema, ty)), "value"),
        _ if names::is_array(schema, ty) => (format!("const {} *value", names::flat(schema, ty)), "value"),
        _ => (format!("{} value", names::flat(schema, ty)), "&value"),
    };
    Argument { declaration, source }
}

fn setter(schema: &Schema, item: &Variant, case: &Case) -> Function {
    let name = names::lower_name(schema, &item.name);
    let (tag_size, room) = (schema.types[item.tag].size, item.size - item.payload);
    let mut clear = Vec::new();
    if item.payload > tag_size {
        let pad = padding(tag_size);
        clear.push(format!("    memset(it->{pad}, 0, sizeof(it->{pad}));"));
    }
    let TypeKind::Enum(tag) = schema.types[item.tag].kind else { return function("", Vec::new()) };
    let set_tag = format!("    it->tag = {};", names::value(schema, &schema.enums[tag], &case.name.to_uppercase()));
    let head = format!("static inline void {name}_set_{}(", case.name);
    let Some(ty) = case.ty else {
        clear.push(set_tag);
        if room > 0 {
            clear.push(format!("    memset(it->as.{BYTES}, 0, sizeof(it->as.{BYTES}));"));
        }
        let lines = body_lines(broken("", &head, &format!("{name} *it)")), clear);
        return function(&format!("Makes it `{}`, which holds nothing.", case.name), lines);
    };
    if let TypeKind::Str(len) = schema.types[ty].kind {
        let head = format!("static inline int {name}_set_{}(", case.name);
        // An empty text may lead nowhere.
        let refused = format!("    if (length > {len} || (length > 0 && memchr(text, 0, length) != NULL)) {{");
        let mut body = vec![refused, "        return 0;".to_owned(), "    }".to_owned()];
        body.push("    if (length > 0) {".to_owned());
        body.push(format!("        memmove(it->as.{BYTES}, text, length);"));
        body.push("    }".to_owned());
        body.push(format!("    memset(it->as.{BYTES} + length, 0, sizeof(it->as.{BYTES}) - length);"));
        body.extend(clear);
        body.extend([set_tag, "    return 1;".to_owned()]);
        let tail = format!("{name} *it, const char *text, size_t length)");
        let doc = format!(
            "Makes it `{}`. Returns 0, and changes nothing, when the text has a NUL or more than {len} bytes.",
            case.name
        );
        return function(&doc, body_lines(broken("", &head, &tail), body));
    }
    let (size, argument) = (schema.types[ty].size, argument(schema, ty));
    let mut body = vec![format!("    memmove(it->as.{BYTES}, {}, {size});", argument.source)];
    if room > size {
        body.push(format!("    memset(it->as.{BYTES} + {size}, 0, {});", room - size));
    }
    body.extend(clear);
    body.push(set_tag);
    let tail = format!("{name} *it, {})", argument.declaration);
    let doc = match elements(schema, ty) {
        Some(count) => format!("Makes it `{}` with these {count} elements.", case.name),
        None => format!("Makes it `{}` with this value.", case.name),
    };
    function(&doc, body_lines(broken("", &head, &tail), body))
}

fn getter(schema: &Schema, item: &Variant, case: &Case) -> Option<Function> {
    let ty = case.ty?;
    let name = names::lower_name(schema, &item.name);
    let TypeKind::Enum(tag) = schema.types[item.tag].kind else { return None };
    let tag = names::value(schema, &schema.enums[tag], &case.name.to_uppercase());
    let mut first = format!("it->as.{}", case.name);
    let mut part = ty;
    while let TypeKind::Array { elem, .. } = schema.types[part].kind {
        first.push_str("[0]");
        part = elem;
    }
    let pointer = if names::is_array(schema, part) { format!("&{first}[0]") } else { format!("&{first}") };
    let head = format!("static inline const {} *{name}_{}(", names::flat(schema, ty), case.name);
    let lines = broken("", &head, &format!("const {name} *it)"));
    let body = vec![format!("    return it->tag == {tag} ? {pointer} : NULL;")];
    let doc = match (schema.types[ty].kind, elements(schema, ty)) {
        (TypeKind::Str(len), _) => format!("The {len} bytes of `{}`; NULL when it is another case.", case.name),
        (_, Some(count)) => format!("The {count} elements of `{}`; NULL when it is another case.", case.name),
        _ => format!("The value of `{}`; NULL when it is another case.", case.name),
    };
    Some(function(&doc, body_lines(lines, body)))
}

/// How many elements the pointer to an array leads to.
fn elements(schema: &Schema, ty: usize) -> Option<u64> {
    let parts = |ty: usize| match schema.types[ty].kind {
        TypeKind::Str(len) => u64::from(len),
        TypeKind::Scalar(_) if names::is_array(schema, ty) => 2,
        _ => 1,
    };
    let leaf = crate::emit::cfamily::leaf(schema, ty);
    let count = schema.types[ty].size / schema.types[leaf].size.max(1);
    names::is_array(schema, ty).then(|| count * parts(leaf))
}

fn body_lines(mut head: Vec<String>, body: Vec<String>) -> Vec<String> {
    let first = head.pop().unwrap_or_default();
    head.extend(body_of(first, body));
    head
}
