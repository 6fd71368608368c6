//! What a schema means: every name resolved, every constant computed, every byte placed. Nothing here knows a language.

mod asserts;
mod attributes;
mod consts;
pub(crate) mod describe;
mod details;
mod enums;
pub(crate) mod eval;
mod foreign;
mod literals;
mod order;
mod place;
mod resolve;
mod segment;
pub(crate) mod structures;
mod types;
mod variants;

use std::sync::Arc;

pub(crate) use zeroipc_layout::Flavour;
use zeroipc_layout::Scalar;

use crate::diagnostic::Code;
use crate::source::Span;

pub(crate) use consts::{is_complex, is_float};
pub(crate) use resolve::{Imported, resolve};
pub(crate) use structures::StructureKind;
pub(crate) use variants::TAG;

/// A place in [`Schema::types`].
pub(crate) type TypeId = usize;

/// A whole schema without errors.
///
/// `enums`, `structs` and `variants` also hold what the schema uses of its imports; those have a [`Module`].
#[derive(Debug)]
pub(crate) struct Schema {
    /// The file's name, for the banner.
    pub(crate) file_name: String,
    /// What the outputs are called.
    pub(crate) stem: String,
    pub(crate) doc: Vec<String>,
    pub(crate) namespace: Vec<String>,
    /// The schema's own file, as its importers see it.
    pub(crate) module: Arc<Module>,
    /// The files that the schema imports itself, in its order.
    pub(crate) imports: Vec<Import>,
    pub(crate) consts: Vec<Const>,
    pub(crate) aliases: Vec<Alias>,
    /// Enums and flags; the tags of variants too.
    pub(crate) enums: Vec<Enum>,
    pub(crate) structs: Vec<Struct>,
    pub(crate) variants: Vec<Variant>,
    /// The schema's own structs and variants so that each stands behind those that it contains.
    pub(crate) order: Vec<Definition>,
    pub(crate) segments: Vec<Segment>,
    pub(crate) types: Vec<Type>,
    /// What segments say about each type, computed once.
    pub(crate) descriptions: describe::Descriptions,
}

/// A place in [`Schema::structs`] or [`Schema::variants`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Definition {
    Struct(usize),
    Variant(usize),
}

impl Schema {
    /// The name of a struct or variant.
    #[cfg(feature = "json")]
    pub(crate) fn name_of(&self, definition: Definition) -> &str {
        match definition {
            Definition::Struct(i) => &self.structs[i].name,
            Definition::Variant(i) => &self.variants[i].name,
        }
    }

    /// The names of everything that the schema defines.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let consts = self.consts.iter().map(|item| item.name.as_str());
        let aliases = self.aliases.iter().map(|item| item.name.as_str());
        let enums = self.own_enums().map(|item| item.name.as_str());
        let structs = self.own_structs().map(|item| item.name.as_str());
        let variants = self.own_variants().map(|item| item.name.as_str());
        let segments = self.segments.iter().map(|item| item.name.as_str());
        consts.chain(aliases).chain(enums).chain(structs).chain(variants).chain(segments)
    }

    /// The schema's own enums and flags, the tags of its variants among them.
    pub(crate) fn own_enums(&self) -> impl Iterator<Item = &Enum> {
        self.enums.iter().filter(|item| item.module.is_none())
    }

    /// The schema's own structs as declared.
    pub(crate) fn own_structs(&self) -> impl Iterator<Item = &Struct> {
        self.structs.iter().filter(|item| item.module.is_none())
    }

    /// The schema's own variants as declared.
    pub(crate) fn own_variants(&self) -> impl Iterator<Item = &Variant> {
        self.variants.iter().filter(|item| item.module.is_none())
    }
}

#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) module: Arc<Module>,
    /// As it is written.
    pub(crate) path: String,
    /// The name of the file here.
    pub(crate) alias: String,
    pub(crate) span: Span,
    pub(crate) used: bool,
}

/// A file, as the outputs of others refer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Module {
    /// Which of the files of a compilation it is.
    pub(crate) id: usize,
    /// What its outputs are called.
    pub(crate) stem: String,
    pub(crate) namespace: Vec<String>,
}

/// A type and what is known about its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Type {
    pub(crate) kind: TypeKind,
    pub(crate) size: u64,
    pub(crate) align: u64,
    /// How many types it is nested in itself.
    pub(crate) depth: u32,
    /// The length of its description.
    pub(crate) described: u64,
    /// How much work the enums in its description are: the cube of the number of values.
    pub(crate) work: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TypeKind {
    Scalar(Scalar),
    Array {
        elem: TypeId,
        count: u32,
    },
    Str(u32),
    /// A place in [`Schema::enums`].
    Enum(usize),
    /// A place in [`Schema::structs`].
    Struct(usize),
    /// A place in [`Schema::variants`].
    Variant(usize),
}

/// What a definition says beside its meaning.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meta {
    /// `@deprecated("why")`; the reason may be empty.
    pub(crate) deprecated: Option<String>,
    /// `@since("2.1")`
    pub(crate) since: Option<String>,
    /// `@allow(…)`: codes or names of warnings.
    pub(crate) allow: Vec<String>,
    /// `@x_anything(…)`: the name with `x_`, and the arguments.
    pub(crate) extra: Vec<(String, Vec<Literal>)>,
}

impl Meta {
    /// Whether the warning with this code is allowed here.
    pub(crate) fn allows(&self, code: Code) -> bool {
        self.allow.iter().any(|what| code.is(what))
    }
}

/// A value that fits the type that it is for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    /// For whole numbers, enums and flags.
    Int(i128),
    /// For floats; may be infinite or not a number. For complex numbers it is the real part.
    Float(f64),
    /// For `bool8`.
    Bool(bool),
    /// For `str[N]`.
    Text(String),
    /// For arrays, as many as there are elements. For complex numbers the two parts.
    List(Vec<Literal>),
}

#[derive(Debug)]
pub(crate) struct Const {
    pub(crate) doc: Vec<String>,
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) ty: ConstType,
    pub(crate) value: Literal,
    /// Whether the schema thinks of the number as bits.
    pub(crate) hex: bool,
    pub(crate) meta: Meta,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConstType {
    /// Everything but complex numbers.
    Scalar(Scalar),
    Str,
}

/// Another name for a type.
#[derive(Debug)]
pub(crate) struct Alias {
    pub(crate) doc: Vec<String>,
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) ty: TypeId,
    pub(crate) unit: String,
    pub(crate) meta: Meta,
}

/// An enum or flags.
#[derive(Clone, Debug)]
pub(crate) struct Enum {
    pub(crate) doc: Vec<String>,
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) module: Option<Arc<Module>>,
    pub(crate) flavour: Flavour,
    pub(crate) repr: Scalar,
    /// As declared.
    pub(crate) values: Vec<Value>,
    pub(crate) ty: TypeId,
    /// Whether this is the tag of a variant, and then not written in the schema itself.
    pub(crate) is_tag: bool,
    pub(crate) meta: Meta,
}

#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) doc: Vec<String>,
    pub(crate) name: String,
    /// What segments record: an earlier name.
    pub(crate) was: Option<String>,
    pub(crate) span: Span,
    pub(crate) value: i128,
    pub(crate) meta: Meta,
}

impl Value {
    /// The name that segments record.
    pub(crate) fn recorded(&self) -> &str {
        self.was.as_deref().unwrap_or(&self.name)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Struct {
    pub(crate) doc: Vec<String>,
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) module: Option<Arc<Module>>,
    pub(crate) fields: Vec<Field>,
    pub(crate) size: u64,
    pub(crate) align: u64,
    /// The alignment that the fields need by themselves.
    pub(crate) natural_align: u64,
    pub(crate) ty: TypeId,
    pub(crate) meta: Meta,
}

impl Struct {
    /// Whether a field here or in a struct inside has a default, so that "all zero" is not how a new one looks.
    pub(crate) fn has_defaults(&self, schema: &Schema) -> bool {
        self.fields.iter().any(|field| field.default.is_some() || schema.starts_nonzero(field.ty))
    }
}

impl Schema {
    /// Whether a new value of the type is not all zero.
    pub(crate) fn starts_nonzero(&self, ty: TypeId) -> bool {
        match self.types[ty].kind {
            TypeKind::Array { elem, .. } => self.starts_nonzero(elem),
            TypeKind::Struct(i) => self.structs[i].has_defaults(self),
            TypeKind::Scalar(_) | TypeKind::Str(_) | TypeKind::Enum(_) | TypeKind::Variant(_) => false,
        }
    }
}

impl Schema {
    /// Whether a field of the type has a range, or one of the structs inside.
    pub(crate) fn is_ranged(&self, ty: TypeId) -> bool {
        match self.types[ty].kind {
            TypeKind::Array { elem, .. } => self.is_ranged(elem),
            TypeKind::Struct(i) => {
                self.structs[i].fields.iter().any(|field| field.range.is_some() || self.is_ranged(field.ty))
            }
            TypeKind::Scalar(_) | TypeKind::Str(_) | TypeKind::Enum(_) | TypeKind::Variant(_) => false,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) doc: Vec<String>,
    pub(crate) name: String,
    /// What segments record: an earlier name.
    pub(crate) was: Option<String>,
    pub(crate) span: Span,
    pub(crate) ty: TypeId,
    /// Empty where none is known.
    pub(crate) unit: String,
    pub(crate) offset: u64,
    /// Whether this is `reserved`, or padding of `@auto_pad`; the name is then `_reserved_<offset>`.
    pub(crate) reserved: bool,
    pub(crate) default: Option<Literal>,
    /// Both ends included.
    pub(crate) range: Option<(Literal, Literal)>,
    /// The value that means "nothing".
    pub(crate) null: Option<Literal>,
    pub(crate) meta: Meta,
}

impl Field {
    /// The name that segments record.
    pub(crate) fn recorded(&self) -> &str {
        self.was.as_deref().unwrap_or(&self.name)
    }
}

/// One of several cases: a tag, and room for the largest payload.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) doc: Vec<String>,
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) module: Option<Arc<Module>>,
    /// The type of the tag: an enum named `<name>Tag`.
    pub(crate) tag: TypeId,
    pub(crate) cases: Vec<Case>,
    pub(crate) size: u64,
    pub(crate) align: u64,
    /// Where every payload lies; the size of the variant if no case has one.
    pub(crate) payload: u64,
    pub(crate) ty: TypeId,
    pub(crate) meta: Meta,
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) doc: Vec<String>,
    pub(crate) name: String,
    /// What segments record: an earlier name.
    pub(crate) was: Option<String>,
    pub(crate) span: Span,
    /// `None` for a case without a payload.
    pub(crate) ty: Option<TypeId>,
    pub(crate) value: i128,
    pub(crate) meta: Meta,
}

impl Case {
    /// The name that segments record.
    pub(crate) fn recorded(&self) -> &str {
        self.was.as_deref().unwrap_or(&self.name)
    }
}

#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) doc: Vec<String>,
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) path: String,
    pub(crate) size: u64,
    /// Where the table ends, and so the first structure or the passport may begin.
    #[cfg_attr(not(feature = "json"), allow(dead_code))]
    pub(crate) table: u64,
    /// The bytes that the passport takes.
    #[cfg_attr(not(feature = "json"), allow(dead_code))]
    pub(crate) passport: u64,
    /// The bytes that the table, the descriptions and the structures need.
    pub(crate) used: u64,
    pub(crate) structures: Vec<Structure>,
    pub(crate) meta: Meta,
}

#[derive(Debug)]
pub(crate) struct Structure {
    pub(crate) doc: Vec<String>,
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) kind: StructureKind,
    /// As many as the kind has: none, one, or key and value.
    pub(crate) elements: Vec<TypeId>,
    /// The capacity as it will be, rounded up where the kind does that; 1 where the kind has none.
    pub(crate) capacity: u64,
    /// All numbers of the declaration as they will be, the capacity first.
    pub(crate) numbers: Vec<u64>,
    pub(crate) offset: u64,
    pub(crate) size: u64,
    pub(crate) meta: Meta,
}
