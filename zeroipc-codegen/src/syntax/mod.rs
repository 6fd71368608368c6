//! Text to tree: tokens, the tree, the parser, and every sentence that the front end can say.

pub(crate) mod ast;
mod bodies;
mod cursor;
pub(crate) mod errors;
mod expr;
pub(crate) mod lex;
pub(crate) mod nearest;
pub(crate) mod parse;

pub(crate) use parse::parse;
