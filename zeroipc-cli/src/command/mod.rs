//! One file per verb: it makes meaning of what was typed, asks the libraries, and writes what they say.

pub(crate) mod cat;
pub(crate) mod ls;
