//! Which fields of a struct are there: all of them, or of a variant the tag and the case that it names.

use std::collections::HashSet;

use zeroipc_layout::decode::{FieldNode, Node, StructNode};

use crate::number::Number;

/// The fields to show of a struct with these bytes.
pub(crate) fn present<'a>(node: StructNode<'a>, bytes: &[u8]) -> impl Iterator<Item = FieldNode<'a>> {
    let named = named_by_tag(node, bytes);
    node.fields().enumerate().filter_map(move |(index, field)| {
        let is_there = named.as_ref().is_none_or(|names| index == 0 || names.contains(&folded(field.name)));
        is_there.then_some(field)
    })
}

/// The names that the tag of a variant has now; `None` if the struct is no variant.
///
/// A variant has a first field `tag` that is an enum, all others at one offset behind it, and for each of them a value of the
/// tag with its name. Foreign descriptions can say anything: where a case has no such value, every field is shown. So it is
/// where there is one other field only: an ordinary struct may look like that.
fn named_by_tag(node: StructNode<'_>, bytes: &[u8]) -> Option<HashSet<String>> {
    let mut fields = node.fields();
    let tag = fields.next().filter(|field| field.name == "tag")?;
    let Node::Enum(values) = tag.ty.node() else { return None };
    let offset = fields.next()?.offset;
    let is_apart = u64::from(tag.offset) + tag.ty.size() <= u64::from(offset);
    let others: Vec<_> = fields.collect();
    if !is_apart || others.is_empty() || others.iter().any(|field| field.offset != offset) {
        return None;
    }
    let all: HashSet<String> = values.values().map(|(_, name)| folded(name)).collect();
    if node.fields().skip(1).any(|field| !all.contains(&folded(field.name))) {
        return None;
    }
    let bytes = bytes.get(tag.offset as usize..)?.get(..values.repr.size() as usize)?;
    let number = Number::read(values.repr, bytes).stored()?;
    Some(values.values().filter(|(value, _)| *value == number).map(|(_, name)| folded(name)).collect())
}

/// A name as it is compared: a case is spelled `big_circle`, and its value of the tag `BIG_CIRCLE`.
fn folded(name: &str) -> String {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}
