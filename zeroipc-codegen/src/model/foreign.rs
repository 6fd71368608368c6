//! Types of imported files, copied as they are needed: the same type of the same file is the same here, whichever way it
//! came.

use std::collections::HashMap;
use std::sync::Arc;

use super::enums::EnumHead;
use super::resolve::Resolver;
use super::{Module, Schema, TypeId, TypeKind};
use crate::source::Span;
use crate::syntax::ast::Path;
use crate::syntax::errors;

/// What was copied already, by file and name.
pub(super) type Foreign = HashMap<(usize, String), TypeId>;

impl Resolver<'_> {
    /// The type that `path` names in the file `module`; `None` when an error is reported.
    pub(super) fn foreign_named(&mut self, module: &str, path: &Path, span: Span) -> Option<TypeId> {
        let schema = self.module(module, span)?;
        match find(&schema, &path.name) {
            Some(ty) => self.foreign_type(&schema, ty),
            None => {
                let mut names: Vec<&str> = schema.own_structs().map(|item| item.name.as_str()).collect();
                names.extend(schema.own_variants().map(|item| item.name.as_str()));
                names.extend(schema.own_enums().map(|item| item.name.as_str()));
                names.extend(schema.aliases.iter().map(|item| item.name.as_str()));
                let near = self.guess(&path.name, names).map(|near| format!("{module}.{near}"));
                self.errors.push(errors::unknown_type(span, &path.to_string(), near.as_deref()));
                None
            }
        }
    }

    /// The type `id` of another schema as one of this.
    fn foreign_type(&mut self, schema: &Arc<Schema>, id: TypeId) -> Option<TypeId> {
        let kind = match schema.types[id].kind {
            kind @ (TypeKind::Scalar(_) | TypeKind::Str(_)) => kind,
            TypeKind::Array { elem, count } => TypeKind::Array { elem: self.foreign_type(schema, elem)?, count },
            TypeKind::Enum(i) => {
                let item = &schema.enums[i];
                let module = owner(schema, item.module.as_ref());
                let key = (module.id, item.name.clone());
                if let Some(known) = self.foreign.get(&key) {
                    return Some(*known);
                }
                let mut copy = item.clone();
                copy.module = Some(module);
                let place = self.enums.len();
                self.enums.push(EnumHead::of_foreign(copy));
                let ty = self.intern(TypeKind::Enum(place))?;
                if let Some(copy) = &mut self.enums[place].resolved {
                    copy.ty = ty;
                }
                self.foreign.insert(key, ty);
                return Some(ty);
            }
            TypeKind::Struct(i) => return self.foreign_struct(schema, i),
            TypeKind::Variant(i) => return self.foreign_variant(schema, i),
        };
        self.intern(kind)
    }

    fn foreign_struct(&mut self, schema: &Arc<Schema>, i: usize) -> Option<TypeId> {
        let item = &schema.structs[i];
        let module = owner(schema, item.module.as_ref());
        let key = (module.id, item.name.clone());
        if let Some(known) = self.foreign.get(&key) {
            return Some(*known);
        }
        let mut copy = item.clone();
        copy.module = Some(module);
        for field in &mut copy.fields {
            field.ty = self.foreign_type(schema, field.ty)?;
        }
        let place = self.placed.len();
        copy.ty = self.add_struct(place, &copy);
        self.foreign.insert(key, copy.ty);
        let ty = copy.ty;
        self.placed.push(Some(copy));
        Some(ty)
    }

    fn foreign_variant(&mut self, schema: &Arc<Schema>, i: usize) -> Option<TypeId> {
        let item = &schema.variants[i];
        let module = owner(schema, item.module.as_ref());
        let key = (module.id, item.name.clone());
        if let Some(known) = self.foreign.get(&key) {
            return Some(*known);
        }
        let mut copy = item.clone();
        copy.module = Some(module);
        copy.tag = self.foreign_type(schema, copy.tag)?;
        for case in &mut copy.cases {
            if let Some(ty) = case.ty {
                case.ty = Some(self.foreign_type(schema, ty)?);
            }
        }
        let place = self.placed_variants.len();
        copy.ty = self.add_variant(place, &copy);
        self.foreign.insert(key, copy.ty);
        let ty = copy.ty;
        self.placed_variants.push(Some(copy));
        Some(ty)
    }
}

/// The file that something belongs to: its own, or the schema's that imported it.
fn owner(schema: &Arc<Schema>, module: Option<&Arc<Module>>) -> Arc<Module> {
    module.unwrap_or(&schema.module).clone()
}

/// A type of the schema's own by its name.
fn find(schema: &Schema, name: &str) -> Option<TypeId> {
    let structs = schema.own_structs().map(|item| (&item.name, item.ty));
    let variants = schema.own_variants().map(|item| (&item.name, item.ty));
    let enums = schema.own_enums().map(|item| (&item.name, item.ty));
    let aliases = schema.aliases.iter().map(|item| (&item.name, item.ty));
    structs.chain(variants).chain(enums).chain(aliases).find(|(known, _)| *known == name).map(|(_, ty)| ty)
}
