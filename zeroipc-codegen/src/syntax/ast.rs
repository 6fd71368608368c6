//! The tree of a schema: every node has its span, documentation is kept.

use crate::source::Span;

/// A word, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Ident {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// Documentation, one string a line, without the slashes.
pub(crate) type Doc = Vec<String>;

/// A whole file.
#[derive(Debug, Default)]
pub(crate) struct File {
    pub(crate) doc: Doc,
    pub(crate) namespace: Vec<Ident>,
    pub(crate) items: Vec<Item>,
    /// Names of items that could not be read; nobody complains that they are unknown.
    pub(crate) broken: Vec<String>,
}

#[derive(Debug)]
pub(crate) enum Item {
    Const(Const),
    Enum(Enum),
    Struct(Struct),
    Segment(Segment),
}

#[derive(Debug)]
pub(crate) struct Const {
    pub(crate) doc: Doc,
    pub(crate) name: Ident,
    pub(crate) ty: Ident,
    pub(crate) value: Expr,
}

#[derive(Debug)]
pub(crate) struct Enum {
    pub(crate) doc: Doc,
    pub(crate) name: Ident,
    pub(crate) repr: Ident,
    pub(crate) values: Vec<Value>,
    /// Whether every member could be read.
    pub(crate) complete: bool,
}

#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) doc: Doc,
    pub(crate) name: Ident,
    pub(crate) value: Option<Expr>,
}

#[derive(Debug)]
pub(crate) struct Struct {
    pub(crate) doc: Doc,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) members: Vec<Member>,
    /// The closing brace.
    pub(crate) end: Span,
    /// Whether every member could be read.
    pub(crate) complete: bool,
}

#[derive(Debug)]
pub(crate) enum Member {
    Field(Field),
    Reserved { count: Expr, span: Span },
}

#[derive(Debug)]
pub(crate) struct Field {
    /// In front of the documentation, where another member can be inserted.
    pub(crate) start: Span,
    pub(crate) doc: Doc,
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    pub(crate) attributes: Vec<Attribute>,
}

#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) doc: Doc,
    pub(crate) name: Ident,
    pub(crate) path: Text,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) structures: Vec<Structure>,
    /// Whether every member could be read.
    pub(crate) complete: bool,
}

#[derive(Debug)]
pub(crate) struct Structure {
    pub(crate) doc: Doc,
    pub(crate) name: Ident,
    pub(crate) kind: Ident,
    pub(crate) element: Type,
    pub(crate) capacity: Expr,
}

/// A string literal with its escapes resolved.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) struct Attribute {
    /// Without the `@`; the span covers it.
    pub(crate) name: Ident,
    pub(crate) argument: Option<Argument>,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) enum Argument {
    Text(Text),
    Expr(Expr),
}

#[derive(Clone, Debug)]
pub(crate) struct Type {
    pub(crate) kind: TypeKind,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum TypeKind {
    Named(String),
    Array { elem: Box<Type>, count: Expr },
    Str(Expr),
    Bytes(Expr),
}

#[derive(Clone, Debug)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum ExprKind {
    Number { value: u128, hex: bool },
    Name(String),
    SizeOf(Box<Type>),
    Unary(Unary, Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unary {
    Negate,
    Complement,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    ShiftLeft,
    ShiftRight,
    And,
    Or,
    Xor,
}
