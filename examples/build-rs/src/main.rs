//! A crate whose build script compiles a schema.

fn main() {}
