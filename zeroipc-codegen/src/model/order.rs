//! The order of declaration in the outputs: each struct behind those that it contains, otherwise as in the schema.

use super::{Struct, Type, TypeKind};

/// The structs' places, so that none is mentioned before it is defined. There are no cycles: they were errors.
pub(super) fn order(structs: &[Struct], types: &[Type]) -> Vec<usize> {
    let mut order = Vec::with_capacity(structs.len());
    let mut done = vec![false; structs.len()];
    for start in 0..structs.len() {
        // Each entry: a struct, and how many of its fields have been looked at.
        let mut stack = vec![(start, 0)];
        while let Some((at, seen)) = stack.pop() {
            if done[at] {
                continue;
            }
            match structs[at].fields.get(seen) {
                Some(field) => {
                    stack.push((at, seen + 1));
                    if let Some(inner) = contained(field.ty, types) {
                        stack.push((inner, 0));
                    }
                }
                None => {
                    done[at] = true;
                    order.push(at);
                }
            }
        }
    }
    order
}

/// The struct that a field holds, alone or in arrays.
fn contained(ty: usize, types: &[Type]) -> Option<usize> {
    match types[ty].kind {
        TypeKind::Array { elem, .. } => contained(elem, types),
        TypeKind::Struct(at) => Some(at),
        TypeKind::Scalar(_) | TypeKind::Str(_) | TypeKind::Enum(_) => None,
    }
}
