//! What a schema means: every name resolved, every constant computed, every byte placed. Nothing here knows a language.

pub(crate) mod describe;
mod enums;
mod eval;
mod order;
mod place;
mod resolve;
mod segment;
mod types;

use zeroipc_layout::Scalar;

use crate::source::Span;

pub(crate) use resolve::resolve;

/// A place in [`Schema::types`].
pub(crate) type TypeId = usize;

/// A whole schema without errors.
#[derive(Debug)]
pub(crate) struct Schema {
    /// The file's name, for the banner.
    pub(crate) file_name: String,
    /// What the outputs are called.
    pub(crate) stem: String,
    pub(crate) doc: Vec<String>,
    pub(crate) namespace: Vec<String>,
    pub(crate) consts: Vec<Const>,
    pub(crate) enums: Vec<Enum>,
    pub(crate) structs: Vec<Struct>,
    /// The structs so that each stands behind those that it contains.
    pub(crate) order: Vec<usize>,
    pub(crate) segments: Vec<Segment>,
    pub(crate) types: Vec<Type>,
    /// What segments say about each type, computed once.
    pub(crate) descriptions: describe::Descriptions,
}

impl Schema {
    pub(crate) fn ordered_structs(&self) -> impl Iterator<Item = &Struct> {
        self.order.iter().map(|&i| &self.structs[i])
    }
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
}

#[derive(Debug)]
pub(crate) struct Const {
    pub(crate) doc: Vec<String>,
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) ty: Scalar,
    pub(crate) value: i128,
    /// Whether the schema thinks of the number as bits.
    pub(crate) hex: bool,
}

#[derive(Debug)]
pub(crate) struct Enum {
    pub(crate) doc: Vec<String>,
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) repr: Scalar,
    pub(crate) values: Vec<Value>,
    pub(crate) ty: TypeId,
}

#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) doc: Vec<String>,
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) value: i128,
}

#[derive(Debug)]
pub(crate) struct Struct {
    pub(crate) doc: Vec<String>,
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) fields: Vec<Field>,
    pub(crate) size: u64,
    pub(crate) align: u64,
    /// The alignment that the fields need by themselves.
    pub(crate) natural_align: u64,
    pub(crate) ty: TypeId,
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) doc: Vec<String>,
    pub(crate) name: String,
    pub(crate) ty: TypeId,
    /// Empty where none is known.
    pub(crate) unit: String,
    pub(crate) offset: u64,
    /// Whether this is `reserved`; the name is then `_reserved_<offset>`.
    pub(crate) reserved: bool,
}

#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) doc: Vec<String>,
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) path: String,
    pub(crate) size: u64,
    /// The bytes that the table, the descriptions and the structures need.
    pub(crate) used: u64,
    pub(crate) structures: Vec<Structure>,
}

#[derive(Debug)]
pub(crate) struct Structure {
    pub(crate) doc: Vec<String>,
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) kind: StructureKind,
    pub(crate) element: TypeId,
    pub(crate) capacity: u64,
    pub(crate) size: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StructureKind {
    Array,
    Queue,
}
