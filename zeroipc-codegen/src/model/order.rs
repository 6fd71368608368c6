//! The order of declaration in the outputs: each struct and variant behind those that it contains, otherwise as in the
//! schema, structs first.

use super::{Definition, Struct, Type, TypeKind, Variant};

/// The schema's own definitions, so that none is mentioned before it is defined. There are no cycles: they were errors.
pub(super) fn order(structs: &[Struct], variants: &[Variant], types: &[Type]) -> Vec<Definition> {
    let own_structs = (0..structs.len()).filter(|i| structs[*i].module.is_none()).map(Definition::Struct);
    let own_variants = (0..variants.len()).filter(|i| variants[*i].module.is_none()).map(Definition::Variant);
    let place = |definition: Definition| match definition {
        Definition::Struct(i) => i,
        Definition::Variant(i) => structs.len() + i,
    };
    let mut order = Vec::new();
    let mut done = vec![false; structs.len() + variants.len()];
    for start in own_structs.chain(own_variants) {
        // Each entry: a definition, and how many of its parts have been looked at.
        let mut stack = vec![(start, 0)];
        while let Some((at, seen)) = stack.pop() {
            if done[place(at)] {
                continue;
            }
            let part = match at {
                Definition::Struct(i) => structs[i].fields.get(seen).map(|field| Some(field.ty)),
                Definition::Variant(i) => variants[i].cases.get(seen).map(|case| case.ty),
            };
            match part {
                Some(ty) => {
                    stack.push((at, seen + 1));
                    if let Some(inner) = ty.and_then(|ty| contained(ty, types)) {
                        stack.push((inner, 0));
                    }
                }
                None => {
                    done[place(at)] = true;
                    let own = match at {
                        Definition::Struct(i) => structs[i].module.is_none(),
                        Definition::Variant(i) => variants[i].module.is_none(),
                    };
                    if own {
                        order.push(at);
                    }
                }
            }
        }
    }
    order
}

/// The struct or variant that a part holds, alone or in arrays.
fn contained(ty: usize, types: &[Type]) -> Option<Definition> {
    match types[ty].kind {
        TypeKind::Array { elem, .. } => contained(elem, types),
        TypeKind::Struct(at) => Some(Definition::Struct(at)),
        TypeKind::Variant(at) => Some(Definition::Variant(at)),
        TypeKind::Scalar(_) | TypeKind::Str(_) | TypeKind::Enum(_) => None,
    }
}
