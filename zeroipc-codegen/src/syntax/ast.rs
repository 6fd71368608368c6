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
    /// Whether the file says which version of the language it is written in.
    pub(crate) version: bool,
    pub(crate) namespace: Vec<Ident>,
    pub(crate) imports: Vec<Import>,
    pub(crate) items: Vec<Item>,
    /// Whether this is Rust, where reserved bytes are fields and written as such.
    pub(crate) rust: bool,
    /// Names of items that could not be read; nobody complains that they are unknown.
    pub(crate) broken: Vec<String>,
}

/// `import "geometry.zipc" as geo;`
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) path: Text,
    pub(crate) alias: Option<Ident>,
}

#[derive(Debug)]
pub(crate) enum Item {
    Const(Const),
    Alias(Alias),
    Enum(Enum),
    Struct(Struct),
    Variant(Variant),
    Segment(Segment),
    Assert(Assert),
}

impl Item {
    /// The name that the item defines.
    pub(crate) fn name(&self) -> Option<&Ident> {
        Some(match self {
            Item::Const(item) => &item.name,
            Item::Alias(item) => &item.name,
            Item::Enum(item) => &item.name,
            Item::Struct(item) => &item.name,
            Item::Variant(item) => &item.name,
            Item::Segment(item) => &item.name,
            Item::Assert(_) => return None,
        })
    }
}

#[derive(Debug)]
pub(crate) struct Const {
    pub(crate) doc: Doc,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) ty: Ident,
    pub(crate) value: Literal,
}

/// `type Row = [f32; 3];`
#[derive(Debug)]
pub(crate) struct Alias {
    pub(crate) doc: Doc,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}

/// An enum, or flags.
#[derive(Debug)]
pub(crate) struct Enum {
    pub(crate) doc: Doc,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) flags: bool,
    pub(crate) name: Ident,
    pub(crate) repr: Ident,
    pub(crate) values: Vec<Value>,
    /// Whether every member could be read.
    pub(crate) complete: bool,
}

#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) doc: Doc,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) value: Option<Number>,
}

/// The number of a value.
#[derive(Debug)]
pub(crate) enum Number {
    Expr(Expr),
    /// `bit 3`
    Bit(Expr),
}

#[derive(Debug)]
pub(crate) struct Struct {
    pub(crate) doc: Doc,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) members: Vec<Member>,
    /// The closing brace.
    pub(crate) end: Span,
    /// Where a comma is missing before another field can be added; only in Rust.
    pub(crate) comma: Option<Span>,
    /// Whether every member could be read.
    pub(crate) complete: bool,
}

#[derive(Debug)]
pub(crate) enum Member {
    Field(Box<Field>),
    Reserved { count: Expr, span: Span },
}

#[derive(Debug)]
pub(crate) struct Field {
    /// In front of the documentation, where another member can be inserted.
    pub(crate) start: Span,
    pub(crate) doc: Doc,
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    pub(crate) default: Option<Literal>,
    pub(crate) attributes: Vec<Attribute>,
}

#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) doc: Doc,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) repr: Ident,
    pub(crate) cases: Vec<Case>,
    /// Whether every member could be read.
    pub(crate) complete: bool,
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) doc: Doc,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) ty: Option<Type>,
    pub(crate) value: Option<Expr>,
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
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) kind: Ident,
    pub(crate) elements: Vec<Type>,
    pub(crate) numbers: Vec<Expr>,
    /// Behind the kind, where element types and numbers stand.
    pub(crate) end: Span,
}

/// `assert sizeof(Reading) <= 64, "one line";`
#[derive(Debug)]
pub(crate) struct Assert {
    pub(crate) left: Expr,
    pub(crate) compare: Compare,
    pub(crate) right: Expr,
    pub(crate) text: Option<Text>,
    pub(crate) span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compare {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
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
    /// `None` without parentheses.
    pub(crate) arguments: Option<Vec<Literal>>,
    pub(crate) span: Span,
}

/// What may stand for a value.
#[derive(Clone, Debug)]
pub(crate) struct Literal {
    pub(crate) kind: LiteralKind,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum LiteralKind {
    /// A float, `inf` or `nan`, with its sign.
    Float(f64),
    Bool(bool),
    Text(String),
    Expr(Expr),
    List(Vec<Literal>),
}

impl LiteralKind {
    /// What the literal is, for messages.
    pub(crate) fn what(&self) -> &'static str {
        match self {
            LiteralKind::Float(_) => "a number with a fraction",
            LiteralKind::Bool(_) => "a truth value",
            LiteralKind::Text(_) => "a text",
            LiteralKind::Expr(_) => "a whole number",
            LiteralKind::List(_) => "a list",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Type {
    pub(crate) kind: TypeKind,
    pub(crate) span: Span,
}

/// A name, or one of an imported file: `geometry.Vec3`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Path {
    pub(crate) module: Option<String>,
    pub(crate) name: String,
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.module {
            Some(module) => write!(f, "{module}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum TypeKind {
    Named(Path),
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
    Name(Path),
    SizeOf(Box<Type>),
    AlignOf(Box<Type>),
    OffsetOf(Box<Type>, Ident),
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
