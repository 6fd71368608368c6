//! How long the schema compiler takes, beside the compilers of FlatBuffers and protobuf on the same structs.
//!
//! Every run is a process of its own that writes into an empty directory; its schema is in the file cache. The
//! candidates take turns.

mod candidates;
mod compare;
mod schemas;
mod work;

pub(crate) use compare::compare;
